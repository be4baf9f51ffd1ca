// ShreddedBuilder owns the building of a shredded column, row by row, from JSON tokens.

public import ApusBase

/// Appends jsonb values as typed sub-columns (the rules are `PathKind`'s). One thread at a time.
///
/// A row whose paths would be too many is kept whole: as jsonb text at the root.
public final class ShreddedBuilder {
  public private(set) var count = 0
  private var tree = PathTree()
  private var columns: UnsafeMutablePointer<PathColumnBuilder>
  private var columnCount = 0
  private var columnCapacity = 32
  private var nullRows: [Int] = []
  /// The columns in which the row being appended has a value, so that it can be taken back.
  private var touched: UnsafeMutablePointer<Int32>
  private var touchedCount = 0
  private var touchedCapacity = 64
  private var stamp: Int32 = 0
  private var writer = JSONWriter()
  private var spelled = JSONWriter()
  private var parser: JSONParser?
  /// Bytes written out for numbers with exponents, which may be far longer than their input.
  private var expandedBytes = 0
  private var textBytes = 0

  private static let columnsMax = 2 * Limits.propertyColumnsPerSegmentMax
  private static let nodesMax = 4 * columnsMax
  private static let expandedBytesMax = Limits.httpExpandedBytesMax
  /// Digits after the point from which a number is rather a double, if its text is one's shortest: a column a scale
  /// would be many columns.
  private static let decimalScaleMax: UInt8 = 9

  /// Why a row cannot be appended as it stands.
  private enum Refusal { case duplicateKey, tooManyPaths }

  public init() {
    columns = .allocate(capacity: columnCapacity)
    touched = .allocate(capacity: touchedCapacity)
  }

  deinit {
    columns.deinitialize(count: columnCount)
    columns.deallocate()
    touched.deallocate()
  }

  /// Appends SQL NULL.
  public func appendNull() {
    nullRows.append(count)
    touchedCount = 0
    count &+= 1
  }

  /// Appends `{}`.
  public func appendEmpty() {
    touchedCount = 0
    count &+= 1
  }

  /// Takes back the row appended last. Only once after an append.
  public func removeLast() {
    guard count > 0 else { return }
    count &-= 1
    takeBack()
    if nullRows.last == count { nullRows.removeLast() }
  }

  /// Appends the value whose first token is `index`. Throws as a cast to jsonb does (22003), and 54000 for a value or
  /// a column too large; the row is then not appended.
  public func append(_ document: JSONDocument, _ index: Int = 0) throws(ApusError) {
    if let refusal = try attempt(document, index) { try appendSlowly(document, index, refusal) }
    count &+= 1
  }

  /// Appends an object put together from members, the last of equal keys winning. Throws as `append` does.
  public func append(members: UnsafeBufferPointer<ShreddedMember>) throws(ApusError) {
    touchedCount = 0
    stamp = stamp == Int32.max ? 1 : stamp &+ 1
    do {
      if try putMembers(members) == nil {
        count &+= 1
        return
      }
      takeBack()
    } catch {
      takeBack()
      throw error
    }
    var text = JSONWriter()
    text.put(UInt8(ascii: "{"))
    for index in members.indices {
      if index > 0 { text.separator() }
      text.putString(members[index].key)
      text.put(": ")
      try text.putValue(members[index].document, members[index].value)
    }
    text.put(UInt8(ascii: "}"))
    try JSONB.parsing(text.bytes) { (document) throws(ApusError) in try append(document) }
  }

  private func putMembers(_ members: UnsafeBufferPointer<ShreddedMember>) throws(ApusError) -> Refusal? {
    var previous: Int32 = -1
    for index in members.indices {
      guard let child = tree.child(of: 0, key: members[index].key, after: previous, limit: Self.nodesMax) else {
        return .tooManyPaths
      }
      if tree.nodes[Int(child)].stamp == stamp { return .duplicateKey }
      tree.nodes[Int(child)].stamp = stamp
      if let refusal = try put(child, members[index].document, members[index].value) { return refusal }
      previous = child
    }
    return nil
  }

  /// Puts the row, and takes it back when that refuses or throws.
  private func attempt(_ document: JSONDocument, _ index: Int) throws(ApusError) -> Refusal? {
    touchedCount = 0
    stamp = stamp == Int32.max ? 1 : stamp &+ 1
    do {
      let refusal = try put(0, document, index)
      if refusal != nil { takeBack() }
      return refusal
    } catch {
      takeBack()
      throw error
    }
  }

  private func takeBack() {
    for index in 0..<touchedCount { columns[Int(touched[index])].removeLast() }
    touchedCount = 0
  }

