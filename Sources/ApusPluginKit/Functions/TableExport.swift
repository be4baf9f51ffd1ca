// TableExport owns the callbacks of table functions in Swift.

import CApusABI

/// Rows that a closure makes: called until it returns false, each time with an empty batch.
public final class GeneratedRows: StorageRows {
  private let body: (ArrowBatchBuilder) throws(PluginError) -> Bool

  public init(_ body: @escaping (ArrowBatchBuilder) throws(PluginError) -> Bool) { self.body = body }

  public func next(into batch: ArrowBatchBuilder) throws(PluginError) -> Bool { try body(batch) }
}

final class TableBox {
  typealias Body = @Sendable ([ArrowColumnReader]) throws(PluginError) -> any StorageRows
  let parameters: [PluginType]
  let columns: [PluginColumn]
  private let host: () -> PluginHost?
  let body: Body

  init(
    _ parameters: [PluginType], _ columns: [PluginColumn], _ host: @escaping () -> PluginHost?,
    _ body: @escaping Body
  ) {
    self.parameters = parameters
    self.columns = columns
    self.host = host
    self.body = body
  }

  func known() throws(PluginError) -> PluginHost {
    guard let host = host() else { throw PluginError("XX000", "the plugin was not exported") }
    return host
  }
}

let tableColumns:
  @convention(c) (
    UnsafeMutableRawPointer?, UnsafeMutablePointer<ArrowSchema>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { state, out, error in
    attempt(error) { () throws(PluginError) in
      guard let state, let out else { throw PluginError("XX000", "the host passed nothing to fill") }
      let box = Unmanaged<TableBox>.fromOpaque(state).takeUnretainedValue()
      try box.known().schema(of: box.columns, into: out)
    }
  }

let openTable:
  @convention(c) (
    UnsafeMutableRawPointer?, UnsafePointer<ArrowArray>?, UnsafeMutablePointer<ArrowArrayStream>?,
    UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { state, arguments, out, error in
    attempt(error) { () throws(PluginError) in
      guard let state, let out else { throw PluginError("XX000", "the host passed nothing to fill") }
      let box = Unmanaged<TableBox>.fromOpaque(state).takeUnretainedValue()
      let rows = try box.body(try ArrowColumnReader.columns(arguments, box.parameters))
      RowStream(rows, types: box.columns.map(\.type), host: try box.known()).give(to: out)
    }
  }
