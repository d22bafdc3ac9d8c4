# SPDX-License-Identifier: GPL-2.0
"""Settings that are really changed and put back: those of a network namespace, with boot files of its own.

What the machine itself is set to, and what is below its /etc, is the same before and after each test."""

import contextlib
import errno
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import lab
import support

SETTINGS = pathlib.Path("/proc/sys/net")
# They count, and are no settings.
COUNTS = {"netfilter/nf_conntrack_count", "ipv4/tcp_ehash_entries", "ipv4/udp_hash_entries"}
NEGLECTED = {"core/somaxconn": "64", "ipv4/tcp_sack": "0", "ipv4/tcp_retries2": "3", "ipv4/tcp_fin_timeout": "10",
             "ipv4/tcp_rmem": "4096 2000000 6291456"}
MEND = {"ipv4/tcp_sack": "1", "ipv4/tcp_retries2": "15", "ipv4/tcp_fin_timeout": "60"}
KILLED = 25
INTERRUPTED = 10
# Runs a program that SIGINT has come to before its first instruction, and that finds it when it looks.
SIGNALLED = ("python3", "-c", "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); "
             "os.kill(os.getpid(), signal.SIGINT); os.execv(sys.argv[1], sys.argv[1:])")
# What a run does first: boot files that are the test's, in a mount namespace that ends with it.
MOUNT = 'mount --bind "$1" /etc/sysctl.d && mount --bind "$2" /var/lib && shift 2 && exec "$@"'
FULL_DISK = 'mount -t tmpfs -o size=4k none /etc/sysctl.d && head -c 4096 /dev/zero >/etc/sysctl.d/full && shift && ' \
            'mount --bind "$1" /var/lib && shift && exec "$@"'
READ_ONLY_SETTINGS = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && " + MOUNT
READ_ONLY = MOUNT.replace(" &&", " && mount -o remount,bind,ro /etc/sysctl.d &&", 1)


def settings():
    """Every setting of the network namespace that the calling thread is in."""
    values = {}
    for path in sorted(SETTINGS.rglob("*")):
        name = str(path.relative_to(SETTINGS))
        if path.is_file() and name not in COUNTS:
            with contextlib.suppress(OSError):
                values[name] = path.read_bytes()
    return values


def boot_files():
    directories = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/lib/sysctl.d", "/var/lib/tcptrace")
    files = [path for directory in directories for path in pathlib.Path(directory).glob("*")]
    return {path: path.read_bytes() for path in (*files, pathlib.Path("/etc/sysctl.conf")) if path.is_file()}


