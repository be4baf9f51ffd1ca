#!/usr/bin/env bash
# port-holder.sh PORT: prints which process listens on a local TCP port; exits 1 when none does.
# Reads /proc only, so that it needs no ss or lsof.
set -u
port=$(printf '%04X' "$1")
inodes=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$port" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }')
[ -n "$inodes" ] || exit 1
for inode in $inodes; do
  for link in /proc/[0-9]*/fd/*; do
    if [ "$(readlink "$link" 2>/dev/null)" = "socket:[$inode]" ]; then
      pid=${link#/proc/}
      pid=${pid%%/*}
      echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-150)"
      exit 0
    fi
  done
done
echo "a process of another user (sudo ss -ltnp shows it)"
