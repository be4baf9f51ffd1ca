// StringStream owns byte strings on disk: plain, or as numbers where all of them are digits behind one prefix, or as
// binary where all are hexadecimal.

public import ApusBase

private enum StringKind: UInt8 {
  /// Lengths, then the bytes.
  case plain = 0
  /// A prefix and an integer stream: decimal digits of one width, decimal digits without leading zeros, or up to 16
  /// hexadecimal digits of one width.
  case decimal = 1
  case canonicalDecimal = 2
  case shortHex = 3
  /// A prefix and more than 16 hexadecimal digits of one width, two in a byte; `uuid` has the dashes of a UUID.
  case hex = 4
  case uuid = 5
}

private let hexMax = 16
private let decimalMax = 18
private let prefixMax = 255
/// Where the dashes of a UUID are, and its length.
private let uuidLength = 36
@inline(__always)
private func isDash(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

/// 0...15 for lower-case hexadecimal digits, else 255.
@inline(__always)
private func hexValue(_ byte: UInt8) -> UInt8 {
  let digit = byte &- 48
  if digit < 10 { return digit }
  let letter = byte &- 97
  return letter < 6 ? letter &+ 10 : 255
}

@inline(__always)
private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 48 : value &+ 87 }

public enum StringEncoder {
  /// Appends `count` strings: `count + 1` offsets into `data`, the first of which need not be 0.
  public static func append(
    offsets: UnsafePointer<Int32>, data: UnsafeRawPointer, count: Int, to writer: ChunkWriter
  ) {
    if count > 0, appendDigits(offsets, data, count, to: writer) { return }
    writer.byte(StringKind.plain.rawValue)
    var lengths = [Int64](repeating: 0, count: count)
    for index in 0..<count { lengths[index] = Int64(offsets[index + 1] &- offsets[index]) }
    lengths.withUnsafeBufferPointer { IntegerEncoder.append($0, to: writer, depth: 0) }
    let total = Int(offsets[count] &- offsets[0])
    writer.append(data + Int(offsets[0]), count: total)
    if total > 0 { writer.isCompressible = true }
  }

  private static func appendDigits(
    _ offsets: UnsafePointer<Int32>, _ data: UnsafeRawPointer, _ count: Int, to writer: ChunkWriter
  ) -> Bool {
    let first = UnsafeRawBufferPointer(start: data + Int(offsets[0]), count: Int(offsets[1] &- offsets[0]))
    guard count > 1, first.count > 0 else { return false }
    var shared = min(first.count, prefixMax)
    var isFixed = true
    for index in 1..<count {
      let length = Int(offsets[index + 1] &- offsets[index])
      if length != first.count { isFixed = false }
      let other = data + Int(offsets[index])
      shared = min(shared, length)
      var same = 0
      while same < shared, other.load(fromByteOffset: same, as: UInt8.self) == first[same] { same &+= 1 }
      shared = same
      if shared == 0, !isFixed { return false }
    }
    if isFixed {
      if first.count == uuidLength, appendUUIDs(offsets, data, count, to: writer) { return true }
      let digits = first.count - shared
      if digits == 0 { return false }
      if digits <= decimalMax,
        appendNumbers(.decimal, offsets, data, count, prefix: first.prefix(shared), radix: 10, to: writer)
      {
        return true
      }
      if digits <= hexMax {
        return appendNumbers(.shortHex, offsets, data, count, prefix: first.prefix(shared), radix: 16, to: writer)
      }
      return appendHex(offsets, data, count, shared, first, to: writer)
    }
    while shared > 0, first[shared - 1] &- 48 < 10 { shared -= 1 }
    return appendNumbers(.canonicalDecimal, offsets, data, count, prefix: first.prefix(shared), radix: 10, to: writer)
  }

