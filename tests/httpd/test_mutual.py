# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Mutual (RFC 8120, 8121) on a real server, message by message: T-MUT-01 to
T-MUT-09, T-SHM-04, T-SHM-06, T-SEC-04, T-SEC-05, T-APR-13. The client's
numbers are those of tests/clients/mutual."""
import concurrent.futures
import json
import re

import pytest
import requests

from harness import build
from harness.client import basic
from harness.mutual import (
    ALGORITHMS, DL2048, DL4096, P256, P521, Exchange, add_user, client,
    file_store, reason)

OURS = tuple(name.removesuffix("_module") for name in build.our_modules())
CONF = """
AuthCredentials file:conf/credentials
BearerRequireTLS off
HobaRequireTLS off
MutualAlgorithm %s
<Location "/docs">
    AuthType "Digest Bearer HOBA Mutual Basic"
    AuthName "Docs"
    AuthBasicProvider credentials
    BearerTokens on
    HobaOrigin http://localhost:{port}
    Require valid-user
    Header set X-User "expr=%%{REMOTE_USER}"
    Header set X-Type "expr=%%{AUTH_TYPE}"
</Location>
<Location "/only">
    AuthType Mutual
    AuthName "Docs"
    Require valid-user
</Location>
<Location "/other">
    AuthType Mutual
    AuthName "Other"
    Require valid-user
</Location>
<Location "/bob">
    AuthType Mutual
    AuthName "Docs"
    Require user bob
</Location>
<Location "/bob/forbidden">
    AuthzSendForbiddenOnFailure On
</Location>
<Location "/few">
    AuthType Mutual
    AuthName "Docs"
    MutualNcMax 400
    Require valid-user
</Location>
<Location "/short">
    AuthType Mutual
    AuthName "Docs"
    MutualSessionLifetime 1
    Require valid-user
