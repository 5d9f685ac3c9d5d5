# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Keys, tokens and answers, made before anything is timed."""
import base64
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

USER, PASSWORD = "alice", "wonderland"
REALM = "bench"
ISSUER = "https://issuer.example"
AUDIENCE = "https://api.example"
SCHEMA = (pathlib.Path(__file__).resolve().parents[2]
          / "modules/credentials/schema.sql")


def b64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def basic(password=PASSWORD):
    return "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()


def user_file():
    """{SHA} is the cheapest hash that httpd knows: a dear one would hide what
    the rest costs."""
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest())
    return f"{USER}:{{SHA}}{digest.decode()}\n".encode()


def bcrypt(cost):
    """A dear one."""
    done = subprocess.run(["htpasswd", "-niBC", str(cost), USER],
                          input=PASSWORD, text=True, check=True,
                          capture_output=True)
    return done.stdout.strip().removeprefix(f"{USER}:")


# ---- stores ----------------------------------------------------------

def record(kind, name, user=USER, algorithm="", value="", realm=REALM,
           place=""):
    """What stands in a store, whatever keeps it."""
    return {"kind": kind, "id": name, "realm": realm, "place": place,
            "algorithm": algorithm, "user": user, "value": value}


def password_record(value):
    return record("password", USER, value=value)


class File:
    """AuthCredentials file:"""
    name = "file"
    conf = ""
    directive = 'AuthCredentials "file:{root}/credentials"'

    @staticmethod
    def write(root, records, name="credentials"):
        file = root / name
        with file.open("w") as out:
            out.write("authscheme-credentials 1\n")
            for made in records:
                values = {name: value for name, value in made.items()
                          if value and name not in ("kind", "id")}
                out.write(f"{made['kind']} {made['id']} " + " ".join(
                    f"{name}={value}" for name, value in values.items())
                    + "\n")
        file.chmod(0o640)
        if os.geteuid() == 0:
            shutil.chown(file, "www-data", "www-data")
        return file


class Sqlite:
    """AuthCredentials dbd:"""
    name = "SQLite"
    conf = 'DBDriver sqlite3\nDBDParams "{root}/keys.db"\n'
    directive = "AuthCredentials dbd:"

    @staticmethod
    def write(root, records):
        file = root / "keys.db"
        with contextlib.closing(sqlite3.connect(file)) as db, db:
            db.executescript(SCHEMA.read_text())
            db.executemany(
                "INSERT INTO authscheme_credentials (kind, id, realm, place, "
                "algorithm, username, value) VALUES (:kind, :id, :realm, "
                ":place, :algorithm, :user, :value)", records)
        return file


def tokens(count):
    """Bearer tokens, made of their number: a million take no memory."""
    return (b64url(hashlib.sha256(b"bench %d" % i).digest())
            for i in range(count))


def token_records_of(texts):
    return (record("token", hashlib.sha256(text.encode()).hexdigest(),
                   f"user{i}") for i, text in enumerate(texts))


def token_records(count):
    return token_records_of(tokens(count))


def digest_records(count):
    return (record("digest", f"user{i:06}", "", "SHA-256",
                   hashlib.sha256(b"bench %d" % i).hexdigest())
            for i in range(count))


# ---- Digest ----------------------------------------------------------

class Digest:
    """A client of RFC 7616 with qop=auth."""

    def __init__(self, algorithm, hash_of):
        self.algorithm = algorithm
        self.hash_of = hash_of

    def hash(self, *parts):
        return self.hash_of(":".join(parts).encode()).hexdigest()

    def ha1(self):
        return self.hash(USER, REALM, PASSWORD)

    def record(self):
        return record("digest", USER, algorithm=self.algorithm,
                      value=self.ha1())

    def answer(self, challenge, uri, count):
        """Authorization for the count-th request with a challenge's nonce."""
        nonce = re.search(r'nonce="([^"]*)"', challenge)[1]
        opaque = re.search(r'opaque="[^"]*"', challenge)
        cnonce, nc = b64url(os.urandom(12)), f"{count:08x}"
        response = self.hash(self.ha1(), nonce, nc, cnonce, "auth",
                             self.hash("GET", uri))
        return (f'Digest username="{USER}", realm="{REALM}", nonce="{nonce}", '
                f'uri="{uri}", cnonce="{cnonce}", nc={nc}, qop=auth, '
                f'response="{response}", algorithm={self.algorithm}'
                + (f", {opaque[0]}" if opaque else ""))


