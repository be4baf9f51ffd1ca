// KeyEncoding owns which values are one key: equal values of a type get equal bytes, whatever their form.

import ApusBase
import ApusColumns
import ApusFunctions

/// How the values of a type become keys. Two columns compare as keys only when their kinds are equal.
enum KeyKind: Hashable {
  /// Whole numbers, times, OIDs, booleans: by value, whatever their width.
  case integer
  /// By value; NaN is one key, and so are the two zeros.
  case float
  /// Byte strings as they are.
  case bytes
  /// By the canonical bytes of `KeyEncoding`.
  case encoded(DataType)

  init(_ type: DataType) {
    switch type {
    case .numeric, .bpchar, .jsonb, .interval, .uuid, .record, .array, .int2vector, .oidvector: self = .encoded(type)
    default:
      switch type.physical {
      case .bool, .int16, .int32, .int64: self = .integer
      case .float32, .float64: self = .float
      case .bytes: self = .bytes
      default: self = .encoded(type)
      }
    }
  }
}

enum KeyEncoding {
  static func bits(_ value: Double) -> UInt64 {
    if value.isNaN { return Double.nan.bitPattern }
    return value == 0 ? 0 : value.bitPattern
  }

  /// The bytes that stand for the bytes of a value where values of the type may differ in bytes and be equal: without
  /// spaces at the end for bpchar, `JSONBKey` for jsonb. They order as the values do. nil: the bytes themselves.
  static func key(_ raw: UnsafeRawBufferPointer, _ type: DataType) -> [UInt8]? {
    switch type {
    case .bpchar: Array(raw[..<(raw.lastIndex { $0 != 32 }.map { $0 + 1 } ?? raw.startIndex)])
    // What does not parse is not jsonb: it is put above all that is.
    case .jsonb: (try? JSONBKey.bytes(raw)) ?? [255] + Array(raw)
    default: nil
    }
  }

  static func key(_ text: String, _ type: DataType) -> [UInt8] {
    let raw = Array(text.utf8)
    return raw.withUnsafeBytes { key($0, type) } ?? raw
  }

  /// Appends the canonical bytes of a value, which no other value of the type shares.
  static func append(_ value: Value, _ type: DataType, into out: inout [UInt8]) {
    switch value {
    case .null: out.append(0)
    case .bool(let flag): out.append(flag ? 2 : 1)
    case .int(let number): word(UInt64(bitPattern: number), into: &out)
    case .float(let number): word(bits(number), into: &out)
    case .text(let text):
      let raw = key(text, type)
      word(UInt64(raw.count), into: &out)
      out.append(contentsOf: raw)
    case .bytes(let raw):
      word(UInt64(raw.count), into: &out)
      out.append(contentsOf: raw)
    case .numeric(let number): numeric(number, into: &out)
    case .uuid(let uuid): withUnsafeBytes(of: uuid) { out.append(contentsOf: $0) }
    case .interval(let interval):
      let ordinal = interval.comparisonKey
      withUnsafeBytes(of: ordinal) { out.append(contentsOf: $0) }
    case .array(let items):
      word(UInt64(items.count), into: &out)
      var element = type
      if case .array(let inner) = type { element = inner }
      for item in items {
        out.append(item.isNull ? 0 : 1)
        if !item.isNull { append(item, element, into: &out) }
      }
    }
  }

  /// The same bytes for 1, 1.0 and 1.00: sign, weight, and the digits without zeros at the end.
  private static func numeric(_ number: Numeric, into out: inout [UInt8]) {
    var digits = number.digits[...]
    while digits.last == 0 { digits.removeLast() }
    switch number.sign {
    case .positive: out.append(digits.isEmpty ? 0 : 1)
    case .negative: out.append(digits.isEmpty ? 0 : 2)
    case .positiveInfinity: out.append(3)
    case .negativeInfinity: out.append(4)
    case .notANumber: out.append(5)
    }
    if digits.isEmpty { return }
    word(UInt64(bitPattern: Int64(number.weight)), into: &out)
    for digit in digits { withUnsafeBytes(of: digit) { out.append(contentsOf: $0) } }
  }

  private static func word(_ value: UInt64, into out: inout [UInt8]) {
    withUnsafeBytes(of: value) { out.append(contentsOf: $0) }
  }
}
