"""Networks and samples as files, which is what the program reads."""
from __future__ import annotations

import hashlib
import numbers
import os
import threading
import zipfile
from typing import Any, Callable, Dict, List, Optional

import numpy

from ._errors import Mistake

MOST = 1 << 31  # a file of a network has fewer bytes
LABELS = "y"  # the array of a file that has the labels


def model_file(model: Any, folder: str, name: str = "model.onnx", like: Any = None) -> str:
    """The file of a network: its path, or one in the folder with what it is. A torch module is exported with the first
    samples of like, with the number of samples as a free axis."""
    if isinstance(model, (str, os.PathLike)):
        return os.fspath(model)
    if isinstance(model, (bytes, bytearray, memoryview)):
        return _kept(folder, name, lambda path: _write(path, model))
    if hasattr(model, "SerializeToString") and hasattr(model, "graph"):
        if model.ByteSize() >= MOST:
            return _beside(model, folder, name)
        return _kept(folder, name, lambda path: _write(path, model.SerializeToString()))
    if _is_torch(model):
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)  # it may have files beside it
        _export(model, path, like)
        return path
    raise Mistake("the network is a %s: give a path, bytes, an onnx.ModelProto or a torch.nn.Module" % type(model).__name__)


def data_file(data: Any, folder: str, name: str) -> Optional[str]:
    """The file of samples: its path, or a .npz in the folder with their arrays. None stays."""
    if data is None or isinstance(data, (str, os.PathLike)):
        return None if data is None else os.fspath(data)
    found = arrays(data)
    return _kept(folder, name + ".npz", lambda path: _save(path, found))


def _kept(folder: str, name: str, write: Callable[[str], Any]) -> str:
    """The path of what write writes, in a folder by its content: what an earlier call was given stays, since its run
    reads it again."""
    os.makedirs(folder, exist_ok=True)
    made = os.path.join(folder, ".%d-%d-%s" % (os.getpid(), threading.get_ident(), name))
    try:
        write(made)
        digest = hashlib.sha256()
        with open(made, "rb") as f:
            while part := f.read(1 << 20):
                digest.update(part)
        path = os.path.join(folder, digest.hexdigest()[:16], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.replace(made, path)
    finally:
        if os.path.exists(made):
            os.remove(made)
    return path


def _write(path: str, content: Any) -> None:
    with open(path, "wb") as f:
        f.write(content)


def _save(path: str, found: Dict[str, numpy.ndarray]) -> None:
    """numpy.savez, whatever the arrays are called, in any version of numpy."""
    with zipfile.ZipFile(path, "w") as z:
        for name, values in found.items():
            with z.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as f:
                numpy.lib.format.write_array(f, values, allow_pickle=False)


def _beside(model: Any, folder: str, name: str) -> str:
    """The file of a network that is too large for one, with its weights beside it. The network stays as it is."""
    import onnx

    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    if os.path.exists(path + ".data"):
        os.remove(path + ".data")  # onnx would write behind it
    own = type(model)()
    own.CopyFrom(model)
    onnx.save(own, path, save_as_external_data=True, location=name + ".data")
    return path


def arrays(data: Any) -> Dict[str, numpy.ndarray]:
    """Samples as arrays by the name of their input, x where there is one alone, with their labels as y."""
    if isinstance(data, dict):
        return {str(name): _array(values) for name, values in data.items()}
    if isinstance(data, tuple):
        if len(data) != 2:
            raise Mistake("samples are a tuple of %d: give samples and labels, (x, y), or a dict of arrays by input" % len(data))
        found = arrays(data[0])
        if LABELS in found:
            raise Mistake("an input is called %s, as labels are: give a file, and the labels by labels=" % LABELS)
        found[LABELS] = _array(data[1])
        return found
    if hasattr(data, "__array__"):
        return {"x": _array(data)}
    if isinstance(data, list) and _of_numbers(data):
        raise Mistake("samples are lists of numbers, as tolist() makes them: give an array, such as numpy.asarray(x, numpy.float32)")
    if hasattr(data, "__iter__"):
        return _batches(data)
    raise Mistake("samples are a %s: give a path, an array, a dict, a pair of samples and labels, or batches of them" % type(data).__name__)


def _of_numbers(data: Any) -> bool:
    """Whether lists lie in each other down to a number."""
    while isinstance(data, list) and data:
        data = data[0]
    return isinstance(data, numbers.Number)


def _batches(batches: Any) -> Dict[str, numpy.ndarray]:
    """Batches of samples, as a torch DataLoader has them, one behind the other."""
    parts: Dict[str, List[numpy.ndarray]] = {}
    for batch in batches:
        if isinstance(batch, list):  # a DataLoader makes lists of pairs
            batch = tuple(batch) if len(batch) == 2 else batch[0] if len(batch) == 1 else numpy.asarray(batch)
        if not isinstance(batch, (dict, tuple)) and not hasattr(batch, "__array__"):
            raise Mistake("a batch is a %s: give an array, a dict, or a pair of samples and labels" % type(batch).__name__)
        for name, values in arrays(batch).items():
            parts.setdefault(name, []).append(values)
    if not parts:
        raise Mistake("there are no batches of samples")
    counts = {name: sum(len(p) for p in list_) for name, list_ in parts.items()}
    if len(set(counts.values())) > 1:
        raise Mistake("the batches have different arrays: samples by name are %s" % counts)
    return {name: numpy.concatenate(list_) for name, list_ in parts.items()}


def _array(values: Any) -> numpy.ndarray:
    if hasattr(values, "detach"):  # a torch tensor, wherever it lies
        values = values.detach().cpu()
    try:
        found = numpy.asarray(values)
    except ValueError as e:  # lists of different lengths
        raise Mistake("samples are no array: %s" % e) from e
    if found.dtype.hasobject:
        raise Mistake("samples are an array of Python objects: give one of numbers, such as x.astype(numpy.float32)")
    return found


def _is_torch(model: Any) -> bool:
    return any("%s.%s" % (kind.__module__, kind.__name__) == "torch.nn.modules.module.Module" for kind in type(model).__mro__)


def _export(model: Any, path: str, like: Any) -> None:
    """Exports a torch module as ONNX, with the arrays of like as its inputs."""
    import torch

    samples = _first(like)
    names = [name for name in samples if name != LABELS]
    was = model.training
    model.eval()
    try:
        torch.onnx.export(
            model, tuple(torch.from_numpy(samples[name]) for name in names), path, input_names=names, dynamo=False, opset_version=17,
            output_names=["output"], dynamic_axes={name: {0: "samples"} for name in [*names, "output"]},
        )
    finally:
        model.train(was)


def _first(like: Any) -> Dict[str, numpy.ndarray]:
    """The first two samples."""
    if isinstance(like, (str, os.PathLike)):
        if not os.fspath(like).endswith(".npz"):
            raise Mistake("a torch module is exported with its samples at hand: give them as arrays, or as a .npz")
        like = dict(numpy.load(like))
    return {name: values[:2] for name, values in arrays(like).items()}


