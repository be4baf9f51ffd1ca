// OperatorData owns the rows of pg_operator.
// Written by scripts/catalog-data.py from PostgreSQL 15: do not edit.

/// Operators: oid name left right result code codename commutator negator flags(m: merge, h: hash).
enum OperatorData {
  static let text = """
    15 = int4 int8 bool 852 int48eq 416 36 mh;36 <> int4 int8 bool 853 int48ne 417 15 -;37 < int4 int8 bool 854 in\
    t48lt 419 82 -;58 < bool bool bool 56 boollt 59 1695 -;59 > bool bool bool 57 boolgt 58 1694 -;76 > int4 int8 \
    bool 855 int48gt 418 80 -;80 <= int4 int8 bool 856 int48le 430 76 -;82 >= int4 int8 bool 857 int48ge 420 37 -;\
    85 <> bool bool bool 84 boolne 85 91 -;91 = bool bool bool 60 booleq 91 85 mh;92 = char char bool 61 chareq 92\
     630 mh;93 = name name bool 62 nameeq 93 643 mh;94 = int2 int2 bool 63 int2eq 94 519 mh;95 < int2 int2 bool 64\
     int2lt 520 524 -;96 = int4 int4 bool 65 int4eq 96 518 mh;97 < int4 int4 bool 66 int4lt 521 525 -;98 = text te\
    xt bool 67 texteq 98 531 mh;254 = name text bool 240 nameeqtext 260 259 mh;255 < name text bool 241 namelttext\
     264 257 -;256 <= name text bool 242 nameletext 263 258 -;257 >= name text bool 243 namegetext 262 255 -;258 >\
     name text bool 244 namegttext 261 256 -;259 <> name text bool 245 namenetext 265 254 -;260 = text name bool 2\
    47 texteqname 254 265 mh;261 < text name bool 248 textltname 258 263 -;262 <= text name bool 249 textlename 25\
    7 264 -;263 >= text name bool 250 textgename 256 261 -;264 > text name bool 251 textgtname 255 262 -;265 <> te\
    xt name bool 252 textnename 259 260 -;349 || anycompatiblearray anycompatible anycompatiblearray 378 array_app\
    end 0 0 -;352 = xid xid bool 68 xideq 352 3315 h;353 = xid int4 bool 1319 xideqint4 0 3316 -;374 || anycompati\
    ble anycompatiblearray anycompatiblearray 379 array_prepend 0 0 -;375 || anycompatiblearray anycompatiblearray\
     anycompatiblearray 383 array_cat 0 0 -;410 = int8 int8 bool 467 int8eq 410 411 mh;411 <> int8 int8 bool 468 i\
    nt8ne 411 410 -;412 < int8 int8 bool 469 int8lt 413 415 -;413 > int8 int8 bool 470 int8gt 412 414 -;414 <= int\
    8 int8 bool 471 int8le 415 413 -;415 >= int8 int8 bool 472 int8ge 414 412 -;416 = int8 int4 bool 474 int84eq 1\
    5 417 mh;417 <> int8 int4 bool 475 int84ne 36 416 -;418 < int8 int4 bool 476 int84lt 76 430 -;419 > int8 int4 \
    bool 477 int84gt 37 420 -;420 <= int8 int4 bool 478 int84le 82 419 -;430 >= int8 int4 bool 479 int84ge 80 418 \
    -;439 % int8 int8 int8 945 int8mod 0 0 -;473 @ - int8 int8 1230 int8abs 0 0 -;484 - - int8 int8 462 int8um 0 0\
     -;514 * int4 int4 int4 141 int4mul 514 0 -;518 <> int4 int4 bool 144 int4ne 518 96 -;519 <> int2 int2 bool 14\
    5 int2ne 519 94 -;520 > int2 int2 bool 146 int2gt 95 522 -;521 > int4 int4 bool 147 int4gt 97 523 -;522 <= int\
    2 int2 bool 148 int2le 524 520 -;523 <= int4 int4 bool 149 int4le 525 521 -;524 >= int2 int2 bool 151 int2ge 5\
    22 95 -;525 >= int4 int4 bool 150 int4ge 523 97 -;526 * int2 int2 int2 152 int2mul 526 0 -;527 / int2 int2 int\
    2 153 int2div 0 0 -;528 / int4 int4 int4 154 int4div 0 0 -;529 % int2 int2 int2 155 int2mod 0 0 -;530 % int4 i\
    nt4 int4 156 int4mod 0 0 -;531 <> text text bool 157 textne 531 98 -;532 = int2 int4 bool 158 int24eq 533 538 \
    mh;533 = int4 int2 bool 159 int42eq 532 539 mh;534 < int2 int4 bool 160 int24lt 537 542 -;535 < int4 int2 bool\
     161 int42lt 536 543 -;536 > int2 int4 bool 162 int24gt 535 540 -;537 > int4 int2 bool 163 int42gt 534 541 -;5\
    38 <> int2 int4 bool 164 int24ne 539 532 -;539 <> int4 int2 bool 165 int42ne 538 533 -;540 <= int2 int4 bool 1\
    66 int24le 543 536 -;541 <= int4 int2 bool 167 int42le 542 537 -;542 >= int2 int4 bool 168 int24ge 541 534 -;5\
    43 >= int4 int2 bool 169 int42ge 540 535 -;544 * int2 int4 int4 170 int24mul 545 0 -;545 * int4 int2 int4 171 \
    int42mul 544 0 -;546 / int2 int4 int4 172 int24div 0 0 -;547 / int4 int2 int4 173 int42div 0 0 -;550 + int2 in\
    t2 int2 176 int2pl 550 0 -;551 + int4 int4 int4 177 int4pl 551 0 -;552 + int2 int4 int4 178 int24pl 553 0 -;55\
    3 + int4 int2 int4 179 int42pl 552 0 -;554 - int2 int2 int2 180 int2mi 0 0 -;555 - int4 int4 int4 181 int4mi 0\
     0 -;556 - int2 int4 int4 182 int24mi 0 0 -;557 - int4 int2 int4 183 int42mi 0 0 -;558 - - int4 int4 212 int4u\
    m 0 0 -;559 - - int2 int2 213 int2um 0 0 -;584 - - float4 float4 206 float4um 0 0 -;585 - - float8 float8 220 \
    float8um 0 0 -;586 + float4 float4 float4 204 float4pl 586 0 -;587 - float4 float4 float4 205 float4mi 0 0 -;5\
    88 / float4 float4 float4 203 float4div 0 0 -;589 * float4 float4 float4 202 float4mul 589 0 -;590 @ - float4 \
    float4 207 float4abs 0 0 -;591 + float8 float8 float8 218 float8pl 591 0 -;592 - float8 float8 float8 219 floa\
    t8mi 0 0 -;593 / float8 float8 float8 217 float8div 0 0 -;594 * float8 float8 float8 216 float8mul 594 0 -;595\
     @ - float8 float8 221 float8abs 0 0 -;596 |/ - float8 float8 230 dsqrt 0 0 -;597 ||/ - float8 float8 231 dcbr\
    t 0 0 -;607 = oid oid bool 184 oideq 607 608 mh;608 <> oid oid bool 185 oidne 608 607 -;609 < oid oid bool 716\
     oidlt 610 612 -;610 > oid oid bool 1638 oidgt 609 611 -;611 <= oid oid bool 717 oidle 612 610 -;612 >= oid oi\
    d bool 1639 oidge 611 609 -;620 = float4 float4 bool 287 float4eq 620 621 mh;621 <> float4 float4 bool 288 flo\
    at4ne 621 620 -;622 < float4 float4 bool 289 float4lt 623 625 -;623 > float4 float4 bool 291 float4gt 622 624 \
    -;624 <= float4 float4 bool 290 float4le 625 623 -;625 >= float4 float4 bool 292 float4ge 624 622 -;630 <> cha\
    r char bool 70 charne 630 92 -;631 < char char bool 1246 charlt 633 634 -;632 <= char char bool 72 charle 634 \
    633 -;633 > char char bool 73 chargt 631 632 -;634 >= char char bool 74 charge 632 631 -;639 ~ name text bool \
    79 nameregexeq 0 640 -;640 !~ name text bool 1252 nameregexne 0 639 -;641 ~ text text bool 1254 textregexeq 0 \
    642 -;642 !~ text text bool 1256 textregexne 0 641 -;643 <> name name bool 659 namene 643 93 -;644 <> oidvecto\
    r oidvector bool 619 oidvectorne 644 649 -;645 < oidvector oidvector bool 677 oidvectorlt 646 648 -;646 > oidv\
    ector oidvector bool 681 oidvectorgt 645 647 -;647 <= oidvector oidvector bool 678 oidvectorle 648 646 -;648 >\
    = oidvector oidvector bool 680 oidvectorge 647 645 -;649 = oidvector oidvector bool 679 oidvectoreq 649 644 mh\
    ;654 || text text text 1258 textcat 0 0 -;660 < name name bool 655 namelt 662 663 -;661 <= name name bool 656 \
    namele 663 662 -;662 > name name bool 657 namegt 660 661 -;663 >= name name bool 658 namege 661 660 -;664 < te\
    xt text bool 740 text_lt 666 667 -;665 <= text text bool 741 text_le 667 666 -;666 > text text bool 742 text_g\
    t 664 665 -;667 >= text text bool 743 text_ge 665 664 -;670 = float8 float8 bool 293 float8eq 670 671 mh;671 <\
    > float8 float8 bool 294 float8ne 671 670 -;672 < float8 float8 bool 295 float8lt 674 675 -;673 <= float8 floa\
    t8 bool 296 float8le 675 674 -;674 > float8 float8 bool 297 float8gt 672 673 -;675 >= float8 float8 bool 298 f\
    loat8ge 673 672 -;682 @ - int2 int2 1253 int2abs 0 0 -;684 + int8 int8 int8 463 int8pl 684 0 -;685 - int8 int8\
     int8 464 int8mi 0 0 -;686 * int8 int8 int8 465 int8mul 686 0 -;687 / int8 int8 int8 466 int8div 0 0 -;688 + i\
    nt8 int4 int8 1274 int84pl 692 0 -;689 - int8 int4 int8 1275 int84mi 0 0 -;690 * int8 int4 int8 1276 int84mul \
    694 0 -;691 / int8 int4 int8 1277 int84div 0 0 -;692 + int4 int8 int8 1278 int48pl 688 0 -;693 - int4 int8 int\
    8 1279 int48mi 0 0 -;694 * int4 int8 int8 1280 int48mul 690 0 -;695 / int4 int8 int8 1281 int48div 0 0 -;773 @\
     - int4 int4 1251 int4abs 0 0 -;818 + int8 int2 int8 837 int82pl 822 0 -;819 - int8 int2 int8 838 int82mi 0 0 \
    -;820 * int8 int2 int8 839 int82mul 824 0 -;821 / int8 int2 int8 840 int82div 0 0 -;822 + int2 int8 int8 841 i\
    nt28pl 818 0 -;823 - int2 int8 int8 942 int28mi 0 0 -;824 * int2 int8 int8 943 int28mul 820 0 -;825 / int2 int\
    8 int8 948 int28div 0 0 -;965 ^ float8 float8 float8 232 dpow 0 0 -;966 + _aclitem aclitem _aclitem 1035 aclin\
    sert 0 0 -;967 - _aclitem aclitem _aclitem 1036 aclremove 0 0 -;968 @> _aclitem aclitem bool 1037 aclcontains \
    0 0 -;974 = aclitem aclitem bool 1062 aclitemeq 974 0 h;1038 ^ numeric numeric numeric 1739 numeric_power 0 0 \
    -;1054 = bpchar bpchar bool 1048 bpchareq 1054 1057 mh;1055 ~ bpchar text bool 1658 bpcharregexeq 0 1056 -;105\
    6 !~ bpchar text bool 1659 bpcharregexne 0 1055 -;1057 <> bpchar bpchar bool 1053 bpcharne 1057 1054 -;1058 < \
    bpchar bpchar bool 1049 bpcharlt 1060 1061 -;1059 <= bpchar bpchar bool 1050 bpcharle 1061 1060 -;1060 > bpcha\
    r bpchar bool 1051 bpchargt 1058 1059 -;1061 >= bpchar bpchar bool 1052 bpcharge 1059 1058 -;1070 = anyarray a\
    nyarray bool 744 array_eq 1070 1071 mh;1071 <> anyarray anyarray bool 390 array_ne 1071 1070 -;1072 < anyarray\
     anyarray bool 391 array_lt 1073 1075 -;1073 > anyarray anyarray bool 392 array_gt 1072 1074 -;1074 <= anyarra\
    y anyarray bool 393 array_le 1075 1073 -;1075 >= anyarray anyarray bool 396 array_ge 1074 1072 -;1076 + date i\
    nterval timestamp 2071 date_pl_interval 2551 0 -;1077 - date interval timestamp 2072 date_mi_interval 0 0 -;10\
    93 = date date bool 1086 date_eq 1093 1094 mh;1094 <> date date bool 1091 date_ne 1094 1093 -;1095 < date date\
     bool 1087 date_lt 1097 1098 -;1096 <= date date bool 1088 date_le 1098 1097 -;1097 > date date bool 1089 date\
    _gt 1095 1096 -;1098 >= date date bool 1090 date_ge 1096 1095 -;1099 - date date int4 1140 date_mi 0 0 -;1100 \
    + date int4 date 1141 date_pli 2555 0 -;1101 - date int4 date 1142 date_mii 0 0 -;1108 = time time bool 1145 t\
    ime_eq 1108 1109 mh;1109 <> time time bool 1106 time_ne 1109 1108 -;1110 < time time bool 1102 time_lt 1112 11\
    13 -;1111 <= time time bool 1103 time_le 1113 1112 -;1112 > time time bool 1104 time_gt 1110 1111 -;1113 >= ti\
    me time bool 1105 time_ge 1111 1110 -;1116 + float4 float8 float8 281 float48pl 1126 0 -;1117 - float4 float8 \
    float8 282 float48mi 0 0 -;1118 / float4 float8 float8 280 float48div 0 0 -;1119 * float4 float8 float8 279 fl\
    oat48mul 1129 0 -;1120 = float4 float8 bool 299 float48eq 1130 1121 mh;1121 <> float4 float8 bool 300 float48n\
    e 1131 1120 -;1122 < float4 float8 bool 301 float48lt 1133 1125 -;1123 > float4 float8 bool 303 float48gt 1132\
     1124 -;1124 <= float4 float8 bool 302 float48le 1135 1123 -;1125 >= float4 float8 bool 304 float48ge 1134 112\
    2 -;1126 + float8 float4 float8 285 float84pl 1116 0 -;1127 - float8 float4 float8 286 float84mi 0 0 -;1128 / \
    float8 float4 float8 284 float84div 0 0 -;1129 * float8 float4 float8 283 float84mul 1119 0 -;1130 = float8 fl\
    oat4 bool 305 float84eq 1120 1131 mh;1131 <> float8 float4 bool 306 float84ne 1121 1130 -;1132 < float8 float4\
     bool 307 float84lt 1123 1135 -;1133 > float8 float4 bool 309 float84gt 1122 1134 -;1134 <= float8 float4 bool\
     308 float84le 1125 1133 -;1135 >= float8 float4 bool 310 float84ge 1124 1132 -;1207 ~~ name text bool 858 nam\
    elike 0 1208 -;1208 !~~ name text bool 859 namenlike 0 1207 -;1209 ~~ text text bool 850 textlike 0 1210 -;121\
    0 !~~ text text bool 851 textnlike 0 1209 -;1211 ~~ bpchar text bool 1631 bpcharlike 0 1212 -;1212 !~~ bpchar \
    text bool 1632 bpcharnlike 0 1211 -;1226 ~* name text bool 1240 nameicregexeq 0 1227 -;1227 !~* name text bool\
     1241 nameicregexne 0 1226 -;1228 ~* text text bool 1238 texticregexeq 0 1229 -;1229 !~* text text bool 1239 t\
    exticregexne 0 1228 -;1234 ~* bpchar text bool 1656 bpcharicregexeq 0 1235 -;1235 !~* bpchar text bool 1657 bp\
    charicregexne 0 1234 -;1320 = timestamptz timestamptz bool 1152 timestamptz_eq 1320 1321 mh;1321 <> timestampt\
    z timestamptz bool 1153 timestamptz_ne 1321 1320 -;1322 < timestamptz timestamptz bool 1154 timestamptz_lt 132\
    4 1325 -;1323 <= timestamptz timestamptz bool 1155 timestamptz_le 1325 1324 -;1324 > timestamptz timestamptz b\
    ool 1157 timestamptz_gt 1322 1323 -;1325 >= timestamptz timestamptz bool 1156 timestamptz_ge 1323 1322 -;1327 \
    + timestamptz interval timestamptz 1189 timestamptz_pl_interval 2554 0 -;1328 - timestamptz timestamptz interv\
    al 1188 timestamptz_mi 0 0 -;1329 - timestamptz interval timestamptz 1190 timestamptz_mi_interval 0 0 -;1330 =\
     interval interval bool 1162 interval_eq 1330 1331 mh;1331 <> interval interval bool 1163 interval_ne 1331 133\
    0 -;1332 < interval interval bool 1164 interval_lt 1334 1335 -;1333 <= interval interval bool 1165 interval_le\
     1335 1334 -;1334 > interval interval bool 1167 interval_gt 1332 1333 -;1335 >= interval interval bool 1166 in\
    terval_ge 1333 1332 -;1336 - - interval interval 1168 interval_um 0 0 -;1337 + interval interval interval 1169\
     interval_pl 1337 0 -;1338 - interval interval interval 1170 interval_mi 0 0 -;1360 + date time timestamp 1272\
     datetime_pl 1363 0 -;1363 + time date timestamp 1296 timedate_pl 1360 0 -;1399 - time time interval 1690 time\
    _mi_time 0 0 -;1583 * interval float8 interval 1618 interval_mul 1584 0 -;1584 * float8 interval interval 1624\
     mul_d_interval 1583 0 -;1585 / interval float8 interval 1326 interval_div 0 0 -;1625 ~~* name text bool 1635 \
    nameiclike 0 1626 -;1626 !~~* name text bool 1636 nameicnlike 0 1625 -;1627 ~~* text text bool 1633 texticlike\
     0 1628 -;1628 !~~* text text bool 1634 texticnlike 0 1627 -;1629 ~~* bpchar text bool 1660 bpchariclike 0 163\
    0 -;1630 !~~* bpchar text bool 1661 bpcharicnlike 0 1629 -;1694 <= bool bool bool 1691 boolle 1695 59 -;1695 >\
    = bool bool bool 1692 boolge 1694 58 -;1751 - - numeric numeric 1771 numeric_uminus 0 0 -;1752 = numeric numer\
    ic bool 1718 numeric_eq 1752 1753 mh;1753 <> numeric numeric bool 1719 numeric_ne 1753 1752 -;1754 < numeric n\
    umeric bool 1722 numeric_lt 1756 1757 -;1755 <= numeric numeric bool 1723 numeric_le 1757 1756 -;1756 > numeri\
    c numeric bool 1720 numeric_gt 1754 1755 -;1757 >= numeric numeric bool 1721 numeric_ge 1755 1754 -;1758 + num\
    eric numeric numeric 1724 numeric_add 1758 0 -;1759 - numeric numeric numeric 1725 numeric_sub 0 0 -;1760 * nu\
    meric numeric numeric 1726 numeric_mul 1760 0 -;1761 / numeric numeric numeric 1727 numeric_div 0 0 -;1762 % n\
    umeric numeric numeric 1729 numeric_mod 0 0 -;1763 @ - numeric numeric 1704 numeric_abs 0 0 -;1800 + time inte\
    rval time 1747 time_pl_interval 1849 0 -;1801 - time interval time 1748 time_mi_interval 0 0 -;1849 + interval\
     time time 1848 interval_pl_time 1800 0 -;1862 = int2 int8 bool 1850 int28eq 1868 1863 mh;1863 <> int2 int8 bo\
    ol 1851 int28ne 1869 1862 -;1864 < int2 int8 bool 1852 int28lt 1871 1867 -;1865 > int2 int8 bool 1853 int28gt \
    1870 1866 -;1866 <= int2 int8 bool 1854 int28le 1873 1865 -;1867 >= int2 int8 bool 1855 int28ge 1872 1864 -;18\
    68 = int8 int2 bool 1856 int82eq 1862 1869 mh;1869 <> int8 int2 bool 1857 int82ne 1863 1868 -;1870 < int8 int2\
     bool 1858 int82lt 1865 1873 -;1871 > int8 int2 bool 1859 int82gt 1864 1872 -;1872 <= int8 int2 bool 1860 int8\
    2le 1867 1871 -;1873 >= int8 int2 bool 1861 int82ge 1866 1870 -;1874 & int2 int2 int2 1892 int2and 1874 0 -;18\
    75 | int2 int2 int2 1893 int2or 1875 0 -;1876 # int2 int2 int2 1894 int2xor 1876 0 -;1877 ~ - int2 int2 1895 i\
    nt2not 0 0 -;1878 << int2 int4 int2 1896 int2shl 0 0 -;1879 >> int2 int4 int2 1897 int2shr 0 0 -;1880 & int4 i\
    nt4 int4 1898 int4and 1880 0 -;1881 | int4 int4 int4 1899 int4or 1881 0 -;1882 # int4 int4 int4 1900 int4xor 1\
    882 0 -;1883 ~ - int4 int4 1901 int4not 0 0 -;1884 << int4 int4 int4 1902 int4shl 0 0 -;1885 >> int4 int4 int4\
     1903 int4shr 0 0 -;1886 & int8 int8 int8 1904 int8and 1886 0 -;1887 | int8 int8 int8 1905 int8or 1887 0 -;188\
    8 # int8 int8 int8 1906 int8xor 1888 0 -;1889 ~ - int8 int8 1907 int8not 0 0 -;1890 << int8 int4 int8 1908 int\
    8shl 0 0 -;1891 >> int8 int4 int8 1909 int8shr 0 0 -;1916 + - int8 int8 1910 int8up 0 0 -;1917 + - int2 int2 1\
    911 int2up 0 0 -;1918 + - int4 int4 1912 int4up 0 0 -;1919 + - float4 float4 1913 float4up 0 0 -;1920 + - floa\
    t8 float8 1914 float8up 0 0 -;1921 + - numeric numeric 1915 numeric_uplus 0 0 -;1955 = bytea bytea bool 1948 b\
    yteaeq 1955 1956 mh;1956 <> bytea bytea bool 1953 byteane 1956 1955 -;1957 < bytea bytea bool 1949 bytealt 195\
    9 1960 -;1958 <= bytea bytea bool 1950 byteale 1960 1959 -;1959 > bytea bytea bool 1951 byteagt 1957 1958 -;19\
    60 >= bytea bytea bool 1952 byteage 1958 1957 -;2016 ~~ bytea bytea bool 2005 bytealike 0 2017 -;2017 !~~ byte\
    a bytea bool 2006 byteanlike 0 2016 -;2018 || bytea bytea bytea 2011 byteacat 0 0 -;2060 = timestamp timestamp\
     bool 2052 timestamp_eq 2060 2061 mh;2061 <> timestamp timestamp bool 2053 timestamp_ne 2061 2060 -;2062 < tim\
    estamp timestamp bool 2054 timestamp_lt 2064 2065 -;2063 <= timestamp timestamp bool 2055 timestamp_le 2065 20\
    64 -;2064 > timestamp timestamp bool 2057 timestamp_gt 2062 2063 -;2065 >= timestamp timestamp bool 2056 times\
    tamp_ge 2063 2062 -;2066 + timestamp interval timestamp 2032 timestamp_pl_interval 2553 0 -;2067 - timestamp t\
    imestamp interval 2031 timestamp_mi 0 0 -;2068 - timestamp interval timestamp 2033 timestamp_mi_interval 0 0 -\
    ;2314 ~<~ text text bool 2160 text_pattern_lt 2318 2317 -;2315 ~<=~ text text bool 2161 text_pattern_le 2317 2\
    318 -;2317 ~>=~ text text bool 2163 text_pattern_ge 2315 2314 -;2318 ~>~ text text bool 2164 text_pattern_gt 2\
    314 2315 -;2326 ~<~ bpchar bpchar bool 2174 bpchar_pattern_lt 2330 2329 -;2327 ~<=~ bpchar bpchar bool 2175 bp\
    char_pattern_le 2329 2330 -;2329 ~>=~ bpchar bpchar bool 2177 bpchar_pattern_ge 2327 2326 -;2330 ~>~ bpchar bp\
    char bool 2178 bpchar_pattern_gt 2326 2327 -;2345 < date timestamp bool 2338 date_lt_timestamp 2375 2348 -;234\
    6 <= date timestamp bool 2339 date_le_timestamp 2374 2349 -;2347 = date timestamp bool 2340 date_eq_timestamp \
    2373 2350 m;2348 >= date timestamp bool 2342 date_ge_timestamp 2372 2345 -;2349 > date timestamp bool 2341 dat\
    e_gt_timestamp 2371 2346 -;2350 <> date timestamp bool 2343 date_ne_timestamp 2376 2347 -;2358 < date timestam\
    ptz bool 2351 date_lt_timestamptz 2388 2361 -;2359 <= date timestamptz bool 2352 date_le_timestamptz 2387 2362\
     -;2360 = date timestamptz bool 2353 date_eq_timestamptz 2386 2363 m;2361 >= date timestamptz bool 2355 date_g\
    e_timestamptz 2385 2358 -;2362 > date timestamptz bool 2354 date_gt_timestamptz 2384 2359 -;2363 <> date times\
    tamptz bool 2356 date_ne_timestamptz 2389 2360 -;2371 < timestamp date bool 2364 timestamp_lt_date 2349 2374 -\
    ;2372 <= timestamp date bool 2365 timestamp_le_date 2348 2375 -;2373 = timestamp date bool 2366 timestamp_eq_d\
    ate 2347 2376 m;2374 >= timestamp date bool 2368 timestamp_ge_date 2346 2371 -;2375 > timestamp date bool 2367\
     timestamp_gt_date 2345 2372 -;2376 <> timestamp date bool 2369 timestamp_ne_date 2350 2373 -;2384 < timestamp\
    tz date bool 2377 timestamptz_lt_date 2362 2387 -;2385 <= timestamptz date bool 2378 timestamptz_le_date 2361 \
    2388 -;2386 = timestamptz date bool 2379 timestamptz_eq_date 2360 2389 m;2387 >= timestamptz date bool 2381 ti\
    mestamptz_ge_date 2359 2384 -;2388 > timestamptz date bool 2380 timestamptz_gt_date 2358 2385 -;2389 <> timest\
    amptz date bool 2382 timestamptz_ne_date 2363 2386 -;2534 < timestamp timestamptz bool 2520 timestamp_lt_times\
    tamptz 2544 2537 -;2535 <= timestamp timestamptz bool 2521 timestamp_le_timestamptz 2543 2538 -;2536 = timesta\
    mp timestamptz bool 2522 timestamp_eq_timestamptz 2542 2539 m;2537 >= timestamp timestamptz bool 2524 timestam\
    p_ge_timestamptz 2541 2534 -;2538 > timestamp timestamptz bool 2523 timestamp_gt_timestamptz 2540 2535 -;2539 \
    <> timestamp timestamptz bool 2525 timestamp_ne_timestamptz 2545 2536 -;2540 < timestamptz timestamp bool 2527\
     timestamptz_lt_timestamp 2538 2543 -;2541 <= timestamptz timestamp bool 2528 timestamptz_le_timestamp 2537 25\
    44 -;2542 = timestamptz timestamp bool 2529 timestamptz_eq_timestamp 2536 2545 m;2543 >= timestamptz timestamp\
     bool 2531 timestamptz_ge_timestamp 2535 2540 -;2544 > timestamptz timestamp bool 2530 timestamptz_gt_timestam\
    p 2534 2541 -;2545 <> timestamptz timestamp bool 2532 timestamptz_ne_timestamp 2539 2542 -;2551 + interval dat\
    e timestamp 2546 interval_pl_date 1076 0 -;2553 + interval timestamp timestamp 2548 interval_pl_timestamp 2066\
     0 -;2554 + interval timestamptz timestamptz 2549 interval_pl_timestamptz 1327 0 -;2555 + int4 date date 2550 \
    integer_pl_date 1100 0 -;2750 && anyarray anyarray bool 2747 arrayoverlap 2750 0 -;2751 @> anyarray anyarray b\
    ool 2748 arraycontains 2752 0 -;2752 <@ anyarray anyarray bool 2749 arraycontained 2751 0 -;2779 || text anyno\
    narray text 2003 textanycat 0 0 -;2780 || anynonarray text text 2004 anytextcat 0 0 -;2972 = uuid uuid bool 29\
    56 uuid_eq 2972 2973 mh;2973 <> uuid uuid bool 2959 uuid_ne 2973 2972 -;2974 < uuid uuid bool 2954 uuid_lt 297\
    5 2977 -;2975 > uuid uuid bool 2958 uuid_gt 2974 2976 -;2976 <= uuid uuid bool 2955 uuid_le 2977 2975 -;2977 >\
    = uuid uuid bool 2957 uuid_ge 2976 2974 -;2988 = record record bool 2981 record_eq 2988 2989 mh;2989 <> record\
     record bool 2982 record_ne 2989 2988 -;2990 < record record bool 2983 record_lt 2991 2993 -;2991 > record rec\
    ord bool 2984 record_gt 2990 2992 -;2992 <= record record bool 2985 record_le 2993 2991 -;2993 >= record recor\
    d bool 2986 record_ge 2992 2990 -;3188 *= record record bool 3181 record_image_eq 3188 3189 m;3189 *<> record \
    record bool 3182 record_image_ne 3189 3188 -;3190 *< record record bool 3183 record_image_lt 3191 3193 -;3191 \
    *> record record bool 3184 record_image_gt 3190 3192 -;3192 *<= record record bool 3185 record_image_le 3193 3\
    191 -;3193 *>= record record bool 3186 record_image_ge 3192 3190 -;3206 #>> jsonb _text text 3940 jsonb_extrac\
    t_path_text 0 0 -;3211 -> jsonb text jsonb 3478 jsonb_object_field 0 0 -;3212 -> jsonb int4 jsonb 3215 jsonb_a\
    rray_element 0 0 -;3213 #> jsonb _text jsonb 3217 jsonb_extract_path 0 0 -;3240 = jsonb jsonb bool 4043 jsonb_\
    eq 3240 3241 mh;3241 <> jsonb jsonb bool 4038 jsonb_ne 3241 3240 -;3242 < jsonb jsonb bool 4039 jsonb_lt 3243 \
    3245 -;3243 > jsonb jsonb bool 4040 jsonb_gt 3242 3244 -;3244 <= jsonb jsonb bool 4041 jsonb_le 3245 3243 -;32\
    45 >= jsonb jsonb bool 4042 jsonb_ge 3244 3242 -;3246 @> jsonb jsonb bool 4046 jsonb_contains 3250 0 -;3247 ? \
    jsonb text bool 4047 jsonb_exists 0 0 -;3248 ?| jsonb _text bool 4048 jsonb_exists_any 0 0 -;3249 ?& jsonb _te\
    xt bool 4049 jsonb_exists_all 0 0 -;3250 <@ jsonb jsonb bool 4050 jsonb_contained 3246 0 -;3284 || jsonb jsonb\
     jsonb 3301 jsonb_concat 0 0 -;3285 - jsonb text jsonb 3302 pg_catalog.jsonb_delete 0 0 -;3286 - jsonb int4 js\
    onb 3303 pg_catalog.jsonb_delete 0 0 -;3287 #- jsonb _text jsonb 3304 jsonb_delete_path 0 0 -;3315 <> xid xid \
    bool 3308 xidneq 3315 352 -;3316 <> xid int4 bool 3309 xidneqint4 0 353 -;3398 - jsonb _text jsonb 3343 pg_cat\
    alog.jsonb_delete 0 0 -;3477 ->> jsonb text text 3214 jsonb_object_field_text 0 0 -;3481 ->> jsonb int4 text 3\
    216 jsonb_array_element_text 0 0 -;3762 @@ text text bool 3760 ts_match_tt 0 0 -;3877 ^@ text text bool 3696 s\
    tarts_with 0 0 -;3962 -> json text json 3947 json_object_field 0 0 -;3963 ->> json text text 3948 json_object_\
    field_text 0 0 -;3964 -> json int4 json 3949 json_array_element 0 0 -;3965 ->> json int4 text 3950 json_array_\
    element_text 0 0 -;3966 #> json _text json 3951 json_extract_path 0 0 -;3967 #>> json _text text 3953 json_ext\
    ract_path_text 0 0 -
    """
}
