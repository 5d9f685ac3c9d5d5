# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AWS4-HMAC-SHA256: who gets in and who does not. T-AWS-01 to T-AWS-13, T-DSP,
T-APR. Bodies are in test_aws4_body.py."""
import os
import re
import time
import xml.etree.ElementTree

import httpx
import pytest

from harness.aws4 import (
    CHUNKED, EMPTY, HEX, KINDS, OPEN_TRAILER, OURS, SCHEME,
    SILENT, UNSIGNED, error, in_http_chunks, long_date, prepare,
    sha256)
from harness.client import basic, to_bytes

WRONG = "the signature is wrong"
PAGE = "/files/a.txt"
LIST = f"Digest {SCHEME} Basic"
PLACES = f"""
<Location /papers>
    ErrorDocument 404 /papers/missing.txt
</Location>
<LocationMatch "^/(papers|index|api|never|always|small|html|rw)">
    AuthType {SCHEME}
    AuthName "Docs"
    Aws4UnsignedPayload always
    Require valid-user
</LocationMatch>
<Location /index>
    DirectoryIndex page.txt
</Location>
<Location /api>
    Aws4Service execute-api sts
    Aws4Region eu-central-1 us-east-1
</Location>
<Location /never>
    Aws4UnsignedPayload never
</Location>
<Location /small>
    Aws4BodyLimit 100
</Location>
<Location /html>
    Aws4ErrorBody httpd
</Location>
<Location /any>
    AuthType {SCHEME}
    AuthName "Docs"
    Aws4Service *
    Aws4Region *
    Require valid-user
</Location>
<Location /listed>
    AuthType "{LIST}"
    AuthName "Docs"
    AuthBasicProvider credentials
    Require valid-user
</Location>
<Location /urls>
    AuthType {SCHEME}
    AuthName "Docs"
    Aws4Presigned on
    Aws4Service s3 execute-api
    Require valid-user
</Location>
RewriteEngine on
RewriteRule ^/rw/(.*) /papers/$1 [QSA,PT]
RewriteRule ^/query/(.*) /papers/$1?added=1 [QSA,PT]
"""
NAMES = ["a b+c.txt", "~.txt", "%.txt", "\u00fc.txt", "a.txt", "missing.txt"]
HTDOCS = {f"htdocs/{folder}/{name}": f"{folder}\n"
          for folder in ("papers", "index", "api", "never", "always", "small",
                         "html", "any", "listed", "urls")
          for name in ("a.txt", "page.txt")} | {
    f"htdocs/papers/{name}": "papers\n" for name in NAMES}


@pytest.fixture(scope="module")
def site(httpd_module):
    one = prepare(httpd_module, more=PLACES, files=HTDOCS, tls="",
                  modules="vhost_alias")
    one.bob = one.make_key("bob")
    one.make_key("carol", "--expires", "2030-01-01")
    one.start()
    return one


@pytest.fixture
def serve(httpd):
    def start(*args, **more):
        one = prepare(httpd, *args, **more)
        one.start()
        return one
    return start


def ok(site, request, body=b"secret\n", **more):
    answer = site.send(request, **more)
    assert answer.status == 200, answer
    if body is not None:
        assert answer.body == body
    return answer


def refused(site, request, why, status=401, code=None, **more):
    answer = site.send(request, **more)
    assert answer.status == status, answer
    if code:
        assert error(answer) == code
    assert not answer.all("WWW-Authenticate") or status == 401
    site.log.expects(why)
    site.log.expects("authscheme: refused status=%d scheme=%s " % (status,
                                                                  SCHEME))
    return answer


# ---- who gets in -------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("payload", [HEX, SILENT, UNSIGNED])
@pytest.mark.parametrize("tls", [False, True])
def test_header(site, method, payload, tls):
    signer = site.over_tls if tls else site.signer
    answer = site.send(signer.sign(method, PAGE, payload=payload), tls=tls)
    assert answer.status in (200, 207)
    assert site.access()[0]["user"] == "robot"
    assert site.access()[0]["scheme"] == SCHEME


@pytest.mark.parametrize("date", ["%a, %d %b %Y %H:%M:%S GMT",
                                  "%Y%m%dT%H%M%SZ"])
def test_date(site, date):
    """Where there is no X-Amz-Date."""
    long = site.signer.now()
    sent = time.strftime(date, time.strptime(long, "%Y%m%dT%H%M%SZ"))
    headers = [("Date", sent)]
    request = site.signer.sign("GET", PAGE, headers, date=long)
    request = request.set("X-Amz-Date", None)
    # signed anew, without X-Amz-Date
    again = site.signer._authorized(
        "GET", PAGE, [(k, v) for k, v in request.headers
                      if k != "Authorization"],
        ["date", "host", "x-amz-content-sha256"], EMPTY, None, long,
        site.signer.scope(long))
    ok(site, again)
    for other in (sent[:-1], "", "Fri, 24 May 2013 00:00:00 GMT", "x"):
        answer = site.send(again.set("Date", other))
        assert answer.status in (401, 403)
    site.log.expects("authscheme: refused", times=4)


def test_no_date(site):
    refused(site, site.signer.sign("GET", PAGE, date_field="X-Other"),
            "neither X-Amz-Date nor Date", 401, "AccessDenied")
    refused(site, site.signer.sign("GET", PAGE, date_field="Date",
                                   unsigned=["date"]),
            "the date is not signed", 401, "AccessDenied")


@pytest.mark.parametrize("date", [
    "20261301T000000Z", "20260230T000000Z", "20261125T240000Z", "20261125",
    "20261125T000000", "20261125T000000+", "2026-11-25T00:00:00Z"])
def test_dates_that_are_none(site, date):
    refused(site, site.signer.sign("GET", PAGE, date=date,
                                   day=site.signer.now()[:8]),
            "the date can't be read", 401, "AccessDenied")


@pytest.mark.parametrize("ahead, gets_in", [
    (0, True), (-898, True), (900, True), (-901, False), (902, False),
    (-86400, False), (86400, False)])
def test_clock_skew(site, ahead, gets_in):
    request = site.signer.with_(ahead=ahead).sign("GET", PAGE)
    if gets_in:
        ok(site, request)
        return
    answer = refused(site, request, "the date is too far from ours", 401,
                     "RequestTimeTooSkewed")
    assert f"<RequestTime>{request['X-Amz-Date']}</RequestTime>" in answer.text
    assert "<MaxAllowedSkewMilliseconds>900000<" in answer.text
    assert answer.header("Date")


def test_clock_skew_of_its_own(serve):
    site = serve("Aws4ClockSkew 2")
    ok(site, site.signer.sign("GET", PAGE))
    for ahead in (-5, 5):
        refused(site, site.signer.with_(ahead=ahead).sign("GET", PAGE),
                "the date is too far from ours")


@pytest.mark.parametrize("target", [
    "/papers/a%20b+c.txt", "/papers/a%20b%2Bc.txt", "/papers/~.txt",
    "/papers/%7E.txt", "/papers/%7e.txt", "/papers/%25.txt",
    "/papers/%C3%BC.txt", "/papers/%c3%bc.txt", "/papers/\u00fc.txt",
    "/papers//a.txt", "/papers/../papers/a.txt", "/papers/./a.txt",
    "/papers/x/../a.txt", "/papers/%61.txt", "//papers/a.txt",
    "/papers/a.txt?", "/papers/a.txt?a", "/papers/a.txt?a=&a&b=1&a=0",
    "/papers/a.txt?b=2&a=1&B=3&%61=0", "/papers/a.txt?x=a+b%20c",
    "/papers/a.txt?x=%2f/?;:@!$'()*,~", "/papers/a.txt?&&a==b&",
    "/papers/a.txt?\u00fc=%C3%BC", "/papers/a.txt?x=%26&y=%3D"])
@pytest.mark.parametrize("service", ["s3", "execute-api"])
def test_targets(site, target, service):
    """T-AWS-04, T-AWS-05: both rules of a path, and the query's."""
    place = {"s3": "/papers", "execute-api": "/api"}[service]
    target = target.replace("papers", place[1:])
    signer = site.signer.with_(service=service)
    answer = site.send(signer.sign("GET", target))
    assert answer.status in (200, 404), answer
    if place == "/papers":
        assert answer.status == 200 and answer.body == b"papers\n"
    site.log.allows("AH00128")


