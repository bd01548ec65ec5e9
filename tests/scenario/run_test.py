#!/usr/bin/env python3
"""A shipped scenario, run: every file is there, says what interface and arithmetic demand.

    arrived = completed + rejected + failed + in_flight
    sums of timeseries.csv and of hourly.csv = totals of summary.json
    sum of node_hours = gpu_hours / 8;  cost = 2 USD x gpu_hours;  margin = revenue / cost - 1
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import QUICK, RESULT_FILES, SMALL, ProgramTest, main  # noqa: E402

KEYS = {
    "schema": None, "scenario": ["name", "seed", "fingerprint"], "simulated_s": None,
    "partial": None,
    "requests": ["arrived", "completed", "rejected", "failed", "in_flight"],
    "tokens": ["input", "cached", "computed", "output", "reasoning", "carried_in_tokens"],
    "workload": ["mean_input_tokens", "mean_output_tokens", "mean_kv_per_output_token",
                 "attention_pairs_per_computed_token"],
    "cache": ["hit_ratio", "bytes_read", "bytes_written", "bytes_stored_peak", "lost"],
    "latency": ["ttft_s", "tpot_s", "itl_s", "e2e_s", "queue_prefill_s", "queue_decode_s",
                "output_speed_tps"],
    "slo": ["ttft_s", "tpot_s", "attainment_ratio", "goodput_rps"],
    "nodes": ["peak", "mean", "prefill_mean", "decode_mean", "released_to_training_gpu_hours"],
    "node_hours": ["prefill", "decode"],
    "throughput": ["prefill_input_tps_per_node", "prefill_computed_tps_per_node",
                   "decode_output_tps_per_node"],
    "utilisation": ["prefill_busy_ratio", "prefill_efficiency_ratio", "decode_batch_per_gpu_mean",
                    "decode_kv_ratio_mean", "decode_kv_ratio_max", "imbalance"],
    "pricing": ["steps", "out_of_range_ratio"], "cost": ["gpu_hours", "usd"],
    "unit_cost": ["usd_per_m_input", "usd_per_m_computed_input", "usd_per_m_output"],
    "revenue": ["theoretical_usd", "expected_usd", "per_model"],
    "margin": ["theoretical_ratio", "expected_ratio"],
}
DEEPER = {
    ("cache", "lost"): ["cold_ratio", "capacity_ratio", "ttl_ratio", "rounding_ratio",
                        "not_yet_written_ratio"],
    ("node_hours", "prefill"): ["busy", "idle", "loading", "draining", "down"],
    ("node_hours", "decode"): ["busy", "idle", "loading", "draining", "down"],
    ("utilisation", "imbalance"): ["prefill_attention", "prefill_tokens", "decode_kv",
                                   "decode_requests", "expert_prefill", "expert_decode"],
    ("latency", "output_speed_tps"): ["mean", "p1", "p5", "p10", "p50", "p90"],
    **{("latency", name): ["mean", "p50", "p90", "p95", "p99", "max"]
       for name in ["ttft_s", "tpot_s", "itl_s", "e2e_s", "queue_prefill_s", "queue_decode_s"]},
}
BENCH = ["duration", "completed", "failed", "total_input_tokens", "total_output_tokens",
         "request_throughput", "request_goodput", "output_throughput", "total_token_throughput",
         "max_output_tokens_per_s", "max_concurrent_requests",
         *[f"{kind}_{name}_ms" for kind in ["mean", "median", "std", "p99"]
           for name in ["ttft", "tpot", "itl", "e2el"]]]
HOURLY = ["time_s", "input_tokens", "cached_tokens", "output_tokens", "nodes_mean", "cost_usd",
          "theoretical_revenue_usd", "expected_revenue_usd", "theoretical_margin_ratio",
          "output_speed_tps"]
SERIES = ["time_s", "nodes_allotted", "nodes_serving", "nodes_draining", "nodes_loading"]


class RunTest(ProgramTest):
    def check_folder(self, out, intervals, hours):
        names = sorted(path.name for path in (self.folder / out).iterdir())
        self.assertEqual([name for name in RESULT_FILES if name not in names], [])
        summary = self.json_of(f"{out}/summary.json")
        for key, below in KEYS.items():
            self.assertIn(key, summary)
            for name in below or []:
                self.assertIn(name, summary[key], key)
        for (key, name), below in DEEPER.items():
            for deep in below:
                self.assertIn(deep, summary[key][name], f"{key}.{name}")
        self.assertEqual([key for key in BENCH if key not in
                          self.json_of(f"{out}/bench_serving.json")], [])
        self.check_sums(out, summary, intervals, hours)

    def check_sums(self, out, summary, intervals, hours):
        requests = summary["requests"]
        self.assertEqual(requests["arrived"], requests["completed"] + requests["rejected"] +
                         requests["failed"] + requests["in_flight"])
        for name, head, rows_expected in [("timeseries.csv", SERIES, intervals),
                                          ("hourly.csv", HOURLY, hours)]:
            rows = self.rows_of(f"{out}/{name}")
            self.assertEqual(list(rows[0])[:len(head)], head)
            self.assertEqual(len(rows), rows_expected, name)
            for column, total in [("input_tokens", summary["tokens"]["input"]),
                                  ("cached_tokens", summary["tokens"]["cached"]),
                                  ("computed_tokens", summary["tokens"]["computed"]),
                                  ("arrived_requests", requests["arrived"]),
                                  ("cache_read_bytes", summary["cache"]["bytes_read"]),
                                  ("cache_written_bytes", summary["cache"]["bytes_written"])]:
                self.assertEqual(sum(int(row[column]) for row in rows), total, f"{name} {column}")
            # each row is rounded down from 1/256 token, or exact
            output = sum(float(row["output_tokens"]) for row in rows)
            self.assertLessEqual(abs(output - summary["tokens"]["output"]), len(rows) + 1)
            for column, total in [("cost_usd", summary["cost"]["usd"]),
                                  ("theoretical_revenue_usd",
                                   summary["revenue"]["theoretical_usd"]),
                                  ("expected_revenue_usd", summary["revenue"]["expected_usd"])]:
                self.assertAlmostEqual(sum(float(row[column]) for row in rows) / total, 1.0,
                                       places=9, msg=f"{name} {column}")
        by_phase = dict(summary["node_hours"])
        spare = by_phase.pop("spare")
        node_hours = spare + sum(sum(of.values()) for of in by_phase.values())
        self.assertAlmostEqual(node_hours * 8, summary["cost"]["gpu_hours"], places=6)
        self.assertAlmostEqual(summary["cost"]["usd"], 2 * summary["cost"]["gpu_hours"], places=6)
        for kind in ["theoretical", "expected"]:
            self.assertAlmostEqual(
                summary["margin"][f"{kind}_ratio"],
                summary["revenue"][f"{kind}_usd"] / summary["cost"]["usd"] - 1, places=9)
        self.assertAlmostEqual(summary["cache"]["hit_ratio"],
                               summary["tokens"]["cached"] / summary["tokens"]["input"], places=12)
        self.assertAlmostEqual(
            summary["throughput"]["decode_output_tps_per_node"],
            summary["tokens"]["output"] / summary["simulated_s"] / summary["nodes"]["decode_mean"],
            delta=0.1)

    def test_percentiles_are_those_of_the_summary(self):
        self.epfleet("run", SMALL, "--quiet", "--out", "out")
        latency = self.json_of("out/summary.json")["latency"]
        rows = {row["percentile"]: row for row in self.rows_of("out/distributions.csv")}
        self.assertEqual(list(rows), [str(percent) for percent in range(1, 101)])
        for name in latency:
            column = [float(row[name]) for row in rows.values() if row[name]]
            self.assertEqual(column, sorted(column), name)
            for part, value in latency[name].items():
                percent = "100" if part == "max" else part[1:]
                if percent in rows:
                    self.assertEqual(float(rows[percent][name]), value, f"{name} {part}")

    def test_quick_leaves_a_whole_result(self):
        done = self.epfleet("run", QUICK, "--progress", "off")
        self.assertIn("time to first token", done.stdout)
        self.check_folder("out/quick", intervals=60, hours=1)
        summary = self.json_of("out/quick/summary.json")
        self.assertFalse(summary["partial"])
        self.assertEqual(summary["simulated_s"], 600)
        self.assertEqual(summary["nodes"]["mean"], 30)
        self.assertEqual([p.name for p in (self.folder / "out").iterdir()], ["quick"])

    def test_hours_and_a_last_short_interval(self):
        self.epfleet("run", SMALL, "--set", "duration=65.5 min", "--set", "report.interval=60 s",
                     "--set", "workload.rate_scale=0.3", "--quiet", "--out", "long")
        self.check_folder("long", intervals=66, hours=2)
        self.assertEqual(self.rows_of("long/hourly.csv")[1]["time_s"], "3600")

    def test_quiet_says_nothing_and_json_prints_the_summary(self):
        quiet = self.epfleet("run", SMALL, "--until", "10 s", "--quiet", "--out", "a")
        self.assertEqual(quiet.stdout + quiet.stderr, "")
        printed = self.epfleet("run", SMALL, "--until", "10 s", "--json", "--out", "b").stdout
        self.assertEqual(printed, (self.folder / "b/summary.json").read_text())

    def test_until_gives_a_partial_result(self):
        self.epfleet("run", SMALL, "--until", "90 s", "--quiet", "--out", "cut")
        summary = self.json_of("cut/summary.json")
        self.assertTrue(summary["partial"])
        self.assertEqual(summary["simulated_s"], 90)
        self.epfleet("run", SMALL, "--until", "1 d", "--quiet", "--out", "whole")
        self.assertFalse(self.json_of("whole/summary.json")["partial"])

    def test_hours_of_overload_end_and_say_what_happened(self):
        said = self.epfleet(
            "run", SMALL, "--out", "overload", "--set", "duration=3 h", "--set", "workload.warm_up=2 min",
            "--set", "workload.rate_scale=800", "--set", "report.cool_down=40 min",
            "--set", "admission={max_queue: 400, start_deadline: 10 min, total_deadline: 30 min, "
                     "patience: 20 s, retries: {limit: 2, back_off: 10 s}}",
            "--set", "workload.classes.agent.priority=-1").stdout
        summary = self.json_of("overload/summary.json")
        requests = summary["requests"]
        self.assertEqual(requests["arrived"],
                         requests["completed"] + requests["rejected"] + requests["failed"])
        for outcome in ["rejected", "failed"]:
            self.assertEqual(sum(requests[f"{outcome}_by"].values()), requests[outcome])
        self.assertGreater(requests["rejected_by"]["queue_limit"], requests["completed"] / 10)
        self.assertGreater(requests["rejected_by"]["shed"], 0)
        self.assertGreater(requests["failed_by"]["gave_up"], 0)
        self.assertGreater(requests["retries"], 0)
        self.assertEqual(summary["verdict"]["binds"], "admission")
        self.assertFalse(summary["partial"])
        for word in ["queue_limit", "shed", "gave_up", "retries", "admission binds"]:
            self.assertIn(word, said)

    def test_a_calm_run_says_nothing_of_reasons(self):
        said = self.epfleet("run", SMALL, "--until", "60 s", "--out", "calm").stdout
        for word in ["queue_limit", "gave_up", "retries", "admission"]:
            self.assertNotIn(word, said)

    def test_a_result_is_replaced(self):
        summaries = []
        for seed in [5, 6]:
            self.epfleet("run", SMALL, "--seed", seed, "--quiet", "--out", "result")
            summaries.append(self.json_of("result/summary.json"))
            self.assertEqual(summaries[-1]["scenario"].pop("seed"), seed)
        first, second = (summary["scenario"] for summary in summaries)
        self.assertNotEqual(second.pop("trajectory_fingerprint"),
                            first.pop("trajectory_fingerprint"))
        self.assertEqual(second, first)

    def test_files_of_the_user_in_a_result_folder_stay(self):
        self.epfleet("run", SMALL, "--until", "10 s", "--quiet", "--out", "result")
        (self.folder / "result/notes.txt").write_text("looked at with Ann")
        (self.folder / "result/plots").mkdir()
        (self.folder / "result/plots/speed.png").write_bytes(b"png")
        for _ in range(2):
            self.epfleet("run", SMALL, "--until", "20 s", "--quiet", "--out", "result")
            self.assertEqual(self.json_of("result/summary.json")["simulated_s"], 20)
            self.assertEqual((self.folder / "result/notes.txt").read_text(), "looked at with Ann")
            self.assertEqual((self.folder / "result/plots/speed.png").read_bytes(), b"png")
            self.assertEqual([path.name for path in self.folder.iterdir()], ["result"])

    def test_a_result_of_another_scenario_stays_unless_forced(self):
        self.epfleet("run", SMALL, "--until", "10 s", "--quiet", "--out", "result")
        what_if = ["run", SMALL, "--set", "decode.mtp.acceptance=0.7", "--until", "10 s", "--quiet",
                   "--out", "result"]
        before = (self.folder / "result/summary.json").read_bytes()
        said = self.refused(*what_if)
        self.assertIn("the result of another scenario", said)
        self.assertIn("--force", said)
        self.assertEqual((self.folder / "result/summary.json").read_bytes(), before)
        self.epfleet(*what_if, "--force")
        self.assertNotEqual((self.folder / "result/summary.json").read_bytes(), before)

    def test_a_partial_result_does_not_replace_a_whole_one(self):
        self.epfleet("run", SMALL, "--quiet", "--out", "result")
        whole = (self.folder / "result/summary.json").read_bytes()
        done = self.epfleet("run", SMALL, "--until", "10 s", "--out", "result")
        self.assertIn("a partial result is in result.partial", done.stderr)
        self.assertEqual((self.folder / "result/summary.json").read_bytes(), whole)
        self.assertTrue(self.json_of("result.partial/summary.json")["partial"])
        self.epfleet("run", SMALL, "--until", "20 s", "--quiet", "--out", "result")
        self.assertEqual(self.json_of("result.partial/summary.json")["simulated_s"], 20)

    def test_a_scenario_that_extends_another_has_a_name_of_its_own(self):
        (self.folder / "what_if.yaml").write_text(f"extends: {QUICK}\n")
        self.epfleet("run", "what_if.yaml", "--until", "1 s", "--set", "workload.warm_up=0 s",
                     "--quiet")
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["what_if"])

    def test_the_resolved_scenario_runs_the_same_and_names_no_machine(self):
        scenario = self.folder / "mine.yaml"
        scenario.write_text(f"extends: {SMALL}\n")
        self.epfleet("run", "mine.yaml", "--until", "1 min", "--quiet", "--out", "a")
        text = (self.folder / "a/resolved.yaml").read_text()
        self.assertNotIn(str(self.folder), text)
        (self.folder / "again.yaml").write_text(text)
        self.epfleet("run", "again.yaml", "--until", "1 min", "--quiet", "--out", "b")
        summaries = [self.json_of(f"{out}/summary.json") for out in ["a", "b"]]
        for summary in summaries:
            summary.pop("command")  # names the file
        self.assertEqual(*summaries)


if __name__ == "__main__":
    main()
