# Licensed under the Apache License, Version 2.0; see LICENSE.
"""What is measured: a configuration, requests for it, the right status."""
import contextlib
import dataclasses
import hashlib
import http.server
import itertools
import random
import re
import ssl
import subprocess
import threading

import aws
import credentials as cred
import mutual
from server import Failed, build, is_there

PLACE = """
<Location "/">
    AuthType {type}
    AuthName "%s"
    {more}
    Require valid-user
</Location>
""" % cred.REALM

USERS = 'AuthUserFile "{root}/users"'


@dataclasses.dataclass
class Scenario:
    """One row of the table."""
    key: str
    name: str
    conf: str = ""
    modules: str = ""  # beside the usual ones
    files: dict = dataclasses.field(default_factory=dict)
    authorization: str = ""
    status: int = 200
    dear: int = 1  # takes this part of a round's requests
    spare: int = 0 # so many answers in a round may have another status

    def prepare(self, server):
        """Before it starts."""

    def requests(self, server, count):
        """What to send, (status, text) each; from the beginning again if they
        are fewer than count. The server runs."""
        del count
        return [(self.status, request(server, self.authorization))]


def request(server, authorization="", headers=""):
    """A GET as curl sends it."""
    if authorization:
        headers += f"Authorization: {authorization}\r\n"
    return (f"GET /index.html HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
            f"User-Agent: bench\r\nAccept: */*\r\n{headers}\r\n").encode()


def request_file(requests):
    return b"".join(b"%d %d\n%s" % (status, len(text), text)
                    for status, text in requests)


class Material:
    """Keys and tokens that the scenarios share."""

    def __init__(self, kinds=(cred.Rs256, cred.Es256, cred.Hs256)):
        self.tokens = {kind.alg: cred.Token(kind()) for kind in kinds}


def place(auth_type, *more):
    return PLACE.replace("{type}", auth_type) \
        .replace("{more}", "\n    ".join(more))


# ---- the list of five ------------------------------------------------

# entry -> the module that brings it; Basic comes last.
ENTRIES = {"Digest": "authscheme_digest", "Bearer": "authscheme_bearer",
           "HOBA": "authscheme_hoba", "Mutual": "authscheme_mutual",
           "AWS4-HMAC-SHA256": "authscheme_aws4", "GSSAPI": "auth_gssapi"}
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


def five():
    """The list of five, or as many as there are modules for."""
    listed = [entry for entry, module in ENTRIES.items() if is_there(module)]
    return [*listed[:4], "Basic"]


def list_modules():
    loaded = [ENTRIES[entry] for entry in five()[:-1]
              if ENTRIES[entry].startswith("authscheme")]
    if "HOBA" in five():
        loaded += STORE
    return " ".join(["authscheme", *loaded])


def list_conf():
    entries = five()
    top, more = "", [USERS]
    if "Bearer" in entries:
        more += ["BearerRequireTLS off", issuer("RS256")]
    if "HOBA" in entries:
        top = DATABASE
        more += HOBA
    return top + place(f'"{" ".join(entries)}"', *more)


def list_files(material):
    return {"users": cred.user_file(),
            "RS256.jwks": material.tokens["RS256"].jwks()}


def list_scenarios(material):
    stock = {"conf": place("Basic", USERS),
             "files": {"users": cred.user_file()}}
    listed = {"conf": list_conf(), "files": list_files(material),
              "modules": list_modules()}
    count = COUNTS[len(five())]
    return [
        Scenario("none", "no auth"),
        Scenario("loaded", "no auth, modules of the list loaded",
                 modules=list_modules()),
        Scenario("basic", "Basic, stock", **stock,
                 authorization=cred.basic()),
        Scenario("basic-loaded", "Basic, stock, modules loaded", **stock,
                 modules=list_modules(), authorization=cred.basic()),
        Scenario("list", f"Basic in a list of {count}", **listed,
                 authorization=cred.basic()),
        Scenario("basic-wrong", "Basic, stock, wrong password", **stock,
                 authorization=cred.basic("wrong"), status=401),
        Scenario("list-wrong", f"Basic in a list of {count}, wrong password",
                 **listed, authorization=cred.basic("wrong"), status=401),
        Scenario("basic-401", "401 of Basic, stock", **stock, status=401),
        Scenario("list-401", f"401 of a list of {count}", **listed,
                 status=401),
    ]


