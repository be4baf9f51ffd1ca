// The functions that write definitions out, and comments.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import ApusSyntax

extension CatalogFunctions {
  static let definitionBodies: [String: Body] = {
    var bodies: [String: Body] = [
      // Expressions are kept as the text that they were written as.
      "pg_get_expr": { (_, arguments) throws(ApusError) -> Value in arguments[0] },
      "pg_get_userbyid": { (_, arguments) throws(ApusError) -> Value in
        let oid = arguments[0].asOID
        return .text(oid == CatalogOIDs.role ? "apus" : "unknown (OID=\(oid))")
      },
      "pg_get_function_arguments": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.functions.function(arguments[0].asOID).map { .text(catalog.arguments($0)) } ?? .null
      },
      "pg_get_function_identity_arguments": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.functions.function(arguments[0].asOID).map { .text(catalog.arguments($0)) } ?? .null
      },
      "pg_get_function_result": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.functions.function(arguments[0].asOID).map { .text(catalog.result($0)) } ?? .null
      },
      "pg_get_functiondef": { (catalog, arguments) throws(ApusError) -> Value in
        guard let function = catalog.functions.function(arguments[0].asOID) else { return .null }
        guard function.kind == .function else {
          throw ApusError(.wrongObjectType, "\"\(function.name)\" is an aggregate function")
        }
        return .text(catalog.definition(function))
      },
      "pg_get_viewdef": { (catalog, arguments) throws(ApusError) -> Value in
        // System views are made in the engine, without a query.
        let relation: ListedRelation?
        if case .text(let name) = arguments[0] {
          relation = try catalog.requiredRelation(name)
        } else {
          relation = catalog.relation(arguments[0].asOID)
        }
        if let relation, relation.kind == .materializedView,
          let rollup = catalog.snapshot.store.object(
            kind: StoredRollup.kind, schema: relation.schema.schema, name: relation.name)
        {
          return .text(try StoredRollup.read(rollup).query + ";")
        }
        guard let relation,
          let object = catalog.snapshot.view(schema: relation.schema.schema, name: relation.name)
        else { return .null }
        return .text(try ViewDefinition(object).query + ";")
      },
      "pg_get_serial_sequence": { (catalog, arguments) throws(ApusError) -> Value in
        let relation = try catalog.requiredRelation(arguments[0].asText)
        let column = arguments[1].asText
        guard relation.schema.columns.contains(where: { $0.name == column }) else {
          throw Self.missingColumn(column, relation)
        }
        return .null
      },
      "col_description": { (catalog, arguments) throws(ApusError) -> Value in
        let column = arguments[1].asInteger
        guard column != 0 else { return .null }
        return .optional(catalog.comment(on: arguments[0].asOID, catalog: 1259, column: column))
      },
      "obj_description": { (catalog, arguments) throws(ApusError) -> Value in
        guard arguments.count > 1 else {
          return .optional(catalog.comment(on: arguments[0].asOID, catalog: nil))
        }
        let parts = ["pg_catalog", arguments[1].asText]
        guard let relation = catalog.relation(parts) else { return .null }
        return .optional(catalog.comment(on: arguments[0].asOID, catalog: relation.oid))
      },
      "shobj_description": { (_, arguments) throws(ApusError) -> Value in
        arguments[0].asOID == CatalogOIDs.database && arguments[1].asText == "pg_database"
          ? .text(RoleRelations.databaseDescription) : .null
      },
      "pg_describe_object": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.description(arguments[0].asOID, arguments[1].asOID, column: arguments[2].asInteger)
      },
      "pg_collation_for": { (_, arguments) throws(ApusError) -> Value in
        if case .text = arguments[0] { .text("\"default\"") } else { .null }
      },
    ]
    // There are no constraints, indexes, rules, triggers, partitioned tables or statistics objects to write out.
    for name in [
      "pg_get_constraintdef", "pg_get_indexdef", "pg_get_ruledef", "pg_get_triggerdef", "pg_get_partkeydef",
      "pg_get_partition_constraintdef", "pg_get_statisticsobjdef", "pg_get_statisticsobjdef_columns",
      "pg_get_statisticsobjdef_expressions", "pg_get_function_sqlbody", "pg_get_function_arg_default",
      "pg_index_column_has_property", "pg_indexam_has_property", "pg_get_replica_identity_index", "pg_partition_root",
      "pg_sequence_last_value",
    ] {
      bodies[name] = nothing
    }
    return bodies
  }()

  static func missingColumn(_ column: String, _ relation: ListedRelation) -> ApusError {
    ApusError(.undefinedColumn, "column \"\(column)\" of relation \"\(relation.name)\" does not exist")
  }

  /// `integer, VARIADIC "any", OUT key text`
  private func arguments(_ function: CatalogFunction) -> String {
    var items = function.arguments.map { typeName($0, modifier: nil) ?? "???" }
    if function.variadic != 0, let last = items.popLast() { items.append("VARIADIC " + last) }
    items += function.columns.map { "OUT \(quoteIdentifier($0.name)) \(typeName($0.type, modifier: nil) ?? "???")" }
    return items.joined(separator: ", ")
  }

  private func result(_ function: CatalogFunction) -> String {
    (function.returnsSet ? "SETOF " : "") + (typeName(function.result, modifier: nil) ?? "???")
  }

  private func definition(_ function: CatalogFunction) -> String {
    var traits: [String] = []
    switch function.volatility {
    case "i": traits.append("IMMUTABLE")
    case "s": traits.append("STABLE")
    default: break
    }
    traits.append("PARALLEL SAFE")
    if function.isStrict { traits.append("STRICT") }
    let name = quoteQualified([function.schema, function.name])
    return """
      CREATE OR REPLACE FUNCTION \(name)(\(arguments(function)))
       RETURNS \(result(function))
       LANGUAGE internal
       \(traits.joined(separator: " "))
      AS $function$\(function.name)$function$

      """
  }

  private func comment(on object: OID, catalog: OID?, column: Int64 = 0) -> String? {
    snapshot.comment(object: object, catalog: catalog, column: column)
      ?? SystemDescriptions.text(object: object, catalog: catalog, column: column)
  }

  private func description(_ catalog: OID, _ object: OID, column: Int64) -> Value {
    switch catalog {
    case 1259:
      guard let relation = relation(object) else { return .null }
      let whole = "\(relation.kind == .view ? "view" : "table") \(relationName(relation))"
      guard column != 0 else { return .text(whole) }
      return relation.schema.columns.first { Int64($0.id.value) == column }.map { found in
        .text("column \(quoteIdentifier(found.name)) of \(whole)")
      } ?? .null
    case 1247: return typeName(object, modifier: nil).map { .text("type \($0)") } ?? .null
    case 1255: return functions.function(object).map { .text("function \(signature($0))") } ?? .null
    case 2615: return name(of: object, as: .regnamespace).map { .text("schema \($0)") } ?? .null
    default: return .null
    }
  }
}
