#!/usr/bin/env python3
"""Fills the marked blocks of README.md and docs/, so that every number in them is one that a command printed.

    tools/document_tables.py            rewrites every block whose source is there, and says which were left
    tools/document_tables.py --check    rewrites nothing; exit 1 if a block differs from its source

    block        page                 source
    quick        README.md            what `epfleet run configs/quick.yaml` prints, up to its load
    what_if      README.md            the same with two keys changed, and what `epfleet compare` prints of the two
    answer       README.md            out/plan_peak_hour.txt: the command above the block (2 minutes), its answer alone
    plan         docs/findings.md     the same, with what other prices and traffic would change
    ablations    README.md            out/ablations/claims.csv: epfleet sweep configs/sweeps/ablations.yaml (7 minutes)
    accuracy     README.md            out/deepseek_day/summary.json: tools/run.sh configs/deepseek_day.yaml (3 minutes)
    validation   docs/validation.md   the same
    guesses      docs/guesses.md      `epfleet explain --guesses configs/deepseek_day.yaml`, and `epfleet explain`
                                      for the sources
    determinism  docs/tests.md        out/determinism/table.txt: tools/determinism.py
    coverage     docs/tests.md        out/coverage/table.txt: tools/coverage.sh
    speed        docs/guide.md        out/bench/day.json: tools/bench.py --only day --windows '6 h,12 h,24 h'
                                      --out out/bench/day.json (5 minutes)
    mutations    docs/mutations.md    out/mutations/table.md: tools/mutate.py (an hour)
    fuzz         docs/robustness.md   out/fuzz/table.txt: tools/fuzz.sh (hours)
    faults       docs/robustness.md   out/faults/*.txt: ctest --preset release -R faults (1 minute)

A block lies between `<!-- begin:NAME -->` and `<!-- end:NAME -->`. Others of
docs/validation.md are filled by tools/timing_table.py, tools/service_table.py and tools/engine_fit.py.
"""

import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DAY = "configs/deepseek_day.yaml"
DAY_S = 86_400
QUICK = ["run", "configs/quick.yaml", "--quiet", "--progress", "off", "--out"]
WHAT_IF = ["--set", "decode.mtp.acceptance=0.7", "--set", "decode.balancer=round_robin"]
WHAT_IF_METRICS = ["latency.output_speed_tps.mean"]
ACCURACY = ["latency.output_speed_tps.mean", "cache.hit_ratio", "workload.mean_kv_per_output_token", "nodes.mean",
            "margin.theoretical_ratio"]
ROLES = {
    "input": "Inputs: as given",
    "identity": "Identities: arithmetic on inputs",
    "calibrated": "Calibrated: something was solved for these",
    "predicted": "**Validation: predicted, never fitted**",
}


