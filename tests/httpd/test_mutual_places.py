# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Where Mutual is served: hosts and ports, certificates, other stores, all
MPMs, restarts, HTTP/2, and places where signing in is optional. T-MUT-03,
T-MUT-04, T-MUT-08, T-MPM-01, T-MPM-05, T-MPM-06, T-SHM-05, T-SHM-07,
T-SEC-10; RFC 8053."""
import concurrent.futures
import re
import ssl
import subprocess

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded

from harness import build
from harness.client import Connection, basic, tls_context
from harness.hoba import Store
from harness.mutual import (
    ALGORITHMS, P256, P521, PROGRAM, Exchange, add_user, client, file_store,
    reason)

OURS = tuple(name.removesuffix("_module") for name in build.our_modules())
PLACE = """
AuthCredentials file:conf/credentials
<Location "/docs">
    AuthType "Digest Mutual Basic"
    AuthName "Docs"
    AuthBasicProvider credentials
    Require valid-user
    %s
</Location>
"""
FILES = {"htdocs/docs/index.html": "secret\n"}
HOST, END_POINT = "host", "tls-server-end-point"


def prepare(farm, extra="", conf=PLACE, scope="http://localhost:{port}",
            algorithms=(P256,), files=None, **more):
    site = farm.prepare(conf % extra if "%s" in conf else conf,
                        files=files or FILES, ours=OURS, **more)
    site.store = file_store(site)
    add_user(site.store, "alice", "wonderland", site.fill(scope),
             algorithms=algorithms)
    return site


@pytest.fixture
def serve(httpd):
    return lambda *args, **more: prepare(httpd, *args, **more).start()


def exchange(site, path="/docs/", user="alice", password="wonderland",
             tls=False, host="localhost", port=None, header=None, **more):
    """header: the Host that is sent, if not that of the place."""
    place = client.Place.of("https" if tls else "http", host,
                            port or (site.tls_port if tls else site.port))

    def link(authorization, target=path, **extra):
        return site.get(target, authorization=authorization, tls=tls,
                        host=header or place.origin.split("//")[1], **extra)
    return Exchange(link, place, user, password, **more)


def certificate(site, name="conf/server.pem"):
    text = (site.root / name).read_text()
    return client.tls_server_end_point(ssl.PEM_cert_to_DER_cert(text))


def run(site, *arguments, password="wonderland"):
    """tests/clients/mutual as a user calls it."""
    done = subprocess.run(
        [PROGRAM, "--user", "alice", "--password-file", "-", "--cacert",
         site.root / "conf/server.pem", *arguments],
        input=password + "\n", text=True, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


# ---- the client, as a user calls it -----------------------------------------

@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("tls", [False, True])
def test_the_client_signs_in(serve, algorithm, tls):
    scope = "https://localhost:{tls_port}" if tls else "http://localhost:{port}"
    site = serve(f"MutualAlgorithm {algorithm}", tls="", scope=scope,
                 algorithms=[algorithm])
    url = (site.tls_url if tls else site.url) + "/docs/"
    code, out, words = run(site, "--repeat", "100", url)
    assert code == 0, words
    assert out == "secret\n" * 100
    assert "request 100 of 65536" in words
    code, out, words = run(site, url, password="no")
    assert code == 1 and "secret" not in out
    site.log.expects("problem=invalid", 1)


def test_the_client_starts_at_once(serve):
    """Shortcut A of RFC 8120: without asking first."""
    site = serve()
    code, out, words = run(site, "--realm", "Docs", "--algorithm", P256,
                           "--auth-scope", site.url, site.url + "/docs/")
    assert code == 0 and out == "secret\n", words


# ---- names of the server, T-MUT-03 -------------------------------------------

NAMES = PLACE + """
<VirtualHost 127.0.0.1:{port}>
    ServerName www.example.com
    ServerAlias web.example.com *.sub.example.com
