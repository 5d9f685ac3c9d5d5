# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Digest by RFC 7616: who gets in, who does not and why, and that nothing is
taken twice (T-DIG-01 to T-DIG-08, 10, 11, T-SHM-01 to 06, T-APR-01, 13, 14).
The client is Python's hashlib, beside curl and requests."""
import concurrent.futures
import re
import shutil
import subprocess

import pytest
import requests

from harness.client import to_bytes
from harness.digest import Client, Users, hashed, line

OURS = ("authscheme", "authscheme_credentials", "authscheme_digest")
DATABASE = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
"""
PLACE = """
<Location "%s">
    AuthType %s
    AuthName "%s"
    %s
    Require valid-user
    Header set X-User "expr=%%{REMOTE_USER}"
    Header set X-Type "expr=%%{AUTH_TYPE}"
</Location>
"""
FILES = {"htdocs/docs/index.html": "docs\n", "htdocs/docs/a": "a\n",
         "htdocs/other/index.html": "other\n"}
BOTH = "DigestAlgorithm SHA-256 MD5"

WRONG = "wrong password"
UNKNOWN = "no such user in this realm"
REPLAYED = "the answer, or its nc, was used before"
LOST = "nobody knows any more whether this nc was used before"
FOREIGN = "right, but the nonce is not of this server and realm"
FOREIGN_WRONG = "the nonce is not of this server and realm, and the response"


class Site:
    def __init__(self, server):
        self.server = server
        self.users = Users(server)
        self.users.put("alice", "wonderland")
        self.alice = Client("alice", "wonderland")

    def challenge(self, target="/docs/", algorithm="SHA-256", **more):
        answer = self.get(target, **more)
        assert answer.status == 401, answer
        return next(c for c in answer.challenges()
                    if c.scheme == "Digest" and c["algorithm"] == algorithm)

    def nonce(self, target="/docs/"):
        return self.challenge(target)["nonce"]

    def try_(self, client=None, target="/docs/", method="GET", sent="GET",
             nonce=None, **more):
        """method is what is signed, sent what is asked for."""
        answer = (client or self.alice).answer(
            nonce or self.nonce(), target, method=method, **more)
        return self.get(target, sent, authorization=answer)

    def refused(self, reason, answer, target="/docs/", status=401, stale=None,
                problem=None):
        response = self.get(target, authorization=answer)
        assert response.status == status, response
        assert "Authentication-Info" not in dict(response.headers)
        for found in self.log.expects(reason):
            assert problem is None or f"problem={problem}" in found
        if status == 401:
            for challenge in response.challenges():
                assert challenge.get("stale") == ("true" if stale else None)
        return response

    def __getattr__(self, name):
        return getattr(self.server, name)


def conf(*places, extra="", auth_type="Digest", more=""):
    return (DATABASE + extra + PLACE % ("/docs", auth_type, "Docs", more)
            + "".join(places))


@pytest.fixture
def serve(httpd):
    def start(*places, extra="", auth_type="Digest", more="", users=(),
              modules="", secret=False, **given):
        server = httpd.prepare(
            conf(*places, extra=extra, auth_type=auth_type, more=more),
            modules=f"dbd {modules}",
            **{"ours": OURS, "files": FILES, **given})
        if secret:
            server.write("conf/secret", "s" * 32, 0o600)
        site = Site(server)
        for user in users:
            site.users.put(*user)
        server.start()
        return site
    return start


@pytest.fixture
def site(serve):
    return serve()


# ---- who gets in -----------------------------------------------------

def test_it_works_in_every_mpm(serve, mpm):
    site = serve(mpm=mpm)
    nonce = site.nonce()
    for count in range(1, 6):
        params = site.alice.params(nonce, "/docs/", count)
        answer = site.get("/docs/", authorization=line(params))
        assert (answer.status, answer.body) == (200, b"docs\n")
        assert answer.header("X-User") == "alice"
        assert answer.header("X-Type") == "Digest"
        assert answer.header("Authentication-Info") == (
            f'rspauth="{site.alice.rspauth(params)}", '
            f'cnonce="{params["cnonce"]}", nc={params["nc"]}, qop=auth')
    site.refused(WRONG, Client("alice", "x").answer(nonce, "/docs/", 9),
                 problem="invalid")
    site.refused(UNKNOWN, Client("bob", "x").answer(nonce, "/docs/", 9),
                 problem="unknown")


def test_the_challenge(site):
    answer = site.get("/docs/")
    assert len(answer.challenges()) == 1
    challenge = answer.challenges()[0]
    assert challenge.names == ["realm", "nonce", "algorithm", "qop", "charset"]
    assert challenge["algorithm"] == "SHA-256"
    assert 'realm="Docs", ' in answer.header("WWW-Authenticate")
    assert 'qop="auth"' in answer.header("WWW-Authenticate")
    assert answer.header("Cache-Control") == "no-store"
    assert "Authentication-Info" not in dict(answer.headers)


ALGORITHMS = ["SHA-256", "SHA-512-256", "MD5", "SHA-256-sess",
              "SHA-512-256-sess", "MD5-sess"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm(serve, algorithm):
    site = serve(more=f"DigestAlgorithm {algorithm}")
    site.users.put("alice", "wonderland",
                   algorithms=[algorithm.removesuffix("-sess")])
    client = Client("alice", "wonderland", algorithm=algorithm)
    nonce = site.challenge(algorithm=algorithm)["nonce"]
    for count in (1, 2): # with another cnonce each
        params = client.params(nonce, "/docs/", count)
        answer = site.get("/docs/", authorization=line(params))
        assert answer.status == 200
        assert f'rspauth="{client.rspauth(params)}"' in answer.header(
            "Authentication-Info")
    for other in ALGORITHMS:
        if other != algorithm:
            site.refused("an algorithm that DigestAlgorithm does not list",
                         Client("alice", "wonderland", algorithm=other)
                         .answer(nonce, "/docs/", 3), problem="unacceptable")


def test_one_nonce_for_all_algorithms(serve):
    """Some clients read one challenge and answer with another's algorithm."""
    site = serve(more="DigestAlgorithm SHA-256 SHA-512-256 MD5")
    challenges = site.get("/docs/").challenges()
    assert [c["algorithm"] for c in challenges] == ["SHA-256", "SHA-512-256",
                                                    "MD5"]
    assert len({c["nonce"] for c in challenges}) == 1
    assert site.try_(Client("alice", "wonderland", algorithm="MD5"),
                     nonce=challenges[0]["nonce"]).status == 200


