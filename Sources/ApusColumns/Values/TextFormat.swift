// TextFormat owns the text forms of all types: what PostgreSQL's output and input functions write and read.

public import ApusBase

public enum TextFormat {
  // MARK: - Output

  /// Appends the text of row `row`, which must not be null. Throws XX001 for a damaged numeric, 0A000 for a type
  /// without
  /// a text form.
  public static func output(
    _ vector: Vector, row: Int, settings: FormatSettings, into out: inout [UInt8]
  ) throws(ApusError) {
    if case .constant(let box) = vector.storage {
      return try output(box.vector, row: 0, settings: settings, into: &out)
    }
    switch vector.storage {
    case .bool(let bits): out.append(bits[row] ? 116 : 102)
    case .int16(let buffer): DecimalText.append(Int64(buffer.read(Int16.self)[row]), into: &out)
    case .int32(let buffer):
      let value = buffer.read(Int32.self)[row]
      if vector.type == .date {
        DateTimeText.appendDate(value, into: &out)
      } else {
        DecimalText.append(Int64(value), into: &out)
      }
    case .int64(let buffer): int64(buffer.read(Int64.self)[row], vector.type, settings, into: &out)
    case .float32(let buffer):
      FloatText.append(buffer.read(Float.self)[row], extraFloatDigits: settings.extraFloatDigits, into: &out)
    case .float64(let buffer):
      FloatText.append(buffer.read(Double.self)[row], extraFloatDigits: settings.extraFloatDigits, into: &out)
    case .interval(let buffer): buffer.read(Interval.self)[row].write(into: &out)
    case .uuid(let buffer): uuid(buffer.read(UUIDValue.self)[row], into: &out)
    case .bytes, .dictionary: try bytes(vector.rawBytes(row), vector.type, into: &out)
    case .list(let offsets, let child):
      let bounds = offsets.read(Int32.self)
      let range = Int(bounds[row])..<Int(bounds[row + 1])
      try list(child.vector, range, of: vector.type, settings, into: &out)
    case .shredded(let column): out.append(contentsOf: column.slice(row..<row + 1).assembled().rawBytes(0))
    case .constant: return
    }
  }

  private static func int64(_ value: Int64, _ type: DataType, _ settings: FormatSettings, into out: inout [UInt8]) {
    switch type {
    case .timestamp: DateTimeText.appendTimestamp(value, into: &out)
    case .timestamptz: DateTimeText.appendTimestamp(value, zone: settings.timeZone, into: &out)
    case .time: DateTimeText.appendTime(value, into: &out)
    case .oid, .xid, .int8: DecimalText.append(value, into: &out)
    default:
      // The reg types: the object's name, `-` for none, the number for an unknown one.
      if value == 0 { return out.append(type == .regoper || type == .regoperator ? 48 : 45) }
      if let oid = OID(exactly: value), let name = settings.objectName?(oid, type) {
        out.append(contentsOf: name.utf8)
      } else {
        DecimalText.append(value, into: &out)
      }
    }
  }

