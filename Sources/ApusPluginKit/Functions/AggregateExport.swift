// AggregateExport owns aggregates in Swift: one value a group, behind the ABI's states of many groups.

import CApusABI
import Glibc

/// The state of one group. Merging states in any order must give the same result.
public protocol AggregateState {
  /// The state of no rows.
  init()
  mutating func add(_ arguments: [ArrowColumnReader], _ row: Int) throws(PluginError)
  mutating func merge(_ other: Self) throws(PluginError)
  /// Appends the result, or null, to `out`.
  func finish(into out: ArrowColumnBuilder) throws(PluginError)
  /// A form of its own, with a version.
  func serialised() -> [UInt8]
  /// Such bytes may be damaged: throw XX001 then.
  init(serialised bytes: UnsafeRawBufferPointer) throws(PluginError)
}

/// The states of one call by group, of whatever kind.
class AnyGroupStates {
  fileprivate var box: AggregateBox?
  func grow(to count: Int) {}
  func add(_ arguments: [ArrowColumnReader], _ rows: Int, _ groups: UnsafePointer<UInt32>?) throws(PluginError) {}
  func merge(_ other: AnyGroupStates, _ mapping: UnsafePointer<UInt32>, _ count: Int) throws(PluginError) {}
  func finish(_ count: Int, into out: ArrowColumnBuilder) throws(PluginError) {}
  func serialised(_ group: Int) throws(PluginError) -> [UInt8] { [] }
  func merge(serialised bytes: UnsafeRawBufferPointer, into group: Int) throws(PluginError) {}
  var byteCount: Int { 0 }
}

final class GroupStates<State: AggregateState>: AnyGroupStates {
  private var states: [State] = []

  override func grow(to count: Int) {
    while states.count < count { states.append(State()) }
  }

  private func check(_ group: Int) throws(PluginError) {
    guard group < states.count else { throw PluginError("XX000", "group \(group) of \(states.count)") }
  }

  override func add(
    _ arguments: [ArrowColumnReader], _ rows: Int, _ groups: UnsafePointer<UInt32>?
  ) throws(PluginError) {
    for row in 0..<rows {
      let group = Int(groups?[row] ?? 0)
      try check(group)
      try states[group].add(arguments, row)
    }
  }

  override func merge(
    _ other: AnyGroupStates, _ mapping: UnsafePointer<UInt32>, _ count: Int
  ) throws(PluginError) {
    guard let other = other as? GroupStates<State>, count <= other.states.count else {
      throw PluginError("XX000", "states of two aggregates were merged")
    }
    for index in 0..<count {
      let group = Int(mapping[index])
      try check(group)
      try states[group].merge(other.states[index])
    }
  }

  override func finish(_ count: Int, into out: ArrowColumnBuilder) throws(PluginError) {
    grow(to: count)
    for group in 0..<count { try states[group].finish(into: out) }
  }

  override func serialised(_ group: Int) throws(PluginError) -> [UInt8] {
    try check(group)
    return states[group].serialised()
  }

  override func merge(serialised bytes: UnsafeRawBufferPointer, into group: Int) throws(PluginError) {
    try check(group)
    try states[group].merge(try State(serialised: bytes))
  }

  override var byteCount: Int { states.count &* max(MemoryLayout<State>.stride, 64) }
}

final class AggregateBox {
  let parameters: [PluginType]
  let result: PluginType
  let make: () -> AnyGroupStates

  init(_ parameters: [PluginType], _ result: PluginType, make: @escaping () -> AnyGroupStates) {
    self.parameters = parameters
    self.result = result
    self.make = make
  }

  func fill(_ function: inout ApusAggregateFunction) {
    function.create = { state, out, error in
      attempt(error) { () throws(PluginError) in
        guard let state else { throw PluginError("XX000", "the host passed no aggregate") }
        let box = Unmanaged<AggregateBox>.fromOpaque(state).takeUnretainedValue()
        let states = box.make()
        states.box = box
        out?.pointee = Unmanaged.passRetained(states).toOpaque()
      }
    }
    function.grow = { states, count, error in
      attempt(error) { () throws(PluginError) in try given(states).grow(to: Int(count)) }
    }
    function.accumulate = { states, arguments, rows, groups, error in
      attempt(error) { () throws(PluginError) in
        let states = try given(states)
        let columns = try ArrowColumnReader.columns(arguments, states.box?.parameters ?? [])
        try states.add(columns, Int(clamping: rows), groups)
      }
    }
    function.merge = { states, other, mapping, count, error in
      attempt(error) { () throws(PluginError) in
        guard let mapping else { throw PluginError("XX000", "the host passed no groups") }
        try given(states).merge(try given(other), mapping, Int(count))
      }
    }
    function.finalise = { states, count, out, error in
      attempt(error) { () throws(PluginError) in
        let states = try given(states)
        guard let out, let box = states.box else { throw PluginError("XX000", "the host passed nothing to fill") }
        let builder = ArrowColumnBuilder(box.result.layout)
        try states.finish(Int(count), into: builder)
        try builder.give(to: out)
      }
    }
    function.serialise = serialiseState
    function.deserialise = { states, group, data, length, error in
      attempt(error) { () throws(PluginError) in
        let bytes = UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : length)
        try given(states).merge(serialised: bytes, into: Int(group))
      }
    }
    function.byte_count = { states in
      guard let states else { return 0 }
      return Unmanaged<AnyGroupStates>.fromOpaque(states).takeUnretainedValue().byteCount
    }
    function.release = { states in
      guard let states else { return }
      Unmanaged<AnyGroupStates>.fromOpaque(states).release()
    }
  }
}

private func given(_ states: UnsafeMutableRawPointer?) throws(PluginError) -> AnyGroupStates {
  guard let states else { throw PluginError("XX000", "the host passed no states") }
  return Unmanaged<AnyGroupStates>.fromOpaque(states).takeUnretainedValue()
}

private let serialiseState:
  @convention(c) (
    UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<ApusBytes>?, UnsafeMutablePointer<ApusPluginError>?
  ) -> Int32 = { states, group, out, error in
    attempt(error) { () throws(PluginError) in
      let bytes = try given(states).serialised(Int(group))
      guard let memory = malloc(max(1, bytes.count)) else { throw .outOfMemory }
      memory.copyMemory(from: bytes, byteCount: bytes.count)
      out?.pointee.data = UnsafePointer(memory.assumingMemoryBound(to: UInt8.self))
      out?.pointee.length = bytes.count
      out?.pointee.release = { free(UnsafeMutableRawPointer(mutating: $0?.pointee.data)) }
    }
  }
