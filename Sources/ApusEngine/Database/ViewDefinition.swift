// ViewDefinition owns what the catalog keeps of a view: its query as text, and the columns that it gave when made.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
private import Foundation

struct ViewDefinition: Codable, Sendable {
  struct Column: Codable, Sendable, Hashable {
    var name: String
    /// The type's OID.
    var type: UInt32
    var modifier: Int32
  }
  var version = 1
  var query: String
  var columns: [Column]

  init(query: String, fields: [Field]) {
    self.query = query
    columns = fields.map { Column(name: $0.name, type: $0.type.oid, modifier: $0.modifier) }
  }

  init(_ object: CatalogObject) throws(ApusError) {
    do {
      self = try JSONDecoder().decode(ViewDefinition.self, from: Data(object.definition.utf8))
    } catch { throw ApusError.unexpected("the definition of view \"\(object.name)\" cannot be read: \(error)") }
    if version != 1 { throw ApusError.unexpected("view \"\(object.name)\" has the format \(version)") }
  }

  func object(schema: String, name: String) throws(ApusError) -> CatalogObject {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      let text = String(decoding: try encoder.encode(self), as: UTF8.self)
      return CatalogObject(kind: "view", schema: schema, name: name, definition: text)
    } catch { throw ApusError.unexpected("view \"\(name)\" cannot be written: \(error)") }
  }

  func tableSchema(schema: String, name: String) -> TableSchema {
    TableSchema(
      oid: CatalogOIDs.view(schema: schema, name: name), schema: schema, name: name,
      columns: columns.enumerated().map { index, column in
        TableColumn(
          id: ColumnID(UInt32(truncatingIfNeeded: index + 1)), name: column.name,
          type: TypeReference(DataType(oid: column.type) ?? .text, modifier: column.modifier))
      })
  }
}

extension DatabaseSnapshot {
  /// The views that can be read, by schema and name.
  var views: [ListedRelation] {
    store.objects.filter { $0.kind == "view" }.compactMap { listed($0) }
  }
  func listedView(schema: String, name: String) -> ListedRelation? { view(schema: schema, name: name).flatMap(listed) }

  /// The rollups, by schema and name.
  var listedRollups: [ListedRelation] {
    store.objects.filter { $0.kind == StoredRollup.kind }.compactMap { object in
      (try? StoredRollup.read(object)).map {
        ListedRelation($0, RelationName(schema: object.schema, name: object.name))
      }
    }
  }
  func listedRollup(schema: String, name: String) -> ListedRelation? {
    listedRollups.first { $0.schema.schema == schema && $0.name == name }
  }

  private func listed(_ object: CatalogObject) -> ListedRelation? {
    guard let view = try? ViewDefinition(object) else { return nil }
    return ListedRelation(view, schema: object.schema, name: object.name)
  }
}
