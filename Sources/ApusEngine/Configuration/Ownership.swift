// Ownership owns who manages an object: what a configuration file names is the file's, all else is SQL's.

import ApusBase
import ApusStore
private import Foundation

/// What the catalog keeps of an object that a configuration file manages.
struct ManagedObject: Codable, Sendable, Hashable {
  static let kind = "managed"

  var version = 1
  /// The options that the file names, with what it last made of them: where they are otherwise, SQL changed them.
  var options: [String: String]

  init(options: [String: String]) { self.options = options }

  init?(_ object: CatalogObject) {
    guard let known = try? JSONDecoder().decode(ManagedObject.self, from: Data(object.definition.utf8)) else {
      return nil
    }
    self = known
  }

  func object(schema: String, name: String) throws(ApusError) -> CatalogObject {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      let text = String(decoding: try encoder.encode(self), as: UTF8.self)
      return CatalogObject(kind: Self.kind, schema: schema, name: name, definition: text)
    } catch { throw ApusError.unexpected("who manages \"\(name)\" cannot be written: \(error)") }
  }
}

extension Snapshot {
  /// What a configuration file manages of a relation; nil when SQL does.
  func manager(schema: String, name: String) -> ManagedObject? {
    object(kind: ManagedObject.kind, schema: schema, name: name).flatMap { ManagedObject($0) }
  }

  /// What SQL is told that changes something a file manages. `option` nil: the object itself.
  func ownershipWarning(schema: String, name: String, option: String?) -> Notice? {
    guard let managed = manager(schema: schema, name: name) else { return nil }
    if let option, managed.options[option] == nil { return nil }
    let what = option.map { "option \"\($0)\" of \"\(name)\"" } ?? "\"\(name)\""
    return Notice(
      .warning, "\(what) is managed by the configuration file: apus apply, or the next start, brings back its state",
      hint: "Change the file, or take the entry out of it.")
  }

  /// The change that forgets who managed an object which goes.
  func forgetManager(schema: String, name: String) -> [CatalogChange] {
    object(kind: ManagedObject.kind, schema: schema, name: name) == nil
      ? [] : [.removeObject(kind: ManagedObject.kind, schema: schema, name: name)]
  }
}
