# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AuthCredentials file: - who gets in from a file, changes without a restart,
and files that must not be used (T-SHM-05, T-SHM-09, T-APR-17, T-SEC, T-BSC). The
file is written here by the letter of its grammar; htauth's own tests write it
as well."""
import concurrent.futures
import os
import re
import shutil
import threading

import pytest

from harness.client import basic
from harness.digest import Client, hashed
from harness.hoba import Client as Device, Key, b64u

from test_basic_credentials import hashed as bcrypt

HEADER = "authscheme-credentials 1\n"
CONF = """
AuthCredentials file:conf/credentials
<Location "/docs">
    AuthType %s
    AuthName "Docs"
    AuthBasicProvider credentials
    %s
    Require valid-user
    Header set X-User "expr=%%{REMOTE_USER}"
</Location>
"""
FILES = {"htdocs/docs/index.html": "docs\n"}
OURS = ("authscheme", "authscheme_credentials", "authscheme_digest",
        "authscheme_hoba")


def password(user, secret, *more):
    return " ".join(["password", user, "value=" + bcrypt(secret), *more])


def digest(user, secret, algorithm="SHA-256", *more):
    value = hashed(algorithm, user, "Docs", secret)
    return " ".join(["digest", user, "realm=Docs", f"algorithm={algorithm}",
                     f"value={value}", *more])


class Site:
    def __init__(self, server):
        self.server = server

    @property
    def file(self):
        return self.root / "conf/credentials"

    def put(self, *lines, header=HEADER, mode=0o640):
        """As htauth does it: beside it, then renamed."""
        new = self.root / "conf/credentials.new"
        new.write_text(header + "".join(line + "\n" for line in lines))
        new.chmod(mode)
        if os.geteuid() == 0:
            shutil.chown(new, "root", "www-data")
        new.rename(self.file)

    def status(self, user="alice", secret="wonderland"):
        return self.get("/docs/", authorization=basic(user, secret)).status

    def until(self, status, user="alice", secret="wonderland"):
        self.wait_until(lambda: self.status(user, secret) == status,
                        f"to answer {user} with {status}", 5)

    def __getattr__(self, name):
        return getattr(self.server, name)


def conf(auth_type='"Digest HOBA Basic"', more=""):
    return CONF % (auth_type, "HobaRequireTLS off\n" + more)


@pytest.fixture
def prepare(httpd):
    def make(*lines, auth_type='"Digest HOBA Basic"', more="", **given):
        site = Site(httpd.prepare(conf(auth_type, more), files=FILES,
                                  **{"ours": OURS, **given}))
        site.put(*(lines or (password("alice", "wonderland"),)))
        return site
    return make


@pytest.fixture
def serve(prepare):
    def start(*lines, **given):
        site = prepare(*lines, **given)
        site.start()
        return site
    return start


REFUSED = re.compile("authscheme: refused|AH0161[78]")


# ---- who gets in -----------------------------------------------------

def test_every_scheme_in_every_mpm(serve, mpm):
    key = Key("RSA-SHA256")
    site = serve("# people", password("alice", "wonderland", "realm=Docs"),
                 digest("bob", "builder"), digest("carl", "x", "MD5"), "",
                 password('"J\u00fcrgen \\"J\\""', "pa\u00dfw\u00f6rd"),
                 mpm=mpm, more="DigestAlgorithm SHA-256 MD5\n"
                               "DigestUserhash on")
    assert site.status() == 200
    assert site.status('J\u00fcrgen "J"', "pa\u00dfw\u00f6rd") == 200
    for client in (Client("bob", "builder"),
                   Client("carl", "x", algorithm="MD5")):
        nonce = site.get("/docs/").challenges()[0]["nonce"]
        for count, given in enumerate([{}, {
                "username": hashed(client.algorithm, client.user, "Docs"),
                "userhash": "true"}], 1):
            answer = site.get("/docs/", authorization=client.answer(
                nonce, "/docs/", count, **given))
            assert (answer.status, answer.header("X-User")) == (200,
                                                                client.user)
    site.put(f"hoba {key.kid} realm=Docs place={site.url} user=dora "
             f"algorithm=RSA-SHA256 value={b64u(key.der)}")
    device = Device(site)
    site.wait_until(lambda: device.sign_in(
        key, challenge=device.challenge()).status == 200,
        "to know the key", 5)
    assert site.status() == 401 # everywhere at once
    site.log.allows(REFUSED)


def test_stock_digest(serve):
    """mod_auth_digest asks for MD5's."""
    site = serve(digest("carl", "x", "MD5"), auth_type="Digest",
                 more="AuthDigestProvider credentials",
                 ours=("authscheme", "authscheme_credentials",
                       "authscheme_hoba"))
    assert site.curl("/docs/", "--digest", "-u", "carl:x").status == 200
    assert site.curl("/docs/", "--digest", "-u", "carl:y").status == 401
    site.log.expects("AH01794")


