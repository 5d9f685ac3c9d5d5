# Licensed under the Apache License, Version 2.0; see LICENSE.
"""HobaRegistration invite: a code registers one key (T-HOB-05, T-HOB-06,
T-SEC-04, T-SEC-05). Codes are hashed here by hashlib; two tests take theirs
from htauth."""
import concurrent.futures
import hashlib
import json
import secrets

import pytest

from harness.hoba import Client, Key, shell
from harness.htauth import Htauth
from test_hoba import prepare

PAST, FUTURE = 1767225600000000, 32472144000000000
REFUSAL = "the invitation is not good\n"


@pytest.fixture
def serve(httpd):
    def start(policy="invite", **more):
        return prepare(httpd, policy, **more).start()
    return start


def hashed(code):
    return hashlib.sha256(code.encode()).hexdigest()


def invite(site, user="alice", **more):
    """The code of an invitation that an administrator made."""
    code = secrets.token_urlsafe(24)
    row = {"kind": "invite", "id": hashed(code), "realm": "", "place": "",
           "algorithm": "", "username": user, "value": "", "state": "active",
           **more}
    values = ", ".join(f"'{value}'" for value in row.values())
    site.store.sql(f"INSERT INTO authscheme_credentials ({', '.join(row)}) "
                   f"VALUES ({values});")
    return code


def state_of(site, code):
    return site.store.sql("SELECT state FROM authscheme_credentials WHERE id "
                          f"= '{hashed(code)}'")[0][0]


def keys(site):
    return site.store.count("kind = 'hoba'")


def refused(site, answer, line):
    """T-SEC-04: one answer for all that is wrong with a code."""
    assert (answer.status, answer.text) == (403, REFUSAL)
    assert not answer.all("Hobareg") and not answer.all("WWW-Authenticate")
    site.log.expects(line, times=1)


# ---- good ones -------------------------------------------------------

@pytest.mark.parametrize("realm", ["", "Docs"])
def test_an_invitation(serve, mpm, realm):
    site = serve(mpm=mpm)
    client, key = Client(site), Key("ES256")
    code = invite(site, realm=realm, expires=FUTURE)
    answer = client.register(key, invite=code, did="a box")
    assert answer.status == 200 and answer.header("Hobareg") == "regok"
    assert json.loads(answer.text) == {"kid": key.kid, "account": "alice",
                                       "state": "active"}
    signed = client.sign_in(key)
    assert (signed.status, signed.header("X-User")) == (200, "alice")
    assert state_of(site, code) == "revoked"
    site.log.expects("registered HOBA key", times=1)
    # the answer got lost: the same key with the same code again
    assert client.register(key, invite=code).status == 200
    # no other key
    refused(site, client.register(Key("ES256"), invite=code),
            f"the invitation was used, or is revoked ({hashed(code)[:12]})")
    assert keys(site) == 1


def test_an_invitation_of_htauth(serve):
    site = serve()
    htauth = Htauth(f"dbd:sqlite3:{site.store.file}")
    code = htauth("hoba", "invite", "alice", "--realm", "Docs").out.strip()
    key = Key()
    assert Client(site).register(key, invite=code).status == 200
    assert Client(site).sign_in(key).header("X-User") == "alice"
    states = {row["kind"]: row["state"] for row in htauth.list()}
    assert states == {"invite": "revoked", "hoba": "active"}


def test_the_client(serve):
    """tests/clients/hoba, as a user has it."""
    site = serve()
    file = site.root / "code"
    file.write_text(Htauth(f"dbd:sqlite3:{site.store.file}")(
        "hoba", "invite", "alice").out)
    page = site.url + "/docs/"
    done = shell(site, "register", page, "--alg", "ES256", "--invite",
                 str(file))
    assert done.returncode == 0, done.stderr
    done = shell(site, "get", page)
    assert (done.returncode, done.stdout) == (0, "docs\n")
    assert site.access(1)[0]["user"] == "alice"
    site.log.allows("refused")


# ---- bad ones --------------------------------------------------------