</VirtualHost>
"""


@pytest.mark.parametrize("host", [
    "www.example.com", "WWW.Example.COM", "web.example.com",
    "a.sub.example.com"])
def test_names_that_are_ours(serve, host):
    site = serve("MutualAuthScope *.example.com", NAMES, "*.example.com")
    exchange(site, host=host.lower(), header=f"{host}:{site.port}",
             scope="*.example.com").sign_in()


def test_each_name_is_an_origin(serve):
    site = serve("", NAMES, "http://web.example.com:{port}")
    exchange(site, host="web.example.com").sign_in()
    given = site.get("/docs/", host="www.example.com").challenge("Mutual")
    assert given["auth-scope"] == f"http://www.example.com:{site.port}"


@pytest.mark.parametrize("host", ["evil.example", "example.com", "127.0.0.1",
                                  "www.example.com.evil.example"])
def test_names_that_are_not(serve, host):
    """A rogue server that passes on what it was sent, with its own name."""
    site = serve("MutualAuthScope *.example.com", NAMES, "*.example.com")
    answer = site.get("/docs/", host=host)
    assert answer.schemes() == ["Digest", "Basic"]
    one = exchange(site, host=host, scope="*.example.com")
    answer = one.link(one.credentials(one.kex_words()))
    assert answer.status == 403
    site.log.expects("no ServerName or ServerAlias")


def test_the_port_is_not_the_clients(serve):
    """A rogue server on another port of this host passes on what it was sent,
    with its own port in Host."""
    site = serve("MutualAuthScope localhost", scope="localhost")
    header = "localhost:7777"
    honest = exchange(site, scope="localhost", header=header)
    honest.sign_in()
    relayed = exchange(site, scope="localhost", port=7777, header=header)
    relayed.kex()
    assert reason(relayed.vfy(0)) == "auth-failed"
    site.log.expects("problem=invalid", 1)


def test_a_port_that_is_configured(serve):
    """Behind a port that somebody forwards."""
    site = serve("", "ServerName www.example.com:80\n" + PLACE,
                 "http://www.example.com")
    exchange(site, host="www.example.com", port=80).sign_in()


def test_behind_a_proxy_that_does_tls(serve):
    conf = "ServerName https://www.example.com:8443\n" + PLACE
    site = serve("MutualCertificate conf/server.pem", conf,
                 "https://www.example.com:8443", tls="")
    print_ = certificate(site)

    def link(authorization, **extra):
        return site.get("/docs/", authorization=authorization,
                        host="www.example.com", **extra)
    place = client.Place.of("https", "www.example.com", 8443)
    Exchange(link, place, "alice", "wonderland", validation=END_POINT,
             vh=print_).sign_in()


def test_a_scheme_in_servername_brings_its_port(serve):
    conf = "ServerName https://www.example.com\n" + PLACE
    site = serve("MutualCertificate conf/server.pem", conf, tls="")
    given = site.get("/docs/", host="www.example.com").challenge("Mutual")
    assert given["auth-scope"] == "https://www.example.com"
    assert given["validation"] == END_POINT


def test_a_realm_beyond_ascii(serve):
    conf = PLACE.replace('"Docs"', '"D\u00f6cs"')
    site = serve(conf=conf)
    assert site.get("/docs/").schemes() == ["Digest", "Basic"]
    one = exchange(site)
    assert one.link(one.credentials(one.kex_words())).status == 403
    site.log.expects("AuthName is not ASCII")


def test_a_scope_that_does_not_cover_the_host(serve):
    site = serve("MutualAuthScope www.example.org", scope="www.example.org")
    site.log.expects("MutualAuthScope www.example.org on line 8 of")
    assert "Mutual" not in site.get("/docs/").schemes()
    one = exchange(site, scope="www.example.org")
    answer = one.link(one.credentials(one.kex_words()))
    assert answer.status == 403
    site.log.expects("MutualAuthScope does not cover the host")


def test_a_server_name_in_capitals(serve):
    """Names have no case: nothing is warned of."""
    site = serve("MutualAuthScope localhost", scope="localhost",
                 conf="ServerName LocalHost\n" + PLACE)
    exchange(site, scope="localhost").sign_in()


@pytest.mark.parametrize("scope", ["localhost", "http://localhost:{port}"])
def test_scopes(serve, scope):
    site = serve(f"MutualAuthScope {scope}", scope=scope)
    exchange(site, scope=site.fill(scope)).sign_in()


def test_virtual_hosts_share_no_sessions(httpd):
    conf = """
    AuthCredentials file:conf/credentials
    <Location "/docs">
        AuthType Mutual
        AuthName "Docs"
        MutualAuthScope *.example.com
        Require valid-user
    </Location>
    <VirtualHost 127.0.0.1:{port}>
        ServerName a.example.com
    </VirtualHost>
    <VirtualHost 127.0.0.1:{port}>
        ServerName b.example.com
    </VirtualHost>
    """
    site = prepare(httpd, conf=conf, scope="*.example.com").start()
    a = exchange(site, host="a.example.com", scope="*.example.com").sign_in()
    b = exchange(site, host="b.example.com", scope="*.example.com")
    b.sid, b.k_c1, b.k_s1, b.z = a.sid, a.k_c1, a.k_s1, a.z
    assert reason(b.vfy(1)) == "stale-session"
    assert a.vfy(1).status == 200
    b.sign_in()


# ---- Authentication-Info: once, and not in a 401 -----------------------------

REFUSING = """
AuthCredentials file:conf/credentials
ErrorDocument 401 /docs/page.html
<Location "/docs">
    AuthType Mutual
    AuthName "Docs"
    Require valid-user
