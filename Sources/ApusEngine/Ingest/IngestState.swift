// IngestState owns what a database keeps of ingest between requests: targets, and counts by table and dialect.

public import ApusBase
import ApusColumns
import ApusStore
import Synchronization

/// What came in one dialect for one table since the start, for `apus.ingest`.
public struct IngestCounts: Sendable, Hashable {
  public var table: String
  public var dialect: String
  public var requests = 0
  public var bytes = 0
  public var stored = 0
  public var duplicates = 0
  public var rejected = 0
  /// Requests refused whole: nothing readable, or no room.
  public var refused = 0
}

final class IngestState: Sendable {
  private struct Key: Hashable {
    var table: String
    var dialect: String
  }
  private let targets = Mutex<[String: IngestTarget]>([:])
  private let counts = Mutex<[Key: IngestCounts]>([:])
  /// Names of unknown tables are not kept: callers choose them.
  private static let targetsMax = 1_000

  func target(_ name: String, of definition: TableDefinition) -> IngestTarget? {
    targets.withLock { targets in
      guard let known = targets[name], known.definition == definition else { return nil }
      return known
    }
  }

  func keep(_ target: IngestTarget, as name: String) {
    targets.withLock { targets in
      if targets.count >= Self.targetsMax { targets = [:] }
      targets[name] = target
    }
  }

  func count(_ table: String, _ dialect: String, _ change: (inout IngestCounts) -> Void) {
    let key = Key(table: table, dialect: dialect)
    counts.withLock { change(&$0[key, default: IngestCounts(table: table, dialect: dialect)]) }
  }

  var all: [IngestCounts] {
    counts.withLock { $0.values.sorted { ($0.table, $0.dialect) < ($1.table, $1.dialect) } }
  }
}

extension Database {
  /// What came in since the start, by table and dialect.
  public var ingestCounts: [IngestCounts] { ingest.all }
}
