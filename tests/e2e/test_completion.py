"""`weir completion`, in the shells it is for: what they offer at the cursor."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from weirtest import ROOT, binary

SHELL_S = 60

# Asks as bash does at the Tab key: words, the index of the one at the cursor.
BASH_ASK = r"""
source "$SCRIPT"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
complete -p weir >/dev/null || exit 3
_weir weir "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""

# A zsh at a terminal of its own; its list of matches is caught where it is made.
ZSH_ASK = r"""
zmodload zsh/zpty || exit 77
zpty z zsh -f -i
zpty -w z 'PROMPT= RPROMPT= ; stty -echo; autoload -U compinit && compinit -u -D'
zpty -w z "source $SCRIPT"
zpty -w z 'compadd() { builtin compadd -O got "$@"; print -rl -- "match:"${^got} >> $OUT; builtin compadd "$@" }'
zpty -w z 'ask() { zle expand-or-complete; print asked >> $OUT }; zle -N ask; bindkey "^I" ask'
zpty -w z 'print begun >> $OUT'
for i in {1..200}; do grep -q begun $OUT 2>/dev/null && break; sleep 0.1; done
zpty -n -w z "$1"$'\t'
for i in {1..200}; do grep -q asked $OUT && break; sleep 0.1; done
zpty -d z
"""


def script(shell):
    done = subprocess.run([binary(), "completion", shell], capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise AssertionError("weir completion %s: %s" % (shell, done.stderr))
    return done.stdout


def commands():
    with open(os.path.join(ROOT, "cli", "commands.def")) as file:
        return re.findall(r"^COMMAND\((\w+),", file.read(), re.MULTILINE)


class Shell(unittest.TestCase):
    shell = None

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.shell):
            raise unittest.SkipTest("there is no %s here" % cls.shell)
        cls.folder = tempfile.mkdtemp(prefix="weir-completion-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.script = os.path.join(cls.folder, "script")
        with open(cls.script, "w") as file:
            file.write(script(cls.shell))
        for name in ("one.yaml", "two words.yaml"):
            with open(os.path.join(cls.folder, name), "w"):
                pass

    def environment(self, **more):
        return {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "XDG_CONFIG_HOME": self.folder,
            "XDG_DATA_HOME": self.folder,
            "SCRIPT": self.script,
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            **more,
        }

    def run_shell(self, *argv, **more):
        done = subprocess.run(
            argv,
            env=self.environment(**more),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SHELL_S,
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        return done.stdout

    def test_is_a_script_of_that_shell(self):
        self.run_shell(self.shell, "-n", self.script)


class Bash(Shell):
    shell = "bash"

    def offers(self, *words):
        out = self.run_shell("bash", "--norc", "-c", BASH_ASK, "ask", "weir", *words)
        return [line for line in out.splitlines() if line]

    def test_offers_every_command(self):
        self.assertEqual(self.offers(""), commands() + ["--help", "--version"])
        self.assertEqual(self.offers("ru"), ["run", "rules"])

    def test_offers_the_options_of_the_command_only(self):
        self.assertIn("--listen", self.offers("run", "--"))
        self.assertNotIn("--listen", self.offers("check", "--"))
        self.assertEqual(self.offers("run", "--li"), ["--listen"])
        self.assertEqual(self.offers("nonsense", "--"), [])

    def test_offers_the_words_of_an_argument(self):
        self.assertEqual(self.offers("run", "--console", ""), ["pretty", "off"])
        self.assertEqual(self.offers("run", "--console", "=", "o"), ["off"])
        self.assertEqual(self.offers("run", "--console", "="), ["pretty", "off"])
        self.assertEqual(self.offers("run", "--listen", ""), [])

    def test_offers_files_with_spaces_whole(self):
        self.assertEqual(
            sorted(self.offers("run", "-c", "")), ["one.yaml", "script", "two words.yaml"]
        )
        self.assertEqual(self.offers("check", "two"), ["two words.yaml"])

    def test_offers_subcommands_in_their_place_only(self):
        self.assertEqual(self.offers("ca", ""), ["show", "export"])
        self.assertEqual(self.offers("ca", "show", ""), [])
        self.assertEqual(self.offers("rules", "-c", "one.yaml", ""), ["list", "on", "off", "test"])
        self.assertEqual(self.offers("help", "exe"), ["exec"])

    def test_leaves_the_rest_to_the_program_of_exec(self):
        self.assertIn("bash", self.offers("exec", "bas"))
        self.assertIn("bash", self.offers("exec", "--", "bas"))
        self.assertEqual(self.offers("exec", "--", "cat", "two"), ["two words.yaml"])
        self.assertEqual(self.offers("exec", "cat", "--li"), [])
        self.assertEqual(self.offers("exec", "cat", "--color", ""), self.offers("exec", "cat", ""))


class Fish(Shell):
    shell = "fish"

    def offers(self, line):
        ask = "source $SCRIPT; complete -C $argv[1]"
        out = self.run_shell("fish", "--no-config", "-c", ask, line)
        return [row.split("\t")[0] for row in out.splitlines()]

    def test_offers_every_command(self):
        self.assertEqual(sorted(self.offers("weir ")), sorted(commands()))
        self.assertEqual(sorted(self.offers("weir ru")), ["rules", "run"])

    def test_offers_the_options_of_the_command_only(self):
        self.assertEqual(self.offers("weir run --lis"), ["--listen"])
        self.assertEqual(self.offers("weir check --lis"), [])

    def test_offers_words_files_and_subcommands(self):
        self.assertEqual(sorted(self.offers("weir run --console ")), ["off", "pretty"])
        self.assertIn("one.yaml", self.offers("weir run -c "))
        self.assertEqual(sorted(self.offers("weir ca ")), ["export", "show"])
        self.assertEqual(self.offers("weir ca show "), [])
        self.assertEqual(sorted(self.offers("weir rules -c x on")), ["on"])
        self.assertIn("exec", self.offers("weir help ex"))


class Zsh(Shell):
    shell = "zsh"

    def offers(self, line):
        out = os.path.join(self.folder, "out")
        with open(out, "w"):
            pass
        self.run_shell("zsh", "-f", "-c", ZSH_ASK, "ask", line, OUT=out)
        with open(out) as file:
            return {row[6:] for row in file.read().splitlines() if row.startswith("match:")}

    def test_offers_every_command(self):
        self.assertLessEqual(set(commands()), self.offers("weir "))

    def test_offers_options_words_and_subcommands(self):
        self.assertLessEqual({"--listen"}, self.offers("weir run --l"))
        self.assertNotIn("--listen", self.offers("weir check --l"))
        self.assertLessEqual({"show", "export"}, self.offers("weir ca "))
        self.assertLessEqual({"pretty", "off"}, self.offers("weir run --console "))


class Command(unittest.TestCase):
    def test_asks_for_a_shell_that_it_knows(self):
        for args in ([], ["csh"], ["bash", "zsh"]):
            done = subprocess.run([binary(), "completion", *args], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("bash, zsh or fish", done.stderr)


del Shell  # only its children are tests

if __name__ == "__main__":
    unittest.main()
