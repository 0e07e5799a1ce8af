"""Pack the program as a Python wheel: pack_wheel.py --program BIN --arch x86_64 --version 0.1.0 --glibc 2.28 --to dist

pip installs the program into the environment's folder bin, with ONNX Runtime as its dependency, and the modules demote
and demote_metric beside it. The licences of everything compiled into the program go along. Needs the package wheel."""
import argparse
import glob
import os

from wheel.wheelfile import WheelFile

from licences import licences

NAME = "demote"
SUMMARY = "Mixed precision int8/int16 for ONNX networks: the largest set of int8 activations that keeps an accuracy target"
MODULES = ["python/demote_metric.py", "python/demote/py.typed"] + sorted(glob.glob("python/demote/*.py"))


def main():
    p = argparse.ArgumentParser()
    for flag in ("program", "arch", "version", "glibc", "to"):
        p.add_argument("--" + flag, required=True)
    a = p.parse_args()
    info = "%s-%s.dist-info/" % (NAME, a.version)
    tag = "py3-none-manylinux_%s_%s" % (a.glibc.replace(".", "_"), a.arch)
    os.makedirs(a.to, exist_ok=True)
    path = os.path.join(a.to, "%s-%s-%s.whl" % (NAME, a.version, tag))
    if os.path.exists(path):
        os.remove(path)
    with WheelFile(path, "w") as wheel:
        wheel.write(a.program, "%s-%s.data/scripts/%s" % (NAME, a.version, NAME))
        for module in MODULES:
            wheel.write(module, os.path.relpath(module, "python"))
        wheel.writestr(info + "METADATA", metadata(a.version))
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: %s\nRoot-Is-Purelib: false\nTag: %s\n" % (os.path.basename(__file__), tag))
        for name, text in licences():
            wheel.writestr(info + "licenses/" + name, text)
    print("wheel: %s, %.1f MB" % (path, os.path.getsize(path) / 1e6))


def metadata(version):
    """Return the wheel's METADATA, with the README as its long description."""
    with open("README.md", encoding="utf-8") as f:
        readme = f.read()
    head = ["Metadata-Version: 2.1", "Name: " + NAME, "Version: " + version, "Summary: " + SUMMARY, "Requires-Python: >=3.9",
            "Requires-Dist: onnxruntime>=1.24", "Requires-Dist: numpy", "Keywords: onnx,quantization,int8,int16,mixed precision",
            "Classifier: Operating System :: POSIX :: Linux", "Classifier: Programming Language :: Go", "Description-Content-Type: text/markdown"]
    return "\n".join(head) + "\n\n" + readme


if __name__ == "__main__":
    main()
