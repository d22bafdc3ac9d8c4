# SPDX-License-Identifier: GPL-2.0
"""nginx and haproxy as proxies of each other over a wire that takes time: keep-alive timeouts that do not fit each
other, in both directions, and a backend that is slower than its proxy is patient."""

import time
import unittest

import lab
import servers
import support

CLIENTS = 4
KEEPALIVE_S = 2
SERVER_TIMEOUT_S = 1
PROXY = ("127.0.0.1", 8000)
BACKEND = (lab.BACK, 8080)
REQUEST = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\ndata"


class Clients:
    """Connections to the proxy, each of which sends its request when all do."""

    def __init__(self, namespace):
        self.sockets = [namespace.connect(PROXY) for _ in range(CLIENTS)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for socket in self.sockets:
            socket.close()

    def ask(self):
        """The first lines of the answers; "" where the proxy only closed."""
        for socket in self.sockets:
            socket.sendall(REQUEST)
        return [socket.recv(65536).split(b"\r\n")[0].decode() for socket in self.sockets]


class ProxyTest(lab.ServersTest):
    def setUp(self):
        self.front = self.enterContext(lab.Namespace())
        self.back = self.enterContext(lab.Namespace())
        self.enterContext(lab.Wire(self.front, self.back))

    def haproxy_in_front(self, backend_options):
        return self.enterContext(servers.Haproxy(self.front, PROXY, f"""
frontend clients
  bind {PROXY[0]}:{PROXY[1]}
  default_backend server
backend server
  {backend_options}
  server nginx {BACKEND[0]}:{BACKEND[1]} pool-purge-delay 60s
"""))

    def nginx_behind(self, options):
        return self.enterContext(servers.Nginx(self.back, BACKEND, f"""
            server {{
              listen {BACKEND[0]}:{BACKEND[1]};
              {options}
            }}
            """))


class KeepAliveRace(ProxyTest):
    """The server closes its idle connections, and the proxy's next requests leave before it can know."""

    def play(self):
        """What was traced, and the answers that the clients got."""
        with lab.Tracer(self.front, self.back) as trace, Clients(self.front) as clients:
            self.assertEqual(clients.ask(), ["HTTP/1.1 200 OK"] * CLIENTS)
            # The server's timer began when the answer left. It ends while the next request is on its way.
            time.sleep(KEEPALIVE_S - lab.LATENCY_S)
            answers = clients.ask()
            support.until(lambda: len(trace.records()) >= 2 * CLIENTS, "the resets did not come")
            # What is under way from the proxy still arrives.
            time.sleep(3 * lab.LATENCY_S)
            return self.finish(trace), answers

    def assert_race(self, records, server, server_pid, client, client_pid):
        first, echoes = lab.without_echoes(records)
        sent = self.those(first, {server_pid}, "reset sent", server, "keepalive_race", "certain")
        received = self.those(first, {client_pid}, "reset received", client, "keepalive_race", "certain")
        self.assertEqual((len(sent), len(received), len(first)), (CLIENTS, CLIENTS, 2 * CLIENTS), lab.counted(first))
        for record in sent:
            facts = lab.evidence(record)
            self.assertAlmostEqual(facts["idle_before_close_ms"], KEEPALIVE_S * 1000, delta=150)
            self.assertLess(facts["since_close_us"], 2 * lab.LATENCY_S * 1e6)
            self.assertEqual(facts["peer_had_our_fin"], "false")
            self.assertGreater(facts["segment_bytes"], 0)
        for record in received:
            facts = lab.evidence(record)
            self.assertEqual((facts["sender_comm"], facts["sender_pid"]), (server, server_pid))
        # The proxy takes the server's FIN before it has the reset, and closes too.
        late = self.those(echoes, {server_pid}, "reset sent", server, "keepalive_race", "certain")
        self.assertEqual(late, echoes)
        self.assertEqual({record["reset"]["trigger"]["flags"] for record in echoes}, {"FIN|ACK"})

    def test_nginx_closes_what_haproxy_keeps(self):
        nginx = self.nginx_behind(f"keepalive_timeout {KEEPALIVE_S}s; location / {{ return 200 ok; }}")
        haproxy = self.haproxy_in_front("http-reuse always")
        records, answers = self.play()
        self.assertEqual(answers, [""] * CLIENTS)
        self.assert_race(records, "nginx", nginx.worker, "haproxy", haproxy.pid)

    def test_haproxy_closes_what_nginx_keeps(self):
        haproxy = self.enterContext(servers.Haproxy(self.back, BACKEND, f"""
frontend server
  bind {BACKEND[0]}:{BACKEND[1]}
  timeout http-keep-alive {KEEPALIVE_S}s
  http-request return status 200 content-type text/plain string ok
"""))
        nginx = self.enterContext(servers.Nginx(self.front, PROXY, f"""
            upstream server {{
              server {BACKEND[0]}:{BACKEND[1]};
              keepalive {CLIENTS};
              keepalive_timeout 60s;
            }}
            server {{
              listen {PROXY[0]}:{PROXY[1]};
              location / {{
                proxy_pass http://server;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
              }}
            }}
            """))
        records, answers = self.play()
        self.assertEqual(answers, ["HTTP/1.1 502 Bad Gateway"] * CLIENTS)
        self.assert_race(records, "haproxy", haproxy.pid, "nginx", nginx.worker)


class SlowBackend(ProxyTest):
    """haproxy gives up after `timeout server`, and resets the connection to the backend (it sets SO_LINGER 0)."""

    def play(self, backend_sleep_s):
        self.nginx = self.nginx_behind(f"location / {{ echo_sleep {backend_sleep_s}; echo done; }}")
        self.haproxy = self.haproxy_in_front(f"timeout server {SERVER_TIMEOUT_S}s")
        with lab.Tracer(self.front, self.back) as trace, Clients(self.front) as clients:
            self.assertEqual(clients.ask(), ["HTTP/1.1 504 Gateway Time-out"] * CLIENTS)
            support.until(lambda: len(trace.records()) >= 2 * CLIENTS, "the resets did not come")
            # Longer than the backend would have slept.
            time.sleep(backend_sleep_s)
            return self.finish(trace)

    def assert_given_up(self, records):
        sent = self.those(records, {self.haproxy.pid}, "reset sent", "haproxy", "abortive_close", "certain")
        received = self.those(records, {self.nginx.worker}, "reset received", "nginx", "peer_aborted", "certain")
        self.assertEqual((len(sent), len(received), len(records)), (CLIENTS, CLIENTS, 2 * CLIENTS),
                         lab.counted(records))
        for record in sent:
            facts = lab.evidence(record)
            self.assertEqual((facts["so_linger_ms"], facts["by_comm"]), (0, "haproxy"))
            # It has waited for the answer since the request left.
            self.assertAlmostEqual(record["connection"]["idle_tx_ms"], SERVER_TIMEOUT_S * 1000, delta=150)
        for record in received:
            facts = lab.evidence(record)
            self.assertEqual((facts["sender_cause"], facts["sender_pid"]), ("abortive_close", self.haproxy.pid))

    def test_the_proxy_resets_a_backend_that_does_not_answer(self):
        self.assert_given_up(self.play(2 * SERVER_TIMEOUT_S))

    def test_an_answer_that_crosses_the_reset_finds_nobody(self):
        first, late = lab.without_echoes(self.play(SERVER_TIMEOUT_S - lab.LATENCY_S / 2))
        self.assert_given_up(first)
        answers = self.those(late, {self.haproxy.pid}, "reset sent", "haproxy", "abortive_close", "certain")
        self.assertEqual(answers, late)
        self.assertTrue(all(record["reset"]["trigger"]["bytes"] > 0 for record in late))


if __name__ == "__main__":
    unittest.main()