def test_the_rules_of_services_are_not_mixed(site):
    """/a%2520b by the rule of S3 is /a%20b by the other."""
    request = site.signer.sign("GET", "/papers/a%2520b%252Bc.txt")
    refused(site, request.change(target="/papers/a%20b%2Bc.txt"), WRONG)
    request = site.signer.with_(service="execute-api").sign(
        "GET", "/api/a%20b")
    refused(site, request.change(target="/api/a%2520b"), WRONG)


def test_encoded_slashes(serve):
    """%2F is signed as it is, whatever httpd makes of it."""
    site = serve(more="AllowEncodedSlashes NoDecode\n")
    assert site.send(site.signer.sign("GET", "/files/x%2Fa.txt")).status == 404
    assert site.send(site.signer.sign("GET", "/files/x%2fa.txt")).status == 404
    request = site.signer.sign("GET", "/files/x%2Fa.txt")
    refused(site, request.change(target="/files/x/a.txt"), WRONG)


def test_absolute_targets(site):
    request = site.signer.sign("GET", "/files/a.txt?x=1")
    ok(site, request.change(
        target=f"http://{site.signer.host}/files/a.txt?x=1"))


@pytest.mark.parametrize("headers", [
    [("X-Amz-Meta-A", "  a   b\tc ")], [("X-Amz-Meta-A", 'a "b  c"')],
    [("X-Amz-Meta-A", "1"), ("x-amz-meta-a", "2"), ("X-Amz-Meta-A", "3,4")],
    [("X-Amz-Meta-A", "1, 2")], [("X-Amz-Meta-A", "")],
    [("X-Amz-Meta-A", "\u00fc")], [("X-Amz-Meta-A", "a, b")],
    [("X-Amz-Meta-A", "a"), ("X-Amz-Meta-A", "b"), ("X-Amz-Meta-B", "c, d")],
    [("Range", "bytes=0-1"), ("X-Amz-Date2", "x"), ("Accept", "a/b, c/d")],
    [(f"X-Amz-Meta-{n}", str(n)) for n in range(50)]])
def test_headers(site, headers):
    """T-AWS-03"""
    request = site.signer.sign("GET", PAGE, [
        (k, to_bytes(v)) for k, v in headers])
    assert site.send(request).status in (200, 206)


def test_a_list_and_a_repetition(site):
    """httpd has joined both: which blank is whose is not known any more, and
    not each combination is tried."""
    refused(site, site.signer.sign("GET", PAGE, [
        ("X-Amz-Meta-A", "a, b"), ("X-Amz-Meta-A", "c")]), WRONG)


def test_headers_by_httpd(site):
    """Fields that httpd reads itself may be signed."""
    for fields in ([("Content-Length", "1")], [("Expect", "100-continue")],
                   [("Connection", "close")], [("User-Agent", "x")],
                   [("Content-MD5", "x"), ("Content-Type", "a/b")]):
        request = site.signer.sign("PUT", "/files/new", fields, b"x")
        assert site.send(request).status in (201, 204)
    (site.root / "htdocs/files/new").unlink()


def test_the_environment(serve):
    site = serve(modules="cgid", more="""
ScriptSock cgid
ScriptAlias /cgi-bin/ cgi-bin/
<Location "/cgi-bin">
    AuthType AWS4-HMAC-SHA256
    AuthName "Docs"
    Aws4Presigned on
    Require valid-user
</Location>
""")
    site.write("cgi-bin/env", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\n'\n"
               "env | grep -E '^(AWS4|REMOTE_USER|AUTH_TYPE|HTTP_AUTH)'\n",
               0o755)
    for request, mode in (
            (site.signer.sign("GET", "/cgi-bin/env"), "header"),
            (site.signer.presign("GET", "/cgi-bin/env"), "query")):
        said = site.send(request).text.splitlines()
        assert sorted(said) == [
            f"AUTH_TYPE={SCHEME}", f"AWS4_ACCESS_KEY_ID={site.key_id}",
            f"AWS4_MODE={mode}", "AWS4_REGION=us-east-1", "AWS4_SERVICE=s3",
            "REMOTE_USER=robot"]


# ---- what is not signed, T-AWS-11 --------------------------------------------

