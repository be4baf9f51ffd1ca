// Ticker owns the line that tells how a long statement gets on.

import ApusBase
import Foundation
import Synchronization

/// After a second, a line on the terminal: time, rows and bytes so far. Taken away when there is something to show.
final class Ticker: Sendable {
  private struct State {
    var isRunning = false
    var isShown = false
    var started: UInt64 = 0
    var rows = 0
    var bytes = 0
    var generation = 0
  }
  private let state = Mutex(State())
  private let isEnabled: Bool
  private static let patienceNanoseconds: UInt64 = 1_000_000_000

  /// Draws only where there is a terminal.
  init(isEnabled: Bool) { self.isEnabled = isEnabled && isatty(2) == 1 }

  func start() {
    guard isEnabled else { return }
    let generation = state.withLock { state in
      state.isRunning = true
      state.started = monotonicNanoseconds()
      (state.rows, state.bytes) = (0, 0)
      state.generation += 1
      return state.generation
    }
    let thread = Thread { [self] in
      while true {
        usleep(100_000)
        guard draw(generation) else { return }
      }
    }
    thread.start()
  }

  func count(rows: Int = 0, bytes: Int = 0) {
    guard isEnabled else { return }
    state.withLock { state in
      state.rows += rows
      state.bytes += bytes
    }
  }

  /// Takes the line off the terminal; nothing is drawn until the next start.
  func stop() {
    guard isEnabled else { return }
    state.withLock { state in
      state.isRunning = false
      if state.isShown { Self.put("\r\u{1B}[K") }
      state.isShown = false
    }
  }

  private func draw(_ generation: Int) -> Bool {
    state.withLock { state in
      guard state.isRunning, state.generation == generation else { return false }
      let elapsed = monotonicNanoseconds() - state.started
      guard elapsed >= Self.patienceNanoseconds else { return true }
      var text = "running \(Double(elapsed / 100_000_000) / 10) s"
      if state.rows > 0 { text += ", \(state.rows) rows" }
      if state.bytes > 0 { text += ", \(state.bytes >> 10) KiB" }
      Self.put("\r\u{1B}[K" + text + "  (Ctrl-C cancels)")
      state.isShown = true
      return true
    }
  }

  private static func put(_ text: String) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
  }
}
