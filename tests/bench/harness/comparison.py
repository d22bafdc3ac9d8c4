# SPDX-License-Identifier: GPL-2.0
"""The rate of connections with a tracer attached, as a ratio to the rate without one."""

import dataclasses
import statistics

import figures
from figures import Line, at_least
from programs import BpfTool, CannotRun, Floor, TcptraceJson, TcptraceText, run_cycles

BARE = "a"


@dataclasses.dataclass
class Candidate:
    letter: str
    name: str
    start: object  # makes its Tracer; None: nothing attached
    goal: figures.Goal | None = None
    reports: list = dataclasses.field(default_factory=list)
    failure: str = ""


def candidates(setting):
    directory = setting.directory
    return [
        Candidate(BARE, "nothing attached", None),
        Candidate("b", "tcptrace", lambda: TcptraceText(setting.tcptrace, directory), at_least(0.97)),
        Candidate("c", "tcptrace --events all --json -o FILE",
                  lambda: TcptraceJson(setting.tcptrace, directory, "--events", "all"), at_least(0.90)),
        Candidate("d", "tcpstates (libbpf-tools)", lambda: BpfTool("/usr/sbin/tcpstates", directory)),
        Candidate("e", "tcplife (libbpf-tools)", lambda: BpfTool("/usr/sbin/tcplife", directory)),
        Candidate("f", "empty programs at the hooks of (b)", lambda: Floor(setting.build, directory)),
    ]


class Comparison:
    """Every run with a tracer lies between two without one: the machine's speed changes from one minute to the next,
    and changes both."""

    def __init__(self, setting, progress):
        self.setting = setting
        self.progress = progress
        self.cycles = setting.cycles(100_000)
        self.candidates = candidates(setting)
        self.runs = []  # (letter, what tcptrace_cycle printed), in the order of time

    def run(self):
        rounds = self.setting.rounds(5)
        bare, *tracers = self.candidates
        self._cycles()  # caches, and the connection tables, are warm from here on
        for number in range(rounds):
            self.progress(f"round {number + 1} of {rounds}")
            for tracer in tracers:
                self._run(bare)
                self._run(tracer)
        self._run(bare)

    def _cycles(self):
        return run_cycles(self.setting.cycle, self.cycles, *self.setting.load)

    def _run(self, candidate):
        if candidate.failure:
            return
        if candidate.start is None:
            self.runs.append((candidate.letter, self._cycles()))
            return
        try:
            with candidate.start() as tracer:
                load = self._cycles()
                candidate.reports.append(tracer.finish())
        except CannotRun as failure:
            candidate.failure = str(failure)
            return
        self.runs.append((candidate.letter, load))

    def _of(self, candidate, key):
        return [load[key] for letter, load in self.runs if letter == candidate.letter]

    def _ratios(self, candidate, key):
        return figures.ratios([(letter, load[key]) for letter, load in self.runs], BARE, candidate.letter)

    def as_json(self):
        return [
            {
                "name": candidate.name,
                "cycles": self.cycles,
                "rates": self._of(candidate, "rate"),
                "ratios": self._ratios(candidate, "rate"),
                "cpu_ratios": self._ratios(candidate, "cpu_seconds"),
                "tracer_cpu_seconds": [report.cpu_seconds for report in candidate.reports],
                "records": [report.records for report in candidate.reports],
                "lost": [report.lost for report in candidate.reports],
                **({"failure": candidate.failure} if candidate.failure else {}),
            }
            for candidate in self.candidates
        ]

    def table(self):
        rows = [("", "connections/s", "ratio", "min", "max", "load's CPU", "tracer's CPU", "records", "lost")]
        rows += [self._row(candidate) for candidate in self.candidates]
        return figures.table(rows, "<>>>>>>>>") + [
            f"({candidate.letter}) {candidate.failure}" for candidate in self.candidates if candidate.failure
        ]

    def _row(self, candidate):
        name = f"({candidate.letter}) {candidate.name}"
        ratios = self._ratios(candidate, "rate")
        if not ratios:
            return (name, *["-"] * 8)
        ratio = figures.spread(ratios)
        cpu_us = statistics.median(self._of(candidate, "cpu_seconds")) / self.cycles * 1e6
        row = [name, f"{statistics.median(self._of(candidate, 'rate')):,.0f}"]
        row += [figures.PERCENT.text(value) for value in (ratio.median, ratio.low, ratio.high)]
        row.append(f"{cpu_us:.1f} us")
        if candidate.start is None:
            return (*row, "", "", "")
        tracer_us = statistics.median(report.cpu_seconds for report in candidate.reports) / self.cycles * 1e6
        records = statistics.median(report.records for report in candidate.reports) / self.cycles
        return (*row, f"{tracer_us:.1f} us", f"{records:.2f}", f"{sum(report.lost for report in candidate.reports):,}")

    def lines(self):
        found = []
        for candidate in self.candidates:
            if candidate.goal is None:
                continue
            ratios = self._ratios(candidate, "rate")
            value = statistics.median(ratios) if ratios else None
            name = f"rate kept with ({candidate.letter}) {candidate.name}"
            found.append(Line(name, value, figures.PERCENT, candidate.goal, candidate.failure))
        return found


def measure_rates(setting, progress):
    comparison = Comparison(setting, progress)
    comparison.run()
    return comparison
