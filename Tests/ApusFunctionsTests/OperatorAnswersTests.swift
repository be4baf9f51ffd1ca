// Operators against the answers of PostgreSQL 15, one by one and in every layout.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct OperatorAnswersTests {
  struct Question {
    var function: ScalarFunction
    var left: (texts: [String], type: DataType)?
    var right: (texts: [String], type: DataType)
    var answers: [String]
    var title: String
  }

  static func agree(_ ours: String, _ theirs: String) -> Bool {
    if ours == theirs { return true }
    // PostgreSQL 15 lets the difference of far timestamps wrap around.
    if ours == "!22008 interval out of range", theirs.contains("days") { return true }
    return false
  }

  static func questions() -> [Question] {
    var list: [Question] = []
    var left: [String] = []
    var right: [String] = []
    for line in Answers.lines("Functions/operators.tsv") {
      switch line[0] {
      case "l": left = Array(line.dropFirst())
      case "r": right = Array(line.dropFirst())
      default:
        let parameters = [line[4], line[5]].filter { $0 != "-" }.map { Answers.parameter($0) }
        let found = FunctionRegistry.standard.operators(named: line[1]).first { $0.parameters == parameters }
        guard let found, let rightType = Answers.types[line[3]] else { continue }
        list.append(
          Question(
            function: found, left: line[2] == "-" ? nil : Answers.types[line[2]].map { (left, $0) },
            right: (right, rightType), answers: Array(line.dropFirst(6)),
            title: "\(line[2]) \(line[1]) \(line[3])"))
      }
    }
    return list
  }

  @Test func `Operators answer as PostgreSQL does`() throws {
    var wrong: [String] = []
    var total = 0
    for question in Self.questions() {
      var index = 0
      for a in question.left?.texts ?? ["-"] {
        for b in question.right.texts {
          let theirs = question.answers[index]
          index += 1
          total += 1
          let ours = Answers.answer {
            var arguments = [Vector.of([try Answers.read(b, question.right.type)], type: question.right.type)]
            if let left = question.left {
              arguments.insert(.of([try Answers.read(a, left.type)], type: left.type), at: 0)
            }
            return try question.function.evaluate(arguments, 1, Answers.context)
          }
          if !Self.agree(ours, theirs) { wrong.append("\(question.title): '\(a)' , '\(b)': \(ours), not \(theirs)") }
        }
      }
      #expect(index == question.answers.count)
    }
    for line in wrong { print(line) }
    #expect(total > 5_000)
    #expect(wrong.isEmpty, "\(wrong.count) of \(total)")
  }

  @Test func `Operators answer the same in every layout, and null for null`() throws {
    for question in Self.questions() {
      guard let left = question.left else { continue }
      // The pairs that do not fail, as two columns.
      var (a, b): ([Value], [Value]) = ([], [])
      var index = 0
      for x in left.texts {
        for y in question.right.texts {
          let answer = question.answers[index]
          index += 1
          let (p, q) = (try Answers.read(x, left.type), try Answers.read(y, question.right.type))
          let ours = Answers.answer {
            try question.function.evaluate(
              [.of([p], type: left.type), .of([q], type: question.right.type)], 1, Answers.context)
          }
          if answer.hasPrefix("!") || ours.hasPrefix("!") { continue }
          a.append(p)
          b.append(q)
        }
      }
      guard !a.isEmpty else { continue }
      try check(question, a, b)
    }
  }

  private func check(_ question: Question, _ a: [Value], _ b: [Value]) throws {
    guard let left = question.left else { return }
    // The answers of single rows were compared with PostgreSQL's already.
    func run(_ x: Vector, _ y: Vector) throws -> [String] {
      let result = try question.function.evaluate([x, y], x.count, Answers.context)
      #expect(result.count == x.count)
      return try (0..<x.count).map { try Answers.show(result, $0) }
    }
    let expected = try zip(a, b).map { x, y in
      try run(.of([x], type: left.type), .of([y], type: question.right.type))[0]
    }
    let title = Comment(rawValue: question.title)
    for first in [Layout.plain, .dictionary, .sliced] {
      for second in [Layout.plain, .dictionary, .sliced] {
        guard let x = first.vector(a, left.type), let y = second.vector(b, question.right.type) else { continue }
        #expect(try run(x, y) == expected, title)
      }
    }
    if question.function.isStrict, let x = Layout.withNulls.vector(a, left.type),
      let y = Layout.withNulls.vector(b, question.right.type)
    {
      #expect(try run(x, y) == expected.flatMap { [$0, "\\N"] }, title)
      let none = Vector.nulls(type: left.type, count: y.count)
      #expect(try run(none, y).allSatisfy { $0 == "\\N" }, title)
    }
    // One constant side: the rows of the other that go with it.
    guard let one = a.first, let other = b.first else { return }
    let rows = a.indices.filter { a[$0] == one }
    let columns = b.indices.filter { b[$0] == other }
    let fixedLeft = try run(
      .constant(one, type: left.type, count: rows.count), .of(rows.map { b[$0] }, type: question.right.type))
    #expect(fixedLeft == rows.map { expected[$0] }, title)
    let fixedRight = try run(
      .of(columns.map { a[$0] }, type: left.type), .constant(other, type: question.right.type, count: columns.count))
    #expect(fixedRight == columns.map { expected[$0] }, title)
    let both = try run(
      .constant(one, type: left.type, count: 3), .constant(other, type: question.right.type, count: 3))
    #expect(both == [expected[0], expected[0], expected[0]], title)
  }
}
