#!/usr/bin/env bash
# Which lines and branches of the program the tests execute: builds the preset coverage, runs all tests but
# those that build, need a browser or Slurm, or look at style and speed, and prints a table by module
# and the files below 85 % of lines. Kept in out/coverage/table.txt; out/coverage/files.json has all files.
#   tools/coverage.sh                  all (long: not run to its end yet)
#   tools/coverage.sh -R '^unit_'      tests whose name matches; further arguments go to ctest
# Branches that only exceptions take are left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

least=85  # % of lines of a file
out=out/coverage
tools/install_packages.sh build test coverage
mkdir -p "$out"
configure=()
if [[ -n "${EPFLEET_SHARED_DIR:-}" ]]; then
  configure+=("-DEPFLEET_SHARED_DIR=$EPFLEET_SHARED_DIR")
fi
cmake --preset coverage "${configure[@]}" -Wno-dev >"$out/configure.log"
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage --parallel "$(nproc)" -LE '^(browser|cluster|style|refuse|speed)$' -E recipes_test \
  --output-log "$out/tests.log" --quiet "$@" || echo "coverage.sh: tests failed, see $out/tests.log" >&2
gcovr --root . --object-directory build/coverage --filter 'src/' --filter 'include/' \
  --exclude-throw-branches --exclude-unreachable-branches --json-summary "$out/files.json" build/coverage >/dev/null

python3 - "$out/files.json" "$least" <<'PYTHON' | tee "$out/table.txt"
import collections
import json
import sys

files, least = json.load(open(sys.argv[1], encoding="utf-8"))["files"], float(sys.argv[2])
modules = collections.defaultdict(lambda: [0, 0, 0, 0])
for file in files:
    module = file["filename"].split("/")[1 if file["filename"].startswith("src/") else 2]
    for name in (module, "all"):
        for at, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
            modules[name][at] += file[key]


def row(name, lines, all_lines, branches, all_branches):
    share = lambda part, whole: f"{100 * part / whole:5.1f} %" if whole else "      -"
    return f"{name:<34}  {all_lines:>6}  {share(lines, all_lines)}  {all_branches:>6}  {share(branches, all_branches)}"


print(f"{'module':<34}   lines  executed  branches  taken")
for name in sorted(modules, key=lambda name: (name == "all", name)):
    print(row(name, *modules[name]))
low = [f for f in files if f["line_total"] and 100 * f["line_covered"] / f["line_total"] < least]
print(f"\nfiles below {least:.0f} % of lines: {len(low) or 'none'}")
for file in sorted(low, key=lambda f: f["line_covered"] / f["line_total"]):
    print(row(file["filename"], *(file[k] for k in ("line_covered", "line_total", "branch_covered", "branch_total"))))
PYTHON
