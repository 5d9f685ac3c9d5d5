# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Who gets in where, and with what: every client of harness.clients at one
server, whose log is the judge."""
import concurrent.futures
import itertools
import os
import re
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .clients import CLIENTS, NotThere, Run
from .digest import hashed
from .hoba import Store
from .server import free_port, user_file

OURS = ("authscheme", "authscheme_bearer", "authscheme_credentials",
        "authscheme_aws4", "authscheme_digest", "authscheme_hoba",
        "authscheme_mutual")
USERS = {"alice": "s3cret", "Jürgen": "paßwörd"}
ALL = "Digest Bearer HOBA Mutual AWS4-HMAC-SHA256 Basic"

# place -> AuthType
PLACES = {
    "all": ALL,
    "no-basic": "Digest Bearer HOBA Mutual AWS4-HMAC-SHA256",
    "no-digest": "Bearer HOBA Mutual AWS4-HMAC-SHA256 Basic",
    "sha-256": "Digest Bearer HOBA Mutual AWS4-HMAC-SHA256",
    "md5": "Digest Bearer HOBA Mutual AWS4-HMAC-SHA256",
}
ALGORITHMS = ("SHA-256", "MD5")
ALONE = {"sha-256": ["SHA-256"], "md5": ["MD5"]}

# A column of the table: its title -> place, how to get there, user, password
# (None is the right one).
COLUMNS = {
    "HTTP": ("all", "http", "alice", None),
    "TLS": ("all", "https", "alice", None),
    "HTTP/2": ("all", "h2", "alice", None),
    "no Basic": ("no-basic", "http", "alice", None),
    "SHA-256": ("sha-256", "http", "alice", None),
    "MD5": ("md5", "http", "alice", None),
    "no Digest": ("no-digest", "http", "alice", None),
    "Jürgen": ("all", "http", "Jürgen", None),
    "wrong": ("all", "http", "alice", "wrong"),
}

CONF = """
DBDriver sqlite3
DBDParams {root}/db/keys.db
AuthCredentials dbd:
HobaRequireTLS off
HobaOrigin http://localhost:{port}
LogFormat "%U\\t%H\\t%>s\\t%u\\t%{authscheme}n\\t%{Authorization}i" clients
CustomLog logs/clients clients
AliasMatch "^/[^/]+/[0-9]+/" "{root}/htdocs/page.txt"
"""
PLACE = """
<Location "/{place}">
    AuthType "{schemes}"
    AuthName "Docs"
    AuthUserFile conf/users
    DigestAlgorithm {algorithms}
    BearerRequireTLS off
    BearerIssuer https://issuer.example keys=file:conf/issuer.pem audience=docs
    Require valid-user
</Location>
"""
H2 = """
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile conf/server.pem
    SSLCertificateKeyFile conf/server.key
    Protocols h2 http/1.1
</VirtualHost>
"""


class Visit:
    """What the log says of one client at one place."""

    def __init__(self, rows, user):
        self.rows = rows
        self.user = user

    @property
    def granted(self):
        """The Authorization that got it in, or None."""
        return next((sent for _, _, status, user, scheme, sent in self.rows
                     if scheme != "-" and status not in ("400", "401")
                     and user == self.user), None)

    @property
    def way_in(self):
        """A scheme, an algorithm of Digest, x (what it sent was of no use),
        or - (it sent nothing)."""
        sent = self.granted
        if sent is None:
            assert self.rows, "not one request came"
            return "-" if all(row[5] == "-" for row in self.rows) else "x"
        scheme, _, rest = sent.partition(" ")
        algorithm = re.search(r'\balgorithm="?([\w-]+)', rest)
        return (scheme.capitalize() if scheme.lower() != "digest" else
                algorithm[1].upper().replace("SESS", "sess") if algorithm
                else "MD5")

    @property
    def versions(self):
        return {row[1] for row in self.rows}


class Matrix:
    """The server, and everybody's visits."""

    def __init__(self, farm):
        self.issuer = ec.generate_private_key(ec.SECP256R1())
        self.h2_port = free_port()
        self.counter = itertools.count(1)
        self.numbers = {} # (client, title) -> number of the visit
        self.said = {}    # client -> what it printed
        self.missing = {} # client -> why it could not be had
        self.rows = {}    # number -> lines of the log
        pem = self.issuer.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo)
        conf = CONF + H2.format(port=self.h2_port) + "".join(
            PLACE.format(place=name, schemes=schemes, algorithms=" ".join(
                ALONE.get(name, ALGORITHMS)))
            for name, schemes in PLACES.items())
        self.site = farm.prepare(
            conf, ours=OURS, modules="dbd http2", tls="Protocols http/1.1",
            files={"conf/issuer.pem": pem, "htdocs/page.txt": "secret\n",
                   "conf/users": user_file(USERS)})
        self.enrol(Store(self.site))
        self.site.start()
        self.bases = {"http": self.site.url, "https": self.site.tls_url,
                      "h2": f"https://localhost:{self.h2_port}"}

    @staticmethod
    def enrol(store):
        for user, password in USERS.items():
            for algorithm in ALGORITHMS:
                store.sql(
                    "INSERT INTO authscheme_credentials (kind, id, realm, "
                    "algorithm, username, value) VALUES ('digest', "
                    f"'{user}', 'Docs', '{algorithm}', '{user}', "
                    f"'{hashed(algorithm, user, 'Docs', password)}');")

    def token(self, user, key=None):
        now = int(time.time())
        return jwt.encode({"iss": "https://issuer.example", "sub": user,
                           "aud": "docs", "iat": now, "exp": now + 600},
                          key or self.issuer, algorithm="ES256")

    def send(self, client, user, password, titles):
        """One client, once started, to the places of some columns."""
        urls = []
        for title in titles:
            place, how, *_ = COLUMNS[title]
            number = self.numbers[client, title] = next(self.counter)
            urls.append(f"{self.bases[how]}/{place}/{number}/page.txt")
        home = self.site.root / f"home/{number}"
        home.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1()) if password else None
        run = Run(home, self.site.root / "conf/server.pem", user,
                  password or USERS[user], urls, self.token(user, key))
        CLIENTS[client](run)
        self.said[client] = self.said.get(client, "") + run.said

    def send_everywhere(self, client):
        accounts = {}
        for title, (*_, user, password) in COLUMNS.items():
            accounts.setdefault((user, password), []).append(title)
        try:
            for (user, password), titles in accounts.items():
                self.send(client, user, password, titles)
        except NotThere as why:
            self.missing[client] = str(why)

    def send_all(self, clients=CLIENTS):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(self.send_everywhere, clients):
                pass
        self.read_log()
        return self

    def read_log(self):
        text = (self.site.root / "logs/clients").read_text().replace(r'\"', '"')
        text = re.sub(r"\\x(..)", lambda hex: chr(int(hex[1], 16)), text)
        self.rows = {}
        for line in text.splitlines():
            if visit := re.match(r"/[\w-]+/(\d+)/", line): # not /robots.txt
                self.rows.setdefault(int(visit[1]), []).append(
                    line.split("\t"))

    def visit(self, client, title):
        user = COLUMNS[title][2].encode().decode("latin-1")
        return Visit(self.rows.get(self.numbers[client, title], []), user)

    def row(self, client):
        """What stands in the table for that client."""
        return {title: self.cell(client, title) for title in COLUMNS}

    def cell(self, client, title):
        visit = self.visit(client, title)
        if title == "HTTP/2" and "HTTP/2.0" not in visit.versions:
            return "."
        return visit.way_in
