// MachineMemory owns what the server may count on of the machine's memory, and sizes and parts as options state them.

import ApusEngine
import Foundation

enum MachineMemory {
  /// Below this memtables would be too small to work with.
  static let bytesMin = 256 << 20
  private static let standardBytesMax = 4 << 30

  /// Half of the machine's or the cgroup's, at most 4 GiB.
  static let standardBytes: Int = {
    var bytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8),
        let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), limit > 0
      else { continue }
      bytes = min(bytes, limit)
    }
    return max(bytesMin, min(standardBytesMax, bytes / 2))
  }()

  static func bytes(_ text: String) -> Int? { OptionText.bytes(text) }
  static func fraction(_ text: String) -> Double? { OptionText.fraction(text) }

  /// `4 GiB`, in the largest unit that divides it.
  static func text(_ bytes: Int) -> String {
    for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes % size == 0 {
      return "\(bytes / size) \(unit)"
    }
    return String(bytes)
  }

  /// `5 %`.
  static func percent(_ fraction: Double) -> String {
    let number = (fraction * 1_000_000).rounded() / 10_000
    return number == number.rounded() ? "\(Int(number)) %" : "\(number) %"
  }
}