def test_algorithm_left_out_is_md5(serve):
    site = serve(more=BOTH)
    md5 = Client("alice", "wonderland", algorithm="MD5")
    nonce = site.nonce()
    assert site.try_(md5, nonce=nonce, algorithm=None).status == 200
    site.refused("response is not a hash of the algorithm",
                 site.alice.answer(nonce, "/docs/", 2, algorithm=None),
                 status=400)


@pytest.mark.parametrize("realm", [
    'a \\"q\\", b', "100% sure", "Dökumente", "x=y, z"])
def test_realms(serve, realm):
    plain = re.sub(r"\\(.)", r"\1", realm)
    site = serve(PLACE % ("/other", "Digest", realm, ""))
    site.users.put("alice", "wonderland", plain)
    client = Client("alice", "wonderland", plain)
    assert site.try_(client, "/other/",
                     nonce=site.nonce("/other/")).status == 200
    other = Client("alice", "wonderland")
    site.refused("another realm", other.answer(site.nonce("/other/"),
                                               "/other/"), "/other/")


def test_a_nonce_of_another_realm(serve):
    site = serve(PLACE % ("/other", "Digest", "Other", ""))
    site.users.put("alice", "wonderland", "Other")
    site.refused(FOREIGN, Client("alice", "wonderland", "Other").answer(
        site.nonce("/docs/"), "/other/"), "/other/", stale=True)


# ---- clients that write it otherwise ---------------------------------

def test_quoted_and_bare(site):
    """requests, serf and others quote what must not be quoted."""
    params = site.alice.params(site.nonce(), "/docs/")
    answer = "Digest " + ",".join(f'{name.upper()} = "{value}"'
                                  for name, value in params.items())
    assert site.get("/docs/", authorization=answer).status == 200
    params = site.alice.params(site.nonce(), "/docs/")
    params["response"] = params["response"].upper()
    assert site.get("/docs/", authorization=line(params)).status == 200


