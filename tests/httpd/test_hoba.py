# Licensed under the Apache License, Version 2.0; see LICENSE.
"""HOBA on a real server: T-HOB-01 to T-HOB-07, the endpoints, the policies of
registration and sessions. The client is harness/hoba.py, which signs with
python-cryptography."""
import concurrent.futures
import json
import time

import pytest

from harness.client import basic
from harness.hoba import Client, Key, Store, b64u, shell

ALICE = basic("alice", "wonderland")
BOB = basic("bob", "builder")
AUTH = """
    AuthType "HOBA Basic"
    AuthName "Docs"
    AuthUserFile conf/users
"""
DATABASE = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
"""
CONF = """
%(database)s
%(tls)s
HobaAlgorithms RSA-SHA256 ES256 Ed25519
%(extra)s
<Location "/docs">
    %(auth)s
    Require valid-user
    Header set X-User "expr=%%{REMOTE_USER}"
    Header set X-Kid "%%{HOBA_KID}e"
    Header set X-Did "%%{HOBA_DID}e"
    Header set X-Alg "%%{HOBA_ALG}e"
</Location>
<Location "/docs/once">
    HobaMaxAge 0
</Location>
<Location "/docs/short">
    HobaMaxAge 1
</Location>
<Location "/other">
    AuthType HOBA
    AuthName "Other"
    Require valid-user
</Location>
<Location "/.well-known/hoba">
    SetHandler hoba
    %(auth)s
    HobaRegistration %(policy)s
    Require all granted
