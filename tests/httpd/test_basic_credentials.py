# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AuthBasicProvider credentials: passwords of the store, remembered verdicts,
bounded slow checks (T-BSC, T-SEC-02, T-SEC-04, T-SHM-05, 07, 10, 13, T-RES-01).
The hashes are made by htpasswd."""
import base64
import concurrent.futures
import functools
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest

from harness.client import basic, to_bytes
from harness.hoba import Store

DATABASE = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
"""
PLACE = """
<Location "%s">
    AuthType %s
    AuthName "%s"
    AuthBasicProvider credentials
    %s
    Require valid-user
    Header set X-User "expr=%%{REMOTE_USER}"
</Location>
"""
STATUS = '<Location "/server-status">\nSetHandler server-status\n</Location>\n'
LIST = '"HOBA Basic"'
LISTED = "HobaRequireTLS off\nHobaOrigin http://localhost:{port}\n"
FILES = {f"htdocs/{name}/index.html": f"{name}\n"
         for name in ("docs", "other", "off", "short")}
DEAR = 12 # bcrypt's cost: a quarter of a second


@functools.cache
def hashed(password, *options):
    """As htpasswd makes it, bcrypt of cost 4 unless told otherwise."""
    done = subprocess.run(["htpasswd", "-n", "-i", *(options or ("-BC4",)),
                           "x"], input=to_bytes(password), check=True,
                          capture_output=True)
    return done.stdout.decode().strip().removeprefix("x:")


def dear(password):
    return hashed(password, f"-BC{DEAR}")


