// PathReader owns the reading of a path of a jsonb column as a SQL type: what `->`, `->>` and a cast of that text give.

public import ApusBase

extension ShreddedColumn {
  /// Whether the sub-columns at `keys` may hold a part of the value at `path`: at it, below it, or (as one jsonb value)
  /// above it.
  public static func mayHold(_ path: [String], in keys: [String]) -> Bool {
    keys.starts(with: path) || path.starts(with: keys)
  }

  /// What `->` (`.jsonb`), `->>` (`.text`) or a cast of that text gives at `path`, which is not empty. A lone text
  /// sub-column is returned as it is, dictionary and all. Casts throw as PostgreSQL's do, for any row; types whose text
  /// depends on the session are 0A000.
  public func read(path: [String], as type: DataType) throws(ApusError) -> Vector {
    let reader = PathReader(self, path)
    switch type {
    case .text: return try reader.text()
    case .jsonb: return try reader.jsonb()
    case .bool, .int2, .int4, .int8, .float4, .float8, .numeric: return try reader.cast(type)
    default: throw .unsupported("reading a property as \(type.sqlName)")
    }
  }
}

private struct PathReader {
  let count: Int
  let path: [String]
  /// Columns at the path, but for JSON null; the nulls; those below; and jsonb values that the path leads into.
  var own: [PathColumn] = []
  var nulls: [PathColumn] = []
  var deeper: [PathColumn] = []
  var above: [PathColumn] = []

  init(_ column: ShreddedColumn, _ path: [String]) {
    count = column.count
    self.path = path
    for part in column.paths {
      if part.path == path {
        if part.kind == .jsonNull { nulls.append(part) } else { own.append(part) }
      } else if part.path.starts(with: path) {
        deeper.append(part)
      } else if part.kind == .json, path.starts(with: part.path) {
        above.append(part)
      }
    }
  }

  private var isFlat: Bool { deeper.isEmpty && above.isEmpty }

  /// A sub-column with one value a row.
  private func dense(_ column: PathColumn) -> Vector {
    column.rows.map { column.values.spread($0, over: count) } ?? column.values
  }

  func text() throws(ApusError) -> Vector {
    if isFlat, own.isEmpty { return .nulls(type: .text, count: count) }
    if isFlat, own.count == 1, own[0].kind == .text { return dense(own[0]) }
    return try written(.text) { (assembler, row, out) in assembler.writePlain(row, into: &out) }
  }

  func jsonb() throws(ApusError) -> Vector {
    if isFlat, own.isEmpty, nulls.isEmpty { return .nulls(type: .jsonb, count: count) }
    if isFlat, nulls.isEmpty, own.count == 1, own[0].kind == .text,
      case .dictionary(let codes, let width, let dictionary) = own[0].values.storage
    {
      let quoted = Self.quoted(dictionary)
      let values = Vector(
        type: .jsonb, count: own[0].values.count, validity: own[0].values.validity,
        storage: .dictionary(codes: codes, width: width, dictionary: quoted))
      return dense(PathColumn(path: path, kind: .json, rows: own[0].rows, values: values))
    }
    return try written(.jsonb) { (assembler, row, out) in assembler.write(row, into: &out) }
  }

  /// The strings of a dictionary as jsonb.
  private static func quoted(_ dictionary: ByteDictionary) -> ByteDictionary {
    var builder = BytesBuilder(capacity: dictionary.count)
    var writer = JSONWriter()
    for code in 0..<dictionary.count {
      writer.removeAll()
      writer.putString(dictionary.bytes(code))
      builder.append(writer.bytes)
    }
    let (offsets, data) = builder.finishStorage()
    return ByteDictionary(count: dictionary.count, offsets: offsets, data: data, isSorted: dictionary.count < 2)
  }

