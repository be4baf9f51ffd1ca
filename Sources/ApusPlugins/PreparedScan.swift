// PreparedScan owns a scan that a backend has prepared: what was asked, what it takes over, and its rows when it runs.

import ApusBase
import ApusColumns
import ApusPlan
import CApusABI

/// What is asked of a backend.
struct ScanForm {
  var columns: [ColumnReference]
  var filters: [ApusPlan.Expression] = []
  var limit: Int?
  var aggregation: ScanAggregation?
  /// How many of the columns are to be read.
  var outputCount: Int
}

/// A prepared scan; released with this object.
final class PreparedScan: @unchecked Sendable {
  let server: BackendServer
  let filters: [Pushdown]
  let limit: Pushdown
  let aggregation: Pushdown
  let description: String?
  /// The columns that the stream has, by place in the request's, and the type that each comes as.
  private let outputs: [DataType]
  private let handle: OpaquePointer
  /// Kept open as long as it is read in.
  private let transaction: BackendTransaction?

  /// Asks as much as may be asked: without limit and aggregation when a filter is not applied exactly.
  static func make(
    _ form: ScanForm, _ table: BackendTableDefinition, _ schema: TableSchema, _ server: BackendServer,
    _ transaction: BackendTransaction?
  ) throws(ApusError) -> PreparedScan {
    let first = try PreparedScan(form, table, schema, server, transaction)
    let takesMore = first.limit != .unsupported || first.aggregation != .unsupported
    guard takesMore, first.filters.contains(where: { $0 != .exact }) else { return first }
    var less = form
    less.limit = nil
    less.aggregation = nil
    return try PreparedScan(less, table, schema, server, transaction)
  }

  private init(
    _ form: ScanForm, _ table: BackendTableDefinition, _ schema: TableSchema, _ server: BackendServer,
    _ transaction: BackendTransaction?
  ) throws(ApusError) {
    self.server = server
    self.transaction = transaction
    let tableForm = try TableForm(table)
    let request = RequestForm(form, schema)
    request.pointer.pointee.transaction = try transaction?.reading()
    var handle: OpaquePointer?
    var answer = ApusScanAnswer()
    answer.size = MemoryLayout<ApusScanAnswer>.size
    answer.filters = request.arena.array(Array(repeating: APUS_UNSUPPORTED, count: request.sent.count))
    answer.row_estimate = -1
    try server.call { $0.prepare_scan($1, tableForm.pointer, request.pointer, &handle, &answer, $2) }
    withExtendedLifetime((tableForm, request)) {}
    guard let handle else {
      throw ApusError(.internalError, "plugin \"\(server.plugin.name)\" prepared a scan without a handle")
    }
    self.handle = handle
    var filters = Array(repeating: Pushdown.unsupported, count: form.filters.count)
    for (index, sent) in request.sent.enumerated() {
      let said = Self.pushdown(answer.filters[index])
      filters[sent.place] = said == .exact && !sent.isWhole ? .inexact : said
    }
    self.filters = filters
    // What was not asked is not taken over.
    limit = request.asksLimit ? Self.pushdown(answer.limit) : .unsupported
    aggregation = request.asksAggregation ? Self.pushdown(answer.aggregation) : .unsupported
    description = text(answer.description, limit: 1 << 20)
    if aggregation != .unsupported, let asked = form.aggregation {
      outputs =
        asked.groupings.map { grouping in
          switch grouping {
          case .column(let index), .bucket(let index, _, _, _): form.columns[index].type
          }
        } + asked.calls.map(\.type)
    } else {
      outputs = request.outputTypes
    }
  }

  deinit {
    let (server, handle) = (server, handle)
    try? server.call { raw, _, _ in
      raw.release_scan(handle)
      return 0
    }
  }

  private static func pushdown(_ answer: Int32) -> Pushdown {
    switch answer {
    case APUS_EXACT: .exact
    case APUS_INEXACT: .inexact
    default: .unsupported
    }
  }

  /// Runs the scan; once.
  func execute() throws(ApusError) -> StreamReader {
    var stream = ArrowArrayStream()
    try server.call { raw, _, error in raw.execute_scan(handle, &stream, error) }
    return try StreamReader(stream, types: outputs, gate: server.gate, plugin: server.plugin.name)
  }

  func cancel() {
    if let cancel = server.backend.raw.cancel_scan { cancel(handle) }
  }
}