# ---- tokens ----------------------------------------------------------

def issuer(alg):
    return (f'BearerIssuer "{cred.ISSUER}" keys=file:{{root}}/{alg}.jwks '
            f'audience={cred.AUDIENCE} algorithms={alg}')


def bearer(token):
    alg = token.signer.alg
    return Scenario(
        f"{alg}-ours", f"{alg} JWT, ours",
        place("Bearer", "BearerRequireTLS off", issuer(alg)),
        "authscheme authscheme_bearer", {f"{alg}.jwks": token.jwks()},
        f"Bearer {token.text}")


def forged(token):
    """Everything right but the signature."""
    scenario = bearer(token)
    signed, _, sig = token.text.rpartition(".")
    sig = sig[::-1] if sig[0] == "A" else "A" + sig[1:]
    return dataclasses.replace(
        scenario, key="forged", name=f"{token.signer.alg} JWT, forged",
        authorization=f"Bearer {signed}.{sig}", status=401)


def openidc(token, folder):
    alg = token.signer.alg
    files = {}
    if alg == "RS256":
        files["key.pem"] = cred.certificate(token.signer)
        keys = f"OIDCOAuthVerifyCertFiles {token.kid}#{{root}}/key.pem"
    elif alg == "HS256":
        keys = (f"OIDCOAuthVerifySharedKeys plain#{token.kid}#"
                f"{token.signer.secret.decode()}")
    else:
        keys = (f"OIDCOAuthVerifyJwksUri {serve_jwks(token, folder)}\n"
                "OIDCOAuthSSLValidateServer Off")
    keys += "\nOIDCCryptoPassphrase bench\nOIDCOAuthRemoteUserClaim sub\n"
    return Scenario(f"{alg}-openidc", f"{alg} JWT, mod_auth_openidc",
                    keys + place("oauth20"), "auth_openidc", files,
                    f"Bearer {token.text}")


def serve_jwks(token, folder):
    """mod_auth_openidc takes EC keys from an https URL only, and keeps them."""
    identity = folder / "jwks.pem"
    signer = cred.Rs256()
    identity.write_bytes(cred.certificate(signer) + signer.private_pem())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802, the name is the library's
            body = token.jwks()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
    service = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    service.socket = context.wrap_socket(service.socket, server_side=True)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    return f"https://127.0.0.1:{service.server_port}/"


def token_scenarios(material, folder):
    for token in material.tokens.values():
        if is_there("authscheme_bearer"):
            yield bearer(token)
        if is_there("auth_openidc"):
            yield openidc(token, folder)
    if is_there("authscheme_bearer"):
        yield forged(material.tokens["RS256"])


# ---- passwords with dear hashes --------------------------------------

STORES = {"file": cred.File, "sqlite": cred.Sqlite}
DEAR = {5: 8, 12: 200} # bcrypt's cost -> the part of a round's requests


@dataclasses.dataclass
class Stored(Scenario):
    """A record of a store."""
    store: object = cred.File
    record: dict = None

    def prepare(self, server):
        self.store.write(server.root, [self.record])


def remembering(cost, value, key, store, lifetime, dear=1):
    """AuthBasicProvider credentials."""
    what = "remembered" if lifetime else "computed"
    return Stored(f"bcrypt{cost}-{key}",
                  f"Basic, bcrypt {cost}, ours, {store.name}, {what}",
                  store.conf + place("Basic", store.directive,
                                     "AuthBasicProvider credentials",
                                     f"AuthCredentialsCache {lifetime}"),
                  "authscheme authscheme_credentials", dear=dear,
                  authorization=cred.basic(), store=store,
                  record=cred.password_record(value))


