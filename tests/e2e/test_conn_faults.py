"""Faults of TLS, of look-ups and of connections that rules make, as curl, Python and
Chromium name them."""

import os
import re
import shutil
import ssl
import tempfile
import time
import unittest

from test_browser import SWITCHES, chromium
from weirtest import (
    Origin,
    Raw,
    TestPki,
    TlsOrigin,
    Weir,
    client_context,
    curl,
    curl_status,
    run,
    tunnel,
    upstream_map,
)

HELD_S = 0.4

# Of each certificate fault: what curl says, OpenSSL's code in Python, Chromium's name.
CERTIFICATES = {
    "expired": ("certificate has expired", 10, "ERR_CERT_DATE_INVALID"),
    "not_yet": ("certificate is not yet valid", 9, "ERR_CERT_DATE_INVALID"),
    "wrong_host": ("no alternative certificate subject name matches", 62,
                   "ERR_CERT_COMMON_NAME_INVALID"),
    "self_signed": ("self-signed certificate", 18, "ERR_CERT_AUTHORITY_INVALID"),
    "untrusted": ("unable to get local issuer certificate", 20, "ERR_CERT_AUTHORITY_INVALID"),
}
OTHERS = {
    "close": "close", "stall": "stall", "alert": "alert 40", "alert-80": "alert 80",
    "no-alpn": "no_alpn", "max": "max 1.2",
}


def host_of(fault):
    return fault.replace("_", "-") + ".test"


def rules():
    """A rule for each fault of TLS, each with a host of its own, named like it."""
    faults = {**{name: name for name in CERTIFICATES}, **OTHERS}
    lines = ["rules:"]
    for name, fault in faults.items():
        lines.append("  - { name: %s, match: %s, then: { tls: %s } }" % (name, host_of(name), fault))
    return "\n".join(lines) + "\n"


class Faults(unittest.TestCase):
    """A weir whose origins answer to every name below .test."""

    yaml = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-pki-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        pki = TestPki(cls.folder)
        cls.origin = cls.enterClassContext(Origin())
        cls.secure = cls.enterClassContext(TlsOrigin(pki.leaf("origin.test").server_context()))
        targets = {}
        for name in sorted(cls.hosts()):
            targets[name + ":80"] = cls.origin.port
            targets[name + ":443"] = cls.secure.port
        cls.weir = cls.enterClassContext(
            Weir(upstream_map(targets) + "tls: { no_verify: [.test] }\n" + cls.yaml))

    @classmethod
    def hosts(cls):
        return set(re.findall(r"[a-z0-9-]+\.test", cls.yaml)) | {"sound.test"}

    def setUp(self):
        self.origin.requests.clear()
        self.secure.requests.clear()

    def asked(self):
        """How many requests came to an origin."""
        return len(self.origin.requests) + len(self.secure.requests)

    def assert_rule(self, flow, name, note):
        told = " ".join("%s %s" % (r.get("rule"), r.get("note")) for r in flow["rules"])
        self.assertRegex(told, r"proxy\.yaml:\d+ %s .*%s" % (re.escape(name), note))