</Location>
<Location "/moved">
    Redirect /elsewhere
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
"""
FILES = {f"htdocs/{name}/index.html": f"{name}\n"
         for name in ("docs", "only", "other", "bob", "bob/forbidden", "few",
                      "short")}


@pytest.fixture(scope="module")
def site(httpd_module):
    site = httpd_module.prepare(CONF % " ".join(ALGORITHMS), files=FILES,
                                ours=OURS)
    site.store = file_store(site)
    site.scope = f"http://localhost:{site.port}"
    add_user(site.store, "alice", "wonderland", site.scope,
             algorithms=ALGORITHMS)
    add_user(site.store, "bob", "builder", site.scope)
    site.start()
    site.log.expects("MutualSessionLifetime 1 ")
    return site


def exchange(site, user="alice", password="wonderland", path="/only/", **more):
    def link(authorization, target=path, **extra):
        return site.get(target, authorization=authorization, **extra)
    place = client.Place.of("http", "localhost", site.port)
    return Exchange(link, place, user, password, **more)


# ---- challenges -----------------------------------------------------------

def test_the_challenge(site):
    answer = site.get("/only/")
    given = answer.challenge("Mutual")
    assert answer.status == 401
    assert given.pairs == [
        ("algorithm", P256), ("version", "1"), ("validation", "host"),
        ("auth-scope", site.scope), ("realm", "Docs"), ("reason", "initial")]
    assert answer.info() is None


def test_it_stands_in_the_set_with_the_others(site):
    answer = site.get("/docs/")
    assert answer.schemes() == ["Digest", "Bearer", "HOBA", "Mutual", "Basic"]
    assert answer.challenge("Mutual").names[0] == "algorithm"


def test_other_schemes_find_theirs(site):
    site.store("user", "carol", "--realm", "Docs", input="song\n")
    assert site.get("/docs/", authorization=basic("carol", "song")).status \
        == 200
    assert site.curl("/docs/", "--digest", "-u", "carol:song").status == 200
    assert site.curl("/docs/", "--anyauth", "-u", "carol:song").status == 200


def test_requests_finds_digest(site):
    site.store("user", "dave", "--realm", "Docs", input="song\n")
    session = requests.Session()
    session.trust_env = False
    answer = session.get(f"{site.url}/docs/",
                         auth=requests.auth.HTTPDigestAuth("dave", "song"))
    assert answer.status_code == 200
    site.requests += 2


def test_only_the_exchange_has_a_word_while_it_goes_on(site):
    """Other schemes beside 401-INIT alone."""
    one = exchange(site, path="/docs/")
    assert one.kex().schemes() == ["Mutual"]
    assert one.vfy(0).status == 200
    again = one.vfy(0)
    assert reason(again) == "stale-session"
    assert again.schemes() == ["Mutual"]
    wrong = exchange(site, password="no", path="/docs/")
    wrong.kex()
    assert wrong.vfy(0).schemes() == ["Digest", "Bearer", "HOBA", "Mutual",
                                      "Basic"]
    site.log.expects("problem=invalid")


# ---- signing in -------------------------------------------------------------

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signs_in(site, algorithm):
    one = exchange(site, algorithm=algorithm, path="/docs/")
    answer = one.kex()
    assert (one.given["nc-max"], one.given["nc-window"],
            one.given["time"]) == ("65535", "128", "300")
    assert answer.info() is None
    for nc in (0, 1, 7, 3):
        answer = one.vfy(nc)
        assert answer.status == 200 and one.is_proven(answer, nc)
        assert answer.header("X-User") == "alice"
        assert answer.header("X-Type") == "Mutual"


def test_names_beyond_ascii(site):
    name, password = 'Ren\u00e9e "q" \\ France', "caf\u00e9 \u2603"
    add_user(site.store, name, password, site.scope)
    exchange(site, name, password).sign_in()


def test_first_number_may_be_any(site):
    one = exchange(site).sign_in(65535)
    assert one.is_proven(one.vfy(65535 - 127), 65535 - 127)


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/docs/", 200), ("HEAD", "/docs/", 200), ("GET", "/docs/no", 404),
    ("GET", "/docs", 301), ("PUT", "/docs/index.html", 405),
    ("GET", "/bob/forbidden/", 403)])
def test_the_proof_goes_with_every_status(site, method, path, status):
    """T-APR-13, T-MUT-07"""
    one = exchange(site)
    one.kex()
    answer = one.link(one.credentials(one.vfy_words(0)), path, method=method)
    assert answer.status == status
    assert one.is_proven(answer, 0)
    if status == 403:
        site.log.expects("problem=unauthorized")
        site.log.expects("AH01631")


def test_the_proof_goes_with_not_modified(site):
    one = exchange(site).sign_in()
    tag = one.vfy(1).header("ETag")
    answer = one.link(one.credentials(one.vfy_words(2)),
                      headers={"If-None-Match": tag})
    assert answer.status == 304
    assert one.is_proven(answer, 2)


def test_who_is_turned_away_with_401_is_told_nothing(site):
    """T-MUT-07: 401-INIT is no answer that proves anything."""
    one = exchange(site)
    one.kex()
    answer = one.link(one.credentials(one.vfy_words(0)), "/bob/")
    assert reason(answer) == "authz-failed"
    site.log.expects("problem=unauthorized user=alice")
    site.log.expects("AH01631")
    assert one.vfy(1).status == 200


def test_an_index_is_not_a_second_request(site):
    """Internal redirects and subrequests judge the same number again."""
    one = exchange(site).sign_in()
    answer = one.link(one.credentials(one.vfy_words(1)), "/docs/")
    assert answer.status == 200 and one.is_proven(answer, 1)
    answer = one.link(one.credentials(one.vfy_words(2)), "/docs/")
    assert answer.status == 200 and one.is_proven(answer, 2)


# ---- wrong passwords, unknown users -----------------------------------------

def shape(answer):
    """What a stranger sees, with random numbers made equal."""
    lines = [re.sub(r"(ks1|sid)=[0-9a-f]+",
                    lambda m: m[1] + "=" + "x" * len(m[0]), line)
             for line in answer.all("WWW-Authenticate")]
    names = [k for k, _ in answer.headers]
    return answer.status, lines, names, answer.body


def test_an_unknown_user_looks_like_a_wrong_password(site):
    """T-SEC-04, T-MUT-05"""
    known, nobody = exchange(site, "alice", "x"), exchange(site, "nobod", "x")
    assert shape(known.kex()) == shape(nobody.kex())
    assert shape(known.vfy(0)) == shape(nobody.vfy(0))
    assert shape(known.vfy(0)) == shape(nobody.vfy(0))
    site.log.expects("problem=invalid", 1)
    site.log.expects("problem=unknown", 1)


@pytest.mark.parametrize("name", [
    "", "nobody", "ali\u0000ce", "alice\u0000", "alice\n", "\ufeffalice",
    "\u0007", "x" * 255, "ALICE", "alice ", ":", "\u00e9"])
def test_names_nobody_has(site, name):
    one = exchange(site, name, "wonderland")
    words = one.kex_words()
    words[-2] = client.string_parameter("user", name) if name.isprintable() \
        else "user*=UTF-8''" + client.quote(name)
    one.take(one.link(one.credentials(words)))
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects("problem=unknown")


def test_a_name_in_no_utf8(site):
    one = exchange(site)
    words = ", ".join(one.kex_words()).replace('user="alice"', 'user="\xff"')
    one.take(one.link(b"Mutual " + words.encode("latin-1")))
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects("problem=unknown")


def test_one_exchange_is_one_guess(site):
    """RFC 8120 section 11: a rejected session stays rejected. 401-STALE is one
    of the two answers that it allows."""
    one = exchange(site)
    one.kex()
    right = one.z
    one.z = right + 2 if right % 2 == 0 else right - 2
    guess = [*one.vfy_words(0)[:-1], "vkc=" + "00" * 32]
    assert reason(one.link(one.credentials(guess))) == "auth-failed"
    site.log.expects("problem=invalid")
    one.z = right
    assert reason(one.vfy(0)) == "stale-session"
    assert reason(one.vfy(1)) == "stale-session"


def test_guesses_at_once_are_one_guess(site):
    """T-SHM-06: of many answers sent at once, the first is the only one."""
    for _ in range(5):
        one = exchange(site)
        one.kex()
        words = one.vfy_words(0)
        guesses = [one.credentials([*words[:-1], f"vkc={i:064x}"])
                   for i in range(1, 16)] + [one.credentials(words)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(one.link, guesses))
        assert [a.status for a in answers[:-1]] == [401] * 15
        is_in = answers[-1].status == 200
        assert (one.vfy(1).status == 200) == is_in
    site.log.allows("problem=invalid")


def test_right_answers_at_once(site):
    """Streams in parallel: all of them, from the first answer on."""
    for _ in range(5):
        one = exchange(site)
        one.kex()
        sent = {nc: one.credentials(one.vfy_words(nc)) for nc in range(16)}
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = dict(zip(sent, pool.map(one.link, sent.values())))
        good = [nc for nc, answer in answers.items() if answer.status == 200]
        assert len(good) >= 12, "a few may come between begin and session"
        assert all(one.is_proven(answers[nc], nc) for nc in good)
        assert all(reason(answer) == "stale-session"
                   for nc, answer in answers.items() if nc not in good)


# ---- numbers that are none ----------------------------------------------

def encoded(algorithm, number):
    group = client.GROUPS[algorithm]
    return group.encode(number.to_bytes(group.size, "big"))


def bad_numbers():
    for algorithm in (DL2048, DL4096):
        q = client.GROUPS[algorithm].q
        for name, number in (("0", 0), ("1", 1), ("q-1", q - 1), ("q", q),
                             ("q+1", q + 1), ("q-2", q - 2)):
            yield algorithm, name, encoded(algorithm, number)
    for algorithm in (P256, P521):
        q = client.GROUPS[algorithm].q
        # 0 and 1 are points of these curves: x = 0
        for name, number in (("2q", 2 * q), ("2q+1", 2 * q + 1)):
            yield algorithm, name, encoded(algorithm, number)


@pytest.mark.parametrize("algorithm,name,kc1", [
    *bad_numbers(),
    (P256, "empty", '""'), (P256, "short", "00"), (P256, "odd", "0" * 65),
    (P256, "long", "00" * 34), (P256, "letters", "g" * 66),
    (P256, "SEC 1", "03" + "f351b3b060e03faa244e2c516c0ec1a99d5bf4d71b98cd33f4"
                           "357d85b6b0ba45"),
    (P256, "negative", '"-1"'), (P256, "base64", '"AAAA"'),
    (DL2048, "empty", '""'), (DL2048, "hex", "00" * 256),
    (DL2048, "longer than q", '"' + "A" * 348 + '"'),
    (DL2048, "leading zeros", '"' + "A" * 344 + '"')],
    ids=lambda value: str(value)[:24])
def test_keys_that_are_refused(site, algorithm, name, kc1):
    """T-MUT-01: before anything is computed with them."""
    one = exchange(site, algorithm=algorithm)
    words = [*one.kex_words()[:-1], f"kc1={kc1}"]
    assert reason(one.link(one.credentials(words))) == "invalid-parameters"
    site.log.expects("problem=malformed")


# ---- messages that are none ----------------------------------------------

@pytest.mark.parametrize("change,said", [
    ("version=2", "invalid-parameters"), ("version=", "invalid-parameters"),
    ("algorithm=iso-kam3-ec-p384-sha384", "initial"),
    ('algorithm="a b"', "invalid-parameters"),
    ("validation=tls-unique", "invalid-parameters"),
    ("validation=tls-server-end-point", "invalid-parameters"),
    ('auth-scope="https://localhost"', "initial"),
    ('auth-scope="localhost"', "initial"), ('auth-scope="*.com"', "initial"),
    ('realm="docs"', "initial"), ("realm*=UTF-8''Docs", "invalid-parameters"),
    ("vkc=00", "invalid-parameters"), ("ks1=00", "invalid-parameters"),
    ("kc2=00", "invalid-parameters"), ("vks=00", "invalid-parameters"),
    ("user*=UTF-8''alice", "invalid-parameters"),
    ("user*=ISO-8859-1''alice", "invalid-parameters"),
    ('user="' + "x" * 256 + '"', "invalid-parameters")])
def test_exchanges_that_are_refused(site, change, said):
    """T-MUT-08"""
    one = exchange(site)
    name = change.split("=")[0]
    words = [w for w in one.kex_words() if w.split("=")[0] != name]
    assert reason(one.link(one.credentials([*words, change]))) == said
    site.log.expects(re.compile("problem=(malformed|unacceptable)"))


@pytest.mark.parametrize("change,said", [
    ("sid=0", "invalid-parameters"), ('sid=""', "invalid-parameters"),
    ("sid=0g", "invalid-parameters"), ("sid=00", "stale-session"),
    ("sid=" + "00" * 200, "stale-session"),
    ("sid=" + "00" * 3000, "stale-session"),
    ("nc=-1", "invalid-parameters"), ("nc=01", "invalid-parameters"),
    ("nc=x", "invalid-parameters"), ('nc=""', "invalid-parameters"),
    ('vkc=""', "auth-failed"), ("vkc=00", "auth-failed"),
    ("vkc=" + "0" * 63, "auth-failed"), ("vkc=" + "00" * 33, "auth-failed"),
    ("vkc=" + "00" * 600, "auth-failed"), ('vkc="%%"', "auth-failed"),
    ("kc1=00", "invalid-parameters"), ('realm="Other"', "initial")])
def test_answers_that_are_refused(site, change, said):
    """T-MUT-03"""
    one = exchange(site)
    one.kex()
    name = change.split("=")[0]
    words = [w for w in one.vfy_words(0) if w.split("=")[0] != name]
    assert reason(one.link(one.credentials([*words, change]))) == said
    site.log.allows(re.compile("problem=(malformed|unacceptable|invalid)"))


@pytest.mark.parametrize("value", [
    "Mutual", "Mutual abc==", "Mutual nc=1, nc=2", "Mutual ,,,",
    'Mutual realm="abc', "Mutual version=1", "Mutual a=b c=d"])
def test_credentials_that_are_none(site, value):
    answer = site.get("/only/", authorization=value)
    assert reason(answer) == "invalid-parameters"
    site.log.expects("problem=malformed")


def test_two_fields_are_a_bad_request(site):
    one = exchange(site).sign_in()
    words = one.credentials(one.vfy_words(1))
    answer = site.get("/only/", authorization=[words, basic("alice", "x")])
    assert answer.status in (400, 401)
    site.log.expects("problem=malformed")
    assert one.vfy(1).status == 200


# ---- sessions ----------------------------------------------------------------

def window_rows():
    file = build.TOP / "tests/unit/vectors/mutual/exchanges.json"
    return [row for row in json.loads(file.read_text())["nc_window"]
            if row["nc_max"] == 400]


@pytest.mark.parametrize("row", window_rows(), ids=lambda row: row["case"])
def test_windows(site, row):
    """T-MUT-04"""
    one = exchange(site, path="/few/")
    one.kex()
    assert one.given["nc-max"] == "400"
    for nc, expect in zip(row["nc"], row["expect"]):
        answer = one.vfy(nc)
        if expect == "200-VFY-S":
            assert answer.status == 200 and one.is_proven(answer, nc)
        else:
            assert reason(answer) == "stale-session"


def test_a_replay_ends_the_session(site):
    one = exchange(site).sign_in()
    assert reason(one.vfy(0)) == "stale-session"
    site.log.expects("problem=replayed", 1)
    for nc in range(1, 5):
        assert reason(one.vfy(nc)) == "stale-session", "its password is right"


def test_a_wrong_proof_ends_nothing(site):
    """T-SHM-04: whoever saw a session's id can't end it."""
    one = exchange(site).sign_in()
    for nc in (0, 1, 70000):
        words = [*one.vfy_words(nc)[:-1], "vkc=" + "00" * 32]
        assert reason(one.link(one.credentials(words))) == "auth-failed"
    site.log.expects("problem=invalid", 3)
    assert one.is_proven(one.vfy(1), 1)


def test_a_place_with_short_sessions_ends_no_others(site):
    """T-SHM-04: what is over in one place goes on in another, and who saw its
    id can't end it there."""
    one = exchange(site).sign_in()
    words = one.credentials([*one.vfy_words(1)[:-1], "vkc=" + "00" * 32])
    end = client.time.monotonic() + 20
    while reason(one.link(words, "/short/")) != "stale-session":
        assert client.time.monotonic() < end
        client.time.sleep(0.1)
    site.log.expects("problem=invalid")
    assert one.is_proven(one.vfy(1), 1)


