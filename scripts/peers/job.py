"""The job that every tool of bench_peers.py does, and what the scripts of the tools share.

The network is testdata/fashion-dscnn-uneven, calibrated on the 256 samples of examples/fashion/calib.npz and scored on the
first 1,000 of eval.npz: the mix may lose 0.005 of accuracy against the float network. A script of a tool ends with tell().
"""

import json
import os
import sys

import numpy

MODEL = os.path.join("testdata", "fashion-dscnn-uneven", "model.onnx")
CALIB, ALL, HOLDOUT = (os.path.join("examples", "fashion", name + ".npz") for name in ("calib", "eval", "holdout"))
OUT = os.path.join(".tools", "peers")
EVAL = os.path.join(OUT, "eval.npz")  # the first SAMPLES of ALL
SAMPLES = 1000
INPUT = "input"
FLOAT = 0.925  # the accuracy of the float network on these samples
DROP = 0.005
BATCH = 100
SEED = 1


def prepare():
    """Write the evaluation samples."""
    os.makedirs(OUT, exist_ok=True)
    with numpy.load(ALL) as z:
        numpy.savez_compressed(EVAL, x=z["x"][:SAMPLES], y=z["y"][:SAMPLES])


def samples(file):
    """Return the float32 images and the labels of a file."""
    with numpy.load(file) as z:
        return z["x"].astype(numpy.float32), z["y"]


def batches(file, size=BATCH):
    """Return the images of a file as a list of feeds."""
    x, _ = samples(file)
    return [{INPUT: x[i:i + size]} for i in range(0, len(x), size)]


class Score:
    """The accuracy on the evaluation samples, and how often it was asked for."""

    def __init__(self):
        self.x, self.y = samples(EVAL)
        self.asked = 0

    def of(self, forward):
        """Return the accuracy of forward, which makes logits of a batch of images."""
        self.asked += 1
        right = sum(int((numpy.asarray(forward(self.x[i:i + BATCH])).argmax(1) == self.y[i:i + BATCH]).sum())
                    for i in range(0, len(self.x), BATCH))
        return right / len(self.x)

    def session(self, session):
        """Return the accuracy of a session of ONNX Runtime."""
        return self.of(lambda x: session.run(None, {INPUT: x})[0])


def folder():
    """Return the folder that the tool may write into, the script's argument."""
    os.makedirs(sys.argv[1], exist_ok=True)
    return sys.argv[1]


def tell(**told):
    """Leave what the tool found for bench_peers.py: file (and encodings), score as the tool told it, scores it asked for."""
    with open(os.path.join(folder(), "told.json"), "w", encoding="utf-8") as f:
        json.dump(told, f, indent=1)
