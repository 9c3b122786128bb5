"""What the manual says that one sees: the text behind each of its examples, read and played.

    site/index.html holds <h1>hello</h1>
    origin answers 200, Content-Type: application/json with {"price": 10}
    POST api.test/login -H 'X-Team: red' -d user=me   → 429, Retry-After: 30, no ETag with {"error":…}
    2 × GET api.test/feed                             → 200 origin, after 200ms
        origin saw PUT /feed, X-Env: test, no Cookie with all of the body
    GET api.test/feed                                 → reset
    GET https://old.test/                             → TLS fails: certificate has expired

A line is a request with some of curl's options, by a client of its own, and what comes of it: a
status (`origin`: with the content that the origin sent), or closed, reset, hangs, garbage; then
fields, `no` field, `trailer` field, `interim` status or field, `after` at least that time,
`cut off`, `bad chunk`, `stalls`; at last `with` the body. `…` stands for anything, `\\n` for a line
feed, `20000 bytes` for so many. Deeper lines go on with the line before, or tell what reached the
origin, or one host of it. `3 at once` sends all before it reads. A URL without a scheme is asked by
HTTP and by HTTPS."""

import argparse
import collections
import contextlib
import os
import re
import shlex
import ssl
import time

from clients import Raw, client_context
from stream import Response, field_values
from weirtest import eventually

Parts = collections.namedtuple("Parts", "first fields absent trailers interims flags after_s body")
Example = collections.namedtuple("Example", "document heading name yaml lines")
Saw = collections.namedtuple("Saw", "host times parts")
Ask = collections.namedtuple("Ask", "text times together method url options parts saw")

HANG_S = 0.4  # nothing came for so long
STALL_S = 1.5  # nothing more did
READ_S = 30
FLAGS = ("cut off", "bad chunk", "stalls")
ENDS = ("closed", "reset", "hangs", "garbage")
FIELD = r"[A-Za-z][\w-]*: |no [A-Z]|(?:trailer|interim) \w"
NEXT_PART = re.compile(r", (?=%s|after \d|%s)" % (FIELD, "|".join(FLAGS)))
HOST = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+test)(:\d+)?")
DEFAULT_ANSWER = "200, Content-Type: text/plain with hello from the origin"


def read_parts(text):
    """`429, Retry-After: 30, no ETag with {…}` in its parts."""
    text, _, body = re.sub(r"^with ", " with ", text).partition(" with ")
    first, *rest = NEXT_PART.split(text)
    if re.match(FIELD, first):
        first, rest = "", [first, *rest]
    body = body.replace("\\n", "\n").encode() or None
    parts = Parts(first.strip(), [], [], [], [], set(), [], body)
    for part in rest:
        if part in FLAGS:
            parts.flags.add(part)
        elif part.startswith("after "):
            parts.after_s.append(seconds(part[len("after ") :]))
        elif part.startswith("no "):
            parts.absent.append(part[len("no ") :])
        else:
            where = {"trailer": parts.trailers, "interim": parts.interims}
            kind, _, named = part.partition(" ")
            name, _, value = (named if kind in where else part).partition(": ")
            where.get(kind, parts.fields).append((name, value))
    return parts


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


def options_parser():
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    parser.add_argument("-0", dest="old", action="store_true")
    parser.add_argument("--interface")
    parser.add_argument("--tls-max")
    parser.add_argument("--tlsv1.3", dest="new_tls", action="store_true")
    return parser


OPTIONS = options_parser()


def read_ask(text):
    """A line with → in it."""
    asked, _, seen = text.partition("→")
    times = re.match(r"(\d+) (×|at once) ", asked)
    method, url, *options = shlex.split(asked[times.end() :] if times else asked)
    options = OPTIONS.parse_args(options)
    count, how = times.groups() if times else (1, "×")
    return Ask(text, int(count), how != "×", method, url, options, read_parts(seen.strip()), [])


def logical_lines(text):
    """Lines, each with the deeper ones that go on with it."""
    lines = []
    for line in text.splitlines():
        if line.startswith(" ") and lines and not re.match(r" +\S+ saw ", line):
            lines[-1] += " " + line.strip()
        elif line.strip():
            lines.append(line)
    return lines


def read_transcript(text):
    """[("holds", path, text) or ("answers", Parts) or Ask]."""
    steps = []
    for line in logical_lines(text):
        if saw := re.match(r" +(\S+) saw (?:(\d+) × )?(.*)", line):
            host, times, what = saw.groups()
            steps[-1].saw.append(Saw(host, int(times or 0), read_parts(what)))
        elif "→" in line:
            steps.append(read_ask(line))
        elif line.startswith("origin answers "):
            steps.append(("answers", read_parts(line[len("origin answers ") :])))
        elif holds := re.fullmatch(r"(\S+) holds (.*)", line):
            steps.append(("holds", *holds.groups()))
        else:
            raise ValueError("cannot read %r" % line)
    return steps


