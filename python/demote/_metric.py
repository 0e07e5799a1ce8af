"""A metric that is a Python callable: it answers from this process, whatever it has in its closure."""
from __future__ import annotations

import contextlib
import inspect
import os
import re
import shlex
import socket
import sys
import tempfile
import threading
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Tuple

import demote_metric

from . import _relay


ENDS_WITHIN = 1.0  # seconds, of a thread that answers a program which has ended


class Metric(NamedTuple):
    """A callable and how it judges: "metric" of all samples, "hits" or "per_sample" of some."""

    call: Callable[..., Any]
    how: str
    bounds: Optional[Tuple[float, float]] = None


def hits(f: Callable[..., Any]) -> Metric:
    """A metric that counts: f(outputs, labels) returns True or False for each of some samples. A search can end the
    evaluation of a mask early by it, so it takes less time than one of all samples."""
    return Metric(f, "hits")


def per_sample(f: Callable[..., Any], low: float, high: float) -> Metric:
    """A metric that is a mean: f(outputs, labels) returns a number from low to high for each of some samples."""
    return Metric(f, "per_sample", (low, high))


def of(metric: Any) -> Metric:
    """A callable is a metric of all samples: f(outputs, labels) returns one number."""
    return metric if isinstance(metric, Metric) else Metric(metric, "metric")


def name(metric: Metric) -> str:
    """What results call it: not as a metric of the program's own is called."""
    text = getattr(metric.call, "__name__", type(metric.call).__name__)
    return "python" if text == "<lambda>" else "python-" + re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


class Serving:
    """A metric that answers; options are the flags that let the program ask it."""

    def __init__(self, metric: Metric, path: str):
        self.metric, self.error = metric, None  # type: Metric, Optional[BaseException]
        self.called = "the metric %s" % getattr(metric.call, "__name__", type(metric.call).__name__)
        self.environment = {_relay.VARIABLE: path}
        self.options: Dict[str, Any] = {"metric_serve": "exec %s -S -E %s" % (shlex.quote(sys.executable), shlex.quote(_relay.__file__))}
        self._call = _with_indices(metric.call)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(path)
        self._socket.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def named(self, text: str) -> str:
        """A text of the program, which knows the metric by its relay's command line alone, with the callable's name."""
        return re.sub(r'(blocks? [0-9 to]+: )?--metric-serve "exec ([^"\\]|\\.)*": it ', lambda _: self.called + " ", text)

    def close(self) -> None:
        """Ends what waits for the program, which has ended. error is complete then, unless the metric still computes."""
        self._socket.shutdown(socket.SHUT_RDWR)  # which accept notices
        self._socket.close()
        for one in self._threads:
            one.join(ENDS_WITHIN)

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return  # closed
            one = threading.Thread(target=self._serve, args=(link,), daemon=True)
            self._threads.append(one)
            one.start()

    def _serve(self, link: socket.socket) -> None:
        with link:
            _, files, _, _ = socket.recv_fds(link, 1, 2)
            with os.fdopen(files[0], "rb", 1 << 16) as requests, os.fdopen(files[1], "wb", 1 << 16) as answers:
                server = demote_metric.Server(requests, answers, **{self.metric.how: self._call}, bounds=self.metric.bounds, views={})
                with contextlib.suppress(BrokenPipeError):
                    server.run()
                self.error = self.error or server.error


@contextlib.contextmanager
def serving(metric: Metric) -> Iterator[Serving]:
    """Lets a metric answer as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="demote-") as folder:
        served = Serving(metric, os.path.join(folder, "metric"))
        try:
            yield served
        finally:
            served.close()


def _with_indices(f: Callable[..., Any]) -> Callable[..., Any]:
    """f with outputs, labels and indices, of which it may take the first ones alone."""
    try:
        kinds = [p.kind for p in inspect.signature(f).parameters.values()]
    except (TypeError, ValueError):  # of C
        return f
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return f
    wanted = sum(k in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for k in kinds)
    return lambda *arguments: f(*arguments[:wanted])
