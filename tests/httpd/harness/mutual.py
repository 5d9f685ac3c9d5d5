# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Mutual, RFC 8120, one message at a time. The numbers are those of
tests/clients/mutual, which shares no code with the module."""
import functools
import importlib.machinery
import importlib.util

from . import build
from .htauth import FileStore

PROGRAM = build.TOP / "tests/clients/mutual"


def load():
    """The client as a module, in spite of its name."""
    loader = importlib.machinery.SourceFileLoader("mutual", str(PROGRAM))
    spec = importlib.util.spec_from_loader("mutual", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


client = load()
P256, P521 = "iso-kam3-ec-p256-sha256", "iso-kam3-ec-p521-sha512"
DL2048, DL4096 = "iso-kam3-dl-2048-sha256", "iso-kam3-dl-4096-sha512"
ALGORITHMS = (P256, P521, DL2048, DL4096)
CLIENT, SERVER = 4, 3
password_number = functools.cache(client.password_number)


def add_user(store, name, password, scopes, realm="Docs", algorithms=(P256,)):
    """By htauth, for Mutual alone; scopes is one scope or several."""
    for scope in [scopes] if isinstance(scopes, str) else scopes:
        store("user", name, "--realm", realm, "--hash", "none", "--digest",
              "none", "--auth-scope", scope, "--mutual", *algorithms,
              input=password + "\n")


def file_store(site, name="conf/credentials"):
    """An empty store that the server can read."""
    store = FileStore(site.root / "conf", name.removeprefix("conf/"))
    store("init")
    site.own(name)
    return store


class Exchange:
    """One user at one server: what he sends, and what is due in return.

    `link` sends requests: link(authorization) -> Response of harness.client.
    """

    def __init__(self, link, place, user, password, algorithm=P256,
                 scope=None, realm="Docs", validation="host", vh=None):
        self.link = link
        self.scope = scope or place.origin
        self.realm = client.AuthRealm(algorithm, validation, self.scope, realm)
        self.group = client.GROUPS[algorithm]
        self.user, self.password = user, password
        self.vh = vh or place.vh
        self.s_c1 = self.k_c1 = self.k_s1 = self.sid = self.z = None

    # ---- messages ----------------------------------------------------

    def credentials(self, words):
        return "Mutual " + ", ".join(words)

    def kex_words(self):
        self.s_c1 = self.group.make_secret()
        self.k_c1 = self.group.power(self.group.generator, self.s_c1)
        return client.key_exchange(self.realm, self.user, self.k_c1)

    def kex(self):
        """Sends req-KEX-C1; the answer must be 401-KEX-S1."""
        answer = self.link(self.credentials(self.kex_words()))
        self.take(answer)
        return answer

    def take(self, answer):
        given = answer.challenge("Mutual")
        assert answer.status == 401 and "ks1" in given, answer
        self.sid = given["sid"]
        self.k_s1 = self.group.element(given["ks1"])
        self.given = given
        pi = password_number(self.realm.algorithm, self.scope,
                             self.realm.realm, self.user, self.password)
        self.z = client.shared_secret(self.group, self.s_c1, self.k_c1,
                                      self.k_s1, pi)

    def proof(self, who, nc, vh=None):
        return client.proof(self.group, who, self.k_c1, self.k_s1, self.z, nc,
                            vh or self.vh)

    def vfy_words(self, nc, vh=None):
        return client.verification(self.realm, self.sid, nc,
                                   self.proof(CLIENT, nc, vh))

    def vfy(self, nc, vh=None):
        """Sends req-VFY-C."""
        return self.link(self.credentials(self.vfy_words(nc, vh)))

    # ---- what the server owes ------------------------------------------

    def is_proven(self, answer, nc, vh=None):
        """Whether an answer carries the server's proof; a wrong one is an
        error."""
        info = answer.info()
        if info is None:
            return False
        assert info["version"] == "1" and info["sid"] == self.sid
        vks = self.group.encode(self.proof(SERVER, nc, vh)).strip('"')
        assert info["vks"] == vks, "the server's proof is wrong"
        return True

    def sign_in(self, nc=0):
        """A session."""
        self.kex()
        answer = self.vfy(nc)
        assert answer.status == 200, answer
        assert self.is_proven(answer, nc)
        return self


def reason(answer):
    """What a 401-INIT or 401-STALE says, without a word of a session."""
    assert answer.status == 401, answer
    given = answer.challenge("Mutual")
    assert "sid" not in given and "ks1" not in given
    assert answer.info() is None
    return given["reason"]
