// ArrowField owns the reading of Arrow schemas: which of our types a field is, and how its values lie.

public import ApusBase
public import CApusABI

/// How the values of an Arrow array lie, and what makes them ours.
indirect enum ArrowLayout: Hashable, Sendable {
  case bool
  /// Signed or unsigned integers of `width` bytes, read as such of the type.
  case integer(width: Int, isSigned: Bool)
  case float32, float64
  /// UTF-8 with offsets of 4 or 8 bytes.
  case text(large: Bool)
  case binary(large: Bool)
  case uuid
  case decimal(scale: Int)
  /// Int32 days since 1970.
  case date
  /// Int64 microseconds since midnight.
  case time
  /// Int64 counts since 1970; `multiplier` of them to the microsecond if it is negative, else microseconds each.
  case timestamp(multiplier: Int64)
  case interval
  case list(ArrowLayout)
  /// Indexes into values of another layout.
  case dictionary(width: Int, isSigned: Bool, values: ArrowLayout)
}

/// One field of an Arrow schema as one of our types.
public struct ArrowField: Hashable, Sendable {
  public var name: String
  public var type: TypeReference
  public var isNullable: Bool
  let layout: ArrowLayout

  /// Reads a field. `expected`: the type that it must be readable as; nil: the type that it says it is. Throws 42804
  /// when it is not, 22000 for a schema that is broken.
  public init(_ schema: UnsafePointer<ArrowSchema>, as expected: DataType? = nil) throws(ApusError) {
    try self.init(schema, as: expected, depth: 0)
  }

  private init(_ schema: UnsafePointer<ArrowSchema>, as expected: DataType?, depth: Int) throws(ApusError) {
    guard depth < 4 else { throw Arrow.broken("a schema is nested too deeply") }
    let field = schema.pointee
    guard field.release != nil, let format = field.format.map({ String(cString: $0) }) else {
      throw Arrow.broken("a schema was released or has no format")
    }
    name = field.name.map { String(cString: $0) } ?? ""
    isNullable = field.flags & Int64(ARROW_FLAG_NULLABLE) != 0
    let metadata = Arrow.metadata(field.metadata)
    var modifier: Int32 = -1
    if let text = metadata["apus:typmod"], let number = Int32(text) { modifier = number }
    guard let type = expected ?? Self.type(format, metadata, field) else {
      throw ApusError(
        .featureNotSupported, "column \"\(name)\" has the Arrow format \"\(format)\", which is not supported")
    }
    self.type = TypeReference(type, modifier: modifier)
    if let dictionary = field.dictionary {
      guard let index = Self.integer(format) else {
        throw Arrow.broken("dictionary indexes have the format \"\(format)\"")
      }
      let values = try ArrowField(dictionary, as: type, depth: depth + 1)
      if case .dictionary = values.layout { throw Arrow.broken("a dictionary of dictionaries") }
      layout = .dictionary(width: index.width, isSigned: index.isSigned, values: values.layout)
      return
    }
    if let element = type.elementType {
      guard format == "+l", field.n_children == 1, let children = field.children, let child = children[0] else {
        throw Self.mismatch(name, format, type)
      }
      layout = .list(try ArrowField(child, as: element, depth: depth + 1).layout)
      return
    }
    guard let layout = Self.layout(format, type) else { throw Self.mismatch(name, format, type) }
    self.layout = layout
  }

  private static func mismatch(_ name: String, _ format: String, _ type: DataType) -> ApusError {
    ApusError(
      .datatypeMismatch,
      "column \"\(name)\" has the Arrow format \"\(format)\", which cannot be read as \(type.sqlName)")
  }

  /// The type that a field says it is.
  private static func type(
    _ format: String, _ metadata: [String: String], _ field: ArrowSchema
  ) -> DataType? {
    if let dictionary = field.dictionary {
      guard dictionary.pointee.release != nil, let inner = dictionary.pointee.format else { return nil }
      return type(
        String(cString: inner), metadata.merging(Arrow.metadata(dictionary.pointee.metadata)) { own, _ in own },
        dictionary.pointee)
    }
    if let named = metadata["apus:type"] {
      if let known = DataType.all.first(where: { $0.catalogName == named }) { return known }
      if named.hasPrefix("_"), let element = DataType.all.first(where: { $0.catalogName == named.dropFirst() }) {
        return .array(element)
      }
      return nil
    }
    switch metadata["ARROW:extension:name"] {
    case "arrow.json": return .jsonb
    case "arrow.uuid": return .uuid
    default: break
    }
    switch format {
    case "b": return .bool
    case "s", "c", "C": return .int2
    case "i", "S": return .int4
    case "l", "I": return .int8
    case "f": return .float4
    case "g": return .float8
    case "u", "U": return .text
    case "z", "Z": return .bytea
    case "w:16": return .uuid
    case "tdD": return .date
    case "ttu": return .time
    case "tin": return .interval
    case "+l":
      guard field.n_children == 1, let child = field.children?[0], child.pointee.release != nil,
        let inner = child.pointee.format
      else { return nil }
      let element = type(String(cString: inner), Arrow.metadata(child.pointee.metadata), child.pointee)
      return element.flatMap { $0.elementType == nil ? .array($0) : nil }
    default:
      if format.hasPrefix("d:") { return .numeric }
      if let zone = timestampZone(format) { return zone.isEmpty ? .timestamp : .timestamptz }
      return nil
    }
  }

  private static func timestampZone(_ format: String) -> Substring? {
    guard format.hasPrefix("ts"), let colon = format.firstIndex(of: ":"), multiplier(format) != nil else { return nil }
    return format[format.index(after: colon)...]
  }

