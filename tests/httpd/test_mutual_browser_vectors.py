# Licensed under the Apache License, Version 2.0; see LICENSE.
"""docs/mutual-in-a-browser: its functions against the vectors, under Node; its
client under Node and its page in browsers, against a server that shares no
code with either and misbehaves when told to."""
import hashlib
import http.server
import json
import pathlib
import re
import secrets
import subprocess
import threading
import urllib.parse

import pytest

from harness.browser import Chromium, Firefox

TOP = pathlib.Path(__file__).resolve().parents[2]
DEMO = TOP / "docs/mutual-in-a-browser"
VECTORS = json.loads(
    (TOP / "tests/unit/vectors/mutual/exchanges.json").read_text("utf-8"))
ALGORITHM = "iso-kam3-ec-p256-sha256"
SECONDS = 60

# Prepares `m`, the module, and `given`, what the test hands over; prints what
# the test's body returns.
NODE = """
import fs from "node:fs";
const { path, given } = JSON.parse(fs.readFileSync(0, "utf8"));
const m = await import("data:text/javascript;base64,"
  + fs.readFileSync(path).toString("base64"));
const hex = number => m.toHex(m.OCTETS(number));
const int = text => BigInt("0x" + text);
const refused = async what => {
  try {
    const value = await what();
    return { value };
  } catch (error) {
    const { name, message, realm, scope, reason } = error;
    return { name, message, realm, scope, reason };
  }
};
const signedIn = (more = {}) => {
  const client = new m.MutualClient(more);
  client.setCredentials(...given.who);
  return client;
};
const run = async () => {
  %s
};
console.log(JSON.stringify(await run() ?? null, (_, one) =>
  one instanceof Map ? Object.fromEntries(one) : one));
"""


