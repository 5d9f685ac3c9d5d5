# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Which scheme is asked, what becomes of its verdict, and what is said of it in
the log, the notes and mod_status."""

import re
import time

import pytest

from harness.client import basic
from harness.server import PROBE

GOOD = basic("alice", "wonderland")
CONF = """
<Location "/docs">
    AuthType "Digest Probe Probe2 Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/strong">
    AuthType "Digest Probe"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
<Location "/alone">
    AuthType Probe
    AuthName "Docs"
    Require valid-user
</Location>
<Location "/none">
    AuthType None
    Require all granted
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
"""
FILES = {f"htdocs/{place}/a.txt": "secret\n"
         for place in ("docs", "strong", "alone", "none")}
LINE = re.compile(
    r"authscheme: refused status=(?P<status>\d{3}) scheme=(?P<scheme>\S+) "
    r"problem=(?P<problem>\w+|-) user=(?P<user>\S+) uri=\"(?P<uri>[^\"]*)\": "
    r"(?P<reason>[^()]+?)(?: \((?P<detail>[^()]*)\))?$")


@pytest.fixture(scope="module")
def site(httpd_module):
    return httpd_module(CONF, files=FILES, sources=[PROBE])


def refusal(site, **fields):
    """The one log line of a refusal, in its stable shape."""
    lines = site.log.expects("authscheme: refused", times=1)
    match = LINE.search(lines[0])
    assert match, lines[0]
    for name, value in fields.items():
        assert match[name] == value
    return match


@pytest.mark.parametrize("sent", [
    GOOD, GOOD.replace("Basic", "BASIC"), GOOD.replace("Basic", "bAsIc"),
    GOOD.replace(" ", "  "), "Probe user=alice", "PROBE user=alice",
    'probe USER="alice"', "Probe2 user=alice",
])
def test_the_scheme_that_the_client_names_is_asked(site, sent):
    """T-DSP-02"""
    answer = site.get("/docs/a.txt", authorization=sent)
    assert (answer.status, answer.text) == (200, "secret\n")
    line = site.access()[0]
    assert line["user"] == "alice"
    assert line["scheme"].lower() == sent.split()[0].lower()
    assert line["reason"] == "-"


@pytest.mark.parametrize("sent, problem", [
    ("", "malformed"),
    (" ", "malformed"),
    ("Unknown", "unoffered"),
    ("Unknown x", "unoffered"),
    ("Bearer eyJhbGciOiJub25lIn0.e30.", "unoffered"),
    ("Basicx " + GOOD[6:], "unoffered"),
    ("Probe3 user=alice", "unoffered"),
    ("Prob user=alice", "unoffered"),
    (GOOD[6:], "unoffered"),           # the credentials without a scheme
    ("Basic", "invalid"),
    ("Basic ", "invalid"),
    ("Basic !", "invalid"),
    ("Digest", "invalid"),
    ("Probe", "malformed"),
    ("Probe   ", "malformed"),
    ("Probe YWxpY2U=", "malformed"),
    ("Probe user", "malformed"),
    ("Probe user=", "malformed"),
    ("Probe =alice", "malformed"),
    ("Probe user=alice,", None),       # an empty element is allowed
    ("Probe ,,user=alice", None),
    ('Probe user="alice', "malformed"),
    ('Probe user="alice\\', "malformed"),
    ('Probe user="alice"x', "malformed"),
    ("Probe user=alice, user=bob", "malformed"),
    ("Probe user=alice, USER=alice", "malformed"),
    ("Probe user=alice; x=y", "malformed"),
    ("\"Probe\" user=alice", "malformed"),
    ("Probe,user=alice", "malformed"),
    (", Probe user=alice", "malformed"),
    ("Probe user=\"\"", "unacceptable"),
    ("Probe user=\"a\tb\"", "unacceptable"),
])
def test_what_is_not_credentials(site, sent, problem):
    """T-DSP-02, T-HDR-01, T-HDR-02, T-HDR-03: no scheme falls through"""
    answer = site.get("/docs/a.txt", authorization=sent)
    if problem is None:
        assert answer.status == 200
        return
    assert answer.status in (401, 400)
    assert "secret" not in answer.text
    site.log.allows("[auth_basic:")
    site.log.allows("[auth_digest:")
    if not sent.strip():
        site.log.allows("no scheme is named")
    else:
        # A token and the reason are all that is logged of them.
        match = refusal(site, status=str(answer.status), user="-")
        assert GOOD[6:] not in site.log.tail()
        assert match["problem"] in (problem, "malformed")


@pytest.mark.parametrize("value", [
    b'Probe user="\x80\xff"', "Probe user=\"\u202ealice\"".encode(),
    b'Probe user="a' + b'\\"' * 100 + b'"',
    b"Probe user=alice, another=x",
    b"Probe " + b",".join(b"p%d=x" % i for i in range(63)) + b",user=alice",
])
def test_unusual_but_valid(site, value):
    """T-HDR-01: 8-bit and quoted pairs are allowed in a quoted string"""
    assert site.get("/docs/a.txt", authorization=value).status == 200


@pytest.mark.parametrize("value", [
    b"Probe " + b",".join(b"p%d=x" % i for i in range(65)),
    b"Probe " + b"," * 8000, b"Probe user=\"" + b"\\" * 8001,
    b"Probe " + b"a" * 8000, b"Basic " + b"QQ" * 4000, b"x" * 8000,
])
def test_long_values(site, value):
    """T-HDR-07"""
    assert site.get("/docs/a.txt", authorization=value).status == 401
    lines = site.log.expects("authscheme: refused", times=1)
    site.log.allows("AH0161")
    assert len(lines[0]) < 600


def test_very_long_values(httpd):
    """T-HDR-07: linear time, whatever the administrator allows"""
    site = httpd("LimitRequestFieldSize 400000\n" + CONF, files=FILES,
                 sources=[PROBE])
    for filler in (b",", b"\\", b"a=b,", b'"', b"\\\\"):
        took = []
        for size in (45000, 380000):
            value = b'Probe x="' + filler * (size // len(filler))
            before = time.monotonic()
            assert site.get("/docs/a.txt",
                            authorization=value).status in (400, 401)
            took.append(time.monotonic() - before)
        assert took[1] < 0.5, (filler, took)
    site.log.expects("problem=malformed")


@pytest.mark.parametrize("values", [
    [GOOD, "Bearer x"], [GOOD, basic("bob", "builder")], [GOOD, GOOD],
    ["Probe user=alice", GOOD], [GOOD, "Probe user=alice"],
    ["Probe user=alice", "Probe user=bob"],
    ["Probe2 user=alice", "Unknown"], ["Unknown x", GOOD],
    [GOOD + ", Bearer x"], ["Probe user=alice, Basic x"],
])
def test_more_than_one_authorization(site, values):
    """T-DSP-03"""
    answer = site.get("/docs/a.txt", authorization=values)
    assert answer.status == 400
    assert not answer.all("WWW-Authenticate")
    assert site.access()[0]["user"] == "-"
    refusal(site, status="400", user="-", reason="more than one "
            "Authorization field")


@pytest.mark.parametrize("values, status", [
    ([GOOD, "Bearer x"], 200), (["Bearer x", GOOD], 401)])
def test_a_single_stock_type_takes_joined_fields_as_ever(httpd, values,
                                                         status):
    """T-DSP-03, T-BSC-01: documented, and none of our business"""
    site = httpd("""
        <Location "/docs">
            AuthType Basic
            AuthName "Docs"
            AuthUserFile conf/users
            Require valid-user
        </Location>""", files=FILES)
    assert site.get("/docs/a.txt", authorization=values).status == status
    site.log.allows("AH0161")


@pytest.mark.parametrize("target, headers, status, user", [
    ("/docs/a.txt?probe=alice", {}, 200, "alice"),
    ("/docs/a.txt", {"Cookie": "probe=alice"}, 200, "alice"),
    # A cookie comes with everything: the field goes before it.
    ("/docs/a.txt", {"Cookie": "probe=bob", "Authorization": GOOD}, 200,
     "alice"),
    ("/docs/a.txt", {"Cookie": "probe=bob",
                     "Authorization": basic("alice", "x")}, 401, "-"),
    # A parameter was put there by somebody.
    ("/docs/a.txt?probe=bob", {"Authorization": GOOD}, 400, "-"),
    ("/docs/a.txt?probe=bob", {"Authorization": "Probe user=bob"}, 400, "-"),
    ("/docs/a.txt?probe=bob", {"Cookie": "probe=alice"}, 200, "bob"),
    # Not listed there.
    ("/none/a.txt?probe=bob", {}, 200, "-"),
])
def test_credentials_in_other_places(site, target, headers, status, user):
    """T-DSP-04"""
    answer = site.get(target, headers=headers)
    assert answer.status == status
    assert site.access()[0]["user"] == user
    if status != 200:
        refusal(site, status=str(status))
    site.log.allows("AH01617")
    if user != "-" and "Authorization" not in headers:
        # RFC 9111 section 3.5 protects the Authorization field only.
        assert answer.header("Cache-Control") == "private"


def test_the_proxy_field_is_for_proxies(site):
    """T-DSP-05"""
    answer = site.get("/docs/a.txt", headers={"Proxy-Authorization": GOOD})
    assert answer.status == 401
    assert not answer.all("Proxy-Authenticate")


@pytest.mark.parametrize("sent", [GOOD, "Basic x", "Probe2 user=alice"])
def test_a_scheme_that_is_not_listed_is_not_asked(site, sent):
    """T-BSC-02: no password is checked"""
    answer = site.get("/strong/a.txt", authorization=sent)
    assert answer.status == 401
    assert answer.schemes() == ["Digest", "Probe"]
    refusal(site, problem="unoffered", detail=sent.split()[0])
    assert not site.log.find("auth_basic")
    assert not site.log.find("probe: judged")


def test_a_list_of_one_scheme_of_ours(site):
    assert site.get("/alone/a.txt").schemes() == ["Probe"]
    assert site.get("/alone/a.txt",
                    authorization="Probe user=alice").status == 200
    assert site.get("/alone/a.txt", authorization=GOOD).status == 401
    refusal_lines = site.log.expects("unoffered", times=1)
    assert "(Basic)" in refusal_lines[0]


@pytest.mark.parametrize("verdict, status, problem, level", [
    ("deny", 401, "invalid", "warn"),
    ("stale", 401, "expired", "info"),
    ("continue", 401, "-", "info"),
    ("contradict", 400, "malformed", "warn"),
    ("forbid", 403, "insecure", "warn"),
    ("fail", 503, "fault", "error"),
    ("break", 500, "fault", "error"),
])
def test_verdicts(site, verdict, status, problem, level):
    answer = site.get("/docs/a.txt", authorization=f"Probe verdict={verdict}")
    assert answer.status == status
    assert "secret" not in answer.text
    assert "probe" not in answer.text.lower() # reasons are not for clients
    assert bool(answer.all("WWW-Authenticate")) == (status == 401)
    assert (answer.header("Retry-After") is not None) == (status == 503)
    match = refusal(site, status=str(status), scheme="Probe", problem=problem,
                    user="-", uri="/docs/a.txt")
    assert f"[authscheme:{level}]" in match.string
    line = site.access()[0]
    assert (line["user"], line["scheme"]) == ("-", "Probe")
    assert line["reason"] == ("-" if verdict == "continue"
                              else match["reason"])


@pytest.mark.parametrize("detail", [
    "x" * 500, "a\tb", "%n%s%x", "quote\\\"d", "esc\x1b[2J", "line) (two",
    "\u202e", "back\\\\slash",
])
def test_what_a_client_sent_is_cut_and_escaped(site, detail):
    """T-SEC-06"""
    value = f'Probe verdict=deny, detail="{detail}"'.encode()
    answer = site.get("/docs/a.txt", authorization=value)
    if answer.status == 400 and "\x1b" in detail:
        return # httpd takes no control bytes in a field
    assert answer.status == 401
    line, = site.log.expects("authscheme: refused", times=1)
    shown = line[line.index("probe is wrong ("):]
    assert len(shown) < 300
    assert re.fullmatch(r"probe is wrong \([!-~]*\)", shown)


@pytest.mark.parametrize("target", [
    "/docs/%0aauthscheme:%20refused", "/docs/%22x", "/docs/" + "a/" * 1000,
    "/docs/%1b[2J"])
def test_the_path_is_cut_and_escaped(site, target):
    """T-SEC-06"""
    assert site.get(target, authorization="Unknown x").status == 401
    match = refusal(site)
    assert len(match["uri"]) < 800


def test_no_secret_in_any_log(httpd):
    """T-SEC-05"""
    site = httpd(CONF, files=FILES, sources=[PROBE], level="trace8")
    secret = "Sw0rdf1sh-of-alice"
    for sent in (basic("alice", secret), f"Probe verdict=deny, s={secret}",
                 f"Unknown {secret}", secret, f"Bearer {secret}",
                 f"Digest {secret}"):
        site.get("/docs/a.txt", authorization=sent)
        site.get("/strong/a.txt", authorization=sent)
    site.log.expects("authscheme: refused")
    site.log.allows("AH0161")
    site.log.allows("auth_digest:")
    ours = [line for line in site.log.lines() if "authscheme" in line]
    encoded = basic("alice", secret)[6:]
    assert not [line for line in ours if secret in line or encoded in line]


def counts(site):
    return {name: int(value) for name, value in site.status().items()
            if name.startswith("AuthScheme-")}


def test_counters(site):
    before = counts(site)
    for sent in (None, GOOD, GOOD, basic("alice", "x"), "Probe user=alice",
                 "Probe verdict=deny", "Probe verdict=stale",
                 "Probe verdict=contradict", "Probe verdict=forbid",
                 "Probe verdict=fail", "Unknown x"):
        site.get("/docs/a.txt", authorization=sent)
    site.log.expects("authscheme: refused")
    site.log.allows("AH01617")
    after = counts(site)
    changed = {name: after[name] - before[name] for name in after
               if after[name] != before[name]}
    assert changed == {
        "AuthScheme-other-missing": 1,
        "AuthScheme-other-denied": 1,
        "AuthScheme-Basic-granted": 2,
        "AuthScheme-Basic-denied": 1,
        "AuthScheme-Probe-granted": 1,
        "AuthScheme-Probe-denied": 1,
        "AuthScheme-Probe-stale": 1,
        "AuthScheme-Probe-bad": 1,
        "AuthScheme-Probe-forbidden": 1,
        "AuthScheme-Probe-fault": 1,
    }


def test_the_status_page(site):
    page = site.get("/server-status").text
    assert "<h2>Authentication schemes</h2>" in page
    assert re.search(r"<td>Basic</td>(<td>\d+</td>){8}</tr>", page)


def test_counters_are_shared_and_survive_a_killed_child(httpd):
    site = httpd(CONF, files=FILES, sources=[PROBE], mpm="prefork")
    for _ in range(20):
        site.get("/docs/a.txt", authorization=GOOD)
    site.kill_child()
    assert counts(site)["AuthScheme-Basic-granted"] == 20
