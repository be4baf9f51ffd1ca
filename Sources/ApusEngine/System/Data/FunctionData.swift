// FunctionData owns the OIDs of PostgreSQL's functions.
// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.

/// Functions by name: `name oid(arguments)result ...`; `*` before the result: a set.
enum FunctionData {
  static let text = """
    RI_FKey_cascade_del 1646()trigger;RI_FKey_cascade_upd 1647()trigger;RI_FKey_check_ins 1644()trigger;RI_FKey_ch\
    eck_upd 1645()trigger;RI_FKey_noaction_del 1654()trigger;RI_FKey_noaction_upd 1655()trigger;RI_FKey_restrict_d\
    el 1648()trigger;RI_FKey_restrict_upd 1649()trigger;RI_FKey_setdefault_del 1652()trigger;RI_FKey_setdefault_up\
    d 1653()trigger;RI_FKey_setnull_del 1650()trigger;RI_FKey_setnull_upd 1651()trigger;abs 1394(float4)float4 139\
    5(float8)float8 1396(int8)int8 1397(int4)int4 1398(int2)int2 1705(numeric)numeric;aclcontains 1037(_aclitem,ac\
    litem)bool;acldefault 3943(char,oid)_aclitem;aclexplode 1689(_aclitem)*record;aclinsert 1035(_aclitem,aclitem)\
    _aclitem;aclitemeq 1062(aclitem,aclitem)bool;aclitemin 1031(cstring)aclitem;aclitemout 1032(aclitem)cstring;ac\
    lremove 1036(_aclitem,aclitem)_aclitem;acos 1601(float8)float8;acosd 2732(float8)float8;acosh 2466(float8)floa\
    t8;age 1181(xid)int4 1199(timestamptz,timestamptz)interval 1386(timestamptz)interval 2058(timestamp,timestamp)\
    interval 2059(timestamp)interval;amvalidate 338(oid)bool;any_in 2294(cstring)any;any_out 2295(any)cstring;anya\
    rray_in 2296(cstring)anyarray;anyarray_out 2297(anyarray)cstring;anyarray_recv 2502(internal)anyarray;anyarray\
    _send 2503(anyarray)bytea;anycompatible_in 5086(cstring)anycompatible;anycompatible_out 5087(anycompatible)cst\
    ring;anycompatiblearray_in 5088(cstring)anycompatiblearray;anycompatiblearray_out 5089(anycompatiblearray)cstr\
    ing;anycompatiblearray_recv 5090(internal)anycompatiblearray;anycompatiblearray_send 5091(anycompatiblearray)b\
    ytea;anycompatiblenonarray_in 5092(cstring)anycompatiblenonarray;anycompatiblenonarray_out 5093(anycompatiblen\
    onarray)cstring;anyelement_in 2312(cstring)anyelement;anyelement_out 2313(anyelement)cstring;anynonarray_in 27\
    77(cstring)anynonarray;anynonarray_out 2778(anynonarray)cstring;anytextcat 2004(anynonarray,text)text;array_ag\
    g 2335(anynonarray)anyarray 4053(anyarray)anyarray;array_append 378(anycompatiblearray,anycompatible)anycompat\
    iblearray;array_cat 383(anycompatiblearray,anycompatiblearray)anycompatiblearray;array_dims 747(anyarray)text;\
    array_eq 744(anyarray,anyarray)bool;array_fill 1193(anyelement,_int4)anyarray 1286(anyelement,_int4,_int4)anya\
    rray;array_ge 396(anyarray,anyarray)bool;array_gt 392(anyarray,anyarray)bool;array_in 750(cstring,oid,int4)any\
    array;array_larger 515(anyarray,anyarray)anyarray;array_le 393(anyarray,anyarray)bool;array_length 2176(anyarr\
    ay,int4)int4;array_lower 2091(anyarray,int4)int4;array_lt 391(anyarray,anyarray)bool;array_ndims 748(anyarray)\
    int4;array_ne 390(anyarray,anyarray)bool;array_out 751(anyarray)cstring;array_position 3277(anycompatiblearray\
    ,anycompatible)int4 3278(anycompatiblearray,anycompatible,int4)int4;array_positions 3279(anycompatiblearray,an\
    ycompatible)_int4;array_prepend 379(anycompatible,anycompatiblearray)anycompatiblearray;array_recv 2400(intern\
    al,oid,int4)anyarray;array_remove 3167(anycompatiblearray,anycompatible)anycompatiblearray;array_replace 3168(\
    anycompatiblearray,anycompatible,anycompatible)anycompatiblearray;array_send 2401(anyarray)bytea;array_smaller\
     516(anyarray,anyarray)anyarray;array_subscript_handler 6179(internal)internal;array_to_json 3153(anyarray)jso\
    n 3154(anyarray,bool)json;array_to_string 384(anyarray,text,text)text 395(anyarray,text)text;array_typanalyze \
    3816(internal)bool;array_upper 2092(anyarray,int4)int4;arraycontained 2749(anyarray,anyarray)bool;arraycontain\
    s 2748(anyarray,anyarray)bool;arrayoverlap 2747(anyarray,anyarray)bool;ascii 1620(text)int4;asin 1600(float8)f\
    loat8;asind 2731(float8)float8;asinh 2465(float8)float8;atan 1602(float8)float8;atan2 1603(float8,float8)float\
    8;atan2d 2734(float8,float8)float8;atand 2733(float8)float8;atanh 2467(float8)float8;avg 2100(int8)numeric 210\
    1(int4)numeric 2102(int2)numeric 2103(numeric)numeric 2104(float4)float8 2105(float8)float8 2106(interval)inte\
    rval;binary_upgrade_create_empty_extension 3591(text,text,bool,text,_oid,_text,_text)void;binary_upgrade_set_m\
    issing_value 4101(oid,text,text)void;binary_upgrade_set_next_array_pg_type_oid 3584(oid)void;binary_upgrade_se\
    t_next_heap_pg_class_oid 3586(oid)void;binary_upgrade_set_next_heap_relfilenode 4545(oid)void;binary_upgrade_s\
    et_next_index_pg_class_oid 3587(oid)void;binary_upgrade_set_next_index_relfilenode 4546(oid)void;binary_upgrad\
    e_set_next_multirange_array_pg_type_oid 4391(oid)void;binary_upgrade_set_next_multirange_pg_type_oid 4390(oid)\
    void;binary_upgrade_set_next_pg_authid_oid 3590(oid)void;binary_upgrade_set_next_pg_enum_oid 3589(oid)void;bin\
    ary_upgrade_set_next_pg_tablespace_oid 4548(oid)void;binary_upgrade_set_next_pg_type_oid 3582(oid)void;binary_\
    upgrade_set_next_toast_pg_class_oid 3588(oid)void;binary_upgrade_set_next_toast_relfilenode 4547(oid)void;bina\
    ry_upgrade_set_record_init_privs 4083(bool)void;bit_and 2236(int2)int2 2238(int4)int4 2240(int8)int8;bit_count\
     6163(bytea)int8;bit_length 1810(bytea)int4 1811(text)int4;bit_or 2237(int2)int2 2239(int4)int4 2241(int8)int8\
    ;bit_xor 6164(int2)int2 6165(int4)int4 6166(int8)int8;bittypmodin 2919(_cstring)int4;bool 2557(int4)bool 3556(\
    jsonb)bool;bool_and 2517(bool)bool;bool_or 2518(bool)bool;booland_statefunc 2515(bool,bool)bool;booleq 60(bool\
    ,bool)bool;boolge 1692(bool,bool)bool;boolgt 57(bool,bool)bool;boolin 1242(cstring)bool;boolle 1691(bool,bool)\
    bool;boollt 56(bool,bool)bool;boolne 84(bool,bool)bool;boolor_statefunc 2516(bool,bool)bool;boolout 1243(bool)\
    cstring;boolrecv 2436(internal)bool;boolsend 2437(bool)bytea;bpchar 408(name)bpchar 668(bpchar,int4,bool)bpcha\
    r 860(char)bpchar;bpchar_larger 1063(bpchar,bpchar)bpchar;bpchar_pattern_ge 2177(bpchar,bpchar)bool;bpchar_pat\
    tern_gt 2178(bpchar,bpchar)bool;bpchar_pattern_le 2175(bpchar,bpchar)bool;bpchar_pattern_lt 2174(bpchar,bpchar\
    )bool;bpchar_smaller 1064(bpchar,bpchar)bpchar;bpcharcmp 1078(bpchar,bpchar)int4;bpchareq 1048(bpchar,bpchar)b\
    ool;bpcharge 1052(bpchar,bpchar)bool;bpchargt 1051(bpchar,bpchar)bool;bpchariclike 1660(bpchar,text)bool;bpcha\
    ricnlike 1661(bpchar,text)bool;bpcharicregexeq 1656(bpchar,text)bool;bpcharicregexne 1657(bpchar,text)bool;bpc\
    harin 1044(cstring,oid,int4)bpchar;bpcharle 1050(bpchar,bpchar)bool;bpcharlike 1631(bpchar,text)bool;bpcharlt \
    1049(bpchar,bpchar)bool;bpcharne 1053(bpchar,bpchar)bool;bpcharnlike 1632(bpchar,text)bool;bpcharout 1045(bpch\
    ar)cstring;bpcharrecv 2430(internal,oid,int4)bpchar;bpcharregexeq 1658(bpchar,text)bool;bpcharregexne 1659(bpc\
    har,text)bool;bpcharsend 2431(bpchar)bytea;bpchartypmodin 2913(_cstring)int4;bpchartypmodout 2914(int4)cstring\
    ;brin_desummarize_range 4014(regclass,int8)void;brin_summarize_new_values 3952(regclass)int4;brin_summarize_ra\
    nge 3999(regclass,int8)int4;btarraycmp 382(anyarray,anyarray)int4;btboolcmp 1693(bool,bool)int4;btbpchar_patte\
    rn_cmp 2180(bpchar,bpchar)int4;btcharcmp 358(char,char)int4;btequalimage 5051(oid)bool;btfloat48cmp 2194(float\
    4,float8)int4;btfloat4cmp 354(float4,float4)int4;btfloat84cmp 2195(float8,float4)int4;btfloat8cmp 355(float8,f\
    loat8)int4;btint24cmp 2190(int2,int4)int4;btint28cmp 2192(int2,int8)int4;btint2cmp 350(int2,int2)int4;btint42c\
    mp 2191(int4,int2)int4;btint48cmp 2188(int4,int8)int4;btint4cmp 351(int4,int4)int4;btint82cmp 2193(int8,int2)i\
    nt4;btint84cmp 2189(int8,int4)int4;btint8cmp 842(int8,int8)int4;btnamecmp 359(name,name)int4;btnametextcmp 246\
    (name,text)int4;btoidcmp 356(oid,oid)int4;btoidvectorcmp 404(oidvector,oidvector)int4;btrecordcmp 2987(record,\
    record)int4;btrecordimagecmp 3187(record,record)int4;btrim 884(text,text)text 885(text)text 2015(bytea,bytea)b\
    ytea;bttext_pattern_cmp 2166(text,text)int4;bttextcmp 360(text,text)int4;bttextnamecmp 253(text,name)int4;btva\
    rstrequalimage 5050(oid)bool;byteacat 2011(bytea,bytea)bytea;byteacmp 1954(bytea,bytea)int4;byteaeq 1948(bytea\
    ,bytea)bool;byteage 1952(bytea,bytea)bool;byteagt 1951(bytea,bytea)bool;byteain 1244(cstring)bytea;byteale 195\
    0(bytea,bytea)bool;bytealike 2005(bytea,bytea)bool;bytealt 1949(bytea,bytea)bool;byteane 1953(bytea,bytea)bool\
    ;byteanlike 2006(bytea,bytea)bool;byteaout 31(bytea)cstring;bytearecv 2412(internal)bytea;byteasend 2413(bytea\
    )bytea;cardinality 3179(anyarray)int4;cbrt 1345(float8)float8;ceil 1711(numeric)numeric 2308(float8)float8;cei\
    ling 2167(numeric)numeric 2320(float8)float8;char 78(int4)char 944(text)char;char_length 1372(bpchar)int4 1381\
    (text)int4;character_length 1367(bpchar)int4 1369(text)int4;chareq 61(char,char)bool;charge 74(char,char)bool;\
    chargt 73(char,char)bool;charin 1245(cstring)char;charle 72(char,char)bool;charlt 1246(char,char)bool;charne 7\
    0(char,char)bool;charout 33(char)cstring;charrecv 2434(internal)char;charsend 2435(char)bytea;chr 1621(int4)te\
    xt;clock_timestamp 2649()timestamptz;col_description 1216(oid,int4)text;concat 3058(any)text;concat_ws 3059(te\
    xt,any)text;convert 1813(bytea,name,name)bytea;convert_from 1714(bytea,name)text;convert_to 1717(text,name)byt\
    ea;corr 2829(float8,float8)float8;cos 1605(float8)float8;cosd 2736(float8)float8;cosh 2463(float8)float8;cot 1\
    607(float8)float8;cotd 2738(float8)float8;count 2147(any)int8 2803()int8;covar_pop 2827(float8,float8)float8;c\
    ovar_samp 2828(float8,float8)float8;cstring_in 2292(cstring)cstring;cstring_out 2293(cstring)cstring;cstring_r\
    ecv 2500(internal)cstring;cstring_send 2501(cstring)bytea;cume_dist 3104()float8 3990(any)float8;current_datab\
    ase 861()name;current_query 817()text;current_schema 1402()name;current_schemas 1403(bool)_name;current_settin\
    g 2077(text)text 3294(text,bool)text;current_user 745()name;currval 1575(regclass)int8;date 1178(timestamptz)d\
    ate 2029(timestamp)date;date_bin 6177(interval,timestamp,timestamp)timestamp 6178(interval,timestamptz,timesta\
    mptz)timestamptz;date_cmp 1092(date,date)int4;date_cmp_timestamp 2344(date,timestamp)int4;date_cmp_timestamptz\
     2357(date,timestamptz)int4;date_eq 1086(date,date)bool;date_eq_timestamp 2340(date,timestamp)bool;date_eq_tim\
    estamptz 2353(date,timestamptz)bool;date_ge 1090(date,date)bool;date_ge_timestamp 2342(date,timestamp)bool;dat\
    e_ge_timestamptz 2355(date,timestamptz)bool;date_gt 1089(date,date)bool;date_gt_timestamp 2341(date,timestamp)\
    bool;date_gt_timestamptz 2354(date,timestamptz)bool;date_in 1084(cstring)date;date_larger 1138(date,date)date;\
    date_le 1088(date,date)bool;date_le_timestamp 2339(date,timestamp)bool;date_le_timestamptz 2352(date,timestamp\
    tz)bool;date_lt 1087(date,date)bool;date_lt_timestamp 2338(date,timestamp)bool;date_lt_timestamptz 2351(date,t\
    imestamptz)bool;date_mi 1140(date,date)int4;date_mi_interval 2072(date,interval)timestamp;date_mii 1142(date,i\
    nt4)date;date_ne 1091(date,date)bool;date_ne_timestamp 2343(date,timestamp)bool;date_ne_timestamptz 2356(date,\
    timestamptz)bool;date_out 1085(date)cstring;date_part 1171(text,timestamptz)float8 1172(text,interval)float8 1\
    384(text,date)float8 1385(text,time)float8 2021(text,timestamp)float8;date_pl_interval 2071(date,interval)time\
    stamp;date_pli 1141(date,int4)date;date_recv 2468(internal)date;date_send 2469(date)bytea;date_smaller 1139(da\
    te,date)date;date_trunc 1217(text,timestamptz)timestamptz 1218(text,interval)interval 1284(text,timestamptz,te\
    xt)timestamptz 2020(text,timestamp)timestamp;daterange_subdiff 3925(date,date)float8;datetime_pl 1272(date,tim\
    e)timestamp;dcbrt 231(float8)float8;decode 1947(text,text)bytea;degrees 1608(float8)float8;dense_rank 3102()in\
    t8 3992(any)int8;dexp 233(float8)float8;div 1973(numeric,numeric)numeric;dlog1 234(float8)float8;dlog10 1339(f\
    loat8)float8;dpow 232(float8,float8)float8;dround 228(float8)float8;dsqrt 230(float8)float8;dtrunc 229(float8)\
    float8;encode 1946(bytea,text)text;every 2519(bool)bool;exp 1347(float8)float8 1732(numeric)numeric;extract 61\
    99(text,date)numeric 6200(text,time)numeric 6202(text,timestamp)numeric 6203(text,timestamptz)numeric 6204(tex\
    t,interval)numeric;factorial 1376(int8)numeric;first_value 3112(anyelement)anyelement;float4 236(int2)float4 3\
    12(float8)float4 318(int4)float4 652(int8)float4 1745(numeric)float4 3453(jsonb)float4;float48div 280(float4,f\
    loat8)float8;float48eq 299(float4,float8)bool;float48ge 304(float4,float8)bool;float48gt 303(float4,float8)boo\
    l;float48le 302(float4,float8)bool;float48lt 301(float4,float8)bool;float48mi 282(float4,float8)float8;float48\
    mul 279(float4,float8)float8;float48ne 300(float4,float8)bool;float48pl 281(float4,float8)float8;float4_accum \
    208(_float8,float4)_float8;float4abs 207(float4)float4;float4div 203(float4,float4)float4;float4eq 287(float4,\
    float4)bool;float4ge 292(float4,float4)bool;float4gt 291(float4,float4)bool;float4in 200(cstring)float4;float4\
    larger 209(float4,float4)float4;float4le 290(float4,float4)bool;float4lt 289(float4,float4)bool;float4mi 205(f\
    loat4,float4)float4;float4mul 202(float4,float4)float4;float4ne 288(float4,float4)bool;float4out 201(float4)cs\
    tring;float4pl 204(float4,float4)float4;float4recv 2424(internal)float4;float4send 2425(float4)bytea;float4sma\
    ller 211(float4,float4)float4;float4um 206(float4)float4;float4up 1913(float4)float4;float8 235(int2)float8 31\
    1(float4)float8 316(int4)float8 482(int8)float8 1746(numeric)float8 2580(jsonb)float8;float84div 284(float8,fl\
    oat4)float8;float84eq 305(float8,float4)bool;float84ge 310(float8,float4)bool;float84gt 309(float8,float4)bool\
    ;float84le 308(float8,float4)bool;float84lt 307(float8,float4)bool;float84mi 286(float8,float4)float8;float84m\
    ul 283(float8,float4)float8;float84ne 306(float8,float4)bool;float84pl 285(float8,float4)float8;float8_accum 2\
    22(_float8,float8)_float8;float8_avg 1830(_float8)float8;float8_combine 276(_float8,_float8)_float8;float8_cor\
    r 2817(_float8)float8;float8_covar_pop 2815(_float8)float8;float8_covar_samp 2816(_float8)float8;float8_regr_a\
    ccum 2806(_float8,float8,float8)_float8;float8_regr_avgx 2810(_float8)float8;float8_regr_avgy 2811(_float8)flo\
    at8;float8_regr_combine 3342(_float8,_float8)_float8;float8_regr_intercept 2814(_float8)float8;float8_regr_r2 \
    2812(_float8)float8;float8_regr_slope 2813(_float8)float8;float8_regr_sxx 2807(_float8)float8;float8_regr_sxy \
    2809(_float8)float8;float8_regr_syy 2808(_float8)float8;float8_stddev_pop 2513(_float8)float8;float8_stddev_sa\
    mp 1832(_float8)float8;float8_var_pop 2512(_float8)float8;float8_var_samp 1831(_float8)float8;float8abs 221(fl\
    oat8)float8;float8div 217(float8,float8)float8;float8eq 293(float8,float8)bool;float8ge 298(float8,float8)bool\
    ;float8gt 297(float8,float8)bool;float8in 214(cstring)float8;float8larger 223(float8,float8)float8;float8le 29\
    6(float8,float8)bool;float8lt 295(float8,float8)bool;float8mi 219(float8,float8)float8;float8mul 216(float8,fl\
    oat8)float8;float8ne 294(float8,float8)bool;float8out 215(float8)cstring;float8pl 218(float8,float8)float8;flo\
    at8recv 2426(internal)float8;float8send 2427(float8)bytea;float8smaller 224(float8,float8)float8;float8um 220(\
    float8)float8;float8up 1914(float8)float8;floor 1712(numeric)numeric 2309(float8)float8;fmgr_c_validator 2247(\
    oid)void;fmgr_internal_validator 2246(oid)void;fmgr_sql_validator 2248(oid)void;format 3539(text,any)text 3540\
    (text)text;format_type 1081(oid,int4)text;gcd 5044(int4,int4)int4 5045(int8,int8)int8 5048(numeric,numeric)num\
    eric;gen_random_uuid 3432()uuid;generate_series 938(timestamp,timestamp,interval)*timestamp 939(timestamptz,ti\
    mestamptz,interval)*timestamptz 1066(int4,int4,int4)*int4 1067(int4,int4)*int4 1068(int8,int8,int8)*int8 1069(\
    int8,int8)*int8 3259(numeric,numeric,numeric)*numeric 3260(numeric,numeric)*numeric;generate_subscripts 1191(a\
    nyarray,int4,bool)*int4 1192(anyarray,int4)*int4;get_bit 723(bytea,int8)int4;get_byte 721(bytea,int4)int4;getd\
    atabaseencoding 1039()name;getpgusername 710()name;gin_clean_pending_list 3789(regclass)int8;gin_cmp_tslexeme \
    3724(text,text)int4;gin_compare_jsonb 3480(text,text)int4;has_any_column_privilege 3024(name,text,text)bool 30\
    25(name,oid,text)bool 3026(oid,text,text)bool 3027(oid,oid,text)bool 3028(text,text)bool 3029(oid,text)bool;ha\
    s_column_privilege 3012(name,text,text,text)bool 3013(name,text,int2,text)bool 3014(name,oid,text,text)bool 30\
    15(name,oid,int2,text)bool 3016(oid,text,text,text)bool 3017(oid,text,int2,text)bool 3018(oid,oid,text,text)bo\
    ol 3019(oid,oid,int2,text)bool 3020(text,text,text)bool 3021(text,int2,text)bool 3022(oid,text,text)bool 3023(\
    oid,int2,text)bool;has_database_privilege 2250(name,text,text)bool 2251(name,oid,text)bool 2252(oid,text,text)\
    bool 2253(oid,oid,text)bool 2254(text,text)bool 2255(oid,text)bool;has_foreign_data_wrapper_privilege 3000(nam\
    e,text,text)bool 3001(name,oid,text)bool 3002(oid,text,text)bool 3003(oid,oid,text)bool 3004(text,text)bool 30\
    05(oid,text)bool;has_function_privilege 2256(name,text,text)bool 2257(name,oid,text)bool 2258(oid,text,text)bo\
    ol 2259(oid,oid,text)bool 2260(text,text)bool 2261(oid,text)bool;has_language_privilege 2262(name,text,text)bo\
    ol 2263(name,oid,text)bool 2264(oid,text,text)bool 2265(oid,oid,text)bool 2266(text,text)bool 2267(oid,text)bo\
    ol;has_parameter_privilege 6205(name,text,text)bool 6206(oid,text,text)bool 6207(text,text)bool;has_schema_pri\
    vilege 2268(name,text,text)bool 2269(name,oid,text)bool 2270(oid,text,text)bool 2271(oid,oid,text)bool 2272(te\
    xt,text)bool 2273(oid,text)bool;has_sequence_privilege 2181(name,text,text)bool 2182(name,oid,text)bool 2183(o\
    id,text,text)bool 2184(oid,oid,text)bool 2185(text,text)bool 2186(oid,text)bool;has_server_privilege 3006(name\
    ,text,text)bool 3007(name,oid,text)bool 3008(oid,text,text)bool 3009(oid,oid,text)bool 3010(text,text)bool 301\
    1(oid,text)bool;has_table_privilege 1922(name,text,text)bool 1923(name,oid,text)bool 1924(oid,text,text)bool 1\
    925(oid,oid,text)bool 1926(text,text)bool 1927(oid,text)bool;has_tablespace_privilege 2390(name,text,text)bool\
     2391(name,oid,text)bool 2392(oid,text,text)bool 2393(oid,oid,text)bool 2394(text,text)bool 2395(oid,text)bool\
    ;has_type_privilege 3138(name,text,text)bool 3139(name,oid,text)bool 3140(oid,text,text)bool 3141(oid,oid,text\
    )bool 3142(text,text)bool 3143(oid,text)bool;hash_aclitem 329(aclitem)int4;hash_aclitem_extended 777(aclitem,i\
    nt8)int8;hash_array 626(anyarray)int4;hash_array_extended 782(anyarray,int8)int8;hash_numeric 432(numeric)int4\
    ;hash_numeric_extended 780(numeric,int8)int8;hash_record 6192(record)int4;hash_record_extended 6193(record,int\
    8)int8;hashbpchar 1080(bpchar)int4;hashbpcharextended 972(bpchar,int8)int8;hashchar 454(char)int4;hashcharexte\
    nded 446(char,int8)int8;hashfloat4 451(float4)int4;hashfloat4extended 443(float4,int8)int8;hashfloat8 452(floa\
    t8)int4;hashfloat8extended 444(float8,int8)int8;hashint2 449(int2)int4;hashint2extended 441(int2,int8)int8;has\
    hint4 450(int4)int4;hashint4extended 425(int4,int8)int8;hashint8 949(int8)int4;hashint8extended 442(int8,int8)\
    int8;hashname 455(name)int4;hashnameextended 447(name,int8)int8;hashoid 453(oid)int4;hashoidextended 445(oid,i\
    nt8)int8;hashoidvector 457(oidvector)int4;hashoidvectorextended 776(oidvector,int8)int8;hashtext 400(text)int4\
    ;hashtextextended 448(text,int8)int8;in_range 4126(int8,int8,int8,bool,bool)bool 4127(int4,int4,int8,bool,bool\
    )bool 4128(int4,int4,int4,bool,bool)bool 4129(int4,int4,int2,bool,bool)bool 4130(int2,int2,int8,bool,bool)bool\
     4131(int2,int2,int4,bool,bool)bool 4132(int2,int2,int2,bool,bool)bool 4133(date,date,interval,bool,bool)bool \
    4134(timestamp,timestamp,interval,bool,bool)bool 4135(timestamptz,timestamptz,interval,bool,bool)bool 4136(int\
    erval,interval,interval,bool,bool)bool 4137(time,time,interval,bool,bool)bool 4139(float8,float8,float8,bool,b\
    ool)bool 4140(float4,float4,float8,bool,bool)bool 4141(numeric,numeric,numeric,bool,bool)bool;inet_client_port\
     2197()int4;inet_server_port 2199()int4;initcap 872(text)text;int2 237(float8)int2 238(float4)int2 314(int4)in\
    t2 714(int8)int2 1783(numeric)int2 3450(jsonb)int2;int24div 172(int2,int4)int4;int24eq 158(int2,int4)bool;int2\
    4ge 168(int2,int4)bool;int24gt 162(int2,int4)bool;int24le 166(int2,int4)bool;int24lt 160(int2,int4)bool;int24m\
    i 182(int2,int4)int4;int24mul 170(int2,int4)int4;int24ne 164(int2,int4)bool;int24pl 178(int2,int4)int4;int28di\
    v 948(int2,int8)int8;int28eq 1850(int2,int8)bool;int28ge 1855(int2,int8)bool;int28gt 1853(int2,int8)bool;int28\
    le 1854(int2,int8)bool;int28lt 1852(int2,int8)bool;int28mi 942(int2,int8)int8;int28mul 943(int2,int8)int8;int2\
    8ne 1851(int2,int8)bool;int28pl 841(int2,int8)int8;int2_avg_accum 1962(_int8,int2)_int8;int2_avg_accum_inv 357\
    0(_int8,int2)_int8;int2_sum 1840(int8,int2)int8;int2abs 1253(int2)int2;int2and 1892(int2,int2)int2;int2div 153\
    (int2,int2)int2;int2eq 63(int2,int2)bool;int2ge 151(int2,int2)bool;int2gt 146(int2,int2)bool;int2in 38(cstring\
    )int2;int2int4_sum 3572(_int8)int8;int2larger 770(int2,int2)int2;int2le 148(int2,int2)bool;int2lt 64(int2,int2\
    )bool;int2mi 180(int2,int2)int2;int2mod 155(int2,int2)int2;int2mul 152(int2,int2)int2;int2ne 145(int2,int2)boo\
    l;int2not 1895(int2)int2;int2or 1893(int2,int2)int2;int2out 39(int2)cstring;int2pl 176(int2,int2)int2;int2recv\
     2404(internal)int2;int2send 2405(int2)bytea;int2shl 1896(int2,int4)int2;int2shr 1897(int2,int4)int2;int2small\
    er 771(int2,int2)int2;int2um 213(int2)int2;int2up 1911(int2)int2;int2vectorin 40(cstring)int2vector;int2vector\
    out 41(int2vector)cstring;int2vectorrecv 2410(internal)int2vector;int2vectorsend 2411(int2vector)bytea;int2xor\
     1894(int2,int2)int2;int4 77(char)int4 313(int2)int4 317(float8)int4 319(float4)int4 480(int8)int4 1744(numeri\
    c)int4 2558(bool)int4 3451(jsonb)int4;int42div 173(int4,int2)int4;int42eq 159(int4,int2)bool;int42ge 169(int4,\
    int2)bool;int42gt 163(int4,int2)bool;int42le 167(int4,int2)bool;int42lt 161(int4,int2)bool;int42mi 183(int4,in\
    t2)int4;int42mul 171(int4,int2)int4;int42ne 165(int4,int2)bool;int42pl 179(int4,int2)int4;int48div 1281(int4,i\
    nt8)int8;int48eq 852(int4,int8)bool;int48ge 857(int4,int8)bool;int48gt 855(int4,int8)bool;int48le 856(int4,int\
    8)bool;int48lt 854(int4,int8)bool;int48mi 1279(int4,int8)int8;int48mul 1280(int4,int8)int8;int48ne 853(int4,in\
    t8)bool;int48pl 1278(int4,int8)int8;int4_avg_accum 1963(_int8,int4)_int8;int4_avg_accum_inv 3571(_int8,int4)_i\
    nt8;int4_avg_combine 3324(_int8,_int8)_int8;int4_sum 1841(int8,int4)int8;int4abs 1251(int4)int4;int4and 1898(i\
    nt4,int4)int4;int4div 154(int4,int4)int4;int4eq 65(int4,int4)bool;int4ge 150(int4,int4)bool;int4gt 147(int4,in\
    t4)bool;int4in 42(cstring)int4;int4inc 766(int4)int4;int4larger 768(int4,int4)int4;int4le 149(int4,int4)bool;i\
    nt4lt 66(int4,int4)bool;int4mi 181(int4,int4)int4;int4mod 156(int4,int4)int4;int4mul 141(int4,int4)int4;int4ne\
     144(int4,int4)bool;int4not 1901(int4)int4;int4or 1899(int4,int4)int4;int4out 43(int4)cstring;int4pl 177(int4,\
    int4)int4;int4range_subdiff 3922(int4,int4)float8;int4recv 2406(internal)int4;int4send 2407(int4)bytea;int4shl\
     1902(int4,int4)int4;int4shr 1903(int4,int4)int4;int4smaller 769(int4,int4)int4;int4um 212(int4)int4;int4up 19\
    12(int4)int4;int4xor 1900(int4,int4)int4;int8 481(int4)int8 483(float8)int8 653(float4)int8 754(int2)int8 1288\
    (oid)int8 1779(numeric)int8 3452(jsonb)int8;int82div 840(int8,int2)int8;int82eq 1856(int8,int2)bool;int82ge 18\
    61(int8,int2)bool;int82gt 1859(int8,int2)bool;int82le 1860(int8,int2)bool;int82lt 1858(int8,int2)bool;int82mi \
    838(int8,int2)int8;int82mul 839(int8,int2)int8;int82ne 1857(int8,int2)bool;int82pl 837(int8,int2)int8;int84div\
     1277(int8,int4)int8;int84eq 474(int8,int4)bool;int84ge 479(int8,int4)bool;int84gt 477(int8,int4)bool;int84le \
    478(int8,int4)bool;int84lt 476(int8,int4)bool;int84mi 1275(int8,int4)int8;int84mul 1276(int8,int4)int8;int84ne\
     475(int8,int4)bool;int84pl 1274(int8,int4)int8;int8_avg 1964(_int8)numeric;int8_sum 1842(numeric,int8)numeric\
    ;int8abs 1230(int8)int8;int8and 1904(int8,int8)int8;int8dec 3546(int8)int8;int8dec_any 3547(int8,any)int8;int8\
    div 466(int8,int8)int8;int8eq 467(int8,int8)bool;int8ge 472(int8,int8)bool;int8gt 470(int8,int8)bool;int8in 46\
    0(cstring)int8;int8inc 1219(int8)int8;int8inc_any 2804(int8,any)int8;int8inc_float8_float8 2805(int8,float8,fl\
    oat8)int8;int8larger 1236(int8,int8)int8;int8le 471(int8,int8)bool;int8lt 469(int8,int8)bool;int8mi 464(int8,i\
    nt8)int8;int8mod 945(int8,int8)int8;int8mul 465(int8,int8)int8;int8ne 468(int8,int8)bool;int8not 1907(int8)int\
    8;int8or 1905(int8,int8)int8;int8out 461(int8)cstring;int8pl 463(int8,int8)int8;int8range_subdiff 3923(int8,in\
    t8)float8;int8recv 2408(internal)int8;int8send 2409(int8)bytea;int8shl 1908(int8,int4)int8;int8shr 1909(int8,i\
    nt4)int8;int8smaller 1237(int8,int8)int8;int8um 462(int8)int8;int8up 1910(int8)int8;int8xor 1906(int8,int8)int\
    8;integer_pl_date 2550(int4,date)date;internal_in 2304(cstring)internal;internal_out 2305(internal)cstring;int\
    erval 1200(interval,int4)interval 1370(time)interval;interval_accum 1843(_interval,interval)_interval;interval\
    _accum_inv 3549(_interval,interval)_interval;interval_avg 1844(_interval)interval;interval_cmp 1315(interval,i\
    nterval)int4;interval_combine 3325(_interval,_interval)_interval;interval_div 1326(interval,float8)interval;in\
    terval_eq 1162(interval,interval)bool;interval_ge 1166(interval,interval)bool;interval_gt 1167(interval,interv\
    al)bool;interval_hash 1697(interval)int4;interval_hash_extended 3418(interval,int8)int8;interval_in 1160(cstri\
    ng,oid,int4)interval;interval_larger 1198(interval,interval)interval;interval_le 1165(interval,interval)bool;i\
    nterval_lt 1164(interval,interval)bool;interval_mi 1170(interval,interval)interval;interval_mul 1618(interval,\
    float8)interval;interval_ne 1163(interval,interval)bool;interval_out 1161(interval)cstring;interval_pl 1169(in\
    terval,interval)interval;interval_pl_date 2546(interval,date)timestamp;interval_pl_time 1848(interval,time)tim\
    e;interval_pl_timestamp 2548(interval,timestamp)timestamp;interval_pl_timestamptz 2549(interval,timestamptz)ti\
    mestamptz;interval_recv 2478(internal,oid,int4)interval;interval_send 2479(interval)bytea;interval_smaller 119\
    7(interval,interval)interval;interval_um 1168(interval)interval;intervaltypmodin 2903(_cstring)int4;intervalty\
    pmodout 2904(int4)cstring;is_normalized 4351(text,text)bool;isfinite 1373(date)bool 1389(timestamptz)bool 1390\
    (interval)bool 2048(timestamp)bool;json_agg 3175(anyelement)json;json_array_element 3949(json,int4)json;json_a\
    rray_element_text 3950(json,int4)text;json_array_elements 3955(json)*json;json_array_elements_text 3969(json)*\
    text;json_array_length 3956(json)int4;json_build_array 3198(any)json 3199()json;json_build_object 3200(any)jso\
    n 3201()json;json_each 3958(json)*record;json_each_text 3959(json)*record;json_extract_path 3951(json,_text)js\
    on;json_extract_path_text 3953(json,_text)text;json_in 321(cstring)json;json_object 3202(_text)json 3203(_text\
    ,_text)json;json_object_agg 3197(any,any)json;json_object_field 3947(json,text)json;json_object_field_text 394\
    8(json,text)text;json_object_keys 3957(json)*text;json_out 322(json)cstring;json_populate_record 3960(anyeleme\
    nt,json,bool)anyelement;json_populate_recordset 3961(anyelement,json,bool)*anyelement;json_recv 323(internal)j\
    son;json_send 324(json)bytea;json_strip_nulls 3261(json)json;json_to_record 3204(json)record;json_to_recordset\
     3205(json)*record;json_typeof 3968(json)text;jsonb_agg 3267(anyelement)jsonb;jsonb_array_element 3215(jsonb,i\
    nt4)jsonb;jsonb_array_element_text 3216(jsonb,int4)text;jsonb_array_elements 3219(jsonb)*jsonb;jsonb_array_ele\
    ments_text 3465(jsonb)*text;jsonb_array_length 3207(jsonb)int4;jsonb_build_array 3271(any)jsonb 3272()jsonb;js\
    onb_build_object 3273(any)jsonb 3274()jsonb;jsonb_cmp 4044(jsonb,jsonb)int4;jsonb_concat 3301(jsonb,jsonb)json\
    b;jsonb_contained 4050(jsonb,jsonb)bool;jsonb_contains 4046(jsonb,jsonb)bool;jsonb_delete 3302(jsonb,text)json\
    b 3303(jsonb,int4)jsonb 3343(jsonb,_text)jsonb;jsonb_delete_path 3304(jsonb,_text)jsonb;jsonb_each 3208(jsonb)\
    *record;jsonb_each_text 3932(jsonb)*record;jsonb_eq 4043(jsonb,jsonb)bool;jsonb_exists 4047(jsonb,text)bool;js\
    onb_exists_all 4049(jsonb,_text)bool;jsonb_exists_any 4048(jsonb,_text)bool;jsonb_extract_path 3217(jsonb,_tex\
    t)jsonb;jsonb_extract_path_text 3940(jsonb,_text)text;jsonb_ge 4042(jsonb,jsonb)bool;jsonb_gt 4040(jsonb,jsonb\
    )bool;jsonb_hash 4045(jsonb)int4;jsonb_hash_extended 3416(jsonb,int8)int8;jsonb_in 3806(cstring)jsonb;jsonb_in\
    sert 3579(jsonb,_text,jsonb,bool)jsonb;jsonb_le 4041(jsonb,jsonb)bool;jsonb_lt 4039(jsonb,jsonb)bool;jsonb_ne \
    4038(jsonb,jsonb)bool;jsonb_object 3263(_text)jsonb 3264(_text,_text)jsonb;jsonb_object_agg 3270(any,any)jsonb\
    ;jsonb_object_field 3478(jsonb,text)jsonb;jsonb_object_field_text 3214(jsonb,text)text;jsonb_object_keys 3931(\
    jsonb)*text;jsonb_out 3804(jsonb)cstring;jsonb_populate_record 3209(anyelement,jsonb)anyelement;jsonb_populate\
    _recordset 3475(anyelement,jsonb)*anyelement;jsonb_pretty 3306(jsonb)text;jsonb_recv 3805(internal)jsonb;jsonb\
    _send 3803(jsonb)bytea;jsonb_set 3305(jsonb,_text,jsonb,bool)jsonb;jsonb_set_lax 5054(jsonb,_text,jsonb,bool,t\
    ext)jsonb;jsonb_strip_nulls 3262(jsonb)jsonb;jsonb_subscript_handler 6098(internal)internal;jsonb_to_record 34\
    90(jsonb)record;jsonb_to_recordset 3491(jsonb)*record;jsonb_typeof 3210(jsonb)text;justify_days 1295(interval)\
    interval;justify_hours 1175(interval)interval;justify_interval 2711(interval)interval;lag 3106(anyelement)anye\
    lement 3107(anyelement,int4)anyelement 3108(anycompatible,int4,anycompatible)anycompatible;last_value 3113(any\
    element)anyelement;lastval 2559()int8;lcm 5046(int4,int4)int4 5047(int8,int8)int8 5049(numeric,numeric)numeric\
    ;lead 3109(anyelement)anyelement 3110(anyelement,int4)anyelement 3111(anycompatible,int4,anycompatible)anycomp\
    atible;left 3060(text,int4)text;length 1317(text)int4 1318(bpchar)int4 1713(bytea,name)int4 2010(bytea)int4;li\
    ke 1569(text,text)bool 1571(name,text)bool 2007(bytea,bytea)bool;like_escape 1637(text,text)text 2009(bytea,by\
    tea)bytea;ln 1341(float8)float8 1734(numeric)numeric;lo_close 953(int4)int4;lo_creat 957(int4)oid;lo_create 71\
    5(oid)oid;lo_export 765(oid,text)int4;lo_from_bytea 3457(oid,bytea)oid;lo_get 3458(oid)bytea 3459(oid,int8,int\
    4)bytea;lo_import 764(text)oid 767(text,oid)oid;lo_lseek 956(int4,int4,int4)int4;lo_lseek64 3170(int4,int8,int\
    4)int8;lo_open 952(oid,int4)int4;lo_put 3460(oid,int8,bytea)void;lo_tell 958(int4)int4;lo_tell64 3171(int4)int\
    8;lo_truncate 1004(int4,int4)int4;lo_truncate64 3172(int4,int8)int4;lo_unlink 964(oid)int4;log 1340(float8)flo\
    at8 1736(numeric,numeric)numeric 1741(numeric)numeric;log10 1194(float8)float8 1481(numeric)numeric;loread 954\
    (int4,int4)bytea;lower 870(text)text;lowrite 955(int4,bytea)int4;lpad 873(text,int4,text)text 879(text,int4)te\
    xt;ltrim 875(text,text)text 881(text)text 6195(bytea,bytea)bytea;make_date 3846(int4,int4,int4)date;make_inter\
    val 3464(int4,int4,int4,int4,int4,int4,float8)interval;make_time 3847(int4,int4,float8)time;make_timestamp 346\
    1(int4,int4,int4,int4,int4,float8)timestamp;make_timestamptz 3462(int4,int4,int4,int4,int4,float8)timestamptz \
    3463(int4,int4,int4,int4,int4,float8,text)timestamptz;makeaclitem 1365(oid,oid,text,bool)aclitem;max 2050(anya\
    rray)anyarray 2115(int8)int8 2116(int4)int4 2117(int2)int2 2118(oid)oid 2119(float4)float4 2120(float8)float8 \
    2122(date)date 2123(time)time 2126(timestamp)timestamp 2127(timestamptz)timestamptz 2128(interval)interval 212\
    9(text)text 2130(numeric)numeric 2244(bpchar)bpchar;md5 2311(text)text 2321(bytea)text;min 2051(anyarray)anyar\
    ray 2131(int8)int8 2132(int4)int4 2133(int2)int2 2134(oid)oid 2135(float4)float4 2136(float8)float8 2138(date)\
    date 2139(time)time 2142(timestamp)timestamp 2143(timestamptz)timestamptz 2144(interval)interval 2145(text)tex\
    t 2146(numeric)numeric 2245(bpchar)bpchar;min_scale 5042(numeric)int4;mod 940(int2,int2)int2 941(int4,int4)int\
    4 947(int8,int8)int8 1728(numeric,numeric)numeric;mode 3984(anyelement)anyelement;mul_d_interval 1624(float8,i\
    nterval)interval;mxid_age 3939(xid)int4;name 407(text)name 409(bpchar)name 1400(varchar)name;nameconcatoid 266\
    (name,oid)name;nameeq 62(name,name)bool;nameeqtext 240(name,text)bool;namege 658(name,name)bool;namegetext 243\
    (name,text)bool;namegt 657(name,name)bool;namegttext 244(name,text)bool;nameiclike 1635(name,text)bool;nameicn\
    like 1636(name,text)bool;nameicregexeq 1240(name,text)bool;nameicregexne 1241(name,text)bool;namein 34(cstring\
    )name;namele 656(name,name)bool;nameletext 242(name,text)bool;namelike 858(name,text)bool;namelt 655(name,name\
    )bool;namelttext 241(name,text)bool;namene 659(name,name)bool;namenetext 245(name,text)bool;namenlike 859(name\
    ,text)bool;nameout 35(name)cstring;namerecv 2422(internal)name;nameregexeq 79(name,text)bool;nameregexne 1252(\
    name,text)bool;namesend 2423(name)bytea;nextval 1574(regclass)int8;normalize 4350(text,text)text;notlike 1570(\
    text,text)bool 1572(name,text)bool 2008(bytea,bytea)bool;now 1299()timestamptz;nth_value 3114(anyelement,int4)\
    anyelement;ntile 3105(int4)int4;num_nonnulls 440(any)int4;num_nulls 438(any)int4;numeric 1703(numeric,int4)num\
    eric 1740(int4)numeric 1742(float4)numeric 1743(float8)numeric 1781(int8)numeric 1782(int2)numeric 3449(jsonb)\
    numeric;numeric_abs 1704(numeric)numeric;numeric_add 1724(numeric,numeric)numeric;numeric_cmp 1769(numeric,num\
    eric)int4;numeric_div 1727(numeric,numeric)numeric;numeric_div_trunc 1980(numeric,numeric)numeric;numeric_eq 1\
    718(numeric,numeric)bool;numeric_exp 1733(numeric)numeric;numeric_ge 1721(numeric,numeric)bool;numeric_gt 1720\
    (numeric,numeric)bool;numeric_in 1701(cstring,oid,int4)numeric;numeric_inc 1764(numeric)numeric;numeric_larger\
     1767(numeric,numeric)numeric;numeric_le 1723(numeric,numeric)bool;numeric_ln 1735(numeric)numeric;numeric_log\
     1737(numeric,numeric)numeric;numeric_lt 1722(numeric,numeric)bool;numeric_mod 1729(numeric,numeric)numeric;nu\
    meric_mul 1726(numeric,numeric)numeric;numeric_ne 1719(numeric,numeric)bool;numeric_out 1702(numeric)cstring;n\
    umeric_power 1739(numeric,numeric)numeric;numeric_recv 2460(internal,oid,int4)numeric;numeric_send 2461(numeri\
    c)bytea;numeric_smaller 1766(numeric,numeric)numeric;numeric_sqrt 1731(numeric)numeric;numeric_sub 1725(numeri\
    c,numeric)numeric;numeric_uminus 1771(numeric)numeric;numeric_uplus 1915(numeric)numeric;numerictypmodin 2917(\
    _cstring)int4;numerictypmodout 2918(int4)cstring;numrange_subdiff 3924(numeric,numeric)float8;obj_description \
    1215(oid,name)text 1348(oid)text;octet_length 720(bytea)int4 1374(text)int4 1375(bpchar)int4;oid 1287(int8)oid\
    ;oideq 184(oid,oid)bool;oidge 1639(oid,oid)bool;oidgt 1638(oid,oid)bool;oidin 1798(cstring)oid;oidlarger 1965(\
    oid,oid)oid;oidle 717(oid,oid)bool;oidlt 716(oid,oid)bool;oidne 185(oid,oid)bool;oidout 1799(oid)cstring;oidre\
    cv 2418(internal)oid;oidsend 2419(oid)bytea;oidsmaller 1966(oid,oid)oid;oidvectoreq 679(oidvector,oidvector)bo\
    ol;oidvectorge 680(oidvector,oidvector)bool;oidvectorgt 681(oidvector,oidvector)bool;oidvectorin 54(cstring)oi\
    dvector;oidvectorle 678(oidvector,oidvector)bool;oidvectorlt 677(oidvector,oidvector)bool;oidvectorne 619(oidv\
    ector,oidvector)bool;oidvectorout 55(oidvector)cstring;oidvectorrecv 2420(internal)oidvector;oidvectorsend 242\
    1(oidvector)bytea;oidvectortypes 1349(oidvector)text;overlaps 1304(timestamptz,timestamptz,timestamptz,timesta\
    mptz)bool 1305(timestamptz,interval,timestamptz,interval)bool 1306(timestamptz,timestamptz,timestamptz,interva\
    l)bool 1307(timestamptz,interval,timestamptz,timestamptz)bool 1308(time,time,time,time)bool 1309(time,interval\
    ,time,interval)bool 1310(time,time,time,interval)bool 1311(time,interval,time,time)bool 2041(timestamp,timesta\
    mp,timestamp,timestamp)bool 2042(timestamp,interval,timestamp,interval)bool 2043(timestamp,timestamp,timestamp\
    ,interval)bool 2044(timestamp,interval,timestamp,timestamp)bool;overlay 749(bytea,bytea,int4,int4)bytea 752(by\
    tea,bytea,int4)bytea 1404(text,text,int4,int4)text 1405(text,text,int4)text;parse_ident 1268(text,bool)_text;p\
    ercent_rank 3103()float8 3988(any)float8;percentile_cont 3974(float8,float8)float8 3976(float8,interval)interv\
    al 3980(_float8,float8)_float8 3982(_float8,interval)_interval;percentile_disc 3972(float8,anyelement)anyeleme\
    nt 3978(_float8,anyelement)anyarray;pg_advisory_lock 2880(int8)void 2886(int4,int4)void;pg_advisory_lock_share\
    d 2881(int8)void 2887(int4,int4)void;pg_advisory_unlock 2884(int8)bool 2890(int4,int4)bool;pg_advisory_unlock_\
    all 2892()void;pg_advisory_unlock_shared 2885(int8)bool 2891(int4,int4)bool;pg_advisory_xact_lock 3089(int8)vo\
    id 3093(int4,int4)void;pg_advisory_xact_lock_shared 3090(int8)void 3094(int4,int4)void;pg_available_extension_\
    versions 3083()*record;pg_available_extensions 3082()*record;pg_backend_pid 2026()int4;pg_backup_stop 2739(boo\
    l)record;pg_blocking_pids 2561(int4)_int4;pg_cancel_backend 2171(int4)bool;pg_char_to_encoding 1264(name)int4;\
    pg_client_encoding 810()name;pg_collation_actual_version 3448(oid)text;pg_collation_for 3162(any)text;pg_colla\
    tion_is_visible 3815(oid)bool;pg_column_compression 2121(any)text;pg_column_is_updatable 3843(regclass,int2,bo\
    ol)bool;pg_column_size 1269(any)int4;pg_conf_load_time 2034()timestamptz;pg_config 3400()*record;pg_control_ch\
    eckpoint 3442()record;pg_control_init 3444()record;pg_control_recovery 3443()record;pg_control_system 3441()re\
    cord;pg_conversion_is_visible 2093(oid)bool;pg_copy_logical_replication_slot 4222(name,name,bool,name)record 4\
    223(name,name,bool)record 4224(name,name)record;pg_copy_physical_replication_slot 4220(name,name,bool)record 4\
    221(name,name)record;pg_create_logical_replication_slot 3786(name,name,bool,bool)record;pg_create_physical_rep\
    lication_slot 3779(name,bool,bool)record;pg_current_logfile 3800()text 3801(text)text;pg_cursor 2511()*record;\
    pg_database_collation_actual_version 6249(oid)text;pg_database_size 2168(name)int8 2324(oid)int8;pg_describe_o\
    bject 3537(oid,oid,int4)text;pg_drop_replication_slot 3780(name)void;pg_encoding_max_length 2319(int4)int4;pg_\
    encoding_to_char 1597(int4)name;pg_event_trigger_ddl_commands 4568()*record;pg_event_trigger_dropped_objects 3\
    566()*record;pg_event_trigger_table_rewrite_oid 4566()oid;pg_event_trigger_table_rewrite_reason 4567()int4;pg_\
    export_snapshot 3809()text;pg_extension_config_dump 3086(regclass,text)void;pg_extension_update_paths 3084(nam\
    e)*record;pg_filenode_relation 3454(oid,oid)regclass;pg_function_is_visible 2081(oid)bool;pg_get_backend_memor\
    y_contexts 2282()*record;pg_get_catalog_foreign_keys 6159()*record;pg_get_constraintdef 1387(oid)text 2508(oid\
    ,bool)text;pg_get_expr 1716(pg_node_tree,oid)text 2509(pg_node_tree,oid,bool)text;pg_get_function_arg_default \
    3808(oid,int4)text;pg_get_function_arguments 2162(oid)text;pg_get_function_identity_arguments 2232(oid)text;pg\
    _get_function_result 2165(oid)text;pg_get_function_sqlbody 6197(oid)text;pg_get_functiondef 2098(oid)text;pg_g\
    et_indexdef 1643(oid)text 2507(oid,int4,bool)text;pg_get_keywords 1686()*record;pg_get_multixact_members 3819(\
    xid)*record;pg_get_object_address 3954(text,_text,_text)record;pg_get_partition_constraintdef 3408(oid)text;pg\
    _get_partkeydef 3352(oid)text;pg_get_publication_tables 6119(text)*record;pg_get_replica_identity_index 6120(r\
    egclass)regclass;pg_get_replication_slots 3781()*record;pg_get_ruledef 1573(oid)text 2504(oid,bool)text;pg_get\
    _serial_sequence 1665(text,text)text;pg_get_shmem_allocations 5052()*record;pg_get_statisticsobjdef 3415(oid)t\
    ext;pg_get_statisticsobjdef_columns 6174(oid)text;pg_get_statisticsobjdef_expressions 6173(oid)_text;pg_get_tr\
    iggerdef 1662(oid)text 2730(oid,bool)text;pg_get_userbyid 1642(oid)name;pg_get_viewdef 1640(text)text 1641(oid\
    )text 2505(text,bool)text 2506(oid,bool)text 3159(oid,int4)text;pg_get_wal_replay_pause_state 1137()text;pg_ge\
    t_wal_resource_managers 6224()*record;pg_has_role 2705(name,name,text)bool 2706(name,oid,text)bool 2707(oid,na\
    me,text)bool 2708(oid,oid,text)bool 2709(name,text)bool 2710(oid,text)bool;pg_hba_file_rules 3401()*record;pg_\
    ident_file_mappings 6250()*record;pg_identify_object 3839(oid,oid,int4)record;pg_identify_object_as_address 33\
    82(oid,oid,int4)record;pg_import_system_collations 3445(regnamespace)int4;pg_index_column_has_property 638(reg\
    class,int4,text)bool;pg_index_has_property 637(regclass,text)bool;pg_indexam_has_property 636(oid,text)bool;pg\
    _indexam_progress_phasename 676(oid,int8)text;pg_indexes_size 2998(regclass)int8;pg_is_in_recovery 3810()bool;\
    pg_is_other_temp_schema 2855(oid)bool;pg_is_wal_replay_paused 3073()bool;pg_isolation_test_session_is_blocked \
    3378(int4,_int4)bool;pg_jit_available 315()bool;pg_last_committed_xact 3583()record;pg_last_xact_replay_timest\
    amp 3830()timestamptz;pg_listening_channels 3035()*text;pg_lock_status 1371()*record;pg_log_backend_memory_con\
    texts 4543(int4)bool;pg_ls_archive_statusdir 5031()*record;pg_ls_dir 2625(text)*text 3297(text,bool,bool)*text\
    ;pg_ls_logdir 3353()*record;pg_ls_logicalmapdir 6271()*record;pg_ls_logicalsnapdir 6270()*record;pg_ls_replslo\
    tdir 6272(text)*record;pg_ls_tmpdir 5029()*record 5030(oid)*record;pg_ls_waldir 3354()*record;pg_my_temp_schem\
    a 2854()oid;pg_nextoid 275(regclass,name,regclass)oid;pg_node_tree_in 195(cstring)pg_node_tree;pg_node_tree_ou\
    t 196(pg_node_tree)cstring;pg_node_tree_recv 197(internal)pg_node_tree;pg_node_tree_send 198(pg_node_tree)byte\
    a;pg_notification_queue_usage 3296()float8;pg_notify 3036(text,text)void;pg_opclass_is_visible 2083(oid)bool;p\
    g_operator_is_visible 2082(oid)bool;pg_opfamily_is_visible 3829(oid)bool;pg_options_to_table 2289(_text)*recor\
    d;pg_partition_ancestors 3425(regclass)*regclass;pg_partition_root 3424(regclass)regclass;pg_partition_tree 34\
    23(regclass)*record;pg_postmaster_start_time 2560()timestamptz;pg_prepared_statement 2510()*record;pg_prepared\
    _xact 1065()*record;pg_promote 3436(bool,int4)bool;pg_read_binary_file 3295(text,int8,int8,bool)bytea 3827(tex\
    t,int8,int8)bytea 3828(text)bytea;pg_read_file 2624(text,int8,int8)text 3293(text,int8,int8,bool)text 3826(tex\
    t)text;pg_read_file_old 4100(text,int8,int8)text;pg_relation_filenode 2999(regclass)oid;pg_relation_filepath 3\
    034(regclass)text;pg_relation_is_publishable 6121(regclass)bool;pg_relation_is_updatable 3842(regclass,bool)in\
    t4;pg_relation_size 2325(regclass)int8 2332(regclass,text)int8;pg_reload_conf 2621()bool;pg_replication_origin\
    _create 6003(text)oid;pg_replication_origin_drop 6004(text)void;pg_replication_origin_oid 6005(text)oid;pg_rep\
    lication_origin_session_is_setup 6008()bool;pg_replication_origin_session_reset 6007()void;pg_replication_orig\
    in_session_setup 6006(text)void;pg_replication_origin_xact_reset 6011()void;pg_rotate_logfile 2622()bool;pg_ro\
    tate_logfile_old 4099()bool;pg_safe_snapshot_blocking_pids 3376(int4)_int4;pg_sequence_last_value 4032(regclas\
    s)int8;pg_sequence_parameters 3078(oid)record;pg_settings_get_flags 6240(text)_text;pg_show_all_file_settings \
    3329()*record;pg_show_all_settings 2084()*record;pg_show_replication_origin_status 6014()*record;pg_size_bytes\
     3334(text)int8;pg_size_pretty 2288(int8)text 3166(numeric)text;pg_sleep 2626(float8)void;pg_sleep_for 3935(in\
    terval)void;pg_sleep_until 3936(timestamptz)void;pg_stat_clear_snapshot 2230()void;pg_stat_file 2623(text)reco\
    rd 3307(text,bool)record;pg_stat_force_next_flush 2137()void;pg_stat_get_activity 2022(int4)*record;pg_stat_ge\
    t_analyze_count 3056(oid)int8;pg_stat_get_archiver 3195()record;pg_stat_get_autoanalyze_count 3057(oid)int8;pg\
    _stat_get_autovacuum_count 3055(oid)int8;pg_stat_get_backend_activity 1940(int4)text;pg_stat_get_backend_activ\
    ity_start 2094(int4)timestamptz;pg_stat_get_backend_client_port 1393(int4)int4;pg_stat_get_backend_dbid 1938(i\
    nt4)oid;pg_stat_get_backend_idset 1936()*int4;pg_stat_get_backend_pid 1937(int4)int4;pg_stat_get_backend_start\
     1391(int4)timestamptz;pg_stat_get_backend_userid 1939(int4)oid;pg_stat_get_backend_wait_event 2853(int4)text;\
    pg_stat_get_backend_wait_event_type 2788(int4)text;pg_stat_get_backend_xact_start 2857(int4)timestamptz;pg_sta\
    t_get_bgwriter_buf_written_checkpoints 2771()int8;pg_stat_get_bgwriter_buf_written_clean 2772()int8;pg_stat_ge\
    t_bgwriter_maxwritten_clean 2773()int8;pg_stat_get_bgwriter_requested_checkpoints 2770()int8;pg_stat_get_bgwri\
    ter_stat_reset_time 3075()timestamptz;pg_stat_get_bgwriter_timed_checkpoints 2769()int8;pg_stat_get_blocks_fet\
    ched 1934(oid)int8;pg_stat_get_blocks_hit 1935(oid)int8;pg_stat_get_buf_alloc 2859()int8;pg_stat_get_buf_fsync\
    _backend 3063()int8;pg_stat_get_buf_written_backend 2775()int8;pg_stat_get_checkpoint_sync_time 3161()float8;p\
    g_stat_get_checkpoint_write_time 3160()float8;pg_stat_get_db_active_time 6186(oid)float8;pg_stat_get_db_blk_re\
    ad_time 2844(oid)float8;pg_stat_get_db_blk_write_time 2845(oid)float8;pg_stat_get_db_blocks_fetched 1944(oid)i\
    nt8;pg_stat_get_db_blocks_hit 1945(oid)int8;pg_stat_get_db_checksum_failures 3426(oid)int8;pg_stat_get_db_chec\
    ksum_last_failure 3428(oid)timestamptz;pg_stat_get_db_conflict_all 3070(oid)int8;pg_stat_get_db_conflict_buffe\
    rpin 3068(oid)int8;pg_stat_get_db_conflict_lock 3066(oid)int8;pg_stat_get_db_conflict_snapshot 3067(oid)int8;p\
    g_stat_get_db_conflict_startup_deadlock 3069(oid)int8;pg_stat_get_db_conflict_tablespace 3065(oid)int8;pg_stat\
    _get_db_deadlocks 3152(oid)int8;pg_stat_get_db_idle_in_transaction_time 6187(oid)float8;pg_stat_get_db_numback\
    ends 1941(oid)int4;pg_stat_get_db_session_time 6185(oid)float8;pg_stat_get_db_sessions 6188(oid)int8;pg_stat_g\
    et_db_sessions_abandoned 6189(oid)int8;pg_stat_get_db_sessions_fatal 6190(oid)int8;pg_stat_get_db_sessions_kil\
    led 6191(oid)int8;pg_stat_get_db_stat_reset_time 3074(oid)timestamptz;pg_stat_get_db_temp_bytes 3151(oid)int8;\
    pg_stat_get_db_temp_files 3150(oid)int8;pg_stat_get_db_tuples_deleted 2762(oid)int8;pg_stat_get_db_tuples_fetc\
    hed 2759(oid)int8;pg_stat_get_db_tuples_inserted 2760(oid)int8;pg_stat_get_db_tuples_returned 2758(oid)int8;pg\
    _stat_get_db_tuples_updated 2761(oid)int8;pg_stat_get_db_xact_commit 1942(oid)int8;pg_stat_get_db_xact_rollbac\
    k 1943(oid)int8;pg_stat_get_dead_tuples 2879(oid)int8;pg_stat_get_function_calls 2978(oid)int8;pg_stat_get_fun\
    ction_self_time 2980(oid)float8;pg_stat_get_function_total_time 2979(oid)float8;pg_stat_get_ins_since_vacuum 5\
    053(oid)int8;pg_stat_get_last_analyze_time 2783(oid)timestamptz;pg_stat_get_last_autoanalyze_time 2784(oid)tim\
    estamptz;pg_stat_get_last_autovacuum_time 2782(oid)timestamptz;pg_stat_get_last_vacuum_time 2781(oid)timestamp\
    tz;pg_stat_get_live_tuples 2878(oid)int8;pg_stat_get_mod_since_analyze 3177(oid)int8;pg_stat_get_numscans 1928\
    (oid)int8;pg_stat_get_progress_info 3318(text)*record;pg_stat_get_recovery_prefetch 6248()*record;pg_stat_get_\
    replication_slot 6169(text)record;pg_stat_get_slru 2306()*record;pg_stat_get_snapshot_timestamp 3788()timestam\
    ptz;pg_stat_get_subscription 6118(oid)*record;pg_stat_get_subscription_stats 6231(oid)record;pg_stat_get_tuple\
    s_deleted 1933(oid)int8;pg_stat_get_tuples_fetched 1930(oid)int8;pg_stat_get_tuples_hot_updated 1972(oid)int8;\
    pg_stat_get_tuples_inserted 1931(oid)int8;pg_stat_get_tuples_returned 1929(oid)int8;pg_stat_get_tuples_updated\
     1932(oid)int8;pg_stat_get_vacuum_count 3054(oid)int8;pg_stat_get_wal 1136()record;pg_stat_get_wal_receiver 33\
    17()record;pg_stat_get_wal_senders 3099()*record;pg_stat_get_xact_blocks_fetched 3044(oid)int8;pg_stat_get_xac\
    t_blocks_hit 3045(oid)int8;pg_stat_get_xact_function_calls 3046(oid)int8;pg_stat_get_xact_function_self_time 3\
    048(oid)float8;pg_stat_get_xact_function_total_time 3047(oid)float8;pg_stat_get_xact_numscans 3037(oid)int8;pg\
    _stat_get_xact_tuples_deleted 3042(oid)int8;pg_stat_get_xact_tuples_fetched 3039(oid)int8;pg_stat_get_xact_tup\
    les_hot_updated 3043(oid)int8;pg_stat_get_xact_tuples_inserted 3040(oid)int8;pg_stat_get_xact_tuples_returned \
    3038(oid)int8;pg_stat_get_xact_tuples_updated 3041(oid)int8;pg_stat_have_stats 6230(text,oid,oid)bool;pg_stat_\
    reset 2274()void;pg_stat_reset_replication_slot 6170(text)void;pg_stat_reset_shared 3775(text)void;pg_stat_res\
    et_single_function_counters 3777(oid)void;pg_stat_reset_single_table_counters 3776(oid)void;pg_stat_reset_slru\
     2307(text)void;pg_stat_reset_subscription_stats 6232(oid)void;pg_statistics_obj_is_visible 3403(oid)bool;pg_s\
    top_making_pinned_objects 6241()void;pg_table_is_visible 2079(oid)bool;pg_table_size 2997(regclass)int8;pg_tab\
    lespace_databases 2556(oid)*oid;pg_tablespace_location 3778(oid)text;pg_tablespace_size 2322(oid)int8 2323(nam\
    e)int8;pg_terminate_backend 2096(int4,int8)bool;pg_timezone_abbrevs 2599()*record;pg_timezone_names 2856()*rec\
    ord;pg_total_relation_size 2286(regclass)int8;pg_trigger_depth 3163()int4;pg_try_advisory_lock 2882(int8)bool \
    2888(int4,int4)bool;pg_try_advisory_lock_shared 2883(int8)bool 2889(int4,int4)bool;pg_try_advisory_xact_lock 3\
    091(int8)bool 3095(int4,int4)bool;pg_try_advisory_xact_lock_shared 3092(int8)bool 3096(int4,int4)bool;pg_ts_co\
    nfig_is_visible 3758(oid)bool;pg_ts_dict_is_visible 3757(oid)bool;pg_ts_parser_is_visible 3756(oid)bool;pg_ts_\
    template_is_visible 3768(oid)bool;pg_type_is_visible 2080(oid)bool;pg_typeof 1619(any)regtype;pg_wal_replay_pa\
    use 3071()void;pg_wal_replay_resume 3072()void;pg_xact_commit_timestamp 3581(xid)timestamptz;pg_xact_commit_ti\
    mestamp_origin 6168(xid)record;pi 1610()float8;plpgsql_validator 13562(oid)void;position 849(text,text)int4 20\
    14(bytea,bytea)int4;postgresql_fdw_validator 2316(_text,oid)bool;pow 1346(float8,float8)float8 1738(numeric,nu\
    meric)numeric;power 1368(float8,float8)float8 2169(numeric,numeric)numeric;quote_ident 1282(text)text;quote_li\
    teral 1283(text)text 1285(anyelement)text;quote_nullable 1289(text)text 1290(anyelement)text;radians 1609(floa\
    t8)float8;random 1598()float8;rank 3101()int8 3986(any)int8;raw_array_subscript_handler 6180(internal)internal\
    ;record_eq 2981(record,record)bool;record_ge 2986(record,record)bool;record_gt 2984(record,record)bool;record_\
    image_eq 3181(record,record)bool;record_image_ge 3186(record,record)bool;record_image_gt 3184(record,record)bo\
    ol;record_image_le 3185(record,record)bool;record_image_lt 3183(record,record)bool;record_image_ne 3182(record\
    ,record)bool;record_in 2290(cstring,oid,int4)record;record_le 2985(record,record)bool;record_lt 2983(record,re\
    cord)bool;record_ne 2982(record,record)bool;record_out 2291(record)cstring;record_recv 2402(internal,oid,int4)\
    record;record_send 2403(record)bytea;regclass 1079(text)regclass;regclassin 2218(cstring)regclass;regclassout \
    2219(regclass)cstring;regclassrecv 2452(internal)regclass;regclasssend 2453(regclass)bytea;regcollationin 4193\
    (cstring)regcollation;regcollationout 4194(regcollation)cstring;regcollationrecv 4196(internal)regcollation;re\
    gcollationsend 4197(regcollation)bytea;regexp_count 6254(text,text)int4 6255(text,text,int4)int4 6256(text,tex\
    t,int4,text)int4;regexp_instr 6257(text,text)int4 6258(text,text,int4)int4 6259(text,text,int4,int4)int4 6260(\
    text,text,int4,int4,int4)int4 6261(text,text,int4,int4,int4,text)int4 6262(text,text,int4,int4,int4,text,int4)\
    int4;regexp_like 6263(text,text)bool 6264(text,text,text)bool;regexp_match 3396(text,text)_text 3397(text,text\
    ,text)_text;regexp_matches 2763(text,text)*_text 2764(text,text,text)*_text;regexp_replace 2284(text,text,text\
    )text 2285(text,text,text,text)text 6251(text,text,text,int4,int4,text)text 6252(text,text,text,int4,int4)text\
     6253(text,text,text,int4)text;regexp_split_to_array 2767(text,text)_text 2768(text,text,text)_text;regexp_spl\
    it_to_table 2765(text,text)*text 2766(text,text,text)*text;regexp_substr 6265(text,text)text 6266(text,text,in\
    t4)text 6267(text,text,int4,int4)text 6268(text,text,int4,int4,text)text 6269(text,text,int4,int4,text,int4)te\
    xt;regnamespacein 4084(cstring)regnamespace;regnamespaceout 4085(regnamespace)cstring;regnamespacerecv 4087(in\
    ternal)regnamespace;regnamespacesend 4088(regnamespace)bytea;regoperatorin 2216(cstring)regoperator;regoperato\
    rout 2217(regoperator)cstring;regoperatorrecv 2450(internal)regoperator;regoperatorsend 2451(regoperator)bytea\
    ;regoperin 2214(cstring)regoper;regoperout 2215(regoper)cstring;regoperrecv 2448(internal)regoper;regopersend \
    2449(regoper)bytea;regprocedurein 2212(cstring)regprocedure;regprocedureout 2213(regprocedure)cstring;regproce\
    durerecv 2446(internal)regprocedure;regproceduresend 2447(regprocedure)bytea;regprocin 44(cstring)regproc;regp\
    rocout 45(regproc)cstring;regprocrecv 2444(internal)regproc;regprocsend 2445(regproc)bytea;regr_avgx 2822(floa\
    t8,float8)float8;regr_avgy 2823(float8,float8)float8;regr_count 2818(float8,float8)int8;regr_intercept 2826(fl\
    oat8,float8)float8;regr_r2 2824(float8,float8)float8;regr_slope 2825(float8,float8)float8;regr_sxx 2819(float8\
    ,float8)float8;regr_sxy 2821(float8,float8)float8;regr_syy 2820(float8,float8)float8;regrolein 4098(cstring)re\
    grole;regroleout 4092(regrole)cstring;regrolerecv 4094(internal)regrole;regrolesend 4095(regrole)bytea;regtype\
    in 2220(cstring)regtype;regtypeout 2221(regtype)cstring;regtyperecv 2454(internal)regtype;regtypesend 2455(reg\
    type)bytea;repeat 1622(text,int4)text;replace 2087(text,text,text)text;reverse 3062(text)text;right 3061(text,\
    int4)text;round 1342(float8)float8 1707(numeric,int4)numeric 1708(numeric)numeric;row_number 3100()int8;row_se\
    curity_active 3298(oid)bool 3299(text)bool;row_to_json 3155(record)json 3156(record,bool)json;rpad 874(text,in\
    t4,text)text 880(text,int4)text;rtrim 876(text,text)text 882(text)text 6196(bytea,bytea)bytea;satisfies_hash_p\
    artition 5028(oid,int4,int4,any)bool;scale 3281(numeric)int4;session_user 746()name;set_bit 724(bytea,int8,int\
    4)bytea;set_byte 722(bytea,int4,int4)bytea;set_config 2078(text,text,bool)text;setseed 1599(float8)void;setval\
     1576(regclass,int8)int8 1765(regclass,int8,bool)int8;sha224 3419(bytea)bytea;sha256 3420(bytea)bytea;sha384 3\
    421(bytea)bytea;sha512 3422(bytea)bytea;shobj_description 1993(oid,name)text;sign 1706(numeric)numeric 2310(fl\
    oat8)float8;similar_escape 1623(text,text)text;similar_to_escape 1986(text,text)text 1987(text)text;sin 1604(f\
    loat8)float8;sind 2735(float8)float8;sinh 2462(float8)float8;split_part 2088(text,text,int4)text;sqrt 1344(flo\
    at8)float8 1730(numeric)numeric;starts_with 3696(text,text)bool;statement_timestamp 2648()timestamptz;stddev 2\
    154(int8)numeric 2155(int4)numeric 2156(int2)numeric 2157(float4)float8 2158(float8)float8 2159(numeric)numeri\
    c;stddev_pop 2724(int8)numeric 2725(int4)numeric 2726(int2)numeric 2727(float4)float8 2728(float8)float8 2729(\
    numeric)numeric;stddev_samp 2712(int8)numeric 2713(int4)numeric 2714(int2)numeric 2715(float4)float8 2716(floa\
    t8)float8 2717(numeric)numeric;string_agg 3538(text,text)text 3545(bytea,bytea)bytea;string_to_array 376(text,\
    text,text)_text 394(text,text)_text;string_to_table 6160(text,text)*text 6161(text,text,text)*text;strpos 868(\
    text,text)int4;substr 877(text,int4,int4)text 883(text,int4)text 2085(bytea,int4,int4)bytea 2086(bytea,int4)by\
    tea;substring 936(text,int4,int4)text 937(text,int4)text 2012(bytea,int4,int4)bytea 2013(bytea,int4)bytea 2073\
    (text,text)text 2074(text,text,text)text;sum 2107(int8)numeric 2108(int4)int8 2109(int2)int8 2110(float4)float\
    4 2111(float8)float8 2113(interval)interval 2114(numeric)numeric;suppress_redundant_updates_trigger 1291()trig\
    ger;tan 1606(float8)float8;tand 2737(float8)float8;tanh 2464(float8)float8;text 401(bpchar)text 406(name)text \
    946(char)text 2971(bool)text;text_ge 743(text,text)bool;text_gt 742(text,text)bool;text_larger 458(text,text)t\
    ext;text_le 741(text,text)bool;text_lt 740(text,text)bool;text_pattern_ge 2163(text,text)bool;text_pattern_gt \
    2164(text,text)bool;text_pattern_le 2161(text,text)bool;text_pattern_lt 2160(text,text)bool;text_smaller 459(t\
    ext,text)text;textanycat 2003(text,anynonarray)text;textcat 1258(text,text)text;texteq 67(text,text)bool;texte\
    qname 247(text,name)bool;textgename 250(text,name)bool;textgtname 251(text,name)bool;texticlike 1633(text,text\
    )bool;texticnlike 1634(text,text)bool;texticregexeq 1238(text,text)bool;texticregexne 1239(text,text)bool;text\
    in 46(cstring)text;textlen 1257(text)int4;textlename 249(text,name)bool;textlike 850(text,text)bool;textltname\
     248(text,name)bool;textne 157(text,text)bool;textnename 252(text,name)bool;textnlike 851(text,text)bool;texto\
    ut 47(text)cstring;textrecv 2414(internal)text;textregexeq 1254(text,text)bool;textregexne 1256(text,text)bool\
    ;textsend 2415(text)bytea;time 1316(timestamp)time 1419(interval)time 1968(time,int4)time 2019(timestamptz)tim\
    e;time_cmp 1107(time,time)int4;time_eq 1145(time,time)bool;time_ge 1105(time,time)bool;time_gt 1104(time,time)\
    bool;time_hash 1688(time)int4;time_hash_extended 3409(time,int8)int8;time_in 1143(cstring,oid,int4)time;time_l\
    arger 1377(time,time)time;time_le 1103(time,time)bool;time_lt 1102(time,time)bool;time_mi_interval 1748(time,i\
    nterval)time;time_mi_time 1690(time,time)interval;time_ne 1106(time,time)bool;time_out 1144(time)cstring;time_\
    pl_interval 1747(time,interval)time;time_recv 2470(internal,oid,int4)time;time_send 2471(time)bytea;time_small\
    er 1378(time,time)time;timedate_pl 1296(time,date)timestamp;timeofday 274()text;timestamp 1961(timestamp,int4)\
    timestamp 2024(date)timestamp 2025(date,time)timestamp 2027(timestamptz)timestamp;timestamp_cmp 2045(timestamp\
    ,timestamp)int4;timestamp_cmp_date 2370(timestamp,date)int4;timestamp_cmp_timestamptz 2526(timestamp,timestamp\
    tz)int4;timestamp_eq 2052(timestamp,timestamp)bool;timestamp_eq_date 2366(timestamp,date)bool;timestamp_eq_tim\
    estamptz 2522(timestamp,timestamptz)bool;timestamp_ge 2056(timestamp,timestamp)bool;timestamp_ge_date 2368(tim\
    estamp,date)bool;timestamp_ge_timestamptz 2524(timestamp,timestamptz)bool;timestamp_gt 2057(timestamp,timestam\
    p)bool;timestamp_gt_date 2367(timestamp,date)bool;timestamp_gt_timestamptz 2523(timestamp,timestamptz)bool;tim\
    estamp_hash 2039(timestamp)int4;timestamp_hash_extended 3411(timestamp,int8)int8;timestamp_in 1312(cstring,oid\
    ,int4)timestamp;timestamp_larger 2036(timestamp,timestamp)timestamp;timestamp_le 2055(timestamp,timestamp)bool\
    ;timestamp_le_date 2365(timestamp,date)bool;timestamp_le_timestamptz 2521(timestamp,timestamptz)bool;timestamp\
    _lt 2054(timestamp,timestamp)bool;timestamp_lt_date 2364(timestamp,date)bool;timestamp_lt_timestamptz 2520(tim\
    estamp,timestamptz)bool;timestamp_mi 2031(timestamp,timestamp)interval;timestamp_mi_interval 2033(timestamp,in\
    terval)timestamp;timestamp_ne 2053(timestamp,timestamp)bool;timestamp_ne_date 2369(timestamp,date)bool;timesta\
    mp_ne_timestamptz 2525(timestamp,timestamptz)bool;timestamp_out 1313(timestamp)cstring;timestamp_pl_interval 2\
    032(timestamp,interval)timestamp;timestamp_recv 2474(internal,oid,int4)timestamp;timestamp_send 2475(timestamp\
    )bytea;timestamp_smaller 2035(timestamp,timestamp)timestamp;timestamptypmodin 2905(_cstring)int4;timestamptypm\
    odout 2906(int4)cstring;timestamptz 1174(date)timestamptz 1176(date,time)timestamptz 1967(timestamptz,int4)tim\
    estamptz 2028(timestamp)timestamptz;timestamptz_cmp 1314(timestamptz,timestamptz)int4;timestamptz_cmp_date 238\
    3(timestamptz,date)int4;timestamptz_cmp_timestamp 2533(timestamptz,timestamp)int4;timestamptz_eq 1152(timestam\
    ptz,timestamptz)bool;timestamptz_eq_date 2379(timestamptz,date)bool;timestamptz_eq_timestamp 2529(timestamptz,\
    timestamp)bool;timestamptz_ge 1156(timestamptz,timestamptz)bool;timestamptz_ge_date 2381(timestamptz,date)bool\
    ;timestamptz_ge_timestamp 2531(timestamptz,timestamp)bool;timestamptz_gt 1157(timestamptz,timestamptz)bool;tim\
    estamptz_gt_date 2380(timestamptz,date)bool;timestamptz_gt_timestamp 2530(timestamptz,timestamp)bool;timestamp\
    tz_in 1150(cstring,oid,int4)timestamptz;timestamptz_larger 1196(timestamptz,timestamptz)timestamptz;timestampt\
    z_le 1155(timestamptz,timestamptz)bool;timestamptz_le_date 2378(timestamptz,date)bool;timestamptz_le_timestamp\
     2528(timestamptz,timestamp)bool;timestamptz_lt 1154(timestamptz,timestamptz)bool;timestamptz_lt_date 2377(tim\
    estamptz,date)bool;timestamptz_lt_timestamp 2527(timestamptz,timestamp)bool;timestamptz_mi 1188(timestamptz,ti\
    mestamptz)interval;timestamptz_mi_interval 1190(timestamptz,interval)timestamptz;timestamptz_ne 1153(timestamp\
    tz,timestamptz)bool;timestamptz_ne_date 2382(timestamptz,date)bool;timestamptz_ne_timestamp 2532(timestamptz,t\
    imestamp)bool;timestamptz_out 1151(timestamptz)cstring;timestamptz_pl_interval 1189(timestamptz,interval)times\
    tamptz;timestamptz_recv 2476(internal,oid,int4)timestamptz;timestamptz_send 2477(timestamptz)bytea;timestamptz\
    _smaller 1195(timestamptz,timestamptz)timestamptz;timestamptztypmodin 2907(_cstring)int4;timestamptztypmodout \
    2908(int4)cstring;timetypmodin 2909(_cstring)int4;timetypmodout 2910(int4)cstring;timetztypmodin 2911(_cstring\
    )int4;timezone 1026(interval,timestamptz)timestamp 1159(text,timestamptz)timestamp 2069(text,timestamp)timesta\
    mptz 2070(interval,timestamp)timestamptz;to_ascii 1845(text)text 1846(text,int4)text 1847(text,name)text;to_ch\
    ar 1768(interval,text)text 1770(timestamptz,text)text 1772(numeric,text)text 1773(int4,text)text 1774(int8,tex\
    t)text 1775(float4,text)text 1776(float8,text)text 2049(timestamp,text)text;to_date 1780(text,text)date;to_hex\
     2089(int4)text 2090(int8)text;to_json 3176(anyelement)json;to_jsonb 3787(anyelement)jsonb;to_number 1777(text\
    ,text)numeric;to_regclass 3495(text)regclass;to_regcollation 4195(text)regcollation;to_regnamespace 4086(text)\
    regnamespace;to_regoper 3492(text)regoper;to_regoperator 3476(text)regoperator;to_regproc 3494(text)regproc;to\
    _regprocedure 3479(text)regprocedure;to_regrole 4093(text)regrole;to_regtype 3493(text)regtype;to_timestamp 11\
    58(float8)timestamptz 1778(text,text)timestamptz;transaction_timestamp 2647()timestamptz;translate 878(text,te\
    xt,text)text;trigger_in 2300(cstring)trigger;trigger_out 2301(trigger)cstring;trim_array 6172(anyarray,int4)an\
    yarray;trim_scale 5043(numeric)numeric;trunc 1343(float8)float8 1709(numeric,int4)numeric 1710(numeric)numeric\
    ;ts_debug 6184(text)*record;ts_match_tt 3760(text,text)bool;ts_parse 3715(oid,text)*record 3716(text,text)*rec\
    ord;ts_stat 3689(text)*record 3690(text,text)*record;ts_token_type 3713(oid)*record 3714(text)*record;tsrange_\
    subdiff 3929(timestamp,timestamp)float8;tstzrange_subdiff 3930(timestamptz,timestamptz)float8;tsvector_update_\
    trigger 3752()trigger;tsvector_update_trigger_column 3753()trigger;txid_current 2943()int8;txid_current_if_ass\
    igned 3348()int8;txid_status 3360(int8)text;unique_key_recheck 1250()trigger;unistr 6198(text)text;unknownin 1\
    09(cstring)unknown;unknownout 110(unknown)cstring;unknownrecv 2416(internal)unknown;unknownsend 2417(unknown)b\
    ytea;unnest 2331(anyarray)*anyelement;upper 871(text)text;uuid_cmp 2960(uuid,uuid)int4;uuid_eq 2956(uuid,uuid)\
    bool;uuid_ge 2957(uuid,uuid)bool;uuid_gt 2958(uuid,uuid)bool;uuid_hash 2963(uuid)int4;uuid_hash_extended 3412(\
    uuid,int8)int8;uuid_in 2952(cstring)uuid;uuid_le 2955(uuid,uuid)bool;uuid_lt 2954(uuid,uuid)bool;uuid_ne 2959(\
    uuid,uuid)bool;uuid_out 2953(uuid)cstring;uuid_recv 2961(internal)uuid;uuid_send 2962(uuid)bytea;var_pop 2718(\
    int8)numeric 2719(int4)numeric 2720(int2)numeric 2721(float4)float8 2722(float8)float8 2723(numeric)numeric;va\
    r_samp 2641(int8)numeric 2642(int4)numeric 2643(int2)numeric 2644(float4)float8 2645(float8)float8 2646(numeri\
    c)numeric;varbittypmodin 2902(_cstring)int4;varchar 669(varchar,int4,bool)varchar 1401(name)varchar;varcharin \
    1046(cstring,oid,int4)varchar;varcharout 1047(varchar)cstring;varcharrecv 2432(internal,oid,int4)varchar;varch\
    arsend 2433(varchar)bytea;varchartypmodin 2915(_cstring)int4;varchartypmodout 2916(int4)cstring;variance 2148(\
    int8)numeric 2149(int4)numeric 2150(int2)numeric 2151(float4)float8 2152(float8)float8 2153(numeric)numeric;ve\
    rsion 89()text;void_in 2298(cstring)void;void_out 2299(void)cstring;void_recv 3120(internal)void;void_send 312\
    1(void)bytea;width_bucket 320(float8,float8,float8,int4)int4 2170(numeric,numeric,numeric,int4)int4 3218(anyco\
    mpatible,anycompatiblearray)int4;xideq 68(xid,xid)bool;xideqint4 1319(xid,int4)bool;xidin 50(cstring)xid;xidne\
    q 3308(xid,xid)bool;xidneqint4 3309(xid,int4)bool;xidout 51(xid)cstring;xidrecv 2440(internal)xid;xidsend 2441\
    (xid)bytea;xml_is_well_formed 3051(text)bool;xml_is_well_formed_content 3053(text)bool;xml_is_well_formed_docu\
    ment 3052(text)bool
    """
}
