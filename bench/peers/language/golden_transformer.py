#!/usr/bin/env python3
"""Losses of PyTorch's transformer over steps of Adam, from parameters that a formula gives: what ours must reach from the same start.

usage: golden_transformer.py      prints losses of ten steps, a line for each case; install requirements-seq2seq.txt

Ours names its parameters and has them as (inputs, outputs), PyTorch's are (outputs, inputs). Value k, row by row, of the
parameter NAME is scale * sin(0.1 h + 0.37 k + 0.011 k²), with h the sum of NAME's bytes; a gain is 1 and a tenth of that, a
bias a tenth. The task is that of crates/language/src/seq2seq/transformer/tests.rs: sources of four words and an end, to be
written backwards.
"""
import json, math

import torch
import torch.nn as nn
import torch.nn.functional as F

N_SOURCE, N_TARGET, DIM, HEADS, INNER, LAYERS, PLACES = 10, 9, 8, 2, 16, 2, 6
BEGIN, END = 1, 2
SOURCES = [[5, 6, 7, 9], [9, 4, 5, 4], [8, 5, 4, 4]]


def values(name, rows, columns, scale):
    h = sum(name.encode())
    return torch.tensor([[scale * math.sin(0.1 * h + 0.37 * k + 0.011 * k * k) for k in range(r * columns, (r + 1) * columns)]
                         for r in range(rows)], dtype=torch.float32)


def weight(name, n_in, n_out):
    return values(f"{name}.weight", n_in, n_out, 0.4).T


def bias(name, n_out):
    return 0.1 * values(f"{name}.bias", 1, n_out, 0.4)[0]


def set_linear(name, linear):
    linear.weight.data, linear.bias.data = weight(name, linear.in_features, linear.out_features).contiguous(), bias(name, linear.out_features)


def set_norm(name, norm):
    norm.weight.data, norm.bias.data = 1 + 0.1 * values(f"{name}.gain", 1, DIM, 0.4)[0], 0.1 * values(f"{name}.bias", 1, DIM, 0.4)[0]


def set_attention(name, attention, parts):
    attention.in_proj_weight.data = torch.cat([weight(f"{name}.{part}", DIM, n) for part, n in parts]).contiguous()
    attention.in_proj_bias.data = torch.cat([bias(f"{name}.{part}", n) for part, n in parts])
    set_linear(f"{name}.outer", attention.out_proj)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        table = lambda name, n: nn.Embedding.from_pretrained(values(f"{name}.table", n, DIM, 0.4), freeze=False)
        self.source, self.target = table("source", N_SOURCE), table("target", N_TARGET)
        self.source_places, self.target_places = table("source_places", PLACES), table("target_places", PLACES)
        self.stacks = nn.Transformer(DIM, HEADS, LAYERS, LAYERS, INNER, dropout=0.0, batch_first=True, norm_first=True)
        self.readout = nn.Linear(DIM, N_TARGET)
        set_linear("readout", self.readout)
        for side, stack in (("encoder", self.stacks.encoder), ("decoder", self.stacks.decoder)):
            for at, layer in enumerate(stack.layers):
                name = f"{side}.{at}"
                set_attention(f"{name}.attention", layer.self_attn, [("inner", 3 * DIM)])
                set_norm(f"{name}.attention_norm", layer.norm1)
                if side == "decoder":
                    set_attention(f"{name}.cross", layer.multihead_attn, [("queries", DIM), ("others", 2 * DIM)])
                    set_norm(f"{name}.cross_norm", layer.norm2)
                set_norm(f"{name}.feed_norm", layer.norm3 if side == "decoder" else layer.norm2)
                set_linear(f"{name}.feed.inner", layer.linear1)
                set_linear(f"{name}.feed.outer", layer.linear2)
            set_norm(f"{side}.norm", stack.norm)

    def forward(self, source, fed):
        n, m = source.shape[1], fed.shape[1]
        x = self.source(source) + self.source_places.weight[:n]
        y = self.target(fed) + self.target_places.weight[:m]
        mask = nn.Transformer.generate_square_subsequent_mask(m)
        return self.readout(self.stacks(x, y, tgt_mask=mask, tgt_is_causal=True))


def main():
    torch.set_num_threads(1)
    for smoothing in (0.0, 0.1):
        model = Model()
        adam = torch.optim.Adam(model.parameters(), lr=1e-2)
        source = torch.tensor([[*words, END] for words in SOURCES])
        written = torch.tensor([[word - 1 for word in reversed(words)] + [END] for words in SOURCES])
        fed = torch.cat([torch.full((len(SOURCES), 1), BEGIN), written[:, :-1]], 1)
        losses = []
        for _ in range(10):
            adam.zero_grad()
            logits = model(source, fed)
            loss = F.cross_entropy(logits.reshape(-1, N_TARGET), written.reshape(-1), label_smoothing=smoothing)
            loss.backward()
            adam.step()
            losses.append(round(loss.item(), 6))
        print(json.dumps(dict(tool=f"torch-{torch.__version__}", smoothing=smoothing, losses=losses)))


main()
