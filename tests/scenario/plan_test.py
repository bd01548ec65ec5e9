#!/usr/bin/env python3
"""A plan agrees with trying everything: the fewest groups that meet the objectives, the cheapest
combination of a grid, the highest rate. It says what more traffic and a more expensive GPU
change."""

import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PLANNED, PROGRAM, ProgramTest, main, write_planned  # noqa: E402


class PlanTest(ProgramTest):
    def setUp(self):
        super().setUp()
        write_planned(self.folder / "base.yaml")

    def brute_force(self, grid, metric):
        """(value of every combination, status) by sweep."""
        (self.folder / "all.yaml").write_text(
            f"scenario: base.yaml\ngrid: {grid}\nmetrics: [slo.windows_met, {metric}]\n")
        self.epfleet("sweep", "all.yaml", "--quiet")
        return [row for row in self.rows_of("out/all/sweep.csv")
                if row["status"] == "ok" and row["slo.windows_met"] == "1"]

    def test_fewest_groups_as_by_brute_force(self):
        good = self.brute_force("{fleet.groups: [0, 1, 2, 3, 4, 5, 6]}", "cost.usd")
        cheapest = min(good, key=lambda row: float(row["cost.usd"]))
        shown = self.epfleet("plan", "base.yaml", "--vary", "fleet.groups=0..6", "--meet", "slo",
                             "--minimise", "cost.usd", "--out", "plan").stdout
        rows = self.rows_of("plan/plan.csv")
        best, = [row for row in rows if row["best"] == "1" and row["change"] == ""]
        self.assertEqual(best["fleet.groups"], cheapest["fleet.groups"])
        self.assertEqual(best["cost.usd"], cheapest["cost.usd"])
        groups = int(best["fleet.groups"])
        tried = {int(row["fleet.groups"]): row["met"] for row in rows if row["change"] == ""}
        self.assertEqual((tried[groups - 1], tried[groups + 1]), ("0", "1"))
        self.assertIn(f"fleet.groups = {groups}, cost.usd", shown)
        self.assertIn("USD per million tokens in", shown)
        self.assertRegex(shown, rf"With workload.rate_scale=36: fleet.groups = \d+ instead of {groups}")
        # The price of a GPU moves every price by as much, and no decision.
        self.assertRegex(shown, rf"With prices.gpu_hour=2.6 USD/h: fleet.groups = {groups} as before; "
                                r"cost \d+ USD per hour|cost [\d.]+ \(\+30.0 %\) USD per hour")
        more, = [row for row in rows if row["best"] == "1" and "rate_scale" in row["change"]]
        write_planned(self.folder / "base.yaml", PLANNED.replace("rate_scale: 30", "rate_scale: 36"))
        good = self.brute_force("{fleet.groups: [0, 1, 2, 3, 4, 5, 6]}", "cost.usd")
        self.assertEqual(more["fleet.groups"],
                         min(good, key=lambda row: float(row["cost.usd"]))["fleet.groups"])

    def test_a_grid_around_the_search(self):
        good = self.brute_force(
            "{decode.balancer: [joint, random], fleet.groups: [0, 1, 2, 3, 4, 5, 6]}", "cost.usd")
        self.epfleet("plan", "base.yaml", "--vary", "fleet.groups=0..6", "--vary",
                     "decode.balancer=joint,random", "--meet", "slo", "--minimise", "cost.usd",
                     "--what-if", "none", "--quiet", "--out", "plan")
        for row in self.rows_of("plan/plan.csv"):
            if row["best"] == "1":
                fewest = min(int(one["fleet.groups"]) for one in good
                             if one["decode.balancer"] == row["decode.balancer"])
                self.assertEqual(int(row["fleet.groups"]), fewest)

    def test_the_highest_rate(self):
        self.epfleet("plan", "base.yaml", "--vary", "workload.rate_scale=1..40", "--meet", "slo",
                     "--maximise", "workload.rate_scale", "--what-if", "none", "--out", "plan")
        (self.folder / "s.yaml").write_text(
            "scenario: base.yaml\nsearch: {key: workload.rate_scale, low: 1, high: 40}\n")
        self.epfleet("sweep", "s.yaml")
        best, = [row for row in self.rows_of("plan/plan.csv") if row["best"] == "1"]
        by_sweep, = self.rows_of("out/s/sweep.csv")
        ratio = float(best["workload.rate_scale"]) / float(by_sweep["search.workload.rate_scale"])
        self.assertTrue(1 / 1.02 <= ratio <= 1.02, ratio)

    def test_it_cannot_be_met(self):
        shown = self.epfleet("plan", "base.yaml", "--set", "slo.ttft.limit=1 ms", "--vary",
                             "fleet.groups=1..3", "--meet", "slo", "--minimise", "cost.usd").stdout
        self.assertIn("cannot be met in the range", shown)

    def plan(self, *arguments, **how):
        return self.epfleet("plan", "base.yaml", *arguments, "--what-if", "none", **how)

    def tried(self, done):
        return [line for line in done.stderr.splitlines() if line.startswith("tried")]

    def test_prices_are_computed_not_simulated(self):
        question = ["--vary", "fleet.groups=1..3", "--minimise", "cost.usd", "--out", "plan"]
        done = self.epfleet("plan", "base.yaml", *question, "--what-if", "prices.gpu_hour=x3",
                            "--what-if", "prices.paid_share.api=0.5")
        self.assertEqual(len(self.tried(done)),
                         len({row["fleet.groups"] for row in self.rows_of("plan/plan.csv")}))
        priced = {row["fleet.groups"]: row["cost.usd"] for row in self.rows_of("plan/plan.csv")
                  if row["change"].startswith("prices.gpu_hour")}
        self.plan(*question, "--set", "prices.gpu_hour=6 USD/h")
        for row in self.rows_of("plan/plan.csv"):  # to the last digit as simulated with that price
            self.assertEqual(priced.get(row["fleet.groups"], row["cost.usd"]), row["cost.usd"])

    def test_limits_hold_beside_the_objectives(self):
        question = ["--vary", "fleet.groups=1..9", "--maximise", "latency.output_speed_tps.mean",
                    "--out", "plan"]
        self.plan(*question)
        free, = [row for row in self.rows_of("plan/plan.csv") if row["best"] == "1"]
        most = float(free["nodes.mean"]) - 1
        done = self.plan(*question, "--limit", f"nodes.peak<={most}")
        rows = self.rows_of("plan/plan.csv")
        best, = [row for row in rows if row["best"] == "1"]
        self.assertEqual(int(best["fleet.groups"]), int(free["fleet.groups"]) - 1)
        self.assertLessEqual(float(best["nodes.peak"]), most)
        self.assertIn("under the objectives and limits", done.stdout)
        self.assertIn("Objectives and limits cannot both be met",
                      self.plan(*question, "--limit", "nodes.peak<=3").stdout)

    def test_what_a_neighbour_rules_out_is_not_run(self):
        done = self.plan("--vary", "fleet.groups=0..6", "--vary", "fleet.base.prefill_units=1,2",
                         "--minimise", "cost.usd", "--limit", "nodes.peak<=40", "--out", "plan")
        rows = self.rows_of("plan/plan.csv")
        out = [row for row in rows if row["why_not"].startswith("ruled out")]
        self.assertTrue(out)
        self.assertIn("ruled out by a neighbour", done.stdout)
        self.assertEqual(len(self.tried(done)), len(rows) - len(out))

    def test_units_follow_the_ep_size(self):
        self.plan("--vary", "decode.gpus=16,32,64", "--set", "fleet.groups=3", "--minimise",
                  "latency.tpot_s.mean", "--out", "plan")
        rows = self.rows_of("plan/plan.csv")
        self.assertEqual(len(rows), 3)
        self.assertEqual(len({row["nodes.mean"] for row in rows}), 1, rows)
        said = self.refused("plan", "base.yaml", "--set",
                            "scaling={policy: schedule, schedule: [{at: 0 s, groups: 1}]}", "--vary",
                            "decode.gpus=16,32", "--minimise", "cost.usd")
        self.assertIn("the units cannot follow", said)

    def test_every_value_of_lists_is_tried_and_the_front_is_written(self):
        done = self.plan("--vary", "fleet.groups=2,3,4", "--vary", "decode.balancer=joint,random",
                         "--maximise", "throughput.output_tps_per_gpu", "--out", "plan")
        rows = self.rows_of("plan/plan.csv")
        self.assertEqual(len(rows), 6)
        met = [row for row in rows if row["met"] == "1"]
        both = [(float(row["latency.output_speed_tps.mean"]),
                 float(row["throughput.output_tps_per_gpu"])) for row in met]
        front = {pair for pair in both
                 if not any(other != pair and other[0] >= pair[0] and other[1] >= pair[1]
                            for other in both)}
        shown = [(float(row["latency.output_speed_tps.mean"]),
                  float(row["throughput.output_tps_per_gpu"]))
                 for row in self.rows_of("plan/pareto.csv")]
        self.assertEqual(set(shown), front)
        self.assertEqual(shown, sorted(shown))
        self.assertIn("<- the answer", done.stdout)
        self.assertRegex(done.stdout, r"USD per hour, [\d,]+ per day")

    def test_an_interrupted_plan_keeps_its_runs(self):
        child = subprocess.Popen(
            [PROGRAM, "plan", "base.yaml", "--vary", "seed=1..1000/1", "--vary", "fleet.groups=1..9",
             "--minimise", "cost.usd", "--out", "plan"], cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            while not child.stderr.readline().startswith("tried"):
                self.assertIsNone(child.poll(), "it ended by itself")
            child.send_signal(signal.SIGTERM)
            said = child.communicate(timeout=120)[1]
        finally:
            child.kill()
            child.wait()
        self.assertEqual(child.returncode, 143)
        self.assertIn("plan.partial/plan.csv", said)
        self.assertTrue(self.rows_of("plan.partial/plan.csv"))
        self.assertFalse((self.folder / "plan" / "plan.csv").exists())

    def test_refused(self):
        whole = ["--vary", "fleet.groups=1..3", "--meet", "slo", "--minimise", "cost.usd"]
        for arguments, said in [
                (["--vary", "fleet.gruops=1..3"] + whole[2:], "did you mean 'fleet.groups'?"),
                (["--vary", "fleet.groups=3..1"] + whole[2:], "HI must be above LO"),
                (["--vary", "workload.rate_scale=1,2", "--meet", "slo", "--maximise",
                  "workload.rate_scale"], "needs a range"),
                (whole[:4], "one of --minimise METRIC and --maximise METRIC-OR-KEY"),
                (whole + ["--limit", "nodes.peak=60"], "is not METRIC<=NUMBER"),
                (whole + ["--limit", "nodes.peek<=60"], "did you mean 'nodes.peak'?"),
                (whole + ["--limit", "nodes.peak<=many"], "is not METRIC<=NUMBER"),
                (whole[:4] + ["--minimise", "cost"], "no number 'cost'"),
                (whole[:4] + ["--maximise", "decode.gpus"], "is not varied"),
                (whole + ["--what-if", "prices"], "is not KEY=VALUE"),
                (whole + ["--what-if", "decode.balancer.gpu=x2"], "not a number"),
                (whole + ["--set", "decode.gpu=3"], "did you mean"),
                (whole + ["--set", "slo={ttft: {limit: none, quantile: none}, tpot: {limit: none, "
                          "quantile: none}}"], "objective"),
                (["--minimise", "cost.usd"], "--vary")]:
            self.assertIn(said, self.refused("plan", "base.yaml", *arguments), arguments)


if __name__ == "__main__":
    main()