  /// A row with duplicate keys is put in jsonb's form first, which has none; one with too many paths is kept whole.
  private func appendSlowly(_ document: JSONDocument, _ index: Int, _ refusal: Refusal) throws(ApusError) {
    spelled.removeAll()
    try spelled.putValue(document, index)
    if refusal == .duplicateKey {
      if parser == nil { parser = try JSONParser() }
      guard let reader = parser else { throw .unexpected("no parser") }
      let clean = reader.parse(spelled.bytes)
      if let error = clean.error { throw error.apusError(spelled.bytes) }
      if try attempt(clean, 0) == nil { return }
    }
    guard let whole = column(0, PathCode.json) else { throw .unexpected("no column for whole values") }
    try putText(whole, spelled.bytes)
  }

  /// Puts a value at `node`.
  private func put(_ node: Int32, _ document: JSONDocument, _ index: Int) throws(ApusError) -> Refusal? {
    let token = document[index]
    switch token.kind {
    case .string, .key:
      guard let column = column(node, PathCode.text) else { return .tooManyPaths }
      try putText(column, document.text(token))
      return nil
    case .integer: return putFixed(node, PathCode.int8, token.number)
    case .decimal:
      if token.rawScale <= Self.decimalScaleMax {
        return putFixed(node, PathCode.decimal &+ token.rawScale, token.number)
      }
      return try putNumber(node, document.text(token))
    case .number: return try putNumber(node, document.text(token))
    case .true: return putFixed(node, PathCode.bool, 1)
    case .false: return putFixed(node, PathCode.bool, 0)
    case .null: return putFixed(node, PathCode.jsonNull, 0)
    case .object: return try putObject(node, document, index)
    case .array: return try putJSON(node, document, index)
    }
  }

  private func putObject(_ node: Int32, _ document: JSONDocument, _ index: Int) throws(ApusError) -> Refusal? {
    let token = document[index]
    if token.number == 0 { return node == 0 ? nil : putFixed(node, PathCode.emptyObject, 0) }
    if Int(tree.nodes[Int(node)].depth) >= Limits.propertyDepthMax { return try putJSON(node, document, index) }
    let end = token.end
    var key = index &+ 1
    var previous: Int32 = -1
    while key < end {
      let name = document.text(document[key])
      guard let child = tree.child(of: node, key: name, after: previous, limit: Self.nodesMax) else {
        return .tooManyPaths
      }
      if tree.nodes[Int(child)].stamp == stamp { return .duplicateKey }
      tree.nodes[Int(child)].stamp = stamp
      if let refusal = try put(child, document, key &+ 1) { return refusal }
      previous = child
      key = document[key &+ 1].end
    }
    return nil
  }

  /// Arrays, and objects too deep to have paths: as jsonb text.
  private func putJSON(_ node: Int32, _ document: JSONDocument, _ index: Int) throws(ApusError) -> Refusal? {
    guard let column = column(node, PathCode.json) else { return .tooManyPaths }
    writer.removeAll()
    try writer.putValue(document, index)
    try putText(column, writer.bytes)
    return nil
  }

  /// A number with an exponent, many digits, or many of them after the point.
  private func putNumber(_ node: Int32, _ text: UnsafeRawBufferPointer) throws(ApusError) -> Refusal? {
    writer.removeAll()
    try JSONNumber.canonicalise(text, into: &writer)
    expandedBytes &+= max(0, writer.count &- text.count)
    guard expandedBytes <= Self.expandedBytesMax else {
      throw ApusError(.programLimitExceeded, "numbers with exponents are too long when written out")
    }
    let digits = writer.bytes
    let short = JSONNumber.short(digits)
    if let short, short.code <= PathCode.decimal &+ Self.decimalScaleMax {
      return putFixed(node, short.code, short.value)
    }
    if let value = JSONNumber.double(shortestIs: digits) {
      return putFixed(node, PathCode.float8, Int64(bitPattern: value.bitPattern))
    }
    if let short { return putFixed(node, short.code, short.value) }
    guard let column = column(node, PathCode.numeric) else { return .tooManyPaths }
    try putText(column, digits)
    return nil
  }

  @inline(__always)
  private func putFixed(_ node: Int32, _ code: UInt8, _ value: Int64) -> Refusal? {
    guard let column = column(node, code) else { return .tooManyPaths }
    columns[column].append(row: count, value)
    touch(column)
    return nil
  }

