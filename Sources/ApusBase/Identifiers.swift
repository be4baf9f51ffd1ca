// Identifiers owns the numbers by which durable things are named.

/// A log sequence number: the place of a commit in the order of all commits. Zero is before the first.
public struct LSN: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var value: UInt64
  public init(_ value: UInt64) { self.value = value }
  public static let zero = LSN(0)
  public static func < (a: LSN, b: LSN) -> Bool { a.value < b.value }
  public var next: LSN { LSN(value &+ 1) }
  public var description: String { String(value) }
}

/// A PostgreSQL object identifier.
public typealias OID = UInt32

/// The number of a table, never reused. It is the table's OID in `pg_class` too (from 16384 up).
public struct TableID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var value: UInt32
  public init(_ value: UInt32) { self.value = value }
  public static func < (a: TableID, b: TableID) -> Bool { a.value < b.value }
  public var description: String { String(value) }
}

/// The number of a column within its table, from 1, never reused: renaming and dropping leave data in place.
public struct ColumnID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var value: UInt32
  public init(_ value: UInt32) { self.value = value }
  public static func < (a: ColumnID, b: ColumnID) -> Bool { a.value < b.value }
  public var description: String { String(value) }
}

/// The number of a segment, never reused within a data directory.
public struct SegmentID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var value: UInt64
  public init(_ value: UInt64) { self.value = value }
  public static func < (a: SegmentID, b: SegmentID) -> Bool { a.value < b.value }
  public var description: String { String(value) }
}

/// A span of event time, named by its start in units of the table's partition width since 1970-01-01 UTC.
/// A table without partitioning has the one partition `PartitionKey(0)`.
public struct PartitionKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var value: Int64
  public init(_ value: Int64) { self.value = value }
  public static func < (a: PartitionKey, b: PartitionKey) -> Bool { a.value < b.value }
  public var description: String { String(value) }
}
