// Scalar and table functions against the answers of PostgreSQL 15, which scripts/scalar-answers.py wrote.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct ScalarAnswersTests {
  struct Call {
    var name: String
    var types: [DataType]
    var parameters: [String]
    var texts: [String]
    var answer: String
  }

  private static func unescaped(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    var isAfter = false
    for scalar in text.unicodeScalars {
      if isAfter {
        out.append(scalar == "n" ? "\n" : scalar == "t" ? "\t" : scalar)
        isAfter = false
      } else if scalar == "\\" {
        isAfter = true
      } else {
        out.append(scalar)
      }
    }
    return String(out)
  }

  static func calls() -> [Call] {
    Answers.lines("Functions/scalars.tsv").compactMap { line in
      guard line.count > 2 else { return nil }
      let names = line[1].split(separator: ",").map(String.init)
      return Call(
        name: line[0], types: names.compactMap { Answers.types[$0] }, parameters: names,
        texts: line.dropFirst(2).dropLast().map { $0 == "\\N" ? $0 : unescaped($0) },
        answer: line.last.map { $0 == "\\N" ? $0 : unescaped($0) } ?? "")
    }
  }

  private static func matches(_ parameter: ParameterType, _ type: DataType) -> Bool {
    switch parameter {
    case .exact(let exact): exact == type
    case .anyArray, .anyCompatibleArray: type.elementType != nil
    case .anyElement, .anyCompatible, .any: true
    case .anyNonArray: type.elementType == nil
    }
  }

  private static func best<F>(_ list: [F], _ parameters: (F) -> [ParameterType], _ types: [DataType]) -> F? {
    let fitting = list.filter { function in
      let wanted = parameters(function)
      return wanted.count == types.count && zip(wanted, types).allSatisfy { matches($0, $1) }
    }
    return fitting.first { parameters($0) == types.map { .exact($0) } } ?? fitting.first
  }

  private static func arguments(_ call: Call) throws -> [Value] {
    try zip(call.texts, call.types).map { $0 == "\\N" ? .null : try Answers.read($0, $1) }
  }

  private static func ours(_ call: Call) -> String? {
    let registry = FunctionRegistry.standard
    if let function = best(registry.tableFunctions(named: call.name), \.parameters, call.types) {
      do {
        let batch = try function.evaluate(try arguments(call), call.types, Answers.context)
        return try (0..<batch.count).map { try Answers.show(batch.columns[0], $0) }.joined(separator: "|")
      } catch let error as ApusError {
        return "!\(error.state.code) \(error.message)"
      } catch {
        return "!\(error)"
      }
    }
    guard let function = best(registry.scalars(named: call.name), \.parameters, call.types) else { return nil }
    return Answers.answer {
      let values = try arguments(call)
      let vectors = zip(values, call.types).map { Vector.of([$0], type: $1) }
      let row = try function.evaluate(vectors, 1, Answers.context)
      let constants = zip(values, call.types).map { Vector.constant($0, type: $1, count: 1) }
      let constant = try function.evaluate(constants, 1, Answers.context)
      #expect(row.value(at: 0) == constant.value(at: 0) || "\(row.value(at: 0))".contains("nan"))
      return row
    }
  }

  /// Answers that differ on purpose.
  private static func agree(_ call: Call, _ ours: String, _ theirs: String) -> Bool {
    if ours == theirs { return true }
    // PostgreSQL 15 takes the age of infinity as if it were a number.
    if call.name == "age", call.texts.contains("infinity") { return ours.hasPrefix("!22008") }
    // Wordings that are the regular expression library's.
    if theirs.hasPrefix("!2201B"), ours.hasPrefix("!2201B") { return true }
    // The last digits of transcendental functions are the C library's.
    if call.types.first == .float8, let a = Double(ours), let b = Double(theirs) {
      return a == b || abs(a - b) <= abs(b) * 4e-16
    }
    return false
  }

  @Test func `Functions answer as PostgreSQL does`() {
    var wrong: [String] = []
    let calls = Self.calls()
    for call in calls {
      guard let ours = Self.ours(call) else {
        wrong.append("\(call.name)(\(call.parameters.joined(separator: ","))) is missing")
        continue
      }
      if !Self.agree(call, ours, call.answer) {
        wrong.append("\(call.name)(\(call.texts.joined(separator: " ; "))) gave \(ours) for \(call.answer)")
      }
    }
    #expect(calls.count > 4_000)
    let shown = wrong.prefix(400).joined(separator: "\n")
    #expect(wrong.isEmpty, "\(wrong.count) of \(calls.count):\n\(shown)")
  }

  @Test func `No two functions have the same name and parameters`() {
    var seen: Set<String> = []
    for function in FunctionRegistry.standard.allScalars {
      let key = "\(function.schema).\(function.name) \(function.kind) \(function.parameters)"
      #expect(seen.insert(key).inserted, "\(key)")
    }
    for function in FunctionRegistry.standard.allTableFunctions {
      #expect(seen.insert("\(function.name) table \(function.parameters)").inserted, "\(function.name)")
    }
  }
}
