# SPDX-License-Identifier: GPL-2.0
"""extract_btf.py IMAGE OUT: writes the raw BTF of a compressed x86 or arm64 kernel image.

Needs no debug package and no vmlinux ELF: the BTF lies whole and aligned in the decompressed image.
"""

import lzma
import pathlib
import struct
import subprocess
import sys
import zlib

BTF_START = bytes.fromhex("9feb0100" "18000000" "00000000")  # magic, version 1, no flags, 24-byte header, types at 0


def payload(image):
    """The compressed kernel inside a bzImage (Documentation/arch/x86/boot.rst) or an EFI zboot image."""
    if image[0x202:0x206] == b"HdrS":
        start = ((image[0x1F1] or 4) + 1) * 512  # the real-mode part comes first, in sectors
        offset, size = struct.unpack_from("<II", image, 0x248)
        return image[start + offset : start + offset + size]
    if image[4:8] == b"zimg":
        offset, size = struct.unpack_from("<II", image, 8)
        return image[offset : offset + size]
    return image


def decompress(data):
    if data.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31).decompress(data)
    if data.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMADecompressor().decompress(data)
    for magic, tool in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"\x02\x21\x4c\x18", "lz4")):
        if data.startswith(magic):
            # The kernel appends its size to the stream, which the tool reports as an error after all output.
            return subprocess.run([tool, "-dcq"], input=data, capture_output=True).stdout
    return data


def find_btf(kernel):
    at = kernel.find(BTF_START)
    while at >= 0:
        type_size, string_offset, string_size = struct.unpack_from("<III", kernel, at + 12)
        end = at + 24 + string_offset + string_size
        if string_offset == type_size and string_size and end <= len(kernel):
            return kernel[at:end]
        at = kernel.find(BTF_START, at + 1)
    return None


def main(image, out):
    btf = find_btf(decompress(payload(pathlib.Path(image).read_bytes())))
    if btf is None:
        sys.exit(f"{image}: no BTF found")
    pathlib.Path(out).write_bytes(btf)


if __name__ == "__main__":
    main(*sys.argv[1:])
