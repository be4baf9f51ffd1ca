// The SQL logic files of Tests/SQL run through sessions in this process, in a debug build, where arithmetic traps.
// `Tests/SQL/run.py` runs the same files over the wire.

import ApusBase
import ApusColumns
import Foundation
import Testing

@testable import ApusEngine

/// One record of an .slt file; the format is described in Tests/SQL/README.md.
private struct LogicRecord {
  var line = 0
  var kind = ""
  var wanted = "ok"
  var state = ""
  var types = ""
  var isSorted = false
  var sql = ""
  var body: [String] = []
}

private func records(_ path: URL) throws -> [LogicRecord] {
  let lines = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
  var list: [LogicRecord] = []
  var skips = false
  var at = 0
  while at < lines.count {
    let words = lines[at].split(separator: " ").map(String.init)
    guard let first = words.first, !lines[at].hasPrefix("#") else {
      at += 1
      continue
    }
    if first == "skipif" || first == "onlyif" {
      skips = skips || (words[1] == "apus") == (first == "skipif")
      at += 1
      continue
    }
    var record = LogicRecord(line: at + 1, kind: first)
    if first == "query" {
      record.types = words.count > 1 ? words[1] : ""
      record.isSorted = words.count > 2 && words[2] == "rowsort"
    } else {
      record.wanted = words[1]
      record.state = words.count > 2 ? words[2] : ""
    }
    at += 1
    var sql: [String] = []
    while at < lines.count, lines[at] != "", lines[at] != "----" {
      sql.append(lines[at])
      at += 1
    }
    record.sql = sql.joined(separator: "\n")
    if at < lines.count, lines[at] == "----" {
      at += 1
      while at < lines.count, lines[at] != "" {
        record.body.append(lines[at])
        at += 1
      }
    }
    if !skips { list.append(record) }
    skips = false
  }
  return list
}

extension Session {
  /// Runs a query string, and gives the rows of its last statement in the form of the files.
  fileprivate func logicRows(_ record: LogicRecord) throws -> [String] {
    var rows: [String] = []
    do {
      for statement in try parse(record.sql) {
        let execution = try execute(try prepare(statement))
        rows = []
        if let input = execution.copyInput {
          try input.write(Array(record.body.map { $0 + "\n" }.joined().utf8))
          try input.finish()
        }
        while let batch = try execution.next() { rows += try texts(batch) }
        _ = execution.tag
      }
      try commitStatementGroup()
    } catch {
      statementFailed()
      throw error
    }
    return record.isSorted ? rows.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : rows
  }

  private func texts(_ batch: Batch) throws -> [String] {
    let settings = formatSettings
    return try (0..<batch.count).map { row in
      try batch.columns.map { column in
        if column.isNull(row) { return "NULL" }
        var out: [UInt8] = []
        try TextFormat.output(column, row: row, settings: settings, into: &out)
        if out.isEmpty { return "(empty)" }
        return String(decoding: out, as: UTF8.self).replacingOccurrences(of: "\\", with: "\\\\")
          .replacingOccurrences(of: "\t", with: "\\t").replacingOccurrences(of: "\n", with: "\\n")
          .replacingOccurrences(of: "\r", with: "\\r")
      }.joined(separator: "\t")
    }
  }
}

@Suite struct SQLLogic {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("SQL")

  static func files(_ folder: String) -> [String] {
    let path = root.appendingPathComponent(folder).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".slt") }.sorted().map { folder + "/" + $0 }
  }

  /// What is wrong with the file: one line a failing record. `strict` counts refusals as failures.
  private static func failures(_ file: String, strict: Bool) throws -> [String] {
    let scratch = try ScratchDatabase()
    let session = scratch.database.makeSession()
    defer { session.close() }
    var failures: [String] = []
    for record in try records(root.appendingPathComponent(file)) {
      let place = "\(file):\(record.line)"
      if ProcessInfo.processInfo.environment["APUS_TRACE"] != nil { print("RUN", place, record.sql) }
      do {
        let rows = try session.logicRows(record)
        if record.wanted == "error" {
          failures.append("\(place): wanted error \(record.state), got \(rows.prefix(3)): \(record.sql.prefix(150))")
        } else if record.kind == "query", rows != record.body {
          let pair = zip(rows + ["(none)"], record.body + ["(none)"]).first { $0 != $1 }
          failures.append(
            "\(place): got \(rows.count) rows \(pair?.0 ?? "?"), wanted \(record.body.count) rows \(pair?.1 ?? "?"): "
              + record.sql.prefix(150))
        }
      } catch let error as ApusError {
        if record.wanted == "error", error.state.code == record.state { continue }
        if !strict, error.state == .featureNotSupported { continue }
        failures.append(
          "\(place): error \(error.state.code) \(error.message), wanted \(record.wanted) \(record.state): "
            + record.sql.prefix(150))
      }
    }
    return failures
  }

  @Test(arguments: files("core")) func `what Apus has answers as PostgreSQL 15 does`(file: String) throws {
    let failures = try Self.failures(file, strict: true)
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test(arguments: files("wider")) func `the rest answers as PostgreSQL 15 does, or refuses`(file: String) throws {
    let failures = try Self.failures(file, strict: false)
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }
}

/// A database in a directory that goes with the test.
final class ScratchDatabase {
  let directory = NSTemporaryDirectory() + "apus-" + UUID().uuidString
  let database: Database
  init() throws { database = try Database.open(directory: directory) }
  deinit {
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }
}