def node(body, **given):
    done = subprocess.run(
        ["node", "--input-type=module", "-e", NODE % body],
        input=json.dumps({"path": str(DEMO / "mutual.js"), "given": given}),
        capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


# ---- vectors ---------------------------------------------------------------

EXCHANGES = [one for one in VECTORS["exchanges"]
             if one["algorithm"] == ALGORITHM]
NOT_ELEMENTS = [one for one in VECTORS["negative"]
                if one["algorithm"] == ALGORITHM]


@pytest.mark.parametrize("one", EXCHANGES, ids=lambda one: one["name"])
def test_an_exchange(one):
    got = node("""
        const { inputs, K_s1 } = given.one;
        const { username, password, realm, auth_scope } = inputs;
        const s_c1 = int(inputs.s_c1), ks1 = m.P(m.decodePoint(K_s1.wire));
        const pi = await m.pi(m.preparePassword(password), auth_scope, realm,
                              m.prepareUser(username));
        const kc1 = m.Kc1(s_c1);
        return {
          salt: m.toHex(m.salt(auth_scope, realm, username)),
          pi: hex(pi), J: hex(m.J(pi)), K_c1: hex(kc1),
          t_1: hex(await m.t1(kc1)), t_2: hex(await m.t2(kc1, ks1)),
          z: hex(await m.z(pi, s_c1, kc1, ks1)),
        };""", one=one)
    assert got.pop("salt") == one["salt"]
    for name in ("J", "K_c1", "z"):
        assert got.pop(name) == one[name]["octets"], name
    for name, value in got.items():
        assert int(value, 16) == int(one[name], 16), name


# A scope's vh is text with `host` only; of the others we have octets.
@pytest.mark.parametrize(
    "one", [e for e in EXCHANGES if e["inputs"]["validation"] == "host"],
    ids=lambda one: one["name"])
def test_proofs(one):
    got = node("""
        const { K_c1, K_s1, z, verify, inputs } = given.one;
        const secrets = { kc1: int(K_c1.int), ks1: int(K_s1.int),
                          z: int(z.int) };
        const all = [];
        for (const { nc } of verify)
          all.push([m.toHex(await m.vkc(secrets, nc, inputs.vh_text)),
                    m.toHex(await m.vks(secrets, nc, inputs.vh_text))]);
        return all;""", one=one)
    assert got == [[v["vkc"], v["vks"]] for v in one["verify"]]


def test_points():
    """P and P' are inverse to each other; sums agree with multiples."""
    points = [one[name]["wire"] for one in EXCHANGES
              for name in ("J", "K_c1", "K_s1", "z")]
    assert node("return given.points.map(p => hex(m.P(m.decodePoint(p))))",
                points=points) == points
    assert node("""
        const of = n => m.P(m.multiply(n, m.G)), minus = m.R - 1n;
        return [
          m.P(m.add(m.multiply(5n, m.G), m.multiply(7n, m.G))) === of(12n),
          m.P(m.add(m.G, m.G)) === of(2n),
          m.P(m.double(m.G)) === of(2n),
          m.P(m.add(m.INFINITY, m.G)) === of(1n),
          m.P(m.add(m.G, m.INFINITY)) === of(1n),
          m.add(m.multiply(minus, m.G), m.G)[2] === 0n,
          m.multiply(m.R, m.G)[2] === 0n,
          m.double(m.INFINITY)[2] === 0n,
          of(minus) === (of(1n) ^ 1n),
        ];""") == [True] * 9


@pytest.mark.parametrize("one", NOT_ELEMENTS, ids=lambda one: one["case"])
def test_not_an_element(one):
    got = node("return refused(() => m.decodePoint(given.value))",
               value=one["value"])
    assert got["name"] == "MutualError"


def test_encodings():
    numbers, strings = VECTORS["encodings"]["VI"], VECTORS["encodings"]["VS"]
    assert node("return given.n.map(n => m.toHex(m.VI(BigInt(n))))",
                n=[one["n"] for one in numbers]) == [
        one["octets"] for one in numbers]
    assert node("""return given.s.map(s => m.toHex(
                     m.VS(s ? m.fromHex(s) : new Uint8Array())))""",
                s=[one["s"] for one in strings]) == [
        one["octets"] for one in strings]


def test_random_scalars_are_of_the_group():
    """0 and what is not below the order are drawn again."""
    assert node("""
        const draws = [0n, m.R, 2n ** 256n - 1n, m.R - 1n];
        const getRandomValues = octets => {
          octets.set(m.OCTETS(draws.shift(), 32));
          return octets;
        };
        const got = m.randomScalar({ getRandomValues });
        return [got === m.R - 1n, draws.length];""") == [True, 0]


def url_of(one):
    host = f"[{one['host']}]" if ":" in one["host"] else one["host"]
    return f"{one['scheme']}://{host}:{one['port']}/x"


MORE_SCOPES = [ # scope, URL, covered
    ("*.com", "http://example.com/", False),
    ("*.0.0.1", "http://127.0.0.1/", False),
    ("*.example.com", "http://www.example.com:8080/", True),
    ("Example.com", "http://example.com/", False),
    ("http://example.com/", "http://example.com/", False),
    ("", "http://example.com/", False),
    ("127.0.0.1", "http://127.0.0.1:81/", True),
]


def test_scopes():
    rows = VECTORS["scope"]
    got = node("""
        return given.rows.map(([scope, address]) => {
          const url = new URL(address);
          return [m.covers(scope, url), url.origin, m.hostOf(url)];
        });""", rows=[(one["auth_scope"], url_of(one)) for one in rows])
    assert got == [[one["covers"], one["origin"], one["vh"]] for one in rows]
    assert node("""return given.rows.map(([scope, address]) =>
                     m.covers(scope, new URL(address)))""",
                rows=MORE_SCOPES) == [row[2] for row in MORE_SCOPES]


def test_protected_paths():
    rows = [ # path, of the URL, protected
        (None, "http://a/b/c", ["/b/"]),
        (None, "http://a/c", ["/c"]),
        ("/x/ y http://a/z http://b/w http://", "http://a/b/c",
         ["/x/", "/b/y", "/z"]),
    ]
    assert node("""return given.rows.map(([path, address]) =>
                     m.protectedPaths(path ?? undefined, new URL(address)))""",
                rows=rows) == [row[2] for row in rows]
    below = [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False),
             ("/a/", "/a/", True), ("/a", "/a/", False), ("/", "/", True)]
    assert node("return given.rows.map(([p, q]) => m.isBelow(p, q))",
                rows=below) == [row[2] for row in below]


# ---- header fields ---------------------------------------------------------

