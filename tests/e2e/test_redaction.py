"""Redaction where flows leave weir: secrets are planted in all places of the table, each a
different one, and looked for in all that weir writes but its store; and in that, where it is
to have none.

PRODUCERS lists all that shows flows, in one place."""

import base64
import glob
import gzip
import json
import os
import re
import subprocess
import tempfile
import unittest

from weirtest import Ground, Raw, Weir, eventually, tunnel

MARK = "hunter"
FOUND = re.compile(rb"hunter\d{4}[a-z]?")
BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2,3}={1,2})?")
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
    (MULTIPART, part("token", "x", '; filename="%s.pem"')),
    (MULTIPART, part("token", "x", "; filename*=UTF-8''%s.pem")),
    (MULTIPART, part("x", "x", '; filename="access_token=%s"')),
    (MULTIPART, part("x", "x", "\r\nX-Api-Key: %s")),
    (MULTIPART, part("password", "%s").replace("\r\n", "\n")),
    (MULTIPART, part("password", "%s") + "\0"),
    (MULTIPART, '--b\r\nContent-Disposition: form-data; name="x"\r\nX-Api-Key: %s'),
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
  - name: find
    match: "/rule-find"
    then: { replace: { response.body: { find: "password=%s", with: "access_token=%s" } } }
  - name: cookie
    match: "/rule-cookie"
    then: { set: { request.cookie.sid: "%s" } }
  - name: answer
    match: "/rule-answer"
    then:
      respond: { status: 401, headers: { set-cookie: "a=%s" }, json: { token: "%s" } }
"""


EXPECTATIONS = """
expect:
  - { name: no keys, match: "header:x-api-key", never: true }
  - { name: all is well, match: "method:POST", status: 204 }
  - { name: quick, match: "origin.test", under: 1ms }
  - { name: rare, match: "url:token", count: at most 1 }
  - { name: in turn, in order: ["url:client_secret", "url:nowhere", "url:access_token"] }
  - { name: again, match: "rule:answer", retried: at most 0 times }
"""


class Planted(Ground):
    """One weir that has seen them all, and has ended."""

    ALL = "/all"

    FILES = {
        "journal.jsonl": "--fault-journal",
        "flows.har": "--har",
        "report.xml": "--junit",
        "report.json": "--report",
    }
    SHOWN = ("-vv", "--color", "never", "--console", "pretty")
    SAID = ()
    STORE = ""  # of logs.redact
    LIVE = {}  # name: arguments of what is asked before it ends

    @classmethod
    def setUpClass(cls):
        cls.planted = {}
        cls.arguments = [*cls.SHOWN, *cls.SAID]
        cls.made = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="weir-redaction-"))
        for name, option in cls.FILES.items():
            cls.arguments += [option, os.path.join(cls.made, name)]
        super().setUpClass()
        cls.plant_all()
        cls.finish()

    @classmethod
    def finish(cls):
        """Asks what is to be asked while it runs, then ends it: verdicts come with its end."""
        cls.flows = cls.weir.ended_flows(kind="http")
        cls.said = {}
        for name, args in cls.LIVE.items():
            args = [a.format(id=cls.flows[0]["id"], folder=cls.made) for a in args]
            cls.said[name] = cls.run_cli(*args)
        cls.weir.expected_code = 4
        cls.weir.wait()

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
            secret = cls.secret("configuration: " + line.strip())
            if "find:" in line and line.count("%s") == 2:
                cls.sought = secret
            yaml = yaml.replace("%s", secret, 1)
        yaml = yaml.replace("redact: {", "redact: {" + cls.STORE)
        return super().configuration() + yaml + EXPECTATIONS

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
        """ALL is one with everything; the others have one secret each."""
        def one(path="", **more):
            cls.asked += 1
            cls.ask_one(client, prefix, path or "/p%d" % cls.asked, **more)

        side = prefix.split(":")[0] or "https"
        fields = [(n, cls.fill(v, "%s request, all: %s" % (side, n))) for n, v in REQUEST_HEADERS]
        answers = [(n, cls.fill(v, "%s answer, all: %s" % (side, n))) for n, v in RESPONSE_HEADERS]
        (kind, form), (other, json_text) = BODIES[0], BODIES[4]
        form, json_text = cls.fill(form, side + " all"), cls.fill(json_text, side + " all")
        target = cls.ALL + "?access_token=" + cls.secret(side + " all")
        one(target, fields=fields, body=(kind, form), answer=(answers, (other, json_text), (), ()))
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
        one("/rule-find", answer=((), ("text/plain", "x?password=%s&y" % cls.sought), (), ()))

    @classmethod
    def run_cli(cls, *args):
        code, out, err = cls.weir.cli(*args)
        if code not in (0, 1, 4):
            raise AssertionError((args, code, err))
        return (out + err).encode()

    def file(self, *names):
        with open(self.weir.path(*names), "rb") as file:
            return file.read()

    def store(self):
        """The bytes of its store's files."""
        names = glob.glob(self.weir.path("state", "weir", "flows.db*"))
        return b"".join(self.file(name) for name in names)

    def found_in(self, data):
        """The planted ones, {secret: where}; in base64 too."""
        data += b"".join(base64.b64decode(m) for m in BASE64.findall(data))
        found = {m.decode()[: len(MARK) + 4] for m in FOUND.findall(data)}
        return {secret: self.planted.get(secret) for secret in sorted(found)}


