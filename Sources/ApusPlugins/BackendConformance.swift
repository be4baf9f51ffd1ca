// BackendConformance owns the round trip of `apus plugin test`: a table made, filled, asked and dropped on a server.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

final class BackendConformance {
  private let report: Conformance
  private static let types: [DataType] = [
    .bool, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .varchar, .bytea, .uuid, .jsonb, .date, .time,
    .timestamp, .timestamptz, .interval,
  ]
  private let rowCount = 500

  init(_ report: Conformance) { self.report = report }

  func run(_ plugin: Plugin, _ options: [String: String]) {
    var opened: BackendServer?
    report.check("options are taken") { () throws(ApusError) -> String in
      try plugin.backend?.check(options, forTable: false)
      opened = try BackendServer(name: "test", plugin: plugin, options: options)
      return ""
    }
    guard let server = opened else { return }
    var capabilities: BackendCapabilities = []
    report.check("probe") { () throws(ApusError) -> String in
      let info = try server.probe()
      capabilities = info.capabilities
      return "\(info.version); can \(info.capabilities.names.joined(separator: ", "))"
    }
    guard capabilities.contains(.create), capabilities.contains(.append) else {
      report.skip("round trip", "it cannot both create tables and append to them")
      return
    }
    roundTrip(server, capabilities)
  }

  private func roundTrip(_ server: BackendServer, _ capabilities: BackendCapabilities) {
    let number = UInt32.random(in: .min ... .max)
    // Types that the storage refuses are left out, and said.
    var taken: [DataType] = []
    for (index, type) in Self.types.enumerated() {
      let probe = table("apus_type_\(number)_\(index)", [type])
      do throws(ApusError) {
        try server.create(probe)
        taken.append(type)
        try server.drop(probe)
      } catch {
        report.skip("columns of type \(type.sqlName)", "\(error.message) (\(error.state.code))")
      }
    }
    let definition = table("apus_test_\(number)", taken)
    var isMade = false
    report.check("a table with \(taken.count) types is made") { () throws(ApusError) -> String in
      try server.create(definition)
      isMade = true
      return ""
    }
    guard isMade else { return }
    let columns = taken.map { Conformance.samples($0, count: rowCount, nullEvery: 9) }
    write(server, definition, columns)
    let provider = BackendTable(schema: schema(definition), definition: definition, server: server)
    read(provider, columns, taken)
    for (index, type) in taken.enumerated() { filters(provider, columns[index], index, type) }
    limits(provider, taken)
    aggregates(provider, columns, taken)
    if capabilities.contains(.describe) { describe(server, definition, taken) }
    if capabilities.contains(.delete) { delete(server, provider, taken) }
    report.check("the table is dropped, and twice is no error") { () throws(ApusError) -> String in
      try server.drop(definition)
      try server.drop(definition)
      return ""
    }
    report.check("a scan of the dropped table is an error") { () throws(ApusError) -> String in
      do throws(ApusError) {
        _ = try rows(provider, [0], [], taken)
      } catch { return "\(error.state.code): \(error.message)" }
      throw Conformance.wrong("it gave rows")
    }
  }

  private func table(_ name: String, _ types: [DataType]) -> BackendTableDefinition {
    BackendTableDefinition(
      schema: nil, name: name,
      columns: types.enumerated().map { index, type in
        BackendTableDefinition.Column(
          name: "c\(index) \(type.catalogName)", type: TypeReference(type), isNotNull: false)
      }, isOwned: true)
  }

  private func schema(_ table: BackendTableDefinition) -> TableSchema {
    TableSchema(
      oid: 1, schema: "public", name: table.name,
      columns: table.columns.enumerated().map { index, column in
        TableColumn(id: ColumnID(UInt32(index + 1)), name: column.name, type: column.type)
      })
  }

  private func write(_ server: BackendServer, _ table: BackendTableDefinition, _ columns: [Vector]) {
    report.check("a rolled back transaction leaves nothing") { () throws(ApusError) -> String in
      let transaction = try server.begin()
      try transaction.append(columns, count: rowCount, to: table)
      transaction.rollback()
      let provider = BackendTable(schema: schema(table), definition: table, server: server)
      let count = try rows(provider, [0], [], table.columns.map(\.type.type)).count
      guard count == 0 else { throw Conformance.wrong("\(count) rows are there") }
      return ""
    }
    report.check("\(rowCount) rows in two batches are committed") { () throws(ApusError) -> String in
      let transaction = try server.begin()
      try transaction.append(columns.map { $0.slice(0..<1) }, count: 1, to: table)
      try transaction.append(columns.map { $0.slice(1..<rowCount) }, count: rowCount - 1, to: table)
      try transaction.append(columns.map { $0.slice(0..<0) }, count: 0, to: table)
      try transaction.commit()
      return ""
    }
  }

