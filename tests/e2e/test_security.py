"""What weir must never do, whoever asks: talk to itself, trust a bad certificate, or mix hosts.

The table of all of it is in docs/testing.md."""

import collections
import contextlib
import os
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from badcerts import Issuer, san_with_nul, server_context, verify_strictly
from rig import Load, NameServer, WrappedWeir, can_mount, status
from weirtest import (
    Ground,
    Raw,
    RawServer,
    TlsOrigin,
    Weir,
    client_context,
    curl_status,
    free_port,
    openssl,
    run,
    tls_versions,
    tunnel,
    upstream_map,
)

HERE = os.path.dirname(os.path.abspath(__file__))
LEAVES = int(os.environ.get("WEIR_LEAVES", "1000"))

# Names of this machine's own loopback address, in every way of writing one.
OWN_NAMES = [
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "app.localhost", "0.0.0.0", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:0.0.0.0]",
    "[::FFFF:127.0.0.1]", "127.0.0.1.", "2130706433", "0x7f000001", "0x7f.1", "017700000001",
    "0177.0.0.1", "127.1", "127.0.1", "0", "0x0", "00.0.0.0", "[::127.0.0.1]", "[::0.0.0.0]",
    "[::ffff:0:127.0.0.1]", "127.0.0.1%00.test", "%31%32%37.0.0.1", "127.0.0.2",
]  # fmt: skip
SURE = OWN_NAMES[:11]  # those that a kernel or resolver surely brings back to us


