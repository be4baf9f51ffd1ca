// EventSequenceStates owns the states of window_funnel, sequence_match and sequence_count: they keep the events and ask
// at the end.

import ApusBase
import ApusColumns

/// What is asked of the events of a group, once the arguments that are the same for all rows (`header`) are known.
protocol SequenceQuestion: Sendable {
  /// The type of results, and the result of no events.
  var type: DataType { get }
  var answerOfNone: Int64 { get }
  /// Whether events that satisfy no condition matter.
  var keepsUnmatched: Bool { get }
  func makeAnswers() -> any SequenceAnswers
}

/// The answers of one thread. Not thread-safe: it may hold scratch memory.
protocol SequenceAnswers: AnyObject {
  func answer(_ run: EventRun) throws(ApusError) -> Int64
}

final class EventSequenceStates: AggregateStates {
  typealias Prepare = @Sendable (_ header: [Value], _ conditions: Int) throws(ApusError) -> any SequenceQuestion

  private let name: String
  private let prepare: Prepare
  /// Places of the arguments that are the same for all rows, of the time, and of the conditions.
  private let headerPlaces: [Int]
  private let conditions: Range<Int>
  private let none: any SequenceQuestion
  private var header: [Value]?
  private var question: (any SequenceQuestion)?
  private var log = EventLog()
  private var groupCount = 0

  /// The arguments are a header, the time, conditions, and possibly one more of the header, which is a text. `none` is
  /// the question when there are no rows.
  init(
    _ name: String, _ types: [DataType], none: any SequenceQuestion, _ prepare: @escaping Prepare
  ) throws(ApusError) {
    let hasTrailer = types.count > 3 && types.last == .text
    let end = hasTrailer ? types.count - 1 : types.count
    guard types.count >= 3 else { throw .unexpected("\(name) with \(types.count) arguments") }
    guard end - 2 <= ConditionMasks.countMax else {
      throw ApusError(
        .programLimitExceeded, "\(name) takes at most \(ConditionMasks.countMax) conditions, not \(end - 2)")
    }
    self.name = name
    self.prepare = prepare
    self.none = none
    conditions = 2..<end
    headerPlaces = hasTrailer ? [0, end] : [0]
  }

  func grow(to count: Int) { groupCount = max(groupCount, count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    guard arguments.count >= conditions.upperBound else {
      throw .unexpected("\(name) got \(arguments.count) arguments")
    }
    try take(header: try commonHeader(arguments, count))
    let time = arguments[1].unwrapped
    guard case .int64(let buffer) = time.storage else { throw .unexpected("\(name) got times of another type") }
    let masks = try ConditionMasks(arguments[conditions], count: count)
    defer { withExtendedLifetime((time, masks.masks, masks.any)) {} }
    let rows = question?.keepsUnmatched == true ? Bitmap(repeating: true, count: count) : masks.any
    let kept = Bitmap.intersection(rows, time.validity)
    guard let kept, kept.setCount > 0 else { return }
    log.reserve(kept.setCount)
    let times = buffer.read(Int64.self)
    let words = masks.masks.read(UInt32.self)
    if let groups {
      forEachRow(count, kept, nil) { row, _ in log.append(groups[row], times[row], words[row]) }
    } else {
      forEachRow(count, kept, nil) { row, _ in log.append(0, times[row], words[row]) }
    }
    withExtendedLifetime(kept) {}
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  // MARK: Header

  private func commonHeader(_ arguments: [Vector], _ count: Int) throws(ApusError) -> [Value] {
    var values: [Value] = []
    for place in headerPlaces {
      guard place < arguments.count else { throw .unexpected("\(name) got \(arguments.count) arguments") }
      let vector = arguments[place]
      let first = vector.value(at: 0)
      if !vector.isConstant {
        for row in 1..<max(1, count) where vector.value(at: row) != first { throw differing }
      }
      values.append(first)
    }
    return values
  }

  private var differing: ApusError {
    ApusError(
      .invalidParameterValue,
      "the \(name == "window_funnel" ? "window and mode" : "pattern") of \(name) must be the same for all rows")
  }

  private func take(header values: [Value]) throws(ApusError) {
    if let header {
      guard header == values else { throw differing }
      return
    }
    question = try prepare(values, conditions.count)
    header = values
  }

  // MARK: Merging and results

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: EventSequenceStates.self)
    if let values = other.header { try take(header: values) }
    log.append(other.log, mapping: mapping)
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let question = question ?? none
    log.arrange(max(count, groupCount))
    let answers = question.makeAnswers()
    let buffer = Buffer.zeroed(byteCount: count * 8)
    let out = buffer.write(Int64.self)
    for group in 0..<count {
      let run = log.events(of: group)
      out[group] = run.count == 0 ? question.answerOfNone : try answers.answer(run)
    }
    switch question.type {
    case .bool: return .bool(Bitmap((0..<count).map { out[$0] != 0 }))
    case .int4:
      let narrow = Buffer(byteCount: count * 4)
      let result = narrow.write(Int32.self)
      for group in 0..<count { result[group] = Int32(truncatingIfNeeded: out[group]) }
      return Vector(type: .int4, count: count, storage: .int32(narrow))
    default: return Vector(type: .int8, count: count, storage: .int64(buffer))
    }
  }

  /// The header, then the events in order: the time since the event before, and the conditions.
  func serialise(_ group: Int) -> [UInt8] {
    log.arrange(max(groupCount, group + 1))
    var writer = ByteWriter()
    writer.byte(1)
    writer.varint(UInt64(header?.count ?? 0))
    for value in header ?? [] { ValueCodec.write(value, to: &writer) }
    let run = log.events(of: group)
    writer.varint(UInt64(run.count))
    var last: Int64 = 0
    for index in 0..<run.count {
      if index == 0 {
        writer.littleEndian(run.times[0])
      } else {
        writer.varint(UInt64(bitPattern: run.times[index] &- last))
      }
      last = run.times[index]
      writer.varint(UInt64(run.masks[index]))
    }
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    var values: [Value] = []
    var events: [(Int64, UInt32)] = []
    let known = conditions.count == 32 ? UInt32.max : (1 &<< UInt32(conditions.count)) &- 1
    let headerCount = headerPlaces.count
    try readState(bytes, version: 1) {
      let headers = try $0.varint()
      guard headers == 0 || headers == UInt64(headerCount) else {
        throw ApusError(.dataCorrupted, "aggregate state with \(headers) settings")
      }
      for _ in 0..<headers { values.append(try ValueCodec.read(&$0)) }
      let count = try $0.varint()
      guard count <= UInt64($0.remaining) else { throw ByteReader.Underflow(offset: $0.offset) }
      var time: Int64 = 0
      for index in 0..<count {
        time = index == 0 ? try $0.littleEndian(Int64.self) : time &+ Int64(bitPattern: try $0.varint())
        let mask = try $0.varint()
        guard mask <= UInt64(known) else {
          throw ApusError(.dataCorrupted, "aggregate state names conditions that there are not")
        }
        events.append((time, UInt32(truncatingIfNeeded: mask)))
      }
    }
    if !values.isEmpty { try take(header: values) }
    log.reserve(events.count)
    for (time, mask) in events { log.append(UInt32(truncatingIfNeeded: group), time, mask) }
  }

  var byteCount: Int { log.byteCount }
}
