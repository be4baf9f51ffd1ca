"""The configuration file: a server that starts with one, plan, apply, drift, refusals, the state written down."""
import json
import pathlib
import tempfile
import time

from harness.server import Server
from with_command_line import apus

RETENTION = "retention: [{after: 30 days}, {after: 7 days, where: \"event = 'debug'\"}]"
FILE = f"""
server: {{log_format: logfmt}}
storage: {{memory: 512 MiB, reserve: 1 %}}
tables:
  events:
    {RETENTION}
    accept: {{past: 400 days, future: 1 day}}
    properties: {{drop: {{ip: 20 days}}}}
  purchases:
    columns: {{time: timestamptz NOT NULL, order_id: text, amount: "numeric(12,2)"}}
    dedupe: {{key: order_id, window: 2 days}}
rollups:
  events_1h: {{from: events, every: 1 hour, by: [event], measures: {{n: count(*)}}, retention: 2 years}}
  events_1d: {{from: events_1h, every: 1 day}}
"""


class Place:
    """A directory with a file, and servers that start with it."""

    def __init__(self, server, text=FILE):
        self.server = server
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name) / "apus.yaml"
        self.data = str(pathlib.Path(self.directory.name) / "data")
        self.running = None
        self.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.directory.cleanup()

    def write(self, text):
        self.path.write_text(text)

    def start(self, **environment):
        self.running = Server(self.server.binary, data=self.data, arguments=["--config", str(self.path)],
                              environment=environment)
        return self.running.start()

    def stop(self):
        if self.running:
            assert self.running.stop() == 0
        self.running = None

    def run(self, command, *arguments, **options):
        return apus(self.server, *command.split(), "--config", str(self.path), "--data", self.data, *arguments,
                    **options)


def old_events(connection):
    connection.execute(
        "INSERT INTO events (time, event, properties) SELECT now() - g * interval '1 day', e, '{\"ip\": \"::1\", \"n\": 1}' "
        "FROM generate_series(1, 60) g, unnest(ARRAY['debug', 'buy']) e")
    connection.execute("SELECT apus.flush('events')")


def test_a_server_makes_what_its_file_adds(server):
    with Place(server) as place:
        running = place.start()
        with running.connect() as connection:
            assert connection.execute("SELECT retention::text FROM apus.tables WHERE table_name = 'events'"
                                      ).fetchone() == ("30 days",)
            assert connection.execute("SELECT count(*) FROM apus.policies WHERE managed_by = 'file'"
                                      ).fetchone()[0] >= 3
            assert connection.execute("SELECT count(*) FROM events_1d").fetchone() == (0,)
            assert connection.execute("SHOW apus.memory").fetchone() == ("512 MiB",)
            source = connection.execute("SELECT source FROM apus.settings WHERE name = 'apus.memory'").fetchone()[0]
            assert source.endswith("apus.yaml:3"), source
            assert connection.execute("SELECT source, sourceline FROM pg_settings WHERE name = 'apus.reserve'"
                                      ).fetchone() == ("configuration file", 3)
            assert connection.execute("SELECT source FROM apus.settings WHERE name = 'apus.data'"
                                      ).fetchone()[0] == "--data"
        done = place.run("plan", "--detailed-exitcode")
        assert done.returncode == 0 and "No changes" in done.stdout, done
        place.stop()
        # The same on the directory itself, and a second start changes nothing.
        assert place.run("plan", "--detailed-exitcode").returncode == 0
        place.start()


def test_plan_and_apply_talk_to_the_server(server):
    with Place(server, "tables: {}\n") as place:
        running = place.start()
        place.write("tables:\n  events:\n    partition: 1 day\n    retention: 90 days\n")
        done = place.run("plan", "--detailed-exitcode")
        assert done.returncode == 2 and "~ retention: none -> 90 days" in done.stdout, done
        plan = json.loads(place.run("plan", "--json").stdout)
        assert plan["changes"][0]["sql"] == ["ALTER TABLE events SET (retention = '90 days')"], plan
        assert place.run("apply").returncode == 0
        assert place.run("plan", "--detailed-exitcode").returncode == 0
        url = f"postgres://apus@127.0.0.1:{running.postgres_port}/apus"
        done = apus(server, "plan", "--config", str(place.path), "--connect", url, "--detailed-exitcode")
        assert done.returncode == 0, done
        assert place.run("apply", "--detailed-exitcode").returncode == 2


