"""Rules of proxy.yaml at work: the examples of the manual, over HTTP and over HTTPS, and every
status that can be injected, judged by what the client sees."""

import json
import tempfile
import unittest

from weirtest import Ground, Origin, TestPki, TlsOrigin, Weir, curl, curl_status, upstream_map

HOSTS = ("api.shop.test", "shop.test", "cdn.shop.test")

EXAMPLES = """
vars: { wait: 120s }
groups: { outage: { enabled: false } }
rules:
  - name: two rate limits, then recover
    match: POST api.shop.test/login
    when: first 2 per client
    then: { respond: { status: 429, retry_after: 30s, json: { error: slow_down } } }
  - name: outage
    group: outage
    match: .shop.test
    then: { respond: { status: 503, retry_after: $(wait) } }
  - { name: feed dies,  match: GET .shop.test/feed, when: every 3rd after 5, then: { abort: reset } }
  - { name: recovery,   match: GET api.shop.test/status, then: { sequence: [500, 502, 504, pass] } }
  - { name: stub,       match: GET api.shop.test/ping, then: { respond: { status: 200, json: { ok: true } } } }
  - { name: moved,      match: GET shop.test/old/<rest*>, then: { redirect: { status: 301, to: https://shop.test/new/$(rest) } } }
  - { name: sso,        match: GET shop.test/me, when: once per client, then: { redirect: { status: 302, to: /login } } }
  - { name: cached,     match: GET cdn.shop.test/app.js, then: { respond: { status: 304 } } }
  - { name: bad,        match: POST api.shop.test/coupon, then: { respond: { status: 400, problem: { title: bad coupon } } } }
  - { name: login,      match: api.shop.test/admin/*, then: { respond: { status: 401, challenge: Bearer realm="shop" } } }
  - { name: denied,     match: DELETE api.shop.test/*, then: 403 }
  - { name: gone,       match: api.shop.test/v1/*, then: 404 }
"""

STATUSES = (200, 201, 204, 205, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 407, 416,
            426, 429, 500, 502, 503, 504)
NO_CONTENT = (204, 205, 304)
NEEDS = {  # the field that a status has, and must have
    301: "location", 302: "location", 303: "location", 307: "location", 308: "location",
    401: "www-authenticate", 405: "allow", 407: "proxy-authenticate", 416: "content-range",
    426: "upgrade", 429: "retry-after", 503: "retry-after",
}


def status_rule(code):
    then = str(code)
    if NEEDS.get(code) == "location":
        then = "{ redirect: { status: %d, to: /elsewhere } }" % code
    elif NEEDS.get(code) == "retry-after":
        then = "{ respond: { status: %d, retry_after: 7 } }" % code
    return "  - { name: s%d, match: any.test/%d, then: %s }\n" % (code, code, then)


