# SPDX-License-Identifier: GPL-2.0
"""The load balancers of `tcptrace generate`: every combination of options is a configuration that the program accepts
without a word, and what it then does to real traffic is what the configuration says."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import balancers
import lab
import servers
import support

BALANCER = ("127.0.0.1", 8000)
FIRST = ("127.0.0.1", 8081)
SECOND = ("127.0.0.1", 8082)
NAME = "www.example.test"

BACKENDS = (("--backend", "10.0.0.5:8080"),
            ("--backend", "10.0.0.5:8080,3", "--backend", "[2001:db8::6]:8080", "--backend", "localhost:8081,256"))
CHECKS = ((), ("--health-check", "/up?a='b'&c=\"d\";{$e}#f\\g%20"), ("--no-health-check",))
PROXY = ((), *(("--proxy-protocol", way) for way in ("send", "accept", "both")))
LISTEN = (("--listen", "8000"), ("--listen", "127.0.0.1:8000"), ("--listen", "[::1]:8000"))
KEEPALIVE = ((), ("--backend-keepalive", "1s"), ("--backend-keepalive", "61.5s"))
RETRIES = ((), ("--retries", "0", "--connect-timeout", "1500ms"))
POOL = ((), ("--keepalive-pool", "0"), ("--keepalive-pool", "5", "--pool-idle", "900ms", "--max-connections", "7"))
CLIENTS = ((), ("--client-idle", "20s", "--max-connections", "100000"))


class EveryCombination(unittest.TestCase):
    """Debian's haproxy and nginx accept it, and have nothing to warn of."""

    def check(self, kind, *choices):
        configs, refused = set(), []
        combinations = list(itertools.product(*choices))
        for combination in combinations:
            result = balancers.generate(kind, *itertools.chain(*combination))
            if result.returncode == 0:
                configs.add(result.stdout)
            else:
                self.assertEqual((result.returncode, result.stdout, result.stderr.count("\n")), (2, "", 1), result)
                refused.append(combination)
        self.assertGreater(len(configs), 0)
        self.assertEqual(balancers.complaints(kind, sorted(configs)), "")
        return refused

    def http(self, kind):
        """Refused are only a pool where none can be, without retries of haproxy either, and what nginx cannot send."""
        for combination in self.check(kind, BACKENDS, CHECKS, PROXY, KEEPALIVE, RETRIES, POOL):
            options = " ".join(itertools.chain(*combination))
            none = "-keepalive 1s|send|both" + ("|--retries 0" if kind == "haproxy" else "")
            pool = "--pool-idle" in options and re.search(none, options)
            self.assertTrue(pool or (kind == "nginx" and re.search("send|both", options)), options)

    def tcp(self, kind):
        refused = []
        for mode in (("--mode", "tcp"), ("--tls-passthrough",)):
            refused += self.check(kind, [mode], BACKENDS, (CHECKS[0], CHECKS[2]), PROXY, [LISTEN[0]], KEEPALIVE,
                                  RETRIES, CLIENTS)
        # A client that lets go after 20 s, and backends that do after one.
        self.assertEqual({"1s" in itertools.chain(*combination) for combination in refused}, {True})

    def test_haproxy_http(self):
        self.http("haproxy")

    def test_haproxy_tcp(self):
        self.tcp("haproxy")

    def test_nginx_http(self):
        self.http("nginx")

    def test_nginx_tcp(self):
        self.tcp("nginx")

    def test_other_values(self):
        """One option at a time."""
        for kind in balancers.KINDS:
            self.check(kind, [("--backend", "10.0.0.5:8080")], [
                *LISTEN, *CLIENTS, (), ("--backend-keepalive", "24h"), ("--backend-keepalive", "2s"),
                ("--keepalive-pool", "65536"), ("--max-connections", "1"), ("--max-connections", "1048576"),
                ("--client-idle", "24h"), ("--response-timeout", "24h"),
                ("--retries", "100", "--connect-timeout", "100ms")
            ])

    def test_many_backends(self):
        for kind in balancers.KINDS:
            backends = [("--backend", f"10.0.{number // 256}.{number % 256}:8080,{number % 256 + 1}")
                        for number in range(500)]
            self.assertEqual(self.check(kind, [sum(backends, ())], ((), ("--tls-passthrough",))), [])

    def test_names_that_nobody_knows(self):
        """Neither program starts with one, and the configuration says so."""
        for kind, complaint in (("haproxy", "could not resolve address"), ("nginx", "host not found in upstream")):
            config = balancers.config_of(kind, "--backend", "a-b.c_d.example.invalid:80")
            self.assertIn("A name is looked up at the start", config)
            self.assertIn(complaint, balancers.complaints(kind, [config]))

    def test_the_check_finds_what_is_wrong(self):
        """Errors and warnings."""
        haproxy = balancers.config_of("haproxy", "--backend", "10.0.0.5:80")
        nginx = balancers.config_of("nginx", "--backend", "10.0.0.5:80")
        for kind, config, complaint in (
            ("haproxy", haproxy.replace("mode http", "mode htp"), "unknown proxy mode"),
            ("haproxy", haproxy.replace("    timeout server 30s\n", ""), "missing timeouts"),
            ("nginx", nginx.replace("keepalive 32;", "keepalive many;"), "invalid value"),
            ("nginx", nginx.replace("keepalive 32;", "keepalive 32; ip_hash;"), "load balancing method redefined")):
            self.assertIn(complaint, balancers.complaints(kind, [config]))


