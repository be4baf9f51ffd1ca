// Compaction: small segments of a partition merged into larger sorted ones, without the rows that are deleted.

public import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

/// Segments of one partition to be rewritten as one.
struct CompactionPlan {
  var definition: TableDefinition
  var partition: PartitionKey
  var inputs: [SegmentHandle]
  /// Paths of jsonb columns that are left out, by column.
  var dropping: [ColumnID: [[String]]] = [:]
}

extension Store {
  /// Merges whatever segments of a table are small, and rewrites those that have deleted rows. Returns how many
  /// segments were replaced.
  @discardableResult
  public func compact(_ table: TableID) throws(ApusError) -> Int {
    guard let snapshot = snapshot().table(table) else {
      throw ApusError(.undefinedTable, "table \(table) does not exist")
    }
    var replaced = 0
    for plan in plans(for: snapshot, isEager: true) {
      if core.withLock({ $0.isClosing }) { break }
      replaced += try compact(plan)
    }
    return replaced
  }

  /// One round of what pays by itself, over all tables.
  func compactWhatIsDue() throws(ApusError) {
    guard !isReadOnly, failure == nil else { return }
    for table in snapshot().allTables {
      for plan in plans(for: table, isEager: false) {
        if core.withLock({ $0.isClosing }) { return }
        _ = try compact(plan)
      }
    }
  }

  // MARK: Choosing

  /// What to rewrite. Eager: all that can be merged and every segment with deleted rows; else only what pays: four or
  /// more segments of like size, two of a partition that has been quiet for an hour, a fifth of the rows deleted.
  func plans(for table: TableSnapshot, isEager: Bool) -> [CompactionPlan] {
    let definition = table.definition
    guard definition.id >= TableDefinition.firstUserTable else { return [] }
    let now = options.clock.now()
    var plans: [CompactionPlan] = []
    for (partition, segments) in Dictionary(grouping: table.segments, by: { $0.record.partition }) {
      let isQuiet = segments.allSatisfy { $0.record.received < now &- 3_600_000_000 }
      let chosen = segments.filter { segment in
        segment.liveRows * 2 < options.compactionRowsMax
          || (isEager ? segment.deletedRows > 0 : segment.deletedRows * 5 >= segment.record.rows)
      }
      for group in Dictionary(grouping: chosen, by: { keyAge($0, definition, now) }).values {
        for inputs in runs(of: group, isEager: isEager, isQuiet: isQuiet) {
          plans.append(CompactionPlan(definition: definition, partition: partition, inputs: inputs))
        }
      }
    }
    return plans.sorted { $0.partition < $1.partition }
  }

  /// A segment's keys are noted at a start by the time its youngest row was received: only segments of one hour, or
  /// beyond the window, are merged, so that no key is known much longer than the window.
  private func keyAge(_ segment: SegmentHandle, _ table: TableDefinition, _ now: UnixMicroseconds) -> Int64 {
    guard table.dedupeKeyColumn != nil else { return 0 }
    let minute = Self.minute(segment.record.received)
    if minute < Self.cutoff(Self.minute(now), table.options.dedupeWindowSeconds) { return 0 }
    return Int64(minute) / 60
  }

  private func runs(of segments: [SegmentHandle], isEager: Bool, isQuiet: Bool) -> [[SegmentHandle]] {
    var runs: [[SegmentHandle]] = []
    var run: [SegmentHandle] = []
    var rows = 0
    var bytes = 0
    func finish() {
      let isHoled = run.contains {
        isEager ? $0.deletedRows > 0 : $0.deletedRows * 5 >= $0.record.rows && $0.deletedRows > 0
      }
      let least = isEager || isQuiet ? 2 : 4
      if run.count >= least || isHoled { runs.append(run.sorted { $0.record.id < $1.record.id }) }
      run = []
      rows = 0
      bytes = 0
    }
    for segment in segments.sorted(by: { ($0.liveRows, $0.record.id) < ($1.liveRows, $1.record.id) }) {
      let isTooLarge =
        rows + segment.liveRows > options.compactionRowsMax || bytes + segment.record.bytes > Limits.compactionBytesMax
      // Rows are rewritten only with about as many others, so that each is rewritten few times.
      let isUnlike = !isEager && !isQuiet && run.count >= 4 && segment.liveRows > rows
      if !run.isEmpty, isTooLarge || isUnlike { finish() }
      run.append(segment)
      rows += segment.liveRows
      bytes += segment.record.bytes
    }
    finish()
    return runs
  }

