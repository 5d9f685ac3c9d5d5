# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Digest in browsers: a page with 40 images asks for the password once and
then never sees a 401 again, whatever arrives in which order."""
import re
import time

import pytest

from harness.browser import Chromium, Firefox
from harness.digest import OURS, credentials
from harness.server import user_file

IMAGES = 40
GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c"
                    "00000000010001000002024401003b")
USERS = {"alice": "s3cret", "Jürgen": "paßwörd"}
PAGE = ('<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
        "<title>images</title><body>%s</body>\n")
CONF = """
LogFormat "%p\\t%H\\t%>s\\t%u\\t%{{authscheme}}n\\t%m\\t%U\\t%{{Authorization}}i" browsers
CustomLog logs/browsers browsers
AuthCredentials file:conf/credentials
<Location "/docs">
    AuthType "Digest Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    {more}
    Require valid-user
</Location>
"""
BROWSERS = {"Chromium": Chromium, "Firefox": Firefox}
VERSIONS = {"http/1.1": "HTTP/1.1", "h2": "HTTP/2.0"}


def page(name):
    return PAGE % "".join(f'<img src="{name}-{i}.gif">' for i in range(IMAGES))


def prepare(farm, protocol, more=""):
    files = {"conf/users": user_file(USERS), "htdocs/docs/plain.html": PAGE % "",
             "conf/mime.types": "text/html html\nimage/gif gif\n"}
    for name in ("one", "two"):
        files[f"htdocs/docs/{name}.html"] = page(name)
        files |= {f"htdocs/docs/{name}-{i}.gif": GIF for i in range(IMAGES)}
    site = farm.prepare(CONF.format(more=more),
                        tls=f"Protocols {protocol} http/1.1",
                        modules="http2", files=files, ours=OURS)
    credentials(site, USERS)
    return site.start()


class Request:
    """A line of the log."""

    def __init__(self, line):
        (_, self.version, self.status, self.user, self.scheme, self.method,
         self.path, self.sent) = line.replace(r'\"', '"').split("\t")

    def __getitem__(self, name):
        found = re.search(rf'\b{name}="?([^",]*)', self.sent)
        return found and found[1]


def requests(site, after=0, granted=0):
    """Those of the log; waits for so many that were granted, since httpd writes a
    line when the browser has its answer already."""
    def read():
        lines = (site.root / "logs/browsers").read_text().splitlines()
        return [Request(line) for line in lines[after:]]
    site.wait_until(lambda: [r.status for r in read()].count("200") >= granted,
                    f"to log {granted} answers")
    return read()


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with BROWSERS[request.param](folder) as one:
        yield one


@pytest.mark.parametrize("protocol", VERSIONS)
def test_40_images(httpd, browser, protocol):
    """One prompt, one 401, 40 images; the next page comes without either."""
    site = prepare(httpd, protocol)
    with browser.page("alice", "s3cret") as tab:
        tab.open(site.tls_url + "/docs/one.html")
        assert tab.images() == (IMAGES, IMAGES)
        assert tab.prompts == 1
        tab.open(site.tls_url + "/docs/two.html")
        assert tab.images() == (IMAGES, IMAGES)
        assert tab.prompts == 1
    seen = requests(site, granted=2 * IMAGES + 2)
    assert [r.status for r in seen] == ["401"] + ["200"] * (2 * IMAGES + 2)
    assert {r.version for r in seen} == {VERSIONS[protocol]}
    signed = seen[1:]
    assert {(r.user, r.scheme) for r in signed} == {("alice", "Digest")}
    assert len({r["nonce"] for r in signed}) == 1
    assert len({r["nc"] for r in signed}) == len(signed)


def test_many_requests_at_once(httpd, browser):
    """More than an ordinary page has, numbered by the browser in an order of its
    own. One that comes 128 numbers late is stale, and sent again by itself."""
    site = prepare(httpd, "h2")
    with browser.page("alice", "s3cret") as tab:
        tab.open(site.tls_url + "/docs/plain.html")
        statuses = tab.evaluate("""
            Promise.all([...Array(300).keys()].map(
                i => fetch('one-' + i % 40 + '.gif?' + i)
                    .then(answer => answer.status)))
            .then(all => all.join())""")
        assert statuses == ",".join(["200"] * 300)
        assert tab.prompts == 1
    statuses = [r.status for r in requests(site, granted=301)]
    late = site.log.find("nobody knows any more whether this nc was used")
    assert statuses.count("401") == 1 + len(late)


def test_a_form_is_sent_once(httpd, browser):
    """The body goes with the answer, not with a second challenge."""
    site = prepare(httpd, "h2")
    with browser.page("alice", "s3cret") as tab:
        tab.open(site.tls_url + "/docs/plain.html")
        assert tab.evaluate("""
            fetch('plain.html', {method: 'POST', body: 'x'.repeat(100000)})
                .then(answer => answer.status)""") == 200
    posts = [r for r in requests(site, granted=2) if r.method == "POST"]
    assert [(r.status, r.scheme) for r in posts] == [("200", "Digest")]


def test_an_expired_nonce_asks_nobody(httpd, browser):
    """`stale`: the browser takes the new nonce and signs again by itself."""
    site = prepare(httpd, "h2", "DigestNonceLifetime 1")
    with browser.page("alice", "s3cret") as tab:
        tab.open(site.tls_url + "/docs/plain.html")
        old = requests(site, granted=1)[-1]["nonce"]
        expired = time.monotonic() + 1.1
        site.wait_until(lambda: time.monotonic() > expired, "for a nonce's end")
        tab.open(site.tls_url + "/docs/plain.html?again")
        assert tab.prompts == 1
    site.log.expects("DigestNonceLifetime 1 on line")
    refused, taken = requests(site, granted=2)[-2:]
    assert (refused.status, refused["nonce"]) == ("401", old)
    assert taken.status == "200" and taken["nonce"] != old


def test_a_restart_asks_nobody(httpd, browser):
    """A new start knows no nonce of before: images may be refused once (stale),
    none is lost, and nobody is asked."""
    site = prepare(httpd, "h2")
    with browser.page("alice", "s3cret") as tab:
        tab.open(site.tls_url + "/docs/one.html")
        site.stop()
        site.start()
        before = len(requests(site, granted=IMAGES + 1))
        tab.open(site.tls_url + "/docs/two.html")
        assert tab.images() == (IMAGES, IMAGES)
        assert tab.prompts == 1
    site.log.expects("right, but the nonce is not of this server")
    seen = requests(site, before, granted=IMAGES + 1)
    assert [r.status for r in seen].count("200") == IMAGES + 1
    assert seen[0].status == "401"