class KeepAliveRace(lab.ServersTest):
    """Requests after pauses around the time that the backend keeps an idle connection, over a wire that takes time: on
    it a request and the backend's end of the connection cross."""

    keepalive_s = 3
    # The last ones: the request leaves while the end is on its way, and after it has come.
    pauses_s = (1.5, 1.95, 2.3, 2.7, 2.9, 3.3)
    clients = 4

    def setUp(self):
        self.front = self.enterContext(lab.Namespace())
        self.back = self.enterContext(lab.Namespace())
        self.enterContext(lab.Wire(self.front, self.back))
        self.backend = (lab.BACK, 8080)
        self.enterContext(balancers.Backend(self.back, self.backend, keepalive_s=self.keepalive_s))

    def play(self, kind, config):
        """The answers, and how many resets were of the race."""
        self.enterContext(balancers.Balancer(self.front, kind, BALANCER, config=config))
        answers = []
        with lab.Tracer(self.front, self.back) as trace:
            clients = [self.enterContext(balancers.Client(self.front, BALANCER)) for _ in range(self.clients)]
            for pause_s, method in itertools.product((0, *self.pauses_s), ("POST", "GET")):
                time.sleep(pause_s if method == "POST" else 0)
                for client in clients:
                    client.begin(method)
                answers += [client.answer() for client in clients]
                # A client whose request has failed has no connection any more.
                if any(status != 200 for status, _ in answers):
                    break
            time.sleep(3 * lab.LATENCY_S)
            records = self.finish(trace)
        races = [record for record in records if record["verdict"]["cause"] == "keepalive_race"]
        return answers, len(races)

    def generated(self, kind):
        return balancers.config_of(kind, "--backend", f"{self.backend[0]}:{self.backend[1]}", "--backend-keepalive",
                                   f"{self.keepalive_s}s", "--listen", f"{BALANCER[0]}:{BALANCER[1]}")

    def assert_no_race(self, kind):
        answers, races = self.play(kind, self.generated(kind))
        self.assertEqual(answers, [(200, "ok")] * (2 * self.clients * (len(self.pauses_s) + 1)))
        self.assertEqual(races, 0)

    def assert_race(self, kind, config):
        answers, races = self.play(kind, config)
        self.assertNotEqual({status for status, _ in answers}, {200})
        self.assertGreater(races, 0)

    def test_none_with_haproxy(self):
        self.assert_no_race("haproxy")

    def test_none_with_nginx(self):
        self.assert_no_race("nginx")

    def test_one_with_an_haproxy_that_keeps_connections_for_longer(self):
        """All requests over one pool that is purged rarely: what the generated configuration avoids."""
        config = self.generated("haproxy")
        config = re.sub("use_backend pooled.*", "", config).replace("default_backend fresh", "default_backend pooled")
        config = re.sub("pool-purge-delay [0-9a-z]+", "pool-purge-delay 60s", config)
        self.assert_race("haproxy", config.replace("retry-on conn-failure empty-response", ""))

    def test_one_with_an_nginx_that_keeps_connections_for_longer(self):
        config = self.generated("nginx")
        self.assertEqual(config.count("keepalive_timeout 2s;"), 1)
        self.assert_race("nginx", config.replace("keepalive_timeout 2s;", "keepalive_timeout 60s;"))


