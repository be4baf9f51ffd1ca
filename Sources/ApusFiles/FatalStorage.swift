// FatalStorage owns the one place where a failed synchronisation ends. After a failed fsync nobody knows which bytes
// are on disk, and trying again would report success for pages the kernel has dropped; so nothing may be acknowledged.

public import ApusBase
private import Glibc
private import Synchronization

/// Remembers the first failure and hands it to a handler.
public final class FatalStorage: Sendable {
  public typealias Handler = @Sendable (ApusError) -> Void

  private struct State {
    var failure: ApusError?
    var handler: Handler
  }
  private let state: Mutex<State>

  /// The process's own: logs, then ends the process with exit code 1.
  public static let process = FatalStorage { error in
    Log.error("storage", "stopping: \(error.message)", ["sqlstate": error.state.code])
    _exit(1)
  }

  public init(handler: @escaping Handler) { state = Mutex(State(failure: nil, handler: handler)) }

  /// Replaces the handler (a server that wants to say goodbye first).
  public func setHandler(_ handler: @escaping Handler) { state.withLock { $0.handler = handler } }

  /// The first failure reported, if any: nothing may be acknowledged once there is one.
  public var failure: ApusError? { state.withLock { $0.failure } }

  public func report(_ error: ApusError) {
    let handler: Handler? = state.withLock { state in
      guard state.failure == nil else { return nil }
      state.failure = error
      return state.handler
    }
    handler?(error)
  }
}
