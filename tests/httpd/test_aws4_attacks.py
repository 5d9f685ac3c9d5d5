# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AWS4-HMAC-SHA256: what somebody between client and server, or an honest
client's unlucky request, must not achieve. What gets through is what a CGI
script has read or mod_dav has stored."""
import hashlib
import hmac
import socket
import time
import urllib.parse
import xml.etree.ElementTree

import pytest

from harness.htauth import Htauth

EMPTY = hashlib.sha256(b"").hexdigest()
SECRET = "0123456789abcdef" * 4 + "\n"
LOG = "refused status="
CGI = """#!/bin/sh
echo "Content-Type: text/plain"
echo "X-Length: $CONTENT_LENGTH"
echo
echo "user=$REMOTE_USER"
printf 'body='
cat
"""
CONF = """
AuthSchemeSecret conf/secret
AuthCredentials file:conf/credentials
Aws4UnsignedPayload always
DavLockDB run/dav
ScriptAlias /cgi-bin {root}/cgi-bin
%s
<Location "/files">
    Dav on
    AuthType "AWS4-HMAC-SHA256"
    AuthName "Docs"
    Aws4Presigned on
    Require valid-user
</Location>
<Location "/files/others">
    Require user somebody-else
</Location>
<Location "/files/never">
    Aws4UnsignedPayload never
</Location>
<Location "/cgi-bin">
    AuthType "AWS4-HMAC-SHA256"
    AuthName "Docs"
    Aws4Presigned on
    Require valid-user
</Location>
"""


class Key:
    """Signs as the owner of one key does."""

    def __init__(self, key_id, secret, port):
        self.id = key_id
        self.secret = secret
        self.host = f"localhost:{port}"

    def _mac(self, key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    def _finish(self, date, canonical):
        scope = f"{date[:8]}/us-east-1/s3/aws4_request"
        key = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            key = self._mac(key, part)
        text = "\n".join(["AWS4-HMAC-SHA256", date, scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        return scope, self._mac(key, text).hex()

    def presign(self, method, path, expires=60, payload="UNSIGNED-PAYLOAD"):
        """A URL that needs no more headers."""
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        query = urllib.parse.urlencode([
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential",
             f"{self.id}/{date[:8]}/us-east-1/s3/aws4_request"),
            ("X-Amz-Date", date), ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", "host")], quote_via=urllib.parse.quote,
            safe="")
        _, signature = self._finish(date, "\n".join([
            method, path, query, f"host:{self.host}\n", "host", payload]))
        return f"{path}?{query}&X-Amz-Signature={signature}"

    def sign(self, method, target, payload=EMPTY, headers=(), when=None,
             body=b""):
        """The headers of a signed request, all that are given signed."""
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(when))
        path, _, query = target.partition("?")
        fields = {k.lower(): v for k, v in dict(headers).items()}
        fields.update({"host": self.host, "x-amz-date": date})
        if payload is not None:
            fields["x-amz-content-sha256"] = payload
        line = payload
        if payload is None:
            line = hashlib.sha256(body).hexdigest()
        names = ";".join(sorted(fields))
        pairs = sorted(urllib.parse.parse_qsl(query, True))
        canonical = "\n".join([
            method, path, urllib.parse.urlencode(
                pairs, quote_via=urllib.parse.quote),
            "".join(f"{k}:{fields[k]}\n" for k in sorted(fields)), names,
            line])
        scope, signature = self._finish(date, canonical)
        fields["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.id}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}")
        return fields


def serve(httpd, more="", **how):
    how.setdefault("modules", "dav dav_fs cgi")
    site = httpd.prepare(CONF % more, **how)
    for name in ("files", "files/others", "files/never"):
        site.write(f"htdocs/{name}/a.txt", "old\n")
        site.own(f"htdocs/{name}/a.txt")
        site.own(f"htdocs/{name}")
    site.write("cgi-bin/echo", CGI, 0o755)
    site.write("htdocs/open/x.act", "x\n")
    site.write("conf/secret", SECRET, 0o600)
    htauth = Htauth(f"file:{site.root}/conf/credentials")
    htauth("init")
    said = htauth("aws4", "robot", "--secret-file",
                  str(site.root / "conf/secret")).out
    words = dict(line.split("=", 1) for line in said.splitlines()
                 if "=" in line)
    words = {k.strip(): v.strip() for k, v in words.items()}
    site.own("conf/credentials")
    site.start()
    site.key = Key(words["aws_access_key_id"], words["aws_secret_access_key"],
                   site.port)
    return site


def documents(data):
    """How many answers of refusal there are."""
    return data.count(b"<Error>") + data.count(b"<!DOCTYPE")


def hash_of(body):
    return hashlib.sha256(body).hexdigest()


def test_an_honest_request(httpd):
    site = serve(httpd)
    good = site.key.sign("POST", "/cgi-bin/echo", hash_of(b"hello"))
    answer = site.get("/cgi-bin/echo", "POST", headers=good, body=b"hello")
    assert answer.status == 200 and b"body=hello" in answer.body


def test_head_with_a_body(httpd):
    """A script would see what nobody signed."""
    site = serve(httpd)
    site.write("cgi-bin/keep", f"#!/bin/sh\ncat > {site.root}/run/kept\n"
                               "echo Content-Type: text/plain\necho\n", 0o755)
    kept = site.root / "run/kept"
    for body in b"", b"evil":
        signed = site.key.sign("HEAD", "/cgi-bin/keep")
        site.get("/cgi-bin/keep", "HEAD", headers=signed, body=body)
    assert kept.read_bytes() == b""
    site.log.expects("the body has another hash")
    site.log.allows("AH01225")


ELSEWHERE = """
AddHandler acted .act
Action acted /cgi-bin/echo
<Directory "{root}/htdocs/open">
    DirectoryIndex index.sh
    Options +ExecCGI
    AddHandler cgi-script .sh
    RewriteEngine on
    RewriteRule "^moved$" "/cgi-bin/echo" [PT]
    <Files "index.sh">
        AuthType "AWS4-HMAC-SHA256"
        AuthName "Docs"
        Require valid-user
    </Files>
