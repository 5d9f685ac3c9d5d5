# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Bearer: JWTs through a real server. Tokens are made with PyJWT, or by hand
where PyJWT would refuse to."""
import base64
import hashlib
import hmac
import json
import os
import re
import time

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from harness.client import basic

ISS = "https://issuer.example"
OTHER = "https://other.example"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
STRANGER = ec.generate_private_key(ec.SECP256R1())
SECRET = bytes(range(32))

CONF = f"""
BearerIssuer {ISS} keys=file:conf/keys.json audience=docs,docs2
<Location "/docs">
    AuthType "Bearer Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/alone">
    AuthType Bearer
    AuthName "Docs"
    Require valid-user
</Location>
<Location "/two">
    AuthType Bearer
    AuthName "Docs"
    BearerIssuer {ISS} keys=file:conf/keys.json audience=two
    BearerIssuer {OTHER} keys=file:conf/other.pem audience=none
    Require valid-user
</Location>
<Location "/scope">
    AuthType "Bearer Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require scope read write
</Location>
<Location "/claim">
    AuthType "Bearer Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require claim realm_access.roles admin editor
</Location>
<Location "/any">
    AuthType Bearer
    AuthName "Docs"
    <RequireAny>
        Require scope write
        Require claim level 7
    </RequireAny>
</Location>
<Location "/hmac">
    AuthType Bearer
    AuthName "Docs"
    BearerIssuer {ISS} keys=file:conf/secret.json audience=docs
    Require valid-user
</Location>
<Location "/strict">
    AuthType Bearer
    AuthName "Docs"
    BearerIssuer {ISS} keys=file:conf/keys.json audience=docs typ=at+jwt \\
        algorithms=ES256
    Require valid-user
</Location>
<Location "/empty">
    AuthType Bearer
    AuthName "Docs"
    BearerUserClaim email
    Require valid-user
</Location>
<Location "/plain">
    AuthType "Bearer Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    BearerRequireTLS off
    Require valid-user
</Location>
"""
PLACES = "docs alone two scope claim any hmac strict empty plain".split()


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwk(key, **more):
    public = key.public_key()
    make = {rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
            ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
            ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm}
    for kind, algorithm in make.items():
        if isinstance(key, kind):
            members = json.loads(algorithm.to_jwk(public))
            members.pop("key_ops", None)
            return dict(members, **more)
    raise TypeError(key)


def jwks(*keys):
    return json.dumps({"keys": keys})


def pem(key, private=False):
    if private:
        return key.private_bytes(serialization.Encoding.PEM,
                                 serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption()).decode()
    return key.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo).decode()


KEYS = jwks(jwk(RSA, kid="rsa"), jwk(EC, kid="ec", alg="ES256"),
            jwk(ED, kid="ed"))
OCT = json.dumps({"kty": "oct", "k": b64(SECRET)})
FILES = {**{f"htdocs/{place}/a.txt": "secret\n" for place in PLACES},
         "conf/keys.json": KEYS, "conf/other.pem": pem(EC)}


def claims(**more):
    now = int(time.time())
    given = dict(iss=ISS, sub="alice", aud="docs", iat=now, exp=now + 300)
    given.update(more)
    return {name: value for name, value in given.items() if value is not ...}


def token(key=EC, alg="ES256", kid="ec", headers=None, **more):
    head = dict(headers or {})
    if kid is not None:
        head["kid"] = kid
    return jwt.encode(claims(**more), key, algorithm=alg, headers=head)


def es256(text):
    r, s = asn1_pair(EC.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def asn1_pair(der):
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature)
    return decode_dss_signature(der)


def by_hand(header='{"alg":"ES256","kid":"ec"}', payload=None, sign=es256):
    """Any header and any payload, with a good signature of our issuer."""
    text = b64(header) + "." + b64(payload if payload is not None
                                   else json.dumps(claims()))
    return text + "." + b64(sign(text))


def lock(site, name="conf/secret.json"):
    """A secret is for the server's group alone."""
    site.own(name).chmod(0o600)


@pytest.fixture(scope="module")
def site(httpd_module):
    server = httpd_module.prepare(CONF, files={**FILES,
                                               "conf/secret.json": OCT},
                                  modules="http2", tls="Protocols h2 http/1.1")
    lock(server)
    return server.start()


def get(site, target, sent, tls=True, **more):
    authorization = f"Bearer {sent}" if sent is not None else None
    return site.get(target, tls=tls, authorization=authorization, **more)


