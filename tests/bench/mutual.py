# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Mutual's users and their messages, made before anything is timed. What they
compute is tests/clients/mutual's own, which is slow: so all users have one S_c1
and one K_c1, and the scope is a host's, so that J does not depend on a port."""
import functools
import http.client
import importlib.util
import pathlib
import re
from importlib.machinery import SourceFileLoader

import credentials as cred
from server import Failed

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "clients/mutual"
ALGORITHMS = {"ec-p256": "iso-kam3-ec-p256-sha256",
              "ec-p521": "iso-kam3-ec-p521-sha512",
              "dl-2048": "iso-kam3-dl-2048-sha256",
              "dl-4096": "iso-kam3-dl-4096-sha512"}
SCOPE = "localhost"
USERS = [cred.USER, *(f"user{n}" for n in range(1, 10))]


def load():
    loader = SourceFileLoader("mutual_client", str(PROGRAM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


client = load()


@functools.cache
def password_number(algorithm, user, password):
    return client.password_number(algorithm, SCOPE, cred.REALM, user, password)


@functools.cache
def key_pair(algorithm):
    """S_c1 and K_c1"""
    group = client.GROUPS[algorithm]
    secret = group.make_secret()
    return secret, group.power(group.generator, secret)


@functools.cache
def records(algorithm):
    """What a store keeps of all users."""
    return [cred.record("mutual", user, algorithm=algorithm, place=SCOPE,
                        value=client.verifier(algorithm, password_number(
                            algorithm, user, cred.PASSWORD)).hex())
            for user in USERS]


class Session:
    """A key exchange that is answered, and z."""

    def __init__(self, peer, user, password, parameters):
        self.peer = peer
        self.sid = parameters["sid"]
        self.group = client.GROUPS[peer.realm.algorithm]
        self.k_s1 = self.group.element(parameters["ks1"])
        secret, self.k_c1 = key_pair(peer.realm.algorithm)
        self.z = client.shared_secret(
            self.group, secret, self.k_c1, self.k_s1,
            password_number(peer.realm.algorithm, user, password))

    def proof(self, nc):
        """req-VFY-C"""
        vkc = client.proof(self.group, client.CLIENT, self.k_c1, self.k_s1,
                           self.z, nc, self.peer.vh)
        return "Mutual " + ", ".join(client.verification(
            self.peer.realm, self.sid, nc, vkc))


class Peer:
    """Who speaks with one server, on a connection that is kept."""

    def __init__(self, port, algorithm):
        self.realm = client.AuthRealm(algorithm, "host", SCOPE, cred.REALM)
        self.vh = f"http://localhost:{port}".encode()
        self.host = f"localhost:{port}"
        self.http = http.client.HTTPConnection("127.0.0.1", port)

    def exchange(self, user=cred.USER):
        """req-KEX-C1"""
        return "Mutual " + ", ".join(client.key_exchange(
            self.realm, user, key_pair(self.realm.algorithm)[1]))

    def challenge(self, user=cred.USER):
        """401-KEX-S1: the whole line."""
        self.http.request("GET", "/index.html", headers={
            "Host": self.host, "Authorization": self.exchange(user)})
        answer = self.http.getresponse()
        answer.read()
        line = answer.headers.get("WWW-Authenticate", "")
        if "ks1=" not in line:
            raise Failed(f"no answer to a key exchange: {answer.status} {line}")
        return line

    def begin(self, user=cred.USER, password=cred.PASSWORD):
        """A session that has not proven anything yet."""
        return Session(self, user, password, client.mutual_parameters(
            [self.challenge(user)]))

    def sid(self, user=cred.USER):
        """Of a key exchange whose z nobody needs."""
        return re.search("sid=([0-9a-f]+)", self.challenge(user))[1]

    def close(self):
        self.http.close()
