#!/usr/bin/env python3
"""A classifier of pairs of sentences, in the manner of BERT: train it, write it as ONNX, and write its samples as demote
reads them.

    python3 examples/transformer/train.py FOLDER

A pair is a message and its reply, and the class is the topic of the reply. Sentences are drawn: words of their topic,
some of other topics, and words that mean nothing. The message has a topic too, so only token_type_ids tell which words
count. The inputs are those of BERT: input_ids, attention_mask and token_type_ids, int64 [batch, sequence], of 11 to 31
tokens. About 60 seconds on one core. Needs what scripts/requirements-examples.txt lists.
"""

import os
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F

PAD, CLS, SEP, FIRST = 0, 1, 2, 3  # FIRST is the first real word
TOPICS, WORDS, EMPTY = 8, 16, 60  # topics, words of each, words that mean nothing
VOCABULARY = FIRST + TOPICS * WORDS + EMPTY
WIDTH, HEADS, LAYERS, LONGEST = 64, 4, 2, 32


def sentence(rng, topic):
    words = []
    for _ in range(rng.integers(4, 15)):
        about = rng.choice([topic, rng.integers(TOPICS), TOPICS], p=[0.4, 0.15, 0.45])
        words.append(FIRST + about * WORDS + rng.integers(WORDS if about < TOPICS else EMPTY))
    return words


def pair(rng):
    """input_ids and token_type_ids of a message and its reply, and the topic of the reply. Some topics are rare."""
    topic = min(rng.integers(TOPICS), rng.integers(2 * TOPICS))
    a, b = sentence(rng, rng.integers(TOPICS)), sentence(rng, topic)
    return numpy.array([CLS, *a, SEP, *b, SEP]), numpy.array([0] * (len(a) + 2) + [1] * (len(b) + 1)), topic


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def forward(self, x, mask):
        heads = lambda t: t.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        q, k, v = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
        scores = q @ k.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5 + mask
        x = self.norms[0](x + self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)))
        return self.norms[1](x + self.down(F.gelu(self.up(x))))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.types = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(2, WIDTH)
        self.positions = nn.Embedding(LONGEST, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pooler, self.classes = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, TOPICS)
        for norm in self.modules():  # two channels far larger than the others, as in big pretrained transformers
            if isinstance(norm, nn.LayerNorm):
                norm.weight.data[:2] = 10

    def forward(self, input_ids, attention_mask, token_type_ids):
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.norm(self.words(input_ids) + self.positions(positions) + self.types(token_type_ids))
        mask = (1 - attention_mask[:, None, None].float()) * torch.finfo(torch.float32).min
        for layer in self.layers:
            x = layer(x, mask)
        return self.classes(torch.tanh(self.pooler(x[:, 0])))


def batch(pairs):
    """input_ids, attention_mask and token_type_ids, padded to the longest, and the classes."""
    length = max(len(ids) for ids, _, _ in pairs)
    padded = lambda rows: torch.from_numpy(numpy.stack([numpy.pad(r, (0, length - len(r))) for r in rows]))
    ids = padded([p[0] for p in pairs])
    return ids, (ids != PAD).long(), padded([p[1] for p in pairs]), torch.tensor([p[2] for p in pairs])


def train(rng, steps):
    net = Classifier()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    for step in range(steps):
        *inputs, kinds = batch([pair(rng) for _ in range(32)])
        logits = net(*inputs)
        loss = F.cross_entropy(logits, kinds)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimizer.step()
        schedule.step()
        if step % 400 == 399:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}, right {(logits.argmax(1) == kinds).float().mean().item():.3f}", flush=True)
    return net.eval()


def main(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    rng = numpy.random.default_rng(1)
    net = train(rng, 2000)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = tuple(batch([pair(rng) for _ in range(2)])[:3])
    torch.onnx.export(
        net, inputs, os.path.join(folder, "model.onnx"), input_names=names, output_names=["logits"], dynamo=False, opset_version=17,
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in names} | {"logits": {0: "batch"}},
    )
    for name, count in ("calib", 200), ("eval", 1000), ("holdout", 1000):
        pairs = [pair(rng) for _ in range(count)]
        ids, types, kinds = zip(*pairs)
        numpy.savez(os.path.join(folder, name + ".npz"), y=numpy.array(kinds),
                    **{f"input_ids_{i}": row for i, row in enumerate(ids)}, **{f"token_type_ids_{i}": row for i, row in enumerate(types)},
                    **{f"attention_mask_{i}": numpy.ones_like(row) for i, row in enumerate(ids)})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
