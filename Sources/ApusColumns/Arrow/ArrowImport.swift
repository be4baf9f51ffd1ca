// The reading of Arrow arrays into our vectors. Everything that can be checked without knowing the sizes of buffers is:
// what is broken is an error, never a trap.

public import ApusBase
public import CApusABI

extension ArrowField {
  /// The columns of a batch, copied. The array is not released.
  public static func batch(
    _ array: UnsafePointer<ArrowArray>, fields: [ArrowField]
  ) throws(ApusError) -> Batch {
    let parent = array.pointee
    guard parent.release != nil else { throw Arrow.broken("a batch was released") }
    guard parent.length >= 0, parent.length <= Int64(Int32.max) else {
      throw Arrow.broken("a batch has \(parent.length) rows")
    }
    guard parent.offset == 0 else { throw Arrow.broken("a batch has an offset") }
    guard parent.null_count <= 0 || parent.length == 0 else { throw Arrow.broken("rows of a batch are null") }
    guard parent.n_children == Int64(fields.count), fields.isEmpty || parent.children != nil else {
      throw Arrow.broken("a batch has \(parent.n_children) columns where its schema has \(fields.count)")
    }
    var columns: [Vector] = []
    for (index, field) in fields.enumerated() {
      guard let child = parent.children[index] else { throw Arrow.broken("a batch lacks its column \(index + 1)") }
      guard child.pointee.length >= parent.length else {
        throw Arrow.broken(
          "column \"\(field.name)\" has \(child.pointee.length) rows where its batch has \(parent.length)")
      }
      columns.append(try field.vector(child, count: Int(parent.length)))
    }
    return Batch(columns: columns, count: Int(parent.length))
  }

  /// The values of an array, which must be `count` (the first `count`, within a batch), copied.
  public func vector(_ array: UnsafePointer<ArrowArray>, count: Int? = nil) throws(ApusError) -> Vector {
    do throws(ApusError) {
      let reader = try ArrowReader(array, count: count)
      return try reader.vector(layout, type.type)
    } catch {
      guard error.state == .dataException, !name.isEmpty else { throw error }
      var named = error
      named.column = name
      if named.detail == nil { named.detail = "Column \"\(name)\"." }
      throw named
    }
  }

  /// The field of a type in the format that the host writes: what functions give.
  public init(name: String, canonical type: DataType) throws(ApusError) {
    var schema = try Arrow.schema(name: name, type: TypeReference(type))
    defer { Arrow.release(&schema) }
    try self.init(&schema, as: type)
  }
}

/// One array while it is read.
private struct ArrowReader {
  let array: ArrowArray
  let count: Int
  let offset: Int

  init(_ pointer: UnsafePointer<ArrowArray>, count: Int?) throws(ApusError) {
    array = pointer.pointee
    guard array.release != nil else { throw Arrow.broken("an array was released") }
    guard array.length >= 0, array.length <= Int64(Int32.max), array.offset >= 0,
      array.offset <= Int64(Int32.max) &* 2
    else { throw Arrow.broken("an array has the length \(array.length) and the offset \(array.offset)") }
    if let count, count > array.length {
      throw Arrow.broken("an array has \(array.length) values where \(count) were expected")
    }
    guard array.null_count >= -1, array.null_count <= array.length else {
      throw Arrow.broken("an array of \(array.length) values says it has \(array.null_count) nulls")
    }
    guard array.n_buffers >= 0, array.n_buffers == 0 || array.buffers != nil else {
      throw Arrow.broken("an array has no buffers")
    }
    self.count = count ?? Int(array.length)
    offset = Int(array.offset)
  }

  private func need(buffers: Int) throws(ApusError) {
    guard array.n_buffers == buffers else {
      throw Arrow.broken("an array has \(array.n_buffers) buffers where its format has \(buffers)")
    }
  }

  /// A buffer that must be there when there are values.
  private func buffer(_ index: Int) throws(ApusError) -> UnsafeRawPointer {
    guard let pointer = array.buffers[index] else { throw Arrow.broken("an array lacks its buffer \(index + 1)") }
    return pointer
  }

  private func bit(_ bits: UnsafePointer<UInt8>, _ index: Int) -> Bool {
    bits[index >> 3] & (1 << UInt8(index & 7)) != 0
  }

  /// Bits from `offset`, moved to the front.
  private func bitmap(_ raw: UnsafeRawPointer) -> Bitmap {
    let bits = raw.assumingMemoryBound(to: UInt8.self)
    let result = Bitmap(repeating: false, count: count)
    if offset & 7 == 0 {
      result.words.address.copyMemory(from: bits + offset / 8, byteCount: (count + 7) / 8)
      // Bits past the end mean nothing to us, but their bytes must not be read elsewhere.
      return result
    }
    for row in 0..<count where bit(bits, offset + row) { result.set(row) }
    return result
  }

