// CatalogFunctionList owns the signatures of the functions that ask the catalog itself. What they do is the Engine's:
// `EvaluationContext.catalog`.

import ApusBase
import ApusColumns

enum CatalogFunctionList {
  /// name, arguments, result, volatility (i, s, v), and whether a null argument gives null.
  private static let signatures = """
    col_description oid,int4 text s strict
    format_type oid,int4 text s null
    getdatabaseencoding - name s strict
    obj_description oid,name text s strict
    obj_description oid text s strict
    pg_advisory_unlock_all - void v strict
    pg_backend_pid - int4 s strict
    pg_blocking_pids int4 _int4 v strict
    pg_cancel_backend int4 bool v strict
    pg_char_to_encoding name int4 s strict
    pg_client_encoding - name s strict
    pg_collation_for any text s null
    pg_collation_is_visible oid bool s strict
    pg_column_is_updatable regclass,int2,bool bool s strict
    pg_conversion_is_visible oid bool s strict
    pg_database_size name int8 v strict
    pg_database_size oid int8 v strict
    pg_describe_object oid,oid,int4 text s strict
    pg_encoding_to_char int4 name s strict
    pg_function_is_visible oid bool s strict
    pg_get_constraintdef oid text s strict
    pg_get_constraintdef oid,bool text s strict
    pg_get_expr pg_node_tree,oid text s strict
    pg_get_expr pg_node_tree,oid,bool text s strict
    pg_get_function_arg_default oid,int4 text s strict
    pg_get_function_arguments oid text s strict
    pg_get_function_identity_arguments oid text s strict
    pg_get_function_result oid text s strict
    pg_get_function_sqlbody oid text s strict
    pg_get_functiondef oid text s strict
    pg_get_indexdef oid text s strict
    pg_get_indexdef oid,int4,bool text s strict
    pg_get_partition_constraintdef oid text s strict
    pg_get_partkeydef oid text s strict
    pg_get_replica_identity_index regclass regclass s strict
    pg_get_ruledef oid text s strict
    pg_get_ruledef oid,bool text s strict
    pg_get_serial_sequence text,text text s strict
    pg_get_statisticsobjdef oid text s strict
    pg_get_statisticsobjdef_columns oid text s strict
    pg_get_statisticsobjdef_expressions oid _text s strict
    pg_get_triggerdef oid text s strict
    pg_get_triggerdef oid,bool text s strict
    pg_get_userbyid oid name s strict
    pg_get_viewdef text text s strict
    pg_get_viewdef oid text s strict
    pg_get_viewdef text,bool text s strict
    pg_get_viewdef oid,bool text s strict
    pg_get_viewdef oid,int4 text s strict
    pg_index_column_has_property regclass,int4,text bool s strict
    pg_indexam_has_property oid,text bool s strict
    pg_indexes_size regclass int8 v strict
    pg_is_in_recovery - bool v strict
    pg_is_other_temp_schema oid bool s strict
    pg_jit_available - bool v strict
    pg_my_temp_schema - oid s strict
    pg_opclass_is_visible oid bool s strict
    pg_operator_is_visible oid bool s strict
    pg_opfamily_is_visible oid bool s strict
    pg_partition_root regclass regclass i strict
    pg_postmaster_start_time - timestamptz s strict
    pg_relation_filenode regclass oid s strict
    pg_relation_is_publishable regclass bool s strict
    pg_relation_is_updatable regclass,bool int4 s strict
    pg_relation_size regclass int8 v strict
    pg_relation_size regclass,text int8 v strict
    pg_sequence_last_value regclass int8 v strict
    pg_stat_get_dead_tuples oid int8 s strict
    pg_stat_get_last_analyze_time oid timestamptz s strict
    pg_stat_get_last_autoanalyze_time oid timestamptz s strict
    pg_stat_get_last_autovacuum_time oid timestamptz s strict
    pg_stat_get_last_vacuum_time oid timestamptz s strict
    pg_stat_get_live_tuples oid int8 s strict
    pg_stat_get_tuples_deleted oid int8 s strict
    pg_stat_get_tuples_inserted oid int8 s strict
    pg_stat_get_tuples_updated oid int8 s strict
    pg_statistics_obj_is_visible oid bool s strict
    pg_table_is_visible oid bool s strict
    pg_table_size regclass int8 v strict
    pg_tablespace_location oid text s strict
    pg_tablespace_size oid int8 v strict
    pg_tablespace_size name int8 v strict
    pg_total_relation_size regclass int8 v strict
    pg_ts_config_is_visible oid bool s strict
    pg_ts_dict_is_visible oid bool s strict
    pg_ts_parser_is_visible oid bool s strict
    pg_ts_template_is_visible oid bool s strict
    pg_type_is_visible oid bool s strict
    row_security_active oid bool s strict
    row_security_active text bool s strict
    shobj_description oid,name text s strict
    to_regclass text regclass s strict
    to_regcollation text regcollation s strict
    to_regnamespace text regnamespace s strict
    to_regoper text regoper s strict
    to_regoperator text regoperator s strict
    to_regproc text regproc s strict
    to_regprocedure text regprocedure s strict
    to_regrole text regrole s strict
    to_regtype text regtype s strict
    current_setting text text s strict
    current_setting text,bool text s strict
    set_config text,text,bool text v null
    """

  /// name and argument lists; all give bool and are strict and stable.
  private static let privileges = """
    has_any_column_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_column_privilege name,text,text,text name,text,int2,text name,oid,text,text name,oid,int2,text \
    oid,text,text,text oid,text,int2,text oid,oid,text,text oid,oid,int2,text text,text,text text,int2,text \
    oid,text,text oid,int2,text
    has_database_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_function_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_language_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_schema_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_table_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_tablespace_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    has_type_privilege name,text,text name,oid,text oid,text,text oid,oid,text text,text oid,text
    pg_has_role name,name,text name,oid,text oid,name,text oid,oid,text name,text oid,text
    """

