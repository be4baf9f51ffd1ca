// ProgressBar owns how a long command shows how far it is: a bar on a terminal, a line now and then elsewhere.

import ApusBase
import Foundation

/// Written to stderr.
final class ProgressBar {
  private let label: String
  /// What makes 100 %; nil when not known.
  private let total: Int?
  private let unit: String
  private let isTerminal = isatty(2) == 1
  private let start = monotonicNanoseconds()
  private var lastShown: UInt64
  private var isShown = false
  private static let barWidth = 30

  /// `total` in what `update` counts as `done`.
  init(_ label: String, total: Int?, unit: String) {
    self.label = label
    self.total = total
    self.unit = unit
    lastShown = start
  }

  var seconds: Double { Double(monotonicNanoseconds() - start) / 1e9 }

  /// `done` of `total`; `count` units so far.
  func update(done: Int, count: Int) {
    let now = monotonicNanoseconds()
    guard now - lastShown >= (isTerminal ? 100_000_000 : 10_000_000_000) else { return }
    lastShown = now
    let line = text(done: done, count: count)
    if isTerminal {
      put("\r\u{1B}[K" + line)
      isShown = true
    } else {
      put(line + "\n")
    }
  }

  /// Takes the bar off the terminal.
  func finish() {
    if isShown { put("\r\u{1B}[K") }
    isShown = false
  }

  private func text(done: Int, count: Int) -> String {
    let elapsed = max(seconds, 0.001)
    var parts = [label]
    if let total, total > 0 {
      let share = min(1, Double(done) / Double(total))
      let full = Int(share * Double(Self.barWidth))
      if isTerminal {
        parts.append(
          "[" + String(repeating: "#", count: full) + String(repeating: ".", count: Self.barWidth - full) + "]")
      }
      parts.append("\(Int(share * 100)) %")
      if share > 0.01 {
        parts.append("\(grouped(count)) \(unit), \(grouped(Int(Double(count) / elapsed)))/s")
        parts.append("\(Int((elapsed / share - elapsed).rounded(.up))) s left")
        return parts.joined(separator: "  ")
      }
    }
    parts.append("\(grouped(count)) \(unit), \(grouped(Int(Double(count) / elapsed)))/s")
    return parts.joined(separator: "  ")
  }

  private func put(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
