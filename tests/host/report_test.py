# SPDX-License-Identifier: GPL-2.0
"""The report of a live trace, and its page in a browser: what it shows is what the JSON says, and it asks nobody."""

import base64
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import chromium
import lab
import support

RECORDINGS = support.SOURCE / "tests/fixtures/recording"
HOSTILE = "</script><b>"  # as long a name as a process may have: 15 bytes
RESETS = 20

# Makes RESETS connections and resets them, under the name that it is given.
CLIENT = f"""
import ctypes, socket, struct, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
for _ in range({RESETS}):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
"""


def made(directory, *arguments):
    """A page, and what the JSON of the same says."""
    page = pathlib.Path(directory) / "report.html"
    for output in (["-o", str(page)], ["--json", "-o", str(page) + ".json"]):
        result = support.run("report", *output, *map(str, arguments))
        if result.returncode != 0:
            raise AssertionError(result.stderr)
    return page, json.loads(pathlib.Path(str(page) + ".json").read_text())


class Live(support.CliTest):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.namespace = self.enterContext(lab.Namespace())

    def report(self, *arguments):
        process = subprocess.Popen([str(support.BINARY), "report", "--netns", self.namespace.name, *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stderr.readline(), "tcptrace: tracing; Ctrl-C ends it with what is there by then\n")
        return process

    def reset(self, name):
        server = self.namespace.run(lambda: socket.create_server(("127.0.0.1", 0), backlog=128))
        with server:
            subprocess.run(self.namespace.command(sys.executable, "-c", CLIENT, name, server.getsockname()[1]), check=True,
                           timeout=support.DEADLINE_S)

    def test_resets_are_in_it_with_who_made_them(self):
        process = self.report("--json", "-d", "10m")
        self.reset("breaker")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=support.DEADLINE_S)
        self.assertEqual((process.returncode, err), (0, ""))
        report = json.loads(out)
        self.assertEqual(report["totals"]["resets_sent"], RESETS)
        row = next(row for row in report["causes"] if row["cause"] == "abortive_close")
        self.assertEqual((row["count"], row["comm"], row["peer"]), (RESETS, "breaker", "127.0.0.1"))
        self.assertEqual(report["sources"][0]["kind"], "live")
        self.assertEqual(report["sources"][0]["ended_by"], "signal")
        self.assertEqual(sum(bucket.get("resets_sent", 0) for bucket in report["timeline"]["buckets"]), RESETS)
        counters = {row["counter"]: row for netns in report["sources"][0]["coverage"] for row in netns["counters"]}
        self.assertGreaterEqual(counters["Tcp.OutRsts"]["kernel"], RESETS)

    def test_it_ends_by_itself_and_a_hostile_name_does_nothing(self):
        page = pathlib.Path(self.directory.name) / "live.html"
        process = self.report("-d", "3s", "-o", str(page))
        while process.poll() is None:
            self.reset(HOSTILE)
        _, err = process.communicate(timeout=support.DEADLINE_S)
        self.assertEqual(process.returncode, 0, err)
        with chromium.Page() as browser:
            browser.open(page)
            self.assertEqual(browser.complaints, [])
            cells = browser.evaluate("[...document.querySelectorAll('[data-table=causes] tbody td')].map((cell) => cell.textContent)")
            self.assertIn(HOSTILE, cells)
            self.assertEqual(browser.evaluate("document.querySelectorAll('b').length"), 0)