def bearer(answer):
    return answer.challenge("Bearer")


def refused(site, answer, line, schemes=("Bearer", "Basic")):
    """401 invalid_token, the other schemes without a word, one log line."""
    assert answer.status == 401
    assert tuple(answer.schemes()) == schemes
    assert bearer(answer).pairs == [("realm", "Docs"),
                                    ("error", "invalid_token")]
    assert "secret" not in answer.text
    site.log.expects(line)


# ---- tokens that are good --------------------------------------------

GOOD = {
    "ES256": lambda: token(),
    "RS256": lambda: token(RSA, "RS256", "rsa"),
    "RS512": lambda: token(RSA, "RS512", "rsa"),
    "PS256": lambda: token(RSA, "PS256", "rsa"),
    "PS384": lambda: token(RSA, "PS384", "rsa"),
    "EdDSA": lambda: token(ED, "EdDSA", "ed"),
    "no kid": lambda: token(kid=None),
    "second audience": lambda: token(aud=["other", "docs2"]),
    "at+jwt": lambda: token(headers={"typ": "at+jwt"}),
    "no typ": lambda: by_hand(),
    "within leeway": lambda: token(exp=int(time.time()) - 30),
    "times as fractions": lambda: token(exp=time.time() + 9.5, iat=1.5e9),
    "unknown claims": lambda: token(x={"y": [1, None]}, ext="z"),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_tokens(site, name):
    answer = get(site, "/docs/a.txt", GOOD[name]())
    assert (answer.status, answer.text) == (200, "secret\n")
    assert site.access(1)[0]["user"] == "alice"
    assert site.access(1)[0]["scheme"] == "Bearer"


def test_scheme_in_any_letter_case_and_over_h2(site):
    for scheme in ("bearer", "BEARER", "Bearer   "):
        assert site.get("/docs/a.txt", tls=True,
                        authorization=f"{scheme} {token()}").status == 200
    assert site.curl("/docs/a.txt", "--http2", "--oauth2-bearer", token(),
                     tls=True).status == 200


def test_others_of_the_list_work(site):
    answer = site.get("/docs/a.txt", tls=True,
                      authorization=basic("alice", "wonderland"))
    assert answer.status == 200


def test_high_s_is_a_signature(site):
    """Every ECDSA signature has a twin; the order of P-256 is public."""
    order = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2"
                "fc632551", 16)

    def twin(text):
        sig = es256(text)
        s = order - int.from_bytes(sig[32:], "big")
        return sig[:32] + s.to_bytes(32, "big")

    assert get(site, "/docs/a.txt", by_hand(sign=twin)).status == 200


# ---- 401 -------------------------------------------------------------

def test_no_credentials_no_error(site):
    """T-BRR-04"""
    answer = get(site, "/docs/a.txt", None)
    assert answer.status == 401
    assert answer.schemes() == ["Bearer", "Basic"]
    assert bearer(answer).pairs == [("realm", "Docs")]


def test_no_error_on_bearer_when_another_scheme_failed(site):
    answer = site.get("/docs/a.txt", tls=True,
                      authorization=basic("alice", "x"))
    assert answer.status == 401
    assert bearer(answer).pairs == [("realm", "Docs")]
    site.log.expects("scheme=Basic", times=1)
    site.log.allows("AH01617")


def flip(text, part):
    parts = text.split(".")
    at = len(parts[part]) // 2
    parts[part] = (parts[part][:at] + ("A" if parts[part][at] != "A" else "B")
                   + parts[part][at + 1:])
    return ".".join(parts)


def hs256(key):
    return lambda text: hmac.new(key, text.encode(), hashlib.sha256).digest()


