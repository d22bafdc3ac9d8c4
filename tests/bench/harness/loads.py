# SPDX-License-Identifier: GPL-2.0
"""`tcptrace stress` beside other load generators, and beside what the kernel allows: one server, one machine, in turns."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

import figures
from figures import Line, at_least, at_most
from programs import CannotRun, poll

AT_ONCE = 64
OURS = "tcptrace stress"
BARE = "a bare loop of blocking calls"
HELD = 15_000
MICROSECONDS = figures.Unit(" us", 1)
FACTOR = figures.Unit(" x", 2)
BYTES = figures.Unit(" B", 0)


@dataclasses.dataclass
class Run:
    rate: float  # connections a second
    cpu_us: float  # of the client, for a connection


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def running(argv, **options):
    """A process that ends with the scope."""
    argv = [str(word) for word in argv]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextlib.contextmanager
def nginx(directory):
    """Its port: answers every GET with a few bytes."""
    port = free_port()
    config = directory / "nginx.conf"
    paths = "".join(f"{kind}_temp_path {directory};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(
        f"worker_processes {os.cpu_count()}; daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.err;"
        "events { worker_connections 16384; }"
        f"http {{ access_log off; {paths}"
        f'server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "ok"; }} }} }}'
    )
    with running(["nginx", "-c", config, "-e", directory / "nginx.err"]):
        poll("nginx is ready", 10, lambda: connects(port))
        yield port


def connects(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def measured(argv, connections_of):
    """Runs a client to its end; `connections_of` finds in its output how many it made, and in how many seconds."""
    if shutil.which(str(argv[0])) is None:
        raise CannotRun(f"{argv[0]}: not installed")
    with subprocess.Popen(
        [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise CannotRun(f"{argv[0]} ended with status {process.returncode}")
    connections, seconds = connections_of(output)
    return Run(connections / seconds, (usage.ru_utime + usage.ru_stime) / connections * 1e6)


def number_after(text, label):
    return float(re.search(rf"{label}\s*([\d.]+)", text)[1])


def of_stress(output):
    report = json.loads(output)
    connections = report["connections"]
    if connections["failed"]:
        raise CannotRun(f"tcptrace stress: {connections['failed']} failed: {report['failures']}")
    return connections["established"], report["duration_ms"] / 1000


def of_wrk(output):
    requests, seconds = re.search(r"(\d+) requests in ([\d.]+)s", output).groups()
    return int(requests), float(seconds)


def of_ab(output):
    return number_after(output, "Complete requests:"), number_after(output, "Time taken for tests:")


def of_hey(output):
    return sum(map(int, re.findall(r"\[200\]\s+(\d+) responses", output))), number_after(output, "Total:")


def of_bare(output):
    report = json.loads(output)
    return report["connections"], report["connections"] / report["rate"]


def stress(setting, seconds, *options):
    threads = os.cpu_count()
    return (setting.tcptrace, "stress", "-J", "-q", "-c", AT_ONCE, "-t", threads, "-d", seconds, *options)


def http_clients(setting, seconds, port):
    threads = os.cpu_count()
    url = f"http://127.0.0.1:{port}/"
    return {
        OURS: (stress(setting, seconds, "--http", "/", f"127.0.0.1:{port}"), of_stress),
        "wrk": (("wrk", "-t", threads, "-c", AT_ONCE, "-d", seconds, "-H", "Connection: close", url), of_wrk),
        "ab": (("ab", "-q", "-t", seconds, "-n", 10**7, "-c", AT_ONCE, url), of_ab),
        BARE: ((setting.bare, "--get", "--port", port, "--threads", AT_ONCE, "--seconds", seconds), of_bare),
        "hey": (("hey", "-z", f"{seconds}s", "-c", AT_ONCE, "-disable-keepalive", url), of_hey),
    }


def in_turns(clients, rounds):
    """The runs of each, and why there are none of some."""
    runs = {name: [] for name in clients}
    failures = {}
    for _ in range(rounds):
        for name, (argv, connections_of) in clients.items():
            if name not in failures:
                try:
                    runs[name].append(measured(argv, connections_of))
                except CannotRun as failure:
                    failures[name] = str(failure)
    return runs, failures


def rate_lines(runs, failures):
    for name, ran in runs.items():
        if not ran:
            yield Line(f"    {name}", None, figures.PER_SECOND, None, failures[name])
            continue
        rates = figures.spread([run.rate for run in ran])
        cpu = statistics.median(run.cpu_us for run in ran)
        detail = f"{rates.low:,.0f} to {rates.high:,.0f} in {len(ran)} runs; {cpu:.1f} us of CPU for a connection"
        yield Line(f"    {name}", rates.median, figures.PER_SECOND, None, detail)


def median_rate(runs):
    return statistics.median(run.rate for run in runs) if runs else None


def ratio(above, below):
    return above / below if above and below else None


def http_lines(setting, seconds, rounds):
    with nginx(setting.directory) as port:
        runs, failures = in_turns(http_clients(setting, seconds, port), rounds)
    others = {name: median_rate(ran) for name, ran in runs.items() if name not in (OURS, BARE) and ran}
    best = max(others, key=others.get, default=None)
    ours = median_rate(runs[OURS])
    detail = f"the best is {best}" if best else "nothing to compare with"
    cpu = {name: statistics.median(run.cpu_us for run in ran) for name, ran in runs.items() if ran}
    yield Line("HTTP, a connection for each request: rate, by the best of the others", ratio(ours, others.get(best)),
               FACTOR, at_least(1.5), detail)
    yield Line("    CPU of the client, by the best of the others", ratio(cpu.get(OURS), cpu.get(best)), FACTOR)
    yield Line("    rate of a bare loop, by the best of the others", ratio(median_rate(runs[BARE]), others.get(best)), FACTOR,
               None, f"what is possible; its {AT_ONCE} threads get more of a machine that is busy")
    yield from rate_lines(runs, failures)


def bare_lines(setting, seconds, rounds):
    with subprocess.Popen([str(setting.bare)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        port = server.stdout.readline().strip()
        clients = {
            OURS: (stress(setting, seconds, "--close", "rst", f"127.0.0.1:{port}"), of_stress),
            BARE: ((setting.bare, "--port", port, "--threads", os.cpu_count(), "--seconds", seconds), of_bare),
        }
        runs, failures = in_turns(clients, rounds)
        server.stdin.close()
    ours, theirs = map(median_rate, runs.values())
    yield Line("connect and reset: rate, by that of a bare loop", ratio(ours, theirs), figures.PERCENT, at_least(0.90))
    yield from rate_lines(runs, failures)


def resident_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


def open_sockets(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_when_held(setting, port, count):
    argv = (setting.tcptrace, "stress", "-q", "-c", count, "-r", 10_000, "--hold", "1h", "-d", "1h", f"127.0.0.1:{port}")
    with running(argv, stderr=subprocess.DEVNULL) as process:
        poll(f"{count} connections are held", 60, lambda: open_sockets(process.pid) > count)
        # Connects that are complete take a moment to be so for the program too.
        time.sleep(1)
        resident = resident_bytes(process.pid)
        process.send_signal(signal.SIGINT)
    return resident


def memory_lines(setting):
    port = free_port()
    with running([setting.tcptrace, "serve", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL):
        poll("tcptrace serve is ready", 10, lambda: connects(port))
        few = resident_when_held(setting, port, AT_ONCE)
        many = resident_when_held(setting, port, HELD)
    each = (many - few) / (HELD - AT_ONCE)
    detail = f"{many / (1 << 20):.1f} MiB with {HELD:,} held, {few / (1 << 20):.1f} MiB with {AT_ONCE}"
    yield Line("memory of a held connection", each, BYTES, at_most(1024), detail)


def measure_stress(setting):
    """Clients and server share the processors: a client that needs less leaves more to the server."""
    seconds = 1 if setting.quick else 4
    rounds = setting.rounds(5)
    return [*bare_lines(setting, seconds, rounds), *http_lines(setting, seconds, rounds), *memory_lines(setting)]