def challenge_vectors():
    """Those of the Authorization headers that do not say what clients say."""
    for one in VECTORS["headers"]:
        if not re.search(r"\bkc1|vkc", one["authorization"]):
            yield pytest.param(one["authorization"], one["expect"],
                               id=one["case"])


MESSAGES = [pytest.param(one["messages"][kind], id=f"{one['name']} {kind}")
            for one in EXCHANGES for kind in ("401-INIT", "401-KEX-S1")]


@pytest.mark.parametrize("text, expected", challenge_vectors())
def test_a_challenge_is_parsed(text, expected):
    got = node("return refused(() => m.mutualChallenge(given.text))",
               text=text)
    assert got.get("value", "error") == expected


@pytest.mark.parametrize("line", MESSAGES)
def test_a_whole_challenge(line):
    got = node("return m.mutualChallenge(given.text)",
               text=line.partition(": ")[2].encode().decode("latin-1"))
    assert got["algorithm"] == ALGORITHM
    assert ("reason" in got) != ("ks1" in got)


LISTS = [ # text, the schemes, what is read of Mutual
    ('Basic realm="a, Mutual realm=b", Mutual version=1, realm="x"',
     ["basic", "mutual"], {"version": "1", "realm": "x"}),
    ('Mutual algorithm=a, version=1, Digest realm="q", nonce="n", qop="auth"',
     ["mutual", "digest"], {"algorithm": "a", "version": "1"}),
    ('Negotiate, Mutual version=1, NTLM', ["negotiate", "mutual", "ntlm"],
     {"version": "1"}),
    ('Negotiate YII==, Mutual version=1', ["negotiate", "mutual"],
     {"version": "1"}),
    ('Bearer', ["bearer"], None),
    ('', [], None),
    ('Mutual version=1, Mutual version=1', ["mutual", "mutual"], "error"),
    ('version=1, Mutual realm="x"', "error", "error"),
    ('Negotiate YII==, version=1', "error", "error"),
    ('Mutual version=1, reason=initial, ks1=00', ["mutual"], "error"),
    ('Mutual version=1, ks1=00, vks=00', ["mutual"], "error"),
    ('Mutual version=1, kc1=00', ["mutual"], "error"),
    ('Mutual version=1, vkc=00', ["mutual"], "error"),
    ('Mutual realm="\xff"', ["mutual"], "error"),
    ('Mutual realm="\xc3\xa9"', ["mutual"], {"realm": "\xe9"}),
    ('Mutual user*="UTF-8\'\'a"', ["mutual"], "error"),
]


@pytest.mark.parametrize("text, schemes, mutual", LISTS)
def test_several_challenges(text, schemes, mutual):
    """fetch() joins the lines of a field by commas."""
    all_, ours = node("""
        return [await refused(() => m.parseChallenges(given.text)
                  .map(one => one.scheme)),
                await refused(() => m.mutualChallenge(given.text))];""",
                      text=text)
    assert all_.get("value", "error") == schemes
    assert ours.get("value", "error") == mutual


def test_authentication_info():
    rows = [("version=1, sid=00, vks=00ff",
             {"version": "1", "sid": "00", "vks": "00ff"}),
            ('version="1",vks="00"', {"version": "1", "vks": "00"}),
            ("", {}), ("Mutual version=1", "error"), ("vks=0, vks=0", "error"),
            ("vks=00, ks1=00", "error"), ("vks", "error")]
    got = node("""return Promise.all(given.rows.map(
                    ([text]) => refused(() => m.parseInfo(text))))""",
               rows=rows)
    assert [one.get("value", "error") for one in got] == [r[1] for r in rows]


def test_names_and_passwords():
    assert node("""
        return [m.prepareUser("\\uff41e\\u0301"),
                m.preparePassword("a\\u2003b"),
                m.userParameter('a"b'), m.userParameter("Ren\\u00e9e (1)")];
        """) == ["a\xe9", "a b", 'user="a\\"b"',
                 "user*=UTF-8''Ren%C3%A9e%20%281%29"]
    for bad in ("", "a\nb", "a\0", "\ud800"):
        got = node("""return [await refused(() => m.prepareUser(given.bad)),
                       await refused(() => m.preparePassword(given.bad))];""",
                   bad=bad)
        assert [one["name"] for one in got] == ["MutualError"] * 2


# ---- a server: the formulas again, with points as (x, y) -------------------

