#!/usr/bin/env python3
"""Writes the public classification sets as folders with train.tsv and test.tsv (label, tab, text; white space in texts
becomes single spaces), which ours and the peers read. Learns nothing.

usage: prepare_classify.py TEXT_DATA OUT     TEXT_DATA holds reviews_online_shopping_10_cats/, cs_clinc150/ ...

OUT/shopping_random    train_test_split(test_size=0.1, random_state=0) of all 62,774 rows; test.groups: category a line
OUT/shopping_hashed    row i (empty reviews dropped first) is test if (i * 2654435761 mod 2^32) % 10 == 0; test.groups
OUT/clinc150           train + oos_train; test = in-scope test; test_oos.tsv = out-of-scope test
OUT/smp2017            train + develop; test
OUT/bitext             train + validation; test (made from templates at the source)
OUT/noisy_LANG         this project's own examples of shop intents, every fifth of an intent is test, as people type in a hurry
OUT/atis               train; test, words looked up in the dictionary, sentence marks left out
OUT/absa_NAME          aspect polarity as published: train.txt and test.txt, three lines a record
OUT/absa_laptop_quad   Laptop-ACOS as such records, train.txt only
"""
import csv, gzip, io, json, os, random, re, sys, zipfile

DATA, OUT = sys.argv[1], sys.argv[2]


def write(name, part, rows):
    os.makedirs(f"{OUT}/{name}", exist_ok=True)
    with open(f"{OUT}/{name}/{part}.tsv", "w", encoding="utf-8", newline="\n") as f:
        for label, text in rows:
            f.write(f"{label}\t{' '.join(text.split())}\n")


def lines(name, part, values):
    with open(f"{OUT}/{name}/{part}", "w", encoding="utf-8", newline="\n") as f:
        f.writelines(f"{value}\n" for value in values)


def shopping():
    from sklearn.model_selection import train_test_split
    with zipfile.ZipFile(f"{DATA}/reviews_online_shopping_10_cats/online_shopping_10_cats.zip") as z:
        rows = list(csv.DictReader(io.StringIO(z.read("online_shopping_10_cats.csv").decode("utf-8"), newline="")))
    train, test = train_test_split(rows, test_size=0.1, random_state=0)
    full = [r for r in rows if r["review"].strip()]
    is_test = [(i * 2654435761 % 2**32) % 10 == 0 for i in range(len(full))]
    hashed = [r for r, t in zip(full, is_test) if not t], [r for r, t in zip(full, is_test) if t]
    for name, (a, b) in ("shopping_random", (train, test)), ("shopping_hashed", hashed):
        write(name, "train", ((r["label"], r["review"]) for r in a))
        write(name, "test", ((r["label"], r["review"]) for r in b))
        lines(name, "test.groups", (r["cat"] for r in b))


def clinc():
    d = json.load(gzip.open(f"{DATA}/cs_clinc150/data_full.json.gz", "rt", encoding="utf-8"))
    swap = lambda rows: ((label, text) for text, label in rows)
    write("clinc150", "train", swap(d["train"] + d["oos_train"]))
    write("clinc150", "test", swap(d["test"]))
    write("clinc150", "test_oos", swap(d["oos_test"]))
    write("clinc150", "valid", swap(d["val"]))
    write("clinc150", "valid_oos", swap(d["oos_val"]))


def smp():
    with zipfile.ZipFile(f"{DATA}/cs_smp_ecdt/smp2017_2018.zip") as z:
        def part(name):
            rows = []
            for path in sorted(z.namelist()):
                found = re.match(rf"Task1data/{name}/{name}_(\w+)\.txt$", path)
                if found:
                    text = z.read(path).decode("utf-8-sig")
                    rows += [(found[1], line) for line in text.splitlines() if line.strip()]
            return rows
        write("smp2017", "train", part("train") + part("develop"))
        write("smp2017", "test", part("test"))


def bitext():
    base = f"{DATA}/cs_bitext_intents/Bitext_Sample_Customer_Service_"
    def part(name):
        path = f"{base}{name}_Dataset.csv"
        opened = gzip.open(path + ".gz", "rt", encoding="utf-8") if os.path.exists(path + ".gz") else open(path, encoding="utf-8")
        with opened as f:
            return [(row["intent"], row["utterance"]) for row in csv.DictReader(f)]
    write("bitext", "train", part("Training") + part("Validation"))
    write("bitext", "test", part("Testing"))


