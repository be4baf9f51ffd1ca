// BackendTable owns the sight of a backend's table as a provider: what it takes over of a query, and its rows.

public import ApusBase
public import ApusColumns
public import ApusFunctions
public import ApusPlan

/// A table of a server.
public final class BackendTable: TableProvider {
  public let schema: TableSchema
  public let definition: BackendTableDefinition
  public let server: BackendServer
  /// The session's transaction on the server, whose rows must be seen.
  private let transaction: BackendTransaction?

  /// `transaction` counts only when it is one of the table's server.
  public init(
    schema: TableSchema, definition: BackendTableDefinition, server: BackendServer,
    transaction: BackendTransaction? = nil
  ) {
    self.schema = schema
    self.definition = definition
    self.server = server
    self.transaction = transaction?.server === server ? transaction : nil
  }

  public var rowCountEstimate: Int? { nil }
  public var readsPaths: Bool { server.backend.capabilities.contains(.paths) }

  fileprivate func prepared(_ form: ScanForm) throws(ApusError) -> PreparedScan {
    try PreparedScan.make(form, definition, schema, server, transaction)
  }

  private func form(_ request: ScanRequest, outputCount: Int? = nil) -> ScanForm {
    ScanForm(
      columns: request.columns, filters: request.filters, limit: request.limit,
      outputCount: outputCount ?? request.columns.count)
  }

  /// With the answer that a plan was made by: columns that only exact filters need are not read.
  private func form(_ request: ScanRequest, answered: [Pushdown]) -> ScanForm {
    let isExact = answered.count == request.filters.count && answered.allSatisfy { $0 == .exact }
    return form(
      request, outputCount: isExact ? request.columns.count - request.filterOnlyColumns : request.columns.count)
  }

  /// A backend that cannot be asked takes nothing over; the scan then says why.
  public func capability(_ request: ScanRequest) -> ScanCapability {
    guard let scan = try? prepared(form(request)) else {
      return ScanCapability(
        filters: request.filters.map { _ in .unsupported }, limit: .unsupported, aggregate: .unsupported)
    }
    return ScanCapability(filters: scan.filters, limit: scan.limit, aggregate: .unsupported)
  }

  public func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    let answered = request.answered?.filters ?? request.filters.map { _ in .unsupported }
    let form = form(request, answered: answered)
    let scan = try prepared(form)
    for (index, answer) in answered.enumerated() where answer == .exact && scan.filters[index] != .exact {
      throw ApusError(
        .objectNotInPrerequisiteState, "server \"\(server.name)\" no longer applies a condition that it took over",
        hint: "Run the statement again.")
    }
    return .stream(
      try BackendStream(scan, columns: request.columns, read: form.outputCount, context: context))
  }

  public func explanation(_ request: ScanRequest) -> ScanExplanation {
    var details = [(name: "Server", text: "\(server.name) (\(server.plugin.name))")]
    do throws(ApusError) {
      let known = try prepared(form(request))
      let scan = try prepared(form(request, answered: known.filters))
      if let description = scan.description { details.append(("Remote", description)) }
    } catch { details.append(("Error", error.message)) }
    return ScanExplanation(verb: "Foreign Scan", details: details)
  }

  public func aggregated(_ request: ScanRequest, by aggregation: ScanAggregation) -> AggregatedScan? {
    var form = form(request)
    form.aggregation = aggregation
    guard let scan = try? prepared(form), scan.aggregation != .unsupported else { return nil }
    let table = BackendAggregation(self, form, scan)
    return AggregatedScan(table: table, isExact: scan.aggregation == .exact)
  }
}

/// The groups of an aggregation that a backend computes.
private final class BackendAggregation: TableProvider {
  let schema: TableSchema
  private let table: BackendTable
  private let form: ScanForm
  private let answer: Pushdown
  private let description: String?

  init(_ table: BackendTable, _ form: ScanForm, _ scan: PreparedScan) {
    self.table = table
    self.form = form
    answer = scan.aggregation
    description = scan.description
    let names = form.columns.map { column in
      table.schema.columns.first { $0.id == column.column }?.name ?? column.path.last ?? "?"
    }
    var columns: [TableColumn] = []
    func add(_ name: String, _ type: DataType) {
      columns.append(
        TableColumn(id: ColumnID(UInt32(columns.count + 1)), name: name, type: TypeReference(type)))
    }
    for grouping in form.aggregation?.groupings ?? [] {
      switch grouping {
      case .column(let index): add(form.columns[index].path.last ?? names[index], form.columns[index].type)
      case .bucket(let index, _, _, _): add("bucket(\(names[index]))", form.columns[index].type)
      }
    }
    for call in form.aggregation?.calls ?? [] {
      let name = call.column.map { "\(call.function.rawValue)(\(names[$0]))" } ?? call.function.rawValue
      add(name + (call.filter == nil ? "" : " filtered"), call.type)
    }
    schema = TableSchema(
      oid: table.schema.oid, schema: table.schema.schema, name: table.schema.name, columns: columns)
  }

