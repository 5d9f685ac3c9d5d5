# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The server secret and one-time proofs: T-SHM-01..08, 11, 14, T-APR-05,
T-TIM-01, 04, T-SEC-01, T-MPM-01..04."""
import concurrent.futures
import http.client
import os
import struct
import subprocess
import threading
import time

import pytest

from harness import build
from harness.server import MPMS

ONCE = "tests/httpd/modules/mod_authscheme_once.c"
CONF = """
<Location "/docs">
    AuthType Once
    AuthName "Docs"
    Require valid-user
</Location>
"""
FILES = {"htdocs/docs/a.txt": "secret\n"}
REPLAYED = "proof was used before"
UNKNOWN = "nobody knows the proof any more"
FOREIGN = "nonce is not ours"


@pytest.fixture
def serve(httpd):
    def start(conf="", secrets=None, **more):
        files = {**FILES, **more.pop("files", {})}
        site = httpd.prepare(conf + CONF, files=files, sources=[ONCE], **more)
        for name, content in (secrets or {}).items():
            site.write(name, content, 0o640)
        return site.start()
    return start


def fresh(site, path="/docs/a.txt"):
    return site.get(path).challenge("Once")["nonce"]


def proof(nonce, count=None):
    return f'Once nonce="{nonce}"' + (f", count={count}" if count else "")


def dated(key, at):
    return f'Once key="{key}", dated={int(at * 1e6)}'


def status(site, authorization, path="/docs/a.txt"):
    return site.get(path, authorization=authorization).status


def refused(site, authorization, why):
    assert status(site, authorization) == 401
    site.log.expects(why)


def all_at_once(jobs, threads=16):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return [f.result() for f in [pool.submit(*job) for job in jobs]]


# ---- claims and windows ---------------------------------------------------

@pytest.mark.parametrize("mpm", MPMS)
def test_a_proof_works_once(serve, mpm):
    site = serve(mpm=mpm)
    nonce = fresh(site)
    assert len(nonce) == 54
    assert status(site, proof(nonce)) == 200
    for _ in range(5):
        refused(site, proof(nonce), REPLAYED)
    assert status(site, proof(fresh(site))) == 200


def test_counts_work_once_each_in_any_order(serve):
    site = serve()
    nonce = fresh(site)
    for count in (2, 1, 130, 3, 129):
        assert status(site, proof(nonce, count)) == 200
    for count in (1, 3, 129, 130):
        assert status(site, proof(nonce, count)) == 401
    site.log.expects(REPLAYED, times=3)
    site.log.expects(UNKNOWN, times=1)  # 1 is more than 127 back


@pytest.mark.parametrize("mpm", MPMS)
def test_one_of_many_at_once_gets_in(serve, mpm):
    site = serve(mpm=mpm)
    for _ in range(5):
        nonce = fresh(site)
        jobs = [(status, site, proof(nonce)) for _ in range(16)]
        assert sorted(all_at_once(jobs)) == [200] + [401] * 15
    site.log.expects(REPLAYED, times=75)


def test_nonces_are_never_issued_twice(serve):
    """Randomness after fork: children share no state of the generator."""
    site = serve(mpm="prefork")
    found = all_at_once([(fresh, site)] * 400)
    site.graceful()
    found += all_at_once([(fresh, site)] * 400)
    assert len({nonce[:22] for nonce in found}) == 800


def test_strangers_write_nothing(serve):
    site = serve("AuthSchemeState shm:64k\n")
    nonce = fresh(site)
    used = fresh(site)
    assert status(site, proof(used)) == 200
    bad = [(status, site, proof("A" * 54))] * 1000
    assert set(all_at_once(bad + [(status, site, None)] * 1000)) == {401}
    refused(site, proof(used), REPLAYED)
    assert status(site, proof(nonce)) == 200
    site.log.expects(FOREIGN)


HOSTILE = [lambda n: n[:-1], lambda n: n + "=", lambda n: n + "==",
           lambda n: n[:-1] + chr(ord(n[-1]) + 1), lambda n: n + n,
           lambda n: n.swapcase(), lambda n: n[1:] + n[0], lambda n: "",
           lambda n: " " + n, lambda n: n.replace("-", "+").replace("_", "/")
           if "-" in n or "_" in n else n + "+"]


def test_altered_nonces(serve):
    site = serve()
    nonce = fresh(site)
    for alter in HOSTILE:
        refused(site, proof(alter(nonce)), FOREIGN)
    assert status(site, proof(nonce)) == 200


def test_a_nonce_is_bound(serve):
    """To what the scheme binds it to: here, the realm."""
    site = serve('<Location "/other">\nAuthType Once\nAuthName Other\n'
                 'Require valid-user\n</Location>\n',
                 files={"htdocs/other/a.txt": "other\n"})
    nonce = fresh(site, "/other/a.txt")
    refused(site, proof(nonce), FOREIGN)
    assert status(site, proof(nonce), "/other/a.txt") == 200


def test_once_per_client_request(serve):
    """Subrequests and internal redirects use the proof that is in use."""
    site = serve('<Directory "{root}/htdocs/docs">\n'
                 'Options +Includes\nAddType text/html .shtml\n'
                 'AddOutputFilter INCLUDES .shtml\n'
                 'DirectoryIndex page.shtml\n'
                 'FallbackResource /docs/page.shtml\n</Directory>\n'
                 '<Location "/docs/inner">\nAuthType Once\nAuthName Docs\n'
                 'Require user once\n</Location>\n',
                 modules="include dir",
                 files={"htdocs/docs/page.shtml":
                        '<!--#include virtual="/docs/a.txt"-->'
                        '<!--#include virtual="/docs/inner/b.txt"-->'
                        '<!--#include virtual="/docs/inner/b.txt"-->',
                        "htdocs/docs/inner/b.txt": "inner\n"})
    for path in ("/docs/page.shtml", "/docs/", "/docs/nothing"):
        for count in (None, 3):
            nonce = fresh(site)
            answer = site.get(path, authorization=proof(nonce, count))
            assert answer.status == 200, path
            assert answer.text == "secret\ninner\ninner\n"
            refused(site, proof(nonce, count), REPLAYED)


def test_once_per_client_request_from_an_open_place(serve):
    """The client's own request needs no proof; two of its parts do."""
    site = serve('<Directory "{root}/htdocs">\n'
                 'Options +Includes\nAddOutputFilter INCLUDES .shtml\n'
                 'AddType text/html .shtml\n</Directory>\n',
                 modules="include",
                 files={"htdocs/open.shtml":
                        '<!--#include virtual="/docs/a.txt"-->'
                        '<!--#include virtual="/docs/a.txt"-->'})
    nonce = fresh(site)
    answer = site.get("/open.shtml", authorization=proof(nonce))
    assert answer.text == "secret\nsecret\n"
    refused(site, proof(nonce), REPLAYED)


