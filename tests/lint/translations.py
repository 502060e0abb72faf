#!/usr/bin/env python3
"""Every sentence of the window has a Spanish translation: qsTr() of QML, tr() of the view models."""
import glob, os, re, sys
import xml.etree.ElementTree as xml

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
known = {}
for context in xml.parse(os.path.join(root, "translations", "timonel_es.ts")).getroot().iter("context"):
    texts = known.setdefault(context.findtext("name"), {})
    for message in context.iter("message"):
        translation = message.find("translation")
        whole = "".join(translation.itertext()).strip() if translation is not None else ""
        texts[message.findtext("source")] = whole

def unescaped(text):
    return re.sub(r'\\(.)', lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), text)

problems = 0
def check(context, text, path):
    global problems
    if not known.get(context, {}).get(unescaped(text)):
        print(f"{os.path.relpath(path, root)}: no Spanish for \"{text}\" of {context}")
        problems += 1

LITERAL = r'"((?:[^"\\]|\\.)*)"'
for path in sorted(glob.glob(os.path.join(root, "qml", "**", "*.qml"), recursive=True)):
    for text in re.findall(r"\bqsTr\(" + LITERAL, open(path, encoding="utf-8").read()):
        check(os.path.basename(path)[:-4], text, path)
for path in sorted(glob.glob(os.path.join(root, "app", "**", "*.cpp"), recursive=True)):
    source = open(path, encoding="utf-8").read()
    classes = re.findall(r"^(?:\w[\w:<>*& ]* )?(\w+)::\w+\(", source, re.M)
    for text in re.findall(r"(?<![\w:])tr\(" + LITERAL, source):
        if not any(known.get("app::" + name, {}).get(unescaped(text)) for name in set(classes)):
            print(f"{os.path.relpath(path, root)}: no Spanish for \"{text}\"")
            problems += 1
sys.exit(1 if problems else 0)
