# SPDX-License-Identifier: GPL-2.0
"""How long one look at all sockets takes: `tcptrace analyze` beside what people count sockets with. Whole processes, turn
by turn, so that whatever else the machine does hits all alike."""

import statistics

import figures
from figures import Line, at_least
from programs import CannotRun
from snapshots import PSUTIL, PYTHON, SOCKETS, command_milliseconds, held_sockets

SS = "ss -s; ss -tan | awk '{n[$1]++} END {for (state in n) print state, n[state]}'"
TIMES = figures.Unit(" x", 1)


def turns(setting, commands, rounds):
    """By name, the milliseconds of each run; a reason where one cannot be run."""
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            if isinstance(times[name], str):
                continue
            try:
                times[name] += command_milliseconds(setting, argv, 1)
            except (CannotRun, OSError) as failure:
                times[name] = str(failure)
    return times


def measure_number(setting, number):
    analyze = [setting.tcptrace, "analyze", "-J"]
    commands = {
        "tcptrace analyze -J": analyze,
        "    with --source netlink": [*analyze, "--source", "netlink"],
        "    with --source iter": [*analyze, "--source", "iter"],
        "ss -s; ss -tan | awk": ["sh", "-c", SS],
        "psutil.net_connections()": [PYTHON, "-c", PSUTIL],
    }
    medians, lines = {}, []
    for name, times in turns(setting, commands, setting.rounds(9)).items():
        what = f"{number:,} sockets: {name}"
        if isinstance(times, str):
            lines.append(Line(what, None, figures.MILLISECONDS, None, times))
            continue
        medians[name] = statistics.median(times)
        lines.append(Line(what, medians[name], figures.MILLISECONDS, None, f"{min(times):,.0f} to {max(times):,.0f}"))
    most = number == SOCKETS[-1]
    for name, goal in (("ss -s; ss -tan | awk", at_least(1)), ("psutil.net_connections()", at_least(10))):
        if name in medians and "tcptrace analyze -J" in medians:
            lines.append(Line(f"{number:,} sockets: analyze is faster than {name}",
                              medians[name] / medians["tcptrace analyze -J"], TIMES, goal if most else None))
    return lines


def measure_analyze(setting):
    lines = []
    for number in SOCKETS[:-1] if setting.quick else SOCKETS:
        with held_sockets(setting, number):
            lines += measure_number(setting, number)
    return lines
