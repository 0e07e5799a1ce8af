"""Run every fuzz target of the project: fuzz.py SECONDS for each reader of whole files, a sixth of it for each other one.

Targets are found by their signature in the test files; the names of READERS must be among them. A crash, an input that takes longer than the fuzzing engine allows, or a
process that ever held more than LIMIT_MIB of memory fails the run; the offending input is left by the engine under testdata/fuzz
of its room."""
import os
import re
import subprocess
import sys
import time

LIMIT_MIB = 1024
READERS = {"FuzzRead", "FuzzNPY", "FuzzNPZ"}  # ONNX files, npy, npz
TARGET = re.compile(r"^func (Fuzz\w+)\(\w+ \*testing\.F\)", re.MULTILINE)
# What the engine says where its time ends within a run: no input has failed, and none is left behind.
OUT_OF_TIME = re.compile(r"^--- FAIL: \w+ \([\d.]+s\)\n +context deadline exceeded\nFAIL\n$", re.MULTILINE)
SCRATCH = os.path.join(".tools", "fuzz")


def main():
    seconds = int(sys.argv[1])
    os.makedirs(SCRATCH, exist_ok=True)
    found, count = find(), 0
    lost = READERS - {target for targets in found.values() for target in targets}
    if lost:
        sys.exit("fuzz: no target is called %s any more: correct READERS" % ", ".join(sorted(lost)))
    for room, targets in sorted(found.items()):
        binary = os.path.abspath(os.path.join(SCRATCH, room.replace(os.sep, "-") + ".test"))
        if subprocess.run(["go", "test", "-c", "-fuzz=.", "-o", binary, "./" + room]).returncode:
            sys.exit("fuzz: %s does not compile" % room)
        for target in targets:
            fuzz(room, target, binary, seconds if target in READERS else max(1, seconds // 6))
            count += 1
    print("fuzz: %d targets passed" % count)


def find():
    """Return the names of the targets by folder."""
    found = {}
    for folder, children, files in os.walk("."):
        children[:] = [c for c in children if not c.startswith((".", "_")) and c != "testdata"]
        for name in files:
            if name.endswith("_test.go"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    targets = TARGET.findall(f.read())
                if targets:
                    found.setdefault(os.path.relpath(folder), []).extend(targets)
    return found


def fuzz(room, target, binary, seconds):
    """Run one target and check how it ended and the peak memory of its processes."""
    start = time.monotonic()
    cache = os.path.abspath(os.path.join(SCRATCH, "cache", room))
    os.makedirs(cache, exist_ok=True)
    log = os.path.join(SCRATCH, target + ".log")
    with open(log, "w+") as out:
        process = subprocess.Popen(
            [binary, "-test.run=^$", "-test.fuzz=^%s$" % target, "-test.fuzztime=%ds" % seconds, "-test.fuzzminimizetime=1s",
             "-test.fuzzcachedir=" + cache],
            cwd=room, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        # wait4 tells the peak of the process and of the workers that it waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    peak = usage.ru_maxrss // 1024
    if process.returncode and not OUT_OF_TIME.search(text):
        sys.stderr.write(text)
        sys.exit("fuzz: %s in %s failed" % (target, room))
    if peak > LIMIT_MIB:
        sys.exit("fuzz: %s in %s held %d MiB at its peak, more than %d" % (target, room, peak, LIMIT_MIB))
    runs = re.findall(r"execs: (\d+)", text)
    print("fuzz: %s/%s ok, %s runs in %.0f s, peak %d MiB" % (room, target, runs[-1] if runs else "?", time.monotonic() - start, peak), flush=True)


if __name__ == "__main__":
    main()
