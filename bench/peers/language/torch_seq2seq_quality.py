#!/usr/bin/env python3
"""PyTorch encoder-decoders of the same sizes as the card `seq2seq`, trained, decoded and scored on the same folders.

    python torch_seq2seq_quality.py FOLDER [name=value]…     prints one JSON line

Parameters and defaults: cell=gru (gru, lstm, transformer), attention=additive (additive, dot, general), dim_embedding=256,
dim_hidden=256, n_layers=1 (transformer: each side), n_heads=4, dropout=0.3, smoothing=0.1, learning_rate=0.001, warm_up=0
(steps; then falling with the root), average=0 (the part of itself that a running mean of the parameters keeps a step), epochs=10,
batch=64, clip=1.0, min_count=1, beam=5, length_penalty=1.0 (several, with commas: the one with which the validation part is
written best), max_length=60, seed=1, threads=2, test=yes (no: the validation part alone), hypotheses= (a file to write).
The recurrent encoder has both directions of half the width each; the decoder starts from their last states, attends from
its new state (Luong) or its old one (additive), and reads out tanh(W [state; context]).
Kept are the parameters of the epoch with the least validation loss.
"""
import json
import math
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

PAD, BEGIN, END, UNKNOWN = range(4)
DEFAULTS = dict(
    cell="gru", attention="additive", dim_embedding=256, dim_hidden=256, n_layers=1, n_heads=4, dropout=0.3, smoothing=0.1,
    learning_rate=0.001, warm_up=0, average=0.0, epochs=10, batch=64, clip=1.0, min_count=1, beam=5, length_penalty="1.0",
    max_length=60, seed=1, threads=2, test="yes", hypotheses="",
)


class Vocabulary:
    def __init__(self, lines, min_count):
        counts = Counter(word for line in lines for word in line)
        self.words = ["<pad>", "<s>", "</s>", "<unk>"] + sorted(
            (w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w))
        self.ids = {word: at for at, word in enumerate(self.words)}

    def __call__(self, line):
        return [self.ids.get(word, UNKNOWN) for word in line]


