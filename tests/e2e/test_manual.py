"""The manual and the cookbook, as their readers would try them: every example is loaded, and every
line of what one sees is played, over HTTP and over HTTPS."""

import contextlib
import os
import shutil
import tempfile
import unittest

from transcript import Player, hosts_of, read_document, read_transcript
from weirtest import ROOT, Ground, Origin, TestPki, TlsOrigin, Weir, upstream_map

PLAYED = ("README.md", "docs/rules.md", "docs/cookbook.md")
UNPLAYED = {  # name of an example's first rule: why no request can show it
    "nightly": "the time of day is not the test's to choose",
    "mark orders": "what is recorded is not what clients see: test_rule_language.Verbs",
}
EMPTY = "rules: []\n"


def put_files(folder, example):
    """What the example's rules read."""
    for step in read_transcript(example.lines or ""):
        if step[0] == "holds":
            path = os.path.join(folder, step[1])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(step[2])


class Examples(unittest.TestCase):
    def test_are_good_files(self):
        with Weir() as weir:
            for name in PLAYED:
                examples = read_document(ROOT, name)
                self.assertTrue(examples)
                for example in examples:
                    with self.subTest(name=name, heading=example.heading, example=example.name):
                        put_files(weir.folder, example)
                        with open(weir.path("example.yaml"), "w") as file:
                            file.write(example.yaml)
                        code, _, err = weir.cli("check", weir.path("example.yaml"))
                        self.assertEqual(code, 0, err)

    def test_each_shows_what_one_sees_or_says_why_not(self):
        silent = [e.name for name in PLAYED for e in read_document(ROOT, name) if not e.lines]
        self.assertEqual(sorted(silent), sorted(UNPLAYED))


class WrongLines(Ground):
    """A line that is not true fails."""

    yaml = """
rules:
  - { name: limit, match: origin.test/limit, then: { respond: { status: 429, retry_after: 30, text: later } } }
  - { name: shut,  match: origin.test/close, then: { abort: close } }
  - { name: mark,  match: origin.test,       then: { set: { request.header.x-env: test } } }
"""

    def test_are_told_from_true_ones(self):
        origins = {"origin.test:80": self.origin, "origin.test:443": self.secure}
        for scheme in ("http", "https"):
            for line, wrong in (
                ("GET origin.test/limit → %s", ("429 with later", "428", "429 with late", "closed",
                                                "429 origin", "429, no Retry-After", "hangs",
                                                "429, Retry-After: 3", "429, cut off",
                                                "429 Slow Down", "429, after 9s")),
                ("GET origin.test/close → %s", ("closed", "reset", "hangs", "200", "garbage")),
                ("GET origin.test/ → 200%s", (" origin", " with nothing", ", trailer X-A: 1")),
                ("GET origin.test/ → 200 origin\n  origin saw %s",
                 ("GET /, X-Env: test, no X-A", "PUT /", "X-Env: tes", "no X-Env", "nothing",
                  "GET / with a body")),
            ):
                for at, end in enumerate(wrong):
                    with self.subTest(scheme=scheme, line=line % end):
                        Player(self.Judge(self), self.weir, origins, scheme).play(
                            line % wrong[0])
                        if at:
                            with self.assertRaises(AssertionError):
                                Player(self.Judge(self), self.weir, origins, scheme).play(
                                    line % end)

    class Judge:
        """A test that fails at once, not at its end."""

        def __init__(self, test):
            self.addCleanup, self.assertTrue = test.addCleanup, test.assertTrue

        def subTest(self, **_):
            return contextlib.nullcontext()


class Document:
    """One weir for a document: its examples are loaded one after the other."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="weir-manual-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.examples = [e for e in read_document(ROOT, cls.document) if e.lines]
        hosts = sorted(hosts_of(cls.examples))
        pki = TestPki(folder)
        leaf = pki.leaf(*{host.rpartition(":")[0] for host in hosts})
        cls.origins = {}
        for host in hosts:
            origin = TlsOrigin(leaf.server_context()) if host.endswith("443") else Origin()
            cls.origins[host] = cls.enterClassContext(origin)
        cls.ground = upstream_map({host: origin.port for host, origin in cls.origins.items()})
        cls.ground += "tls: { upstream_ca: '%s' }\n" % pki.ca

    def load(self, weir, yaml):
        lines = len(weir.stderr)
        weir.reload(self.ground + yaml.removeprefix("version: 1\n"))
        self.assertIn("reloaded: ", weir.wait_stderr("reloaded: |error: |keep", start=lines))

    def play(self, scheme):
        with Weir(self.ground + EMPTY) as weir:
            for example in self.examples:
                with self.subTest(heading=example.heading, example=example.name, scheme=scheme):
                    put_files(weir.folder, example)
                    self.load(weir, example.yaml)
                    Player(self, weir, self.origins, scheme).play(example.lines)


class Readme(Document, unittest.TestCase):
    document = "README.md"

    def test_is_true_over_http(self):
        self.play("http")

    def test_is_true_over_https(self):
        self.play("https")


class Manual(Document, unittest.TestCase):
    document = "docs/rules.md"

    def test_is_true_over_http(self):
        self.play("http")

    def test_is_true_over_https(self):
        self.play("https")


class Cookbook(Document, unittest.TestCase):
    document = "docs/cookbook.md"

    def test_is_true_over_http(self):
        self.play("http")

    def test_is_true_over_https(self):
        self.play("https")


if __name__ == "__main__":
    unittest.main()
