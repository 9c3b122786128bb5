"""docs/testing.md names what exists: each test class and each path in it; and no class of the
suites of attacks and faults is missing from it."""

import os
import re
import sys

import source_tree as tree

PAGE = "docs/testing.md"
WHOLE = ("faults", "load", "security", "secrecy")  # suites of which each class must be named
HELPED = {"OwnNetwork"}  # only runs another class, in a place of its own


def classes(root):
    """{"test_faults.SlowPeers"} of all classes with a test in them."""
    found = set()
    for path in tree.files(root, (".py",)):
        folder, name = os.path.split(path)
        if folder != "tests/e2e" or not name.startswith("test_"):
            continue
        for part in re.split(r"^(?=class )", tree.read(root, path), flags=re.MULTILINE)[1:]:
            if re.search(r"^    def test_", part, re.MULTILINE):
                found.add("%s.%s" % (name[:-3], re.match(r"class (\w+)", part).group(1)))
    return found


def main():
    root = tree.parse_root()
    if not os.path.exists(os.path.join(root, PAGE)):
        return tree.report([])
    text = tree.read(root, PAGE)
    known, named = classes(root), set(re.findall(r"\btest_\w+\.[A-Z]\w+", text))
    problems = ["%s: there is no %s" % (PAGE, name) for name in sorted(named - known)]
    for path in sorted(set(re.findall(r"`(tests/[\w./]*\w/?)`", text))):
        if not os.path.exists(os.path.join(root, path)):
            problems.append("%s: there is no %s" % (PAGE, path))
    for name in sorted(known - named):
        suite, own = name.split(".")
        if suite[len("test_") :] in WHOLE and own not in HELPED:
            problems.append("%s: it does not tell of %s" % (PAGE, name))
    return tree.report(problems)


if __name__ == "__main__":
    sys.exit(main())
