# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A single stock AuthType is none of our business: with our modules loaded
httpd answers, and logs, as it does without them (T-BSC-01)."""
import base64
import re

import pytest

from harness.client import basic

CONF = """
<Location "/docs">
    AuthType Basic
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
"""
FILES = {"htdocs/docs/a.txt": "for alice\n"}
REQUESTS = {
    "none": None,
    "good": basic("alice", "wonderland"),
    "wrong password": basic("alice", "x"),
    "unknown user": basic("mallory", "x"),
    "letter case": basic("alice", "wonderland").replace("Basic", "bASIC"),
    "other scheme": "Bearer abc",
    "joined": [basic("alice", "wonderland"), "Bearer x"],
    "no value": "Basic",
    "not base64": "Basic !!!",
    "no colon": "Basic " + base64.b64encode(b"alice").decode(),
}


def outcome(site, authorization):
    answer = site.get("/docs/a.txt", authorization=authorization)
    # The line as an administrator's filter sees it, without time and port.
    lines = [re.sub(r"^.*?\] (?=\[client|AH)|:\d+\]", "", line)
             for line in site.log.new() if "[client" in line]
    site.log.allows("[client")
    site.log.next_test()
    headers = [(k, v) for k, v in answer.headers
               if k not in ("Date", "Last-Modified", "ETag")]
    return answer.status, headers, answer.body, lines


@pytest.fixture(scope="module")
def sites(httpd_module):
    return (httpd_module(CONF, files=FILES, ours=()),
            httpd_module(CONF, files=FILES))


@pytest.mark.parametrize("name", REQUESTS)
def test_stock_basic_is_not_touched(sites, name):
    without, loaded = (outcome(site, REQUESTS[name]) for site in sites)
    assert loaded == without


def test_every_mpm(httpd, mpm):
    site = httpd(CONF, files=FILES, mpm=mpm, tls="")
    for tls in (False, True):
        refused = site.get("/docs/a.txt", tls=tls)
        assert refused.status == 401
        assert refused.header("WWW-Authenticate") == 'Basic realm="Docs"'
        good = site.get("/docs/a.txt", tls=tls,
                        authorization=basic("alice", "wonderland"))
        assert (good.status, good.body) == (200, b"for alice\n")


def test_a_graceful_restart_brings_new_rules(httpd):
    site = httpd(CONF, files=FILES)
    site.write_conf(CONF.replace('"Docs"', '"Papers"'))
    site.graceful()
    assert site.get("/docs/a.txt").challenge("Basic")["realm"] == "Papers"


def test_a_killed_child_is_noticed(httpd):
    site = httpd(CONF, files=FILES)
    site.kill_child()
    assert site.get("/docs/a.txt").status == 401


def test_a_config_error_has_file_and_line(httpd):
    said = httpd.config_error("\nAuthNonsense on\n")
    assert re.search(r"line 2 of \S*/conf/test\.conf", said)
    assert "AuthNonsense" in said


def test_curl(httpd):
    site = httpd(CONF, files=FILES, modules="http2", tls="Protocols h2")
    answer = site.curl("/docs/a.txt", "-u", "alice:wonderland", "--http2",
                       tls=True)
    assert (answer.status, answer.body) == (200, b"for alice\n")
