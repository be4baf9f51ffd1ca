// FunctionRelations owns the catalogs of functions and operators: pg_proc, pg_aggregate, pg_operator, pg_language; and
// information_schema.routines and parameters.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

enum FunctionRelations {
  static let contents: [String: RelationContent] = [
    "pg_proc": .functions { functions in functions.functions.map(functionRow) },
    "pg_aggregate": .functions { functions in
      functions.functions.filter { $0.kind == .aggregate }.map(aggregateRow)
    },
    "pg_operator": .functions { functions in functions.operators.map(operatorRow) },
    "pg_language": .fixed {
      [(12, "internal", false, 2246), (13, "c", false, 2247), (14, "sql", true, 2248)].map {
        (oid: Int64, name: String, isTrusted: Bool, validator: Int64) -> [Value] in
        [
          .int(oid), .text(name), .oid(CatalogOIDs.role), .bool(false), .bool(isTrusted), .int(0), .int(0),
          .int(validator), .null,
        ]
      }
    },
  ]

  static let informationContents: [String: RelationContent] = [
    "routines": .functions { functions in functions.functions.map(routineRow) },
    "parameters": .functions { functions in functions.functions.flatMap(parameterRows) },
    "routine_privileges": .functions { functions in functions.functions.map(privilegeRow) },
    "role_routine_grants": .functions { functions in functions.functions.map(privilegeRow) },
  ]

  private static func functionRow(_ function: CatalogFunction) -> [Value] {
    let isTable = !function.columns.isEmpty
    let inputs = function.arguments
    return [
      .oid(function.oid), .text(function.name), .oid(CatalogOIDs.schema(function.schema)), .oid(CatalogOIDs.role),
      .int(12), .float(1), .float(function.returnsSet ? 1000 : 0), .oid(function.variadic), .int(0),
      .text(function.kind.rawValue), .bool(false), .bool(false), .bool(function.isStrict), .bool(function.returnsSet),
      .text(function.volatility), .text("s"), .int(Int64(inputs.count)), .int(0), .oid(function.result),
      .oids(inputs),
      // proallargtypes, proargmodes, proargnames
      isTable ? .oids(inputs + function.columns.map(\.type)) : .null,
      isTable ? .texts(inputs.map { _ in "i" } + function.columns.map { _ in "o" }) : .null,
      isTable ? .texts(inputs.map { _ in "" } + function.columns.map(\.name)) : .null,
      .null, .null, .text(function.kind == .aggregate ? "aggregate_dummy" : function.name), .null, .null, .null, .null,
    ]
  }

  /// How states are kept is our own affair: the support functions are none.
  private static func aggregateRow(_ function: CatalogFunction) -> [Value] {
    let none = Value.int(0)
    return [
      .oid(function.oid), .text("n"), .int(0), none, none, none, none, none, none, none, none, .bool(false),
      .bool(false), .text("r"), .text("r"), none, .oid(2281), none, none, none, .null, .null,
    ]
  }

  private static func operatorRow(_ operation: CatalogOperator) -> [Value] {
    [
      .oid(operation.oid), .text(operation.name), .oid(CatalogOIDs.pgCatalog), .oid(CatalogOIDs.role),
      .text(operation.left == 0 ? "l" : "b"), .bool(operation.canMerge), .bool(operation.canHash),
      .oid(operation.left), .oid(operation.right), .oid(operation.result), .oid(operation.commutator),
      .oid(operation.negator), .oid(operation.function), .int(0), .int(0),
    ]
  }

  // MARK: information_schema

  private static let database = InformationTableRelations.database

  /// specific_catalog, specific_schema, specific_name, routine_catalog, routine_schema, routine_name.
  private static func path(_ function: CatalogFunction) -> [Value] {
    specific(function) + [database, .text(function.schema), .text(function.name)]
  }
  private static func specific(_ function: CatalogFunction) -> [Value] {
    [database, .text(function.schema), .text("\(function.name)_\(function.oid)")]
  }

  private static let routineTemplate = RowTemplate(
    "routines",
    """
    specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type data_type
    type_udt_catalog type_udt_schema type_udt_name dtd_identifier routine_body routine_definition external_language
    parameter_style is_deterministic sql_data_access is_null_call schema_level_routine max_dynamic_result_sets
    security_type as_locator is_udt_dependent
    """)

  private static func routineRow(_ function: CatalogFunction) -> [Value] {
    routineTemplate.row(
      path(function) + [
        function.kind == .aggregate ? .null : .text("FUNCTION"), .text(typeName(function.result)), database,
        .text("pg_catalog"), .text(CatalogTypes.entry(function.result)?.name ?? ""), .text("0"), .text("EXTERNAL"),
        .text(function.name), .text("INTERNAL"), .text("GENERAL"), .yes(function.volatility == "i"),
        .text("MODIFIES"), .yes(function.isStrict), .yes(true), .int(0), .text("INVOKER"), .yes(false), .yes(false),
      ])
  }

  private static let parameterTemplate = RowTemplate(
    "parameters",
    """
    specific_catalog specific_schema specific_name ordinal_position parameter_mode is_result as_locator parameter_name
    data_type udt_catalog udt_schema udt_name dtd_identifier
    """)

  private static func parameterRows(_ function: CatalogFunction) -> [[Value]] {
    let inputs = function.arguments.map { (name: "", type: $0, mode: "IN") }
    let outputs = function.columns.map { (name: $0.name, type: $0.type, mode: "OUT") }
    return (inputs + outputs).enumerated().map { index, parameter in
      let number = Int64(index + 1)
      return parameterTemplate.row(
        specific(function) + [
          .int(number), .text(parameter.mode), .yes(false), .yes(false),
          parameter.name.isEmpty ? .null : .text(parameter.name), .text(typeName(parameter.type)), database,
          .text("pg_catalog"), .text(CatalogTypes.entry(parameter.type)?.name ?? ""), .text(String(number)),
        ])
    }
  }

  private static func privilegeRow(_ function: CatalogFunction) -> [Value] {
    [.text("apus"), .text("apus")] + path(function) + [.text("EXECUTE"), .yes(true)]
  }

  private static func typeName(_ oid: OID) -> String {
    guard let entry = CatalogTypes.entry(oid) else { return "" }
    if entry.category == "A", entry.element != 0, entry.array == 0 { return "ARRAY" }
    return CatalogTypes.formatted(oid) ?? entry.name
  }
}
