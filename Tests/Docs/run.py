#!/usr/bin/env python3
"""Runs the code blocks of README.md and docs/*.md, page by page, each against a server of its own.

    run.py [--apus BINARY] [-v] [PAGE ...]

A page's blocks run in order in an empty directory. What a block is, its language says:

    sh, bash   a shell with apus, psql and curl; any failing command fails the block (curl: a status of 400 or more)
    sql        psql, stopping at the first error
    yaml       apus config check
    text, json, swift, html, c, python, javascript      shown, not run

The ports 7432 and 7480 stand for those of the page's server. It serves ./apus-data and is there from the beginning,
unless a block of the page is `apus serve ...`: then it is started where that block stands, with those arguments (and
again, where another one stands). A block ```text result holds what the block before it prints; a line `...` in it stands
for any lines, a word `...` for any word. Comments right above a block:

    <!-- not run: why -->       only shown
    <!-- fails: 22023 -->       the block ends with this SQLSTATE (or, for sh, this exit status)
    <!-- file: NAME -->         the block is also kept as this file
    <!-- setup: sh ... -->      code that runs and is not shown, with $REPOSITORY where this repository is; or sql

Blocks without a language, and indented ones, are errors: nothing may look like code and not be run.
"""
import argparse
import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
from harness.server import Server, find_binary

RUN = {"sh", "bash", "sql", "yaml"}
SHOWN = {"text", "json", "swift", "html", "c", "python", "javascript", "js", "toml", "promql"}


@dataclasses.dataclass
class Block:
    line: int
    language: str
    code: str
    notes: dict
    result: str | None = None


class PageError(Exception):
    pass


def blocks(path):
    """The blocks of a page in order, setups among them."""
    lines = path.read_text(encoding="utf-8").split("\n")
    found, notes, at = [], {}, 0
    while at < len(lines):
        line = lines[at]
        if match := re.match(r"<!-- setup: (sh|sql)\s*$", line):
            end = next(i for i in range(at, len(lines)) if lines[i].strip() == "-->")
            found.append(Block(at + 1, match[1], "\n".join(lines[at + 1:end]), {"setup": ""}))
            at = end + 1
            continue
        if match := re.match(r"<!-- (not run|fails|file): (.*?) -->\s*$", line):
            notes[match[1]] = match[2]
            at += 1
            continue
        if match := re.match(r"( *)```+(.*)$", line):
            indent, info = len(match[1]), match[2].split()
            end = next((i for i in range(at + 1, len(lines)) if lines[i].strip().startswith("```")), None)
            if end is None:
                raise PageError(f"{path.name}:{at + 1}: the block does not end")
            if not info:
                raise PageError(f"{path.name}:{at + 1}: the block has no language")
            code = "\n".join(text[indent:] for text in lines[at + 1:end])
            if info[0] not in RUN | SHOWN:
                raise PageError(f"{path.name}:{at + 1}: unknown language {info[0]}")
            if info[1:2] == ["result"]:
                if not found or found[-1].result is not None:
                    raise PageError(f"{path.name}:{at + 1}: a result of no block")
                found[-1].result = code
            else:
                found.append(Block(at + 1, info[0], code, notes))
            notes, at = {}, end + 1
            continue
        if line.startswith("    ") and line.strip() and at > 0 and not lines[at - 1].strip() and not in_list(lines, at):
            raise PageError(f"{path.name}:{at + 1}: an indented block; use ``` and a language")
        if line.strip():
            notes = {}
        at += 1
    return found


