"""Makes the AMD Quark fixtures of onnx/testdata/qdq: the small convolutional network in Quark's 8-bit and 16-bit configurations.

    python3 -m venv .venv-quark && .venv-quark/bin/pip install amd-quark==0.13 -r scripts/requirements-toolkits.txt
    .venv-quark/bin/python scripts/fixtures_quark.py onnx/testdata/qdq

Like fixtures_qdq.py it writes <case>.onnx and <case>.npz with what ONNX Runtime computes of the file.
"""

import os
import sys

from fixtures_qdq import Data, record
from quark.onnx import ModelQuantizer
from quark.onnx.quantization.config import Config
from quark.onnx.quantization.config import custom_config as presets

CASES = {"quark_xint8": presets.XINT8_CONFIG, "quark_a8": presets.A8W8_CONFIG, "quark_a16": presets.A16W8_CONFIG,
         "quark_u8": presets.U8S8_AAWS_CONFIG, "quark_s16": presets.S16S8_ASWS_CONFIG, "quark_u16": presets.U16S8_AAWS_CONFIG}

if __name__ == "__main__":
    folder = sys.argv[1]
    for name in sys.argv[2:] or CASES:
        target = os.path.join(folder, name + ".onnx")
        quantizer = ModelQuantizer(Config(global_quant_config=CASES[name]))
        quantizer.quantize_model(os.path.join(folder, "float_convolutional_17.onnx"), target, Data())
        try:
            record(target)
        except Exception as e:  # a domain that plain ONNX Runtime does not know
            print(name, "not run:", str(e).splitlines()[0])
        print(name, "made")