  // MARK: Rewriting

  /// Carries one plan out; returns how many segments it replaced: none when they changed under it.
  func compact(_ plan: CompactionPlan) throws(ApusError) -> Int {
    try compacting.withLock { (_) throws(ApusError) in
      if let failure { throw failure }
      let job = begin(plan)
      defer { running.withLock { $0[job] = nil } }
      let started = monotonicNanoseconds()
      let rewritten = try rewrite(plan)
      let isDone: Bool
      do throws(ApusError) {
        // A delete that chooses rows of these segments goes first.
        _ = core.wait(nanoseconds: 60_000_000_000) { core in
          core.deleting[plan.definition.id] == nil || core.isClosing ? () : nil
        }
        isDone = try maintenance.withLock { (_) throws(ApusError) in try replace(plan, by: rewritten) }
      } catch {
        // Its file is dropped by whatever transaction comes next.
        throw error
      }
      guard isDone else {
        rewritten.output?.drop()
        return 0
      }
      let seconds = Double(monotonicNanoseconds() &- started) / 1e9
      Metrics.shared.observe("apus_compaction_seconds", seconds: seconds, help: "Merging segments of a partition.")
      Metrics.shared.add(
        "apus_compacted_rows_total", Double(rewritten.output?.record.rows ?? 0), help: "Rows that were rewritten.")
      return plan.inputs.count
    }
  }

  private func begin(_ plan: CompactionPlan) -> UInt64 {
    let number = monotonicNanoseconds()
    running.withLock { running in
      running[number] = StoreJob(
        kind: "compact", definition: plan.definition, partition: plan.partition, state: "running",
        rows: plan.inputs.reduce(0) { $0 + $1.liveRows }, bytes: plan.inputs.reduce(0) { $0 + $1.record.bytes },
        since: options.clock.now())
    }
    return number
  }

  private struct Rewritten {
    /// nil when every row is deleted.
    var output: SegmentHandle?
    /// Where the rows of each input begin, and their places in the output.
    var bases: [SegmentID: Int] = [:]
    var order: RowOrder
  }

  private func rewrite(_ plan: CompactionPlan) throws(ApusError) -> Rewritten {
    if plan.definition.isDerived { return Rewritten(output: try merged(plan), order: RowOrder(total: 0, picks: nil)) }
    let columns = plan.definition.segmentColumns
    var parts: [[Vector]] = []
    var bases: [SegmentID: Int] = [:]
    var total = 0
    for input in plan.inputs {
      bases[input.record.id] = total
      for group in input.rowGroups where group.rowCount > 0 {
        var vectors: [Vector] = []
        for column in columns {
          let reference = ColumnReference(column: column.id, type: column.type)
          var vector: Vector
          if let stored = group as? SegmentRowGroup {
            vector = try stored.readStored(reference)
          } else {
            vector = try group.read(reference, rows: 0..<group.rowCount)
          }
          if let paths = plan.dropping[column.id] { vector = try vector.without(paths) }
          vectors.append(vector)
        }
        parts.append(vectors)
        total += group.rowCount
      }
    }
    let rows = SegmentRows(parts: parts, columns: columns)
    guard rows.count == total else { throw ApusError.unexpected("a compaction read \(rows.count) of \(total) rows") }
    let picks = Self.living(
      plan.inputs, of: total, in: try rows.sorted(by: plan.definition.storedOrder))
    var rewritten = Rewritten(bases: bases, order: RowOrder(total: total, picks: picks))
    guard rewritten.order.count > 0 else { return rewritten }
    let records = plan.inputs.map(\.record)
    let description = SegmentDescription(
      table: plan.definition.id, partition: plan.partition, columns: columns, orderBy: plan.definition.storedOrder,
      timeColumn: plan.definition.timeColumn?.id, minimumLSN: records.map(\.minimumLSN).min() ?? .zero,
      maximumLSN: records.map(\.maximumLSN).max() ?? .zero)
    rewritten.output = try write(rows, picks, description, records.map(\.received).max() ?? 0)
    return rewritten
  }

