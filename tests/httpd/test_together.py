# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The product: one Location, stock Digest and Basic beside Bearer and HOBA, and
every client gets in with what it has."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.client import basic
from harness.hoba import Client, Key, Store

SCHEMES = ["Digest", "Bearer", "HOBA", "Basic"]
ALICE = basic("alice", "wonderland")
ISSUER = ec.generate_private_key(ec.SECP256R1())
CONF = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
HobaAlgorithms ES256
HobaOrigin https://localhost:{tls_port}
<Location "/docs">
    AuthType "Digest Bearer HOBA Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    BearerIssuer https://issuer.example keys=file:conf/issuer.pem audience=docs
    Require valid-user
</Location>
<Location "/.well-known/hoba">
    SetHandler hoba
    AuthType HOBA
    AuthName "Docs"
    Require all granted
</Location>
<Location "/docs/joined">
    AuthChallengeForm list
</Location>
<Location "/docs/reports">
    Require scope reports
</Location>
<Location "/docs/strong">
    Require auth-scheme Bearer HOBA
</Location>
"""
PLACES = ("docs", "docs/joined", "docs/reports", "docs/strong")


def token(**more):
    now = int(time.time())
    return "Bearer " + jwt.encode(
        {"iss": "https://issuer.example", "sub": "alice", "aud": "docs",
         "iat": now, "exp": now + 300, **more}, ISSUER, algorithm="ES256")


def prepare(farm, **more):
    pem = ISSUER.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo)
    site = farm.prepare(CONF, modules="dbd http2", tls="Protocols h2 http/1.1",
                        files={"conf/issuer.pem": pem,
                               **{f"htdocs/{place}/index.html": "secret\n"
                                  for place in PLACES}}, **more)
    site.store = Store(site)
    site.hoba = Client(site, tls=True)
    site.key = site.store.add(Key(), origin=site.tls_url)
    return site.start()


@pytest.fixture(scope="module")
def site(httpd_module):
    return prepare(httpd_module)


def ask(site, sent=None, path="/docs/", **more):
    return site.get(path, tls=True, authorization=sent, **more)


def test_the_set(site):
    """T-DSP-01 with every scheme there is"""
    answer = ask(site)
    assert (answer.status, answer.schemes()) == (401, SCHEMES)
    assert len(answer.all("WWW-Authenticate")) == 4
    assert {c["realm"] for c in answer.challenges()} == {"Docs"}
    assert all(c.names[0] == "realm" for c in answer.challenges())
    assert not [c for c in answer.challenges() if "error" in c]
    # Clients flatten all parameters: none of Digest's may be elsewhere.
    others = {name for c in answer.challenges()[1:] for name in c.names}
    assert not others & {"nonce", "opaque", "qop", "algorithm", "stale",
                         "domain", "charset", "userhash"}
    joined = ask(site, path="/docs/joined/")
    assert len(joined.all("WWW-Authenticate")) == 1
    assert joined.schemes() == SCHEMES


def test_without_tls_what_needs_it_is_not_offered(site):
    answer = site.get("/docs/")
    assert (answer.status, answer.schemes()) == (401, ["Digest", "Basic"])


@pytest.mark.parametrize("how", ["--anyauth", "--digest", "--basic"])
def test_curl_with_a_password(site, how):
    answer = site.curl("/docs/", how, "-u", "alice:wonderland", tls=True)
    assert (answer.status, answer.text) == (200, "secret\n")
    wanted = "Basic" if how == "--basic" else "Digest"
    assert site.access()[0]["scheme"] == wanted


def test_curl_with_a_token(site):
    sent = token().removeprefix("Bearer ")
    assert site.curl("/docs/", "--oauth2-bearer", sent, tls=True).status == 200
    # ... and with --anyauth it takes Bearer of all that are offered.
    assert site.curl("/docs/", "--anyauth", "--oauth2-bearer", sent, "-u",
                     "alice:wonderland", tls=True).status == 200


def test_hoba(site):
    for _ in range(2):
        assert site.hoba.sign_in(site.key).status == 200
    answer = site.hoba.answer(site.key)
    assert ask(site, answer).status == 200
    assert ask(site, answer).status == 401
    site.log.expects("problem=replayed", times=1)


def bad(site):
    """scheme, credentials that do not hold, in the log"""
    return [
        ("Basic", basic("alice", "x"), "problem=invalid"),
        ("Digest", 'Digest username="alice", realm="Docs", nonce="x", '
         'uri="/docs/", response="' + "0" * 32 + '"', "problem=invalid"),
        ("Bearer", token(exp=int(time.time()) - 900), "problem=expired"),
        ("Bearer", token(aud="other"), "problem="),
        ("HOBA", site.hoba.answer(Key()), "problem=unknown"),
        ("HOBA", 'HOBA result="a.b.c"', "problem=malformed"),
    ]


def test_only_the_scheme_that_failed_says_so(site):
    for scheme, sent, line in bad(site):
        site.log.next_test()
        answer = ask(site, sent)
        assert (answer.status, answer.schemes()) in (
            (401, SCHEMES), (400, []), (400, ["Bearer"])), sent
        errors = [c.scheme for c in answer.challenges() if "error" in c]
        assert errors in ([], ["Bearer"])
        if scheme == "Bearer":
            assert answer.challenge("Bearer")["error"] == "invalid_token"
        else:
            assert not errors
        site.log.expects(f"scheme={scheme} {line}", times=1)
        site.log.allows("[auth_")


def test_nothing_falls_through(site):
    """Good credentials of one scheme under the name of another"""
    hoba = site.hoba.answer(site.key)
    for good in (ALICE, token(), hoba):
        value = good.split(" ", 1)[1]
        for scheme in SCHEMES:
            if not good.startswith(scheme):
                answer = ask(site, f"{scheme} {value}")
                assert answer.status in (400, 401), (scheme, good)
    for first, second in ((ALICE, token()), (token(), hoba), (hoba, ALICE),
                          (token(), token())):
        assert ask(site, [first, second]).status == 400
    site.log.expects("authscheme: refused")
    site.log.allows("[auth_")
    # None of it used the answer up.
    assert ask(site, hoba).status == 200


def test_rights_by_scope_and_by_scheme(site):
    answer = ask(site, token(), "/docs/reports/")
    assert (answer.status, answer.schemes()) == (403, ["Bearer"])
    assert answer.challenge("Bearer")["error"] == "insufficient_scope"
    assert ask(site, token(scope="x reports"), "/docs/reports/").status == 200
    assert ask(site, token(), "/docs/strong/").status == 200
    assert ask(site, site.hoba.answer(site.key), "/docs/strong/").status == 200
    assert ask(site, ALICE, "/docs/strong/").status == 401
    site.log.expects("problem=insufficient", times=1)
    site.log.expects("problem=unauthorized", times=1)
    site.log.allows("AH01631")


def test_every_mpm_and_protocol(httpd, mpm):
    site = prepare(httpd, mpm=mpm)
    for _ in range(3):
        for sent in (ALICE, token(), site.hoba.answer(site.key)):
            assert ask(site, sent).status == 200
        assert ask(site, version="HTTP/1.0").schemes() == SCHEMES
        if mpm != "prefork": # mod_http2 does not work there
            answer = site.curl("/docs/", "--http2", "--digest", "-u",
                               "alice:wonderland", tls=True)
            assert answer.status == 200
    site.log.allows("AH10034") # mod_http2 says so itself
