"""Refusals, failures and transactions."""
import os

from world import BACKENDS, expect_error


def test_an_extension_is_there_once(world):
    expect_error(world, "42710", "CREATE EXTENSION sqlite")
    world.ask("CREATE EXTENSION IF NOT EXISTS sqlite")
    expect_error(world, "0A000", "CREATE EXTENSION no_such_plugin")
    expect_error(world, "2BP01", "DROP EXTENSION sqlite")


def test_wrong_options_are_named(world):
    error = expect_error(world, "HV00D", "CREATE SERVER bad FOREIGN DATA WRAPPER sqlite OPTIONS (path '/x', pat '/y')")
    assert "pat" in str(error)
    expect_error(world, "HV00B", "CREATE SERVER bad FOREIGN DATA WRAPPER sqlite")
    expect_error(world, "42704", "CREATE SERVER bad FOREIGN DATA WRAPPER nothing OPTIONS (path '/x')")
    for wrapper, options, state in [
            ("sqlite", "path 'relative.db'", "22023"), ("sqlite", "path ':memory:'", "22023"),
            ("sqlite", "path '/tmp/x.db', busy_timeout 'soon'", "22023"),
            ("postgres", "url 'mysql://x'", "22023"), ("postgres", "port 'x'", "22023")]:
        world.ask(f"CREATE SERVER bad FOREIGN DATA WRAPPER {wrapper} OPTIONS ({options})")
        expect_error(world, state, f"CREATE TABLE bad (x int4) USING {wrapper} WITH (server = 'bad')")
        world.ask("DROP SERVER bad")


def test_a_server_that_is_not_there(world):
    world.ask("CREATE SERVER nobody FOREIGN DATA WRAPPER postgres OPTIONS (host '127.0.0.1', port '1', dbname 'x')")
    expect_error(world, "08001", "CREATE TABLE gone (x int4) USING postgres WITH (server = 'nobody')")
    world.ask("CREATE FOREIGN TABLE gone (x int4) SERVER nobody")
    expect_error(world, "08001", "SELECT * FROM gone")
    world.ask("DROP SERVER nobody CASCADE")
    world.ask("CREATE SERVER nofile FOREIGN DATA WRAPPER sqlite OPTIONS (path '/no/such/directory/x.db')")
    world.ask("CREATE FOREIGN TABLE gone (x int4) SERVER nofile")
    expect_error(world, "58P01", "SELECT * FROM gone")
    world.ask("DROP SERVER nofile CASCADE")


def test_a_remote_error_keeps_its_code(world):
    for backend, server in zip(BACKENDS, ["file", "remote"]):
        world.ask(f"CREATE FOREIGN TABLE missing (x int4) SERVER {server}")
        expect_error(world, "42P01", "SELECT * FROM missing")
        world.ask("DROP FOREIGN TABLE missing")
    with world.remote.connect() as remote:
        remote.execute("DROP TABLE IF EXISTS checked; CREATE TABLE checked (x int4 CHECK (x > 0))")
    world.ask("CREATE FOREIGN TABLE checked (x int4) SERVER remote")
    expect_error(world, "23514", "INSERT INTO checked VALUES (1), (-1)")
    assert world.ask("SELECT count(*) FROM checked") == [(0,)]
    world.ask("INSERT INTO checked VALUES (1)")
    assert world.ask("SELECT x FROM checked") == [(1,)]
    world.ask("DROP FOREIGN TABLE checked")


def test_an_insert_is_rolled_back(world):
    for backend, server in zip(BACKENDS, ["file", "remote"]):
        table = f"small_{backend}"
        world.ask(f"CREATE TABLE {table} (x int8, t text) USING {backend} WITH (server = '{server}')")
        with world.server.connect(autocommit=False) as connection:
            world.ask(f"INSERT INTO {table} VALUES (1, 'a'), (2, 'b')", connection)
            found = world.ask(f"SELECT sum(x), count(*) FROM {table}", connection)
            assert found == [(3, 2)], (table, found)
            assert world.ask(f"SELECT a.t, b.t FROM {table} a JOIN {table} b USING (x) ORDER BY 1", connection) == [
                ("a", "a"), ("b", "b")]
            assert world.ask(f"SELECT count(*) FROM {table}") == [(0,)]
            connection.rollback()
            assert world.ask(f"SELECT count(*) FROM {table}", connection) == [(0,)]
            connection.rollback()
            world.ask(f"INSERT INTO {table} VALUES (3, '')", connection)
            world.ask(f"INSERT INTO {table} SELECT 4, NULL", connection)
            connection.commit()
        assert world.ask(f"SELECT x, t FROM {table} ORDER BY x") == [(3, ""), (4, None)]
        world.ask(f"DROP TABLE {table}")
        expect_error(world, "42P01", f"SELECT * FROM {table}")


def test_a_failed_write_leaves_nothing_behind_a_savepoint(world):
    for backend, server, bad, state in [("sqlite", "file", "float8 'NaN'", "22003"),
                                        ("postgres", "remote", "NULL", "23502")]:
        table = f"kept_{backend}"
        world.ask(f"CREATE TABLE {table} (x float8 NOT NULL) USING {backend} WITH (server = '{server}')")
        with world.server.connect(autocommit=False) as connection:
            world.ask(f"INSERT INTO {table} VALUES (1)", connection)
            world.ask("SAVEPOINT s", connection)
            expect_error(world, state, f"INSERT INTO {table} VALUES (2), ({bad})", connection)
            if backend == "sqlite":
                expect_error(world, "0A000", "ROLLBACK TO s", connection)
            connection.rollback()
        assert world.ask(f"SELECT count(*) FROM {table}") == [(0,)]
        world.ask(f"DROP TABLE {table}")


