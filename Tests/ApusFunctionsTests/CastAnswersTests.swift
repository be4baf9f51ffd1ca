// Casts against the answers of PostgreSQL 15, and the list of operators and casts against its catalog.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct CastAnswersTests {
  @Test func `Casts answer as PostgreSQL does`() throws {
    var wrong: [String] = []
    var samples: [String] = []
    var total = 0
    for line in Answers.lines("Functions/casts.tsv") {
      switch line[0] {
      case "v": samples = Array(line.dropFirst())
      case "c":
        guard let source = Answers.types[line[1]], let target = Answers.types[line[2]] else { continue }
        guard let cast = FunctionRegistry.standard.cast(from: source, to: target) else {
          wrong.append("no cast of \(line[1]) to \(line[2])")
          continue
        }
        for (text, theirs) in zip(samples, line.dropFirst(3)) {
          total += 1
          let ours = Answers.answer {
            let value = Vector.of([try Answers.read(text, source)], type: source)
            return try cast.function?.evaluate([value], 1, Answers.context) ?? value.reinterpreted(as: target)
          }
          if ours != theirs, !(theirs.hasPrefix("\\") && ours.hasPrefix("!0A000")) {
            wrong.append("\(line[1]) to \(line[2]): '\(text)': \(ours), not \(theirs)")
          }
        }
      default:
        guard let type = Answers.types[line[1]], let modifier = Int64(line[2]),
          let function = FunctionRegistry.standard.cast(from: type, to: type)?.function
        else {
          wrong.append("no modifiers of \(line[1])")
          continue
        }
        for (text, theirs) in zip(samples, line.dropFirst(4)) {
          total += 1
          let ours = Answers.answer {
            try function.evaluate(
              [
                .of([try Answers.read(text, type)], type: type), .constant(.int(modifier), type: .int4, count: 1),
                .constant(.bool(line[3] == "true"), type: .bool, count: 1),
              ], 1, Answers.context)
          }
          if ours != theirs { wrong.append("\(line[1])(\(modifier)) \(line[3]): '\(text)': \(ours), not \(theirs)") }
        }
      }
    }
    for line in wrong { print(line) }
    #expect(total > 500)
    #expect(wrong.isEmpty, "\(wrong.count) of \(total)")
  }

  @Test func `Casts answer the same in every layout, and null for null`() throws {
    var samples: [String] = []
    for line in Answers.lines("Functions/casts.tsv") {
      if line[0] == "v" { samples = Array(line.dropFirst()) }
      guard line[0] == "c", let source = Answers.types[line[1]], let target = Answers.types[line[2]],
        let function = FunctionRegistry.standard.cast(from: source, to: target)?.function
      else { continue }
      let good = zip(samples, line.dropFirst(3)).filter {
        !$0.1.hasPrefix("!") && (target != .char || !$0.1.hasPrefix("\\"))
      }
      guard !good.isEmpty else { continue }
      let values = try good.map { try Answers.read($0.0, source) }
      for layout in Layout.allCases {
        guard let vector = layout.vector(values, source) else { continue }
        let result = try function.evaluate([vector], vector.count, Answers.context)
        let shown = try (0..<vector.count).map { try Answers.show(result, $0) }
        let expected: [String] =
          switch layout {
          case .withNulls: good.flatMap { [$0.1, "\\N"] }
          case .constant: [good[0].1, good[0].1, good[0].1]
          default: good.map(\.1)
          }
        #expect(shown == expected, "\(line[1]) to \(line[2]) \(layout)")
      }
    }
  }

  /// Operators and casts of PostgreSQL 15 that docs/LIMITS.md names as absent.
  private static let absent: Set<String> = [
    "record record", "_aclitem aclitem", "aclitem aclitem",
  ]
  private static let absentNames: Set<String> = ["@@"]

  @Test func `Every operator of PostgreSQL among our types is there, and no other`() {
    var wanted: Set<String> = []
    for line in Answers.lines("Plan/signatures.txt") {
      let parts = line[0].split(separator: " ").map(String.init)
      guard parts[0] == "o", !Self.absentNames.contains(parts[1]), !Self.absent.contains("\(parts[2]) \(parts[3])")
      else { continue }
      let parameters = parts[2...3].filter { $0 != "-" }.map { Answers.parameter($0) }
      wanted.insert("\(parts[1]) \(parameters)")
      let found = FunctionRegistry.standard.operators(named: parts[1]).filter { $0.parameters == parameters }
      #expect(found.count == 1, Comment(rawValue: line[0]))
      let result: ResultType? =
        switch parts[4] {
        case "anyarray", "anycompatiblearray": .array
        default: Answers.types[parts[4]].map { .exact($0) }
        }
      #expect(found.first?.result == result, Comment(rawValue: line[0]))
    }
    for function in FunctionRegistry.standard.allScalars where function.kind == .operator {
      let parameters = function.parameters.map { ParameterType?.some($0) }
      #expect(wanted.contains("\(function.name) \(parameters)"), "\(function.name) \(function.parameters)")
    }
  }

  @Test func `Every cast of PostgreSQL among our types is there, in its context`() {
    for line in Answers.lines("Plan/signatures.txt") {
      let parts = line[0].split(separator: " ").map(String.init)
      guard parts[0] == "c", let source = Answers.types[parts[1]], let target = Answers.types[parts[2]] else {
        continue
      }
      let cast = FunctionRegistry.standard.cast(from: source, to: target)
      #expect(cast != nil, Comment(rawValue: line[0]))
      let context: CastContext = parts[3] == "i" ? .implicit : parts[3] == "a" ? .assignment : .explicit
      #expect(cast?.context == context, Comment(rawValue: line[0]))
    }
  }

  @Test func `Every type is written as text, and read from it`() {
    for type in DataType.all {
      switch type {
      case .text, .unknown, .void, .pgNodeTree, .record, .aggregateState, .aclitem, .int2vector, .oidvector: continue
      default: break
      }
      #expect(FunctionRegistry.standard.cast(from: type, to: .text) != nil, "\(type)")
      #expect(FunctionRegistry.standard.cast(from: .text, to: type) != nil, "\(type)")
    }
  }
}