def test_a_cnonce_with_quotes(site):
    params = site.alice.params(site.nonce(), "/docs/", cnonce='a"b\\c')
    info = site.get("/docs/", authorization=line(params)).header(
        "Authentication-Info")
    assert 'cnonce="a\\"b\\\\c", nc=' in info
    assert site.alice.rspauth(params) in info


def test_names_beyond_ascii(serve):
    site = serve(users=[("Jürgen", "paßwörd")])
    client = Client("Jürgen", "paßwörd")
    nonce = site.nonce()
    latin1 = "Jürgen".encode("latin-1")
    for count, given in enumerate([
            {}, {"username": None, "username*": "UTF-8''J%C3%BCrgen"},
            {"username": "J%C3%BCrgen"}], 1):
        answer = client.answer(nonce, "/docs/", count, **given)
        response = site.get("/docs/", authorization=answer)
        assert response.status == 200, given
        assert to_bytes("Jürgen") in response.header(
            "X-User").encode("latin-1")
    answer = to_bytes(client.answer(nonce, "/docs/", 9)).replace(
        to_bytes("Jürgen"), latin1)
    assert site.get("/docs/", authorization=answer).status == 200


def test_userhash(serve):
    site = serve(more="DigestUserhash on\n" + BOTH, users=[("bob", "builder")])
    challenge = site.challenge()
    assert challenge["userhash"] == "true"
    nonce = challenge["nonce"]
    bob = Client("bob", "builder")
    name = hashed("SHA-256", "bob", "Docs")
    for count, given in enumerate([name, name.upper()], 1):
        answer = site.get("/docs/", authorization=bob.answer(
            nonce, "/docs/", count, username=given, userhash="true"))
        assert (answer.status, answer.header("X-User")) == (200, "bob")
    for given in ("bob", hashed("MD5", "bob", "Docs"),
                  hashed("SHA-256", "bob", "Other"), ""):
        site.refused(UNKNOWN, bob.answer(nonce, "/docs/", 9, username=given,
                                         userhash="true"))
    site.refused(UNKNOWN, bob.answer(nonce, "/docs/", 9, username=name))
    assert site.try_(bob).status == 200


def test_userhash_is_off(site):
    assert "userhash" not in site.challenge()
    site.refused(UNKNOWN, site.alice.answer(
        site.nonce(), "/docs/", username=hashed("SHA-256", "alice", "Docs"),
        userhash="true"))


# ---- what is refused -------------------------------------------------

MALFORMED = [
    ({"nonce": None}, "no nonce"),
    ({"realm": None}, "no realm"),
    ({"uri": None}, "no uri"),
    ({"username": None}, "no username"),
    ({"response": None}, "no response"),
    ({"nc": None}, "nc is not eight"),
    ({"nc": "1"}, "nc is not eight"),
    ({"nc": "00000001x"}, "nc is not eight"),
    ({"nc": "0000000g"}, "nc is not eight"),
    ({"cnonce": None}, "no cnonce"),
    ({"cnonce": "x" * 257}, "cnonce is too long"),
    ({"username*": "UTF-8''alice"}, "username and username* at once"),
    ({"username": None, "username*": "UTF-8''%FF"}, "username* is not UTF-8"),
    ({"userhash": "yes"}, "userhash is neither"),
    ({"response": "x"}, "response is not a hash"),
    ({"response": "00" * 16}, "response is not a hash"),
]


@pytest.mark.parametrize("given, reason", MALFORMED)
def test_bad_requests(site, given, reason):
    params = {**site.alice.params(site.nonce(), "/docs/"), **given}
    site.refused(reason, line(params), status=400, problem="malformed")


def test_doubled_and_broken(site):
    answer = site.alice.answer(site.nonce(), "/docs/")
    for bad in (answer + ', NC=00000002', answer + ', realm="', "Digest",
                "Digest x", "Digest ,,,"):
        assert site.get("/docs/", authorization=bad).status == 400
    assert site.get("/docs/", authorization=[answer, answer]).status == 400
    site.log.expects("problem=malformed", times=6)


def test_without_qop(site):
    """The form of RFC 2069 is a downgrade."""
    nonce = site.nonce()
    ha1 = hashed("SHA-256", "alice", "Docs", "wonderland")
    response = hashed("SHA-256", ha1, nonce, hashed("SHA-256", "GET", "/docs/"))
    site.refused("an answer without qop", line({
        "username": "alice", "realm": "Docs", "nonce": nonce, "uri": "/docs/",
        "algorithm": "SHA-256", "response": response}))
    site.refused("a qop that was not offered",
                 site.alice.answer(nonce, "/docs/", qop="auth-int"))


