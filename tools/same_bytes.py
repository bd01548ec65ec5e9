#!/usr/bin/env python3
"""Runs the same scenarios with two builds of epfleet and compares their result folders byte for byte
(all files but run_info.json): what a restructuring must keep, and how long each build takes.

    tools/same_bytes.py BASE NEW            quick, the golden scenarios, 20 minutes of the day
    tools/same_bytes.py BASE NEW --day      the whole day too
    tools/same_bytes.py BASE NEW --time 3   also three paired runs of 2 h of the day, in alternation

BASE and NEW are programs (build/release/epfleet of two checkouts). Exit 1 when a byte differs.
"""

import argparse
import filecmp
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAY_DIFFER = {"run_info.json"}
CASES = [
    ("configs/quick.yaml", ["--set", "report.requests=sample"]),
    ("tests/support/small_fleet.yaml", ["--seed", "1"]),
    ("tests/support/small_fleet.yaml", ["--seed", "2"]),
    ("tests/golden/day_and_night.yaml", []),
    ("configs/deepseek_day.yaml", ["--until", "20 min"]),
]
DAY = ("configs/deepseek_day.yaml", [])


def run(program, scenario, options, folder):
    """Runs one scenario into the folder; returns its run_info."""
    command = [program, "run", str(ROOT / scenario), *options, "--out", str(folder), "--quiet",
               "--progress", "off"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nexit {done.returncode}: {done.stderr}")
    return json.loads((folder / "run_info.json").read_text())


def differing(base, new):
    """Names of files that are not the same in both folders."""
    names = {path.name for folder in (base, new) for path in folder.iterdir()} - MAY_DIFFER
    _, mismatch, missing = filecmp.cmpfiles(base, new, sorted(names), shallow=False)
    return sorted(mismatch + missing)


def compare(programs, cases, folder):
    """Prints a row a case; returns whether all are the same."""
    same = True
    for number, (scenario, options) in enumerate(cases):
        folders = [folder / f"{number}_{side}" for side in ("base", "new")]
        for program, out in zip(programs, folders):
            run(program, scenario, options, out)
        found = differing(*folders)
        summary = json.loads((folders[1] / "summary.json").read_text())
        name = " ".join([scenario, *options])
        print(f"{'differs: ' + ', '.join(found) if found else 'same bytes':<30}  "
              f"{summary['scenario']['fingerprint']}  {name}", flush=True)
        same = same and not found
    return same


def time_pairs(programs, pairs, folder):
    """Alternates the two programs and prints the ratio of their wall times."""
    ratios = []
    for number in range(pairs):
        walls = [run(program, DAY[0], ["--until", "2 h"], folder / f"time_{side}")["wall_s"]
                 for side, program in enumerate(programs)]
        ratios.append(walls[1] / walls[0])
        print(f"pair {number + 1}: base {walls[0]:.1f} s, new {walls[1]:.1f} s, "
              f"ratio {ratios[-1]:.3f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--day", action="store_true", help="compare the whole day too")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="paired timings of 2 h")
    options = parser.parse_args()
    programs = [str(pathlib.Path(path).resolve()) for path in (options.base, options.new)]
    with tempfile.TemporaryDirectory(prefix="epfleet_same_bytes_") as folder:
        same = compare(programs, CASES + ([DAY] if options.day else []), pathlib.Path(folder))
        if options.time > 0:
            time_pairs(programs, options.time, pathlib.Path(folder))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