class TrafficTest(unittest.TestCase):
    def setUp(self):
        self.namespace = self.enterContext(lab.Namespace())

    def backend(self, address, *arguments, **options):
        return self.enterContext(balancers.Backend(self.namespace, address, *arguments, **options))

    def balancer(self, kind, *options, listens=BALANCER):
        return self.enterContext(balancers.Balancer(self.namespace, kind, listens, *options))

    def ask(self, method="GET", address=BALANCER):
        with balancers.Client(self.namespace, address) as client:
            return client.ask(method)


class Traffic(TrafficTest):
    """What an HTTP proxy does with requests."""

    def two(self, kind, *options):
        """Two backends that say who they are, the second with three times the weight."""
        found = [self.backend(FIRST, "first"), self.backend(SECOND, "second")]
        self.balancer(kind, "--backend", "127.0.0.1:8081", "--backend", "127.0.0.1:8082,3", "--backend-keepalive",
                      "60s", *options)
        return found

    def assert_weights(self, kind):
        self.two(kind)
        for method in ("GET", "POST"):
            answers = [self.ask(method) for _ in range(40)]
            self.assertAlmostEqual(answers.count((200, "first")), 10, delta=2)
            self.assertAlmostEqual(answers.count((200, "second")), 30, delta=2)

    def test_haproxy_keeps_weights(self):
        self.assert_weights("haproxy")

    def test_nginx_keeps_weights(self):
        self.assert_weights("nginx")

    def assert_redispatch(self, kind):
        first, _ = self.two(kind)
        self.assertEqual({self.ask()[0] for _ in range(8)}, {200})
        workers = list(servers.handles(servers.children(first.pid)))
        # The master first, so that it replaces no worker.
        first.process.kill()
        first.process.wait()
        for worker in workers:
            servers.signal_child(worker, signal.SIGKILL)
            self.assertEqual(select.select([worker], [], [], support.DEADLINE_S)[0], [worker])
            os.close(worker)
        for method in ("GET", "POST"):
            self.assertEqual({self.ask(method) for _ in range(12)}, {(200, "second")})

    def test_haproxy_goes_on_without_a_backend(self):
        self.assert_redispatch("haproxy")

    def test_nginx_goes_on_without_a_backend(self):
        self.assert_redispatch("nginx")

    def assert_reuse(self, kind):
        """Requests of several clients share the backend's connections, which says how many it has had."""
        self.backend(FIRST, "$connection")
        self.balancer(kind, "--backend", "127.0.0.1:8081", "--backend-keepalive", "60s", "--no-health-check")
        connections = {self.ask() for _ in range(20)}
        # Two workers or threads, each of which begins with none.
        self.assertLessEqual(len(connections), 4)

    def test_haproxy_shares_connections(self):
        self.assert_reuse("haproxy")

    def test_nginx_shares_connections(self):
        self.assert_reuse("nginx")

    def test_haproxy_gives_what_may_not_be_asked_twice_a_connection_of_its_own(self):
        self.backend(FIRST, "$connection")
        self.balancer("haproxy", "--backend", "127.0.0.1:8081", "--backend-keepalive", "60s", "--no-health-check")
        self.assertEqual(len({self.ask("POST") for _ in range(10)}), 10)

    def assert_load(self, kind):
        """Many connections at once, again and again, and backends that have just closed theirs or are about to."""
        for address in (FIRST, SECOND):
            self.enterContext(servers.load(self.namespace, support.BINARY, "serve", "-m", "http", "--idle-timeout", "2s",
                                           f"{address[0]}:{address[1]}"))
        self.balancer(kind, "--backend", "127.0.0.1:8081", "--backend", "127.0.0.1:8082", "--backend-keepalive", "2s")
        command = self.namespace.command(support.BINARY, "stress", "-J", "-q", "--http", "/", "--requests", 5, "-n", 300,
                                         "-c", 50, f"{BALANCER[0]}:{BALANCER[1]}")
        with lab.Tracer(self.namespace) as trace:
            for pause_s in (0, 0.9, 1.9, 2, 2.1):
                time.sleep(pause_s)
                done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=support.DEADLINE_S)
                self.assertEqual(json.loads(done.stdout)["failures"], [])
            records, _ = trace.finish()
        self.assertEqual([lab.what(record) for record in records if record["verdict"]["cause"] == "keepalive_race"], [])

    def test_haproxy_under_load(self):
        self.assert_load("haproxy")

    def test_nginx_under_load(self):
        self.assert_load("nginx")

    def assert_no_pool(self, kind, *options):
        self.backend(FIRST, "$connection", keepalive_s=1)
        self.balancer(kind, "--backend", "127.0.0.1:8081", "--no-health-check", *options)
        self.assertEqual(len({self.ask() for _ in range(10)}), 10)

    def test_haproxy_without_a_pool(self):
        self.assert_no_pool("haproxy", "--backend-keepalive", "1s")

    def test_haproxy_without_retries(self):
        self.assert_no_pool("haproxy", "--backend-keepalive", "60s", "--retries", "0")

    def test_nginx_without_a_pool(self):
        self.assert_no_pool("nginx", "--backend-keepalive", "1s")

    def assert_forwarded_proto(self, kind):
        """What has ended TLS before is believed."""
        self.backend(FIRST, "$http_x_forwarded_proto")
        self.balancer(kind, "--backend", "127.0.0.1:8081")
        for header, expected in ((b"", "http"), (b"X-Forwarded-Proto: https\r\n", "https")):
            with self.namespace.connect(BALANCER) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b"\r\n")
                with client.makefile("rb") as answer:
                    self.assertEqual(answer.read().decode().split("\r\n\r\n")[-1], expected)

    def test_haproxy_passes_on_who_ended_tls(self):
        self.assert_forwarded_proto("haproxy")

    def test_nginx_passes_on_who_ended_tls(self):
        self.assert_forwarded_proto("nginx")

    def assert_ipv6(self, kind):
        address = ("::1", 8081)
        self.backend(address, "$server_addr")
        self.balancer(kind, "--backend", "[::1]:8081", listens=("::1", 8000))
        self.assertEqual(self.ask(address=("::1", 8000)), (200, "::1"))

    def test_haproxy_over_ipv6(self):
        self.assert_ipv6("haproxy")

    def test_nginx_over_ipv6(self):
        self.assert_ipv6("nginx")

    def test_haproxy_checks_by_host_and_path(self):
        """With a Host that has the backend's port, and brackets where it needs them."""
        log = {}
        for address in (FIRST, ("::1", 8081)):
            backend = self.backend(address, "ok", server='access_log checks hosts;')
            log[address] = backend.path / "checks"
        self.balancer("haproxy", "--backend", "127.0.0.1:8081", "--backend", "[::1]:8081", "--health-check",
                      "/up?x='1'")
        for address, host in ((FIRST, "127.0.0.1:8081"), (("::1", 8081), "[::1]:8081")):
            line = f"GET /up?x='1' HTTP/1.1 {host} 200\n"
            support.until(lambda: line in log[address].read_text(), f"no check: {log[address].read_text()}")


