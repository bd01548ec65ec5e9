#!/usr/bin/env python3
"""Makes the small traces of traces/ from the digitised charts of the published day, and checks them.

    tools/make_traces.py            writes traces/*.csv
    tools/make_traces.py --check    compares the committed files with what would be written; exit 1 on a difference

    --reference DIR   folder with deepseek_day_hourly.csv and deepseek_day_nodes.csv, the charts as read (default: traces/
                      itself, which has the same rows)
    --out DIR         where to write (default traces/)

All arithmetic is in exact fractions, so that every machine writes the same bytes.
"""

import argparse
import csv
import io
import pathlib
import sys
from fractions import Fraction

DAY_S = 86_400
BIN_S = 300
BINS_PER_HOUR = 3600 // BIN_S

# Published totals of the day: open-infra-index 56d8685, 202502OpenSourceWeek, day 6.
INPUT_TOKENS = 608_000_000_000
CACHED_TOKENS = 342_000_000_000
OUTPUT_TOKENS = 168_000_000_000
MEAN_NODES = Fraction(22675, 100)
COST_USD = 87_072
REVENUE_USD = 562_027
GPUS_PER_NODE = 8

# An assumption, not published: mean output length if input and output lengths are independent and the
# output's coefficient of variation is 1.0 (then mean KV per output token = 4,989 fixes it).
MEAN_OUTPUT_TOKENS = 1_080

POST = "open-infra-index 56d8685 day 6"
CHART = "open-infra-index 56d8685 day 6 charts (digitised)"

# name, role, role if a policy chooses the nodes, role if a token-rate trace is replayed,
# published, published_low, published_high, tolerance_ratio, source.
# Tolerances: inputs that are drawn at random 1 %; arithmetic on the schedule 0.1 % (rounding of the
# printed figure); what was solved for 2 %. A predicted row has none: it is inside the published range or it is not.
PUBLISHED = [
    ("tokens.input", "input", "", "", INPUT_TOKENS, "", "", "0.01", f"{POST}: 608B input tokens"),
    ("tokens.output", "input", "", "", OUTPUT_TOKENS, "", "", "0.01", f"{POST}: 168B output tokens"),
    ("nodes.peak", "input", "predicted", "", 278, "", "", "0.001", f"{POST}: peak node occupancy 278"),
    ("nodes.mean", "identity", "predicted", "", "226.75", "", "", "0.001",
     f"{POST}: average occupancy 226.75 nodes"),
    ("cost.usd", "identity", "predicted", "", COST_USD, "", "", "0.001",
     f"{POST}: $87,072 at $2 per GPU hour"),
    ("revenue.theoretical_usd", "identity", "", "", REVENUE_USD, "", "", "0.01",
     f"{POST}: $562,027, all tokens at R1 prices"),
    ("margin.theoretical_ratio", "identity", "predicted", "", "5.45", "", "", "0.01",
     f"{POST}: cost profit margin 545%"),
    ("throughput.prefill_input_tps_per_node", "identity", "predicted", "", 73_700, "", "", "0.01",
     f"{POST}: 73.7k tokens/s per prefill node, cache hits included"),
    ("throughput.decode_output_tps_per_node", "identity", "predicted", "", 14_800, "", "", "0.01",
     f"{POST}: 14.8k tokens/s per decode node"),
    ("tokens.cached", "calibrated", "", "input", CACHED_TOKENS, "", "", "0.02",
     f"{POST}: 342B input tokens hit the on-disk KV cache"),
    ("cache.hit_ratio", "calibrated", "", "input", "0.563", "", "", "0.02", f"{POST}: 56.3% cache hits"),
    ("workload.mean_kv_per_output_token", "calibrated", "", "predicted", 4_989, "", "", "0.02",
     f"{POST}: average KV cache length per output token 4,989"),
    ("latency.output_speed_tps.mean", "predicted", "", "", 21, 20, 22, "",
     f"{POST}: average output speed 20-22 tokens/s"),
]


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def exact(text):
    return Fraction(text)


def bin_weights(hourly):
    """Weights of the 5-minute bins: the mean of a continuous piecewise-linear curve over each bin.

    The curve passes through e = (left hour + right hour) / 2 at the edge of two hours (the day is taken to
    repeat) and through m = 2 * hour - (e_left + e_right) / 2 at half past. The mean of the two straight
    pieces is (e_left + 2 m + e_right) / 4 = hour, so each hour keeps its published value exactly.
    """
    hours = len(hourly)
    weights = []
    for h, mean in enumerate(hourly):
        left = (hourly[h - 1] + mean) / 2
        right = (mean + hourly[(h + 1) % hours]) / 2
        middle = 2 * mean - (left + right) / 2
        for b in range(BINS_PER_HOUR):
            x = Fraction(2 * b + 1, 2 * BINS_PER_HOUR)  # centre of the bin, in hours
            if x < Fraction(1, 2):
                value = left + (middle - left) * 2 * x
            else:
                value = middle + (right - middle) * (2 * x - 1)
            weights.append(value / BINS_PER_HOUR)
    return weights


def spread(total, weights):
    """Whole numbers in proportion to the weights whose sum is total: differences of rounded running sums."""
    whole = sum(weights)
    running, before, parts = Fraction(0), 0, []
    for weight in weights:
        running += weight
        now = int(total * running / whole + Fraction(1, 2))
        parts.append(now - before)
        before = now
    return parts


