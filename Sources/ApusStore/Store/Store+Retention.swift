// Retention: partitions past their table's age are dropped, kept restorable for a while, then removed; and the guard
// against a wall clock that jumps.

public import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

/// A segment of a dropped partition: no scan sees it, and it can be restored.
struct DroppedSegment {
  var segment: SegmentHandle
  var at: UnixMicroseconds
}

extension TableOptions {
  /// How long a dropped partition stays restorable: a day, and at most half of the retention, of which it is a part.
  public var graceSeconds: Int64 { min(Limits.retentionGraceSeconds, (retentionSeconds ?? Int64.max) / 2) }

  /// Whether anything goes for its age.
  var hasRetention: Bool {
    retentionSeconds != nil || filteredRetention?.isEmpty == false || propertyRetention?.isEmpty == false
  }
}

extension Store {
  static let clockSetting = "clock.last"
  static let pauseSetting = "clock.paused"

  /// Whether a jump of the wall clock keeps retention from running.
  public var isRetentionPaused: Bool { snapshot().settings[Self.pauseSetting] != nil }

  /// One run over all tables: removes what was dropped longer ago than its grace, drops what is too old.
  public func keepRetention() throws(ApusError) {
    let now = options.clock.now()
    guard try watchClock(now) else { return }
    for table in core.withLock({ $0.tables.values.filter { $0.definition.id >= TableDefinition.firstUserTable } }) {
      try removeDropped(of: table, now)
      try dropOld(of: table, now)
      try thin(table.definition.id, now)
    }
  }

