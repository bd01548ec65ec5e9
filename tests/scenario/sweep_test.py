#!/usr/bin/env python3
"""A sweep gives the same bytes however it is run: on one worker or two, killed and resumed, in
shards that are merged. A failed case is reported and costs no other."""

import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SMALL, SOURCE, ProgramTest, main  # noqa: E402

BASE = f"""
extends: {SMALL}
workload: {{source: token_rate, path: flat.csv, warm_up: 30 s}}
kv_cache: {{model: statistical}}
"""
TRACE = "time_s,requests,input_tokens,cached_tokens,output_tokens\n" + "".join(
    f"{second},500,2000000,1120000,500000\n" for second in range(0, 360, 60))
GRID = """
grid:
  decode.balancer: [joint, round_robin, fewest_requests]
  workload: {rate_scale: [0.5, 0.7, 0.9, 1.1]}
replicates: 4
metrics: [latency.ttft_s.p95, tokens.output]
"""


class SweepTest(ProgramTest):
    def sweep_file(self, text, name="s.yaml", duration="1 min"):
        """Of the small fleet in an open loop of single requests: it starts fast."""
        (self.folder / "base.yaml").write_text(BASE)
        (self.folder / "flat.csv").write_text(TRACE)
        (self.folder / name).write_text(f"scenario: base.yaml\nset: {{duration: {duration}}}\n{text}")
        return name

    def csv(self, out):
        return (self.folder / out / "sweep.csv").read_bytes()

    def test_a_row_for_every_case_and_replicate(self):
        self.epfleet("sweep", self.sweep_file(GRID), "-j", 2)
        rows = self.rows_of("out/s/sweep.csv")
        self.assertEqual(list(rows[0]), ["case_id", "replicate", "seed", "decode.balancer",
                                         "workload.rate_scale", "latency.ttft_s.p95",
                                         "tokens.output", "case", "status"])
        self.assertEqual(len(rows), 3 * 4 * 4)
        self.assertEqual(len({row["case_id"] for row in rows}), 12)
        self.assertEqual([row["replicate"] for row in rows[:5]], ["0", "1", "2", "3", "0"])
        self.assertEqual([row["workload.rate_scale"] for row in rows[::4][:4]],
                         ["0.5", "0.7", "0.9", "1.1"])
        self.assertEqual({row["status"] for row in rows}, {"ok"})

    def test_a_row_is_the_run_of_its_scenario_and_seed(self):
        self.epfleet("sweep", self.sweep_file(GRID))
        row = self.rows_of("out/s/sweep.csv")[-1]
        self.epfleet("run", "base.yaml", "--set", "duration=1 min", "--set", f"decode.balancer={row['decode.balancer']}", "--set",
                     f"workload.rate_scale={row['workload.rate_scale']}", "--seed", row["seed"],
                     "--quiet", "--out", "alone")
        summary = self.json_of("alone/summary.json")
        self.assertEqual(row["case_id"], summary["scenario"]["fingerprint"])
        self.assertEqual(float(row["latency.ttft_s.p95"]), summary["latency"]["ttft_s"]["p95"])
        self.assertEqual(int(row["tokens.output"]), summary["tokens"]["output"])

    def test_common_random_numbers(self):
        """In an open loop the requests are the same whatever the policy does with them."""
        self.epfleet("sweep", self.sweep_file("""
grid: {decode.balancer: [joint, round_robin]}
replicates: 2
metrics: [requests.arrived, workload.mean_kv_per_output_token, latency.tpot_s.mean]
"""))
        joint, joint2, turns, turns2 = self.rows_of("out/s/sweep.csv")
        for a, b in [(joint, turns), (joint2, turns2)]:
            for same in ["seed", "requests.arrived", "workload.mean_kv_per_output_token"]:
                self.assertEqual(a[same], b[same])
            self.assertNotEqual(a["latency.tpot_s.mean"], b["latency.tpot_s.mean"])
        self.assertNotEqual(joint["workload.mean_kv_per_output_token"],
                            joint2["workload.mean_kv_per_output_token"])

    def test_the_same_bytes_on_any_number_of_workers(self):
        sweep = self.sweep_file(GRID)
        self.epfleet("sweep", sweep, "-j", 1, "--out", "one")
        self.epfleet("sweep", sweep, "-j", 3, "--out", "three")
        self.assertEqual(self.csv("one"), self.csv("three"))

    def test_killed_and_resumed(self):
        sweep = self.sweep_file(GRID)
        self.epfleet("sweep", sweep, "--out", "whole")
        for done in [1, 10, 30]:
            out = self.folder / f"killed{done}"
            process = subprocess.Popen([PROGRAM, "sweep", sweep, "-j", "2", "--out", out],
                                       cwd=self.folder, stderr=subprocess.DEVNULL)
            while len(list(out.glob("cases/*.case"))) < done and process.poll() is None:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertFalse((out / "sweep.csv").exists(), "an interrupted sweep looks whole")
            kept = {path: path.stat().st_mtime_ns for path in out.glob("cases/*.case")}
            self.assertGreaterEqual(len(kept), done)
            self.epfleet("sweep", sweep, "-j", 2, "--out", out)
            self.assertEqual(self.csv(out.name), self.csv("whole"))
            for path, written in kept.items():
                self.assertEqual(path.stat().st_mtime_ns, written, "a finished case was run again")

    def test_a_sweep_repeated_loses_nothing(self):
        """It deleted all finished cases and the table at once, unless --resume was given."""
        sweep = self.sweep_file(GRID)
        self.epfleet("sweep", sweep, "--out", "a")
        whole = self.csv("a")
        kept = {path: path.stat().st_mtime_ns for path in self.folder.glob("a/cases/*.case")}
        again = self.epfleet("sweep", sweep, "--out", "a")
        self.assertIn(f"{len(kept)} done before", again.stderr)
        self.assertEqual(self.csv("a"), whole)
        for path, written in kept.items():
            self.assertEqual(path.stat().st_mtime_ns, written)
        process = subprocess.Popen([PROGRAM, "sweep", sweep, "-j", "1", "--out", "a", "--fresh"],
                                   cwd=self.folder, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and all(path.stat().st_mtime_ns == written
                                             for path, written in kept.items()):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130)
        self.assertEqual(self.csv("a"), whole)
        self.assertEqual(sorted(self.folder.glob("a/cases/*.case")), sorted(kept))
        table = self.folder / said.strip().splitlines()[-1].rsplit(" ", 1)[-1]
        self.assertTrue(table.exists(), said)

    def test_only_whole_results_of_the_same_case_are_trusted(self):
        sweep = self.sweep_file(GRID)
        self.epfleet("sweep", sweep, "--out", "a")
        whole = self.csv("a")
        cases = sorted((self.folder / "a" / "cases").glob("*.case"))
        cases[0].write_text(cases[0].read_text()[:-20])  # cut
        cases[1].write_text(cases[1].read_text().replace("metric tokens.output ",
                                                         "metric tokens.output 1"))  # altered
        cases[2].write_text(cases[3].read_text())  # of another case
        cases[4].unlink()
        done = self.epfleet("sweep", sweep, "--out", "a", "--resume", "-j", 1)
        self.assertIn("44 done before", done.stderr)
        self.assertEqual(self.csv("a"), whole)

    def test_a_changed_input_file_is_another_case(self):
        (self.folder / "shape.csv").write_text("theoretical_income_usd\n" + 24 * "1\n")
        path = self.folder / "s.yaml"
        path.write_text(f"scenario: {SMALL}\nset: {{duration: 2 h, workload.rate_scale: 0.1, "
                        "workload.hourly_shape: shape.csv}\nmetrics: [tokens.output]\n")
        self.epfleet("sweep", "s.yaml", "--out", "a")
        before = self.csv("a")
        self.epfleet("sweep", "s.yaml", "--out", "a", "--resume")
        self.assertEqual(self.csv("a"), before)
        (self.folder / "shape.csv").write_text("theoretical_income_usd\n" + 12 * "1\n2\n")
        self.epfleet("sweep", "s.yaml", "--out", "a", "--resume")
        self.assertNotEqual(self.csv("a"), before)

    def test_all_metrics(self):
        self.epfleet("sweep", self.sweep_file("metrics: all\n"))
        row, = self.rows_of("out/s/sweep.csv")
        self.assertIn("latency.queue_decode_s.p90", row)
        self.assertGreater(len(row), 80)

    def test_shipped_sweeps_can_be_run(self):
        for sweep in sorted((SOURCE / "configs/sweeps").glob("*.yaml")):
            listed = self.epfleet("sweep", sweep, "--list").stdout.splitlines()
            self.assertGreater(len(listed), 5, sweep)
            self.assertEqual([line for line in listed if "refused" in line], [], sweep)

    def test_interrupted(self):
        process = subprocess.Popen([PROGRAM, "sweep", self.sweep_file(GRID), "--out", "cut"],
                                   cwd=self.folder, stderr=subprocess.DEVNULL)
        while not list((self.folder / "cut").glob("cases/*.case")):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertFalse((self.folder / "cut/sweep.csv").exists())
        rows = self.rows_of("cut/sweep.partial.csv")
        self.assertTrue(0 < len(rows) < 48)

    def test_shards_merge_to_the_same_bytes(self):
        sweep = self.sweep_file(GRID)
        self.epfleet("sweep", sweep, "--out", "whole")
        for shard in [2, 0]:
            self.epfleet("sweep", sweep, "--shard", f"{shard}/3", "--out", "shards")
        self.assertIn("16 of 48 cases are missing",
                      self.epfleet("sweep", sweep, "--merge", "shards", code=1).stderr)
        self.assertFalse((self.folder / "shards/sweep.csv").exists())
        self.epfleet("sweep", sweep, "--shard", "1/3", "--out", "shards")
        again = self.epfleet("sweep", sweep, "--shard", "1/3", "--out", "shards")
        self.assertIn("16 done before", again.stderr)
        self.epfleet("sweep", sweep, "--merge", "shards")
        self.assertEqual(self.csv("shards"), self.csv("whole"))

    def test_failed_cases_are_reported_and_cost_no_other(self):
        sweep = self.sweep_file("""
cases:
  - {name: good}
  - {name: odd, decode.gpus: 33}
  - {name: other, decode.balancer: random}
""")
        done = self.epfleet("sweep", sweep, code=1)
        self.assertIn("failed: odd (replicate 0)", done.stderr)
        self.assertIn("33 GPUs are not whole nodes of 8", done.stderr)
        rows = self.rows_of("out/s/sweep.csv")
        self.assertEqual([(row["case"], row["status"]) for row in rows],
                         [("good", "ok"), ("odd", "failed"), ("other", "ok")])
        self.assertEqual(rows[1]["latency.ttft_s.p50"], "")

    def test_an_overloaded_case_is_marked(self):
        sweep = self.sweep_file("grid: {workload.rate_scale: [0.5, 16]}\n", duration="5 min")
        self.epfleet("sweep", sweep)
        self.assertEqual([row["status"] for row in self.rows_of("out/s/sweep.csv")],
                         ["ok", "unstable"])

    def test_search_finds_the_edge(self):
        sweep = self.sweep_file("""
search: {key: workload.rate_scale, low: 1, high: 24, precision: 5 %}
metrics: [latency.ttft_s.p95]
""", duration="5 min")
        self.epfleet("sweep", sweep)
        row, = self.rows_of("out/s/sweep.csv")
        good = float(row["search.workload.rate_scale"])
        bad = float(row["search.workload.rate_scale.fails_at"])
        self.assertTrue(good < bad <= good * 1.0501, (good, bad))
        # What the search says of its two ends holds in runs of them.
        for rate, status in [(good, "ok"), (bad * 1.3, "unstable")]:
            self.sweep_file(f"cases: [{{workload.rate_scale: {rate:g}}}]\n", "one.yaml", "5 min")
            self.epfleet("sweep", "one.yaml")
            one, = self.rows_of("out/one/sweep.csv")
            self.assertEqual(one["status"], status, rate)

    def test_search_beyond_its_range(self):
        for low, high, status in [(1, 2, "above"), (20, 30, "below")]:
            sweep = self.sweep_file(
                f"search: {{key: workload.rate_scale, low: {low}, high: {high}}}\n",
                duration="5 min")
            self.epfleet("sweep", sweep)
            row, = self.rows_of("out/s/sweep.csv")
            self.assertEqual(row["status"], status)

    def test_refused(self):
        for text, said in [
                ("grid: {decode.gpu: [32]}", "did you mean 'decode.gpus'?"),
                ("grid: {decode.gpus: 32}", "is not a list"),
                ("grid: {seed: [1, 2]}", "replicates: N"),
                ("gird: {decode.gpus: [32]}", "a sweep has no such entry"),
                ("grid: {workload.rate_scale: [1, 1.0]}", "are the same scenario"),
                ("metrics: [latency.ttft]", "summary.json has no number 'latency.ttft'"),
                ("replicates: 0", "not a number from 1"),
                ("grid: {decode.gpus: [33, 34]}", "no case can be run"),
                ("search: {key: workload.rate_scale, low: 2, high: 1}", "a greater high"),
                ("claims: [{claim: a, says: b, case: c, metric: tokens.output}]",
                 "no case named 'c'")]:
            self.assertIn(said, self.refused("sweep", self.sweep_file(text)), text)
        sweep = self.sweep_file(GRID)
        for shard in ["3/3", "-1/3", "1", "1/", "a/b", "0/0"]:
            self.assertIn("--shard", self.refused("sweep", sweep, "--shard", shard))
        self.assertIn("no such folder", self.refused("sweep", sweep, "--merge", "nowhere"))
        (self.folder / "thesis").mkdir()
        (self.folder / "thesis" / "chapter").write_text("years of work")
        self.assertIn("left alone", self.refused("sweep", sweep, "--out", "thesis"))
        self.assertIn("no_such.yaml", self.refused("sweep", "no_such.yaml"))


if __name__ == "__main__":
    main()
