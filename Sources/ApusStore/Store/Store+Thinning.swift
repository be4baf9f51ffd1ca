// Retention within partitions: rows that match a condition, and properties, each at an age of its own.

public import ApusBase
public import ApusColumns
import ApusFiles
import Synchronization

/// Who can tell for which rows a condition is true: the engine, since the store binds no SQL.
public protocol RetentionChooser: AnyObject, Sendable {
  /// The rows of some segments of a table, as a snapshot has them now, for which `filter` is true. Rows without a time
  /// are left out: they have no age.
  func rows(
    of table: TableDefinition, where filter: String, in segments: Set<SegmentID>
  ) throws(ApusError) -> [SegmentID: Bitmap]
}

/// A retention policy of a table, for `apus.policies`.
public struct RetentionPolicy: Sendable {
  public enum Kind: String, Sendable {
    /// Whole partitions go.
    case age = "retention"
    /// Rows that match a condition go.
    case filter = "filter_retention"
    /// A property goes.
    case property = "property_retention"
  }
  public let kind: Kind
  public let definition: TableDefinition
  public let seconds: Int64
  public var filter: String?
  public var column: String?
  public var path: [String]?
  /// When it last went through all that is old enough; nil: not since the start.
  public var lastRun: UnixMicroseconds?
  /// Rows removed, or rows rewritten without the property, since the start.
  public var rows = 0
  /// Why it could not, the last time.
  public var error: String?
}

/// What a policy would take now.
public struct RetentionEffect: Sendable, Hashable {
  public var partitions = 0
  public var rows = 0
  public var bytes = 0
  public init() {}
}

/// What policies did since the start, by table and policy.
struct ThinningState: Sendable {
  struct Key: Hashable {
    var table: TableID
    var policy: String
  }
  struct Outcome {
    var lastRun: UnixMicroseconds?
    var rows = 0
    var error: String?
  }
  var outcomes: [Key: Outcome] = [:]
  var chooser: ChooserReference?
}

/// The chooser, which lives as long as its engine does.
final class ChooserReference: @unchecked Sendable {
  // Only read after it is made.
  weak var chooser: (any RetentionChooser)?
  init(_ chooser: any RetentionChooser) { self.chooser = chooser }
}

/// A partition that a policy has gone through, and how far.
struct ThinnedPartition {
  var partition: PartitionKey
  var policy: String
  var thinning: Thinning

  func change(of table: TableID) -> StoreChange { .thinned(table, partition, policy: policy, thinning) }
}

extension FilteredRetention {
  /// The name of the policy in the catalog.
  var policy: String { "filter \(filter)" }
}

extension PropertyRetention {
  var policy: String { "property \(column) \(jsonText(path.joined(separator: "\u{1F}")))" }
}

extension Store {
  /// Names who finds the rows of retention by a condition. It is held weakly.
  public func use(_ chooser: any RetentionChooser) {
    let reference = ChooserReference(chooser)
    thinning.withLock { $0.chooser = reference }
  }

  /// Every retention policy, in order of tables; those of derived tables too.
  public func policies() -> [RetentionPolicy] {
    let outcomes = thinning.withLock { $0.outcomes }
    return snapshot().allTables.flatMap { table -> [RetentionPolicy] in
      let definition = table.definition
      func outcome(_ policy: String) -> ThinningState.Outcome {
        outcomes[ThinningState.Key(table: definition.id, policy: policy)] ?? ThinningState.Outcome()
      }
      var all: [RetentionPolicy] = []
      if let seconds = definition.options.retentionSeconds {
        let known = outcome("age")
        all.append(
          RetentionPolicy(
            kind: .age, definition: definition, seconds: seconds, lastRun: known.lastRun, rows: known.rows))
      }
      for part in definition.options.filteredRetention ?? [] {
        let known = outcome(part.policy)
        all.append(
          RetentionPolicy(
            kind: .filter, definition: definition, seconds: part.seconds, filter: part.filter, lastRun: known.lastRun,
            rows: known.rows, error: known.error))
      }
      for part in definition.options.propertyRetention ?? [] {
        let known = outcome(part.policy)
        all.append(
          RetentionPolicy(
            kind: .property, definition: definition, seconds: part.seconds, column: part.column, path: part.path,
            lastRun: known.lastRun, rows: known.rows, error: known.error))
      }
      return all
    }
  }

  func note(_ policy: String, of table: TableID, rows: Int, error: String? = nil) {
    let now = options.clock.now()
    thinning.withLock { state in
      var outcome = state.outcomes[ThinningState.Key(table: table, policy: policy)] ?? ThinningState.Outcome()
      outcome.rows += rows
      outcome.error = error
      if error == nil { outcome.lastRun = now }
      state.outcomes[ThinningState.Key(table: table, policy: policy)] = outcome
    }
  }

