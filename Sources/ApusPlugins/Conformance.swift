// Conformance owns `apus plugin test`: what is tried on a plugin, and what came of it.

public import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// A pass over everything that a plugin offers. Calls that crash take the process with them, which is an answer too.
public final class Conformance {
  public struct Check: Sendable {
    public enum Outcome: Sendable, Hashable { case passed, failed, skipped }
    public let subject: String
    public let name: String
    public let outcome: Outcome
    public let note: String
  }

  public private(set) var checks: [Check] = []
  private var subject = ""

  public init() {}

  public var hasFailed: Bool { checks.contains { $0.outcome == .failed } }

  /// `options` are those of a server for the backend's round trip; none of them: it is left out.
  public func run(file: String, options: [String: String]) {
    subject = "plugin"
    var loaded: Plugin?
    check("loads, with structs in order") { () throws(ApusError) -> String in
      let plugin = try Plugin.load(file: file)
      loaded = plugin
      return "\(plugin.name) \(plugin.version), \(plugin.kinds.joined(separator: ", ")), \(plugin.threadingName)"
    }
    guard let plugin = loaded else { return }
    check("offers something") { () throws(ApusError) -> String in
      guard !plugin.kinds.isEmpty else { throw Conformance.wrong("it has neither functions nor a backend") }
      return ""
    }
    for function in plugin.scalars { test(function) }
    for function in plugin.aggregates { test(function) }
    for function in plugin.tableFunctions { test(function) }
    guard let backend = plugin.backend else { return }
    subject = "backend"
    if options.isEmpty {
      let required = backend.options.filter { $0.isForServer && $0.isRequired }.map { "--option \($0.name)=..." }
      checks.append(
        Check(
          subject: subject, name: "round trip", outcome: .skipped,
          note: "give the options of a server: "
            + (required.isEmpty ? "--option key=value" : required.joined(separator: " "))))
      return
    }
    BackendConformance(self).run(plugin, options)
  }

  // MARK: - Checks

  static func wrong(_ what: String) -> ApusError { ApusError(.internalError, what) }

  func begin(_ subject: String) { self.subject = subject }

  func check(_ name: String, _ body: () throws(ApusError) -> String) {
    do throws(ApusError) {
      let note = try body()
      checks.append(Check(subject: subject, name: name, outcome: .passed, note: note))
    } catch {
      checks.append(
        Check(subject: subject, name: name, outcome: .failed, note: "\(error.message) (\(error.state.code))"))
    }
  }

  func skip(_ name: String, _ note: String) {
    checks.append(Check(subject: subject, name: name, outcome: .skipped, note: note))
  }

  /// A function may refuse the values that are tried, with a SQLSTATE of its own; it may not break.
  private func tolerant<T>(_ body: () throws(ApusError) -> T) throws(ApusError) -> (value: T?, note: String) {
    do throws(ApusError) {
      return (try body(), "")
    } catch {
      if error.state == .internalError || error.message.hasPrefix("malformed") { throw error }
      return (nil, "refused with \(error.state.code): \(error.message)")
    }
  }

  static func samples(_ type: DataType, count: Int, nullEvery: Int? = nil) -> Vector {
    Vector.of(
      (0..<count).map { index in
        if let nullEvery, index % nullEvery == 0 { return .null }
        return Sample.value(type, index)
      }, type: type)
  }

  private func types(_ parameters: [ParameterType], isVariadic: Bool) -> [DataType] {
    var types = parameters.map { parameter -> DataType in
      if case .exact(let type) = parameter { type } else { .text }
    }
    if isVariadic, let last = types.last { types.append(last) }
    return types
  }

  private func same(_ a: Vector, _ b: Vector) -> Bool {
    a.count == b.count && (0..<a.count).allSatisfy { a.value(at: $0) == b.value(at: $0) }
  }

  private func test(_ function: ScalarFunction) {
    subject = "function \(function.name)"
    let types = types(function.parameters, isVariadic: function.isVariadic)
    func call(_ arguments: [Vector], _ count: Int) throws(ApusError) -> Vector {
      let result = try function.evaluate(arguments, count, .utc)
      guard result.count == count else { throw Self.wrong("\(result.count) results for \(count) rows") }
      return result
    }
    check("no rows") { () throws(ApusError) -> String in
      try tolerant { () throws(ApusError) in try call(types.map { Vector.of([], type: $0) }, 0) }.note
    }
    check("nulls") { () throws(ApusError) -> String in
      let nulls = types.map { Vector.of([.null, .null, .null], type: $0) }
      let (result, note) = try tolerant { () throws(ApusError) in try call(nulls, 3) }
      if function.isStrict, !types.isEmpty, let result, result.nullCount != 3 {
        throw Self.wrong("null in, a value out")
      }
      return note
    }
    check("10000 rows, some of them null") { () throws(ApusError) -> String in
      let long = types.map { Self.samples($0, count: 10_000, nullEvery: 7) }
      let (result, note) = try tolerant { () throws(ApusError) in try call(long, 10_000) }
      guard let result else { return try alone(long, function, note) }
      guard function.volatility == .immutable else { return note }
      for row in 0..<50 {
        let one = try call(long.map { $0.slice(row * 13..<row * 13 + 1) }, 1)
        guard one.value(at: 0) == result.value(at: row * 13) else {
          throw Self.wrong("row \(row * 13) gives another value by itself")
        }
      }
      return note
    }
  }

  /// Rows one by one where the batch was refused: some may be taken.
  private func alone(_ columns: [Vector], _ function: ScalarFunction, _ note: String) throws(ApusError) -> String {
    var refused = 0
    for row in 0..<500 {
      let (one, _) = try tolerant { () throws(ApusError) in
        try function.evaluate(columns.map { $0.slice(row..<row + 1) }, 1, .utc)
      }
      if one == nil { refused += 1 }
    }
    return note + "; of 500 rows alone \(refused)"
  }

