"""Clients that are programs of other languages: compiled where that must be, run once, told of check by check."""
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "programs"
BUILT = HERE.parents[1] / ".build" / "clients"
# Debian's packages that scripts/deps.sh unpacks here instead of installing them with all that they recommend.
UNPACKED = BUILT / "root"


class Missing(Exception):
    """The client is not installed: its tests are skipped, loudly."""


def tool(*names):
    for name in names:
        if shutil.which(name):
            return name
    raise Missing(f"none of {', '.join(names)} is installed")


def compiled(command, target, sources, environment=None):
    """Runs `command` unless `target` is newer than all sources."""
    if target.exists() and all(target.stat().st_mtime > source.stat().st_mtime for source in sources):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})}, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return target


class Program:
    """`command(server)` gives the command that prints `ok NAME` or `FAIL NAME: why` for each check."""

    def __init__(self, checks, command):
        self.checks, self.command, self.server, self.results = checks, command, None, {}

    def run(self, server):
        if self.server is server:
            return
        self.server, self.results = server, {}
        command, environment = self.command(server)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
        for line in done.stdout.splitlines():
            word, _, rest = line.partition(" ")
            name, _, why = rest.partition(": ")
            if word in ("ok", "FAIL"):
                self.results[name] = why if word == "FAIL" else None
        self.rest = (done.stdout + done.stderr)[-1500:]
        unknown = set(self.results) - set(self.checks)
        assert not unknown, f"checks that nobody expects: {unknown}"

    def tests(self):
        """Functions for the runner, one a check."""
        def make(name):
            def test(server):
                self.run(server)
                assert name in self.results, f"was not run: {self.rest}"
                assert self.results[name] is None, self.results[name]
            return test
        return {f"test_{name}": make(name) for name in self.checks}
