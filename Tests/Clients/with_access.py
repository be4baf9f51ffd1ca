"""Passwords, keys and TLS with psql, psycopg, asyncpg, curl and the command line, on servers of their own."""
import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import asyncpg
import psycopg
from harness.server import Server

PASSWORD = "correct horse, bättery"


class Guarded:
    """A server of a new directory with a password, and perhaps a certificate."""

    def __init__(self, server, password=PASSWORD, tls=False, arguments=(), environment=None):
        self.temporary = tempfile.mkdtemp(prefix="apus-access-")
        arguments = list(arguments)
        if tls:
            self.certificate = os.path.join(self.temporary, "server.crt")
            key = os.path.join(self.temporary, "server.key")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.certificate],
                check=True, capture_output=True)
            for end in ("postgres", "http"):
                arguments += [f"--{end}-tls-certificate", self.certificate, f"--{end}-tls-key", key]
        variables = {"APUS_PASSWORD": password} if password else {}
        variables.update(environment or {})
        self.server = Server(server.binary, data=os.path.join(self.temporary, "data"), arguments=arguments,
                             environment=variables)

    def __enter__(self):
        return self

    def start(self):
        self.server.start()
        return self.server

    def __exit__(self, *_):
        status = self.server.stop() if self.server.process else 0
        shutil.rmtree(self.temporary, ignore_errors=True)
        assert status == 0, f"the server ended with {status}\n{self.server.log_tail()}"


def psql(server, sql, password=PASSWORD, user="apus", database="apus", mode="prefer", host="127.0.0.1"):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = password
    target = f"host={host} port={server.postgres_port} user={user} dbname={database} sslmode={mode}"
    return subprocess.run(["psql", "-X", "-w", "-At", target, "-c", sql], env=environment, capture_output=True,
                          text=True, timeout=60)


def curl(server, path, *arguments, body=None, scheme="http", host="127.0.0.1"):
    command = ["curl", "-sS", "-o", "-", "-w", "\n%{http_code}", f"{scheme}://{host}:{server.http_port}{path}", *arguments]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", body]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    text, status = done.stdout.rsplit("\n", 1)
    return int(status), text


def failure(done, *words):
    assert done.returncode != 0 and all(word in done.stderr for word in words), (done.returncode, done.stderr)


def test_passwords_with_psql_psycopg_and_asyncpg(server):
    with Guarded(server) as guarded:
        one = guarded.start()
        assert psql(one, "SELECT current_user").stdout == "apus\n"
        failure(psql(one, "SELECT 1", password="wrong"), "password authentication failed for user \"apus\"")
        failure(psql(one, "SELECT 1", user="nobody"), "password authentication failed for user \"nobody\"")
        failure(psql(one, "SELECT 1", password=None), "no password supplied")
        failure(psql(one, "SELECT 1", database="other"), "database \"other\" does not exist")
        with psycopg.connect(one.url, password=PASSWORD) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        try:
            psycopg.connect(one.url, password="wrong")
            raise AssertionError("let in")
        except psycopg.OperationalError as error:
            assert "password authentication failed" in str(error), error

        async def work():
            connection = await asyncpg.connect(one.url, password=PASSWORD, timeout=20)
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()
            try:
                await asyncpg.connect(one.url, password="wrong", timeout=20)
                raise AssertionError("let in")
            except asyncpg.InvalidPasswordError:
                pass
        asyncio.run(work())


def test_alter_role_and_restart(server):
    with Guarded(server, password=None) as guarded:
        one = guarded.start()
        assert psql(one, "ALTER ROLE apus PASSWORD 'first secret'", password=None).stdout == "ALTER ROLE\n"
        failure(psql(one, "SELECT 1", password=None), "no password supplied")
        assert psql(one, "SELECT count(*) FROM apus.queries WHERE query LIKE '%secret%'", "first secret").returncode == 0
        assert one.stop() == 0
        # Another APUS_PASSWORD than the directory's changes nothing, and says so.
        one.environment["APUS_PASSWORD"] = "another"
        one.start()
        failure(psql(one, "SELECT 1", "another"), "password authentication failed")
        assert psql(one, "SELECT 1", "first secret").stdout == "1\n"
        log = one.log_tail(200)
        assert "APUS_PASSWORD is not the password" in log, log
        assert "first secret" not in log and "another" not in log, log
        # Nor do the files hold it.
        for path in pathlib.Path(one.data).rglob("*"):
            if path.is_file():
                assert b"first secret" not in path.read_bytes(), path


