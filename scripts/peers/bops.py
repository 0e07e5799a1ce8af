"""Bit operations of a quantized ONNX file, counted in one way for the files of all tools: for every Conv, ConvTranspose, Gemm and
MatMul its multiply-accumulates for one sample times the bit-widths of both operands.

An operand has the width of the quantizer that it comes from, through nodes that only move values; without one it is float, 32 bits.
Quantizers are QuantizeLinear and DequantizeLinear of any domain, those of mct_quantizers, and AIMET's encodings beside the file.
"""

import json

import numpy
import onnx
from onnx import helper, numpy_helper, shape_inference

LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
MOVES = ("Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity", "Slice", "Split", "MaxPool", "Gather")
WIDTHS = {"INT4": 4, "UINT4": 4, "INT8": 8, "UINT8": 8, "INT16": 16, "UINT16": 16}
FLOAT = 32


def quantizer(node):
    """Tell whether a node is one that only rounds values."""
    return "QuantizeLinear" in node.op_type or "DequantizeLinear" in node.op_type or node.domain == "mct_quantizers"


class Network:
    """A file as a graph without its quantizers, with the widths that they gave to tensors."""

    def __init__(self, path, encodings=None):
        self.graph = onnx.load(path).graph
        self.constants = {t.name: t for t in self.graph.initializer}
        for node in self.graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = next(a.t for a in node.attribute if a.name == "value")
        self.made = {out: node for node in self.graph.node for out in node.output}
        self.encodings = widths_of(encodings) if encodings else {}

    def width(self, tensor):
        """Return the bits of a tensor."""
        while True:
            if tensor in self.encodings:
                return self.encodings[tensor]
            node = self.made.get(tensor)
            if node is None:
                return FLOAT
            if node.domain == "mct_quantizers":
                return next(a.i for a in node.attribute if a.name == "num_bits")
            if quantizer(node):
                zero = self.constants[node.input[2]] if len(node.input) > 2 and node.input[2] else None
                return WIDTHS[onnx.TensorProto.DataType.Name(zero.data_type)] if zero is not None else 8
            if node.op_type not in MOVES:
                return FLOAT
            tensor = node.input[0]

    def plain(self, tensor):
        """Return the tensor that quantizers have made of this one."""
        while tensor in self.made and quantizer(self.made[tensor]):
            tensor = self.made[tensor].input[0]
        return tensor

    def shapes(self):
        """Return the shapes of all tensors, for one sample."""
        graph = onnx.GraphProto()
        graph.CopyFrom(self.graph)
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(helper.make_node("Identity", n.input[:1], n.output) if quantizer(n) else n for n in self.graph.node)
        for node in graph.node:  # what quantizers made is left out of the way: codes have other types
            for i, name in enumerate(node.input):
                node.input[i] = self.plain(name)
        for t in self.graph.initializer:
            values = numpy_helper.to_array(t)
            small = values.astype(numpy.float32) if t.data_type not in (onnx.TensorProto.INT64, onnx.TensorProto.INT32) else values
            graph.initializer.append(numpy_helper.from_array(numpy.ascontiguousarray(small), t.name))
        for port in graph.input:
            port.type.tensor_type.shape.dim[0].dim_value = 1
        del graph.output[:]
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        known = shape_inference.infer_shapes(model).graph
        found = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in list(known.value_info) + list(known.input)}
        return {**found, **{name: list(t.dims) for name, t in self.constants.items()}}


def widths_of(path):
    """Return the bits of the tensors in AIMET's encodings, activations and parameters, of version 1.0.0 or 2.0.0."""
    with open(path, encoding="utf-8") as f:
        read = json.load(f)
    if "encodings" in read:
        return {e["name"]: int(e["output_dtype"].lstrip("uint")) for e in read["encodings"]}
    return {e["name"]: e["bw"] for part in ("activation_encodings", "param_encodings") for e in read[part]}


def layers(path, encodings=None):
    """Return for every layer its name, its multiply-accumulates for one sample, and the bits of its two operands."""
    net = Network(path, encodings)
    shapes = net.shapes()
    found = []
    for node in net.graph.node:
        if node.op_type not in LAYERS:
            continue
        out, weights = shapes[node.output[0]], shapes[net.plain(node.input[1])]
        if node.op_type == "Conv":
            macs = numpy.prod(out[1:]) * numpy.prod(weights[1:])
        elif node.op_type == "ConvTranspose":
            macs = numpy.prod(shapes[net.plain(node.input[0])][1:]) * numpy.prod(weights[1:])
        elif node.op_type == "Gemm":
            macs = numpy.prod(weights)
        else:
            macs = numpy.prod(out) * weights[-2]
        found.append((node.name, int(macs), net.width(node.input[0]), net.width(node.input[1])))
    return found


def bops(path, encodings=None):
    """Return the bit operations of a file for one sample."""
    return sum(macs * a * w for _, macs, a, w in layers(path, encodings))
