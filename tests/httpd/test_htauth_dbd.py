# Licensed under the Apache License, Version 2.0; see LICENSE.
"""htauth with SQLite and PostgreSQL: the same records as in a file, in one
transaction each."""
import concurrent.futures
import hashlib

import sqlite3
import stat
import subprocess

import pytest

from harness.hoba import Key, b64u
from harness.htauth import (DAMAGED, NO, OK, PROGRAM, SYSTEM, USAGE, Htauth,
                            environment)
from test_hoba_postgresql import Postgres

CHEAP = ("--cost", "4")
TABLE = "authscheme_credentials"
SCOPE = "https://www.example.com"
NASTY = "O'Neil'); DROP TABLE authscheme_credentials; -- %s \\ \""


class SqliteStore(Htauth):
    def __init__(self, folder):
        self.file = folder / "keys.db"
        super().__init__(f"dbd:sqlite3:{self.file}")

    def sql(self, text):
        with sqlite3.connect(self.file, 10) as connection:
            if text.startswith("SELECT"):
                return [list(map(str, row)) for row in connection.execute(text)]
            connection.executescript(text)
        connection.close()
        return []


class PostgresStore(Htauth):
    def __init__(self, server):
        self.server = server
        self.sql = server.sql
        super().__init__(f"dbd:pgsql:host=127.0.0.1 port={server.port} "
                         "user=store dbname=postgres")


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "pgsql"])
def empty(request, tmp_path):
    if request.param == "sqlite":
        return SqliteStore(tmp_path)
    server = request.getfixturevalue("postgres")
    server.sql(f"DROP TABLE IF EXISTS {TABLE};")
    return PostgresStore(server)


@pytest.fixture
def store(empty):
    assert "htauth user" in empty("init").out
    return empty


def digest(*parts):
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


# ---- the verbs -------------------------------------------------------

def test_init(empty):
    assert "init" in empty("list", code=SYSTEM).err
    empty("init")
    assert "left alone" in empty("init", code=NO).err
    assert empty("check").out == "0 credentials, 0 errors, 0 warnings\n"
    if isinstance(empty, SqliteStore):
        assert stat.S_IMODE(empty.file.stat().st_mode) == 0o600
    assert "--group" in empty("init", "--group", "root", code=USAGE).err


@pytest.mark.parametrize("user", ["alice", NASTY.replace(":", "")])
def test_user(store, user):
    store("user", user, "--realm", NASTY, "--auth-scope", SCOPE, *CHEAP,
          input="old")
    store("user", user, "--realm", "Other", *CHEAP, input="old")
    done = store("user", user, "--realm", NASTY, *CHEAP, input="pw")
    assert "Mutual" in done.err
    rows = store.sql(f"SELECT kind, algorithm, id, username, value, userhash "
                     f"FROM {TABLE} WHERE realm <> 'Other' "
                     "ORDER BY kind, algorithm")
    assert [row[:4] for row in rows] == [
        ["digest", "SHA-256", user, user], ["digest", "SHA-512-256", user, user],
        ["password", "", user, user]]
    assert rows[0][4:] == [digest(user, NASTY, "pw"), digest(user, NASTY)]
    assert rows[1][5] == hashlib.new(
        "sha512_256", f"{user}:{NASTY}".encode()).hexdigest()
    assert rows[2][4].startswith("$2y$04$") and rows[2][5] == ""
    assert len(store.list("--realm", "Other")) == 3
    assert store("check").out == "6 credentials, 0 errors, 0 warnings\n"
    store("remove", "user", user, "--realm", "Other")
    assert len(store.list("--user", user)) == 3


def test_token_and_invite(store):
    token = store("token", "robot", "--scope", "a b", "--label",
                  "J\u00fcrgens").out.strip()
    row, = store.sql(f"SELECT id, scope, label, state, created, expires FROM "
                     f"{TABLE}")
    assert row[:4] == [hashlib.sha256(token.encode()).hexdigest(), "a b",
                       "J\u00fcrgens", "active"]
    assert int(row[5]) - int(row[4]) == 90 * 86400 * 1000000
    store("hoba", "invite", "alice", "--realm", "Docs")
    assert {r["kind"] for r in store.list()} == {"token", "invite"}
    store("remove", "token", row[0][:8])
    assert {r["kind"] for r in store.list()} == {"invite"}