class BrokenTls(Faults):
    yaml = rules()

    def refusal(self, name):
        """The refused flow of that fault's host."""
        flow = self.weir.flow(kind="refused", host=host_of(name), reason="aborted_by_rule")
        self.assertTrue(flow["injected"])
        self.assert_rule(flow, name, "tls:")
        return flow

    def python_error(self, name, timeout=None):
        with self.assertRaises(OSError) as caught:
            raw = Raw(self.weir.port, timeout=timeout or 30)
            self.addCleanup(raw.drop)
            self.assertEqual(raw.connect(host_of(name) + ":443").status, 200)
            raw.start_tls(host_of(name), self.weir.ca)
        return caught.exception

    def test_certificates_are_refused_by_curl_for_their_fault(self):
        for name, (message, _, _) in CERTIFICATES.items():
            with self.subTest(fault=name):
                done = curl(self.weir, "https://%s/" % host_of(name))
                self.assertEqual(done.code, 60, done.err)
                self.assertIn(message, done.err)
                self.refusal(name)
        self.assertEqual(self.asked(), 0)

    def test_certificates_are_refused_by_python_for_their_fault(self):
        for name, (_, code, _) in CERTIFICATES.items():
            with self.subTest(fault=name):
                error = self.python_error(name)
                self.assertIsInstance(error, ssl.SSLCertVerificationError)
                self.assertEqual(error.verify_code, code, error)

    def test_a_client_that_takes_any_certificate_is_served(self):
        for name in CERTIFICATES:
            with self.subTest(fault=name):
                base = "https://%s/insecure-%s" % (host_of(name), name)
                self.assertEqual(curl_status(self.weir, base, "--insecure")[0], 200)
                flow = self.weir.flow(kind="http", url=base)
                self.assertFalse(flow["injected"])
                self.assert_rule(flow, name, "tls: showed")

    def test_close_ends_the_connection_after_the_client_hello(self):
        done = curl(self.weir, "https://close.test/")
        self.assertEqual(done.code, 35, done.err)
        error = self.python_error("close")
        self.assertIsInstance(
            error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError))
        self.assert_rule(self.refusal("close"), "close", "closed after the ClientHello")

    def test_stall_leaves_the_client_waiting(self):
        done = curl(self.weir, "https://stall.test/", "--max-time", "1")
        self.assertEqual(done.code, 28, done.err)
        self.assertIsInstance(self.python_error("stall", 0.5), TimeoutError)
        self.assert_rule(self.refusal("stall"), "stall", "silent after the ClientHello")

    def test_alert_is_the_alert_that_was_asked_for(self):
        for name, curl_says, reason in (
            ("alert", "handshake failure", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
            ("alert-80", "internal error", "TLSV1_ALERT_INTERNAL_ERROR"),
        ):
            with self.subTest(fault=name):
                done = curl(self.weir, "https://%s/" % host_of(name))
                self.assertEqual(done.code, 35, done.err)
                self.assertIn(curl_says, done.err)
                self.assertEqual(self.python_error(name).reason, reason)
                self.refusal(name)

    def test_no_alpn_negotiates_none(self):
        context = client_context(self.weir.ca, alpn=["http/1.1"])
        for host, chosen in (("no-alpn.test", None), ("sound.test", "http/1.1")):
            with self.subTest(host=host), tunnel(self.weir, host + ":443", context=context) as raw:
                self.assertEqual(raw.sock.selected_alpn_protocol(), chosen)
        done = curl(self.weir, "https://no-alpn.test/by-curl", "-v", "--http1.1")
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("ALPN: server did not agree", done.err)
        self.assert_rule(self.weir.flow(url="https://no-alpn.test/by-curl"), "no-alpn", "tls:")

    def test_max_holds_the_client_to_tls_1_2(self):
        for host, version in (("max.test", "TLSv1.2"), ("sound.test", "TLSv1.3")):
            with self.subTest(host=host), tunnel(self.weir, host + ":443") as raw:
                self.assertEqual(raw.sock.version(), version)
        done = curl(self.weir, "https://max.test/", "-v")
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("SSL connection using TLSv1.2", done.err)
        done = curl(self.weir, "https://max.test/", "--tlsv1.3")
        self.assertEqual(done.code, 35, done.err)
        self.assertIn("protocol version", done.err)
        self.refusal("max")

    def test_hosts_without_a_rule_are_sound(self):
        self.assertEqual(curl_status(self.weir, "https://sound.test/")[0], 200)

    def test_a_faulty_certificate_is_made_once(self):
        """All connections are shown the same one."""
        shown = set()
        for _ in range(3):
            raw = Raw(self.weir.port)
            self.addCleanup(raw.drop)
            raw.connect("expired.test:443")
            raw.start_tls("expired.test", context=client_context(None))
            shown.add(raw.sock.getpeercert(True))
        self.assertEqual(len(shown), 1)


class Counted(Faults):
    yaml = """
rules:
  - { name: twice,  match: twice.test, when: first 2, then: { tls: expired } }
  - { name: third,  match: third.test, when: every 3rd, then: { connect: refuse } }
  - { name: chance, match: chance.test, when: 50% seed 7, then: { dns: fail } }
"""

    def test_tls_counts_the_connections_of_clients(self):
        codes = [curl(self.weir, "https://twice.test/").code for _ in range(4)]
        self.assertEqual(codes, [60, 60, 0, 0])

    def test_connect_counts_the_requests_that_go_to_the_origin(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                urls = ["%s://third.test/%d" % (scheme, at) for at in range(6)]
                done = curl(self.weir, urls[0], "-w", "%{http_code} ", "-o", os.devnull,
                            *(part for url in urls[1:] for part in (url, "-o", os.devnull)))
                self.assertEqual(done.out, b"200 200 502 200 200 502 ")

    def test_the_same_seed_makes_the_same_decisions(self):
        def turns(weir):
            return [curl_status(weir, "http://chance.test/")[0] for _ in range(12)]

        first = turns(self.weir)
        self.assertEqual(set(first), {200, 502})
        with Weir(upstream_map({"chance.test": self.origin.port}) + self.yaml) as other:
            self.assertEqual(turns(other), first)


class BrokenDials(Faults):
    yaml = """
timeouts: { connect: 1s }
rules:
  - { name: nameless, match: nameless.test, then: { dns: fail } }
  - { name: slowname, match: slowname.test, then: { dns: delay 400ms } }
  - { name: refused,  match: refused.test, then: { connect: refuse } }
  - { name: slow,     match: slow.test, then: { connect: delay 400ms } }
  - { name: hanging,  match: hanging.test, then: { connect: hang } }
  - { name: later,    match: later.test, when: after 1, then: { connect: refuse } }
  - { name: both,     match: both.test, then: { tls: expired } }
  - { name: of both,  match: both.test, then: { connect: refuse } }
"""

    def failing(self, host, status, reason, sentence):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme, host=host):
                url = "%s://%s/" % (scheme, host)
                got, page = curl_status(self.weir, url)
                self.assertEqual(got, status)
                self.assertIn(sentence.encode(), page)
                self.assertIn(b"a rule did this: proxy.yaml", page)
                flow = self.weir.flow(url=url)
                self.assertEqual((flow["reason"], flow["injected"]), (reason, True))
                self.assertIsNone(flow["upstream"])
                self.assert_rule(flow, host.partition(".")[0], "(dns|connect): ")
        self.assertEqual(self.asked(), 0)

    def held(self, host):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme, host=host):
                started = time.monotonic()
                url = "%s://%s/" % (scheme, host)
                self.assertEqual(curl_status(self.weir, url)[0], 200)
                self.assertGreaterEqual(time.monotonic() - started, HELD_S)
                flow = self.weir.flow(url=url)
                self.assertFalse(flow["injected"])
                self.assertEqual(flow["timings_us"]["injected"], int(HELD_S * 1e6))
                self.assert_rule(flow, host.partition(".")[0], "held 400.0 ms")

    def test_dns_fail_is_a_page_that_names_the_rule(self):
        self.failing("nameless.test", 502, "dns_failed", "could not be resolved")

    def test_dns_delay_holds_the_request(self):
        self.held("slowname.test")

    def test_connect_refuse_is_a_page_that_names_the_rule(self):
        self.failing("refused.test", 502, "connect_failed", "No connection to the host")

    def test_connect_delay_holds_the_request(self):
        self.held("slow.test")

    def test_connect_hang_ends_by_the_connect_timeout(self):
        started = time.monotonic()
        self.failing("hanging.test", 504, "connect_timeout", "took too long")
        self.assertGreaterEqual(time.monotonic() - started, 2)

    def test_refuse_bites_though_a_connection_is_kept(self):
        for scheme in ("http", "https"):
            with self.subTest(scheme=scheme):
                url = "%s://later.test/" % scheme
                done = curl(self.weir, url, "-w", "%{http_code} ", "-o", os.devnull,
                            url, "-o", os.devnull)
                expected = b"200 502 " if scheme == "http" else b"502 502 "
                self.assertEqual(done.out, expected)

    def test_a_faulty_certificate_and_a_refused_connection_go_together(self):
        self.assertEqual(curl(self.weir, "https://both.test/").code, 60)
        self.assertEqual(curl_status(self.weir, "https://both.test/", "--insecure")[0], 502)

    def test_python_is_told_too(self):
        with tunnel(self.weir, "refused.test:443") as raw:
            raw.send("GET /py HTTP/1.1\r\nHost: refused.test\r\n\r\n")
            self.assertEqual(raw.read_response().status, 502)


