# Licensed under the Apache License, Version 2.0; see LICENSE.
"""httpd as a forward proxy: 407, Proxy-Authenticate, CONNECT."""

import pytest

from harness.client import basic
from harness.server import PROBE, free_port, user_file

ALICE = basic("alice", "wonderland")
SCHEMES = ["Digest", "Probe", "Basic"]
CONF = """
ProxyRequests on
<IfModule proxy_connect_module>
    AllowCONNECT {origin}
</IfModule>
<Proxy "*">
    AuthType "Digest Probe Basic"
    AuthName "Proxy"
    AuthUserFile conf/proxy-users
    Require valid-user
</Proxy>
"""
ORIGIN = """
<Location "/docs">
    AuthType "Digest Probe Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/echo">
    Header set X-Seen "expr=<%{req:Proxy-Authorization}%{req:Authorization}>"
</Location>
"""


def url(server):
    """A proxy looks names up, and not every machine knows localhost."""
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def origin(httpd_module):
    return httpd_module(ORIGIN, sources=[PROBE],
                        files={"htdocs/docs/a.txt": "secret\n",
                               "htdocs/echo/a.txt": "open\n"})


@pytest.fixture(scope="module")
def proxy(httpd_module, origin):
    return httpd_module(CONF.replace("{origin}", str(origin.port)),
                        sources=[PROBE],
                        modules="proxy proxy_http proxy_connect",
                        files={"conf/proxy-users": user_file(realm="Proxy")})


def test_no_credentials(proxy, origin):
    """T-APR-14: proxy forms only"""
    answer = proxy.get(url(origin) + "/echo/a.txt")
    assert answer.status == 407
    assert answer.schemes("Proxy-Authenticate") == SCHEMES
    assert len(answer.all("Proxy-Authenticate")) == 3
    assert not answer.all("WWW-Authenticate")
    assert {c["realm"] for c in answer.challenges("Proxy-Authenticate")} == {
        "Proxy"}


@pytest.mark.parametrize("sent", [ALICE, "Probe user=alice"])
def test_good_credentials(proxy, origin, sent):
    """T-APR-14: not sent on"""
    answer = proxy.get(url(origin) + "/echo/a.txt",
                       headers={"Proxy-Authorization": sent})
    assert (answer.status, answer.text) == (200, "open\n")
    assert answer.header("X-Seen") == "<>"
    assert proxy.access()[0]["user"] == "alice"


@pytest.mark.parametrize("headers, status", [
    ({"Authorization": ALICE}, 407),             # of the origin: T-DSP-05
    ({"Proxy-Authorization": basic("alice", "x")}, 407),
    ({"Proxy-Authorization": "Probe verdict=deny"}, 407),
    ({"Proxy-Authorization": "Nobody x"}, 407),
    ({"Proxy-Authorization": "Probe verdict=forbid"}, 403),
    ([("Proxy-Authorization", ALICE), ("Proxy-Authorization", ALICE)], 400),
])
def test_bad_credentials(proxy, origin, headers, status):
    answer = proxy.get(url(origin) + "/echo/a.txt", headers=headers)
    assert answer.status == status
    assert bool(answer.all("Proxy-Authenticate")) == (status == 407)
    assert not answer.all("WWW-Authenticate")
    if "Authorization" not in headers:
        proxy.log.expects(f"authscheme: refused status={status}", times=1)
    proxy.log.allows("[auth_basic:")


def test_proxy_and_origin_are_independent(proxy, origin):
    through = {"Proxy-Authorization": ALICE}
    answer = proxy.get(url(origin) + "/docs/a.txt", headers=through)
    assert answer.status == 401
    assert answer.schemes() == SCHEMES
    assert {c["realm"] for c in answer.challenges()} == {"Docs"}
    assert not answer.all("Proxy-Authenticate")
    answer = proxy.get(url(origin) + "/docs/a.txt", headers=through,
                       authorization="Probe user=alice")
    assert (answer.status, answer.text) == (200, "secret\n")


def test_connect(proxy, origin):
    target = f"127.0.0.1:{origin.port}"
    answer = proxy.get(target, "CONNECT", host=target)
    assert answer.status == 407
    assert answer.schemes("Proxy-Authenticate") == SCHEMES
    for sent in (ALICE, "Probe user=alice"):
        with proxy.connection() as tunnel:
            tunnel.request("CONNECT", target, host=target,
                           headers={"Proxy-Authorization": sent})
            head = tunnel.sock.recv(4096)
            assert head.startswith(b"HTTP/1.0 200 ")
            assert tunnel.get("/echo/a.txt").text == "open\n"


@pytest.mark.parametrize("how", ["--proxy-basic", "--proxy-digest",
                                 "--proxy-anyauth"])
def test_curl_through_the_proxy(proxy, origin, how):
    for more in ([], ["--proxytunnel"]):
        answer = origin.curl(url(origin) + "/echo/a.txt", "-x", proxy.url, how, "-U",
                             "alice:wonderland", "--noproxy", "", *more)
        assert answer.status == 200, answer.stderr
        assert answer.text == "open\n"


def test_an_error_document_for_407(httpd, origin):
    """T-DSP-06: a 407 gains no WWW-Authenticate"""
    site = httpd(CONF.replace("{origin}", str(origin.port)) + """
        ErrorDocument 407 /docs/why.html
        <Location "/docs">
            AuthType "Probe Basic"
            AuthName "Docs"
            AuthUserFile conf/users
            Require valid-user
        </Location>""", sources=[PROBE], modules="proxy proxy_http",
        files={"htdocs/docs/why.html": "why\n"})
    answer = site.get(url(origin) + "/echo/a.txt")
    assert answer.status == 407
    assert answer.schemes("Proxy-Authenticate") == SCHEMES
    assert not answer.all("WWW-Authenticate")


def test_an_origin_that_is_away(httpd):
    site = httpd(CONF, sources=[PROBE], modules="proxy proxy_http")
    answer = site.get(f"http://127.0.0.1:{free_port()}/",
                      headers={"Proxy-Authorization": "Probe user=alice"})
    assert answer.status == 503
    site.log.allows("AH0")
