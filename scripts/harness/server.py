"""Starts, stops and kills `apus serve` on free ports of 127.0.0.1 with a data directory of its own."""
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_binary(given=None):
    """The binary named, else the release build, else the debug build."""
    candidates = [given] if given else [ROOT / ".build/release/apus", ROOT / ".build/debug/apus"]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return str(pathlib.Path(candidate).resolve())
    raise SystemExit(f"no apus binary at {', '.join(map(str, candidates))}: run make build")


class Server:
    """One server. Used as a context manager it stops by itself and removes the directory it made."""

    def __init__(self, binary=None, data=None, arguments=(), environment=None):
        self.binary = find_binary(binary)
        self.temporary = None
        if data is None:
            self.temporary = tempfile.mkdtemp(prefix="apus-test-")
            data = os.path.join(self.temporary, "data")
        self.data = str(data)
        self.log_path = os.path.join(self.temporary or tempfile.mkdtemp(prefix="apus-log-"), "server.log")
        self.arguments = list(arguments)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("APUS_")}
        self.environment.update(environment or {})
        self.process = None

    def start(self, seconds=60):
        """Starts and waits for the ready line."""
        command = [self.binary, "serve", "--data", self.data, "--postgres-port", "0", "--http-port", "0"]
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            command + self.arguments, stdout=subprocess.PIPE, stderr=self.log, env=self.environment)
        line = self._ready_line(seconds)
        words = dict(word.split("=", 1) for word in line.split()[1:] if "=" in word)
        self.postgres_host, self.postgres_port = words["postgres"].rsplit(":", 1)
        self.http_host, self.http_port = words["http"].rsplit(":", 1)
        self.postgres_port, self.http_port = int(self.postgres_port), int(self.http_port)
        return self

    def _ready_line(self, seconds):
        deadline = time.monotonic() + seconds
        text = b""
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.process.stdout], [], [], 0.2)
            if readable:
                piece = os.read(self.process.stdout.fileno(), 4096)
                if not piece:
                    break
                text += piece
                for line in text.split(b"\n")[:-1]:
                    if line.startswith(b"ready "):
                        return line.decode()
            if self.process.poll() is not None:
                break
        status = self.process.poll()
        if status is None:
            self.process.kill()
        raise RuntimeError(f"no ready line within {seconds} s (exit status {status}); the log ends:\n{self.log_tail()}")

    @property
    def url(self):
        return f"postgres://apus@{self.postgres_host}:{self.postgres_port}/apus"

    @property
    def http(self):
        return f"http://{self.http_host}:{self.http_port}"

    def connect(self, **options):
        import psycopg
        return psycopg.connect(self.url, autocommit=options.pop("autocommit", True), **options)

    def log_tail(self, lines=30):
        with open(self.log_path, "rb") as log:
            return b"\n".join(log.read().split(b"\n")[-lines:]).decode(errors="replace")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=60):
        """SIGTERM; the exit status, which a clean stop makes 0."""
        if not self.alive():
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"the server did not stop within {seconds} s of SIGTERM:\n{self.log_tail()}")
        self._close()
        return status

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self.process.stdout.close()
        self.log.close()

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def __enter__(self):
        return self if self.alive() else self.start()

    def __exit__(self, *error):
        try:
            status = self.stop()
            if status not in (0, None) and error == (None, None, None):
                raise RuntimeError(f"the server ended with status {status}:\n{self.log_tail()}")
        finally:
            if self.temporary and not os.environ.get("APUS_KEEP"):
                shutil.rmtree(self.temporary, ignore_errors=True)


def directory_bytes(path):
    """All bytes under a directory: the sum of file sizes."""
    return sum(os.lstat(os.path.join(base, name)).st_size for base, _, names in os.walk(path) for name in names)
