"""Hands exported files to the tools that they are for; the tests with the build tag `toolkits` call it.

    fixtures_check.py valid FILE.onnx...                 onnx.checker with shape inference
    fixtures_check.py annotated FILE.onnx IN.npz OUT.npz loads the file as mct_quantizers does and runs it on the arrays of IN
    fixtures_check.py overrides FLOAT.onnx OVERRIDES.json OUT.onnx [opset 21 and 16-bit defaults]

    fixtures_check.py written FILE.onnx DATA.npz ROWS.npy BATCH...   how many samples of each batch size are not the rows of ROWS, bit for bit

    fixtures_check.py converted DIR   raises every NAME.old of DIR by onnx.version_converter and holds what it gives against NAME.ours

In the environment of aimet-onnx, fixtures_encodings.py --check does the same for encodings.
"""

import json
import os
import sys

import numpy as np
import onnx


def valid(*paths):
    for path in paths:
        onnx.checker.check_model(onnx.load(path), full_check=True)
        print("valid", os.path.basename(path))


def annotated(path, inputs, outputs):
    import mct_quantizers
    import onnxruntime as ort
    options = mct_quantizers.get_ort_session_options()
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    data = np.load(inputs)
    names = [o.name for o in session.get_outputs()]
    result = session.run(names, {k: data[k] for k in data.files})
    np.savez(outputs, **{n: r for n, r in zip(names, result)})
    print("ran", os.path.basename(path))


def overrides(network, path, target):
    from fixtures_qdq import Data
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    types = {"QInt8": np.int8, "QUInt8": np.uint8, "QInt16": np.int16, "QUInt16": np.uint16}
    with open(path) as f:
        raw = json.load(f)
    chosen = {name: [dict(quant_type=QuantType.from_string(o["quant_type"]), scale=np.array(o["scale"], np.float32),
                          zero_point=np.array(o["zero_point"], types[o["quant_type"]])) for o in all_]
              for name, all_ in raw.items()}
    quantize_static(network, target, Data(), quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt16,
                    weight_type=QuantType.QInt8, per_channel=True, extra_options=dict(TensorQuantOverrides=chosen))
    print("quantized", os.path.basename(target))


def written(path, data, rows, *batches):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.add_session_config_entry("session.disable_double_qdq_remover", "1")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    arrays, want = np.load(data), np.load(rows)
    for batch in map(int, batches):
        got = []
        for first in range(0, len(want), batch):
            got.append(session.run(None, {i.name: arrays[i.name][first:first + batch] for i in session.get_inputs()})[0])
        got = np.concatenate(got).reshape(want.shape)
        print(batch, int((got.view(np.uint32) != want.view(np.uint32)).any(axis=1).sum()))


def converted(folder):
    """Says of each network whether it gives the same bits as the converter's, what its outputs differ by, or why there are none."""
    import onnxruntime as ort
    from onnx import version_converter
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4

    def run(model, feed):
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(["y"], feed)[0]

    rng = np.random.default_rng(5)
    for file in sorted(os.listdir(folder)):
        name, kind = os.path.splitext(file)
        if kind != ".old":
            continue
        old, ours = (onnx.load(os.path.join(folder, name + k), format="protobuf") for k in (".old", ".ours"))
        x = old.graph.input[0]
        feed = {x.name: (2 * rng.random([d.dim_value for d in x.type.tensor_type.shape.dim]) - 1).astype(np.float32)}
        mine = run(ours, feed)
        try:
            theirs = run(version_converter.convert_version(old, ours.opset_import[0].version), feed)
        except Exception as e:  # the converter's own words, or the runtime's of what it has made
            print(f"{name}: {type(e).__name__} {' '.join(str(e).split())[:300]}")
            continue
        if mine.shape != theirs.shape:
            print(f"{name}: shapes {mine.shape} and {theirs.shape}")
        elif mine.tobytes() != theirs.tobytes():
            whose = "ours" if run(old, feed).tobytes() == mine.tobytes() else "theirs or none"
            print(f"{name}: differs by {abs(mine.astype(np.float64) - theirs).max():.3g}, and the original gives {whose}")
        else:
            print(f"{name}: equal")


if __name__ == "__main__":
    {"valid": valid, "annotated": annotated, "overrides": overrides, "written": written, "converted": converted}[sys.argv[1]](*sys.argv[2:])
