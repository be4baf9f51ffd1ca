"""apus repl: scripts on a server and on a directory of its own, and the prompt in a real terminal (tmux)."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import uuid


def repl(server, *arguments, data=None, stdin="", wanted=0):
    place = ["--data", data] if data else ["--connect", server.url]
    done = subprocess.run([server.binary, "repl", *place, *arguments], capture_output=True, text=True, input=stdin,
                          timeout=60)
    assert done.returncode == wanted, f"status {done.returncode}: {done.stderr}{done.stdout}"
    return done


class Terminal:
    """A prompt in a tmux of its own."""

    def __init__(self, server, *arguments, columns=100, lines=40):
        self.home = tempfile.mkdtemp(prefix="apus-home-")
        self.server = server
        self.environment = {**os.environ, "TMUX_TMPDIR": self.home}
        self.size = ["-x", str(columns), "-y", str(lines)]
        self.open(*(arguments or ("--connect", server.url)))

    def open(self, *arguments):
        self.socket = "apus-test-" + uuid.uuid4().hex[:8]
        words = " ".join(f"'{word}'" for word in (self.server.binary, "repl", *arguments))
        self.tmux("-f", "/dev/null", "new-session", "-d", *self.size,
                  f"HOME='{self.home}' {words}; echo ended with $?; sleep 30")
        self.wait("apus=>")

    def tmux(self, *arguments):
        done = subprocess.run(["tmux", "-L", self.socket, *arguments], capture_output=True, text=True, timeout=20,
                              env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def type(self, text):
        """Keys as their bytes: \\n is Enter, \\t is TAB, \\x03 is Ctrl-C."""
        data = text.replace("\n", "\r").encode()
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, wanted, seconds=20):
        """Until the screen has a text, or the function says so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            screen = self.screen()
            if wanted(screen) if callable(wanted) else wanted in screen:
                return screen
            time.sleep(0.05)
        raise AssertionError(f"not on the screen within {seconds} s: {wanted}\n{screen}")

    def prompt(self, mark="apus=>", seconds=20):
        """Until the last line is an empty prompt."""
        return self.wait(lambda screen: screen.rstrip().split("\n")[-1].rstrip() == mark, seconds)

    def clear(self):
        self.type("\x0c")
        self.prompt()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True,
                       env=self.environment)
        shutil.rmtree(self.home, ignore_errors=True)


def test_setup(server):
    repl(server, "-q", "-c", "CREATE TABLE repl_t (id bigint, name text, weight double precision);"
         "INSERT INTO repl_t VALUES (1, 'one', 1.5), (2, NULL, 2), (3, 'a|b', -3);"
         "INSERT INTO events (event, properties) VALUES ('seen', '{\"country\": \"DE\", \"device\": {\"os\": \"x\"}}');"
         "CHECKPOINT;")


