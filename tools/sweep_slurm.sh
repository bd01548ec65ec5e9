#!/usr/bin/env bash
# Submits a sweep to Slurm: its shards as a job array, and a job that merges them when all have ended.
#   tools/sweep_slurm.sh SWEEP.yaml OUT [-n SHARDS] [-p PROGRAM] [-w] [-- SBATCH-OPTION...]
#
#   OUT          result folder, on a file system that every node sees
#   -n SHARDS    tasks of the array; default: one for every 8 cases, so that a shard of the shipped
#                sweeps is at least 20 s of work (starting a task takes Slurm about a second)
#   -p PROGRAM   epfleet (default: build/release/epfleet of this repository), seen by every node
#   -w           wait for the end; exit 1 if cases failed or are missing
#   --           what follows goes to sbatch of the array, e.g. -- --partition=long --cpus-per-task=4
#
# It can be called again at any time: shards skip what is finished. A task whose node dies is
# requeued by Slurm. With more CPUs a task, a shard runs as many cases at a time.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
usage() {
  sed -n '2,14p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
  exit 2
}
fail() {
  echo "sweep_slurm: $*" >&2
  exit 2
}

(($# >= 2)) || usage
sweep="$(realpath "$1")" || fail "no such file: $1"
mkdir -p "$2"
out="$(realpath "$2")"
shift 2
shards=""
program="$root/build/release/epfleet"
wait=no
while (($# > 0)); do
  case "$1" in
    -n) shards="${2:?}"; shift 2 ;;
    -p) program="$(realpath "${2:?}")"; shift 2 ;;
    -w) wait=yes; shift ;;
    --) shift; break ;;
    *) usage ;;
  esac
done
command -v sbatch >/dev/null || fail "sbatch is not there; is this a Slurm machine?"
[[ -x "$program" ]] || fail "no program $program; build it, or name it with -p"

cases="$("$program" sweep "$sweep" --list | wc -l)"
if [[ -z "$shards" ]]; then
  shards=$(((cases + 7) / 8))
fi
[[ "$shards" =~ ^[1-9][0-9]*$ ]] || fail "-n $shards is not a number of shards"

# Batch scripts in files: their words need no second quoting, and they stay to be looked at. They lie
# beside the results, not in them.
jobs="$out.slurm"
mkdir -p "$jobs"
cat >"$jobs/shard.sh" <<SCRIPT
#!/bin/bash
exec $(printf '%q' "$program") sweep $(printf '%q' "$sweep") --out $(printf '%q' "$out") \\
  --shard "\$SLURM_ARRAY_TASK_ID/$shards" -j "\${SLURM_CPUS_PER_TASK:-1}"
SCRIPT
cat >"$jobs/merge.sh" <<SCRIPT
#!/bin/bash
$(printf '%q' "$program") sweep $(printf '%q' "$sweep") --merge $(printf '%q' "$out")
code=\$?
echo "\$code" >$(printf '%q' "$jobs")/exit_code
exit "\$code"
SCRIPT
rm -f "$jobs/exit_code"

name="$(basename "${sweep%.*}")"
array="$(sbatch --parsable --requeue --job-name="$name" --array="0-$((shards - 1))" \
  --output="$jobs/shard-%a.log" --open-mode=append "$@" "$jobs/shard.sh")"
array="${array%%;*}"
# afterany, not afterok: a failed case is a row of the table and must not keep the others from it.
merge="$(sbatch --parsable --requeue --job-name="$name-merge" --dependency="afterany:$array" \
  --output="$jobs/merge.log" "$jobs/merge.sh")"
merge="${merge%%;*}"
echo "sweep_slurm: $cases cases in $shards shards: job $array, merged by job $merge; logs in $jobs" >&2

if [[ "$wait" == yes ]]; then
  # sbatch --wait lags by up to 20 s.
  while [[ -n "$(squeue --noheader --jobs="$merge" 2>/dev/null || true)" && ! -s "$jobs/exit_code" ]]; do
    sleep 1
  done
  cat "$jobs/merge.log" >&2 || true
  exit "$(cat "$jobs/exit_code" 2>/dev/null || echo 1)"
fi
