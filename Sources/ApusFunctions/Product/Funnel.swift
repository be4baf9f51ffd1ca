// Funnel owns window_funnel: how many steps, in order, a group's events reach within a window from the first.

import ApusBase
import ApusColumns

/// The rules of a funnel.
struct Funnel: SequenceQuestion {
  struct Modes: OptionSet {
    let rawValue: UInt8
    /// What satisfies no step, or one whose step before is not reached, ends the attempt.
    static let strictOrder = Modes(rawValue: 1)
    /// A step but the first that comes again ends the attempt.
    static let strictDeduplication = Modes(rawValue: 2)
    /// Each step is later than the one before, not at the same time.
    static let strictIncrease = Modes(rawValue: 4)
  }

  let steps: Int
  /// The last step is at most so much later than the first.
  let window: Int64
  let modes: Modes

  var type: DataType { .int4 }
  var answerOfNone: Int64 { 0 }
  var keepsUnmatched: Bool { modes.contains(.strictOrder) }
  func makeAnswers() -> any SequenceAnswers { FunnelAnswers(self) }

  static let functions: [AggregateFunction] = [
    (DataType.interval, DataType.timestamptz), (.interval, .timestamp), (.int8, .int8),
  ].map { width, time in
    AggregateFunction(
      "window_funnel", parameters: [.exact(width), .exact(time), .exact(.bool)], isVariadic: true,
      trailing: .exact(.text), result: .exact(.int4), emptyIsNull: false
    ) { (types, _) throws(ApusError) -> any AggregateStates in
      try EventSequenceStates("window_funnel", types, none: Funnel(steps: 1, window: 0, modes: [])) {
        (header, steps) throws(ApusError) in
        Funnel(steps: steps, window: try window(header[0]), modes: try modes(header.count > 1 ? header[1] : .null))
      }
    }
  }

  private static func window(_ value: Value) throws(ApusError) -> Int64 {
    let length: Int64
    switch value {
    case .int(let number): length = number
    case .interval(let interval): length = try fixedLength(interval, of: "window_funnel's window")
    default: throw ApusError(.nullValueNotAllowed, "the window of window_funnel must not be null")
    }
    guard length >= 0 else {
      throw ApusError(.invalidParameterValue, "the window of window_funnel must not be negative")
    }
    return length
  }

  private static func modes(_ value: Value) throws(ApusError) -> Modes {
    guard case .text(let text) = value else { return [] }
    var modes = Modes()
    for part in text.split(separator: ",") {
      let word = part.filter { $0 != " " }
      switch word {
      case "strict_order": modes.insert(.strictOrder)
      case "strict_deduplication": modes.insert(.strictDeduplication)
      case "strict_increase": modes.insert(.strictIncrease)
      default:
        throw ApusError(
          .invalidParameterValue, "window_funnel has no mode \"\(word)\"",
          hint: "The modes are strict_order, strict_deduplication and strict_increase, with commas between them.")
      }
    }
    return modes
  }
}

/// Microseconds of an interval whose days have 24 hours; 22023 for one with months.
func fixedLength(_ interval: Interval, of what: String) throws(ApusError) -> Int64 {
  guard interval.months == 0 else {
    throw ApusError(
      .invalidParameterValue, "\(what) must not have months", hint: "Give it in days, which count 24 hours.")
  }
  let (days, overflow) = Int64(interval.days).multipliedReportingOverflow(by: Microseconds.perDay)
  let (length, over) = days.addingReportingOverflow(interval.microseconds)
  guard !overflow, !over else { throw TimeErrors.intervalRange }
  return length
}

/// Walks events in order and keeps, for each step, the latest start of an attempt that has reached it. A later start
/// is never worse, so that one is enough. Events of one instant may be taken in any order, each for one step.
private final class FunnelAnswers: SequenceAnswers {
  private let rules: Funnel
  private let starts: UnsafeMutablePointer<Int64>
  private var reached: UInt32 = 0

  init(_ rules: Funnel) {
    self.rules = rules
    starts = .allocate(capacity: rules.steps)
    starts.initialize(repeating: 0, count: rules.steps)
  }
  deinit { starts.deallocate() }

  func answer(_ run: EventRun) throws(ApusError) -> Int64 {
    reached = 0
    var best = 0
    var index = 0
    let isPlain = rules.modes.isEmpty
    while index < run.count, best < rules.steps {
      let time = run.times[index]
      var end = index &+ 1
      while end < run.count, run.times[end] == time { end &+= 1 }
      if end == index &+ 1, isPlain {
        best = max(best, take(apart: run.masks[index], time))
      } else {
        best = max(best, instant(run, index..<end, time))
      }
      index = end
    }
    return Int64(best)
  }