  /// The rows of a scan as the executor would have them: conditions that are not exact are left to it.
  private func rows(
    _ table: BackendTable, _ columns: [Int], _ filters: [ApusPlan.Expression], _ types: [DataType], limit: Int? = nil
  ) throws(ApusError) -> Batch {
    let references = columns.map { ColumnReference(column: ColumnID(UInt32($0 + 1)), type: types[$0]) }
    var request = ScanRequest(columns: references, filters: filters, limit: limit)
    request.answered = table.capability(request)
    guard case .stream(let stream) = try table.scan(request, context: .utc) else {
      throw Conformance.wrong("no stream")
    }
    var batches: [Batch] = []
    while let batch = try stream.next() { batches.append(batch) }
    let count = batches.reduce(0) { $0 + $1.count }
    var joined: [Vector] = []
    for (index, column) in columns.enumerated() {
      joined.append(
        batches.isEmpty
          ? Vector.of([], type: types[column])
          : try Vector.concatenated(batches.map { $0.columns[index] }, type: types[column]))
    }
    return Batch(columns: joined, count: count)
  }

  private func texts(_ batch: Batch) -> [String] {
    (0..<batch.count).map { row in batch.columns.map { "\($0.value(at: row))" }.joined(separator: "|") }.sorted()
  }

  private func read(_ table: BackendTable, _ columns: [Vector], _ types: [DataType]) {
    for (index, type) in types.enumerated() {
      report.check("\(type.sqlName) comes back as it was") { () throws(ApusError) -> String in
        let got = texts(try rows(table, [index], [], types))
        let wanted = texts(Batch(columns: [columns[index]], count: rowCount))
        guard got.count == wanted.count else { throw Conformance.wrong("\(got.count) of \(wanted.count) rows") }
        if let difference = zip(got, wanted).first(where: { $0 != $1 }) {
          throw Conformance.wrong("\(difference.0) where \(difference.1) was stored")
        }
        return ""
      }
    }
    report.check("all columns, in another order") { () throws(ApusError) -> String in
      let order = Array(types.indices.reversed())
      let got = texts(try rows(table, order, [], types))
      let wanted = texts(Batch(columns: order.map { columns[$0] }, count: rowCount))
      guard got == wanted else { throw Conformance.wrong("the rows differ") }
      return ""
    }
    report.check("a scan that is prepared and not run") { () throws(ApusError) -> String in
      _ = table.explanation(ScanRequest(columns: [ColumnReference(column: ColumnID(1), type: types[0])]))
      return ""
    }
    report.check("a scan that is read in part") { () throws(ApusError) -> String in
      let request = ScanRequest(columns: [ColumnReference(column: ColumnID(1), type: types[0])])
      guard case .stream(let stream) = try table.scan(request, context: .utc) else { return "" }
      _ = try stream.next()
      return ""
    }
  }

  /// Each comparison, against what the server's own operators say of the same values.
  private func filters(_ table: BackendTable, _ column: Vector, _ index: Int, _ type: DataType) {
    let all = Self.types.indices.map { $0 < table.schema.columns.count ? table.schema.columns[$0].type.type : .text }
    let middle = Sample.value(type, 101)
    for name in ["=", "<>", "<", "<=", ">", ">="] {
      guard
        let function = FunctionRegistry.standard.operators(named: name).first(where: {
          $0.parameters == [.exact(type), .exact(type)]
        })
      else { continue }
      let filter = ApusPlan.Expression.call(
        function, [.column(0, type), .literal(middle, type)], .bool)
      compare(table, column, index, all, filter, "\(type.sqlName) \(name)") { () throws(ApusError) -> Vector in
        try function.evaluate([column, .constant(middle, type: type, count: rowCount)], rowCount, .utc)
      }
    }
    let isNull = ApusPlan.Expression.isNull(.column(0, type), negated: false)
    compare(table, column, index, all, isNull, "\(type.sqlName) IS NULL") { () throws(ApusError) -> Vector in
      Vector.bool(Bitmap((0..<rowCount).map { column.isNull($0) }))
    }
  }

  private func compare(
    _ table: BackendTable, _ column: Vector, _ index: Int, _ types: [DataType], _ filter: ApusPlan.Expression,
    _ name: String, _ expected: () throws(ApusError) -> Vector
  ) {
    report.check(name) { () throws(ApusError) -> String in
      let truth = try expected()
      let kept = SelectionVector(
        Bitmap((0..<rowCount).map { truth.value(at: $0) == .bool(true) }))
      let wanted = texts(Batch(columns: [column.gathered(kept)], count: kept.count))
      let reference = ColumnReference(column: ColumnID(UInt32(index + 1)), type: types[index])
      let answer = table.capability(ScanRequest(columns: [reference], filters: [filter])).filters.first ?? .unsupported
      let got = texts(try rows(table, [index], [filter], types))
      switch answer {
      case .exact: guard got == wanted else { throw Conformance.wrong("\(got.count) rows where \(wanted.count) match") }
      default:
        let rest = CountedTexts(got)
        guard wanted.allSatisfy({ rest.take($0) }) else { throw Conformance.wrong("a row that matches is missing") }
      }
      return "\(answer)"
    }
  }

