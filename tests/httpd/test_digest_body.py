# Licensed under the Apache License, Version 2.0; see LICENSE.
"""qop=auth-int: the body is a part of the proof (T-DIG-02, T-DIG-09, T-APR-12).
What gets through is what mod_dav has stored, or what a back end has seen."""
import glob
import gzip
import http.server
import os
import tempfile
import threading

import httpx
import pytest

from harness.client import to_bytes
from harness.digest import OURS, Client, credentials

CONF = """
AuthCredentials file:conf/credentials
DavLockDB run/dav
<Location "/files">
    Dav on
    AuthType "Digest"
    AuthName "Docs"
    DigestQop %s
    DigestAlgorithm SHA-256 MD5
    Require valid-user
</Location>
<Location "/files/small">
    DigestBodyLimit 100
</Location>
<Location "/files/post">
    LimitRequestBody 1000
</Location>
"""
PLAIN = """
<Location "/plain">
    AuthType "Digest"
    AuthName "Docs"
    DigestQop auth-int
    Require valid-user
</Location>
"""
REWRITTEN = """
<Location "/rewritten">
    AuthType "Digest"
    AuthName "Docs"
    DigestQop auth-int
    Require valid-user
</Location>
<Directory "{root}/htdocs/rewritten">
    RewriteEngine on
    RewriteRule ^(.*)$ /files/$1
</Directory>
"""
WRONG = "wrong password"
LIMIT = 1024 * 1024


def bodies():
    return glob.glob(f"{tempfile.gettempdir()}/authscheme-body-*")


class Site:
    def __init__(self, server):
        self.server = server
        self.alice = Client("alice", "s3cret")

    def __getattr__(self, name):
        return getattr(self.server, name)

    def nonce(self, target):
        # any place's, any algorithm's
        return self.get(target).challenges()[0]["nonce"]

    def sign(self, method, target, body, client=None, **more):
        return (client or self.alice).answer(
            self.nonce(target), target, method=method, body=body,
            **{"qop": "auth-int", **more})

    def put(self, name, body, signed=None, **more):
        target = f"/files/{name}"
        answer = self.sign("PUT", target, body if signed is None else signed)
        return self.get(target, "PUT", body=body, authorization=answer, **more)

    def stored(self, name):
        file = self.root / "htdocs/files" / name
        return file.read_bytes() if file.exists() else None


@pytest.fixture
def serve(httpd):
    def start(qop="auth-int", conf="", modules="", **more):
        server = httpd.prepare(CONF % qop + conf, ours=OURS,
                               modules=f"dav dav_fs dav_lock {modules}",
                               files={"htdocs/files/small/x": "x",
                                      "htdocs/plain/index.html": "index\n",
                                      "htdocs/rewritten/x": "x",
                                      "htdocs/files/post/x": "x"}, **more)
        for folder in ("files", "files/small", "files/post"):
            server.own(f"htdocs/{folder}")
        credentials(server, {"alice": "s3cret"}, ("SHA-256", "MD5"))
        return Site(server.start())
    return start


# ---- what gets through -----------------------------------------------

@pytest.mark.parametrize("size", [0, 1, 8192, 65536, 65537, 200001, LIMIT])
def test_bodies(serve, size):
    site = serve()
    body = os.urandom(size)
    answer = site.put("a", body)
    assert answer.status == 201
    assert site.stored("a") == body
    # rspauth would hash an answer that is not sent yet
    assert not answer.all("Authentication-Info")
    assert not bodies()


def test_every_mpm(serve, mpm):
    site = serve(mpm=mpm)
    body = os.urandom(100000)
    for _ in range(3):
        assert site.put("a", body).status in (201, 204)
        assert site.stored("a") == body


def chunked(body, size):
    out = b""
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        out += b"%x\r\n%s\r\n" % (len(piece), piece)
    return out + b"0\r\nX-Trailer: 1\r\n\r\n"


@pytest.mark.parametrize("size", [100, 70000])
def test_chunked(serve, size):
    site = serve()
    body = os.urandom(size)
    answer = site.raw(to_bytes(
        "PUT /files/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Transfer-Encoding: chunked\r\nAuthorization: "
        f"{site.sign('PUT', '/files/a', body)}\r\n\r\n") + chunked(body, 999))
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert site.stored("a") == body


