# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Authentication by a list in all that a request can meet inside of httpd:
redirects, subrequests, authorization, methods, paths, bodies, .htaccess."""

import pytest

from harness.client import basic
from harness.server import PROBE

ALICE = basic("alice", "wonderland")
BOB = basic("bob", "builder")
PROBED = "Probe user=alice"


def place(path, types="Digest Probe Basic", realm="Docs", more="",
          require="Require valid-user"):
    return f"""
        <Location "{path}">
            AuthType "{types}"
            AuthName "{realm}"
            AuthUserFile conf/users
            {require}
            {more}
        </Location>
"""


@pytest.fixture
def serve(httpd):
    """A server with one secret document in each of these folders."""
    def start(conf, *folders, files=None, **more):
        contents = {f"htdocs/{folder}/a.txt": f"secret of {folder}\n"
                    for folder in folders or ("docs",)}
        return httpd(conf, files={**contents, **(files or {})},
                     sources=[PROBE], **more)
    return start


# ---- internal redirects ----------------------------------------------------

REWRITES = """
    RewriteEngine on
    RewriteRule "^/open/to-docs$" "/docs/a.txt" [PT]
    RewriteRule "^/docs/to-other$" "/other/a.txt" [PT]
    RewriteRule "^/docs/to-open$" "/open/a.txt" [PT]
"""


def test_rewritten_paths_are_judged_where_they_lead(serve):
    """T-APR-01: [PT] comes before the place is looked up"""
    site = serve(REWRITES + place("/docs") + place("/other", realm="Other",
                                                   types="Probe Basic"),
                 "docs", "other", "open")
    answer = site.get("/open/to-docs")
    assert (answer.status, answer.schemes()) == (
        401, ["Digest", "Probe", "Basic"])
    assert site.get("/open/to-docs", authorization=ALICE).text == (
        "secret of docs\n")
    answer = site.get("/docs/to-other")
    assert {c["realm"] for c in answer.challenges()} == {"Other"}
    assert site.get("/docs/to-open").text == "secret of open\n"


HTACCESS = """
    <Directory "{root}/htdocs">
        AllowOverride All
    </Directory>
