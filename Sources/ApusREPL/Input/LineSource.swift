// LineSource owns where lines come from: a file, a text, or a person at the terminal.

import ApusBase
import CReadline
import Foundation

enum LineEvent {
  case line(String)
  case interrupted
  case end
}

protocol LineSource: AnyObject {
  /// Named in errors; nil for a person.
  var name: String? { get }
  func next(prompt: String) -> LineEvent
}

/// Lines of a text.
final class TextLines: LineSource {
  let name: String?
  private var lines: [Substring]

  init(_ text: String, name: String) {
    self.name = name
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).reversed()
    if lines.first == "" { lines.removeFirst() }
  }

  func next(prompt: String) -> LineEvent {
    guard let line = lines.popLast() else { return .end }
    return .line(String(line.hasSuffix("\r") ? line.dropLast() : line))
  }
}

/// Lines of a file or of stdin, read as they are asked for.
final class FileLines: LineSource {
  let name: String?
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  private static let pieceBytes = 64 << 10

  /// "-" is stdin.
  init(path: String) throws(ApusError) {
    if path == "-" {
      handle = .standardInput
      name = "<stdin>"
      return
    }
    var isDirectory: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    guard isThere, !isDirectory.boolValue, let handle = FileHandle(forReadingAtPath: path) else {
      let why = !isThere ? "No such file or directory" : isDirectory.boolValue ? "Is a directory" : "Permission denied"
      throw ApusError(SQLState("58P01"), "\(path): \(why)")
    }
    self.handle = handle
    name = path
  }

  /// The next bytes of the file, for COPY; empty at the end. Not to be mixed with `next`.
  func piece() throws(ApusError) -> [UInt8] {
    do {
      return [UInt8](try handle.read(upToCount: 256 << 10) ?? Data())
    } catch {
      throw ApusError(.ioError, "could not read \(name ?? "the input"): \(error)")
    }
  }

  func next(prompt: String) -> LineEvent {
    while true {
      if let end = buffer[start...].firstIndex(of: 10) {
        defer { start = end + 1 }
        let isCRLF = end > start && buffer[end - 1] == 13
        return .line(String(decoding: buffer[start..<(isCRLF ? end - 1 : end)], as: UTF8.self))
      }
      guard !isAtEnd else {
        guard start < buffer.count else { return .end }
        defer { start = buffer.count }
        return .line(String(decoding: buffer[start...], as: UTF8.self))
      }
      buffer.removeFirst(start)
      start = 0
      let data = handle.readData(ofLength: name == "<stdin>" ? 4096 : Self.pieceBytes)
      if data.isEmpty { isAtEnd = true } else { buffer += data }
    }
  }
}
