// RowStream owns the rows of a running scan as an Arrow C stream.

import CApusABI
import Glibc

/// One stream, from `give` until the host releases it.
final class RowStream {
  private let rows: any StorageRows
  private let columns: [PluginColumn]
  private let host: PluginHost
  private let batch: ArrowBatchBuilder
  /// What get_last_error points to: the SQLSTATE, a colon, the message.
  private var lastError: UnsafeMutablePointer<CChar>?

  init(_ rows: any StorageRows, types: [PluginType], host: PluginHost) {
    self.rows = rows
    self.host = host
    columns = types.map { PluginColumn(name: "", type: $0) }
    batch = ArrowBatchBuilder(types.map(\.layout))
  }

  deinit { free(lastError) }

  func give(to stream: UnsafeMutablePointer<ArrowArrayStream>) {
    var filled = ArrowArrayStream()
    filled.private_data = Unmanaged.passRetained(self).toOpaque()
    filled.get_schema = { stream, out in
      guard let object = RowStream.of(stream), let out else { return EINVAL }
      return object.attempt { () throws(PluginError) in try object.host.schema(of: object.columns, into: out) }
    }
    filled.get_next = { stream, out in
      guard let object = RowStream.of(stream), let out else { return EINVAL }
      return object.attempt { () throws(PluginError) in try object.next(into: out) }
    }
    filled.get_last_error = { stream in
      guard let object = RowStream.of(stream) else { return nil }
      return UnsafePointer(object.lastError)
    }
    filled.release = { stream in
      guard let stream, let data = stream.pointee.private_data else { return }
      stream.pointee.private_data = nil
      stream.pointee.release = nil
      Unmanaged<RowStream>.fromOpaque(data).release()
    }
    stream.initialize(to: filled)
  }

  private static func of(_ stream: UnsafeMutablePointer<ArrowArrayStream>?) -> RowStream? {
    guard let data = stream?.pointee.private_data else { return nil }
    return Unmanaged<RowStream>.fromOpaque(data).takeUnretainedValue()
  }

  private func attempt(_ body: () throws(PluginError) -> Void) -> Int32 {
    do {
      try body()
      return 0
    } catch {
      return failed(error)
    }
  }

  private func failed(_ error: PluginError) -> Int32 {
    free(lastError)
    lastError = strdup("\(error.state):\(error.message)")
    return EIO
  }

  private func next(into out: UnsafeMutablePointer<ArrowArray>) throws(PluginError) {
    guard try rows.next(into: batch) else {
      out.initialize(to: ArrowArray())
      return
    }
    try batch.give(to: out)
  }
}
