#!/usr/bin/env python3
"""Does the program explain every number that it writes, and are the committed reference pages what
it prints?"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SMALL, SOURCE, ProgramTest, main  # noqa: E402


def paths_below(value, path=""):
    """The dotted paths of all numbers, truths and nulls of a document."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from paths_below(below, f"{path}.{key}" if path else key)
    elif not isinstance(value, (list, str)):
        yield path


class ReferenceTest(ProgramTest):
    def test_pages_are_what_the_program_prints(self):
        for page, options in [("keys.md", []), ("metrics.md", ["--metrics"]),
                              ("equivalents.md", ["--equivalents"])]:
            printed = self.epfleet("explain", *options, "--markdown").stdout
            self.assertEqual((SOURCE / "docs" / page).read_text(), printed,
                             "run tools/update_reference.sh")

    def test_every_number_and_column_is_explained(self):
        self.epfleet("run", SMALL, "--out", "run", "--quiet")
        everything = "\n" + self.epfleet("explain", "--metrics").stdout
        not_of_the_service = {"schema", "scenario.seed", "partial"}
        for path in set(paths_below(self.json_of("run/summary.json"))) - not_of_the_service:
            self.assertIn(f"\n{path}\n", everything)
        for name in ["timeseries.csv", "hourly.csv"]:
            head = (self.folder / "run" / name).read_text().splitlines()[0]
            for column in head.split(","):
                self.assertIn(f"\n{column}\n  column of ", everything)

    def test_one_number_a_group_a_column(self):
        self.assertEqual(
            self.epfleet("explain", "latency.ttft_s.p95").stdout,
            "latency.ttft_s.p95\n  s; distribution, 95th percentile; less is better\n"
            "    Time to first token: first token - arrival; also of requests still in flight.\n")
        self.assertEqual(
            self.epfleet("explain", "input_tokens").stdout,
            "input_tokens\n  column of timeseries.csv and hourly.csv: tokens.input by interval or "
            "hour\n  tokens; flow\n    Tokens of the prompts whose prefill finished in the "
            "window.\n")
        self.assertEqual(self.epfleet("explain", "margin").stdout.count("more is better"), 2)
        both = self.epfleet("explain", "slo").stdout
        self.assertIn("slo.window\n", both)
        self.assertIn("slo.attainment_ratio\n", both)

    def test_a_misspelt_number_names_the_nearest(self):
        self.assertIn("did you mean 'margin.expected_ratio'?",
                      self.refused("explain", "margin.expcted_ratio"))
        self.assertIn("did you mean 'latency'?", self.refused("explain", "latencyy"))
        self.assertIn("unknown key or metric", self.refused("explain", "--metrics", "decode.gpus"))

    def test_a_misspelt_key_or_group_names_the_nearest(self):
        self.assertIn("did you mean 'decode.mtp'?", self.refused("explain", "decode.mtpp"))

    def test_a_part_of_a_name_finds_keys_and_metrics(self):
        found = self.epfleet("explain", "ttft").stdout
        for name in ["slo.ttft.limit", "scaling.planner.ttft", "latency.ttft_s.{mean, ", "ttft_p99_s"]:
            self.assertRegex(found, rf"(?m)^{re.escape(name)}")
        self.assertIn("decode.mtp.acceptance", self.epfleet("explain", "mtp").stdout)
        # one alone is told in full
        self.assertTrue(self.epfleet("explain", "drain_lea").stdout.startswith("scaling.drain_lead\n  duration "))

    def test_a_list_has_one_line_a_name(self):
        lines = self.epfleet("explain", "--list").stdout.splitlines()
        names = [line.split()[0] for line in lines]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("workload.classes.NAME.priority", names)
        self.assertEqual([name for name in names if ".hardware." in name or name.startswith("workload.classes.api")], [])
        everything = self.epfleet("explain").stdout
        for name in names:
            self.assertIn(f"\n{name}\n", "\n" + everything)
        metrics = self.epfleet("explain", "--metrics", "--list").stdout
        self.assertRegex(metrics, r"(?m)^latency\.ttft_s\.\{mean, p50, p90, p95, p99, max\} +s +Time to first token")
        self.assertRegex(metrics, r"(?m)^nodes_allotted +nodes ")
        group = self.epfleet("explain", "decode.mtp", "--list").stdout.splitlines()
        self.assertEqual(len(group), 4)

    def test_a_topic_opens_with_what_it_is_for(self):
        self.assertTrue(self.epfleet("explain", "scaling").stdout.startswith("scaling\n    How the number of units"))

    def test_words_of_other_tools_are_answered_with_ours(self):
        self.assertIn("of vLLM; here decode.max_requests_per_gpu", self.epfleet("explain", "max_num_seqs").stdout)
        self.assertIn("max-num-seqs is vLLM's; here decode.max_requests_per_gpu",
                      self.refused("run", SMALL, "--max-num-seqs", "64"))
        self.assertIn("max-num-seqs is vLLM's; here decode.max_requests_per_gpu",
                      self.refused("run", SMALL, "--set", "max-num-seqs=64"))
        self.assertIn("ep_size", self.epfleet("explain", "--equivalents").stdout)


if __name__ == "__main__":
    main()
