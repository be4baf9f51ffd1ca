#!/usr/bin/env python3
"""Runs the .slt files against an Apus server that it starts itself.

    run.py [--apus BINARY] [--url URL] [-v] [FILE.slt | DIRECTORY ...]

Prints each failing case with its file and line, then `N passed, N failed, N unsupported`. Unsupported are cases of
`wider/` that Apus refuses with 0A000 (the documented answer for what is not there yet); in `core/` a refusal fails.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
sys.path.insert(0, str(HERE))
import psycopg
import slt
from harness.server import Server


def judge(record, outcome):
    """None when the outcome is what the record wants, else what differs."""
    if record.wanted == "error":
        if not outcome.state:
            return f"wanted error {record.state}, got {len(outcome.rows)} rows: {outcome.rows[:3]}"
        return None if outcome.state == record.state else (
            f"wanted error {record.state}, got {outcome.state}: {outcome.message}")
    if outcome.state:
        return f"error {outcome.state}: {outcome.message}"
    if record.kind != "query":
        return None
    if outcome.types != record.types:
        return f"wanted types {record.types}, got {outcome.types}; rows {outcome.rows[:3]}"
    if outcome.rows != record.body:
        pairs = zip(record.body + ["(no row)"] * len(outcome.rows), outcome.rows + ["(no row)"] * len(record.body))
        different = [(a, b) for a, b in pairs if a != b]
        shown = "".join(f"\n    wanted {a}\n    got    {b}" for a, b in different[:3])
        return f"{len(record.body)} rows wanted, {len(outcome.rows)} got; first differences:{shown}"
    return None


class Run:
    def __init__(self, url, verbose):
        self.url, self.verbose = url, verbose
        self.passed, self.failed, self.unsupported = 0, 0, 0
        self.connection = None

    def connect(self):
        self.connection = psycopg.connect(self.url, autocommit=True)

    def file(self, path):
        """All records of a file on one connection; a lost connection fails its record and is opened again."""
        self.connect()
        strict = "wider" not in path.parts
        created = []
        for record in slt.parse(path):
            if record.kind == "comment" or not record.runs_on("apus"):
                continue
            words = record.sql.split()
            if len(words) > 2 and [w.upper() for w in words[:2]] == ["CREATE", "TABLE"]:
                created.append(words[2].split("(")[0])
            self.record(path, record, strict)
        self.drop(created)
        self.connection.close()

    def drop(self, tables):
        for table in tables:
            slt.execute(self.connection, slt.Record("statement", sql=f"DROP TABLE IF EXISTS {table}"))

    def record(self, path, record, strict):
        try:
            outcome = slt.execute(self.connection, record)
        except psycopg.Error as error:
            outcome = slt.Outcome(state="08006", message=str(error))
        if self.connection.pgconn.status != psycopg.pq.ConnStatus.OK:
            outcome = slt.Outcome(state="08006", message="the connection was lost: " + outcome.message)
            self.connect()
        complaint = judge(record, outcome)
        if complaint is None:
            self.passed += 1
        elif outcome.state == "0A000" and record.state != "0A000" and not strict:
            self.unsupported += 1
            if self.verbose:
                print(f"{path}:{record.line}: unsupported: {outcome.message}")
        else:
            self.failed += 1
            print(f"{path}:{record.line}: {complaint}\n    {' '.join(record.sql.split())[:200]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=pathlib.Path)
    parser.add_argument("--apus", help="the binary (default: the release build, else the debug build)")
    parser.add_argument("--url", help="a running server instead of one started here")
    parser.add_argument("-v", "--verbose", action="store_true", help="also show what is unsupported")
    options = parser.parse_args()
    files = []
    for path in options.paths or [HERE]:
        files += sorted(path.rglob("*.slt")) if path.is_dir() else [path]
    if options.url:
        run = run_files(options.url, files, options.verbose)
    else:
        with Server(options.apus) as server:
            run = run_files(server.url, files, options.verbose)
    print(f"SQL logic tests: {run.passed} passed, {run.failed} failed, {run.unsupported} unsupported "
          f"in {len(files)} files")
    return 1 if run.failed or not run.passed else 0


def run_files(url, files, verbose):
    run = Run(url, verbose)
    for path in files:
        try:
            run.file(path.resolve().relative_to(pathlib.Path.cwd()) if path.resolve().is_relative_to(
                pathlib.Path.cwd()) else path)
        except psycopg.OperationalError as error:
            run.failed += 1
            print(f"{path}: {error}")
    return run


if __name__ == "__main__":
    sys.exit(main())