"""


def test_redirects_in_htaccess_are_judged_anew(serve):
    """T-APR-01: mod_rewrite in a directory redirects inside of httpd"""
    rules = ("RewriteEngine on\n"
             "RewriteRule ^to-docs$ /docs/a.txt [L]\n"
             "RewriteRule ^to-open$ /open/a.txt [L]\n"
             "RewriteRule ^to-same$ /docs/a.txt [L]\n")
    site = serve(HTACCESS + place("/docs") + place("/other", realm="Other"),
                 "docs", "open", "other",
                 files={f"htdocs/{d}/.htaccess": rules
                        for d in ("docs", "open", "other")})
    for sent, status in ((None, 401), ("Probe verdict=deny", 401),
                         (ALICE, 200), (PROBED, 200)):
        answer = site.get("/open/to-docs", authorization=sent)
        assert answer.status == status
        assert ("secret" in answer.text) == (status == 200)
    # From protected to open: the first place is judged first.
    assert site.get("/docs/to-open").status == 401
    assert site.get("/docs/to-open", authorization=ALICE).status == 200
    # From A to B, each by its own rules.
    answer = site.get("/other/to-docs", authorization="Probe verdict=deny")
    assert {c["realm"] for c in answer.challenges()} == {"Other"}
    site.log.expects("probe is wrong", times=2)


def test_identity_ends_where_the_rules_do(serve):
    """T-APR-01, T-DSP-10: who is known in A is nobody in B"""
    site = serve(HTACCESS + place("/docs", types="Probe") +
                 place("/other", types="Digest Basic", realm="Other"),
                 "docs", "other",
                 files={"htdocs/docs/.htaccess":
                        "RewriteEngine on\nRewriteRule ^to$ /other/a.txt [L]\n"
                        })
    answer = site.get("/docs/to", authorization=PROBED)
    assert answer.status == 401
    assert answer.schemes() == ["Digest", "Basic"]
    assert {c["realm"] for c in answer.challenges()} == {"Other"}
    assert "secret" not in answer.text
    site.log.expects("problem=unoffered")


def test_directory_index_and_slash(serve):
    """T-APR-01"""
    site = serve("DirectoryIndex a.txt\n" + place("/docs"), "docs")
    assert site.get("/docs/").status == 401
    answer = site.get("/docs/", authorization=PROBED)
    assert (answer.status, answer.text) == (200, "secret of docs\n")
    assert answer.header("Authentication-Info") == "probe=done"
    assert site.get("/docs").status == 401
    assert site.get("/docs", authorization=PROBED).status == 301
    assert site.access()[0]["user"] == "alice"


def test_one_judgement_per_client_request(serve):
    """T-APR-05: index, negotiation and redirects within one place reuse it"""
    site = serve("DirectoryIndex missing.txt b.txt a.txt\n" + place("/docs"),
                 "docs")
    assert site.get("/docs/", authorization=PROBED).status == 200
    assert len(site.log.find("probe: judged")) == 1
    assert site.access()[0]["scheme"] == "Probe"


def test_what_was_published_is_there_after_a_redirect(serve):
    """T-APR-02"""
    site = serve("""
        ScriptAlias "/docs/env" "{root}/cgi-bin/env"
        DirectoryIndex env
        """ + HTACCESS + place("/docs"), "docs", modules="cgid",
        files={"htdocs/docs/.htaccess":
               "RewriteEngine on\nRewriteRule ^again$ /docs/env [L]\n"})
    site.write("cgi-bin/env", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n"
               "\\n'; env\n", 0o755)
    for path in ("/docs/env", "/docs/again"):
        lines = site.get(path, authorization=PROBED).text.splitlines()
        assert "PROBE_USER=alice" in lines
        assert "REMOTE_USER=alice" in lines
        assert "AUTH_TYPE=Probe" in lines


def test_a_request_without_host(serve):
    """T-APR-03: refused before any module saw it, then an ErrorDocument in
    a protected place"""
    site = serve("ErrorDocument 400 /docs/a.txt\n" + place("/docs"), "docs")
    for request in ("GET / HTTP/1.1\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                    f"GET /docs/a.txt HTTP/1.1\r\nAuthorization: {ALICE}\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: \x01\r\n\r\n",
                    "GARBAGE\r\n\r\n"):
        answer = site.raw(request)
        assert answer.startswith(b"HTTP/1.1 40")
        assert b"secret" not in answer or b"Authorization" in request.encode()
    site.log.allows("authscheme: refused")


# ---- subrequests -----------------------------------------------------------

def test_included_pages_do_not_leak(serve):
    """T-APR-04"""
    page = '[<!--#include virtual="/docs/a.txt" -->]'
    site = serve("""
        <Directory "{root}/htdocs">
            Options +Includes
            AddOutputFilter INCLUDES .html
        </Directory>""" + place("/docs") + place("/other", realm="Other"),
        "docs", files={"htdocs/page.html": page, "htdocs/docs/page.html": page,
                       "htdocs/other/page.html": page})
    answer = site.get("/page.html")
    assert "secret" not in answer.text
    assert (answer.status, answer.all("WWW-Authenticate")) == (200, [])
    site.log.expects("unable to include")
    assert "secret of docs" in site.get("/page.html", authorization=ALICE).text
    # A page in the same place uses the judgement of the page.
    answer = site.get("/docs/page.html", authorization=PROBED)
    assert "secret of docs" in answer.text
    assert not answer.all("WWW-Authenticate")
    assert "secret" not in site.get("/other/page.html",
                                    authorization="Probe verdict=deny").text
    site.log.expects("probe is wrong")


def test_an_include_is_judged_once(serve):
    """T-APR-04, T-APR-05"""
    page = '<!--#include virtual="a.txt" -->' * 3
    site = serve("""
        <Directory "{root}/htdocs">
            Options +Includes
            AddOutputFilter INCLUDES .html
        </Directory>""" + place("/docs"), "docs",
        files={"htdocs/docs/page.html": page})
    answer = site.get("/docs/page.html", authorization=PROBED)
    assert answer.text.count("secret of docs") == 3
    assert len(site.log.find("probe: judged")) == 1


def test_listings_show_what_the_client_may_see(serve):
    """T-APR-04"""
    site = serve("""
        <Directory "{root}/htdocs">
            Options +Indexes
            IndexOptions +ShowForbidden
        </Directory>""" + place("/list/docs"), "list/docs", "list/open")
    assert "open/" in site.get("/list/").text
    answer = site.get("/list/", authorization="Probe verdict=deny")
    assert answer.status == 200
    assert not answer.all("WWW-Authenticate")
    site.log.allows("authscheme: refused")


# ---- authorization ---------------------------------------------------------

REQUIRES = [
    # require lines, user's status, another user's, nobody's
    ("Require user alice", 200, 401, 401),
    ("Require all granted", 200, 200, 200),
    ("Require all denied", 403, 403, 403),
    ("<RequireAny>\nRequire user alice\nRequire user carol\n</RequireAny>",
     200, 401, 401),
    ("<RequireAll>\nRequire valid-user\nRequire not user bob\n</RequireAll>",
     200, 401, 401),
    ("<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire user bob\n"
     "</RequireNone>\n</RequireAll>", 200, 401, 401),
    ("<RequireAny>\nRequire all granted\nRequire valid-user\n</RequireAny>",
     200, 200, 200),
    ("Require valid-user\nRequire ip 127.0.0.1\nSatisfy Any", 200, 200, 200),
    ("Require user alice\nOrder deny,allow\nDeny from all\nSatisfy Any",
     200, 401, 401),
    ("Require user alice\nOrder deny,allow\nDeny from all\nSatisfy All",
     403, 403, 403),
    ("Require auth-scheme Probe", 401, 200, 401),
    ("Require auth-scheme Basic probe", 200, 200, 401),
    ("Require auth-scheme Digest\nRequire auth-scheme Basic", 200, 401, 401),
]


@pytest.mark.parametrize("require, alice, bob, nobody", REQUIRES)
def test_require(serve, require, alice, bob, nobody):
    """T-APR-07, T-APR-08: alice by Basic, bob by Probe"""
    site = serve(place("/docs", require=require))
    for sent, status in ((ALICE, alice), ("Probe user=bob", bob),
                         (None, nobody), (None, nobody)):
        answer = site.get("/docs/a.txt", authorization=sent)
        assert answer.status == status, sent
        assert ("secret" in answer.text) == (status == 200)
        if status == 401:
            assert answer.schemes() == ["Digest", "Probe", "Basic"]
        if status == 403:
            assert not answer.all("WWW-Authenticate")
    site.log.allows("authscheme: refused")
    site.log.allows("AH01630") # client denied by server configuration
    site.log.allows("AH01631") # user denied
    site.log.allows("AH01797")
    site.log.allows("access_compat")


def test_a_denial_of_require_is_logged_once(serve):
    site = serve(place("/docs", require="Require user alice"))
    assert site.get("/docs/a.txt", authorization=BOB).status == 401
    line, = site.log.expects("authscheme: refused", times=1)
    assert ("status=401 scheme=Basic problem=unauthorized user=bob "
            'uri="/docs/a.txt": ') in line
    site.log.allows("AH01631")


@pytest.mark.parametrize("forbidden, status", [("on", 403), ("off", 401)])
def test_authz_send_forbidden(serve, forbidden, status):
    site = serve(place("/docs", require="Require user alice",
                       more=f"AuthzSendForbiddenOnFailure {forbidden}"))
    answer = site.get("/docs/a.txt", authorization=BOB)
    assert answer.status == status
    assert bool(answer.all("WWW-Authenticate")) == (status == 401)
    # A scheme that has a challenge for this turns it into 403 with that one.
    answer = site.get("/docs/a.txt", authorization="Probe user=bob, explain=1")
    assert answer.status == 403
    assert answer.schemes() == ["Probe"]
    assert answer.challenge("Probe")["error"] == "scope"
    site.log.expects("problem=insufficient user=bob", times=1)
    site.log.expects("problem=unauthorized user=bob", times=1)
    site.log.allows("AH01631")
    assert site.get("/docs/a.txt").status == 401


@pytest.mark.parametrize("merging, status", [
    ("Off", 200), ("And", 401), ("Or", 200)])
def test_auth_merging(serve, merging, status):
    """T-APR-08"""
    site = serve(place("/docs", require="Require user carol") +
                 f"""<Location "/docs/in">
                     AuthMerging {merging}
                     Require user alice
                 </Location>""", "docs", "docs/in")
    assert site.get("/docs/in/a.txt", authorization=ALICE).status == status
    assert site.get("/docs/a.txt", authorization=ALICE).status == 401
    # "Or" takes in the folder's own "Require all granted" as well.
    nobody = site.get("/docs/in/a.txt")
    assert nobody.status == (200 if merging == "Or" else 401)
    assert nobody.schemes() == ([] if merging == "Or"
                                else ["Digest", "Probe", "Basic"])
    site.log.allows("authscheme: refused")
    site.log.allows("AH01631")


# ---- where the list comes from ---------------------------------------------

def test_a_narrower_place_replaces_the_list(serve):
    """T-DSP-09"""
    site = serve(place("/docs") + place("/docs/in", types="Probe") +
                 """<Location "/docs/in/open">
                     AuthType None
                     Require all granted
                 </Location>
                 <Location "/docs/stock">
                     AuthType Basic
                 </Location>""", "docs", "docs/in", "docs/in/open",
                 "docs/stock", "docs/below")
    assert site.get("/docs/below/a.txt").schemes() == [
        "Digest", "Probe", "Basic"]
    answer = site.get("/docs/in/a.txt", authorization=ALICE)
    assert (answer.status, answer.schemes()) == (401, ["Probe"])
    site.log.expects("problem=unoffered", times=1)
    assert site.get("/docs/in/open/a.txt").status == 200
    answer = site.get("/docs/stock/a.txt", authorization=PROBED)
    assert answer.all("WWW-Authenticate") == ['Basic realm="Docs"']
    site.log.expects("AH01614") # stock Basic's own words


def test_htaccess_lists(serve):
    """T-DSP-09"""
    site = serve("""
        <Directory "{root}/htdocs/docs">
            AllowOverride AuthConfig
            AuthType "Digest Probe Basic"
            AuthName "Docs"
            AuthUserFile conf/users
            Require valid-user
        </Directory>""", "docs", "docs/in", "docs/bad", files={
        "htdocs/docs/in/.htaccess": 'AuthType "Probe"\n',
        "htdocs/docs/bad/.htaccess": 'AuthType "Probe Nonsense"\n'})
    answer = site.get("/docs/in/a.txt", authorization=ALICE)
    assert (answer.status, answer.schemes()) == (401, ["Probe"])
    site.log.expects("problem=unoffered", times=1)
    # A mistake there is an error, never open.
    answer = site.get("/docs/bad/a.txt", authorization=ALICE)
    assert answer.status == 500
    line, = site.log.expects("Nonsense", times=1)
    assert "htdocs/docs/bad/.htaccess" in line


@pytest.mark.parametrize("directive", [
    "AuthSchemeSecret conf/users", "AuthSchemeState shm",
    "AuthSchemeToken Foo Bar", "AuthSchemeIdentityHeader X-User"])
def test_server_directives_are_refused_in_htaccess(serve, directive):
    """T-APR-17"""
    site = serve("""
        <Directory "{root}/htdocs/docs">
            AllowOverride All
            Require all granted
        </Directory>""", files={"htdocs/docs/.htaccess": directive + "\n"})
    assert site.get("/docs/a.txt").status == 500
    site.log.expects("not allowed here", times=1)


def test_if_chooses_another_list(serve):
    """T-DSP-09: scripts are spared the browser's dialogue"""
    site = serve(place("/docs", more="""
        <If "req('X-Requested-With') == 'script'">
            AuthType "Probe"
        </If>"""))
    assert site.get("/docs/a.txt").schemes() == ["Digest", "Probe", "Basic"]
    script = {"X-Requested-With": "script"}
    assert site.get("/docs/a.txt", headers=script).schemes() == ["Probe"]
    assert site.get("/docs/a.txt", headers=script,
                    authorization=ALICE).status == 401
    assert site.get("/docs/a.txt", headers=script,
                    authorization=PROBED).status == 200
    site.log.expects("problem=unoffered", times=1)


