"""Every key, schedule, target and verb of the rule language at work, over HTTP and over HTTPS."""

import json
import os
import time
import unittest

from weirtest import Ground, Origin, Raw, TlsOrigin, Weir, curl, curl_status, tunnel


class Language(Ground):
    """A rule that answers is known by its mark."""

    def fired(self, client, target, *fields, method="GET", version="HTTP/1.1"):
        """The name of the rule that answered, or None when it was the origin."""
        lines = ["%s %s %s" % (method, target, version), "Host: origin.test", *fields]
        return self.exchange(client, "\r\n".join(lines) + "\r\n\r\n").get("x-weir-rule")

    def answers(self, base):
        """For curl: the status, with the scheme's URL."""
        return curl_status(self.weir, base)[0]


class Match(Language):
    yaml = """
rules:
  - { name: cookie,   match: { path: /cookie, cookie: { team: red, id: ~^4, old: absent } }, then: 404 }
  - { name: client,   match: { path: /client, client: [127.0.0.0/8, '::1'] }, then: 404 }
  - { name: stranger, match: { path: /client, client: 10.0.0.0/8 }, then: 404 }
  - { name: far,      match: { path: /far, client: [10.0.0.0/8, 127.128.0.0/9, 127.0.0.2] }, then: 404 }
  - { name: near,     match: { path: /near, client: 127.0.0.0/9 }, then: 404 }
  - { name: version,  match: { path: /version, version: 1.0 }, then: 404 }
  - { name: tls,      match: { path: /tls, tls: yes }, then: 404 }
  - { name: clear,    match: { path: /tls, tls: no }, then: 404 }
  - { name: tls 13,   match: { path: /tls13, tls: { version: 1.3, sni: .test, ja4: ~^t13 } }, then: 404 }
  - { name: alpn,     match: { path: /alpn, tls: { alpn: http/1.1 } }, then: 404 }
  - { name: all,      match: { all: [/all, { header: { x-a: present } }, { query: { q: '1' } }] }, then: 404 }
  - name: any
    match: { any: [{ path: '/any/<id>', header: { x-a: b } }, 'POST /any/*', '/either?x=<id>'] }
    then: { respond: { status: 404, text: got $(id) } }
  - { name: not,      match: { path: /not/*, not: { any: [/not/this, { header: { x-a: b } }] } }, then: 404 }
"""

    def test_matches_cookies(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                good = "Cookie: a=b; team=red; id=42"
                self.assertEqual(self.fired(client, base + "/cookie", good), "cookie")
                self.assertIsNone(self.fired(client, base + "/cookie", good + "; old=1"))
                self.assertIsNone(self.fired(client, base + "/cookie", "Cookie: team=reds; id=42"))
                self.assertIsNone(self.fired(client, base + "/cookie", "Cookie: team=red; id=24"))
                self.assertIsNone(self.fired(client, base + "/cookie"))

    def test_matches_the_client(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.assertEqual(self.fired(client, base + "/client"), "client")
                self.assertEqual(self.fired(client, base + "/near"), "near")
                self.assertIsNone(self.fired(client, base + "/far"))

    def test_matches_the_version(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.assertIsNone(self.fired(client, base + "/version"))
                self.assertEqual(
                    self.fired(client, base + "/version", version="HTTP/1.0"), "version")

    def test_matches_tls(self):
        http, https = self.raw(), self.tunnel()
        self.assertEqual(self.fired(http, "http://origin.test/tls"), "clear")
        self.assertEqual(self.fired(https, "/tls"), "tls")
        self.assertIsNone(self.fired(http, "http://origin.test/tls13"))
        self.assertEqual(self.fired(https, "/tls13"), "tls 13")
        self.assertEqual(self.answers("http://origin.test/alpn"), 200)
        self.assertEqual(self.answers("https://origin.test/alpn"), 404)

    def test_all_any_and_not(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.assertEqual(self.fired(client, base + "/all?q=1", "X-A: b"), "all")
                self.assertIsNone(self.fired(client, base + "/all?q=2", "X-A: b"))
                self.assertIsNone(self.fired(client, base + "/all?q=1"))
                self.assertEqual(self.fired(client, base + "/any/7", "X-A: b"), "any")
                self.assertEqual(self.fired(client, base + "/any/7", method="POST"), "any")
                self.assertIsNone(self.fired(client, base + "/any/7"))
                self.assertEqual(self.ask(client, base + "/either?x=9").body, b"got 9")
                self.assertEqual(self.fired(client, base + "/not/that"), "not")
                self.assertIsNone(self.fired(client, base + "/not/this"))
                self.assertIsNone(self.fired(client, base + "/not/that", "X-A: b"))


class Users(Language):
    yaml = """
auth: eve:secret
rules:
  - { name: eve, match: { client: eve }, then: 404 }
  - { name: others, match: { client: [bob, ~.] }, then: 403 }
"""

    def test_matches_the_user_of_the_proxy(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                self.assertEqual(curl_status(self.weir, scheme + "://origin.test/", "--proxy-user",
                                             "eve:secret")[0], 404)


class When(Language):
    yaml = """
rules:
  - { name: connection, match: /connection, when: once per connection, then: 404 }
  - { name: host,       match: /host/*,     when: first 2 per host, then: 404 }
  - { name: url,        match: /url/*,      when: once per url, then: 404 }
  - { name: header,     match: /header,     when: first 2 per header x-run, then: 404 }
  - { name: cookie,     match: /cookie,     when: once per cookie id, then: 404 }
  - { name: dice,       match: /dice,       when: 50% seed 7 per header x-run, then: 404 }
"""

    def pattern(self, client, target, count, *fields):
        seen = [self.fired(client, target, *fields) for _ in range(count)]
        return "".join("F" if name else "." for name in seen)

    def test_counts_per_connection(self):
        for number in range(2):
            for origin, client, base in self.both():
                with self.subTest(base=base, number=number):
                    self.assertEqual(self.pattern(client, base + "/connection", 3), "F..")

    def test_counts_per_host(self):
        seen = [self.pattern(client, base + "/host/x", 2) for origin, client, base in self.both()]
        self.assertEqual(seen, ["FF", ".."])
        self.assertEqual(self.pattern(self.raw(), "http://next.test/host/x", 2), "FF")

    def test_counts_per_url(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                self.assertEqual(self.pattern(client, base + "/url/a?1", 2), "F.")
                self.assertEqual(self.pattern(client, base + "/url/a?2", 1), ".")
                self.assertEqual(self.pattern(client, base + "/url/b", 2), "F.")

    def test_counts_per_header_and_cookie(self):
        for at, (origin, client, base) in enumerate(self.both()):
            with self.subTest(base=base):
                run, cookie = "X-Run: %d" % at, "Cookie: a=b; id=%d" % at
                self.assertEqual(self.pattern(client, base + "/header", 3, run), "FF.")
                self.assertEqual(self.pattern(client, base + "/cookie", 2, cookie), "F.")

    def test_draws_the_same_for_each_run(self):
        seen = []
        for origin, client, base in self.both():
            with Weir(self.configuration()) as weir:
                raw = Raw(weir.port) if base else tunnel(weir, "origin.test:443")
                self.addCleanup(raw.drop)
                seen.append(self.pattern(raw, base + "/dice", 40, "X-Run: a"))
        self.assertEqual(seen[0], seen[1])
        self.assertIn("F", seen[0])
        self.assertIn(".", seen[0])


class Values(Language):
    yaml = """
rules:
  - { name: cookie, match: /cookie, then: { respond: { text: 'it is $(request.cookie.id)' } } }
  - { name: json,   match: '/json/<id>', then: { respond: { json: { id: $json(id), q: $json(request.query.q) } } } }
  - { name: dice,   match: /dice, when: after 0 per header x-run, then: { respond: { text: $(random 1 to 1000000) } } }
"""

    def test_fills_in_cookies(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                response = client.request(["GET %s/cookie HTTP/1.1" % base, "Host: origin.test",
                                           "Cookie: a=1; id=42"])
                self.assertEqual(response.body, b"it is 42")

    def test_inserts_json_values(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                body = self.ask(client, base + "/json/7?q=%5B1,2%5D").body
                self.assertEqual(json.loads(body), {"id": 7, "q": [1, 2]})
                body = self.ask(client, base + '/json/seven?q=%22,%22x%22:1').body
                self.assertEqual(json.loads(body), {"id": "seven", "q": '","x":1'})

    def test_draws_the_same_numbers_for_each_run(self):
        seen = []
        for origin, client, base in self.both():
            with Weir(self.configuration()) as weir:
                raw = Raw(weir.port) if base else tunnel(weir, "origin.test:443")
                self.addCleanup(raw.drop)
                seen.append([self.ask(raw, base + "/dice").body for _ in range(10)])
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(len(set(seen[0])), 10)


class Targets(Language):
    yaml = """
rules:
  - { name: method, match: /method, then: { set: { request.method: PUT } } }
  - { name: path,   match: '/path/<id>', then: { set: { request.path: /new/$(id)/x } } }
  - { name: url,    match: /url, then: { set: { request.url: 'https://other.test/deep?x=1' } } }
  - { name: host,   match: /host, then: { set: { request.host: other.test } } }
  - { name: scheme, match: /up, then: { set: { request.scheme: https } } }
  - { name: down,   match: /down, then: { set: { request.scheme: http } } }
  - { name: port,   match: /port, then: { set: { request.port: 8080 } } }
  - { name: query,  match: /query, then: [set: { request.query.a: b c }, append: { request.query.n: '2' }, remove: [request.query.x]] }
  - { name: cookie, match: /cookie, then: [set: { request.cookie.a: two }, append: { request.cookie.n: '2' }, remove: [request.cookie.x]] }
  - { name: answer, match: /answer, then: [set: { response.cookie.a: two }, append: { response.cookie.n: '2; Secure' }, remove: [response.cookie.x]] }
  - name: replace
    match: /replace/**
    then:
      replace:
        request.path: { find: ~^/replace/v1, with: /v2 }
        request.query.q: { find: old, with: new }
        request.header.x-a: { find: o, with: '0' }
        response.header.x-b: { find: '~[0-9]+', with: '#' }
        response.reason: { find: Fine, with: Good }
  - { name: forward, match: '/forward/*', then: { forward: 'https://other.test' } }
  - { name: clear,   match: '/clear/*', then: { forward: { to: 'http://other.test', host: change } } }
  - { name: itself,  match: /itself, then: { set: { request.scheme: http, request.host: 127.0.0.1, request.port: $(request.header.x-to) } } }
  - { name: asked,   match: /asked, then: { forward: $(request.header.x-to) } }
"""

    @classmethod
    def targets(cls):
        cls.other = cls.enterClassContext(Origin())
        cls.safe = cls.enterClassContext(TlsOrigin(cls.pki.leaf("other.test").server_context()))
        return {
            **super().targets(),
            "origin.test:8080": cls.other.port,
            "other.test:80": cls.other.port,
            "other.test:443": cls.safe.port,
        }

    def setUp(self):
        super().setUp()
        self.other.requests.clear()
        self.safe.requests.clear()

    def seen(self, client, target, *fields):
        """The response, and the one request that any of the origins got."""
        self.setUp()
        response = client.request(["GET %s HTTP/1.1" % target, "Host: origin.test", *fields])
        self.assertEqual(response.status, 200)
        every = (self.origin, self.secure, self.other, self.safe)
        got = [(origin, request) for origin in every for request in origin.requests]
        self.assertEqual(len(got), 1)
        return response, *got[0]

    def test_changes_the_method(self):
        for origin, client, base in self.both():
            _, got, request = self.seen(client, base + "/method")
            self.assertEqual((got, request.method), (origin, "PUT"))
            head = self.exchange(client, "HEAD %s/method HTTP/1.1\r\nHost: origin.test\r\n\r\n"
                                 % base)
            self.assertEqual((head.status, origin.last.method), (200, "HEAD"))

    def test_changes_the_path_and_leaves_the_rest(self):
        for origin, client, base in self.both():
            _, _, request = self.seen(client, base + "/path/a%2Fb%20?x=%41&&y")
            self.assertEqual(request.target, "/new/a%2Fb%20/x?x=%41&&y")
            self.assertEqual(request.get("host"), "origin.test")

    def test_changes_the_url(self):
        for origin, client, base in self.both():
            _, got, request = self.seen(client, base + "/url?z")
            self.assertEqual((got, request.target), (self.safe, "/deep?x=1"))
            self.assertEqual(request.get("host"), "other.test")

    def test_changes_the_host(self):
        for origin, client, base in self.both():
            _, got, request = self.seen(client, base + "/host")
            self.assertIs(got, self.other if base else self.safe)
            self.assertEqual(request.get("host"), "other.test")
        flow = self.flow_of("/host")
        self.assertIn("origin.test", flow["url"])
        self.assertIn("other.test", str(flow["rules"]))

    def test_changes_the_scheme(self):
        for origin, client, base in self.both():
            self.assertIs(self.seen(client, base + "/up")[1], self.secure)
            self.assertIs(self.seen(client, base + "/down")[1], self.origin)

    def test_changes_the_port(self):
        client = self.raw()
        _, got, request = self.seen(client, "http://origin.test/port")
        self.assertEqual((got, request.get("host")), (self.other, "origin.test:8080"))

    def test_changes_parameters(self):
        for origin, client, base in self.both():
            _, _, request = self.seen(client, base + "/query?x=1&a=%41&k=%20+&x=2&n=1")
            self.assertEqual(request.target, "/query?a=b%20c&k=%20+&n=1&n=2")

    def test_changes_cookies(self):
        for origin, client, base in self.both():
            _, _, request = self.seen(client, base + "/cookie", "Cookie: x=1; a=1; k=%; n=1")
            self.assertEqual(request.all("cookie"), ["a=two; k=%; n=1; n=2"])

    def test_changes_cookies_of_responses(self):
        def reply(wire, request):
            wire.reply(headers=[("Set-Cookie", "a=1; HttpOnly"), ("Set-Cookie", "x=1"),
                                ("Set-Cookie", "n=1")])
        for origin, client, base in self.both():
            self.setUp()
            origin.routes["/answer"] = reply
            response = self.ask(client, base + "/answer")
            self.assertEqual(response.all("set-cookie"),
                             ["a=two; HttpOnly", "n=1", "n=2; Secure"])

    def test_replaces(self):
        def reply(wire, request):
            wire.reply(headers=[("X-B", "a1b22"), ("X-B", "c")], reason="Fine it is")
        for origin, client, base in self.both():
            origin.requests.clear()
            origin.routes["/v2/x"] = reply
            response = client.request(["GET %s/replace/v1/x?q=oldold&r=old HTTP/1.1" % base,
                                       "Host: origin.test", "X-A: foo"])
            request = origin.last
            self.assertEqual(request.target, "/v2/x?q=newnew&r=old")
            self.assertEqual(request.get("x-a"), "f00")
            self.assertEqual(response.all("x-b"), ["a#b#", "c"])
            self.assertEqual(response.reason, "Good it is")

    def test_forwards(self):
        for origin, client, base in self.both():
            _, got, request = self.seen(client, base + "/forward/x?y")
            self.assertEqual((got, request.target), (self.safe, "/forward/x?y"))
            self.assertEqual(request.get("host"), "origin.test")
            _, got, request = self.seen(client, base + "/clear/x?y")
            self.assertEqual((got, request.target), (self.other, "/clear/x?y"))
            self.assertEqual(request.get("host"), "other.test")
            body = "POST %s/forward/x HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 3\r\n\r\nabc"
            self.assertEqual(self.exchange(client, body % base).status, 200)

    def test_never_forwards_to_itself(self):
        for origin, client, base in self.both():
            for path, to in (("/itself", "%d"), ("/asked", "http://127.0.0.1:%d")):
                response = client.request(["GET %s%s HTTP/1.1" % (base, path), "Host: origin.test",
                                           "X-To: " + to % self.weir.port])
                self.assertEqual(response.status, 403)
        self.weir.flows(4, reason="own_address")

    def test_says_the_new_target_to_another_proxy(self):
        proxy = self.enterContext(Origin())
        rules = "rules: [{ match: a.test, then: { set: { request.host: b.test } } }]\n"
        with Weir("upstream: { via: { default: 'http://127.0.0.1:%d' } }\n" % proxy.port + rules) \
                as weir:
            self.assertEqual(curl_status(weir, "http://a.test/x?y")[0], 200)
        self.assertEqual(proxy.last.target, "http://b.test/x?y")
        self.assertEqual(proxy.last.get("host"), "b.test")


class Verbs(Language):
    yaml = """
rules:
  - { name: tag,    match: '/tag/<id>', then: [tag: [checkout, $(id)], tag: checkout] }
  - { name: silent, match: /silent, then: { log: off } }
  - { name: heads,  match: /heads,  then: { log: heads } }
  - { name: cors,   match: GET|OPTIONS /cors, then: { cors: reflect } }
  - { name: no,     match: /no, then: [cors: off, respond: 404] }
  - { name: quiet,  match: '/quiet/*', then: { cors: off } }
  - { name: loud,   match: /quiet/x, then: 404 }
  - { name: one,    match: /one, then: [cors: 'https://one.test'] }
  - { name: empty,  match: /empty,   then: [set: { response.header.x-a: b }, abort: empty] }
  - { name: chunk,  match: /chunk,   then: { abort: bad_chunk } }
  - { name: noise,  match: /garbage, then: { abort: garbage } }
  - { name: normal, match: /normal,  then: [delay: normal 200ms sd 1ms] }
  - { name: logn,   match: /logn,    then: [delay: { response: lognormal 200ms sigma 0.01 }] }
"""

    def from_page(self, client, base, path, method="GET", *fields):
        return client.request(["%s %s%s HTTP/1.1" % (method, base, path), "Host: origin.test",
                               "Origin: https://app.test", *fields])

    def test_breaks_responses_as_curl_names_it(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                base = scheme + "://origin.test"
                done = curl(self.weir, base + "/empty", "-i")
                self.assertEqual(done.code, 18)
                self.assertIn(b"x-a: b", done.out)
                done = curl(self.weir, base + "/chunk")
                self.assertEqual((done.code, done.out), (56, b"hello"))
                self.assertEqual(curl(self.weir, base + "/garbage").code, 1)
                done = curl(self.weir, base + "/garbage", "--http0.9")
                self.assertEqual((done.code, len(done.out)), (0, 512))
        self.assertEqual(self.origin.requests + self.secure.requests, [])
        for flow in self.weir.flows(8, reason="aborted_by_rule"):
            self.assertTrue(flow["injected"])

    def test_breaks_responses_after_a_body_too(self):
        for origin, client, base in self.both():
            client.send("POST %s/empty HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 5\r\n\r\n"
                        "hello" % base)
            with self.assertRaises(EOFError):
                client.read_response("POST")

    def test_draws_delays(self):
        for path in ("/normal", "/logn"):
            for origin, client, base in self.both():
                self.assertEqual(self.ask(client, base + path).status, 200)
            for scheme in ("http://", "https://"):
                flow = self.flow_of(scheme + "origin.test" + path)
                self.assertGreaterEqual(flow["timings_us"]["injected"], 190000)
                self.assertLessEqual(flow["timings_us"]["injected"], 210000)

    def test_tags(self):
        for origin, client, base in self.both():
            self.assertEqual(self.ask(client, base + "/tag/42").status, 200)
        for scheme in ("http://", "https://"):
            self.assertEqual(self.flow_of(scheme + "origin.test/tag/42")["tags"], ["checkout", "42"])

    def test_logs_nothing_or_heads_only(self):
        for origin, client, base in self.both():
            self.assertEqual(self.ask(client, base + "/silent").status, 200)
            self.assertEqual(self.ask(client, base + "/heads").body, b"GET /heads")
        for scheme in ("http://", "https://"):
            flow = self.flow_of(scheme + "origin.test/heads")
            self.assertNotIn("GET /heads", str(flow["response"]))
            self.assertEqual(flow["response"]["status_code"], 200)
        self.assertEqual([f for f in self.weir.ended_flows() if "/silent" in f.get("url", "")], [])

    def test_lets_pages_read(self):
        allow = "access-control-allow-origin"
        for origin, client, base in self.both():
            with self.subTest(base=base):
                response = self.from_page(client, base, "/cors")
                self.assertEqual(response.all(allow), ["https://app.test"])
                self.assertEqual(response.get("access-control-allow-credentials"), "true")
                self.assertEqual(response.body, b"GET /cors")
                self.assertIsNone(self.ask(client, base + "/cors").get(allow))
                self.assertEqual(self.from_page(client, base, "/one").get(allow), "https://one.test")
                for path in ("/no", "/quiet/x"):
                    response = self.from_page(client, base, path)
                    self.assertEqual((response.status, response.get(allow)), (404, None))

    def test_answers_preflights(self):
        for origin, client, base in self.both():
            origin.requests.clear()
            response = self.from_page(client, base, "/cors", "OPTIONS",
                                      "Access-Control-Request-Method: PUT",
                                      "Access-Control-Request-Headers: x-a, x-b")
            self.assertEqual(response.status, 204)
            self.assertEqual(response.get("access-control-allow-origin"), "https://app.test")
            self.assertEqual(response.get("access-control-allow-methods"), "PUT")
            self.assertEqual(response.get("access-control-allow-headers"), "x-a, x-b")
            self.assertEqual(origin.requests, [])


class Served(Language):
    @classmethod
    def configuration(cls):
        cls.root = os.path.join(cls.folder, "site")
        os.makedirs(os.path.join(cls.root, "css"))
        for name, text in (("index.html", "<h1>home</h1>"), ("css/a b.css", "body {}"),
                           ("css/index.html", "styles"), (".secret", "dot"), ("empty.txt", "")):
            with open(os.path.join(cls.root, name), "w") as file:
                file.write(text)
        with open(os.path.join(cls.folder, "outside.txt"), "w") as file:
            file.write("outside")
        os.symlink("../outside.txt", os.path.join(cls.root, "link.txt"))
        os.symlink("..", os.path.join(cls.root, "up"))
        cls.yaml = ("""
rules:
  - { name: part, match: '/static/<rest*>', then: { serve: '%s/$(rest)' } }
  - { name: file, match: /one, then: { serve: '%s/css/a b.css' } }
  - { name: all,  match: '/**', then: { serve: '%s' } }
""" % ((cls.root,) * 3))
        return super().configuration()

    def test_serves_files_by_their_type(self):
        for origin, client, base in self.both():
            for path, kind, body in (
                ("/", "text/html; charset=utf-8", b"<h1>home</h1>"),
                ("/css/a%20b.css", "text/css; charset=utf-8", b"body {}"),
                ("/css/a%20b.css?v=2", "text/css; charset=utf-8", b"body {}"),
                ("/css/", "text/html; charset=utf-8", b"styles"),
                ("/.//css/%61%20b.css", "text/css; charset=utf-8", b"body {}"),
                ("/empty.txt", "text/plain; charset=utf-8", b""),
                ("/static/css/a%20b.css", "text/css; charset=utf-8", b"body {}"),
                ("/static/", "text/html; charset=utf-8", b"<h1>home</h1>"),
                ("/one", "text/css; charset=utf-8", b"body {}"),
            ):
                with self.subTest(base=base, path=path):
                    response = self.ask(client, base + path)
                    self.assertEqual(response.status, 200)
                    self.assertEqual((response.get("content-type"), response.body), (kind, body))
                    head = self.ask(client, base + path, "HEAD")
                    self.assertEqual((head.status, head.body), (200, b""))
                    self.assertEqual(head.get("content-length"), str(len(body)))
            self.assertEqual(origin.requests, [])

    def test_serves_nothing_from_outside(self):
        for origin, client, base in self.both():
            for path in ("/../outside.txt", "/%2e%2e/outside.txt", "/css/../../outside.txt",
                         "/static/..%2Foutside.txt", "/static/%2E%2E%2Foutside.txt", "/link.txt",
                         "/up/outside.txt", "/up/site/index.html", "/.secret", "/none",
                         "/index.html%00", "/css/../index.html", "//etc/passwd", "/css",
                         "/static//..//outside.txt", "/" + 5000 * "a"):
                with self.subTest(base=base, path=path[:40]):
                    self.assertEqual(self.ask(client, base + path).status, 404)

    def test_says_what_is_unchanged_and_what_is_allowed(self):
        for origin, client, base in self.both():
            response = self.ask(client, base + "/one")
            tag, date = response.get("etag"), response.get("last-modified")
            for field, status in (("If-None-Match: " + tag, 304), ("If-None-Match: W/" + tag, 304),
                                  ('If-None-Match: "x", ' + tag, 304), ('If-None-Match: "x"', 200),
                                  ("If-Modified-Since: " + date, 304),
                                  ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200)):
                with self.subTest(base=base, field=field):
                    again = client.request(["GET %s/one HTTP/1.1" % base, "Host: origin.test", field])
                    self.assertEqual((again.status, again.get("etag")), (status, tag))
            post = self.exchange(client, "POST %s/one HTTP/1.1\r\nHost: origin.test\r\n"
                                 "Content-Length: 0\r\n\r\n" % base)
            self.assertEqual((post.status, post.get("allow")), (405, "GET, HEAD"))


class Hours(unittest.TestCase):
    def test_knows_the_local_time(self):
        def clock(minutes):
            return "%d:%02d" % (minutes // 60 % 24, minutes % 60)

        now = int(time.time()) // 60 % 1440
        local = now + 330  # of the zone below
        rules = "rules:\n  - { match: /now, when: between %s and %s, then: 404 }\n" % (
            clock(local - 2), clock(local + 30))
        rules += "  - { match: /later, when: between %s and %s, then: 404 }\n" % (
            clock(local + 30), clock(local - 2))
        rules += "  - { match: /nearly, when: between %s and %s, then: 404 }\n" % (
            clock(local - 2), clock(local - 3))  # past midnight
        rules += "  - { match: '~.', then: 410 }\n"
        with Weir(rules, env={"TZ": "TST-05:30"}) as weir:
            for scheme in ("http", "https"):
                with self.subTest(scheme=scheme):
                    self.assertEqual(curl_status(weir, scheme + "://a.test/now")[0], 404)
                    self.assertEqual(curl_status(weir, scheme + "://a.test/later")[0], 410)
                    self.assertEqual(curl_status(weir, scheme + "://a.test/nearly")[0], 404)


if __name__ == "__main__":
    unittest.main()