def read_document(root, name):
    """Its examples: each block of YAML, with the lines of the block of text behind it, or None."""
    examples, heading, kind, block = [], "", None, []
    with open(os.path.join(root, name)) as file:
        for line in file:
            if kind is None and line.startswith("#"):
                heading = line.strip("# \n")
            elif kind is None and line.startswith("```"):
                kind, block = line[3:].strip() or "code", []
            elif line.startswith("```"):
                text = "".join(block)
                if kind == "yaml":
                    first = re.search(r"name: ([^,\n]+)", text)
                    called = first.group(1) if first else ""
                    examples.append(Example(name, heading, called, text, None))
                elif kind == "text" and examples and not examples[-1].lines and "→" in text:
                    examples[-1] = examples[-1]._replace(lines=text)
                kind = None
            elif kind:
                block.append(line)
    return examples


def hosts_of(examples):
    """{"a.test:80"} of all that these examples may lead to."""
    found = set()
    for example in examples:
        for host, port in HOST.findall(example.yaml + (example.lines or "")):
            found |= {host + port} if port else {host + ":80", host + ":443"}
    return found


def holds(expected, got):
    pattern = "(?s:.*)".join(re.escape(piece) for piece in expected.split("…"))
    return re.fullmatch(pattern, got) is not None


def body_holds(expected, got):
    count = re.fullmatch(rb"(\d+) bytes", expected)
    if count:
        return len(got) == int(count.group(1))
    return holds(expected.decode(), got.decode(errors="replace"))


def was_reset(sock):
    """The end of TLS looks the same to Python's ssl whether a FIN came or an RST; but only a
    connection that was reset has no peer any more."""
    try:
        sock.getpeername()
    except OSError:
        return True
    return False


def tls_failure(error):
    if isinstance(error, TimeoutError):
        return "hangs"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError)):
        return "closed"
    said = getattr(error, "verify_message", None) or getattr(error, "reason", None) or str(error)
    return said.replace("_", " ").lower()


class Seen:
    """What came back: a response, or how it ended without one."""

    def __init__(self):
        self.response, self.flags, self.end, self.interims = None, set(), None, []
        self.began = time.monotonic()
        self.elapsed_s = 0

    def read(self, client, ask):
        stalls = STALL_S if "stalls" in ask.parts.flags else READ_S
        try:
            client.sock.settimeout(HANG_S if ask.parts.first == "hangs" else stalls)
            self.response = client.read_response(ask.method)
            while self.response.status < 200:
                self.interims.append(self.response)
                self.response = client.read_response(ask.method)
        except TimeoutError:
            self._half(client, "stalls" if client.received else "hangs")
        except ConnectionResetError:
            self.end = "reset"
        except (EOFError, ssl.SSLError):
            self._half(client, "cut off")
        except (ValueError, IndexError):
            self._half(client, "bad chunk")
        self.elapsed_s = time.monotonic() - self.began

    def _half(self, client, what):
        head, found, rest = bytes(client.received).rpartition(b"HTTP/1.1 ")
        head, ended, rest = (found + rest).partition(b"\r\n\r\n")
        if what == "hangs":
            self.end = what
        elif not client.received:
            self.end = "reset" if was_reset(client.sock) else "closed"
        elif not found or not ended:
            self.end = "garbage"
        else:
            self.response = Response(head + ended)
            self.response.body = rest
            self.flags.add(what)

    def __str__(self):
        if not self.response:
            return self.end
        r = self.response
        flags = "".join(", " + flag for flag in self.flags)
        return "%s%s %r %r" % (r.start, flags, r.headers, r.body[:300])


