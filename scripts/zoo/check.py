"""An independent judge of what demote has written: plain ONNX Runtime and numpy, nothing of demote's.

    check.py FLOAT.onnx MIXED.onnx SAMPLES.npz RESULT.json [exact-only] [NAME=VALUE...]

prints a JSON object: the metric's value of the mixed file in the exact session and in a default one, in batches of one sample and
of 7 (the last of them filled up with copies), what the result says of either, and R: the seconds of one pass of the float network by
two sessions of one thread side by side. The float network runs in batches of the search's block where the result names that: some
networks round otherwise in other batches, and their outputs are far apart by that.
"""
import json
import sys
import threading
import time

import numpy
import onnxruntime

EXACT = {"session.disable_quant_qdq": "1", "session.disable_double_qdq_remover": "1"}
TYPES = {"tensor(float)": numpy.float32, "tensor(double)": numpy.float64, "tensor(int64)": numpy.int64, "tensor(int32)": numpy.int32,
         "tensor(uint8)": numpy.uint8, "tensor(bool)": numpy.bool_}


def session(path, entries):
    """Return a session of one thread."""
    o = onnxruntime.SessionOptions()
    o.intra_op_num_threads, o.log_severity_level = 1, 3
    for key, value in entries.items():
        o.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(path, o, providers=["CPUExecutionProvider"])


class Network:
    """A file with the samples that it gets."""

    def __init__(self, path, entries, arrays, fixed, output):
        self.session = session(path, entries)
        inputs = self.session.get_inputs()
        free = [i for i in inputs if i.name not in fixed]
        self.fixed = {i.name: numpy.array(fixed[i.name], TYPES[i.type]) for i in inputs if i.name in fixed}
        self.arrays = {i.name: (arrays[i.name] if i.name in arrays else arrays["x"]).astype(TYPES[i.type]) for i in free}
        self.ranks = {i.name: len(i.shape) for i in free}
        self.shapes = {i.name: i.shape for i in free}
        self.count = len(next(iter(self.arrays.values())))
        self.output = output or self.session.get_outputs()[0].name

    def feed(self, at, n):
        """Return the inputs of n samples, the last repeated where there are no more."""
        pick = numpy.minimum(numpy.arange(at, at + n), self.count - 1)
        out = dict(self.fixed)
        for name, a in self.arrays.items():
            rows = a[pick]
            axis = self.batch_axis(name)
            if rows.ndim == self.ranks[name] + 1:  # whole arrays of a network that knows no batch
                rows = rows[0]
            elif axis:
                rows = numpy.moveaxis(rows, 0, axis)
            out[name] = numpy.ascontiguousarray(rows)
        return out

    def batch_axis(self, name):
        """Return which axis of an input is free where the first is not, such as that of a state [2, batch, 128]."""
        shape = self.shapes[name]
        if not isinstance(shape[0], int) or shape[0] == 1:
            return 0
        return next((k for k, d in enumerate(shape) if not isinstance(d, int)), 0)

    def rows(self, batch):
        """Return the output of every sample, one row each, float64."""
        out = []
        for at in range(0, self.count, batch):
            y = self.session.run([self.output], self.feed(at, batch))[0]
            if batch == 1:
                y = y[None]
            elif y.shape[0] != batch:
                y = numpy.moveaxis(y, y.shape.index(batch), 0)
            out.append(y.reshape(batch, -1)[:self.count - at].astype(numpy.float64))
        return numpy.concatenate(out)


def value(metric, rows, base, labels):
    """Return the metric, as docs/metrics.md defines it."""
    if metric == "top1":
        return float((rows.argmax(1) == labels).mean())
    if metric == "agreement":
        return float((rows.argmax(1) == base.argmax(1)).mean())
    if metric == "sqnr":
        return float(10 * numpy.log10((base ** 2).sum() / ((base - rows) ** 2).sum()))
    raise SystemExit("check: metric %s is not known here" % metric)


def plain_pass(path, entries, arrays, fixed, output):
    """Return the seconds of a pass by two sessions side by side, the better of batches of 1 and 20 where both run; best of two."""
    best = None
    for batch in (1, 20):
        try:
            workers = [Network(path, entries, arrays, fixed, output) for _ in range(2)]
            workers[0].session.run([workers[0].output], workers[0].feed(0, batch))
        except Exception:  # a network that takes one sample at a time
            continue
        for _ in range(2):
            begun = time.perf_counter()
            threads = [threading.Thread(target=lambda w=w, k=k: [w.session.run([w.output], w.feed(at, batch))
                                        for at in range(k * batch, w.count, 2 * batch)]) for k, w in enumerate(workers)]
            [t.start() for t in threads]
            [t.join() for t in threads]
            took = time.perf_counter() - begun
            best = took if best is None else min(best, took)
    return best


def takes_one(path, arrays, fixed, output):
    """Return whether the float network takes no more than one sample at a time."""
    try:
        float_network = Network(path, {}, arrays, fixed, output)
        float_network.session.run([float_network.output], float_network.feed(0, 7))
    except Exception as e:
        if "imension" in str(e) or "shape" in str(e):
            return True
        raise
    return False


def told(r, batch):
    """Return what a result says that the mixed file scores in a batch."""
    score = r["score"]["mixed"]
    for a in (r["verified"] or {}).get("as_written") or []:
        if a["batch"] == batch and a["differing_samples"]:
            score = a
    return score["value"] if score["correct"] is None else score["correct"] / r["samples"]


def block(r):
    """Return the batch that a result was searched in, or 1 where it does not say."""
    return next((a["batch"] for a in (r["verified"] or {}).get("as_written") or [] if a["batch"] not in (1, 7)), 1)


def main():
    model, mixed, samples, result = sys.argv[1:5]
    fixed = {a.split("=")[0]: json.loads(a.split("=")[1]) for a in sys.argv[5:] if "=" in a}
    with open(result, encoding="utf-8") as f:
        r = json.load(f)
    arrays = dict(numpy.load(samples))
    labels, output = arrays.pop("y", None), r["config"]["output"]
    base = Network(model, {}, arrays, fixed, output).rows(block(r))
    out = {"metric": r["metric"], "told_1": told(r, 1), "told_7": told(r, 7), "samples": len(base)}
    out["alone"] = takes_one(model, arrays, fixed, output)
    sessions = [("exact", EXACT)] + ([] if "exact-only" in sys.argv else [("default", {})])
    for name, entries in sessions:
        for batch in (1, 7):
            try:
                rows = Network(mixed, entries, arrays, fixed, output).rows(batch)
                out["%s_%d" % (name, batch)] = value(r["metric"], rows, base, labels)
            except Exception as e:
                out["%s_%d" % (name, batch)] = str(e).splitlines()[0][:200]
    out["r"] = plain_pass(model, {}, arrays, fixed, output)
    print(json.dumps(out))


if __name__ == "__main__":
    main()
