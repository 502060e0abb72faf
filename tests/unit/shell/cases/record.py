#!/usr/bin/env python3
"""Fill in the answers of cases/*.txt by running their commands with the real bash of this machine.

Format: "$ CMD", more lines of it "$> "; then stdout ("1> " before lines that look like markup),
"2> " stderr lines, "=> N" the exit status when not 0. "#: " is a remark."""
import pathlib, shutil, subprocess, sys, tempfile

def commands(path):
    for line in path.read_text().splitlines():
        if line.startswith("$ "): yield "cmd", line[2:]
        elif line.startswith("$> "): yield "more", line[3:]
        elif line.startswith("#: "): yield "remark", line

for name in sys.argv[1:] or sorted(map(str, pathlib.Path(__file__).parent.glob("*.txt"))):
    path, items = pathlib.Path(name), []
    for kind, text in commands(path):
        if kind == "more": items[-1] = ("cmd", items[-1][1] + "\n" + text)
        else: items.append((kind, text))
    cwd, lines = tempfile.mkdtemp(), []
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", "TERM": "xterm", "LC_ALL": "C", "TZ": "UTC"}
    for kind, text in items:
        if kind == "remark":
            lines.append(text)
            continue
        first, *rest = text.split("\n")
        lines += ["$ " + first] + ["$> " + r for r in rest]
        done = subprocess.run(["bash", "-c", text], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        for line in done.stdout.decode(errors="replace").splitlines():
            marked = line.startswith(("$ ", "$> ", "2> ", "=> ", "#: ", "1> "))
            lines.append(("1> " if marked else "") + line)
        lines += ["2> " + line for line in done.stderr.decode(errors="replace").splitlines()]
        code = done.returncode if done.returncode >= 0 else 128 - done.returncode
        if code: lines.append(f"=> {code}")
    shutil.rmtree(cwd, ignore_errors=True)
    path.write_text("\n".join(lines) + "\n")
