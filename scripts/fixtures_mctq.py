"""Makes the MCTQ fixtures of onnx/testdata/mctq with Sony's real toolkit.

Run it inside the toolkit environment (make test-toolkits builds it):

    .venv-toolkits/bin/python scripts/fixtures_mctq.py onnx/testdata/mctq

Every network is a few thousand parameters with seeded weights. For each case it writes

    <case>_low.onnx, <case>_high.onnx   8-bit and 16-bit exports (MCTQ format, opset 17)
    <case>_mixed.onnx                   every second holder switched to the 8-bit quantizer, exported by the toolkit
    <case>.npz                          x (inputs), <side>_logits, <side>_codes/<holder> and <side>_weights/<tensor>,
                                        all of them from the toolkit's own execution in torch, none from ONNX
    <case>.json                         holders with parameters, in the order of torch's execution

and for the case `pot` also the FAKELY_QUANT exports <case>_fq_low.onnx and <case>_fq_high.onnx. The case `grids` is no
network: it has values before and after single quantizers.
"""

import copy
import json
import os
import sys

import model_compression_toolkit as mct
import numpy as np
import torch
from mct_quantizers import PytorchActivationQuantizationHolder, PytorchQuantizationWrapper
from mct_quantizers import QuantizationMethod as Method
from model_compression_toolkit.target_platform_capabilities.constants import BIAS_ATTR, KERNEL_ATTR
from model_compression_toolkit.target_platform_capabilities.schema import mct_current_schema as schema
from torch import nn
from torch.nn import functional as F

SAMPLES = 3  # inputs kept in the npz; codes are kept for the first

# The exporter of 2.6.1 calls torch.onnx.export as torch before 2.9 defined it.
_export = torch.onnx.export
torch.onnx.export = lambda *a, **k: _export(*a, dynamo=False, **k)


