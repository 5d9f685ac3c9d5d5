# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A client of AWS Signature Version 4, written from its description."""
import base64
import hashlib
import hmac
import time
import urllib.parse
import zlib

EMPTY = hashlib.sha256(b"").hexdigest()
REGION, SERVICE = "us-east-1", "s3"
CHUNK = 65536


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)


class Client:
    """Signs at one moment for one host with one key."""

    def __init__(self, key_id, secret, host):
        self.key_id = key_id
        self.host = host
        self.date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.scope = f"{self.date[:8]}/{REGION}/{SERVICE}/aws4_request"
        self.key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            self.key = mac(self.key, part).digest()

    def sign(self, *lines):
        """The signature over a string to sign, without what all begin with."""
        name, *rest = lines
        return mac(self.key, "\n".join([name, self.date, self.scope,
                                        *rest])).hexdigest()

    def sign_request(self, method, path, query, headers, payload):
        names = ";".join(sorted(headers))
        canonical = "\n".join([
            method, path, query,
            *(f"{name}:{headers[name]}" for name in sorted(headers)), "",
            names, payload])
        return names, self.sign(
            "AWS4-HMAC-SHA256",
            hashlib.sha256(canonical.encode()).hexdigest())

    # ---- requests ----------------------------------------------------

    def head(self, method, path, payload, more=None, unsigned=()):
        """The head of a request, and its signature."""
        headers = {"host": self.host, "x-amz-date": self.date,
                   "x-amz-content-sha256": payload, **(more or {})}
        names, signature = self.sign_request(method, path, "", headers,
                                             payload)
        lines = [f"{method} {path} HTTP/1.1", "User-Agent: bench",
                 "Accept: */*",
                 *(f"{name}: {value}" for name, value in headers.items()),
                 *(f"{name}: {value}" for name, value in unsigned),
                 f"Authorization: AWS4-HMAC-SHA256 Credential={self.key_id}/"
                 f"{self.scope}, SignedHeaders={names}, "
                 f"Signature={signature}", "", ""]
        return "\r\n".join(lines).encode(), signature

    def get(self, path):
        return self.head("GET", path, EMPTY)[0]

    def presigned(self, path, expires=86400):
        query = "&".join(f"{name}={urllib.parse.quote(value, safe='')}"
                         for name, value in (
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", f"{self.key_id}/{self.scope}"),
            ("X-Amz-Date", self.date), ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", "host")))
        _, signature = self.sign_request("GET", path, query,
                                         {"host": self.host},
                                         "UNSIGNED-PAYLOAD")
        return (f"GET {path}?{query}&X-Amz-Signature={signature} HTTP/1.1\r\n"
                f"Host: {self.host}\r\nUser-Agent: bench\r\nAccept: */*\r\n"
                "\r\n").encode()

    def put(self, path, body):
        """With the body's hash."""
        return self.put_as(path, body, hashlib.sha256(body).hexdigest())

    def put_unsigned(self, path, body):
        return self.put_as(path, body, "UNSIGNED-PAYLOAD")

    def put_as(self, path, body, payload):
        length = ("content-length", str(len(body)))
        return self.head("PUT", path, payload, unsigned=[length])[0] + body

    def put_chunked(self, path, body):
        """In chunks of 64 KiB with a signature each."""
        size = sum(len(f"{len(chunk):x};chunk-signature={EMPTY}\r\n\r\n")
                   + len(chunk) for chunk in chunks(body))
        head, previous = self.head(
            "PUT", path, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            {"content-encoding": "aws-chunked", "content-length": str(size),
             "x-amz-decoded-content-length": str(len(body))})
        made = [head]
        for chunk in chunks(body):
            previous = self.sign("AWS4-HMAC-SHA256-PAYLOAD", previous, EMPTY,
                                 hashlib.sha256(chunk).hexdigest())
            made += [f"{len(chunk):x};chunk-signature={previous}\r\n".encode(),
                     chunk, b"\r\n"]
        return b"".join(made)

    def put_trailer(self, path, body):
        """In chunks, and a CRC-32 after them that nobody signed."""
        crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        *full, _ = chunks(body)
        framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk)
                          for chunk in full)
        framed += f"0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n".encode()
        return self.head(
            "PUT", path, "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            {"content-encoding": "aws-chunked",
             "x-amz-trailer": "x-amz-checksum-crc32",
             "x-amz-decoded-content-length": str(len(body))},
            [("content-length", str(len(framed)))])[0] + framed


def chunks(body):
    """The last one is empty."""
    return [*(body[at:at + CHUNK] for at in range(0, len(body), CHUNK)), b""]


def put_plain(path, host, body):
    """Without authentication."""
    return (f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\n"
            f"Accept: */*\r\nContent-Length: {len(body)}\r\n\r\n").encode() \
        + body
