# SPDX-License-Identifier: GPL-2.0
"""What makes the recordings of tests/fixtures/hosts still does, on this machine's kernel: in a namespace of its own."""

import collections
import json
import re
import subprocess
import unittest

import support

RECORDER = support.BUILD / "tests/kernels/tcptrace_host_recorder"
RECORDINGS = support.SOURCE / "tests/fixtures/hosts"
# On a busy machine the last segments of a connection may come after the look.
ATTEMPTS = 5


def newest(scene):
    recordings = [json.loads(path.read_text()) for path in RECORDINGS.glob(f"*-{scene}.json")]
    return max(recordings, key=lambda one: [int(n) for n in one["files"]["proc/sys/kernel/osrelease"].split("-")[0].split(".")[:2]])


def record(scene):
    command = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$0" "$1"', RECORDER, scene]
    done = subprocess.run(command, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode(errors="backslashreplace"))
    return json.loads(done.stdout)


def shape(recording):
    """Which files, links and answers there are, whatever the numbers of processes and of their descriptors are. Settings come
    and go with versions: of them what they begin with."""
    names = [*recording["files"], *recording["links"], *(f"before {name}" for name in recording["before"]["files"])]
    names = [re.sub(r"^proc/\d+/(fd/\d+)?", lambda match: "proc/PID/" + ("fd" if match[1] else ""), name) for name in names]
    names = [re.sub(r"^(proc/sys/net/\w+/[^_]+).*", r"\1", name) for name in names]
    return set(names) | set(recording["sock_diag"]) | set(recording)


def table(recording):
    """The states of the sockets, as /proc/net has them."""
    names = ("proc/thread-self/net/tcp", "proc/thread-self/net/tcp6")
    lines = [line for name in names for line in recording["files"].get(name, "").splitlines() if "local_address" not in line]
    return collections.Counter(line.split()[3] for line in lines)


class Recorder(unittest.TestCase):
    def expect_the_same(self, scene):
        kept = newest(scene)
        for _ in range(ATTEMPTS):
            recording = record(scene)
            if table(recording) == table(kept):
                break
        self.assertEqual(table(recording), table(kept))
        # This machine need not have what Debian's kernels have: connection tracking is a module of theirs.
        missing = {name for name in shape(kept) - shape(recording) if not re.search("conntrack|/core/", name)}
        self.assertEqual({name for name in missing if not name.startswith("proc/sys/")}, set())
        self.assertIn("proc/sys/net/ipv4/tcp", shape(recording))
        self.assertIn("proc/sys/net/ipv4/ip", shape(recording))
        self.assertTrue(all(recording["files"][name] for name in recording["files"] if "/net/" in name and "/sys/" not in name))
        sizes = {name: sum(map(len, datagrams)) // 2 for name, datagrams in recording["sock_diag"].items()}
        sockets = sum(table(kept).values())
        self.assertGreater(sizes["without_info"], 72 * sockets)
        # Half of the sockets have a TCP_INFO, and more.
        self.assertGreater(sizes["with_info"] - sizes["without_info"], 200 * sockets // 2)

    def test_a_host_that_is_well(self):
        self.expect_the_same("ipv4")

    def test_a_host_in_trouble_with_ipv6_only(self):
        self.expect_the_same("ipv6")


if __name__ == "__main__":
    unittest.main()