/// The C form of a request.
final class RequestForm {
  let pointer: UnsafeMutablePointer<ApusScanRequest>
  let arena = Arena()
  /// The filters that were sent, and the places of their expressions.
  private(set) var sent: [(place: Int, isWhole: Bool)] = []
  private(set) var asksLimit = false
  private(set) var asksAggregation = false
  private(set) var outputTypes: [DataType] = []

  deinit { pointer.deallocate() }

  init(_ form: ScanForm, _ schema: TableSchema) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: ApusScanRequest())
    pointer.pointee.size = MemoryLayout<ApusScanRequest>.size
    pointer.pointee.limit = -1
    let places = Dictionary(schema.columns.enumerated().map { ($1.id, UInt32($0)) }, uniquingKeysWith: { a, _ in a })
    let references = form.columns.map { reference(of: $0, places) }
    // Paths cross as text; their casts are ours.
    let comparable = zip(form.columns, references).map { column, reference in
      column.path.isEmpty || column.type == .text ? reference : nil
    }
    var outputs = Array(references.prefix(form.outputCount).compactMap { $0 })
    if outputs.isEmpty, let first = schema.columns.first {
      outputs = [ApusColumnRef(column: 0, type: first.type.type.oid, path_count: 0, path: nil)]
    }
    outputTypes = outputs.map { DataType(oid: $0.type) ?? .text }
    pointer.pointee.column_count = outputs.count
    pointer.pointee.columns = UnsafePointer(arena.array(outputs))
    let filterForm = FilterForm(columns: comparable, types: form.columns.map(\.type), arena: arena)
    var filters: [ApusFilter] = []
    for (place, expression) in form.filters.enumerated() {
      guard let made = filterForm.condition(expression) else { continue }
      filters.append(made.filter)
      sent.append((place, made.isWhole))
    }
    pointer.pointee.filter_count = filters.count
    pointer.pointee.filters = UnsafePointer(arena.array(filters))
    guard sent.count == form.filters.count, sent.allSatisfy(\.isWhole) else { return }
    if let limit = form.limit, form.aggregation == nil {
      asksLimit = true
      pointer.pointee.limit = Int64(limit)
    }
    if let aggregation = form.aggregation { put(aggregation, comparable, filterForm) }
  }

  private func reference(of column: ColumnReference, _ places: [ColumnID: UInt32]) -> ApusColumnRef? {
    guard let place = places[column.column] else { return nil }
    let type = column.path.isEmpty || column.type == .jsonb ? column.type : .text
    return ApusColumnRef(
      column: place, type: type.oid, path_count: column.path.count,
      path: column.path.isEmpty ? nil : arena.strings(column.path))
  }

  private func put(_ aggregation: ScanAggregation, _ columns: [ApusColumnRef?], _ filterForm: FilterForm) {
    var groupings: [ApusGrouping] = []
    for grouping in aggregation.groupings {
      switch grouping {
      case .column(let index):
        guard index < columns.count, let column = columns[index] else { return }
        groupings.append(
          ApusGrouping(
            kind: APUS_GROUP_COLUMN, bucket_months: 0, column: column, bucket_micros: 0, bucket_origin: 0))
      case .bucket(let index, let months, let microseconds, let origin):
        guard index < columns.count, let column = columns[index] else { return }
        groupings.append(
          ApusGrouping(
            kind: APUS_GROUP_TIME_BUCKET, bucket_months: months, column: column, bucket_micros: microseconds,
            bucket_origin: origin &+ postgresEpochUnixMicroseconds))
      }
    }
    var calls: [ApusAggregateCall] = []
    for call in aggregation.calls {
      var made = ApusAggregateCall()
      made.type = call.type.oid
      switch call.function {
      case .countRows: made.function = APUS_AGGREGATE_COUNT_ROWS
      case .count: made.function = APUS_AGGREGATE_COUNT
      case .sum: made.function = APUS_AGGREGATE_SUM
      case .min: made.function = APUS_AGGREGATE_MIN
      case .max: made.function = APUS_AGGREGATE_MAX
      }
      if let index = call.column {
        guard index < columns.count, let column = columns[index] else { return }
        made.column = column
      }
      if let filter = call.filter {
        guard let condition = filterForm.condition(filter), condition.isWhole else { return }
        made.filter = UnsafePointer(arena.array([condition.filter]))
      }
      calls.append(made)
    }
    asksAggregation = true
    pointer.pointee.has_aggregation = 1
    pointer.pointee.grouping_count = groupings.count
    pointer.pointee.groupings = UnsafePointer(arena.array(groupings))
    pointer.pointee.aggregate_count = calls.count
    pointer.pointee.aggregates = UnsafePointer(arena.array(calls))
  }
}
