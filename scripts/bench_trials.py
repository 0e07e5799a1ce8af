"""A full evaluation against the float network's pass on the networks of this repository and on the large ones of bench_networks.py, and a
full evaluation by two workers against one. usage: bench_trials.py FOLDER [RUNS]. Written between the marks of docs/figures.md.

Every ratio is taken inside one run of bin/demote bench, or of one Go benchmark, between measurements that take turns; of RUNS runs (5) the table
has the median of the ratios and, in brackets, the smallest and the largest. The processor ought to have nothing else to do.
"""

import json
import os
import re
import statistics
import subprocess
import sys

from tables import write

FASHION = ["--calib", "examples/fashion/calib.npz", "--data", "examples/fashion/eval.npz"]
LIMITS = {"fashion-dscnn": 1.30, "fashion-vit": 1.40, "efficientnet-lite0": 1.25, "transformer-384": 1.10}


def networks(folder):
    """Return the networks by name, with the arguments of the benchmark."""
    large = {n: os.path.join(folder, n) for n in ("efficientnet-lite0", "transformer-384")}
    return {
        "fashion-dscnn": ["--model", "examples/fashion/model.onnx", *FASHION],
        "fashion-vit": ["--model", "testdata/fashion-vit/model.onnx", *FASHION],
        **{n: ["--model", d + "/model.onnx", "--calib", d + "/calib.npz", "--data", d + "/eval.npz", "--metric", "agreement"] for n, d in large.items()},
    }


def output(command):
    """Return what a command prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def span(values):
    """Return the median of some numbers, and the range."""
    return "%.2f (%.2f to %.2f)" % (statistics.median(values), min(values), max(values))


def trials(folder, runs):
    """Return the lines of the table of trials."""
    lines = ["| network | holders | block | R, seconds | R is | a full evaluation, R | CPU-R | at most, R |", "| --- " * 8 + "|"]
    for name, args in networks(folder).items():
        got = [json.loads(output(["bin/demote", "bench", "--json", "--range", "minmax", *args])) for _ in range(runs)]
        kinds = sorted({"%d x %d, batch %d" % (b["r_sessions"], b["r_threads"], b["r_batch"]) for b in got})
        lines.append("| %s | %d | %d | %s | %s | %s | %s | %.2f |" % (name, got[0]["holders"], got[0]["block"], span([b["r_seconds"]["median"] for b in got]),
                                                                 "; ".join(kinds), span([b["evaluation_r"]["median"] for b in got]), span([b["evaluation_cpu_r"]["median"] for b in got]), LIMITS[name]))
        print(lines[-1], flush=True)
    return lines


def workers(runs):
    """Return a line on what the second worker is worth."""
    ratios = []
    for _ in range(runs):
        text = output(["go", "test", "./internal/bench", "-run", "^$", "-bench", "Workers", "-benchtime", "10x"])
        ratios.append(float(re.search(r"([\d.]+) times-one", text).group(1)))
    return ["Two workers on two cores: %s times one (at least 1.7), full evaluations of fashion-dscnn." % span(ratios)]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    write("docs/figures.md", "trials", trials(sys.argv[1], runs))
    write("docs/figures.md", "workers", workers(runs))


if __name__ == "__main__":
    main()