  private func limits(_ table: BackendTable, _ types: [DataType]) {
    report.check("limit") { () throws(ApusError) -> String in
      let reference = ColumnReference(column: ColumnID(1), type: types[0])
      let answer = table.capability(ScanRequest(columns: [reference], limit: 7)).limit
      let count = try rows(table, [0], [], types, limit: 7).count
      guard answer == .exact ? count == 7 : count >= 7 else {
        throw Conformance.wrong("\(count) rows for a limit of 7")
      }
      return "\(answer)"
    }
  }

  private func aggregates(_ table: BackendTable, _ columns: [Vector], _ types: [DataType]) {
    let references = types.enumerated().map { ColumnReference(column: ColumnID(UInt32($0 + 1)), type: $1) }
    report.check("count(*)") { () throws(ApusError) -> String in
      let call = ScanAggregation.Call(function: .countRows, column: nil, type: .int8, filter: nil)
      return try aggregate(table, references, call) { (total) throws(ApusError) in
        guard total == .int(Int64(rowCount)) else { throw Conformance.wrong("\(total) for \(rowCount) rows") }
      }
    }
    for (index, type) in types.enumerated() where type.isInteger || type == .text || type == .timestamptz {
      report.check("max(\(type.sqlName))") { () throws(ApusError) -> String in
        let call = ScanAggregation.Call(function: .max, column: index, type: type, filter: nil)
        return try aggregate(table, references, call) { (found) throws(ApusError) in
          let values = (0..<rowCount).map { columns[index].value(at: $0) }.filter { !$0.isNull }
          let wanted = values.max { (ZoneOrder.compare($0, $1) ?? 0) < 0 } ?? .null
          guard found == wanted else { throw Conformance.wrong("\(found) where the largest is \(wanted)") }
        }
      }
    }
  }

  /// Only an exact answer of one row is looked at here; others are the executor's to merge.
  private func aggregate(
    _ table: BackendTable, _ references: [ColumnReference], _ call: ScanAggregation.Call,
    _ test: (Value) throws(ApusError) -> Void
  ) throws(ApusError) -> String {
    let aggregation = ScanAggregation(groupings: [], calls: [call])
    guard let scan = table.aggregated(ScanRequest(columns: references), by: aggregation) else { return "unsupported" }
    let request = ScanRequest(columns: [ColumnReference(column: ColumnID(1), type: call.type)])
    guard case .stream(let stream) = try scan.table.scan(request, context: .utc), let batch = try stream.next() else {
      throw Conformance.wrong("no row")
    }
    guard scan.isExact else { return "inexact" }
    guard batch.count == 1, try stream.next().map({ $0.count == 0 }) ?? true else {
      throw Conformance.wrong("more than one row without groupings")
    }
    try test(batch.columns[0].value(at: 0))
    return "exact"
  }

  private func describe(_ server: BackendServer, _ table: BackendTableDefinition, _ types: [DataType]) {
    report.check("the table is listed and described") { () throws(ApusError) -> String in
      guard try server.tables(schema: nil).contains(table.name) else { throw Conformance.wrong("it is not listed") }
      let columns = try server.describe(table)
      guard columns.map(\.name) == table.columns.map(\.name) else { throw Conformance.wrong("its columns differ") }
      let other = zip(columns, types).filter { $0.type.type != $1 }.map { "\($1.sqlName) as \($0.type.type.sqlName)" }
      return other.joined(separator: ", ")
    }
    report.check("a table that is not there is 42P01") { () throws(ApusError) -> String in
      var missing = table
      missing.name = "apus_no_such_table"
      do throws(ApusError) {
        _ = try server.describe(missing)
      } catch {
        guard error.state == .undefinedTable else { throw error }
        return ""
      }
      throw Conformance.wrong("it was described")
    }
  }

  private func delete(_ server: BackendServer, _ table: BackendTable, _ types: [DataType]) {
    guard let index = types.firstIndex(of: .int4) else { return }
    report.check("DELETE by a condition") { () throws(ApusError) -> String in
      let filter = ApusPlan.Expression.isNull(.column(0, .int4), negated: false)
      let reference = ColumnReference(column: ColumnID(UInt32(index + 1)), type: .int4)
      let transaction = try server.begin()
      let count = try transaction.delete(
        [filter], columns: [reference], from: table.definition, schema: table.schema)
      try transaction.commit()
      let rest = try rows(table, [index], [], types)
      guard rest.columns[0].nullCount == 0, Int(count) + rest.count == rowCount else {
        throw Conformance.wrong("\(count) rows are said to be deleted, \(rest.count) are left")
      }
      return "\(count) rows"
    }
  }
}

/// How often each text is there.
private final class CountedTexts {
  private var counts: [String: Int] = [:]
  init(_ texts: [String]) { for text in texts { counts[text, default: 0] += 1 } }
  /// Whether one was left.
  func take(_ text: String) -> Bool {
    guard let count = counts[text], count > 0 else { return false }
    counts[text] = count - 1
    return true
  }
}
