"""What tests of faults share (scenario/faults_*_test.py): runs that may end in a few ways and never by a crash, and
the table of what happened, a part of it by each test: out/faults/NAME.txt."""

import json
import os
import resource
import subprocess
import unittest

from support.program import PROGRAM, RESULT_FILES, SMALL, SOURCE, ProgramTest, main

PRELOAD = os.environ.get("EPFLEET_FAULTS_PRELOAD", "")
SHORT = ["--set", "workload.warm_up=0 s", "--until", "1 s", "--quiet", "--progress", "off"]
RUN = ["run", SMALL, *SHORT, "--out", "result"]
NOBODY = 65534
needs_root = unittest.skipIf(os.geteuid() != 0, "not root: no file system of its own can be mounted")
needs_preload = unittest.skipIf(not PRELOAD, "no EPFLEET_FAULTS_PRELOAD")
ROWS = []


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


class FaultsTest(ProgramTest):
    def run_with(self, *arguments, codes=(0,), timeout=300, **how):
        """Runs the program; a crash, a hang and an unexpected code fail."""
        how = {"cwd": self.folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.PIPE, **how}
        done = subprocess.run([PROGRAM, *map(str, arguments)], text=True, timeout=timeout,
                              errors="replace", check=False, **how)
        self.assertIn(done.returncode, codes, f"{arguments} {how.get('env', '')}\n{done.stderr}")
        if done.returncode == 74 and done.stderr is not None:
            self.assertTrue(done.stderr.strip(), "no word of what failed")
        return done

    def tell(self, fault, happened, code):
        ROWS.append((fault, happened, str(code)))

    def whole(self, folder="result"):
        """The result of this folder as bytes by name; none may be missing."""
        files = {path.name: path.read_bytes() for path in (self.folder / folder).iterdir()}
        self.assertEqual([name for name in RESULT_FILES if name not in files], [])
        json.loads(files["summary.json"])
        return {name: content for name, content in files.items() if name != "run_info.json"}

    def hidden(self):
        return [path.name for path in self.folder.rglob(".*")]


def main_with_table(name):
    try:
        main()
    finally:
        write_table(name)


def write_table(name):
    path = SOURCE / "out" / "faults" / f"{name}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"| {fault} | {happened} | {code} |\n" for fault, happened, code in ROWS))
    except OSError as error:
        print(f"no table: {error}")