  private func validity() throws(ApusError) -> Bitmap? {
    if count == 0 || array.null_count == 0 || array.n_buffers == 0 { return nil }
    guard let raw = array.buffers[0] else {
      if array.null_count > 0 { throw Arrow.broken("an array with nulls lacks its validity buffer") }
      return nil
    }
    let bits = bitmap(raw)
    let nulls = count - bits.setCount
    if array.null_count >= 0, count == array.length, nulls != array.null_count {
      throw Arrow.broken("an array says it has \(array.null_count) nulls and has \(nulls)")
    }
    return nulls == 0 ? nil : bits
  }

  func vector(_ layout: ArrowLayout, _ type: DataType) throws(ApusError) -> Vector {
    if case .dictionary(let width, let isSigned, let values) = layout {
      return try dictionary(width, isSigned, values, type)
    }
    guard array.dictionary == nil else { throw Arrow.broken("an array has a dictionary that its schema lacks") }
    switch layout {
    case .text(let large), .binary(let large):
      try need(buffers: 3)
      return try bytes(large: large, isText: layout == .text(large: large), type, try validity())
    case .list(let element): return try list(element, type)
    default:
      try need(buffers: 2)
      let valid = try validity()
      if count == 0 { return Vector.of([], type: type) }
      return Vector(
        type: type, count: count, validity: valid, storage: try fixed(layout, type, try buffer(1), valid))
    }
  }

  // MARK: Fixed widths

  private func fixed(
    _ layout: ArrowLayout, _ type: DataType, _ raw: UnsafeRawPointer, _ valid: Bitmap?
  ) throws(ApusError) -> Vector.Storage {
    switch layout {
    case .bool: return .bool(bitmap(raw))
    case .integer(let width, let isSigned): return try integers(width, isSigned, type, raw)
    case .float32:
      if type == .float4 { return .float32(copy(raw, width: 4)) }
      let out = Buffer(byteCount: count * 8)
      let to = out.write(Double.self)
      for row in 0..<count { to[row] = Double(raw.loadUnaligned(fromByteOffset: (offset + row) * 4, as: Float.self)) }
      return .float64(out)
    case .float64: return .float64(copy(raw, width: 8))
    case .date: return .int32(try dates(raw, valid))
    case .time:
      let out = copy(raw, width: 8)
      let values = out.read(Int64.self)
      for row in 0..<count where valid?[row] ?? true {
        guard (0...86_400_000_000).contains(values[row]) else {
          throw Arrow.broken("a time of \(values[row]) microseconds")
        }
      }
      return .int64(out)
    case .timestamp(let multiplier): return .int64(try times(raw, multiplier, valid))
    case .interval: return .interval(intervals(raw))
    case .uuid:
      let out = copy(raw, width: 16)
      let words = out.write(UInt64.self)
      for index in 0..<count * 2 { words[index] = words[index].bigEndian }
      return .uuid(out)
    case .decimal(let scale): return try decimals(raw, scale: scale, valid)
    default: throw .unexpected("a layout of no fixed width")
    }
  }

  private func copy(_ raw: UnsafeRawPointer, width: Int) -> Buffer {
    let out = Buffer(byteCount: count * width)
    out.address.copyMemory(from: raw + offset * width, byteCount: count * width)
    return out
  }

  private func integer(_ raw: UnsafeRawPointer, _ width: Int, _ isSigned: Bool, _ row: Int) -> Int64 {
    let place = (offset + row) * width
    switch (width, isSigned) {
    case (1, true): return Int64(raw.load(fromByteOffset: place, as: Int8.self))
    case (1, false): return Int64(raw.load(fromByteOffset: place, as: UInt8.self))
    case (2, true): return Int64(raw.loadUnaligned(fromByteOffset: place, as: Int16.self))
    case (2, false): return Int64(raw.loadUnaligned(fromByteOffset: place, as: UInt16.self))
    case (4, true): return Int64(raw.loadUnaligned(fromByteOffset: place, as: Int32.self))
    case (4, false): return Int64(raw.loadUnaligned(fromByteOffset: place, as: UInt32.self))
    default: return raw.loadUnaligned(fromByteOffset: place, as: Int64.self)
    }
  }

