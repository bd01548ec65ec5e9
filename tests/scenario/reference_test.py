#!/usr/bin/env python3
"""Does the program explain every number that it writes, and are the committed reference pages what
it prints?"""

import pathlib
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
        for page, options in [("keys.md", []), ("metrics.md", ["--metrics"])]:
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
        self.assertIn("did you mean 'decode.mtp'?", self.refused("explain", "mtp"))


if __name__ == "__main__":
    main()
