// StorageBackend owns the protocols that a storage backend in Swift implements; BackendExport puts them behind the ABI.

/// A kind of storage: what `USING name` and `FOREIGN DATA WRAPPER name` name.
public protocol StorageBackend: AnyObject {
  /// A server from its options. It may connect now or later.
  func open(_ options: [String: String]) throws(PluginError) -> any StorageServer
}

/// An option that a backend knows. The host refuses others, and asks for the required ones.
public struct BackendOption: Sendable {
  public var name: String
  public var description: String
  public var isOfServer: Bool
  public var isRequired: Bool
  /// Never shown.
  public var isSecret: Bool

  public init(
    _ name: String, _ description: String, isOfServer: Bool = true, isRequired: Bool = false, isSecret: Bool = false
  ) {
    self.name = name
    self.description = description
    self.isOfServer = isOfServer
    self.isRequired = isRequired
    self.isSecret = isSecret
  }
}

/// A storage behind one set of options. Calls may come from several threads.
public protocol StorageServer: AnyObject {
  /// Connects and tells the storage's version, for people.
  func probe() throws(PluginError) -> String
  func tables(in schema: String?) throws(PluginError) -> [String]
  /// 42P01 when there is no such table.
  func describe(_ table: BackendTable) throws(PluginError) -> [PluginColumn]
  /// 42P07 when there is one.
  func create(_ table: BackendTable) throws(PluginError)
  func drop(_ table: BackendTable) throws(PluginError)
  func prepare(
    _ table: BackendTable, _ request: BackendScanRequest, in transaction: (any StorageTransaction)?
  ) throws(PluginError) -> any StorageScan
  func begin() throws(PluginError) -> any StorageTransaction
}

public protocol StorageScan: AnyObject {
  var answer: BackendScanAnswer { get }
  /// The types of the rows that `run` yields.
  var types: [PluginType] { get }
  func run() throws(PluginError) -> any StorageRows
  /// From any thread: the rows end soon, with 57014.
  func cancel()
}

/// Rows of a running scan. The scan lives at least as long.
public protocol StorageRows: AnyObject {
  /// Adds rows to an empty batch; false at the end, when none were added.
  func next(into batch: ArrowBatchBuilder) throws(PluginError) -> Bool
}

public protocol StorageTransaction: AnyObject {
  /// `columns` are the table's, in order, of `rowCount` rows.
  func append(_ table: BackendTable, _ columns: [ArrowColumnReader], rowCount: Int) throws(PluginError)
  /// The number of rows that matched all filters and are gone. 0A000 for a filter that cannot be applied exactly.
  func delete(_ table: BackendTable, _ filters: [BackendFilter]) throws(PluginError) -> Int64
  func commit() throws(PluginError)
  func rollback()
}