def test_aligned_is_what_psql_prints(server):
    queries = ["SELECT * FROM repl_t ORDER BY id", "SELECT 1 WHERE false", "SELECT E'two\\nlines' AS \"a b\", 1 AS b, E'x\\ny' AS z",
               "SELECT '日本' AS wide, NULL AS none, true AS yes", "SELECT 123456 AS n, 'a' AS \"long name of it\"",
               "SELECT 1.5::numeric AS n, E'tab\\there' AS t, '{\"a\": 1}'::jsonb AS j"]
    for query in queries:
        for flags in ([], ["-x"]):
            expected = subprocess.run(["psql", "-X", *flags, server.url, "-c", query], capture_output=True, text=True,
                                      env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
            assert repl(server, "--aligned", *flags, "-c", query).stdout == expected, (query, flags)


def test_formats(server):
    query = "SELECT id, name, weight > 0 AS heavy, jsonb_build_object('n', id) AS j FROM repl_t ORDER BY id"
    rows = [{"id": 1, "name": "one", "heavy": True, "j": {"n": 1}}, {"id": 2, "name": None, "heavy": True, "j": {"n": 2}},
            {"id": 3, "name": "a|b", "heavy": False, "j": {"n": 3}}]
    assert json.loads(repl(server, "--json", "-c", query).stdout) == rows
    assert [json.loads(line) for line in repl(server, "--ndjson", "-c", query).stdout.splitlines()] == rows
    assert repl(server, "--csv", "-c", "SELECT 'a,\"b' AS x, NULL AS y, '' AS z").stdout == 'x,y,z\n"a,""b",,""\n'
    assert r"| 3 | a\|b |" in repl(server, "--markdown", "-c", "SELECT id, name FROM repl_t").stdout
    assert "│  1 │ one  │" in repl(server, "--box", "-c", "SELECT id, name FROM repl_t ORDER BY id").stdout


def test_errors_show_their_place_and_stop_a_script(server):
    done = repl(server, "-c", "SELECT 1 + nope FROM events; SELECT 'not reached';", wanted=1)
    lines = done.stderr.splitlines()
    assert lines[0] == 'ERROR:  column "nope" does not exist', done.stderr
    assert lines[1] == "LINE 1: SELECT 1 + nope FROM events;", done.stderr
    assert lines[2].index("^") == len("LINE 1: SELECT 1 + "), done.stderr
    assert "not reached" not in done.stdout
    done = repl(server, stdin="SELECT 1;\n\nSELECT 1/0;\nSELECT 'not reached';\n", wanted=1)
    assert "<stdin>:3: ERROR:  division by zero" in done.stderr and "not reached" not in done.stdout, done


def test_scripts_and_copy(server):
    with tempfile.TemporaryDirectory() as place:
        script, inner, out = (os.path.join(place, name) for name in ("a.sql", "b.sql", "out.csv"))
        pathlib.Path(inner).write_text("CREATE TABLE repl_copy (id bigint, name text);\n")
        pathlib.Path(script).write_text(
            f"\\i {inner}\nCOPY repl_copy FROM STDIN (FORMAT csv);\n1,\"a;b\"\n2,\n\\.\n"
            f"\\copy repl_copy to '{out}' csv header\n\\copy repl_copy (id, name) from '{out}' csv header\n"
            "SELECT count(*) AS rows FROM repl_copy;\n\\copy (SELECT id FROM repl_copy WHERE id = 1) to stdout\n")
        done = repl(server, "-f", script)
        assert pathlib.Path(out).read_text() == 'id,name\n1,a;b\n2,\n', done
        assert done.stdout.splitlines()[:4] == ["CREATE TABLE", "COPY 2", "COPY 2", "COPY 2"], done.stdout
        assert "    4\n" in done.stdout and done.stdout.endswith("1\n1\nCOPY 2\n"), done.stdout
        assert os.stat(out).st_mode & 0o077 == 0
        repl(server, "-q", "-c", f"\\copy repl_copy from '{out}' csv", wanted=1)


def test_output_file(server):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "rows.csv")
        assert repl(server, "--csv", "-o", path, "-c", "SELECT 1 AS a").stdout == ""
        assert pathlib.Path(path).read_text() == "a\n1\n"


def test_the_directory_of_a_server_leads_to_the_server(server):
    assert "at 127.0.0.1:" in repl(server, "-c", "\\conninfo", data=server.data).stdout


def test_a_directory_without_a_server_is_opened(server):
    with tempfile.TemporaryDirectory() as place:
        data = place + "/d"
        repl(server, "-c", "CREATE TABLE own (a int8); INSERT INTO own VALUES (5);", data=data)
        assert repl(server, "--csv", "-c", "SELECT * FROM own", data=data).stdout == "a\n5\n"
        assert "open in this process" in repl(server, "-c", "\\conninfo", data=data).stdout
        for command in ("\\d", "\\d own", "\\dt", "\\dn", "\\df lower", "\\du", "\\l", "\\dv apus.*"):
            assert "row" in repl(server, "-c", command, data=data).stdout or command == "\\d own", command


def test_misuse(server):
    assert subprocess.run([server.binary, "repl", "--nonsense"], capture_output=True).returncode == 2
    assert subprocess.run([server.binary, "repl", "--connect", "postgres://127.0.0.1:1/x", "-c", "SELECT 1"],
                          capture_output=True).returncode == 3
    assert "apus repl" in subprocess.run([server.binary, "repl", "--help"], capture_output=True, text=True).stdout
    assert "invalid command" in repl(server, "-c", "\\nonsense", wanted=1).stderr


