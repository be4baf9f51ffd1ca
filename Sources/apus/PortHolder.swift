// PortHolder owns the finding of the process that listens on a port, from /proc.

import Foundation

enum PortHolder {
  /// `process 123: the command line`, or that it is somebody else's; nil when nobody listens.
  static func describe(_ port: UInt16) -> String? {
    let inodes = listeningInodes(port)
    guard !inodes.isEmpty else { return nil }
    let wanted = Set(inodes.map { "socket:[\($0)]" })
    let files = FileManager.default
    for pid in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] where Int32(pid) != nil {
      for descriptor in (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? [] {
        guard let link = try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(descriptor)"),
          wanted.contains(link)
        else { continue }
        return "process \(pid)\(commandLine(pid).map { ": \($0)" } ?? "")"
      }
    }
    return "a process of another user (sudo ss -ltnp shows it)"
  }

  private static func listeningInodes(_ port: UInt16) -> [Substring] {
    let suffix =
      ":" + String(repeating: "0", count: 4 - String(port, radix: 16).count)
      + String(port, radix: 16, uppercase: true)
    var inodes: [Substring] = []
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let text = try? String(contentsOfFile: table, encoding: .utf8) else { continue }
      for line in text.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        // Local address, state 0A (listening), inode.
        if fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == "0A" { inodes.append(fields[9]) }
      }
    }
    return inodes
  }

  private static func commandLine(_ pid: String) -> String? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !data.isEmpty else { return nil }
    let text = String(decoding: data.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
    return String(text.prefix(150)).trimmingCharacters(in: .whitespaces)
  }
}
