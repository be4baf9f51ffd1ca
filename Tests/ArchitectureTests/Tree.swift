// Tree owns the reading of the source tree that the architecture tests judge.

import Foundation

enum Tree {
  /// The root of the package, found from where this file was compiled.
  static let root: URL = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The files under a directory of the root whose names end in one of `suffixes`, as paths from the root, sorted.
  static func files(under directory: String, suffixes: [String]) -> [String] {
    let base = root.appendingPathComponent(directory)
    guard let walker = FileManager.default.enumerator(atPath: base.path) else { return [] }
    var found: [String] = []
    for case let name as String in walker where suffixes.contains(where: { name.hasSuffix($0) }) {
      if name.contains("__pycache__") { continue }
      found.append("\(directory)/\(name)")
    }
    return found.sorted()
  }

  static func text(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }

  private static func swift(under directory: String) -> [SwiftSource] {
    files(under: directory, suffixes: [".swift"]).map { SwiftSource(path: $0, text: text($0)) }
  }

  /// Read and blanked once for all tests.
  static let sources = swift(under: "Sources")
  static let tests = swift(under: "Tests")
  static let plugins = swift(under: "plugins")
}
