# SPDX-License-Identifier: GPL-2.0
"""A network namespace that no process lives in, given by name: filter and coverage."""

import os
import subprocess
import unittest

import support

NAME = f"tt-cli-{os.getpid()}"
RESET_ONE = "import support\nwith support.Listener() as listener:\n    listener.reset_one()\n"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, timeout=support.DEADLINE_S)


class NamedNetns(support.CliTest):
    @classmethod
    def setUpClass(cls):
        ip("netns", "add", NAME)
        cls.addClassCleanup(ip, "netns", "del", NAME)
        ip("-n", NAME, "link", "set", "lo", "up")
        cls.inode = os.stat(f"/run/netns/{NAME}").st_ino

    def reset_inside(self):
        subprocess.run(["ip", "netns", "exec", NAME, "python3", "-B", "-c", RESET_ONE], check=True,
                       cwd=support.SOURCE / "tests/cli", timeout=support.DEADLINE_S)

    def test_events_and_coverage_are_those_of_the_namespace(self):
        for given in (NAME, f"/run/netns/{NAME}", str(self.inode)):
            with self.subTest(given), support.Listener() as outside:
                with support.Trace("--netns", given, "-e", "reset") as trace:
                    outside.reset_one()
                    self.reset_inside()
                    trace.process.terminate()
                    status, records, errors = trace.finish()
                self.assertEqual((status, errors), (0, ""))
                resets = [record for record in records if record["type"] == "reset"]
                self.assertEqual({record["connection"]["netns"] for record in resets}, {self.inode})
                self.assertEqual(len(resets), 2)  # sent by the one end, received by the other
                coverage = next(entry for entry in records[-1]["coverage"] if entry["netns"] == self.inode)
                self.assertEqual(coverage["name"], f"netns {NAME}")
                counters = {row["counter"]: row for row in coverage["counters"]}
                self.assertEqual(counters["Tcp.OutRsts"]["kernel"], 1)
                self.assertEqual(counters["Tcp.OutRsts"]["traced"], 1)


if __name__ == "__main__":
    unittest.main()
