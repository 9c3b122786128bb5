"""Redaction where flows leave weir: secrets are planted in all places of the table, each a
different one, and looked for in all that weir writes but its store.

A producer whose command or option this weir does not know is left out; PRODUCERS lists
them all in one place."""

import base64
import json
import os
import re
import tempfile
import unittest

from weirtest import Ground, Raw, Weir, binary, eventually, run, tunnel

MARK = "hunter"
FOUND = re.compile(rb"hunter\d{4}[a-z]?")
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=b"


def part(name, content, more=""):
    return (
        '--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n--b--\r\n'
        % (name, more, content)
    )


# %s is the secret. Each row is planted by HTTP and by HTTPS, in the request and in the
# response as far as both make sense.
REQUEST_HEADERS = [
    ("Authorization", "Bearer %s"),
    ("Authorization", "Basic %s=="),
    ("Authorization", "%s"),
    ("Authorization", 'Digest username="joe", response="%s"'),
    ("Authorization", "AWS4-HMAC-SHA256 Credential=A/2024/x, Signature=%s"),
    ("Proxy-Authorization", "Basic %s"),
    ("Cookie", "id=%s"),
    ("Cookie", "theme=x; sid=%s; y=1"),
    ("X-Api-Key", "%s"),
    ("X-CSRF-Token", "%s"),
    ("X-Amz-Security-Token", "%s"),
    ("X-Goog-Api-Key", "%s"),
    ("X-Hub-Signature-256", "sha256=%s"),
    ("X-Company-Internal", "%s"),  # logs.redact.names
    ("X-Note", "employee number %s-p"),  # logs.redact.patterns
    ("Referer", "http://origin.test/?token=%s"),
    ("Referer", "https://joe:%s@origin.test/"),
    ("Origin", "https://joe:%s@origin.test"),
    ("X-Forwarded-Uri", "/a?access_token=%s"),
    ("X-Jwt-Assertion", JWT + "%s"),
    ("X-Trace", "a " + JWT + "%s b"),
    ("User-Agent", "x/1 (" + JWT + "%s)"),
    ("Sec-WebSocket-Protocol", "chat, bearer, %s"),
    ("Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.%s"),
]
RESPONSE_HEADERS = [
    ("Set-Cookie", "id=%s; Path=/; HttpOnly"),
    ("Set-Cookie", "__Host-x=%s"),
    ("Location", "/cb?code=%s&state=1"),
    ("Location", "https://app.test/#access_token=%s"),
    ("Content-Location", "/x?sig=%s"),
    ("Link", '<https://a.test/>; rel=x, <https://b.test/?token=%s>; rel="next"'),
    ("Refresh", "5; url=cb?session=%s"),
    ("WWW-Authenticate", "Negotiate %s"),
    ("X-Auth-Token", "%s"),
    ("X-Session-Token", JWT + "%s"),
]
TARGETS = [
    "?access_token=%s",
    "?a=1&X-Amz-Signature=%s&b=2",
    "?X-Amz-Credential=%s",
    "?AWSAccessKeyId=AK%s",
    "?user[password]=%s",
    "?user%%5Bpassword%%5D=%s",
    "?SAMLResponse=%s",
    "?client_secret=%s",
    "?key=%s",
    "?next=%%2Fcb%%3Fcode%%3D%s",
    "?next=/cb?code=%s",
    "?variables=%%7B%%22password%%22%%3A%%22%s%%22%%7D",
    ";jsessionid=%s",
    "?note=employee-%s-p",
    "?t=" + JWT + "%s",
]
BODIES = [
    (FORM, "user=me&password=%s"),
    (FORM, "grant_type=x&client_secret=%s&y"),
    (FORM, "user%%5Bpassword%%5D=%s"),
    (FORM, "payload=%%7B%%22token%%22%%3A%%22%s%%22%%7D"),
    (JSON, '{"user":"me","password":"%s"}'),
    (JSON, '{"a":[{"b":{"client_secret" : "%s"}}]}'),
    (JSON, '{"otp":9%s}'.replace("9%s", '"%s"')),
    (JSON, '{"token":["x",{"y":"%s"}]}'),
    (JSON, '{"credentials":{"value":"%s"}}'.replace("credentials", "secret")),
    (JSON, '{"pass\\u0077ord":"%s"}'),
    (JSON, '{"body":"{\\"token\\":\\"%s\\"}"}'),
    (JSON, '{"refresh_token": "%s"'),
    (JSON, '{"next":"https://a.test/cb?code=%s"}'),
    (JSON, '{"next":"https://joe:%s@a.test/"}'),
    (JSON, '{"query":"mutation { login(password: \\"%s\\") { id } }"}'),
    (JSON, '{"query":"q","variables":{"password":"%s"}}'),
    (JSON, '{"x":"' + JWT + '%s"}'),
    (JSON, '{"companyInternal":"%s"}'),
    (JSON, '{"text":"employee number %s-p"}'),
    ("application/x-ndjson", '{"a":1}\n{"id_token":"%s"}\n'),
    ("text/event-stream", 'data: {"token":"%s"}\n\n'),
    ("text/event-stream", "data: " + JWT + "%s\n\n"),
    ("text/plain", "password=%s"),
    ("text/plain", "> Authorization: Bearer %s\n"),
    ("text/plain", "see https://a.test/?a=b&sig=%s"),
    ("", "user=me&token=%s"),
    ("text/html", "<input value='%s' name=csrf_token>"),
    ("text/html", '<meta name="csrf-token" content="%s">'),
    ("text/html", '<a href="/cb?x=1&amp;code=%s">x</a>'),
    ("text/html", '<script>x = {"csrfToken": "%s"}</script>'),
    ("application/xml", "<a><password>%s</password></a>"),
    ("application/soap+xml", "<w:Password Type='x'>%s</w:Password>"),
    ("text/xml", "<token><![CDATA[%s]]></token>"),
    ("text/xml", '<login password="%s"/>'),
    ("application/yaml", "db:\n  password: %s\n"),
    ("application/graphql", 'mutation { login(password: "%s") }'),
    (MULTIPART, part("password", "%s")),
    (MULTIPART, part("token", "%s", '; filename="t"')),
    (MULTIPART, part("x", '{"token":"%s"}')),
    (MULTIPART, part("x", "sid=%s&y=1", "\r\nContent-Type: " + FORM)),
    (MULTIPART, part("x", "<pwd>%s</pwd>", "\r\nContent-Type: text/xml")),
]
TRAILERS = [("X-Token", "%s"), ("X-Signature", "%s")]
INTERIM = [("Link", "</style.css?token=%s>; rel=preload"), ("X-Api-Key", "%s")]

