"""Searches from Python are those of the program, whatever the network and the samples are given as."""
import os
import signal
import subprocess

import numpy
import onnx
import pandas
import pytest

import demote
from demote import _inputs, _program

TARGET = "16bit-0.02"


@pytest.fixture(scope="module")
def plain(network, calib, samples):
    """The search by the program itself, in a folder of its own."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        def path(name):
            return os.path.join(folder, name)

        onnx.save(network, path("m.onnx"))
        numpy.savez(path("calib.npz"), x=calib)
        numpy.savez(path("data.npz"), x=samples[0], y=samples[1])
        words = ["search", "--model", path("m.onnx"), "--calib", path("calib.npz"), "--data", path("data.npz"), "--target", TARGET, "--out", path("out")]
        subprocess.run([_program.program()] + words, check=True, capture_output=True)
        yield folder, demote.Result(path("out"))


def content(path):
    with open(path, "rb") as f:
        return f.read()


def test_what_networks_and_samples_are_given_as(plain, network, calib, samples):
    folder, want = plain
    x, y = samples
    assert 0 < len(want.promotion) < len(want.holders), "the target decides nothing"

    class Loader:  # as torch's DataLoader: batches are lists of two
        def __iter__(self):
            return iter([[x[i:i + 50], y[i:i + 50]] for i in range(0, len(x), 50)])

    class Tensor:  # as torch's
        def __init__(self, values):
            self.values = values

        def detach(self):
            return self

        def cpu(self):
            return self.values

        def __array__(self):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")

    for model, first, data in [
        (os.path.join(folder, "m.onnx"), calib, samples),
        (network.SerializeToString(), {"input": calib}, {"input": x, "y": y}),
        (network, [calib[:20], calib[20:]], Loader()),
        (network, Tensor(calib), (Tensor(x), Tensor(y))),
    ]:
        got = demote.search(model, first, data, TARGET)
        assert got.promotion == want.promotion and got.scores == want.scores
        assert content(got.mixed) == content(want.mixed)


def test_one_target(plain, network, calib, samples):
    for several in "16bit-0.02,16bit-0.1", ["16bit-0.02", "16bit-0.1"]:
        with pytest.raises(demote.Mistake, match="has one"):
            demote.search(network, calib, samples, several)
    first = demote.search(network, calib, samples, TARGET)
    demote.search(network, calib, samples, "16bit-0.1", reuse=first.path)


def test_an_interrupted_search_has_no_result_of_another(plain, network, calib, samples, monkeypatch, tmp_path):
    """What an earlier search has left in the folder is not what one that Ctrl-C ends at once has found."""
    out = str(tmp_path / "run")
    demote.search(network, calib, samples, TARGET, out=out)
    monkeypatch.setattr(_program, "run", lambda *rest: _program.Ended(-signal.SIGINT, None, "", True))
    with pytest.raises(KeyboardInterrupt):
        demote.search(network, calib, samples, TARGET, out=out, force=True)


def test_result(plain, tmp_path):
    _, want = plain
    table = pandas.DataFrame(want.holders)
    assert list(table[table.precision == "int16"].name) == [h["name"] for h in want.json["holders"] if h["precision"] == "int16"]
    assert sorted(want.promotion) == sorted(table[table.precision == "int16"].name)
    assert want.score == want.json["score"]["mixed"]["value"] > want.target
    assert list(want.scores) == ["float", "high", "low", "mixed"]
    curve = pandas.DataFrame(want.curve)
    assert curve.step.dtype.kind == "i" and curve.holder.isin(table.name).all()
    assert want.summary().startswith("%d of %d activations run in int8" % (len(table) - len(want.promotion), len(table)))
    assert "<table>" in want._repr_html_() and want.promotion[0] in want._repr_html_()
    assert content(want.report).startswith(b"<!")
    saved = want.save(tmp_path / "kept")
    again = demote.search(want.json["config"]["model"], want.json["config"]["calib"], want.json["config"]["data"], "16bit-0.05", reuse=want)
    assert len(again.promotion) < len(want.promotion)
    assert saved.promotion == want.promotion and content(saved.mixed) == content(want.mixed)
    with pytest.raises(demote.Mistake, match="force=True"):
        want.save(tmp_path / "kept")


def test_other_widths(network, calib, samples):
    half = demote.search(network, calib, samples, "16bit-0.01", bits="8,bf16")
    kept = [h["name"] for h in half.holders if h["precision"] == "bf16"]
    assert kept == half.promotion and 0 < len(kept) < len(half.holders)
    assert half.summary().startswith("%d of %d activations run in int8" % (len(half.holders) - len(kept), len(half.holders)))
    assert "bf16: %s<" % ", ".join(kept) in half._repr_html_()
    ladder = demote.search(network, calib, samples, "16bit-0.01", ladder="4,8,16")
    table = pandas.DataFrame(ladder.holders).precision.value_counts()
    counts = [int(table.get(width, 0)) for width in ("int16", "int8", "int4")]
    assert counts[0] > 0 and counts[1] > 0, "the ladder decides nothing"
    assert ladder.summary().startswith("%d activations: %d in int16, %d in int8, %d in int4" % (sum(counts), *counts))


def test_a_refused_call_leaves_what_a_run_was_given(network, calib, samples, tmp_path):
    x, y = samples
    first = demote.search(network, calib, samples, TARGET, out=tmp_path / "run")
    with pytest.raises(demote.Mistake):
        demote.search(network, calib, (x[:100], y[:100]), TARGET, out=tmp_path / "run")
    assert demote.verify(first)["identical"]


def test_a_large_network_stays_as_it_is(plain, network, calib, samples, monkeypatch, tmp_path):
    """With its weights in a file beside it, the object has them still, and the same call goes on."""
    monkeypatch.setattr(_inputs, "MOST", 0)
    given = network.SerializeToString()
    for name in "run", "again":
        got = demote.search(network, calib, samples, TARGET, out=tmp_path / name)
        assert got.promotion == plain[1].promotion and network.SerializeToString() == given
    with pytest.raises(demote.Mistake, match="finished"):
        demote.search(network, calib, samples, TARGET, out=tmp_path / "run")


def test_any_name_of_an_input(network, calib, samples):
    for name in "file", "allow_pickle":
        other = type(network)()
        other.CopyFrom(network)
        other.graph.input[0].name = other.graph.node[0].input[0] = name
        assert demote.evaluate(other, {name: samples[0], "y": samples[1]}) == demote.evaluate(network, samples)


def test_a_summary_has_the_widths_that_were_searched(network, calib, samples):
    """A summary counts by the widths that were searched, and has the metric's own direction."""
    half = demote.search(network, calib, samples, TARGET, bits=(4, "bf16"))
    table = pandas.DataFrame(half.holders)
    assert set(table.precision) == {"int4", "bf16"}, "a case that shows nothing"
    assert half.summary().startswith("%d of %d activations run in int4" % ((table.precision == "int4").sum(), len(table)))
    assert "bf16: " in half._repr_html_()
    ladder = demote.search(network, calib, samples, TARGET, ladder=[4, 8, 16], pin=["input=int16", "r0=int8"])
    has = pandas.DataFrame(ladder.holders).precision.value_counts().to_dict()
    assert ladder.summary().splitlines()[0] == "%d activations: %s" % (len(table), ", ".join("%d in int%d" % (has.get("int%d" % n, 0), n) for n in (16, 8, 4)))
    lower = demote.search(network, calib, samples[0], "16bit+1", metric="mse")
    assert "target below " in lower.summary()


