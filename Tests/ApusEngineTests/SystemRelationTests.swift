// Tests of the catalogs: that rows fit their columns, that OIDs name one thing, and that tables are listed.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

/// A database with a few tables, and the rows of its system relations by scanning them.
final class SystemScratch {
  let directory = NSTemporaryDirectory() + "apus-" + UUID().uuidString
  let database: Database
  let session: Session

  init() throws {
    database = try Database.open(directory: directory)
    session = database.makeSession()
    try run("CREATE TABLE t (a int4 NOT NULL DEFAULT 7, b text, c numeric(10,2), d timestamptz[], e varchar(5))")
  }

  deinit {
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  func run(_ sql: String) throws {
    for statement in try session.parse(sql) {
      let execution = try session.execute(try session.prepare(statement))
      while try execution.next() != nil {}
    }
    try session.commitStatementGroup()
  }

  /// Rows as dictionaries by column.
  func rows(_ schema: String, _ name: String) throws -> [[String: Value]] {
    let table = try #require(
      database.snapshot().systemTable(
        schema: schema, name: name, session: SystemRelationContext(session: session)))
    var rows: [[String: Value]] = []
    for group in try table.rowGroups() {
      let vectors = try table.schema.columns.map { column in
        (
          column.name,
          try group.read(ColumnReference(column: column.id, type: column.type.type), rows: 0..<group.rowCount)
        )
      }
      for row in 0..<group.rowCount {
        rows.append(
          Dictionary(vectors.map { ($0.0, $0.1.value(at: row)) }, uniquingKeysWith: { first, _ in first }))
      }
    }
    return rows
  }
}

@Suite struct `System relations` {
  @Test func `every row has as many values as there are columns, of their types`() throws {
    let scratch = try SystemScratch()
    let source = SystemSource(
      snapshot: scratch.database.snapshot(), context: SystemRelationContext(session: scratch.session))
    for relation in SystemRelations.all {
      var rows = relation.content.fixed?(scratch.database.functionCatalog) ?? []
      if let live = relation.content.live { rows += try live(source) }
      for row in rows {
        #expect(row.count == relation.schema.columns.count, "\(relation.name)")
        for (value, column) in zip(row, relation.schema.columns) {
          #expect(
            Self.fits(value, column.type.type.physical),
            "\(relation.name).\(column.name) of \(column.type.type): \(value)")
          if column.isNotNull { #expect(!value.isNull, "\(relation.name).\(column.name)") }
        }
      }
    }
  }

  @Test func `rows are made only for relations that there are`() {
    for name in SystemRelations.contents.keys {
      let parts = name.split(separator: ".").map(String.init)
      #expect(SystemRelations.definition(schema: parts[0], name: parts[1]) != nil, "\(name)")
    }
  }

  @Test func `what a client asks of the catalogs in vain is noted, and other mistakes are not`() throws {
    let scratch = try SystemScratch()
    for sql in [
      "SELECT * FROM pg_nothing", "SELECT * FROM pg_nothing", "SELECT pg_nothing(1)", "SELECT * FROM mistake",
    ] {
      #expect(throws: ApusError.self) { try scratch.run(sql) }
      scratch.session.statementFailed()
    }
    let misses = try scratch.rows("apus", "catalog_misses")
    #expect(misses.map { $0["name"] } == [.text("pg_nothing(integer)"), .text("pg_nothing")])
    #expect(misses.map { $0["count"] } == [.int(1), .int(2)])
  }

  @Test func `a running statement is seen in apus.queries, and what the server was started with in apus.settings`()
    throws
  {
    let scratch = try SystemScratch()
    scratch.database.declare([ServerSetting("apus.listen", "127.0.0.1", source: "--listen", "The address.")])
    #expect(try scratch.query("SHOW apus.listen").rows == [["127.0.0.1"]])
    let settings = try scratch.query("SELECT value, source FROM apus.settings WHERE name = 'apus.listen'").rows
    #expect(settings == [["127.0.0.1", "--listen"]])
    let sql = "SELECT query, state FROM apus.queries"
    #expect(try scratch.query(sql).rows == [[sql, "active"]])
    let other = scratch.database.makeSession()
    #expect(try scratch.query("SELECT state FROM pg_stat_activity ORDER BY pid").rows == [["active"], ["idle"]])
    other.close()
    let error = #expect(throws: ApusError.self) { try scratch.run("SET apus.listen = 'x'") }
    #expect(error?.state == .cantChangeRuntimeParameter)
  }

  static func fits(_ value: Value, _ type: PhysicalType) -> Bool {
    switch (value, type) {
    case (.null, _), (.bool, .bool), (.text, .bytes), (.bytes, .bytes), (.array, .list), (.interval, .interval): true
    case (.float, .float32), (.float, .float64), (.numeric, .bytes), (.uuid, .uuid): true
    case (.int, .int16), (.int, .int32), (.int, .int64): true
    default: false
    }
  }

  @Test func `an OID names one object of its catalog`() throws {
    let scratch = try SystemScratch()
    for name in SystemRelations.all.filter({ $0.schema.schema == "pg_catalog" && $0.schema.columns[0].name == "oid" }) {
      let oids = try scratch.rows("pg_catalog", name.name).compactMap { $0["oid"] }
      #expect(Set(oids).count == oids.count, "\(name.name)")
    }
  }

  @Test func `a table is in the catalogs with its columns`() throws {
    let scratch = try SystemScratch()
    let classes = try scratch.rows("pg_catalog", "pg_class")
    let table = try #require(classes.first { $0["relname"] == .text("t") })
    #expect(table["relnamespace"] == .int(2200))
    #expect(table["relkind"] == .text("r"))
    let columns = try scratch.rows("pg_catalog", "pg_attribute").filter { $0["attrelid"] == table["oid"] }
    #expect(columns.map { $0["attname"] } == ["a", "b", "c", "d", "e"].map { .text($0) })
    #expect(columns.map { $0["atttypid"] } == [23, 25, 1700, 1185, 1043].map { .int($0) })
    #expect(columns.map { $0["atttypmod"] } == [-1, -1, 655_366, -1, 9].map { .int($0) })
    #expect(columns[0]["atthasdef"] == .bool(true))
    #expect(try scratch.rows("pg_catalog", "pg_attrdef").contains { $0["adrelid"] == table["oid"] })
    let listed = try scratch.rows("information_schema", "columns").filter { $0["table_name"] == .text("t") }
    #expect(
      listed.map { $0["data_type"] }
        == ["integer", "text", "numeric", "ARRAY", "character varying"].map { .text($0) })
    try scratch.run("DROP TABLE t")
    #expect(try scratch.rows("pg_catalog", "pg_class").allSatisfy { $0["relname"] != .text("t") })
    #expect(try scratch.rows("pg_catalog", "pg_attribute").allSatisfy { $0["attrelid"] != table["oid"] })
  }
}
