#!/usr/bin/env python3
"""What `epfleet init` writes is a scenario that passes the check, runs, and means what was asked, in
the words of epfleet and of other tools."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import ProgramTest, main  # noqa: E402

SHORT = ["--until", "5 s", "--set", "workload.warm_up=0 s", "--quiet"]


class InitTest(ProgramTest):
    def test_what_is_written_passes_and_meets_its_objectives(self):
        self.epfleet("init", "my.yaml", "--nodes", "30", "--input", "2000", "--output", "300")
        self.assertIn("no problem found", self.epfleet("check", "my.yaml").stdout)
        self.epfleet("run", "my.yaml", "--quiet")
        summary = self.json_of("out/my/summary.json")
        self.assertTrue(summary["verdict"]["meets_slo"])
        self.assertLessEqual(summary["nodes"]["peak"], 30)
        self.assertAlmostEqual(summary["workload"]["mean_input_tokens"], 2000, delta=40)
        self.assertAlmostEqual(summary["workload"]["mean_output_tokens"], 300, delta=6)
        self.assertAlmostEqual(summary["cache"]["hit_ratio"], 0.5, delta=0.01)

    def test_words_of_other_tools(self):
        ours = self.epfleet("init", "--rate", "40/s", "--input", "3000", "--output", "500", "--ttft",
                            "2000 ms", "--tpot", "40 ms", "--gpus", "240").stdout
        theirs = self.epfleet("init", "--request-rate", "40", "--random-input-len", "3000",
                              "--random-output-len", "500", "--goodput", "ttft:2000", "tpot:40",
                              "--max-gpu-budget", "240").stdout
        self.assertEqual(ours, theirs)
        text = self.epfleet("init", "--isl", "3000", "--osl", "500", "--max-num-seqs", "64", "--ep-size",
                            "72", "--num-prompts", "500", "--burstiness", "0.25").stdout
        for said in ["gpus: 72", "max_requests_per_gpu: 64", "requests: 500", "cv: 2}"]:
            self.assertIn(said, text)
        (self.folder / "my.yaml").write_text(text)
        self.epfleet("check", "my.yaml")
        text = self.epfleet("init", "--max-concurrency", "300").stdout
        (self.folder / "closed.yaml").write_text(text)
        self.epfleet("run", "closed.yaml", *SHORT)

    def test_nothing_of_the_users_is_lost(self):
        (self.folder / "my.yaml").write_text("mine\n")
        self.assertIn("--force", self.refused("init", "my.yaml"))
        self.assertEqual((self.folder / "my.yaml").read_text(), "mine\n")
        self.epfleet("init", "my.yaml", "--force")
        self.epfleet("check", "my.yaml")

    def test_refused(self):
        for arguments, said in [
                (["--rate", "fast"], "--rate"), (["--rate", "0"], "above 0"),
                (["--input", "0"], "at least one token"), (["--hit-ratio", "100 %"], "below 1"),
                (["--ttft", "2"], "--ttft"), (["--tpot", "x"], "--tpot"),
                (["--goodput", "e2el:100"], "latency.e2e_s.p99"), (["--nodes", "2"], "2 nodes"),
                (["--nodes", "30", "--gpus", "240"], "excludes"),
                (["--hardware", "h9000"], "there is no part 'h9000'"),
                (["--input", "90000000"], "does not fit"), (["--gpu-price", "2"], "--gpu-price")]:
            self.assertIn(said, self.refused("init", "my.yaml", *arguments), arguments)


if __name__ == "__main__":
    main()
