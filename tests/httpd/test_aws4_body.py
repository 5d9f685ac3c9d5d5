# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Bodies of AWS4-HMAC-SHA256: verified and decoded on their way, T-AWS-08,
T-AWS-09, T-APR-11, T-APR-12. What gets through is what mod_dav has stored, what
a CGI script has read, or what a back end has seen."""
import http.server
import os
import pathlib
import re
import threading

import pytest

from harness import build
from harness.aws4 import (
    CHUNKED, CHUNKED_TRAILER, HEX, KINDS, OPEN_TRAILER, SILENT, UNSIGNED, error,
    in_http_chunks, prepare, sha256)
from harness.client import answers, to_bytes
from harness.server import MPMS

OPEN = "Aws4UnsignedPayload always"
SHORT = "Timeout 2\n"
CGI = """
ScriptSock cgid
ScriptAlias /cgi-bin/ cgi-bin/
<Location "/cgi-bin">
    AuthType AWS4-HMAC-SHA256
    AuthName "Docs"
    Aws4UnsignedPayload always
    Require valid-user
</Location>
"""
ECHO = r"""#!/bin/sh
printf 'Content-Type: text/plain\n\n'
printf 'length=%s\nchunked=%s\nencoding=%s\n' \
    "$CONTENT_LENGTH" "$HTTP_TRANSFER_ENCODING" "$HTTP_CONTENT_ENCODING"
printf 'sha256=%s\ndecoded=%s\ntrailer=%s\n' "$HTTP_X_AMZ_CONTENT_SHA256" \
    "$HTTP_X_AMZ_DECODED_CONTENT_LENGTH" "$HTTP_X_AMZ_TRAILER"
