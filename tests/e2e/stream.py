"""A socket read as HTTP/1 is written: what clients and origins of the tests share."""

import collections
import socket
import ssl
import struct

TIMEOUT_S = 30
READ_BYTES = 64 * 1024
HEAD_BYTES = 1024 * 1024  # a test that reads a longer head is wrong

Chunked = collections.namedtuple("Chunked", "body trailers raw")


def parse_fields(lines):
    """[(name, value)] of field lines, in their order; the value without its white space."""
    pairs = (line.partition(b":") for line in lines if line)
    return [(name.decode("latin-1"), value.strip().decode("latin-1")) for name, _, value in pairs]


def field_values(fields, name):
    return [value for key, value in fields if key.lower() == name.lower()]


class Message:
    """A request or a response with the bytes of its head as they came."""

    def __init__(self, head):
        self.head = head
        lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        self.start = lines[0].decode("latin-1")
        self.lines = lines[1:]
        self.headers = parse_fields(self.lines)
        self.body = b""
        self.trailers = []

    def get(self, name, default=None):
        values = field_values(self.headers, name)
        return values[0] if values else default

    def all(self, name):
        return field_values(self.headers, name)

    @property
    def chunked(self):
        return self.get("transfer-encoding", "").lower().endswith("chunked")

    def __repr__(self):
        return "<%s, %d bytes>" % (self.start, len(self.body))


class Request(Message):
    def __init__(self, head):
        super().__init__(head)
        self.method, _, rest = self.start.partition(" ")
        self.target, _, self.version = rest.rpartition(" ")
        self.connection = 0  # number of the connection it came by


class Response(Message):
    def __init__(self, head):
        super().__init__(head)
        parts = self.start.split(" ", 2)
        self.version = parts[0]
        self.status = int(parts[1])
        self.reason = parts[2] if len(parts) > 2 else ""


class Stream:
    """Blocking reads and writes over a socket, TLS or not, with a buffer."""

    def __init__(self, sock):
        sock.settimeout(TIMEOUT_S)
        self.sock = sock
        self.pending = b""
        self.received = bytearray()  # all that was read, for looking at

    def send(self, *parts):
        self.sock.sendall(
            b"".join(p if isinstance(p, bytes) else p.encode("latin-1") for p in parts)
        )

    def read_some(self):
        """What there is; b"" at the end."""
        if self.pending:
            data, self.pending = self.pending, b""
            return data
        return self._receive()

    def _receive(self):
        data = self.sock.recv(READ_BYTES)
        if len(self.received) < HEAD_BYTES:
            self.received += data
        return data

    def _fill(self):
        data = self._receive()
        if not data:
            raise EOFError("the peer closed after %r" % self.pending[-200:])
        self.pending += data

    def read_until(self, mark):
        while mark not in self.pending:
            if len(self.pending) > HEAD_BYTES:
                raise ValueError("no %r in %d bytes" % (mark, len(self.pending)))
            self._fill()
        end = self.pending.index(mark) + len(mark)
        data, self.pending = self.pending[:end], self.pending[end:]
        return data

    def read_exactly(self, count):
        parts = []
        while count > 0:
            data = self.read_some()
            if not data:
                raise EOFError("the peer closed %d bytes too early" % count)
            self.pending = data[count:]
            parts.append(data[:count])
            count -= len(parts[-1])
        return b"".join(parts)

    def read_to_end(self):
        """All until the peer's FIN."""
        parts = []
        while data := self.read_some():
            parts.append(data)
        return b"".join(parts)

    def read_chunked(self):
        """The content of a chunked body, its trailers, and its bytes as they came."""
        body, raw = [], []
        while True:
            line = self.read_until(b"\r\n")
            raw.append(line)
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            data = self.read_exactly(size + 2)
            raw.append(data)
            body.append(data[:-2])
        lines = []
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            lines.append(line[:-2])
        return Chunked(b"".join(body), parse_fields(lines), b"".join(raw))

    def read_request(self):
        """The next request's head, or None at the end."""
        try:
            return Request(self.read_until(b"\r\n\r\n"))
        except EOFError:
            if self.pending:
                raise
            return None

    def read_request_body(self, request):
        if request.chunked:
            request.body, request.trailers, request.raw_body = self.read_chunked()
        else:
            request.body = self.read_exactly(int(request.get("content-length", "0")))
        return request.body

    def read_response(self, method="GET"):
        """The next response, interim ones too."""
        response = Response(self.read_until(b"\r\n\r\n"))
        if method == "HEAD" or response.status < 200 or response.status in (204, 304):
            return response
        if method == "CONNECT" and response.status < 300:
            return response
        if response.chunked:
            response.body, response.trailers, response.raw_body = self.read_chunked()
        elif response.get("content-length") is not None:
            response.body = self.read_exactly(int(response.get("content-length")))
        else:
            response.body = self.read_to_end()
        return response

    def finish(self):
        """FIN: nothing more comes from here. With TLS, close_notify first."""
        if isinstance(self.sock, ssl.SSLSocket):
            self._say_goodbye()
        self.sock.shutdown(socket.SHUT_WR)

    def _say_goodbye(self):
        try:
            self.sock.settimeout(0.2)  # only ours must go out; theirs is not waited for
            self.sock.unwrap()
        except (OSError, ValueError):
            pass

    def close(self):
        if isinstance(self.sock, ssl.SSLSocket):
            self._say_goodbye()
        self.drop()

    def drop(self):
        """Closes without close_notify."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def reset(self):
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if isinstance(self.sock, ssl.SSLSocket):
            socket.socket(fileno=self.sock.detach()).close()
        else:
            self.sock.close()
