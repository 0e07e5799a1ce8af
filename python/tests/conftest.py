"""A network and samples that are small enough to be searched in a second."""
import os
import sys

import numpy
import onnx
import onnx.helper as make
import onnx.numpy_helper
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))


@pytest.fixture(scope="session")
def network():
    """Four matrix products with Relu between, as an onnx.ModelProto; its widths are drawn."""
    draw, widths = numpy.random.default_rng(1), [8, 16, 16, 16, 4]
    nodes, weights, last = [], [], "input"
    for i, (rows, columns) in enumerate(zip(widths, widths[1:])):
        scale = numpy.exp(2 * draw.normal(size=columns)) / numpy.sqrt(rows)
        weights.append(onnx.numpy_helper.from_array((draw.normal(size=(rows, columns)) * scale).astype("f4"), "w%d" % i))
        nodes.append(make.make_node("MatMul", [last, "w%d" % i], ["m%d" % i]))
        last = "m%d" % i
        if i < len(widths) - 2:
            nodes.append(make.make_node("Relu", [last], ["r%d" % i]))
            last = "r%d" % i
    ends = [make.make_tensor_value_info(name, 1, ["n", width]) for name, width in (("input", 8), (last, 4))]
    graph = make.make_graph(nodes, "small", ends[:1], ends[1:], weights)
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="session")
def calib():
    return numpy.random.default_rng(2).normal(size=(50, 8)).astype("f4")


@pytest.fixture(scope="session")
def samples(network):
    """120 samples, and as labels what the network says of them, a tenth of them wrong."""
    draw = numpy.random.default_rng(3)
    x = draw.normal(size=(120, 8)).astype("f4")
    last = x
    for i, weight in enumerate(network.graph.initializer):
        last = last @ onnx.numpy_helper.to_array(weight)
        last = numpy.maximum(last, 0) if i < 3 else last
    y = last.argmax(1)
    y[::10] = (y[::10] + 1) % 4
    return x, y