def test_each_thing_that_is_signed(site):
    """One at a time."""
    fields = [("Content-Type", "a/b"), ("X-Amz-Meta-A", "1"),
              ("Range", "bytes=0-1")]
    request = site.signer.sign("GET", "/files/a.txt?x=1&y=2", fields)
    assert site.send(request).status == 206
    changes = [request.change(method=method)
               for method in ("HEAD", "POST", "DELETE", "PROPFIND", "get")]
    changes += [request.change(target=target) for target in (
        "/files/?x=1&y=2", "/files/A.txt?x=1&y=2", "/files/a.txt?x=1&y=3",
        "/files/a.txt?x=1", "/files/a.txt", "/files/a.txt?x=1&y=2&z=3",
        "/files/a.txt?x=1&y=2&y=2", "/files/a.txt?X=1&y=2",
        "/files/a.txt?x=1&y=2&z", "/files//a.txt?x=1&y=2",
        "/files/a.txt?x=1y=2")]
    changes += [request.set(name, value) for name, value in (
        ("Content-Type", "a/c"), ("X-Amz-Meta-A", "2"), ("Range", "bytes=0-2"),
        ("Content-Type", None), ("X-Amz-Meta-A", None), ("Range", None),
        ("X-Amz-Content-Sha256", sha256("x")),
        ("X-Amz-Date", long_date(time.time() - 60)))]
    changes += [request.add("X-Amz-Meta-A", "2"), request.add("Range", "x")]
    for other in changes:
        answer = site.send(other)
        assert answer.status == 401, (other.method, other.target, answer)
    site.log.expects("authscheme: refused", times=len(changes))


def test_another_host(site):
    request = site.signer.sign("GET", PAGE)
    refused(site, request.set("Host", "localhost"), WRONG)
    refused(site, request.set("Host", f"LOCALHOST:{site.port}"), WRONG)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1",
                                  "localhost.evil.example"])
def test_a_host_that_is_not_ours(site, host):
    """The same key, perhaps, at another server."""
    request = site.signer.with_(host=f"{host}:{site.port}").sign("GET", PAGE)
    refused(site, request, "no ServerName or ServerAlias", 401,
            "AccessDenied")


def test_no_host(site):
    request = site.signer.sign("GET", PAGE).set("Host", None)
    with site.connection() as connection:
        site.server.requests += 1
        connection.send(request.wire("HTTP/1.0"))
        assert b" 401 " in connection.read_to_end().splitlines()[0]
    site.log.expects("authscheme: refused status=401")


@pytest.mark.parametrize("name", [
    "X-Amz-Meta-A", "x-amz-acl", "X-Amz-Security-Token", "X-Amz-Copy-Source",
    "X-Amz-Decoded-Content-Length", "X-Amz-Trailer", "Destination", "Overwrite",
    "Depth", "If", "Lock-Token", "Content-Range", "X-HTTP-Method-Override"])
def test_unsigned_headers(site, name):
    """T-AWS-01: put in on the way."""
    request = site.signer.sign("GET", PAGE)
    refused(site, request.add(name, "x"), "a header must be signed", 401,
            "AccessDenied")


@pytest.mark.parametrize("name, value", [
    ("Content-Type", "a/b"), ("Accept", "a/b"), ("X-Forwarded-For", "x"),
    ("User-Agent", "x"), ("Cookie", "a=b"), ("Amz-Sdk-Request", "x")])
def test_headers_that_need_no_signature(site, name, value):
    ok(site, site.signer.sign("GET", PAGE).add(name, value))


def test_unsigned_basics(site):
    refused(site, site.signer.sign("GET", PAGE, unsigned=["host"]),
            "a header must be signed", 401, "AccessDenied")
    refused(site, site.signer.sign("GET", PAGE, unsigned=["x-amz-date"]),
            "the date is not signed", 401, "AccessDenied")
    ok(site, site.signer.sign("GET", PAGE, unsigned=["x-amz-content-sha256"]))


def test_signed_and_not_there(site):
    refused(site, site.signer.sign("GET", PAGE, also=["x-amz-meta-a"]),
            "authscheme: refused", 401, "SignatureDoesNotMatch")


def test_dav_requests(site):
    """COPY and MOVE with another Destination or Overwrite."""
    site.write("htdocs/files/b.txt", "b\n")
    site.own("htdocs/files/b.txt")
    url = site.server.url + "/files/"
    request = site.signer.sign("MOVE", "/files/b.txt", [
        ("Destination", url + "c.txt"), ("Overwrite", "F")])
    for other in (request.set("Destination", url + "a.txt"),
                  request.set("Overwrite", "T"), request.set("Overwrite",
                                                             None)):
        assert site.send(other).status == 401
    site.log.expects("authscheme: refused", times=3)
    assert site.send(request).status == 201
    assert site.stored("c.txt") == b"b\n"
    assert site.send(site.signer.sign("DELETE", "/files/c.txt")).status == 204
    assert site.names() == ["a.txt"]


# ---- credentials, T-HDR, T-AWS-02, T-AWS-06, T-AWS-12, T-AWS-13 --------------

def words(request):
    return dict(part.split("=", 1) for part in
                request["Authorization"].split(" ", 1)[1].split(", "))


def rejoined(request, form="%s %s", comma=", ", **changes):
    parts = {**words(request), **changes}
    return request.set("Authorization", form % (SCHEME, comma.join(
        f"{k}={v}" for k, v in parts.items() if v is not None)))


def test_forms_of_the_field(site):
    """As clients write it: without blanks, in another order, any case."""
    request = site.signer.sign("GET", PAGE)
    ok(site, rejoined(request, comma=","))
    ok(site, rejoined(request, comma=" , "))
    ok(site, request.set("Authorization", request["Authorization"].replace(
        SCHEME, SCHEME.lower())))
    parts = words(request)
    ok(site, request.set("Authorization", f"{SCHEME} " + ", ".join(
        f"{k}={parts[k]}" for k in reversed(parts))))


@pytest.mark.parametrize("name, value", [
    ("Signature", None), ("Credential", None), ("SignedHeaders", None),
    ("Signature", ""), ("SignedHeaders", ""), ("Credential", ""),
    ("Signature", "A" * 64), ("Signature", "a" * 63), ("Signature", "a" * 65),
    ("Signature", "g" * 64), ("Signature", " " + "a" * 63),
    ("SignedHeaders", "x-amz-date;host"), ("SignedHeaders", "Host;x-amz-date"),
    ("SignedHeaders", "host;host;x-amz-date"), ("SignedHeaders", ";host"),
    ("SignedHeaders", "host;"), ("SignedHeaders", "host;;x-amz-date"),
    ("SignedHeaders", "host; x-amz-date"), ("SignedHeaders", "a b;host"),
    ("SignedHeaders", ";".join(f"a{n:03}" for n in range(65))),
    ("Other", "x"), ("signature", "x"), ("Credential", "a/b"),
    ("Credential", "AKIA/20261125/us-east-1/s3/aws4"),
    ("Credential", "AKIA/20261325/us-east-1/s3/aws4_request"),
    ("Credential", "/20261125/us-east-1/s3/aws4_request"),
    ("Credential", "AKIA/20261125//s3/aws4_request")])
