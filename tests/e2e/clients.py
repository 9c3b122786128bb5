"""Clients that speak through weir: curl, raw sockets, urllib, Node."""

import collections
import os
import socket
import ssl
import subprocess
import urllib.request

from stream import TIMEOUT_S, Stream

Run = collections.namedtuple("Run", "code out err")

PROXY_VARIABLES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "sslkeylogfile"}


def clean_environment():
    """Ours, without what would lead a client elsewhere."""
    return {k: v for k, v in os.environ.items() if k.lower() not in PROXY_VARIABLES}


def run(*command, env=None, stdin=b"", timeout=120):
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env={**clean_environment(), **(env or {})},
    )
    return Run(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def curl(weir, url, *args, stdin=b"", timeout=120):
    """curl by way of weir: (exit code, stdout bytes, stderr)."""
    return run(
        "curl",
        "-q",
        "-sS",
        "--http1.1",
        "--max-time",
        str(timeout - 10),
        "--noproxy",
        "",
        "--cacert",
        weir.ca,
        "-x",
        weir.url,
        *args,
        url,
        stdin=stdin,
        timeout=timeout
    )


def curl_status(weir, url, *args, **more):
    """(status, body) by curl; (0, b"") with its exit code when there was no response."""
    done = curl(weir, url, "-w", "\n%{http_code}", *args, **more)
    body, _, status = done.out.rpartition(b"\n")
    return int(status or 0), body


class Raw(Stream):
    """A client on a bare socket."""

    def __init__(self, port, host="127.0.0.1", timeout=TIMEOUT_S, source=None):
        from_address = (source, 0) if source else None
        super().__init__(socket.create_connection((host, port), timeout, from_address))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(timeout)

    def request(self, head, body=b"", method=None):
        """Sends lines (without their ends) and reads one response."""
        self.send("\r\n".join(head), "\r\n\r\n", body)
        return self.read_response(method or head[0].split(" ")[0])

    def get(self, url, *fields):
        host = url.split("/")[2]
        return self.request(["GET %s HTTP/1.1" % url, "Host: %s" % host, *fields])

    def connect(self, authority, *fields):
        return self.request(["CONNECT %s HTTP/1.1" % authority, "Host: %s" % authority, *fields])

    def start_tls(self, name, ca=None, context=None, session=None):
        """TLS over what was CONNECTed; the certificate is verified by `ca`."""
        if context is None:
            context = client_context(ca)
        self.sock = context.wrap_socket(self.sock, server_hostname=name, session=session)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()


def client_context(ca, alpn=None, versions=None):
    context = ssl.create_default_context(cafile=ca)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    if versions:
        context.minimum_version, context.maximum_version = versions
    return context


def tunnel(weir, authority, name=None, context=None, session=None):
    """A Raw inside TLS to `authority`, as weir opens it up."""
    raw = Raw(weir.port)
    response = raw.connect(authority)
    if response.status != 200:
        raw.drop()
        raise AssertionError("CONNECT %s: %s %r" % (authority, response.start, response.body))
    name = name or authority.rpartition(":")[0].strip("[]")
    return raw.start_tls(name, weir.ca, context, session)


def urllib_open(weir, url, data=None, headers=()):
    """urllib by way of weir."""
    proxies = urllib.request.ProxyHandler({"http": weir.url, "https": weir.url})
    https = urllib.request.HTTPSHandler(context=client_context(weir.ca))
    request = urllib.request.Request(url, data=data, headers=dict(headers))
    return urllib.request.build_opener(proxies, https).open(request, timeout=TIMEOUT_S)


NODE_GET = """
const http = require('http'), https = require('https'), tls = require('tls');
const [proxyPort, target] = [Number(process.argv[1]), new URL(process.argv[2])];
const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
const show = (res) => {
    let text = '';
    res.on('data', (d) => { text += d; });
    res.on('end', () => console.log(JSON.stringify({ status: res.statusCode, text })));
};
if (target.protocol === 'http:') {
    http.get({ host: '127.0.0.1', port: proxyPort, path: target.href, headers: { host: target.host } }, show);
} else {
    const via = http.request({ host: '127.0.0.1', port: proxyPort, method: 'CONNECT', path: target.hostname + ':' + port });
    via.on('connect', (res, socket) => {
        https.get({ host: target.hostname, path: target.pathname,
                    createConnection: () => tls.connect({ socket, servername: target.hostname }) }, show);
    }).end();
}
"""


def node_get(weir, url):
    """Node's http and https modules by way of weir: (exit code, JSON text, stderr)."""
    return run(
        "/usr/bin/node", "-e", NODE_GET, str(weir.port), url, env={"NODE_EXTRA_CA_CERTS": weir.ca}
    )
