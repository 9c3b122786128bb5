"""`weir export --rules`: a recording answers by itself, as the origin did."""

import gzip
import os
import unittest

from weirtest import Ground, Weir, curl, curl_status, eventually, field_values

PNG = bytes(range(256)) * 40
PAGES = {
    "/": (200, b"<h1>it's a page: # &amp;</h1>\n", [("Content-Type", "text/html; charset=utf-8")]),
    "/json": (200, b'{"a": [1, null], "b": "$(x) $json(y)"}', [("Content-Type", "application/json")]),
    "/lines": (200, b"one\n\n  two\t\nthree", [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")]),
    "/logo.png": (200, PNG, [("Content-Type", "image/png"), ("ETag", '"v1"')]),
    "/untyped": (200, b"no type", []),
    "/empty": (204, b"", [("X-Odd", "~ yes: # 'q' \"d\"")]),
    "/gone": (404, b"", []),
    "/moved": (302, b"", [("Location", "http://origin.test/")]),
    "/nowhere": (301, b"", []),
    "/login": (401, b"who?", []),
    "/odd/*/<x>?q=*": (200, b"odd", []),
    "/q": (200, b"none", []),
    "/q?a=1": (200, b"a", []),
    "/q?a=1&b=2": (200, b"a and b", []),
    "/long": (200, "zeile ü\n".encode() * 1000, [("Content-Type", "text/plain")]),
    "/cors": (200, b"x", [("Access-Control-Allow-Origin", "https://a.test")]),
}


class ExportRules(Ground):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.turns = 0
        cls.origin.default = cls.answer
        for target in PAGES:
            assert curl(cls.weir, "http://origin.test" + target, "-g").code == 0
        for _ in range(3):
            curl(cls.weir, "http://origin.test/turns")
        curl(cls.weir, "http://origin.test/gzip")
        curl(cls.weir, "http://origin.test/", "--head")
        curl(cls.weir, "https://origin.test/tls", "-d", "x")
        curl(cls.weir, "http://origin.test/me?token=S3cr3t")
        count = len(PAGES) + 7
        eventually(lambda: len(cls.weir.cli("replay", "http", "--dry-run")[1].splitlines()) == count)
        cls.path = cls.weir.path("rec.yaml")
        cls.done = cls.weir.cli("export", "--rules", "-o", cls.path)
        assert cls.done[0] == 0, cls.done
        cls.offline = cls.enterClassContext(Offline(cls.path))

    def setUp(self):
        pass  # the origin answers no longer

    @classmethod
    def answer(cls, wire, request):
        if request.target == "/turns":
            cls.turns += 1
            return wire.reply(503 if cls.turns == 1 else 200, b"turn %d" % min(cls.turns, 2))
        if request.target == "/gzip":
            return wire.reply(200, gzip.compress(b"packed" * 99), [("Content-Encoding", "gzip")])
        if request.target.startswith("/me"):
            return wire.reply(200, b'{"password": "S3cr3t"}', [("Set-Cookie", "id=S3cr3t; Path=/")])
        status, body, headers = PAGES[request.target]
        return wire.reply(status, b"" if request.method == "HEAD" else body, headers)

    def get(self, target, *args):
        done = curl(self.offline, "http://origin.test" + target, "-g", "-i", *args)
        self.assertEqual(done.code, 0, done.err)
        head, _, body = done.out.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        pairs = [(k, v.strip()) for k, _, v in (line.partition(":") for line in lines[1:])]
        return int(lines[0].split(" ")[1]), pairs, body

    def test_passes_the_check(self):
        code, out, err = self.weir.cli("check", self.path)
        self.assertEqual(code, 0, out + err)

    def test_answers_as_the_origin_did(self):
        for target, (status, body, headers) in PAGES.items():
            with self.subTest(target):
                got = self.get(target, "-H", "Origin: https://a.test")
                self.assertEqual((got[0], got[2]), (status, body))
                mine = [(k, v) for k, v in got[1] if k.lower() not in ("content-length", "connection")]
                self.assertEqual(mine, headers)

    def test_answers_in_turn(self):
        got = [(s, b) for s, _, b in (self.get("/turns") for _ in range(4))]
        self.assertEqual(got, [(503, b"turn 1")] + [(200, b"turn 2")] * 3)

    def test_undoes_codings(self):
        status, headers, body = self.get("/gzip")
        self.assertEqual((status, body), (200, b"packed" * 99))
        self.assertEqual(field_values(headers, "content-encoding"), [])

    def test_knows_methods_and_schemes_apart(self):
        self.assertEqual(curl_status(self.offline, "http://origin.test/tls")[0], 502)
        done = curl_status(self.offline, "https://origin.test/tls", "-d", "x")
        self.assertEqual(done, (200, b"POST /tls"))

    def test_takes_secrets_out_and_still_answers_them(self):
        with open(self.path) as file:
            self.assertNotIn("S3cr3t", file.read())
        status, headers, body = self.get("/me?token=anything")
        self.assertEqual(status, 200)
        self.assertIn(b"REDACTED", body)
        self.assertIn("secrets are replaced", self.done[2])

    def test_large_and_binary_bodies_are_files(self):
        names = os.listdir(self.weir.path("rec-bodies"))
        self.assertIn("png", {name.rpartition(".")[2] for name in names})
        with open(self.path) as file:
            self.assertIn("file: rec-bodies/", file.read())

    def test_whole_secrets_when_told(self):
        path = self.weir.path("whole.yaml")
        code, _, err = self.weir.cli("export", "--rules", "/me", "-o", path, "--redact", "none",
                                     "--bodies", self.weir.path("b"))
        self.assertEqual(code, 0, err)
        with open(path) as file:
            self.assertIn("id=S3cr3t", file.read())

    def test_says_when_nothing_fits(self):
        code, _, err = self.weir.cli("export", "--rules", "host:none.test")
        self.assertEqual(code, 1, err)
        self.assertIn("no recorded flow fits", err)


class Offline(Weir):
    """A weir with another one's rules; it is told of no origin."""

    def __init__(self, path):
        super().__init__()
        self.yaml_path = path


if __name__ == "__main__":
    unittest.main()