def test_the_body_as_it_travels(serve):
    """Coded content is signed coded, whoever decodes it later."""
    site = serve(conf="<Location /files>\nSetInputFilter DEFLATE\n</Location>\n",
                 modules="deflate")
    words = to_bytes(os.urandom(40000).hex())
    body = gzip.compress(words)
    answer = site.put("a", body, headers={"Content-Encoding": "gzip"})
    assert answer.status == 201
    assert site.stored("a") == words


def test_over_http2(serve):
    site = serve(modules="http2", tls="Protocols h2 http/1.1")
    body = os.urandom(150000)
    url = f"{site.tls_url}/files/a"
    with httpx.Client(http2=True, trust_env=False,
                      verify=str(site.root / "conf/server.pem")) as client:
        answer = client.put(url, content=iter([body[:5], body[5:]]), headers={
            "Authorization": site.sign("PUT", "/files/a", body)})
        assert (answer.status_code, answer.http_version) == (201, "HTTP/2")
        assert site.stored("a") == body
        answer = client.put(url, content=iter([body[:5], b"x"]), headers={
            "Authorization": site.sign("PUT", "/files/a", body)})
        assert answer.status_code == 401
    assert site.stored("a") == body
    site.log.expects(WRONG, times=1)


def test_a_proxied_body(serve):
    """T-APR-12: octet for octet, by length and in chunks."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802, the name is the library's
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    backend = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    try:
        site = serve(conf=f"""
<Location "/back">
    ProxyPass http://127.0.0.1:{backend.server_port}/
    AuthType Digest
    AuthName "Docs"
    DigestQop auth-int
    Require valid-user
</Location>
""", modules="proxy proxy_http")
        for size in (10, 65536, 300000):
            body = os.urandom(size)
            signed = site.sign("POST", "/back/", body)
            assert site.get("/back/", "POST", body=body,
                            authorization=signed).status == 200
            assert seen.pop() == body
            assert site.get("/back/", "POST", body=body[1:],
                            authorization=site.sign("POST", "/back/", body)
                            ).status == 401
            assert seen == []
    finally:
        backend.shutdown()
        backend.server_close()
    site.log.expects(WRONG, times=3)


@pytest.mark.parametrize("size", [10, 100000])
@pytest.mark.parametrize("again", [True, False])
def test_redirected(serve, size, again):
    """The handler of another place gets it, whether that place asks for a
    password itself or not."""
    site = serve(conf=REWRITTEN + ("" if again else """
<Location /files>
    AuthType None
    Require all granted