def test_a_proof_for_another_server_is_wrong(site):
    """T-MUT-03: what a rogue server got, it can't use here."""
    one = exchange(site)
    one.kex()
    answer = one.vfy(0, vh=b"http://localhost:80")
    assert reason(answer) == "auth-failed"
    site.log.expects("problem=invalid")


def test_sessions_are_one_realms(site):
    """T-MUT-04: a session of one place opens nothing in another realm, and
    two logins are two sessions (T-MUT-09)."""
    add_user(site.store, "alice", "wonderland", site.scope, realm="Other")
    one, two = exchange(site).sign_in(), exchange(site).sign_in()
    assert one.sid != two.sid
    other = exchange(site, path="/other/", realm="Other")
    other.sid, other.k_c1, other.k_s1, other.z = (one.sid, one.k_c1, one.k_s1,
                                                  one.z)
    assert reason(other.vfy(1)) == "stale-session"
    one.sid, two.sid = two.sid, one.sid
    assert reason(one.vfy(1)) == "auth-failed"
    site.log.expects("problem=invalid", 1)
    one.sid, two.sid = two.sid, one.sid
    assert one.vfy(1).status == two.vfy(1).status == 200


def test_sessions_go_on_in_all_places_of_the_realm(site):
    one = exchange(site).sign_in()
    for nc, path in enumerate(("/docs/", "/only/", "/few/"), 1):
        answer = one.link(one.credentials(one.vfy_words(nc)), path)
        assert one.is_proven(answer, nc)


