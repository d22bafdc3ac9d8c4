# SPDX-License-Identifier: GPL-2.0
"""How long it takes to list all sockets, in memory, as JSON in a file, and with the tools there are for it; and what it
costs to look at them once a second."""

import contextlib
import json
import subprocess
import time

import figures
from figures import Line, at_most
from measures import FINE_BYTES, memory_bytes, micro_runs
from programs import CannotRun, TcptraceJson, cpu_seconds

SOCKETS = (1_000, 10_000, 100_000)
# The interpreter that the distribution's psutil belongs to.
PYTHON = "/usr/bin/python3"
PSUTIL = "import psutil; print(len(psutil.net_connections('tcp')))"


@contextlib.contextmanager
def held_sockets(setting, number):
    """So many established sockets over loopback."""
    with subprocess.Popen([str(setting.sockets), str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            if holder.stdout.readline() != b"ready\n":
                raise CannotRun(f"{number:,} sockets could not be opened")
            yield
        finally:
            holder.stdin.close()
            holder.wait()


def dump_milliseconds(setting, source, rounds):
    """Of each dump into memory, without the loading."""
    done = subprocess.run([str(setting.dump), source, str(rounds)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr.strip())
    return [1000 * seconds for seconds in json.loads(done.stdout)["seconds"]]


def command_milliseconds(setting, argv, rounds):
    """From exec to exit, with the output in a file."""
    times = []
    for _ in range(rounds):
        with open(setting.directory / "out", "wb") as out:
            began = time.monotonic()
            done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.PIPE, check=False)
            times.append(1000 * (time.monotonic() - began))
        if done.returncode != 0:
            raise CannotRun(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
    return times


def timed(name, measure, goal=None):
    """The line, and the median; None where it could not be measured."""
    try:
        times = figures.spread(measure())
    except (CannotRun, OSError) as failure:
        return Line(name, None, figures.MILLISECONDS, goal, str(failure)), None
    detail = f"{times.low:,.0f} to {times.high:,.0f}"
    return Line(name, times.median, figures.MILLISECONDS, goal, detail), times.median


def measure_number(setting, number):
    rounds = setting.rounds(10)
    most = number == SOCKETS[-1]
    snapshot = [setting.tcptrace, "snapshot", "-J"]
    lines = []

    def add(name, measure, goal=None):
        line, median = timed(f"{number:,} sockets: {name}", measure, goal)
        lines.append(line)
        return median

    add("iterator, into memory", lambda: dump_milliseconds(setting, "iter", rounds), at_most(100) if most else None)
    add("sock_diag, into memory", lambda: dump_milliseconds(setting, "netlink", rounds))
    ours = add("tcptrace snapshot -J > FILE",
               lambda: command_milliseconds(setting, [*snapshot, "--source", "iter"], rounds))
    add("    with --source netlink", lambda: command_milliseconds(setting, [*snapshot, "--source", "netlink"], rounds))
    theirs = add("ss -tin > FILE", lambda: command_milliseconds(setting, ["ss", "-tin"], rounds))
    add("ss -tinp > FILE", lambda: command_milliseconds(setting, ["ss", "-tinp"], max(2, rounds // 3)))
    add("psutil.net_connections()", lambda: command_milliseconds(setting, [PYTHON, "-c", PSUTIL],
                                                                 max(2, rounds // 3)))
    if ours and theirs:
        lines.append(Line(f"{number:,} sockets: tcptrace snapshot -J, of ss -tin", ours / theirs, figures.PERCENT,
                          at_most(0.2) if most else None))
    return lines


def measure_snapshot(setting):
    lines = []
    for number in SOCKETS[:-1] if setting.quick else SOCKETS:
        with held_sockets(setting, number):
            lines += measure_number(setting, number)
    return lines


def poll_quiet_sockets(setting, number):
    """A trace with so many sockets to which nothing happens: what its polls came to."""
    seconds = 4 if setting.quick else 20
    with held_sockets(setting, number), TcptraceJson(setting.tcptrace, setting.directory, "--events", "reset") as tracer:
        time.sleep(2)
        spent = cpu_seconds(tracer.pid)
        time.sleep(seconds)
        spent = cpu_seconds(tracer.pid) - spent
        memory = memory_bytes(tracer.pid)
        # While the sockets are still there: the summary counts those that are.
        tracer.finish()
        polls = tracer.summary()["polls"]
    if polls["connections"] < number:
        raise CannotRun(f"{polls['connections']:,} of {number:,} connections were polled")
    name = f"{number:,} quiet sockets"
    wall = polls["total_ms"] / polls["count"]
    detail = f"{polls['count']} polls, the longest {polls['longest_ms']:,.0f} ms"
    return [
        Line(f"{name}: a poll", wall, figures.MILLISECONDS, None, detail),
        Line("    processor time of the trace, of one core", spent / seconds, figures.PERCENT),
        Line("    resident memory of the trace, peak", memory["VmHWM"] / (1 << 20), figures.MEBIBYTES),
    ]


def measure_history(setting):
    runs = micro_runs(setting, "history", setting.rounds(4))["history/full"]
    size = max(run["bytes_per_connection"] for run in runs)
    rate = figures.spread([run["items_per_second"] for run in runs])
    lines = [
        Line("memory of a connection with 30 samples", size, FINE_BYTES, at_most(1024),
             f"{runs[0]['stated_bytes']:,.0f} by its own account"),
        Line("100,000 connections with 30 samples", size * 100_000 / (1 << 20), figures.MEBIBYTES, at_most(150)),
        Line("a sample taken", 1e9 / rate.median, figures.NANOSECONDS),
    ]
    for number in SOCKETS[:-1] if setting.quick else SOCKETS:
        lines += poll_quiet_sockets(setting, number)
    return lines
