"""Samples for the networks of the zoo, out of what pip packages carry: photographs, scanned text, faces, tables of numbers, source
files; and voices, fingerprints and switches that are computed here. All draw from a seed, so that they are the same on every machine.

Every maker takes (folder of unpacked packages, number of samples, numpy Generator, **arguments of the network's entry) and returns
the arrays of an npz file: one per input of the network, or x, each with a first axis of samples; y where there are labels.
"""
import glob
import gzip
import os

import numpy
import onnxruntime
from PIL import Image

import fetch

PHOTOS = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "motorcycle_right.png", "retina.jpg",
          "ihc.png", "hubble_deep_field.jpg"]


def pictures(folder, names):
    """Return images of scikit-image as RGB."""
    at = os.path.join(folder, "scikit-image", "skimage", "data")
    return [Image.open(os.path.join(at, n)).convert("RGB") for n in names]


def crop(image, width, height, rng, least=0.4):
    """Return a random piece of an image at a given size, mirrored half the time."""
    w, h = image.size
    side = rng.uniform(least, 1.0)
    cut = min(w / width, h / height) * side
    cw, ch = int(width * cut), int(height * cut)
    x, y = rng.integers(0, w - cw + 1), rng.integers(0, h - ch + 1)
    piece = image.crop((x, y, x + cw, y + ch)).resize((width, height), Image.BILINEAR)
    return piece.transpose(Image.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else piece


def layout(images, order, scale, mean, std):
    """Return images as one array: order is NCHW or NHWC; (pixel * scale - mean) / std."""
    x = (numpy.stack([numpy.asarray(i, numpy.float32) for i in images]) * numpy.float32(scale) - numpy.float32(mean)) / numpy.float32(std)
    x = x.astype(numpy.float32)
    return numpy.ascontiguousarray(x.transpose(0, 3, 1, 2)) if order == "NCHW" else x


def photos(folder, n, rng, width, height, order="NCHW", scale=1 / 255, mean=0, std=1, channels=3, bgr=False):
    """Pieces of photographs."""
    sources = pictures(folder, PHOTOS)
    images = [crop(sources[rng.integers(len(sources))], width, height, rng) for _ in range(n)]
    if channels == 1:
        images = [i.convert("L").convert("RGB") for i in images]
    x = layout(images, order, scale, mean, std)
    if bgr:
        x = x[:, ::-1] if order == "NCHW" else x[..., ::-1]
    if channels == 1:
        x = x[:, :1] if order == "NCHW" else x[..., :1]
    return {"x": numpy.ascontiguousarray(x)}


def page_piece(pages, width, height, rng):
    """Return a piece of a scanned page, the right way up, with other brightness each time."""
    page = pages[rng.integers(len(pages))]
    w, h = page.size
    cut = min(w / width, h / height) * rng.uniform(0.5, 1.0)
    cw, ch = max(int(width * cut), 8), max(int(height * cut), 8)
    x, y = rng.integers(0, w - cw + 1), rng.integers(0, h - ch + 1)
    piece = numpy.asarray(page.crop((x, y, x + cw, y + ch)).resize((width, height), Image.BILINEAR), numpy.float32)
    return Image.fromarray(numpy.clip(piece * rng.uniform(0.7, 1.1) + rng.normal(0, 4, piece.shape), 0, 255).astype(numpy.uint8))


def pages(folder, n, rng, width, height, order="NCHW", scale=1 / 255, mean=0, std=1, channels=3, turns=0):
    """Pieces of scanned pages. With turns = 2 or 4 each is turned by a multiple of 360/turns degrees, which is its label."""
    sources = pictures(folder, ["page.png", "text.png"])
    images, labels = [], []
    for _ in range(n):
        turn = int(rng.integers(turns)) if turns else 0
        piece = page_piece(sources, width, height, rng)
        if turns:
            piece = piece.rotate(-360 // turns * turn)
        images.append(piece)
        labels.append(turn)
    x = layout(images, order, scale, mean, std)
    if channels == 1:
        x = x[:, :1] if order == "NCHW" else x[..., :1]
    out = {"x": numpy.ascontiguousarray(x)}
    if turns:
        out["y"] = numpy.array(labels, numpy.int64)
    return out


def faces(folder, n, rng, size):
    """Faces and other things, half and half, 25 x 25 grey pixels of scikit-image scaled up; label 1 is a face. NHWC, -1 to 1."""
    every = numpy.load(os.path.join(folder, "scikit-image", "skimage", "data", "lfw_subset.npy"))
    pick = rng.permutation(len(every))[:n]
    images = [Image.fromarray((every[i] * 255).astype(numpy.uint8)).resize((size, size), Image.BILINEAR).convert("RGB") for i in pick]
    return {"x": layout(images, "NHWC", 1, 127.5, 128), "y": (pick < len(every) // 2).astype(numpy.int64)}


def voice(n, length, rate, rng):
    """Voices by formants: a train of pulses with a moving pitch through three resonators, in syllables, with some noise.
    [n, length] in -1..1; resonators as in Klatt, Software for a cascade/parallel formant synthesizer, 1980."""
    t = numpy.arange(length) / rate
    out = numpy.empty((n, length), numpy.float32)
    for i in range(n):
        pitch = rng.uniform(80, 250) * (1 + 0.1 * numpy.sin(2 * numpy.pi * rng.uniform(1, 4) * t + rng.uniform(0, 6)))
        source = (numpy.diff(numpy.floor(numpy.cumsum(pitch) / rate), prepend=0) > 0).astype(numpy.float64)
        for centre, band in zip((rng.uniform(300, 800), rng.uniform(900, 2200), rng.uniform(2300, 3200)), (60, 90, 150)):
            spectrum = numpy.fft.rfft(source)
            z = numpy.exp(-2j * numpy.pi * numpy.fft.rfftfreq(length, 1 / rate) / rate)
            r = numpy.exp(-numpy.pi * band / rate)
            source = numpy.fft.irfft(spectrum / (1 - 2 * r * numpy.cos(2 * numpy.pi * centre / rate) * z + r * r * z * z), length)
        syllables = numpy.clip(numpy.sin(2 * numpy.pi * rng.uniform(1.5, 5) * t + rng.uniform(0, 6)), 0, 1)
        wave = source / (numpy.abs(source).max() + 1e-9) * syllables * rng.uniform(0.2, 0.8)
        out[i] = wave + rng.normal(0, rng.uniform(0.001, 0.03), length)
    return out


def waves(folder, n, rng, name, length, rate=16000, channel=False, lengths=None, zeros=None):
    """Voices for an input [samples, length], or [samples, length, 1]. lengths names an int64 input that holds the length; zeros are
    inputs that begin at zero, with their shape per sample."""
    x = voice(n, length, rate, rng)
    out = {name: x[..., None] if channel else x}
    if lengths:
        out[lengths] = numpy.full(n, length, numpy.int64)
    for other, shape in (zeros or {}).items():
        out[other] = numpy.zeros([n] + shape, numpy.float32)
    return out


def spectra(folder, n, rng, name, frames, window, hop, kind, bins=None, rows=None, more=None):
    """Short-time spectra of voices: kind log, power or magnitude; rows > 1 puts several side by side as channels."""
    count = n * (rows or 1)
    x = voice(count, window + hop * (frames - 1), 16000, rng)
    at = numpy.arange(frames)[:, None] * hop + numpy.arange(window)
    s = numpy.abs(numpy.fft.rfft(x[:, at] * numpy.hanning(window), axis=-1))[..., :bins]
    s = {"log": lambda v: numpy.log10(numpy.maximum(v, 1e-6) ** 2), "power": lambda v: v ** 2, "magnitude": lambda v: v}[kind](s)
    s = s.astype(numpy.float32)
    out = {name: s.reshape([n, rows] + list(s.shape[1:])) if rows else s}
    for other, shape in (more or {}).items():
        out[other] = rng.normal(0, 1, [n] + shape).astype(numpy.float32)
    return out


def mels(folder, n, rng, name, frames, bins=32, window=512, hop=160):
    """Mel spectra of voices as openWakeWord's networks take them: decibels / 10 + 2, none more than 80 below the loudest;
    [n, frames, bins, 1]. Mel as in O'Shaughnessy, Speech communication, 1987: 2595 log10(1 + f / 700)."""
    x = voice(n, window + hop * (frames - 1), 16000, rng)
    at = numpy.arange(frames)[:, None] * hop + numpy.arange(window)
    power = numpy.abs(numpy.fft.rfft(x[:, at] * numpy.hanning(window), axis=-1)) ** 2
    edges = 700 * (10 ** (numpy.linspace(2595 * numpy.log10(1 + 60 / 700), 2595 * numpy.log10(1 + 3800 / 700), bins + 2) / 2595) - 1)
    f = numpy.fft.rfftfreq(window, 1 / 16000)[:, None]
    bank = numpy.clip(numpy.minimum((f - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - f) / (edges[2:] - edges[1:-1])), 0, None)
    decibels = 10 * numpy.log10(numpy.maximum(power @ bank, 1e-10))
    decibels = numpy.maximum(decibels, decibels.max(axis=(1, 2), keepdims=True) - 80)
    return {name: (decibels / 10 + 2).astype(numpy.float32)[..., None]}


def embeddings(folder, n, rng, name, package, file, steps, frames=76, hop=8):
    """What another network of the package makes of voices: [n, steps, width], a step every so many frames of a mel spectrum."""
    x = mels(folder, n, rng, name, frames + hop * (steps - 1))[name]
    net = onnxruntime.InferenceSession(os.path.join(fetch.place(folder, package), *file.split("/")), providers=["CPUExecutionProvider"])
    y = [net.run(None, {net.get_inputs()[0].name: x[:, k * hop:k * hop + frames]})[0].reshape(n, -1) for k in range(steps)]
    return {name: numpy.stack(y, axis=1)}


def sources(folder, n, rng, length=2048, fill=256):
    """The first and last bytes of files of the packages, as Magika reads them: int32 [samples, length]."""
    files = sorted(f for f in glob.glob(os.path.join(folder, "**", "*"), recursive=True) if os.path.isfile(f) and os.path.getsize(f) > 64)
    x = numpy.full((n, length), fill, numpy.int32)
    for i in range(n):
        with open(files[rng.integers(len(files))], "rb") as f:
            text = f.read(1 << 16).strip()
        half = length // 2
        head, tail = text[:half], text[-half:]
        x[i, :len(head)] = numpy.frombuffer(head, numpy.uint8)
        x[i, length - len(tail):] = numpy.frombuffer(tail, numpy.uint8)
    return {"bytes": x}


def letters(folder, n, rng, length, inputs):
    """Token numbers: inputs name their highest number and type; a value "length" holds the length."""
    out = {}
    for name, (high, kind) in inputs.items():
        out[name] = numpy.full(n, length, kind) if high == "length" else rng.integers(1, high, (n, length)).astype(kind)
    return out


def tokens(folder, n, rng, length, high, inputs, least=4, first=1, ends=()):
    """Sentences of words by Zipf's law, of least to length words, then padding (0): inputs name what each gets: "ids", "mask" (1 on a
    word, int64), "words" (the same as bool) or "length". ends are the first and last word of each."""
    out = {name: numpy.zeros(n if kind == "length" else (n, length), bool if kind == "words" else numpy.int64) for name, kind in inputs.items()}
    for i in range(n):
        count = int(rng.integers(least, length + 1))
        ids = first + (rng.zipf(1.3, count) * 2654435761 % (high - first))
        if ends:
            ids[0], ids[-1] = ends
        for name, kind in inputs.items():
            if kind == "length":
                out[name][i] = count
            else:
                out[name][i, :count] = ids if kind == "ids" else 1
    return out


def spelled(folder, n, rng, name, length, width):
    """Words letter by letter: [n, length, width], one of width is 1 on each letter."""
    return {name: numpy.eye(width, dtype=numpy.float32)[rng.integers(0, width, (n, length))]}


def switches(folder, n, rng, name, channels, length):
    """Switches that go on and off: [n, channels, length] of 0 and 1, each with its own rate."""
    flips = rng.random((n, channels, length)) < rng.uniform(0.01, 0.3, (n, channels, 1))
    return {name: (numpy.cumsum(flips, axis=-1) % 2).astype(numpy.float32)}


def ridges(folder, n, rng, side):
    """Fingerprints: ridges that turn about a core, with breaks and noise; [n, side, side, 1] in 0..255."""
    v, u = numpy.mgrid[:side, :side].astype(numpy.float64)
    x = numpy.empty((n, side, side, 1), numpy.float32)
    for i in range(n):
        (cu, cv), wave = rng.uniform(0.3, 0.7, 2) * side, rng.uniform(7, 11)
        r = numpy.hypot((u - cu) * rng.uniform(0.8, 1.2), v - cv)
        turn = rng.integers(-2, 3) * numpy.arctan2(v - cv, u - cu)  # ends and forks of ridges
        grey = 128 + 100 * numpy.sin(2 * numpy.pi * r / wave + turn) + rng.normal(0, 20, (side, side))
        x[i, ..., 0] = numpy.clip(numpy.where(numpy.hypot(u - side / 2, v - side / 2) < side / 2, grey, 255), 0, 255)
    return {"x": x}


def flowers(folder, n, rng):
    """The four measures of iris flowers."""
    with open(os.path.join(folder, "scikit-learn", "sklearn", "datasets", "data", "iris.csv"), encoding="utf-8") as f:
        rows = numpy.array([[float(v) for v in line.split(",")[:4]] for line in f.read().splitlines()[1:]], numpy.float32)
    pick = rng.integers(0, len(rows), n)
    return {"x": rows[pick] + rng.normal(0, 0.02, (n, 4)).astype(numpy.float32)}


def measures(folder, n, rng, width):
    """Rows of numbers of a normal distribution: float64 [n, width]."""
    return {"x": rng.normal(0, 1, (n, width))}


def digits(folder, n, rng):
    """Handwritten digits, 8 x 8 pixels of 0 to 16, with their labels."""
    path = os.path.join(folder, "scikit-learn", "sklearn", "datasets", "data", "digits.csv.gz")
    with gzip.open(path, "rt") as f:
        rows = numpy.loadtxt(f, delimiter=",")
    pick = rng.permutation(len(rows))[:n]
    return {"x": rows[pick, :64].astype(numpy.float32), "y": rows[pick, 64].astype(numpy.int64)}