def test_a_list_from_an_expression(serve):
    site = serve("""
        <Location "/docs">
            AuthType "%{env:TYPES}"
            SetEnvIf X-Types "(.*)" TYPES=$1
            AuthName "Docs"
            AuthUserFile conf/users
            Require valid-user
        </Location>""")
    for types, schemes in (("Probe Basic", ["Probe", "Basic"]),
                           ("Probe", ["Probe"])):
        headers = {"X-Types": types}
        assert site.get("/docs/a.txt", headers=headers).schemes() == schemes
        assert site.get("/docs/a.txt", headers=headers,
                        authorization=PROBED).status == 200
    for types in ("Nonsense", "Probe Nonsense", "Probe Probe"):
        answer = site.get("/docs/a.txt", headers={"X-Types": types},
                          authorization=PROBED)
        assert answer.status == 500, types
        assert "secret" not in answer.text
    site.log.expects("authscheme: ")
    site.log.allows(":error]")


def test_a_virtual_host_has_its_own(httpd):
    """T-DSP-09"""
    site = httpd("""
        <VirtualHost *:{port}>
            ServerName one
        """ + place("/docs", types="Probe Basic") + """
        </VirtualHost>
        <VirtualHost *:{port}>
            ServerName two
        """ + place("/docs", types="Digest Probe") + """
        </VirtualHost>""", files={"htdocs/docs/a.txt": "secret"},
        sources=[PROBE])
    assert site.get("/docs/a.txt", host="one").schemes() == ["Probe", "Basic"]
    assert site.get("/docs/a.txt", host="two").schemes() == [
        "Digest", "Probe"]
    assert site.get("/docs/a.txt", host="two",
                    authorization=ALICE).status == 401
    site.log.expects("problem=unoffered", times=1)


