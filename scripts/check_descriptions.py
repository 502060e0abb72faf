#!/usr/bin/env python3
"""Checks that the field documentation of assets/kinds/ covers every schema and field in both languages.

descriptions.en.tsv and descriptions.es.tsv are written by hand: one line per type ("<schema>") and per
field ("<schema>.<field>"), a tab, and the text. Lines are sorted by key.
"""
import json
import pathlib
import sys

LONGEST = 400
kinds = pathlib.Path(__file__).resolve().parents[1] / "assets/kinds"
problems = []


def wantedKeys():
    keys = set()
    for name, schema in json.loads((kinds / "schemas.json").read_text()).items():
        keys.add(name)
        keys.update(f"{name}.{field}" for field in schema.get("properties", {}))
    return keys


def readTable(language):
    """The texts by key; what is wrong with single lines goes to the problems."""
    file = f"descriptions.{language}.tsv"
    texts = {}
    previous = ""
    for number, line in enumerate((kinds / file).read_text(encoding="utf-8").splitlines(), 1):
        key, *rest = line.split("\t")
        text = rest[0] if len(rest) == 1 else ""
        if key <= previous:
            problems.append(f"{file}:{number}: not sorted, or twice: {key}")
        if not text or text != " ".join(text.split()) or not text.endswith("."):
            problems.append(f"{file}:{number}: needs one text of whole sentences: {key}")
        if len(text) > LONGEST:
            problems.append(f"{file}:{number}: {len(text)} characters, more than {LONGEST}: {key}")
        texts[key] = text
        previous = key
    return texts


wanted = wantedKeys()
tables = {language: readTable(language) for language in ("en", "es")}
for language, texts in tables.items():
    problems += [f"descriptions.{language}.tsv: no text for {key}" for key in sorted(wanted - texts.keys())]
    problems += [f"descriptions.{language}.tsv: no such field: {key}" for key in sorted(texts.keys() - wanted)]
problems += [f"not translated: {key}" for key in sorted(wanted) if key in tables["en"] and tables["en"][key] == tables["es"].get(key)]

for problem in problems:
    print(problem)
print(f"{0 if problems else 1} passed, {1 if problems else 0} failed")
sys.exit(1 if problems else 0)
