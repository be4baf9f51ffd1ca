"""The statements of Superset: what it sent to PostgreSQL 15, replayed over psycopg2, its driver. Superset itself is too
large for each run."""
import pathlib
import re

CLIENT = "Superset (its statements)"
CONNECT = "`postgresql+psycopg2://apus@HOST:7432/apus` as SQLAlchemy URI"
LACKS = "cost estimates"
STATEMENTS = pathlib.Path(__file__).resolve().parent / "programs" / "superset.sql"
GRAINS = ["DATE_TRUNC('second', {})", "DATE_TRUNC('minute', {}) + INTERVAL '5 seconds' * FLOOR(EXTRACT(SECOND FROM {}) / 5)",
          "DATE_TRUNC('minute', {}) + INTERVAL '30 seconds' * FLOOR(EXTRACT(SECOND FROM {}) / 30)", "DATE_TRUNC('minute', {})",
          "DATE_TRUNC('hour', {}) + INTERVAL '5 minutes' * FLOOR(EXTRACT(MINUTE FROM {}) / 5)",
          "DATE_TRUNC('hour', {}) + INTERVAL '30 minutes' * FLOOR(EXTRACT(MINUTE FROM {}) / 30)", "DATE_TRUNC('hour', {})",
          "DATE_TRUNC('day', {})", "DATE_TRUNC('week', {})", "DATE_TRUNC('month', {})", "DATE_TRUNC('quarter', {})",
          "DATE_TRUNC('year', {})"]


def version():
    import psycopg2  # noqa: F401: without the driver there is nothing to replay
    return "5.0.0"


def connect(server):
    import psycopg2
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    return connection.cursor()


def test_adding_a_database_and_a_dataset(server):
    cursor = connect(server)
    cursor.execute("INSERT INTO events (event, user_id) VALUES ('signup', 'u')")
    cursor.execute("SELECT 'events'::regclass::oid")
    oid = str(cursor.fetchone()[0])
    text = re.sub(r"^--.*\n", "", STATEMENTS.read_text(), flags=re.M)
    statements = [part for part in text.replace("{events}", oid).split(";\n\n") if part.strip()]
    assert len(statements) > 15
    answers = {}
    for statement in statements:
        cursor.execute(statement)
        answers[statement] = cursor.fetchall()
    said = lambda part: next(rows for statement, rows in answers.items() if part in statement)
    assert said("FROM pg_database") == [("apus",)]
    assert {"public", "apus", "information_schema"} <= {name for name, in said("SELECT nspname FROM pg_namespace")}
    assert said("c.relkind in ('r', 'p')") == [("events",)], said("c.relkind in ('r', 'p')")
    assert {name for name, in said("c.relkind IN ('v', 'm')")} == {"users", "identities"}
    columns = [(row[0], row[1]) for row in said("pg_catalog.format_type(a.atttypid, a.atttypmod)")]
    assert columns[:2] == [("time", "timestamp with time zone"), ("event", "text")] and columns[-1] == ("properties", "jsonb")


def test_charts_by_every_time_grain(server):
    cursor = connect(server)
    for grain in GRAINS:
        bucket = grain.format(*["time"] * grain.count("{}"))
        cursor.execute(f"SELECT {bucket} AS time, event AS event, COUNT(*) AS count, count(DISTINCT user_id) AS users\n"
                       f"FROM public.events\nWHERE time >= TO_TIMESTAMP('2026-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') "
                       f"AND time < TO_TIMESTAMP('2126-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') "
                       f"AND event IN ('signup', 'X') AND user_id IS NOT NULL "
                       f"GROUP BY {bucket}, event ORDER BY count DESC \n LIMIT 1000;\n\n")
        assert [row[1:] for row in cursor.fetchall()] == [("signup", 1, 1)], grain


def test_sql_lab(server):
    cursor = connect(server)
    cursor.execute("SELECT event, count(*) FROM events GROUP BY 1\nLIMIT 101")
    assert [column.name for column in cursor.description] == ["event", "count"] and cursor.fetchall() == [("signup", 1)]
    cursor.execute("SELECT * FROM public.events LIMIT 0")
    assert [column.name for column in cursor.description][:3] == ["time", "event", "distinct_id"]