  private func integers(
    _ width: Int, _ isSigned: Bool, _ type: DataType, _ raw: UnsafeRawPointer
  ) throws(ApusError) -> Vector.Storage {
    if type == .numeric {
      var builder = BytesBuilder(capacity: count)
      for row in 0..<count { builder.append(Numeric(integer(raw, width, isSigned, row)).encoded) }
      let storage = builder.finishStorage()
      return .bytes(offsets: storage.offsets, data: storage.data)
    }
    switch type.physical {
    case .int16:
      if width == 2 { return .int16(copy(raw, width: 2)) }
      let out = Buffer(byteCount: count * 2)
      let to = out.write(Int16.self)
      for row in 0..<count { to[row] = Int16(truncatingIfNeeded: integer(raw, width, isSigned, row)) }
      return .int16(out)
    case .int32:
      if width == 4 { return .int32(copy(raw, width: 4)) }
      let out = Buffer(byteCount: count * 4)
      let to = out.write(Int32.self)
      for row in 0..<count { to[row] = Int32(truncatingIfNeeded: integer(raw, width, isSigned, row)) }
      return .int32(out)
    default:
      let out = Buffer(byteCount: count * 8)
      let to = out.write(Int64.self)
      for row in 0..<count { to[row] = integer(raw, width, isSigned, row) }
      if type.isOIDLike {
        for row in 0..<count where !(0...Int64(UInt32.max)).contains(to[row]) {
          throw Arrow.broken("an oid out of range")
        }
      }
      return .int64(out)
    }
  }

  private func dates(_ raw: UnsafeRawPointer, _ valid: Bitmap?) throws(ApusError) -> Buffer {
    let out = copy(raw, width: 4)
    let values = out.write(Int32.self)
    for row in 0..<count where values[row] != .max && values[row] != .min {
      let (day, overflow) = values[row].subtractingReportingOverflow(ArrowExport.epochDays)
      values[row] = overflow ? .min : day
    }
    return out
  }

  private func times(_ raw: UnsafeRawPointer, _ multiplier: Int64, _ valid: Bitmap?) throws(ApusError) -> Buffer {
    let out = copy(raw, width: 8)
    let values = out.write(Int64.self)
    for row in 0..<count where values[row] != .max && values[row] != .min {
      var time = values[row]
      var isWrong = false
      if multiplier > 1 {
        (time, isWrong) = time.multipliedReportingOverflow(by: multiplier)
      } else if multiplier < 0 {
        let unit = 0 &- multiplier
        time = time / unit &- (time % unit < 0 ? 1 : 0)
      }
      let (moved, overflow) = time.subtractingReportingOverflow(postgresEpochUnixMicroseconds)
      if isWrong || overflow, valid?[row] ?? true {
        throw ApusError(.datetimeFieldOverflow, "timestamp out of range", detail: "A plugin gave \(values[row]).")
      }
      values[row] = isWrong || overflow ? 0 : moved
    }
    return out
  }

  private func intervals(_ raw: UnsafeRawPointer) -> Buffer {
    let out = Buffer(byteCount: count * 16)
    let to = out.write(Interval.self)
    for row in 0..<count {
      let place = raw + (offset + row) * 16
      let nanoseconds = place.loadUnaligned(fromByteOffset: 8, as: Int64.self)
      to[row] = Interval(
        months: place.loadUnaligned(as: Int32.self), days: place.loadUnaligned(fromByteOffset: 4, as: Int32.self),
        microseconds: nanoseconds / 1000 &- (nanoseconds % 1000 < 0 ? 1 : 0))
    }
    return out
  }

  private func decimals(_ raw: UnsafeRawPointer, scale: Int, _ valid: Bitmap?) throws(ApusError) -> Vector.Storage {
    var builder = BytesBuilder(capacity: count)
    for row in 0..<count {
      guard valid?[row] ?? true else {
        builder.appendEmpty()
        continue
      }
      let place = (offset + row) * 16
      let low = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      let high = raw.loadUnaligned(fromByteOffset: place + 8, as: Int64.self)
      builder.append(Numeric(Int128(high) << 64 | Int128(low), scale: scale).encoded)
    }
    let storage = builder.finishStorage()
    return .bytes(offsets: storage.offsets, data: storage.data)
  }

  // MARK: Bytes

  private func bytes(
    large: Bool, isText: Bool, _ type: DataType, _ valid: Bitmap?
  ) throws(ApusError) -> Vector {
    if count == 0 { return Vector.of([], type: type) }
    let bounds = try bounds(large: large, try buffer(1))
    let total = bounds.last - bounds.first
    guard total <= Int64(Int32.max) else {
      throw ApusError(.programLimitExceeded, "a plugin gave a batch with a column larger than 2 GiB")
    }
    let data = Buffer(byteCount: Int(total))
    if total > 0 { data.address.copyMemory(from: try buffer(2) + Int(bounds.first), byteCount: Int(total)) }
    let flat = Vector(
      type: isText ? .text : type, count: count, validity: valid,
      storage: .bytes(offsets: bounds.offsets, data: data))
    guard isText else { return flat }
    try checkText(flat, bounds.offsets, data)
    switch type {
    case .numeric: return try converted(flat, type) { (raw) throws(ApusError) in try Numeric(utf8: raw).encoded }
    case .jsonb: return try converted(flat, type) { (raw) throws(ApusError) in try JSONB.canonicalise(raw) }
    case .json:
      return try converted(flat, type) { (raw) throws(ApusError) in
        try JSONB.validate(raw)
        return Array(raw)
      }
    default: return flat.reinterpreted(as: type)
    }
  }