class Browser(Faults):
    """Chromium, which trusts weir's CA."""

    yaml = rules()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        store = cls.weir.path(".pki", "nssdb")
        os.makedirs(store)
        made = run("certutil", "-N", "-d", "sql:" + store, "--empty-password")
        trusted = run(cls.weir.program, "trust", env={**cls.weir.env, "TRUST_STORES": "nss"})
        if made.code or trusted.code:
            raise AssertionError(made.err + trusted.err)

    def page(self, url):
        """The page's DOM, or the browser's own word that there is none."""
        profile = os.path.join(self.folder, "profile")
        done = run(chromium(), *SWITCHES, "--user-data-dir=" + profile,
                   "--proxy-server=" + self.weir.url, "--virtual-time-budget=20000", "--dump-dom",
                   url, env=self.weir.env, timeout=120)
        return done.out.decode(errors="replace") + done.err

    def assert_shown(self, name, text):
        with self.subTest(fault=name):
            page = self.page("https://%s/" % host_of(name))
            self.assertIn(text, page, re.findall(r"net::ERR_[A-Z_]+", page))

    def test_names_the_fault_of_a_certificate(self):
        for name, (_, _, error) in CERTIFICATES.items():
            self.assert_shown(name, "Page load failed: net::" + error)

    def test_names_what_broke_the_handshake(self):
        self.assert_shown("close", "Page load failed: net::ERR_CONNECTION_CLOSED")
        self.assert_shown("alert", "Page load failed: net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH")
        self.assert_shown("alert-80", "Page load failed: net::ERR_SSL_PROTOCOL_ERROR")

    def test_loads_what_is_only_held_to_less(self):
        html = (("Content-Type", "text/html"),)
        self.secure.routes["/"] = lambda wire, _: wire.reply(body=b"<p>loaded", headers=html)
        for name in ("no-alpn", "max"):
            self.assert_shown(name, "<p>loaded")


if __name__ == "__main__":
    unittest.main()
