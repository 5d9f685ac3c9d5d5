# Licensed under the Apache License, Version 2.0; see LICENSE.
"""tests/clients/mutual, which plays the client against our server elsewhere:
its numbers against computed vectors, and its manners against a server that is
written here, from the other half of the formulas, and can misbehave."""
import base64
import contextlib
import hashlib
import http.server
import importlib.util
import json
import re
import secrets
import ssl
import subprocess
import sys
import threading
from importlib.machinery import SourceFileLoader

import pytest

from harness.build import TOP

PROGRAM = TOP / "tests/clients/mutual"
VECTORS = json.loads((TOP / "tests/unit/vectors/mutual/exchanges.json")
                     .read_text())
EXCHANGES = VECTORS["exchanges"]
DL2048, P256 = "iso-kam3-dl-2048-sha256", "iso-kam3-ec-p256-sha256"


def load():
    loader = SourceFileLoader("mutual_client", str(PROGRAM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


mutual = load()


def named(vectors, *keys):
    return pytest.mark.parametrize(
        "vector", vectors, ids=lambda v: " ".join(v[k] for k in keys))


# ---- numbers ---------------------------------------------------------

class Exchange:
    """One of the vectors, as the client sees it."""

    def __init__(self, vector):
        self.inputs = vector["inputs"]
        self.algorithm = vector["algorithm"]
        self.group = mutual.GROUPS[self.algorithm]
        self.s_c1 = int(self.inputs["s_c1"], 16)
        self.k_c1 = self.group.power(self.group.generator, self.s_c1)
        self.k_s1 = self.group.element(vector["K_s1"]["wire"])
        self.pi = mutual.password_number(
            self.algorithm, *(self.inputs[name] for name in (
                "auth_scope", "realm", "username", "password")))

    def hex(self, element):
        return self.group.octets(element).hex()

    def proof(self, who, z, nc):
        return mutual.proof(self.group, who, self.k_c1, self.k_s1, z, nc,
                            bytes.fromhex(self.inputs["vh"]))


@named(EXCHANGES, "name")
def test_exchange(vector):
    it = Exchange(vector)
    group = it.group
    assert it.pi == int(vector["pi"], 16)
    assert mutual.verifier(it.algorithm, it.pi).hex() \
        == vector["J"]["octets"]
    assert it.hex(it.k_c1) == vector["K_c1"]["octets"]
    t_1 = group.number(1, it.k_c1)
    t_2 = group.number(2, it.k_c1, it.k_s1)
    assert (t_1, t_2) == (int(vector["t_1"], 16), int(vector["t_2"], 16))
    assert mutual.client_exponent(group, it.s_c1, t_1, t_2, it.pi) \
        == int(vector["client_exponent"], 16)
    z = mutual.shared_secret(group, it.s_c1, it.k_c1, it.k_s1, it.pi)
    assert it.hex(z) == vector["z"]["octets"]
    for entry in vector["verify"]:
        assert mutual.VI(entry["nc"]).hex() == entry["VI_nc"]
        for who, name in (mutual.CLIENT, "c"), (mutual.SERVER, "s"):
            octets = it.proof(who, z, entry["nc"])
            assert octets.hex() == entry["VK_" + name]
            assert group.encode(octets).strip('"') == entry["vk" + name]


@named(EXCHANGES, "name")
def test_messages(vector):
    """Ours are those of the vectors, and theirs are understood."""
    it = Exchange(vector)
    text = {kind: line.partition(": ")[2]
            for kind, line in vector["messages"].items()}
    read = {kind: mutual.mutual_parameters([text[kind]])
            for kind in ("401-INIT", "401-KEX-S1", "401-STALE")}
    for kind, parameters in read.items():
        assert mutual.kind_of_challenge(parameters) == kind
    realm = mutual.AuthRealm.of(read["401-INIT"])
    assert realm == (it.algorithm, it.inputs["validation"],
                     it.inputs["auth_scope"], it.inputs["realm"])
    assert realm == mutual.AuthRealm.of(read["401-KEX-S1"])
    words = mutual.key_exchange(realm, it.inputs["username"], it.k_c1)
    assert "Mutual " + ", ".join(words) == text["req-KEX-C1"]

    session = mutual.Session(realm, read["401-KEX-S1"], it.s_c1, it.k_c1,
                             it.pi)
    vh = bytes.fromhex(it.inputs["vh"])
    nc = int(re.search(r" nc=(\d+)", text["req-VFY-C"])[1])
    words = mutual.verification(realm, session.sid, nc, session.proof(
        mutual.CLIENT, nc, vh))
    assert "Mutual " + ", ".join(words) == text["req-VFY-C"]
    mutual.check_info(mutual.parse_parameters(text["200-VFY-S"]), session,
                      session.proof(mutual.SERVER, nc, vh))


@named(VECTORS["negative"], "algorithm", "case")
def test_no_element(vector):
    with pytest.raises(mutual.Refused):
        mutual.GROUPS[vector["algorithm"]].element(vector["value"])


@pytest.mark.parametrize("algorithm", mutual.GROUPS)
def test_constants(algorithm):
    group, expected = mutual.GROUPS[algorithm], VECTORS["groups"][algorithm]
    assert (group.q, group.order) == (int(expected["q"], 16),
                                      int(expected["r"], 16))
    assert (group.size, group.hash_size, group.least_secret) == tuple(
        expected[key] for key in ("k_octets", "hash_octets", "min_s_c1"))
    group.check(group.generator)
    for _ in range(50):
        assert expected["min_s_c1"] <= group.make_secret() < group.order


def test_octets():
    for entry in VECTORS["encodings"]["VI"]:
        assert mutual.VI(int(entry["n"])).hex() == entry["octets"]
    for entry in VECTORS["encodings"]["VS"]:
        assert mutual.VS(bytes.fromhex(entry["s"])).hex() == entry["octets"]


# ---- names and passwords ---------------------------------------------

@pytest.mark.parametrize("given, prepared", [
    ("alice", "alice"),
    ("Ren\u00e9e of France", "Ren\u00e9e of France"),
    ("Rene\u0301e", "Ren\u00e9e"),
    ("\uff21lice", "Alice"),
    ("", None),
    ("ali\x00ce", None),
    ("ali\udcffce", None),
])
def test_user(given, prepared):
    if prepared is None:
        with pytest.raises(mutual.UsageError):
            mutual.prepare_user(given)
    else:
        assert mutual.prepare_user(given) == prepared


@pytest.mark.parametrize("given, prepared", [
    ("Correct Horse", "Correct Horse"),
    ("a\u00a0b\u3000c", "a b c"),
    ("e\u0301", "\u00e9"),
    ("\uff21", "\uff21"),
    ("", None),
    ("tab\t", None),
])
def test_password(given, prepared):
    if prepared is None:
        with pytest.raises(mutual.UsageError):
            mutual.prepare_password(given)
    else:
        assert mutual.prepare_password(given) == prepared


# ---- headers ---------------------------------------------------------

@named(VECTORS["headers"], "case")
def test_header(vector):
    if vector["expect"] == "error":
        with pytest.raises(mutual.Refused):
            mutual.mutual_parameters([vector["authorization"]])
    else:
        assert mutual.mutual_parameters([vector["authorization"]]) \
            == vector["expect"]


@pytest.mark.parametrize("lines, realm", [
    (['Basic realm="b", Mutual realm="m", nc=1'], "m"),
    (['Mutual realm="m", nc=1, Basic realm="b"'], "m"),
    (['Negotiate, Mutual nc=1, realm=m, Bearer'], "m"),
    (['Negotiate YII=, mutual realm=m'], "m"),
    (['Digest realm="Mutual realm=x", nonce="a"', 'Mutual realm=m'], "m"),
    (['Basic realm="b"', 'Digest realm="d"'], None),
    ([], None),
])
def test_finds_the_challenge(lines, realm):
    found = mutual.mutual_parameters(lines)
    assert (found and found["realm"]) == realm


@pytest.mark.parametrize("lines", [
    ["Mutual realm=a, Mutual realm=b"],
    ["Mutual realm=a", "Mutual realm=b"],
    ["realm=a"],
    ["Negotiate YII=, realm=a"],
    ['Basic realm="b" Mutual realm=m'],
    ["Mutual realm=\xff"],
    ["Mutual realm=\xef\xbb\xbfa"],
    ['Mutual realm="a\x01"'],
])
def test_hostile_challenges(lines):
    with pytest.raises(mutual.Refused):
        mutual.AuthRealm.of(mutual.mutual_parameters(lines) or {})


@pytest.mark.parametrize("text", [
    "Mutual version=1, sid=00, vks=00", "version=1 sid=00", "version",
    "version=1, version=1", 'sid="00', "=1", "version=1; sid=00"])
def test_hostile_info(text):
    with pytest.raises(mutual.Refused):
        mutual.parse_parameters(text)


@pytest.mark.parametrize("text", [
    "reason=initial, ks1=00", "kc1=00", "vks=00", "vkc=00", "ks2=00",
    "realm=a", "reason=initial, vkc=00"])
def test_no_401(text):
    with pytest.raises(mutual.Refused):
        mutual.kind_of_challenge(mutual.parse_parameters(text))


@pytest.mark.parametrize("text, number", [
    ("0", 0), ("18", 18), ("18446744073709551617", 10 ** 18),
    ("00", None), ("01", None), ("-1", None), ("1 ", None), ("", None),
    ("\u0661", None)])
def test_integer(text, number):
    if number is None:
        with pytest.raises(mutual.Refused):
            mutual.integer_of({"nc": text}, "nc")
    else:
        assert mutual.integer_of({"nc": text}, "nc") == number


# ---- places ----------------------------------------------------------

@named(VECTORS["scope"], "auth_scope", "origin")
def test_scope(vector):
    place = mutual.Place.of(*(vector[key]
                              for key in ("scheme", "host", "port")))
    assert place.origin == vector["origin"]
    assert place.vh.decode() == vector["vh"]
    assert mutual.covers(vector["auth_scope"], place) == vector["covers"]


@pytest.mark.parametrize("scope", ["*.com", "*", "*.0.0.1", "Example.com",
                                   "", "*.example.com.", "https://"])
def test_no_scope_of_ours(scope):
    for host in "example.com", "127.0.0.1":
        assert not mutual.covers(scope, mutual.Place.of("https", host))


RSA = ("-newkey", "rsa:2048")
PSS = (*RSA, "-sigopt", "rsa_padding_mode:pss")
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def make_certificate(folder, *arguments):
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem", *arguments],
        check=True, capture_output=True)
    return ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())


