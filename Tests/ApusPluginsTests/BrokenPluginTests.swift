// Plugins that break the rules must be errors, never the end of the process.

import ApusBase
import ApusPlugins
import Foundation
import Testing

@testable import ApusEngine

@Suite struct `Broken plugins` {
  @Test(arguments: [
    (1, "0A000", "built for version 99.0"), (2, "22023", "no luck today"), (3, "XX000", "has no name"),
    (4, "XX000", "its name is \"other\""), (5, "XX000", "scalar functions and has none"), (6, "XX000", "is NULL"),
    (7, "XX000", "has no evaluate"), (8, "0A000", "event sources"), (9, "0A000", "kinds of plugins"),
    (10, "XX000", "4 bytes"), (11, "XX000", "424242"), (12, "XX000", "backend lacks open"), (13, "XX000", "threading"),
    (14, "XX000", "a backend and has none"), (15, "XX000", "has no"), (16, "XX000", "without a message"),
    (17, "XX000", "scalar functions"), (18, "0A000", "enrichments"), (19, "XX000", "has no name"),
  ])
  func `is refused by CREATE EXTENSION`(variant: Int, state: String, words: String) throws {
    let fixture = try PluginFixture()
    try PluginSource.compile("Tests/Plugins/c/broken.c", to: "broken", in: fixture.plugins, variant: variant)
    let session = try fixture.open()
    let error = session.failure("CREATE EXTENSION broken")
    #expect(error?.state.code == state, "\(String(describing: error))")
    #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    #expect(try session.ask("SELECT name FROM apus.plugins").isEmpty)
  }

  @Test func `of an intact build loads, and stays after a restart`() throws {
    let fixture = try PluginFixture()
    try PluginSource.compile("Tests/Plugins/c/broken.c", to: "broken", in: fixture.plugins, variant: 0)
    var session = try fixture.open()
    try session.ask("CREATE EXTENSION broken")
    #expect(try session.ask("SELECT fine(7)") == ["0"])
    session = try fixture.open()
    #expect(try session.ask("SELECT fine(7)") == ["0"])
    #expect(try session.ask("SELECT extname, extversion FROM pg_extension") == ["broken|1"])
  }

  @Test func `that is missing after a restart fails its objects, not the server`() throws {
    let fixture = try PluginFixture()
    try PluginSource.compile("Tests/Plugins/c/bad.c", to: "bad", in: fixture.plugins)
    var session = try fixture.open()
    try session.ask(
      "CREATE EXTENSION bad; CREATE SERVER s FOREIGN DATA WRAPPER bad; CREATE FOREIGN TABLE inexact () SERVER s")
    #expect(try session.ask("SELECT count(*) FROM inexact") == ["10"])
    try FileManager.default.removeItem(atPath: fixture.plugins + "/bad.so")
    session = try fixture.open()
    #expect(try session.ask("SELECT 1") == ["1"])
    let error = session.failure("SELECT count(*) FROM inexact")
    #expect(error?.state == .objectNotInPrerequisiteState)
    #expect(error?.message.contains("extension \"bad\" is not loaded") == true)
    #expect(try session.ask("SELECT name, state FROM apus.plugins") == ["bad|failed"])
    #expect(
      try session.ask("SELECT column_name FROM information_schema.columns WHERE table_name = 'inexact' ORDER BY 1")
        == ["id", "name"])
    // The definitions can go without the plugin.
    try session.ask("DROP EXTENSION bad CASCADE")
    #expect(try session.ask("SELECT count(*) FROM pg_foreign_table") == ["0"])
  }

  @Test func `or directories that others may write to are not trusted`() throws {
    let fixture = try PluginFixture()
    let file = try PluginSource.compile("Tests/Plugins/c/broken.c", to: "broken", in: fixture.plugins, variant: 0)
    let session = try fixture.open()
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: file)
    #expect(session.failure("CREATE EXTENSION broken")?.state == .insufficientPrivilege)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: fixture.plugins)
    #expect(session.failure("CREATE EXTENSION broken")?.state == .insufficientPrivilege)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fixture.plugins)
    try session.ask("CREATE EXTENSION broken")
  }

  @Test func `and names that lead out of the directory are not looked up`() throws {
    let fixture = try PluginFixture()
    try PluginSource.compile("Tests/Plugins/c/broken.c", to: "broken", in: fixture.directory, variant: 0)
    let session = try fixture.open()
    #expect(session.failure("CREATE EXTENSION \"../broken\"")?.message == "extension \"../broken\" is not available")
  }

  @Test(arguments: [
    ("bad_short", "22000", "results for 3 rows"), ("bad_unset", "22000", "released"),
    ("bad_offsets", "22000", "offset"), ("bad_utf8", "22021", "invalid byte sequence"),
    ("bad_nulls", "22000", "lacks its validity"), ("bad_buffers", "22000", "lacks its buffer"),
    ("bad_buffer_count", "22000", "buffers"), ("bad_negative", "22000", "results for 3 rows"),
    ("bad_silent", "XX000", "without a message"), ("bad_state", "P0001", "3 rows are too many"),
    ("bad_json", "22P02", "json"), ("bad_numeric", "22P02", "numeric"), ("bad_nul", "22021", "invalid byte sequence"),
  ])
  func `functions give an error where they give malformed data`(name: String, state: String, words: String) throws {
    let fixture = try PluginFixture()
    try PluginSource.compile("Tests/Plugins/c/bad.c", to: "bad", in: fixture.plugins)
    let session = try fixture.open()
    try session.ask("CREATE EXTENSION bad")
    let error = session.failure("SELECT \(name)(x) FROM generate_series(1::bigint, 3) x")
    #expect(error?.state.code == state, "\(String(describing: error))")
    #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    #expect(try session.ask("SELECT 1") == ["1"])
  }

  @Test func `functions that are there already are not replaced`() throws {
    let fixture = try PluginFixture()
    try PluginSource.compile("Tests/Plugins/c/bad.c", to: "bad", in: fixture.plugins)
    let session = try fixture.open()
    try session.ask("CREATE EXTENSION bad")
    #expect(session.failure("CREATE EXTENSION bad")?.state == .duplicateObject)
    try session.ask("CREATE EXTENSION IF NOT EXISTS bad")
    try session.ask("DROP EXTENSION bad")
    #expect(session.failure("SELECT bad_short(1)")?.state == .undefinedFunction)
    #expect(session.failure("DROP EXTENSION bad")?.state == .undefinedObject)
    try session.ask("DROP EXTENSION IF EXISTS bad; CREATE EXTENSION bad")
  }

  @Test func `are reported by the conformance test`() throws {
    let fixture = try PluginFixture()
    let file = try PluginSource.compile("Tests/Plugins/c/bad.c", to: "bad", in: fixture.plugins)
    let conformance = Conformance()
    conformance.run(file: file, options: [:])
    #expect(conformance.hasFailed)
    let failed = Set(conformance.checks.filter { $0.outcome == .failed }.map(\.subject))
    #expect(failed.isSuperset(of: ["function bad_short", "function bad_unset", "function bad_nulls"]), "\(failed)")
    let good = Conformance()
    good.run(
      file: try PluginSource.compile("examples/plugins/geo/geo.c", to: "geo", in: fixture.plugins), options: [:])
    #expect(!good.hasFailed, "\(good.checks.filter { $0.outcome == .failed })")
    #expect(good.checks.count > 10)
  }
}
