"""Tables that Apus did not make: SQLite's loose types, PostgreSQL's collations, imported schemas."""
import sqlite3

from world import expect_error


def _sqlite(world):
    with sqlite3.connect(world.sqlite_path) as connection:
        connection.executescript("""
          DROP TABLE IF EXISTS legacy; DROP TABLE IF EXISTS loose; DROP VIEW IF EXISTS legacy_view;
          CREATE TABLE legacy (id INTEGER PRIMARY KEY, name VARCHAR(10) COLLATE NOCASE, price DECIMAL(10,2),
            at DATETIME, doc JSON, raw BLOB, score FLOAT, "odd ""name" TEXT);
          INSERT INTO legacy VALUES (1, 'Ann', 12.5, '2026-06-30 01:02:03', '{"a": 12.50}', x'00ff', 1.5, 'x'),
            (2, 'ann', 7, NULL, NULL, NULL, 2, NULL), (3, 'BOB', NULL, 17, '[]', x'', NULL, 'it''s'),
            (9223372036854775807, '', 1e20, '', '1', x'61', -0.5, '');
          CREATE VIEW legacy_view AS SELECT id, name FROM legacy WHERE id < 3;
          CREATE TABLE loose (n INTEGER, t TEXT, anything);
          INSERT INTO loose VALUES (1, 'one', 1), ('not a number', 'two', 'x'), (3, x'ff', 2.5);
        """)
    connection.close()


def test_a_sqlite_file_of_others_is_read(world):
    _sqlite(world)
    world.ask("CREATE FOREIGN TABLE legacy (id int8, name text, price numeric, at text, doc json, raw bytea, "
              "score float8) SERVER file")
    rows = world.outcome("SELECT id, name, price, at, doc, raw, score FROM legacy ORDER BY id")
    assert rows[0] == (b"1", b"Ann", b"12.5", b"2026-06-30 01:02:03", b'{"a": 12.50}', b"\\x00ff", b"1.5"), rows[0]
    assert rows[1] == (b"2", b"ann", b"7", None, None, None, b"2"), rows[1]
    assert rows[2][3] == b"17", rows[2]
    # By bytes, although the column's own collation is blind to case.
    assert world.ask("SELECT id FROM legacy WHERE name = 'ann'") == [(2,)]
    assert world.ask("SELECT count(*) FROM (SELECT name FROM legacy GROUP BY name) AS x") == [(4,)]
    assert world.ask("SELECT min(name), max(name) FROM legacy WHERE name > ''") == [("Ann", "ann")]
    assert world.ask("SELECT count(*) FROM legacy WHERE at = '17'") == [(1,)]
    world.ask("DROP FOREIGN TABLE legacy")


def test_values_of_another_class_are_errors_that_name_the_column(world):
    _sqlite(world)
    world.ask("CREATE FOREIGN TABLE loose (n int8, t text) SERVER file")
    error = expect_error(world, "HV004", "SELECT n FROM loose")
    assert "column n " in str(error), error
    expect_error(world, "HV004", "SELECT t FROM loose")
    assert world.ask("SELECT count(*) FROM loose") == [(3,)]
    world.ask("DROP FOREIGN TABLE loose")


def test_a_schema_of_sqlite_is_imported(world):
    _sqlite(world)
    world.ask("CREATE SCHEMA old")
    world.ask("IMPORT FOREIGN SCHEMA main LIMIT TO (legacy, legacy_view, loose) FROM SERVER file INTO old")
    columns = world.ask("SELECT column_name, data_type FROM information_schema.columns "
                        "WHERE table_schema = 'old' AND table_name = 'legacy' ORDER BY ordinal_position")
    assert columns == [("id", "bigint"), ("name", "text"), ("price", "numeric"), ("at", "text"), ("doc", "json"),
                       ("raw", "bytea"), ("score", "double precision"), ('odd "name', "text")], columns
    assert world.ask('SELECT "odd ""name" FROM old.legacy WHERE "odd ""name" = \'it\'\'s\'') == [("it's",)]
    assert world.ask("SELECT count(*) FROM old.legacy_view") == [(2,)]
    expect_error(world, "3F000", "IMPORT FOREIGN SCHEMA nowhere FROM SERVER file INTO old")


def test_tables_of_postgres_are_read_by_bytes(world):
    with world.remote.connect() as remote:
        remote.execute("DROP TABLE IF EXISTS people; DROP TYPE IF EXISTS mood")
        remote.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')")
        remote.execute("CREATE COLLATION IF NOT EXISTS blind (provider = icu, locale = 'und-u-ks-level2', "
                       "deterministic = false)")
        remote.execute("CREATE TABLE people (id int4 PRIMARY KEY, name text COLLATE blind, code char(4), m mood, "
                       "small int2, stamp timestamp(0), tags text[], n numeric(8,3))")
        remote.execute("INSERT INTO people VALUES (1, 'Ann', 'a', 'sad', 1, '2026-01-01', '{x}', 1.5), "
                       "(2, 'ann', 'ab', 'happy', 2, NULL, NULL, NULL), "
                       "(3, 'Bob', NULL, NULL, NULL, 'infinity', '{}', 0)")
    world.ask("CREATE FOREIGN TABLE people (id int8, name text, m text, n numeric(8,3)) SERVER remote")
    assert world.ask("SELECT id FROM people WHERE name = 'ann'") == [(2,)]
    assert world.ask("SELECT id FROM people WHERE name IN ('ANN', 'Bob')") == [(3,)]
    assert world.ask("SELECT count(*) FROM (SELECT name FROM people GROUP BY name) AS x") == [(3,)]
    assert world.ask("SELECT min(name), max(name) FROM people") == [("Ann", "ann")]
    assert world.ask("SELECT id FROM people WHERE name LIKE 'a%'") == [(2,)]
    assert world.ask("SELECT id, m FROM people WHERE m = 'happy'") == [(2, "happy")]
    assert world.outcome("SELECT n FROM people ORDER BY id") == [(b"1.500",), (None,), (b"0.000",)]
    world.ask("DROP FOREIGN TABLE people")


def test_a_schema_of_postgres_is_imported(world):
    with world.remote.connect() as remote:
        remote.execute("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop")
        remote.execute("CREATE TABLE shop.orders (id int4 NOT NULL, total numeric(10,2), at timestamptz, doc jsonb)")
        remote.execute("INSERT INTO shop.orders SELECT i, i * 1.25, "
                       "timestamptz '2026-01-01+00' + i * interval '1 hour', "
                       "jsonb_build_object('k', i % 3) FROM generate_series(1, 1000) AS i")
        remote.execute("CREATE VIEW shop.big AS SELECT * FROM shop.orders WHERE id > 990")
    world.ask("CREATE SCHEMA shop")
    world.ask("IMPORT FOREIGN SCHEMA shop FROM SERVER remote INTO shop")
    assert world.ask("SELECT count(*), sum(total) FROM shop.orders")[0][0] == 1000
    assert world.outcome("SELECT sum(total) FROM shop.orders") == [(b"625625.00",)]
    assert world.outcome("SELECT doc->>'k', count(*) FROM shop.orders GROUP BY 1 ORDER BY 1") == [
        (b"0", b"333"), (b"1", b"334"), (b"2", b"333")]
    assert world.ask("SELECT count(*) FROM shop.big") == [(10,)]
    columns = world.ask("SELECT column_name, data_type, is_nullable FROM information_schema.columns "
                        "WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position")
    assert columns == [("id", "integer", "NO"), ("total", "numeric", "YES"), ("at", "timestamp with time zone", "YES"),
                       ("doc", "jsonb", "YES")], columns