def test_password_file_and_psql_password_command(server):
    with Guarded(server, password=None) as guarded:
        file = pathlib.Path(guarded.temporary) / "password"
        file.write_text("from a file\n")
        guarded.server.environment["APUS_PASSWORD_FILE"] = str(file)
        one = guarded.start()
        assert psql(one, "SELECT 1", "from a file").stdout == "1\n"
        # What psql's \password sends: the verifier, made by the client.
        made = psycopg.pq.PGconn.connect(f"{one.url}?password=from%20a%20file".encode())
        verifier = made.encrypt_password(b"by the client", b"apus", b"scram-sha-256").decode()
        made.finish()
        assert psql(one, f"ALTER USER apus PASSWORD '{verifier}'", "from a file").returncode == 0
        assert psql(one, "SELECT 1", "by the client").stdout == "1\n"


def test_listening_beyond_loopback(server):
    with Guarded(server, password=None, arguments=["--listen", "0.0.0.0"]) as guarded:
        try:
            guarded.start()
            raise AssertionError("it listens")
        except RuntimeError as error:
            assert "while no password is set" in str(error) and "ALTER ROLE apus PASSWORD" in str(error), error
        guarded.server.process = None
    with Guarded(server, arguments=["--listen", "0.0.0.0"]) as guarded:
        one = guarded.start()
        assert psql(one, "SELECT 1").stdout == "1\n"
        assert "cannot be taken away" in psql(one, "ALTER ROLE apus PASSWORD NULL").stderr


def test_http_keys(server):
    with Guarded(server) as guarded:
        one = guarded.start()
        made = psql(one, "SELECT apus.create_key('web', kind => 'ingest', table_name => 'events', "
                         "origins => array['https://www.example.com'])")
        assert made.stdout.startswith("apus_ingest_"), made
        ingest = made.stdout.strip()
        query = psql(one, "SELECT apus.create_key('reader', 'query')").stdout.strip()
        listed = psql(one, "SELECT name, kind, table_name, origins FROM apus.keys ORDER BY name").stdout
        assert listed == "reader|query||{}\nweb|ingest|events|{https://www.example.com}\n", listed
        assert curl(one, "/v1/events", body='{"event": "a"}')[0] == 401
        assert curl(one, "/v1/events", "-H", f"Authorization: Bearer {ingest}", body='{"event": "a"}')[0] == 200
        assert curl(one, "/v1/track", "-u", f"{ingest}:", body='{"event": "b", "userId": "u"}')[0] == 200
        assert curl(one, "/v1/events", body=json.dumps({"event": "c", "api_key": ingest}))[0] == 200
        asked = '{"sql": "SELECT count(*) FROM events"}'
        assert curl(one, "/v1/query", body=asked)[0] == 401
        status, text = curl(one, "/v1/query", "-H", f"Authorization: Bearer {query}", body=asked)
        assert status == 200 and json.loads(text)["rows"] == [[3]], text
        assert curl(one, "/v1/query", "-u", f"apus:{PASSWORD}", body=asked)[0] == 200
        assert curl(one, "/v1/query", "-u", "apus:wrong", body=asked)[0] == 401
        assert curl(one, "/")[0] == 401 and curl(one, "/livez")[0] == 200
        # A key cannot be made by a query over HTTP, which only reads.
        forbidden = '{"sql": "SELECT apus.create_key(\'x\', \'query\')"}'
        assert curl(one, "/v1/query", "-u", f"apus:{PASSWORD}", body=forbidden)[0] == 403
        assert psql(one, "SELECT apus.revoke_key('web')").returncode == 0
        assert curl(one, "/v1/events", "-H", f"Authorization: Bearer {ingest}", body='{"event": "a"}')[0] == 401
        assert one.stop() == 0
        one.start()
        assert curl(one, "/v1/query", "-H", f"Authorization: Bearer {query}", body=asked)[0] == 200


