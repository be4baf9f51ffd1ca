#!/usr/bin/env python3
"""Asks PostgreSQL 15 what its scalar and table functions answer, for Tests/Data/Functions.

usage: scalar-answers.py CONNINFO OUTPUT_DIRECTORY

A line is a call: name, types of the arguments (comma between), their texts (\\N is null), and the answer: text, \\N for
null, "!" with SQLSTATE and message; of a table function, its rows with "|" between.
"""
import itertools
import pathlib
import sys

import psycopg

TEXTS = ["", "abc", "Hello wOrld-it's 1st", "äöÜß€", "  pad ded  ", "a,b,,c", "\\"]
INTS = ["0", "1", "-1", "3", "-3", "2147483647"]
FLOATS = ["0", "1", "-1", "0.5", "2.5", "-2.5", "1e300", "NaN", "Infinity", "-Infinity", "123.456"]
NUMERICS = ["0", "1", "-1", "0.5", "2.5", "-2.55", "12345678901234567890.123", "NaN", "Infinity", "10", "100.00"]
STAMPS = ["2024-02-29 13:14:15.678901", "2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC",
          "infinity", "-infinity", "2021-10-31 02:30:00", "2021-03-28 03:30:00", "2099-12-31 00:00:00"]
INSTANTS = [s + "+00" if "BC" not in s and "inf" not in s else s for s in STAMPS] + [
    "2021-10-31 00:30:00+00", "2021-10-31 01:30:00+00", "2021-03-27 23:30:00+00", "2021-10-30 22:00:00+00"]
DATES = ["2024-02-29", "2000-01-01", "2005-01-02", "0044-03-15 BC", "infinity", "2020-12-31"]
TIMES = ["00:00:00", "13:14:15.678", "23:59:59.999999"]
SPANS = ["1 day", "-1 mon +3 days -04:05:06.789", "2 years 5 mons 40 days 36:00:00", "00:00:00", "100 years", "-00:00:01"]
UNITS = ["microseconds", "ms", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
         "century", "millennium", "epoch", "julian", "dow", "isodow", "doy", "isoyear", "timezone", "timezone_hour", "xx"]
TEMPLATES = ["YYYY-MM-DD HH24:MI:SS.US", "FMDay, FMDDth Month YYYY", "Dy dy DAY Mon MON month", "HH12:MI AM p.m.",
             "IYYY-IW-ID IDDD", "DDD WW W Q CC J", "Y,YYY YYY YY Y BC", "TZ tz OF TZH:TZM", "FF1 FF3 FF6 MS US SSSS",
             "\"T\"HH \"q\\\"q\" x\\\"y", "RM rm FMRM", "FMYYYY-FMMM-FMDD", "DDTH ddth", "", "YYYYMMDD"]
NUMFORMATS = ["9", "999", "9999.99", "0000.00", "FM9999.99", "FM9990.00", "S999", "999S", "MI999", "999MI", "PL999",
              "SG999", "999PR", "FM999PR", "9,999", "9G999D99", "L999", "RN", "FMrn", "999th", "99V99", "9.99EEEE",
              "\"Pre:\"999\" Post:\" .999", "FM9.9", "0.9", ".99", "9 9 9", "FM000", "9SG99", "B9", "99.99.9", "SS9", "FM9,999,999"]
NUMVALUES = ["0", "1", "-1", "12", "485", "-485", "1234.567", "-0.1", "0.5", "3999", "1e10"]

t, i, f, n = ("text", TEXTS), ("int4", INTS), ("float8", FLOATS), ("numeric", NUMERICS)
def s(*values): return ("text", list(values))
def k(kind, *values): return (kind, list(values))
PATTERNS = s("b", "(b)(c)?", "[a-z]+", "", "^", "\\s", "(", "l+", ",")
ARRAYS = k("_int4", "{}", "{1,2,3}", "{1,NULL,1}")
JSON = ['{"a": 1, "b": [1, 2, {"c": null}], "": "x\\n"}', "[1, 2.50, \"a\", null, true]", "\"s\"", "null", "12e2", "{}", "[]"]