class Users(Store):
    """Password records."""

    def put(self, user, value, realm="", **more):
        row = {"kind": "password", "id": user, "realm": realm,
               "username": user, "value": value, **more}
        self.connection.execute(
            "INSERT OR REPLACE INTO authscheme_credentials "
            f"({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()))

    def drop(self, user):
        self.sql("DELETE FROM authscheme_credentials "
                 f"WHERE id = '{user}';")


class Site:
    def __init__(self, server):
        self.server = server
        self.users = Users(server)
        self.users.put("alice", hashed("wonderland"))

    def status(self, user="alice", password="wonderland", path="/docs/"):
        return self.get(user, password, path).status

    def get(self, user="alice", password="wonderland", path="/docs/"):
        return self.server.get(path, authorization=basic(user, password))

    def count(self, name):
        return int(self.server.status()[f"AuthScheme{name}"])

    def hashes(self):
        """How many slow checks were made so far."""
        return self.count("Checks-taken")

    def __getattr__(self, name):
        return getattr(self.server, name)


def conf(*places, extra="", auth_type="Basic"):
    return (DATABASE + STATUS + LISTED + extra
            + (PLACE % ("/docs", auth_type, "Docs", "")) + "".join(places))


@pytest.fixture
def serve(httpd):
    def start(*places, extra="", auth_type="Basic", **more):
        server = httpd.prepare(conf(*places, extra=extra,
                                    auth_type=auth_type),
                               files=FILES, **{"modules": "dbd", **more})
        site = Site(server)
        server.start()
        return site
    return start


@pytest.fixture(params=["alone", "listed"])
def auth_type(request):
    return "Basic" if request.param == "alone" else LIST


@pytest.fixture
def site(serve):
    return serve()


# What stock mod_auth_basic logs.
MISMATCH = "AH01617"
NOT_FOUND = "AH01618"


def expects(site, stock, reason, auth_type, user=None):
    """The lines of a refusal."""
    if stock:
        site.log.expects(stock)
    for line in site.log.expects(reason):
        assert ("authscheme: refused" in line) == (auth_type == LIST)
        assert user is None or user in line


# ---- who gets in -----------------------------------------------------

def test_it_works_in_every_mpm(serve, mpm, auth_type):
    site = serve(mpm=mpm, auth_type=auth_type)
    for _ in range(3):
        answer = site.get()
        assert (answer.status, answer.body) == (200, b"docs\n")
        assert answer.header("X-User") == "alice"
    assert site.hashes() == 1
    assert site.status(password="x") == 401
    expects(site, MISMATCH, "wrong password", auth_type)
    assert site.status("mallory") == 401
    expects(site, NOT_FOUND, "no such user in this realm", auth_type)


@pytest.mark.parametrize("options", ["-BC4", "-BC5", "-5", "-2", "-m", "-s"])
def test_every_kind_of_hash(site, options):
    site.users.put("bob", hashed("builder", options))
    for _ in range(2):
        assert site.status("bob", "builder") == 200
    assert site.status("bob", "Builder") == 401
    site.log.expects("wrong password")
    site.log.expects(MISMATCH)


NO_HASHES = ["", "x", "builder", "$2y$", "$6$x$", "*",
             hashed("builder", "-d"), hashed("builder")[:-1],
             re.sub(r"^\$2y\$04", "$2y$31", hashed("builder")),
             re.sub(r"^\$2y\$04", "$2y$00", hashed("builder")),
             "$6$rounds=999999999$x$" + "a" * 86]


@pytest.mark.parametrize("value", NO_HASHES)
def test_what_is_no_hash(site, value):
    site.users.put("bob", value)
    for password in ("builder", value, ""):
        assert site.status("bob", password) == 401
    site.log.expects("stored password hash is none that we can use", 3)
    site.log.expects(MISMATCH)


def test_the_realm_goes_before_every_realm(serve):
    site = serve(PLACE % ("/other", "Basic", "Other", ""))
    site.users.put("alice", hashed("of docs"), "Docs")
    assert site.status(password="of docs") == 200
    assert site.status(password="wonderland") == 401
    assert site.status(password="wonderland", path="/other/") == 200
    assert site.status(password="of docs", path="/other/") == 401
    site.users.put("bob", hashed("builder"), "Docs")
    assert site.status("bob", "builder") == 200
    assert site.status("bob", "builder", "/other/") == 401
    site.log.expects(MISMATCH, 2)
    site.log.expects("wrong password", 2)
    site.log.expects(NOT_FOUND, 1)


UNFIT = [
    ({"state": "revoked"}, "revoked"),
    ({"state": "pending"}, "not approved yet"),
    ({"expires": 1}, "expired"),
    ({"username": ""}, "empty or not plain"),
    ({"username": "a\x1bb"}, "empty or not plain"),
    ({"username": "a\x85b"}, "empty or not plain"),
]


@pytest.mark.parametrize("more, says", UNFIT)
def test_records_that_do_not_sign_in(serve, auth_type, more, says):
    """Only who knows the password puts the record's state into the log."""
    site = serve(auth_type=auth_type)
    assert site.status() == 200
    site.users.put("alice", hashed("wonderland"), **more)
    before = site.hashes()
    assert site.status(password="x") == 401
    expects(site, MISMATCH, "wrong password", auth_type)
    assert not site.log.find(says)
    # Was remembered as right, while it was the same hash.
    assert site.status() == 401
    expects(site, MISMATCH, says, auth_type)
    assert site.hashes() == before + 1


def test_a_record_expires(site):
    site.users.put("bob", hashed("builder"),
                   expires=int((time.time() + 1) * 1e6))
    assert site.status("bob", "builder") == 200
    site.wait_until(lambda: site.status("bob", "builder") == 401, "to expire")
    site.log.expects("expired")
    site.log.expects(MISMATCH)


# ---- octets ----------------------------------------------------------

LATIN = [
    # user, password, as the client sends them
    ("J\u00fcrgen", "pa\u00dfw\u00f6rd", "utf-8"),
    ("J\u00fcrgen", "pa\u00dfw\u00f6rd", "latin-1"),
    ("anna", "pa\u00dfw\u00f6rd", "latin-1"),
    ("J\u00fcrgen", "\u00c3\u00bc", "latin-1"), # looks like UTF-8 alone
    ("\u6771", "\U0001f511", "utf-8"),
]


@pytest.mark.parametrize("user, password, charset", LATIN)
def test_charsets(site, user, password, charset):
    site.users.put(user, hashed(password))
    sent = "Basic " + base64.b64encode(
        f"{user}:{password}".encode(charset)).decode()
    answer = site.server.get("/docs/", authorization=sent)
    assert answer.status == 200
    assert answer.header("X-User").encode("latin-1").decode() == user


def test_utf8_is_read_as_nothing_else(site):
    """The Latin-1 reading of valid UTF-8 is another user."""
    site.users.put("\u00c3\u00bc", hashed("x"))
    assert site.status("\u00fc", "x") == 401
    site.log.expects(NOT_FOUND)


@pytest.mark.parametrize("sent, says", [
    (b"alice:wonderland\0", "a NUL octet"),
    (b"alice:wonderland\0x", "a NUL octet"),
    (b"alice\0:wonderland", "a NUL octet"),
    (b"al\tice:wonderland", "control characters"),
    (b"al\x7fice:wonderland", "control characters"),
    (b"al\xc2\x85ice:wonderland", "control characters"),
    (b"al\x85ice:wonderland", "control characters"),
])
def test_controls_and_nul(serve, auth_type, sent, says):
    """T-HDR-05: stock mod_auth_basic takes what stands before the NUL."""
    site = serve(auth_type=auth_type)
    assert site.status() == 200
    answer = site.server.get("/docs/", authorization="Basic "
                             + base64.b64encode(sent).decode())
    assert answer.status == 401
    expects(site, None, says, auth_type)
    site.log.expects(MISMATCH)


@pytest.mark.parametrize("length, status", [(72, 200), (73, 401), (511, 401),
                                            (512, 401), (6000, 401)])
def test_long_passwords(site, length, status):
    """bcrypt hashes 72 octets and ignores the rest; we don't."""
    site.users.put("bob", hashed("a" * 72))
    assert site.status("bob", "a" * length) == status
    if status != 200:
        site.log.expects("longer than its stored hash tells apart")
        site.log.expects(MISMATCH)


def test_the_widest_password(site):
    site.users.put("bob", hashed("a" * 255, "-5"))
    assert site.status("bob", "a" * 255) == 200
    assert site.status("bob", "a" * 256) == 401
    assert site.status("bob", "a" * 600) == 401
    site.log.expects(MISMATCH, 2)
    site.log.expects("wrong password")
    site.log.expects("tells apart")


@pytest.mark.parametrize("user, password", [
    ("", "wonderland"), ("alice", ""), ("", ""), (" alice", "wonderland"),
    ("ALICE", "wonderland"), ("alice ", "wonderland"), ("%61lice", "x"),
    ("' OR 1=1 --", "x"), ("a" * 6000, "x"), ("\u202ealice", "x"),
])
def test_who_is_not_alice(site, user, password):
    assert site.status(user, password) == 401
    site.log.allows("AuthBasicProvider credentials")
    site.log.expects("AH0161")


# ---- what is remembered ----------------------------------------------

def test_the_second_request_computes_no_hash(serve, auth_type):
    """CPU of the children, not a counter: a hundred times less."""
    site = serve(auth_type=auth_type, mpm="prefork")
    site.users.put("bob", dear("builder"))

    def spent(count):
        before = cpu(site)
        for _ in range(count):
            assert site.status("bob", "builder") == 200
        return (cpu(site) - before) / count
    first = spent(1)
    assert spent(20) < first / 5


def cpu(site):
    """Seconds of CPU that the server's processes have had."""
    ticks = 0
    for pid in site.server.children():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        ticks += sum(map(int, fields[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def test_another_hash_ends_it_at_once(site):
    assert site.status() == 200
    site.users.put("alice", hashed("looking glass"))
    assert site.status() == 401
    assert site.status(password="looking glass") == 200
    site.users.put("alice", hashed("wonderland", "-5"))
    before = site.hashes()
    assert site.status() == 200
    assert site.hashes() == before + 1
    assert site.status(password="looking glass") == 401
    site.log.expects(MISMATCH, 2)
    site.log.expects("wrong password", 2)


def test_removal_ends_it_at_once(site):
    assert site.status() == 200
    site.users.drop("alice")
    assert site.status() == 401
    site.log.expects(NOT_FOUND)
    site.users.put("alice", hashed("wonderland"))
    assert site.status() == 200


def test_wrong_passwords_are_not_remembered(site):
    """Neither as right, nor as wrong."""
    for password, status in [("x", 401), ("wonderland", 200), ("x", 401),
                             ("x", 401), ("wonderland", 200), ("", 401)]:
        assert site.status(password=password) == status
    assert site.hashes() == 5
    site.users.put("alice", hashed("x"))
    assert site.status(password="x") == 200
    site.log.expects(MISMATCH, 4)
    site.log.expects("wrong password", 4)


def test_no_crosstalk(serve):
    """T-SHM-10: another realm, place, virtual host or user is another answer,
    although the hash is the same."""
    other = PLACE % ("/other", "Basic", "Other", "")
    hosts = ("<VirtualHost *:{port}>\nServerName localhost\n</VirtualHost>\n"
             "<VirtualHost *:{port}>\nServerName b.example\n</VirtualHost>\n")
    site = serve(other, extra=hosts)
    site.users.put("bob", hashed("wonderland"))

    def asks(user="alice", path="/docs/", host="localhost"):
        before = site.hashes()
        for _ in range(2):
            answer = site.server.get(path, host=host, authorization=basic(
                user, "wonderland"))
            assert answer.status == 200
            assert answer.header("X-User") == user
        return site.hashes() - before
    assert asks() == 1
    assert asks() == 0
    assert asks(path="/other/") == 1
    assert asks(host="b.example") == 1
    assert asks("bob") == 1
    assert site.status("alicew", "onderland") == 401
    assert site.status("alic", "e:wonderland") == 401
    site.log.expects(NOT_FOUND, 2)


def test_off(serve):
    site = serve(extra="AuthCredentialsCache 0\n")
    for n in range(3):
        assert site.hashes() == n
        assert site.status() == 200
    assert site.count("Cache-hits") == 0


def test_it_ends(serve):
    """T-SHM-13."""
    short = PLACE % ("/short", "Basic", "Docs", "AuthCredentialsCache 1")
    site = serve(short)
    assert site.status(path="/docs/") == 200

    def hashed_again():
        assert site.status(path="/short/") == 200
        return site.hashes() >= 4
    assert site.status(path="/short/") == 200
    site.wait_until(hashed_again, "to forget")
    before = site.hashes()
    assert site.status(path="/docs/") == 200
    assert site.hashes() == before


@pytest.mark.parametrize("size, users", [("16k", 400)])
def test_a_full_cache_forgets(serve, size, users):
    site = serve(extra=f"AuthSchemeCache {size}\n")
    for n in range(users):
        site.users.put(f"user{n}", hashed("x", "-s"))
    for n in range(users):
        assert site.status(f"user{n}", "x") == 200
    assert site.count("Cache-evicted") > 0
    assert site.count("Cache-live") <= site.count("Cache-room") < users
    for n in range(0, users, 10):
        assert site.status(f"user{n}", "x") == 200
        assert site.status(f"user{n}", "y") == 401
    site.log.expects("wrong password")
    site.log.expects(MISMATCH)


def test_graceful_restart(serve, mpm):
    """T-SHM-05: kept, but only for the same rules; another size is another
    memory; a stop ends it."""
    site = serve(mpm=mpm)
    assert site.status() == 200
    site.graceful()
    assert site.status() == 200
    assert site.hashes() == 1
    site.write_conf(conf(extra="AuthCredentialsCache 200\n"))
    site.graceful()
    assert site.status() == 200
    assert site.hashes() == 2
    site.write_conf(conf(extra="AuthSchemeCache 32k\nAuthSchemeChecks 3 7\n"))
    site.graceful()
    assert site.count("Checks-limit") == 3
    assert site.count("Checks-queue") == 7
    for _ in range(2):
        assert site.status() == 200
    assert site.hashes() == 1 # counted anew


def test_a_killed_child_takes_nothing_along(serve):
    site = serve()
    assert site.status() == 200
    site.kill_child()
    assert site.status() == 200
    assert site.hashes() == 1


def test_secrets_are_in_no_log(serve, auth_type):
    """T-SEC-05."""
    site = serve(auth_type=auth_type, level="trace8")
    secret = "Tr0ub4dor&3"
    site.users.put("alice", hashed(secret))
    value = site.users.sql("SELECT value FROM authscheme_credentials")[0][0]
    assert site.status(password=secret) == 200
    assert site.status(password=secret) == 200
    assert site.status(password=secret + "x") == 401
    assert site.status("bob", secret) == 401
    site.log.allows("AH0161")
    site.log.allows("AuthBasicProvider")
    site.log.allows("authscheme: refused")
    said = "\n".join(site.log.lines())
    assert secret not in said and value not in said
    assert secret not in site.server.get("/server-status").text


# ---- unknown users ---------------------------------------------------

def test_an_unknown_user_costs_the_same(serve, auth_type):
    """T-SEC-04: what the last hash in this place cost, of whatever kind."""
    site = serve(auth_type=auth_type, mpm="prefork")

    def spent(user, count):
        before = cpu(site)
        for _ in range(count):
            assert site.status(user, "x") == 401
        return cpu(site) - before
    for value, count in [(dear("wonderland"), 3),
                         (hashed("wonderland", "-5", "-r", "50000"), 20)]:
        site.users.put("alice", value)
        known = spent("alice", count)
        assert 0.6 < spent("mallory", count) / known < 1.6
        site.users.put("alice", value, state="revoked")
        assert 0.6 < spent("alice", count) / known < 1.6
    for says in ("AH0161", "AuthBasicProvider", "authscheme: refused"):
        site.log.allows(says)


def test_before_anybody_signed_in(serve):
    """Something that takes its time."""
    site = serve(mpm="prefork")
    before = cpu(site)
    assert site.status("mallory", "x") == 401
    assert cpu(site) - before > 0.05
    assert site.hashes() == 1
    site.log.expects(NOT_FOUND)


def test_users_of_the_next_provider_do_not_pay(serve):
    """The user file is asked first, and then nobody was unknown."""
    site = serve(PLACE % ("/other", "Basic", "Docs",
                          "AuthBasicProvider credentials file\n"
                          "AuthUserFile conf/users"))
    assert site.status("bob", "builder", "/other/") == 200
    assert site.hashes() == 0
    assert site.status("mallory", "x", "/other/") == 401
    assert site.hashes() == 1
    site.log.expects(NOT_FOUND)


# ---- slow checks -----------------------------------------------------

class Flood:
    """Guesses all the time, from many connections."""

    def __init__(self, site, clients=12, user="alice", path="/docs/"):
        self.answers = []
        self.end = threading.Event()
        self.site, self.user, self.path = site, user, path
        self.threads = [threading.Thread(target=self.run, args=(n,))
                        for n in range(clients)]

    def run(self, nth):
        n = 0
        while not self.end.is_set():
            n += 1
            self.answers.append(self.site.get(self.user, f"guess {nth} {n}",
                                              self.path))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        for thread in self.threads:
            thread.join()
        for says in ("AH0161", "AuthBasicProvider", "authscheme: refused"):
            self.site.log.allows(says)

    def statuses(self):
        return {answer.status for answer in self.answers}


BUSY = "too many password checks at once"


@pytest.mark.parametrize("user", ["alice", "mallory"])
def test_a_flood(serve, auth_type, user, mpm):
    """Guessers get 401 or 503 with Retry-After; who is remembered and who uses
    another scheme or place goes on."""
    site = serve(extra="AuthSchemeChecks 1 2\n", auth_type=auth_type, mpm=mpm)
    site.users.put("alice", dear("wonderland"))
    assert site.status() == 200
    with Flood(site, user=user) as flood:
        site.wait_until(lambda: site.count("Checks-refused") > 20,
                        "to turn guessers away")
        for _ in range(20):
            assert site.status() == 200
            assert site.server.get("/server-status").status == 200
        assert site.count("Checks-running") <= 1
        assert site.count("Checks-queued") <= 2
    assert flood.statuses() <= {401, 503} and 503 in flood.statuses()
    for answer in flood.answers:
        if answer.status == 503:
            assert answer.header("Retry-After") == "5"
            assert not answer.all("WWW-Authenticate")
        else:
            assert "Basic" in answer.schemes()
    for line in site.log.expects(BUSY):
        assert ("authscheme: refused status=503 scheme=Basic problem=fault"
                in line) == (auth_type == LIST)


def test_a_browser_with_six_connections(serve, auth_type):
    """One hash, and no 503 although there is but one turn."""
    site = serve(extra="AuthSchemeChecks 1 12\n", auth_type=auth_type)
    site.users.put("bob", dear("builder"))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: site.status("bob", "builder"),
                                range(6)))
    assert answers == [200] * 6
    assert site.hashes() == 1
    assert site.count("Checks-refused") == 0


def test_six_connections_by_default(site):
    site.users.put("bob", dear("builder"))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: site.status("bob", "builder"),
                                range(6)))
    assert answers == [200] * 6


