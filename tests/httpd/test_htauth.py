# Licensed under the Apache License, Version 2.0; see LICENSE.
"""htauth: every verb with a file as its store (T-SEC-01, 02, 05, 06, 08). What
it derives is checked with hashlib, htpasswd and computed vectors."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import signal
import stat
import subprocess
import sys
import termios
import time
import unicodedata

import pexpect
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from harness.build import TOP
from harness.client import basic
from harness.htauth import (DAMAGED, HEADER, NO, OK, PROGRAM, SYSTEM, USAGE,
                            FileStore, environment)
from harness.hoba import Key, b64u
from harness.mutual import Exchange, client, file_store, reason

SCOPE = "https://www.example.com"
CHEAP = ("--cost", "4")
VECTORS = json.loads((TOP / "tests/unit/vectors/mutual/mutual.json")
                     .read_text())["verifiers"]
DL2048, DL4096, P256, P521 = sorted({v["algorithm"] for v in VECTORS})


@pytest.fixture
def store(tmp_path):
    made = FileStore(tmp_path)
    made("init")
    return made


def ha1(algorithm, *parts):
    name = {"MD5": "md5", "SHA-256": "sha256",
            "SHA-512-256": "sha512_256"}[algorithm]
    return hashlib.new(name, ":".join(parts).encode()).hexdigest()


def takes(store, user, password):
    """What htpasswd says of a hash in the store."""
    record = store.record("password", id=user)
    file = store.folder / "htpasswd"
    file.write_text(f"{user}:{record['value']}\n")
    return subprocess.run(["htpasswd", "-vi", file, user],
                          input=password.encode(),
                          capture_output=True).returncode == 0


# ---- init ------------------------------------------------------------

def test_init(tmp_path):
    store = FileStore(tmp_path)
    assert "htauth user" in store("init").out
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert store.lines()[0] == HEADER
    assert store("check").out == "0 credentials, 0 errors, 0 warnings\n"
    assert sorted(f.name for f in tmp_path.iterdir()) == [
        "credentials", "credentials.lock"]


def test_init_for_a_group(tmp_path):
    store = FileStore(tmp_path)
    group = os.getgid()
    name = __import__("grp").getgrgid(group).gr_name
    store("init", "--group", name)
    info = store.file.stat()
    assert stat.S_IMODE(info.st_mode) == 0o640 and info.st_gid == group
    assert "no group" in FileStore(tmp_path, "other")(
        "init", "--group", "no-such-group", code=NO).err


def test_init_leaves_alone_what_is_there(tmp_path):
    store = FileStore(tmp_path)
    store.file.write_text("mine\n")
    assert "left alone" in store("init", code=NO).err
    assert store.file.read_text() == "mine\n"
    for make in (lambda path: path.mkdir(), os.mkfifo,
                 lambda path: path.symlink_to(tmp_path / "nowhere")):
        store.file.unlink(missing_ok=True) if not store.file.is_dir(
            ) else store.file.rmdir()
        make(store.file)
        assert "left alone" in store("init", code=NO).err
    assert not (tmp_path / "nowhere").exists()


def test_init_without_a_folder(tmp_path):
    store = FileStore(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in store("init", code=SYSTEM).err


# ---- user ------------------------------------------------------------

@pytest.mark.parametrize("user, realm, password", [
    ("alice", "Documents", "wonderland"),
    ("J\u00e4s\u00f8n Doe", "api@example.org", "Secret, or not?"),
    ("o'neil", 'The "best" \\ realm', "p\u00e4\u00dfw\u00f6rd \u20ac"),
    ("#1", "a=b", "  blanks  "),
])
def test_what_is_derived(store, user, realm, password):
    done = store("user", user, "--realm", realm, *CHEAP, "--digest",
                 "SHA-256", "SHA-512-256", "MD5", input=password + "\n")
    assert user in done.out and realm in done.out
    for algorithm in ("SHA-256", "SHA-512-256", "MD5"):
        record = store.record("digest", algorithm=algorithm)
        assert record["id"] == user and record["realm"] == realm
        assert record["value"] == ha1(algorithm, user, realm, password)
    if ":" not in user and not user.startswith("#"):
        assert takes(store, user, password)
        assert not takes(store, user, password + "x")
    assert password not in store.file.read_text() + done.out + done.err
    assert store("check").out.startswith("4 credentials, 0 errors")


def test_defaults_are_safe(store):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="pw")
    assert [(r["kind"], r.get("algorithm", "")) for r in store.records()] == [
        ("password", ""), ("digest", "SHA-256"), ("digest", "SHA-512-256")]
    store("user", "bob", "--realm", "Docs", input="pw")
    assert store.record("password", id="bob")["value"].startswith("$2y$12$")
    store("user", "carol", "--realm", "Docs", "--hash", "sha512-crypt",
          input="pw")
    assert store.record("password", id="carol")["value"].startswith(
        "$6$rounds=100000$")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_mutual(store, vector):
    store("user", vector["user"], "--realm", vector["realm"], "--auth-scope",
          vector["auth_scope"], "--mutual", vector["algorithm"], "--digest",
          "none", "--hash", "none", input=vector["password"])
    record, = store.records()
    assert record["kind"] == "mutual" and record["value"] == vector["J"]
    assert record["place"] == vector["auth_scope"]
    assert record["algorithm"] == vector["algorithm"]


def test_mutual_comes_with_a_scope(store):
    out = store("user", "alice", "--realm", "Docs", "--auth-scope", SCOPE,
                *CHEAP, input="pw").out
    assert f"Mutual  {P256} for {SCOPE}" in out
    assert store.record("mutual")["algorithm"] == P256
    out = store("user", "alice", "--realm", "Docs", "--auth-scope", SCOPE,
                "--mutual", f"{P521},{P256}", *CHEAP, input="pw").out
    assert [r["algorithm"] for r in store.records()
            if r["kind"] == "mutual"] == [P521, P256]


def test_everything_old_is_replaced_at_once(store):
    for realm in ("Docs", "Other"):
        store("user", "alice", "--realm", realm, "--digest", "MD5",
              "SHA-256", "--auth-scope", SCOPE, *CHEAP, input="old")
    store("user", "bob", "--realm", "Docs", *CHEAP, input="old")
    before = store.records()
    done = store("user", "alice", "--realm", "Docs", *CHEAP, input="new")
    assert "Mutual" in done.err and "MD5" in done.err
    assert "Removed" in done.err and SCOPE in done.err
    after = store.records()
    others = [r for r in before if (r["id"], r["realm"]) != ("alice", "Docs")]
    assert [r for r in after if r in others] == others
    mine = [r for r in after if r not in others]
    assert {(r["kind"], r.get("algorithm", "")) for r in mine} == {
        ("password", ""), ("digest", "SHA-256"), ("digest", "SHA-512-256")}
    assert not [r for r in mine if r in before]


def test_a_password_for_every_realm(store):
    out = store("user", "alice", "--digest", "none", *CHEAP, input="pw").out
    assert "every realm" in out
    assert store.record("password").get("realm", "") == ""


def test_comments_and_order_stay(store):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="a")
    lines = store.lines()
    lines[2:2] = ["# the boss", "", "  # indented"]
    store.write(*lines, "# the end", mode=0o640)
    store("user", "bob", "--realm", "Docs", *CHEAP, input="b")
    assert store.lines()[:len(lines) + 1] == [*lines, "# the end"]
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o640
    store("remove", "user", "alice")
    assert store.lines()[1:6] == [lines[1], "# the boss", "", "  # indented",
                                  "# the end"]


def test_line_ends_of_windows(store):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="a")
    store.file.write_bytes(store.file.read_bytes().replace(b"\n", b"\r\n"))
    store("user", "alice", "--realm", "Docs", *CHEAP, input="b")
    assert store.record("digest", algorithm="SHA-256")["value"] == ha1(
        "SHA-256", "alice", "Docs", "b")


DECOMPOSED = unicodedata.normalize("NFD", "J\u00fcrgen")


def test_names_and_passwords_are_composed(store):
    store("user", DECOMPOSED, "--realm", unicodedata.normalize(
        "NFD", "B\u00fccher"), *CHEAP, input=unicodedata.normalize(
            "NFD", "p\u00e4\u00dfw\u00f6rd") + "\u00a0\u3000x\n")
    record = store.record("digest", algorithm="SHA-256")
    assert record["id"] == "J\u00fcrgen" and record["realm"] == "B\u00fccher"
    assert record["value"] == ha1("SHA-256", "J\u00fcrgen", "B\u00fccher",
                                  "p\u00e4\u00dfw\u00f6rd  x")


@pytest.mark.parametrize("name, why", [
    ("", "is empty"), ("a:b", "has a colon"), (" a", "blank"),
    ("a ", "blank"), ("a\tb", "control character"),
    ("a\nb", "control character"), ("a\x7f", "control character"),
    ("a\u0085", "control character"), ("a\x1b[2J", "control character"),
    (b"a\xff", "is not UTF-8"), (b"\xc0\xaf", "is not UTF-8"),
    (b"\xed\xa0\x80", "is not UTF-8"), ("x" * 256, "255 octets"),
    ("\u00e4" * 128, "255 octets"), ("\u0344" * 70, "255 octets"),
])
def test_names_that_are_refused(store, name, why):
    before = store.file.read_bytes()
    for words in (["user", "--realm", "Docs", "--", name],
                  ["user", "alice", "--realm", name],
                  ["token", "--", name], ["token", "alice", "--realm", name],
                  ["hoba", "invite", "--", name]):
        done = store(*words, input="pw\n", code=NO)
        assert why in done.err
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.err)
    assert store.file.read_bytes() == before


@pytest.mark.parametrize("password, why", [
    ("", "there is no password"), ("\n", "is empty"), ("\r\n", "is empty"),
    ("a\tb\n", "control character"), ("a\0b\n", "control character"),
    ("a\u0085b", "control character"), (b"p\xe4ss\n", "is not UTF-8"),
    ("x" * 73, "72 octets"), ("\u00e4" * 37, "72 octets"),
    ("x" * 512, "511 octets"), ("x" * 100000, "511 octets"),
])
def test_passwords_that_are_refused(store, password, why):
    before = store.file.read_bytes()
    done = store("user", "alice", "--realm", "Docs", input=password, code=NO)
    assert why in done.err
    assert store.file.read_bytes() == before


def test_long_passwords(store):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="x" * 72 + "\n")
    assert takes(store, "alice", "x" * 72)
    store("user", "alice", "--realm", "Docs", "--hash", "sha512-crypt",
          "--cost", "1000", input="x" * 511)
    assert store.record("digest", algorithm="SHA-256")["value"] == ha1(
        "SHA-256", "alice", "Docs", "x" * 511)


def test_the_first_line_is_the_password(store):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="one\r\ntwo\n")
    assert store.record("digest", algorithm="SHA-256")["value"] == ha1(
        "SHA-256", "alice", "Docs", "one")


@pytest.mark.parametrize("words, why", [
    ((), "--realm is missing"),
    (("--realm", "D", "--digest", "SHA-1"), "SHA-1"),
    (("--realm", "D", "--digest", "SHA-256-sess"), "SHA-256-sess"),
    (("--realm", "D", "--digest", "none", "MD5"), '"none" goes with no other'),
    (("--realm", "D", "--digest", "SHA-256", "SHA-265"), "SHA-265"),
    (("--realm", "D", "--mutual", P256), "--auth-scope"),
    (("--realm", "D", "--auth-scope", SCOPE, "--mutual", "x"), '"x"'),
    (("--realm", "D", "--hash", "md5"), "bcrypt"),
    (("--realm", "D", "--cost", "3"), "4 to 17"),
    (("--realm", "D", "--cost", "18"), "4 to 17"),
    (("--realm", "D", "--cost", "-5"), "4 to 17"),
    (("--realm", "D", "--cost", "12x"), "4 to 17"),
    (("--realm", "D", "--cost", "99999999999999999999"), "4 to 17"),
    (("--realm", "D", "--hash", "sha512-crypt", "--cost", "12"), "1000 to"),
    (("--realm", "D", "--hash", "none", "--cost", "12"), "--cost"),
    (("--realm", "D", "--hash", "none", "--digest", "none"), "nothing"),
    (("--realm", "D", "--realm", "E"), "twice"),
    (("--realm",), "--realm needs REALM"),
    (("--realm", "D", "--json=1"), "takes no value"),
    (("--realm", "D", "--password", "x"), "no option"),
    (("bob", "--realm", "D"), '"bob"'),
    *((("--realm", "D", "--auth-scope", scope), "www.example.com")
      for scope in ("", "https://", "https://Example.com", "example.com/",
                    "https://example.com:443", "http://example.com:80",
                    "https://example.com:0443", "https://example.com:65536",
                    "https://example.com:", "ftp://example.com",
                    "https://b\u00fccher.example", "*.", "*.*.com",
                    "https://*.example.com", "https://a b", ".example.com",
                    "https://example.com.", "[::1", "https://[]:1")),
])
def test_command_lines_that_are_refused(store, words, why):
    before = store.file.read_bytes()
    assert why in store("user", "alice", *words, input="pw\n", code=USAGE).err
    assert store.file.read_bytes() == before


@pytest.mark.parametrize("scope", [
    "http://example.com", "https://example.com:8443", "http://example.com:443",
    "https://[::1]:8443", "https://[2001:db8::1]", "example.com",
    "*.example.com", "xn--bcher-kva.example", "localhost",
])
def test_scopes(store, scope):
    store("user", "alice", "--realm", "D", "--auth-scope", scope, "--hash",
          "none", "--digest", "none", input="pw")
    assert store.record("mutual")["place"] == scope


# ---- help ------------------------------------------------------------

VERBS = ["init", "user", "token", "aws4", "import htpasswd",
         "import htdigest", "hoba list", "hoba approve", "hoba revoke",
         "hoba invite", "list", "remove user", "remove token", "remove key",
         "remove invite", "disable user", "disable key", "enable user",
         "enable key", "check"]


def test_help(tmp_path):
    store = FileStore(tmp_path)
    out = store("--help").out
    assert store("-h").out == out
    for verb in VERBS:
        assert f"  {verb} " in out
        own = store(*verb.split(), "--help").out
        assert own.startswith(f"htauth {verb} - ")
        assert all(len(line) < 80 for line in own.splitlines())
    assert all(len(line) < 80 for line in out.splitlines())
    assert re.fullmatch(r"htauth \d+\.\d+\.\d+\n", store("--version").out)


@pytest.mark.parametrize("words, why", [
    ((), "what to do"), (("frob",), 'no verb "frob"'), (("hoba",), "what?"),
    (("disable",), "what?"), (("enable", "token", "x"), "what?"),
    (("disable", "user"), "needs NAME"), (("enable", "key"), "needs ID"),
    (("disable", "key", "x", "--realm", "D"), "no option"),
    (("hoba", "frob"), "what?"), (("user",), "needs NAME"),
    (("init", "x"), '"x"'), (("--frob",), "no option"),
    (("list", "--frob"), "no option"), (("list", "--kind", "x"), "--kind"),
    (("list", "--state", "x"), "--state"),
])
def test_usage(tmp_path, words, why):
    assert why in FileStore(tmp_path)(*words, code=USAGE).err


@pytest.mark.parametrize("name", ["", "file:", "x", "ldap:x", "FILE:x", "dbd:"])
def test_stores_that_there_are_not(name):
    done = subprocess.run([PROGRAM, "-f", name, "list"], capture_output=True,
                          env=environment(), text=True)
    assert done.returncode == USAGE and "file:PATH" in done.stderr


def test_the_store_comes_from_the_environment(store):
    done = subprocess.run([PROGRAM, "check"], capture_output=True, text=True,
                          env=environment(HTAUTH_STORE=store.store))
    assert done.returncode == OK, done.stderr
    done = subprocess.run([PROGRAM, "check"], capture_output=True, text=True,
                          env=environment())
    assert done.returncode == USAGE and "which store" in done.stderr


# ---- list ------------------------------------------------------------

def test_list(store):
    assert store("list", code=NO).out == ""
    assert store.list(code=NO) == []
    store("user", "alice", "--realm", "Docs", "--auth-scope", SCOPE, *CHEAP,
          input="a")
    store("user", "J\u00fcrgen", "--realm", "\u6587\u66f8", *CHEAP, input="a")
    store("token", "robot", "--scope", "docs.read docs.write", "--label",
          "nightly backup", "--expires", "2099-12-31")
    out = store("list").out
    lines = out.splitlines()
    assert lines[0].split() == ["USER", "REALM", "WHAT", "DETAILS", "LABEL",
                                "ID", "MADE", "UNTIL", "(UTC)"]
    # each cell begins below its title; a wide character takes two columns
    at = lines[0].index("WHAT")
    kinds = []
    for line in lines[1:]:
        wide = sum(unicodedata.east_asian_width(c) == "W" for c in line)
        kinds.append(line[at - wide:].split("  ")[0])
    assert sorted(kinds) == ["Digest", "Digest", "Mutual", "password",
                             "password", "token"]
    assert "SHA-256, SHA-512-256" in out and "nightly backup" in out
    assert "2099-12-31 00:00" in out
    assert not any(r["value"] in out for r in store.records()
                   if r.get("value"))
    found = store.list()
    assert len(found) == 8
    token, = (r for r in found if r["kind"] == "token")
    assert token["scope"] == "docs.read docs.write"
    assert token["expires"] == "2099-12-31T00:00:00Z"
    assert token["created"].endswith("Z")
    assert not any("value" in r for r in found)


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


def test_controls_do_not_reach_the_terminal(store):
    """Labels come from clients that register keys."""
    store("token", "alice", "--label", "x")
    text = store.file.read_text().replace("label=x", 'label="\u202ex"')
    store.file.write_text(text)
    assert "\x1b" not in store("list").out


# ---- check and damaged stores ----------------------------------------

def damaged(store, line):
    store("token", "alice")
    good = store.lines()
    store.write(*good, "", "# comment", line)
    return len(good) + 3


@pytest.mark.parametrize("line", [
    "frob alice value=x", "password alice value=x", "password", "password alice",
    "password alice value=x frob=y", "digest alice realm=D algorithm=MD5",
    "digest alice realm=D algorithm=MD5 value=zz",
    f"digest alice realm=D algorithm=SHA-1 value={'0' * 40}",
    f"digest alice realm=D algorithm=MD5 value={'0' * 31}",
    f"digest alice realm=D realm=D algorithm=MD5 value={'0' * 32}",
    f"token {'g' * 64} user=a", f"token {'0' * 63} user=a",
    f"token {'0' * 64} user=a expires=tomorrow",
    f"token {'0' * 64} user=a state=perhaps",
    f'token {"0" * 64} user="a', "hoba abc user=a value=AAAA realm=D",
    "aws4 AKIA user=a value=secret", "\x00", "password \x1b value=x",
    f"mutual a realm=D place={SCOPE} algorithm={P256} value=00",
], ids=lambda line: line[:24].encode("unicode-escape").decode())
def test_a_damaged_line_is_named(store, line):
    number = damaged(store, line)
    before = store.file.read_bytes()
    done = store("check", code=DAMAGED)
    assert re.search(rf"^line {number}: ", done.out, re.M)
    assert "1 credential, 1 error," in done.out
    found = store("check", "--json", code=DAMAGED).json
    problem, = found["problems"]
    assert problem["line"] == number and problem["severity"] == "error"
    assert found["credentials"] == 1
    for words in (("user", "bob", "--realm", "D", *CHEAP), ("list",),
                  ("remove", "user", "alice"), ("token", "bob")):
        done = store(*words, input="pw\n", code=DAMAGED)
        assert f"credentials:{number}: " in done.err
        assert "htauth check" in done.err and done.out == ""
    assert store.file.read_bytes() == before
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.err)


def test_two_lines_for_one_credential(store):
    store("user", "alice", "--realm", "D", *CHEAP, input="a")
    lines = store.lines()
    store.write(*lines, lines[2])
    assert f"line {len(lines) + 1}: the same credential stands in line 3" in (
        store("check", code=DAMAGED).out)


@pytest.mark.parametrize("content", [
    b"", b"\n", b"authscheme-credentials 2\n", b"\xef\xbb\xbf" + HEADER.encode(),
    b"alice:$2y$05$x\n", HEADER[:-3].encode(), b"\x00" * 4096,
])
def test_other_files(store, content):
    store.file.write_bytes(content)
    assert "line 1: the first line" in store("check", code=DAMAGED).out
    assert HEADER in store("token", "alice", code=DAMAGED).err
    assert store.file.read_bytes() == content


def test_the_last_line_needs_no_end(store):
    store("token", "alice")
    store.file.write_bytes(store.file.read_bytes().rstrip(b"\n"))
    store("token", "bob")
    assert len(store.records()) == 2


def test_warnings(store):
    store("token", "alice")
    lines = store.lines()
    store.write(*lines, "password bob value={SHA}00hq6RNueFa8QiEjhep5cJRHWAI=",
                f"token {'0' * 64} user=x expires=2020-01-01T00:00:00Z",
                f"token {'1' * 64} user={DECOMPOSED}")
    out = store("check").out
    assert "weak hash" in out and "its time is over" in out and "NFC" in out
    assert "4 credentials, 0 errors, 3 warnings" in out
    assert [len(store.list("--expired"))] == [1]
    assert "over" in store("list", "--expired").out


# ---- files that nobody should use ------------------------------------

CHANGES = [("token", "alice"), ("list",), ("remove", "user", "alice"),
           ("user", "alice", "--realm", "D", *CHEAP)]


@pytest.mark.parametrize("mode, why", [
    (0o644, "read by everybody"), (0o604, "read by everybody"),
    (0o660, "written by others"), (0o602, "written by others"),
    (0o666, "written by others"), (0o620, "written by others"),
])
def test_open_to_too_many(store, mode, why):
    store("token", "alice")
    store.file.chmod(mode)
    before = store.file.read_bytes()
    for words in CHANGES:
        done = store(*words, input="pw\n", code=DAMAGED)
        assert why in done.err and f"chmod 640 {store.file}" in done.err
    assert why in store("check", code=DAMAGED).out
    assert store.file.read_bytes() == before
    assert stat.S_IMODE(store.file.stat().st_mode) == mode


def test_symlinks_folders_and_pipes(store, tmp_path):
    store("token", "alice")
    real = store.file.rename(tmp_path / "real")
    before = real.read_bytes()
    store.file.symlink_to(real)
    for words in [*CHANGES, ("check",)]:
        assert "symbolic link" in store(*words, input="pw", code=DAMAGED).err
    assert store.file.is_symlink() and real.read_bytes() == before
    store.file.unlink()
    store.file.mkdir()
    for words in CHANGES:
        assert "no regular file" in store(*words, input="pw",
                                          code=DAMAGED).err
    assert "no regular file" in store("check", code=DAMAGED).out
    store.file.rmdir()
    os.mkfifo(store.file)
    for words in CHANGES:
        assert "no regular file" in store(*words, input="pw",
                                          code=DAMAGED).err
    store.file.unlink()
    for words in [*CHANGES, ("check",)]:
        assert f"htauth -f file:{store.file} init" in store(
            *words, input="pw", code=SYSTEM).err


def test_a_folder_that_everybody_can_write_to(store, tmp_path):
    store("token", "alice")
    tmp_path.chmod(0o777)
    assert "everybody can write to the folder" in store("check").out
    tmp_path.chmod(0o1777)
    assert "everybody" not in store("check").out


# ---- the terminal ----------------------------------------------------

PROMPT, AGAIN = r"Password for alice in \"Docs\": ", "The same again: "


@pytest.fixture
def typed(store):
    """htauth at a terminal."""
    spawned = []

    def start():
        child = pexpect.spawn(
            str(PROGRAM), ["-f", store.store, "user", "alice", "--realm",
                           "Docs", *CHEAP], env=environment(), timeout=20,
            encoding="utf-8")
        spawned.append(child)
        child.expect(PROMPT)
        return child
    yield start
    for child in spawned:
        child.close(force=True)


def echoes(child):
    return bool(termios.tcgetattr(child.child_fd)[3] & termios.ECHO)


def ended(child):
    child.expect(pexpect.EOF)
    child.wait()
    return child.before


def test_a_password_is_asked_for_twice(store, typed):
    child = typed()
    assert not echoes(child)
    child.sendline("s3cret")
    child.expect(AGAIN)
    assert not echoes(child)
    child.sendline("s3cret")
    said = ended(child)
    assert child.exitstatus == OK and "s3cret" not in said
    assert "alice can sign in" in said
    assert store.record("digest", algorithm="SHA-256")["value"] == ha1(
        "SHA-256", "alice", "Docs", "s3cret")


def test_two_passwords_that_differ(store, typed):
    before = store.file.read_bytes()
    child = typed()
    child.sendline("one")
    child.expect(AGAIN)
    child.sendline("two")
    assert "differ" in ended(child) and child.exitstatus == NO
    assert store.file.read_bytes() == before


def test_the_end_of_input(store, typed):
    child = typed()
    child.sendeof()
    assert "there is no password" in ended(child)
    assert child.exitstatus == NO


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
@pytest.mark.parametrize("second", [False, True])
def test_a_signal_restores_the_echo(store, typed, name, second):
    before = store.file.read_bytes()
    child = typed()
    if second:
        child.sendline("s3cret")
        child.expect(AGAIN)
    child.send("half")
    child.kill(getattr(signal, name))
    said = ended(child)
    assert child.signalstatus == getattr(signal, name)
    assert "half" not in said and "s3cret" not in said
    assert store.file.read_bytes() == before


# A shell's terminal outlives the program. This one does what a shell does: a
# process group of its own in the foreground.
HOLDER = """
import os, signal, subprocess, sys, termios
def foreground():
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
child = subprocess.Popen(sys.argv[1:], preexec_fn=foreground)
pid, status = os.waitpid(child.pid, os.WUNTRACED)
if os.WIFSTOPPED(status):
    print("stopped", bool(termios.tcgetattr(0)[3] & termios.ECHO), flush=True)
    os.kill(pid, signal.SIGCONT)
    pid, status = os.waitpid(pid, 0)
