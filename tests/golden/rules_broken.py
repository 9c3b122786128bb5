"""Replays rules_broken/*.md: broken configurations, and what `weir check` says of each, to the
last caret. See README.md beside it.

    rules_broken.py [--bless] FILE.md…

--bless writes the expected blocks anew; git diff shows what changed. WEIR_BIN is the program; else build/dev/weir."""

import difflib
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEIR = os.path.abspath(os.environ.get("WEIR_BIN") or os.path.join(ROOT, "build", "dev", "weir"))
BATCH = 12  # rules of other cases that are put into one file
ALONE = "Each stands alone"  # in the head of a page whose faults hide what follows them
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
REPEAT = re.compile(r"\\\*(\d+)(?:\{(.*?)\}|<(.*?)>)")
RULES_ONLY = re.compile(r"\Arules:\n(?:  .*\n)+\Z")


def repeated(found):
    """\\*3{ab} and \\*3<ab> are ababab."""
    return (found.group(2) or found.group(3)) * int(found.group(1))


class Case:
    def __init__(self, text):
        self.text = text
        self.title = text.split("\n", 1)[0].strip()
        self.files = []
        self.expected = None
        for kind, name, body in FENCE.findall(text):
            if kind == "yaml":
                self.files.append((name or "proxy.yaml", REPEAT.sub(repeated, body)))
            elif kind == "text":
                self.expected = body

    def says(self, form="pretty"):
        """(exit code, what is said)"""
        with tempfile.TemporaryDirectory(prefix="weir-golden-") as folder:
            for name, text in self.files:
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8", newline="") as file:
                    file.write(text)
            return check(folder, form)

    def blessed(self, said):
        if self.expected is None:
            return self.text.rstrip("\n") + "\n\n```text\n" + said + "```\n\n"
        start = self.text.index("```text\n") + len("```text\n")
        end = start + len(self.expected)
        return self.text[:start] + said + self.text[end:]


def check(folder, form):
    env = {"PATH": os.environ["PATH"], "HOME": folder, "NO_COLOR": "1", "SHOP_HOST": "shop.test"}
    done = subprocess.run(
        [WEIR, "check", "--error-format", form, "proxy.yaml"],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    said = done.stderr if form == "pretty" else done.stdout
    return done.returncode, said.decode("utf-8")


def problems_of(said):
    """The texts of short diagnostics, without their places."""
    return sorted(re.sub(r"^\S+?:\d+:\d+: ", "", line) for line in said.splitlines())


def difference(case, said):
    lines = difflib.unified_diff(
        (case.expected or "").splitlines(), said.splitlines(), "expected", "said", lineterm=""
    )
    return "%s:\n%s\n" % (case.title, "\n".join(lines))


def replay(cases):
    failures = []
    for case in cases:
        code, said = case.says()
        if code != 3:
            failures.append("%s: exit code %d\n%s" % (case.title, code, said))
        elif said != case.expected:
            failures.append(difference(case, said))
    return failures


def all_at_once(cases):
    """Rules of several cases in one file: all that is wrong with each is reported still."""
    failures = []
    texts = [case.files[0][1] if len(case.files) == 1 else "" for case in cases]
    alike = [c for c, text in zip(cases, texts) if RULES_ONLY.match(text) and "name:" not in text]
    for at in range(0, len(alike), BATCH):
        batch = alike[at : at + BATCH]
        joined = Case("all at once\n")
        rules = "".join(case.files[0][1][len("rules:\n") :] for case in batch)
        joined.files = [("proxy.yaml", "rules:\n" + rules)]
        wanted = sorted(text for case in batch for text in problems_of(case.says("short")[1]))
        found = problems_of(joined.says("short")[1])
        for text in sorted(set(wanted + found)):
            if wanted.count(text) != found.count(text):
                failures.append("together with others, from %r on: %s" % (batch[0].title, text))
    return failures


def bless(path, head, cases):
    text = head + "".join("## " + case.blessed(case.says()[1]) for case in cases).rstrip() + "\n"
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def main():
    paths = [arg for arg in sys.argv[1:] if arg != "--bless"]
    failures = []
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            head, *texts = re.split(r"^## ", file.read(), flags=re.MULTILINE)
        cases = [Case(text) for text in texts]
        if "--bless" in sys.argv:
            bless(path, head, cases)
        else:
            failures += replay(cases)
            if ALONE not in head:
                failures += all_at_once(cases)
            print("%s: %d cases" % (os.path.basename(path), len(cases)))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
