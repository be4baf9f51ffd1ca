#!/usr/bin/env python3
"""Writes the expected answers into .slt files, from a private PostgreSQL 15.

    oracle.py [FILE.slt ...]          without files: all of them
    oracle.py --check [FILE.slt ...]  changes nothing; exits 1 when a file would change
    oracle.py --seed FILE.sql ...     makes FILE.slt from one statement a line

A record is rewritten by what PostgreSQL answers: a query becomes `statement error` when it fails and the reverse.
What PostgreSQL does not have (time_bucket, approx_count_distinct) is defined in oracle_functions.sql.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import slt
from harness.postgres import PrivatePostgres

HERE = pathlib.Path(__file__).resolve().parent


def answer(connection, record):
    """The record with the oracle's answer in place of its own."""
    outcome = slt.execute(connection, record)
    if record.kind == "copy":
        record.wanted, record.state = ("error", outcome.state) if outcome.state else ("ok", "")
    elif outcome.state:
        record.kind, record.wanted, record.state, record.body = "statement", "error", outcome.state, []
    elif outcome.types:
        if record.kind == "statement":
            record.kind, record.sort = "query", "nosort"
        record.types, record.body = outcome.types, outcome.rows
    else:
        record.kind, record.wanted, record.state, record.body = "statement", "ok", "", []


def seed(path):
    """Statements of a .sql file as records: one a line, or several lines up to a `;` at a line's end. A line
    `copy:` before a statement starts COPY data that ends at a blank line."""
    records, pending, only = [], [], set()
    lines = iter(path.read_text(encoding="utf-8").split("\n"))
    for line in lines:
        if not pending and (not line.strip() or line.startswith("--")):
            records.append(slt.Record("comment", text="#" + line[2:] if line.strip() else ""))
            continue
        if line.startswith("onlyif "):
            only = {line.split()[1]}
            continue
        if line == "copy:":
            record = slt.Record("copy", sql=next(lines).rstrip(";"))
            while (data := next(lines, "")) != "":
                record.body.append(data)
            records += [record, slt.Record("comment", text="")]
            continue
        pending.append(line)
        if line.rstrip().endswith(";"):
            sql = "\n".join(pending).rstrip()[:-1]
            pending = []
            sort = "nosort"
            if sql.startswith("rowsort: "):
                sort, sql = "rowsort", sql[len("rowsort: "):]
            wanted = slt.Record("statement", sql=sql, sort=sort, only=only)
            if only:
                wanted.wanted, wanted.state = "error", "0A000"
            only = set()
            records += [wanted, slt.Record("comment", text="")]
    target = path.with_suffix(".slt")
    slt.write(target, records)
    return target


def rewrite(postgres, path, check):
    """Answers every record of one file in a database of its own. -> whether the file changed."""
    with postgres.connect("postgres") as admin:
        admin.execute("DROP DATABASE IF EXISTS slt")
        admin.execute("CREATE DATABASE slt TEMPLATE template0")
    before = path.read_text(encoding="utf-8")
    records = slt.parse(path)
    with postgres.connect("slt") as connection:
        connection.execute((HERE / "oracle_functions.sql").read_text())
        for record in records:
            if record.kind != "comment" and record.runs_on("postgres"):
                sort = record.sort
                if record.kind == "statement":
                    record.sort = sort
                answer(connection, record)
                if record.kind == "query" and sort == "rowsort":
                    record.sort, record.body = "rowsort", sorted(record.body)
    after = "\n".join(line for record in records for line in slt.render(record))
    if after != before and not check:
        path.write_text(after, encoding="utf-8")
    return after != before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", action="store_true")
    options = parser.parse_args()
    files = options.files or sorted(HERE.rglob("*.slt"))
    if options.seed:
        files = [seed(path) for path in files]
    with PrivatePostgres() as postgres:
        changed = [path for path in files if rewrite(postgres, path, options.check)]
    for path in changed:
        print(f"{'differs' if options.check else 'written'}: {path}")
    print(f"{len(files)} files, {len(changed)} changed")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
