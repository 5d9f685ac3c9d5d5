# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Who the user is, for the application, and never by the client's own word."""

import pytest

from harness.client import basic
from harness.server import PROBE

ALICE = basic("alice", "wonderland")
CONF = """
ProbeIdentity X-Probe-User X-Probe-Value
AuthSchemeIdentityHeader X-Claim-* X-Remote-User
ScriptAlias "/env" "{root}/cgi-bin/env"
ScriptAlias "/docs/env" "{root}/cgi-bin/env"
ScriptAlias "/basic/env" "{root}/cgi-bin/env"
ScriptAlias "/free/env" "{root}/cgi-bin/env"
<Location "/docs">
    AuthType "Probe Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/basic">
    AuthType Basic
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/free">
    AuthType "Probe Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require all granted
</Location>
ProxyPass "/back" "http://127.0.0.1:{back}/env"
ProxyPass "/docs/back" "http://127.0.0.1:{back}/env"
"""
ENV = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; env\n"

# What shows a back end every header: a server that prints what it gets.
ECHO = """
import http.server, sys
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_OPTIONS = do_POST = do_GET
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])),
                                Echo).serve_forever()
"""


@pytest.fixture(scope="module")
def site(httpd_module, background):
    port = background(ECHO)
    server = httpd_module(CONF.replace("{back}", str(port)), sources=[PROBE],
                          modules="cgid proxy proxy_http",
                          files={"htdocs/a.txt": "x",
                                 "htdocs/docs/a.txt": "x"})
    server.write("cgi-bin/env", ENV, 0o755)
    return server


def seen(site, target, **more):
    """What the application is told, as name -> value, names folded."""
    answer = site.get(target, **more)
    assert answer.status == 200
    pairs = (line.split("=" if "env" in target else ":", 1)
             for line in answer.text.splitlines() if line)
    return {name.lower().replace("-", "_").removeprefix("http_"):
            value.strip() for name, value in pairs}


FORGED = ["X-Probe-User", "x-probe-user", "X-PROBE-USER", "X_Probe_User",
          "X-Probe_User", "x.probe.user", "X-Claim-Group", "X_CLAIM_GROUP",
          "X-Claim-", "X-Remote-User", "X_Remote_User"]


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("target", ["/env", "/docs/env", "/basic/env",
                                    "/free/env", "/back", "/docs/back"])
def test_a_client_cannot_send_identity(site, name, target):
    """T-IDN-01, T-IDN-02, T-APR-07"""
    sent = {"X-Harmless": "kept", name: "forged"}
    if target != "/env":
        sent["Authorization"] = ALICE
    told = seen(site, target, headers=sent)
    assert "forged" not in told.values()
    assert told["x_harmless"] == "kept"


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_whatever_the_method(site, method):
    """T-IDN-01"""
    told = seen(site, "/back", method=method, headers={"X-Probe-User": "m"})
    assert "x_probe_user" not in told


def test_many_forged_headers(site):
    fields = [(name, "forged") for name in FORGED * 5] + [("X-Kept", "kept")]
    told = seen(site, "/back", headers=fields)
    assert "forged" not in str(told) and told["x_kept"] == "kept"


@pytest.mark.parametrize("target", ["/docs/env", "/docs/back"])
def test_the_application_is_told(site, target):
    told = seen(site, target, headers={"X-Probe-User": "mallory"},
                authorization='Probe user=alice, value="a, b"')
    assert told["x_probe_user"] == "alice"
    assert told["x_probe_value"] == "a, b"
    if "env" in target:
        assert (told["remote_user"], told["auth_type"]) == ("alice", "Probe")
        assert told["probe_user"] == "alice"


def test_another_scheme_publishes_nothing_of_the_first(site):
    """T-BSC-03"""
    told = seen(site, "/docs/env", authorization=ALICE)
    assert (told["remote_user"], told["auth_type"]) == ("alice", "Basic")
    assert "x_probe_user" not in told and "probe_user" not in told


def test_nobody_is_named_where_nobody_was_asked(site):
    """T-APR-07, as stock: authentication does not run"""
    for sent in (ALICE, "Probe user=alice"):
        told = seen(site, "/free/env", authorization=sent)
        assert "remote_user" not in told
        assert "x_probe_user" not in told


@pytest.mark.parametrize("value", ["X-Probe-User", "close, x-probe-user",
                                   "keep-alive,X_Probe_User",
                                   "X-Claim-Group", " , X-Remote-User ,"])
@pytest.mark.parametrize("field", ["Connection", "Proxy-Connection"])
def test_connection_cannot_take_identity_away(site, field, value):
    """T-IDN-03"""
    answer = site.get("/docs/back", headers={field: value},
                      authorization="Probe user=alice")
    if answer.status == 200:
        # A field that this server does not heed.
        assert "X-Probe-User: alice" in answer.text
    else:
        assert answer.status == 400
        site.log.expects("authscheme: refused status=400", times=1)


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\x01b", "a\x7fb"])
def test_values_with_controls_are_left_out(site, value):
    """T-IDN-04: httpd takes some control bytes in a quoted string"""
    answer = site.get("/docs/back", authorization=(
        'Probe user=alice, value="%s"' % value).encode())
    if answer.status == 200:
        assert "X-Probe-Value" not in answer.text
        site.log.expects("left out")
    else:
        assert answer.status in (400, 401)
        site.log.allows("authscheme: refused")


def test_users_are_escaped_in_the_access_log(site):
    """T-IDN-07"""
    answer = site.get("/docs/a.txt", authorization='Probe user="a \\"b\\\\"')
    assert answer.status == 200
    assert site.access()[0]["user"] == 'a \\"b\\\\'


def test_authorization_is_for_the_back_end_as_ever(site):
    """A reverse proxy passes it on unless it is told not to."""
    assert "Authorization: Probe" in site.get(
        "/docs/back", authorization="Probe user=alice").text
