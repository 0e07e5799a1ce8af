"""A metric of your own for `demote search --metric-serve "python3 score.py"`. It needs numpy alone.

    import demote_metric

    def hits(outputs, labels, indices):       # of some samples: True or False for each
        return outputs.argmax(1) == labels

    demote_metric.serve(hits=hits)

serve(metric) has one number of all samples instead, and serve(per_sample=f, bounds=(low, high)) one for each, of which
the score is the mean. outputs is a float32 array [samples, ...], or a dict of arrays by name where demote was given
several --output; labels is an array [samples, ...], a list of arrays where samples have different numbers of rows, a
dict of these by name where there are several, or None; indices are the samples' numbers in their file. A metric of all
samples gets lists where these have different shapes. demote_metric.sets() names the sets of samples that are judged.
What a script prints goes to standard error. docs/metrics.md has the protocol."""
import io
import json
import os
import struct
import sys
import traceback

import numpy

PROTOCOL = 1
HEAD = struct.Struct("<4sQ")  # of a frame: its kind, and the length of what follows
SERVING = "DEMOTE_METRIC_SERVER" in os.environ
if SERVING:  # the standard streams are for frames: nobody else reads or prints there
    requests, answers = os.fdopen(os.dup(0), "rb", 1 << 16), os.fdopen(os.dup(1), "wb", 1 << 16)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)


class View:
    """Samples that are judged together: their numbers and labels, and the outputs that have come of them."""

    def __init__(self, about, file):
        self.set, self.outputs, self.labels, self.rows = about["set"], about["outputs"], {}, {}
        self.numbers = numpy.load(file)
        for label in about["labels"]:
            array = numpy.load(file)
            array.setflags(write=False)
            if label["offsets"]:
                array = numpy.split(array, numpy.load(file)[1:-1])
            self.labels[label["name"]] = array

    def take(self, body):
        """Which samples a frame has, and their outputs by name."""
        n = struct.unpack_from("<I", body, 12)[0]
        samples, at, arrays = numpy.frombuffer(body, "<u4", n, 16), 16 + 4 * n, {}
        for output in self.outputs:
            size = n * int(numpy.prod(output["shape"], dtype="i8"))
            arrays[output["name"]] = numpy.frombuffer(body, "<f4", size, at).reshape([n] + output["shape"])
            at += 4 * size
        return samples, arrays

    def some(self, body):
        """What the metric is called with, of the samples of a frame."""
        samples, arrays = self.take(body)
        labels = {n: [a[i] for i in samples] if isinstance(a, list) else a[samples] for n, a in self.labels.items()}
        return only(arrays), only(labels), self.numbers[samples]

    def keep(self, body):
        samples, arrays = self.take(body)
        for name, a in arrays.items():
            if name not in self.rows:
                self.rows[name] = numpy.empty((len(self.numbers),) + a.shape[1:], "f4")
            self.rows[name][samples] = a


views = {}


def sets():
    """The names of the sets of samples that demote has told of so far, such as data and holdout."""
    return {view.set for view in views.values()}


def only(arrays):
    """Arrays by name as a metric gets them: the array itself where there is one, None where there is none."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()), None)


def together(some):
    """What the metric is called with, of all samples of some views: of several in lists, in the order of the numbers."""
    if len(some) == 1:
        return only(some[0].rows), only(some[0].labels), some[0].numbers
    numbers = numpy.concatenate([v.numbers for v in some])
    order = numpy.argsort(numbers, kind="stable")

    def ordered(arrays):
        every = {name: [x for of in arrays for x in of[name]] for name in arrays[0]}
        return only({name: [a[i] for i in order] for name, a in every.items()})
    return ordered([v.rows for v in some]), ordered([v.labels for v in some]), numbers[order]


class Server:
    """Answers requests that come over one file by a metric, over another one; views are what it has been told of."""

    def __init__(self, requests, answers, metric=None, hits=None, per_sample=None, bounds=None, views=views):
        check(metric, hits, per_sample, bounds)
        self.requests, self.answers, self.views, self.error = requests, answers, views, None
        self.whole, self.of_samples = metric, hits or per_sample
        self.about = {"protocol": PROTOCOL, "judges": "whole" if metric else "hits" if hits else "values"}
        self.about.update((k, float(v)) for k, v in zip(("low", "high"), bounds or ()) if numpy.isfinite(v))

    def run(self):
        """Answers until demote ends."""
        self.send(b"HELO", json.dumps(self.about).encode())
        while True:
            head = self.requests.read(HEAD.size)
            if len(head) < HEAD.size:
                return
            kind, size = HEAD.unpack(head)
            body = bytearray(size)
            if self.requests.readinto(body) < size:
                return
            self.frame(kind, body)

    def frame(self, kind, body):
        if kind == b"VIEW":
            end = 4 + struct.unpack_from("<I", body)[0]
            view = json.loads(body[4:end])
            self.views[view["view"]] = View(view, io.BytesIO(body[end:]))
        elif kind == b"ROWS":
            view = self.views[struct.unpack_from("<I", body, 8)[0]]
            if self.whole:  # which is asked for the score when all are there
                view.keep(body)
            else:
                arguments = view.some(body)
                self.answer(kind, body[:8], self.of_samples, arguments, len(arguments[2]))
        elif kind == b"SCOR":
            some = [self.views[i] for i in struct.unpack_from("<%dI" % (len(body) // 4 - 2), body, 8)]
            self.answer(kind, body[:8], self.whole, together(some), 1)

    def answer(self, kind, request, metric, arguments, wanted):
        """Calls the metric and sends the numbers that it returns, or in one line why there are none."""
        try:
            got = metric(*arguments)
            if got is None:
                raise ValueError("it returns None")
            got = numpy.asarray(got, "<f8").reshape(-1)
            if len(got) != wanted:
                cure = "; serve(f) is for one number of all samples" if len(got) == 1 else ""
                if wanted == 1:
                    cure = ": return one for all samples, such as their mean, or say by hits or per_sample that it judges each sample"
                raise ValueError("it returns %d numbers, and %d %s wanted%s" % (len(got), wanted, "is" if wanted == 1 else "are", cure))
            self.send(kind, request, got.tobytes())
        except Exception as e:
            self.error = e
            lines = traceback.extract_tb(e.__traceback__)[1:]  # the metric's, and what it calls
            own = [line for line in lines if line.filename == lines[0].filename]
            where = "%s, line %d: " % (os.path.basename(own[-1].filename), own[-1].lineno) if own else ""
            self.send(b"FAIL", request, ("%s%s: %s" % (where, type(e).__name__, e)).encode())

    def send(self, kind, *body):
        self.answers.write(HEAD.pack(kind, sum(map(len, body))) + b"".join(body))
        self.answers.flush()


def check(metric, hits, per_sample, bounds):
    """Refuses what is not one metric."""
    if sum(f is not None for f in (metric, hits, per_sample)) != 1:
        raise TypeError("demote_metric.serve: give one of metric, hits=... and per_sample=...")
    if (bounds is None) != (per_sample is None):
        raise TypeError("demote_metric.serve: per_sample=... needs bounds=(low, high), and nothing else does")


def serve(metric=None, *, hits=None, per_sample=None, bounds=None):
    """Answers demote's requests by one of three functions, until demote ends."""
    check(metric, hits, per_sample, bounds)
    if not SERVING:
        sys.exit('this is a metric server: demote search --metric-serve "python3 %s"' % sys.argv[0])
    Server(requests, answers, metric, hits, per_sample, bounds).run()
