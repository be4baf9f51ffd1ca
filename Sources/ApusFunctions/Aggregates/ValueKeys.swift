// ValueKeys owns the form in which values are counted as distinct: equal values have equal keys.

import ApusBase
import ApusColumns

/// How the values of a type become keys.
enum KeyForm: Sendable {
  /// One 64-bit word.
  case word
  /// The bytes themselves: text and its kin, jsonb, bytea.
  case bytes
  /// Bytes made from the value: numeric without its scale, character without trailing spaces, arrays, ...
  case made

  /// Throws 42883 for a type without equality.
  init(_ type: DataType) throws(ApusError) {
    switch type.physical {
    case .bool, .int16, .int32, .int64, .float32, .float64: self = .word
    case .bytes:
      if type == .json || type == .void {
        throw ApusError(
          .undefinedFunction, "could not identify an equality operator for type \(type.sqlName)")
      }
      self = type == .numeric || type == .bpchar ? .made : .bytes
    case .interval, .uuid, .list: self = .made
    }
  }
}

enum ValueKeys {
  @inline(__always)
  static func word(_ value: Double) -> UInt64 {
    value == 0 ? 0 : value.isNaN ? Double.nan.bitPattern : value.bitPattern
  }

  /// A key for each row of a vector whose form is `word`. Null rows have any key.
  static func words(_ vector: Vector) -> Buffer? {
    let count = vector.count
    func made(_ word: (Int) -> UInt64) -> Buffer {
      let buffer = Buffer(byteCount: count * 8)
      let out = buffer.write(UInt64.self)
      for row in 0..<count { out[row] = word(row) }
      return buffer
    }
    switch vector.storage {
    case .bool(let bits): return made { bits[$0] ? 1 : 0 }
    case .int16(let buffer):
      let values = buffer.read(Int16.self)
      return made { UInt64(bitPattern: Int64(values[$0])) }
    case .int32(let buffer):
      let values = buffer.read(Int32.self)
      return made { UInt64(bitPattern: Int64(values[$0])) }
    case .int64(let buffer): return buffer
    case .float32(let buffer):
      let values = buffer.read(Float.self)
      return made { word(Double(values[$0])) }
    case .float64(let buffer):
      let values = buffer.read(Double.self)
      return made { word(values[$0]) }
    default: return nil
    }
  }

  static func word(of value: Value) -> UInt64? {
    switch value {
    case .bool(let flag): flag ? 1 : 0
    case .int(let number): UInt64(bitPattern: number)
    case .float(let number): word(number)
    default: nil
    }
  }

  /// The key of a value whose form is `bytes` or `made`; nil for null.
  static func bytes(of value: Value, type: DataType) -> [UInt8]? {
    switch value {
    case .null: nil
    case .text(let text) where type == .bpchar: Array(Array(text.utf8).reversed().drop { $0 == 32 }.reversed())
    case .text(let text): Array(text.utf8)
    case .bytes(let raw): raw
    default: made(value)
    }
  }

  private static func made(_ value: Value) -> [UInt8] {
    var writer = ByteWriter()
    switch value {
    case .numeric(let number):
      var key = number
      key.scale = 0
      if key.digits.isEmpty { key.weight = 0 }
      writer.append(key.encoded)
    case .interval(let interval):
      writer.littleEndian(UInt64(truncatingIfNeeded: interval.comparisonKey))
      writer.littleEndian(Int64(truncatingIfNeeded: interval.comparisonKey >> 64))
    case .uuid(let uuid):
      writer.bigEndian(uuid.high)
      writer.bigEndian(uuid.low)
    case .array(let values):
      for element in values {
        let key =
          element.isNull ? [] : word(of: element).map { [UInt8](word: $0) } ?? bytes(of: element, type: .text) ?? []
        writer.byte(element.isNull ? 0 : 1)
        writer.varint(UInt64(key.count))
        writer.append(key)
      }
    default: break
    }
    return writer.bytes
  }
}

extension [UInt8] {
  /// The eight bytes of a word, least significant first.
  init(word: UInt64) { self = Swift.withUnsafeBytes(of: word.littleEndian) { Array($0) } }
}
