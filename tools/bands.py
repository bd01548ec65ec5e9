#!/usr/bin/env python3
"""How far the guesses of the day could move its predicted values: the bands of the validation table.

    tools/bands.py                    all guesses of configs/deepseek_day.yaml; writes traces/deepseek_day_bands.json
    tools/bands.py --guess KEY ...    only these; prints the table, writes nothing unless --write says where

Every guess (`epfleet explain --guesses`) is put at the low and at the high end of its plausible range, one
at a time, all else central. Each case is simulated at a few moments of the day instead of all of it: a short
window that starts there, after a warm-up, in the day's own fleet, store and traffic (the derived scenario
extends the day, starts later and turns the hourly shape by as many hours). The moments are combined into a
value of the day: every hour counts as the moment that is nearest in decode nodes and in load per decode node
(as ratios), with its tokens (speeds, times) or its decode nodes (utilisation) as the weight. Quantiles are
combined as weighted means.
What only happens when units come and go shows at none of the moments.

A case is saturated when prefill or decode cannot keep up at some moment: requests pile up, or the median
first token takes more than 10 s. Its values depend on the length of the window and are not quoted; the band
is open (null) on the side to which they moved. The time to first token suffers from prefill alone.

Finished runs are kept under --out and used again while program, scenario and options stay the same, so that
an interrupted script can be started again. Guesses of prices.*, energy.* and admission.* move no predicted value, those
of scaling.* none at these moments: they are not run.
"""

import argparse
import collections
import concurrent.futures
import csv
import dataclasses
import datetime
import hashlib
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPE_COLUMN = "theoretical_income_usd"
# Bands beside those of the predicted rows of the scenario's published values.
MORE_ROWS = ["latency.ttft_s.p50", "latency.ttft_s.p99", "utilisation.decode_batch_per_gpu_mean"]
SPEED = "latency.output_speed_tps.mean"
SLOW_FIRST_TOKEN_S = 10.0
NOT_RUN = ("prices.", "energy.", "admission.", "scaling.")
INTERVAL_S = 30
# A queue that grew over the window by this share of itself and of all requests in service is one that grows.
GROWTH = 1.2
GROWTH_IN_SERVICE = 0.02


@dataclasses.dataclass(frozen=True)
class Case:
    key: str  # empty: the central case
    end: str  # "central", "low" or "high"
    value: str

    def __str__(self):
        return f"{self.key}={self.value}" if self.key else "central"


@dataclasses.dataclass(frozen=True)
class Moment:
    hour: int  # after the start of the day
    label: str  # "15:00"
    tokens: float  # share of the day's tokens that it stands for
    nodes: float  # share of the day's decode-node hours


@dataclasses.dataclass(frozen=True)
class Result:
    summary: dict
    saturated: str  # "", "prefill" or "decode"

    def value(self, row):
        found = self.summary
        for name in row.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found


