# SPDX-License-Identifier: GPL-2.0
"""Debian's cloud kernels, fetched with apt through a private state of its own.

Mirror and keyring are those of the machine's own apt sources; the machine's lists, sources and dpkg status are
neither used nor changed. Knows nothing of initramfs, guests or tests.
"""

import dataclasses
import fcntl
import pathlib
import re
import shutil
import subprocess
import sys
import time

INDEX_MAX_AGE_S = 24 * 3600
ATTEMPTS = 3


class FetchError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Series:
    """A line of kernels: where it lives, and what its version must start with ("" is whatever is newest)."""

    name: str
    version: str
    suites: tuple[str, ...]


SERIES = (
    Series("5.10", "5.10.", ("bullseye-security",)),
    Series("6.1", "6.1.", ("bookworm-security",)),
    Series("6.12", "6.12.", ("trixie-security", "trixie")),
    Series("6.18", "6.18.", ("trixie-backports", "forky")),
    Series("newest", "", ("sid",)),
)


@dataclasses.dataclass(frozen=True)
class Kernel:
    series: str
    release: str  # what uname -r says
    image: pathlib.Path
    modules: pathlib.Path  # the directory that has kernel/, modules.builtin, ...


@dataclasses.dataclass(frozen=True)
class Source:
    uris: str
    suites: tuple[str, ...]
    signed_by: str  # a path, a fingerprint or a whole key, as apt accepts it; "" is apt's default keyring
    trusted: str


def parse_deb822(text):
    """Stanzas as dictionaries with lower-case keys; continuation lines keep their line ends."""
    stanza = {}
    key = None
    for line in text.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if stanza:
                yield stanza
            stanza, key = {}, None
        elif line[0] in " \t" and key:
            stanza[key] += "\n" + line
        elif ":" in line:
            key, value = line.split(":", 1)
            key = key.lower()
            stanza[key] = value.strip()


def parse_sources_file(text):
    for stanza in parse_deb822(text):
        if stanza.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if "deb" in stanza.get("types", "").split():
            yield Source(
                " ".join(stanza.get("uris", "").split()),
                tuple(stanza.get("suites", "").split()),
                stanza.get("signed-by", ""),
                stanza.get("trusted", ""),
            )


def parse_list_file(text):
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)", line.strip())
        if match:
            options = dict(option.split("=", 1) for option in (match[1] or "").split() if "=" in option)
            yield Source(match[2], (match[3],), options.get("signed-by", ""), options.get("trusted", ""))


def machine_sources():
    """Every enabled binary source of this machine, in the order apt reads them."""
    script = "eval $(apt-config shell LIST Dir::Etc::sourcelist/f PARTS Dir::Etc::sourceparts/d); echo $LIST; echo $PARTS"
    names = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout.splitlines()
    paths = [pathlib.Path(names[0])] + sorted(pathlib.Path(names[1]).glob("*"))
    sources = []
    for path in paths:
        if path.is_file() and path.suffix in (".list", ".sources"):
            parse = parse_list_file if path.suffix == ".list" else parse_sources_file
            sources += parse(path.read_text())
    return sources


def machine_codename():
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    return "stable"


def source_for(suite, sources, codename):
    """The machine's source of the archive that carries `suite`, pointed at that suite."""
    security = suite.endswith("-security")
    own = {codename, "stable", "oldstable", "testing", "sid", "unstable"}
    if security:
        own = {name + suffix for name in own for suffix in ("-security", "/updates")}
    for source in sources:
        if own & {s.removesuffix("/updates") if s.endswith("-security/updates") else s for s in source.suites}:
            return dataclasses.replace(source, suites=(suite,))
    raise FetchError(f"apt has no {'security ' if security else ''}source for {codename} that could carry {suite}")