@pytest.mark.parametrize("arguments, name", [
    ((*RSA, "-md5"), "sha256"),
    ((*RSA, "-sha1"), "sha256"),
    ((*RSA, "-sha256"), "sha256"),
    ((*RSA, "-sha512"), "sha512"),
    ((*PSS, "-sha384"), "sha384"),
    ((*PSS, "-sha1"), "sha256"),
    ((*EC, "-sha384"), "sha384"),
    ((*EC, "-sha1"), "sha256"),
])
def test_tls_server_end_point(tmp_path, arguments, name):
    der = make_certificate(tmp_path, *arguments)
    assert mutual.tls_server_end_point(der) == hashlib.new(name, der).digest()


def test_no_tls_server_end_point(tmp_path):
    der = make_certificate(tmp_path, "-newkey", "ed25519")
    for octets in der, b"", b"\x30\x00", der[:20]:
        with pytest.raises(mutual.Refused):
            mutual.tls_server_end_point(octets)


# ---- a server --------------------------------------------------------

Q = int(VECTORS["groups"][DL2048]["q"], 16)
REALM, USER, PASSWORD = "a realm", "alice", "Wonderland 1"


def octets(n):
    return n.to_bytes(256, "big")


def sha256(tag, *parts):
    return hashlib.sha256(bytes([tag]) + b"".join(parts)).digest()


