// IngestTarget owns what the decoding of events must know of their table.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

/// What stands in a column whose member an event leaves out.
enum IngestDefault: Sendable {
  case null
  case received
  case value(Value)
  case expression(ApusPlan.Expression)
}

struct IngestColumn: Sendable {
  var id: ColumnID
  var name: String
  var type: TypeReference
  var isNotNull: Bool
  var `default`: IngestDefault
}

/// A table's columns as the decoder sees them. Columns are named by their place among the stored ones.
final class IngestTarget: Sendable {
  let definition: TableDefinition
  let columns: [IngestColumn]
  /// The members' names: the stored columns', then those of generated columns, which events may not bring.
  let names: [String]
  let time: Int?
  /// The time column where it is a timestamp without time zone: admitted by the same bounds, as UTC.
  let localTime: Int?
  let event: Int?
  let sentAt: Int?
  let receivedAt: Int?
  let dedupeKey: Int?
  /// A jsonb column `properties`, which takes the members that have no column.
  let properties: Int?
  /// Whether the client's clock can be taken out of `time`.
  let correctsTime: Bool
  /// Columns that an event must bring.
  let required: [Int]
  /// Columns whose default must be computed for the events that leave them out.
  let computed: [Int]

  init(_ definition: TableDefinition, bind: (ColumnDefinition) throws(ApusError) -> IngestDefault) throws(ApusError) {
    self.definition = definition
    var columns: [IngestColumn] = []
    let timeName = definition.timeColumn?.type.type == .timestamptz ? definition.timeColumn?.name : nil
    for column in definition.storedColumns {
      var value = IngestDefault.null
      if column.name == timeName {
        value = .received
      } else if column.defaultExpression != nil {
        value = try bind(column)
      }
      columns.append(
        IngestColumn(
          id: column.id, name: column.name, type: column.type, isNotNull: column.isNotNull, default: value))
    }
    self.columns = columns
    names = columns.map(\.name) + definition.liveColumns.filter { $0.generatedExpression != nil }.map(\.name)
    func place(_ name: String?, _ type: DataType) -> Int? {
      columns.firstIndex { $0.name == name && $0.type.type == type }
    }
    time = place(timeName, .timestamptz)
    localTime = place(definition.timeColumn?.name, .timestamp)
    event = place("event", .text)
    sentAt = place("sent_at", .timestamptz)
    receivedAt = place("received_at", .timestamptz)
    dedupeKey = place(definition.dedupeKeyColumn?.name, .text)
    properties = place("properties", .jsonb)
    correctsTime = time != nil && sentAt != nil && receivedAt != nil && properties != nil
    required = columns.indices.filter { index in
      guard columns[index].isNotNull else { return false }
      if case .null = columns[index].default { return true }
      return false
    }
    computed = columns.indices.filter { index in
      if case .expression = columns[index].default { return true }
      return false
    }
  }

  /// The place of a column that a dialect needs. Throws 42703.
  func place(_ name: String, _ type: DataType, for dialect: String) throws(ApusError) -> Int {
    guard let place = columns.firstIndex(where: { $0.name == name && $0.type.type == type }) else {
      throw ApusError(
        .undefinedColumn, "table \"\(definition.name)\" has no column \"\(name)\" of type \(type.sqlName)",
        detail: "\(dialect) events need the columns of table \"events\".")
    }
    return place
  }
}

extension Database {
  /// The target for a table, made anew when the catalog has changed.
  func ingestTarget(_ name: String) throws(ApusError) -> IngestTarget {
    let snapshot = store.snapshot()
    guard let table = snapshot.table(schema: "public", name: name) else {
      throw ApusError(.undefinedTable, "relation \"\(name)\" does not exist")
    }
    if let known = ingest.target(name, of: table.definition) { return known }
    let made = try IngestTarget(table.definition) { (column) throws(ApusError) in try ingestDefault(column) }
    ingest.keep(made, as: name)
    return made
  }

  private func ingestDefault(_ column: ColumnDefinition) throws(ApusError) -> IngestDefault {
    guard let text = column.defaultExpression else { return .null }
    if column.type.type == .timestamptz, ["now()", "current_timestamp"].contains(text.lowercased()) {
      return .received
    }
    let session = makeSession()
    defer { session.close() }
    let expression = try Binder.bindExpression(
      text, columns: [], as: column.type, name: column.name, catalog: session.catalog(session.currentSnapshot()))
    if case .literal(let value, _) = expression { return value == .null ? .null : .value(value) }
    return .expression(expression)
  }
}