</Directory>
"""


def chunks_of(body):
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize("target", ["/open/x.act", "/open/", "/open/moved"])
@pytest.mark.parametrize("kind", ["named", "silent", "chunked"])
def test_a_script_behind_an_open_place(httpd, target, kind):
    """Only the script is protected: its request is another than the client's,
    and has filters of its own."""
    site = serve(httpd, ELSEWHERE)
    site.write("htdocs/open/index.sh", CGI, 0o755)
    for sent in b"good body", b"evil body":
        if kind == "chunked":
            signed = site.key.sign(
                "POST", target, "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                {"x-amz-decoded-content-length": "9"})
            data = (chunks_of(sent) if sent == b"good body"
                    else chunks_of(sent)[:-2] + b"x")
        else:
            payload = hash_of(b"good body") if kind == "named" else None
            signed = site.key.sign("POST", target, payload, body=b"good body")
            data = sent
        answer = site.get(target, "POST", headers=signed, body=data)
        if sent == b"good body":
            assert answer.status == 200
            assert (b"user=robot" in answer.body
                    or target == "/open/") # as in httpd
            assert answer.body.endswith(b"body=good body")
        else:
            assert answer.status in (400, 401)
            assert b"evil" not in answer.body
            assert documents(answer.body) == 1
    site.log.expects("refused status=")
    site.log.allows("AH01225")


@pytest.mark.parametrize("method,target,status", [
    ("PUT", "/files/others/a.txt", 401), ("PUT", "/files/a.txt?acl", 501),
    ("MKCOL", "/files/new", 400), ("GET", "/files/a.txt", 400),
    ("GET", "/files/", 400), ("GET", "/cgi-bin/quick", 400),
    ("GET", "/files/none", 400), ("GET", "/cgi-bin/none", 400),
    ("DELETE", "/files/a.txt", 400), ("PUT", "/files/a.txt", 400),
    ("PROPFIND", "/files/", 400), ("LOCK", "/files/a.txt", 400)])
def test_one_answer_to_a_wrong_body(httpd, method, target, status):
    """Also where the request is refused for another reason."""
    site = serve(httpd)
    site.write("cgi-bin/quick", "#!/bin/sh\necho Content-Type: text/plain\n"
                                "echo\necho quick\n", 0o755)
    signed = site.key.sign(method, target, hash_of(b"good"))
    with site.connection() as link:
        link.request(method, target, headers=signed, body=b"evil")
        answer = link.read(method)
        rest = link.read_to_end() if status == 400 else b""
    assert (answer.status, documents(answer.body), rest) == (status, 1, b"")
    for line in ("refused status=", "AH01225", "AH01631", "AH01276", "AH02811",
                 "An error occurred while reading the request body"):
        site.log.allows(line)
    assert site.access()[0]["status"] == str(status)


@pytest.mark.parametrize("form", ["header", "query"])
def test_a_body_that_was_taken_away(httpd, form):
    """Where bodies must be signed, none instead of one must be as well: the
    file would be empty."""
    site = serve(httpd)
    target = "/files/never/a.txt"
    signed = {}
    if form == "header":
        signed = site.key.sign("PUT", target, "UNSIGNED-PAYLOAD")
    else:
        target = site.key.presign("PUT", target)
    answer = site.get(target, "PUT", headers=signed, body=b"")
    assert answer.status in (401, 403)
    assert (site.root / "htdocs/files/never/a.txt").read_text() == "old\n"
    site.log.expects("the body is not signed")
    signed = site.key.sign("PUT", "/files/never/a.txt", EMPTY)
    answer = site.get("/files/never/a.txt", "PUT", headers=signed, body=b"")
    assert answer.status == 204
    assert (site.root / "htdocs/files/never/a.txt").read_text() == ""


def peak(site):
    """The most memory that a child ever had, in MiB."""
    most = 0
    for pid in site.children():
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM"):
                    most = max(most, int(line.split()[1]) // 1024)
    return most


def test_a_hidden_hash_of_many_pieces(httpd):
    """Who has no secret sends a body in pieces of one octet: each must not cost
    much more than that."""
    site = serve(httpd)
    signed = site.key.sign("POST", "/cgi-bin/echo", None, body=b"other")
    before = peak(site)
    signed["Transfer-Encoding"] = "chunked"
    body = b"1\r\nx\r\n" * 1000000 + b"0\r\n\r\n"
    answer = site.get("/cgi-bin/echo", "POST", headers=signed, body=body)
    assert answer.status == 401
    site.log.expects("the signature is wrong")
    assert peak(site) < before + 20


def test_many_small_chunks_to_a_back_end(httpd):
    """mod_proxy reads 16 KiB before it connects."""
    site = serve(httpd, 'ProxyPass "/back" "http://127.0.0.1:9/"\n'
                 '<Location "/back">\nAuthType "AWS4-HMAC-SHA256"\n'
                 'AuthName "Docs"\nRequire valid-user\n</Location>',
                 modules="dav dav_fs cgi proxy proxy_http")
    body = b"1\r\nx\r\n" * 16000 + b"0\r\n\r\n"
    signed = site.key.sign(
        "PUT", "/back/", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        {"x-amz-decoded-content-length": "16000"})
    before = peak(site)
    answer = site.get("/back/", "PUT", headers=signed, body=body)
    assert answer.status == 503
    assert peak(site) < before + 20
    site.log.expects("AH00957")
    site.log.expects("AH01114")


def test_a_body_that_waits_to_be_asked_for(httpd):
    """A part of a multipart upload is not wanted."""
    site = serve(httpd)
    target = "/files/a.txt?partNumber=1&uploadId=x"
    signed = site.key.sign("PUT", target, hash_of(b"good"))
    signed |= {"Expect": "100-continue", "Content-Length": "4"}
    with site.connection() as link:
        link.request("PUT", target, headers=signed)
        data = link.read_to_end()
    assert data.startswith(b"HTTP/1.1 501 ") and b"100 Continue" not in data


def test_a_body_that_is_too_large(httpd):
    """It is not read to its end."""
    site = serve(httpd, "Aws4BodyLimit 1000")
    signed = site.key.sign("PUT", "/files/a.txt", None)
    signed["Content-Length"] = "1000000000"
    began = time.monotonic()
    with site.connection() as link:
        link.request("PUT", "/files/a.txt", headers=signed, body=b"x" * 100000)
        answer = link.read()
    assert answer.status == 413 and time.monotonic() < began + 10
    site.log.expects("Aws4BodyLimit")


@pytest.mark.parametrize("path", [
    "/files/%01%FF", "/files/%3C/Resource%3E%26amp;", "/files/%C3%BC"])
def test_names_that_are_no_xml(httpd, path):
    site = serve(httpd)
    answer = site.get(path, headers={"Authorization": "AWS4-HMAC-SHA256 x"})
    error = xml.etree.ElementTree.fromstring(answer.body)
    assert error.find("Resource").text.startswith("/files/")
    assert [child.tag for child in error] == ["Code", "Message", "Resource",
                                              "RequestId"]
    site.log.expects("refused status=")


@pytest.mark.parametrize("name", [
    "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
    "Destination", "Overwrite"])
def test_another_method_in_a_header(httpd, name):
    """Scripts and frameworks take it for the method."""
    site = serve(httpd)
    signed = site.key.sign("POST", "/cgi-bin/echo")
    answer = site.get("/cgi-bin/echo", "POST",
                      headers={**signed, name: "DELETE"})
    assert answer.status == 401
    site.log.expects("a header must be signed")
    signed = site.key.sign("POST", "/cgi-bin/echo", headers={name: "DELETE"})
    answer = site.get("/cgi-bin/echo", "POST", headers=signed)
    assert answer.status == 200


def test_operations_behind_a_redirect(httpd):
    """A rewritten PUT of a copy would empty its target."""
    site = serve(httpd, """
