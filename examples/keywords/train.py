#!/usr/bin/env python3
"""A keyword spotter that hears one frame a step and keeps what it knows in a state: train it, write one step as ONNX,
and write its samples as demote reads them.

    python3 examples/keywords/train.py FOLDER

The words are drawn: each is three of five tones (vowels, as far as a network is concerned), of changing pitch, speed
and loudness, in noise, 1 second at 8 kHz. Two words differ in the order of their tones alone, so the network has to
remember. A frame is 20 ms of sound as the energies of 24 bands. The network has three states: the slow average of the
energies, which it divides by to hear loud and quiet voices alike (as PCEN does); the last frames of a convolution; and
the memory of a GRU. About 60 seconds on one core. Needs what scripts/requirements-examples.txt lists.
"""

import os
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F

RATE, FRAME, STEPS, BANDS = 8000, 160, 50, 24
TONES = numpy.array([[300, 900], [400, 2000], [600, 1200], [700, 2600], [500, 3200]])  # two formants each, in Hz
WORDS = [(0, 1, 2), (2, 1, 0), (1, 3, 0), (0, 3, 1), (4, 2, 3), (3, 2, 4)]  # and class 6: none of them
WIDTH, NONE = 48, len(WORDS)
SLOW = 0.03  # share of a frame in the average of the energies
STATES = {"level": [BANDS], "past": [BANDS, 2], "memory": [WIDTH]}


def say(rng, kind):
    """One second of sound, float32 [8000]: a word, or three tones that are no word, in noise."""
    tones = WORDS[kind] if kind < NONE else tuple(rng.permutation(5)[:3])
    while kind == NONE and tones in WORDS:
        tones = tuple(rng.permutation(5)[:3])
    sound = rng.normal(0, 10 ** rng.uniform(-2, -0.4), RATE)
    at, pitch, loud = rng.integers(0, RATE // 5), rng.uniform(0.9, 1.1), 10 ** rng.uniform(-1.0, 0)
    for tone in tones:
        long = rng.integers(RATE // 10, RATE // 4)
        t = numpy.arange(long) / RATE
        part = sum(numpy.sin(2 * numpy.pi * f * pitch * t + rng.uniform(0, 6)) for f in TONES[tone])
        sound[at : at + long] += (loud * part * numpy.hanning(long))[: RATE - at]
        at += int(long * rng.uniform(0.9, 1.1))
    return sound.astype(numpy.float32)


def frames(sounds):
    """Energies [n, 50, 24] of sounds [n, 8000], in bands of equal width."""
    spectrum = numpy.abs(numpy.fft.rfft(sounds.reshape(len(sounds), STEPS, FRAME) * numpy.hanning(FRAME)))[..., 1:73] ** 2
    return spectrum.reshape(len(sounds), STEPS, BANDS, 3).sum(-1).astype(numpy.float32)


class Spotter(nn.Module):
    """One step: a frame and the states to the scores of the classes and the next states."""

    def __init__(self):
        super().__init__()
        self.ear = nn.Conv1d(BANDS, WIDTH, 3)  # over this frame and the two before it
        self.gates, self.recall = nn.Linear(2 * WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.gates.bias.data[:WIDTH] = 3  # to keep what it has is the beginning
        self.classes = nn.Linear(WIDTH, NONE + 1)

    def forward(self, frame, level, past, memory):
        level = level + SLOW * (frame - level)
        window = torch.cat([past, (frame / (level + 0.1)).sqrt().unsqueeze(2)], 2)
        heard = F.relu(self.ear(window)).squeeze(2)
        keep, use = self.gates(torch.cat([heard, memory], 1)).sigmoid().chunk(2, 1)
        new = torch.tanh(self.recall(torch.cat([heard, use * memory], 1)))
        memory = keep * memory + (1 - keep) * new
        return self.classes(memory), level, window[:, :, 1:], memory

    def listen(self, x):
        """Scores behind the last frame of x [n, 50, 24]."""
        states = [torch.zeros(len(x), *shape) for shape in STATES.values()]
        for step in range(x.shape[1]):
            scores, *states = self(x[:, step], *states)
        return scores


def train(x, kinds, epochs):
    net = Spotter()
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, epochs=epochs, steps_per_epoch=-(-len(x) // 64))
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            scores = net.listen(x[rows])
            loss = F.cross_entropy(scores, kinds[rows])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1)
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}", flush=True)
    return net.eval()


def main(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    rng = numpy.random.default_rng(1)
    kinds = rng.integers(0, NONE + 1, 6000)
    x = frames(numpy.stack([say(rng, kind) for kind in kinds]))
    net = train(torch.from_numpy(x[:4000]), torch.from_numpy(kinds[:4000]), 16)
    inputs, outputs = ["frame", *STATES], ["scores", *(name + "_out" for name in STATES)]
    torch.onnx.export(
        net, (torch.zeros(2, BANDS), *(torch.zeros(2, *shape) for shape in STATES.values())), os.path.join(folder, "model.onnx"),
        input_names=inputs, output_names=outputs, dynamic_axes={name: {0: "batch"} for name in inputs + outputs},
        dynamo=False, opset_version=17,
    )
    for name, part in ("calib", slice(0, 200)), ("eval", slice(4000, 5000)), ("holdout", slice(5000, 6000)):
        numpy.savez(os.path.join(folder, name + ".npz"), frame=x[part], y=kinds[part])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
