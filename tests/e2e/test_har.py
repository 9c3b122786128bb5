"""HARs that weir writes while it runs, `weir export` and `weir import`."""

import base64
import glob
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import warnings

import jsonschema

from devtools import Chromium
from rig import tmpfs
from weirtest import (
    Origin,
    TestPki,
    TlsOrigin,
    Weir,
    eventually,
    upstream_map,
)

SCHEMAS = "/usr/share/nodejs/har-schema/lib"  # the published ones, of Debian's node-har-schema
SECRET = "S3cr3tS3cr3t"
PNG = b"\x89PNG\r\n\x1a\n\x00\xff\xfe"
KILLS = int(os.environ.get("WEIR_HAR_KILLS", "6"))


def schema_errors(har):
    """What the published JSON Schema has against it."""
    schemas = {}
    for path in glob.glob(SCHEMAS + "/*.json"):
        with open(path) as file:
            schema = json.load(file)
        schemas[schema["$id"]] = schemas[schema["$id"].rstrip("#")] = schema
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its successor is not in Debian 12
        resolver = jsonschema.RefResolver("", schemas["har.json#"], store=schemas)
    validator = jsonschema.Draft6Validator(
        schemas["har.json#"], resolver=resolver, format_checker=jsonschema.FormatChecker()
    )
    return [
        "%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:200])
        for e in validator.iter_errors(har)
    ]


def har_of(path):
    with open(path, "rb") as file:
        return json.loads(file.read())


def entries(path):
    return har_of(path)["log"]["entries"]


def gzipped(wire, _):
    body = gzip.compress(b"the quick brown fox " * 50)
    wire.reply(200, body, [("Content-Encoding", "gzip"), ("Content-Type", "text/plain")])


def cookies(wire, _):
    wire.reply(
        302,
        b"",
        [
            ("Set-Cookie", "id=%s; Path=/; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT" % SECRET),
            ("Set-Cookie", "b=2; Secure; Max-Age=60"),
            ("Location", "/next?access_token=" + SECRET),
        ],
    )


def picture(wire, _):
    wire.reply(200, PNG, [("Content-Type", "image/png")])


def chunked(wire, _):
    wire.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"
        b"Content-Type: application/json\r\n\r\n"
    )
    wire.chunk(b'{"password": "%s"}' % SECRET.encode())
    wire.end_chunks([("X-Sum", "1")])


def not_modified(wire, _):
    wire.reply(304, b"", [("ETag", '"1"')], length=False)


def reset(wire, _):
    wire.reset()


ROUTES = {
    "/gzip": gzipped,
    "/cookies": cookies,
    "/png": picture,
    "/chunked": chunked,
    "/304": not_modified,
    "/reset": reset,
}
RULES = """
tls: { passthrough: [raw.test], upstream_ca: '%s' }
rules:
  - { name: made up, match: GET origin.test/made, then: { respond: { status: 500, text: oops } } }
  - { name: slow, match: GET origin.test/slow, then: [delay: 30ms] }
  - { name: changed, match: GET origin.test/changed, then: [set: { response.header.x-new: 1 }] }
"""