  var rowCountEstimate: Int? { nil }
  var readsPaths: Bool { false }

  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { _ in .unsupported }, limit: .unsupported, aggregate: .unsupported)
  }

  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    let scan = try table.prepared(form)
    guard scan.aggregation == answer else {
      throw ApusError(
        .objectNotInPrerequisiteState,
        "server \"\(table.server.name)\" no longer computes an aggregation that it took over",
        hint: "Run the statement again.")
    }
    let places = request.columns.map { Int($0.column.value) - 1 }
    return .stream(try BackendStream(scan, columns: schema.columns.map(\.reference), places: places, context: context))
  }

  func explanation(_ request: ScanRequest) -> ScanExplanation {
    var details = [
      (name: "Server", text: "\(table.server.name) (\(table.server.plugin.name))"),
      (name: "Partial Aggregate", text: "pushed down: \(answer == .exact ? "exact" : "inexact")"),
    ]
    if let description { details.append(("Remote", description)) }
    return ScanExplanation(verb: "Foreign Aggregate", details: details)
  }
}

extension TableColumn {
  fileprivate var reference: ColumnReference { ColumnReference(column: id, type: type.type) }
}

/// The rows of a running scan.
private final class BackendStream: BatchStream, @unchecked Sendable {
  private let scan: PreparedScan
  private let reader: StreamReader
  private let places: [Int?]
  private let columns: [ColumnReference]
  private let context: EvaluationContext

  /// Of the requested columns the first `read` come; the rest nobody looks at.
  convenience init(
    _ scan: PreparedScan, columns: [ColumnReference], read: Int, context: EvaluationContext
  ) throws(ApusError) {
    try self.init(
      scan, columns: columns, places: columns.indices.map { $0 < read ? $0 : nil }, context: context)
  }

  init(
    _ scan: PreparedScan, columns: [ColumnReference], places: [Int?], context: EvaluationContext
  ) throws(ApusError) {
    self.scan = scan
    self.columns = columns
    self.places = places
    self.context = context
    reader = try scan.execute()
  }

  func next() throws(ApusError) -> Batch? {
    guard let batch = try reader.next() else { return nil }
    var vectors: [Vector] = []
    for (index, place) in places.enumerated() {
      if let place, place < batch.columns.count {
        vectors.append(batch.columns[place])
      } else {
        vectors.append(.nulls(type: index < columns.count ? columns[index].type : .text, count: batch.count))
      }
    }
    return Batch(columns: vectors, count: batch.count)
  }

  func cancel() { scan.cancel() }

  func rowGroup(_ batch: Batch, columns: [ColumnReference]) -> any RowGroup {
    BackendRowGroup(columns: columns, batch: batch, context: context)
  }
}

/// Rows in memory whose paths came as text: a typed path is cast when it is read, so that an error in a row that a
/// filter drops does not surface.
private final class BackendRowGroup: RowGroup {
  let rowCount: Int
  var deletedRows: Bitmap? { nil }
  private let vectors: [ColumnReference: Vector]
  private let context: EvaluationContext

  init(columns: [ColumnReference], batch: Batch, context: EvaluationContext) {
    rowCount = batch.count
    self.context = context
    var vectors: [ColumnReference: Vector] = [:]
    for (column, vector) in zip(columns, batch.columns) {
      let isText = !column.path.isEmpty && column.type != .jsonb
      vectors[ColumnReference(column: column.column, path: column.path, type: isText ? .text : column.type)] = vector
    }
    self.vectors = vectors
  }

  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? { nil }
  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? { nil }
  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool { true }

  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    if let known = vectors[column] { return known.slice(rows) }
    let asText = ColumnReference(column: column.column, path: column.path, type: .text)
    guard !column.path.isEmpty, let text = vectors[asText],
      let cast = FunctionRegistry.standard.cast(from: .text, to: column.type)?.function
    else { return .nulls(type: column.type, count: rows.count) }
    return try cast.evaluate([text.slice(rows)], rows.count, context)
  }
}