def test_records_that_do_not_sign_in(serve):
    site = serve(password("alice", "wonderland", "state=revoked"),
                 password("bob", "b", "expires=2026-01-01T00:00:00Z"),
                 password("carl", "c", "realm=Other"))
    assert site.status() == 401
    site.log.expects("the user's password is revoked")
    assert site.status("bob", "b") == 401
    site.log.expects("the user's password is expired")
    assert site.status("carl", "c") == 401
    site.log.expects("no such user in this realm")
    site.log.allows(REFUSED)


# ---- changes ---------------------------------------------------------

def test_a_change_needs_no_restart(serve):
    site = serve()
    assert site.status() == 200
    assert site.status("bob", "b") == 401
    site.put(password("alice", "new"), password("bob", "b"))
    for _ in range(8): # in every process at once
        assert site.status() == 401 # not even from memory
        assert site.status("bob", "b") == 200
        assert site.status("alice", "new") == 200
    site.put(password("alice", "new"))
    for _ in range(8):
        assert site.status("bob", "b") == 401
    site.log.expects("was read anew: 2 credentials")
    site.log.allows(REFUSED)


def test_written_in_place(serve):
    site = serve()
    with site.file.open("a") as f:
        f.write(password("bob", "b") + "\n")
    site.until(200, "bob", "b")
    assert site.status() == 200
    site.log.allows(REFUSED)


BROKEN = [
    (["nonsense"], HEADER, "line 2: begins with no kind"),
    ([password("a", "a"), password("a", "b")], HEADER,
     "line 3: the same credential stands in line 2"),
    ([password("a", "a")], "", "line 1: is not authscheme-credentials 1"),
    (["password a value=plain"], HEADER, "line 2: value: is no password hash"),
]


@pytest.mark.parametrize("lines, header, why", BROKEN)
def test_a_broken_file_replaces_nothing(serve, lines, header, why):
    site = serve()
    site.put(*lines, header=header)
    for _ in range(20):
        assert site.status() == 200
    site.log.expects(why)
    site.log.expects("what was read before stays in use")
    site.put(password("bob", "b"))
    for _ in range(8):
        assert site.status("bob", "b") == 200
    site.log.allows(REFUSED)


@pytest.mark.parametrize("lines, header, why", BROKEN)
def test_a_broken_file_starts_nothing(prepare, lines, header, why):
    site = prepare()
    site.put(*lines, header=header)
    told = site.config_error()
    assert why in told
    assert "AuthCredentials on line" in told and "plain" not in told


def test_a_broken_file_at_a_restart(serve):
    site = serve()
    site.put("nonsense")
    for _ in range(2):
        site.graceful()
        assert site.status() == 200
    site.log.expects("line 2: begins with no kind")
    site.put(password("alice", "new"))
    site.graceful()
    site.until(200, "alice", "new")
    assert site.status() == 401
    site.log.allows(REFUSED)