  private static func bytes(
    _ raw: UnsafeRawBufferPointer, _ type: DataType, into out: inout [UInt8]
  ) throws(ApusError) {
    switch type {
    case .numeric: try Numeric(encoded: raw).write(into: &out)
    case .bytea, .aggregateState:
      out += [92, 120]
      for byte in raw {
        out.append(hexDigit(byte >> 4))
        out.append(hexDigit(byte & 15))
      }
    default: out.append(contentsOf: raw)
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

  private static func uuid(_ value: UUIDValue, into out: inout [UInt8]) {
    for index in 0..<16 {
      if index == 4 || index == 6 || index == 8 || index == 10 { out.append(45) }
      let half = index < 8 ? value.high : value.low
      let byte = UInt8(truncatingIfNeeded: half >> UInt64(56 - (index & 7) * 8))
      out.append(hexDigit(byte >> 4))
      out.append(hexDigit(byte & 15))
    }
  }

  private static func list(
    _ child: Vector, _ range: Range<Int>, of type: DataType, _ settings: FormatSettings, into out: inout [UInt8]
  ) throws(ApusError) {
    let isVector = type == .int2vector || type == .oidvector
    if !isVector { out.append(123) }
    var element: [UInt8] = []
    for index in range {
      if index > range.lowerBound { out.append(isVector ? 32 : 44) }
      if child.isNull(index) {
        out += Array("NULL".utf8)
        continue
      }
      element.removeAll(keepingCapacity: true)
      try output(child, row: index, settings: settings, into: &element)
      appendElement(element, into: &out)
    }
    if !isVector { out.append(125) }
  }

  private static func appendElement(_ text: [UInt8], into out: inout [UInt8]) {
    let isNullWord = text.count == 4 && String(decoding: text, as: UTF8.self).lowercased() == "null"
    let needsQuotes =
      text.isEmpty || isNullWord
      || text.contains { [34, 92, 123, 125, 44].contains($0) || isSpaceByte($0) }
    guard needsQuotes else { return out.append(contentsOf: text) }
    out.append(34)
    for byte in text {
      if byte == 34 || byte == 92 { out.append(92) }
      out.append(byte)
    }
    out.append(34)
  }

  // MARK: - Input

  /// Reads a value as PostgreSQL's input function of the type does, the modifier applied. Throws 22P02, 22003, 22007,
  /// 22008 and their kin with PostgreSQL's words; 0A000 for a type without input.
  public static func input(
    _ text: String, type: TypeReference, settings: FormatSettings
  ) throws(ApusError) -> Value {
    let bytes = Array(text.utf8)
    switch type.type {
    case .text, .unknown: return .text(text)
    case .json:
      try reading(bytes) { raw throws(ApusError) in try JSONB.validate(raw) }
      return .text(text)
    case .jsonb: return .text(try JSONB.canonicalise(text))
    case .varchar, .bpchar: return .text(try limited(text, type))
    case .name: return .text(truncatedName(text))
    case .char: return .text(String(decoding: bytes.prefix(1), as: UTF8.self))
    case .bool: return .bool(try bool(text))
    case .int2: return .int(try integer(text, Int16.self, "smallint"))
    case .int4: return .int(try integer(text, Int32.self, "integer"))
    case .int8: return .int(try integer(text, Int64.self, "bigint"))
    case .oid, .xid:
      // As C's strtoul: -1 is the greatest.
      if let number = Int32(trimmed(text)), number < 0 { return .int(Int64(UInt32(bitPattern: number))) }
      return .int(try integer(text, UInt32.self, "oid"))
    case .float4: return .float(Double(try reading(bytes, FloatText.float4)))
    case .float8: return .float(try reading(bytes, FloatText.float8))
    case .numeric: return .numeric(try Numeric(text: text).applying(modifier: type.modifier))
    case .interval: return .interval(try Interval(text: text))
    case .date:
      return .int(Int64(try reading(bytes) { raw throws(ApusError) in try DateTimeInput.date(raw, settings) }))
    case .time: return .int(try reading(bytes) { raw throws(ApusError) in try DateTimeInput.time(raw, settings) })
    case .timestamp:
      return .int(try reading(bytes) { raw throws(ApusError) in try DateTimeInput.timestamp(raw, settings) })
    case .timestamptz:
      return .int(try reading(bytes) { raw throws(ApusError) in try DateTimeInput.timestamptz(raw, settings) })
    case .uuid: return .uuid(try uuid(text))
    case .bytea: return .bytes(try bytea(bytes))
    case .array(let element): return try array(bytes, of: TypeReference(element, modifier: type.modifier), settings)
    case .regclass, .regtype, .regproc, .regprocedure, .regoper, .regoperator, .regnamespace, .regrole, .regcollation:
      return .int(Int64(try objectID(text, type.type, settings)))
    default: throw .unsupported("reading text as \(type.type.sqlName)")
    }
  }

  /// An object by its name, or by the digits of its OID; `-` is none.
  private static func objectID(_ text: String, _ type: DataType, _ settings: FormatSettings) throws(ApusError) -> OID {
    if text == "-" { return 0 }
    if let number = OID(text) { return number }
    guard let found = settings.objectID?(text, type) else { throw missingObject(text, type) }
    return found
  }

  /// What the input functions of the reg types say of a name that names nothing.
  public static func missingObject(_ text: String, _ type: DataType) -> ApusError {
    switch type {
    case .regclass: ApusError(.undefinedTable, "relation \"\(text)\" does not exist")
    case .regtype: ApusError(.undefinedObject, "type \"\(text)\" does not exist")
    case .regproc, .regprocedure: ApusError(.undefinedFunction, "function \"\(text)\" does not exist")
    case .regoper, .regoperator: ApusError(.undefinedFunction, "operator does not exist: \(text)")
    case .regnamespace: ApusError(.invalidSchemaName, "schema \"\(text)\" does not exist")
    case .regrole: ApusError(.undefinedObject, "role \"\(text)\" does not exist")
    default: ApusError(.undefinedObject, "collation \"\(text)\" for encoding \"UTF8\" does not exist")
    }
  }

  private static func reading<T>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ApusError) -> T
  ) throws(ApusError) -> T {
    var result: Result<T, ApusError>?
    bytes.withUnsafeBytes { raw in
      do throws(ApusError) { result = .success(try body(raw)) } catch { result = .failure(error) }
    }
    guard let result else { throw .unexpected("a value was not read") }
    return try result.get()
  }

