# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A Digest client and a store that share no code with ours: RFC 7616 by
Python's hashlib, records by SQL."""
import hashlib
import os

from .hoba import Store

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def hashed(algorithm, *parts):
    name = HASHES[algorithm.removesuffix("-sess")]
    octets = b":".join(part if isinstance(part, bytes) else part.encode()
                       for part in parts)
    return hashlib.new(name, octets).hexdigest()


OURS = ("authscheme", "authscheme_credentials", "authscheme_digest")


def credentials(site, users, algorithms=("SHA-256",), realm="Docs"):
    """conf/credentials of a server that is not started yet: name -> password.
    Goes with "AuthCredentials file:conf/credentials"."""
    lines = [f"digest {user} realm={realm} algorithm={algorithm} value="
             + hashed(algorithm, user, realm, password)
             for user, password in users.items() for algorithm in algorithms]
    (site.root / "conf/credentials").write_text(
        "\n".join(["authscheme-credentials 1", *lines, ""]))
    site.own("conf/credentials").chmod(0o600)


class Users(Store):
    """Records of kind digest."""

    def put(self, user, password, realm="Docs", algorithms=("SHA-256", "MD5"),
            **more):
        for algorithm in algorithms:
            row = {"kind": "digest", "id": user, "realm": realm,
                   "algorithm": algorithm, "username": user,
                   "value": hashed(algorithm, user, realm, password),
                   "userhash": hashed(algorithm, user, realm), **more}
            self.connection.execute(
                "INSERT OR REPLACE INTO authscheme_credentials "
                f"({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                list(row.values()))


class Client:
    """Answers a challenge; whatever is given by name goes in as it is."""

    def __init__(self, user, password, realm="Docs", algorithm="SHA-256"):
        self.user = user
        self.password = password
        self.realm = realm
        self.algorithm = algorithm

    def response(self, given, method, key=None, body=b""):
        key = key or hashed(self.algorithm, self.user, self.realm,
                            self.password)
        if self.algorithm.endswith("-sess"):
            key = hashed(self.algorithm, key, given["nonce"], given["cnonce"])
        signed = [method, given["uri"]]
        if given["qop"] == "auth-int":
            signed.append(hashed(self.algorithm, body))
        return hashed(self.algorithm, key, given["nonce"], given["nc"],
                      given["cnonce"], given["qop"],
                      hashed(self.algorithm, *signed))

    def rspauth(self, given):
        return self.response(given, "")

    def params(self, nonce, uri, count=1, method="GET", body=b"", **more):
        given = {"nonce": nonce, "uri": uri, "nc": f"{count:08x}",
                 "cnonce": os.urandom(8).hex(), "qop": "auth", **more}
        return {"username": self.user, "realm": self.realm, **given,
                "algorithm": self.algorithm,
                "response": self.response(given, method, body=body), **more}

    def answer(self, *arguments, **more):
        return line(self.params(*arguments, **more))


def quoted(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line(params):
    """None leaves a parameter out."""
    bare = ("qop", "nc", "algorithm", "username*", "userhash")
    return "Digest " + ", ".join(
        f"{name}={value if name in bare else quoted(value)}"
        for name, value in params.items() if value is not None)
