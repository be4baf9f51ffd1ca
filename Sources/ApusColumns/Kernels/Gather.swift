// Gather owns taking chosen rows of a vector, and joining vectors end to end.

public import ApusBase

extension Vector {
  /// The rows that `selection` names, in its order (which here need not ascend, and may repeat).
  public func gathered(_ selection: SelectionVector) -> Vector {
    let total = selection.count
    let rows = selection.indices.read(UInt32.self)
    let valid = validity.map { gatherBits($0, rows, total) }
    let gathered: Storage
    switch storage {
    case .bool(let bits): gathered = .bool(gatherBits(bits, rows, total))
    case .int16(let buffer): gathered = .int16(gatherFixed(buffer, UInt16.self, rows, total))
    case .int32(let buffer): gathered = .int32(gatherFixed(buffer, UInt32.self, rows, total))
    case .int64(let buffer): gathered = .int64(gatherFixed(buffer, UInt64.self, rows, total))
    case .float32(let buffer): gathered = .float32(gatherFixed(buffer, UInt32.self, rows, total))
    case .float64(let buffer): gathered = .float64(gatherFixed(buffer, UInt64.self, rows, total))
    case .interval(let buffer): gathered = .interval(gatherFixed(buffer, UUIDValue.self, rows, total))
    case .uuid(let buffer): gathered = .uuid(gatherFixed(buffer, UUIDValue.self, rows, total))
    case .bytes(let offsets, let data): gathered = gatherBytes(offsets, data, rows, total)
    case .dictionary(let codes, let width, let dictionary):
      let taken =
        width == 1
        ? gatherFixed(codes, UInt8.self, rows, total)
        : width == 2 ? gatherFixed(codes, UInt16.self, rows, total) : gatherFixed(codes, UInt32.self, rows, total)
      gathered = .dictionary(codes: taken, width: width, dictionary: dictionary)
    case .list(let offsets, let child): gathered = gatherList(offsets, child, rows, total)
    case .constant: gathered = storage
    case .shredded: return flattened().gathered(selection)
    }
    return Vector(type: type, count: total, validity: valid, storage: gathered)
  }
}

private func gatherBits(_ bits: Bitmap, _ rows: UnsafePointer<UInt32>, _ count: Int) -> Bitmap {
  let result = Bitmap(repeating: false, count: count)
  for index in 0..<count where bits[Int(rows[index])] { result.set(index) }
  return result
}

private func gatherFixed<T: BitwiseCopyable>(
  _ buffer: Buffer, _: T.Type, _ rows: UnsafePointer<UInt32>, _ count: Int
) -> Buffer {
  let result = Buffer(byteCount: count * MemoryLayout<T>.stride)
  let source = buffer.read(T.self)
  let target = result.write(T.self)
  for index in 0..<count { target[index] = source[Int(rows[index])] }
  return result
}

private func gatherBytes(
  _ offsets: Buffer, _ data: Buffer, _ rows: UnsafePointer<UInt32>, _ count: Int
) -> Vector.Storage {
  let bounds = offsets.read(Int32.self)
  let newOffsets = Buffer(byteCount: (count + 1) * 4)
  let out = newOffsets.write(Int32.self)
  var total = 0
  out[0] = 0
  for index in 0..<count {
    let row = Int(rows[index])
    total &+= Int(bounds[row + 1] &- bounds[row])
    out[index + 1] = Int32(truncatingIfNeeded: total)
  }
  let newData = Buffer(byteCount: total)
  for index in 0..<count {
    let row = Int(rows[index])
    let length = Int(bounds[row + 1] &- bounds[row])
    if length > 0 {
      (newData.address + Int(out[index])).copyMemory(from: data.address + Int(bounds[row]), byteCount: length)
    }
  }
  return .bytes(offsets: newOffsets, data: newData)
}

private func gatherList(
  _ offsets: Buffer, _ child: VectorBox, _ rows: UnsafePointer<UInt32>, _ count: Int
) -> Vector.Storage {
  let bounds = offsets.read(Int32.self)
  var newOffsets: [Int32] = [0]
  newOffsets.reserveCapacity(count + 1)
  var elements: [UInt32] = []
  for index in 0..<count {
    let row = Int(rows[index])
    elements.append(contentsOf: UInt32(bounds[row])..<UInt32(bounds[row + 1]))
    newOffsets.append(Int32(truncatingIfNeeded: elements.count))
  }
  let taken = child.vector.gathered(SelectionVector(elements))
  return .list(offsets: Buffer(copying: newOffsets), child: VectorBox(taken))
}

extension Vector {
  /// Rows by number; a negative number gives null.
  public func gatheredOrNull(_ rows: [Int32]) -> Vector {
    if count == 0 { return .nulls(type: type, count: rows.count) }
    let picked = SelectionVector(rows.map { UInt32(max(0, $0)) })
    let taken = gathered(picked)
    guard rows.contains(where: { $0 < 0 }) else { return taken }
    let flat = taken.isConstant ? taken.flattened() : taken
    let bits = Bitmap(repeating: true, count: rows.count)
    for (index, row) in rows.enumerated() where row < 0 || flat.isNull(index) { bits.clear(index) }
    return Vector(type: type, count: rows.count, validity: bits, storage: flat.storage)
  }
}