class Tune(lab.ServersTest):
    def setUp(self):
        machine = settings(), boot_files()
        self.addCleanup(lambda: self.assertEqual((settings(), boot_files()), machine))
        self.namespace = self.enterContext(lab.Namespace())
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.etc, self.var = self.directory / "etc", self.directory / "var"
        self.etc.mkdir()
        self.var.mkdir()
        self.dropin = self.etc / "90-tcptrace.conf"

    def command(self, *arguments, mount=MOUNT, wrapper=()):
        return self.namespace.command("unshare", "-m", "--propagation", "private", "sh", "-c", mount, "sh", self.etc,
                                      self.var, *wrapper, support.BINARY, "tune", *arguments)

    def tune(self, *arguments, status=0, mount=MOUNT):
        result = subprocess.run(self.command(*arguments, mount=mount), capture_output=True, text=True,
                                timeout=support.DEADLINE_S, check=False)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def report(self, *arguments, status=0):
        return json.loads(self.tune(*arguments, "-J", status=status).stdout)

    def neglect(self):
        for name, value in NEGLECTED.items():
            self.namespace.set(name, value)

    def settings(self):
        return self.namespace.run(settings)

    def value(self, name):
        return self.settings()[name].decode().strip().replace("\t", " ")

    def backups(self):
        return list(self.var.glob("tcptrace/*.json"))

    def assert_mended(self):
        for name, value in MEND.items():
            self.assertEqual(self.value(name), value, name)

    def test_values_change_in_the_namespace_and_come_back(self):
        self.neglect()
        before = self.settings()
        report = self.report("--apply", "--live-only")
        outcomes = {row["name"]: row["outcome"] for row in report["settings"]}
        for name in ("net.ipv4.tcp_sack", "net.ipv4.tcp_retries2", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem"):
            self.assertEqual(outcomes[name], "set")
        self.assert_mended()
        for row in report["settings"]:
            self.assertEqual(row["actual"], self.value(row["name"].removeprefix("net.").replace(".", "/")))
        self.assertEqual(list(self.etc.iterdir()), [])
        self.assertEqual(len(self.backups()), 1)
        self.assertEqual(self.report("--live-only")["proposals"], [])
        restored = self.report("--restore")
        self.assertEqual({row["outcome"] for row in restored["settings"]}, {"set"})
        self.assertEqual(self.settings(), before)
        self.assertEqual(self.backups(), [])
        self.assertIn("nothing to restore", self.tune("--restore", status=1).stderr)

    def test_boot_files_are_not_written_for_a_namespace(self):
        self.neglect()
        before = self.settings()
        result = self.tune("--apply", status=3)
        self.assertRegex(result.stderr, r"^tcptrace: this network namespace is not the host's, .*--live-only.*\n$")
        self.assertEqual((self.settings(), list(self.etc.iterdir()), self.backups()), (before, [], []))

    def test_a_drop_in_that_says_what_the_values_are(self):
        self.neglect()
        before = self.settings()
        (self.etc / "99-later.conf").write_text("net.ipv4.tcp_sack = 0\n")
        preview = self.report("--root", "/")
        self.assertEqual([self.settings(), self.dropin.exists()], [before, False])
        report = self.report("--apply", "--root", "/")
        self.assertEqual(self.dropin.read_text(), report["dropin_text"])
        self.assertEqual(preview["dropin_text"], report["dropin_text"])
        lines = [line for line in report["dropin_text"].splitlines() if line and not line.startswith("#")]
        written = dict(line.split(" = ") for line in lines)
        self.assertEqual(set(written), {row["name"] for row in report["settings"]})
        for name, value in written.items():
            self.assertEqual(self.value(name.removeprefix("net.").replace(".", "/")), value)
        self.assertEqual(report["overrides"],
                         [{"name": "net.ipv4.tcp_sack", "value": "0", "file": "/etc/sysctl.d/99-later.conf"}])
        self.report("--restore", "--root", "/")
        self.assertEqual(self.settings(), before)
        self.assertEqual([path.name for path in self.etc.iterdir()], ["99-later.conf"])

    def test_each_namespace_has_values_of_its_own_whatever_the_root(self):
        self.neglect()
        before = self.settings()
        self.report("--apply", "--root", "/")
        with lab.Namespace() as other:
            here = self.namespace
            other.set("ipv4/tcp_retries2", "11")
            self.namespace = other
            untouched, dropin = self.settings(), self.dropin.read_text()
            for arguments in (("--restore",), ("--restore", "--root", "/"), ("--restore", "--root", "/proc/..")):
                self.assertIn("nothing to restore", self.tune(*arguments, status=1).stderr)
            self.neglect()
            neglected = self.settings()
            refusal = "written for another network namespace"
            self.assertIn(refusal, self.report("--root", "/")["obstacle"])
            self.assertNotIn("obstacle", self.report("--live-only", "--root", "/"))
            self.assertIn(refusal, self.tune("--apply", "--root", "/", status=1).stderr)
            self.assertEqual(self.settings(), neglected)
            self.report("--apply", "--live-only", "--root", "/")
            self.assertEqual(len(self.backups()), 2)
            self.report("--restore")
            self.assertEqual(self.settings(), neglected)
            self.assertNotEqual(self.settings(), untouched)
            self.assertEqual(self.dropin.read_text(), dropin)
            self.namespace = here
        self.assert_mended()
        # However it was applied: it is the same namespace.
        self.report("--restore")
        self.assertEqual((self.settings(), list(self.etc.iterdir()), self.backups()), (before, [], []))

    def test_a_second_apply_keeps_the_original_values(self):
        self.dropin.write_bytes(b"# mine \xff\nnet.core.somaxconn = 64\n")
        self.neglect()
        before = self.settings()
        self.report("--apply", "--root", "/")
        self.namespace.set("ipv4/tcp_retries2", "5")
        self.report("--apply", "--root", "/", "--profile", "web")
        self.assertEqual(self.value("core/somaxconn"), "4096")
        self.assertIn("net.ipv4.tcp_sack = 1\n", self.dropin.read_text(errors="replace"))
        self.report("--restore", "--root", "/")
        self.assertEqual(self.settings(), before)
        self.assertEqual(self.dropin.read_bytes(), b"# mine \xff\nnet.core.somaxconn = 64\n")

    def test_what_the_kernel_refuses_is_said_and_not_written(self):
        # The range of a proxy begins below.
        self.namespace.set("ipv4/ip_unprivileged_port_start", "20000")
        before = self.settings()
        report = self.report("--apply", "--root", "/", "--profile", "proxy", status=1)
        rows = {row["name"]: row for row in report["settings"]}
        refused = rows["net.ipv4.ip_local_port_range"]
        self.assertEqual((refused["outcome"], refused["actual"]), ("refused", "32768 60999"))
        self.assertIn("Invalid argument", refused["error"])
        self.assertNotIn("port_range = ", self.dropin.read_text())
        self.assertIn("net.ipv4.tcp_tw_reuse = 1\n", self.dropin.read_text())
        self.report("--restore", "--root", "/")
        self.assertEqual(self.settings(), before)

    def test_what_only_the_host_can_set_is_no_failure(self):
        path = "core/rmem_max"
        if not self.namespace.run(lambda: os.access(SETTINGS / path, os.F_OK)):
            self.skipTest("this kernel does not show net.core.rmem_max in a network namespace")
        if int(self.value(path)) <= 212992:
            self.skipTest("net.core.rmem_max of this machine is the kernel's default: nothing is proposed for it")
        report = self.report("--apply", "--live-only", "--profile", "low-memory")
        rows = {row["name"]: row for row in report["settings"]}
        self.assertEqual(rows["net.core.rmem_max"]["outcome"], "read_only")
        self.assertIn("only the host's network namespace", rows["net.core.rmem_max"]["error"])

    def test_settings_that_are_mounted_read_only_are_not_promised(self):
        self.neglect()
        before = self.settings()
        result = self.tune(mount=READ_ONLY_SETTINGS)
        self.assertIn("but          /proc/sys is mounted read-only here\n", result.stdout)
        self.assertTrue(result.stdout.endswith("\nnone of these values can be set from here\n"), result.stdout)
        result = self.tune("--apply", "--live-only", mount=READ_ONLY_SETTINGS)
        self.assertIn("read_only    net.ipv4.tcp_sack: 0: /proc/sys is mounted read-only here\n", result.stdout)
        self.assertEqual((self.settings(), self.backups()), (before, []))

    def test_a_run_that_is_killed_can_be_undone(self):
        self.neglect()
        before = self.settings()
        start = time.monotonic()
        self.tune("--root", "/", "--profile", "proxy")
        length = time.monotonic() - start
        kept = 0
        for number in range(KILLED):
            process = subprocess.Popen(self.command("--apply", "--root", "/", "--profile", "proxy"),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if number % 2:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(random.uniform(0, length))
            else:
                support.until(lambda: self.backups() or process.poll() is not None, "no backup")
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait(support.DEADLINE_S)
            if self.backups():
                kept += 1
                self.report("--restore", "--root", "/")
            self.assertEqual(self.settings(), before)
            self.assertEqual([path for path in self.etc.iterdir() if path.suffix == ".conf"], [])
            self.assertEqual(self.backups(), [])
        self.assertGreaterEqual(kept, KILLED // 2)

    def test_an_interrupt_leaves_no_half(self):
        self.neglect()
        before = self.settings()
        apply = ("--apply", "--root", "/", "--profile", "proxy", "-J")
        result = subprocess.run(self.command(*apply, wrapper=SIGNALLED), capture_output=True, text=True, check=False,
                                timeout=support.DEADLINE_S)
        self.assertEqual(result.returncode, 1, result.stderr)
        report = json.loads(result.stdout)
        self.assertTrue(report["interrupted"])
        self.assertEqual({row["outcome"] for row in report["settings"]}, {"left"})
        self.assertNotIn("dropin", report)
        self.assertEqual((self.settings(), list(self.etc.iterdir()), self.backups()), (before, [], []))
        for _ in range(INTERRUPTED):
            process = subprocess.Popen(self.command(*apply), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            support.until(lambda: self.backups() or process.poll() is not None, "no backup")
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=support.DEADLINE_S)
            outcomes = {row["outcome"] for row in json.loads(output)["settings"]}
            if process.returncode in (0, -signal.SIGINT):  # it was through, and had told so
                self.assertEqual(outcomes, {"set"})
                self.assert_mended()
                self.report("--restore", "--root", "/")
            else:
                self.assertEqual(process.returncode, 1)
                self.assertLessEqual(outcomes, {"rolled_back", "left"})
            self.assertEqual((self.settings(), list(self.etc.iterdir()), self.backups()), (before, [], []))

    def test_a_disk_that_is_full_or_read_only_changes_nothing(self):
        self.neglect()
        before = self.settings()
        for mount, status, error in ((FULL_DISK, 1, "No space left on device"),
                                     (READ_ONLY, 3, "Read-only file system")):
            result = self.tune("--apply", "--root", "/", status=status, mount=mount)
            self.assertIn(error, result.stderr)
            self.assertEqual((self.settings(), list(self.etc.iterdir()), self.backups()), (before, [], []))

    def test_a_dry_run_and_a_user_change_nothing(self):
        self.neglect()
        before = self.settings()
        for arguments in ((), ("--dry-run", "--profile", "web"), ("--live-only",), ("--root", "/")):
            self.tune(*arguments)
            self.assertEqual((self.settings(), list(self.etc.iterdir()), list(self.var.iterdir())), (before, [], []))
        user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(support.BINARY), "tune"]
        dry = subprocess.run(self.namespace.command(*user, "-J"), capture_output=True, text=True, check=False,
                             timeout=support.DEADLINE_S)
        self.assertEqual((dry.returncode, dry.stderr), (0, ""))
        self.assertIn("net.ipv4.tcp_sack", {row["name"] for row in json.loads(dry.stdout)["proposals"]})
        for action in ("--apply", "--restore"):
            result = subprocess.run(self.namespace.command(*user, action), capture_output=True, text=True, check=False,
                                    timeout=support.DEADLINE_S)
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertRegex(result.stderr, f"^tcptrace: {action} needs root; ")

    def test_a_backlog_that_overflows_is_evidence(self):
        self.namespace.set("core/somaxconn", "4")
        listener = self.namespace.run(lambda: socket.create_server(("127.0.0.1", 0), backlog=100))
        self.enterContext(listener)
        port = listener.getsockname()[1]
        self.assertEqual(self.report()["proposals"], [])
        for _ in range(20):
            client = self.namespace.run(lambda: socket.socket())
            self.enterContext(client)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        support.until(lambda: self.report()["proposals"], "no overflow")
        counted = self.overflows()
        (proposal,) = self.report()["proposals"]
        self.assertEqual((proposal["name"], proposal["current"], proposal["proposed"], proposal["basis"]),
                         ("net.core.somaxconn", "4", "4096", "evidence"))
        evidence = re.fullmatch(r"ListenOverflows (\d+) since this network namespace is there", proposal["evidence"][0])
        self.assertTrue(counted <= int(evidence[1]) <= self.overflows(), proposal["evidence"])
        self.assertRegex(proposal["evidence"][1], rf"^backlog of :{port} \(python3.*\) limited to 4 by somaxconn, 5 ")

    def overflows(self):
        """As the kernel counts them."""
        lines = self.namespace.run(lambda: pathlib.Path("/proc/thread-self/net/netstat").read_text()).splitlines()
        return int(dict(zip(lines[0].split(), lines[1].split()))["ListenOverflows"])

    def connect(self, address):
        """Whether a port was left for it."""
        try:
            self.enterContext(self.namespace.connect(address))
        except OSError as error:
            self.assertEqual(error.errno, errno.EADDRNOTAVAIL)
            return False
        return True

    def test_ports_that_run_out_are_evidence_and_more_of_them_help(self):
        self.namespace.set("ipv4/ip_local_port_range", "40000 40049")
        address = ("127.0.0.1", 23456)
        listener = self.namespace.run(lambda: socket.create_server(address, backlog=100))
        self.enterContext(listener)
        connections = 0
        while self.connect(address):
            connections += 1
        self.assertEqual(connections, 50)
        rows = {row["name"]: row for row in self.report()["proposals"]}
        self.assertEqual(set(rows), {"net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports"})
        self.assertEqual(rows["net.ipv4.ip_local_port_range"]["evidence"],
                         ["50 local ports taken and 0 in TIME_WAIT towards 127.0.0.1:23456, of 50"])
        self.assertIn(":23456", rows["net.ipv4.ip_local_port_range"]["risk"])
        self.assertEqual(rows["net.ipv4.ip_local_reserved_ports"]["proposed"], "23456")
        before = self.settings()
        self.report("--apply", "--live-only")
        self.assertTrue(self.connect(address))
        self.assertEqual(self.value("ipv4/ip_local_reserved_ports"), "23456")
        self.report("--restore")
        self.assertEqual(self.settings(), before)


if __name__ == "__main__":
    unittest.main()
