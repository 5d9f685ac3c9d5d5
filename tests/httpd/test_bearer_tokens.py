# Licensed under the Apache License, Version 2.0; see LICENSE.
"""BearerTokens: tokens without a meaning, whose hash is in the credential
store, a file or a database (T-BEA, T-SEC-04, T-SEC-05). The hashes are
hashlib's; one test takes a token from htauth."""
import hashlib
import secrets
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.client import basic
from harness.hoba import Store
from harness.htauth import FileStore

ISS = "https://issuer.example"
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM,
    serialization.PublicFormat.SubjectPublicKeyInfo).decode()
DBD = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
"""
CONF = f"""
BearerRequireTLS off
<Location "/docs">
    AuthType "Bearer Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    BearerTokens on
    BearerExport scope
    BearerExport jti
    Require valid-user
    Header set X-User "expr=%{{REMOTE_USER}}"
    Header set X-Scope "%{{BEARER_SCOPE}}e"
    Header set X-Jti "%{{BEARER_JTI}}e"
</Location>
<Location "/docs/write">
    Require scope write
</Location>
<Location "/docs/claim">
    Require claim sub robot
</Location>
<Location "/docs/off">
    BearerTokens off
    BearerIssuer {ISS} keys=file:conf/key.pem audience=docs
</Location>
<Location "/docs/neither">
    BearerTokens off
</Location>
<Location "/docs/both">
    BearerIssuer {ISS} keys=file:conf/key.pem audience=docs
    BearerUserClaim email
</Location>
<Location "/docs/tls">
    BearerRequireTLS on