</Location>
<Location "/docs/page.html">
    MutualNcMax 5000
</Location>
<Location "/docs/bob">
    Require user bob
</Location>
<Location "/docs/redirect">
    ErrorDocument 401 default
    Redirect 401 /
</Location>
<Location "/docs/elsewhere">
    RewriteEngine on
    RewriteRule . /basic/ [PT]
</Location>
<Location "/basic">
    ErrorDocument 401 default
    AuthType Basic
    AuthName "Other"
    AuthBasicProvider file
    AuthUserFile conf/users
    Require valid-user
</Location>
ScriptAlias /docs/cgi {root}/cgi-bin/refuse
"""
REFUSE = """#!/bin/sh
echo 'Status: 401 No'
echo 'WWW-Authenticate: Custom'
echo
"""


def test_whoever_says_401_proves_nothing(serve):
    """T-MUT-07: Require, whose ErrorDocument the user may see; the handler, or
    what the request was redirected to."""
    site = serve(conf=REFUSING, modules="cgi", mpm="prefork", files={
        "htdocs/docs/page.html": "page\n", "htdocs/basic/index.html": "b\n"})
    site.write("cgi-bin/refuse", REFUSE, 0o755)
    for path in ("/docs/bob/", "/docs/redirect", "/docs/elsewhere/",
                 "/docs/cgi"):
        one = exchange(site, path)
        one.kex()
        answer = one.vfy(0)
        assert answer.status == 401 and answer.info() is None, path
    site.log.expects("problem=unauthorized")
    site.log.expects("AH01631")
    site.log.expects("AH01614")


def test_an_index_with_a_configuration_of_its_own(serve):
    """T-APR-04: it is judged by itself, and the answer proves itself once."""
    site = serve(conf=PLACE + """
    <Files "index.html">
        SetEnv INDEX 1
    </Files>
    """)
    one = exchange(site).sign_in()
    for nc, path in ((1, "/docs/"), (2, "/docs/index.html")):
        answer = one.link(one.credentials(one.vfy_words(nc)), path)
        assert answer.status == 200 and one.is_proven(answer, nc)
        assert len(answer.all("Authentication-Info")) == 1


# ---- certificates -----------------------------------------------------------

def test_over_tls_the_certificate_is_hashed(serve):
    site = serve(tls="", scope="https://localhost:{tls_port}")
    given = site.get("/docs/", tls=True).challenge("Mutual")
    assert given["validation"] == END_POINT
    exchange(site, tls=True, validation=END_POINT,
             vh=certificate(site)).sign_in()
    one = exchange(site, tls=True, validation=END_POINT)
    one.kex()
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects("problem=invalid", 1)
    host = exchange(site, tls=True)
    answer = host.link(host.credentials(host.kex_words()))
    assert reason(answer) == "invalid-parameters"
    site.log.expects("validation is not what was offered")


def make_certificate(site, name, *key, md="-sha256"):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "2",
         md, "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-addext",
         "basicConstraints=critical,CA:FALSE", "-keyout", f"{name}.key",
         "-out", f"{name}.pem"],
        cwd=site.root / "conf", check=True, capture_output=True)


def speak(site, context, data, session=None):
    """One request on a connection of its own; the answer, the certificate the
    server showed first, and the session to resume."""
    with Connection(site.tls_port, site._count, None) as plain:
        sock = context.wrap_socket(plain.sock, server_hostname="localhost",
                                   session=session)
        plain.sock = sock
        answer = plain.get("/docs/", authorization=data)
        return answer, sock.session, sock.session_reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
def test_two_certificates_and_resumed_connections(httpd, version):
    """mod_ssl names the wrong one on a connection that began with the other
    and was resumed: any of them is right, and ours names the same."""
    tls = """
        SSLCertificateFile conf/rsa.pem
        SSLCertificateKeyFile conf/rsa.key
    """
    site = prepare(httpd, tls=tls, scope="https://localhost:{tls_port}")
    make_certificate(site, "rsa", "rsa:2048", md="-sha384")
    site.start()
    for name, size, ciphers in (("rsa", 48, "aRSA"), ("server", 32, "aECDSA")):
        context = tls_context(site.root / f"conf/{name}.pem")
        context.minimum_version = context.maximum_version = version
        vh = certificate(site, f"conf/{name}.pem")
        assert len(vh) == size
        if version == ssl.TLSVersion.TLSv1_2:
            context.set_ciphers(ciphers)
        place = client.Place.of("https", "localhost", site.tls_port)
        kept = []

        def link(authorization):
            answer, session, reused = speak(site, context, authorization,
                                            kept[-1] if kept else None)
            kept.append(session)
            kept_reused.append(reused)
            return answer
        kept_reused = []
        one = Exchange(link, place, "alice", "wonderland",
                       validation=END_POINT, vh=vh)
        if version == ssl.TLSVersion.TLSv1_3 and name == "rsa":
            continue # TLS 1.3 here chooses by what both can sign: ECDSA
        one.sign_in()
        for nc in (1, 2):
            answer = one.vfy(nc)
            assert answer.status == 200 and one.is_proven(answer, nc)
        assert any(kept_reused[1:])


def test_each_virtual_host_has_its_certificate(httpd):
    """Also where none has a directive of Mutual."""
    other = """
    <VirtualHost 127.0.0.1:{tls_port}>
        ServerName other.example
        SSLEngine on
        SSLCertificateFile conf/other.pem
        SSLCertificateKeyFile conf/other.key
    </VirtualHost>
    """
    site = prepare(httpd, conf=PLACE + other, tls="",
                   scope="https://localhost:{tls_port}")
    make_certificate(site, "other", "rsa:2048")
    add_user(site.store, "bob", "builder",
             f"https://other.example:{site.tls_port}")
    site.start()
    site.log.expects("AH01909") # it names localhost
    exchange(site, tls=True, validation=END_POINT,
             vh=certificate(site)).sign_in()
    context = tls_context(site.root / "conf/other.pem")
    context.check_hostname = False
    place = client.Place.of("https", "other.example", site.tls_port)

    def link(authorization):
        with Connection(site.tls_port, site._count, None) as plain:
            plain.sock = context.wrap_socket(plain.sock,
                                             server_hostname="other.example")
            return plain.get("/docs/", authorization=authorization,
                             host=f"other.example:{site.tls_port}")
    Exchange(link, place, "bob", "builder", validation=END_POINT,
             vh=certificate(site, "conf/other.pem")).sign_in()


def test_a_certificate_without_a_hash(httpd):
    """RFC 5929 has none for Ed25519: said at the start, and not offered."""
    site = prepare(httpd, tls="", scope="https://localhost:{tls_port}")
    make_certificate(site, "server", "ed25519")
    site.start()
    site.log.expects("has no hash for Mutual")
    assert site.get("/docs/", tls=True).schemes() == ["Digest", "Basic"]
    one = exchange(site, tls=True, validation=END_POINT)
    answer = one.link(one.credentials(one.kex_words()))
    assert answer.status == 403
    site.log.expects("no certificate that can be hashed")


def test_validation_by_configuration(serve):
    """host over TLS: for pages that can't see a certificate. Clients refuse it
    by themselves."""
    site = serve("MutualValidation host", tls="",
                 scope="https://localhost:{tls_port}")
    exchange(site, tls=True).sign_in()
    code, out, words = run(site, site.tls_url + "/docs/")
    assert code == 2 and not out and "validation" in words


# ---- processes --------------------------------------------------------------

def test_every_mpm(serve, mpm):
    """T-MPM-01: and sessions are every child's."""
    site = serve("", mpm=mpm, tls="", conf="AuthSchemeSessions 256k\n" + PLACE)
    one = exchange(site).sign_in()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one.vfy, range(1, 60)))
    assert [a.status for a in answers] == [200] * 59
    assert all(one.is_proven(a, nc) for nc, a in enumerate(answers, 1))


