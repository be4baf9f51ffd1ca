// RetentionStates owns retention(first, second, ...): of which of the later conditions a group has rows, given that it
// has some of the first.

import ApusBase
import ApusColumns

/// One bit a condition.
final class RetentionStates: AggregateStates {
  private let conditions: Int
  private var seen = StateArray<UInt32>(0)

  static let function = AggregateFunction(
    "retention", parameters: [.exact(.bool)], isVariadic: true, result: .exact(.array(.int4)), emptyIsNull: false,
    ignoresDuplicates: true
  ) { (types, _) throws(ApusError) -> any AggregateStates in try RetentionStates(types.count) }

  init(_ conditions: Int) throws(ApusError) {
    guard conditions >= 1, conditions <= ConditionMasks.countMax else {
      throw ApusError(
        .programLimitExceeded, "retention takes at most \(ConditionMasks.countMax) conditions, not \(conditions)")
    }
    self.conditions = conditions
  }

  func grow(to count: Int) { seen.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    for (step, vector) in arguments.enumerated() {
      let plain = vector.unwrapped
      guard case .bool(let bits) = plain.storage else {
        throw .unexpected("a condition of type \(vector.type.sqlName)")
      }
      let bit = UInt32(1) &<< UInt32(step)
      let words = seen.pointer
      let rows = Bitmap.intersection(bits, plain.validity)
      forEachRow(count, rows, groups) { _, group in words[group] |= bit }
      withExtendedLifetime((plain, rows)) {}
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    guard times > 0 else { return true }
    for (step, value) in arguments.enumerated() where value == .bool(true) { seen[group] |= 1 &<< UInt32(step) }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: RetentionStates.self)
    for group in 0..<count { seen[Int(mapping[group])] |= other.seen[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let (length, overflow) = count.multipliedReportingOverflow(by: conditions)
    guard !overflow, length <= Int(Int32.max) else {
      throw ApusError(.programLimitExceeded, "arrays larger than 2^31")
    }
    let values = Buffer(byteCount: length * 4)
    let out = values.write(Int32.self)
    let offsets = Buffer(byteCount: (count + 1) * 4)
    let bounds = offsets.write(Int32.self)
    for group in 0..<count {
      // Without the first condition nothing is kept.
      let word = seen[group] & 1 == 1 ? seen[group] : 0
      bounds[group] = Int32(truncatingIfNeeded: group &* conditions)
      for step in 0..<conditions {
        out[group &* conditions &+ step] = Int32(truncatingIfNeeded: (word &>> UInt32(step)) & 1)
      }
    }
    bounds[count] = Int32(truncatingIfNeeded: length)
    let child = Vector(type: .int4, count: length, storage: .int32(values))
    return Vector(type: .array(.int4), count: count, storage: .list(offsets: offsets, child: VectorBox(child)))
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(seen[group])
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) { seen[group] |= try $0.littleEndian(UInt32.self) }
  }

  var byteCount: Int { seen.byteCount }
}
