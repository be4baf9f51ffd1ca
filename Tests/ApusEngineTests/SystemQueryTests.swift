// What psql's backslash commands and drivers ask of the catalogs: each runs and has PostgreSQL's columns.

import ApusBase
import ApusColumns
import ApusPlan
import Foundation
import Testing

@testable import ApusEngine

extension SystemScratch {
  /// Runs a query and gives its columns (`name:type OID`) and its rows as texts.
  func query(_ sql: String) throws -> (fields: [String], rows: [[String?]]) {
    var fields: [String] = []
    var rows: [[String?]] = []
    do {
      for statement in try session.parse(sql) {
        let execution = try session.execute(try session.prepare(statement))
        fields = execution.fields.map { "\($0.name):\($0.type.oid)" }
        rows = []
        let settings = session.formatSettings
        while let batch = try execution.next()?.compacted() {
          for row in 0..<batch.count {
            rows.append(
              try batch.columns.map { column in
                if column.isNull(row) { return nil }
                var bytes: [UInt8] = []
                try TextFormat.output(column, row: row, settings: settings, into: &bytes)
                return String(decoding: bytes, as: UTF8.self)
              })
          }
        }
      }
      try session.commitStatementGroup()
    } catch {
      session.statementFailed()
      throw error
    }
    return (fields, rows)
  }
}

@Suite struct `Catalog queries of clients` {
  @Test func `each runs and gives PostgreSQL's columns`() throws {
    let scratch = try SystemScratch()
    let oid = try #require(try scratch.query("SELECT 'events'::regclass::oid").rows.first?.first ?? nil)
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Data/System/queries.tsv")
    var differences: [String] = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let parts = line.split(separator: "\t").map(String.init)
      let sql = parts[0].replacingOccurrences(of: "$events", with: oid)
      do {
        let fields = try scratch.query(sql).fields.joined(separator: ",")
        if fields != parts[1] { differences.append("\(sql)\n   wanted \(parts[1])\n   got    \(fields)") }
      } catch { differences.append("\(sql)\n   \(error) at \(ApusError.wrapping(error).position ?? 0)") }
    }
    #expect(differences.isEmpty, "\(differences.count) differ:\n\(differences.joined(separator: "\n"))")
  }
}
