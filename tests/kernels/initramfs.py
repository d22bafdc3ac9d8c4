# SPDX-License-Identifier: GPL-2.0
"""Builds the initramfs of a guest: a part that all kernels share (programs, their libraries, init) and one with modules.

Knows nothing of where kernels come from or how a guest is run.
"""

import gzip
import lzma
import pathlib
import re
import shlex
import shutil
import subprocess

PROGRAMS = ("ip", "nft", "tc", "ss", "bpftool")

# What the live tests use and Debian does not build in on every version. A name that a version does not know is passed over:
# either it is built in, or the test that needs it says so.
MODULES = (
    "veth", "macvlan", "dummy", "tun", "overlay", "af_packet",
    "inet_diag", "tcp_diag", "unix_diag", "af_packet_diag",
    "nf_tables", "nft_ct", "nft_counter", "nft_limit", "nft_numgen", "nft_chain_nat", "nft_nat", "nft_quota",
    "nft_reject", "nft_reject_inet", "nft_reject_ipv4", "nft_reject_ipv6", "nf_reject_ipv4", "nf_reject_ipv6",
    "sch_netem", "sch_tbf", "sch_fq",
)  # fmt: skip

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    # As Debian has them; without the first, a name has one address of those in etc/hosts.
    "etc/host.conf": "multi on\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
    "etc/resolv.conf": "",
}
DIRECTORIES = ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "busybox", "dev", "proc", "sys", "tmp", "run", "root", "etc")
MERGED = ("bin", "sbin", "lib", "lib64")


def find_program(name):
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        raise FileNotFoundError(f"{name}: not installed")
    return pathlib.Path(path)


def libraries(binary):
    """The shared libraries of a binary under the names that its loader looks for."""
    done = subprocess.run(["ldd", binary], capture_output=True, text=True)
    if "not found" in done.stdout:
        raise FileNotFoundError(f"{binary}: {done.stdout.strip()}")
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", done.stdout)]


def add_program(tree, binary, name=None):
    target = tree / "usr" / "bin" / (name or binary.name)
    shutil.copy(binary, target)
    target.chmod(0o755)
    for library in libraries(binary):
        copy = tree / library.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists():
            shutil.copy(library, copy)


def add_data(tree, path):
    """A file or directory under the very path that the build has compiled into the tests."""
    copy = tree / path.absolute().relative_to("/")
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, copy)
    elif path.exists():
        shutil.copy(path, copy)


def pack(tree, archive):
    names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
    with open(archive, "wb") as out:
        listing = "\0".join(names).encode()
        command = ["cpio", "--null", "--create", "--format=newc", "--owner=0:0", "--quiet"]
        subprocess.run(command, cwd=tree, input=listing, stdout=out, check=True)


def build_common(tree, archive, programs, data, settings):
    """`programs` and `data`: what is under test and needs. `settings`: shell variables that init reads."""
    for name in DIRECTORIES:
        (tree / name).mkdir(parents=True)
    for name in MERGED:
        (tree / name).symlink_to(f"usr/{name}")
    for name, text in FILES.items():
        (tree / name).write_text(text)
    lines = [f"{key}={shlex.quote(value)}\n" for key, value in settings.items()]
    (tree / "etc/run.conf").write_text("".join(lines))
    shutil.copy(pathlib.Path(__file__).with_name("init"), tree / "init")
    for program in (*programs, *map(find_program, PROGRAMS)):
        add_program(tree, program)
    for path in data:
        add_data(tree, path)
    add_program(tree, find_program("busybox"))
    (tree / "usr/sbin/modprobe").symlink_to("/usr/bin/busybox")
    # Not busybox's shell, which runs its own ip and tc, whatever the PATH says.
    add_program(tree, find_program("dash"), "sh")
    pack(tree, archive)


def module_files(modules):
    """Module name -> file, for all modules of a kernel."""
    files = {}
    for path in modules.glob("kernel/**/*.ko*"):
        files[path.name.split(".ko")[0].replace("-", "_")] = path
    return files


def with_dependencies(names, files):
    found = [name for name in names if name in files]
    for name in found:
        done = subprocess.run(["modinfo", "-F", "depends", files[name]], check=True, capture_output=True, text=True)
        for dependency in done.stdout.strip().replace("-", "_").split(","):
            if dependency in files and dependency not in found:
                found.append(dependency)
    return found


def decompress(path):
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return data


def build_modules(tree, archive, kernel):
    target = tree / "usr/lib/modules" / kernel.release
    target.mkdir(parents=True)
    (tree / "lib").symlink_to("usr/lib")
    files = module_files(kernel.modules)
    for name in with_dependencies(MODULES, files):
        path = files[name].relative_to(kernel.modules)
        copy = target / path.parent / (path.name.split(".ko")[0] + ".ko")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(decompress(files[name]))
    for listing in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
        if (kernel.modules / listing).exists():
            shutil.copy(kernel.modules / listing, target / listing)
    depmod = find_program("depmod")
    subprocess.run([depmod, "-b", tree, kernel.release], check=True, capture_output=True)
    (tree / "etc").mkdir()
    (tree / "etc/modules").write_text("".join(f"{name}\n" for name in MODULES if name in files))
    pack(tree, archive)