# ---- methods ---------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE",
                                    "OPTIONS", "PATCH", "PROPFIND", "get",
                                    "NONSENSE", "CONNECT"])
def test_every_method_needs_credentials(serve, method):
    """T-APR-09"""
    site = serve(place("/docs"))
    answer = site.get("/docs/a.txt", method)
    assert answer.status in (401, 400, 501, 405)
    assert "secret" not in answer.text
    if method == "HEAD":
        assert (answer.status, answer.body) == (401, b"")
        assert site.get("/docs/a.txt", "HEAD",
                        authorization=PROBED).status == 200
    site.log.allows("AH")


def test_limited_methods(serve):
    """T-APR-09: as <Limit> says, in any letter case"""
    site = serve(place("/docs", require="<Limit GET>\nRequire valid-user\n"
                       "</Limit>\n<LimitExcept GET>\nRequire all denied\n"
                       "</LimitExcept>"))
    assert site.get("/docs/a.txt").status == 401
    assert site.get("/docs/a.txt", "HEAD").status == 401
    assert site.get("/docs/a.txt", authorization=ALICE).status == 200
    assert site.get("/docs/a.txt", "POST", authorization=ALICE).status == 403
    assert site.get("/docs/a.txt", "get", authorization=ALICE).status in (
        403, 501, 400)
    site.log.allows("AH01630")
    site.log.allows("authscheme: refused")
    site.log.allows("AH00135")