  // MARK: One run

  /// Takes out of a table what is old enough. One policy that cannot be kept does not stop the others.
  func thin(_ id: TableID, _ now: UnixMicroseconds) throws(ApusError) {
    guard let table = core.withLock({ $0.tables[id] }) else { return }
    let options = table.definition.options
    if options.retentionSeconds != nil { note("age", of: id, rows: 0) }
    guard options.isRetentionHeld != true, table.definition.partitionMicroseconds > 0 else { return }
    for part in options.filteredRetention ?? [] {
      do throws(ApusError) {
        note(part.policy, of: id, rows: try keep(part, of: table.definition, now))
      } catch {
        if let failure { throw failure }
        report(error, part.policy, table.definition)
      }
    }
    guard let properties = options.propertyRetention, !properties.isEmpty else { return }
    do throws(ApusError) {
      try keep(properties, of: table.definition, now)
    } catch {
      if let failure { throw failure }
      for part in properties { report(error, part.policy, table.definition) }
    }
  }

  private func report(_ error: ApusError, _ policy: String, _ table: TableDefinition) {
    note(policy, of: table.id, rows: 0, error: error.message)
    Log.error(
      "store", "a retention policy could not be kept",
      ["table": table.qualifiedName, "policy": policy, "error": error.message, "sqlstate": error.state.code])
  }

