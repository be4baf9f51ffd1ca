// ApproximateCountStates owns approx_count_distinct(x) and hyperloglog(x).

import ApusBase
import ApusColumns
import ApusSketches

final class ApproximateCountStates: AggregateStates {
  private let type: DataType
  private let form: KeyForm
  /// Whether the result is the sketch rather than its estimate.
  private let givesState: Bool
  private let sketches = HyperLogLogs()

  init(_ type: DataType, givesState: Bool) throws(ApusError) {
    self.type = type
    self.givesState = givesState
    form = try KeyForm(type)
  }

  func grow(to count: Int) { sketches.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0)
    if groups == nil, case .constant(let box) = vector.storage {
      _ = try accumulateConstant([box.vector.value(at: 0)], times: 1, group: 0)
      return
    }
    if form == .bytes, case .dictionary(let codes, let width, let dictionary) = vector.storage {
      guard dictionary.count > 0 else { return }
      let hashes = dictionary.entryHashes()
      withExtendedLifetime(hashes) {
        sketches.insert(
          codes: codes, width: width, hashes: hashes.read(UInt64.self), validity: vector.validity, count: count,
          groups: groups)
      }
      return
    }
    let plain = vector.flattened()
    defer { withExtendedLifetime(plain) {} }
    switch form {
    case .word:
      guard let words = ValueKeys.words(plain) else {
        throw .unexpected("approx_count_distinct of \(type.sqlName) got another type")
      }
      defer { withExtendedLifetime(words) {} }
      insert(count, plain.validity, groups) { row in hashInteger(words.read(UInt64.self)[row]) }
    case .bytes: insert(count, plain.validity, groups) { row in hashBytes(plain.rawBytes(row)) }
    case .made:
      forEachRow(count, plain.validity, groups) { row, group in
        if let hash = hash(plain.value(at: row)) { sketches.insert(hash, group) }
      }
    }
  }

  @inline(__always)
  private func insert(
    _ count: Int, _ validity: Bitmap?, _ groups: UnsafePointer<UInt32>?, _ hash: (Int) -> UInt64
  ) {
    let hashes = Buffer(byteCount: count * 8)
    let out = hashes.write(UInt64.self)
    for row in 0..<count { out[row] = hash(row) }
    withExtendedLifetime(hashes) {
      sketches.insert(hashes: hashes.read(UInt64.self), validity: validity, count: count, groups: groups)
    }
  }

  private func hash(_ value: Value) -> UInt64? {
    if form == .word { return ValueKeys.word(of: value).map(hashInteger) }
    return ValueKeys.bytes(of: value, type: type).map { $0.withUnsafeBytes { hashBytes($0) } }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    guard let value = arguments.first else { return false }
    guard !value.isNull, times > 0 else { return true }
    guard let hash = hash(value) else { return false }
    sketches.insert(hash, group)
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: ApproximateCountStates.self)
    sketches.merge(other.sketches, mapping: mapping, count: count)
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    guard givesState else {
      let buffer = Buffer(byteCount: count * 8)
      let out = buffer.write(Int64.self)
      for group in 0..<count { out[group] = sketches.estimate(group) }
      return Vector(type: .int8, count: count, storage: .int64(buffer))
    }
    var builder = VectorBuilder(type: .aggregateState, capacity: count)
    for group in 0..<count { builder.append(bytes: sketches.serialise(group)) }
    return builder.finish()
  }

  func serialise(_ group: Int) -> [UInt8] { sketches.serialise(group) }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try sketches.mergeSerialised(bytes, into: group)
  }

  var byteCount: Int { sketches.byteCount }
}
