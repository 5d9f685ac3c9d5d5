# Licensed under the Apache License, Version 2.0; see LICENSE.
"""htauth when the machine lets it down: a full disk, a kill at any moment, two
at once (T-SEC-06, T-SHM-09). The old store stays whole, and the next htauth goes
on."""
import concurrent.futures
import errno
import os
import shutil
import signal
import subprocess

import pytest

from harness import build
from harness.htauth import OK, PROGRAM, SYSTEM, FileStore, environment

CALLS = ("write", "fsync", "fchmod", "fchown", "rename")
USERS = 1500 # some writes of APR's buffer


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    file = tmp_path_factory.mktemp("faults") / "fail.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-O1", "-o",
                    file, build.TOP / "tests/httpd/faults/fail.c", "-ldl"],
                   check=True)
    return file


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A store with many users, to be copied."""
    made = FileStore(tmp_path_factory.mktemp("full"))
    made("init")
    made.write(*made.lines(), *(
        f"digest user{n} realm=Docs algorithm=SHA-256 value={'0' * 64}"
        for n in range(USERS)))
    return made


def copy(full, folder):
    shutil.copy2(full.file, folder / "credentials")
    return FileStore(folder)


def start(store, *words, **more):
    return subprocess.Popen([PROGRAM, "-f", store.store, *words],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True,
                            env=environment(**more))


def start_failing(words, store, shim, call, nth, how):
    process = start(store, *words, LD_PRELOAD=str(shim),
                    ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0",
                    FAIL_CALL=call, FAIL_NTH=str(nth), FAIL_WITH=str(how))
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def add_token(*more):
    return start_failing(("token", "robot"), *more)


def leftovers(store):
    return [name for name in os.listdir(store.folder) if ".new-" in name]


def is_whole(store, before):
    """All that was there, with or without the new token; nothing else."""
    lines = store.lines()
    assert lines[:len(before)] == before
    assert len(lines) - len(before) in (0, 1)
    store("check")
    return len(lines) > len(before)


def each_call(store, shim, call, how):
    """Lets every call of a kind fail in turn, until there is none left."""
    for nth in range(1, 100):
        before = store.lines()
        code, out, err = add_token(store, shim, call, nth, how)
        if "fault: here" not in err:
            assert (code, err.count("This is the token")) == (OK, 1)
            return nth - 1
        yield before, code, out, err.replace("fault: here\n", "")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", (errno.ENOSPC, errno.EIO, errno.EDQUOT))
def test_a_call_that_fails(full, shim, tmp_path, call, error):
    store = copy(full, tmp_path)
    if call == "fchown":
        os.chown(store.file, 12345, 12345)
    failed = 0
    for before, code, out, err in each_call(store, shim, call, error):
        failed += 1
        done = is_whole(store, before)
        assert code == SYSTEM and out == ""
        assert err.startswith("htauth: ") and str(store.file) in err
        if not done:
            assert "the store is as it was" in err
            assert ("disk of" in err) == (error != errno.EIO)
        assert leftovers(store) == []
    assert failed >= (3 if call == "write" else 1)


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_any_moment(full, shim, tmp_path, call):
    """Power cuts look the same to who comes next."""
    store = copy(full, tmp_path)
    if call == "fchown":
        os.chown(store.file, 12345, 12345)
    killed = 0
    for before, code, out, _ in each_call(store, shim, call, 0):
        killed += 1
        assert code == -signal.SIGKILL and out == ""
        assert len(leftovers(store)) <= 1
        is_whole(store, before)
        store("token", "next") # waits for no lock, and tidies up
        assert leftovers(store) == []
    assert killed >= (3 if call == "write" else 1)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", (0, errno.ENOSPC)) # a kill, a full disk
@pytest.mark.parametrize("words", (("disable", "user", "user1"),
                                   ("enable", "user", "user1")))
def test_a_user_is_disabled_as_a_whole(full, shim, tmp_path, call, how, words):
    """Two records far from each other: both change, or none does."""
    store = copy(full, tmp_path)
    store.write(*store.lines(), "digest user1 realm=Other algorithm=MD5 "
                f"value={'0' * 32}")
    if words[0] == "enable":
        store("disable", "user", "user1")
    if call == "fchown":
        os.chown(store.file, 12345, 12345)
    file = store.file.read_bytes()
    owner = store.file.stat()
    for nth in range(1, 100):
        code, out, err = start_failing(words, store, shim, call, nth, how)
        rows = [r.get("state", "active") for r in store.records()
                if r["id"] == "user1"]
        if "fault: here" not in err:
            assert (code, nth > 1) == (OK, True)
            assert rows == [{"disable": "revoked", "enable": "active"}[words[0]]
                            ] * 2
            break
        assert code == (SYSTEM if how else -signal.SIGKILL) and out == ""
        assert len(rows) == 2 and len(set(rows)) == 1
        assert len(store.records()) == USERS + 1
        store("check")
        store.file.write_bytes(file)
        os.chown(store.file, owner.st_uid, owner.st_gid)


def test_a_file_that_may_not_grow(full, tmp_path):
    """The kernel's own refusal, without any shim."""
    store = copy(full, tmp_path)
    before = store.file.read_bytes()
    done = subprocess.run(
        ["sh", "-c", 'trap "" XFSZ; ulimit -f 40; exec "$0" -f "$1" token bob',
         PROGRAM, store.store], text=True, capture_output=True, timeout=60,
        env=environment())
    assert done.returncode == SYSTEM and done.stdout == ""
    assert "the store is as it was" in done.stderr
    assert store.file.read_bytes() == before and leftovers(store) == []


def test_many_at_once(full, tmp_path):
    store = copy(full, tmp_path)
    def add(n):
        return store("token", f"robot{n}", "--scope", f"s{n}").out.strip()
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        tokens = list(pool.map(add, range(24)))
    assert len(set(tokens)) == 24
    assert {row["user"] for row in store.list("--kind", "token")} \
        == {f"robot{n}" for n in range(24)}
    assert len(store.list("--kind", "digest")) == USERS
    assert leftovers(store) == []


def test_readers_see_the_old_or_the_new(full, tmp_path):
    store = copy(full, tmp_path)
    writers = [start(store, "token", f"robot{n}") for n in range(6)]
    counts = set()
    while any(writer.poll() is None for writer in writers):
        counts.add(len(store.list()))
    assert [writer.wait() for writer in writers] == [OK] * 6
    for writer in writers:
        writer.communicate()
    assert counts <= set(range(USERS, USERS + 7))
    assert len(store.list()) == USERS + 6
