#!/usr/bin/env python3
"""Writes what docs/models.md shows of other models: the table of days, and where sparse attention pays.

    build/release/epfleet sweep configs/sweeps/models.yaml    # six days; writes out/models
    tools/models_page.py                                      # the blocks `days` and `curve`, docs/models.svg

The curve is `epfleet timing decode --json`: a step of a unit of DeepSeek-V3 over that of DeepSeek-V3.2 by
context, for three batches. Needs the Python standard library only; the same program gives the same bytes.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys

from timing_table import write_block

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCENARIO = "configs/deepseek_day.yaml"
CONTEXTS = [1024, 2048, 3072, 4096, 5120, 6144, 8192, 10240, 12288, 16384, 24576, 32768, 65536]
BATCHES = {32: "#1f77b4", 64: "#2ca02c", 128: "#d95f02"}
LEFT, TOP, WIDTH, HEIGHT = 60, 40, 640, 300
LOW, HIGH = 0.5, 4.4
COLUMNS = [("latency.output_speed_tps.mean", "tokens/s a user", "{:.1f}"),
           ("latency.ttft_s.p95", "TTFT p95, s", "{:.1f}"),
           ("slo.attainment_ratio", "within objectives", "{:.1%}"),
           ("nodes.prefill_mean", "prefill nodes", "{:.1f}"), ("nodes.decode_mean", "decode nodes", "{:.1f}"),
           ("cost.usd", "cost, USD", "{:,.0f}"), ("unit_cost.usd_per_m_input", "USD/M in", "{:.4f}"),
           ("unit_cost.usd_per_m_output", "USD/M out", "{:.3f}"),
           ("utilisation.decode_batch_per_gpu_mean", "requests a GPU", "{:.0f}"),
           ("utilisation.decode_kv_ratio_mean", "KV room used", "{:.0%}")]


def days(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    lines = ["| model, GPU | " + " | ".join(title for _, title, _ in COLUMNS) + " |",
             "| --- |" + " --- |" * len(COLUMNS)]
    for row in rows:
        cells = [shown.format(float(row[key])) if row[key] else "-" for key, _, shown in COLUMNS]
        lines.append(f"| {row['case']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def step_s(program, model, hardware, requests, context):
    command = [str(program), "timing", "decode", "--scenario", SCENARIO, "--json", "--set", f"model={model}",
               "--set", f"hardware={hardware}", "--requests-per-gpu", str(requests), "--context", str(context)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"models_page: {' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)["step_s"]


def gains(program, hardware):
    """[batch][context]: a step of V3 over one of V3.2; above 1 sparse attention pays."""
    return {batch: [step_s(program, "deepseek_v3", hardware, batch, context) /
                    step_s(program, "deepseek_v3_2", hardware, batch, context) for context in CONTEXTS]
            for batch in BATCHES}


def crossing(gain):
    """The context at which a step takes as long with either, between the two neighbours."""
    for i in range(1, len(CONTEXTS)):
        if gain[i - 1] < 1 <= gain[i]:
            part = (1 - gain[i - 1]) / (gain[i] - gain[i - 1])
            return CONTEXTS[i - 1] + part * (CONTEXTS[i] - CONTEXTS[i - 1])
    return None


def curve_table(gain):
    lines = ["| requests a GPU | " + " | ".join(f"{context:,}" for context in CONTEXTS) + " | even at |",
             "| --- |" + " --- |" * (len(CONTEXTS) + 1)]
    for batch, values in gain.items():
        at = crossing(values)
        lines.append(f"| {batch} | " + " | ".join(f"{value:.2f}" for value in values) +
                     f" | {f'{at / 1000:.1f} k' if at else 'never'} |")
    return "\n".join(lines)


def picture(gain):
    first, last = CONTEXTS[0].bit_length(), CONTEXTS[-1].bit_length()

    def x(context):
        low = 1 << (context.bit_length() - 1)
        position = context.bit_length() + (context - low) / low - first
        return round(LEFT + WIDTH * position / (last - first), 1)

    def y(value):
        return round(TOP + HEIGHT * (HIGH - min(max(value, LOW), HIGH)) / (HIGH - LOW), 1)

    bottom, width = TOP + HEIGHT, LEFT + WIDTH + 40
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 50}" width="{width}" '
             f'height="{bottom + 50}" font-family="sans-serif" font-size="12">',
             "<title>How much faster a decode step of DeepSeek-V3.2 is than one of V3, by context</title>",
             f'<rect width="{width}" height="{bottom + 50}" fill="#ffffff"/>',
             f'<text x="{LEFT}" y="20">Decode step of V3 over that of V3.2 (H800, EP144, MTP): above 1 sparse '
             "attention pays</text>",
             f'<line x1="{LEFT}" y1="{y(1)}" x2="{LEFT + WIDTH}" y2="{y(1)}" stroke="#888" stroke-dasharray="4"/>']
    for value in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0):
        lines.append(f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{value:.1f}</text>')
    context = CONTEXTS[0]
    while context <= CONTEXTS[-1]:
        lines.append(f'<text x="{x(context)}" y="{bottom + 18}" text-anchor="middle">{context // 1024} k</text>')
        context *= 2
    lines.append(f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 40}" text-anchor="middle">tokens of context a '
                 "request</text>")
    for row, (batch, colour) in enumerate(BATCHES.items()):
        points = " ".join(f"{x(context)},{y(value)}" for context, value in zip(CONTEXTS, gain[batch]))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<text x="{LEFT + 10}" y="{TOP + 16 + 16 * row}" fill="{colour}">{batch} requests a GPU</text>')
    return "\n".join([*lines, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/epfleet", type=pathlib.Path)
    parser.add_argument("--sweep", default=ROOT / "out/models/sweep.csv", type=pathlib.Path)
    parser.add_argument("--page", default=ROOT / "docs/models.md", type=pathlib.Path)
    parser.add_argument("--curve-only", action="store_true", help="prints the curve's table and writes nothing")
    options = parser.parse_args()
    gain = gains(options.program.resolve(), "h800-2025-06")
    if options.curve_only:
        print(curve_table(gain))
        return
    if not options.sweep.exists():
        parser.error(f"no {options.sweep}: run the sweep first (see --help)")
    write_block(options.page, "days", days(options.sweep))
    write_block(options.page, "curve", curve_table(gain))
    (ROOT / "docs/models.svg").write_text(picture(gain))
    print("models_page: written docs/models.svg")


if __name__ == "__main__":
    main()
