// Rows of a shredded column taken, moved and joined, without leaving the shredded form.

public import ApusBase

extension ShreddedColumn {
  /// The rows that `selection` names, in its order.
  public func gathered(_ selection: SelectionVector) -> ShreddedColumn {
    let total = selection.count
    let wanted = selection.indices.read(UInt32.self)
    let taken = paths.compactMap { path -> PathColumn? in
      guard let rows = path.rows else {
        return PathColumn(path: path.path, kind: path.kind, rows: nil, values: path.values.gathered(selection))
      }
      var place = [Int32](repeating: -1, count: count)
      let numbers = rows.read(UInt32.self)
      for index in 0..<path.values.count { place[Int(numbers[index])] = Int32(truncatingIfNeeded: index) }
      var newRows: [UInt32] = []
      var sources: [UInt32] = []
      for index in 0..<total {
        let source = place[Int(wanted[index])]
        guard source >= 0 else { continue }
        newRows.append(UInt32(truncatingIfNeeded: index))
        sources.append(UInt32(truncatingIfNeeded: Int(source)))
      }
      if sources.isEmpty { return nil }
      return PathColumn(
        path: path.path, kind: path.kind, rows: Buffer(copying: newRows),
        values: path.values.gathered(SelectionVector(sources)))
    }
    let valid = validity.map { bits in Bitmap((0..<total).map { bits[Int(wanted[$0])] }) }
    return ShreddedColumn(count: total, validity: valid, paths: taken)
  }

  /// The columns end to end. Sub-columns of one path and kind become one, sparse unless every part has every row.
  public static func concatenated(_ parts: [ShreddedColumn]) throws(ApusError) -> ShreddedColumn {
    struct Key: Hashable {
      var path: [String]
      var kind: PathKind
    }
    struct Pieces {
      var rowCount = 0
      var rows: [(numbers: SelectionVector, base: UInt32)] = []
      var values: [Vector] = []
    }
    var places: [Key: Int] = [:]
    var order: [Key] = []
    var pieces: [Pieces] = []
    var base = 0
    for part in parts {
      for path in part.paths {
        let key = Key(path: path.path, kind: path.kind)
        let place = places[key] ?? pieces.count
        if place == pieces.count {
          places[key] = place
          order.append(key)
          pieces.append(Pieces())
        }
        let present = path.presentRows
        let isPartial = path.rows == nil && present.count < path.values.count
        pieces[place].rows.append((present, UInt32(truncatingIfNeeded: base)))
        pieces[place].rowCount += present.count
        pieces[place].values.append(isPartial ? path.values.gathered(present) : path.values)
      }
      base += part.count
    }
    var joined: [PathColumn] = []
    for (key, piece) in zip(order, pieces) {
      guard let first = piece.values.first else { continue }
      let values = try Vector.concatenated(piece.values, type: first.type)
      let rows = piece.rowCount == base ? nil : Self.shifted(piece.rows, count: piece.rowCount)
      joined.append(PathColumn(path: key.path, kind: key.kind, rows: rows, values: values))
    }
    var valid: Bitmap?
    if parts.contains(where: { $0.validity != nil }) {
      let bits = Bitmap(repeating: true, count: base)
      var row = 0
      for part in parts {
        if let validity = part.validity {
          for index in 0..<part.count where !validity[index] { bits.clear(row + index) }
        }
        row += part.count
      }
      valid = bits
    }
    return ShreddedColumn(count: base, validity: valid, paths: joined)
  }

  /// Row numbers of parts as those of the whole.
  private static func shifted(_ parts: [(numbers: SelectionVector, base: UInt32)], count: Int) -> Buffer {
    let out = Buffer(byteCount: count * 4)
    let target = out.write(UInt32.self)
    var next = 0
    for (numbers, base) in parts {
      let rows = numbers.indices.read(UInt32.self)
      for index in 0..<numbers.count { target[next &+ index] = rows[index] &+ base }
      next &+= numbers.count
    }
    return out
  }
}

extension PathColumn {
  /// The rows that have a value, ascending.
  public var presentRows: SelectionVector {
    if let rows { return SelectionVector(indices: rows, count: values.count) }
    if let validity = values.validity { return SelectionVector(validity) }
    return SelectionVector((0..<UInt32(truncatingIfNeeded: values.count)).map { $0 })
  }
}