def test_one_connection_for_all(serve):
    """T-MPM-05: each request is judged alone."""
    site = serve()
    site.store("user", "bob", "--realm", "Docs", input="builder\n")
    with site.connection() as connection:
        def link(authorization):
            return connection.get("/docs/", authorization=authorization)
        place = client.Place.of("http", "localhost", site.port)
        one = Exchange(link, place, "alice", "wonderland").sign_in()
        assert link(None).status == 401
        assert link(basic("bob", "builder")).status == 200
        assert one.vfy(1).status == 200
        assert link(basic("bob", "x")).status == 401
        assert one.vfy(2).status == 200
    site.log.expects("problem=invalid", 1)
    site.log.expects("AH01617")


def test_graceful_restarts_keep_sessions(serve):
    """T-SHM-05"""
    site = serve()
    one = exchange(site).sign_in()
    pending = exchange(site)
    pending.kex()
    site.graceful()
    assert one.vfy(1).status == 200
    assert pending.vfy(0).status == 200
    site.restart()
    assert one.vfy(2).status == 200
    assert reason(one.vfy(2)) == "stale-session"
    site.log.expects("problem=replayed", 1)


SLOW = """
ScriptAlias /cgi/ {root}/cgi-bin/
<Location "/docs">
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
<Location "/docs/part">
    MutualNcMax 5000
</Location>
"""


