// AccessKey owns what is kept of an ingest or query key: what it opens, and the hash that finds it.

public import ApusBase
import ApusStore
import Foundation

/// One key, without its secret.
public struct AccessKey: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Codable, CaseIterable { case ingest, query }

  public var name: String
  public var kind: Kind
  /// The one table of schema public that an ingest key writes to; nil: any.
  public var table: String?
  /// Pages that may use an ingest key; empty: any.
  public var origins: [String]
  /// The first characters, to tell keys apart by.
  public var prefix: String
  /// SHA-256 of the key, in hexadecimal. A key is random and long: a slow hash would add nothing.
  var hash: String
  /// In microseconds since 2000-01-01.
  var createdAt: Int64

  static let objectKind = "key"
  private static let secretBytes = 24
  private static let prefixCharacters = 4

  /// A new key and its secret, which is kept nowhere.
  static func make(
    name: String, kind: Kind, table: String?, origins: [String], at now: Int64
  ) throws(ApusError) -> (key: AccessKey, secret: String) {
    let lead = "apus_\(kind.rawValue)_"
    let secret = lead + Cryptography.hexadecimal(try Cryptography.random(secretBytes))
    let key = AccessKey(
      name: name, kind: kind, table: table, origins: origins,
      prefix: String(secret.prefix(lead.count + prefixCharacters)), hash: try hash(of: secret), createdAt: now)
    return (key, secret)
  }

  static func hash(of secret: String) throws(ApusError) -> String {
    Cryptography.hexadecimal(try Cryptography.sha256(Array(secret.utf8)))
  }

  var object: CatalogObject {
    get throws(ApusError) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      guard let data = try? encoder.encode(self) else { throw ApusError.unexpected("a key could not be encoded") }
      return CatalogObject(
        kind: Self.objectKind, schema: "", name: name, definition: String(decoding: data, as: UTF8.self))
    }
  }

  init(
    name: String, kind: Kind, table: String?, origins: [String], prefix: String, hash: String, createdAt: Int64
  ) {
    self.name = name
    self.kind = kind
    self.table = table
    self.origins = origins
    self.prefix = prefix
    self.hash = hash
    self.createdAt = createdAt
  }

  init?(_ object: CatalogObject) {
    guard object.kind == Self.objectKind,
      let read = try? JSONDecoder().decode(AccessKey.self, from: Data(object.definition.utf8))
    else { return nil }
    self = read
  }
}
