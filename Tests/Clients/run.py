#!/usr/bin/env python3
"""Real clients against a real server: psql, drivers of five languages, tools, vendors' SDKs, curl, the command line.

    run.py [--apus BINARY] [--write-matrix] [NAME ...]

Each file here holds functions `test_*(server)`; a name on the command line keeps those that contain it. Files with a
CLIENT are rows of docs/CLIENTS.md, which a whole run compares with what it saw; --write-matrix writes them anew.
"""
import argparse
import importlib
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
sys.path.insert(0, str(HERE))
from harness.server import Server, find_binary
from program import Missing

MODULES = ["with_psql", "with_psycopg", "with_asyncpg", "with_sqlalchemy", "with_pandas", "with_superset", "with_jdbc",
           "with_node_pg", "with_pgx", "with_segment", "with_posthog", "with_curl", "with_command_line", "with_repl",
           "with_access", "with_config"]
DOCUMENT = HERE.parents[1] / "docs" / "CLIENTS.md"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"


def row(module, version, passed):
    """A client's row of the table."""
    works = "; ".join(name.removeprefix("test_").replace("_", " ") for name in passed)
    return f"| {module.CLIENT} | {version} | {module.CONNECT} | {works} | {module.LACKS or '-'} |"


def without_version(line):
    cells = line.split(" | ")
    return cells[:1] + cells[2:]


def check_matrix(rows, write):
    """The complaints about docs/CLIENTS.md."""
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    head, lines = table.splitlines()[:2], table.splitlines()[2:]
    if write:
        known = {line.split(" | ")[0]: line for line in lines}
        known.update({line.split(" | ")[0]: line for line in rows})
        order = [line.split(" | ")[0] for line in rows] + [name for name in known if name not in
                                                           {line.split(" | ")[0] for line in rows}]
        DOCUMENT.write_text(before + BEGIN + "\n".join(head + [known[name] for name in order]) + "\n" + END + after)
        return []
    written = {line.split(" | ")[0]: line for line in lines}
    complaints = []
    for line in rows:
        name = line.split(" | ")[0]
        if name not in written or without_version(written[name]) != without_version(line):
            complaints.append(f"docs/CLIENTS.md has another row for {name[2:]}: run.py --write-matrix writes it anew")
        elif written[name] != line:
            print(f"  note  docs/CLIENTS.md tells of another version of {name[2:]} than {line.split(' | ')[1]}")
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--write-matrix", action="store_true", help="write the table of docs/CLIENTS.md")
    options = parser.parse_args()
    find_binary(options.apus)
    passed, failed, skipped, rows = 0, [], [], []
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        tests = [(name, test) for name, test in vars(module).items() if name.startswith("test_")]
        tests = [(f"{module_name}.{name}", test) for name, test in tests]
        tests = [(n, t) for n, t in tests if not options.names or any(word in n for word in options.names)]
        if not tests:
            continue
        version = None
        if hasattr(module, "CLIENT"):
            try:
                version = module.version()
            except (Missing, ImportError) as error:
                skipped += [name for name, _ in tests]
                print(f"  SKIP  {module_name}: {module.CLIENT} is not here: {error} ({len(tests)} tests)", flush=True)
                continue
        works = []
        server = Server(options.apus)
        try:
            server.start()
            for name, test in tests:
                if not server.alive():
                    failed.append(f"{name}: the server ended by itself\n{server.log_tail()}")
                    server.start()
                started = time.perf_counter()
                try:
                    test(server)
                    passed += 1
                    works.append(name.split(".")[1])
                    print(f"  ok    {name} ({(time.perf_counter() - started) * 1e3:.0f} ms)", flush=True)
                except Exception as error:
                    frame = traceback.extract_tb(error.__traceback__)[-1]
                    text = str(error) or frame.line
                    failed.append(name)
                    print(f"  FAIL  {name} ({pathlib.Path(frame.filename).name}:{frame.lineno}): "
                          f"{type(error).__name__}: {text}", flush=True)
        finally:
            status = server.stop()
            if status != 0:
                failed.append(f"{module_name}: the server ended with status {status} after SIGTERM")
                print(f"  FAIL  {failed[-1]}")
        if version is not None and len(works) == len(tests):
            rows.append(row(module, version, works))
    if not options.names:
        for complaint in check_matrix(rows, options.write_matrix):
            failed.append(complaint)
            print(f"  FAIL  {complaint}")
    if skipped:
        print(f"skipped, as their clients are not installed (make deps-test installs them): {', '.join(skipped)}")
    print(f"client tests: {passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