# ---- restarts -------------------------------------------------------------

def test_restarts_keep_what_is_known(serve):
    site = serve()
    used, counted = fresh(site), fresh(site)
    assert status(site, proof(used)) == 200
    assert status(site, proof(counted, 5)) == 200
    for restart in (site.graceful, site.restart, site.graceful):
        pending = fresh(site)
        restart()
        refused(site, proof(used), REPLAYED)
        refused(site, proof(counted, 5), REPLAYED)
        assert status(site, proof(pending)) == 200
    assert status(site, proof(counted, 6)) == 200


def test_stop_and_start_forgets_the_secret(serve):
    site = serve()
    used, unused = fresh(site), fresh(site)
    assert status(site, proof(used)) == 200
    site.stop()
    site.start()
    refused(site, proof(used), FOREIGN)
    refused(site, proof(unused), FOREIGN)
    assert status(site, proof(fresh(site))) == 200


def test_stop_and_start_with_a_secret_file(serve):
    """Nobody knows any more what was used: stale, not new."""
    site = serve("AuthSchemeSecret conf/secret\n",
                 secrets={"conf/secret": "s" * 32})
    used, unused = fresh(site), fresh(site)
    assert status(site, proof(used)) == 200
    site.stop()
    site.start()
    refused(site, proof(used), UNKNOWN)
    refused(site, proof(unused), UNKNOWN)
    assert status(site, proof(fresh(site))) == 200


