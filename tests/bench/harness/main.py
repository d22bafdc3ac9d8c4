# SPDX-License-Identifier: GPL-2.0
"""The benchmark: options in, tables out. scripts/bench builds what this runs, and starts it."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import sys
import tempfile

import analyses
import comparison
import figures
import loads
import measures
import monitors
import snapshots
from programs import CannotRun

PARTS = {
    "rates": "connections, each accepted and reset by its peer, with a tracer attached",
    "loss": "records lost at 20,000 connections/s",
    "cost": "time in the kernel for a record",
    "pipeline": "records/s on one core",
    "replay": "what recording costs, and records/s replayed",
    "start": "time to start",
    "memory": "memory and idle processor time",
    "snapshot": "time to list all sockets",
    "analyze": "time to count all sockets",
    "history": "what the seconds before a reset cost",
    "monitor": "what watching the host costs",
    "stress": "connections/s of tcptrace stress, beside other load generators",
}
# Above this, others use the processors too.
BUSY_LOAD = 1.0


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="bench", description="Measures what tcptrace costs.")
    parser.add_argument("--quick", action="store_true", help="fewer connections and rounds: a smoke test, no figures")
    parser.add_argument("--only", metavar="NAME", action="append", choices=PARTS, help="of " + ", ".join(PARTS))
    parser.add_argument(
        "--accepted",
        action="store_true",
        help="rates, cost: clients wait for the accept, two at a time; else most resets come before it",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the tables")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def environment():
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


class Bench:
    def __init__(self, options, setting):
        self.options = options
        self.setting = setting
        self.result = {"environment": environment(), "quick": options.quick, "accepted": options.accepted, "lines": []}
        self.measured = False

    def say(self, text):
        if not self.options.json:
            print(text, flush=True)

    def progress(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def run(self):
        about = self.result["environment"]
        self.say(f"Linux {about['kernel']} {about['architecture']}, {about['cpus']} CPUs, load {about['load']:.2f}")
        if about["load"] > BUSY_LOAD:
            self.progress(f"this machine is busy (load {about['load']:.2f}): the figures will say little")
        for part in self.options.only or PARTS:
            self.progress(part)
            self.say(f"\n== {part}: {PARTS[part]}")
            try:
                lines = self.measure(part)
                self.measured = True
            except BrokenPipeError:
                raise
            except (CannotRun, OSError) as failure:
                lines = [figures.Line(part, None, figures.COUNT, None, str(failure))]
            for line in figures.results(lines):
                self.say(line)
            self.result["lines"] += [{"part": part, **line.as_json()} for line in lines]
        self.finish()

    def measure(self, part):
        if part in ("snapshot", "history"):
            return getattr(snapshots, f"measure_{part}")(self.setting)
        if part == "monitor":
            return monitors.measure_monitor(self.setting)
        if part == "analyze":
            return analyses.measure_analyze(self.setting)
        if part == "stress":
            return loads.measure_stress(self.setting)
        if part != "rates":
            return getattr(measures, f"measure_{part}")(self.setting)
        compared = comparison.measure_rates(self.setting, self.progress)
        self.result["rates"] = compared.as_json()
        for line in compared.table() + [""]:
            self.say(line)
        return compared.lines()

    def finish(self):
        self.result["environment"]["load_at_end"] = os.getloadavg()[0]
        self.say(f"\nload at the end {os.getloadavg()[0]:.2f}")
        if self.options.json:
            print(json.dumps(self.result, indent=2))


def interrupt(*_):
    raise KeyboardInterrupt


def main(arguments):
    options = parse_arguments(arguments)
    # What was changed is put back, and what was started is ended, also on a SIGTERM.
    signal.signal(signal.SIGTERM, interrupt)
    with tempfile.TemporaryDirectory(prefix="tcptrace-bench-") as directory:
        load = ("--accepted", "--processes", "2") if options.accepted else ()
        bench = Bench(options, measures.Setting(options.build, pathlib.Path(directory), options.quick, load))
        try:
            bench.run()
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:  # `| head`: the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if bench.measured else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
