// JSONBKey owns byte strings that order, and are equal, as jsonb values are.

public import ApusBase
import ApusColumns

/// Bytes that compare as `JSONBOrder` compares the values: for sorting and hashing, which parse each value once.
public enum JSONBKey {
  /// Throws what parsing throws; values that are stored parse.
  public static func bytes(_ raw: UnsafeRawBufferPointer) throws(ApusError) -> [UInt8] {
    try JSONB.parsing(raw) { (document) throws(ApusError) in
      // An empty array on top is below everything, as in `JSONBOrder.compare`.
      if document[0].kind == .array, document[0].number == 0 { return [0] }
      var out: [UInt8] = []
      try append(document, 0, into: &out)
      return out
    }
  }

  private static func append(_ document: JSONDocument, _ at: Int, into out: inout [UInt8]) throws(ApusError) {
    let token = document[at]
    switch token.kind {
    case .null: out.append(1)
    case .string, .key:
      // No string of jsonb has the character 0, so that one ends it below all that go on.
      out.append(2)
      out.append(contentsOf: document.text(token))
      out.append(0)
    case .integer, .decimal, .number:
      out.append(3)
      append(try JSONBOrder.number(document, at), into: &out)
    case .false: out.append(4)
    case .true: out.append(5)
    case .array:
      out.append(6)
      big(UInt64(bitPattern: Int64(token.number)), into: &out)
      var element = at + 1
      while element < token.end {
        try append(document, element, into: &out)
        element = document[element].end
      }
    case .object:
      let members = JSONBOrder.members(document, at)
      out.append(7)
      big(UInt64(members.count), into: &out)
      for key in members {
        out.append(contentsOf: document.text(document[key]))
        out.append(0)
        try append(document, key + 1, into: &out)
      }
    }
  }

  /// Sign, then weight and digits of the magnitude, those of negative numbers inverted. Zeros at the end do not count.
  private static func append(_ number: Numeric, into out: inout [UInt8]) {
    var digits = number.digits[...]
    while digits.last == 0 { digits.removeLast() }
    guard !digits.isEmpty else { return out.append(1) }
    out.append(number.isNegative ? 0 : 2)
    let start = out.count
    big(UInt64(bitPattern: Int64(number.weight)) ^ (1 << 63), into: &out)
    for digit in digits { pair(digit &+ 1, into: &out) }
    pair(0, into: &out)
    if number.isNegative { for index in start..<out.count { out[index] = ~out[index] } }
  }

  private static func pair(_ value: UInt16, into out: inout [UInt8]) {
    out.append(UInt8(truncatingIfNeeded: value >> 8))
    out.append(UInt8(truncatingIfNeeded: value))
  }

  private static func big(_ value: UInt64, into out: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { out.append(contentsOf: $0) }
  }
}