class Har(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pki = TestPki(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.origin = cls.enterClassContext(Origin(ROUTES))
        context = cls.pki.leaf("origin.test").server_context()
        cls.secure = cls.enterClassContext(TlsOrigin(context, ROUTES))

    def weir(self, har="t.har", args=()):
        yaml = upstream_map(
            {
                "origin.test:80": self.origin.port,
                "origin.test:443": self.secure.port,
                "raw.test:443": self.secure.port,
            }
        )
        weir = Weir(yaml + RULES % self.pki.ca, args)
        weir.har = weir.path(har)
        weir.args += ["--har", weir.har, "--store", weir.path("t.db")]
        return weir

    def curl(self, weir, *args):
        return subprocess.run(
            ["curl", "-sS", "--noproxy", "", "-x", weir.url, "--cacert", weir.ca, *args],
            env=weir.env,
            capture_output=True,
            timeout=60,
        )

    def again(self, weir):
        """Starts one that has ended."""
        weir.process.stderr.close()
        weir.stderr.clear()
        weir.start()

    def many_kinds(self, weir):
        base, tls = "http://origin.test", "https://origin.test"
        self.curl(weir, base + "/a?q=c%20d&token=" + SECRET, tls + "/b", tls + "/c")
        self.curl(weir, base + "/gzip", base + "/cookies", base + "/png", base + "/chunked")
        self.curl(weir, base + "/304", "-I", base + "/head")
        self.curl(weir, "-d", "user=joe&password=" + SECRET, "-b", "sid=" + SECRET, tls + "/form")
        self.curl(weir, "--data-binary", "@" + weir.ca, "-H", "Content-Type: image/x", base + "/up")
        with open(weir.path("binary"), "wb") as file:
            file.write(PNG)
        self.curl(weir, "--data-binary", "@" + weir.path("binary"), base + "/binary")
        self.curl(weir, base + "/reset", base + "/made", base + "/slow", base + "/changed")
        self.curl(weir, "-H", "Authorization: Bearer " + SECRET, "http://no-such-name.invalid/")
        self.curl(weir, "-k", "https://raw.test/in-a-tunnel")
        return 18

    def run_of_many_kinds(self):
        weir = self.enterContext(self.weir())
        count = self.many_kinds(weir)
        weir.flows(count)
        weir.stop()
        return weir, count

    def find(self, found, end):
        return next(e for e in found if e["request"]["url"].endswith(end))

    def test_is_what_the_published_schema_wants(self):
        if not os.path.exists(SCHEMAS):
            self.skipTest("node-har-schema is not installed")
        weir, count = self.run_of_many_kinds()
        self.assertEqual(schema_errors(har_of(weir.har)), [])
        self.assertEqual(len(entries(weir.har)), count)
        broken = har_of(weir.har)
        del broken["log"]["entries"][0]["request"]["url"]
        self.assertEqual(len(schema_errors(broken)), 1)  # the schema does look

    def test_opens_in_the_devtools_of_chromium(self):
        if not any(shutil.which(n) for n in ("chromium", "chromium-browser", "google-chrome")):
            self.skipTest("there is no Chromium")
        weir, count = self.run_of_many_kinds()
        with open(weir.har) as file, Chromium() as browser:
            shown = browser.open_har(file.read())
        if shown is None:
            self.skipTest("this Chromium has no front end of DevTools")
        self.assertEqual(len(shown), count)
        by = {one["url"].split("origin.test", 1)[-1]: one for one in shown}
        self.assertEqual(by["/gzip"]["content"], "the quick brown fox " * 50)
        self.assertEqual((by["/gzip"]["status"], by["/gzip"]["mime"]), (200, "text/plain"))
        self.assertEqual(base64.b64decode(by["/png"]["content"]), PNG)
        self.assertEqual([name for name, _ in by["/cookies"]["cookies"]], ["id", "b"])
        self.assertEqual(by["/form"]["method"], "POST")
        self.assertTrue(by["/form"]["post"].startswith("user=joe&password="))
        self.assertTrue(by["/b"]["remote"].startswith("127.0.0.1:"))
        self.assertEqual((by["/b"]["connect"], by["/c"]["connect"]), (True, False))
        self.assertGreaterEqual(by["/slow"]["seconds"], 0.03)
        self.assertEqual(by["/reset"]["status"], 502)
        self.assertEqual(by["/made"]["content"], "oops")

    def test_tells_of_every_kind_of_exchange(self):
        weir, _ = self.run_of_many_kinds()
        found = entries(weir.har)
        first = self.find(found, "/b")
        self.assertEqual(first["serverIPAddress"], "127.0.0.1")
        self.assertGreater(first["timings"]["ssl"], 0)
        self.assertGreaterEqual(first["timings"]["connect"], first["timings"]["ssl"])
        again = self.find(found, "/c")
        self.assertEqual((again["timings"]["connect"], again["timings"]["ssl"]), (-1, -1))
        self.assertEqual(first["connection"], again["connection"])
        for entry in found:
            total = sum(v for k, v in entry["timings"].items() if k != "ssl" and v > 0)
            self.assertAlmostEqual(entry["time"], total, places=3)
        content = self.find(found, "/gzip")["response"]
        self.assertEqual(content["content"]["text"], "the quick brown fox " * 50)
        self.assertEqual(content["content"]["size"], 1000)
        self.assertEqual(content["content"]["compression"], 1000 - content["bodySize"])
        self.assertEqual(self.find(found, "/png")["response"]["content"]["encoding"], "base64")
        set_cookies = self.find(found, "/cookies")["response"]["cookies"]
        self.assertEqual(set_cookies[0]["expires"], "2026-10-21T07:28:00.000000Z")
        self.assertEqual([c["httpOnly"] for c in set_cookies], [True, False])
        self.assertEqual([c["secure"] for c in set_cookies], [False, True])
        trailers = self.find(found, "/chunked")["response"]["_trailers"]
        self.assertEqual(trailers, [{"name": "X-Sum", "value": "1"}])
        self.assertEqual(self.find(found, "/304")["response"]["bodySize"], 0)
        self.assertEqual(self.find(found, "/binary")["request"]["postData"]["text"], "")
        self.assertTrue(self.find(found, "/binary")["request"]["postData"]["_text64"])
        self.assertTrue(self.find(found, "/made")["_weir"]["injected"])
        self.assertGreaterEqual(self.find(found, "/slow")["timings"]["blocked"], 30)
        self.assertIn(["x-new", "1"], [
            [name.lower(), value]
            for name, value in self.find(found, "/changed")["_weir"]["response"]["headers_sent"]
        ])
        self.assertEqual(self.find(found, "raw.test:443")["_weir"]["kind"], "tunnel")
        self.assertTrue(self.find(found, "/reset")["response"]["_error"])

    def test_has_no_secret_unless_asked_for(self):
        weir, _ = self.run_of_many_kinds()
        with open(weir.har) as file:
            self.assertNotIn(SECRET, file.read())
        for form in ("har", "jsonl"):
            code, out, err = weir.cli("export", "--store", weir.path("t.db"), "--format", form)
            self.assertEqual(code, 0, err)
            self.assertNotIn(SECRET, out)
            code, out, err = weir.cli(
                "export", "--store", weir.path("t.db"), "--format", form, "--redact", "none"
            )
            self.assertEqual(code, 0, err)
            self.assertGreater(out.count(SECRET), 5)

    def test_is_the_same_exported_after_an_import(self):
        weir, count = self.run_of_many_kinds()
        for form in ("har", "jsonl"):
            for redact in ("default", "none"):
                first, second = weir.path("1." + form), weir.path("2." + form)
                store = weir.path("%s-%s.db" % (form, redact))
                options = ["--format", form, "--redact", redact]
                done = weir.cli("export", "--store", weir.path("t.db"), *options, "-o", first)
                self.assertEqual(done[0], 0, done[2])
                code, out, err = weir.cli("import", "--store", store, "--json", first)
                self.assertEqual(code, 0, err)
                self.assertEqual(json.loads(out)["imported"], count)
                done = weir.cli("export", "--store", store, *options, "-o", second)
                self.assertEqual(done[0], 0, done[2])
                with open(first) as a, open(second) as b:
                    self.assertEqual(a.read(), b.read())
                code, out, _ = weir.cli("import", "--store", store, "--json", first)
                self.assertEqual(json.loads(out)["there_already"], count)

    def test_goes_on_with_a_file_and_begins_one_after_sighup(self):
        with self.weir() as weir:
            self.curl(weir, "http://origin.test/1")
            weir.flows(1)
            eventually(lambda: len(entries(weir.har)) == 1)
            os.rename(weir.har, weir.har + ".old")
            weir.reload()
            eventually(lambda: os.path.exists(weir.har))
            self.curl(weir, "http://origin.test/2")
            eventually(lambda: len(entries(weir.har)) == 1)
            self.assertEqual(len(entries(weir.har + ".old")), 1)
            weir.stop()
            self.again(weir)
            self.curl(weir, "http://origin.test/3")
            eventually(lambda: len(entries(weir.har)) == 2)

    def test_refuses_a_file_that_is_something_else(self):
        weir = self.weir()
        with open(weir.har, "w") as file:
            file.write("precious\n")
        code, _, err = weir.cli("run", "--listen", "127.0.0.1:0", "--har", weir.har)
        self.assertEqual(code, 1)
        self.assertIn("is no HAR of weir's", err)
        with open(weir.har) as file:
            self.assertEqual(file.read(), "precious\n")

    def test_survives_being_killed_at_any_moment(self):
        weir = self.weir()
        self.addCleanup(lambda: weir.__exit__(None, None, None))
        seen = 0
        weir.start()
        for _ in range(KILLS):
            stop = threading.Event()

            def load():
                while not stop.is_set():
                    self.curl(weir, *["http://origin.test/%d" % n for n in range(50)])

            loader = threading.Thread(target=load)
            loader.start()
            eventually(lambda: os.path.getsize(weir.har) > 1000)
            time.sleep(random.random() / 2)
            weir.process.send_signal(signal.SIGKILL)
            weir.wait()
            stop.set()
            loader.join()
            self.again(weir)  # this mends it, if there is anything to mend
            now = len(entries(weir.har))
            self.assertGreaterEqual(now, seen)
            seen = now
        self.assertGreater(seen, KILLS)

    def test_stays_whole_on_a_full_disk(self):
        weir = self.weir(har="small/t.har")
        os.mkdir(weir.path("small"))
        with tmpfs(weir.path("small"), 256 * 1024) as small:
            if not small:
                self.skipTest("mounting is not allowed here")
            with weir:
                filler = weir.path("small", "filler")
                for n in range(400):
                    self.curl(weir, "http://origin.test/%d" % n) if n % 20 == 0 else None
                    if n == 100:
                        with open(filler, "wb") as file:
                            try:
                                file.write(b"x" * 10**6)
                            except OSError:
                                pass
                    if n == 300:
                        os.unlink(filler)
                    if n % 20 == 0:
                        har_of(weir.har)
                weir.flows(20)
                weir.stop()
                log = har_of(weir.har)["log"]
                lost = log["_weir"]["lost"]["flows"]
                self.assertGreater(lost, 0)
                self.assertEqual(len(log["entries"]) + lost, 20)

    def test_imports_what_others_write_and_names_what_is_bad(self):
        weir = self.weir()
        har = {
            "log": {
                "version": "1.2",
                "creator": {"name": "somebody", "version": "1"},
                "entries": [
                    {"request": {"method": "GET", "url": "http://a.test/1"}},
                    {"request": {"method": "GET"}},
                    {"request": {"method": "GET", "url": "data:text/plain,x"}},
                    {"request": {"method": "GET", "url": "http://a.test/1"}},
                ],
            }
        }
        with open(weir.path("other.har"), "w") as file:
            json.dump(har, file, indent=2)
        store = ["--store", weir.path("i.db")]
        code, _, err = weir.cli("import", *store, weir.path("other.har"))
        self.assertEqual(code, 1)
        self.assertIn("other.har:2: there is no method or no url", err)
        self.assertIn("imported 2 flows, 1 records are not of HTTP, 1 could not be read", err)
        code, _, err = weir.cli("import", *store, weir.path("other.har"))
        self.assertIn("imported 0 flows, 2 were there already", err)
        code, out, _ = weir.cli("export", *store, "--format", "jsonl", "/1")
        self.assertEqual([json.loads(line)["url"] for line in out.splitlines()], ["http://a.test/1"] * 2)
        code, _, err = weir.cli("import", *store, weir.path("none.har"), weir.path("other.har"))
        self.assertEqual(code, 1)
        self.assertIn("cannot read", err)
        self.assertEqual(weir.cli("import")[0], 2)

    def test_does_not_import_into_a_store_in_use(self):
        with self.weir() as weir:
            with open(weir.path("e.har"), "w") as file:
                file.write('{"log":{"entries":[]}}')
            code, _, err = weir.cli("import", "--store", weir.path("t.db"), weir.path("e.har"))
            self.assertEqual(code, 1)
            self.assertIn("weir stop", err)

    def test_exports_what_a_filter_takes_to_a_pipe(self):
        with self.weir() as weir:
            self.curl(weir, "http://origin.test/made", "http://origin.test/a")
            weir.flows(2)
            store = ["--store", weir.path("t.db")]

            def exported():
                out = weir.cli("export", *store, "status:5xx")[1]
                return [e["request"]["url"] for e in json.loads(out)["log"]["entries"]]

            eventually(lambda: exported() == ["http://origin.test/made"])
            self.assertEqual(weir.cli("export", *store, "statu:5xx")[0], 2)
            self.assertEqual(weir.cli("export", *store, "--format", "xml")[0], 2)
            self.assertEqual(weir.cli("export", *store, "--json")[0], 2)
            path = weir.path("out.har")
            code, out, _ = weir.cli("export", *store, "--json", "-o", path)
            self.assertEqual(json.loads(out)["flows"], 2)
            self.assertEqual(json.loads(out)["bytes"], os.path.getsize(path))


if __name__ == "__main__":
    unittest.main()
