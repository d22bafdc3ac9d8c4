# SPDX-License-Identifier: GPL-2.0
"""The servers of Debian's packages, each with a configuration of its own in a directory of its own, in a namespace."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import support


def children(pid):
    """The processes below pid, the nearest first."""
    try:
        direct = [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return direct + [grandchild for child in direct for grandchild in children(child)]


def handles(pids):
    """A pidfd of each that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            yield os.pidfd_open(pid)


def end(process, number=signal.SIGTERM):
    """Ends a process, stopped or not, and what it has started."""
    family = list(handles(children(process.pid))) if process.poll() is None else []
    process.send_signal(signal.SIGCONT)
    for child in family:
        signal_child(child, signal.SIGCONT)
    process.send_signal(number)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    process.kill()
    process.wait()
    for child in family:
        signal_child(child, signal.SIGKILL)
        os.close(child)


def signal_child(child, number):
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(child, number)


class Server:
    """A program that runs in a namespace and directory of its own, until the end of the block."""

    # The signal that makes it end without waiting for its clients.
    end_signal = signal.SIGTERM

    def __init__(self, namespace):
        self.namespace = namespace
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name)
        self.log = self.path / "log"
        self.process = None

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def file(self, name, text):
        path = self.path / name
        path.write_text(text)
        return path

    def start(self, *command, listens):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(self.namespace.command(*command), cwd=self.path, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        self.pid = self.process.pid
        support.until(lambda: self.ended() or self._answers(listens), f"{command[0]} does not listen")
        if self.ended():
            raise AssertionError(f"{command[0]} ended with {self.process.returncode}: {self.log.read_text()}")

    def _answers(self, address):
        try:
            self.namespace.run(lambda: socket.create_connection(address, timeout=1)).close()
        except OSError:
            return False
        return True

    def ended(self):
        return self.process.poll() is not None

    def __exit__(self, *_):
        if self.process:
            end(self.process, self.end_signal)
        self.directory.cleanup()


class Nginx(Server):
    """`http` goes into the http block. One worker, so that what it does is one process's doing."""

    def __init__(self, namespace, listens, http):
        super().__init__(namespace)
        self.listens = listens
        self.http = http

    def begin(self):
        paths = "".join(f"{name}_temp_path {self.path}/{name};\n"
                        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.file("nginx.conf", f"""
            load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
            daemon off;
            user root;
            worker_processes 1;
            pid {self.path}/pid;
            events {{ worker_connections 512; }}
            http {{
              access_log off;
              {paths}
              {self.http}
            }}
            """)
        self.start("nginx", "-e", "stderr", "-p", self.path, "-c", config, listens=self.listens)
        # It listens before it has a worker.
        support.until(lambda: children(self.pid), "nginx has no worker")
        self.worker = children(self.pid)[0]


class Haproxy(Server):
    """`sections` follow the defaults. One thread: no connection changes hands between pools."""

    def __init__(self, namespace, listens, sections):
        super().__init__(namespace)
        self.listens = listens
        self.sections = sections

    def begin(self):
        config = self.file("haproxy.cfg", f"""
global
  nbthread 1
  maxconn 500
defaults
  mode http
  retries 0
  timeout connect 10s
  timeout client 60s
  timeout server 60s
{self.sections}
""")
        self.start("haproxy", "-db", "-f", config, listens=self.listens)


class Redis(Server):
    def __init__(self, namespace, port):
        super().__init__(namespace)
        self.port = port

    def begin(self):
        self.start("redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", self.path, listens=("127.0.0.1", self.port))


def postgres_program(name):
    """Debian keeps those of each version in a directory that is not in PATH."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise AssertionError(f"no {name} below /usr/lib/postgresql: is the package postgresql installed?")
    return found[-1]


class Postgres(Server):
    """A cluster of its own, without a password and without TLS. Only its own user may run it."""

    end_signal = signal.SIGQUIT

    def __init__(self, namespace, port):
        super().__init__(namespace)
        self.port = port

    def begin(self):
        shutil.chown(self.path, "postgres", "postgres")
        data = self.path / "data"
        user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
        subprocess.run([*user, postgres_program("initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-D", data],
                       cwd=self.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True,
                       timeout=support.DEADLINE_S)
        self.start(*user, postgres_program("postgres"), "-D", data, "-p", self.port, "-k", self.path, "-c", "ssl=off",
                   "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", listens=("127.0.0.1", self.port))


def unread_bytes(namespace, port):
    """What has come for the processes that serve this port and was not read: (pid, bytes) of each connection."""
    rows = [re.match(r" *(\d+) .*pid=(\d+),", line)
            for line in namespace.ss("-p", "state", "established", "sport", "=", f":{port}")]
    return [(int(row[2]), int(row[1])) for row in rows if row]


@contextlib.contextmanager
def load(namespace, *command):
    """A program that asks a server for much, until it ends or the block does. Its output is text on a pipe."""
    process = subprocess.Popen(namespace.command(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        end(process)
        process.stdout.close()