HS = '{"alg":"HS256","kid":"ec"}'
NOW = int(time.time())
BAD = {
    # T-BRR-02
    "expired": (lambda: token(exp=NOW - 3600),
                "problem=expired.*the token has expired"),
    "not yet": (lambda: token(nbf=NOW + 3600), "problem=expired.*not valid"),
    "from the future": (lambda: token(iat=NOW + 3600), "in the future"),
    "no exp": (lambda: token(exp=...), "problem=malformed.*exp"),
    "exp a string": (lambda: by_hand(payload=json.dumps(
        claims(exp=str(NOW + 300)))), "exp is missing or no time"),
    "exp too large": (lambda: by_hand(payload=json.dumps(
        claims()).replace(str(NOW)[:3], "1e999" + str(NOW)[:3])),
        "no JSON object"),
    "other issuer": (lambda: token(iss=OTHER),
                     "problem=unknown.*iss is none of ours|none of our iss"),
    "issuer with a slash": (lambda: token(iss=ISS + "/"), "none of our iss"),
    "no issuer": (lambda: token(iss=...), "none of our issuers"),
    "issuer a number": (lambda: by_hand(payload=json.dumps(claims(iss=1))),
                        "none of our issuers"),
    "no aud": (lambda: token(aud=...), "problem=unacceptable.*no aud"),
    "aud of others": (lambda: token(aud="them"), "none of our audiences"),
    "aud empty": (lambda: token(aud=[]), "none of our audiences"),
    "aud a number": (lambda: token(aud=5), "aud has the wrong type"),
    "ID token": (lambda: token(nonce="n", at_hash="x"), "ID token"),
    "logout token": (lambda: token(events={}), "event or logout"),
    "dpop proof": (lambda: token(headers={"typ": "dpop+jwt"}), "typ is none"),
    "bound": (lambda: token(cnf={"jkt": "x"}), "bound to a key"),
    "no sub": (lambda: token(sub=...), "names the user"),
    "sub empty": (lambda: token(sub=""), "names the user"),
    "sub a list": (lambda: by_hand(payload=json.dumps(claims(sub=["a"]))),
                   "no string"),
    "sub with a line break": (lambda: token(sub="a\nb"), "names the user"),
    "scope a number": (lambda: token(scope=1), "scope has the wrong type"),
    # T-JOS-01
    "none": (lambda: by_hand('{"alg":"none"}'), "may not use this algorithm"),
    "nOnE": (lambda: by_hand('{"alg":"nOnE"}'), "may not use this algorithm"),
    "none, unsigned": (lambda: by_hand('{"alg":"none"}', sign=lambda _: b""),
                       "signature is empty"),
    "no alg": (lambda: by_hand('{"kid":"ec"}'), "no alg"),
    "alg a number": (lambda: by_hand('{"alg":256}'), "wrong type"),
    "alg a list": (lambda: by_hand('{"alg":["ES256"]}'), "wrong type"),
    "alg shortened": (lambda: by_hand('{"alg":"ES"}'), "may not use"),
    # T-JOS-02
    "PEM as HMAC secret": (
        lambda: by_hand(HS, sign=hs256(pem(EC).encode())), "may not use"),
    "JWK as HMAC secret": (
        lambda: by_hand(HS, sign=hs256(json.dumps(jwk(EC)).encode())),
        "may not use"),
    "empty HMAC secret": (lambda: by_hand(HS, sign=hs256(b"")), "may not"),
    "RSA key's name, ECDSA": (lambda: token(kid="rsa"), "no such key"),
    # T-JOS-03
    "r and s zero": (lambda: by_hand(sign=lambda _: bytes(64)),
                     "problem=invalid.*does not verify"),
    "DER": (lambda: by_hand(sign=lambda text: EC.sign(
        text.encode(), ec.ECDSA(hashes.SHA256()))), "does not verify"),
    "too short": (lambda: by_hand(sign=lambda t: es256(t)[:63]), "verify"),
    "too long": (lambda: by_hand(sign=lambda t: es256(t) + b"x"), "verify"),
    # T-JOS-04
    "salt of no length": (
        lambda: by_hand('{"alg":"PS256","kid":"rsa"}', sign=lambda t: RSA.sign(
            t.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 0),
            hashes.SHA256())), "does not verify"),
    # T-JOS-06
    "stranger's key": (lambda: token(STRANGER), "does not verify"),
    "stranger's key inside": (lambda: token(STRANGER, headers={
        "jwk": jwk(STRANGER), "jku": "http://127.0.0.1:1/"}), "not verify"),
    # T-JOS-07
    "kid unknown": (lambda: token(kid="nobody"), "problem=unknown.*no such"),
    "kid a path": (lambda: token(kid="../../etc/passwd"), "no such key"),
    "kid SQL": (lambda: token(kid="' OR '1'='1"), "no such key"),
    "kid empty": (lambda: token(kid=""), "no such key"),
    "kid a number": (lambda: by_hand('{"alg":"ES256","kid":1}'), "type"),
    "kid with NUL": (lambda: by_hand('{"alg":"ES256","kid":"ec\\u0000"}'),
                     "header is not a small JSON object"),
    "kid huge": (lambda: token(kid="k" * 4000), "not a small JSON object"),
    # T-JOS-08
    "crit": (lambda: by_hand('{"alg":"ES256","kid":"ec","crit":["exp"],'
                             '"exp":1}'), "crit"),
    "b64": (lambda: by_hand('{"alg":"ES256","kid":"ec","b64":false}'), "b64"),
    "zip": (lambda: by_hand('{"alg":"ES256","kid":"ec","zip":"DEF"}'), "zip"),
    "two parts": (lambda: "e30.e30", "not three segments"),
    "four parts": (lambda: token() + ".e30", "not three segments"),
    "JWE": (lambda: "a.b.c.d.e", "not three segments"),
    "opaque": (lambda: "2YotnFZFEjr1zCsicMWpAA", "not three segments"),
    "empty payload": (lambda: by_hand(payload=""), "no JSON object"),
    "payload a list": (lambda: by_hand(payload="[]"), "no JSON object"),
    "padding": (lambda: token() + "==", "not base64url"),
    "other alphabet": (lambda: token().replace(".", ".+", 1), "base64url"),
    # T-JOS-09
    "alg twice": (lambda: by_hand('{"alg":"none","alg":"ES256","kid":"ec"}'),
                  "not a small JSON object"),
    "iss twice": (lambda: by_hand(payload=json.dumps(claims()).replace(
        '{', '{"iss":"x",', 1)), "no JSON object"),
    "escaped twin": (lambda: by_hand(payload=json.dumps(claims()).replace(
        '{', '{"\\u0073ub":"root",', 1)), "no JSON object"),
    "NUL": (lambda: by_hand(payload=json.dumps(claims(sub="a\0b"))),
            "no JSON object"),
    "surrogate": (lambda: by_hand(payload=json.dumps(claims()).replace(
        "alice", "\\ud800")), "no JSON object"),
    "deep": (lambda: by_hand(payload=json.dumps(claims())[:-1] + ',"x":'
                             + "[" * 1000 + "]" * 1000 + "}"),
             "no JSON object"),
    "trailing": (lambda: by_hand(payload=json.dumps(claims()) + "x"),
                 "no JSON object"),
    "bad UTF-8": (lambda: by_hand(payload=json.dumps(claims()).encode()
                                  .replace(b"alice", b"al\xff")), "no JSON"),
    "header changed": (lambda: flip(token(), 0), "scheme=Bearer"),
    "payload changed": (lambda: flip(token(), 1), "scheme=Bearer"),
    "signature changed": (lambda: flip(token(), 2), "does not verify"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tokens(site, name):
    make, line = BAD[name]
    refused(site, get(site, "/docs/a.txt", make()), re.compile(line)
            if not isinstance(line, re.Pattern) else line)
    assert site.access(1)[0]["user"] == "-"


def test_long_tokens(httpd):
    """T-HDR-07"""
    site = httpd(CONF.replace("conf/secret.json", "conf/keys.json"),
                 files=FILES, tls="LimitRequestFieldSize 200000")
    assert get(site, "/docs/a.txt",
               token(x="y" * 10000)).status == 200
    answer = get(site, "/docs/a.txt", token(x="y" * 100000))
    refused(site, answer, "too long")


def test_a_token_is_named_by_its_hash_alone(site):
    sent = token(STRANGER)
    get(site, "/docs/a.txt", sent)
    line = site.log.expects("does not verify", times=1)
    said = "\n".join(site.log.lines())
    name = hashlib.sha256(sent.encode()).hexdigest()[:8]
    assert f"token={name}" in said
    assert sent.split(".")[2] not in said
    assert sent.split(".")[1] not in said
    assert line is None or sent not in str(line)


def test_what_was_expected_is_said(site):
    get(site, "/docs/a.txt", token(aud="them"))
    site.log.expects(re.compile(r"got=them;want=docs,docs2"), times=1)
    get(site, "/docs/a.txt", token(iss=OTHER))
    site.log.expects(re.compile(r"iss=https://other.example;"
                                r"want=https://issuer.example"), times=1)


# ---- 400 -------------------------------------------------------------

@pytest.mark.parametrize("value", [
    "Bearer", "Bearer ", "Bearer a b", 'Bearer token="x"', "Bearer a=b",
    "Bearer a=b=c", "Bearer ===", "Bearer {}", "Bearer \u00e9"])
def test_malformed_credentials(site, value):
    answer = site.get("/docs/a.txt", tls=True, authorization=value)
    assert answer.status == 400
    assert answer.schemes() == ["Bearer"]
    assert bearer(answer).pairs == [("realm", "Docs"),
                                    ("error", "invalid_request")]
    site.log.expects("status=400 scheme=Bearer problem=malformed", times=1)


def test_two_authorization_fields(site):
    """T-BRR-01, T-DSP-03"""
    good = f"Bearer {token()}"
    for values in ([good, good], [good, basic("alice", "wonderland")]):
        answer = site.get("/docs/a.txt", tls=True, authorization=values)
        assert answer.status == 400
        assert "secret" not in answer.text
    site.log.expects("more than one Authorization field", times=2)


def test_tokens_elsewhere_are_ignored(site):
    """T-BRR-01"""
    answer = site.get(f"/docs/a.txt?access_token={token()}", tls=True)
    assert answer.status == 401
    assert bearer(answer).pairs == [("realm", "Docs")]
    answer = site.get("/docs/a.txt", "POST", tls=True, headers={
        "Content-Type": "application/x-www-form-urlencoded"},
        body=f"access_token={token()}")
    assert answer.status == 401


# ---- issuers ---------------------------------------------------------

def test_a_key_is_its_issuers(site):
    """8725 section 3.8; T-DSP-10"""
    ok = dict(iss=OTHER, aud=...)
    assert get(site, "/two/a.txt", token(kid="any", **ok)).status == 200
    assert get(site, "/two/a.txt", token(aud="two")).status == 200
    answer = get(site, "/two/a.txt", token(RSA, "RS256", "rsa", **ok))
    refused(site, answer, "no such key", schemes=("Bearer",))
    # the issuers of an inner place replace those outside
    answer = get(site, "/two/a.txt", token(aud="docs"))
    refused(site, answer, "none of our audiences", schemes=("Bearer",))
    answer = get(site, "/docs/a.txt", token(aud="two"))
    refused(site, answer, "none of our audiences")


def test_hmac(site):
    """T-JOS-02"""
    assert get(site, "/hmac/a.txt", token(SECRET, "HS256")).status == 200
    for key, alg, line in ((bytes(32), "HS256", "does not verify"),
                           (SECRET * 2, "HS384", "no such key"),
                           (EC, "ES256", "may not use this algorithm")):
        refused(site, get(site, "/hmac/a.txt", token(key, alg)), line,
                schemes=("Bearer",))


def test_strict(site):
    """RFC 9068"""
    all_of_it = dict(jti="j", client_id="c", headers={"typ": "at+jwt"})
    assert get(site, "/strict/a.txt", token(**all_of_it)).status == 200
    for bad, line in (
            (token(jti="j", client_id="c"), "typ is none"),
            (token(headers={"typ": "at+jwt"}), "jti, client_id or azp"),
            (token(RSA, "RS256", "rsa", **all_of_it), "may not use")):
        refused(site, get(site, "/strict/a.txt", bad), line,
                schemes=("Bearer",))


def test_the_user_claim(site):
    """T-IDN-06"""
    answer = get(site, "/empty/a.txt", token(email="a@example.org"))
    assert answer.status == 200
    assert site.access(1)[0]["user"] == "a@example.org"
    for email in (..., "", 1, None, ["a@example.org"]):
        refused(site, get(site, "/empty/a.txt", token(email=email)),
                "names the user", schemes=("Bearer",))


# ---- 403 -------------------------------------------------------------

@pytest.mark.parametrize("scope, status", [
    ("read write", 200), ("write other read", 200), (["read", "write"], 200),
    ("read", 403), ("", 403), (..., 403), ("readwrite", 403),
    ("read writ", 403), ("read writes", 403), ("read Write", 403),
    ("read,write", 403)])
def test_scope(site, scope, status):
    """T-BRR-03"""
    answer = get(site, "/scope/a.txt", token(scope=scope))
    assert answer.status == status
    if status == 403:
        assert answer.schemes() == ["Bearer"]
        assert bearer(answer).pairs == [("realm", "Docs"),
                                        ("error", "insufficient_scope"),
                                        ("scope", "read write")]
        site.log.expects("status=403 scheme=Bearer problem=insufficient "
                         "user=alice", times=1)
        site.log.allows("AH01631")
    else:
        assert not answer.all("WWW-Authenticate")


def test_scope_and_other_schemes(site):
    assert get(site, "/scope/a.txt", None).status == 401
    answer = site.get("/scope/a.txt", tls=True,
                      authorization=basic("alice", "wonderland"))
    assert answer.status == 401 # as httpd does it, without an error on Bearer
    assert bearer(answer).pairs == [("realm", "Docs")]
    site.log.expects("problem=unauthorized user=alice", times=1)
    site.log.allows("AH01631")


@pytest.mark.parametrize("roles, status", [
    (["admin"], 200), (["x", "editor"], 200), ("admin", 200), (["adm"], 401),
    ([], 401), (None, 401), ({"admin": 1}, 401), (["x"], 401)])
def test_claim(site, roles, status):
    answer = get(site, "/claim/a.txt", token(realm_access={"roles": roles}))
    assert answer.status == status
    if status != 200:
        assert bearer(answer).pairs == [("realm", "Docs")]
        site.log.expects("problem=unauthorized user=alice", times=1)
        site.log.allows("AH01631")


def test_any(site):
    assert get(site, "/any/a.txt", token(scope="write")).status == 200
    answer = get(site, "/any/a.txt", token(level=7))
    assert answer.status == 200
    assert not answer.all("WWW-Authenticate") # of the branch that failed
    assert get(site, "/any/a.txt", token(level="77")).status == 401
    site.log.expects("problem=unauthorized", times=1)
    site.log.allows("AH01631")


# ---- TLS -------------------------------------------------------------

def test_without_tls(site):
    answer = get(site, "/docs/a.txt", token(), tls=False)
    assert answer.status == 403
    assert not answer.all("WWW-Authenticate")
    site.log.expects("status=403 scheme=Bearer problem=insecure", times=1)
    assert get(site, "/docs/a.txt", None, tls=False).schemes() == ["Basic"]
    answer = get(site, "/alone/a.txt", None, tls=False)
    assert (answer.status, answer.schemes()) == (403, [])
    site.log.expects("uri=\"/alone/a.txt\": Bearer without TLS", times=1)
    assert get(site, "/plain/a.txt", token(), tls=False).status == 200


# ---- handing over ----------------------------------------------------

ECHO = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
env | grep -a -E '^(BEARER_|OIDC_|HTTP_X_|REMOTE_USER|AUTH_TYPE)' | sort
"""
EXPORTS = f"""
ScriptAlias "/cgi/" "{{root}}/cgi-bin/"
<Location "/cgi/in">
    AuthType "Bearer Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    BearerRequireTLS off
    BearerIssuer {ISS} keys=file:conf/keys.json audience=docs
    BearerExport email
    BearerExport realm_access.roles as BEARER_ROLES
    BearerExport '["https://example.com/a.b"]' as OIDC_CLAIM_ab
    BearerExport exp
    BearerExport groups as header:X-Groups
    BearerExport n.a
    Require valid-user
</Location>
"""


def echoed(answer):
    assert answer.status == 200, answer
    return dict(line.split("=", 1) for line in answer.text.splitlines())


@pytest.fixture(scope="module")
def cgi(httpd_module):
    server = httpd_module.prepare(EXPORTS, files=FILES, modules="cgid")
    for name in ("in", "out"):
        server.write(f"cgi-bin/{name}", ECHO, 0o755)
    return server.start()


def test_exports(cgi):
    """T-IDN-04, T-IDN-05, T-IDN-07"""
    got = echoed(get(cgi, "/cgi/in", tls=False, sent=token(
        email="j\u00e4@example.org\r\nX: y", exp=4e9, groups=["a,b", "c"],
        realm_access={"roles": ["x", {"y": 1}]}, n={"a": None},
        **{"https://example.com/a.b": True})))
    assert got == {
        "REMOTE_USER": "alice", "AUTH_TYPE": "Bearer",
        "BEARER_EMAIL": "j%C3%A4@example.org%0D%0AX: y",
        "BEARER_ROLES": 'x,{"y":1}', "OIDC_CLAIM_ab": "true",
        "BEARER_EXP": "4000000000", "HTTP_X_GROUPS": "a%2Cb,c"}


def test_what_a_client_says_of_itself(cgi):
    """T-IDN-01, T-IDN-02"""
    for name in ("X-Groups", "x-groups", "X_Groups", "X-GROUPS"):
        for target, sent in (("/cgi/in", token()), ("/cgi/out", None)):
            got = echoed(get(cgi, target, sent, tls=False, headers={name: "admin"}))
            assert "HTTP_X_GROUPS" not in got
    got = echoed(get(cgi, "/cgi/in", tls=False, sent=token(groups="g"),
                     headers={"X-Groups": "admin"}))
    assert got["HTTP_X_GROUPS"] == "g"
    answer = get(cgi, "/cgi/in", None, tls=False, headers={"X-Groups": "admin"})
    assert answer.status == 401


def test_another_scheme_exports_nothing(cgi):
    got = echoed(cgi.get("/cgi/in",
                         authorization=basic("alice", "wonderland"),
                         headers={"X-Groups": "admin"}))
    assert got == {"REMOTE_USER": "alice", "AUTH_TYPE": "Basic"}


# ---- keys that change ------------------------------------------------

def until(condition, what, seconds=40):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def test_new_keys_without_a_restart(httpd):
    site = httpd(CONF.replace("conf/secret.json", "conf/keys.json"),
                 files=FILES, tls="", mpm="prefork")
    new = token(STRANGER, kid="new")
    assert get(site, "/docs/a.txt", new).status == 401

    def swap(content):
        site.write("conf/fresh.json", content)
        os.rename(site.root / "conf/fresh.json", site.root / "conf/keys.json")

    swap(jwks(jwk(STRANGER, kid="new")))
    until(lambda: get(site, "/docs/a.txt", new).status == 200
          and get(site, "/docs/a.txt", token()).status == 401, "new keys")
    swap('{"keys":[')
    until(lambda: get(site, "/docs/a.txt", new)
          and any("is not used, the keys from before stay" in line
                  for line in site.log.lines()), "a message")
    assert get(site, "/docs/a.txt", new).status == 200
    site.log.allows("is not used, the keys from before stay")

    swap(KEYS)
    site.graceful()
    assert get(site, "/docs/a.txt", token()).status == 200
    assert get(site, "/docs/a.txt", new).status == 401
    site.log.allows("no such key")


# ---- configuration ---------------------------------------------------

GOOD_LINE = f"BearerIssuer {ISS} keys=file:conf/keys.json audience=docs"
WRONG = {
    f"BearerIssuer {ISS} keys=file:conf/none.json audience=docs":
        "cannot be read",
    f"BearerIssuer {ISS} keys=file:conf/private.pem audience=docs":
        "private key",
    f"BearerIssuer {ISS} keys=file:conf/private.json audience=docs":
        "private key",
    f"BearerIssuer {ISS} keys=file:conf/open.json audience=docs":
        "everybody can write",
    f"BearerIssuer {ISS} keys=file:conf/oct.json audience=docs":
        "everybody can read",
    f"BearerIssuer {ISS} keys=file:conf/mixed.json audience=docs":
        "secrets and public keys in one set",
    f"BearerIssuer {ISS} keys=file:conf/httpd.conf audience=docs":
        "not a JSON object",
    f"BearerIssuer {ISS} keys=file:conf/weak.pem audience=docs": "2048 bits",
    f"BearerIssuer {ISS} keys=file:conf/keys.json": "audience= is missing",
    f"BearerIssuer {ISS} audience=docs": "keys=file:PATH is missing",
    f"BearerIssuer {ISS} keys=https://x/jwks audience=docs":
        "not available yet",
    f"{GOOD_LINE} algorithms=RS257": "'RS257' is unknown",
    f"{GOOD_LINE} algorithms=none": "'none' is unknown",
    f"{GOOD_LINE} algorithms=HS256": "names HMACs",
    f"{GOOD_LINE} algorithms=HS256,RS256": "mixes",
    f"{GOOD_LINE} algorithms=ES384": "no key in the file fits",
    f"{GOOD_LINE} leeway=301": "0 to 300",
    f"{GOOD_LINE} typ=dpop+jwt": "never an access token",
    f"{GOOD_LINE} ttl=1": "not an option",
    f"{GOOD_LINE}\n{GOOD_LINE}": "has a line in this place already",
    "BearerUserClaim a..b": "not the name of a claim",
    "BearerExport https://x/y": "not the name of a claim",
    "BearerExport email to BEARER_X": "CLAIM [as NAME]",
    "BearerExport email as LD_PRELOAD": "begins with BEARER_",
    "BearerExport email as REMOTE_USER": "begins with BEARER_",
    "BearerExport email as BEARER_": "begins with BEARER_",
    "BearerExport email as BEARER_A=B": "letters, digits",
    "BearerExport email as header:Authorization": "meaning of its own",
    "BearerExport email as header:Content-Length": "meaning of its own",
    "BearerExport email as header:X_Y": "letters, digits",
    "BearerExport email as header:": "name is missing",
    "BearerRequireTLS maybe": "BearerRequireTLS",
    "<Location /a>\nRequire scope\n</Location>": "needs a scope",
    '<Location /a>\nRequire scope "a\\"b"\n</Location>': "has no quotes",
    "<Location /a>\nRequire claim role\n</Location>": "and a value",
    "<Location /a>\nRequire claim a..b x\n</Location>": "name of a claim",
}


@pytest.fixture(scope="module")
def broken(httpd_module):
    weak = rsa.generate_private_key(65537, 1024)
    server = httpd_module.prepare("", files={
        **FILES, "conf/private.pem": pem(EC, private=True),
        "conf/private.json": jwks(dict(jwk(ED), d="AA")),
        "conf/oct.json": OCT, "conf/weak.pem": pem(weak),
        "conf/mixed.json": jwks(json.loads(OCT), jwk(EC)),
        "conf/open.json": KEYS})
    (server.root / "conf/open.json").chmod(0o666)
    (server.root / "conf/mixed.json").chmod(0o600)
    return server


@pytest.mark.parametrize("conf", WRONG)
def test_configuration_errors(broken, conf):
    said = broken.config_error("\n" + conf + "\n")
    assert re.search(r"line \d+ of \S*/conf/test\.conf", said)
    assert WRONG[conf] in said


@pytest.mark.parametrize("line, allowed", [
    (GOOD_LINE, False), ("BearerRequireTLS off", False),
    ("BearerExport email as header:X-Mail", False),
    ("BearerExport email", True), ("BearerUserClaim email", True)])
def test_htaccess(httpd, line, allowed):
    """T-APR-17"""
    site = httpd("""
        <Directory "{root}/htdocs">
            AllowOverride All
        </Directory>""", files={**FILES, "htdocs/docs/.htaccess": line})
    answer = site.get("/docs/a.txt")
    assert answer.status == (200 if allowed else 500)
    if not allowed:
        site.log.expects(".htaccess", times=1)


def test_without_an_issuer(httpd):
    site = httpd("""
        <Location "/docs">
            AuthType Bearer
            AuthName "Docs"
            Require valid-user
        </Location>""", files=FILES, tls="")
    assert get(site, "/docs/a.txt", token()).status == 500
    site.log.expects("this place has no BearerIssuer", times=1)


# ---- life of a request -----------------------------------------------

def test_redirects_keep_the_claims(httpd):
    """T-APR-01, T-APR-02"""
    conf = EXPORTS.replace('"/cgi/in"', '"/cgi"') + """
        ErrorDocument 404 /cgi/in
        RewriteEngine on
        RewriteRule "^/cgi/moved$" "/cgi/in" [PT]
        """
    site = httpd.prepare(conf, files=FILES, modules="cgid")
    site.write("cgi-bin/in", ECHO, 0o755)
    site.start()
    sent = token(email="a@b", groups="g")
    got = echoed(get(site, "/cgi/moved", sent, tls=False))
    assert got["BEARER_EMAIL"] == "a@b"
    assert got["HTTP_X_GROUPS"] == "g"
    answer = get(site, "/cgi/none", sent, tls=False,
                 headers={"X-Groups": "admin"})
    assert answer.status == 404
    assert "HTTP_X_GROUPS=g\n" in answer.text
    site.log.allows("/cgi-bin/none")


def test_every_mpm(httpd, mpm):
    site = httpd(CONF.replace("conf/secret.json", "conf/keys.json"),
                 files=FILES, mpm=mpm, tls="")
    with site.connection(tls=True) as connection:
        for sent, status in ((token(), 200), (token(STRANGER), 401),
                             (token(), 200)):
            answer = connection.get("/docs/a.txt",
                                    authorization=f"Bearer {sent}")
            assert answer.status == status
    site.log.expects("does not verify", times=1)