def test_watch_and_chart(server):
    out = repl(server, "-c", "SELECT 1 AS a \\watch 0.1 c=3").stdout
    assert out.count("(every 0.1s)") == 3, out
    out = repl(server, "-c", "SELECT name, id FROM repl_t ORDER BY id;", "-c", "\\chart").stdout
    assert "one  │" in out and "█" in out, out


def test_prompt_and_lines(server):
    with Terminal(server) as terminal:
        terminal.type("SELECT 'a;\n")
        terminal.prompt("apus'>")
        terminal.type("b' AS x,\n")
        terminal.prompt("apus->")
        terminal.type("42 AS y;\n")
        screen = terminal.prompt()
        assert "│ x  │  y │" in screen and "(1 row)" in screen, screen
        terminal.type("BEGIN;\n")
        terminal.prompt("apus*=>")
        terminal.type("SELECT 1/0;\n")
        terminal.prompt("apus!=>")
        terminal.type("ROLLBACK;\n")
        terminal.prompt()
        terminal.type("\\q\n")
        terminal.wait("ended with 0")


def test_completion(server):
    with Terminal(server) as terminal:
        for typed, wanted in (
            ("SELECT id FROM repl_t\t", "SELECT id FROM repl_t"), ("sel\t", "select"),
            ("SELECT properties->>'cou\t", "SELECT properties->>'country'"),
            ("SELECT properties->'device'->>'\t", "SELECT properties->'device'->>'os'"),
            ("SELECT r.wei\t", "SELECT r.wei"), ("\\timi\t", "\\timing "), ("SET statement_t\t", "SET statement_timeout "),
        ):
            terminal.type(typed)
            terminal.wait(lambda screen: screen.rstrip().split("\n")[-1].rstrip() == "apus=> " + wanted.rstrip())
            terminal.type("\x03")
            terminal.prompt()
        terminal.type("SELECT *\nFROM repl_t r WHERE r.wei\t")
        terminal.wait("r.weight")


def test_x_and_timing(server):
    with Terminal(server) as terminal:
        terminal.type("\\x on\n\\timing\nSELECT id, name FROM repl_t WHERE id = 1;\n")
        screen = terminal.wait("Time: ")
        assert "Expanded display is on." in screen and "Timing is on." in screen and "│ name │ one │" in screen, screen


def test_ctrl_c_cancels_the_query_not_the_prompt(server):
    long = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b;\n"
    for arguments in ((), ("--data", tempfile.mkdtemp(prefix="apus-own-") + "/d")):
        with Terminal(server, *arguments) as terminal:
            terminal.type(long)
            terminal.wait("(Ctrl-C cancels)")
            terminal.type("\x03")
            screen = terminal.prompt()
            assert "ERROR:  canceling statement due to user request" in screen, screen
            terminal.type("SELECT 6 * 7 AS answer;\n")
            terminal.wait("42")
            terminal.prompt()
            terminal.type("SELECT half\x03")
            terminal.prompt()
            terminal.type("SELECT 2 AS second;\n")
            terminal.wait("│ second │")
        if arguments:
            shutil.rmtree(os.path.dirname(arguments[1]))


def test_history(server):
    with Terminal(server) as terminal:
        terminal.type("SELECT 'kept'\nAS x;\n")
        terminal.wait("(1 row)")
        terminal.type("\\q\n")
        terminal.wait("ended with 0")
        history = os.path.join(terminal.home, ".apus_history")
        assert os.stat(history).st_mode & 0o777 == 0o600
        terminal.tmux("kill-server")
        terminal.open("--connect", server.url)
        terminal.type("\x1b[A\x1b[A")
        terminal.wait("SELECT 'kept'")
        terminal.type("\n")
        terminal.wait("(1 row)")


def test_a_signal_gives_the_terminal_back(server):
    with Terminal(server) as terminal:
        pane = int(terminal.tmux("list-panes", "-F", "#{pane_pid}"))
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pane)], capture_output=True, text=True).stdout
        os.kill(int(children.split()[0]), signal.SIGTERM)
        terminal.wait("ended with 143")
