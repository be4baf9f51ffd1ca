// PostgresScan owns the running of a remote query: COPY in binary, or a cursor inside a transaction.

import ApusPluginKit
import CPQ
import Synchronization

/// The cancel handle of a running statement, for other threads.
final class Cancellation: Sendable {
  private struct State: @unchecked Sendable {
    var handle: OpaquePointer?
    var isCancelled = false
  }
  private let state = Mutex(State())

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func start(_ connection: PostgresConnection) throws(PluginError) {
    let handle = connection.cancelHandle()
    let isCancelled = state.withLock { state in
      state.handle = handle
      return state.isCancelled
    }
    if isCancelled {
      stop()
      throw .cancelled
    }
  }

  /// After this the connection serves others, and a cancel must not reach it.
  func stop() {
    state.withLock { state in
      PQfreeCancel(state.handle)
      state.handle = nil
    }
  }

  func cancel() {
    state.withLock { state in
      state.isCancelled = true
      guard let handle = state.handle else { return }
      var message = [CChar](repeating: 0, count: 256)
      _ = PQcancel(handle, &message, 256)
    }
  }
}

/// A scan outside transactions: COPY (query) TO STDOUT, so that the remote sends rows as they come.
final class CopyScan: StorageScan {
  private let server: PostgresServer
  private let query: PostgresQuery
  fileprivate let cancellation = Cancellation()

  init(_ server: PostgresServer, _ query: PostgresQuery) {
    self.server = server
    self.query = query
  }

  var answer: BackendScanAnswer { query.answer }
  var types: [PluginType] { query.types }

  func run() throws(PluginError) -> any StorageRows {
    let (connection, _) = try server.starting { (connection) throws(PluginError) in
      try cancellation.start(connection)
      do throws(PluginError) {
        _ = try connection.execute("COPY (\(query.sql)) TO STDOUT (FORMAT binary)")
      } catch {
        cancellation.stop()
        throw error
      }
    }
    return CopyRows(self, connection, query.types)
  }

  func cancel() { cancellation.cancel() }

  fileprivate func finish(_ connection: PostgresConnection) {
    cancellation.stop()
    server.giveBack(connection)
  }
}

final class CopyRows: StorageRows {
  private let scan: CopyScan
  /// nil after the end.
  private var connection: PostgresConnection?
  private let types: [PluginType]
  private var hasHeader = false
  private var isAtTrailer = false

  static let rowsPerBatch = 8_192
  static let bytesPerBatch = 4 << 20

  init(_ scan: CopyScan, _ connection: PostgresConnection, _ types: [PluginType]) {
    self.scan = scan
    self.connection = connection
    self.types = types
  }

  deinit {
    guard connection != nil else { return }
    // Rows are left: the remote stops, and the connection goes.
    scan.cancellation.cancel()
    scan.cancellation.stop()
  }

  func next(into batch: ArrowBatchBuilder) throws(PluginError) -> Bool {
    guard let connection else { return false }
    do throws(PluginError) {
      while batch.rowCount < Self.rowsPerBatch, batch.byteCount < Self.bytesPerBatch {
        var message: UnsafeMutablePointer<CChar>?
        let length = PQgetCopyData(connection.handle, &message, 0)
        if length == -1 {
          try connection.finishStatement()
          self.connection = nil
          scan.finish(connection)
          return batch.rowCount > 0
        }
        guard length >= 0, let message else { throw connection.error(nil) }
        defer { PQfreemem(message) }
        try read(UnsafeRawBufferPointer(start: message, count: Int(length)), into: batch)
      }
      return true
    } catch {
      let isLost = !connection.isUsable
      self.connection = nil
      scan.cancellation.stop()
      if connection.isIdle { scan.finish(connection) }
      throw isLost && scan.cancellation.isCancelled ? .cancelled : error
    }
  }

