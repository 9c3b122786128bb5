"""What weir must never show: a secret, its files to other users, bytes of the network to a terminal.

The table of all of it is in docs/testing.md."""

import contextlib
import json
import os
import pty
import re
import stat
import tempfile
import threading
import unittest

from badcerts import Issuer, server_context
from rig import HOSTILE, WrappedWeir, status
from weirtest import (
    Ground,
    Raw,
    TlsOrigin,
    Weir,
    curl_status,
    eventually,
    run,
    tunnel,
    upstream_map,
)

GONE = (EOFError, OSError)


class FileModes(Ground):
    """Whatever the umask, what weir makes is for its user alone."""

    def test_makes_files_and_folders_for_the_user_alone(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-modes-"))
        env = {
            "XDG_%s_HOME" % kind: os.path.join(folder, "made", kind)
            for kind in ("DATA", "STATE", "CONFIG", "CACHE")
        }
        weir = WrappedWeir(self.configuration(), before="umask 000; exec", env=env)
        weir.jsonl_path = os.path.join(folder, "flows.jsonl")
        weir.env["SSLKEYLOGFILE"] = os.path.join(folder, "keys.log")
        with weir:
            ca = os.path.join(folder, "made", "DATA", "weir", "ca.pem")
            self.assertEqual(curl_status(weir, "https://origin.test/", "--cacert", ca)[0], 200)
            weir.flows(1)
            seen = 0
            for top in (folder, os.path.join(weir.folder, "runtime")):
                for base, folders, files in os.walk(top):
                    for name in folders + files:
                        seen += 1
                        self.check_mode(os.path.join(base, name))
            self.assertGreater(seen, 7)

    def check_mode(self, path):
        mode = os.lstat(path).st_mode
        allowed = 0o700 if stat.S_ISDIR(mode) else 0o600
        if path.endswith("ca.pem"):
            allowed = 0o644  # for everybody to trust
        self.assertEqual(stat.S_IMODE(mode) & ~allowed, 0, "%s: %o" % (path, mode))


class Secrets(Ground):
    """What is a secret by its name or place shows up nowhere: not in the JSON Lines, not on the
    console with bodies, not on stderr, not on pages."""

    SECRET = "hunter2-%04d"

    def test_shows_no_secret_by_default(self):
        count = [0]

        def secret():
            count[0] += 1
            return self.SECRET % count[0]

        query = "access_token=%s&password=%s&X-Amz-Signature=%s" % (secret(), secret(), secret())
        fields = [
            "Authorization: Bearer " + secret(),
            "Cookie: id=%s; theme=%s" % (secret(), secret()),
            "Proxy-Authorization: Basic " + secret(),
            "X-Api-Key: " + secret(),
            "X-CSRF-Token: " + secret(),
            "Referer: http://origin.test/?token=" + secret(),
        ]
        bodies = [
            ("application/x-www-form-urlencoded", "user=me&password=%s" % secret()),
            ("application/json", '{"user":"me","password":"%s"}' % secret()),
            ("application/json", '{"a":[{"client_secret":"%s"}]}' % secret()),
            ("application/json", '{"refresh_token": "%s"' % secret()),
            (
                "multipart/form-data; boundary=b",
                '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n%s\r\n--b--\r\n'
                % secret(),
            ),
        ]
        answer = json.dumps({"access_token": secret(), "nested": {"id_token": secret()}})
        head = [("Set-Cookie", "sid=" + secret()), ("Location", "/?code=" + secret())]
        head.append(("Content-Type", "application/json"))
        for origin in (self.origin, self.secure):
            origin.routes["/login"] = lambda wire, _: wire.reply(200, answer.encode(), head)
            origin.routes["/else"] = lambda wire, _: wire.reply(200, b"ok")
        weir = Weir(self.configuration(), ["-vv", "--color", "never"])
        with weir:
            for client, prefix in (
                (Raw(weir.port), "http://origin.test"),
                (tunnel(weir, "origin.test:443"), ""),
            ):
                with client:
                    self.post_all(client, prefix + "/login?" + query, fields, bodies)
                    self.post_all(client, prefix + "/else?" + query, fields, bodies)
            with Raw(weir.port) as client:
                host = "http://nowhere.invalid:1/?" + query
                page = client.request(["GET %s HTTP/1.1" % host, "Host: x", *fields])
            weir.flows(4 * len(bodies) + 1)
            eventually(lambda: weir.stdout().count(b"POST") >= 4 * len(bodies), "the console")
            with open(weir.jsonl_path, "rb") as file:
                texts = [file.read(), weir.stdout(), page.body]
            texts.append("\n".join(weir.stderr).encode())
        for number, text in enumerate(texts):
            found = re.findall(rb".{30}hunter2-\d\d\d\d", text)
            self.assertEqual(found, [], number)
        self.assertIn(b"REDACTED", texts[0])

    def post_all(self, client, url, fields, bodies):
        for kind, body in bodies:
            head = ["POST %s HTTP/1.1" % url, "Host: origin.test", *fields]
            head += ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
            self.assertEqual(client.request(head, body).status, 200)


# What a terminal would obey, or show in a deceiving way.
NASTY = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x1bP1;2q\x1b\\", "\x9b31m",
    "\x9d0;t\x9c", "a\rb", "a\x08\x08b", "\x07", "\x00", "\x7f", "\u202eevil", "\u2066x\u2069",
    "\u200fx", "\u2028x", "\u061cx", "\ufeffx", "\x0e\x0f", "\x1b(0", "\x1bc",
]  # fmt: skip
OWN_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class HostileText(Ground):
    """No byte of the network, nor of a file name, acts on a terminal."""

    def nasty_bodies(self):
        """(type, body): all of it at once, each alone, and as the strings of JSON."""
        text = "\n".join(NASTY)
        for kind in ("text/plain", "text/html", "application/json", "application/x-y", "image/png"):
            for data in (text.encode(), text.encode("utf-16"), b"\x9b31m\xff", b"{" + text.encode()):
                yield kind, data
        for nasty in NASTY:
            yield "text/plain; charset=utf-8", ("line %s end\r\n" % nasty).encode()
            yield "application/json", json.dumps({nasty: [nasty]}).encode()
            yield "application/json", json.dumps({nasty: [nasty]}, ensure_ascii=False).encode()

    def ask_all(self, weir):
        """Sends all that is nasty both ways. What weir refuses it shows as well."""
        fields = [n.encode().decode("latin-1") for n in NASTY if min(n) > "\x1f" and n != "\x7f"]
        head = [("X-%d" % at, value) for at, value in enumerate(fields)]
        with Raw(weir.port) as client:
            for number, (kind, data) in enumerate(self.nasty_bodies()):
                all_fields = [("Content-Type", kind), *head]
                all_fields.append(("Content-Disposition", 'attachment; filename="%s"' % fields[0]))
                self.origin.routes["/n%d" % number] = (
                    lambda wire, _, d=data, h=all_fields: wire.reply(200, d, h, reason="\x9b31m")
                )
                lines = ["POST http://origin.test/n%d HTTP/1.1" % number, "Host: origin.test"]
                lines += ["%s: %s" % pair for pair in all_fields]
                got = client.request([*lines, "Content-Length: %d" % len(data)], data)
                self.assertTrue(got.body == data)
        for nasty in NASTY:
            for request in (
                "GET http://origin.test/%s HTTP/1.1\r\nHost: origin.test\r\n\r\n",
                "GET http://%s/ HTTP/1.1\r\nHost: x\r\n\r\n",
                "CONNECT %s:443 HTTP/1.1\r\n\r\n",
                "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nX-A: %s\r\n\r\n",
                "%s http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
            ):
                with Raw(weir.port) as client:
                    client.sock.sendall((request % nasty).encode())
                    client.finish()
                    with contextlib.suppress(*GONE):
                        client.read_to_end()

    def assert_tame(self, data):
        text = OWN_COLOURS.sub("", data.decode("utf-8"))  # all of it is UTF-8
        found = HOSTILE.search(text.replace("\r\n", "\n"))
        self.assertIsNone(found, found and text[max(0, found.start() - 60) : found.end() + 20])

    def test_shows_no_raw_control_in_any_sink(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        out = os.path.join(folder, "out")
        args = ["-vv", "--color", "never", "--console", "pretty"]
        weir = WrappedWeir(self.configuration(), args, after=">" + out)
        weir.jsonl_path = os.path.join(folder, "flows.jsonl")
        with weir:
            self.ask_all(weir)
        with open(out, "rb") as file:
            shown = file.read()
        self.assertGreater(len(shown), 50000)
        self.assertFalse(b"\x1b" in shown)
        self.assert_tame(shown)
        with open(weir.jsonl_path, "rb") as file:
            self.assert_tame(file.read())
        self.assert_tame("\n".join(weir.stderr).encode())

    def test_shows_nothing_but_its_own_colours_on_a_terminal(self):
        master, slave = pty.openpty()
        got = []

        def read():
            with contextlib.suppress(OSError):
                while data := os.read(master, 65536):
                    got.append(data)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        args = ["-vv", "--color", "always", "--console", "pretty"]
        with WrappedWeir(self.configuration(), args, after=">" + os.ttyname(slave)) as weir:
            self.ask_all(weir)
        os.close(slave)
        reader.join(10)
        shown = b"".join(got)
        self.assertGreater(len(shown), 50000)
        self.assert_tame(shown)

    def test_shows_no_raw_control_of_a_certificate(self):
        make = Issuer(self.folder)
        root = make.root("evil \x1b[31m root")
        leaf = make.leaf("origin.test", root)
        with TlsOrigin(server_context(leaf)) as origin:
            weir = Weir(upstream_map({"origin.test": origin.port}), ["-vv", "--color", "never"])
            with weir:
                code, body = curl_status(weir, "https://origin.test/")
                self.assertEqual(code, 502)
                flow = weir.flow(kind="http")
                self.assertIn("not trusted", flow["error"] + "is not known not trusted")
                eventually(lambda: b"origin.test" in weir.stdout(), "the console")
                for data in (body, weir.stdout(), "\n".join(weir.stderr).encode()):
                    self.assert_tame(data)
                self.assertIsNone(HOSTILE.search(flow["error"]))

    def test_shows_no_raw_control_of_a_file_name_or_a_broken_file(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        env = {"XDG_DATA_HOME": folder, "XDG_RUNTIME_DIR": folder, "HOME": folder}
        program = Weir().program
        for at, nasty in enumerate(n for n in NASTY if "\x00" not in n):
            path = os.path.join(folder, "%d %s.yaml" % (at, nasty))
            with open(path, "w") as file:
                file.write("version: 1\nrules:\n  - { name: '%s', macht: a.test }\n" % nasty)
            for args in (
                ["check", path],
                ["check", "--error-format", "short", path],
                ["run", "-c", path, "--listen", "127.0.0.1:0"],
                ["run", "-c", path + "none", "--listen", "127.0.0.1:0"],
                ["run", "--jsonl", folder + "/no/" + nasty, "--listen", "127.0.0.1:0"],
                ["run", "--ca", path, "--ca-key", path + "none", "--listen", "127.0.0.1:0"],
                ["run", "--set", "tls.dial=" + nasty, "--listen", "127.0.0.1:0"],
                ["run", "--" + nasty],
                [nasty],
            ):
                with self.subTest(args=args):
                    done = run(program, *args, env=env, timeout=20)
                    self.assertNotIn(done.code, (0, 99), done.err)
                    self.assert_tame(done.out)
                    self.assert_tame(done.err.encode())


if __name__ == "__main__":
    unittest.main()
