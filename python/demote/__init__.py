"""Mixed precision int8/int16 for ONNX networks: the largest set of int8 activations that keeps an accuracy target.

    import demote

    result = demote.search("model.onnx", calib, (x, y), target="16bit-0.005")
    print(result.promotion, result.score)     # the activations that stay at int16, and what the mix scores
    session = onnxruntime.InferenceSession(result.mixed)

The work is done by the program demote, which pip installs beside this package: every keyword is one of its flags, with
_ for -, such as grid="pow2", holdout="30%" or pin=["op:Softmax=int16"]. `demote search --help` lists them. A network
is a path, bytes, an onnx.ModelProto or a torch.nn.Module. Samples are a path, an array, a dict of arrays by input, a
pair of these and their labels, or an iterable of batches such as a torch DataLoader.
"""
from ._api import evaluate, export, inspect, quantize, search, verify
from ._errors import DemoteError, Mistake, NotVerified, TargetNotMet
from ._metric import hits, per_sample
from ._program import version
from ._result import Result

__all__ = [
    "DemoteError", "Mistake", "NotVerified", "Result", "TargetNotMet",
    "evaluate", "export", "hits", "inspect", "per_sample", "quantize", "search", "verify", "version",
]
