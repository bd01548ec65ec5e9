#!/usr/bin/env python3
"""Measures a build and writes one JSON of numbers (out/bench/COMMIT.json). Release build, nothing else running.

    tools/bench.py                          everything (15 minutes)
    tools/bench.py --only 'day|groups/90'   what matches: micro/NAME, instructions, day, groups/N, sweep
    tools/bench.py --only day --windows '6 h,12 h,24 h' --out out/bench/day.json     the table of docs/guide.md
    tools/bench.py --list

| item | what is measured |
| --- | --- |
| micro/NAME | each benchmark of bench/NAME.cpp (Google Benchmark): CPU ns a call, and ns an item where it counts items |
| instructions | instructions of the simulating thread per request (tools/instructions.py) |
| day | the start of the published day up to each window: wall, CPU by thread (from /proc), peak memory |
| groups/N | a fleet of N groups at the day's mean load per node (bench/groups.yaml): wall time of the window per
|          | request, and peak memory. 90 groups are 1.5 billion requests a day |
| sweep | 20 cases of bench/sweep_200.yaml by one worker and by two: CPU a case, and what the second worker brings |

What each says and how to compare two commits: bench/README.md.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import instructions

ROOT = pathlib.Path(__file__).resolve().parent.parent
DAY = "configs/deepseek_day.yaml"
QUIET = ["--quiet", "--progress", "off", "--force"]
GROUPS = {1: 300, 3: 100, 9: 30, 30: 9, 90: 10}  # minutes: 4 million requests or more
GROUP_TOKENS_PER_S = {"input": 580e6 / 600, "output": 160e6 / 600}  # as in configs/quick.yaml
POLL_S = 0.02


class Build:
    """A build folder of the release preset."""

    def __init__(self, folder):
        self.program = pathlib.Path(folder).resolve() / "epfleet"
        self.benches = sorted((pathlib.Path(folder).resolve() / "bench").glob("*_bench"))


@dataclasses.dataclass
class Spent:
    wall_s: float
    user_s: float
    system_s: float
    peak_mb: float
    threads_s: dict  # CPU by thread: its name, or main, helper_1, ... by age

    @property
    def cpu_s(self):
        return self.user_s + self.system_s


def spend(command):
    """Runs a command and says what it took; CPU of a thread is as of the last poll before it ended."""
    started = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    threads = {}
    while True:
        for task in pathlib.Path(f"/proc/{process.pid}/task").glob("*"):
            try:
                name = (task / "comm").read_text().strip()
                threads[int(task.name)] = (name, int((task / "schedstat").read_text().split()[0]) / 1e9)
            except (OSError, IndexError):
                pass  # it has just ended
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(POLL_S)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}\nexit {process.returncode}: {process.stderr.read().decode()}")
    process.stderr.close()
    named = {}
    for age, (tid, (name, seconds)) in enumerate(sorted(threads.items())):
        own = name if name != pathlib.Path(command[0]).name[:15] else "main" if tid == process.pid else f"helper_{age}"
        named[own] = named.get(own, 0.0) + seconds
    return Spent(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss / 1024, named)


def simulate(build, scenario, options):
    """What a run took, its requests counted in the window and its run_info.json."""
    with tempfile.TemporaryDirectory(prefix="epfleet_bench_") as folder:
        spent = spend([build.program, "run", ROOT / scenario, *options, *QUIET, "--out", f"{folder}/out"])
        summary = json.loads(pathlib.Path(folder, "out/summary.json").read_text())
        info = json.loads(pathlib.Path(folder, "out/run_info.json").read_text())
    return spent, summary["requests"]["arrived"], info


def micro(bench, build, _options):
    path = next((b for b in build.benches if b.name == bench), None)
    if path is None:
        return {}
    done = subprocess.run([path, "--benchmark_format=json", "--benchmark_min_time=0.2"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = {}
    for row in json.loads(done.stdout)["benchmarks"]:
        unit = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}[row["time_unit"]]
        kind = "real_time" if row["name"].endswith("/real_time") else "cpu_time"
        found[f"{row['name']} ns"] = row[kind] * unit
        for rate, name in (("items_per_second", "ns/item"), ("bytes_per_second", "ns/KB")):
            if row.get(rate):
                found[f"{row['name']} {name}"] = (1e12 if rate.startswith("bytes") else 1e9) / row[rate]
    return found


def instruction_count(build, _options):
    profile, requests = instructions.measure(build.program)
    return {"per request": profile.worked() / requests}


def day(build, options):
    found = {}
    for window in options.windows.split(","):
        spent, requests, info = simulate(build, DAY, ["--until", window])
        found |= {f"{window} wall s": spent.wall_s, f"{window} CPU s": spent.cpu_s,
                  f"{window} system CPU s": spent.system_s, f"{window} requests": requests,
                  f"{window} wall ns/request": spent.wall_s * 1e9 / requests,
                  f"{window} CPU ns/request": spent.cpu_s * 1e9 / requests,
                  f"{window} wall ns/event": spent.wall_s * 1e9 / info["events"],
                  f"{window} peak MB": spent.peak_mb}
        found |= {f"{window} {name} CPU s": seconds for name, seconds in spent.threads_s.items()}
    return found


def group_options(groups, minutes):
    """Settings of bench/groups.yaml."""
    totals = {kind: round(groups * minutes * 60 * rate / 1e6) for kind, rate in GROUP_TOKENS_PER_S.items()}
    return ["--set", f"fleet.groups={groups}", "--set", f"duration={minutes} min",
            *(option for kind, total in totals.items()
              for option in ("--set", f"workload.totals.{kind}={total} million"))]


def fleet(groups, build, _options):
    spent, requests, info = simulate(build, "bench/groups.yaml", group_options(groups, GROUPS[groups]))
    found = {"requests": requests, "CPU s": spent.cpu_s, "peak MB": spent.peak_mb}
    if "window_s" in info:  # not of builds from before it was there
        found |= {"before the window s": info["before_window_s"],
                  "wall ns/request": info["window_s"] * 1e9 / requests}
    return found


def sweep(build, _options):
    found = {}
    spent = {}
    cases = 20
    with tempfile.TemporaryDirectory(prefix="epfleet_bench_") as folder:
        for workers in (1, 2):
            spent[workers] = spend([build.program, "sweep", ROOT / "bench/sweep_200.yaml", "-j", workers, "--fresh",
                                    "--shard", f"0/{200 // cases}", "--out", f"{folder}/{workers}"])
            found[f"-j{workers} CPU s/case"] = spent[workers].cpu_s / cases
            found[f"-j{workers} wall s/case"] = spent[workers].wall_s / cases
    found["CPU a case, -j2 over -j1"] = spent[2].cpu_s / spent[1].cpu_s
    found["wall, -j2 over -j1"] = spent[2].wall_s / spent[1].wall_s
    return found


def items(build):
    """What can be measured of a build, by name: functions of it and the options."""
    found = {f"micro/{bench.name}": lambda b, o, name=bench.name: micro(name, b, o) for bench in build.benches}
    found |= {"instructions": instruction_count, "day": day}
    found |= {f"groups/{groups}": lambda b, o, groups=groups: fleet(groups, b, o) for groups in GROUPS}
    found["sweep"] = sweep
    return found


def measure(name, build, options):
    return {f"{name} {what}": value for what, value in items(build)[name](build, options).items()}


def commit(folder=ROOT):
    git = ["git", "-C", str(folder)]
    name = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True)
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    return name.stdout.strip() + ("-changed" if changed.stdout.strip() else "")


def processor():
    return next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                 if line.startswith("model name")), "unknown processor")


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="items whose name matches")
    parser.add_argument("--windows", default="2 h", help="of the day, with commas between (2 h)")
    return parser


def main():
    parser = arguments(__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--out", type=pathlib.Path, help="file (out/bench/COMMIT.json)")
    parser.add_argument("--list", action="store_true", help="print the names of the items")
    options = parser.parse_args()
    build = Build(options.build)
    chosen = [name for name in items(build) if re.search(options.only, name)]
    if options.list:
        print("\n".join(chosen))
        return
    results = {}
    for name in chosen:
        for what, value in measure(name, build, options).items():
            results[what] = value
            print(f"{value:>16,.2f}  {what}", flush=True)
    out = options.out or ROOT / f"out/bench/{commit()}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"commit": commit(), "processor": f"{os.cpu_count()} x {processor()}",
                               "results": results}, indent=1) + "\n")
    print(f"written: {out}")


if __name__ == "__main__":
    main()
