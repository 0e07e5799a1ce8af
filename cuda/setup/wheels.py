"""Bring a list of pinned wheels and unpack them side by side: wheels.py LIST FOLDER.

LIST is a pip requirements file with a sha256 and, as a comment, the size of each wheel: "name==version --hash=sha256:HEX # 24 MB". The
sizes are printed before anything is downloaded. pip downloads one wheel at a time, compares the hash, and each is unpacked and removed
before the next. Nothing is installed. FOLDER is replaced at the end, in one step, and a stamp of the list in it says that it is complete.
Every failure is one line on standard error and exit code 1."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

LINE = re.compile(r"^(\S+?)==(\S+) --hash=sha256:([0-9a-f]{64}) # (\d+) MB$")
# The wheels of a machine of 2018 and later; pip matches each tag exactly. The library in a cp311 wheel does not depend on Python.
TAGS = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010"]


def main(listing, folder):
    with open(listing) as f:
        text = f.read()
    stamp = hashlib.sha256(text.encode()).hexdigest()
    if read(os.path.join(folder, "wheels.sha256")) == stamp:
        return
    wheels = [LINE.match(line) for line in text.splitlines() if line and not line.startswith("#")]
    if None in wheels or not wheels:
        fail("%s has a line that is not 'name==version --hash=sha256:HEX # N MB'" % listing)
    for w in wheels:
        print("setup: %5s MB  %s %s" % (w[4], w[1], w[2]))
    print("setup: %5d MB  to download into %s" % (sum(int(w[4]) for w in wheels), folder), flush=True)
    try:
        parent = os.path.dirname(os.path.abspath(folder))
        os.makedirs(parent, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix="download-") as scratch:
            out = os.path.join(scratch, "out")
            for w in wheels:
                unpack(download(w, scratch), out)
            with open(os.path.join(out, "wheels.sha256"), "w") as f:
                f.write(stamp)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(out, folder)
    except OSError as e:
        fail("cannot write to %s: %s" % (folder, e))


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return None


def download(w, scratch):
    """Let pip bring one wheel, with its hash compared, and return its path."""
    wanted = os.path.join(scratch, "wanted.txt")
    with open(wanted, "w") as f:
        f.write("%s==%s --hash=sha256:%s\n" % (w[1], w[2], w[3]))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--require-hashes",
               "--dest", scratch, "--python-version", "3.11", "--implementation", "cp", "-r", wanted]
    for tag in TAGS:
        command += ["--platform", tag + "_x86_64"]
    env = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_REQUIRE_VIRTUALENV="0", TMPDIR=scratch)
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = [n for n in os.listdir(scratch) if n.endswith(".whl")]
    if done.returncode or len(found) != 1:
        lines = [line for line in done.stdout.splitlines() if line.strip()] or ["pip said nothing"]
        fail("pip cannot download %s %s (no network, or a registry without it?): %s" % (w[1], w[2], lines[-1].strip()))
    return os.path.join(scratch, found[0])


def unpack(wheel, out):
    """Unpack a wheel, keeping which files may be executed, and remove it."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, out)
            if entry.external_attr >> 16 & 0o111:
                os.chmod(path, 0o755)
    os.remove(wheel)


def fail(message):
    sys.exit("setup: " + message)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        fail("usage: wheels.py LIST FOLDER")
    main(sys.argv[1], sys.argv[2])
