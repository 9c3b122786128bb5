"""The tables of docs/rules.md are those that the rows of rules/*.def make. TOOL prints them
(rule_tables.c); --write puts them onto the page."""

import os
import re
import subprocess
import sys

PAGE = os.path.join("docs", "rules.md")
BLOCK = re.compile(r"^<!-- rows: (\S+) -->\n.*?^<!-- end -->\n", re.DOTALL | re.MULTILINE)


def main():
    tool, root = [arg for arg in sys.argv[1:] if arg != "--write"]
    path = os.path.join(root, PAGE)
    made = subprocess.run([tool], capture_output=True, check=True, text=True).stdout
    blocks = {found.group(1): found.group(0) for found in BLOCK.finditer(made)}
    with open(path, encoding="utf-8") as file:
        page = file.read()
    problems = []
    seen = [found.group(1) for found in BLOCK.finditer(page)]
    for name in blocks:
        if seen.count(name) != 1:
            problems.append("%s: it has the table '%s' %d times" % (PAGE, name, seen.count(name)))
    wanted = BLOCK.sub(lambda found: blocks.get(found.group(1), ""), page)
    if "--write" in sys.argv and wanted != page:
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
        print("%s is written anew" % PAGE)
    elif wanted != page:
        old = {found.group(1): found.group(0) for found in BLOCK.finditer(page)}
        for name in sorted(name for name in old if old[name] != blocks.get(name)):
            problems.append("%s: the table '%s' is not what the rows say: scripts/docs" % (PAGE, name))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
