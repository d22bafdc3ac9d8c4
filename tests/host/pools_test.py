# SPDX-License-Identifier: GPL-2.0
"""`tcptrace pools`, held against pools of real sockets: what is wrong with each, and the next thing that is not."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

import lab
import pool_looks
import support

CLIENT = pathlib.Path(__file__).with_name("pool_client.py")


class Pools(support.CliTest):
    def setUp(self):
        self.namespace = self.enterContext(lab.Namespace())

    def start(self, *command, **options):
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   text=True, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def serve(self, *arguments):
        """A server that answers HTTP; its port."""
        server = self.start(*self.namespace.command(support.BINARY, "serve", "-J", "-m", "http", *arguments, "0"))
        return json.loads(server.stdout.readline())["addresses"][0]["port"]

    def client(self, port, *arguments, prefix=()):
        client = self.start(*self.namespace.command(*prefix, sys.executable, "-B", CLIENT, port, *arguments))
        self.assertEqual(client.stdout.readline(), "ready\n")
        return client

    def begin(self, *arguments, prefix=()):
        return self.start(*self.namespace.command(*prefix, support.BINARY, "pools", "-J", "--netns",
                                                  f"/run/netns/{self.namespace.name}", *arguments),
                          stderr=subprocess.PIPE)

    def finish(self, process):
        """The pools by pid, and the summary."""
        out, err = process.communicate(timeout=support.DEADLINE_S)
        process.stderr.close()
        self.assertEqual(process.returncode, 0, err)
        return pool_looks.parse(out)

    def look(self, *arguments):
        return self.finish(self.begin(*arguments))

    def look_twice(self, *arguments):
        """With a trace and with netlink, at the same time: the pools and the summary of each."""
        begun = [self.begin("--source", source, *arguments) for source in ("iter", "netlink")]
        traced, untraced = [self.finish(process) for process in begun]
        self.assertTrue(traced[1]["traced"])
        self.assertNotIn("lost", traced[1])
        self.assertNotIn("traced", untraced[1])
        return traced, untraced

    def open_by_ss(self, port):
        return len(self.namespace.ss("state", "established", "dport", "=", f":{port}"))

    def test_an_exhausted_pool(self):
        port = self.serve("--respond-delay", "200ms")
        client = self.client(port, "exhausted")
        support.until(lambda: self.open_by_ss(port) == 4, "no connections")

        def found():
            """On a busy machine the client may take its time between two requests."""
            looks[:] = self.look_twice("-i", "200ms", "-d", "3s")
            return all(pool_looks.verdicts(pools[client.pid]) == {"pool_exhausted": "likely"} for pools, _ in looks)

        looks = []
        support.until(found, "not exhausted")
        for pools, _ in looks:
            self.assertEqual(set(pools), {client.pid}, "what the server has accepted is no pool")
            pool = pools[client.pid]
            self.assertEqual(pool["connections"]["open"], 4)
            self.assertEqual(pool["peer_port"], port)
            self.assertEqual(pool["runtime"], "python")
            self.assertEqual((pool["churn"]["opened"], pool["churn"]["closed"]), (0, 0))

    def test_callers_that_wait_for_a_peer_that_is_silent(self):
        port = self.serve("--respond-delay", "1h")
        client = self.client(port, "exhausted")
        support.until(lambda: self.open_by_ss(port) == 4, "no connections")
        for pools, _ in self.look_twice("-i", "200ms", "-d", "3s"):
            self.assertEqual(pool_looks.verdicts(pools[client.pid]), {"pool_exhausted": "likely"})
            self.assertEqual(pools[client.pid]["connections"]["waiting"], 4)

    def test_a_healthy_pool(self):
        port = self.serve()
        client = self.client(port, "healthy")
        support.until(lambda: self.open_by_ss(port) == 6, "no connections")
        for pools, summary in self.look_twice("-i", "200ms", "-d", "3s"):
            pool = pools[client.pid]
            self.assertEqual(pool_looks.verdicts(pool), {}, pool)
            self.assertEqual(pool["connections"]["open"], 6)
            self.assertGreaterEqual(pool["connections"]["idle"], 3)
            self.assertEqual(pool["idle"]["count"], pool["connections"]["idle"])
            self.assertEqual(sum(bucket["count"] for bucket in pool["idle"]["buckets"]), pool["idle"]["count"])
            self.assertTrue(pool["age"]["at_least"])
            self.assertEqual((pool["looks"]["open_min"], pool["looks"]["open_max"]), (6, 6))
            # Fewer where the machine was too busy for one in time.
            self.assertEqual(pool["looks"]["open_max"], 6)
            self.assertIn(summary["looks"], range(8, 17))

    def test_connections_left_in_close_wait(self):
        port = self.serve("--idle-timeout", "1s")
        client = self.client(port, "close_wait")

        def leaks():
            pools, _ = self.look("--once")
            return "close_wait_leak" in pool_looks.verdicts(pools.get(client.pid, {"verdicts": []}))

        support.until(leaks, "no leak")
        for pools, summary in self.look_twice("-i", "200ms", "-d", "2s"):
            pool = pools[client.pid]
            self.assertEqual(pool_looks.verdicts(pool)["close_wait_leak"], "likely", pool)
            self.assertGreaterEqual(pool["looks"]["close_wait_age_ms"], 5000)
            self.assertGreater(pool["connections"]["close_wait"], 5)
            # Nobody has closed anything, so each told when the peer did.
            (close,) = summary["peer_idle_closes"]
            self.assertAlmostEqual(close["idle_ms"], 1000, delta=300)
            self.assertNotIn("presumed", close)

    def test_connections_that_are_not_given_back(self):
        port = self.serve()
        client = self.client(port, "leak")
        for pools, _ in self.look_twice("-i", "200ms", "-d", "4s"):
            pool = pools[client.pid]
            self.assertEqual(set(pool_looks.verdicts(pool)), {"connection_leak"}, pool)
            self.assertEqual(pool["churn"]["closed"], 0)
            self.assertGreater(pool["churn"]["opened"], 5)

    def test_a_pool_that_keeps_connections_longer_than_its_peer(self):
        port = self.serve("--idle-timeout", "1500ms")
        keeps, asks = self.client(port, "idle"), self.client(port, "no_reuse")
        (traced, summary), (untraced, guessed) = self.look_twice("-i", "200ms", "-d", "6s")
        self.assertEqual(pool_looks.verdicts(traced[keeps.pid]), {"idle_beyond_peer_timeout": "likely"}, traced[keeps.pid])
        # Netlink sees some of the FINs, or none.
        self.assertIn(pool_looks.verdicts(untraced[keeps.pid])["idle_beyond_peer_timeout"], ("possible", "likely"))
        # The other one does not keep any, so there is no race with the same peer.
        self.assertNotIn("idle_beyond_peer_timeout", pool_looks.verdicts(traced[asks.pid]))
        for close in summary["peer_idle_closes"] + guessed["peer_idle_closes"]:
            self.assertEqual(close["peer_port"], port)
        self.assertAlmostEqual(summary["peer_idle_closes"][0]["idle_ms"], 1500, delta=200)
        self.assertNotIn("presumed", summary["peer_idle_closes"][0])
        self.assertAlmostEqual(guessed["peer_idle_closes"][0]["idle_ms"], 1500, delta=500)
        churn = traced[keeps.pid]["churn"]
        self.assertEqual(churn["closed_here"], 0)
        self.assertGreater(churn["closed_by_peer"], 10)

    def test_a_client_without_a_pool(self):
        port = self.serve()
        client = self.client(port, "no_reuse")
        (traced, summary), (untraced, guessed) = self.look_twice("-i", "200ms", "-d", "3s")
        pool = traced[client.pid]
        self.assertEqual(pool_looks.verdicts(pool), {"no_reuse": "likely"}, pool)
        churn = pool["churn"]
        self.assertGreater(churn["opened"], 40)
        self.assertLessEqual(abs(churn["opened"] - churn["closed"]), 1)
        self.assertGreaterEqual(churn["closed_here"], churn["closed"] - 1)
        self.assertNotIn("at_least", churn)
        self.assertGreater(pool["connections"]["time_wait"], 40)
        (opens,) = summary["opens"]
        self.assertLessEqual(opens["seen"], opens["kernel"])
        self.assertGreater(opens["seen"], opens["kernel"] * 0.6)
        # What the looks find in TIME_WAIT is nearly all of it, whoever's it was. The kernel's counter is read somewhat
        # before the first look and after the last.
        opened = sum(pool["churn"]["opened"] for pool in untraced.values())
        self.assertEqual(opened, guessed["opens"][0]["seen"])
        self.assertGreater(opened, guessed["opens"][0]["kernel"] * 0.6)
        self.assertLessEqual(opened, guessed["opens"][0]["kernel"])
        self.assertIn("no_reuse", [name for pool in untraced.values() for name in pool_looks.verdicts(pool)])

    def test_a_signal_ends_it_with_what_was_seen(self):
        port = self.serve()
        client = self.client(port, "healthy")
        support.until(lambda: self.open_by_ss(port) == 6, "no connections")
        process = self.begin("-i", "100ms", "-d", "1h")
        # Its children are none: what it has attached or opened shows that it is under way.
        support.until(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) > 5, "it did not begin")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        pools, summary = self.finish(process)
        self.assertEqual(summary["ended_by"], "signal")
        self.assertEqual(pools[client.pid]["connections"]["open"], 6)

    def test_filters(self):
        port = self.serve()
        first, second = self.client(port, "healthy", "first"), self.client(port, "healthy", "second")
        support.until(lambda: self.open_by_ss(port) == 12, "no connections")
        for source in ("iter", "netlink"):
            for filters, expected in ((("--pid", str(first.pid)), {first.pid}), (("--comm", "second"), {second.pid}),
                                      (("-D", str(port)), {first.pid, second.pid}), (("-L", str(port)), set()),
                                      (("-6",), set()), (("--addr", "127.0.0.0/8"), {first.pid, second.pid})):
                with self.subTest(source=source, filters=filters):
                    pools, _ = self.look("--once", "--source", source, *filters)
                    self.assertEqual(set(pools), expected)
                    for pool in pools.values():
                        self.assertEqual(pool["connections"]["open"], 6)

    def test_hostile_names(self):
        port = self.serve()
        client = self.client(port, "healthy", "\x1b[31m\"\\\n;$(x)")
        support.until(lambda: self.open_by_ss(port) == 6, "no connections")
        pools, _ = self.look("--once")
        self.assertEqual(pools[client.pid]["process"]["comm"], "\x1b[31m\"\\\n;$(x)")
        text = support.run("pools", "--once", "--netns", f"/run/netns/{self.namespace.name}")
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertNotIn("\x1b", text.stdout)
        self.assertIn(r"\x1b[31m", text.stdout)

    def test_without_privileges(self):
        port = self.serve()
        client = self.client(port, "healthy", prefix=support.AS_NOBODY)
        others = self.client(port, "healthy")
        support.until(lambda: self.open_by_ss(port) == 12, "no connections")
        pools, summary = self.finish(self.start(
            *self.namespace.command(*support.AS_NOBODY, support.BINARY, "pools", "-J", "-i", "200ms", "-d", "2s"),
            stderr=subprocess.PIPE))
        self.assertEqual(summary["source"], "netlink")
        self.assertNotIn("traced", summary)
        self.assertEqual(pools[client.pid]["connections"]["open"], 6)
        self.assertEqual(pools[client.pid]["runtime"], "python")
        self.assertTrue(pools[client.pid]["churn"]["at_least"])
        self.assertNotIn(others.pid, pools)
        self.assertEqual(pools[None]["connections"]["open"], 6, "somebody else's, without a process")

    def test_text(self):
        port = self.serve()
        client = self.client(port, "healthy", "shop")
        support.until(lambda: self.open_by_ss(port) == 6, "no connections")
        result = support.run("pools", "-v", "-i", "200ms", "-d", "1s", "--netns", f"/run/netns/{self.namespace.name}")
        self.assertEqual(result.returncode, 0, result.stderr)
        header, line, idle, *rest = result.stdout.splitlines()
        self.assertEqual(header.split()[:6], ["PID", "COMM", "RUNTIME", "PEER", "OPEN", "IDLE"])
        self.assertEqual(line.split()[:5], [str(client.pid), "shop", "Python", f"127.0.0.1:{port}", "6"])
        self.assertRegex(idle, r"^    idle for: min .*, p90 ")
        self.assertEqual(rest, [])
        self.assertRegex(result.stderr, r"1 pool with 6 open connections, in [2-6] looks over [1-9]\.\d s, by a BPF iterator; "
                                        r"opens and ends by the tracer")


if __name__ == "__main__":
    unittest.main()
