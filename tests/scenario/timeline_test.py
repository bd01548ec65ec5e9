#!/usr/bin/env python3
"""timeline.json of a minute: valid, and its steps and requests are those of the log of requests to the nanosecond."""

import collections
import csv
import decimal
import io
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SMALL, ProgramTest, main  # noqa: E402

FLEET, PREFILL, DECODE, SAMPLED = 1, 2, 3, 4
SETTINGS = ["report.timeline.from=60 s", "report.timeline.to=2 min", "report.requests=all", "report.cool_down=10 min",
            "failures.at=[{time: 90 s, what: node, unit: decode/0}]", "failures.detection=10 s", "failures.swap_in=5 s",
            "failures.spare_nodes=1", "scaling.start_up=5 s", "failures.in_flight=retry"]


def ns(microseconds):
    exact = microseconds * 1000
    assert exact == int(exact), microseconds
    return int(exact)


@unittest.skipUnless(shutil.which("zstd"), "no zstd to unpack the log of requests")
class TimelineTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.epfleet("run", SMALL, "--quiet", "--out", "out", *[part for one in SETTINGS for part in ("--set", one)])
        text = (self.folder / "out" / "timeline.json").read_text()
        events = json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)["traceEvents"]
        self.by_phase = collections.defaultdict(list)
        for event in events:
            self.by_phase[event["ph"]].append(event)
        log = subprocess.run(["zstd", "-dc", self.folder / "out" / "requests.csv.zst"], stdout=subprocess.PIPE, check=True)
        self.requests = {int(row["request"]): row for row in csv.DictReader(io.StringIO(log.stdout.decode()))}

    def slices(self, process):
        """{thread: [(begin, end, name)]} in nanoseconds, in order."""
        threads = collections.defaultdict(list)
        for event in self.by_phase["X"]:
            if event["pid"] == process:
                begin = ns(event["ts"])
                threads[int(event["tid"])].append((begin, begin + ns(event["dur"]), event["name"]))
        return {thread: sorted(slices) for thread, slices in threads.items()}

    def test_a_minute_is_valid(self):
        self.assertEqual(set(self.by_phase), set("MXCisft"))
        named = {(event["pid"], event["tid"]) for event in self.by_phase["M"] if event["name"] == "thread_name"}
        for process in [PREFILL, DECODE, SAMPLED]:
            slices = self.slices(process)
            self.assertTrue(slices)
            for thread, steps in slices.items():
                self.assertIn((process, thread), named)
                for (_, end, _), (begin, _, _) in zip(steps, steps[1:]):
                    self.assertLessEqual(end, begin, "slices of a thread follow each other")
        curves = {event["name"] for event in self.by_phase["C"]}
        self.assertIn("nodes down", curves)
        marks = [event["name"] for event in self.by_phase["i"]]
        rows = [row for row in self.rows_of("out/decisions.csv") if 60 <= float(row["time_s"]) < 120]
        self.assertEqual(marks, [f"{row['by']}: {row['decided']}" for row in rows])
        self.assertGreater(len(marks), 0)

    def test_requests_line_up_with_steps_and_with_the_log(self):
        prefill, decode = self.slices(PREFILL), self.slices(DECODE)
        sampled = self.slices(SAMPLED)
        self.assertEqual(len(sampled), 50)
        whole = 0
        for request, stages in sampled.items():
            row = self.requests[request]
            at = {name: int(row[f"{name}_ns"]) for name in ["arrival", "prefill_start", "first_token", "kv_arrived", "decode_start", "done"]
                  if row[f"{name}_ns"]}
            self.assertTrue(60 * 10**9 <= at["arrival"] < 120 * 10**9)
            bounds = sorted({moment for begin, end, _ in stages for moment in (begin, end)})
            self.assertEqual(bounds, sorted(set(at.values())), request)
            if "done" not in at or "decode_start" not in at or at["done"] > 120 * 10**9 or row["retries"] != "0" or row["preemptions"] != "0":
                continue
            whole += 1
            steps = prefill[int(row["prefill_unit"])]
            self.assertIn(at["prefill_start"], [begin for begin, _, _ in steps])
            self.assertIn(at["first_token"], [end for _, end, _ in steps])
            steps = decode[int(row["decode_unit"])]
            self.assertIn(at["decode_start"], [begin for begin, _, _ in steps])
            self.assertIn(at["done"], [end for _, end, _ in steps])
        self.assertGreater(whole, 5)

    def test_arrows_begin_and_end_in_slices(self):
        found = {process: self.slices(process) for process in [PREFILL, DECODE, SAMPLED]}
        for phase in "stf":
            self.assertGreater(len(self.by_phase[phase]), 5)
            for event in self.by_phase[phase]:
                moment = ns(event["ts"])
                around = [one for one in found[int(event["pid"])][int(event["tid"])] if one[0] <= moment <= one[1]]
                self.assertTrue(around, event)


if __name__ == "__main__":
    main()
