#!/usr/bin/env python3
"""What failures look like from outside: decisions, requests one by one, charged nodes, same bytes."""

import csv
import io
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SMALL, SOURCE, ProgramTest, main  # noqa: E402

NODE = "failures.at=[{time: 2 min, what: node, unit: decode/0}]"
QUICKLY = ["failures.detection=10 s", "failures.swap_in=5 s", "scaling.start_up=20 s",
           "failures.spare_nodes=1", "report.cool_down=10 min", "report.interval=5 s"]


class FailuresTest(ProgramTest):
    def run_with(self, out, *settings):
        arguments = [part for setting in [*QUICKLY, *settings] for part in ("--set", setting)]
        self.epfleet("run", SMALL, "--quiet", "--out", out, *arguments)
        return self.json_of(f"{out}/summary.json")

    def requests_of(self, out):
        packed = (self.folder / out / "requests.csv.zst").read_bytes()
        text = subprocess.run(["zstd", "-dc"], input=packed, stdout=subprocess.PIPE, check=True)
        return list(csv.DictReader(io.StringIO(text.stdout.decode())))

    def test_a_lost_node_is_decided_on_charged_and_accounted_for(self):
        summary = self.run_with("lost", NODE)
        failures = summary["failures"]
        self.assertEqual(failures["events"], 1)
        self.assertEqual(failures["unit_down_s"], 30.0)
        self.assertAlmostEqual(summary["node_hours"]["decode"]["down"], 4 * 30 / 3600, places=12)
        hours = sum(sum(summary["node_hours"][phase].values()) for phase in ["prefill", "decode"])
        hours += summary["node_hours"]["spare"]
        self.assertAlmostEqual(hours, summary["cost"]["gpu_hours"] / 8, places=9)
        self.assertEqual(summary["nodes"]["peak"], 9)  # two units of four nodes and the spare
        said = [(float(row["time_s"]), row["decided"])
                for row in self.rows_of("lost/decisions.csv") if row["by"] == "failures"]
        self.assertEqual([time for time, _ in said], [120.0, 130.0, 150.0])
        self.assertIn(f"{failures['requests_lost']} requests lost, 0 retried", said[1][1])
        down = [row for row in self.rows_of("lost/timeseries.csv") if row["nodes_down"] != "0"]
        self.assertEqual([float(row["time_s"]) for row in down], [125, 130, 135, 140, 145, 150])

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to unpack the log of requests")
    def test_lost_requests_are_listed_one_by_one(self):
        summary = self.run_with("lost", NODE, "report.requests=all")
        ended = [row for row in self.requests_of("lost") if row["outcome"] == "failed"]
        self.assertEqual(len(ended), summary["failures"]["requests_lost"])
        self.assertEqual({row["done_ns"] for row in ended}, {str(130 * 10**9)})

    @unittest.skipUnless(shutil.which("zstd"), "no zstd to unpack the log of requests")
    def test_retried_requests_are_told_from_others(self):
        summary = self.run_with("retried", NODE, "failures.in_flight=retry", "report.requests=all")
        rows = self.requests_of("retried")
        self.assertEqual(sum(int(row["retries"]) for row in rows),
                         summary["failures"]["requests_retried"])
        self.assertEqual(summary["requests"]["failed"], 0)
        self.assertGreater(summary["failures"]["recomputed_tokens"], 0)

    def said_of(self, out):
        return [(float(row["time_s"]), row["decided"], row["why"])
                for row in self.rows_of(f"{out}/decisions.csv") if row["by"] == "failures"]

    def test_the_end_of_a_slow_part_is_told(self):
        self.run_with("slow", "failures.at=[{time: 60 s, what: nic, unit: decode/0, gpu: 3, for: "
                      "30 s}, {time: 60 s, what: straggler, unit: prefill/0, for: 20 s}]")
        self.assertEqual([(time, decided) for time, decided, _ in self.said_of("slow")],
                         [(60, "nothing yet"), (60, "nothing yet"), (80, "as before"),
                          (90, "as before")])

    def test_a_failure_that_hits_nothing_is_told(self):
        summary = self.run_with(
            "missed", "fleet.groups=1", "scaling.policy=schedule",
            "scaling.schedule=[{at: 0 s, groups: 1}, {at: 1 min, groups: 0}]",
            "failures.at=[{time: 2 min, what: node, unit: decode/0}, {time: 125 s, what: gpu, "
            "unit: decode/0, gpu: 3}, {time: 3 min, what: node, unit: decode/1}]")
        self.assertEqual(summary["failures"]["events"], 1)
        missed = {time: why for time, decided, why in self.said_of("missed")
                  if decided == "it hits nothing"}
        self.assertEqual(list(missed), [125, 180])
        self.assertIn("lost already", missed[125])
        self.assertIn("not allotted", missed[180])

    def test_a_failure_after_the_window_does_not_pass_without_a_word(self):
        late = "failures.at=[{time: 7 min, what: node, unit: decode/0}]"
        for command in [["check", SMALL], ["run", SMALL, "--out", "late"]]:
            result = self.epfleet(*command, "--set", late, "--set", "report.cool_down=10 min")
            self.assertIn("7 min does so after the counted window of 6 min", result.stderr)

    def test_same_bytes_and_a_table(self):
        for out in ["a", "b"]:
            self.run_with(out, "failures.node_rate=100", "failures.in_flight=retry",
                          "failures.recovery=mask_and_rejoin", "decode.redundant_experts=128")
        self.assert_same_results("a", "b")
        table = subprocess.run([sys.executable, SOURCE / "tools" / "failure_table.py", "a", "b"],
                               cwd=self.folder, stdout=subprocess.PIPE, text=True, check=True)
        lines = table.stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertEqual(lines[2].split("|")[2:], lines[3].split("|")[2:])


if __name__ == "__main__":
    main()
