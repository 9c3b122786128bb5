"""What the tests of faults put around a weir: less room, other clocks, dead name servers."""

import contextlib
import ctypes
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

from stream import Stream
from weirtest import Weir

LIBC = ctypes.CDLL(None, use_errno=True)
MS_NOSUID = 2
UMOUNT_DETACH = 2
# What a terminal may take for a command: C0 but line feed, DEL, C1, and what turns the
# direction of text or ends a line in Unicode.
HOSTILE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


class WrappedWeir(Weir):
    """A weir that a shell starts: `before` is shell text ahead of the program, `after` stands
    behind its arguments. The process stays the same one."""

    def __init__(self, *args, before="exec", after="", **more):
        super().__init__(*args, **more)
        self.before, self.after = before, after

    def start(self):
        program = self.program
        self.program = self.path("start.sh")
        with open(self.program, "w") as file:
            file.write('#!/bin/sh\n%s "%s" "$@" %s\n' % (self.before, program, self.after))
        os.chmod(self.program, 0o700)
        try:
            return super().start()
        finally:
            self.program = program


def status(weir):
    """What `weir status` tells, as {section: {name: number}}."""
    code, out, err = weir.cli("status", "--json")
    if code != 0:
        raise AssertionError("weir status: code %d: %s" % (code, err))
    return json.loads(out)


def resident_bytes(weir):
    with open("/proc/%d/statm" % weir.pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid):
    """What all threads of a process have used, in and for it."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def tmpfs(path, size_bytes):
    """A file system of that size at `path`; None where mounting is not allowed."""
    options = b"size=%d" % size_bytes
    if LIBC.mount(b"none", path.encode(), b"tmpfs", MS_NOSUID, options) != 0:
        yield None
        return
    try:
        yield path
    finally:
        LIBC.umount2(path.encode(), UMOUNT_DETACH)


def can_mount():
    """May this user put other files in the place of the system's, for one process?"""
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True)
    return done.returncode == 0


class NameServer:
    """A name server that knows some names and says nothing to those that end in .dead.test:
    they are what a black hole is like."""

    def __init__(self, known):
        self.known = known  # {name: IPv4 address}
        self.asked = []
        self.sock = self._bind()
        self.address = self.sock.getsockname()[0]
        threading.Thread(target=self._serve, daemon=True).start()

    def _bind(self):
        """Other tests that run now have name servers too, and so may this machine."""
        for last in range(1, 255):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.bind(("127.0.0.%d" % last, 53))
                return sock
            except OSError:
                sock.close()
        raise OSError("no loopback address has its port 53 free, or we may not use it")

    def _serve(self):
        while True:
            try:
                query, sender = self.sock.recvfrom(4096)
            except OSError:
                return
            answer = self._answer(query)
            if answer:
                with contextlib.suppress(OSError):
                    self.sock.sendto(answer, sender)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        question = query[12 : at + 5]
        kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
        name = ".".join(labels).lower()
        self.asked.append(name)
        if name.endswith(".dead.test"):
            return None
        address = self.known.get(name)
        found = [address] if address and kind == 1 else []
        flags = 0x8180 if address else 0x8183
        head = query[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
        record = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + socket.inet_aton(a) for a in found
        )
        return head + question + record

    def before(self, folder):
        """Shell text for WrappedWeir, by which that process alone asks this server."""
        files = {
            "resolv.conf": "nameserver %s\noptions timeout:2 attempts:1\n" % self.address,
            "nsswitch.conf": "hosts: files dns\n",
        }
        mounts = ""
        for name, text in files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
            mounts += "mount --bind %s/%s /etc/%s && " % (folder, name, name)
        return "exec unshare --mount --propagation private sh -c '%sexec \"$@\"' sh" % mounts

    def stop(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Load:
    """Clients in threads that call ask(number) again and again until stop(). What ask()
    returns is collected; what it raises, too."""

    def __init__(self, ask, clients=4):
        self.ask = ask
        self.results, self.errors = [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(clients)]

    def _run(self, number):
        while not self.over.is_set():
            try:
                self.results.append(self.ask(number))
            except Exception as error:
                self.errors.append(error)
                time.sleep(0.01)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()


def control(weir, method, target):
    """(status, JSON) of the control socket's answer."""
    path = weir.path("runtime", "weir", "%d.sock" % weir.port)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        stream = Stream(sock)
        stream.send("%s %s HTTP/1.1\r\nHost: weir\r\nContent-Length: 0\r\n\r\n" % (method, target))
        got = stream.read_response(method)
        return got.status, json.loads(got.body)


def client_hello(name):
    """The first flight of a TLS client, made by Python's ssl."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()