  private static func appendNumbers(
    _ kind: StringKind, _ offsets: UnsafePointer<Int32>, _ data: UnsafeRawPointer, _ count: Int,
    prefix: Slice<UnsafeRawBufferPointer>, radix: UInt64, to writer: ChunkWriter
  ) -> Bool {
    let skip = prefix.count
    let numbers = UnsafeMutablePointer<Int64>.allocate(capacity: count)
    defer { numbers.deallocate() }
    for index in 0..<count {
      let text = data + Int(offsets[index])
      let length = Int(offsets[index + 1] &- offsets[index])
      guard length > skip, length &- skip <= decimalMax else { return false }
      var value: UInt64 = 0
      for place in skip..<length {
        let digit = UInt64(hexValue(text.load(fromByteOffset: place, as: UInt8.self)))
        guard digit < radix else { return false }
        value = value &* radix &+ digit
      }
      if kind == .canonicalDecimal, length > skip + 1, text.load(fromByteOffset: skip, as: UInt8.self) == 48 {
        return false
      }
      numbers[index] = Int64(bitPattern: value)
    }
    writer.byte(kind.rawValue)
    appendPrefix(prefix, to: writer)
    if kind != .canonicalDecimal { writer.byte(UInt8(Int(offsets[1] &- offsets[0]) - skip)) }
    IntegerEncoder.append(UnsafeBufferPointer(start: numbers, count: count), to: writer, depth: 0)
    return true
  }

  private static func appendPrefix(_ prefix: Slice<UnsafeRawBufferPointer>, to writer: ChunkWriter) {
    writer.byte(UInt8(truncatingIfNeeded: prefix.count))
    for byte in prefix { writer.byte(byte) }
  }

  private static func appendUUIDs(
    _ offsets: UnsafePointer<Int32>, _ data: UnsafeRawPointer, _ count: Int, to writer: ChunkWriter
  ) -> Bool {
    let start = writer.count
    writer.byte(StringKind.uuid.rawValue)
    let out = writer.extend(count * 16).assumingMemoryBound(to: UInt8.self)
    for index in 0..<count {
      let text = data + Int(offsets[index])
      var at = 0
      var bad: UInt8 = 0
      for byte in 0..<16 {
        if isDash(at) {
          if text.load(fromByteOffset: at, as: UInt8.self) != 45 { bad = 255 }
          at &+= 1
        }
        let high = hexValue(text.load(fromByteOffset: at, as: UInt8.self))
        let low = hexValue(text.load(fromByteOffset: at &+ 1, as: UInt8.self))
        bad |= (high | low) & 0xF0
        out[index &* 16 &+ byte] = high &<< 4 | low
        at &+= 2
      }
      if bad != 0 {
        writer.truncate(to: start)
        return false
      }
    }
    return true
  }

  private static func appendHex(
    _ offsets: UnsafePointer<Int32>, _ data: UnsafeRawPointer, _ count: Int, _ shared: Int,
    _ first: UnsafeRawBufferPointer, to writer: ChunkWriter
  ) -> Bool {
    // An even number of digits: one of the prefix's more, if need be and it is one.
    var skip = shared
    if (first.count - skip) & 1 == 1 {
      guard skip > 0, hexValue(first[skip - 1]) != 255 else { return false }
      skip -= 1
    }
    let bytes = (first.count - skip) / 2
    guard bytes <= 255 else { return false }
    let start = writer.count
    writer.byte(StringKind.hex.rawValue)
    appendPrefix(first.prefix(skip), to: writer)
    writer.byte(UInt8(bytes))
    let out = writer.extend(count * bytes).assumingMemoryBound(to: UInt8.self)
    for index in 0..<count {
      let text = data + Int(offsets[index]) + skip
      var bad: UInt8 = 0
      for byte in 0..<bytes {
        let high = hexValue(text.load(fromByteOffset: 2 &* byte, as: UInt8.self))
        let low = hexValue(text.load(fromByteOffset: 2 &* byte &+ 1, as: UInt8.self))
        bad |= (high | low) & 0xF0
        out[index &* bytes &+ byte] = high &<< 4 | low
      }
      if bad != 0 {
        writer.truncate(to: start)
        return false
      }
    }
    return true
  }
}

