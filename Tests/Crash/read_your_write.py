#!/usr/bin/env python3
"""What was acknowledged over HTTP is in the next SELECT on another connection.

    read_your_write.py [--apus BINARY] [--posts 2000]
"""
import argparse
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from harness import ingest
from harness.server import Server


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--posts", type=int, default=2000)
    options = parser.parse_args()
    missing = []
    with Server(options.apus) as server, server.connect() as reader:
        writer = ingest.Connection(server.http_host, server.http_port)
        started = time.perf_counter()
        for number in range(options.posts):
            event = {"event": "written", "user_id": f"u{number}", "event_id": f"write-{number}",
                     "properties": {"number": number}}
            status, _, answer = writer.post(json.dumps(event).encode() + b"\n")
            if status != 200 or answer.get("stored") != 1:
                missing.append(f"post {number}: status {status}, {answer}")
                break
            sql = f"SELECT properties->>'number' FROM events WHERE event_id = 'write-{number}'"
            rows = reader.execute(sql).fetchall()
            if rows != [(str(number),)]:
                missing.append(f"post {number}: read {rows}")
        seconds = time.perf_counter() - started
        count = reader.execute("SELECT count(*) FROM events").fetchone()[0]
        if count != options.posts:
            missing.append(f"{count} events at the end")
    for complaint in missing[:5]:
        print(f"FAIL: {complaint}")
    print(f"read your write: {options.posts - len(missing):,} of {options.posts:,} found right after the answer "
          f"({seconds / options.posts * 1e3:.2f} ms for a post and its read)")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
