#!/usr/bin/env bash
# Rewrites tests/golden/expected.csv from the release program: the only way to change it, in a commit
# that says why the runs changed. A new row needs only its scenario and seed; the rest comes from here.
#   tools/update_golden.sh [PROGRAM]     default: build/release/epfleet
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program="${1:-build/release/epfleet}"
golden=tests/golden/expected.csv
if [[ ! -x "$program" ]]; then
  echo "update_golden.sh: no program at $program; build it first" >&2
  exit 1
fi
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

head -n 1 "$golden" >"$scratch/expected.csv"
while IFS=, read -r scenario seed _; do
  "$program" run "$scenario" --seed "$seed" --quiet --out "$scratch/result" --force </dev/null
  python3 - "$scenario" "$seed" "$scratch/result/summary.json" >>"$scratch/expected.csv" <<'EOF'
import json, sys
scenario, seed, path = sys.argv[1:]
with open(path) as file:
    run = json.load(file)
print(scenario, seed, run["scenario"]["trajectory_fingerprint"], run["requests"]["arrived"],
      run["requests"]["completed"], run["tokens"]["output"], sep=",")
EOF
done < <(tail -n +2 "$golden")

if diff "$golden" "$scratch/expected.csv"; then
  echo "update_golden.sh: nothing changed"
else
  cp "$scratch/expected.csv" "$golden"
fi
