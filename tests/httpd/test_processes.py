# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The same in every MPM, over restarts and killed children, over HTTP/2, and
with many clients at once."""

import concurrent.futures
import contextlib
import os
import threading

import pytest
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded

from harness import build
from harness.client import basic
from harness.server import PROBE

ALICE = basic("alice", "wonderland")
BOB = basic("bob", "builder")
CONF = """
<Location "/docs">
    AuthType "Digest Probe Basic"
    AuthName "%s"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
"""
FILES = {"htdocs/docs/a.txt": "secret\n"}
# What is asked, and the status and user of the answer.
ASKED = [(None, 401, "-"), (ALICE, 200, "alice"), (BOB, 200, "bob"),
         (basic("alice", "x"), 401, "-"), ("Probe user=carol", 200, "carol"),
         ("Probe verdict=deny", 401, "-"), ("Nobody x", 401, "-"),
         ("Probe verdict=contradict", 400, "-"), ([ALICE, BOB], 400, "-")]


def ask_all(site, **more):
    for sent, status, _ in ASKED:
        answer = site.get("/docs/a.txt", authorization=sent, **more)
        assert answer.status == status, sent
        assert ("secret" in answer.text) == (status == 200)
        assert answer.schemes() == (["Digest", "Probe", "Basic"]
                                    if status == 401 else [])


def allow_refusals(site):
    site.log.allows("authscheme: refused")
    site.log.allows("AH01617")


def test_every_mpm(httpd, mpm):
    """T-MPM-01"""
    site = httpd(CONF % "Docs", files=FILES, sources=[PROBE], mpm=mpm, tls="")
    for more in ({}, {"tls": True}, {"version": "HTTP/1.0"}):
        ask_all(site, **more)
    assert [line["user"] for line in site.access(len(ASKED))] == [
        user for _, _, user in ASKED]
    assert site.curl("/docs/a.txt", "--digest", "-u",
                     "alice:wonderland").status == 200
    assert site.curl("/docs/a.txt", "--anyauth", "-u",
                     "alice:wonderland").status == 200
    allow_refusals(site)


# Not MaxConnectionsPerChild 1 with mpm_event: it stops serving, with or without
# our modules.
@pytest.mark.parametrize("mpm, extra", [
    ("prefork", "MaxConnectionsPerChild 1"), ("prefork", "StartServers 8"),
    ("worker", "StartServers 1"), ("event", "StartServers 1"),
    ("event", "StartServers 4")])
def test_process_settings(httpd, mpm, extra):
    """T-MPM-01"""
    site = httpd(extra + "\n" + CONF % "Docs", files=FILES, sources=[PROBE],
                 mpm=mpm)
    ask_all(site)
    allow_refusals(site)


def test_one_process(httpd):
    """T-MPM-01: -X, where init and requests share one process"""
    site = httpd.prepare(CONF % "Docs", files=FILES, sources=[PROBE],
                         mpm="prefork")
    site.start(single=True)
    ask_all(site)
    allow_refusals(site)


class Load:
    """Clients that never stop asking; every wrong answer is kept."""

    def __init__(self, site, count=4):
        self.site = site
        self.wrong = []
        self.asked = 0
        self.running = True
        self.threads = [threading.Thread(target=self._ask, args=(n,))
                        for n in range(count)]

    def _ask(self, n):
        while self.running:
            sent, status, _ = ASKED[n % len(ASKED)]
            n += 1
            try:
                answer = self.site.get("/docs/a.txt", authorization=sent)
            except OSError as error:
                self.wrong.append(repr(error))
                continue
            self.asked += 1
            if answer.status != status:
                self.wrong.append((sent, answer.status))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for thread in self.threads:
            thread.join()


def resident(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_graceful_restarts_under_load(httpd, mpm):
    """T-MPM-02: no honest request fails, no memory is lost, rules are new"""
    site = httpd(CONF % "Docs 0", files=FILES, sources=[PROBE], mpm=mpm)
    sizes = []
    with Load(site) as load:
        for turn in range(1, 13):
            site.write_conf(CONF % f"Docs {turn}")
            site.graceful()
            realms = {c["realm"] for c in
                      site.get("/docs/a.txt").challenges()}
            assert realms == {f"Docs {turn}"}
            sizes.append(resident(site.process.pid))
    assert not load.wrong, load.wrong[:5]
    assert load.asked > 100
    # After the first turns the parent keeps its size; ASan keeps all for a
    # while.
    assert build.SANITIZE or sizes[-1] - sizes[3] < 1 << 20, sizes
    allow_refusals(site)


def test_restarts_keep_the_counters_sane(httpd):
    site = httpd(CONF % "Docs", files=FILES, sources=[PROBE])
    for _ in range(3):
        site.restart()
        ask_all(site)
    assert "AuthScheme-Basic-granted" in site.status()
    allow_refusals(site)


def test_killed_children_under_load(httpd):
    """T-SHM-07"""
    site = httpd(CONF % "Docs", files=FILES, sources=[PROBE], mpm="prefork")
    with Load(site, 2) as load:
        for _ in range(3):
            site.kill_child()
    # Whoever was just talking to a killed child lost the connection.
    assert not [wrong for wrong in load.wrong if isinstance(wrong, tuple)]
    ask_all(site)
    allow_refusals(site)


def test_streams_of_different_users(httpd):
    """T-MPM-06: identity belongs to the stream"""
    site = httpd("Protocols h2c http/1.1\n" + CONF % "Docs", modules="http2",
                 files=FILES, sources=[PROBE])
    single = [row for row in ASKED if not isinstance(row[0], list)]
    with site.connection() as connection:
        h2c = H2Connection()
        h2c.initiate_connection()
        wanted = {}
        for n in range(80):
            sent, status, _ = single[n % len(single)]
            stream = h2c.get_next_available_stream_id()
            fields = [(":method", "GET"), (":path", "/docs/a.txt"),
                      (":scheme", "http"), (":authority", "localhost")]
            if sent:
                fields.append(("authorization", sent))
            h2c.send_headers(stream, fields, end_stream=True)
            wanted[stream] = status
            if n % 10 == 9: # gone before it is answered
                h2c.reset_stream(stream)
                del wanted[stream]
        got, bodies, ended = {}, {}, set()
        while ended < set(wanted):
            connection.send(h2c.data_to_send())
            for event in h2c.receive_data(connection.sock.recv(65536)):
                if isinstance(event, ResponseReceived):
                    got[event.stream_id] = event.headers
                elif isinstance(event, DataReceived):
                    bodies[event.stream_id] = event.data
                    h2c.acknowledge_received_data(len(event.data),
                                                  event.stream_id)
                elif isinstance(event, StreamEnded):
                    ended.add(event.stream_id)
    for stream, status in wanted.items():
        fields = [(k.decode(), v.decode()) for k, v in got[stream]]
        assert dict(fields)[":status"] == str(status)
        assert (b"secret" in bodies.get(stream, b"")) == (status == 200)
        lines = [v for k, v in fields if k == "www-authenticate"]
        assert len(lines) == (3 if status == 401 else 0)
    allow_refusals(site)


def test_many_clients_at_once(httpd, mpm):
    """T-MPM-05: everybody gets the answer to his own question"""
    site = httpd(CONF % "Docs" + """
        <Location "/docs">
            Header always set X-User "expr=%{REMOTE_USER}"
        </Location>""", files=FILES, sources=[PROBE], mpm=mpm)

    def ask(user, sent):
        """What was answered to fifty requests."""
        answers = []
        while len(answers) < 50:
            # A busy server may close a connection that it promised to keep.
            with site.connection() as connection, \
                    contextlib.suppress(ConnectionError):
                while len(answers) < 50:
                    answer = connection.get("/docs/a.txt", authorization=sent)
                    answers.append((answer.status, answer.header("X-User")))
        return user, set(answers)

    clients = [("alice", ALICE), ("bob", BOB), ("carol", "Probe user=carol"),
               ("", "Probe verdict=deny")] * 2
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        for user, answers in pool.map(ask, *zip(*clients)):
            assert answers == {(200 if user else 401, user)}
    site.log.expects("probe is wrong")
