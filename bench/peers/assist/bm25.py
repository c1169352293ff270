"""BM25 (bm25s) on the sections of two manuals that `cargo run -p tercet-assist --example retrieval -- dump DIR` wrote: how
often the right section comes first and among the first five. Plain words in lower case, title and text together; with and
without English stop words, and the best of both counts for the peer. Prints one line of JSON.

    python bench/peers/assist/bm25.py DIR
"""

import json
import re
import sys
from pathlib import Path

import bm25s

METHODS = ["robertson", "lucene", "atire", "bm25+", "bm25l"]
STOP = set(
    "a an and are as at be by can do does for from how i if in is it my of on or that the this to was what when where which who why will with you your".split()
)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def words(text, stop):
    return [word for word in re.findall(r"\w+", text.lower()) if word not in stop]


def hits(found):
    def within(k):
        return sum(any(one in right for one in ids[:k]) for ids, right in found) / max(len(found), 1)

    return {"n": len(found), "hit@1": within(1), "hit@5": within(5)}


def measured(folder, name, method, stop):
    sections, questions = lines(folder / f"{name}.sections.jsonl"), lines(folder / f"{name}.questions.jsonl")
    index = bm25s.BM25(method=method)
    index.index([words(f"{one['title']} {one['text']}", stop) for one in sections], show_progress=False)
    found = []
    for question in questions:
        order, _ = index.retrieve([words(question["text"], stop)], k=5, show_progress=False)
        ids = [sections[at]["id"] for at in order[0]]
        found.append((question["number"], ids, question["right"]))
    halves = {"all": found, "even": [one for one in found if one[0] % 2 == 0], "odd": [one for one in found if one[0] % 2 == 1]}
    return {half: hits([one[1:] for one in rows]) for half, rows in halves.items()}


def main():
    folder = Path(sys.argv[1])
    result = {}
    for name in ["s10", "tv"]:
        of_method = {}
        for method in METHODS:
            of_method[method] = measured(folder, name, method, set())
            of_method[f"{method}, no stop words"] = measured(folder, name, method, STOP)
        result[name] = of_method
    print(json.dumps({"what": "retrieval on qa_emanual_samsung", "bm25s": result}))


main()
