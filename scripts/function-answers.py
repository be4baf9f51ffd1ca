#!/usr/bin/env python3
"""Asks PostgreSQL 15 what its operators and casts answer, for Tests/Data/Functions.

usage: function-answers.py CONNINFO OUTPUT_DIRECTORY

Samples and answers are tab-separated. An answer is text, \\N for NULL, or "!" with SQLSTATE and message.
"""
import pathlib
import sys

import psycopg

SAMPLES = {
    "bool": ["t", "f"],
    "int2": ["0", "1", "-7", "32767", "-32768"],
    "int4": ["0", "-1", "7", "2147483647", "-2147483648"],
    "int8": ["0", "-1", "12", "9223372036854775807", "-9223372036854775808"],
    "float4": ["0", "-1.5", "3e38", "1e-45", "NaN", "Infinity", "2.5"],
    "float8": ["0", "-0.5", "3", "1e308", "5e-324", "NaN", "-Infinity", "1e10", "2147483647.25"],
    "numeric": ["0", "-1.50", "3", "12345678901234567890.123456789", "NaN", "Infinity", "0.0000001", "-9223372036854775808"],
    "text": ["", "a", "abc", "Abc", "\u00e4\u00f6", "ab "],
    "varchar": ["", "abc", "\u00e4\u00f6\u00fc", "ab  ", "abcdefgh"],
    "bpchar": ["", "abc", "abc  ", "ab", "\u00e4 "],
    "name": ["", "a", "abc", "abd"],
    "char": ["", "a", "b"],
    "bytea": ["\\x", "\\x00", "\\x61ff", "\\x6162"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
             "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "date": ["2000-01-01", "2021-03-28", "infinity", "-infinity", "0044-03-15 BC", "5874897-12-31", "2024-02-29"],
    "time": ["00:00", "12:34:56.789012", "24:00", "23:59:59.999999"],
    "timestamp": ["2000-01-01 00:00", "2021-03-28 02:30:00", "infinity", "-infinity", "2021-10-31 02:30:00.123456",
                  "1969-12-31 23:59:59.999999", "294276-12-31 23:00"],
    "timestamptz": ["2000-01-01 00:00+00", "2021-03-28 00:59:59+00", "infinity", "2021-10-31 00:30+00",
                    "1960-07-01 23:59:59.999999+00", "294276-02-10 20:00+00"],
    "interval": ["0", "1 mon", "-1 day 2 hours", "1 year 2 mons 3 days 04:05:06.789", "30 days", "-00:00:00.000001",
                 "178000000 years"],
    "oid": ["0", "1", "4294967295"],
    "xid": ["0", "3", "4294967295"],
    "oidvector": ["", "1 2", "1 2 3", "2"],
    "json": ['{"a": {"b":[1,2.50,null,"x"]}, "c": 1.0}', '[1, "a" , {"k":1e2}]', '"text"', "null",
             '{"a":{"b":"\u00e4"},"0":true}'],
    "jsonb": ['{"a": {"b":[1,2.50,null,"x"]}, "c": "a"}', '[1, "a", {"k":1e2}, [1,2]]', '"a"', "null", "true", "1.50",
              '{"a": {"b": "\u00e4"}, "0": true}', "[]", "{}", '["a"]', "[3,1]", '{"aa": 1, "b": 2}', "-3.6"],
    "_text": ["{}", "{a}", "{a,b}", "{a,b,1}", "{1}", "{0}", "{a,NULL}", "{2,k}", "{-1,0}"],
    "_int4": ["{}", "{1}", "{1,2}", "{2,1,3}", "{NULL,1}"],
}
# Right operands of operators that need ones of their own, by operator and right type.
RIGHT = {
    **{(name, "text"): ["", "a%", "%c", "%b%", "a_c", "_", "%", "a\\%", "a\\", "%\u00f6", "A%C", "__", "_%_", "%a%c%", "ab_"]
       for name in ("~~", "!~~", "~~*", "!~~*")},
    ("~~", "bytea"): ["\\x25", "\\x6125", "\\x5f62", "\\x61"],
    ("!~~", "bytea"): ["\\x25", "\\x6125", "\\x5f62", "\\x61"],
    **{(name, "text"): ["", "^a", "c$", "a.c", "^..$", "[[:upper:]]", "(", "^\\w+$", "b|\u00f6", "a{1,2}b", "\\s", "^\\S*$",
                        "(?i)ABC", "[", "a**", "x*?", "\\mabc\\M", "[^a-c]", "(a)(b)\\2c|abc", "a{2,1}", "a{256}", "((a{1,9}){0,9}b?)+c", "a{,2}", "x{", "[\\w]b", "(?:ab|a)c",
                        "a+?b", "(a{2}"]
       for name in ("~", "~*", "!~", "!~*")},
    **{(name, "int4"): ["0", "1", "3", "31", "32", "33", "63", "-1"] for name in ("<<", ">>")},
    **{(name, "int4"): ["0", "1", "-1", "2", "-5"] for name in ("->", "->>")},
    **{(name, "text"): ["a", "0", "c", ""] for name in ("->", "->>", "?")},
    ("-", "text"): ["a", "0", ""],
    ("^", "float8"): ["0", "2", "-1", "0.5", "1000", "NaN", "-Infinity"],
    ("^", "numeric"): ["0", "2", "-1", "0.5", "3.7", "NaN"],
    ("*", "float8"): ["0", "-0.5", "3", "1e308", "5e-324", "NaN", "1.1"],
}
ALIASES = {"anyarray": "_int4", "anycompatiblearray": "_int4", "anycompatible": "int4", "anynonarray": "float8"}
MODIFIERS = {
    "varchar": [4, 6, 8], "bpchar": [5, 8, 10],
    "numeric": [(4 << 16 | 2) + 4, (10 << 16 | 0) + 4, (30 << 16 | 10) + 4, (3 << 16 | 3) + 4],
    "time": [0, 3, 6], "timestamp": [0, 3, 6], "timestamptz": [0, 3], 
    "interval": [(0x7FFF << 16) | 0, (0x7FFF << 16) | 3, (4 << 16) | 0xFFFF, (6 << 16) | 0xFFFF, (2 << 16) | 0xFFFF, (8 << 16) | 0xFFFF,
                 (1032 << 16) | 0xFFFF, (3080 << 16) | 0xFFFF, (7176 << 16) | 2, (1024 << 16) | 0xFFFF,
                 (3072 << 16) | 0xFFFF, (7168 << 16) | 0xFFFF, (2048 << 16) | 0xFFFF, (4096 << 16) | 1],
}
FROM_TEXT = {
    "bool": ["t", " YES ", "off", "o", "", "1", "2"], "int2": ["32768", " 12 ", "1.5", "", "-32768"],
    "int4": ["+7", "2147483648", "abc"], "int8": ["9223372036854775808", "-9223372036854775808", "- 1"],
    "float4": ["1e39", "1e-46", " nan ", "inf", "1.1"], "float8": ["1e400", ".5", "5.", "e5", "-infinity"],
    "numeric": ["1e3", "nan", "-1.2.3", " 12.50 ", "Inf"],
    "date": ["2020-02-30", "20200229", "Jan 3 2020", "epoch", "x", "01/02/2020"],
    "time": ["25:00", "3pm", "12:00:60"], "timestamp": ["2020-01-01T00:00:00Z", "2020-01-01 24:00", "x"],
    "timestamptz": ["2020-01-01T00:00:00Z", "2021-03-28 02:30", "2020-06-01 12:00 America/New_York", "2020-13-01"],
    "interval": ["1 day ago", "P1DT2H", "1-2", "x", "1.5 months"], "uuid": ["{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0"],
    "json": ["{\"a\":1", " [1] "], "jsonb": ["{\"b\":1,\"a\":2, \"b\":3}", "1e2", "\"\\u0000\"", "", "{\"a\" 1}"],
    "bytea": ["\\x0", "abc\\000", "\\xzz"], "oid": ["4294967295", "-1", "x"],
}


def quoted(value):
    return "'" + value.replace("'", "''") + "'" if "\\" not in value else "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def literal(value, kind):
    return f"{quoted(value)}::pg_catalog.\"{kind}\""


def ask(connection, expression):
    try:
        row = connection.execute(f"SELECT (SELECT {expression})::text").fetchone()
        answer = "\\N" if row[0] is None else row[0]
        return answer
    except psycopg.Error as error:
        return f"!{error.sqlstate} {error.diag.message_primary}"


def main():
    connection = psycopg.connect(sys.argv[1], autocommit=True, options="-c TimeZone=Europe/Berlin")
    out = pathlib.Path(sys.argv[2])
    signatures = (out.parent / "Plan/signatures.txt").read_text().splitlines()
    lines = []
    for line in signatures:
        parts = line.split()
        if parts[0] != "o":
            continue
        name, left, right = parts[1], ALIASES.get(parts[2], parts[2]), ALIASES.get(parts[3], parts[3])
        if right not in SAMPLES or (left != "-" and left not in SAMPLES):
            continue
        rights = RIGHT.get((name, right), SAMPLES[right])
        lefts = ["-"] if left == "-" else SAMPLES[left]
        answers = []
        for a in lefts:
            for b in rights:
                right_operand = literal(b, right)
                left_operand = "" if left == "-" else literal(a, left)
                answers.append(ask(connection, f"{left_operand} OPERATOR(pg_catalog.{name}) {right_operand}"))
        lines.append("\t".join(["l"] + lefts))
        lines.append("\t".join(["r"] + rights))
        lines.append("\t".join(["o", name, left, right, parts[2], parts[3]] + answers))
    compact, kept = [], {}
    for line in lines:
        if line[0] in "lr":
            if kept.get(line[0]) == line:
                continue
            kept[line[0]] = line
        compact.append(line)
    (out / "operators.tsv").write_text("\n".join(compact) + "\n")

    lines = []
    pairs = [line.split()[1:3] for line in signatures if line.startswith("c ")]
    pairs = [pair for pair in pairs if pair[0] in SAMPLES and pair[1] in SAMPLES and pair[0] != pair[1]]
    for kind in SAMPLES:
        if kind not in ("text", "char") and [kind, "text"] not in pairs:
            pairs.append([kind, "text"])
    for source, target in pairs:
        samples = SAMPLES[source]
        answers = [ask(connection, f"{literal(value, source)}::pg_catalog.\"{target}\"") for value in samples]
        lines.append("\t".join(["v"] + samples))
        lines.append("\t".join(["c", source, target] + answers))
    for target, samples in FROM_TEXT.items():
        answers = [ask(connection, f"({quoted(value)}::text)::pg_catalog.\"{target}\"") for value in samples]
        lines.append("\t".join(["v"] + samples))
        lines.append("\t".join(["c", "text", target] + answers))
    for kind, modifiers in MODIFIERS.items():
        samples = SAMPLES[kind]
        lines.append("\t".join(["v"] + samples))
        for modifier in modifiers:
            for explicit in (["false", "true"] if kind in ("varchar", "bpchar") else ["false"]):
                extra = f", {explicit}" if kind in ("varchar", "bpchar") else ""
                answers = [
                    ask(connection, f"pg_catalog.\"{kind}\"({literal(value, kind)}, {modifier}{extra})")
                    for value in samples]
                lines.append("\t".join(["m", kind, str(modifier), explicit] + answers))
    (out / "casts.tsv").write_text("\n".join(lines) + "\n")


main()
