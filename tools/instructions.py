#!/usr/bin/env python3
"""Counts the instructions of the simulating thread per request, in all and by function: the yardstick for small changes,
because it knows no noise (repeatable to 0.1 %).

    tools/instructions.py                      build/release/epfleet: the total and the 40 costliest functions
    tools/instructions.py --day                the same of the published day's nine groups
    tools/instructions.py --limit 5500         also exit 1 when a request takes more: the gate of the tests
    tools/instructions.py --top 10 --json out/instructions.json
    tools/instructions.py --program build/compare/abc/epfleet

Runs two times: under callgrind, which counts what is executed within Engine::run (30 s), and plainly, whose event trace
tells how many requests were accepted, warm-up and cool-down included. What a thread executes while it waits for the
other does not count. Valgrind 3.19 knows no AVX-512: where the program chooses its code by processor, it counts the
AVX2 bodies. Exit 77 when valgrind is not installed.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Both begin with two minutes in which the fleet fills.
QUICK = ["configs/quick.yaml", "--set", "workload.warm_up=2 min", "--until", "4 min"]
DAY = ["configs/deepseek_day.yaml", "--set", "workload.warm_up=2 min", "--set", "report.cool_down=0 s",
       "--until", "4 min"]
COUNTED = "epfleet::engine::Engine::run*"
ACCEPTING = re.compile(r"\bRequestFlow::accept_arrival\(")
# A thread that waits for the other one looks at a counter again and again, and sometimes at the clock, which nothing else
# in the loop does: no work, and under valgrind, which runs one thread at a time, any number of times.
WAITING = re.compile(r"\bbase::\(?.*(wait_for|comes_soon|has_come)\(|steady_clock::now\(|^clock_gettime")


@dataclasses.dataclass
class Function:
    name: str
    calls: int = 0
    own: int = 0
    with_callees: int = 0


class Profile:
    """What a file of callgrind says of each function."""

    def __init__(self, lines):
        self.functions = {}
        self.total = 0
        self._names = {}
        self._read(lines)

    def _function(self, text):
        number, name = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
        if name:
            self._names[number] = name
        name = self._names[number]
        return self.functions.setdefault(name, Function(name))

    def _read(self, lines):
        current = called = None
        next_is_a_call = False
        for line in map(str.rstrip, lines):
            key, _, value = line.partition("=")
            if key == "fn":
                current = self._function(value)
            elif key == "cfn":
                called = self._function(value)
            elif key == "calls":
                called.calls += int(value.split()[0])
                next_is_a_call = True
            elif line.startswith(("summary:", "totals:")):
                self.total = int(line.split()[1])
            elif re.match(r"[0-9+*-]\S* \d+$", line):
                cost = int(line.split()[1])
                if next_is_a_call:
                    called.with_callees += cost
                    next_is_a_call = False
                else:
                    current.own += cost

    def worked(self):
        """Instructions without those of waiting."""
        return self.total - sum(f.own for f in self.functions.values() if WAITING.search(f.name))

    def accepted(self):
        """How often an arrival was accepted; none if that function was inlined away."""
        return next((f.calls for f in self.functions.values() if ACCEPTING.search(f.name)), None)


def short(name):
    """A demangled name without namespaces that all share and without arguments."""
    name = name.replace("(anonymous namespace)::", "").replace("epfleet::", "")
    clone = "".join(f" [{c}]" for c in re.findall(r"\[clone \.([\w.]+)\]", name))
    name = re.sub(r" \[clone [^]]*\]", "", name)
    depth = 0
    for at, char in enumerate(name):
        depth += {"<": 1, ">": -1}.get(char, 0)
        if char == "(" and depth == 0 and at > 0 and not name[:at].endswith("operator"):
            name = name[:at]
            break
    return (name if len(name) <= 90 else name[:87] + "...") + clone


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"instructions.py: {' '.join(map(str, command))}\nexit {done.returncode}: {done.stderr}")


def measure(program, scenario):
    """The profile of a run, and the number of requests it accepted."""
    with tempfile.TemporaryDirectory(prefix="epfleet_instructions_") as folder:
        folder = pathlib.Path(folder)
        simulate = [program, "run", ROOT / scenario[0], *scenario[1:], "--quiet", "--progress", "off", "--out"]
        run([*simulate, folder / "plain", "--trace-events", folder / "trace"], folder)
        with open(folder / "trace", encoding="utf-8") as trace:
            requests = sum(line.split(" ", 3)[2] == "arrival" for line in trace)
        run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'counts'}",
             f"--toggle-collect={COUNTED}", *simulate, folder / "counted"], folder)
        with open(folder / "counts", encoding="utf-8") as counts:
            profile = Profile(counts)
    check(profile, requests)
    return profile, requests


def check(profile, requests):
    """Stops when the two runs, or the two sums of one, contradict each other."""
    own = sum(f.own for f in profile.functions.values())
    if profile.total == 0 or own != profile.total:
        sys.exit(f"instructions.py: functions add up to {own:,} instructions, callgrind says {profile.total:,}")
    accepted = profile.accepted()
    if requests == 0 or accepted not in (None, requests):
        sys.exit(f"instructions.py: the trace has {requests:,} arrivals, callgrind {accepted} of accept_arrival")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", action="store_true", help="nine groups: configs/deepseek_day.yaml")
    parser.add_argument("--limit", type=float, help="exit 1 when a request takes more instructions")
    parser.add_argument("--top", type=int, default=40, help="functions to print (40)")
    parser.add_argument("--json", type=pathlib.Path, help="write all of it to this file")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/epfleet")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("skipped: valgrind is not installed (tools/install_packages.sh test)")
        return 77
    profile, requests = measure(options.program.resolve(), DAY if options.day else QUICK)
    per_request = profile.worked() / requests
    rows = sorted(profile.functions.values(), key=lambda f: -f.own)
    print(f"{requests:,} requests, {per_request:,.1f} instructions a request (AVX2 where code is chosen by processor)")
    print(f"{'own':>8}  {'+ callees':>9}  {'calls':>7}   per request")
    for function in rows[:options.top]:
        print(f"{function.own / requests:8.1f}  {function.with_callees / requests:9.1f}  "
              f"{function.calls / requests:7.3f}   {short(function.name)}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({
            "requests": requests,
            "instructions_per_request": per_request,
            "functions": [{"name": short(f.name), "own": f.own / requests, "with_callees": f.with_callees / requests,
                           "calls": f.calls / requests} for f in rows if f.own or f.calls],
        }, indent=1) + "\n")
    if options.limit is not None and per_request > options.limit:
        print(f"FAILED: {per_request:,.1f} instructions a request, the limit is {options.limit:,.0f}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
