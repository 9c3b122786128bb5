"""`weir export --format pcapng`, read by tshark: every exchange, and nothing it complains of."""

import os
import shutil
import unittest

from weirtest import Ground, curl, eventually, run

BODY = bytes(range(256)) * 1200
FIELDS = ("tcp.stream", "http.request.method", "http.host", "http.request.uri",
          "http.response.code", "http.file_data", "frame.comment")


@unittest.skipUnless(shutil.which("tshark"), "there is no tshark")
class Pcapng(Ground):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.origin.routes["/big"] = lambda wire, _: wire.reply(200, BODY)
        cls.origin.routes["/gone"] = lambda wire, _: wire.reply(404, b"none")
        cls.origin.routes["/chunks"] = cls.send_chunks
        for url in ("http://origin.test/a", "https://origin.test/tls?x=1", "http://origin.test/big",
                    "http://origin.test/gone", "http://origin.test/chunks"):
            cls.done = curl(cls.weir, url)
            assert cls.done.code == 0, cls.done
        curl(cls.weir, "http://origin.test/h", "--head")
        curl(cls.weir, "http://origin.test/post", "-d", "password=S3cr3t&a=b")
        curl(cls.weir, "http://origin.test/1", "http://origin.test/2")  # one connection
        cls.count = 9
        eventually(lambda: len(cls.weir.cli("replay", "http", "--dry-run")[1].splitlines()) == cls.count)
        cls.path = cls.weir.path("flows.pcapng")
        cls.keys = cls.weir.path("keys")
        with open(cls.keys, "w") as file:
            file.write("CLIENT_RANDOM %s %s\n" % ("01" * 32, "02" * 48))
        done = cls.weir.cli("export", "--format", "pcapng", "-o", cls.path, "--keylog", cls.keys)
        assert done[0] == 0, done

    def setUp(self):
        pass  # the routes stay

    @staticmethod
    def send_chunks(wire, _):
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        wire.chunk(b"abc")
        wire.end_chunks([("X-Sum", "3")])

    def tshark(self, *args):
        done = run("tshark", "-r", self.path, *args)
        self.assertEqual(done.code, 0, done.err)
        return done.out.decode()

    def rows(self, which):
        args = [a for f in FIELDS for a in ("-e", f)]
        out = self.tshark("-Y", which, "-T", "fields", "-E", "separator=|", *args)
        return [dict(zip(FIELDS, line.split("|"))) for line in out.splitlines()]

    def test_finds_every_request(self):
        rows = self.rows("http.request")
        seen = [(r["http.request.method"], r["http.host"], r["http.request.uri"]) for r in rows]
        self.assertEqual(sorted(seen), sorted(
            [("GET", "origin.test", uri) for uri in
             ("/a", "/tls?x=1", "/big", "/gone", "/chunks", "/1", "/2")]
            + [("HEAD", "origin.test", "/h"), ("POST", "origin.test", "/post")]))
        self.assertTrue(all(r["frame.comment"].startswith("flow 01") for r in rows))

    def test_finds_every_response(self):
        rows = self.rows("http.response")
        self.assertEqual(sorted(r["http.response.code"] for r in rows), ["200"] * 8 + ["404"])

    def test_has_whole_bodies(self):
        folder = self.weir.path("objects")
        self.tshark("--export-objects", "http," + folder)
        for name, body in (("big", BODY), ("gone", b"none"), ("chunks", b"abc")):
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(file.read(), body)

    def test_has_one_stream_for_a_connection(self):
        streams = {r["http.request.uri"]: r["tcp.stream"] for r in self.rows("http.request")}
        self.assertEqual(streams["/1"], streams["/2"])
        self.assertNotEqual(streams["/a"], streams["/tls?x=1"])

    def test_nothing_is_wrong_with_the_packets(self):
        found = "_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0"
        out = self.tshark("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-Y", found)
        self.assertEqual(out, "")

    def test_has_no_secret(self):
        with open(self.path, "rb") as file:
            self.assertNotIn(b"S3cr3t", file.read())

    def test_carries_the_key_log(self):
        with open(self.path, "rb") as file:
            self.assertIn(b"CLIENT_RANDOM 0101", file.read())


if __name__ == "__main__":
    unittest.main()