class PrivateApt:
    """apt with one suite of one architecture, its whole state under `home`."""

    def __init__(self, home, source, architecture):
        self.home = home
        self.source = source
        self.architecture = architecture
        for name in ("state", "cache", "sources"):
            (home / name).mkdir(parents=True, exist_ok=True)
        fields = {
            "Types": "deb",
            "URIs": source.uris,
            "Suites": source.suites[0],
            "Components": "main",
            "Architectures": architecture,
            "Signed-By": source.signed_by,
            "Trusted": source.trusted,
        }
        text = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
        (home / "sources" / "suite.sources").write_text(text)

    def run(self, *command, cwd=None):
        options = {
            "Dir::State": self.home / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.home / "cache",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.home / "sources",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Sandbox::User": "root",
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": 3,
        }
        flags = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        done = subprocess.run([command[0], *flags, *command[1:]], cwd=cwd, capture_output=True, text=True)
        if done.returncode:
            raise FetchError(f"{' '.join(command)} ({self.source.suites[0]}): {done.stderr.strip()}")
        return done.stdout

    def refresh(self):
        stamp = self.home / "refreshed"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < INDEX_MAX_AGE_S:
            return
        persistently(lambda: self.run("apt-get", "-q", "update", "--error-on=any"))
        stamp.touch()

    def control(self, package):
        return next(parse_deb822(self.run("apt-cache", "show", "--no-all-versions", package)))

    def dependencies(self, package):
        depends = self.control(package).get("depends", "")
        return [re.match(r"[^ (:|]+", part.strip())[0] for part in depends.split(",") if part.strip()]

    def names(self, prefix):
        return self.run("apt-cache", "pkgnames", prefix).split()

    def download(self, packages, directory):
        persistently(lambda: self.run("apt-get", "-q", "download", *packages, cwd=directory))


def persistently(action):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except FetchError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(3 * attempt)


def image_package(apt, series):
    """The image that the meta package stands for; where a suite has moved on, the newest one of the series."""
    architecture = apt.architecture
    pattern = re.compile(rf"linux-image-{re.escape(series.version)}\S*-cloud-{architecture}$")
    for name in apt.dependencies(f"linux-image-cloud-{architecture}"):
        if pattern.match(name):
            return name
    candidates = [name for name in apt.names(f"linux-image-{series.version}") if pattern.match(name)]
    if not series.version or not candidates:
        raise FetchError(f"{apt.source.suites[0]} has no cloud kernel {series.name} for {architecture}")
    return max(candidates, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])


def with_parts(apt, image):
    """The image and, since Debian's 6.19, the packages it is split into."""
    found = [image]
    for package in found:
        for name in apt.dependencies(package):
            if re.match(r"linux-(binary|modules)-\d", name) and name not in found:
                found.append(name)
    return found


def unpack(apt, packages, target):
    """Downloads and unpacks into `target`, which appears only when it is complete."""
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    downloads = partial / "debs"
    downloads.mkdir(parents=True)
    apt.download(packages, downloads)
    for deb in sorted(downloads.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, partial / "root"], check=True)
    shutil.rmtree(downloads)
    partial.rename(target)


def locate(series, root):
    for modules in (*root.glob("lib/modules/*"), *root.glob("usr/lib/modules/*")):
        for image in (root / "boot" / f"vmlinuz-{modules.name}", modules / "vmlinuz"):
            if image.is_file() and (modules / "kernel").is_dir():
                return Kernel(series.name, modules.name, image, modules)
    raise FetchError(f"{root}: no kernel image with its modules")


def fetch_from(series, suite, architecture, cache):
    source = source_for(suite, machine_sources(), machine_codename())
    home = cache / "apt" / f"{suite}-{architecture}"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        apt = PrivateApt(home, source, architecture)
        apt.refresh()
        image = image_package(apt, series)
        shelf = cache / f"{series.name}-{architecture}"
        shelf.mkdir(exist_ok=True)
        target = shelf / f"{image}_{apt.control(image)['version'].replace(':', '%3a')}"
        if not target.is_dir():
            unpack(apt, with_parts(apt, image), target)
            for old in shelf.iterdir():
                if old != target:
                    shutil.rmtree(old)
        return locate(series, target / "root")


def fetch(series, architecture, cache):
    """The kernel of a series, from the cache where it is current. Raises FetchError."""
    failures = []
    for suite in series.suites:
        try:
            return fetch_from(series, suite, architecture, cache)
        except FetchError as error:
            failures.append(str(error))
    raise FetchError("; ".join(failures))


def main(arguments):
    """fetch SERIES ARCHITECTURE CACHE: prints the release, the image and the directory of the modules."""
    name, architecture, cache = arguments
    series = {series.name: series for series in SERIES}[name]
    try:
        kernel = fetch(series, architecture, pathlib.Path(cache))
    except FetchError as error:
        sys.exit(f"kernel {name} {architecture}: {error}")
    print(kernel.release, kernel.image, kernel.modules, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