  private func dropOld(of table: TableState, _ now: UnixMicroseconds) throws(ApusError) {
    let definition = table.definition
    guard let retention = definition.options.retentionSeconds, definition.options.isRetentionHeld != true,
      definition.partitionMicroseconds > 0
    else { return }
    let (age, overflow) = (retention - definition.options.graceSeconds).multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return }
    let (oldest, past) = now.subtractingReportingOverflow(age)
    guard !past else { return }
    var old: [SegmentHandle] = []
    for segment in table.segments where definition.unixMicroseconds(of: segment.record.partition).to <= oldest {
      if try !Self.mayHoldNullTimes(segment, definition) { old.append(segment) }
    }
    guard !old.isEmpty else { return }
    // Rollups first: what they do not hold yet stays.
    let parts = participants.withLock { $0 }
    old = old.filter { segment in parts.allSatisfy { $0.holds(segment.record.partition, of: definition.id) } }
    try drop(Set(old.map(\.record.id)), of: definition, now)
  }

  /// Null times lie in the partition of 1970 and have no age.
  static func mayHoldNullTimes(
    _ segment: SegmentHandle, _ table: TableDefinition
  ) throws(ApusError) -> Bool {
    guard segment.record.partition == PartitionKey(0), let time = table.timeColumn else { return false }
    for group in segment.rowGroups {
      let zone = try group.zoneMap(ColumnReference(column: time.id, type: time.type.type))
      if zone?.nullCount != 0 { return true }
    }
    return false
  }

  private func drop(_ ids: Set<SegmentID>, of table: TableDefinition, _ now: UnixMicroseconds) throws(ApusError) {
    guard !ids.isEmpty else { return }
    let dropped = try maintenance.withLock { (_) throws(ApusError) -> [SegmentHandle] in
      if let failure { throw failure }
      let (state, isDeleting) = core.withLock { ($0.tables[table.id], $0.deleting[table.id] != nil) }
      // A delete goes first, and an option that has changed decides anew.
      guard let state, !isDeleting, state.definition == table else { return [] }
      let segments = state.segments.filter { ids.contains($0.record.id) }
      guard !segments.isEmpty else { return [] }
      // Up to here rows are missing: rollups may stand in only for later ones.
      let end = segments.map { $0.record.partition.value &+ 1 }.max() ?? 0
      let known = snapshot().firstPresentPartition(of: table.id)?.value ?? end
      let expiry = CatalogChange.putSetting(name: Self.expirySetting(table.id), value: String(max(end, known)))
      try commit(segments.map { .dropSegment($0.record.id, now) } + [.definition(expiry)], of: [])
      core.update { core in
        var touched: Set<TableID> = []
        carryOut(expiry, &core, &touched)
        core.tables[table.id]?.segments.removeAll { ids.contains($0.record.id) }
        core.tables[table.id]?.dropped += segments.map { DroppedSegment(segment: $0, at: now) }
        publish(&core, changed: [table.id])
      }
      return segments
    }
    guard !dropped.isEmpty else { return }
    let partitions = Set(dropped.map(\.record.partition)).count
    Metrics.shared.add(
      "apus_retention_dropped_partitions_total", Double(partitions), help: "Partitions dropped for their age.")
    Log.info(
      "store", "partitions are past their retention",
      [
        "table": table.qualifiedName, "partitions": String(partitions),
        "rows": String(dropped.reduce(0) { $0 + $1.liveRows }),
      ])
  }

  private func removeDropped(of table: TableState, _ now: UnixMicroseconds) throws(ApusError) {
    let grace = table.definition.options.graceSeconds &* 1_000_000
    let ids = Set(table.dropped.filter { now &- $0.at >= grace }.map(\.segment.record.id))
    guard !ids.isEmpty else { return }
    try maintenance.withLock { (_) throws(ApusError) in
      if let failure { throw failure }
      let id = table.definition.id
      let gone = (core.withLock { $0.tables[id]?.dropped } ?? []).filter { ids.contains($0.segment.record.id) }
      guard !gone.isEmpty else { return }
      try commit(gone.map { .removeSegment($0.segment.record.id) }, of: [])
      core.update { core in
        for part in gone { part.segment.drop() }
        core.tables[id]?.dropped.removeAll { ids.contains($0.segment.record.id) }
      }
    }
  }

  /// Brings back every partition of a table that retention dropped and has not removed yet, and holds its retention
  /// until it is set again. Returns how many partitions came back.
  @discardableResult
  public func undrop(_ table: TableID) throws(ApusError) -> Int {
    try maintenance.withLock { (_) throws(ApusError) in
      if let failure { throw failure }
      guard let state = core.withLock({ $0.tables[table] }) else {
        throw ApusError(.undefinedTable, "table \(table) does not exist")
      }
      guard !state.dropped.isEmpty else { return 0 }
      var definition = state.definition
      if definition.options.retentionSeconds != nil { definition.options.isRetentionHeld = true }
      let held = definition
      let first = state.dropped.map(\.segment.record.partition).min()
      let expiry = CatalogChange.putSetting(name: Self.expirySetting(table), value: first.map { String($0.value) })
      try commit(
        [.definition(.alterTable(held)), .definition(expiry)]
          + state.dropped.map { .restoreSegment($0.segment.record.id) }, of: [])
      core.update { core in
        var touched: Set<TableID> = []
        carryOut(expiry, &core, &touched)
        core.tables[table]?.definition = held
        core.tables[table]?.segments += state.dropped.map(\.segment)
        core.tables[table]?.dropped = []
        core.catalogVersion += 1
        publish(&core, changed: [table])
      }
      return Set(state.dropped.map(\.segment.record.partition)).count
    }
  }

  // MARK: The clock

  /// Remembers the wall clock, hourly. False while retention is paused: the clock stands more than a day from where it
  /// was last seen, and nobody has confirmed it.
  private func watchClock(_ now: UnixMicroseconds) throws(ApusError) -> Bool {
    let settings = snapshot().settings
    let isNeeded = core.withLock {
      $0.tables.values.contains { $0.definition.options.hasRetention || !$0.dropped.isEmpty }
    }
    let isPaused = settings[Self.pauseSetting] != nil
    defer {
      Metrics.shared.set(
        "apus_retention_paused", isRetentionPaused ? 1 : 0, help: "1 while a clock that jumped pauses retention.")
    }
    if isPaused { return false }
    guard let last = settings[Self.clockSetting].flatMap({ Int64($0) }) else {
      _ = try apply([.putSetting(name: Self.clockSetting, value: String(now))])
      return true
    }
    let (step, overflow) = now.subtractingReportingOverflow(last)
    let most = Limits.clockStepSecondsMax * 1_000_000
    let isJump = overflow || step > most || step < -most
    if isJump, isNeeded {
      _ = try apply([.putSetting(name: Self.pauseSetting, value: "\(last) \(now)")])
      Log.warning(
        "store", "the clock moved by more than a day: retention is paused until SELECT apus.confirm_clock()",
        ["seconds": String(step / 1_000_000)])
      return false
    }
    if isJump || step >= 3_600_000_000 || step < 0 {
      _ = try apply([.putSetting(name: Self.clockSetting, value: String(now))])
    }
    return true
  }

  /// The clock is right: retention goes on.
  public func confirmClock() throws(ApusError) {
    _ = try apply([
      .putSetting(name: Self.pauseSetting, value: nil),
      .putSetting(name: Self.clockSetting, value: String(options.clock.now())),
    ])
  }
}
