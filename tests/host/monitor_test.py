# SPDX-License-Identifier: GPL-2.0
"""`tcptrace monitor` in a network namespace of its own: its figures beside those of /proc and ss, alerts made by real
connections and handed over once, resets by cause; the dashboard in tmux."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import lab
import support

# Fast, so that a test need not wait: one interval is enough either way.
CONFIG = {"raise_after": 1, "clear_after": 1, "cpu_percent": 100}


class Monitor:
    """A monitor of a namespace as JSON Lines, in a file."""

    def __init__(self, namespace, *arguments, config=None, before=(), **options):
        self.directory = tempfile.TemporaryDirectory()
        # Also for a process that runs as somebody else.
        os.chmod(self.directory.name, 0o755)
        self.output = pathlib.Path(self.directory.name) / "out.jsonl"
        self.errors = pathlib.Path(self.directory.name) / "errors"
        thresholds = pathlib.Path(self.directory.name) / "thresholds.json"
        thresholds.write_text(json.dumps(CONFIG | (config or {})))
        command = namespace.command(*before, support.BINARY, "monitor", "-J", "-i", "200ms", "--netns",
                                    namespace.inode, "--config", thresholds, *arguments)
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, **options)

    def __enter__(self):
        support.until(lambda: self.process.poll() is not None or self.readings(), "no reading")
        return self

    def __exit__(self, *_):
        self.end()
        self.directory.cleanup()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(support.DEADLINE_S)

    def records(self):
        lines = self.output.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def readings(self):
        return [record for record in self.records() if record["type"] == "monitor"]

    def alerts(self, name):
        return [record for record in self.records() if record["type"] == "alert" and record["name"] == name]

    def until(self, condition, what):
        """Waits for a reading of which condition() is true."""
        found = []

        def look():
            if self.process.poll() is not None:
                raise AssertionError(f"the monitor ended with {self.process.returncode}: {self.errors.read_text()}")
            found[:] = [reading for reading in self.readings() if condition(reading)]
            return found
        support.until(look, what)
        return found[-1]


class Namespace(lab.Namespace):
    """One that is asked what is in it."""

    def listen(self, backlog=1024, port=0):
        return self.run(lambda: socket.create_server(("127.0.0.1", port), backlog=backlog))

    def text(self, file):
        return self.run(lambda: pathlib.Path("/proc/thread-self/net", file).read_text())

    def counters(self):
        """Tcp's of net/snmp."""
        names, values = [line.split()[1:] for line in self.text("snmp").splitlines() if line.startswith("Tcp:")]
        return dict(zip(names, map(int, values)))


def port_of(server):
    return server.getsockname()[1]


def close_by_reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Terminal:
    """A shell in tmux, in a namespace."""

    def __init__(self, namespace, columns=100, rows=30, term="screen-256color"):
        self.directory = tempfile.TemporaryDirectory()
        self.socket = pathlib.Path(self.directory.name) / "tmux"
        self.namespace = namespace
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "env", f"TERM={term}", "LC_ALL=C.UTF-8", "PS1=ready$ ", *namespace.command("bash", "--norc"))
        self.until("ready", "no shell")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # It ends with its last session, too.
        with contextlib.suppress(subprocess.CalledProcessError):
            self.tmux("kill-server")
        self.directory.cleanup()

    def tmux(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=True,
                              env=environment, timeout=support.DEADLINE_S).stdout

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def value(self, name):
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def until(self, pattern, what=None):
        seen = []

        def look():
            seen[:] = [self.screen()]
            return re.search(pattern, seen[0])
        try:
            support.until(look, what or pattern)
        except TimeoutError as failure:
            raise AssertionError(f"{failure}; the screen is:\n{seen[0]}") from None
        return seen[0]

    def start(self, *arguments):
        """The monitor in place of nothing: its pid."""
        pid_file = pathlib.Path(self.directory.name) / "pid"
        status_file = pathlib.Path(self.directory.name) / "status"
        self.before, self.after = (pathlib.Path(self.directory.name) / name for name in ("before", "after"))
        self.status = status_file
        words = " ".join(map(str, arguments))
        self.keys(f"stty -a >{self.before}; sh -c 'echo $$ >{pid_file}; exec {support.BINARY} monitor {words}'; "
                  f"echo $? >{status_file}; stty -a >{self.after}; echo over", "Enter")
        support.until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"), "no monitor")
        self.pid = int(pid_file.read_text())

    def finish(self):
        """Waits for its end: the exit status, and whether the terminal is as it was."""
        self.until(r"(?m)^over$", "it did not end")
        settings = [re.sub(r"rows \d+; columns \d+;", "", file.read_text()) for file in (self.before, self.after)]
        return int(self.status.read_text()), settings[0] == settings[1] and self.value("alternate_on") == "0"


