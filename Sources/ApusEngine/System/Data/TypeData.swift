// TypeData owns the rows of pg_type for the types that Apus has.
// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.

/// A type a line: oid name len byval type category preferred subscript elem array in out receive send modin modout
/// analyze align storage collation.
enum TypeData {
  static let text = """
    16 bool 1 t b B t 0 0 1000 1242 1243 2436 2437 0 0 0 c p 0
    17 bytea -1 f b U f 0 0 1001 1244 31 2412 2413 0 0 0 i x 0
    18 char 1 t b Z f 0 0 1002 1245 33 2434 2435 0 0 0 c p 0
    19 name 64 f b S f 6180 18 1003 34 35 2422 2423 0 0 0 c p 950
    20 int8 8 t b N f 0 0 1016 460 461 2408 2409 0 0 0 d p 0
    21 int2 2 t b N f 0 0 1005 38 39 2404 2405 0 0 0 s p 0
    22 int2vector -1 f b A f 6179 21 1006 40 41 2410 2411 0 0 0 i p 0
    23 int4 4 t b N f 0 0 1007 42 43 2406 2407 0 0 0 i p 0
    24 regproc 4 t b N f 0 0 1008 44 45 2444 2445 0 0 0 i p 0
    25 text -1 f b S t 0 0 1009 46 47 2414 2415 0 0 0 i x 100
    26 oid 4 t b N t 0 0 1028 1798 1799 2418 2419 0 0 0 i p 0
    28 xid 4 t b U f 0 0 1011 50 51 2440 2441 0 0 0 i p 0
    30 oidvector -1 f b A f 6179 26 1013 54 55 2420 2421 0 0 0 i p 0
    114 json -1 f b U f 0 0 199 321 322 323 324 0 0 0 i x 0
    194 pg_node_tree -1 f b Z f 0 0 0 195 196 197 198 0 0 0 i x 100
    199 _json -1 f b A f 6179 114 0 750 751 2400 2401 0 0 3816 i x 0
    700 float4 4 t b N f 0 0 1021 200 201 2424 2425 0 0 0 i p 0
    701 float8 8 t b N t 0 0 1022 214 215 2426 2427 0 0 0 d p 0
    705 unknown -2 f p X f 0 0 0 109 110 2416 2417 0 0 0 c p 0
    1000 _bool -1 f b A f 6179 16 0 750 751 2400 2401 0 0 3816 i x 0
    1001 _bytea -1 f b A f 6179 17 0 750 751 2400 2401 0 0 3816 i x 0
    1002 _char -1 f b A f 6179 18 0 750 751 2400 2401 0 0 3816 i x 0
    1003 _name -1 f b A f 6179 19 0 750 751 2400 2401 0 0 3816 i x 950
    1005 _int2 -1 f b A f 6179 21 0 750 751 2400 2401 0 0 3816 i x 0
    1006 _int2vector -1 f b A f 6179 22 0 750 751 2400 2401 0 0 3816 i x 0
    1007 _int4 -1 f b A f 6179 23 0 750 751 2400 2401 0 0 3816 i x 0
    1008 _regproc -1 f b A f 6179 24 0 750 751 2400 2401 0 0 3816 i x 0
    1009 _text -1 f b A f 6179 25 0 750 751 2400 2401 0 0 3816 i x 100
    1011 _xid -1 f b A f 6179 28 0 750 751 2400 2401 0 0 3816 i x 0
    1013 _oidvector -1 f b A f 6179 30 0 750 751 2400 2401 0 0 3816 i x 0
    1014 _bpchar -1 f b A f 6179 1042 0 750 751 2400 2401 2913 2914 3816 i x 100
    1015 _varchar -1 f b A f 6179 1043 0 750 751 2400 2401 2915 2916 3816 i x 100
    1016 _int8 -1 f b A f 6179 20 0 750 751 2400 2401 0 0 3816 d x 0
    1021 _float4 -1 f b A f 6179 700 0 750 751 2400 2401 0 0 3816 i x 0
    1022 _float8 -1 f b A f 6179 701 0 750 751 2400 2401 0 0 3816 d x 0
    1028 _oid -1 f b A f 6179 26 0 750 751 2400 2401 0 0 3816 i x 0
    1033 aclitem 12 f b U f 0 0 1034 1031 1032 0 0 0 0 0 i p 0
    1034 _aclitem -1 f b A f 6179 1033 0 750 751 2400 2401 0 0 3816 i x 0
    1042 bpchar -1 f b S f 0 0 1014 1044 1045 2430 2431 2913 2914 0 i x 100
    1043 varchar -1 f b S f 0 0 1015 1046 1047 2432 2433 2915 2916 0 i x 100
    1082 date 4 t b D f 0 0 1182 1084 1085 2468 2469 0 0 0 i p 0
    1083 time 8 t b D f 0 0 1183 1143 1144 2470 2471 2909 2910 0 d p 0
    1114 timestamp 8 t b D f 0 0 1115 1312 1313 2474 2475 2905 2906 0 d p 0
    1115 _timestamp -1 f b A f 6179 1114 0 750 751 2400 2401 2905 2906 3816 d x 0
    1182 _date -1 f b A f 6179 1082 0 750 751 2400 2401 0 0 3816 i x 0
    1183 _time -1 f b A f 6179 1083 0 750 751 2400 2401 2909 2910 3816 d x 0
    1184 timestamptz 8 t b D t 0 0 1185 1150 1151 2476 2477 2907 2908 0 d p 0
    1185 _timestamptz -1 f b A f 6179 1184 0 750 751 2400 2401 2907 2908 3816 d x 0
    1186 interval 16 f b T t 0 0 1187 1160 1161 2478 2479 2903 2904 0 d p 0
    1187 _interval -1 f b A f 6179 1186 0 750 751 2400 2401 2903 2904 3816 d x 0
    1231 _numeric -1 f b A f 6179 1700 0 750 751 2400 2401 2917 2918 3816 i x 0
    1263 _cstring -1 f b A f 6179 2275 0 750 751 2400 2401 0 0 3816 i x 0
    1700 numeric -1 f b N f 0 0 1231 1701 1702 2460 2461 2917 2918 0 i m 0
    2202 regprocedure 4 t b N f 0 0 2207 2212 2213 2446 2447 0 0 0 i p 0
    2203 regoper 4 t b N f 0 0 2208 2214 2215 2448 2449 0 0 0 i p 0
    2204 regoperator 4 t b N f 0 0 2209 2216 2217 2450 2451 0 0 0 i p 0
    2205 regclass 4 t b N f 0 0 2210 2218 2219 2452 2453 0 0 0 i p 0
    2206 regtype 4 t b N f 0 0 2211 2220 2221 2454 2455 0 0 0 i p 0
    2207 _regprocedure -1 f b A f 6179 2202 0 750 751 2400 2401 0 0 3816 i x 0
    2208 _regoper -1 f b A f 6179 2203 0 750 751 2400 2401 0 0 3816 i x 0
    2209 _regoperator -1 f b A f 6179 2204 0 750 751 2400 2401 0 0 3816 i x 0
    2210 _regclass -1 f b A f 6179 2205 0 750 751 2400 2401 0 0 3816 i x 0
    2211 _regtype -1 f b A f 6179 2206 0 750 751 2400 2401 0 0 3816 i x 0
    2249 record -1 f p P f 0 0 2287 2290 2291 2402 2403 0 0 0 d x 0
    2275 cstring -2 f p P f 0 0 1263 2292 2293 2500 2501 0 0 0 c p 0
    2276 any 4 t p P f 0 0 0 2294 2295 0 0 0 0 0 i p 0
    2277 anyarray -1 f p P f 0 0 0 2296 2297 2502 2503 0 0 0 d x 0
    2278 void 4 t p P f 0 0 0 2298 2299 3120 3121 0 0 0 i p 0
    2279 trigger 4 t p P f 0 0 0 2300 2301 0 0 0 0 0 i p 0
    2281 internal 8 t p P f 0 0 0 2304 2305 0 0 0 0 0 d p 0
    2283 anyelement 4 t p P f 0 0 0 2312 2313 0 0 0 0 0 i p 0
    2287 _record -1 f p P f 6179 2249 0 750 751 2400 2401 0 0 3816 d x 0
    2776 anynonarray 4 t p P f 0 0 0 2777 2778 0 0 0 0 0 i p 0
    2950 uuid 16 f b U f 0 0 2951 2952 2953 2961 2962 0 0 0 c p 0
    2951 _uuid -1 f b A f 6179 2950 0 750 751 2400 2401 0 0 3816 i x 0
    3802 jsonb -1 f b U f 6098 0 3807 3806 3804 3805 3803 0 0 0 i x 0
    3807 _jsonb -1 f b A f 6179 3802 0 750 751 2400 2401 0 0 3816 i x 0
    4089 regnamespace 4 t b N f 0 0 4090 4084 4085 4087 4088 0 0 0 i p 0
    4090 _regnamespace -1 f b A f 6179 4089 0 750 751 2400 2401 0 0 3816 i x 0
    4096 regrole 4 t b N f 0 0 4097 4098 4092 4094 4095 0 0 0 i p 0
    4097 _regrole -1 f b A f 6179 4096 0 750 751 2400 2401 0 0 3816 i x 0
    4191 regcollation 4 t b N f 0 0 4192 4193 4194 4196 4197 0 0 0 i p 0
    4192 _regcollation -1 f b A f 6179 4191 0 750 751 2400 2401 0 0 3816 i x 0
    5077 anycompatible 4 t p P f 0 0 0 5086 5087 0 0 0 0 0 i p 0
    5078 anycompatiblearray -1 f p P f 0 0 0 5088 5089 5090 5091 0 0 0 d x 0
    5079 anycompatiblenonarray 4 t p P f 0 0 0 5092 5093 0 0 0 0 0 i p 0
    """
}
