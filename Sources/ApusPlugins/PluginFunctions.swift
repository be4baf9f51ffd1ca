// Scalar and table functions of plugins as functions of our registry.

import ApusBase
import ApusColumns
import ApusFunctions
import CApusABI

/// A signature as the ABI gives it.
struct PluginSignature {
  let name: String
  let parameters: [DataType]
  let isVariadic: Bool
  let isStrict: Bool
  let neverFails: Bool
  let volatility: Volatility

  init(
    name pointer: UnsafePointer<CChar>?, flags: UInt32, count: UInt32, parameters list: UnsafePointer<UInt32>?,
    plugin: Plugin
  ) throws(ApusError) {
    guard let name = text(pointer), isPlainName(name) else {
      throw Plugin.bad(plugin.file, "a function has no name of lower-case letters, digits and _")
    }
    self.name = name
    guard count <= 100, count == 0 || list != nil else {
      throw Plugin.bad(plugin.file, "function \(name) says it has \(count) parameters")
    }
    var types: [DataType] = []
    for index in 0..<Int(count) {
      guard let oid = list?[index] else { continue }
      types.append(try Self.type(oid, of: name, plugin))
    }
    parameters = types
    isVariadic = flags & APUS_FUNCTION_VARIADIC != 0
    isStrict = flags & APUS_FUNCTION_STRICT != 0
    neverFails = flags & APUS_FUNCTION_NEVER_FAILS != 0
    if isVariadic, types.isEmpty { throw Plugin.bad(plugin.file, "function \(name) is variadic without a parameter") }
    switch flags & APUS_FUNCTION_VOLATILITY_MASK {
    case APUS_FUNCTION_IMMUTABLE: volatility = .immutable
    case APUS_FUNCTION_STABLE: volatility = .stable
    case APUS_FUNCTION_VOLATILE: volatility = .volatile
    default: throw Plugin.bad(plugin.file, "function \(name) has the flags \(flags)")
    }
  }

  static func type(_ oid: UInt32, of function: String, _ plugin: Plugin) throws(ApusError) -> DataType {
    guard let type = DataType(oid: oid), Arrow.format(of: type) != nil else {
      throw Plugin.bad(plugin.file, "function \(function) has a type with OID \(oid), which does not cross")
    }
    return type
  }

  var parameterTypes: [ParameterType] { parameters.map { .exact($0) } }
}

/// One scalar function.
struct PluginScalar: @unchecked Sendable {
  private let raw: ApusScalarFunction
  private let plugin: Plugin
  private let signature: PluginSignature
  private let result: ArrowField

  init(_ raw: ApusScalarFunction, plugin: Plugin) throws(ApusError) {
    self.raw = raw
    self.plugin = plugin
    signature = try PluginSignature(
      name: raw.name, flags: raw.flags, count: raw.parameter_count, parameters: raw.parameters, plugin: plugin)
    guard raw.evaluate != nil else { throw Plugin.bad(plugin.file, "function \(signature.name) has no evaluate") }
    result = try ArrowField(
      name: signature.name, canonical: try PluginSignature.type(raw.result, of: signature.name, plugin))
  }

  func function() -> ScalarFunction {
    ScalarFunction(
      signature.name, schema: "public", parameters: signature.parameterTypes, isVariadic: signature.isVariadic,
      result: .exact(result.type.type), volatility: signature.volatility, isStrict: signature.isStrict,
      mayFail: !signature.neverFails
    ) { (arguments, count, _) throws(ApusError) -> Vector in try evaluate(arguments, count) }
  }

