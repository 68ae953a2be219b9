#!/bin/sh
# Ready: Sentinel can tell a client where the master is.
set -eu
SCRIPT=probe
# shellcheck source=lib.sh
. "${CONFIG_DIR:-/etc/oneblock/redis}/lib.sh"
case $(ask_sentinel 127.0.0.1) in
  '' | none) exit 1 ;;
esac
