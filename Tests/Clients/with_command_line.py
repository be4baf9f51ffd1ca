"""The command line: version, help, import, check, refusals, exit codes, one server a directory."""
import json
import os
import subprocess
import tempfile


def apus(server, *arguments, stdin=None, environment=None, timeout=120):
    return subprocess.run([server.binary, *arguments], capture_output=True, text=True, input=stdin, timeout=timeout,
                          env={**os.environ, **(environment or {})})


def test_version_and_help(server):
    done = apus(server, "version")
    assert done.returncode == 0 and "apus" in done.stdout.lower(), done
    assert apus(server, "--help").returncode == 0
    for command in ("serve", "import", "check", "demo"):
        done = apus(server, command, "--help")
        assert done.returncode == 0 and f"apus {command}" in done.stdout, (command, done)


def test_misuse_is_status_2(server):
    for arguments in (["nonsense"], ["serve", "--nonsense"], ["import"], ["serve", "--postgres-port", "x"]):
        done = apus(server, *arguments)
        assert done.returncode == 2 and done.stderr, (arguments, done)


def test_a_bind_beyond_loopback_is_refused(server):
    with tempfile.TemporaryDirectory() as data:
        done = apus(server, "serve", "--data", data + "/d", "--listen", "0.0.0.0", "--postgres-port", "0",
                    "--http-port", "0")
        assert done.returncode != 0 and "loopback" in done.stderr, done


def test_two_passwords_or_an_empty_one_are_refused(server):
    for environment in ({"APUS_PASSWORD": "secret", "APUS_PASSWORD_FILE": "/x"}, {"APUS_PASSWORD": ""}):
        done = apus(server, "serve", "--data", "/nonexistent/d", environment=environment)
        assert done.returncode == 2 and "APUS_PASSWORD" in done.stderr and "secret" not in done.stderr, done


def test_a_directory_has_one_server(server):
    done = apus(server, "serve", "--data", server.data, "--postgres-port", "0", "--http-port", "0")
    assert done.returncode == 1 and str(server.process.pid) in done.stderr, done


def test_a_taken_port_is_named(server):
    with tempfile.TemporaryDirectory() as data:
        done = apus(server, "serve", "--data", data + "/d", "--postgres-port", str(server.postgres_port),
                    "--http-port", "0")
        assert done.returncode == 1 and str(server.postgres_port) in done.stderr, done


def test_import_ndjson_and_csv(server):
    with tempfile.TemporaryDirectory() as place:
        lines, table = os.path.join(place, "e.ndjson"), os.path.join(place, "t.csv")
        with open(lines, "w") as file:
            for number in range(1000):
                file.write(json.dumps({"event": "imported", "event_id": f"imp-{number}",
                                       "time": "2024-01-01T00:00:00Z", "properties": {"n": number}}) + "\n")
        done = apus(server, "import", "--data", server.data, "--table", "events", "--format", "ndjson", lines)
        assert done.returncode == 0, done
        with open(table, "w") as file:
            file.write("id,name\n1,one\n2,\n")
        with server.connect() as connection:
            connection.execute("CREATE TABLE imported (id bigint, name text)")
            done = apus(server, "import", "--data", server.data, "--table", "imported", "--format", "csv", table)
            assert done.returncode == 0, done
            assert connection.execute("SELECT count(*) FROM events WHERE event = 'imported'").fetchone() == (1000,)
            assert connection.execute("SELECT count(*), count(name) FROM imported").fetchone() == (2, 1)


def test_import_from_stdin_and_of_nothing(server):
    done = apus(server, "import", "--data", server.data, "--table", "events", "-", stdin='{"event": "from stdin"}\n')
    assert done.returncode == 0, done
    assert apus(server, "import", "--data", server.data, "--table", "events", "/nonexistent").returncode == 1
    done = apus(server, "import", "--data", server.data, "--table", "no_such_table", "-", stdin="{}\n")
    assert done.returncode == 1 and "no_such_table" in done.stderr, done


def test_check_of_a_stopped_directory(server):
    server.stop()
    done = apus(server, "check", "--data", server.data)
    assert done.returncode == 0, done
    done = apus(server, "check", "--data", server.data, "--json")
    assert done.returncode == 0 and json.loads(done.stdout), done
    server.start()
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM events WHERE event = 'imported'").fetchone() == (1000,)


def test_demo(server):
    done = apus(server, "demo", "--data", server.data, "--events", "5000", "--rate", "0")
    assert done.returncode == 0, done
    with server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM demo_events").fetchone()[0] >= 5000
        assert connection.execute("SELECT properties->>'country' FROM demo_events LIMIT 1").fetchone()[0]


def test_cannot_connect_is_status_3(server):
    with tempfile.TemporaryDirectory() as data:
        assert apus(server, "demo", "--data", data + "/nobody").returncode == 3
