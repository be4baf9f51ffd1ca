// Tables in memory with bounds, counts and deleted rows, and a short way from SQL to rows.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusSyntax

/// A row group in memory that knows its bounds, as those of segments do, and which columns were read.
final class BoundedRowGroup: RowGroup, @unchecked Sendable {
  let rowCount: Int
  let deletedRows: Bitmap?
  private let columns: [ColumnID: Vector]
  private let keepsBounds: Bool
  /// Reads, for tests that run on one thread.
  private(set) var reads = 0

  init(_ columns: [ColumnID: Vector], rowCount: Int, deletedRows: Bitmap? = nil, keepsBounds: Bool = true) {
    self.columns = columns
    self.rowCount = rowCount
    self.deletedRows = deletedRows
    self.keepsBounds = keepsBounds
  }

  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? {
    guard keepsBounds, let vector = columns[column.column] else { return nil }
    let values = (0..<rowCount).map { vector.value(at: $0) }.filter { !$0.isNull }
    let ordered = values.sorted { a, b in
      a.order == b.order ? a.text.utf8.lexicographicallyPrecedes(b.text.utf8) : a.order < b.order
    }
    return ZoneMap(
      minimum: ordered.first, maximum: ordered.last, nullCount: rowCount - values.count, isExact: true)
  }

  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? {
    guard keepsBounds, let vector = columns[column.column], vector.type == .text else { return nil }
    // By bytes: Swift's `==` takes two spellings of a character as equal.
    let texts = (0..<rowCount).map { vector.value(at: $0) }.filter { !$0.isNull }.map { Array($0.text.utf8) }
    let entries = Set(texts).sorted { $0.lexicographicallyPrecedes($1) }
    let counts = entries.map { entry in UInt32(texts.count { $0 == entry }) }
    return CodeCounts(
      dictionary: ByteDictionary(entries.map { String(decoding: $0, as: UTF8.self) }), counts: Buffer(copying: counts),
      nullCount: rowCount - texts.count)
  }

  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool { true }

  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    reads += 1
    guard column.path.isEmpty, let vector = columns[column.column] else {
      return .nulls(type: column.type, count: rows.count)
    }
    return vector.slice(rows)
  }
}

extension Value {
  /// Numbers by value; enough for the bounds of the tests.
  var order: Double {
    switch self {
    case .int(let number): Double(number)
    case .float(let number): number
    case .bool(let flag): flag ? 1 : 0
    default: 0
    }
  }
  var text: String { if case .text(let text) = self { text } else { "" } }
}

final class BoundedTable: TableProvider {
  let schema: TableSchema
  let groups: [BoundedRowGroup]
  var rowCountEstimate: Int? { groups.reduce(0) { $0 + $1.rowCount } }
  var readsPaths: Bool { false }

  /// `rows` in row groups of `size`. Text is kept as dictionaries when `dictionaries` is set, one a row group.
  init(
    _ name: String, _ columns: [(String, DataType)], rows: [[Value]], size: Int = 1000, dictionaries: Bool = false,
    keepsBounds: Bool = true, isDeleted: ((Int) -> Bool)? = nil
  ) {
    schema = TableSchema(
      oid: 20_000, schema: "public", name: name,
      columns: columns.enumerated().map { index, column in
        TableColumn(id: ColumnID(UInt32(index + 1)), name: column.0, type: TypeReference(column.1))
      })
    var groups: [BoundedRowGroup] = []
    for start in stride(from: 0, to: rows.count, by: size) {
      let part = rows[start..<min(rows.count, start + size)]
      var vectors: [ColumnID: Vector] = [:]
      for (index, column) in columns.enumerated() {
        let values = part.map { $0[index] }
        vectors[ColumnID(UInt32(index + 1))] =
          dictionaries && column.1.physical == .bytes && column.1 != .numeric
          ? dictionaryVector(values, column.1) : Vector.of(values, type: column.1)
      }
      let deleted = isDeleted.map { test in Bitmap((start..<start + part.count).map(test)) }
      groups.append(
        BoundedRowGroup(vectors, rowCount: part.count, deletedRows: deleted, keepsBounds: keepsBounds))
    }
    self.groups = groups
  }

  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { _ in .inexact }, limit: .unsupported, aggregate: .unsupported)
  }
  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput { .rowGroups(groups) }
}

/// The values as codes of a dictionary in order of first occurrence.
func dictionaryVector(_ values: [Value], _ type: DataType) -> Vector {
  var entries: [String] = []
  var codes: [UInt32] = []
  var known: [[UInt8]: UInt32] = [:]
  let valid = Bitmap(repeating: true, count: values.count)
  for (row, value) in values.enumerated() {
    guard case .text(let text) = value else {
      valid.clear(row)
      codes.append(0)
      continue
    }
    let key = Array(text.utf8)
    if known[key] == nil {
      known[key] = UInt32(entries.count)
      entries.append(text)
    }
    codes.append(known[key] ?? 0)
  }
  if entries.isEmpty { return Vector.of(values, type: type) }
  let bytes = Vector.of(entries.map { .text($0) }, type: .text)
  guard case .bytes(let offsets, let data) = bytes.storage else { return Vector.of(values, type: type) }
  let dictionary = ByteDictionary(count: entries.count, offsets: offsets, data: data, isSorted: false)
  return Vector(
    type: type, count: values.count, validity: valid,
    storage: .dictionary(codes: Buffer(copying: codes), width: 4, dictionary: dictionary))
}

final class MemoryCatalog: BinderCatalog {
  let functions = FunctionRegistry.standard
  let context = EvaluationContext()
  private let tables: [String: any TableProvider]

  init(_ tables: [any TableProvider]) {
    self.tables = Dictionary(tables.map { ($0.schema.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
  func relation(schema: String?, name: String) throws(ApusError) -> Relation? { tables[name].map { .table($0) } }
}

/// Three threads, so that stages share work whatever the machine has.
let executor = Executor(threads: 3)

/// Starts a query over the tables.
func start(
  _ sql: String, _ tables: [any TableProvider], control: QueryControl = QueryControl(), optimises: Bool = true
) throws(ApusError) -> QueryResult {
  let catalog = MemoryCatalog(tables)
  guard let statement = try Parser.parse(sql).first, case .select(let id) = statement.root else {
    throw .unexpected("not a query: \(sql)")
  }
  let bound = try Binder.bind(query: id, in: statement, catalog: catalog, parameterTypes: [])
  let plan =
    optimises
    ? try Optimiser.optimise(bound.plan, functions: catalog.functions, context: catalog.context) : bound.plan
  return try executor.execute(plan, context: catalog.context, control: control)
}

/// The rows of a query as texts, "∅" for null.
func rows(
  _ sql: String, _ tables: [any TableProvider], control: QueryControl = QueryControl(), optimises: Bool = true
) throws(ApusError) -> [[String]] {
  let result = try start(sql, tables, control: control, optimises: optimises)
  var list: [[String]] = []
  while let batch = try result.next() {
    for row in 0..<batch.count {
      var texts: [String] = []
      for column in batch.columns {
        var out: [UInt8] = []
        if !column.isNull(row) { try TextFormat.output(column, row: row, settings: .utc, into: &out) }
        texts.append(column.isNull(row) ? "∅" : String(decoding: out, as: UTF8.self))
      }
      list.append(texts)
    }
  }
  return list
}

/// Rows as lines in one order, to compare answers without order.
func lines(_ rows: [[String]]) -> [String] { rows.map { $0.joined(separator: "|") }.sorted() }

func state(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "ok"
  } catch let error as ApusError {
    return error.state.code
  } catch { return "\(error)" }
}
