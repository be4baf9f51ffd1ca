// The functions that tell what a role may do. There is one role, and it may do everything.

import ApusBase
import ApusColumns
import ApusPlan

extension CatalogFunctions {
  static let privilegeBodies: [String: Body] = {
    var bodies: [String: Body] = [:]
    let table = ["select", "insert", "update", "delete", "truncate", "references", "trigger", "rule"]
    let column = ["select", "insert", "update", "references"]
    let kinds: [(name: String, privileges: [String], check: ObjectCheck)] = [
      ("table", table, relationCheck), ("any_column", column, relationCheck),
      ("schema", ["create", "usage"], schemaCheck),
      ("database", ["create", "temporary", "temp", "connect"], databaseCheck), ("function", ["execute"], functionCheck),
      ("language", ["usage"], languageCheck), ("tablespace", ["create"], tablespaceCheck),
      ("type", ["usage"], typeCheck),
    ]
    for kind in kinds {
      let check: Body = { (catalog, arguments) throws(ApusError) -> Value in
        // (user,) object, privileges
        if arguments.count == 3 { try roleCheck(arguments[0]) }
        let isThere = try kind.check(catalog, arguments[arguments.count - 2])
        try privilegeCheck(arguments[arguments.count - 1].asText, kind.privileges)
        return isThere ? .bool(true) : .null
      }
      bodies["has_\(kind.name)_privilege"] = check
    }
    let columnPrivilege: Body = { (catalog, arguments) throws(ApusError) -> Value in
      if arguments.count == 4 { try roleCheck(arguments[0]) }
      let isThere = try columnCheck(catalog, arguments[arguments.count - 3], arguments[arguments.count - 2])
      try privilegeCheck(arguments[arguments.count - 1].asText, column)
      return isThere ? .bool(true) : .null
    }
    bodies["has_column_privilege"] = columnPrivilege
    let role: Body = { (_, arguments) throws(ApusError) -> Value in
      for role in arguments.dropLast() { try roleCheck(role) }
      try privilegeCheck(arguments[arguments.count - 1].asText, ["usage", "member", "set"])
      return .bool(true)
    }
    bodies["pg_has_role"] = role
    let rowSecurity: Body = { (catalog, arguments) throws(ApusError) -> Value in
      _ = try relationCheck(catalog, arguments[0])
      return .bool(false)
    }
    bodies["row_security_active"] = rowSecurity
    return bodies
  }()

  /// Whether an object is there, by OID; by name it throws when not.
  private typealias ObjectCheck = @Sendable (CatalogFunctions, Value) throws(ApusError) -> Bool

  private static func privilegeCheck(_ text: String, _ known: [String]) throws(ApusError) {
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      var name = item.trimmingSpaces().lowercased()
      for suffix in [" with grant option", " with admin option"] where name.hasSuffix(suffix) {
        name.removeLast(suffix.count)
      }
      guard known.contains(name) else {
        throw ApusError(.invalidParameterValue, "unrecognized privilege type: \"\(item.trimmingSpaces())\"")
      }
    }
  }

  private static func roleCheck(_ role: Value) throws(ApusError) {
    guard case .text(let name) = role, name != "apus", name != "public" else { return }
    throw ApusError(.undefinedObject, "role \"\(name)\" does not exist")
  }

  @Sendable private static func relationCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool {
    guard case .text(let name) = object else { return catalog.relation(object.asOID) != nil }
    _ = try catalog.requiredRelation(name)
    return true
  }

  @Sendable private static func schemaCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool {
    guard case .text(let name) = object else {
      return catalog.snapshot.schemas.contains { CatalogOIDs.schema($0) == object.asOID }
    }
    guard catalog.snapshot.schemas.contains(name) else {
      throw ApusError(.invalidSchemaName, "schema \"\(name)\" does not exist")
    }
    return true
  }

  @Sendable private static func databaseCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool {
    guard case .text(let name) = object else { return object.asOID == CatalogOIDs.database }
    guard name == "apus" else { throw ApusError(.invalidCatalogName, "database \"\(name)\" does not exist") }
    return true
  }

  @Sendable private static func functionCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool {
    guard case .text(let name) = object else { return catalog.functions.function(object.asOID) != nil }
    guard catalog.oid(named: name, as: .regprocedure) != nil else {
      throw ApusError(.undefinedFunction, "function \"\(name)\" does not exist")
    }
    return true
  }

  @Sendable private static func typeCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool {
    guard case .text(let name) = object else { return catalog.typeName(object.asOID, modifier: nil) != nil }
    guard catalog.oid(named: name, as: .regtype) != nil else {
      throw ApusError(.undefinedObject, "type \"\(name)\" does not exist")
    }
    return true
  }

  @Sendable private static func languageCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool {
    guard case .text(let name) = object else { return (12...14).contains(object.asOID) }
    guard ["internal", "c", "sql"].contains(name) else {
      throw ApusError(.undefinedObject, "language \"\(name)\" does not exist")
    }
    return true
  }

  @Sendable private static func tablespaceCheck(_ catalog: CatalogFunctions, _ object: Value) throws(ApusError) -> Bool
  {
    guard case .text(let name) = object else {
      return [CatalogOIDs.defaultTablespace, CatalogOIDs.globalTablespace].contains(object.asOID)
    }
    guard ["pg_default", "pg_global"].contains(name) else {
      throw ApusError(.undefinedObject, "tablespace \"\(name)\" does not exist")
    }
    return true
  }

  private static func columnCheck(
    _ catalog: CatalogFunctions, _ table: Value, _ column: Value
  ) throws(ApusError) -> Bool {
    let found: ListedRelation?
    if case .text(let name) = table {
      found = try catalog.requiredRelation(name)
    } else {
      found = catalog.relation(table.asOID)
    }
    guard let relation = found else { return false }
    guard case .text(let name) = column else {
      return relation.schema.columns.contains { Int64($0.id.value) == column.asInteger }
    }
    guard relation.schema.columns.contains(where: { $0.name == name }) else { throw missingColumn(name, relation) }
    return true
  }
}
