// CatalogMisses owns what clients asked of the catalogs that is not there: the list of what to build next.

import ApusBase
import ApusColumns
import Synchronization

/// Names that were not found, with how often. Bounded: beyond that, new names are dropped.
final class CatalogMisses: Sendable {
  struct Miss: Sendable {
    /// relation, column or function.
    var kind: String
    var name: String
    var count: Int64
    var first: PostgresMicroseconds
    var last: PostgresMicroseconds
    /// The last statement that asked, cut.
    var query: String
  }

  private static let namesMax = 1_000
  private static let queryCharactersMax = 1_000
  private let misses = Mutex<[String: Miss]>([:])

  var all: [Miss] { misses.withLock { $0.values.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) } } }

  func note(kind: String, name: String, query: String, at now: PostgresMicroseconds) {
    let text = String(query.prefix(Self.queryCharactersMax))
    misses.withLock { misses in
      let key = "\(kind) \(name)"
      if misses[key] == nil, misses.count >= Self.namesMax { return }
      var miss = misses[key] ?? Miss(kind: kind, name: name, count: 0, first: now, last: now, query: text)
      miss.count &+= 1
      miss.last = now
      miss.query = text
      misses[key] = miss
    }
  }

  /// Notes the error of a statement when it is about something of the catalogs that is not there.
  func note(_ error: ApusError, query: String, at now: PostgresMicroseconds) {
    let kind: String
    switch error.state {
    case .undefinedTable: kind = "relation"
    case .undefinedFunction: kind = "function"
    case .undefinedColumn: kind = "column"
    case .featureNotSupported: kind = "feature"
    default: return
    }
    // The message names what is missing; a statement that has nothing to do with catalogs is none of ours.
    let about = kind == "relation" ? error.message : query
    guard ["pg_", "information_schema", "apus."].contains(where: { about.contains($0) }) else { return }
    note(kind: kind, name: Self.name(in: error.message), query: query, at: now)
  }

  /// `relation "pg_x" does not exist` gives pg_x.
  private static func name(in message: String) -> String {
    var name = message[...]
    for prefix in ["relation ", "function ", "column "] where name.hasPrefix(prefix) {
      name = name.dropFirst(prefix.count)
    }
    if name.hasSuffix(" does not exist") { name = name.dropLast(" does not exist".count) }
    return name.filter { $0 != "\"" }
  }
}
