// ZoneCursor owns the conversion of many near instants and local readings by one zone.

import ApusColumns

/// Remembers the span of the last conversion: the next value is mostly in it.
struct ZoneCursor {
  private let zone: TimeZone
  private var instants: (start: Int64, end: Int64, offset: Int64)
  private var readings: (start: Int64, end: Int64, offset: Int64)

  init(_ zone: TimeZone) {
    self.zone = zone
    instants = zone.run(at: 0)
    readings = zone.run(atLocal: 0)
  }

  /// The local reading of an instant; infinities stay.
  @inline(__always)
  mutating func local(_ utc: Int64) -> Int64 {
    if utc < instants.start || utc >= instants.end { instants = zone.run(at: utc) }
    return TimestampRange.isFinite(utc) ? utc &+ instants.offset : utc
  }

  /// The instant of a local reading; infinities stay.
  @inline(__always)
  mutating func utc(_ local: Int64) -> Int64 {
    if local < readings.start || local >= readings.end { readings = zone.run(atLocal: local) }
    return TimestampRange.isFinite(local) ? local &- readings.offset : local
  }
}
