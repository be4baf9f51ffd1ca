// BackendExport owns the way from a storage backend in Swift to the struct of function pointers that the host calls.

public import CApusABI
import Glibc

/// What stands behind `ApusBackend.state`.
private final class BackendBox {
  let backend: any StorageBackend
  let host: PluginHost
  init(_ backend: any StorageBackend, _ host: PluginHost) {
    self.backend = backend
    self.host = host
  }
}

private final class ServerBox {
  let server: any StorageServer
  let host: PluginHost
  let capabilities: UInt64
  init(_ server: any StorageServer, _ host: PluginHost, _ capabilities: UInt64) {
    self.server = server
    self.host = host
    self.capabilities = capabilities
  }
}

private final class ScanBox {
  let scan: any StorageScan
  let host: PluginHost
  /// What the answer's description points to.
  let description: UnsafeMutablePointer<CChar>?
  init(_ scan: any StorageScan, _ host: PluginHost) {
    self.scan = scan
    self.host = host
    description = strdup(scan.answer.description)
  }
  deinit { free(description) }
}

private final class TransactionBox {
  let transaction: any StorageTransaction
  let host: PluginHost
  init(_ transaction: any StorageTransaction, _ host: PluginHost) {
    self.transaction = transaction
    self.host = host
  }
}

private func retained(_ object: AnyObject) -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(object).toOpaque()) }

private func borrowed<T: AnyObject>(_ pointer: OpaquePointer?, _ type: T.Type) throws(PluginError) -> T {
  guard let pointer else { throw PluginError("XX000", "the host passed no object") }
  return Unmanaged<T>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
}

private func given<T>(_ pointer: UnsafePointer<T>?) throws(PluginError) -> T {
  guard let pointer else { throw PluginError("XX000", "the host passed no value") }
  return pointer.pointee
}

/// A backend with what the host has to know of it. Made once, in `apus_plugin_init`; lives as long as the process.
public struct BackendDefinition {
  public var name: String
  public var version: String
  public var description: String
  /// APUS_BACKEND_...
  public var capabilities: UInt32
  public var options: [BackendOption]
  public var threading: ApusThreading

  public init(
    name: String, version: String, description: String, capabilities: UInt32, options: [BackendOption],
    threading: ApusThreading = APUS_THREADS_PARALLEL
  ) {
    self.name = name
    self.version = version
    self.description = description
    self.capabilities = capabilities
    self.options = options
    self.threading = threading
  }