</Location>
"""), modules="rewrite")
    body = os.urandom(size)
    for sent, status in ((body, 201), (body + b"x", 401)):
        answer = site.get("/rewritten/a", "PUT", body=sent,
                          authorization=site.sign("PUT", "/rewritten/a", body))
        assert answer.status == status
        assert site.stored("a") == body
    site.log.expects(WRONG, times=1)


def test_without_a_body(serve):
    """H of nothing; mod_dir looks for its index in a subrequest."""
    site = serve(conf=PLAIN)
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = site.get("/plain/", method, authorization=site.sign(
            method, "/plain/", b""))
        assert answer.status == 200
    assert site.get("/plain/none", authorization=site.sign(
        "GET", "/plain/none", b"")).status == 404


def test_100_continue(serve):
    """Only who gets as far as the body is told to send it."""
    site = serve()
    head = ("PUT /files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            "Expect: 100-continue\r\nAuthorization: %s\r\n\r\n")
    with site.connection() as connection:
        connection.send(to_bytes(head % site.sign("PUT", "/files/a",
                                                  b"12345")))
        assert connection.read_line() == b"HTTP/1.1 100 Continue\r\n"
        assert connection.read_line() == b"\r\n"
        connection.send(b"12345")
        assert connection.read().status == 201
    with site.connection() as connection:
        connection.send(to_bytes(head % site.sign(
            "PUT", "/files/a", b"12345", qop="auth")))
        assert connection.read_line().startswith(b"HTTP/1.1 401 ")
    assert site.stored("a") == b"12345"
    site.log.expects("a qop that was not offered")


# ---- what does not ---------------------------------------------------

@pytest.mark.parametrize("size", [10, 65536, 65537, 200000])
@pytest.mark.parametrize("change", [
    lambda body: body[:-1] + bytes([body[-1] ^ 1]),
    lambda body: body[:-1], lambda body: body + b"x", lambda body: b""])
def test_a_changed_body(serve, size, change):
    """T-DIG-09: nothing of it is stored, the old file stays."""
    site = serve()
    body = os.urandom(size)
    assert site.put("a", b"before").status == 201
    assert site.put("a", change(body), signed=body).status == 401
    assert site.stored("a") == b"before"
    site.log.expects(WRONG, times=1)
    assert not bodies()


def test_a_body_that_breaks_off(serve):
    site = serve()
    body = os.urandom(100000)
    with site.connection() as connection:
        connection.send(to_bytes(
            "PUT /files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            f"{len(body)}\r\nAuthorization: "
            f"{site.sign('PUT', '/files/a', body)}\r\n\r\n") + body[:70000])
    site.log.expects("the body broke off, or can't be kept")
    assert site.stored("a") is None
    assert not bodies()


@pytest.mark.parametrize("name, size", [("a", LIMIT + 1), ("small/a", 101),
                                        ("post/a", 1001)])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_large_body(serve, name, size, in_chunks):
    site = serve()
    body = os.urandom(size)
    target = f"/files/{name}"
    head = (f"PUT {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
            f"{site.sign('PUT', target, body)}\r\n")
    if in_chunks:
        sent = to_bytes(head + "Transfer-Encoding: chunked\r\n\r\n") \
            + chunked(body, 5000)
    else:
        sent = to_bytes(head + f"Content-Length: {size}\r\n\r\n") + body
    with site.connection() as connection:
        connection.send(sent)
        assert connection.read_line().startswith(b"HTTP/1.1 413 ")
        assert b"HTTP/1.1 " not in connection.read_to_end() # one answer
    site.log.expects("the body is larger than DigestBodyLimit or")
    site.log.allows("AH0158") # httpd's own words for LimitRequestBody
    assert site.stored(name) is None
    assert site.put("small/b", os.urandom(100)).status == 201
    assert not bodies()


def test_strangers(serve):
    site = serve()
    for client in (Client("nobody", "s3cret"), Client("alice", "x")):
        answer = site.get("/files/a", "PUT", body=b"12345",
                          authorization=site.sign("PUT", "/files/a", b"12345",
                                                  client))
        assert answer.status == 401
    site.log.expects(WRONG, times=1)
    site.log.expects("no such user in this realm", times=1)
    assert site.stored("a") is None


def test_a_replay(serve):
    """T-DIG-01: with its body, and with another."""
    site = serve()
    signed = site.sign("PUT", "/files/a", b"one")
    assert site.get("/files/a", "PUT", body=b"one",
                    authorization=signed).status == 201
    for body in (b"one", b"two"):
        assert site.get("/files/a", "PUT", body=body,
                        authorization=signed).status == 401
    assert site.stored("a") == b"one"
    site.log.expects("the answer, or its nc, was used before", times=1)
    site.log.expects(WRONG, times=1)


# ---- what is offered -------------------------------------------------

@pytest.mark.parametrize("qop, said, good, bad", [
    ("auth", "auth", ["auth"], ["auth-int"]),
    ("auth-int", "auth-int", ["auth-int"], ["auth"]),
    ("auth-int auth", "auth,auth-int", ["auth", "auth-int"], ["auth-conf"])])
def test_qop(serve, qop, said, good, bad):
    """T-DIG-02: never less than what is asked for."""
    site = serve(qop)
    assert {challenge["qop"] for challenge in
            site.get("/files/").challenges()} == {said}
    for one in good:
        answer = site.get("/files/a", "PUT", body=b"x", authorization=site.sign(
            "PUT", "/files/a", b"x", qop=one))
        assert answer.status in (201, 204)
        assert bool(answer.all("Authentication-Info")) == (one == "auth")
    for one in bad:
        answer = site.get("/files/a", "PUT", body=b"y", authorization=site.sign(
            "PUT", "/files/a", b"y", qop=one))
        assert answer.status == 401
    site.log.expects("a qop that was not offered", times=1)
    assert site.stored("a") == b"x"


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_algorithms(serve, algorithm):
    site = serve()
    client = Client("alice", "s3cret", algorithm=algorithm)
    answer = site.get("/files/a", "PUT", body=b"x", authorization=site.sign(
        "PUT", "/files/a", b"x", client))
    assert answer.status == 201
