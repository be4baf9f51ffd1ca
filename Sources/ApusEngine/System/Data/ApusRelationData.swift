// ApusRelationData owns the columns and OIDs of the relations of schema apus. docs/SYSTEM.md describes them.

/// A relation a line, as in CatalogRelationData. OIDs 15100 to 15199 are relations, from 15200 their row types, from
/// 15300 the arrays of these. Numbers are never used again for another relation.
enum ApusRelationData {
  static let text = """
    segments 15100 v 15200 15300 table_schema:name,table_name:name,partition:timestamptz,segment_id:int8,rows:int8,by\
    tes:int8,min_time:timestamptz,max_time:timestamptz,min_lsn:int8,max_lsn:int8,received_at:timestamptz,path:text,del\
    eted_rows:int8
    partitions 15101 v 15201 15301 table_schema:name,table_name:name,partition:timestamptz,partition_end:timestamptz,\
    segments:int8,rows:int8,bytes:int8,min_time:timestamptz,max_time:timestamptz
    tables 15102 v 15202 15302 table_schema:name,table_name:name,time_column:name,partition:interval,order_by:_name,d\
    edupe_key:name,dedupe_window:interval,accept_past:interval,accept_future:interval,rows:int8,memtable_rows:int8,se\
    gments:int8,bytes:int8,retention:interval,retention_held:bool
    properties 15103 v 15203 15303 table_schema:name,table_name:name,column_name:name,path:text,types:_text,segments:\
    int8,rows:int8,bytes:int8,cardinality:int8,overflows:bool
    ingest 15104 v 15204 15304 table_schema:name,table_name:name,dialect:text,result:text,events:int8
    queries 15105 v 15205 15305 pid:int4,usename:name,application_name:text,client:text,started_at:timestamptz,durati\
    on:interval,state:text,query:text
    settings 15106 v 15206 15306 name:text,value:text,source:text,default_value:text,changeable:text,description:text
    jobs 15107 v 15207 15307 job:text,table_schema:name,table_name:name,partition:timestamptz,state:text,rows:int8,by\
    tes:int8,since:timestamptz
    rollups 15110 v 15210 15310 rollup_schema:name,rollup_name:name,table_schema:name,table_name:name,finer:name,vers\
    ion:int4,retention:interval,partials:int8,bytes:int8,partitions:int8,stale_partitions:int8,failure:text,history_be\
    fore:timestamptz,definition:text
    catalog_misses 15108 v 15208 15308 kind:text,name:text,count:int8,first_at:timestamptz,last_at:timestamptz,last_q\
    uery:text
    plugins 15130 v 15230 15330 name:name,version:text,kinds:_text,state:text,error:text,description:text,file:text,ab\
    i:text,threading:text
    keys 15120 v 15220 15320 name:text,kind:text,table_name:text,origins:_text,prefix:text,created_at:timestamptz
    policies 15131 v 15231 15331 table_schema:name,table_name:name,policy:text,after:interval,filter:text,column_name:n\
    ame,path:text,managed_by:text,state:text,last_run:timestamptz,rows:int8,error:text
    """
}