</Location>
"""
PLACES = ("", "write/", "claim/", "off/", "neither/", "both/", "tls/")
FILES = {**{f"htdocs/docs/{p}index.html": "docs\n" for p in PLACES},
         "conf/key.pem": PEM}
PAST, FUTURE = "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def hashed(token):
    return hashlib.sha256(token.encode()).hexdigest()


class File:
    """The records of a site as lines of a file."""
    conf = "AuthCredentials file:conf/credentials\n"

    def __init__(self, site):
        self.site = site
        self.lines = ["authscheme-credentials 1"]
        self.write()

    def write(self):
        new = self.site.root / "conf/new"
        new.write_text("\n".join(self.lines) + "\n")
        self.site.own("conf/new").chmod(0o640)
        new.rename(self.site.root / "conf/credentials")

    def add(self, token, user="robot", **more):
        self.lines.append(" ".join(
            ["token", hashed(token), f'user="{user}"',
             *(f'{name}="{value}"' for name, value in more.items())]))
        self.write()

    def clear(self):
        del self.lines[1:]
        self.write()


def micros(text):
    return 1000000 * (0 if text is None else
                      1767225600 if text == PAST else 32472144000)


class Database:
    """The same in SQLite; times are microseconds there."""
    conf = DBD

    def __init__(self, site):
        self.store = Store(site)

    def add(self, token, user="robot", **more):
        row = {"kind": "token", "id": hashed(token), "realm": "",
               "place": "", "algorithm": "", "username": user,
               "value": "", "state": "active", **more}
        for name in ("expires", "not_before", "created"):
            if name in row:
                row[name] = micros(row[name])
        values = ", ".join(f"'{value}'" for value in row.values())
        self.store.sql("INSERT INTO authscheme_credentials "
                       f"({', '.join(row)}) VALUES ({values});")

    def clear(self):
        self.store.sql("DELETE FROM authscheme_credentials;")


@pytest.fixture(params=(File, Database), ids=("file", "dbd"))
def serve(request, httpd):
    def start(conf=CONF, **given):
        site = httpd.prepare(request.param.conf + conf, files=FILES,
                             modules="dbd", **given)
        site.tokens = request.param(site)
        return site.start()
    return start


def get(site, token, path="/docs/", **more):
    return site.get(path, authorization=f"Bearer {token}", **more)


def make():
    return secrets.token_urlsafe(32)


def refused(site, answer, line):
    """T-SEC-04: one answer for all that is wrong with a token."""
    assert answer.status == 401
    assert answer.schemes() == ["Bearer", "Basic"]
    assert answer.challenge("Bearer").pairs == [("realm", "Docs"),
                                                ("error", "invalid_token")]
    site.log.expects(line, times=1)


# ---- who gets in -----------------------------------------------------

def test_a_token(serve, mpm):
    site = serve(mpm=mpm)
    token = make()
    site.tokens.add(token, scope="read write")
    answer = get(site, token)
    assert (answer.status, answer.header("X-User")) == (200, "robot")
    assert answer.header("X-Scope") == "read write"
    assert answer.header("X-Jti") == hashed(token)
    assert site.access(1)[0]["scheme"] == "Bearer"
    assert get(site, token, "/docs/claim/").status == 200


@pytest.mark.parametrize("realm, right", [("Docs", 1), ("", 1), ("Other", 0),
                                          ("docs", 0)])
def test_realms(serve, realm, right):
    site = serve()
    token = make()
    site.tokens.add(token, realm=realm)
    assert get(site, token).status == (200 if right else 401)
    if not right:
        site.log.expects("no such token in the store")


def test_the_record_of_the_realm_goes_first(serve):
    """A token that is revoked here is not saved by one for everywhere."""
    site = serve()
    token = make()
    site.tokens.add(token)
    site.tokens.add(token, realm="Docs", state="revoked")
    refused(site, get(site, token), "the token is revoked")


def test_scopes(serve):
    site = serve()
    reads, writes, none = make(), make(), make()
    site.tokens.add(reads, scope="read writer")
    site.tokens.add(writes, scope="read write")
    site.tokens.add(none)
    assert get(site, writes, "/docs/write/").status == 200
    for token in (reads, none):
        answer = get(site, token, "/docs/write/")
        assert answer.status == 403
        assert answer.challenge("Bearer").pairs == [
            ("realm", "Docs"), ("error", "insufficient_scope"),
            ("scope", "write")]
    site.log.expects("problem=insufficient", times=2)
    site.log.expects("AH01631", times=2)


def test_a_token_of_htauth(httpd):
    site = httpd.prepare(File.conf + CONF, files=FILES)
    store = FileStore(site.root / "conf")
    store("init")
    token = store("token", "alice", "--scope", "write read", "--expires",
                  "30d", "--label", "backup").out.strip()
    site.own("conf/credentials").chmod(0o640)
    site.start()
    answer = get(site, token, "/docs/write/")
    assert (answer.status, answer.header("X-User")) == (200, "alice")
    assert token not in store.file.read_text()
    store("remove", "token", hashed(token))
    assert get(site, token).status == 401
    site.log.expects("no such token in the store")


# ---- who does not ----------------------------------------------------

UNFIT = {
    "revoked": (dict(state="revoked"), "problem=disabled",
                "the token is revoked"),
    "pending": (dict(state="pending"), "problem=disabled",
                "the token is not approved yet"),
    "expired": (dict(expires=PAST), "problem=expired",
                "the token's time is over"),
    "logged out": (dict(created=PAST, not_before=FUTURE), "problem=expired",
                   "the token was made before its user's last logout"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_unfit_tokens(serve, name):
    site = serve()
    token, good = make(), make()
    given, problem, why = UNFIT[name]
    site.tokens.add(token, label="the robot", **given)
    site.tokens.add(good, expires=FUTURE, created=PAST)
    refused(site, get(site, token), problem)
    line = site.log.find(why)[0]
    assert f"token={hashed(token)[:8]}" in line and "the%20robot" in line
    assert token not in line
    assert get(site, good).status == 200


@pytest.mark.parametrize("user", ("", "a\\tb", "x" * 256))
def test_users_that_are_no_names(httpd, user):
    """What htauth would not write, a database may hold."""
    site = httpd.prepare(DBD + CONF, files=FILES, modules="dbd")
    tokens = Database(site)
    site.start()
    token = make()
    tokens.add(token, user=user.replace("\\t", "\t"))
    refused(site, get(site, token), "the record's user is no name")


def test_strange_tokens(serve):
    """Neither cut, nor folded, nor taken for its own hash. T-BEA"""
    site = serve()
    token = "A" + make()[:-1] + "A"
    site.tokens.add(token)
    strangers = [make(), token[:-1], token + "A", token + "=", "a" + token[1:],
                 hashed(token), hashed(token).upper(), token.swapcase(),
                 "x" * 8000, "." * 40, "-", "%00", "a.b.c"]
    for sent in strangers[:-2]:
        assert get(site, sent).status == 401
    assert get(site, token).status == 200
    site.log.expects("no such token in the store", times=len(strangers) - 2)
    assert get(site, strangers[-1]).status == 401
    site.log.allows("no such token in the store")
    assert get(site, "%00").status == 400
    assert get(site, token + " x").status == 400
    site.log.allows("refused")


def test_other_kinds_are_no_tokens(httpd):
    """An invite's code, an access key's id: same shape, another kind."""
    site = httpd.prepare(DBD + CONF, files=FILES, modules="dbd")
    tokens = Database(site)
    site.start()
    for kind in ("invite", "hoba", "aws4", "password"):
        token = make()
        tokens.add(token, kind=kind)
        assert get(site, token).status == 401
    site.log.expects("no such token in the store", times=4)


def test_secrets_are_in_no_log(serve):
    """T-SEC-05"""
    site = serve(level="trace8")
    token, wrong = make(), make()
    site.tokens.add(token)
    assert get(site, token).status == 200
    assert get(site, wrong).status == 401
    site.log.expects("no such token in the store")
    text = "\n".join(l for l in site.log.lines() if "Authorization:" not in l)
    assert token not in text and wrong not in text


# ---- beside issuers --------------------------------------------------

def signed(**more):
    now = int(time.time())
    return jwt.encode({"iss": ISS, "sub": "alice", "email": "a@b.example",
                       "aud": "docs", "exp": now + 300, **more}, KEY,
                      algorithm="ES256")


def test_beside_an_issuer(serve):
    site = serve()
    token, dotted, shaped = make(), "one.dot" + make(), "two.dots." + make()
    site.tokens.add(token)
    site.tokens.add(dotted)
    site.tokens.add(shaped)
    for sent, user in ((token, "robot"), (dotted, "robot"),
                       (signed(), "a@b.example")):
        answer = get(site, sent, "/docs/both/")
        assert (answer.status, answer.header("X-User")) == (200, user)
    assert get(site, shaped).status == 200 # no issuer to ask
    refused(site, get(site, shaped, "/docs/both/"), "problem=malformed")
    refused(site, get(site, make(), "/docs/both/"), "no such token")
    refused(site, get(site, signed(exp=1), "/docs/both/"), "problem=expired")
    assert get(site, signed()).status == 401
    site.log.allows("no such token in the store")


def test_off(serve):
    """An inner place takes it back."""
    site = serve()
    token = make()
    site.tokens.add(token)
    assert get(site, token, "/docs/off/").status == 401
    site.log.expects("problem=malformed")
    assert get(site, signed(), "/docs/off/").status == 200
    site.log.allows("refused")
    assert get(site, token, "/docs/neither/").status == 500
    site.log.expects("this place has no BearerIssuer, nor BearerTokens on")


def test_without_tls(serve):
    site = serve()
    token = make()
    site.tokens.add(token)
    answer = get(site, token, "/docs/tls/")
    assert (answer.status, answer.all("WWW-Authenticate")) == (403, [])
    site.log.expects("Bearer without TLS")
    answer = site.get("/docs/tls/")
    assert (answer.status, answer.schemes()) == (401, ["Basic"])
    site.log.allows("refused")


# ---- the store -------------------------------------------------------

def test_the_store_is_away(httpd):
    site = httpd.prepare(DBD + CONF, files=FILES, modules="dbd")
    tokens = Database(site)
    site.start()
    token = make()
    tokens.add(token)
    assert get(site, token).status == 200
    site.settle()
    tokens.store.sql("ALTER TABLE authscheme_credentials RENAME TO gone;")
    answer = get(site, token)
    assert answer.status == 503
    assert answer.header("Retry-After")
    assert not answer.all("WWW-Authenticate")
    site.log.expects("authscheme_find failed")
    site.log.expects("cannot reach the credential store")
    tokens.store.sql("ALTER TABLE gone RENAME TO authscheme_credentials;")
    site.wait_until(lambda: get(site, token).status == 200, "to find it")
    for says in ("authscheme_find failed", "cannot reach"):
        site.log.allows(says)


@pytest.mark.parametrize("ours", [
    ("authscheme", "authscheme_bearer"),
    ("authscheme", "authscheme_bearer", "authscheme_credentials")])
def test_without_a_store(httpd, ours):
    site = httpd(CONF, files=FILES, ours=ours)
    assert get(site, make()).status == 500
    site.log.expects("BearerTokens needs AuthCredentials")


def test_a_removed_token(serve):
    site = serve()
    token = make()
    site.tokens.add(token)
    for _ in range(4):
        assert get(site, token).status == 200
    site.tokens.clear()
    for _ in range(8): # in every process at once
        assert get(site, token).status == 401
    site.log.expects("no such token in the store", times=8)


def test_no_htaccess(httpd):
    site = httpd('<Directory "{root}/htdocs">\nAllowOverride All\n'
                 '</Directory>\n',
                 files={"htdocs/a/.htaccess": "BearerTokens on\n",
                        "htdocs/a/index.html": "a\n"})
    assert site.get("/a/").status == 500
    site.log.expects("BearerTokens not allowed here")


def test_beside_basic(serve):
    site = serve()
    assert site.get("/docs/", authorization=basic("alice", "wonderland")
                    ).status == 200
