#!/usr/bin/env python3
"""Fills the marked blocks of README.md, so that every number in it is one that a command printed.

    tools/readme_tables.py            rewrites every block whose source is there, and says which were left
    tools/readme_tables.py --check    rewrites nothing; exit 1 if a block differs from its source

    block        source
    quick        the summary that `epfleet run configs/quick.yaml` prints
    guesses      `epfleet explain --guesses configs/deepseek_day.yaml`, and `epfleet explain` for the sources
    validation   out/deepseek_day/summary.json: tools/run.sh configs/deepseek_day.yaml
    speed        out/bench_day/speed.txt: tools/bench_day.sh

A block lies between `<!-- begin:NAME -->` and `<!-- end:NAME -->`.
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
ROLES = {
    "input": "Inputs: as given",
    "identity": "Identities: arithmetic on inputs",
    "calibrated": "Calibrated: something was solved for these",
    "predicted": "**Validation: predicted, never fitted**",
}


def output_of(program, *arguments):
    command = [str(program), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def quick_block(options):
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["run", "configs/quick.yaml", "--out", f"{folder}/quick", "--progress", "off"]
        summary = output_of(options.program, *arguments)
    return "```text\n" + summary.strip("\n") + "\n```"


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


def validation_row(row):
    published = span(row["published_low"], row["published_high"]) or figure(row["published"])
    error = "" if row["error_ratio"] is None else f"{row['error_ratio']:+.2%}"
    stale = " (stale)" if row["band_stale"] else ""
    return (f"| `{row['name']}` | {published} | {figure(row['simulated'])} | {error} | "
            f"{span(row['low'], row['high'])}{stale} | {verdict(row)} |")


def validation_block(options):
    path = options.day / "summary.json"
    if not path.exists():
        return None
    summary = json.loads(path.read_text())
    if summary["partial"] or summary["simulated_s"] != DAY_S:
        sys.exit(f"readme_tables: {path} is not of a whole day")
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
    path = options.speed
    return "```text\n" + path.read_text().strip("\n") + "\n```" if path.exists() else None


BLOCKS = {"quick": quick_block, "guesses": guesses_block, "validation": validation_block, "speed": speed_block}


def with_block(readme, name, text):
    pattern = re.compile(rf"(<!-- begin:{name} -->\n).*?(<!-- end:{name} -->)", re.DOTALL)
    if len(pattern.findall(readme)) != 1:
        sys.exit(f"readme_tables: README.md needs one block {name}")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/epfleet", type=pathlib.Path)
    parser.add_argument("--day", default=ROOT / "out/deepseek_day", type=pathlib.Path, help="result of the day")
    parser.add_argument("--speed", default=ROOT / "out/bench_day/speed.txt", type=pathlib.Path)
    parser.add_argument("--readme", default=ROOT / "README.md", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    options.program = options.program.resolve()
    if not options.program.exists():
        parser.error(f"no program {options.program}: build it first, for example with tools/run.sh configs/quick.yaml")
    readme = options.readme.read_text()
    stale = []
    for name, make in BLOCKS.items():
        text = make(options)
        if text is None:
            print(f"readme_tables: left as it is: {name} (its source is not there)")
            continue
        changed = with_block(readme, name, text)
        if changed != readme:
            stale.append(name)
        readme = changed
    if options.check:
        if stale:
            sys.exit(f"readme_tables: differs from its source: {', '.join(stale)}")
        return
    options.readme.write_text(readme)
    print(f"readme_tables: rewritten: {', '.join(stale) or 'nothing, all was up to date'}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"readme_tables: {' '.join(error.cmd)}\n{error.stderr.strip()}")