def test_a_part_begins_no_session_that_has_ended(serve):
    """T-APR-05: a page takes long, a replay ends its session meanwhile, and
    then a part of the page is judged by itself."""
    site = serve(conf=PLACE + SLOW, modules="cgi include", mpm="prefork",
                 files={"htdocs/docs/page.html":
                            '<!--#include virtual="/cgi/slow" -->'
                            '<!--#include virtual="/docs/part/a.txt" -->',
                        "htdocs/docs/part/a.txt": "part\n"})
    site.write("cgi-bin/slow", "#!/bin/sh\necho 'Content-Type: text/plain'\n"
               "echo\ntouch began\n"
               "until [ -e go ]; do sleep 0.1; done\n", 0o755)
    site.own("cgi-bin")
    one = exchange(site)
    one.kex()
    first = one.credentials(one.vfy_words(0))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        page = pool.submit(one.link, first, "/docs/page.html")
        site.wait_until((site.root / "cgi-bin/began").exists, "to begin")
        assert reason(one.link(first)) == "stale-session"
        site.write("cgi-bin/go", "")
        assert page.result().text == "part\n"
    assert reason(one.link(first)) == "stale-session"
    site.log.expects("problem=replayed", 1)


def test_other_tables_forget_no_exchange(serve):
    """T-SHM-05: AuthSchemeState may change; an answer that began a session,
    which has ended, begins none again."""
    site = serve()
    one = exchange(site)
    one.kex()
    first = one.credentials(one.vfy_words(0))
    assert one.link(first).status == 200
    assert reason(one.link(first)) == "stale-session"
    site.log.expects("problem=replayed", 1)
    site.write_conf("AuthSchemeState shm:4m\n" + PLACE.replace("%s", ""))
    site.graceful()
    assert reason(one.link(first)) == "stale-session"
    one.sign_in()


def test_restarts_tell_nothing_of_users(serve):
    """T-SEC-04: a wrong password and nobody's, begun before a restart."""
    site = serve()
    for restart in (site.graceful, site.restart):
        known = exchange(site, password="x")
        nobody = exchange(site, user="nobod", password="x")
        known.kex()
        nobody.kex()
        restart()
        assert reason(known.vfy(0)) == reason(nobody.vfy(0)) == "auth-failed"
    site.log.expects("problem=invalid", 2)
    site.log.expects("problem=unknown", 2)


@pytest.mark.parametrize("secret", ["", "AuthSchemeSecret conf/secret\n"])
def test_a_stop_ends_sessions(httpd, secret):
    """T-SHM-05: also where the secret stays; a recorded answer that began a
    session is worth nothing afterwards, and a client is back in one round."""
    site = prepare(httpd, conf=secret + PLACE)
    site.write("conf/secret", "0123456789abcdef" * 4 + "\n", 0o600)
    site.start()
    one = exchange(site)
    one.kex()
    first = one.credentials(one.vfy_words(0))
    assert one.link(first).status == 200
    site.stop()
    site.start()
    assert reason(one.link(first)) == "stale-session"
    assert reason(one.vfy(1)) == "stale-session"
    one.sign_in()


def test_the_client_recovers(serve):
    """After a stop the session is stale: one exchange, nothing asked."""
    site = serve()
    asked = []

    def ask(realm):
        asked.append(realm)
        return "wonderland"
    user = client.Client("alice", ask)
    kinds = []
    user.watch = lambda direction, kind, *rest: kinds.append(kind)
    assert user.fetch(site.url + "/docs/").good()
    site.stop()
    site.start()
    kinds.clear()
    assert user.fetch(site.url + "/docs/").good()
    assert [k for k in kinds if k.startswith("req-")] == [
        "req-VFY-C", "req-KEX-C1", "req-VFY-C"]
    assert len(asked) == 1
    user.close()


def test_other_algorithms_take_other_memory(serve):
    """Sessions of a configuration before that can't be kept are stale."""
    site = serve("", algorithms=[P256, P521])
    one = exchange(site).sign_in()
    site.write_conf(PLACE % f"MutualAlgorithm {P256} {P521}")
    site.graceful()
    assert reason(one.vfy(1)) == "stale-session"
    exchange(site, algorithm=P521).sign_in()
    one.sign_in()


