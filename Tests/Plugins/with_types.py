"""Every type, with nulls and extremes, and random conditions and aggregations over them."""
import random

from world import BACKENDS, expect_error

COLUMNS = {
    "id": "int8 NOT NULL", "b": "boolean", "i2": "int2", "i4": "int4", "i8": "int8", "f4": "float4", "f8": "float8",
    "n": "numeric(12,2)", "m": "numeric", "t": "text", "v": "varchar(12)", "y": "bytea", "u": "uuid", "j": "json",
    "jb": "jsonb", "d": "date", "h": "time", "ts": "timestamp", "tz": "timestamptz",
}
# Values of each type as SQL literals.
VALUES = {
    "b": ["true", "false"],
    "i2": ["0", "1", "-1", "32767", "-32768", "7"],
    "i4": ["0", "1", "-1", "2147483647", "-2147483648", "7"],
    "i8": ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "7", "4294967296", "-4294967297"],
    "f4": ["0", "1.5", "-1.5", "0.1", "3.4e38", "'Infinity'", "'-Infinity'", "1e-40"],
    "f8": ["0", "1.5", "-1.5", "0.1", "1.7e308", "'Infinity'", "'-Infinity'", "5e-324", "0.30000000000000004"],
    "n": ["0", "1.5", "-1.5", "12.50", "9999999999.99", "-9999999999.99", "0.01"],
    "m": ["0", "1.0", "1.00", "-1.5", "123456789012345678901234567890.123456789", "1e-20", "10000", "0.0001", "'NaN'",
          "'Infinity'", "'-Infinity'", "-10000.00010000"],
    "t": ["''", "'a'", "'A'", "'b'", "'ab'", "'a%b'", "'a_b'", "'a\\b'", "'é'", "'e'", "'Z'", "'日本'", "'it''s'",
          "' a'", "'a '", "'\U0001F600'", "'\uFFFD'", "E'tab\\tline\\n'", "'\"q\"'", "'?1'", "'123'", "'012'"],
    "v": ["''", "'a'", "'A'", "'b'", "'ab'", "'é'", "'abcdefghijkl'"],
    "y": ["'\\x'", "'\\x00'", "'\\xff00'", "'\\x6162'", "'\\x61'"],
    "u": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
          "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'0a0eebc9-9c0b-4ef8-bb6d-6bb9bd380a11'"],
    "j": ["'{\"a\": 12.50}'", "'[1,2]'", "'null'", "'\"x\"'", "' 1.0 '"],
    "jb": ["'{\"a\": 12.50, \"b\": {\"c\": \"x\", \"d\": null}, \"e\": [1, {\"a\": 2}]}'", "'{}'", "'[]'", "'null'",
           "'\"x\"'", "'{\"a\": null}'", "'{\"a\": \"\"}'", "'{\"a\": \"q\\\"uo\\\\te\\n\\u0001\\u00e9\"}'",
           "'{\"a\": true, \"k\\\"ey\": 1, \"é\": \"ü\"}'", "'{\"a\": {\"a\": {\"a\": 1e3}}}'",
           "'{\"aa\": 1, \"a\": \"}\"}'",
           "'12.50'", "'{\"a\": [ ]}'"],
    "d": ["'2000-01-01'", "'1970-01-01'", "'1969-12-31'", "'infinity'", "'-infinity'", "'9999-12-31'", "'0001-01-01'",
          "'4713-01-01 BC'", "'2024-02-29'", "'2026-06-30'"],
    "h": ["'00:00'", "'23:59:59.999999'", "'24:00:00'", "'12:34:56.7'"],
    "ts": ["'2000-01-01'", "'1970-01-01'", "'1969-12-31 23:59:59.999999'", "'infinity'", "'-infinity'",
           "'2024-02-29 12:00:00.000001'", "'0044-03-15 BC'", "'9999-12-31 23:59:59'", "'2026-06-30 01:02:03'"],
    "tz": ["'2000-01-01+00'", "'1970-01-01+00'", "'1969-12-31 23:59:59.999999+00'", "'infinity'", "'-infinity'",
           "'2024-02-29 12:00:00.000001+02'", "'0044-03-15+00 BC'", "'9999-12-31 23:59:59+00'",
           "'2026-06-30 01:02:03+00'", "'2026-06-29 23:00:00+00'"],
}
NAMES = ", ".join(COLUMNS)
# Those that conditions compare, min and max take, and GROUP BY groups.
ORDERED = ["b", "i2", "i4", "i8", "f4", "f8", "n", "m", "t", "v", "y", "u", "d", "h", "ts", "tz"]