def noisy():
    seeds = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../crates/assist/src/understand/seeds")
    for lang in ("zh", "en"):
        rng, seen, parts = random.Random(0), {}, {"train": [], "test": []}
        with open(f"{seeds}/{lang}.tsv", encoding="utf-8") as f:
            for line in f:
                if line.startswith("#") or "\t" not in line:
                    continue
                label, text = line.rstrip("\n").split("\t")[:2]
                seen[label] = seen.get(label, 0) + 1
                is_test = seen[label] % 5 == 0
                parts["test" if is_test else "train"].append((label, hurried(text, lang, rng) if is_test else text))
        for part, rows in parts.items():
            write(f"noisy_{lang}", part, rows)


# Words before or after, which say nothing about what is wanted.
AROUND = {"zh": (["那个", "你好 ", "在吗 ", "亲，", "哎 ", "急！", ""], ["啊啊啊", "。。。", "？？", "谢谢", "呢亲", "[哭]", "😂", ""]),
          "en": (["hi ", "hey there, ", "umm ", "pls ", "ok so ", ""], [" thx", " pls!!", "???", " asap", " lol", " :(", ""])}


def hurried(text, lang, rng):
    """One slip for every ten characters (a letter lost, doubled, or swapped with the next), no capitals, words around it."""
    letters = list(text.lower())
    for _ in range(max(1, len(letters) // 10)):
        i = rng.randrange(len(letters))
        slip = rng.randrange(3)
        if slip == 0 and len(letters) > 3:
            del letters[i]
        elif slip == 1:
            letters.insert(i, letters[i])
        elif i + 1 < len(letters):
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
    before, after = AROUND[lang]
    return rng.choice(before) + "".join(letters) + rng.choice(after)


def atis():
    base = f"{DATA}/cs_atis/atis"
    read = lambda p: (gzip.open(p + ".gz", "rt") if os.path.exists(p + ".gz") else open(p)).read().splitlines()
    words, labels = read(f"{base}.dict.vocab.csv"), read(f"{base}.dict.intent.csv")
    for part in ("train", "test"):
        texts = (" ".join(words[int(i)] for i in q.split() if i not in ("178", "179")) for q in read(f"{base}.{part}.query.csv"))
        write("atis", part, zip((labels[int(i)] for i in read(f"{base}.{part}.intent.csv")), texts))


def absa():
    zh = f"{DATA}/reviews_absa_zh_3c"
    for name in ("camera", "notebook", "car"):
        os.makedirs(f"{OUT}/absa_{name}", exist_ok=True)
        for part in ("train", "test"):
            with open(f"{zh}/{name}.{part}.txt", encoding="utf-8-sig") as f, open(f"{OUT}/absa_{name}/{part}.txt", "w", encoding="utf-8") as g:
                g.write(f.read())
    en = f"{DATA}/reviews_absa_laptop_en"
    os.makedirs(f"{OUT}/absa_laptop_en", exist_ok=True)
    with gzip.open(f"{en}/Laptops_Train.xml.seg.gz", "rt", encoding="utf-8") as f, open(f"{OUT}/absa_laptop_en/train.txt", "w", encoding="utf-8") as g:
        g.write(f.read())
    with open(f"{en}/Laptops_Test_Gold.xml.seg", encoding="utf-8") as f, open(f"{OUT}/absa_laptop_en/test.txt", "w", encoding="utf-8") as g:
        g.write(f.read())
    os.makedirs(f"{OUT}/absa_laptop_quad", exist_ok=True)
    with gzip.open(f"{en}/laptop_quad_train.tsv.gz", "rt", encoding="utf-8") as f, open(f"{OUT}/absa_laptop_quad/train.txt", "w", encoding="utf-8") as g:
        g.writelines(quads(f))


def quads(lines):
    """Laptop-ACOS as records of three lines: the aspects that are named and have one polarity."""
    for line in lines:
        sentence, *marked = line.rstrip("\n").split("\t")
        words, named = sentence.split(" "), {}
        for quad in marked:
            place, _, polarity, _ = quad.split(" ")
            named.setdefault(place, set()).add(polarity)
        for place, polarities in named.items():
            start, end = map(int, place.split(","))
            if start < 0 or len(polarities) != 1:
                continue
            text = " ".join([*words[:start], "$T$", *words[end:]])
            polarity = {"0": "Negative", "1": "Neutral", "2": "Positive"}[polarities.pop()]
            yield f"{text}\n{' '.join(words[start:end])}\n{polarity}\n"


for make in (shopping, clinc, smp, bitext, noisy, atis, absa):
    make()
