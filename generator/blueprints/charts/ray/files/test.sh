#!/bin/sh
# What `helm test` asks of a RayCluster: does its head take a job, and does a task of that job run? A cluster that
# autoscales from nothing may start a worker for it.
set -eu
url=http://$HEAD:8265
task='import ray; ray.init(); print(ray.get(ray.remote(lambda: "a task ran").remote()))'
tries=100
until wget -q -O /dev/null -T 5 "$url/api/version"; do
  tries=$((tries - 1))
  if [ "$tries" = 0 ]; then
    echo "$url does not answer: is the RayCluster ready?" >&2
    exit 1
  fi
  sleep 2
done
exec ray job submit --address "$url" -- python -c "$task"
