# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AuthCredentials: what stops the start. What the store does is tested with
the scheme that uses it, in test_hoba.py."""
import pytest

SQLITE = "DBDriver sqlite3\nDBDParams {root}/keys.db\n"


@pytest.mark.parametrize("conf, says", [
    ("AuthCredentials dbd:\n", "no database is configured"),
    (SQLITE + "AuthCredentials file:conf/credentials\n",
     "cannot be read"),
    (SQLITE + "AuthCredentials dbd\n", "needs a backend and a colon"),
    (SQLITE + "AuthCredentials redis:\n", 'no backend "redis:"'),
    (SQLITE + "AuthCredentials dbd:keys.db\n", "nothing after the colon"),
    (SQLITE + "AuthCredentials\n", "takes one argument"),
    ('<Location "/a">\nAuthCredentials dbd\n</Location>\n',
     "needs a backend and a colon"),
])
def test_the_start_is_stopped(httpd, conf, says):
    assert says in httpd.config_error(conf, modules="dbd")


def test_mod_dbd_is_needed(httpd):
    assert "needs mod_dbd" in httpd.config_error("AuthCredentials dbd:\n")


def test_no_htaccess(httpd):
    site = httpd('<Directory "{root}/htdocs">\nAllowOverride All\n'
                 '</Directory>\n', modules="dbd",
                 files={"htdocs/a/.htaccess": "AuthCredentials dbd:\n",
                        "htdocs/a/index.html": "a\n"})
    assert site.get("/a/").status == 500
    site.log.expects("AuthCredentials not allowed here")
