"""What the lints share: which files are ours, and C text without what is not code."""

import argparse
import os
import re

# Every folder of the house, with the floors it stands on.
FLOORS = {
    "base": [],
    "config": ["base"],
    "http": ["base"],
    "tls": ["base"],
    "rules": ["base", "config", "http"],
    "logs": ["base", "config", "http"],
    "inspector": ["base", "config", "http", "tls", "rules", "logs"],
    "proxy/core": ["base", "config", "http", "tls", "rules", "logs"],
    "proxy/loop": ["base", "config", "http", "tls", "rules", "logs", "proxy/core"],
    "cli": ["base", "config", "http", "tls", "rules", "logs", "proxy/core", "proxy/loop"],
}

SKIPPED_FOLDERS = {".git", "build", "__pycache__", "corpus", "node_modules"}

NOT_CODE = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.DOTALL | re.VERBOSE,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def parse_root():
    """The folder to look at, by default the project this file belongs to."""
    parser = argparse.ArgumentParser()
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    return parser.parse_args().root


def files(root, endings):
    """Paths of our files, relative to the root, in order."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root)
            if name.endswith(endings) and os.path.isfile(os.path.join(root, path)):
                found.append(path)
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def floor_of(path):
    """The folder of FLOORS that a path is in, or None."""
    folder = os.path.dirname(path)
    return folder if folder in FLOORS else None


def blank(match):
    """As many lines, nothing on them."""
    return "\n" * match.group(0).count("\n") or " "


def without_comments(text):
    """Comments and literals blanked, strings of includes left alone."""
    return NOT_CODE.sub(
        lambda m: m.group(0) if m.group(0)[0] == '"' else blank(m), text
    )


def code_only(text):
    """No comments, literals or preprocessor lines; the lines stay where they are."""
    return DIRECTIVE.sub(blank, NOT_CODE.sub(blank, text))


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def report(problems):
    """Prints the problems; the exit code."""
    code = 0
    for problem in problems:
        print(problem)
        code = 1
    return code
