// Clock owns the reading of time, so that tests can stand in for it.

private import Glibc
private import Synchronization

/// Microseconds since 1970-01-01 00:00:00 UTC.
public typealias UnixMicroseconds = Int64

public protocol WallClock: Sendable {
  func now() -> UnixMicroseconds
}

public struct SystemClock: WallClock {
  public init() {}
  public func now() -> UnixMicroseconds {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}

/// A clock that tests set.
public final class ManualClock: WallClock {
  private let time: Mutex<UnixMicroseconds>
  public init(_ start: UnixMicroseconds) { time = Mutex(start) }
  public func now() -> UnixMicroseconds { time.withLock { $0 } }
  public func set(_ value: UnixMicroseconds) { time.withLock { $0 = value } }
  public func advance(by microseconds: Int64) { time.withLock { $0 += microseconds } }
}

/// Nanoseconds of the monotonic clock: for durations only.
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
