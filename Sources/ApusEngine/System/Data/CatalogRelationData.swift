// CatalogRelationData owns the columns and OIDs of pg_catalog's relations.
// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.

/// A relation a line: name, OID, kind (s: shared table), row type, its array type, columns.
enum CatalogRelationData {
  static let text = """
    pg_aggregate 2600 r 10027 10026 aggfnoid:regproc!,aggkind:char!,aggnumdirectargs:int2!,aggtransfn:regproc!,agg\
    finalfn:regproc!,aggcombinefn:regproc!,aggserialfn:regproc!,aggdeserialfn:regproc!,aggmtransfn:regproc!,aggmin\
    vtransfn:regproc!,aggmfinalfn:regproc!,aggfinalextra:bool!,aggmfinalextra:bool!,aggfinalmodify:char!,aggmfinal\
    modify:char!,aggsortop:oid!,aggtranstype:oid!,aggtransspace:int4!,aggmtranstype:oid!,aggmtransspace:int4!,aggi\
    nitval:text,aggminitval:text
    pg_am 2601 r 10015 10014 oid:oid!,amname:name!,amhandler:regproc!,amtype:char!
    pg_amop 2602 r 10017 10016 oid:oid!,amopfamily:oid!,amoplefttype:oid!,amoprighttype:oid!,amopstrategy:int2!,am\
    oppurpose:char!,amopopr:oid!,amopmethod:oid!,amopsortfamily:oid!
    pg_amproc 2603 r 10019 10018 oid:oid!,amprocfamily:oid!,amproclefttype:oid!,amprocrighttype:oid!,amprocnum:int\
    2!,amproc:regproc!
    pg_attrdef 2604 r 10001 10000 oid:oid!,adrelid:oid!,adnum:int2!,adbin:pg_node_tree!
    pg_attribute 1249 r 75 270 attrelid:oid!,attname:name!,atttypid:oid!,attstattarget:int4!,attlen:int2!,attnum:i\
    nt2!,attndims:int4!,attcacheoff:int4!,atttypmod:int4!,attbyval:bool!,attalign:char!,attstorage:char!,attcompre\
    ssion:char!,attnotnull:bool!,atthasdef:bool!,atthasmissing:bool!,attidentity:char!,attgenerated:char!,attisdro\
    pped:bool!,attislocal:bool!,attinhcount:int4!,attcollation:oid!,attacl:_aclitem,attoptions:_text,attfdwoptions\
    :_text,attmissingval:_text
    pg_auth_members 1261 s 2843 10058 roleid:oid!,member:oid!,grantor:oid!,admin_option:bool!
    pg_authid 1260 s 2842 10057 oid:oid!,rolname:name!,rolsuper:bool!,rolinherit:bool!,rolcreaterole:bool!,rolcrea\
    tedb:bool!,rolcanlogin:bool!,rolreplication:bool!,rolbypassrls:bool!,rolconnlimit:int4!,rolpassword:text,rolva\
    liduntil:timestamptz
    pg_available_extension_versions 12085 v 12087 12086 name:name,version:text,installed:bool,superuser:bool,trust\
    ed:bool,relocatable:bool,schema:name,requires:_name,comment:text
    pg_available_extensions 12081 v 12083 12082 name:name,default_version:text,installed_version:text,comment:text
    pg_cast 2605 r 10043 10042 oid:oid!,castsource:oid!,casttarget:oid!,castfunc:oid!,castcontext:char!,castmethod\
    :char!
    pg_class 1259 r 83 273 oid:oid!,relname:name!,relnamespace:oid!,reltype:oid!,reloftype:oid!,relowner:oid!,rela\
    m:oid!,relfilenode:oid!,reltablespace:oid!,relpages:int4!,reltuples:float4!,relallvisible:int4!,reltoastrelid:\
    oid!,relhasindex:bool!,relisshared:bool!,relpersistence:char!,relkind:char!,relnatts:int2!,relchecks:int2!,rel\
    hasrules:bool!,relhastriggers:bool!,relhassubclass:bool!,relrowsecurity:bool!,relforcerowsecurity:bool!,relisp\
    opulated:bool!,relreplident:char!,relispartition:bool!,relrewrite:oid!,relfrozenxid:xid!,relminmxid:xid!,relac\
    l:_aclitem,reloptions:_text,relpartbound:pg_node_tree
    pg_collation 3456 r 10095 10094 oid:oid!,collname:name!,collnamespace:oid!,collowner:oid!,collprovider:char!,c\
    ollisdeterministic:bool!,collencoding:int4!,collcollate:text,collctype:text,colliculocale:text,collversion:tex\
    t
    pg_constraint 2606 r 10003 10002 oid:oid!,conname:name!,connamespace:oid!,contype:char!,condeferrable:bool!,co\
    ndeferred:bool!,convalidated:bool!,conrelid:oid!,contypid:oid!,conindid:oid!,conparentid:oid!,confrelid:oid!,c\
    onfupdtype:char!,confdeltype:char!,confmatchtype:char!,conislocal:bool!,coninhcount:int4!,connoinherit:bool!,c\
    onkey:_int2,confkey:_int2,conpfeqop:_oid,conppeqop:_oid,conffeqop:_oid,confdelsetcols:_int2,conexclop:_oid,con\
    bin:pg_node_tree
    pg_conversion 2607 r 10049 10048 oid:oid!,conname:name!,connamespace:oid!,conowner:oid!,conforencoding:int4!,c\
    ontoencoding:int4!,conproc:regproc!,condefault:bool!
    pg_cursors 12077 v 12079 12078 name:text,statement:text,is_holdable:bool,is_binary:bool,is_scrollable:bool,cre\
    ation_time:timestamptz
    pg_database 1262 s 1248 10052 oid:oid!,datname:name!,datdba:oid!,encoding:int4!,datlocprovider:char!,datistemp\
    late:bool!,datallowconn:bool!,datconnlimit:int4!,datfrozenxid:xid!,datminmxid:xid!,dattablespace:oid!,datcolla\
    te:text!,datctype:text!,daticulocale:text,datcollversion:text,datacl:_aclitem
    pg_db_role_setting 2964 s 10054 10053 setdatabase:oid!,setrole:oid!,setconfig:_text
    pg_default_acl 826 r 10088 10087 oid:oid!,defaclrole:oid!,defaclnamespace:oid!,defaclobjtype:char!,defaclacl:_\
    aclitem!
    pg_depend 2608 r 10051 10050 classid:oid!,objid:oid!,objsubid:int4!,refclassid:oid!,refobjid:oid!,refobjsubid:\
    int4!,deptype:char!
    pg_description 2609 r 10041 10040 objoid:oid!,classoid:oid!,objsubid:int4!,description:text!
    pg_enum 3501 r 10045 10044 oid:oid!,enumtypid:oid!,enumsortorder:float4!,enumlabel:name!
    pg_event_trigger 3466 r 10039 10038 oid:oid!,evtname:name!,evtevent:name!,evtowner:oid!,evtfoid:oid!,evtenable\
    d:char!,evttags:_text
    pg_extension 3079 r 10074 10073 oid:oid!,extname:name!,extowner:oid!,extnamespace:oid!,extrelocatable:bool!,ex\
    tversion:text!,extconfig:_oid,extcondition:_text
    pg_foreign_data_wrapper 2328 r 10076 10075 oid:oid!,fdwname:name!,fdwowner:oid!,fdwhandler:oid!,fdwvalidator:o\
    id!,fdwacl:_aclitem,fdwoptions:_text
    pg_foreign_server 1417 r 10078 10077 oid:oid!,srvname:name!,srvowner:oid!,srvfdw:oid!,srvtype:text,srvversion:\
    text,srvacl:_aclitem,srvoptions:_text
    pg_foreign_table 3118 r 10082 10081 ftrelid:oid!,ftserver:oid!,ftoptions:_text
    pg_group 12010 v 12012 12011 groname:name,grosysid:oid,grolist:_oid
    pg_index 2610 r 10007 10006 indexrelid:oid!,indrelid:oid!,indnatts:int2!,indnkeyatts:int2!,indisunique:bool!,i\
    ndnullsnotdistinct:bool!,indisprimary:bool!,indisexclusion:bool!,indimmediate:bool!,indisclustered:bool!,indis\
    valid:bool!,indcheckxmin:bool!,indisready:bool!,indislive:bool!,indisreplident:bool!,indkey:int2vector!,indcol\
    lation:oidvector!,indclass:oidvector!,indoption:int2vector!,indexprs:pg_node_tree,indpred:pg_node_tree
    pg_indexes 12043 v 12045 12044 schemaname:name,tablename:name,indexname:name,tablespace:name,indexdef:text
    pg_inherits 2611 r 10005 10004 inhrelid:oid!,inhparent:oid!,inhseqno:int4!,inhdetachpending:bool!
    pg_language 2612 r 10021 10020 oid:oid!,lanname:name!,lanowner:oid!,lanispl:bool!,lanpltrusted:bool!,lanplcall\
    foid:oid!,laninline:oid!,lanvalidator:oid!,lanacl:_aclitem
    pg_largeobject 2613 r 10025 10024 loid:oid!,pageno:int4!,data:bytea!
    pg_largeobject_metadata 2995 r 10023 10022 oid:oid!,lomowner:oid!,lomacl:_aclitem
    pg_locks 12073 v 12075 12074 locktype:text,database:oid,relation:oid,page:int4,tuple:int2,virtualxid:text,tran\
    sactionid:xid,classid:oid,objid:oid,objsubid:int2,virtualtransaction:text,pid:int4,mode:text,granted:bool,fast\
    path:bool,waitstart:timestamptz
    pg_matviews 12038 v 12040 12039 schemaname:name,matviewname:name,matviewowner:name,tablespace:name,hasindexes:\
    bool,ispopulated:bool,definition:text
    pg_namespace 2615 r 10047 10046 oid:oid!,nspname:name!,nspowner:oid!,nspacl:_aclitem
    pg_opclass 2616 r 10013 10012 oid:oid!,opcmethod:oid!,opcname:name!,opcnamespace:oid!,opcowner:oid!,opcfamily:\
    oid!,opcintype:oid!,opcdefault:bool!,opckeytype:oid!
    pg_operator 2617 r 10009 10008 oid:oid!,oprname:name!,oprnamespace:oid!,oprowner:oid!,oprkind:char!,oprcanmerg\
    e:bool!,oprcanhash:bool!,oprleft:oid!,oprright:oid!,oprresult:oid!,oprcom:oid!,oprnegate:oid!,oprcode:regproc!\
    ,oprrest:regproc!,oprjoin:regproc!
    pg_opfamily 2753 r 10011 10010 oid:oid!,opfmethod:oid!,opfname:name!,opfnamespace:oid!,opfowner:oid!
    pg_partitioned_table 3350 r 10099 10098 partrelid:oid!,partstrat:char!,partnatts:int2!,partdefid:oid!,partattr\
    s:int2vector!,partclass:oidvector!,partcollation:oidvector!,partexprs:pg_node_tree
    pg_policies 12018 v 12020 12019 schemaname:name,tablename:name,policyname:name,permissive:text,roles:_name,cmd\
    :text,qual:text,with_check:text
    pg_policy 3256 r 10084 10083 oid:oid!,polname:name!,polrelid:oid!,polcmd:char!,polpermissive:bool!,polroles:_o\
    id!,polqual:pg_node_tree,polwithcheck:pg_node_tree
    pg_prepared_statements 12095 v 12097 12096 name:text,statement:text,prepare_time:timestamptz,parameter_types:_\
    regtype,from_sql:bool,generic_plans:int8,custom_plans:int8
    pg_prepared_xacts 12090 v 12092 12091 transaction:xid,gid:text,prepared:timestamptz,owner:name,database:name
    pg_proc 1255 r 81 272 oid:oid!,proname:name!,pronamespace:oid!,proowner:oid!,prolang:oid!,procost:float4!,pror\
    ows:float4!,provariadic:oid!,prosupport:regproc!,prokind:char!,prosecdef:bool!,proleakproof:bool!,proisstrict:\
    bool!,proretset:bool!,provolatile:char!,proparallel:char!,pronargs:int2!,pronargdefaults:int2!,prorettype:oid!\
    ,proargtypes:oidvector!,proallargtypes:_oid,proargmodes:_char,proargnames:_text,proargdefaults:pg_node_tree,pr\
    otrftypes:_oid,prosrc:text!,probin:text,prosqlbody:pg_node_tree,proconfig:_text,proacl:_aclitem
    pg_publication 6104 r 10107 10106 oid:oid!,pubname:name!,pubowner:oid!,puballtables:bool!,pubinsert:bool!,pubu\
    pdate:bool!,pubdelete:bool!,pubtruncate:bool!,pubviaroot:bool!
    pg_publication_namespace 6237 r 10109 10108 oid:oid!,pnpubid:oid!,pnnspid:oid!
    pg_publication_rel 6106 r 10111 10110 oid:oid!,prpubid:oid!,prrelid:oid!,prqual:pg_node_tree,prattrs:int2vecto\
    r
    pg_publication_tables 12068 v 12070 12069 pubname:name,schemaname:name,tablename:name,attnames:_name,rowfilter\
    :text
    pg_range 3541 r 10101 10100 rngtypid:oid!,rngsubtype:oid!,rngmultitypid:oid!,rngcollation:oid!,rngsubopc:oid!,\
    rngcanonical:regproc!,rngsubdiff:regproc!
    pg_replication_slots 12257 v 12259 12258 slot_name:name,plugin:name,slot_type:text,datoid:oid,database:name,te\
    mporary:bool,active:bool,active_pid:int4,xmin:xid,catalog_xmin:xid,restart_lsn:text,confirmed_flush_lsn:text,w\
    al_status:text,safe_wal_size:int8,two_phase:bool
    pg_rewrite 2618 r 10035 10034 oid:oid!,rulename:name!,ev_class:oid!,ev_type:char!,ev_enabled:char!,is_instead:\
    bool!,ev_qual:pg_node_tree!,ev_action:pg_node_tree!
    pg_roles 12000 v 12002 12001 rolname:name,rolsuper:bool,rolinherit:bool,rolcreaterole:bool,rolcreatedb:bool,ro\
    lcanlogin:bool,rolreplication:bool,rolconnlimit:int4,rolpassword:text,rolvaliduntil:timestamptz,rolbypassrls:b\
    ool,rolconfig:_text,oid:oid
    pg_rules 12023 v 12025 12024 schemaname:name,tablename:name,rulename:name,definition:text
    pg_seclabel 3596 r 10092 10091 objoid:oid!,classoid:oid!,objsubid:int4!,provider:text!,label:text!
    pg_seclabels 12099 v 12101 12100 objoid:oid,classoid:oid,objsubid:int4,objtype:text,objnamespace:oid,objname:t\
    ext,provider:text,label:text
    pg_sequence 2224 r 10105 10104 seqrelid:oid!,seqtypid:oid!,seqstart:int8!,seqincrement:int8!,seqmax:int8!,seqm\
    in:int8!,seqcache:int8!,seqcycle:bool!
    pg_sequences 12048 v 12050 12049 schemaname:name,sequencename:name,sequenceowner:name,data_type:regtype,start_\
    value:int8,min_value:int8,max_value:int8,increment_by:int8,cycle:bool,cache_size:int8,last_value:int8
    pg_settings 12104 v 12106 12105 name:text,setting:text,unit:text,category:text,short_desc:text,extra_desc:text\
    ,context:text,vartype:text,source:text,min_val:text,max_val:text,enumvals:_text,boot_val:text,reset_val:text,s\
    ourcefile:text,sourceline:int4,pending_restart:bool
    pg_shadow 12005 v 12007 12006 usename:name,usesysid:oid,usecreatedb:bool,usesuper:bool,userepl:bool,usebypassr\
    ls:bool,passwd:text,valuntil:timestamptz,useconfig:_text
    pg_shdepend 1214 s 10060 10059 dbid:oid!,classid:oid!,objid:oid!,objsubid:int4!,refclassid:oid!,refobjid:oid!,\
    deptype:char!
    pg_shdescription 2396 s 10062 10061 objoid:oid!,classoid:oid!,description:text!
    pg_shseclabel 3592 s 4066 10093 objoid:oid!,classoid:oid!,provider:text!,label:text!
    pg_stat_activity 12222 v 12224 12223 datid:oid,datname:name,pid:int4,leader_pid:int4,usesysid:oid,usename:name\
    ,application_name:text,client_addr:text,client_hostname:text,client_port:int4,backend_start:timestamptz,xact_s\
    tart:timestamptz,query_start:timestamptz,state_change:timestamptz,wait_event_type:text,wait_event:text,state:t\
    ext,backend_xid:xid,backend_xmin:xid,query_id:int8,query:text,backend_type:text
    pg_stat_all_indexes 12183 v 12185 12184 relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:nam\
    e,idx_scan:int8,idx_tup_read:int8,idx_tup_fetch:int8
    pg_stat_all_tables 12142 v 12144 12143 relid:oid,schemaname:name,relname:name,seq_scan:int8,seq_tup_read:int8,\
    idx_scan:int8,idx_tup_fetch:int8,n_tup_ins:int8,n_tup_upd:int8,n_tup_del:int8,n_tup_hot_upd:int8,n_live_tup:in\
    t8,n_dead_tup:int8,n_mod_since_analyze:int8,n_ins_since_vacuum:int8,last_vacuum:timestamptz,last_autovacuum:ti\
    mestamptz,last_analyze:timestamptz,last_autoanalyze:timestamptz,vacuum_count:int8,autovacuum_count:int8,analyz\
    e_count:int8,autoanalyze_count:int8
    pg_stat_database 12266 v 12268 12267 datid:oid,datname:name,numbackends:int4,xact_commit:int8,xact_rollback:in\
    t8,blks_read:int8,blks_hit:int8,tup_returned:int8,tup_fetched:int8,tup_inserted:int8,tup_updated:int8,tup_dele\
    ted:int8,conflicts:int8,temp_files:int8,temp_bytes:int8,deadlocks:int8,checksum_failures:int8,checksum_last_fa\
    ilure:timestamptz,blk_read_time:float8,blk_write_time:float8,session_time:float8,active_time:float8,idle_in_tr\
    ansaction_time:float8,sessions:int8,sessions_abandoned:int8,sessions_fatal:int8,sessions_killed:int8,stats_res\
    et:timestamptz
    pg_stat_database_conflicts 12271 v 12273 12272 datid:oid,datname:name,confl_tablespace:int8,confl_lock:int8,co\
    nfl_snapshot:int8,confl_bufferpin:int8,confl_deadlock:int8
    pg_stat_gssapi 12253 v 12255 12254 pid:int4,gss_authenticated:bool,principal:text,encrypted:bool
    pg_stat_replication 12227 v 12229 12228 pid:int4,usesysid:oid,usename:name,application_name:text,client_addr:t\
    ext,client_hostname:text,client_port:int4,backend_start:timestamptz,backend_xmin:xid,state:text,sent_lsn:text,\
    write_lsn:text,flush_lsn:text,replay_lsn:text,write_lag:interval,flush_lag:interval,replay_lag:interval,sync_p\
    riority:int4,sync_state:text,reply_time:timestamptz
    pg_stat_replication_slots 12262 v 12264 12263 slot_name:text,spill_txns:int8,spill_count:int8,spill_bytes:int8\
    ,stream_txns:int8,stream_count:int8,stream_bytes:int8,total_txns:int8,total_bytes:int8,stats_reset:timestamptz
    pg_stat_ssl 12249 v 12251 12250 pid:int4,ssl:bool,version:text,cipher:text,bits:int4,client_dn:text,client_ser\
    ial:numeric,issuer_dn:text
    pg_stat_subscription 12244 v 12246 12245 subid:oid,subname:name,pid:int4,relid:oid,received_lsn:text,last_msg_\
    send_time:timestamptz,last_msg_receipt_time:timestamptz,latest_end_lsn:text,latest_end_time:timestamptz
    pg_stat_subscription_stats 12336 v 12338 12337 subid:oid,subname:name,apply_error_count:int8,sync_error_count:\
    int8,stats_reset:timestamptz
    pg_stat_sys_indexes 12188 v 12190 12189 relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:nam\
    e,idx_scan:int8,idx_tup_read:int8,idx_tup_fetch:int8
    pg_stat_sys_tables 12152 v 12154 12153 relid:oid,schemaname:name,relname:name,seq_scan:int8,seq_tup_read:int8,\
    idx_scan:int8,idx_tup_fetch:int8,n_tup_ins:int8,n_tup_upd:int8,n_tup_del:int8,n_tup_hot_upd:int8,n_live_tup:in\
    t8,n_dead_tup:int8,n_mod_since_analyze:int8,n_ins_since_vacuum:int8,last_vacuum:timestamptz,last_autovacuum:ti\
    mestamptz,last_analyze:timestamptz,last_autoanalyze:timestamptz,vacuum_count:int8,autovacuum_count:int8,analyz\
    e_count:int8,autoanalyze_count:int8
    pg_stat_user_functions 12275 v 12277 12276 funcid:oid,schemaname:name,funcname:name,calls:int8,total_time:floa\
    t8,self_time:float8
    pg_stat_user_indexes 12192 v 12194 12193 relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:na\
    me,idx_scan:int8,idx_tup_read:int8,idx_tup_fetch:int8
    pg_stat_user_tables 12161 v 12163 12162 relid:oid,schemaname:name,relname:name,seq_scan:int8,seq_tup_read:int8\
    ,idx_scan:int8,idx_tup_fetch:int8,n_tup_ins:int8,n_tup_upd:int8,n_tup_del:int8,n_tup_hot_upd:int8,n_live_tup:i\
    nt8,n_dead_tup:int8,n_mod_since_analyze:int8,n_ins_since_vacuum:int8,last_vacuum:timestamptz,last_autovacuum:t\
    imestamptz,last_analyze:timestamptz,last_autoanalyze:timestamptz,vacuum_count:int8,autovacuum_count:int8,analy\
    ze_count:int8,autoanalyze_count:int8
    pg_stat_xact_user_functions 12280 v 12282 12281 funcid:oid,schemaname:name,funcname:name,calls:int8,total_time\
    :float8,self_time:float8
    pg_statio_all_indexes 12196 v 12198 12197 relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:n\
    ame,idx_blks_read:int8,idx_blks_hit:int8
    pg_statio_all_sequences 12209 v 12211 12210 relid:oid,schemaname:name,relname:name,blks_read:int8,blks_hit:int\
    8
    pg_statio_all_tables 12170 v 12172 12171 relid:oid,schemaname:name,relname:name,heap_blks_read:int8,heap_blks_\
    hit:int8,idx_blks_read:int8,idx_blks_hit:int8,toast_blks_read:int8,toast_blks_hit:int8,tidx_blks_read:int8,tid\
    x_blks_hit:int8
    pg_statio_sys_indexes 12201 v 12203 12202 relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:n\
    ame,idx_blks_read:int8,idx_blks_hit:int8
    pg_statio_sys_sequences 12214 v 12216 12215 relid:oid,schemaname:name,relname:name,blks_read:int8,blks_hit:int\
    8
    pg_statio_sys_tables 12175 v 12177 12176 relid:oid,schemaname:name,relname:name,heap_blks_read:int8,heap_blks_\
    hit:int8,idx_blks_read:int8,idx_blks_hit:int8,toast_blks_read:int8,toast_blks_hit:int8,tidx_blks_read:int8,tid\
    x_blks_hit:int8
    pg_statio_user_indexes 12205 v 12207 12206 relid:oid,indexrelid:oid,schemaname:name,relname:name,indexrelname:\
    name,idx_blks_read:int8,idx_blks_hit:int8
    pg_statio_user_sequences 12218 v 12220 12219 relid:oid,schemaname:name,relname:name,blks_read:int8,blks_hit:in\
    t8
    pg_statio_user_tables 12179 v 12181 12180 relid:oid,schemaname:name,relname:name,heap_blks_read:int8,heap_blks\
    _hit:int8,idx_blks_read:int8,idx_blks_hit:int8,toast_blks_read:int8,toast_blks_hit:int8,tidx_blks_read:int8,ti\
    dx_blks_hit:int8
    pg_statistic_ext 3381 r 10031 10030 oid:oid!,stxrelid:oid!,stxname:name!,stxnamespace:oid!,stxowner:oid!,stxst\
    attarget:int4!,stxkeys:int2vector!,stxkind:_char!,stxexprs:pg_node_tree
    pg_stats 12053 v 12055 12054 schemaname:name,tablename:name,attname:name,inherited:bool,null_frac:float4,avg_w\
    idth:int4,n_distinct:float4,most_common_vals:_text,most_common_freqs:_float4,histogram_bounds:_text,correlatio\
    n:float4,most_common_elems:_text,most_common_elem_freqs:_float4,elem_count_histogram:_float4
    pg_stats_ext 12058 v 12060 12059 schemaname:name,tablename:name,statistics_schemaname:name,statistics_name:nam\
    e,statistics_owner:name,attnames:_name,exprs:_text,kinds:_char,inherited:bool,n_distinct:text,dependencies:tex\
    t,most_common_vals:_text,most_common_val_nulls:_bool,most_common_freqs:_float8,most_common_base_freqs:_float8
    pg_subscription 6100 s 6101 10112 oid:oid!,subdbid:oid!,subskiplsn:text!,subname:name!,subowner:oid!,subenable\
    d:bool!,subbinary:bool!,substream:bool!,subtwophasestate:char!,subdisableonerr:bool!,subconninfo:text!,subslot\
    name:name,subsynccommit:text!,subpublications:_text!
    pg_tables 12033 v 12035 12034 schemaname:name,tablename:name,tableowner:name,tablespace:name,hasindexes:bool,h\
    asrules:bool,hastriggers:bool,rowsecurity:bool
    pg_tablespace 1213 s 10056 10055 oid:oid!,spcname:name!,spcowner:oid!,spcacl:_aclitem,spcoptions:_text
    pg_timezone_abbrevs 12122 v 12124 12123 abbrev:text,utc_offset:interval,is_dst:bool
    pg_timezone_names 12126 v 12128 12127 name:text,abbrev:text,utc_offset:interval,is_dst:bool
    pg_trigger 2620 r 10037 10036 oid:oid!,tgrelid:oid!,tgparentid:oid!,tgname:name!,tgfoid:oid!,tgtype:int2!,tgen\
    abled:char!,tgisinternal:bool!,tgconstrrelid:oid!,tgconstrindid:oid!,tgconstraint:oid!,tgdeferrable:bool!,tgin\
    itdeferred:bool!,tgnargs:int2!,tgattr:int2vector!,tgargs:bytea!,tgqual:pg_node_tree,tgoldtable:name,tgnewtable\
    :name
    pg_ts_config 3602 r 10064 10063 oid:oid!,cfgname:name!,cfgnamespace:oid!,cfgowner:oid!,cfgparser:oid!
    pg_ts_config_map 3603 r 10066 10065 mapcfg:oid!,maptokentype:int4!,mapseqno:int4!,mapdict:oid!
    pg_ts_dict 3600 r 10068 10067 oid:oid!,dictname:name!,dictnamespace:oid!,dictowner:oid!,dicttemplate:oid!,dict\
    initoption:text
    pg_ts_parser 3601 r 10070 10069 oid:oid!,prsname:name!,prsnamespace:oid!,prsstart:regproc!,prstoken:regproc!,p\
    rsend:regproc!,prsheadline:regproc!,prslextype:regproc!
    pg_ts_template 3764 r 10072 10071 oid:oid!,tmplname:name!,tmplnamespace:oid!,tmplinit:regproc!,tmpllexize:regp\
    roc!
    pg_type 1247 r 71 210 oid:oid!,typname:name!,typnamespace:oid!,typowner:oid!,typlen:int2!,typbyval:bool!,typty\
    pe:char!,typcategory:char!,typispreferred:bool!,typisdefined:bool!,typdelim:char!,typrelid:oid!,typsubscript:r\
    egproc!,typelem:oid!,typarray:oid!,typinput:regproc!,typoutput:regproc!,typreceive:regproc!,typsend:regproc!,t\
    ypmodin:regproc!,typmodout:regproc!,typanalyze:regproc!,typalign:char!,typstorage:char!,typnotnull:bool!,typba\
    setype:oid!,typtypmod:int4!,typndims:int4!,typcollation:oid!,typdefaultbin:pg_node_tree,typdefault:text,typacl\
    :_aclitem
    pg_user 12014 v 12016 12015 usename:name,usesysid:oid,usecreatedb:bool,usesuper:bool,userepl:bool,usebypassrls\
    :bool,passwd:text,valuntil:timestamptz,useconfig:_text
    pg_user_mapping 1418 r 10080 10079 oid:oid!,umuser:oid!,umserver:oid!,umoptions:_text
    pg_user_mappings 12327 v 12329 12328 umid:oid,srvid:oid,srvname:name,umuser:oid,usename:name,umoptions:_text
    pg_views 12028 v 12030 12029 schemaname:name,viewname:name,viewowner:name,definition:text
    """
}