class Passed(TrafficTest):
    """What a TCP proxy hands on: the client's address, and TLS that it cannot read."""

    def from_(self, source, port=8000):
        """An answer over a connection from this address."""
        client = self.namespace.run(lambda: socket.create_connection(("127.0.0.1", port), support.DEADLINE_S,
                                                                     source_address=(source, 0)))
        with client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            with client.makefile("rb") as answer:
                return answer.read().decode().split("\r\n\r\n")[-1]

    def assert_address(self, first, second):
        """Through two proxies, each of another kind."""
        self.backend(FIRST, "$proxy_protocol_addr", listen="proxy_protocol")
        self.balancer(second, "--backend", "127.0.0.1:8081", "--mode", "tcp", "--proxy-protocol", "both",
                      listens=("127.0.0.1", 8001))
        self.balancer(first, "--backend", "127.0.0.1:8001", "--mode", "tcp", "--proxy-protocol", "send")
        self.assertEqual(self.from_("127.0.0.9"), "127.0.0.9")

    def test_the_address_from_haproxy_to_nginx(self):
        self.assert_address("haproxy", "nginx")

    def test_the_address_from_nginx_to_haproxy(self):
        self.assert_address("nginx", "haproxy")

    def test_the_address_from_haproxy_over_http(self):
        self.backend(FIRST, "$proxy_protocol_addr", listen="proxy_protocol")
        self.balancer("haproxy", "--backend", "127.0.0.1:8081", "--proxy-protocol", "send", "--health-check", "/")
        for source in ("127.0.0.9", "127.0.0.10"):
            self.assertEqual(self.from_(source), source)

    def assert_forwarded_for(self, kind):
        self.backend(FIRST, "$http_x_forwarded_for")
        self.balancer(kind, "--backend", "127.0.0.1:8081", "--proxy-protocol", "accept", listens=("127.0.0.1", 8001))
        self.balancer("haproxy", "--backend", "127.0.0.1:8001", "--mode", "tcp", "--proxy-protocol", "send")
        self.assertEqual(self.from_("127.0.0.9"), "127.0.0.9")

    def test_the_address_as_a_header_by_haproxy(self):
        self.assert_forwarded_for("haproxy")

    def test_the_address_as_a_header_by_nginx(self):
        self.assert_forwarded_for("nginx")

    def certificate(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", directory / "key", "-out",
                        directory / "certificate"], check=True, capture_output=True, timeout=support.DEADLINE_S)
        return directory

    def assert_tls(self, kind):
        """The client sees the backend's certificate, and the backend the name that the client asked for."""
        files = self.certificate()
        self.backend(FIRST, "$ssl_server_name", listen="ssl",
                     server=f"ssl_certificate {files}/certificate; ssl_certificate_key {files}/key;")
        self.balancer(kind, "--backend", "127.0.0.1:8081", "--tls-passthrough")
        context = ssl.create_default_context(cafile=files / "certificate")
        with context.wrap_socket(self.namespace.connect(BALANCER), server_hostname=NAME) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with client.makefile("rb") as answer:
                self.assertTrue(answer.read().endswith(f"\r\n\r\n{NAME}".encode()))

    def test_tls_through_haproxy(self):
        self.assert_tls("haproxy")
        # What is no TLS does not come through.
        with self.namespace.connect(BALANCER) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertEqual(client.recv(100), b"")

    def test_tls_through_nginx(self):
        self.assert_tls("nginx")


