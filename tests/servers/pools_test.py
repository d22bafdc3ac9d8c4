# SPDX-License-Identifier: GPL-2.0
"""The pools of real clients: Node's agent before nginx, nginx and haproxy before others, clients of PostgreSQL."""

import pathlib
import subprocess
import unittest

import lab
import pool_looks
import servers
import support

AGENT = pathlib.Path(__file__).with_name("agent.js")
WEB_PORT = 8080
BACKEND_PORT = 8081
POSTGRES_PORT = 5432
NGINX = """
    server {
      listen 127.0.0.1:8080;
      keepalive_timeout 2s;
      location / { echo ok; }
      location /slow { echo_sleep 0.2; echo ok; }
    }
    """


class Pools(lab.ServersTest):
    def setUp(self):
        self.namespace = self.enterContext(lab.Namespace())

    def look(self, *arguments):
        """The pools by pid, and the summary."""
        result = support.run("pools", "-J", "--netns", f"/run/netns/{self.namespace.name}", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return pool_looks.parse(result.stdout)

    def look_until(self, pid, expected):
        """A pool with these verdicts. On a busy machine a client may take its time between two requests."""
        seen = []

        def found():
            pools, _ = self.look("-i", "200ms", "-d", "3s")
            seen.append(pools[pid])
            return pool_looks.verdicts(pools[pid]) == expected

        support.until(found, f"not {expected}")
        return seen[-1]

    def open_connections(self, pid):
        pools, _ = self.look("--once")
        return pools[pid]["connections"]["open"] if pid in pools else 0

    def agent(self, path, sockets, at_once, pause_ms):
        client = self.enterContext(servers.load(self.namespace, "node", AGENT, WEB_PORT, path, sockets, at_once,
                                                pause_ms))
        self.assertEqual(client.stdout.readline(), "ready\n")
        return client

    def ask(self, port, times):
        for _ in range(times):
            with self.namespace.connect(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                while connection.recv(4096):
                    pass

    def serve(self):
        """A server that answers HTTP, for those that pass requests on."""
        server = self.enterContext(servers.load(self.namespace, support.BINARY, "serve", "-J", "-m", "http",
                                                f"127.0.0.1:{BACKEND_PORT}"))
        server.stdout.readline()

    def test_an_agent_with_too_few_sockets(self):
        self.enterContext(servers.Nginx(self.namespace, ("127.0.0.1", WEB_PORT), NGINX))
        client = self.agent("/slow", 4, 40, 0)
        support.until(lambda: self.open_connections(client.pid) == 4, "no connections")
        pool = self.look_until(client.pid, {"pool_exhausted": "likely"})
        self.assertEqual(pool["runtime"], "nodejs")
        self.assertEqual(pool["connections"]["open"], 4)
        self.assertEqual(pool["churn"]["opened"], 0)

    def test_an_agent_with_enough_sockets(self):
        self.enterContext(servers.Nginx(self.namespace, ("127.0.0.1", WEB_PORT), NGINX))
        client = self.agent("/", 4, 4, 300)
        support.until(lambda: self.open_connections(client.pid) == 4, "no connections")
        pool = self.look("-i", "200ms", "-d", "4s")[0][client.pid]
        self.assertEqual(pool["connections"]["open"], 4)
        self.assertEqual((pool["churn"]["opened"], pool["churn"]["closed"]), (0, 0))
        self.assertEqual(pool_looks.verdicts(pool), {}, pool)

    def test_an_agent_that_keeps_connections_longer_than_nginx(self):
        self.enterContext(servers.Nginx(self.namespace, ("127.0.0.1", WEB_PORT), NGINX))
        client = self.agent("/", 4, 4, 2600)
        support.until(lambda: self.open_connections(client.pid) == 4, "no connections")
        # Netlink sees some of the FINs, or none.
        for source, confidences in (("iter", {"likely"}), ("netlink", {"likely", "possible"})):
            pools, summary = self.look("-i", "200ms", "-d", "8s", "--source", source)
            pool = pools[client.pid]
            self.assertEqual(set(pool_looks.verdicts(pool)), {"idle_beyond_peer_timeout"}, pool)
            self.assertIn(pool_looks.verdicts(pool)["idle_beyond_peer_timeout"], confidences)
            (close,) = summary["peer_idle_closes"]
            self.assertEqual(close["peer_port"], WEB_PORT)
            self.assertAlmostEqual(close["idle_ms"], 2000, delta=300)
            if source == "iter":
                self.assertEqual(pool["churn"]["closed_by_peer"], pool["churn"]["closed"])

    def test_what_nginx_keeps_to_its_upstream(self):
        self.serve()
        nginx = self.enterContext(servers.Nginx(self.namespace, ("127.0.0.1", WEB_PORT), f"""
            upstream backend {{ server 127.0.0.1:{BACKEND_PORT}; keepalive 8; }}
            server {{
              listen 127.0.0.1:{WEB_PORT};
              location / {{
                proxy_pass http://backend;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
              }}
            }}
            """))
        self.ask(WEB_PORT, 5)
        pools, _ = self.look("--once")
        pool = pools[nginx.worker]
        self.assertEqual((pool["runtime"], pool["peer_port"]), ("nginx", BACKEND_PORT))
        self.assertEqual((pool["connections"]["open"], pool["connections"]["idle"]), (1, 1), "one is used by all")

    def test_what_haproxy_keeps_to_its_server(self):
        self.serve()
        haproxy = self.enterContext(servers.Haproxy(self.namespace, ("127.0.0.1", WEB_PORT), f"""
frontend front
  bind 127.0.0.1:{WEB_PORT}
  default_backend back
backend back
  http-reuse always
  server one 127.0.0.1:{BACKEND_PORT}
"""))
        self.ask(WEB_PORT, 5)
        pools, _ = self.look("--once")
        pool = pools[haproxy.pid]
        self.assertEqual((pool["runtime"], pool["peer_port"]), ("haproxy", BACKEND_PORT))
        self.assertEqual((pool["connections"]["open"], pool["connections"]["idle"]), (1, 1))

    def psql(self, statement):
        """One that has been sent a statement, and stays for the next."""
        client = subprocess.Popen(self.namespace.command(
            servers.postgres_program("psql"), "-h", "127.0.0.1", "-p", POSTGRES_PORT, "-U", "postgres", "-qAt"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.stdin.close)
        self.addCleanup(client.kill)
        client.stdin.write(f"SELECT 'ready';\n{statement}\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), "ready\n")
        return client

    def test_several_psql(self):
        self.enterContext(servers.Postgres(self.namespace, POSTGRES_PORT))
        idle = [self.psql("") for _ in range(3)]
        waits = self.psql("SELECT pg_sleep(60);")
        support.until(lambda: self.look("--once")[0][waits.pid]["connections"]["waiting"] == 1, "it does not wait")
        pools, _ = self.look("-i", "200ms", "-d", "3s")
        self.assertEqual(set(pools), {client.pid for client in [*idle, waits]}, "what the backends accepted is none")
        for client in idle:
            pool = pools[client.pid]
            self.assertEqual((pool["process"]["comm"], pool["peer_port"]), ("psql", POSTGRES_PORT))
            self.assertEqual((pool["connections"]["open"], pool["connections"]["idle"]), (1, 1))
        self.assertEqual(pools[waits.pid]["connections"]["waiting"], 1)
        for pool in pools.values():
            self.assertEqual(pool_looks.verdicts(pool), {}, "one connection each is no pool that can be exhausted")

    def pgbench(self, postgres, script):
        return self.enterContext(servers.load(
            self.namespace, servers.postgres_program("pgbench"), "-n", "-h", "127.0.0.1", "-p", POSTGRES_PORT, "-U",
            "postgres", "-c", 8, "-T", 60, "-f", postgres.file("script.sql", script), "postgres"))

    def test_pgbench_that_never_pauses(self):
        postgres = self.enterContext(servers.Postgres(self.namespace, POSTGRES_PORT))
        client = self.pgbench(postgres, "SELECT pg_sleep(0.2);\n")
        support.until(lambda: self.open_connections(client.pid) == 8, "no connections")
        pool = self.look_until(client.pid, {"pool_exhausted": "likely"})
        self.assertEqual(pool["connections"]["open"], 8)

    def test_pgbench_that_pauses(self):
        postgres = self.enterContext(servers.Postgres(self.namespace, POSTGRES_PORT))
        client = self.pgbench(postgres, "SELECT 1;\n\\sleep 300 ms\n")
        support.until(lambda: self.open_connections(client.pid) == 8, "no connections")
        pool = self.look("-i", "200ms", "-d", "4s")[0][client.pid]
        self.assertEqual(pool_looks.verdicts(pool), {}, pool)


if __name__ == "__main__":
    unittest.main()