Q = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
R = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def plus(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % Q == 0:
        return None
    slope = ((3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, Q) if a == b
             else (b[1] - a[1]) * pow(b[0] - a[0], -1, Q))
    x = (slope * slope - a[0] - b[0]) % Q
    return x, (slope * (a[0] - x) - a[1]) % Q


def times(n, point):
    total = None
    while n:
        if n & 1:
            total = plus(total, point)
        point, n = plus(point, point), n >> 1
    return total


def packed(point):
    return (2 * point[0] + point[1] % 2).to_bytes(33, "big")


def unpacked(octets):
    number = int.from_bytes(octets, "big")
    x = number >> 1
    y = pow(x**3 - 3 * x + B, (Q + 1) // 4, Q)
    assert len(octets) == 33 and x < Q and (y * y - x**3 + 3 * x - B) % Q == 0
    return x, y if y % 2 == number % 2 else Q - y


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def short(octets):
    """VS of less than 128 octets."""
    return bytes([len(octets)]) + octets


def verifier(user, password, scope, realm):
    salt = b"".join(short(text.encode())
                    for text in (ALGORITHM, scope, realm, user))
    pi = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 16384)
    return times(int.from_bytes(pi, "big"), G)


class Session:
    def __init__(self, kc1, known):
        self.kc1, self.s, self.seen = kc1, secrets.randbelow(R - 1) + 1, set()
        t1 = int.from_bytes(digest(b"\1", kc1), "big")
        self.ks1 = packed(times(self.s, plus(known, times(t1, unpacked(kc1)))))
        t2 = int.from_bytes(digest(b"\2", kc1, self.ks1), "big")
        self.z = packed(times(self.s, plus(unpacked(kc1), times(t2, G))))

    def proof(self, tag, nc, vh):
        assert nc < 128
        return digest(bytes([tag]), self.kc1, self.ks1, self.z, bytes([nc]),
                      short(vh.encode())).hex()


PARAM = re.compile(r'([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))(?:, |$)')


def parse(authorization):
    """What a client of ours sends, and nothing else."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "Mutual" and not PARAM.sub("", rest), authorization
    found = {}
    for name, quoted, token in PARAM.findall(rest):
        if name.endswith("*"):
            name, token = name[:-1], urllib.parse.unquote(token[7:])
        found[name] = token or re.sub(r"\\(.)", r"\1", quoted)
    return found


class Site(http.server.ThreadingHTTPServer):
    """Serves the page, and /secret/ to alice; plays tricks when told to."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = self.scope = self.vh = (
            f"http://localhost:{self.server_port}")
        self.realm, self.validation = "Members", "host"
        self.window, self.largest, self.seconds = 128, 100, 300
        self.path = "/secret/"
        self.version = 1
        self.others = []  # challenges of other schemes
        self.joined = False # to one line
        self.trick = None # name of a way to misbehave
        self.lock, self.sessions, self.seen = threading.Lock(), {}, []
        self.users = {}

    def know(self, user, password):
        self.users[user] = verifier(user, password, self.scope, self.realm)

    def said(self):
        """What came for /secret/, and forgets it."""
        with self.lock:
            seen, self.seen = self.seen, []
        return seen


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, *fields, kind="text/plain"):
        self.send_response(status)
        for name, value in (("Content-Type", kind),
                            ("Content-Length", str(len(body))), *fields):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.sent = self.rfile.read(length).decode()
        if self.path.startswith("/secret/"):
            return self.secret()
        kinds = {"/demo/index.html": "text/html",
                 "/demo/mutual.js": "text/javascript"}
        if self.path in kinds:
            file = DEMO / self.path.rpartition("/")[2]
            return self.reply(200, file.read_bytes(), kind=kinds[self.path])
        if self.path == "/forget":
            self.server.sessions.clear()
        if self.path == "/moved":
            return self.reply(302, b"", ("Location", "/secret/"))
        if self.path == "/public":
            return self.reply(200, b"for all")
        return self.reply(404, b"not here")

    do_POST = do_GET

    def secret(self):
        got = self.headers.get("Authorization")
        with self.server.lock:
            answer = self.decide(parse(got) if got else None)
        return self.reply(*answer)

    def note(self, kind, nc=None):
        self.server.seen.append(kind if nc is None else (kind, nc))

    def refuse(self, *more):
        site = self.server
        mutual = ", ".join([
            f"Mutual algorithm={ALGORITHM}", f"version={site.version}",
            f"validation={site.validation}", f'auth-scope="{site.scope}"',
            f'realm="{site.realm}"', *more])
        offers = [mutual]
        if more[0] == "reason=initial":
            offers = [*site.others, mutual]
        if site.joined:
            offers = [", ".join(offers)]
        return (401, b"refused",
                *(("WWW-Authenticate", offer) for offer in offers))

    def decide(self, got):
        site = self.server
        if got is None:
            self.note("plain")
            return self.refuse("reason=initial")
        same = (got["version"], got["algorithm"], got["validation"],
                got["auth-scope"])
        assert same == ("1", ALGORITHM, site.validation, site.scope), got
        if site.trick == "normal":
            self.note("normal")
            return 200, b"anything"
        if got["realm"] != site.realm:
            self.note("other realm")
            return self.refuse("reason=initial")
        return self.exchange(got) if "kc1" in got else self.verify(got)

    def exchange(self, got):
        site, sid = self.server, secrets.token_hex(16)
        self.note("kex")
        known = site.users.get(got["user"], times(12345, G))
        session = Session(bytes.fromhex(got["kc1"]), known)
        site.sessions[sid] = session
        ks1 = session.ks1.hex()
        if site.trick == "not a point":
            ks1 = "02".rjust(66, "0")
        if site.trick == "other realm":
            site.realm += "2"
        path = [f'path="{site.path}"'] if site.path else []
        return self.refuse(f"sid={sid}", f"ks1={ks1}", *path,
                           f"nc-max={site.largest}",
                           f"nc-window={site.window}", f"time={site.seconds}")

    def verify(self, got):
        site, nc = self.server, int(got["nc"])
        self.note("vfy", nc)
        session = site.sessions.get(got["sid"])
        if session is None or site.trick == "stale":
            return self.refuse("reason=stale-session")
        if nc in session.seen or nc > site.largest or (
                session.seen and nc <= max(session.seen) - site.window):
            del site.sessions[got["sid"]]
            return self.refuse("reason=stale-session")
        if got["vkc"] != session.proof(4, nc, site.vh):
            return self.refuse("reason=auth-failed")
        session.seen.add(nc)
        return self.proven(got["sid"], session.proof(3, nc, site.vh))

    def proven(self, sid, vks):
        info = {"no info": "", "no vks": f"version=1, sid={sid}",
                "wrong vks": f"version=1, sid={sid}, vks={'00' * 32}",
                "short vks": f"version=1, sid={sid}, vks={vks[:-2]}",
                "other sid": f"version=1, sid=00, vks={vks}",
                "version 2": f"version=2, sid={sid}, vks={vks}",
                "with scheme": f"Mutual version=1, sid={sid}, vks={vks}",
                }.get(self.server.trick, f"version=1, sid={sid}, vks={vks}")
        fields = [("Authentication-Info", info)] if info else []
        if self.path == "/secret/redirect":
            return 302, b"", ("Location", "/secret/"), *fields
        status = 404 if self.path == "/secret/missing" else 200
        return status, f"hush {self.path} {self.sent}".encode(), *fields


