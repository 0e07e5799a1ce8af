"""Keywords become flags, and what the program says an exception's text."""
import os
import pathlib
import re

import pytest

from demote import _errors, _metric, _program

HERE = pathlib.Path(__file__).parent


def test_flags():
    given = {"grid": "pow2", "force": True, "curve": False, "limit": None, "pin": ["a=int8", "b=int16"], "max_drop": 0.01, "out": pathlib.Path("x"), "input_": "h=0"}
    assert _program.flags(given) == ["--grid=pow2", "--force", "--pin=a=int8", "--pin=b=int16", "--max-drop=0.01", "--out=x", "--input=h=0"]


def test_flags_that_are_lists():
    given = {"ladder": [4, 8, 16], "bits": (8, "bf16"), "weight_bits": [4, "op:Gemm=16"]}
    assert _program.flags(given) == ["--ladder=4,8,16", "--bits=8,bf16", "--weight-bits=4", "--weight-bits=op:Gemm=16"]


def test_messages():
    assert _program.message("note\ndemote: first\ndemote: the error, which\nhas two lines\n") == "the error, which\nhas two lines"
    assert _program.message("killed") == "killed"
    assert "without a word" in _program.message("")


def test_exit_codes():
    for code, kind in [(1, _errors.DemoteError), (2, _errors.Mistake), (3, _errors.TargetNotMet), (4, _errors.NotVerified)]:
        assert type(_errors.of(code, "x")) is kind


def test_where_the_program_is(monkeypatch, tmp_path):
    own = tmp_path / "demote"
    own.write_text("#!/bin/sh\necho its own\n")
    own.chmod(0o755)
    monkeypatch.setenv("DEMOTE_PROGRAM", str(own))
    assert _program.program() == str(own) and _program.version() == "its own"
    own.write_text("#!/bin/sh\necho no json; exit 0\n")
    with pytest.raises(ValueError):
        _program.run(["search"])
    monkeypatch.setenv("DEMOTE_PROGRAM", str(tmp_path / "none"))
    monkeypatch.setattr(os.path, "isfile", lambda path: False)
    with pytest.raises(_errors.DemoteError, match="DEMOTE_PROGRAM"):
        _program.program()


def test_how_many_arguments_a_metric_takes():
    assert _metric._with_indices(lambda a, b: (a, b))(1, 2, 3) == (1, 2)
    assert _metric._with_indices(lambda a, b, c: (a, b, c))(1, 2, 3) == (1, 2, 3)
    assert _metric._with_indices(lambda *a: a)(1, 2, 3) == (1, 2, 3)
    assert _metric._with_indices(max)(1, 2, 3) == 3


def test_versions_of_the_documents():
    """Every function that a page shows is there."""
    import demote

    text = (HERE / ".." / ".." / "docs" / "python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bdemote\.([a-zA-Z_]+)\(", text))
    assert named and named <= set(demote.__all__), named - set(demote.__all__)