UNFIT = {
    "revoked": (dict(state="revoked"), "was used, or is revoked"),
    "pending": (dict(state="pending"), "is not approved yet"),
    "expired": (dict(expires=PAST), "the invitation's time is over"),
    "of nobody": (dict(username=""), "the invitation's user is no name"),
    "of a control character": (dict(username="a\tb"),
                               "the invitation's user is no name"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_unfit_invitations(serve, name):
    site = serve()
    given, why = UNFIT[name]
    code = invite(site, **given)
    before = state_of(site, code)
    refused(site, Client(site).register(Key("ES256"), invite=code), why)
    assert keys(site) == 0 and state_of(site, code) == before


def test_strange_codes(serve):
    site = serve()
    code = invite(site)
    other = invite(site, realm="Other")
    client, key = Client(site), Key("ES256")
    strange = [secrets.token_urlsafe(24), code[:-1], code + "A", code + " ",
               code.swapcase(), hashed(code), "", other, "x" * 4000]
    for sent in strange:
        answer = client.register(key, invite=sent)
        assert (answer.status, answer.text) == (403, REFUSAL), sent
    site.log.expects("problem=unknown user=- "
                     'uri="/.well-known/hoba/register": no such invitation',
                     times=len(strange))
    assert client.register(key).status == 400
    site.log.expects("there is no field invite", times=1)
    answer = client.post("register", key.form(invite=code) + "&invite=x",
                         client.answer(key))
    assert answer.status == 400
    site.log.expects("problem=malformed", times=2)
    assert keys(site) == 0 and state_of(site, code) == "active"


def test_other_kinds_are_no_invitations(serve):
    site = serve()
    for kind in ("token", "hoba", "password"):
        code = invite(site, kind=kind)
        assert Client(site).register(Key("ES256"),
                                     invite=code).status == 403
    site.log.expects("no such invitation", times=3)


def test_a_failure_costs_no_invitation(serve):
    """T-HOB-06: a bad form, a bad proof, a key of somebody else, an account
    with all its keys, a store that can't be written."""
    site = serve()
    client, key = Client(site), Key("ES256")
    code = invite(site)
    assert client.register(key, invite=code, pub="x").status == 400
    assert client.register(key, invite=code, kid="x").status == 400
    other = Key("ES256")
    answer = client.post("register", key.form(invite=code),
                         client.answer(other))
    assert answer.status == 401
    assert client.post("register", key.form(invite=code)).status == 401
    site.store.add(other, user="bob")
    assert client.register(other, invite=code).status == 409
    site.log.expects("belongs to another account", times=1)
    assert state_of(site, code) == "active"

    site.store.sql("CREATE TRIGGER no BEFORE INSERT ON authscheme_credentials "
                   "BEGIN SELECT RAISE(FAIL, 'disk full'); END;")
    assert client.register(key, invite=code).status == 503
    site.log.expects("disk full", times=1)
    assert state_of(site, code) == "active"
    site.store.sql("DROP TRIGGER no;")
    for n in range(10):
        site.store.add(Key("ES256"))
    assert client.register(key, invite=code).status == 403
    site.log.expects("as many keys as it may have", times=1)
    assert state_of(site, code) == "active"
    site.store.sql("DELETE FROM authscheme_credentials WHERE kind = 'hoba';")
    assert client.register(key, invite=code).status == 200
    site.log.allows("authscheme")


def test_a_store_that_fails_twice(serve):
    """The code is used, no key came of it, and it can't be given back."""
    site = serve()
    code = invite(site)
    site.store.sql("""
        CREATE TRIGGER no BEFORE INSERT ON authscheme_credentials
        BEGIN SELECT RAISE(FAIL, 'disk full'); END;
        CREATE TRIGGER never BEFORE UPDATE ON authscheme_credentials
        WHEN NEW.state = 'active'
        BEGIN SELECT RAISE(FAIL, 'disk full'); END;""")
    assert Client(site).register(Key("ES256"), invite=code).status == 503
    site.log.expects(f"HOBA invitation {hashed(code)[:12]} of account "
                     '"alice" is used up', times=1)
    site.log.expects("disk full", times=2)
    site.log.expects("cannot write the store", times=1)
    assert keys(site) == 0


def test_a_success_that_looks_like_a_failure(serve):
    """T-HOB-06: the key was stored and the database's answer got lost. RAISE
    (FAIL) keeps what the statement had done."""
    site = serve()
    client, key, code = Client(site), Key("ES256"), invite(site)
    site.store.sql("CREATE TRIGGER late AFTER INSERT ON "
                   "authscheme_credentials BEGIN SELECT RAISE(FAIL, 'lost'); "
                   "END;")
    assert client.register(key, invite=code).status == 200
    assert client.sign_in(key).header("X-User") == "alice"
    site.log.expects("registered HOBA key", times=1)
    assert keys(site) == 1 and state_of(site, code) == "revoked"
    site.store.sql("DROP TRIGGER late;")
    refused(site, client.register(Key("ES256"), invite=code),
            "was used, or is revoked")
    assert keys(site) == 1


def test_a_key_that_came_in_between(serve):
    """T-HOB-06: somebody else stored the same key between look and leap."""
    site = serve()
    client, key, code = Client(site), Key("ES256"), invite(site)
    site.store.sql(f"""
        CREATE TRIGGER first BEFORE INSERT ON authscheme_credentials
        WHEN NEW.label <> 'first' BEGIN
        INSERT INTO authscheme_credentials (kind, id, realm, place, algorithm,
            username, value, label, state)
        VALUES (NEW.kind, NEW.id, NEW.realm, NEW.place, NEW.algorithm, 'bob',
            NEW.value, 'first', 'active');
        SELECT RAISE(FAIL, 'taken'); END;""")
    assert client.register(key, invite=code).status == 409
    site.log.expects("belongs to another account", times=1)
    assert client.sign_in(key).header("X-User") == "bob"
    assert state_of(site, code) == "active"


def test_a_store_that_can_not_be_asked(serve):
    """Whether a key came of it is unknown: the code stays used."""
    site = serve()
    code = invite(site)
    site.store.sql("""
        CREATE TRIGGER away BEFORE INSERT ON authscheme_credentials
        BEGIN UPDATE authscheme_credentials SET value = '*';
        INSERT INTO authscheme_credentials (kind, id, realm, place, algorithm,
            username, value, state)
        SELECT NEW.kind, NEW.id, NEW.realm, NEW.place, NEW.algorithm, 'bob',
            '*', 'active';
        SELECT RAISE(FAIL, 'away'); END;""")
    assert Client(site).register(Key("ES256"), invite=code).status == 503
    site.log.expects("is not base64url")
    site.log.expects(f"HOBA invitation {hashed(code)[:12]} of account "
                     '"alice" is used up', times=1)
    site.log.expects("cannot write the store", times=1)
    site.log.allows("authscheme|AuthCredentials")
    assert state_of(site, code) == "revoked"


@pytest.mark.parametrize("state", ["active", "revoked", "pending"])
@pytest.mark.parametrize("user", ["alice", "bob"])
def test_known_keys_tell_nothing_of_a_code(serve, user, state):
    """T-SEC-04: one answer for codes that are wrong, over, revoked or pending,
    also to who proves a key that is in the store already."""
    site = serve()
    client, key = Client(site), Key("ES256")
    site.store.add(key, user=user, state=state)
    codes = [secrets.token_urlsafe(24), invite(site, expires=PAST),
             invite(site, state="pending"), invite(site, realm="Other")]
    if (user, state) != ("alice", "active"):  # who comes again is welcome
        codes.append(invite(site, state="revoked"))
    for code in codes:
        answer = client.register(key, invite=code)
        assert (answer.status, answer.text) == (403, REFUSAL)
    site.log.expects("refused status=403", times=len(codes))
    assert keys(site) == 1


def test_many_at_once(serve, mpm):
    """T-HOB-06: twelve keys, one code."""
    site = serve(mpm=mpm)
    client, code = Client(site), invite(site)
    tries = [(key.form(invite=code), client.answer(key))
             for key in (Key("ES256") for _ in range(12))]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        done = [f.result() for f in [pool.submit(client.post, "register", *one)
                                     for one in tries]]
    assert sorted(answer.status for answer in done) == [200] + [403] * 11
    assert keys(site) == 1
    site.log.expects("registered HOBA key", times=1)
    site.log.allows("the invitation was used")


def test_secrets_are_in_no_log(serve):
    """T-SEC-05"""
    site = serve(level="trace8")
    code, wrong = invite(site), secrets.token_urlsafe(24)
    client = Client(site)
    assert client.register(Key("ES256"), invite=wrong).status == 403
    assert client.register(Key("ES256"), invite=code).status == 200
    site.log.expects("no such invitation")
    text = "\n".join(site.log.lines())
    assert code not in text and wrong not in text


def test_a_file_is_not_written(httpd):
    site = prepare(httpd, "invite",
                   database="AuthCredentials file:conf/credentials\n")
    code = secrets.token_urlsafe(24)
    file = site.root / "conf/credentials"
    file.write_text("authscheme-credentials 1\n"
                    f"invite {hashed(code)} user=alice\n")
    site.own("conf/credentials").chmod(0o640)
    site.start()
    assert Client(site).register(Key("ES256"), invite=code).status == 500
    site.log.expects("HOBA needs AuthCredentials here; dbd: to register keys",
                     times=1)


def test_no_invitations_elsewhere(serve):
    """Other policies have no use for the field."""
    site = serve("open")
    code = invite(site)
    answer = Client(site).register(Key("ES256"), invite=code)
    assert answer.status == 200
    assert json.loads(answer.text)["account"] != "alice"
    assert state_of(site, code) == "active"
