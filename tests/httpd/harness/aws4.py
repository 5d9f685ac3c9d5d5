# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AWS Signature Version 4 without the module's code: a signer of requests,
presigned URLs and aws-chunked bodies, and places that ask for it.

    site = Site(httpd.prepare(...))     # conf/credentials made by htauth
    request = site.signer.sign("PUT", "/files/a", body=b"x")
    site.send(request)                  # -> Response
    site.send(request.change(method="DELETE"))  # after it was signed
"""
import base64
import copy
import hashlib
import hmac
import re
import time
import urllib.parse
import zlib

from . import build
from .client import to_bytes
from .htauth import FileStore

OURS = tuple(name.removesuffix("_module") for name in build.our_modules())
SCHEME = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
CHUNKED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CHUNKED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
OPEN_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
KINDS = (CHUNKED, CHUNKED_TRAILER, OPEN_TRAILER)
SERVER_SECRET = "0123456789abcdef" * 4
HEX = "hex" # a payload: the body's hash, in its field
SILENT = "silent" # the hash is signed and not sent


def sha256(data):
    return hashlib.sha256(to_bytes(data)).hexdigest()


def mac(key, text):
    return hmac.digest(key, to_bytes(text), "sha256")


def encode(octets, keep=""):
    return urllib.parse.quote(octets, safe="-._~" + keep)


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


# ---- canonical requests ----------------------------------------------------

def s3_path(wire):
    """Decoded once and encoded once; %2F stays what it is."""
    parts = re.split("%2[fF]", wire)
    return "%2F".join(encode(urllib.parse.unquote_to_bytes(part), "/")
                      for part in parts)


def other_path(wire):
    """Normalised, and encoded once more."""
    kept = []
    for part in wire.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    path = "/" + "/".join(kept)
    if kept and wire.endswith("/"):
        path += "/"
    return encode(path, "/")


def canonical_query(query):
    rows = []
    for piece in filter(None, query.split("&")):
        row = [encode(urllib.parse.unquote_to_bytes(part.replace("+", "%20")))
               for part in piece.partition("=")[::2]]
        if row[0] != "X-Amz-Signature":
            rows.append(row)
    return "&".join("=".join(row) for row in sorted(rows))


def canonical_headers(headers, names):
    lines = ""
    for name in names:
        values = [" ".join(to_bytes(v).decode().split())
                  for k, v in headers if k.lower() == name]
        lines += f"{name}:{','.join(values)}\n"
    return lines


def long_date(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


# ---- requests --------------------------------------------------------------

class Request:
    """What goes over the wire; change() makes another of it."""

    def __init__(self, method, target, headers, body):
        self.method, self.target = method, target
        self.headers, self.body = list(headers), body

    def change(self, **more):
        other = copy.copy(self)
        other.headers = list(self.headers)
        for name, value in more.items():
            setattr(other, name, value)
        return other

    def set(self, name, value):
        """With this field in the place of any of that name; None: without."""
        other = self.change()
        other.headers = [(k, v) for k, v in self.headers
                         if k.lower() != name.lower()]
        if value is not None:
            other.headers.append((name, value))
        return other

    def add(self, name, value):
        return self.change(headers=[*self.headers, (name, value)])

    def __getitem__(self, name):
        return next(v for k, v in self.headers if k.lower() == name.lower())

    def wire(self, version="HTTP/1.1"):
        """All of it, with a length if no field speaks of one."""
        headers = list(self.headers)
        names = {k.lower() for k, _ in headers}
        if self.body is not None and not names & {"content-length",
                                                  "transfer-encoding"}:
            headers.append(("Content-Length", str(len(self.body))))
        head = b"%s %s %s\r\n" % (to_bytes(self.method), to_bytes(self.target),
                                  to_bytes(version))
        return head + b"".join(
            to_bytes(k) + b": " + to_bytes(v) + b"\r\n" for k, v in headers
        ) + b"\r\n" + (self.body or b"")


class Signer:
    """Who signs, and what for. ahead: seconds that its clock is ahead."""

    def __init__(self, key_id, secret, host, region="us-east-1", service="s3",
                 ahead=0):
        self.key_id, self.secret, self.host = key_id, secret, host
        self.region, self.service, self.ahead = region, service, ahead

    def with_(self, **more):
        other = copy.copy(self)
        for name, value in more.items():
            setattr(other, name, value)
        return other

    def now(self):
        return long_date(time.time() + self.ahead)

    def scope(self, date, day=None):
        return f"{day or date[:8]}/{self.region}/{self.service}/aws4_request"

    def key(self, scope):
        key = b"AWS4" + to_bytes(self.secret)
        for part in scope.split("/"):
            key = mac(key, part)
        return key

    def path(self, wire):
        return s3_path(wire) if self.service == "s3" else other_path(wire)

    def signature(self, method, target, headers, names, payload, date, scope):
        wire, _, query = target.partition("?")
        canonical = "\n".join([
            method, self.path(wire), canonical_query(query),
            canonical_headers(headers, names), ";".join(names), payload])
        text = "\n".join([SCHEME, date, scope, sha256(canonical)])
        return mac(self.key(scope), text).hex()

    # ---- Authorization ----------------------------------------------

    def sign(self, method, target, headers=(), body=None, payload=HEX,
             unsigned=(), date=None, day=None, date_field="X-Amz-Date",
             also=()):
        """headers: more of them, signed but for those named in unsigned (in
        lower case). payload: HEX, SILENT, or a word to send and sign. also:
        names to sign that are not there."""
        date = date or self.now()
        headers = [("Host", self.host), (date_field, date), *headers]
        if payload not in (HEX, SILENT):
            headers.append(("X-Amz-Content-Sha256", payload))
        elif payload == HEX:
            headers.append(("X-Amz-Content-Sha256", sha256(body or b"")))
        line = sha256(body or b"") if payload in (HEX, SILENT) else payload
        names = sorted({k.lower() for k, _ in headers} - set(unsigned)
                       | set(also))
        return self._authorized(method, target, headers, names, line, body,
                                date, self.scope(date, day))

    def _authorized(self, method, target, headers, names, line, body, date,
                    scope):
        made = self.signature(method, target, headers, names, line, date,
                              scope)
        headers = [*headers, ("Authorization",
                              f"{SCHEME} Credential={self.key_id}/{scope}, "
                              f"SignedHeaders={';'.join(names)}, "
                              f"Signature={made}")]
        request = Request(method, target, headers, body)
        request.seed, request.date, request.scope = made, date, scope
        return request

    # ---- presigned URLs ---------------------------------------------

    def presign(self, method, target, expires=60, headers=(), date=None,
                more=(), without=(), body=None, payload=None):
        """more: parameters beside; without: names that are left out."""
        date = date or self.now()
        scope = self.scope(date)
        headers = [("Host", self.host), *headers]
        names = sorted(k.lower() for k, _ in headers)
        params = [("X-Amz-Algorithm", SCHEME),
                  ("X-Amz-Credential", f"{self.key_id}/{scope}"),
                  ("X-Amz-Date", date), ("X-Amz-Expires", str(expires)),
                  ("X-Amz-SignedHeaders", ";".join(names)), *more]
        query = "&".join(f"{encode(k)}={encode(v)}" for k, v in params
                         if k not in without)
        target += ("&" if "?" in target else "?") + query
        line = payload or (UNSIGNED if self.service == "s3"
                           else sha256(body or b""))
        made = self.signature(method, target, headers, names, line, date,
                              scope)
        if "X-Amz-Signature" not in without:
            target += f"&X-Amz-Signature={made}"
        return Request(method, target, headers, body)

    # ---- aws-chunked ------------------------------------------------

    def chunked(self, method, target, data, kind, sizes=(), headers=(),
                trailers=None, tamper=None, length=None, encoding=True,
                **more):
        """A body in chunks of these sizes, the last of them again and again.
        trailers: pairs; by default the checksum. tamper: is given the pieces
        (a list of octets) and may change them."""
        if trailers is None:
            trailers = ([] if kind == CHUNKED
                        else [("x-amz-checksum-crc32", crc32(data))])
        fields = [*headers, ("X-Amz-Decoded-Content-Length",
                             str(len(data) if length is None else length))]
        if encoding:
            fields.append(("Content-Encoding", "aws-chunked"))
        if trailers:
            fields.append(("X-Amz-Trailer", ",".join(k for k, _ in trailers)))
        request = self.sign(method, target, fields, b"", kind, **more)
        pieces = self.pieces(request, split(data, sizes), kind, trailers)
        if tamper:
            tamper(pieces)
        request.body = b"".join(pieces)
        return request

    def pieces(self, request, chunks, kind, trailers):
        """head, data, CRLF of each chunk, the last head, a line of each
        trailer, and the CRLF."""
        key, previous = self.key(request.scope), request.seed
        context = f"{request.date}\n{request.scope}\n"
        pieces = []
        for chunk in [*chunks, b""]:
            head = f"{len(chunk):x}"
            if kind != OPEN_TRAILER:
                previous = mac(key, f"{CHUNKED.replace('STREAMING-', '')}\n"
                               f"{context}{previous}\n{EMPTY}\n"
                               f"{sha256(chunk)}").hex()
                head += f";chunk-signature={previous}"
            pieces += [to_bytes(head + "\r\n"), chunk, b"\r\n"]
        del pieces[-2:]
        pieces += [to_bytes(f"{k}:{v}\r\n") for k, v in trailers]
        if kind == CHUNKED_TRAILER:
            block = "".join(f"{k.lower()}:{v.strip()}\n"
                            for k, v in sorted(trailers))
            made = mac(key, f"{SCHEME}-TRAILER\n{context}{previous}\n"
                       f"{sha256(block)}").hex()
            pieces.append(to_bytes(f"x-amz-trailer-signature:{made}\r\n"))
        return [*pieces, b"\r\n"]


def split(data, sizes=()):
    """data in pieces of these sizes, the last of them again and again."""
    sizes, at, pieces = list(sizes) or [65536], 0, []
    while at < len(data):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        pieces.append(data[at:at + size])
        at += size
    return pieces


def in_http_chunks(request, sizes=()):
    """The same request, its body in HTTP's own chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p)
                    for p in split(request.body, sizes)) + b"0\r\n\r\n"
    return request.add("Transfer-Encoding", "chunked").change(body=body)


