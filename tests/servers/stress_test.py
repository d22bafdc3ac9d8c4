# SPDX-License-Identifier: GPL-2.0
"""tcptrace stress against nginx and haproxy: what it says it has done is what they have counted."""

import csv
import io
import json
import re
import subprocess
import unittest
import urllib.request

import lab
import servers
import support

SITE = ("127.0.0.1", 8080)
BALANCER = ("127.0.0.1", 8090)
CONNECTIONS = 300
REQUESTS = 5


class Stress(unittest.TestCase):
    def setUp(self):
        self.namespace = self.enterContext(lab.Namespace())

    def stress(self, address, *options):
        """The results of so many connections with so many requests each."""
        command = self.namespace.command(support.BINARY, "stress", "-J", "-q", "--http", "/", "--requests", REQUESTS,
                                         "-n", CONNECTIONS, "-c", 20, *options, f"{address[0]}:{address[1]}")
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=support.DEADLINE_S)
        return json.loads(done.stdout)

    def get(self, address, path):
        url = f"http://{address[0]}:{address[1]}{path}"
        return self.namespace.run(lambda: urllib.request.urlopen(url, timeout=support.DEADLINE_S).read().decode())

    def nginx(self, more=""):
        return self.enterContext(servers.Nginx(self.namespace, SITE, f"""
            server {{
              listen {SITE[0]}:{SITE[1]} backlog=512;
              {more}
              location / {{ return 200 ok; }}
              location /status {{ stub_status; }}
            }}
            """))

    def haproxy(self):
        return self.enterContext(servers.Haproxy(self.namespace, BALANCER, f"""
frontend front
  bind {BALANCER[0]}:{BALANCER[1]}
  stats enable
  stats uri /stats
  default_backend back
backend back
  server one {SITE[0]}:{SITE[1]}
"""))

    def nginx_counts(self):
        """Connections and requests; that for these numbers is one of each."""
        accepted, handled, requests = map(int, re.search(r"^ (\d+) (\d+) (\d+)", self.get(SITE, "/status"), re.M).groups())
        self.assertEqual(accepted, handled)
        return accepted, requests

    def haproxy_counts(self):
        """Of the front: sessions, requests and answers 503, without those for these numbers."""
        rows = csv.DictReader(io.StringIO(self.get(BALANCER, "/stats;csv").removeprefix("# ")))
        front = next(row for row in rows if row["pxname"] == "front" and row["svname"] == "FRONTEND")
        return int(front["stot"]), int(front["req_tot"]), int(front["hrsp_5xx"])

    def assert_all_succeeded(self, result):
        self.assertEqual(result["connections"]["succeeded"], CONNECTIONS, result)
        self.assertEqual(result["connections"]["failed"], 0, result)
        self.assertEqual(result["traffic"]["requests"], CONNECTIONS * REQUESTS)
        self.assertEqual(result["latency"]["request"]["count"], CONNECTIONS * REQUESTS)

    def test_nginx_counts_the_same(self):
        self.nginx()
        before = self.nginx_counts()
        self.assert_all_succeeded(self.stress(SITE))
        after = self.nginx_counts()
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (CONNECTIONS + 1, CONNECTIONS * REQUESTS + 1))

    def test_haproxy_counts_the_same(self):
        self.nginx()
        self.haproxy()
        before = self.haproxy_counts()
        self.assert_all_succeeded(self.stress(BALANCER))
        after = self.haproxy_counts()
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (CONNECTIONS + 1, CONNECTIONS * REQUESTS + 1))

    def test_a_server_that_ends_keep_alive_closes_early(self):
        self.nginx("keepalive_requests 3;")
        result = self.stress(SITE)
        self.assertEqual(result["failures"], [{"phase": "receive", "check": "closed_early", "count": CONNECTIONS}])
        self.assertEqual(result["traffic"]["requests"], CONNECTIONS * 3)

    def test_a_balancer_without_a_backend_answers_503(self):
        self.haproxy()
        before = self.haproxy_counts()
        result = self.stress(BALANCER)
        self.assertEqual(result["failures"], [{"phase": "receive", "check": "http_status", "count": CONNECTIONS}])
        self.assertEqual(self.haproxy_counts()[2] - before[2], CONNECTIONS)

    def test_a_trace_beside_it_knows_the_server_that_was_killed(self):
        nginx = self.nginx()
        servers.end(nginx.process)
        result = self.stress(SITE, "--trace")
        causes = result["diagnosis"]["causes"]
        self.assertEqual([row["cause"] for row in causes], ["connection_refused"], result)
        self.assertGreaterEqual(causes[0]["count"], CONNECTIONS * 9 // 10)


if __name__ == "__main__":
    unittest.main()
