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
# requeued by Slurm; one that ends without its cases is submitted again by the merge, twice at most.
# With more CPUs a task, a shard runs as many cases at a time.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
usage() {
  sed -n '2,15p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2
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
name="$(basename "${sweep%.*}")"
options=""
(($# == 0)) || options="$(printf ' %q' "$@")"
rounds=3  # a shard that does not end is submitted at most so often
cat >"$jobs/shard.sh" <<SCRIPT
#!/bin/bash
$(printf '%q' "$program") sweep $(printf '%q' "$sweep") --out $(printf '%q' "$out") \\
  --shard "\$SLURM_ARRAY_TASK_ID/$shards" -j "\${SLURM_CPUS_PER_TASK:-1}"
code=\$?
# 1: some cases failed, but all have been run.
((code > 1)) || touch "$(printf '%q' "$jobs")/shard-\$SLURM_ARRAY_TASK_ID.done"
exit "\$code"
SCRIPT
cat >"$jobs/merge.sh" <<SCRIPT
#!/bin/bash
round="\$1"
cd $(printf '%q' "$jobs") || exit 74
# A task whose processes die before its node is seen to be down ends as failed and is not requeued.
missing=""
for ((shard = 0; shard < $shards; ++shard)); do
  [[ -e "shard-\$shard.done" ]] || missing+="\${missing:+,}\$shard"
done
if [[ -n "\$missing" ]] && ((round < $rounds)); then
  echo "shards \$missing did not end; submitting them again (round \$((round + 1)) of $rounds)"
  ./submit.sh "\$((round + 1))" "\$missing" && exit 0
fi
$(printf '%q' "$program") sweep $(printf '%q' "$sweep") --merge $(printf '%q' "$out")
code=\$?
echo "\$code" >exit_code
exit "\$code"
SCRIPT
# ROUND SHARDS: an array of shards, and a job that merges when all have ended.
cat >"$jobs/submit.sh" <<SCRIPT
#!/bin/bash
set -euo pipefail
cd $(printf '%q' "$jobs")
array="\$(sbatch --parsable --requeue --job-name=$(printf '%q' "$name") --array="\$2" \\
  --output="$(printf '%q' "$jobs")/shard-%a.log" --open-mode=append$options shard.sh)"
# afterany, not afterok: a failed case is a row of the table and must not keep the others from it.
merge="\$(sbatch --parsable --requeue --job-name=$(printf '%q' "$name-merge") \\
  --dependency="afterany:\${array%%;*}" --output="$(printf '%q' "$jobs")/merge.log" --open-mode=append \\
  merge.sh "\$1")"
echo "\${merge%%;*}" >merge_job
echo "job \${array%%;*}, merged by job \${merge%%;*}"
SCRIPT
chmod +x "$jobs/submit.sh"
rm -f "$jobs/exit_code" "$jobs/merge.log" "$jobs"/shard-*.done

submitted="$("$jobs/submit.sh" 1 "0-$((shards - 1))")"
echo "sweep_slurm: $cases cases in $shards shards: $submitted; logs in $jobs" >&2

if [[ "$wait" == yes ]]; then
  # sbatch --wait lags by up to 20 s.
  while [[ ! -s "$jobs/exit_code" ]]; do
    merge="$(<"$jobs/merge_job")"
    if [[ -z "$(squeue --noheader --jobs="$merge" 2>/dev/null || true)" ]]; then
      # Gone, and no other in its place: it was cancelled, or has just written its code.
      sleep 1
      [[ "$(<"$jobs/merge_job")" != "$merge" ]] || break
    fi
    sleep 1
  done
  cat "$jobs/merge.log" >&2 || true
  exit "$(cat "$jobs/exit_code" 2>/dev/null || echo 1)"
fi
