// DemoCommand owns `apus demo`: a table of made-up product events in a running server, with history and live.

import ApusBase
import Foundation

enum DemoCommand {
  static let usage = """
    usage: apus demo [OPTION ...]

    Fills the table demo_events of a running server, made if it is not there: visits to a web shop over the last
    90 days, then events as they happen, until Ctrl-C.

      --events N      events of history (100000)
      --rate N        events a second afterwards (10); 0 ends after the history
      --data DIR      the server's data directory (APUS_DATA, ./apus-data)
      --connect URL   a server elsewhere: postgres://...

    The history is added once: a table that has rows keeps them, and only live events come in.

    Example: apus demo --events 1000000 --rate 50
    Exit codes: 0 success, 1 failure, 2 usage, 3 cannot connect.
    """

  struct Options {
    var events = 100_000
    var rate = 10
    var data = ServerLocator.defaultData
    var connect: String?
  }

  private static func read(_ arguments: [String]) throws -> Options? {
    var options = Options()
    var reader = ArgumentReader(arguments)
    while let argument = reader.next() {
      switch argument {
      case "--help", "-h": return nil
      case "--events": options.events = try reader.number(of: argument, in: 0...100_000_000)
      case "--rate": options.rate = try reader.number(of: argument, in: 0...100_000)
      case "--data": options.data = try reader.value(of: argument)
      case "--connect": options.connect = try reader.value(of: argument)
      default: throw CommandError.usage("unknown argument \"\(argument)\"")
      }
    }
    return options
  }

  static func run(_ arguments: [String]) -> Int32 {
    CommandError.report("demo", usage: usage) {
      guard let options = try read(arguments) else {
        print(usage)
        return 0
      }
      let client: PostgresClient
      if let url = options.connect {
        client = try PostgresClient(url)
      } else {
        let holder = try ServerLocator.server(of: options.data)
        client = try PostgresClient(port: ServerLocator.postgresPort(holder, options.data), command: "demo")
      }
      try fill(client, options)
      return 0
    }
  }

  private static let table = """
    CREATE TABLE IF NOT EXISTS demo_events (
      time timestamptz NOT NULL DEFAULT now(), event text NOT NULL,
      distinct_id text GENERATED ALWAYS AS (COALESCE(user_id, anonymous_id)) STORED,
      user_id text, anonymous_id text, session_id text, event_id text, sent_at timestamptz,
      received_at timestamptz DEFAULT now(), properties jsonb
    ) WITH (time_column = 'time', dedupe_key = 'event_id')
    """
  private static let copy = "COPY demo_events (\(DemoGenerator.columns)) FROM STDIN"
  /// History is committed in parts of about this many bytes.
  private static let partBytes = 4 << 20

  private static func fill(_ client: PostgresClient, _ options: Options) throws {
    try client.query("SET client_min_messages = warning")
    try client.query(table)
    let present = try client.query("SELECT count(*) FROM demo_events").first.flatMap { $0 }.flatMap { Int($0) } ?? 0
    if present > 0 {
      print(
        "demo_events has \(grouped(present)) events already; no history is added "
          + "(DROP TABLE demo_events starts anew)")
    } else if options.events > 0 {
      try history(client, options.events)
    }
    if options.rate > 0 { try live(client, options.rate) }
  }

  private static let epoch: Int64 = 946_684_800_000_000
  private static let day: Int64 = 86_400_000_000

  private static func history(_ client: PostgresClient, _ events: Int) throws {
    let now = SystemClock().now() - epoch
    // Whole days up to now: the last one ends at this very moment.
    let start = now - Int64(DemoGenerator.days) * day
    var generator = DemoGenerator(events: events, seed: 20_260_701 &+ UInt64(bitPattern: now / day))
    let progress = ProgressBar("demo_events", total: events, unit: "events")
    defer { progress.finish() }
    var pending: [UInt8] = []
    var made = 0
    var stored = 0
    for (number, count) in DemoGenerator.share(of: events).enumerated() {
      pending += generator.history(start: start + Int64(number) * day, events: count, day: number)
      made += count
      if pending.count >= partBytes || number == DemoGenerator.days - 1 {
        stored += try store(client, pending)
        pending = []
      }
      progress.update(done: made, count: made)
    }
    progress.finish()
    let seconds = (progress.seconds * 10).rounded() / 10
    print("demo_events: \(grouped(stored)) events of the last \(DemoGenerator.days) days in \(seconds) s")
  }

  private static func store(_ client: PostgresClient, _ lines: [UInt8]) throws -> Int {
    var start = 0
    return try client.copy(copy) {
      let end = min(start + (256 << 10), lines.count)
      defer { start = end }
      return Array(lines[start..<end])
    }
  }

  private static func live(_ client: PostgresClient, _ rate: Int) throws {
    print("live: \(grouped(rate)) events a second; Ctrl-C ends it")
    fflush(nil)
    var generator = DemoGenerator(events: 100_000, seed: UInt64(bitPattern: SystemClock().now()))
    // A few commits a second are enough to look live.
    let ticks = min(rate, 5)
    let started = monotonicNanoseconds()
    var sent = 0
    var tick = 0
    while true {
      tick += 1
      let due = started + UInt64(tick) * 1_000_000_000 / UInt64(ticks)
      let now = monotonicNanoseconds()
      if due > now { Thread.sleep(forTimeInterval: Double(due - now) / 1e9) }
      let count = rate * tick / ticks - sent
      let step = 1_000_000 / Int64(rate)
      let time = SystemClock().now() - epoch - Int64(count) * step
      _ = try store(client, generator.live(count, at: time, step: step))
      sent += count
    }
  }
}
