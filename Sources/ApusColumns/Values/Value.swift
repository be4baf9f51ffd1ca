// Value owns one value of any type outside a vector: literals, parameters, zone map bounds, results of one row.

/// One value. The SQL type travels beside it.
public enum Value: Hashable, Sendable {
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