class Convolutional(nn.Module):
    """Conv, activation, depthwise convolution, residual Add, pooling, Linear."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.point = nn.Conv2d(8, 8, 1)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = F.relu(self.stem(x))
        y = self.point(F.silu(self.depthwise(x)))
        x = torch.sigmoid(self.up(x + y))
        return self.fc(F.max_pool2d(x, 2).mean(dim=(2, 3)))


class Attention(nn.Module):
    """LayerNorm, one attention head written out, Gelu, a class token and positions as constants."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.place = nn.Parameter(torch.randn(1, 17, 8))
        self.norm = nn.LayerNorm(8)
        self.q, self.k, self.v = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.up, self.down, self.head = nn.Linear(8, 12), nn.Linear(12, 8), nn.Linear(8, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.place
        y = self.norm(x)
        s = torch.softmax(torch.matmul(self.q(y) * 0.35, self.k(y).transpose(1, 2)), dim=-1)
        x = x + torch.matmul(s, self.v(y))
        x = x + self.down(F.gelu(self.up(x)))
        return self.head(x[:, 0])


class Constants(nn.Module):
    """Positional constants on both sides of Add, Sub, Mul and Concat."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.register_buffer("a", torch.randn(1, 4, 1, 1))
        self.register_buffer("b", torch.rand(1, 4, 8, 8) + 0.5)
        self.register_buffer("c", torch.randn(1, 4, 8, 8))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = torch.add(self.conv(x), self.a)
        x = torch.sub(self.b, x)
        x = torch.mul(x, self.b)
        x = torch.add(self.c, x)
        x = torch.cat([x, torch.mul(x, x)], dim=1)
        return self.fc(F.relu(x).mean(dim=(2, 3)))


class Shifted(nn.Module):
    """Swish-like activations before padded convolutions: shift-negative correction adds a holder, an Add and a Pad."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.mid = nn.Conv2d(8, 8, 3, padding=1)
        self.tail = nn.Conv2d(8, 6, 3, stride=2, padding=1)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = F.hardswish(self.stem(x))
        x = F.silu(self.mid(x))
        x = F.relu(self.tail(x))
        return self.fc(x.mean(dim=(2, 3)))


class Ports(nn.Module):
    """Two inputs, two outputs, a module called twice, and an output that another layer also reads."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(1, 4, 3, padding=1)
        self.twice = nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(4, 5)

    def forward(self, x, y):
        z = F.relu(self.twice(F.relu(self.a(x)))) + F.relu(self.twice(self.b(y)))
        p, q = torch.split(z, 2, dim=1)
        z = torch.cat([q, p], dim=1)
        return self.fc(z.mean(dim=(2, 3))), z[:, :, :2, :2]


def platform(bits, activation, weights, weight_bits=8, per_channel=True, constants=False):
    """A target platform whose every activation has that width and grid. Operators fuse as in the toolkit's IMX500 one."""
    attr = dict(weights_n_bits=8, lut_values_bitwidth=None)
    other = schema.AttributeQuantizationConfig(weights_quantization_method=Method.POWER_OF_TWO, weights_per_channel_threshold=False,
                                               enable_weights_quantization=False, **attr)
    kernel = schema.AttributeQuantizationConfig(weights_quantization_method=weights, weights_n_bits=weight_bits,
                                                weights_per_channel_threshold=per_channel, enable_weights_quantization=True,
                                                lut_values_bitwidth=8 if "LUT" in weights.name else None)
    const = other.clone_and_edit(enable_weights_quantization=True, weights_per_channel_threshold=True) if constants else other
    common = dict(activation_quantization_method=activation, activation_n_bits=bits, supported_input_activation_n_bits=bits,
                  enable_activation_quantization=True, quantization_preserving=False, fixed_scale=None, fixed_zero_point=None,
                  simd_size=1, signedness=schema.Signedness.AUTO)
    default = schema.OpQuantizationConfig(default_weight_attr_config=const, attr_weights_configs_mapping={}, **common)
    linear = schema.OpQuantizationConfig(default_weight_attr_config=other,
                                         attr_weights_configs_mapping={KERNEL_ATTR: kernel, BIAS_ATTR: other}, **common)

    def options(config):
        return schema.QuantizationConfigOptions(quantization_configurations=(config,))

    names = schema.OperatorSetNames
    moves = [names.UNSTACK, names.DROPOUT, names.FLATTEN, names.SPLIT_CHUNK, names.GET_ITEM, names.RESHAPE, names.UNSQUEEZE,
             names.SIZE, names.PERMUTE, names.TRANSPOSE, names.GATHER, names.SQUEEZE, names.MAXPOOL, names.PAD,
             names.ZERO_PADDING2D, names.CAST, names.EXPAND if hasattr(names, "EXPAND") else names.TOPK]
    still = options(default).clone_and_edit(enable_activation_quantization=False)
    still = still.clone_and_edit_weight_attribute(enable_weights_quantization=False)
    sets = {n: schema.OperatorsSet(name=n, qc_options=still) for n in moves}
    for n in (names.CONV, names.CONV_TRANSPOSE, names.DEPTHWISE_CONV, names.FULLY_CONNECTED):
        sets[n] = schema.OperatorsSet(name=n, qc_options=options(linear))
    for n in (names.RELU, names.SWISH, names.HARDSWISH, names.SIGMOID, names.GELU, names.ADD, names.SUB, names.MUL, names.DIV):
        sets[n] = schema.OperatorsSet(name=n)

    def group(*n):
        return schema.OperatorSetGroup(operators_set=[sets[i] for i in n])

    acts = group(names.RELU, names.SWISH, names.HARDSWISH, names.SIGMOID, names.GELU)
    fusing = (schema.Fusing(operator_groups=(group(names.CONV, names.CONV_TRANSPOSE, names.DEPTHWISE_CONV), acts)),
              schema.Fusing(operator_groups=(sets[names.FULLY_CONNECTED], acts)))
    return schema.TargetPlatformCapabilities(default_qco=options(default), tpc_minor_version=1, tpc_patch_version=0,
                                             tpc_platform_type="fixtures", operator_set=tuple(sets.values()),
                                             fusing_patterns=fusing, name="fixtures", add_metadata=False, is_simd_padding=False)


def quantized(net, shapes, tpc, snc=False):
    """Runs post-training quantization on seeded noise that is not symmetric about zero."""
    rng = np.random.default_rng(7)

    def data():
        for _ in range(3):
            yield [(rng.random((8, *s), dtype=np.float32) * 3 - 1) for s in shapes]

    config = mct.core.CoreConfig(quantization_config=mct.core.QuantizationConfig(
        shift_negative_activation_correction=snc, shift_negative_ratio=0.9, linear_collapsing=False, residual_collapsing=False))
    model, _ = mct.ptq.pytorch_post_training_quantization(copy.deepcopy(net), data, core_config=config,
                                                          target_platform_capabilities=tpc)
    return model.eval()


def samples(rng, shape):
    """Inputs of a fixture: multiples of 1/64 from -1 to 2, which compress."""
    return rng.integers(0, 192, (SAMPLES, *shape)).astype(np.float32) / 64 - 1


def holders(model):
    return {n: m for n, m in model.named_modules() if isinstance(m, PytorchActivationQuantizationHolder)}


def codes_of(quantizer, value):
    """Integer codes of quantized values, by the quantizer's own scale."""
    if hasattr(quantizer, "zero_point"):  # uniform
        return np.rint(value.astype(np.float64) / quantizer.scale).astype(np.int64) + quantizer.zero_point
    return np.rint(value.astype(np.float64) / float(quantizer.scales)).astype(np.int64)


def run(model, inputs, out, side):
    """Runs a model in torch and records logits, codes and weights under the side's keys; returns holders as executed."""
    order = []

    def hook(name):
        def record(module, _, value):
            q = module.activation_holder_quantizer
            entry = dict(name=name, quantizer=type(q).__name__, bits=q.num_bits)
            if hasattr(q, "threshold_np"):
                entry.update(threshold=float(q.threshold_np), signed=bool(q.signed))
            else:
                entry.update(min_range=float(q.min_range), max_range=float(q.max_range))
            order.append(entry)
            codes = codes_of(q, value[:1].numpy())
            out[f"{side}_codes/{name}"] = codes.astype(np.int16 if codes.min() < 0 else np.uint16)
        return record

    hooks = [m.register_forward_hook(hook(n)) for n, m in holders(model).items()]
    with torch.no_grad():
        result = model(*[torch.from_numpy(i) for i in inputs])
    for h in hooks:
        h.remove()
    for i, r in enumerate(result if isinstance(result, (list, tuple)) else [result]):
        out[f"{side}_logits" + (f"_{i}" if i else "")] = r.numpy()
    for name, m in model.named_modules():
        if isinstance(m, PytorchQuantizationWrapper):
            for attr, value in m.get_quantized_weights().items():
                key = attr if isinstance(attr, str) else f"pos_weight_{attr}"
                out[f"{side}_weights/{name}.{key}"] = value.detach().numpy()
    return order


def export(model, path, shapes, fmt=mct.exporter.QuantizationFormat.MCTQ):
    mct.exporter.pytorch_export_model(
        copy.deepcopy(model), path, lambda: iter([[np.zeros((1, *s), np.float32) for s in shapes]]),
        serialization_format=mct.exporter.PytorchExportSerializationFormat.ONNX, quantization_format=fmt, onnx_opset_version=17)


def wrapped(model):
    """The model inside two other modules: the exporter then writes path parts before every holder's name."""
    class Inner(nn.Module):
        def __init__(self, m):
            super().__init__()
            self.net = m

        def forward(self, x):
            return self.net(x)

    class Outer(nn.Module):
        def __init__(self, m):
            super().__init__()
            self.body = Inner(m)

        def forward(self, x):
            return self.body(x)

    return Outer(model)


def case(out_dir, name, net, activation, weights, shapes=((3, 16, 16),), snc=(False, False), fakely=False, wrap=False, seed=3, **tpc):
    torch.manual_seed(seed)
    np.random.seed(seed)  # for the clustering that finds look-up tables
    net = net().eval()
    low = quantized(net, shapes, platform(8, activation, weights, **tpc), snc[0])
    high = quantized(net, shapes, platform(16, activation, weights, **tpc), snc[1])
    rng = np.random.default_rng(11)
    inputs = [samples(rng, s) for s in shapes]
    record, meta = {f"x{i}" if i else "x": v for i, v in enumerate(inputs)}, {}
    meta["low"], meta["high"] = run(low, inputs, record, "low"), run(high, inputs, record, "high")

    mixed, mine = copy.deepcopy(high), holders(low)
    demoted = [h for h in holders(high) if h in mine][::2]
    for h in demoted:
        holders(mixed)[h].activation_holder_quantizer = copy.deepcopy(mine[h].activation_holder_quantizer)
    meta["demoted"], meta["mixed"] = demoted, run(mixed, inputs, record, "mixed")

    path = os.path.join(out_dir, name)
    for side, model in (("low", low), ("high", high), ("mixed", mixed)):
        export(wrapped(model) if wrap else model, f"{path}_{side}.onnx", shapes)
    if fakely:
        for side, model in (("low", low), ("high", high)):
            export(model, f"{path}_fq_{side}.onnx", shapes, mct.exporter.QuantizationFormat.FAKELY_QUANT)
    np.savez_compressed(path + ".npz", **record)
    with open(path + ".json", "w") as f:
        json.dump(meta, f, indent=1)
    print(name, {s: len(meta[s]) for s in ("low", "high")})


def grids(out_dir, name):
    """Values through single activation quantizers: what the toolkit's operator computes (its torch function), and what its model
    computes in torch (fake quantization); half of the values lie at or beside the middle between two steps."""
    from mct_quantizers import pytorch_quantizers as q
    from mct_quantizers.pytorch.quantizers.activation_inferable_quantizers import activation_pot_inferable_quantizer as pot
    from mct_quantizers.pytorch.quantizers.activation_inferable_quantizers import activation_symmetric_inferable_quantizer as symmetric
    from mct_quantizers.pytorch.quantizers.activation_inferable_quantizers import activation_uniform_inferable_quantizer as uniform
    rng = np.random.default_rng(5)
    meta, record = [], {}

    def add(entry, quantizer, operator, step, low, high):
        inner = (rng.integers(int(low / step), int(high / step) + 1, 80) + 0.5) * step
        x = np.concatenate([rng.uniform(low * 1.3 - 0.1, high * 1.3 + 0.1, 80), inner, np.nextafter(inner[:40].astype(np.float32), np.float32(9))])
        x = np.concatenate([x, [0, low, high]]).astype(np.float32)
        i = len(meta)
        meta.append(entry)
        record[f"x{i}"] = x
        record[f"mctq{i}"] = operator(torch.from_numpy(x)).numpy()
        record[f"torch{i}"] = quantizer(torch.from_numpy(x)).numpy()

    for bits in (4, 8, 16):
        for signed in (True, False):
            for threshold, kind in ((4.0, "POT"), (2.718281, "Symmetric"), (0.3, "Symmetric")):
                make = q.ActivationPOTInferableQuantizer if kind == "POT" else q.ActivationSymmetricInferableQuantizer
                run_op = (pot.quantize_sym_activations_torch if hasattr(pot, "quantize_sym_activations_torch")
                          else symmetric.quantize_sym_activations_torch)
                t = float(np.float32(threshold))  # as the attribute of a file has it
                step = t / 2 ** (bits - int(signed))
                add(dict(op=kind, bits=bits, signed=signed, threshold=t), make(bits, [t], signed),
                    lambda x, t=t, s=signed, b=bits: run_op(x, t, s, b), step, -t if signed else 0, t)
        for lo, hi in ((-1.3, 2.9), (0.0, 0.7), (0.4, 3.1), (-2.2, -0.5), (-0.013, 5.5)):
            quantizer = q.ActivationUniformInferableQuantizer(bits, [lo], [hi])
            lo, hi = float(np.float32(quantizer.min_range)), float(np.float32(quantizer.max_range))  # what the exporter writes
            add(dict(op="Uniform", bits=bits, min=lo, max=hi), quantizer,
                lambda x, lo=lo, hi=hi, b=bits: uniform.quantize_uniform_activations_torch(x, lo, hi, b), (hi - lo) / (2 ** bits - 1), lo, hi)
    np.savez_compressed(os.path.join(out_dir, name + ".npz"), **record)
    with open(os.path.join(out_dir, name + ".json"), "w") as f:
        json.dump(meta, f, indent=1)
    print(name, {"low": len(meta)})


CASES = {
    "grids": grids,
    "pot": lambda d, n: case(d, n, Convolutional, Method.POWER_OF_TWO, Method.POWER_OF_TWO, fakely=True),
    "symmetric": lambda d, n: case(d, n, Convolutional, Method.SYMMETRIC, Method.SYMMETRIC),
    "uniform": lambda d, n: case(d, n, Convolutional, Method.UNIFORM, Method.UNIFORM),
    "tensor": lambda d, n: case(d, n, Convolutional, Method.POWER_OF_TWO, Method.SYMMETRIC, per_channel=False, wrap=True),
    "attention": lambda d, n: case(d, n, Attention, Method.UNIFORM, Method.SYMMETRIC),
    "constants": lambda d, n: case(d, n, Constants, Method.SYMMETRIC, Method.SYMMETRIC, constants=True),
    "lutpot": lambda d, n: case(d, n, Convolutional, Method.POWER_OF_TWO, Method.LUT_POT_QUANTIZER, weight_bits=4),
    "lutsym": lambda d, n: case(d, n, Convolutional, Method.POWER_OF_TWO, Method.LUT_SYM_QUANTIZER, weight_bits=3),
    "shifted": lambda d, n: case(d, n, Shifted, Method.POWER_OF_TWO, Method.SYMMETRIC, snc=(True, True)),
    "shiftlow": lambda d, n: case(d, n, Shifted, Method.POWER_OF_TWO, Method.SYMMETRIC, snc=(True, False)),
    "shifthigh": lambda d, n: case(d, n, Shifted, Method.POWER_OF_TWO, Method.SYMMETRIC, snc=(False, True)),
    "ports": lambda d, n: case(d, n, Ports, Method.SYMMETRIC, Method.SYMMETRIC, shapes=((3, 8, 8), (1, 8, 8))),
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    os.makedirs(sys.argv[1], exist_ok=True)
    for name in sys.argv[2:] or CASES:
        CASES[name](sys.argv[1], name)
