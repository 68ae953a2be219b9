# shellcheck shell=sh disable=SC2034 # some names are for the scripts that source this
# Shared by the scripts of a Redis pod: sourced, never run. POSIX sh.
#
# Every address here is the DNS name of one pod's own Service, SET-announce-N.DOMAIN. The settings (SET, DOMAIN, GROUP,
# REPLICAS, MIN_REPLICAS, QUORUM, DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS, GRACE_SECONDS) come from settings.sh beside this file.

CONFIG_DIR=${CONFIG_DIR:-/etc/oneblock/redis}
AUTH_DIR=${AUTH_DIR:-/etc/oneblock/auth}
DATA_DIR=${DATA_DIR:-/data}
RUN_DIR=${RUN_DIR:-/run/oneblock}
# shellcheck source=/dev/null
. "$CONFIG_DIR/settings.sh"

ORDINAL=${POD_NAME##*-}
MAJORITY=$((REPLICAS / 2 + 1))
SENTINEL_CONF=$DATA_DIR/sentinel/sentinel.conf
# This volume holds the data set: it was the first master's, or a first copy from a master was completed on it.
SYNCED=$DATA_DIR/state/synced
# Pod 0 proved that this is a first install (every Sentinel answered, none knew a master).
FIRST_MASTER=$DATA_DIR/state/first-master

log() { echo "$(date -u +%FT%TZ) ${SCRIPT:-redis}: $*" >&2; }

announce() { echo "$SET-announce-$1.$DOMAIN"; }

ordinals() { # 0 … REPLICAS-1
  n=0
  while [ "$n" -lt "$REPLICAS" ]; do
    echo "$n"
    n=$((n + 1))
  done
}

program() { # redis-NAME or valkey-NAME, whichever the image has
  command -v "redis-$1" || command -v "valkey-$1"
}

secret() { # KEY: a password of the mounted Secret
  cat "$AUTH_DIR/$1"
}

cli() { # HOST PORT COMMAND…: as the administrator; silent on failure, never longer than two seconds
  cli_host=$1 cli_port=$2
  shift 2
  cli_password=$(secret admin-password)
  # The password travels by environment: an argument would show in the process list.
  REDISCLI_AUTH=$cli_password VALKEYCLI_AUTH=$cli_password timeout 2 "$(program cli)" \
    -h "$cli_host" -p "$cli_port" --user _admin --no-auth-warning "$@" 2>/dev/null
}

# --- what the pods say -----------------------------------------------------------------------------------------------

field() { # NAME: the line after the line NAME (a reply of pairs, as redis-cli prints it to a pipe)
  awk -v name="$1" 'found { print; exit } $0 == name { found = 1 }'
}

ask_sentinel() { # HOST: prints "MASTER EPOCH", or "none" when it watches no master; fails when it does not answer
  reply=$(cli "$1" 26379 SENTINEL MASTER "$GROUP") || return 1
  case $reply in
    "ERR No such master"*) echo none ;;
    *config-epoch*) echo "$(echo "$reply" | field ip) $(echo "$reply" | field config-epoch)" ;;
    *) return 1 ;;
  esac
}

ask_sentinels() { # one line a Sentinel that answers: "ORDINAL MASTER EPOCH" or "ORDINAL none"
  for n in $(ordinals); do
    if answer=$(ask_sentinel "$(announce "$n")"); then
      echo "$n $answer"
    fi
  done
}

info() { # HOST SECTION FIELD: a field of INFO; empty when the server does not answer
  cli "$1" 6379 INFO "$2" | tr -d '\r' | sed -n "s/^$3://p"
}

role() { # HOST: master, slave, or nothing when the server does not answer
  info "$1" replication role
}

# The master keeps counting in its data set, so of two copies the one whose count has come further is the newer one.
AGE_KEY=oneblock:age

age() { # HOST: how far the count has come in a pod's data; nothing when it does not answer or has no data
  cli "$1" 6379 GET "$AGE_KEY" | grep -x '[0-9][0-9]*'
}

newest_copy() { # is no copy newer than this pod's, and is one as new (tied)? Fails also when too few can be seen to know
  mine=$(age 127.0.0.1) || return 1
  seen=1
  tied=
  for n in $(ordinals); do
    [ "$n" = "$ORDINAL" ] && continue
    other=$(age "$(announce "$n")") || continue
    [ "$other" -le "$mine" ] || return 1
    [ "$other" -lt "$mine" ] || tied=yes
    seen=$((seen + 1))
  done
  # Every acknowledged write is on 1 + MIN_REPLICAS pods: so many may be unseen that one of those is not.
  [ "$seen" -ge $((REPLICAS - MIN_REPLICAS)) ]
}

peer_with_data() { # the first other pod whose Redis could be, or already is, promoted; fails when there is none
  for n in $(ordinals); do
    [ "$n" = "$ORDINAL" ] && continue
    replication=$(cli "$(announce "$n")" 6379 INFO replication | tr -d '\r') || continue
    case $replication in
      *role:master*) echo "$n" && return ;;
      *role:slave*slave_priority:0*) ;; # not known to have all data
      *role:slave*) echo "$n" && return ;;
    esac
  done
  return 1
}

# --- deciding --------------------------------------------------------------------------------------------------------

