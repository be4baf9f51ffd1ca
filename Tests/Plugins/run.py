#!/usr/bin/env python3
"""Storage backends against the embedded storage: the same rows in a columnar table, in SQLite and in PostgreSQL 15,
and the same answers of all three.

    run.py [--apus BINARY] [--plugins DIRECTORY] [--rows 50k] [--seed N] [NAME ...]

Each file here holds functions `test_*(world)`; a name on the command line keeps those that contain it. Plugins are
loaded from beside the binary, where `make build` puts them, unless told otherwise.
"""
import argparse
import importlib
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
sys.path.insert(0, str(HERE.parents[1] / "Benchmarks"))
sys.path.insert(0, str(HERE))
import generate
from harness.server import find_binary
from world import World

MODULES = ["with_events", "with_types", "with_foreign", "with_errors", "with_examples"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--apus", help="the binary")
    parser.add_argument("--plugins", help="the directory of the plugins")
    parser.add_argument("--rows", type=generate.rows_argument, default=50_000)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    options = parser.parse_args()
    find_binary(options.apus)
    print(f"  seed {options.seed}", flush=True)
    passed, failed = 0, []
    with World(options.apus, options.plugins, options.rows, options.seed) as world:
        for module_name in MODULES:
            module = importlib.import_module(module_name)
            for name, test in vars(module).items():
                label = f"{module_name}.{name}"
                if not name.startswith("test_") or (options.names and not any(w in label for w in options.names)):
                    continue
                started = time.perf_counter()
                try:
                    test(world)
                    passed += 1
                    print(f"  ok    {label} ({(time.perf_counter() - started) * 1e3:.0f} ms)", flush=True)
                except Exception as error:
                    frame = traceback.extract_tb(error.__traceback__)[-1]
                    failed.append(label)
                    print(f"  FAIL  {label} ({pathlib.Path(frame.filename).name}:{frame.lineno}): "
                          f"{type(error).__name__}: {str(error) or frame.line}", flush=True)
                    if not world.server.alive():
                        print(f"  the server ended by itself:\n{world.server.log_tail()}")
                        world.restart()
    print(f"plugin tests: {passed} passed, {len(failed)} failed (seed {options.seed})")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
