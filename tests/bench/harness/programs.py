# SPDX-License-Identifier: GPL-2.0
"""The programs that are measured: the load, tcptrace, and the tools it is compared with. Judges nothing."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time

READY_S = 20
DRAIN_S = 60
POLL_S = 0.02
TRACEFS = pathlib.Path("/sys/kernel/tracing")


class CannotRun(Exception):
    """A program does not work here; says why in its own words."""


def poll(what, seconds, condition):
    """What `condition` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise CannotRun(f"{what}: not within {seconds} s")
        time.sleep(POLL_S)
    return found


def last_line(path):
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def tail(path, size=1 << 20):
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - size))
        return file.read().decode(errors="replace").splitlines()


def cpu_seconds(pid):
    """Of all its threads, those that have ended included: what clock_getcpuclockid(3) gives."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


@dataclasses.dataclass
class Report:
    """What a tracer said of itself in the end, and what it cost once it was attached."""

    records: int
    lost: int
    cpu_seconds: float
    peak_bytes: int


class Tracer:
    """A tracer that runs from `with` on, and is ready. It writes to a file as it would to any other."""

    def __init__(self, argv, directory):
        self.argv = [str(word) for word in argv]
        self.out = directory / "out"
        self.err = directory / "err"
        self.process = None
        self.usage = None
        self.cpu_when_ready = 0

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            poll(f"{self.argv[0]} is ready", READY_S, self._is_ready)
            self.cpu_when_ready = cpu_seconds(self.pid)
        except BaseException:
            self._end(signal.SIGKILL)
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        if self.usage is None:
            self._end(signal.SIGKILL)
        self._remove()

    def finish(self):
        """Ends it once it has nothing left to do."""
        self._wait_until_idle()
        spent = cpu_seconds(self.pid) - self.cpu_when_ready
        status = self._end(signal.SIGINT)
        if status != 0:
            raise CannotRun(last_line(self.err) or f"{self.argv[0]} ended with status {status}")
        return Report(*self.counts(), spent, self.usage.ru_maxrss * 1024)

    def ready(self):
        raise NotImplementedError

    def counts(self):
        """Records reported, records lost."""
        raise NotImplementedError

    def _is_ready(self):
        if self.process.poll() is not None:
            raise CannotRun(last_line(self.err) or f"{self.argv[0]} ended with status {self.process.returncode}")
        return self.ready()

    def _wait_until_idle(self):
        spent = [cpu_seconds(self.pid)]

        def idle():
            time.sleep(0.1)
            spent.append(cpu_seconds(self.pid))
            return spent[-1] - spent[-2] < 0.01

        poll(f"{self.argv[0]} has taken everything", DRAIN_S, idle)

    def _end(self, number):
        if self.process.poll() is not None:
            return self.process.returncode
        os.kill(self.pid, number)
        _, status, self.usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode

    def _remove(self):
        # An output of some hundred megabytes does no good to the run that follows.
        self.out.unlink(missing_ok=True)
        self.err.unlink(missing_ok=True)


class TcptraceJson(Tracer):
    def __init__(self, binary, directory, *options):
        super().__init__([binary, "--json", "-o", directory / "out", *options], directory)

    def ready(self):
        return self.out.exists() and b"\n" in self.out.read_bytes()

    def summary(self):
        return json.loads(tail(self.out)[-1])

    def counts(self):
        summary = self.summary()
        return sum(summary["totals"].values()), summary["lost"]["total"]


class TcptraceText(Tracer):
    def __init__(self, binary, directory, *options):
        super().__init__([binary, *options], directory)

    def ready(self):
        return b"\n" in self.out.read_bytes()

    def counts(self):
        words = {line.split(maxsplit=1)[0]: line for line in tail(self.out) + tail(self.err) if line.split()}

        def numbers(label):
            return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", words[label])]

        records = sum(numbers("resets")[:2]) + numbers("retransmits")[0]
        return records, sum(numbers("lost")[:1])


class WithTracefs(Tracer):
    """libbpf needs tracefs for some programs; a mount namespace of their own, so that the machine is left as it was."""

    def __init__(self, argv, directory):
        mount = f'mountpoint -q {TRACEFS} || mount -t tracefs tracefs {TRACEFS}; exec "$@"'
        super().__init__(["unshare", "--mount", "sh", "-c", mount, "sh", *argv], directory)


class Floor(WithTracefs):
    """Programs that do nothing, at the hooks of a trace."""

    def __init__(self, build, directory):
        floor = build / "tests/bench/floor"
        super().__init__([floor / "tcptrace_floor", floor / "floor.bpf.o"], directory)

    def ready(self):
        return b"ready" in self.out.read_bytes()

    def finish(self):
        spent = cpu_seconds(self.pid) - self.cpu_when_ready
        self._end(signal.SIGTERM)
        return Report(0, 0, spent, self.usage.ru_maxrss * 1024)


class BpfTool(WithTracefs):
    """One of libbpf-tools. They buffer their output, so only the kernel can tell when they are ready."""

    def __init__(self, path, directory):
        super().__init__([path], directory)
        if not pathlib.Path(path).exists():
            raise CannotRun(f"{path}: not installed")

    def ready(self):
        """Attached, and about to wait for events: these tools open their buffer last."""
        files = set()
        for entry in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                files.add(os.readlink(entry))
        return "anon_inode:bpf_link" in files and "anon_inode:[eventpoll]" in files

    def counts(self):
        with open(self.out, "rb") as file:
            records = sum(1 for _ in file) - 1
        lost = re.findall(r"^lost (\d+) events", self.err.read_text(errors="replace"), re.MULTILINE)
        return records, sum(map(int, lost))


def bpf_objects(pid, field):
    """What /proc says of each file of a process that has this field: prog_type, map_type."""
    texts = []
    for entry in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = entry.read_text()
        except FileNotFoundError:  # closed meanwhile
            continue
        if re.search(rf"^{field}:", text, re.MULTILINE):
            texts.append(text)
    return texts


def program_ids(pid):
    """The BPF programs that a process holds."""
    texts = "\n".join(bpf_objects(pid, "prog_type"))
    return {int(number) for number in re.findall(r"^prog_id:\s*(\d+)", texts, re.MULTILINE)}


def run_cycles(binary, cycles, *options):
    """The load, from its start to its end: what tcptrace_cycle prints."""
    argv = [str(word) for word in (binary, "--cycles", cycles, *options)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr.strip() or f"tcptrace_cycle ended with status {done.returncode}")
    return json.loads(done.stdout)
