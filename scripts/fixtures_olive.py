"""Makes the Olive fixtures of onnx/testdata/qdq: the small networks as Olive's pass OnnxStaticQuantization quantizes them.

    python3 -m venv .venv-olive && .venv-olive/bin/pip install olive-ai==0.13.0 requests -r scripts/requirements-toolkits.txt
    .venv-olive/bin/python scripts/fixtures_olive.py onnx/testdata/qdq

Like fixtures_qdq.py it writes <case>.onnx and <case>.npz with what ONNX Runtime computes of the file.
"""

import os
import sys
import tempfile

os.environ["OLIVE_DISABLE_TELEMETRY"] = "1"  # read when it is imported

import onnx
from fixtures_qdq import Data, record
from olive.data.config import DataComponentConfig, DataConfig
from olive.data.registry import Registry
from olive.model import ONNXModelHandler
from olive.passes.olive_pass import create_pass_from_dict
from olive.passes.onnx.quantization import OnnxStaticQuantization

# The network, and what the pass is told; precision is that of the weights.
CASES = {
    "olive_u8": ("convolutional_17", dict(precision="int8", activation_type="uint8")),
    "olive_u16": ("convolutional_17", dict(precision="int8", activation_type="uint16")),
    "olive_attention_u16": ("attention_21", dict(precision="int8", activation_type="uint16", per_channel=True)),
}


@Registry.register_dataset("fixture")
def fixture(**_):
    return [({k: v[0] for k, v in batch.items()}, 0) for batch in Data().batches]


if __name__ == "__main__":
    folder = sys.argv[1]
    for name in sys.argv[2:] or CASES:
        network, options = CASES[name]
        data = DataConfig(name="noise", load_dataset_config=DataComponentConfig(type="fixture"))
        quantize = create_pass_from_dict(OnnxStaticQuantization, dict(options, data_config=data, quant_format="QDQ"), disable_search=True)
        with tempfile.TemporaryDirectory() as temp:
            made = quantize.run(ONNXModelHandler(os.path.join(folder, f"float_{network}.onnx")), os.path.join(temp, "model"))
            model = onnx.load(made.model_path)
        target = os.path.join(folder, name + ".onnx")
        onnx.save(model, target)
        record(target)
        print(name, "made")