class Shop(unittest.TestCase):
    """A weir with the examples, an origin for the shop on both ports; one for each test, since
    rules count."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-rules-")
        self.addCleanup(folder.cleanup)
        pki = TestPki(folder.name)
        self.origin = self.enterContext(Origin())
        self.secure = self.enterContext(TlsOrigin(pki.leaf(*HOSTS).server_context()))
        targets = {host + ":80": self.origin.port for host in HOSTS}
        targets.update({host + ":443": self.secure.port for host in HOSTS})
        self.weir = self.enterContext(
            Weir(upstream_map(targets) + "tls: { upstream_ca: '%s' }\n" % pki.ca + EXAMPLES))

    def both(self, check):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                check(scheme)

    def head_of(self, url, *args):
        """(status, {field: value}, body) of one answer, as curl sees it."""
        done = curl(self.weir, url, "-i", *args)
        head, _, body = done.out.partition(b"\r\n\r\n")
        while b" 200 Connection established" in head.split(b"\r\n")[0]:
            head, _, body = body.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = dict((k.lower(), v.strip()) for k, v in (line.split(":", 1) for line in lines[1:]))
        return int(lines[0].split(" ")[1]), fields, body

    def test_limits_the_first_two_logins_of_a_client_and_then_recovers(self):
        url = "https://api.shop.test/login"
        for _ in range(2):
            status, fields, body = self.head_of(url, "-d", "user=me")
            self.assertEqual(status, 429)
            self.assertEqual(fields["retry-after"], "30")
            self.assertEqual(json.loads(body), {"error": "slow_down"})
        self.assertEqual(self.origin.requests + self.secure.requests, [])
        self.assertEqual(curl_status(self.weir, url, "-d", "user=me")[0], 200)
        self.assertEqual(curl_status(self.weir, "http://api.shop.test/login", "-d", "x")[0], 200)

    def test_kills_every_third_feed_after_the_fifth(self):
        seen = [curl(self.weir, "http://shop.test/feed").code for _ in range(12)]
        self.assertEqual(seen, [0] * 7 + [56] + [0] * 2 + [56] + [0])

    def test_kills_feeds_over_tls_too(self):
        seen = [curl(self.weir, "https://shop.test/feed").code for _ in range(8)]
        self.assertEqual([code != 0 for code in seen], [False] * 7 + [True])

    def test_steps_through_a_sequence(self):
        seen = [curl_status(self.weir, "%s://api.shop.test/status" % scheme)[0]
                for scheme in ("http", "https", "http", "https", "http")]
        self.assertEqual(seen, [500, 502, 504, 200, 200])

    def test_answers_a_stub(self):
        def check(scheme):
            status, fields, body = self.head_of(scheme + "://api.shop.test/ping")
            self.assertEqual((status, body), (200, b'{"ok":true}'))
            self.assertEqual(fields["content-type"], "application/json")
            self.assertEqual(fields["x-weir-rule"], "stub")
        self.both(check)
        flow = self.weir.flows(2)[0]
        self.assertTrue(flow["injected"])
        self.assertIsNone(flow["upstream"])
        self.assertEqual(flow["reason"], "answered_by_rule")
        self.assertRegex(flow["rules"][0]["rule"], r"^.*proxy\.yaml:\d+ stub$")

    def test_redirects_with_what_was_captured(self):
        def check(scheme):
            status, fields, body = self.head_of(scheme + "://shop.test/old/a%20b/c?x=1")
            self.assertEqual((status, fields["location"]), (301, "https://shop.test/new/a%20b/c"))
        self.both(check)

    def test_redirects_a_client_once(self):
        status, fields, _ = self.head_of("http://shop.test/me")
        self.assertEqual((status, fields["location"]), (302, "/login"))
        self.assertEqual(curl_status(self.weir, "https://shop.test/me")[0], 200)

    def test_says_not_modified_only_to_a_conditional_request(self):
        def check(scheme):
            url = scheme + "://cdn.shop.test/app.js"
            self.assertEqual(curl_status(self.weir, url)[0], 200)
            status, fields, body = self.head_of(url, "-H", 'If-None-Match: "v1"')
            self.assertEqual((status, body), (304, b""))
            self.assertNotIn("content-length", fields)
        self.both(check)

    def test_answers_problem_details(self):
        def check(scheme):
            status, fields, body = self.head_of(scheme + "://api.shop.test/coupon", "-d", "code=x")
            self.assertEqual((status, fields["content-type"]), (400, "application/problem+json"))
            self.assertEqual(json.loads(body)["title"], "bad coupon")
        self.both(check)

    def test_challenges(self):
        def check(scheme):
            status, fields, _ = self.head_of(scheme + "://api.shop.test/admin/users")
            self.assertEqual((status, fields["www-authenticate"]), (401, 'Bearer realm="shop"'))
        self.both(check)

    def test_denies_by_method_and_by_path(self):
        def check(scheme):
            self.assertEqual(
                curl_status(self.weir, scheme + "://api.shop.test/x", "-X", "DELETE")[0], 403)
            self.assertEqual(curl_status(self.weir, scheme + "://api.shop.test/v1/x")[0], 404)
            self.assertEqual(curl_status(self.weir, scheme + "://api.shop.test/v1")[0], 200)
        self.both(check)

    def test_a_group_that_is_off_does_nothing_until_it_is_on(self):
        self.assertEqual(curl_status(self.weir, "http://shop.test/")[0], 200)
        with open(self.weir.yaml_path) as file:
            text = file.read()
        self.weir.reload(text.replace("enabled: false", "enabled: true"))
        self.weir.wait_stderr("reloaded|rules")
        status, fields, _ = self.head_of("https://shop.test/")
        self.assertEqual((status, fields["retry-after"]), (503, "120"))


class Statuses(Ground):
    yaml = "rules:\n" + "".join(status_rule(code) for code in STATUSES)

    def test_injects_every_status_as_rfc_9110_has_it(self):
        for scheme in ("http", "https"):
            for code in STATUSES:
                with self.subTest(scheme=scheme, code=code):
                    self.check(scheme, code)

    def check(self, scheme, code):
        client = self.tunnel("any.test:443") if scheme == "https" else self.raw()
        target = "/%d" % code if scheme == "https" else "http://any.test/%d" % code
        condition = 'If-None-Match: "v"\r\n' if code == 304 else ""
        response = self.exchange(
            client, "GET %s HTTP/1.1\r\nHost: any.test\r\n%s\r\n" % (target, condition))
        self.assertEqual(response.status, code)
        if code in NO_CONTENT:
            self.assertEqual(response.body, b"")
        if code in NEEDS:
            self.assertTrue(response.get(NEEDS[code]), NEEDS[code])
        if code >= 400:
            self.assertIn(str(code).encode(), response.body)
        if code in (204, 304):
            self.assertIsNone(response.get("content-length"))
        # The connection goes on: the framing was right.
        again = self.exchange(
            client, "HEAD %s HTTP/1.1\r\nHost: any.test\r\n%s\r\n" % (target, condition))
        self.assertEqual((again.status, again.body), (code, b""))


class Verbs(Ground):
    yaml = """