print("ended", status, bool(termios.tcgetattr(0)[3] & termios.ECHO),
      flush=True)
"""


@pytest.fixture
def held(store):
    child = pexpect.spawn(
        sys.executable, ["-c", HOLDER, str(PROGRAM), "-f", store.store, "user",
                         "alice", "--realm", "Docs", *CHEAP],
        env=environment(), timeout=20, encoding="utf-8")
    child.expect(PROMPT)
    yield child
    child.close(force=True)


def test_control_c(held):
    assert not echoes(held)
    held.sendintr()
    held.expect(f"ended {int(signal.SIGINT)} True")


def test_control_z_and_back(store, held):
    held.send("half")
    held.send("\x1a")
    held.expect("stopped True")
    held.expect(PROMPT)
    assert not echoes(held)
    held.sendline("whole")
    held.expect(AGAIN)
    held.sendline("whole")
    held.expect("ended 0 True")
    assert store.record("digest", algorithm="SHA-256")["value"] == ha1(
        "SHA-256", "alice", "Docs", "whole")


# ---- tokens ----------------------------------------------------------

def until(record):
    return (datetime.datetime.fromisoformat(record["expires"])
            - datetime.datetime.now(datetime.timezone.utc))


def test_token(store):
    done = store("token", "robot", "--scope", "docs.read docs.write",
                 "--label", "nightly", "--realm", "Docs")
    token = done.out.rstrip("\n")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    record = store.record("token")
    assert record["id"] == hashlib.sha256(token.encode()).hexdigest()
    assert record["user"] == "robot" and record["realm"] == "Docs"
    assert record["scope"] == "docs.read docs.write"
    assert record["label"] == "nightly"
    assert 89 <= until(record).days <= 90
    assert token not in store.file.read_text() + done.err
    assert f"htauth remove token {record['id'][:12]}" in done.err
    again = store("token", "robot", "--json").json
    assert again["token"] != token and again["user"] == "robot"
    assert len(store.records()) == 2


@pytest.mark.parametrize("text, seconds", [
    ("90m", 5400), ("12h", 43200), ("30d", 2592000), ("8w", 4838400),
])
def test_expiry(store, text, seconds):
    store("token", "robot", "--expires", text)
    assert abs(until(store.record("token")).total_seconds() - seconds) < 60
    store("hoba", "invite", "robot", "--expires", text)
    assert abs(until(store.record("invite")).total_seconds() - seconds) < 60


def test_no_expiry(store):
    assert "for ever" in store("token", "robot", "--expires", "never").err
    assert "expires" not in store.record("token")


@pytest.mark.parametrize("text", [
    "", "0d", "-1d", "1", "d", "1y", "1dd", "1 d", "1.5d", "+1d", "0x1d",
    "99999999999999999999d", "36601d", "2020-01-01", "2099-02-30",
    "2099-13-01", "2099-1-1", "99-01-01", "2099-01-01T00:00:00Z", "Never",
])
def test_expiries_that_are_refused(store, text):
    assert "--expires" in store("token", "robot", f"--expires={text}",
                                code=USAGE).err
    assert store.records() == []


@pytest.mark.parametrize("scope", [" a", "a ", "a  b", 'a"b', "a\\b", "\u00e4",
                                   "a\tb", "a\nb"])
def test_scopes_that_are_refused(store, scope):
    assert "--scope" in store("token", "robot", "--scope", scope,
                              code=USAGE).err


@pytest.mark.parametrize("label", ["a\nb", "\x1b[2J", b"\xff", "x" * 1025])
def test_labels_that_are_refused(store, label):
    assert "label" in store("token", "robot", "--label", label, code=NO).err


# ---- AWS keys --------------------------------------------------------

SECRET_FILE = "0123456789abcdef0123456789abcdef0123456789abcdef"


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET_FILE + "\n")
    file.chmod(0o600)
    return file


def mac(key, *parts):
    text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key, text, "sha256").digest()


def unsealed(record):
    """What modules/lib/seal.h says, by python-cryptography."""
    part = b"server secret", SECRET_FILE.encode()
    secret = hashlib.sha256(b"".join(len(p).to_bytes(8, "big") + p
                                     for p in part)).digest()
    key = mac(secret, b"key for", b"AWS4 sealed secret")
    version, text = record["value"].split(".")
    assert version == "v1"
    sealed = base64.urlsafe_b64decode(text + "==")
    return AESGCM(key).decrypt(sealed[:12], sealed[12:],
                               ("v1." + record["id"]).encode()).decode()


def test_aws4(store, secret):
    done = store("aws4", "robot", "--secret-file", str(secret), "--label", "x")
    match = re.fullmatch(r"\[robot\]\naws_access_key_id = (HTAK[A-Z2-7]{16})\n"
                         r"aws_secret_access_key = ([A-Za-z0-9_-]{40})\n",
                         done.out)
    record = store.record("aws4")
    assert record["id"] == match[1] and record["user"] == "robot"
    assert unsealed(record) == match[2]
    assert match[2] not in store.file.read_text() + done.err
    again = store("aws4", "robot", "--secret-file", str(secret), "--json").json
    assert unsealed(store.record("aws4", id=again["id"])) == again["secret"]
    assert match[1] in store("list").out and match[2] not in store("list").out
    assert store("aws4", "J\u00fcrgen", "--secret-file", str(secret)
                 ).out.startswith("[default]\n")


PAIR = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize("text", [
    "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
    "# mine\r\n\r\naws_access_key_id={}\r\naws_secret_access_key={}",
    "{}\n{}\n", "{}\n{}", "  {}  \n\n  {}  \n",
])
def test_aws4_import(store, secret, text):
    done = store("aws4", "robot", "--secret-file", str(secret), "--import",
                 input=text.format(*PAIR))
    record = store.record("aws4")
    assert (record["id"], unsealed(record)) == PAIR
    assert PAIR[1] not in store.file.read_text() + done.out + done.err
    assert "there already" in store(
        "aws4", "bob", "--secret-file", str(secret), "--import",
        input=text.format(*PAIR), code=NO).err
    assert store.records() == [record]


@pytest.mark.parametrize("text", [
    "", "AKIDEXAMPLE\n", "AK/ID\nsecretsecret\n", "AKID\nshort\n",
    "AKID\nsecret secret\n", "AKID\nsecretsecret\nmore\n", "AKID\n\xe4" * 5,
    "aws_access_key_id = A\naws_access_key_id = B\n", "x" * 9000,
    "AKID\n" + "x" * 513,
])
def test_aws4_pairs_that_are_refused(store, secret, text):
    assert "stdin must be" in store("aws4", "robot", "--secret-file",
                                    str(secret), "--import", input=text,
                                    code=NO).err
    assert store.records() == []


def test_aws4_without_its_secret(store, secret):
    assert "--secret-file is missing" in store("aws4", "robot",
                                               code=USAGE).err
    secret.chmod(0o644)
    assert "chmod 640" in store("aws4", "robot", "--secret-file", str(secret),
                                code=SYSTEM).err
    secret.chmod(0o600)
    secret.write_text("short")
    assert "openssl rand" in store("aws4", "robot", "--secret-file",
                                   str(secret), code=SYSTEM).err
    assert store.records() == []


# ---- HOBA keys -------------------------------------------------------

def add_key(store, state="pending", user="x", key=None):
    key = key or Key()
    store.write(*store.lines(),
                f"hoba {key.kid} realm=Docs place=https://www.example.com:443 "
                f"algorithm=ES256 user={user} label=phone state={state} "
                f"value={b64u(key.der)} not_before=2026-01-01T00:00:00Z")
    return key


def test_hoba_approve_and_revoke(store):
    key, other = add_key(store), add_key(store, "active", "bob")
    assert len(store("hoba", "list", "--json").json) == 2
    waiting, = store("hoba", "list", "--json", "--state", "pending").json
    assert waiting["id"] == key.kid
    out = store("hoba", "list").out
    assert key.kid[:12] in out and "pending" in out and "phone" in out
    before = store.record("hoba", id=key.kid)
    out = store("hoba", "approve", "--user", "alice", "--", key.kid[:12]).out
    assert "alice" in out and "is active" in out
    assert store.record("hoba", id=key.kid).items() >= {
        **before, "user": "alice", "state": ""}.items() - {
            ("state", "")} - {("state", "pending")}
    assert store.record("hoba", id=key.kid).get("state", "active") == "active"
    assert store("hoba", "revoke", "--json", "--", key.kid).json[
        "state"] == "revoked"
    assert "revoked" in store("hoba", "approve", "--", key.kid, code=NO).err
    assert store.record("hoba", id=other.kid)["user"] == "bob"
    assert "0 errors" in store("check").out


def test_ids_that_are_refused(store):
    add_key(store)
    before = store.file.read_bytes()
    for words in (("hoba", "approve"), ("hoba", "revoke"), ("remove", "key"),
                  ("remove", "token"), ("remove", "invite"),
                  ("disable", "key"), ("enable", "key")):
        assert "too short" in store(*words, "abc", code=USAGE).err
        assert "there is none" in store(*words, "abcdefg", code=NO).err
    assert store.file.read_bytes() == before


def test_an_id_that_is_two(store):
    lines = [f"token abcdef{n}{'0' * 57} user=x" for n in "12"]
    store.write(*store.lines(), *lines)
    assert "2 ids begin" in store("remove", "token", "abcdef", code=NO).err
    store("remove", "token", "abcdef2")
    assert [r["id"][6] for r in store.records()] == ["1"]


def test_hoba_invite(store):
    done = store("hoba", "invite", "alice", "--realm", "Docs", "--label", "hi")
    code = done.out.rstrip("\n")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", code)
    record = store.record("invite")
    assert record["id"] == hashlib.sha256(code.encode()).hexdigest()
    assert (record["user"], record["realm"]) == ("alice", "Docs")
    assert 6 <= until(record).days <= 7
    assert store("hoba", "invite", "bob", "--json").json["code"] != code
    store("remove", "invite", record["id"][:12])
    assert store.record("invite")["user"] == "bob"


# ---- remove ----------------------------------------------------------

def test_remove(store, secret):
    for realm in ("Docs", "Other"):
        store("user", "alice", "--realm", realm, *CHEAP, input="a")
    store("token", "alice")
    store("aws4", "alice", "--secret-file", str(secret))
    store("user", "bob", "--realm", "Docs", *CHEAP, input="a")
    assert "3 credentials removed" in store("remove", "user", "alice",
                                            "--realm", "Docs").out
    token, = store.list("--kind", "token")
    assert store("remove", "token", token["id"][:12]).out.startswith(
        "1 credential removed")
    key, = store.list("--kind", "aws4")
    removed, = store("remove", "key", "--json", key["id"]).json
    assert removed == key
    store("remove", "user", "alice")
    assert {r["id"] for r in store.records()} == {"bob"}
    assert "no user alice" in store("remove", "user", "alice", code=NO).err
    assert "no user bob in Other" in store("remove", "user", "bob", "--realm",
                                           "Other", code=NO).err


# ---- disable and enable ----------------------------------------------

def states(store, **more):
    """kind -> the states of such records."""
    found = {}
    for record in store.records():
        if all(record.get(k, "") == v for k, v in more.items()):
            found.setdefault(record["kind"], set()).add(
                record.get("state", "active"))
    return {kind: " ".join(sorted(each)) for kind, each in found.items()}


@pytest.fixture
def alice(store, secret):
    """A store in which she has one of each, and bob a password."""
    store("user", "alice", "--realm", "Docs", "--auth-scope", SCOPE, *CHEAP,
          input="a")
    store("user", "alice", "--realm", "Other", *CHEAP, input="a")
    store("user", "bob", "--realm", "Docs", *CHEAP, input="b")
    store("token", "alice", "--scope", "x y", "--label", "her \"token\"")
    store("aws4", "alice", "--secret-file", str(secret))
    store.key = add_key(store, "active", "alice")
    store.write(*store.lines(), "# a comment")
    return store


def test_disable_and_enable_a_user(alice):
    before = alice.records()
    done = alice("disable", "user", "alice")
    assert done.out.startswith("10 credentials disabled\n") and done.err == ""
    for word in ("Docs", "Other", "bcrypt", "Digest", SCOPE, "AWS key",
                 alice.key.kid[:12], "revoked"):
        assert word in done.out
    assert set(states(alice, user="alice").values()) == {"revoked"}
    assert set(states(alice, id="bob").values()) == {"active"}
    # nothing but the state has changed, not even the order
    assert [{**r, "state": ""} for r in alice.records()] \
        == [{**r, "state": ""} for r in before]
    assert "# a comment" in alice.lines()
    assert "already" in alice("disable", "user", "alice").out
    assert alice("disable", "user", "alice", "--json").json == []

    done = alice("enable", "user", "alice")
    assert done.out.startswith("10 credentials enabled\n")
    assert "disable key ID" in done.err
    assert set(states(alice).values()) == {"active"}
    assert [r.get("value") for r in alice.records()] \
        == [r.get("value") for r in before]
    assert takes(FileStore(alice.folder), "bob", "b")
    assert "already" in alice("enable", "user", "alice").out
    assert "0 errors" in alice("check").out


def test_disable_and_enable_in_json(alice):
    gone = alice("disable", "user", "alice", "--realm", "Other", "--json").json
    assert {(r["realm"], r["state"]) for r in gone} == {("Other", "revoked")}
    assert [r["kind"] for r in gone] == ["password", "digest", "digest"]
    assert not any("value" in r for r in gone)
    back = alice("enable", "user", "alice", "--json").json
    assert back == [{**r, "state": "active"} for r in gone]


def test_disable_in_one_realm(alice):
    done = alice("disable", "user", "alice", "--realm", "Docs")
    assert done.out.startswith("5 credentials disabled\n")
    assert set(states(alice, realm="Docs", user="alice").values()) \
        == {"revoked"}
    assert set(states(alice, realm="Other").values()) == {"active"}
    # the token and the AWS key are good in Docs as they are elsewhere
    assert "every realm: 2 of alice" in done.err
    alice("enable", "user", "alice", "--realm", "Other")
    assert states(alice, kind="mutual") == {"mutual": "revoked"}
    alice("enable", "user", "alice", "--realm", "Docs")
    assert set(states(alice).values()) == {"active"}


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_users_that_there_are_not(alice, verb):
    before = alice.file.read_bytes()
    for words, why in ((("carol",), "no user carol"), (("alic",), "no user"),
                       (("bob", "--realm", "Other"), "no user bob in Other"),
                       (("bob", "--realm", ""), "no user bob")):
        done = alice(verb, "user", *words, code=NO)
        assert why in done.err and done.out == ""
    assert alice.file.read_bytes() == before


def test_disable_and_enable_a_key(alice):
    aws, = alice.list("--kind", "aws4")
    for key in (aws["id"], alice.key.kid[:12]):
        done = alice("disable", "key", "--", key)
        assert done.out.startswith("1 credential disabled\n")
        assert key in done.out and "revoked" in done.out
        assert "already" in alice("disable", "key", "--", key).out
    assert states(alice, user="alice").items() >= {
        "aws4": "revoked", "hoba": "revoked", "token": "active"}.items()
    assert "htauth enable key" in alice("hoba", "approve", "--", alice.key.kid,
                                        code=NO).err
    back, = alice("enable", "key", "--json", aws["id"]).json
    assert back == aws
    alice("enable", "key", "--", alice.key.kid)
    assert set(states(alice).values()) == {"active"}
    token, = alice.list("--kind", "token")
    for verb in ("disable", "enable"): # a token is no key
        assert "there is none" in alice(verb, "key", token["id"], code=NO).err


def test_what_waits_goes_on_waiting(store):
    """Else who was never approved could come in by the two verbs."""
    waiting = add_key(store, "pending", "alice")
    for verb in ("disable", "enable"):
        before = store.file.read_bytes()
        done = store(verb, "key", "--", waiting.kid, code=NO)
        assert "waits for approval" in done.err
        assert store.file.read_bytes() == before
    assert "1 waits for approval" in store("disable", "user", "alice").err
    done = store("enable", "user", "alice", code=NO)
    assert "1 waits for approval" in done.err and done.out == ""
    assert "nothing that can be enabled" in done.err
    assert store.file.read_bytes() == before
    store("user", "alice", "--realm", "Docs", *CHEAP, input="a")
    for verb in ("disable", "enable"):
        assert "1 waits" in store(verb, "user", "alice").err
        assert states(store)["hoba"] == "pending"
    store("hoba", "approve", "--", waiting.kid)
    assert states(store)["hoba"] == "active"


def test_an_invitation_comes_back_by_no_verb(store):
    """One that was used looks like one that was revoked."""
    store("hoba", "invite", "alice")
    store("token", "alice")
    done = store("disable", "user", "alice")
    assert "2 credentials" in done.out and "make new ones" in done.err
    store("enable", "user", "alice")
    assert states(store) == {"invite": "revoked", "token": "active"}
    store("remove", "token", store.record("token")["id"])
    assert "nothing" in store("enable", "user", "alice", code=NO).err


def test_disable_says_when_its_answer_is_lost(alice):
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "-f", alice.store, "disable", "user",
                               "alice"], stdout=full, stderr=subprocess.PIPE,
                              text=True, env=environment())
    assert done.returncode == SYSTEM and "could not be written" in done.stderr
    assert set(states(alice, user="alice").values()) == {"revoked"}


SERVER = """
AuthCredentials file:conf/credentials
<Location "/docs">
    AuthType "Digest Mutual Basic"
    AuthName "Docs"
    AuthBasicProvider credentials
    Require valid-user