def test_malformed(site, name, value):
    answer = site.send(rejoined(site.signer.sign("GET", PAGE),
                                **{name: value}))
    assert answer.status == 400
    if value != "": # "a=, b=c" looks like two fields
        assert error(answer) == "AuthorizationHeaderMalformed"
    site.log.expects("authscheme: refused status=400", times=1)


def test_an_item_twice(site):
    request = site.signer.sign("GET", PAGE)
    refused(site, request.set("Authorization", request["Authorization"]
                              + ", Signature=" + "0" * 64),
            "twice", 400, "AuthorizationHeaderMalformed")


@pytest.mark.parametrize("value", ["", " ", "x", "Credential", "=", ",", ",,",
                                   "Basic Zm9v", "a" * 5000, "\xff"])
def test_no_credentials_at_all(site, value):
    request = site.signer.sign("GET", PAGE).set("Authorization",
                                                f"{SCHEME} {value}")
    answer = site.send(request)
    assert answer.status in (400, 401)
    site.log.expects("authscheme: refused", times=1)


@pytest.mark.parametrize("other", [basic("robot", "x"), "same", "Bearer x"])
def test_two_fields(site, other):
    """T-DSP-03: either may be right."""
    request = site.signer.sign("GET", PAGE)
    if other == "same":
        other = request["Authorization"]
    for fields in ([*request.headers, ("Authorization", other)],
                   [("Authorization", other), *request.headers]):
        assert site.send(request.change(headers=fields)).status == 400
    site.log.expects("authscheme: refused status=400", times=2)


def test_two_places(site):
    """T-DSP-04: whatever becomes of either alone."""
    for path in (PAGE, "/urls/a.txt"):
        url = site.signer.presign("GET", path)
        request = site.signer.sign("GET", url.target)
        answer = site.send(request)
        assert answer.status == 400
        answer = site.send(url.add("Authorization", "Basic x"))
        assert answer.status in (400, 401) # not offered here, or two places
    site.log.expects("authscheme: refused", times=4)


def test_keys(site):
    """T-AWS-12"""
    wrong = site.signer.with_(secret=site.secret[:-1] + "_")
    refused(site, wrong.sign("GET", PAGE), WRONG, 401, "SignatureDoesNotMatch")
    unknown = site.signer.with_(key_id="HTAKNOBODYS")
    refused(site, unknown.sign("GET", PAGE), "no such access key", 401,
            "InvalidAccessKeyId")
    for other in ("robot", site.key_id.lower(), site.key_id + "/x", "%00",
                  "a" * 300):
        refused(site, site.signer.with_(key_id=other).sign("GET", PAGE),
                "no such access key")
    swapped = site.signer.with_(secret=site.bob[1])
    refused(site, swapped.sign("GET", PAGE), WRONG)
    ok(site, site.signer_of(*site.bob).sign("GET", PAGE))
    assert site.access()[0]["user"] == "bob"
    # the secret of a key that nobody has is known to all
    guessed = unknown.with_(secret="0" * 40)
    refused(site, guessed.sign("GET", PAGE), "no such access key")


def test_an_encoded_key(site):
    """As curl 8.21 and later send it."""
    request = site.signer.sign("GET", PAGE)
    encoded = "%" + site.key_id[:1].encode().hex() + site.key_id[1:]
    ok(site, rejoined(request, Credential=words(request)["Credential"].replace(
        site.key_id, encoded)))


def test_a_key_that_is_disabled(serve):
    site = serve()
    request = site.signer.sign("GET", PAGE)
    ok(site, request)
    site.store("disable", "key", site.key_id)
    site.own("conf/credentials")
    site.graceful()
    refused(site, request, "the key is disabled", 401, "InvalidAccessKeyId")
    wrong = site.signer.with_(secret="x" * 40).sign("GET", PAGE)
    refused(site, wrong, WRONG) # who has no key is not told
    site.store("enable", "key", site.key_id)
    site.own("conf/credentials")
    site.graceful()
    ok(site, request)


def test_a_key_that_is_expired(serve):
    site = serve()
    for line in site.store.lines():
        if site.key_id in line:
            line_of_key = line
    past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 10))
    site.store.write(*[
        re.sub(r" expires=\S+", "", line) + f" expires={past}"
        if line == line_of_key else line for line in site.store.lines()])
    site.own("conf/credentials")
    site.graceful()
    refused(site, site.signer.sign("GET", PAGE), "the key is expired", 401)


# ---- scopes, T-AWS-06 --------------------------------------------------------

def test_scopes(site):
    """/papers takes s3 of any region, /api two of each, /any all."""
    signer = site.signer
    for region in ("eu-central-1", "auto", "0"):
        ok(site, signer.with_(region=region).sign("GET", PAGE))
    answer = site.send(signer.with_(service="sts").sign("GET", PAGE))
    assert answer.status == 400
    assert error(answer) == "AuthorizationHeaderMalformed"
    site.log.expects("a service that is not served here", times=1)
    for service in ("execute-api", "sts"):
        for region in ("eu-central-1", "us-east-1"):
            ok(site, signer.with_(service=service, region=region).sign(
                "GET", "/api/a.txt"), b"api\n")
    refused(site, signer.with_(service="sts", region="eu-west-1").sign(
        "GET", "/api/a.txt"), "a region that is not served here", 400)
    refused(site, signer.sign("GET", "/api/a.txt"),
            "a service that is not served here", 400)
    for service, region in (("s3", "x"), ("127", "0"), ("any", "-")):
        ok(site, signer.with_(service=service, region=region).sign(
            "GET", "/any/a.txt"), b"any\n")


def test_the_scopes_day(site):
    yesterday = long_date(time.time() - 86400)[:8]
    refused(site, site.signer.sign("GET", PAGE, day=yesterday),
            "the scope's day is not that of the date", 400,
            "AuthorizationHeaderMalformed")


def test_the_scope_is_in_the_key(site):
    request = site.signer.sign("GET", PAGE)
    for old, new in (("us-east-1", "us-east-2"),):
        refused(site, request.set("Authorization",
                                  request["Authorization"].replace(old, new)),
                WRONG)


# ---- payloads that are not signed --------------------------------------------

@pytest.mark.parametrize("place, tls, gets_in", [
    ("/papers", False, True), ("/papers", True, True), ("/any", False, False),
    ("/any", True, True), ("/never", False, False), ("/never", True, False)])
