# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The credential store in PostgreSQL: the same schema, the same answers, and
what only a server of its own can do: restart, die and come back."""
import concurrent.futures
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

from harness.client import basic
from harness.hoba import SCHEMA, Client, Key, Store
from harness.server import free_port
from test_hoba import ALICE, cookie_of, eventually, prepare

BINARIES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))


class Postgres:
    """A server of this test alone; it refuses to run as root."""

    def __init__(self):
        assert BINARIES, "no PostgreSQL server: see build/packages"
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="authscheme-pg-"))
        self.bin = pathlib.Path(BINARIES[-1])
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.root, self.user)
        self.run("initdb", "-D", self.root / "data", "-A", "trust", "-U",
                 "store", "-E", "UTF8", "--no-sync")
        self.start()

    def run(self, program, *arguments, **more):
        # A server that stays would keep a pipe open.
        return subprocess.run(
            [self.bin / program, *arguments], check=True, text=True,
            user=self.user, cwd=self.root, timeout=60, start_new_session=True,
            **({"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
               | more))

    def start(self):
        self.run("pg_ctl", "start", "-w", "-D", self.root / "data", "-l",
                 self.root / "log", "-o",
                 f"-h 127.0.0.1 -p {self.port} -k {self.root} -F")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "stop", "-w", "-m", mode, "-D", self.root / "data")

    def sql(self, text):
        done = self.run("psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-h",
                        "127.0.0.1", "-p", str(self.port), "-U", "store", "-d",
                        "postgres", input=text, stdout=subprocess.PIPE,
                        stderr=None)
        return [line.split("|") for line in done.stdout.splitlines()]

    def remove(self):
        if (self.root / "data/postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.root)


class PostgresStore(Store):
    def __init__(self, site, postgres):
        self.site = site
        self.postgres = postgres

    def sql(self, text):
        return self.postgres.sql(text)


@pytest.fixture(scope="module")
def postgres():
    if os.geteuid() == 0:
        pwd.getpwnam("postgres")
    server = Postgres()
    server.sql(SCHEMA.read_text())
    yield server
    server.remove()


@pytest.fixture
def serve(httpd, postgres):
    def start(policy="open", extra="", mpm="event"):
        database = ("DBDriver pgsql\nDBDParams \"host=127.0.0.1 "
                    f"port={postgres.port} user=store dbname=postgres\"\n"
                    "AuthCredentials dbd:\n")
        site = prepare(httpd, policy, extra, database=database, mpm=mpm,
                       store=lambda site: PostgresStore(site, postgres))
        postgres.sql("DELETE FROM authscheme_credentials;")
        return site.start()
    return start


def test_register_and_sign_in(serve, mpm):
    site = serve(mpm=mpm, extra="HobaSession 600")
    client, key = Client(site), Key()
    for _ in range(3):
        answer = client.register(key, did="Alice\u2019s 'box'; --")
        assert answer.status == 200 and answer.header("Hobareg") == "regok"
    assert site.store.sql("SELECT id, place, label, state FROM "
                          "authscheme_credentials") == [
        [key.kid, site.url, "Alice\u2019s 'box'; --", "active"]]
    answer = client.answer(key)
    assert client.get(authorization=answer).status == 200
    assert client.get(authorization=answer).status == 401
    site.log.expects("problem=replayed", times=1)

    headers = {"Cookie": cookie_of(client.post(
        "login", authorization=client.answer(key)))}
    assert client.get(headers=headers).status == 200
    assert client.post("logout", authorization=client.answer(key)
                       ).status == 204
    assert client.get(headers=headers).status == 401
    site.log.expects("issued before the last logout", times=1)

    site.store.set(key, "state = 'revoked'")
    for _ in range(6):
        assert client.sign_in(key).status == 401
    site.log.expects("the key is revoked", times=6)
    assert client.sign_in(Key()).status == 401
    site.log.expects("problem=unknown", times=1)


def test_limits(serve):
    site = serve("bind")
    client = Client(site)
    for n in range(11):
        assert client.bind(Key(), ALICE).status == (200 if n < 10 else 403)
    site.log.expects("as many keys as it may have", times=1)
    # a key that is taken leaves no broken transaction behind
    key = Key()
    assert client.bind(key, basic("bob", "builder")).status == 200
    assert client.bind(key, ALICE).status == 409
    site.log.expects("belongs to another account", times=1)
    assert client.sign_in(key).status == 200


def test_two_registrations_at_once(serve):
    site = serve()
    client, key = Client(site), Key()
    proofs = [client.answer(key) for _ in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        done = [f.result() for f in
                [pool.submit(client.post, "register", key.form(), proof)
                 for proof in proofs]]
    assert [answer.status for answer in done] == [200] * 16
    assert site.store.count() == 1


def test_the_database_restarts(serve, postgres):
    """Connections are made anew, and so is what was prepared on them."""
    site = serve()
    client, key = Client(site), site.store.add(Key())
    for _ in range(2):
        for _ in range(6):
            assert client.sign_in(key).status == 200
        postgres.stop()
        postgres.start()
        eventually(lambda: client.sign_in(key).status == 200, 5)
        for _ in range(12):
            assert client.sign_in(key).status == 200
        assert client.register(Key()).status == 200
    for text in ("AuthCredentials dbd:", "problem=fault", "AH00639",
                 "AH02655", "AH00632", "AH00633"):
        site.log.allows(text)


def test_the_database_is_away(serve, postgres):
    site = serve()
    client, key = Client(site), site.store.add(Key())
    assert client.sign_in(key).status == 200
    postgres.stop()
    for _ in range(4):
        answer = client.sign_in(key)
        assert answer.status == 503 and answer.header("Retry-After")
    answer = client.register(Key())
    assert answer.status == 503 and not answer.all("Hobareg")
    # the other schemes of the list go on
    assert site.get("/docs/", authorization=ALICE).status == 200
    postgres.start()
    eventually(lambda: client.sign_in(key).status == 200, 5)
    site.log.expects("cannot read the credential store")
    for text in ("AuthCredentials dbd:", "problem=fault", "dbd:error"):
        site.log.allows(text)