def test_command_line_with_a_password(server):
    with Guarded(server) as guarded:
        one = guarded.start()
        file = pathlib.Path(guarded.temporary) / "events.ndjson"
        file.write_text('{"event": "imported"}\n')
        command = [one.binary, "import", "--table", "events", "--data", one.data, str(file)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("APUS_", "PG"))}
        assert subprocess.run(command, env=environment, capture_output=True).returncode != 0
        done = subprocess.run(command, env={**environment, "APUS_PASSWORD": PASSWORD}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert psql(one, "SELECT count(*) FROM events").stdout == "1\n"


def test_tls(server):
    with Guarded(server, tls=True) as guarded:
        one = guarded.start()
        assert psql(one, "SELECT 1", mode="require").stdout == "1\n"
        rows = psql(one, "SELECT repeat('x', 1000) FROM generate_series(1, 5000)", mode="require").stdout
        assert len(rows) == 5000 * 1001, len(rows)
        failure(psql(one, "SELECT 1", password="wrong", mode="require"), "password authentication failed")
        assert psql(one, "SELECT 1", mode="disable").stdout == "1\n"
        target = f"host=localhost hostaddr=127.0.0.1 port={one.postgres_port} user=apus dbname=apus"
        with psycopg.connect(f"{target} sslmode=verify-full sslrootcert={guarded.certificate}", password=PASSWORD,
                             autocommit=True) as connection:
            assert connection.pgconn.ssl_in_use
            with connection.cursor().copy("COPY events (time, event) FROM STDIN") as copy:
                for number in range(20_000):
                    copy.write_row(("2026-01-01 00:00:00+00", f"event {number}"))
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (20_000,)
        status, text = curl(one, "/livez", "--cacert", guarded.certificate, scheme="https", host="localhost")
        assert (status, text) == (200, "ok\n")
        status, text = curl(one, "/v1/query", "-k", "-u", f"apus:{PASSWORD}", body='{"sql": "SELECT 1"}', scheme="https")
        assert status == 200, text
    with Guarded(server, tls=False) as guarded:
        failure(psql(guarded.start(), "SELECT 1", mode="require"), "server does not support SSL")


def test_a_certificate_that_cannot_be_used(server):
    arguments = ["--postgres-tls-certificate", "/nonexistent.crt", "--postgres-tls-key", "/nonexistent.key"]
    with Guarded(server, arguments=arguments) as guarded:
        try:
            guarded.start()
            raise AssertionError("it started")
        except RuntimeError as error:
            assert "cannot use the certificate" in str(error), error
        guarded.server.process = None


def test_posthog_with_an_ingest_key(server):
    """The SDK's project key is the key: in the body, in properties, in Authorization; and it is stored nowhere."""
    from posthog import Posthog
    with Guarded(server) as guarded:
        own = guarded.start()
        made = psql(own, "SELECT apus.create_key('web', 'ingest', 'events', array['https://shop.example.com'])")
        key = made.stdout.strip()
        assert key.startswith("apus_ingest_"), made
        for mode in ("v0", "v1"):
            errors = []
            client = Posthog(key, host=own.http, on_error=lambda error, _: errors.append(error), max_retries=0, capture_mode=mode)
            client.capture("Keyed", distinct_id="u")
            client.flush()
            client.shutdown()
            assert not errors, errors
            errors = []
            client = Posthog("phc_wrong", host=own.http, on_error=lambda error, _: errors.append(error), max_retries=3,
                             capture_mode=mode)
            client.capture("Keyed", distinct_id="u")
            client.flush()
            client.shutdown()
            assert [error.status for error in errors] == [401], errors
        event = json.dumps([{"event": "Keyed", "properties": {"token": key, "distinct_id": "w"}}])
        for origin, status in [("https://shop.example.com", 200), ("https://evil.example.com", 403)]:
            found, _ = curl(own, "/e/", "-H", "Content-Type: text/plain", "-H", f"Origin: {origin}", body=event)
            assert found == status, (origin, found)
        stored = psql(own, "SELECT count(*), count(*) FILTER (WHERE properties::text LIKE '%apus_ingest_%') FROM events")
        assert stored.stdout.strip() == "3|0", stored
