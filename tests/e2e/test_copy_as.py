"""Copied requests, run by real shells and programs: what arrives is what was recorded, and
nothing of a hostile request acts in the shell."""

import os
import shutil
import subprocess
import unittest

from weirtest import Origin, Raw, Weir, eventually, run

SHELLS = {
    "dash": ["dash"],
    "bash": ["bash", "--norc"],
    "bash with history": ["bash", "--norc", "-i"],  # where ! means something
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
TRAP = "$(touch trapped)`touch trapped`;touch trapped;'$(touch trapped)'\"$(touch trapped)\""
BINARY = bytes(range(256)) + b"\n\n"
# name: (method, target, header lines, body)
REQUESTS = {
    "plain": ("GET", b"/a?b=c&d=%20", [b"User-Agent: t/1", b"Accept: */*"], b""),
    "bare": ("GET", b"/", [], b""),
    "quotes": ("POST", b"/'q'%22", [b"X-A: it's \"quoted\" \\' \\\\"], b"it's \"q\" '' \\ \\\\ \\' '\\"),
    "trap": ("POST", b"/", [b"X-A: " + TRAP.encode()], TRAP.encode()),
    "history": ("POST", b"/!x!!", [b"X-A: !! !x"], b"!ls !! !$"),
    "lines": ("POST", b"/", [b"Content-Type: text/plain"], b"one\ntwo\n\n  three\n"),
    "carriage returns": ("POST", b"/", [b"Content-Type: text/plain"], b"a\r\nb\tc\r\n"),
    "percent": ("POST", b"/%25%0A?%s%d", [b"X-A: %s%n\\n\\047"], b"100% %s %n \\n \\047"),
    "leading @": ("POST", b"/", [b"X-A: @/etc/passwd"], b"@/etc/passwd"),
    "leading -": ("POST", b"/", [b"X-A: -o x"], b"-d @/etc/passwd"),
    "globs": ("GET", b"/*?[a]{b,c}~", [b"X-A: * ? [a-z] {a,b} ~root #x"], b""),
    "binary": ("PUT", b"/", [b"Content-Type: application/octet-stream"], BINARY),
    "not UTF-8": ("GET", b"/", [b"X-A: \xff\xe4 \xc3\xa4"], b""),
    "non-ASCII URL": ("GET", b"/%C3%A4/%e2%82%ac?%c3%b6", [], b""),
    "hidden": ("POST", b"/", [b"X-A: a\xe2\x80\xaeb\tc"], "a\u202eb\u200bc".encode()),
    "dots": ("GET", b"/a/../b/./c", [], b""),
    "empty header": ("GET", b"/", [b"X-A:", b"X-B: 1", b"X-B: 2"], b""),
    "no body": ("POST", b"/", [b"Content-Length: 0"], b""),
    "other method": ("PROPFIND", b"/", [b"Depth: 1"], b"<a/>"),
    "head": ("HEAD", b"/", [], b""),
    "get with body": ("GET", b"/", [b"Content-Type: text/plain"], b"abc"),
    "coded": ("GET", b"/", [b"Accept-Encoding: gzip, br", b"Cookie: a=1; b=2"], b""),
    "long": ("POST", b"/", [b"Content-Type: text/plain"], b"0123456789abcde\n" * 12000),
}
# What belongs to one connection, or is compared otherwise.
APART = ("connection", "content-length", "host", "transfer-encoding")


def fields_of(request):
    return sorted((n.lower(), v) for n, v in request.headers if n.lower() not in APART)


class CopyAs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        cls.weir = cls.enterClassContext(Weir())
        cls.folder = cls.weir.path("work")
        os.mkdir(cls.folder)
        cls.recorded, cls.copies = {}, {}
        for number, (name, request) in enumerate(REQUESTS.items(), 1):
            cls.record(name, *request)
            eventually(lambda: len(cls.weir.ended_flows()) >= number)
        eventually(lambda: cls.stored() >= len(REQUESTS), "all flows in the store")

    @classmethod
    def record(cls, name, method, target, lines, body):
        host = b"127.0.0.1:%d" % cls.origin.port
        head = [method.encode() + b" http://" + host + target + b" HTTP/1.1", b"Host: " + host]
        if body:
            head.append(b"Content-Length: %d" % len(body))
        raw = Raw(cls.weir.port)
        raw.send(b"\r\n".join([*head, *lines]) + b"\r\n\r\n" + body)
        answer = raw.read_response(method)
        raw.drop()
        assert answer.status == 200, (name, answer)
        cls.recorded[name] = cls.origin.last

    @classmethod
    def stored(cls):
        done = cls.weir.cli("replay", "http", "--dry-run", "--json")
        return len(done[1].splitlines())

    def copy(self, name, form, *more):
        key = (name, form, more)
        if key not in self.copies:
            number = str(list(REQUESTS).index(name) + 1)
            code, out, err = self.weir.cli("replay", number, "--dry-run", "--copy-as", form,
                                           *(more or ("--redact", "none")))
            self.assertEqual(code, 0, err)
            self.copies[key] = out
        return self.copies[key]

    def run_script(self, command, script):
        """What arrived at the origin; nothing else may have happened."""
        self.origin.requests.clear()
        done = subprocess.run(command, input=script.encode(), capture_output=True, timeout=60,
                              cwd=self.folder, env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(set(os.listdir(self.folder)) - {"weir-body.tmp"}, set(), script)
        self.assertEqual(len(self.origin.requests), 1, (script[:2000], done))
        return self.origin.last

    def assert_same(self, name, got, fields=True, target=True):
        want = self.recorded[name]
        self.assertEqual(got.method, want.method)
        self.assertEqual(got.body, want.body)
        self.assertEqual(got.get("host"), want.get("host"))
        if target:
            self.assertEqual(got.target, want.target)
        if fields:
            self.assertEqual(fields_of(got), fields_of(want))

    def curl_in(self, shell, names=tuple(REQUESTS)):
        if not shutil.which(SHELLS[shell][0]):
            self.skipTest("there is no " + shell)
        for name in names:
            with self.subTest(name):
                got = self.run_script(SHELLS[shell], self.copy(name, "curl"))
                self.assert_same(name, got)

    def test_curl_by_dash(self):
        self.curl_in("dash")

    def test_curl_by_bash(self):
        self.curl_in("bash")

    def test_curl_by_bash_with_history(self):
        self.curl_in("bash with history", ("history", "trap", "quotes", "lines", "binary"))

    def test_curl_by_zsh(self):
        self.curl_in("zsh")

    def test_curl_by_fish(self):
        self.curl_in("fish")

    def test_wget(self):
        joined = {"empty header"}  # it joins lines of a name, and sends no empty ones
        tidied = {"non-ASCII URL", "dots", "quotes", "globs", "percent"}
        for name in REQUESTS:
            with self.subTest(name):
                got = self.run_script(["dash"], self.copy(name, "wget"))
                self.assert_same(name, got, fields=False, target=name not in tidied)
                for field in fields_of(self.recorded[name]):
                    if name not in joined:
                        self.assertIn(field, fields_of(got))

    def test_httpie(self):
        if not shutil.which("http"):
            self.skipTest("there is no HTTPie")
        self.assertIn("# HTTPie takes no header", self.copy("not UTF-8", "httpie"))
        for name in ("bare", "trap", "lines", "leading @", "leading -", "binary", "dots",
                     "empty header", "no body", "head", "long"):
            with self.subTest(name):
                got = self.run_script(["dash"], self.copy(name, "httpie"))
                self.assert_same(name, got, fields=False)
                for field in fields_of(self.recorded[name]):
                    self.assertIn(field, fields_of(got))

    def test_fetch_by_node(self):
        done = run("node", "-e", "fetch")
        if done.code != 0:
            self.skipTest("this Node has no fetch()")
        for name in REQUESTS:
            if name == "get with body":
                self.assertIn("fetch() sends no body", self.copy(name, "fetch"))
                continue
            with self.subTest(name):
                got = self.run_script(["node", "--input-type=module"], self.copy(name, "fetch"))
                odd = name in ("non-ASCII URL", "dots", "quotes", "globs")
                self.assert_same(name, got, fields=False, target=not odd)
                self.assert_joined(name, got)

    def test_python_with_requests(self):
        if run("/usr/bin/python3", "-c", "import requests").code != 0:
            self.skipTest("there is no requests")
        for name in REQUESTS:
            with self.subTest(name):
                got = self.run_script(["/usr/bin/python3", "-"], self.copy(name, "python"))
                odd = name in ("non-ASCII URL", "dots", "quotes", "globs", "percent")
                self.assert_same(name, got, fields=False, target=not odd)
                self.assert_joined(name, got)

    def assert_joined(self, name, got):
        """Lines of a name may have become one."""
        for field in {n for n, _ in fields_of(self.recorded[name])}:
            self.assertEqual(", ".join(got.all(field)),
                             ", ".join(self.recorded[name].all(field)), field)

    def test_raw_is_what_was_sent(self):
        for name in ("plain", "quotes", "lines", "globs", "empty header"):
            with self.subTest(name):
                self.origin.requests.clear()
                raw = Raw(self.origin.port)
                self.addCleanup(raw.drop)
                raw.send(self.copy(name, "raw").encode("utf-8"))
                raw.read_response(REQUESTS[name][0])
                self.assert_same(name, self.origin.last)

    def test_copies_are_redacted_by_default(self):
        self.assertNotIn("a=1", self.copy("coded", "curl", "--redact", "default"))
        self.assertIn("# Secrets are replaced", self.copy("coded", "curl", "--redact", "default"))

    def test_names_the_forms_there_are(self):
        code, _, err = self.weir.cli("replay", "1", "--dry-run", "--copy-as", "telnet")
        self.assertEqual(code, 2)
        self.assertIn("curl, httpie, wget, fetch, python or raw", err)


if __name__ == "__main__":
    unittest.main()
