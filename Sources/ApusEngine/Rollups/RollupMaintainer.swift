// RollupMaintainer owns the upkeep of partials: they are made with each flush, marked stale by deletes, and made anew.

import ApusBase
import ApusColumns
import ApusExecution
import ApusPlan
import ApusStore
import Synchronization

/// Takes part in the store's commits for all rollups of a database.
///
/// What a flush adds to a partition, its partials count from the same transaction on. A partition whose partials cannot
/// be kept so is marked stale, and its rows are read instead: answers are right at every moment, and faster once the
/// partition is derived anew.
final class RollupMaintainer: CommitParticipant {
  private struct Link {
    weak var database: Database?
  }
  private let link = Mutex(Link())

  /// Until then flushes fail, and are tried again.
  func attach(_ database: Database) { link.withLock { $0.database = database } }

  private func snapshot() throws(ApusError) -> DatabaseSnapshot {
    guard let database = link.withLock({ $0.database }) else {
      throw ApusError(.objectNotInPrerequisiteState, "the database is not open yet")
    }
    return database.snapshot()
  }

  // MARK: Flushes

  func derive(from sealed: SealedRows) throws(ApusError) -> Derivation {
    var derivation = Derivation()
    for rollup in try snapshot().rollups(of: sealed.table.id) {
      if rollup.state.stale.contains(sealed.partition.value) { continue }
      do throws(ApusError) {
        derivation.rows.append(
          DerivedRows(table: rollup.kept.definition.id, rows: try rollup.partials(of: sealed.rowGroups)))
      } catch {
        // The rows are good, whatever the rollup makes of them.
        Log.warning(
          "rollups", "the rows of a flush cannot be rolled up", ["rollup": rollup.name, "error": error.message])
        var state = rollup.state
        state.stale.insert(sealed.partition.value)
        state.failure = error.message
        derivation.changes.append(try state.change(rollup.place))
      }
    }
    return derivation
  }

  func merge(_ batches: [Batch], of table: TableDefinition) throws(ApusError) -> Batch {
    guard let rollup = try snapshot().rollups().first(where: { $0.stored.partials == table.name }) else {
      throw ApusError(.undefinedTable, "the rollup of partials \"\(table.name)\" does not exist")
    }
    return try rollup.combined(batches)
  }

  // MARK: Deletes and retention

  func changes(deletingIn partitions: Set<PartitionKey>, of table: TableID) throws(ApusError) -> [CatalogChange] {
    var changes: [CatalogChange] = []
    for rollup in try snapshot().rollups(of: table) {
      var state = rollup.state
      for partition in partitions where !rollup.isGone(partition) {
        guard rollup.canDerive(partition) else {
          throw ApusError(
            .objectNotInPrerequisiteState,
            "cannot delete rows next to expired ones, which rollup \"\(rollup.name)\" still counts",
            detail: "Retention took rows of the same partition, so that the rollup cannot be computed anew.",
            hint: "Drop the rollup first, or let retention take these rows too.")
        }
        state.stale.insert(partition.value)
      }
      if state != rollup.state { changes.append(try state.change(rollup.place)) }
    }
    return changes
  }

  func holds(_ partition: PartitionKey, of table: TableID) -> Bool {
    guard let rollups = try? snapshot().rollups(of: table) else { return false }
    return rollups.allSatisfy { $0.holds(partition) }
  }

  func tend() throws(ApusError) {
    guard let database = link.withLock({ $0.database }) else { return }
    for name in database.snapshot().rollupNames {
      do throws(ApusError) {
        try database.deriveStale(name, control: QueryControl())
      } catch {
        Log.warning(
          "rollups", "a rollup could not be brought up to date", ["rollup": name.name, "error": error.message])
      }
    }
  }
}

extension Database {
  /// Derives every stale partition of a rollup anew, one transaction each.
  func deriveStale(_ name: RelationName, control: QueryControl) throws(ApusError) {
    guard let rollup = try snapshot().rollup(name) else { return }
    let partitions = rollup.derivable
    guard !partitions.isEmpty else { return }
    let job = rollupJobs.begin(name, partitions: partitions.count, at: now())
    defer { rollupJobs.end(job) }
    for partition in partitions {
      try control.check()
      try derive(partition, name, rollup, control)
      rollupJobs.advance(job)
    }
  }

