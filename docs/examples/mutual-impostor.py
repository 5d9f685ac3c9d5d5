#!/usr/bin/env python3
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""mutual-impostor PORT [REALM] - a server that pretends to know passwords.

It goes through the whole exchange of Mutual (RFC 8120), takes whatever the
client proves, and has no password of anybody. It shows what it gets to see.
Below /wrong it sends a proof that is made up, elsewhere none.
"""
import http.server
import re
import secrets
import sys

P = 2**256 - 2**224 + 2**192 + 2**96 - 1  # of the curve P-256, with
B = int("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16)
PORT = int(sys.argv[1])
MUTUAL = ("Mutual algorithm=iso-kam3-ec-p256-sha256, version=1, "
          f'validation=host, auth-scope="http://localhost:{PORT}", '
          f'realm="{(sys.argv[2:] or ["Documents"])[0]}", ')


def random_point():
    """As a server sends it: 2x plus the parity of y."""
    while True:
        x = secrets.randbelow(P)
        if pow(x**3 - 3*x + B, (P - 1) // 2, P) == 1:
            return f"{2*x + secrets.randbelow(2):066x}"


class Impostor(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        sent = self.headers.get("Authorization", "")
        if "vkc=" in sent:
            sid = re.search("sid=([0-9a-f]+)", sent)[1]
            proof = f"version=1, sid={sid}, vks={secrets.token_hex(32)}"
            self.answer(200, "Authentication-Info", proof
                        if self.path.startswith("/wrong") else None)
        elif "kc1=" in sent:
            self.answer(401, "WWW-Authenticate", MUTUAL + (
                f"sid={secrets.token_hex(16)}, ks1={random_point()}, "
                "nc-max=9, nc-window=128, time=60"))
        else:
            self.answer(401, "WWW-Authenticate", MUTUAL + "reason=initial")

    def answer(self, status, name, value):
        body = b"Welcome! Your secrets, please.\n"
        self.send_response(status)
        if value:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        print("impostor: got", self.headers.get("Authorization", "nothing"),
              flush=True)


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Impostor).serve_forever()
