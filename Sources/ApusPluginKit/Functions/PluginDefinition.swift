// PluginDefinition owns what a plugin in Swift says of itself: its functions, and maybe a backend, put behind the ABI.

public import CApusABI
import Glibc

/// A plugin while it is described. Made in `apus_plugin_init` and exported once; it lives as long as the process.
///
///     @_cdecl("apus_plugin_init")
///     public func initialise(
///       _ abi: UInt32, _ host: UnsafePointer<ApusHost>?, _ out: UnsafeMutablePointer<ApusPlugin>?,
///       _ error: UnsafeMutablePointer<ApusPluginError>?
///     ) -> Int32 {
///       let plugin = PluginDefinition(name: "words", version: "1.0.0", description: "words of texts")
///       plugin.scalar("shout", [.text], .text) { arguments, row, out throws(PluginError) in
///         try out.append(text: try arguments[0].text(row).uppercased() + "!")
///       }
///       return plugin.export(abi: abi, host: host, into: out, error)
///     }
public final class PluginDefinition {
  public let name: String
  public let version: String
  public let description: String
  private let threading: ApusThreading
  private var scalars: [UnsafePointer<ApusScalarFunction>?] = []
  private var aggregates: [UnsafePointer<ApusAggregateFunction>?] = []
  private var tables: [UnsafePointer<ApusTableFunction>?] = []
  private var host: PluginHost?

  /// With `.parallel` threading, functions are called from several threads at once.
  public init(
    name: String, version: String, description: String, threading: ApusThreading = APUS_THREADS_PARALLEL
  ) {
    self.name = name
    self.version = version
    self.description = description
    self.threading = threading
  }

  public enum Volatility: UInt32, Sendable { case immutable, stable, volatile }

  /// A scalar function, row by row: `body` appends one value (or null) to `out` for `row`. Strict: rows with a null
  /// argument give null without a call.
  public func scalar(
    _ name: String, _ parameters: [PluginType], _ result: PluginType, description: String = "",
    isStrict: Bool = true, volatility: Volatility = .immutable,
    _ body:
      @escaping @Sendable (
        _ arguments: [ArrowColumnReader], _ row: Int, _ out: ArrowColumnBuilder
      ) throws(PluginError) -> Void
  ) {
    let box = ScalarBox(parameters, result, isStrict: isStrict, body)
    var function = ApusScalarFunction()
    function.size = MemoryLayout<ApusScalarFunction>.size
    function.name = UnsafePointer(strdup(name))
    function.description = UnsafePointer(strdup(description))
    function.flags = volatility.rawValue | (isStrict ? APUS_FUNCTION_STRICT : 0)
    function.parameter_count = UInt32(truncatingIfNeeded: parameters.count)
    function.parameters = oids(parameters)
    function.result = result.rawValue
    function.state = Unmanaged.passRetained(box).toOpaque()
    function.evaluate = evaluateScalar
    scalars.append(kept(function))
  }

  /// An aggregate whose state of one group is a value. Strict: rows with a null argument are left out.
  public func aggregate<State: AggregateState>(
    _ name: String, _ parameters: [PluginType], _ result: PluginType, description: String = "", isStrict: Bool = true,
    state: State.Type
  ) {
    let box = AggregateBox(parameters, result) { GroupStates<State>() }
    var function = ApusAggregateFunction()
    function.size = MemoryLayout<ApusAggregateFunction>.size
    function.name = UnsafePointer(strdup(name))
    function.description = UnsafePointer(strdup(description))
    function.flags = isStrict ? APUS_FUNCTION_STRICT : 0
    function.parameter_count = UInt32(truncatingIfNeeded: parameters.count)
    function.parameters = oids(parameters)
    function.result = result.rawValue
    function.state = Unmanaged.passRetained(box).toOpaque()
    box.fill(&function)
    aggregates.append(kept(function))
  }

  /// A function in FROM. `body` is called until it returns false; each call adds rows to an empty batch, whose
  /// `rowCount` it sets.
  public func table(
    _ name: String, _ parameters: [PluginType], _ columns: [PluginColumn], description: String = "",
    _ body: @escaping @Sendable (_ arguments: [ArrowColumnReader]) throws(PluginError) -> any StorageRows
  ) {
    let box = TableBox(parameters, columns, { [unowned self] in self.host }, body)
    var function = ApusTableFunction()
    function.size = MemoryLayout<ApusTableFunction>.size
    function.name = UnsafePointer(strdup(name))
    function.description = UnsafePointer(strdup(description))
    function.flags = APUS_FUNCTION_STABLE
    function.parameter_count = UInt32(truncatingIfNeeded: parameters.count)
    function.parameters = oids(parameters)
    function.state = Unmanaged.passRetained(box).toOpaque()
    function.columns = tableColumns
    function.open = openTable
    tables.append(kept(function))
  }

