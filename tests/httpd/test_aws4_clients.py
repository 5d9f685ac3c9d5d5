# Licensed under the Apache License, Version 2.0; see LICENSE.
"""AWS4-HMAC-SHA256 with clients that others made, and with what such clients
once sent (tests/unit/vectors/aws4)."""
import base64
import collections
import configparser
import json
import os
import pathlib
import shlex
import subprocess
import time

import pytest

from harness import build, clients
from harness.aws4 import error, prepare, sha256

NAMES = ["a b.txt", "a+b.txt", "~a.txt", "100%.txt", "\u00fc.txt",
         "a b+c~%25\u00fc.txt"]
DATA = os.urandom(100000)
AWS = "/usr/bin/aws" # Debian's
PYTHON = "/usr/bin/python3"
# s3cmd takes a PUT for lost if no ETag comes back that has a "-" or is an MD5.
S3CMD = """
Header setifempty ETag "\\"-\\"" "expr=%{REQUEST_METHOD} == 'PUT'"
"""


class Client:
    """A folder of its own for programs, their settings and files; no secret is
    an argument of a program."""

    def __init__(self, site, tls):
        self.site, self.tls = site, tls
        self.url = site.tls_url if tls else site.url
        self.home = site.root / f"home-{tls}"
        self.home.mkdir(exist_ok=True)
        self.certificate = str(site.root / "conf/server.pem")
        self.keys()
        self.file = self.write("up", DATA)

    def write(self, name, content):
        file = self.home / name
        file.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        file.chmod(0o600)
        return file

    def keys(self):
        """What htauth says is what ~/.aws/credentials holds."""
        text = self.site.store("aws4", "robot", "--secret-file",
                               str(self.site.root / "conf/secret")).out
        self.site.own("conf/credentials")
        self.site.graceful()
        self.write("credentials", text)
        parser = configparser.ConfigParser()
        parser.read_string(text)
        section = parser[parser.sections()[0]] if parser.sections() \
            else parser["DEFAULT"]
        self.key_id = section["aws_access_key_id"]
        self.secret = section["aws_secret_access_key"]
        self.profile = parser.sections()[0]
        self.write("config", f"[{self.heading()}]\nregion = us-east-1\n"
                   "s3 =\n  addressing_style = path\n"
                   "  multipart_threshold = 64MB\n")

    def heading(self):
        return (self.profile if self.profile == "default"
                else f"profile {self.profile}")

    def environment(self, **more):
        return {"HOME": str(self.home), "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8", "no_proxy": "*",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_PROFILE": self.profile, "AWS_MAX_ATTEMPTS": "1",
                "AWS_SHARED_CREDENTIALS_FILE": str(self.home / "credentials"),
                "AWS_CONFIG_FILE": str(self.home / "config"),
                "AWS_CA_BUNDLE": self.certificate, **more}

    def run(self, *command, code=0, stdin="", **more):
        done = subprocess.run([str(word) for word in command], text=True,
                              capture_output=True, input=stdin, timeout=60,
                              cwd=self.home, env=self.environment(**more))
        assert done.returncode == code, (
            shlex.join(map(str, command)), done.returncode, done.stdout,
            done.stderr)
        return done

    def got(self):
        return (self.home / "down").read_bytes()

    def fetch(self, url):
        """What curl gets of a presigned URL: status and body."""
        status = self.run("curl", "-q", "-sS", "--cacert", self.certificate,
                          "-o", "down", "-w", "%{http_code}", url).stdout
        return int(status), self.got()


@pytest.fixture(scope="module")
def site(httpd_module):
    one = prepare(httpd_module, "Aws4Presigned on\n" + S3CMD, tls="")
    one.start()
    return one


@pytest.fixture(scope="module", params=["http", "https"])
def client(site, request):
    return Client(site, request.param == "https")


@pytest.fixture(autouse=True)
def empty(request):
    """No file of another test."""
    if "client" in request.fixturenames:
        site = request.getfixturevalue("site")
        for name in site.names():
            (site.root / "htdocs/files" / name).unlink()


def put_beforehand(site, name):
    site.write(f"htdocs/files/{name}", DATA)


# ---- each puts and gets ------------------------------------------------------

