// CatalogTypes owns what the catalogs tell of types: PostgreSQL's facts for the types that Apus has.

import ApusBase
import ApusColumns

/// A row of pg_type, apart from what is the same for all base types.
struct CatalogType: Sendable {
  let oid: OID
  let name: String
  let length: Int64
  let isByValue: Bool
  /// b: base, p: pseudo, c: composite.
  let kind: String
  let category: String
  let isPreferred: Bool
  let subscripting: OID
  let element: OID
  let array: OID
  /// in, out, receive, send, modin, modout, analyze.
  let functions: [OID]
  let alignment: String
  let storage: String
  let collation: OID

  init(_ fields: [String]) {
    func oid(_ index: Int) -> OID { OID(fields[index]) ?? 0 }
    self.oid = oid(0)
    name = fields[1]
    length = Int64(fields[2]) ?? -1
    isByValue = fields[3] == "t"
    kind = fields[4]
    category = fields[5]
    isPreferred = fields[6] == "t"
    subscripting = oid(7)
    element = oid(8)
    array = oid(9)
    functions = (10...16).map(oid)
    alignment = fields[17]
    storage = fields[18]
    collation = oid(19)
  }
}

enum CatalogTypes {
  /// In order of OIDs.
  static let all: [CatalogType] = {
    // Aggregate states are bytes to the client.
    let ours = [
      "16000 apus_state -1 f b U f 0 0 16001 1244 31 2412 2413 0 0 0 i x 0",
      "16001 _apus_state -1 f b A f 6179 16000 0 750 751 2400 2401 0 0 3816 i x 0",
    ]
    return (TypeData.text.split(separator: "\n").map(String.init) + ours)
      .map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 20 }.map { CatalogType($0) }
  }()

  private static let byOID: [OID: CatalogType] = Dictionary(
    all.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })
  private static let byName: [String: CatalogType] = Dictionary(
    all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  static func entry(_ oid: OID) -> CatalogType? { byOID[oid] }
  static func entry(named name: String) -> CatalogType? { byName[name] }

  /// The type that has that name in pg_type.
  static func type(named name: String) -> DataType? { byName[name].flatMap { DataType(oid: $0.oid) } }

  /// What format_type shows; nil for an unknown OID.
  static func formatted(_ oid: OID, modifier: Int32? = nil) -> String? {
    guard let entry = byOID[oid] else { return nil }
    if entry.category == "A", let element = byOID[entry.element] {
      return formatted(element.oid, modifier: modifier).map { $0 + "[]" }
    }
    guard let type = DataType(oid: oid) else { return entry.name == "any" ? "\"any\"" : entry.name }
    return formatted(type, entry, modifier)
  }

  private static func formatted(_ type: DataType, _ entry: CatalogType, _ modifier: Int32?) -> String {
    guard let modifier, modifier >= 0 else {
      // `bpchar` without a length is not `character`, which means character(1).
      return type == .bpchar && modifier != nil ? "bpchar" : type.sqlName
    }
    switch type {
    case .varchar, .bpchar: return modifier >= 4 ? "\(type.sqlName)(\(modifier - 4))" : type.sqlName
    case .numeric:
      guard modifier >= 4 else { return type.sqlName }
      let packed = modifier - 4
      let scale = ((packed & 0x7ff) ^ 1024) - 1024
      return "numeric(\((packed >> 16) & 0xffff),\(scale))"
    case .time: return "time(\(modifier)) without time zone"
    case .timestamp: return "timestamp(\(modifier)) without time zone"
    case .timestamptz: return "timestamp(\(modifier)) with time zone"
    case .interval: return "interval" + intervalModifier(modifier)
    default: return type.sqlName
    }
  }

  /// Fields in the upper half, precision in the lower.
  private static func intervalModifier(_ modifier: Int32) -> String {
    let precision = modifier & 0xffff
    let fields: String
    switch (modifier >> 16) & 0x7fff {
    case 1 << 2: fields = " year"
    case 1 << 1: fields = " month"
    case 1 << 3: fields = " day"
    case 1 << 10: fields = " hour"
    case 1 << 11: fields = " minute"
    case 1 << 12: fields = " second"
    case 1 << 2 | 1 << 1: fields = " year to month"
    case 1 << 3 | 1 << 10: fields = " day to hour"
    case 1 << 3 | 1 << 10 | 1 << 11: fields = " day to minute"
    case 1 << 3 | 1 << 10 | 1 << 11 | 1 << 12: fields = " day to second"
    case 1 << 10 | 1 << 11: fields = " hour to minute"
    case 1 << 10 | 1 << 11 | 1 << 12: fields = " hour to second"
    case 1 << 11 | 1 << 12: fields = " minute to second"
    default: fields = ""
    }
    return precision == 0xffff ? fields : "\(fields)(\(precision))"
  }
}
