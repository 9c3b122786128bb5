"""`weir log` and `weir show`: recorded flows, while weir runs and after it."""

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import time
import unittest

from weirtest import Origin, Weir, curl_status, eventually, upstream_map

RULES = """rules:
  - { name: stub, match: a.test/stub, then: { respond: { status: 418, text: '{"token": "hunter2", "n": 1e2}', headers: { content-type: application/json } } } }
  - { name: slow, match: a.test/slow, then: [delay: 40ms, tag: late] }
"""


TEXT = b"It was a dark and stormy night; the rain fell in torrents.\n" * 3
CODED = gzip.compress(TEXT)


def coded(wire, request):
    wire.reply(200, CODED, [("Content-Encoding", "gzip"), ("Content-Type", "text/plain")])


class Log(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin({"/gzip": coded}))
        self.weir = self.enterContext(
            Weir(upstream_map({"a.test": self.origin.port, "b.test": self.origin.port}) + RULES)
        )

    def get(self, path, *args, host="a.test"):
        return curl_status(self.weir, "http://%s%s" % (host, path), *args)

    def cli(self, *args, code=0):
        done = self.weir.cli(*args)
        self.assertEqual(done[0], code, done)
        return done[1]

    def cli_bytes(self, *args):
        done = subprocess.run(
            [self.weir.program, *args], env=self.weir.env, cwd=self.weir.folder, capture_output=True, timeout=60
        )
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def stored(self, count):
        """Waits until so many flows can be read."""

        def look():
            code, out, _ = self.weir.cli("log", "-n", "0", "--format", "jsonl")
            return code == 0 and len(out.splitlines()) >= count

        eventually(look, "flows in the store")

    def test_lists_flows_oldest_first_and_by_filter(self):
        for path in ("/one", "/two", "/stub", "/three"):
            self.get(path)
        self.get("/one", host="b.test")
        self.stored(5)
        rows = [line.split() for line in self.cli("log").splitlines()]
        self.assertEqual(rows[0][:7], ["#", "time", "method", "status", "host", "path", "type"])
        self.assertEqual([row[5] for row in rows[1:]], ["/one", "/two", "/stub", "/three", "/one"])
        self.assertEqual(rows[3][3], "418*")
        self.assertIn("stub", rows[3][-1])
        by_host = self.cli("log", "host:b.test", "--columns", "number,host,path").splitlines()
        self.assertEqual([line.split() for line in by_host[1:]], [["5", "b.test", "/one"]])
        last = self.cli("log", "-n", "2", "host:a.test", "--columns", "path").split()
        self.assertEqual(last, ["path", "/stub", "/three"])
        self.assertEqual(self.cli("log", "status:418", "body:hunter2", "--columns", "path").split(), ["path", "/stub"])
        self.assertEqual(self.cli("log", "no-such-path", code=4), "")

    def test_writes_json_and_takes_secrets_out(self):
        self.get("/stub?token=hunter2", "-H", "Authorization: Bearer hunter2")
        self.stored(1)
        flows = json.loads(self.cli("log", "--json"))
        self.assertEqual(len(flows), 1)
        self.assertEqual(flows[0]["status_code"], 418)
        for form in ("table", "json", "jsonl", "raw"):
            text = self.cli("log", "--format", form)
            self.assertNotIn("hunter2", text, form)
            self.assertIn("REDACTED:", text, form)
            self.assertIn("hunter2", self.cli("log", "--format", form, "--redact", "none"), form)

    def test_shows_one_flow_whole(self):
        self.get("/slow", "-d", "a=1&b=%C3%A4", "-H", "X-Mine: yes")
        self.get("/stub")
        self.stored(2)
        story = self.cli("show", "1")
        self.assertIn("> POST http://a.test/slow HTTP/1.1\n", story)
        self.assertIn("> X-Mine: yes\n", story)
        self.assertIn("  a = 1\n  b = ä\n", story)
        self.assertIn("< HTTP/1.1 200 OK\n", story)
        self.assertRegex(story, r"\* rule proxy.yaml:\d+ slow")
        self.assertIn("* tags late\n", story)
        self.assertIn("* POST (not safe, not idempotent): ", story)
        self.assertRegex(self.cli("show", "1", "--timing"), r"\* injected +4\d ms  \|#+ *\|\n")
        self.assertNotIn("< HTTP", self.cli("show", "1", "--request"))
        newest = self.cli("show", "@1", "--redact", "none")
        self.assertIn('    "n": 1e2\n', newest)
        self.assertEqual(newest, self.cli("show", "2", "--redact", "none"))
        record = json.loads(self.cli("show", "--json"))
        self.assertEqual(record["json"]["n"], 100)
        self.assertEqual((record["status_code"], record["ok"], record["json_error"]), (418, False, None))
        self.assertIn(record["id"], self.cli("show", record["id"][:20].lower()))
        self.assertEqual(self.weir.cli("show", "77")[0], 4)
        self.assertEqual(self.weir.cli("show", "nonsense")[0], 2)
        self.assertEqual(self.weir.cli("show", "1", "--raw", "--body")[0], 2)

    def test_gives_the_decoded_body_alone(self):
        self.get("/gzip")
        self.stored(1)
        self.assertEqual(self.cli_bytes("show", "--body"), TEXT)
        self.assertTrue(self.cli_bytes("show", "--raw", "--response").endswith(CODED))
        self.get("/slow", "-d", "just this")
        self.stored(2)
        self.assertEqual(self.cli_bytes("show", "--body", "--request"), b"just this")
        self.assertTrue(self.cli_bytes("show", "--raw", "--request").endswith(b"\r\n\r\njust this"))

    def test_follows_flows_as_they_come(self):
        self.get("/before")
        self.stored(1)
        out = open(self.weir.path("followed"), "wb")
        process = subprocess.Popen(
            [self.weir.program, "log", "-f", "--columns", "path", "-path:before"],
            env=self.weir.env, cwd=self.weir.folder, stdout=out, stderr=subprocess.PIPE,
        )
        out.close()

        def followed():
            with open(self.weir.path("followed")) as file:
                return file.read().split()

        try:
            time.sleep(0.3)
            self.get("/after")
            eventually(lambda: followed() == ["path", "/after"], "the first line")
            self.get("/later")
            eventually(lambda: followed() == ["path", "/after", "/later"], "the second line")
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(15), 0)
        finally:
            process.kill()
            process.stderr.close()
            process.wait()

    def test_ends_following_when_nobody_reads(self):
        self.get("/one")
        self.stored(1)
        process = subprocess.Popen(
            [self.weir.program, "log", "-f"], env=self.weir.env, cwd=self.weir.folder, stdout=subprocess.PIPE
        )
        self.assertIn(b"time", process.stdout.readline())
        process.stdout.close()
        try:
            process.wait(15)
        finally:
            process.kill()
            process.wait()

    def test_reads_the_store_when_weir_is_gone(self):
        self.get("/one")
        self.stored(1)
        self.weir.stop()
        self.assertIn("/one", self.cli("log"))
        self.assertIn("> GET http://a.test/one HTTP/1.1", self.cli("show", "1"))
        store = os.path.join(self.weir.env["XDG_STATE_HOME"], "weir", "flows.db")
        self.assertIn("/one", self.cli("log", "--store", store))

    def test_indexes_text_when_there_is_nothing_else_to_do(self):
        for number in range(20):
            self.get("/number/%d" % number, "-d", "it is the %d. basket" % number)
        self.stored(20)
        store = os.path.join(self.weir.env["XDG_STATE_HOME"], "weir", "flows.db")

        def indexed():
            with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % store, uri=True)) as db:
                return db.execute("SELECT value FROM meta WHERE key = 'fts_upto'").fetchone() == (20,)

        eventually(indexed, "the index of all flows")
        found = self.cli("log", "request-body:'13. BASKET'".replace("'", '"'), "--columns", "path")
        self.assertEqual(found.split(), ["path", "/number/13"])

    def test_says_what_is_wrong(self):
        self.assertIn("^^^^^^", self.weir.cli("log", "stauts:500")[2])
        self.assertEqual(self.weir.cli("log", "stauts:500")[0], 2)
        missing = self.weir.cli("log", "--store", "/nonexistent/flows.db")
        self.assertEqual(missing[0], 1)
        self.assertIn("there is no such store of flows", missing[2])
        self.assertEqual(self.weir.cli("log", "--store", self.weir.yaml_path)[0], 1)
        self.assertIn("did you mean 'status'", self.weir.cli("log", "--columns", "stauts")[2])


if __name__ == "__main__":
    unittest.main()