def test_unsigned_payloads(site, place, tls, gets_in):
    """/papers: always; /any: the default."""
    signer = site.over_tls if tls else site.signer
    for kind in (UNSIGNED, OPEN_TRAILER):
        for outer in (False, True):
            target = f"{place}/a.txt"
            request = (signer.sign("POST", target, body=b"x", payload=kind)
                       if kind == UNSIGNED else
                       signer.chunked("POST", target, b"x", kind))
            if outer:
                request = in_http_chunks(request)
            answer = site.send(request, tls=tls)
            if gets_in:
                assert answer.status == 200
            else:
                assert answer.status == 401
                assert error(answer) == "AccessDenied"
        # what has no body has nothing to sign
        ok(site, signer.sign("GET", f"{place}/a.txt", payload=UNSIGNED),
           to_bytes(f"{place[1:]}\n"), tls=tls)
    if not gets_in:
        site.log.expects("the body is not signed, which is not allowed here",
                         times=4)


@pytest.mark.parametrize("outer", [False, True])
def test_a_body_that_is_read_first(site, outer):
    """No x-amz-content-sha256: the body's hash is in the signature alone."""
    signer = site.signer.with_(service="execute-api")

    def request(body, target="/api/a.txt", by=signer):
        made = by.sign("POST", target, body=body, payload=SILENT)
        return made

    def send(made):
        return site.send(in_http_chunks(made) if outer else made)
    for size in (0, 1, 8192, 100000, 1048576):
        assert send(request(b"x" * size)).status == 200
    answer = send(request(b"abc").change(body=b"abd"))
    assert (answer.status, error(answer)) == (401, "SignatureDoesNotMatch")
    answer = send(request(b"").change(body=b"abd"))
    assert (answer.status, error(answer)) == (401, "SignatureDoesNotMatch")
    site.log.expects(WRONG, times=2)
    answer = send(request(b"x" * 1048577))
    assert (answer.status, error(answer)) == (413, "EntityTooLarge")
    assert send(request(b"x" * 100, "/small/a.txt", site.signer)).status == 200
    answer = send(request(b"x" * 101, "/small/a.txt", site.signer))
    assert (answer.status, error(answer)) == (413, "EntityTooLarge")
    site.log.expects("Aws4BodyLimit", times=2)


def test_a_strangers_body_is_not_read_first(site):
    """T-APR-11: no 100 Continue, and no body, before it is known whose."""
    for signer, status, why in (
            (site.signer.with_(key_id="X"), 401, "no such access key"),
            (site.signer.with_(ahead=-5000), 401, "the date is too far"),
            (site.signer.with_(service="sts"), 400, "a service that is not")):
        request = signer.sign("POST", "/papers/a.txt", [
            ("Content-Length", "1000000"), ("Expect", "100-continue")], None,
            SILENT)
        with site.connection() as connection:
            site.server.requests += 1
            connection.send(request.wire())
            assert connection.read_line().startswith(
                b"HTTP/1.1 %d " % status)
            connection.read_to_end()
        site.log.expects(why)


# ---- presigned URLs, T-AWS-10 ------------------------------------------------

def test_presigned(site):
    for signer in (site.signer, site.signer.with_(service="execute-api")):
        answer = ok(site, signer.presign("GET", "/urls/a.txt"), b"urls\n")
        assert answer.header("Cache-Control") == "private"
        ok(site, signer.presign("GET", "/urls/a.txt?b=1&a=%2F&a"), b"urls\n")
        ok(site, signer.presign("GET", "/urls/a.txt", headers=[
            ("X-Amz-Meta-A", "1")]), b"urls\n")
        ok(site, signer.presign("GET", "/urls/a.txt", 604800), b"urls\n")
        ok(site, signer.presign("HEAD", "/urls/a.txt"), None)
    ok(site, site.signer.presign("GET", "/urls/a.txt", payload=UNSIGNED, more=[
        ("X-Amz-Content-Sha256", UNSIGNED)]), b"urls\n")
    ok(site, site.signer.presign("GET", "/urls/a.txt", more=[
        ("x-id", "GetObject"), ("x-amz-meta-m", "1")]), b"urls\n")


def test_the_order_of_parameters_is_free(site):
    request = site.signer.presign("GET", "/urls/a.txt?z=1")
    path, query = request.target.split("?")
    ok(site, request.change(target=path + "?" + "&".join(
        sorted(query.split("&"), reverse=True))), b"urls\n")


def test_presigned_is_off_by_default(site):
    refused(site, site.signer.presign("GET", PAGE), "Aws4Presigned is off",
            401, "AuthorizationQueryParametersError")


def test_presigned_bodies(site):
    """S3 leaves them open, other services sign them."""
    tls, api = site.over_tls, site.over_tls.with_(service="execute-api")
    assert site.send(tls.presign("POST", "/urls/a.txt", body=b"x"),
                     tls=True).status == 200
    refused(site, site.signer.presign("POST", "/urls/a.txt", body=b"x"),
            "the body is not signed", 401, "AccessDenied")
    request = api.presign("POST", "/urls/a.txt", body=b"x")
    assert site.send(request, tls=True).status == 200
    refused(site, request.change(body=b"y"), WRONG, tls=True)
    request = tls.presign("POST", "/urls/a.txt", body=b"x",
                          payload=sha256(b"x"),
                          more=[("X-Amz-Content-Sha256", sha256(b"x"))])
    assert site.send(request, tls=True).status == 200
    answer = site.send(request.change(body=b"y"), tls=True)
    assert (answer.status, error(answer)) == (400,
                                              "XAmzContentSHA256Mismatch")
    site.log.expects("the body has another hash", times=1)


def test_a_presigned_hash_in_a_header(site):
    """It counts only if it is signed; and then the body is held to it."""
    tls = site.over_tls
    good = tls.presign("POST", "/urls/a.txt", headers=[
        ("X-Amz-Content-Sha256", sha256(b"x"))], payload=sha256(b"x"),
        body=b"x")
    assert site.send(good, tls=True).status == 200
    answer = site.send(good.change(body=b"y"), tls=True)
    assert answer.status == 400, "a body that is not the one that was signed"
    assert error(answer) == "XAmzContentSHA256Mismatch"
    site.log.expects("the body has another hash", times=1)


@pytest.mark.parametrize("kind", KINDS)
def test_presigned_chunks(site, kind):
    """One of MinIO's holes."""
    for more, headers in (([("X-Amz-Content-Sha256", kind)], []),
                          ([], [("X-Amz-Content-Sha256", kind)])):
        request = site.signer.presign(
            "POST", "/urls/a.txt", payload=kind, more=more, body=b"0\r\n\r\n",
            headers=[*headers, ("X-Amz-Decoded-Content-Length", "0")])
        refused(site, request, "for a body in chunks", 400, "InvalidArgument")


