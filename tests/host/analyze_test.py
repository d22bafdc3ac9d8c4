# SPDX-License-Identifier: GPL-2.0
"""tcptrace analyze in a network namespace of its own, where nobody else opens a socket: its numbers beside those of ss,
/proc and nstat, and faults made with real sockets."""

import collections
import contextlib
import errno
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import lab
import support

LOOPBACK = "127.0.0.1"
# A leak is one after a minute.
LEAK_DEADLINE_S = 90

# Accepts and never closes: its arguments are the port and the number of connections.
LEAKING_SERVER = sys.executable, "-c", """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
held = [listener.accept()[0] for _ in range(int(sys.argv[2]))]
sys.stdin.read()
"""
# Holds so many sockets, until its standard input ends.
SOCKETS = support.BUILD / "tests/bench/snapshot/tcptrace_sockets"
# ss's names of states beside RFC 9293's.
SS_STATES = {"ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "SYN-RECV": "SYN_RECV", "FIN-WAIT-1": "FIN_WAIT1",
             "FIN-WAIT-2": "FIN_WAIT2", "TIME-WAIT": "TIME_WAIT", "UNCONN": "CLOSE", "CLOSE-WAIT": "CLOSE_WAIT",
             "LAST-ACK": "LAST_ACK", "LISTEN": "LISTEN", "CLOSING": "CLOSING"}