def test_an_upper_case_sid_is_the_same(site):
    one = exchange(site).sign_in()
    one.sid = one.sid.upper()
    assert one.vfy(1).status == 200
    one.sid = one.sid.lower()
    assert reason(one.vfy(1)) == "stale-session"
    site.log.expects("problem=replayed")


def test_a_session_is_over(site):
    """It lives a few seconds longer than announced, and no longer; a client
    that comes back signs in anew in one round."""
    unused, one = exchange(site, path="/short/"), exchange(site,
                                                           path="/short/")
    unused.kex()
    one.kex()
    assert one.given["time"] == "1"
    assert one.vfy(0).status == 200
    nc = 1
    end = client.time.monotonic() + 20
    while (answer := one.vfy(nc)).status == 200:
        assert client.time.monotonic() < end
        nc += 1
    assert reason(answer) == "stale-session"
    assert reason(unused.vfy(0)) == "stale-session"
    one.sign_in()


# ---- records that change ---------------------------------------------------

def test_another_password_ends_the_session(site):
    """T-MUT-09: at once, and the old password is worth nothing."""
    add_user(site.store, "erin", "old", site.scope)
    one = exchange(site, "erin", "old").sign_in()
    add_user(site.store, "erin", "new", site.scope)
    assert reason(one.vfy(1)) == "stale-session"
    one.kex()
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects("problem=invalid", 1)
    exchange(site, "erin", "new").sign_in()


