#!/usr/bin/env python3
"""Compares the speed of two commits in one run: builds both (build/compare/COMMIT), measures them in alternation with
what this checkout has of scenarios and items (tools/bench.py), and prints a row a number.

    tools/bench_compare.py main HEAD                              everything
    tools/bench_compare.py main HEAD --only 'instructions|day'    what matches
    tools/bench_compare.py main HEAD --only groups/90 --pairs 7

A ratio is new over base, of one pair; the table has the median of the pairs and their spread. The machine drifts by 15 to
30 % within minutes: only pairs in alternation tell. Instructions know no noise and are counted once.
"""

import pathlib
import re
import statistics
import subprocess
import sys

import bench

EXACT = {"instructions"}


def output_of(*command):
    return subprocess.run(command, cwd=bench.ROOT, check=True, capture_output=True, text=True).stdout.strip()


def build(name):
    """Builds a commit in a worktree of its own, release preset."""
    commit = output_of("git", "rev-parse", "--short=10", f"{name}^{{commit}}")
    tree = bench.ROOT / "build/compare" / commit
    if not tree.exists():
        output_of("git", "worktree", "add", "--detach", str(tree), commit)
    folder = tree / "build/release"
    print(f"building {name} ({commit})", flush=True)
    for command in (["cmake", "-S", tree, "-B", folder, "--preset", "release", "-DEPFLEET_TESTS=OFF", "-Wno-dev"],
                    ["cmake", "--build", folder]):
        done = subprocess.run(list(map(str, command)), cwd=tree, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench_compare: {' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return bench.Build(folder)


def alternate(item, builds, pairs, options):
    """Pairs of results by name; the side that goes first changes from pair to pair."""
    found = {}
    for number in range(pairs):
        both = {}
        for side in ((0, 1), (1, 0))[number % 2]:
            both[side] = bench.measure(item, builds[side], options)
        for name in both[0]:
            if name in both[1]:
                found.setdefault(name, []).append((both[0][name], both[1][name]))
    return found


def row(name, values):
    ratios = sorted(new / base for base, new in values if base > 0)
    if not ratios:
        return None
    base, new = (statistics.median(side) for side in zip(*values))
    spread = f"{ratios[0]:.3f} .. {ratios[-1]:.3f}" if len(ratios) > 1 else "once"
    return f"{base:>16,.2f}  {new:>16,.2f}  x {statistics.median(ratios):.3f}  {spread:<18}  {name}"


def main():
    parser = bench.arguments(__doc__)
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--pairs", type=int, default=5, help="of runs (5)")
    options = parser.parse_args()
    builds = [build(options.base), build(options.new)]
    shared = [name for name in bench.items(builds[0]) if name in bench.items(builds[1])]
    table = []
    for item in (name for name in shared if re.search(options.only, name)):
        print(f"measuring {item}", flush=True)
        found = alternate(item, builds, 1 if item in EXACT else options.pairs, options)
        table += filter(None, (row(name, values) for name, values in found.items()))
    print(f"\n{options.base:>16}  {options.new:>16}  ratio    spread")
    print("\n".join(table))


if __name__ == "__main__":
    main()
