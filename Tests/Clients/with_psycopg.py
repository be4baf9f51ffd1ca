"""psycopg 3: parameters in both formats, COPY, transactions, errors, cancel, pipelines."""
import datetime
import threading
import time

import psycopg
from psycopg.types.json import Jsonb

CLIENT = "psycopg 3"


def version():
    return psycopg.__version__


CONNECT = '`psycopg.connect("postgres://apus@HOST:7432/apus")`'
LACKS = ""


UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2024, 2, 29, 12, 34, 56, 789000, tzinfo=UTC)


def raises(state, run):
    try:
        run()
    except psycopg.Error as error:
        assert error.sqlstate == state, f"{error.sqlstate} instead of {state}: {error}"
        return error
    raise AssertionError(f"no error {state}")


def test_values_of_every_type(server):
    sql = "SELECT 1::bigint, 2.5::float8, 'text', true, '2024-02-29 12:34:56.789+00'::timestamptz, '{\"a\": [1, 2]}'::jsonb, NULL"
    wanted = (1, 2.5, "text", True, MOMENT, {"a": [1, 2]}, None)
    with server.connect() as connection:
        assert connection.execute(sql).fetchone() == wanted
        assert connection.execute(sql, binary=True).fetchone() == wanted


def test_parameters(server):
    values = (7, 2.5, "it's", False, MOMENT, Jsonb({"b": 1}), None)
    casts = "%s::bigint, %s::float8, %s::text, %s::bool, %s::timestamptz, %s::jsonb, %s::text"
    wanted = (7, 2.5, "it's", False, MOMENT, {"b": 1}, None)
    with server.connect() as connection:
        assert connection.execute(f"SELECT {casts}", values).fetchone() == wanted
        assert connection.execute(f"SELECT {casts}".replace("%s", "%b"), values, binary=True).fetchone() == wanted
        assert connection.execute("SELECT %s::bigint + 1", (2**40,)).fetchone() == (2**40 + 1,)


def test_insert_and_select_with_parameters(server):
    with server.connect() as connection:
        connection.execute("CREATE TABLE pg3 (id bigint, name text, ratio float8, ok bool, at timestamptz, doc jsonb)")
        rows = [(n, f"name {n}", n / 4, n % 2 == 0, MOMENT, Jsonb({"n": n})) for n in range(50)]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO pg3 VALUES (%s, %s, %s, %s, %s, %s)", rows)
        found = connection.execute("SELECT * FROM pg3 WHERE id = %s AND name = %s", (7, "name 7")).fetchone()
        assert found == (7, "name 7", 1.75, False, MOMENT, {"n": 7}), found
        assert connection.execute("SELECT count(*) FROM pg3 WHERE ok").fetchone() == (25,)


def test_event_by_parameters(server):
    with server.connect() as connection:
        connection.execute("INSERT INTO events (time, event, user_id, event_id, properties) VALUES (%s, %s, %s, %s, %s)",
                           (MOMENT, "signup", "u", "pg3-1", Jsonb({"country": "DE"})))
        found = connection.execute(
            "SELECT distinct_id, properties->>'country' FROM events WHERE event_id = %s", ("pg3-1",)).fetchone()
        assert found == ("u", "DE"), found


def test_repeated_statement_is_prepared(server):
    with server.connect(prepare_threshold=0) as connection:
        for number in range(20):
            assert connection.execute("SELECT %s::bigint * 2", (number,)).fetchone() == (number * 2,)


def test_copy_in_text_and_csv(server):
    with server.connect() as connection:
        connection.execute("CREATE TABLE pg3_copy (id bigint, name text)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY pg3_copy FROM STDIN") as copy:
                for number in range(10_000):
                    copy.write_row((number, None if number % 10 == 0 else f"n{number}"))
            assert cursor.rowcount == 10_000
            with cursor.copy("COPY pg3_copy (name, id) FROM STDIN (FORMAT csv, HEADER)") as copy:
                copy.write('name,id\n"with, comma",-1\n')
        assert connection.execute("SELECT count(*), count(name), min(id) FROM pg3_copy").fetchone() == (10_001, 9_001, -1)


