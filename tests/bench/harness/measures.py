# SPDX-License-Identifier: GPL-2.0
"""What is measured. Each function is one part of the benchmark and returns its lines."""

import contextlib
import dataclasses
import json
import pathlib
import re
import subprocess
import time

import figures
from figures import Line, at_least, at_most
from programs import CannotRun, TcptraceJson, bpf_objects, cpu_seconds, program_ids, run_cycles

BPF_STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
# Six records for a connection: everything but the state changes.
SIX_RECORDS = "reset,accept,connect,close"
FINE_BYTES = figures.Unit(" B", 1)
FINE_PERCENT = figures.Unit(" %", 3, 100)


@dataclasses.dataclass
class Setting:
    """Where the programs are, and how long to measure."""

    build: pathlib.Path
    directory: pathlib.Path
    quick: bool
    load: tuple = ()  # options of tcptrace_cycle where connections come as fast as they go

    @property
    def tcptrace(self):
        return self.build / "tcptrace"

    @property
    def cycle(self):
        return self.build / "tests/bench/cycle/tcptrace_cycle"

    @property
    def sockets(self):
        return self.build / "tests/bench/snapshot/tcptrace_sockets"

    @property
    def dump(self):
        return self.build / "tests/bench/snapshot/tcptrace_dump"

    @property
    def bare(self):
        return self.build / "tests/bench/bare/tcptrace_bare"

    @property
    def micro(self):
        return self.build / "tests/bench/tcptrace_bench"

    def cycles(self, number):
        return number // 20 if self.quick else number

    def rounds(self, number):
        return max(2, number // 4) if self.quick else number


def measure_loss(setting):
    """Nothing may be lost at 20,000 connections a second, however many records each has."""
    rate = 20_000
    # What is scheduled is not quite what is reached.
    load_options = ("--rate", 1.01 * rate, "--addresses", 64)
    lines = []
    for events in (SIX_RECORDS, "all"):
        with TcptraceJson(setting.tcptrace, setting.directory, "--events", events) as tracer:
            load = run_cycles(setting.cycle, setting.cycles(10 * rate), *load_options)
            report = tracer.finish()
        each = f"{report.records / load['cycles']:.0f} records each"
        detail = f"--events {events}: {report.records:,} records of {load['cycles']:,} connections"
        lines.append(Line(f"connections, {each}", load["rate"], figures.PER_SECOND, at_least(rate)))
        lines.append(Line("    records lost", report.lost, figures.COUNT, at_most(0), detail))
    return lines


@contextlib.contextmanager
def bpf_statistics():
    before = BPF_STATS.read_text()
    BPF_STATS.write_text("1")
    try:
        yield
    finally:
        BPF_STATS.write_text(before)


def program_statistics(ids):
    shown = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=False)
    if shown.returncode != 0:
        raise CannotRun(f"bpftool: {shown.stderr.strip() or shown.stdout.strip()}")
    return {
        program["id"]: (program.get("name", "?"), program.get("run_time_ns", 0), program.get("run_cnt", 0))
        for program in json.loads(shown.stdout)
        if program["id"] in ids
    }


def program_costs(tracer, work):
    """(name, ns, runs) of each BPF program of the tracer during `work`."""
    ids = program_ids(tracer.pid)
    before = program_statistics(ids)
    work()
    after = program_statistics(ids)
    costs = [(name, ns - before[key][1], runs - before[key][2]) for key, (name, ns, runs) in after.items()]
    return sorted((cost for cost in costs if cost[2] > 0), key=lambda cost: -cost[1])


def program_lines(costs, cycles):
    for program, ns, runs in costs:
        detail = f"{runs / cycles:.2f} runs and {ns / cycles:,.0f} ns for a connection"
        yield Line(f"    {program}, a run", ns / runs, figures.NANOSECONDS, None, detail)