  /// Row by row: from the sub-columns, else out of a jsonb value above.
  private func written(
    _ type: DataType, _ write: (Assembler, Int, inout JSONWriter) -> Bool
  ) throws(ApusError) -> Vector {
    let assembler = Assembler(own + nulls + deeper, below: path)
    var outer = above.map { (cursor: ColumnCursor($0), steps: Self.steps(path, after: $0.path)) }
    var builder = VectorBuilder(type: type, capacity: count)
    var out = JSONWriter()
    for row in 0..<count {
      out.removeAll()
      if write(assembler, row, &out) {
        builder.append(raw: out.bytes)
        continue
      }
      var found: [UInt8]?
      for index in outer.indices {
        guard let place = outer[index].cursor.place(row) else { continue }
        let value = outer[index].cursor.column.values.rawBytes(place)
        let steps = outer[index].steps
        found = type == .text ? try JSONB.extractText(value, steps) : try JSONB.extract(value, steps)
      }
      if let found { builder.append(bytes: found) } else { builder.appendNull() }
    }
    return builder.finish()
  }

  private static func steps(_ path: [String], after prefix: [String]) -> [JSONB.Step] {
    path.dropFirst(prefix.count).map { .key($0) }
  }

  // MARK: - Casts

  func cast(_ type: DataType) throws(ApusError) -> Vector {
    if isFlat, own.isEmpty { return .nulls(type: type, count: count) }
    if isFlat, own.count == 1, own[0].kind == .int8, type == .int8 { return dense(own[0]) }
    if isFlat, own.count == 1, own[0].kind == .bool, type == .bool { return dense(own[0]) }
    if isFlat, own.count == 1, own[0].kind == .int8, let narrow = Self.narrowed(own[0].values, type) {
      return dense(PathColumn(path: path, kind: .int8, rows: own[0].rows, values: narrow))
    }
    if isFlat, type == .float8, own.allSatisfy({ Self.isNumber($0.kind) }) {
      if own.count == 1, let values = Self.doubles(own[0]) {
        return dense(PathColumn(path: path, kind: .float8, rows: own[0].rows, values: values))
      }
      return numbers()
    }
    if isFlat, type == .numeric, own.allSatisfy({ Self.isExact($0.kind) }) { return exactNumbers() }
    return try parsed(try text(), type)
  }

  private static func isExact(_ kind: PathKind) -> Bool {
    switch kind {
    case .int8, .decimal: true
    default: false
    }
  }
  private static func isNumber(_ kind: PathKind) -> Bool { isExact(kind) || kind == .float8 }

  /// Calls `body` with the row and the place of each value of a sub-column.
  private func forEach(_ column: PathColumn, _ body: (_ row: Int, _ place: Int) -> Void) {
    let rows = column.presentRows
    for index in 0..<rows.count { body(rows[index], column.rows == nil ? rows[index] : index) }
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  ]

  /// int8 values as int4 or int2; nil where one does not fit, which is for the cast of its text to say.
  private static func narrowed(_ values: Vector, _ type: DataType) -> Vector? {
    guard type == .int4 || type == .int2, case .int64(let buffer) = values.storage else { return nil }
    let source = buffer.read(Int64.self)
    var low: Int64 = 0
    var high: Int64 = 0
    for index in 0..<values.count {
      low = min(low, source[index])
      high = max(high, source[index])
    }
    if type == .int2 {
      guard low >= Int64(Int16.min), high <= Int64(Int16.max) else { return nil }
      let out = Buffer(byteCount: values.count * 2)
      let target = out.write(Int16.self)
      for index in 0..<values.count { target[index] = Int16(truncatingIfNeeded: source[index]) }
      return Vector(type: type, count: values.count, validity: values.validity, storage: .int16(out))
    }
    guard low >= Int64(Int32.min), high <= Int64(Int32.max) else { return nil }
    let out = Buffer(byteCount: values.count * 4)
    let target = out.write(Int32.self)
    for index in 0..<values.count { target[index] = Int32(truncatingIfNeeded: source[index]) }
    return Vector(type: type, count: values.count, validity: values.validity, storage: .int32(out))
  }

