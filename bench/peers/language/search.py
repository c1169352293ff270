"""SQLite FTS5 (trigram, unicode61) on what `cargo run --example search -- dump DIR` wrote: how often the right section
comes first and among the first five, times, bytes, memory. The standard library alone; prints one JSON document.

    python3 bench/peers/language/search.py DIR [--speed]

A question is asked as people must ask FTS5: every word quoted, any of them (OR), ranked by bm25 with the title counting
twice. The trigram tokenizer finds nothing shorter than three characters; such queries fall back to LIKE, as its manual says.
"""

import json
import re
import resource
import sqlite3
import sys
import time
from pathlib import Path


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def build(sections, tokenize):
    store = sqlite3.connect(":memory:")
    store.execute(f"create virtual table t using fts5(id unindexed, title, text, tokenize='{tokenize}')")
    started, cpu = time.time(), time.process_time()
    store.executemany("insert into t values (:id, :title, :text)", sections)
    store.commit()
    store.execute("insert into t(t) values ('optimize')")
    pages = store.execute("pragma page_count").fetchone()[0] * store.execute("pragma page_size").fetchone()[0]
    return store, {"index_seconds": time.time() - started, "index_cpu_seconds": time.process_time() - cpu, "index_bytes": pages}


def search(store, tokenize, text, limit=10):
    words = re.findall(r"\w+", text)
    if tokenize == "trigram":
        # Chinese has no spaces: every three characters of a long word, so that a question is more than one phrase.
        pieces = []
        for word in words:
            if re.search(r"[\u4e00-\u9fff]", word):
                pieces += [word[at : at + 3] for at in range(max(1, len(word) - 2))]
            else:
                pieces.append(word)
        words = [piece for piece in pieces if len(piece) >= 3]
        if not words:
            like = f"%{text.strip()}%"
            query = "select id from t where title like ? or text like ? limit ?"
            return [row[0] for row in store.execute(query, (like, like, limit))]
    if not words:
        return []
    match = " OR ".join(f'"{word}"' for word in words)
    query = "select id from t where t match ? order by bm25(t, 0, 2, 1) limit ?"
    return [row[0] for row in store.execute(query, (match, limit))]


def quality(folder, name):
    sections, questions = lines(folder / f"{name}.sections.jsonl"), lines(folder / f"{name}.questions.jsonl")
    result = {}
    for tokenize in ("trigram", "unicode61", "porter unicode61"):
        store, _ = build(sections, tokenize)
        found = [(search(store, tokenize, question["text"]), set(question["right"])) for question in questions]
        result[tokenize] = {
            f"hit@{k}": sum(bool(set(ids[:k]) & right) for ids, right in found) / len(found) for k in (1, 5)
        }
    return result


def speed(folder):
    sections, questions = lines(folder / "shop.sections.jsonl"), lines(folder / "shop.questions.jsonl")
    result = {}
    for tokenize in ("trigram", "unicode61"):
        store, figures = build(sections, tokenize)
        times, n_found = [], 0
        # A tenth of the queries: some take a second.
        for question in questions[::7][:200]:
            started = time.perf_counter()
            n_found += bool(search(store, tokenize, question["text"]))
            times.append((time.perf_counter() - started) * 1e3)
        times.sort()
        figures |= {"n_queries": len(times), "n_found": n_found, "p50_ms": times[len(times) // 2], "p99_ms": times[len(times) * 99 // 100]}
        result[tokenize] = figures
        store.close()
    return result


def main():
    folder = Path(sys.argv[1])
    result = {"sqlite": sqlite3.sqlite_version} | {name: quality(folder, name) for name in ("s10", "tv")}
    if "--speed" in sys.argv:
        result["shop"] = speed(folder)
    result["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))


main()
