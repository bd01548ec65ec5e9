#!/usr/bin/env python3
"""`epfleet timing` against DeepSeek's decode and prefill profiles, and the published figures against their files."""

import csv
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SOURCE, ProgramTest, main  # noqa: E402

sys.path.insert(0, str(SOURCE / "tools"))
import timing_table  # noqa: E402

FACTS = SOURCE / "tests" / "validation"
ROWS_OF_CHART = {
    "overall": "Overall", "dispatch": "Dispatch", "combine": "Combine", "moe": "MoE",
    "attention_core": "Attention Core", "gemm": "GEMM", "other": "Other Kernels",
    "launch_overhead": "Launch Overhead", "dispatch_barrier": "Dispatch Barrier",
    "dispatch_core": "Dispatch Core", "combine_barrier": "Combine Barrier",
    "combine_core": "Combine Core", "compute_bubble": "Comp Stream Bubble",
    "comm_bubble": "Comm Stream Bubble",
}


def stage_of(kernel_row):
    """Which stage of `stages_us` a row of the kernel table belongs to."""
    if kernel_row["stage"] == "comm":
        return kernel_row["kernel"].split()[0]
    return {"attn-0": "attn0", "attn-1": "attn1", "attn-1(gate)": "attn1", "moe": "mlp",
            "shared": "shared"}[kernel_row["stage"]]


class ProfilesTest(ProgramTest):
    def test_every_row_is_within_what_is_asked(self):
        rows = timing_table.compare(PROGRAM)
        self.assertGreater(sum(row["misses"] is not None for row in rows), 15)
        for row in rows:
            if row["misses"] is not None:
                self.assertFalse(row["misses"], f"{row['value']}: {row['simulated']} against "
                                                f"{row['published']}, asked {row['within']}")

    def published(self, phase, group):
        with open(timing_table.PUBLISHED, newline="") as file:
            return {row["value"].split(".")[1]: float(row["published"])
                    for row in csv.DictReader(file)
                    if row["phase"] == phase and row["value"].startswith(group + ".")}

    # a stage's published time is the sum of its kernels in the trace
    def test_published_stages_are_sums_of_the_kernel_table(self):
        sums = {}
        with open(FACTS / "deepseek_decode_profile_kernels_us.csv", newline="") as file:
            for row in csv.DictReader(file):
                stage = stage_of(row)
                sums[stage] = sums.get(stage, 0.0) + float(row["us_per_microbatch_per_layer"])
        self.assertEqual(self.published("decode", "stages_us"), sums)

    def test_published_breakdowns_are_the_charts(self):
        charts = {"decode": {}, "prefill": {}}
        with open(FACTS / "deepseek_breakdown_ms_per_layer.csv", newline="") as file:
            for row in csv.DictReader(file):
                if row["series"].startswith("DeepSeek profile"):
                    charts[row["phase"]][row["category"]] = float(row["ms_per_layer_two_microbatches"])
        for phase, chart in charts.items():
            ours = {ROWS_OF_CHART[name]: value
                    for name, value in self.published(phase, "breakdown_ms").items()}
            self.assertEqual(ours, chart)

    # both profiles are bound by communication: barriers cost (almost) nothing there
    def test_barriers_cost_nothing_at_the_profiles(self):
        for phase in ["decode", "prefill"]:
            barriers = timing_table.simulated(PROGRAM, phase, timing_table.PROFILES[phase])["phase_barriers"]
            self.assertGreaterEqual(barriers["gap_ratio"], 0.0)
            self.assertLess(barriers["gap_ratio"], 0.01)


if __name__ == "__main__":
    main()