def test_killed_children(serve):
    """T-SHM-07"""
    site = serve()
    one = exchange(site).sign_in()
    site.kill_child()
    assert one.vfy(1).status == 200
    exchange(site).sign_in()


def test_streams_in_parallel(serve):
    """T-MPM-06: HTTP/2, a hundred numbers at once, as the window allows."""
    site = serve("MutualNcWindow 512", modules="http2", tls="Protocols h2",
                 scope="https://localhost:{tls_port}")
    context = tls_context(site.root / "conf/server.pem", ["h2"])
    vh = certificate(site)
    with Connection(site.tls_port, site._count, context) as raw:
        h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        h2.initiate_connection()
        raw.send(h2.data_to_send())

        def ask(values):
            streams = {}
            for value in values:
                stream = h2.get_next_available_stream_id()
                h2.send_headers(stream, [
                    (":method", "GET"), (":path", "/docs/"),
                    (":scheme", "https"),
                    (":authority", f"localhost:{site.tls_port}"),
                    ("authorization", value)], end_stream=True)
                streams[stream] = {}
                site._count()
            raw.send(h2.data_to_send())
            left = set(streams)
            while left:
                for event in h2.receive_data(raw.sock.recv(65536)):
                    if isinstance(event, ResponseReceived):
                        streams[event.stream_id] = dict(event.headers)
                    if isinstance(event, DataReceived):
                        h2.acknowledge_received_data(
                            event.flow_controlled_length, event.stream_id)
                    if isinstance(event, StreamEnded):
                        left.discard(event.stream_id)
                raw.send(h2.data_to_send())
            return list(streams.values())
        place = client.Place.of("https", "localhost", site.tls_port)
        one = Exchange(None, place, "alice", "wonderland",
                       validation=END_POINT, vh=vh)
        [answer] = ask([one.credentials(one.kex_words())])
        given = client.mutual_parameters([answer["www-authenticate"]])
        one.sid = given["sid"]
        one.k_s1 = one.group.element(given["ks1"])
        one.z = client.shared_secret(
            one.group, one.s_c1, one.k_c1, one.k_s1,
            client.password_number(P256, one.scope, "Docs", "alice",
                                   "wonderland"))
        answers = ask([one.credentials(one.vfy_words(nc))
                       for nc in range(100)])
        good = [a for a in answers if a[":status"] == "200"]
        assert len(good) >= 95 # the first may come while it is judged
        assert all(f"sid={one.sid}" in a["authentication-info"] for a in good)
        assert all("stale-session" in a["www-authenticate"]
                   for a in answers if a not in good)
        [answer] = ask([one.credentials(one.vfy_words(100))])
        assert answer[":status"] == "200"


# ---- other stores --------------------------------------------------------------

DBD = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
<Location "/docs">
    AuthType Mutual
    AuthName "Docs"
    Require valid-user
