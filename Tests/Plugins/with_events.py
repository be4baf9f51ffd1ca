"""The queries of the dashboard, and what EXPLAIN says of them."""
import queries
from world import BACKENDS


def test_the_first_ten_dashboard_queries_answer_the_same(world):
    for query in queries.queries(world.meta)[:queries.FIRST]:
        rows = world.same(query.apus, "events")
        assert isinstance(rows, list) and rows, f"{query.name}: {rows}"


def test_the_other_dashboard_queries_answer_the_same(world):
    for query in queries.queries(world.meta)[queries.FIRST:]:
        rows = world.same(query.apus, "events")
        assert isinstance(rows, list) and rows, f"{query.name}: {rows}"


def test_explain_shows_what_each_backend_takes_over(world):
    for backend in BACKENDS:
        table = f"events_{backend}"
        plan = world.plan(f"SELECT event FROM {table} WHERE event = 'purchase' AND time >= '2026-06-30' LIMIT 5")
        assert "Foreign Scan" in plan and "WHERE" in plan and "LIMIT 5" in plan, plan
        assert '"event" = \'purchase\'' in plan and '"properties"' not in plan, plan
        plan = world.plan(f"SELECT date_trunc('hour', time) AS b, event, count(*), max(user_id) FROM {table} "
                          "WHERE time >= '2026-06-01' GROUP BY b, event ORDER BY b, event")
        assert "Foreign Aggregate" in plan and "GROUP BY 1, 2" in plan and "count(*)" in plan, plan
        plan = world.plan(f"SELECT properties->>'country', count(*) FROM {table} WHERE event IN ('purchase', 'signup') "
                          "GROUP BY 1")
        assert "Foreign Aggregate" in plan and "GROUP BY 1" in plan and "country" in plan, plan


def test_a_list_as_an_array_is_pushed_down(world):
    for operator in ["= ANY", "<> ALL"]:
        sql = f"SELECT event, count(*) FROM events WHERE event {operator} (ARRAY['login', 'signup']) GROUP BY event"
        assert world.same(sql, "events")
        for backend in BACKENDS:
            plan = world.plan(sql.replace("FROM events", f"FROM events_{backend}"))
            assert "Foreign Aggregate" in plan and "IN ('login', 'signup')" in plan, plan
    world.same("SELECT count(*) FROM events WHERE event = ANY (ARRAY['login', NULL])", "events")
    world.same("SELECT count(*) FROM events WHERE event <> ALL (ARRAY['login', NULL])", "events")
    world.same("SELECT count(*) FROM events WHERE event = ANY (ARRAY[]::text[])", "events")


def test_a_filter_that_is_not_pushed_down_is_tested_above(world):
    for sql in ["SELECT count(*) FROM events WHERE event LIKE 'p%e'",
                "SELECT count(*) FROM events WHERE upper(event) = 'LOGIN' AND time < '2026-06-01'",
                "SELECT event, count(*) FROM events WHERE length(event) > 6 GROUP BY event",
                "SELECT count(*) FROM events WHERE event ILIKE 'LOG%'",
                "SELECT count(*) FROM events WHERE (properties->>'price')::numeric > 100.5",
                "SELECT sum((properties->>'price')::numeric) FROM events WHERE event = 'purchase'",
                "SELECT avg((properties->>'duration_ms')::float8) FROM events"]:
        world.same(sql, "events")


def test_paths_read_the_same_text(world):
    world.same("SELECT event_id, properties->>'price', properties->'duration_ms', properties->>'referrer', "
               "properties->'none' FROM events WHERE event = 'purchase' ORDER BY event_id LIMIT 500", "events")
    world.same("SELECT count(*) FROM events WHERE properties->>'referrer' IS NULL", "events")
    world.same("SELECT count(*) FROM events WHERE properties->>'country' = 'US'", "events")
    world.same("SELECT min(properties->>'url'), max(properties->>'url') FROM events", "events")


def test_whole_rows_are_the_same(world):
    world.same("SELECT time, event, user_id, session_id, event_id, properties FROM events ORDER BY event_id", "events")


def test_limits_stop_early(world):
    for backend in BACKENDS:
        table = f"events_{backend}"
        assert len(world.ask(f"SELECT * FROM {table} LIMIT 7")) == 7
        assert len(world.ask(f"SELECT * FROM {table} WHERE event LIKE '%e%w' LIMIT 7")) == 7
        assert world.ask(f"SELECT * FROM {table} LIMIT 0") == []
    world.same("SELECT event_id FROM events ORDER BY event_id LIMIT 3 OFFSET 5", "events")


def test_joins_and_subqueries_over_backends(world):
    rows = world.ask("SELECT count(*) FROM events e JOIN events_sqlite s USING (event_id) "
                     "JOIN events_postgres p USING (event_id) WHERE e.event = 'purchase'")
    assert rows == world.ask("SELECT count(*) FROM events WHERE event = 'purchase'")
    world.same("SELECT count(*) FROM events WHERE user_id IN (SELECT user_id FROM events WHERE event = 'purchase')",
               "events")
    world.same("WITH d AS (SELECT date_trunc('day', time) AS d, count(*) AS n FROM events GROUP BY 1) "
               "SELECT max(n), min(n), count(*) FROM d", "events")


def test_a_scan_is_cancelled(world):
    import threading
    import time
    import psycopg
    for backend in BACKENDS:
        with world.server.connect() as connection:
            def cancel():
                time.sleep(0.3)
                connection.cancel()
            thread = threading.Thread(target=cancel)
            thread.start()
            started = time.monotonic()
            try:
                connection.execute(f"SELECT count(*) FROM events_{backend} a CROSS JOIN events_{backend} b "
                                   "WHERE a.event_id || b.event_id = 'x'")
                raise AssertionError("the query ended before its cancel")
            except psycopg.errors.QueryCanceled:
                pass
            finally:
                thread.join()
            assert time.monotonic() - started < 10
        assert world.ask(f"SELECT count(*) FROM events_{backend}") == world.ask("SELECT count(*) FROM events")


def test_a_statement_timeout_says_so(world):
    import psycopg
    for backend in BACKENDS:
        with world.server.connect() as connection:
            connection.execute("SET statement_timeout = '300ms'")
            try:
                connection.execute(f"SELECT count(*) FROM events_{backend} a CROSS JOIN events_{backend} b "
                                   "WHERE a.event_id || b.event_id = 'x'")
                raise AssertionError("the query ended before its timeout")
            except psycopg.errors.QueryCanceled as error:
                assert "statement timeout" in str(error), error
