"""Bring the packages of packages.txt, and unpack what the zoo reads of them."""
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Of these packages the pictures and tables are wanted, and not a network.
DATA = {"scikit-image": ("skimage/data/",), "scikit-learn": ("sklearn/datasets/data/", "sklearn/datasets/images/")}


def networks():
    """Return the list of networks."""
    with open(os.path.join(HERE, "networks.json"), encoding="utf-8") as f:
        return json.load(f)


def packages():
    """Return the pinned packages by name: their line of packages.txt."""
    with open(os.path.join(HERE, "packages.txt"), encoding="utf-8") as f:
        lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    return {re.split("==", line)[0]: line for line in lines}


def fetch(folder, wanted):
    """Have the files of the wanted packages below folder/NAME, and return nothing. What is there with the pinned sum is kept."""
    for name, line in packages().items():
        if name not in wanted and name not in DATA:
            continue
        to = os.path.join(folder, name)
        stamp = os.path.join(to, ".pinned")
        if os.path.exists(stamp) and open(stamp, encoding="utf-8").read() == line:
            continue
        print("zoo: bringing %s" % line.split(" ")[0], file=sys.stderr, flush=True)
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            unpack(download(line, scratch), name, to)
        with open(stamp, "w", encoding="utf-8") as f:
            f.write(line)


def download(line, scratch):
    """Let pip bring one package, which it holds against the pinned sum, and return the file's path."""
    pin = os.path.join(scratch, "pin.txt")
    with open(pin, "w", encoding="utf-8") as f:
        f.write(line + "\n")
    done = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", pin, "-d", scratch],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    files = [n for n in os.listdir(scratch) if n != "pin.txt"]
    if done.returncode or len(files) != 1:
        sys.exit("zoo: pip cannot bring %s: %s" % (line.split(" ")[0], done.stdout.strip().splitlines()[-1:] or "it said nothing"))
    return os.path.join(scratch, files[0])


def unpack(archive, name, to):
    """Unpack the networks, or the pictures and tables, of a package."""
    kept = {n["file"] for n in networks() if n["package"] == name}

    def keep(path):
        return path in kept or path.startswith(DATA.get(name, ("\0",)))

    def write(path, data):
        out = os.path.join(to, *path.split("/"))
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with open(out, "wb") as f:
            f.write(data)

    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as z:
            for i in z.infolist():
                if keep(i.filename) and not i.is_dir():
                    write(i.filename, z.read(i))
        return
    with tarfile.open(archive) as t:  # the files of a source archive lie in a folder of their own
        for i in t:
            path = i.name.split("/", 1)[-1]
            if keep(path) and i.isfile():
                write(path, t.extractfile(i).read())
