// ImportInput owns the reading of what is imported: files and stdin, whole lines, CSV headers.

import ApusBase
import Foundation

/// A file or stdin, read from start to end.
final class ImportInput {
  let name: String
  /// Bytes of the file; nil for what has no size.
  let size: Int?
  private let descriptor: Int32
  private(set) var bytesRead = 0
  private var pushedBack: [UInt8] = []

  init(_ path: String) throws {
    if path == "-" {
      name = "stdin"
      size = nil
      descriptor = 0
      return
    }
    name = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandError.failed("cannot open \"\(path)\": \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      throw CommandError.failed("\"\(path)\" is a directory")
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  deinit { if descriptor > 0 { close(descriptor) } }

  /// The next bytes, at most `count`; empty at the end.
  func next(_ count: Int) throws -> [UInt8] {
    if !pushedBack.isEmpty {
      defer { pushedBack = [] }
      return pushedBack
    }
    var failure: Int32 = 0
    let piece = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var got = read(descriptor, buffer.baseAddress, count)
      while got < 0, errno == EINTR { got = read(descriptor, buffer.baseAddress, count) }
      if got < 0 { failure = errno }
      filled = max(0, got)
    }
    guard failure == 0 else {
      throw CommandError.failed("cannot read \"\(name)\": \(String(cString: strerror(failure)))")
    }
    bytesRead += piece.count
    return piece
  }

  /// The names in the header of a CSV file, which stays to be read.
  func csvHeader() throws -> [String] {
    var bytes: [UInt8] = []
    while true {
      let piece = try next(64 << 10)
      bytes += piece
      if let names = Self.csvNames(bytes, isWhole: piece.isEmpty) {
        pushedBack = bytes
        return names
      }
      guard !piece.isEmpty, bytes.count < 8 << 20 else {
        throw CommandError.failed("\"\(name)\" has no CSV header")
      }
    }
  }

  /// The fields of the first record; nil when it is not all there.
  private static func csvNames(_ bytes: [UInt8], isWhole: Bool) -> [String]? {
    var names: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    func close() {
      names.append(String(decoding: field, as: UTF8.self))
      field = []
    }
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == 34 {
        if isQuoted, index < bytes.count, bytes[index] == 34 {
          field.append(34)
          index += 1
        } else {
          isQuoted.toggle()
        }
      } else if isQuoted {
        field.append(byte)
      } else if byte == 44 {
        close()
      } else if byte == 10 || byte == 13 {
        close()
        return names
      } else {
        field.append(byte)
      }
    }
    guard isWhole, !bytes.isEmpty, !isQuoted else { return nil }
    close()
    return names
  }
}

/// Cuts an input into bodies of whole lines.
struct LineBodies {
  private let input: ImportInput
  private let bytesWanted: Int
  private var held: [UInt8] = []
  private var isAtEnd = false
  private var line = 1

  /// A line longer than this is no event.
  private static let lineBytesMax = 32 << 20

  init(_ input: ImportInput, bytesWanted: Int) {
    self.input = input
    self.bytesWanted = bytesWanted
  }

  /// The next body and the number of its first line.
  mutating func next() throws -> (body: [UInt8], firstLine: Int)? {
    while !isAtEnd {
      if held.count >= bytesWanted, let last = held.lastIndex(of: 10) { return take(last + 1) }
      guard held.count <= Self.lineBytesMax else {
        throw CommandError.failed("line \(line) of \"\(input.name)\" is longer than \(Self.lineBytesMax >> 20) MiB")
      }
      let piece = try input.next(1 << 20)
      if piece.isEmpty { isAtEnd = true } else { held += piece }
    }
    return held.isEmpty ? nil : take(held.count)
  }

  private mutating func take(_ count: Int) -> (body: [UInt8], firstLine: Int) {
    let body = Array(held[0..<count])
    held.removeFirst(count)
    let first = line
    var lines = 0
    for byte in body where byte == 10 { lines &+= 1 }
    line += lines
    return (body, first)
  }
}