def test_another_uri(site):
    nonce = site.nonce()
    for uri in ("/docs/a", "/docs/?x", "/docs//", "/d%6fcs/", "*", "docs/",
                "http://evil.example/docs/"):
        site.refused("uri is not what is asked for",
                     site.alice.answer(nonce, uri), status=400)
    assert site.get("/docs/a", authorization=site.alice.answer(
        nonce, f"http://localhost:{site.port}/docs/a")).status == 200


def test_another_method(site):
    nonce = site.nonce()
    assert site.try_(nonce=nonce, method="GET", sent="POST").status == 401
    assert site.try_(nonce=nonce, method="HEAD", sent="HEAD",
                     count=2).status == 200
    site.log.expects(WRONG)


def test_records_that_do_not_sign_in(site):
    nonce = site.nonce()
    for n, (more, reason) in enumerate([
            ({"state": "revoked"}, "the user's password is revoked"),
            ({"state": "pending"}, "the user's password is not approved"),
            ({"expires": 1}, "the user's password is expired")]):
        site.users.put("bob", "builder", **more)
        site.refused(reason, Client("bob", "builder").answer(nonce, "/docs/",
                                                             n))
        site.refused(WRONG, Client("bob", "x").answer(nonce, "/docs/", n))
    site.users.put("bob", "builder", value="zz")
    assert site.try_(Client("bob", "builder")).status == 500
    site.log.expects("the stored H(A1) is not one of its algorithm")


def test_without_a_store(httpd):
    site = httpd(PLACE % ("/docs", "Digest", "Docs", ""), files=FILES,
                 ours=OURS)
    nonce = site.get("/docs/").challenge("Digest")["nonce"]
    answer = Client("alice", "x").answer(nonce, "/docs/")
    assert site.get("/docs/", authorization=answer).status == 500
    site.log.expects("Digest needs AuthCredentials")


def test_a_store_that_is_away(site):
    nonce = site.nonce()
    site.settle()
    site.users.sql("ALTER TABLE authscheme_credentials RENAME TO gone;")
    response = site.get("/docs/", authorization=site.alice.answer(nonce,
                                                                  "/docs/"))
    assert response.status == 503
    assert response.header("Retry-After")
    site.users.sql("ALTER TABLE gone RENAME TO authscheme_credentials;")
    site.wait_until(lambda: site.try_().status == 200, "to find it again")
    site.log.expects("cannot reach the credential store")
    site.log.expects("AuthCredentials dbd:")


# ---- once only -------------------------------------------------------

def test_a_captured_answer(site):
    answer = site.alice.answer(site.nonce(), "/docs/")
    assert site.get("/docs/", authorization=answer).status == 200
    for _ in range(3):
        site.refused(REPLAYED, answer, stale=True, problem="replayed")
    site.graceful()
    site.refused(REPLAYED, answer, stale=True)


@pytest.mark.parametrize("secret", [False, True])
def test_a_captured_answer_after_a_stop(serve, secret):
    site = serve(extra="AuthSchemeSecret conf/secret\n" if secret else "",
                 secret=secret)
    used = site.alice.answer(site.nonce(), "/docs/")
    unused = site.alice.answer(site.nonce(), "/docs/")
    assert site.get("/docs/", authorization=used).status == 200
    site.stop()
    site.start()
    for answer in (used, unused): # nobody is asked for a password again
        site.refused(LOST if secret else FOREIGN, answer, stale=True)
    assert site.try_().status == 200


def test_counts_in_any_order(site):
    """Browsers: forty images at once. T-DIG-04"""
    nonce = site.nonce()
    for count in (0, 3, 2, 1, 40, 39, 8, 127, 120, 41, 0xffffffff):
        assert site.try_(nonce=nonce, count=count).status == 200, count
    for count in (0, 3, 127):
        site.refused(LOST, site.alice.answer(nonce, "/docs/", count),
                     stale=True)
    site.refused(REPLAYED, site.alice.answer(nonce, "/docs/", 0xffffffff),
                 stale=True)