  private static let signature: [UInt8] = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00]

  /// One message: the header, rows, the trailer, or several of these.
  private func read(_ message: UnsafeRawBufferPointer, into batch: ArrowBatchBuilder) throws(PluginError) {
    let damaged = PluginError("08P01", "the PostgreSQL server sent a damaged binary copy")
    var position = 0
    if !hasHeader {
      guard message.count >= 19, message.prefix(11).elementsEqual(Self.signature) else { throw damaged }
      let extra = Int32(bigEndian: message.loadUnaligned(fromByteOffset: 15, as: Int32.self))
      guard extra >= 0, Int(extra) <= message.count &- 19 else { throw damaged }
      position = 19 &+ Int(extra)
      hasHeader = true
    }
    while position < message.count {
      guard position &+ 2 <= message.count, !isAtTrailer else { throw damaged }
      let count = Int16(bigEndian: message.loadUnaligned(fromByteOffset: position, as: Int16.self))
      position &+= 2
      if count == -1 {
        isAtTrailer = true
        continue
      }
      guard Int(count) == types.count else { throw damaged }
      for (index, type) in types.enumerated() {
        guard position &+ 4 <= message.count else { throw damaged }
        let length = Int(Int32(bigEndian: message.loadUnaligned(fromByteOffset: position, as: Int32.self)))
        position &+= 4
        if length == -1 {
          try batch.columns[index].appendNull()
          continue
        }
        guard length >= 0, length <= message.count &- position else { throw damaged }
        let value = UnsafeRawBufferPointer(rebasing: message[position..<(position &+ length)])
        try BinaryValue.append(value, type, to: batch.columns[index])
        position &+= length
      }
      batch.rowCount &+= 1
    }
  }
}

/// A scan inside a transaction, where several may be read at once: a binary cursor.
final class CursorScan: StorageScan {
  private let transaction: PostgresTransaction
  private let query: PostgresQuery
  fileprivate let cancellation = Cancellation()

  init(_ transaction: PostgresTransaction, _ query: PostgresQuery) {
    self.transaction = transaction
    self.query = query
  }

  var answer: BackendScanAnswer { query.answer }
  var types: [PluginType] { query.types }

  func run() throws(PluginError) -> any StorageRows {
    try cancellation.start(transaction.connection)
    let name = transaction.nextCursorName()
    do throws(PluginError) {
      _ = try transaction.execute("DECLARE \(name) NO SCROLL CURSOR FOR \(query.sql)")
    } catch {
      cancellation.stop()
      throw error
    }
    return CursorRows(self, transaction, name, query.types)
  }

  func cancel() { cancellation.cancel() }
}

final class CursorRows: StorageRows {
  private let scan: CursorScan
  private let transaction: PostgresTransaction
  private let name: String
  private let types: [PluginType]
  private var isOpen = true

  init(_ scan: CursorScan, _ transaction: PostgresTransaction, _ name: String, _ types: [PluginType]) {
    self.scan = scan
    self.transaction = transaction
    self.name = name
    self.types = types
  }

  deinit { close() }

  private func close() {
    if !isOpen { return }
    isOpen = false
    scan.cancellation.stop()
    // In a failed transaction this fails too, and the cursor goes with it.
    _ = try? transaction.execute("CLOSE \(name)")
  }

  func next(into batch: ArrowBatchBuilder) throws(PluginError) -> Bool {
    guard isOpen else { return false }
    let result: PostgresResult
    do throws(PluginError) {
      result = try transaction.execute("FETCH FORWARD \(CopyRows.rowsPerBatch / 4) FROM \(name)", isBinary: true)
    } catch {
      isOpen = false
      scan.cancellation.stop()
      throw error
    }
    guard Int(result.columnCount) == types.count else {
      throw PluginError("08P01", "the PostgreSQL server sent rows of another shape")
    }
    try read(result, into: batch)
    if batch.rowCount == 0 { close() }
    return batch.rowCount > 0
  }

  private func read(_ result: PostgresResult, into batch: ArrowBatchBuilder) throws(PluginError) {
    for row in 0..<result.rowCount {
      for (index, type) in types.enumerated() {
        if let bytes = result.bytes(row, Int32(truncatingIfNeeded: index)) {
          try BinaryValue.append(bytes, type, to: batch.columns[index])
        } else {
          try batch.columns[index].appendNull()
        }
      }
      batch.rowCount &+= 1
    }
  }
}
