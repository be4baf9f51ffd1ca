// COMMENT ON: texts kept in the catalog under the object's OID, and gone with it.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

/// A comment's place: as in pg_description.
struct CommentPlace: Hashable, Sendable {
  static let kind = "comment"
  static let relations: OID = 1259
  static let namespaces: OID = 2615

  var catalog: OID
  var object: OID
  var column: Int64 = 0

  var name: String { "\(catalog).\(object).\(column)" }

  init(catalog: OID, object: OID, column: Int64 = 0) {
    self.catalog = catalog
    self.object = object
    self.column = column
  }

  init?(_ name: String) {
    let parts = name.split(separator: ".").compactMap { Int64($0) }
    guard parts.count == 3, let catalog = OID(exactly: parts[0]), let object = OID(exactly: parts[1]) else {
      return nil
    }
    self.init(catalog: catalog, object: object, column: parts[2])
  }
}

extension DatabaseSnapshot {
  /// Every comment that users made.
  var comments: [(place: CommentPlace, text: String)] {
    store.objects.compactMap { object in
      guard object.kind == CommentPlace.kind, let place = CommentPlace(object.name) else { return nil }
      return (place, object.definition)
    }
  }

  func comment(object: OID, catalog: OID?, column: Int64) -> String? {
    if let catalog {
      let place = CommentPlace(catalog: catalog, object: object, column: column)
      return store.object(kind: CommentPlace.kind, schema: "", name: place.name)?.definition
    }
    return comments.first { $0.place.object == object && $0.place.column == column }?.text
  }
}

extension Session {
  func execute(comment: Comment) throws(ApusError) -> Execution {
    try requireWritable("COMMENT")
    let place = try place(of: comment)
    if let text = comment.text, !text.isEmpty {
      try define([
        .putObject(CatalogObject(kind: CommentPlace.kind, schema: "", name: place.name, definition: text))
      ])
    } else {
      try define([.removeObject(kind: CommentPlace.kind, schema: "", name: place.name)])
    }
    return Execution(command: "COMMENT")
  }

  private func place(of comment: Comment) throws(ApusError) -> CommentPlace {
    switch comment.kind {
    case .table:
      guard let id = try table(toDrop: comment.name, ifExists: false) else { break }
      return CommentPlace(catalog: CommentPlace.relations, object: id.value)
    case .view:
      guard let found = try view(toDrop: comment.name, ifExists: false) else { break }
      return CommentPlace(
        catalog: CommentPlace.relations, object: CatalogOIDs.view(schema: found.schema, name: found.name))
    case .column:
      let relation = Array(comment.name.dropLast())
      let name = comment.name.last ?? ""
      guard let id = try table(toDrop: relation, ifExists: false), let table = currentSnapshot().table(id) else {
        break
      }
      guard let column = table.definition.column(named: name) else {
        throw ApusError(
          .undefinedColumn, "column \"\(name)\" of relation \"\(table.definition.name)\" does not exist",
          table: table.definition.name)
      }
      return CommentPlace(catalog: CommentPlace.relations, object: id.value, column: Int64(column.id.value))
    case .schema:
      let name = comment.name.last ?? ""
      guard currentSnapshot().schemas.contains(name) else {
        throw ApusError(.invalidSchemaName, "schema \"\(name)\" does not exist")
      }
      return CommentPlace(catalog: CommentPlace.namespaces, object: CatalogOIDs.schema(name))
    default: break
    }
    throw ApusError.unsupported("COMMENT ON \(comment.kind.rawValue.uppercased()) is")
  }

  /// The comments on what these changes drop go with it.
  func forgettingComments(of changes: [CatalogChange]) -> [CatalogChange] {
    let comments = currentSnapshot().comments
    if comments.isEmpty { return [] }
    var gone = Set<CommentPlace>()
    for change in changes {
      let place: CommentPlace
      switch change {
      case .dropTable(let id): place = CommentPlace(catalog: CommentPlace.relations, object: id.value)
      case .removeObject("view", let schema, let name):
        place = CommentPlace(catalog: CommentPlace.relations, object: CatalogOIDs.view(schema: schema, name: name))
      case .removeObject("schema", _, let name):
        place = CommentPlace(catalog: CommentPlace.namespaces, object: CatalogOIDs.schema(name))
      default: continue
      }
      gone.insert(place)
    }
    return comments.filter { comment in
      gone.contains(CommentPlace(catalog: comment.place.catalog, object: comment.place.object))
    }.map { .removeObject(kind: CommentPlace.kind, schema: "", name: $0.place.name) }
  }
}