CONFIGURATION = """
logs:
  redact: { names: [x-company-internal, companyInternal], patterns: ['employee[- ][a-z0-9 ]+-p'] }
vars: { api_token: "%s" }
rules:
  - name: header
    match: "/rule-header"
    then:
      set: { request.header.x-api-key: "%s", response.header.x-secret: "%s" }
  - name: query
    match: "/rule-query*"
    then: { set: { request.query.access_token: "%s" } }
  - name: body
    match: "/rule-body"
    then: { set: { request.body: '{"password":"%s"}' } }
  - name: json
    match: "/rule-json"
    then: { patch: { response.body: { merge: { token: "%s" } } } }
  - name: replace
    match: "/rule-replace"
    then: { replace: { response.body: { find: before, with: "employee %s-p" } } }
  - name: cookie
    match: "/rule-cookie"
    then: { set: { request.cookie.sid: "%s" } }
  - name: answer
    match: "/rule-answer"
    then:
      respond: { status: 401, headers: { set-cookie: "a=%s" }, json: { token: "%s" } }
"""


def knows(command, option=None):
    """Has this weir such a command, with such an option?"""
    done = run(binary(), "help", command)
    return done.code == 0 and (option is None or b"--" + option.encode() in done.out)


class Planted(Ground):
    """One weir that has seen them all."""

    # name: (option of `weir run` it needs, arguments); each file is looked at
    FILES = {
        "journal.jsonl": ("fault-journal", ["--fault-journal", "{file}"]),
        "flows.har": ("har", ["--har", "{file}"]),
        "report.xml": ("junit", ["--junit", "{file}"]),
        "report.json": ("report", ["--report", "{file}"]),
    }
    SHOWN = ("-vv", "--color", "never", "--console", "pretty")
    SAID = ()

    @classmethod
    def setUpClass(cls):
        cls.planted = {}
        cls.arguments = [*cls.SHOWN, *cls.SAID]
        cls.made = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-redaction-"))
        for name, (option, arguments) in cls.FILES.items():
            if knows("run", option):
                path = os.path.join(cls.made, name)
                cls.arguments += [a.format(file=path) for a in arguments]
        super().setUpClass()
        cls.plant_all()

    @classmethod
    def secret(cls, where):
        name = "%s%04d" % (MARK, len(cls.planted))
        cls.planted[name] = where
        return name

    @classmethod
    def fill(cls, template, where):
        return template % cls.secret(where)

    @classmethod
    def configuration(cls):
        yaml = CONFIGURATION
        while "%s" in yaml:
            line = next(line for line in yaml.split("\n") if "%s" in line)
            yaml = yaml.replace("%s", cls.secret("configuration: " + line.strip()), 1)
        return super().configuration() + yaml

    @classmethod
    def ask_one(cls, client, prefix, path, fields=(), body=("", ""), answer=None):
        """A request with all that is given, and an answer of headers, body, trailers, interim."""
        headers, content, trailers, interim = answer or ((), ("", "ok"), (), ())

        def reply(wire, _):
            for name, value in interim:
                wire.send("HTTP/1.1 103 Early Hints\r\n%s: %s\r\n\r\n" % (name, value))
            head = [*headers, *([("Content-Type", content[0])] if content[0] else [])]
            if trailers:
                wire.reply(200, b"", [*head, ("Transfer-Encoding", "chunked")], length=False)
                wire.chunk(content[1].encode())
                wire.end_chunks(trailers)
            else:
                wire.reply(200, content[1].encode(), head)

        for origin in (cls.origin, cls.secure):
            origin.routes[re.split("[?;]", path)[0]] = reply
            origin.routes[path.split("?")[0]] = reply
        lines = ["POST %s%s HTTP/1.1" % (prefix, path), "Host: origin.test"]
        lines += ["%s: %s" % pair for pair in fields]
        lines += ["Content-Type: " + body[0]] if body[0] else []
        lines.append("Content-Length: %d" % len(body[1]))
        client.request(lines, body[1].encode())

    @classmethod
    def plant_all(cls):
        cls.asked = 0
        with Raw(cls.weir.port) as plain, tunnel(cls.weir, "origin.test:443") as secure:
            cls.plant(plain, "http://origin.test")
            cls.plant(secure, "")
        # a CONNECT with credentials, and one that ends on our own page
        with Raw(cls.weir.port) as client:
            value = "Basic " + cls.secret("CONNECT: Proxy-Authorization")
            client.connect("origin.test:443", "Proxy-Authorization: " + value)
        with Raw(cls.weir.port) as client:
            target = cls.fill("http://joe:%s@origin.test/", "target: userinfo")
            client.request(["GET %s HTTP/1.1" % target, "Host: origin.test"])
        with Raw(cls.weir.port) as client:
            target = cls.fill("http://nowhere.invalid:1/?token=%s", "target: no such host")
            cls.page = client.request(["GET %s HTTP/1.1" % target, "Host: x"]).body
        cls.asked += 2
        cls.weir.flows(cls.asked)
        eventually(lambda: cls.weir.stdout().count(b"POST ") >= cls.asked - 2, "the console")

    @classmethod
    def plant(cls, client, prefix):
        def one(path="", **more):
            cls.asked += 1
            cls.ask_one(client, prefix, path or "/p%d" % cls.asked, **more)

        side = prefix.split(":")[0] or "https"
        for name, value in REQUEST_HEADERS:
            one(fields=[(name, cls.fill(value, "%s request %s: %s" % (side, name, value)))])
        for name, value in RESPONSE_HEADERS:
            headers = [(name, cls.fill(value, "%s response %s: %s" % (side, name, value)))]
            one(answer=(headers, ("", "ok"), (), ()))
        for target in TARGETS:
            one("/t%d" % cls.asked + cls.fill(target, side + " target " + target))
        for kind, body in BODIES:
            one(body=(kind, cls.fill(body, "%s request body %s %s" % (side, kind, body))))
            content = (kind, cls.fill(body, "%s response body %s %s" % (side, kind, body)))
            one(answer=((), content, (), ()))
        for name, value in TRAILERS:
            trailer = [(name, cls.fill(value, side + " trailer " + name))]
            one(answer=((), ("", "ok"), trailer, ()))
        for name, value in INTERIM:
            interim = [(name, cls.fill(value, side + " interim " + name))]
            one(answer=((), ("", "ok"), (), interim))
        for rule in ("header", "query?x=1", "body", "cookie", "answer"):
            one("/rule-" + rule)
        one("/rule-json", answer=((), (JSON, '{"token":"x","a":1}'), (), ()))
        one("/rule-replace", answer=((), (JSON, '{"token":"before"}'), (), ()))

    def file(self, *names):
        with open(self.weir.path(*names), "rb") as file:
            return file.read()

    def run_cli(self, *args):
        code, out, err = self.weir.cli(*args)
        self.assertIn(code, (0, 4), (args, err))
        return (out + err).encode()

    def found_in(self, data):
        """The planted ones, {secret: where}."""
        found = {m.decode()[: len(MARK) + 4] for m in FOUND.findall(data)}
        return {secret: self.planted.get(secret) for secret in sorted(found)}