<Directory "{root}/htdocs/files">
    RewriteEngine on
    RewriteRule "^moved$" "/files/target" [PT]
</Directory>
""")
    target = site.write("htdocs/files/target", "old")
    site.own("htdocs/files/target")
    for query, more in ("", {"x-amz-copy-source": "/files/a"}), \
            ("?partNumber=1&uploadId=x", {}):
        signed = site.key.sign("PUT", f"/files/moved{query}", headers=more)
        answer = site.get(f"/files/moved{query}", "PUT", headers=signed,
                          body=b"")
        assert answer.status == 501, answer
        assert target.read_text() == "old"


def test_a_script_has_queries_of_its_own(httpd):
    """Only files have no API of S3: 501 is for them."""
    site = serve(httpd)
    for query in "location=here", "delete", "prefix=a&delimiter=/":
        signed = site.key.sign("GET", f"/cgi-bin/echo?{query}")
        answer = site.get(f"/cgi-bin/echo?{query}", headers=signed)
        assert answer.status == 200
        signed = site.key.sign("GET", f"/files/?{query}")
        assert site.get(f"/files/?{query}", headers=signed).status == 501


@pytest.mark.parametrize("module", ["proxy_scgi", "proxy_uwsgi", "proxy_fcgi"])
def test_a_handler_that_answers_as_well(httpd, module):
    """To a read that fails some say 500, when the client has been told."""
    with socket.create_server(("127.0.0.1", 0)) as backend:
        url = f"{module[6:]}://127.0.0.1:{backend.getsockname()[1]}/"
        site = serve(httpd, f'ProxyPass "/files/back" "{url}"',
                     modules="dav dav_fs cgi proxy " + module)
        signed = site.key.sign("PUT", "/files/back", hash_of(b"good"))
        with site.connection() as link:
            link.request("PUT", "/files/back", headers=signed, body=b"evil")
            data = link.read_to_end()
    assert data.startswith(b"HTTP/1.1 400 ") and documents(data) == 1
    site.log.expects("the body has another hash")
    for line in ("proxy", "client request body"):
        site.log.allows(line)