rules:
  - { name: shut,   match: origin.test/close, then: { abort: close } }
  - { name: hang,   match: origin.test/hang,  then: { abort: hang } }
  - { name: block,  match: origin.test/block, then: block }
  - { name: law,    match: origin.test/law,   then: { block: 451 } }
  - { name: slow,   match: origin.test/slow,  then: [delay: 300ms] }
  - { name: late,   match: origin.test/late,  then: [delay: { response: 300ms }] }
  - name: edit
    match: origin.test/edit
    then:
      - set: { request.header.x-one: new, response.header.x-two: "$(request.method)", response.status: 418 }
      - append: { request.header.x-three: b }
      - remove: [request.header.x-four]
  - { name: keep,   match: origin.test/keep/*, then: pass }
  - { name: never,  match: origin.test/keep/x, then: 500 }
  - { name: page,   match: origin.test/page,  then: { respond: { html: "<b>$(request.query.q)</b>", headers: { x-a: [one, two] } } } }
"""

    def test_closes_resets_and_hangs_as_curl_names_it(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                base = scheme + "://origin.test"
                self.assertEqual(curl(self.weir, base + "/close").code, 52)
                self.assertEqual(curl(self.weir, base + "/hang", "--max-time", "1").code, 28)

    def test_blocks_without_contact(self):
        self.assertEqual(curl_status(self.weir, "https://origin.test/block")[0], 403)
        self.assertEqual(curl_status(self.weir, "http://origin.test/law")[0], 451)
        self.assertEqual(self.origin.requests + self.secure.requests, [])

    def test_delays_the_request_and_the_response(self):
        for path in ("/slow", "/late"):
            for origin, client, base in self.both():
                with self.subTest(path=path, base=base):
                    self.assertEqual(self.ask(client, base + path).status, 200)
        for flow in [self.flow_of(path) for path in ("/slow", "/late")]:
            self.assertGreaterEqual(flow["timings_us"]["injected"], 300000)

    def test_edits_heads_both_ways(self):
        for origin, client, base in self.both():
            with self.subTest(base=base):
                response = self.exchange(
                    client, "GET %s/edit HTTP/1.1\r\nHost: origin.test\r\nX-One: old\r\n"
                    "X-Three: a\r\nX-Four: gone\r\n\r\n" % base)
                self.assertEqual((response.status, response.get("x-two")), (418, "GET"))
                seen = origin.requests[-1]
                self.assertEqual(seen.all("x-one"), ["new"])
                self.assertEqual(seen.all("x-three"), ["a", "b"])
                self.assertEqual(seen.all("x-four"), [])

    def test_passes_and_asks_no_further_rule(self):
        self.assertEqual(curl_status(self.weir, "http://origin.test/keep/x")[0], 200)

    def test_fills_in_a_page_safely(self):
        for origin, client, base in self.both():
            response = self.ask(client, base + "/page?q=%3Ci%3E")
            self.assertEqual(response.body, b"<b>&lt;i&gt;</b>")
            self.assertEqual(response.all("x-a"), ["one", "two"])

    def test_reads_the_request_before_it_answers(self):
        client = self.raw()
        client.send("POST http://origin.test/block HTTP/1.1\r\nHost: origin.test\r\n"
                    "Content-Length: 100000\r\n\r\n", b"x" * 100000)
        self.assertEqual(client.read_response("POST").status, 403)
        self.assertEqual(self.ask(client, "http://origin.test/law").status, 451)

    def test_reflects_the_origin_of_a_page(self):
        client = self.raw()
        response = self.exchange(client, "GET http://origin.test/block HTTP/1.1\r\n"
                                 "Host: origin.test\r\nOrigin: https://app.test\r\n\r\n")
        self.assertEqual(response.get("access-control-allow-origin"), "https://app.test")


if __name__ == "__main__":
    unittest.main()