def test_dropping_needs_leave(server):
    with Place(server, "tables: {events: {accept: {past: 400 days}}}\n") as place:
        running = place.start()
        with running.connect() as connection:
            old_events(connection)
        place.write(f"tables:\n  events:\n    {RETENTION}\n    properties: {{drop: {{ip: 20 days}}}}\n")
        done = place.run("plan")
        assert done.returncode == 0 and "drops" in done.stdout and "--allow-drop" in done.stdout, done
        done = place.run("apply")
        assert done.returncode == 1 and "--allow-drop" in done.stderr and "rows of" in done.stdout, done
        place.stop()
        # A start refuses too, with the plan, and leaves everything as it is.
        done = apus(server, "serve", "--config", str(place.path), "--data", place.data, "--http-port", "0",
                    "--postgres-port", "0")
        assert done.returncode == 1 and "would drop data" in done.stderr and "drops" in done.stderr, done
        assert place.run("apply", "--allow-drop").returncode == 0
        running = place.start()
        with running.connect() as connection:
            # Retention runs when a server starts, and once a minute.
            rows = None
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                rows = connection.execute(
                    "SELECT count(*) FILTER (WHERE event = 'buy'), count(*) FILTER (WHERE event = 'debug'), "
                    "count(properties->'ip') FILTER (WHERE event = 'buy') FROM events").fetchone()
                if rows[0] <= 31 and rows[1] <= 8 and rows[2] <= 21:
                    break
                time.sleep(0.2)
            assert 28 <= rows[0] <= 31 and 6 <= rows[1] <= 8 and 18 <= rows[2] <= 21, rows


def test_sql_on_what_the_file_manages_is_drift(server):
    with Place(server, "tables: {events: {retention: 90 days}}\n") as place:
        running = place.start()
        with running.connect() as connection:
            notices = []
            connection.add_notice_handler(lambda notice: notices.append(notice.severity))
            connection.execute("ALTER TABLE events SET (retention = '120 days')")
            assert notices == ["WARNING"], notices
        done = place.run("plan", "--detailed-exitcode")
        assert done.returncode == 2 and "120 days -> 90 days   # changed by SQL" in done.stdout, done
        place.write("tables: {}\n")
        done = place.run("plan", "--detailed-exitcode")
        assert done.returncode == 0 and "no longer in the file" in done.stdout, done


def test_the_state_written_down_plans_no_change(server):
    with Place(server) as place:
        place.start()
        done = apus(server, "config", "dump", "--data", place.data)
        assert done.returncode == 0 and "events_1d" in done.stdout and "memory: 512 MiB" in done.stdout, done
        place.write(done.stdout)
        checked = apus(server, "config", "check", str(place.path))
        assert checked.returncode == 0, (checked, done.stdout)
        done = place.run("plan", "--detailed-exitcode")
        assert done.returncode == 0, done


def test_mistakes_are_told_with_their_places(server):
    with Place(server, "tables:\n  events:\n    retension: 7 days\n  nowhere: {retention: x}\n") as place:
        done = apus(server, "config", "check", str(place.path))
        assert done.returncode == 1, done
        assert "apus.yaml:3:5: unknown key \"retension\"" in done.stderr and "\"retention\"?" in done.stderr, done
        assert "apus.yaml:4:24:" in done.stderr, done
        assert apus(server, "serve", "--config", str(place.path)).returncode == 1
        assert apus(server, "serve", "--config", "/nonexistent.yaml").returncode == 1
        place.write("tables:\n  nowhere: {retention: 1 day}\n")
        done = apus(server, "serve", "--config", str(place.path), "--data", place.data, "--http-port", "0",
                    "--postgres-port", "0")
        assert done.returncode == 1 and "apus.yaml:2:3: table \"nowhere\" does not exist" in done.stderr, done
        done = place.run("plan")
        assert done.returncode == 1 and "apus.yaml:2:3: table \"nowhere\" does not exist" in done.stderr, done
        assert place.run("plan", "--nonsense").returncode == 2


def test_flags_and_variables_come_before_the_file(server):
    with Place(server, "server: {log_format: logfmt}\nstorage: {memory: 1 GiB, reserve: 2 %}\n") as place:
        running = place.start(APUS_MEMORY="512 MiB")
        with running.connect() as connection:
            rows = dict(connection.execute("SELECT name, value FROM apus.settings WHERE name LIKE 'apus.%'").fetchall())
            assert rows["apus.memory"] == "512 MiB" and rows["apus.reserve"] == "2 %", rows
            assert connection.execute("SELECT source FROM apus.settings WHERE name = 'apus.memory'"
                                      ).fetchone() == ("APUS_MEMORY",)


def test_a_password_from_the_environment_is_not_sent(server):
    with Place(server, "server: {password: '${SECRET_OF_TEST}'}\ntables: {events: {retention: 90 days}}\n") as place:
        running = place.start(SECRET_OF_TEST="open sesame")
        secrets = {"SECRET_OF_TEST": "open sesame", "APUS_PASSWORD": "open sesame"}
        done = place.run("plan", "--detailed-exitcode", environment=secrets)
        assert done.returncode == 0, done
        assert place.run("plan", environment={"SECRET_OF_TEST": "open sesame"}).returncode == 3
        assert "SECRET_OF_TEST" in place.run("plan").stderr
        with running.connect(password="open sesame") as connection:
            assert connection.execute("SELECT count(*) FROM apus.settings WHERE value LIKE '%sesame%'"
                                      ).fetchone() == (0,)


def test_the_schema_is_json(server):
    done = apus(server, "config", "schema")
    assert done.returncode == 0 and set(json.loads(done.stdout)["properties"]) >= {"tables", "rollups"}, done
