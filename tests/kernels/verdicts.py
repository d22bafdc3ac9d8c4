# SPDX-License-Identifier: GPL-2.0
"""The table of causes: what the verdicts on the drills were, by kernel and attach family.

DrillTest (tests/live/drill_test.cpp) leaves each outcome in its XML. Started by itself, this prints the table of runs on
this machine."""

import argparse
import pathlib
import sys

import results

MARK = {"right": "✓", "open": "o", "wrong": "X"}
NOT_PLAYED, NO_RESULT, NOT_RUN = "-", "?", " "
LEGEND = "✓ right, o open, X wrong, - cannot be played there, ? no result"


def mark(test):
    if test is None:
        return NOT_RUN
    if test.outcome == results.SKIPPED:
        return NOT_PLAYED
    return MARK.get(test.verdict, NO_RESULT)


def table(tests, kernels, families):
    """drill × kernel, the families side by side in the order of `families`; "" if no drill was run."""
    drills = list(dict.fromkeys(test.drill for test in tests if test.drill))
    if not drills:
        return ""
    found = {(test.drill, test.kernel, test.family): mark(test) for test in tests if test.drill}

    def column(kernel, family):
        return [found.get((drill, kernel, family), NOT_RUN) for drill in drills]

    columns = {kernel: [column(kernel, family) for family in families] for kernel in kernels}

    def row(name, cell):
        return [name, *(" ".join(f"{cell(marks):2}" for marks in columns[kernel]) for kernel in kernels)]

    rows = [["", *(" ".join(f"{family[:2]:2}" for family in families) for _ in kernels)]]
    rows += [row(drill, lambda marks, at=at: marks[at]) for at, drill in enumerate(drills)]
    rows.append(row("right", lambda marks: str(marks.count(MARK["right"]))))
    rows.append(row("of", lambda marks: str(sum(each not in (NOT_PLAYED, NOT_RUN) for each in marks))))
    return results.table(["drill", *kernels], rows)


def show(tests, kernels, families):
    text = table(tests, kernels, families)
    if text:
        sys.stdout.reconfigure(errors="replace")
        print(f"\nverdicts on the drills: {LEGEND}\n{text}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", metavar="FAMILY=XML", help="what the runs of the live tests left")
    runs = dict(run.split("=", 1) for run in parser.parse_args().runs)
    tests = []
    for family, path in runs.items():
        if pathlib.Path(path).exists():
            tests += results.read_xml(pathlib.Path(path).read_bytes(), "host", family)
    show(tests, ["host"], list(runs))


if __name__ == "__main__":
    main()
