"""What a metric of one's own costs: whole searches of the example network by top-1 in Python, as a server and as a command, against the built-in
top1. usage: bench_metric.py [RUNS]. Written between the marks of docs/metrics.md.

The searches take turns; of RUNS rounds (5) the table has the medians of seconds and of each round's ratios, with the smallest and the largest ratio
in brackets. The metrics of all samples run in the first round alone, since they take long. The processor time of the program is that of its process
without the Python processes that it has started, which say at their end what they have taken.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from tables import write

SEARCH = ["bin/demote", "search", "--model", "examples/fashion/model.onnx", "--calib", "examples/fashion/calib.npz", "--data", "examples/fashion/eval.npz",
          "--target", "16bit-0.003", "--range", "minmax"]
PYTHON = ".venv-numpy/bin/python"
ATEXIT = """import atexit, os, time
def used():
    open(os.environ["BENCH_USED"], "a").write("%f\\n" % time.process_time())
atexit.register(used)
"""
HITS = "import demote_metric\ndef hits(outputs, labels, indices):\n    return outputs.argmax(1) == labels\ndemote_metric.serve(hits=hits)\n"
WHOLE = "import demote_metric\ndemote_metric.serve(lambda outputs, labels, indices: (outputs.argmax(1) == labels).mean())\n"
COMMAND = "import io, sys, numpy\npipe = io.BytesIO(sys.stdin.buffer.read())\noutputs, labels = numpy.load(pipe), numpy.load(pipe)\nprint((outputs.argmax(1) == labels).mean())\n"
# name in the table: the script, the flag, how many rounds
WAYS = {
    "`--metric top1`": ("", "", 0),
    "`--metric-serve`, hits": (HITS, "--metric-serve", 0),
    "`--metric-serve`, hits, 2 s of imports": ("import time\ntime.sleep(2)\n" + HITS, "--metric-serve", 0),
    "`--metric-serve`, all samples": (WHOLE, "--metric-serve", 1),
    "`--metric-cmd`": (COMMAND, "--metric-cmd", 1),
}


def measure(folder, script, flag):
    """Return what a search takes: wall and processor seconds of the program and of the metric, and its result."""
    score, used, out = (os.path.join(folder, n) for n in ("score.py", "used", "out"))
    for path, text in ((score, ATEXIT + script), (used, "")):
        with open(path, "w") as f:
            f.write(text)
    env = dict(os.environ, BENCH_USED=used, PYTHONPATH=os.path.abspath("python"))
    args = [flag, "%s %s" % (os.path.abspath(PYTHON), score)] if flag else ["--metric", "top1"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    subprocess.run([*SEARCH, *args, "--out", out, "--force"], check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.time() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(used) as f:
        python = sum(float(line) for line in f)
    with open(os.path.join(out, "result.json")) as f:
        result = json.load(f)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - python, python, result


def ratio(values):
    """Return the median of some ratios, and the range."""
    if len(values) == 1:
        return "%.2f" % values[0]
    return "%.2f (%.2f to %.2f)" % (statistics.median(values), min(values), max(values))


def evaluation():
    """Return a sentence on a full evaluation by hits, and by top1, in turns."""
    text = subprocess.run(["go", "test", "./internal/trial", "-run", "^$", "-bench", "ServedTrial", "-benchtime", "30x"], check=True, stdout=subprocess.PIPE, text=True).stdout
    cpu, wall = (float(re.search(r"([\d.]+) " + unit, text).group(1)) for unit in ("times-the-processor-time", "times-the-time"))
    return "A full evaluation of the example by hits takes %.2f times `top1`'s time and %.2f times its processor time (30 of each, in turns)." % (wall, cpu)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    got = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(runs):
            for name, (script, flag, most) in WAYS.items():
                if most and i >= most:
                    continue
                got[name].append(measure(folder, script, flag))
                print("round %d: %s: %.1f s, %.1f s of the program, %.1f s of Python" % (i + 1, name, *got[name][-1][:3]), flush=True)
    base = got["`--metric top1`"]
    lines = ["| metric | starts | evaluations | full passes | time, s | times top1's | processor time of demote, s | times top1's | of Python, s |", "| --- " * 9 + "|"]
    for name, list_ in got.items():
        r = list_[0][3]
        same = r["promotion"] == base[0][3]["promotion"] and r["evaluations"] == base[0][3]["evaluations"]
        assert same or "hits" not in name, name  # without bounds a search goes another way
        starts = (r.get("metric_server") or {}).get("starts") or (r.get("metric_command") or {}).get("calls") or 0
        median = [statistics.median(x[i] for x in list_) for i in range(3)]
        against = [ratio([x[i] / b[i] for x, b in zip(list_, base)]) for i in range(2)]
        passes = statistics.median(x[3]["sample_evaluations"] / x[3]["samples"] for x in list_)
        lines.append("| %s | %d | %d | %.1f | %.1f | %s | %.1f | %s | %.1f |" % (name, starts, r["evaluations"], passes, median[0], against[0], median[1], against[1], median[2]))
    write("docs/metrics.md", "metric", lines + ["", evaluation()])


if __name__ == "__main__":
    main()
