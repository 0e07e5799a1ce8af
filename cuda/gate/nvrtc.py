"""Compile one CUDA source to PTX with NVRTC and nothing else: nvrtc.py LIBNVRTC SOURCE ARCH OUT [OPTION...].

NVRTC needs no driver and no GPU. It has no -Werror, so a warning in its log is a failure here."""
import ctypes
import sys


def main(library, source, arch, out, *options):
    nvrtc = ctypes.CDLL(library)
    with open(source, "rb") as f:
        text = f.read()
    flags = [b"--gpu-architecture=" + arch.encode()] + [o.encode() for o in options]
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    check(nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, source.encode(), 0, None, None), "nvrtcCreateProgram")
    status = nvrtc.nvrtcCompileProgram(program, len(flags), (ctypes.c_char_p * len(flags))(*flags))
    check(nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size)), "nvrtcGetProgramLogSize")
    log = ctypes.create_string_buffer(size.value)
    check(nvrtc.nvrtcGetProgramLog(program, log), "nvrtcGetProgramLog")
    if log.value.strip():
        sys.stderr.write(log.value.decode())
    if status or b"warning" in log.value:
        sys.exit("nvrtc: %s does not compile without errors and warnings for %s" % (source, arch))
    check(nvrtc.nvrtcGetPTXSize(program, ctypes.byref(size)), "nvrtcGetPTXSize")
    ptx = ctypes.create_string_buffer(size.value)
    check(nvrtc.nvrtcGetPTX(program, ptx), "nvrtcGetPTX")
    with open(out, "wb") as f:
        f.write(ptx.value)


def check(status, call):
    if status:
        sys.exit("nvrtc: %s returned %d" % (call, status))


if __name__ == "__main__":
    main(*sys.argv[1:])
