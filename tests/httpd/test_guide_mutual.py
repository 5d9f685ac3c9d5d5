# Licensed under the Apache License, Version 2.0; see LICENSE.
"""docs/guide-passwords-without-sending-passwords.md, done as it says: its
commands and its configuration, word for word but for paths, the host, ports
and passwords that are typed there; and what it says is answered."""
import contextlib
import os
import re
import subprocess

import pytest

from harness import build, guide as guides
from harness.server import free_port, wait_for_port

block_with = guides.Guide("guide-passwords-without-sending-passwords.md"
                          ).block_with
OURS = ("authscheme", "authscheme_credentials", "authscheme_mutual")
PASSWORD = "w\u00f6nderland"
SIGN_IN = "tests/clients/mutual"


class Reader:
    """Who does what the guide says."""

    def __init__(self, site):
        self.site = site
        self.impostor_port = free_port()

    def here(self, text):
        for there, here in (
                ("/etc/apache2", f"{self.site.root}/conf"),
                ("/var/log/apache2/error.log",
                 f"{self.site.root}/logs/error_log"),
                ("https://www.example.com", self.site.tls_url),
                ("8088", str(self.impostor_port))):
            text = text.replace(there, here)
        return text if os.geteuid() == 0 \
            else text.replace(" --group www-data", "")

    def start(self, line):
        """In a session of its own, without a terminal."""
        cert = f"{self.site.root}/conf/server.pem"
        env = {**os.environ, "HOME": str(self.site.root), "no_proxy": "*",
               "LC_ALL": "C.UTF-8", "CURL_CA_BUNDLE": cert,
               "SSL_CERT_FILE": cert,
               "PATH": f"{build.build_dir()}:{os.environ['PATH']}",
               "HTAUTH_STORE": f"file:{self.site.root}/conf/credentials"}
        return subprocess.Popen(
            ["sh", "-c", "exec " + self.here(line)], cwd=build.TOP, env=env,
            text=True, start_new_session=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, line, typed="", status=0):
        done = self.start(line)
        out, err = done.communicate(typed, timeout=60)
        assert done.returncode == status, (line, out, err)
        return out, err

    def sign_in(self, line, password=PASSWORD, status=0):
        assert line.startswith(SIGN_IN)
        return self.run(line, password + "\n", status)

    def make_store(self):
        lines = block_with("htauth init").splitlines()
        assert self.here(lines[0]).endswith(
            f"=file:{self.site.root}/conf/credentials")
        for line in lines[1:]:
            self.run(line, PASSWORD + "\n" if "htauth user" in line else "")

    @contextlib.contextmanager
    def impostor(self, line):
        process = self.start(line.removesuffix(" &"))
        wait_for_port(self.impostor_port, process)
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=30)

    def says(self, block, said):
        """What the guide shows as answer to its commands."""
        said = nameless(said)
        for line in nameless(self.here(block)).splitlines():
            assert line in said


def nameless(text):
    return re.sub(r"session [0-9a-f]{4}", "session ", text)


@pytest.fixture
def reader(httpd):
    site = httpd.prepare("", tls="Protocols http/1.1", ours=OURS,
                         level="warn", files={
        "htdocs/secret/index.html": "a secret\n"})
    made = Reader(site)
    made.make_store()
    conf, _, _ = block_with("<Location").partition("apachectl")
    site.write_conf(made.here(conf))
    site.start()
    return made


def test_the_guide(reader):
    line, offered = block_with("curl -i").split("\n\n")
    answer, _ = reader.run(line)
    for shown in reader.here(offered).splitlines():
        assert shown in answer

    line, shown = block_with("--show-exchange").split("\n\n")
    page, said = reader.sign_in(line)
    assert page == "a secret\n"
    reader.says(shown, said)

    pages, said = reader.sign_in(block_with("--repeat 3"))
    assert pages == 3 * page and "request 3 of" in said

    lines, shown = block_with("tail -1").split("\n\n")
    sign_in, tail = lines.splitlines()
    told, logged = shown.split("\n... ")
    _, said = reader.sign_in(sign_in, "wrong", 1)
    reader.says(told, said)
    assert reader.run(tail)[0].endswith(logged + "\n")
    reader.site.log.expects(logged)

    reader.run(block_with("htauth remove"))
    _, said = reader.sign_in(sign_in, status=1)
    reader.says(told, said)
    reader.site.log.expects("problem=unknown")


def test_the_impostor(reader):
    lines, shown = block_with("mutual-impostor.py").split("\n\n")
    start, sign_in = lines.splitlines()
    with reader.impostor(start):
        page, said = reader.sign_in(sign_in, status=3)
        reader.says(shown, said)
        assert page == ""
        line, shown = block_with("/wrong/").split("\n\n")
        page, said = reader.sign_in(line, status=3)
        reader.says(shown, said)
        assert page == ""