def test_options_for_the_server(serve):
    """T-APR-09"""
    site = serve(place("/docs"))
    assert site.get("*", "OPTIONS").status == 200


def test_http_09(serve):
    site = serve("HttpProtocolOptions Unsafe\n" + place("/docs"))
    answer = site.raw("GET /docs/a.txt\r\n\r\n")
    assert b"secret" not in answer
    site.log.allows("AH")


# ---- paths -----------------------------------------------------------------

SPELLINGS = ["//docs/a.txt", "/./docs/a.txt", "/x/../docs/a.txt",
             "/%64ocs/a.txt", "/docs/%61.txt", "/docs//a.txt",
             "/docs/./a.txt", "/open/../docs/a.txt", "/docs/x/%2e%2e/a.txt",
             "/docs%2fa.txt", "/docs;x/a.txt", "/docs/a.txt;x",
             "/docs/a.txt%3fx", "/docs/a.txt%00", "/docs/a.txt/",
             "/DOCS/a.txt", "/docs/a.txt?x=/open", "/docs/a.txt#x",
             "http://localhost/docs/a.txt", "http://other/docs/a.txt",
             "/docs/a.txt.", "\\docs\\a.txt", "/docs\\a.txt",
             "/%5cdocs/a.txt", "/docs/..%2fdocs/a.txt"]


@pytest.mark.parametrize("options", [
    "", "MergeSlashes Off", "AllowEncodedSlashes On",
    "AllowEncodedSlashes NoDecode"])
def test_no_spelling_gets_around(httpd, options):
    """T-APR-10"""
    site = httpd(options + """
        <Directory "{root}/htdocs/docs">
            AuthType "Digest Probe Basic"
            AuthName "Docs"
            AuthUserFile conf/users
            Require valid-user
        </Directory>""", sources=[PROBE],
        files={"htdocs/docs/a.txt": "secret", "htdocs/open/b.txt": "x"})
    for target in SPELLINGS:
        answer = site.get(target)
        assert "secret" not in answer.text, target
        assert answer.status in (400, 401, 403, 404), target
    site.log.allows("AH")