  /// Microseconds a unit, or units a microsecond, negated.
  private static func multiplier(_ format: String) -> Int64? {
    switch format.prefix(4) {
    case "tss:": 1_000_000
    case "tsm:": 1_000
    case "tsu:": 1
    case "tsn:": -1_000
    default: nil
    }
  }

  private static func integer(_ format: String) -> (width: Int, isSigned: Bool)? {
    switch format {
    case "c": (1, true)
    case "C": (1, false)
    case "s": (2, true)
    case "S": (2, false)
    case "i": (4, true)
    case "I": (4, false)
    case "l": (8, true)
    case "L": (8, false)
    default: nil
    }
  }

  private static func layout(_ format: String, _ type: DataType) -> ArrowLayout? {
    let isText = format == "u" || format == "U"
    switch type {
    case .bool: return format == "b" ? .bool : nil
    case .int2, .int4, .int8: return integerLayout(format, bytes: Int(type.typeLength))
    case .float4: return format == "f" ? .float32 : nil
    case .float8: return format == "f" ? .float32 : format == "g" ? .float64 : nil
    case .numeric:
      if isText { return .text(large: format == "U") }
      if let integer = integerLayout(format, bytes: 8) { return integer }
      return decimal(format)
    case .bytea, .aggregateState: return format == "z" || format == "Z" ? .binary(large: format == "Z") : nil
    case .uuid: return format == "w:16" ? .uuid : nil
    case .date: return format == "tdD" ? .date : nil
    case .time: return format == "ttu" ? .time : nil
    case .timestamp, .timestamptz: return multiplier(format).map { .timestamp(multiplier: $0) }
    case .interval: return format == "tin" ? .interval : nil
    default:
      if type.isOIDLike { return integerLayout(format, bytes: 8) }
      return type.physical == .bytes && isText ? .text(large: format == "U") : nil
    }
  }

  /// Integers whose every value fits a type of `bytes` bytes.
  private static func integerLayout(_ format: String, bytes: Int) -> ArrowLayout? {
    guard let (width, isSigned) = integer(format), width < bytes || (width == bytes && isSigned) else { return nil }
    return .integer(width: width, isSigned: isSigned)
  }

  /// d:P,S or d:P,S,128.
  private static func decimal(_ format: String) -> ArrowLayout? {
    guard format.hasPrefix("d:") else { return nil }
    let parts = format.dropFirst(2).split(separator: ",")
    guard parts.count == 2 || (parts.count == 3 && parts[2] == "128"), let scale = Int(parts[1]),
      let precision = Int(parts[0]), (1...38).contains(precision), (0...precision).contains(scale)
    else { return nil }
    return .decimal(scale: scale)
  }

  /// The fields of a "+s" schema.
  public static func fields(_ schema: UnsafePointer<ArrowSchema>) throws(ApusError) -> [ArrowField] {
    try children(schema).map { (child) throws(ApusError) in try ArrowField(child) }
  }

  /// The fields of a "+s" schema, which must be as many as `types` and readable as these.
  public static func fields(
    _ schema: UnsafePointer<ArrowSchema>, as types: [DataType]
  ) throws(ApusError) -> [ArrowField] {
    let children = try children(schema)
    guard children.count == types.count else {
      throw Arrow.broken("a schema has \(children.count) columns where \(types.count) were asked for")
    }
    return try zip(children, types).map { (pair) throws(ApusError) in try ArrowField(pair.0, as: pair.1) }
  }

  private static func children(
    _ schema: UnsafePointer<ArrowSchema>
  ) throws(ApusError) -> [UnsafePointer<ArrowSchema>] {
    let parent = schema.pointee
    guard parent.release != nil, let format = parent.format, String(cString: format) == "+s" else {
      throw Arrow.broken("a schema of a batch is not a struct")
    }
    guard parent.n_children >= 0, parent.n_children <= Limits.columnsPerTableMax,
      parent.n_children == 0 || parent.children != nil
    else { throw Arrow.broken("a schema has \(parent.n_children) columns") }
    var found: [UnsafePointer<ArrowSchema>] = []
    for index in 0..<Int(parent.n_children) {
      guard let child = parent.children[index] else { throw Arrow.broken("a schema lacks its column \(index + 1)") }
      found.append(UnsafePointer(child))
    }
    return found
  }
}

/// What both directions share.
public enum Arrow {
  /// Data that break Arrow's rules: of the plugin that made them.
  static func broken(_ what: String) -> ApusError { ApusError(.dataException, "malformed Arrow data: \(what)") }

  /// Keys and values of a metadata block; what is beyond the bounds is left out.
  static func metadata(_ block: UnsafePointer<CChar>?) -> [String: String] {
    guard let block else { return [:] }
    let raw = UnsafeRawPointer(block)
    var offset = 4
    let count = raw.loadUnaligned(as: Int32.self)
    guard (0...64).contains(count) else { return [:] }
    func text() -> String? {
      let length = raw.loadUnaligned(fromByteOffset: offset, as: Int32.self)
      guard (0...65_536).contains(length) else { return nil }
      let bytes = UnsafeRawBufferPointer(start: raw + offset + 4, count: Int(length))
      offset += 4 + Int(length)
      return String(decoding: bytes, as: UTF8.self)
    }
    var found: [String: String] = [:]
    for _ in 0..<count {
      guard let key = text(), let value = text() else { break }
      found[key] = value
    }
    return found
  }
}
