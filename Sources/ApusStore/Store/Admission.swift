// Admission owns the bounds of event time: what is too old or too new to be taken (DESIGN 2.3).

public import ApusBase
public import ApusColumns

/// The times a table takes, inclusive, in microseconds since 2000-01-01 UTC.
public struct AdmissionBounds: Sendable, Hashable {
  public var oldest: PostgresMicroseconds
  public var newest: PostgresMicroseconds

  public enum Fault: String, Sendable, Hashable {
    case tooOld = "too_old"
    case tooNew = "too_new"
  }

  @inline(__always)
  public func fault(of time: PostgresMicroseconds) -> Fault? {
    time < oldest ? .tooOld : time > newest ? .tooNew : nil
  }

  /// The rows of a column of times that lie outside, ascending; null rows are inside.
  public func faults(in times: Vector) -> [(row: Int, fault: Fault)] {
    let flat = times.flattened()
    guard case .int64(let buffer) = flat.storage else { return [] }
    let values = buffer.read(Int64.self)
    var found: [(row: Int, fault: Fault)] = []
    for row in 0..<flat.count {
      let time = values[row]
      if time >= oldest, time <= newest { continue }
      if flat.isNull(row) { continue }
      found.append((row, time < oldest ? .tooOld : .tooNew))
    }
    return found
  }
}

extension TableDefinition {
  /// The times taken at the moment `now`; nil when the table has no bounds.
  public func admissionBounds(now: UnixMicroseconds) -> AdmissionBounds? {
    guard timeColumn != nil else { return nil }
    let past = options.acceptPastSeconds ?? options.retentionSeconds
    guard past != nil || options.acceptFutureSeconds != nil else { return nil }
    let present = now &- postgresEpochUnixMicroseconds
    func shifted(_ seconds: Int64?, by sign: Int64) -> Int64? {
      guard let seconds else { return nil }
      let (span, overflow) = seconds.multipliedReportingOverflow(by: sign &* 1_000_000)
      if overflow { return nil }
      let (time, past) = present.addingReportingOverflow(span)
      return past ? nil : time
    }
    return AdmissionBounds(
      oldest: shifted(past, by: -1) ?? Int64.min,
      newest: shifted(options.acceptFutureSeconds, by: 1) ?? Int64.max)
  }
}
