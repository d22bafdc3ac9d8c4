# SPDX-License-Identifier: GPL-2.0
"""Tests of what turns measurements into verdicts."""

import unittest

from figures import COUNT, MILLISECONDS, PERCENT, Line, at_least, at_most, ratios, results, spread


class Verdicts(unittest.TestCase):
    def test_a_bound_itself_is_reached(self):
        self.assertEqual(Line("x", 0.97, PERCENT, at_least(0.97)).verdict(), "reached")
        self.assertEqual(Line("x", 300, MILLISECONDS, at_most(300)).verdict(), "reached")

    def test_a_miss_says_by_how_much_in_the_unit_of_the_figure(self):
        self.assertEqual(Line("x", 0.95, PERCENT, at_least(0.97)).verdict(), "missed by 2.0 %")
        self.assertEqual(Line("x", 312, MILLISECONDS, at_most(300)).verdict(), "missed by 12 ms")
        self.assertEqual(Line("x", 1, COUNT, at_most(0)).verdict(), "missed by 1")

    def test_nothing_measured_reaches_nothing(self):
        self.assertEqual(Line("x", None, PERCENT, at_least(0.97)).verdict(), "not measured")

    def test_a_figure_for_information_has_no_verdict(self):
        self.assertEqual(Line("x", 1.5, PERCENT).verdict(), "")

    def test_json_keeps_the_value_as_measured(self):
        self.assertEqual(
            Line("x", 0.95, PERCENT, at_least(0.97)).as_json(),
            {"name": "x", "value": 0.95, "unit": "ratio", "at_least": 0.97, "verdict": "missed by 2.0 %"},
        )


class Ratios(unittest.TestCase):
    RATES = [("A", 100), ("B", 90), ("A", 80), ("C", 44), ("A", 96), ("B", 84), ("A", 72)]

    def test_a_run_counts_against_the_reference_runs_on_both_sides(self):
        self.assertEqual(ratios(self.RATES, "A", "B"), [1.0, 1.0])
        self.assertEqual(ratios(self.RATES, "A", "C"), [0.5])

    def test_other_runs_in_between_are_passed_over(self):
        self.assertEqual(ratios([("A", 100), ("B", 50), ("C", 75), ("A", 100)], "A", "C"), [0.75])

    def test_at_an_end_the_one_neighbour_counts(self):
        self.assertEqual(ratios([("A", 100), ("B", 50)], "A", "B"), [0.5])

    def test_the_reference_is_compared_with_its_own_neighbours(self):
        self.assertEqual(ratios([("A", 100), ("A", 80), ("A", 60)], "A", "A"), [100 / 80, 1.0, 60 / 80])

    def test_without_a_reference_there_is_no_ratio(self):
        self.assertEqual(ratios([("B", 50)], "A", "B"), [])

    def test_spread(self):
        self.assertEqual(spread([3, 1, 2]).median, 2)
        self.assertEqual((spread([3, 1, 2]).low, spread([3, 1, 2]).high), (1, 3))


class Tables(unittest.TestCase):
    def test_columns_line_up(self):
        lines = results([Line("short", 1, COUNT, at_most(0)), Line("a longer name", 20, COUNT)])
        self.assertEqual(
            lines,
            [
                "               goal  figure  verdict",
                "short           ≤ 0       1  missed by 1",
                "a longer name            20",
            ],
        )


if __name__ == "__main__":
    unittest.main()
