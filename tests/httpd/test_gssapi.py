# Licensed under the Apache License, Version 2.0; see LICENSE.
"""mod_auth_gssapi as a stock entry of a list: a real KDC, a real ticket, and
curl --negotiate."""

import pytest

from harness import kdc
from harness.client import basic
from harness.server import PROBE

CONF = """
<Location "/docs">
    AuthType "GSSAPI Digest Probe Basic"
    AuthName "Docs"
    GssapiCredStore keytab:%s
    GssapiLocalName on
    AuthUserFile conf/users
    Require valid-user
</Location>
"""
FILES = {"htdocs/docs/a.txt": "secret\n"}
SCHEMES = ["Negotiate", "Digest", "Probe", "Basic"]


@pytest.fixture(scope="module")
def realm():
    made = kdc.Kdc()
    made.add_user("alice", "wonderland")
    made.sign_in("alice", "wonderland")
    yield made
    made.close()


@pytest.fixture(scope="module")
def site(httpd_module, realm):
    return httpd_module(CONF % realm.keytab, files=FILES, sources=[PROBE],
                        modules="auth_gssapi", environ=realm.environ)


def test_the_set(site):
    answer = site.get("/docs/a.txt")
    assert answer.status == 401
    assert answer.schemes() == SCHEMES
    assert len(answer.all("WWW-Authenticate")) == 4


def test_a_ticket_gets_in(site, realm):
    answer = site.curl("/docs/a.txt", "--negotiate", "-u", ":",
                       environ=realm.environ)
    assert (answer.status, answer.text) == (200, "secret\n")
    # The server's own proof: the one challenge of an answer that is no 401.
    lines = answer.all("WWW-Authenticate")
    assert len(lines) == 1 and lines[0].startswith("Negotiate ")
    line = site.access()[0]
    assert (line["user"], line["scheme"]) == ("alice", "GSSAPI")


def test_the_others_still_get_in(site, realm):
    assert site.get("/docs/a.txt", authorization=basic(
        "alice", "wonderland")).status == 200
    assert site.get("/docs/a.txt",
                    authorization="Probe user=alice").status == 200
    for how in ("--basic", "--digest"):
        assert site.curl("/docs/a.txt", how, "-u", "alice:wonderland",
                         environ=realm.environ).status == 200


@pytest.mark.parametrize("token", ["", " ", " YQ==", " !", " " + "A" * 4000])
def test_what_is_no_ticket(site, token):
    answer = site.get("/docs/a.txt", authorization="Negotiate" + token)
    assert answer.status == 401
    assert answer.schemes() == SCHEMES
    line, = site.log.expects("authscheme: refused", times=1)
    assert "scheme=GSSAPI" in line
    site.log.allows("auth_gssapi")


def test_no_ticket_for_this_client(site, realm):
    empty = {**realm.environ, "KRB5CCNAME": f"FILE:{realm.root}/none"}
    answer = site.curl("/docs/a.txt", "--negotiate", "-u", ":", environ=empty)
    assert answer.status == 401
    site.log.allows("auth_gssapi")
    site.log.allows("authscheme: refused")
