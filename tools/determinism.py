#!/usr/bin/env python3
"""Same scenario and seed, same bytes: compares every result file (but run_info.json) of a set of scenarios

  * over builds: g++ optimised, g++ debug with sanitizers (of addresses and undefined behaviour; of threads), clang, with
    FMA and AVX2, with link-time optimisation;
  * over surroundings: another processor as the C library sees it, another locale and time zone, memory that is not
    zero, fixed addresses, one core, another working folder, output watched;
  * over threads: a run with helpers against a sweep's case without, sweeps by 1, 2 and 4 workers.

    tools/determinism.py                         all of it (an hour of compiling, unless ccache knows it)
    tools/determinism.py --builds 'clang|FMA'    what matches, and the surroundings
    tools/determinism.py --program build/release/epfleet     surroundings and threads alone, of the short scenarios: the test

Prints a table; with builds it goes to out/determinism/table.txt. Exit 1 when a byte differs.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import same_bytes

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Name, preset, what is set beyond it; in the folder of the preset, or one of its own.
BUILDS = {
    "g++ -O3": ("release", []),
    "clang++ 19 -O3": ("clang", []),
    "g++ -O3 -march=x86-64-v3 (FMA, AVX2)": ("release", ["-DCMAKE_CXX_FLAGS=-march=x86-64-v3"]),
    "g++ -O3, link-time optimisation": ("release", ["-DEPFLEET_LTO=ON", "-DEPFLEET_PCH=OFF"]),
    "g++ -Og, AddressSanitizer, UndefinedBehaviorSanitizer": ("dev", []),
    "g++ -Og, ThreadSanitizer": ("threads", []),
}
BASE = "g++ -O3"
# The C library picks variants of its functions by processor, and they differ in the last bit.
PLAIN_PROCESSOR = "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX2_Usable,-FMA_Usable,-AVX"
# Surroundings: environment, what goes before the program.
SURROUNDINGS = {
    "the same again": ({}, []),
    "C library without FMA, AVX, AVX2": ({"GLIBC_TUNABLES": PLAIN_PROCESSOR}, []),
    "German locale, New Zealand's time": ({"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Auckland"}, []),
    "memory that is not zero": ({"MALLOC_PERTURB_": "165"}, []),
    "fixed addresses": ({}, ["setarch", "-R"]),
    "one core": ({}, ["taskset", "-c", "0"]),
}
SMALL = "tests/support/small_fleet.yaml"
CASES = {
    "quick": ["run", "configs/quick.yaml", "--until", "2 min", "--set", "workload.warm_up=1 min",
              "--set", "report.requests=all"],
    "day": ["run", "configs/deepseek_day.yaml", "--until", "1 min", "--set", "workload.warm_up=1 min"],
    "small": ["run", SMALL, "--seed", "2"],
    "night": ["run", "tests/golden/day_and_night.yaml"],
    "overload": ["run", "configs/overload.yaml", "--until", "1 min", "--set", "workload.warm_up=1 min",
                 "--set", "report.cool_down=1 min"],
    "failures": ["run", SMALL, "--set", "failures.node_rate=60", "--set", "failures.recovery=mask_and_rejoin",
                 "--set", "failures.in_flight=retry", "--set", "fleet.groups=3", "--set", "workload.rate_scale=3"],
    "scaling": ["run", SMALL, "--set", "scaling.policy=target", "--set", "scaling.max_groups=3",
                "--set", "scaling.start_up=10 s", "--set", "workload.rate_scale=16"],
    "rules": ["run", SMALL, "--set", "prefill.balancer=power_of_two", "--set", "decode.balancer=random",
              "--set", "kv_cache.eviction=fifo", "--set", "experts.skew=lognormal",
              "--set", "decode.microbatch=sticky"],
    "replay": ["replay", "tests/support/small_fleet.csv", "--scenario", SMALL],
}
SHORT = ["night", "failures", "scaling", "rules", "replay"]
SWEEP = f"""
scenario: {ROOT / SMALL}
set: {{duration: 2 min}}
grid: {{decode.balancer.gpu: [joint, random]}}
replicates: 4
metrics: [latency.output_speed_tps.mean, latency.ttft_s.p99, tokens.output, cache.hit_ratio]
"""


def run(command, environment=None, cwd=ROOT):
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        sys.exit(f"determinism: {' '.join(map(str, command))}\nexit {done.returncode}: "
                 f"{done.stdout[-2000:]}{done.stderr[-2000:]}")


def build(name):
    preset, settings = BUILDS[name]
    own = re.sub(r"[^a-z0-9]+", "_", "_".join(settings).lower())
    folder = ROOT / "build" / (preset + own)
    print(f"building {name}", flush=True)
    run(["cmake", "--preset", preset, "-B", folder, *settings, "-Wno-dev"])
    run(["cmake", "--build", folder, "--target", "epfleet"])
    return folder / "epfleet"


def absolute(argument):
    path = ROOT / argument
    return str(path) if "/" in argument and path.is_file() else argument


def results_of(program, cases, folder, surroundings=({}, []), cwd=ROOT, watched=False):
    """A folder of results for each case."""
    environment, before = surroundings
    quiet = ["--progress", "on"] if watched else ["--progress", "off", "--quiet"]
    for case, arguments in cases.items():
        run([*before, program, *map(absolute, arguments), *quiet, "--out", folder / case], environment, cwd)
    sweep(program, folder / "sweep", 4)
    return folder


def compared(base, new):
    """What differs, by case."""
    found = {case.name: same_bytes.differing(case, new / case.name) for case in sorted(base.iterdir())
             if case.name in CASES}
    return found | {"sweep": sweep_difference(base / "sweep", new / "sweep")}


def sweep(program, folder, workers):
    folder.mkdir(parents=True)
    file = folder.parent / "sweep.yaml"
    file.write_text(SWEEP)
    run([program, "sweep", file, "-j", workers, "--out", folder])
    return folder


def sweep_difference(base, new):
    return [name for name in ("sweep.csv", "comparison.csv", "report.html")
            if (base / name).read_bytes() != (new / name).read_bytes()]


def thread_difference(program, sweep_folder, folder):
    """Metrics of a sweep's case, which has no helper threads, that a run with helpers gives otherwise."""
    run([program, "run", ROOT / SMALL, "--set", "duration=2 min", "--set", "decode.balancer.gpu=joint",
         "--quiet", "--progress", "off", "--out", folder])
    summary = json.loads((folder / "summary.json").read_text())
    cases = [dict(re.findall(r"^metric (\S+) (\S+)$", path.read_text(), re.MULTILINE))
             for path in sweep_folder.glob("cases/*-0.case")]
    wrong = [[name for name, value in case.items() if number_in(summary, name) != float(value)] for case in cases]
    return min(wrong, key=len)  # one of the cases has the run's balancer, the other has not


