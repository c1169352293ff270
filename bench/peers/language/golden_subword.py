#!/usr/bin/env python3
"""The merges that Hugging Face tokenizers learns from the invented text in crates/language/src/text/subword/golden.txt:
words are what blanks separate, min_frequency 2, vocabulary of characters + 60. One merge a line, parts separated by a
tab; redirect to golden_merges.txt beside the text.

usage: golden_subword.py TEXT > MERGES"""
import json
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
characters = {character for character in text if not character.isspace()}
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
trainer = trainers.BpeTrainer(vocab_size=len(characters) + 60, min_frequency=2, show_progress=False)
tokenizer.train_from_iterator(text.splitlines(), trainer)
for merge in json.loads(tokenizer.to_str())["model"]["merges"]:
    print("\t".join(merge))
