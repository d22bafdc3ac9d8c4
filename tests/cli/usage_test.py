# SPDX-License-Identifier: GPL-2.0
"""--help, --version, and one line with exit status 2 for everything that is wrong."""

import os
import pathlib
import unittest

import support

REJECTED = [
    (["--port", "70000"], '--port: "70000" is not a port (1-65535)'),
    (["-L", "http"], '--localport: "http" is not a port (1-65535)'),
    (["-D", "90-80"], '--remoteport: "90-80" runs backwards; did you mean 80-90?'),
    (["--prot", "80"], 'unknown option "--prot"; did you mean --port?'),
    (["--frobnicate"], 'unknown option "--frobnicate"; see tcptrace --help'),
    (["chek"], 'unknown command "chek"; did you mean check?'),
    (["--pid", "0"], '--pid: "0" is not a process id'),
    (["--pid"], "--pid: needs a value"),
    (["--json=yes"], "--json: takes no value"),
    (["--comm", "longer-than-the-kernel"],
     '--comm: "longer-than-the-kernel" is longer than the 15 bytes that the kernel keeps of a name; '
     'did you mean "longer-than-the"?'),
    (["--netns", "no-such-netns"],
     '--netns: no network namespace "no-such-netns"; give a name of `ip netns`, a path, pid:PID or a number'),
    (["--netns", "/etc/passwd"], '--netns: "/etc/passwd" is not a network namespace'),
    (["--netns", "/proc/self/ns/mnt"], '--netns: "/proc/self/ns/mnt" is not a network namespace'),
    (["--addr", "10.1.2.3/8"],
     '--addr: "10.1.2.3/8" has bits set beyond its prefix length; did you mean 10.0.0.0/8?'),
    (["--addr", "localhost"], '--addr: "localhost" is not an IPv4 or IPv6 address or prefix'),
    (["-46"], "-4 and -6 exclude each other"),
    (["-e", "resets"], '--events: "resets" is not an event type; did you mean reset?'),
    (["-d", "1 week"], '--duration: "1 week" is not a duration (10, 10s, 1.5m, 2h, 500ms)'),
    (["-d", "0"], '--duration: "0" is not longer than zero'),
    (["-c", "none"], '--count: "none" is not a number from 1 on'),
    (["-o", ""], '--output: "" is not a file name'),
    (["--ring-size", "3M"], '--ring-size: "3M" is not a power of two; did you mean 4M?'),
    (["--max-connections", "1"], '--max-connections: "1" is not a size from 1K to 16M'),
    (["--attach", "lsm"], '--attach: "lsm" is not one of auto, fentry, tp, kprobe'),
    (["--color", "red"], '--color: "red" is not one of auto, always, never'),
    (["trace", "check"], 'unexpected argument "check"; see tcptrace --help'),
    (["check", "--pid", "1"], 'unknown option "--pid"; see tcptrace --help'),
    (["analyze", "--top", "0"], '--top: "0" is not a number from 1 on'),
    (["analyze", "--interval", "1ms"], '--interval: "1ms" is not between 100ms and 1h'),
    (["analyze", "--source", "ss"], '--source: "ss" is not one of auto, iter, netlink'),
    (["analyze", "now"], 'unexpected argument "now"; see tcptrace --help'),
    (["snapshot", "--source", "ss"], '--source: "ss" is not one of auto, iter, netlink'),
    (["snapshot", "--listen", "--state", "listen"], "--listen and --state exclude each other"),
    (["snapshot", "--events", "reset"], 'unknown option "--events"; see tcptrace --help'),
    (["serve"], "serve: needs a port; give PORT or ADDRESS:PORT; port 0 is any that is free"),
    (["serve", "80", "--mode", "ftp"], '--mode: "ftp" is not one of echo, discard, http'),
    (["serve", "80", "--fail-rate", "101"], '--fail-rate: "101" is not a share from 0 to 100'),
    (["tune", "--apply", "--restore"], "--dry-run, --apply and --restore exclude each other"),
    (["tune", "--restore", "--live-only"], "--restore excludes --live-only; the backup knows what was written"),
    (["tune", "--restore", "--profile", "web"], "--restore excludes --profile"),
    (["tune", "--profile", "desktop"], '--profile: "desktop" is not one of web, proxy, low-memory'),
    (["tune", "--profile", "porxy"],
     '--profile: "porxy" is not one of web, proxy, low-memory; did you mean proxy?'),
    (["tune", "--root", "/nowhere/at/all"], '--root: "/nowhere/at/all" is not a directory'),
    (["tune", "--root", ""], '--root: "" is not a file name'),
    (["probe", "example.com"], 'probe: "example.com" is not HOST:PORT; an IPv6 address goes in brackets: [::1]:80'),
    (["probe", "a:1", "--http", "x"], '--http: "x" is not a path; it begins with a slash, and what is no ASCII is written as %XX'),
    (["probe", "a:1", "--http", "/a\tb"], '--http: "/a\\x09b" is not a path; it begins with a slash, and what is no ASCII is written as %XX'),
    (["stress", "no-such-host.invalid:80"],
     'cannot resolve "no-such-host.invalid": Name or service not known; '
     "check the name, and with -4 or -6 that it has such an address"),
    (["stress", "192.0.2.1:80"],
     "as many connections/s as possible to 192.0.2.1:80, which is not loopback; "
     "give a --rate up to 1000, or --yes if you may load it so"),
    (["stress", "--source", "192.0.2.1", "127.0.0.1:80"],
     "--source: 192.0.2.1: Cannot assign requested address; give addresses of this host: see ip address"),
    (["generate", "apache"], 'generate: "apache" is not one of haproxy, nginx'),
    (["generate", "nginx"], "generate: needs a backend; give --backend HOST:PORT, once for each"),
    (["generate", "nginx", "--backend", "a;b:80"], '--backend: "a;b" is neither an address nor a name'),
    (["generate", "nginx", "--backend", "a:80", "--backend-keepalive", "60s", "--pool-idle", "60s"],
     "--pool-idle: 60s and a margin of 6s are longer than the 60s that the backends keep an idle connection; "
     "give --pool-idle up to 54s, or let the backends keep it for 66667ms or longer"),
    (["generate", "haproxy", "--backend", "a:80", "--connect-timeout", "20s"],
     "--connect-timeout: 3 attempts of 20s are longer than the --response-timeout of 30s; "
     "give --connect-timeout up to 10s, fewer --retries, or --response-timeout from 60s on"),
    (["pools", "--interval", "10ms"], '--interval: "10ms" is not between 100ms and 1h'),
    (["pools", "--interval", "5s", "--duration", "2s"], "--interval is longer than --duration"),
    (["pools", "--once", "--duration", "2s"], "--once excludes --interval and --duration"),
    (["pools", "--source", "ss"], '--source: "ss" is not one of auto, iter, netlink'),
    (["pools", "--events", "reset"], 'unknown option "--events"; see tcptrace --help'),
    (["pools", "812"], 'unexpected argument "812"; see tcptrace --help'),
    (["monitor", "--interval", "50ms"], '--interval: "50ms" is not between 100ms and 1h'),
    (["monitor", "--plain", "--json"], "--plain and --json exclude each other"),
    (["monitor", "--once", "-d", "5"], "--once and --duration exclude each other; --once takes one --interval"),
    (["monitor", "--exec", " "], '--exec: " " is no command'),
    (["monitor", "--source", "ss"], '--source: "ss" is not one of auto, iter, netlink'),
    (["monitor", "--config", "/no/such"], "--config: cannot read /no/such: No such file or directory"),
    (["monitor", "--pid", "1"], 'unknown option "--pid"; see tcptrace --help'),
    (["report", "--json", "--text"], "--json and --text exclude each other"),
    (["report", "-d", "1m", "a.rec"], "--duration is for a trace of this host, and files were given"),
    (["report", "-", "-"], "stdin can be read once only"),
    (["completion", "ksh"], 'completion: "ksh" is not one of bash, zsh, fish'),
]


