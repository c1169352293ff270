"""Counts values that texts written of the E2E NLG data leave out or contradict (slot error rate).

    python e2e_slots.py FOLDER HYPOTHESES

FOLDER as `prep_seq2seq.py` makes it (`test.src`, one record a line, values that are only passed on as placeholders), HYPOTHESES one text a
line. The patterns are wide: a value counts as said by any of the wordings that people used in the development part. A text contradicts its
record where it says another value of the same attribute, or one of an attribute that is not given. Prints one line of JSON.
"""

import json
import re
import sys
from pathlib import Path

KIDS = r"(?:famil\w*|child\w*|kids?)"
NOT = r"(?:not|n't|isn't|non|no|adults? only|unsuitable|unfriendly|doesn't|never|without)"
UNFRIENDLY = rf"{NOT}\W+(?:\w+\W+){{0,5}}{KIDS}|{KIDS}\W+(?:\w+\W+){{0,4}}(?:not|unfriendly|unwelcome)|adults?\b"
SAID = {
    "area": {"riverside": r"river\s?side|by the river|river", "city_centre": r"cit(?:y|ies) cent(?:re|er)|cent(?:re|er) of the city|in the city"},
    "familyfriendly": {"no": UNFRIENDLY, "yes": KIDS},
    "pricerange": {
        "cheap": r"cheap|inexpensive|low[- ](?:price|cost)\w*|affordable|low price range",
        "moderate": r"moderate\w*|mid\w*[- ]?(?:price|range)\w*|average[- ]price\w*|reasonabl\w*",
        "high": r"(?:high|higher|upper)[- ](?:\w+[- ])?(?:price|end|cost)\w*|expensive|high price range|pric\w+ (?:\w+ ){0,3}high",
        "less_than_£20": r"(?:less|lower|under|below|cheaper)\W+(?:than\W+)?(?:£\s?)?20|up to £\s?20|£?\s?20 or less|under £\s?20",
        "£20-25": r"(?:£\s?)?20\s?(?:-|to|and|–)\s?(?:£\s?)?25",
        "more_than_£30": r"(?:more|over|above|higher|greater)\W+(?:than\W+)?(?:£\s?)?30|£\s?30 (?:and|or) (?:up|more|above)",
    },
    "customer_rating": {
        "low": r"low\W+(?:\w+\W+){0,2}rat\w+|rat\w+ (?:\w+ ){0,3}low|low(?:ly)?[- ]rated|poor\w*|low customer",
        "average": r"average\W+(?:\w+\W+){0,2}rat\w+|rat\w+ (?:\w+ ){0,4}average|average(?:ly)?[- ]rated|average customer",
        "high": r"high\w*\W+(?:\w+\W+){0,2}rat\w+|rat\w+ (?:\w+ ){0,3}high\w*|high(?:ly)?[- ]rated|high customer",
        "1_out_of_5": r"(?:1|one)(?: star)?\W+(?:out )?of\W+(?:5|five)|1[- ]star|one[- ]star",
        "3_out_of_5": r"(?:3|three)(?: stars?)?\W+(?:out )?of\W+(?:5|five)|3[- ]star|three[- ]star",
        "5_out_of_5": r"(?:5|five)(?: stars?)?\W+(?:out )?of\W+(?:5|five)|5[- ]star|five[- ]star",
    },
}
# "5 out of 5" is a high rating and people call it so: no contradiction.
ALIKE = {"5_out_of_5": {"high"}, "3_out_of_5": {"average"}, "1_out_of_5": {"low"}, "high": {"5_out_of_5"}, "low": {"1_out_of_5"},
         "average": {"3_out_of_5"}, "less_than_£20": {"cheap"}, "£20-25": {"moderate"}, "more_than_£30": {"high"}}


def said(attribute: str, text: str) -> set[str]:
    found = {value for value, pattern in SAID[attribute].items() if re.search(pattern, text)}
    if attribute == "familyfriendly" and "no" in found:
        found.discard("yes")
    return found


def main() -> None:
    folder, hypotheses = map(Path, sys.argv[1:3])
    sources = (folder / "test.src").read_text().splitlines()
    texts = hypotheses.read_text().lower().splitlines()
    assert len(sources) == len(texts), f"{len(texts)} texts for {len(sources)} records"
    n_slots = n_missing = n_wrong = n_added = 0
    by = {}
    for source, text in zip(sources, texts):
        record = dict(word.split("=", 1) if "=" in word else (word, word) for word in source.split())
        for attribute, value in record.items():
            n_slots += 1
            if attribute not in SAID:
                is_missing = attribute not in text.split()
            else:
                found = said(attribute, text)
                is_missing = value not in found
                is_wrong = bool(found - {value} - ALIKE.get(value, set()))
                n_wrong += is_wrong
                if is_wrong:
                    by.setdefault(f"{attribute} wrong", []).append(text)
            n_missing += is_missing
            if is_missing:
                by.setdefault(attribute, []).append(text)
        for attribute in SAID:
            if attribute not in record and said(attribute, text):
                n_added += 1
                by.setdefault(f"{attribute} added", []).append(text)
    for name, texts in by.items():
        print(name, len(texts), texts[:3], file=sys.stderr)
    rate = (n_missing + n_wrong + n_added) / n_slots
    print(json.dumps({"slots": n_slots, "missing": n_missing, "wrong": n_wrong, "added": n_added, "slot_error_rate": rate}))


main()
