#!/usr/bin/env python3
"""Real clients against a real server: psql, psycopg, asyncpg, Segment's SDK, curl, the command line and its prompt.

    run.py [--apus BINARY] [NAME ...]

Each file here holds functions `test_*(server)`; a name on the command line keeps those that contain it.
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

MODULES = ["with_psql", "with_psycopg", "with_asyncpg", "with_segment", "with_curl", "with_command_line", "with_repl",
           "with_access", "with_posthog", "with_sqlalchemy", "with_pandas"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--apus", help="the binary")
    options = parser.parse_args()
    find_binary(options.apus)
    passed, failed = 0, []
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        tests = [(name, test) for name, test in vars(module).items() if name.startswith("test_")]
        tests = [(f"{module_name}.{name}", test) for name, test in tests]
        tests = [(n, t) for n, t in tests if not options.names or any(word in n for word in options.names)]
        if not tests:
            continue
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
    print(f"client tests: {passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
