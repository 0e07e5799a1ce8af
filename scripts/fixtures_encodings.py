"""Makes the AIMET fixtures of onnx/testdata/encodings with the real aimet-onnx (its own environment: it wants another ONNX Runtime).

    python3 -m venv .venv-aimet && .venv-aimet/bin/pip install aimet-onnx==2.42.0
    .venv-aimet/bin/python scripts/fixtures_encodings.py onnx/testdata/encodings

The float networks are those of onnx/testdata/qdq. For each it writes the network as AIMET saves it and, for 8-bit and 16-bit
activations, encodings in both formats, and an npz with inputs and the logits of AIMET's own simulation:

    <network>.onnx  <network>_<bits>_061.json  <network>_<bits>_100.json  <network>_<bits>.npz

With `--check FILE NETWORK` it instead loads an encodings file into a fresh simulation and prints the encodings that have no quantizer.
"""

import os
import shutil
import sys
import tempfile

import numpy as np
import onnx
from aimet_onnx import int8, int16
from aimet_onnx.quantsim import QuantizationSimModel, load_encodings_to_sim

SAMPLES = 3


def simulation(path, activation, dummy):
    return QuantizationSimModel(onnx.load(path), param_type=int8, activation_type=activation, dummy_input={"input": dummy})


def make(folder, source, name):
    rng = np.random.default_rng(7)
    calibration = [{"input": rng.random((1, 3, 16, 16), dtype=np.float32) * 3 - 1} for _ in range(8)]
    x = np.random.default_rng(11).integers(0, 192, (SAMPLES, 3, 16, 16)).astype(np.float32) / 64 - 1
    for bits, kind in ((8, int8), (16, int16)):
        sim = simulation(source, kind, calibration[0]["input"])
        sim.compute_encodings(calibration)
        logits = np.concatenate([sim.session.run(None, {"input": x[i:i + 1]})[0] for i in range(SAMPLES)])
        np.savez_compressed(os.path.join(folder, f"{name}_{bits}.npz"), x=x, logits=logits)
        for version in ("0.6.1", "1.0.0"):
            with tempfile.TemporaryDirectory() as scratch:
                sim.export(scratch, "net", encoding_version=version)
                shutil.copy(os.path.join(scratch, "net.encodings"), os.path.join(folder, f"{name}_{bits}_{version.replace('.', '')}.json"))
                onnx.save(onnx.load(os.path.join(scratch, "net.onnx")), os.path.join(folder, f"{name}.onnx"))  # one file
        print(name, bits, logits[0])


def check(encodings, network):
    sim = simulation(network, int8, np.zeros((1, 3, 16, 16), np.float32))
    for m in load_encodings_to_sim(sim, encodings, strict=False):
        print("mismatch", m)
    names = [n for n, q in sim.qc_quantize_op_dict.items() if q.enabled]
    print("bitwidths", {b: sum(sim.qc_quantize_op_dict[n].bitwidth == b for n in names) for b in (8, 16)})


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(sys.argv[2], sys.argv[3])
    else:
        os.makedirs(sys.argv[1], exist_ok=True)
        networks = os.path.join(os.path.dirname(__file__), "..", "onnx", "testdata", "qdq")
        for name, source in (("conv", "float_convolutional_17"), ("attention", "float_attention_17")):
            make(sys.argv[1], os.path.join(networks, source + ".onnx"), name)
