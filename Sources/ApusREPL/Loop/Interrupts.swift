// Interrupts owns Ctrl-C: it cancels what runs, else it empties the line, else (in a script) it ends the process.

import ApusBase
import Glibc
import Synchronization

/// Told of each SIGINT by the thread that waits for signals.
public final class Interrupts: Sendable {
  private struct State {
    var cancel: (@Sendable () -> Void)?
    var isPending = false
    var isReading = false
  }
  private let state = Mutex(State())
  /// A byte comes out of the first for each interrupt while a line is read or something is waited for.
  private let pipe: (read: Int32, write: Int32)

  public init() {
    var ends: [Int32] = [-1, -1]
    if Glibc.pipe(&ends) == 0 {
      for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }
    pipe = (ends[0], ends[1])
  }

  /// From the signal thread. False when nobody takes the interrupt: a script between two statements.
  public func fire() -> Bool {
    let (cancel, isTaken) = state.withLock { state in
      state.isPending = true
      return (state.cancel, state.cancel != nil || state.isReading)
    }
    cancel?()
    var byte: UInt8 = 3
    _ = write(pipe.write, &byte, 1)
    return isTaken
  }

  /// Whether there was an interrupt since `begin`.
  var isPending: Bool { state.withLock { $0.isPending } }

  /// Something starts that `cancel` stops.
  func begin(_ cancel: @escaping @Sendable () -> Void) {
    clear()
    state.withLock { $0.cancel = cancel }
  }

  func end() { state.withLock { $0.cancel = nil } }

  /// While lines are read from a person.
  func reading(_ isReading: Bool) { state.withLock { $0.isReading = isReading } }

  func clear() {
    state.withLock { $0.isPending = false }
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(pipe.read, &bytes, 64) > 0 {}
  }

  /// Waits for input on a descriptor. False for an interrupt.
  func waitForInput(_ descriptor: Int32) -> Bool {
    var polled = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let count = poll(&polled, 2, -1)
      if count < 0, errno == EINTR { continue }
      if polled[1].revents != 0 {
        clear()
        return false
      }
      return true
    }
  }

  /// Waits. False when it was cut short by an interrupt.
  func sleep(milliseconds: Int) -> Bool {
    let end = monotonicNanoseconds() + UInt64(max(0, milliseconds)) * 1_000_000
    var polled = pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0)
    while true {
      if isPending { return false }
      let now = monotonicNanoseconds()
      guard now < end else { return true }
      _ = poll(&polled, 1, Int32(clamping: (end - now) / 1_000_000 + 1))
    }
  }
}
