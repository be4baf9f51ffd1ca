#!/usr/bin/env python3
"""Superset itself against a real server: `make test-superset`. Not part of `make test`: it installs 700 MB into
.build/superset and takes minutes. with_superset.py replays the statements that it sends.

    real_superset.py [--apus BINARY]
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VENV = ROOT / ".build" / "superset"
PACKAGES = ["apache-superset==5.0.0", "marshmallow<4", "psycopg2-binary"]
CONFIGURATION = """
SECRET_KEY = "only for this test, and at least so many characters"
SQLALCHEMY_DATABASE_URI = "sqlite:///{directory}/superset.db"
WTF_CSRF_ENABLED = TALISMAN_ENABLED = RATELIMIT_ENABLED = PREVENT_UNSAFE_DB_CONNECTIONS = False
"""


def within(address):
    """Runs in Superset's own environment: its REST API by Flask's test client."""
    from superset.app import create_app
    client = create_app().test_client()
    token = client.post("/api/v1/security/login", json={
        "username": "admin", "password": "admin", "provider": "db", "refresh": True}).json["access_token"]

    def ask(method, path, body=None, wanted=200):
        answer = getattr(client, method)("/api/v1" + path, json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == wanted, (path, answer.status_code, answer.json)
        print("  ok   ", method.upper(), path.split("?")[0])
        return answer.json

    uri = f"postgresql+psycopg2://apus@{address}/apus"
    ask("post", "/database/test_connection/", {"sqlalchemy_uri": uri, "database_name": "Apus"})
    database = ask("post", "/database/", {"database_name": "Apus", "sqlalchemy_uri": uri, "expose_in_sqllab": True}, 201)["id"]
    schemas = ask("get", f"/database/{database}/schemas/?q=(force:!t)")["result"]
    assert {"public", "apus", "information_schema"} <= set(schemas), schemas
    tables = ask("get", f"/database/{database}/tables/?q=(force:!t,schema_name:public)")["result"]
    found = {(table["value"], table["type"]) for table in tables}
    assert {("events", "table"), ("users", "view"), ("identities", "view")} <= found, found
    ask("get", f"/database/{database}/table_metadata/?name=events&schema=public")
    sets = {}
    for name in ("events", "users", "identities"):
        sets[name] = ask("post", "/dataset/", {"database": database, "schema": "public", "table_name": name}, 201)["id"]
        columns = ask("get", f"/dataset/{sets[name]}")["result"]["columns"]
        assert all(column["type"] for column in columns) and any(column["is_dttm"] for column in columns), columns
    axis = {"columnType": "BASE_AXIS", "sqlExpression": "time", "label": "time", "expressionType": "SQL"}
    for grain in ("PT1S", "PT5S", "PT30S", "PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT1H", "P1D", "P1W", "P1M", "P3M", "P1Y"):
        chart = ask("post", "/chart/data", {
            "datasource": {"id": sets["events"], "type": "table"}, "force": True, "result_format": "json", "result_type": "full",
            "queries": [{
                "columns": [{**axis, "timeGrain": grain}, "event"], "granularity": "time", "time_range": "No filter",
                "metrics": ["count", {"expressionType": "SIMPLE", "column": {"column_name": "user_id"},
                                      "aggregate": "COUNT_DISTINCT", "label": "users"}],
                "filters": [{"col": "event", "op": "IN", "val": ["signup", "login"]}], "row_limit": 100}]})["result"][0]
        assert [(row["event"], row["count"], row["users"]) for row in chart["data"]] == [("signup", 2, 1)], chart["data"]
    rows = ask("post", "/sqllab/execute/", {"database_id": database, "schema": "public", "runAsync": False,
                                            "sql": "SELECT event, count(*) AS n FROM events GROUP BY 1"})["data"]
    assert rows == [{"event": "signup", "n": 2}], rows
    assert ask("get", f"/datasource/table/{sets['events']}/column/event/values/")["result"] == ["signup"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--within", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.within:
        return within(options.within)
    sys.path.insert(0, str(ROOT / "scripts"))
    from harness.server import Server
    python = VENV / "bin" / "python"
    if not (VENV / "bin" / "superset").exists():
        print(f"Installing Superset into {VENV} (700 MB).", flush=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    with tempfile.TemporaryDirectory(prefix="apus-superset-") as directory:
        configuration = pathlib.Path(directory) / "superset_config.py"
        configuration.write_text(CONFIGURATION.format(directory=directory))
        environment = {**os.environ, "SUPERSET_CONFIG_PATH": str(configuration), "FLASK_APP": "superset"}
        for command in (["db", "upgrade"], ["init"], ["fab", "create-admin", "--username", "admin", "--firstname", "a",
                                                      "--lastname", "b", "--email", "a@example.com", "--password", "admin"]):
            done = subprocess.run([VENV / "bin" / "superset", *command], env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-2000:]
        server = Server(options.apus)
        server.start()
        try:
            with_events = server.http + "/v1/events"
            subprocess.run(["curl", "-sSf", with_events, "-d", '[{"event": "signup", "user_id": "u", "time": "2026-01-05T10:00:00Z"},'
                            '{"event": "signup", "user_id": "u", "time": "2026-01-05T10:00:00Z"}]'], check=True, capture_output=True)
            address = f"{server.postgres_host}:{server.postgres_port}"
            done = subprocess.run([python, __file__, "--within", address], env=environment, capture_output=True, text=True)
        finally:
            server.stop()
        print("\n".join(line for line in done.stdout.splitlines() if line.startswith("  ok")))
        if done.returncode != 0:
            sys.exit(done.stderr[-3000:])
    print("Superset: all of it worked")


if __name__ == "__main__":
    main()
