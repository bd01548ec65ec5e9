"""Drives the program from outside, as a user or a script would."""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["EPFLEET_SOURCE_DIR"])
PROGRAM = os.environ.get("EPFLEET_PROGRAM", "")
QUICK = SOURCE / "configs" / "quick.yaml"
SMALL = SOURCE / "tests" / "support" / "small_fleet.yaml"
SMALL_TRACE = SOURCE / "tests" / "support" / "small_fleet.csv"
REFERENCE = pathlib.Path(os.environ.get("EPFLEET_SHARED_DIR") or "/nowhere")
RESULT_FILES = ["summary.json", "run_info.json", "resolved.yaml", "timeseries.csv", "hourly.csv",
                "bench_serving.json", "decisions.csv", "steps.json", "distributions.csv",
                "report.html"]


PLANNED = f"""
extends: {SMALL}
workload: {{source: token_rate, path: flat.csv, warm_up: 30 s, rate_scale: 30}}
kv_cache: {{model: statistical}}
duration: 3 min
"""


def write_planned(file, text=PLANNED):
    """A scenario that asks for a few groups of the small fleet, with its trace beside it."""
    file.write_text(text)
    (file.parent / "flat.csv").write_text(
        "time_s,requests,input_tokens,cached_tokens,output_tokens\n" + "".join(
            f"{second},500,2000000,1120000,500000\n" for second in range(0, 240, 60)))


def skip_without_program():
    if not PROGRAM or not os.access(PROGRAM, os.X_OK):
        print("skipped: the program was not built")
        sys.exit(77)


def needs(*paths):
    """Skips a test unless these files of the reference data are there, and says which are not."""
    missing = [str(path) for path in paths if not path.exists()]
    return unittest.skipIf(missing, f"no {', '.join(missing)}: EPFLEET_SHARED_DIR names the folder of "
                                    "reference data, which a plain clone does not have")


class ProgramTest(unittest.TestCase):
    """Every test runs in an empty folder of its own, which is the working directory."""

    maxDiff = 2000

    def setUp(self):
        self._temporary = tempfile.TemporaryDirectory(prefix="epfleet_scenario_")
        self.addCleanup(self._temporary.cleanup)
        self.folder = pathlib.Path(self._temporary.name)

    def epfleet(self, *arguments, code=0, environment=None):
        """Runs the program; fails unless it ends with this code."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300,
                              env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stderr}")
        return done

    def refused(self, *arguments):
        """What stderr says when the user's input is wrong; no file may be left behind."""
        before = self.files()
        done = self.epfleet(*arguments, code=2)
        self.assertEqual(self.files(), before)
        return done.stderr

    def files(self):
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def json_of(self, name):
        return json.loads((self.folder / name).read_text())

    def rows_of(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    def assert_same_results(self, first, second):
        """All bytes the same, except what may differ between runs."""
        for name in RESULT_FILES:
            if name != "run_info.json":
                a = (self.folder / first / name).read_bytes()
                b = (self.folder / second / name).read_bytes()
                self.assertEqual(a, b, f"{name} of {first} and {second}")


def main():
    skip_without_program()
    result = unittest.main(exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun == len(result.skipped) else 0)
