# SPDX-License-Identifier: GPL-2.0
"""tune on trees of other kernels: what it reads, writes and leaves alone below --root."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import support

# Of a kernel before 4.12, with what was copied from one list to the next.
OLD = {
    "proc/sys/kernel/osrelease": "3.10.0-1160.el7.x86_64",
    "proc/sys/net/core/somaxconn": "128",
    "proc/sys/net/core/rmem_max": "268435456",
    "proc/sys/net/ipv4/tcp_tw_recycle": "1",
    "proc/sys/net/ipv4/tcp_tw_reuse": "1",
    "proc/sys/net/ipv4/tcp_timestamps": "0",
    "proc/sys/net/ipv4/tcp_low_latency": "1",
    "proc/sys/net/ipv4/tcp_rmem": "4096\t87380\t6291456",
    "proc/meminfo": "MemTotal:        8000000 kB",
    "proc/net/snmp": "Tcp: ActiveOpens OutSegs RetransSegs\nTcp: 5 1000000 20000",
    "proc/net/netstat": "TcpExt: ListenOverflows PAWSPassive\nTcpExt: 18446744073709551615 77",
}
NEW = {
    "proc/sys/kernel/osrelease": "6.18.2",
    "proc/sys/net/core/somaxconn": "4096",
    "proc/sys/net/core/rmem_max": "4194304",
    "proc/sys/net/ipv4/tcp_sack": "1",
    "proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t33554432",
    "proc/net/snmp": "Tcp: ActiveOpens\nTcp: 5",
}
HOSTILE = {
    "proc/sys/kernel/osrelease": "\x1b]0;owned\x07",
    "proc/sys/net/core/somaxconn": "\x1b[31m128\nnet.ipv4.tcp_sack = 0",
    "proc/sys/net/ipv4/tcp_rmem": "-1 99999999999999999999 x",
    "proc/sys/net/ipv4/tcp_retries2": "3",
    "proc/net/netstat": "TcpExt: ListenOverflows\nTcpExt: -5\n\x00\xff",
    "etc/sysctl.d/90-tcptrace.conf": "# \x1b[31mof another\nnet.core.somaxconn = 64",
    "etc/sysctl.d/99-\x1b[31m.conf": "net/ipv4/tcp_retries2 = 3\x1b[0m\n",
}


class TuneRoot(support.CliTest):
    def tree(self, files):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="latin-1")
        (directory / "etc/sysctl.d").mkdir(parents=True, exist_ok=True)
        return directory

    def contents(self, directory):
        return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}

    def report(self, directory, *arguments, status=0):
        result = support.run("tune", "--root", str(directory), "-J", *arguments)
        self.assertEqual(result.returncode, status, result.stderr)
        return json.loads(result.stdout)

    def proposed(self, report):
        return {row["name"]: row["proposed"] for row in report["proposals"]}

    def test_an_old_kernel(self):
        report = self.report(self.tree(OLD))
        self.assertEqual(report["kernel"], OLD["proc/sys/kernel/osrelease"])
        self.assertFalse(report["sockets_counted"])
        self.assertEqual(self.proposed(report), {
            "net.core.somaxconn": "4096", "net.core.rmem_max": "212992", "net.ipv4.tcp_tw_recycle": "0",
            "net.ipv4.tcp_timestamps": "1"})
        kept = {row["name"]: row["reason"] for row in report["kept"]}
        self.assertEqual(kept["net.ipv4.tcp_low_latency"], "this kernel still looks at it")
        self.assertIn("not there on this kernel", kept["net.ipv4.tcp_sack"])

    def test_a_new_kernel_as_it_comes(self):
        directory = self.tree(NEW)
        before = self.contents(directory)
        self.assertEqual(self.report(directory)["proposals"], [])
        self.assertEqual(self.report(directory, "--apply")["settings"], [])
        self.assertEqual(self.contents(directory), before)

    def test_apply_and_restore_touch_nothing_else(self):
        directory = self.tree(OLD)
        before = self.contents(directory)
        applied = self.report(directory, "--apply")
        after = self.contents(directory)
        self.assertEqual(set(after) - set(before),
                         {"etc/sysctl.d/90-tcptrace.conf", "var/lib/tcptrace/sysctl-backup.json"})
        changed = {name for name in before if before[name] != after[name]}
        self.assertEqual(changed, {"proc/sys/" + row["name"].replace(".", "/") for row in applied["settings"]})
        self.assertEqual(self.report(directory)["proposals"], [])
        self.assertEqual({row["outcome"] for row in self.report(directory, "--restore")["settings"]}, {"set"})
        self.assertEqual(self.contents(directory), before)

    def test_hostile_contents_stay_what_they_are(self):
        directory = self.tree(HOSTILE)
        text = support.run("tune", "--root", str(directory), "-v")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        self.assertNotIn("\x1b", text.stdout)
        self.assertNotIn("\ntcp_sack", text.stdout)
        report = self.report(directory, "--apply")
        self.assertEqual(self.proposed(report), {"net.ipv4.tcp_retries2": "15"})
        self.assertEqual([row["name"] for row in report["overrides"]], ["net.ipv4.tcp_retries2"])

    def test_a_signal_ends_what_only_waits(self):
        directory = self.tree(OLD)
        untouched = self.contents(directory)
        self.report(directory, "--apply")
        before = self.contents(directory)
        setting = directory / "proc/sys/net/core/somaxconn"
        setting.unlink()
        os.mkfifo(setting)
        for action in ("--dry-run", "--apply", "--restore"):
            process = subprocess.Popen([support.BINARY, "tune", action, "--root", directory],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            writers = []
            support.until(lambda: writers or self.opened(setting, writers), "it was not read")
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(support.DEADLINE_S), -signal.SIGINT, action)
            os.close(writers.pop())
        setting.unlink()
        setting.write_bytes(before["proc/sys/net/core/somaxconn"])
        self.assertEqual({name for name, text in self.contents(directory).items()
                          if text != before[name] and not name.startswith("proc/")}, set())
        self.report(directory, "--restore")
        self.assertEqual(self.contents(directory), untouched)

    def opened(self, fifo, writers):
        with contextlib.suppress(OSError):  # nobody reads it yet
            writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))

    def test_an_empty_tree_has_nothing_to_say(self):
        with tempfile.TemporaryDirectory() as directory:
            report = self.report(directory, "--profile", "proxy")
            self.assertEqual(report["proposals"], [])
            self.assertIn("the counters", {row["what"] for row in report["unread"]})
            self.assertEqual(os.listdir(directory), [])
            self.assert_fails(support.run("tune", "--restore", "--root", directory), 1,
                              f"nothing to restore: there is no {directory}/var/lib/tcptrace/sysctl-backup.json")


if __name__ == "__main__":
    unittest.main()
