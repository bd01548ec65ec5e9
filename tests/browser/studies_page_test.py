#!/usr/bin/env python3
"""The pages of a sweep, a plan and a comparison in a browser without a network."""

import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.browser import skip_without_browser  # noqa: E402
from support.page_test import PageTest  # noqa: E402
from support.program import SMALL, main, write_planned  # noqa: E402

HOSTILE = "<script>alert(1)</script>"
SWEEP = f"""
scenario: {SMALL}
set: {{duration: 1 min, report.interval: 10 s}}
cases:
  - {{name: central}}
  - {{name: "{HOSTILE}", workload.rate_scale: 0.5}}
  - {{name: more, workload.rate_scale: 2}}
  - {{name: dearer, prices.gpu_hour: 3 USD/h}}
  - {{name: cheaper, prices.gpu_hour: 1 USD/h}}
  - {{name: slower, decode.host_time: 8 ms}}
replicates: 2
metrics: [cost.usd, latency.output_speed_tps.mean, throughput.decode_output_tps_per_node, latency.ttft_s.p95]
baseline: central
"""


class StudiesPageTest(PageTest):
    @classmethod
    def make(cls):
        (cls.folder / "sweep.yaml").write_text(SWEEP)
        write_planned(cls.folder / "planned.yaml")
        cls.epfleet("sweep", "sweep.yaml", "--quiet", "--out", "sweep")
        cls.epfleet("plan", "planned.yaml", "--vary", "fleet.groups=0..6", "--meet", "slo", "--minimise", "cost.usd", "--quiet",
                    "--out", "plan")
        cls.epfleet("compare", "sweep", "--out", "compared")

    def rows(self, name):
        with open(self.folder / name, newline="") as text:
            return list(csv.DictReader(text))

    def cells(self, table, column, attribute="textContent"):
        return self.browser.run(f"""return [...document.querySelectorAll("#table-{table} tbody tr")]
            .map((row) => row.cells[arguments[0]].{attribute})""", column)

    def test_drawn_everywhere(self):
        for name in ["sweep", "plan", "compared"]:
            self.check_drawn(self.folder / name / "report.html")

    def test_a_sweep_shows_its_means_intervals_and_what_moves_them(self):
        self.browser.open(self.folder / "sweep" / "report.html")
        cases = self.cells("cases", 0)
        self.assertEqual(cases, ["central", HOSTILE, "more", "dearer", "cheaper", "slower"])
        self.assertEqual(self.browser.run("return document.querySelectorAll('main script').length"), 0)
        costs = self.cells("cases", 3, "dataset.value")
        for case, shown in zip(cases, costs):
            own = [float(row["cost.usd"]) for row in self.rows("sweep/sweep.csv") if row["case"] == case]
            self.assertAlmostEqual(float(shown), sum(own) / len(own))
        compared = self.rows("sweep/comparison.csv")
        self.assertEqual(len(self.cells("comparison", 0)), len(compared))
        self.assertEqual([v and float(v) for v in self.cells("comparison", 2, "dataset.value")],
                         [float(row["mean"]) if row["mean"] else None for row in compared])
        tornado = self.text_of("#chart-tornado_0 svg")
        self.assertIn("prices.gpu_hour", tornado)
        self.assertEqual(self.browser.run("return document.querySelectorAll('#chart-pareto circle').length"), len(cases))
        self.assertIn("latency.output_speed_tps.mean", self.text_of("#chart-pareto svg"))
        self.browser.run("""const s = document.getElementById('pareto-y'); s.value = 'cost.usd'; s.dispatchEvent(new Event('change'));""")
        self.assertIn("cost.usd", self.text_of("#chart-pareto svg"))
        self.assertEqual(self.browser.faults(), [])

    def test_a_plan_shows_its_answer_first(self):
        self.browser.open(self.folder / "plan" / "report.html")
        rows = self.rows("plan/plan.csv")
        best, = [row for row in rows if row["best"] == "1" and row["change"] == ""]
        self.assertIn(f"fleet.groups = {best['fleet.groups']}", self.text_of("#headline"))
        self.assertEqual(len(self.cells("plan", 0)), len(rows))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#table-plan tr.best').length"), sum(row["best"] == "1" for row in rows))

    def test_an_interrupted_plan_says_so(self):
        (self.folder / "cut").mkdir(exist_ok=True)
        (self.folder / "cut" / "plan.csv").write_text(
            "keys,met,nodes.mean,latency.ttft_s.p95,why_not\nfleet.groups=1,0,30,12.5,half of the requests wait\nfleet.groups=4,1,120,3.1,\n")
        self.epfleet("report", "cut", "--quiet")
        self.check_drawn(self.folder / "cut" / "report.html")
        self.assertIn("interrupted", self.text_of("#headline"))
        self.assertIn("fleet.groups=4", self.text_of("#table-plan"))

    def test_points_of_any_columns_are_drawn(self):
        (self.folder / "points").mkdir(exist_ok=True)
        (self.folder / "points" / "plan.csv").write_text((self.folder / "plan" / "plan.csv").read_text())
        (self.folder / "points" / "pareto.csv").write_text(
            f"layout,tokens_per_s_per_user,tokens_per_s_per_gpu\nEP32,20,900\n{HOSTILE},40,600\nEP320,30,950\n")
        self.epfleet("report", "points", "--quiet")
        self.browser.open(self.folder / "points" / "report.html")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#chart-pareto circle').length"), 3)
        self.assertIn(HOSTILE, self.text_of("#table-pareto"))
        self.assertEqual(self.browser.faults(), [])

    def test_report_makes_the_same_page_again(self):
        for name in ["sweep", "plan", "compared"]:
            written = (self.folder / name / "report.html").read_bytes()
            self.epfleet("report", name, "--quiet")
            self.assertEqual((self.folder / name / "report.html").read_bytes(), written)


if __name__ == "__main__":
    skip_without_browser()
    main()
