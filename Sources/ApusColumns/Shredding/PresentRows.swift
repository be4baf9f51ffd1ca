// PresentRows owns which rows of a column under construction have a value, and the spreading of present values over
// all rows.

/// Ascending row numbers. While every row has a value, nothing is stored.
struct PresentRows: ~Copyable {
  private(set) var count = 0
  /// nil while the rows are 0..<count.
  private var rows: UnsafeMutablePointer<UInt32>?
  private var capacity = 0

  deinit { rows?.deallocate() }

  /// The row appended last, or -1.
  var last: Int { count == 0 ? -1 : rows.map { Int($0[count &- 1]) } ?? count &- 1 }

  @inline(__always)
  mutating func append(_ row: Int) {
    if rows == nil {
      if row == count {
        count &+= 1
        return
      }
      materialise()
    }
    if count == capacity { grow() }
    rows?[count] = UInt32(truncatingIfNeeded: row)
    count &+= 1
  }

  mutating func removeLast() { if count > 0 { count &-= 1 } }

  private mutating func materialise() {
    capacity = max(16, count * 2)
    let list = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
    for row in 0..<count { list[row] = UInt32(truncatingIfNeeded: row) }
    rows = list
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity * 2)
    if let rows {
      larger.update(from: rows, count: count)
      rows.deallocate()
    }
    rows = larger
    capacity *= 2
  }

  /// The row numbers as a buffer of UInt32.
  func buffer() -> Buffer {
    let out = Buffer(byteCount: count * 4)
    let target = out.write(UInt32.self)
    if let rows {
      target.update(from: rows, count: count)
    } else {
      for row in 0..<count { target[row] = UInt32(truncatingIfNeeded: row) }
    }
    return out
  }
}

extension Vector {
  /// A vector of `total` rows in which value `i` of this one (which has no nulls) stands at row `rows[i]`, ascending,
  /// and the rest is null.
  public func spread(_ rows: Buffer, over total: Int) -> Vector {
    let numbers = rows.read(UInt32.self)
    let valid = Bitmap(repeating: false, count: total)
    for index in 0..<count { valid.set(Int(numbers[index])) }
    if let validity {
      for index in 0..<count where !validity[index] { valid.clear(Int(numbers[index])) }
    }
    let storage: Storage
    switch self.storage {
    case .bool(let bits):
      let out = Bitmap(repeating: false, count: total)
      for index in 0..<count where bits[index] { out.set(Int(numbers[index])) }
      storage = .bool(out)
    case .int16(let buffer): storage = .int16(spreadFixed(buffer, UInt16.self, numbers, count, total))
    case .int32(let buffer): storage = .int32(spreadFixed(buffer, UInt32.self, numbers, count, total))
    case .int64(let buffer): storage = .int64(spreadFixed(buffer, UInt64.self, numbers, count, total))
    case .float32(let buffer): storage = .float32(spreadFixed(buffer, UInt32.self, numbers, count, total))
    case .float64(let buffer): storage = .float64(spreadFixed(buffer, UInt64.self, numbers, count, total))
    case .interval(let buffer): storage = .interval(spreadFixed(buffer, UUIDValue.self, numbers, count, total))
    case .uuid(let buffer): storage = .uuid(spreadFixed(buffer, UUIDValue.self, numbers, count, total))
    case .dictionary(let codes, let width, let dictionary):
      let out =
        switch width {
        case 1: spreadFixed(codes, UInt8.self, numbers, count, total)
        case 2: spreadFixed(codes, UInt16.self, numbers, count, total)
        default: spreadFixed(codes, UInt32.self, numbers, count, total)
        }
      storage = .dictionary(codes: out, width: width, dictionary: dictionary)
    case .bytes(let offsets, let data):
      let bounds = offsets.read(Int32.self)
      let out = Buffer(byteCount: (total + 1) * 4)
      let target = out.write(Int32.self)
      var next = 0
      for index in 0..<count {
        let row = Int(numbers[index])
        while next <= row {
          target[next] = bounds[index]
          next &+= 1
        }
      }
      while next <= total {
        target[next] = bounds[count]
        next &+= 1
      }
      storage = .bytes(offsets: out, data: data)
    case .list, .constant, .shredded:
      var picks = [UInt32](repeating: 0, count: total)
      for index in 0..<count { picks[Int(numbers[index])] = UInt32(truncatingIfNeeded: index) }
      guard count > 0 else { return Vector.nulls(type: type, count: total) }
      return Vector(
        type: type, count: total, validity: valid,
        storage: flattened().gathered(SelectionVector(picks)).storage)
    }
    return Vector(type: type, count: total, validity: valid, storage: storage)
  }
}

private func spreadFixed<T: BitwiseCopyable>(
  _ buffer: Buffer, _: T.Type, _ rows: UnsafePointer<UInt32>, _ count: Int, _ total: Int
) -> Buffer {
  let out = Buffer.zeroed(byteCount: total * MemoryLayout<T>.stride)
  let source = buffer.read(T.self)
  let target = out.write(T.self)
  for index in 0..<count { target[Int(rows[index])] = source[index] }
  return out
}