</Location>
"""


def serve_database(httpd):
    site = httpd.prepare(DBD, files=FILES, ours=OURS, modules="dbd")
    site.store = Store(site)
    return site


def add_row(site, user, value):
    site.store.sql(
        "INSERT INTO authscheme_credentials (kind, id, realm, place, "
        "algorithm, username, value, state, created) VALUES ('mutual', "
        f"'{user}', 'Docs', '{site.url}', '{P256}', '{user}', '{value}', "
        "'active', 0);")


def verifier(site, user, password):
    pi = client.password_number(P256, site.url, "Docs", user, password)
    return client.verifier(P256, pi).hex()


def test_a_database(httpd):
    site = serve_database(httpd)
    add_row(site, "alice", verifier(site, "alice", "wonderland"))
    site.start()
    exchange(site).sign_in()
    wrong = exchange(site, password="no")
    wrong.kex()
    assert reason(wrong.vfy(0)) == "auth-failed"
    site.log.expects("problem=invalid", 1)


@pytest.mark.parametrize("value", [
    "", "00", "zz" * 33, "ff" * 33, "0" * 1024])
def test_a_damaged_record_is_nobodys(httpd, value):
    """For the client; the log tells."""
    site = serve_database(httpd)
    add_row(site, "alice", value)
    site.start()
    one = exchange(site)
    one.kex()
    site.log.expects("is damaged (alice)", 1)
    assert reason(one.vfy(0)) == "auth-failed"
    site.log.expects(re.compile("problem=(fault|invalid)"), 2)


def test_a_database_that_is_away(httpd):
    site = serve_database(httpd)
    add_row(site, "alice", verifier(site, "alice", "wonderland"))
    site.start()
    one = exchange(site).sign_in()
    site.settle()
    site.store.sql("DROP TABLE authscheme_credentials;")
    assert one.vfy(1).status == 503
    assert one.link(one.credentials(one.kex_words())).status == 503
    site.log.expects("problem=fault", 2)
    site.log.allows("dbd")
    site.log.allows("authscheme_credentials")


def test_without_a_store(serve):
    conf = PLACE.replace("AuthCredentials file:conf/credentials", "") \
                .replace("AuthBasicProvider credentials",
                         "AuthUserFile conf/users").replace("Digest ", "")
    site = serve(conf=conf)
    one = exchange(site)
    answer = one.link(one.credentials(one.kex_words()))
    assert answer.status == 500
    site.log.expects("Mutual needs AuthCredentials")


# ---- RFC 8053 -----------------------------------------------------------------

CONTROL = "MutualControl auth-style=non-modal " \
          "location-when-unauthenticated=/login.html " \
          "location-when-logout=/bye.html logout-timeout=300 no-auth=true " \
          "\"username=al\\\"ice\""


def control(answer):
    line = answer.header("Authentication-Control")
    return line and client.controls([line], client.AuthRealm(
        P256, HOST, None, "Docs"))


def test_control(serve):
    site = serve(CONTROL)
    first = site.get("/docs/").header("Authentication-Control")
    assert first == ('Mutual realm="Docs", auth-style=non-modal, '
                     'location-when-unauthenticated="/login.html", '
                     'no-auth=true, username="al\\"ice"')
    one = exchange(site)
    assert one.kex().header("Authentication-Control") is None
    assert one.vfy(0).header("Authentication-Control") == (
        'Mutual realm="Docs", location-when-logout="/bye.html", '
        'logout-timeout=300')
    assert one.vfy(0).header("Authentication-Control") is None # stale
    one.kex()
    one.z += 2
    assert one.vfy(0).header("Authentication-Control") == (
        'Mutual realm="Docs", auth-style=non-modal, username="al\\"ice"')
    site.log.allows("problem=")
    site.log.expects("problem=invalid", 1)


def test_control_beyond_ascii(serve):
    site = serve('MutualControl "username=Ren\u00e9e F"')
    assert site.get("/docs/").header("Authentication-Control") == (
        "Mutual realm=\"Docs\", username*=UTF-8''Ren%C3%A9e%20F")


OPTIONAL = """
AuthCredentials file:conf/credentials
<Location "/docs">
    AuthType "Digest Mutual Basic"
    AuthName "Docs"
    AuthBasicProvider credentials
    AuthSchemeOptional on
    MutualPath /docs/ /more/
    Require all granted
    Header set X-User "expr=%{REMOTE_USER}"
</Location>
<Location "/docs/closed">
    Require valid-user
</Location>
<Location "/docs/off">
    AuthSchemeOptional off