  /// Derived rows are merged by whoever derives them. Rows of theirs are never deleted one by one.
  private func merged(_ plan: CompactionPlan) throws(ApusError) -> SegmentHandle? {
    var batches: [Batch] = []
    for group in plan.inputs.flatMap(\.rowGroups) where group.rowCount > 0 {
      var vectors: [Vector] = []
      for column in plan.definition.segmentColumns {
        vectors.append(
          try group.read(ColumnReference(column: column.id, type: column.type), rows: 0..<group.rowCount))
      }
      batches.append(Batch(columns: vectors, count: group.rowCount))
    }
    guard let participant = participants.withLock({ $0.first }) else {
      throw ApusError.unexpected("nobody merges rows derived from table \(plan.definition.options.derivedFrom ?? 0)")
    }
    let merged = try participant.merge(batches, of: plan.definition)
    guard merged.count > 0 else { return nil }
    let records = plan.inputs.map(\.record)
    let bounds = (records.map(\.minimumLSN).min() ?? .zero, records.map(\.maximumLSN).max() ?? .zero)
    return try write(merged, of: plan.definition, plan.partition, bounds, records.map(\.received).max() ?? 0)
  }

  /// The rows in their order without those that are deleted; nil for all as they come.
  private static func living(
    _ inputs: [SegmentHandle], of total: Int, in order: SelectionVector?
  ) -> SelectionVector? {
    guard inputs.contains(where: { $0.deletes != nil }) else { return order }
    let alive = Bitmap(repeating: true, count: total)
    var base = 0
    for input in inputs {
      if let gone = input.deletes?.rows { for row in 0..<gone.count where gone[row] { alive.clear(base + row) } }
      base += input.record.rows
    }
    guard let order else { return SelectionVector(alive) }
    var picks: [UInt32] = []
    picks.reserveCapacity(order.count)
    for index in 0..<order.count where alive[order[index]] { picks.append(UInt32(truncatingIfNeeded: order[index])) }
    return SelectionVector(picks)
  }

  // MARK: Committing

  /// Puts the output in the place of the inputs, with what was deleted of them since they were read. False when one of
  /// them is gone, its table has changed, or a delete chooses rows of them. Under `maintenance`.
  private func replace(_ plan: CompactionPlan, by rewritten: Rewritten) throws(ApusError) -> Bool {
    if let failure { throw failure }
    let table = plan.definition.id
    let (state, isDeleting) = core.withLock { ($0.tables[table], $0.deleting[table] != nil) }
    guard let state, !isDeleting, state.definition == plan.definition else { return false }
    let now = Dictionary(state.segments.map { ($0.record.id, $0) }) { first, _ in first }
    var output = rewritten.output
    var carried: Bitmap?
    var changes: [StoreChange] = []
    for input in plan.inputs {
      guard let current = now[input.record.id] else { return false }
      changes.append(.removeSegment(input.record.id))
      guard let deletes = current.deletes, deletes.version != input.deletes?.version ?? 0 else { continue }
      let bits = carried ?? Bitmap(repeating: false, count: rewritten.order.count)
      carried = bits
      let base = rewritten.bases[input.record.id] ?? 0
      let places = rewritten.order.places().read(UInt32.self)
      for row in 0..<deletes.rows.count where deletes.rows[row] && places[base + row] != RowOrder.notPicked {
        bits.set(Int(places[base + row]))
      }
    }
    if let written = output {
      changes.append(.addSegment(written.record))
      if let carried, carried.setCount > 0 {
        let deletes = SegmentDeletes(version: 1, rows: carried)
        changes.append(.putDeletes(written.record.id, deletes))
        output = SegmentHandle(written, deletes: deletes)
      }
    }
    try commit(changes, of: output.map { [$0] } ?? [])
    let replaced = Set(plan.inputs.map(\.record.id))
    core.update { core in
      for segment in core.tables[table]?.segments ?? [] where replaced.contains(segment.record.id) { segment.drop() }
      core.tables[table]?.segments.removeAll { replaced.contains($0.record.id) }
      if let output { core.tables[table]?.segments.append(output) }
      publish(&core, changed: [table])
    }
    return true
  }
}