def test_hoba(store):
    key = Key()
    store.sql(f"INSERT INTO {TABLE} (kind, id, realm, place, algorithm, "
              "username, value, state, not_before) VALUES ('hoba', "
              f"'{key.kid}', 'Docs', 'https://www.example.com:443', 'ES256', "
              f"'x', '{b64u(key.der)}', 'pending', 1700000000000001);")
    assert [r["id"] for r in store("hoba", "list", "--state", "pending",
                                   "--json").json] == [key.kid]
    store("hoba", "approve", "--user", "alice", "--", key.kid[:10])
    columns = "username, state, value, not_before"
    assert store.sql(f"SELECT {columns} FROM {TABLE}") == [
        ["alice", "active", b64u(key.der), "1700000000000001"]]
    store("hoba", "revoke", "--", key.kid)
    assert store.sql(f"SELECT state FROM {TABLE}") == [["revoked"]]


def test_disable_and_enable(store, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x" * 40)
    secret.chmod(0o600)
    store("user", "alice", "--realm", "Docs", "--auth-scope", SCOPE, *CHEAP,
          input="a")
    store("user", "bob", "--realm", "Docs", *CHEAP, input="b")
    store("token", "alice")
    store("hoba", "invite", "alice")
    store("aws4", "alice", "--secret-file", str(secret), "--import",
          input="AKIDAKID\nsecretsecret\n")
    keys = {state: Key() for state in ("pending", "active")}
    for state, key in keys.items():
        store.sql(f"INSERT INTO {TABLE} (kind, id, realm, place, algorithm, "
                  "username, value, state, created, not_before) VALUES ('hoba', "
                  f"'{key.kid}', 'Docs', 'https://www.example.com:443', "
                  f"'ES256', 'alice', '{b64u(key.der)}', '{state}', "
                  "1700000000000001, 1700000000000001);")
    rest = ("kind, id, realm, place, algorithm, username, value, label, scope, "
            "created, expires, not_before, userhash")
    before = sorted(store.sql(f"SELECT {rest} FROM {TABLE}"))

    def of_alice():
        return {" ".join(row) for row in store.sql(
            f"SELECT DISTINCT kind, state FROM {TABLE} "
            "WHERE username = 'alice'")}

    assert store("disable", "user", "alice", "--realm", "Docs").out.startswith(
        "5 credentials disabled\n")
    assert len(store("disable", "user", "alice", "--json").json) == 3
    assert of_alice() == {
        "password revoked", "digest revoked", "mutual revoked",
        "token revoked", "invite revoked", "aws4 revoked", "hoba revoked",
        "hoba pending"}
    assert len(store.list("--user", "bob", "--state", "active")) == 3
    assert "already" in store("disable", "user", "alice").out

    store("enable", "key", "AKIDAKID")
    assert "aws4 active" in of_alice()
    done = store("enable", "user", "alice")
    assert done.out.startswith("6 credentials enabled\n")
    assert "1 waits for approval" in done.err
    assert of_alice() == {
        "password active", "digest active", "mutual active", "token active",
        "invite revoked", "aws4 active", "hoba active", "hoba pending"}
    store("disable", "key", "--", keys["active"].kid)
    assert "hoba revoked" in of_alice()
    store("enable", "key", "--", keys["pending"].kid, code=NO)
    store("enable", "user", "carol", code=NO)
    assert sorted(store.sql(f"SELECT {rest} FROM {TABLE}")) == before
    assert "0 errors" in store("check").out


@pytest.mark.parametrize("user", ["O'Neil", NASTY.replace(":", "")])
def test_disable_takes_names_as_they_are(store, user):
    store("token", user)
    store("token", "bob")
    store("disable", "user", user)
    assert [r["user"] for r in store.list("--state", "revoked")] == [user]
    store("enable", "user", user)
    assert len(store.list("--state", "active")) == 2


def test_disable_is_one_step_or_none(store):
    """The database refuses the last of several records."""
    store("user", "alice", "--realm", "Docs", *CHEAP, input="a")
    before = store.sql(f"SELECT * FROM {TABLE}")
    if isinstance(store, SqliteStore):
        store.sql(f"CREATE TRIGGER t BEFORE INSERT ON {TABLE} WHEN "
                  "NEW.algorithm = 'SHA-512-256' BEGIN SELECT "
                  "RAISE(ABORT, 'no'); END;")
    else:
        store.sql(f"ALTER TABLE {TABLE} ADD CONSTRAINT c CHECK "
                  "(algorithm <> 'SHA-512-256' OR state = 'active') NOT VALID;")
    done = store("disable", "user", "alice", code=SYSTEM)
    assert "nothing was changed" in done.err and done.out == ""
    assert sorted(store.sql(f"SELECT * FROM {TABLE}")) == sorted(before)


def test_aws4_and_import(store, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x" * 40)
    secret.chmod(0o600)
    for code in (OK, NO):
        store("aws4", "robot", "--secret-file", str(secret), "--import",
              input="AKID\nsecretsecret\n", code=code)
    users = tmp_path / "users"
    users.write_text("bob:{SHA}00hq6RNueFa8QiEjhep5cJRHWAI=\nx:y\n")
    store("import", "htpasswd", str(users), code=NO)
    assert len(store.list()) == 1
    store("import", "htpasswd", str(users), "--skip")
    store("import", "htpasswd", str(users), "--skip")
    assert [r["kind"] for r in store.list("--user", "bob")] == ["password"]
    assert store("remove", "key", "AKID", code=USAGE).out == ""


@pytest.mark.parametrize("words, count", [
    (("--user", "alice"), 4), (("--user", "al"), 0), (("--realm", "Docs"), 3),
    (("--kind", "digest"), 2), (("--kind", "token", "--user", "alice"), 1),
    (("--state", "active"), 5), (("--state", "pending"), 0), (("--expired",), 0),
])
def test_filters(store, words, count):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="a")
    store("token", "alice")
    store("token", "bob")
    assert len(store.list(*words, code=OK if count else NO)) == count


# ---- damage ----------------------------------------------------------

@pytest.mark.parametrize("change, why", [
    ("kind = 'frob'", "kind"), ("id = 'x'", "token"),
    ("expires = 1", "its time is over"),
])
def test_check(store, change, why):
    store("token", "alice")
    store.sql(f"UPDATE {TABLE} SET {change};")
    code = OK if "over" in why else DAMAGED
    done = store("check", code=code)
    assert why in done.out and "1 credential," in done.out
    assert store("check", "--json", code=code).json["problems"][0]["where"]


def test_check_of_userhashes(store):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="a")
    store.sql(f"UPDATE {TABLE} SET userhash = '' WHERE kind = 'digest';")
    out = store("check", code=DAMAGED).out
    assert out.count("userhash") == 2 and 'alice in "Docs"' in out


