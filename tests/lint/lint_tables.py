"""The tables of a page (docs/rules.md unless --page names another) are those that the rows
of the .def files make. TOOL prints them (rule_tables.c, filter_tables.c); --write puts them
onto the page."""

import argparse
import os
import re
import subprocess
import sys

BLOCK = re.compile(r"^<!-- rows: (\S+) -->\n.*?^<!-- end -->\n", re.DOTALL | re.MULTILINE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("root")
    parser.add_argument("--page", default="docs/rules.md")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    path = os.path.join(asked.root, asked.page)
    made = subprocess.run([asked.tool], capture_output=True, check=True, text=True).stdout
    blocks = {found.group(1): found.group(0) for found in BLOCK.finditer(made)}
    with open(path, encoding="utf-8") as file:
        page = file.read()
    problems = []
    seen = [found.group(1) for found in BLOCK.finditer(page)]
    for name in blocks:
        if seen.count(name) != 1:
            problems.append("%s: it has the table '%s' %d times" % (asked.page, name, seen.count(name)))
    wanted = BLOCK.sub(lambda found: blocks.get(found.group(1), ""), page)
    if asked.write and wanted != page:
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
        print("%s is written anew" % asked.page)
    elif wanted != page:
        old = {found.group(1): found.group(0) for found in BLOCK.finditer(page)}
        for name in sorted(name for name in old if old[name] != blocks.get(name)):
            problems.append("%s: the table '%s' is not what the rows say: scripts/docs" % (asked.page, name))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