printf 'user=%s\nbody=%s\n' "$REMOTE_USER" "$(sha256sum | cut -d' ' -f1)"
"""
IN_PLACE = "the body has another hash than x-amz-content-sha256"
CHUNK = "the signature of a chunk or trailer is wrong"
# mod_dav says so of each body that it could not read to its end
DAV = "An error occurred while reading the request body"
BEFORE = b"before\n"


@pytest.fixture
def serve(httpd):
    def start(extra=OPEN, **more):
        site = prepare(httpd, extra, **more)
        site.start()
        return site
    return start


@pytest.fixture(scope="module")
def shared(httpd_module):
    site = prepare(httpd_module, OPEN, more=SHORT)
    site.write("htdocs/files/old", BEFORE)
    site.own("htdocs/files/old")
    site.start()
    return site


@pytest.fixture(scope="module", params=MPMS)
def each_mpm(request, httpd_module):
    site = prepare(httpd_module, OPEN, mpm=request.param)
    site.start()
    return site


@pytest.fixture
def site(shared):
    """One server for all, with a file that is there before."""
    (shared.root / "htdocs/files/old").write_bytes(BEFORE)
    for name in shared.names():
        if name not in ("old", "a.txt"):
            (shared.root / "htdocs/files" / name).unlink()
    return shared


def put(signer, kind, data, target="/files/new", sizes=(), **more):
    if kind in KINDS:
        return signer.chunked("PUT", target, data, kind, sizes, **more)
    return signer.sign("PUT", target, body=data, payload=kind, **more)


def refused(site, request, status, code, why, dav=True):
    """The old file stays, nothing new is there, the connection is closed, and
    there is one answer."""
    with site.connection() as connection:
        connection.request(request.method, request.target, request.headers,
                           request.body, host="")
        answer = connection.read(request.method)
        assert answer.status == status, answer
        assert error(answer) == code
        assert connection.read_to_end() == b""
    untouched(site)
    site.log.expects(why, times=1)
    if dav:
        site.log.expects(DAV)
    return answer


def untouched(site):
    assert site.stored("old") == BEFORE
    assert site.names() == ["a.txt", "old"]


# ---- what gets through -------------------------------------------------------

@pytest.mark.parametrize("kind", [HEX, SILENT, UNSIGNED, *KINDS])
@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 65536, 200001])
def test_bodies(site, kind, size):
    data = os.urandom(size)
    answer = site.send(put(site.signer, kind, data, sizes=[8192]))
    assert answer.status == 201
    assert site.stored("new") == data
    answer = site.send(in_http_chunks(put(site.signer, kind, data), [999]))
    assert answer.status == 204
    assert site.stored("new") == data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inner, outer", [
    ([1], [1]), ([1], [100000]), ([7, 1, 300], [2]), ([300], [17, 86, 1, 3]),
    ([65536], [1000])])
def test_odd_places(site, kind, inner, outer):
    """The edges of the chunks of both, and of what a read brings."""
    data = os.urandom(700)
    request = put(site.signer, kind, data, sizes=inner)
    assert site.send(request).status == 201
    assert site.stored("new") == data
    assert site.send(in_http_chunks(request, outer)).status == 204
    assert site.stored("new") == data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("outer", [None, [50]])
def test_bodies_that_trickle(site, kind, outer):
    """Octet by octet, each on its own way through the network."""
    data = os.urandom(100)
    request = put(site.signer, kind, data, sizes=[30])
    if outer:
        request = in_http_chunks(request, outer)
    head, _, body = request.wire().partition(b"\r\n\r\n")
    with site.connection() as connection:
        site.server.requests += 1
        connection.send(head + b"\r\n\r\n")
        for octet in body:
            connection.send(bytes([octet]))
        assert connection.read("PUT").status == 201
    assert site.stored("new") == data


@pytest.mark.parametrize("kind", [HEX, UNSIGNED, *KINDS])
def test_every_mpm(each_mpm, kind):
    site = each_mpm
    data = os.urandom(100000)
    with site.connection() as connection:
        for nth in range(3):
            request = put(site.signer, kind, data, sizes=[9000])
            if nth == 1:
                request = in_http_chunks(request, [8000])
            connection.request("PUT", request.target, request.headers,
                               request.body, host="")
            assert connection.read("PUT").status in (201, 204)
            assert site.stored("new") == data


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_name_in_content_encoding(site, kind):
    """As minio-go sends it."""
    request = put(site.signer, kind, b"hello", encoding=False)
    assert site.send(request).status == 201
    assert site.stored("new") == b"hello"


def test_http_trailers(site):
    """They are nobody's, T-APR-11."""
    request = in_http_chunks(put(site.signer, CHUNKED_TRAILER, b"hello"))
    request.body = (request.body[:-2] + b"Authorization: Basic x\r\n"
                    b"X-Trailer: 1\r\n\r\n")
    assert site.send(request).status == 201
    assert site.stored("new") == b"hello"


def test_hash_in_upper_case(site):
    request = site.signer.sign("PUT", "/files/new", body=b"x",
                               payload=sha256(b"x").upper())
    # signed as it is sent
    assert site.send(request).status == 201
    assert site.stored("new") == b"x"


def test_an_unsigned_hash_is_what_is_signed(site):
    """x-amz-content-sha256 need not be in SignedHeaders."""
    request = put(site.signer, HEX, b"x", unsigned=["x-amz-content-sha256"])
    assert site.send(request).status == 201
    request = put(site.signer, HEX, b"x", target="/files/other",
                  unsigned=["x-amz-content-sha256"])
    request = request.set("X-Amz-Content-Sha256", sha256(b"y"))
    answer = site.send(request.change(body=b"y"))
    assert answer.status == 401 and error(answer) == "SignatureDoesNotMatch"
    site.log.expects("the signature is wrong", times=1)
    assert site.stored("other") is None


