#!/usr/bin/env python3
"""The page of a run in a browser without a network: drawn at every width, in both languages, light and dark; its numbers
are those of the files; zoom, series, sorting, filter, downloads and keys work; hostile names are text."""

import csv
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.browser import skip_without_browser  # noqa: E402
from support.page_test import PageTest  # noqa: E402
from support.program import QUICK, SMALL, main  # noqa: E402

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FAILING = {"failures.at": "[{time: 2 min, what: node, unit: decode/0}]", "failures.detection": "10 s", "failures.swap_in": "5 s",
           "failures.spare_nodes": "1", "scaling.policy": "target", "scaling.min_groups": "0", "scaling.max_groups": "3",
           "scaling.start_up": "20 s", "report.interval": "5 s"}
OVERLOAD = {"workload.rate_scale": "40", "admission.max_queue": "50", "report.interval": "10 s"}
UNSTABLE = {"workload.rate_scale": "30", "duration": "12 min", "report.interval": "10 s"}


CLASSES = f"""
extends: {QUICK}
name: classes
duration: 1 min
workload:
  totals: {{input: none, output: none, hit_ratio: none, kv_per_output_token: none}}
  rate: 60/s
  input: 3000
  output: 800
  warm_up: 1 min
  classes:
    chat: {{share: 70 %, objectives: {{ttft: 2 s, tpot: 50 ms, quantile: 95 %}}}}
    batch: {{share: 30 %, input: {{mean: 8000, cv: 1}}}}
"""


def settings(values):
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