def test_a_newcomer_gets_in_beside_a_guesser(serve):
    """A guesser has half of the queue; the newcomer has another address."""
    site = serve(extra="AuthSchemeChecks 1 4\nRemoteIPHeader X-From\n"
                 "RemoteIPInternalProxy 127.0.0.1\n", modules="dbd remoteip")
    site.users.put("alice", dear("wonderland"))
    for n in range(3):
        site.users.put(f"new{n}", dear("new"))
    with Flood(site) as flood:
        site.wait_until(lambda: site.count("Checks-queued") == 2, "to queue")
        for n in range(3):
            answer = site.server.get(
                "/docs/", headers={"X-From": f"192.0.2.{n + 1}"},
                authorization=basic(f"new{n}", "new"))
            assert answer.status == 200
    assert 503 in flood.statuses()


def test_a_killed_child_frees_its_turn(serve):
    """T-SHM-07: killed in the middle of a hash, again and again."""
    site = serve(extra="AuthSchemeChecks 1 0\n", mpm="prefork")
    site.users.put("slow", re.sub(r"^\$2y\$04", "$2y$17", hashed("x")))
    site.users.put("bob", hashed("builder"))
    for n in range(3):
        with site.server.connection() as hanging:
            hanging.request("GET", "/docs/", authorization=basic("slow", "x"))
            site.wait_until(lambda: site.count("Checks-running") == 1,
                            "to hash")
            assert site.status("bob", f"wrong {n}") == 503
            site.kill_child()
        assert site.status("bob", f"wrong {n}") == 401
    site.log.expects(BUSY, 3)
    site.log.expects("wrong password", 3)
    site.log.expects(MISMATCH, 3)


