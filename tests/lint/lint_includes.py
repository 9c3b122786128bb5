"""A folder cannot include what stands above it, and can include what it stands on,
with the very flags it is compiled with. Every header compiles alone."""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys

import source_tree as tree


def flags_by_floor(root, commands):
    """The compiler call of one source of each floor, without its file and output."""
    flags = {}
    for entry in commands:
        floor = tree.floor_of(os.path.relpath(entry["file"], root))
        if not floor or floor in flags:
            continue
        words = shlex.split(entry["command"])
        out = words.index("-o")
        flags[floor] = [w for w in words[:out] + words[out + 2 :] if w not in ("-c", entry["file"])]
    return flags


def compile_text(flags, text, folder):
    """What the compiler says of a file with this text; None when it is content."""
    call = flags + ["-fsyntax-only", "-x", "c", "-"]
    done = subprocess.run(call, input=text, cwd=folder, capture_output=True, text=True)
    return done.stderr if done.returncode else None


def check_header(flags, path, folder):
    fault = compile_text(flags, '#include "%s"\nextern int lint;\n' % path, folder)
    if fault:
        yield "%s does not compile alone:\n%s" % (path, fault)


def check_pair(flags, floor, path, folder):
    """`path` is a header of a folder that `floor` does not stand on."""
    fault = compile_text(flags, '#include "%s"\n' % path, folder)
    if fault is None:
        yield '%s/ can include "%s", which it does not stand on' % (floor, path)
    elif "No such file" not in fault and "file not found" not in fault:
        yield 'including "%s" in %s/ fails for another reason:\n%s' % (path, floor, fault)


def checks(root, folder, flags):
    first_header = {}
    for path in tree.files(root, (".h",)):
        floor = tree.floor_of(path)
        if floor in flags:
            first_header.setdefault(floor, path)
            yield check_header, (flags[floor], path, folder)
    for floor in flags:
        for other, path in first_header.items():
            if other != floor and other not in tree.FLOORS[floor]:
                yield check_pair, (flags[floor], floor, path, folder)


def main():
    root, folder = sys.argv[1:3]
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        flags = flags_by_floor(root, json.load(file))
    if "base" not in flags:
        return tree.report(["compile_commands.json knows no source of base/"])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [
            pool.submit(lambda check=check, args=args: list(check(*args)))
            for check, args in checks(root, folder, flags)
        ]
        return tree.report([problem for f in futures for problem in f.result()])


if __name__ == "__main__":
    sys.exit(main())