@pytest.mark.parametrize("name", NAMES)
def test_aws_cli(client, name):
    base = (AWS, "--endpoint-url", client.url, "s3")
    client.run(*base, "cp", client.file, f"s3://files/{name}")
    assert client.site.stored(name) == DATA
    client.run(*base, "cp", f"s3://files/{name}", "down")
    assert client.got() == DATA
    url = client.run(*base, "presign", f"s3://files/{name}",
                     "--expires-in", "60").stdout.strip()
    assert client.fetch(url) == (200, DATA)
    client.run(*base, "rm", f"s3://files/{name}")
    assert client.site.stored(name) is None


def faked(offset):
    return {"LD_PRELOAD": str(libfaketime()), "FAKETIME": offset}


def libfaketime():
    return next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


def test_presigned_by_aws_cli(client):
    """Good for a minute, and not a second longer."""
    put_beforehand(client.site, "a.txt")
    command = (AWS, "--endpoint-url", client.url, "s3", "presign",
               "s3://files/a.txt", "--expires-in", "60")
    url = client.run(*command, **faked("-61s")).stdout.strip()
    assert client.fetch(url)[0] == 401
    client.site.log.expects("a presigned URL that has expired", times=1)
    url = client.run(*command, **faked("-50s")).stdout.strip()
    assert client.fetch(url) == (200, DATA)
    assert client.fetch(url.replace("a.txt", "b.txt"))[0] == 401
    client.site.log.expects("the signature is wrong", times=1)


def test_aws_cli_says_what_is_wrong(client):
    done = client.run(AWS, "--endpoint-url", client.url, "s3", "ls",
                      "s3://files/", code=254)
    assert "NotImplemented" in done.stderr
    client.write("credentials", f"[{client.profile}]\naws_access_key_id = "
                 f"{client.key_id}\naws_secret_access_key = wrong\n")
    done = client.run(AWS, "--endpoint-url", client.url, "s3api", "get-object",
                      "--bucket", "files", "--key", "a.txt", "down", code=254)
    assert "SignatureDoesNotMatch" in done.stderr
    client.site.log.expects("the signature is wrong", times=1)
    client.write("credentials", f"[{client.profile}]\naws_access_key_id = "
                 f"{client.key_id}\naws_secret_access_key = {client.secret}\n")


@pytest.mark.parametrize("name", NAMES)
def test_boto3(client, name):
    program = (PYTHON, clients.PROGRAMS / "s3.py")
    client.run(*program, "put", client.url, name, client.file)
    assert client.site.stored(name) == DATA
    client.run(*program, "get", client.url, name, "down")
    assert client.got() == DATA
    url = client.run(*program, "presign", client.url, name,
                     "-").stdout.strip()
    assert client.fetch(url) == (200, DATA)
    late = client.run(*program, "presign", client.url, name, "-",
                      **faked("-61s")).stdout.strip()
    assert client.fetch(late)[0] == 401
    client.site.log.expects("a presigned URL that has expired", times=1)


def test_a_presigned_upload(client):
    """Its body is not signed: over TLS."""
    url = client.run(PYTHON, clients.PROGRAMS / "s3.py", "presign-put",
                     client.url, "new.txt", "-").stdout.strip()
    status = client.run("curl", "-q", "-sS", "--cacert", client.certificate,
                        "-o", "down", "-w", "%{http_code}", "-T", client.file,
                        url).stdout
    if client.tls:
        assert status == "201" and client.site.stored("new.txt") == DATA
        return
    assert status == "401" and client.site.stored("new.txt") is None
    client.site.log.expects("the body is not signed", times=1)


@pytest.mark.parametrize("name", NAMES)
def test_rclone(client, name):
    """Its bodies are not signed: it puts over TLS, and gets over both."""
    config = client.write("rclone.conf", "[site]\ntype = s3\nprovider = Other\n"
                          f"endpoint = {client.url}\n"
                          f"access_key_id = {client.key_id}\n"
                          f"secret_access_key = {client.secret}\n"
                          "force_path_style = true\nno_check_bucket = true\n")
    base = ("rclone", "--config", config, "--ca-cert", client.certificate,
            "--retries", "1", "--low-level-retries", "1", "copyto")
    own = {"AWS_CA_BUNDLE": ""} # it has its own
    put = (*base, client.file, f"site:files/{name}")
    if client.tls:
        client.run(*put, **own)
        assert client.site.stored(name) == DATA
    else:
        done = client.run(*put, code=1, **own)
        assert "AccessDenied" in done.stderr
        client.site.log.expects("the body is not signed", times=1)
        put_beforehand(client.site, name)
    client.run(*base, f"site:files/{name}", "down", **own)
    assert client.got() == DATA


