# Licensed under the Apache License, Version 2.0; see LICENSE.
"""First messages of Mutual cost a stranger nothing. Fifty thousand of them leave
nothing behind: no session and no room of one, no record of a proof, no memory;
and who has signed in does not notice. T-SEC-05."""
import contextlib
import importlib.util
import os
import pathlib
import subprocess
from importlib.machinery import SourceFileLoader

import pytest

from harness import build

P256 = "iso-kam3-ec-p256-sha256"
SCOPE, REALM, USER, PASSWORD = "localhost", "Docs", "alice", "wonderland"
CONF = """
AuthCredentials "file:{root}/conf/credentials"
<Location "/docs">
    AuthType Mutual
    AuthName "Docs"
    MutualAuthScope localhost
    Require valid-user
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
MaxKeepAliveRequests 0
# One process, whose memory is looked at.
<IfModule !mpm_prefork_module>
    StartServers 1
    MaxRequestWorkers 8
    MinSpareThreads 1
    MaxSpareThreads 8
</IfModule>
"""
SETTLED, MESSAGES = (1_000, 5_000) if build.SANITIZE else (10_000, 50_000)
SLACK = 1024  # kilobytes
COUNTERS = ["AuthSchemeSessions-live", "AuthSchemeSessions-evicted",
            "AuthSchemeState-live", "AuthSchemeState-dropped"]


def load_client():
    loader = SourceFileLoader("mutual_client",
                              str(build.TOP / "tests/clients/mutual"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


mutual = load_client()


def credentials():
    pi = mutual.password_number(P256, SCOPE, REALM, USER, PASSWORD)
    return ("authscheme-credentials 1\n"
            f"mutual {USER} realm={REALM} place={SCOPE} algorithm={P256} "
            f"value={mutual.verifier(P256, pi).hex()}\n")


def first_messages(port, count):
    """Of so many names, with a handful of kc1, as tests/bench/load.c reads
    them."""
    realm = mutual.AuthRealm(P256, "host", SCOPE, REALM)
    group = mutual.GROUPS[P256]
    kc1 = [group.power(group.generator, group.make_secret()) for _ in range(8)]
    for n in range(count):
        words = ", ".join(mutual.key_exchange(realm, f"stranger{n}",
                                              kc1[n % len(kc1)]))
        text = (f"GET /docs/a.txt HTTP/1.1\r\nHost: localhost:{port}\r\n"
                f"Authorization: Mutual {words}\r\n\r\n")
        yield f"401 {len(text)}\n{text}"


class Flood:
    def __init__(self, site, folder):
        program, file = folder / "load", folder / "messages"
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-o",
                        program, build.TOP / "tests/bench/load.c"], check=True)
        file.write_text("".join(first_messages(site.port, SETTLED)))
        self.process = subprocess.Popen(
            [program, str(site.port), "4", file], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        _, wrong, status = self.process.stdout.readline().split()
        assert wrong == "0", f"{wrong} answers are not 401, one is {status}"

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


def memory(site):
    """Kilobytes of its children's own."""
    sizes = [int(line.split()[1]) for pid in site.children()
             for line in pathlib.Path(f"/proc/{pid}/status").read_text()
             .splitlines() if line.startswith("RssAnon:")]
    assert sizes
    return sum(sizes)


def counters(site):
    status = site.status()
    return {name: status[name] for name in COUNTERS}


@pytest.fixture
def site(httpd):
    site = httpd.prepare(CONF, files={"htdocs/docs/a.txt": "secret\n"})
    site.write("conf/credentials", credentials(), 0o640)
    site.own("conf/credentials")
    return site.start()


def test_flood_of_first_messages(site, tmp_path):
    url = f"{site.url}/docs/a.txt"
    sent = []
    alice = mutual.Client(USER, lambda realm: PASSWORD,
                          watch=lambda *message: sent.append(message))
    with contextlib.closing(alice), \
            contextlib.closing(Flood(site, tmp_path)) as flood:
        signed_in = alice.fetch(url)
        assert signed_in.good()
        before, children = counters(site), site.children()
        flood.send(SETTLED)
        settled = memory(site)
        flood.send(MESSAGES - SETTLED)
        assert counters(site) == before
        assert site.children() == children
        grown = memory(site) - settled
        assert build.SANITIZE or grown < SLACK, f"{grown} kB more"
        sent.clear()
        again = alice.fetch(url)
        assert again.good(), again.words
        assert (again.session.sid, again.nc) == (signed_in.session.sid,
                                                 signed_in.nc + 1)
        assert len(sent) == 2, "more than a message and its answer"