  /// The latest end of partitions that are past an age; nil when no time is.
  private func cutoff(_ seconds: Int64, _ now: UnixMicroseconds) -> UnixMicroseconds? {
    let (age, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (time, past) = now.subtractingReportingOverflow(age)
    return overflow || past ? nil : time
  }

  /// Segments of partitions that are wholly past an age, by partition in order.
  private func old(
    _ segments: [SegmentHandle], of table: TableDefinition, before cutoff: UnixMicroseconds
  ) -> [(key: PartitionKey, value: [SegmentHandle])] {
    Dictionary(grouping: segments) { $0.record.partition }
      .filter { table.unixMicroseconds(of: $0.key).to <= cutoff }.sorted { $0.key < $1.key }
  }

  /// Rollups first: what they do not hold yet stays.
  private func isHeld(_ partition: PartitionKey, of table: TableID) -> Bool {
    participants.withLock { $0 }.allSatisfy { $0.holds(partition, of: table) }
  }

  private func begin(_ table: TableDefinition, _ partition: PartitionKey, _ segments: [SegmentHandle]) -> UInt64 {
    let number = monotonicNanoseconds()
    let job = StoreJob(
      kind: "retention", definition: table, partition: partition, state: "running",
      rows: segments.reduce(0) { $0 + $1.liveRows }, bytes: segments.reduce(0) { $0 + $1.record.bytes },
      since: options.clock.now())
    running.withLock { $0[number] = job }
    return number
  }

  // MARK: Rows

  /// Deletes the rows of one policy, partition by partition. Rollups that counted them keep what they counted. Returns
  /// how many rows went.
  private func keep(
    _ policy: FilteredRetention, of table: TableDefinition, _ now: UnixMicroseconds
  ) throws(ApusError) -> Int {
    guard let cutoff = cutoff(policy.seconds, now), let state = core.withLock({ $0.tables[table.id] }) else { return 0 }
    var rows = 0
    for (partition, segments) in old(state.segments, of: table, before: cutoff) {
      if core.withLock({ $0.isClosing }) { break }
      let through = state.thinnings[partition]?[policy.policy]?.through ?? SegmentID(0)
      let fresh = segments.filter { $0.record.id > through }
      guard !fresh.isEmpty, isHeld(partition, of: table.id) else { continue }
      rows += try keep(policy, of: table, partition, fresh)
    }
    return rows
  }

  private func keep(
    _ policy: FilteredRetention, of table: TableDefinition, _ partition: PartitionKey, _ fresh: [SegmentHandle]
  ) throws(ApusError) -> Int {
    guard let chooser = thinning.withLock({ $0.chooser })?.chooser else {
      throw ApusError.unexpected("nobody finds the rows of retention by a condition")
    }
    let job = begin(table, partition, fresh)
    defer { running.withLock { $0[job] = nil } }
    // As a DELETE does: compaction leaves the segments alone meanwhile.
    core.update { $0.deleting[table.id, default: 0] += 1 }
    defer {
      core.update { core in
        let count = core.deleting[table.id] ?? 0
        core.deleting[table.id] = count > 1 ? count - 1 : nil
      }
    }
    guard let state = core.withLock({ $0.tables[table.id] }), state.definition == table else { return 0 }
    let wanted = Set(fresh.map(\.record.id))
    let living = Set(state.segments.map(\.record.id)).intersection(wanted)
    guard let last = living.max() else { return 0 }
    let chosen = try chooser.rows(of: table, where: policy.filter, in: living)
    let before = state.thinnings[partition]?[policy.policy]
    let deleted = try maintenance.withLock { (_) throws(ApusError) -> [DeletedRows] in
      // A policy that has changed decides anew.
      guard core.withLock({ $0.tables[table.id]?.definition }) == table else { return [] }
      return try commitDeletes(
        chosen, table.id,
        thinned: ThinnedPartition(
          partition: partition, policy: policy.policy,
          thinning: Thinning(through: last, removedAny: before?.removedAny ?? false)))
    }
    let rows = deleted.reduce(0) { $0 + $1.rows.setCount }
    if rows > 0 {
      Metrics.shared.add(
        "apus_retention_deleted_rows_total", Double(rows), help: "Rows deleted by retention with a condition.")
      Log.info(
        "store", "rows are past the retention of their condition",
        ["table": table.qualifiedName, "rows": String(rows), "partition": String(partition.value)])
    }
    return rows
  }

  // MARK: Properties

  /// Rewrites what still has properties that are past their age: a partition once for all of them.
  private func keep(
    _ policies: [PropertyRetention], of table: TableDefinition, _ now: UnixMicroseconds
  ) throws(ApusError) {
    guard let state = core.withLock({ $0.tables[table.id] }) else { return }
    for (partition, segments) in old(state.segments, of: table, before: .max) {
      if core.withLock({ $0.isClosing }) { return }
      let end = table.unixMicroseconds(of: partition).to
      let due = policies.filter { policy in
        guard let cutoff = cutoff(policy.seconds, now), end <= cutoff else { return false }
        let through = state.thinnings[partition]?[policy.policy]?.through ?? SegmentID(0)
        return segments.contains { $0.record.id > through }
      }
      guard !due.isEmpty, isHeld(partition, of: table.id) else { continue }
      try keep(due, of: table, partition)
    }
    for policy in policies { note(policy.policy, of: table.id, rows: 0) }
  }

  private func keep(
    _ due: [PropertyRetention], of table: TableDefinition, _ partition: PartitionKey
  ) throws(ApusError) {
    let job = begin(table, partition, [])
    defer { running.withLock { $0[job] = nil } }
    // Once to rewrite, once to see that nothing is left; what changes under it waits for the next run.
    for _ in 0..<2 {
      guard let state = core.withLock({ $0.tables[table.id] }), state.definition == table else { return }
      let segments = state.segments.filter { $0.record.partition == partition }
      guard let last = segments.map(\.record.id).max() else { return }
      var waiting: [SegmentID: [ColumnID: [[String]]]] = [:]
      for policy in due {
        guard let column = table.column(named: policy.column)?.id else { continue }
        let known = state.thinnings[partition]?[policy.policy]
        var isFound = false
        for segment in segments where segment.record.id > known?.through ?? SegmentID(0) {
          guard try !Self.mayHoldNullTimes(segment, table), try segment.reader.mayHold(policy.path, of: column) else {
            continue
          }
          waiting[segment.record.id, default: [:]][column, default: []].append(policy.path)
          isFound = true
        }
        // Marked before the first property goes: nobody may take the partition for whole in between.
        let thinning = Thinning(
          through: isFound ? known?.through ?? SegmentID(0) : last, removedAny: isFound || known?.removedAny == true)
        if thinning != known {
          try note(ThinnedPartition(partition: partition, policy: policy.policy, thinning: thinning), of: table)
        }
      }
      if waiting.isEmpty { return }
      for segment in segments {
        guard let dropping = waiting[segment.record.id] else { continue }
        let plan = CompactionPlan(definition: table, partition: partition, inputs: [segment], dropping: dropping)
        guard try compact(plan) > 0 else { return }
        for policy in due {
          guard let column = table.column(named: policy.column)?.id else { continue }
          if dropping[column]?.contains(policy.path) == true {
            note(policy.policy, of: table.id, rows: segment.liveRows)
          }
        }
      }
    }
  }

  private func note(_ thinned: ThinnedPartition, of table: TableDefinition) throws(ApusError) {
    try maintenance.withLock { (_) throws(ApusError) in
      if let failure { throw failure }
      guard core.withLock({ $0.tables[table.id]?.definition }) == table else { return }
      try commit([thinned.change(of: table.id)], of: [])
      core.update { core in
        core.tables[table.id]?.thinnings[thinned.partition, default: [:]][thinned.policy] = thinned.thinning
        publish(&core, changed: [table.id])
      }
    }
  }

  // MARK: What would go

  /// What retention by this age would drop now of a table, beyond what it drops already.
  public func effect(ofRetention seconds: Int64, on table: TableID) throws(ApusError) -> RetentionEffect {
    try flushIfNeeded(table)
    guard let state = core.withLock({ $0.tables[table] }), state.definition.partitionMicroseconds > 0 else {
      return RetentionEffect()
    }
    var options = state.definition.options
    options.retentionSeconds = seconds
    guard let cutoff = cutoff(seconds - options.graceSeconds, options: self.options) else { return RetentionEffect() }
    return try effect(of: old(state.segments, of: state.definition, before: cutoff), state.definition) {
      (segment) throws(ApusError) in try Self.mayHoldNullTimes(segment, state.definition) ? 0 : segment.liveRows
    }
  }

  /// What retention with this condition would delete now.
  public func effect(of policy: FilteredRetention, on table: TableID) throws(ApusError) -> RetentionEffect {
    try flushIfNeeded(table)
    guard let state = core.withLock({ $0.tables[table] }), state.definition.partitionMicroseconds > 0,
      let cutoff = cutoff(policy.seconds, options: options), let chooser = thinning.withLock({ $0.chooser })?.chooser
    else { return RetentionEffect() }
    let partitions = old(state.segments, of: state.definition, before: cutoff)
    let chosen = try chooser.rows(
      of: state.definition, where: policy.filter, in: Set(partitions.flatMap(\.value).map(\.record.id)))
    return try effect(of: partitions, state.definition) { (segment) throws(ApusError) in
      guard let rows = chosen[segment.record.id] else { return 0 }
      return (segment.deletes.map { rows.andNot($0.rows) } ?? rows).setCount
    }
  }

  /// What the retention of this property would rewrite now.
  public func effect(of policy: PropertyRetention, on table: TableID) throws(ApusError) -> RetentionEffect {
    try flushIfNeeded(table)
    guard let state = core.withLock({ $0.tables[table] }), state.definition.partitionMicroseconds > 0,
      let cutoff = cutoff(policy.seconds, options: options),
      let column = state.definition.column(named: policy.column)?.id
    else { return RetentionEffect() }
    return try effect(of: old(state.segments, of: state.definition, before: cutoff), state.definition) {
      (segment) throws(ApusError) in try segment.reader.mayHold(policy.path, of: column) ? segment.liveRows : 0
    }
  }

  private func cutoff(_ seconds: Int64, options: StoreOptions) -> UnixMicroseconds? {
    cutoff(seconds, options.clock.now())
  }

  private func flushIfNeeded(_ table: TableID) throws(ApusError) {
    if snapshot().table(table)?.memtableRowGroups.isEmpty == false { try flush(table) }
  }

  private func effect(
    of partitions: [(key: PartitionKey, value: [SegmentHandle])], _ table: TableDefinition,
    _ count: (SegmentHandle) throws(ApusError) -> Int
  ) throws(ApusError) -> RetentionEffect {
    var effect = RetentionEffect()
    for (_, segments) in partitions {
      var rows = 0
      for segment in segments {
        let part = try count(segment)
        if part > 0 { effect.bytes += segment.record.bytes }
        rows += part
      }
      effect.rows += rows
      if rows > 0 { effect.partitions += 1 }
    }
    return effect
  }
}

extension Vector {
  /// A jsonb vector without some paths and what lies below them.
  func without(_ paths: [[String]]) throws(ApusError) -> Vector {
    let vector = try shredded()
    guard case .shredded(let column) = vector.storage else { return self }
    let kept = column.paths.filter { part in !paths.contains { part.path.starts(with: $0) } }
    if kept.count == column.paths.count { return vector }
    let rest = ShreddedColumn(count: column.count, validity: column.validity, paths: kept)
    return Vector(type: .jsonb, count: column.count, validity: column.validity, storage: .shredded(rest))
  }
}

extension SegmentReader {
  /// Whether any row has the path, or something below it, in a jsonb column. Reads only what shares overflow columns.
  func mayHold(_ path: [String], of column: ColumnID) throws(ApusError) -> Bool {
    guard let place = description.columns.firstIndex(where: { $0.id == column }) else { return false }
    for (index, stream) in streams[place].enumerated() {
      switch stream.content {
      case .column, .presence: continue
      case .path(let keys, _): if keys.starts(with: path) { return true }
      case .overflow:
        for group in groups {
          guard let record = group.chunks[place][index] else { continue }
          let chunk = try chunk(
            record, of: stream, column: description.columns[place].type, rowCount: group.rowCount)
          guard case .shredded(let part) = chunk.values.storage else { continue }
          if part.paths.contains(where: { $0.path.starts(with: path) }) { return true }
        }
      }
    }
    return false
  }
}