</Location>
"""
FILES = {"htdocs/docs/index.html": "docs\n",
         "htdocs/docs/once/index.html": "once\n",
         "htdocs/docs/short/index.html": "short\n",
         "htdocs/other/index.html": "other\n"}
NAMED = ("HobaRequireTLS off\nHobaOrigin http://localhost:{port} "
         "https://localhost:{tls_port}")


def write(site, policy="off", extra="", tls=None, database=DATABASE):
    if tls is None:
        tls = (NAMED if site.tls_port else
               "HobaRequireTLS off\nHobaOrigin http://localhost:{port}")
    site.write_conf(CONF % {"policy": policy, "extra": extra, "tls": tls,
                            "auth": AUTH, "database": database})


def prepare(farm, policy="off", extra="", conf_tls=None, database=DATABASE,
            store=Store, **more):
    site = farm.prepare(modules="dbd", files=FILES, **more)
    write(site, policy, extra, conf_tls, database)
    site.store = store(site)
    return site


@pytest.fixture
def serve(httpd):
    def start(*args, **more):
        return prepare(httpd, *args, **more).start()
    return start


@pytest.fixture(scope="module")
def shared(httpd_module):
    """A site with an open door, for tests that leave nothing behind."""
    return prepare(httpd_module, "open", "HobaSession 600").start()


@pytest.fixture(scope="module")
def key():
    return Key("ES256")


@pytest.fixture(scope="module")
def alice(shared, key):
    """A client with a registered key of alice."""
    shared.store.add(key, label="box")
    client = Client(shared)
    client.key = key
    return client


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
    return value


# ---- challenges -----------------------------------------------------------

def test_the_challenge(shared):
    lines = [shared.get("/docs/") for _ in range(20)]
    for answer in lines:
        challenge = answer.challenge("HOBA")
        assert challenge.names == ["realm", "challenge", "max-age"]
        assert challenge["realm"] == "Docs" and challenge["max-age"] == "60"
        assert answer.header("Cache-Control") == "no-store"
        assert len(challenge["challenge"]) == 54
        assert answer.schemes() == ["HOBA", "Basic"]
    assert len({a.challenge("HOBA")["challenge"] for a in lines}) == 20
    assert '", max-age=60' in lines[0].all("WWW-Authenticate")[0]


def test_the_challenge_for_one_signature(shared):
    assert shared.get("/docs/once/").challenge("HOBA")["max-age"] == "0"


# ---- signing in -----------------------------------------------------------

@pytest.mark.parametrize("alg", ["RSA-SHA256", "ES256", "Ed25519"])
def test_signs_in(shared, alg):
    key = shared.store.add(Key(alg), label="Alice\u2019s box")
    answer = Client(shared).sign_in(key)
    assert answer.status == 200
    assert answer.text == "docs\n"
    assert answer.header("X-User") == "alice"
    assert answer.header("X-Kid") == key.kid
    assert answer.header("X-Alg") == alg
    assert shared.access()[0]["scheme"] == "HOBA"


def test_the_401s_own_challenge_will_do(alice):
    assert alice.sign_in(alice.key, challenge=alice.challenge()).status == 200


@pytest.mark.parametrize("spell", [
    'hoba RESULT="%s"', "HOBA result=%s", 'HOBA result = "%s"',
    'HOBA   result="%s" ,', 'HOBA foo=bar, result="%s"'])
def test_other_spellings_of_the_header(alice, spell):
    result = alice.key.result(alice.getchal(), alice.origin)
    assert alice.get(authorization=spell % result).status == 200


def test_padding_is_signed_as_it_travels(alice):
    key = alice.key
    assert alice.sign_in(key, kid=key.kid + "=").status == 200
    sig = alice.sign_in(key, nonce="Pm3yUW-sW5Q=")
    assert sig.status == 200


# name -> (what is signed or sent instead, the log's word)
HOSTILE = {
    "kid not signed": (dict(send_kid="A" * 43), "unknown"),
    "padding not signed": (dict(send_nonce="AAAA=", nonce="AAAA"), "invalid"),
    "nonce not signed": (dict(send_nonce="BBBB", nonce="AAAA"), "invalid"),
    "value moved": (dict(nonce="AAAA1", send_nonce="AAAA"), "invalid"),
    "number of another algorithm": (dict(alg="0"), "invalid"),
    "number as 2 digits": (dict(alg="090"), "invalid"),
    "realm absent": (dict(realm=""), "invalid"),
    "realm of letter case": (dict(realm="docs"), "invalid"),
    "other realm": (dict(realm="Other"), "invalid"),
    "origin without port": (dict(origin="http://localhost"), "invalid"),
    "origin with slash": (dict(origin="slash"), "invalid"),
    "https": (dict(origin="https"), "invalid"),
    "other host": (dict(origin="http://evil.example:80"), "invalid"),
    "signature short": (dict(send_sig="AAAA"), "invalid"),
    "signature one": (dict(send_sig="A"), "invalid"),
    "signature zero": (dict(send_sig=b64u(bytes(64))), "invalid"),
    "signature padded inside": (dict(send_sig="AA==AA"), "invalid"),
    "empty text": (dict(tbs=b"0:0:0:0:0:0:"), "invalid"),
    "empty part": (dict(send_nonce=""), "malformed"),
    "five parts": (dict(send_nonce="AAAA.AAAA"), "malformed"),
    "standard base64": (dict(send_nonce="AA/A"), "malformed"),
    "nonce too long": (dict(nonce="A" * 129), "malformed"),
    "kid too long": (dict(kid="A" * 513), "malformed"),
    "result too long": (dict(send_sig="A" * 4097), "malformed"),
    "blank": (dict(send_nonce="AA AA"), "malformed"),
    "8 bits": (dict(send_nonce="AA\xe9A"), "malformed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers(alice, name):
    """T-HOB-01, T-HOB-03"""
    instead, word = HOSTILE[name]
    instead = dict(instead)
    if instead.get("origin") in ("slash", "https"):
        instead["origin"] = {"slash": alice.origin + "/", "https":
                             alice.origin.replace("http", "https")}[
                                 instead["origin"]]
    answer = alice.sign_in(alice.key, **instead)
    assert answer.status == 401
    assert answer.schemes() == ["HOBA", "Basic"]
    alice.site.log.expects(f"scheme=HOBA problem={word} user=-", times=1)


@pytest.mark.parametrize("value, word", [
    ("HOBA", "malformed"), ("HOBA abc=", "malformed"),
    ("HOBA a.b.c.d", "malformed"), ('HOBA result=""', "malformed"),
    ('HOBA result="a.b.c"', "malformed"), ('HOBA foo="a.b.c.d"', "malformed"),
    ("HOBA result=a=.b.c.d", "malformed"),
    ('HOBA result="a.b.c.d", result="a.b.c.d"', "malformed"),
    ('HOBA result="a.b.c.d" x', "malformed"),
    ('HOBA result="a.b.c.d', "malformed"),
])
def test_hostile_headers(alice, value, word):
    assert alice.get(authorization=value).status == 401
    alice.site.log.expects(f"problem={word}", times=1)


def test_challenges_of_others(alice):
    """T-HOB-02"""
    for challenge in ("AAAA", "A" * 54, "pUE77w0LylHypHKhBqAiQHuGC751GiOVv4",
                      alice.getchal()[:-1], alice.getchal() + "A",
                      alice.getchal() + "=", alice.getchal().swapcase()):
        assert alice.sign_in(alice.key, challenge=challenge).status == 401
    alice.site.log.expects("the challenge is not of this server", times=7)


def test_an_old_challenge(alice):
    challenge = alice.getchal()
    # One that ends while it is looked at is refused in other words.
    eventually(lambda: alice.sign_in(alice.key, "/docs/short/",
                                     challenge=challenge).status == 401
               and alice.site.log.find("the challenge is too old"))
    assert alice.sign_in(alice.key, "/docs/short/").status == 200
    assert alice.sign_in(alice.key, challenge=challenge).status == 200


def test_unknown_looks_like_wrong(alice):
    """T-SEC-04"""
    def shape(answer):
        answer.headers = [(k, v[:16]) for k, v in answer.headers
                          if k.lower() != "date"]
        return answer.status, answer.headers, answer.body
    unknown = alice.sign_in(Key())
    wrong = alice.sign_in(alice.key, send_sig=b64u(bytes(64)))
    assert shape(unknown) == shape(wrong)
    alice.site.log.expects("problem=unknown", times=1)
    alice.site.log.expects("problem=invalid", times=1)


# ---- keys that are not good enough ----------------------------------------

def test_algorithms_are_configured(serve):
    """T-HOB-04: by default RSA with SHA-256 alone."""
    site = serve()
    write(site, extra="", tls=None)
    conf = (site.root / "conf/test.conf").read_text()
    site.write_conf(conf.replace("HobaAlgorithms RSA-SHA256 ES256 Ed25519",
                                 ""))
    site.graceful()
    client = Client(site)
    for alg in ("ES256", "Ed25519"):
        assert client.sign_in(site.store.add(Key(alg))).status == 401
    site.log.expects("not in HobaAlgorithms", times=2)
    assert client.sign_in(site.store.add(Key("RSA-SHA1"))).status == 401
    site.log.expects("does not verify", times=1)
    assert client.sign_in(site.store.add(Key("RSA-SHA256"))).status == 200

    site.write_conf(conf.replace("Ed25519", "Ed25519 RSA-SHA1"))
    site.graceful()
    assert client.sign_in(site.store.add(Key("RSA-SHA1"))).status == 200
    assert client.sign_in(site.store.add(Key("RSA-SHA256"))).status == 200


def test_a_short_key(alice):
    """T-HOB-04: even if somebody put it into the store."""
    short = alice.site.store.add(Key("RSA-SHA256", bits=1024))
    assert alice.sign_in(short).status == 401
    alice.site.log.expects("the stored key is none that may be used", times=1)


def test_a_broken_record(alice):
    broken = alice.site.store.add(Key())
    alice.site.store.set(broken, "value = '!'")
    assert alice.sign_in(broken).status == 503
    alice.site.log.expects("not base64url", times=1)
    alice.site.log.expects("cannot read the credential store", times=1)
    strange = alice.site.store.add(Key())
    alice.site.store.set(strange, f"expires = {int(time.time() * 1e6)}")
    assert alice.sign_in(strange).status == 401
    alice.site.log.expects("the key's time is over", times=1)


# ---- replay ---------------------------------------------------------------

def test_an_answer_works_once(serve, mpm):
    site = serve(mpm=mpm)
    client, key = Client(site), site.store.add(Key())
    answer = client.answer(key)
    assert client.get(authorization=answer).status == 200
    for _ in range(8):
        again = client.get(authorization=answer)
        assert again.status == 401
    site.log.expects("problem=replayed", times=8)
    fresh = again.challenge("HOBA")["challenge"]
    assert client.sign_in(key, challenge=fresh).status == 200


def test_a_challenge_works_often(alice):
    challenge = alice.getchal()
    for _ in range(5):
        assert alice.sign_in(alice.key, challenge=challenge).status == 200


def test_with_max_age_0_a_challenge_works_once(alice):
    challenge = alice.getchal()
    assert alice.sign_in(alice.key, "/docs/once/",
                         challenge=challenge).status == 200
    assert alice.sign_in(alice.key, "/docs/once/",
                         challenge=challenge).status == 401
    alice.site.log.expects("problem=replayed", times=1)


@pytest.mark.parametrize("first, second", [("/docs/", "/docs/once/"),
                                           ("/docs/once/", "/docs/")])
def test_places_with_another_max_age_share_what_was_used(alice, first, second):
    """T-DSP-10: the same origin and realm, so the same signature."""
    answer = alice.answer(alice.key)
    assert alice.get(first, authorization=answer).status == 200
    assert alice.get(second, authorization=answer).status == 401
    alice.site.log.expects("problem=replayed", times=1)


def test_a_stranger_cannot_burn_an_answer(alice):
    """T-SHM-04: only what verified is claimed."""
    good = alice.key.result(alice.getchal(), alice.origin)
    kid, challenge, nonce, _ = good.split(".")
    bad = f'HOBA result="{kid}.{challenge}.{nonce}.{b64u(bytes(64))}"'
    assert alice.get(authorization=bad).status == 401
    alice.site.log.expects("problem=invalid", times=1)
    assert alice.get(authorization=f'HOBA result="{good}"').status == 200


def test_all_at_once(serve):
    """T-SHM-06"""
    site = serve()
    client, key = Client(site), site.store.add(Key())
    answer = client.answer(key)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        done = [f.result().status for f in
                [pool.submit(client.get, authorization=answer)
                 for _ in range(32)]]
    assert sorted(done) == [200] + [401] * 31
    site.log.expects("problem=replayed", times=31)


def test_replay_after_restarts(serve):
    site = serve()
    client, key = Client(site), site.store.add(Key())
    answer, unused = client.answer(key), client.answer(key)
    assert client.get(authorization=answer).status == 200
    site.graceful()
    assert client.get(authorization=answer).status == 401
    assert client.get(authorization=unused).status == 200
    site.log.expects("problem=replayed", times=1)


# ---- the key's state ------------------------------------------------------

def test_a_revoked_key_is_out_everywhere(serve, mpm):
    """T-HOB-07"""
    site = serve(mpm=mpm)
    client, key = Client(site), site.store.add(Key())
    for _ in range(10):
        assert client.sign_in(key).status == 200
    site.store.set(key, "state = 'revoked'")
    for _ in range(10):
        assert client.sign_in(key).status == 401
    site.log.expects("problem=disabled user=- uri=\"/docs/\": the key is "
                     "revoked", times=10)
    site.store.sql("DELETE FROM authscheme_credentials;")
    assert client.sign_in(key).status == 401
    site.log.expects("problem=unknown", times=1)


def test_a_pending_key(alice):
    key = alice.site.store.add(Key(), state="pending")
    assert alice.sign_in(key).status == 401
    alice.site.log.expects("the key is not yet approved", times=1)
    alice.site.store.set(key, "state = 'active'")
    assert alice.sign_in(key).status == 200


def test_a_key_is_for_its_realm_and_origin(alice):
    other = alice.site.store.add(Key(), realm="Other")
    away = alice.site.store.add(Key(), origin="http://localhost:1")
    assert alice.sign_in(other).status == 401
    assert alice.sign_in(away).status == 401
    assert alice.sign_in(other, "/other/", realm="Other").status == 200
    assert alice.sign_in(alice.key, "/other/", realm="Other").status == 401
    alice.site.log.expects("problem=unknown", times=3)


# ---- origins --------------------------------------------------------------

def test_hosts_select_origins_and_make_none(alice):
    for host in ("evil.example", "evil.example:80", "localhost",
                 "localhost:1", "127.0.0.1:%d" % alice.site.port):
        client = Client(alice.site, host=host)
        refused = client.get()
        assert refused.schemes() == ["Basic"]
        assert client.post("getchal").status == 403
        signed = alice.answer(alice.key, origin="http://" + host)
        assert client.get(authorization=signed).status == 401
        signed = alice.answer(alice.key)
        assert client.get(authorization=signed).status == 401
    alice.site.log.expects("no HobaOrigin", times=15)
    upper = "LOCALHOST:%d" % alice.site.port
    assert Client(alice.site, host=upper, origin=alice.origin).sign_in(
        alice.key).status == 200


def test_only_hoba_for_a_strange_host(alice):
    answer = alice.site.get("/other/", host="evil.example")
    assert answer.status == 403
    assert not answer.all("WWW-Authenticate")
    alice.site.log.expects("the request's host and port are no HobaOrigin", times=1)


def test_other_virtual_hosts(serve):
    """T-HOB-02: two origins, one store; nothing carries over."""
    site = serve(extra="""