def b64(data):
    return f'"{base64.b64encode(data).decode()}"'


def with_length(data):
    assert len(data) < 128
    return bytes([len(data)]) + data


class Exchanged:
    """A session as the server has it."""

    def __init__(self, j, k_c1):
        t_1 = int.from_bytes(sha256(1, octets(k_c1)), "big")
        s_s1 = secrets.randbelow(Q // 2 - 1) + 1
        k_s1 = pow(j * pow(k_c1, t_1, Q), s_s1, Q)
        t_2 = int.from_bytes(sha256(2, octets(k_c1), octets(k_s1)), "big")
        z = pow(k_c1 * pow(2, t_2, Q), s_s1, Q)
        self.k_s1 = k_s1
        self.keys = octets(k_c1) + octets(k_s1) + octets(z)
        self.seen = []

    def proof(self, tag, nc, vh):
        assert nc < 128
        return sha256(tag, self.keys, bytes([nc]), with_length(vh))


class Fake(http.server.ThreadingHTTPServer):
    """Knows alice, in DL2048. What it is made with replaces a parameter
    (ks1, auth_scope, ...; None leaves it out), or is one of:

    info     a function of Authentication-Info's text, None to leave it out
    control  Authentication-Control
    """
    daemon_threads = True

    def __init__(self, certificate=None, info=lambda text: text,
                 control=None, **parameters):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if certificate else "http"
        self.origin = f"{self.scheme}://127.0.0.1:{self.server_port}"
        self.vh = hashlib.sha256(certificate).digest() if certificate \
            else self.origin.encode()
        self.info, self.control, self.parameters = info, control, parameters
        self.sessions, self.seen, self.connections = {}, [], 0

    def verifier(self):
        scope = self.parameters.get("auth_scope") or self.origin
        salt = b"".join(with_length(text.encode()) for text in (
            DL2048, scope, self.parameters.get("realm", REALM), USER))
        return pow(2, int.from_bytes(hashlib.pbkdf2_hmac(
            "sha256", PASSWORD.encode(), salt, 16384), "big"), Q)

    def challenge(self, **more):
        """401 with a challenge, its parameters in an order of our own."""
        given = {"algorithm": DL2048, "version": "1",
                 "validation": "host" if self.scheme == "http"
                 else "tls-server-end-point", "auth_scope": self.origin,
                 "realm": REALM, **more}
        given.update((name, value) for name, value in self.parameters.items()
                     if name in given or name == "path" and "ks1" in more)
        strings = {"auth_scope", "realm", "path"}
        text = ", ".join(
            name.replace("_", "-") + "="
            + (f'"{value}"' if name in strings else value)
            for name, value in given.items() if value is not None)
        return 401, {"WWW-Authenticate": f'Basic realm="b", Mutual {text}',
                     "Authentication-Control": self.control}, b"please\n"

    def answer(self, path, sent):
        if path == "/public":
            return 200, {}, b"public\n"
        if path == "/guest" and not sent:
            _, headers, _ = self.challenge(reason="initial", path="/")
            return 200, {"Optional-WWW-Authenticate":
                         headers["WWW-Authenticate"]}, b"guest\n"
        if not sent:
            return self.challenge(reason="initial")
        return self.exchange(sent) if "kc1" in sent \
            else self.verify(path, sent)

    def exchange(self, sent):
        if sent["realm"] != self.parameters.get("realm", REALM):
            return self.challenge(reason="initial")
        assert sent["user"] == USER
        k_c1 = int.from_bytes(base64.b64decode(sent["kc1"]), "big")
        sid, made = secrets.token_hex(16), Exchanged(self.verifier(), k_c1)
        self.sessions[sid] = made
        return self.challenge(**{
            "sid": sid, "ks1": b64(octets(made.k_s1)), "nc-max": "65535",
            "nc-window": "128", "time": "300"})

    def verify(self, path, sent):
        session, nc = self.sessions.get(sent["sid"]), int(sent["nc"])
        if not session:
            return self.challenge(reason="stale-session")
        assert nc not in session.seen
        session.seen.append(nc)
        if b64(session.proof(4, nc, self.vh)) != f'"{sent["vkc"]}"':
            return self.challenge(reason="auth-failed")
        text = self.info(f'version=1, sid={sent["sid"]}, '
                         f'vks={b64(session.proof(3, nc, self.vh))}')
        status = 404 if path == "/missing" else 500 if path == "/broken" \
            else 200
        return status, {"Authentication-Info": text,
                        "Authentication-Control": self.control}, b"secret\n"

    def url(self, path="/"):
        return self.origin + path


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_GET(self):
        lines = self.headers.get_all("Authorization", [])
        assert len(lines) < 2
        sent = {name: value.strip('"') for name, value in re.findall(
            r'([a-z0-9-]+)=("[^"]*"|[^", ]+)', lines[0])} if lines else {}
        self.server.seen.append(
            "KEX" if "kc1" in sent else "VFY" if "vkc" in sent else "plain")
        status, headers, body = self.server.answer(self.path, sent)
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def fake():
    """Starts servers; they end with the test."""
    with contextlib.ExitStack() as stack:
        def start(key=None, cls=Fake, **arguments):
            server = stack.enter_context(cls(**arguments))
            if key:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(key / "cert.pem", key / "key.pem")
                server.socket = context.wrap_socket(server.socket,
                                                    server_side=True)
            thread = threading.Thread(target=server.serve_forever,
                                      kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server
        yield start


def run(*arguments, user=USER, password=PASSWORD):
    as_user = ("--user", user, "--password-file", "-") if user else ()
    return subprocess.run([sys.executable, "-B", PROGRAM, *as_user,
                           *arguments],
                          input=password + "\n", capture_output=True,
                          text=True, timeout=60)


def refused(done, status, why):
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert "REFUSED" in done.stderr and why in done.stderr, done.stderr


def client(server, user=USER, password=PASSWORD):
    return mutual.Client(user, lambda realm: password)


# ---- signing in ------------------------------------------------------

def test_signs_in(fake, tmp_path):
    server = fake()
    done = run(server.url(), "--header", tmp_path / "header")
    assert (done.returncode, done.stdout) == (0, "secret\n"), done.stderr
    assert server.seen == ["plain", "KEX", "VFY"]
    assert server.connections == 1
    assert ("the server proved that it knows alice's password verifier "
            "(vks right), and we proved that we know the password; session "
            ) in done.stderr
    assert "request 1 of 65536" in done.stderr
    assert "Authentication-Info: version=1" \
        in (tmp_path / "header").read_text()


def test_keeps_the_session(fake, tmp_path):
    server = fake()
    done = run(server.url("/a"), server.url("/b?c"), "--repeat", "2",
               "--quiet", "--output", tmp_path / "body")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "body").read_text() == 4 * "secret\n"
    assert server.seen == ["plain", "KEX"] + 4 * ["VFY"]
    [session] = server.sessions.values()
    assert session.seen == [0, 1, 2, 3]
    assert server.connections == 1


def test_begins_with_a_key_exchange(fake):
    server = fake()
    done = run(server.url(), "--algorithm", DL2048, "--realm", REALM,
               "--auth-scope", server.origin)
    assert done.returncode == 0, done.stderr
    assert server.seen == ["KEX", "VFY"]


def test_begins_in_the_wrong_realm(fake):
    server = fake()
    done = run(server.url(), "--algorithm", P256, "--realm", "other")
    assert done.returncode == 0, done.stderr
    assert server.seen == ["KEX", "KEX", "VFY"]


@pytest.mark.parametrize("parameters", [
    {"auth_scope": None}, {"auth_scope": "127.0.0.1"}, {"path": "/x /y"},
    {"algorithm": DL2048.upper()}, {"time": "0"}, {"nc-max": "0"}])
def test_other_parameters(fake, parameters):
    done = run(fake(**parameters).url(), "--repeat", "2")
    assert (done.returncode, done.stdout) == (0, 2 * "secret\n"), done.stderr


@pytest.mark.parametrize("path, url, seen", [
    ("/docs/", "/docs/2", ["VFY"]),
    ("/docs/", "/other", ["plain", "VFY"]),
    (None, "/other", ["VFY"]),
    ("http://127.0.0.2/ /other", "/other", ["VFY"]),
])
def test_path(fake, path, url, seen):
    server = fake(**({"path": path} if path else {}))
    alice = client(server)
    assert alice.fetch(server.url("/docs/1")).good()
    del server.seen[:]
    assert alice.fetch(server.url(url)).good()
    assert server.seen == seen
    alice.close()


def test_https(fake, tmp_path):
    der = make_certificate(tmp_path, *EC, "-sha256")
    server = fake(key=tmp_path, certificate=der)
    done = run(server.url(), "--cacert", tmp_path / "cert.pem")
    assert (done.returncode, done.stdout) == (0, "secret\n"), done.stderr
    assert run(server.url()).returncode == 2
    server.vh = server.origin.encode()
    done = run(server.url(), "--cacert", tmp_path / "cert.pem")
    assert done.returncode == 1


def test_another_status_with_proof(fake):
    done = run(fake().url("/missing"))
    assert (done.returncode, done.stdout) == (1, "secret\n")
    assert "404" in done.stderr and "vks right" in done.stderr


# ---- not signed in ---------------------------------------------------

def test_wrong_password(fake):
    server = fake()
    done = run(server.url(), password="wonderland")
    assert (done.returncode, done.stdout) == (1, "please\n")
    assert "user or password is wrong (auth-failed)" in done.stderr
    assert server.seen == ["plain", "KEX", "VFY"]
    alice = client(server, password="wonderland")
    assert alice.fetch(server.url()).outcome == mutual.REQUIRED
    assert not alice.sessions and not alice.numbers
    alice.close()


class Choosy(Fake):
    def exchange(self, sent):
        return self.challenge(reason="invalid-parameters")


def test_key_exchange_is_not_taken(fake):
    server = fake(cls=Choosy)
    done = run(server.url())
    assert (done.returncode, done.stdout) == (1, "please\n")
    assert "it does not take what we sent" in done.stderr
    assert server.seen == ["plain", "KEX"]


def test_nobody(fake):
    done = run(fake().url(), user=None)
    assert (done.returncode, done.stdout) == (1, "please\n")
    assert "use --user" in done.stderr


def test_public(fake):
    done = run(fake().url("/public"))
    assert (done.returncode, done.stdout) == (1, "public\n")
    assert "nobody proved anything" in done.stderr


def test_guest(fake):
    server = fake()
    done = run(server.url("/guest"), user=None)
    assert (done.returncode, done.stdout) == (1, "guest\n")
    done = run(server.url("/guest"))
    assert (done.returncode, done.stdout) == (0, "secret\n"), done.stderr


@pytest.mark.parametrize("control, seen, words", [
    ('Mutual realm="a realm", no-auth=true', 1, "not to sign in here"),
    ('Mutual realm="a realm", username="admin"', 1, "only the user admin"),
    ('Mutual realm="other", no-auth=true', 3, "vks right"),
    ('Basic realm="a realm", no-auth=true', 3, "vks right"),
    ('Mutual realm="a realm", username="alice"', 3, "vks right"),
    ('Mutual realm="a realm", location-when-unauthenticated="/in"', 3,
     "vks right"),
    ('rubbish"', 3, "vks right"),
    ('Mutual realm="a realm", location-when-logout="/bye"', 3, "/bye"),
])
def test_control(fake, control, seen, words):
    server = fake(control=control)
    done = run(server.url())
    assert words in done.stderr
    assert len(server.seen) == seen
    assert done.returncode == (0 if seen == 3 else 1)


def test_location_when_unauthenticated(fake):
    server = fake(control='Mutual realm="a realm", '
                          'location-when-unauthenticated="/in"')
    assert server.url("/in") in run(server.url(), user=None).stderr


@pytest.mark.parametrize("seconds, seen", [
    ("0", 2 * ["plain", "KEX", "VFY"]),
    ("100", ["plain", "KEX", "VFY", "VFY"])])
def test_logout_timeout(fake, seconds, seen):
    server = fake(control='Mutual realm="a realm", '
                          f'logout-timeout={seconds}')
    done = run(server.url(), "--repeat", "2")
    assert done.returncode == 0, done.stderr
    assert f"forgotten in {seconds} seconds" in done.stderr
    assert server.seen == seen


# ---- the session is gone ---------------------------------------------

def test_stale(fake):
    server = fake()
    alice = client(server)
    assert alice.fetch(server.url()).good()
    server.sessions.clear()
    del server.seen[:]
    answer = alice.fetch(server.url())
    assert answer.good() and answer.nc == 0
    assert server.seen == ["VFY", "KEX", "VFY"]
    alice.close()


class Forgetful(Fake):
    def exchange(self, sent):
        answer = super().exchange(sent)
        self.sessions.clear()
        return answer


def test_always_stale(fake):
    server = fake(cls=Forgetful)
    refused(run(server.url()), 2, "second key exchange")
    assert server.seen == ["plain", "KEX", "VFY"]


# ---- a server that cannot prove itself -------------------------------

def wrong_vks(text):
    return re.sub('vks=".', 'vks="/' if 'vks="/' not in text else 'vks="0',
                  text)


@pytest.mark.parametrize("info, why", [
    (wrong_vks, "vks is wrong"),
    (lambda text: None, "without a proof"),
    (lambda text: "Mutual " + text, "not a list of parameters"),
    (lambda text: text.replace("version=1", "version=2"), "version"),
    (lambda text: text.replace("version=1, ", ""), "version"),
    (lambda text: text.replace("sid=", "sid=00"), "another session"),
    (lambda text: re.sub(", sid=[0-9a-f]*", "", text), "sid is missing"),
    (lambda text: re.sub(", vks=.*", "", text), "vks is missing"),
    (lambda text: text + ", vks=\"\"", "twice"),
    (lambda text: text + ", reason=initial", "does not belong"),
    (lambda text: text.replace('="', "=").strip('"'), "header"),
    (lambda text: re.sub('vks="....', 'vks="', text), "octets"),
])
def test_unproven(fake, tmp_path, info, why):
    server = fake(info=info)
    done = run(server.url(), "--header", tmp_path / "header")
    refused(done, 3, why)
    assert "did not prove that it knows the password" in done.stderr
    assert "secret" not in done.stderr
    assert (tmp_path / "header").read_text() == ""


def test_proof_is_due_again(fake):
    """The second answer at a URL cannot do without."""
    server = fake()
    alice = client(server)
    assert alice.fetch(server.url()).good()
    server.info = lambda text: None
    with pytest.raises(mutual.Unproven):
        alice.fetch(server.url())
    assert not alice.sessions
    alice.close()


def test_server_trouble(fake):
    done = run(fake(info=lambda text: None).url("/broken"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "its body is not used" in done.stderr


class Open(Fake):
    """Lets everybody in who sends anything."""

    def exchange(self, sent):
        return 200, {}, b"secret\n"


def test_normal_answer_to_a_key_exchange(fake):
    refused(run(fake(cls=Open).url()), 3, "answer to req-KEX-C1")


@pytest.mark.parametrize("parameters, why", [
    ({"auth_scope": "http://www.example.com"}, "does not cover"),
    ({"auth_scope": "*.0.0.1"}, "does not cover"),
    ({"validation": "tls-server-end-point"}, "does not fit http"),
    ({"validation": "tls-unique"}, "does not fit http"),
    ({"algorithm": "iso-kam3-dl-1024-md5"}, "unknown algorithm"),
    ({"realm": None}, "realm is missing"),
    ({"version": "2"}, "version is not 1"),
    ({"version": None}, "version is missing"),
])
def test_what_we_are_asked(fake, parameters, why):
    server = fake(**parameters)
    refused(run(server.url()), 2, why)
    assert server.seen == ["plain"]


def test_host_over_https(fake, tmp_path):
    der = make_certificate(tmp_path, *EC, "-sha256")
    server = fake(key=tmp_path, certificate=der, validation="host")
    refused(run(server.url(), "--cacert", tmp_path / "cert.pem"), 2,
            "does not fit https")
    assert server.seen == ["plain"]


@pytest.mark.parametrize("parameters, why", [
    ({"ks1": b64(octets(1))}, "outside the group"),
    ({"ks1": b64(octets(Q - 1))}, "outside the group"),
    ({"ks1": b64(octets(Q - 2))}, "outside the group"),
    ({"ks1": b64(octets(4)[1:])}, "255 octets"),
    ({"ks1": "00"}, "not base64"),
    ({"sid": None}, "sid is missing"),
    ({"sid": "abc"}, "not hexadecimal"),
    ({"nc-max": None}, "nc-max is missing"),
    ({"time": "-1"}, "time is no number"),
])
def test_ks1(fake, parameters, why):
    server = fake(**parameters)
    refused(run(server.url()), 2, why)
    assert server.seen == ["plain", "KEX"]


class Moody(Fake):
    """Wants another realm when it is too late."""
    wanted = "ks1"

    def challenge(self, **more):
        if self.wanted in more and self.seen[-1] != "plain":
            self.parameters["realm"] = "another realm"
        return super().challenge(**more)


def test_another_realm_in_the_middle(fake):
    refused(run(fake(cls=Moody).url()), 2, "does not repeat")


class Moodier(Moody):
    wanted = "reason"


def test_another_realm_at_the_end(fake):
    refused(run(fake(cls=Moodier).url(), password="wrong"), 2,
            "401-INIT of another realm in answer to req-VFY-C")


# ---- the command line ------------------------------------------------

def test_what_is_shown(fake):
    server = fake()
    done = run(server.url(), "--show-exchange")
    assert re.findall("^[<>].*", done.stderr, re.M) == [
        "> request: GET /", "< 401-INIT of another realm: 401 Unauthorized",
        "> req-KEX-C1: GET /", "< 401-KEX-S1: 401 Unauthorized",
        "> req-VFY-C: GET /", "< 200-VFY-S: 200 OK"]
    done = run(server.url(), "--verbose")
    assert "kc1=" in done.stderr and "vks=" in done.stderr
    pi = mutual.password_number(DL2048, server.origin, REALM, USER, PASSWORD)
    assert PASSWORD not in done.stderr
    assert str(pi) not in done.stderr and f"{pi:x}" not in done.stderr


def test_print_verifier():
    for vector in EXCHANGES:
        inputs = vector["inputs"]
        if vector["algorithm"] != P256 or not inputs["username"].isalnum():
            continue
        done = run("--print-verifier", "--algorithm", P256, "--auth-scope",
                   inputs["auth_scope"], "--realm", inputs["realm"],
                   user=inputs["username"], password=inputs["password"])
        assert done.stdout == vector["J"]["octets"] + "\n", done.stderr


@pytest.mark.parametrize("arguments, user", [
    ((), USER),
    (("ftp://example.com/",), USER),
    (("http:///",), USER),
    (("http://a:99999/",), USER),
    (("http://alice@127.0.0.1/",), USER),
    (("http://127.0.0.1:1/", "--repeat", "0"), USER),
    (("http://127.0.0.1:1/", "--realm", "x"), USER),
    (("http://127.0.0.1:1/", "--auth-scope", "x"), USER),
    (("http://127.0.0.1:1/", "--realm", "x", "--algorithm", "y"), USER),
    (("http://127.0.0.1:1/", "--cacert", "/nowhere"), USER),
    (("http://127.0.0.1:1/", "--unknown"), USER),
    (("http://127.0.0.1:1/",), "alice:secret"),
    (("http://127.0.0.1:1/",), USER),
    (("--print-verifier", "--realm", "x", "--algorithm", P256), USER),
])
def test_usage(arguments, user):
    done = run(*arguments, user=user)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr and done.stderr
