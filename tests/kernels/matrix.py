# SPDX-License-Identifier: GPL-2.0
"""The live tests on every kernel, once per attach family; or what each of them says of a host. scripts/kernels builds what this
runs, and starts it."""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import debian
import guest
import initramfs
import results
import verdicts

FAMILIES = ("auto", "fentry", "tp", "kprobe")
GUESTS_AT_ONCE = 2  # a third fills what two processors have left, and then tests find deadlines missed
# With --spread: where auto takes function hooks (5.10 to 6.12) or tracepoints (from 6.13 on) they need not be forced on each.
SPREAD = {"5.10": ("tp", "kprobe"), "6.1": ("kprobe",), "6.12": ("tp",), "6.18": ("fentry",), "newest": ("fentry", "kprobe")}
# Of tcptrace_host_recorder, with what the kernel is told: the last one has neither IPv6 nor connection tracking.
SCENES = ((("host", "ipv6"), ""), (("ipv4",), "ipv6.disable=1 tcptrace.modules_ending=_diag"))


def parse_arguments(arguments):
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    names = [series.name for series in debian.SERIES]

    def choice(known):
        def parse(text):
            chosen = text.split(",")
            unknown = [word for word in chosen if word not in known]
            if unknown:
                raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
            return chosen

        return parse

    words = "Runs the live tests on Debian's kernels, in QEMU, or records hosts for the unit tests there."
    parser = argparse.ArgumentParser(prog="kernels", description=words)
    parser.add_argument("--only", metavar="KERNELS", type=choice(names), default=names, help="of " + ",".join(names))
    parser.add_argument("--family", metavar="FAMILIES", type=choice(FAMILIES), default=FAMILIES, help="of " + ",".join(FAMILIES))
    parser.add_argument("--spread", action="store_true", help="auto on every kernel, each other family on two or three of them")
    parser.add_argument("--filter", default="*", help="GoogleTest filter")
    parser.add_argument("--list", action="store_true", help="fetch the kernels, name them and end")
    parser.add_argument("--shell", action="store_true", help="a shell in a guest with the first kernel of --only")
    parser.add_argument("--keep", action="store_true", help="keep the initramfs of every kernel beside its logs")
    parser.add_argument("--no-tracefs", action="store_true", help="leave tracefs unmounted in the guests")
    parser.add_argument("--cpus", type=int, choices=(1, 2), default=2, help="of each guest; 1 is a fifth faster")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path(cache) / "tcptrace" / "kernels")
    parser.add_argument("--recordings", metavar="DIR", type=pathlib.Path, help="keep what ReplayOfDrills records here")
    parser.add_argument("--hosts", metavar="DIR", type=pathlib.Path, help="run no tests: record what they say of three hosts here")
    parser.add_argument("--logs", type=pathlib.Path, default="build/kernels", help=argparse.SUPPRESS)
    # What scripts/kernels passes.
    for name in ("--program", "--data"):
        parser.add_argument(name, type=pathlib.Path, action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--counts", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for name in ("family", "spread", "filter", "shell", "keep", "no_tracefs", "cpus", "recordings"):
        if options.hosts and getattr(options, name) != parser.get_default(name):
            parser.error(f"--hosts runs no tests: --{name.replace('_', '-')} has no meaning with it")
    return options


def at_once(calls):
    with concurrent.futures.ThreadPoolExecutor(GUESTS_AT_ONCE) as pool:
        for future in [pool.submit(*call) for call in calls]:
            future.result()


def plan(chosen, families, spread):
    """The guests to run, as names of a kernel and its families. Those that take long come first, so that none of them is left
    alone at the end; auto, which runs every test, takes half as long again as another family."""

    def wanted(name, family):
        return family == "auto" or not spread or family in SPREAD[name]

    parts = [[family for family in families if family != "auto"], [family for family in families if family == "auto"]]
    guests = [(name, [family for family in part if wanted(name, family)]) for part in parts for name in chosen]
    guests = [guest for guest in guests if guest[1]]
    return sorted(guests, key=lambda guest: -sum(1.5 if each == "auto" else 1 for each in guest[1]))


class Matrix:
    def __init__(self, options, work):
        self.options = options
        self.work = work
        self.tests = []
        self.releases = {}
        self.lock = threading.Lock()
        self.fetching = threading.Lock()
        self.started = time.monotonic()

    def say(self, text):
        with self.lock:
            print(f"[{time.monotonic() - self.started:5.0f} s] {text}", file=sys.stderr, flush=True)

    def build_common(self):
        settings = {"FILTER": self.options.filter, "TRACEFS": "0" if self.options.no_tracefs else "1"}
        tree = self.work / "common"
        options = self.options
        initramfs.build_common(tree, self.work / "common.cpio", options.program, options.data, settings)

    def build_initrd(self, kernel, families):
        modules = self.work / f"modules-{kernel.series}-{families[0]}"
        archive = self.work / f"{modules.name}.cpio"
        initramfs.build_modules(modules, archive, kernel)
        initrd = self.work / f"initrd-{kernel.series}-{families[0]}"
        with open(initrd, "wb") as out:
            for part in (self.work / "common.cpio", archive):
                out.write(part.read_bytes())
        return initrd

    def fail(self, kernel, message):
        self.tests.append(results.Test(kernel, "-", "(the guest)", results.FAILED, message))

    def run_guest(self, series, families):
        try:
            with self.fetching:
                kernel = debian.fetch(series, "amd64", self.options.cache)
            self.say(f"{series.name} {','.join(families)}: {kernel.release}")
            logs = self.options.logs / series.name / "+".join(families)
            shutil.rmtree(logs, ignore_errors=True)
            logs.mkdir(parents=True)
            initrd = self.build_initrd(kernel, families)
            if self.options.keep:
                shutil.copy(initrd, logs / "initrd")
            self.collect(series.name, guest.run(kernel, initrd, self.options.cpus, families, logs), logs)
            initrd.unlink()
        except (debian.FetchError, OSError, subprocess.SubprocessError) as error:
            self.say(f"{series.name}: {error}")
            self.fail(series.name, str(error))

    def record_hosts(self, series):
        try:
            with self.fetching:
                kernel = debian.fetch(series, "amd64", self.options.cache)
            initrd = self.build_initrd(kernel, ["hosts"])
            for scenes, arguments in SCENES:
                self.record_scenes(kernel, initrd, scenes, arguments)
            initrd.unlink()
        except (debian.FetchError, OSError, subprocess.SubprocessError, ValueError) as error:
            self.say(f"{series.name}: {error}")
            self.fail(series.name, str(error))

    def record_scenes(self, kernel, initrd, scenes, arguments):
        logs = self.options.logs / kernel.series / "+".join(scenes)
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        outcome = guest.record(kernel, initrd, self.options.cpus, scenes, arguments, logs)
        if set(outcome.recordings) != set(scenes):
            raise ValueError(f"{outcome.trouble or 'a scene could not be played'}: see {logs}/console.log")
        version = ".".join(kernel.release.split(".")[:2])  # not the series: the newest is another tomorrow
        for scene, recording in outcome.recordings.items():
            (self.options.hosts / f"{version}-{scene}.json").write_bytes(recording)
        self.say(f"{kernel.release}: {', '.join(scenes)}")

    def collect(self, kernel, outcome, logs):
        self.releases[kernel] = outcome.release
        if outcome.trouble:
            self.fail(kernel, f"{outcome.trouble}\nsee {logs}/console.log")
        tests = []
        for family, run in outcome.families.items():
            (logs / f"{family}.log").write_text(run.log)
            tests += results.read_run(kernel, family, run.xml, run.log, run.status)
            if self.options.recordings and run.xml and (recording := results.read_recording(run.xml)):
                (self.options.recordings / f"drills-{kernel}-{family}.ttrec").write_bytes(recording)
        self.tests += tests
        words = f"{kernel} {','.join(outcome.families)}: {results.closing_line(tests)}"
        self.say(f"{words}{', ' + outcome.trouble if outcome.trouble else ''}")

    def run(self, chosen):
        self.build_common()
        series = {each.name: each for each in chosen}
        guests = plan(series, self.options.family, self.options.spread)
        at_once([(self.run_guest, series[name], families) for name, families in guests])


def report(matrix, options):
    notes = results.judge(matrix.tests, results.read_expected_file())
    families = [family for family in FAMILIES if family in options.family]
    ran = [test for test in matrix.tests if test.family != "-"]
    print("\npassed/failed/skipped")
    print(results.family_table(ran, options.only, families, matrix.releases))
    print(f"\n. passed, F failed, s skipped, - not run; in the order {' '.join(families)}")
    print(results.test_table(ran, options.only, families))
    verdicts.show(ran, options.only, families)
    for title, outcome in (("Skipped", results.SKIPPED), ("Failed", results.FAILED)):
        text = results.details(matrix.tests, outcome)
        if text:
            print(f"\n{title}\n{text}")
    for note in notes:
        print(note)
    print(f"consoles and logs are in {options.logs}")
    results.append_counts(options.counts, matrix.tests)
    print(f"\n{results.closing_line(matrix.tests)}")
    return bool(ran) and results.count(matrix.tests)[1] == 0


def list_kernels(chosen, cache):
    ok = True
    for series in chosen:
        try:
            print(f"{series.name:8}{debian.fetch(series, 'amd64', cache).release}")
        except debian.FetchError as error:
            ok = False
            print(f"{series.name:8}{error}")
    return ok


def main():
    options = parse_arguments(sys.argv[1:])
    options.cache.mkdir(parents=True, exist_ok=True)
    chosen = [series for series in debian.SERIES if series.name in options.only]
    options.only = [series.name for series in chosen]
    if options.list:
        return list_kernels(chosen, options.cache)
    with tempfile.TemporaryDirectory(prefix="tcptrace-kernels-") as work:
        matrix = Matrix(options, pathlib.Path(work))
        if options.shell:
            kernel = debian.fetch(chosen[0], "amd64", options.cache)
            matrix.build_common()
            guest.shell(kernel, matrix.build_initrd(kernel, options.family), options.cpus)
            return True
        if options.hosts:
            options.hosts.mkdir(parents=True, exist_ok=True)
            matrix.build_common()
            at_once([(matrix.record_hosts, series) for series in chosen])
            return not matrix.tests
        matrix.run(chosen)
        return report(matrix, options)


if __name__ == "__main__":
    try:
        sys.exit(0 if main() else 1)
    except (debian.FetchError, FileNotFoundError, ValueError) as error:
        sys.exit(f"kernels: {error}")
