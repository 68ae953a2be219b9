#!/bin/sh
# Finds out which master to watch, runs Sentinel, and stays its parent: it hands on signals, brings new users of the
# mounted Secret to Redis and Sentinel, and decides whether this pod's copy of the data is good enough for a master.
#
# Where the master comes from, in this order:
#   1. the administrator's override, while no master lives
#   2. the sentinel.conf on this volume, which Sentinel itself keeps up to date
#   3. a majority of the other Sentinels (this volume was lost)
#   4. a first install: every Sentinel answers and none knows a master; then pod 0 is it, and the others follow pod 0
# Otherwise it waits and says why: an empty volume must never be able to out-vote one with data.
set -eu
SCRIPT=sentinel
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
umask 077
# Looks at Redis, three seconds apart, for which equal copies leave it to the last master to go on.
TIE_TURNS=${TIE_TURNS:-40}
sentinel_pid=
users_seen=
tied_for=0

stop() {
  trap - TERM INT
  stop_sentinel
  exit 0
}

stop_sentinel() {
  [ -n "$sentinel_pid" ] || return 0
  kill -TERM "$sentinel_pid" 2>/dev/null || :
  wait "$sentinel_pid" || :
  sentinel_pid=
}

pause() { # SECONDS: a sleep that a signal ends at once
  sleep "$1" &
  wait $! || :
}

# --- configuration ---------------------------------------------------------------------------------------------------

known_master() { # the master in the kept sentinel.conf, when it is a pod of this set
  [ -s "$SENTINEL_CONF" ] || return 1
  kept=$(awk -v group="$GROUP" '$1 == "sentinel" && $2 == "monitor" && $3 == group { print $4 }' "$SENTINEL_CONF")
  for n in $(ordinals); do
    if [ "$kept" = "$(announce "$n")" ]; then
      echo "$kept"
      return
    fi
  done
  return 1
}

sentinel_id() { # ORDINAL: the same name always has the same id, so a lost volume leaves no ghost Sentinel behind
  announce "$1" | sha1sum | cut -d ' ' -f 1
}

kept_epochs() { # what Sentinel must not forget
  [ -s "$SENTINEL_CONF" ] || return 0
  awk -v group="$GROUP" '
    $1 != "sentinel" { next }
    $2 == "current-epoch" || (($2 == "config-epoch" || $2 == "leader-epoch") && $3 == group) { print }' "$SENTINEL_CONF"
}

later_epochs() { # an override must win over what other Sentinels remember
  epoch=$(kept_epochs | awk '$2 == "current-epoch" { print $3 }')
  echo "sentinel config-epoch $GROUP $((${epoch:-0} + 1))"
  echo "sentinel current-epoch $((${epoch:-0} + 1))"
}

watch_lines() { # MASTER
  echo "sentinel monitor $GROUP $1 6379 $QUORUM"
  echo "sentinel auth-user $GROUP _sentinel"
  echo "sentinel auth-pass $GROUP $(secret sentinel-password)"
  echo "sentinel down-after-milliseconds $GROUP $DOWN_AFTER_MS"
  echo "sentinel failover-timeout $GROUP $FAILOVER_TIMEOUT_MS"
  echo "sentinel parallel-syncs $GROUP 1"
  # A restarted master that is still loading counts as down after the same time.
  echo "sentinel master-reboot-down-after-period $GROUP $DOWN_AFTER_MS"
  # Who else there is. Sentinel would learn it from the master, which may be down just now.
  for n in $(ordinals); do
    host=$(announce "$n")
    [ "$host" = "$1" ] || echo "sentinel known-replica $GROUP $host 6379"
    [ "$n" = "$ORDINAL" ] || echo "sentinel known-sentinel $GROUP $host 26379 $(sentinel_id "$n")"
  done
}

write_conf() { # FILE [LINES]
  {
    cat "$CONFIG_DIR/sentinel.conf"
    echo "dir $RUN_DIR"
    echo "aclfile $RUN_DIR/sentinel-users.acl"
    echo "sentinel myid $(sentinel_id "$ORDINAL")"
    echo "sentinel announce-ip $(announce "$ORDINAL")"
    echo "sentinel announce-port 26379"
    echo "sentinel sentinel-user _sentinel"
    echo "sentinel sentinel-pass $(secret sentinel-password)"
    [ -z "${2:-}" ] || echo "$2"
  } >"$1.new"
  mv "$1.new" "$1"
}

run() { # FILE
  sentinel_users >"$RUN_DIR/sentinel-users.acl"
  "$(program server)" "$1" --sentinel &
  sentinel_pid=$!
}