CALLS = [
    ("length", t), ("char_length", t), ("octet_length", t), ("bit_length", t), ("length", k("bytea", "\\x0102")),
    ("lower", t), ("upper", t), ("initcap", t), ("substr", t, i), ("substr", t, i, i), ("substring", t, i, k("int4", "2", "-1")),
    ("left", t, i), ("right", t, i), ("position", t, s("", "b", "€", "zz")), ("strpos", t, s("", ",", "l")),
    ("starts_with", t, s("", "a", "abc")), ("split_part", t, s(",", "", "l"), i), ("btrim", t), ("ltrim", t), ("rtrim", t),
    ("btrim", t, s("", "ac", "ä€", " d")), ("ltrim", t, s("a")), ("rtrim", t, s("c€")),
    ("replace", t, s("", "b", ","), s("", "XX")), ("translate", t, s("abc", "aäb"), s("", "x", "xyz")), ("reverse", t),
    ("repeat", t, k("int4", "0", "-1", "2")), ("lpad", t, k("int4", "0", "-1", "2", "8")), ("rpad", t, k("int4", "8"), s("", "xy", "ä")),
    ("lpad", t, k("int4", "8"), s("", "xy", "ä")), ("ascii", t), ("chr", k("int4", "65", "8364", "0", "-1", "1114112")),
    ("md5", t), ("overlay", t, s("XX"), k("int4", "1", "2", "0"), k("int4", "0", "2")), ("overlay", t, s("XX"), k("int4", "2")),
    ("quote_ident", s("a", "A", "select", "a b", "", "a\"b", "1a", "name", "_x1")), ("quote_literal", s("a", "it's", "b\\c")),
    ("quote_nullable", s("a", "\\N")), ("to_hex", k("int4", "255", "-1")), ("to_hex", k("int8", "255", "-1")),
    ("encode", k("bytea", "\\x", "\\x00ff5c41", "\\x" + "ab" * 60), s("hex", "base64", "escape", "zz")),
    ("decode", s("", "0aFF", "0a F", "AP9cQQ==", "a\\\\b\\001", "zz", "AP9"), s("hex", "base64", "escape")),
    ("sha256", k("bytea", "\\x", "\\x616263")),
    ("string_to_array", t, s(",", "", "\\N")), ("string_to_array", t, s(","), s("a", "")),
    ("array_to_string", k("_text", "{}", "{a,NULL,b}"), s(",", "")), ("array_to_string", k("_text", "{a,NULL,b}"), s(","), s("-", "\\N")),
    ("regexp_replace", t, PATTERNS, s("<\\1>", "\\&\\\\", "x")), ("regexp_replace", t, s("l", "[a-z]"), s("X"), s("g", "gi", "z", "i")),
    ("regexp_replace", t, s("l"), s("X"), k("int4", "1", "5", "0")), ("regexp_replace", t, s("l"), s("X"), k("int4", "1"), k("int4", "0", "2")),
    ("regexp_match", t, PATTERNS), ("regexp_like", t, PATTERNS), ("regexp_count", t, PATTERNS), ("regexp_substr", t, PATTERNS),
    ("regexp_split_to_array", t, s(",", "", "\\s+", "l")), ("regexp_instr", t, s("l", "b", "[a-z]+")),
    ("regexp_match", t, s("B"), s("i", "g")), ("substring", t, s("b(.)", "l.", "(")),
    ("like_escape", s("a#%b", "a\\b", "##", "ä"), s("#", "", "\\", "ab")),
    ("similar_to_escape", s("a%b_", "(a|b)*", "[a-c]x", "a\\%"), s("\\", "#")),
    ("ceil", f), ("floor", f), ("round", f), ("trunc", f), ("sign", f), ("abs", f), ("sqrt", f), ("cbrt", f), ("exp", f), ("ln", f),
    ("log", f), ("log10", f), ("sin", f), ("cos", f), ("tan", f), ("cot", f), ("asin", f), ("acos", f), ("atan", f), ("degrees", f),
    ("radians", f), ("sinh", f), ("cosh", f), ("tanh", f), ("asinh", f), ("acosh", f), ("atanh", f), ("atan2", f, k("float8", "1", "-2")),
    ("power", f, k("float8", "0", "2", "-1", "0.5")),
    ("ceil", n), ("floor", n), ("round", n), ("trunc", n), ("sign", n), ("abs", n), ("sqrt", n), ("exp", k("numeric", "0", "1", "-2.5", "5000", "NaN")),
    ("ln", n), ("log", n), ("scale", n), ("min_scale", n), ("trim_scale", n), ("round", n, k("int4", "0", "1", "-1", "30")),
    ("trunc", n, k("int4", "0", "1", "-1")), ("log", n, k("numeric", "2", "100")), ("mod", n, k("numeric", "3", "0", "-2.5")),
    ("div", n, k("numeric", "3", "0", "-2.5")), ("power", k("numeric", "2", "-2", "0", "1.5"), k("numeric", "0", "3", "-1", "0.5")),
    ("factorial", k("int8", "0", "5", "25", "-1")), ("gcd", k("int4", "12", "0", "-2147483648"), k("int4", "18", "0", "-2147483648")),
    ("lcm", k("int8", "12", "0", "9223372036854775807"), k("int8", "18", "0", "5")), ("gcd", k("numeric", "12.5", "0"), k("numeric", "2.50", "0")),
    ("lcm", k("numeric", "12.5", "0"), k("numeric", "2.0", "3")), ("mod", k("int4", "7", "-7"), k("int4", "3", "-3", "0")),
    ("abs", k("int4", "-5", "-2147483648")), ("abs", k("int8", "-5")), ("abs", k("int2", "-5", "-32768")),
    ("width_bucket", k("float8", "5.35", "-1", "11", "10"), k("float8", "0.024"), k("float8", "10.06", "0.024"), k("int4", "5", "0")),
    ("width_bucket", k("numeric", "5.35", "-1", "11"), k("numeric", "10.06"), k("numeric", "0.024"), k("int4", "5")),
    ("date_trunc", ("text", UNITS), ("timestamptz", INSTANTS)), ("date_trunc", ("text", UNITS), ("timestamp", STAMPS)),
    ("date_trunc", s("hour", "day", "month"), ("timestamptz", INSTANTS), s("Asia/Kolkata", "UTC", "EST", "America/New_York", "xx")),
    ("date_trunc", ("text", UNITS), ("interval", SPANS)),
    ("extract", ("text", UNITS), ("timestamptz", INSTANTS)), ("extract", ("text", UNITS), ("timestamp", STAMPS)),
    ("extract", ("text", UNITS), ("date", DATES)), ("extract", ("text", UNITS), ("time", TIMES)), ("extract", ("text", UNITS), ("interval", SPANS)),
    ("date_part", ("text", UNITS), ("timestamp", STAMPS)), ("date_part", ("text", UNITS), ("date", DATES)), ("date_part", ("text", UNITS), ("interval", SPANS)),
    ("timezone", s("UTC", "America/New_York", "EST", "Asia/Kolkata", "xx", "utc", "<+02>-2"), ("timestamptz", INSTANTS)),
    ("timezone", s("UTC", "America/New_York", "Europe/Berlin"), ("timestamp", STAMPS)), ("timezone", k("interval", "02:00", "1 day"), ("timestamptz", INSTANTS)),
    ("make_date", k("int4", "2024", "0", "-44"), k("int4", "2", "13"), k("int4", "29", "30")), ("make_time", k("int4", "8", "24"), k("int4", "15", "60"), k("float8", "23.5", "60", "-1")),
    ("make_timestamp", k("int4", "2013"), k("int4", "7"), k("int4", "15"), k("int4", "8"), k("int4", "15", "99"), k("float8", "23.5", "NaN")),
    ("make_timestamptz", k("int4", "2013"), k("int4", "7"), k("int4", "15"), k("int4", "8"), k("int4", "15"), k("float8", "23.5")),
    ("make_interval", k("int4", "1"), k("int4", "-2"), k("int4", "3"), k("int4", "4"), k("int4", "5"), k("int4", "6"), k("float8", "7.5")),
    ("age", ("timestamp", STAMPS), ("timestamp", ["2000-01-31 12:00:00", "2024-02-29 13:14:15"])), ("age", ("timestamptz", INSTANTS[:4] + INSTANTS[6:]), ("timestamptz", ["2000-01-31 12:00:00+00"])),
    ("date_bin", k("interval", "15 minutes", "1 day", "1 month", "-1 day", "7 days 01:00"), ("timestamp", STAMPS), k("timestamp", "2001-01-01", "2030-01-01 00:02:30")),
    ("justify_days", ("interval", SPANS)), ("justify_hours", ("interval", SPANS)), ("justify_interval", ("interval", SPANS)),
    ("isfinite", ("timestamp", STAMPS)), ("isfinite", ("date", DATES)), ("to_timestamp", f),
    ("to_char", ("timestamp", STAMPS), ("text", TEMPLATES)), ("to_char", ("timestamptz", INSTANTS), ("text", TEMPLATES)),
    ("to_char", ("interval", SPANS), ("text", ["HH24:MI:SS.MS", "YYYY MM DD", "DDD", "HH12 AM", "Day", "Y,YYY CC", "RM Q"] )),
    ("to_char", ("numeric", NUMVALUES + ["NaN", "Infinity"]), ("text", NUMFORMATS)), ("to_char", k("int4", "0", "485", "-485", "12345"), ("text", NUMFORMATS)),
    ("to_char", ("float8", NUMVALUES + ["NaN"]), ("text", NUMFORMATS)),
    ("to_date", s("2024-02-29"), s("YYYY-MM-DD")), ("to_date", s("20240229"), s("YYYYMMDD")), ("to_date", s("29 Feb 24", "30 Feb 24"), s("DD Mon YY")),
    ("to_date", s("2024-060"), s("YYYY-DDD")), ("to_date", s("2024-W09-4"), s("IYYY-\"W\"IW-ID")), ("to_date", s("05/06/2021", "x"), s("MM/DD/YYYY")),
    ("to_date", s("March 5, 1999"), s("FMMonth DD, YYYY")), ("to_date", s("44-03-15 BC"), s("YYYY-MM-DD BC")),
    ("to_timestamp", s("2024-02-29 13:14:15.678", "2024-02-29", "2024-13-01 00:00:00"), s("YYYY-MM-DD HH24:MI:SS.MS")),
    ("to_timestamp", s("2024-02-29T01:14:15 PM"), s("YYYY-MM-DD\"T\"HH:MI:SS AM")), ("to_timestamp", s("1 2 3 -05"), s("YYYY MM DD TZH")),
    ("to_timestamp", s("13 PM"), s("HH12 AM")),
    ("to_number", s("12,454.8-"), s("99G999D9S")), ("to_number", s("-34,338,492", "<5>", "x"), s("99G999G999")), ("to_number", s("1234.5"), s("9999.99")),
    ("jsonb_typeof", ("jsonb", JSON)), ("json_typeof", ("json", JSON)), ("jsonb_array_length", ("jsonb", JSON)), ("json_array_length", ("json", JSON)),
    ("jsonb_strip_nulls", ("jsonb", JSON)), ("jsonb_pretty", ("jsonb", JSON)),
    ("jsonb_set", ("jsonb", JSON), k("_text", "{a}", "{b,0}", "{b,-1,z}", "{zz}", "{0}", "{5}", "{}"), k("jsonb", "[9]")),
    ("jsonb_set", ("jsonb", JSON), k("_text", "{a}", "{zz}", "{5}"), k("jsonb", "9"), k("bool", "false")),
    ("jsonb_insert", ("jsonb", JSON), k("_text", "{a}", "{b,0}", "{b,-1}", "{zz}", "{0}"), k("jsonb", "9")),
    ("jsonb_object", k("_text", "{a,1,b,NULL}", "{a}")), ("jsonb_object", k("_text", "{a,b}"), k("_text", "{1,2}", "{1}")),
    ("to_jsonb", f), ("to_jsonb", n), ("to_jsonb", ("timestamptz", INSTANTS)), ("to_jsonb", ("timestamp", STAMPS)), ("to_jsonb", ("date", DATES)),
    ("to_jsonb", k("_text", "{}", "{a,NULL,\"b\\\"c\"}")), ("to_json", k("_int4", "{1,NULL}")), ("to_json", f), ("to_jsonb", k("bool", "t")), ("to_jsonb", t),
    ("array_length", ARRAYS, k("int4", "1", "2")), ("array_upper", ARRAYS, k("int4", "1")), ("array_lower", ARRAYS, k("int4", "1")),
    ("cardinality", ARRAYS), ("array_ndims", ARRAYS), ("array_dims", ARRAYS), ("array_append", ARRAYS, k("int4", "1", "\\N")),
    ("array_prepend", k("int4", "1", "\\N"), ARRAYS), ("array_cat", ARRAYS, k("_int4", "{}", "{7}", "\\N")), ("array_remove", ARRAYS, k("int4", "1", "\\N")),
    ("array_replace", ARRAYS, k("int4", "1", "\\N"), k("int4", "9")), ("array_position", ARRAYS, k("int4", "1", "\\N", "3")),
    ("array_position", ARRAYS, k("int4", "1"), k("int4", "2")), ("array_positions", ARRAYS, k("int4", "1", "\\N")), ("trim_array", ARRAYS, k("int4", "0", "2", "-1", "4")),
    ("pg_size_pretty", k("int8", "0", "10239", "10240", "20479", "-10240", "123456789", "1234567890123", "9223372036854775807", "10485247", "10485248")),
    ("pg_size_pretty", k("numeric", "1024.5", "99999999999999999999")), ("pg_size_bytes", s("1kB", "1.5 MB", "12", "x", "1 zB", "-1GB")),
    ("generate_series", k("int4", "1", "3"), k("int4", "3", "1")), ("generate_series", k("int8", "1"), k("int8", "10"), k("int8", "4", "0", "-1")),
    ("generate_series", k("numeric", "1"), k("numeric", "2"), k("numeric", "0.3", "NaN", "0")),
    ("generate_series", k("timestamp", "2024-01-31"), k("timestamp", "2024-05-01"), k("interval", "1 month", "-1 day", "00:00")),
    ("generate_series", k("timestamptz", "2021-10-30 00:00+02"), k("timestamptz", "2021-11-01 00:00+01"), k("interval", "1 day", "12 hours")),
    ("generate_subscripts", ARRAYS, k("int4", "1", "2")), ("generate_subscripts", ARRAYS, k("int4", "1"), k("bool", "t")), ("unnest", ARRAYS),
    ("string_to_table", t, s(",", "", "\\N")), ("regexp_split_to_table", t, s(",", "", "\\s+")), ("regexp_matches", t, s("(l)(.)?", "b"), s("", "g")),
    ("jsonb_object_keys", ("jsonb", JSON)), ("jsonb_array_elements", ("jsonb", JSON)), ("jsonb_array_elements_text", ("jsonb", JSON)),
    ("json_object_keys", ("json", JSON)), ("json_array_elements", ("json", JSON)), ("json_array_elements_text", ("json", JSON)),
]
SETS = {"generate_series", "generate_subscripts", "unnest", "string_to_table", "regexp_split_to_table", "regexp_matches",
        "jsonb_object_keys", "jsonb_array_elements", "jsonb_array_elements_text", "json_object_keys", "json_array_elements",
        "json_array_elements_text"}


