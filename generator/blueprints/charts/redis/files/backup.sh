#!/bin/sh
# Copies a snapshot from a replica (from the master only when there is no replica) to /backup and keeps the newest KEEP.
set -eu
umask 077
CLI=$(command -v redis-cli || command -v valkey-cli)
BACKUP_DIR=${BACKUP_DIR:-/backup}
AUTH_DIR=${AUTH_DIR:-/etc/oneblock/auth}
password=$(cat "$AUTH_DIR/replication-password")
export REDISCLI_AUTH="$password" VALKEYCLI_AUTH="$password"

source_host() { # the last pod that is a connected replica, else the master
  replica='' master=''
  n=0
  while [ "$n" -lt "$REPLICAS" ]; do
    host=$SET-announce-$n.$DOMAIN
    case $(timeout 3 "$CLI" -h "$host" --user _replica --no-auth-warning ROLE 2>/dev/null | tr '\n' ' ') in
      slave*connected*) replica=$host ;;
      master*) master=$host ;;
    esac
    n=$((n + 1))
  done
  echo "${replica:-$master}"
}

from=$(source_host)
if [ -z "$from" ]; then
  echo "no Redis pod answers; nothing was backed up" >&2
  exit 1
fi
name=redis-$(date -u +%Y%m%dT%H%M%SZ).rdb
trap 'rm -f "$BACKUP_DIR/$name.part"' EXIT
"$CLI" -h "$from" --user _replica --no-auth-warning --rdb "$BACKUP_DIR/$name.part"
case $(head -c 5 "$BACKUP_DIR/$name.part") in
  REDIS | VALKE) ;;
  *)
    echo "what $from sent is not a snapshot" >&2
    exit 1
    ;;
esac
mv "$BACKUP_DIR/$name.part" "$BACKUP_DIR/$name"
echo "$name: $(wc -c <"$BACKUP_DIR/$name") bytes from $from"
find "$BACKUP_DIR" -name 'redis-*.rdb' | sort -r | tail -n "+$((KEEP + 1))" | while IFS= read -r old; do
  rm -f "$old"
  echo "removed ${old##*/}"
done
