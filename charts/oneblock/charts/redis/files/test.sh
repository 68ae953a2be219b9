#!/bin/sh
# What `helm test` asks of Redis: does a Sentinel name a master where Ray asks for it, does that master take a write, and
# do as many replicas have it as a write needs?
set -eu
SCRIPT="test"
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
KEY=oneblock:helm-test
TRIES=${TRIES:-30}

trouble() { # says what is wrong; fails when nothing is
  service=$SET-sentinel.$DOMAIN
  named=$(ask_sentinel "$service") || named=
  master=${named% *}
  case $named in
    '') echo "$service does not answer" && return ;;
    none) echo "$service knows no master" && return ;;
  esac
  if [ "$(role "$master")" != master ]; then
    echo "$service names $master, which is not a master" && return
  fi
  needed=$(cli "$master" 6379 CONFIG GET min-replicas-to-write | field min-replicas-to-write)
  # One connection for both: WAIT speaks of what its own connection wrote.
  reply=$(printf 'SET %s 1 EX 60\nWAIT %s 1000\n' "$KEY" "$needed" | cli "$master" 6379 | tr '\n' ' ')
  case $reply in
    "OK "[0-9]*) ;;
    *) echo "$master takes no write: $reply" && return ;;
  esac
  copies=${reply#OK }
  if [ "${copies% }" -lt "$needed" ]; then
    echo "of $master's replicas ${copies% } took a write, but it needs $needed" && return
  fi
  log "$master is the master and takes writes; replicas that have them: ${copies% }"
  return 1
}

while why=$(trouble); do
  log "$why"
  TRIES=$((TRIES - 1))
  [ "$TRIES" -gt 0 ] || exit 1
  sleep 2
done