def test_graceful_restart_while_hashing(serve):
    """The old child's turn counts."""
    site = serve(extra="AuthSchemeChecks 1 0\n")
    site.users.put("bob", dear("builder"))
    site.users.put("slow", hashed("x", "-BC14"))
    with site.server.connection() as waiting:
        waiting.request("GET", "/docs/", authorization=basic("slow", "x"))
        site.wait_until(lambda: site.count("Checks-running") == 1, "to hash")
        os.kill(site.server.process.pid, signal.SIGUSR1)
        site.log.expects("resuming normal operations")
        assert waiting.read().status == 200
    assert site.status("bob", "builder") == 200
    site.log.allows(BUSY)


def test_the_store_is_away(serve, auth_type):
    site = serve(auth_type=auth_type)
    assert site.status() == 200
    site.settle()
    site.users.sql("ALTER TABLE authscheme_credentials RENAME TO gone;")
    answer = site.get()
    assert answer.status == 503
    assert answer.header("Retry-After") == "5"
    assert not answer.all("WWW-Authenticate")
    site.log.expects("authscheme_find failed")
    expects(site, None, "cannot reach the credential store", auth_type)
    site.users.sql("ALTER TABLE gone RENAME TO authscheme_credentials;")
    site.wait_until(lambda: site.status() == 200, "to find its table again")
    for says in ("authscheme_find failed", "cannot reach"):
        site.log.allows(says)