  /// Offsets from 0 in Int32, checked to grow, and the first and last as they were.
  private func bounds(
    large: Bool, _ raw: UnsafeRawPointer
  ) throws(ApusError) -> (offsets: Buffer, first: Int64, last: Int64) {
    func bound(_ index: Int) -> Int64 {
      large
        ? raw.loadUnaligned(fromByteOffset: (offset + index) * 8, as: Int64.self)
        : Int64(raw.loadUnaligned(fromByteOffset: (offset + index) * 4, as: Int32.self))
    }
    let first = bound(0)
    let last = bound(count)
    guard first >= 0, last >= first, last - first <= Int64(Int32.max) else {
      throw Arrow.broken("offsets go from \(first) to \(last)")
    }
    let offsets = Buffer(byteCount: (count + 1) * 4)
    let out = offsets.write(Int32.self)
    var before = first
    for row in 0...count {
      let next = bound(row)
      guard next >= before, next <= last else { throw Arrow.broken("offset \(row) is \(next) after \(before)") }
      guard next - before <= Int64(Limits.valueBytesMax) else {
        throw ApusError(.programLimitExceeded, "a plugin gave a value of \(next - before) bytes")
      }
      out[row] = Int32(truncatingIfNeeded: next - first)
      before = next
    }
    return (offsets, first, last)
  }

  /// ASCII without NUL is settled at once; the rest is looked at value by value.
  private func checkText(_ flat: Vector, _ offsets: Buffer, _ data: Buffer) throws(ApusError) {
    let bytes = data.read(UInt8.self)
    var high: UInt8 = 0
    var zeros = 0
    for index in 0..<data.byteCount {
      high |= bytes[index]
      if bytes[index] == 0 { zeros &+= 1 }
    }
    if high < 128, zeros == 0 { return }
    for row in 0..<flat.count where !flat.isNull(row) {
      let raw = flat.rawBytes(row)
      guard String(validating: raw, as: UTF8.self) != nil, !raw.contains(0) else {
        throw ApusError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\" from a plugin")
      }
    }
  }

  private func converted(
    _ flat: Vector, _ type: DataType, _ convert: (UnsafeRawBufferPointer) throws(ApusError) -> [UInt8]
  ) throws(ApusError) -> Vector {
    var builder = BytesBuilder(capacity: flat.count)
    for row in 0..<flat.count {
      if flat.isNull(row) {
        builder.appendEmpty()
        continue
      }
      let value = try convert(flat.rawBytes(row))
      guard builder.fits(value.count) else { throw ApusError(.programLimitExceeded, "column larger than 2 GiB") }
      builder.append(value)
    }
    let storage = builder.finishStorage()
    return Vector(
      type: type, count: flat.count, validity: flat.validity,
      storage: .bytes(offsets: storage.offsets, data: storage.data))
  }

  // MARK: Nested

  private func list(_ element: ArrowLayout, _ type: DataType) throws(ApusError) -> Vector {
    try need(buffers: 2)
    let valid = try validity()
    if count == 0 { return Vector.of([], type: type) }
    guard array.n_children == 1, let child = array.children?[0] else { throw Arrow.broken("a list lacks its values") }
    let bounds = try bounds(large: false, try buffer(1))
    guard bounds.last <= child.pointee.length else {
      throw Arrow.broken("a list points past its \(child.pointee.length) values")
    }
    let values = try ArrowReader(child, count: Int(bounds.last)).vector(element, type.elementType ?? .text)
    return Vector(
      type: type, count: count, validity: valid,
      storage: .list(offsets: bounds.offsets, child: VectorBox(values.slice(Int(bounds.first)..<Int(bounds.last)))))
  }

  private func dictionary(
    _ width: Int, _ isSigned: Bool, _ layout: ArrowLayout, _ type: DataType
  ) throws(ApusError) -> Vector {
    try need(buffers: 2)
    let valid = try validity()
    guard let dictionary = array.dictionary else { throw Arrow.broken("an array lacks its dictionary") }
    let values = try ArrowReader(dictionary, count: nil).vector(layout, type)
    if count == 0 { return Vector.of([], type: type) }
    let raw = try buffer(1)
    var rows: [Int32] = []
    rows.reserveCapacity(count)
    for row in 0..<count {
      guard valid?[row] ?? true else {
        rows.append(-1)
        continue
      }
      let index = integer(raw, width, isSigned, row)
      guard index >= 0, index < values.count else {
        throw Arrow.broken("dictionary index \(index) of \(values.count) values")
      }
      rows.append(Int32(truncatingIfNeeded: index))
    }
    return values.gatheredOrNull(rows)
  }
}