COLUMNS = "number,time,date,method,status,host,path,url,scheme,type,size,rules,client,user,tags"
FORMS = ("curl", "httpie", "wget", "fetch", "python", "raw")

# name: arguments. All that shows flows stands here; {id} and {next} are of some of them.
PRODUCERS = {
    "config": ["config", "-c", "{yaml}"],
    "config --json": ["config", "-c", "{yaml}", "--json"],
    "log": ["log", "-n", "0"],
    "log --columns": ["log", "-n", "0", "--columns", COLUMNS],
    "log --json": ["log", "-n", "0", "--json"],
    "log jsonl": ["log", "-n", "0", "--format", "jsonl"],
    "log har": ["log", "-n", "0", "--format", "har"],
    "log curl": ["log", "-n", "0", "--format", "curl"],
    "log raw": ["log", "-n", "0", "--format", "raw"],
    "show": ["show", "{id}"],
    "show -v": ["show", "-v", "{id}"],
    "show --request": ["show", "--request", "{id}"],
    "show --response": ["show", "--response", "{id}"],
    "show --json": ["show", "--json", "{id}"],
    "show --raw": ["show", "--raw", "{id}"],
    "show --body": ["show", "--body", "{id}"],
    "show --body --request": ["show", "--body", "--request", "{id}"],
    "show --timing": ["show", "--timing", "{id}"],
    **{"show " + form: ["show", "{id}", "--copy-as", form] for form in FORMS},
    "replay": ["replay", "{id}", "--dry-run"],
    "replay --json": ["replay", "url:origin.test", "--dry-run", "--json"],
    "replay --copy-as": ["replay", "url:origin.test", "--dry-run", "--copy-as", "curl"],
    "diff": ["diff", "{id}", "{next}"],
    "diff --json": ["diff", "{id}", "{next}", "--json"],
    "diff --received-sent": ["diff", "{id}", "--received-sent"],
    "export har": ["export"],
    "export jsonl": ["export", "--format", "jsonl"],
    "export pcapng": ["export", "--format", "pcapng", "-o", "{folder}/flows.pcapng"],
    "export rules": ["export", "--rules", "-o", "{folder}/rules.yaml"],
    "stats": ["stats", "-n", "0"],
    "stats --by path": ["stats", "-n", "0", "--by", "path", "--json"],
    "stats --by path-exact": ["stats", "-n", "0", "--by", "path-exact", "--json"],
    "stats --by rule": ["stats", "-n", "0", "--by", "rule", "--json"],
    "import": ["import", "--store", "{folder}/other.db", "{folder}/flows.har"],
    "check --against": ["check", "{yaml}", "--against", "{folder}/flows.har"],
    "gc": ["gc", "-c", "{yaml}", "--dry-run"],
    "gc --json": ["gc", "-c", "{yaml}", "--json"],
    "doctor": ["doctor"],
}
# What is asked while it runs.
LIVE = {
    "status": ["status"],
    "status --json": ["status", "--json"],
    "rules list": ["rules", "list"],
    "rules list --json": ["rules", "list", "--json"],
    "doctor --json": ["doctor", "--json"],
    "replay, sent": ["replay", "{id}"],
    "replay, sent, --json": ["replay", "{id}", "--times", "2", "--json"],
    "stop": ["stop", "--json", "--junit", "{folder}/stop.xml", "--report", "{folder}/stop.json"],
}
STOP = {"stop": LIVE["stop"]}
# These tell nothing of which there are secrets.
SILENT = ("show --timing", "stats", "stats --by rule", "import", "gc", "gc --json", "doctor")


