# SPDX-License-Identifier: GPL-2.0
"""Boots one kernel in QEMU, watches over it and reads what init reports on the second serial port.

Knows nothing of tests: it hands on, per attach family, the exit status, the log and the XML of the run, and what was recorded.
"""

import dataclasses
import pathlib
import re
import subprocess
import time

SILENCE_LIMIT_S = 180  # no test is silent for so long, not even under TCG on a busy machine
POLL_S = 0.25
# Under TCG an HPET read, a retpoline, a fifth level of page tables, the end of a block at each stac or "rep movsb" costs what it
# costs nobody else, and a hook's detaching waits for RCU: TCP behaves the same without.
CPU = "max,-erms,-la57,-pku,-smap"
SPEED = "tsc=reliable mitigations=off rcupdate.rcu_expedited=1"
# On a busy machine a guest may take its TSC for one of a tenth of the frequency: its seconds are then that much shorter,
# and it finds every deadline missed.
BOOTS_FOR_A_CLOCK = 5
WRONG_CLOCK = "the guest's clock runs ahead of this machine's"


@dataclasses.dataclass
class FamilyRun:
    log: str = ""
    status: int | None = None  # None: the guest ended before the tests did
    xml: bytes | None = None

    @property
    def complete(self):
        return self.status is not None and (self.xml is not None or self.status != 0)


@dataclasses.dataclass
class Outcome:
    release: str = ""
    uptime_s: float = 0  # when it was ready, by its own clock
    families: dict = dataclasses.field(default_factory=dict)
    recordings: dict = dataclasses.field(default_factory=dict)  # by scene
    trouble: str = ""  # why the guest, not a test, has failed


def qemu(kernel, initrd, cpus, arguments, serial):
    return [
        # A guest does not outlive us, however we end.
        "setpriv", "--pdeathsig", "KILL",
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", str(cpus), "-m", "1024",
        "-nographic", "-no-reboot", "-nodefaults", "-monitor", "none", "-net", "none",
        "-kernel", str(kernel.image), "-initrd", str(initrd),
        "-append", f"console=ttyS0 panic=-1 {SPEED} {arguments}", *serial,
    ]  # fmt: skip


def parse(report):
    """What init has written so far. The report may end anywhere: a guest can die at any time."""
    outcome = Outcome()
    current = None
    at = 0
    while at < len(report):
        end = report.find(b"\n", at)
        whole = end >= 0
        line = report[at : end if whole else None].decode(errors="replace")
        at = end + 1 if whole else len(report)
        words = line.split()
        if line.startswith("@@") and not whole:
            break
        if line.startswith("@@ready "):
            outcome.release, outcome.uptime_s = words[1], float(words[2])
        elif line.startswith("@@begin "):
            current = outcome.families.setdefault(words[1], FamilyRun())
        elif line.startswith("@@end "):
            outcome.families[words[1]].status = int(words[2])
            current = None
        elif line.startswith("@@xml "):
            size = int(words[2])
            if at + size <= len(report):
                outcome.families[words[1]].xml = report[at : at + size]
            at += size + 1
        elif line.startswith("@@recording "):
            size = int(words[2])
            if at + size <= len(report):
                outcome.recordings[words[1]] = report[at : at + size]
            at += size
        elif current is not None:
            current.log += line + "\n"
    return outcome


def watch(process, report):
    """Waits for the end of the guest, which comes by force when its clock is wrong or it has been silent for too long."""
    size = -1
    started = changed = time.monotonic()
    clock_is_right = False
    while process.poll() is None:
        now = time.monotonic()
        grown = report.stat().st_size if report.exists() else 0
        if grown != size:
            size, changed = grown, now
            if size and not clock_is_right:
                ready = parse(report.read_bytes())
                if ready.uptime_s > now - started:
                    process.kill()
                    process.wait()
                    return WRONG_CLOCK
                clock_is_right = bool(ready.release)
        if now - changed > SILENCE_LIMIT_S:
            process.kill()
            process.wait()
            return f"silent for {SILENCE_LIMIT_S} s, killed"
        time.sleep(POLL_S)
    return "" if process.returncode == 0 else f"qemu ended with status {process.returncode}"


def boot(kernel, initrd, cpus, arguments, directory):
    for _ in range(BOOTS_FOR_A_CLOCK):
        outcome = boot_once(kernel, initrd, cpus, arguments, directory)
        if outcome.trouble != WRONG_CLOCK:
            break
    return outcome


def boot_once(kernel, initrd, cpus, arguments, directory):
    console = directory / "console.log"
    report = directory / "report.log"
    report.unlink(missing_ok=True)
    serial = ["-serial", f"file:{console}", "-serial", f"file:{report}"]
    command = qemu(kernel, initrd, cpus, arguments, serial)
    with open(directory / "qemu.log", "w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            trouble = watch(process, report)
        finally:
            process.kill()
            process.wait()
    data = report.read_bytes() if report.exists() else b""
    outcome = parse(data)
    if not trouble and not data.rstrip().endswith(b"@@done"):
        trouble = panic_line(console) or "the guest ended before it was done"
    outcome.trouble = trouble
    return outcome


def panic_line(console):
    text = console.read_text(errors="replace") if console.exists() else ""
    match = re.search(r"Kernel panic.*|BUG: .*|Oops: .*", text)
    return match[0].strip() if match else ""


def keep_logs(directory):
    for name in ("console", "report"):
        (directory / f"{name}.log").rename(directory / f"{name}.first.log")


def run(kernel, initrd, cpus, families, directory):
    """Every family, with one more boot for those that a hung or crashed guest has not finished."""

    def boot_for(chosen):
        return boot(kernel, initrd, cpus, f"tcptrace.families={','.join(chosen)}", directory)

    directory = pathlib.Path(directory)
    outcome = boot_for(families)
    rest = [family for family in families if not (family in outcome.families and outcome.families[family].complete)]
    if rest:
        rest.sort(key=lambda family: family in outcome.families)  # what has hung once may do so again: last
        first = outcome.trouble
        keep_logs(directory)
        again = boot_for(rest)
        outcome.families |= again.families
        outcome.release = outcome.release or again.release
        outcome.trouble = f"{again.trouble} (and at first: {first})" if again.trouble else ""
    return outcome


def record(kernel, initrd, cpus, scenes, arguments, directory):
    """Every scene, with one more boot for those that a hung or crashed guest has not finished."""

    def boot_for(chosen):
        return boot(kernel, initrd, cpus, f"tcptrace.scenes={','.join(chosen)} {arguments}", directory)

    outcome = boot_for(scenes)
    rest = [scene for scene in scenes if scene not in outcome.recordings]
    if rest:
        keep_logs(directory)
        again = boot_for(rest)
        again.recordings = outcome.recordings | again.recordings
        outcome = again
    return outcome


def shell(kernel, initrd, cpus):
    subprocess.run(qemu(kernel, initrd, cpus, "tcptrace.mode=shell", ["-serial", "stdio"]), check=False)