def test_without_a_store(httpd, auth_type):
    site = httpd(LISTED + PLACE % ("/docs", auth_type, "Docs", ""),
                 files=FILES)
    assert site.get("/docs/", authorization=basic("a", "b")).status == 500
    site.log.expects("needs AuthCredentials")


# ---- beside stock modules --------------------------------------------

def test_mod_authn_socache_beside(serve):
    """T-BSC-03: it caches what the file says and nothing of ours."""
    more = ("AuthnCacheProvideFor credentials file\n"
            "AuthBasicProvider socache credentials file\n"
            "AuthUserFile conf/users\n")
    site = serve(PLACE % ("/other", "Basic", "Docs", more),
                 modules="dbd socache_shmcb authn_socache")
    for _ in range(2):
        assert site.status(path="/other/") == 200
        assert site.status("bob", "builder", "/other/") == 200
    site.users.put("alice", hashed("looking glass"))
    assert site.status(path="/other/") == 401
    assert site.status("bob", "wonderland", "/other/") == 401
    site.users.drop("alice")
    assert site.status(password="looking glass", path="/other/") == 401
    site.log.expects(MISMATCH, 3) # alice is in the file, with wonderland
    site.log.expects("wrong password")


def test_mod_authn_anon_beside(serve):
    site = serve(PLACE % ("/other", "Basic", "Docs",
                          "AuthBasicProvider credentials anon\n"
                          "Anonymous guest\n"), modules="dbd authn_anon")
    answer = site.get("guest", "guest@example.com", "/other/")
    assert (answer.status, answer.header("X-User")) == (200, "guest")
    assert site.get(path="/other/").header("X-User") == "alice"
    assert site.status(password="me@example.com", path="/other/") == 401
    assert site.hashes() == 2
    site.log.expects(MISMATCH)
    site.log.expects("wrong password")


