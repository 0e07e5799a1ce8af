"""Bring one pinned wheel from the Python package registry and unpack some of its files into a folder.

    fetch_wheel.py --package onnxruntime --version 1.26.0 --arch x86_64 --sha256 HEX --to .ort FILE_IN_WHEEL...

pip finds and downloads the wheel (no virtual environment, nothing is installed), its sha256 is compared, and each file
replaces the one of that name in the folder in one step. The last file written is `wheel.sha256`: if it already holds the wanted
sum and all files are there, nothing is done. With --link NAME a symbolic link NAME to the first file is left beside it.
Every failure is one line on standard error and exit code 1."""
import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

STAMP = "wheel.sha256"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--package", required=True)
    p.add_argument("--version", required=True)
    p.add_argument("--arch", required=True)
    p.add_argument("--sha256", required=True)
    p.add_argument("--to", required=True)
    p.add_argument("--link")
    p.add_argument("files", nargs="+")
    a = p.parse_args()
    what = "%s %s for %s" % (a.package, a.version, a.arch)
    if not a.sha256:
        fail("no checksum of %s is pinned in scripts/versions.mk" % what)
    if up_to_date(a):
        print("setup: %s is in %s" % (what, a.to))
        return
    print("setup: downloading %s" % what, flush=True)
    try:
        os.makedirs(a.to, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=a.to, prefix="download-") as scratch:
            wheel = download(a, what, scratch)
            check(wheel, a.sha256, what)
            unpack(wheel, scratch, a)
    except OSError as e:
        fail("cannot write to %s: %s" % (a.to, e))
    print("setup: %s is in %s" % (what, a.to))


def up_to_date(a):
    """Tell whether the folder holds the files of the wanted wheel."""
    try:
        with open(os.path.join(a.to, STAMP)) as f:
            stamp = f.read().strip()
    except OSError:
        return False
    names = [os.path.basename(n) for n in a.files] + ([a.link] if a.link else [])
    return stamp == a.sha256 and all(os.path.exists(os.path.join(a.to, n)) for n in names)


def download(a, what, scratch):
    """Let pip bring the wheel into scratch and return its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", scratch,
               "--platform", "manylinux_2_28_" + a.arch, "--platform", "manylinux_2_27_" + a.arch,
               "--python-version", "3.11", "--implementation", "cp", "%s==%s" % (a.package, a.version)]
    # The second setting is for people who forbid pip outside a virtual environment: nothing is installed here.
    env = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_REQUIRE_VIRTUALENV="0")
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wheels = [n for n in os.listdir(scratch) if n.endswith(".whl")]
    if done.returncode or len(wheels) != 1:
        lines = [line for line in done.stdout.splitlines() if line.strip()] or ["pip said nothing"]
        fail("pip cannot download %s (no network, or a registry without it?): %s" % (what, lines[-1].strip()))
    return os.path.join(scratch, wheels[0])


def check(wheel, wanted, what):
    """Compare the wheel's sha256."""
    digest = hashlib.sha256()
    with open(wheel, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() != wanted:
        fail("the wheel of %s has sha256 %s, not the pinned %s: it is not used" % (what, digest.hexdigest(), wanted))


def unpack(wheel, scratch, a):
    """Move the files into place, then the link, then the stamp."""
    stamp = os.path.join(a.to, STAMP)
    if os.path.exists(stamp):
        os.remove(stamp)
    with zipfile.ZipFile(wheel) as archive:
        for name in a.files:
            base = os.path.basename(name)
            try:
                source = archive.open(name)
            except KeyError:
                fail("%s has no file %s" % (os.path.basename(wheel), name))
            temporary = os.path.join(scratch, base)
            with source, open(temporary, "wb") as out:
                shutil.copyfileobj(source, out)
            os.replace(temporary, os.path.join(a.to, base))
    if a.link:
        temporary = os.path.join(scratch, "link")
        os.symlink(os.path.basename(a.files[0]), temporary)
        os.replace(temporary, os.path.join(a.to, a.link))
    with open(stamp, "w") as f:
        f.write(a.sha256 + "\n")


def fail(message):
    sys.exit("setup: " + message)


if __name__ == "__main__":
    main()