# ---- servers ---------------------------------------------------------------

CONF = """
AuthSchemeSecret conf/secret
AuthCredentials file:conf/credentials
DavLockDB run/davlock
<Location "/files">
    Dav On
    AuthType "%s"
    AuthName "Docs"
    AuthBasicProvider credentials
    Require valid-user
    %s
</Location>
"""
FILES = {"htdocs/files/a.txt": "secret\n"}


class Site:
    """A server with a key of the user robot, and what is signed with it."""

    def __init__(self, server):
        self.server = server
        server.own("htdocs/files")
        server.own("htdocs/files/a.txt")
        server.write("conf/secret", SERVER_SECRET + "\n", 0o600)
        self.store = FileStore(server.root / "conf")
        self.store("init")
        self.key_id, self.secret = self.make_key("robot")
        server.own("conf/credentials")
        self.signer = self.signer_of(self.key_id, self.secret)

    def __getattr__(self, name):
        return getattr(self.server, name)

    def make_key(self, user, *options):
        made = self.store("aws4", user, "--json", "--secret-file",
                          str(self.root / "conf/secret"), *options).json
        self.own("conf/credentials")
        return made["id"], made["secret"]

    def signer_of(self, key_id, secret, tls=False, **more):
        port = self.tls_port if tls else self.port
        return Signer(key_id, secret, f"localhost:{port}", **more)

    @property
    def over_tls(self):
        return self.signer_of(self.key_id, self.secret, tls=True)

    def send(self, request, tls=False, **more):
        return self.get(request.target, request.method, tls=tls,
                        headers=request.headers, body=request.body, host="",
                        **more)

    def stored(self, name):
        file = self.root / "htdocs/files" / name
        return file.read_bytes() if file.exists() else None

    def names(self):
        """What lies in the folder; mod_dav's own is of no interest."""
        return sorted(path.name for path in
                      (self.root / "htdocs/files").iterdir()
                      if path.name != ".DAV")


def prepare(farm, extra="", schemes=SCHEME, more="", modules="", files=None,
            **rest):
    """extra: directives of the place; more: of the server."""
    server = farm.prepare(CONF % (schemes, extra) + more, ours=OURS,
                          modules=f"dav dav_fs dav_lock {modules}",
                          files={**FILES, **(files or {})}, **rest)
    return Site(server)


def error(answer):
    """Code of an error of S3's form."""
    assert answer.header("Content-Type") == "application/xml", answer
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert "<RequestId>" in answer.text and answer.text.count("<Code>") == 1
    return re.search("<Code>(.*)</Code>", answer.text)[1]
