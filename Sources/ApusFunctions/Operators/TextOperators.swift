// TextOperators owns concatenation and the matching of patterns.

import ApusBase
import ApusColumns

enum TextOperators {
  static var all: [ScalarFunction] { concatenation + likes + regexes + [startsWith] }

  private static func joined(_ left: DataType, _ right: DataType, _ result: DataType) -> ScalarFunction {
    .infix("||", left, right, result) { (arguments, count, _) throws(ApusError) in
      try mapBytes(arguments, count, result) { row, out in
        out.append(contentsOf: arguments[0].rawBytes(row))
        out.append(contentsOf: arguments[1].rawBytes(row))
        return true
      }
    }
  }

  private static func withAny(_ parameters: [ParameterType]) -> ScalarFunction {
    ScalarFunction(
      "||", kind: .operator, parameters: parameters, result: .exact(.text), volatility: .stable, mayFail: false
    ) { (arguments, count, context) throws(ApusError) in
      let settings = context.formatSettings
      return try mapBytes(arguments, count, .text) { (row, out) throws(ApusError) in
        for argument in arguments {
          if argument.type.isString {
            out.append(contentsOf: argument.rawBytes(row))
          } else if argument.type == .bool {
            if case .bool(let flag) = argument.value(at: row) {
              out.append(contentsOf: flag ? "true".utf8 : "false".utf8)
            }
          } else {
            try TextFormat.output(argument, row: row, settings: settings, into: &out)
          }
        }
        return true
      }
    }
  }

  private static var concatenation: [ScalarFunction] {
    [
      joined(.text, .text, .text), joined(.bytea, .bytea, .bytea), withAny([.exact(.text), .anyNonArray]),
      withAny([.anyNonArray, .exact(.text)]),
    ]
  }

  // MARK: - Patterns

  /// Rows of which a test made from the pattern holds; the test is made once for a constant pattern.
  static func matching(
    _ arguments: [Vector], _ count: Int, negated: Bool,
    _ make: (UnsafeRawBufferPointer) throws(ApusError) -> (UnsafeRawBufferPointer) -> Bool
  ) throws(ApusError) -> Vector {
    let (validity, isAllNull) = strictValidity(arguments, count)
    if isAllNull { return .nulls(type: .bool, count: count) }
    let bits = Bitmap(repeating: false, count: count)
    let (text, pattern) = (arguments[0], arguments[1])
    if case .constant(let box) = pattern.storage {
      let test = try make(box.vector.rawBytes(0))
      for row in 0..<count where isPresent(validity, row) && test(text.rawBytes(row)) != negated { bits.set(row) }
    } else {
      for row in 0..<count where isPresent(validity, row) {
        let test = try make(pattern.rawBytes(row))
        if test(text.rawBytes(row)) != negated { bits.set(row) }
      }
    }
    return .bool(bits, validity: validity)
  }

  private static func like(
    _ name: String, _ type: DataType, _ pattern: DataType, negated: Bool, ignoringCase: Bool
  ) -> ScalarFunction {
    .infix(name, type, pattern, .bool, mayFail: true) { (arguments, count, _) throws(ApusError) in
      try matching(arguments, count, negated: negated) { (raw) throws(ApusError) in
        guard ignoringCase else {
          let compiled = try LikePattern(raw)
          return { compiled.matches($0) }
        }
        let compiled = try loweredPattern(raw)
        return { text in lowered(text).withUnsafeBytes { compiled.matches($0) } }
      }
    }
  }

  private static func loweredPattern(_ raw: UnsafeRawBufferPointer) throws(ApusError) -> LikePattern {
    var result: Result<LikePattern, ApusError>?
    lowered(raw).withUnsafeBytes { bytes in
      do throws(ApusError) { result = .success(try LikePattern(bytes)) } catch { result = .failure(error) }
    }
    guard let result else { throw .unexpected("a pattern was not compiled") }
    return try result.get()
  }

  private static var likes: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for (name, negated) in [("~~", false), ("!~~", true)] {
      for type in [DataType.text, .name, .bpchar] {
        list.append(like(name, type, .text, negated: negated, ignoringCase: false))
        list.append(like(name + "*", type, .text, negated: negated, ignoringCase: true))
      }
      list.append(like(name, .bytea, .bytea, negated: negated, ignoringCase: false))
    }
    return list
  }

  private static var regexes: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for (name, negated, ignoringCase) in [
      ("~", false, false), ("~*", false, true), ("!~", true, false), ("!~*", true, true),
    ] {
      for type in [DataType.text, .name, .bpchar] {
        list.append(
          .infix(name, type, .text, .bool, mayFail: true) { (arguments, count, _) throws(ApusError) in
            try matching(arguments, count, negated: negated) { (raw) throws(ApusError) in
              let regex = try Regex.named(
                String(decoding: raw, as: UTF8.self), ignoringCase: ignoringCase, testing: true)
              return { regex.matches($0) }
            }
          })
      }
    }
    return list
  }

  private static var startsWith: ScalarFunction {
    .infix("^@", .text, .text, .bool) { (arguments, count, _) throws(ApusError) in
      try compareBytesRows(arguments, count) { text, prefix in
        text.count >= prefix.count && equalBytes(UnsafeRawBufferPointer(rebasing: text[0..<prefix.count]), prefix)
      }
    }
  }
}