public enum StringDecoder {
  /// The next `count` strings: offsets from 0 and their bytes. Throws XX001 for bytes that the encoder cannot have
  /// made.
  public static func decode(
    _ cursor: inout ChunkCursor, count: Int
  ) throws(ApusError) -> (offsets: Buffer, data: Buffer) {
    guard let kind = StringKind(rawValue: UInt8(truncatingIfNeeded: try cursor.byte())) else {
      throw damaged("unknown text encoding")
    }
    switch kind {
    case .plain: return try plain(&cursor, count)
    case .uuid: return try uuids(&cursor, count)
    case .hex:
      let prefix = try prefix(&cursor)
      let bytes = try cursor.byte()
      guard bytes > 0 else { throw damaged("text without digits") }
      return try hex(&cursor, count, prefix, bytes)
    case .decimal, .canonicalDecimal, .shortHex:
      let prefix = try prefix(&cursor)
      let digits = kind == .canonicalDecimal ? 0 : try cursor.byte()
      guard kind == .canonicalDecimal || (1...(kind == .decimal ? decimalMax : hexMax)).contains(digits) else {
        throw damaged("text with \(digits) digits")
      }
      let stream = try IntegerStream(&cursor, countMax: count)
      guard stream.count == count else { throw damaged("numbers of another count") }
      return kind == .canonicalDecimal
        ? try canonical(stream.decoded(), count, prefix)
        : try fixedNumbers(stream.decoded(), count, prefix, digits, radix: kind == .decimal ? 10 : 16)
    }
  }

  private static func prefix(_ cursor: inout ChunkCursor) throws(ApusError) -> [UInt8] {
    let length = try cursor.byte()
    return [UInt8](try cursor.bytes(length))
  }

  private static func evenOffsets(_ count: Int, _ length: Int) throws(ApusError) -> Buffer {
    guard count * length <= Int(Int32.max) else { throw damaged("text larger than 2 GiB") }
    let offsets = Buffer(byteCount: (count + 1) * 4)
    let out = offsets.write(Int32.self)
    for index in 0...count { out[index] = Int32(truncatingIfNeeded: index &* length) }
    return offsets
  }

  private static func plain(_ cursor: inout ChunkCursor, _ count: Int) throws(ApusError) -> (Buffer, Buffer) {
    let stream = try IntegerStream(&cursor, countMax: count)
    guard stream.count == count else { throw damaged("lengths of another count") }
    let lengths = stream.decoded()
    let offsets = Buffer(byteCount: (count + 1) * 4)
    let out = offsets.write(Int32.self)
    let source = lengths.read(Int64.self)
    var total: Int64 = 0
    out[0] = 0
    for index in 0..<count {
      let length = source[index]
      guard length >= 0, length <= Int64(Int32.max) else { throw damaged("text length") }
      total &+= length
      guard total <= Int64(Int32.max) else { throw damaged("text larger than 2 GiB") }
      out[index + 1] = Int32(truncatingIfNeeded: total)
    }
    let raw = try cursor.bytes(Int(total))
    let data = Buffer(byteCount: raw.count)
    if let base = raw.baseAddress { data.address.copyMemory(from: base, byteCount: raw.count) }
    return withExtendedLifetime(lengths) { (offsets, data) }
  }

