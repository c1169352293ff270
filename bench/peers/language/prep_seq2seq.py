#!/usr/bin/env python3
"""Writes the folders that `tercet lab run seq2seq --input DIR` and torch_seq2seq_quality.py read.

    python prep_seq2seq.py DATA OUT [scan|tatoeba|couplet|e2e]...     DATA: the folder with seq2seq_scan, …
    python prep_seq2seq.py score FOLDER HYPOTHESES                    BLEU and exact matches of a file, as JSON

Each folder holds train.src, train.tgt, valid.*, test.*: one sentence a line, tokens separated by spaces. Folders with
several references a source also hold test.refs (references separated by tabs) and, where names were replaced by
placeholders, test.names (JSON, placeholder to name) to put them back before scoring. All splits are drawn with seed 0:

    scan      the published simple split; 800 training pairs held out for validation
    tatoeba   Chinese (simplified, by character) to English (lower case); by distinct English sentence, so that no target of
              the test is learned; 1,000 each for validation and test; at most 30 tokens
    couplet   first line to second line, by character; 200 each
    e2e       what is known of a restaurant to a sentence; trained on devset, tested on testset_w_refs, all references of a
              source together; 50 sources of devset held out; name, eatType, food and near replaced by placeholders
"""
import csv
import gzip
import io
import json
import random
import re
import sys
from pathlib import Path


def read(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")


def write(folder, part, pairs):
    for end, side in (("src", 0), ("tgt", 1)):
        (folder / f"{part}.{end}").write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")


def split(items, n_valid, n_test):
    items = list(items)
    random.Random(0).shuffle(items)
    return items[n_valid + n_test:], items[:n_valid], items[n_valid:n_valid + n_test]


def scan(data, out):
    def pairs(name):
        lines = read(data / "seq2seq_scan" / f"tasks_{name}_simple.txt.gz").splitlines()
        return [tuple(re.fullmatch(r"IN: (.*) OUT: (.*)", line).groups()) for line in lines]
    train, valid, _ = split(pairs("train"), 800, 0)
    for part, chosen in (("train", train), ("valid", valid), ("test", pairs("test"))):
        write(out, part, chosen)


def words(text):
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)?|[^\sa-z0-9]", text.lower())


def tatoeba(data, out):
    from opencc import OpenCC
    simplified = OpenCC("t2s")
    by_target = {}
    for line in read(data / "seq2seq_tatoeba_cmn_eng" / "cmn.txt.gz").splitlines():
        english, chinese = line.split("\t")[:2]
        source, target = [c for c in simplified.convert(chinese) if not c.isspace()], words(english)
        if 0 < len(source) <= 30 and 0 < len(target) <= 30:
            by_target.setdefault(" ".join(target), []).append(" ".join(source))
    for part, targets in zip(("train", "valid", "test"), split(sorted(by_target), 1000, 1000)):
        write(out, part, [(source, target) for target in targets for source in by_target[target]])


def couplet(data, out):
    lines = [read(data / "seq2seq_couplet_zh" / f"test_{end}.txt").splitlines() for end in ("in", "out")]
    pairs = [(a.strip(), b.strip()) for a, b in zip(*lines)]
    for part, chosen in zip(("train", "valid", "test"), split(pairs, 200, 200)):
        write(out, part, chosen)


def pieces(text):
    """Words with their hyphens, apostrophes and pounds, so that what is written needs no repair before it is scored."""
    return re.findall(r"£?[^\W_]+(?:[-'][^\W_]+)*|[^\w\s]", text.lower())


OPEN = ("name", "eattype", "food", "near")


def meaning(text):
    """The source's tokens, one an attribute, and the values that placeholders stand for."""
    tokens, names = [], {}
    for attribute, value in re.findall(r"([^,\[]+)\[([^\]]*)\]", text):
        attribute = attribute.strip().lower().replace(" ", "_")
        if attribute in OPEN:
            names[f"x{attribute}"] = value
            tokens.append(f"x{attribute}")
        else:
            tokens.append(f"{attribute}={value.lower().replace(' ', '_')}")
    return " ".join(tokens), names