def number_in(summary, path):
    at = summary
    for key in path.split("."):
        at = at.get(key) if isinstance(at, dict) else None
    return float(at) if isinstance(at, (int, float)) else None


class Table:
    def __init__(self, cases):
        self.lines = [f"{'':<54}  " + "  ".join(f"{case:<8}" for case in [*sorted(cases), "sweep"])]
        self.same = True

    def add(self, name, found):
        cells = ["DIFFERS" if files else "same" for files in found.values()]
        self._put(f"{name:<54}  " + "  ".join(f"{cell:<8}" for cell in cells), any(found.values()))
        for case, files in found.items():
            if files:
                self.lines.append(f"  {case}: {', '.join(files)}")
                print(self.lines[-1], flush=True)

    def add_one(self, name, found):
        self._put(f"{name:<54}  " + (f"DIFFERS: {', '.join(found)}" if found else "same"), bool(found))

    def _put(self, line, differs):
        self.lines.append(line.rstrip())
        self.same = self.same and not differs
        print(self.lines[-1], flush=True)


def german_locale(folder):
    """The locale, made in the folder where the system has not got it; what must be set to find it."""
    if "de_DE.utf8" in subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout:
        return {}
    if shutil.which("localedef"):
        made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")],
                              capture_output=True, check=False)
        if made.returncode == 0:
            return {"LOCPATH": str(folder)}
    return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builds", default="", metavar="REGEX", help="builds to compare with g++ -O3")
    parser.add_argument("--program", type=pathlib.Path, help="no builds: this program in other surroundings")
    options = parser.parse_args()
    cases = {case: CASES[case] for case in (SHORT if options.program else CASES)}
    table = Table(cases)
    with tempfile.TemporaryDirectory(prefix="epfleet_determinism_") as temporary:
        folder = pathlib.Path(temporary)
        program = options.program.resolve() if options.program else build(BASE)
        print(table.lines[0], flush=True)
        base = results_of(program, cases, folder / "base")
        if not options.program:
            for name in BUILDS:
                if name != BASE and re.search(options.builds, name):
                    table.add(name, compared(base, results_of(build(name), cases, folder / "build")))
                    shutil.rmtree(folder / "build")
        locale = german_locale(folder)
        for number, (name, (environment, before)) in enumerate(SURROUNDINGS.items()):
            if before and not shutil.which(before[0]):
                continue
            there = ({**environment, **locale} if "LC_ALL" in environment else environment, before)
            table.add(name, compared(base, results_of(program, cases, folder / str(number), there)))
            shutil.rmtree(folder / str(number))
        table.add("another working folder, progress shown",
                  compared(base, results_of(program, cases, folder / "elsewhere", cwd=folder, watched=True)))
        for workers in (1, 2):
            table.add_one(f"sweep by {workers} instead of 4 workers", sweep_difference(
                base / "sweep", sweep(program, folder / f"j{workers}", workers)))
        table.add_one("a run with helper threads instead of none",
                      thread_difference(program, base / "sweep", folder / "threads"))
    if not options.program:
        out = ROOT / "out/determinism/table.txt"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text("\n".join(table.lines) + "\n")
        print(f"written: {out.relative_to(ROOT)}")
    return 0 if table.same else 1


if __name__ == "__main__":
    sys.exit(main())
