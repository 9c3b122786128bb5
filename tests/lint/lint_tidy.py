"""clang-tidy over the sources of a build folder. With WEIR_TIDY=all over those of the tests, too,
and with the whole depth of the analyzer, which takes six times as long. A source that was clean is
not looked at again until something it is made of changes."""

import concurrent.futures
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys

import source_tree as tree

SKIP = 77
# Commands are those of gcc, which knows warnings that clang does not.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"]
# Nearly all of the time goes into paths through functions of many branches, which the analyzer
# follows until it has seen 225,000 states; faults were found among the first 50,000 so far.
SHORTER = [
    "--extra-arg=" + word
    for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=75000")
]


def preprocess(entry):
    words = shlex.split(entry["command"])
    words[words.index("-o") + 1] = "-"
    done = subprocess.run(words + ["-E"], cwd=entry["directory"], capture_output=True)
    return done.stdout if done.returncode == 0 else os.urandom(16)


def fingerprint(entry, constant):
    """Of all that clang-tidy's opinion depends on."""
    digest = hashlib.sha256(constant)
    digest.update(entry["command"].encode())
    digest.update(preprocess(entry))
    with open(entry["file"], "rb") as file:  # for the comments
        digest.update(file.read())
    return digest.hexdigest()


def check(command, clean, constant, entry):
    """What clang-tidy says of one source; nothing when it is content."""
    mark = os.path.join(clean, fingerprint(entry, constant))
    if os.path.exists(mark):
        return None
    done = subprocess.run([*command, entry["file"]], capture_output=True, text=True)
    if done.returncode == 0:
        open(mark, "w", encoding="utf-8").close()
        return None
    return done.stdout + ("" if done.stdout else done.stderr)


def main():
    root, folder = sys.argv[1:3]
    tool = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    if not tool:
        print("clang-tidy is not installed")
        return SKIP
    clean = os.path.join(folder, "lint_tidy")
    os.makedirs(clean, exist_ok=True)
    everything = os.environ.get("WEIR_TIDY") == "all"
    command = [tool, "--quiet", "-p", folder, *EXTRA, *([] if everything else SHORTER)]
    constant = subprocess.run([tool, "--version"], capture_output=True).stdout
    constant += tree.read(root, ".clang-tidy").encode() + "\n".join(command).encode()
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        entries = {e["file"]: e for e in json.load(file) if e["file"].startswith(root + os.sep)}
    if not everything:
        tests = os.path.join(root, "tests", "")
        entries = {name: e for name, e in entries.items() if not name.startswith(tests)}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(check, command, clean, constant, e) for e in entries.values()]
        return tree.report([f.result() for f in futures if f.result()])


if __name__ == "__main__":
    sys.exit(main())
