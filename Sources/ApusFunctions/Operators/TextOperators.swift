// TextOperators owns concatenation and the matching of patterns.

import ApusBase
import ApusColumns

enum TextOperators {
  static var all: [ScalarFunction] { concatenation + likes + regexes + [startsWith] }

  private static func joined(_ left: DataType, _ right: DataType, _ result: DataType) -> ScalarFunction {
    .infix("||", left, right, result) { (arguments, count, _) throws(ApusError) in
      let (a, b) = (BytesColumn(arguments[0]), BytesColumn(arguments[1]))
      defer { withExtendedLifetime((a.owner, b.owner)) {} }
      return try mapBytes(arguments, count, result) { row, out in
        out.append(contentsOf: a[row])
        out.append(contentsOf: b[row])
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
    _ make: (UnsafeRawBufferPointer) throws(ApusError) -> (UnsafeRawBufferPointer) throws(ApusError) -> Bool
  ) throws(ApusError) -> Vector {
    let (validity, isAllNull) = strictValidity(arguments, count)
    if isAllNull { return .nulls(type: .bool, count: count) }
    let bits = Bitmap(repeating: false, count: count)
    let (text, pattern) = (BytesColumn(arguments[0]), BytesColumn(arguments[1]))
    defer { withExtendedLifetime((text.owner, pattern.owner)) {} }
    if arguments[1].isConstant {
      let test = try make(pattern[0])
      for row in 0..<count where isPresent(validity, row) {
        if try test(text[row]) != negated { bits.set(row) }
      }
    } else {
      for row in 0..<count where isPresent(validity, row) {
        let test = try make(pattern[row])
        if try test(text[row]) != negated { bits.set(row) }
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
          let compiled = LikePattern(raw)
          return { (text) throws(ApusError) in try compiled.matches(text) }
        }
        let compiled = lowered(raw).withUnsafeBytes { LikePattern($0) }
        return { (text) throws(ApusError) in
          if let found = try matchesLowered(compiled, text) { return found }
          return try withBytes(lowered(text)) { (bytes) throws(ApusError) in try compiled.matches(bytes) }
        }
      }
    }
  }

  /// Of a short ASCII text, which is lowered on the stack; nil for others.
  private static func matchesLowered(
    _ pattern: LikePattern, _ text: UnsafeRawBufferPointer
  ) throws(ApusError) -> Bool? {
    guard text.count <= 512 else { return nil }
    var result: Result<Bool, ApusError>?
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { scratch in
      var seen: UInt8 = 0
      for index in 0..<text.count {
        let byte = text[index]
        seen |= byte
        scratch[index] = byte &- 65 < 26 ? byte | 32 : byte
      }
      guard seen < 128 else { return }
      let lower = UnsafeRawBufferPointer(rebasing: scratch[0..<text.count])
      do throws(ApusError) { result = .success(try pattern.matches(lower)) } catch { result = .failure(error) }
    }
    return try result?.get()
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
    .infix("^@", .text, .text, .bool) { arguments, count, _ in
      compareBytesFixed(arguments, count) { text, prefix in
        text.count >= prefix.count && equalBytes(UnsafeRawBufferPointer(rebasing: text[0..<prefix.count]), prefix)
      }
    }
  }
}
