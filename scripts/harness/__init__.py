"""What the tests, the benchmark and the examples share: a server of our own, and a private PostgreSQL."""