def measure_cost(setting):
    """BPF time, that of runs without a record included. By default most runs make none, and what they cost is in the
    rates: the goal is for a trace that reports everything."""
    lines = []
    cycles = setting.cycles(100_000)
    for name, options, goal in (("--events all", ("--events", "all"), at_most(600)), ("default", (), None)):
        with bpf_statistics(), TcptraceJson(setting.tcptrace, setting.directory, *options) as tracer:
            costs = program_costs(tracer, lambda: run_cycles(setting.cycle, cycles, *setting.load))
            report = tracer.finish()
        total = sum(ns for _, ns, _ in costs)
        detail = f"{report.records:,} records; {total / cycles:,.0f} ns for a connection"
        per_record = total / max(1, report.records)
        lines.append(Line(f"BPF time for a record, {name}", per_record, figures.NANOSECONDS, goal, detail))
        lines += program_lines(costs, cycles)
    return lines


MICRO = {
    "pipeline/json_all": ("decode, join, JSON: --events all", at_least(500_000)),
    "pipeline/json_resets": ("decode, join, JSON: resets", at_least(500_000)),
    "pipeline/text_resets": ("decode, join, text: resets", None),
    "decode/all": ("    decode alone", None),
    "diagnose/resets": ("    diagnose alone: resets", at_least(300_000)),
}


def micro_runs(setting, families, repetitions):
    """What each run of the micro benchmarks of these families came to."""
    argv = [setting.micro, f"--benchmark_filter=^({families})/", "--benchmark_format=json"]
    argv += [f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true"]
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr.strip())
    runs = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            raise CannotRun(f"{run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"], []).append(run)
    return runs


def micro_rates(setting, families, repetitions):
    """Items a second of each run of the micro benchmarks of these families."""
    runs = micro_runs(setting, families, repetitions)
    return {name: [run["items_per_second"] for run in ran] for name, ran in runs.items()}


def measure_pipeline(setting):
    """Records a second on one core, from the bytes of the ring buffer to a line."""
    repetitions = setting.rounds(8)
    runs = micro_rates(setting, "pipeline|decode|diagnose", repetitions)
    lines = []
    for key, (name, goal) in MICRO.items():
        rates = figures.spread(runs[key])
        detail = f"{rates.low:,.0f} to {rates.high:,.0f} in {repetitions} runs; {1e9 / rates.median:,.0f} ns a record"
        lines.append(Line(name, rates.median, figures.PER_SECOND, goal, detail))
    return lines


def record_session(setting, recording):
    """Everything, into the recording; how many records there were."""
    with TcptraceJson(setting.tcptrace, setting.directory, "--events", "all", "--write", recording) as tracer:
        run_cycles(setting.cycle, setting.cycles(100_000), *setting.load)
        report = tracer.finish()
    if report.lost:
        raise CannotRun(f"{report.lost} records were lost")
    return report.records


def replay_rate(setting, recording, records, *options):
    argv = [str(word) for word in (setting.tcptrace, "replay", "-o", "/dev/null", *options, recording)]
    began = time.monotonic()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr.strip())
    return records / (time.monotonic() - began)


REPLAYS = {
    "replay, JSON": ("--json", "--events", "all"),
    "replay, text": ("--events", "all"),
    "replay, nothing matches": ("--events", "all", "--pid", 1),
}


def measure_replay(setting):
    """The cost of a recording is that of its bytes: in the processor time of a trace it drowns in what the load varies."""
    recording = setting.directory / "recording"
    records = record_session(setting, recording)
    size = recording.stat().st_size
    runs = [1e9 / rate for rate in micro_rates(setting, "recording", setting.rounds(8))["recording/all"]]
    cost = figures.spread(runs)
    detail = f"{cost.low:,.0f} to {cost.high:,.0f} in {len(runs)} runs"
    lines = [
        Line("recording, for a record", cost.median, figures.NANOSECONDS, None, detail),
        Line("bytes for a record", size / records, FINE_BYTES, None, f"{size:,} bytes of {records:,} records"),
    ]
    for name, options in REPLAYS.items():
        rates = figures.spread([replay_rate(setting, recording, records, *options) for _ in range(setting.rounds(8))])
        detail = f"{rates.low:,.0f} to {rates.high:,.0f}; {1e9 / rates.median:,.0f} ns a record"
        lines.append(Line(name, rates.median, figures.PER_SECOND, None, detail))
    recording.unlink()
    return lines


