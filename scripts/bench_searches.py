"""Whole `demotion` searches of four configurations with some seeds each, against the naive scan's: the geometric means of the passes
and of the time, and the median over the seeds of what a search takes, alone and as the command that is typed.
usage: bench_searches.py [SEEDS]. Written between the marks of docs/figures.md and docs/strategies.md.

A naive scan runs every score in full, so its passes are the scores that the search asked for and did not know. It is not run: its time
is that many full evaluations, whose time is measured in the same process. R is timed between the trials of the same run. The processor ought to have nothing else to do.

"bounds alone" is the samples that were judged, whatever part of the network each of them ran; "accepted" the demotions, whose trials
run to their end.
"""

import json
import math
import statistics
import subprocess
import sys

from tables import write

FASHION = ["--calib", "examples/fashion/calib.npz", "--data", "examples/fashion/eval.npz", "--grid", "pow2"]
SEARCHES = [
    ("fashion-dscnn", "examples/fashion/model.onnx", "16bit-0.003"),
    ("fashion-dscnn", "examples/fashion/model.onnx", "16bit-0.010"),
    ("fashion-dscnn-uneven", "testdata/fashion-dscnn-uneven/model.onnx", "16bit-0.005"),
    ("fashion-vit", "testdata/fashion-vit/model.onnx", "16bit-0.005"),
]
HEAD = ["network", "target", "seed", "evaluations", "accepted", "bounds alone", "of the naive passes", "of its time", "R", "CPU-R", "the whole command, R", "CPU-R"]


def measure(model, target, seed):
    """The scores and demotions, the shares of the naive scan's samples, passes and time, and the time in R and CPU-R, alone and as a command."""
    command = ["bin/demote", "bench", "--json", "--runs", "1", "--model", model, *FASHION, "--range", "minmax", "--target", target, "--seed", str(seed)]
    b = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    s, whole = b["search"], b["whole"]
    naive = s["evaluations"] - s["memo"]
    return (s["evaluations"], b["holders"] - s["int16"], s["samples"] / b["samples"] / naive, s["passes"] / naive,
            s["r"] / (naive * b["evaluation_r"]["median"]), s["r"], s["cpu_r"]["median"], whole["r"]["median"], whole["cpu_r"]["median"])


def span(values):
    """The median of some numbers, and the range."""
    return "%.1f (%.1f to %.1f)" % (statistics.median(values), min(values), max(values))


def mean(values):
    """The geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def strategies():
    """The lines of the table of strategies, in R."""
    lines = ["| strategy | alone, R | CPU-R | the whole command, R | CPU-R | passes run | int16 |", "| --- " * 7 + "|"]
    for strategy in ("gallop", "auto", "demotion"):
        command = ["bin/demote", "bench", "--json", "--model", "testdata/fashion-dscnn-uneven/model.onnx", *FASHION, "--target", "0.9125", "--strategy", strategy]
        b = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        s, whole = b["search"], b["whole"]
        figures = ["%.1f (%.1f to %.1f)" % (f["median"], f["min"], f["max"]) for f in (s["r_spread"], s["cpu_r"], whole["r"], whole["cpu_r"])]
        lines.append("| `%s` | %s | %.1f | %d |" % (strategy, " | ".join(figures), s["passes"], s["int16"]))
        print(lines[-1], flush=True)
    return lines


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    lines = ["| %s |" % " | ".join(HEAD), "| --- " * len(HEAD) + "|"]
    shares = []
    for name, model, target in SEARCHES:
        rows = []
        for seed in range(1, seeds + 1):
            m = measure(model, target, seed)
            rows.append(m[2:])
            lines.append("| %s | %s | %d | %d | %d | %.3f | %.3f | %.3f | %.1f | %.1f | %.1f | %.1f |" % ((name, target, seed) + m))
            print(lines[-1], flush=True)
        columns = list(zip(*rows))
        lines.append("| | | mean; median | | | %.3f | %.3f | %.3f | %s | %s | %s | %s |" % (tuple(map(mean, columns[:3])) + tuple(map(span, columns[3:]))))
        print(lines[-1], flush=True)
        shares += [row[:3] for row in rows]
    lines += ["", "Geometric means over all: bounds alone %.3f, %.3f of the naive scan's passes, %.3f of its time." % tuple(map(mean, zip(*shares)))]
    print(lines[-1])
    write("docs/figures.md", "searches", lines)
    write("docs/strategies.md", "plain", strategies())


if __name__ == "__main__":
    main()
