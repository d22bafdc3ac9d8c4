# SPDX-License-Identifier: GPL-2.0
"""From measurements to lines with a goal and a verdict. Pure: measures nothing, prints nothing."""

import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Unit:
    """`scale` figures of this unit make one of what was measured."""

    suffix: str
    digits: int
    scale: float = 1

    def text(self, value):
        return f"{value * self.scale:,.{self.digits}f}{self.suffix}"


PERCENT = Unit(" %", 1, 100)
COUNT = Unit("", 0)
PER_SECOND = Unit("/s", 0)
NANOSECONDS = Unit(" ns", 0)
MILLISECONDS = Unit(" ms", 0)
MEBIBYTES = Unit(" MiB", 1)


@dataclasses.dataclass(frozen=True)
class Goal:
    bound: float
    at_least: bool

    def missed_by(self, value):
        """0 where the goal is reached."""
        return max(0.0, self.bound - value if self.at_least else value - self.bound)

    def text(self, unit):
        return f"{'≥' if self.at_least else '≤'} {unit.text(self.bound)}"


def at_least(bound):
    return Goal(bound, True)


def at_most(bound):
    return Goal(bound, False)


@dataclasses.dataclass(frozen=True)
class Line:
    """`value` is None where nothing could be measured: `detail` then says why."""

    name: str
    value: float | None
    unit: Unit
    goal: Goal | None = None
    detail: str = ""

    def verdict(self):
        if self.value is None:
            return "not measured"
        if self.goal is None:
            return ""
        missed = self.goal.missed_by(self.value)
        return f"missed by {self.unit.text(missed)}" if missed > 0 else "reached"

    def as_json(self):
        line = {"name": self.name, "value": self.value, "unit": self.unit.suffix.strip(), "verdict": self.verdict()}
        if self.unit.scale != 1:
            line["unit"] = "ratio"
        if self.goal is not None:
            line["at_least" if self.goal.at_least else "at_most"] = self.goal.bound
        if self.detail:
            line["detail"] = self.detail
        return line


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    low: float
    high: float


def spread(values):
    return Spread(statistics.median(values), min(values), max(values))


def ratios(rates, reference, label):
    """Of the runs of `label` among `rates`, a list of (label, rate) in the order of time: each rate by the mean of the
    `reference` runs right before and after. A reference run has others as its neighbours, so `label` may be `reference`
    itself, which shows how much the machine wavers."""
    found = []
    for index, (name, rate) in enumerate(rates):
        if name != label:
            continue
        before = next((r for n, r in reversed(rates[:index]) if n == reference), None)
        after = next((r for n, r in rates[index + 1 :] if n == reference), None)
        neighbours = [r for r in (before, after) if r is not None]
        if neighbours:
            found.append(rate / statistics.mean(neighbours))
    return found


def table(rows, alignment):
    """Rows of cells as lines; `alignment` has `<` or `>` for each column."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(alignment))]
    return [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, alignment, widths)).rstrip() for row in rows
    ]


def results(lines):
    """The lines as a table."""
    rows = [("", "goal", "figure", "verdict", "")]
    for line in lines:
        goal = line.goal.text(line.unit) if line.goal else ""
        figure = "-" if line.value is None else line.unit.text(line.value)
        rows.append((line.name, goal, figure, line.verdict(), line.detail))
    return table(rows, "<>><<")
