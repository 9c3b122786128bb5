"""The ground of the end-to-end tests: a weir of one's own in a folder of its own.

    with Origin() as origin, Weir(upstream_map({"a.test": origin.port})) as weir:
        status, body = curl_status(weir, "http://a.test/")
        flow = weir.flows(1)[0]

Everything listens on ephemeral ports of the loopback; names end in .test and are
mapped by weir's own upstream.map."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections import Counter

from clients import (
    Raw,
    clean_environment,
    client_context,
    curl,
    curl_status,
    node_get,
    run,
    tunnel,
    urllib_open,
)
from origins import Nginx, Origin, RawServer, TlsOrigin, early, free_port, listen, tls_versions
from pki import TestPki, openssl
from stream import field_values

__all__ = [
    "Ground",
    "Nginx",
    "Origin",
    "Raw",
    "RawServer",
    "TestPki",
    "TlsOrigin",
    "Weir",
    "client_context",
    "curl",
    "curl_status",
    "early",
    "eventually",
    "field_values",
    "free_port",
    "listen",
    "node_get",
    "openssl",
    "release_binary",
    "run",
    "tls_versions",
    "tunnel",
    "upstream_map",
    "urllib_open",
]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_S = 30
STOP_S = 30
WAIT_S = 15
SHOWN_LINES = 60
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
URL = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]|localhost):(\d+)")


def binary():
    return os.environ.get("WEIR_BIN") or os.path.join(ROOT, "build", "dev", "weir")


def release_binary():
    """The optimised weir, or None when it was not built."""
    path = os.environ.get("WEIR_RELEASE_BIN") or os.path.join(ROOT, "build", "release", "weir")
    return path if os.path.exists(path) else None


def eventually(check, what="it", timeout=WAIT_S):
    """Waits until check() answers something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("%s did not happen within %d s" % (what, timeout))
        time.sleep(0.02)


def upstream_map(targets):
    """YAML: {"a.test" or "a.test:443": port or "host:port"}."""
    lines = ["upstream:", "  map:"]
    for name, target in targets.items():
        lines.append(
            "    %s: '%s'" % (name, "127.0.0.1:%d" % target if isinstance(target, int) else target)
        )
    return "\n".join(lines) + "\n"


