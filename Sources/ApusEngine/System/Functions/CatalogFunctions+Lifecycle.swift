// The functions that change what tables and rollups keep: apus.compact, apus.undrop, apus.refresh, apus.confirm_clock.

import ApusBase
import ApusColumns
import ApusExecution
import ApusStore

extension CatalogFunctions {
  static let lifecycleBodies: [String: Body] = [
    "apus.compact": { (catalog, arguments) throws(ApusError) -> Value in
      let table = try catalog.ownTable(arguments[0], "apus.compact()")
      return .int(Int64(try catalog.snapshot.database.store.compact(table)))
    },
    "apus.undrop": { (catalog, arguments) throws(ApusError) -> Value in
      let table = try catalog.ownTable(arguments[0], "apus.undrop()")
      return .int(Int64(try catalog.snapshot.database.store.undrop(table)))
    },
    "apus.refresh": { (catalog, arguments) throws(ApusError) -> Value in try catalog.refresh(arguments) },
    "refresh_continuous_aggregate": { (catalog, arguments) throws(ApusError) -> Value in
      _ = try catalog.refresh(arguments)
      return .text("")
    },
    "apus.confirm_clock": { (catalog, _) throws(ApusError) -> Value in
      try catalog.requireWritable("apus.confirm_clock()")
      try catalog.snapshot.database.store.confirmClock()
      return .text("")
    },
  ]

  private func requireWritable(_ what: String) throws(ApusError) {
    if context.isReadOnly {
      throw ApusError(.readOnlyTransaction, "cannot execute \(what) in a read-only transaction")
    }
  }

  /// Derives the partitions of a rollup that a range of times touches anew; how many there were.
  private func refresh(_ arguments: [Value]) throws(ApusError) -> Value {
    try requireWritable("apus.refresh()")
    guard arguments[0] != .null else { return .null }
    let oid = arguments[0].asOID
    guard let name = snapshot.rollupNames.first(where: { CatalogOIDs.view(schema: $0.schema, name: $0.name) == oid })
    else {
      throw ApusError(.wrongObjectType, "\"\(self.name(of: oid, as: .regclass) ?? String(oid))\" is not a rollup")
    }
    func time(_ index: Int) -> PostgresMicroseconds? {
      if index < arguments.count, case .int(let time) = arguments[index] { time } else { nil }
    }
    let count = try snapshot.database.markStale(name, from: time(1), to: time(2))
    try snapshot.database.deriveStale(name, control: QueryControl())
    return .int(Int64(count))
  }

  func ownTable(_ oid: Value, _ what: String) throws(ApusError) -> TableID {
    try requireWritable(what)
    let id = TableID(oid.asOID)
    guard id >= TableDefinition.firstUserTable, snapshot.store.table(id) != nil else {
      throw ApusError(.wrongObjectType, "\"\(name(of: oid.asOID, as: .regclass) ?? String(oid.asOID))\" is not a table")
    }
    return id
  }
}
