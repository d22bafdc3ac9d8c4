# SPDX-License-Identifier: GPL-2.0
"""What the live tests said: reads GoogleTest and CTest XML, holds skips against the list of expected ones, prints tables.

Knows nothing of guests; "host" is a kernel like any other here.
"""

import collections
import dataclasses
import fnmatch
import pathlib
import platform
import re
import xml.etree.ElementTree

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
MARK = {PASSED: ".", FAILED: "F", SKIPPED: "s"}
MESSAGE_LINES = 20
OUTSIDE = "(outside any test)"
DRILL_SUITE = re.compile(r"(.*/)?DrillTest")


@dataclasses.dataclass
class Test:
    kernel: str
    family: str
    name: str
    outcome: str
    message: str = ""
    drill: str = ""  # the name of the drill that it plays
    verdict: str = ""  # right, open or wrong


@dataclasses.dataclass(frozen=True)
class ExpectedSkip:
    kernel: str
    family: str
    test: str
    reason: str

    def covers(self, test):
        return (
            any(is_kernel(test.kernel, pattern) for pattern in self.kernel.split(","))
            and any(fnmatch.fnmatchcase(test.family, pattern) for pattern in self.family.split(","))
            and any(fnmatch.fnmatchcase(test.name, pattern) for pattern in self.test.split(","))
        )


def version(text):
    """(6, 12) of "6.12" and of "6.12.57+deb13-amd64"; later than any for what has no number."""
    match = re.match(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (1000, 0)


def is_kernel(kernel, pattern):
    """A shell pattern, or "<6.17": any version before that, of the machine's own kernel too."""
    if not pattern.startswith("<"):
        return fnmatch.fnmatchcase(kernel, pattern)
    return version(platform.release() if kernel == "host" else kernel) < version(pattern[1:])


def read_xml(data, kernel, family):
    tests = []

    def add(case, name, outcome, message=""):
        verdict = case.find("properties/property[@name='outcome']")
        drill = case.get("value_param", "") if DRILL_SUITE.fullmatch(case.get("classname") or "") else ""
        tests.append(Test(kernel, family, name, outcome, message, drill, "" if verdict is None else verdict.get("value")))

    for case in xml.etree.ElementTree.fromstring(data).iter("testcase"):
        name, suite = case.get("name"), case.get("classname")
        full = (name if suite in (name, None) else f"{suite}.{name}") or OUTSIDE
        failures, skipped = case.findall("failure"), case.find("skipped")
        output = case.findtext("system-out") or ""
        if failures or case.get("status") == "fail":
            messages = [failure.get("message") or failure.text or "" for failure in failures]
            add(case, full, FAILED, output or "\n".join(messages))
        elif skipped is not None:
            add(case, full, SKIPPED, skip_message(skipped.get("message") or "", output))
        elif case.get("status") not in ("notrun", "disabled") and case.get("result") != "suppressed":
            add(case, full, PASSED)
    return tests


def read_recording(data):
    """What ReplayOfDrills recorded, or nothing."""
    found = xml.etree.ElementTree.fromstring(data).find(".//property[@name='recording']")
    return b"" if found is None else bytes.fromhex(found.get("value"))


def skip_message(message, output):
    """GoogleTest puts the reason behind the place, CTest only in what the test printed."""
    if output:
        match = re.search(r": Skipped\n(.*)", output)
        return match[1].strip() if match else ""
    return message.strip().splitlines()[-1] if message.strip() else ""


def read_log(log, kernel, family, why):
    """What can be said of a run that left no XML: the tests that ended, and the one that it ended in."""
    outcomes = {"OK": PASSED, "FAILED": FAILED, "SKIPPED": SKIPPED}
    tests, name, said = [], None, []
    for line in log.splitlines():
        start = re.match(r"\[ RUN +\] (\S+)", line)
        end = re.match(r"\[ +(OK|FAILED|SKIPPED) +\] .* \(\d+ ms\)$", line)
        if start:
            name, said = start[1], []
        elif end and name:
            outcome = outcomes[end[1]]
            message = said[-1] if outcome == SKIPPED and said else "\n".join(said)
            tests.append(Test(kernel, family, name, outcome, message))
            name = None
        else:
            said.append(line)
    # A sanitizer's report begins with what is wrong and where, and ends with what its signs mean.
    report = next((at for at, line in enumerate(said) if "Sanitizer:" in line or "runtime error:" in line), None)
    rest = "\n".join(said[-MESSAGE_LINES:] if report is None else said[report:][:MESSAGE_LINES])
    tests.append(Test(kernel, family, name or OUTSIDE, FAILED, f"{why}; those after it were not run\n{rest}"))
    return tests


def read_run(kernel, family, data, log, status):
    """One run of a test binary or of ctest. `data` is its XML, None if there is none; a `status` of None: never ended."""
    why = "the guest ended in it" if status is None else f"the tests ended with status {status}"
    if data is None:
        return read_log(log, kernel, family, why)
    tests = read_xml(data, kernel, family)
    if status and not any(test.outcome == FAILED for test in tests):
        tests.append(Test(kernel, family, OUTSIDE, FAILED, f"{why}\n{tail(log)}"))
    return tests


def tail(log):
    return "\n".join(log.splitlines()[-MESSAGE_LINES:])


def read_expected(text):
    """Lines of kernel, family, test and reason; the first three are comma-separated shell patterns."""
    expected = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            fields = line.split(None, 3)
            if len(fields) != 4:
                raise ValueError(f"expected_skips: needs kernel, family, test and reason: {line!r}")
            expected.append(ExpectedSkip(*fields))
    return expected


def read_expected_file():
    return read_expected(pathlib.Path(__file__).with_name("expected_skips").read_text())


def judge(tests, expected):
    """Turns unexpected skips into failures. Returns the lines about expected skips that ran."""
    ran = collections.defaultdict(set)
    for test in tests:
        rule = next((rule for rule in expected if rule.covers(test)), None)
        if test.outcome == SKIPPED and rule is None:
            test.outcome = FAILED
            test.message = f"skipped, which tests/kernels/expected_skips does not expect: {test.message}"
        elif test.outcome == PASSED and rule is not None:
            ran[rule].add(f"{test.kernel}/{test.family} {test.name}")
    return [f"expected to be skipped, but ran: {name}" for names in ran.values() for name in sorted(names)]


def count(tests):
    counter = collections.Counter(test.outcome for test in tests)
    return counter[PASSED], counter[FAILED], counter[SKIPPED]


def append_counts(path, tests):
    if path:
        with open(path, "a") as out:
            print(*count(tests), file=out)


def closing_line(tests):
    return "{} passed, {} failed, {} skipped".format(*count(tests))


def table(header, rows):
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [header, *rows]]
    return "\n".join(lines)


