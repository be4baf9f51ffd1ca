// Assembler owns the putting together of jsonb values from sub-columns.

/// Writes rows of a set of sub-columns as jsonb text. Rows must be asked for in ascending order.
final class Assembler {
  private final class Node {
    let key: [UInt8]
    var children: [Node] = []
    /// The cursors of the sub-columns that end here.
    var cursors: [Int] = []
    init(_ key: [UInt8]) { self.key = key }
  }

  private let root = Node([])
  private var cursors: [ColumnCursor] = []

  /// The columns whose paths begin with `prefix`, which is where the values written start.
  init(_ columns: [PathColumn], below prefix: [String] = []) {
    var nodes: [[String]: Node] = [[]: root]
    for column in columns where column.path.starts(with: prefix) {
      var path: [String] = []
      var node = root
      for name in column.path.dropFirst(prefix.count) {
        path.append(name)
        if let known = nodes[path] {
          node = known
        } else {
          let made = Node(Array(name.utf8))
          node.children.append(made)
          nodes[path] = made
          node = made
        }
      }
      node.cursors.append(cursors.count)
      cursors.append(ColumnCursor(column))
    }
    for node in nodes.values {
      node.children.sort { a, b in
        a.key.withUnsafeBytes { x in b.key.withUnsafeBytes { y in jsonKeyOrder(x, y) < 0 } }
      }
    }
  }

  /// Writes the value of `row`; false, with nothing written, when the row has none.
  func write(_ row: Int, into out: inout JSONWriter) -> Bool { write(root, row, into: &out) }

  /// Writes the value of `row` as `->>` gives it; false, with nothing written, for none and for JSON null.
  func writePlain(_ row: Int, into out: inout JSONWriter) -> Bool {
    for index in root.cursors {
      guard let place = cursors[index].place(row) else { continue }
      return cursors[index].writePlain(place, into: &out)
    }
    return write(root, row, into: &out)
  }

  private func write(_ node: Node, _ row: Int, into out: inout JSONWriter) -> Bool {
    for index in node.cursors {
      guard let place = cursors[index].place(row) else { continue }
      cursors[index].write(place, into: &out)
      return true
    }
    if node.children.isEmpty { return false }
    let start = out.count
    out.put(UInt8(ascii: "{"))
    var isEmpty = true
    for child in node.children {
      let before = out.count
      if !isEmpty { out.separator() }
      child.key.withUnsafeBytes { out.putString($0) }
      out.put(": ")
      if write(child, row, into: &out) { isEmpty = false } else { out.cut(to: before) }
    }
    if isEmpty {
      out.cut(to: start)
      return false
    }
    out.put(UInt8(ascii: "}"))
    return true
  }
}

/// Where the rows of a sub-column are, read in ascending order.
struct ColumnCursor {
  let column: PathColumn
  private var next = 0

  init(_ column: PathColumn) { self.column = column }

  /// The index in `values` of `row`'s value, or nil.
  mutating func place(_ row: Int) -> Int? {
    guard let rows = column.rows else { return column.values.isNull(row) ? nil : row }
    let numbers = rows.read(UInt32.self)
    let total = column.values.count
    while next < total, Int(numbers[next]) < row { next &+= 1 }
    return next < total && Int(numbers[next]) == row && !column.values.isNull(next) ? next : nil
  }

  /// The value at `place` as jsonb text.
  func write(_ place: Int, into out: inout JSONWriter) {
    let values = column.values
    switch column.kind {
    case .jsonNull: out.put("null")
    case .emptyObject: out.put("{}")
    case .bool: if values.bit(place) { out.put("true") } else { out.put("false") }
    case .int8: out.putInteger(values.word(place))
    case .decimal(let scale): out.putDecimal(values.word(place), scale: scale)
    case .float8: out.putDouble(Double(bitPattern: UInt64(bitPattern: values.word(place))))
    case .numeric, .json: out.put(values.rawBytes(place))
    case .text: out.putString(values.rawBytes(place))
    }
  }

  /// The value at `place` as `->>` gives it; false, with nothing written, for JSON null.
  func writePlain(_ place: Int, into out: inout JSONWriter) -> Bool {
    switch column.kind {
    case .jsonNull: return false
    case .text: out.put(column.values.rawBytes(place))
    default: write(place, into: &out)
    }
    return true
  }
}

extension Vector {
  /// The 8 bytes of row `index` of an 8-byte layout, constant or not; 0 for others.
  func word(_ index: Int) -> Int64 {
    switch storage {
    case .int64(let buffer), .float64(let buffer): buffer.read(Int64.self)[index]
    case .constant(let box): box.vector.word(0)
    default: 0
    }
  }

  /// Row `index` of a bool vector, constant or not; false for others.
  func bit(_ index: Int) -> Bool {
    switch storage {
    case .bool(let bits): bits[index]
    case .constant(let box): box.vector.bit(0)
    default: false
    }
  }
}

extension ShreddedColumn {
  /// The whole column as jsonb text, as PostgreSQL prints it.
  public func assembled() -> Vector {
    let assembler = Assembler(paths)
    var builder = BytesBuilder(capacity: count)
    var writer = JSONWriter()
    for row in 0..<count {
      if let validity, !validity[row] {
        builder.appendEmpty()
        continue
      }
      writer.removeAll()
      if !assembler.write(row, into: &writer) { writer.put("{}") }
      builder.append(writer.bytes)
    }
    let (offsets, data) = builder.finishStorage()
    return Vector(type: .jsonb, count: count, validity: validity, storage: .bytes(offsets: offsets, data: data))
  }
}