def output_of(program, *arguments):
    command = [str(program), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def as_text(printed):
    return "```text\n" + printed.strip("\n") + "\n```"


def text_of_file(path):
    return as_text(path.read_text()) if path.exists() else None


def quick_block(options):
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["run", "configs/quick.yaml", "--out", f"{folder}/quick", "--progress", "off"]
        printed = output_of(options.program, *arguments)
        return as_text(printed[:printed.index("\n Load\n")])  # the answer, not all of its reasons


def what_if_block(options):
    with tempfile.TemporaryDirectory() as folder:
        output_of(options.program, *QUICK, f"{folder}/quick")
        output_of(options.program, *QUICK, f"{folder}/what_if", *WHAT_IF)
        metrics = [word for metric in WHAT_IF_METRICS for word in ("--metric", metric)]
        said = output_of(options.program, "compare", f"{folder}/quick", f"{folder}/what_if", *metrics)
    said = re.sub(rf"{re.escape(folder)}/(\w+) *", lambda found: f"{'out/' + found[1]:<18}", said)
    lines = [line for line in said.splitlines() if not line.startswith("  With one seed")]
    return as_text("\n".join(lines[:lines.index("Differences are between runs of the same seed; "
                                                "± and [ ] are 95 % intervals (Student's t).")]))


def plan_block(options):
    return text_of_file(options.plan)


def answer_block(options):
    """The plan without what other prices and traffic would change."""
    if not options.plan.exists():
        return None
    return as_text(re.sub(r"^\s*With .*\n?", "", options.plan.read_text(), flags=re.MULTILINE))


def effect(ratio, large):
    return f"{ratio:.2f}x" if large else f"{ratio - 1:+.1%}"


def ablations_block(options):
    path = options.ablations / "claims.csv"
    if not path.exists():
        return None
    lines = ["| claim | says | the model finds (95 % interval) |", "| --- | --- | --- |"]
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            found = row["note"]
            if row["ratio"]:
                ratios = [float(row[name]) for name in ("ratio", "ratio_low", "ratio_high") if row[name]]
                large = any(ratio >= 2 or ratio <= 0.5 for ratio in ratios)
                mean, *ends = [effect(ratio, large) for ratio in ratios]
                if len(set(ends)) == 1:
                    ends = ["with every seed"]  # to the precision of the search
                found = f"{mean} ({' to '.join(ends)})" if ends else mean
            lines.append(f"| {row['claim']} | {row['says']} | {found} |")
    return "\n".join(lines)


def source_of(program, key):
    text = output_of(program, "explain", key)
    return re.search(r"^    Source: (.*)\.$", text, re.MULTILINE)[1]


def guesses_block(options):
    rows = csv.DictReader(output_of(options.program, "explain", "--guesses", DAY).splitlines())
    lines = ["| key | central | plausible range | source |", "| --- | --- | --- | --- |"]
    for row in rows:
        source = source_of(options.program, row["key"])
        lines.append(f"| `{row['key']}` | {row['central']} | {row['low']} to {row['high']} | {source} |")
    return "\n".join(lines)


def figure(value):
    if value is None:
        return "-"
    for size, name in ((1e9, " billion"), (1e6, " million")):
        if abs(value) >= size:
            return f"{value / size:.5g}{name}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.5g}"


def span(low, high):
    return f"{figure(low)} to {figure(high)}" if low is not None or high is not None else ""


def verdict(row):
    if row["within"] is None:
        return row["note"]
    return "within" if row["within"] else "**outside**"


def published(row):
    return span(row["published_low"], row["published_high"]) or figure(row["published"])


def error(row):
    return "" if row["error_ratio"] is None else f"{row['error_ratio']:+.2%}"


def validation_row(row):
    stale = " (stale)" if row["band_stale"] else ""
    return (f"| `{row['name']}` | {published(row)} | {figure(row['simulated'])} | {error(row)} | "
            f"{span(row['low'], row['high'])}{stale} | {verdict(row)} |")


def day_summary(options):
    path = options.day / "summary.json"
    if not path.exists():
        return None
    summary = json.loads(path.read_text())
    if summary["partial"] or summary["simulated_s"] != DAY_S:
        sys.exit(f"document_tables: {path} is not of a whole day")
    return summary


def accuracy_block(options):
    summary = day_summary(options)
    if summary is None:
        return None
    checks = {row["name"]: row for row in summary["checks"]}
    lines = ["| role | in `summary.json` | published | simulated | error |", "| --- | --- | --- | --- | --- |"]
    for name in ACCURACY:
        row = checks[name]
        lines.append(f"| {row['role']} | `{name}` | {published(row)} | {figure(row['simulated'])} | {error(row)} |")
    return "\n".join(lines)


def validation_block(options):
    summary = day_summary(options)
    if summary is None:
        return None
    lines = ["| value in `summary.json` | published | simulated | error | what the guesses allow | verdict |",
             "| --- | --- | --- | --- | --- | --- |"]
    for role, heading in ROLES.items():
        lines.append(f"| {heading} | | | | | |")
        lines += [validation_row(row) for row in summary["checks"] if row["role"] == role]
    scenario = summary["scenario"]
    lines += ["", f"Seed {scenario['seed']}, scenario {scenario['fingerprint']}, "
                  f"trajectory {scenario['trajectory_fingerprint']}."]
    return "\n".join(lines)


def speed_block(options):
    """A row a window of the day."""
    if not options.speed.exists():
        return None
    said = json.loads(options.speed.read_text())
    of = said["results"]
    windows = [name.removeprefix("day ").removesuffix(" wall s") for name in of if name.endswith(" wall s")]
    rows = [f"{window:<8}  {of[f'day {window} wall s']:8.1f} s  {of[f'day {window} requests']:11.0f} requests  "
            f"{of[f'day {window} wall ns/request']:6.0f} ns/request  {of[f'day {window} wall ns/event']:5.0f} ns/event  "
            f"{of[f'day {window} peak MB']:5.0f} MB" for window in windows]
    return as_text("\n".join([f"{DAY}, {said['processor']}", *rows]))


def table_of(path):
    return path.read_text().strip("\n") if path.exists() else None


def fuzz_block(options):
    return table_of(options.fuzz)


def faults_block(options):
    parts = [options.faults / f"{name}.txt" for name in ("disks", "memory", "surroundings")]
    if not all(part.exists() for part in parts):
        return None
    return "\n".join(["| fault | what happens | exit code |", "| --- | --- | ---: |",
                      *(part.read_text().strip() for part in parts)])


def mutations_block(options):
    return table_of(options.mutations)


BLOCKS = [
    ("README.md", "quick", quick_block),
    ("README.md", "what_if", what_if_block),
    ("README.md", "answer", answer_block),
    ("README.md", "ablations", ablations_block),
    ("README.md", "accuracy", accuracy_block),
    ("docs/findings.md", "plan", plan_block),
    ("docs/validation.md", "validation", validation_block),
    ("docs/guesses.md", "guesses", guesses_block),
    ("docs/guide.md", "speed", speed_block),
    ("docs/robustness.md", "fuzz", fuzz_block),
    ("docs/robustness.md", "faults", faults_block),
    ("docs/tests.md", "determinism", lambda options: text_of_file(options.determinism)),
    ("docs/tests.md", "coverage", lambda options: text_of_file(options.coverage)),
    ("docs/mutations.md", "mutations", mutations_block),
]


def with_block(page, text, name, block):
    pattern = re.compile(rf"(<!-- begin:{name} -->\n).*?(<!-- end:{name} -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        sys.exit(f"document_tables: {page} needs one block {name}")
    return pattern.sub(lambda found: f"{found[1]}{block}\n{found[2]}", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/epfleet", type=pathlib.Path)
    parser.add_argument("--day", default=ROOT / "out/deepseek_day", type=pathlib.Path, help="result of the day")
    parser.add_argument("--speed", default=ROOT / "out/bench/day.json", type=pathlib.Path)
    parser.add_argument("--determinism", default=ROOT / "out/determinism/table.txt", type=pathlib.Path)
    parser.add_argument("--coverage", default=ROOT / "out/coverage/table.txt", type=pathlib.Path)
    parser.add_argument("--mutations", default=ROOT / "out/mutations/table.md", type=pathlib.Path)
    parser.add_argument("--plan", default=ROOT / "out/plan_peak_hour.txt", type=pathlib.Path)
    parser.add_argument("--ablations", default=ROOT / "out/ablations", type=pathlib.Path, help="result of the sweep")
    parser.add_argument("--fuzz", default=ROOT / "out/fuzz/table.txt", type=pathlib.Path)
    parser.add_argument("--faults", default=ROOT / "out/faults", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    options.program = options.program.resolve()
    if not options.program.exists():
        parser.error(f"no program {options.program}: build it first, for example with tools/run.sh configs/quick.yaml")
    pages = {page: (ROOT / page).read_text() for page, _, _ in BLOCKS}
    stale = []
    for page, name, make in BLOCKS:
        block = make(options)
        if block is None:
            print(f"document_tables: left as it is: {name} of {page} (its source is not there)")
            continue
        changed = with_block(page, pages[page], name, block)
        if changed != pages[page]:
            stale.append(f"{name} of {page}")
        pages[page] = changed
    if options.check:
        if stale:
            sys.exit(f"document_tables: differs from its source: {', '.join(stale)}")
        return
    for page, text in pages.items():
        (ROOT / page).write_text(text)
    print(f"document_tables: rewritten: {', '.join(stale) or 'nothing, all was up to date'}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"document_tables: {' '.join(error.cmd)}\n{error.stderr.strip()}")
