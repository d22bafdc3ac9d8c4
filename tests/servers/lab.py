# SPDX-License-Identifier: GPL-2.0
"""Two network namespaces joined by a wire that takes time, and a trace of what happens in them.

On one host a packet arrives the instant it is sent, and nothing crosses on the way. The wire is two TUN devices and a
thread that holds each packet back: every kernel has those, and not every kernel has netem."""

import collections
import ctypes
import fcntl
import heapq
import itertools
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import support

FRONT = "10.78.0.1"
BACK = "10.78.0.2"
LATENCY_S = 0.2

_DEVICE = "wire"
_PACKET_BYTES = 65536
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x0001 | 0x1000
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, timeout=support.DEADLINE_S)


class Namespace:
    """A network namespace of its own, with its loopback up."""

    _numbers = itertools.count()

    def __init__(self):
        self.name = f"tt-servers-{os.getpid()}-{next(self._numbers)}"

    def __enter__(self):
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        self.inode = os.stat(f"/run/netns/{self.name}").st_ino
        return self

    def __exit__(self, *_):
        ip("netns", "del", self.name)

    def command(self, *arguments):
        """What runs a program in here. It keeps its pid: `ip netns exec` becomes the program."""
        return ["ip", "netns", "exec", self.name, *map(str, arguments)]

    def run(self, function):
        """Calls function in a thread that lives in here; a socket or a device stays where it was made."""
        results, errors = [], []

        def enter_and_call():
            try:
                with open(f"/run/netns/{self.name}", "rb") as file:
                    if _libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), f"setns {self.name}")
                results.append(function())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=enter_and_call)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def connect(self, address):
        return self.run(lambda: socket.create_connection(address, timeout=support.DEADLINE_S))

    def ss(self, *arguments):
        """The lines of ss, without its head."""
        return subprocess.run(self.command("ss", "-Htn", *arguments), capture_output=True, text=True, check=True,
                              timeout=support.DEADLINE_S).stdout.splitlines()

    def set(self, setting, value):
        """A setting below /proc/sys/net of this namespace only."""
        self.run(lambda: pathlib.Path("/proc/sys/net", setting).write_text(f"{value}\n"))


def _open_device():
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH22x", _DEVICE.encode(), _IFF_TUN_NO_PI))
    return file


class Wire:
    """Carries packets between two namespaces, each LATENCY_S after it was sent."""

    def __init__(self, front, back):
        self.ends = []
        self.thread = threading.Thread(target=self._carry)
        self.stop_read, self.stop_write = os.pipe()
        for namespace, address in ((front, FRONT), (back, BACK)):
            self.ends.append(namespace.run(_open_device))
            ip("-n", namespace.name, "address", "add", f"{address}/24", "dev", _DEVICE)
            ip("-n", namespace.name, "link", "set", _DEVICE, "up")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.stop_write)
        self.thread.join()
        for file in (*self.ends, self.stop_read):
            os.close(file)

    def _carry(self):
        other = {self.ends[0]: self.ends[1], self.ends[1]: self.ends[0]}
        under_way, numbers = [], itertools.count()
        while True:
            wait_s = max(under_way[0][0] - time.monotonic(), 0) if under_way else None
            ready, _, _ = select.select([*self.ends, self.stop_read], [], [], wait_s)
            if self.stop_read in ready:
                return
            for file in ready:
                packet = os.read(file, _PACKET_BYTES)
                heapq.heappush(under_way, (time.monotonic() + LATENCY_S, next(numbers), other[file], packet))
            while under_way and under_way[0][0] <= time.monotonic():
                _, _, file, packet = heapq.heappop(under_way)
                os.write(file, packet)


class Tracer:
    """A trace of namespaces, into a file, attached when it is entered. What it saw is known after finish()."""

    def __init__(self, *namespaces):
        names = ",".join(namespace.name for namespace in namespaces)
        self.directory = tempfile.TemporaryDirectory()
        self.output = pathlib.Path(self.directory.name) / "trace.jsonl"
        self.command = [support.BINARY, "-J", "--netns", names, "-e", "reset,failure", "-o", self.output]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        support.until(lambda: self.process.poll() is not None or self._lines(), "the trace did not begin")
        if self.process.poll() is not None:
            raise AssertionError(f"no trace, exit status {self.process.returncode}: {self.process.stderr.read()}")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.directory.cleanup()

    def _lines(self):
        text = self.output.read_text() if self.output.exists() else ""
        return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def records(self):
        """What has been printed so far, without the hooks at the beginning."""
        return [json.loads(line) for line in self._lines()[1:]]

    def finish(self):
        """Ends it: the records with a verdict, and the summary."""
        self.process.terminate()
        status = self.process.wait(support.DEADLINE_S)
        if status != 0:
            raise AssertionError(f"the trace ended with {status}: {self.process.stderr.read()}")
        *records, summary = self.records()
        return [record for record in records if "verdict" in record], summary


def evidence(record):
    """The facts of its verdict by name, numbers as such."""
    facts = dict(fact.split("=", 1) for fact in record["verdict"]["evidence"])
    return {name: int(value) if value.lstrip("-").isdigit() else value for name, value in facts.items()}


def what(record):
    """What happened, to whom, why, and how sure that is."""
    kind = record["type"]
    if kind == "reset":
        kind = f"reset {record['reset']['direction']}"
    return kind, record.get("process", {}).get("comm"), record["verdict"]["cause"], record["verdict"]["confidence"]


def counted(records):
    return dict(collections.Counter(map(what, records)))


def without_echoes(records):
    """The records, and those of resets that answer what was under way when the connection was reset already: each has
    the cause of the first."""
    first, echoes, known = [], [], {}
    for record in records:
        connection = record["connection"]
        ends = tuple(connection[name] for name in ("local", "local_port", "peer", "peer_port"))
        sent = record["type"] == "reset" and record["reset"]["direction"] == "sent"
        if not (sent and ends in known):
            first.append(record)
            if sent:
                known[ends] = record
            continue
        echoes.append(record)
        verdicts = [(verdict["cause"], verdict["advice"]) for verdict in (known[ends]["verdict"], record["verdict"])]
        if verdicts[0] != verdicts[1] or evidence(record)["earlier_cause"] != verdicts[0][0]:
            raise AssertionError(f"not the cause of the reset before: {verdicts}")
    return first, echoes


class ServersTest(unittest.TestCase):
    maxDiff = None

    def finish(self, trace):
        """The records with a verdict, of a trace that has lost nothing."""
        records, summary = trace.finish()
        self.assertEqual(summary["lost"]["total"], 0, summary["lost"])
        return records

    def those(self, records, pids, *expected):
        """The records of which what() says this; they are of these processes, of each of them."""
        found = [record for record in records if what(record) == expected]
        self.assertTrue(found, f"no {expected} in {counted(records)}")
        self.assertEqual({record["process"]["pid"] for record in found}, set(pids))
        return found
