// TextBasics owns the functions that measure, cut, trim and change texts.

import ApusBase
import ApusColumns

enum TextBasicFunctions {
  static var all: [ScalarFunction] { lengths + cases + parts + trims + changes }

  private static func text(
    _ name: String, _ parameters: [DataType], mayFail: Bool = false,
    _ body: @escaping @Sendable ([Value]) throws(ApusError) -> [UInt8]
  ) -> ScalarFunction {
    .rows(name, parameters, .text, mayFail: mayFail) { (row, _) throws(ApusError) in .text(utf8: try body(row)) }
  }

  // MARK: - Lengths

  private static func length(
    _ name: String, _ type: DataType, _ measure: @escaping @Sendable (UnsafeRawBufferPointer) -> Int
  ) -> ScalarFunction {
    ScalarFunction(name, parameters: [.exact(type)], result: .exact(.int4), mayFail: false) {
      (arguments, count, _) throws(ApusError) -> Vector in
      let (validity, isAllNull) = strictValidity(arguments, count)
      if isAllNull || count == 0 { return .nulls(type: .int4, count: count) }
      let source = arguments[0]
      let buffer = Buffer(byteCount: count * 4)
      let out = buffer.write(Int32.self)
      for row in 0..<count { out[row] = Int32(truncatingIfNeeded: measure(source.rawBytes(row))) }
      return Vector(type: .int4, count: count, validity: validity, storage: .int32(buffer))
    }
  }

