#!/usr/bin/env python3
"""Same scenario and seed, same bytes: again, with a trace, watched, replayed. In other surroundings and builds:
tools/determinism.py."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import QUICK, SMALL, SMALL_TRACE, ProgramTest, main  # noqa: E402


class SameBytesTest(ProgramTest):
    def test_two_runs(self):
        for out in ["a", "b"]:
            self.epfleet("run", SMALL, "--quiet", "--out", out, "--trace-events", f"{out}.trace")
        self.assert_same_results("a", "b")
        trace = (self.folder / "a.trace").read_text()
        self.assertEqual(trace, (self.folder / "b.trace").read_text())
        keys = [(int(time), int(phase)) for time, phase, _, _ in map(str.split,
                                                                     trace.splitlines())]
        self.assertGreater(len(keys), 5000)
        self.assertEqual(keys, sorted(keys), "executed events never go back")

    def test_a_pipe_gets_the_events_that_a_file_gets(self):
        """A warm-up of no given length is tried: the pipe got the events of every trial."""
        settings = ["--until", "1 s", "--quiet", "--force"]
        self.epfleet("run", QUICK, *settings, "--trace-events", "file")
        done = self.epfleet("run", QUICK, *settings, "--trace-events", "/dev/stdout")
        self.assertTrue(done.stdout == (self.folder / "file").read_text())

    def test_replay(self):
        for out in ["a", "b"]:
            self.epfleet("replay", SMALL_TRACE, "--scenario", SMALL, "--quiet", "--out", out)
        self.assert_same_results("a", "b")
        summary = self.json_of("a/summary.json")
        self.assertEqual(summary["requests"]["arrived"], 465 + 511 + 402 + 12 + 560 + 440)
        self.epfleet("replay", SMALL_TRACE, "--scenario", SMALL, "--rate-scale", "0.5", "--quiet",
                     "--out", "half")
        self.assertEqual(self.json_of("half/summary.json")["requests"]["arrived"], 2390 // 2)

    def test_watching_changes_nothing(self):
        self.epfleet("run", SMALL, "--quiet", "--progress", "off", "--out", "a")
        self.epfleet("run", SMALL, "--progress", "on", "--json", "--out", "b")
        self.assert_same_results("a", "b")

    def test_checking_the_sums_changes_nothing(self):
        """Neither the results nor the events; the option may stand before the scenario."""
        settings = ["--quiet", "--until", "1 min"]
        self.epfleet("run", SMALL, *settings, "--out", "a", "--trace-events", "a.trace")
        self.epfleet("run", "--check-sums", SMALL, *settings, "--out", "b", "--trace-events", "b.trace")
        self.epfleet("run", SMALL, "--check-sums=97", *settings, "--out", "c")
        self.assert_same_results("a", "b")
        self.assert_same_results("a", "c")
        self.assertTrue((self.folder / "a.trace").read_text() == (self.folder / "b.trace").read_text())
        self.epfleet("replay", SMALL_TRACE, "--scenario", SMALL, *settings, "--out", "d", "--check-sums")

    def test_a_set_key_is_as_good_as_a_file(self):
        (self.folder / "mine.yaml").write_text(
            f"extends: {SMALL}\nname: mine\ndecode:\n  balancer: round_robin\n")
        self.epfleet("run", "mine.yaml", "--quiet", "--until", "1 min", "--out", "file")
        self.epfleet("run", SMALL, "--set", "decode.balancer=round_robin", "--set", "name=mine",
                     "--quiet", "--until", "1 min", "--out", "set")
        a, b = self.json_of("file/summary.json"), self.json_of("set/summary.json")
        self.assertEqual(a["scenario"], b["scenario"])


if __name__ == "__main__":
    main()