class Weir:
    """A running `weir run`. Leaving it asks it to end, and it must do so with code 0 and
    without a report of a sanitizer."""

    def __init__(self, yaml="", args=(), env=None, program=None):
        self.folder = tempfile.mkdtemp(prefix="weir-test-")
        self.yaml_path = self.path("proxy.yaml")
        self.jsonl_path = self.path("flows.jsonl")
        self.write_yaml(yaml)
        self.args = list(args)
        self.program = program or binary()
        self.env = {**clean_environment(), **self._folders(), **(env or {})}
        self.read = (None, 0, [])  # of flows.jsonl: which file, how far, its records
        self.stderr = []  # lines
        self.process = None
        self.port = 0
        self.expected_code = 0

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def _folders(self):
        folders = {}
        for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
            folders["XDG_%s_HOME" % kind] = self.path(kind.lower())
        folders["XDG_RUNTIME_DIR"] = self.path("runtime")
        for folder in folders.values():
            os.mkdir(folder, 0o700)
        folders["HOME"] = self.folder
        folders["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=99"
        folders["UBSAN_OPTIONS"] = "print_stacktrace=1"
        return folders

    def write_yaml(self, yaml):
        if not yaml.startswith("version:"):
            yaml = "version: 1\n" + yaml
        with open(self.yaml_path, "w") as file:
            file.write(yaml)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    @property
    def ca(self):
        """The certificate that clients are to trust."""
        return self.path("data", "weir", "ca.pem")

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        command = [
            self.program,
            "run",
            "-c",
            self.yaml_path,
            "--listen",
            "127.0.0.1:0",
            "--jsonl",
            self.jsonl_path,
            *self.args,
        ]
        with open(self.path("stdout"), "wb") as out:
            self.process = subprocess.Popen(
                command,
                env=self.env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
            )
        self.reader = threading.Thread(target=self._read_stderr, daemon=True)
        self.reader.start()
        try:
            line = self.wait_stderr(r"^ready\b", READY_S)
            self.port = int(URL.search(line).group(1))
        except BaseException:
            self.process.kill()
            self.show()
            raise
        return self

    def _read_stderr(self):
        for line in self.process.stderr:
            self.stderr.append(line.decode(errors="replace").rstrip("\n"))

    def wait_stderr(self, pattern, timeout=WAIT_S, start=0):
        """The first line of stderr from `start` on that the pattern is found in."""

        def find():
            for line in list(self.stderr[start:]):
                if re.search(pattern, line):
                    return line
            if self.process.poll() is not None:
                raise AssertionError("weir has ended with code %d" % self.process.returncode)
            return None

        return eventually(find, "a line %r on stderr" % pattern, timeout)

    def stdout(self):
        with open(self.path("stdout"), "rb") as file:
            return file.read()

    def records(self):
        """All lines of the JSON Lines file that are complete, gap records too."""
        if not os.path.exists(self.jsonl_path):
            return []
        with open(self.jsonl_path, "rb") as file:
            stat = os.fstat(file.fileno())
            inode, at, records = self.read
            if inode != stat.st_ino or stat.st_size < at:
                at, records = 0, []
            file.seek(at)
            text = file.read()  # at once: it grows meanwhile
        end = text.rfind(b"\n") + 1
        records = records + [json.loads(line) for line in text[:end].split(b"\n")[:-1]]
        self.read = (stat.st_ino, at + end, records)
        return list(records)

    def ended_flows(self, **wanted):
        """The flows that have ended so far, of those whose members equal `wanted`."""
        ended = {}
        for record in self.records():
            if record.get("schema") == "weir.flow/1" and not record.get("live"):
                ended[record["id"]] = record
        return [f for f in ended.values() if all(f.get(k) == v for k, v in wanted.items())]

    def flows(self, wait_for=1, **wanted):
        """The same, once there are at least `wait_for` of them."""
        try:
            eventually(lambda: len(self.ended_flows(**wanted)) >= wait_for)
        except AssertionError:
            seen = Counter(
                (f["kind"], f.get("url"), f.get("reason")) for f in self.ended_flows()
            )
            raise AssertionError(
                "not %d flows %s, but %s" % (wait_for, wanted, seen.most_common(SHOWN_LINES))
            ) from None
        return self.ended_flows(**wanted)

    def flow(self, **wanted):
        """The first such flow, waited for."""
        return self.flows(1, **wanted)[0]

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, yaml=None):
        """SIGHUP, with a new proxy.yaml if there is one. What follows is to be waited for."""
        if yaml is not None:
            self.write_yaml(yaml)
        self.signal(signal.SIGHUP)

    def cli(self, *args, timeout=60):
        """Another weir of the same user: (exit code, stdout, stderr)."""
        done = subprocess.run(
            [self.program, *args],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def memory_peak_bytes(self):
        """The most that was resident so far."""
        with open("/proc/%d/status" % self.pid) as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def wait(self, timeout=STOP_S):
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(timeout)
        self.reader.join(timeout)
        return code

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            raise AssertionError("weir did not end within %d s of SIGTERM" % STOP_S) from None
        reports = [line for line in self.stderr if SANITIZER.search(line)]
        if reports or code != self.expected_code:
            raise AssertionError("weir ended with code %s: %s" % (code, reports[:3]))

    def show(self):
        """What it said, for the reader of a failed test: a sanitizer's report, or the end."""
        found = [at for at, line in enumerate(self.stderr) if SANITIZER.search(line)]
        lines = self.stderr[found[0] :] if found else self.stderr[-SHOWN_LINES:]
        sys.stderr.write("".join("    weir: %s\n" % line for line in lines[:SHOWN_LINES]))

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        try:
            self.stop()
        except AssertionError:
            self.show()
            if kind is None:
                raise
        else:
            if kind is not None:
                self.show()
        finally:
            self.process.stderr.close()
            shutil.rmtree(self.folder, ignore_errors=True)


class Ground(unittest.TestCase):
    """One weir for all tests of a class, with a scripted origin and a TLS one: origin.test
    answers on port 80 and on port 443."""

    yaml = ""
    arguments = ()  # of `weir run`

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-pki-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.pki = TestPki(cls.folder)
        cls.origin = cls.enterClassContext(Origin())
        cls.secure = cls.enterClassContext(TlsOrigin(cls.pki.leaf("origin.test").server_context()))
        cls.weir = cls.enterClassContext(Weir(cls.configuration(), cls.arguments))

    @classmethod
    def targets(cls):
        return {"origin.test:80": cls.origin.port, "origin.test:443": cls.secure.port}

    @classmethod
    def configuration(cls):
        return upstream_map(cls.targets()) + "tls: { upstream_ca: '%s' }\n" % cls.pki.ca + cls.yaml

    def setUp(self):
        for origin in (self.origin, self.secure):
            origin.routes.clear()
            origin.requests.clear()

    def raw(self):
        raw = Raw(self.weir.port)
        self.addCleanup(raw.drop)
        return raw

    def tunnel(self, authority="origin.test:443"):
        raw = tunnel(self.weir, authority)
        self.addCleanup(raw.drop)
        return raw

    def both(self):
        """(origin, client, what stands before the path in a request) for HTTP, then for HTTPS."""
        yield self.origin, self.raw(), "http://origin.test"
        yield self.secure, self.tunnel(), ""

    def ask(self, client, target, method="GET"):
        """The response to a request with nothing but Host."""
        return self.exchange(
            client, "%s %s HTTP/1.1\r\nHost: origin.test\r\n\r\n" % (method, target)
        )

    def exchange(self, client, text):
        client.send(text)
        return client.read_response(text.split(" ")[0])

    def assert_failed(self, flow, reason):
        self.assertEqual(flow["reason"], reason)
        self.assertTrue(flow["error"])

    def flow_of(self, part, **wanted):
        """The ended flow whose URL holds `part`."""

        def find():
            return [f for f in self.weir.ended_flows(**wanted) if part in (f.get("url") or "")]

        return eventually(find, "a flow of " + part)[0]
