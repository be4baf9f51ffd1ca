"""psql: queries, meta-commands, errors with their place, scripts."""
import subprocess


CLIENT = "psql"


def version():
    import subprocess
    return subprocess.run(["psql", "--version"], capture_output=True, text=True).stdout.split()[2]


CONNECT = "`psql postgres://apus@HOST:7432/apus`"
LACKS = "`\\d` shows no indexes, as there are none"


def psql(server, *commands, flags=("-At",), wanted=0, stdin=None):
    arguments = ["psql", "-X", *flags, server.url]
    for command in commands:
        arguments += ["-c", command]
    done = subprocess.run(arguments, capture_output=True, text=True, input=stdin, timeout=60)
    assert done.returncode == wanted, f"status {done.returncode}: {done.stderr}{done.stdout}"
    return done


def test_select(server):
    assert psql(server, "SELECT 1 + 1").stdout == "2\n"
    assert psql(server, "SELECT 'a' AS x, NULL, true").stdout == "a||t\n"


def test_table_life(server):
    out = psql(server, "CREATE TABLE psql_t (id bigint, name text)", "INSERT INTO psql_t VALUES (1, 'x'), (2, NULL)",
               "SELECT * FROM psql_t ORDER BY id", "DROP TABLE psql_t").stdout
    assert out.splitlines() == ["CREATE TABLE", "INSERT 0 2", "1|x", "2|", "DROP TABLE"], out


def test_list_tables(server):
    assert "public|events|table|apus" in psql(server, r"\dt").stdout
    assert "public|events|table|apus" in psql(server, r"\d").stdout
    assert "public|events|table|apus" in psql(server, r"\dt events").stdout
    assert "public|events|table|apus" in psql(server, r"\dt public.*").stdout


def test_describe_events(server):
    out = psql(server, r"\d events").stdout
    assert "time|timestamp with time zone||not null|" in out, out
    assert "event|text||not null|" in out and "properties|jsonb|||" in out, out
    assert "distinct_id|text|||generated always as" in out.lower(), out


def test_describe_a_new_table(server):
    psql(server, "CREATE TABLE described (a bigint NOT NULL, b text, c double precision, d boolean)")
    out = psql(server, r"\d described").stdout
    assert out.splitlines() == ["a|bigint||not null|", "b|text|||", "c|double precision|||", "d|boolean|||"], out
    psql(server, r"\d+ described", flags=())


def test_describe_what_is_not_there(server):
    done = psql(server, r"\d nothing", wanted=1)
    assert 'Did not find any relation named "nothing"' in done.stderr, done.stderr


def test_other_meta_commands(server):
    assert "apus|apus|UTF8" in psql(server, r"\l").stdout
    assert "public|apus" in psql(server, r"\dn").stdout or "public|" in psql(server, r"\dn").stdout
    assert "apus|Superuser" in psql(server, r"\du").stdout
    for command in (r"\df", r"\dv", r"\di", r"\ds", r"\dT", r"\dx", r"\dp", r"\dm", r"\det", r"\conninfo"):
        psql(server, command)


def test_error_shows_its_place(server):
    done = psql(server, "SELECT 1 + nope FROM events", wanted=1)
    assert 'ERROR:  column "nope" does not exist' in done.stderr, done.stderr
    assert "LINE 1: SELECT 1 + nope FROM events" in done.stderr, done.stderr
    assert done.stderr.splitlines()[2].index("^") == len("LINE 1: SELECT 1 + "), done.stderr


def test_script_on_stdin_with_copy(server):
    script = "CREATE TABLE psql_copy (id bigint, name text);\nCOPY psql_copy FROM STDIN;\n1\tone\n2\t\\N\n\\.\n" \
             "SELECT count(*), count(name) FROM psql_copy;\n"
    assert psql(server, stdin=script).stdout.splitlines() == ["CREATE TABLE", "COPY 2", "2|1"]


def test_several_statements_are_one_transaction(server):
    psql(server, "CREATE TABLE psql_tx (id bigint)")
    psql(server, "INSERT INTO psql_tx VALUES (1); SELECT 1 / 0", wanted=1)
    assert psql(server, "SELECT count(*) FROM psql_tx").stdout == "0\n"


def test_any_name_is_let_in_on_loopback(server):
    url = f"postgres://somebody@{server.postgres_host}:{server.postgres_port}/whatever"
    done = subprocess.run(["psql", "-XAt", url, "-c", "SELECT current_user"], capture_output=True, text=True)
    assert done.stdout == "apus\n", done.stderr


def test_large_result(server):
    psql(server, "CREATE TABLE psql_large (id bigint, t text)")
    rows = "".join(f"{number}\t{'x' * 90}\n" for number in range(100_000))
    psql(server, r"\copy psql_large from pstdin", stdin=rows)
    out = psql(server, "SELECT * FROM psql_large").stdout
    assert len(out.splitlines()) == 100_000