def test_a_change_in_the_middle_of_an_exchange(site):
    add_user(site.store, "faye", "old", site.scope)
    one = exchange(site, "faye", "old")
    one.kex()
    add_user(site.store, "faye", "new", site.scope)
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects("changed since the key exchange")


def test_a_removed_user(site):
    add_user(site.store, "gina", "pw", site.scope)
    one = exchange(site, "gina", "pw").sign_in()
    pending = exchange(site, "gina", "pw")
    pending.kex()
    site.store("remove", "user", "gina")
    assert reason(one.vfy(1)) == "stale-session"
    assert reason(pending.vfy(0)) == "auth-failed"
    pending.kex()
    assert reason(pending.vfy(0)) == "auth-failed"
    site.log.expects("problem=unknown", 2)


def edit(site, user, old, new):
    lines = site.store.lines()
    found = [i for i, line in enumerate(lines)
             if line.startswith(f"mutual {user} ")]
    assert len(found) == 1
    lines[found[0]] = lines[found[0]].replace(old, new) if old \
        else lines[found[0]] + new
    site.store.write(*lines)
    site.own("conf/credentials")


@pytest.mark.parametrize("addition,problem", [
    (" state=pending", "disabled"), (" state=revoked", "disabled"),
    (" expires=2026-01-01T00:00:00Z", "expired")])
