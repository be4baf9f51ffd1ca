"""node-pg: parameters, named statements, binary, cursors, pools."""
import os
import subprocess

import program

CLIENT = "node-pg"
CONNECT = '`new Client({ connectionString: "postgres://apus@HOST:7432/apus" })`'
LACKS = "LISTEN and NOTIFY"
ENVIRONMENT = {"NODE_PATH": os.pathsep.join([str(program.UNPACKED / "usr/share/nodejs"), "/usr/share/nodejs"])}


def version():
    node = program.tool("node", "nodejs")
    done = subprocess.run([node, "-p", "require('pg/package.json').version"], capture_output=True, text=True,
                          env={**os.environ, **ENVIRONMENT})
    if done.returncode != 0:
        raise program.Missing("node-pg is not installed")
    return done.stdout.strip()


def command(server):
    return [program.tool("node", "nodejs"), str(program.SOURCES / "node.js"), server.url], ENVIRONMENT


CHECKS = ["values", "parameters", "binary", "named_statements", "tables_and_counts", "transactions", "errors", "cursors",
          "pools", "events"]
globals().update(program.Program(CHECKS, command).tests())
