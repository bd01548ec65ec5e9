#!/usr/bin/env python3
"""Interrupted runs: Ctrl-C ends with 130, a polite kill with 143, each with a whole, readable
result that says it is partial; a whole one is replaced only by a whole one."""

import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, RESULT_FILES, SMALL, ProgramTest, main  # noqa: E402


class SignalsTest(ProgramTest):
    def interrupt(self, number, *more, wait_for=None):
        """Runs a scenario of days, sends the signal once events flow; answers the exit code."""
        trace = self.folder / "events"
        trace.unlink(missing_ok=True)
        child = subprocess.Popen(
            [PROGRAM, "run", str(SMALL), "--set", "duration=3 d", "--out", "result", "--progress",
             "off", "--trace-events", str(trace), *more], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 120
            while not self.reached(trace, wait_for) and child.poll() is None:
                self.assertLess(time.monotonic(), deadline, "no events")
                time.sleep(0.02)
            self.assertIsNone(child.poll(), "it ended by itself")
            child.send_signal(number)
            child.communicate(timeout=120)
        finally:
            child.kill()
            child.wait()
        return child.returncode

    @staticmethod
    def reached(trace, at_ns):
        """The trace has come to this simulated time (none: it has begun)."""
        if not trace.exists() or trace.stat().st_size < 4096:
            return False
        with open(trace, "rb") as file:
            file.seek(-4096, 2)
            last = file.read().split(b"\n")[-2]
        return at_ns is None or int(last.split()[0]) >= at_ns

    def check_partial(self, result="result"):
        names = sorted(path.name for path in (self.folder / result).iterdir())
        self.assertEqual([name for name in RESULT_FILES if name not in names], [])
        summary = self.json_of(f"{result}/summary.json")
        self.assertTrue(summary["partial"])
        self.assertGreater(summary["simulated_s"], 0)
        self.assertLess(summary["simulated_s"], 3 * 86400)
        rows = self.rows_of(f"{result}/timeseries.csv")
        self.assertEqual(sum(int(row["input_tokens"]) for row in rows), summary["tokens"]["input"])
        requests = summary["requests"]
        self.assertEqual(requests["arrived"], requests["completed"] + requests["rejected"] +
                         requests["failed"] + requests["in_flight"])
        hidden = [path.name for path in self.folder.iterdir() if path.name.startswith(".")]
        self.assertEqual(hidden, [])

    def test_ctrl_c(self):
        self.assertEqual(self.interrupt(signal.SIGINT, wait_for=600 * 10**9), 130)
        self.check_partial()

    def old_result(self):
        self.epfleet("run", SMALL, "--set", "duration=3 d", "--until", "10 s", "--quiet", "--out",
                     "result")

    def test_polite_kill_replaces_an_old_partial_result(self):
        self.old_result()
        self.assertEqual(self.interrupt(signal.SIGTERM, wait_for=600 * 10**9), 143)
        self.check_partial()

    def test_an_interrupted_run_leaves_a_whole_result_and_goes_beside_it(self):
        self.old_result()
        summary = self.folder / "result/summary.json"
        whole = summary.read_text().replace('"partial": true', '"partial": false')
        summary.write_text(whole)
        self.assertEqual(self.interrupt(signal.SIGINT, wait_for=600 * 10**9), 130)
        self.assertEqual(summary.read_text(), whole)
        self.check_partial("result.partial")

    def test_a_closed_terminal_leaves_a_partial_result(self):
        self.assertEqual(self.interrupt(signal.SIGHUP, wait_for=600 * 10**9), 129)
        self.check_partial()

    def test_nohup_goes_on_when_the_terminal_is_closed(self):
        ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; children inherit it
        try:
            child = subprocess.Popen([PROGRAM, "run", str(SMALL), "--out", "result", "--trace-events",
                                      "events"], cwd=self.folder, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            while not (self.folder / "events").exists():
                self.assertIsNone(child.poll())
            child.send_signal(signal.SIGHUP)
            self.assertEqual(child.wait(timeout=120), 0)
        finally:
            signal.signal(signal.SIGHUP, ignored)
        self.assertFalse(self.json_of("result/summary.json")["partial"])

    def test_in_the_warm_up_nothing_has_been_counted(self):
        code = self.interrupt(signal.SIGINT, "--set", "workload.warm_up=3 d")
        self.assertEqual(code, 130)
        summary = self.json_of("result/summary.json")
        self.assertTrue(summary["partial"])
        self.assertEqual(summary["simulated_s"], 0)
        self.assertEqual(summary["requests"]["arrived"], 0)
        self.assertEqual(summary["cost"]["usd"], 0)
        self.rows_of("result/timeseries.csv")

    def test_a_hard_kill_leaves_the_old_result(self):
        self.old_result()
        before = (self.folder / "result/summary.json").read_bytes()
        self.assertEqual(self.interrupt(signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual((self.folder / "result/summary.json").read_bytes(), before)
        self.epfleet("run", SMALL, "--set", "duration=3 d", "--until", "11 s", "--quiet", "--out",
                     "result")
        self.assertEqual(self.json_of("result/summary.json")["simulated_s"], 11)


if __name__ == "__main__":
    main()
