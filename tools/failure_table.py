#!/usr/bin/env python3
"""What a failure took, run by run: a Markdown table of result folders.

    tools/failure_table.py DIR...

"as before": seconds from the first failure until the last interval of timeseries.csv in which the
service fell behind what it was in the minutes before: fewer than 95 % of the output tokens a
second, or a mean time to first token more than 1.5 times as long. "never": so to the end.
"""

import csv
import json
import sys
from pathlib import Path

LESS_OUTPUT, LONGER_TTFT = 0.95, 1.5


def number(text):
    return float(text) if text else 0.0


def first_failure(folder):
    """Seconds after the window's start; none: nothing was hit in it."""
    with open(folder / "decisions.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (row["by"] == "failures" and row["decided"] != "it hits nothing"
                    and float(row["time_s"]) >= 0):
                return float(row["time_s"])
    return None


def seconds_until_as_before(folder, failure):
    with open(folder / "timeseries.csv", encoding="utf-8") as file:
        rows = [(number(r["time_s"]), number(r["output_tps"]), number(r["ttft_mean_s"]))
                for r in csv.DictReader(file)]
    before = [row for row in rows if row[0] < failure]
    output = sum(row[1] for row in before) / len(before)
    ttft = sum(row[2] for row in before) / len(before)
    behind = [row[0] for row in rows
              if row[0] >= failure and (row[1] < LESS_OUTPUT * output or row[2] > LONGER_TTFT * ttft)]
    if not behind:
        return "0"
    after = [row[0] for row in rows if row[0] > behind[-1]]
    return f"{after[0] - failure:.0f}" if after else "never"


def row_of(folder):
    with open(folder / "summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    failure = first_failure(folder)
    failures, latency = summary["failures"], summary["latency"]
    return [
        folder.name,
        f"{failures['requests_lost']:,}",
        f"{failures['requests_retried']:,}",
        f"{failures['recomputed_tokens'] / 1e6:.1f}",
        f"{failures['unit_down_s']:.1f}",
        "0" if failure is None else seconds_until_as_before(folder, failure),
        f"{latency['tpot_s']['p99'] * 1e3:.1f}",
        f"{latency['itl_s']['max']:.1f}",
        f"{failures['availability_ratio'] * 100:.3f} %",
        f"{summary['slo']['attainment_ratio'] * 100:.2f} %",
        f"{summary['unit_cost']['usd_per_m_output']:.4f}",
    ]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    head = ["run", "lost", "retried", "recomputed, M tokens", "down, s", "as before after, s",
            "TPOT p99, ms", "longest gap, s", "available", "attainment", "USD per M output"]
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for folder in map(Path, sys.argv[1:]):
        print("| " + " | ".join(row_of(folder)) + " |")


if __name__ == "__main__":
    main()