  /// Whether an attempt that has reached the step before may still reach one at `time`.
  @inline(__always)
  private func isOpen(_ step: Int, _ time: Int64) -> Bool {
    guard reached & (1 &<< UInt32(step)) != 0 else { return false }
    let (age, overflow) = time.subtractingReportingOverflow(starts[step])
    return !overflow && age <= rules.window
  }

  @inline(__always)
  private func put(_ step: Int, _ start: Int64) {
    let bit = UInt32(1) &<< UInt32(step)
    if reached & bit == 0 || starts[step] < start { starts[step] = start }
    reached |= bit
  }

  /// Takes events that follow no other of the same instant: from the last step down, so that none serves two steps in
  /// a row. Gives the number of the last step that was reached now.
  @inline(__always)
  private func take(apart mask: UInt32, _ time: Int64) -> Int {
    var left = mask
    var highest = 0
    while left != 0 {
      let step = 31 &- left.leadingZeroBitCount
      left &= ~(1 &<< UInt32(step))
      if step == 0 {
        put(0, time)
      } else if isOpen(step &- 1, time) {
        put(step, starts[step &- 1])
      } else {
        continue
      }
      highest = max(highest, step &+ 1)
    }
    return highest
  }

  private func instant(_ run: EventRun, _ rows: Range<Int>, _ time: Int64) -> Int {
    var once: UInt32 = 0
    var twice: UInt32 = 0
    var isSingle = true
    for row in rows {
      let mask = run.masks[row]
      twice |= once & mask
      once |= mask
      if mask.nonzeroBitCount > 1 { isSingle = false }
    }
    let deduplicates = rules.modes.contains(.strictDeduplication)
    if deduplicates, once & reached & ~1 != 0 { reached = 0 }
    let highest: Int
    if rows.count == 1 || rules.modes.contains(.strictIncrease) {
      highest = take(apart: once, time)
    } else if isSingle {
      highest = takeTogether(once, time)
    } else {
      highest = takeMatched(run, rows, time)
    }
    if deduplicates, twice & reached & ~1 != 0 { reached = 0 }
    if rules.modes.contains(.strictOrder), rows.contains(where: { intervenes(run.masks[$0]) }) { reached = 0 }
    return highest
  }

  private func intervenes(_ mask: UInt32) -> Bool {
    // Steps that may come next: the first, and each whose step before is reached.
    mask & (reached &<< 1 | 1) == 0
  }

  /// Events of one instant of which each satisfies one step: in the order of steps.
  private func takeTogether(_ mask: UInt32, _ time: Int64) -> Int {
    var left = mask
    var highest = 0
    while left != 0 {
      let step = left.trailingZeroBitCount
      left &= left &- 1
      if step == 0 {
        put(0, time)
      } else if isOpen(step &- 1, time) {
        put(step, starts[step &- 1])
      } else {
        continue
      }
      highest = max(highest, step &+ 1)
    }
    return highest
  }

  /// Events of one instant of which some satisfy several steps: each attempt goes as far as different events can be
  /// found for its steps.
  private func takeMatched(_ run: EventRun, _ rows: Range<Int>, _ time: Int64) -> Int {
    let before = (reached, (0..<rules.steps).map { starts[$0] })
    var highest = 0
    for base in -1..<rules.steps - 1 {
      let start: Int64
      if base < 0 {
        start = time
      } else {
        let (age, overflow) = time.subtractingReportingOverflow(before.1[base])
        guard before.0 & (1 &<< UInt32(base)) != 0, !overflow, age <= rules.window else { continue }
        start = before.1[base]
      }
      var matching = StepMatching(run, rows)
      var step = base + 1
      while step < rules.steps, matching.add(step) {
        put(step, start)
        highest = max(highest, step + 1)
        step += 1
      }
    }
    return highest
  }
}

/// Different rows for different steps: bipartite matching by augmenting paths.
private struct StepMatching {
  private let run: EventRun
  private let rows: Range<Int>
  /// The step that each row serves, or -1.
  private var serves: [Int]

  init(_ run: EventRun, _ rows: Range<Int>) {
    self.run = run
    self.rows = rows
    serves = Array(repeating: -1, count: rows.count)
  }

  /// Finds a row for one more step, moving others where that helps.
  mutating func add(_ step: Int) -> Bool {
    var seen = [Bool](repeating: false, count: rows.count)
    return place(step, &seen)
  }

  private mutating func place(_ step: Int, _ seen: inout [Bool]) -> Bool {
    for row in serves.indices where !seen[row] && run.masks[rows.lowerBound + row] & (1 &<< UInt32(step)) != 0 {
      seen[row] = true
      if serves[row] >= 0, !place(serves[row], &seen) { continue }
      serves[row] = step
      return true
    }
    return false
  }
}