# ---- bodies and connections ------------------------------------------------

def test_a_refused_body_is_not_asked_for(serve):
    """T-APR-11"""
    site = serve(place("/docs"))
    with site.connection() as connection:
        connection.request("PUT", "/docs/a.txt", version="HTTP/1.1", headers={
            "Expect": "100-continue", "Content-Length": "100000000"})
        first = connection.sock.recv(4096)
        assert first.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("chunked", [False, True])
def test_the_next_request_after_a_refused_body(serve, chunked):
    """T-APR-11"""
    site = serve(place("/docs"))
    body = b"x" * 1000000
    with site.connection() as connection:
        for sent in ("Probe verdict=deny", PROBED):
            if chunked:
                answer = connection.get(
                    "/docs/a.txt", "POST", authorization=sent, headers={
                        "Transfer-Encoding": "chunked",
                        "Trailer": "Authorization"},
                    body=b"%x\r\n%s\r\n0\r\nAuthorization: %s\r\n\r\n" % (
                        len(body), body, ALICE.encode()))
            else:
                answer = connection.get("/docs/a.txt", "POST",
                                        authorization=sent, body=body)
            assert answer.status == (200 if sent == PROBED else 401)
        assert connection.get("/docs/a.txt").status == 401
    site.log.expects("probe is wrong", times=1)


def test_trailers_are_not_credentials(serve):
    """T-APR-11, CVE-2013-5704"""
    site = serve("MergeTrailers on\n" + place("/docs"))
    answer = site.get("/docs/a.txt", "POST", headers={
        "Transfer-Encoding": "chunked"},
        body=b"1\r\nx\r\n0\r\nAuthorization: %s\r\n\r\n" % ALICE.encode())
    assert answer.status == 401