def family_table(tests, kernels, families, releases):
    """kernel × family: passed/failed/skipped."""
    rows = []
    for kernel in kernels:
        cells = []
        for family in families:
            of_family = [test for test in tests if (test.kernel, test.family) == (kernel, family)]
            cells.append("/".join(map(str, count(of_family))) if of_family else "-")
        rows.append([kernel, releases.get(kernel) or "-", *cells])
    return table(["kernel", "release", *families], rows)


def test_table(tests, kernels, families):
    """test × kernel: one mark for each family, in the order of `families`."""
    marks = collections.defaultdict(lambda: "-")
    for test in tests:
        marks[test.name, test.kernel, test.family] = MARK[test.outcome]
    names = sorted({test.name for test in tests})
    rows = [[name, *("".join(marks[name, kernel, family] for family in families) for kernel in kernels)] for name in names]
    return table(["test", *kernels], rows)


def details(tests, outcome):
    """The tests with this outcome, those with one message together."""
    groups = collections.defaultdict(list)
    for test in tests:
        if test.outcome == outcome:
            message = "\n".join(test.message.strip().splitlines()[:MESSAGE_LINES])
            groups[test.name, message].append(f"{test.kernel}/{test.family}")
    lines = []
    for (name, message), places in groups.items():
        lines.append(f"{name}  [{' '.join(places)}]")
        lines += [f"    {line}" for line in message.splitlines()]
    return "\n".join(lines)
