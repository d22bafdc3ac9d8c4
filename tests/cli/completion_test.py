# SPDX-License-Identifier: GPL-2.0
"""The completion scripts: current, and working in bash."""

import pathlib
import subprocess
import tempfile
import unittest

import support


class Completion(support.CliTest):
    def script(self, shell):
        result = support.run("completion", shell)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def complete(self, *words):
        """What bash offers for the last of the words."""
        quoted = " ".join(f"'{word}'" for word in words)
        program = (f"{self.script('bash')}\ncompopt() {{ :; }}\nCOMP_WORDS=(tcptrace {quoted})\n"
                   f"COMP_CWORD={len(words)}\n_tcptrace tcptrace\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"")
        result = subprocess.run(["bash", "--norc", "-u", "-c", program], capture_output=True, text=True,
                                timeout=support.DEADLINE_S, check=True)
        self.assertEqual(result.stderr, "")
        return result.stdout.split()

    def test_scripts_know_every_option(self):
        options = support.all_help_options()
        self.assertIn("--pid", options)
        self.assertIn("--listen", options)
        for shell in ("bash", "zsh", "fish"):
            script = self.script(shell)
            for option in options:
                name = f"-l {option[2:]} " if shell == "fish" else option
                self.assertIn(name, script, shell)

    def test_bash_completes_commands_and_options(self):
        self.assertEqual(self.complete("ch"), ["check"])
        self.assertEqual(self.complete("--pi"), ["--pid"])
        self.assertEqual(self.complete("trace", "--netn"), ["--netns"])
        self.assertEqual(self.complete("check", "--"), ["--json", "--attach", "--help", "--version"])
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertEqual(self.complete("rep"), ["replay", "report"])
        self.assertEqual(self.complete("replay", "--comm", "--wri"), [])
        self.assertEqual(self.complete("replay", "--ver"), ["--verbose", "--version"])
        self.assertEqual(self.complete("replay", "/etc/host"), self.complete("--write", "/etc/host"))
        self.assertIn("/etc/hosts", self.complete("replay", "/etc/host"))
        self.assertIn("/etc/hosts", self.complete("report", "/etc/host"))
        self.assertEqual(self.complete("report", "--t"), ["--text"])
        self.assertEqual(self.complete("snap"), ["snapshot"])
        self.assertEqual(self.complete("snapshot", "--l"), ["--localport", "--listen"])
        self.assertEqual(self.complete("serve", "--close"), ["--close-after", "--close-unread"])
        self.assertEqual(self.complete("tune", "--profile", ""), ["web", "proxy", "low-memory"])
        self.assertEqual(self.complete("probe", "--i"), ["--interval", "--ipv4", "--ipv6"])
        self.assertEqual(self.complete("generate", "h"), ["haproxy"])
        self.assertEqual(self.complete("generate", "nginx", "--pro"), ["--probe-backends", "--probe-limit", "--proxy-protocol"])
        self.assertEqual(self.complete("pools", "--i"), ["--ipv4", "--ipv6", "--interval"])
        self.assertEqual(self.complete("monitor", "--no"), ["--no-header", "--no-trace"])
        self.assertIn("/etc/hosts", self.complete("monitor", "--config", "/etc/host"))

    def test_bash_completes_values(self):
        self.assertEqual(self.complete("--attach", "f"), ["fentry"])
        self.assertEqual(self.complete("-e", "reset,ret"), ["reset,retransmit"])
        self.assertEqual(self.complete("--color", "=", "ne"), ["never"])
        self.assertEqual(self.complete("serve", "--mode", "h"), ["http"])
        self.assertEqual(self.complete("generate", "haproxy", "--mode", ""), ["http", "tcp"])
        self.assertEqual(self.complete("generate", "haproxy", "--proxy-protocol", "b"), ["both"])
        self.assertEqual(self.complete("snapshot", "--state", "listen,time"), ["listen,time_wait"])
        self.assertEqual(self.complete("snapshot", "--source", "n"), ["netlink"])
        self.assertEqual(self.complete("stress", "--close", "h"), ["half-close"])
        self.assertEqual(self.complete("stress", "--source", "n"), [])
        self.assertIn("1", self.complete("--pid", ""))
        self.assertEqual(self.complete("--pid", "1,999999999"), [])
        self.assertEqual(self.complete("--port", ""), [])

    def test_bash_does_not_run_what_a_process_calls_itself(self):
        trace = pathlib.Path(tempfile.gettempdir()) / "t"
        name = f"$(>{trace})"  # 15 bytes at most
        renamed = "import sys, time\nopen('/proc/self/comm', 'w').write(sys.argv[1])\nprint(flush=True)\ntime.sleep(60)"
        with subprocess.Popen(["python3", "-c", renamed, name], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            try:
                offered = self.complete("--comm", "")
            finally:
                process.kill()
        self.assertIn(r"\$\(\>" + f"{trace}" + r"\)", offered)
        self.assertFalse(trace.exists())


if __name__ == "__main__":
    unittest.main()
