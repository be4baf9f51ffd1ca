#!/usr/bin/env python3
"""A product's numbers from an empty directory, each step checked.

    product.py [--events 2000000] [--apus BINARY] [--directory DIR]

The directory (default: a temporary one, removed at the end) must be empty; what is made in it stays there.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(HERE))
from harness.ingest import Connection, split
from harness.server import Server, directory_bytes, find_binary
from shop import FUNNEL_SECONDS, Shop

SDK_EVENTS = 1000
STARTED = time.monotonic()


def step(title):
    print(f"\n[{time.monotonic() - STARTED:5.1f} s] {title}", flush=True)


def check(what, condition, detail=""):
    """Ends the run when something is not as it should be."""
    if not condition:
        raise SystemExit(f"  WRONG: {what}{': ' + str(detail) if detail != '' else ''}")
    print(f"  ok: {what}", flush=True)


class Example:
    def __init__(self, options):
        self.binary = find_binary(options.apus)
        self.directory = pathlib.Path(options.directory or tempfile.mkdtemp(prefix="apus-product-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        if any(self.directory.iterdir()):
            raise SystemExit(f"{self.directory} is not empty")
        self.keeps = options.directory is not None
        self.config = self.directory / "apus.yaml"
        shutil.copy(HERE / "apus.yaml", self.config)
        self.server = self.new_server()
        self.shop = Shop(options.events)

    def new_server(self):
        return Server(self.binary, self.directory / "apus-data", ["--config", str(self.config)])

    def ask(self, sql):
        with self.server.connect() as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql):
        return self.ask(sql)[0][0]

    def command(self, *words, statuses=(0,)):
        """Runs apus and shows what it said."""
        done = subprocess.run([self.binary, *words], capture_output=True, text=True)
        text = (done.stdout + done.stderr).strip()
        print("  $ apus " + " ".join(words).replace(str(self.directory), "."))
        print("\n".join("  | " + line for line in text.split("\n") if line))
        check(f"exit status {done.returncode}", done.returncode in statuses)
        return text

    # MARK: Steps

    def begin(self):
        step("A server, with an apus.yaml of one table and two rollups")
        print(f"  {self.directory}")
        self.command("config", "check", "--config", str(self.config))
        self.server.start()
        names = [row[0] for row in self.ask("SELECT rollup_name FROM apus.rollups ORDER BY 1")]
        check("the rollups are there", names == ["events_1d", "events_1h"], names)
        ages = self.ask("SELECT table_name, after::text FROM apus.policies WHERE policy = 'retention'")
        check("raw events are kept for 90 days", ("events", "90 days") in ages, ages)

    def sdks(self):
        """-> events that are not sent yet"""
        step(f"{SDK_EVENTS} events with Segment's Python SDK, {SDK_EVENTS} with PostHog's")
        lines = self.shop.lines()
        self.with_segment([next(lines) for _ in range(SDK_EVENTS)])
        check("Segment's events are stored", self.one("SELECT count(*) FROM events") == SDK_EVENTS)
        self.with_posthog([next(lines) for _ in range(SDK_EVENTS)])
        check("PostHog's events are stored", self.one("SELECT count(*) FROM events") == 2 * SDK_EVENTS)
        return lines

    def with_segment(self, events):
        from datetime import datetime, timezone
        from segment.analytics.client import Client
        errors = []
        client = Client("any", host=self.server.http, on_error=lambda error, batch: errors.append(error))
        for event in events:
            client.track(event["person"], event["event"], event["properties"],
                         timestamp=datetime.fromtimestamp(event["time"], timezone.utc), message_id=event["id"])
        client.flush()
        client.shutdown()
        check("the SDK had no error", not errors, errors[:1])

    def with_posthog(self, events):
        import uuid
        from datetime import datetime, timezone
        from posthog import Posthog
        client = Posthog("any", host=self.server.http, disable_geoip=True)
        for event in events:
            client.capture(event["event"], distinct_id=event["person"], properties=event["properties"],
                           timestamp=datetime.fromtimestamp(event["time"], timezone.utc),
                           uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, event["id"])))
        client.flush()
        client.shutdown()

    def bulk(self, lines):
        step("The rest as NDJSON on four connections, and kill -9 in the middle")
        path = self.directory / "events.ndjson"
        with open(path, "w", encoding="utf-8") as file:
            for event in lines:
                file.write(self.shop.native(event))
                file.write("\n")
        bodies = split(path)
        print(f"  {self.shop.made - 2 * SDK_EVENTS} events, {os.path.getsize(path) >> 20} MiB, {len(bodies)} requests")
        begun = time.perf_counter()
        unanswered = self.post(path, bodies, kill_after=len(bodies) // 2)
        check("the server was killed and some requests got no answer", unanswered)
        self.server = self.new_server()
        again = time.perf_counter()
        self.server.start()
        print(f"  up again in {time.perf_counter() - again:.1f} s; sending {len(unanswered)} requests again or at last")
        left = self.post(path, unanswered)
        check("every request was answered", not left)
        print(f"  {self.shop.total / (time.perf_counter() - begun):,.0f} events/s, the crash and the restart included")
        count, ids = self.ask("SELECT count(*), count(DISTINCT event_id) FROM events")[0]
        check(f"{self.shop.total} events, each once", (count, ids) == (self.shop.total, self.shop.total), (count, ids))
        path.unlink()

    def post(self, path, bodies, kill_after=None):
        """Posts ranges of a file. -> those that were not acknowledged"""
        lock, waiting, left, done = threading.Lock(), list(reversed(bodies)), [], [0]

        def work():
            connection = Connection(self.server.http_host, self.server.http_port)
            with open(path, "rb") as file:
                while True:
                    with lock:
                        if not waiting:
                            break
                        body = waiting.pop()
                    try:
                        status, headers, answer = connection.post_range(file, *body)
                    except OSError:
                        connection.close()
                        with lock:
                            left.append(body)
                        continue
                    if status in (429, 503):
                        with lock:
                            waiting.append(body)
                        time.sleep(float(headers.get("retry-after", 1)))
                        continue
                    if status != 200 or answer["rejected"]:
                        raise SystemExit(f"  WRONG: status {status}: {str(answer)[:300]}")
                    with lock:
                        done[0] += 1
                        if done[0] == kill_after:
                            self.server.kill()
                            print(f"  kill -9 after {kill_after} answers", flush=True)
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return left

    def answers(self):
        step("Answers through psql")
        done = subprocess.run(
            ["psql", "-X", "-v", "ON_ERROR_STOP=1", self.server.url, "-f", str(HERE / "questions.sql")],
            capture_output=True, text=True)
        print("\n".join("  | " + line for line in done.stdout.split("\n") if line.strip()))
        check("psql had no error", done.returncode == 0, done.stderr)
        shop = self.shop
        check("events by name are those that were sent",
              dict(self.ask("SELECT event, count(*) FROM events GROUP BY 1")) == dict(shop.by_event))
        people = self.ask("SELECT properties->>'country', count(DISTINCT distinct_id) FROM events GROUP BY 1")
        check("so are the people of each country",
              dict(people) == {k: len(v) for k, v in shop.people_of_country.items()})
        days = self.ask("SELECT extract(epoch FROM time_bucket('1 day', time))::int8 / 86400, count(*), "
                        "count(DISTINCT distinct_id) FROM events GROUP BY 1")
        check("and the events and people of each day",
              {d: (n, p) for d, n, p in days} == {d: (n, len(shop.people_of_day[d])) for d, n in shop.by_day.items()})
        revenue = self.one("SELECT sum((properties->>'price')::numeric) FROM events")
        check(f"and the revenue, {revenue}", int(revenue * 100) == shop.cents)
        funnel = self.ask(
            f"SELECT step, count(*) FROM (SELECT window_funnel('{FUNNEL_SECONDS} seconds', time, event = '$pageview', "
            "event = 'Product Added', event = 'Order Completed') AS step FROM events GROUP BY distinct_id) f GROUP BY 1")
        check(f"and the funnel, {dict(sorted(funnel))}", dict(funnel) == dict(shop.funnel()))

    ROLLED_UP = """
        SELECT time_bucket('1 day', time) AS day, event, count(*), count(DISTINCT distinct_id)
        FROM events WHERE time < date_trunc('day', now()) GROUP BY 1, 2 ORDER BY 1, 2"""

    def rollups(self):
        step("The same bits from the rollups, faster")
        # Rows go to the rollups when they are flushed, after a minute at the most; queries add the rest.
        self.one("SELECT apus.flush('events')")
        plan = "\n".join(row[0] for row in self.ask("EXPLAIN " + self.ROLLED_UP))
        print("\n".join("  | " + line for line in plan.split("\n")))
        check("EXPLAIN names a rollup", "events_1" in plan)
        with self.server.connect() as connection:
            timings = {}
            for setting in ("off", "on"):
                connection.execute(f"SET apus.use_rollups = {setting}")
                best = []
                for _ in range(3):
                    begun = time.perf_counter()
                    rows = connection.execute(self.ROLLED_UP).fetchall()
                    best.append(time.perf_counter() - begun)
                timings[setting] = (min(best), rows)
        check(f"{len(timings['on'][1])} rows are equal", timings["on"][1] == timings["off"][1])
        print(f"  raw {timings['off'][0] * 1000:.1f} ms, rollup {timings['on'][0] * 1000:.1f} ms")

    def dashboard(self):
        step("The dashboard")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not chromium:
            print("  not shown: there is no Chromium here (Debian: apt-get install chromium)")
            return
        picture = self.directory / "dashboard.png"
        profile = tempfile.mkdtemp(prefix="apus-browser-")
        subprocess.run(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--window-size=1280,900",
             f"--screenshot={picture}", self.server.http + "/"], capture_output=True, timeout=120)
        shutil.rmtree(profile, ignore_errors=True)
        check("a screenshot of it was made", picture.exists() and picture.stat().st_size > 20_000)
        print(f"  {picture}" if self.keeps else "  (give a --directory to keep it)")

    DAYS = "SELECT bucket, events, people, revenue FROM events_1d WHERE event IS NULL AND country IS NULL ORDER BY 1"

    def retention(self):
        step("30 days of raw events instead of 90: the plan, then the deed")
        before = self.ask(self.DAYS)
        raw_days = self.one("SELECT count(DISTINCT date_trunc('day', time)) FROM events")
        text = self.config.read_text().replace("after: 90 days", "after: 30 days")
        self.config.write_text(text)
        where = ["--config", str(self.config), "--connect", self.server.url]
        said = self.command("plan", *where, "--detailed-exitcode", statuses=(2,))
        check("the plan tells of the shorter retention", "30 days" in said)
        self.command("apply", *where, statuses=(1,))
        check("apply does not drop data without being told so",
              self.one("SELECT count(DISTINCT date_trunc('day', time)) FROM events") == raw_days)
        self.command("apply", *where, "--allow-drop")
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline:
            days = self.one("SELECT count(DISTINCT date_trunc('day', time)) FROM events")
            if days <= 31:
                break
            time.sleep(1)
        print(f"  raw events are of {days} days now; they were of {raw_days}")
        check("retention dropped raw days", days <= 31, days)
        after = self.ask(self.DAYS)
        check(f"the rollup still tells of {len(after)} days, with the same counts, people and revenue", after == before)

    def end(self):
        step("The end")
        size = directory_bytes(self.server.data)
        status = self.server.stop()
        check(f"the server stopped cleanly; its directory has {size >> 20} MiB", status == 0, status)
        self.command("check", "--data", self.server.data)

    def run(self):
        try:
            self.begin()
            self.bulk(self.sdks())
            self.answers()
            self.rollups()
            self.dashboard()
            self.retention()
            self.end()
        except BaseException:
            if self.server.process is not None:
                print("the server's log ends:\n" + self.server.log_tail(), file=sys.stderr)
            raise
        finally:
            if self.server.alive():
                self.server.kill()
            if not self.keeps:
                shutil.rmtree(self.directory, ignore_errors=True)
        print(f"\nAll of it in {time.monotonic() - STARTED:.0f} s.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--apus")
    parser.add_argument("--directory", help="kept: it must be empty or not there")
    Example(parser.parse_args()).run()


if __name__ == "__main__":
    main()
