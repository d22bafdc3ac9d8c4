# SPDX-License-Identifier: GPL-2.0
"""What becomes of a run that may not have what it wants: threads, a reader, the time to stop, a trace."""

import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import support



def may_have(processes):
    """For a child: nobody's, who may have so many processes and threads."""

    def limit():
        os.setgroups([])
        os.setgid(support.NOBODY)
        os.setuid(support.NOBODY)
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))

    return limit


class Limits(support.CliTest):
    def test_a_server_without_threads_says_so(self):
        result = support.run("serve", "--threads", "64", "127.0.0.1:0", preexec_fn=may_have(8))
        self.assert_fails(result, 1, "cannot start a thread: Resource temporarily unavailable; give fewer --threads")
        self.assertEqual(result.stdout, "")

    def test_a_load_without_threads_says_so(self):
        with support.Listener() as server:
            # For a while: threads whose work is done before the last is started were never too many.
            result = support.run("stress", "-c", "64", "--threads", "64", "-d", "10s", "--close", "rst", f"127.0.0.1:{server.port}",
                                 preexec_fn=may_have(8))
        self.assert_fails(result, 1, "cannot start a thread: Resource temporarily unavailable; give fewer --threads")

    def test_a_trace_without_threads_goes_on_without_polls(self):
        capable = ["setpriv", "--reuid", str(support.NOBODY), "--clear-groups", "--inh-caps", "+bpf,+perfmon,+sys_ptrace",
                   "--ambient-caps", "+bpf,+perfmon,+sys_ptrace", "prlimit", "--nproc=1"]
        result = subprocess.run([*capable, str(support.BINARY), "-J", "-d", "1500ms", "--history-interval", "200ms"],
                                capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        summary = json.loads(result.stdout.splitlines()[-1])
        self.assertEqual(summary["type"], "summary")
        self.assertGreater(summary["polls"]["incomplete"], 0)
        self.assertEqual(summary["polls"]["incomplete"], summary["polls"]["count"])

    def test_a_server_that_only_tells_rates_can_be_ended(self):
        with tempfile.TemporaryFile() as rates:
            server = subprocess.Popen([str(support.BINARY), "serve", "-i", "0.001ms", "127.0.0.1:0"],
                                      stdout=subprocess.PIPE, stderr=rates, text=True)
            with server:
                try:
                    self.assertIn("listening on", server.stdout.readline())
                    server.send_signal(signal.SIGTERM)
                    self.assertEqual(server.wait(support.DEADLINE_S), 0)
                finally:
                    server.kill()

    def test_a_reader_that_takes_nothing_does_not_make_a_signal_a_failure(self):
        with support.Listener() as server:
            probe = subprocess.Popen([str(support.BINARY), "probe", "-c", "0", "-i", "1ms", f"127.0.0.1:{server.port}"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            with probe:
                try:
                    self.fill(probe, server.socket)
                    probe.send_signal(signal.SIGINT)
                    self.assertEqual(probe.wait(support.DEADLINE_S), 0)
                    self.assertEqual(probe.stderr.read(), "")
                finally:
                    probe.kill()

    @staticmethod
    def fill(process, listener):
        """Until it connects no more, because it waits for its reader."""
        listener.settimeout(2)
        connections = []
        end = time.monotonic() + support.DEADLINE_S
        try:
            while time.monotonic() < end:
                connections.append(listener.accept()[0])
                connections.pop().close()
        except TimeoutError:
            return
        raise AssertionError(f"process {process.pid} goes on")

    def test_a_load_that_cannot_be_traced_leaves_its_file(self):
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            kept = pathlib.Path(directory, "results")
            kept.write_text("the last results\n")
            os.chmod(kept, 0o666)
            result = support.run("stress", "--trace", "-o", str(kept), "-n", "1", "127.0.0.1:9", preexec_fn=may_have(64))
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertEqual(kept.read_text(), "the last results\n")

    def test_an_address_that_a_name_has_twice_is_one(self):
        with support.Listener() as server, tempfile.NamedTemporaryFile("w") as hosts:
            hosts.write("127.0.0.1 twice.test\n127.0.0.1 twice.test\n")
            hosts.flush()
            result = subprocess.run(
                ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts.name,
                 str(support.BINARY), "stress", "-4", "-J", "-n", "1", "-c", "1", f"twice.test:{server.port}"],
                capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["target"]["addresses"], [f"127.0.0.1:{server.port}"])


if __name__ == "__main__":
    unittest.main()
