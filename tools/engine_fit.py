#!/usr/bin/env python3
"""What published points say about the two constants of engines, as Markdown tables. Changes nothing.

    tools/engine_fit.py                             prints them, in a minute
    tools/engine_fit.py --write docs/validation.md  ... into that file's block, between
                                                    `<!-- begin:engine_fits -->` and `<!-- end:engine_fits -->`

`engine.kernel_overhead` from the makers' points of decode, `beside_transfer_factor` from those of
overlapped prefill on H100 (tests/validation/published_services.csv). For each constant

    one point   solved by bisection for the one point it was calibrated on; the others are predicted
    left out    for each point, the value that fits the others best (least mean of |log(simulated /
                published)|), and the error that this leaves at the point
"""

import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import service_table  # noqa: E402
import timing_table  # noqa: E402


class Constant:
    """One constant, and the points that it can be told from; one of them solves it alone."""

    def __init__(self, key, unit, knots, points):
        self.key, self.unit, self.knots, self.points = key, unit, knots, points
        self.solved_on = next(row for row in points if row["solves"] == key)

    def setting(self, value):
        return ["--set", f"{self.key}=" + (f"{round(1000 * value)}ns" if self.unit == "us" else f"{value:.4f}")]

    def written(self, value):
        return f"{value:.2f} {self.unit}".strip()


def is_maker_of(phase):
    return lambda row: row["kind"] == "maker" and row["phase"] == phase


def constants():
    rows = service_table.read()
    decode = list(filter(is_maker_of("decode"), rows))
    # where nothing is overlapped the factor does nothing, and the H800's is no fit
    prefill = [row for row in filter(is_maker_of("prefill"), rows)
               if "prefill.hardware=h100" in row["arguments"] and "overlap=dual_batch" in row["arguments"]]
    return [Constant("engine.kernel_overhead", "us", [0, 2, 4, 5, 6, 8], decode),
            Constant("prefill.hardware.beside_transfer_factor", "", [1, 1.1, 1.2, 1.3, 1.4, 1.6], prefill)]


def log_error(row, simulated):
    return math.log(simulated / service_table.published(row))


def error(row, simulated):
    return f"{simulated / service_table.published(row) - 1:+.1%}"


def solve(program, constant):
    """The value at which the constant's own point is met, between too fast and too slow, by halves."""
    row, low, high = constant.solved_on, constant.knots[0], constant.knots[-1]

    def sign(value):
        return log_error(row, service_table.simulate(program, row, *constant.setting(value))) > 0

    at_low = sign(low)
    if at_low == sign(high):
        sys.exit(f"engine_fit: {constant.key} between {low} and {high} does not meet '{row['service']}'")
    while high - low > 0.002:
        middle = (low + high) / 2
        low, high = (middle, high) if sign(middle) == at_low else (low, middle)
    return (low + high) / 2


def between(knots, values, at):
    index = min(max(sum(knot <= at for knot in knots), 1), len(knots) - 1)
    share = (at - knots[index - 1]) / (knots[index] - knots[index - 1])
    return values[index - 1] + share * (values[index] - values[index - 1])


def best_fit(constant, curves):
    """The value with the least mean |log error| over the curves, to a hundredth; curves are log errors at the knots."""
    steps = range(round(100 * constant.knots[0]), round(100 * constant.knots[-1]) + 1)
    return min((step / 100 for step in steps),
               key=lambda value: sum(abs(between(constant.knots, curve, value)) for curve in curves))


def table(program, constant):
    def simulated(row, *more):
        return service_table.simulate(program, row, *more)

    curves = [[log_error(row, simulated(row, *constant.setting(knot))) for knot in constant.knots]
              for row in constant.points]
    alone = solve(program, constant)
    lines = [f"| `{constant.key}` | shipped | one point: {constant.written(alone)} | fitted to the others | left out |",
             "| --- | --- | --- | --- | --- |"]
    left_out = []
    for index, row in enumerate(constant.points):
        fitted = best_fit(constant, curves[:index] + curves[index + 1:])
        left_out.append(simulated(row, *constant.setting(fitted)))
        lines.append(f"| {row['service']} | {error(row, simulated(row))} | "
                     f"{'solved for' if row is constant.solved_on else error(row, simulated(row, *constant.setting(alone)))} | "
                     f"{constant.written(fitted)} | {error(row, left_out[-1])} |")
    mean = sum(abs(value / service_table.published(row) - 1)
               for row, value in zip(constant.points, left_out)) / len(left_out)
    lines.append(f"| *fitted to all: {constant.written(best_fit(constant, curves))}; mean error of a point left out "
                 f"{mean:.1%}* | | | | |")
    return "\n".join(lines)


def markdown(program):
    return "\n\n".join(table(program, constant) for constant in constants())


if __name__ == "__main__":
    timing_table.fill_blocks(__doc__, {"engine_fits": markdown})
