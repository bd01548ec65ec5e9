#!/usr/bin/env python3
"""Draws docs/day.svg, the picture of README.md, from a result of the published day.

    tools/run.sh configs/deepseek_day.yaml    # writes out/deepseek_day
    tools/day_picture.py                      # reads its timeseries.csv, ten minutes a point

Three charts over one time axis: nodes by phase, tokens a second, output speed with the published range of its mean.
Needs the Python standard library only. The same result gives the same bytes.
"""

import argparse
import csv
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
POINT_S = 600
DAY_S = 86_400
START_HOUR = 12  # the published day begins at noon, UTC+8
PUBLISHED_SPEED = (20, 22)  # tokens/s, mean of the day: open-infra-index, day 6
LEFT, WIDTH, HEIGHT, GAP, TOP = 62, 620, 92, 40, 40
BLUE, LIGHT, ORANGE, GREY, INK = "#2b6cb0", "#a9cbe8", "#d9822b", "#d8dde3", "#24292f"


def points(path):
    """Means over POINT_S of the columns drawn: [{column: value}]."""
    sums = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            bin_sums = sums.setdefault(int(float(row["time_s"])) // POINT_S, {"rows": 0, "tokens": 0.0, "speed": 0.0})
            bin_sums["rows"] += 1
            for column in ("prefill_nodes_mean", "decode_nodes_mean", "input_tps", "output_tps", "hit_ratio"):
                bin_sums[column] = bin_sums.get(column, 0.0) + float(row[column] or 0)
            if row["output_speed_tps"]:  # weighted by tokens, as the mean of the summary is
                bin_sums["tokens"] += float(row["output_tokens"])
                bin_sums["speed"] += float(row["output_tokens"]) * float(row["output_speed_tps"])
    result = []
    for _, bin_sums in sorted(sums.items()):
        rows = bin_sums["rows"]
        point = {name: value / rows for name, value in bin_sums.items()}
        point["speed"] = bin_sums["speed"] / bin_sums["tokens"] if bin_sums["tokens"] else 0.0
        result.append(point)
    return result


class Chart:
    """One chart: a frame, horizontal lines with labels, and what is drawn in it."""

    def __init__(self, index, title, highest, step, unit=1.0):
        self.bottom = TOP + index * (HEIGHT + GAP) + HEIGHT
        self.highest, self.lines = highest, []
        self.text(LEFT, self.bottom - HEIGHT - 8, title, "bold")
        tick = 0.0
        while tick <= highest * 1.0001:
            y = self.y(tick)
            self.lines.append(f'<path d="M{LEFT} {y}h{WIDTH}" stroke="{GREY}" fill="none"/>')
            self.text(LEFT - 7, y + 4, f"{tick / unit:g}", anchor="end")
            tick += step

    def y(self, value):
        return round(self.bottom - HEIGHT * value / self.highest, 1)

    def text(self, x, y, what, weight="normal", anchor="start", colour=INK):
        self.lines.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" '
                          f'fill="{colour}">{what}</text>')

    def path(self, values):
        return " ".join(f"{x_of(i, len(values))} {self.y(value)}" for i, value in enumerate(values))

    def line(self, values, colour):
        self.lines.append(f'<polyline points="{self.path(values)}" stroke="{colour}" stroke-width="1.8" fill="none"/>')

    def area(self, low, high, colour):
        back = " ".join(reversed([f"{x_of(i, len(low))} {self.y(value)}" for i, value in enumerate(low)]))
        self.lines.append(f'<polygon points="{self.path(high)} {back}" fill="{colour}"/>')


def x_of(index, count):
    return round(LEFT + WIDTH * (index + 0.5) / count, 1)


def picture(day):
    prefill = [point["prefill_nodes_mean"] for point in day]
    both = [point["prefill_nodes_mean"] + point["decode_nodes_mean"] for point in day]
    nodes = Chart(0, "Nodes in use (8 GPUs each): decode above prefill", 300, 100)
    nodes.area([0.0] * len(day), prefill, LIGHT)
    nodes.area(prefill, both, BLUE)
    read = [point["input_tps"] * point["hit_ratio"] for point in day]
    tokens = Chart(1, "Million tokens a second: prompts read from the cache, prompts computed, answers (line)",
                   12e6, 4e6, 1e6)
    tokens.area([0.0] * len(day), read, GREY)
    tokens.area(read, [point["input_tps"] for point in day], LIGHT)
    tokens.line([point["output_tps"] for point in day], ORANGE)
    speed = Chart(2, "Output speed of an answer, tokens/s; band: the published mean of the day", 40, 10)
    speed.area([PUBLISHED_SPEED[0]] * len(day), [PUBLISHED_SPEED[1]] * len(day), "#f6dcc0")
    speed.line([point["speed"] for point in day], BLUE)
    for hour in range(0, 25, 3):
        x = round(LEFT + WIDTH * hour / 24, 1)
        speed.text(x, speed.bottom + 18, f"{(START_HOUR + hour) % 24:02d}:00", anchor="middle")
    height = speed.bottom + 30
    width = LEFT + WIDTH + 24
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        "<title>The published day of the DeepSeek service, simulated</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *nodes.lines, *tokens.lines, *speed.lines, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", default=ROOT / "out/deepseek_day", type=pathlib.Path, help="result of the day")
    parser.add_argument("--out", default=ROOT / "docs/day.svg", type=pathlib.Path)
    options = parser.parse_args()
    series = options.day / "timeseries.csv"
    if not series.exists():
        parser.error(f"no {series}: run tools/run.sh configs/deepseek_day.yaml first")
    day = points(series)
    if len(day) != DAY_S // POINT_S:
        parser.error(f"{series} is not of a whole day")
    options.out.write_text(picture(day))
    print(f"day_picture: wrote {options.out}")


if __name__ == "__main__":
    main()
