# SPDX-License-Identifier: GPL-2.0
"""How a run begins and ends: signals, duration, count, exits; privileges; what stays behind."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import support



class End(support.CliTest):
    def assert_summary(self, result, ended_by):
        status, records, errors = result
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(records[-1]["type"], "summary")
        self.assertEqual(records[-1]["ended_by"], ended_by)

    def test_by_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), support.Trace() as trace:
                trace.process.send_signal(number)
                self.assert_summary(trace.finish(), "signal")

    def test_a_hang_up_is_ignored_under_nohup(self):
        def ignore():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        child = subprocess.Popen(["sleep", "1000"])
        try:
            with support.Trace("-p", str(child.pid), preexec_fn=ignore) as trace:
                trace.process.send_signal(signal.SIGHUP)
                child.kill()
                child.wait()
                # Had the hang-up been taken, it would have come first.
                self.assert_summary(trace.finish(), "processes exited")
        finally:
            child.kill()
            child.wait()

    def test_by_duration(self):
        start = time.monotonic()
        with support.Trace("-d", "300ms") as trace:
            self.assert_summary(trace.finish(), "duration")
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_by_count(self):
        with support.Listener() as listener, support.Trace("-P", str(listener.port), "-c", "3") as trace:
            for _ in range(5):
                listener.reset_one()
            status, records, _ = result = trace.finish()
            self.assert_summary(result, "count")
            self.assertEqual(len(records), 4)  # three events and the summary

    def test_with_the_last_of_the_processes(self):
        children = [subprocess.Popen(["sleep", "1000"]) for _ in range(2)]
        try:
            with support.Trace("-p", ",".join(str(child.pid) for child in children)) as trace:
                children[0].kill()
                children[0].wait()
                self.assertIsNone(trace.process.poll())
                children[1].kill()
                children[1].wait()
                self.assert_summary(trace.finish(), "processes exited")
        finally:
            for child in children:
                child.kill()
                child.wait()


class Privileges(support.CliTest):
    def setUp(self):
        # Where everybody may run it.
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        os.chmod(self.directory.name, 0o755)
        self.binary = shutil.copy(support.BINARY, self.directory.name)

    def run_as_nobody(self, *arguments):
        return support.run(*arguments, binary=self.binary, user=support.NOBODY, group=support.NOBODY, extra_groups=[],
                           cwd="/")

    def test_without_any_a_trace_is_one_line_and_exit_status_3(self):
        for arguments in ([], ["-J"], ["--attach", "tp"], ["-p", "1"], ["--netns", "pid:1"],
                          ["--netns", "/proc/1/ns/net"]):
            with self.subTest(arguments):
                result = self.run_as_nobody(*arguments)
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertRegex(result.stderr, r"^tcptrace: [^\n]+\n$")
                self.assertEqual(result.stdout, "")

    def test_without_any_check_says_so(self):
        result = self.run_as_nobody("check", "--json")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(json.loads(result.stdout)["usable"], False)

    def test_help_needs_none(self):
        self.assertEqual(self.run_as_nobody("--help").returncode, 0)

    def test_pids_of_another_namespace_are_refused(self):
        inside = ["unshare", "--pid", "--fork", "--mount-proc", str(support.BINARY), "--pid", "1"]
        result = subprocess.run(inside, capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertEqual((result.returncode, result.stdout), (3, ""))
        self.assertRegex(result.stderr, r"^tcptrace: --pid: .*pid namespace.*\n")
        self.assertLessEqual(len(result.stderr.splitlines()), 2)

    def test_bad_usage_comes_before_missing_privileges(self):
        self.assert_fails(self.run_as_nobody("--port", "0"), 2, '--port: "0" is not a port (1-65535)')


def programs_of(pid):
    """The ids of the BPF programs that a process holds, as its descriptors say."""
    ids = set()
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            lines = info.read_text().splitlines()
        except OSError:
            continue
        ids.update(line.split()[1] for line in lines if line.startswith("prog_id:"))
    return ids


def loaded_programs():
    out = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True)
    return {str(program["id"]) for program in json.loads(out.stdout)}


class Leftovers(support.CliTest):
    def test_nothing_stays_in_the_kernel(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number), support.Trace() as trace:
                programs = programs_of(trace.process.pid)
                self.assertTrue(programs)
                trace.process.send_signal(number)
                trace.process.wait(support.DEADLINE_S)
                support.until(lambda: not programs & loaded_programs(), "programs are still loaded")


if __name__ == "__main__":
    unittest.main()