def sentence(text, names):
    """A text's tokens with placeholders: as `seq2seq::placeholders` of the crate `language`, accents aside."""
    def plain(text):
        return text.replace("é", "e").replace("É", "E").replace("’", "'")
    text = plain(text)
    for placeholder, name in sorted(names.items(), key=lambda pair: -len(pair[1])):
        words, is_name = plain(name).split(), placeholder in ("xname", "xnear")
        if is_name and len(words) > 1 and words[0].lower() == "the":
            del words[0]
        value = r"[\s-]*".join(map(re.escape, words))
        text = re.sub((r"(?:\bthe\s+)?" if is_name else "") + rf"\b{value}(?=s?\b)", placeholder, text, flags=re.IGNORECASE)
    return " ".join(pieces(re.sub(rf"\ban (?=x(?:{'|'.join(OPEN)}))", "a ", text, flags=re.IGNORECASE)))


def put_back(line, names):
    """A written line with values for placeholders: `a` is `an` before a vowel, and a word that a value begins or ends with is
    not said twice."""
    words, said = [], None
    for word in line.split():
        if word == said:
            said = None
            continue
        said = None
        for placeholder, name in names.items():
            if placeholder in word:
                value = name.lower().split()
                if words and words[-1] == value[0]:
                    words.pop()
                if words and words[-1] in ("a", "an"):
                    words[-1] = "an" if value[0][0] in "aeiou" else "a"
                if word == placeholder:
                    said = value[-1]
                word = word.replace(placeholder, name.lower())
                break
        words.append(word)
    return " ".join(words)


def e2e(data, out):
    def rows(name):
        groups = {}
        for row in list(csv.reader(io.StringIO(read(data / "copy_e2e_nlg" / name))))[1:]:
            groups.setdefault(row[0], []).append(row[1])
        return [(*meaning(mr), refs) for mr, refs in groups.items()]
    train, valid, _ = split(rows("devset.csv.gz"), 50, 0)
    for part, chosen in (("train", train), ("valid", valid)):
        write(out, part, [(source, sentence(ref, names)) for source, names, refs in chosen for ref in refs])
    test = rows("testset_w_refs.csv.gz")
    write(out, "test", [(source, sentence(refs[0], names)) for source, names, refs in test])
    (out / "test.refs").write_text("".join("\t".join(refs) + "\n" for _, _, refs in test), encoding="utf-8")
    (out / "test.names").write_text("".join(json.dumps(names) + "\n" for _, names, _ in test), encoding="utf-8")


def score_against(lines, references):
    """BLEU on tokens as they are, against any number of references each; exact is the share that equals one of them."""
    from sacrebleu.metrics import BLEU
    n = max(map(len, references))
    streams = [[of[i] if i < len(of) else None for of in references] for i in range(n)]
    exact = sum(line in of for line, of in zip(lines, references)) / len(references)
    return dict(bleu=BLEU(tokenize="none", force=True).corpus_score(lines, streams).score, exact=exact)


def score_lines(folder, lines):
    """BLEU on tokens as they are; with test.refs against all references, in lower case and tokenised as mteval-v13a: what
    e2e-metrics (github.com/tuetschek/e2e-metrics, metrics/pymteval.py) calls BLEU, times 100."""
    from sacrebleu.metrics import BLEU
    folder, lines = Path(folder), list(lines)
    targets = (folder / "test.tgt").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(lines) == len(targets), f"{len(lines)} hypotheses, {len(targets)} sources"
    exact = sum(a.split() == b.split() for a, b in zip(lines, targets)) / len(targets)
    if not (folder / "test.refs").exists():
        return dict(bleu=BLEU(tokenize="none", force=True).corpus_score(lines, [targets]).score, exact=exact)
    names = [json.loads(line) for line in (folder / "test.names").read_text(encoding="utf-8").splitlines()]
    lines = [put_back(line, of) for line, of in zip(lines, names)]
    refs = [line.split("\t") for line in (folder / "test.refs").read_text(encoding="utf-8").split("\n")[:-1]]
    n = max(map(len, refs))
    streams = [[of[i] if i < len(of) else None for of in refs] for i in range(n)]
    bleu = BLEU(tokenize="13a", lowercase=True, force=True).corpus_score(lines, streams)
    return dict(bleu=bleu.score, exact=exact)


def main():
    if sys.argv[1:2] == ["score"]:
        folder, hypotheses = sys.argv[2:]
        lines = Path(hypotheses).read_text(encoding="utf-8").split("\n")[:-1]
        print(json.dumps(score_lines(folder, lines)))
        return
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    for task in sys.argv[3:] or ["scan", "tatoeba", "couplet", "e2e"]:
        (out / task).mkdir(parents=True, exist_ok=True)
        {"scan": scan, "tatoeba": tatoeba, "couplet": couplet, "e2e": e2e}[task](data, out / task)


if __name__ == "__main__":
    main()
