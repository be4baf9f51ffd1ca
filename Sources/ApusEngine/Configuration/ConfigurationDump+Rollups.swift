// The rollups of the running state as a file has them: taken apart from their SQL, and held against it.

import ApusBase
import ApusPlan
import ApusStore
import ApusSyntax

extension ConfigurationDump {
  mutating func rollups(_ database: Database) throws(ApusError) {
    let snapshot = database.snapshot()
    // Of a definition that was replaced only the history is left: no file makes that again.
    var waiting = try snapshot.rollups().filter { $0.stored.endsBefore == nil }
    if waiting.isEmpty { return }
    line(0, "rollups:")
    var done: [EntryName: RollupEntry] = [:]
    while !waiting.isEmpty {
      var next: [StoreRollup] = []
      for rollup in waiting {
        let finer = rollup.stored.finer.map { EntryName(schema: $0.schema, name: $0.name) }
        if let finer, done[finer] == nil, waiting.contains(where: { $0.place == rollup.stored.finer }) {
          next.append(rollup)
          continue
        }
        if let entry = Self.entry(rollup, finer.flatMap { done[$0] }, snapshot) {
          done[entry.name] = entry
          write(entry)
        } else {
          line(1, "# \(rollup.place.name) is left out: a file has no words for its definition")
        }
      }
      if next.count == waiting.count { break }
      waiting = next
    }
    if done.isEmpty { line(1, "{}") }
  }

  /// A rollup as an entry; nil when none says the same.
  private static func entry(
    _ rollup: StoreRollup, _ finer: RollupEntry?, _ snapshot: DatabaseSnapshot
  ) -> RollupEntry? {
    guard let parsed = try? Parser.parse(rollup.stored.query).first, case .select(let id) = parsed.root,
      case .select(let select) = parsed.arena[id].body, let time = rollup.base.definition.timeColumn?.name,
      select.targets.count == rollup.definition.outputs.count
    else { return nil }
    let arena = parsed.arena
    let here = TextPlace(line: 1, column: 1)
    var entry = RollupEntry(
      name: EntryName(schema: rollup.place.schema, name: rollup.place.name), place: here)
    entry.table = EntryName(schema: rollup.base.definition.schema, name: rollup.base.definition.name)
    entry.retention = .some(rollup.kept.definition.options.retentionSeconds)
    // By place among the groupings: what "sets" speaks of.
    var places: [Int: Int] = [:]
    for (target, output) in zip(select.targets, rollup.definition.outputs) {
      let item = RollupEntry.Item(
        name: output.field.name, expression: arena.deparse(target.expression), place: here)
      switch output.source {
      case .grouping(rollup.definition.bucket):
        guard let bucket = Self.bucket(target.expression, arena) else { return nil }
        entry.every = bucket.every
        entry.timeZone = bucket.zone
        entry.bucket = output.field.name
      case .grouping(let place):
        places[place] = entry.by.count
        entry.by.append(item)
      case .measure: entry.measures.append(item)
      }
    }
    if let filter = select.filter { entry.filter = arena.deparse(filter) }
    let full = Set(rollup.definition.groupings.indices)
    if rollup.definition.sets.count != 1 || rollup.definition.sets.first.map(Set.init) != full {
      entry.sets = rollup.definition.sets.map { set in set.compactMap { places[$0] }.sorted() }
    }
    // Over a finer rollup the columns are that one's: what they are of the table is known from it.
    if let finer {
      (entry.by, entry.sets, entry.measures, entry.filter) = (finer.by, finer.sets, finer.measures, finer.filter)
    }
    let query = entry.query(timeColumn: time)
    guard let made = try? snapshot.extract(query, searchPath: ["public"]).definition,
      made.keepsSame(as: rollup.definition)
    else { return nil }
    return entry
  }

  /// The width and the zone of a time_bucket.
  private static func bucket(_ id: ExprID, _ arena: Arena) -> (every: String, zone: String?)? {
    guard case .function(let call) = arena[id].kind, call.name == "time_bucket", call.arguments.count <= 3,
      let first = call.arguments.first, let every = text(first.value, arena)
    else { return nil }
    guard call.arguments.count == 3 else { return (every, nil) }
    return text(call.arguments[2].value, arena).map { (every, $0) }
  }

  private static func text(_ id: ExprID, _ arena: Arena) -> String? {
    switch arena[id].kind {
    case .constant(.string(let text)): return text
    case .cast(let inner, _): return text(inner, arena)
    default: return nil
    }
  }

  private mutating func write(_ entry: RollupEntry) {
    line(1, "\(Self.key(entry.name)):")
    line(2, "from: \(Self.scalar(entry.table.text))")
    line(2, "every: \(Self.scalar(entry.every))")
    if entry.bucket != "bucket" { line(2, "bucket: \(Self.scalar(entry.bucket))") }
    if let zone = entry.timeZone { line(2, "time_zone: \(Self.scalar(zone))") }
    if let filter = entry.filter { line(2, "where: \(ConfigurationReader.quoted(filter))") }
    if !entry.by.isEmpty {
      line(2, "by:")
      for item in entry.by { line(3, "- \(Self.scalar(item.name)): \(ConfigurationReader.quoted(item.expression))") }
    }
    if let sets = entry.sets {
      let lists = sets.map { "[" + $0.map { Self.scalar(entry.by[$0].name) }.joined(separator: ", ") + "]" }
      line(2, "sets: [\(lists.joined(separator: ", "))]")
    }
    line(2, "measures:")
    for item in entry.measures {
      line(3, "\(Self.scalar(item.name)): \(ConfigurationReader.quoted(item.expression))")
    }
    if case .some(.some(let seconds)) = entry.retention { line(2, "retention: \(FixedDuration.text(seconds))") }
  }
}