@pytest.fixture
def site():
    one = Site()
    one.know("alice", "s3cret")
    thread = threading.Thread(target=one.serve_forever, args=(0.01,))
    thread.start()
    yield one
    one.shutdown()
    thread.join()
    one.server_close()


ALICE = ("alice", "s3cret")


def sign_in(site, body, who=ALICE, **given):
    """Runs the body with `client`, who has credentials, and `at`."""
    return node("const client = signedIn(); const at = given.at;\n" + body,
                at=site.origin, who=who, **given)


# ---- the client ------------------------------------------------------------

def test_one_session(site):
    got = sign_in(site, """
        const answers = [];
        for (const path of ["/secret/", "/secret/a", "/secret/missing",
                            "/public"]) {
          const answer = await client.fetch(at + path);
          answers.push([answer.status, await answer.text(),
                        client.proof(answer)]);
        }
        return answers;""")
    assert [one[:2] for one in got] == [
        [200, "hush /secret/ "], [200, "hush /secret/a "],
        [404, "hush /secret/missing "], [200, "for all"]]
    assert [one[2] and one[2]["nc"] for one in got] == [0, 1, 2, None]
    assert got[0][2]["user"] == "alice" and got[0][2]["realm"] == "Members"
    assert site.said() == ["plain", "kex", ("vfy", 0), ("vfy", 1), ("vfy", 2)]


