# SPDX-License-Identifier: GPL-2.0
"""Servers that are killed under load: redis by itself, and one backend of PostgreSQL, which takes the others along."""

import os
import signal
import time
import unittest

import lab
import servers
import support

REDIS_PORT = 6379
REDIS_CLIENTS = 50
BENCHMARK_WAITS_S = 0.3
POSTGRES_PORT = 5432
POSTGRES_CLIENTS = 8
# More than a backend reads at once waits behind a statement that takes its time.
PGBENCH_SCRIPT = "\\startpipeline\nSELECT pg_sleep(0.5);\n" + f"SELECT '{'x' * 4000}';\n" * 8 + "\\endpipeline\n"


class Killed(lab.ServersTest):
    def setUp(self):
        self.namespace = self.enterContext(lab.Namespace())

    def unread(self, port):
        """The pids of those who have data to read, one for each connection that has."""
        return [pid for pid, unread in servers.unread_bytes(self.namespace, port) if unread > 0]

    def hangs(self, pid):
        """Stops redis, unless it is at the point where it has read all and answered nothing."""
        os.kill(pid, signal.SIGSTOP)
        time.sleep(BENCHMARK_WAITS_S)
        if self.unread(REDIS_PORT):
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    def assert_killed(self, records, server, server_pids, client, client_pid, connections):
        sent = self.those(records, server_pids, "reset sent", server, "process_exit", "certain")
        received = self.those(records, {client_pid}, "reset received", client, "peer_aborted", "certain")
        self.assertEqual((len(sent), len(received), len(records)), (connections, connections, 2 * connections),
                         lab.counted(records))
        for record in sent:
            facts = lab.evidence(record)
            self.assertGreater(facts["unread_bytes"], 0)
            self.assertEqual((facts["by_comm"], facts["by_pid"]), (server, record["process"]["pid"]))
        for record in received:
            facts = lab.evidence(record)
            self.assertEqual((facts["sender_cause"], facts["sender_comm"]), ("process_exit", server))
        self.assertEqual({lab.evidence(record)["sender_pid"] for record in received}, server_pids)

    def test_redis_under_its_benchmark(self):
        redis = self.enterContext(servers.Redis(self.namespace, REDIS_PORT))
        with lab.Tracer(self.namespace) as trace, servers.load(
                self.namespace, "redis-benchmark", "-p", REDIS_PORT, "-c", REDIS_CLIENTS, "-P", 16, "-t", "set", "-n",
                1000000000, "-q") as benchmark:
            # It hangs, and somebody kills it.
            support.until(lambda: self.hangs(redis.pid), "no load")
            waiting = len(self.unread(REDIS_PORT))
            os.kill(redis.pid, signal.SIGKILL)
            benchmark.communicate(timeout=support.DEADLINE_S)
            records = self.finish(trace)
        self.assert_killed(records, "redis-server", {redis.pid}, "redis-benchmark", benchmark.pid, waiting)

    def test_one_backend_of_postgres_under_pgbench(self):
        postgres = self.enterContext(servers.Postgres(self.namespace, POSTGRES_PORT))
        script = postgres.file("script.sql", PGBENCH_SCRIPT)
        with lab.Tracer(self.namespace) as trace, servers.load(
                self.namespace, servers.postgres_program("pgbench"), "-n", "-h", "127.0.0.1", "-p", POSTGRES_PORT, "-U",
                "postgres", "-M", "extended", "-c", POSTGRES_CLIENTS, "-T", 60, "-f", script, "postgres") as benchmark:
            support.until(lambda: len(self.unread(POSTGRES_PORT)) == POSTGRES_CLIENTS, "no load")
            backends = set(self.unread(POSTGRES_PORT))
            self.assertLess(backends, set(servers.children(postgres.pid)))
            os.kill(min(backends), signal.SIGKILL)
            benchmark.communicate(timeout=support.DEADLINE_S)
            records = self.finish(trace)
        # The postmaster ends the others, because what they share may be damaged.
        self.assert_killed(records, "postgres", backends, "pgbench", benchmark.pid, POSTGRES_CLIENTS)


if __name__ == "__main__":
    unittest.main()
