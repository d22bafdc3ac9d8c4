# SPDX-License-Identifier: GPL-2.0
"""Recordings: what --write stores and replay prints again, on another host and without privileges.

The golden recording is tests/fixtures/recording/session.ttrec, with what the trace printed beside it.
`--record` as root makes a new one, in namespaces of its own; `--refresh` replays it into the other files again. Those of
the drills come from guests: `scripts/kernels --filter 'ReplayOfDrills.*' --recordings tests/fixtures/recording`."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

import support

FIXTURES = support.SOURCE / "tests/fixtures/recording"
GOLDEN = FIXTURES / "session.ttrec"
# As the text is printed everywhere.
ENVIRONMENT = dict(os.environ, TZ="UTC")
OUTPUTS = {"session.jsonl": ("-J", "-e", "all"), "session.txt": ("-v",)}
FILE_HEADER = struct.Struct("<8sII32s4HII")
BLOCK_MARKER = b"\xf7ttBLOC\n"


def replay(*arguments, **options):
    return support.run("replay", *arguments, env=ENVIRONMENT, **options)


def events(text):
    """The JSON lines that are about a connection."""
    return [line for line in text.splitlines() if '"connection":' in line]


class Golden(support.CliTest):
    def test_it_prints_what_the_trace_printed(self):
        for name, options in OUTPUTS.items():
            with self.subTest(name):
                result = replay(*options, str(GOLDEN))
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(result.stdout, (FIXTURES / name).read_text())
                self.assertEqual(result.stderr == "", "-J" in options)

    def test_from_stdin(self):
        with open(GOLDEN, "rb") as file:
            result = subprocess.run([str(support.BINARY), "replay", "-J", "-e", "all", "-"], stdin=file,
                                    capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, (FIXTURES / "session.jsonl").read_text())

    def test_without_privileges_and_without_the_host(self):
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            binary = shutil.copy(support.BINARY, directory)
            recording = shutil.copy(GOLDEN, directory)
            result = replay("-J", "-e", "all", recording, binary=binary, user=support.NOBODY, group=support.NOBODY, extra_groups=[],
                            cwd="/")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, (FIXTURES / "session.jsonl").read_text())

    def test_the_recording_is_not_replaced(self):
        """By whatever name, and from stdin."""
        with tempfile.TemporaryDirectory() as directory:
            recording = pathlib.Path(shutil.copy(GOLDEN, directory))
            (recording.parent / "link").symlink_to(recording)
            for name in (recording, f"{directory}/./session.ttrec", f"{directory}/link"):
                for read in (recording, "-"):
                    with recording.open() as stdin:
                        result = subprocess.run([support.BINARY, "replay", read, "-o", name], stdin=stdin, text=True,
                                                capture_output=True, timeout=support.DEADLINE_S, check=False)
                    said = "stdin" if read == "-" else recording
                    self.assertEqual((result.returncode, result.stderr), (2, f"tcptrace: --output would replace {said}\n"))
                    self.assertEqual(recording.read_bytes(), GOLDEN.read_bytes())

    def test_into_a_file(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "out.json"
            result = replay("-J", "-e", "all", "-o", str(file), str(GOLDEN))
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
            self.assertEqual(file.read_text(), (FIXTURES / "session.jsonl").read_text())

    def test_filters_narrow_it_down(self):
        lines = events((FIXTURES / "session.jsonl").read_text())
        records = [json.loads(line) for line in lines]

        def expect(arguments, wanted):
            expected = [line for line, record in zip(lines, records) if wanted(record)]
            self.assertTrue(0 < len(expected) < len(lines), arguments)
            self.assertEqual(events(replay("-J", *arguments, str(GOLDEN)).stdout), expected, arguments)

        some = next(record for record in records if record["type"] == "reset" and "process" in record)
        expect(["-e", "reset"], lambda record: record["type"] == "reset")
        expect(["-e", "all", "-6"], lambda record: record["connection"]["family"] == "ipv6")
        # Without resets: the record of one end says what the other's said, if that is asked for too.
        ends = ("accept", "state", "connect", "close")
        expect(["-e", "accept,state", "-L", "8081"],
               lambda record: record["type"] in ("accept", "state") and record["connection"]["local_port"] == 8081)
        expect(["-e", "all", "-P", "8080"],
               lambda record: 8080 in (record["connection"]["local_port"], record["connection"]["peer_port"]))
        expect(["-e", "accept,state", "--addr", "10.77.0.0/24"],
               lambda record: record["type"] in ("accept", "state") and
               record["connection"]["local"].startswith("10.77.0."))
        expect(["-e", ",".join(ends), "-p", str(some["process"]["pid"])],
               lambda record: record["type"] in ends and record.get("process", {}).get("pid") == some["process"]["pid"])
        expect(["-e", ",".join(ends), "--comm", "client"],
               lambda record: record["type"] in ends and record.get("process", {}).get("comm") == "client")
        expect(["-e", "close", "--netns", str(some["connection"]["netns"])], lambda record: record["type"] == "close")
        self.assertEqual(events(replay("-J", "--netns", "1", str(GOLDEN)).stdout), [])
        self.assertEqual(events(replay("-J", "--cgroup", "/no/such", str(GOLDEN)).stdout), [])

    def test_a_count_ends_it(self):
        result = replay("-J", "-e", "all", "-c", "3", str(GOLDEN))
        self.assertEqual(events(result.stdout), events((FIXTURES / "session.jsonl").read_text())[:3])
        self.assertEqual(json.loads(result.stdout.splitlines()[-1])["ended_by"], "count")

    def test_a_reader_that_leaves_ends_it_quietly(self):
        command = f"'{support.BINARY}' replay -J -e all '{GOLDEN}'; echo $? >&2"
        result = subprocess.run(["bash", "-c", f"({command}) | head -n 1"], capture_output=True, text=True,
                                timeout=support.DEADLINE_S, check=False)
        self.assertEqual(result.stderr, "0\n")
        self.assertEqual(len(result.stdout.splitlines()), 1)


class Bad(support.CliTest):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.file = pathlib.Path(self.directory.name) / "recording"
        self.golden = GOLDEN.read_bytes()

    def replay(self, contents, *arguments):
        self.file.write_bytes(contents)
        return replay("-J", "-e", "all", *arguments, str(self.file))

    def assert_refused(self, contents, reason):
        self.assert_fails(self.replay(contents), 2, f"{self.file}: {reason}")

    def changed_header(self, **changes):
        names = ("magic", "format", "abi", "version", "s0", "s1", "s2", "s3", "reserved", "crc")
        header = dict(zip(names, FILE_HEADER.unpack_from(self.golden)), **changes)
        header["crc"] = zlib.crc32(FILE_HEADER.pack(*header.values())[:-4])
        return FILE_HEADER.pack(*header.values()) + self.golden[FILE_HEADER.size:]

    def test_what_is_no_file(self):
        self.assert_fails(replay("/no/such"), 2, "/no/such: cannot open: No such file or directory")
        self.assert_fails(replay("/tmp"), 2, "/tmp: cannot read: Is a directory")

    def test_what_is_no_recording(self):
        for contents in (b"", b"\0" * 5000, b'{"schema":1}\n', self.golden[:40]):
            self.assert_refused(contents, "this is no recording of tcptrace")

    def test_another_format(self):
        ours = support.run("--version").stdout.strip()
        contents = self.changed_header(format=7, version=b"9.8.7")
        self.assert_refused(contents, f"recorded by tcptrace 9.8.7 in format 7, and {ours} reads format 1")

    def test_records_of_another_layout(self):
        ours = support.run("--version").stdout.strip()
        contents = self.changed_header(abi=9, version=b"9.8.7")
        self.assert_refused(contents,
                            f"recorded by tcptrace 9.8.7 with records of layout 9, and {ours} reads layout 1")

    def test_a_damaged_beginning(self):
        for position in (20, 150):
            damaged = bytearray(self.golden)
            damaged[position] ^= 0xff
            self.assert_refused(bytes(damaged), "its beginning is damaged")

    def test_what_was_cut_off(self):
        lines = events((FIXTURES / "session.jsonl").read_text())
        for size in (len(self.golden) - 1, len(self.golden) * 2 // 3):
            result = self.replay(self.golden[:size])
            self.assertEqual(result.returncode, 0)
            self.assertIn(f"tcptrace: {self.file} has no end: it was cut off, or is still written\n", result.stderr)
            self.assertIn(f"tcptrace: {self.file} is damaged: ", result.stderr)
            seen = events(result.stdout)
            self.assertEqual(seen, lines[:len(seen)])
            summary = json.loads(result.stdout.splitlines()[-1])
            self.assertEqual(summary["ended_by"], "end of the recording")

    def test_what_is_damaged_is_passed_over_and_counted(self):
        lines = events((FIXTURES / "session.jsonl").read_text())
        blocks = [index for index in range(len(self.golden)) if self.golden.startswith(BLOCK_MARKER, index)]
        self.assertGreater(len(blocks), 3)
        damaged = bytearray(self.golden)
        damaged[blocks[2] + 100] ^= 0xff
        result = self.replay(bytes(damaged))
        self.assertEqual(result.returncode, 0)
        summary = json.loads(result.stdout.splitlines()[-1])
        lost = [json.loads(line) for line in result.stdout.splitlines() if '"type":"lost"' in line]
        missing = len(lines) - len(events(result.stdout))
        self.assertGreater(missing, 0)
        self.assertEqual(len(lost), 1)
        self.assertEqual(summary["lost"]["undecodable"], missing)
        plural = "" if missing == 1 else "s"
        self.assertEqual(result.stderr,
                         f"tcptrace: {self.file} is damaged: {missing} record{plural} could not be read\n")
        self.assertEqual(summary["ended_by"], "duration")


def verdicts(recording):
    """What the verdicts are about and what they say, one line each."""
    result = replay("-J", str(recording))
    assert (result.returncode, result.stderr) == (0, ""), result
    lines = []
    for record in map(json.loads, result.stdout.splitlines()):
        if verdict := record.get("verdict"):
            what = record.get("reset", {}).get("direction", record["type"])
            samples = len(record.get("history", []))
            lines.append(f"{what} {record['connection'].get('state', '-')}: {verdict['cause']} ({verdict['confidence']}), "
                         f"{samples} samples: {' '.join(verdict.get('evidence', []))}\n")
    return "".join(lines)


class Drills(support.CliTest):
    """Recorded by ReplayOfDrills on Debian's kernels, with each family of hooks: what is known of a reset differs."""

    def test_the_verdicts_are_those_of_the_fixture(self):
        recordings = sorted(FIXTURES.glob("drills-*.ttrec"))
        self.assertGreater(len(recordings), 8)
        for recording in recordings:
            with self.subTest(recording.name):
                self.assertEqual(verdicts(recording), recording.with_suffix(".verdicts").read_text())


