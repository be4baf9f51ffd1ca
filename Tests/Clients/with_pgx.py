"""pgx (Go): values in binary, batches, COPY in binary, savepoints, database/sql."""
import gzip
import os
import pathlib
import re

import program

CLIENT = "pgx"
CONNECT = '`pgx.Connect(ctx, "postgres://apus@HOST:7432/apus")`; `sql.Open("pgx", ...)`'
LACKS = "LISTEN and NOTIFY, large objects"
ROOTS = [program.UNPACKED / "usr/share/gocode", pathlib.Path("/usr/share/gocode")]


def root():
    for path in ROOTS:
        if (path / "src/github.com/jackc/pgx/v4").is_dir():
            return path
    raise program.Missing("golang-github-jackc-pgx-v4-dev is neither unpacked nor installed")


def version():
    program.tool("go")
    changes = root().parent / "doc/golang-github-jackc-pgx-v4-dev/changelog.Debian.gz"
    return re.search(r"\(([0-9.]+)", gzip.open(changes, "rt").readline()).group(1)


def command(server):
    source, target = program.SOURCES / "pgx/main.go", program.BUILT / "pgx"
    environment = {"GO111MODULE": "off", "GOPATH": str(root()), "GOFLAGS": "", "CGO_ENABLED": "0",
                   "GOCACHE": os.environ.get("GOCACHE", str(program.BUILT / "go-cache"))}
    program.compiled([program.tool("go"), "build", "-o", str(target), str(source)], target, [source], environment)
    return [str(target), server.url], {}


CHECKS = ["values_in_binary", "prepared_statements", "batches", "copy_in_binary", "transactions", "errors", "cancel",
          "simple_protocol", "database_sql"]
globals().update(program.Program(CHECKS, command).tests())
