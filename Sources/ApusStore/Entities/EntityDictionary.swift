// EntityDictionary owns the durable ids of one table's entities: the numbering in memory, and the file behind it.

import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

/// What the catalog states of a table's ids: everything up to here is durable.
struct EntityMark: Sendable, Hashable {
  /// Ids in the file, from 0.
  var ids = 0
  /// Bytes of the file that count.
  var bytes = 0
  /// No value gets an id any more, ever: the dictionary has reached its bound.
  var isFrozen = false
  /// Rows may have the id -1.
  var hasOverflow = false
}

/// The ids of a table's entities. Ids are given when commits are applied, in the order of commits, and what has been
/// given by then is made durable before the catalog names a segment: so every id in a segment is in the file, and after
/// a crash the replay of the log gives the rest anew, in the same order.
final class EntityDictionary: Sendable {
  let table: TableID
  private let contents: Mutex<EntityTable>
  private let file: Mutex<EntityFile>
  private let hasWarned = Atomic<Bool>(false)

  init(table: TableID, path: String, system: any FileSystem, options: StoreOptions) {
    self.table = table
    contents = Mutex(EntityTable(idsMax: options.entityIDsMax, bytesMax: options.entityMemoryBytesMax))
    file = Mutex(EntityFile(path: path, table: table, system: system))
  }

  static func path(of table: TableID, in directory: String) -> String { "\(directory)/ids/\(table).ids" }

  /// Reads the file back, as far as the catalog says that it counts. Throws XX001 when it is damaged.
  func load(_ mark: EntityMark) throws(ApusError) {
    let outcome = file.withLock { file in
      contents.withLock { contents in
        Result { () throws(ApusError) in
          try file.load(mark, into: contents)
          contents.restore(isFrozen: mark.isFrozen, hasOverflow: mark.hasOverflow)
        }
      }
    }
    try outcome.get()
  }

  /// Makes every id given so far durable. One thread at a time.
  func synchronise() throws(ApusError) -> EntityMark {
    let outcome = file.withLock { file in
      Result { () throws(ApusError) -> EntityMark in
        var mark = file.mark
        let upTo = contents.withLock { contents -> Int in
          mark.isFrozen = contents.isFrozen
          mark.hasOverflow = contents.hasOverflow
          return contents.count
        }
        while file.mark.ids < upTo {
          let first = file.mark.ids
          let block = contents.withLock { EntityFile.block(from: first, upTo: upTo, of: $0) }
          try file.append(block)
        }
        try file.synchronise()
        mark.ids = file.mark.ids
        mark.bytes = file.mark.bytes
        return mark
      }
    }
    return try outcome.get()
  }

  /// The file goes with the table.
  func remove() { file.withLock { $0.remove() } }

  /// The ids of a column of text, new ones given in the order of rows.
  func ids(of vector: Vector) -> Vector {
    let (ids, isFrozen) = contents.withLock { ($0.ids(of: vector), $0.isFrozen) }
    if isFrozen, !hasWarned.exchange(true, ordering: .relaxed) {
      Log.warning(
        "store", "a table has as many entity ids as it may: new values are counted by their text",
        ["table": table.description, "ids": String(count)])
    }
    return ids
  }

  /// The ids of columns of text, all as of one moment; none is given: -1 for those that have none.
  func knownIDs(of vectors: [Vector]) -> (vectors: [Vector], hasMissing: Bool) {
    contents.withLock { $0.knownIDs(of: vectors) }
  }

  /// Whether a row may have the id -1. Once it is so it stays so: a no is good for all rows that are there.
  var hasOverflow: Bool { contents.withLock { $0.hasOverflow } }
  var isFrozen: Bool { contents.withLock { $0.isFrozen } }
  var count: Int { contents.withLock { $0.count } }
  var byteCount: Int { contents.withLock { $0.byteCount } }
}
