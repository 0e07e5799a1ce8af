"""NNCF: quantize_with_accuracy_control puts operators back to float, since it knows no int16: nncf_control.py FOLDER."""

import os

import job
import nncf
import onnx
import onnxruntime

score = job.Score()
trials = []


def validate(model, feeds):
    """Return the accuracy of a model on the images of feeds, and None for their own values, as NNCF wants it."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    right = total = 0
    for x, y in feeds:
        right += int((session.run(None, {job.INPUT: x})[0].argmax(1) == y).sum())
        total += len(y)
    trials.append(total)
    return right / total, None


def main():
    x, y = job.samples(job.EVAL)
    calibration = nncf.Dataset(job.batches(job.CALIB, 1))
    validation = nncf.Dataset([(x[i:i + job.BATCH], y[i:i + job.BATCH]) for i in range(0, len(x), job.BATCH)],
                              lambda item: {job.INPUT: item[0]})
    model = nncf.quantize_with_accuracy_control(
        onnx.load(job.MODEL), calibration, validation, validate, max_drop=job.DROP, drop_type=nncf.DropType.ABSOLUTE,
        subset_size=256)
    file = os.path.join(job.folder(), "mixed.onnx")
    onnx.save(model, file)
    told, _ = validate(model, [(x, y)])
    job.tell(file=file, told=told, trials=len(trials) - 1, note="int8 or float: it has no int16")


main()
