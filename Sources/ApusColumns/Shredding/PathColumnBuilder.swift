// PathColumnBuilder owns one sub-column under construction: the values of one kind at one path, and their rows.

/// The number of a `PathKind` while columns are looked up.
enum PathCode {
  static let jsonNull: UInt8 = 0
  static let bool: UInt8 = 1
  static let int8: UInt8 = 2
  static let float8: UInt8 = 3
  static let numeric: UInt8 = 4
  static let text: UInt8 = 5
  static let json: UInt8 = 6
  static let emptyObject: UInt8 = 7
  /// Plus the scale.
  static let decimal: UInt8 = 32

  static func kind(_ code: UInt8) -> PathKind {
    switch code {
    case jsonNull: .jsonNull
    case bool: .bool
    case int8: .int8
    case float8: .float8
    case numeric: .numeric
    case text: .text
    case json: .json
    case emptyObject: .emptyObject
    default: .decimal(scale: Int(code &- decimal))
    }
  }
}

struct PathColumnBuilder: ~Copyable {
  let code: UInt8
  /// The node of the path tree, and the node's next column, or -1.
  let node: Int32
  let next: Int32
  var rows = PresentRows()
  /// Fixed-width values: integers, units of decimals, bits of doubles, 0 and 1 of bools.
  private var fixed: UnsafeMutablePointer<Int64>?
  private var capacity = 0
  private var text: TextColumnBuilder?

  init(code: UInt8, node: Int32, next: Int32) {
    self.code = code
    self.node = node
    self.next = next
    let isText = code == PathCode.text || code == PathCode.json || code == PathCode.numeric
    text = isText ? TextColumnBuilder() : nil
  }

  deinit { fixed?.deallocate() }

  @inline(__always)
  mutating func append(row: Int, _ value: Int64) {
    if rows.count == capacity { grow() }
    fixed?[rows.count] = value
    rows.append(row)
  }

  @inline(__always)
  mutating func append(row: Int, _ bytes: UnsafeRawBufferPointer) {
    text?.append(bytes)
    rows.append(row)
  }

  mutating func removeLast() {
    rows.removeLast()
    text?.removeLast()
  }

  private mutating func grow() {
    let wanted = max(16, capacity * 2)
    let larger = UnsafeMutablePointer<Int64>.allocate(capacity: wanted)
    if let fixed {
      larger.update(from: fixed, count: capacity)
      fixed.deallocate()
    }
    fixed = larger
    capacity = wanted
  }

  /// The present values. Texts start anew.
  private mutating func values() -> Vector {
    let count = rows.count
    switch code {
    case PathCode.text, PathCode.numeric: return text?.finish(as: .text) ?? .nulls(type: .text, count: count)
    case PathCode.json: return text?.finish(as: .jsonb) ?? .nulls(type: .jsonb, count: count)
    case PathCode.bool, PathCode.jsonNull, PathCode.emptyObject:
      let bits = Bitmap(repeating: false, count: count)
      if code == PathCode.bool, let fixed { for index in 0..<count where fixed[index] != 0 { bits.set(index) } }
      return .bool(bits)
    default:
      let buffer = Buffer(byteCount: count * 8)
      if let fixed { buffer.write(Int64.self).update(from: fixed, count: count) }
      return code == PathCode.float8
        ? Vector(type: .float8, count: count, storage: .float64(buffer))
        : Vector(type: .int8, count: count, storage: .int64(buffer))
    }
  }

  /// Dense when enough of the `total` rows have a value that a bit a row is cheaper than numbering them.
  mutating func finish(path: [String], total: Int) -> PathColumn {
    let count = rows.count
    let kind = PathCode.kind(code)
    let isText = text != nil
    let vector = values()
    if count == total { return PathColumn(path: path, kind: kind, rows: nil, values: vector) }
    let numbers = rows.buffer()
    if count * (isText ? 8 : 4) >= total {
      return PathColumn(path: path, kind: kind, rows: nil, values: vector.spread(numbers, over: total))
    }
    return PathColumn(path: path, kind: kind, rows: numbers, values: vector)
  }
}