</Location>
"""
OPEN = {f"htdocs/docs/{name}index.html": "page\n"
        for name in ("", "closed/", "off/")}


def test_optional(serve):
    site = serve(conf=OPTIONAL, files=OPEN)
    guest = site.get("/docs/")
    assert guest.status == 200 and guest.text == "page\n"
    assert guest.all("WWW-Authenticate") == []
    assert guest.schemes("Optional-WWW-Authenticate") == ["Digest", "Mutual",
                                                          "Basic"]
    given = guest.challenge("Mutual", "Optional-WWW-Authenticate")
    assert given["reason"] == "initial" and given["path"] == "/docs/ /more/"
    assert "authorization" in guest.header("Vary").lower()
    assert guest.header("X-User") in (None, "")
    one = exchange(site)
    one.kex()
    answer = one.vfy(0)
    assert answer.status == 200 and one.is_proven(answer, 0)
    assert answer.header("X-User") == "alice"
    assert answer.all("Optional-WWW-Authenticate") == []


def test_optional_is_not_for_the_wrong(serve):
    """RFC 8053 section 3: what is wrong, stale or goes on stays a 401."""
    site = serve(conf=OPTIONAL, files=OPEN)
    one = exchange(site)
    assert one.kex().all("Optional-WWW-Authenticate") == []
    one.z += 2
    assert reason(one.vfy(0)) == "auth-failed"
    assert site.get("/docs/", authorization=basic("a", "b")).status == 401
    assert site.get("/docs/", authorization="Mutual x").status == 401
    assert site.get("/docs/", authorization="Other x").status == 200
    site.log.expects("problem=invalid")
    site.log.expects("problem=malformed")
    site.log.expects("AH01618")
    site.log.expects("problem=unknown")


def test_optional_with_cookies(serve):
    """Caches are told what else makes another answer."""
    conf = OPTIONAL.replace("Digest Mutual", "Digest HOBA Mutual")
    site = serve("", "HobaRequireTLS off\nHobaOrigin http://localhost:{port}\n"
                 + conf, files=OPEN)
    vary = site.get("/docs/").header("Vary").replace(" ", "").split(",")
    assert sorted(vary) == ["Authorization", "Cookie"]


def test_optional_elsewhere(serve):
    site = serve(conf=OPTIONAL, files=OPEN)
    closed = site.get("/docs/closed/")
    assert closed.status == 401
    assert closed.all("Optional-WWW-Authenticate") == []
    off = site.get("/docs/off/")
    assert off.status == 200 and off.all("Optional-WWW-Authenticate") == []
    assert site.get("/docs/off/", authorization="Basic x").status == 200
    head = site.get("/docs/", method="HEAD")
    assert head.schemes("Optional-WWW-Authenticate") == ["Digest", "Mutual",
                                                         "Basic"]


# ---- configuration ---------------------------------------------------------------

@pytest.mark.parametrize("line,said", [
    ("MutualAlgorithm SHA-256", "unknown algorithm"),
    (f"MutualAlgorithm {P256} {P256}", "twice"),
    ("MutualAuthScope https://www.example.com/", "MutualAuthScope takes"),
    ("MutualAuthScope https://www.example.com:443", "MutualAuthScope takes"),
    ("MutualAuthScope WWW.example.com", "MutualAuthScope takes"),
    ("MutualValidation tls-unique", "not supported"),
    ("MutualValidation none", "MutualValidation takes"),
    ("MutualCertificate conf/missing.pem", "can't be read"),
    ("MutualCertificate conf/mime.types", "no certificate"),
    ("MutualNcMax 0", "MutualNcMax takes"),
    ("MutualNcMax 99999999999", "MutualNcMax takes"),
    ("MutualNcWindow 64", "MutualNcWindow takes"),
    ("MutualNcWindow 513", "MutualNcWindow takes"),
    ("MutualSessionLifetime 0", "MutualSessionLifetime takes"),
    ("MutualSessionLifetime 1h", "MutualSessionLifetime takes"),
    ("MutualPath docs", "neither a path"),
    ("MutualPath \"/a b\"", "neither a path"),
    ("MutualControl auth-style", "name=value"),
    ("MutualControl nothing=1", "name=value"),
    ("MutualControl auth-style=loud", "modal or non-modal"),
    ("MutualControl no-auth=false", "takes true"),
    ("MutualControl logout-timeout=-1", "takes seconds"),
    ("MutualControl \"location-when-logout=a b\"", "takes a URL"),
    ("MutualControl username=", "takes a user's name"),
    ("AuthSchemeOptional maybe", "On or Off")])
def test_configurations_that_are_refused(httpd, line, said):
    """T-SEC-10"""
    error = prepare(httpd, line).config_error()
    assert said in error


@pytest.mark.parametrize("line,said", [
    ("AuthSchemeSessions 1k", "AuthSchemeSessions takes"),
    ("AuthSchemeSessions 2g", "AuthSchemeSessions takes"),
    ("AuthSchemeSessions 1m\nAuthSchemeSessions 1m", "twice")])
def test_sizes_that_are_refused(httpd, line, said):
    assert said in prepare(httpd, conf=line + "\n" + PLACE).config_error()


def test_alone_it_does_not_start(httpd):
    error = httpd.config_error("", ours=["authscheme_mutual"])
    assert "needs mod_authscheme" in error


def test_a_short_life_is_warned_of(serve):
    site = serve("MutualSessionLifetime 59")
    site.log.expects("MutualSessionLifetime 59 on line")


def test_not_for_forward_proxies(httpd):
    conf = """
    ProxyRequests On
    AuthCredentials file:conf/credentials
    <Proxy "*">
        AuthType "Mutual Basic"
        AuthName "Docs"
        AuthBasicProvider credentials
        Require valid-user
    </Proxy>
    """
    site = prepare(httpd, conf=conf, modules="proxy proxy_http").start()
    answer = site.get(f"http://localhost:{site.port}/docs/")
    assert answer.status == 407
    assert answer.schemes("Proxy-Authenticate") == ["Basic"]
    answer = site.get(f"http://localhost:{site.port}/docs/",
                      headers={"Proxy-Authorization": "Mutual a=b"})
    assert answer.status == 403
    site.log.expects("Mutual is not for forward proxies")
