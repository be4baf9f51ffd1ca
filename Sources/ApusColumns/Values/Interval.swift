// Interval owns PostgreSQL's interval: months, days and microseconds, each with a sign of its own.

public struct Interval: Hashable, Sendable, BitwiseCopyable {
  /// Laid out so that the struct is 16 bytes: this is also the vector layout.
  public var microseconds: Int64
  public var days: Int32
  public var months: Int32

  public init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
    self.months = months
    self.days = days
    self.microseconds = microseconds
  }
}

/// The 16 bytes of a UUID, in text order.
public struct UUIDValue: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Big-endian halves: comparing them compares the text forms.
  public var high: UInt64
  public var low: UInt64
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
  public static func < (a: UUIDValue, b: UUIDValue) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }
}
