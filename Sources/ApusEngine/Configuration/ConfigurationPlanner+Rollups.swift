// The comparison of rollups: what their definitions keep, however they are written, and their retention.

import ApusBase
import ApusPlan
import ApusStore
import ApusSyntax
private import Foundation

extension ConfigurationPlanner {
  mutating func compare(_ entry: RollupEntry, in configuration: Configuration) throws(ApusError) {
    let known = try database.snapshot().rollup(RelationName(schema: entry.name.schema, name: entry.name.name))
    if entry.isAbsent {
      guard let known else { return }
      var change = PlannedChange(
        .delete, "rollup", entry.name, sql: ["DROP MATERIALIZED VIEW \(entry.name.sql)"], place: entry.place)
      change.effect = Self.everything(known.kept)
      change.verb = "drops"
      change.dropsData = true
      // Coarser ones come later in the file's order, and go first.
      gone.insert(change, at: 0)
      return
    }
    let table = snapshot.table(schema: entry.table.schema, name: entry.table.name)
    guard let time = timeColumn(of: entry, table, configuration) else { return }
    let query = entry.query(timeColumn: time)
    var values: [String: String] = [:]
    if let known {
      let wanted = table == nil ? nil : definition(query, entry)
      if let wanted, !wanted.keepsSame(as: known.definition) {
        try replace(entry, known, query, time, table)
        values["definition"] = RollupText.canonical(query)
      } else {
        values["definition"] = RollupText.canonical(known.stored.query)
      }
      if let retention = entry.retention { try compareRetention(entry, retention, known) }
      if let warning = Self.warning(known.kept.rowCount, known.base.rowCount), !known.hasHistory {
        plan.notes.append("rollup \"\(entry.name.text)\" does not pay: \(warning).")
      }
    } else {
      values["definition"] = RollupText.canonical(query)
      try create(entry, query, time, table)
    }
    if let retention = entry.retention { values["retention"] = retention.map { FixedDuration.text($0) } ?? "none" }
    manage(entry.name, values)
  }

  private mutating func create(
    _ entry: RollupEntry, _ query: String, _ time: String, _ table: TableSnapshot?
  ) throws(ApusError) {
    if snapshot.table(schema: entry.name.schema, name: entry.name.name) != nil
      || database.snapshot().view(schema: entry.name.schema, name: entry.name.name) != nil
    {
      return fail(entry.place, "\"\(entry.name.text)\" is there and is no rollup")
    }
    // A table that the file makes is not there to bind against.
    if table != nil, definition(query, entry) == nil { return }
    var change = PlannedChange(
      .create, "rollup", entry.name, to: "every \(entry.every) of \(entry.table.text)",
      sql: [entry.statement(timeColumn: time)], place: entry.place)
    change.effect.rows = table?.rowCount ?? 0
    change.verb = "reads"
    if let table { change.warning = try size(query, of: table, time) }
    made.append(change)
  }

  /// More rows than this for each of the table's, and a rollup does not pay.
  private static let rowsPerRowMax = 0.2

  private static func warning(_ rows: Int, _ of: Int) -> String? {
    guard of >= 1_000, Double(rows) > rowsPerRowMax * Double(of) else { return nil }
    let share = (Double(rows) / Double(of) * 100).rounded() / 100
    return "it keeps about \(share) rows a row of the table"
  }

  /// Warns of a rollup that is nearly as large as its table, by what it would keep of the newest partition.
  private func size(_ query: String, of table: TableSnapshot, _ time: String) throws(ApusError) -> String? {
    let partitions = Dictionary(grouping: table.segments) { $0.record.partition }
    guard let (partition, segments) = partitions.max(by: { $0.key < $1.key }) else { return nil }
    let rows = segments.reduce(0) { $0 + $1.liveRows }
    let start = table.definition.unixMicroseconds(of: partition).from
    guard rows >= 1_000, start > 0, let at = query.range(of: " GROUP BY ", options: .backwards) else { return nil }
    let joint = query.contains(" WHERE ") ? " AND " : " WHERE "
    let condition = "\(joint)\(quoteIdentifier(time)) >= to_timestamp(\(start / 1_000_000))"
    let sql = "SELECT count(*) FROM (\(query[..<at.lowerBound])\(condition)\(query[at.lowerBound...])) q"
    let session = database.makeSession()
    defer { session.close() }
    return Self.warning(Int(clamping: try session.number(sql)), rows)
  }

