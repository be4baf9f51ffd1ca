#!/usr/bin/env python3
"""Events posted over four connections are there once each, although the server is killed (-9) again and again.

    kill9.py [--apus BINARY] [--rows 200k] [--kills 5]

The client resends, with the same event_id, every body that was not acknowledged: all that a real client can know.
Between the kills one body in ten is sent twice on purpose. At the end: count(*), count(DISTINCT event_id), and the
count of each event name, against the file.
"""
import argparse
import json
import pathlib
import random
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
sys.path.insert(0, str(HERE.parents[1] / "Benchmarks"))
import generate
from harness import ingest
from harness.server import Server


class Posting:
    """Four threads that post bodies until each is acknowledged, across restarts of the server."""

    def __init__(self, server, path, bodies, randomness):
        self.server, self.path, self.randomness = server, path, randomness
        self.lock = threading.Lock()
        self.waiting = list(bodies)
        self.acknowledged = self.stored = self.duplicates = self.resent = 0
        self.complaints = []
        self.total = len(bodies)
        self.up = threading.Event()

    def done(self):
        return self.acknowledged >= self.total or bool(self.complaints)

    def work(self):
        try:
            with open(self.path, "rb") as file:
                self._post_all(file)
        except Exception as error:
            self.complaints.append(repr(error))

    def _post_all(self, file):
        connection = None
        while not self.done():
            self.up.wait(0.1)
            with self.lock:
                body = self.waiting.pop(0) if self.waiting and self.up.is_set() else None
            if body is None:
                time.sleep(0.005)
                continue
            try:
                connection = connection or ingest.Connection(self.server.http_host, self.server.http_port, timeout=30)
                status, headers, answer = connection.post_range(file, *body)
                if status == 200 and self.randomness.random() < 0.1:
                    again, _, twice = connection.post_range(file, *body)
                    self._count_duplicates(again, twice)
            except (OSError, ValueError):
                if connection:
                    connection.close()
                connection = None
                with self.lock:
                    self.waiting.insert(0, body)
                    self.resent += 1
                continue
            self._judge(body, status, headers, answer)

    def _count_duplicates(self, status, answer):
        if status == 200 and answer.get("stored"):
            self.complaints.append(f"a body sent twice was stored twice: {str(answer)[:200]}")

    def _judge(self, body, status, headers, answer):
        with self.lock:
            if status == 200 and not answer.get("rejected"):
                self.acknowledged += 1
                self.stored += answer["stored"]
                self.duplicates += answer["duplicate"]
            elif status in (429, 503):
                self.waiting.append(body)
                time.sleep(min(float(headers.get("retry-after", 1)), 2))
            else:
                self.complaints.append(f"status {status}: {str(answer)[:300]}")


def expected(path):
    """Of the file: lines, event_ids, and lines of each event name."""
    identifiers, names, lines = set(), {}, 0
    with open(path, "rb") as file:
        for line in file:
            event = json.loads(line)
            identifiers.add(event["event_id"])
            names[event["event"]] = names.get(event["event"], 0) + 1
            lines += 1
    return lines, len(identifiers), names


def kill_in_the_middle(server, posting, kills, randomness):
    """Kills the server `kills` times while bodies flow, each time after some progress."""
    for number in range(kills):
        target = posting.total * (number + 1) // (kills + 1)
        while posting.acknowledged < target and not posting.done():
            if not server.alive():
                posting.complaints.append(f"the server ended by itself:\n{server.log_tail()}")
            time.sleep(0.002)
        time.sleep(randomness.random() * 0.05)
        posting.up.clear()
        server.kill()
        started = time.monotonic()
        server.start()
        print(f"  killed after {posting.acknowledged} of {posting.total} bodies, "
              f"up again in {time.monotonic() - started:.2f} s", flush=True)
        posting.up.set()


def check(server, path):
    """What is there against what was sent; -> complaints."""
    lines, identifiers, names = expected(path)
    with server.connect() as connection:
        one = lambda sql: connection.execute(sql).fetchone()[0]
        found = (one("SELECT count(*) FROM events"), one("SELECT count(DISTINCT event_id) FROM events"))
        by_name = dict(connection.execute("SELECT event, count(*) FROM events GROUP BY event").fetchall())
    print(f"  count(*) = {found[0]:,}, count(DISTINCT event_id) = {found[1]:,}; sent {lines:,}")
    complaints = [] if found == (lines, identifiers) else [f"{found} instead of {(lines, identifiers)}"]
    if by_name != names:
        complaints.append("the counts of event names differ")
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--rows", default="200k", type=generate.rows_argument)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    randomness = random.Random(options.seed)
    print(f"kill -9: {options.rows:,} events over 4 connections, {options.kills} kills, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="apus-kill9-") as directory:
        generate.generate(directory, options.rows, ["ndjson"])
        path = pathlib.Path(directory) / "events.ndjson"
        bodies = ingest.split(path, max(20_000, min(1 << 20, options.rows * 380 // 400)))
        with Server(options.apus) as server:
            posting = Posting(server, path, bodies, randomness)
            threads = [threading.Thread(target=posting.work) for _ in range(4)]
            posting.up.set()
            for thread in threads:
                thread.start()
            try:
                kill_in_the_middle(server, posting, options.kills, randomness)
            except Exception as error:
                posting.complaints.append(str(error))
            for thread in threads:
                thread.join()
            complaints = posting.complaints or check(server, path)
            print(f"  {posting.resent} bodies resent, {posting.duplicates:,} events recognised as duplicates")
            if not complaints:
                server.kill()
                server.start()
                complaints = check(server, path)
    for complaint in complaints[:5]:
        print(f"FAIL: {complaint}")
    print("kill -9: " + ("failed" if complaints else "every event is there exactly once"))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
