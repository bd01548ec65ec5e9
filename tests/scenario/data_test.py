#!/usr/bin/env python3
"""docs/data.md: every block runs with Debian's pandas on a result, and says what summary.json says."""

import contextlib
import importlib.util
import io
import os
import re
import sqlite3
import subprocess
import sys
import unittest

if importlib.util.find_spec("pandas") is None and sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK):
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # another Python is first in PATH; Debian's has pandas

import pathlib  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SMALL, SOURCE, ProgramTest, main  # noqa: E402

PAGE = SOURCE / "docs" / "data.md"
SETTINGS = ["report.requests=all", "slo.ttft.limit=1 s", "slo.tpot.limit=20 ms", "report.cool_down=10 min",
            "fleet.base.decode_units=2", "workload.hourly_shape=flat"]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@unittest.skipIf(importlib.util.find_spec("pandas") is None, "no pandas: apt-get install python3-pandas")
class DataTest(ProgramTest):
    def run_small(self, out, *settings):
        arguments = [part for setting in [*SETTINGS, *settings] for part in ("--set", setting)]
        self.epfleet("run", SMALL, "--quiet", "--out", out, *arguments)
        return self.json_of(f"{out}/summary.json")

    def run_page(self, out):
        """The names that the blocks leave behind, run one after the other in the result's folder."""
        names = {}
        before = os.getcwd()
        os.chdir(self.folder / out)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                for block in blocks("python"):
                    exec(compile(block, str(PAGE), "exec"), names)
        finally:
            os.chdir(before)
        return names

    def test_every_block_says_what_the_summary_says(self):
        summary = self.run_small("result", "report.request_format=gz")
        names = self.run_page("result")
        self.assertEqual(len(names["window"]), summary["requests"]["arrived"])
        self.assertEqual(len(names["completed"]), summary["requests"]["completed"])
        ttft = summary["latency"]["ttft_s"]
        self.assertAlmostEqual(names["ttft_s"].mean(), ttft["mean"], places=9)
        self.assertAlmostEqual(names["ttft_s"].max(), ttft["max"], places=9)
        for name, share in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)]:
            self.assertAlmostEqual(names["ttft_s"].quantile(share) / ttft[name], 1.0, delta=0.03)
        self.assertAlmostEqual(names["tpot_s"].mean(), summary["latency"]["tpot_s"]["mean"], places=9)
        speed = (names["speed_tps"] * names["weight"]).sum() / names["weight"].sum()
        self.assertAlmostEqual(speed, summary["latency"]["output_speed_tps"]["mean"], places=6)
        attainment = summary["slo"]["attainment_ratio"]
        self.assertAlmostEqual(names["attainment"], attainment, places=9)
        self.assertTrue(0.01 < attainment < 0.99, attainment)
        self.assertEqual(set(names["by_unit"].index), {0, 1})
        self.assertTrue((names["by_class"] > 0).all())
        rows = len(self.rows_of("result/decisions.csv"))
        self.assertEqual(len(names["joined"]), rows)
        self.assertGreaterEqual(rows, 1)

    def test_sql_says_the_same(self):
        self.run_small("result", "report.request_format=gz")
        names = self.run_page("result")
        database = sqlite3.connect(":memory:")
        names["requests"].to_sql("requests", database)
        by_class, worst = [database.execute(block).fetchall() for block in blocks("sql")]
        self.assertEqual(sum(row[2] for row in by_class), len(names["window"]))
        self.assertEqual(sum(row[3] for row in by_class), names["window"].prompt_tokens.sum())
        means = names["tpot_s"].groupby(names["talked"].decode_unit).mean()
        self.assertEqual(int(worst[0][0]), int(means.idxmax()))

    def test_all_formats_hold_the_same_rows(self):
        texts = {}
        for choice, name, unpack in [("zst", "requests.csv.zst", ["zstd", "-dc"]), ("gz", "requests.csv.gz", ["gzip", "-dc"]),
                                     ("csv", "requests.csv", ["cat"])]:
            self.run_small("result", f"report.request_format={choice}")  # replaces the one before
            self.assertEqual([path.name for path in (self.folder / "result").glob("requests*")], [name])
            packed = (self.folder / "result" / name).read_bytes()
            texts[choice] = subprocess.run(unpack, input=packed, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(len(set(texts.values())), 1)
        self.assertGreater(len(texts["csv"].splitlines()), 1000)

    @unittest.skipIf(importlib.util.find_spec("zstandard") is None, "no zstandard: apt-get install python3-zstandard")
    def test_pandas_reads_zst(self):
        import pandas
        self.run_small("result")
        rows = pandas.read_csv(self.folder / "result" / "requests.csv.zst")
        self.assertGreater(len(rows), 1000)

    def test_every_column_is_explained(self):
        self.run_small("result", "report.request_format=csv")
        for column in (self.folder / "result" / "requests.csv").read_text().splitlines()[0].split(","):
            self.assertIn(f"{column}\n  column of requests.csv.zst", self.epfleet("explain", column).stdout)


if __name__ == "__main__":
    main()
