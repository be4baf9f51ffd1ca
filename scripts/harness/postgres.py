"""A private PostgreSQL 15 in a temporary directory: the oracle for answers. Socket only; text sorts by code point."""
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile


def binaries():
    """Where Debian keeps PostgreSQL 15's programs, or another install's."""
    for pattern in ("/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/usr/local/pgsql/bin"):
        for found in glob.glob(pattern):
            if os.access(os.path.join(found, "initdb"), os.X_OK):
                return pathlib.Path(found)
    raise SystemExit("PostgreSQL 15's initdb is missing: run make deps-test")


class PrivatePostgres:
    """Used as a context manager: made, started, and removed at the end. PostgreSQL refuses to run as root, so
    root runs it as the user that owns Debian's cluster."""

    def __init__(self, settings=()):
        self.bin = binaries()
        self.directory = tempfile.mkdtemp(prefix="apus-oracle-")
        self.data = os.path.join(self.directory, "data")
        self.settings = ["timezone=UTC", "fsync=off", "lc_messages=C", *settings]
        self.as_user = []
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            self.user = os.environ.get("APUS_POSTGRES_USER", "postgres")
            owner = pwd.getpwnam(self.user)
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
            self.as_user = ["runuser", "-u", self.user, "--"]
        os.chmod(self.directory, 0o755)

    def _run(self, program, *arguments):
        subprocess.run([*self.as_user, str(self.bin / program), *arguments], check=True, stdout=subprocess.DEVNULL,
                       cwd="/")

    def start(self):
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "apus", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"-c listen_addresses= -k {self.directory} " + " ".join(f"-c {s}" for s in self.settings)
        self._run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.directory, "log"), "-o", options, "start")
        with self.connect("postgres") as connection:
            connection.execute("CREATE DATABASE apus")
        return self

    @property
    def url(self):
        return self.database_url("apus")

    def database_url(self, database):
        return f"host={self.directory} user=apus dbname={database}"

    def connect(self, database="apus"):
        import psycopg
        return psycopg.connect(self.database_url(database), autocommit=True)

    def stop(self):
        try:
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def __exit__(self, *_):
        self.stop()
