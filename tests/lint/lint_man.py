"""The manual pages of docs/man are those that the rows make, and man(1) reads them without
a complaint. TOOL writes them (man_pages.c); --write puts them there."""

import os
import shutil
import subprocess
import sys
import tempfile

PAGES = os.path.join("docs", "man")


def read_all(folder):
    pages = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            pages[name] = file.read()
    return pages


def write_all(made, kept, folder):
    os.makedirs(folder, exist_ok=True)
    for name in kept.keys() - made.keys():
        os.remove(os.path.join(folder, name))
    for name, text in made.items():
        if kept.get(name) == text:
            continue
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        print("%s is written anew" % os.path.join(PAGES, name))


def complaints(folder, names):
    """Of mandoc and of groff, those that are there."""
    found = []
    paths = [os.path.join(folder, name) for name in names]
    if shutil.which("mandoc"):
        # Pages without a date are meant so: they would change each day.
        done = subprocess.run(
            ["mandoc", "-Tlint", "-W", "warning", *paths], capture_output=True, text=True
        )
        found += [line for line in done.stdout.splitlines() if "missing date" not in line]
    if shutil.which("groff"):
        for path in paths:
            done = subprocess.run(
                ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z", path],
                capture_output=True,
                text=True,
            )
            found += done.stderr.splitlines()
    return found


def main():
    tool, root = [arg for arg in sys.argv[1:] if arg != "--write"]
    folder = os.path.join(root, PAGES)
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([tool, fresh], check=True)
        made, kept = read_all(fresh), read_all(folder)
        problems = complaints(fresh, made)
    if "--write" in sys.argv:
        write_all(made, kept, folder)
    else:
        for name in sorted(made.keys() | kept.keys()):
            if made.get(name) != kept.get(name):
                problems.append("%s/%s is not what the rows say: scripts/docs" % (PAGES, name))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
