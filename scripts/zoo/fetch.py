"""Bring the pip and npm packages of packages.txt, and unpack what the zoo reads of them."""
import hashlib
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
    """Return the pinned packages by name: their line of packages.txt. The name of an npm package begins with npm:."""
    with open(os.path.join(HERE, "packages.txt"), encoding="utf-8") as f:
        lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    return {re.split("==|(?<=[^:])@[0-9]", line)[0]: line for line in lines}


def place(folder, package):
    """Return where the files of a package lie below a folder."""
    return os.path.join(folder, *package.replace("npm:", "npm/", 1).split("/"))


def files(package):
    """Return the networks' files of a package, with the files of weights that lie beside them."""
    return sorted(f for n in networks() if n["package"] == package for f in [n["file"]] + n.get("beside", []))


def fetch(folder, wanted):
    """Have the files of the wanted packages at their place, and return nothing. What is there with the pinned sum is kept."""
    for name, line in packages().items():
        if name not in wanted and name not in DATA:
            continue
        to = place(folder, name)
        stamp = os.path.join(to, ".pinned")
        kept = "\n".join([line] + files(name))  # a file that networks.json has named since is unpacked too
        if os.path.exists(stamp) and open(stamp, encoding="utf-8").read() == kept:
            continue
        print("zoo: bringing %s" % line.split(" ")[0], file=sys.stderr, flush=True)
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            unpack((npm if name.startswith("npm:") else pip)(line, scratch), name, to)
        with open(stamp, "w", encoding="utf-8") as f:
            f.write(kept)


def pip(line, scratch):
    """Let pip bring one package, which it holds against the pinned sum, and return the file's path."""
    pin = os.path.join(scratch, "pin.txt")
    with open(pin, "w", encoding="utf-8") as f:
        f.write(line + "\n")
    return run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", pin, "-d", scratch], line, scratch)


def npm(line, scratch):
    """Let npm bring one package without running anything of it, hold it against the pinned sum, and return the file's path."""
    if not shutil.which("npm"):
        sys.exit("zoo: npm is missing, and %s is a package of it: install it (package npm), or name other networks with --only" % line.split(" ")[0])
    spec, pin = line[len("npm:"):].split(" --hash=sha256:")
    path = run(["npm", "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", scratch, spec], line, scratch)
    with open(path, "rb") as f:
        seen = hashlib.sha256(f.read()).hexdigest()
    if seen != pin:
        sys.exit("zoo: npm brings another %s than the pinned one: its sha256 is %s, not %s" % (spec, seen, pin))
    return path


def run(command, line, scratch):
    """Run a client that is to put one archive into a folder, and return the archive's path."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    there = [n for n in os.listdir(scratch) if n != "pin.txt"]
    if done.returncode or len(there) != 1:
        tool, said = ("npm" if command[0] == "npm" else "pip"), done.stdout.strip().splitlines()
        # npm says first what is wrong, pip last
        sys.exit("zoo: %s cannot bring %s: %s" % (tool, line.split(" ")[0], " ".join(said[:2] if tool == "npm" else said[-1:]) or "it said nothing"))
    return os.path.join(scratch, there[0])


def unpack(archive, name, to):
    """Unpack the networks, or the pictures and tables, of a package."""
    kept = set(files(name))

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
    with tarfile.open(archive) as t:  # the files of an archive of sources, or of an npm package, lie in a folder of their own
        for i in t:
            path = i.name.split("/", 1)[-1]
            if keep(path) and i.isfile():
                write(path, t.extractfile(i).read())
