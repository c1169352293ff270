#!/usr/bin/env python3
"""Writes the BLEU figures that crates/language/src/seq2seq/metrics.rs is tested against.

    pip install -r requirements-seq2seq.txt
    python sacrebleu_golden.py > ../../../crates/language/src/seq2seq/metrics_golden.json
"""
import json
import random

from sacrebleu.metrics import BLEU

MARKED = [
    'Costs 1,299.99 - or 1.5k?', 'It\'s the "best" phone: 5-inch, 16GB/512GB.', "R&amp;D &quot;quoted&quot; &lt;b&gt; a&b",
    "end.", ",.,. ..", "3.14, 2,718. x.5 5.x", "手机, 16GB 内存. 价格 5,999 元", "a-b 3-b 3- -3", "tabs\tand  spaces \x1c x",
    "[x] {y} (z) ~`^_ \\ | # $ % * + = @ !", "<skipped> line-\nbreak\nhere", "", " . ", "U.S. 50% off; see http://a.b/c?d=e",
]


def figures(written, references, tokenize):
    n = max(map(len, references))
    streams = [[refs[i] if i < len(refs) else None for refs in references] for i in range(n)]
    bleu = BLEU(tokenize=tokenize, force=True).corpus_score(written, streams)
    return dict(score=bleu.score, precisions=bleu.precisions, brevity_penalty=bleu.bp, written_len=bleu.sys_len, reference_len=bleu.ref_len)


def main():
    rng = random.Random(0)
    words = "a b c d e f the phone , . 5 16GB it's".split()
    sentence = lambda most: " ".join(rng.choice(words) for _ in range(rng.randint(0, most)))

    def changed(text):
        return " ".join(rng.choice(words) if rng.random() < 0.3 else word for word in text.split() if rng.random() < 0.9)

    cases = [([text], [[MARKED[(i + 1) % len(MARKED)], text[1:]]]) for i, text in enumerate(MARKED)]
    for case in range(40):
        references = [[sentence(3 + case) for _ in range(rng.randint(1, 3))] for _ in range(rng.randint(1, 6))]
        cases.append(([changed(rng.choice(refs)) for refs in references], references))
    out = [dict(written=w, references=r, spaces=figures(w, r, "none"), mteval_13a=figures(w, r, "13a")) for w, r in cases]
    print(json.dumps(out, ensure_ascii=False, indent=0))


if __name__ == "__main__":
    main()