def test_the_window(site):
    nonce = site.nonce()
    assert site.try_(nonce=nonce, count=200).status == 200
    assert site.try_(nonce=nonce, count=200 - 127).status == 200
    site.refused(LOST, site.alice.answer(nonce, "/docs/", 200 - 128),
                 stale=True)
    site.refused(REPLAYED, site.alice.answer(nonce, "/docs/", 200 - 127),
                 stale=True)


def at_once(calls, workers=8):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [task.result() for task in [pool.submit(*c) for c in calls]]


def test_the_same_answer_at_once(site, mpm):
    """T-SHM-06"""
    for _ in range(20):
        answer = site.alice.answer(site.nonce(), "/docs/")
        statuses = at_once([(lambda: site.get(
            "/docs/", authorization=answer).status,)] * 8)
        assert sorted(statuses) == [200] + [401] * 7
    site.log.expects(REPLAYED)


def test_many_at_once(site):
    nonce = site.nonce()
    statuses = at_once([(lambda n=n: site.try_(nonce=nonce, count=n).status,)
                        for n in range(1, 201)])
    assert set(statuses) == {200}


def test_a_full_table(serve):
    """T-SHM-02, T-SHM-03: what is dropped is stale, never new."""
    site = serve(extra="AuthSchemeState shm:64k\n")
    answers = [site.alice.answer(site.nonce(), "/docs/")
               for _ in range(1500)]

    def status(answer):
        return site.get("/docs/", authorization=answer).status
    first = at_once([(status, a) for a in answers])
    assert first.count(200) > 500
    assert set(at_once([(status, a) for a in answers])) == {401}
    site.log.expects("the table of used one-time proofs is full", times=1)
    site.log.expects(LOST)
    site.log.expects(REPLAYED)
    assert site.try_().status == 200


def test_strangers_change_nothing(serve):
    """T-SHM-01, T-SHM-04, T-DIG-06: neither the table nor the victim's count."""
    site = serve(extra="AuthSchemeState shm:64k\n")
    nonce = site.nonce()
    assert site.try_(nonce=nonce, count=1).status == 200
    forged = [Client("alice", "guess").answer(nonce, "/docs/", n)
              for n in (2, 3, 0xffffffff)]

    def flood(n):
        return (site.get("/docs/").status if n % 2 else
                site.get("/docs/", authorization=forged[n % 3]).status)
    assert set(at_once([(flood, n) for n in range(3000)])) == {401}
    site.log.expects(WRONG)
    for count in (2, 3, 4):
        assert site.try_(nonce=nonce, count=count).status == 200


# ---- stale -----------------------------------------------------------

def test_an_old_nonce(serve):
    site = serve(more="DigestNonceLifetime 1\n" + BOTH)
    site.log.expects("is short: many clients")
    nonce = site.nonce()

    def is_old():
        answer = site.get("/docs/", authorization=Client(
            "alice", "x").answer(nonce, "/docs/"))
        assert answer.challenges()[0].get("stale") is None
        return site.try_(nonce=nonce, count=next(counts)).status == 401
    counts = iter(range(1, 10000))
    site.wait_until(is_old, "to find the nonce too old", 5)
    site.log.expects(WRONG)
    site.refused("the nonce is too old",
                 site.alice.answer(nonce, "/docs/", 99999), stale=True)
    assert len(site.get("/docs/").challenges()) == 2


def test_nextnonce(serve):
    site = serve(more="DigestNonceLifetime 2")
    site.log.expects("is short: many clients")
    nonce = site.nonce()
    counts = iter(range(1, 100000))
    found = []

    def is_told():
        answer = site.try_(nonce=nonce, count=next(counts))
        info = dict(answer.headers).get("Authentication-Info", "")
        found[:] = re.findall(r'nextnonce="([^"]+)"', info)
        return found or answer.status == 401
    site.wait_until(is_told, "to name the next nonce", 5)
    assert found and found[0] != nonce
    assert site.try_(nonce=found[0]).status == 200


def test_a_nonce_that_is_none(site):
    nonce = site.nonce()
    flipped = nonce[:-1] + ("A" if nonce[-1] != "A" else "B")
    for bad in ("x", nonce[:-1], nonce + "A", flipped, nonce + "=", "A" * 54,
                "A" * 4000):
        site.refused(FOREIGN, site.alice.answer(bad, "/docs/"), stale=True)
        site.refused(FOREIGN_WRONG, Client("alice", "x").answer(bad, "/docs/"))
        site.refused(UNKNOWN, Client("eve", "x").answer(bad, "/docs/"))