def test_one_step_or_none(store):
    """The database refuses the last of several records."""
    store("user", "alice", "--realm", "Docs", *CHEAP, input="old")
    before = store.sql(f"SELECT * FROM {TABLE}")
    if isinstance(store, SqliteStore):
        store.sql(f"CREATE TRIGGER t BEFORE INSERT ON {TABLE} WHEN "
                  "NEW.algorithm = 'SHA-512-256' BEGIN SELECT "
                  "RAISE(ABORT, 'no'); END;")
    else:
        store.sql(f"ALTER TABLE {TABLE} ADD CONSTRAINT c CHECK "
                  "(algorithm <> 'SHA-512-256') NOT VALID;")
    done = store("user", "alice", "--realm", "Docs", *CHEAP, input="new",
                 code=SYSTEM)
    assert "nothing was changed" in done.err and done.out == ""
    assert sorted(store.sql(f"SELECT * FROM {TABLE}")) == sorted(before)


def test_many_at_once(store):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(store, "user", user, "--realm", "Docs", *CHEAP,
                            input=f"{user}{n}")
                for n in range(4) for user in ("alice", "bob", "carol")]
        jobs += [pool.submit(store, "token", "robot") for _ in range(8)]
        for job in jobs:
            job.result()
    assert len(store.list("--kind", "token")) == 8
    for user in ("alice", "bob", "carol"):
        rows = store.sql(f"SELECT kind, value FROM {TABLE} WHERE id = '{user}' "
                         "ORDER BY kind, algorithm")
        assert [row[0] for row in rows] == ["digest", "digest", "password"]
        # all of one password
        n, = (n for n in range(4)
              if rows[0][1] == digest(user, "Docs", f"{user}{n}"))
        assert rows[1][1] == hashlib.new(
            "sha512_256", f"{user}:Docs:{user}{n}".encode()).hexdigest()


