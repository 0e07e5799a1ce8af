"""The network of the job as a torch.fx module, for tools that take no ONNX file."""

import job
import onnx
import torch
from onnx import numpy_helper
from torch import nn


def conv(node, weights, bias):
    """Return a Conv node as a module."""
    a = {x.name: onnx.helper.get_attribute_value(x) for x in node.attribute}
    pads = a.get("pads", [0, 0, 0, 0])
    assert pads[:2] == pads[2:], "padding that differs between the ends"
    groups = a.get("group", 1)
    made = nn.Conv2d(weights.shape[1] * groups, weights.shape[0], tuple(weights.shape[2:]), tuple(a.get("strides", [1, 1])), tuple(pads[:2]),
                     tuple(a.get("dilations", [1, 1])), groups, bias is not None)
    return filled(made, weights, bias)


def filled(module, weights, bias):
    """Return a module with these weights."""
    with torch.no_grad():
        module.weight.copy_(weights)
        if bias is not None:
            module.bias.copy_(bias)
    return module


def network():
    """Return the network in evaluation mode."""
    graph = onnx.load(job.MODEL).graph
    constant = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    root, fx = nn.Module(), torch.fx.Graph()
    value = {graph.input[0].name: fx.placeholder("x")}
    calls = {"Sigmoid": torch.sigmoid, "Mul": torch.mul, "Add": torch.add}
    for i, node in enumerate(graph.node):
        bias = constant[node.input[2]] if len(node.input) > 2 else None
        name = "%s_%d" % (node.op_type.lower(), i)
        if node.op_type == "Conv":
            root.add_module(name, conv(node, constant[node.input[1]], bias))
        elif node.op_type == "Gemm":  # as torch writes a Linear: transB, alpha and beta of 1
            weights = constant[node.input[1]]
            root.add_module(name, filled(nn.Linear(weights.shape[1], weights.shape[0]), weights, bias))
        elif node.op_type == "GlobalAveragePool":
            root.add_module(name, nn.AdaptiveAvgPool2d(1))
        elif node.op_type == "Flatten":
            root.add_module(name, nn.Flatten())
        elif node.op_type not in calls:
            raise ValueError("no torch module for " + node.op_type)
        given = tuple(value[n] for n in node.input if n in value)
        value[node.output[0]] = fx.call_function(calls[node.op_type], given) if node.op_type in calls else fx.call_module(name, given[:1])
    fx.output(value[graph.output[0].name])
    return torch.fx.GraphModule(root, fx).eval()