<VirtualHost *:{port}>
    ServerName a.example
    HobaOrigin http://a.example:{port}
</VirtualHost>
<VirtualHost *:{port}>
    ServerName b.example
    HobaOrigin http://b.example:{port}
</VirtualHost>
""")
    names = [f"{n}.example:{site.port}" for n in "ab"]
    one, two = [Client(site, host=n, origin="http://" + n) for n in names]
    key = site.store.add(Key(), origin=one.origin)
    assert one.sign_in(key).status == 200
    assert two.sign_in(key).status == 401
    site.log.expects("problem=unknown", times=1)
    assert one.sign_in(key, challenge=two.getchal()).status == 401
    site.log.expects("the challenge is not of this server", times=1)
    signed = one.answer(key)
    assert two.get(authorization=signed).status == 401
    site.log.expects("the challenge is not of this server", times=2)


def test_the_default_origin(serve):
    """Of ServerName, ServerAlias and the listener; on TLS too."""
    site = serve(conf_tls="HobaRequireTLS off",
                 tls="ServerName localhost\nServerAlias twin.example\n"
                     "HobaRequireTLS on")
    for client in (Client(site), Client(site, tls=True)):
        key = site.store.add(Key(), origin=client.origin)
        assert client.sign_in(key).status == 200
    twin = f"twin.example:{site.tls_port}"
    client = Client(site, tls=True, host=twin, origin="https://" + twin)
    assert client.sign_in(
        site.store.add(Key(), origin=client.origin)).status == 200
    strange = Client(site, host=f"evil.example:{site.port}")
    assert strange.get().schemes() == ["Basic"]


def test_without_tls(serve):
    site = serve("open", conf_tls="HobaOrigin http://localhost:{port} "
                                  "https://localhost:{tls_port}", tls="")
    client = Client(site)
    assert client.get().schemes() == ["Basic"]
    for name in ("register", "getchal", "login", "logout"):
        assert client.post(name, Key().form()).status == 403
    site.log.expects("problem=insecure", times=4)
    safe, key = Client(site, tls=True), Key()
    answer = safe.answer(key)
    assert client.get(authorization=answer).status == 403
    site.log.expects("problem=insecure", times=5)
    assert site.get("/other/").status == 403
    site.log.expects('uri="/other/": HOBA without TLS', times=1)
    assert safe.register(key).status == 200
    assert safe.get(authorization=answer).status == 200


# ---- registration ---------------------------------------------------------

def test_register_off(serve):
    site = serve()
    answer = Client(site).register(Key())
    assert answer.status == 403 and not answer.all("Hobareg")
    site.log.expects("HobaRegistration is off", times=1)
    assert site.store.count() == 0


@pytest.mark.parametrize("alg", ["RSA-SHA256", "ES256", "Ed25519"])
def test_register_open(serve, alg):
    site = serve("open")
    client, key = Client(site), Key(alg)
    for _ in range(2):  # the same request is answered alike
        answer = client.register(key, did="Alice\u2019s <box>")
        assert answer.status == 200
        assert answer.header("Hobareg") == "regok"
        assert answer.header("Cache-Control") == "no-store"
        assert json.loads(answer.text) == {
            "kid": key.kid, "account": key.kid, "state": "active"}
    assert site.store.count() == 1
    assert site.store.count("label = 'Alice\u2019s <box>'") == 1
    assert client.sign_in(key).header("X-User") == key.kid


def test_register_approve(serve):
    site = serve("approve")
    client, key = Client(site), Key()
    for _ in range(2):
        answer = client.register(key)
        assert answer.status == 202
        assert answer.header("Hobareg") == "reginwork"
        assert json.loads(answer.text)["state"] == "pending"
    assert client.sign_in(key).status == 401
    site.log.expects("not yet approved", times=1)
    site.store.set(key, "state = 'active', username = 'carol'")
    answer = client.register(key)
    assert answer.status == 200 and answer.header("Hobareg") == "regok"
    assert client.sign_in(key).header("X-User") == "carol"


def test_register_bind(serve):
    site = serve("bind")
    client, key = Client(site), Key()
    answer = client.bind(key, ALICE)
    assert answer.status == 200 and answer.header("Hobareg") == "regok"
    assert json.loads(answer.text)["account"] == "alice"
    assert client.sign_in(key).header("X-User") == "alice"
    assert client.bind(key, ALICE).status == 200

    # another account, no account, a wrong password
    assert client.bind(key, BOB).status == 409
    site.log.expects("belongs to another account", times=1)
    for authorization in (None, basic("alice", "x"), "Bearer x"):
        answer = client.bind(Key(), authorization)
        assert answer.status == 401 and not answer.all("Hobareg")
    site.log.expects("Password Mismatch", times=1)  # mod_auth_basic's own
    site.log.expects("problem=invalid", times=1)
    site.log.expects("problem=unoffered", times=1)
    # the user is signed in, the key is not proven
    for result in (None, "a.b.c", Key().result(client.getchal(),
                                               client.origin)):
        answer = client.post("register", Key().form(result=result), ALICE)
        assert answer.status == 401
        assert "HOBA" in answer.schemes()
    site.log.expects("no proof that the client has the key")
    site.log.expects("four parts", times=1)
    site.log.expects("names another key than the form", times=1)
    # HOBA itself is no sign-in to bind to: a key would breed keys
    other = Key()
    signed = client.post("register", other.form(result=other.result(
        client.getchal(), client.origin)), client.answer(key))
    assert signed.status == 401
    site.log.expects("problem=unoffered", times=2)
    assert site.store.count() == 1


def test_a_proof_is_needed(serve):
    site = serve("open")
    client, key, other = Client(site), Key(), Key()
    refused = client.post("register", key.form())
    assert refused.status == 401 and not refused.all("Hobareg")
    assert refused.challenge("HOBA")["realm"] == "Docs"
    bad = {
        "key": client.answer(other),
        "signature": client.answer(other, kid=key.kid),
        "realm": client.answer(key, realm=""),
        "origin": client.answer(key, origin="https://localhost:443"),
        "challenge": client.answer(key, challenge="A" * 54),
        "scheme": ALICE,
        "garbage": "HOBA x",
    }
    for name, authorization in bad.items():
        answer = client.post("register", key.form(), authorization)
        assert answer.status == 401, name
        assert "HOBA" in answer.schemes()
    site.log.expects("scheme=HOBA problem=", times=len(bad) + 1)
    assert site.store.count() == 0
    # and the challenge of the refusal will do
    challenge = refused.challenge("HOBA")["challenge"]
    assert client.post("register", key.form(),
                       client.answer(key, challenge)).status == 200


def test_a_proof_works_once(serve):
    site = serve("open")
    client, key = Client(site), Key()
    proof = client.answer(key)
    assert client.post("register", key.form(), proof).status == 200
    assert client.post("register", key.form(), proof).status == 401
    assert client.get(authorization=proof).status == 401
    site.log.expects("problem=replayed", times=2)


def pem(key, **replace):
    text = key.pem
    for old, new in replace.items():
        text = text.replace(old, new)
    return text


KEY = Key("RSA-SHA256")
BODY = KEY.pem.split("-----")[2].replace("\n", "")
GOOD_PEMS = {
    "CRLF": KEY.pem.replace("\n", "\r\n"),
    "no line breaks": f"-----BEGIN PUBLIC KEY-----{BODY}-----END PUBLIC KEY-----",
    "base64url": KEY.pem.replace(BODY[:64], BODY[:64]).replace("+", "-")
                    .replace("/", "_"),
    "space around": "\n  " + KEY.pem + " \n",
}


@pytest.mark.parametrize("name", GOOD_PEMS)
def test_spellings_of_a_key(serve, name):
    site = serve("open")
    answer = Client(site).register(KEY, pub=GOOD_PEMS[name])
    assert answer.status == 200
    assert site.store.count(f"value = '{b64u(KEY.der)}'") == 1


def private(key):
    from cryptography.hazmat.primitives import serialization as s
    return key.private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8,
                                     s.NoEncryption()).decode()


def pkcs1(key):
    from cryptography.hazmat.primitives import serialization as s
    return key.private.public_key().public_bytes(
        s.Encoding.PEM, s.PublicFormat.PKCS1).decode()


# Forms that are refused before anybody asks for a proof (T-HOB-05).
BAD_FORMS = {
    "no pub": KEY.form(pub=None),
    "empty pub": KEY.form(pub=""),
    "private key": KEY.form(pub=private(KEY)),
    "PKCS#1": KEY.form(pub=pkcs1(KEY)),
    "two keys": KEY.form(pub=KEY.pem + Key().pem),
    "text around": KEY.form(pub="key:\n" + KEY.pem),
    "plus not escaped": "kidtype=0&pub=" + KEY.pem.replace("\n", "%0A")
                        .replace(" ", "%20").replace("/", "%2F")
                        .replace(BODY[10:12], "+="),
    "short": Key("RSA-SHA256", bits=1024).form(),
    "wrong kid": KEY.form(kid="A" * 43),
    "padded kid": KEY.form(kid=KEY.kid + "="),
    "empty kid": KEY.form(kid=""),
    "kidtype 1": KEY.form(kidtype="1"),
    "kidtype 2": KEY.form(kidtype="2"),
    "kidtype 00": KEY.form(kidtype="00"),
    "kidtype empty": KEY.form(kidtype=""),
    "kidtype word": KEY.form(kidtype="hash"),
    "didtype 1": KEY.form(didtype="1"),
    "did too long": KEY.form(did="x" * 129),
    "did with control": KEY.form(did="a\nb"),
    "did not UTF-8": KEY.form() + "&did=%ff%fe",
    "did overlong UTF-8": KEY.form() + "&did=%c0%af",
    "pub twice": KEY.form() + "&pub=x",
    "did twice": KEY.form(did="a") + "&d%69d=b",
    "bad escape": KEY.form() + "&x=%4",
    "NUL": KEY.form() + "&x=%00",
    "raw newline": KEY.form() + "\n",
    "no equals": KEY.form() + "&x",
    "too many fields": KEY.form() + "".join(f"&f{n}=" for n in range(40)),
    "empty": "",
    "junk": "\x00\x01\x02",
}


@pytest.mark.parametrize("name", BAD_FORMS)
def test_bad_forms(shared, name):
    client = Client(shared)
    before = shared.store.count()
    answer = client.post("register", BAD_FORMS[name], client.answer(KEY))
    assert answer.status == 400
    assert not answer.all("Hobareg")
    assert answer.header("Cache-Control") == "no-store"
    shared.log.expects("authscheme: refused status=400 scheme=HOBA "
                       "problem=malformed user=-", times=1)
    assert shared.store.count() == before
    assert "PRIVATE" not in "".join(shared.log.new())


@pytest.mark.parametrize("more, status", [
    (dict(headers={"Content-Type": "text/plain"}), 415),
    (dict(headers={"Content-Type": "multipart/form-data; boundary=x"}), 415),
    (dict(headers={"Content-Type": "application/x-www-form-urlencodedx"}), 415),
    (dict(headers={"Content-Type": "application/json"}), 415),
    (dict(body="x=" + "a" * 20000), 413),
    (dict(body="x=" + "a" * 1000000), 413),
    (dict(headers={"Origin": "https://evil.example"}), 403),
    (dict(headers={"Origin": "null"}), 403),
    (dict(headers={"Sec-Fetch-Site": "cross-site"}), 403),
    (dict(headers={"Sec-Fetch-Site": "same-site"}), 403),
])
def test_bad_requests(shared, more, status):
    """T-HOB-05: too long, no form, sent by the page of somebody else."""
    client = Client(shared)
    answer = client.post("register", more.get("body", KEY.form()),
                         client.answer(KEY), more.get("headers", ()))
    assert answer.status == status
    shared.log.expects(f"status={status} scheme=HOBA problem=", times=1)


def test_a_chunked_body(shared):
    chunk = "2000\r\n" + "a" * 0x2000 + "\r\n"
    answer = shared.raw("POST /.well-known/hoba/register HTTP/1.1\r\n"
                        f"Host: localhost:{shared.port}\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\n"
                        "Connection: close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n"
                        + chunk * 4 + "0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    shared.log.expects("the form is too long", times=1)


def test_same_origin_pages_may_post(serve):
    site = serve("bind")
    client = Client(site)
    for headers in ({"Origin": site.url}, {"Sec-Fetch-Site": "same-origin"}):
        assert client.bind(Key(), ALICE, headers=headers).status == 200
    assert client.bind(Key(), ALICE, headers={
        "Origin": "http://evil.example"}).status == 403
    site.log.expects("sent by a page of another origin", times=1)


@pytest.mark.parametrize("name", ["register", "getchal", "login", "logout"])
def test_post_only(shared, name):
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = shared.get("/.well-known/hoba/" + name, method)
        assert answer.status == 405
        assert answer.header("Allow").replace(",TRACE", "") == "POST"


def test_other_paths(shared):
    for path in ("", "nothing", "register/", "getchal/x", "REGISTER"):
        answer = shared.get("/.well-known/hoba/" + path, "POST")
        assert answer.status == 404, path


def test_a_revoked_key_does_not_come_back(serve):
    site = serve("open")
    client, key = Client(site), Key()
    assert client.register(key).status == 200
    site.store.set(key, "state = 'revoked'")
    answer = client.register(key)
    assert answer.status == 403 and not answer.all("Hobareg")
    site.log.expects("this key is revoked", times=1)
    assert site.store.count("state = 'revoked'") == 1


def test_the_number_of_keys(serve):
    site = serve("bind")
    client = Client(site)
    keys = [Key() for _ in range(10)]
    for key in keys:
        assert client.bind(key, ALICE).status == 200
    assert client.bind(Key(), ALICE).status == 403
    site.log.expects("as many keys as it may have", times=1)
    assert client.bind(keys[0], ALICE).status == 200
    assert client.bind(Key(), BOB).status == 200
    site.store.set(keys[0], "state = 'revoked'")
    assert client.bind(Key(), ALICE).status == 200
    assert site.store.count("username = 'alice'") == 11


def test_the_number_of_pending_keys(serve):
    """T-HOB-05: a flood ends somewhere."""
    site = serve("approve")
    site.store.sql("".join(
        "INSERT INTO authscheme_credentials (kind, id, realm, place, username,"
        f" value, state) VALUES ('hoba', 'k{n}', 'Docs', '{site.url}', 'k{n}',"
        " '', 'pending');" for n in range(99)))
    client = Client(site)
    assert client.register(Key()).status == 202
    answer = client.register(Key())
    assert answer.status == 429
    assert int(answer.header("Retry-After")) > 0
    site.log.expects("too many keys wait for approval", times=1)


def test_two_registrations_at_once(serve, mpm):
    """T-HOB-06"""
    site = serve("open", mpm=mpm)
    client, key = Client(site), Key()
    proofs = [client.answer(key) for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        done = [f.result() for f in
                [pool.submit(client.post, "register", key.form(), proof)
                 for proof in proofs]]
    assert [answer.status for answer in done] == [200] * 12
    assert site.store.count() == 1
    assert client.sign_in(key).status == 200


def test_a_store_that_cannot_be_written(serve):
    """T-HOB-06: no success without a record."""
    site = serve("open")
    client, key = Client(site), site.store.add(Key())
    site.store.sql("CREATE TRIGGER no BEFORE INSERT ON authscheme_credentials "
                   "BEGIN SELECT RAISE(FAIL, 'disk full'); END;")
    answer = client.register(Key())
    assert answer.status == 503 and not answer.all("Hobareg")
    assert answer.header("Retry-After")
    site.log.expects("disk full", times=1)
    site.log.expects("problem=fault user=- "
                     'uri="/.well-known/hoba/register": cannot write', times=1)
    assert client.sign_in(key).status == 200


def test_a_store_without_its_table(httpd):
    site = prepare(httpd, "open")
    site.store.sql("DROP TABLE authscheme_credentials;")
    site.start()
    assert Client(site).register(Key()).status == 503
    assert Client(site).sign_in(Key()).status == 503
    # the other schemes go on
    assert site.get("/docs/", authorization=ALICE).status == 200
    site.stop()  # a child that starts late says it, too
    site.log.expects("it has no table authscheme_credentials", times=2)
    site.log.expects("problem=fault", times=2)
    site.log.expects("no such table: authscheme_credentials")
    for text in ("child init failed", "failed to initialise",
                 "Failed to acquire"):
        site.log.allows(text)


def test_a_change_of_the_schema(serve):
    """SQLite forgets what was prepared: the next request prepares anew."""
    site = serve("open")
    client, key = Client(site), site.store.add(Key())
    for n in range(3):
        assert client.sign_in(key).status == 200
        site.store.sql(f"CREATE TABLE t{n} (a); VACUUM;")
        for _ in range(6):
            assert client.sign_in(key).status == 200
    assert client.register(Key()).status == 200


def test_without_a_store(httpd):
    site = prepare(httpd, "open")
    write(site, "open", database="")
    site.start()
    client = Client(site)
    assert client.sign_in(Key()).status == 500
    assert client.register(Key()).status == 500
    site.log.expects("HOBA needs AuthCredentials here", times=2)


def test_endpoints_without_a_realm(httpd):
    site = prepare(httpd, "open")
    conf = (site.root / "conf/test.conf").read_text()
    site.write_conf(conf.replace('AuthName "Docs"', ""))
    site.start()
    for name in ("register", "getchal", "login", "logout"):
        answer = Client(site).post(name, Key().form())
        assert answer.status == 500
    site.log.expects("AuthName is missing", times=4)


def test_no_forward_proxy(httpd):
    """What origin that would be, the RFC does not say."""
    site = prepare(httpd)
    site.modules += ["proxy", "proxy_http"]
    conf = (site.root / "conf/test.conf").read_text()
    site.write_conf(conf + """
