// DemoGenerator owns the demo's events as lines of COPY text: 90 days of history, then what happens now.

import ApusBase
import ApusColumns

/// The same lines for the same number of events and the same end. Not thread-safe.
struct DemoGenerator {
  static let days = 90
  static let columns = "time, event, user_id, anonymous_id, session_id, event_id, properties"
  private static let second: Int64 = 1_000_000
  private static let day: Int64 = 86_400 * second

  private var random: SeededRandom
  private let people: Int
  private let seed: UInt64
  private var made = 0

  init(events: Int, seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    people = max(50, events / 40)
  }

  // MARK: - History

  /// How many of `events` fall on each day: more towards the end, fewer on weekends.
  static func share(of events: Int) -> [Int] {
    var weights: [Double] = []
    for day in 0..<days {
      weights.append((0.6 + 0.4 * Double(day) / Double(days)) * (day % 7 < 5 ? 1 : 0.72))
    }
    let total = weights.reduce(0, +)
    var counts: [Int] = []
    var given = 0
    var reached = 0.0
    for weight in weights {
      reached += weight
      let target = Int((Double(events) * reached / total).rounded())
      counts.append(target - given)
      given = target
    }
    return counts
  }

  /// The events of one day, by time. `start` in microseconds since 2000-01-01.
  mutating func history(start: Int64, events: Int, day: Int) -> [UInt8] {
    var lines: [(time: Int64, range: Range<Int>)] = []
    var text: [UInt8] = []
    while lines.count < events {
      let person = self.person(day: day)
      let isKnown = Double.random(in: 0..<1, using: &random) < 0.35 + 0.3 * Double(day) / Double(Self.days)
      var visit = DemoVisit(person: person, isKnown: isKnown, &random)
      var time = start + second(ofDay: ())
      while lines.count < events, let event = visit.next(&random) {
        // A visit does not leave its day.
        let from = text.count
        append(event, of: visit, at: min(time, start + Self.day - 1), into: &text)
        lines.append((time, from..<text.count))
        time += gap()
      }
    }
    lines.sort { $0.time < $1.time }
    var sorted: [UInt8] = []
    sorted.reserveCapacity(text.count)
    for line in lines { sorted.append(contentsOf: text[line.range]) }
    return sorted
  }

  /// Somebody who has come by that day: earlier people more often, new ones all the time.
  private mutating func person(day: Int) -> DemoPerson {
    let known = max(10, people * (day + 10) / (Self.days + 10))
    if Int.random(in: 0..<5, using: &random) == 0 {
      return DemoPerson(max(0, known - 1 - DemoWorld.skewed(max(1, known / 10), &random)))
    }
    return DemoPerson(DemoWorld.regular(known, &random))
  }

  /// A time of day in microseconds: the evening is the busiest.
  private mutating func second(ofDay: Void) -> Int64 {
    let shares = [2, 1, 1, 1, 1, 2, 3, 5, 6, 6, 6, 6, 7, 6, 6, 6, 6, 7, 8, 9, 9, 8, 6, 4]
    var at = Int.random(in: 0..<122, using: &random)
    var hour = 0
    while hour < 23, at >= shares[hour] {
      at -= shares[hour]
      hour += 1
    }
    return Int64(hour) * 3_600 * Self.second + Int64.random(in: 0..<3_600 * Self.second, using: &random)
  }

  /// The time to the next step of a visit: seconds, sometimes minutes.
  private mutating func gap() -> Int64 {
    let uniform = Double.random(in: 0..<1, using: &random)
    return Int64((2 + 90 * uniform * uniform * uniform) * Double(Self.second))
  }

  // MARK: - Now

  private var open: [DemoVisit] = []

  /// `count` events that happen at `time`, of visits that go on side by side.
  mutating func live(_ count: Int, at time: Int64, step: Int64) -> [UInt8] {
    var text: [UInt8] = []
    var written = 0
    while written < count {
      if open.count < 20 {
        let isKnown = Int.random(in: 0..<100, using: &random) < 65
        open.append(DemoVisit(person: person(day: Self.days), isKnown: isKnown, &random))
      }
      let index = Int.random(in: 0..<open.count, using: &random)
      guard let event = open[index].next(&random) else {
        open.swapAt(index, open.count - 1)
        open.removeLast()
        continue
      }
      append(event, of: open[index], at: time + Int64(written) * step, into: &text)
      written += 1
    }
    return text
  }

  // MARK: - Lines

  private mutating func append(_ event: DemoEvent, of visit: DemoVisit, at time: Int64, into out: inout [UInt8]) {
    let person = visit.person
    DateTimeText.appendTimestamp(time, zone: .utc, into: &out)
    made += 1
    let user = visit.isKnown ? "user-\(person.number)" : "\\N"
    var line = "\t\(event.name)\t\(user)\tanon-\(person.number)\t\(String(visit.session, radix: 36))"
    line += "\tdemo-\(String(seed, radix: 36))-\(made)\t{\"url\": \(jsonText(event.url))"
    line += ", \"country\": \"\(person.country)\", \"device\": \"\(person.device)\""
    line += ", \"browser\": \"\(person.browser)\", \"plan\": \"\(person.plan)\""
    for (name, json) in event.more { line += ", \"\(name)\": \(json)" }
    line += "}\n"
    out.append(contentsOf: line.utf8)
  }
}
