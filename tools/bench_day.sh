#!/usr/bin/env bash
# Measures the speed of the main job: the published day, and its first 6 and 12 hours, which show
# whether time and memory grow with the requests.
#   tools/bench_day.sh            one run of each
#   tools/bench_day.sh 3          three runs of each; all are shown
#   SCENARIO=... WINDOWS="10 min,20 min" tools/bench_day.sh   another scenario, other windows
#   EPFLEET_PROGRAM=... tools/bench_day.sh   that program instead of the release build
# Prints wall time, simulated requests, nanoseconds per request and per event, and peak memory, all
# from run_info.json and summary.json of the runs, and keeps the table in out/bench_day/speed.txt.
# The time is that of the whole program: reading, solving for the totals, warm-up, files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

repeats="${1:-1}"
scenario="${SCENARIO:-configs/deepseek_day.yaml}"
windows="${WINDOWS:-6 h,12 h,24 h}"
out=out/bench_day
run=(tools/run.sh)
if [[ -n "${EPFLEET_PROGRAM:-}" ]]; then
  run=("$EPFLEET_PROGRAM" run)
fi
if ! [[ "$repeats" =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: tools/bench_day.sh [REPEATS]" >&2
  exit 2
fi
mkdir -p "$out"

# The first number of a key in one of our JSON files: a key and its value are on one line.
number() {
  sed -n "s/^ *\"$2\": *\([0-9.e+-]*\),*$/\1/p" "$1" | head -1
}

row() {
  local folder="$1" window="$2"
  awk -v window="$window" -v wall="$(number "$folder/run_info.json" wall_s)" \
    -v memory="$(number "$folder/run_info.json" peak_rss_bytes)" \
    -v events="$(number "$folder/run_info.json" events)" \
    -v requests="$(number "$folder/summary.json" arrived)" \
    'BEGIN { printf "%-8s  %8.1f s  %11.0f requests  %6.0f ns/request  %5.0f ns/event  %5.0f MB\n",
             window, wall, requests, wall * 1e9 / requests, wall * 1e9 / events, memory / 1e6 }'
}

processor="$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -1)"
{
  echo "$scenario, $(nproc) x ${processor:-unknown processor}"
  IFS=',' read -ra each <<<"$windows"
  for window in "${each[@]}"; do
    for ((i = 0; i < repeats; ++i)); do
      "${run[@]}" "$scenario" --until "$window" --out "$out/run" --force --quiet --progress off >/dev/null
      row "$out/run" "$window"
    done
  done
} | tee "$out/speed.txt.new"
mv "$out/speed.txt.new" "$out/speed.txt"
