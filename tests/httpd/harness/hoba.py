# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A HOBA client and a store that share no code with ours: RFC 7486 by
python-cryptography, records by SQL."""
import base64
import hashlib
import os
import secrets
import sqlite3
import subprocess
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (
    ec, ed25519, padding, rsa, utils)

from . import build

NUMBERS = {"RSA-SHA256": "0", "RSA-SHA1": "1", "ES256": "90", "Ed25519": "91"}
SCHEMA = build.TOP / "modules/credentials/schema.sql"
CLIENT = build.TOP / "tests/clients/hoba"
ENDPOINTS = "/.well-known/hoba/"


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def field(value):
    data = value if isinstance(value, bytes) else value.encode()
    return b"%d:%s" % (len(data), data)


class Key:
    def __init__(self, alg="ES256", bits=2048):
        self.alg = alg
        if alg.startswith("RSA"):
            self.private = rsa.generate_private_key(65537, bits)
        elif alg == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()
        public = self.private.public_key()
        self.der = public.public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)
        self.pem = public.public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        self.kid = b64u(hashlib.sha256(self.der).digest())

    def sign(self, text):
        if self.alg == "ES256":
            r, s = utils.decode_dss_signature(
                self.private.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.alg == "Ed25519":
            return self.private.sign(text)
        md = hashes.SHA1() if self.alg == "RSA-SHA1" else hashes.SHA256()
        return self.private.sign(text, padding.PKCS1v15(), md)

    def result(self, challenge, origin, realm="Docs", **instead):
        """HOBA-RES. instead: other values of the signed fields (nonce, alg,
        kid; tbs for the whole text), and of what is sent (send_kid, ...)."""
        nonce = instead.get("nonce") or b64u(secrets.token_bytes(16))
        kid = instead.get("kid", self.kid)
        tbs = instead.get("tbs") or b"".join(map(field, (
            nonce, instead.get("alg", NUMBERS[self.alg]), origin, realm, kid,
            challenge)))
        parts = [instead.get("send_kid", kid),
                 instead.get("send_challenge", challenge),
                 instead.get("send_nonce", nonce),
                 instead.get("send_sig") or b64u(self.sign(tbs))]
        return ".".join(parts)

    def answer(self, *args, **more):
        return f'HOBA result="{self.result(*args, **more)}"'

    def form(self, **more):
        fields = {"pub": self.pem, "kid": self.kid, "kidtype": "0", **more}
        return urllib.parse.urlencode(
            {k: v for k, v in fields.items() if v is not None})


class Store:
    """The SQLite database of a server that is not started yet."""

    def __init__(self, site):
        self.site = site
        (site.root / "db").mkdir()
        self.file = site.root / "db/keys.db"
        # A write-ahead log that is open all the time: otherwise a child that
        # starts while a test writes would find the database locked, and
        # mod_dbd would say so in the log.
        self.connection = sqlite3.connect(self.file, 10, isolation_level=None,
                                          check_same_thread=False)
        self.sql("PRAGMA journal_mode = WAL;")
        self.sql(SCHEMA.read_text())
        for name in ("db", *(f.relative_to(site.root) for f in
                             site.root.glob("db/*"))):
            (site.root / name).chmod(0o755 if name == "db" else 0o644)
            site.own(name)

    def sql(self, text):
        """Runs statements; the rows of one SELECT."""
        if text.startswith("SELECT"):
            return self.connection.execute(text).fetchall()
        self.connection.executescript(text)
        return []

    def add(self, key, user="alice", origin=None, realm="Docs",
            state="active", **more):
        """What an administrator would write."""
        row = {"kind": "hoba", "id": key.kid, "realm": realm,
               "place": origin or self.site.url, "algorithm": key.alg,
               "username": user, "value": b64u(key.der), "state": state,
               **more}
        values = ", ".join(f"'{value}'" for value in row.values())
        self.sql(f"INSERT INTO authscheme_credentials ({', '.join(row)}) "
                 f"VALUES ({values});")
        return key

    def set(self, key, assignments):
        self.sql(f"UPDATE authscheme_credentials SET {assignments} "
                 f"WHERE id = '{key.kid}';")

    def count(self, where="1 = 1"):
        return int(self.sql("SELECT COUNT(*) FROM authscheme_credentials "
                            f"WHERE {where};")[0][0])


class Client:
    """Talks to one site about one place."""

    def __init__(self, site, path="/docs/", tls=False, origin=None,
                 realm="Docs", host=None):
        self.site = site
        self.path = path
        self.tls = tls
        self.host = host
        self.origin = origin or (site.tls_url if tls else site.url)
        self.realm = realm

    def get(self, path=None, **more):
        return self.site.get(path or self.path, tls=self.tls, host=self.host,
                             **more)

    def challenge(self, path=None):
        answer = self.get(path)
        assert answer.status == 401
        return answer.challenge("HOBA")["challenge"]

    def answer(self, key, challenge=None, **instead):
        return key.answer(challenge or self.getchal(),
                          instead.pop("origin", self.origin),
                          instead.pop("realm", self.realm), **instead)

    def sign_in(self, key, path=None, **instead):
        return self.get(path, authorization=self.answer(key, **instead))

    def post(self, name, body="", authorization=None, headers=()):
        fields = dict(headers)
        if name == "register":
            fields.setdefault("Content-Type",
                              "application/x-www-form-urlencoded")
        return self.site.get(ENDPOINTS + name, "POST", tls=self.tls,
                             host=self.host, body=body, headers=fields,
                             authorization=authorization)

    def getchal(self):
        answer = self.post("getchal")
        assert answer.status == 200
        return answer.text

    def register(self, key, headers=(), **fields):
        """With the proof in Authorization."""
        return self.post("register", key.form(**fields), self.answer(key),
                         headers)

    def bind(self, key, authorization, result=None, headers=(), **fields):
        """With the proof in the form, signed in by another scheme."""
        result = result or key.result(self.getchal(), self.origin, self.realm)
        return self.post("register", key.form(result=result, **fields),
                         authorization, headers)


def shell(site, *arguments):
    """The command-line client; its keys are the site's."""
    keys = site.root / "client-keys"
    return subprocess.run([CLIENT, *arguments, "--keys", keys], text=True,
                          capture_output=True,
                          env={"PATH": os.environ["PATH"], "HOME": "/nowhere"})
