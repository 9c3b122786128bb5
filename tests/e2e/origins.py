"""Servers for weir to talk to: scripted ones, a real nginx, and raw ones."""

import itertools
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from stream import Stream

REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found", 413: "Too Large"}


def listen(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, 0))
    sock.listen(128)
    return sock


def free_port():
    """A port where nobody listens now."""
    with listen() as sock:
        return sock.getsockname()[1]


class Wire(Stream):
    """One connection that an origin accepted."""

    def __init__(self, sock, number):
        super().__init__(sock)
        self.number = number
        self.closed = False

    def reply(self, status=200, body=b"", headers=(), version="HTTP/1.1", reason=None, length=True):
        """A whole response; `length` writes Content-Length."""
        reason = REASONS.get(status, "Status") if reason is None else reason
        lines = ["%s %d %s" % (version, status, reason)]
        lines += ["%s: %s" % pair for pair in headers]
        if length and status >= 200 and status not in (204, 304):
            lines.append("Content-Length: %d" % len(body))
        self.send("\r\n".join(lines), "\r\n\r\n", body)

    def chunk(self, data, extension=""):
        self.send("%x%s\r\n" % (len(data), extension), data, "\r\n")

    def end_chunks(self, trailers=()):
        self.send("0\r\n", "".join("%s: %s\r\n" % pair for pair in trailers), "\r\n")

    def close(self):
        self.closed = True
        super().close()

    def drop(self):
        self.closed = True
        super().drop()

    def reset(self):
        self.closed = True
        super().reset()


class RawServer:
    """Calls handler(wire) in a thread for each connection; then the connection is closed."""

    def __init__(self, handler=None, host="127.0.0.1"):
        self.handler = handler or self.serve
        self.listener = listen(host)
        self.port = self.listener.getsockname()[1]
        self.wires = []
        self.numbers = itertools.count(1)
        self.errors = []
        self.stopped = False
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def serve(self, wire):
        raise NotImplementedError

    def wrap(self, sock):
        return sock

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            wire = Wire(self.wrap(sock), next(self.numbers))
        except OSError as error:
            self.errors.append(error)
            sock.close()
            return
        self.wires.append(wire)
        try:
            self.handler(wire)
            if not wire.closed:
                wire.close()
        except (OSError, EOFError) as error:
            self.errors.append(error)  # the other side went away: often what is tested
            wire.drop()
        except Exception:
            if not self.stopped:
                traceback.print_exc(file=sys.stderr)
            wire.drop()

    @property
    def received(self):
        """What came by the first connection (its start, if it is very long)."""
        return bytes(self.wires[0].received) if self.wires else b""

    def stop(self):
        self.stopped = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in list(self.wires):
            if not wire.closed:
                wire.drop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def early(handler):
    """Marks a handler that is called before the request's body was read."""
    handler.early = True
    return handler


def answer_with_target(wire, request):
    wire.reply(200, ("%s %s" % (request.method, request.target)).encode())


class Origin(RawServer):
    """A scripted HTTP/1 server: routes are {path: handler(wire, request)}; the rest gets
    `default`. Connections live on until a handler or the client closes them."""

    def __init__(self, routes=None, default=answer_with_target, host="127.0.0.1"):
        self.routes = dict(routes or {})
        self.default = default
        self.requests = []
        super().__init__(host=host)

    def serve(self, wire):
        while not wire.closed and (request := wire.read_request()):
            request.connection = wire.number
            handler = self.routes.get(request.target.split("?")[0], self.default)
            self.requests.append(request)
            if not getattr(handler, "early", False):
                wire.read_request_body(request)
            handler(wire, request)
            if request.get("connection", "").lower() == "close":
                return

    @property
    def last(self):
        return self.requests[-1]


class TlsOrigin(Origin):
    """The same behind TLS. `handshakes` has a dict for each that succeeded."""

    def __init__(self, context, routes=None, default=answer_with_target, host="127.0.0.1"):
        self.context = context
        self.handshakes = []
        super().__init__(routes, default, host)

    def wrap(self, sock):
        sock.settimeout(10)
        tls = self.context.wrap_socket(sock, server_side=True)
        self.handshakes.append(
            {
                "version": tls.version(),
                "resumed": tls.session_reused,
                "peer": tls.getpeercert(),
                "alpn": tls.selected_alpn_protocol(),
            }
        )
        return tls


NGINX_CONF = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    absolute_redirect off;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        server_name _;
        types {{ text/plain txt; text/html html; application/json json; }}
        location /echo {{ default_type text/plain; return 200 "$request_method $request_uri"; }}
        location /moved {{ return 301 /echo; }}
        location /empty {{ return 204; }}
        location /gzip {{ root {folder}/www; gzip on; gzip_min_length 1; gzip_types text/plain; }}
        location / {{ root {folder}/www; dav_methods PUT DELETE; create_full_put_path on; }}
    }}
}}
"""


class Nginx:
    """A real nginx of our own: /echo says the method, /files can be PUT, GET, DELETEd."""

    def __init__(self, certificate):
        self.folder = tempfile.mkdtemp(prefix="weir-nginx-")
        self.certificate = certificate
        os.mkdir(os.path.join(self.folder, "www"))
        self.process = None
        for _ in range(5):  # a free port may be taken by another before we have it
            self.port, self.tls_port = free_port(), free_port()
            if self._start():
                return
        raise RuntimeError("nginx does not start: " + self.error_log())

    def path(self, name):
        return os.path.join(self.folder, "www", name)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(data)

    def error_log(self):
        with open(os.path.join(self.folder, "error.log")) as file:
            return file.read()

    def _start(self):
        conf = os.path.join(self.folder, "nginx.conf")
        with open(conf, "w") as file:
            file.write(
                NGINX_CONF.format(
                    folder=self.folder,
                    port=self.port,
                    tls_port=self.tls_port,
                    user="user root;" if os.geteuid() == 0 else "",
                    cert=self.certificate.cert,
                    key=self.certificate.key,
                )
            )
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", self.folder, "-c", conf],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def tls_versions(name):
    version = getattr(ssl.TLSVersion, name)
    return version, version
