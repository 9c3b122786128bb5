"""The code looks as clang-format leaves it. Other versions differ in details, so
only version 14 is asked; without it the test is skipped (exit code 77)."""

import os
import re
import shutil
import subprocess
import sys

import source_tree as tree

VERSION = "14"
SKIP = 77


def find_tool():
    for name in ("clang-format-" + VERSION, "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(r"version %s\." % VERSION, said):
                return path
    return None


def main():
    root = tree.parse_root()
    tool = find_tool()
    if not tool:
        print("clang-format %s is not installed" % VERSION)
        return SKIP
    call = [tool, "--dry-run", "-Werror", *tree.files(root, (".c", ".h"))]
    done = subprocess.run(call, cwd=root, capture_output=True, text=True)
    bad = set(re.findall(r"^(.+?):\d+:\d+: error:", done.stderr, re.MULTILINE))
    if done.returncode and not bad:
        return tree.report([done.stderr])
    return tree.report("%s: run %s -i on it" % (path, os.path.basename(tool)) for path in sorted(bad))


if __name__ == "__main__":
    sys.exit(main())