  /// Fills what `apus_plugin_init` is asked for.
  public func export(
    abi: UInt32, host: UnsafePointer<ApusHost>?, into out: UnsafeMutablePointer<ApusPlugin>?,
    _ error: UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 {
    attempt(error) { () throws(PluginError) in
      guard let host, let out else { throw PluginError("XX000", "the host passed nothing to fill") }
      guard abi >> 16 == UInt32(APUS_ABI_MAJOR) else {
        throw PluginError(
          "0A000", "plugin \(name) is made for version \(APUS_ABI_MAJOR) of the plugin interface, not \(abi >> 16)")
      }
      self.host = PluginHost(host)
      // The boxes ask it for the host.
      _ = Unmanaged.passRetained(self)
      out.pointee.size = min(out.pointee.size, MemoryLayout<ApusPlugin>.size)
      out.pointee.abi = UInt32(APUS_ABI_MAJOR) << 16 | UInt32(APUS_ABI_MINOR)
      out.pointee.threading = threading.rawValue
      out.pointee.name = UnsafePointer(strdup(name))
      out.pointee.version = UnsafePointer(strdup(version))
      out.pointee.description = UnsafePointer(strdup(description))
      var kinds: UInt32 = 0
      if !scalars.isEmpty { kinds |= APUS_PLUGIN_SCALARS }
      if !aggregates.isEmpty { kinds |= APUS_PLUGIN_AGGREGATES }
      if !tables.isEmpty { kinds |= APUS_PLUGIN_TABLE_FUNCTIONS }
      out.pointee.capabilities |= UInt64(kinds)
      out.pointee.scalar_count = scalars.count
      out.pointee.scalars = list(scalars)
      out.pointee.aggregate_count = aggregates.count
      out.pointee.aggregates = list(aggregates)
      out.pointee.table_function_count = tables.count
      out.pointee.table_functions = list(tables)
    }
  }

  private func oids(_ types: [PluginType]) -> UnsafePointer<UInt32> {
    let place = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, types.count))
    for (index, type) in types.enumerated() { (place + index).initialize(to: type.rawValue) }
    return UnsafePointer(place)
  }

  private func kept<T>(_ value: T) -> UnsafePointer<T> {
    let place = UnsafeMutablePointer<T>.allocate(capacity: 1)
    place.initialize(to: value)
    return UnsafePointer(place)
  }

  private func list<T>(_ values: [UnsafePointer<T>?]) -> UnsafePointer<UnsafePointer<T>?>? {
    if values.isEmpty { return nil }
    let place = UnsafeMutablePointer<UnsafePointer<T>?>.allocate(capacity: values.count)
    for (index, value) in values.enumerated() { (place + index).initialize(to: value) }
    return UnsafePointer(place)
  }
}

extension PluginType {
  /// The format in which the host writes the type.
  public var arrowFormat: String {
    switch self {
    case .bool: "b"
    case .int2: "s"
    case .int4: "i"
    case .int8: "l"
    case .float4: "f"
    case .float8: "g"
    case .bytea: "z"
    case .uuid: "w:16"
    case .date: "tdD"
    case .time: "ttu"
    case .timestamp: "tsu:"
    case .timestamptz: "tsu:UTC"
    case .interval: "tin"
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .numeric: "u"
    }
  }
}

extension ArrowColumnReader {
  /// A text of variable length.
  public func text(_ row: Int) throws(PluginError) -> String { String(decoding: try bytes(row), as: UTF8.self) }

  /// The columns of a batch.
  static func columns(
    _ batch: UnsafePointer<ArrowArray>?, _ types: [PluginType]
  ) throws(PluginError) -> [ArrowColumnReader] {
    guard let batch else { throw PluginError("XX000", "the host passed no arguments") }
    guard batch.pointee.n_children == Int64(types.count) else {
      throw PluginError("XX000", "\(batch.pointee.n_children) arguments where \(types.count) were declared")
    }
    var readers: [ArrowColumnReader] = []
    for (index, type) in types.enumerated() {
      guard let child = batch.pointee.children?[index] else { throw PluginError("XX000", "an argument is missing") }
      readers.append(try ArrowColumnReader(child.pointee, format: type.arrowFormat))
    }
    return readers
  }
}

extension ArrowColumnBuilder {
  public func append(text: String) throws(PluginError) {
    try append { (bytes) throws(PluginError) in try bytes.append(text) }
  }
}
