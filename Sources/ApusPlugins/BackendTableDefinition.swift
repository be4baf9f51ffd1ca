// BackendTableDefinition owns what a backend is told of a table, and what can be asked of one outside of queries.

public import ApusBase
public import ApusColumns
public import ApusPlan
import CApusABI

/// A table of a server: where the storage has it and how Apus declares it.
public struct BackendTableDefinition: Sendable, Hashable {
  public struct Column: Sendable, Hashable {
    /// In the storage.
    public var name: String
    public var type: TypeReference
    public var isNotNull: Bool
    public init(name: String, type: TypeReference, isNotNull: Bool) {
      self.name = name
      self.type = type
      self.isNotNull = isNotNull
    }
  }
  public var schema: String?
  public var name: String
  public var columns: [Column]
  /// Without schema_name and table_name.
  public var options: [String: String]
  public var isOwned: Bool

  public init(
    schema: String?, name: String, columns: [Column], options: [String: String] = [:], isOwned: Bool = false
  ) {
    self.schema = schema
    self.name = name
    self.columns = columns
    self.options = options
    self.isOwned = isOwned
  }
}

/// The C form of a definition, while a call needs it.
final class TableForm {
  let pointer: UnsafeMutablePointer<ApusTable>
  private let arena = Arena()
  private var schema: UnsafeMutablePointer<ArrowSchema>?

  /// `withColumns`: not for describe_table.
  init(_ table: BackendTableDefinition, withColumns: Bool = true) throws(ApusError) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: ApusTable())
    pointer.pointee.size = MemoryLayout<ApusTable>.size
    pointer.pointee.name = arena.string(table.name)
    pointer.pointee.schema = table.schema.map { arena.string($0) }
    let options = table.options.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
    pointer.pointee.option_count = options.count
    pointer.pointee.options = arena.options(options)
    pointer.pointee.owned = table.isOwned ? 1 : 0
    guard withColumns else { return }
    let made = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
    made.initialize(
      to: try Arrow.schema(table.columns.map { ($0.name, $0.type, !$0.isNotNull) }))
    schema = made
    pointer.pointee.columns = UnsafePointer(made)
  }

  deinit {
    if let schema {
      Arrow.release(&schema.pointee)
      schema.deallocate()
    }
    pointer.deallocate()
  }
}

extension BackendServer {
  /// The columns of a table of the storage.
  public func describe(_ table: BackendTableDefinition) throws(ApusError) -> [BackendTableDefinition.Column] {
    try require(.describe, "the describing of tables")
    let form = try TableForm(table, withColumns: false)
    var schema = ArrowSchema()
    try call { $0.describe_table($1, form.pointer, &schema, $2) }
    withExtendedLifetime(form) {}
    defer { Arrow.release(&schema) }
    return try ArrowField.fields(&schema).map { field in
      BackendTableDefinition.Column(name: field.name, type: field.type, isNotNull: !field.isNullable)
    }
  }

  public func create(_ table: BackendTableDefinition) throws(ApusError) {
    try require(.create, "CREATE TABLE ... USING")
    let form = try TableForm(table)
    try call { $0.create_table($1, form.pointer, $2) }
    withExtendedLifetime(form) {}
  }

  public func drop(_ table: BackendTableDefinition) throws(ApusError) {
    try require(.create, "DROP TABLE")
    let form = try TableForm(table)
    try call { $0.drop_table($1, form.pointer, $2) }
    withExtendedLifetime(form) {}
  }

  public func begin() throws(ApusError) -> BackendTransaction {
    try require(.append, "writing")
    var made: OpaquePointer?
    try call { $0.begin($1, &made, $2) }
    guard let made else {
      throw ApusError(.internalError, "plugin \"\(plugin.name)\" began a transaction without a handle")
    }
    return BackendTransaction(self, made)
  }
}

/// A transaction of one server. Rolled back when it is let go of without commit.
/// One session writes in it; the scans of its statements read in it, from any thread.
public final class BackendTransaction: @unchecked Sendable {
  public let server: BackendServer
  private var handle: OpaquePointer?
  /// Batches appended and deletes done so far, those that failed among them: they may have left something.
  public private(set) var batchCount = 0

  fileprivate init(_ server: BackendServer, _ handle: OpaquePointer) {
    self.server = server
    self.handle = handle
  }

  deinit { rollback() }

  private func open() throws(ApusError) -> OpaquePointer {
    guard let handle else { throw .unexpected("a transaction of server \"\(server.name)\" has ended") }
    return handle
  }

  /// The handle for a scan that must see what was written. Throws 0A000 when the backend cannot do that.
  func reading() throws(ApusError) -> OpaquePointer? {
    if server.backend.capabilities.contains(.readOwnWrites) { return try open() }
    if batchCount == 0 { return nil }
    throw ApusError.unsupported(
      "reading from server \"\(server.name)\" after writing to it in the same transaction is",
      hint: "Storage backend \"\(server.plugin.name)\" shows rows when they are committed.")
  }

  /// All of the table's columns, in order.
  public func append(_ columns: [Vector], count: Int, to table: BackendTableDefinition) throws(ApusError) {
    let handle = try open()
    let form = try TableForm(table)
    let export = try ArrowExport(columns, count: count)
    batchCount += 1
    try server.call { raw, _, error in raw.append(handle, form.pointer, export.batch, error) }
    withExtendedLifetime((form, export)) {}
  }

  /// Deletes the rows that pass all filters, which are over `columns`. Throws 0A000 for a filter that the backend
  /// cannot be told.
  public func delete(
    _ filters: [ApusPlan.Expression], columns: [ColumnReference], from table: BackendTableDefinition,
    schema: TableSchema
  ) throws(ApusError) -> Int64 {
    let handle = try open()
    let form = try TableForm(table)
    let request = RequestForm(ScanForm(columns: columns, filters: filters, outputCount: columns.count), schema)
    guard request.sent.count == filters.count, request.sent.allSatisfy(\.isWhole) else {
      throw ApusError.unsupported(
        "DELETE by a condition that storage backends are not told is",
        hint: "They are told comparisons of columns with constants, IN, IS NULL, LIKE 'prefix%', AND, OR and NOT.")
    }
    var deleted: Int64 = 0
    let list = request.pointer.pointee
    batchCount += 1
    try server.call { raw, _, error in
      raw.delete_rows(handle, form.pointer, list.filter_count, list.filters, &deleted, error)
    }
    withExtendedLifetime((form, request)) {}
    return deleted
  }

  /// Ends the transaction, whatever is thrown.
  public func commit() throws(ApusError) {
    let handle = try open()
    self.handle = nil
    try server.call { raw, _, error in raw.commit(handle, error) }
  }

  public func rollback() {
    guard let handle else { return }
    self.handle = nil
    try? server.call { raw, _, _ in
      raw.rollback(handle)
      return 0
    }
  }
}
