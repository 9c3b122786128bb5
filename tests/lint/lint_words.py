"""Nothing unfinished is committed."""

import re
import sys

import source_tree as tree

FILES = (".c", ".h", ".def", ".py", ".sh", ".js", ".css", ".html", ".cmake", ".txt", ".md")
FILES += (".yaml", ".yml", ".json", "/run", "/test", "/bootstrap", "/fuzz")
# As people write them: "a hack" may be talked about, and "Not Implemented" is a status.
WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK|[Nn]ot (yet )?implemented)\b")


def main():
    root = tree.parse_root()
    problems = []
    for path in tree.files(root, ""):
        if not ("/" + path).endswith(FILES) or path.startswith("tests/lint/"):
            continue
        text = tree.read(root, path)
        for match in WORDS.finditer(text):
            problems.append("%s:%d: %s" % (path, tree.line_of(text, match.start()), match.group(0)))
    return tree.report(problems)


if __name__ == "__main__":
    sys.exit(main())