class OwnListener(unittest.TestCase):
    """weir's own listeners are no targets, judged by the address that is dialled."""

    @classmethod
    def setUpClass(cls):
        cls.second = free_port()  # another listener, whose port the configuration can name
        yaml = (
            "upstream:\n  map:\n"
            "    rebound.test: 127.0.0.1:%d\n    rebound6.test: '[::ffff:127.0.0.1]:%d'\n"
            "    rebound0.test: 0.0.0.0:%d\n    byname.test: localhost:%d\n"
            "    six.test: '[::1]:%d'\n"
            "  via: { default: direct, viaself.test: 'http://127.0.0.1:%d' }\n"
            % ((cls.second,) * 6)
        )
        listen = ["--listen", "127.0.0.1:%d" % cls.second, "--listen", "[::1]:%d" % cls.second]
        yaml += "timeouts: { connect: 500ms, dns: 2s }\n"
        cls.weir = cls.enterClassContext(Weir(yaml, listen))

    def setUp(self):
        self.opened = 0

    def raw(self):
        self.opened += 1
        raw = Raw(self.weir.port)
        self.addCleanup(raw.drop)
        return raw

    def connections(self):
        return status(self.weir)["traffic"]["connections"]

    @contextlib.contextmanager
    def no_loop(self):
        """Nobody connects to weir but the test itself."""
        before = self.connections()
        yield
        self.assertEqual(self.connections() - before, self.opened)

    def get(self, host, port):
        client = self.raw()
        client.send(
            "GET http://%s:%d/ HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (host, port, host, port)
        )
        return client.read_response()

    def connect_and_get(self, host, port):
        client = self.raw()
        authority = "%s:%d" % (host, port)
        got = client.connect(authority)
        if got.status == 200:
            client.send("GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % authority)
            got = client.read_response()
        return got

    def test_is_no_target_under_any_name(self):
        with self.no_loop():
            for ask in (self.get, self.connect_and_get):
                for port in (self.weir.port, self.second):
                    for host in OWN_NAMES:
                        with self.subTest(host=host, ask=ask.__name__):
                            got = ask(host, port)
                            self.assertIn(got.status, (400, 403, 502, 504))
                            if host in SURE:
                                self.assertEqual(got.status, 403)
                                self.assertIn(b"this proxy itself", got.body)

    def test_is_no_target_on_its_ipv6_address(self):
        with self.no_loop():
            for ask in (self.get, self.connect_and_get):
                for host in ("[::1]", "[0:0:0:0:0:0:0:1]", "localhost", "[::]"):
                    self.assertEqual(ask(host, self.second).status, 403, host)

    def test_is_no_target_of_names_that_are_bound_to_it(self):
        names = ["rebound", "rebound6", "rebound0", "byname", "six", "viaself"]
        with self.no_loop():
            for ask in (self.get, self.connect_and_get):
                for name in names:
                    for port in (80, 443, 8080, self.second):
                        got = ask(name + ".test", port)
                        self.assertEqual(got.status, 403, name)

    def test_is_no_target_inside_tls(self):
        with self.no_loop():
            for host, port in (("localhost", self.weir.port), ("rebound.test", 443)):
                self.opened += 1
                code, body = curl_status(self.weir, "https://%s:%d/" % (host, port))
                self.assertEqual(code, 403)
                self.assertIn(b"this proxy itself", body)

    def test_is_no_target_of_a_raw_tunnel(self):
        with self.no_loop():
            for host, port in (("localhost", self.weir.port), ("rebound.test", 22)):
                client = self.raw()
                client.connect("%s:%d" % (host, port))
                client.send(b"\x00\x01\x02\x03")
                with contextlib.suppress(ConnectionResetError):
                    self.assertNotIn(b"HTTP/1.1 200", client.read_to_end())
        self.weir.flow(reason="own_address")

    @unittest.skipUnless(can_mount(), "another resolv.conf for one process needs root")
    def test_is_no_target_of_a_name_that_a_name_server_binds_to_it(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        names = self.enterContext(NameServer({"evil.test": "127.0.0.1", "zero.test": "0.0.0.0"}))
        weir = self.enterContext(WrappedWeir(before=names.before(folder)))
        for host in ("evil.test", "zero.test"):
            with Raw(weir.port) as client:
                got = client.get("http://%s:%d/" % (host, weir.port))
                self.assertEqual(got.status, 403)
        self.assertIn("evil.test", names.asked)


INSIDE = "WEIR_IN_OWN_NETWORK"


class OwnNetwork(unittest.TestCase):
    """A listener on all addresses, tried in a network of its own where nobody else is."""

    def test_runs_the_tests_below_in_a_network_of_their_own(self):
        if os.environ.get(INSIDE):
            self.skipTest("this is the inside")
        inner = "ip link set lo up && exec %s -B -m unittest test_security.Wildcard" % sys.executable
        done = run("unshare", "--net", "sh", "-c", inner, env={INSIDE: "1"}, timeout=120)
        if "Operation not permitted" in done.err and "unshare" in done.err:
            self.skipTest("a network of its own needs root")
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("OK", done.err)


@unittest.skipUnless(os.environ.get(INSIDE), "run by OwnNetwork, in a network of its own")
class Wildcard(unittest.TestCase):
    def test_is_no_target_on_any_address_of_the_machine(self):
        subprocess.run(["ip", "addr", "add", "198.51.100.7/32", "dev", "lo"], check=True)
        port = free_port()
        listen = ["--allow-remote", "--listen", "0.0.0.0:%d" % port]
        own = OWN_NAMES + ["127.0.0.2", "127.9.9.9", "198.51.100.7", "[::ffff:198.51.100.7]"]
        with Weir("auth: user:password\n", listen) as weir:
            for at, host in enumerate(own):
                with Raw(port) as client:
                    got = client.request(
                        [
                            "GET http://%s:%d/ HTTP/1.1" % (host, port),
                            "Host: %s:%d" % (host, port),
                            "Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==",
                        ]
                    )
                self.assertIn(got.status, (400, 403, 502, 504), host)
                if host in SURE or at >= len(OWN_NAMES) or host == "127.0.0.2":
                    self.assertEqual(got.status, 403, host)
            self.assertEqual(status(weir)["traffic"]["connections"], len(own))


class WiderListening(unittest.TestCase):
    """Beyond this machine only with --allow-remote and a password: else refused, with a
    sentence, and nothing listens."""

    def start(self, yaml, *args):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "proxy.yaml")
            with open(path, "w") as file:
                file.write("version: 1\n" + yaml)
            env = {"XDG_DATA_HOME": folder, "XDG_RUNTIME_DIR": folder, "HOME": folder}
            return run(Weir().program, "run", "-c", path, *args, env=env, timeout=20)

    def test_needs_both_a_flag_and_a_password(self):
        for address in ("0.0.0.0:0", "'[::]:0'", "192.0.2.1:0", "'[::ffff:0.0.0.0]:0'"):
            plain = address.strip("'")
            cases = [
                ("", ["--listen", plain]),
                ("", ["--listen", plain, "--allow-remote"]),
                ("auth: user:password\n", ["--listen", plain]),
                ("listen: %s\n" % address, []),
                ("listen: [127.0.0.1:0, %s]\n" % address, ["--allow-remote"]),
            ]
            for yaml, args in cases:
                with self.subTest(yaml=yaml, args=args):
                    done = self.start(yaml, *args)
                    self.assertIn(done.code, (1, 2, 3), done.err)
                    self.assertRegex(done.err, "allow-remote|auth")
                    self.assertNotIn("ready", done.err)


class CaFiles(unittest.TestCase):
    """A CA that weir must not use is refused, with a sentence that names the file."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-ca-"))
        self.issuer = Issuer(self.folder)
        self.good = self.issuer.root("good")
        os.chmod(self.good.key, 0o600)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, cert, key):
        args = ["--listen", "127.0.0.1:0", "--ca", cert, "--ca-key", key]
        env = {"XDG_DATA_HOME": self.path("data"), "XDG_RUNTIME_DIR": self.folder}
        return run(Weir().program, "run", *args, env=env, timeout=20)

    def refuses(self, cert, key, named, words):
        done = self.start(cert, key)
        self.assertIn(done.code, (1, 3), done.err)
        self.assertNotIn("ready", done.err)
        self.assertIn(named, done.err)
        self.assertRegex(done.err, words)
        self.assertNotIn("PRIVATE KEY", done.err)

    def test_refuses_keys_that_others_may_read_or_write(self):
        for mode in (0o640, 0o604, 0o644, 0o660, 0o606, 0o666, 0o610, 0o777, 0o620):
            os.chmod(self.good.key, mode)
            self.refuses(self.good.cert, self.good.key, self.good.key, "others|other users")
        os.chmod(self.good.key, 0o600)

    def test_refuses_links_and_what_is_no_file(self):
        link, fifo, folder = self.path("link"), self.path("fifo"), self.path("folder")
        os.symlink(self.good.key, link)
        self.refuses(self.good.cert, link, link, "symbolic link")
        os.mkfifo(fifo, 0o600)
        self.refuses(self.good.cert, fifo, fifo, "not a file")
        os.mkdir(folder, 0o700)
        self.refuses(self.good.cert, folder, folder, "not a file|directory")
        certlink = self.path("certlink")
        os.symlink(self.good.cert, certlink)
        self.refuses(certlink, self.good.key, certlink, "symbolic link")
        self.refuses(self.good.cert, self.path("none"), self.path("none"), "No such file")

    @unittest.skipUnless(os.geteuid() == 0, "to give a file away needs root")
    def test_refuses_a_key_of_another_user(self):
        os.chown(self.good.key, 12345, -1)
        self.refuses(self.good.cert, self.good.key, self.good.key, "another user")

    def test_refuses_files_that_are_no_ca(self):
        other = self.issuer.root("other")
        leaf = self.issuer.leaf("a.test", self.good)
        old = self.issuer.root("old", days=(-30, -2))
        encrypted, long, empty = self.path("encrypted"), self.path("long"), self.path("empty")
        openssl("ec", "-in", self.good.key, "-aes256", "-passout", "pass:x", "-out", encrypted)
        for path, text in ((long, b"x" * 100000), (empty, b"")):
            with open(path, "wb") as file:
                file.write(text)
        for path in (other.key, leaf.key, old.key, encrypted, long, empty):
            os.chmod(path, 0o600)
        self.refuses(self.good.cert, other.key, self.good.cert, "key")
        self.refuses(leaf.cert, leaf.key, leaf.cert, "CA|authority|sign")
        self.refuses(old.cert, old.key, old.cert, "expired")
        for path in (encrypted, long, empty):
            self.refuses(self.good.cert, path, path, ".")

    def test_takes_a_key_of_ones_own_with_narrow_modes(self):
        for mode in (0o600, 0o400):
            os.chmod(self.good.key, mode)
            with Weir("", ["--ca", self.good.cert, "--ca-key", self.good.key]):
                pass

    def test_guards_the_ca_that_it_made(self):
        weir = Weir()
        with weir:
            key = os.path.join(os.path.dirname(weir.ca), "ca.key")
            kept = self.path("kept")
            shutil.copytree(os.path.dirname(weir.ca), kept)
        key, cert = os.path.join(kept, "ca.key"), os.path.join(kept, "ca.pem")
        aside = self.path("aside")

        def refused(words):
            home = self.path("home")
            shutil.rmtree(home, ignore_errors=True)
            os.makedirs(home)
            os.symlink(kept, os.path.join(home, "weir"))
            env = {"XDG_DATA_HOME": home, "XDG_RUNTIME_DIR": self.folder}
            done = run(Weir().program, "run", "--listen", "127.0.0.1:0", env=env, timeout=20)
            self.assertIn(done.code, (1, 3), done.err)
            self.assertRegex(done.err, words)

        os.chmod(key, 0o644)
        refused("other users may read .*ca.key")
        os.chmod(key, 0o600)
        os.rename(key, aside)
        refused("ca.pem is there without ca.key")
        os.symlink(aside, key)
        refused("symbolic link")
        os.unlink(key)
        os.rename(aside, key)
        os.unlink(cert)
        refused("ca.key is there without ca.pem")


class BadCertificates(Ground):
    """Certificates that weir must refuse: 502, a sentence that says why, and not one request
    sent. What is good beside them is taken."""

    @classmethod
    def targets(cls):
        cls.origins = {}
        ports = {}
        for host, context in cls.contexts().items():
            origin = cls.enterClassContext(TlsOrigin(context))
            cls.origins[host] = origin
            ports[host + ":443"] = origin.port
        return {**super().targets(), **ports}

    @classmethod
    def contexts(cls):
        """{host: context}; what is good stands under names that begin with `good`."""
        cls.make = make = Issuer(cls.folder)
        cls.root = root = make.root("trusted root")
        between = make.between("between", root)
        short = make.between("short", root, {"basicConstraints": "critical,CA:TRUE,pathlen:0"})
        bound = {"nameConstraints": "critical,permitted;DNS:.inside.test"}
        bound = make.between("bound", root, bound)
        client_only = {"extendedKeyUsage": "clientAuth"}
        no_sign = {"keyUsage": "critical,digitalSignature"}
        no_ca = {"basicConstraints": "critical,CA:FALSE"}

        def under(host, authority, **more):
            return server_context(make.leaf(host, authority, **more))

        def changed(host, san=None, by=between, **changes):
            if san:
                changes["subjectAltName"] = san
            return server_context(make.leaf(host, by, changes))

        found = {
            "good.test": under("good.test", root),
            "good-between.test": under("good-between.test", between),
            "www.good-wild.test": changed("www.good-wild.test", "DNS:*.good-wild.test"),
            "x.inside.test": under("x.inside.test", bound),
            "expired.test": under("expired.test", between, days=(-30, -2)),
            "early.test": under("early.test", between, days=(2, 30)),
            "self.test": server_context(make.leaf("self.test", None, weak_leaf())),
            "unknown-ca.test": under("unknown-ca.test", make.root("unknown")),
            "sent-root.test": server_context(
                make.leaf("sent-root.test", make.root("sent along")), send_root=True
            ),
            "forged-ca.test": under("forged-ca.test", make.root("trusted root")),
            "wrong-host.test": changed("wrong-host.test", "DNS:right-host.test"),
            "no-san.test": changed("some name", subjectAltName=None),
            "cn-only.test": changed("cn-only.test", subjectAltName=None),
            "email-san.test": changed("email-san.test", "email:me@email-san.test"),
            "too-wide.test": changed("too-wide.test", "DNS:*.test"),
            "star.test": changed("star.test", "DNS:*"),
            "a.b.deeper.test": changed("a.b.deeper.test", "DNS:*.deeper.test"),
            "bare.test": changed("bare.test", "DNS:*.bare.test"),
            "foo.partial.test": changed("foo.partial.test", "DNS:f*.partial.test"),
            "x.y.inner.test": changed("x.y.inner.test", "DNS:x.*.inner.test"),
            "nul.test": changed("nul.test", san_with_nul("nul.test", ".evil.test")),
            "no-ca.test": under("no-ca.test", make.between("no ca", root, no_ca)),
            "no-constraints.test": under(
                "no-constraints.test", make.between("none", root, {"basicConstraints": None})
            ),
            "leaf-signs.test": under("leaf-signs.test", make.leaf("good.test", between)),
            "old-between.test": under(
                "old-between.test", make.between("old", root, days=(-30, -2))
            ),
            "missing-between.test": server_context(
                make.leaf("missing-between.test", between), without=1
            ),
            "path-too-long.test": under("path-too-long.test", make.between("below", short)),
            "outside.test": under("outside.test", bound),
            "no-certsign.test": under(
                "no-certsign.test", make.between("no sign", root, no_sign)
            ),
            "client-only.test": changed("client-only.test", **client_only),
            "client-between.test": under(
                "client-between.test", make.between("clients", root, client_only)
            ),
            "key-usage.test": changed("key-usage.test", keyUsage="critical,cRLSign"),
            "critical.test": changed("critical.test", **{"1.2.3.4.5": "critical,DER:0500"}),
            "md5.test": under(
                "md5.test", make.between("rsa", root, bits=2048), digest="md5"
            ),
            "sha1.test": under("sha1.test", between, digest="sha1"),
            "sha1-between.test": under(
                "sha1-between.test", make.between("sha1", root, digest="sha1")
            ),
            "rsa1024.test": under("rsa1024.test", between, bits=1024),
            "rsa1024-between.test": under(
                "rsa1024-between.test", make.between("weak", root, bits=1024)
            ),
            "rsa512.test": under("rsa512.test", between, bits=512),
            "tampered.test": server_context(make.tampered(make.leaf("tampered.test", between))),
            "tampered-between.test": under("tampered-between.test", make.tampered(
                make.between("bent", root))),
        }
        found["rsa512.test"].maximum_version = ssl.TLSVersion.TLSv1_2  # PSS does not fit in 512
        return found

    @classmethod
    def configuration(cls):
        return upstream_map(cls.targets()) + "tls: { upstream_ca: '%s' }\n" % cls.root.cert

    def good(self, host):
        return "good" in host or host.endswith(".inside.test")

    def test_takes_what_is_good(self):
        for host in filter(self.good, self.origins):
            self.assertEqual(curl_status(self.weir, "https://%s/in" % host), (200, b"GET /in"))

    def test_refuses_each_bad_one_with_a_sentence(self):
        bad = [host for host in self.origins if not self.good(host)]
        self.assertGreaterEqual(len(bad), 20)
        for host in bad:
            with self.subTest(host=host):
                code, body = curl_status(self.weir, "https://%s/secret" % host, "-d", "secret")
                self.assertEqual(code, 502)
                self.assertIn(b"certificate was refused", body)
                self.assertIn(host.encode(), body)
                flow = self.flow_of("https://" + host)
                self.assert_failed(flow, "certificate_refused")
                self.assertGreater(len(flow["error"]), 40)
                self.assertEqual(self.origins[host].requests, [])

    def test_says_what_is_wrong(self):
        words = {
            "expired.test": "has expired",
            "early.test": "is not valid before",
            "self.test": "self-signed",
            "wrong-host.test": "is for other hosts: right-host.test",
            "cn-only.test": "names no host",
            "missing-between.test": "certificates in between",
            "old-between.test": "authority",
            "rsa1024.test": "too weak",
        }
        for host, part in words.items():
            _, body = curl_status(self.weir, "https://%s/" % host)
            self.assertIn(part, body.decode(), host)

    def test_refuses_addresses_that_are_no_names_of_the_certificate(self):
        for san, code in (
            ("IP:127.0.0.1", 200),
            ("DNS:127.0.0.1", 502),
            ("IP:127.0.0.2", 502),
            ("DNS:localhost", 502),
        ):
            leaf = self.make.leaf("127.0.0.1", self.root, {"subjectAltName": san})
            with TlsOrigin(server_context(leaf)) as origin:
                url = "https://127.0.0.1:%d/" % origin.port
                self.assertEqual(curl_status(self.weir, url)[0], code, san)


def weak_leaf():
    """Extensions of a leaf that signs itself: no authority's key to point at."""
    return {"authorityKeyIdentifier": None}


class ManyLeaves(unittest.TestCase):
    """A thousand hosts, each with a leaf of its own, all accepted by the strictest verification
    of openssl, with serial numbers that never repeat."""

    def test_makes_a_thousand_leaves_that_are_right(self):
        yaml = "rules:\n  - { name: any, match: .many.test, then: 204 }\n"
        leaves = []

        def fetch(number):
            while (at := next(numbers, None)) is not None:
                host = "host-%d.many.test" % at
                client = tunnel(weir, host + ":443", context=context)
                leaves.append((host, client.sock.getpeercert(True)))
                client.drop()
            load.over.set()

        with Weir(yaml) as weir, tempfile.TemporaryDirectory() as folder:
            context = client_context(weir.ca)
            numbers = Numbers(LEAVES)
            with Load(fetch, 4) as load:
                for thread in load.threads:
                    thread.join(200)
            self.assertEqual(load.errors, [])
            self.check(folder, weir.ca, leaves)

    def check(self, folder, ca, leaves):
        self.assertEqual(len(leaves), LEAVES)
        paths = []
        for host, der in leaves:
            paths.append(os.path.join(folder, host + ".pem"))
            with open(paths[-1], "w") as file:
                file.write(ssl.DER_cert_to_PEM_cert(der))
        code, output = verify_strictly(ca, paths)
        self.assertEqual(code, 0, output[-2000:])
        self.assertEqual(output.count(": OK"), LEAVES)
        shown = [ssl._ssl._test_decode_cert(path) for path in paths]
        serials = [each["serialNumber"] for each in shown]
        self.assertEqual(len(set(serials)), LEAVES)
        self.assertGreater(sum(len(serial) for serial in serials) / LEAVES * 4, 64)  # bits
        for (host, _), each in zip(leaves, shown):
            self.assertEqual(each["subjectAltName"], (("DNS", host),))


class Numbers:
    """0, 1, 2 … for many threads."""

    def __init__(self, count):
        self.items = iter(range(count))
        self.lock = threading.Lock()

    def __next__(self):
        with self.lock:
            return next(self.items)


def hello_parts(hello):
    """(SNI, [what it offers to resume by]) of a ClientHello record."""
    at = 5 + 4 + 2 + 32  # record, handshake, version, random
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 1 + hello[at] + 2
    sni, offers = "", []
    while at + 4 <= len(hello):
        kind, size = (int.from_bytes(hello[at + i : at + i + 2], "big") for i in (0, 2))
        body = hello[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == 0:
            sni = body[5:].decode()
        elif kind == 35 and body:  # session_ticket, RFC 5077
            offers.append(bytes(body))
        elif kind == 41:  # pre_shared_key, RFC 8446 §4.2.11: the first identity
            offers.append(bytes(body[4 : 4 + int.from_bytes(body[2:4], "big")]))
    return sni, offers


class Separation(Ground):
    """Two names at one address: connections and TLS sessions of one are never used for the
    other. A recorder before the origin sees what weir offers to resume."""

    NAMES = ["p.test", "q.test", "r.test"]
    VERSIONS = {"TLSv1_2": "12", "TLSv1_3": "13"}

    @classmethod
    def targets(cls):
        targets = super().targets()
        leaf = cls.pki.leaf(*[v + name for v in cls.VERSIONS.values() for name in cls.NAMES])
        cls.hellos = []
        for version, prefix in cls.VERSIONS.items():
            context = leaf.server_context(versions=tls_versions(version))
            origin = cls.enterClassContext(TlsOrigin(context, default=cls.close_after))
            recorder = cls.enterClassContext(RawServer(cls.recorder_before(origin)))
            targets.update({prefix + name + ":443": recorder.port for name in cls.NAMES})
        leaf = cls.pki.leaf(*cls.NAMES)
        cls.kept = cls.enterClassContext(TlsOrigin(leaf.server_context()))
        targets.update({name + ":443": cls.kept.port for name in cls.NAMES})
        targets.update({name + ":80": cls.origin.port for name in cls.NAMES})
        return targets

    @staticmethod
    def close_after(wire, _):
        wire.reply(200, b"ok", [("Connection", "close")])
        wire.close()

    @classmethod
    def recorder_before(cls, origin):
        def relay(wire):
            with socket.create_connection(("127.0.0.1", origin.port)) as onward:
                first = True
                while True:
                    ready, _, _ = select.select([wire.sock, onward], [], [], 30)
                    for source in ready:
                        data = source.recv(65536)
                        if not data:
                            return
                        if first and source is wire.sock:
                            cls.hellos.append(hello_parts(data))
                            first = False
                        (onward if source is wire.sock else wire.sock).sendall(data)

        return relay

    def test_never_offers_a_session_of_one_host_to_another(self):
        for prefix in self.VERSIONS.values():
            for _ in range(4):
                for name in self.NAMES:
                    self.assertEqual(curl_status(self.weir, "https://%s/" % (prefix + name))[0], 200)
        owner, resumed = {}, collections.Counter()
        for host, offers in self.hellos:
            for offer in offers:
                self.assertEqual(owner.setdefault(offer, host), host)
                resumed[host] += 1
        first = {}
        for host, offers in self.hellos:
            first.setdefault(host, offers)
        self.assertEqual(set(first), {v + n for v in self.VERSIONS.values() for n in self.NAMES})
        self.assertTrue(all(offers == [] for offers in first.values()))
        for host in first:
            self.assertGreater(resumed[host], 0, host)  # it does resume, for the same host

    def test_never_shares_a_connection_between_hosts(self):
        self.kept.requests.clear()
        for scheme, origin in (("http", self.origin), ("https", self.kept)):
            for _ in range(5):
                for name in self.NAMES:
                    status_code, _ = curl_status(self.weir, "%s://%s/" % (scheme, name))
                    self.assertEqual(status_code, 200)
            hosts = collections.defaultdict(set)
            for request in origin.requests:
                hosts[request.connection].add(request.get("host"))
            self.assertTrue(all(len(names) == 1 for names in hosts.values()), hosts)
            self.assertLess(len(hosts), 15)  # they are used again, for the same host

    def test_keeps_to_the_host_of_connect_whatever_is_asked_inside(self):
        client = self.tunnel("p.test:443")
        self.kept.requests.clear()
        for host in ("p.test", "q.test"):
            client.send("GET /inside HTTP/1.1\r\nHost: %s\r\n\r\n" % host)
            client.read_response()
        self.assertEqual(curl_status(self.weir, "https://q.test/outside")[0], 200)
        inside = {r.connection for r in self.kept.requests if r.target == "/inside"}
        outside = {r.connection for r in self.kept.requests if r.target == "/outside"}
        self.assertEqual(inside & outside, set())


if __name__ == "__main__":
    unittest.main()
