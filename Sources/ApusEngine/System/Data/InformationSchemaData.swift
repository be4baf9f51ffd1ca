// InformationSchemaData owns the columns and OIDs of information_schema's relations.
// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.

/// A relation a line: name, OID, kind (s: shared table), row type, its array type, columns.
enum InformationSchemaData {
  static let text = """
    administrable_role_authorizations 13241 v 13243 13242 grantee:name,role_name:name,is_grantable:varchar
    applicable_roles 13236 v 13238 13237 grantee:name,role_name:name,is_grantable:varchar
    attributes 13245 v 13247 13246 udt_catalog:name,udt_schema:name,udt_name:name,attribute_name:name,ordinal_posi\
    tion:int4,attribute_default:varchar,is_nullable:varchar,data_type:varchar,character_maximum_length:int4,charac\
    ter_octet_length:int4,character_set_catalog:name,character_set_schema:name,character_set_name:name,collation_c\
    atalog:name,collation_schema:name,collation_name:name,numeric_precision:int4,numeric_precision_radix:int4,nume\
    ric_scale:int4,datetime_precision:int4,interval_type:varchar,interval_precision:int4,attribute_udt_catalog:nam\
    e,attribute_udt_schema:name,attribute_udt_name:name,scope_catalog:name,scope_schema:name,scope_name:name,maxim\
    um_cardinality:int4,dtd_identifier:name,is_derived_reference_attribute:varchar
    character_sets 13250 v 13252 13251 character_set_catalog:name,character_set_schema:name,character_set_name:nam\
    e,character_repertoire:name,form_of_use:name,default_collate_catalog:name,default_collate_schema:name,default_\
    collate_name:name
    check_constraint_routine_usage 13255 v 13257 13256 constraint_catalog:name,constraint_schema:name,constraint_n\
    ame:name,specific_catalog:name,specific_schema:name,specific_name:name
    check_constraints 13260 v 13262 13261 constraint_catalog:name,constraint_schema:name,constraint_name:name,chec\
    k_clause:varchar
    collation_character_set_applicability 13270 v 13272 13271 collation_catalog:name,collation_schema:name,collati\
    on_name:name,character_set_catalog:name,character_set_schema:name,character_set_name:name
    collations 13265 v 13267 13266 collation_catalog:name,collation_schema:name,collation_name:name,pad_attribute:\
    varchar
    column_column_usage 13275 v 13277 13276 table_catalog:name,table_schema:name,table_name:name,column_name:name,\
    dependent_column:name
    column_domain_usage 13280 v 13282 13281 domain_catalog:name,domain_schema:name,domain_name:name,table_catalog:\
    name,table_schema:name,table_name:name,column_name:name
    column_options 13503 v 13505 13504 table_catalog:name,table_schema:name,table_name:name,column_name:name,optio\
    n_name:name,option_value:varchar
    column_privileges 13285 v 13287 13286 grantor:name,grantee:name,table_catalog:name,table_schema:name,table_nam\
    e:name,column_name:name,privilege_type:varchar,is_grantable:varchar
    column_udt_usage 13290 v 13292 13291 udt_catalog:name,udt_schema:name,udt_name:name,table_catalog:name,table_s\
    chema:name,table_name:name,column_name:name
    columns 13295 v 13297 13296 table_catalog:name,table_schema:name,table_name:name,column_name:name,ordinal_posi\
    tion:int4,column_default:varchar,is_nullable:varchar,data_type:varchar,character_maximum_length:int4,character\
    _octet_length:int4,numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,datetime_precision:i\
    nt4,interval_type:varchar,interval_precision:int4,character_set_catalog:name,character_set_schema:name,charact\
    er_set_name:name,collation_catalog:name,collation_schema:name,collation_name:name,domain_catalog:name,domain_s\
    chema:name,domain_name:name,udt_catalog:name,udt_schema:name,udt_name:name,scope_catalog:name,scope_schema:nam\
    e,scope_name:name,maximum_cardinality:int4,dtd_identifier:name,is_self_referencing:varchar,is_identity:varchar\
    ,identity_generation:varchar,identity_start:varchar,identity_increment:varchar,identity_maximum:varchar,identi\
    ty_minimum:varchar,identity_cycle:varchar,is_generated:varchar,generation_expression:varchar,is_updatable:varc\
    har
    constraint_column_usage 13300 v 13302 13301 table_catalog:name,table_schema:name,table_name:name,column_name:n\
    ame,constraint_catalog:name,constraint_schema:name,constraint_name:name
    constraint_table_usage 13305 v 13307 13306 table_catalog:name,table_schema:name,table_name:name,constraint_cat\
    alog:name,constraint_schema:name,constraint_name:name
    domain_constraints 13310 v 13312 13311 constraint_catalog:name,constraint_schema:name,constraint_name:name,dom\
    ain_catalog:name,domain_schema:name,domain_name:name,is_deferrable:varchar,initially_deferred:varchar
    domain_udt_usage 13315 v 13317 13316 udt_catalog:name,udt_schema:name,udt_name:name,domain_catalog:name,domain\
    _schema:name,domain_name:name
    domains 13320 v 13322 13321 domain_catalog:name,domain_schema:name,domain_name:name,data_type:varchar,characte\
    r_maximum_length:int4,character_octet_length:int4,character_set_catalog:name,character_set_schema:name,charact\
    er_set_name:name,collation_catalog:name,collation_schema:name,collation_name:name,numeric_precision:int4,numer\
    ic_precision_radix:int4,numeric_scale:int4,datetime_precision:int4,interval_type:varchar,interval_precision:in\
    t4,domain_default:varchar,udt_catalog:name,udt_schema:name,udt_name:name,scope_catalog:name,scope_schema:name,\
    scope_name:name,maximum_cardinality:int4,dtd_identifier:name
    element_types 13493 v 13495 13494 object_catalog:name,object_schema:name,object_name:name,object_type:varchar,\
    collection_type_identifier:name,data_type:varchar,character_maximum_length:int4,character_octet_length:int4,ch\
    aracter_set_catalog:name,character_set_schema:name,character_set_name:name,collation_catalog:name,collation_sc\
    hema:name,collation_name:name,numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,datetime_\
    precision:int4,interval_type:varchar,interval_precision:int4,domain_default:varchar,udt_catalog:name,udt_schem\
    a:name,udt_name:name,scope_catalog:name,scope_schema:name,scope_name:name,maximum_cardinality:int4,dtd_identif\
    ier:name
    enabled_roles 13325 v 13327 13326 role_name:name
    foreign_data_wrapper_options 13511 v 13513 13512 foreign_data_wrapper_catalog:name,foreign_data_wrapper_name:n\
    ame,option_name:name,option_value:varchar
    foreign_data_wrappers 13515 v 13517 13516 foreign_data_wrapper_catalog:name,foreign_data_wrapper_name:name,aut\
    horization_identifier:name,library_name:varchar,foreign_data_wrapper_language:varchar
    foreign_server_options 13524 v 13526 13525 foreign_server_catalog:name,foreign_server_name:name,option_name:na\
    me,option_value:varchar
    foreign_servers 13528 v 13530 13529 foreign_server_catalog:name,foreign_server_name:name,foreign_data_wrapper_\
    catalog:name,foreign_data_wrapper_name:name,foreign_server_type:varchar,foreign_server_version:varchar,authori\
    zation_identifier:name
    foreign_table_options 13537 v 13539 13538 foreign_table_catalog:name,foreign_table_schema:name,foreign_table_n\
    ame:name,option_name:name,option_value:varchar
    foreign_tables 13541 v 13543 13542 foreign_table_catalog:name,foreign_table_schema:name,foreign_table_name:nam\
    e,foreign_server_catalog:name,foreign_server_name:name
    information_schema_catalog_name 13227 v 13229 13228 catalog_name:name
    key_column_usage 13329 v 13331 13330 constraint_catalog:name,constraint_schema:name,constraint_name:name,table\
    _catalog:name,table_schema:name,table_name:name,column_name:name,ordinal_position:int4,position_in_unique_cons\
    traint:int4
    parameters 13334 v 13336 13335 specific_catalog:name,specific_schema:name,specific_name:name,ordinal_position:\
    int4,parameter_mode:varchar,is_result:varchar,as_locator:varchar,parameter_name:name,data_type:varchar,charact\
    er_maximum_length:int4,character_octet_length:int4,character_set_catalog:name,character_set_schema:name,charac\
    ter_set_name:name,collation_catalog:name,collation_schema:name,collation_name:name,numeric_precision:int4,nume\
    ric_precision_radix:int4,numeric_scale:int4,datetime_precision:int4,interval_type:varchar,interval_precision:i\
    nt4,udt_catalog:name,udt_schema:name,udt_name:name,scope_catalog:name,scope_schema:name,scope_name:name,maximu\
    m_cardinality:int4,dtd_identifier:name,parameter_default:varchar
    referential_constraints 13339 v 13341 13340 constraint_catalog:name,constraint_schema:name,constraint_name:nam\
    e,unique_constraint_catalog:name,unique_constraint_schema:name,unique_constraint_name:name,match_option:varcha\
    r,update_rule:varchar,delete_rule:varchar
    role_column_grants 13344 v 13346 13345 grantor:name,grantee:name,table_catalog:name,table_schema:name,table_na\
    me:name,column_name:name,privilege_type:varchar,is_grantable:varchar
    role_routine_grants 13358 v 13360 13359 grantor:name,grantee:name,specific_catalog:name,specific_schema:name,s\
    pecific_name:name,routine_catalog:name,routine_schema:name,routine_name:name,privilege_type:varchar,is_grantab\
    le:varchar
    role_table_grants 13421 v 13423 13422 grantor:name,grantee:name,table_catalog:name,table_schema:name,table_nam\
    e:name,privilege_type:varchar,is_grantable:varchar,with_hierarchy:varchar
    routine_column_usage 13348 v 13350 13349 specific_catalog:name,specific_schema:name,specific_name:name,routine\
    _catalog:name,routine_schema:name,routine_name:name,table_catalog:name,table_schema:name,table_name:name,colum\
    n_name:name
    routine_privileges 13353 v 13355 13354 grantor:name,grantee:name,specific_catalog:name,specific_schema:name,sp\
    ecific_name:name,routine_catalog:name,routine_schema:name,routine_name:name,privilege_type:varchar,is_grantabl\
    e:varchar
    routine_routine_usage 13362 v 13364 13363 specific_catalog:name,specific_schema:name,specific_name:name,routin\
    e_catalog:name,routine_schema:name,routine_name:name
    routine_sequence_usage 13367 v 13369 13368 specific_catalog:name,specific_schema:name,specific_name:name,routi\
    ne_catalog:name,routine_schema:name,routine_name:name,sequence_catalog:name,sequence_schema:name,sequence_name\
    :name
    routine_table_usage 13372 v 13374 13373 specific_catalog:name,specific_schema:name,specific_name:name,routine_\
    catalog:name,routine_schema:name,routine_name:name,table_catalog:name,table_schema:name,table_name:name
    routines 13377 v 13379 13378 specific_catalog:name,specific_schema:name,specific_name:name,routine_catalog:nam\
    e,routine_schema:name,routine_name:name,routine_type:varchar,module_catalog:name,module_schema:name,module_nam\
    e:name,udt_catalog:name,udt_schema:name,udt_name:name,data_type:varchar,character_maximum_length:int4,characte\
    r_octet_length:int4,character_set_catalog:name,character_set_schema:name,character_set_name:name,collation_cat\
    alog:name,collation_schema:name,collation_name:name,numeric_precision:int4,numeric_precision_radix:int4,numeri\
    c_scale:int4,datetime_precision:int4,interval_type:varchar,interval_precision:int4,type_udt_catalog:name,type_\
    udt_schema:name,type_udt_name:name,scope_catalog:name,scope_schema:name,scope_name:name,maximum_cardinality:in\
    t4,dtd_identifier:name,routine_body:varchar,routine_definition:varchar,external_name:varchar,external_language\
    :varchar,parameter_style:varchar,is_deterministic:varchar,sql_data_access:varchar,is_null_call:varchar,sql_pat\
    h:varchar,schema_level_routine:varchar,max_dynamic_result_sets:int4,is_user_defined_cast:varchar,is_implicitly\
    _invocable:varchar,security_type:varchar,to_sql_specific_catalog:name,to_sql_specific_schema:name,to_sql_speci\
    fic_name:name,as_locator:varchar,created:timestamptz,last_altered:timestamptz,new_savepoint_level:varchar,is_u\
    dt_dependent:varchar,result_cast_from_data_type:varchar,result_cast_as_locator:varchar,result_cast_char_max_le\
    ngth:int4,result_cast_char_octet_length:int4,result_cast_char_set_catalog:name,result_cast_char_set_schema:nam\
    e,result_cast_char_set_name:name,result_cast_collation_catalog:name,result_cast_collation_schema:name,result_c\
    ast_collation_name:name,result_cast_numeric_precision:int4,result_cast_numeric_precision_radix:int4,result_cas\
    t_numeric_scale:int4,result_cast_datetime_precision:int4,result_cast_interval_type:varchar,result_cast_interva\
    l_precision:int4,result_cast_type_udt_catalog:name,result_cast_type_udt_schema:name,result_cast_type_udt_name:\
    name,result_cast_scope_catalog:name,result_cast_scope_schema:name,result_cast_scope_name:name,result_cast_maxi\
    mum_cardinality:int4,result_cast_dtd_identifier:name
    schemata 13382 v 13384 13383 catalog_name:name,schema_name:name,schema_owner:name,default_character_set_catalo\
    g:name,default_character_set_schema:name,default_character_set_name:name,sql_path:varchar
    sequences 13386 v 13388 13387 sequence_catalog:name,sequence_schema:name,sequence_name:name,data_type:varchar,\
    numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,start_value:varchar,minimum_value:varch\
    ar,maximum_value:varchar,increment:varchar,cycle_option:varchar
    table_constraints 13411 v 13413 13412 constraint_catalog:name,constraint_schema:name,constraint_name:name,tabl\
    e_catalog:name,table_schema:name,table_name:name,constraint_type:varchar,is_deferrable:varchar,initially_defer\
    red:varchar,enforced:varchar,nulls_distinct:varchar
    table_privileges 13416 v 13418 13417 grantor:name,grantee:name,table_catalog:name,table_schema:name,table_name\
    :name,privilege_type:varchar,is_grantable:varchar,with_hierarchy:varchar
    tables 13425 v 13427 13426 table_catalog:name,table_schema:name,table_name:name,table_type:varchar,self_refere\
    ncing_column_name:name,reference_generation:varchar,user_defined_type_catalog:name,user_defined_type_schema:na\
    me,user_defined_type_name:name,is_insertable_into:varchar,is_typed:varchar,commit_action:varchar
    triggered_update_columns 13435 v 13437 13436 trigger_catalog:name,trigger_schema:name,trigger_name:name,event_\
    object_catalog:name,event_object_schema:name,event_object_table:name,event_object_column:name
    triggers 13440 v 13442 13441 trigger_catalog:name,trigger_schema:name,trigger_name:name,event_manipulation:var\
    char,event_object_catalog:name,event_object_schema:name,event_object_table:name,action_order:int4,action_condi\
    tion:varchar,action_statement:varchar,action_orientation:varchar,action_timing:varchar,action_reference_old_ta\
    ble:name,action_reference_new_table:name,action_reference_old_row:name,action_reference_new_row:name,created:t\
    imestamptz
    user_defined_types 13463 v 13465 13464 user_defined_type_catalog:name,user_defined_type_schema:name,user_defin\
    ed_type_name:name,user_defined_type_category:varchar,is_instantiable:varchar,is_final:varchar,ordering_form:va\
    rchar,ordering_category:varchar,ordering_routine_catalog:name,ordering_routine_schema:name,ordering_routine_na\
    me:name,reference_type:varchar,data_type:varchar,character_maximum_length:int4,character_octet_length:int4,cha\
    racter_set_catalog:name,character_set_schema:name,character_set_name:name,collation_catalog:name,collation_sch\
    ema:name,collation_name:name,numeric_precision:int4,numeric_precision_radix:int4,numeric_scale:int4,datetime_p\
    recision:int4,interval_type:varchar,interval_precision:int4,source_dtd_identifier:name,ref_dtd_identifier:name
    user_mapping_options 13550 v 13552 13551 authorization_identifier:name,foreign_server_catalog:name,foreign_ser\
    ver_name:name,option_name:name,option_value:varchar
    user_mappings 13555 v 13557 13556 authorization_identifier:name,foreign_server_catalog:name,foreign_server_nam\
    e:name
    view_column_usage 13468 v 13470 13469 view_catalog:name,view_schema:name,view_name:name,table_catalog:name,tab\
    le_schema:name,table_name:name,column_name:name
    view_routine_usage 13473 v 13475 13474 table_catalog:name,table_schema:name,table_name:name,specific_catalog:n\
    ame,specific_schema:name,specific_name:name
    view_table_usage 13478 v 13480 13479 view_catalog:name,view_schema:name,view_name:name,table_catalog:name,tabl\
    e_schema:name,table_name:name
    views 13483 v 13485 13484 table_catalog:name,table_schema:name,table_name:name,view_definition:varchar,check_o\
    ption:varchar,is_updatable:varchar,is_insertable_into:varchar,is_trigger_updatable:varchar,is_trigger_deletabl\
    e:varchar,is_trigger_insertable_into:varchar
    """
}
