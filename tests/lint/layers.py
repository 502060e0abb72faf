#!/usr/bin/env python3
"""Reads the includes of engine/ against the link lines of engine/CMakeLists.txt, and the rules of the house that a compiler cannot see."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
problems = []

allowed = {}
for line in (root / "engine/CMakeLists.txt").read_text().splitlines():
    m = re.match(r"timonel_module\((\w+)(?: DEPENDS ([\w ]+?))?(?: LIBRARIES .*)?\)", line)
    if m:
        allowed[m.group(1)] = set((m.group(2) or "").split()) | {m.group(1)}

heavy = {"iostream", "regex", "chrono", "ranges", "functional"}
heavy_prefix = ("fmt/", "yaml-cpp/", "boost/", "sqlite3")
# Engine code must not read the world outside: no wall clock, no randomness of the host, no real files.
outside = re.compile(r"std::chrono::(system|steady|high_resolution)_clock|std::random_device|\brand\(\)|\bstd::mt19937|\bgettimeofday\(|\bclock_gettime\(|\btime\(nullptr\)|std::filesystem|std::i?fstream")
exempt = {"gateway/server.cpp"}

for path in sorted((root / "engine").rglob("*")):
    if path.suffix not in (".h", ".cpp"):
        continue
    name = path.relative_to(root / "engine").as_posix()
    module = name.split("/")[0]
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        m = re.match(r'#include ["<]([^">]+)[">]', line)
        if m:
            target = m.group(1)
            other = target.split("/")[0]
            if line.startswith('#include "') and other in allowed and other not in allowed.get(module, set()):
                problems.append(f"{name}:{number}: {module} may not include {other}")
            if path.suffix == ".h" and (target in heavy or target.startswith(heavy_prefix)):
                problems.append(f"{name}:{number}: heavy header <{target}> in a header")
        code = line.split("//")[0]
        if name not in exempt and outside.search(code):
            problems.append(f"{name}:{number}: reaches outside the simulated world: {line.strip()}")
    if path.suffix == ".h" and "#pragma once" not in text:
        problems.append(f"{name}: no #pragma once")

for path in sorted((root / "qml").rglob("*.qml")):
    text = path.read_text()
    name = path.relative_to(root).as_posix()
    if re.search(r"\bText\.(RichText|StyledText|MarkdownText|AutoText)\b", text):
        problems.append(f"{name}: rich text could load what a name or a log line says")
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"^\s*Text\s*{|: Text\s*{", line) and "textFormat: Text.PlainText" not in text:
            problems.append(f"{name}:{number}: a Text without textFormat: Text.PlainText")

for language in ("en", "es"):
    catalogue = (root / f"translations/timonel_{language}.ts").read_text()
    if 'type="unfinished"' in catalogue:
        problems.append(f"translations/timonel_{language}.ts: unfinished translations")

for problem in problems:
    print(problem)
print(f"{0 if problems else 1} passed, {1 if problems else 0} failed")
sys.exit(1 if problems else 0)
