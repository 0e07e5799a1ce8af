"""AIMET: choose_mixed_precision on a simulation of the ONNX file, 16-bit and 8-bit activations: aimet_amp.py FOLDER."""

import os

import job
import onnx
from aimet_onnx import int8, int16
from aimet_onnx.common.defs import CallbackFunc, QuantizationDataType
from aimet_onnx.mixed_precision import choose_mixed_precision
from aimet_onnx.quantsim import QuantizationSimModel

score = job.Score()
calibration = job.batches(job.CALIB)


def calibrate(session, _):
    for feed in calibration:
        session.run(None, feed)


def main():
    folder = job.folder()
    sim = QuantizationSimModel(onnx.load(job.MODEL), param_type=int8, activation_type=int16, dummy_input=job.batches(job.CALIB, 1)[0],
                               providers=["CPUExecutionProvider"])
    sim.compute_encodings(calibration)
    bits = [((width, QuantizationDataType.int), (8, QuantizationDataType.int)) for width in (16, 8)]
    scored = CallbackFunc(lambda session, _: score.session(session), None)
    found = choose_mixed_precision(sim, bits, scored, scored, job.DROP, folder, True, CallbackFunc(calibrate, None))
    told = score.session(sim.session) if found else None
    if not found:
        job.tell(told=None, trials=score.asked, note="found none: it returned no list")
        return
    sim.export(folder, "mixed")
    file, note = os.path.join(folder, "qdq.onnx"), ""
    onnx.save(sim.to_onnx_qdq(), file)
    job.tell(file=file, told=told, trials=score.asked - 1, note=note)


main()
