// DELETE, UPDATE and TRUNCATE: rows chosen by number, held back with the rows that replace them until the transaction
// commits.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusPlugins
import ApusStore
import ApusSyntax

/// The rows that one DELETE, UPDATE or TRUNCATE takes.
final class DeleteOutcome {
  /// Its number among the deletions of the transaction.
  let number: Int
  let table: TableID
  /// As chosen; once committed, as taken.
  var rows: Int

  init(number: Int, table: TableID, rows: Int) {
    self.number = number
    self.table = table
    self.rows = rows
  }
}

extension Session {
  func bindDelete(
    _ delete: Delete, _ body: StatementBody, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> BoundRowChange {
    try Binder.bind(delete: delete, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
  }

  func bindUpdate(
    _ update: Update, _ body: StatementBody, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> BoundRowChange {
    try Binder.bind(update: update, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
  }

  func execute(delete: Delete, _ body: StatementBody, _ parameters: [Value]) throws(ApusError) -> Execution {
    try change("DELETE", parameters, isUpdate: false) { (snapshot) throws(ApusError) in
      try bindDelete(delete, body, snapshot)
    }
  }

  func execute(update: Update, _ body: StatementBody, _ parameters: [Value]) throws(ApusError) -> Execution {
    try change("UPDATE", parameters, isUpdate: true) { (snapshot) throws(ApusError) in
      try bindUpdate(update, body, snapshot)
    }
  }

  /// The rows of some segments of a table that a delete's WHERE finds.
  func chosen(
    by bound: BoundRowChange, in table: StoreTable, keeping segments: Set<SegmentID>, _ parameters: [Value],
    _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> [SegmentID: Bitmap] {
    let target = NumberedTable(table, keeping: segments)
    let rows = try changedRows(bound, in: target, parameters, snapshot)
    var chosen: [SegmentID: Bitmap] = [:]
    for (place, bits) in target.bits(of: rows.numbers) { if case .segment(let id) = place { chosen[id] = bits } }
    return chosen
  }

  // MARK: - One change

  private func change(
    _ verb: String, _ parameters: [Value], isUpdate: Bool,
    _ bind: (DatabaseSnapshot) throws(ApusError) -> BoundRowChange
  ) throws(ApusError) -> Execution {
    try requireChangeable(verb)
    let first = try bind(currentSnapshot())
    if let backend = first.table as? BackendTable {
      if isUpdate { throw ApusError.unsupported("UPDATE of a table of a storage backend is") }
      return try delete(first, from: backend, parameters)
    }
    let id = try writable(first.table).definition.id
    if let other = transaction.backendWrite {
      throw Self.twoBackends("table \"\(first.table.schema.name)\"", "server \"\(other.server.name)\"")
    }
    let write = writeTransaction()
    try write.pin(id)
    // Bound anew: every row from before is in a segment of this snapshot, and subqueries see the same.
    let snapshot = currentSnapshot()
    let bound = try bind(snapshot)
    let table = try writable(bound.table)
    guard table.definition.id == id else {
      throw ApusError(.undefinedTable, "table \"\(table.schema.name)\" was replaced meanwhile")
    }
    let target = NumberedTable(table)
    let rows = try changedRows(bound, in: target, parameters, snapshot)
    var tag: () -> String = { "\(verb) 0" }
    if !rows.numbers.isEmpty {
      let outcome = try delete(target.bits(of: rows.numbers), from: id, isReplaced: isUpdate)
      tag = { "\(verb) \(outcome.rows)" }
    }
    let width = bound.columns.count
    if isUpdate {
      let writer = RowWriter(session: self, table: .store(table), columns: bound.columns, isReplacement: true)
      for batch in rows.batches {
        try writer.append(Batch(columns: Array(batch.columns[1...width]), count: batch.count))
      }
    }
    guard let fields = bound.returning else { return Execution(tag: tag) }
    let firstShown = isUpdate ? width + 1 : 1
    let shown = rows.batches.map { Batch(columns: Array($0.columns[firstShown...]), count: $0.count) }
    return Execution(fields: fields, batches: shown, tag: tag)
  }

  /// The storage finds the rows itself: what it cannot be told is refused.
  private func delete(
    _ bound: BoundRowChange, from table: BackendTable, _ parameters: [Value]
  ) throws(ApusError) -> Execution {
    if bound.mayRepeat { throw ApusError.unsupported("DELETE ... USING from a table of a storage backend is") }
    if bound.returning != nil {
      throw ApusError.unsupported("DELETE ... RETURNING from a table of a storage backend is")
    }
    try table.server.require(.delete, "DELETE")
    var filters: [ApusPlan.Expression] = []
    if let filter = bound.filter {
      let context = catalog(currentSnapshot()).context
      filters = Optimiser.optimise(filter, context: context, parameters: parameters).conjunctList
    }
    if filters.contains(where: { $0 == .literal(.bool(false), .bool) || $0 == .literal(.null, .bool) }) {
      return Execution(command: "DELETE 0")
    }
    filters.removeAll { $0 == .literal(.bool(true), .bool) }
    try requireOneBackend(table.server)
    let columns = bound.columns.map { ColumnReference(column: $0.id, type: $0.type.type) }
    let count = try backendTransaction(table.server).delete(
      filters, columns: columns, from: table.definition, schema: table.schema)
    return Execution(command: "DELETE \(count)")
  }

  /// Holds a deletion back for commit.
  private func delete(
    _ rows: [RowPlace: Bitmap], from table: TableID, isReplaced: Bool
  ) throws(ApusError) -> DeleteOutcome {
    let number = try writeTransaction().delete(rows, from: table, isReplaced: isReplaced)
    let outcome = DeleteOutcome(number: number, table: table, rows: rows.values.reduce(0) { $0 + $1.setCount })
    transaction.deletions.append(outcome)
    return outcome
  }

  private func requireChangeable(_ verb: String) throws(ApusError) {
    try requireWritable(verb)
    // Its snapshot is older than the rows that would be changed.
    if transaction.phase == .block, transaction.pinsSnapshot {
      throw ApusError.unsupported("\(verb) in a REPEATABLE READ transaction is")
    }
  }

  /// The rows of a change, each once, and their numbers.
  private func changedRows(
    _ bound: BoundRowChange, in target: NumberedTable, _ parameters: [Value], _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> (batches: [Batch], numbers: [Int64]) {
    let plan = bound.plan(over: target)
    let execution = try run(plan, fields: plan.fields, parameters: parameters, snapshot: snapshot)
    var batches: [Batch] = []
    var numbers: [Int64] = []
    var seen = Set<Int64>()
    while let next = try execution.next() {
      var batch = next.compacted()
      guard case .int64(let buffer) = batch.columns[0].flattened().storage else {
        throw ApusError.unexpected("row numbers are no numbers")
      }
      let found = withExtendedLifetime(buffer) { () -> [Int64] in
        let values = buffer.read(Int64.self)
        return (0..<batch.count).map { values[$0] }
      }
      guard bound.mayRepeat else {
        numbers += found
        batches.append(batch)
        continue
      }
      // A join that finds a row several times changes it once, as the first of them says.
      var kept: [UInt32] = []
      for (row, number) in found.enumerated() where seen.insert(number).inserted {
        kept.append(UInt32(truncatingIfNeeded: row))
        numbers.append(number)
      }
      if kept.count < batch.count {
        batch = Batch(columns: batch.columns, count: kept.count, selection: SelectionVector(kept)).compacted()
      }
      if !kept.isEmpty { batches.append(batch) }
    }
    return (batches, numbers)
  }

  // MARK: - TRUNCATE

  func execute(truncate: Truncate) throws(ApusError) -> Execution {
    try requireChangeable("TRUNCATE TABLE")
    var ids: [TableID] = []
    for name in truncate.tables {
      guard let id = try table(toDrop: name.parts, ifExists: false) else { continue }
      if !ids.contains(id) { ids.append(id) }
    }
    for id in ids {
      let write = writeTransaction()
      try write.pin(id)
      guard let table = currentSnapshot().table(id) else { continue }
      var rows: [RowPlace: Bitmap] = [:]
      for (place, count) in NumberedTable(table).places where count > 0 {
        rows[place] = Bitmap(repeating: true, count: count)
      }
      if !rows.isEmpty { _ = try delete(rows, from: id, isReplaced: false) }
    }
    return Execution(command: "TRUNCATE TABLE")
  }
}
