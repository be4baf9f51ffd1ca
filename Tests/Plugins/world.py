"""What the tests of backends share: a server with both plugins, a PostgreSQL, and the same rows in three places."""
import os
import re
import tempfile

import psycopg

import generate
from harness.ingest import load
from harness.postgres import PrivatePostgres
from harness.server import Server

BACKENDS = ["sqlite", "postgres"]
EVENT_COLUMNS = (
    "time timestamptz NOT NULL, event text NOT NULL, user_id text, session_id text, event_id text, properties jsonb")


class World:
    """`ask` runs SQL; `same` runs it on all three storages and compares."""

    def __init__(self, binary, plugins, rows, seed):
        self.binary, self.rows, self.seed = binary, rows, seed
        self.environment = {"APUS_PLUGIN_DIR": os.path.abspath(plugins)} if plugins else {}

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="apus-plugins-")
        self.sqlite_path = os.path.join(self.directory.name, "events.db")
        self.remote = PrivatePostgres().__enter__()
        self.server = Server(self.binary, environment=self.environment).start()
        try:
            self._connect()
            self._load()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error):
        self.connection.close()
        try:
            status = self.server.stop()
        finally:
            self.remote.__exit__(None, None, None)
            self.directory.cleanup()
        if status not in (0, None) and error[0] is None:
            raise RuntimeError(f"the server ended with status {status} after SIGTERM:\n{self.server.log_tail()}")

    def restart(self):
        if self.server.alive():
            self.server.stop()
        self.server.start()
        self._connect()

    def _connect(self):
        self.connection = self.server.connect()

    def _load(self):
        meta = generate.generate(self.directory.name, self.rows, ["ndjson"])
        self.meta = meta
        path = os.path.join(self.directory.name, "events.ndjson")
        stored, _ = load(self.server.http_host, self.server.http_port, path)
        assert stored == meta["rows"], (stored, meta)
        self.ask("CREATE EXTENSION sqlite")
        self.ask("CREATE EXTENSION postgres")
        self.ask(f"CREATE SERVER file FOREIGN DATA WRAPPER sqlite OPTIONS (path '{self.sqlite_path}')")
        self.ask("CREATE SERVER remote FOREIGN DATA WRAPPER postgres "
                 f"OPTIONS (host '{self.remote.directory}', dbname 'apus', user 'apus')")
        for backend, server in zip(BACKENDS, ["file", "remote"]):
            self.ask(f"CREATE TABLE events_{backend} ({EVENT_COLUMNS}) USING {backend} WITH (server = '{server}')")
            self.ask(f"INSERT INTO events_{backend} SELECT time, event, user_id, session_id, event_id, properties "
                     "FROM events")

    def ask(self, sql, connection=None):
        """Rows, or None for a statement without."""
        cursor = (connection or self.connection).execute(sql)
        return cursor.fetchall() if cursor.description else None

    def outcome(self, sql, connection=None):
        """Rows as the wire has them in text, or the SQLSTATE of the error."""
        try:
            with (connection or self.connection).cursor() as cursor:
                cursor.adapters.register_loader("jsonb", psycopg.types.string.TextLoader)
                cursor.adapters.register_loader("json", psycopg.types.string.TextLoader)
                cursor.execute(sql)
                result = cursor.pgresult
                return [tuple(result.get_value(r, c) for c in range(result.nfields)) for r in range(result.ntuples)]
        except psycopg.Error as error:
            return error.sqlstate or repr(error)

    def same(self, sql, table, ordered=None):
        """The outcome, which is the same for `table`, `table_sqlite` and `table_postgres`."""
        ordered = "ORDER BY" in sql if ordered is None else ordered
        outcomes = {}
        for suffix in [""] + [f"_{backend}" for backend in BACKENDS]:
            outcome = self.outcome(re.sub(rf"\b{table}\b", table + suffix, sql))
            if isinstance(outcome, list) and not ordered:
                outcome = sorted(outcome, key=repr)
            outcomes[suffix or "_columnar"] = outcome
        wanted = outcomes["_columnar"]
        for suffix, found in outcomes.items():
            assert found == wanted, f"{sql}\n    columnar: {shown(wanted)}\n    {suffix[1:]}: {shown(found)}"
        return wanted

    def plan(self, sql):
        return "\n".join(row[0] for row in self.ask("EXPLAIN " + sql))


def shown(outcome):
    return str(outcome)[:600]


def expect_error(world, state, sql, connection=None):
    try:
        world.ask(sql, connection)
    except psycopg.Error as error:
        assert error.sqlstate == state, f"{sql}: {error.sqlstate} instead of {state}: {error}"
        return error
    raise AssertionError(f"{sql}: no error, {state} expected")
