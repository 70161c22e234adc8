#!/usr/bin/env bash
# Runs a command within so much memory, on one core, without swap, as root on Linux; then tells the peak of its memory,
# the cache of files included:
#
#   tests/pi/within.sh 512M drumscribe transcribe song.wav --overwrite
set -euo pipefail

limit=$1
shift
groups=/sys/fs/cgroup
name=drumscribe-$$
if [ -f $groups/cgroup.controllers ]; then
    group=$groups/$name
    mkdir "$group"
    echo "$limit" >"$group/memory.max"
    peak=$group/memory.peak
else # the first version of cgroups
    group=$groups/memory/$name
    mkdir "$group"
    echo "$limit" >"$group/memory.limit_in_bytes"
    peak=$group/memory.max_usage_in_bytes
fi
trap 'rmdir "$group"' EXIT
(
    echo $BASHPID >"$group/cgroup.procs"
    exec taskset -c 0 /usr/bin/env time -f "%U + %S s of CPU, %M KiB of the program" "$@"
)
echo "$(($(cat "$peak") / 1024)) KiB with the files it read, of $limit"
