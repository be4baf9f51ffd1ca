// WorkerPool owns a few threads and the queue of work in front of them: what must not run on MHD's own threads.

import Dispatch
import Foundation
import Synchronization

/// Fixed threads with a first-in first-out queue. All methods may be called from any thread.
final class WorkerPool: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    /// Index of the next entry of `waiting`.
    var next = 0
    var isStopping = false
  }
  private let state = Mutex(State())
  private let available = DispatchSemaphore(value: 0)
  private let threadCount: Int
  private let queueMax: Int

  /// `queueMax` is how much work may wait. `stackBytes` is reserved for each thread, not used.
  init(name: String, threads: Int, queueMax: Int, stackBytes: Int) {
    threadCount = threads
    self.queueMax = queueMax
    for number in 0..<threads {
      let thread = Thread { [self] in run() }
      thread.name = "\(name)-\(number)"
      thread.stackSize = stackBytes
      thread.start()
    }
  }

  /// False when too much waits already or the pool has stopped: the work will not run.
  func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isStopping, state.waiting.count - state.next < queueMax else { return false }
      state.waiting.append(work)
      return true
    }
    if isTaken { available.signal() }
    return isTaken
  }

  /// Lets the threads end once the queue is empty. Later work is refused.
  func stop() {
    state.withLock { $0.isStopping = true }
    for _ in 0..<threadCount { available.signal() }
  }

  private func run() {
    while true {
      available.wait()
      let work: (@Sendable () -> Void)?
      let isStopping: Bool
      (work, isStopping) = state.withLock { state in
        guard state.next < state.waiting.count else { return (nil, state.isStopping) }
        let work = state.waiting[state.next]
        state.next += 1
        if state.next == state.waiting.count {
          state.waiting.removeAll(keepingCapacity: true)
          state.next = 0
        } else if state.next >= 1024 {
          state.waiting.removeFirst(state.next)
          state.next = 0
        }
        return (work, state.isStopping)
      }
      if let work {
        work()
      } else if isStopping {
        return
      }
    }
  }
}
