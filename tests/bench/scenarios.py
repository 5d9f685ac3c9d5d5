# Licensed under the Apache License, Version 2.0; see LICENSE.
"""What is measured: a configuration, requests for it, the right status."""
import dataclasses
import http.server
import ssl
import threading

import credentials as cred
from server import is_there

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

    def requests(self, server, count):
        """What to send, of which count will be sent: (status, text) each,
        repeated if they are fewer. The server runs already."""
        del server, count
        return [(self.status, request(self.authorization))]

    def share(self, count):
        """How many of a round's requests it takes."""
        return count


@dataclasses.dataclass
class Mixed(Scenario):
    """All that the list of five is asked, right and wrong."""
    tokens: list = dataclasses.field(default_factory=list)

    def requests(self, server, count):
        texts = [(200, request(cred.basic())),
                 (401, request(cred.basic("wrong"))),
                 (401, request()),
                 (401, request("Unheard-of abc")),
                 (400, request(f"{cred.basic()}, {cred.basic()}"))]
        for status, token in self.tokens:
            texts.append((status, request(f"Bearer {token.text}")))
        return texts


def request(authorization="", headers=""):
    """A GET as curl sends it."""
    if authorization:
        headers += f"Authorization: {authorization}\r\n"
    return ("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n"
            f"Accept: */*\r\n{headers}\r\n").encode()


def request_file(requests):
    return b"".join(b"%d %d\n%s" % (status, len(text), text)
                    for status, text in requests)


class Material:
    """Keys and tokens that the scenarios share."""

    def __init__(self):
        self.tokens = {kind.alg: cred.Token(kind())
                       for kind in (cred.Rs256, cred.Es256, cred.Hs256)}


def place(auth_type, *more):
    return PLACE.replace("{type}", auth_type) \
        .replace("{more}", "\n    ".join(more))


# ---- the list of five ------------------------------------------------

# entry -> the module that brings it; Basic comes last.
ENTRIES = {"Digest": "auth_digest", "Bearer": "authscheme_bearer",
           "HOBA": "authscheme_hoba", "Mutual": "authscheme_mutual",
           "AWS4-HMAC-SHA256": "authscheme_aws4", "GSSAPI": "auth_gssapi"}
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


def five():
    """The list of five, or as many as there are modules for."""
    listed = [entry for entry, module in ENTRIES.items() if is_there(module)]
    return [*listed[:4], "Basic"]


def list_modules():
    loaded = [ENTRIES[entry] for entry in five()[:-1] if entry != "Digest"]
    return " ".join(["authscheme", *loaded])


def list_conf():
    entries = five()
    more = [USERS]
    if "Bearer" in entries:
        more += ["BearerRequireTLS off", issuer("RS256")]
    if "HOBA" in entries:
        more += ["HobaRequireTLS off", 'HobaOrigin "http://localhost:{port}"']
    return place(f'"{" ".join(entries)}"', *more)


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
        Scenario("basic-401", "401 of Basic, stock", **stock, status=401),
        Scenario("list-401", f"401 of a list of {count}", **listed,
                 status=401),
    ]


def mixed(material):
    scenario = Mixed("mixed", "mixed", list_conf(), list_modules(),
                     list_files(material))
    if "Bearer" in five():
        token = material.tokens["RS256"]
        scenario.tokens = [(200, token),
                           (401, cred.Token(token.signer, exp=1))]
    return scenario


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


# ---- all -------------------------------------------------------------

def scenarios(material, folder):
    """The rows of the table, in its order; the first is compared with."""
    return [*list_scenarios(material), *token_scenarios(material, folder)]


def missing():
    """What could be measured as well, and how to get it."""
    wanted = {"authscheme_bearer": "run make", "authscheme_hoba": "run make",
              "auth_openidc": "build/install-packages bench"}
    return [(f"mod_{name}", how) for name, how in wanted.items()
            if not is_there(name)]
