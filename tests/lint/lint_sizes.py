"""No function over 90 lines, no file over 900."""

import sys

import source_tree as tree

FUNCTION_LINES = 90
FILE_LINES = 900
FILES = (".c", ".h", ".def", ".py", ".sh", ".js", ".css", ".html", ".cmake", "CMakeLists.txt")


def functions(code):
    """(first line, last line) of every function body with its signature. A table of
    data is no function: its brace follows a '='."""
    depth = 0
    start = after = 0  # of what stands at the outermost level
    for at, c in enumerate(code):
        if c == "{":
            if depth == 0:
                head = code[after:at]
                start = after + len(head) - len(head.lstrip())
                is_function = head.rstrip().endswith(")") and "=" not in head
            depth += 1
        elif c == "}" and depth:
            depth -= 1
            if depth == 0:
                if is_function:
                    yield tree.line_of(code, start), tree.line_of(code, at)
                after = at + 1
        elif c == ";" and depth == 0:
            after = at + 1


def main():
    root = tree.parse_root()
    problems = []
    for path in tree.files(root, FILES):
        text = tree.read(root, path)
        lines = text.count("\n")
        if lines > FILE_LINES:
            problems.append("%s: %d lines, %d is the most" % (path, lines, FILE_LINES))
        if not path.endswith((".c", ".h")):
            continue
        for first, last in functions(tree.code_only(text)):
            if last - first + 1 > FUNCTION_LINES:
                problems.append(
                    "%s:%d: a function of %d lines, %d is the most"
                    % (path, first, last - first + 1, FUNCTION_LINES)
                )
    return tree.report(problems)


if __name__ == "__main__":
    sys.exit(main())
