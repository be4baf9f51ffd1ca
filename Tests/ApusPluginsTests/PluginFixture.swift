// What the tests of plugins share: plugins in C compiled when they are needed, and a database that loads them.

import ApusBase
import ApusColumns
import Foundation
import Testing

@testable import ApusEngine

/// The compiler of C was not found, or refused the source.
struct CompileFailure: Error { let output: String }

enum PluginSource {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// Compiles a source of this repository to a library in `directory`.
  @discardableResult
  static func compile(_ source: String, to name: String, in directory: String, variant: Int? = nil) throws -> String {
    let file = "\(directory)/\(name).so"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-fPIC", "-shared", "-I", "\(root)/Sources/CApusABI/include"]
      + (variant.map { ["-DVARIANT=\($0)"] } ?? []) + ["\(root)/\(source)", "-o", file, "-lm"]
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CompileFailure(output: String(decoding: output, as: UTF8.self)) }
    return file
  }
}

/// A directory of plugins and a database, both gone with the test.
final class PluginFixture {
  let directory = NSTemporaryDirectory() + "apus-" + UUID().uuidString
  var plugins: String { directory + "/plugins" }
  private(set) var database: Database?

  init() throws {
    try FileManager.default.createDirectory(
      atPath: directory + "/plugins", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  deinit {
    database?.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  func open() throws -> Session {
    database?.close()
    let opened = try Database.open(directory: directory + "/data", pluginDirectory: plugins)
    database = opened
    return opened.makeSession()
  }
}

extension Session {
  /// Runs statements as a simple query does; gives the rows of the last as text, a line each.
  @discardableResult
  func ask(_ sql: String) throws -> [String] {
    var lines: [String] = []
    do {
      for statement in try parse(sql) {
        let execution = try execute(try prepare(statement))
        lines = []
        while let batch = try execution.next() {
          let dense = batch.compacted()
          for row in 0..<dense.count {
            lines.append(
              try dense.columns.map { column in
                var text: [UInt8] = []
                if column.isNull(row) { return "" }
                try TextFormat.output(column, row: row, settings: formatSettings, into: &text)
                return String(decoding: text, as: UTF8.self)
              }.joined(separator: "|"))
          }
        }
      }
      try commitStatementGroup()
    } catch {
      statementFailed()
      throw error
    }
    return lines
  }

  /// The error of a statement that must fail.
  func failure(_ sql: String) -> ApusError? {
    do {
      try ask(sql)
      return nil
    } catch { return error as? ApusError }
  }
}