class Probe(TrafficTest):
    """--probe-backends: how long backends keep an idle connection, from outside."""

    def generate(self, *options):
        command = self.namespace.command(support.BINARY, "generate", "nginx", "--probe-backends", *options)
        return subprocess.run(command, capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)

    def test_the_one_that_closes_first_counts(self):
        self.backend(FIRST, keepalive_s=4)
        with servers.load(self.namespace, support.BINARY, "serve", "-m", "http", "--body", "100000", "--idle-timeout",
                          "3s", "127.0.0.1:8082"):
            support.until(lambda: self.answers(SECOND), "tcptrace serve does not listen")
            done = self.generate("--backend", "127.0.0.1:8081", "--backend", "127.0.0.1:8082")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(" ".join(done.stdout.split("\n# ")),
                         r"for 3s, measured: 127\.0\.0\.1:8082 closed after 3\.\d s, the first of 2\.")
        self.assertIn("# proxy idle 2s + margin 1s <= backend keep-alive 3s\n", done.stdout)
        self.assertRegex(done.stderr, r"tcptrace: 127.0.0.1:8081 closed after 4.\d s\n"
                         r"tcptrace: 127.0.0.1:8082 closed after 3.\d s\n")

    def answers(self, address):
        try:
            self.namespace.connect(address).close()
        except OSError:
            return False
        return True

    def test_one_that_does_not_close(self):
        self.backend(FIRST, keepalive_s=60)
        done = self.generate("--backend", "127.0.0.1:8081", "--probe-limit", "2.5s")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("for 2s, measured: at least, for none of 1 backend", " ".join(done.stdout.split("\n# ")))
        self.assertIn("tcptrace: 127.0.0.1:8081 still open after 2.5 s\n", done.stderr)

    def test_one_that_wants_the_proxy_protocol(self):
        self.backend(FIRST, keepalive_s=2, listen="proxy_protocol")
        command = self.namespace.command(support.BINARY, "generate", "haproxy", "--probe-backends", "--proxy-protocol",
                                         "send", "--backend", "127.0.0.1:8081")
        done = subprocess.run(command, capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertRegex(done.stderr, r"closed after 2\.\d s")

    def test_one_that_is_not_there(self):
        done = self.generate("--backend", "127.0.0.1:9")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.splitlines()[-1],
                         "tcptrace: --probe-backends: 127.0.0.1:9 cannot be connected to: Connection refused; its "
                         "keep-alive is not known: give --backend-keepalive")

    def test_nobody_waits_for_what_is_refused_anyway(self):
        done = self.generate("--backend", "127.0.0.1:9", "--connect-timeout", "20s")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertTrue(done.stderr.startswith("tcptrace: --connect-timeout: 3 attempts of 20s"), done.stderr)

    def test_one_that_closes_without_an_answer(self):
        with servers.load(self.namespace, support.BINARY, "serve", "--close-unread", "127.0.0.1:8082"):
            support.until(lambda: self.answers(SECOND), "tcptrace serve does not listen")
            done = self.generate("--backend", "127.0.0.1:8082")
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:8082 closed without an answer", done.stderr)


    def stream(self, write):
        """A backend whose answer has no end: write() is called for more of it again and again."""
        listener = self.enterContext(self.namespace.run(lambda: socket.create_server(FIRST)))

        listener.settimeout(support.DEADLINE_S)

        def answer():
            with contextlib.suppress(OSError), listener.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                while True:
                    write(connection)

        thread = threading.Thread(target=answer)
        thread.start()
        self.addCleanup(thread.join)

    def flood(self):
        """Without a pause, and copied by the reader only."""
        file = self.enterContext(tempfile.TemporaryFile())
        file.truncate(64 << 20)
        self.stream(lambda connection: os.sendfile(connection.fileno(), file.fileno(), 0, 64 << 20))

    def assert_no_end(self):
        begin = time.monotonic()
        done = self.generate("--backend", "127.0.0.1:8081", "--probe-limit", "20s", "--connect-timeout", "500ms",
                             "--response-timeout", "2s")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.splitlines()[-1],
                         "tcptrace: --probe-backends: 127.0.0.1:8081 does not end its answer within 2.0 s; its "
                         "keep-alive is not known: give --backend-keepalive")
        self.assertLess(time.monotonic() - begin, 5)

    def test_one_whose_answer_has_no_end(self):
        def event(connection):
            connection.sendall(b"data: x\n\n")
            time.sleep(0.2)

        self.stream(event)
        self.assert_no_end()

    def test_one_that_sends_without_a_pause(self):
        self.flood()
        self.assert_no_end()

    def interrupt(self, process, seconds):
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        said = process.communicate(timeout=support.DEADLINE_S)[1]
        self.assertLess(time.monotonic() - begin, seconds)
        return process.returncode, said

    def test_a_signal_ends_an_answer_that_never_stops(self):
        self.flood()
        command = self.namespace.command(support.BINARY, "generate", "nginx", "--probe-backends", "--backend",
                                         "127.0.0.1:8081", "--response-timeout", "60s")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            self.assertIn("one request to 1 backend", process.stderr.readline())
            time.sleep(1)
            status, said = self.interrupt(process, 5)
        self.assertEqual((status, said), (1, "tcptrace: --probe-backends: interrupted before the keep-alive was known\n"))

    def test_a_signal_ends_the_wait_for_a_resolver(self):
        """One that never answers: nothing is lost yet, and the signal does what it always does."""
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (directory / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
        resolver = self.enterContext(self.namespace.run(lambda: socket.socket(type=socket.SOCK_DGRAM)))
        resolver.settimeout(support.DEADLINE_S)
        resolver.bind(("127.0.0.1", 53))
        for measurement in (("--probe-backends",), ("--watch-backends", "60s")):
            command = self.namespace.command("unshare", "--mount", "sh", "-c",
                                             'mount --bind "$0" /etc/resolv.conf && exec "$@"',
                                             directory / "resolv.conf", support.BINARY, "generate", "nginx", "--backend",
                                             f"{NAME}:80", *measurement)
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
                self.assertIn(NAME.split(".", maxsplit=1)[0].encode(), resolver.recv(512))
                self.assertEqual(self.interrupt(process, 5), (-signal.SIGINT, ""))
            resolver.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while resolver.recv(512):
                    pass
            resolver.settimeout(support.DEADLINE_S)


class Watch(TrafficTest):
    """--watch-backends: how long backends keep an idle connection, by how the connections of others end.

    A watch is of all namespaces: each test has endpoints of its own."""

    def use(self, address):
        """A request on a connection that is then left alone until its server closes it."""
        connection = self.namespace.connect(address)
        self.addCleanup(connection.close)
        connection.settimeout(support.DEADLINE_S)
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        self.assertIn(b"200 OK", connection.recv(65536))
        return connection

    @staticmethod
    def watch(duration, *options):
        return subprocess.Popen([support.BINARY, "generate", "haproxy", "--watch-backends", duration, *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def outcome(self, process):
        out, err = process.communicate(timeout=support.DEADLINE_S)
        return process.returncode, out, err

    def test_what_the_connections_of_others_tell(self):
        closing, keeping = ("127.0.0.1", 8093), ("127.0.0.1", 8094)
        self.backend(closing, keepalive_s=3)
        self.backend(keeping, keepalive_s=60)
        with self.watch("8s", "--backend", "127.0.0.1:8093", "--backend", "127.0.0.1:8094") as process:
            self.assertIn("watching this host's connections to 2 backends for 8.0 s", process.stderr.readline())
            for _ in range(4):
                self.use(closing)
                self.use(keeping)
            status, config, said = self.outcome(process)
        self.assertEqual(status, 0, said)
        self.assertRegex(" ".join(config.split("\n# ")), "for 3s, measured: 127.0.0.1:8093 closed 4 idle connections "
                         r"after 3.\d s; 1 other was not seen to close any, and assumed to keep them for 5.0 s or longer\.")
        self.assertIn("# proxy idle 2s", config)
        self.assertRegex(said, r"tcptrace: 127.0.0.1:8093 closed 4 idle connections after 3.\d s\n"
                         "tcptrace: 127.0.0.1:8094 was not seen to close idle connections\n")
        self.assertEqual(balancers.complaints("haproxy", [config]), "")

    def test_one_that_was_not_seen_is_assumed_to_close_early(self):
        closing = ("127.0.0.1", 8091)
        self.backend(closing, keepalive_s=6)
        with self.watch("9s", "--backend", "127.0.0.1:8091", "--backend", "127.0.0.1:8092") as process:
            process.stderr.readline()
            for _ in range(3):
                self.use(closing)
            status, config, said = self.outcome(process)
        self.assertEqual(status, 0, said)
        self.assertRegex(" ".join(config.split("\n# ")), "ASSUMED to keep an idle connection for 5s, .*: 127.0.0.1:8092 was "
                         r"not seen to close idle connections; 127.0.0.1:8091 closed 3 idle connections after 6.\d s\.")
        self.assertIn("# proxy idle 4s", config)
        self.assertIn("tcptrace: assumed that the backends keep an idle connection for 5.0 s; watch for longer, or give "
                      "--backend-keepalive\n", said)

    def test_nothing_to_see(self):
        with self.watch("1s", "--backend", "127.0.0.1:9", "-o", "/dev/full") as process:
            status, config, said = self.outcome(process)
        self.assertEqual((status, config), (1, ""))
        self.assertRegex(said.splitlines()[-1], r"^tcptrace: --watch-backends: within 1.\d s no backend was seen to "
                         "close idle connections; watch for longer while they are in use, or give --backend-keepalive$")

    def test_a_name_that_nobody_knows(self):
        with self.watch("60s", "--backend", "a.example.invalid:80") as process:
            status, _, said = self.outcome(process)
        self.assertNotEqual(status, 0)
        self.assertIn("tcptrace: --watch-backends: ", said)
        self.assertIn("a.example.invalid", said)

    def test_a_signal_ends_it_early(self):
        """With what was seen until then."""
        closing = ("127.0.0.1", 8095)
        self.backend(closing, keepalive_s=2)
        with self.watch("1h", "--backend", "127.0.0.1:8095") as process:
            process.stderr.readline()
            connections = [self.use(closing) for _ in range(3)]
            for connection in connections:
                self.assertEqual(connection.recv(1), b"")
            process.send_signal(signal.SIGINT)
            status, config, said = self.outcome(process)
        self.assertEqual(status, 0, said)
        self.assertRegex(config, r"closed 3 idle\s")


if __name__ == "__main__":
    unittest.main()
