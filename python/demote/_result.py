"""What a search leaves: a folder, and this view of it."""
from __future__ import annotations

import csv
import html
import json
import os
import shutil
import tempfile
from typing import Any, Dict, List, Optional

from . import _errors, _program

Rows = List[Dict[str, Any]]


class Result:
    """The run folder of a search. Tables are lists of dicts: pandas.DataFrame(result.holders) is a table of pandas."""

    def __init__(self, path: str, interrupted: bool = False, temporary: "Optional[tempfile.TemporaryDirectory[str]]" = None):
        self.path = path  # the run folder
        self.interrupted = interrupted  # by Ctrl-C: this is the best so far, and the same call with out=path goes on
        self._temporary = temporary  # which goes when the result does
        with open(os.path.join(path, "result.json"), encoding="utf-8") as f:
            self.json: Dict[str, Any] = json.load(f)  # all of result.json, see docs/result.md

    def __fspath__(self) -> str:
        return self.path

    @property
    def mixed(self) -> str:
        """The path of mixed.onnx, the network of mixed precision, with QuantizeLinear and DequantizeLinear."""
        return os.path.join(self.path, "mixed.onnx")

    @property
    def promotion(self) -> List[str]:
        """The activations that stay at int16, or another high width; of a ladder those above the lowest width."""
        return list(self.json["promotion"])

    @property
    def score(self) -> Optional[float]:
        """The score of the mix, in the metric's own unit; None where there is no mix."""
        return self.scores["mixed"]

    @property
    def scores(self) -> Dict[str, Optional[float]]:
        """The scores of float, high (all int16), low (all int8) and mixed; None where there is none."""
        return {name: one and one["value"] for name, one in self.json["score"].items()}

    @property
    def target(self) -> Optional[float]:
        """The score that the mix must be above; None without a target."""
        value: Optional[float] = self.json["target"].get("value")
        return value

    @property
    def holders(self) -> Rows:
        """A row for each activation: name, precision, and its grids."""
        rows = []
        for one in self.json["holders"]:
            row = {"name": one["name"], "precision": one["precision"], "range": one.get("range")}
            for grid in "low", "high":
                row.update(("%s_%s" % (grid, key), one[grid][key]) for key in ("scale", "zero_point", "min", "max"))
            rows.append(row)
        return rows

    @property
    def curve(self) -> Rows:
        """A row for each step of the search, as in curve.csv: step, holder, int8 holders, scores, cost."""
        with open(os.path.join(self.path, "curve.csv"), encoding="utf-8", newline="") as f:
            return [{key: _number(value) for key, value in row.items()} for row in csv.DictReader(f)]

    @property
    def warnings(self) -> Rows:
        """What the search was not sure of: id, text and cure."""
        return list(self.json["warnings"])

    @property
    def report(self) -> str:
        """The path of report.html, which is written when it is first asked for."""
        path = os.path.join(self.path, "report.html")
        if not os.path.exists(path):
            ended = _program.run(["report", self.path])
            if ended.code:
                raise _errors.of(ended.code, _program.message(ended.text))
        return path

    def save(self, folder: Any, force: bool = False) -> "Result":
        """Copies the run folder, and returns the result that is there."""
        if os.path.exists(folder) and not force:
            raise _errors.Mistake("%s exists; force=True overwrites what is in it" % folder)
        shutil.copytree(self.path, folder, dirs_exist_ok=True)
        return Result(os.fspath(folder), self.interrupted)

    def summary(self) -> str:
        """A few lines that say what came out."""
        counts, all_ = self._counts(), len(self.json["holders"])
        if len(counts) > 2:
            lines = ["%d activations: %s" % (all_, ", ".join("%d in %s" % (n, name) for name, n in counts.items()))]
        else:
            low = list(counts)[-1]
            lines = ["%d of %d activations run in %s" % (counts[low], all_, low)]
        lines += ["%-6s %s" % (name, _text(value)) for name, value in self.scores.items() if value is not None]
        if self.target is not None:
            lines.append("target %s %s (%s)" % ("below" if self.json["lower"] else "above", _text(self.target), self.json["target"]["text"]))
        if self.interrupted:
            lines.append("interrupted: the best so far")
        return "\n".join(lines)

    def _counts(self) -> Dict[str, int]:
        """How many activations have each width, by its name, the widest first."""
        ladder, ends = self.json.get("ladder"), self.json.get("widths") or {"low": "int8", "high": "int16"}
        names = ladder["widths"][::-1] if ladder else [ends["high"], ends["low"]]
        return {name: sum(one["precision"] == name for one in self.json["holders"]) for name in names}

    def __repr__(self) -> str:
        return "<demote.Result %s: %s>" % (self.path, self.summary().splitlines()[0])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr><td>%s</td><td>%s</td></tr>" % (html.escape(name), _text(value)) for name, value in self.scores.items() if value is not None
        )
        precision = {one["name"]: one["precision"] for one in self.json["holders"]}
        kept = "".join(
            "<p>%s: %s</p>" % (width, ", ".join(html.escape(name) for name in self.promotion if precision[name] == width) or "none")
            for width in list(self._counts())[:-1]
        )
        return "<p><b>%s</b></p><table><tr><th>network</th><th>score</th></tr>%s</table>%s" % (html.escape(self.summary().splitlines()[0]), rows, kept)


def _number(text: str) -> Any:
    """A value of curve.csv; None for an empty one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text or None


def _text(value: Any) -> str:
    return "%.6g" % value if isinstance(value, float) else str(value)