</Location>
"""


def test_httpd_refuses_at_once_and_lets_in_again(httpd):
    site = httpd.prepare(SERVER, files={"htdocs/docs/index.html": "d\n"},
                         ours=("authscheme", "authscheme_credentials",
                               "authscheme_digest", "authscheme_mutual"))
    store, origin = file_store(site), f"http://localhost:{site.port}"
    for user in ("alice", "bob"):
        store("user", user, "--realm", "Docs", "--auth-scope", origin, *CHEAP,
              input="pw\n")
    site.start()

    def session(user):
        return Exchange(
            lambda sent: site.get("/docs/", authorization=sent),
            client.Place.of("http", "localhost", site.port), user, "pw")

    def answers(user):
        """To Basic, to Digest and to a new Mutual session."""
        mutual = session(user)
        mutual.kex()
        return [
            site.get("/docs/", authorization=basic(user, "pw")).status,
            site.curl("/docs/", "--digest", "-u", f"{user}:pw").status,
            mutual.vfy(0).status]

    assert answers("alice") == answers("bob") == [200] * 3
    old = session("alice").sign_in()
    store("disable", "user", "alice")
    assert reason(old.vfy(1)) == "auth-failed"
    assert answers("alice") == [401] * 3
    site.log.expects("is revoked", 4)
    site.log.expects("alice: authentication failure") # mod_auth_basic's own
    assert answers("bob") == [200] * 3
    store("enable", "user", "alice")
    assert answers("alice") == [200] * 3
    assert old.vfy(2).status == 200 # its time is not over
    assert "0 errors" in store("check").out


# ---- import ----------------------------------------------------------

def htpasswd(user, password, *options):
    done = subprocess.run(["htpasswd", "-nbi", *options, user],
                          input=password.encode(), capture_output=True,
                          check=True)
    return done.stdout.decode().strip()


@pytest.fixture
def users(tmp_path):
    file = tmp_path / "users"

    def write(*lines, end="\n"):
        file.write_bytes("".join(f"{line}{end}" for line in lines).encode())
        return str(file)
    return write


def test_import_htpasswd(store, users):
    lines = [htpasswd("alice", "a", "-BC4"), "# comment", "",
             htpasswd("bob", "b", "-5"), htpasswd("carol", "c", "-m"),
             htpasswd("dave", "d", "-s"), htpasswd("J\u00fcrgen", "j", "-2"),
             htpasswd("eve", "e", "-BC5") + ":a note"]
    done = store("import", "htpasswd", users(*lines, end="\r\n"), "--realm",
                 "Docs")
    assert done.out == "6 passwords imported, 0 refused\n"
    assert "2 of the hashes are bcrypt" in done.err
    assert "72 octets" in done.err
    assert "2 of the hashes are old and weak" in done.err
    for user, password in zip(("alice", "bob", "carol", "dave", "J\u00fcrgen",
                               "eve"), "abcdje"):
        assert store.record("password", id=user)["realm"] == "Docs"
        assert takes(store, user, password)
    assert "6 credentials, 0 errors, 2 warnings" in store("check").out


def test_import_for_every_realm(store, users):
    file = users(htpasswd("alice", "a", "-BC4"))
    assert store("import", "htpasswd", file, "--json").json == {
        "imported": 1, "refused": 0}
    assert store.record("password").get("realm", "") == ""


def test_import_from_stdin(store):
    store("import", "htpasswd", "-", input=htpasswd("alice", "a", "-BC4"))
    assert takes(store, "alice", "a")


GOOD = "good:{SHA}00hq6RNueFa8QiEjhep5cJRHWAI="
MD5, SHA = "0" * 32, "0" * 64


@pytest.mark.parametrize("kind, line, why", [
    ("htpasswd", "bob", "no colon"), ("htpasswd", ":x", "is empty"),
    ("htpasswd", "bob:", "there is no hash"),
    ("htpasswd", "bob:rqXexS6ZhobKA", "DES crypt"),
    ("htpasswd", "bob:s3cret-in-clear", "in the clear"),
    ("htpasswd", "bob:$2y$99$" + "a" * 53, "can't be used"),
    ("htpasswd", "bob:$1$aaaaaaaa$" + "a" * 22, "can't be used"),
    ("htpasswd", "bob:$2y$05$cut", "can't be used"),
    ("htpasswd", "bob:Docs:" + MD5, "in the clear"),
    ("htpasswd", "\ufeffbob:x", "byte order mark"),
    ("htpasswd", f"{DECOMPOSED}:x", "NFC"),
    ("htpasswd", "b\x1b[2Job:x", "control"),
    ("htpasswd", "b" * 20000, "too long"),
    ("htpasswd", "good:{SHA}11hq6RNueFa8QiEjhep5cJRHWAI=", "line 1"),
    ("htdigest", "bob", "user:realm:hash"), ("htdigest", "bob:D", "user:realm"),
    ("htdigest", f":D:{MD5}", "is empty"), ("htdigest", f"bob::{MD5}", "realm"),
    ("htdigest", f"bob:D:{MD5}0", "32 or 64"),
    ("htdigest", f"bob:D:{'g' * 32}", "32 or 64"),
    ("htdigest", "bob:D:", "32 or 64"),
    ("htdigest", f"bob:D:SHA-1={MD5}", "algorithm"),
    ("htdigest", f"bob:D:SHA-256-sess={SHA}", "algorithm"),
    ("htdigest", f"bob:D:SHA-256={MD5}", "32 or 64"),
    ("htdigest", f"bob:D:MD5={SHA}", "32 or 64"),
    ("htdigest", f"bob:D:{SHA}:{SHA}", "fourth field"),
    ("htdigest", f"good:D:{MD5}", "line 1"),
])
def test_lines_that_are_refused(store, users, kind, line, why):
    good = GOOD if kind == "htpasswd" else f"good:D:{'1' * 32}"
    file = users(good, "", line)
    before = store.file.read_bytes()
    done = store("import", kind, file, code=NO)
    assert re.search(f"^{file}:3: .*{re.escape(why)}", done.err, re.M)
    assert "nothing was imported, because of 1 line" in done.err
    assert "s3cret" not in done.err and "\x1b" not in done.err
    assert store.file.read_bytes() == before
    assert store("import", kind, file, "--skip").out == (
        "1 password imported, 1 refused\n")
    assert [r["id"] for r in store.records()] == ["good"]
    assert "0 errors" in store("check").out


def test_import_htdigest(store, users):
    hashes = {name: ha1(name, "alice", "Docs", "a")
              for name in ("MD5", "SHA-256", "SHA-512-256")}
    userhash = hashlib.sha256(b"alice:Docs").hexdigest()
    file = users(f"alice:Docs:{hashes['MD5'].upper()}", "# comment",
                 f"alice:Docs:{hashes['SHA-256']}:{userhash}",
                 f"alice:Docs:SHA-512-256={hashes['SHA-512-256']}",
                 f"alice:Other:{MD5}")
    done = store("import", "htdigest", file, "--realm", "Docs")
    assert done.out == "3 passwords imported, 0 refused\n"
    assert "1 line is of another realm" in done.err
    assert {r["algorithm"]: r["value"] for r in store.records()} == hashes
    assert all(r["realm"] == "Docs" for r in store.records())


def test_import_does_not_take_a_password_away(store, users):
    store("user", "alice", "--realm", "Docs", *CHEAP, input="mine")
    before = store.file.read_bytes()
    file = users(htpasswd("bob", "b", "-BC4"), htpasswd("alice", "a", "-BC4"))
    done = store("import", "htpasswd", file, "--realm", "Docs", code=NO)
    assert "alice has a password in the store already" in done.err
    assert store.file.read_bytes() == before
    store("import", "htpasswd", file, "--realm", "Docs", "--skip")
    assert takes(store, "alice", "mine") and takes(store, "bob", "b")
    store("import", "htpasswd", file, "--realm", "Docs", "--replace")
    assert takes(store, "alice", "a")


def test_files_that_can_not_be_imported(store, tmp_path):
    for name in ("nowhere", ""):
        assert "can't be read" in store("import", "htpasswd",
                                        str(tmp_path / name), code=SYSTEM).err
    assert store("import", "htpasswd", "/dev/null").out == (
        "0 passwords imported, 0 refused\n")


# ---- secrets ---------------------------------------------------------

def test_no_core_and_no_secret_in_sight(store):
    """A process that waits for a password has nothing to leak by."""
    process = subprocess.Popen(
        [PROGRAM, "-f", store.store, "user", "alice", "--realm", "Docs"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=environment())
    limits = ""
    end = time.monotonic() + 20
    while not re.search(r"core file size +1 +1 ", limits):
        assert time.monotonic() < end, limits
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            limits = file.read()
    assert process.communicate(b"s3cret\n")[0].count(b"s3cret") == 0


def test_an_answer_that_can_not_be_written(store):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "-f", store.store, "token", "alice"],
                              stdout=full, stderr=subprocess.PIPE, text=True,
                              env=environment())
    assert done.returncode == SYSTEM and "could not be written" in done.stderr
