"""Whole `demotion` searches of four configurations with five seeds each, against the naive scan's: the geometric means of the passes
and of the time. usage: bench_searches.py [SEEDS]

A naive scan runs every score in full, so its passes are the scores that the search asked for and did not know. It is not run: its time
is that many full trials, whose time is measured in the same process. The processor ought to have nothing else to do.
"""

import json
import math
import subprocess
import sys

FASHION = ["--calib", "examples/fashion/calib.npz", "--data", "examples/fashion/eval.npz", "--grid", "pow2"]
SEARCHES = [
    ("examples/fashion/model.onnx", "16bit-0.003"),
    ("examples/fashion/model.onnx", "16bit-0.010"),
    ("testdata/fashion-dscnn-uneven/model.onnx", "16bit-0.005"),
    ("testdata/fashion-vit/model.onnx", "16bit-0.005"),
]


def measure(model, target, seed):
    """The shares of the naive scan's passes and time, and the time in R."""
    command = ["bin/demote", "bench", "--json", "--model", model, *FASHION, "--target", target, "--seed", str(seed)]
    b = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    s = b["search"]
    naive = s["evaluations"] - s["memo"]
    return s["passes"] / naive, s["r"] / (naive * b["trial_r"]["median"]), s["r"]


def mean(values):
    """The geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| network | target | seed | of the naive passes | of its time | R |\n| --- | --- | --- | --- | --- | --- |")
    passes, times = [], []
    for model, target in SEARCHES:
        for seed in range(1, seeds + 1):
            p, t, r = measure(model, target, seed)
            passes.append(p)
            times.append(t)
            print(f"| {model} | {target} | {seed} | {p:.3f} | {t:.3f} | {r:.1f} |", flush=True)
    print(f"\nGeometric means: {mean(passes):.3f} of the naive scan's passes, {mean(times):.3f} of its time.")


if __name__ == "__main__":
    main()
