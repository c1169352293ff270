"""The cosine of TF-IDF (scikit-learn) between a conversation and each of ten replies, on the candidates that
`cargo run -p tercet-assist --example selection` ranks: how often the right one is first, among the first two and five. Fitted
on the contexts and replies that ours learns from; by words (jieba; the E-commerce sample comes with its own) and by runs of
one and two characters. Prints one line of JSON a test.

    TERCET_DATA=DIR python bench/peers/assist/selection.py
"""

import gzip
import json
import os
from pathlib import Path

import jieba
import numpy
from sklearn.feature_extraction.text import TfidfVectorizer

ALL = (1 << 64) - 1
DATA = Path(os.environ.get("TERCET_DATA", "../shared/data")) / "text"


def split_mix(state):
    state = (state + 0x9E3779B97F4A7C15) & ALL
    mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & ALL
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & ALL
    return state, mixed ^ (mixed >> 31)


class Random:
    """The stream of `math::Random` (xoshiro256++, Lemire's draws below n), so that both draw the same candidates."""

    def __init__(self, seed, stream):
        state = seed ^ split_mix(stream)[1]
        self.state = []
        for _ in range(4):
            state, value = split_mix(state)
            self.state.append(value)

    def next(self):
        s = self.state
        rotated = (s[0] + s[3]) & ALL
        result = ((rotated << 23 | rotated >> 41) + s[0]) & ALL
        shifted = (s[1] << 17) & ALL
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = (s[3] << 45 | s[3] >> 19) & ALL
        return result

    def below(self, n):
        while True:
            product = self.next() * n
            if product & ALL >= ((1 << 64) - n) % n:
                return product >> 64


def read(path):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(DATA / path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def jddc(part, encoded, decoded):
    contexts = read(f"cs_jddc/{part}.{encoded}").split("\n")
    replies = read(f"cs_jddc/{part}.{decoded}").split("\n")
    pairs = [(context, reply.strip().rstrip(",")) for context, reply in zip(contexts, replies)]
    return [pair for pair in pairs if pair[1]]


def jddc_tests(pairs):
    tests = []
    for row, (context, reply) in enumerate(pairs):
        random, candidates = Random(0, row), []
        while len(candidates) < 9:
            other = pairs[random.below(len(pairs))][1]
            if other != reply and other not in candidates:
                candidates.append(other)
        right = random.below(10)
        candidates.insert(right, reply)
        tests.append((context, candidates, right))
    return tests


def ecd(path):
    rows = [line.split("\t") for line in read(f"cs_ecd_sample/{path}").splitlines()]
    return [(row[0] == "1", row[1:-1], row[-1]) for row in rows if len(row) >= 3]


def ecd_tests():
    rows, tests = ecd("ecd_test.txt.gz"), []
    for at in range(0, len(rows), 10):
        ten = rows[at : at + 10]
        candidates = [reply for is_right, _, reply in ten if not is_right]
        right = Random(0, at // 10).below(len(candidates) + 1)
        candidates.insert(right, next(reply for is_right, _, reply in ten if is_right))
        tests.append((" ".join(ten[0][1]), candidates, right))
    return tests


def measured(name, texts, tests, settings):
    vectorizer = TfidfVectorizer(**settings).fit(texts)
    places = []
    for context, candidates, right in tests:
        scores = (vectorizer.transform(candidates) @ vectorizer.transform([context]).T).toarray()[:, 0]
        order = numpy.argsort(-scores, kind="stable")
        places.append(int(numpy.nonzero(order == right)[0][0]))
    within = {f"R10@{k}": sum(place < k for place in places) / len(places) for k in (1, 2, 5)}
    return {"test": name, "n_test": len(tests), **within}


def main():
    jieba.setLogLevel(60)
    by_words = {"tokenizer": jieba.lcut, "token_pattern": None, "lowercase": True}
    by_spaces = {"tokenizer": str.split, "token_pattern": None, "lowercase": True}
    by_characters = {"analyzer": "char", "ngram_range": (1, 2), "lowercase": True}
    train = jddc("train", "enc.gz", "dec.gz")
    texts = [text for pair in train for text in pair]
    tests = jddc_tests(jddc("test", "enc.gz", "dec"))
    for peer, settings in [("words", by_words), ("characters", by_characters)]:
        print(json.dumps({"peer": f"TF-IDF cosine, {peer}", **measured("jddc, 9 drawn with seed 0", texts, tests, settings)}))
    own = [text for _, turns, reply in ecd("ecd_train.txt") for text in [" ".join(turns), reply]]
    tests = ecd_tests()
    # On so few texts most words are unknown: the peer also gets those of the test, which is more than ours has.
    shown = own + [text for context, candidates, _ in tests for text in [context, *candidates]]
    for peer, settings in [("words", by_spaces), ("characters", by_characters)]:
        print(json.dumps({"peer": f"TF-IDF cosine, {peer}", **measured("e-commerce sample, 100 x 10", shown, tests, settings)}))


main()
