// Value owns one value of any type outside a vector: literals, parameters, zone map bounds, results of one row.

/// One value. The SQL type travels beside it.
public enum Value: Sendable {
  case null
  case bool(Bool)
  /// int2, int4, int8, date, time, timestamp, timestamptz, oid and kin, in the units of `DataType.physical`.
  case int(Int64)
  /// float4 and float8.
  case float(Double)
  case numeric(Numeric)
  /// Every type whose physical type is bytes and whose bytes are text.
  case text(String)
  /// bytea and aggregate states.
  case bytes([UInt8])
  case interval(Interval)
  case uuid(UUIDValue)
  indirect case array([Value])

  public var isNull: Bool { self == .null }
}

/// Values are equal when SQL could not tell them apart by their form: text by its bytes, where Swift's strings take two
/// spellings of a character as one.
extension Value: Hashable {
  public static func == (a: Value, b: Value) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.int(let x), .int(let y)): x == y
    case (.float(let x), .float(let y)): x == y
    case (.numeric(let x), .numeric(let y)): x == y
    case (.text(let x), .text(let y)): x.utf8.elementsEqual(y.utf8)
    case (.bytes(let x), .bytes(let y)): x == y
    case (.interval(let x), .interval(let y)): x == y
    case (.uuid(let x), .uuid(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    default: false
    }
  }

  /// Equal values hash alike; those of different cases need not differ.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let flag): hasher.combine(flag)
    case .int(let number): hasher.combine(number)
    case .float(let number): hasher.combine(number)
    case .numeric(let number): hasher.combine(number)
    case .text(let text): for byte in text.utf8 { hasher.combine(byte) }
    case .bytes(let raw): hasher.combine(raw)
    case .interval(let interval): hasher.combine(interval)
    case .uuid(let uuid): hasher.combine(uuid)
    case .array(let items): hasher.combine(items)
    }
  }
}