@pytest.mark.parametrize("ahead, expires, why", [
    (-61, 60, "expired"), (-2, 1, "expired"), (-604801, 604800, "expired"),
    (960, 60, "of the future"), (86400, 604800, "of the future")])
def test_when_presigned_urls_are_good(site, ahead, expires, why):
    request = site.signer.with_(ahead=ahead).presign("GET", "/urls/a.txt",
                                                     expires)
    refused(site, request, f"a presigned URL that has {why}"
            if why == "expired" else f"a presigned URL {why}", 401,
            "AccessDenied")


def test_until_presigned_urls_are_good(site):
    ok(site, site.signer.with_(ahead=-50).presign("GET", "/urls/a.txt", 60),
       b"urls\n")
    ok(site, site.signer.with_(ahead=870).presign("GET", "/urls/a.txt", 1),
       b"urls\n")
    ok(site, site.signer.with_(ahead=-604700).presign("GET", "/urls/a.txt",
                                                      604800), b"urls\n")


@pytest.mark.parametrize("expires", [0, -1, 604801, 9999999999, "", "x", "1 ",
                                     "+1", "1.0", "0x1"])
def test_expires(site, expires):
    refused(site, site.signer.presign("GET", "/urls/a.txt", expires),
            "X-Amz-Expires is", 400, "AuthorizationQueryParametersError")


@pytest.mark.parametrize("name", [
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
    "X-Amz-SignedHeaders", "X-Amz-Signature"])
def test_parameters(site, name):
    for request in (
            site.signer.presign("GET", "/urls/a.txt", without=[name]),
            site.signer.presign("GET", "/urls/a.txt", more=[(name, "x")]),
            site.signer.with_(service="execute-api").presign(
                "GET", "/urls/a.txt", without=[name])):
        answer = site.send(request)
        assert answer.status == 400
        assert error(answer) in ("AuthorizationQueryParametersError",
                                 "InvalidRequest")
    site.log.expects("authscheme: refused status=400", times=3)


def test_what_a_presigned_url_binds(site):
    request = site.signer.presign("GET", "/urls/a.txt?x=1")
    target = request.target
    changes = [request.change(method=m) for m in ("HEAD", "POST", "DELETE")]
    changes += [request.change(target=t) for t in (
        target.replace("a.txt", "b.txt"), target.replace("x=1", "x=2"),
        target + "&y=1", target + "&y", target.replace("x=1&", ""),
        target.replace("Expires=60", "Expires=61"),
        target.replace("us-east-1", "us-east-2"), target[:-1] + (
            "0" if target[-1] != "0" else "1"))]
    changes += [request.set("Host", "localhost"),
                request.add("X-Amz-Meta-A", "1"), request.add("Depth", "1")]
    for other in changes:
        assert site.send(other).status == 401, other.target
    site.log.expects("authscheme: refused status=401", times=len(changes))


def test_an_escape_that_is_none(site):
    request = site.signer.presign("GET", "/urls/a.txt")
    for tail in ("&x=%", "&x=%g0", "&%=1"):
        answer = site.send(request.change(target=request.target + tail))
        assert answer.status == 400
    site.log.allows("authscheme: refused status=400")


def test_many_parameters(site):
    request = site.signer.sign("GET", PAGE + "?" + "&".join(
        f"{n}" for n in range(256)))
    ok(site, request)
    answer = site.send(site.signer.sign("GET", PAGE + "?" + "&".join(
        f"{n}" for n in range(257))))
    assert answer.status in (400, 401)
    site.log.expects("authscheme: refused", times=1)


# ---- session tokens ----------------------------------------------------------

def test_session_tokens(site):
    """Our keys have none."""
    request = site.signer.sign("GET", PAGE, [("X-Amz-Security-Token", "x")])
    refused(site, request, "a session token, and the key has none", 400,
            "InvalidToken")
    more = [("X-Amz-Security-Token", "x")]
    refused(site, site.signer.presign("GET", "/urls/a.txt", more=more),
            "a session token, and the key has none", 400,
            "InvalidToken")
    added = site.signer.presign("GET", "/urls/a.txt")
    refused(site, added.change(target=added.target
                               + "&X-Amz-Security-Token=x"),
            "a session token, and the key has none", 400,
            "InvalidToken")


# ---- other algorithms --------------------------------------------------------

def test_sigv2(site):
    for path in (PAGE, "/listed/a.txt"):
        answer = site.get(path, authorization="AWS AKIA:c2ln")
        assert answer.status in (400, 401)
        assert SCHEME in answer.schemes() or answer.status == 400
    site.log.expects("authscheme: refused", times=2)


def test_sigv2_in_a_query(site):
    answer = site.get("/urls/a.txt?AWSAccessKeyId=AKIA&Signature=x&Expires=9")
    assert (answer.status, error(answer)) == (400, "InvalidRequest")
    assert "s3v4" in answer.text
    site.log.expects("SigV2 is not supported", times=1)


@pytest.mark.parametrize("algorithm", [
    "AWS4-ECDSA-P256-SHA256", "OSC4-HMAC-SHA256", "AWS4-HMAC-SHA512", "AWS"])
def test_other_algorithms(site, algorithm):
    request = site.signer.sign("GET", PAGE)
    answer = site.send(request.set("Authorization", request[
        "Authorization"].replace(SCHEME, algorithm)))
    assert answer.status in (400, 401)
    url = site.signer.presign("GET", "/urls/a.txt")
    answer = site.send(url.change(target=url.target.replace(SCHEME,
                                                            algorithm)))
    assert (answer.status, error(answer)) == (400, "InvalidRequest")
    site.log.expects("authscheme: refused", times=2)


# ---- what httpd answers ------------------------------------------------------

def test_the_challenge(site):
    answer = site.get(PAGE)
    assert answer.status == 401
    given = answer.challenge(SCHEME)
    assert dict(given.pairs) == {"realm": "Docs", "service": "s3"}
    given = site.get("/api/").challenge(SCHEME)
    assert dict(given.pairs) == {"realm": "Docs", "service": "execute-api",
                                  "region": "eu-central-1"}
    assert dict(site.get("/any/").challenge(SCHEME).pairs) == {
        "realm": "Docs"}


