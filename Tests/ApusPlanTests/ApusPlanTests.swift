// These tests hold binding to PostgreSQL 15: columns, types, parameters and errors of many statements.

import ApusBase
import ApusColumns
import ApusPlan
import Testing

@Suite struct `Statements as PostgreSQL binds them` {
  /// Where we differ and mean to: syntax and messages that are not ours to give, or not supported yet.
  private static let unsupported: [String: String] = [
    "select users from users": "0A000",
    "select count(u.*) from users u": "0A000",
    "select (select sum(u.id)) from users u": "0A000",
    "select u.name, (select count(*) from events e where e.user_id = u.name and e.time > min(u.born)) from users u "
      + "group by u.name": "0A000",
    "select name from users where (id, big) = (select id, big from users limit 1)": "0A000",
    "select id from users for update": "0A000",
    "select name collate \"nope\" from users": "0A000",
    "select id::nope.int from users": "42704",
    // The place of WHEN is not kept.
    "select case $1 when 1 then 'x' end": "42883",
  ]

  @Test func `columns, types, parameters and errors are those of PostgreSQL 15`() {
    var differences: [String] = []
    for line in TestData.lines("statements.tsv") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      let outcome = outcome(parts[0])
      if let state = Self.unsupported[parts[0]] {
        if !outcome.contains("error\t\(state)") {
          differences.append("\(parts[0])\n   wanted \(state)\n   got \(outcome)")
        }
        continue
      }
      let wanted = parts.dropFirst().joined(separator: "\t")
      if outcome != wanted { differences.append("\(parts[0])\n   wanted \(wanted)\n   got    \(outcome)") }
    }
    #expect(differences.isEmpty, "\(differences.count) differ:\n\(differences.joined(separator: "\n"))")
  }

  @Test func `every plan holds together, as bound and as optimised`() {
    let catalog = TestCatalog(pgCatalog: true)
    var faults: [String] = []
    for line in TestData.lines("statements.tsv") + TestData.lines("psql.tsv") {
      let sql = String(line.prefix { $0 != "\t" })
      guard let bound = try? bind(sql, catalog: catalog) else { continue }
      let before = PlanValidator.faults(in: bound.plan)
      guard
        let plan = try? Optimiser.optimise(bound.plan, functions: catalog.functions, context: catalog.context)
      else {
        faults.append("\(sql): not optimised")
        continue
      }
      let after = PlanValidator.faults(in: plan)
      if !before.isEmpty { faults.append("\(sql)\n   bound: \(before)") }
      if !after.isEmpty { faults.append("\(sql)\n   optimised: \(after)") }
      if plan.fields.map(\.type) != bound.plan.fields.map(\.type) { faults.append("\(sql): other columns") }
    }
    #expect(faults.isEmpty, "\(faults.count):\n\(faults.joined(separator: "\n"))")
  }

  @Test func `the check of plans finds a column that is not there`() {
    let plan = LogicalPlan.project(
      .values(rows: [[]], fields: []), [.column(0, .int4)], fields: [Field("x", .int4)])
    #expect(PlanValidator.faults(in: plan).count == 1)
  }

  private func outcome(_ sql: String) -> String {
    do {
      let bound = try bind(sql)
      let columns = bound.fields.map { "\($0.name):\($0.type.oid):\($0.modifier)" }.joined(separator: ",")
      return "ok\t\(columns)\t\(bound.parameterTypes.map { String($0.oid) }.joined(separator: ","))"
    } catch {
      let position = error.position.map(String.init) ?? ""
      return "error\t\(error.state)\t\(position)\t\(error.message)\t\(error.hint ?? "")"
    }
  }
}
