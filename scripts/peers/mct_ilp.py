"""MCT: mixed precision by an integer linear programme under a budget of bit operations: mct_ilp.py FOLDER.

MCT knows no accuracy target, so this halves the range of budgets STEPS times, scores each answer, and keeps the cheapest that
holds. Platform: activations of 8 or 16 bits on power-of-two grids, weights of 8 bits a channel, the toolkit's default kinds.
"""

import os

import job
import model_compression_toolkit as mct
import torch
import torched
from mct_quantizers import QuantizationMethod as Method
from model_compression_toolkit.target_platform_capabilities.constants import BIAS_ATTR, KERNEL_ATTR
from model_compression_toolkit.target_platform_capabilities.schema import mct_current_schema as schema

STEPS = 4
score = job.Score()

# The exporter of 2.6.1 calls torch.onnx.export as torch before 2.9 defined it.
_export = torch.onnx.export
torch.onnx.export = lambda *a, **k: _export(*a, dynamo=False, **k)


def attribute(enabled):
    """Return how weights are quantized."""
    return schema.AttributeQuantizationConfig(
        weights_quantization_method=Method.SYMMETRIC, weights_n_bits=8, weights_per_channel_threshold=True,
        enable_weights_quantization=enabled, lut_values_bitwidth=None)


def options(kernel):
    """Return the two candidates of an operator, 16 bits the base."""
    def config(bits):
        return schema.OpQuantizationConfig(
            default_weight_attr_config=attribute(False),
            attr_weights_configs_mapping={KERNEL_ATTR: attribute(True), BIAS_ATTR: attribute(False)} if kernel else {},
            activation_quantization_method=Method.POWER_OF_TWO, activation_n_bits=bits, supported_input_activation_n_bits=(8, 16),
            enable_activation_quantization=True, quantization_preserving=False, fixed_scale=None, fixed_zero_point=None,
            simd_size=1, signedness=schema.Signedness.AUTO)
    high, low = config(16), config(8)
    return schema.QuantizationConfigOptions(quantization_configurations=(high, low), base_config=high)


def platform():
    """Return the target platform."""
    names = schema.OperatorSetNames
    sets = [schema.OperatorsSet(name=n, qc_options=options(True)) for n in (names.CONV, names.DEPTHWISE_CONV, names.FULLY_CONNECTED)]
    sets += [schema.OperatorsSet(name=n, qc_options=options(False)) for n in (names.SIGMOID, names.MUL, names.ADD)]
    default = schema.QuantizationConfigOptions(quantization_configurations=(options(False).base_config,))
    return schema.TargetPlatformCapabilities(
        default_qco=default, tpc_minor_version=1, tpc_patch_version=0, tpc_platform_type="bench_peers", operator_set=tuple(sets),
        fusing_patterns=(), name="bench_peers", add_metadata=False, is_simd_padding=False)


def data():
    """Yield the calibration samples."""
    for feed in job.batches(job.CALIB, 32):
        yield [feed[job.INPUT]]


def solve(share, whole):
    """Return the network that a share of the bit operations of all int16 allows, and its accuracy."""
    config = mct.core.CoreConfig(mixed_precision_config=mct.core.MixedPrecisionQuantizationConfig(num_of_images=32))
    model, _ = mct.ptq.pytorch_post_training_quantization(
        torched.network(), data, target_resource_utilization=mct.core.ResourceUtilization(bops=share * whole), core_config=config,
        target_platform_capabilities=platform())
    model.eval()
    with torch.no_grad():
        return model, score.of(lambda x: model(torch.from_numpy(x).to(next(model.parameters()).device)).cpu().numpy())


def main():
    torch.manual_seed(job.SEED)
    torch.set_num_threads(1)  # its passes are small: on a busy machine several threads wait for each other, ten times as long
    macs = 3797360  # of the network, for one sample
    low, high, best = 0.5, 1.0, None
    for _ in range(STEPS):
        share = (low + high) / 2
        try:
            model, told = solve(share, macs * 16 * 8)
        except Exception as wrong:  # a budget that is too small has no other sign
            print("budget %.3f: %s" % (share, (str(wrong) or repr(wrong)).splitlines()[0]))
            low = share
            continue
        print("budget %.3f: %.4f" % (share, told))
        if told > job.FLOAT - job.DROP + 1e-9:
            high, best = share, (model, told, share)
        else:
            low = share
    if best is None:
        job.tell(told=None, trials=score.asked, note="no budget met the target")
        return
    model, told, share = best
    file = os.path.join(job.folder(), "mixed.onnx")
    mct.exporter.pytorch_export_model(
        model, file, data, serialization_format=mct.exporter.PytorchExportSerializationFormat.ONNX,
        quantization_format=mct.exporter.QuantizationFormat.MCTQ, onnx_opset_version=17)
    job.tell(file=file, told=told, trials=score.asked, note="budgets by halving; the last that held is %.1f %%" % (100 * share))


main()