extension Vector {
  /// The vectors end to end, as one vector of `type`. Dictionaries are kept where all parts share one, and merged where
  /// that leaves few entries for the rows; otherwise the result is flat. Throws 54000 when the bytes pass Int32
  /// offsets.
  public static func concatenated(_ parts: [Vector], type: DataType) throws(ApusError) -> Vector {
    if parts.count == 1 { return parts[0] }
    let total = parts.reduce(0) { $0 + $1.count }
    if let shared = concatenatedDictionary(parts, type: type, count: total) { return shared }
    if let merged = mergedDictionaries(parts, type: type, count: total) { return merged }
    let flat = parts.map { $0.flattened() }
    var validity: Bitmap?
    if flat.contains(where: { $0.validity != nil }) {
      let bits = Bitmap(repeating: true, count: total)
      var base = 0
      for part in flat {
        if let valid = part.validity { for row in 0..<part.count where !valid[row] { bits.clear(base + row) } }
        base += part.count
      }
      validity = bits
    }
    let storage = try concatenatedStorage(flat, type: type, count: total)
    return Vector(type: type, count: total, validity: validity, storage: storage)
  }

  private static func concatenatedDictionary(_ parts: [Vector], type: DataType, count: Int) -> Vector? {
    guard let first = parts.first, case .dictionary(_, let width, let dictionary) = first.storage else { return nil }
    var out: [Buffer] = []
    for part in parts {
      guard case .dictionary(let codes, width, let other) = part.storage, other === dictionary else { return nil }
      out.append(Buffer(viewOf: codes, offset: 0, byteCount: part.count * width))
    }
    var validity: Bitmap?
    if parts.contains(where: { $0.validity != nil }) {
      let bits = Bitmap(repeating: true, count: count)
      var base = 0
      for part in parts {
        for row in 0..<part.count where part.isNull(row) { bits.clear(base + row) }
        base += part.count
      }
      validity = bits
    }
    let codes = joined(out)
    return Vector(
      type: type, count: count, validity: validity,
      storage: .dictionary(codes: codes, width: width, dictionary: dictionary))
  }

  private static func joined(_ parts: [Buffer]) -> Buffer {
    let result = Buffer(byteCount: parts.reduce(0) { $0 + $1.byteCount })
    var base = 0
    for part in parts {
      (result.address + base).copyMemory(from: part.address, byteCount: part.byteCount)
      base += part.byteCount
    }
    return result
  }

  private static func concatenatedStorage(
    _ flat: [Vector], type: DataType, count: Int
  ) throws(ApusError) -> Storage {
    func fixed(_ width: Int) -> Buffer {
      joined(flat.map { part in Buffer(viewOf: part.fixedBuffer, offset: 0, byteCount: part.count * width) })
    }
    switch type.physical {
    case .bool:
      let bits = Bitmap(repeating: false, count: count)
      var base = 0
      for part in flat {
        if case .bool(let source) = part.storage {
          for row in 0..<part.count where source[row] { bits.set(base + row) }
        }
        base += part.count
      }
      return .bool(bits)
    case .int16: return .int16(fixed(2))
    case .int32: return .int32(fixed(4))
    case .int64: return .int64(fixed(8))
    case .float32: return .float32(fixed(4))
    case .float64: return .float64(fixed(8))
    case .interval: return .interval(fixed(16))
    case .uuid: return .uuid(fixed(16))
    case .bytes:
      var builder = BytesBuilder(capacity: count)
      for part in flat {
        for row in 0..<part.count {
          let raw = part.rawBytes(row)
          guard builder.fits(raw.count) else { throw ApusError(.programLimitExceeded, "column larger than 2 GiB") }
          builder.append(raw)
        }
      }
      let (offsets, data) = builder.finishStorage()
      return .bytes(offsets: offsets, data: data)
    case .list:
      var offsets: [Int32] = [0]
      var children: [Vector] = []
      for part in flat {
        guard case .list(let bounds, let child) = part.storage else { continue }
        let base = offsets.last ?? 0
        let read = bounds.read(Int32.self)
        for row in 0..<part.count { offsets.append(base + read[row + 1] - read[0]) }
        children.append(child.vector.slice(Int(read[0])..<Int(read[part.count])))
      }
      let child = try Vector.concatenated(children, type: type.elementType ?? .text)
      return .list(offsets: Buffer(copying: offsets), child: VectorBox(child))
    }
  }

  /// The buffer of a fixed-width layout; an empty one for the others.
  public var fixedBuffer: Buffer {
    switch storage {
    case .int16(let buffer), .int32(let buffer), .int64(let buffer), .float32(let buffer), .float64(let buffer),
      .interval(let buffer), .uuid(let buffer):
      buffer
    default: Buffer(byteCount: 0)
    }
  }
}