def test_without_path_the_folder_is_known(site):
    site.path = None
    sign_in(site, """await client.fetch(at + "/secret/a");
                     await client.fetch(at + "/secret/b");""")
    assert site.said() == ["plain", "kex", ("vfy", 0), ("vfy", 1)]


def test_a_body_is_sent_with_each_step(site):
    assert sign_in(site, """
        const init = { method: "POST", body: "a=b" };
        return (await client.fetch(at + "/secret/", init)).text();
        """) == "hush /secret/ a=b"


@pytest.mark.parametrize("window", [1, 4, 128])
def test_many_at_once(site, window):
    """One key exchange for all; nobody runs ahead of the window."""
    site.window = window
    assert sign_in(site, """
        const all = [...Array(40).keys()].map(async i => {
          const answer = await client.fetch(`${at}/secret/${i}`);
          return client.proof(answer).nc;
        });
        return (await Promise.all(all)).sort((a, b) => a - b);
        """) == list(range(40))
    said = site.said()
    assert said.count("kex") == 1 and said.count("plain") == 40


def test_more_than_a_session_takes(site):
    site.largest = 2
    assert sign_in(site, """
        const all = [...Array(8).keys()].map(
          async i => (await client.fetch(`${at}/secret/${i}`)).status);
        return Promise.all(all);""") == [200] * 8
    assert site.said().count("kex") == 3


@pytest.mark.parametrize("seconds", [0, 300])
def test_an_old_session_is_not_used(site, seconds):
    """The credentials are known: no plain request comes first."""
    site.seconds = seconds
    node("""let now = 0;
            const client = signedIn({ now: () => now });
            await client.fetch(given.at + "/secret/");
            now = 300000;
            await client.fetch(given.at + "/secret/");""",
         at=site.origin, who=ALICE)
    assert site.said() == ["plain", "kex", ("vfy", 0), "kex", ("vfy", 0)]


def test_a_forgotten_session_is_made_anew(site):
    assert sign_in(site, """
        await client.fetch(at + "/secret/");
        await fetch(at + "/forget");
        const all = [1, 2, 3].map(i => client.fetch(`${at}/secret/${i}`));
        return (await Promise.all(all)).map(answer => answer.status);
        """) == [200] * 3
    assert site.said().count("kex") == 2


def test_a_server_that_forgets_at_once(site):
    site.trick = "stale"
    got = sign_in(site, 'return refused(() => client.fetch(at + "/secret/"))')
    assert got["name"] == "MutualError"
    assert site.said() == ["plain", "kex", ("vfy", 0)]


@pytest.mark.parametrize("who", [("alice", "wrong"), ("bob", "s3cret")])
def test_wrong_credentials(site, who):
    """They are forgotten: what follows asks again, without an exchange."""
    first, second = sign_in(site, """
        return [await refused(() => client.fetch(at + "/secret/")),
                await refused(() => client.fetch(at + "/secret/"))];""", who)
    assert first["name"] == second["name"] == "MutualAuthRequired"
    assert (first["reason"], second["reason"]) == ("auth-failed", "initial")
    assert first["realm"] == "Members" and first["scope"] == site.scope
    assert site.said() == ["plain", "kex", ("vfy", 0), "plain"]


def test_no_credentials(site):
    got = node("""return refused(() => new m.MutualClient().fetch(
                    given.at + "/secret/"))""", at=site.origin)
    assert got["name"] == "MutualAuthRequired"
    assert site.said() == ["plain"]


TRICKS = ["no info", "no vks", "wrong vks", "short vks", "other sid",
          "version 2", "with scheme", "normal"]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_server_that_proves_nothing(site, trick):
    site.trick = trick
    got = sign_in(site, 'return refused(() => client.fetch(at + "/secret/"))')
    assert got["name"] == "MutualServerNotProven"
    assert "anything" not in got["message"] and "hush" not in got["message"]


