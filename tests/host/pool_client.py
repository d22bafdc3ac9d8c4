# SPDX-License-Identifier: GPL-2.0
"""A client of an HTTP server whose connection pool is as it is told: pool_client.py PORT PATTERN [COMM]."""

import itertools
import pathlib
import socket
import sys
import threading
import time

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def connect():
    return socket.create_connection(("127.0.0.1", PORT))


def ask(connection):
    connection.sendall(REQUEST)
    return connection.recv(4096)


def ask_without_end(connection):
    while ask(connection):
        pass


def exhausted():
    """Four connections, each with a caller that waits for it."""
    for _ in range(4):
        threading.Thread(target=ask_without_end, args=(connect(),), daemon=True).start()
    threading.Event().wait()


def healthy():
    """Six connections, of which three are used in turn, and the others at times."""
    pool = [connect() for _ in range(6)]
    for number in itertools.count():
        ask(pool[number % (6 if number % 60 < 6 else 3)])
        time.sleep(0.05)


def close_wait():
    """Each connection is used once; that the peer has closed it is not looked at."""
    kept = []
    while True:
        kept.append(connect())
        ask(kept[-1])
        time.sleep(0.3)


def leak():
    """Each request has a connection of its own, which is not given back."""
    close_wait()


def idle():
    """As many pools are: a connection is closed once the peer has closed it."""
    def wait_for_the_end(connection):
        connection.recv(1)
        connection.close()

    while True:
        connection = connect()
        ask(connection)
        threading.Thread(target=wait_for_the_end, args=(connection,), daemon=True).start()
        time.sleep(0.3)


def no_reuse():
    while True:
        with connect() as connection:
            ask(connection)
        time.sleep(0.02)


PORT = int(sys.argv[1])
if len(sys.argv) > 3:
    pathlib.Path("/proc/self/comm").write_bytes(sys.argv[3].encode())
print("ready", flush=True)
globals()[sys.argv[2]]()