  /// The values of a sub-column as float8; nil where that takes more than one exact division.
  private static func doubles(_ column: PathColumn) -> Vector? {
    let values = column.values
    if case .float64 = values.storage { return values }
    guard case .int64(let buffer) = values.storage else { return nil }
    let source = buffer.read(Int64.self)
    let out = Buffer(byteCount: values.count * 8)
    let target = out.write(Double.self)
    if case .decimal(let scale) = column.kind {
      guard scale < powers.count else { return nil }
      let power = powers[scale]
      var largest: UInt64 = 0
      for index in 0..<values.count {
        largest |= source[index].magnitude
        target[index] = Double(source[index]) / power
      }
      guard largest < 1 << 53 else { return nil }
    } else {
      for index in 0..<values.count { target[index] = Double(source[index]) }
    }
    return Vector(type: .float8, count: values.count, validity: values.validity, storage: .float64(out))
  }

  /// int8, decimal and float8 sub-columns as float8.
  private func numbers() -> Vector {
    let out = Buffer.zeroed(byteCount: count * 8)
    let target = out.write(Double.self)
    let valid = Bitmap(repeating: false, count: count)
    var writer = JSONWriter(capacity: 64)
    for column in own {
      let values = column.values
      forEach(column) { row, place in
        valid.set(row)
        let word = values.word(place)
        switch column.kind {
        case .float8: target[row] = Double(bitPattern: UInt64(bitPattern: word))
        case .decimal(let scale):
          // Both exact below 2^53 and 10^22, so that the quotient is rounded once, as reading the text is.
          if word.magnitude <= 1 << 53, scale < Self.powers.count {
            target[row] = Double(word) / Self.powers[scale]
          } else {
            writer.removeAll()
            writer.putDecimal(word, scale: scale)
            target[row] = JSONNumber.double(writer.bytes)
          }
        default: target[row] = Double(word)
        }
      }
    }
    return Vector(type: .float8, count: count, validity: valid, storage: .float64(out))
  }

  /// int8 and decimal sub-columns as numeric.
  private func exactNumbers() -> Vector {
    var encoded = [[UInt8]?](repeating: nil, count: count)
    for column in own {
      let values = column.values
      var scale = 0
      if case .decimal(let digits) = column.kind { scale = digits }
      forEach(column) { row, place in encoded[row] = Numeric(values.word(place), scale: scale).encoded }
    }
    var builder = VectorBuilder(type: .numeric, capacity: count)
    for value in encoded { if let value { builder.append(bytes: value) } else { builder.appendNull() } }
    return builder.finish()
  }

  /// The cast of text, entry by entry of a dictionary.
  private func parsed(_ text: Vector, _ type: DataType) throws(ApusError) -> Vector {
    let reference = TypeReference(type)
    var builder = VectorBuilder(type: type, capacity: count)
    var known: [Int: Value] = [:]
    for row in 0..<count {
      if text.isNull(row) {
        builder.appendNull()
        continue
      }
      let code = text.dictionaryCode(row)
      if let code, let value = known[code] {
        builder.append(value)
        continue
      }
      let value = try TextFormat.input(
        String(decoding: text.rawBytes(row), as: UTF8.self), type: reference, settings: .utc)
      if let code { known[code] = value }
      builder.append(value)
    }
    return builder.finish()
  }
}

extension Vector {
  /// The dictionary code of a row that is not null; nil for other layouts.
  fileprivate func dictionaryCode(_ row: Int) -> Int? {
    guard case .dictionary(let codes, let width, _) = storage else { return nil }
    switch width {
    case 1: return Int(codes.read(UInt8.self)[row])
    case 2: return Int(codes.read(UInt16.self)[row])
    default: return Int(codes.read(UInt32.self)[row])
    }
  }
}
