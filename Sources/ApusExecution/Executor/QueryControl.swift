// QueryControl owns what outsiders may do to a running query: cancel it, bound its time and memory.

public import ApusBase
private import Synchronization

/// One query's switch. Any thread may call `cancel`; the executor looks at it every batch.
public final class QueryControl: Sendable {
  public enum Reason: UInt8, Sendable { case none, user, timeout, shutdown }

  private let reason = Atomic<UInt8>(0)
  private let deadline: Atomic<UInt64>
  private let bytesHeld = Atomic<Int>(0)
  private let handlers = Mutex<(next: Int, list: [Int: @Sendable () -> Void])>((0, [:]))
  /// Bytes that the query's operators may hold.
  public let memoryBytesMax: Int

  /// `deadline` is a time of the monotonic clock (`monotonicNanoseconds()`), nil for none.
  public init(deadline: UInt64? = nil, memoryBytesMax: Int = Int.max) {
    self.deadline = Atomic(deadline ?? .max)
    self.memoryBytesMax = memoryBytesMax
  }

  /// Stops the query at its next batch with 57014 (57P01 for `.shutdown`).
  public func cancel(_ why: Reason = .user) {
    reason.store(why.rawValue, ordering: .relaxed)
    for handler in handlers.withLock({ Array($0.list.values) }) { handler() }
  }

  /// Calls `handler` when the query is cancelled, at once when it has been, until `forget`: for those who wait outside.
  public func onCancel(_ handler: @escaping @Sendable () -> Void) -> Int {
    let number = handlers.withLock { handlers in
      handlers.next += 1
      handlers.list[handlers.next] = handler
      return handlers.next
    }
    if isCancelled { handler() }
    return number
  }
  public func forget(_ number: Int) { handlers.withLock { $0.list[number] = nil } }
  public func setDeadline(_ time: UInt64?) { deadline.store(time ?? .max, ordering: .relaxed) }

  public var isCancelled: Bool { reason.load(ordering: .relaxed) != 0 }

  /// Throws when the query is cancelled or late.
  public func check() throws(ApusError) {
    let why = reason.load(ordering: .relaxed)
    if why != 0 { throw Self.error(Reason(rawValue: why) ?? .user) }
    let limit = deadline.load(ordering: .relaxed)
    if limit != .max, monotonicNanoseconds() > limit {
      cancel(.timeout)
      throw Self.error(.timeout)
    }
  }

  private static func error(_ reason: Reason) -> ApusError {
    switch reason {
    case .timeout: ApusError(.queryCanceled, "canceling statement due to statement timeout")
    case .shutdown: ApusError(.adminShutdown, "terminating connection due to administrator command")
    default: ApusError(.queryCanceled, "canceling statement due to user request")
    }
  }

  /// Bytes accounted so far.
  var held: Int { bytesHeld.load(ordering: .relaxed) }

  /// Accounts `bytes` more (or fewer, when negative). Throws 53200 past the query's budget.
  public func account(_ bytes: Int) throws(ApusError) {
    let held = bytesHeld.wrappingAdd(bytes, ordering: .relaxed).newValue
    guard held > memoryBytesMax, bytes > 0 else { return }
    throw ApusError(
      .outOfMemory, "out of memory", detail: "the query holds \(held) bytes of its \(memoryBytesMax)",
      hint: "ask for less at once, or raise the memory limit")
  }
}