def test_bad_copy_stores_nothing(server):
    with server.connect() as connection:
        connection.execute("CREATE TABLE pg3_bad (id bigint)")

        def copy():
            with connection.cursor().copy("COPY pg3_bad FROM STDIN") as copying:
                copying.write("1\n2\nnot a number\n")
        error = raises("22P02", copy)
        assert "line 3" in (error.diag.context or ""), error.diag.context
        assert connection.execute("SELECT count(*) FROM pg3_bad").fetchone() == (0,)


def test_transactions(server):
    with server.connect(autocommit=False) as connection, server.connect() as other:
        other.execute("CREATE TABLE pg3_tx (id bigint)")
        count = lambda: other.execute("SELECT count(*) FROM pg3_tx").fetchone()[0]
        connection.execute("INSERT INTO pg3_tx VALUES (1)")
        assert count() == 0
        connection.commit()
        assert count() == 1
        connection.execute("INSERT INTO pg3_tx VALUES (2)")
        connection.rollback()
        assert count() == 1
        raises("22012", lambda: connection.execute("SELECT 1 / 0"))
        raises("25P02", lambda: connection.execute("SELECT 1"))
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_errors_have_states_and_places(server):
    with server.connect() as connection:
        error = raises("42703", lambda: connection.execute("SELECT nope FROM events"))
        assert error.diag.statement_position == "8", error.diag.statement_position
        error = raises("42P01", lambda: connection.execute("SELECT * FROM nowhere"))
        assert error.diag.statement_position == "15" and error.diag.message_primary == 'relation "nowhere" does not exist'
        raises("42601", lambda: connection.execute("SELEC 1"))
        raises("22P02", lambda: connection.execute("SELECT 'x'::bigint"))
        raises("22P02", lambda: connection.execute("SELECT %s::bigint", ("x",)))
        raises("22003", lambda: connection.execute("SELECT 9223372036854775807 + 1"))
        raises("0A000", lambda: connection.execute("CREATE INDEX ON events (event)"))
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_cancel(server):
    slow = "SELECT count(*) FROM events a, events b, events c, events d WHERE a.event > b.event || c.event || d.event"
    with server.connect() as connection:
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        started = time.monotonic()
        try:
            connection.execute(slow)
        except psycopg.Error as error:
            assert error.sqlstate in ("57014", "0A000"), error.sqlstate
        timer.join()
        assert time.monotonic() - started < 10
        time.sleep(0.2)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_pipeline(server):
    with server.connect() as connection:
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::bigint", (number,)) for number in range(100)]
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(100))
        try:
            with connection.pipeline():
                connection.execute("SELECT 1")
                connection.execute("SELECT nope")
        except psycopg.Error as error:
            assert error.sqlstate == "42703"
        assert connection.execute("SELECT 2").fetchone() == (2,)


def test_many_connections(server):
    connections = [server.connect() for _ in range(60)]
    try:
        for number, connection in enumerate(connections):
            assert connection.execute("SELECT %s::bigint", (number,)).fetchone() == (number,)
    finally:
        for connection in connections:
            connection.close()


def test_connection_information(server):
    with server.connect() as connection:
        assert connection.info.parameter_status("server_version").startswith("15")
        assert connection.info.parameter_status("client_encoding") == "UTF8"
        assert connection.info.parameter_status("TimeZone") == "UTC"
        assert connection.info.parameter_status("standard_conforming_strings") == "on"
        assert connection.info.parameter_status("integer_datetimes") == "on"


def test_empty_and_several_statements(server):
    with server.connect() as connection:
        assert connection.execute("").pgresult.status == psycopg.pq.ExecStatus.EMPTY_QUERY
        cursor = connection.execute("SELECT 1; SELECT 2")
        assert cursor.fetchone() == (1,) and cursor.nextset() and cursor.fetchone() == (2,)
