#!/usr/bin/env python3
"""Published steps beside simulated ones, as Markdown tables, misses included.

    tools/timing_table.py                             prints the tables
    tools/timing_table.py --write docs/validation.md  ... into that file's blocks, between
                                                      `<!-- begin:NAME -->` and `<!-- end:NAME -->`

Block `timing`: DeepSeek's two profiles. Other services: tools/service_table.py.

The published figures are in tests/validation/published_steps.csv, each with its place in the JSON of
`epfleet timing`. Simulated: `epfleet timing decode|prefill --json` on configs/deepseek_day.yaml with the
conditions of DeepSeek's two profiles of February 2025 (H800; even routing):

    decode   EP128 without redundant experts, 128 requests a GPU, 4,096 tokens of context, one draft token
    prefill  EP32, 16,384 tokens a GPU, prompts of 4,096

*asked* is what the validation test holds the row to; a dash: nothing. A row that misses what is asked, or
15 % where nothing is, is set in bold.
"""

import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "tests/validation/published_steps.csv"
SCENARIO = "configs/deepseek_day.yaml"
EVEN = ["--set", "experts.skew=none"]
PROFILES = {
    "decode": ["--requests-per-gpu", "128", "--context", "4096", "--set", "decode.gpus=128",
               "--set", "decode.redundant_experts=0", *EVEN],
    "prefill": ["--tokens-per-gpu", "16384", "--prompt", "4096", *EVEN],
}
WORTH_A_MARK = 0.15


def simulated(program, phase, arguments):
    command = ["timing", phase, "--scenario", SCENARIO, *arguments]
    done = subprocess.run([str(program), *command, "--json"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"timing_table: {' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def at(document, path):
    for name in path.split("."):
        document = document[name]
    return document


def misses(row):
    """Whether the row leaves what is asked of it; None if nothing is."""
    if not row["within"]:
        return None
    number, unit = row["within"].split()
    error = abs(row["simulated"] - row["published"])
    return error > float(number) * (row["published"] / 100 if unit == "%" else 1)


def compare(program):
    """The rows of PUBLISHED with `simulated` and `error` beside them."""
    steps = {phase: simulated(program, phase, arguments) for phase, arguments in PROFILES.items()}
    with open(PUBLISHED, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["published"] = float(row["published"])
        row["simulated"] = at(steps[row["phase"]], row["value"])
        row["error"] = row["simulated"] / row["published"] - 1
        row["misses"] = misses(row)
    return rows


SHOWN = {"s": (1e3, "ms"), "ms": (1, "ms"), "us": (1, "us"), "tokens/s": (1, "tokens/s")}


def figure(value, unit):
    scale, name = SHOWN[unit]
    value *= scale
    text = f"{value:,.0f}" if value >= 1000 else f"{value:.4g}" if value >= 10 else f"{value:.3f}"
    return f"{text} {name}"


def markdown(rows):
    lines = ["| value | published | simulated | error | asked | role |", "| --- | --- | --- | --- | --- | --- |"]
    phase = None
    for row in rows:
        if row["phase"] != phase:
            phase = row["phase"]
            lines.append(f"| **{phase} profile** | | | | | |")
        bold = "**" if row["misses"] or (row["misses"] is None and abs(row["error"]) > WORTH_A_MARK) else ""
        lines.append(f"| `{row['value']}` | {figure(row['published'], row['unit'])} | "
                     f"{figure(row['simulated'], row['unit'])} | {bold}{row['error']:+.1%}{bold} | "
                     f"{row['within'] or '-'} | {row['role']} |")
    return "\n".join(lines)


def write_block(path, name, text):
    page = path.read_text()
    pattern = re.compile(rf"(<!-- begin:{name} -->\n).*?(<!-- end:{name} -->)", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        sys.exit(f"timing_table: {path} needs one block {name}")
    path.write_text(pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page))
    print(f"timing_table: rewritten: the block {name} of {path}")


def fill_blocks(description, blocks):
    """The command line of a table: prints each block's text, or writes it into the files that are named."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/epfleet", type=pathlib.Path)
    parser.add_argument("--write", action="append", default=[], type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    if not options.program.exists():
        parser.error(f"no program {options.program}: build it first, for example with tools/run.sh configs/quick.yaml")
    for name, text_of in blocks.items():
        text = text_of(options.program.resolve())
        for path in options.write:
            write_block(path, name, text)
        if not options.write:
            print(text)


if __name__ == "__main__":
    fill_blocks(__doc__, {"timing": lambda program: markdown(compare(program))})
