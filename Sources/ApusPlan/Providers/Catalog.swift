// BinderCatalog owns what the binder asks of the session: relations and functions by name.

public import ApusBase
public import ApusFunctions

/// A relation as FROM finds it.
public enum Relation: Sendable {
  case table(any TableProvider)
  /// A view: its SELECT, and the column names it gives.
  case view(schema: String, name: String, oid: OID, query: String, columns: [String])
  /// A rollup, read as a relation.
  case rollup(any RollupTable)
}

public protocol BinderCatalog: Sendable {
  /// The relation of that name. `schema` nil: along the search path (pg_catalog first, unless listed). nil
  /// when there is none; throws 3F000 for a schema that does not exist.
  func relation(schema: String?, name: String) throws(ApusError) -> Relation?
  var functions: FunctionRegistry { get }
  var context: EvaluationContext { get }
}
