"""The plugins of examples/plugins, as a user has them: built, tested by `apus plugin test`, called through psql."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.server import Server, find_binary

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, wanted=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == wanted, f"{command}: status {done.returncode}: {done.stderr}{done.stdout}"
    return done


def psql(server, *commands, wanted=0):
    arguments = ["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", server.url]
    for command in commands:
        arguments += ["-c", command]
    return run(*arguments, wanted=wanted)


class Directory:
    """A directory of plugins with geo, as `make -C examples/plugins` builds it, and words, where it is built."""

    def __init__(self, world):
        self.binary = find_binary(world.binary)
        self.world = world

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="apus-examples-")
        os.chmod(self.path, 0o755)
        run("make", "-C", ROOT / "examples" / "plugins", "-B")
        shutil.copy(ROOT / "examples" / "plugins" / "out" / "geo.so", self.path)
        words = pathlib.Path(os.path.realpath(self.binary)).parent / "libwords.so"
        self.has_words = words.exists()
        if self.has_words:
            shutil.copy(words, self.path)
        for name in os.listdir(self.path):
            os.chmod(os.path.join(self.path, name), 0o755)
        return self

    def __exit__(self, *error):
        shutil.rmtree(self.path, ignore_errors=True)


def test_the_example_in_c(world):
    with Directory(world) as plugins:
        out = run(plugins.binary, "plugin", "test", os.path.join(plugins.path, "geo.so")).stdout
        assert out.rstrip().endswith("0 failed"), out
        assert "geo " in run(plugins.binary, "plugin", "list", "--plugin-dir", plugins.path).stdout
        server = Server(plugins.binary, arguments=["--plugin-dir", plugins.path]).start()
        try:
            psql(server, "CREATE EXTENSION geo")
            distance = float(psql(server, "SELECT haversine_km(52.52, 13.40, 48.86, 2.35)").stdout)
            assert abs(distance - 877.09) < 0.5, distance
            out = psql(server, "SELECT geohash(57.64911, 10.40744, 11), geohash(NULL, 1, 1)").stdout
            assert out == "u4pruydqqvj|\n", out
            done = psql(server, "SELECT geohash(1, 2, 13)", wanted=1)
            assert "the precision of a geohash is 1 to 12, not 13" in done.stderr, done.stderr
            out = psql(server, "CREATE TABLE places (city text, height float8)",
                       "INSERT INTO places SELECT 'c' || x % 3, x FROM generate_series(1, 30000) x",
                       "SELECT city, spread(height) FROM places GROUP BY city ORDER BY city").stdout
            assert out.splitlines()[-3:] == ["c0|29997", "c1|29997", "c2|29997"], out
            assert psql(server, r"\dx").stdout.startswith("geo|1.0.0|public|")
            server.stop()
            server.start()
            assert psql(server, "SELECT spread(x) FROM generate_series(1, 5) x").stdout == "4\n"
        finally:
            server.stop()


def test_the_example_in_swift(world):
    with Directory(world) as plugins:
        assert plugins.has_words, "libwords.so is not beside the binary: make build puts it there"
        server = Server(plugins.binary, arguments=["--plugin-dir", plugins.path]).start()
        try:
            psql(server, "CREATE EXTENSION words")
            assert psql(server, "SELECT slug('Grüße, Welt')").stdout == "gruesse-welt\n"
            assert psql(server, "SELECT * FROM words_of('zwei Wörter')").stdout == "1|zwei\n2|Wörter\n"
            out = psql(server, "SELECT longest('w' || x) FROM generate_series(1, 20000) x").stdout
            assert out == "w10000\n", out
        finally:
            server.stop()


def test_a_plugin_that_is_none(world):
    with Directory(world) as plugins:
        path = os.path.join(plugins.path, "none.so")
        with open(path, "wb") as file:
            file.write(b"no library")
        os.chmod(path, 0o755)
        done = run(plugins.binary, "plugin", "test", path, wanted=1)
        assert "could not load plugin" in done.stdout, done.stdout
        run(plugins.binary, "plugin", "list", "--plugin-dir", plugins.path, wanted=1)
        run(plugins.binary, "plugin", "test", wanted=2)
        assert "Example: apus plugin test" in run(plugins.binary, "plugin", "--help").stdout
