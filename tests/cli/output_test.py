# SPDX-License-Identifier: GPL-2.0
"""Where the output goes when it cannot: unwritable and full files, readers that leave."""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

import support


class Output(support.CliTest):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)

    def test_a_file_that_cannot_be_opened(self):
        self.assert_fails(support.run("-o", "/no/such/file", "-d", "1"), 1,
                          "cannot open /no/such/file: No such file or directory")
        self.assert_fails(support.run("-o", str(self.path), "-d", "1"), 1,
                          f"cannot open {self.path}: Is a directory")

    def test_a_file_gets_everything_and_stdout_nothing(self):
        file = self.path / "out.json"
        result = support.run("-J", "-d", "100ms", "-o", str(file))
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        lines = file.read_text().splitlines()
        self.assertIn('"type":"hooks"', lines[0])
        self.assertIn('"type":"summary"', lines[-1])

    def test_a_full_device(self):
        self.assert_fails(support.run("-J", "-d", "1", "-o", "/dev/full"), 1,
                          "cannot write /dev/full: No space left on device; 1 line not written")
        with open("/dev/full", "w", encoding="ascii") as full:
            for arguments in (["--help"], ["check", "--json"], ["-J", "-d", "1"]):
                result = support.run(*arguments, stdout=full)
                self.assertRegex(
                    result.stderr,
                    r"^tcptrace: cannot write stdout: No space left on device; \d+ lines? not written\n$")
                self.assertEqual(result.returncode, 1)

    def test_stdout_that_is_closed(self):
        result = support.run("--version", stdout=None, preexec_fn=lambda: os.close(1))
        self.assert_fails(result, 1, "cannot write stdout: Bad file descriptor; 1 line not written")

    def test_a_trace_whose_stdout_is_closed(self):
        for arguments in (["-d", "300ms"], ["-J", "-d", "300ms"]):
            result = support.run(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr.splitlines()[-1], r"^tcptrace: cannot write stdout: Bad file descriptor")

    def test_stdin_and_stderr_that_are_closed_change_nothing(self):
        def close(*descriptors):
            return lambda: [os.close(fd) for fd in descriptors]

        for options in ({"preexec_fn": close(2), "stderr": None}, {"preexec_fn": close(0, 2), "stderr": None}):
            result = support.run("-J", "-d", "100ms", **options)
            self.assertEqual(result.returncode, 0)
            self.assertIn('"type":"summary"', result.stdout.splitlines()[-1])
        with open("/dev/full", "w", encoding="ascii") as full:
            self.assertEqual(support.run("-d", "100ms", stderr=full).returncode, 0)

    def test_a_fifo_that_nobody_reads(self):
        fifo = self.path / "fifo"
        os.mkfifo(fifo)
        self.assert_fails(support.run("-J", "-d", "1", "-o", str(fifo)), 1,
                          f"cannot open {fifo}: No such device or address; nobody reads this FIFO: start its reader first")

    def test_a_file_that_may_not_grow(self):
        file = self.path / "out.json"

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        result = support.run("-J", "-d", "1", "-o", str(file), preexec_fn=limit)
        self.assert_fails(result, 1, f"cannot write {file}: File too large; 1 line not written")

    def test_a_configuration_is_there_whole_or_not_at_all(self):
        file = self.path / "haproxy.cfg"
        generate = ("generate", "haproxy", "--backend", "127.0.0.1:80", "--backend-keepalive", "60s", "-o")
        file.write_text("old\n", encoding="ascii")
        file.chmod(0o600)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        result = support.run(*generate, str(file), preexec_fn=limit)
        self.assert_fails(result, 1, f"cannot write {file}: File too large")
        self.assertEqual((file.read_text(encoding="ascii"), list(self.path.iterdir())), ("old\n", [file]))
        self.assertEqual(support.run(*generate, str(file)).returncode, 0)
        text = support.run(*generate[:-1]).stdout
        self.assertEqual((file.read_text(encoding="ascii"), file.stat().st_mode & 0o777), (text, 0o600))
        self.assertEqual(support.run(*generate, "/dev/stdout").stdout, text)
        self.assert_fails(support.run(*generate, "/dev/full"), 1,
                          "cannot write /dev/full: No space left on device; "
                          f"{text.count(chr(10))} lines not written")
        fifo = self.path / "fifo"
        os.mkfifo(fifo)
        self.assert_fails(support.run(*generate, str(fifo)), 1,
                          f"cannot open {fifo}: No such device or address; nobody reads this FIFO: start its reader first")

    def test_what_cannot_be_replaced_is_written_in_place(self):
        generate = ("generate", "haproxy", "--backend", "127.0.0.1:80", "--backend-keepalive", "60s")
        text = support.run(*generate).stdout
        # Mounted by itself, as into a container.
        file = self.path / "haproxy.cfg"
        file.write_text("old\n" + 100 * text, encoding="ascii")
        mounted = 'mount --bind "$0" "$0" && "$@" && cat "$0"'
        result = subprocess.run(["unshare", "--mount", "sh", "-c", mounted, str(file), support.BINARY, *generate, "-o", str(file)],
                                capture_output=True, text=True, timeout=support.DEADLINE_S, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, text, ""))
        # In a directory that is another's.
        file.write_text("old\n", encoding="ascii")
        file.chmod(0o666)
        self.path.chmod(0o755)
        binary = self.path / "tcptrace"
        shutil.copy(support.BINARY, binary)
        result = support.run(*generate, "-o", str(file), binary=binary, user=support.NOBODY, group=support.NOBODY, extra_groups=[])
        self.assertEqual((result.returncode, result.stderr, file.read_text(encoding="ascii")), (0, "", text))

    def test_stdout_by_its_name_is_where_the_shell_has_it(self):
        file = self.path / "all.cfg"
        generate = ("generate", "haproxy", "--backend", "127.0.0.1:80", "--backend-keepalive", "60s")
        commands = '{ echo "# head"; "$@"; echo "# tail"; } >"$0"'
        subprocess.run(["sh", "-c", commands, str(file), support.BINARY, *generate, "-o", "/dev/stdout"],
                       timeout=support.DEADLINE_S, check=True)
        self.assertEqual(file.read_text(encoding="ascii"), f"# head\n{support.run(*generate).stdout}# tail\n")

    def test_a_disk_that_fills_up_leaves_whole_lines(self):
        # In a mount namespace of its own, which takes the disk with it.
        result = subprocess.run(
            ["unshare", "--mount", sys.executable, "-B", __file__, "--fill-disk", str(self.path)],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 0)

    def test_a_reader_that_leaves_ends_the_trace_quietly(self):
        with support.Listener() as listener:
            with support.Trace("-P", str(listener.port)) as trace:
                trace.process.stdout.close()

                def ended():
                    listener.reset_one()
                    return trace.process.poll() is not None

                support.until(ended, "the trace outlives its reader")
                self.assertEqual(trace.process.stderr.read(), "")
                self.assertEqual(trace.process.returncode, 0)

    def test_a_reader_that_leaves_ends_a_trace_that_has_nothing_to_say(self):
        with support.Trace("-P", "1") as trace:
            trace.process.stdout.close()
            self.assertEqual(trace.process.wait(support.DEADLINE_S), 0)
            self.assertEqual(trace.process.stderr.read(), "")

    def test_a_reader_that_takes_one_line_of_help(self):
        result = subprocess.run(f"'{support.BINARY}' --help | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
                                executable="/bin/bash", capture_output=True, text=True, check=True)
        self.assertRegex(result.stdout, r"^Usage: .*\n0\n$")
        self.assertEqual(result.stderr, "")

    def test_a_reader_that_takes_nothing_does_not_hold_up_a_signal(self):
        with support.Listener() as listener:
            with support.Trace("-P", str(listener.port), "-e", "all") as trace:
                # More than a pipe holds, and nobody reads.
                for _ in range(300):
                    listener.reset_one()
                trace.process.terminate()
                self.assertEqual(trace.process.wait(support.DEADLINE_S), 0)


def fill_disk(directory):
    """Traces onto a disk of 64 KiB until it is full; says on stderr what was wrong."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory], check=True)
    file = pathlib.Path(directory) / "out.json"
    with support.Listener() as listener:
        with subprocess.Popen([str(support.BINARY), "-J", "-e", "all", "-P", str(listener.port), "-o",
                               str(file)], stderr=subprocess.PIPE, text=True) as process:

            def ended():
                listener.reset_one()
                return process.poll() is not None

            support.until(ended, "the trace goes on after the disk is full")
            error = process.stderr.read()
    expected = rf"^tcptrace: cannot write {file}: No space left on device; \d+ lines? not written\n$"
    case = unittest.TestCase()
    case.assertRegex(error, expected)
    case.assertEqual(process.returncode, 1)
    text = file.read_text()
    case.assertTrue(text.endswith("}\n"), text[-80:])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fill-disk"]:
        fill_disk(sys.argv[2])
    else:
        unittest.main()