def test_mod_auth_form_beside(serve):
    """It asks the provider without our hook around it, and has a header of
    somebody else beside the form."""
    site = serve("""
<Location "/other">
    AuthType form
    AuthName "Docs"
    AuthFormProvider credentials
    Session On
    SessionCookieName session path=/
    SetHandler form-login-handler
    Require valid-user
</Location>
""", modules="dbd session session_cookie auth_form request")

    def login(user, password, **more):
        body = f"httpd_username={user}&httpd_password={password}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return site.server.get("/other/", "POST", headers=headers, body=body,
                               **more).status
    assert login("alice", "wonderland") == 200
    assert login("alice", "x", authorization=basic("alice", "a\0b")) == 401
    before = site.hashes()
    assert login("mallory", "x") == 401
    assert site.hashes() == before + 1
    site.log.allows("AH018")
    site.log.expects("wrong password")


def test_not_offered(serve):
    """T-BSC-02: no password is checked."""
    site = serve(PLACE % ("/other", "HOBA", "Docs", ""))
    assert site.status(path="/other/") == 401
    assert site.hashes() == 0
    site.log.expects("the scheme is not offered here")


def test_stock_digest_on_the_store(serve):
    """get_realm_hash: MD5's H(A1) of the store."""
    site = serve("""
<Location "/other">
    AuthType Digest
    AuthName "Other"
    AuthDigestProvider credentials
    Require valid-user
</Location>
""")
    ha1 = hashlib.md5(b"carol:Other:secret").hexdigest()
    site.users.put("carol", ha1, "Other", kind="digest", algorithm="MD5")
    for user, password, status in [("carol", "secret", "200"),
                                   ("carol", "x", "401"),
                                   ("dave", "secret", "401")]:
        done = site.curl("/other/", "--digest", "-u", f"{user}:{password}")
        assert str(done.status) == status
    site.users.put("carol", ha1, "Other", kind="digest", algorithm="MD5",
                   state="revoked")
    assert site.curl("/other/", "--digest", "-u", "carol:secret").status == 401
    site.log.expects("revoked")
    site.log.allows("AH017")


