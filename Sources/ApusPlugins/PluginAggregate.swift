// Aggregates of plugins as aggregates of our registry: their states stay with the plugin.

import ApusBase
import ApusColumns
import ApusFunctions
import CApusABI

/// One aggregate function.
final class PluginAggregate: @unchecked Sendable {
  fileprivate let raw: ApusAggregateFunction
  fileprivate let plugin: Plugin
  fileprivate let signature: PluginSignature
  fileprivate let result: ArrowField

  init(_ raw: ApusAggregateFunction, plugin: Plugin) throws(ApusError) {
    self.raw = raw
    self.plugin = plugin
    signature = try PluginSignature(
      name: raw.name, flags: raw.flags, count: raw.parameter_count, parameters: raw.parameters, plugin: plugin)
    let isWhole =
      raw.create != nil && raw.grow != nil && raw.accumulate != nil && raw.merge != nil && raw.finalise != nil
      && raw.serialise != nil && raw.deserialise != nil && raw.release != nil
    guard isWhole else {
      throw Plugin.bad(plugin.file, "aggregate \(signature.name) lacks one of its functions")
    }
    result = try ArrowField(
      name: signature.name, canonical: try PluginSignature.type(raw.result, of: signature.name, plugin))
  }

  func function() -> AggregateFunction {
    AggregateFunction(
      signature.name, parameters: signature.parameterTypes, isVariadic: signature.isVariadic,
      result: .exact(result.type.type)
    ) { (_, _) throws(ApusError) -> any AggregateStates in try PluginStates(self) }
  }
}

/// The states of one call by group.
private final class PluginStates: AggregateStates {
  private let aggregate: PluginAggregate
  private let states: UnsafeMutableRawPointer
  private var count = 0
  /// `grow` cannot throw: what went wrong there is thrown by the next call.
  private var failure: ApusError?

  init(_ aggregate: PluginAggregate) throws(ApusError) {
    self.aggregate = aggregate
    var made: UnsafeMutableRawPointer?
    try aggregate.plugin.gate.run { () throws(ApusError) in
      try ApusPluginError.calling(aggregate.plugin.name) { aggregate.raw.create(aggregate.raw.state, &made, $0) }
    }
    guard let made else {
      throw ApusError(.internalError, "aggregate \(aggregate.signature.name) made no states")
    }
    states = made
  }

  deinit {
    let (release, states) = (aggregate.raw.release, states)
    try? aggregate.plugin.gate.run { () throws(ApusError) in release?(states) }
  }

  private func call(_ body: (UnsafeMutablePointer<ApusPluginError>) -> Int32) throws(ApusError) {
    if let failure { throw failure }
    try aggregate.plugin.gate.run { () throws(ApusError) in
      try ApusPluginError.calling(aggregate.plugin.name, body)
    }
  }

  func grow(to count: Int) {
    guard count > self.count, failure == nil else { return }
    do throws(ApusError) {
      guard let number = UInt32(exactly: count) else { throw ApusError(.programLimitExceeded, "too many groups") }
      try call { aggregate.raw.grow(states, number, $0) }
      self.count = count
    } catch { failure = error }
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    if count == 0 { return }
    if groups == nil { grow(to: 1) }
    guard aggregate.signature.isStrict, arguments.contains(where: { $0.nullCount > 0 }) else {
      return try add(arguments, count, groups)
    }
    var rows: [UInt32] = []
    for row in 0..<count where !arguments.contains(where: { $0.isNull(row) }) {
      rows.append(UInt32(truncatingIfNeeded: row))
    }
    if rows.isEmpty { return }
    let taken = SelectionVector(rows)
    guard let groups else { return try add(arguments.map { $0.gathered(taken) }, rows.count, nil) }
    let owners = Buffer(byteCount: rows.count * 4)
    let out = owners.write(UInt32.self)
    for (index, row) in rows.enumerated() { out[index] = groups[Int(row)] }
    try add(arguments.map { $0.gathered(taken) }, rows.count, owners.read(UInt32.self))
    withExtendedLifetime(owners) {}
  }

  private func add(_ arguments: [Vector], _ count: Int, _ groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let export = try ArrowExport(arguments, count: count)
    try call { aggregate.raw.accumulate(states, export.batch, Int64(count), groups, $0) }
    withExtendedLifetime(export) {}
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    guard let other = other as? PluginStates, let number = UInt32(exactly: count) else {
      throw .unexpected("states of two aggregates were merged")
    }
    if let failure = other.failure { throw failure }
    if count == 0 { return }
    for index in 0..<count { grow(to: Int(mapping[index]) + 1) }
    try call { aggregate.raw.merge(states, other.states, mapping, number, $0) }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    grow(to: count)
    guard let number = UInt32(exactly: count) else { throw ApusError(.programLimitExceeded, "too many groups") }
    var out = ArrowArray()
    try call { aggregate.raw.finalise(states, number, &out, $0) }
    defer { Arrow.release(&out) }
    guard out.release == nil || out.length == count else {
      throw ApusError(
        .dataException, "malformed Arrow data: \(out.length) results for \(count) groups",
        context: "aggregate \(aggregate.signature.name) of plugin \"\(aggregate.plugin.name)\"")
    }
    return try aggregate.result.vector(&out, count: count)
  }

  func serialise(_ group: Int) -> [UInt8] {
    var bytes = ApusBytes()
    guard let number = UInt32(exactly: group),
      (try? call({ aggregate.raw.serialise(states, number, &bytes, $0) })) != nil
    else { return [] }
    defer { if let release = bytes.release { release(&bytes) } }
    guard let data = bytes.data, bytes.length <= Limits.valueBytesMax else { return [] }
    return Array(UnsafeBufferPointer(start: data, count: bytes.length))
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    guard let number = UInt32(exactly: group) else { throw .unexpected("group \(group)") }
    grow(to: group + 1)
    try call {
      aggregate.raw.deserialise(
        states, number, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, $0)
    }
  }

  var byteCount: Int {
    guard let measure = aggregate.raw.byte_count else { return count * 64 }
    return min(measure(states), Int.max / 1024)
  }
}