def test_a_session_that_was_not_proven_is_not_used_again(site):
    """The session is dropped, the credentials are not."""
    got = node("""
        let lies = true;
        const client = signedIn({ fetch: async (...all) => {
          const answer = await fetch(...all);
          const { status } = answer, headers = new Headers(answer.headers);
          if (lies)
            headers.delete("Authentication-Info");
          return new Response(null, { status, headers });
        } });
        const first = await refused(() => client.fetch(given.at + "/secret/"));
        lies = false;
        return [first, (await client.fetch(given.at + "/secret/")).status];""",
               at=site.origin, who=ALICE)
    assert [got[0]["name"], got[1]] == ["MutualServerNotProven", 200]
    assert site.said() == ["plain", "kex", ("vfy", 0), "kex", ("vfy", 0)]


def test_a_place_that_asked_before_must_prove_itself(site):
    got = node("""
        let dumb = false;
        const client = signedIn({ fetch: (...all) =>
          dumb ? new Response("anything") : fetch(...all) });
        await client.fetch(given.at + "/secret/");
        dumb = true;
        return refused(() => client.fetch(given.at + "/secret/b"));""",
               at=site.origin, who=ALICE)
    assert got["name"] == "MutualServerNotProven"


def test_not_a_point(site):
    site.trick = "not a point"
    got = sign_in(site, 'return refused(() => client.fetch(at + "/secret/"))')
    assert got["name"] == "MutualError" and "curve" in got["message"]
    assert site.said() == ["plain", "kex"]


@pytest.mark.parametrize("name, value", [
    ("scope", "http://www.example.com"), ("scope", "*.localhost"),
    ("validation", "tls-server-end-point"), ("validation", "other"),
    ("version", 2)])
def test_a_challenge_that_is_not_for_us(site, name, value):
    setattr(site, name, value)
    got = sign_in(site, 'return refused(() => client.fetch(at + "/secret/"))')
    assert got["name"] == (
        "MutualError" if name == "version" else "MutualRefused")
    assert site.said() == ["plain"]


def test_a_realm_that_changes_on_the_way(site):
    site.trick = "other realm"
    got = sign_in(site, 'return refused(() => client.fetch(at + "/secret/"))')
    assert got["name"] == "MutualError" and "changes" in got["message"]
    assert site.said() == ["plain", "kex"]


def test_a_redirect_comes_first(site):
    got = sign_in(site, 'return refused(() => client.fetch(at + "/moved"))')
    assert got["name"] == "MutualRefused" and "redirect" in got["message"]
    assert site.said() == ["plain"]


OVER_TLS = """
    const client = signedIn({ allowHostOverTls: given.allowed, fetch:
      (url, init) => fetch(url.replace("https:", "http:"), init) });
    const at = given.at.replace("http:", "https:");
    return refused(async () =>
      (await client.fetch(at + "/secret/")).status);"""


@pytest.mark.parametrize("validation, allowed, granted", [
    ("host", True, True), ("host", False, False),
    ("tls-server-end-point", True, False),
    ("tls-server-end-point", False, False)])
def test_over_tls(site, validation, allowed, granted):
    site.validation = validation
    site.scope = site.vh = site.origin.replace("http:", "https:")
    site.know("alice", "s3cret")
    got = node(OVER_TLS, at=site.origin, who=ALICE, allowed=allowed)
    if granted:
        assert got == {"value": 200}
    else:
        assert got["name"] == "MutualRefused"
        assert "certificate" in got["message"]


def test_another_realm_does_not_get_the_password(site):
    site.others = ['Basic realm="all"', 'Digest realm="q", nonce="n"']
    first, again = node("""
        const client = signedIn({ realm: "Others" });
        const first = await refused(() => client.fetch(given.at + "/secret/"));
        const mine = signedIn({ realm: "Members" });
        return [first, (await mine.fetch(given.at + "/secret/")).status];""",
                        at=site.origin, who=ALICE)
    assert (first["name"], first["realm"]) == ("MutualAuthRequired", "Members")
    assert again == 200
    assert site.said() == ["plain", "plain", "kex", ("vfy", 0)]


def test_a_name_that_is_not_ascii(site):
    site.know("Ren\xe9e", "pa\xdfw\xf6rd")
    assert sign_in(site, 'return (await client.fetch(at + "/secret/")).status',
                   ("Rene\u0301e", "pa\xdfw\xf6rd")) == 200


