// QueryWatch owns the look-out for clients that went away while their query runs.

import CMicroHTTPD
import Dispatch
import Foundation
import Synchronization

/// Looks at the sockets of running queries ten times a second, while there are any.
final class QueryWatch: Sendable {
  private struct Watched: Sendable {
    var socket: Int32
    var cancel: @Sendable () -> Void
  }
  private struct State {
    var running: [UInt64: Watched] = [:]
    var next: UInt64 = 0
    var isStopping = false
  }
  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)
  private static let pauseMicroseconds: UInt32 = 100_000

  init() {
    let thread = Thread { [self] in run() }
    thread.name = "apus-watch"
    thread.start()
  }

  /// Watches a socket until `forget`. `cancel` may be called more than once.
  func add(socket: Int32, cancel: @escaping @Sendable () -> Void) -> UInt64 {
    let (number, isFirst) = state.withLock { state in
      state.next += 1
      state.running[state.next] = Watched(socket: socket, cancel: cancel)
      return (state.next, state.running.count == 1)
    }
    if isFirst { wakeUp.signal() }
    return number
  }

  func forget(_ number: UInt64) { state.withLock { $0.running[number] = nil } }

  func cancelAll() {
    for one in state.withLock({ Array($0.running.values) }) { one.cancel() }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    wakeUp.signal()
  }

  private func run() {
    while true {
      wakeUp.wait()
      while true {
        // Sockets are looked at under the lock: a query that ends takes itself off before its socket may close.
        let (gone, isIdle, isStopping) = state.withLock { state in
          let gone = state.running.values.filter { apus_http_peer_is_gone($0.socket) != 0 }
          return (gone.map(\.cancel), state.running.isEmpty, state.isStopping)
        }
        for cancel in gone { cancel() }
        if isStopping { return }
        if isIdle { break }
        usleep(Self.pauseMicroseconds)
      }
    }
  }
}
