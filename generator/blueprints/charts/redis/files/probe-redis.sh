#!/bin/sh
# probe-redis.sh alive|ready
#   alive  Redis answers at all; loading its data or missing its master is an answer
#   ready  it serves: a master, or a replica whose link to the master is up
set -eu
SCRIPT=probe
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
case $1 in
  alive)
    case $(timeout 3 "$(program cli)" -h 127.0.0.1 -p 6379 PING 2>&1) in
      PONG | NOAUTH* | LOADING* | MASTERDOWN*) exit 0 ;;
    esac
    ;;
  ready)
    replication=$(cli 127.0.0.1 6379 INFO replication | tr -d '\r')
    [ "$(info 127.0.0.1 persistence loading)" = 0 ] || exit 1
    case $replication in
      *role:master* | *role:slave*master_link_status:up*) exit 0 ;;
    esac
    ;;
esac
exit 1
