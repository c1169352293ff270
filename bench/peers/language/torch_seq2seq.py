#!/usr/bin/env python3
"""PyTorch beside our encoder-decoders: speed of training and of writing one sentence.

    python torch_seq2seq.py [gru|transformer] train [f32|bf16|bf16-weights|compile] [STEPS] [THREADS]
    python torch_seq2seq.py [gru|transformer] beam [f32|bf16-weights] [SENTENCES] [THREADS]     beam 5, one sentence at a time

The task (the same in every implementation): a 64-bit linear congruential generator, x = x * 6364136223846793005 +
1442695040888963407 from 42, gives tokens 3 + (x >> 33) % 7997, batch by batch, row by row: sources of 20 tokens; targets are
the sources reversed. Vocabulary 8,000, batch 64, Adam with 1e-3, f32, 2 threads. GRU: embedding 256, one layer of 512,
additive attention of 512 from the previous state, readout tanh 1024 -> 512 -> 8,000. Transformer: dim 256, 4 heads, inner
1,024, 3 + 3 layers, learned places of either side, sources with an end, norm first, no dropout. Parameters begin as ours do
(`alike`), so that losses can be compared step by step. After 3 steps, STEPS (20) are timed. bf16 is autocast, bf16-weights keeps everything in it, moments too.
Writing: untrained weights, a source of 20 tokens, 20 tokens written, keys and values of what was written kept.
Prints one line of JSON.
"""
import json, resource, sys, time
import torch, torch.nn as nn, torch.nn.functional as F
V, E, H, B, T, END = 8000, 256, 512, 64, 20, 2

class Lcg:
    def __init__(s, x=42): s.x = x
    def tok(s):
        s.x = (s.x * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return 3 + (s.x >> 33) % 7997

def batches(n):
    g = Lcg(); out = []
    for _ in range(n):
        src = torch.tensor([[g.tok() for _ in range(T)] for _ in range(B)])
        tgt = src.flip(1)
        out.append((src, torch.cat([torch.ones(B, 1, dtype=torch.long), tgt[:, :-1]], 1), tgt))
    return out

class Gru(nn.Module):
    def __init__(s):
        super().__init__()
        s.es, s.et = nn.Embedding(V, E), nn.Embedding(V, E)
        s.enc = nn.GRU(E, H, batch_first=True)
        s.cell = nn.GRUCell(E + H, H)
        s.W, s.U, s.v = nn.Linear(H, H), nn.Linear(H, H, bias=False), nn.Linear(H, 1, bias=False)
        s.r, s.o = nn.Linear(2 * H, H), nn.Linear(H, V)
    def forward(s, src, din):
        h, st = s.enc(s.es(src)); st = st[0]; uh = s.U(h); e = s.et(din); S, C = [], []
        for t in range(T):
            sc = s.v(torch.tanh(uh + s.W(st).unsqueeze(1))).squeeze(2)
            c = torch.bmm(sc.softmax(1).unsqueeze(1), h).squeeze(1)
            st = s.cell(torch.cat([e[:, t], c], 1), st); S.append(st); C.append(c)
        x = torch.cat([torch.stack(S, 1), torch.stack(C, 1)], 2)
        return s.o(torch.tanh(s.r(x)))

class Tr(nn.Module):
    """Transformer base/2: d 256, 4 heads, ff 1024, 3 + 3 layers, learned positions, norm first, no dropout"""
    def __init__(s):
        super().__init__()
        s.es, s.et, s.ps, s.pt = nn.Embedding(V, E), nn.Embedding(V, E), nn.Embedding(T + 1, E), nn.Embedding(T + 1, E)
        s.t = nn.Transformer(E, 4, 3, 3, 1024, dropout=0.0, batch_first=True, norm_first=True)
        s.o = nn.Linear(E, V); s.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(T)); s.register_buffer("i", torch.arange(T + 1))
    def read(s, src): return s.es(F.pad(src, (0, 1), value=END)) + s.ps(s.i)
    def forward(s, src, din):
        return s.o(s.t(s.read(src), s.et(din) + s.pt(s.i[:T]), tgt_mask=s.mask, tgt_is_causal=True))

