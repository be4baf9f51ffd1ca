// The functions that change what tables keep: apus.compact, apus.undrop, apus.confirm_clock.

import ApusBase
import ApusColumns
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

  func ownTable(_ oid: Value, _ what: String) throws(ApusError) -> TableID {
    try requireWritable(what)
    let id = TableID(oid.asOID)
    guard id >= TableDefinition.firstUserTable, snapshot.store.table(id) != nil else {
      throw ApusError(.wrongObjectType, "\"\(name(of: oid.asOID, as: .regclass) ?? String(oid.asOID))\" is not a table")
    }
    return id
  }
}