def token_rate_trace(hourly_rows):
    weights = bin_weights([exact(row["theoretical_income_usd"]) for row in hourly_rows])
    assert min(weights) > 0, "the interpolated rate must be positive"
    columns = [spread(total, weights) for total in
               (OUTPUT_TOKENS // MEAN_OUTPUT_TOKENS, INPUT_TOKENS, CACHED_TOKENS, OUTPUT_TOKENS)]
    text = io.StringIO()
    text.write(
        "# The published day of the DeepSeek-V3/R1 service as token rates: 2025-02-27 12:00 to 02-28 12:00, UTC+8.\n"
        f"# Source: {CHART} for the shape, the post for the totals. Made by tools/make_traces.py.\n"
        "# Assumed: the mix of input, cached and output tokens is the same all day (only income is published by\n"
        f"# the hour), and a mean answer of {MEAN_OUTPUT_TOKENS} tokens, which sets the number of requests.\n"
        "time_s,requests,input_tokens,cached_tokens,output_tokens\n")
    for i, row in enumerate(zip(*columns)):
        text.write(f"{i * BIN_S}," + ",".join(map(str, row)) + "\n")
    return text.getvalue()


def with_comment(comment, rows):
    text = io.StringIO()
    text.write(comment)
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def published_values():
    text = io.StringIO()
    text.write(
        "# What was published about 2025-02-27 12:00 to 02-28 12:00 (UTC+8), and what each figure is to a simulation:\n"
        "# input, identity (arithmetic on inputs), calibrated (something was solved for it) or predicted.\n"
        "# Empty role_if_*: the role stays. Names are paths in summary.json. Made by tools/make_traces.py.\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "role", "role_if_scaled", "role_if_replayed", "window_s", "published",
                     "published_low", "published_high", "tolerance_ratio", "source"])
    for name, role, scaled, replayed, *rest in PUBLISHED:
        writer.writerow([name, role, scaled, replayed, DAY_S, *rest])
    return text.getvalue()


def check_published_identities(hourly_rows, node_rows):
    """The charts must agree with the printed totals, or they were misread."""
    def seconds(clock):
        hours, minutes = map(int, clock.split(":"))
        return ((hours - 12) % 24) * 3600 + minutes * 60

    starts = [seconds(row["start_utc8"]) for row in node_rows] + [DAY_S]
    assert starts[0] == 0 and starts == sorted(starts), "node steps must rise from 12:00"
    node_s = sum(int(row["nodes"]) * (starts[i + 1] - starts[i]) for i, row in enumerate(node_rows))
    assert Fraction(node_s, DAY_S) == MEAN_NODES, "node steps must average 226.75"
    assert node_s * GPUS_PER_NODE * 2 == COST_USD * 3600, "node steps must cost 87,072 USD at 2 USD/h"

    assert len(hourly_rows) == 24 and hourly_rows[0]["hour_utc8"] == "12:00"
    assert sum(int(row["cost_usd"]) for row in hourly_rows) == COST_USD, "hourly cost must sum to the day's"
    income = sum(exact(row["theoretical_income_usd"]) for row in hourly_rows)
    assert abs(income / REVENUE_USD - 1) < Fraction(1, 1000), "hourly income must sum to 562,027 within 0.1 %"


def check_trace(text, hourly_rows):
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert len(rows) * BIN_S == DAY_S
    for column, total in (("input_tokens", INPUT_TOKENS), ("cached_tokens", CACHED_TOKENS),
                          ("output_tokens", OUTPUT_TOKENS)):
        assert sum(int(row[column]) for row in rows) == total, column
    assert all(int(r["cached_tokens"]) <= int(r["input_tokens"]) for r in rows)
    income = sum(exact(row["theoretical_income_usd"]) for row in hourly_rows)
    for h, row in enumerate(hourly_rows):  # each hour keeps its share, but for the rounding of two edges
        hour = rows[h * BINS_PER_HOUR:(h + 1) * BINS_PER_HOUR]
        asked = INPUT_TOKENS * exact(row["theoretical_income_usd"]) / income
        assert abs(sum(int(r["input_tokens"]) for r in hour) - asked) <= 1, f"hour {h}"


def make(reference):
    hourly_rows = read_rows(reference / "deepseek_day_hourly.csv")
    node_rows = read_rows(reference / "deepseek_day_nodes.csv")
    check_published_identities(hourly_rows, node_rows)
    trace = token_rate_trace(hourly_rows)
    check_trace(trace, hourly_rows)
    return {
        "deepseek_day.csv": trace,
        "deepseek_day_hourly.csv": with_comment(
            f"# Cost and theoretical income by the hour from 2025-02-27 12:00 (UTC+8). Source: {CHART},\n"
            "# read to 0.4 %; mean_nodes is the hour's average of the node chart.\n", hourly_rows),
        "deepseek_day_nodes.csv": with_comment(
            f"# Nodes in use from 2025-02-27 12:00 (UTC+8), a step line. Source: {CHART},\n"
            "# read to 15 minutes; it averages exactly the published 226.75.\n", node_rows),
        "deepseek_day_published.csv": published_values(),
    }


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", type=pathlib.Path, default=root / "traces")
    parser.add_argument("--out", type=pathlib.Path, default=root / "traces")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    files = make(options.reference)
    if not options.check:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (options.out / name).write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {name}")
        return 0
    stale = [name for name, text in files.items()
             if not (options.out / name).is_file()
             or (options.out / name).read_text(encoding="utf-8") != text]
    for name in stale:
        print(f"{name} differs from what tools/make_traces.py makes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