def in_list(lines, at):
    """Whether an indented line continues an item of a list."""
    for line in reversed(lines[:at]):
        if line.strip() and not line.startswith(" "):
            return bool(re.match(r"([-*]|\d+\.) ", line))
    return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Page:
    """The directory, the server and the environment of one page."""

    def __init__(self, path, binary):
        self.path = path
        self.binary = binary
        self.blocks = blocks(path)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="apus-docs-"))
        self.work = self.directory / "work"
        self.work.mkdir()
        self.postgres_port, self.http_port = free_port(), free_port()
        self.server = None
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("APUS_", "PG"))}
        tools = self.directory / "bin"
        tools.mkdir()
        (tools / "apus").symlink_to(binary)
        (self.directory / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        self.environment.update(
            PATH=f"{tools}:{self.environment['PATH']}", HOME=str(self.directory), PAGER="cat", PSQLRC="/dev/null",
            REPOSITORY=str(ROOT))

    def placed(self, code):
        """The code with the ports and the binary of this run."""
        code = re.sub(r"\b7432\b", str(self.postgres_port), code)
        code = re.sub(r"\b7480\b", str(self.http_port), code)
        return code.replace(".build/release/apus", "apus")

    def unplaced(self, text):
        return text.replace(str(self.postgres_port), "7432").replace(str(self.http_port), "7480")

    def start(self, arguments=()):
        self.stop()
        own = ["--postgres-port", str(self.postgres_port), "--http-port", str(self.http_port)]
        if "--data" not in arguments:
            own += ["--data", "./apus-data"]
        self.log = open(self.directory / "server.log", "ab")
        before = self.log.tell()
        self.server = subprocess.Popen(
            [self.binary, "serve", *arguments, *own], cwd=self.work, stdout=self.log, stderr=self.log,
            env=self.environment)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.server.poll() is None:
            if b"ready postgres" in (self.directory / "server.log").read_bytes()[before:]:
                try:
                    socket.create_connection(("127.0.0.1", self.postgres_port), timeout=1).close()
                    return
                except OSError:
                    pass
            time.sleep(0.02)
        raise PageError(f"{self.path.name}: the server did not start:\n{self.log_tail()}")

    def log_tail(self):
        return (self.directory / "server.log").read_text(errors="replace")[-2000:]

    def stop(self):
        if self.server is None:
            return
        if self.server.poll() is None:
            self.server.terminate()
        status = self.server.wait(30)
        self.server = None
        self.log.close()
        if status != 0:
            raise PageError(f"{self.path.name}: the server ended with {status}:\n{self.log_tail()}")

    def run(self, block):
        """-> (exit status, standard output, standard error)"""
        code = self.placed(block.code)
        if block.language == "sql":
            url = f"postgres://apus@127.0.0.1:{self.postgres_port}/apus"
            command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", url, "-f", "-"]
            text = code
        elif block.language == "yaml":
            file = self.work / block.notes.get("file", ".checked.yaml")
            file.write_text(block.code + "\n")
            command, text = ["apus", "config", "check", "--config", str(file)], ""
        else:
            command, text = ["bash", "-euo", "pipefail", "-c", code], ""
        try:
            done = subprocess.run(
                command, input=text, capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=90)
        except subprocess.TimeoutExpired:
            return 124, "", "it did not end within 90 s"
        return done.returncode, done.stdout, done.stderr

    def serve_arguments(self, block):
        """The arguments of a block that is `apus serve ...` alone; else None."""
        words = [line for line in block.code.split("\n") if line.strip() and not line.startswith("#")]
        if block.language in ("sh", "bash") and len(words) == 1:
            parts = shlex.split(words[0], comments=True)
            if parts[:2] in (["apus", "serve"], [".build/release/apus", "serve"]):
                return parts[2:]
        return None

    def check(self, verbose):
        """Runs every block; -> (blocks run, failures)"""
        failures, count = [], 0
        runnable = [b for b in self.blocks if b.language in RUN and "not run" not in b.notes]
        if runnable and not any(self.serve_arguments(b) is not None for b in runnable):
            self.start()
        for block in self.blocks:
            if name := block.notes.get("file"):
                (self.work / name).write_text(self.placed(block.code) + "\n")
            if block not in runnable:
                continue
            count += 1
            if verbose:
                print(f"  {self.path.name}:{block.line}", flush=True)
            arguments = self.serve_arguments(block)
            if arguments is not None:
                self.start(arguments)
                continue
            status, output, errors = self.run(block)
            fault = self.fault(block, status, output, errors)
            if fault:
                failures.append(f"{self.path.name}:{block.line}: {fault}")
                if "setup" in block.notes:
                    break
        return count, failures

    def fault(self, block, status, output, errors):
        """What is wrong with how a block ended; None for nothing."""
        said = self.unplaced((errors + output).strip())[-1500:]
        if wanted := block.notes.get("fails"):
            ends = status != 0 and wanted in errors if block.language == "sql" else str(status) == wanted
            return None if ends else f"it should fail with {wanted}, but ended with {status}:\n{said}"
        if status != 0:
            return f"it ended with {status}:\n{said}"
        if self.server is None or self.server.poll() is not None:
            if self.server is not None:
                return f"the server ended:\n{self.log_tail()}"
        if block.result is not None and not matches(block.result, self.unplaced(output)):
            return f"the page promises\n{block.result}\nbut it printed\n{self.unplaced(output)}"
        return None

    def close(self):
        try:
            self.stop()
        finally:
            if self.server is not None:
                self.server.kill()
            if not os.environ.get("APUS_KEEP"):
                shutil.rmtree(self.directory, ignore_errors=True)


def matches(wanted, printed):
    """Whether lines agree, up to spaces at their ends; `...` stands for any lines or, within one, any word."""
    parts = []
    for line in wanted.strip("\n").split("\n"):
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(re.escape(line.rstrip()).replace(r"\.\.\.", r"\S+") + r"[ \t]*\n")
    text = "\n".join(line.rstrip() for line in printed.strip("\n").split("\n")) + "\n"
    return re.fullmatch("".join(parts), text) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    binary = find_binary(options.apus)
    pages = options.pages or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    total, failures, started = 0, [], time.monotonic()
    for path in pages:
        try:
            page = Page(path, binary)
        except PageError as error:
            failures.append(str(error))
            continue
        try:
            count, found = page.check(options.verbose)
            total += count
            failures += found
        except PageError as error:
            failures.append(str(error))
        finally:
            try:
                page.close()
            except PageError as error:
                failures.append(str(error))
    for failure in failures:
        print(f"FAIL {failure}\n")
    print(f"docs: {total} blocks of {len(pages)} pages ran in {time.monotonic() - started:.1f} s, "
          f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
