"""Rules that look into contents and change them, and rules that see responses, over HTTP and
over HTTPS."""

import gzip
import json
import os
import time
import unittest

from weirtest import Ground, curl

BODY = "Content-Length: %d\r\n\r\n%s"


class Contents(Ground):
    yaml = """
rules:
  - { name: sku, match: { url: POST /orders, body: ~sku }, then: 404 }
  - { name: exact, match: { url: POST /exact, body: 'a b' }, then: 404 }
  - { name: json, match: { url: POST /json, json: { items.0.sku: abc, n: 5, debug: absent } }, then: 404 }
  - { name: swap, match: POST /swap, then: { replace: { request.body: { find: ~a+, with: b } } } }
  - { name: patch, match: POST /patch, then: { patch: { request.body: { merge: { debug: null, n: 7 } } } } }
  - { name: put, match: GET /put, then: { set: { request.body: { made: yes } } } }
  - { name: sum, match: POST /sum, then: { append: { request.trailer.x-sum: '9' } } }
  - { name: echo, match: POST /echo, then: { respond: { text: 'you said $(request.body)' } } }
  - { name: trailers, match: GET /trailers, then: { respond: { text: made, trailers: { x-sum: '1' } } } }
"""

    def post(self, client, target, body, *fields):
        head = "\r\n".join(["POST %s HTTP/1.1" % target, "Host: origin.test", *fields])
        return self.exchange(client, head + "\r\n" + BODY % (len(body), body))

    def test_matches_a_request_by_its_content(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.assertEqual(self.post(client, base + "/orders", "a sku").status, 404)
                self.assertEqual(self.post(client, base + "/orders", "nothing").status, 200)
                self.assertEqual(origin.last.body, b"nothing")
                self.assertEqual(self.post(client, base + "/exact", "a b").status, 404)
                self.assertEqual(self.post(client, base + "/exact", "a bc").status, 200)

    def test_matches_a_request_by_its_json(self):
        good = {"items": [{"sku": "abc"}], "n": 5.0}
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.assertEqual(self.post(client, base + "/json", json.dumps(good)).status, 404)
                for bad in ({**good, "n": "5"}, {**good, "debug": None}, {**good, "items": []}):
                    self.assertEqual(self.post(client, base + "/json", json.dumps(bad)).status, 200)
                self.assertEqual(self.post(client, base + "/json", "{").status, 200)

    def test_reads_what_is_coded(self):
        coded = gzip.compress(b'{"n": 5, "items": [{"sku": "abc"}]}').decode("latin-1")
        for origin, client, base in self.both():
            with self.subTest(base=base):
                response = self.coded(client, base + "/json", coded)
                self.assertEqual(response.status, 404)

    def coded(self, client, target, coded):
        client.send(
            "POST %s HTTP/1.1\r\nHost: origin.test\r\nContent-Encoding: gzip\r\n"
            "Content-Length: %d\r\n\r\n" % (target, len(coded)),
            coded.encode("latin-1"),
        )
        return client.read_response("POST")

    def test_changes_a_request(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.post(client, base + "/swap", "aa-aaa")
                self.assertEqual(origin.last.body, b"b-b")
                self.assertEqual(origin.last.get("content-length"), "3")
                self.post(client, base + "/patch", '{ "debug": 1,  "x" : [ ], "n": 1 }')
                self.assertEqual(origin.last.body, b'{ "x" : [ ], "n": 7 }')
                self.ask(client, base + "/put")
                self.assertEqual(json.loads(origin.last.body), {"made": "yes"})
                flow = self.flow_of("/put")
                self.assertIn("body 0", json.dumps(flow["rules"], ensure_ascii=False))

    def test_changes_a_large_request_off_the_loop(self):
        body = "a" * 3_000_000 + "-"
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.post(client, base + "/swap", body)
                self.assertEqual(origin.last.body, b"b-")

    def test_tells_a_client_to_continue(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                done = curl(self.weir, scheme + "://origin.test/orders", "-H",
                            "Expect: 100-continue", "-d", "a sku", "-w", "%{http_code}")
                self.assertTrue(done.out.endswith(b"404"), done.out)

    def test_trailers(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.post(client, base + "/sum", "ab")
                self.assertEqual(origin.last.body, b"ab")
                self.assertEqual(origin.last.get("transfer-encoding"), "chunked")
                response = self.ask(client, base + "/trailers")
                self.assertEqual(response.body, b"made")
                self.assertEqual(response.get("transfer-encoding"), "chunked")

    def test_says_what_the_request_said(self):
        for origin, client, base in self.both():
            self.assertEqual(self.post(client, base + "/echo", "hello").body, b"you said hello")


class Responses(Ground):
    yaml = """
rules:
  - name: price
    match: { url: GET /price/*, response: { status: 2xx, type: json } }
    then: { patch: { response.body: { merge: { price: 0 } } } }
  - { name: hide, match: { url: /hide, response: { status: 5xx } }, then: { respond: { status: 200, text: 'was $(response.status)' } } }
  - { name: mark, match: { url: /mark, response: { header: { x-a: b } } }, then: { set: { response.header.x-c: d } } }
  - { name: big, match: { url: /size, response: { size: over 1KiB } }, then: { set: { response.status: 413 } } }
  - { name: words, match: { url: /words, response: { body: ~secret } }, then: 451 }
  - { name: error, match: { url: /error, response: { json: { error.code: 7 } } }, then: 503 }
  - { name: slow, match: { url: /slow, response: { duration: over 100ms } }, then: 504 }
  - { name: csp, match: { url: /page, response: { type: html } }, then: { replace: { response.body: { find: <body>, with: '<body><i>weir</i>' } } } }
  - { name: fresh, match: /fresh, then: { cache: off, compression: off } }
  - { name: cut, match: { url: /cut, response: { status: 200 } }, then: { abort: reset } }
  - { name: framed, match: /framed, then: { respond: { raw: true, headers: { content-length: '9' }, text: short } } }
"""

    def answer(self, origin, path, body, *fields, status=200):
        origin.routes[path] = lambda wire, _: wire.reply(status, body, list(fields))

    def test_changes_a_value_of_json_and_no_other_byte(self):
        text = b'{ "price" : 12.50,\n  "name":"x" }'
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.answer(origin, "/price/1", text, ("Content-Type", "application/hal+json"),
                            ("ETag", '"a"'), ("Digest", "x"))
                response = self.ask(client, base + "/price/1")
                self.assertEqual(response.body, text.replace(b"12.50", b"0"))
                self.assertEqual(response.get("cache-control"), "no-store")
                self.assertEqual(response.get("x-weir-rule"), "price")
                self.assertIsNone(response.get("etag"))
                self.assertIsNone(response.get("digest"))
                self.answer(origin, "/price/2", text, ("Content-Type", "text/plain"))
                self.assertEqual(self.ask(client, base + "/price/2").body, text)

    def test_changes_what_is_coded_and_sends_it_plain(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.answer(origin, "/price/3", gzip.compress(b'{"price":3}'),
                            ("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
                response = self.exchange(
                    client, "GET %s/price/3 HTTP/1.1\r\nHost: origin.test\r\n"
                    "Accept-Encoding: gzip, dcb\r\nRange: bytes=0-1\r\n\r\n" % base)
                self.assertEqual(response.body, b'{"price":0}')
                self.assertIsNone(response.get("content-encoding"))
                self.assertEqual(origin.last.get("accept-encoding"), "gzip")
                self.assertIsNone(origin.last.get("range"))

    def test_sees_each_part_of_a_response(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.answer(origin, "/hide", b"down", status=503)
                response = self.ask(client, base + "/hide")
                self.assertEqual((response.status, response.body), (200, b"was 503"))
                self.answer(origin, "/mark", b"", ("X-A", "b"))
                self.assertEqual(self.ask(client, base + "/mark").get("x-c"), "d")
                self.answer(origin, "/mark", b"", ("X-A", "c"))
                self.assertIsNone(self.ask(client, base + "/mark").get("x-c"))
                self.answer(origin, "/size", b"x" * 1025)
                self.assertEqual(self.ask(client, base + "/size").status, 413)
                self.answer(origin, "/size", b"x" * 1024)
                self.assertEqual(self.ask(client, base + "/size").status, 200)
                self.answer(origin, "/words", b"a secret word")
                self.assertEqual(self.ask(client, base + "/words").status, 451)
                self.answer(origin, "/words", b"a word")
                self.assertEqual(self.ask(client, base + "/words").body, b"a word")
                self.answer(origin, "/error", b'{"error": {"code": 7}}')
                self.assertEqual(self.ask(client, base + "/error").status, 503)
                self.answer(origin, "/error", b'{"error": {"code": 8}}')
                self.assertEqual(self.ask(client, base + "/error").status, 200)

    def test_sees_how_long_the_origin_took(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                origin.routes["/slow"] = lambda wire, _: (time.sleep(0.3), wire.reply(200, b""))
                self.assertEqual(self.ask(client, base + "/slow").status, 504)

    def test_puts_markup_into_a_page(self):
        for origin, client, base in self.both():
            self.answer(origin, "/page", b"<body>x", ("Content-Type", "text/html; charset=utf-8"))
            self.assertEqual(self.ask(client, base + "/page").body, b"<body><i>weir</i>x")

    def test_keeps_caches_out(self):
        for origin, client, base in self.both():
            self.answer(origin, "/fresh", b"", ("ETag", '"a"'), ("Expires", "x"))
            response = self.exchange(
                client, "GET %s/fresh HTTP/1.1\r\nHost: origin.test\r\nIf-None-Match: \"a\"\r\n"
                "Accept-Encoding: gzip\r\n\r\n" % base)
            self.assertEqual(response.get("cache-control"), "no-store")
            self.assertIsNone(response.get("etag"))
            self.assertIsNone(origin.last.get("if-none-match"))
            self.assertEqual(origin.last.get("accept-encoding"), "identity")

    def test_aborts_by_what_came_back(self):
        for scheme in ("http", "https"):
            done = curl(self.weir, scheme + "://origin.test/cut")
            self.assertEqual(done.code, 56)

    def test_sends_a_wrong_length_when_told(self):
        for scheme in ("http", "https"):
            done = curl(self.weir, scheme + "://origin.test/framed")
            self.assertEqual(done.code, 18)
            self.assertEqual(done.out, b"short")


if __name__ == "__main__":
    unittest.main()
