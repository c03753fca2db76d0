#!/usr/bin/env python3
"""Compiles every src/*.cu to ptx/*.ptx with NVRTC 12.1.

PTX of that release is version 8.1, which every driver since 530 loads; a newer
compiler writes a newer version. NVRTC needs neither a GPU nor a driver. It
comes from PyPI (25 MB, kept nowhere) unless /opt/nvrtc, or the folder that
NVRTC_ROOT names, holds the two wheels' files.
"""

import collections
import ctypes
import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile

OPTIONS = ["--gpu-architecture=compute_80", "--std=c++17"]
# math.cu holds functions that other modules call, so they have to stay functions.
OPTIONS_OF = {"math": ["--relocatable-device-code=true"]}
VERSION = "12.1.105"
WHEELS = ["nvidia-cuda-nvrtc-cu12==" + VERSION, "nvidia-cuda-runtime-cu12==" + VERSION]
LIBRARY = "nvidia/cuda_nvrtc/lib/libnvrtc.so.12"
HEADERS = "nvidia/cuda_runtime/include"


def main():
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    root = os.environ.get("NVRTC_ROOT", "/opt/nvrtc")
    if os.path.exists(os.path.join(root, LIBRARY)):
        return compile_all(root)
    with tempfile.TemporaryDirectory() as root:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", root, *WHEELS], check=True)
        for wheel in glob.glob(root + "/*.whl"):
            zipfile.ZipFile(wheel).extractall(root)
        compile_all(root)


def compile_all(root):
    nvrtc = ctypes.CDLL(os.path.join(root, LIBRARY))
    sources = sorted(glob.glob("src/*.cu"))
    if not sources:
        sys.exit("compile.py: no src/*.cu")
    os.makedirs("ptx", exist_ok=True)
    kept = set()
    for source in sources:
        name = os.path.splitext(os.path.basename(source))[0]
        text = compile(nvrtc, source, OPTIONS + OPTIONS_OF.get(name, []) + ["-I" + os.path.join(root, HEADERS), "-Isrc"])
        target = "ptx/%s.ptx" % name
        with open(target, "w") as f:
            f.write("// %s by compile.py, NVRTC %s. Do not edit.\n// sha256 %s\n" % (source, VERSION, digest(source)))
            f.write(clean(text))
        kept.add(target)
    for stale in set(glob.glob("ptx/*.ptx")) - kept:
        os.remove(stale)


def digest(source):
    """The hash of all that decides a file's PTX; kernels_test.go computes it too."""
    h = hashlib.sha256()
    for path in ["compile.py", *sorted(glob.glob("src/*.cuh")), source]:
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest()


def clean(ptx):
    """Drops comments, which name the compiler's build, blank lines, and
    constants that are written out though nothing reads them."""
    lines = [re.sub(r"\s*//.*", "", line).rstrip() for line in ptx.splitlines()]
    uses = collections.Counter(re.findall(r"[\w$]+", "\n".join(lines)))

    def kept(line):
        constant = re.match(r"\.global .*?(\w+)(\[\d*\])?( =.*)?;$", line)
        return line and not (constant and uses[constant[1]] == 1)

    return "".join(line + "\n" for line in lines if kept(line))


def compile(nvrtc, source, options):
    """The PTX of one file; ends the program with the compiler's messages."""
    with open(source, "rb") as f:
        text = f.read()
    program = ctypes.c_void_p()
    check(nvrtc, nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, source.encode(), 0, None, None))
    strings = (ctypes.c_char_p * len(options))(*[o.encode() for o in options])
    failed = nvrtc.nvrtcCompileProgram(program, len(options), strings)
    log = fetch(nvrtc, "ProgramLog", program)
    if failed or log.strip():
        sys.exit("%s:\n%s" % (source, log or "no message"))
    ptx = fetch(nvrtc, "PTX", program)
    check(nvrtc, nvrtc.nvrtcDestroyProgram(ctypes.byref(program)))
    return ptx


def fetch(nvrtc, what, program):
    """A string that NVRTC gives by a pair of functions, one for its size."""
    size = ctypes.c_size_t()
    check(nvrtc, getattr(nvrtc, "nvrtcGet%sSize" % what)(program, ctypes.byref(size)))
    text = ctypes.create_string_buffer(size.value)
    check(nvrtc, getattr(nvrtc, "nvrtcGet" + what)(program, text))
    return text.value.decode()


def check(nvrtc, result):
    if result:
        nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p
        sys.exit("NVRTC: " + nvrtc.nvrtcGetErrorString(result).decode())


main()
