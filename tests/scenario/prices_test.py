#!/usr/bin/env python3
"""What windows of prices earn and cost in a run is what arithmetic says: by interval, by class of
payer, in a plan that computes prices anew. A currency is a label."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PLANNED, QUICK, SMALL, ProgramTest, main, write_planned  # noqa: E402

# Ten minutes from 01:55 UTC on a Tuesday.
START = "start=2026-08-18T09:55+08:00"
LENGTH = "duration=10 min"


class PricesTest(ProgramTest):
    def run_small(self, name, *changes):
        options = [part for change in (LENGTH, *changes) for part in ("--set", change)]
        return self.epfleet("run", SMALL, "--out", name, *options).stdout

    def expected(self, name, begin=0, end=600):
        return sum(float(row["expected_revenue_usd"]) for row in self.rows_of(f"{name}/timeseries.csv")
                   if begin <= float(row["time_s"]) < end)

    def test_a_window_earns_what_arithmetic_says(self):
        self.run_small("usual", START, "prices.off_peak=none")
        dear = "prices.calendar=[{days: mon-fri, hours: 02:00-04:00, channel: api, factor: 2}]"
        self.run_small("dear", START, dear)
        usual, paid = (self.json_of(f"{name}/summary.json") for name in ("usual", "dear"))
        before, after = self.expected("usual", 0, 300), self.expected("usual", 300, 600)
        self.assertGreater(min(before, after), 0)
        self.assertAlmostEqual(self.expected("dear", 0, 300), before, delta=1e-9)
        self.assertAlmostEqual(self.expected("dear", 300, 600), 2 * after, delta=1e-9)
        self.assertAlmostEqual(paid["revenue"]["expected_usd"], before + 2 * after, delta=1e-6)
        self.assertEqual(paid["revenue"]["theoretical_usd"], usual["revenue"]["theoretical_usd"])
        self.assertEqual(paid["cost"], usual["cost"])
        self.assertEqual(paid["latency"], usual["latency"])
        # On a Sunday, and on a holiday, it is as usual.
        for name, *other in (("sunday", "start=2026-08-16T09:55+08:00", dear),
                             ("holiday", START, dear.replace("channel", "holidays: excluded, channel"),
                              "prices.holidays=[2026-08-18]")):
            self.run_small(name, *other)
            self.assertEqual(self.json_of(f"{name}/summary.json")["revenue"], usual["revenue"])

    def test_one_model_earns_more_and_the_other_as_before(self):
        self.run_small("usual", START, "prices.off_peak=none")
        self.run_small("cheap", START, "prices.calendar=[{model: r1, factor: 25 %}]")
        usual, cheap = (self.json_of(f"{name}/summary.json")["revenue"]["per_model"]
                        for name in ("usual", "cheap"))
        self.assertGreater(min(model["expected_usd"] for model in usual.values()), 0)
        self.assertEqual(cheap["v3"], usual["v3"])
        self.assertAlmostEqual(cheap["r1"]["expected_usd"], 0.25 * usual["r1"]["expected_usd"], delta=1e-9)
        self.assertEqual(cheap["r1"]["theoretical_usd"], usual["r1"]["theoretical_usd"])

    def test_off_peak_and_the_books_calendar_are_the_same_to_the_bit(self):
        night = "start=2025-02-28T00:25+08:00"  # 16:25 UTC: half of the run is off peak
        self.run_small("short", night)
        self.run_small("calendar", night, "prices.calendar=prices_2025-02")
        short, calendar = (self.json_of(f"{name}/summary.json") for name in ("short", "calendar"))
        self.assertIn("off_peak: none", (self.folder / "calendar/resolved.yaml").read_text())
        for group in ("revenue", "cost", "margin", "tokens", "latency"):
            self.assertEqual(short[group], calendar[group])

    def test_the_resolved_scenario_gives_the_same_result(self):
        self.run_small("first", START, "prices.book=prices_2026-08", "prices.calendar=prices_2026-08",
                       "prices.currency=CNY")
        text = (self.folder / "first/resolved.yaml").read_text()
        (self.folder / "again.yaml").write_text(text)
        self.epfleet("run", "again.yaml", "--out", "again")  # as it says itself, the warm-up too
        first, again = (self.json_of(f"{name}/summary.json") for name in ("first", "again"))
        self.assertEqual({**first, "command": ""}, {**again, "command": ""})
        self.assertEqual((self.folder / "again/resolved.yaml").read_text().replace("  # default", ""),
                         text.replace("  # default", ""))

    def test_a_currency_is_a_label(self):
        plain = self.run_small("usd")
        named = self.run_small("cny", "prices.currency=CNY")
        self.assertEqual(named.replace(" CNY", " USD").split("fingerprint")[0],
                         plain.split("fingerprint")[0])
        self.assertNotIn("USD", named)
        self.assertIn(" CNY per hour", named)
        usd, cny = (self.json_of(f"{name}/summary.json") for name in ("usd", "cny"))
        self.assertEqual(usd["cost"], cny["cost"])
        self.assertEqual(usd["revenue"], cny["revenue"])

    def test_dates_that_the_calendar_does_not_know_are_said(self):
        book = ("--set", "prices.book=prices_2026-08", "--set", "prices.calendar=prices_2026-08")
        said = self.epfleet("check", QUICK, *book)
        self.assertIn("prices.holidays lists none of 2025", said.stdout + said.stderr)
        said = self.epfleet("check", QUICK, *book, "--set", START)
        self.assertNotIn("prices.calendar", said.stdout + said.stderr)
        (self.folder / "bare.yaml").write_text("fleet: {prefill_units: 1, decode_units: 1}\n"
                                               "workload: {rate: 1/s, input: 1000, output: 100}\n"
                                               "prices: {calendar: [{days: mon-fri, factor: 2}]}\n")
        said = self.epfleet("check", "bare.yaml")
        self.assertIn("`start`, which is not stated and so is 2025-01-01", said.stdout + said.stderr)

    def test_a_plan_prices_windows_as_a_run_does(self):
        # The window opens within an interval of the run that is there already.
        write_planned(self.folder / "base.yaml", PLANNED + "start: 2025-02-27T12:00:07+08:00\n"
                      "prices: {off_peak: none, currency: CNY}\n")
        change = "prices.calendar=[{hours: 04:01-04:02, gpu_hour: 1 USD/h}, {hours: 04:02-04:05, factor: 2}]"
        shown = self.epfleet("plan", "base.yaml", "--vary", "fleet.groups=6", "--minimise", "cost.usd",
                             "--quiet", "--what-if", change,
                             "--out", "plan").stdout
        self.assertIn("CNY/h", shown)
        self.assertNotIn("USD/h ", shown)
        row, = [row for row in self.rows_of("plan/plan.csv") if row["change"] == change]
        self.epfleet("run", "base.yaml", "--set", "fleet.groups=6", "--set", change, "--out", "run")
        run = self.json_of("run/summary.json")
        self.assertAlmostEqual(float(row["cost.usd"]), run["cost"]["usd"], delta=1e-9)
        plain, = [row for row in self.rows_of("plan/plan.csv") if row["change"] == ""]
        self.assertAlmostEqual(float(plain["cost.usd"]) - run["cost"]["usd"],
                               run["cost"]["usd"] / (180 - 30) * 30, delta=1e-6)

    def test_a_month_has_its_working_days(self):
        (self.folder / "month.yaml").write_text(
            f"extends: {QUICK}\nduration: 30 d\nstart: 2026-09-01T00:00Z\n"
            "prices: {book: prices_2026-08, calendar: prices_2026-08}\n"
            "workload: {rate: 0.01/s, input: 1000, output: 10, warm_up: 0 s}\n"
            "kv_cache: {model: statistical, hit_ratio: 50 %}\n"
            "report: {interval: 1 h}\n")
        self.epfleet("run", "month.yaml", "--out", "month", "--quiet")
        rows = self.rows_of("month/hourly.csv")
        self.assertEqual(len(rows), 720)
        total = self.json_of("month/summary.json")["revenue"]["expected_usd"]
        self.assertAlmostEqual(sum(float(row["expected_revenue_usd"]) for row in rows), total, delta=1e-9)


if __name__ == "__main__":
    main()
