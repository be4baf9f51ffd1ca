#!/usr/bin/env bash
# Builds products one by one, which SwiftPM does not do at once: build.sh 'swift build -c release' apus sqlite postgres.
# Plugins are made unwritable for others, since the server loads no library that somebody else could have changed.
set -euo pipefail
cd "$(dirname "$0")/.."
command=$1
shift
for product in "$@"; do
  $command --product "$product"
  library=.build/release/lib$product.so
  if [ -e "$library" ]; then chmod go-w "$library" "$(readlink -f .build/release)"; fi
done