  /// Fills what `apus_plugin_init` is asked for.
  public func export(
    _ backend: any StorageBackend, abi: UInt32, host: UnsafePointer<ApusHost>?,
    into out: UnsafeMutablePointer<ApusPlugin>?, _ error: UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 {
    attempt(error) { () throws(PluginError) in
      guard let host, let out else { throw PluginError("XX000", "the host passed nothing to fill") }
      guard abi >> 16 == UInt32(APUS_ABI_MAJOR) else {
        throw PluginError(
          "0A000", "plugin \(name) is made for version \(APUS_ABI_MAJOR) of the plugin interface, not \(abi >> 16)")
      }
      let table = UnsafeMutablePointer<ApusBackend>.allocate(capacity: 1)
      table.initialize(to: callbacks(BackendBox(backend, PluginHost(host))))
      out.pointee.size = min(out.pointee.size, MemoryLayout<ApusPlugin>.size)
      out.pointee.abi = UInt32(APUS_ABI_MAJOR) << 16 | UInt32(APUS_ABI_MINOR)
      out.pointee.threading = threading.rawValue
      out.pointee.capabilities = UInt64(APUS_PLUGIN_BACKEND)
      out.pointee.name = UnsafePointer(strdup(name))
      out.pointee.version = UnsafePointer(strdup(version))
      out.pointee.description = UnsafePointer(strdup(description))
      out.pointee.backend = UnsafePointer(table)
    }
  }

  private func optionSpecs() -> UnsafePointer<UnsafePointer<ApusOptionSpec>?> {
    let list = UnsafeMutablePointer<UnsafePointer<ApusOptionSpec>?>.allocate(capacity: max(options.count, 1))
    for (index, option) in options.enumerated() {
      let spec = UnsafeMutablePointer<ApusOptionSpec>.allocate(capacity: 1)
      var filled = ApusOptionSpec()
      filled.size = MemoryLayout<ApusOptionSpec>.size
      filled.name = UnsafePointer(strdup(option.name))
      filled.description = UnsafePointer(strdup(option.description))
      filled.scope = UInt32(option.isOfServer ? APUS_OPTION_SERVER : APUS_OPTION_TABLE)
      filled.required = option.isRequired ? 1 : 0
      filled.secret = option.isSecret ? 1 : 0
      spec.initialize(to: filled)
      (list + index).initialize(to: UnsafePointer(spec))
    }
    return UnsafePointer(list)
  }

  private func callbacks(_ box: BackendBox) -> ApusBackend {
    var table = ApusBackend()
    table.size = MemoryLayout<ApusBackend>.size
    table.capabilities = UInt64(capabilities)
    table.option_count = options.count
    table.options = optionSpecs()
    table.state = Unmanaged.passRetained(box).toOpaque()
    table.open = openServer
    table.close = { server in
      guard let server else { return }
      Unmanaged<ServerBox>.fromOpaque(UnsafeRawPointer(server)).release()
    }
    table.probe = probeServer
    table.list_tables = listTables
    table.describe_table = describeTable
    table.create_table = { server, table, error in
      attempt(error) { () throws(PluginError) in
        let box = try borrowed(server, ServerBox.self)
        try box.server.create(BackendTable(try given(table), box.host))
      }
    }
    table.drop_table = { server, table, error in
      attempt(error) { () throws(PluginError) in
        let box = try borrowed(server, ServerBox.self)
        try box.server.drop(BackendTable(try given(table), box.host))
      }
    }
    table.prepare_scan = prepareScan
    table.execute_scan = executeScan
    table.cancel_scan = { scan in
      guard let scan else { return }
      Unmanaged<ScanBox>.fromOpaque(UnsafeRawPointer(scan)).takeUnretainedValue().scan.cancel()
    }
    table.release_scan = { scan in
      guard let scan else { return }
      Unmanaged<ScanBox>.fromOpaque(UnsafeRawPointer(scan)).release()
    }
    table.begin = { server, out, error in
      attempt(error) { () throws(PluginError) in
        let box = try borrowed(server, ServerBox.self)
        out?.pointee = retained(TransactionBox(try box.server.begin(), box.host))
      }
    }
    table.append = appendRows
    table.delete_rows = deleteRows
    table.commit = { transaction, error in
      attempt(error) { () throws(PluginError) in
        guard let transaction else { return }
        let box = Unmanaged<TransactionBox>.fromOpaque(UnsafeRawPointer(transaction)).takeRetainedValue()
        try box.transaction.commit()
      }
    }
    table.rollback = { transaction in
      guard let transaction else { return }
      Unmanaged<TransactionBox>.fromOpaque(UnsafeRawPointer(transaction)).takeRetainedValue().transaction.rollback()
    }
    return table
  }
}

// MARK: The callbacks

private let openServer:
  @convention(c) (
    UnsafeMutableRawPointer?, Int, UnsafePointer<ApusOption>?, UnsafeMutablePointer<OpaquePointer?>?,
    UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { state, count, options, out, error in
    attempt(error) { () throws(PluginError) in
      let box = try borrowed(state.map { OpaquePointer($0) }, BackendBox.self)
      let server = try box.backend.open(readOptions(options, count))
      out?.pointee = retained(ServerBox(server, box.host, 0))
    }
  }

private let probeServer:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<ApusServerInfo>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { server, out, error in
    attempt(error) { () throws(PluginError) in
      let version = try borrowed(server, ServerBox.self).server.probe()
      guard let out else { return }
      withUnsafeMutableBytes(of: &out.pointee.version) { field in
        let bytes = Array(version.utf8.prefix(field.count &- 1)) + [0]
        field.copyBytes(from: bytes)
      }
      out.pointee.capabilities = UInt64.max
    }
  }

private let listTables:
  @convention(c) (
    OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutablePointer<ApusNames>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { server, schema, out, error in
    attempt(error) { () throws(PluginError) in
      let names = try borrowed(server, ServerBox.self).server.tables(in: schema.map { String(cString: $0) })
      let list = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: max(names.count, 1))
      for (index, name) in names.enumerated() { (list + index).initialize(to: UnsafePointer(strdup(name))) }
      var filled = ApusNames()
      filled.count = names.count
      filled.names = UnsafePointer(list)
      filled.private_data = UnsafeMutableRawPointer(list)
      filled.release = { names in
        guard let names, let list = names.pointee.private_data else { return }
        let typed = list.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        for index in 0..<names.pointee.count { free(typed[index]) }
        typed.deallocate()
        names.pointee.private_data = nil
        names.pointee.release = nil
      }
      out?.pointee = filled
    }
  }

private let describeTable:
  @convention(c) (
    OpaquePointer?, UnsafePointer<ApusTable>?, UnsafeMutablePointer<ArrowSchema>?,
    UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { server, table, out, error in
    attempt(error) { () throws(PluginError) in
      let box = try borrowed(server, ServerBox.self)
      let columns = try box.server.describe(BackendTable(try given(table), box.host))
      if let out { try box.host.schema(of: columns, into: out) }
    }
  }

private let prepareScan:
  @convention(c) (
    OpaquePointer?, UnsafePointer<ApusTable>?, UnsafePointer<ApusScanRequest>?, UnsafeMutablePointer<OpaquePointer?>?,
    UnsafeMutablePointer<ApusScanAnswer>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { server, table, request, out, answer, error in
    attempt(error) { () throws(PluginError) in
      let box = try borrowed(server, ServerBox.self)
      let asked = try given(request)
      let transaction =
        asked.transaction == nil ? nil : try borrowed(asked.transaction, TransactionBox.self).transaction
      let scan = try box.server.prepare(
        BackendTable(try given(table), box.host), BackendScanRequest(asked), in: transaction)
      let held = ScanBox(scan, box.host)
      if let answer {
        let said = scan.answer
        for (index, support) in said.filters.prefix(asked.filter_count).enumerated() {
          answer.pointee.filters?[index] = support.rawValue
        }
        answer.pointee.limit = said.limit.rawValue
        answer.pointee.aggregation = said.aggregation.rawValue
        answer.pointee.description = UnsafePointer(held.description)
        answer.pointee.row_estimate = said.rowEstimate ?? -1
      }
      out?.pointee = retained(held)
    }
  }

private let executeScan:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<ArrowArrayStream>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { scan, out, error in
    attempt(error) { () throws(PluginError) in
      let box = try borrowed(scan, ScanBox.self)
      let rows = try box.scan.run()
      if let out { RowStream(rows, types: box.scan.types, host: box.host).give(to: out) }
    }
  }

private let appendRows:
  @convention(c) (
    OpaquePointer?, UnsafePointer<ApusTable>?, UnsafePointer<ArrowArray>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { transaction, table, batch, error in
    attempt(error) { () throws(PluginError) in
      let box = try borrowed(transaction, TransactionBox.self)
      let table = try given(table)
      let batch = try given(batch)
      let description = try BackendTable(table, box.host)
      guard batch.n_children >= description.columns.count, batch.length >= 0, batch.offset == 0 else {
        throw PluginError("XX000", "a batch for table \"\(description.name)\" does not have its columns")
      }
      var readers: [ArrowColumnReader] = []
      for (index, column) in description.columns.enumerated() {
        guard let child = batch.children?[index], let schema = table.columns.pointee.children?[index],
          let format = schema.pointee.format, child.pointee.length >= batch.length
        else { throw PluginError("XX000", "column \"\(column.name)\" of a batch is missing") }
        readers.append(try ArrowColumnReader(child.pointee, format: String(cString: format)))
      }
      try box.transaction.append(description, readers, rowCount: Int(batch.length))
    }
  }

private let deleteRows:
  @convention(c) (
    OpaquePointer?, UnsafePointer<ApusTable>?, Int, UnsafePointer<ApusFilter>?, UnsafeMutablePointer<Int64>?,
    UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { transaction, table, count, filters, deleted, error in
    attempt(error) { () throws(PluginError) in
      let box = try borrowed(transaction, TransactionBox.self)
      let conditions = elements(filters, count).map { BackendFilter($0) }
      let number = try box.transaction.delete(BackendTable(try given(table), box.host), conditions)
      deleted?.pointee = number
    }
  }