def test_a_large_body(serve):
    """20 MB, and what the child needs for them is the same as for 1 MB."""
    site = serve(mpm="worker", more="StartServers 1\nServerLimit 1\n"
                 "ThreadsPerChild 8\nMaxRequestWorkers 8\n"
                 "MinSpareThreads 1\nMaxSpareThreads 8\n")

    def resident():
        pid, = site.children()
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1])
    data = os.urandom(20_000_000)
    for kind in (HEX, UNSIGNED, *KINDS):
        assert site.send(put(site.signer, kind, data[:1_000_000],
                             sizes=[65536])).status in (201, 204)
    before = resident()
    for kind in (HEX, UNSIGNED, *KINDS):
        for sizes in ([65536], [len(data)]):
            assert site.send(put(site.signer, kind, data, sizes=sizes)
                             ).status == 204
            assert site.stored("new") == data
    request = in_http_chunks(put(site.signer, CHUNKED, data), [65536])
    assert site.send(request).status == 204
    # AddressSanitizer holds back what is freed
    assert resident() < before + (40000 if build.SANITIZE else 2000)


# ---- what does not -----------------------------------------------------------

SIZES = [1, 100, 8192, 8193, 200000]


@pytest.mark.parametrize("target", ["/files/old", "/files/new"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("change", [
    lambda body: body[:-1] + bytes([body[-1] ^ 1]),
    lambda body: bytes([body[0] ^ 1]) + body[1:],
    lambda body: body[:-1], lambda body: body + b"x", lambda body: b""])
@pytest.mark.parametrize("outer", [None, [5000]])
def test_another_body_than_was_hashed(site, target, size, change, outer):
    body = os.urandom(size)
    request = put(site.signer, HEX, body, target)
    request = request.change(body=change(body))
    if outer:
        request = in_http_chunks(request, outer)
    refused(site, request, 400, "XAmzContentSHA256Mismatch", IN_PLACE)


def flip(at, where=0):
    """Changes an octet of a piece."""
    def tamper(pieces):
        piece = bytearray(pieces[at])
        piece[where] ^= 1
        pieces[at] = bytes(piece)
    return tamper


def signature_of(at):
    def tamper(pieces):
        piece = pieces[at]
        last = b"1" if piece[-3:-2] != b"1" else b"2"
        pieces[at] = piece[:-3] + last + piece[-2:]
    return tamper


def swap(pieces):
    """Two chunks of one size, each with its signature."""
    pieces[0:3], pieces[3:6] = pieces[3:6], pieces[0:3]


def delete(start, end):
    def tamper(pieces):
        del pieces[start:end]
    return tamper


def replaced(at, new):
    def tamper(pieces):
        pieces[at] = new
    return tamper


# four chunks: 0 to 11, then the last one's head, (trailers,) the end
BOTH_SIGNED = [
    ("data", flip(1), 403, CHUNK), ("data of the last", flip(10, -1), 403,
                                    CHUNK),
    ("the first signature", signature_of(0), 403, CHUNK),
    ("a later signature", signature_of(6), 403, CHUNK),
    ("the last signature", signature_of(12), 403, CHUNK),
    ("chunks swapped", swap, 403, CHUNK),
]
ALL = [
    ("a chunk missing", delete(0, 3), None, None),
    ("the last missing", delete(12, 99), 400, "the body ended early"),
    ("the end missing", delete(-1, 99), 400, "the body ended early"),
    ("half a chunk", delete(10, 99), 400, "the body ended early"),
    ("no size", replaced(3, b";chunk-signature=x\r\n"), 400,
     "the chunks of the body are malformed"),
    ("a sign", replaced(3, b"+64\r\n"), 400,
     "the chunks of the body are malformed"),
    ("17 digits", replaced(3, b"0" * 15 + b"64\r\n"), 400,
     "the chunks of the body are malformed"),
    ("LF alone", replaced(2, b"\n"), 400,
     "the chunks of the body are malformed"),
    ("more after the end", lambda pieces: pieces.append(b"x"), 400,
     "the chunks of the body are malformed"),
    ("more after the end, a request",
     lambda pieces: pieces.append(b"DELETE /files/old HTTP/1.1\r\n"
                                  b"Host: localhost\r\n\r\n"), 400,
     "the chunks of the body are malformed"),
]
TRAILERS = [
    ("another checksum", replaced(13, b"x-amz-checksum-crc32:AAAAAA==\r\n")),
    ("no checksum", delete(13, 14)),
    ("another trailer", replaced(13, b"x-amz-checksum-crc32c:AAAAAA==\r\n")),
    ("twice", lambda pieces: pieces.insert(13, pieces[13])),
    ("one more", lambda pieces: pieces.insert(14, b"x-amz-meta-y: 1\r\n")),
]


@pytest.mark.parametrize("outer", [None, [50], [100000]])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["/files/old", "/files/new"])
def test_changed_chunks(site, kind, target, outer):
    """One thing at a time."""
    data = os.urandom(400)
    rows = list(ALL)
    if kind != OPEN_TRAILER:
        rows += BOTH_SIGNED
    for name, tamper, status, why in rows:
        if name == "a sign" and kind != OPEN_TRAILER:
            continue
        request = put(site.signer, kind, data, target, [100], tamper=tamper)
        if outer:
            request = in_http_chunks(request, outer)
        with site.connection() as connection:
            connection.request("PUT", target, request.headers, request.body,
                               host="")
            answer = connection.read("PUT")
            assert answer.status in ((status,) if status else (400, 403)), name
            code = "SignatureDoesNotMatch" if answer.status == 403 \
                else "IncompleteBody"
            assert error(answer) == code, name
            # one answer, and no end of the connection but this
            assert b"HTTP/1.1" not in connection.read_to_end(), name
        untouched(site)
        if why:
            assert site.log.find(why), name
    site.log.expects("problem=invalid", times=len(site.log.find(DAV)))
    site.log.expects(DAV)


@pytest.mark.parametrize("kind", [CHUNKED_TRAILER, OPEN_TRAILER])
def test_changed_trailers(site, kind):
    data = os.urandom(400)
    for name, tamper in TRAILERS:
        request = put(site.signer, kind, data, "/files/old", [100],
                      tamper=tamper)
        answer = site.send(request)
        assert (answer.status, error(answer)) in (
            (403, "SignatureDoesNotMatch"), (400, "MalformedTrailerError"),
            (400, "BadDigest")), name
        untouched(site)
    site.log.expects("problem=invalid", times=len(TRAILERS))
    site.log.expects(DAV, times=len(TRAILERS))


def test_the_trailers_signature(site):
    for name, tamper in {
            "wrong": signature_of(14), "missing": delete(14, 15),
            "in the open kind": None}.items():
        kind = CHUNKED_TRAILER if tamper else OPEN_TRAILER
        tamper = tamper or (lambda pieces: pieces.insert(
            14, b"x-amz-trailer-signature:" + b"0" * 64 + b"\r\n"))
        answer = site.send(put(site.signer, kind, os.urandom(400),
                               "/files/old", [100], tamper=tamper))
        assert answer.status in (400, 403), name
        assert error(answer) in ("SignatureDoesNotMatch",
                                 "MalformedTrailerError")
        untouched(site)
    site.log.expects("problem=invalid", times=3)
    site.log.expects(DAV, times=3)


def test_a_signature_where_none_belongs(site):
    """MinIO CVE-2025-31489 and its like: whoever signs chunks of the open kind
    is not believed less, and not more."""
    request = put(site.signer, OPEN_TRAILER, b"hello", "/files/old",
                  tamper=replaced(0, b"5;chunk-signature=" + b"0" * 64
                                  + b"\r\n"))
    refused(site, request, 400, "IncompleteBody",
            "the chunks of the body are malformed")


@pytest.mark.parametrize("kind", [UNSIGNED, *KINDS])
def test_the_head_comes_first(site, kind):
    """CVE-2026-40344, CVE-2026-41145: no way round the request's signature."""
    wrong = site.signer.with_(secret="x" * 40)
    for outer in (False, True):
        request = put(wrong, kind, b"hello", "/files/old")
        if outer:
            request = in_http_chunks(request)
        answer = site.send(request)
        assert answer.status == 401
        assert error(answer) == "SignatureDoesNotMatch"
    untouched(site)
    site.log.expects("the signature is wrong", times=2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 399, 401, "", "x", "-1", "4e2",
                                    "99999999999999999999"])