@pytest.mark.parametrize("field, status", [
    (f"Authorization:\r\n  {ALICE}", 200),           # folded: one line
    (f"Authorization: Basic\r\n\t{ALICE[6:]}", 200),
    ("Authorization: Basic \x00", 400),
    ("Authorization : " + ALICE, 400),
])
def test_folded_and_broken_lines(serve, field, status):
    """T-HDR-05, T-HDR-06"""
    site = serve(place("/docs"))
    answer = site.raw(f"GET /docs/a.txt HTTP/1.1\r\nHost: x\r\n{field}\r\n"
                      "Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    site.log.allows("authscheme: refused")


def test_an_answer_with_server_proof(serve):
    """T-APR-13: Authentication-Info with every kind of success, only then"""
    site = serve("""
        Redirect 204 "/docs/empty"
        Redirect 302 "/docs/moved" "/docs/a.txt"
        ExpiresActive on
        """ + place("/docs"), modules="expires")
    etag = site.get("/docs/a.txt", authorization=PROBED).header("ETag")
    for target, method, headers, status in (
            ("/docs/a.txt", "GET", {}, 200),
            ("/docs/a.txt", "HEAD", {}, 200),
            ("/docs/a.txt", "GET", {"Range": "bytes=0-3"}, 206),
            ("/docs/a.txt", "GET", {"If-None-Match": etag}, 304),
            ("/docs/missing", "GET", {}, 404),
            ("/docs/a.txt", "OPTIONS", {}, 200)):
        answer = site.get(target, method, headers=headers,
                          authorization=PROBED)
        assert answer.status == status
        assert answer.header("Authentication-Info") == "probe=done"
        answer = site.get(target, method, headers=headers,
                          authorization="Probe verdict=deny")
        assert not answer.all("Authentication-Info")
    site.log.expects("probe is wrong")


def test_another_module_claims_to_know_the_user(serve):
    """T-APR-06: mod_auth_basic's early user name is no proof"""
    site = serve(place("/docs"))
    answer = site.get("/docs/a.txt", authorization=basic("alice", "wrong"))
    assert answer.status == 401
    assert site.access()[0]["user"] == "-"
    site.log.expects("AH01617")
    site.log.expects("authscheme: refused")


@pytest.mark.parametrize("provider, status", [
    ("AuthBasicProvider anon\nAnonymous carol", 200),
    ("AuthBasicFake alice wonderland", 401),
])
def test_other_basic_helpers_beside_us(serve, provider, status):
    """T-BSC-03"""
    site = serve(place("/docs", more=provider), modules="authn_anon")
    answer = site.get("/docs/a.txt",
                      authorization=basic("carol", "carol@example.org"))
    assert answer.status == status
    assert site.get("/docs/a.txt").status == 401
    site.log.allows("authscheme: refused")
    site.log.allows("[auth_basic:")


def test_socache_of_passwords_beside_us(serve):
    """T-BSC-03"""
    site = serve("AuthnCacheSOCache shmcb\nAuthnCacheEnable\n" +
                 place("/docs", more="AuthBasicProvider socache file\n"
                       "AuthnCacheProvideFor file"),
                 modules="socache_shmcb authn_socache")
    for _ in range(3):
        assert site.get("/docs/a.txt", authorization=ALICE).status == 200
        assert site.get("/docs/a.txt",
                        authorization=basic("alice", "x")).status == 401
    site.log.expects("authscheme: refused", times=3)
    site.log.allows("[auth_basic:")


# ---- more ways from one place to another -----------------------------------

def test_negotiation_actions_and_cgi_redirects(serve):
    """T-APR-01: MultiViews, mod_actions and a CGI's local redirect"""
    site = serve("""
        <Directory "{root}/htdocs">
            Options +MultiViews
        </Directory>
        ScriptAlias "/cgi/go" "{root}/cgi-bin/go"
        ScriptAlias "/docs/act" "{root}/cgi-bin/act"
        <Location "/acted">
            Action text/plain /docs/act
        </Location>""" + place("/docs"), "docs", "acted",
        modules="cgid negotiation")
    site.write("cgi-bin/go", "#!/bin/sh\nprintf 'Location: /docs/a.txt\\n\\n'",
               0o755)
    site.write("cgi-bin/act", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n"
               "\\nsecret of act %s\\n' $REMOTE_USER", 0o755)
    for target in ("/docs/a", "/cgi/go", "/acted/a.txt"):
        for sent, status in ((None, 401), ("Probe verdict=deny", 401),
                             (ALICE, 200), (PROBED, 200)):
            answer = site.get(target, authorization=sent)
            assert answer.status == status, (target, sent)
            assert ("secret" in answer.text) == (status == 200)
            if status == 401:
                assert answer.schemes() == ["Digest", "Probe", "Basic"]
        site.log.expects("probe is wrong")
    site.log.allows("authscheme: refused")


def test_webdav(serve):
    """T-APR-04, T-APR-05: every method, and one judgement for all members.
    (What is protected further down is listed, as mod_dav always does.)"""
    site = serve("""
        DavLockDB {root}/run/dav
        <Directory "{root}/htdocs">
            Dav on
        </Directory>""" + place("/docs"), "docs", "docs/in",
        modules="dav dav_fs dav_lock")
    for method in ("PROPFIND", "PUT", "DELETE", "MKCOL", "LOCK", "MOVE"):
        answer = site.get("/docs/a.txt", method,
                          headers={"Destination": site.url + "/docs/x"})
        assert answer.status == 401
        assert answer.schemes() == ["Digest", "Probe", "Basic"]
    answer = site.get("/docs/", "PROPFIND", headers={"Depth": "1"},
                      authorization=PROBED)
    assert answer.status == 207
    assert "/docs/a.txt" in answer.text
    assert len(site.log.find("probe: judged")) == 1


def test_a_cache_in_front_keeps_nothing_of_it(serve):
    """T-APR-15: with CacheQuickHandler off, as documented"""
    site = serve("""
        CacheQuickHandler off
        CacheSocache shmcb
        CacheEnable socache /
        CacheIgnoreNoLastMod on
        CacheDefaultExpire 3600
        """ + place("/docs"),
        modules="cache cache_socache socache_shmcb")
    for sent, status in ((ALICE, 200), (None, 401), (ALICE, 200), (None, 401),
                         ("Probe verdict=deny", 401), (PROBED, 200)):
        answer = site.get("/docs/a.txt", authorization=sent)
        assert answer.status == status
        assert not answer.all("Age")
    nonces = {site.get("/docs/a.txt").challenge("Digest")["nonce"]
              for _ in range(3)}
    assert len(nonces) == 3
    # Let in by a query parameter: a cache would not know that it is private.
    assert site.get("/docs/a.txt?probe=alice").status == 200
    assert site.get("/docs/a.txt?probe=").status == 401
    assert not site.get("/docs/a.txt?probe=alice").all("Age")
    site.log.expects("authscheme: refused")