def test_in_a_list(site):
    """T-DSP: the set is whole whatever was tried."""
    schemes = ["Digest", SCHEME, "Basic"]
    assert site.get("/listed/").schemes() == schemes
    request = site.signer.sign("GET", "/listed/a.txt")
    ok(site, request, b"listed\n")
    wrong = site.signer.with_(secret="x" * 40).sign("GET", "/listed/a.txt")
    answer = site.send(wrong)
    assert answer.schemes() == schemes
    assert error(answer) == "SignatureDoesNotMatch"
    assert site.get("/listed/a.txt", authorization=basic("robot", "x")
                    ).schemes() == schemes
    site.log.expects("authscheme: refused", times=3)
    site.log.allows("AH01")


def test_error_bodies(site):
    request = site.signer.with_(secret="x" * 40).sign(
        "GET", "/papers/%3Ca%3E&%22'")
    answer = site.send(request)
    assert error(answer) == "SignatureDoesNotMatch"
    resource = xml.etree.ElementTree.fromstring(answer.text).find("Resource")
    assert resource.text.startswith("/papers/") and "<" not in resource.text
    assert site.secret not in answer.text
    head = site.send(site.signer.with_(secret="x" * 40).sign("HEAD", PAGE))
    assert head.status == 401 and head.body == b""
    assert head.header("Content-Type") == "application/xml"
    assert int(head.header("Content-Length")) > 0
    html = site.send(site.signer.with_(secret="x" * 40).sign(
        "GET", "/html/a.txt"))
    assert html.status == 401 and "text/html" in html.header("Content-Type")
    assert html.challenge(SCHEME)
    site.log.expects(WRONG, times=3)


def test_who_may_not(serve):
    """T-IDN: the right is missing, not the identity."""
    site = serve("Require user somebody")
    site.write("conf/test.conf", (site.root / "conf/test.conf").read_text()
               .replace("Require valid-user", ""))
    site.graceful()
    answer = site.send(site.signer.sign("GET", PAGE))
    assert answer.status in (401, 403) and error(answer) == "AccessDenied"
    site.log.expects("problem=unauthorized")
    site.log.allows("AH01631")


def test_the_connection_stays(site):
    """T-APR-11: the next request works."""
    wrong = site.signer.with_(secret="x" * 40)
    with site.connection() as connection:
        for body in (b"", os.urandom(100000)):
            for request in (wrong.sign("POST", "/papers/a.txt", body=body),
                            in_http_chunks(wrong.sign(
                                "POST", "/papers/a.txt", body=body), [9999])):
                connection.request("POST", request.target, request.headers,
                                   request.body, host="")
                assert connection.read("POST").status == 401
        good = site.signer.sign("GET", PAGE)
        answer = connection.get(good.target, headers=good.headers, host="")
        assert answer.body == b"secret\n"
    site.log.expects(WRONG, times=4)


# ---- operations of S3 --------------------------------------------------------

@pytest.mark.parametrize("query", [
    "uploads", "list-type=2", "delimiter=%2F&max-keys=9&prefix=a", "acl",
    "delete", "partNumber=1&uploadId=x", "versioning"])
def test_operations(site, query):
    for method in ("GET", "PUT", "POST"):
        answer = site.send(site.signer.sign(method, f"/files/?{query}",
                                            body=b"x"))
        assert (answer.status, error(answer)) == (501, "NotImplemented")
    answer = site.send(site.signer.sign("PUT", "/files/new", [
        ("X-Amz-Copy-Source", "/files/a.txt")], b""))
    assert (answer.status, error(answer)) == (501, "NotImplemented")
    assert site.names() == ["a.txt"]
    # whose signature is wrong is not told
    answer = site.send(site.signer.with_(secret="x").sign(
        "PUT", f"/files/?{query}"))
    assert answer.status == 401
    site.log.expects(WRONG, times=1)


# ---- redirects, T-APR --------------------------------------------------------

def test_directory_index(site):
    ok(site, site.signer.sign("GET", "/index/"), b"index\n")


def test_error_documents(site):
    answer = site.send(site.signer.sign("GET", "/papers/none.txt"))
    assert (answer.status, answer.body) == (404, b"papers\n")
    answer = site.get("/papers/none.txt")
    assert answer.status == 401
    site.log.allows("AH00128")


def test_mod_rewrite(site):
    """What is signed is what was sent."""
    ok(site, site.signer.sign("GET", "/rw/a.txt?x=1"), b"papers\n")
    ok(site, site.signer.sign("GET", "/query/a.txt?x=1&b"), b"papers\n")
    request = site.signer.sign("GET", "/papers/a.txt?x=1")
    refused(site, request.change(target="/rw/a.txt?x=1"), WRONG)


def test_redirects_with_bodies(serve):
    """In a directory: an internal redirect, and the filter goes along."""
    site = serve("Aws4UnsignedPayload always", more="""
<Location /moved>
    AuthType AWS4-HMAC-SHA256
    AuthName "Docs"
    Aws4UnsignedPayload always
    Require valid-user
</Location>
<Directory "{root}/htdocs/moved">
    RewriteEngine on
    RewriteRule ^(.*)$ /files/$1
</Directory>
""", files={"htdocs/moved/x": "x"})
    data = os.urandom(50000)
    for kind in (HEX, SILENT, UNSIGNED, *KINDS):
        for outer in (False, True):
            request = (site.signer.chunked("PUT", "/moved/new", data, kind,
                                           [9000]) if kind in KINDS else
                       site.signer.sign("PUT", "/moved/new", body=data,
                                        payload=kind))
            if outer:
                request = in_http_chunks(request, [5000])
            assert site.send(request).status in (201, 204)
            assert site.stored("new") == data
        if kind in (UNSIGNED, SILENT):
            continue
        body = bytearray(request.body)
        if kind == HEX:
            request = site.signer.sign("PUT", "/moved/new", body=data)
            body = data[:-1] + bytes([data[-1] ^ 1])
        else:
            body[-90] ^= 1
        assert site.send(request.change(body=bytes(body))).status in (400, 403)
        assert site.stored("new") == data
    site.log.expects("authscheme: refused", times=4)
    site.log.allows("dav:error")


# ---- forward proxies ---------------------------------------------------------