# ---- Authentication-Info ---------------------------------------------

def test_every_status_has_it(serve):
    """neon and serf check it, also on 404. T-APR-13"""
    site = serve('ErrorDocument 404 /docs/a\n')
    tag = site.try_().header("ETag")
    for n, (target, method, status, headers) in enumerate([
            ("/docs/", "HEAD", 200, {}), ("/docs/none", "GET", 404, {}),
            ("/docs/", "GET", 304, {"If-None-Match": tag}),
            ("/docs/", "GET", 206, {"Range": "bytes=0-1"}),
            ("/docs", "GET", 301, {})]):
        params = site.alice.params(site.nonce(), target, n + 1, method)
        answer = site.get(target, method, headers=headers,
                          authorization=line(params))
        assert answer.status == status, target
        assert site.alice.rspauth(params) in answer.header(
            "Authentication-Info"), target


def test_internal_redirects(serve):
    """T-APR-01: signed for what was asked for."""
    site = serve('RewriteEngine on\nRewriteRule "^/docs/old$" "/docs/a" [PT]\n'
                 'RewriteRule "^/docs/in$" "/other/" [PT]\n',
                 PLACE % ("/other", "Digest", "Docs", ""), modules="rewrite")
    answer = site.try_(target="/docs/old")
    assert (answer.status, answer.body) == (200, b"a\n")
    assert site.try_(target="/docs/in").body == b"other\n"
    assert site.try_(target="/docs/index.html").status == 200


def test_through_a_proxy(serve):
    """407 and its own fields. T-APR-14"""
    site = serve('<Proxy "*">\nAuthType Digest\nAuthName "Docs"\n'
                 'DigestDomain /x\nRequire valid-user\n</Proxy>\n'
                 'ProxyRequests on\nProxyVia off\n',
                 modules="proxy proxy_http")
    target = f"http://localhost:{site.port}/index.html"
    first = site.get(target)
    assert first.status == 407
    assert "WWW-Authenticate" not in dict(first.headers)
    challenge = first.challenge("Digest", "Proxy-Authenticate")
    assert "domain" not in challenge
    params = site.alice.params(challenge["nonce"], target)
    answer = site.get(target, headers={"Proxy-Authorization": line(params)})
    assert (answer.status, answer.body) == (200, b"open\n")
    assert site.alice.rspauth(params) in answer.header(
        "Proxy-Authentication-Info")
    again = site.get(target, headers={"Proxy-Authorization": line(params)})
    assert again.status == 407
    site.log.expects(REPLAYED)
    done = site.curl("/index.html", "-x", site.url, "--proxy-digest", "-U",
                     "alice:wonderland")
    assert done.status == 200


# ---- in a list -------------------------------------------------------

def test_in_a_list(serve):
    site = serve(auth_type='"Digest HOBA Basic"',
                 more="AuthUserFile conf/users\nHobaRequireTLS off\n" + BOTH,
                 ours=(*OURS, "authscheme_hoba"))
    answer = site.get("/docs/")
    assert [c.scheme for c in answer.challenges()] == [
        "Digest", "Digest", "HOBA", "Basic"]
    assert {c["realm"] for c in answer.challenges()} == {"Docs"}
    assert site.try_().status == 200
    response = site.refused(WRONG, Client("alice", "x").answer(
        site.nonce(), "/docs/"))
    assert [c.scheme for c in response.challenges()] == [
        "Digest", "Digest", "HOBA", "Basic"]


# ---- stock providers -------------------------------------------------

def digest_file(*users):
    return "".join(f"{user}:Docs:{hash_}\n" for user, hash_ in users)