class Recurrent(nn.Module):
    def __init__(self, n_source, n_target, o):
        super().__init__()
        h, e, self.o = o.dim_hidden, o.dim_embedding, o
        self.source, self.target = nn.Embedding(n_source, e, PAD), nn.Embedding(n_target, e, PAD)
        make = nn.LSTM if o.cell == "lstm" else nn.GRU
        self.encoder = make(e, h // 2, o.n_layers, batch_first=True, bidirectional=True)
        self.cell = (nn.LSTMCell if o.cell == "lstm" else nn.GRUCell)(e + h, h)
        self.bridge = nn.Linear(h, h)
        self.query, self.key = nn.Linear(h, h), nn.Linear(h, h, bias=False)
        self.v = nn.Linear(h, 1, bias=False)
        self.mix, self.out = nn.Linear(2 * h, h), nn.Linear(h, n_target)
        self.drop = nn.Dropout(o.dropout)

    def encode(self, source, lens):
        packed = nn.utils.rnn.pack_padded_sequence(self.drop(self.source(source)), lens, batch_first=True, enforce_sorted=False)
        rows, last = self.encoder(packed)
        rows, _ = nn.utils.rnn.pad_packed_sequence(rows, batch_first=True, total_length=source.shape[1])
        last = last[0] if self.o.cell == "lstm" else last
        rows = self.drop(rows)
        state = torch.tanh(self.bridge(torch.cat([last[-2], last[-1]], 1)))
        keys = self.key(rows) if self.o.attention != "dot" else rows
        zeros = torch.zeros_like(state)
        return dict(rows=rows, keys=keys, mask=source == PAD, state=state, memory=zeros, context=zeros)

    def attend(self, s, state):
        if self.o.attention == "additive":
            scores = self.v(torch.tanh(s["keys"] + self.query(state).unsqueeze(1))).squeeze(2)
        else:
            scores = torch.bmm(s["keys"], state.unsqueeze(2)).squeeze(2)
        weights = scores.masked_fill(s["mask"], -1e9).softmax(1)
        return torch.bmm(weights.unsqueeze(1), s["rows"]).squeeze(1)

    def step(self, s, embedded):
        if self.o.attention == "additive":
            s["context"] = self.attend(s, s["state"])
        x = torch.cat([embedded, s["context"]], 1)
        if self.o.cell == "lstm":
            s["state"], s["memory"] = self.cell(x, (s["state"], s["memory"]))
        else:
            s["state"] = self.cell(x, s["state"])
        if self.o.attention != "additive":
            s["context"] = self.attend(s, s["state"])
        return torch.cat([s["state"], s["context"]], 1)

    def forward(self, source, lens, inputs):
        s, embedded = self.encode(source, lens), self.drop(self.target(inputs))
        rows = torch.stack([self.step(s, embedded[:, t]) for t in range(inputs.shape[1])], 1)
        return self.out(self.drop(torch.tanh(self.mix(rows))))

    def start(self, source, lens, width):
        return {name: value.repeat_interleave(width, 0) for name, value in self.encode(source, lens).items()}

    def next(self, s, tokens):
        return self.out(torch.tanh(self.mix(self.step(s, self.target(tokens[:, -1])))))

    def select(self, s, rows):
        for name in ("state", "memory", "context"):
            s[name] = s[name][rows]


class Attention(nn.Module):
    def __init__(self, source, target, o):
        super().__init__()
        d, self.o = o.dim_hidden, o
        self.source, self.target = nn.Embedding(source, d, PAD), nn.Embedding(target, d, PAD)
        self.places = nn.Embedding(512, d)
        for table in (self.source, self.target, self.places):
            nn.init.normal_(table.weight, std=d ** -0.5)
        self.net = nn.Transformer(d, o.n_heads, o.n_layers, o.n_layers, 4 * d, o.dropout, batch_first=True, norm_first=True)
        self.out = nn.Linear(d, target)
        self.drop = nn.Dropout(o.dropout)

    def rows(self, table, ids):
        return self.drop(table(ids) * self.o.dim_hidden ** 0.5 + self.places(torch.arange(ids.shape[1])))

    def decode(self, inputs, encoded, mask):
        causal = nn.Transformer.generate_square_subsequent_mask(inputs.shape[1])
        rows = self.net.decoder(self.rows(self.target, inputs), encoded, causal, tgt_is_causal=True, memory_key_padding_mask=mask)
        return rows

    def forward(self, source, lens, inputs):
        mask = torch.zeros(source.shape).masked_fill(source == PAD, float("-inf"))
        encoded = self.net.encoder(self.rows(self.source, source), src_key_padding_mask=mask)
        return self.out(self.decode(inputs, encoded, mask))

    def start(self, source, lens, width):
        mask = torch.zeros(source.shape).masked_fill(source == PAD, float("-inf"))
        encoded = self.net.encoder(self.rows(self.source, source), src_key_padding_mask=mask)
        return dict(encoded=encoded.repeat_interleave(width, 0), mask=mask.repeat_interleave(width, 0))

    def next(self, s, tokens):
        return self.out(self.decode(tokens, s["encoded"], s["mask"])[:, -1])

    def select(self, s, rows):
        pass


def padded(lines):
    longest = max(map(len, lines))
    return torch.tensor([line + [PAD] * (longest - len(line)) for line in lines])


def batches(pairs, size, generator=None):
    order = torch.randperm(len(pairs), generator=generator).tolist() if generator else list(range(len(pairs)))
    order.sort(key=lambda at: (len(pairs[at][1]), len(pairs[at][0])))
    parts = [order[at:at + size] for at in range(0, len(order), size)]
    if generator:
        parts = [parts[at] for at in torch.randperm(len(parts), generator=generator)]
    for rows in parts:
        source = [pairs[at][0] + [END] for at in rows]
        yield (rows, padded(source), torch.tensor([len(s) for s in source]),
               padded([[BEGIN] + pairs[at][1] for at in rows]), padded([pairs[at][1] + [END] for at in rows]))


@torch.no_grad()
def beam_search(model, source, lens, o, width, penalty):
    """The best output of each source: ends count only among the best `width`; score log P / ((5 + n) / 6)^penalty."""
    n, s = len(lens), model.start(source, lens, width)
    tokens = torch.full((n * width, 1), BEGIN)
    scores = torch.full((n, width), -1e30)
    scores[:, 0] = 0
    best = [(-1e30, [])] * n
    for step in range(o.max_length + 1):
        logp = model.next(s, tokens).log_softmax(1)
        logp[:, [PAD, BEGIN]] = -1e30
        total = (scores.view(-1, 1) + logp).view(n, -1)
        top, index = total.topk(2 * width, 1)
        words, rows = index % logp.shape[1], index // logp.shape[1]
        kept, chosen = [], []
        for at in range(n):
            going = []
            for rank in range(2 * width):
                value, row = top[at, rank].item(), at * width + rows[at, rank].item()
                if words[at, rank] == END:
                    if rank < width:
                        score = value / ((5 + step + 1) / 6) ** penalty
                        if score > best[at][0]:
                            best[at] = (score, tokens[row, 1:].tolist())
                elif len(going) < width:
                    going.append((value, row, words[at, rank].item()))
            kept += [one[1:] for one in going]
            chosen.append([one[0] for one in going])
        scores = torch.tensor(chosen)
        if all(best[at][0] >= chosen[at][0] / ((5 + step + 1) / 6) ** penalty for at in range(n)):
            break
        picked = torch.tensor([row for row, _ in kept])
        tokens = torch.cat([tokens[picked], torch.tensor([[word] for _, word in kept])], 1)
        model.select(s, picked)
    return [tokens for _, tokens in best]


def write(model, sources, o, targets, penalty):
    """The best output of each source, 64 at a time."""
    outputs = [""] * len(sources)
    for rows, source, lens, _, _ in batches([(source, []) for source in sources], 64):
        for row, tokens in zip(rows, beam_search(model, source, lens, o, o.beam, penalty)):
            outputs[row] = " ".join(targets.words[token] for token in tokens)
    return outputs


def main():
    folder = Path(sys.argv[1])
    given = dict(arg.split("=", 1) for arg in sys.argv[2:])
    o = type("Options", (), {name: type(value)(given.pop(name, value)) for name, value in DEFAULTS.items()})
    assert not given, f"unknown: {given}"
    torch.manual_seed(o.seed)
    torch.set_num_threads(o.threads)
    lines = {(part, end): [line.split() for line in (folder / f"{part}.{end}").read_text(encoding="utf-8").split("\n")[:-1]]
             for part in ("train", "valid", "test") for end in ("src", "tgt")}
    sources = Vocabulary(lines["train", "src"], o.min_count)
    targets = Vocabulary(lines["train", "tgt"], o.min_count)
    pairs = {part: [(sources(a), targets(b)) for a, b in zip(lines[part, "src"], lines[part, "tgt"])] for part in ("train", "valid", "test")}
    model = (Attention if o.cell == "transformer" else Recurrent)(len(sources.words), len(targets.words), o)
    adam = torch.optim.Adam(model.parameters(), lr=o.learning_rate, betas=(0.9, 0.98 if o.cell == "transformer" else 0.999), fused=True)
    factor = lambda step: min((step + 1) / o.warm_up, (o.warm_up / (step + 1)) ** 0.5) if o.warm_up else 1.0
    schedule = torch.optim.lr_scheduler.LambdaLR(adam, factor)
    generator = torch.Generator().manual_seed(o.seed)
    # The mean follows fast at first, as ours does.
    keep = lambda step: min(o.average, (1 + step) / (10 + step))
    mean = {name: value.clone() for name, value in model.state_dict().items()} if o.average else None
    wall, cpu, n_words, n_steps = time.perf_counter(), time.process_time(), 0, 0
    least, kept, curve = math.inf, None, []
    for epoch in range(o.epochs):
        model.train()
        for _, source, lens, inputs, outputs in batches(pairs["train"], o.batch, generator):
            adam.zero_grad(set_to_none=True)
            logits = model(source, lens, inputs)
            loss = F.cross_entropy(logits.flatten(0, 1), outputs.flatten(), ignore_index=PAD, label_smoothing=o.smoothing)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), o.clip)
            adam.step()
            schedule.step()
            n_words, n_steps = n_words + int((outputs != PAD).sum()), n_steps + 1
            if mean:
                for name, value in model.state_dict().items():
                    mean[name].lerp_(value, 1 - keep(n_steps))
        model.eval()
        if mean:
            learned = {name: value.clone() for name, value in model.state_dict().items()}
            model.load_state_dict(mean)
        with torch.no_grad():
            total = count = 0
            for _, source, lens, inputs, outputs in batches(pairs["valid"], 128):
                logits = model(source, lens, inputs)
                total += F.cross_entropy(logits.flatten(0, 1), outputs.flatten(), ignore_index=PAD, reduction="sum").item()
                count += int((outputs != PAD).sum())
        curve.append(round(total / count, 4))
        print(f"epoch {epoch} validation {curve[-1]}", file=sys.stderr, flush=True)
        if curve[-1] < least:
            least, kept = curve[-1], {name: value.clone() for name, value in model.state_dict().items()}
        if mean:
            model.load_state_dict(learned)
    fit_wall, fit_cpu = time.perf_counter() - wall, time.process_time() - cpu
    model.load_state_dict(kept)
    model.eval()
    from prep_seq2seq import score_against, score_lines
    references = {}
    for source, target in zip(lines["valid", "src"], lines["valid", "tgt"]):
        references.setdefault(" ".join(source), []).append(" ".join(target))
    tried = []
    for penalty in map(float, o.length_penalty.split(",")):
        written = write(model, [sources(source.split()) for source in references], o, targets, penalty)
        scores = score_against(written, list(references.values()))
        tried.append([penalty, scores["bleu"], scores["exact"]])
    best, scores = max(tried, key=lambda one: one[1]), {}
    cpu = time.process_time()
    if o.test == "yes":
        outputs = write(model, [source for source, _ in pairs["test"]], o, targets, best[0])
        Path(o.hypotheses or "/dev/null").write_text("".join(line + "\n" for line in outputs), encoding="utf-8")
        scores = score_lines(folder, outputs)
    print(json.dumps(dict(
        impl=f"torch-{torch.__version__}", folder=folder.name, cell=o.cell, params=sum(p.numel() for p in model.parameters()),
        steps=n_steps, **scores, valid=tried, valid_best=best, valid_nats=curve, fit_s=fit_wall, fit_cpu_s=fit_cpu,
        tokens_per_s=n_words / fit_wall, decode_cpu_s=time.process_time() - cpu,
        peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))


if __name__ == "__main__":
    main()
