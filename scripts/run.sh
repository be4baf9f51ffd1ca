#!/usr/bin/env bash
# What `make run` does: installs what is missing, builds, and becomes the server. Arguments go to `apus serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${APUS_BUILD:=swift build -c release}" "${APUS_PRODUCTS:=apus sqlite postgres}"

scripts/deps.sh build

postgres_port=7432 http_port=7480 data=./apus-data
arguments=("$@")
while [ $# -gt 1 ]; do
  case "$1" in
    --postgres-port) postgres_port=$2 ;;
    --http-port) http_port=$2 ;;
    --data) data=$2 ;;
  esac
  shift
done
for named in "POSTGRES_PORT $postgres_port" "HTTP_PORT $http_port"; do
  read -r variable port <<<"$named"
  if [ "$port" != 0 ] && holder=$(scripts/port-holder.sh "$port"); then
    echo "Port $port is taken by $holder" >&2
    echo "Stop that process, or choose another port: make run $variable=$((port + 1))" >&2
    exit 1
  fi
done

if [ -x .build/release/apus ]; then
  echo "Building apus (${APUS_BUILD_KIND:-release}); only what changed is compiled."
else
  echo "Building apus (${APUS_BUILD_KIND:-release}): the first time takes 4 to 8 minutes on two cores, 3 GB of memory and 1 GB of disk."
fi
# shellcheck disable=SC2086
scripts/build.sh "$APUS_BUILD" $APUS_PRODUCTS
echo "Serving with the data in $data; Ctrl-C stops."
exec .build/release/apus serve "${arguments[@]}"
