#!/usr/bin/env bash
# Fuzzes the readers until each has had so many executions since its last finding:
#   tools/fuzz.sh [--runs N] [--jobs J] [--seconds S] [READER...]
# N: 10,000,000; J: 1; S: of one turn of a reader, 300. Readers: the folders of tests/fuzz/corpus.
# What was done is kept in out/fuzz/state, so that an interrupted run goes on; out/fuzz/table.txt has
# the result, out/fuzz/findings what broke a reader. In the end AddressSanitizer and
# UndefinedBehaviorSanitizer watch all inputs once more that reached something new.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

runs=10000000 jobs=1 seconds=300 turn=""
while [[ "${1:-}" == --* ]]; do
  case "$1" in
    --runs) runs="$2" ;;
    --jobs) jobs="$2" ;;
    --seconds) seconds="$2" ;;
    --turn) turn="$2" ;;  # of this script itself: one turn of one reader
    *) echo "fuzz.sh: unknown option $1" >&2 && exit 2 ;;
  esac
  shift 2
done
readers=("$@")
if ((${#readers[@]} == 0)); then
  mapfile -t readers < <(ls tests/fuzz/corpus)
fi
out=out/fuzz
mkdir -p "$out/state" "$out/log" build

# Readers of scenario keys are told their names, whole and in parts.
with_keys="key_value option scenario sweep"
write_dictionary() {
  sed -n 's/^| `\([A-Za-z0-9_.]*\)`.*/\1/p' docs/keys.md |
    awk -F. '{ print; for (i = 1; i <= NF; ++i) print $i }' | sort -u | sed 's/.*/"&"/' >"$out/keys.dict"
}

# A reader's state: executions and CPU milliseconds since its last finding, edges reached and there, findings.
state_of() { cat "$out/state/$1" 2>/dev/null || echo "0 0 0 0 0"; }

take_turn() {
  local reader="$1" done_runs spent edges all findings
  read -r done_runs spent edges all findings < <(state_of "$reader")
  if ((done_runs >= runs)); then
    return
  fi
  mkdir -p "$out/corpus/$reader" "$out/findings/$reader"
  local log="$out/log/$reader" options=()
  if [[ " $with_keys " == *" $reader "* ]]; then
    options+=("-dict=$out/keys.dict")
  fi
  # Long inputs take long, short ones try more: lengths take turns. Without -entropic: its account
  # of how rare each edge is took a tenth of the time of the reader of scenarios (perf). A turn that is
  # interrupted is no finding.
  local code=0 length=$((64 << RANDOM % 4))
  "build/fuzz_fast/tests/fuzz/${reader}_fuzz" -runs=$((runs - done_runs)) -max_len="$length" \
    -max_total_time="$seconds" -entropic=0 -timeout=10 -rss_limit_mb=2000 -print_final_stats=1 \
    -interrupted_exitcode=0 \
    -artifact_prefix="$out/findings/$reader/" "${options[@]}" \
    "$out/corpus/$reader" "tests/fuzz/corpus/$reader" >"$log" 2>&1 || code=$?
  if ((code != 0)); then
    findings=$((findings + 1)) done_runs=0 spent=0
    echo "fuzz.sh: a finding in $reader: $log" >&2
  else
    done_runs=$((done_runs + $(sed -n 's/^stat::number_of_executed_units: *//p' "$log")))
    times >"$log.cpu"  # in a pipe it would be another shell's
    spent=$((spent + $(awk -F'[ms ]' 'NR == 2 { printf "%d", ($1 * 60 + $2 + $4 * 60 + $5) * 1000 }' \
      "$log.cpu")))
  fi
  edges="$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)"
  all="$(sed -n 's/.*PC tables (\([0-9]*\) PCs).*/\1/p' "$log" | tail -1)"
  echo "$done_runs $spent ${edges:-0} ${all:-0} $findings" >"$out/state/$reader"
}

table() {
  echo "| reader | executions | a second of CPU | edges reached | of | inputs kept |"
  echo "| --- | ---: | ---: | ---: | ---: | ---: |"
  local reader done_runs spent edges all findings
  for reader in $(ls tests/fuzz/corpus); do
    read -r done_runs spent edges all findings < <(state_of "$reader")
    printf "| \`%s\` | %d | %d | %d | %d | %d |\n" "$reader" "$done_runs" \
      $((done_runs * 1000 / (spent > 0 ? spent : 1))) "$edges" "$all" \
      "$(ls "$out/corpus/$reader" 2>/dev/null | wc -l)"
  done | sed ':again; s/\B[0-9]\{3\}\>/,&/; t again'
}

if [[ -n "$turn" ]]; then
  take_turn "$turn"
  exit
fi

tools/install_packages.sh build fuzz
build() {
  cmake --preset "$1" -Wno-dev >"$out/log/$1.configure" || { cat "$out/log/$1.configure" && return 1; }
  cmake --build --preset "$1" --parallel "$(nproc)" --target "${readers[@]/%/_fuzz}"
}
build fuzz_fast
write_dictionary
while true; do
  waiting=()
  for reader in "${readers[@]}"; do
    read -r done_runs _ < <(state_of "$reader")
    if ((done_runs < runs)); then
      waiting+=("$reader")
    fi
  done
  table >"$out/table.txt"
  if ((${#waiting[@]} == 0)); then
    break
  fi
  printf '%s\n' "${waiting[@]}" |
    xargs -P "$jobs" -I{} "$0" --runs "$runs" --seconds "$seconds" --turn {}
done

build fuzz
for reader in "${readers[@]}"; do
  "build/fuzz/tests/fuzz/${reader}_fuzz" -runs=0 "$out/corpus/$reader" "tests/fuzz/corpus/$reader" \
    >"$out/log/$reader.sanitized" 2>&1 || { tail -40 "$out/log/$reader.sanitized" && exit 1; }
done
cat "$out/table.txt"