# ---- what -f says ----------------------------------------------------

@pytest.mark.parametrize("name, why", [
    ("dbd:sqlite3", "dbd:DRIVER:PARAMS"), ("dbd:sqlite3:", "dbd:DRIVER:PARAMS"),
    ("dbd:mysql:x", "sqlite3 or pgsql"), ("dbd:../x:y", "sqlite3 or pgsql"),
    ("dbd:pgsql:host=x password=s3cret", "for everybody"),
    ("dbd:pgsql:host=x PASSWORD = s3cret", "for everybody"),
    ("dbd:pgsql:postgresql://x/?password=s3cret", "for everybody"),
])
def test_stores_that_are_refused(name, why):
    done = Htauth(name)("list", code=USAGE)
    assert why in done.err and "s3cret" not in done.err


def test_sqlite_files(tmp_path):
    store = SqliteStore(tmp_path)
    assert "init" in store("token", "x", code=SYSTEM).err
    assert not store.file.exists()
    store.file.write_text("no database at all, but long enough to be one\n" * 9)
    assert "not a database" in store("list", code=SYSTEM).err
    store.file.chmod(0o666)
    assert "written by everybody" in store("list", code=DAMAGED).err
    store.file.unlink()
    store.file.mkdir()
    assert "no regular file" in store("list", code=DAMAGED).err
    assert "no regular file" in store("init", code=DAMAGED).err


def test_a_locked_database(tmp_path):
    store = SqliteStore(tmp_path)
    store("init")
    with sqlite3.connect(store.file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        done = store("token", "x", code=SYSTEM)
        connection.rollback()
    assert "locked" in done.err and done.out == ""
    store("token", "x")
    assert len(store.list()) == 1


def test_params_from_a_file_and_from_the_environment(postgres, tmp_path):
    direct = PostgresStore(postgres)
    postgres.sql(f"DROP TABLE IF EXISTS {TABLE};")
    direct("init")
    direct("token", "alice")
    params = direct.store.removeprefix("dbd:pgsql:") + " password=s3cret"
    file = tmp_path / "params"
    file.write_text(params + "\n")
    file.chmod(0o640)
    store = Htauth(f"dbd:pgsql:@{file}")
    assert len(store.list()) == 1
    file.chmod(0o644)
    assert "chmod 640" in store("list", code=DAMAGED).err
    assert "can't be opened" in Htauth(f"dbd:pgsql:@{tmp_path}/no")(
        "list", code=SYSTEM).err
    done = subprocess.run([PROGRAM, "list"], capture_output=True, env=environment(
        HTAUTH_STORE=f"dbd:pgsql:{params}"))
    assert done.returncode == OK, done.stderr


def test_the_server_is_away(tmp_path):
    done = Htauth("dbd:pgsql:host=127.0.0.1 port=1 user=x dbname=y")(
        "user", "alice", "--realm", "D", input="pw", code=SYSTEM)
    assert "no connection to the database" in done.err


def test_no_right_to_write(postgres):
    store = PostgresStore(postgres)
    postgres.sql(f"DROP TABLE IF EXISTS {TABLE};")
    store("init")
    postgres.sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN; "
                 f"GRANT SELECT ON {TABLE} TO reader;")
    reader = Htauth(store.store.replace("user=store", "user=reader"))
    assert reader.list(code=NO) == []
    assert "permission denied" in reader("token", "x", code=SYSTEM).err
    postgres.sql("DROP OWNED BY reader; DROP ROLE reader;")