def test_another_size_takes_over(serve):
    site = serve()
    used, unused = fresh(site), fresh(site)
    assert status(site, proof(used)) == 200
    for size in ("64k", "1M", "65536"):
        site.write_conf(f"AuthSchemeState shm:{size}\n" + CONF)
        site.graceful()
        refused(site, proof(used), UNKNOWN)
        refused(site, proof(unused), UNKNOWN)

        def works():
            return status(site, proof(fresh(site))) == 200
        # What was issued as the new table began is stale to it.
        site.wait_until(works, "to take fresh proofs again", 2)
    site.log.allows(UNKNOWN)


def memory_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(next(l for l in f if l.startswith("VmSize")).split()[1])


def segments_of(pid):
    with open(f"/proc/{pid}/maps") as f:
        return sum("/dev/zero" in line and " rw-s " in line for line in f)


def test_restarts_leak_nothing(serve):
    site = serve("AuthSchemeState shm:32m\n")
    pid = site.process.pid
    site.graceful()
    before = memory_of(pid), segments_of(pid)
    for n in range(8):
        site.write_conf(f"AuthSchemeState shm:{32 + n % 2}m\n" + CONF)
        site.graceful()
    site.write_conf("AuthSchemeState shm:32m\n" + CONF)
    site.graceful()
    after = memory_of(pid), segments_of(pid)
    assert after[0] - before[0] < 4096, "kilobytes"
    assert after[1] == before[1]


# ---- under load -----------------------------------------------------------

class Load:
    """Clients that use fresh proofs, each twice, until the end of the block."""

    def __init__(self, site, clients=6):
        self.site = site
        self.ends = threading.Event()
        self.answers = []
        self.errors = []
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(clients)]

    def run(self):
        while not self.ends.is_set():
            try:
                nonce = fresh(self.site)
                self.answers.append((status(self.site, proof(nonce)),
                                     status(self.site, proof(nonce))))
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        for thread in self.threads:
            thread.join()
        assert self.answers


@pytest.mark.parametrize("mpm", MPMS)
def test_killed_children(serve, mpm):
    site = serve("AuthSchemeState shm:1m\n", mpm=mpm)
    with Load(site) as load:
        for _ in range(6):
            before = len(load.answers)
            site.kill_child()
            site.wait_until(lambda: len(load.answers) > before + 20, "to answer")
    assert (200, 401) in load.answers
    assert (200, 200) not in load.answers
    # A lock whose holder died costs a new nonce, never more.
    assert {answer for pair in load.answers for answer in pair} <= {200, 401}
    assert status(site, proof(fresh(site))) == 200
    for line in (REPLAYED, UNKNOWN, "children are killed successively"):
        site.log.allows(line)


def test_restarts_under_load(serve):
    site = serve("AuthSchemeState shm:16m\n")
    with Load(site) as load:
        for _ in range(10):
            before = len(load.answers)
            site.graceful()
            site.wait_until(lambda: len(load.answers) > before + 20, "to answer")
    assert set(load.answers) == {(200, 401)}
    assert not load.errors
    site.log.allows(REPLAYED)
    site.log.allows(UNKNOWN)


def test_tables_replaced_under_load(serve):
    """What is new in one table is not new in the other, while children of both
    are at work."""
    site = serve("AuthSchemeState shm:16m\n")
    with Load(site) as load:
        for n in range(6):
            site.write_conf(f"AuthSchemeState shm:{17 + n % 2}m\n" + CONF)
            site.graceful()
            good = load.answers.count((200, 401))
            site.wait_until(lambda: load.answers.count((200, 401)) > good + 20,
                       "to know what is new")
    assert set(load.answers) <= {(200, 401), (401, 401)}
    site.log.allows(REPLAYED)
    site.log.allows(UNKNOWN)


def test_a_full_table(serve):
    """64k hold some 800 proofs: what is dropped is stale, never new."""
    site = serve("AuthSchemeState shm:64k\n")
    nonces = all_at_once([(fresh, site)] * 2500)
    first = all_at_once([(status, site, proof(n)) for n in nonces])
    again = all_at_once([(status, site, proof(n)) for n in nonces])
    assert first.count(200) > 700
    assert set(again) == {401}
    site.log.expects("the table of used one-time proofs is full", times=1)
    site.log.expects(UNKNOWN)
    site.log.expects(REPLAYED)
    assert status(site, proof(fresh(site))) == 200


