#!/usr/bin/env python3
"""Published services beside simulated ones, of three kinds, as a Markdown table, misses included.

    tools/service_table.py                             prints the table
    tools/service_table.py --write docs/validation.md  ... into that file's block, between
                                                       `<!-- begin:services -->` and `<!-- end:services -->`

tests/validation/published_services.csv has a row for each published point: where it was published, what
had to be assumed, and the arguments of `epfleet timing decode|prefill --scenario
configs/deepseek_day.yaml` that say what ran. The kinds:

    maker       engines described by their makers; a point is calibrated (a constant was solved for it,
                or it was given for that) or predicted
    not_fitted  services that nobody fitted: nothing of them was used, what ran is printed
    not_stated  services that do not say what ran: a band around what was assumed, no validation

Decode is compared in the time of a step, prefill in tokens/s: published throughputs of decode become
steps by `tokens_per_step`. What the service did not run (`not_run`, of `step_parts_s`) is taken off.
"""

import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import timing_table  # noqa: E402

SERVICES = timing_table.ROOT / "tests/validation/published_services.csv"
GPUS_PER_NODE = 8
BAND = 0.30
# What a row may be off before it is set in bold, and the headline of its kind.
KINDS = {
    "maker": (0.10, "Engines described by their makers"),
    "not_fitted": (0.20, "Services that nobody fitted"),
    "not_stated": (BAND, "Services that do not say what ran: no validation"),
}


def read():
    with open(SERVICES, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["published"] = float(row["published"])
    return rows


def argument(row, option):
    words = row["arguments"].split()
    return words[words.index(option) + 1]


def published(row):
    """The published figure as what is compared: decode in ms a step, prefill in tokens/s a node."""
    value, quantity = row["published"], row["quantity"]
    if quantity.startswith("tokens_per_s"):
        of_a_gpu = value / (GPUS_PER_NODE if quantity.endswith("node") else 1)
        if row["phase"] == "prefill":
            return of_a_gpu * GPUS_PER_NODE
        tokens = int(argument(row, "--requests-per-gpu")) * float(row["tokens_per_step"])
        return 1000 * tokens / of_a_gpu
    return value * float(row["tokens_per_step"]) if quantity == "tpot_ms" else value


def predicted(row, step):
    """The same figure of the JSON of `epfleet timing`."""
    if row["quantity"] == "layer_ms":
        return 1000 * step["layer_s"]
    if row["quantity"] == "overlap_ratio":
        other, chosen = step["other_overlap_step_s"], step["step_s"]
        return other / chosen if step["layout"]["overlap"] == "dual_batch" else chosen / other
    if row["phase"] == "prefill":
        return step["tokens_per_s_per_node"]
    return 1000 * (step["step_s"] - (step["step_parts_s"][row["not_run"]] if row["not_run"] else 0))


def simulate(program, row, *more):
    return predicted(row, timing_table.simulated(program, row["phase"], [*row["arguments"].split(), *more]))


def compare(program):
    """The rows of SERVICES with `compared` (published), `predicted`, `error` and `misses` beside them."""
    rows = read()
    for row in rows:
        row["compared"] = published(row)
        row["predicted"] = simulate(program, row)
        row["error"] = row["predicted"] / row["compared"] - 1
        row["misses"] = abs(row["error"]) > KINDS[row["kind"]][0]
    return rows


def figure(row, value):
    if row["quantity"] == "overlap_ratio":
        return f"{value:.2f}"
    if row["phase"] == "prefill":
        return f"{value:,.0f} tokens/s a node"
    return f"{value:.3f} ms a layer" if row["quantity"] == "layer_ms" else f"{value:.1f} ms a step"


def line(row):
    bold = "**" if row["misses"] else ""
    if row["kind"] == "not_stated":
        simulated = f"{figure(row, row['predicted'] * (1 - BAND))} to {row['predicted'] * (1 + BAND):,.1f}"
        error = f"{bold}{'outside' if row['misses'] else 'within'}{bold}"
    else:
        simulated = figure(row, row["predicted"])
        error = f"{bold}{row['error']:+.1%}{bold}"
    return (f"| {row['service']} | {row['phase']} | {figure(row, row['compared'])} | {simulated} | {error} | "
            f"{row['role']} |")


def scored(rows, kind):
    """The rows that a kind is judged by: calibrated ones say nothing of it."""
    return [row for row in rows if row["kind"] == kind and row["role"] != "calibrated"]


def mean_and_worst(rows):
    errors = [abs(row["error"]) for row in rows]
    return sum(errors) / len(errors), max(errors)


def summary(rows, kind):
    own = scored(rows, kind)
    if kind == "not_stated":
        return f"{len(own)} rows, {sum(not row['misses'] for row in own)} within +-{BAND:.0%}"
    mean, worst = mean_and_worst(own)
    beside = sum(row["kind"] == kind for row in rows) - len(own)
    return (f"{len(own)} predicted rows: mean error {mean:.1%}, worst {worst:.1%}" +
            (f"; {beside} calibrated" if beside else ""))


def markdown(rows):
    lines = ["| service | phase | published | simulated | error | role |", "| --- | --- | --- | --- | --- | --- |"]
    for kind, (_, headline) in KINDS.items():
        lines.append(f"| **{headline}** | | | | | |")
        lines += [line(row) for row in rows if row["kind"] == kind]
        lines.append(f"| *{summary(rows, kind)}* | | | | | |")
    return "\n".join(lines)


if __name__ == "__main__":
    timing_table.fill_blocks(__doc__, {"services": lambda program: markdown(compare(program))})