newest() { # reads ask_sentinels' lines: the master of the highest configuration epoch, once a majority names one
  awk -v majority="$MAJORITY" '
    $2 == "none" { next }
    { named++; if (master == "" || $3 + 0 > epoch) { master = $2; epoch = $3 + 0 } }
    END { if (named >= majority) print master; else exit 1 }'
}

answered() { # reads ask_sentinels' lines: how many there are
  awk 'END { print NR }'
}

holds_data() { # does the volume hold files of Redis, whatever they are worth?
  [ -d "$DATA_DIR/redis/appendonlydir" ] || [ -f "$DATA_DIR/redis/dump.rdb" ]
}

fresh() { # could this be a first install? Pod 0 may bring data (a restored backup), the others may not
  [ ! -e "$SENTINEL_CONF" ] && [ ! -f "$SYNCED" ] && { [ "$ORDINAL" = 0 ] || ! holds_data; }
}

first_install() { # reads ask_sentinels' lines: does every pod answer, and none know a master (but pod 0 itself)?
  awk -v all="$REPLICAS" -v me="$ORDINAL" -v first="$(announce 0)" '
    $2 == "none" { next }
    $1 == 0 && $2 == first && $3 == 0 { named = 1; next }
    { other = 1 }
    END { exit !(NR == all && !other && (me == 0 ? !named : named)) }'
}

forced_master() { # the administrator's override (redis.bootstrap.forceMasterOrdinal), while no master lives
  forced=$(cat "$CONFIG_DIR/force-master-ordinal" 2>/dev/null) || return 1
  [ -n "$forced" ] || return 1
  if live=$(ask_sentinels | newest) && [ "$(role "$live")" = master ]; then
    return 1
  fi
  announce "$forced"
}

# --- users -----------------------------------------------------------------------------------------------------------

need_passwords() { # without one, a user would get the empty password
  for key in admin-password sentinel-password replication-password; do
    if [ ! -s "$AUTH_DIR/$key" ]; then
      log "the Secret has no $key"
      exit 1
    fi
  done
}

passwords() { # KEY: a rule for each password that KEY's user may have; two while the Secret has a next-KEY beside KEY
  for key in "$1" "next-$1"; do
    if [ -s "$AUTH_DIR/$key" ]; then
      printf '#%s ' "$(secret "$key" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)"
    fi
  done
}

# A tenant may use keys of its own GCS stores and the commands of Ray's GCS and of KubeRay's clean-up, nothing else.
# "RAY<namespace>." cannot be a prefix of another namespace's keys: a namespace name has no dot.
tenant_rule() { # NAMESPACE HASH
  echo "user $1 reset on #$2 ~RAY$1.* ~DUMMY +ping +info +hset +hsetnx +hget +hmget +hdel +hscan +hexists +incrby +del +unlink +scan"
}

tenant_rule_sentinel() { # NAMESPACE HASH: Ray logs in to Sentinel with the same user; it may ask, not change
  echo "user $1 reset on #$2 +ping +info +sentinel|masters"
}

tenants() { # RULE: one line a tenant of the Secret (keys tenant.NAMESPACE, each a SHA-256)
  for file in "$AUTH_DIR"/tenant.*; do
    [ -f "$file" ] || continue
    hash=
    IFS= read -r hash <"$file" || :
    # One bad line would keep Redis from starting at all.
    case ${#hash}:$hash in
      64:*[!0-9a-f]*) ;;
      64:*)
        "$1" "${file##*/tenant.}" "$hash"
        continue
        ;;
    esac
    log "${file##*/} is not a SHA-256 in hex; this tenant cannot log in"
  done
}

# Names with "_" cannot be namespaces. "default" can: it is off unless a namespace of that name brings its own line.
redis_users() {
  echo "user _admin reset on $(passwords admin-password)~* &* +@all"
  echo "user _sentinel reset on $(passwords sentinel-password)allchannels +multi +exec +ping +info +role +publish +subscribe +slaveof +replicaof +config|rewrite +client|setname +client|kill +script|kill"
  echo "user _replica reset on $(passwords replication-password)+ping +psync +sync +replconf +role"
  [ ! -s "$AUTH_DIR/exporter-password" ] || echo "user _exporter reset on $(passwords exporter-password)+ping +info +client|setname +slowlog|len +slowlog|get +latency|latest +latency|histogram"
  [ -f "$AUTH_DIR/tenant.default" ] || echo "user default reset off"
  tenants tenant_rule
}

sentinel_users() {
  echo "user _admin reset on $(passwords admin-password)~* &* +@all"
  echo "user _sentinel reset on $(passwords sentinel-password)&__sentinel__:hello +ping +info +role +publish +subscribe +client|setname +sentinel|is-master-down-by-addr"
  [ ! -s "$AUTH_DIR/exporter-password" ] || echo "user _exporter reset on $(passwords exporter-password)+ping +info +client|setname +sentinel|masters +sentinel|master +sentinel|replicas +sentinel|slaves +sentinel|sentinels +sentinel|ckquorum"
  [ -f "$AUTH_DIR/tenant.default" ] || echo "user default reset off"
  tenants tenant_rule_sentinel
}

user_changes() { # OLD NEW: the ACL commands that turn one users file into the other
  awk '
    NR == FNR { old[$2] = $0; next }
    { new[$2] = 1; if (old[$2] != $0) { sub(/^user /, "ACL SETUSER "); print } }
    END { for (name in old) if (!(name in new) && name != "default") print "ACL DELUSER " name }' "$1" "$2"
}