  @inline(__always)
  private func putText(_ column: Int, _ bytes: UnsafeRawBufferPointer) throws(ApusError) {
    textBytes &+= bytes.count
    guard textBytes < Int(Int32.max) else { throw ApusError(.programLimitExceeded, "column larger than 2 GiB") }
    columns[column].append(row: count, bytes)
    touch(column)
  }

  @inline(__always)
  private func touch(_ column: Int) {
    if touchedCount == touchedCapacity {
      let larger = UnsafeMutablePointer<Int32>.allocate(capacity: touchedCapacity * 2)
      larger.update(from: touched, count: touchedCount)
      touched.deallocate()
      touched = larger
      touchedCapacity *= 2
    }
    touched[touchedCount] = Int32(truncatingIfNeeded: column)
    touchedCount &+= 1
  }

  /// The column of `code` at `node`, made when new; nil when there are too many. The root's own are always made.
  @inline(__always)
  private func column(_ node: Int32, _ code: UInt8) -> Int? {
    var at = tree.nodes[Int(node)].column
    while at >= 0 {
      if columns[Int(at)].code == code { return Int(at) }
      at = columns[Int(at)].next
    }
    return addColumn(node, code)
  }

  private func addColumn(_ node: Int32, _ code: UInt8) -> Int? {
    guard columnCount < Self.columnsMax || node == 0 else { return nil }
    if columnCount == columnCapacity {
      let larger = UnsafeMutablePointer<PathColumnBuilder>.allocate(capacity: columnCapacity * 2)
      larger.moveInitialize(from: columns, count: columnCount)
      columns.deallocate()
      columns = larger
      columnCapacity *= 2
    }
    let next = tree.nodes[Int(node)].column
    (columns + columnCount).initialize(to: PathColumnBuilder(code: code, node: node, next: next))
    tree.nodes[Int(node)].column = Int32(truncatingIfNeeded: columnCount)
    columnCount += 1
    return columnCount - 1
  }

  /// The column of all rows. The builder must not be used again.
  public func finish() -> ShreddedColumn {
    var paths: [PathColumn] = []
    paths.reserveCapacity(columnCount)
    for index in 0..<columnCount where columns[index].rows.count > 0 {
      paths.append(columns[index].finish(path: tree.path(columns[index].node), total: count))
    }
    var validity: Bitmap?
    if !nullRows.isEmpty {
      let bits = Bitmap(repeating: true, count: count)
      for row in nullRows { bits.clear(row) }
      validity = bits
    }
    return ShreddedColumn(count: count, validity: validity, paths: paths)
  }

  /// `finish` as a jsonb vector.
  public func finishVector() -> Vector {
    let column = finish()
    return Vector(type: .jsonb, count: column.count, validity: column.validity, storage: .shredded(column))
  }
}

/// A member of an object that is put together: its key, and where its value is.
public struct ShreddedMember {
  public var key: UnsafeRawBufferPointer
  public var document: JSONDocument
  public var value: Int

  public init(key: UnsafeRawBufferPointer, document: JSONDocument, value: Int) {
    self.key = key
    self.document = document
    self.value = value
  }
}

extension JSONNumber {
  /// A number without exponent as an int8 or a decimal, if it fits one.
  static func short(_ text: UnsafeRawBufferPointer) -> (code: UInt8, value: Int64)? {
    let isNegative = text.first == 45
    var value: Int64 = 0
    var scale = 0
    var digits = 0
    var afterPoint = false
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      if byte == 46 {
        afterPoint = true
        continue
      }
      // Below zero: there is one more number there.
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (difference, more) = product.subtractingReportingOverflow(Int64(byte &- 48))
      if overflow || more { return nil }
      value = difference
      digits += 1
      if afterPoint { scale += 1 }
    }
    if scale > 0, digits > 18 { return nil }
    if !isNegative {
      if value == Int64.min { return nil }
      value = -value
    }
    return (scale == 0 ? PathCode.int8 : PathCode.decimal &+ UInt8(truncatingIfNeeded: scale), value)
  }
}

extension Vector {
  /// A jsonb vector of text in shredded form. Throws 22P02 and its kin for text that is not JSON.
  public func shredded() throws(ApusError) -> Vector {
    if case .shredded = storage { return self }
    return try JSONB.withParser { (parser) throws(ApusError) in
      let builder = ShreddedBuilder()
      for row in 0..<count {
        if isNull(row) {
          builder.appendNull()
          continue
        }
        let raw = rawBytes(row)
        let document = parser.parse(raw)
        if let error = document.error { throw error.apusError(raw) }
        try builder.append(document)
      }
      return builder.finishVector()
    }
  }
}