class InABrowser(support.CliTest):
    """Of the recordings of the drills: all causes, several hosts, histories."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.page, cls.report = made(directory.name, *sorted(RECORDINGS.glob("*.ttrec")))

    def setUp(self):
        self.browser = self.enterContext(chromium.Page())
        self.browser.open(self.page)
        self.browser.settle()

    def columns(self, table, number):
        return self.browser.evaluate(
            f"[...document.querySelectorAll('[data-table={table}] tbody tr')].map((row) => row.cells[{number}].textContent)")

    def test_it_renders_without_a_complaint_and_asks_nobody(self):
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual(self.browser.requests, [f"file://{self.page}"])
        self.assertGreater(self.browser.evaluate("document.querySelectorAll('.plot canvas').length"), 3)

    def test_what_it_would_load_is_refused(self):
        self.browser.evaluate(
            "new Promise((done) => { const image = new Image(); image.onerror = () => done(1); image.src = 'http://192.0.2.1/x'; })")
        self.assertEqual(self.browser.refused, ["csp"])
        # A script that is added has another hash.
        self.browser.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))")
        self.assertIsNone(self.browser.evaluate("window.ran"))
        self.assertTrue(any("Content Security Policy" in str(complaint) for complaint in self.browser.complaints))

    def test_its_figures_are_those_of_the_json(self):
        figures = self.browser.evaluate("[...document.querySelectorAll('[data-figure]')].map((one) => "
                                        "[one.dataset.figure, one.textContent, Number(one.dataset.value)])")
        totals = self.report["totals"]
        sums = {"resets": totals["resets_sent"] + totals["resets_received"], "by_cause.length": len(self.report["by_cause"]),
                "alerts.length": len(self.report["alerts"])}
        self.assertGreater(len(figures), 20)
        for path, shown, value in figures:
            with self.subTest(path):
                expected = self.report
                if path in sums:
                    expected = sums[path]
                else:
                    for step in path.split("."):
                        expected = expected[int(step)] if step.isdigit() else expected[step]
                self.assertEqual(value, expected)
                if not path.endswith("_us"):
                    self.assertEqual(int(shown.replace(",", "")), expected)

    def test_its_tables_are_those_of_the_json(self):
        self.browser.evaluate("[...document.querySelectorAll('.bar button')].forEach((button) => button.hidden || button.click())")
        counts = [int(text.replace(",", "")) for text in self.columns("causes", 0)]
        self.assertEqual(counts, [row["count"] for row in self.report["causes"]])
        self.assertEqual(sorted(self.columns("causes", 1)), sorted(row["cause"] for row in self.report["causes"]))
        self.assertEqual([int(text.replace(",", "")) for text in self.columns("retransmitted", 0)],
                         [row["segments"] for row in self.report["retransmitted"]])
        advice = self.browser.evaluate("[...document.querySelectorAll('.causes li')].map((cause) => cause.dataset.cause)")
        self.assertEqual(advice, [cause["cause"] for cause in self.report["by_cause"]])
        worst = self.browser.evaluate("document.querySelectorAll('[data-worst]').length")
        self.assertEqual(worst, len(self.report["worst"]))

    def test_a_table_sorts_and_can_be_searched(self):
        self.browser.evaluate("[...document.querySelectorAll('.bar button')].forEach((button) => button.hidden || button.click())")
        click = "document.querySelectorAll('[data-table=causes] th')[{}].click()"
        self.browser.evaluate(click.format(1))
        names = self.columns("causes", 1)
        self.assertEqual(names, sorted(names))
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('[data-table=causes] th')[1].ariaSort"), "ascending")
        self.browser.evaluate(click.format(1))
        self.assertEqual(self.columns("causes", 1), sorted(names, reverse=True))
        self.browser.evaluate(click.format(0))
        self.browser.evaluate(click.format(0))
        counts = [int(text.replace(",", "")) for text in self.columns("causes", 0)]
        self.assertEqual(counts, sorted(counts))
        self.browser.evaluate("(() => { const search = document.querySelector('#causes input'); search.value = 'keepalive_race'; "
                              "search.dispatchEvent(new Event('input')); })()")
        self.assertEqual(set(self.columns("causes", 1)), {"keepalive_race"})

    def test_dark_and_light(self):
        background = "getComputedStyle(document.body).backgroundColor"
        colors = {}
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            colors[scheme] = self.browser.evaluate(background)
        self.assertNotEqual(colors["light"], colors["dark"])
        before = self.browser.evaluate("document.querySelector('.plot canvas').toDataURL()")
        self.browser.evaluate("document.getElementById('theme').click()")
        self.browser.settle()
        self.assertEqual(self.browser.evaluate(background), colors["light"], "the switch is against what the browser prefers")
        self.assertNotEqual(self.browser.evaluate("document.querySelector('.plot canvas').toDataURL()"), before)

    def test_it_prints(self):
        self.browser.prefer("dark")
        before = self.browser.evaluate("getComputedStyle(document.body).backgroundColor")
        pdf = base64.b64decode(self.browser.call("Page.printToPDF", printBackground=True)["data"])
        self.assertEqual(pdf[:5], b"%PDF-")
        self.assertIn(b"%%EOF", pdf[-10:])
        self.assertGreater(len(re.findall(rb"/Type\s*/Page\b", pdf)), 1)
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"), before)

    def test_it_fits_a_narrow_window(self):
        for width in (600, 1280):
            self.browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            self.browser.settle()
            self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width)

    def test_without_scripts_it_is_the_text(self):
        self.browser.call("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open(self.page)
        document = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        text = self.browser.call("DOM.querySelector", nodeId=document, selector="noscript pre")["nodeId"]
        self.assertNotEqual(text, 0)
        shown = self.browser.call("DOM.getOuterHTML", nodeId=text)["outerHTML"]
        self.assertIn("COUNT  CAUSE", shown)


class Extremes(support.CliTest):
    def page(self, *lines):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        file = pathlib.Path(directory.name) / "lines.json"
        file.write_text("".join(lines))
        page, report = made(directory.name, file)
        browser = self.enterContext(chromium.Page())
        browser.open(page)
        browser.settle()
        self.assertEqual(browser.complaints, [])
        return browser, report

    def lines(self):
        return (RECORDINGS / "session.jsonl").read_text().splitlines(keepends=True)

    def test_nothing_happened(self):
        lines = [line for line in self.lines() if '"connection":' not in line]
        browser, report = self.page(*lines)
        self.assertEqual(report["totals"]["verdicts"], 0)
        self.assertEqual(browser.evaluate("document.querySelectorAll('.nothing').length"), 2)
        self.assertEqual(browser.evaluate("document.querySelector('[data-figure=resets]').textContent"), "0")

    def test_one_reset(self):
        browser, report = self.page(next(line for line in self.lines() if '"type":"reset"' in line))
        self.assertEqual(len(report["timeline"]["buckets"]), 1)
        self.assertGreaterEqual(browser.evaluate("document.querySelectorAll('.plot canvas').length"), 2)

    def test_ten_thousand_resets_of_many_peers(self):
        record = json.loads(next(line for line in self.lines() if '"type":"reset"' in line))
        lines = []
        for i in range(10000):
            record["connection"]["peer"] = f"10.{i % 7}.{i // 250 % 250}.{i % 250}"
            record["time"] = f"2026-11-21T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}.000000000Z"
            lines.append(json.dumps(record) + "\n")
        browser, report = self.page(*lines)
        self.assertEqual(report["totals"]["resets_sent"], 10000)
        self.assertEqual(report["causes_elsewhere"] + sum(row["count"] for row in report["causes"]), 10000)
        self.assertEqual(browser.evaluate("document.querySelector('[data-figure=resets]').textContent"), "10,000")

    def test_what_a_monitor_wrote(self):
        reading = {"schema": 1, "type": "monitor", "host": "node-7", "connections": 10, "time_wait": 5,
                   "rates": {"connections_per_second": 2.5, "retransmit_percent": 0.5}, "alerts": []}
        lines = [json.dumps(dict(reading, time=f"2026-11-21T01:00:{i:02}.000000000Z", connections=10 + i)) + "\n" for i in range(60)]
        alert = {"schema": 1, "type": "alert", "time": "2026-11-21T01:00:30.000000000Z", "host": "node-7", "name": "time_wait",
                 "state": "raised", "level": "warning", "subject": "host", "threshold": 5000, "peak": 6000, "unit": "sockets",
                 "since": "2026-11-21T01:00:29.000000000Z"}
        browser, report = self.page(*lines, json.dumps(alert) + "\n")
        self.assertEqual(max(point["connections"] for point in report["gauges"][0]["points"]), 69)
        self.assertEqual(browser.evaluate("document.querySelectorAll('#gauges canvas').length"), 2)
        self.assertEqual(browser.evaluate("document.querySelector('[data-table=alerts] tbody').rows.length"), 1)
        self.assertEqual(browser.evaluate("document.querySelector('[data-figure=\"alerts.length\"]').textContent"), "1")


if __name__ == "__main__":
    unittest.main()
