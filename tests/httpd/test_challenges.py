# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The set of challenges: complete, in order, each once, valid by RFC 9110 in
every form, and only that of the place that was asked for."""

import pytest

from harness.client import basic
from harness.server import PROBE

GOOD = basic("alice", "wonderland")
LIST = "Digest Probe Probe2 Basic"
CONF = """
<Location "/docs">
    AuthType "%s"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/joined">
    AuthChallengeForm list
    AuthType "%s"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/stock">
    AuthType "Digest Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
""" % (LIST, LIST)
FILES = {f"htdocs/{place}/a.txt": "secret\n"
         for place in ("docs", "joined", "stock", "other", "page")}


@pytest.fixture(scope="module")
def site(httpd_module):
    return httpd_module(CONF, files=FILES, sources=[PROBE], modules="http2",
                        tls="Protocols h2 http/1.1")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE",
                                    "OPTIONS", "PROPFIND", "get", "NONSENSE"])
def test_every_challenge_once_and_in_order(site, method):
    """T-DSP-01, T-APR-09"""
    answer = site.get("/docs/a.txt", method)
    if method in ("get", "NONSENSE") and answer.status == 501:
        return # httpd itself knows no such method
    assert answer.status == 401
    assert len(answer.all("WWW-Authenticate")) == 4
    assert answer.schemes() == LIST.split()
    assert {c["realm"] for c in answer.challenges()} == {"Docs"}
    assert all(c.names[0] == "realm" for c in answer.challenges())
    assert answer.header("Cache-Control") == "no-store"
    assert "secret" not in answer.text


def test_one_line(site):
    answer = site.get("/joined/a.txt")
    assert len(answer.all("WWW-Authenticate")) == 1
    assert answer.schemes() == LIST.split()
    wrong = site.get("/joined/a.txt", authorization="Probe verdict=deny")
    assert len(wrong.all("WWW-Authenticate")) == 1
    assert wrong.schemes() == LIST.split()
    site.log.expects("probe is wrong")


@pytest.mark.parametrize("sent, error, line", [
    ("Probe verdict=deny", "Probe", "probe is wrong"),
    ("Probe2 verdict=deny", "Probe2", "probe is wrong"),
    ("Probe", "Probe", "not in the scheme's syntax"),
    (basic("alice", "wrong"), None, "problem=invalid"),
    ("Nobody x", None, "not offered here"),
])
def test_only_the_scheme_that_was_used_explains_itself(site, sent, error,
                                                       line):
    answer = site.get("/docs/a.txt", authorization=sent)
    assert answer.status == 401
    assert answer.schemes() == LIST.split()
    assert [c.scheme for c in answer.challenges() if "error" in c] == (
        [error] if error else [])
    site.log.expects(line)
    site.log.allows("AH01617") # stock Basic says so too


def test_the_set_is_the_same_over_every_protocol(site):
    """T-DSP-01 over HTTP/1.0, 1.1, TLS and h2"""
    answers = [
        site.get("/docs/a.txt"),
        site.get("/docs/a.txt", version="HTTP/1.0"),
        site.get("/docs/a.txt", tls=True),
        site.curl("/docs/a.txt", "--http2", tls=True),
    ]
    assert [a.status for a in answers] == [401] * 4
    for answer in answers:
        assert len(answer.all("WWW-Authenticate")) == 4
        assert answer.schemes() == LIST.split()


def test_nonces_differ_and_none_is_made_twice(site):
    """T-DSP-08"""
    nonces = {site.get("/stock/a.txt").challenge("Digest")["nonce"]
              for _ in range(20)}
    assert len(nonces) == 20


def test_the_set_fits_into_what_clients_read(site):
    """T-DSP-08"""
    lines = site.get("/docs/a.txt").all("WWW-Authenticate")
    assert sum(map(len, lines)) < 2048


def test_a_refused_connection_stays_usable(site):
    """T-MPM-05"""
    with site.connection() as connection:
        for sent, status in ((GOOD, 200), (basic("alice", "x"), 401),
                             (None, 401), (basic("bob", "builder"), 200),
                             ("Probe user=carol", 200), ("Nobody x", 401),
                             (GOOD, 200)):
            answer = connection.get("/docs/a.txt", authorization=sent)
            assert answer.status == status
            assert bool(answer.all("WWW-Authenticate")) == (status == 401)
            assert bool(answer.all("Authentication-Info")) == (
                sent == "Probe user=carol")
    assert [line["user"] for line in site.access(7)] == [
        "alice", "-", "-", "bob", "carol", "-", "alice"]
    site.log.expects("scheme=Basic problem=invalid", times=1)
    site.log.expects("not offered here", times=1)
    site.log.allows("AH01617")


def test_quotes_in_the_realm(httpd):
    """T-HDR-10"""
    site = httpd("""
        <Location "/docs">
            AuthType "Digest Probe Basic"
            AuthName "The \\"old\\" Docs"
            AuthUserFile conf/users
            Require valid-user
        </Location>""", files=FILES, sources=[PROBE])
    realms = {c["realm"] for c in site.get("/docs/a.txt").challenges()}
    assert realms == {'The "old" Docs'}


def test_a_realm_from_an_expression(httpd):
    """T-HDR-10: nothing that a client sends gets a header of its own"""
    site = httpd("""
        <Location "/docs">
            AuthType "Digest Probe Basic"
            AuthName "%{req:X-Realm}"
            AuthUserFile conf/users
            Require valid-user
        </Location>""", files=FILES, sources=[PROBE])
    answer = site.get("/docs/a.txt", headers={"X-Realm": 'a"b'})
    assert {c["realm"] for c in answer.challenges()} == {'a"b'}
    answer = site.get("/docs/a.txt", headers={"X-Realm": 'x", Evil realm="y'})
    assert answer.schemes() == ["Digest", "Probe", "Basic"]


PAGES = CONF + """
<Location "/other">
    AuthType "Probe Basic"
    AuthName "Other"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/page">
    AuthType Basic
    AuthName "Page"
    AuthUserFile conf/users
    Require valid-user
