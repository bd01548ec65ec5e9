#!/usr/bin/env python3
"""Comparisons read runs and sweeps alike: folders of one scenario with several seeds are its
replicates, and say the same as a sweep over them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SMALL, ProgramTest, main  # noqa: E402


class CompareTest(ProgramTest):
    def run_one(self, rule, seed):
        out = f"{rule}{seed}"
        self.epfleet("run", SMALL, "--set", "duration=1 min", "--set", f"decode.balancer={rule}",
                     "--seed", seed, "--quiet", "--out", out)
        return out

    def test_runs_and_a_sweep_say_the_same(self):
        folders = [self.run_one(rule, seed) for rule in ["joint", "round_robin"]
                   for seed in [1, 2, 3]]
        metric = "latency.output_speed_tps.mean"
        self.epfleet("compare", *folders, "--metric", metric, "--out", "of_runs")
        (self.folder / "s.yaml").write_text(
            f"scenario: {SMALL}\nset: {{duration: 1 min}}\nreplicates: 3\nmetrics: [{metric}]\n"
            "grid: {decode.balancer: [joint, round_robin]}\n")
        shown = self.epfleet("sweep", "s.yaml").stdout
        self.assertIn("Significantly worse than decode.balancer=joint", shown)
        self.epfleet("compare", "out/s", "--out", "of_sweep")
        runs, sweep = self.rows_of("of_runs/comparison.csv"), self.rows_of("of_sweep/comparison.csv")
        for a, b in zip(runs, sweep):
            self.assertEqual(a["seeds"], "3")
            for column in ["mean", "difference", "difference_low", "p", "significant"]:
                self.assertEqual(a[column], b[column], column)
        self.assertLess(float(sweep[1]["difference_high"]), 0)

    def test_one_seed_has_no_interval(self):
        a, b = self.run_one("joint", 1), self.run_one("random", 1)
        shown = self.epfleet("compare", a, b, "--baseline", b).stdout
        self.assertIn("one seed: no interval", shown)
        self.assertRegex(shown, rf"{b} .* baseline")
        self.assertNotIn("Significantly", shown)

    def test_refused(self):
        a = self.run_one("joint", 1)
        (self.folder / "empty").mkdir()
        self.assertIn("one variant only", self.refused("compare", a))
        self.assertIn("one variant only", self.refused("compare", a, a))
        self.assertIn("is not a result of epfleet", self.refused("compare", a, "empty"))
        b = self.run_one("random", 1)
        self.assertIn("choose from: joint1; random1",
                      self.refused("compare", a, b, "--baseline", "best"))
        self.assertIn("no number 'latency'", self.refused("compare", a, b, "--metric", "latency"))
        self.assertIn("left alone", self.refused("compare", a, b, "--out", a))
        self.epfleet("run", SMALL, "--until", "10 s", "--quiet", "--out", "cut")
        self.assertIn("partial", self.refused("compare", a, "cut"))


if __name__ == "__main__":
    main()
