#!/usr/bin/env python3
"""jieba on SIGHAN 2005 (PKU, MSR): F1 against the gold words and megabytes a CPU second, one JSON line for each test.
Reads the files that crates/language/examples/segmentation.rs reads.

usage: segmentation.py DATA [REPEATS]      DATA holds cws_sighan2005"""
import gzip
import json
import sys
import time

import jieba

jieba.setLogLevel(60)


def spans(words):
    at, out = 0, []
    for word in words:
        out.append((at, at + len(word)))
        at += len(word)
    return out


def main():
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    before = time.process_time()
    jieba.initialize()
    print(json.dumps({"who": f"jieba {jieba.__version__}", "what": "load dictionary", "cpu_seconds": round(time.process_time() - before, 4)}))
    for test in ("pku", "msr"):
        with gzip.open(f"{sys.argv[1]}/cws_sighan2005/{test}_test_gold.utf8.gz", "rt", encoding="utf-8") as file:
            gold = [line.split() for line in file]
        lines = ["".join(words) for words in gold]
        right = found = 0
        for line, words in zip(lines, gold):
            ours = set(spans(jieba.cut(line)))
            right += len(ours & set(spans(words)))
            found += len(ours)
        n_gold = sum(map(len, gold))
        precision, recall = right / found, right / n_gold
        for mode, cut in (("cut", jieba.lcut), ("cut_for_search", jieba.lcut_for_search)):
            before = time.process_time()
            n_words = 0
            for _ in range(repeats):
                for line in lines:
                    n_words += len(cut(line))
            seconds = time.process_time() - before
            size = repeats * sum(len(line.encode()) for line in lines)
            record = {"who": f"jieba {jieba.__version__} {mode}", "test": test}
            if mode == "cut":
                record.update(precision=round(precision, 4), recall=round(recall, 4), f1=round(2 * precision * recall / (precision + recall), 4))
            record.update(n_words=n_words // repeats, cpu_seconds=round(seconds, 4), bytes=size, mb_per_cpu_second=round(size / 1e6 / seconds, 4))
            print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