def test_a_temporary_result_goes_with_its_object(network, calib, samples):
    got = demote.search(network, calib, samples, TARGET)
    folder = os.path.dirname(got.path)
    assert demote.verify(got)["identical"]
    files = demote.export(got, "encodings")
    assert all(map(os.path.exists, files))
    del got
    assert not os.path.exists(folder)


def test_other_commands(plain, network, calib, samples, tmp_path):
    _, want = plain
    assert demote.evaluate(want.mixed, samples) == want.score
    assert demote.evaluate(network, samples) == want.scores["float"]
    assert demote.evaluate(network, samples, metric="top1", limit=100) is not None
    names = [h["name"] for h in demote.inspect(network)["holders"]]
    assert names == [h["name"] for h in want.holders]
    ends = demote.quantize(network, calib, tmp_path, range="minmax")
    assert demote.evaluate(ends["high"], samples) == want.scores["high"]
    assert os.path.exists(ends["low"])
    assert demote.version().startswith("demote ")


def test_holdout_of_arrays(network, calib, samples):
    x, y = samples
    got = demote.search(network, calib, (x[:80], y[:80]), TARGET, holdout=(x[80:], y[80:]))
    assert got.json["holdout"]["samples"] == 40


def test_a_pair(plain, network, calib, samples, tmp_path):
    ends = demote.quantize(network, calib, tmp_path)
    with open(ends["low"], "rb") as f:
        got = demote.search(None, None, samples, TARGET, low=f.read(), high=ends["high"])
    assert got.scores["float"] is None and got.score > got.target