ProxyRequests On
<Proxy "*">
    AuthType "HOBA Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Proxy>
""")
    site.start()
    answer = site.get(f"http://localhost:{site.port}0/x")
    assert answer.status == 407
    assert answer.schemes("Proxy-Authenticate") == ["Basic"]


# ---- getchal --------------------------------------------------------------

def test_getchal(alice):
    answer = alice.post("getchal", "anything")
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("text/plain")
    assert answer.header("Cache-Control") == "no-store"
    assert answer.challenge("HOBA")["challenge"] == answer.text
    assert answer.challenge("HOBA")["realm"] == "Docs"
    assert alice.sign_in(alice.key, challenge=answer.text).status == 200
    assert alice.post("getchal").text != answer.text


# ---- sessions -------------------------------------------------------------

def cookie_of(answer):
    return answer.header("Set-Cookie").split(";")[0]


def test_login(alice):
    answer = alice.post("login", authorization=alice.answer(alice.key))
    assert answer.status == 204
    pair, *attributes = answer.header("Set-Cookie").split("; ")
    assert pair.startswith("hoba-session=" + alice.key.kid + ".")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=600"]
    for _ in range(5):
        page = alice.get(headers={"Cookie": f"a=1; {pair}; b=2"})
        assert page.status == 200
        assert page.header("X-User") == "alice"
        assert page.header("X-Kid") == alice.key.kid
        assert "private" in page.header("Cache-Control")
    assert alice.site.access()[0]["scheme"] == "HOBA"


def test_login_on_tls(serve):
    site = serve(extra="HobaSession 600", tls="")
    client = Client(site, tls=True)
    key = site.store.add(Key(), origin=client.origin)
    answer = client.post("login", authorization=client.answer(key))
    pair, *attributes = answer.header("Set-Cookie").split("; ")
    assert pair.startswith("__Host-hoba=")
    assert attributes == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax",
                          "Max-Age=600"]
    assert client.get(headers={"Cookie": pair}).status == 200
    # the plain origin is another one
    plain = {"Cookie": pair.replace("__Host-hoba", "hoba-session")}
    assert Client(site).get(headers=plain).status == 401
    site.log.expects("the session is not of this server", times=1)


def test_login_wants_a_signature(alice):
    session = cookie_of(alice.post("login",
                                   authorization=alice.answer(alice.key)))
    for authorization in (None, "HOBA x", ALICE):
        answer = alice.post("login", authorization=authorization,
                            headers={"Cookie": session})
        assert answer.status == 401
        assert not answer.all("Set-Cookie")
    alice.site.log.expects("status=401", times=3)


def test_no_login_without_sessions(serve):
    site = serve()
    client, key = Client(site), site.store.add(Key())
    assert client.post("login", authorization=client.answer(key)).status == 403
    site.log.expects("HobaSession is off", times=1)
    assert client.get(headers={"Cookie": "hoba-session=x"}).status == 401


def test_forged_sessions(alice):
    session = cookie_of(alice.post("login",
                                   authorization=alice.answer(alice.key)))
    name, value = session.split("=", 1)
    kid, issued, expires, mac = value.split(".")
    forged = [".".join(parts) for parts in (
        (Key().kid, issued, expires, mac),
        (kid, str(int(issued) + 10**9), expires, mac),
        (kid, issued, str(int(expires) + 10**9), mac),
        (kid, issued, expires, mac[:-1]), (kid, issued, expires, "A" * 43),
        (kid, issued, expires), (kid, "0" + issued, expires, mac))]
    for value in ["", "x", *forged]:
        assert alice.get(headers={"Cookie": f"{name}={value}"}).status == 401
    alice.site.log.expects("the session is not of this server", times=9)
    twice = alice.get(headers={"Cookie": f"{name}=x; {session}"})
    assert twice.status == 401
    alice.site.log.expects("more than one session cookie", times=1)


def test_a_session_is_for_its_realm(alice):
    session = cookie_of(alice.post("login",
                                   authorization=alice.answer(alice.key)))
    answer = alice.get("/other/", headers={"Cookie": session})
    assert answer.status == 401
    alice.site.log.expects("the session is not of this server", times=1)


def test_a_wrong_signature_is_not_saved_by_a_session(alice):
    session = cookie_of(alice.post("login",
                                   authorization=alice.answer(alice.key)))
    wrong = alice.answer(alice.key, send_sig=b64u(bytes(64)))
    assert alice.get(authorization=wrong,
                     headers={"Cookie": session}).status == 401
    alice.site.log.expects("problem=invalid", times=1)


def test_a_session_ends(serve):
    site = serve(extra="HobaSession 1")
    client, key = Client(site), site.store.add(Key())
    session = cookie_of(client.post("login",
                                    authorization=client.answer(key)))
    headers = {"Cookie": session}
    eventually(lambda: client.get(headers=headers).status == 401)
    assert site.log.find("the session is over")


def test_who_need_not_sign_in_may_have_an_old_cookie(serve):
    site = serve(extra="""
    <Location "/other">
        AuthName "Docs"
        HobaSession 2
        AuthSchemeOptional on
        Header set X-User "expr=%{REMOTE_USER}"
    </Location>
    HobaSession 2
    """)
    site.write_conf((site.root / "conf/test.conf").read_text()
                    + '<Location "/other">\n    AuthName "Docs"\n'
                      '    Require all granted\n</Location>\n')
    site.graceful()
    client, key = Client(site), site.store.add(Key())
    cookie = {"Cookie": cookie_of(client.post(
        "login", authorization=client.answer(key)))}
    answer = site.get("/other/", headers=cookie)
    assert answer.status == 200 and answer.header("X-User") == "alice"
    eventually(lambda: client.get(headers=cookie).status == 401)
    answer = site.get("/other/", headers=cookie)
    assert answer.status == 200 and not answer.header("X-User")
    assert answer.schemes("Optional-WWW-Authenticate") == ["HOBA"]
    site.log.allows("the session is over")


def test_a_revoked_key_ends_its_sessions(serve, mpm):
    site = serve(extra="HobaSession 600", mpm=mpm)
    client, key = Client(site), site.store.add(Key())
    headers = {"Cookie": cookie_of(client.post(
        "login", authorization=client.answer(key)))}
    assert client.get(headers=headers).status == 200
    site.graceful()
    assert client.get(headers=headers).status == 200
    site.store.set(key, "state = 'revoked'")
    for _ in range(6):
        assert client.get(headers=headers).status == 401
    site.log.expects("the key is revoked", times=6)


def test_a_session_needs_an_algorithm_that_is_still_allowed(serve):
    """T-HOB-04"""
    site = serve(extra="HobaSession 600")
    client, key = Client(site), site.store.add(Key("ES256"))
    headers = {"Cookie": cookie_of(client.post(
        "login", authorization=client.answer(key)))}
    assert client.get(headers=headers).status == 200
    conf = (site.root / "conf/test.conf").read_text()
    site.write_conf(conf.replace(" ES256 Ed25519", ""))
    site.graceful()
    assert client.get(headers=headers).status == 401
    site.log.expects("not in HobaAlgorithms", times=1)


# ---- logout ---------------------------------------------------------------

def test_logout(serve, mpm):
    site = serve(extra="HobaSession 600", mpm=mpm)
    client, key = Client(site), site.store.add(Key(), label="my box")
    headers = {"Cookie": cookie_of(client.post(
        "login", authorization=client.answer(key)))}
    old, unused = client.getchal(), client.answer(key)
    answer = client.post("logout", authorization=client.answer(key))
    assert answer.status == 204
    assert answer.header("Set-Cookie").startswith("hoba-session=; Path=/;")
    assert "Max-Age=0" in answer.header("Set-Cookie")
    for _ in range(4):
        assert client.get(headers=headers).status == 401
        assert client.sign_in(key, challenge=old).status == 401
    assert client.get(authorization=unused).status == 401
    site.log.expects("issued before the last logout", times=9)
    assert client.sign_in(key).status == 200
    assert site.store.count("state = 'active' AND label = 'my box'") == 1
    login = client.post("login", authorization=client.answer(key))
    assert client.get(headers={"Cookie": cookie_of(login)}).status == 200


def test_logout_wants_the_key(alice):
    for authorization in (None, ALICE, "HOBA x"):
        assert alice.post("logout", authorization=authorization).status == 401
    alice.site.log.expects("status=401", times=3)


def test_logout_by_session_from_its_own_pages(serve):
    site = serve(extra="HobaSession 600")
    client, key = Client(site), site.store.add(Key())
    session = cookie_of(client.post("login",
                                    authorization=client.answer(key)))
    headers = {"Cookie": session}
    for more in ({}, {"Origin": "http://evil.example"},
                 {"Sec-Fetch-Site": "none"}):
        assert client.post("logout", headers={**headers, **more}
                           ).status == 403
    site.log.expects("status=403", times=3)
    assert client.get(headers=headers).status == 200
    assert client.post("logout", headers={**headers, "Origin": site.url}
                       ).status == 204
    assert client.get(headers=headers).status == 401
    site.log.expects("issued before the last logout", times=1)


# ---- configuration --------------------------------------------------------

@pytest.mark.parametrize("conf, says", [
    ("HobaOrigin www.example.com", "it has no scheme"),
    ("HobaOrigin https://www.example.com/", "nothing may follow the port"),
    ("HobaOrigin ftp://www.example.com", "neither http nor https"),
    ("HobaOrigin https://", "its host is none"),
    ("HobaOrigin https://www.example.com:0", "its port is not a number"),
    ("HobaOrigin https://a.example b.example", "it has no scheme"),
    ("HobaOrigin", "requires at least one argument"),
    ("HobaMaxAge -1", "from 0 to 600"), ("HobaMaxAge 601", "from 0 to 600"),
    ("HobaMaxAge 1m", "from 0 to 600"), ('HobaMaxAge ""', "takes one argument"),
    ("HobaMaxAge +5", "from 0 to 600"),
    ("HobaRegistration everybody", "takes off, approve, invite, bind or open"),
    ("HobaAlgorithms RS256", 'unknown algorithm "RS256"'),
    ("HobaAlgorithms none", 'unknown algorithm "none"'),
    ("HobaRequireTLS maybe", "must be On or Off"),
    ("HobaSession on", "takes off, or seconds"),
    ("HobaSession 0", "takes off, or seconds"),
    ("HobaSession 99999999", "takes off, or seconds"),
])
def test_the_start_is_stopped(httpd, conf, says):
    said = httpd.config_error(conf + "\n")
    assert says in said
    assert "conf/test.conf" in said and "line 1" in said


def test_the_core_is_needed(httpd):
    assert "needs mod_authscheme" in httpd.config_error(
        "", ours=["authscheme_hoba"])


# ---- the command-line client ----------------------------------------------

@pytest.mark.parametrize("alg", ["RSA-SHA256", "RSA-SHA1", "ES256", "Ed25519"])
def test_the_client(serve, alg):
    site = serve("bind", extra="HobaAlgorithms RSA-SHA1\nHobaSession 600",
                 tls="")
    tls = ["--cacert", str(site.root / "conf/server.pem")]
    page = site.tls_url + "/docs/"
    done = shell(site, "register", page, "--alg", alg, "--did", "my box",
                 "--user", "alice:wonderland", *tls)
    assert done.returncode == 0 and '"account":"alice"' in done.stdout
    assert site.store.count("label = 'my box' AND state = 'active'") == 1
    done = shell(site, "get", page, *tls)
    assert (done.returncode, done.stdout) == (0, "docs\n")
    done = shell(site, "get", page, "--replay", "1", *tls)
    assert done.returncode == 1
    assert done.stderr == "HTTP 200\nHTTP 401\n"
    site.log.expects("problem=replayed", times=1)
    assert shell(site, "login", page, *tls).returncode == 0
    done = shell(site, "get", page, "--cookie", *tls)
    assert (done.returncode, done.stdout) == (0, "docs\n")
    assert shell(site, "logout", page, *tls).returncode == 0
    assert shell(site, "get", page, *tls).returncode == 0
    assert alg in shell(site, "list").stdout
    site.store.sql("UPDATE authscheme_credentials SET state = 'revoked';")
    assert shell(site, "get", page, *tls).returncode == 1
    site.log.expects("the key is revoked", times=1)


def test_the_client_reads_other_challenges(serve):
    """Several on one line, and a realm with all that may stand in one."""
    site = serve("open")
    conf = (site.root / "conf/test.conf").read_text()
    site.write_conf(conf.replace(
        'AuthName "Docs"', 'AuthName "a \\"b\\" HOBA x=y"\n'
                           'AuthChallengeForm list'))
    site.graceful()
    page = site.url + "/docs/"
    done = shell(site, "register", page, "--alg", "Ed25519")
    assert done.returncode == 0, done.stderr
    done = shell(site, "get", page, "--print-tbs")
    assert (done.returncode, done.stdout) == (0, "docs\n")
    assert '14:a "b" HOBA x=y43:' in done.stderr
