// StoredRollup owns what the catalog keeps of a rollup: its query, and where its partials lie.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
private import Foundation

/// A rollup's definition, as JSON in an object of kind `rollup`.
struct StoredRollup: Codable, Sendable, Hashable {
  static let kind = "rollup"

  /// Of this format.
  var format = 1
  /// Grows with every replacement.
  var version = 1
  /// The SELECT, and the schemas that its names were found along.
  var query: String
  var searchPath: [String]
  /// The table whose rows are counted.
  var base: UInt32
  /// The table of partials, by its name.
  var partials: String
  /// The finer rollup that the query reads, if it does.
  var finer: RelationName?
  /// Set when another definition replaced this one: it keeps its partials of earlier partitions, whose rows are gone,
  /// and counts no more.
  var endsBefore: Int64?
  /// The options of WITH as they were given.
  var options: [String: String]
  var columns: [ViewDefinition.Column]

  var baseTable: TableID { TableID(base) }

  static func read(_ object: CatalogObject) throws(ApusError) -> StoredRollup {
    let stored = try decoded(StoredRollup.self, object)
    if stored.format != 1 {
      throw ApusError.unexpected("rollup \"\(object.name)\" has the format \(stored.format)")
    }
    return stored
  }

  func object(_ name: RelationName) throws(ApusError) -> CatalogObject {
    CatalogObject(kind: Self.kind, schema: name.schema, name: name.name, definition: try encoded(self, name))
  }

  /// The name of a table of partials. Such tables have no schema.
  static func partialsName(_ name: RelationName, version: Int) -> String { "\(name.schema).\(name.name).\(version)" }
}

extension StoredRollup {
  /// The columns as catalogs list them.
  func tableSchema(_ name: RelationName) -> TableSchema {
    var view = ViewDefinition(query: query, fields: [])
    view.columns = columns
    return view.tableSchema(schema: name.schema, name: name.name)
  }
}

/// What changes of a rollup with its rows, as JSON in an object of kind `rollup_state`; none: nothing is stale.
struct RollupState: Codable, Sendable, Hashable {
  static let kind = "rollup_state"

  /// Partitions of the base table whose partials do not count what its segments hold: read from the segments until they
  /// are derived anew.
  var stale: Set<Int64> = []
  /// Why a partition could not be derived when it was last tried.
  var failure: String?

  static func read(_ object: CatalogObject?) throws(ApusError) -> RollupState {
    guard let object else { return RollupState() }
    return try decoded(RollupState.self, object)
  }

  func change(_ name: RelationName) throws(ApusError) -> CatalogChange {
    if stale.isEmpty { return .removeObject(kind: Self.kind, schema: name.schema, name: name.name) }
    return .putObject(
      CatalogObject(kind: Self.kind, schema: name.schema, name: name.name, definition: try encoded(self, name)))
  }
}

private func decoded<T: Decodable>(_ type: T.Type, _ object: CatalogObject) throws(ApusError) -> T {
  do { return try JSONDecoder().decode(type, from: Data(object.definition.utf8)) } catch {
    throw ApusError.unexpected("the \(object.kind) of \"\(object.name)\" cannot be read: \(error)")
  }
}

private func encoded(_ value: some Encodable, _ name: RelationName) throws(ApusError) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
    throw ApusError.unexpected("rollup \"\(name.name)\" cannot be written: \(error)")
  }
}
