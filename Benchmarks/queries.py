"""The queries of a product dashboard, each as Apus (PostgreSQL's SQL) and DuckDB write it.

Answers are whole numbers, floats, text and times, ordered, so that they can be compared. The first ten are the
acceptance list; the rest run with `--all`.
"""
import dataclasses

END = "2026-07-01 00:00:00"
SINCE = {
    "1h": "2026-06-30 23:00:00", "24h": "2026-06-30 00:00:00", "7d": "2026-06-24 00:00:00",
    "30d": "2026-06-01 00:00:00", "90d": "2026-04-02 00:00:00",
}


@dataclasses.dataclass
class Query:
    name: str
    apus: str
    duckdb: str
    approximate: bool = False


class Apus:
    """Properties through the jsonb arrow."""
    def text(self, key): return f"properties->>'{key}'"
    def number(self, key): return f"(properties->>'{key}')::float8"
    def moment(self, time): return f"TIMESTAMPTZ '{time}+00'"
    def seconds(self, a, b): return f"extract(epoch FROM {b} - {a})::float8"
    def quantiles(self, x): return ", ".join(
        f"percentile_cont({p}) WITHIN GROUP (ORDER BY {x})" for p in (0.5, 0.95, 0.99))
    day = "INTERVAL '1 day'"


class DuckDB:
    """A column for each property, the form that is fastest there."""
    def text(self, key): return key
    def number(self, key): return key
    def moment(self, time): return f"TIMESTAMP '{time}'"
    def seconds(self, a, b): return f"(epoch_us({b}) - epoch_us({a})) / 1e6"
    def quantiles(self, x): return ", ".join(f"quantile_cont({x}, {p})" for p in (0.5, 0.95, 0.99))
    day = "INTERVAL 1 DAY"


def _during(d, span):
    return f"time >= {d.moment(SINCE[span])} AND time < {d.moment(END)}"


def _per(unit, column="time"):
    return f"date_trunc('{unit}', {column})"


def _funnel(d, span):
    steps = "event IN ('page_view', 'signup', 'purchase')"
    window = "(PARTITION BY user_id ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    return (
        f"WITH e AS (SELECT user_id, time, event FROM events WHERE {_during(d, span)} AND {steps}), "
        f"x AS (SELECT *, max(CASE WHEN event = 'page_view' THEN time END) OVER {window} AS t1 FROM e), "
        f"y AS (SELECT *, max(CASE WHEN event = 'signup' AND time - t1 <= {d.day} THEN t1 END) OVER {window} AS t2 "
        f"FROM x) SELECT count(DISTINCT CASE WHEN event = 'page_view' THEN user_id END), "
        f"count(DISTINCT CASE WHEN event = 'signup' AND time - t1 <= {d.day} THEN user_id END), "
        f"count(DISTINCT CASE WHEN event = 'purchase' AND time - t2 <= {d.day} THEN user_id END) FROM y")


def _steps(d, span):
    """How many people reached each number of steps: by window_funnel, and by windows where there is no such thing."""
    steps = f"{_during(d, span)} AND event IN ('page_view', 'signup', 'purchase')"
    if isinstance(d, Apus):
        inner = (
            "SELECT user_id, window_funnel('1 day', time, event = 'page_view', event = 'signup', event = 'purchase') "
            f"AS step FROM events WHERE {steps} GROUP BY user_id")
        return f"SELECT step, count(*) FROM ({inner}) AS f GROUP BY step ORDER BY step"
    window = "(PARTITION BY user_id ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    return (
        f"WITH e AS (SELECT user_id, time, event FROM events WHERE {steps}), "
        f"x AS (SELECT *, max(CASE WHEN event = 'page_view' THEN time END) OVER {window} AS t1 FROM e), "
        f"y AS (SELECT *, max(CASE WHEN event = 'signup' AND time - t1 <= {d.day} THEN t1 END) OVER {window} AS t2 "
        f"FROM x) SELECT step, count(*) FROM (SELECT user_id, max(CASE WHEN event = 'purchase' AND time - t2 <= {d.day} "
        f"THEN 3 WHEN event = 'signup' AND time - t1 <= {d.day} THEN 2 WHEN event = 'page_view' THEN 1 ELSE 0 END) "
        "AS step FROM y GROUP BY user_id) AS f GROUP BY step ORDER BY step")