  static let all: [ScalarFunction] =
    signatures.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ").map(String.init)
      guard parts.count == 5 else { return nil }
      return function(
        parts[0], parts[1], result: parts[2], volatility: parts[3] == "v" ? .volatile : .stable,
        isStrict: parts[4] == "strict")
    }
    + privileges.split(separator: "\n").flatMap { line in
      let parts = line.split(separator: " ").map(String.init)
      return parts.dropFirst().map { function(parts[0], $0, result: "bool", volatility: .stable, isStrict: true) }
    } + own

  /// Those of schema apus.
  private static let own: [ScalarFunction] = [
    function("flush", "regclass", schema: "apus", result: "void", volatility: .volatile, isStrict: true),
    function("compact", "regclass", schema: "apus", result: "int8", volatility: .volatile, isStrict: true),
    function("undrop", "regclass", schema: "apus", result: "int8", volatility: .volatile, isStrict: true),
    function("confirm_clock", "-", schema: "apus", result: "void", volatility: .volatile, isStrict: true),
    function("refresh", "regclass", schema: "apus", result: "int8", volatility: .volatile, isStrict: false),
    function(
      "refresh", "regclass,timestamptz,timestamptz", schema: "apus", result: "int8", volatility: .volatile,
      isStrict: false),
    // TimescaleDB's spelling.
    function(
      "refresh_continuous_aggregate", "regclass,timestamptz,timestamptz", result: "void", volatility: .volatile,
      isStrict: false),
    key("text,text", []), key("text,text,text", []),
    key("text,text,text,_text", ["name", "kind", "table_name", "origins"]),
    retention("add_retention", "regclass,interval"),
    retention("add_retention", "regclass,interval,text", ["table_name", "after", "filter"]),
    retention("remove_retention", "regclass"),
    retention("remove_retention", "regclass,text", ["table_name", "filter"]),
    retention("add_property_retention", "regclass,text,interval"),
    retention(
      "add_property_retention", "regclass,text,interval,text", ["table_name", "property", "after", "column_name"]),
    retention("remove_property_retention", "regclass,text"),
    retention("remove_property_retention", "regclass,text,text", ["table_name", "property", "column_name"]),
    // TimescaleDB's spellings.
    function("add_retention_policy", "regclass,interval", result: "int4", volatility: .volatile, isStrict: false),
    function(
      "add_retention_policy", "regclass,interval,bool", names: ["relation", "drop_after", "if_not_exists"],
      result: "int4", volatility: .volatile, isStrict: false),
    function("remove_retention_policy", "regclass", result: "void", volatility: .volatile, isStrict: false),
    function(
      "remove_retention_policy", "regclass,bool", names: ["relation", "if_exists"], result: "void",
      volatility: .volatile, isStrict: false),
    function("person", "text", schema: "apus", result: "text", volatility: .stable, isStrict: true),
    function("revoke_key", "text", schema: "apus", result: "void", volatility: .volatile, isStrict: true),
  ]

  private static func retention(_ name: String, _ arguments: String, _ names: [String] = []) -> ScalarFunction {
    function(
      name, arguments, names: names, schema: "apus", result: "void", volatility: .volatile, isStrict: false)
  }

  private static func key(_ arguments: String, _ names: [String]) -> ScalarFunction {
    function(
      "create_key", arguments, names: names, schema: "apus", result: "text", volatility: .volatile, isStrict: false)
  }

  private static let types: [String: DataType] = Dictionary(
    DataType.all.flatMap { [($0.catalogName, $0), ("_" + $0.catalogName, .array($0))] },
    uniquingKeysWith: { first, _ in first })

  private static func function(
    _ name: String, _ arguments: String, names: [String] = [], schema: String = "pg_catalog", result: String,
    volatility: Volatility, isStrict: Bool
  ) -> ScalarFunction {
    let parameters: [ParameterType] =
      arguments == "-"
      ? [] : arguments.split(separator: ",").map { $0 == "any" ? .any : .exact(types[String($0)] ?? .text) }
    let type = types[result] ?? .text
    let qualified = schema == "pg_catalog" ? name : "\(schema).\(name)"
    return ScalarFunction(
      name, schema: schema, parameters: parameters, parameterNames: names, result: .exact(type), volatility: volatility,
      isStrict: isStrict,
      evaluate: { (vectors, count, context) throws(ApusError) -> Vector in
        try call(qualified, vectors, count, context, type: type, isStrict: isStrict)
      })
  }

  /// One call a row; rows that repeat the arguments of the row before are answered alike.
  private static func call(
    _ name: String, _ vectors: [Vector], _ count: Int, _ context: EvaluationContext, type: DataType, isStrict: Bool
  ) throws(ApusError) -> Vector {
    guard let catalog = context.catalog else { throw .unsupported("\(name)() without a catalog is") }
    if count > 0, vectors.allSatisfy(\.isConstant) {
      let arguments = vectors.map { $0.value(at: 0) }
      let value = isStrict && arguments.contains(.null) ? .null : try catalog.call(name, arguments)
      return .constant(value, type: type, count: count)
    }
    var builder = VectorBuilder(type: type, capacity: count)
    var last: (arguments: [Value], value: Value)?
    for row in 0..<count {
      let arguments = vectors.map { $0.value(at: row) }
      if isStrict, arguments.contains(.null) {
        builder.appendNull()
        continue
      }
      if let last, last.arguments == arguments {
        builder.append(last.value)
        continue
      }
      let value = try catalog.call(name, arguments)
      last = (arguments, value)
      builder.append(value)
    }
    return builder.finish()
  }
}