class Write(support.CliTest):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)

    def test_a_file_that_cannot_be_opened(self):
        self.assert_fails(support.run("-w", "/no/such/file", "-d", "1"), 1,
                          "cannot open /no/such/file: No such file or directory")
        self.assert_fails(support.run("-w", "/dev/null", "-d", "1"), 1, "/dev/null is not a regular file")

    def test_the_reader_of_the_output_may_leave(self):
        file = self.path / "recording"
        with support.Listener() as listener, \
                support.Trace("-P", str(listener.port), "-w", str(file)) as trace:
            listener.reset_one()
            trace.process.stdout.readline()
            trace.process.stdout.close()
            self.assertEqual(trace.process.wait(support.DEADLINE_S), 0)
        result = replay("-J", str(file))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(len(events(result.stdout)), 2)
        self.assertEqual(json.loads(result.stdout.splitlines()[-1])["ended_by"], "output closed")

    def test_a_full_disk_is_told_and_does_not_end_the_trace(self):
        # In a mount namespace of its own, which takes the disk with it.
        result = subprocess.run(
            ["unshare", "--mount", sys.executable, "-B", __file__, "--fill-disk", str(self.path)],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0)


def fill_disk(directory):
    """Records onto a disk of 16 KiB until it is full, and goes on."""
    disk, live = directory / "disk", directory / "live.json"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], check=True)
    file = disk / "recording"
    case = unittest.TestCase()
    with support.Listener() as listener:
        command = [str(support.BINARY), "-J", "-e", "all", "-P", str(listener.port), "-o", str(live), "-w", str(file)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:

            def told():
                listener.reset_one()
                return live.exists() and '"type":"lost"' in live.read_text()

            support.until(told, "the loss is not told")
            case.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            errors = process.stderr.read()
    case.assertEqual(process.returncode, 1)
    first, last = errors.splitlines()
    said = f"tcptrace: cannot write {file}: No space left on device; "
    case.assertEqual(first, said + "the trace goes on, and what cannot be recorded is counted as lost")
    case.assertRegex(last.removeprefix(said), r"^\d+ records? not recorded$")
    summary = json.loads(live.read_text().splitlines()[-1])
    case.assertEqual(summary["ended_by"], "signal")
    case.assertGreater(summary["lost"]["output"], 0)
    # What had fitted before is there.
    result = replay("-J", "-e", "all", str(file))
    case.assertEqual(result.returncode, 0)
    recorded, printed = events(result.stdout), events(live.read_text())
    case.assertTrue(0 < len(recorded) < len(printed))
    case.assertLessEqual(set(recorded), set(printed))


def as_process(name, work):
    """Runs `work` in a process with that name, to its end."""
    child = os.fork()
    if child == 0:
        pathlib.Path("/proc/self/comm").write_text(name)
        with contextlib.suppress(OSError):
            work()
        os._exit(0)
    os.waitpid(child, 0)


def connections(family, address, port):
    listener = socket.create_server((address, port), family=family)

    def client(linger):
        with socket.create_connection((address, port)) as out:
            out.send(b"a question")
            time.sleep(0.05)
            if linger:
                out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                time.sleep(0.1)
                out.send(b"another")
                time.sleep(0.05)
                out.send(b"and another")

    for linger in (True, False):
        child = os.fork()
        if child == 0:
            listener.close()
            pathlib.Path("/proc/self/comm").write_text("client")
            with contextlib.suppress(OSError):
                client(linger)
            os._exit(0)
        served, _ = listener.accept()
        time.sleep(0.1)
        served.close()
        os.waitpid(child, 0)
    listener.close()


def into_the_void():
    """Nobody answers: segments are sent again until the patience ends."""
    with socket.socket() as out:
        out.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500)
        out.connect(("10.77.0.9", 8082))