def _statements(d, meta):
    """(name, SQL) for one dialect."""
    views = "event = 'page_view'"
    yield "q01_count_all", "SELECT count(*) FROM events"
    yield "q02_minute_1h", (
        f"SELECT {_per('minute')} AS b, count(*) FROM events WHERE {_during(d, '1h')} GROUP BY b ORDER BY b")
    yield "q03_hour_event_24h", (
        f"SELECT {_per('hour')} AS b, event, count(*) FROM events WHERE {_during(d, '24h')} "
        "GROUP BY b, event ORDER BY b, event")
    yield "q05_day_90d", (
        f"SELECT {_per('day')} AS b, count(*) FROM events WHERE {_during(d, '90d')} GROUP BY b ORDER BY b")
    yield "q07_by_event_90d", (
        f"SELECT event, count(*) AS n FROM events WHERE {_during(d, '90d')} GROUP BY event ORDER BY n DESC, event")
    yield "q08_country_purchase_30d", (
        f"SELECT {d.text('country')} AS k, count(*) AS n FROM events WHERE {_during(d, '30d')} "
        "AND event = 'purchase' GROUP BY k ORDER BY n DESC, k")
    yield "q10_top_urls_pv_7d", (
        f"SELECT {d.text('url')} AS k, count(*) AS n FROM events WHERE {_during(d, '7d')} AND {views} "
        "GROUP BY k ORDER BY n DESC, k LIMIT 20")
    yield "q12_uniq_exact_day_90d", (
        f"SELECT {_per('day')} AS b, count(DISTINCT user_id) FROM events WHERE {_during(d, '90d')} "
        "GROUP BY b ORDER BY b")
    yield "q13_uniq_approx_day_90d", (
        f"SELECT {_per('day')} AS b, approx_count_distinct(user_id) FROM events WHERE {_during(d, '90d')} "
        "GROUP BY b ORDER BY b")
    yield "q15_uniq_approx_hour_7d", (
        f"SELECT {_per('hour')} AS b, approx_count_distinct(user_id) FROM events WHERE {_during(d, '7d')} "
        "GROUP BY b ORDER BY b")
    yield "q18_pct_exact_hour_7d", (
        f"SELECT {_per('hour')} AS b, {d.quantiles(d.number('duration_ms'))} FROM events WHERE {_during(d, '7d')} "
        "GROUP BY b ORDER BY b")
    yield "q20_revenue_cur_day_90d", (
        f"SELECT {_per('day')} AS b, {d.text('currency')} AS k, sum({d.number('price')}) FROM events "
        "WHERE event = 'purchase' GROUP BY b, k ORDER BY b, k")
    yield "q21_funnel3_30d", _funnel(d, "30d")
    yield "q22_funnel_steps_30d", _steps(d, "30d")
    yield "q23_sessions_day_30d", (
        f"SELECT {_per('day', 'a')} AS d, count(*), avg({d.seconds('a', 'b')}) FROM (SELECT session_id, "
        f"min(time) AS a, max(time) AS b FROM events WHERE {_during(d, '30d')} GROUP BY session_id) AS x "
        "GROUP BY d ORDER BY d")
    yield "q26_event_id_lookup", (
        f"SELECT time, event, user_id FROM events WHERE event_id = '{meta['needle_event_id']}'")
    yield "q29_group_3dims_90d", (
        f"SELECT {d.text('country')} AS k1, {d.text('device_type')} AS k2, {d.text('browser')} AS k3, count(*) AS n "
        "FROM events GROUP BY k1, k2, k3 ORDER BY n DESC, k1, k2, k3 LIMIT 100")
    yield "q32_version_tier_24h", (
        f"SELECT {d.text('app_version')} AS k1, {d.text('user_tier')} AS k2, count(*), "
        f"avg({d.number('duration_ms')}) FROM events WHERE {_during(d, '24h')} GROUP BY k1, k2 ORDER BY k1, k2")


FIRST = 10


def queries(meta):
    """All queries; the first `FIRST` are the acceptance list."""
    pairs = zip(_statements(Apus(), meta), _statements(DuckDB(), meta))
    return [Query(name, apus, duckdb, "approx" in name) for (name, apus), (_, duckdb) in pairs]
