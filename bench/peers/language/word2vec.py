#!/usr/bin/env python3
"""gensim and FastText on the corpora that `vectors_on_files` (crates/language/examples) trains on.

usage: word2vec.py corpus OUT.txt [sentences]     the made-up corpus of topics, 20 words a sentence (default 100,000)
       word2vec.py run TOOL CORPUS [name=value]…  trains, prints one line of JSON; TOOL is gensim, gensim_iter, gensim_subwords,
                                                  fasttext or fasttext_subwords; names: threads, epochs, dim, window,
                                                  negatives, sample, min_count, seed, min_n, max_n, buckets, cbow, output, data

Skip-gram, dim 100, window 5, 5 negatives, 5 epochs, sample 1e-3, min_count 5, 2 threads unless said otherwise. `cpu_s` is of
the training alone for gensim; FastText reads and counts its file within it (as its users see it). Words per second count
the corpus's raw words times the epochs. Install requirements-vectors.txt.
"""
import gzip, json, os, resource, sys, time

import numpy as np

N_TYPES, N_TOPICS, LENGTH, TOPIC = 50_000, 500, 20, 100


def word(i):
    return chr(0x4E00 + i // 256) + chr(0x4E00 + 512 + i % 256)


def corpus(path, n_sentences):
    """Each sentence has a topic; a word is with p = 1/2 of the topic (Zipf over its 100 words), else of all (Zipf)."""
    rng = np.random.default_rng(4242)
    words = np.array([word(i) for i in range(N_TYPES)])
    order = rng.permutation(N_TYPES)
    of_all = 1.0 / np.arange(1, N_TYPES + 1)
    of_all = np.cumsum(of_all / of_all.sum())
    of_topic = 1.0 / np.arange(1, TOPIC + 1)
    of_topic = np.cumsum(of_topic / of_topic.sum())
    with open(path, "w", encoding="utf-8") as file:
        for start in range(0, n_sentences, 10_000):
            n = min(10_000, n_sentences - start)
            topics = rng.integers(0, N_TOPICS, (n, 1))
            own = topics * TOPIC + np.minimum(np.searchsorted(of_topic, rng.random((n, LENGTH))), TOPIC - 1)
            other = order[np.minimum(np.searchsorted(of_all, rng.random((n, LENGTH))), N_TYPES - 1)]
            ids = np.where(rng.random((n, LENGTH)) < 0.5, own, other)
            file.write("\n".join(" ".join(row) for row in words[ids]) + "\n")


def same_topic_at10(vector):
    """Of the 20 most frequent words of each topic: the share of the ten nearest among them that are of the same topic."""
    rows, topics = [], []
    for i in (t * TOPIC + r for t in range(N_TOPICS) for r in range(20)):
        v = vector(word(i))
        if v is not None:
            rows.append(v)
            topics.append(i // TOPIC)
    if len(rows) < 5000:
        return None
    rows = np.array(rows, np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    topics = np.array(topics)
    hits = 0
    for s in range(0, len(rows), 1000):
        products = rows[s:s + 1000] @ rows.T
        products[np.arange(len(products)), np.arange(s, s + len(products))] = -9
        nearest = np.argpartition(-products, 10, axis=1)[:, :10]
        hits += int((topics[nearest] == topics[s:s + 1000, None]).sum())
    return hits / (len(rows) * 10)


def lines(data, path):
    path = os.path.join(data, "text", "wordvec_eval", path)
    with (gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")) as file:
        return [line.rstrip("\n") for line in file]


def similarity(vector, data):
    from scipy.stats import spearmanr
    found = {}
    for name, path in (("wordsim240", "wordsim-240.txt"), ("wordsim353", "wordsim353.tsv"), ("simlex999", "simlex999.txt")):
        ours, theirs, n = [], [], 0
        for line in lines(data, path):
            fields = line.split("\t")
            try:
                score = float(fields[2])
            except (IndexError, ValueError):
                continue
            n += 1
            a, b = vector(fields[0].lower()), vector(fields[1].lower())
            if a is not None and b is not None:
                ours.append(float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)))
                theirs.append(score)
        found[name] = dict(n_pairs=n, n_covered=len(ours), spearman=float(spearmanr(ours, theirs)[0]) if len(ours) > 1 else None)
    return found


def analogies(words, vector, data):
    rows = np.array([vector(w) for w in words], np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12
    at = {w: i for i, w in enumerate(words)}
    found = {}
    for name, path in (("ca_translated", "ca_translated.txt"), ("google", "questions-words.txt.gz")):
        n = n_covered = n_right = 0
        for line in lines(data, path):
            four = line.lower().split()
            if line.startswith(":") or len(four) != 4:
                continue
            n += 1
            ids = [at.get(w) for w in four]
            if None in ids:
                continue
            n_covered += 1
            scores = rows @ (rows[ids[1]] + rows[ids[2]] - rows[ids[0]])
            scores[ids[:3]] = -9
            n_right += int(scores.argmax() == ids[3])
        found[name] = dict(n=n, n_covered=n_covered, add=n_right / max(n_covered, 1))
    return found


def train(tool, path, o):
    """(words, vector of a word or None, wall, cpu)"""
    if tool.startswith("gensim"):
        from gensim.models import FastText, Word2Vec
        from gensim.models.word2vec import LineSentence
        settings = dict(vector_size=o["dim"], window=o["window"], negative=o["negatives"], sample=o["sample"],
                        min_count=o["min_count"], sg=0 if o["cbow"] else 1, workers=o["threads"], epochs=o["epochs"], seed=o["seed"])
        if tool == "gensim_subwords":
            model = FastText(**settings, min_n=o["min_n"], max_n=o["max_n"], bucket=o["buckets"])
        else:
            model = Word2Vec(**settings)
        model.build_vocab(corpus_file=path)
        wall, cpu = time.perf_counter(), time.process_time()
        if tool == "gensim_iter":
            model.train(LineSentence(path), total_examples=model.corpus_count, epochs=o["epochs"])
        else:
            model.train(corpus_file=path, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=o["epochs"])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        known = model.wv.key_to_index
        return list(known), lambda w: model.wv[w] if w in known else None, wall, cpu
    import fasttext
    has_subwords = tool == "fasttext_subwords"
    wall, cpu = time.perf_counter(), time.process_time()
    model = fasttext.train_unsupervised(
        path, model="cbow" if o["cbow"] else "skipgram", dim=o["dim"], ws=o["window"], neg=o["negatives"], t=o["sample"],
        minCount=o["min_count"], epoch=o["epochs"], thread=o["threads"], lr=0.05, verbose=0,
        minn=o["min_n"] if has_subwords else 0, maxn=o["max_n"] if has_subwords else 0, bucket=o["buckets"] if has_subwords else 0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    words = [w for w in model.get_words() if w != "</s>"]
    known = set(words)
    return words, lambda w: model.get_word_vector(w) if w in known else None, wall, cpu


def run(tool, path, assignments):
    o = dict(threads=2, epochs=5, dim=100, window=5, negatives=5, sample=1e-3, min_count=5, seed=7, min_n=1, max_n=3,
             buckets=200_000, cbow=0, output="", data=os.environ.get("TERCET_DATA", "../shared/data"))
    for assignment in assignments:
        name, value = assignment.split("=", 1)
        o[name] = type(o[name])(value)
    with open(path, encoding="utf-8") as file:
        n_words = sum(len(line.split()) for line in file) * o["epochs"]
    words, vector, wall, cpu = train(tool, path, o)
    found = dict(tool=tool, file=path, settings=o, n_types=len(words), n_words=n_words, wall_s=wall, cpu_s=cpu,
                 words_per_cpu_second=n_words / cpu, words_per_second=n_words / wall,
                 peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    share = same_topic_at10(vector)
    if share is not None:
        found["same_topic_at10"] = share
    else:
        found["similarity"] = dict(similarity(vector, o["data"]), **analogies(words, vector, o["data"]))
    if o["output"]:
        with open(o["output"], "w", encoding="utf-8") as file:
            file.write(f"{len(words)} {o['dim']}\n")
            file.writelines(f"{w} {' '.join(repr(float(x)) for x in vector(w))}\n" for w in words)
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1:2] == ["corpus"] and len(sys.argv) in (3, 4):
        corpus(sys.argv[2], int(sys.argv[3]) if len(sys.argv) == 4 else 100_000)
    elif sys.argv[1:2] == ["run"] and len(sys.argv) >= 4:
        run(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        sys.exit(__doc__)