def test_another_decoded_length(site, kind, length):
    data = os.urandom(400)
    request = put(site.signer, kind, data, "/files/old", [100], length=length)
    answer = site.send(request)
    assert answer.status == 400
    assert error(answer) in ("IncompleteBody", "InvalidArgument",
                             "MissingContentLength")
    untouched(site)
    site.log.expects("authscheme: refused status=400", times=1)
    site.log.allows(DAV)


@pytest.mark.parametrize("kind", [HEX, SILENT, UNSIGNED, *KINDS])
@pytest.mark.parametrize("service", ["s3", "execute-api"])
def test_parts_of_files(serve, kind, service):
    """mod_dav would write them to their place before they are verified."""
    site = serve(f"{OPEN}\nAws4Service *", files={"htdocs/files/old": BEFORE})
    site.own("htdocs/files/old")
    request = put(site.signer.with_(service=service), kind, b"x" * 30000,
                  "/files/old",
                  headers=[("Content-Range", "bytes 0-29999/30000")])
    for body in (request.body, b"y" * len(request.body)):
        answer = site.send(request.change(body=body))
        if kind == SILENT and body != request.body:
            assert answer.status == 401
            site.log.expects("the signature is wrong", times=1)
        else:
            assert answer.status in (400, 403, 501)
    untouched(site)
    site.log.allows("authscheme: refused")