  private func test(_ function: AggregateFunction) {
    subject = "aggregate \(function.name)"
    let types = types(function.parameters, isVariadic: function.isVariadic)
    let rows = 10_000
    let groups = 5
    let long = types.map { Self.samples($0, count: rows, nullEvery: 7) }
    let owners = Buffer(byteCount: rows * 4)
    for row in 0..<rows { owners.write(UInt32.self)[row] = UInt32(row % groups) }
    func states() throws(ApusError) -> any AggregateStates {
      let made = try function.makeStates(types, false)
      made.grow(to: groups)
      return made
    }
    func add(_ range: Range<Int>, to states: any AggregateStates) throws(ApusError) {
      try states.accumulate(
        long.map { $0.slice(range) }, count: range.count, groups: owners.read(UInt32.self) + range.lowerBound)
    }
    check("no rows") { () throws(ApusError) -> String in
      try tolerant { () throws(ApusError) in try states().finish(count: groups) }.note
    }
    var whole: Vector?
    check("10000 rows in 5 groups") { () throws(ApusError) -> String in
      let (result, note) = try tolerant { () throws(ApusError) -> Vector in
        let states = try states()
        try add(0..<rows, to: states)
        return try states.finish(count: groups)
      }
      whole = result
      return note
    }
    guard let whole else { return }
    check("merged parts, in both orders") { () throws(ApusError) -> String in
      for order in [[0, 1, 2], [2, 1, 0]] {
        let parts = try [0..<1000, 1000..<1001, 1001..<rows].map { (range) throws(ApusError) in
          let part = try states()
          try add(range, to: part)
          return part
        }
        let target = try states()
        for part in order { try merge(parts[part], into: target, groups) }
        guard same(try target.finish(count: groups), whole) else { throw Self.wrong("the merged result differs") }
      }
      return ""
    }
    check("serialised and read again") { () throws(ApusError) -> String in
      let source = try states()
      try add(0..<rows, to: source)
      let target = try states()
      for group in 0..<groups {
        try merge(source.serialise(group), into: target, group)
      }
      guard same(try target.finish(count: groups), whole) else { throw Self.wrong("the result differs") }
      return ""
    }
    check("damaged states") { () throws(ApusError) -> String in
      let source = try states()
      try add(0..<rows, to: source)
      let bytes = source.serialise(0)
      for length in Set([0, 1, bytes.count / 2, max(0, bytes.count - 1)]) {
        let target = try states()
        _ = try tolerant { () throws(ApusError) in try merge(Array(bytes.prefix(length)), into: target, 0) }
        _ = try tolerant { () throws(ApusError) in try target.finish(count: groups) }
      }
      return ""
    }
  }

  private func merge(_ part: any AggregateStates, into target: any AggregateStates, _ groups: Int) throws(ApusError) {
    let mapping = Buffer(byteCount: groups * 4)
    for group in 0..<groups { mapping.write(UInt32.self)[group] = UInt32(group) }
    try target.merge(part, mapping: mapping.read(UInt32.self), count: groups)
    withExtendedLifetime(mapping) {}
  }

  private func merge(_ bytes: [UInt8], into target: any AggregateStates, _ group: Int) throws(ApusError) {
    let buffer = Buffer(copying: bytes)
    try target.mergeSerialised(buffer.rawBytes, into: group)
    withExtendedLifetime(buffer) {}
  }

  private func test(_ function: TableFunction) {
    subject = "table function \(function.name)"
    let types = types(function.parameters, isVariadic: function.isVariadic)
    check("columns") { () throws(ApusError) -> String in
      try function.columns(types).map { "\($0.name) \($0.type.sqlName)" }.joined(separator: ", ")
    }
    check("rows") { () throws(ApusError) -> String in
      let (rows, note) = try tolerant { () throws(ApusError) in
        try function.evaluate(types.map { Sample.value($0, 3) }, types, .utc)
      }
      return rows.map { "\($0.count) rows" } ?? note
    }
    check("null arguments") { () throws(ApusError) -> String in
      if types.isEmpty { return "" }
      return try tolerant { () throws(ApusError) in
        try function.evaluate(types.map { _ in .null }, types, .utc)
      }.note
    }
  }
}

/// Values to try, varied by a number.
enum Sample {
  static func value(_ type: DataType, _ index: Int) -> Value {
    switch type {
    case .bool: return .bool(index % 2 == 0)
    case .int2, .int4, .int8: return .int(Int64(index % 1000) - 10)
    case .float4, .float8: return .float(Double(index % 100) / 4)
    case .numeric: return .numeric(Numeric(Int64(index % 500) - 50, scale: 2))
    case .bytea: return .bytes([UInt8(index % 256), 0, 255])
    case .uuid: return .uuid(UUIDValue(high: UInt64(index) << 32 | 0x4000, low: UInt64(index) &* 7919))
    case .json, .jsonb: return .text("{\"k\": \(index % 10), \"ü\": [true, null]}")
    case .date: return .int(Int64(index % 4000))
    case .time: return .int(Int64(index % 86_400) * 1_000_000 + 1)
    case .timestamp, .timestamptz: return .int(Int64(index) * 61_000_001)
    case .interval: return .interval(Interval(months: 1, days: Int32(index % 30), microseconds: Int64(index) * 1001))
    case .array(let element): return .array([value(element, index), value(element, index + 1)])
    default: return .text(index % 11 == 0 ? "" : "wert \(index % 100) — ∑'\"\\%_")
    }
  }
}