class Player:
    """Plays transcripts: `weir` serves them, `origins` are {"a.test:80": Origin}."""

    def __init__(self, test, weir, origins, scheme):
        self.test, self.weir, self.origins, self.scheme = test, weir, origins, scheme
        self.answer = None

    def play(self, text):
        self._answers(read_parts(DEFAULT_ANSWER))
        for step in read_transcript(text):
            if isinstance(step, Ask):
                for _ in range(1 if step.together else step.times):
                    self._ask(step, step.times if step.together else 1)
            elif step[0] == "answers":
                self._answers(step[1])

    def _answers(self, parts):
        """From now on, all origins."""
        self.answer = parts
        status, _, reason = parts.first.partition(" ")
        body = parts.body or b""
        if count := re.fullmatch(rb"(\d+) bytes", body):
            body = b"x" * int(count.group(1))
        self.content = body

        def reply(wire, request):
            time.sleep(sum(parts.after_s))
            fields = parts.fields + [("Transfer-Encoding", "chunked")] * bool(parts.trailers)
            sent = b"" if parts.trailers or request.method == "HEAD" else body
            wire.reply(int(status), sent, fields, reason=reason or None, length=not parts.trailers)
            if parts.trailers:
                wire.chunk(body)
                wire.end_chunks(parts.trailers)

        for origin in self.origins.values():
            origin.default = reply

    def _connect(self, scheme, authority, ask):
        options = ask.options
        raw = Raw(self.weir.port, source=options.interface)
        self.test.addCleanup(raw.drop)
        if scheme == "https":
            raw.connect(authority if ":" in authority else authority + ":443")
            raw.received.clear()
            context = client_context(self.weir.ca)
            if options.tls_max:
                context.maximum_version = ssl.TLSVersion["TLSv" + options.tls_max.replace(".", "_")]
            if options.new_tls:
                context.minimum_version = ssl.TLSVersion.TLSv1_3
            if ask.parts.first == "TLS fails: hangs":
                raw.sock.settimeout(HANG_S)
            raw.start_tls(authority.split(":")[0], context=context)
        return raw

    def _send(self, ask):
        scheme, found, rest = ask.url.rpartition("://")
        scheme = scheme if found else self.scheme
        authority, slash, path = rest.partition("/")
        client = self._connect(scheme, authority, ask)
        body = (ask.options.d or "").encode()
        target = slash + path if slash else "/"
        if scheme == "http":
            target = "http://" + authority + target
        lines = ["%s %s HTTP/1.%d" % (ask.method, target, not ask.options.old)]
        lines += ["Host: " + authority, *ask.options.H]
        if ask.options.d is not None:
            lines.append("Content-Length: %d" % len(body))
        client.send("\r\n".join(lines), "\r\n\r\n", body)
        return client

    def _ask(self, ask, together):
        for origin in self.origins.values():
            origin.requests.clear()
        with self.test.subTest(line=ask.text.strip()):
            all_seen = [Seen() for _ in range(together)]
            clients = []
            for seen in all_seen:
                try:
                    clients.append(self._send(ask))
                except (ssl.SSLError, OSError) as error:
                    seen.end = "TLS fails: " + tls_failure(error)
            for seen, client in zip(all_seen, clients):
                seen.read(client, ask)
                with contextlib.suppress(OSError):
                    client.reset()  # for a FIN alone weir would go on with what hangs
            for seen in all_seen:
                self._judge(ask, seen)

    def _judge(self, ask, seen):
        def right(good, what):
            self.test.assertTrue(good, "%s, but came: %s" % (what, seen))

        parts = ask.parts
        word, _, more = parts.first.partition(" ")
        if word in ENDS or word == "TLS":
            right(seen.end == parts.first, parts.first)
        else:
            right(seen.response is not None, "a response")
            right(seen.response.status == int(word), "status " + word)
            right(seen.flags == parts.flags, "flags %s" % parts.flags)
            self._judge_message(parts, seen.response, right)
            self._judge_interims(parts, seen, right)
            if more == "origin":
                right(self._seen_by("origin"), "asked of the origin")
                right(ask.method == "HEAD" or seen.response.body == self.content, "its content")
            elif more:
                right(seen.response.reason == more, "reason " + more)
        took_ms = seen.elapsed_s * 1000
        right(took_ms >= sum(parts.after_s) * 1000 - 5, "later: after %d ms" % took_ms)
        for saw in ask.saw:
            self._judge_saw(saw, right)

    def _judge_message(self, parts, message, right):
        for name, value in parts.fields:
            right(any(holds(value, v) for v in message.all(name)), "%s: %s" % (name, value))
        for name in parts.absent:
            right(message.get(name) is None, "no " + name)
        for name, value in parts.trailers:
            right(value in field_values(message.trailers, name), "trailer %s: %s" % (name, value))
        if parts.body is not None:
            right(body_holds(parts.body, message.body), "body %r" % parts.body)

    def _judge_interims(self, parts, seen, right):
        for name, value in parts.interims:
            right(any(str(i.status) == name or value in i.all(name) for i in seen.interims),
                  "an interim %s %s" % (name, value))

    def _seen_by(self, host):
        """The requests of this line that reached it; `origin` is any."""
        return [request for name, origin in self.origins.items() for request in origin.requests
                if host in ("origin", name, name.rpartition(":")[0])]

    def _judge_saw(self, saw, right):
        requests = self._seen_by(saw.host)
        if saw.parts.first == "nothing":
            right(not requests, "%s saw nothing, but %s" % (saw.host, requests))
            return
        right(requests, saw.host + " saw a request")
        if saw.times:
            eventually(lambda: len(self._seen_by(saw.host)) >= saw.times, "more requests")
            right(len(self._seen_by(saw.host)) == saw.times, "%d requests" % saw.times)
        said = saw.parts.first
        right(not said or any(r.start.startswith(said + " HTTP/") for r in requests),
              "%s saw %s, but it was %s" % (saw.host, said, [r.start for r in requests]))

        def told(good, what):
            right(good, "%s saw %s, but it was %r %r" % (saw.host, what, requests[-1].headers,
                                                         requests[-1].body[:300]))

        self._judge_message(saw.parts, requests[-1], told)
