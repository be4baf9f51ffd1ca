// Single values of a vector, slices and flat forms.


extension Vector {
  /// Row `index` as a value: for results and tests, not for hot loops.
  public func value(at index: Int) -> Value {
    if case .constant(let box) = storage { return box.vector.value(at: 0) }
    if isNull(index) { return .null }
    switch storage {
    case .bool(let bits): return .bool(bits[index])
    case .int16(let buffer): return .int(Int64(buffer.read(Int16.self)[index]))
    case .int32(let buffer): return .int(Int64(buffer.read(Int32.self)[index]))
    case .int64(let buffer): return .int(buffer.read(Int64.self)[index])
    case .float32(let buffer): return .float(Double(buffer.read(Float.self)[index]))
    case .float64(let buffer): return .float(buffer.read(Double.self)[index])
    case .interval(let buffer): return .interval(buffer.read(Interval.self)[index])
    case .uuid(let buffer): return .uuid(buffer.read(UUIDValue.self)[index])
    case .bytes, .dictionary: return bytesValue(rawBytes(index))
    case .list(let offsets, let child):
      let bounds = offsets.read(Int32.self)
      return .array((Int(bounds[index])..<Int(bounds[index + 1])).map { child.vector.value(at: $0) })
    case .constant: return .null
    case .shredded(let column): return column.value(at: index)
    }
  }

  private func bytesValue(_ raw: UnsafeRawBufferPointer) -> Value {
    switch type {
    case .numeric: (try? Numeric(encoded: raw)).map { .numeric($0) } ?? .null
    case .bytea, .aggregateState: .bytes(Array(raw))
    default: .text(String(decoding: raw, as: UTF8.self))
    }
  }

  /// The bytes of row `index` of a bytes or dictionary vector (constant or not); valid while the vector lives. Empty
  /// for
  /// a null row and for other layouts.
  @inlinable
  public func rawBytes(_ index: Int) -> UnsafeRawBufferPointer {
    switch storage {
    case .bytes(let offsets, let data):
      let bounds = offsets.read(Int32.self)
      let start = Int(bounds[index])
      return UnsafeRawBufferPointer(start: data.address + start, count: Int(bounds[index + 1]) - start)
    case .dictionary(let codes, let width, let dictionary):
      if dictionary.count == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
      let code =
        width == 1
        ? Int(codes.read(UInt8.self)[index])
        : width == 2 ? Int(codes.read(UInt16.self)[index]) : Int(codes.read(UInt32.self)[index])
      return dictionary.bytes(code)
    case .constant(let box): return box.vector.rawBytes(0)
    default: return UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }

  /// Rows `range`: views of the same memory wherever the layout allows.
  public func slice(_ range: Range<Int>) -> Vector {
    if range == 0..<count { return self }
    func part(_ buffer: Buffer, _ width: Int) -> Buffer {
      Buffer(viewOf: buffer, offset: range.lowerBound * width, byteCount: range.count * width)
    }
    let sliced: Storage
    switch storage {
    case .bool(let bits): sliced = .bool(bits.slice(range))
    case .int16(let buffer): sliced = .int16(part(buffer, 2))
    case .int32(let buffer): sliced = .int32(part(buffer, 4))
    case .int64(let buffer): sliced = .int64(part(buffer, 8))
    case .float32(let buffer): sliced = .float32(part(buffer, 4))
    case .float64(let buffer): sliced = .float64(part(buffer, 8))
    case .interval(let buffer): sliced = .interval(part(buffer, 16))
    case .uuid(let buffer): sliced = .uuid(part(buffer, 16))
    case .bytes(let offsets, let data):
      let view = Buffer(viewOf: offsets, offset: range.lowerBound * 4, byteCount: (range.count + 1) * 4)
      sliced = .bytes(offsets: view, data: data)
    case .dictionary(let codes, let width, let dictionary):
      sliced = .dictionary(codes: part(codes, width), width: width, dictionary: dictionary)
    case .list(let offsets, let child):
      let view = Buffer(viewOf: offsets, offset: range.lowerBound * 4, byteCount: (range.count + 1) * 4)
      sliced = .list(offsets: view, child: child)
    case .constant: sliced = storage
    case .shredded(let column): sliced = .shredded(column.slice(range))
    }
    return Vector(type: type, count: range.count, validity: validity?.slice(range), storage: sliced)
  }

  /// The same values without dictionary, constant or shredded form: one of the plain layouts.
  public func flattened() -> Vector {
    switch storage {
    case .constant(let box):
      let rows = Buffer.zeroed(byteCount: count * 4)
      return box.vector.gathered(SelectionVector(indices: rows, count: count)).reinterpreted(as: type)
    case .dictionary:
      var builder = BytesBuilder(capacity: count)
      for index in 0..<count {
        if isNull(index) { builder.appendEmpty() } else { builder.append(rawBytes(index)) }
      }
      let (offsets, data) = builder.finishStorage()
      return Vector(type: type, count: count, validity: validity, storage: .bytes(offsets: offsets, data: data))
    case .shredded(let column): return column.assembled()
    default: return self
    }
  }
}
