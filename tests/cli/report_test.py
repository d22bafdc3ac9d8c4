# SPDX-License-Identifier: GPL-2.0
"""`tcptrace report` of files: recordings and JSON Lines, of one host or several, whole or damaged. No privileges."""

import base64
import hashlib
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

import support

FIXTURES = support.SOURCE / "tests/fixtures/recording"
RECORDING = FIXTURES / "session.ttrec"
LINES = FIXTURES / "session.jsonl"
DRILLS = FIXTURES / "drills-6.1-auto.ttrec"
ENVIRONMENT = dict(os.environ, TZ="UTC")
# What differs between reports of the same run: how it was read, and how exact its first time is.
SOURCE_ONLY = ("kind", "name", "first", "duration_ms")


def report(*arguments, **options):
    return support.run("report", *map(str, arguments), env=ENVIRONMENT, **options)


def json_of(*arguments):
    result = report("--json", *arguments)
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    return json.loads(result.stdout)


def events():
    return [json.loads(line) for line in LINES.read_text().splitlines() if '"connection":' in line]


class OfFiles(support.CliTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def test_its_totals_are_those_of_the_records(self):
        made = json_of("-e", "all", RECORDING)
        records = events()
        count = lambda kind: sum(record["type"] == kind for record in records)
        self.assertEqual(made["totals"]["resets_sent"] + made["totals"]["resets_received"], count("reset"))
        for kind in ("accept", "connect", "close", "state", "retransmit"):
            self.assertEqual(made["totals"][f"{kind}s"], count(kind), kind)
        self.assertEqual(made["totals"]["verdicts"] + made["totals"]["echoes"], sum("verdict" in record for record in records))
        self.assertEqual(sum(row["count"] for row in made["causes"]), made["totals"]["verdicts"])
        self.assertEqual(sum(cause["count"] for cause in made["by_cause"]), made["totals"]["verdicts"])
        self.assertEqual(made["sources"][0]["events"], len(records))
        self.assertEqual(made["lost"]["total"], 0)

    def test_a_recording_and_its_json_lines_make_the_same_report(self):
        # A filter that lets one end of a connection through changes what a replay can say of it: the lines have said it.
        for options in ((), ("-e", "all"), ("-6",), ("-P", "8080", "-e", "all"), ("-e", "connect,retransmit")):
            with self.subTest(options):
                recorded, printed = json_of(*options, RECORDING), json_of(*options, LINES)
                for made in (recorded, printed):
                    for key in ("time", "first", "duration_ms"):
                        made.pop(key)
                    for key in SOURCE_ONLY:
                        made["sources"][0].pop(key)
                self.assertEqual(recorded, printed)

    def test_cgroups_of_json_lines_by_path_and_by_id(self):
        one = next(record for record in events() if record["type"] == "reset" and "process" in record)
        lines = []
        for path in ("/a.slice/one", "/a.slice/two", "/ab"):
            one["process"].update(cgroup=path, cgroup_id=100 + len(lines))
            lines.append(json.dumps(one) + "\n")
        file = self.directory / "lines"
        file.write_text("".join(lines))
        for cgroup, count in (("/a.slice", 2), ("/a.slice/one", 1), ("/", 3), ("102", 1), ("/b", 0)):
            self.assertEqual(json_of("--cgroup", cgroup, file)["sources"][0]["events"], count, cgroup)

    def test_several_hosts_merge_by_time(self):
        other = self.directory / "other.jsonl"
        other.write_text(LINES.read_text().replace('"host":"node-7"', '"host":"node-8"').replace("2026-11-21T17", "2026-11-21T18"))
        made = json_of(RECORDING, other)
        self.assertEqual({row["host"] for row in made["causes"]}, {"node-7", "node-8"})
        self.assertEqual([source["host"] for source in made["sources"]], ["node-7", "node-8"])
        self.assertEqual(made["totals"]["verdicts"], 2 * json_of(RECORDING)["totals"]["verdicts"])
        self.assertAlmostEqual(made["duration_ms"], 3600e3 + json_of(RECORDING)["duration_ms"], delta=1)
        times = [bucket["at"] for bucket in made["timeline"]["buckets"]]
        self.assertEqual(times, sorted(times))

    def test_without_privileges_from_stdin(self):
        self.directory.chmod(0o755)
        binary = shutil.copy(support.BINARY, self.directory)
        with open(RECORDING, "rb") as file:
            result = subprocess.run([binary, "report", "--text", "-"], stdin=file, capture_output=True, text=True, user=support.NOBODY,
                                    group=support.NOBODY, extra_groups=[], env=ENVIRONMENT, timeout=support.DEADLINE_S, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("5 sent, 5 received", result.stdout)

    def test_connections_that_were_sampled_have_their_way_to_the_reset(self):
        made = json_of(DRILLS)
        self.assertGreater(len(made["worst"]), 0)
        self.assertLessEqual(len(made["worst"]), made["with_history"])
        for worst in made["worst"]:
            self.assertEqual(worst["history"][-1]["at_ms"], 0)
            self.assertEqual(worst["retransmits"], max(sample["total_retrans"] for sample in worst["history"]))
        order = [(worst["retransmits"], worst["max_rtt_us"]) for worst in made["worst"]]
        self.assertEqual(order, sorted(order, reverse=True))

    def test_a_file_is_replaced_by_a_complete_one_only(self):
        page = self.directory / "report.html"
        page.write_text("old")
        self.assertEqual(report("-o", page, RECORDING, self.directory / "missing").returncode, 2)
        self.assertEqual(page.read_text(), "old")
        result = report("-o", page, RECORDING)
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertRegex(result.stderr, r"^tcptrace: wrote .*report\.html, [\d.]+ KiB\n$")
        self.assertTrue(page.read_text().startswith("<!doctype html>"))
        self.assertTrue(page.read_text().endswith("</html>\n"))
        self.assertEqual([path.name for path in self.directory.iterdir()], ["report.html"])

    def test_what_it_reads_is_not_replaced(self):
        """By whatever name, and from stdin."""
        lines = pathlib.Path(shutil.copy(LINES, self.directory / "lines"))
        (self.directory / "link").symlink_to("lines")
        (self.directory / "same").hardlink_to(lines)
        for name in ("lines", "./lines", "link", "same"):
            for read in (str(lines), "-"):
                with lines.open() as stdin:
                    result = subprocess.run([support.BINARY, "report", RECORDING, read, "-o", name], stdin=stdin, text=True,
                                            capture_output=True, cwd=self.directory, timeout=support.DEADLINE_S, check=False)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                said = "stdin" if read == "-" else lines
                self.assertEqual(result.stderr, f"tcptrace: --output would replace {said}\n")
                self.assertEqual(lines.read_bytes(), LINES.read_bytes())

    def test_runs_in_one_file_add_up(self):
        file = self.directory / "lines"
        runs = []
        for lost, ended_by in ((5, "signal"), (0, "duration")):
            summary = json.loads(LINES.read_text().splitlines()[-1])
            summary["lost"].update(total=lost, ringbuf_full=lost)
            runs += LINES.read_text().splitlines()[:-1] + [json.dumps({**summary, "ended_by": ended_by})]
        file.write_text("".join(line + "\n" for line in runs))
        one, two = json_of(LINES), json_of(file)
        self.assertEqual(two["lost"]["ringbuf_full"], 5)
        self.assertEqual(two["sources"][0]["ended_by"], "signal, duration")
        for first, both in zip(one["sources"][0]["coverage"], two["sources"][0]["coverage"], strict=True):
            for row, twice in zip(first["counters"], both["counters"], strict=True):
                self.assertEqual(twice["kernel"], 2 * row["kernel"])
        self.assertEqual(two["sources"][0]["hooks"], one["sources"][0]["hooks"])

    def test_a_page_is_not_for_a_terminal(self):
        primary, terminal = pty.openpty()
        try:
            result = report(RECORDING, stdout=terminal)
        finally:
            os.close(primary)
            os.close(terminal)
        self.assertEqual(result.stderr, "tcptrace: a page of HTML is not for a terminal; give --output FILE, or --text, or --json\n")
        self.assertEqual(result.returncode, 2)


class Page(support.CliTest):
    @classmethod
    def setUpClass(cls):
        cls.html = report(RECORDING, DRILLS).stdout

    def test_its_policy_allows_its_own_script_and_style_only(self):
        policy = dict(part.split(" ", 1) for part in
                      re.search(r'Content-Security-Policy" content="([^"]*)"', self.html)[1].split("; "))
        self.assertEqual(policy["default-src"], "'none'")
        for element, directive in (("script", "script-src"), ("style", "style-src")):
            [text] = re.findall(rf"<{element}>(.*?)</{element}>", self.html, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            self.assertEqual(policy[directive], f"'sha256-{digest}'")
        self.assertEqual(set(policy), {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"})

    def test_it_names_no_other_place(self):
        head = self.html.split("<script>")[0]
        self.assertEqual(re.findall(r'(?:src|href)="(?!data:,")[^"]*"', head), [])
        self.assertNotIn("@import", self.html)

    def test_it_is_small(self):
        self.assertLess(len(self.html), 400_000)


class Bad(support.CliTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def file(self, content):
        path = self.directory / "file"
        path.write_bytes(content)
        return path

    def test_what_is_neither_is_refused(self):
        for content, line in ((b"", "is empty"), (b"hello\n", "is no recording"), (b"{}\n", "line 1 is no record of tcptrace"),
                              (b'{"schema":1', "line 1 is no record of tcptrace")):
            with self.subTest(content):
                result = report("--text", self.file(content))
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(line, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)

    def test_a_file_that_is_not_there(self):
        result = report("--text", self.directory / "none")
        self.assert_fails(result, 2, f"{self.directory}/none: cannot open: No such file or directory")

    def test_a_recording_that_was_cut_makes_a_report_that_says_so(self):
        whole = RECORDING.read_bytes()
        result = report("--json", self.file(whole[:-200]))
        self.assertEqual(result.returncode, 0)
        made = json.loads(result.stdout)
        self.assertIn("has no end: it was cut off", " ".join(made["sources"][0]["missing"]))
        self.assertIn("has no end", result.stderr)
        self.assertGreater(made["sources"][0]["events"] + made["lost"]["undecodable"], 0)
        text = report("--text", self.file(whole[:-200])).stdout
        self.assertIn("has no end: it was cut off", text)

    def test_json_lines_that_were_cut_or_damaged(self):
        whole = LINES.read_bytes()
        result = report("--json", self.file(whole[:-100]))
        made = json.loads(result.stdout)
        self.assertEqual(made["sources"][0]["missing"], [f"{self.directory}/file has no end: it was cut off, or is still written"])
        lines = whole.splitlines(keepends=True)
        lines[5], lines[7] = b"\xff\xfe\n", lines[7][:50] + b"\n"
        result = report("--json", self.file(b"".join(lines)))
        self.assertEqual(result.returncode, 0)
        self.assertEqual(json.loads(result.stdout)["sources"][0]["missing"], [f"{self.directory}/file is damaged: 2 lines could not be read"])
        self.assertEqual(result.stderr, f"tcptrace: {self.directory}/file is damaged: 2 lines could not be read\n")

    def test_what_has_nothing_for_a_report_says_so(self):
        result = report("--json", self.file(b'{"schema":1,"type":"stress"}\n'))
        self.assertEqual(result.returncode, 0)
        self.assertIn("has no record that a report is made from", result.stderr)

    def test_output_that_cannot_be_written(self):
        for path, line in ((self.directory, "is a directory"), (self.directory / "no" / "x", "No such file or directory")):
            result = report("-o", path, RECORDING)
            self.assertEqual(result.returncode, 2 if path == self.directory else 1)
            self.assertIn(line, result.stderr)


if __name__ == "__main__":
    unittest.main()