def milliseconds_to_line(tcptrace, kind):
    """From exec to the first line of that type: on the clock, and on the processor."""
    began = time.monotonic()
    process = subprocess.Popen([str(tcptrace), "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        for line in process.stdout:
            if f'"type":"{kind}"'.encode() in line:
                return 1000 * (time.monotonic() - began), 1000 * cpu_seconds(process.pid)
    finally:
        process.terminate()
        process.stdout.read()
        process.wait()
    raise CannotRun(f"tcptrace ended with status {process.returncode} before its first {kind} line")


@contextlib.contextmanager
def background_load(setting, rate):
    argv = [str(word) for word in (setting.cycle, "--cycles", 10**9, "--rate", rate)]
    load = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        # Its children die with it.
        load.kill()
        load.wait()


def start_line(name, starts, goal):
    clock, processor = zip(*starts)
    seen = figures.spread(clock)
    cpu = figures.spread(processor).median
    detail = f"{seen.low:,.0f} to {seen.high:,.0f} in {len(starts)} starts; {cpu:,.0f} ms of CPU"
    return Line(name, seen.median, figures.MILLISECONDS, goal, detail)


def measure_start(setting):
    """From exec on."""
    starts = range(setting.rounds(10))
    hooks = [milliseconds_to_line(setting.tcptrace, "hooks") for _ in starts]
    with background_load(setting, 500):
        resets = [milliseconds_to_line(setting.tcptrace, "reset") for _ in starts]
    return [
        start_line("exec to first hook: `hooks` line", hooks, at_most(300)),
        start_line("exec to first reset, 500 resets/s", resets, None),
    ]


def memory_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: int(kib) * 1024 for key, kib in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}


def map_bytes(pid):
    """What the kernel holds for the process's BPF maps: no part of its resident memory, the ring buffer excepted."""
    texts = "\n".join(bpf_objects(pid, "map_type"))
    return sum(int(size) for size in re.findall(r"^memlock:\s*(\d+)", texts, re.MULTILINE))


def measure_memory(setting):
    """Resident memory and processor time while nothing happens."""
    mib = 1 << 20
    idle_s = 2 if setting.quick else 10
    with TcptraceJson(setting.tcptrace, setting.directory) as tracer:
        time.sleep(3)
        memory = memory_bytes(tracer.pid)
        maps = map_bytes(tracer.pid)
        before = cpu_seconds(tracer.pid)
        time.sleep(idle_s)
        spent = cpu_seconds(tracer.pid) - before
    parts = ", ".join(f"{key[3:].lower()} {memory[key] / mib:.1f}" for key in ("RssAnon", "RssFile", "RssShmem"))
    lines = [
        Line("resident memory, idle", memory["VmRSS"] / mib, figures.MEBIBYTES, at_most(30), parts),
        Line("resident memory, idle, peak until then", memory["VmHWM"] / mib, figures.MEBIBYTES),
        Line("kernel memory of its BPF maps", maps / mib, figures.MEBIBYTES),
        Line("processor time, idle, of one core", spent / idle_s, FINE_PERCENT, None, f"{spent:.4f} s in {idle_s} s"),
    ]
    with TcptraceJson(setting.tcptrace, setting.directory, "--events", "all") as tracer:
        run_cycles(setting.cycle, setting.cycles(100_000))
        peak = tracer.finish().peak_bytes
    lines.append(Line("resident memory, peak under load", peak / mib, figures.MEBIBYTES))
    return lines
