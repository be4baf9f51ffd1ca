#!/usr/bin/env python3
"""Times what rollups are for: dashboard queries answered from them against the same queries over rows, and what keeping
three of them costs ingest.

    rollups.py [--rows 10M] [--runs 9] [--skip-load] [--skip-ingest]

Every answer from rollups is compared with the answer over rows, value for value. The data are those of run.py.
"""
import argparse
import pathlib
import shutil
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))
sys.path.insert(0, str(HERE))
import generate
import queries
from harness import ingest
from harness.server import Server, directory_bytes
from run import prepare_data, timed, verdict

MILLISECONDS_MAX, SPEEDUP_MIN, SPEEDUP_FROM_MS, INGEST_SHARE_MIN = 15.0, 20.0, 100.0, 0.8

KEPT_WHILE_INGESTING = [
    ("events_1m", "SELECT time_bucket('1 minute', time) AS bucket, event, count(*) AS events FROM events "
                  "GROUP BY GROUPING SETS ((1), (1, 2))"),
    ("events_1h", "SELECT time_bucket('1 hour', time) AS bucket, event, properties->>'country' AS country, "
                  "count(*) AS events, count(DISTINCT user_id) AS users, approx_count_distinct(user_id) AS about FROM "
                  "events GROUP BY GROUPING SETS ((1), (1, 2), (1, 2, 3))"),
    ("purchases_1d", "SELECT time_bucket('1 day', time) AS bucket, properties->>'currency' AS currency, "
                     "sum((properties->>'price')::float8) AS revenue, count(*) AS purchases FROM events "
                     "WHERE event = 'purchase' GROUP BY 1, 2"),
]
ROLLUPS = KEPT_WHILE_INGESTING + [
    ("events_1d", "SELECT time_bucket('1 day', time) AS bucket, count(*) AS events, count(DISTINCT user_id) AS users, "
                  "approx_count_distinct(user_id) AS about FROM events GROUP BY 1"),
    ("devices_1d", "SELECT time_bucket('1 day', time) AS bucket, properties->>'country' AS country, "
                   "properties->>'device_type' AS device_type, properties->>'browser' AS browser, count(*) AS events "
                   "FROM events GROUP BY 1, 2, 3, 4"),
    ("versions_1h", "SELECT time_bucket('1 hour', time) AS bucket, properties->>'app_version' AS app_version, "
                    "properties->>'user_tier' AS user_tier, count(*) AS events, "
                    "avg((properties->>'duration_ms')::float8) AS duration FROM events GROUP BY 1, 2, 3"),
]
COVERED = ["q01", "q02", "q03", "q05", "q07", "q08", "q12", "q13", "q15", "q20", "q29", "q32"]


def make(connection, rollups):
    for name, query in rollups:
        started = time.perf_counter()
        connection.execute(f"CREATE MATERIALIZED VIEW {name} WITH (rollup) AS {query}")
        seconds = time.perf_counter() - started
        partials, size = connection.execute(
            "SELECT partials, bytes FROM apus.rollups WHERE rollup_name = %s", [name]).fetchone()
        print(f"  {name:<14}{seconds:>7.1f} s{partials:>12,} partials{size / 1e6:>9.1f} MB", flush=True)


def compare(connection, meta, runs):
    """Prints a line for each covered query; -> whether the targets are met."""
    print(f"\n{'query':<28}{'rows ms':>10}{'rollup ms':>11}{'times':>8}  answer")
    passed = True
    for query in queries.queries(meta):
        if query.name.split("_")[0] not in COVERED:
            continue
        ask = lambda sql: connection.execute(sql).fetchall()
        plan = "\n".join(row[0] for row in ask("EXPLAIN " + query.apus))
        times = {}
        answers = {}
        for setting in ("off", "on"):
            connection.execute(f"SET apus.use_rollups = {setting}")
            answers[setting] = ask(query.apus)
            times[setting] = statistics.median(timed(ask, query.apus)[0] for _ in range(runs))
        speedup = times["off"] / times["on"]
        faults = []
        if "rollup" not in plan.lower():
            faults.append("not answered from a rollup")
        if answers["on"] != answers["off"]:
            faults.append("DIFFERENT")
        if times["on"] > MILLISECONDS_MAX:
            faults.append(f"over {MILLISECONDS_MAX:g} ms")
        if times["off"] >= SPEEDUP_FROM_MS and speedup < SPEEDUP_MIN:
            faults.append(f"less than {SPEEDUP_MIN:g} times faster")
        passed = passed and not faults
        note = ", ".join(faults) or f"{len(answers['on'])} rows, equal"
        print(f"{query.name:<28}{times['off']:>10.2f}{times['on']:>11.2f}{speedup:>8.1f}  {note}", flush=True)
    return passed


def ingest_speed(arguments, data, rollups):
    """Events per second into a new directory, until everything is in segments."""
    directory = data / "apus-ingest"
    shutil.rmtree(directory, ignore_errors=True)
    with Server(arguments.apus, data=directory) as server:
        with server.connect() as connection:
            connection.autocommit = True
            for name, query in rollups:
                connection.execute(f"CREATE MATERIALIZED VIEW {name} WITH (rollup) AS {query}")
        stored, seconds = ingest.load(server.http_host, server.http_port, data / "events.ndjson")
        with server.connect() as connection:
            connection.autocommit = True
            started = time.perf_counter()
            connection.execute("CHECKPOINT")
            rest = time.perf_counter() - started
        print(f"  {len(rollups)} rollups: {stored / seconds:,.0f} events/s acknowledged, {rest:.1f} s more to segments, "
              f"{directory_bytes(directory) / stored:.1f} bytes an event", flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    return stored / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--rows", default="10M", type=generate.rows_argument)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--data", type=pathlib.Path, default=HERE / "data")
    parser.add_argument("--skip-load", action="store_true", help="use what an earlier run of run.py loaded")
    parser.add_argument("--skip-ingest", action="store_true")
    arguments = parser.parse_args()
    data = arguments.data / str(arguments.rows)
    data.mkdir(parents=True, exist_ok=True)
    meta = prepare_data(data, arguments.rows)
    directory = data / "apus-rollups"
    shutil.rmtree(directory, ignore_errors=True)
    if arguments.skip_load:
        shutil.copytree(data / "apus-data", directory)
    passed = True
    with Server(arguments.apus, data=directory) as server:
        if not arguments.skip_load:
            ingest.load(server.http_host, server.http_port, data / "events.ndjson")
        with server.connect() as connection:
            connection.autocommit = True
            connection.execute("CHECKPOINT")
            print("Making rollups of what is there:", flush=True)
            make(connection, ROLLUPS)
            passed = compare(connection, meta, arguments.runs)
    shutil.rmtree(directory, ignore_errors=True)
    print()
    passed = verdict("queries", passed, f"answers equal, at most {MILLISECONDS_MAX:g} ms each") and passed
    if not arguments.skip_ingest:
        print("Ingest:", flush=True)
        without = ingest_speed(arguments, data, [])
        share = ingest_speed(arguments, data, KEPT_WHILE_INGESTING) / without
        passed = verdict("ingest", share >= INGEST_SHARE_MIN,
                         f"{share:.0%} of the speed without (at least {INGEST_SHARE_MIN:.0%})") and passed
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
