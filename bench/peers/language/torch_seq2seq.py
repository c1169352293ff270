#!/usr/bin/env python3
"""PyTorch beside our encoder-decoders: speed of training and of writing one sentence.

    python torch_seq2seq.py [gru|transformer] [eager|compile|bf16] [STEPS]     training
    python torch_seq2seq.py [gru|transformer] beam [SENTENCES]                 beam 5 of one sentence at a time

The task (the same in every implementation): a 64-bit linear congruential generator, x = x * 6364136223846793005 +
1442695040888963407 from 42, gives tokens 3 + (x >> 33) % 7997, batch by batch, row by row: sources of 20 tokens; targets are
the sources reversed. Vocabulary 8,000, batch 64, Adam with 1e-3, f32, 2 threads. GRU: embedding 256, one layer of 512,
additive attention of 512 from the previous state, readout tanh 1024 -> 512 -> 8,000. Transformer: dim 256, 4 heads, inner
1,024, 3 + 3 layers, learned places, norm first, no dropout. After 3 steps, STEPS (20) are timed. Writing: untrained weights, a
source of 20 tokens, 20 tokens written, keys and values of what was written kept.
"""
import json, os, resource, sys, time
import torch, torch.nn as nn, torch.nn.functional as F
V, E, H, B, T = 8000, 256, 512, 64, 20

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
        s.es, s.et, s.p = nn.Embedding(V, E), nn.Embedding(V, E), nn.Embedding(T, E)
        s.t = nn.Transformer(E, 4, 3, 3, 1024, dropout=0.0, batch_first=True, norm_first=True)
        s.o = nn.Linear(E, V); s.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(T)); s.register_buffer("i", torch.arange(T))
    def forward(s, src, din):
        return s.o(s.t(s.es(src) + s.p(s.i), s.et(din) + s.p(s.i), tgt_mask=s.mask, tgt_is_causal=True))

@torch.no_grad()
def write(m, kind, source, width=5):
    """20 tokens, END forbidden; hypotheses are the rows of one batch."""
    if kind == "gru":
        h, st = m.enc(m.es(source)); uh = m.U(h).expand(width, -1, -1); h = h.expand(width, -1, -1); st = st[0].expand(width, -1)
    else:
        mem = m.t.encoder(m.es(source) + m.p(m.i)); layers = m.t.decoder.layers; d, nh = E, 4
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
            x = m.et(tokens).unsqueeze(1) + m.p.weight[t]
            for n, l in enumerate(layers):
                q, k, v = (heads(y) for y in F.linear(l.norm1(x), l.self_attn.in_proj_weight, l.self_attn.in_proj_bias).chunk(3, 2))
                if cache[n] is not None: k, v = torch.cat([cache[n][0], k], 2), torch.cat([cache[n][1], v], 2)
                cache[n] = (k, v)
                x = x + l.self_attn.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(width, 1, d))
                q = heads(F.linear(l.norm2(x), l.multihead_attn.in_proj_weight[:d], l.multihead_attn.in_proj_bias[:d]))
                x = x + l.multihead_attn.out_proj(F.scaled_dot_product_attention(q, *cross[n]).transpose(1, 2).reshape(width, 1, d))
                x = x + l.linear2(F.relu(l.linear1(l.norm3(x))))
            lg = m.o(m.t.decoder.norm(x))[:, 0]
        lp = lg.log_softmax(1); lp[:, :3] = -1e30
        total, at = (total.unsqueeze(1) + lp).view(-1).topk(width)
        rows, tokens = at // V, at % V
        words.append((rows, tokens))
        if kind == "gru": st = st[rows]
        else: cache = [(k[rows], v[rows]) for k, v in cache]
    return total[0].item()


def beam(kind, n):
    m = {"gru": Gru, "transformer": Tr}[kind]().eval(); sources = batches(1)[0][0]
    write(m, kind, sources[:1]); t0, c0 = time.perf_counter(), time.process_time()
    for i in range(n): write(m, kind, sources[i % B:i % B + 1])
    w, cpu = time.perf_counter() - t0, time.process_time() - c0
    print(json.dumps(dict(impl=f"torch-{torch.__version__}", model=kind, mode="beam 5", ms_sentence=round(w / n * 1e3, 2), cpu_ms_sentence=round(cpu / n * 1e3, 2))))


def main():
    kind = sys.argv[1] if len(sys.argv) > 1 else "gru"; mode = sys.argv[2] if len(sys.argv) > 2 else "eager"
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    torch.set_num_threads(int(os.environ.get("RAYON_NUM_THREADS", "2"))); torch.manual_seed(0)
    if mode == "beam": return beam(kind, steps)
    m = {"gru": Gru, "transformer": Tr}[kind](); n = sum(p.numel() for p in m.parameters())
    opt = torch.optim.Adam(m.parameters(), lr=1e-3, fused=(mode != "nofuse")); data = batches(20)
    f = torch.compile(m) if mode == "compile" else m; losses = []; t0 = None
    tc = time.perf_counter()
    for i in range(3 + steps):
        if i == 3: t0 = time.perf_counter(); c0 = time.process_time()
        src, din, tgt = data[i % 20]; opt.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=mode == "bf16"):
            lg = f(src, din)
        loss = F.cross_entropy(lg.float().reshape(-1, V), tgt.reshape(-1)); loss.backward(); opt.step(); losses.append(loss.item())
    w = time.perf_counter() - t0; cpu = time.process_time() - c0
    print(json.dumps(dict(impl=f"torch-{torch.__version__}", model=kind, mode=mode, params=n, wall_s=round(w, 3), cpu_s=round(cpu, 2),
          ms_step=round(w / steps * 1e3, 1), tgt_tok_s=round(B * T * steps / w, 1), warm_s=round(t0 - tc, 2),
          loss=[round(losses[0], 3), round(losses[-1], 3)], peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))))

if __name__ == "__main__":
    main()
