#!/usr/bin/env python3
"""Makes assets/kubectl/commands.txt from a dump of kubectl's command tree.

  generate_kubectl.py DUMP SUMMARIES > assets/kubectl/commands.txt

One line per command and flag, tab-separated:
  command  <path without "kubectl">  <usage arguments>  <aliases, comma>  <summary>
  flag     <name>  <shorthand>  <type>  <default>  <value without "=" or "-">  <hidden, deprecated>
The flags after a command line belong to it; those of the root are global."""
import re, sys

def main():
    dump, summaries = sys.argv[1:3]
    words = dict(line.rstrip("\n").split("\t", 1) for line in open(summaries))
    blocks = open(dump).read().strip().split("\n\n")
    parsed = []
    for block in blocks:
        lines = block.split("\n")
        parsed.append(lines)
    # A block's first line is the path followed by the usage; the path is what its parent lists.
    children = {"": []}
    for lines in parsed:
        words_in_use = lines[0].split(" ")[1:]
        path = []
        while words_in_use and words_in_use[0] in children.get(" ".join(path), []):
            path.append(words_in_use.pop(0))
        key = " ".join(path)
        subs, aliases, flags = [], "", []
        for line in lines[1:]:
            line = line.strip("\n")
            if line.startswith("  subcommands: "): subs = line[15:].split()
            elif line.startswith("  aliases: "): aliases = line[11:].replace(" ", "")
            elif line.startswith("  -"):
                cells = line[2:].split("\t")
                m = re.match(r"(?:-(\w),)?--([\w.-]+)$", cells[0])
                default = cells[2][1:-1] if len(cells) > 2 else ""
                novalue, marks = "", []
                for cell in cells[3:]:
                    if cell.startswith("no-value="): novalue = cell[10:-1]
                    else: marks.append(cell)
                flags.append("\t".join(["flag", m[2], m[1] or "", cells[1], default, novalue, ",".join(marks)]))
            elif line.strip(): raise SystemExit(f"unexpected line: {line!r}")
        children[key] = subs
        print("\t".join(["command", key, " ".join(words_in_use), aliases, words.get(key, "")]))
        for flag in flags: print(flag)

main()