def password_scenarios():
    """A request that computes the hash, and one that finds the answer."""
    for cost, part in DEAR.items():
        value = cred.bcrypt(cost)
        yield Scenario(f"bcrypt{cost}-stock", f"Basic, bcrypt {cost}, stock",
                       place("Basic", USERS), dear=part,
                       files={"users": f"{cred.USER}:{value}\n".encode()},
                       authorization=cred.basic())
        yield remembering(cost, value, "first", cred.File, 0, part)
        for key, store in STORES.items():
            yield remembering(cost, value, f"{key}-again", store, 86400)


# ---- Digest ----------------------------------------------------------

MD5 = cred.Digest("MD5", hashlib.md5)
SHA256 = cred.Digest("SHA-256", hashlib.sha256)


@dataclasses.dataclass
class Counted(Scenario):
    """One nonce, and answers with nc 1, 2, 3 and so on, as browsers do. Where
    the scheduler holds a thread back while others answer 128, its nc is stale;
    clients send it again."""
    client: object = SHA256
    status: int = 200
    spare: int = 2

    def challenge(self, server):
        for line in server.ask().get_all("WWW-Authenticate", []):
            if re.search(rf"algorithm={self.client.algorithm}\b", line):
                return line
        raise Failed(f"no challenge of {self.client.algorithm}: "
                     f"{server.said()}")

    def answers(self, server, count):
        challenge = self.challenge(server)
        return [self.client.answer(challenge, "/index.html", nc + 1)
                for nc in range(count)]

    def requests(self, server, count):
        return [(self.status, request(server, answer))
                for answer in self.answers(server, count)]


class Apart(Counted):
    """A nonce for each request: stock, when it checks nc, takes the requests
    of one nonce in their order only, and not over several connections."""

    def answers(self, server, count):
        return [self.client.answer(self.challenge(server), "/index.html", 1)
                for _ in range(count)]


class Wrong(Counted):
    """With a response to another nc."""
    def answers(self, server, count):
        return [re.sub("nc=0", "nc=1", answer)
                for answer in super().answers(server, count)]


@dataclasses.dataclass
class OnStore(Counted):
    store: object = cred.File

    def prepare(self, server):
        self.store.write(server.root, [self.client.record()])


class OnStoreWrong(Wrong, OnStore):
    pass


def stock_digest(check):
    return {"conf": "AuthDigestShmemSize 64M\n" * (check == "On")
            + place("Digest", 'AuthUserFile "{root}/digest"',
                    f"AuthDigestNcCheck {check}",
                    "AuthDigestNonceLifetime 86400"),
            "modules": "auth_digest", "client": MD5,
            "files": {"digest": f"{cred.USER}:{cred.REALM}:{MD5.ha1()}\n"
                      .encode()}}


def digest_scenarios():
    yield Counted("digest-stock", "Digest MD5, stock, no check of nc",
                  **stock_digest("Off"))
    yield Apart("digest-stock-nc", "Digest MD5, stock, check of nc",
                **stock_digest("On"), dear=8)
    if not is_there("authscheme_digest"):
        return
    for client, store in ((SHA256, cred.File), (SHA256, cred.Sqlite),
                          (MD5, cred.File)):
        ours = {"conf": store.conf
                + place("Digest", store.directive,
                        f"DigestAlgorithm {client.algorithm}",
                        "DigestNonceLifetime 86400"),
                "modules": "authscheme authscheme_credentials "
                           "authscheme_digest",
                "client": client, "store": store}
        key, name = client.algorithm, f"Digest {client.algorithm}, ours"
        if store is cred.Sqlite:
            yield OnStore(f"digest-{key}-sqlite", f"{name}, SQLite", **ours)
            continue
        yield OnStore(f"digest-{key}", f"{name}, file", **ours)
        yield OnStoreWrong(f"digest-{key}-wrong", f"{name}, wrong response",
                           **ours, status=401)


# ---- many records ----------------------------------------------------