class Producing(Planted):
    EACH = 3  # flows that a command about one flow is asked for, spread over all
    SHOWING = ()  # options of commands that take --redact

    def produce(self):
        """(name, bytes) of all that weir has said."""
        yield "JSON Lines", self.file("flows.jsonl")
        yield "console", self.weir.stdout()
        yield "standard error", "\n".join(self.weir.stderr).encode()
        yield "error page", self.page
        yield from self.said.items()
        for name, args in PRODUCERS.items():
            more = self.SHOWING if args[0] not in ("import", "gc", "doctor") else ()
            for values in self.values_for(args):
                yield name, self.run_cli(*[a.format(**values) for a in args], *more)
        for path in glob.glob(self.made + "/**", recursive=True):
            if os.path.isfile(path) and not path.endswith((".db", ".db-wal", ".db-shm")):
                with open(path, "rb") as file:
                    yield os.path.relpath(path, self.made), file.read()

    def values_for(self, args):
        """What stands for {…} in the arguments, one time or many."""
        fixed = {"yaml": self.weir.yaml_path, "folder": self.made}
        if "{id}" not in args:
            return [fixed]
        ids = [flow["id"] for flow in self.flows]
        step = max(1, len(ids) // self.EACH)
        pairs = list(zip(ids, ids[1:]))[::step]
        full = [flow["id"] for flow in self.flows if self.ALL in flow["url"]]
        return [{**fixed, "id": a, "next": b} for a, b in [full, *pairs]]


class Redaction(Producing):
    """By default none of it is shown."""

    LIVE = LIVE

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


    def test_has_them_in_the_store(self):
        shown = self.run_cli("log", "-n", "0", "--format", "jsonl", "--redact", "none")
        self.assertGreater(len(self.found_in(shown)), 250)
        self.assertGreater(len(self.found_in(self.store())), 50)


class Control(Producing):
    """The same places, shown: the tests above look where the secrets are."""

    SAID = ("--redact", "none")
    SHOWING = SAID
    LIVE = STOP

    def test_finds_them_where_nothing_is_taken_out(self):
        texts = [self.file("flows.jsonl"), self.run_cli("config", "--redact=none")]
        # no record has the head of a CONNECT, nor a target that is refused
        unseen = {"CONNECT: Proxy-Authorization", "target: userinfo"}
        missing = set(self.planted) - set(self.found_in(b"".join(texts)))
        self.assertEqual({self.planted[s] for s in missing}, unseen)

    def test_finds_some_in_all_that_shows_flows(self):
        found = {}
        for name, data in self.produce():
            found[name] = found.get(name, 0) + len(self.found_in(data))
        silent = {name for name, count in found.items() if not count}
        self.assertEqual(silent & set(PRODUCERS), {*SILENT, "export pcapng", "export rules"})
        files = ["stop.xml", "stop.json", "report.xml", "report.json", "flows.har", "flows.pcapng"]
        self.assertEqual(silent & {"stop", "rules.yaml", *files}, set())


class WithoutInStore(Planted):
    """With `store: true` not even the store has them."""

    SAID = ("--redact", "none")
    STORE = " store: true,"
    LIVE = STOP

    def test_has_none_of_them_in_its_file(self):
        self.assertEqual(self.found_in(self.store()), {})

    def test_has_none_of_them_in_its_records(self):
        for form in ("jsonl", "har", "raw"):
            shown = self.run_cli("log", "-n", "0", "--format", form, "--redact", "none")
            self.assertEqual(self.found_in(shown), {})
            self.assertGreater(len(set(re.findall(rb"REDACTED:[0-9a-f]{8}", shown))), 200)

    def test_has_none_of_them_in_its_bodies(self):
        for flow in [flow for flow in self.flows if (flow["request"]["body"] or "") != ""][::8]:
            for side in ("--request", "--response"):
                shown = self.run_cli("show", "--body", side, flow["id"], "--redact", "none")
                self.assertEqual(self.found_in(shown), {})

    def test_finds_none_of_them_by_its_index(self):
        secret = next(s for s, where in self.planted.items() if "request body" in where)
        self.assertEqual(self.weir.cli("log", "body:" + secret)[0], 4)

    def test_shows_them_elsewhere_if_asked_to(self):
        self.assertGreater(len(self.found_in(self.file("flows.jsonl"))), 250)


class Sealed(Ground):
    """Contents that cannot be decoded whole are not handed out, whatever is in them."""

    TEXT = b'{"password":"hunter0000"}'
    NOISE = bytes(range(128, 256))

    @classmethod
    def contents(cls):
        """(Content-Encoding, bytes on the wire)"""
        broken = gzip.compress(cls.TEXT + cls.NOISE[::-1].hex().encode())
        yield "gzip", broken[:-8] + b"\xff" * 8
        yield "gzip", gzip.compress(b"{" + b" " * 20000000 + cls.TEXT[1:])
        yield "x-own", b"\x80" + cls.NOISE
        yield "gzip", b"\x80" + cls.NOISE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wires = list(cls.contents())
        with Raw(cls.weir.port) as client:
            for at, (coding, wire) in enumerate(cls.wires):
                head = [("Content-Type", JSON), ("Content-Encoding", coding)]
                reply = lambda to, _, wire=wire, head=head: to.reply(200, wire, head)
                cls.origin.routes["/%d" % at] = reply
                lines = ["POST http://origin.test/%d HTTP/1.1" % at, "Host: origin.test"]
                lines += ["%s: %s" % pair for pair in head]
                client.request([*lines, "Content-Length: %d" % len(wire)], wire)
        cls.flows = cls.weir.flows(len(cls.wires))

    def holds(self, data, wire):
        """Its end, as bytes, base64, hexadecimal, or escaped for a shell or Python."""
        end = wire[-9:]
        whole = base64.b64encode(wire)[-12:].rstrip(b"=")[:8]
        octal = "".join("\\%03o" % byte for byte in end).encode()
        forms = (end, whole, octal, end.hex().encode(), repr(end)[2:-1].encode())
        return any(form in data for form in forms)

    def outputs(self, *more):
        with tempfile.TemporaryDirectory(prefix="weir-sealed-") as folder:
            for form in ("har", "jsonl", "pcapng", "rules"):
                path = os.path.join(folder, "out." + form)
                self.weir.cli("export", "--format", form, "-o", path, *more)
            for path in glob.glob(folder + "/**", recursive=True):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        yield "export " + os.path.relpath(path, folder), file.read()
        commands = [["log", "-n", "0", "--format", form] for form in ("json", "raw", "har", "curl")]
        for flow in self.flows:
            for how in ([], ["--raw"], ["--json"], ["--body"]):
                commands.append(["show", flow["id"], *how])
            commands += [["show", flow["id"], "--copy-as", form] for form in FORMS]
        for command in commands:
            done = subprocess.run(
                [self.weir.program, *command, *more],
                env=self.weir.env,
                cwd=self.weir.folder,
                capture_output=True,
            )
            yield " ".join(command), done.stdout + done.stderr

    def test_are_nowhere(self):
        eventually(lambda: self.weir.cli("log", "-n", "0")[1].count("POST") == len(self.wires))
        for name, data in self.outputs():
            with self.subTest(producer=name):
                self.assertNotIn(b"hunter0000", data)
                self.assertEqual([w for w in self.wires if self.holds(data, w[1])], [])

    def test_are_there_if_asked_for(self):
        eventually(lambda: self.weir.cli("log", "-n", "0")[1].count("POST") == len(self.wires))
        found = {}
        for name, data in self.outputs("--redact", "none"):
            words = name.split(" ")
            name = " ".join(words[:1] + words[2:] if words[0] == "show" else words)
            held = {wire for _, wire in self.wires if self.holds(data, wire)}
            found[name] = found.get(name, set()) | held
        for name, wires in found.items():
            if name not in ("show", "show --body") and not name.startswith("export out"):
                self.assertGreaterEqual(len(wires), 2, name)
        for form in ("har", "jsonl", "pcapng"):
            self.assertGreaterEqual(len(found["export out." + form]), 2, form)


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
