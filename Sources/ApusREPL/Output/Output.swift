// Output owns where results go: stdout, or the file of \o.

import ApusBase
import ApusFiles
import Glibc

/// Where text goes. Buffered.
final class Output {
  private let file: (any File)?
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var offset = 0
  private static let bufferBytes = 64 << 10

  /// stdout or stderr.
  init(descriptor: Int32) {
    self.descriptor = descriptor
    file = nil
  }

  /// A file, which loses what it had.
  init(path: String) throws(ApusError) {
    let file = try RealFileSystem().open(path, .create)
    try file.truncate(to: 0)
    self.file = file
    descriptor = -1
  }

  var isTerminal: Bool { file == nil && isatty(descriptor) == 1 }

  func put(_ text: String) throws(ApusError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  func put(_ bytes: [UInt8]) throws(ApusError) {
    buffer += bytes
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  func flush() throws(ApusError) {
    defer { buffer.removeAll(keepingCapacity: true) }
    if let file {
      do {
        try buffer.withUnsafeBytes { bytes in try file.write(bytes, at: offset) }
      } catch {
        throw ApusError.wrapping(error)
      }
      offset += buffer.count
      return
    }
    var done = 0
    while done < buffer.count {
      let count = buffer[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw ApusError(.ioError, "could not write the output: \(String(cString: strerror(errno)))")
      }
      done += count
    }
  }

  /// Columns of the terminal on stdout; nil when it is none.
  static var terminalWidth: Int? {
    guard isatty(1) == 1 else { return nil }
    var size = winsize()
    guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// A line on stderr.
func tell(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  bytes.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
}