def test_prepared_statements_follow_the_transaction(world):
    for backend, server in zip(BACKENDS, ["file", "remote"]):
        table = f"follow_{backend}"
        world.ask(f"CREATE TABLE {table} (x int8) USING {backend} WITH (server = '{server}')")
        with world.server.connect(autocommit=False, prepare_threshold=0) as connection:
            for wanted in range(1, 4):
                world.ask(f"INSERT INTO {table} VALUES ({wanted})", connection)
                assert world.ask(f"SELECT count(*) FROM {table}", connection) == [(wanted,)]
                if wanted == 2:
                    connection.commit()
                    assert world.ask(f"SELECT count(*) FROM {table}", connection) == [(2,)]
            world.ask(f"INSERT INTO {table} SELECT x + 10 FROM {table}", connection)
            assert world.ask(f"SELECT count(*), max(x) FROM {table}", connection) == [(6, 13)]
            connection.rollback()
            assert world.ask(f"SELECT count(*) FROM {table}", connection) == [(2,)]
        world.ask(f"DROP TABLE {table}")


def test_one_transaction_writes_one_backend(world):
    for backend, server in zip(BACKENDS, ["file", "remote"]):
        world.ask(f"CREATE TABLE two_{backend} (x int8) USING {backend} WITH (server = '{server}')")
    world.ask("CREATE TABLE two (x int8)")
    for first, second in [("two_sqlite", "two_postgres"), ("two", "two_sqlite"), ("two_postgres", "two")]:
        with world.server.connect(autocommit=False) as connection:
            world.ask(f"INSERT INTO {first} VALUES (1)", connection)
            expect_error(world, "0A000", f"INSERT INTO {second} VALUES (1)", connection)
            connection.rollback()
        assert world.ask(f"SELECT count(*) FROM {first}") == [(0,)]
    for name in ["two", "two_sqlite", "two_postgres"]:
        world.ask(f"DROP TABLE {name}")


def test_deletes_are_done_exactly_or_refused(world):
    for backend, server in zip(BACKENDS, ["file", "remote"]):
        table = f"gone_{backend}"
        world.ask(f"CREATE TABLE {table} (x int8, t text) USING {backend} WITH (server = '{server}')")
        world.ask(f"INSERT INTO {table} SELECT x, 'v' || x FROM generate_series(1, 100) AS g(x)")
        outcome = world.outcome(f"DELETE FROM {table} WHERE x > 90")
        left = world.ask(f"SELECT count(*) FROM {table}")
        assert (outcome, left) in [([], [(90,)]), ("0A000", [(100,)])], (outcome, left)
        assert world.outcome(f"DELETE FROM {table} WHERE length(t) > 2") == "0A000"
        assert world.ask(f"SELECT count(*) FROM {table}") == left
        world.ask(f"DROP TABLE {table}")


def test_what_backends_do_not_do_is_refused_by_name(world):
    for backend in BACKENDS:
        table = f"events_{backend}"
        for sql in [f"UPDATE {table} SET event = 'x'", f"TRUNCATE {table}", f"ALTER TABLE {table} ADD COLUMN x int8",
                    f"ALTER TABLE {table} SET (retention = '1 day')", f"CREATE INDEX ON {table} (event)",
                    f"CREATE MATERIALIZED VIEW r WITH (rollup) AS SELECT time_bucket('1 hour', time), count(*) "
                    f"FROM {table} GROUP BY 1"]:
            expect_error(world, "0A000", sql)


def test_secrets_are_not_shown(world):
    world.ask("CREATE SERVER quiet FOREIGN DATA WRAPPER postgres "
              "OPTIONS (url 'postgres://u:geheim@127.0.0.1:1/x', password 'geheim', host '127.0.0.1')")
    assert world.ask("SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'quiet'") == [(["host=127.0.0.1"],)]
    world.ask("CREATE FOREIGN TABLE quiet (x int4) SERVER quiet")
    assert "geheim" not in str(expect_error(world, "08001", "SELECT * FROM quiet"))
    assert "geheim" not in world.plan("SELECT * FROM quiet") + world.server.log_tail(100)
    world.ask("DROP SERVER quiet CASCADE")


def test_tables_are_there_after_a_restart(world):
    wanted = world.ask("SELECT event, count(*) FROM events GROUP BY event ORDER BY event")
    world.restart()
    for backend in BACKENDS:
        assert world.ask(f"SELECT event, count(*) FROM events_{backend} GROUP BY event ORDER BY event") == wanted


def test_a_lost_connection_is_made_anew(world):
    assert world.ask("SELECT count(*) FROM events_postgres") == [(world.rows,)]
    with world.remote.connect() as remote:
        remote.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'apus'")
    assert world.ask("SELECT count(*) FROM events_postgres") == [(world.rows,)]


def test_a_dropped_table_leaves_its_storage(world):
    import sqlite3
    world.ask("CREATE TABLE leaves (x int8) USING sqlite WITH (server = 'file')")
    world.ask("INSERT INTO leaves VALUES (1)")
    names = "SELECT name FROM sqlite_schema WHERE name LIKE 'apus%leaves'"
    connection = sqlite3.connect(world.sqlite_path)
    assert len(connection.execute(names).fetchall()) == 1
    world.ask("DROP TABLE leaves")
    assert connection.execute(names).fetchall() == []
    connection.close()
    assert os.path.exists(world.sqlite_path)
