// SequencePattern owns sequence_match and sequence_count: patterns over a group's events, in ClickHouse's notation.

import ApusBase
import ApusColumns

/// A pattern, read: `(?1)` an event of which condition 1 is true, `.` any one event, `.*` any number of events,
/// `(?t<=60)` the next part begins at an event at most 60 seconds after the last one that was taken.
struct SequencePattern: Sendable {
  enum Comparison: Sendable { case less, atMost, equal, atLeast, greater }
  enum Part: Sendable {
    case condition(Int)
    case anyEvent, anyEvents
    case time(Comparison, Int64)
  }
  let parts: [Part]

  /// `unit` is how many steps of the time column one second is.
  init(_ text: String, conditions: Int, unit: Int64) throws(ApusError) {
    var parts: [Part] = []
    var rest = Array(text.utf8)[...]
    func refused(_ why: String) -> ApusError {
      ApusError(
        .invalidParameterValue, "sequence pattern \"\(text)\" cannot be read: \(why)",
        hint: "A pattern is made of (?N), (?t<=seconds), . and .*")
    }
    while let byte = rest.first {
      rest = rest.dropFirst()
      switch byte {
      case 32: continue
      case UInt8(ascii: "."):
        if rest.first == UInt8(ascii: "*") {
          rest = rest.dropFirst()
          parts.append(.anyEvents)
        } else {
          parts.append(.anyEvent)
        }
      case UInt8(ascii: "("):
        guard let close = rest.firstIndex(of: UInt8(ascii: ")")), rest.first == UInt8(ascii: "?") else {
          throw refused("a group is not (?...)")
        }
        let inner = String(decoding: rest[(rest.startIndex + 1)..<close], as: UTF8.self)
        rest = rest[(close + 1)...]
        guard let part = try Self.group(inner, conditions, unit) else { throw refused("(?\(inner)) is no part of one") }
        parts.append(part)
      default: throw refused("\"\(String(decoding: [byte], as: UTF8.self))\" is no part of one")
      }
    }
    if parts.isEmpty { throw refused("it is empty") }
    self.parts = parts
  }

  private static func group(_ text: String, _ conditions: Int, _ unit: Int64) throws(ApusError) -> Part? {
    if let number = Int(text) {
      guard number >= 1, number <= conditions else {
        throw ApusError(
          .invalidParameterValue, "sequence pattern names condition \(number) of \(conditions)")
      }
      return .condition(number - 1)
    }
    guard text.first == "t" else { return nil }
    let operators: [(String, Comparison)] = [
      ("<=", .atMost), (">=", .atLeast), ("==", .equal), ("<", .less), (">", .greater), ("=", .equal),
    ]
    let condition = text.dropFirst()
    guard let (symbol, comparison) = operators.first(where: { condition.hasPrefix($0.0) }),
      let number = Int64(condition.dropFirst(symbol.count)), number >= 0
    else { return nil }
    let (length, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : .time(comparison, length)
  }
}

struct SequenceSearch: SequenceQuestion {
  let pattern: SequencePattern?
  let counts: Bool

  var type: DataType { counts ? .int8 : .bool }
  var answerOfNone: Int64 { 0 }
  var keepsUnmatched: Bool { false }
  func makeAnswers() -> any SequenceAnswers { SequenceMatcher(self) }

  static let functions: [AggregateFunction] = [("sequence_match", false), ("sequence_count", true)].flatMap {
    name, counts in
    [DataType.timestamptz, .timestamp, .int8].map { time in
      AggregateFunction(
        name, parameters: [.exact(.text), .exact(time), .exact(.bool)], isVariadic: true,
        result: .exact(counts ? .int8 : .bool), emptyIsNull: false
      ) { (types, _) throws(ApusError) -> any AggregateStates in
        let unit: Int64 = time == .int8 ? 1 : 1_000_000
        return try EventSequenceStates(name, types, none: SequenceSearch(pattern: nil, counts: counts)) {
          (header, conditions) throws(ApusError) in
          guard case .text(let text)? = header.first else {
            throw ApusError(.nullValueNotAllowed, "the pattern of \(name) must not be null")
          }
          let pattern = try SequencePattern(text, conditions: conditions, unit: unit)
          return SequenceSearch(pattern: pattern, counts: counts)
        }
      }
    }
  }
}

/// Backtracking with a bound on its steps.
private final class SequenceMatcher: SequenceAnswers {
  private let parts: [SequencePattern.Part]
  private let counts: Bool
  /// Where to go on when an attempt fails: the part, the event that it may begin at, and the last event taken.
  private var stack: [(part: Int, event: Int, base: Int)] = []

  init(_ search: SequenceSearch) {
    // A match may begin at any event.
    parts = [.anyEvents] + (search.pattern?.parts ?? [])
    counts = search.counts
  }

  func answer(_ run: EventRun) throws(ApusError) -> Int64 {
    var found: Int64 = 0
    var start = 0
    while start < run.count, let end = try match(run, from: start) {
      if !counts { return 1 }
      found += 1
      start = max(end, start + 1)
    }
    return found
  }

  /// The place after the first match at or after `start`.
  private func match(_ run: EventRun, from start: Int) throws(ApusError) -> Int? {
    stack.removeAll(keepingCapacity: true)
    var (part, event, base) = (0, start, start)
    var steps = 0
    while true {
      if part == parts.count { return event }
      steps += 1
      guard steps <= Limits.sequenceStepsMax else {
        throw ApusError(
          .programLimitExceeded, "a sequence pattern takes more than \(Limits.sequenceStepsMax) steps over one group",
          hint: "Use fewer .* in it, or filter the events.")
      }
      if advance(run, &part, &event, &base) { continue }
      guard let next = stack.popLast() else { return nil }
      (part, event, base) = next
    }
  }

  /// One step; false when the attempt fails here.
  private func advance(_ run: EventRun, _ part: inout Int, _ event: inout Int, _ base: inout Int) -> Bool {
    switch parts[part] {
    case .anyEvents:
      if event < run.count {
        stack.append((part, event + 1, base))
        // As in ClickHouse: a time condition after `.*` counts from the event at which that ends.
        base = event
      }
      part += 1
      return true
    case .anyEvent, .condition:
      guard event < run.count else { return false }
      if case .condition(let number) = parts[part], run.masks[event] & (1 &<< UInt32(number)) == 0 { return false }
      base = event
      event += 1
      part += 1
      return true
    case .time(let comparison, let length):
      // Events between may be passed over, as in ClickHouse.
      while event < run.count {
        if Self.holds(comparison, run.times[event], run.times[base], length) {
          stack.append((part, event + 1, base))
          base = event
          part += 1
          return true
        }
        event += 1
      }
      return false
    }
  }

  private static func holds(
    _ comparison: SequencePattern.Comparison, _ time: Int64, _ base: Int64, _ length: Int64
  ) -> Bool {
    let (age, overflow) = time.subtractingReportingOverflow(base)
    let distance = overflow ? Int64.max : age
    return switch comparison {
    case .less: distance < length
    case .atMost: distance <= length
    case .equal: distance == length
    case .atLeast: distance >= length
    case .greater: distance > length
    }
  }
}