def test_mistakes(network, calib, samples):
    x, y = samples
    for want, call in [
        ("did you mean --grid", lambda: demote.search(network, calib, samples, TARGET, gird="pow2")),
        ("--target is missing", lambda: demote.search(network, calib, samples)),
        ("give a path, bytes", lambda: demote.search(3, calib, samples, TARGET)),
        ("samples are a int", lambda: demote.search(network, calib, 3, TARGET)),
        ("a tuple of 3", lambda: demote.search(network, calib, (x, y, y), TARGET)),
        ("an input is called y", lambda: demote.search(network, calib, ({"y": x}, y), TARGET)),
        ("a search from Python has one", lambda: demote.search(network, calib, samples, "16bit-0.02,16bit-0.01")),
        ("a search from Python has one", lambda: demote.search(network, calib, samples, ["16bit-0.02"])),
        ("dry_run leaves no result", lambda: demote.search(network, calib, samples, TARGET, dry_run=True)),
        ("array of Python objects", lambda: demote.search(network, calib, (x, y.astype(object)), TARGET)),
        ("samples are no array", lambda: demote.search(network, calib, (x, [[1, 2], [3]]), TARGET)),
        ("there are no batches", lambda: demote.search(network, calib, [], TARGET)),
        ("different arrays", lambda: demote.search(network, calib, [(x, y), x], TARGET)),
        ("a batch is a str", lambda: demote.search(network, calib, ["x"], TARGET)),
        ("no such file", lambda: demote.evaluate("nowhere.onnx", samples)),
    ]:
        with pytest.raises(demote.Mistake, match=want):
            call()
    with pytest.raises(demote.TargetNotMet, match="cannot be met") as missed:
        demote.search(network, calib, samples, "0.99")
    assert missed.value.code == 3 and missed.value.result.score < 0.99


def test_events(network, calib, samples):
    seen = []
    got = demote.search(network, calib, samples, TARGET, on_event=seen.append)
    kinds = [e["event"] for e in seen]
    assert "high" in kinds and "low" in kinds and "result" not in kinds
    assert got.interrupted is False

    def broken(event):
        raise LookupError("of the callback")

    with pytest.raises(LookupError, match="of the callback"):
        demote.search(network, calib, samples, TARGET, on_event=broken)


def test_ctrl_c(network, calib, samples, tmp_path):
    """Ctrl-C ends the search with the best so far; the same call goes on and finds what an undisturbed one finds."""
    fashion = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "fashion")
    given = [os.path.join(fashion, name) for name in ("model.onnx", "calib.npz", "eval.npz")] + ["16bit-0.01"]
    options = {"limit": 60, "range": "minmax", "grid": "pow2"}
    pressed = []

    def press(event):
        if event["event"] == "high" and not pressed:
            pressed.append(event)
            signal.raise_signal(signal.SIGINT)

    first = demote.search(*given, out=tmp_path / "run", on_event=press, **options)
    assert first.interrupted and first.json["score"]["high"] is not None
    again = demote.search(*given, out=tmp_path / "run", **options)
    want = demote.search(*given, **options)
    assert not again.interrupted and again.promotion == want.promotion and again.score == want.score


def test_ctrl_c_in_the_first_step_of_a_ladder(network, calib, samples, tmp_path):
    fashion = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "fashion")
    given = [os.path.join(fashion, name) for name in ("model.onnx", "calib.npz", "eval.npz")] + ["16bit-0.05"]
    pressed = []

    def press(event):
        if event["event"] == "high" and not pressed:
            pressed.append(event)
            signal.raise_signal(signal.SIGINT)

    got = demote.search(*given, out=tmp_path / "run", on_event=press, limit=60, range="minmax", ladder="4,8,16")
    assert got.interrupted and got.path == str(tmp_path / "run" / "step-1") and got.json["score"]["high"] is not None


def test_ctrl_c_before_there_is_anything(network, calib, samples, monkeypatch, tmp_path):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\ntrap 'exit 130' INT\necho '{\"event\": \"note\"}'\necho '{\"event\": \"note\"}'\nwhile :; do sleep 0.1; done\n")
    slow.chmod(0o755)
    monkeypatch.setenv("DEMOTE_PROGRAM", str(slow))
    with pytest.raises(KeyboardInterrupt):
        demote.search(network, calib, samples, TARGET, on_event=lambda event: signal.raise_signal(signal.SIGINT))


def test_lists_of_numbers_are_no_samples(network, calib, samples):
    x, y = samples
    for data in ((x.tolist(), y), x[0].tolist(), [row.tolist() for row in x]):
        with pytest.raises(demote.Mistake, match="lists of numbers, as tolist.. makes them: give an array"):
            demote.search(network, calib, data, TARGET)
    assert demote.evaluate(network, (x, y.tolist())) == demote.evaluate(network, samples)
