// time_bucket has no PostgreSQL to be compared with: these are TimescaleDB's documented answers. And the kernel that it
// shares with date_trunc must give for many rows what it gives for one.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct TimeBucketTests {
  private static let utc = EvaluationContext.utc

  private static func call(_ name: String, _ arguments: [(String, DataType)]) -> String {
    let types = arguments.map { ParameterType.exact($0.1) }
    guard let function = FunctionRegistry.standard.scalars(named: name).first(where: { $0.parameters == types }) else {
      return "missing"
    }
    do {
      let vectors = try arguments.map { text, type in
        Vector.constant(try TextFormat.input(text, type: TypeReference(type), settings: .utc), type: type, count: 1)
      }
      let result = try function.evaluate(vectors, 1, utc)
      var out: [UInt8] = []
      try TextFormat.output(result, row: 0, settings: .utc, into: &out)
      return String(decoding: out, as: UTF8.self)
    } catch let error as ApusError {
      return "!\(error.state.code) \(error.message)"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("5 minutes", "2024-02-29 13:14:15+00", "2024-02-29 13:10:00+00"),
    ("1 week", "2024-02-29 13:14:15+00", "2024-02-26 00:00:00+00"),
    ("1 day", "1999-12-31 23:59:59+00", "1999-12-31 00:00:00+00"),
    ("3 days", "2000-01-02 12:00:00+00", "1999-12-31 00:00:00+00"),
    ("1 month", "2024-02-29 13:14:15+00", "2024-02-01 00:00:00+00"),
    ("3 months", "1999-12-31 00:00:00+00", "1999-10-01 00:00:00+00"),
    ("1 year", "2024-02-29 13:14:15+00", "2024-01-01 00:00:00+00"), ("1 hour", "infinity", "infinity"),
    ("1 mon 1 day", "2024-02-29 00:00+00", "!0A000 month intervals cannot have day or time component"),
    ("0 days", "2024-02-29 00:00+00", "!22023 period must be greater than 0"),
    ("-1 mon", "2024-02-29 00:00+00", "!22023 period must be greater than 0"),
  ])
  func `Buckets begin where TimescaleDB has them`(_ width: String, _ time: String, _ bucket: String) {
    #expect(Self.call("time_bucket", [(width, .interval), (time, .timestamptz)]) == bucket)
  }

  @Test func `Origins, offsets and zones move the buckets`() {
    let time = ("2024-03-31 01:14:15+00", DataType.timestamptz)
    #expect(
      Self.call("time_bucket", [("7 days", .interval), time, ("2024-01-03 00:00+00", .timestamptz)])
        == "2024-03-27 00:00:00+00")
    #expect(
      Self.call("time_bucket", [("1 hour", .interval), time, ("15 minutes", .interval)]) == "2024-03-31 00:15:00+00")
    #expect(
      Self.call("time_bucket", [("1 day", .interval), time, ("Europe/Berlin", .text)]) == "2024-03-30 23:00:00+00")
    #expect(
      Self.call("time_bucket", [("1 month", .interval), time, ("America/New_York", .text)])
        == "2024-03-01 05:00:00+00")
    // The repeated hour is one bucket.
    for instant in ["2021-10-31 00:30+00", "2021-10-31 01:30+00"] {
      let bucket = Self.call(
        "time_bucket", [("1 hour", .interval), (instant, .timestamptz), ("Europe/Berlin", .text)])
      #expect(bucket == "2021-10-31 01:00:00+00")
    }
    #expect(Self.call("time_bucket", [("2 days", .interval), ("2000-01-04", .date)]) == "2000-01-03")
    #expect(
      Self.call("time_bucket", [("1 hour", .interval), ("2000-01-04", .date)])
        == "!22023 interval must not have sub-day precision")
    #expect(Self.call("time_bucket", [("10", .int4), ("-3", .int4)]) == "-10")
    #expect(
      Self.call("time_bucket", [("1 month", .interval), time, ("2024-01-03 00:00+00", .timestamptz)])
        == "!22023 origin must be the first day of the month")
  }

  @Test func `Many rows get what each gets alone`() throws {
    let seed = UInt64.random(in: 1...UInt64.max)
    var random = SeededRandom(seed: seed)
    let context = EvaluationContext(timeZone: "America/New_York")
    let functions: [(ScalarFunction, Value, DataType)] = FunctionRegistry.standard.allScalars.compactMap { function in
      let second = function.parameters.count == 2 && function.parameters[1] == .exact(.timestamptz)
      if second, function.name == "time_bucket", function.parameters[0] == .exact(.interval) {
        return (function, .interval(Interval(microseconds: 90 * Microseconds.perMinute)), .interval)
      }
      if second, function.name == "date_trunc" { return (function, .text("day"), .text) }
      if second, function.name == "extract" { return (function, .text("hour"), .text) }
      if second, function.name == "date_part" { return (function, .text("dow"), .text) }
      return nil
    }
    #expect(functions.count == 4)
    for round in 0..<40 {
      let count = Int(random.next() % 400) + 1
      var time = Int64(truncatingIfNeeded: random.next() % 800_000_000_000_000)
      let step = UInt64(1) << (random.next() % 40)
      var values: [Value] = []
      for _ in 0..<count {
        time += Int64(truncatingIfNeeded: random.next() % step)
        let kind = random.next() % 50
        values.append(
          kind == 0 && round % 2 == 0
            ? .null : kind == 1 && round % 3 == 0 ? .int(.max) : .int(kind == 2 ? time / 3 : time))
      }
      let vector = Vector.of(values, type: .timestamptz)
      for (function, argument, type) in functions {
        let all = try function.evaluate([.constant(argument, type: type, count: count), vector], count, context)
        for row in 0..<count {
          let one = try function.evaluate(
            [.of([argument], type: type), .of([values[row]], type: .timestamptz)], 1, context)
          #expect(all.value(at: row) == one.value(at: 0), "seed \(seed), round \(round), row \(row)")
        }
      }
    }
  }

  @Test func `Huge arguments are errors and not traps`() {
    #expect(Self.call("repeat", [("abc", .text), ("2147483647", .int4)]).hasPrefix("!54000"))
    #expect(Self.call("lpad", [("abc", .text), ("2147483647", .int4)]).hasPrefix("!54000"))
    let function = FunctionRegistry.standard.tableFunctions(named: "generate_series").first {
      $0.parameters == [.exact(.int8), .exact(.int8)]
    }
    #expect(throws: ApusError.self) {
      _ = try function?.evaluate([.int(.min), .int(.max)], [.int8, .int8], Self.utc)
    }
  }
}
