// The making of Arrow schemas for our types, in memory that whoever receives them releases.

public import ApusBase
public import CApusABI

extension Arrow {
  /// The format in which columns of the type cross; nil for types that do not.
  public static func format(of type: DataType) -> String? {
    switch type {
    case .bool: "b"
    case .int2: "s"
    case .int4: "i"
    case .int8: "l"
    case .float4: "f"
    case .float8: "g"
    case .numeric, .text, .varchar, .bpchar, .name, .json, .jsonb: "u"
    case .bytea, .aggregateState: "z"
    case .uuid: "w:16"
    case .date: "tdD"
    case .time: "ttu"
    case .timestamp: "tsu:"
    case .timestamptz: "tsu:UTC"
    case .interval: "tin"
    case .array(let element): element.elementType == nil && format(of: element) != nil ? "+l" : nil
    default: type.isOIDLike ? "l" : nil
    }
  }

  private static func metadata(of type: DataType, modifier: Int32) -> [(String, String)] {
    var entries: [(String, String)] = []
    switch type {
    case .numeric, .varchar, .bpchar, .name, .aggregateState: entries.append(("apus:type", type.catalogName))
    case .json, .jsonb: entries += [("ARROW:extension:name", "arrow.json"), ("apus:type", type.catalogName)]
    case .uuid: entries += [("ARROW:extension:name", "arrow.uuid"), ("apus:type", type.catalogName)]
    default: if type.isOIDLike { entries.append(("apus:type", type.catalogName)) }
    }
    if modifier >= 0 { entries.append(("apus:typmod", String(modifier))) }
    return entries
  }

  /// The schema of one field. Throws 0A000 for types that do not cross.
  public static func schema(
    name: String, type: TypeReference, isNullable: Bool = true
  ) throws(ApusError) -> ArrowSchema {
    guard let format = format(of: type.type) else {
      throw ApusError.unsupported("columns of type \(type.type.sqlName) in plugins are")
    }
    var children: [ArrowSchema] = []
    if let element = type.type.elementType {
      children.append(try schema(name: "item", type: TypeReference(element, modifier: type.modifier)))
    }
    return make(
      format: format, name: name, metadata: metadata(of: type.type, modifier: type.modifier), isNullable: isNullable,
      children: children)
  }

  /// The schema of a batch.
  public static func schema(_ fields: [(name: String, type: TypeReference, isNullable: Bool)]) throws(ApusError)
    -> ArrowSchema
  {
    var children: [ArrowSchema] = []
    do throws(ApusError) {
      for field in fields {
        children.append(try schema(name: field.name, type: field.type, isNullable: field.isNullable))
      }
    } catch {
      for index in children.indices { release(&children[index]) }
      throw error
    }
    return make(format: "+s", name: "", metadata: [], isNullable: false, children: children)
  }

  /// An empty schema of a batch with zeroed children.
  public static func emptySchema(children count: Int) -> ArrowSchema {
    make(
      format: "+s", name: "", metadata: [], isNullable: false,
      children: Array(repeating: ArrowSchema(), count: max(0, min(count, Limits.columnsPerTableMax))))
  }

  /// Releases a schema, unless that is done.
  public static func release(_ schema: inout ArrowSchema) {
    if let release = schema.release { release(&schema) }
  }
  public static func release(_ array: inout ArrowArray) {
    if let release = array.release { release(&array) }
  }
  public static func release(_ stream: inout ArrowArrayStream) {
    if let release = stream.release { release(&stream) }
  }

  private static func make(
    format: String, name: String, metadata: [(String, String)], isNullable: Bool, children: [ArrowSchema]
  ) -> ArrowSchema {
    var schema = ArrowSchema()
    schema.format = UnsafePointer(copy(format))
    schema.name = UnsafePointer(copy(name))
    schema.metadata = encoded(metadata)
    schema.flags = isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0
    schema.n_children = Int64(children.count)
    if !children.isEmpty {
      let list = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(capacity: children.count)
      for (index, child) in children.enumerated() {
        let place = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
        place.initialize(to: child)
        list[index] = place
      }
      schema.children = list
    }
    schema.release = releaseSchema
    return schema
  }

  private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = Array(text.utf8)
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { place[index] = CChar(bitPattern: byte) }
    place[bytes.count] = 0
    return place
  }

  private static func encoded(_ metadata: [(String, String)]) -> UnsafePointer<CChar>? {
    if metadata.isEmpty { return nil }
    var bytes: [UInt8] = []
    func put(_ number: Int) { withUnsafeBytes(of: Int32(truncatingIfNeeded: number)) { bytes.append(contentsOf: $0) } }
    put(metadata.count)
    for (key, value) in metadata {
      for text in [key, value] {
        put(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
      }
    }
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { place[index] = CChar(bitPattern: byte) }
    return UnsafePointer(place)
  }

  private static let releaseSchema: @convention(c) (UnsafeMutablePointer<ArrowSchema>?) -> Void = { schema in
    guard let schema, schema.pointee.release != nil else { return }
    schema.pointee.format?.deallocate()
    schema.pointee.name?.deallocate()
    schema.pointee.metadata?.deallocate()
    if let children = schema.pointee.children {
      for index in 0..<Int(schema.pointee.n_children) {
        guard let child = children[index] else { continue }
        // A receiver may have moved a child away.
        if let release = child.pointee.release { release(child) }
        child.deallocate()
      }
      children.deallocate()
    }
    schema.pointee.release = nil
  }
}
