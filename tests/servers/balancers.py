# SPDX-License-Identifier: GPL-2.0
"""Configurations of `tcptrace generate`, checked and run as they are, by the programs they are for."""

import http.client
import os
import pathlib
import subprocess
import tempfile

import lab
import servers
import support

KINDS = ("haproxy", "nginx")
CHECKS = {"haproxy": "haproxy -c -f", "nginx": "nginx -t -c"}
RUNS = {"haproxy": ("haproxy", "-db", "-f"), "nginx": ("nginx", "-g", "daemon off;", "-c")}
# Where the configurations say that things are: each process gets directories of its own there, in the mount namespace
# that `ip netns exec` makes.
MOUNTS = "\n".join(f"mkdir -p dirs/{name} && mount --bind dirs/{name} {path} || exit 9" for name, path in (
    ("log", "/var/log/nginx"), ("temp", "/var/lib/nginx"), ("chroot", "/var/lib/haproxy"), ("run", "/run")))


def generate(kind, *options):
    return support.run("generate", kind, *map(str, options))


def config_of(kind, *options):
    result = generate(kind, *options)
    if result.returncode != 0:
        raise AssertionError(f"{options}: {result.stderr}")
    return result.stdout


def complaints(kind, configs):
    """What the program says against each configuration, warnings included."""
    with tempfile.TemporaryDirectory() as directory, lab.Namespace() as namespace:
        for number, config in enumerate(configs):
            pathlib.Path(directory, f"config-{number}").write_text(config)
        # One after the other and a process each; as many at once as there are processors.
        script = f"""{MOUNTS}
            check() {{
              said=$({CHECKS[kind]} "$PWD/$1" 2>&1) || said="failed: $said"
              said=$(grep -vE '^(Configuration file is valid|nginx: .* (syntax is ok|test is successful))$' <<<"$said")
              [ "$said" = "" ] || {{ echo "$1"; echo "$said"; }}
            }}
            export -f check
            printf '%s\\n' config-* | xargs -P {os.cpu_count()} -I% bash -c 'check %'
            cat /var/log/nginx/error.log 2>/dev/null || true"""
        return subprocess.run(namespace.command("bash", "-c", script), cwd=directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


class Balancer(servers.Server):
    """A configuration that runs. `config` is its text, or the options to generate it with."""

    def __init__(self, namespace, kind, listens, *options, config=None):
        super().__init__(namespace)
        self.kind = kind
        self.listens = listens
        self.config = config or config_of(kind, "--listen", f"{listens[0]}:{listens[1]}".replace("::1:", "[::1]:"),
                                          *options)

    def begin(self):
        config = self.file("config", self.config)
        (self.path / "dirs/run/haproxy").mkdir(parents=True)
        self.start("sh", "-c", f'{MOUNTS}\nexec "$@"', "sh", *RUNS[self.kind], config, listens=self.listens)


class Backend(servers.Nginx):
    """nginx that answers what `answer` says, and keeps idle connections for keepalive_s."""

    def __init__(self, namespace, listens, answer="ok", keepalive_s=60, listen="", server=""):
        host = f"[{listens[0]}]" if ":" in listens[0] else listens[0]
        super().__init__(namespace, listens, f"""
            log_format hosts '$request $http_host $status';
            server {{
              listen {host}:{listens[1]} {listen};
              {server}
              keepalive_timeout {keepalive_s}s;
              location / {{ return 200 "{answer}"; }}
            }}
            """)


class Client(http.client.HTTPConnection):
    """One connection, from a namespace."""

    def __init__(self, namespace, address):
        super().__init__(*address)
        self.auto_open = False
        self.sock = namespace.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, method="GET"):
        self.begin(method)
        return self.answer()

    def begin(self, method):
        self.request(method, "/", body=b"data" if method == "POST" else None)

    def answer(self):
        """Status and text; a connection that broke is status 0."""
        try:
            response = self.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)