@pytest.mark.parametrize("name", NAMES)
def test_s3cmd(client, name):
    place = client.url.split("//")[1]
    config = client.write(
        "s3cfg", f"[default]\naccess_key = {client.key_id}\n"
        f"secret_key = {client.secret}\nhost_base = {place}\n"
        f"host_bucket = {place}\nuse_https = {client.tls}\n"
        f"ca_certs_file = {client.certificate}\nbucket_location = us-east-1\n")
    base = ("s3cmd", "-c", config)
    client.run(*base, "put", client.file, f"s3://files/{name}")
    assert client.site.stored(name) == DATA
    client.run(*base, "get", "--force", f"s3://files/{name}", "down")
    assert client.got() == DATA


@pytest.mark.parametrize("name", NAMES)
def test_curl(client, name):
    """7.88 says nothing of a body's hash, so its user does."""
    quoted = client.run(PYTHON, "-c", "import sys, urllib.parse\n"
                        "print(urllib.parse.quote(sys.argv[1], safe='~'))",
                        name).stdout.strip()
    url = f"{client.url}/files/{quoted}"
    config = (f'user = "{client.key_id}:{client.secret}"\n'
              f'aws-sigv4 = "aws:amz:us-east-1:s3"\n')
    base = ("curl", "-q", "-sS", "-K", "-", "--cacert", client.certificate,
            "-o", "down", "-w", "%{http_code}")
    word = "UNSIGNED-PAYLOAD" if client.tls else sha256(DATA)
    done = client.run(*base, "-H", f"x-amz-content-sha256: {word}", "-T",
                      client.file, url, stdin=config)
    assert done.stdout == "201"
    assert client.site.stored(name) == DATA
    assert client.run(*base, url, stdin=config).stdout == "200"
    assert client.got() == DATA


def node(client, library, verb, name, file):
    return client.run("node", clients.node_modules() / "s3.mjs", library, verb,
                      client.url, name, file, KEY_ID=client.key_id,
                      KEY_SECRET=client.secret,
                      NODE_EXTRA_CA_CERTS=client.certificate)


@pytest.mark.parametrize("name", NAMES)
def test_aws_sdk_for_javascript(client, name):
    """A stream goes in chunks that are not signed: over TLS."""
    for verb in ("put", "stream") if client.tls else ("put",):
        node(client, "sdk", verb, name, client.file)
        assert client.site.stored(name) == DATA
        (client.site.root / "htdocs/files" / name).unlink()
    put_beforehand(client.site, name)
    node(client, "sdk", "get", name, "down")
    assert client.got() == DATA


@pytest.mark.parametrize("name", NAMES)
def test_aws4fetch(client, name):
    """Its bodies are not signed: over TLS."""
    if client.tls:
        node(client, "aws4fetch", "put", name, client.file)
        assert client.site.stored(name) == DATA
    else:
        put_beforehand(client.site, name)
    node(client, "aws4fetch", "get", name, "down")
    assert client.got() == DATA


def test_restic_needs_an_s3_api(client):
    """It lists what is there: it is told, and nothing is stored."""
    done = client.run(
        "restic", "--cacert", client.certificate, "-r",
        f"s3:{client.url}/files/restic", "init", code=1,
        RESTIC_PASSWORD="x", AWS_ACCESS_KEY_ID=client.key_id,
        AWS_SECRET_ACCESS_KEY=client.secret)
    assert "not implemented here" in done.stderr
    assert client.site.names() == []


# ---- what clients once sent --------------------------------------------------

