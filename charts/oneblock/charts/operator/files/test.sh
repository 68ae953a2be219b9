#!/bin/sh
# What `helm test` asks of the operator: does one of its pods lead, so that its controllers run?
#
# Every pod answers, but only the leader's metrics speak of a controller for RayClusters. The Service takes any of them,
# so it is asked until the time is up. A new leader may have to wait 15 seconds for the lease of the one before.
set -eu
url=http://$OPERATOR:8080/metrics
answer="nothing"
tries=30
while [ "$tries" -gt 0 ]; do
  if metrics=$(wget -q -O - -T 5 "$url"); then
    answer="metrics without a controller for RayClusters: none of its pods leads"
    if echo "$metrics" | grep -q '^controller_runtime_max_concurrent_reconciles{controller="raycluster'; then
      echo "the operator leads and its controller for RayClusters runs"
      exit 0
    fi
  fi
  tries=$((tries - 1))
  sleep 2
done
echo "$url: $answer" >&2
exit 1
