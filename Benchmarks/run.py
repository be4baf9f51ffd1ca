#!/usr/bin/env python3
"""Loads the same generated events into Apus and DuckDB, asks both the same questions, and holds Apus to its targets.

    run.py [--rows 10M] [--only q05,q12] [--all] [--skip-load] [--runs 7]

Apus is loaded as applications load it, by durable NDJSON over HTTP on four connections, and is asked over the wire
through psycopg, time measured at the client. DuckDB runs inside this process, on flattened columns, with two threads.
Questions alternate between the two, warm; the median counts. 10M rows need about 7 GB under Benchmarks/data.
"""
import argparse
import datetime
import json
import math
import os
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

RATIO_MAX, GEOMETRIC_MEAN_MAX, EVENTS_PER_SECOND_MIN, BYTES_PER_EVENT_MAX = 2.0, 1.0, 250_000, 45
APPROXIMATE_TOLERANCE, EXACT_TOLERANCE = 0.12, 1e-9

DUCKDB_TABLE = """CREATE TABLE events AS SELECT time::TIMESTAMP AS time, event, user_id, session_id,
  event_id::UUID AS event_id, country, device_type, browser, os, user_tier, campaign_id, url, referrer, price, currency,
  duration_ms, status_code, app_version FROM read_parquet('{path}')"""