def escaped(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def main():
    conninfo, directory = sys.argv[1:]
    connection = psycopg.connect(conninfo, autocommit=True)
    connection.execute("SET TimeZone TO 'Europe/Berlin'")
    lines = []
    for name, *parameters in CALLS:
        types = [kind for kind, _ in parameters]
        for values in itertools.product(*[samples for _, samples in parameters]):
            arguments = ", ".join(
                f"NULL::{kind}" if value == "\\N" else f"%s::text::{kind}" for kind, value in zip(types, values))
            given = [value for value in values if value != "\\N"]
            call = f"pg_catalog.{name}({arguments})"
            if name in SETS:
                sql = f"SELECT coalesce(string_agg(coalesce(x::text, '\\N'), '|'), '') FROM {call} x"
            else:
                sql = f"SELECT ({call})::text"
            try:
                answer = connection.execute(sql, given).fetchone()[0]
                answer = "\\N" if answer is None else escaped(answer)
            except psycopg.Error as error:
                answer = escaped(f"!{error.sqlstate} {error.diag.message_primary}")
            texts = [value if value == "\\N" else escaped(value) for value in values]
            lines.append("\t".join([name, ",".join(types), *texts, answer]))
    pathlib.Path(directory, "scalars.tsv").write_text("\n".join(lines) + "\n")


main()