# ---- keys ------------------------------------------------------------

def number(value, size):
    return b64url(value.to_bytes(size, "big"))


def public(key, encoding):
    return key.public_key().public_bytes(
        encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


class Rs256:
    """A key, and what is signed with it."""
    alg = "RS256"
    hoba = ("0", "RSA-SHA256")  # the algorithm of HOBA

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.pem = public(self.key, serialization.Encoding.PEM)

    def jwk(self):
        n = self.key.public_key().public_numbers()
        return {"kty": "RSA", "n": number(n.n, 256), "e": number(n.e, 3)}

    def private_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())

    def sign(self, text):
        """The signature as a JWS has it, and as OpenSSL has it."""
        sig = self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return sig, sig


class Es256:
    alg = "ES256"
    hoba = ("90", "ES256")

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.pem = public(self.key, serialization.Encoding.PEM)

    def jwk(self):
        n = self.key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": number(n.x, 32),
                "y": number(n.y, 32)}

    def sign(self, text):
        der = self.key.sign(text, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big"), der


class Hs256:
    alg = "HS256"

    def __init__(self):
        # Letters, because mod_auth_openidc reads it out of its configuration.
        self.secret = b64url(os.urandom(33)).replace("-", "x") \
            .replace("_", "y").encode()
        self.pem = self.secret

    def jwk(self):
        return {"kty": "oct", "k": b64url(self.secret)}

    def sign(self, text):
        mac = hmac.HMAC(self.secret, hashes.SHA256())
        mac.update(text)
        sig = mac.finalize()
        return sig, sig


# ---- JWTs ------------------------------------------------------------

class Token:
    """A JWT as an authorization server would issue it."""

    def __init__(self, signer, **changes):
        self.signer = signer
        self.kid = f"{signer.alg.lower()}-1"
        now = int(time.time())
        header = {"alg": signer.alg, "typ": "at+jwt", "kid": self.kid}
        claims = {"iss": ISSUER, "sub": USER, "aud": AUDIENCE, "iat": now,
                  "exp": now + 86400, "jti": b64url(os.urandom(12)),
                  "client_id": "bench", "scope": "read write"} | changes
        self.signed = ".".join(
            b64url(json.dumps(part, separators=(",", ":")).encode())
            for part in (header, claims)).encode()
        sig, self.raw = signer.sign(self.signed)
        self.text = f"{self.signed.decode()}.{b64url(sig)}"

    def jwks(self):
        jwk = self.signer.jwk() | {"kid": self.kid, "alg": self.signer.alg}
        return json.dumps({"keys": [jwk]}).encode()


def certificate(signer):
    """mod_auth_openidc takes public keys out of certificates."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(signer.key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .sign(signer.key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM)


# ---- HOBA ------------------------------------------------------------

class HobaKey:
    """A client's key for one origin, as the store has it and as it signs."""

    def __init__(self, signer, origin):
        self.signer = signer
        self.origin = origin
        self.der = public(signer.key, serialization.Encoding.DER)
        self.kid = b64url(hashlib.sha256(self.der).digest())

    def record(self):
        """What a registration would store."""
        return record("hoba", self.kid, algorithm=self.signer.hoba[1],
                      value=b64url(self.der), place=self.origin)

    def answer(self, challenge):
        """RFC 7486 section 2: a fresh answer to a challenge."""
        nonce = b64url(os.urandom(16))
        fields = (nonce, self.signer.hoba[0], self.origin, REALM, self.kid,
                  challenge)
        text = "".join(f"{len(field)}:{field}" for field in fields)
        sig = b64url(self.signer.sign(text.encode())[0])
        return f'HOBA result="{self.kid}.{challenge}.{nonce}.{sig}"'
