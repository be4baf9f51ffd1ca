#!/usr/bin/env bash
# From an empty directory to a product's numbers: two million events over HTTP, rollups, a crash, answers, retention.
set -euo pipefail
cd "$(dirname "$0")/../.."
make --no-print-directory -s deps-test build
exec .build/venv/bin/python examples/product-analytics/product.py "$@"