@pytest.mark.parametrize("init", [
    "{ headers: { Authorization: 'Basic YTpi' } }",
    "{ method: 'POST', duplex: 'half', body: new ReadableStream() }"])
def test_what_cannot_be_sent(site, init):
    got = sign_in(
        site, f"return refused(() => client.fetch(at + '/secret/', {init}))")
    assert got["name"] == "TypeError"
    assert not site.said()


# ---- the page --------------------------------------------------------------

BROWSERS = {"Chromium": Chromium, "Firefox": Firefox}


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with BROWSERS[request.param](folder) as one:
        yield one


@pytest.fixture
def page(browser, site):
    """None of the tests may make the browser ask for a password."""
    with browser.page("nobody", "nothing") as tab:
        tab.open(site.origin + "/demo/index.html")
        yield tab
        assert tab.prompts == 0


USE = """(() => {
    document.getElementById("user").value = %s;
    document.getElementById("password").value = %s;
    document.querySelector("#who button").click();
})()"""
FETCH = """new Promise(done => {
    const outcome = document.getElementById("outcome");
    const seen = new MutationObserver(() => {
        if (outcome.innerText.startsWith("Fetching"))
            return;
        seen.disconnect();
        done([outcome.innerText,
              document.getElementById("body").innerText].join("\\n--\\n"));
    });
    seen.observe(outcome, { childList: true });
    document.getElementById("address").value = %s;
    document.querySelector("#what button").click();
})"""
LINK = FETCH.replace("#what button", "#links a")


def use(page, user, password):
    page.evaluate(USE % (json.dumps(user), json.dumps(password)))


def fetch(page, address):
    """(what the page says was proven, what it shows)"""
    return page.evaluate(FETCH % json.dumps(address)).split("\n--\n")


def test_the_page_signs_in(site, page):
    """Twice over one session; a public page proves nothing."""
    use(page, *ALICE)
    said, shown = page.evaluate(LINK % '"-"').split("\n--\n")
    assert "You proved to the server" in said and "request 0" in said
    assert f'"Members" of {site.scope}' in said
    assert shown.split() == ["200", "hush", "/secret/"]
    said, shown = fetch(page, "/secret/b")
    assert "The server proved to you" in said and "request 1" in said
    assert "hush /secret/b" in shown
    said, shown = fetch(page, "/public")
    assert "Nobody proved anything" in said and "for all" in shown
    assert site.said() == ["plain", "kex", ("vfy", 0), ("vfy", 1)]


def test_the_page_without_credentials(page):
    said, shown = fetch(page, "/secret/")
    assert "user and password are needed" in said and "Members" in said
    assert shown == "Nothing yet."


def test_the_page_with_a_wrong_password(site, page):
    use(page, "alice", "wrong")
    said, shown = fetch(page, "/secret/")
    assert "does not know this user and password" in said
    assert shown == "Nothing yet."
    use(page, *ALICE)
    said, shown = fetch(page, "/secret/")
    assert "The server proved to you" in said and "hush" in shown
    assert site.said() == ["plain", "kex", ("vfy", 0)] * 2


def test_the_page_and_a_server_that_proves_nothing(site, page):
    site.trick = "wrong vks"
    use(page, *ALICE)
    said, shown = fetch(page, "/secret/")
    assert "did not prove" in said and shown == "Nothing yet."
    assert ("vfy", 0) in site.said()


def test_the_page_and_a_redirect(page):
    use(page, *ALICE)
    said, shown = fetch(page, "/secret/redirect")
    assert "redirect" in said and shown == "Nothing yet."


@pytest.mark.parametrize("joined", [False, True])
def test_no_prompt_beside_basic(site, browser, page, joined):
    """Firefox keeps several lines of challenges from scripts."""
    site.others, site.joined = ['Basic realm="all"'], joined
    use(page, *ALICE)
    said, _ = fetch(page, "/secret/")
    if isinstance(browser, Firefox) and not joined:
        assert "no challenge of Mutual that a script can see" in said
        assert site.said() == ["plain"]
    else:
        assert "The server proved to you" in said


def test_the_page_says_what_it_is_not(page):
    assert "not a protection against a phishing page" in (
        page.evaluate("document.querySelector('.note').innerText")
        .replace("\n", " "))
