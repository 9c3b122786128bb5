"""What is neither TLS nor HTTP after CONNECT, refused CONNECTs, and other proxies."""

import base64
import contextlib
import unittest

from weirtest import Ground, Raw, RawServer, Weir, curl, curl_status, eventually, run, upstream_map

BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


def ssh_like(wire):
    """Speaks first, answers the client's banner, and ends after `bye`."""
    wire.send(BANNER)
    if wire.read_until(b"\r\n") != b"SSH-2.0-client\r\n":
        return
    wire.send(b"\x00\x00\x00\x0ckexinit")
    while wire.read_until(b"\n") != b"bye\n":
        wire.send(b"again\n")
    wire.send(b"closing\n")


def echo(wire):
    while data := wire.read_some():
        wire.send(data)


class Tunnels(Ground):
    @classmethod
    def targets(cls):
        cls.ssh = cls.enterClassContext(RawServer(ssh_like))
        cls.echo = cls.enterClassContext(RawServer(echo))
        return {
            **super().targets(),
            "ssh.test:22": cls.ssh.port,
            "old.test:22": cls.ssh.port,
            "echo.test:7": cls.echo.port,
        }

    def server(self, handler, authority):
        """A weir of its own for one raw server; a Raw that is CONNECTed to it."""
        server = self.enterContext(RawServer(handler))
        weir = self.enterContext(Weir(upstream_map({authority: server.port})))
        client = Raw(weir.port)
        self.addCleanup(client.drop)
        self.assertEqual(client.connect(authority).status, 200)
        return server, weir, client

    def test_relays_a_server_that_speaks_first(self):
        client = self.raw()
        self.assertEqual(client.connect("ssh.test:22").status, 200)
        self.assertEqual(client.read_until(b"\r\n"), BANNER)
        client.send("SSH-2.0-client\r\n")
        self.assertEqual(client.read_exactly(11), b"\x00\x00\x00\x0ckexinit")
        client.send("more\n")
        self.assertEqual(client.read_until(b"\n"), b"again\n")
        client.send("bye\n")
        self.assertEqual(client.read_to_end(), b"closing\n")
        client.drop()
        flow = self.flow_of("ssh.test:22", kind="tunnel")
        self.assertEqual(flow["reason"], "tunnel_ended")
        self.assertFalse(flow["error"])

    def test_relays_a_client_that_speaks_something_else(self):
        for hello in (b"\x00\x01\x02\x03", b"SSH-2.0-x\r\n", b"\x80\x2e\x01", b"\xff" * 2000):
            client = self.raw()
            self.assertEqual(client.connect("echo.test:7").status, 200)
            client.send(hello)
            self.assertEqual(client.read_exactly(len(hello)), hello)

    def test_relays_bytes_sent_with_connect(self):
        client = self.raw()
        client.send("CONNECT echo.test:7 HTTP/1.1\r\nHost: echo.test:7\r\n\r\n", b"\x01early")
        self.assertEqual(client.read_response("CONNECT").status, 200)
        self.assertEqual(client.read_exactly(6), b"\x01early")

    def test_relays_much_data_unchanged(self):
        client = self.raw()
        client.connect("echo.test:7")
        block = bytes(range(256)) * 1024
        client.send(b"\x00")
        self.assertEqual(client.read_exactly(1), b"\x00")
        for _ in range(20):
            client.send(block)
            self.assertEqual(client.read_exactly(len(block)), block)

    def test_carries_the_clients_half_close(self):
        def serve(wire):
            total = len(wire.read_to_end())
            wire.send(b"got %d" % total)

        _, weir, client = self.server(serve, "half.test:9")
        client.send(b"\x00" * 1000)
        client.finish()
        self.assertEqual(client.read_to_end(), b"got 1000")
        self.assertEqual(weir.flow(kind="tunnel")["reason"], "tunnel_ended")

    def test_carries_the_servers_half_close(self):
        def serve(wire):
            wire.send(b"\x00last words")
            wire.finish()
            after.append(wire.read_to_end())

        after = []
        _, _, client = self.server(serve, "half.test:9")
        self.assertEqual(client.read_to_end(), b"\x00last words")
        client.send(b"still here")
        client.finish()
        eventually(lambda: after, "the end of the client's bytes")
        self.assertEqual(after, [b"still here"])

    def test_carries_a_reset_of_the_server(self):
        def serve(wire):
            wire.send(b"\x00x")
            wire.read_exactly(1)
            wire.reset()

        _, weir, client = self.server(serve, "reset.test:9")
        self.assertEqual(client.read_exactly(2), b"\x00x")
        client.send(b"y")
        with self.assertRaises(ConnectionResetError):
            client.read_to_end()
        self.assertEqual(weir.flow(kind="tunnel")["reason"], "origin_reset")

    def test_carries_a_reset_of_the_client(self):
        server, weir, client = self.server(echo, "reset.test:9")
        client.send(b"\x00x")
        self.assertEqual(client.read_exactly(2), b"\x00x")
        client.reset()
        eventually(lambda: server.errors, "an error at the server")
        self.assertIsInstance(server.errors[0], ConnectionResetError)
        self.assertEqual(weir.flow(kind="tunnel")["reason"], "client_reset")

    def test_closes_when_nobody_listens_there(self):
        weir = self.enterContext(Weir(upstream_map({"ssh.test:22": 1})))
        client = Raw(weir.port)
        self.addCleanup(client.drop)
        client.connect("ssh.test:22")
        client.send(b"\x00hello")
        with contextlib.suppress(ConnectionResetError):
            client.read_to_end()
        flow = weir.flows(1)[0]
        self.assert_failed(flow, "connect_failed")

    def test_serves_an_http_1_0_connect_without_host(self):
        client = self.raw()
        client.send("CONNECT old.test:22 HTTP/1.0\r\n\r\n")
        self.assertEqual(client.read_response("CONNECT").status, 200)
        self.assertEqual(client.read_until(b"\r\n"), BANNER)