</Location>
"""


@pytest.mark.parametrize("document, body", [
    ("/docs/why.html", "why"),    # in the same place
    ("/other/why.html", "why"),   # in a list of its own
    ("/page/why.html", "why"),    # under stock Basic alone
    ("/why.html", "why"),         # open
    ("/missing.html", ""),
    ('"text"', "text"),
])
def test_error_documents(httpd, document, body):
    """T-DSP-06, T-DSP-07"""
    pages = {f"htdocs/{place}why.html": "why\n"
             for place in ("docs/", "other/", "page/", "")}
    site = httpd(PAGES + f"ErrorDocument 401 {document}\n",
                 files={**FILES, **pages}, sources=[PROBE])
    for sent in (None, "Probe verdict=deny", basic("alice", "wrong")):
        answer = site.get("/docs/a.txt", authorization=sent)
        assert answer.status == 401
        assert answer.schemes() == LIST.split()
        assert {c["realm"] for c in answer.challenges()} == {"Docs"}
        assert "secret" not in answer.text
        if sent is None and document in ("/why.html", '"text"'):
            assert body in answer.text
    site.log.expects("scheme=- problem=missing", times=1)
    site.log.expects("scheme=Probe problem=invalid", times=1)
    site.log.expects("scheme=Basic problem=invalid", times=1)
    site.log.allows("AH01617")
    site.log.allows("AH01614") # stock Basic judges the page of its own


def test_the_application_answers_401_itself(httpd):
    """T-DSP-12: its own challenges pass, ours are not added"""
    site = httpd(CONF + """
        ScriptAlias "/app" "{root}/cgi-bin/app"
        <Location "/app">
            Require all granted
        </Location>
        <Location "/app/in">
            AuthType "Probe Basic"
            AuthName "Docs"
            AuthUserFile conf/users
            Require valid-user
        </Location>""", files=FILES, sources=[PROBE], modules="cgid")
    site.write("cgi-bin/app", "#!/bin/sh\nprintf 'Status: 401\\n"
               "WWW-Authenticate: App realm=\"x\"\\n\\nno\\n'\n", 0o755)
    for path, sent in (("/app", None), ("/app/in", "Probe user=alice")):
        answer = site.get(path, authorization=sent)
        assert answer.status == 401
        assert answer.all("WWW-Authenticate") == ['App realm="x"']