XML = {
    "PROPFIND": b"<propfind xmlns='DAV:'><allprop/></propfind>",
    "LOCK": b"<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope>"
            b"<locktype><write/></locktype></lockinfo>",
    "PROPPATCH": b"<propertyupdate xmlns='DAV:'><set><prop><x xmlns='y'>1</x>"
                 b"</prop></set></propertyupdate>"}


@pytest.mark.parametrize("method", XML)
@pytest.mark.parametrize("kind", [HEX, CHUNKED])
def test_wrong_xml(site, method, kind):
    """Other readers of bodies than PUT: one answer, and nothing is done."""
    body = XML[method]
    request = with_body(site.signer, kind, method, "/files/a.txt", body, [],
                        True)
    request.body = request.body.replace(b"DAV", b"VAD")
    with site.connection() as connection:
        site.server.requests += 1
        connection.send(request.wire())
        said = answers(connection.read_to_end(), [method])
    assert said[0].status in (400, 403)
    assert error(said[0])
    answer = site.send(site.signer.sign("PROPFIND", "/files/a.txt", [
        ("Depth", "0")]))
    assert b"locktoken" not in answer.body and b">1<" not in answer.body
    site.log.expects("problem=invalid", times=1)
    site.log.allows("dav:error")


@pytest.mark.parametrize("kind", KINDS)
def test_no_decoded_length(site, kind):
    request = site.signer.sign("PUT", "/files/old", body=b"0\r\n\r\n",
                               payload=kind)
    answer = site.send(request)
    assert answer.status in (400, 411)
    untouched(site)
    site.log.expects("x-amz-decoded-content-length is missing", times=1)


@pytest.mark.parametrize("word", [
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-X",
    "STREAMING-AWS4-HMAC-SHA256-EVENTS", "unsigned-payload", "x", "0" * 63,
    "0" * 65, "STREAMING-"])
def test_unknown_words(site, word):
    answer = site.send(site.signer.sign("PUT", "/files/old", body=b"x",
                                        payload=word))
    assert answer.status == 400
    assert error(answer) in ("InvalidArgument", "NotImplemented")
    untouched(site)
    site.log.expects("authscheme: refused status=400", times=1)


# ---- bodies that break off ---------------------------------------------------

@pytest.mark.parametrize("kind, outer, gone", [
    *((kind, outer, True) for kind in (HEX, SILENT, *KINDS)
      for outer in (None, [100])),
    (HEX, [100], False), (SILENT, None, False), (CHUNKED, None, False),
    (CHUNKED_TRAILER, [100], False), (OPEN_TRAILER, [100], False)])