class Redaction(Planted):
    """By default none of it is shown."""

    # name: (command and option it needs, arguments). All that shows flows stands here.
    PRODUCERS = {
        "weir config": ("config", None, ["config", "-c", "{yaml}"]),
        "weir config --json": ("config", None, ["config", "-c", "{yaml}", "--json"]),
        "weir status": ("status", None, ["status"]),
        "weir status --json": ("status", None, ["status", "--json"]),
        "weir rules list --json": ("rules", None, ["rules", "list", "--json"]),
        "weir log": ("log", None, ["log", "-n", "0"]),
        "weir log --json": ("log", None, ["log", "-n", "0", "--json"]),
        "weir log jsonl": ("log", "format", ["log", "-n", "0", "--format", "jsonl"]),
        "weir log har": ("log", "format", ["log", "-n", "0", "--format", "har"]),
        "weir log curl": ("log", "format", ["log", "-n", "0", "--format", "curl"]),
        "weir log raw": ("log", "format", ["log", "-n", "0", "--format", "raw"]),
        "weir show": ("show", None, ["show", "-vv", "{id}"]),
        "weir show --json": ("show", None, ["show", "--json", "{id}"]),
        "weir show --raw": ("show", "raw", ["show", "--raw", "{id}"]),
        "weir show --body": ("show", "body", ["show", "--body", "{id}"]),
        "weir show --body --request": ("show", "body", ["show", "--body", "--request", "{id}"]),
        "weir show curl": ("show", "copy-as", ["show", "{id}", "--copy-as", "curl"]),
        "weir show httpie": ("show", "copy-as", ["show", "{id}", "--copy-as", "httpie"]),
        "weir show wget": ("show", "copy-as", ["show", "{id}", "--copy-as", "wget"]),
        "weir show fetch": ("show", "copy-as", ["show", "{id}", "--copy-as", "fetch"]),
        "weir show python": ("show", "copy-as", ["show", "{id}", "--copy-as", "python"]),
        "weir show raw": ("show", "copy-as", ["show", "{id}", "--copy-as", "raw"]),
        "weir replay curl": (
            "replay",
            "copy-as",
            ["replay", "{id}", "--dry-run", "--copy-as", "curl"],
        ),
        "weir diff": ("diff", None, ["diff", "{id}", "{next}"]),
        "weir diff --json": ("diff", None, ["diff", "{id}", "{next}", "--json"]),
        "weir export": ("export", "output", ["export"]),
        "weir export jsonl": ("export", "output", ["export", "--format", "jsonl"]),
        "weir export --rules": ("export", "rules", ["export", "--rules", "-o", "{folder}/rules.yaml"]),
        "weir stats": ("stats", None, ["stats"]),
        "weir stats --json": ("stats", None, ["stats", "--json"]),
    }
    EACH = 12  # flows that a command about one flow is asked for, spread over all

    def produce(self):
        """(name, bytes) of all that weir has said."""
        yield "JSON Lines", self.file("flows.jsonl")
        yield "console", self.weir.stdout()
        yield "standard error", "\n".join(self.weir.stderr).encode()
        yield "error page", self.page
        for name, (command, option, args) in self.PRODUCERS.items():
            if not knows(command, option):
                continue
            for values in self.values_for(args):
                yield name, self.run_cli(*[a.format(**values) for a in args])
        for name in os.listdir(self.made):
            with open(os.path.join(self.made, name), "rb") as file:
                yield name, file.read()

    def values_for(self, args):
        """What stands for {…} in the arguments, one time or many."""
        fixed = {"yaml": self.weir.yaml_path, "folder": self.made}
        if "{id}" not in args:
            return [fixed]
        ids = [flow["id"] for flow in self.weir.ended_flows(kind="http")]
        step = max(1, len(ids) // self.EACH)
        return [{**fixed, "id": a, "next": b} for a, b in list(zip(ids, ids[1:]))[::step]]

    # ---- tests ----

    def test_plants_two_hundred_secrets(self):
        self.assertGreaterEqual(len(self.planted), 200)

    def test_shows_none_of_them_anywhere(self):
        for name, data in self.produce():
            with self.subTest(producer=name):
                self.assertEqual(self.found_in(data), {})

    def test_shows_pseudonyms_in_their_place(self):
        for data in (self.file("flows.jsonl"), self.weir.stdout()):
            self.assertGreater(len(set(re.findall(rb"REDACTED:[0-9a-f]{8}", data))), 200)


class Control(Planted):
    """The same places, shown: the tests above look where the secrets are."""

    SAID = ("--redact", "none")

    def test_finds_them_where_nothing_is_taken_out(self):
        texts = [self.file("flows.jsonl"), self.run_cli("config", "--redact=none")]
        if knows("log", "format"):
            arguments = ["log", "-n", "0", "--format", "jsonl", "--redact", "none"]
            stored = self.run_cli(*arguments)
            self.assertGreater(len(self.found_in(stored)), 200)
        # no record has the head of a CONNECT, nor a target that is refused
        unseen = {"CONNECT: Proxy-Authorization", "target: userinfo"}
        missing = set(self.planted) - set(self.found_in(b"".join(texts)))
        self.assertEqual({self.planted[s] for s in missing}, unseen)


class Equality(Ground):
    """The same secret has the same pseudonym within an output, and another one in the next."""

    def pseudonyms(self):
        with Weir(self.configuration()) as weir:
            with Raw(weir.port) as client:
                fields = ["X-Api-Key: hunter2", "Authorization: Bearer hunter2", "Cookie: a=hunter2"]
                lines = ["POST http://origin.test/?token=hunter2 HTTP/1.1", "Host: origin.test"]
                lines += [*fields, "Content-Type: application/json", "Content-Length: 22"]
                client.request(lines, b'{"password":"hunter2"}')
            text = json.dumps(weir.flow())
        return re.findall("REDACTED:[0-9a-f]{8}", text)

    def test_is_seen_within_one_output_only(self):
        first, second = self.pseudonyms(), self.pseudonyms()
        self.assertGreaterEqual(len(first), 5)
        self.assertEqual(len(set(first)), 1)
        self.assertNotEqual(set(first), set(second))


class NoRedaction(Ground):
    """What is asked for in so many words is shown."""

    def ask(self, *arguments, yaml=""):
        with Weir(self.configuration() + yaml, arguments) as weir:
            basic = base64.b64encode(b"joe:hunter2").decode()
            with Raw(weir.port) as client:
                fields = ["X-Api-Key: hunter2", "Authorization: Basic " + basic]
                lines = ["GET http://origin.test/?token=hunter2 HTTP/1.1", "Host: origin.test"]
                client.request([*lines, *fields])
            return json.dumps(weir.flow()).count("hunter2")

    def test_is_shown_with_redact_none(self):
        self.assertEqual(self.ask(), 0)
        self.assertGreaterEqual(self.ask("--redact", "none"), 3)
        self.assertGreaterEqual(self.ask(yaml="logs: { redact: none }\n"), 3)
        self.assertEqual(self.ask("--redact=default", yaml="logs: { redact: none }\n"), 0)

    def test_lets_be_what_is_allowed(self):
        self.assertEqual(self.ask(yaml="logs: { redact: { allow: [x-api-key] } }\n"), 1)

    def test_redacts_a_text_whole_on_which_a_pattern_takes_too_long(self):
        yaml = "logs: { redact: { patterns: ['(a+)+$'] } }\n"
        with Weir(self.configuration() + yaml) as weir:
            with Raw(weir.port) as client:
                client.get("http://origin.test/", "X-Long: %s!" % ("a" * 5000))
            fields = dict(weir.flow()["request"]["headers"])
        self.assertRegex(fields["X-Long"], "^REDACTED:[0-9a-f]{8}$")
        self.assertTrue(any("took too long" in line for line in weir.stderr), weir.stderr)


if __name__ == "__main__":
    unittest.main()
