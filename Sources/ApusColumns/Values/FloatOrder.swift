// FloatOrder owns PostgreSQL's order of floats: NaN is above all and equal to itself, and the two zeros are equal.

public enum FloatOrder {
  /// Below 0, 0 or above 0.
  @inlinable @inline(__always)
  public static func compare(_ x: Double, _ y: Double) -> Int {
    if x < y { return -1 }
    if x > y { return 1 }
    if x == y { return 0 }
    return x.isNaN ? (y.isNaN ? 0 : 1) : -1
  }

  /// A number that orders as the float does.
  @inlinable @inline(__always)
  public static func word(_ value: Double) -> UInt64 {
    if value.isNaN { return .max }
    let bits = (value == 0 ? 0 : value).bitPattern
    return bits >> 63 == 1 ? ~bits : bits | 1 << 63
  }

  /// The float of a `word`.
  @inlinable @inline(__always)
  public static func value(_ word: UInt64) -> Double {
    if word == .max { return .nan }
    return Double(bitPattern: word >> 63 == 1 ? word & ~(1 << 63) : ~word)
  }
}
