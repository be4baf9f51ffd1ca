"""pgjdbc: DatabaseMetaData as tools ask it, prepared statements in text and binary, cursors by fetch size, COPY."""
import pathlib

import program

CLIENT = "JDBC (pgjdbc)"
CONNECT = "`jdbc:postgresql://HOST:7432/apus?user=apus`"
LACKS = "generated keys (no sequences); updatable result sets (no primary keys)"


def jar():
    for path in sorted(pathlib.Path("/usr/share/java").glob("postgresql-4*.jar")):
        return path
    raise program.Missing("libpostgresql-jdbc-java is not installed")


def version():
    program.tool("java")
    program.tool("javac", "ecj")
    return jar().stem.replace("postgresql-", "")


def command(server):
    source, target = program.SOURCES / "JDBC.java", program.BUILT / "jdbc"
    compiler = program.tool("javac", "ecj")
    options = ["-17", "-nowarn", "-proc:none"] if compiler == "ecj" else ["-nowarn", "-proc:none"]
    program.compiled([compiler, *options, "-cp", str(jar()), "-d", str(target), str(source)], target / "JDBC.class", [source])
    address = f"{server.postgres_host}:{server.postgres_port}"
    return ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Duser.timezone=UTC", "-cp", f"{target}:{jar()}", "JDBC", address], {}


CHECKS = ["catalogs_and_schemas", "tables", "columns", "keys_and_indexes", "type_info", "functions",
          "prepared_statements_in_text", "prepared_statements_in_binary", "simple_queries", "batches", "fetch_size",
          "transactions_and_savepoints", "errors", "copy", "result_set_metadata", "cancel_and_timeout"]
globals().update(program.Program(CHECKS, command).tests())