def test_htdigest_files(serve):
    """What administrators have already."""
    alias = ('<AuthnProviderAlias file old>\nAuthUserFile conf/digest\n'
             '</AuthnProviderAlias>\n')
    md5 = hashed("MD5", "bob", "Docs", "builder")
    sha = hashed("SHA-256", "carl", "Docs", "carpenter")
    both = "SHA-512-256=" + hashed("SHA-512-256", "dora", "Docs", "x") \
        + ",MD5=" + hashed("MD5", "dora", "Docs", "x").upper()
    site = serve(extra=alias,
                 more="DigestProvider old\n"
                      "DigestAlgorithm SHA-256 SHA-512-256 MD5",
                 files={**FILES, "conf/digest": digest_file(
                     ("bob", md5), ("carl", sha), ("dora", both))})
    for user, password, algorithms in (
            ("bob", "builder", ["MD5"]), ("carl", "carpenter", ["SHA-256"]),
            ("dora", "x", ["SHA-512-256", "MD5"])):
        for algorithm in ("SHA-256", "SHA-512-256", "MD5"):
            client = Client(user, password, algorithm=algorithm)
            answer = client.answer(site.nonce(), "/docs/")
            if algorithm in algorithms:
                assert site.get("/docs/", authorization=answer).status == 200
            else:
                site.refused(UNKNOWN, answer)
    site.refused(UNKNOWN, site.alice.answer(site.nonce(), "/docs/"))
    site.refused(WRONG, Client("bob", "x", algorithm="MD5").answer(
        site.nonce(), "/docs/"))


# ---- configuration ---------------------------------------------------

@pytest.mark.parametrize("more, reason", [
    ("DigestAlgorithm SHA-1", 'unknown algorithm "SHA-1"'),
    ("DigestAlgorithm MD5 md5", "MD5 is there twice"),
    ("DigestQop all", "DigestQop takes auth, auth-int, or both"),
    ("DigestBodyLimit -1", "DigestBodyLimit takes octets"),
    ("DigestBodyLimit 1M", "DigestBodyLimit takes octets"),
    ("DigestBodyLimit 1073741825", "DigestBodyLimit takes octets"),
    ("DigestNonceLifetime 0", "DigestNonceLifetime takes seconds"),
    ("DigestNonceLifetime -1", "DigestNonceLifetime takes seconds"),
    ("DigestNonceLifetime 5m", "DigestNonceLifetime takes seconds"),
    ("DigestNonceLifetime 86401", "DigestNonceLifetime takes seconds"),
    ("DigestUserhash maybe", "DigestUserhash"),
    ("DigestDomain 'a b'", "is neither a path nor a URL"),
    ("DigestDomain '/a\"b'", "is neither a path nor a URL"),
    ("DigestProvider nobody", 'there is no provider "nobody"'),
    ("DigestProvider file credentials", "credentials stands alone"),
])
def test_configuration_errors(httpd, more, reason):
    assert reason in httpd.config_error(
        conf(more=more), modules="dbd", ours=OURS)


def test_md5_is_told_once(serve):
    site = serve(more=BOTH)
    site.log.expects("DigestAlgorithm offers MD5 on line", times=1)


def test_inheritance(serve):
    site = serve(PLACE % ("/docs/in", "Digest", "Docs", "DigestDomain /x /y"),
                 extra="DigestAlgorithm MD5\nDigestUserhash on\n",
                 more="DigestDomain /docs/ https://www.example.com/")
    outer = site.challenge(algorithm="MD5")
    assert outer["userhash"] == "true"
    assert outer["domain"] == "/docs/ https://www.example.com/"
    inner = site.challenge("/docs/in/", algorithm="MD5")
    assert (inner["domain"], inner["userhash"]) == ("/x /y", "true")


# ---- real clients ----------------------------------------------------

def test_curl(serve):
    site = serve(more="DigestUserhash on\nDigestAlgorithm SHA-256 MD5")
    assert site.curl("/docs/", "--digest", "-u",
                     "alice:wonderland").status == 200
    assert site.curl("/docs/", "--digest", "-u", "alice:x").status == 401
    site.log.expects(WRONG)


def test_requests(site):
    session = requests.Session()
    session.trust_env = False
    session.auth = requests.auth.HTTPDigestAuth("alice", "wonderland")
    url = f"http://127.0.0.1:{site.port}/docs/"
    for _ in range(5):
        assert session.get(url).status_code == 200
    assert session.post(url, data="x").status_code == 200


@pytest.mark.parametrize("program", ["wget2"])
def test_more_programs(site, program):
    assert shutil.which(program)

    done = subprocess.run(
        [program, "-q", "-O", "-", "--http-user=alice",
         "--http-password=wonderland", f"http://127.0.0.1:{site.port}/docs/"],
        capture_output=True, text=True, timeout=30)
    assert done.stdout == "docs\n", done.stderr