# --- which master ----------------------------------------------------------------------------------------------------

find_master() { # prints the master of an empty or unusable sentinel.conf; waits until that is certain
  waited=0
  while :; do
    answers=$(ask_sentinels)
    if forced_master; then
      return
    elif echo "$answers" | newest; then
      return
    elif fresh && echo "$answers" | first_install; then
      if [ "$ORDINAL" = 0 ]; then
        : >"$FIRST_MASTER"
      fi
      announce 0
      return
    fi
    if [ $((waited % 15)) = 5 ]; then
      log "no master is certain yet; Sentinels answer: $(echo "$answers" | tr '\n' ';'). This volume is $(fresh && echo empty || echo "not empty, but has no sentinel.conf"). If it stays so, see bootstrap.forceMasterOrdinal."
    fi
    waited=$((waited + 1))
    pause 1
  done
}

# --- the life of the pod ---------------------------------------------------------------------------------------------

apply_users() { # PORT OLD NEW: changes users one by one. ACL LOAD would cut the connections of every tenant on Redis 7.2
  changes=$(user_changes "$2" "$3")
  [ -n "$changes" ] || return 0
  replies=$(echo "$changes" | cli 127.0.0.1 "$1") || return 1
  if echo "$replies" | grep -vq -e '^OK$' -e '^[0-9]*$'; then
    log "users on port $1: $(echo "$replies" | grep -v '^OK$' | head -n 1)"
    return 1
  fi
  mv "$3" "$2"
  log "users on port $1: $(echo "$changes" | cut -d ' ' -f 2-3 | tr '\n' ';')"
}

sync_users() { # when kubelet has replaced the mounted Secret
  version=$(readlink "$AUTH_DIR/..data" || echo none)
  [ "$version" != "$users_seen" ] || return 0
  sentinel_users >"$RUN_DIR/sentinel-users.new"
  apply_users 26379 "$RUN_DIR/sentinel-users.acl" "$RUN_DIR/sentinel-users.new" || return 0
  [ -f "$RUN_DIR/redis-users.acl" ] || return 0
  redis_users >"$RUN_DIR/redis-users.new"
  apply_users 6379 "$RUN_DIR/redis-users.acl" "$RUN_DIR/redis-users.new" || return 0
  users_seen=$version
}

# The master counts, so that of two copies of the data the newer one shows. A replica may be promoted once it is in step with a
# master or, while there is none, once its copy is known to be the newest. Between two counts there can be writes: of two
# copies that have counted equally far one may lack some. The last master's has all, so it gets time to come back.
look_after_redis() {
  replication=$(cli 127.0.0.1 6379 INFO replication | tr -d '\r')
  case $replication in
    *role:master*)
      cli 127.0.0.1 6379 INCR "$AGE_KEY" >/dev/null || :
      return 0
      ;;
    *role:slave*master_link_status:up*master_sync_in_progress:0*slave_priority:0*) why="in step with the master" ;;
    *role:slave*slave_priority:0*)
      if [ ! -f "$SYNCED" ] || ! newest_copy; then
        tied_for=0
        return 0
      fi
      if [ -n "$tied" ] && [ "$tied_for" -lt "$TIE_TURNS" ]; then
        tied_for=$((tied_for + 1))
        return 0
      fi
      why="there is no master, and no copy is newer"
      ;;
    *) return 0 ;;
  esac
  cli 127.0.0.1 6379 CONFIG SET replica-priority 100 >/dev/null || return 0
  : >"$SYNCED"
  tied_for=0
  log "$why: this pod may be promoted from now on"
}

trap stop TERM INT
need_passwords
mkdir -p "$DATA_DIR/sentinel" "$DATA_DIR/state" "$RUN_DIR"
if master=$(forced_master); then
  log "override: $master is the master"
  epochs=$(later_epochs)
elif master=$(known_master); then
  epochs=$(kept_epochs)
else
  if fresh; then
    # A Sentinel that watches nothing: it lets the other pods see that this volume is empty.
    write_conf "$RUN_DIR/sentinel-waiting.conf"
    run "$RUN_DIR/sentinel-waiting.conf"
  fi
  find_master >"$RUN_DIR/master"
  stop_sentinel
  master=$(cat "$RUN_DIR/master")
  epochs=
fi
log "watching $master"
write_conf "$SENTINEL_CONF" "$(watch_lines "$master")
$epochs"
run "$SENTINEL_CONF"
while kill -0 "$sentinel_pid" 2>/dev/null; do
  sync_users
  look_after_redis
  pause 3
done
wait "$sentinel_pid"
