"""The programs of the documents run: those of docs/python.md one after the other, and the notebook."""
import os
import pathlib
import re

import nbclient
import nbformat

TOP = pathlib.Path(__file__).resolve().parents[2]


def test_page(monkeypatch, tmp_path):
    for name in ("examples", "docs"):
        os.symlink(TOP / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    programs = re.findall(r"(?ms)^```python\n(.*?)^```$", (TOP / "docs" / "python.md").read_text(encoding="utf-8"))
    assert len(programs) > 5
    names: dict = {}
    for program in programs:
        exec(compile(program, "docs/python.md", "exec"), names)
    assert (tmp_path / "python-out" / "mixed.onnx").exists()


def test_notebook(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TOP / "python"))
    path = TOP / "examples" / "python" / "search.ipynb"
    book = nbformat.read(path, as_version=4)
    kept = [cell["outputs"] for cell in book.cells if cell.cell_type == "code"]
    nbclient.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    assert any(kept), "the notebook has no outputs to read"