  /// What a query keeps; a problem of the file's, and nil, when it cannot be a rollup's.
  private mutating func definition(_ query: String, _ entry: RollupEntry) -> RollupDefinition? {
    do throws(ApusError) {
      return try database.snapshot().extract(query, searchPath: ["public"]).definition
    } catch {
      fail(entry.place, error)
      return nil
    }
  }

  /// The time column of the table at the bottom, which may be one that the file makes.
  private mutating func timeColumn(
    of entry: RollupEntry, _ table: TableSnapshot?, _ configuration: Configuration
  ) -> String? {
    if let table {
      guard let time = table.definition.timeColumn else {
        fail(entry.place, "table \"\(entry.table.text)\" has no time column, so that there are no buckets of it")
        return nil
      }
      return time.name
    }
    guard let made = configuration.tables.first(where: { $0.name == entry.table && !$0.isAbsent }) else {
      let names = configuration.rollups.map(\.name.text) + snapshot.tables.map(\.definition.qualifiedName)
      let nearest = EditDistance.nearest(to: entry.table.text, among: names).map { "did you mean \"\($0)\"?" }
      fail(
        entry.from?.place ?? entry.place, "\"\(entry.table.text)\" is no table, and no rollup of the file",
        hint: nearest)
      return nil
    }
    return made.options.first { $0.name == "time_column" }?.text ?? "time"
  }

  private mutating func replace(
    _ entry: RollupEntry, _ known: StoreRollup, _ query: String, _ time: String, _ table: TableSnapshot?
  ) throws(ApusError) {
    let now = RollupText.canonical(known.stored.query)
    var change = PlannedChange(
      .update, "rollup", entry.name, option: "definition", from: now, to: RollupText.canonical(query),
      sql: [entry.statement(timeColumn: time, replacing: true)], place: entry.place)
    change.recomputes = true
    change.effect.rows = table?.rowCount ?? 0
    change.verb = "reads"
    if known.hasHistory { change.warning = "what only the rollup knows stays under another name" }
    made.append(marked(change, entry.name, "definition", now: now))
  }

  private mutating func compareRetention(
    _ entry: RollupEntry, _ wanted: Int64?, _ rollup: StoreRollup
  ) throws(ApusError) {
    let kept = rollup.kept
    let known = kept.definition.options.retentionSeconds
    if known == wanted { return }
    let sql = wanted.map { "SET (retention = \(quoteLiteral(FixedDuration.text($0))))" } ?? "RESET (retention)"
    let now = known.map { FixedDuration.text($0) } ?? "none"
    var change = PlannedChange(
      .update, "rollup", entry.name, option: "retention", from: now,
      to: wanted.map { FixedDuration.text($0) } ?? "none",
      sql: ["ALTER MATERIALIZED VIEW \(entry.name.sql) \(sql)"], place: entry.place)
    if let wanted, wanted < known ?? .max {
      // What lies in memtables is in no partial yet.
      if !rollup.base.memtableRowGroups.isEmpty { try database.store.flush(rollup.base.definition.id) }
      change.effect = try database.store.effect(ofRetention: wanted, on: kept.definition.id)
      change.verb = "drops"
      change.dropsData = change.effect.rows > 0
    }
    self.kept.append(marked(change, entry.name, "retention", now: now))
  }
}

extension RollupDefinition {
  /// Whether both keep the same of the same rows, under the same names.
  func keepsSame(as other: RollupDefinition) -> Bool {
    columns == other.columns && filters == other.filters && groupings == other.groupings && bucket == other.bucket
      && Set(sets.map(Set.init)) == Set(other.sets.map(Set.init)) && measures.map(\.call) == other.measures.map(\.call)
      && outputs.map(\.source) == other.outputs.map(\.source)
      && outputs.map(\.field.name) == other.outputs.map(\.field.name)
  }
}
