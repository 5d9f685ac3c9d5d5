# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A client that sends what it is told, byte for byte: the same header twice,
any byte in it, no Host, several requests on one connection."""
import base64
import http.client
import io
import socket
import ssl

from . import challenge

TIMEOUT = 20


def basic(user, password):
    """An Authorization value for Basic."""
    return "Basic " + base64.b64encode(to_bytes(f"{user}:{password}")).decode()


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


class Response:
    def __init__(self, status, headers, body, version=11):
        self.status = status
        self.headers = headers
        self.body = body
        self.version = version

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def all(self, name):
        """Every field line of that name, in order."""
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def header(self, name, default=None):
        """The one line of that name; an error if there are more."""
        lines = self.all(name)
        assert len(lines) < 2, f"{name} {len(lines)} times: {lines}"
        return lines[0] if lines else default

    def challenges(self, name="WWW-Authenticate"):
        return challenge.parse_lines(self.all(name))

    def challenge(self, scheme, name="WWW-Authenticate"):
        """The one challenge of that scheme."""
        found = [c for c in self.challenges(name)
                 if c.scheme.lower() == scheme.lower()]
        assert len(found) == 1, f"{len(found)} {scheme} in {self.all(name)}"
        return found[0]

    def schemes(self, name="WWW-Authenticate"):
        return [c.scheme for c in self.challenges(name)]

    def info(self, name="Authentication-Info"):
        line = self.header(name)
        return challenge.parse_info(line) if line is not None else None

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"


class Said(io.BytesIO):
    """What a server has sent, in the place of its socket."""

    def makefile(self, *_):
        return self

    def close(self):
        """It is read on from where an answer ended."""


def answers(data, methods):
    """The responses to pipelined requests; there must be no more of them, and
    nothing between or after them."""
    said, found = Said(data), []
    for method in methods:
        answer = http.client.HTTPResponse(said, method=method)
        answer.begin()
        body = answer.read()
        found.append(Response(answer.status, answer.getheaders(), body,
                              answer.version))
    assert said.read() == b""
    return found


class Connection:
    """One TCP connection, kept while the server keeps it."""

    def __init__(self, port, count=lambda: None, tls=None):
        self.port = port
        self.count = count # is told of every request
        self.sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        if tls:
            self.sock = tls.wrap_socket(self.sock,
                                        server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def request(self, method, target, headers=(), body=None,
                authorization=None, host=None, version="HTTP/1.1"):
        """Sends a request; read() gets the response."""
        self.count()
        lines = [b"%s %s %s" % (to_bytes(method), to_bytes(target),
                                to_bytes(version))]
        fields = list(headers.items() if isinstance(headers, dict) else headers)
        names = {to_bytes(k).lower() for k, _ in fields}
        if b"host" not in names and host != "":
            fields.insert(0, ("Host", host or f"localhost:{self.port}"))
        if authorization is not None:
            values = (authorization if isinstance(authorization, (list, tuple))
                      else [authorization])
            fields += [("Authorization", value) for value in values]
        if body is not None and not names & {b"content-length",
                                             b"transfer-encoding"}:
            fields.append(("Content-Length", str(len(body))))
        lines += [to_bytes(k) + b": " + to_bytes(v) for k, v in fields]
        self.send(b"\r\n".join(lines) + b"\r\n\r\n" + to_bytes(body or b""))
        return self

    def read(self, method="GET"):
        answer = http.client.HTTPResponse(self.sock, method=method)
        answer.begin()
        body = answer.read()
        return Response(answer.status, answer.getheaders(), body,
                        answer.version)

    def read_line(self):
        """The next line of what the server sends, with its end."""
        line = b""
        while not line.endswith(b"\n") and (octet := self.sock.recv(1)):
            line += octet
        return line

    def get(self, target, method="GET", **more):
        return self.request(method, target, **more).read(method)

    def read_to_end(self):
        data = b""
        while chunk := self.sock.recv(65536):
            data += chunk
        return data


def tls_context(ca_file, alpn=None):
    context = ssl.create_default_context(cafile=str(ca_file))
    if alpn:
        context.set_alpn_protocols(alpn)
    return context
