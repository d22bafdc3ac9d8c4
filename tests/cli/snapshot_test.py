# SPDX-License-Identifier: GPL-2.0
"""`tcptrace snapshot`: sources, filters, files, what cannot be read, exit statuses."""

import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

import support

SOURCES = ("iter", "netlink")


class Snapshot(support.CliTest):
    @classmethod
    def setUpClass(cls):
        cls.listener = socket.create_server(("127.0.0.1", 0), backlog=5)
        cls.addClassCleanup(cls.listener.close)
        cls.port = cls.listener.getsockname()[1]
        cls.client = socket.create_connection(("127.0.0.1", cls.port))
        cls.addClassCleanup(cls.client.close)
        cls.served, _ = cls.listener.accept()
        cls.addClassCleanup(cls.served.close)

    def samples(self, *arguments):
        result = support.run("snapshot", "-J", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_every_line_is_a_sample_and_the_counts_are_on_stderr(self):
        for source, words in (("iter", "a BPF iterator"), ("netlink", "netlink (sock_diag)")):
            with self.subTest(source):
                result = support.run("snapshot", "-J", "-P", str(self.port), "--source", source)
                self.assertEqual(result.returncode, 0, result.stderr)
                samples = [json.loads(line) for line in result.stdout.splitlines()]
                self.assertEqual({sample["type"] for sample in samples}, {"sample"})
                self.assertEqual({sample["socket"]["source"] for sample in samples}, {source})
                states = sorted(sample["connection"]["state"] for sample in samples)
                self.assertEqual(states, ["ESTABLISHED", "ESTABLISHED", "LISTEN"])
                self.assertRegex(result.stderr, rf"tcptrace: 3 sockets in \d+ network namespaces?, by {words[0]}")
                self.assertTrue(result.stderr.endswith(words + "\n"), result.stderr)

    def test_filters(self):
        own = ("-P", str(self.port))
        for source in SOURCES:
            with self.subTest(source):
                by = ("--source", source)
                self.assertEqual(len(self.samples(*own, *by, "--state", "established")), 2)
                self.assertEqual(len(self.samples(*own, *by, "--listen")), 1)
                self.assertEqual(len(self.samples(*own, *by, "-p", str(os.getpid()))), 3)
                self.assertEqual(len(self.samples(*own, *by, "-p", "1")), 0)
                self.assertEqual(len(self.samples(*own, *by, "--comm", "no-such")), 0)
                self.assertEqual(len(self.samples(*own, *by, "-6")), 0)
                self.assertEqual(len(self.samples(*own, *by, "--addr", "127.0.0.0/8")), 3)
                self.assertEqual(len(self.samples(*own, *by, "--addr", "10.0.0.0/8")), 0)
                self.assertEqual(len(self.samples(*own, *by, "--netns", f"pid:{os.getpid()}")), 3)
                self.assertEqual(len(self.samples("-L", str(self.port), *by)), 2)
                self.assertEqual(len(self.samples("-D", str(self.port), *by)), 1)

    def test_listeners_have_their_queue(self):
        for source in SOURCES:
            waiting = socket.create_connection(("127.0.0.1", self.port))
            waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                sample, = self.samples("-L", str(self.port), "--listen", "--source", source)
            finally:
                waiting.close()
                self.listener.accept()[0].close()
            self.assertEqual(sample["tcp_info"], {"backlog": 1, "backlog_limit": 5})
            self.assertEqual(sample["process"]["pid"], os.getpid())

    def test_text(self):
        result = support.run("snapshot", "-P", str(self.port))
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertRegex(lines[0], r"^ *PID  COMM +STATE +LOCAL +PEER +RTT  CWND  RETRANS  RECV-Q  SEND-Q  DETAIL$")
        self.assertEqual(len(lines), 4)
        self.assertIn("accept queue 0/5", lines[1])
        verbose = support.run("snapshot", "-v", "-P", str(self.port))
        self.assertEqual(len(verbose.stdout.splitlines()), 7)
        listeners = support.run("snapshot", "--listen", "-P", str(self.port)).stdout.splitlines()
        self.assertRegex(listeners[0], r"^ *PID  COMM +LOCAL +BACKLOG  LIMIT$")
        self.assertEqual(len(listeners), 2)
        self.assertEqual(len(support.run("snapshot", "-H", "-P", str(self.port)).stdout.splitlines()), 3)
        self.assertNotIn("\x1b", result.stdout)
        self.assertIn("\x1b", support.run("snapshot", "--color", "always", "-P", str(self.port)).stdout)

    def test_a_file_instead_of_stdout(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "out"
            result = support.run("snapshot", "-J", "-P", str(self.port), "-o", str(path))
            self.assertEqual((result.returncode, result.stdout), (0, ""))
            self.assertEqual(len(path.read_text().splitlines()), 3)
            result = support.run("snapshot", "-o", directory)
            self.assertEqual(result.returncode, 1)

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w") as full:
            result = support.run("snapshot", "-J", "-P", str(self.port), stdout=full)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^tcptrace: .*No space left on device; 3 lines not written\n$")

    def test_a_reader_that_goes_is_no_failure(self):
        read, write = os.pipe()
        os.close(read)
        try:
            result = support.run("snapshot", "-J", "-P", str(self.port), stdout=write)
        finally:
            os.close(write)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_namespace_that_cannot_be_found_is_a_failure_if_nothing_else_was_asked(self):
        result = support.run("snapshot", "--netns", "4000000001")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "tcptrace: network namespace 4000000001 was not read: it is gone\n")
        result = support.run("snapshot", "-J", "--netns", f"4000000001,pid:{os.getpid()}", "-P", str(self.port))
        self.assertEqual(result.returncode, 0)
        self.assertEqual(len(result.stdout.splitlines()), 3)
        self.assertIn("tcptrace: network namespace 4000000001 was not read: it is gone\n", result.stderr)

    def test_a_namespace_without_processes_is_read_by_its_name(self):
        name = f"tt-snap-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        try:
            for source in SOURCES:
                result = support.run("snapshot", "-J", "--netns", name, "--source", source)
                self.assertEqual((result.returncode, result.stdout), (0, ""))
                self.assertIn("tcptrace: 0 sockets in 1 network namespace, by", result.stderr)
        finally:
            subprocess.run(["ip", "netns", "del", name], check=True)


class WithoutPrivileges(support.CliTest):
    def setUp(self):
        # Where everybody may run it.
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        os.chmod(directory.name, 0o755)
        self.binary = shutil.copy(support.BINARY, directory.name)

    def run_as_nobody(self, *arguments):
        return support.run("snapshot", *arguments, binary=self.binary, user=support.NOBODY, group=support.NOBODY, extra_groups=[],
                           cwd="/")

    def test_an_iterator_is_not_allowed(self):
        result = self.run_as_nobody("--source", "iter")
        self.assertEqual((result.returncode, result.stdout), (3, ""))
        self.assertRegex(result.stderr, r"^tcptrace: [^\n]+\n$")

    def test_netlink_shows_ones_own_namespace_and_counts_the_processes_of_others(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            result = self.run_as_nobody("-J", "-L", str(port))
        self.assertEqual(result.returncode, 0, result.stderr)
        sample = json.loads(result.stdout)
        self.assertEqual(sample["socket"]["source"], "netlink")
        self.assertNotIn("process", sample)
        self.assertRegex(result.stderr, r"the files of \d+ processes could not be read")

    def test_another_namespace_may_not_be_entered(self):
        name = f"tt-snap-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        try:
            result = self.run_as_nobody("--netns", name)
        finally:
            subprocess.run(["ip", "netns", "del", name], check=True)
        self.assertEqual((result.returncode, result.stdout), (3, ""))
        self.assertRegex(result.stderr, r"^tcptrace: network namespace \d+ was not read: cannot enter [^\n]+\n$")


if __name__ == "__main__":
    unittest.main()