class RefusedConnects(Ground):
    def test_refuses_what_is_no_authority(self):
        cases = [
            "origin.test",
            "origin.test:",
            "origin.test:0",
            "origin.test:65536",
            "origin.test:+443",
            "me@origin.test:443",
            "origin.test:443/x",
            "http://origin.test:443",
            ":443",
            "/",
            "[::1%25lo]:443",
            "[::1:443",
            "0x7f.1:443",
            "2130706433:443",
            "origin.test:44 3",
        ]
        for authority in cases:
            with self.subTest(authority=authority):
                client = self.raw()
                got = client.request(["CONNECT %s HTTP/1.1" % authority, "Host: origin.test:443"])
                self.assertEqual(got.status, 400)
                self.assertEqual(client.read_to_end(), b"")
        for flow in self.weir.flows(len(cases), kind="refused"):
            self.assertIn(flow["reason"], ("bad_request", "bad_target"))
            self.assertTrue(flow["error"])


class OwnAddress(Ground):
    def test_refuses_to_connect_to_itself(self):
        client = self.raw()
        got = client.connect("127.0.0.1:%d" % self.weir.port)
        if got.status == 200:  # it may be judged when the address is dialled
            client.send("GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % self.weir.port)
            got = client.read_response()
        self.assertEqual(got.status, 403)
        self.assert_failed(self.weir.flow(reason="own_address"), "own_address")


class Authentication(Ground):
    yaml = "auth: user:pass word\n"

    def credentials(self, text):
        return "Proxy-Authorization: Basic " + base64.b64encode(text.encode()).decode()

    def test_asks_for_credentials(self):
        for request in (
            "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n",
            "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n",
        ):
            for line in (
                "",
                self.credentials("user:wrong") + "\r\n",
                "Proxy-Authorization: Basic %%\r\n",
                self.credentials("user:pass wordX") + "\r\n",
                "Proxy-Authorization: Bearer x\r\n",
            ):
                got = self.exchange(self.raw(), request + line + "\r\n")
                self.assertEqual(got.status, 407)
                self.assertTrue(got.get("proxy-authenticate", "").startswith("Basic realm="))
        self.assertEqual(self.origin.requests + self.secure.requests, [])
        flows = self.weir.flows(10, kind="refused")
        self.assertEqual({flow["reason"] for flow in flows}, {"auth_required"})

    def test_lets_in_who_knows_them_and_tells_the_origin_nothing(self):
        for scheme, origin in (("http", self.origin), ("https", self.secure)):
            status, _ = curl_status(self.weir, scheme + "://origin.test/in", "-U", "user:pass word")
            self.assertEqual(status, 200)
            self.assertIsNone(origin.last.get("proxy-authorization"))

    def test_shows_no_credentials_anywhere(self):
        curl(self.weir, "http://origin.test/hidden", "-U", "user:pass word")
        self.flow_of("/hidden")
        secret = base64.b64encode(b"user:pass word")
        with open(self.weir.jsonl_path, "rb") as file:
            text = file.read() + self.weir.stdout() + "\n".join(self.weir.stderr).encode()
        self.assertNotIn(secret, text)
        self.assertNotIn(b"pass word", text)


class Remote(unittest.TestCase):
    def test_listens_beyond_loopback_only_with_allow_remote_and_auth(self):
        with Weir("listen: 127.0.0.1:0\n") as weir:
            for args in (["--listen", "0.0.0.0:0"], ["--listen", "0.0.0.0:0", "--allow-remote"]):
                done = run(
                    weir.program, "run", "-c", weir.yaml_path, *args, env=weir.env, timeout=20
                )
                self.assertIn(done.code, (1, 2, 3), done.err)


class OtherProxies(Ground):
    """upstream.via: a second weir stands between the first one and the origins."""

    @classmethod
    def configuration(cls):
        cls.echo = cls.enterClassContext(RawServer(echo))
        cls.second = cls.enterClassContext(
            Weir(
                upstream_map({"origin.test": cls.origin.port, "echo.test:7": cls.echo.port})
                + "auth: user:secret\n"
            )
        )
        return (
            "upstream:\n  via:\n    default: direct\n"
            "    wrong.test: http://user:wrong@127.0.0.1:%d\n"
            "    .test: http://user:secret@127.0.0.1:%d\n" % (cls.second.port, cls.second.port)
        )

    def test_sends_plain_requests_to_the_proxy(self):
        self.assertEqual(curl_status(self.weir, "http://origin.test/via"), (200, b"GET /via"))
        self.assertIsNone(self.origin.last.get("proxy-authorization"))
        self.second.flow(url="http://origin.test/via")

    def test_tunnels_through_the_proxy(self):
        client = self.raw()
        client.connect("echo.test:7")
        client.send(b"\x00hello")
        self.assertEqual(client.read_exactly(6), b"\x00hello")

    def test_says_that_the_proxy_refused(self):
        got = self.exchange(
            self.raw(), "GET http://wrong.test/ HTTP/1.1\r\nHost: wrong.test\r\n\r\n"
        )
        self.assertIn(got.status, (407, 502))
        status, body = curl_status(self.weir, "https://wrong.test/")
        self.assertEqual(status, 502)
        self.assertIn(b"The upstream proxy refused the connection", body)
        self.assertEqual(self.flow_of("https://wrong.test")["reason"], "via_failed")


class OtherProxiesTls(Ground):
    """The same for HTTPS: the second weir tunnels, the first one opens up."""

    @classmethod
    def configuration(cls):
        cls.second = cls.enterClassContext(
            Weir(
                upstream_map({"origin.test:443": cls.secure.port})
                + "tls: { passthrough: [origin.test] }\n"
            )
        )
        return (
            "upstream:\n  via: { default: 'http://127.0.0.1:%d' }\n"
            "tls: { upstream_ca: '%s' }\n" % (cls.second.port, cls.pki.ca)
        )

    def test_connects_through_the_proxy(self):
        self.assertEqual(curl_status(self.weir, "https://origin.test/via"), (200, b"GET /via"))
        self.assertEqual(self.flow_of("/via")["reason"], "complete")


if __name__ == "__main__":
    unittest.main()