STATUS = '<Location "/server-status">\nSetHandler server-status\n</Location>\n'


def test_what_the_status_page_shows(serve):
    site = serve(STATUS + "AuthSchemeState shm:64k\n")

    def shown():
        return {name.removeprefix("AuthSchemeState-"): int(number)
                for name, number in site.status().items()
                if name.startswith("AuthSchemeState-")}
    room = shown()["room"]
    assert 800 < room < 900
    assert shown() == {"room": room, "live": 0, "dropped": 0, "epoch": 0}
    for _ in range(3):
        assert status(site, proof(fresh(site))) == 200
    assert shown() == {"room": room, "live": 3, "dropped": 0, "epoch": 0}
    assert f"about 3 remembered, room for {room}" in site.get(
        "/server-status").text


# ---- the clock ------------------------------------------------------------

@pytest.fixture(scope="module")
def false_clock(tmp_path_factory):
    if build.SANITIZE:
        pytest.skip("the sanitizers' own preload comes first")
    folder = tmp_path_factory.mktemp("clock")
    folder.chmod(0o755)
    for parent in list(folder.parents)[:2]:
        parent.chmod(0o755)
    library, shift = folder / "false_clock.so", folder / "shift"
    subprocess.run(["gcc", "-O1", "-fPIC", "-shared", "-o", library,
                    build.TOP / "tests/httpd/modules/false_clock.c"],
                   check=True)

    class Clock:
        def step(self, seconds):
            with open(shift, "r+b") as f:
                f.write(struct.pack("=q", seconds))

        def prepare(self, site):
            keep = site.environment()
            site.environment = lambda: {**keep, "LD_PRELOAD": str(library),
                                        "FALSE_CLOCK": str(shift)}
    shift.write_bytes(bytes(8))
    shift.chmod(0o644)
    clock = Clock()
    yield clock


HOUR, DAY = 3600, 86400


@pytest.mark.parametrize("step", [-10, -HOUR, -30 * DAY, -400 * DAY])
def test_a_clock_turned_back(httpd, false_clock, step):
    false_clock.step(0)
    site = httpd.prepare(CONF, files=FILES, sources=[ONCE])
    false_clock.prepare(site)
    site.start()
    used, unused = fresh(site), fresh(site)
    mine = dated("k", time.time() + 1)
    assert status(site, proof(used)) == 200
    assert status(site, mine) == 200

    false_clock.step(step)
    refused(site, proof(used), FOREIGN)
    refused(site, proof(unused), FOREIGN)
    refused(site, mine, UNKNOWN)
    now = fresh(site)
    assert status(site, proof(now)) == 200  # nobody is locked out
    refused(site, proof(now), REPLAYED)
    site.graceful()
    refused(site, proof(now), REPLAYED)

    false_clock.step(0)
    refused(site, proof(used), FOREIGN)
    refused(site, mine, UNKNOWN)
    assert status(site, proof(fresh(site))) == 200


@pytest.mark.parametrize("step", [HOUR, 400 * DAY, 12 * 366 * DAY,
                                  90 * 366 * DAY])
def test_a_clock_put_forward_and_back(httpd, false_clock, step):
    """Past 2038 and 2106 as well."""
    false_clock.step(0)
    site = httpd.prepare(CONF, files=FILES, sources=[ONCE])
    false_clock.prepare(site)
    site.start()
    used, unused = fresh(site), fresh(site)
    assert status(site, proof(used)) == 200
    false_clock.step(step)
    refused(site, proof(used), "nonce is too old")
    then = fresh(site)
    assert status(site, proof(then)) == 200
    refused(site, proof(then), REPLAYED)

    false_clock.step(0)
    for nonce in (used, unused, then):
        refused(site, proof(nonce), FOREIGN)
    assert status(site, proof(fresh(site))) == 200
    assert status(site, dated("k", time.time() + 1)) == 200


def test_a_slightly_wrong_clock(httpd, false_clock):
    """Steps that time servers make are no reason to refuse."""
    false_clock.step(0)
    site = httpd.prepare(CONF, files=FILES, sources=[ONCE])
    false_clock.prepare(site)
    site.start()
    used, unused = fresh(site), fresh(site)
    assert status(site, proof(used)) == 200
    false_clock.step(-3)
    refused(site, proof(used), REPLAYED)
    assert status(site, proof(unused)) == 200