class PseudoTerminal:
    """A terminal that is read when it is told to."""

    def __init__(self, namespace, rows=40, columns=120):
        self.namespace = namespace
        self.master, self.end = os.openpty()
        self.rows, self.columns = rows, columns
        self.resize(rows)
        self.before = termios.tcgetattr(self.end)
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.end)

    def start(self, *arguments):
        self.process = subprocess.Popen(self.namespace.command(support.BINARY, "monitor", *arguments),
                                        stdin=self.end, stdout=self.end, stderr=self.end, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})

    def resize(self, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, self.columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def until(self, pattern):
        seen = b""
        deadline = time.monotonic() + support.DEADLINE_S
        while not re.search(pattern, seen):
            ready, _, _ = select.select([self.master], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError(f"{pattern} was not drawn: {seen}")
            seen += os.read(self.master, 65536)

    def fill(self):
        """Draws without end into it, until it takes no more."""
        def full():
            self.resize(self.rows + 1)
            time.sleep(0.02)
            self.resize(self.rows)
            self.process.send_signal(signal.SIGWINCH)
            time.sleep(0.02)
            return not select.select([], [self.end], [], 0)[1]
        support.until(full, "it takes everything")


class MonitorTest(support.CliTest):
    def setUp(self):
        self.exits = contextlib.ExitStack()
        self.addCleanup(self.exits.close)
        self.namespace = self.enter(Namespace())

    def enter(self, manager):
        return self.exits.enter_context(manager)

    def connections(self, server, count):
        """Pairs of ends."""
        address = server.getsockname()
        pairs = []
        for _ in range(count):
            client = self.enter(self.namespace.connect(address))
            pairs.append((client, self.enter(server.accept()[0])))
        return pairs

    def monitor(self, *arguments, **options):
        return self.enter(Monitor(self.namespace, *arguments, **options))

    def test_figures_are_those_of_proc_and_ss(self):
        server = self.enter(self.namespace.listen())
        self.connections(server, 30)
        monitor = self.monitor("--no-trace")
        reading = monitor.until(lambda one: one.get("sockets", {}).get("total") == 61, "no walk")
        self.assertEqual(reading["connections"], self.namespace.counters()["CurrEstab"])
        self.assertEqual(reading["connections"], 60)
        self.assertEqual(reading["namespaces"], 1)
        states = reading["sockets"]["states"]
        listed = self.namespace.ss("-a")
        self.assertEqual(states["ESTABLISHED"], sum(line.startswith("ESTAB") for line in listed))
        self.assertEqual(states["LISTEN"], sum(line.startswith("LISTEN") for line in listed))
        self.assertEqual(reading["sockets"]["peers"][0], {"address": "127.0.0.1", "connections": 60, "established": 60})
        self.assertEqual(reading["sockets"]["processes"][0]["process"]["pid"], os.getpid())
        self.assertEqual(sum(bucket["connections"] for bucket in reading["sockets"]["rtt"]), 60)
        opened = self.namespace.counters()
        self.connections(server, 25)
        monitor.until(lambda one: one["connections"] == 110, "the new connections are not there")
        counted = self.namespace.counters()
        since = [one["rates"] for one in monitor.readings()]
        self.assertEqual(sum(rates["active_opens"] for rates in since), counted["ActiveOpens"] - opened["ActiveOpens"])
        self.assertEqual(sum(rates["passive_opens"] for rates in since),
                         counted["PassiveOpens"] - opened["PassiveOpens"])
        self.assertEqual(monitor.end(), 0)

    def test_an_alert_is_raised_and_cleared_and_handed_over_once(self):
        server = self.enter(self.namespace.listen())
        with tempfile.TemporaryDirectory() as directory:
            told = pathlib.Path(directory) / "told"
            command = f'cat >>{told}; echo "$TCPTRACE_ALERT_NAME $TCPTRACE_ALERT_STATE $TCPTRACE_ALERT_LEVEL" >>{told}.env'
            monitor = self.monitor("--no-trace", "--exec", command,
                                   config={"max_connections": 20, "connection_rate": None})
            pairs = self.connections(server, 12)
            support.until(lambda: monitor.alerts("max_connections"), "no alert")
            raised, = monitor.alerts("max_connections")
            self.assertEqual((raised["state"], raised["level"], raised["subject"]), ("raised", "warning", "host"))
            self.assertGreaterEqual(raised["value"], 20)
            reading = monitor.until(lambda one: one["alerts"], "the reading has no alert")
            self.assertEqual(reading["alerts"][0]["since"], raised["since"])
            more = self.connections(server, 10)
            support.until(lambda: len(monitor.alerts("max_connections")) == 2, "it does not escalate")
            monitor.until(lambda one: one["connections"] == 44, "not all are there")
            for client, served in pairs + more:
                close_by_reset(client)
                served.close()
            support.until(lambda: len(monitor.alerts("max_connections")) == 3, "it is not cleared")
            changes = monitor.alerts("max_connections")
            self.assertEqual([change["state"] for change in changes], ["raised", "escalated", "cleared"])
            self.assertEqual(changes[2]["peak"], 44)
            self.assertEqual({change["since"] for change in changes}, {raised["since"]})
            self.assertEqual(monitor.end(), 0)
            received = [json.loads(line) for line in told.read_text().splitlines()]
            self.assertEqual([one for one in received if one["name"] == "max_connections"], changes)
            self.assertEqual([line for line in pathlib.Path(f"{told}.env").read_text().splitlines()
                              if line.startswith("max_connections")],
                             ["max_connections raised warning", "max_connections escalated critical",
                              "max_connections cleared critical"])
            self.assertEqual(monitor.errors.read_text(), "")

    def test_a_full_queue_and_ports_that_run_out(self):
        self.namespace.set("ipv4/ip_local_port_range", "20000 20049")
        server = self.enter(self.namespace.listen(backlog=8))
        for _ in range(8):
            self.enter(self.namespace.connect(server.getsockname()))
        monitor = self.monitor("--no-trace", config={"port_use": 50})
        support.until(lambda: monitor.alerts("listener_backlog"), "no alert for the queue")
        alert = monitor.alerts("listener_backlog")[0]
        self.assertEqual((alert["state"], alert["value"]), ("raised", 100))
        self.assertEqual(alert["subject"], f"127.0.0.1:{port_of(server)}")
        accepted = [self.enter(server.accept()[0]) for _ in range(8)]
        support.until(lambda: len(monitor.alerts("listener_backlog")) == 2, "the queue is not empty")
        self.assertEqual(monitor.alerts("listener_backlog")[1]["state"], "cleared")
        self.assertEqual(monitor.alerts("port_use"), [])
        for _ in range(20):
            self.enter(self.namespace.connect(server.getsockname()))
            accepted.append(self.enter(server.accept()[0]))
        support.until(lambda: monitor.alerts("port_use"), "no alert for the ports")
        alert = monitor.alerts("port_use")[0]
        self.assertEqual(alert["subject"], f"127.0.0.1 -> 127.0.0.1:{port_of(server)}")
        self.assertGreaterEqual(alert["value"], 50)
        last = monitor.until(lambda one: "sockets" in one and one["sockets"]["port_use"][0]["ports"] == 28,
                             "the ports are not counted")
        self.assertEqual(last["sockets"]["port_use"][0]["available"], 50)
        self.assertEqual(last["sockets"]["port_use"][0]["percent"], 56)

    def test_resets_by_cause_and_errors(self):
        server = self.enter(self.namespace.listen())
        monitor = self.monitor(config={"error_min_connections": 5})
        self.assertIn("trace", monitor.readings()[0], monitor.errors.read_text())
        for client, served in self.connections(server, 7):
            served.sendall(b"unread")
            support.until(lambda end=client: end.recv(1, socket.MSG_PEEK), "nothing came")
            client.close()
        closed = self.namespace.run(lambda: socket.create_server(("127.0.0.1", 0)))
        address = closed.getsockname()
        closed.close()
        for _ in range(3):
            with self.assertRaises(ConnectionRefusedError):
                self.namespace.connect(address)

        def causes(reading):
            return {row["cause"]: row for row in reading.get("trace", {}).get("causes", [])}
        reading = monitor.until(lambda one: causes(one).get("close_with_unread_data", {}).get("sent") == 7,
                                "the resets are not counted")
        self.assertEqual(causes(reading)["close_with_unread_data"]["sent_last_minute"], 7)
        reading = monitor.until(lambda one: causes(one).get("connection_refused", {}).get("received") == 3,
                                "the refusals are not counted")
        self.assertEqual(reading["trace"]["lost"]["total"], 0)
        support.until(lambda: monitor.alerts("error_rate"), "no alert for the errors")
        self.assertEqual(monitor.alerts("error_rate")[0]["state"], "raised")

    def test_retries_are_named(self):
        closed = self.namespace.run(lambda: socket.create_server(("127.0.0.1", 0)))
        address = closed.getsockname()
        closed.close()
        monitor = self.monitor()
        began = time.monotonic()
        # A machine that is busy elsewhere delays some of them.
        for attempt in range(60):
            support.until(lambda due=began + 0.5 * attempt: time.monotonic() >= due, "time stands still")
            if attempt > 6 and monitor.readings()[-1]["retries"]:
                break
            with self.assertRaises(ConnectionRefusedError):
                self.namespace.connect(address)
        found = monitor.until(lambda one: one["retries"], "no pattern")["retries"][0]
        self.assertIn(f"-> 127.0.0.1:{address[1]}", found["subject"])
        self.assertFalse(found["backs_off"])
        self.assertAlmostEqual(found["last_gap_ms"], 500, delta=150)

    def test_without_root_what_is_missing_is_said(self):
        server = self.enter(self.namespace.listen())
        self.connections(server, 5)
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            binary = shutil.copy(support.BINARY, directory)
            result = subprocess.run(self.namespace.command(*support.AS_NOBODY, binary, "monitor", "--once", "-J", "-i", "200ms",
                                                            "--netns", self.namespace.inode),
                                    capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("resets and retransmissions are not traced", result.stderr)
        reading, = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual(reading["sockets"]["states"], {"ESTABLISHED": 10, "LISTEN": 1})
        self.assertEqual(reading["sockets"]["source"], "netlink")
        self.assertGreater(reading["sockets"]["unread_processes"], 0)
        self.assertIn("no_trace", reading)
        self.assertEqual(reading["connections"], 10)

    def test_once_and_plain(self):
        server = self.enter(self.namespace.listen())
        self.connections(server, 4)
        within = ("monitor", "--no-trace", "--netns", str(self.namespace.inode), "-i", "200ms")
        text = support.run(*within, "--once")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        self.assertRegex(text.stdout, r"(?m)^connections +8$")
        self.assertRegex(text.stdout, r"(?m)^ESTABLISHED +8 ")
        self.assertRegex(text.stdout, rf"(?m)^127.0.0.1:{port_of(server)} +0 +1,024 +0 % +4 ")
        lines = support.run(*within, "--plain", "-d", "1s").stdout.splitlines()
        self.assertRegex(lines[0], r"^TIME +CONNS +TIME_WAIT +CONNS/S +ERRORS +RETRANS +RST SENT/S +SOCKETS +ALERTS$")
        self.assertIn(len(lines), range(3, 7))
        for line in lines[1:]:
            self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d{3} +8 +0 +0.0 +- +0.00 % +0.0 +(9|-) +0$")
        self.assertNotIn("TIME ", support.run(*within, "--plain", "-H", "-d", "1s").stdout)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "out"
            self.assertEqual(support.run(*within, "-o", str(path), "-d", "1s").stdout, "")
            self.assertGreater(len(path.read_text().splitlines()), 2)

    def test_commands_that_fail_or_hang_are_counted_and_said_once(self):
        server = self.enter(self.namespace.listen())
        pairs = self.connections(server, 3)
        monitor = self.monitor("--no-trace", "--exec", "exit 7", config={"max_connections": 5})
        support.until(lambda: monitor.alerts("max_connections"), "no alert")
        for client, served in pairs:
            close_by_reset(client)
            served.close()
        support.until(lambda: len(monitor.alerts("max_connections")) == 2, "it is not cleared")
        monitor.until(lambda one: one["losses"]["commands_failed"] == 2, "the failures are not counted")
        self.assertEqual(monitor.end(), 0)
        self.assertEqual(monitor.errors.read_text(),
                         "tcptrace: --exec: 2 of the commands failed, the first has exit status 7\n")

    def test_the_dashboard_shows_every_view(self):
        server = self.enter(self.namespace.listen())
        self.connections(server, 6)
        terminal = self.enter(Terminal(self.namespace, 110, 34))
        terminal.start("--netns", self.namespace.inode, "-i", "200ms")
        terminal.until(r"(?m)^connections +12 ")
        terminal.until(r"(?m)^ESTABLISHED +12 ")
        self.assertEqual(terminal.value("alternate_on"), "1")
        for key, shown in (("2", r"PEER +CONNECTIONS"), ("3", rf"127.0.0.1:{port_of(server)} +0 +1,024"),
                           ("4", "CAUSE|nothing is traced"), ("5", "ROUND TRIP BELOW"), ("6", "what the figures are"),
                           ("1", "connections/s"), ("Tab", r"\[2 talkers\]"), ("BTab", r"\[1 overview\]"),
                           ("?", r"\[6 help\]"), ("h", r"\[1 overview\]"), ("?", r"\[6 help\]"),
                           ("Escape", r"\[1 overview\]"), ("+", "every 500.0 ms"), ("-", "every 200.0 ms"),
                           ("Space", "paused"), ("Space", "every"), ("2", "sort: connections"),
                           ("s", "sort: established"), ("s", "sort: name"), ("s", "sort: connections")):
            terminal.keys(key)
            terminal.until(shown, f"{key}: {shown}")
        terminal.keys("/", "n", "o", "n", "e", "-", "q")
        terminal.until(r"/none-q_")
        terminal.keys("BSpace", "Enter")
        terminal.until(r"/ filter: none-")
        terminal.until("none that matches")
        terminal.keys("Escape")
        terminal.until(r"(?m)^127.0.0.1 +12")
        terminal.keys("q")
        self.assertEqual(terminal.finish(), (0, True))

    def test_the_dashboard_scrolls_and_pauses(self):
        terminal = self.enter(Terminal(self.namespace, 90, 12))
        terminal.start("--no-trace", "-i", "200ms")
        terminal.until("connections/s")
        terminal.keys("6")
        terminal.until(r"(?m)^keys$")
        for key, shown in (("End", "More in tcptrace"), ("Home", r"(?m)^keys$"), ("NPage", "what the figures"),
                           ("PPage", r"(?m)^keys$"), ("Down", "(?m)^  q +quit"), ("Up", r"(?m)^keys$")):
            terminal.keys(key)
            terminal.until(shown, f"{key}: {shown}")
        terminal.keys("1", "Space")
        paused = terminal.until("paused")
        time_shown = re.search(r"\d\d:\d\d:\d\d\.\d+", paused).group()
        end = time.monotonic() + 1
        support.until(lambda: time.monotonic() > end, "time stands still")
        self.assertIn(time_shown, terminal.screen())
        terminal.keys("Space")
        support.until(lambda: time_shown not in terminal.screen(), "it is still paused")
        terminal.keys("q")
        self.assertEqual(terminal.finish(), (0, True))

    def test_the_dashboard_takes_any_size(self):
        terminal = self.enter(Terminal(self.namespace, 20, 5))
        terminal.start("--no-trace", "-i", "200ms")
        terminal.until("connections")
        for columns, rows, shown in ((300, 80, "q quit"), (10, 3, "too small"), (80, 24, "q quit"), (40, 8, "overview"),
                                     (20, 4, "tcptrace"), (2, 2, "to"), (120, 40, "q quit")):
            terminal.resize(columns, rows)
            screen = terminal.until(shown, f"{columns}x{rows}: {shown}")
            self.assertLessEqual(max(map(len, screen.splitlines())), columns)
            for view in "123456":
                terminal.keys(view)
        terminal.until(r"\[6 help\]")
        terminal.keys("q")
        self.assertEqual(terminal.finish(), (0, True))

    def test_signals_put_the_terminal_back(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name), Terminal(self.namespace) as terminal:
                terminal.start("--no-trace", "-i", "200ms")
                terminal.until("connections/s")
                os.kill(terminal.pid, number)
                self.assertEqual(terminal.finish(), (0, True))
        with Terminal(self.namespace) as terminal:
            terminal.start("--no-trace", "-i", "200ms")
            terminal.until("connections/s")
            terminal.keys("C-c")
            self.assertEqual(terminal.finish(), (0, True))

    def test_a_terminal_that_goes_ends_it(self):
        terminal = self.enter(Terminal(self.namespace))
        terminal.start("--no-trace", "-i", "200ms")
        terminal.until("connections/s")
        terminal.tmux("kill-session")
        support.until(lambda: not pathlib.Path(f"/proc/{terminal.pid}").exists(), "it goes on")

    def test_a_terminal_that_takes_nothing_does_not_hold_it_up(self):
        with PseudoTerminal(self.namespace) as terminal:
            terminal.start("--no-trace", "-i", "200ms")
            terminal.until(rb"connections/s")
            terminal.fill()
            # What was left is taken first, so that the screen is whole.
            terminal.type(b"?")
            terminal.until(rb"pause, and go on")
            terminal.fill()
            terminal.process.send_signal(signal.SIGTERM)
            self.assertEqual(terminal.process.wait(timeout=support.DEADLINE_S), 0)
            self.assertEqual(termios.tcgetattr(terminal.end), terminal.before)

    def test_a_terminal_that_was_stopped_is_put_back(self):
        with PseudoTerminal(self.namespace) as terminal:
            terminal.start("--no-trace", "-i", "200ms")
            terminal.until(rb"connections/s")
            terminal.type(b"\x13")
            time.sleep(1)
            terminal.type(b"q")
            terminal.until(rb"\x1b\[\?1049l")
            self.assertEqual(terminal.process.wait(timeout=support.DEADLINE_S), 0)

    def test_it_can_be_stopped_and_goes_on(self):
        with Terminal(self.namespace) as terminal:
            terminal.keys("stty -a >/dev/null; set -m", "Enter")
            terminal.start("--no-trace", "-i", "200ms")
            terminal.until("connections/s")
            terminal.keys("C-z")
            terminal.until("Stopped")
            self.assertEqual(terminal.value("alternate_on"), "0")
            terminal.keys("fg", "Enter")
            terminal.until("connections/s")
            self.assertEqual(terminal.value("alternate_on"), "1")
            terminal.keys("q")
            support.until(lambda: terminal.value("alternate_on") == "0", "it did not end")

    def test_a_terminal_that_cannot_draw_gets_lines(self):
        for name, why in (("dumb", '"dumb" cannot move its cursor'), ("no-such-terminal", "is not known here")):
            with self.subTest(name), Terminal(self.namespace, term=name) as terminal:
                terminal.start("--no-trace", "-i", "200ms", "-d", "1s")
                terminal.until(r"(?m)^TIME +CONNS")
                self.assertIn(why, terminal.screen())
                self.assertEqual(terminal.finish(), (0, True))

    def test_a_configuration_that_is_wrong(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "t.json"
            for text, message in (
                    ('{\n "time_wait": 1,\n "time_weit": 2\n}',
                     ':3: unknown key "time_weit"; the keys are in tcptrace(8), CONFIGURATION OF MONITOR'),
                    ('{\n "time_wait": "x"\n}', ':2: time_wait: "x" is not a number or null'),
                    ('{"port_use": 101}', ":1: port_use: 101 is not from 0.001 to 100"),
                    ('{\n "time_wait": 1\n oops }', ":3:2: this is no JSON"),
                    ("[]", ":1: an array is not an object of keys and values")):
                with self.subTest(text):
                    path.write_text(text)
                    result = support.run("monitor", "--once", "--config", str(path))
                    self.assert_fails(result, 2, f"--config: {path}{message}")


if __name__ == "__main__":
    unittest.main()
