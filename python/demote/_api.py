"""The commands, as functions."""
from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Any, Callable, Dict, List, Optional

from . import _errors, _inputs, _metric, _program
from ._result import Result

Event = Dict[str, Any]
# Keywords that are samples, beside those that each function names.
SAMPLES = ("holdout",)
# The folder of what was given as arrays or networks in memory is that of the run with this behind it.
INPUTS = "-inputs"
# The folder of a ladder's first step in its run folder.
FIRST_STEP = "step-1"


def search(
    model: Any,
    calib: Any,
    data: Any,
    target: Optional[str] = None,
    *,
    metric: Any = None,
    out: Any = None,
    on_event: Optional[Callable[[Event], Any]] = None,
    **options: Any,
) -> Result:
    """Finds the largest set of int8 activations of a network that keeps a target.

    model is the float network; calib are samples without labels, by which ranges are chosen; data are samples with
    labels, on which masks are scored. target is as for --target: "16bit-0.005", "float-0.01", "0.91", "50%". metric is
    a name, or a callable: f(outputs, labels) of all samples, demote.hits(f) or demote.per_sample(f, low, high). out is
    the run folder, a temporary one where it is None; the same call with it goes on with an interrupted search. What is
    given in memory is written to a folder beside it, out-inputs, since verify and export read it again.
    on_event is called with each event, a dict as `demote search --json` prints it. For an already quantized pair give
    model=None, calib=None, low=... and high=....

    Returns the result, also after Ctrl-C, with the best so far. Raises TargetNotMet and NotVerified, which have the
    best result, and Mistake where something is to be mended."""
    if isinstance(target, (list, tuple)) or "," in str(target):
        raise _errors.Mistake("target %s: a search from Python has one: call it for each, with reuse=RESULT of the one before" % (target,))
    if options.get("dry_run"):
        raise _errors.Mistake("dry_run leaves no result: leave it out, or call inspect")
    temporary = tempfile.TemporaryDirectory(prefix="demote-") if out is None else None
    path = os.path.join(temporary.name, "run") if temporary else os.fspath(out)
    folder = path.rstrip(os.sep) + INPUTS
    files = {
        "model": None if model is None else _inputs.model_file(model, folder, like=calib if data is None else data),
        "calib": _inputs.data_file(calib, folder, "calib"),
        "data": _inputs.data_file(data, folder, "data"),
    }
    for name in SAMPLES:
        if name in options and not isinstance(options[name], str):
            files[name] = _inputs.data_file(options.pop(name), folder, name)
    for name in "low", "high":
        if options.get(name) is not None:
            files[name] = _inputs.model_file(options.pop(name), folder, name + ".onnx")
    before = _written(path)
    ended = _run(["search"], {**files, "target": target, "out": path, "json": True, **options}, metric, on_event)
    after = _written(path)
    if after is None or after == before and "schema_version" not in (ended.last or {}):  # none, or another search's
        first = os.path.join(path, FIRST_STEP)
        if ended.interrupted and os.path.exists(os.path.join(first, "result.json")):
            return Result(first, True, temporary)
        if ended.interrupted:
            raise KeyboardInterrupt
        raise _errors.of(ended.code, _program.message(ended.text))
    result = Result(path, ended.interrupted, temporary)
    if ended.code and not ended.interrupted:
        raise _errors.of(ended.code, _program.message(ended.text), result)
    return result


def _written(path: str) -> Optional[int]:
    """When the result of a run folder was written, in ns; None where there is none."""
    try:
        return os.stat(os.path.join(path, "result.json")).st_mtime_ns
    except OSError:
        return None


def inspect(model: Any, calib: Any = None, **options: Any) -> Event:
    """What a search would find: the activations of a network that can be quantized, and with samples their ranges."""
    with _files() as folder:
        files = {"model": _inputs.model_file(model, folder, like=calib), "calib": _inputs.data_file(calib, folder, "calib")}
        return _answer(["inspect"], {**files, "json": True, **options})


def evaluate(model: Any, data: Any, *, metric: Any = None, **options: Any) -> Optional[float]:
    """The score of a float, QDQ or MCTQ file on samples with labels; None for one that is not finite."""
    with _files() as folder:
        path = _inputs.model_file(model, folder, like=data)
        samples = _inputs.data_file(data, folder, "data")
        value: Optional[float] = _answer(["eval", path], {"data": samples, "json": True, **options}, metric)["score"]["value"]
        return value


def quantize(model: Any, calib: Any, out: Any, **options: Any) -> Dict[str, str]:
    """Writes a network with all activations at int8 and one with all at int16 into a folder. Returns their
    paths, as low and high."""
    with _files() as folder:
        path = _inputs.model_file(model, folder, like=calib)
        samples = _inputs.data_file(calib, folder, "calib")
        return _answer(["quantize"], {"model": path, "calib": samples, "out": os.fspath(out), "json": True, **options})


def verify(run: Any, *, metric: Any = None, **options: Any) -> Event:
    """Scores the file of a run again: the network that was searched, bit for bit. run is a Result or its folder."""
    return _answer(["verify", _folder(run)], {"json": True, **options}, metric)


def export(run: Any, format: str, out: Any = None, *, metric: Any = None, **options: Any) -> List[str]:
    """Writes the result of a run in another format, such as "encodings" or "qdq-ms". Returns the paths of the files."""
    return list(_answer(["export", _folder(run)], {"format": format, "out": out, "json": True, **options}, metric)["files"])


def _folder(run: Any) -> str:
    return run.path if isinstance(run, Result) else os.fspath(run)


def _files() -> "contextlib.AbstractContextManager[str]":
    return tempfile.TemporaryDirectory(prefix="demote-")


def _answer(words: List[str], options: Dict[str, Any], metric: Any = None) -> Event:
    """What a command prints as JSON."""
    ended = _run(words, options, metric)
    if ended.interrupted:
        raise KeyboardInterrupt
    if ended.code or ended.last is None:
        raise _errors.of(ended.code, _program.message(ended.text))
    return ended.last


def _run(words: List[str], options: Dict[str, Any], metric: Any = None, on_event: Optional[Callable[[Event], Any]] = None) -> _program.Ended:
    """Runs a command, with a metric that is a name or answers from here."""
    if metric is None or isinstance(metric, str):
        return _program.run(words + _program.flags({**options, "metric": metric}), on_event)
    own = _metric.of(metric)
    with _metric.serving(own) as served:
        options = {**served.options, **options}
        if words[0] in ("search", "eval"):
            options.setdefault("metric_name", _metric.name(own))
        ended = _program.run(words + _program.flags(options), on_event, served.environment)
    if served.error is not None and ended.code:
        raise served.error
    return ended._replace(text=served.named(ended.text))