class Analyze(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.namespace = self.stack.enter_context(lab.Namespace())
        self.inode = self.namespace.inode

    def output(self, *command, **options):
        """Of a program that runs in the namespace."""
        done = subprocess.run(self.namespace.command(*command), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=support.DEADLINE_S, check=False, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout

    def analysis(self, *arguments):
        record = json.loads(self.output(support.BINARY, "analyze", "-J", "--netns", self.inode, *arguments))
        self.assertEqual([netns["netns"] for netns in record["namespaces"]], [self.inode])
        return record

    def names(self, record):
        return [(finding["name"], finding["level"]) for finding in record["findings"]]

    def keep(self, closing):
        return self.stack.enter_context(contextlib.closing(closing))

    def listener(self, port, backlog=128, address=LOOPBACK):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return self.keep(self.namespace.run(
            lambda: socket.create_server((address, port), family=family, backlog=backlog)))

    def connection(self, listener):
        """Both ends."""
        client = self.keep(self.namespace.connect(listener.getsockname()[:2]))
        server, _ = listener.accept()
        return client, self.keep(server)

    def some_of_every_kind(self):
        for address in (LOOPBACK, "::1"):
            listener = self.listener(8080, address=address)
            for _ in range(5):
                self.connection(listener)
            for _ in range(3):
                client, server = self.connection(listener)
                client.close()
                self.assertEqual(server.recv(1, socket.MSG_PEEK), b"")
            for _ in range(2):
                client, server = self.connection(listener)
                client.close()
                self.assertEqual(server.recv(1), b"")
                server.close()
            support.until(lambda: self.namespace.ss("state", "time-wait"), "no TIME_WAIT")

    def test_states_are_those_of_ss(self):
        self.some_of_every_kind()
        for source in ("auto", "netlink", "iter"):
            with self.subTest(source):
                record = self.analysis("--source", source)
                seen = collections.Counter(
                    SS_STATES[line.split()[0]] for line in self.namespace.ss("-a"))
                self.assertEqual(record["sockets"]["states"], dict(seen))
                self.assertEqual(record["namespaces"][0]["states"], dict(seen))
                self.assertEqual(record["sockets"]["total"], sum(seen.values()))
                self.assertEqual((seen["LISTEN"], seen["CLOSE_WAIT"], seen["TIME_WAIT"]), (2, 6, 4))

    def totals_of_ss(self):
        """Established, and in TIME_WAIT."""
        total = re.search(r"TCP: +\d+ \(estab (\d+), closed \d+, orphaned \d+, timewait (\d+)\)", self.output("ss", "-s"))
        return int(total[1]), int(total[2])

    def test_totals_are_those_of_ss(self):
        self.some_of_every_kind()
        record = self.analysis()
        states = record["sockets"]["states"]
        established, time_wait = self.totals_of_ss()
        # What the kernel calls established is RFC 4022's tcpCurrEstab. An orphan in FIN_WAIT2 it keeps as in TIME_WAIT.
        self.assertEqual(established, states["ESTABLISHED"] + states["CLOSE_WAIT"])
        self.assertEqual(time_wait, states["TIME_WAIT"] + states["FIN_WAIT2"])

    def test_a_hundred_thousand_sockets(self):
        """As everyone else counts them, each with its owner; by the monitor too."""
        number = 100_000
        self.stack.enter_context(ready_process(self.namespace, SOCKETS, number))
        self.assertEqual(self.totals_of_ss(), (number, 0))
        states = {"ESTABLISHED": number, "LISTEN": len(self.namespace.ss("-l"))}
        for source in ("auto", "netlink", "iter"):
            with self.subTest(source):
                record = self.analysis("--source", source)
                self.assertEqual(record["sockets"]["states"], states)
                owners = record["sockets"]["processes"]
                self.assertEqual({owner["process"]["comm"] for owner in owners}, {"tcptrace_socket"})
                self.assertEqual(sum(owner["connections"] for owner in owners), number)
                self.assertEqual(record["missing"], [])
        records = [json.loads(line) for line in self.output(
            support.BINARY, "monitor", "--once", "-J", "--no-trace", "--netns", self.inode).splitlines()]
        self.assertEqual([record["type"] for record in records], ["alert", "monitor"])
        alert, reading = records
        self.assertEqual((alert["name"], alert["value"]), ("max_connections", number))
        self.assertEqual(reading["connections"], number)
        self.assertEqual(reading["sockets"]["states"], states)
        self.assertEqual(sum(owner["connections"] for owner in reading["sockets"]["processes"]), number)

    def test_sockstat_and_counters_are_those_of_proc_and_nstat(self):
        self.some_of_every_kind()
        netns = self.analysis()["namespaces"][0]
        sockstat = self.output("cat", "/proc/net/sockstat")
        tcp = dict(zip(*[iter(re.search(r"TCP: (.*)", sockstat)[1].split())] * 2))
        self.assertEqual(netns["sockstat"]["tcp_inuse"], int(tcp["inuse"]))
        self.assertEqual(netns["sockstat"]["time_wait"], int(tcp["tw"]))
        tcp6 = re.search(r"TCP6: inuse (\d+)", self.output("cat", "/proc/net/sockstat6"))
        self.assertEqual(netns["sockstat"]["tcp6_inuse"], int(tcp6[1]))
        with tempfile.TemporaryDirectory() as directory:
            environment = dict(os.environ, NSTAT_HISTORY=f"{directory}/history")
            kernel = json.loads(self.output("nstat", "-a", "-s", "-z", "-j", env=environment))["kernel"]
        counters = {counter["name"]: counter["total"] for counter in netns["counters"]}
        self.assertEqual(counters["Tcp.ActiveOpens"], 20)
        self.assertEqual(counters["Tcp.PassiveOpens"], 20)
        for name, total in counters.items():
            self.assertEqual(total, kernel[name.replace(".", "")], name)
        settings = {setting["name"]: setting["value"] for setting in netns["sysctls"]}
        for name in ("net.ipv4.tcp_rmem", "net.ipv4.ip_local_port_range", "net.core.somaxconn"):
            value = self.output("cat", "/proc/sys/" + name.replace(".", "/"))
            self.assertEqual(settings[name], " ".join(value.split()))

    def test_owners_peers_and_ports(self):
        with ready_process(self.namespace, *LEAKING_SERVER, 9090, 4) as server:
            clients = [self.keep(self.namespace.connect((LOOPBACK, 9090))) for _ in range(4)]
            support.until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) >= 8, "nobody accepted")
            for source in ("auto", "netlink", "iter"):
                with self.subTest(source):
                    sockets = self.analysis("--source", source)["sockets"]
                    processes = {row["process"]["pid"]: row for row in sockets["processes"]}
                    self.assertEqual(processes[server.pid]["connections"], 4)
                    self.assertEqual(processes[os.getpid()]["connections"], len(clients))
                    self.assertTrue(processes[server.pid]["process"]["comm"].startswith("python3"))
                    self.assertEqual(sockets["peers"], [{"address": LOOPBACK, "connections": 8, "established": 8}])
                    self.assertEqual(sockets["local_ports"], [{"netns": self.inode, "port": 9090, "connections": 4}])
                    listener = sockets["listeners"][0]
                    self.assertEqual((listener["process"]["pid"], listener["port"], listener["connections"]),
                                     (server.pid, 9090, 4))
                    # Accepted connections use no port that the kernel chose.
                    self.assertEqual([row["ports"] for row in sockets["port_use"]], [4])

    def test_a_leak_of_close_wait_is_found_after_a_minute(self):
        with ready_process(self.namespace, *LEAKING_SERVER, 9090, 12) as server:
            clients = [self.namespace.connect((LOOPBACK, 9090)) for _ in range(12)]
            support.until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) >= 16, "nobody accepted")
            for client in clients:
                client.close()
            support.until(lambda: self.analysis()["sockets"]["states"].get("CLOSE_WAIT") == 12, "no CLOSE_WAIT")
            young = self.analysis()
            row = young["sockets"]["close_wait"][0]
            self.assertEqual((row["process"]["pid"], row["peer"], row["port"], row["role"], row["connections"]),
                             (server.pid, LOOPBACK, 9090, "server", 12))
            self.assertLessEqual(row["at_least_ms"], row["at_most_ms"])
            self.assertEqual(self.names(young), [], "it may still close them")
            end = time.monotonic() + LEAK_DEADLINE_S
            record = young
            while not record["findings"] and time.monotonic() < end:
                time.sleep(1)
                record = self.analysis()
            self.assertEqual(self.names(record), [("close_wait_leak", "warning")])
            self.assertEqual(record["findings"][0]["number"], 12)
            self.assertIn(f"pid {server.pid} (python3", record["findings"][0]["subject"])

    def test_ports_that_run_out(self):
        self.namespace.set("ipv4/ip_local_port_range", "40000 40049")
        self.namespace.set("ipv4/ip_local_reserved_ports", "40045-40049")
        listener = self.listener(8080)
        connections = [self.connection(listener) for _ in range(35)]
        calm = self.analysis()
        self.assertEqual(calm["namespaces"][0]["port_range"],
                         {"low": 40000, "high": 40049, "reserved": 5, "available": 45})
        self.assertEqual(self.names(calm), [("few_local_ports", "warning")])
        connections += [self.connection(listener) for _ in range(10)]
        with self.assertRaises(OSError) as failure:
            self.connection(listener)
        self.assertEqual(failure.exception.errno, errno.EADDRNOTAVAIL)
        for source in ("auto", "iter"):
            record = self.analysis("--source", source)
            self.assertEqual(self.names(record)[0], ("local_ports_short", "critical"))
            use = record["sockets"]["port_use"][0]
            self.assertEqual((use["local"], use["peer"], use["peer_port"], use["ports"], use["available"]),
                             (LOOPBACK, LOOPBACK, 8080, 45, 45))
        self.assertEqual(len(connections), 45)

    def test_a_listener_that_does_not_accept(self):
        listener = self.listener(8080, backlog=2)
        self.keep(self.namespace.connect(listener.getsockname()))
        self.assertEqual(self.names(self.analysis()), [])
        for _ in range(2):
            self.keep(self.namespace.connect(listener.getsockname()))
        record = self.analysis()
        self.assertEqual(self.names(record), [("listener_queue_full", "critical")])
        row = record["sockets"]["listeners"][0]
        self.assertEqual((row["backlog"], row["limit"], row["process"]["pid"]), (3, 2, os.getpid()))
        text = self.output(support.BINARY, "analyze", "--netns", self.inode)
        self.assertRegex(text, r"CRITICAL +listener_queue_full: 127\.0\.0\.1:8080, pid \d+ \(python3")
        self.assertNotIn("\x1b", text)

    def test_handshakes_that_are_dropped_meanwhile(self):
        listener = self.listener(8080, backlog=1)
        for _ in range(2):
            self.keep(self.namespace.connect(listener.getsockname()))
        analyze = subprocess.Popen(
            self.namespace.command(support.BINARY, "analyze", "-J", "--netns", self.inode, "--interval", "1s"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        with analyze:
            while analyze.poll() is None:
                refused = self.namespace.run(lambda: socket.socket())
                with refused:
                    refused.settimeout(0.05)
                    self.assertNotEqual(refused.connect_ex(listener.getsockname()), 0)
            record = json.loads(analyze.stdout.read())
        self.assertGreaterEqual(record["interval_ms"], 1000)
        self.assertIn("listen_overflows", [name for name, _ in self.names(record)])
        counters = {counter["name"]: counter for counter in record["namespaces"][0]["counters"]}
        overflows = counters["TcpExt.ListenOverflows"]
        self.assertGreater(overflows["recent"], 0)
        self.assertLessEqual(overflows["recent"], overflows["total"])

    def test_a_signal_ends_the_interval(self):
        analyze = subprocess.Popen(
            self.namespace.command(support.BINARY, "analyze", "-J", "--netns", self.inode, "--interval", "1h"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        with analyze:
            # Blocked: from then on it is held for the descriptor that waits for it.
            support.until(lambda: int(status_field(analyze.pid, "SigBlk"), 16) & 1 << 14, "SIGTERM is not blocked")
            analyze.terminate()
            record = json.loads(analyze.stdout.read())
        self.assertEqual(analyze.returncode, 0)
        self.assertLess(record["interval_ms"], 1000 * support.DEADLINE_S)

    def test_without_privileges(self):
        user = [*support.AS_NOBODY, "--no-new-privs"]
        with ready_process(self.namespace, *user, *LEAKING_SERVER, 9090, 1) as server:
            self.keep(self.namespace.connect((LOOPBACK, 9090)))
            support.until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) >= 5, "nobody accepted")
            record = json.loads(self.output(*user, support.BINARY, "analyze", "-J"))
            own = record["namespaces"][0]
            self.assertTrue(own["own"])
            self.assertEqual(own["netns"], self.inode)
            self.assertEqual(own["states"], {"ESTABLISHED": 2, "LISTEN": 1})
            self.assertIn("net.ipv4.tcp_fin_timeout", [setting["name"] for setting in own["sysctls"]])
            # The server is its user's, the client is root's.
            self.assertEqual([row["process"]["pid"] for row in record["sockets"]["processes"]], [server.pid])
            missing = " ".join(record["missing"])
            self.assertIn("the network namespaces of other users' processes", missing)
            self.assertIn("processes could not be read: their sockets have no owner", missing)
            text = self.output(*user, support.BINARY, "analyze")
            self.assertRegex(text, "missing +the network namespaces of other users")

    def test_a_namespace_that_is_not_there(self):
        done = support.run("analyze", "--netns", "1")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "tcptrace: network namespace 1 was not read: it is gone\n")
        done = support.run("analyze", "--netns", "nowhere")
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_other_namespaces_are_looked_at_too(self):
        listener = self.listener(8080, backlog=1)
        for _ in range(2):
            self.keep(self.namespace.connect(listener.getsockname()))
        done = support.run("analyze", "-J")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        record = json.loads(done.stdout)
        found = [finding for finding in record["findings"] if finding.get("netns") == self.inode]
        self.assertEqual([finding["name"] for finding in found], ["listener_queue_full"])
        netns = next(netns for netns in record["namespaces"] if netns["netns"] == self.inode)
        self.assertEqual(netns["name"], f"netns {self.namespace.name}")
        self.assertNotEqual(netns["sysctls"], [])


def status_field(pid, name):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"(?m)^{name}:\s+(\S+)", status)[1]


@contextlib.contextmanager
def ready_process(namespace, *command):
    """A program in the namespace, once it has said that it is ready, until its standard input ends."""
    with subprocess.Popen(namespace.command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.stdin.close()
            process.wait(support.DEADLINE_S)


if __name__ == "__main__":
    unittest.main()
