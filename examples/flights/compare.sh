#!/usr/bin/env bash
# Imports New York's 336,776 flights of 2013 into an Apus of its own and compares the answers with PostgreSQL 15's.
set -euo pipefail
cd "$(dirname "$0")/../.."
make --no-print-directory -s deps-test build
exec .build/venv/bin/python examples/flights/flights.py compare "$@"