def test_a_forward_proxy(serve, auth_type):
    """407 and Proxy-Authenticate, and Proxy-Authorization is what is read."""
    place = (PLACE % ("", auth_type, "Proxy", "")).replace(
        '<Location "">', '<Proxy "*">').replace("</Location>", "</Proxy>")
    site = serve("ProxyRequests on\n", place,
                 modules="dbd proxy proxy_http")
    target = f"http://127.0.0.1:{site.port}/index.html"

    def ask(sent):
        value = "Basic " + base64.b64encode(sent).decode()
        return site.server.get(target, headers={"Proxy-Authorization": value},
                               authorization=basic("alice", "a\0b"))
    assert ask(b"alice:wonderland").text == "open\n"
    for sent, says in [(b"alice:x", "wrong password"),
                       (b"alice:wonderland\0", "a NUL octet")]:
        refused = ask(sent)
        assert refused.status == 407
        assert "Basic" in refused.schemes("Proxy-Authenticate")
        expects(site, MISMATCH, says, auth_type)
    site.settle()
    site.users.sql("ALTER TABLE authscheme_credentials RENAME TO gone;")
    answer = ask(b"alice:wonderland")
    assert answer.status == 503
    assert not answer.all("Proxy-Authenticate")
    site.log.expects("authscheme_find failed")
    site.log.expects("cannot reach")