@torch.no_grad()
def write(m, kind, source, width=5):
    """20 tokens, END forbidden; hypotheses are the rows of one batch."""
    if kind == "gru":
        h, st = m.enc(m.es(source)); uh = m.U(h).expand(width, -1, -1); h = h.expand(width, -1, -1); st = st[0].expand(width, -1)
    else:
        mem = m.t.encoder(m.read(source)); layers = m.t.decoder.layers; d, nh = E, 4
        heads = lambda x: x.view(x.shape[0], -1, nh, d // nh).transpose(1, 2)
        cross = [tuple(heads(x.expand(width, -1, -1)) for x in F.linear(mem, l.multihead_attn.in_proj_weight[d:], l.multihead_attn.in_proj_bias[d:]).chunk(2, 2)) for l in layers]
        cache = [None] * len(layers)
    tokens, total, words = torch.ones(width, dtype=torch.long), torch.tensor([0.0] + [-1e30] * (width - 1)), []
    for t in range(T):
        if kind == "gru":
            sc = m.v(torch.tanh(uh + m.W(st).unsqueeze(1))).squeeze(2)
            c = torch.bmm(sc.softmax(1).unsqueeze(1), h).squeeze(1)
            st = m.cell(torch.cat([m.et(tokens), c], 1), st)
            lg = m.o(torch.tanh(m.r(torch.cat([st, c], 1))))
        else:
            x = m.et(tokens).unsqueeze(1) + m.pt.weight[t]
            for n, l in enumerate(layers):
                q, k, v = (heads(y) for y in F.linear(l.norm1(x), l.self_attn.in_proj_weight, l.self_attn.in_proj_bias).chunk(3, 2))
                if cache[n] is not None: k, v = torch.cat([cache[n][0], k], 2), torch.cat([cache[n][1], v], 2)
                cache[n] = (k, v)
                x = x + l.self_attn.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(width, 1, d))
                q = heads(F.linear(l.norm2(x), l.multihead_attn.in_proj_weight[:d], l.multihead_attn.in_proj_bias[:d]))
                x = x + l.multihead_attn.out_proj(F.scaled_dot_product_attention(q, *cross[n]).transpose(1, 2).reshape(width, 1, d))
                x = x + l.linear2(F.relu(l.linear1(l.norm3(x))))
            lg = m.o(m.t.decoder.norm(x))[:, 0]
        lp = lg.float().log_softmax(1); lp[:, :3] = -1e30
        total, at = (total.unsqueeze(1) + lp).view(-1).topk(width)
        rows, tokens = at // V, at % V
        words.append((rows, tokens))
        if kind == "gru": st = st[rows]
        else: cache = [(k[rows], v[rows]) for k, v in cache]
    return total[0].item()


def alike(m):
    """The distributions from which our parameters are drawn, where PyTorch's differ."""
    for module in m.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None: nn.init.zeros_(module.bias)
    if isinstance(m, Tr):
        # Queries are one layer of ours, keys and values another; PyTorch's three are one, and so begin smaller.
        for layer in m.t.decoder.layers:
            weight = layer.multihead_attn.in_proj_weight.data
            nn.init.xavier_uniform_(weight[:E]); nn.init.xavier_uniform_(weight[E:])
    if isinstance(m, Gru):
        for table in (m.es, m.et): nn.init.normal_(table.weight, std=E ** -0.5)
    return m


def beam(m, n):
    sources = batches(1)[0][0]
    kind = "gru" if isinstance(m, Gru) else "transformer"
    write(m, kind, sources[:1]); t0, c0 = time.perf_counter(), time.process_time()
    for i in range(n): write(m, kind, sources[i % B:i % B + 1])
    w, cpu = time.perf_counter() - t0, time.process_time() - c0
    return dict(wall_s=w, cpu_s=cpu, ms_a_sentence=w / n * 1e3)


def train(m, precision, steps):
    opt = torch.optim.Adam(m.parameters(), lr=1e-3, fused=True); data = batches(20)
    f = torch.compile(m) if precision == "compile" else m; losses = []
    for i in range(3 + steps):
        if i == 3: t0 = time.perf_counter(); c0 = time.process_time()
        src, din, tgt = data[i % 20]; opt.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            lg = f(src, din)
        loss = F.cross_entropy(lg.float().reshape(-1, V), tgt.reshape(-1)); loss.backward(); opt.step()
        if i == 0 or (i + 1) % 20 == 0: losses.append([i + 1, round(loss.item(), 3)])
    w = time.perf_counter() - t0; cpu = time.process_time() - c0
    return dict(n_params=sum(p.numel() for p in m.parameters()), wall_s=w, cpu_s=cpu, tokens_per_s=B * T * steps / w, losses=losses)


def main():
    kind, what, precision, n, threads = (sys.argv[1:] + ["gru", "train", "f32", "20", "2"][len(sys.argv) - 1:])[:5]
    torch.set_num_threads(int(threads)); torch.manual_seed(0)
    m = alike({"gru": Gru, "transformer": Tr}[kind]())
    if precision == "bf16-weights": m = m.to(torch.bfloat16)
    measured = beam(m.eval(), int(n)) if what == "beam" else train(m, precision, int(n))
    print(json.dumps(dict(impl=f"torch-{torch.__version__}", model=kind, what=what, precision=precision, threads=int(threads), n=int(n),
          **measured, peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))

if __name__ == "__main__":
    main()