def _rows(world):
    source = random.Random(world.seed)
    longest = max(map(len, VALUES.values()))
    for number in range(longest * 12):
        cells = [str(number)]
        for name in list(COLUMNS)[1:]:
            value = VALUES[name][number % len(VALUES[name])] if number < longest else source.choice(VALUES[name])
            type_name = COLUMNS[name].split()[0]
            is_null = source.random() < 0.15
            cells.append("NULL" if is_null else f"CAST({value} AS {type_name})")
        yield "(" + ", ".join(cells) + ")"


def _make(world):
    if getattr(world, "has_types", False):
        return
    for table in ["types"] + [f"types_{backend}" for backend in BACKENDS]:
        world.ask(f"DROP TABLE IF EXISTS {table}")
    world.ask(f"CREATE TABLE types ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
    rows = list(_rows(world))
    for start in range(0, len(rows), 50):
        world.ask(f"INSERT INTO types ({NAMES}) VALUES " + ", ".join(rows[start:start + 50]))
    for backend, server in zip(BACKENDS, ["file", "remote"]):
        world.ask(f"CREATE TABLE types_{backend} ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}) "
                  f"USING {backend} WITH (server = '{server}')")
        world.ask(f"INSERT INTO types_{backend} SELECT {NAMES} FROM types")
    world.has_types = True


def test_every_type_comes_back_as_it_went(world):
    _make(world)
    world.same(f"SELECT {NAMES} FROM types ORDER BY id", "types")
    for name in COLUMNS:
        world.same(f"SELECT id, {name} FROM types ORDER BY id", "types")


def _literal(source, name):
    return f"CAST({source.choice(VALUES[name])} AS {COLUMNS[name].split()[0]})"


def _condition(source, depth=0):
    kind = source.random()
    if depth < 3 and kind < 0.35:
        parts = [_condition(source, depth + 1) for _ in range(source.choice([2, 2, 3]))]
        return "(" + source.choice([" AND ", " OR "]).join(parts) + ")"
    if depth < 3 and kind < 0.43:
        return f"NOT {_condition(source, depth + 1)}"
    if kind < 0.5:
        return f"({source.choice(list(COLUMNS))} IS {source.choice(['', 'NOT '])}NULL)"
    if kind < 0.58:
        path = source.choice(["jb->>'a'", "jb->'b'->>'c'", "jb->>'é'", "jb->'a'->'a'->>'a'", "jb->>'k\"ey'",
                              "jb->>'e'"])
        test = source.choice(["IS NULL", "IS NOT NULL", "= '12.50'", "= ''", "> 'a'", "<> 'true'", "LIKE 'q%'"])
        return f"({path} {test})"
    if kind < 0.66:
        column = source.choice(["t", "v"])
        pattern = source.choice(["a%", "A%", "%", "", "a\\%b", "a\\_%", "_", "é%", "%b", "a%b", "日%",
                                 "it''%", "a\\\\%"])
        return f"({column} {source.choice(['', 'NOT '])}LIKE '{pattern}')"
    name = source.choice(ORDERED)
    if kind < 0.78:
        values = ", ".join(_literal(source, name) for _ in range(source.randint(1, 4)))
        return f"({name} {source.choice(['', 'NOT '])}IN ({values}))"
    if kind < 0.83:
        return f"({name} BETWEEN {_literal(source, name)} AND {_literal(source, name)})"
    return f"({name} {source.choice(['=', '<>', '<', '<=', '>', '>='])} {_literal(source, name)})"


def test_random_conditions_choose_the_same_rows(world):
    _make(world)
    source = random.Random(world.seed)
    for _ in range(250):
        world.same(f"SELECT id FROM types WHERE {_condition(source)} ORDER BY id", "types")


def test_random_aggregations_answer_the_same(world):
    _make(world)
    source = random.Random(world.seed + 1)
    measures = ["count(*)"] + [f"count({name})" for name in COLUMNS]
    measures += [f"{f}({n})" for f in ("min", "max") for n in ("i2", "i4", "i8", "t", "v", "d", "h", "ts", "tz", "n")]
    measures += [f"{f}({n})" for f in ("sum", "avg") for n in ("i2", "i4", "i8", "n", "f8")]
    measures += ["count(DISTINCT t)", "count(DISTINCT i4)", "bool_or(b)", "min(jb->>'a')", "max(f8)", "min(f4)"]
    keys = ["b", "i2", "i4", "i8", "t", "v", "u", "y", "d", "h", "ts", "tz", "jb->>'a'", "jb->'b'->>'c'"]
    keys += [f"date_trunc('{unit}', {column})" for unit in 
             ("second", "minute", "hour", "day", "week", "month", "quarter", "year") for column in ("ts", "tz")]
    keys += [f"time_bucket('{width}', {column})" for width in ("1 minute", "7 minutes", "1 hour", "1 day", "7 days",
                                                              "1 month", "5 months", "1 year")
             for column in ("ts", "tz", "d") if column != "d" or width[-1] not in "er"]
    for _ in range(250):
        chosen = source.sample(keys, source.choice([0, 1, 1, 2]))
        calls = source.sample(measures, source.choice([1, 2, 3]))
        if source.random() < 0.3:
            calls[0] += f" FILTER (WHERE {_condition(source)})"
        where = f" WHERE {_condition(source)}" if source.random() < 0.6 else ""
        group = f" GROUP BY {', '.join(str(i + 1) for i in range(len(chosen)))}" if chosen else ""
        sql = f"SELECT {', '.join(chosen + calls)} FROM types{where}{group}"
        world.same(sql, "types", ordered=False)


def test_distinct_and_limit(world):
    _make(world)
    for name in ["t", "i4", "b", "u", "d"]:
        world.same(f"SELECT DISTINCT {name} FROM types", "types")
    world.same("SELECT t, count(*) FROM types GROUP BY t HAVING count(*) > 3 ORDER BY t", "types")
    world.same("SELECT id FROM types WHERE t >= 'a' ORDER BY t, id LIMIT 9", "types")


def test_sums_past_64_bits_are_exact(world):
    _make(world)
    rows = world.same("SELECT sum(i8), sum(i8) FILTER (WHERE i8 > 0), avg(i8), sum(i4) FROM types", "types")
    assert int(rows[0][1]) > 2 ** 63
    world.same("SELECT sum(i8) FROM types WHERE id < 0", "types")


def test_time_zones_stay_with_the_session(world):
    _make(world)
    with world.server.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        for sql in ["SELECT date_trunc('day', tz), count(*) FROM {} WHERE tz > '2000-01-01' GROUP BY 1 ORDER BY 1",
                    "SELECT id, tz FROM {} WHERE tz = '2024-02-29 05:00:00.000001' ORDER BY id"]:
            wanted = world.outcome(sql.format("types"), connection)
            for backend in BACKENDS:
                found = world.outcome(sql.format(f"types_{backend}"), connection)
                assert found == wanted, (sql, backend, found[:5], wanted[:5])


def test_what_sqlite_cannot_hold_is_refused(world):
    _make(world)
    world.ask("CREATE TABLE nan_sqlite (x float8) USING sqlite WITH (server = 'file')")
    expect_error(world, "22003", "INSERT INTO nan_sqlite VALUES ('NaN')")
    assert world.ask("SELECT count(*) FROM nan_sqlite") == [(0,)]
    world.ask("DROP TABLE nan_sqlite")
    expect_error(world, "0A000", "CREATE TABLE iv_sqlite (x interval) USING sqlite WITH (server = 'file')")


def test_intervals_and_nan_in_postgres(world):
    world.ask("CREATE TABLE extra_postgres (i interval, f float8, g float4) USING postgres WITH (server = 'remote')")
    world.ask("INSERT INTO extra_postgres VALUES ('1 year 2 mons -3 days 04:05:06.000007', 'NaN', 'NaN'), "
              "('-1 mon 1 day -00:00:01', '-0', '-0'), (NULL, NULL, NULL)")
    rows = world.outcome("SELECT i, f, g FROM extra_postgres ORDER BY f")
    assert rows == [(b"-1 mons +1 day -00:00:01", b"-0", b"-0"),
                    (b"1 year 2 mons -3 days +04:05:06.000007", b"NaN", b"NaN"), (None, None, None)], rows
    assert world.ask("SELECT count(*) FROM extra_postgres WHERE f = 'NaN'") == [(1,)]
    assert world.ask("SELECT count(*) FROM extra_postgres WHERE f > 1") == [(1,)]
    world.ask("DROP TABLE extra_postgres")


def test_not_null_columns_are_checked(world):
    _make(world)
    for suffix in ["", "_sqlite", "_postgres"]:
        expect_error(world, "23502", f"INSERT INTO types{suffix} (t) VALUES ('x')")
