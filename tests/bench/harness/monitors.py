# SPDX-License-Identifier: GPL-2.0
"""What it costs to watch a host with many sockets, beside listing them once a second with ss."""

import contextlib
import json
import os
import statistics
import subprocess
import time

import figures
from figures import Line, at_most
from measures import memory_bytes
from programs import CannotRun, cpu_seconds
from snapshots import SOCKETS, held_sockets

# The first walk reads the owners, and the hooks are attached: what comes after is what it costs for months.
_SETTLE_S = 5


@contextlib.contextmanager
def watched(setting, *arguments):
    """A monitor at its default interval, into a file, from its first reading on."""
    output = setting.directory / "monitor.jsonl"
    with open(output, "wb") as out, subprocess.Popen(
            [str(setting.tcptrace), "monitor", "-J", *arguments], stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.DEVNULL) as monitor:
        try:
            end = time.monotonic() + 30
            while not output.stat().st_size:
                if monitor.poll() is not None or time.monotonic() > end:
                    raise CannotRun("the monitor printed nothing")
                time.sleep(0.05)
            yield monitor.pid, output
        finally:
            monitor.terminate()


def ages(output):
    """How old the figures of a walk were, reading by reading."""
    lines = output.read_text().splitlines(keepends=True)
    readings = [json.loads(line) for line in lines if line.endswith("\n")]
    return [reading["sockets"]["age_ms"] for reading in readings if "sockets" in reading]


def watch(setting, number, *arguments):
    seconds = 4 if setting.quick else 25
    with watched(setting, *arguments) as (pid, output):
        time.sleep(1 if setting.quick else _SETTLE_S)
        spent, began = cpu_seconds(pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_seconds(pid) - spent) / (time.monotonic() - began)
        memory = memory_bytes(pid)["VmRSS"]
        old = ages(output)
    if not old:
        raise CannotRun("no walk over the sockets has ended")
    detail = f"over {seconds} s; figures {statistics.median(old) / 1000:.1f} s old, at most {max(old) / 1000:.1f} s"
    name = f"{number:,} sockets: tcptrace monitor{''.join(' ' + word for word in arguments)}, of one core"
    goal = at_most(0.15) if number == SOCKETS[-1] else None
    return share, [Line(name, share, figures.PERCENT, goal, detail),
                   Line("    resident memory", memory / (1 << 20), figures.MEBIBYTES)]


def listing_seconds(rounds):
    """Of processor time, for ss -tan into a file that is none."""
    before = os.times()
    for _ in range(rounds):
        subprocess.run(["ss", "-tan"], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return (after.children_user + after.children_system - before.children_user - before.children_system) / rounds


def measure_monitor(setting):
    lines = []
    for number in (SOCKETS[0], SOCKETS[-2] if setting.quick else SOCKETS[-1]):
        with held_sockets(setting, number):
            share, measured = watch(setting, number)
            lines += measured + watch(setting, number, "--source", "netlink", "--no-trace")[1]
            listing = listing_seconds(3)
        lines.append(Line("    ss -tan once a second, of one core", listing, figures.PERCENT))
        lines.append(Line("    the monitor, of that", share / listing, figures.PERCENT))
    return lines
