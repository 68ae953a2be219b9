#!/bin/sh
# probe-sentinel.sh alive|ready
#   alive  Sentinel answers at all
#   ready  it can tell a client where the master is
set -eu
SCRIPT=probe
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
case $1 in
  alive)
    case $(timeout 4 "$(program cli)" -h 127.0.0.1 -p 26379 PING 2>&1) in
      PONG | NOAUTH*) exit 0 ;;
    esac
    ;;
  ready)
    case $(ask_sentinel 127.0.0.1) in
      '' | none) ;;
      *) exit 0 ;;
    esac
    ;;
esac
exit 1