@dataclasses.dataclass
class Many(Scenario):
    """A thousand tokens of so many, spread over the store and shuffled."""
    store: object = cred.File
    count: int = 10

    def prepare(self, server):
        self.store.write(server.root, cred.token_records(self.count))

    def requests(self, server, count):
        step = max(self.count // 1000, 1)
        texts = [(200, request(server, f"Bearer {token}")) for token in
                 itertools.islice(cred.tokens(self.count), 0, None, step)]
        random.shuffle(texts)
        return texts


def many_scenarios(most):
    if not is_there("authscheme_bearer"):
        return
    for key, store in STORES.items():
        for name, count in (("few", 10), ("many", most)):
            yield Many(f"tokens-{key}-{name}",
                       f"Bearer token, {store.name} of {count:,}",
                       store.conf + place("Bearer", "BearerRequireTLS off",
                                          "BearerTokens on",
                                          store.directive),
                       "authscheme authscheme_credentials authscheme_bearer",
                       store=store, count=count)


# ---- HOBA ------------------------------------------------------------

STORE = ["authscheme_credentials"]
DATABASE = """
DBDriver sqlite3
DBDParams "{root}/keys.db"
<Location "/.well-known/hoba">
    SetHandler hoba
</Location>
"""
# One challenge for all answers of a run: it must live as long.
HOBA = ["AuthCredentials dbd:", "HobaRequireTLS off", "HobaMaxAge 600",
        'HobaOrigin "http://localhost:{port}"', "HobaSession 3600",
        "HobaAlgorithms RSA-SHA256 ES256"]


@dataclasses.dataclass
class Answers(Scenario):
    """A fresh answer with every request, signed before anything is timed."""
    signer: object = None

    def prepare(self, server):
        self.device = cred.HobaKey(self.signer,
                                   f"http://localhost:{server.port}")
        cred.Sqlite.write(server.root, [self.device.record()])

    def answers(self, server, count):
        for line in server.ask().get_all("WWW-Authenticate", []):
            found = re.match(r'HOBA .*challenge="([^"]*)"', line)
            if found:
                return [self.device.answer(found[1]) for _ in range(count)]
        raise Failed(f"there is no challenge of HOBA: {server.said()}")

    def requests(self, server, count):
        return [(200, request(server, answer))
                for answer in self.answers(server, count)]


class Strangers(Answers):
    """Answers that are right but for their key, which nobody registered."""

    def requests(self, server, count):
        self.device = cred.HobaKey(cred.Rs256(), self.device.origin)
        answer, = self.answers(server, 1)
        return [(401, request(server, answer))]


class Session(Answers):
    """The cookie that an answer is good for at the login."""

    def requests(self, server, count):
        answer, = self.answers(server, 1)
        headers = server.ask("/.well-known/hoba/login", "POST",
                             Authorization=answer)
        if "Set-Cookie" not in headers:
            raise Failed(f"no session from the login: {server.said()}")
        cookie = headers["Set-Cookie"].partition(";")[0]
        return [(200, request(server, headers=f"Cookie: {cookie}\r\n"))]


def hoba_scenarios():
    if not is_there("authscheme_hoba"):
        return
    shared = {"conf": DATABASE + place("HOBA", *HOBA),
              "modules": " ".join(["authscheme", "authscheme_hoba", *STORE]),
              "signer": cred.Rs256()}
    yield Answers("hoba", "HOBA RSA, fresh answers", **shared, dear=4)
    yield Session("hoba-session", "HOBA session cookie", **shared)
    yield Strangers("hoba-unknown", "HOBA RSA, unknown key", **shared)


# ---- Mutual ----------------------------------------------------------

# Of a round's requests: what a session's request takes, and the messages that
# begin one, which are dear for the client, too.
MUTUAL_DEAR = {"ec-p256": (1, 20), "ec-p521": (1, 50), "dl-2048": (4, 100),
               "dl-4096": (4, 400)}


@dataclasses.dataclass
class Mutual(Scenario):
    """Requests of established sessions, each with the next nc. There are as many
    sessions as users: none ends because the scheduler holds a thread back."""
    algorithm: str = ""
    store: object = cred.File

    def prepare(self, server):
        self.store.write(server.root, mutual.records(self.algorithm))

    def requests(self, server, count):
        peer = mutual.Peer(server.port, self.algorithm)
        with contextlib.closing(peer):
            texts = self.messages(peer, count)
        return [(self.status, request(server, text)) for text in texts]

    def messages(self, peer, count):
        sessions = [peer.begin(user) for user in mutual.USERS]
        return [sessions[n % len(sessions)].proof(n // len(sessions))
                for n in range(count)]


class Exchanges(Mutual):
    """First messages, which everybody may send."""

    def messages(self, peer, count):
        return [peer.exchange(user) for user in mutual.USERS]


class Proofs(Mutual):
    """The second messages: a session begins with each."""

    def messages(self, peer, count):
        users = itertools.cycle(mutual.USERS)
        return [peer.begin(next(users)).proof(0) for _ in range(count)]


def mutual_conf(algorithm, store):
    return {"conf": store.conf
            + place("Mutual", store.directive, f"MutualAlgorithm {algorithm}",
                    f"MutualAuthScope {mutual.SCOPE}", "MutualNcWindow 512",
                    "MutualNcMax 2147483647", "MutualSessionLifetime 86400"),
            "modules": "authscheme authscheme_credentials authscheme_mutual",
            "algorithm": algorithm, "store": store}


def mutual_scenarios():
    if not is_there("authscheme_mutual"):
        return
    for key, algorithm in mutual.ALGORITHMS.items():
        name, (dear, dearer) = f"Mutual {key}", MUTUAL_DEAR[key]
        ours = mutual_conf(algorithm, cred.File)
        yield Mutual(f"mutual-{key}", f"{name}, session", **ours, dear=dear)
        yield Exchanges(f"mutual-{key}-kex", f"{name}, first message", **ours,
                        dear=dearer, status=401)
        yield Proofs(f"mutual-{key}-vfy", f"{name}, first proof", **ours,
                     dear=dearer)
    yield Mutual("mutual-sqlite", "Mutual ec-p256, session, SQLite",
                 **mutual_conf(mutual.ALGORITHMS["ec-p256"], cred.Sqlite))


# ---- AWS4-HMAC-SHA256 ------------------------------------------------

FOLDER = """
DavLockDB "{root}/davlock"
<Location "/files">
    Dav On
</Location>
"""
BODY = b"a" * 1048576
PUT_DEAR = 10
AWS4_MODULES = "authscheme authscheme_credentials authscheme_aws4 dav dav_fs"
# A request is signed once and sent for as long as the run takes.
AWS4 = ["AuthCredentials file:{root}/credentials", "Aws4Presigned on",
        "Aws4UnsignedPayload always", "Aws4ClockSkew 86400"]


@dataclasses.dataclass
class Put(Scenario):
    """The same file again and again, of a mebibyte or as large as it is told."""
    conf: str = FOLDER
    modules: str = "dav dav_fs"
    status: int = 204
    dear: int = PUT_DEAR
    body: bytes = BODY

    def prepare(self, server):
        (server.root / "htdocs/files").mkdir()
        (server.root / "htdocs/files/a").write_bytes(b"old")

    def requests(self, server, count):
        return [(self.status, self.one(server))]

    def one(self, server):
        return aws.put_plain("/files/a", f"localhost:{server.port}",
                             self.body)


@dataclasses.dataclass
class Aws4(Put):
    """With a key that htauth makes."""
    conf: str = ('AuthSchemeSecret "{root}/secret"\n' + FOLDER
                 + place("AWS4-HMAC-SHA256", *AWS4))
    modules: str = AWS4_MODULES
    sign: object = None  # (client, scenario) -> request

    def prepare(self, server):
        super().prepare(server)
        secret = server.root / "secret"
        secret.write_text("0123456789abcdef" * 4 + "\n")
        secret.chmod(0o600)
        tool = [build.build_dir() / "htauth", "-f",
                f"file:{server.root}/credentials"]
        done = [subprocess.run([*tool, *more], text=True, capture_output=True)
                for more in (["init"],
                             ["aws4", "robot", "--secret-file", secret])]
        pair = dict(line.split(" = ", 1) for line in done[1].stdout.split("\n")
                    if " = " in line)
        if "aws_secret_access_key" not in pair:
            raise Failed(f"htauth makes no key: {done[1].stderr}")
        self.client = aws.Client(pair["aws_access_key_id"],
                                 pair["aws_secret_access_key"],
                                 f"localhost:{server.port}")

    def one(self, server):
        return self.sign(self.client, self)


def aws4_gets():
    get = {"status": 200, "dear": 1}
    yield Aws4("aws4-get", "AWS4 GET, Authorization",
               sign=lambda c, s: c.get("/index.html"), **get)
    yield Aws4("aws4-presigned", "AWS4 GET, presigned",
               sign=lambda c, s: c.presigned("/index.html"), **get)


def aws4_puts(body=BODY):
    big = f"PUT {len(body) >> 20} MiB"
    yield Put("aws4-put-none", f"{big}, no auth", body=body)
    for key, name, sign in (
            ("hash", "body's hash", aws.Client.put),
            ("chunked", "chunks signed", aws.Client.put_chunked),
            ("trailer", "chunks, CRC-32", aws.Client.put_trailer),
            ("unsigned", "body unsigned", aws.Client.put_unsigned)):
        yield Aws4(f"aws4-put-{key}", f"{big}, AWS4, {name}", body=body,
                   sign=lambda c, s, sign=sign: sign(c, "/files/a", s.body))


def aws4_scenarios():
    if is_there("authscheme_aws4") and is_there("dav_fs"):
        yield from aws4_gets()
        yield from aws4_puts()


# ---- all -------------------------------------------------------------

def scenarios(material, folder, most):
    """The rows of the table, in its order; the first is compared with. most: the
    records of a large store."""
    return [*list_scenarios(material), *token_scenarios(material, folder),
            *password_scenarios(), *digest_scenarios(), *hoba_scenarios(),
            *mutual_scenarios(), *aws4_scenarios(),
            *many_scenarios(most)]


@dataclasses.dataclass
class Mixed(Answers):
    """All that the list of five is asked, right and wrong."""
    tokens: list = dataclasses.field(default_factory=list)
    used: list = dataclasses.field(default_factory=list)

    def prepare(self, server):
        if "HOBA" in five():
            super().prepare(server)

    def some(self, server):
        texts = [(200, cred.basic()), (401, cred.basic("wrong")), (401, ""),
                 (401, "Unheard-of abc"), (401, "Bearer e30.e30.e30"),
                 (400, f"{cred.basic()}, {cred.basic()}"),
                 *((status, f"Bearer {token.text}")
                   for status, token in self.tokens)]
        return [(status, request(server, text)) for status, text in texts]

    def requests(self, server, count):
        """One in twenty is an answer of HOBA, and one in twenty an old one."""
        few = count // 20 if "HOBA" in five() else 0
        fresh = self.answers(server, few) if few else []
        texts = [(200, request(server, answer)) for answer in fresh]
        texts += [(401, request(server, answer)) for answer in self.used]
        self.used = fresh
        others = itertools.cycle(self.some(server))
        texts += itertools.islice(others, count - len(texts))
        random.shuffle(texts)
        return texts


def mixed(material):
    """For the watch over memory."""
    tokens = []
    if "Bearer" in five():
        token = material.tokens["RS256"]
        tokens = [(200, token), (401, cred.Token(token.signer, exp=1))]
    return Mixed("mixed", "mixed", list_conf(), list_modules(),
                 list_files(material), signer=material.tokens["ES256"].signer,
                 tokens=tokens)


def missing():
    """What could be measured as well, and how to get it."""
    wanted = {"authscheme_bearer": "run make", "authscheme_hoba": "run make",
              "authscheme_digest": "run make",
              "authscheme_mutual": "run make",
              "authscheme_aws4": "run make",
              "auth_openidc": "build/install-packages bench"}
    return [(f"mod_{name}", how) for name, how in wanted.items()
            if not is_there(name)]