def test_a_file_that_goes(serve):
    site = serve()
    site.file.unlink()
    for _ in range(8):
        assert site.status() == 200
    site.log.expects("cannot be read: No such file or directory")
    site.put(password("bob", "b"))
    site.until(200, "bob", "b")
    site.log.allows(REFUSED)


@pytest.mark.parametrize("mode, why", [
    (0o644, "may be read by everybody"), (0o660, "may be written by others"),
    (0o642, "may be written by others")])
def test_modes(prepare, mode, why):
    site = prepare()
    site.file.chmod(mode)
    assert why in site.config_error()
    site.file.chmod(0o640)
    site.start()
    site.file.chmod(mode)
    for _ in range(8):
        assert site.status() == 200
    site.log.expects(why)


def test_what_is_no_file(prepare):
    site = prepare()
    site.file.unlink()
    assert "cannot be read: No such file" in site.config_error()
    site.file.mkdir()
    assert "is no regular file" in site.config_error()


def test_a_file_that_children_may_not_read(serve):
    site = serve()
    site.put(password("bob", "b"), mode=0o600)
    for _ in range(8):
        assert site.status() == 200
    site.log.expects("Permission denied")
    site.put(password("bob", "b"))
    for _ in range(8):
        assert site.status("bob", "b") == 200


def test_a_file_that_children_may_not_read_at_start(prepare):
    site = prepare()
    site.file.chmod(0o600)
    site.start()
    assert site.status() == 200
    site.log.expects("by httpd's parent but not by its children")


# ---- many at once ----------------------------------------------------

def test_changes_under_load(serve, mpm):
    """Everybody who is in all files gets in all the time. T-SHM-09"""
    site = serve(mpm=mpm)
    ends = threading.Event()
    value = password("alice", "wonderland")

    def visit():
        seen = set()
        while not ends.is_set():
            seen.add(site.status())
        return seen
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        visits = [pool.submit(visit) for _ in range(6)]
        for n in range(4):
            site.put(value, *(digest(f"u{k}", "x") for k in range(n * 5000)),
                     password("last", str(n)))
            site.until(200, "last", str(n))
        ends.set()
        assert set.union(*(v.result() for v in visits)) == {200}
    site.log.allows(REFUSED)
    site.log.expects("15002 credentials")


# ---- configuration ---------------------------------------------------

def test_two_files(httpd):
    more = """
<Location "/other">
    AuthCredentials file:conf/more
    AuthType Basic
    AuthName Docs
    AuthBasicProvider credentials
    Require valid-user
</Location>
"""
    site = Site(httpd.prepare(conf() + more, files={
        **FILES, "htdocs/other/index.html": "x"}, ours=OURS))
    site.put(password("bob", "b"))
    site.file.rename(site.root / "conf/more")
    site.put(password("alice", "wonderland"))
    site.start()
    assert site.status() == 200
    for user, secret, status in (("bob", "b", 200),
                                 ("alice", "wonderland", 401)):
        assert site.get("/other/", authorization=basic(
            user, secret)).status == status
    site.log.allows(REFUSED)


@pytest.mark.parametrize("line, reason", [
    ("AuthCredentials file:", "needs a path"),
    ("AuthCredentials conf/credentials", "needs a backend and a colon"),
    ("AuthCredentials files:x", "there is no backend"),
])
def test_configuration_errors(httpd, line, reason):
    assert reason in httpd.config_error(line, ours=OURS)


def test_not_in_htaccess(serve):
    """T-APR-17"""
    site = serve(more="</Location>\n<Directory htdocs>\nAllowOverride All\n"
                      "</Directory>\n<Location /x>")
    site.write("htdocs/.htaccess", "AuthCredentials file:/etc/passwd\n")
    assert site.get("/index.html").status == 500
    site.log.expects("AuthCredentials not allowed here")
