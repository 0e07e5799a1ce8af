"""What it costs to search on two worker processes of this machine, against two members and two workers of one process.

    make bench-cluster [BENCH_PAIRS=3]

The longer a block and a trial, the less messages matter, so it is done with three searches. Each turn searches once in
each way, one after the other; of each three medians are printed, beside two workers: the time of the search itself
(from the first score of all int16 to the last trial), that of the whole command, which makes each member ready, and the
processor time of all its processes. Results must be the same.
"""

import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SEARCH = ["--calib", "examples/fashion/calib.npz", "--data", "examples/fashion/eval.npz",
          "--target", "16bit-0.005", "--strategy", "demotion", "--grid", "pow2", "--range", "minmax"]
CASES = [("fashion-dscnn-uneven", 1000, 10), ("fashion-dscnn-uneven", 2000, 10), ("fashion-vit", 2000, 20)]
TICK = os.sysconf("SC_CLK_TCK")


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def children():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def search(out, more, workers=()):
    """Seconds of the search, of the command and of processors, and what was found."""
    before, own, begun = [ticks(p) for p in workers], children(), time.monotonic()
    subprocess.run(["bin/demote", "search", *SEARCH, "--out", out, *more], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - begun
    cpu = children() - own + sum(ticks(p) for p in workers) - sum(before)
    with open(os.path.join(out, "result.json"), encoding="utf-8") as f:
        result = json.load(f)
    trials = sum(s["seconds"] for s in result["stages"] if s["name"] in ("scoring all int16", "scoring all int8", "demotion"))
    return trials, wall, cpu, (result["promotion"], result["chain"], result["evaluations"])


def compare(ways, case, pairs, folder):
    """Search so many samples of a network in each way, so many times, and print the medians."""
    network, samples, block = case
    what_is = ["--model", "testdata/%s/model.onnx" % network, "--limit", str(samples), "--block", str(block)]
    name = "%s, %d samples in blocks of %d" % case
    took, found = {way: [] for way in ways}, set()
    for pair in range(pairs):
        for way, (more, pids) in ways.items():
            out = tempfile.mkdtemp(dir=folder)
            *times, what = search(out, [*what_is, *more], pids)
            took[way].append(times)
            found.add(json.dumps(what))
            print("%s, %d: %s: search %.2f s, command %.2f s, processors %.2f s" % (name, pair, way, *times), flush=True)
    if len(found) > 1:
        sys.exit("the results differ")
    first = [statistics.median(t) for t in zip(*took["two workers in one process"])]
    for way, times in took.items():
        own = [statistics.median(t) for t in zip(*times)]
        told = ["%s %.2f s (%.3f)" % (what, t, t / f) for what, t, f in zip(("search", "command", "processors"), own, first)]
        print("%s: %s: %s" % (name, way, ", ".join(told)), flush=True)


def main(pairs):
    folder, workers, program = tempfile.mkdtemp(), [], os.path.abspath("bin/demote")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            at = f"127.0.0.1:{s.getsockname()[1]}"
        cluster = os.path.join(folder, "cluster")
        subprocess.run([program, "cluster", "init", "--cluster-folder", cluster], check=True, **quiet)
        for name in ("w1", "w2"):
            subprocess.run([program, "cluster", "join", "--cluster-folder", cluster, name], check=True, cwd=folder, **quiet)
            workers.append(subprocess.Popen([program, "worker", "--cluster", "tls://" + at, "--join", name + ".join", "--device", "cpu", "--workers", "1"], cwd=folder, **quiet))
        ways = {
            "two workers in one process": (["--device", "cpu", "--workers", "2"], ()),
            "two members in one process": (["--device", "cpu", "--members", "2", "--workers", "2"], ()),
            "two worker processes": (["--workers-at", at, "--cluster-folder", cluster, "--min-workers", "2", "--workers", "1"], [w.pid for w in workers]),
        }
        for case in CASES:
            compare(ways, case, int(pairs), folder)
    finally:
        for w in workers:
            w.terminate()
            w.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["3"]))
