"""Makes the QDQ fixtures of onnx/testdata/qdq with ONNX Runtime's real quantize_static.

    .venv-toolkits/bin/python scripts/fixtures_qdq.py onnx/testdata/qdq

Each case writes <case>.onnx and <case>.npz: x (inputs), logits and codes/<tensor> (the integers that every QuantizeLinear
on an activation made for the first input), all from ONNX Runtime's own run of the file in the exact session. The float
networks that they were made from are float_<network>_<opset>.onnx; the attention network's weights come from a seed.
"""

import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
import torch
from fixtures_mctq import Attention, Convolutional, samples
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.tensor_quant_overrides import TensorQuantOverridesHelper
from onnxruntime.quantization.execution_providers.qnn.mixed_precision_overrides_utils import MixedPrecisionTensorQuantOverridesFixer


class Data(CalibrationDataReader):
    """Three batches of seeded noise that is not symmetric about zero."""

    def __init__(self):
        rng = np.random.default_rng(7)
        self.batches = iter([{"input": rng.random((1, 3, 16, 16), dtype=np.float32) * 3 - 1} for _ in range(8)])

    def get_next(self):
        return next(self.batches, None)


def float_network(net, opset, path):
    """Exports a network to ONNX; the exporter ends at opset 20, so 21 and later are converted by onnx itself."""
    torch.manual_seed(3)
    torch.onnx.export(net().eval(), torch.zeros(1, 3, 16, 16), path, opset_version=min(opset, 17), input_names=["input"],
                      output_names=["output"], dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
    model = onnx.load(path)
    if opset > 17:
        model = onnx.version_converter.convert_version(model, opset)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.save(model, path)


def session(model):
    options = ort.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.add_session_config_entry("session.disable_double_qdq_remover", "1")
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def record(path):
    model = onnx.load(path)
    constants = {i.name for i in model.graph.initializer} | {o for n in model.graph.node if n.op_type == "Constant" for o in n.output}
    x = samples(np.random.default_rng(11), (3, 16, 16))
    out = dict(x=x, logits=session(model).run(None, {"input": x})[0])
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    quantizers = {n.output[0]: n for n in probe.graph.node if n.op_type == "QuantizeLinear" and n.input[0] not in constants}
    for name in quantizers:
        probe.graph.output.append(onnx.ValueInfoProto(name=name))
    values = session(probe).run(list(quantizers), {"input": x[:1]})
    for (name, node), codes in zip(quantizers.items(), values):
        out["codes/" + node.input[0]] = codes
    np.savez_compressed(path[:-5] + ".npz", **out)


def case(folder, name, net, opset, activation, weight=QuantType.QInt8, per_channel=True, method=CalibrationMethod.MinMax, **extra):
    source = os.path.join(folder, f"float_{net.__name__.lower()}_{opset}.onnx")
    if not os.path.exists(source):
        float_network(net, opset, source)
    target = os.path.join(folder, name + ".onnx")
    if extra.pop("Mixed", False):
        extra["TensorQuantOverrides"] = mixed(source)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TMPDIR"] = scratch
        quantize_static(source, target, Data(), quant_format=QuantFormat.QDQ, activation_type=activation, weight_type=weight,
                        per_channel=per_channel, calibrate_method=method, extra_options=extra)
    record(target)
    model = onnx.load(target)
    print(name, len(model.graph.node), sorted({(n.domain, n.op_type) for n in model.graph.node if "Linear" in n.op_type}))


U8, S8, U16, S16 = QuantType.QUInt8, QuantType.QInt8, QuantType.QUInt16, QuantType.QInt16


def mixed(network):
    """TensorQuantOverrides, completed by ONNX Runtime's own fixer: two tensors of a 16-bit file at 8 bits, with boundaries."""
    model = onnx.load(network)
    kinds = ("Relu", "Add", "Softmax")
    chosen = [next(n.output[0] for n in model.graph.node if n.op_type == k) for k in kinds if k in {n.op_type for n in model.graph.node}]
    overrides = TensorQuantOverridesHelper({t: [{"quant_type": U8}] for t in chosen})
    fixer = MixedPrecisionTensorQuantOverridesFixer.create_from_model(overrides, model, U16)
    fixer.apply(U16, default_activation_symmetric=False)
    return overrides.get_dict()


CASES = {
    # name: (network, opset, activation type, weight type, per channel, extra options)
    "conv13_u8": (Convolutional, 13, U8, S8, True, {}),
    "conv13_s8": (Convolutional, 13, S8, S8, False, dict(ActivationSymmetric=True)),
    "conv17_u8": (Convolutional, 17, U8, S8, True, {}),
    "conv17_u16": (Convolutional, 17, U16, S8, True, {}),
    "conv17_ms8": (Convolutional, 17, U8, S8, True, dict(UseQDQContribOps=True)),
    "conv17_s16": (Convolutional, 17, S16, S8, True, dict(ActivationSymmetric=True)),
    "conv17_u8u8": (Convolutional, 17, U8, U8, False, {}),
    "conv17_pairs": (Convolutional, 17, U8, S8, True, dict(DedicatedQDQPair=True, AddQDQPairToWeight=True)),
    "conv21_u8": (Convolutional, 21, U8, S8, True, {}),
    "conv21_u16": (Convolutional, 21, U16, S8, True, {}),
    "conv21_mixed": (Convolutional, 21, U16, S8, True, dict(Mixed=True)),
    "attention17_u8": (Attention, 17, U8, S8, True, {}),
    "attention21_s8": (Attention, 21, S8, S8, True, {}),
    "attention21_s16": (Attention, 21, S16, S8, True, {}),
}

if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in sys.argv[2:] or CASES:
        net, opset, activation, weight, per_channel, extra = CASES[name]
        case(folder, name, net, opset, activation, weight, per_channel, **extra)
