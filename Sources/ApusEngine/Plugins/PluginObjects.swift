// PluginObjects owns what the catalog keeps of extensions, servers and the tables of backends, and their listing.

import ApusBase
import ApusColumns
import ApusPlan
import ApusPlugins
import ApusStore
private import Foundation

/// A definition that is kept as JSON in an object of one kind.
protocol CatalogDefinition: Codable, Sendable {
  static var kind: String { get }
  static var noun: String { get }
}

extension CatalogDefinition {
  init(_ object: CatalogObject) throws(ApusError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(object.definition.utf8))
    } catch {
      throw ApusError.unexpected("the definition of \(Self.noun) \"\(object.name)\" cannot be read: \(error)")
    }
  }

  func object(schema: String = "", name: String) throws(ApusError) -> CatalogObject {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      let text = String(decoding: try encoder.encode(self), as: UTF8.self)
      return CatalogObject(kind: Self.kind, schema: schema, name: name, definition: text)
    } catch { throw ApusError.unexpected("\(Self.noun) \"\(name)\" cannot be written: \(error)") }
  }
}

/// CREATE EXTENSION.
struct ExtensionDefinition: CatalogDefinition {
  static let kind = "extension"
  static let noun = "extension"
  var format = 1
  /// Of the plugin when the extension was made.
  var version: String
}

/// CREATE SERVER.
struct ServerDefinition: CatalogDefinition {
  static let kind = "server"
  static let noun = "server"
  var format = 1
  var wrapper: String
  var type: String?
  var version: String?
  var options: [String: String]
}

/// A table whose rows are in a server: CREATE TABLE ... USING, CREATE FOREIGN TABLE, IMPORT FOREIGN SCHEMA.
struct BackendTableObject: CatalogDefinition {
  static let kind = "backend_table"
  static let noun = "table"
  struct Column: Codable, Sendable {
    var name: String
    var remoteName: String
    /// The type's OID.
    var type: UInt32
    var modifier: Int32
    var isNotNull: Bool
    var defaultText: String?
  }
  var format = 1
  var server: String
  var isOwned: Bool
  var remoteSchema: String?
  var remoteName: String
  var columns: [Column]
  /// As given, schema_name and table_name included.
  var options: [String: String]

  func tableSchema(schema: String, name: String) -> TableSchema {
    TableSchema(
      oid: CatalogOIDs.external("table", "\(schema).\(name)"), schema: schema, name: name,
      columns: columns.enumerated().map { index, column in
        TableColumn(
          id: ColumnID(UInt32(truncatingIfNeeded: index + 1)), name: column.name,
          type: TypeReference(DataType(oid: column.type) ?? .text, modifier: column.modifier),
          isNotNull: column.isNotNull, defaultText: column.defaultText)
      })
  }

  var backendDefinition: BackendTableDefinition {
    var rest = options
    for name in ["server", "schema_name", "table_name"] { rest[name] = nil }
    return BackendTableDefinition(
      schema: remoteSchema, name: remoteName,
      columns: columns.map { column in
        BackendTableDefinition.Column(
          name: column.remoteName, type: TypeReference(DataType(oid: column.type) ?? .text, modifier: column.modifier),
          isNotNull: column.isNotNull)
      }, options: rest, isOwned: isOwned)
  }
}

/// A table of a backend with its name.
struct NamedBackendTable: Sendable {
  let schema: String
  let name: String
  let object: BackendTableObject
}

extension DatabaseSnapshot {
  func extensions() -> [(name: String, definition: ExtensionDefinition)] {
    store.objects.filter { $0.kind == ExtensionDefinition.kind }.compactMap { object in
      (try? ExtensionDefinition(object)).map { (object.name, $0) }
    }
  }

  func servers() -> [(name: String, definition: ServerDefinition)] {
    store.objects.filter { $0.kind == ServerDefinition.kind }.compactMap { object in
      (try? ServerDefinition(object)).map { (object.name, $0) }
    }
  }

  /// The definition of a server, or 42704.
  func server(_ name: String) throws(ApusError) -> ServerDefinition {
    guard let object = store.object(kind: ServerDefinition.kind, schema: "", name: name) else {
      throw ApusError(.undefinedObject, "server \"\(name)\" does not exist")
    }
    return try ServerDefinition(object)
  }

  var backendTables: [NamedBackendTable] {
    store.objects.filter { $0.kind == BackendTableObject.kind }.compactMap { object in
      (try? BackendTableObject(object)).map { NamedBackendTable(schema: object.schema, name: object.name, object: $0) }
    }
  }

  func backendTable(schema: String, name: String) -> NamedBackendTable? {
    guard let object = store.object(kind: BackendTableObject.kind, schema: schema, name: name),
      let definition = try? BackendTableObject(object)
    else { return nil }
    return NamedBackendTable(schema: schema, name: name, object: definition)
  }

  /// The provider of a backend's table, as a transaction sees it. Throws when its server or plugin is not there.
  func provider(
    of table: NamedBackendTable, in transaction: BackendTransaction? = nil
  ) throws(ApusError) -> BackendTable {
    try BackendTable(
      schema: table.object.tableSchema(schema: table.schema, name: table.name),
      definition: table.object.backendDefinition,
      server: database.plugins.server(table.object.server, try server(table.object.server)),
      transaction: transaction)
  }
}
