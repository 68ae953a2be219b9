#!/bin/sh
# Decides, at every start of the container, whether this pod is the master or whose replica it is, then becomes Redis.
#
# The Sentinels decide; their newest agreed answer counts. Where the answer alone could lose data:
#   another pod is master    follow it as soon as it is up as master; if it stays down, start as its replica anyway so that
#                            the Sentinels can promote somebody; an empty volume waits for a living master
#   this pod is master       a peer that still runs may have newer data and is about to be promoted: give the Sentinels
#                            the time they need, then follow. Nobody else runs (everything was restarted): be the master
#   ... but it is empty      only right at a first install; otherwise never start
#   no majority answers      follow a living master that the own Sentinel knows too, else wait
# After WAIT_LIMIT seconds the container gives up with the reason, and is started again.
set -eu
SCRIPT=redis
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
umask 077
WAIT_LIMIT=${WAIT_LIMIT:-180}
# The time to answer that a third Sentinel, and the time to come up that a named master gets.
STRAGGLER_WAIT=5
FOLLOW_WAIT=10
# Sentinel's detection, the vote and the promotion.
TAKEOVER_WAIT=$((DOWN_AFTER_MS / 1000 + 15))

ME=$(announce "$ORDINAL")
known_for=0 # seconds for which a majority has named a master

decide() { # sets verdict (master, replica or wait), master and why
  verdict='wait'
  if master=$(forced_master); then
    decide_forced
    return
  fi
  answers=$(ask_sentinels)
  if ! master=$(echo "$answers" | newest); then
    known_for=0
    decide_without_majority
    return
  fi
  known_for=$((known_for + 1))
  if [ "$(echo "$answers" | answered)" -lt "$REPLICAS" ] && [ "$known_for" -le "$STRAGGLER_WAIT" ]; then
    why="a Sentinel has not answered yet"
  elif [ "$master" = "$ME" ]; then
    decide_named_master
  else
    decide_replica
  fi
}

decide_forced() {
  if [ "$master" = "$ME" ]; then
    verdict=master
  elif [ "$(role "$master")" = master ]; then
    verdict=replica
  else
    why="the override names $master, which is not up as master"
  fi
}

decide_without_majority() {
  master=$(echo "$answers" | awk -v me="$ORDINAL" '$1 == me && $2 != "none" { print $2 }')
  if [ -n "$master" ] && [ "$master" != "$ME" ] && [ "$(role "$master")" = master ]; then
    verdict=replica
  else
    why="no majority of Sentinels names a master ($(echo "$answers" | answered) of $REPLICAS answer)"
  fi
}

decide_replica() {
  if [ "$(role "$master")" = master ]; then
    verdict=replica
  elif [ ! -f "$SYNCED" ]; then
    why="$master is not up as master, and this volume is empty"
  elif [ "$known_for" -gt "$FOLLOW_WAIT" ]; then
    verdict=replica
  else
    why="$master is not up as master"
  fi
}

decide_named_master() {
  peer=$(peer_with_data) || peer=
  if [ -n "$peer" ] && [ "$(role "$(announce "$peer")")" = master ]; then
    why="pod $peer has become master, the Sentinels do not name it yet"
  elif [ ! -f "$SYNCED" ] && { [ ! -f "$FIRST_MASTER" ] || [ -n "$peer" ]; }; then
    why="the Sentinels name this pod, but its volume is empty and this is not a first install"
  elif [ -n "$peer" ] && [ "$known_for" -le "$TAKEOVER_WAIT" ]; then
    why="pod $peer runs and may be promoted"
  else
    verdict=master
  fi
}

write_conf() { # [MASTER]
  redis_users >"$RUN_DIR/redis-users.acl"
  {
    cat "$CONFIG_DIR/redis.conf"
    echo "dir $DATA_DIR/redis"
    echo "aclfile $RUN_DIR/redis-users.acl"
    echo "masteruser _replica"
    echo "masterauth $(secret replication-password)"
    echo "replica-announce-ip $ME"
    echo "replica-announce-port 6379"
    # Never promote a pod before its copy is known to be complete and new; the Sentinel container lifts this.
    [ -z "${1:-}" ] || printf 'replicaof %s 6379\nreplica-priority 0\n' "$1"
  } >"$RUN_DIR/redis.conf"
}

take_snapshot() { # a dump.rdb put on the volume to be restored; alone, Redis would not look at it: it reads append-only files
  if [ ! -f "$DATA_DIR/redis/dump.rdb" ] || [ -d "$DATA_DIR/redis/appendonlydir" ]; then
    return
  fi
  log "restoring dump.rdb"
  rm -rf "$DATA_DIR/redis/restore"
  mkdir "$DATA_DIR/redis/restore"
  cp "$DATA_DIR/redis/dump.rdb" "$DATA_DIR/redis/restore/appendonly.aof.1.base.rdb"
  echo "file appendonly.aof.1.base.rdb seq 1 type b" >"$DATA_DIR/redis/restore/appendonly.aof.manifest"
  mv "$DATA_DIR/redis/restore" "$DATA_DIR/redis/appendonlydir"
}

need_passwords
mkdir -p "$DATA_DIR/redis" "$DATA_DIR/state" "$RUN_DIR"
waited=0
said=
decide
while [ "$verdict" = wait ]; do
  if [ "$why" != "$said" ]; then
    log "waiting: $why"
    said=$why
  fi
  if [ "$waited" -ge "$WAIT_LIMIT" ]; then
    log "giving up: $why. If the data on one pod is known to be the right one, see bootstrap.forceMasterOrdinal."
    exit 1
  fi
  waited=$((waited + 1))
  sleep 1
  decide
done

if [ "$verdict" = master ]; then
  log "starting as master"
  take_snapshot
  : >"$SYNCED"
  rm -f "$FIRST_MASTER"
  write_conf
else
  log "starting as replica of $master"
  write_conf "$master"
fi
exec "$(program server)" "$RUN_DIR/redis.conf"