class Day:
    """What the script needs to know of the scenario, from one very short run of it."""

    def __init__(self, options):
        self.program = pathlib.Path(options.program).resolve()
        self.scenario = pathlib.Path(options.scenario).resolve()
        folder = options.out / "day"
        run(self.program, self.scenario, folder, "1 s", ["report.bands=none"])
        self.fingerprint = json.loads((folder / "summary.json").read_text())["scenario"]["fingerprint"]
        self.keys, self.schedule = read_resolved(folder / "resolved.yaml")
        self.start = datetime.datetime.fromisoformat(self.keys["start"])
        self.shape, self.nodes = self.read_shape()
        self.program_hash = hashlib.sha256(self.program.read_bytes()).hexdigest()

    def read_shape(self):
        """24 weights of the hours from the start, and their mean decode nodes (1 where the file has no nodes)."""
        path = self.keys["workload.hourly_shape"]
        if path == "flat":
            return [1.0] * 24, [1.0] * 24
        lines = (self.scenario.parent / path).read_text().splitlines()
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        weights = [float(row[SHAPE_COLUMN]) for row in rows]
        return weights, [self.decode_nodes(float(row["mean_nodes"])) if "mean_nodes" in row else 1.0 for row in rows]

    def decode_nodes(self, nodes):
        """Of so many nodes in all: the fleet grows in groups."""
        def nodes_of(part, phase):
            per_unit = int(self.keys[f"{phase}.gpus"]) / int(self.keys["hardware.gpus_per_node"])
            return int(self.keys[f"fleet.{part}.{phase}_units"]) * per_unit
        base = nodes_of("base", "prefill") + nodes_of("base", "decode")
        group = nodes_of("group", "prefill") + nodes_of("group", "decode")
        return nodes_of("base", "decode") + (nodes - base) / group * nodes_of("group", "decode")

    def predicted_rows(self):
        path = self.keys["report.published"]
        if path == "none":
            return []
        lines = (self.scenario.parent / path).read_text().splitlines()
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return [row["name"] for row in rows if row["role"] == "predicted"]

    def moments(self, labels):
        hours = [(hour_of(label) - self.start.hour) % 24 for label in labels]
        # At the turn of an hour the rate is the mean of the two hours that meet there.
        load = {hour: (self.shape[hour] + self.shape[hour - 1]) / 2 / self.nodes[hour] for hour in hours}

        def distance(moment, hour):
            return (abs(math.log(load[moment] * self.nodes[hour] / self.shape[hour])) +
                    abs(math.log(self.nodes[moment] / self.nodes[hour])))

        tokens, nodes = collections.Counter(), collections.Counter()
        for hour, weight in enumerate(self.shape):
            nearest = min(hours, key=lambda moment: distance(moment, hour)) if weight > 0 else hours[0]
            tokens[nearest] += weight
            nodes[nearest] += self.nodes[hour]
        return [Moment(hour, label, tokens[hour] / sum(self.shape), nodes[hour] / sum(self.nodes))
                for hour, label in zip(hours, labels)]

    def groups_at(self, label):
        """Groups in force by the daily schedule, or all the time."""
        if self.keys["scaling.policy"] != "schedule":
            return int(self.keys["fleet.groups"])
        if any(":" not in at for at, _ in self.schedule):
            sys.exit("bands: --decode-units needs a schedule by times of day")
        begun = [step for step in sorted(self.schedule) if step[0] <= label]
        return (begun or sorted(self.schedule))[-1][1]

    def smaller_fleet(self, label, decode_units):
        """Overrides for at most so many decode units, with prefill, traffic and store in proportion."""
        def units(phase):
            return (int(self.keys[f"fleet.base.{phase}_units"]) +
                    self.groups_at(label) * int(self.keys[f"fleet.group.{phase}_units"]))
        if not decode_units or decode_units >= units("decode"):
            return [], 1.0
        share = decode_units / units("decode")
        prefill_units = max(1, round(units("prefill") * share))
        rate_scale = float(self.keys["workload.rate_scale"]) * share
        return ["scaling.policy=fixed", "fleet.groups=0", f"fleet.base.decode_units={decode_units}",
                f"fleet.base.prefill_units={prefill_units}", f"workload.rate_scale={rate_scale:.9g}"], share


def hour_of(label):
    if not re.fullmatch(r"([01]\d|2[0-3]):00", label):
        sys.exit(f"bands: --at {label}: give whole hours such as 15:00")
    return int(label[:2])


def scaled(value, share):
    """'20 PB' times share."""
    number, _, unit = value.partition(" ")
    return f"{float(number) * share:.9g} {unit}".strip()


def read_resolved(path):
    """The keys of a resolved.yaml by dotted path, and the schedule: it is written in one fixed form."""
    keys, schedule, groups = {}, [], []
    for line in path.read_text().splitlines():
        line = line.split("  #")[0]
        step = re.match(r'\s*- \{at: "?([^",]+)"?, groups: (\d+)\}', line)
        entry = re.match(r"( *)([\w]+): ?(.*)$", line)
        if step:
            schedule.append((step[1], int(step[2])))
        elif entry:
            groups = groups[:len(entry[1]) // 2] + [entry[2]]
            keys[".".join(groups)] = entry[3].strip().strip('"')
    return keys, schedule


def run(program, scenario, out, until, overrides):
    command = [str(program), "run", str(scenario), "--out", str(out), "--force", "--until", until, "--quiet",
               "--progress", "off"]
    for override in overrides:
        command += ["--set", override]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip() or 'stopped'} ({done.returncode})")


