// Plugin owns a loaded library: what it says it is, checked, and its functions and backend as ours.

public import ApusBase
public import ApusFunctions
import CApusABI
private import Glibc

/// A loaded plugin. Its library stays in the process.
public final class Plugin: @unchecked Sendable {
  public let name: String
  public let version: String
  public let description: String
  /// The file that it came from.
  public let file: String
  public let abi: UInt32
  let threading: UInt32
  let gate: Gate
  public private(set) var scalars: [ScalarFunction] = []
  public private(set) var aggregates: [AggregateFunction] = []
  public private(set) var tableFunctions: [TableFunction] = []
  public private(set) var backend: Backend?

  /// Loads a file whose owner and mode are right, shakes hands and checks what it offers. `expecting` is the name that
  /// it must have.
  public static func load(file: String, expecting: String? = nil) throws(ApusError) -> Plugin {
    let path = try PluginDirectory.trusted(file)
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw ApusError(.ioError, "could not load plugin \"\(file)\": \(dlerror().map { String(cString: $0) } ?? "?")")
    }
    guard let symbol = dlsym(handle, "apus_plugin_init") else {
      dlclose(handle)
      throw ApusError(.undefinedFunction, "\"\(file)\" is not a plugin: it exports no apus_plugin_init")
    }
    let start = unsafeBitCast(symbol, to: ApusPluginInit.self)
    let plugin = UnsafeMutablePointer<ApusPlugin>.allocate(capacity: 1)
    plugin.initialize(to: ApusPlugin())
    plugin.pointee.size = MemoryLayout<ApusPlugin>.size
    let label = path.split(separator: "/").last.map(String.init) ?? path
    do throws(ApusError) {
      try ApusPluginError.calling(label) { start(PluginHost.version, PluginHost.pointer, plugin, $0) }
    } catch {
      plugin.deallocate()
      throw error
    }
    do throws(ApusError) {
      return try Plugin(readSized(plugin, ApusPlugin()), file: path, expecting: expecting)
    } catch {
      let read = readSized(plugin, ApusPlugin())
      if let release = read.release { release(plugin) }
      throw error
    }
  }

  private init(_ raw: ApusPlugin, file: String, expecting: String?) throws(ApusError) {
    guard raw.size >= 2 * MemoryLayout<Int>.size, raw.size <= 1 << 16 else {
      throw Self.bad(file, "its struct says it has \(raw.size) bytes")
    }
    guard raw.abi >> 16 == UInt32(APUS_ABI_MAJOR) else {
      throw ApusError(
        .featureNotSupported,
        "plugin \"\(file)\" was built for version \(raw.abi >> 16).\(raw.abi & 0xFFFF) of the plugin interface; "
          + "this server has \(APUS_ABI_MAJOR).\(APUS_ABI_MINOR)",
        hint: "Build the plugin against this server's header.")
    }
    guard let name = text(raw.name), isPlainName(name) else {
      throw Self.bad(file, "it has no name of lower-case letters, digits and _")
    }
    if let expecting, expecting != name {
      throw Self.bad(file, "it says its name is \"\(name)\", not \"\(expecting)\"")
    }
    guard raw.threading <= UInt32(APUS_THREADS_PARALLEL.rawValue) else {
      throw Self.bad(file, "its threading is \(raw.threading)")
    }
    self.name = name
    self.file = file
    version = text(raw.version) ?? ""
    description = text(raw.description) ?? ""
    abi = raw.abi
    threading = raw.threading
    gate = Gate(isSerial: raw.threading == UInt32(APUS_THREADS_SERIAL_PLUGIN.rawValue))
    let known =
      APUS_PLUGIN_BACKEND | APUS_PLUGIN_SCALARS | APUS_PLUGIN_AGGREGATES | APUS_PLUGIN_TABLE_FUNCTIONS
    if raw.capabilities & UInt64(APUS_PLUGIN_ENRICHMENTS) != 0 {
      throw ApusError.unsupported("enrichments at ingest (plugin \"\(name)\") are")
    }
    if raw.capabilities & UInt64(APUS_PLUGIN_SOURCES) != 0 {
      throw ApusError.unsupported("event sources (plugin \"\(name)\") are")
    }
    if raw.capabilities & ~UInt64(known) != 0 {
      throw ApusError.unsupported(
        "kinds of plugins with bits \(String(raw.capabilities & ~UInt64(known), radix: 16)) (plugin \"\(name)\") are")
    }
    try readFunctions(raw)
    if raw.capabilities & UInt64(APUS_PLUGIN_BACKEND) != 0 {
      guard let pointer = raw.backend else { throw Self.bad(file, "it says it has a backend and has none") }
      backend = try Backend(pointer, plugin: self)
    }
  }

  private func readFunctions(_ raw: ApusPlugin) throws(ApusError) {
    if raw.capabilities & UInt64(APUS_PLUGIN_SCALARS) != 0 {
      for pointer in try Self.list(raw.scalars, raw.scalar_count, "scalar functions", file) {
        scalars.append(try PluginScalar(readSized(pointer, ApusScalarFunction()), plugin: self).function())
      }
    }
    if raw.capabilities & UInt64(APUS_PLUGIN_AGGREGATES) != 0 {
      for pointer in try Self.list(raw.aggregates, raw.aggregate_count, "aggregate functions", file) {
        aggregates.append(try PluginAggregate(readSized(pointer, ApusAggregateFunction()), plugin: self).function())
      }
    }
    if raw.capabilities & UInt64(APUS_PLUGIN_TABLE_FUNCTIONS) != 0 {
      for pointer in try Self.list(raw.table_functions, raw.table_function_count, "table functions", file) {
        tableFunctions.append(try PluginTableFunction(readSized(pointer, ApusTableFunction()), plugin: self).function())
      }
    }
  }

  private static func list<T>(
    _ pointers: UnsafePointer<UnsafePointer<T>?>?, _ count: Int, _ what: String, _ file: String
  ) throws(ApusError) -> [UnsafePointer<T>] {
    guard count >= 0, count <= 10_000 else { throw bad(file, "it says it has \(count) \(what)") }
    guard count > 0, let pointers else { throw bad(file, "it says it has \(what) and has none") }
    var found: [UnsafePointer<T>] = []
    for index in 0..<count {
      guard let pointer = pointers[index] else { throw bad(file, "entry \(index + 1) of its \(what) is NULL") }
      found.append(pointer)
    }
    return found
  }

  static func bad(_ file: String, _ why: String) -> ApusError {
    ApusError(.internalError, "plugin \"\(file)\" is malformed: \(why)")
  }

  /// The kinds that it has, for people.
  public var kinds: [String] {
    var kinds: [String] = []
    if backend != nil { kinds.append("backend") }
    if !scalars.isEmpty { kinds.append("scalar functions") }
    if !aggregates.isEmpty { kinds.append("aggregate functions") }
    if !tableFunctions.isEmpty { kinds.append("table functions") }
    return kinds
  }

  /// What it says of which calls may overlap.
  public var threadingName: String {
    switch threading {
    case UInt32(APUS_THREADS_SERIAL_PLUGIN.rawValue): "serial"
    case UInt32(APUS_THREADS_SERIAL_SERVER.rawValue): "serial per server"
    default: "parallel"
    }
  }
}
