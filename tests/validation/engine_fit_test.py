#!/usr/bin/env python3
"""The constants of engines are what the published points say that they were solved for, and no more is claimed."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SOURCE, main  # noqa: E402

sys.path.insert(0, str(SOURCE / "tools"))
import engine_fit  # noqa: E402

PARTS = SOURCE / "configs" / "parts"
PAGE = SOURCE / "docs" / "validation.md"


def shipped(part, key):
    return float(re.search(rf"^{key}: ([0-9.]+)", (PARTS / part).read_text(), re.MULTILINE)[1])


class EngineFitTest(unittest.TestCase):
    def setUp(self):
        self.overhead, self.factor = engine_fit.constants()

    def test_one_point_gives_the_overhead_that_is_shipped(self):
        alone = engine_fit.solve(PROGRAM, self.overhead)
        self.assertAlmostEqual(alone, shipped("engines/rtp-llm-2025-05.yaml", "kernel_overhead"), delta=0.1)
        self.assertEqual(shipped("engines/sglang-2025-05.yaml", "kernel_overhead"),
                         shipped("engines/rtp-llm-2025-05.yaml", "kernel_overhead"))

    def test_one_point_gives_the_factor_that_is_shipped(self):
        alone = engine_fit.solve(PROGRAM, self.factor)
        self.assertAlmostEqual(alone, shipped("h100.yaml", "beside_transfer_factor"), delta=0.05)

    def test_the_page_has_the_tables_that_the_command_prints(self):
        self.assertIn(f"<!-- begin:engine_fits -->\n{engine_fit.markdown(PROGRAM)}\n<!-- end:engine_fits -->",
                      PAGE.read_text())


class FitTest(unittest.TestCase):
    def test_curves_are_read_between_their_knots_and_at_their_ends(self):
        for at, value in [(0, 5.0), (1, 4.0), (2, 3.0), (3, 8.0), (4, 13.0)]:
            self.assertAlmostEqual(engine_fit.between([0, 2, 4], [5.0, 3.0, 13.0], at), value)

    # a median: one point far off does not move it
    def test_the_best_value_is_where_most_curves_cross_zero(self):
        constant = engine_fit.Constant("a", "", [0, 10], [{"solves": "a"}])
        crossing = [[-at, 10 - at] for at in (3.0, 3.0, 9.0)]
        self.assertAlmostEqual(engine_fit.best_fit(constant, crossing), 3.0)


if __name__ == "__main__":
    main()
