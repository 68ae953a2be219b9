#!/bin/sh
# Runs before Redis is told to stop: a master hands its role over first, so that nothing acknowledged is lost and the
# switch takes a second or two instead of Sentinel's detection time. Writes are held from the first moment: the plain
# failover of Sentinel would let the old master acknowledge writes that nobody will ever see again.
set -eu
SCRIPT=pre-stop
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
# What a hook prints is lost; the container's own output is not.
if [ -w /proc/1/fd/2 ]; then
  exec 2>/proc/1/fd/2
fi
BUDGET=$((GRACE_SECONDS - 15))
ME=$(announce "$ORDINAL")

replication() { cli 127.0.0.1 6379 INFO replication | tr -d '\r'; }

replicas_caught_up() {
  replication | awk -F '[:,=]' '
    /^master_repl_offset:/ { offset = $2 }
    /^slave[0-9]+:/ && /state=online/ { for (i = 1; i < NF; i++) if ($i == "offset") seen[++count] = $(i + 1) }
    END { if (!count) exit 1; for (i = 1; i <= count; i++) if (seen[i] < offset) exit 1 }'
}

handed_over() { # a majority of Sentinels names somebody else, and that pod agrees
  others=$(ask_sentinels | awk -v me="$ME" '$2 != "none" && $2 != me { print $2 }')
  [ "$(echo "$others" | grep -c .)" -ge "$MAJORITY" ] || return 1
  [ "$(role "$(echo "$others" | head -n 1)")" = master ]
}

ask_failover() { # of the own Sentinel, else of any other
  for host in 127.0.0.1 $(for n in $(ordinals); do announce "$n"; done); do
    answer=$(cli "$host" 26379 SENTINEL FAILOVER "$GROUP") || continue
    case $answer in
      OK | INPROG*) return 0 ;;
    esac
  done
  return 1
}

[ "$(role 127.0.0.1)" = master ] || exit 0
if [ "$REPLICAS" = 1 ]; then
  exit 0
fi
cli 127.0.0.1 6379 CLIENT PAUSE $((GRACE_SECONDS * 1000)) WRITE >/dev/null || :
waited=0
until replicas_caught_up || [ "$waited" -ge 5 ]; do
  sleep 1
  waited=$((waited + 1))
done
asked=
alone=0 # seconds without any replica; one or two are part of every failover
while [ "$waited" -lt "$BUDGET" ]; do
  if [ -z "$asked" ] && ask_failover; then
    asked=yes
    log "writes are held, failover asked for"
  fi
  if handed_over; then
    log "role handed over after ${waited} s"
    exit 0
  fi
  case $(replication) in
    *connected_slaves:0*) alone=$((alone + 1)) ;;
    *) alone=0 ;;
  esac
  if [ "$alone" -ge 5 ]; then
    log "no pod is left that could take over; stopping as master"
    exit 0
  fi
  sleep 1
  waited=$((waited + 1))
done
log "role not handed over within $BUDGET s"
