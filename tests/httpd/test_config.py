# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A wrong configuration stops the start and says where (T-SEC-10)."""

import re

import pytest

from harness.server import PROBE

PLACE = """
<Location "/docs">
    %s
    Require valid-user
</Location>
"""


@pytest.mark.parametrize("line, says", [
    ('AuthType "Digest Nonsense Basic"', "Nonsense"),
    ('AuthType "Probe Probe"', "Probe"),
    ('AuthType "Basic basic"', "asic"),
    ('AuthType "Digest, Basic"', "Digest,"),
    ('AuthType "' + " ".join(f"S{n}" for n in range(40)) + '"', "AuthType"),
    ('AuthType "GSSAPI Basic"', "GSSAPI"),
    ('AuthType "Form Basic"', "orm"),
    ('AuthName "a, Digest b"', "comma"),
    ('AuthName "Login, basic"', "comma"),
    ("AuthChallengeForm both", "AuthChallengeForm"),
    ("AuthSchemeIdentityHeader X:Y", "AuthSchemeIdentityHeader"),
    ("AuthSchemeIdentityHeader *", "AuthSchemeIdentityHeader"),
    ("Require auth-scheme", "auth-scheme"),
])
def test_in_a_place(httpd, line, says):
    said = httpd.config_error(PLACE % line, sources=[PROBE])
    assert re.search(r"line 3 of \S*/conf/test\.conf", said), said
    assert says in said


@pytest.mark.parametrize("line, says", [
    ("AuthSchemeToken", "AuthSchemeToken"),
    ("AuthSchemeToken Mine", "AuthSchemeToken"),
    ('AuthSchemeToken Mine "a b"', "token"),
    ("AuthSchemeState disk", "AuthSchemeState"),
    ("AuthSchemeState shm:0", "AuthSchemeState"),
    ("AuthSchemeState shm:-1", "AuthSchemeState"),
    ("AuthSchemeState shm:lots", "AuthSchemeState"),
    ("AuthSchemeState shm:99999999999999999999", "AuthSchemeState"),
    ("AuthSchemeSecret conf/missing", "conf/missing"),
    ("AuthSchemeSecret conf", "conf"),
    ("AuthSchemeSecret /dev/null", "/dev/null"),
])
def test_in_the_server(httpd, line, says):
    said = httpd.config_error("\n" + line + "\n", sources=[PROBE])
    assert says in said


def test_a_server_directive_in_a_place(httpd):
    said = httpd.config_error(PLACE % "AuthSchemeState shm", sources=[PROBE])
    assert "not allowed" in said


def test_a_list_without_our_core_is_never_open(httpd):
    """design: 500 on stock httpd"""
    site = httpd(PLACE % 'AuthType "Digest Basic"\nAuthName "Docs"', ours=(),
                 files={"htdocs/docs/a.txt": "secret"})
    answer = site.get("/docs/a.txt")
    assert answer.status == 500
    assert "secret" not in answer.text
    site.log.expects("AH01796")


def test_a_list_without_a_realm(httpd):
    site = httpd(PLACE % 'AuthType "Probe Basic"', sources=[PROBE],
                 files={"htdocs/docs/a.txt": "secret"})
    assert site.get("/docs/a.txt",
                    authorization="Probe user=alice").status == 500
    site.log.expects("AuthName is missing")


@pytest.mark.parametrize("types, says", [
    ("Basic Probe", "Basic is not the last"),
    ("Probe Digest Basic", "Digest is not the first"),
])
def test_advice_about_the_order(httpd, types, says):
    site = httpd(PLACE % f'AuthType "{types}"\nAuthName "Docs"',
                 sources=[PROBE])
    line = site.log.expects(says)[0]
    assert re.search(r"/conf/test\.conf:3: ", line)
    assert ":notice]" in line


def test_a_stock_type_that_is_not_known_here(httpd):
    """AuthSchemeToken: such a module answers by its AuthType"""
    said = httpd.config_error(PLACE % 'AuthType "Mine Probe"',
                              sources=[PROBE])
    assert "AuthSchemeToken" in said
    httpd("AuthSchemeToken Mine Mine Other\n" +
          PLACE % 'AuthType "Mine Probe"\nAuthName "Docs"', sources=[PROBE])


def test_our_modules_in_any_order(httpd):
    """A scheme loaded before the core, and one that is not loaded"""
    site = httpd.prepare(PLACE % 'AuthType "Probe Basic"\nAuthName "Docs"',
                         sources=[PROBE])
    site.ours = dict(reversed(site.ours.items()))
    site.write_conf(PLACE % 'AuthType "Probe Basic"\nAuthName "Docs"')
    site.start()
    assert site.get("/docs/").schemes() == ["Probe", "Basic"]