# ---- AuthSchemeSecret -----------------------------------------------------

def keys(site, nonce=None):
    answer = site.get("/docs/a.txt", authorization=proof(nonce or fresh(site)))
    assert answer.status == 200
    return answer.all("X-Key")


def test_rotation(serve):
    site = serve("AuthSchemeSecret conf/one\n",
                 secrets={"conf/one": "1" * 32, "conf/two": "2" * 32})
    old = fresh(site)
    later = fresh(site)
    [one] = keys(site)

    site.write_conf("AuthSchemeSecret conf/two conf/one\n" + CONF)
    site.graceful()
    assert status(site, proof(old)) == 200
    two, also_one = keys(site)
    assert also_one == one != two

    site.write_conf("AuthSchemeSecret conf/two\n" + CONF)
    site.graceful()
    refused(site, proof(later), FOREIGN)
    refused(site, proof(old), FOREIGN)
    assert keys(site) == [two]


def test_a_file_that_changes_is_read_again(serve):
    site = serve("AuthSchemeSecret conf/one\n", secrets={"conf/one": "1" * 32})
    nonce, other = fresh(site), fresh(site)
    site.write("conf/one", "2" * 32, 0o640)
    assert status(site, proof(nonce)) == 200  # not before a restart
    site.graceful()
    refused(site, proof(other), FOREIGN)
    assert status(site, proof(fresh(site))) == 200


def test_servers_share_a_secret(serve):
    """White space at the ends does not count, the rest does."""
    secret = "w" * 20 + " \n" + "x" * 20
    one = serve("AuthSchemeSecret conf/one\n", secrets={"conf/one": secret})
    two = serve("AuthSchemeSecret conf/other conf/more\n",
                secrets={"conf/other": "\r\n\t " + secret + " \r\n",
                       "conf/more": "m" * 48})
    nonce = fresh(one)
    assert status(two, proof(nonce)) == 200
    assert keys(one)[0] == keys(two)[0]


def test_a_random_secret_is_one_of_its_own(serve):
    one, two = serve(), serve()
    assert keys(one) != keys(two)
    refused(two, proof(fresh(one)), FOREIGN)
    before = keys(one)
    one.graceful()
    assert keys(one) == before
    one.stop()
    one.start()
    assert keys(one) != before


def test_from_random_to_file_and_back(serve):
    site = serve(secrets={"conf/one": "1" * 32})
    random = keys(site)
    site.write_conf("AuthSchemeSecret conf/one\n" + CONF)
    site.graceful()
    of_file = keys(site)
    site.write_conf(CONF)
    site.graceful()
    assert len({*random, *of_file, *keys(site)}) == 3