def test_a_forward_proxy(serve):
    """Not for them, T-APR-14."""
    site = serve(modules="proxy proxy_http", more=f"""
ProxyRequests on
<Proxy *>
    AuthType "{SCHEME} Basic"
    AuthName "Proxy"
    AuthBasicProvider credentials
    Require valid-user
</Proxy>
""")
    target = "http://www.example.com/x"
    answer = site.get(target)
    assert answer.status == 407
    assert answer.schemes("Proxy-Authenticate") == ["Basic"]
    made = site.signer.with_(host="www.example.com").sign("GET", "/x")
    for name, status in (("Proxy-Authorization", 403), ("Authorization", 407)):
        fields = [(k if k != "Authorization" else name, v)
                  for k, v in made.headers]
        answer = site.get(target, headers=fields)
        assert answer.status == status
        assert not answer.all("WWW-Authenticate")
    site.log.expects("is not for forward proxies", 1)


# ---- HTTP/2 ------------------------------------------------------------------

def over_http2(site, request, content):
    headers = [(k.lower(), v) for k, v in request.headers if k != "Host"]
    with httpx.Client(http2=True, trust_env=False,
                      verify=str(site.root / "conf/server.pem")) as client:
        answer = client.request(
            request.method, f"https://{site.over_tls.host}{request.target}",
            headers=headers, content=content)
    assert answer.http_version == "HTTP/2"
    return answer


@pytest.mark.parametrize("mpm", ["worker", "event"])
def test_http2(httpd, mpm):
    """With a length, and without."""
    site = prepare(httpd, modules="http2", tls="Protocols h2 http/1.1", mpm=mpm)
    site.start()
    signer = site.over_tls
    # httpx sends these of its own
    assert over_http2(site, signer.sign("GET", PAGE), None).text == "secret\n"
    data = os.urandom(150000)
    for kind in (HEX, SILENT, UNSIGNED, *KINDS):
        request = (signer.chunked("PUT", "/files/new", data, kind, [9000])
                   if kind in KINDS else
                   signer.sign("PUT", "/files/new", body=data, payload=kind))
        for content in (request.body, iter([request.body[:7],
                                            request.body[7:]])):
            assert over_http2(site, request, content).status_code in (201, 204)
            assert site.stored("new") == data
        if kind == UNSIGNED:
            continue
        body = bytearray(request.body)
        body[-90 if kind == CHUNKED else -15] ^= 1 # where all has come
        for content in (bytes(body), iter([bytes(body[:7]), bytes(body[7:])])):
            answer = over_http2(site, request, content)
            assert answer.status_code in (400, 401, 403), kind
            assert "<Error>" in answer.text
            assert site.stored("new") == data
    site.log.expects("authscheme: refused", times=10)
    site.log.allows("dav:error")


def test_http2_bodies_without_a_length(httpd):
    """They are bodies: signed as nothing, or left open where that is not
    allowed, they are refused."""
    site = prepare(httpd, "Aws4UnsignedPayload never", modules="http2",
                   tls="Protocols h2 http/1.1")
    site.start()
    signer = site.over_tls
    silent = signer.sign("PUT", "/files/new", body=b"", payload=SILENT)
    hashed = signer.sign("PUT", "/files/new", body=b"")
    opened = signer.sign("PUT", "/files/new", payload=UNSIGNED)
    for request in (silent, hashed, opened):
        answer = over_http2(site, request, iter([b"evil"]))
        assert answer.status_code in (400, 401, 403), request.headers
    assert site.stored("new") is None
    site.log.expects("authscheme: refused", times=3)
    site.log.allows("dav:error")


def test_every_mpm(serve, mpm):
    site = serve("Aws4Presigned on", mpm=mpm)
    for _ in range(3):
        ok(site, site.signer.sign("GET", PAGE))
        ok(site, site.signer.presign("GET", PAGE))
        refused(site, site.signer.with_(secret="x").sign("GET", PAGE), WRONG)


# ---- configuration -----------------------------------------------------------

@pytest.mark.parametrize("line, why", [
    ("Aws4Region", "needs a name"), ("Aws4Service", "needs a name"),
    ("Aws4Region * a", "is no name"), ("Aws4Region a/b", "is no name"),
    ('Aws4Region ""', "needs a name"), ("Aws4Service s3 *", "is no name"),
    ('Aws4Service "a b"', "is no name"), ("Aws4ClockSkew 0", "1 to 86400"),
    ("Aws4ClockSkew 86401", "1 to 86400"), ("Aws4ClockSkew -1", "1 to 86400"),
    ("Aws4ClockSkew x", "1 to 86400"), ("Aws4ClockSkew 5s", "1 to 86400"),
    ("Aws4Presigned maybe", "On or Off"), ("Aws4Presigned", "On or Off"),
    ("Aws4UnsignedPayload on", "takes tls, always or never"),
    ("Aws4UnsignedPayload", "takes one argument"),
    ("Aws4BodyLimit -1", "octets"), ("Aws4BodyLimit 67108865", "octets"),
    ("Aws4BodyLimit 1M", "octets"), ("Aws4ErrorBody json", "xml or httpd"),
    ("Aws4ErrorBody", "takes one argument")])
def test_wrong_values(httpd, line, why):
    said = prepare(httpd, line).config_error()
    assert why in said, said


def test_values_at_their_ends(serve):
    site = serve("Aws4ClockSkew 86400\nAws4BodyLimit 67108864\n"
                 "Aws4UnsignedPayload TLS\nAws4ErrorBody XML\n"
                 "Aws4Region a b c\nAws4Service s3")
    ok(site, site.signer.with_(region="c", ahead=-86000).sign("GET", PAGE))
    refused(site, site.signer.sign("GET", PAGE), "a region that is not", 400)
    site = serve("Aws4ClockSkew 1\nAws4BodyLimit 0")
    ok(site, site.signer.sign("GET", PAGE, payload=SILENT))


def test_without_a_store(httpd):
    server = httpd(f"""
<Location /docs>
    AuthType {SCHEME}
    AuthName "Docs"
    Require valid-user
</Location>
""", files={"htdocs/docs/a": "x"}, ours=OURS)
    assert server.get("/docs/a").status == 401


def test_merging(httpd):
    """A narrower place may say otherwise, and leaves the rest as it is."""
    site = prepare(httpd, "Aws4Region a", more=f"""
Aws4Presigned on
<Location /files/in>
    AuthType {SCHEME}
    Aws4Presigned off
    Aws4Region b
</Location>
""", files={"htdocs/files/in/a.txt": "in\n"})
    site.start()
    a, b = site.signer.with_(region="a"), site.signer.with_(region="b")
    ok(site, a.presign("GET", PAGE))
    ok(site, b.sign("GET", "/files/in/a.txt"), b"in\n")
    refused(site, b.presign("GET", "/files/in/a.txt"), "Aws4Presigned is off")
    refused(site, a.sign("GET", "/files/in/a.txt"), "a region that is not", 400)
