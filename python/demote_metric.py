"""A metric of your own for `demote search --metric-serve "python3 score.py"`. It needs Python 3.8 and numpy.

    import demote_metric

    def hits(outputs, labels, indices):       # of some samples: True or False for each
        return outputs.argmax(1) == labels

    demote_metric.serve(hits=hits)

serve(metric) has one number of all samples instead, and serve(per_sample=f, bounds=(low, high)) one for each, of which
the score is the mean. outputs is a float32 array [samples, ...], or a dict of arrays by name where demote was given
several --output; labels is an array [samples, ...], a list of arrays where samples have different numbers of rows, a
dict of these by name where there are several, or None; indices are the samples' numbers in their file. Whole metrics
of samples of different shapes get lists of arrays. What the script prints goes to standard error. docs/metrics.md has
the protocol."""
import io
import json
import os
import struct
import sys

import numpy

PROTOCOL = 1
HEAD = struct.Struct("<4sQ")  # of a frame: its kind, and the length of what follows
serving = os.environ.get("DEMOTE_METRIC_SERVER") is not None
if serving:  # frames have the standard streams to themselves; nobody else reads or prints there
    requests, answers = os.fdopen(os.dup(0), "rb", 1 << 16), os.fdopen(os.dup(1), "wb", 1 << 16)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)


class View:
    """Samples that are judged together: their labels, and the outputs that have come of them."""

    def __init__(self, about, file):
        self.set, self.outputs, self.rows = about["set"], about["outputs"], None
        self.numbers, self.labels = numpy.load(file), {}
        for a in about["labels"]:
            array = numpy.load(file)
            if a["offsets"]:
                array = numpy.split(array, numpy.load(file)[1:-1])
            self.labels[a["name"]] = array

    def labels_of(self, samples):
        return one({n: [a[i] for i in samples] if isinstance(a, list) else a[samples] for n, a in self.labels.items()})

    def take(self, body):
        """The numbers of samples and their outputs, from a frame."""
        n = struct.unpack_from("<I", body, 12)[0]
        samples, at, arrays = numpy.frombuffer(body, "<u4", n, 16), 16 + 4 * n, {}
        for o in self.outputs:
            size = n * int(numpy.prod(o["shape"], dtype=numpy.int64))
            arrays[o["name"]] = numpy.frombuffer(body, "<f4", size, at).reshape([n] + o["shape"])
            at += 4 * size
        return samples, arrays

    def keep(self, samples, arrays):
        if self.rows is None:
            self.rows = {n: numpy.empty((len(self.numbers),) + a.shape[1:], "f4") for n, a in arrays.items()}
        for n, a in arrays.items():
            self.rows[n][samples] = a


def one(arrays):
    """A dict of arrays as a metric gets it: the array itself where there is one, None where there is none."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()), None)


def together(views):
    """All samples of views of different shapes: outputs, labels and numbers in the order of the numbers."""
    numbers = numpy.concatenate([v.numbers for v in views])
    order = numpy.argsort(numbers, kind="stable")

    def lists(of):
        every = {n: [x for v in views for x in of(v)[n]] for n in of(views[0])}
        return one({n: [list_[i] for i in order] for n, list_ in every.items()})
    return lists(lambda v: v.rows), lists(lambda v: v.labels), numbers[order]


def send(kind, body):
    answers.write(HEAD.pack(kind, len(body)) + body)
    answers.flush()


def answer(kind, request, metric, arguments, samples):
    """Calls the metric and sends what it returns, or why it does not, in one line."""
    try:
        got = numpy.asarray(metric(*arguments), "<f8").reshape(-1)
        if len(got) != samples:
            raise ValueError("the metric returns %d numbers for %d samples" % (len(got), samples) if kind == b"ROWS" else "the metric returns %d numbers, not one" % len(got))
        send(kind, struct.pack("<Q", request) + got.tobytes())
    except Exception as e:  # which is demote's to tell; a frame of it is enough
        trace = e.__traceback__
        while trace.tb_next and trace.tb_next.tb_frame.f_code.co_filename != __file__ and not trace.tb_frame.f_code.co_filename.startswith(sys.argv[0]):
            trace = trace.tb_next
        where = " (%s, line %d)" % (os.path.basename(trace.tb_frame.f_code.co_filename), trace.tb_lineno)
        send(b"FAIL", struct.pack("<Q", request) + ("%s: %s%s" % (type(e).__name__, e, where)).encode())


def serve(metric=None, *, hits=None, per_sample=None, bounds=None):
    """Answers demote's requests by one of three functions until demote ends."""
    if sum(f is not None for f in (metric, hits, per_sample)) != 1:
        raise TypeError("demote_metric.serve: give one of metric, hits=... and per_sample=...")
    if (bounds is None) != (per_sample is None):
        raise TypeError("demote_metric.serve: give bounds=(low, high) with per_sample, the least and the most that a sample can have")
    if not serving:
        sys.exit('this is a metric server: demote search --metric-serve "python3 %s"' % sys.argv[0])
    about = {"protocol": PROTOCOL, "judges": "whole" if metric else "hits" if hits else "values"}
    if bounds is not None:
        about.update({k: float(v) for k, v in zip(("low", "high"), bounds) if numpy.isfinite(v)})
    send(b"HELO", json.dumps(about).encode())
    views = {}
    while True:
        head = requests.read(HEAD.size)
        if len(head) < HEAD.size:
            return  # demote has ended
        kind, size = HEAD.unpack(head)
        body = bytearray(size)
        if requests.readinto(body) < size:
            return
        if kind == b"VIEW":
            n = struct.unpack_from("<I", body)[0]
            view = json.loads(body[4:4 + n])
            views[view["view"]] = View(view, io.BytesIO(body[4 + n:]))
        elif kind == b"ROWS":
            request, id_ = struct.unpack_from("<QI", body)
            samples, arrays = views[id_].take(body)
            if request == 0:  # the score of all samples is asked for when they are there
                views[id_].keep(samples, arrays)
                continue
            answer(kind, request, hits or per_sample, (one(arrays), views[id_].labels_of(samples), views[id_].numbers[samples]), len(samples))
        elif kind == b"SCOR":
            list_ = [views[i] for i in numpy.frombuffer(body, "<u4", offset=8)]
            v = list_[0]
            arguments = (one(v.rows), one(v.labels), v.numbers) if len(list_) == 1 else together(list_)
            answer(kind, struct.unpack_from("<Q", body)[0], metric, arguments, 1)