class Usage(support.CliTest):
    def test_every_wrong_value_is_one_line_and_exit_status_2(self):
        for arguments, line in REJECTED:
            with self.subTest(arguments):
                result = support.run(*arguments)
                self.assert_fails(result, 2, line)
                self.assertEqual(result.stdout, "")

    def test_a_process_that_does_not_exist(self):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        self.assert_fails(support.run("--pid", str(child)), 2, f"--pid: no process {child}")

    def test_a_cgroup_that_does_not_exist(self):
        result = support.run("--cgroup", "/no/such")
        self.assertRegex(result.stderr, r'^tcptrace: --cgroup: no cgroup "/no/such" below /\S+\n$')
        self.assertEqual(result.returncode, 2)

    def test_too_many_values(self):
        ports = ",".join(str(port) for port in range(1, 66))
        self.assert_fails(support.run("-P", ports), 2, "--port: more than 64 values")

    def test_help(self):
        result = support.run("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(result.stdout.startswith("Usage: tcptrace"))
        for part in ("Filters:", "Output:", "Examples:", "Exit status:"):
            self.assertIn(part, result.stdout)
        for command in (["trace", "--help"], ["-h"]):
            self.assertEqual(support.run(*command).stdout, result.stdout)
        self.assertIn("--attach", support.run("check", "--help").stdout)
        self.assertIn("--listen", support.run("snapshot", "--help").stdout)
        self.assertIn("--once", support.run("pools", "--help").stdout)
        self.assertIn("--exec", support.run("monitor", "--help").stdout)

    def test_version(self):
        cmake = pathlib.Path(support.SOURCE / "CMakeLists.txt").read_text()
        version = cmake.split("VERSION ")[2].split()[0]
        self.assertEqual(support.run("--version").stdout, f"tcptrace {version}\n")


if __name__ == "__main__":
    unittest.main()
