# SPDX-License-Identifier: GPL-2.0
"""nginx whose worker does not accept, under wrk, where the kernel answers what does not fit its accept queue with
resets."""

import contextlib
import os
import signal
import unittest

import lab
import servers
import support

BACKEND = (lab.BACK, 8080)
URL = f"http://{lab.BACK}:{BACKEND[1]}/"
BACKLOG = 8
WAITING = 5
CONNECTIONS = 32


class AcceptQueue(lab.ServersTest):
    def setUp(self):
        self.front = self.enterContext(lab.Namespace())
        self.back = self.enterContext(lab.Namespace())
        self.enterContext(lab.Wire(self.front, self.back))
        self.back.set("ipv4/tcp_abort_on_overflow", 1)
        # Cookies would let in as many half-open connections as come, and drop them later without a word.
        self.back.set("ipv4/tcp_syncookies", 0)

    def test_wrk_fills_it(self):
        nginx = self.enterContext(servers.Nginx(self.back, BACKEND, f"""
            server {{
              listen {BACKEND[0]}:{BACKEND[1]} backlog={BACKLOG};
              location / {{ return 200 ok; }}
            }}
            """))
        with lab.Tracer(self.front, self.back) as trace, contextlib.ExitStack() as stack:
            os.kill(nginx.worker, signal.SIGSTOP)
            # A full queue would drop the SYNs. It has room when those of wrk come, and has not when the handshakes end.
            for _ in range(WAITING):
                stack.enter_context(self.front.connect(BACKEND))
            with servers.load(self.front, "wrk", "-t1", f"-c{CONNECTIONS}", "-d2s", URL) as wrk:
                wrk.communicate(timeout=support.DEADLINE_S)
            records = self.finish(trace)
        first, echoes = lab.without_echoes(records)
        # Who listens: the worker has not accepted anything.
        sent = self.those(first, {nginx.pid}, "reset sent", "nginx", "accept_queue_overflow", "certain")
        # The SYNs that come at once are as many as the backlog, or one more.
        self.assertGreaterEqual(len(sent), WAITING - 1)
        for record in sent:
            self.assertEqual(record["connection"]["local_port"], BACKEND[1])
            facts = lab.evidence(record)
            self.assertEqual((facts["backlog"], facts["backlog_limit"]), (BACKLOG + 1, BACKLOG))
        received = self.those(first, {wrk.pid}, "reset received", "wrk", "peer_aborted", "certain")
        for record in received:
            facts = lab.evidence(record)
            self.assertEqual((facts["sender_cause"], facts["sender_pid"]), ("accept_queue_overflow", nginx.pid))
        # The SYNs that were dropped, when wrk ended.
        abandoned = self.those(first, {wrk.pid}, "connect", "wrk", "connect_abandoned", "certain")
        self.assertEqual(len(first), len(sent) + len(received) + len(abandoned), lab.counted(first))
        self.assertEqual(len(received), len(sent))
        # wrk's request comes right behind the last segment of the handshake.
        requests = self.those(echoes, {nginx.pid}, "reset sent", "nginx", "accept_queue_overflow", "certain")
        self.assertEqual(requests, echoes)


if __name__ == "__main__":
    unittest.main()
