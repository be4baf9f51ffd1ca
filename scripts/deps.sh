#!/usr/bin/env bash
# Installs what Apus needs, and only what is missing: `deps.sh build` or `deps.sh test`.
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(
  libpg-query-dev libprotobuf-c-dev libsqlite3-dev libpq-dev libreadline-dev libmicrohttpd-dev libgnutls28-dev
  libzstd-dev liblz4-dev libxxhash-dev libroaring-dev libsimdjson-dev libyaml-dev zlib1g-dev pkg-config
  libstdc++-12-dev libc6-dev binutils libjs-chart.js
)
test_packages=(
  postgresql-15 postgresql-client-15 python3-venv curl tmux openssl
  zstd openjdk-17-jre-headless ecj libpostgresql-jdbc-java golang-go nodejs
)
# Drivers of the client tests that are unpacked into .build/clients rather than installed: they are needed there only,
# and as packages they want much that is not needed (or a nodejs of Debian's own).
client_packages=(
  node-pg node-split2 node-xtend node-readable-stream node-inherits node-util-deprecate node-string-decoder
  golang-github-jackc-pgx-v4-dev golang-github-jackc-pgtype-dev golang-github-jackc-pgconn-dev
  golang-github-jackc-pgproto3-v2-dev golang-github-jackc-pgio-dev golang-github-jackc-chunkreader-v2-dev
  golang-github-jackc-pgpassfile-dev golang-github-jackc-pgservicefile-dev golang-golang-x-crypto-dev
  golang-golang-x-text-dev
)

missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# install PACKAGE...: by apt, through sudo only when not root, or the command to paste.
install() {
  local as_root=()
  local command="apt-get install -y --no-install-recommends $*"
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [ ! -t 0 ]; }; then
      echo "These packages are missing, and they cannot be installed from here: $*" >&2
      echo "Run this as root, then try again:" >&2
      echo "  apt-get update && $command" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "Installing: $*"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

need() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system; Apus needs these libraries (names as in Debian 12): $*" >&2
    return
  fi
  local wanted
  mapfile -t wanted < <(missing "$@")
  [ ${#wanted[@]} = 0 ] || install "${wanted[@]}"
}

need_swift() {
  local version=""
  if command -v swift >/dev/null; then
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case "$version" in
      6.[3-9]* | 6.[1-9][0-9]* | [7-9].* | [1-9][0-9].*) return ;;
    esac
    echo "Apus needs Swift 6.3; this is Swift ${version:-of an unknown version}: $(command -v swift)" >&2
  else
    echo "Apus needs Swift 6.3, and there is no swift on the PATH." >&2
  fi
  cat >&2 <<TEXT
Swift's own installer gets it (about 1 GB to download, 4 GB on disk):
  curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz
  tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init --assume-yes --skip-install
  . "\$HOME/.local/share/swiftly/env.sh" && swiftly install --use 6.3
then run make again. Other ways: https://www.swift.org/install/linux/
TEXT
  exit 1
}

# The Python environment of the tests: made once for each content of requirements.txt.
need_python() {
  local wanted=Tests/requirements.txt stamp=.build/venv/requirements.txt
  cmp -s "$wanted" "$stamp" && return
  echo "Making the tests' Python environment in .build/venv (about 450 MB)."
  mkdir -p .build
  [ -x .build/venv/bin/python ] || python3 -m venv .build/venv
  .build/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$stamp"
}

need_clients() {
  local root=.build/clients/root stamp=.build/clients/packages
  [ "$(cat "$stamp" 2>/dev/null)" = "${client_packages[*]}" ] && return
  command -v apt-get >/dev/null || return 0
  echo "Unpacking the drivers of the client tests into .build/clients (6 MB)."
  rm -rf "$root" .build/clients/deb
  mkdir -p "$root" .build/clients/deb
  local download=(apt-get download -q "${client_packages[@]}")
  if ! (cd .build/clients/deb && { "${download[@]}" || { apt-get update -q && "${download[@]}"; }; } >apt.log 2>&1); then
    echo "They could not be downloaded; node-pg and pgx will be skipped:" >&2
    tail -n 3 .build/clients/deb/apt.log >&2
    return 0
  fi
  local package
  for package in .build/clients/deb/*.deb; do dpkg-deb -x "$package" "$root"; done
  echo "${client_packages[*]}" >"$stamp"
}

case "${1:-build}" in
  build)
    need_swift
    need "${build_packages[@]}"
    ;;
  test)
    need "${test_packages[@]}"
    need_clients
    need_python
    ;;
  *)
    echo "usage: deps.sh build|test" >&2
    exit 2
    ;;
esac