def test_truncated(site, kind, outer, gone):
    """The client closes its side, or says nothing more: Timeout 2."""
    request = put(site.signer, kind, os.urandom(1000), "/files/old", [300])
    if outer:
        request = in_http_chunks(request, outer)
    wire = request.wire()
    site.server.requests += 1
    with site.connection() as connection:
        connection.send(wire[:-150])
        if gone:
            connection.sock.shutdown(1)
        said = connection.read_to_end()
    assert said.count(b"HTTP/1.1 ") <= 1 and b" 20" not in said[:13]
    site.log.expects("authscheme: refused" if kind == SILENT else DAV)
    site.log.allows("authscheme: refused")
    untouched(site)


# ---- requests inside of bodies -----------------------------------------------

def smuggled(site):
    return (b"DELETE /files/old HTTP/1.1\r\nHost: %s\r\n\r\n"
            % to_bytes(site.signer.host))


@pytest.mark.parametrize("kind", [HEX, SILENT, UNSIGNED, *KINDS])
@pytest.mark.parametrize("outer", [None, [64]])
@pytest.mark.parametrize("expects", [False, True])
def test_pipelined(each_mpm, kind, outer, expects):
    """The next request on the connection is the one that follows the body, and
    none inside of it. Each is signed: a smuggled one, too, would be let in."""
    site = each_mpm
    for name in ("new", "third"):
        (site.root / "htdocs/files" / name).unlink(missing_ok=True)
    inner = site.signer.sign("PUT", "/files/smuggled", body=b"bad").wire()
    data = b"\r\n\r\n" + inner * 3
    request = put(site.signer, kind, data, sizes=[len(inner) + 4, 50])
    if outer:
        request = in_http_chunks(request, outer)
    if expects:
        request = request.add("Expect", "100-continue")
    second = site.signer.sign("GET", "/files/a.txt")
    third = put(site.signer, kind, b"third", "/files/third",
                headers=[("Connection", "close")])
    site.server.requests += 3
    with site.connection() as connection:
        head, _, body = request.wire().partition(b"\r\n\r\n")
        connection.send(head + b"\r\n\r\n")
        if expects:
            assert connection.read_line() == b"HTTP/1.1 100 Continue\r\n"
            assert connection.read_line() == b"\r\n"
        connection.send(body + second.wire() + third.wire())
        said = answers(connection.read_to_end(), ["PUT", "GET", "PUT"])
    assert [answer.status for answer in said] == [201, 200, 201]
    assert said[1].body == b"secret\n"
    assert site.stored("new") == data
    assert site.stored("third") == b"third"
    assert site.names() == ["a.txt", "new", "third"]
    assert [row["request"].split()[1] for row in site.access(3)] == [
        "/files/new", "/files/a.txt", "/files/third"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_request_where_the_decoded_length_ends(site, kind, at_once):
    """The trap of a length that is set before httpd has read the framing: what
    comes after so many octets of the body would be the next request."""
    inner = site.signer.sign("PUT", "/files/smuggled", body=b"bad").wire()
    length = 20
    request = put(site.signer, kind, b"x" * length + inner, "/files/old",
                  [length], length=length)
    body = b"x" * length + inner
    request = request.change(body=body).add("Content-Length", str(len(body)))
    site.server.requests += 1
    with site.connection() as connection:
        wire = request.wire()
        head, _, _ = wire.partition(b"\r\n\r\n")
        if at_once:
            connection.send(wire)
        else:
            connection.send(head + b"\r\n\r\n")
            connection.send(body)
        assert connection.read("PUT").status in (400, 403)
        assert b"HTTP/1.1" not in connection.read_to_end()
    untouched(site)
    site.log.expects("problem=invalid", times=1)
    site.log.expects(DAV)


LAZY_CONF = """
Redirect /moved http://localhost/elsewhere
<LocationMatch "^/(moved|denied|gone.txt|plain.txt)">
    AuthType AWS4-HMAC-SHA256
    AuthName "Docs"
    Aws4UnsignedPayload always
    Require valid-user
</LocationMatch>
<Location /denied>
    Require user somebody
</Location>
"""


@pytest.fixture(scope="module")
def lazy(httpd_module):
    site = prepare(httpd_module, OPEN, more=LAZY_CONF,
                   files={"htdocs/plain.txt": "plain\n",
                          "htdocs/files/old": BEFORE})
    site.own("htdocs/files/old")
    site.start()
    return site


def with_body(signer, kind, method, target, data, headers, is_right):
    if kind == HEX:
        request = signer.sign(method, target, headers, data)
        return request if is_right else request.change(body=data[:-1] + b"\0")
    return signer.chunked(method, target, data, kind, [100], headers,
                          tamper=None if is_right else
                          replaced(3, b"64;x\r\n"))


@pytest.mark.parametrize("kind", [HEX, *KINDS])
@pytest.mark.parametrize("outer", [None, [64]])
@pytest.mark.parametrize("method, target, status", [
    ("PUT", "/files/none/x", 409),
    ("POST", "/moved", 302), ("POST", "/denied", 401),
    ("POST", "/gone.txt", 404), ("POST", "/plain.txt", 200),
    ("GET", "/plain.txt", 200), ("HEAD", "/plain.txt", 200),
    ("PUT", "/files/old", 412)])
def test_bodies_that_nobody_reads(lazy, kind, outer, method, target, status):
    """A handler answers without them. A wrong body adds no second answer to the
    first, and its octets are not the next request."""
    site = lazy
    headers = [("If-Match", '"none"')] if status == 412 else []
    second = site.signer.sign("GET", "/files/a.txt")
    for is_right in (True, False):
        request = with_body(site.signer, kind, method, target,
                            os.urandom(299) + b"x", headers, is_right)
        if outer:
            request = in_http_chunks(request, outer)
        site.server.requests += 1
        with site.connection() as connection:
            connection.send(request.wire())
            first = connection.read(method)
            if first.header("Connection") != "close":
                site.server.requests += 1
                connection.send(second.set("Connection", "close").wire())
            rest = connection.read_to_end()
        if is_right:
            assert first.status == status
            assert answers(rest, ["GET"])[0].body == b"secret\n"
        else:
            assert first.status in (status, 400)
            assert not rest or answers(rest, ["GET"])[0].body == b"secret\n"
    site.log.allows("authscheme: refused")
    site.log.allows(re.compile(r"\[(dav|authz_core):error\]"))
    assert site.stored("old") == BEFORE
    assert site.names() == ["a.txt", "old"]


# ---- other handlers ----------------------------------------------------------

def fields(answer):
    return dict(line.split("=", 1) for line in answer.text.splitlines())


@pytest.mark.parametrize("outer", [None, [77]])
@pytest.mark.parametrize("kind", [HEX, SILENT, UNSIGNED, *KINDS])
def test_cgi(serve, kind, outer):
    """A script gets what is in the chunks, and their length."""
    site = serve(modules="cgid", more=CGI)
    site.write("cgi-bin/echo", ECHO, 0o755)
    for size in (0, 5, 70000):
        data = os.urandom(size)
        request = (site.signer.chunked("POST", "/cgi-bin/echo", data, kind,
                                       [1000]) if kind in KINDS else
                   site.signer.sign("POST", "/cgi-bin/echo", body=data,
                                    payload=kind))
        if outer:
            request = in_http_chunks(request, outer)
        said = fields(site.send(request))
        assert said["body"] == sha256(data)
        assert said["user"] == "robot"
        if kind in KINDS:
            assert said["length"] == str(size)
            assert (said["chunked"] == said["encoding"] == said["sha256"]
                    == said["decoded"] == said["trailer"] == "")


COUNT = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n'
count=$(wc -c 2>/dev/null)
[ "$count" != "$CONTENT_LENGTH" ] || touch "$0.whole"
"""


@pytest.mark.parametrize("outer", [None, [5000]])
@pytest.mark.parametrize("kind", [HEX, *KINDS])
def test_cgi_and_a_wrong_body(serve, kind, outer):
    """A script can tell by CONTENT_LENGTH that not all of it came."""
    site = serve(modules="cgid", more=CGI)
    site.own("cgi-bin")
    site.write("cgi-bin/count", COUNT, 0o755)
    whole = site.root / "cgi-bin/count.whole"
    request = with_body(site.signer, kind, "POST", "/cgi-bin/count",
                        os.urandom(29999) + b"x", [], True)
    assert site.send(request).status == 200
    assert whole.exists()
    whole.unlink()
    body = bytearray(request.body)
    body[-120 if kind != OPEN_TRAILER else -10] ^= 1
    request = request.change(body=bytes(body))
    if outer:
        request = in_http_chunks(request, outer)
    assert site.send(request).status in (400, 403)
    assert not whole.exists()
    site.log.expects("problem=invalid", times=1)
    site.log.allows("cgid:error")


def test_other_codings_stay(serve):
    site = serve(modules="cgid", more=CGI)
    site.write("cgi-bin/echo", ECHO, 0o755)
    request = site.signer.chunked(
        "POST", "/cgi-bin/echo", b"x", CHUNKED, encoding=False,
        headers=[("Content-Encoding", "aws-chunked,gzip")])
    assert fields(site.send(request))["encoding"] == "gzip"


class Backend:
    """Remembers each body that came to its end."""

    def __init__(self):
        backend = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):  # noqa: N802, the name is the library's
                try:
                    body = self.body()
                except (ValueError, ConnectionError):
                    self.close_connection = True
                    return
                backend.seen.append((dict(self.headers), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def body(self):
                if self.headers["Transfer-Encoding"] is None:
                    length = int(self.headers["Content-Length"])
                    body = self.rfile.read(length)
                    if len(body) != length:
                        raise ValueError
                    return body
                body = b""
                while size := int(self.rfile.readline().strip(), 16):
                    piece = self.rfile.read(size + 2)
                    if piece[-2:] != b"\r\n":
                        raise ValueError
                    body += piece[:-2]
                if self.rfile.readline() != b"\r\n":
                    raise ValueError
                return body

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        self.port = self.server.server_port

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def backend():
    one = Backend()
    yield one
    one.close()


@pytest.mark.parametrize("setting", ["", "SetEnv proxy-sendchunked 1",
                                     "SetEnv proxy-sendcl 1"])
@pytest.mark.parametrize("outer", [None, [5000]])
@pytest.mark.parametrize("kind", [HEX, SILENT, UNSIGNED, *KINDS])
def test_proxied(serve, backend, kind, outer, setting):
    """A back end gets what is in the chunks, and a wrong body never as a whole
    one."""
    site = serve(modules="proxy proxy_http", more=f"""
<Location "/back">
    ProxyPass http://127.0.0.1:{backend.port}/
    AuthType AWS4-HMAC-SHA256
    AuthName "Docs"
    Aws4UnsignedPayload always
    {setting}
    Require valid-user
</Location>
""")
    for size in (10, 20000, 300000):
        data = os.urandom(size)
        request = put(site.signer, kind, data, "/back/x", [9000])
        wire = in_http_chunks(request, outer) if outer else request
        assert site.send(wire).status == 200
        headers, body = backend.seen.pop()
        assert body == data
        if kind in KINDS:
            assert headers.get("Content-Length", str(size)) == str(size)
            assert "Content-Encoding" not in headers
        if kind == UNSIGNED:
            continue
        if kind in KINDS:
            body = bytearray(request.body)
            body[-80 if kind == CHUNKED else -20] ^= 1
        else:
            body = data[:-1] + bytes([data[-1] ^ 1])
        wrong = request.change(body=bytes(body))
        wrong = in_http_chunks(wrong, outer) if outer else wrong
        with site.connection() as connection:
            connection.request("PUT", "/back/x", wrong.headers, wrong.body,
                               host="")
            answer = connection.read("PUT")
            assert answer.status in (400, 401, 403)
            assert b"HTTP/1.1" not in (connection.read_to_end()
                                       if answer.status != 401 else b"")
        assert not backend.seen
    if kind != UNSIGNED:
        site.log.expects("authscheme: refused", times=3)
        site.log.allows(re.compile(r"\[proxy(_http)?:(error|warn)\]"))
