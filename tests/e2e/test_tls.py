"""TLS on both sides of weir: the leaves it makes, and the origins it trusts or not."""

import os
import re
import ssl
import stat
import tempfile
import unittest

from weirtest import (
    Ground,
    Raw,
    TestPki,
    TlsOrigin,
    Weir,
    client_context,
    curl,
    curl_status,
    eventually,
    openssl,
    run,
    tls_versions,
    tunnel,
    upstream_map,
)

IDN = "xn--bcher-kva.test"  # bücher.test


def get(client, path="/", host="origin.test"):
    client.send("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (path, host))
    return client.read_response()


class Leaves(Ground):
    @classmethod
    def targets(cls):
        return {**super().targets(), IDN + ":443": cls.secure.port, "down.test": "127.0.0.1:1"}

    def leaf_of(self, authority, name=None):
        """A PEM file with the leaf that weir shows for it."""
        client = tunnel(self.weir, authority, name)
        self.addCleanup(client.drop)
        path = os.path.join(self.folder, "shown.pem")
        with open(path, "w") as file:
            file.write(ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(True)))
        return path

    def text_of(self, cert, *extensions):
        return openssl(
            "x509", "-in", cert, "-noout", "-serial", "-dates", "-ext", ",".join(extensions)
        ).decode()

    def test_makes_leaves_that_strict_verification_accepts(self):
        for authority in (
            "origin.test:443",
            IDN + ":443",
            "127.0.0.1:%d" % self.secure.port,
            "down.test:443",
        ):
            with self.subTest(authority=authority):
                leaf = self.leaf_of(authority)
                self.assertIn(
                    b"OK",
                    openssl(
                        "verify",
                        "-x509_strict",
                        "-purpose",
                        "sslserver",
                        "-CAfile",
                        self.weir.ca,
                        leaf,
                    ),
                )

    def test_names_the_host_in_the_leaf(self):
        text = self.text_of(self.leaf_of("origin.test:443"), "subjectAltName")
        self.assertIn("DNS:origin.test", text)
        text = self.text_of(self.leaf_of(IDN + ":443"), "subjectAltName")
        self.assertIn("DNS:" + IDN, text)
        text = self.text_of(self.leaf_of("127.0.0.1:%d" % self.secure.port), "subjectAltName")
        self.assertIn("IP Address:127.0.0.1", text)

    def test_names_an_ipv6_address_in_the_leaf(self):
        with TlsOrigin(self.pki.leaf("::1").server_context(), host="::1") as origin:
            text = self.text_of(self.leaf_of("[::1]:%d" % origin.port), "subjectAltName")
        self.assertIn("IP Address:0:0:0:0:0:0:0:1", text)

    def test_points_from_the_leaf_to_the_ca(self):
        leaf = self.text_of(self.leaf_of("origin.test:443"), "authorityKeyIdentifier")
        ca = self.text_of(self.weir.ca, "subjectKeyIdentifier")
        key = re.compile(r"(?:[0-9A-F]{2}:){19}[0-9A-F]{2}")
        self.assertEqual(key.search(leaf).group(), key.search(ca).group())

    def test_makes_leaves_for_thirty_days(self):
        leaf = self.leaf_of("origin.test:443")
        openssl("x509", "-in", leaf, "-noout", "-checkend", str(28 * 86400))
        with self.assertRaises(RuntimeError):
            openssl("x509", "-in", leaf, "-noout", "-checkend", str(32 * 86400))

    def test_gives_every_host_a_serial_of_its_own(self):
        serials = {
            self.text_of(self.leaf_of(a), "subjectAltName").split("\n")[0]
            for a in ("origin.test:443", IDN + ":443", "down.test:443")
        }
        self.assertEqual(len(serials), 3)

    def test_keeps_the_ca_key_to_its_owner(self):
        folder = os.path.dirname(self.weir.ca)
        keys = [name for name in os.listdir(folder) if name.endswith(".key")]
        self.assertEqual(len(keys), 1)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, keys[0])).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)

    def test_refuses_a_key_that_others_can_read(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = TestPki(folder).authority
            os.chmod(authority.key, 0o644)
            done = run(
                self.weir.program,
                "run",
                "--listen",
                "127.0.0.1:0",
                "--ca",
                authority.cert,
                "--ca-key",
                authority.key,
                env=self.weir.env,
                timeout=20,
            )
            self.assertNotEqual(done.code, 0)
            self.assertIn(authority.key, done.err)

    def test_signs_with_a_ca_of_ones_own(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = TestPki(folder).authority
            os.chmod(authority.key, 0o600)
            with Weir(
                self.configuration(), ["--ca", authority.cert, "--ca-key", authority.key]
            ) as weir:
                done = curl(weir, "https://origin.test/own", "--cacert", authority.cert)
                self.assertEqual((done.code, done.out), (0, b"GET /own"), done.err)


class Versions(Ground):
    @classmethod
    def targets(cls):
        leaf = cls.pki.leaf("v12.test", "v13.test")
        cls.origins = {"v12.test": "TLSv1_2", "v13.test": "TLSv1_3"}
        ports = {}
        for host, version in cls.origins.items():
            context = leaf.server_context(versions=tls_versions(version))
            ports[host] = cls.enterClassContext(TlsOrigin(context)).port
        return {**super().targets(), **ports}

    def test_speaks_each_version_to_each_side(self):
        for host in self.origins:
            for version in ("TLSv1_2", "TLSv1_3"):
                with self.subTest(host=host, version=version):
                    context = client_context(self.weir.ca, versions=tls_versions(version))
                    client = tunnel(self.weir, host + ":443", context=context)
                    self.addCleanup(client.drop)
                    self.assertEqual(client.sock.version(), version.replace("_", "."))
                    self.assertEqual(get(client, host=host).status, 200)

    def test_chooses_http_1_1_by_alpn(self):
        for offered in (["http/1.1"], ["h2", "http/1.1"]):
            context = client_context(self.weir.ca, alpn=offered)
            client = tunnel(self.weir, "origin.test:443", context=context)
            self.addCleanup(client.drop)
            self.assertEqual(client.sock.selected_alpn_protocol(), "http/1.1")
            self.assertEqual(get(client).status, 200)


class Trust(Ground):
    """What weir makes of the origin's certificate."""

    yaml = ""

    @classmethod
    def targets(cls):
        cls.bad = {
            "expired.test": cls.pki.expired("expired.test"),
            "early.test": cls.pki.not_yet("early.test"),
            "wrong.test": cls.pki.leaf("right.test"),
            "untrusted.test": cls.pki.untrusted("untrusted.test"),
            "self.test": cls.pki.self_signed("self.test"),
            "let.test": cls.pki.self_signed("let.test"),
        }
        ports = {
            host: cls.enterClassContext(TlsOrigin(certificate.server_context())).port
            for host, certificate in cls.bad.items()
        }
        return {**super().targets(), **ports}

    @classmethod
    def configuration(cls):
        return (
            upstream_map(cls.targets())
            + "tls: { upstream_ca: '%s', no_verify: [let.test] }\n" % cls.pki.ca
        )

    def test_explains_a_certificate_it_refuses(self):
        for host in self.bad:
            if host == "let.test":
                continue
            with self.subTest(host=host):
                status, body = curl_status(self.weir, "https://%s/" % host)
                self.assertEqual(status, 502)
                self.assertIn(b"certificate was refused", body)
                self.assertIn(host.encode(), body)
                flow = self.flow_of("https://" + host)
                self.assert_failed(flow, "certificate_refused")

    def test_lets_a_host_pass_that_is_not_to_be_verified(self):
        status, body = curl_status(self.weir, "https://let.test/let")
        self.assertEqual((status, body), (200, b"GET /let"))

    def test_trusts_nobody_but_the_system_by_default(self):
        with Weir(upstream_map({"origin.test": self.secure.port})) as weir:
            status, _ = curl_status(weir, "https://origin.test/")
            self.assertEqual(status, 502)
            self.assertEqual(weir.flow(kind="http")["reason"], "certificate_refused")

    def test_sends_nothing_to_a_host_it_refuses(self):
        before = len(self.secure.requests)
        with Weir(upstream_map({"origin.test": self.secure.port})) as weir:
            curl(weir, "https://origin.test/", "-d", "secret")
        self.assertEqual(len(self.secure.requests), before)


class Passthrough(Ground):
    @classmethod
    def targets(cls):
        cls.certificate = cls.pki.leaf("bank.test", "www.bank.test")
        cls.bank = cls.enterClassContext(TlsOrigin(cls.certificate.server_context()))
        return {**super().targets(), "bank.test": cls.bank.port, "www.bank.test": cls.bank.port}

    @classmethod
    def configuration(cls):
        return upstream_map(cls.targets()) + "tls: { passthrough: [.bank.test] }\n"

    def test_shows_the_origins_own_certificate(self):
        for host in ("bank.test", "www.bank.test"):
            client = Raw(self.weir.port)
            self.addCleanup(client.drop)
            client.connect(host + ":443")
            client.start_tls(host, self.pki.ca)
            self.assertEqual(client.sock.getpeercert(True), self.certificate.der())
            self.assertEqual(get(client, "/private", host).body, b"GET /private")
            client.close()
        flow = self.weir.flow(kind="tunnel")
        self.assertIn("bank.test", flow["url"])
        self.assertNotIn("/private", flow["url"])


class ClientCertificates(Ground):
    @classmethod
    def targets(cls):
        context = cls.pki.leaf("mutual.test", "bare.test").server_context(client_ca=cls.pki.ca)
        cls.mutual = cls.enterClassContext(TlsOrigin(context))
        cls.identity = cls.pki.leaf("the-client.test")
        os.chmod(cls.identity.key, 0o600)
        return {**super().targets(), "mutual.test": cls.mutual.port, "bare.test": cls.mutual.port}

    @classmethod
    def configuration(cls):
        targets = upstream_map(cls.targets())
        return targets + (
            "tls:\n  upstream_ca: '%s'\n  client_certs:\n"
            "    mutual.test: { cert: '%s', key: '%s' }\n"
            % (cls.pki.ca, cls.identity.cert, cls.identity.key)
        )

    def test_shows_its_certificate_to_the_host_it_is_for(self):
        status, body = curl_status(self.weir, "https://mutual.test/in")
        self.assertEqual((status, body), (200, b"GET /in"))
        names = [value for kind, value in self.mutual.handshakes[-1]["peer"]["subjectAltName"]]
        self.assertEqual(names, ["the-client.test"])

    def test_says_so_when_the_origin_wants_one_and_there_is_none(self):
        status, _ = curl_status(self.weir, "https://bare.test/in")
        self.assertEqual(status, 502)
        self.assertTrue(self.flow_of("bare.test")["error"])


class Closing(Ground):
    def test_calls_a_close_without_close_notify_truncated(self):
        def answer(wire, _):
            wire.send("HTTP/1.1 200 OK\r\n\r\nis this all")
            wire.drop()

        self.secure.routes["/until_close"] = answer
        done = curl(self.weir, "https://origin.test/until_close")
        self.assertIn(done.code, (18, 56), done.err)
        flow = self.flow_of("/until_close")
        self.assert_failed(flow, "origin_truncated")

    def test_takes_a_whole_body_without_close_notify_for_whole(self):
        def answer(wire, _):
            wire.reply(200, b"all of it")
            wire.drop()

        self.secure.routes["/whole"] = answer
        self.assertEqual(curl_status(self.weir, "https://origin.test/whole"), (200, b"all of it"))
        self.assertEqual(self.flow_of("/whole")["reason"], "complete")

    def test_says_goodbye_with_close_notify(self):
        client = self.tunnel()
        client.send("GET /bye HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
        client.read_response()
        client.sock.suppress_ragged_eofs = False  # a FIN alone would now be an error
        self.assertEqual(client.read_to_end(), b"")


class Rejected(Ground):
    def test_tells_of_a_client_that_rejects_the_ca(self):
        for version in ("--tlsv1.2", "--tlsv1.3"):
            done = curl(
                self.weir,
                "https://origin.test/rejected",
                "--cacert",
                self.pki.ca,
                version,
                *(["--tls-max", "1.2"] if version == "--tlsv1.2" else [])
            )
            self.assertEqual(done.code, 60, done.err)
        flows = self.weir.flows(2, reason="client_rejected_ca")
        for flow in flows:
            self.assertEqual(flow["kind"], "refused")
            self.assertTrue(flow["error"])
            self.assertIn("origin.test", flow["url"])
        self.assertEqual(self.secure.requests, [])

    def test_tells_of_a_broken_client_hello(self):
        client = self.raw()
        client.connect("origin.test:443")
        client.send(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
        self.assertNotIn(b"HTTP", client.read_to_end())
        self.assertEqual(self.weir.flow(reason="bad_client_hello")["kind"], "refused")

    def test_lets_the_host_through_next_time_when_told_so(self):
        yaml = (
            upstream_map(self.targets())
            + "tls: { upstream_ca: '%s', on_reject: passthrough }\n" % self.pki.ca
        )
        with Weir(yaml) as weir:
            self.assertEqual(curl(weir, "https://origin.test/", "--cacert", self.pki.ca).code, 60)
            weir.flow(kind="refused")
            done = curl(weir, "https://origin.test/through", "--cacert", self.pki.ca)
            self.assertEqual((done.code, done.out), (0, b"GET /through"), done.err)


class Resumption(Ground):
    @classmethod
    def targets(cls):
        names = ["a.test", "b.test", "c.test", "d.test"]
        cls.shared = cls.enterClassContext(TlsOrigin(cls.pki.leaf(*names).server_context()))
        return {**super().targets(), **{name: cls.shared.port for name in names}}

    def session_from(self, host, context):
        client = tunnel(self.weir, host + ":443", context=context)
        self.assertEqual(get(client, host=host).status, 200)  # the ticket of TLS 1.3 comes late
        session = client.sock.session
        client.close()
        return session

    def resumes(self, host, context, session):
        client = tunnel(self.weir, host + ":443", context=context, session=session)
        try:
            self.assertEqual(get(client, host=host).status, 200)
            return client.sock.session_reused
        finally:
            client.close()

    def test_resumes_a_clients_session_for_the_same_host_only(self):
        for version in ("TLSv1_2", "TLSv1_3"):
            with self.subTest(version=version):
                context = client_context(self.weir.ca, versions=tls_versions(version))
                session = self.session_from("a.test", context)
                self.assertTrue(self.resumes("a.test", context, session))
                session = self.session_from("a.test", context)
                self.assertFalse(self.resumes("b.test", context, session))

    def test_resumes_its_own_session_with_an_origin_but_not_across_hosts(self):
        def ask(host):
            before = len(self.shared.handshakes)
            status, _ = curl_status(self.weir, "https://%s/" % host, "-H", "X-Once: 1")
            self.assertEqual(status, 200)
            return self.shared.handshakes[before:]

        def once(wire, request):
            wire.reply(200, b"ok", [("Connection", "close")])
            wire.close()

        self.shared.default = once
        ask("c.test")
        self.assertTrue(any(h["resumed"] for h in ask("c.test") + ask("c.test")))
        self.assertFalse(ask("d.test")[0]["resumed"])


class KeyLog(Ground):
    def test_writes_the_keys_of_both_sides_where_told(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys.log")
            with Weir(self.configuration(), env={"SSLKEYLOGFILE": path}) as weir:
                weir.wait_stderr("SSLKEYLOGFILE")
                self.assertEqual(curl_status(weir, "https://origin.test/")[0], 200)

                def secrets():
                    with open(path) as file:
                        return {
                            line.split()[1]
                            for line in file
                            if line.startswith("CLIENT_TRAFFIC_SECRET_0 ")
                        }

                eventually(
                    lambda: os.path.exists(path) and len(secrets()) >= 2, "keys of two sides"
                )
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)


class Decryption(Ground):
    """tls.decrypt as a list: only those hosts are opened up."""

    @classmethod
    def configuration(cls):
        return (
            upstream_map({**cls.targets(), "other.test": cls.secure.port})
            + "tls: { upstream_ca: '%s', decrypt: [origin.test] }\n" % cls.pki.ca
        )

    def test_opens_up_only_what_is_listed(self):
        self.assertEqual(curl_status(self.weir, "https://origin.test/x"), (200, b"GET /x"))
        client = Raw(self.weir.port)
        self.addCleanup(client.drop)
        client.connect("other.test:443")
        context = client_context(self.pki.ca)
        context.check_hostname = False
        client.start_tls("other.test", context=context)
        self.assertEqual(get(client, "/raw").body, b"GET /raw")
        client.close()
        self.assertIn("other.test", self.weir.flow(kind="tunnel")["url"])


class Lazily(Ground):
    """tls.dial: lazy never waits for the origin before the client's handshake."""

    @classmethod
    def configuration(cls):
        return upstream_map(cls.targets()) + "tls: { upstream_ca: '%s', dial: lazy }\n" % cls.pki.ca

    def test_serves_a_request_without_dialling_first(self):
        client = self.tunnel()
        self.assertEqual(self.secure.handshakes, [])
        self.assertEqual(get(client, "/lazy").body, b"GET /lazy")


if __name__ == "__main__":
    unittest.main()
