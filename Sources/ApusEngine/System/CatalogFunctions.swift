// CatalogFunctions owns the functions that ask the catalog itself: names and OIDs, visibility, definitions, sizes.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// The catalog as functions see it, for one statement.
struct CatalogFunctions: CatalogLookup {
  let snapshot: DatabaseSnapshot
  let context: SystemRelationContext
  let searchPath: [String]

  func name(of oid: OID, as kind: DataType) -> String? { nil }
  func oid(named text: String, as kind: DataType) -> OID? { nil }
  func call(_ function: String, _ arguments: [Value]) throws(ApusError) -> Value {
    throw ApusError.unsupported("function \(function)() is")
  }
}