def test_providers_that_know_better(serve):
    """What ours said of a user is forgotten if the next one answers."""
    site = serve(PLACE % ("/other", LIST, "Docs",
                          "AuthBasicProvider credentials file\n"
                          "AuthUserFile conf/users"))
    assert site.status("bob", "x", "/other/") == 401
    site.log.expects(MISMATCH)
    site.log.expects("no such user in this realm (bob)")
    assert site.status("bob", "builder", "/other/") == 200
    assert site.server.access()[0]["reason"] == "-"


def test_as_stock_does(serve, httpd):
    """T-BSC-01: status and headers of mod_auth_basic with a user file and
    with ours."""
    stock = httpd('<Location "/docs">\nAuthType Basic\nAuthName "Docs"\n'
                  "AuthUserFile conf/users\nRequire valid-user\n</Location>",
                  files=FILES)
    ours = serve()
    for value in [None, basic("alice", "wonderland"), basic("alice", "x"),
                  basic("mallory", "x"), "Basic", "Basic !!!", "Bearer abc",
                  "Basic " + base64.b64encode(b"alice").decode(),
                  basic("alice", "wonderland").lower()[:6]
                  + basic("alice", "wonderland")[6:],
                  [basic("alice", "wonderland"), "Bearer x"]]:
        answers = [server.get("/docs/", authorization=value)
                   for server in (stock, ours.server)]
        first, second = ((a.status, a.body, a.all("WWW-Authenticate"))
                         for a in answers)
        assert first == second
        for server in (stock, ours):
            server.log.allows("AH016")
            server.log.allows("AuthBasicProvider credentials")


@pytest.mark.parametrize("value", ["-1", "86401", "1x", "x", "+5",
                                   "4294967297", "99999999999999999999"])
def test_mistakes_stop_the_start(httpd, value):
    said = httpd.config_error(f"AuthCredentialsCache {value}\n")
    assert "seconds, 0 (off) to 86400" in said


def test_the_core_is_needed(httpd):
    said = httpd.config_error(DATABASE, modules="dbd",
                              ours=("authscheme_credentials",))
    assert "needs mod_authscheme" in said
