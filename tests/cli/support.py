# SPDX-License-Identifier: GPL-2.0
"""What the tests of the command line share: the binary, running it, connections that break."""

import json
import os
import pathlib
import socket
import struct
import subprocess
import time
import unittest

BINARY = pathlib.Path(os.environ["TCPTRACE_BINARY"])
SOURCE = pathlib.Path(os.environ["TCPTRACE_SOURCE"])
BUILD = pathlib.Path(os.environ["TCPTRACE_BUILD"])
DEADLINE_S = 30
NOBODY = 65534
# Runs what follows as that user.
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
COMMANDS = ("snapshot", "stress", "serve", "probe", "analyze", "pools", "monitor", "report", "tune", "generate")


def run(*arguments, binary=BINARY, **options):
    """Runs the binary to its end; stdout and stderr as text."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([str(binary), *arguments], text=True, timeout=DEADLINE_S, check=False,
                          stdin=subprocess.DEVNULL, **options)


def help_options(*command):
    """The long options that the --help of a command names: of `trace` where none is given."""
    lines = run(*command, "--help").stdout.splitlines()
    words = [line.split() for line in lines if line.startswith("  ") and "--" in line[:10]]
    return [next(word for word in line if word.startswith("--")) for line in words]


def all_help_options():
    """Those of `trace` and of every command that has many."""
    return help_options() + [option for command in COMMANDS for option in help_options(command)]


def until(condition, what):
    """Waits until condition() is true, and gives up with `what` at the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.01)


class Listener:
    """A server on loopback whose clients reset their connections."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def reset_one(self):
        client = socket.create_connection(("127.0.0.1", self.port))
        served, _ = self.socket.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        served.close()


class Trace:
    """A trace as JSON Lines on a pipe, attached when the constructor returns."""

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([str(BINARY), "-J", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                        **options)
        first = self.process.stdout.readline()
        if not first:
            error = self.process.stderr.read()
            raise AssertionError(f"no trace, exit status {self.process.wait(DEADLINE_S)}: {error}")
        self.hooks = json.loads(first)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def finish(self):
        """Waits for the end: (exit status, records, stderr)."""
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, [json.loads(line) for line in out.splitlines()], err


class CliTest(unittest.TestCase):
    maxDiff = None

    def assert_fails(self, result, status, line):
        """Nothing but one line on stderr, and the exit status."""
        self.assertEqual(result.stderr, f"tcptrace: {line}\n")
        self.assertEqual(result.returncode, status)
