// Whole rows as arguments of the functions that make JSON of them: `json_agg(t)`, `row_to_json(t)`, `to_jsonb(t)`.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

extension Binding {
  /// The functions that take a row for an object, and whether they make jsonb of it.
  private static let rowFunctions: [String: Bool] = [
    "row_to_json": false, "to_json": false, "json_agg": false, "json_build_object": false, "json_build_array": false,
    "json_object_agg": false, "to_jsonb": true, "jsonb_agg": true, "jsonb_build_object": true,
    "jsonb_build_array": true, "jsonb_object_agg": true,
  ]

  /// An argument of a call: a whole row where the function makes JSON of rows, else as any expression.
  func argument(_ id: ExprID, of call: FunctionCall, _ scope: Scope) throws -> Bound {
    guard let isBinary = Self.rowFunctions[call.name], call.schema ?? "pg_catalog" == "pg_catalog" else {
      return try expression(id, scope)
    }
    switch arena[id].kind {
    case .column(let names, let isStar) where names.count == 1:
      if !isStar, try isColumn(names[0], scope) { return try expression(id, scope) }
      if let row = try wholeRow(names[0], isBinary: isBinary, position: arena[id].position, scope) { return row }
    case .row(let fields, _) where !fields.isEmpty:
      let values = try fields.map { try resolved(expression($0, scope)) }
      return document(
        values.map(\.expression), (1...values.count).map { "f\($0)" }, isBinary: isBinary, position: arena[id].position)
    default: break
    }
    return try expression(id, scope)
  }

  private func isColumn(_ name: String, _ scope: Scope) throws -> Bool {
    var current: Scope? = scope
    while let place = current {
      if !place.isHidden, try place.column(named: name, position: nil) != nil { return true }
      current = place.parent
    }
    return false
  }

  private func wholeRow(_ name: String, isBinary: Bool, position: Int?, _ scope: Scope) throws -> Bound? {
    var level = 0
    var current: Scope? = scope
    while let place = current {
      if !place.isHidden, let index = try place.item(schema: nil, named: name, position: position) {
        let item = place.items[index]
        if item.isScalarFunction { return nil }
        if item.mayBeMissing {
          // A row that an outer join adds is null as a whole, which its columns alone do not tell.
          throw ApusError.unsupported("the whole row of the inner side of an outer join is", position: position)
        }
        let columns = item.columns.filter { !$0.isHidden }
        let values = columns.map { reference($0, item: item.name, in: place, level: level, position: position) }
        return document(values.map(\.expression), columns.map(\.name), isBinary: isBinary, position: position)
      }
      current = place.parent
      level += 1
    }
    return nil
  }

  private func document(_ values: [Expression], _ names: [String], isBinary: Bool, position: Int?) -> Bound {
    Bound(
      .call(RowDocuments.function(names, isBinary: isBinary), values, isBinary ? .jsonb : .json), position: position)
  }
}