class RunPageTest(PageTest):
    @classmethod
    def make(cls):
        cls.epfleet("run", QUICK, "--quiet", "--out", "quick")
        cls.epfleet("run", SMALL, "--quiet", "--out", "failing", *settings(FAILING))
        cls.epfleet("run", SMALL, "--quiet", "--out", "overload", *settings(OVERLOAD))
        cls.epfleet("run", SMALL, "--quiet", "--out", "unstable", *settings(UNSTABLE))
        cls.epfleet("run", SMALL, "--quiet", "--out", "partial", "--until", "3 min")

        (cls.folder / "classes.yaml").write_text(CLASSES)
        cls.epfleet("run", "classes.yaml", "--quiet", "--out", "classes", "--set", "prices.currency=CNY")

    def page(self, name):
        return self.folder / name / "report.html"

    def summary(self, name):
        return json.loads((self.folder / name / "summary.json").read_text())

    def rows(self, name, file="timeseries.csv"):
        with open(self.folder / name / file, newline="") as text:
            return list(csv.DictReader(text))

    def test_drawn_everywhere(self):
        for name in ["quick", "failing", "overload", "unstable", "partial"]:
            self.check_drawn(self.page(name))

    def test_every_number_of_the_summary_is_on_the_page(self):
        for name in ["quick", "failing", "overload", "classes"]:
            self.browser.open(self.page(name))
            shown = dict(self.browser.run("""return [...document.querySelectorAll("#table-metrics tbody tr")]
                .map((row) => [row.cells[0].textContent, row.cells[1].textContent])"""))

            def flat(node, path=""):
                for key, value in node.items():
                    yield from flat(value, f"{path}{key}.") if isinstance(value, dict) else [(f"{path}{key}", value)]

            known = dict(flat(self.summary(name)))
            self.assertGreater(len(shown), 150)
            for path, text in shown.items():
                value = known[path]
                with self.subTest(path=path):
                    if value is None:
                        self.assertEqual(text, "–")
                    else:
                        self.assertEqual(json.loads(text), value)

    def test_classes_of_ones_own_are_shown_and_judged(self):
        self.browser.open(self.page("classes"))
        self.assertIn("class chat", self.text_of("#problems"))
        names = self.browser.run("return [...document.querySelectorAll('#table-classes th')].map((n) => n.textContent)")
        self.assertEqual(names[1:3], ["chat", "batch"])
        rows = self.browser.run("return [...document.querySelectorAll('#table-metrics tbody tr')].map((r) => r.cells[0].textContent)")
        self.assertIn("per_class.chat.attainment_ratio", rows)
        self.assertEqual(self.browser.faults(), [])

    def test_amounts_are_called_what_the_scenario_says(self):
        self.browser.open(self.page("classes"))
        cards = self.browser.run("return document.querySelector('.cards').textContent")
        heads = self.browser.run("return document.querySelector('#table-prices').textContent")
        for text in (cards, heads):
            self.assertIn("CNY", text)
            self.assertNotIn("USD", text)
        self.browser.open(self.page("quick"))
        self.assertIn("USD", self.browser.run("return document.querySelector('.cards').textContent"))

    def test_the_series_are_those_of_the_csv(self):
        self.browser.open(self.page("quick"))
        rows = self.rows("quick")
        for chart, columns in [("load", ["input_tps", "output_tps"]), ("ttft", ["ttft_p50_s", "ttft_mean_s", "ttft_p99_s"]),
                               ("kv", ["decode_kv_mean_ratio", "decode_kv_max_ratio"])]:
            drawn = self.browser.run("return document.querySelector(arguments[0]).graph.file_", f"#chart-{chart}")
            self.assertEqual(len(drawn), len(rows))
            for point, row in zip(drawn, rows):
                self.assertEqual(point[0], float(row["time_s"]))
                for value, column in zip(point[1:], columns):
                    self.assertAlmostEqual(value, float(row[column]), delta=1e-5 * abs(float(row[column])))

    def test_every_column_can_be_drawn(self):
        self.browser.open(self.page("failing"))
        columns = list(self.rows("failing")[0])[1:]
        offered = self.browser.run("return [...document.getElementById('explorer-column').options].map((o) => o.value)")
        self.assertEqual(offered, columns)
        self.browser.run("""const s = document.getElementById('explorer-column'); s.value = 'decode_kv_tokens';
            s.dispatchEvent(new Event('change'));""")
        self.assertIn("decode_kv_tokens", self.text_of("#chart-explorer h3"))

    def test_zoom_is_shared_and_undone(self):
        self.browser.open(self.page("quick"))
        ranges = """return [...document.querySelectorAll("figure")].filter((f) => f.graph).map((f) => f.graph.xAxisRange())"""
        whole = self.browser.run(ranges)
        self.assertGreater(len(whole), 10)
        plot = "#chart-ttft .dygraph-interactive, #chart-ttft canvas:last-of-type"
        self.browser.drag(plot, 0.3, 0.6)
        zoomed = self.browser.run(ranges)
        self.assertEqual({tuple(one) for one in zoomed}, {tuple(zoomed[0])})
        self.assertGreater(zoomed[0][0], whole[0][0] + 60)
        self.assertLess(zoomed[0][1], whole[0][1] - 60)
        self.click("#unzoom")
        self.assertEqual(self.browser.run(ranges), whole)
        self.assertEqual(self.browser.faults(), [])

    def test_keys_move_and_zoom(self):
        self.browser.open(self.page("quick"))
        self.browser.keys("#plot-load", "ArrowRight", "ArrowRight", "+")
        self.assertIn("input", self.text_of("#chart-load .hover"))
        low, high = self.browser.run("return document.getElementById('chart-ttft').graph.xAxisRange()")
        self.assertLess(high - low, 400)
        self.browser.keys("#plot-load", "Escape")
        low, high = self.browser.run("return document.getElementById('chart-ttft').graph.xAxisRange()")
        self.assertEqual((low, high), (0, 600))
        reachable = self.browser.run("""return [...document.querySelectorAll("button, a, input, select, .plot[role=application]")]
            .every((node) => node.tabIndex >= 0)""")
        self.assertTrue(reachable)

    def test_series_go_off_and_on_and_stay_off_in_another_language(self):
        self.browser.open(self.page("quick"))
        visible = "return document.getElementById('chart-load').graph.visibility()"
        self.assertEqual(self.browser.run(visible), [True, True])
        self.click("#chart-load .legend button")
        self.assertEqual(self.browser.run(visible), [False, True])
        self.click("#language")
        self.assertEqual(self.browser.run(visible), [False, True])
        self.click("#language")
        self.click("#chart-load .legend button")
        self.assertEqual(self.browser.run(visible), [True, True])

    def test_tables_sort_and_filter(self):
        self.browser.open(self.page("failing"))
        column = "return [...document.querySelectorAll('#table-decisions tbody tr')].map((r) => Number(r.cells[0].dataset.value))"
        times = self.browser.run(column)
        self.assertEqual(len(times), len(self.rows("failing", "decisions.csv")))
        self.click("#table-decisions th button")
        self.assertEqual(self.browser.run(column), sorted(times))
        self.click("#table-decisions th button")
        self.assertEqual(self.browser.run(column), sorted(times, reverse=True))
        self.browser.run("""const i = document.querySelector('#metrics input'); i.value = 'ttft_s.p99'; i.dispatchEvent(new Event('input'));""")
        left = self.browser.run("return [...document.querySelectorAll('#table-metrics tbody tr')].map((r) => r.cells[0].textContent)")
        self.assertEqual(left, ["latency.ttft_s.p99"])

    def test_what_is_behind_a_chart_can_be_kept(self):
        self.browser.open(self.page("quick"))
        text = self.downloaded("load.csv", lambda: self.click("[data-download='load.csv']"))
        self.assertEqual(text.splitlines()[0], "time_s,input,output")
        self.assertEqual(len(text.splitlines()), 1 + len(self.rows("quick")))
        text = self.downloaded("hourly.csv", lambda: self.click("[data-download='hourly.csv']"))
        self.assertEqual(text, (self.folder / "quick" / "hourly.csv").read_text())

    def test_theme_switch(self):
        self.browser.open(self.page("quick"))
        paper = "return getComputedStyle(document.body).backgroundColor"
        light = self.browser.run(paper)
        self.click("#theme")
        self.assertNotEqual(self.browser.run(paper), light)
        self.click("#theme")
        self.assertEqual(self.browser.run(paper), light)

    def test_an_overload_an_unstable_run_and_a_partial_one_say_so_first(self):
        for name, headline, problem in [
                ("overload", "got no full answer", "queue limit"), ("unstable", "does not keep up", "More comes in than is served"),
                ("partial", "", "interrupted: only 3 min"), ("failing", "", "Failures: 1. Units were down for 30 s")]:
            self.browser.open(self.page(name))
            with self.subTest(name=name):
                self.assertIn(headline, self.text_of("#headline"))
                self.assertIn(problem, self.text_of("#problems"))
                self.assertEqual(self.text_of("main section h2"), "Verdict")
        marks = self.rows("failing", "decisions.csv")
        self.browser.open(self.page("failing"))
        self.assertIn(marks[-1]["decided"], self.text_of("#table-decisions"))

    def test_hostile_names_are_text(self):
        hostile = self.folder / "hostile"
        self.epfleet("run", SMALL, "--quiet", "--until", "1 min", "--out", hostile)
        summary = json.loads((hostile / "summary.json").read_text())
        summary["scenario"]["name"] = HOSTILE
        summary["notes"] = [HOSTILE]
        summary["command"] = HOSTILE
        (hostile / "summary.json").write_text(json.dumps(summary))
        (hostile / "decisions.csv").write_text(f'time_s,by,saw,decided,why\n3.000,{HOSTILE},"{HOSTILE}, a",{HOSTILE},</script>\n')
        header, *rest = (hostile / "timeseries.csv").read_text().splitlines()
        (hostile / "timeseries.csv").write_text("\n".join([f"{header},{HOSTILE}", *(f"{row},1" for row in rest)]) + "\n")
        (hostile / "resolved.yaml").write_text(f"name: {HOSTILE}\n{HOSTILE}: 1\n")
        self.epfleet("report", hostile, "--quiet")
        self.browser.open(self.page("hostile"))
        self.assertEqual(self.text_of("h1"), HOSTILE)
        self.assertEqual(self.text_of("#command"), HOSTILE)
        self.assertIn(HOSTILE, self.text_of("#table-decisions"))
        self.assertEqual(self.browser.run("return document.querySelectorAll('main script, img').length"), 0)
        self.assertEqual(self.browser.faults(), [])

    def test_report_makes_the_same_page_of_an_older_result(self):
        written = self.page("quick").read_bytes()
        self.epfleet("report", "quick", "--quiet", "--out", "again.html")
        self.assertEqual((self.folder / "again.html").read_bytes(), written)
        self.assertLess(len(written), 3_000_000)
        self.epfleet("run", SMALL, "--quiet", "--until", "1 min", "--no-report", "--out", "without")
        self.assertFalse(self.page("without").exists())
        told = self.epfleet("report", "nowhere", code=2).stderr
        self.assertIn("nowhere", told)


if __name__ == "__main__":
    skip_without_browser()
    main()