def trouble():
    pathlib.Path("/proc/self/comm").write_text("server")
    connections(socket.AF_INET, "10.77.0.1", 8080)
    time.sleep(1.1)  # another block
    connections(socket.AF_INET6, "::1", 8081)
    as_process("client", lambda: socket.create_connection(("10.77.0.1", 8083)))
    as_process("client", into_the_void)


def record(directory):
    """In network and host name space of its own: a new golden recording."""
    subprocess.run(["hostname", "node-7"], check=True)
    for command in ("link set lo up", "link add v0 type veth peer name v1", "address add 10.77.0.1/24 dev v0",
                    "link set v0 up", "link set v1 up",
                    "neighbour add 10.77.0.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent"):
        subprocess.run(["ip", *command.split()], check=True)
    live = directory / "session.jsonl"
    with open(live, "w", encoding="ascii") as out:
        command = [str(support.BINARY), *OUTPUTS["session.jsonl"], "--netns", f"pid:{os.getpid()}", "-d", "6s",
                   "-w", str(directory / GOLDEN.name)]
        with subprocess.Popen(command, stdout=out) as process:
            support.until(lambda: live.stat().st_size > 0, "no trace")
            trouble()
            process.wait()


def refresh():
    for name, options in OUTPUTS.items():
        (FIXTURES / name).write_text(replay(*options, str(GOLDEN)).stdout)
    for recording in FIXTURES.glob("drills-*.ttrec"):
        recording.with_suffix(".verdicts").write_text(verdicts(recording))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fill-disk"]:
        fill_disk(pathlib.Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--recording-to"]:
        record(pathlib.Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--record"]:
        FIXTURES.mkdir(exist_ok=True)
        subprocess.run(["unshare", "--net", "--uts", sys.executable, "-B", __file__, "--recording-to", str(FIXTURES)],
                       check=True)
        printed = (FIXTURES / "session.jsonl").read_text()
        refresh()
        assert (FIXTURES / "session.jsonl").read_text() == printed, "the replay differs from the trace"
    elif sys.argv[1:2] == ["--refresh"]:
        refresh()
    else:
        unittest.main()