def test_who_may_not_sign_in(site, addition, problem):
    """Only who knows the password is told, in the log, and the client nothing:
    as with a wrong password."""
    name = "h" + problem[0] + str(len(addition))
    add_user(site.store, name, "pw", site.scope)
    one = exchange(site, name, "pw").sign_in()
    edit(site, name, "", addition)
    assert reason(one.vfy(1)) == "auth-failed"
    one.kex()
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects(f"problem={problem}", 2)
    wrong = exchange(site, name, "x")
    wrong.kex()
    assert reason(wrong.vfy(0)) == "auth-failed"
    site.log.expects("problem=invalid", 1)


def test_a_logout_ends_sessions(site):
    add_user(site.store, "ivan", "pw", site.scope)
    one = exchange(site, "ivan", "pw").sign_in()
    edit(site, "ivan", "", " not_before=2999-01-01T00:00:00Z")
    assert reason(one.vfy(1)) == "stale-session"


# ---- what must not be told --------------------------------------------------

def test_no_secret_is_logged(httpd):
    """T-SEC-05: at the most talkative level."""
    site = httpd.prepare(CONF % P256, files=FILES, ours=OURS, level="trace8")
    site.store = file_store(site)
    add_user(site.store, "alice", "wonderland",
             f"http://localhost:{site.port}")
    site.start()
    site.log.expects("MutualSessionLifetime 1 ")
    one = exchange(site).sign_in()
    wrong = exchange(site, password="no")
    wrong.kex()
    wrong.vfy(0)
    site.log.expects("problem=invalid")
    said = "\n".join(site.log.lines()).lower()
    record = site.store.record("mutual")
    assert record["value"] not in said
    # The proofs stand in header fields, which httpd itself dumps at trace4.
    assert one.group.octets(one.z).hex() not in said
    assert wrong.group.octets(wrong.z).hex() not in said


def test_the_status_page(site):
    before = site.status()
    exchange(site).sign_in()
    exchange(site).kex()
    after = site.status()
    assert int(after["AuthSchemeSessions-room"]) > 1000
    assert int(after["AuthSchemeSessions-live"]) \
        == int(before["AuthSchemeSessions-live"]) + 1
    assert after["AuthSchemeState-live"] == before["AuthSchemeState-live"]
    assert int(after["AuthScheme-Mutual-granted"]) \
        == int(before["AuthScheme-Mutual-granted"]) + 1


def test_without_a_user_there_is_no_proof(site):
    """T-MUT-07: never before the client has proven itself."""
    one = exchange(site)
    assert one.kex().info() is None
    assert site.get("/only/").info() is None
    assert site.get("/only/", authorization="Mutual x").info() is None
    site.log.expects("problem=malformed")


@pytest.mark.parametrize("algorithm", [P521, DL2048])
def test_slow_algorithms_take_turns(site, algorithm):
    """T-MUT-06: with all of them at once, everybody gets in in the end."""
    def sign_in(_):
        exchange(site, algorithm=algorithm).sign_in()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(sign_in, range(8)))