def read_guesses(day):
    command = [str(day.program), "explain", "--guesses", str(day.scenario)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return list(csv.DictReader(lines))


def write_scenario(day, moment, options):
    """The day from this moment on: the same scenario, begun later, its shape turned with it."""
    folder = options.out / "scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"bands_{moment.label[:2]}h"
    start = day.start + datetime.timedelta(hours=moment.hour)
    turned = day.shape[moment.hour:] + day.shape[:moment.hour]
    (folder / f"{name}.csv").write_text("\n".join([SHAPE_COLUMN] + [f"{weight:g}" for weight in turned]) + "\n")
    scenario = folder / f"{name}.yaml"
    scenario.write_text(f"""extends: {os.path.relpath(day.scenario, folder)}
name: {name}
start: {start.isoformat(timespec="minutes")}
workload:
  hourly_shape: {name}.csv
  warm_up: {options.warm_up:g} min
report: {{interval: {INTERVAL_S} s, published: none, published_hourly: none, bands: none}}
""")
    return scenario


def overrides_of(day, case, moment, options):
    overrides, share = day.smaller_fleet(moment.label, options.decode_units)
    own = [f"{case.key}={case.value}"] if case.key else []
    if share < 1.0:
        capacity = case.value if case.key == "kv_cache.capacity" else day.keys["kv_cache.capacity"]
        own = [o for o in own if not o.startswith("kv_cache.capacity=")]
        own.append(f"kv_cache.capacity={scaled(capacity, share)}")
    return overrides + own


def result_of(day, case, moment, scenario, options):
    """Runs the case at the moment, unless that has been done before."""
    overrides = overrides_of(day, case, moment, options)
    shape = scenario.with_suffix(".csv").read_text()
    what = [day.program_hash, day.fingerprint, scenario.read_text(), shape, f"{options.minutes:g}", *overrides]
    folder = options.out / "cases" / hashlib.sha256("\n".join(what).encode()).hexdigest()[:16]
    if not is_whole(folder, options):
        began = time.monotonic()
        run(day.program, scenario, folder, f"{options.minutes:g} min", overrides)
        print(f"bands: {case} at {moment.label}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    return Result(json.loads((folder / "summary.json").read_text()), saturated(folder))


def is_whole(folder, options):
    """An interrupted run leaves a result, too, but a shorter one."""
    summary = folder / "summary.json"
    return summary.exists() and abs(json.loads(summary.read_text())["simulated_s"] - 60 * options.minutes) < 1e-6


def saturated(folder):
    rows = list(csv.DictReader((folder / "timeseries.csv").read_text().splitlines()))
    ttft = json.loads((folder / "summary.json").read_text())["latency"]["ttft_s"]["p50"]
    if ttft is None or ttft > SLOW_FIRST_TOKEN_S or grows(rows, "prefill_queue_requests"):
        return "prefill"
    return "decode" if grows(rows, "decode_waiting_requests") else ""


def grows(rows, column):
    quarter = max(1, len(rows) // 4)
    first = sum(float(row[column]) for row in rows[:quarter]) / quarter
    last = sum(float(row[column]) for row in rows[-quarter:]) / quarter
    in_service = float(rows[-1]["in_service_requests"])
    return last > GROWTH * first and last - first > GROWTH_IN_SERVICE * in_service


def day_value(row, results, moments):
    """The moments' values combined; none where one has none."""
    weights = [m.nodes if row.startswith("utilisation.") else m.tokens for m in moments]
    values = [results[moment].value(row) for moment in moments]
    return None if None in values else sum(w * v for w, v in zip(weights, values)) / sum(weights)


def band(row, cases, results, moments):
    """{name, low, high, central, saturated}; a saturated case opens the end to which it moved the value."""
    central = day_value(row, results[cases[0]], moments)
    steady, open_ends, blamed = [], set(), []
    for case in cases:
        value = day_value(row, results[case], moments)
        jammed = [moment.label for moment in moments if spoils(results[case][moment].saturated, row)]
        if not jammed and value is not None:
            steady.append(value)
        elif value is not None and value != central:
            open_ends.add("low" if value < central else "high")
            blamed.append(f"{case} at {', '.join(jammed)}")
    return {"name": row, "low": None if "low" in open_ends else rounded(min(steady, default=None)),
            "high": None if "high" in open_ends else rounded(max(steady, default=None)),
            "central": rounded(central), "saturated": blamed}


def spoils(saturated_phase, row):
    return saturated_phase == "prefill" or (saturated_phase == "decode" and ".ttft_s." not in row)


def rounded(value):
    return None if value is None else float(f"{value:.6g}")


def print_table(guesses, cases, results, moments):
    def cell(key, moment):
        texts = []
        for end in ("low", "central", "high"):
            case = next((c for c in cases if c.key == key and c.end == end), cases[0])
            result = results[case][moment]
            texts.append("saturated" if result.saturated else f"{result.value(SPEED):.2f}")
        return " / ".join(texts)

    print("Output speed in tokens/s with the guess low / central / high, at " +
          ", ".join(f"{m.label} ({m.tokens:.0%} of the tokens)" for m in moments))
    table = [["guess", "low", "high", *(m.label for m in moments)]]
    table += [[g["key"], g["low"], g["high"], *(cell(g["key"], m) for m in moments)] for g in guesses]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def simulate(day, cases, moments, options):
    scenarios = {moment: write_scenario(day, moment, options) for moment in moments}
    results = collections.defaultdict(dict)
    pool = concurrent.futures.ThreadPoolExecutor(options.j)
    try:
        waiting = {pool.submit(result_of, day, case, moment, scenarios[moment], options): (case, moment)
                   for case in cases for moment in moments}
        for done in concurrent.futures.as_completed(waiting):
            case, moment = waiting[done]
            results[case][moment] = done.result()
    finally:
        pool.shutdown(cancel_futures=True)
    return results


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/epfleet", type=pathlib.Path)
    parser.add_argument("--scenario", default=ROOT / "configs/deepseek_day.yaml", type=pathlib.Path)
    parser.add_argument("--out", default=ROOT / "out/bands", type=pathlib.Path, help="where finished runs are kept")
    parser.add_argument("--write", type=pathlib.Path, help="the bands file")
    parser.add_argument("--at", default="15:00,18:00,05:00", help="moments of the day, whole hours")
    parser.add_argument("--minutes", default=10.0, type=float, help="length of a window")
    parser.add_argument("--warm-up", default=40.0, type=float, help="minutes before a window")
    parser.add_argument("--decode-units", default=2, type=int,
                        help="at most so many decode units, the rest in proportion; 0: the day's own fleet")
    parser.add_argument("--guess", action="append", default=[], help="only this key; may be repeated")
    parser.add_argument("-j", default=2, type=int, help="runs at a time")
    parser.add_argument("--fresh", action="store_true", help="forget finished runs")
    options = parser.parse_args()
    if not options.program.exists():
        parser.error(f"no program {options.program}: build it first, for example with tools/run.sh configs/quick.yaml")
    options.out = options.out.resolve()
    if options.write is None and not options.guess:
        options.write = ROOT / "traces/deepseek_day_bands.json"
    return options


def main():
    options = parse_options()
    if options.fresh:
        shutil.rmtree(options.out / "cases", ignore_errors=True)
    day = Day(options)
    guesses = [g for g in read_guesses(day) if not g["key"].startswith(NOT_RUN)]
    unknown = set(options.guess) - {g["key"] for g in guesses}
    if unknown:
        sys.exit(f"bands: no guess {', '.join(sorted(unknown))}; see epfleet explain --guesses {options.scenario}")
    if options.guess:
        guesses = [g for g in guesses if g["key"] in options.guess]
    cases = [Case("", "central", "")]
    cases += [Case(g["key"], end, g[end]) for g in guesses for end in ("low", "high") if g[end] != g["central"]]
    moments = day.moments(options.at.split(","))
    results = simulate(day, cases, moments, options)

    print_table(guesses, cases, results, moments)
    rows = [band(row, cases, results, moments) for row in dict.fromkeys(day.predicted_rows() + MORE_ROWS)]
    print("\nBands over these guesses, one at a time (a dash: a case saturates on that side)")
    for row in rows:
        low, high = ("-" if row[end] is None else f"{row[end]:.5g}" for end in ("low", "high"))
        print(f"  {row['name']:<42} central {row['central']:.5g}, {low} to {high}")
        for case in row["saturated"]:
            print(f"    saturated: {case}")
    if results[cases[0]] and any(r.saturated for r in results[cases[0]].values()):
        sys.exit("bands: the central case saturates; no bands are written")
    if options.write:
        document = {"scenario_fingerprint": day.fingerprint, "moments": [m.label for m in moments],
                    "window_s": 60 * options.minutes, "warm_up_s": 60 * options.warm_up, "rows": rows}
        options.write.write_text(json.dumps(document, indent=2) + "\n")
        print(f"\nwritten to {options.write}")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"bands: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
