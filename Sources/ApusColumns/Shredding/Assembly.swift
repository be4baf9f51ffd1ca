// Assembly owns the way back from sub-columns to jsonb: whole values, and the value or text at a path.

public import ApusBase

/// The paths of a shredded column as a tree, children in jsonb's key order (by length, then bytewise).
private final class PathNode {
  var key: [UInt8] = []
  /// The sub-columns that end here, with the place of each row in their values (-1: no value there).
  var leaves: [(column: PathColumn, place: [Int32])] = []
  var children: [PathNode] = []

  func child(_ name: [UInt8]) -> PathNode {
    if let known = children.first(where: { $0.key == name }) { return known }
    let node = PathNode()
    node.key = name
    children.append(node)
    return node
  }

  func sort() {
    children.sort { a, b in
      a.key.withUnsafeBytes { left in b.key.withUnsafeBytes { jsonKeyOrder(left, $0) < 0 } }
    }
    for child in children { child.sort() }
  }

  /// Writes the node's value of a row as jsonb text; false (and nothing written) when the row has none.
  func write(_ row: Int, to out: inout JSONWriter) -> Bool {
    for (column, place) in leaves where place[row] >= 0 {
      Self.writeLeaf(column, Int(place[row]), to: &out)
      return true
    }
    let start = out.count
    out.put(UInt8(ascii: "{"))
    var isEmpty = true
    for child in children {
      let before = out.count
      if !isEmpty { out.put(", ") }
      child.key.withUnsafeBytes { out.putString($0) }
      out.put(": ")
      if child.write(row, to: &out) { isEmpty = false } else { out.cut(to: before) }
    }
    if isEmpty {
      out.cut(to: start)
      return false
    }
    out.put(UInt8(ascii: "}"))
    return true
  }

  /// The leaf that has the row, if one has.
  func leaf(_ row: Int) -> (column: PathColumn, index: Int)? {
    for (column, place) in leaves where place[row] >= 0 { return (column, Int(place[row])) }
    return nil
  }

  private static func writeLeaf(_ column: PathColumn, _ index: Int, to out: inout JSONWriter) {
    switch (column.kind, column.values.value(at: index)) {
    case (.jsonNull, _): out.put("null")
    case (.emptyObject, _): out.put("{}")
    case (.bool, .bool(let flag)): if flag { out.put("true") } else { out.put("false") }
    case (.int8, .int(let number)): out.putInteger(number)
    case (.decimal(let scale), .int(let number)): out.putDecimal(number, scale: scale)
    case (.float8, .float(let number)): out.putDouble(number)
    case (.text, _): out.putString(column.values.rawBytes(index))
    default: out.put(column.values.rawBytes(index))
    }
  }
}

extension ShreddedColumn {
  private func places(_ column: PathColumn) -> [Int32] {
    var place = [Int32](repeating: -1, count: count)
    let present = column.presentRows
    for index in 0..<present.count {
      let row = present[index]
      place[row] = Int32(truncatingIfNeeded: column.rows == nil ? row : index)
    }
    return place
  }

  /// The tree of the paths below `prefix`.
  private func tree(below prefix: [String]) -> PathNode {
    let root = PathNode()
    for column in paths where column.path.starts(with: prefix) {
      var node = root
      for key in column.path.dropFirst(prefix.count) { node = node.child(Array(key.utf8)) }
      node.leaves.append((column, places(column)))
    }
    root.sort()
    return root
  }

  /// The whole column as jsonb text, as PostgreSQL prints it.
  public func assembled() -> Vector {
    let root = tree(below: [])
    var builder = VectorBuilder(type: .jsonb, capacity: count)
    var out = JSONWriter()
    for row in 0..<count {
      if let validity, !validity[row] {
        builder.appendNull()
        continue
      }
      out.removeAll()
      if !root.write(row, to: &out) { out.put("{}") }
      builder.append(raw: out.bytes)
    }
    return builder.finish()
  }

  /// What `->` (`.jsonb`) or `->>` (`.text`) gives at `path`, which is not empty. A lone text sub-column is returned as
  /// it is. Throws 0A000 for other types.
  public func read(path: [String], as type: DataType) throws(ApusError) -> Vector {
    guard type == .text || type == .jsonb else {
      throw .unsupported("reading a property as \(type.sqlName)")
    }
    let below = paths.filter { $0.path.starts(with: path) }
    if below.isEmpty { return .nulls(type: type, count: count) }
    if type == .text, below.count == 1, below[0].path == path, below[0].kind == .text, below[0].rows == nil {
      return below[0].values
    }
    let node = tree(below: path)
    var builder = VectorBuilder(type: type, capacity: count)
    var out = JSONWriter()
    for row in 0..<count {
      if type == .text, let leaf = node.leaf(row), leaf.column.kind == .text || leaf.column.kind == .jsonNull {
        if leaf.column.kind == .jsonNull {
          builder.appendNull()
        } else {
          builder.append(raw: leaf.column.values.rawBytes(leaf.index))
        }
        continue
      }
      out.removeAll()
      if node.write(row, to: &out) { builder.append(raw: out.bytes) } else { builder.appendNull() }
    }
    return builder.finish()
  }
}
