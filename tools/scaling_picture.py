#!/usr/bin/env python3
"""Draws docs/scaling.svg: the nodes that a scaling rule chose over the published day, beside those of the published
chart, and the output speed under both; and says how far apart they are.

    tools/run.sh configs/deepseek_day.yaml               # the published schedule; writes out/deepseek_day
    tools/run.sh configs/deepseek_day_autoscaled.yaml    # the rule; writes out/deepseek_day_autoscaled
    tools/scaling_picture.py                             # reads both timeseries.csv

Needs the Python standard library only. The same results give the same bytes.
"""

import argparse
import csv
import pathlib

from day_picture import BLUE, DAY_S, LEFT, ORANGE, POINT_S, PUBLISHED_SPEED, ROOT, START_HOUR, WIDTH, Chart, points


def nodes_by_minute(path):
    with open(path, newline="") as file:
        return [float(row["prefill_nodes_mean"]) + float(row["decode_nodes_mean"]) for row in csv.DictReader(file)]


def picture(published, chosen):
    def nodes_of(day):
        return [point["prefill_nodes_mean"] + point["decode_nodes_mean"] for point in day]

    nodes = Chart(0, "Nodes in use: chosen by the rule slo (orange), of the published chart (blue)", 300, 100)
    nodes.line(nodes_of(published), BLUE)
    nodes.line(nodes_of(chosen), ORANGE)
    speed = Chart(1, "Output speed of an answer, tokens/s, under both; band: the published mean of the day", 40, 10)
    speed.area([PUBLISHED_SPEED[0]] * len(published), [PUBLISHED_SPEED[1]] * len(published), "#f6dcc0")
    speed.line([point["speed"] for point in published], BLUE)
    speed.line([point["speed"] for point in chosen], ORANGE)
    for hour in range(0, 25, 3):
        x = round(LEFT + WIDTH * hour / 24, 1)
        speed.text(x, speed.bottom + 18, f"{(START_HOUR + hour) % 24:02d}:00", anchor="middle")
    height, width = speed.bottom + 30, LEFT + WIDTH + 24
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Nodes over the published day: chosen by a rule, and published</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *nodes.lines, *speed.lines, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", default=ROOT / "out/deepseek_day", type=pathlib.Path)
    parser.add_argument("--chosen", default=ROOT / "out/deepseek_day_autoscaled", type=pathlib.Path)
    parser.add_argument("--out", default=ROOT / "docs/scaling.svg", type=pathlib.Path)
    options = parser.parse_args()
    paths = [folder / "timeseries.csv" for folder in (options.day, options.chosen)]
    for path in paths:
        if not path.exists():
            parser.error(f"no {path}: run tools/run.sh configs/{path.parent.name}.yaml first")
    published, chosen = (points(path) for path in paths)
    if len(published) != DAY_S // POINT_S or len(chosen) != len(published):
        parser.error("these are not results of a whole day")
    options.out.write_text(picture(published, chosen))
    by_chart, by_rule = (nodes_by_minute(path) for path in paths)
    apart = sum(abs(a - b) for a, b in zip(by_rule, by_chart)) / len(by_chart)
    print(f"mean nodes: rule {sum(by_rule) / len(by_rule):.1f}, published {sum(by_chart) / len(by_chart):.2f}")
    print(f"mean absolute difference: {apart:.1f} nodes, {100 * apart / max(by_chart):.1f} % of the published peak")
    print(f"scaling_picture: wrote {options.out}")


if __name__ == "__main__":
    main()