FAULTS = {
    "missing": (None, None, "cannot open {file}"),
    "empty": (b"", 0o600, "must hold 32 to 4096 bytes"),
    "short": (b"x" * 31 + b" " * 40, 0o600, "must hold 32 to 4096 bytes"),
    "blank": (b" \r\n" * 100, 0o600, "must hold 32 to 4096 bytes"),
    "long": (b"x" * 4097, 0o600, "must hold 32 to 4096 bytes"),
    "huge": (b"x" * 5000000, 0o600, "must hold 32 to 4096 bytes"),
    "world readable": (b"x" * 40, 0o644, "must be readable by its owner"),
    "world writable": (b"x" * 40, 0o602, "must be readable by its owner"),
    "group writable": (b"x" * 40, 0o660, "must be readable by its owner"),
    "directory": ("mkdir", 0o700, "is not a regular file"),
    "pipe": ("mkfifo", 0o600, "is not a regular file"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_the_file_stop_the_start(httpd, fault):
    content, mode, message = FAULTS[fault]
    site = httpd.prepare(CONF, sources=[ONCE])
    file = site.root / "conf/faulty"
    if isinstance(content, str):
        getattr(os, content)(file)
    elif content is not None:
        file.write_bytes(content)
    if mode:
        file.chmod(mode)
    site.write("conf/good", "g" * 32, 0o640)
    said = site.config_error("\nAuthSchemeSecret conf/good conf/faulty\n")
    assert message.format(file=file) in said
    assert str(file) in said
    assert "Syntax error on line 2 of" in said and "test.conf" in said
    assert "xxxx" not in said


def test_a_file_may_be_a_link(serve):
    site = serve(secrets={"conf/secret": "s" * 32})
    (site.root / "conf/link").symlink_to("secret")
    site.write_conf("AuthSchemeSecret conf/link\n" + CONF)
    site.graceful()
    assert status(site, proof(fresh(site))) == 200


@pytest.mark.parametrize("conf, message", [
    ("AuthSchemeSecret", "takes one to four files"),
    ("AuthSchemeSecret conf/s conf/s conf/s conf/s conf/s",
     "takes one to four files"),
    ("AuthSchemeSecret conf/s\nAuthSchemeSecret conf/s", "stands here twice"),
    ('<Directory "/">\nAuthSchemeSecret conf/s\n</Directory>',
     "not allowed"),
    ("<VirtualHost *:80>\nAuthSchemeSecret conf/s\n</VirtualHost>",
     "cannot occur within <VirtualHost>"),
    ("AuthSchemeState", "takes one argument"),
    ("AuthSchemeState shm:64k\nAuthSchemeState shm:64k", "stands here twice"),
    ("AuthSchemeState file:/tmp/x", "is shm or shm:SIZE"),
    ("AuthSchemeState SHM:1m", "is shm or shm:SIZE"),
    ("AuthSchemeState memcache:127.0.0.1:11211", "not built in yet"),
    ("AuthSchemeState redis://127.0.0.1:6379/0", "not built in yet"),
    *((f"AuthSchemeState shm:{size}", "takes 64k to 1g")
      for size in ("0", "1", "65535", "63k", "1025m", "2g", "-8m", "+8m",
                   "8x", "8mm", "m", "0x100000", "1.5m",
                   "99999999999999999999", "18446744073709617152", "1t")),
    ("<VirtualHost *:80>\nAuthSchemeState shm\n</VirtualHost>",
     "cannot occur within <VirtualHost>"),
    ("AuthSchemeCache", "takes one argument"),
    ("AuthSchemeCache 1m\nAuthSchemeCache 1m", "stands here twice"),
    *((f"AuthSchemeCache {size}", "takes a size from 16k to 1g")
      for size in ("0", "1", "15k", "1025m", "-1m", "1x", "m", "1mm",
                   "shm:1m", "99999999999999999999")),
    ("<VirtualHost *:80>\nAuthSchemeCache 1m\n</VirtualHost>",
     "cannot occur within <VirtualHost>"),
    ("AuthSchemeChecks", "takes 1-2 arguments"),
    ("AuthSchemeChecks 1\nAuthSchemeChecks 1", "stands here twice"),
    *((f"AuthSchemeChecks {numbers}", "1 to 256")
      for numbers in ("0", "257", "-1", "+1", "1x", "all", "1 -1", "1 1025",
                      "4294967297", "1 4294967296")),
    ("<VirtualHost *:80>\nAuthSchemeChecks 1\n</VirtualHost>",
     "cannot occur within <VirtualHost>"),
])
def test_mistakes_stop_the_start(httpd, conf, message):
    site = httpd.prepare(sources=[ONCE])
    site.write("conf/s", "s" * 32, 0o640)
    said = site.config_error("\n" + conf + "\n" + CONF)
    assert message in said
    assert "Syntax error on line" in said and "test.conf" in said


@pytest.mark.parametrize("size", ["shm", "shm:", "shm:64k", "shm:65536",
                                  "shm:1M", "shm:1g"])
def test_sizes(serve, size):
    site = serve(f"AuthSchemeState {size}\n")
    nonce = fresh(site)
    assert status(site, proof(nonce)) == 200
    refused(site, proof(nonce), REPLAYED)


def test_the_secret_is_in_no_log(serve):
    secret = "Tr0ub4dor&3-" * 4
    site = serve("AuthSchemeSecret conf/s\n", level="trace8",
                 secrets={"conf/s": secret})
    nonce = fresh(site)
    assert status(site, proof(nonce)) == 200
    site.graceful()
    assert "Tr0ub4dor" not in "\n".join(site.log.lines())