  /// The same for all rollups of a table, after a delete. What fails is tried again later: answers are right meanwhile.
  func deriveStale(over table: TableID) {
    do throws(ApusError) {
      for rollup in try snapshot().rollups(of: table) { try deriveStale(rollup.place, control: QueryControl()) }
    } catch {
      Log.warning("rollups", "rollups could not be derived anew after a delete", ["error": error.message])
    }
  }

  private func derive(
    _ partition: PartitionKey, _ name: RelationName, _ known: StoreRollup, _ control: QueryControl
  ) throws(ApusError) {
    do throws(ApusError) {
      try store.rederive(partition, of: known.stored.baseTable, into: [known.kept.definition.id]) {
        (sealed) throws(ApusError) -> Derivation? in
        // Somebody may have been faster, or have dropped it.
        guard let rollup = try snapshot().rollup(name), rollup.stored == known.stored,
          rollup.state.stale.contains(partition.value), rollup.canDerive(partition)
        else { return nil }
        var state = rollup.state
        state.stale.remove(partition.value)
        if state.stale.isEmpty { state.failure = nil }
        return Derivation(
          rows: [
            DerivedRows(
              table: rollup.kept.definition.id, rows: try rollup.partials(of: sealed.rowGroups, control: control))
          ],
          changes: [try state.change(name)])
      }
    } catch {
      if error.state != .queryCanceled { noteFailure(error, name) }
      throw error
    }
  }

  /// Kept with the rollup, so that users see why it is slow.
  private func noteFailure(_ error: ApusError, _ name: RelationName) {
    _ = try? store.apply { (current) throws(ApusError) in
      var state = try RollupState.read(current.object(kind: RollupState.kind, schema: name.schema, name: name.name))
      guard !state.stale.isEmpty, state.failure != error.message else { return [] }
      state.failure = error.message
      return [try state.change(name)]
    }
  }

  /// Marks the partitions of a time range stale, so that they are derived anew. Those whose rows are not all there any
  /// more keep their history. Returns how many there are.
  func markStale(
    _ name: RelationName, from: PostgresMicroseconds?, to: PostgresMicroseconds?
  ) throws(ApusError) -> Int {
    guard let rollup = try snapshot().rollup(name) else {
      throw ApusError(.undefinedTable, "rollup \"\(name.name)\" does not exist")
    }
    let table = rollup.base.definition
    let first = from.map { table.partition(of: $0) } ?? PartitionKey(.min)
    let last = to.map { table.partition(of: $0 &- 1) } ?? PartitionKey(.max)
    var count = 0
    _ = try store.apply { (current) throws(ApusError) in
      var state = try RollupState.read(current.object(kind: RollupState.kind, schema: name.schema, name: name.name))
      let held = (current.table(table.id)?.segments ?? []) + (current.table(rollup.kept.definition.id)?.segments ?? [])
      for partition in Set(held.map(\.record.partition))
      where partition >= first && partition <= last && rollup.canDerive(partition) {
        state.stale.insert(partition.value)
        count += 1
      }
      return count > 0 ? [try state.change(name)] : []
    }
    return count
  }
}

/// A rollup that is being derived, for `apus.jobs`.
struct RollupJob: Sendable {
  var rollup: RelationName
  var partitions: Int
  var done = 0
  var since: PostgresMicroseconds
}

/// The jobs that run.
final class RollupJobs: Sendable {
  private let jobs = Mutex<(next: Int, running: [Int: RollupJob])>((0, [:]))

  func begin(_ rollup: RelationName, partitions: Int, at time: PostgresMicroseconds) -> Int {
    jobs.withLock { jobs in
      jobs.next += 1
      jobs.running[jobs.next] = RollupJob(rollup: rollup, partitions: partitions, since: time)
      return jobs.next
    }
  }
  func advance(_ job: Int) { jobs.withLock { $0.running[job]?.done += 1 } }
  func end(_ job: Int) { jobs.withLock { $0.running[job] = nil } }
  var all: [RollupJob] { jobs.withLock { $0.running.sorted { $0.key < $1.key }.map(\.value) } }
}