  private static func malformed(_ type: String, _ text: String) -> ApusError {
    ApusError(.invalidTextRepresentation, "invalid input syntax for type \(type): \"\(text)\"")
  }

  private static func trimmed(_ text: String) -> Substring {
    var part = text[...]
    while let first = part.utf8.first, isSpaceByte(first) { part.removeFirst() }
    while let last = part.utf8.last, isSpaceByte(last) { part.removeLast() }
    return part
  }

  private static func bool(_ text: String) throws(ApusError) -> Bool {
    let word = trimmed(text).lowercased()
    if !word.isEmpty {
      if "true".hasPrefix(word) || "yes".hasPrefix(word) || word == "on" || word == "1" { return true }
      if "false".hasPrefix(word) || "no".hasPrefix(word) || word == "0" { return false }
      if word == "of" || word == "off" { return false }
    }
    throw malformed("boolean", text)
  }

  private static func integer<T: FixedWidthInteger>(
    _ text: String, _: T.Type, _ name: String
  ) throws(ApusError) -> Int64 {
    let digits = trimmed(text)
    let body = digits.first == "-" || digits.first == "+" ? digits.dropFirst() : digits
    guard !body.isEmpty, body.utf8.allSatisfy(isDigitByte) else { throw malformed(name, text) }
    guard let value = Int64(digits), let fitting = T(exactly: value) else {
      throw ApusError(.numericValueOutOfRange, "value \"\(text)\" is out of range for type \(name)")
    }
    return Int64(fitting)
  }

  private static func limited(_ text: String, _ type: TypeReference) throws(ApusError) -> String {
    guard type.modifier >= 4 else { return text }
    let limit = Int(type.modifier) - 4
    let count = text.unicodeScalars.count
    if count <= limit {
      return type.type == .bpchar ? text + String(repeating: " ", count: limit - count) : text
    }
    let rest = text.unicodeScalars.dropFirst(limit)
    guard rest.allSatisfy({ $0 == " " }) else {
      let name = type.type == .bpchar ? "character" : "character varying"
      throw ApusError(.stringDataRightTruncation, "value too long for type \(name)(\(limit))")
    }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
  }

  /// A name is cut to 63 bytes, never within a character.
  public static func truncatedName(_ text: String) -> String {
    guard text.utf8.count > Limits.identifierBytesMax else { return text }
    var cut = String.UnicodeScalarView()
    var bytes = 0
    for scalar in text.unicodeScalars {
      bytes += UTF8.width(scalar)
      if bytes > Limits.identifierBytesMax { break }
      cut.append(scalar)
    }
    return String(cut)
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }

  private static func uuid(_ text: String) throws(ApusError) -> UUIDValue {
    var bytes = Array(text.utf8)[...]
    if bytes.first == 123, bytes.last == 125 { bytes = bytes.dropFirst().dropLast() }
    var high: UInt64 = 0
    var low: UInt64 = 0
    var digits = 0
    for byte in bytes {
      // A hyphen may follow each group of four digits.
      if byte == 45, digits % 4 == 0, digits > 0, digits < 32 { continue }
      guard digits < 32, let value = nibble(byte) else { throw malformed("uuid", text) }
      if digits < 16 { high = high << 4 | UInt64(value) } else { low = low << 4 | UInt64(value) }
      digits += 1
    }
    guard digits == 32, bytes.last != 45 else { throw malformed("uuid", text) }
    return UUIDValue(high: high, low: low)
  }

  private static func bytea(_ bytes: [UInt8]) throws(ApusError) -> [UInt8] {
    var out: [UInt8] = []
    if bytes.starts(with: [92, 120]) {
      var pending: UInt8?
      for byte in bytes.dropFirst(2) where !isSpaceByte(byte) {
        guard let value = nibble(byte) else {
          let shown = String(decoding: [byte], as: UTF8.self)
          throw ApusError(.invalidParameterValue, "invalid hexadecimal digit: \"\(shown)\"")
        }
        if let first = pending {
          out.append(first << 4 | value)
          pending = nil
        } else {
          pending = value
        }
      }
      guard pending == nil else {
        throw ApusError(.invalidParameterValue, "invalid hexadecimal data: odd number of digits")
      }
      return out
    }
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      guard byte == 92 else {
        out.append(byte)
        continue
      }
      let next = Array(rest.prefix(3))
      if next.first == 92 {
        out.append(92)
        rest = rest.dropFirst()
      } else if next.count == 3, (48...51).contains(next[0]), next[1...].allSatisfy({ (48...55).contains($0) }) {
        out.append((next[0] - 48) << 6 | (next[1] - 48) << 3 | (next[2] - 48))
        rest = rest.dropFirst(3)
      } else {
        throw ApusError(.invalidTextRepresentation, "invalid input syntax for type bytea")
      }
    }
    return out
  }

  // MARK: - Arrays

  private static func array(
    _ bytes: [UInt8], of element: TypeReference, _ settings: FormatSettings
  ) throws(ApusError) -> Value {
    let text = String(decoding: bytes, as: UTF8.self)
    func broken(_ detail: String) -> ApusError {
      ApusError(.invalidTextRepresentation, "malformed array literal: \"\(text)\"", detail: detail)
    }
    let body = Array(trimmed(text).utf8)
    guard body.first == 123 else {
      throw broken("Array value must start with \"{\" or dimension information.")
    }
    guard body.count >= 2, body.last == 125 else { throw broken("Unexpected end of input.") }
    var values: [Value] = []
    var item: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    var spaces = 0
    func finishItem() throws(ApusError) {
      if !wasQuoted { item.removeLast(min(spaces, item.count)) }
      let word = String(decoding: item, as: UTF8.self)
      if !wasQuoted, item.isEmpty { throw broken("Unexpected \",\" character.") }
      let isNull = !wasQuoted && word.uppercased() == "NULL"
      values.append(isNull ? .null : try input(word, type: element, settings: settings))
      item = []
      wasQuoted = false
      spaces = 0
    }
    let inner = body.dropFirst().dropLast()
    if inner.allSatisfy(isSpaceByte) { return .array([]) }
    var rest = inner
    while let byte = rest.popFirst() {
      switch byte {
      case 92:
        guard let escaped = rest.popFirst() else { throw broken("Unexpected end of input.") }
        item.append(escaped)
        spaces = 0
      case 34:
        isQuoted.toggle()
        wasQuoted = true
      case 44 where !isQuoted: try finishItem()
      case 123 where !isQuoted, 125 where !isQuoted: throw .unsupported("multidimensional arrays are")
      case _ where !isQuoted && isSpaceByte(byte):
        if wasQuoted || item.isEmpty { continue }
        item.append(byte)
        spaces += 1
      default:
        item.append(byte)
        spaces = 0
      }
    }
    if isQuoted { throw broken("Unexpected end of input.") }
    try finishItem()
    return .array(values)
  }
}