  private static func uuids(_ cursor: inout ChunkCursor, _ count: Int) throws(ApusError) -> (Buffer, Buffer) {
    let raw = try cursor.bytes(count * 16)
    let offsets = try evenOffsets(count, uuidLength)
    let data = Buffer(byteCount: count * uuidLength)
    guard let source = raw.baseAddress else { return (offsets, data) }
    let out = data.write(UInt8.self)
    for index in 0..<count {
      let text = out + index * uuidLength
      let bytes = source + index * 16
      var at = 0
      for byte in 0..<16 {
        if isDash(at) {
          text[at] = 45
          at &+= 1
        }
        let value = bytes.load(fromByteOffset: byte, as: UInt8.self)
        text[at] = hexDigit(value >> 4)
        text[at &+ 1] = hexDigit(value & 15)
        at &+= 2
      }
    }
    return (offsets, data)
  }

  private static func hex(
    _ cursor: inout ChunkCursor, _ count: Int, _ prefix: [UInt8], _ bytes: Int
  ) throws(ApusError) -> (Buffer, Buffer) {
    let raw = try cursor.bytes(count * bytes)
    let length = prefix.count + bytes * 2
    let offsets = try evenOffsets(count, length)
    let data = Buffer(byteCount: count * length)
    guard let source = raw.baseAddress else { return (offsets, data) }
    let out = data.write(UInt8.self)
    for index in 0..<count {
      let text = out + index * length
      for place in 0..<prefix.count { text[place] = prefix[place] }
      let digits = text + prefix.count
      for byte in 0..<bytes {
        let value = source.load(fromByteOffset: index &* bytes &+ byte, as: UInt8.self)
        digits[2 &* byte] = hexDigit(value >> 4)
        digits[2 &* byte &+ 1] = hexDigit(value & 15)
      }
    }
    return (offsets, data)
  }

  private static func fixedNumbers(
    _ numbers: Buffer, _ count: Int, _ prefix: [UInt8], _ digits: Int, radix: UInt64
  ) throws(ApusError) -> (Buffer, Buffer) {
    let length = prefix.count + digits
    let offsets = try evenOffsets(count, length)
    let data = Buffer(byteCount: count * length)
    let out = data.write(UInt8.self)
    let source = numbers.read(UInt64.self)
    var left: UInt64 = 0
    for index in 0..<count {
      let text = out + index * length
      for place in 0..<prefix.count { text[place] = prefix[place] }
      var value = source[index]
      var place = length &- 1
      while place >= prefix.count {
        if radix == 16 {
          text[place] = hexDigit(UInt8(truncatingIfNeeded: value & 15))
          value >>= 4
        } else {
          let (quotient, digit) = value.quotientAndRemainder(dividingBy: 10)
          text[place] = UInt8(truncatingIfNeeded: digit) &+ 48
          value = quotient
        }
        place &-= 1
      }
      left |= value
    }
    guard left == 0 else { throw damaged("a number of too many digits") }
    return withExtendedLifetime(numbers) { (offsets, data) }
  }

  private static func canonical(
    _ numbers: Buffer, _ count: Int, _ prefix: [UInt8]
  ) throws(ApusError) -> (Buffer, Buffer) {
    var builder = BytesBuilder(capacity: count, bytes: count * (prefix.count + 8))
    let source = numbers.read(Int64.self)
    var text = prefix + [UInt8](repeating: 0, count: decimalMax + 2)
    for index in 0..<count {
      guard source[index] >= 0, source[index] < 1_000_000_000_000_000_000 else { throw damaged("a number") }
      var digits = 1
      var bound = 10
      while digits < decimalMax, source[index] >= bound {
        digits += 1
        bound *= 10
      }
      var value = UInt64(source[index])
      for place in stride(from: prefix.count + digits - 1, through: prefix.count, by: -1) {
        text[place] = UInt8(truncatingIfNeeded: value % 10) &+ 48
        value /= 10
      }
      guard builder.fits(prefix.count + digits) else { throw damaged("text larger than 2 GiB") }
      text.withUnsafeBytes {
        builder.append(UnsafeRawBufferPointer(rebasing: $0[0..<prefix.count + digits]))
      }
    }
    return withExtendedLifetime(numbers) { builder.finishStorage() }
  }
}