VECTORS = build.TOP / "tests/unit/vectors/aws4/aws4-clients.json"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SINK = """#!/bin/sh
printf 'Content-Type: text/plain\\n\\n%s\\n' "$(sha256sum | cut -d' ' -f1)"
"""
REPLAY = """
AuthSchemeSecret conf/secret
AuthCredentials file:conf/credentials
AllowEncodedSlashes NoDecode
ScriptAliasMatch "^/" "{root}/cgi-bin/sink"
<Location "/">
    AuthType AWS4-HMAC-SHA256
    AuthName "Docs"
    Aws4Service *
    Aws4Presigned on
    Aws4UnsignedPayload always
    Require valid-user
</Location>
<VirtualHost 127.0.0.1:{port}>
    ServerName localhost
    ServerAlias 127.0.0.1
</VirtualHost>
"""
CASES = json.loads(VECTORS.read_text())["cases"]


@pytest.fixture(scope="module")
def past(httpd_module):
    """A server whose clock stands where the file says. Its own timers do not
    look at it. Beside AddressSanitizer libfaketime hangs: there it is now."""
    clock = {} if build.SANITIZE else {
        "LD_PRELOAD": str(libfaketime()), "TZ": "UTC",
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    one = prepare(httpd_module, more="", mpm="prefork", modules="cgi",
                  tls="ServerAlias 127.0.0.1", environ=clock)
    one.server.write_conf(REPLAY)
    one.write("cgi-bin/sink", SINK, 0o755)
    for key in ("AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"):
        one.store("aws4", "robot", "--import", "--secret-file",
                  str(one.root / "conf/secret"),
                  input=f"[default]\naws_access_key_id = {key}\n"
                        f"aws_secret_access_key = {SECRET}\n")
    one.own("conf/credentials")
    clock["FAKETIME_TIMESTAMP_FILE"] = str(one.root / "conf/clock")
    set_clock(one, time.time())
    one.start()
    return one


def set_clock(site, seconds):
    new = site.root / "conf/clock.new"
    new.write_text(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)))
    new.chmod(0o644)
    new.rename(site.root / "conf/clock")


def plain_body(raw):
    """What is in the chunks, both kinds of them."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = {k.strip().lower(): v.strip() for k, _, v in
              (line.partition(b":") for line in head.split(b"\r\n")[1:])}
    if b"chunked" in fields.get(b"transfer-encoding", b"").split(b","):
        body = unchunked(body)
    if fields.get(b"x-amz-content-sha256", b"").startswith(b"STREAMING-"):
        body = unchunked(body)
    return body


def unchunked(body):
    data = b""
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if not size:
            return data
        data, body = data + body[:size], body[size + 2:]


def has_token(raw):
    return b"x-amz-security-token" in raw.split(b"\r\n\r\n")[0].lower()


def replay(site, case):
    raw = base64.b64decode(case["raw_b64"])
    set_clock(site, case.get("epoch", time.time()))
    site.server.requests += 1
    with site.connection(tls=case["scheme"] == "https") as connection:
        connection.send(raw)
        method = raw.split(b" ")[0].decode()
        return raw, connection.read(method)


def test_what_clients_sent(past):
    """Each at its time, to a script that gets S3's operations as well. Session
    tokens are refused, for our keys have none."""
    count = collections.Counter()
    for case in CASES:
        raw, answer = replay(past, case)
        verdict = case["verdict"]
        name = case["operation"]
        if build.SANITIZE: # some presigned URLs are good for a week
            assert answer.status in (200, 400, 401), name
        elif verdict == "accept" and has_token(raw):
            assert answer.status == 400, name
            count["token"] += 1
        elif verdict == "accept":
            assert answer.status == 200, (name, answer)
            if case["method"] != "HEAD":
                assert answer.text.strip() == sha256(plain_body(raw)), name
            count["accept"] += 1
        else:
            assert answer.status in (400, 401), (name, answer)
            count["refused"] += 1
    assert build.SANITIZE or count == {
        "accept": 107, "token": 4, "refused": 16}
    past.log.expects("authscheme: refused")
    past.log.allows("authscheme: refused")


def test_what_clients_sent_long_ago(past):
    """A minute after the window."""
    sent = [case for case in CASES if case["verdict"] == "accept"][:5]
    for case in sent:
        _, answer = replay(past, {**case, "epoch": case["epoch"] + 960})
        assert answer.status == 401
        assert error(answer) == "RequestTimeTooSkewed"
    past.log.expects("the date is too far from ours", times=len(sent))