def comparable(value):
    """Times without a zone, numbers as they are, the rest as text."""
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, bool) or value is None or isinstance(value, (int, float, str)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def difference(ours, theirs, tolerance):
    """None when two answers agree, else the first place where they do not."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows against {len(theirs)}"
    for number, (mine, other) in enumerate(zip(ours, theirs)):
        for a, b in zip(map(comparable, mine), map(comparable, other)):
            numbers = isinstance(a, (int, float)) and isinstance(b, (int, float))
            if not (a == b or numbers and abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))):
                return f"row {number}: {a!r} against {b!r}"
    return None


def prepare_data(directory, rows):
    """The generated files, made once."""
    meta_path = directory / "meta.json"
    complete = [directory / "events.ndjson", directory / "events_flat.parquet", meta_path]
    if not all(path.exists() for path in complete):
        print(f"Generating {rows:,} events in {directory} ...", flush=True)
        generate.generate(directory, rows, ["ndjson", "flat"])
    return json.loads(meta_path.read_text())


def open_duckdb(directory, skip_load):
    import duckdb
    path = directory / "events.duckdb"
    fresh = not (skip_load and path.exists())
    if fresh:
        for leftover in (path, pathlib.Path(f"{path}.wal")):
            leftover.unlink(missing_ok=True)
    connection = duckdb.connect(str(path))
    connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
    seconds = None
    if fresh:
        started = time.perf_counter()
        connection.execute(DUCKDB_TABLE.format(path=directory / "events_flat.parquet"))
        connection.execute("CHECKPOINT")
        seconds = time.perf_counter() - started
    return connection, os.path.getsize(path), seconds, duckdb.__version__


def load_apus(server, directory, rows):
    """Durable NDJSON over HTTP; -> events per second."""
    print(f"Posting {rows:,} events over 4 connections ...", flush=True)
    stored, seconds = ingest.load(server.http_host, server.http_port, directory / "events.ndjson")
    if stored != rows:
        raise SystemExit(f"FAIL: {stored:,} of {rows:,} events were stored")
    print(f"  stored in {seconds:.1f} s, {rows / seconds:,.0f} events/s; "
          f"the server uses {server.resident_bytes() / 1e9:.2f} GB of memory", flush=True)
    return rows / seconds


def timed(run, sql):
    started = time.perf_counter()
    rows = run(sql)
    return (time.perf_counter() - started) * 1e3, rows


def ask_both(query, ask_apus, ask_duckdb, runs):
    """Medians in milliseconds of alternating runs, and the two answers."""
    _, ours = timed(ask_apus, query.apus)
    _, theirs = timed(ask_duckdb, query.duckdb)
    timed(ask_apus, query.apus)
    apus, duckdb = [], []
    for _ in range(runs):
        apus.append(timed(ask_apus, query.apus)[0])
        duckdb.append(timed(ask_duckdb, query.duckdb)[0])
    return statistics.median(apus), statistics.median(duckdb), ours, theirs


def measure(chosen, server, duckdb, runs):
    """Prints a line for each query; -> their results."""
    import psycopg
    results = []
    print(f"\n{'query':<28}{'Apus ms':>10}{'DuckDB ms':>11}{'ratio':>8}  answer")
    with server.connect() as connection:
        ask_apus = lambda sql: connection.execute(sql).fetchall()
        ask_duckdb = lambda sql: duckdb.execute(sql).fetchall()
        for query in chosen:
            try:
                ours_ms, theirs_ms, ours, theirs = ask_both(query, ask_apus, ask_duckdb, runs)
            except psycopg.Error as error:
                print(f"{query.name:<28}  error {error.sqlstate}: {str(error).splitlines()[0]}", flush=True)
                results.append({"name": query.name, "error": str(error), "sqlstate": error.sqlstate})
                if connection.closed:
                    break
                continue
            wrong = difference(ours, theirs, APPROXIMATE_TOLERANCE if query.approximate else EXACT_TOLERANCE)
            ratio = ours_ms / theirs_ms
            note = f"differs: {wrong}" if wrong else f"{len(ours)} rows, {'close' if query.approximate else 'equal'}"
            print(f"{query.name:<28}{ours_ms:>10.2f}{theirs_ms:>11.2f}{ratio:>8.2f}  {note}", flush=True)
            results.append({"name": query.name, "apus_ms": ours_ms, "duckdb_ms": theirs_ms, "ratio": ratio,
                            "wrong": wrong})
    return results


def verdict(name, passed, text):
    print(f"{'PASS' if passed else 'FAIL'}  {name}: {text}")
    return passed


def judge(results, chosen, figures):
    """Prints the targets and whether each is met."""
    print()
    accepted = {query.name for query in chosen[:queries.FIRST]} if figures["complete"] else {q.name for q in chosen}
    counted = [result for result in results if result["name"] in accepted]
    good = [result for result in counted if "ratio" in result]
    passed = [verdict("answers", len(good) == len(accepted) and not any(r["wrong"] for r in good),
                      f"{sum(not r['wrong'] for r in good)} of {len(accepted)} agree with DuckDB's")]
    if good:
        worst = max(good, key=lambda result: result["ratio"])
        mean = math.exp(statistics.fmean(math.log(result["ratio"]) for result in good))
        figures["geometric_mean"] = mean
        passed.append(verdict("slowest", worst["ratio"] <= RATIO_MAX,
                              f"{worst['name']} at {worst['ratio']:.2f}x of DuckDB (at most {RATIO_MAX:g}x)"))
        passed.append(verdict("geometric mean", mean <= GEOMETRIC_MEAN_MAX, f"{mean:.2f}x (at most {GEOMETRIC_MEAN_MAX:g}x)"))
    if figures["events_per_second"]:
        passed.append(verdict("ingest", figures["events_per_second"] >= EVENTS_PER_SECOND_MIN,
                              f"{figures['events_per_second']:,.0f} durable events/s "
                              f"(at least {EVENTS_PER_SECOND_MIN:,})"))
    ours, theirs = figures["apus_bytes_per_event"], figures["duckdb_bytes_per_event"]
    passed.append(verdict("size", ours <= min(theirs, BYTES_PER_EVENT_MAX),
                          f"{ours:.1f} bytes an event on disk (at most {BYTES_PER_EVENT_MAX}; DuckDB's file: {theirs:.1f})"))
    return all(passed)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--rows", default="10M", type=generate.rows_argument)
    parser.add_argument("--only", help="names or beginnings of names, with commas")
    parser.add_argument("--all", action="store_true", help="also the queries beyond the first ten")
    parser.add_argument("--skip-load", action="store_true", help="use what an earlier run loaded")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--data", type=pathlib.Path, default=HERE / "data")
    return parser.parse_args()


def main():
    options = arguments()
    directory = options.data / str(options.rows)
    free = shutil.disk_usage(options.data.parent).free
    if not options.skip_load and free < options.rows * 900:
        raise SystemExit(f"{options.rows:,} rows need {options.rows * 900 / 1e9:.1f} GB; {free / 1e9:.1f} GB are free")
    meta = prepare_data(directory, options.rows)
    chosen = queries.queries(meta)
    if options.only:
        wanted = tuple(options.only.split(","))
        chosen = [query for query in chosen if query.name.startswith(wanted)]
    elif not options.all:
        chosen = chosen[:queries.FIRST]
    apus_data = directory / "apus-data"
    if not options.skip_load:
        shutil.rmtree(apus_data, ignore_errors=True)
    figures = {"rows": options.rows, "events_per_second": None, "complete": not options.only}
    with Server(options.apus, data=apus_data) as server:
        if not options.skip_load:
            figures["events_per_second"] = load_apus(server, directory, options.rows)
        with server.connect() as connection:
            started = time.perf_counter()
            connection.execute("CHECKPOINT")
            print(f"  flushed in {time.perf_counter() - started:.1f} s", flush=True)
        figures["apus_bytes_per_event"] = directory_bytes(apus_data) / options.rows
        duckdb, duckdb_bytes, seconds, version = open_duckdb(directory, options.skip_load)
        figures["duckdb_bytes_per_event"] = duckdb_bytes / options.rows
        print(f"DuckDB {version}" + (f" loaded its Parquet file in {seconds:.1f} s" if seconds else ""), flush=True)
        results = measure(chosen, server, duckdb, max(options.runs, 7))
        duckdb.close()
    passed = judge(results, chosen, figures)
    reports = HERE / "results"
    reports.mkdir(exist_ok=True)
    (reports / f"{options.rows}.json").write_text(json.dumps({**figures, "queries": results}, indent=1))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
