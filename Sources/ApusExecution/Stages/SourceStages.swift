// Rows that come from expressions: VALUES, set-returning functions, and LIMIT below other operators.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

final class ValuesStage: BatchesStage {
  private let rows: [[ApusPlan.Expression]]

  init(_ query: QueryState, _ rows: [[ApusPlan.Expression]], fields: [Field]) {
    self.rows = rows
    super.init(query, fields: fields)
  }

  override func produce() throws(ApusError) {
    let none = BatchFrame(Batch(columns: [], count: 1))
    if fields.isEmpty {
      batches = [Batch(columns: [], count: rows.count)]
      return
    }
    var columns: [Vector] = []
    for (index, field) in fields.enumerated() {
      var builder = VectorBuilder(type: field.type, capacity: rows.count)
      for row in rows {
        if case .literal(let value, _) = row[index] {
          builder.append(value)
        } else {
          builder.append(try query.node(row[index]).evaluate(none).value(at: 0))
        }
      }
      columns.append(builder.finish())
    }
    batches = Batch(columns: columns, count: rows.count).parts(of: ScanWorker.rowsPerBatch)
  }
}

/// A set-returning function in FROM.
final class TableFunctionStage: BatchesStage {
  private let function: TableFunction
  private let arguments: [ApusPlan.Expression]
  private let ordinality: Bool

  init(
    _ query: QueryState, _ function: TableFunction, _ arguments: [ApusPlan.Expression], ordinality: Bool,
    fields: [Field]
  ) {
    self.function = function
    self.arguments = arguments
    self.ordinality = ordinality
    super.init(query, fields: fields)
  }

  override func produce() throws(ApusError) {
    let none = BatchFrame(Batch(columns: [], count: 1))
    var values: [Value] = []
    for node in try query.nodes(arguments) { values.append(try node.evaluate(none).value(at: 0)) }
    var rows = try function.evaluate(values, arguments.map(\.type), query.context).compacted()
    try query.control.account(rows.heldBytes)
    if ordinality {
      rows.columns.append(.int64((0..<rows.count).map { Int64($0 + 1) }))
    }
    if rows.count > 0 { batches = rows.parts(of: ScanWorker.rowsPerBatch) }
  }
}

/// Set-returning functions in a target list: they run in step, shorter ones padded with nulls.
final class ProjectSetStage: BatchesStage {
  private let input: Stage
  private let functions: [(function: TableFunction, arguments: [ApusPlan.Expression])]

  init(
    _ input: Stage, _ functions: [(function: TableFunction, arguments: [ApusPlan.Expression])], fields: [Field]
  ) {
    self.input = input
    self.functions = functions
    super.init(input.query, fields: fields)
  }
  override func close() {
    super.close()
    input.close()
  }

  override func produce() throws(ApusError) {
    for batch in try input.collect() {
      let rows = batch.compacted()
      let frame = BatchFrame(rows)
      var results: [[Vector]] = []  // by function, by row
      for (function, arguments) in functions {
        var columns: [Vector] = []
        for node in try query.nodes(arguments) { columns.append(try node.evaluate(frame)) }
        var list: [Vector] = []
        for row in 0..<rows.count {
          let values = columns.map { $0.value(at: row) }
          let made = try function.evaluate(values, arguments.map(\.type), query.context).compacted()
          list.append(try value(of: made))
        }
        results.append(list)
      }
      try add(rows, results)
    }
  }

  /// Rows of several columns are records.
  private func value(of rows: Batch) throws(ApusError) -> Vector {
    guard rows.columns.count > 1 else { return rows.columns.first ?? .nulls(type: .text, count: rows.count) }
    let settings = FormatSettings(
      timeZone: TimeZone.named(query.context.timeZone) ?? .utc, extraFloatDigits: query.context.extraFloatDigits)
    return try RecordText.records(rows.columns, count: rows.count, settings: settings)
  }

  private func add(_ rows: Batch, _ results: [[Vector]]) throws(ApusError) {
    var owners: [UInt32] = []
    var places: [[Int32]] = results.map { _ in [] }
    var bases = [Int](repeating: 0, count: results.count)
    for row in 0..<rows.count {
      let longest = results.reduce(0) { max($0, $1[row].count) }
      owners.append(contentsOf: repeatElement(UInt32(truncatingIfNeeded: row), count: longest))
      for (index, list) in results.enumerated() {
        let count = list[row].count
        for place in 0..<longest {
          places[index].append(place < count ? Int32(truncatingIfNeeded: bases[index] + place) : -1)
        }
        bases[index] += count
      }
    }
    if owners.isEmpty { return }
    var columns = rows.columns.map { $0.gathered(SelectionVector(owners)) }
    for (index, list) in results.enumerated() {
      let type = fields[rows.columns.count + index].type
      columns.append(try Vector.concatenated(list, type: type).gatheredOrNull(places[index]))
    }
    let made = Batch(columns: columns, count: owners.count)
    try query.control.account(made.heldBytes)
    batches.append(contentsOf: made.parts(of: ScanWorker.rowsPerBatch))
  }
}

/// LIMIT and OFFSET where other operators stand above: only the rows that are asked for are made.
final class LimitStage: BatchesStage {
  private let reader: LimitReader

  init(_ reader: LimitReader, _ query: QueryState, fields: [Field]) {
    self.reader = reader
    super.init(query, fields: fields)
  }
  override func produce() throws(ApusError) {
    while let batch = try reader.next() {
      try query.control.account(batch.heldBytes)
      batches.append(batch)
    }
    reader.close()
  }
  override func close() {
    super.close()
    reader.close()
  }
}