  func evaluate(_ arguments: [Vector], _ count: Int) throws(ApusError) -> Vector {
    // Constants in, a constant out: one call for one row.
    if count > 1, signature.volatility != .volatile, !arguments.isEmpty, arguments.allSatisfy(\.isConstant) {
      let one = try evaluate(arguments.map { $0.slice(0..<1) }, 1)
      return Vector(type: one.type, count: count, storage: .constant(VectorBox(one)))
    }
    let export = try ArrowExport(arguments, count: count)
    var out = ArrowArray()
    try plugin.gate.run { () throws(ApusError) in
      try ApusPluginError.calling(plugin.name) { error in
        raw.evaluate(raw.state, export.batch, Int64(count), &out, error)
      }
    }
    defer { Arrow.release(&out) }
    let vector = try withExtendedLifetime(export) { () throws(ApusError) -> Vector in
      guard out.release == nil || out.length == count else {
        throw ApusError(
          .dataException, "malformed Arrow data: \(out.length) results for \(count) rows",
          context: "function \(signature.name) of plugin \"\(plugin.name)\"")
      }
      return try result.vector(&out, count: count)
    }
    return signature.isStrict ? Self.strict(vector, arguments) : vector
  }

  /// Null where an argument is.
  private static func strict(_ vector: Vector, _ arguments: [Vector]) -> Vector {
    guard arguments.contains(where: { $0.nullCount > 0 }) else { return vector }
    let bits = Bitmap(repeating: false, count: vector.count)
    for row in 0..<vector.count where !vector.isNull(row) && !arguments.contains(where: { $0.isNull(row) }) {
      bits.set(row)
    }
    return Vector(type: vector.type, count: vector.count, validity: bits, storage: vector.storage)
  }
}

/// One table function.
struct PluginTableFunction: @unchecked Sendable {
  private let raw: ApusTableFunction
  private let plugin: Plugin
  private let signature: PluginSignature

  init(_ raw: ApusTableFunction, plugin: Plugin) throws(ApusError) {
    self.raw = raw
    self.plugin = plugin
    signature = try PluginSignature(
      name: raw.name, flags: raw.flags, count: raw.parameter_count, parameters: raw.parameters, plugin: plugin)
    guard raw.open != nil, raw.columns != nil else {
      throw Plugin.bad(plugin.file, "table function \(signature.name) has no open or no columns")
    }
  }

  func function() -> TableFunction {
    TableFunction(
      signature.name, schema: "public", parameters: signature.parameterTypes, isVariadic: signature.isVariadic,
      columns: { (_) throws(ApusError) in try columns().map { ($0.name, $0.type.type) } },
      evaluate: { (arguments, types, _) throws(ApusError) -> Batch in try rows(arguments, types) })
  }

  private func columns() throws(ApusError) -> [ArrowField] {
    var schema = ArrowSchema()
    try plugin.gate.run { () throws(ApusError) in
      try ApusPluginError.calling(plugin.name) { raw.columns(raw.state, &schema, $0) }
    }
    defer { Arrow.release(&schema) }
    let fields = try ArrowField.fields(&schema)
    guard !fields.isEmpty else { throw Plugin.bad(plugin.file, "table function \(signature.name) has no columns") }
    return fields
  }

  private func rows(_ arguments: [Value], _ types: [DataType]) throws(ApusError) -> Batch {
    let wanted = try columns()
    let export = try ArrowExport(zip(arguments, types).map { Vector.of([$0], type: $1) }, count: 1)
    var stream = ArrowArrayStream()
    try withExtendedLifetime(export) { () throws(ApusError) in
      try plugin.gate.run { () throws(ApusError) in
        try ApusPluginError.calling(plugin.name) { raw.open(raw.state, export.batch, &stream, $0) }
      }
    }
    let reader = try StreamReader(stream, types: wanted.map(\.type.type), gate: plugin.gate, plugin: plugin.name)
    var batches: [Batch] = []
    var held = 0
    while let batch = try reader.next() {
      held += batch.columns.reduce(0) { $0 + $1.fixedBuffer.byteCount } + batch.count * 8
      try MemoryBudget.check(held)
      batches.append(batch)
    }
    let count = batches.reduce(0) { $0 + $1.count }
    var joined: [Vector] = []
    for (index, field) in wanted.enumerated() {
      let parts = batches.map { $0.columns[index] }
      joined.append(
        parts.isEmpty
          ? Vector.of([], type: field.type.type) : try Vector.concatenated(parts, type: field.type.type))
    }
    return Batch(columns: joined, count: count)
  }
}