  private static var lengths: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for name in ["length", "char_length", "character_length"] {
      list.append(length(name, .text) { Characters.count($0) })
      list.append(length(name, .bpchar) { Characters.count(ByteOrder.trimmed($0)) })
    }
    list.append(length("length", .bytea) { $0.count })
    for type in [DataType.text, .bytea, .bpchar] {
      list.append(length("octet_length", type) { $0.count })
      if type != .bpchar { list.append(length("bit_length", type) { $0.count * 8 }) }
    }
    return list
  }

  // MARK: - Case

  private static var cases: [ScalarFunction] {
    [
      text("lower", [.text]) { (row) in Characters.lower(row.utf8(0)) },
      text("upper", [.text]) { (row) in Characters.upper(row.utf8(0)) },
      text("initcap", [.text]) { (row) in Array(Characters.initcap(row.text(0)).utf8) },
    ]
  }

  // MARK: - Parts

  private static var parts: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for name in ["substr", "substring"] {
      list.append(
        text(name, [.text, .int4]) { (row) throws(ApusError) in
          try Characters.substring(row.utf8(0), from: row.int(1), length: nil)
        })
      list.append(
        text(name, [.text, .int4, .int4], mayFail: true) { (row) throws(ApusError) in
          try Characters.substring(row.utf8(0), from: row.int(1), length: row.int(2))
        })
      list.append(
        .rows(name, [.bytea, .int4], .bytea) { (row, _) throws(ApusError) in
          .bytes(try bytes(row.bytes(0), from: row.int(1), length: nil))
        })
      list.append(
        .rows(name, [.bytea, .int4, .int4], .bytea) { (row, _) throws(ApusError) in
          .bytes(try bytes(row.bytes(0), from: row.int(1), length: row.int(2)))
        })
    }
    list.append(
      text("left", [.text, .int4]) { (row) in
        let bytes = row.utf8(0)
        let count = Int(row.int(1))
        let kept = count < 0 ? Characters.count(bytes) + count : count
        return Array(bytes[..<Characters.offset(bytes, kept)])
      })
    list.append(
      text("right", [.text, .int4]) { (row) in
        let bytes = row.utf8(0)
        let count = Int(row.int(1))
        let skipped = count < 0 ? -count : Characters.count(bytes) - count
        return Array(bytes[Characters.offset(bytes, skipped)...])
      })
    for name in ["position", "strpos"] {
      list.append(
        .rows(name, [.text, .text], .int4, mayFail: false) { (row, _) in
          let bytes = row.utf8(0)
          guard let at = Characters.find(row.utf8(1), in: bytes) else { return .int(0) }
          return .int(Int64(Characters.count(Array(bytes[..<at])) + 1))
        })
    }
    list.append(
      .rows("position", [.bytea, .bytea], .int4, mayFail: false) { (row, _) in
        .int(Int64((Characters.find(row.bytes(1), in: row.bytes(0)) ?? -1) + 1))
      })
    list.append(
      .rows("starts_with", [.text, .text], .bool, mayFail: false) { (row, _) in
        .bool(row.utf8(0).starts(with: row.utf8(1)))
      })
    list.append(text("split_part", [.text, .text, .int4], mayFail: true) { (row) throws(ApusError) in try part(row) })
    for count in 3...4 {
      let parameters: [DataType] = [.text, .text, .int4, .int4]
      list.append(
        text("overlay", Array(parameters.prefix(count)), mayFail: true) { (row) throws(ApusError) in
          let bytes = row.utf8(0)
          let new = row.utf8(1)
          let start = row.int(2)
          guard start > 0 else {
            throw ApusError(.substringError, "negative substring length not allowed")
          }
          let length = row.count > 3 ? row.int(3) : Int64(Characters.count(new))
          return try Characters.substring(bytes, from: 1, length: start - 1) + new
            + Characters.substring(bytes, from: start + length, length: nil)
        })
    }
    return list
  }

  private static func bytes(_ bytes: [UInt8], from start: Int64, length: Int64?) throws(ApusError) -> [UInt8] {
    if let length, length < 0 { throw ApusError(.substringError, "negative substring length not allowed") }
    let end = length.map { start + $0 } ?? Int64.max
    let first = min(max(start, 1), Int64(bytes.count) + 1)
    let last = min(max(end, first), Int64(bytes.count) + 1)
    return Array(bytes[(Int(first) - 1)..<(Int(last) - 1)])
  }

  /// `text` cut at each `separator`; an empty separator cuts nowhere.
  static func pieces(_ text: [UInt8], _ separator: [UInt8]) -> [ArraySlice<UInt8>] {
    guard !separator.isEmpty else { return [text[...]] }
    var list: [ArraySlice<UInt8>] = []
    var start = 0
    while let at = Characters.find(separator, in: text, from: start) {
      list.append(text[start..<at])
      start = at + separator.count
    }
    list.append(text[start...])
    return list
  }

  private static func part(_ row: [Value]) throws(ApusError) -> [UInt8] {
    let number = Int(row.int(2))
    guard number != 0 else { throw ApusError(.invalidParameterValue, "field position must not be zero") }
    let text = row.utf8(0)
    if text.isEmpty { return [] }
    let list = pieces(text, row.utf8(1))
    let index = number > 0 ? number - 1 : list.count + number
    return list.indices.contains(index) ? Array(list[index]) : []
  }

  // MARK: - Trimming

  private struct Sides: OptionSet {
    let rawValue: Int
    static let left = Sides(rawValue: 1)
    static let right = Sides(rawValue: 2)
  }

  private static func trimmed(_ text: [UInt8], _ unwanted: [UInt8], _ sides: Sides) -> [UInt8] {
    if unwanted.count == 1 || (unwanted.allSatisfy { $0 < 128 } && !unwanted.isEmpty) {
      return trimmedBytes(text, unwanted, sides)
    }
    let set = Set(Characters.split(unwanted).map { Array($0) })
    var characters = Characters.split(text)[...]
    if sides.contains(.left) {
      while let first = characters.first, set.contains(Array(first)) { characters.removeFirst() }
    }
    if sides.contains(.right) {
      while let last = characters.last, set.contains(Array(last)) { characters.removeLast() }
    }
    return characters.flatMap { $0 }
  }

  private static func trimmedBytes(_ text: [UInt8], _ unwanted: [UInt8], _ sides: Sides) -> [UInt8] {
    var part = text[...]
    if sides.contains(.left) { while let first = part.first, unwanted.contains(first) { part.removeFirst() } }
    if sides.contains(.right) { while let last = part.last, unwanted.contains(last) { part.removeLast() } }
    return Array(part)
  }

  private static var trims: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for (name, sides) in [("btrim", Sides([.left, .right])), ("ltrim", .left), ("rtrim", .right)] {
      list.append(text(name, [.text]) { (row) in trimmed(row.utf8(0), [32], sides) })
      list.append(text(name, [.text, .text]) { (row) in trimmed(row.utf8(0), row.utf8(1), sides) })
      list.append(
        .rows(name, [.bytea, .bytea], .bytea, mayFail: false) { (row, _) in
          .bytes(trimmedBytes(row.bytes(0), row.bytes(1), sides))
        })
    }
    return list
  }

  // MARK: - Changes

  private static func replaced(_ text: [UInt8], _ old: [UInt8], _ new: [UInt8]) throws(ApusError) -> [UInt8] {
    guard !old.isEmpty else { return text }
    var out: [UInt8] = []
    var start = 0
    while let at = Characters.find(old, in: text, from: start) {
      out += text[start..<at]
      out += new
      try TextLimits.check(out.count)
      start = at + old.count
    }
    out += text[start...]
    return out
  }

  private static func translated(_ text: String, _ from: String, _ to: String) -> [UInt8] {
    let targets = Array(to.unicodeScalars)
    var table: [Unicode.Scalar: Unicode.Scalar?] = [:]
    for (index, scalar) in from.unicodeScalars.enumerated() where table[scalar] == nil {
      table[scalar] = .some(index < targets.count ? targets[index] : nil)
    }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if let target = table[scalar] {
        if let target { out.append(target) }
      } else {
        out.append(scalar)
      }
    }
    return Array(String(out).utf8)
  }

  private static func padded(_ row: [Value], atLeft: Bool) throws(ApusError) -> [UInt8] {
    let text = row.utf8(0)
    let fill = row.count > 2 ? row.utf8(2) : [32]
    let wanted = Int(max(0, row.int(1)))
    let length = Characters.count(text)
    if length >= wanted || fill.isEmpty { return Array(text[..<Characters.offset(text, wanted)]) }
    // A character has at most four bytes.
    guard wanted <= Limits.valueBytesMax / 4 else { throw TextLimits.tooLong }
    let characters = Characters.split(fill)
    var padding: [UInt8] = []
    for index in 0..<(wanted - length) { padding += characters[index % characters.count] }
    return atLeft ? padding + text : text + padding
  }

  private static var changes: [ScalarFunction] {
    [
      text("replace", [.text, .text, .text], mayFail: true) { (row) throws(ApusError) in
        try replaced(row.utf8(0), row.utf8(1), row.utf8(2))
      },
      text("translate", [.text, .text, .text]) { (row) in translated(row.text(0), row.text(1), row.text(2)) },
      text("reverse", [.text]) { (row) in Characters.split(row.utf8(0)).reversed().flatMap { $0 } },
      text("repeat", [.text, .int4], mayFail: true) { (row) throws(ApusError) in
        let bytes = row.utf8(0)
        let times = max(0, row.int(1))
        let (total, overflow) = Int64(bytes.count).multipliedReportingOverflow(by: times)
        guard !overflow, total <= Int64(Limits.valueBytesMax) else { throw TextLimits.tooLong }
        if bytes.isEmpty { return [] }
        var out: [UInt8] = []
        out.reserveCapacity(Int(total))
        for _ in 0..<times { out += bytes }
        return out
      },
      text("lpad", [.text, .int4], mayFail: true) { (row) throws(ApusError) in try padded(row, atLeft: true) },
      text("lpad", [.text, .int4, .text], mayFail: true) { (row) throws(ApusError) in
        try padded(row, atLeft: true)
      },
      text("rpad", [.text, .int4], mayFail: true) { (row) throws(ApusError) in try padded(row, atLeft: false) },
      text("rpad", [.text, .int4, .text], mayFail: true) { (row) throws(ApusError) in
        try padded(row, atLeft: false)
      },
      .rows("ascii", [.text], .int4, mayFail: false) { (row, _) in
        .int(Int64(row.text(0).unicodeScalars.first?.value ?? 0))
      },
      text("chr", [.int4], mayFail: true) { (row) throws(ApusError) in
        let code = row.int(0)
        if code < 0 { throw ApusError(.invalidParameterValue, "character number must be positive") }
        if code == 0 { throw ApusError(.programLimitExceeded, "null character not permitted") }
        guard code <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(code)) else {
          throw ApusError(
            .programLimitExceeded,
            code > 0x10FFFF
              ? "requested character too large for encoding: \(code)"
              : "requested character not valid for encoding: \(code)")
        }
        return Array(String(scalar).utf8)
      },
    ]
  }
}
