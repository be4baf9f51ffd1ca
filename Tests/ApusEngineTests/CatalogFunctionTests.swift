// Tests of the functions that ask the catalog: names, OIDs, visibility, privileges. Answers are PostgreSQL 15's.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@testable import ApusEngine

@Suite struct `Catalog functions` {
  private static func lookup(_ scratch: SystemScratch) -> CatalogFunctions {
    CatalogFunctions(
      snapshot: scratch.database.snapshot(), context: SystemRelationContext(session: scratch.session),
      searchPath: ["public"])
  }

  @Test func `each one that is registered is there`() throws {
    let missing = FunctionRegistry.standard.allScalars.filter { function in
      function.name.hasPrefix("pg_get_") || function.name.hasPrefix("has_") || function.name.hasPrefix("to_reg")
    }.map(\.name).filter { !CatalogFunctions.names.contains($0) }
    #expect(Set(missing).isEmpty)
  }

  @Test func `no signature is registered twice`() {
    var seen: Set<String> = []
    for function in FunctionRegistry.standard.allScalars {
      let key = "\(function.kind) \(function.schema).\(function.name)\(function.parameters)\(function.isVariadic)"
      #expect(seen.insert(key).inserted, "\(key)")
    }
  }

  @Test(
    arguments: [
      ("pg_class", DataType.regclass, 1259), ("pg_catalog.pg_class", .regclass, 1259), ("PG_CLASS", .regclass, 1259),
      ("\"PG_CLASS\"", .regclass, nil), ("information_schema.tables", .regclass, 13_425), ("tables", .regclass, nil),
      ("nope", .regclass, nil), ("-", .regclass, 0), ("16384", .regclass, 16_384), ("int", .regtype, 23),
      ("int4", .regtype, 23), ("int[]", .regtype, 1007), ("_int4", .regtype, 1007), ("varchar(3)", .regtype, 1043),
      ("timestamp with time zone[]", .regtype, 1185), ("pg_class", .regtype, 83), ("pg_class[]", .regtype, 273),
      ("char", .regtype, 1042), ("\"char\"", .regtype, 18), ("foo bar", .regtype, nil), ("int4 + 1", .regtype, nil),
      ("public", .regnamespace, 2200), ("apus", .regrole, 10), ("nobody", .regrole, nil), ("boolin", .regproc, 1242),
      ("int4eq", .regproc, 65), ("C", .regcollation, nil), ("\"C\"", .regcollation, 950),
    ] as [(String, DataType, OID?)])
  func `a name gives its OID`(_ name: String, _ kind: DataType, _ oid: OID?) throws {
    let scratch = try SystemScratch()
    #expect(Self.lookup(scratch).oid(named: name, as: kind) == oid, "\(name)")
  }

  @Test(
    arguments: [
      (1259, DataType.regclass, "pg_class"), (13_425, .regclass, "information_schema.tables"), (99_999, .regclass, nil),
      (23, .regtype, "integer"), (1007, .regtype, "integer[]"), (83, .regtype, "pg_class"),
      (273, .regtype, "pg_class[]"), (18, .regtype, "\"char\""), (11, .regnamespace, "pg_catalog"),
      (10, .regrole, "apus"),
      (950, .regcollation, "\"C\""), (1242, .regproc, "boolin"),
    ] as [(OID, DataType, String?)])
  func `an OID gives its name`(_ oid: OID, _ kind: DataType, _ name: String?) throws {
    let scratch = try SystemScratch()
    #expect(Self.lookup(scratch).name(of: oid, as: kind) == name)
  }

  @Test func `format_type writes modifiers`() throws {
    let scratch = try SystemScratch()
    let catalog = Self.lookup(scratch)
    func format(_ oid: Int64, _ modifier: Int64?) throws -> Value {
      try catalog.call("format_type", [.int(oid), modifier.map { .int($0) } ?? .null])
    }
    #expect(try format(1700, 655_366) == .text("numeric(10,2)"))
    #expect(try format(1043, 9) == .text("character varying(5)"))
    #expect(try format(1015, 9) == .text("character varying(5)[]"))
    #expect(try format(1042, -1) == .text("bpchar"))
    #expect(try format(1042, nil) == .text("character"))
    #expect(try format(1114, 3) == .text("timestamp(3) without time zone"))
    #expect(try format(1186, 470_286_338) == .text("interval day to second(2)"))
    #expect(try format(2276, nil) == .text("\"any\""))
    #expect(try format(0, nil) == .text("-"))
    #expect(try format(99_999, -1) == .text("???"))
  }

  @Test func `privileges are there for what is there`() throws {
    let scratch = try SystemScratch()
    let catalog = Self.lookup(scratch)
    #expect(try catalog.call("has_table_privilege", [.text("t"), .text("select, insert")]) == .bool(true))
    #expect(try catalog.call("has_table_privilege", [.int(99_999), .text("select")]) == .null)
    for (function, arguments, state) in [
      ("has_table_privilege", ["nope", "select"], SQLState.undefinedTable),
      ("has_table_privilege", ["t", "sel"], .invalidParameterValue),
      ("has_table_privilege", ["nobody", "t", "select"], .undefinedObject),
      ("has_schema_privilege", ["nope", "usage"], .invalidSchemaName),
      ("has_database_privilege", ["nope", "connect"], .invalidCatalogName),
      ("has_column_privilege", ["t", "zz", "select"], .undefinedColumn),
    ] {
      let error = #expect(throws: ApusError.self) { try catalog.call(function, arguments.map { .text($0) }) }
      #expect(error?.state == state)
    }
  }

  @Test func `a flush puts the rows of the table into segments`() throws {
    let scratch = try SystemScratch()
    for statement in try scratch.session.parse("COPY t FROM STDIN") {
      let execution = try scratch.session.execute(try scratch.session.prepare(statement))
      try execution.copyInput?.write(Array("1\tx\t\\N\t\\N\t\\N\n".utf8))
      try execution.copyInput?.finish()
    }
    try scratch.session.commitStatementGroup()
    #expect(try scratch.rows("apus", "segments").isEmpty)
    #expect(try scratch.rows("apus", "jobs").map { $0["rows"] } == [.int(1)])
    let catalog = Self.lookup(scratch)
    let oid = try #require(catalog.oid(named: "t", as: .regclass))
    _ = try catalog.call("apus.flush", [.oid(oid)])
    let segments = try scratch.rows("apus", "segments")
    #expect(segments.map { $0["rows"] } == [.int(1)])
    #expect(try scratch.rows("apus", "partitions").map { $0["bytes"] } == segments.map { $0["bytes"] })
    #expect(try Self.lookup(scratch).call("pg_relation_size", [.oid(oid)]) == segments[0]["bytes"])
  }

  @Test func `set_config takes effect when its statement ends`() throws {
    let scratch = try SystemScratch()
    #expect(
      try Self.lookup(scratch).call("set_config", [.text("timezone"), .text("Europe/Berlin"), .bool(false)])
        == .text("Europe/Berlin"))
    #expect(scratch.session.takeParameterChanges().map(\.value) == ["Europe/Berlin"])
    #expect(scratch.session.setting("timezone") == "Europe/Berlin")
    let error = #expect(throws: ApusError.self) {
      try Self.lookup(scratch).call("set_config", [.text("nosuch"), .text("x"), .bool(false)])
    }
    #expect(error?.state == .undefinedObject)
  }
}
