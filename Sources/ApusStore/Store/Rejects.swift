// Rejects owns `apus.rejects`: rows that could not be stored, kept as rows of a table of the store's own.

import ApusBase
import ApusColumns

enum Rejects {
  static let table = TableID(1)

  static let definition = TableDefinition(
    id: table, schema: "apus", name: "rejects",
    columns: [
      ("time", DataType.timestamptz), ("table_name", .text), ("dialect", .text), ("line", .int8), ("event_id", .text),
      ("code", .text), ("reason", .text), ("payload", .text),
    ].enumerated().map { index, column in
      ColumnDefinition(
        id: ColumnID(UInt32(index + 1)), name: column.0, type: TypeReference(column.1), isNotNull: index < 3)
    },
    options: TableOptions(timeColumn: "time", orderBy: ["time"], acceptFutureSeconds: nil))

  /// What one row may take of what was sent: more is cut.
  static let payloadBytesMax = 64 << 10

  static func batch(_ rows: [RejectedRow], received: UnixMicroseconds) -> RowBatch {
    let time = Value.int(received &- postgresEpochUnixMicroseconds)
    func texts(_ value: (RejectedRow) -> String?) -> Vector {
      Vector.of(rows.map { value($0).map { .text($0) } ?? .null }, type: .text)
    }
    let columns: [Vector] = [
      Vector.of(rows.map { _ in time }, type: .timestamptz), texts(\.table), texts(\.dialect),
      Vector.of(rows.map { $0.line.map { .int($0) } ?? .null }, type: .int8), texts(\.eventID), texts(\.code),
      texts(\.reason),
      texts { row in
        row.payload.utf8.count <= payloadBytesMax
          ? row.payload : String(decoding: Array(row.payload.utf8.prefix(payloadBytesMax)), as: UTF8.self)
      },
    ]
    return RowBatch(
      table: table, columns: definition.columns.map(\.id), rows: Batch(columns: columns, count: rows.count))
  }
}
