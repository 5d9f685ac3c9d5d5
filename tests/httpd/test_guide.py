# Licensed under the Apache License, Version 2.0; see LICENSE.
"""docs/guide-five-minutes.md, done as it says: its commands and its
configuration, word for word but for paths, the host and passwords that are
typed there."""
import os
import re
import subprocess

import pytest

from harness import build, guide as guides

block_with = guides.Guide("guide-five-minutes.md").block_with
OURS = ("authscheme", "authscheme_credentials", "authscheme_digest",
        "authscheme_bearer", "authscheme_hoba")
PASSWORDS = {"alice": "w\u00f6nderland", "bob": "builder", "carol": "c"}


class Guide:
    def __init__(self, site):
        self.site = site
        self.token = ""

    def here(self, text):
        for there, here in (("/etc/apache2", f"{self.site.root}/conf"),
                            ("/var/lib/authscheme", f"{self.site.root}/store"),
                            ("https://www.example.com", self.site.tls_url)):
            text = text.replace(there, here)
        return text

    def run(self, line, typed=""):
        env = {**os.environ, "TOKEN": self.token, "HOME": str(self.site.root),
               "LC_ALL": "C.UTF-8",
               "PATH": f"{build.build_dir()}:{os.environ['PATH']}",
               "CURL_CA_BUNDLE": f"{self.site.root}/conf/server.pem",
               "HTAUTH_STORE": f"dbd:sqlite3:{self.site.root}/store/store.db"}
        done = subprocess.run(["sh", "-c", self.here(line)], input=typed,
                              text=True, capture_output=True, timeout=60,
                              env=env, cwd=build.TOP)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        return done.stdout

    def make_store(self):
        (self.site.root / "conf/docs.users").write_text(subprocess.run(
            ["htpasswd", "-nbB", "dora", "explorer"], check=True, text=True,
            capture_output=True).stdout)
        for line in block_with("htauth init").splitlines():
            user = re.match(r"htauth user (\w+)", line)
            if line.startswith("export"):
                assert self.here(line).endswith(
                    f"=dbd:sqlite3:{self.site.root}/store/store.db")
            elif "www-data" in line and os.geteuid() != 0:
                self.run("mkdir -p store" if "install" in line else "true")
            else:
                said = self.run(line, PASSWORDS[user[1]] + "\n" if user
                                else "")
                if line.startswith("htauth token"):
                    self.token = said.strip()
        self.run(block_with("import htpasswd"))

    def users(self, line):
        """Who signed in with a line of curl or of another client."""
        for user, password in PASSWORDS.items():
            line = re.sub(rf"(-u|--user) {user}(?![:\w])",
                          rf"\1 {user}:{password}", line)
        self.run(line)
        return self.site.access(1)[0]


@pytest.fixture
def guide(httpd):
    site = httpd.prepare("", tls="Protocols http/1.1", ours=OURS,
                         modules="dbd", files={
                             "htdocs/docs/index.html": "docs\n"})
    made = Guide(site)
    made.make_store()
    conf, _, _ = block_with("AuthCredentials dbd:").partition("apachectl")
    site.write_conf(made.here(conf))
    site.start()
    yield made


def test_the_guide(guide):
    offered = [line for line in
               block_with("WWW-Authenticate: Digest").splitlines()
               if line.startswith("WWW-Authenticate: ")]
    answer = guide.site.get("/docs/", tls=True)
    assert answer.status == 401
    assert [re.sub(r'(nonce|challenge)="[^"]*"', r'\1="..."', value)
            for value in answer.all("WWW-Authenticate")] \
        == [line.removeprefix("WWW-Authenticate: ") for line in offered]

    lines = block_with("--anyauth").splitlines()
    assert len(lines) == 5
    seen = [guide.users(line) for line in lines]
    assert [(row["status"], row["scheme"], row["user"]) for row in seen] == [
        ("200", "Digest", "alice"), ("200", "Basic", "alice"),
        ("200", "Bearer", "robot"), ("200", "Basic", "alice"),
        ("200", "HOBA", "alice")]
    for user, password in (*PASSWORDS.items(), ("dora", "explorer")):
        answer = guide.site.curl("/docs/", "--basic", "-u",
                                 f"{user}:{password}", tls=True)
        assert answer.status == 200

    wrong = block_with("alice:wrong").splitlines()[0]
    guide.run(wrong)
    _, told = block_with("authscheme: refused").split("\n... ")
    guide.site.log.expects(told)

    for line in block_with("remove user").splitlines():
        ident = re.search(r"remove token (\w+)", line)
        if ident:
            listed = guide.run("htauth list --kind token")
            line = line.replace(ident[1],
                                re.findall(r"\b[0-9a-f]{12}\b", listed)[0])
        guide.run(line)
    assert guide.site.curl("/docs/", "--basic", "-u", "carol:c",
                           tls=True).status == 401
    assert guide.site.curl("/docs/", "--oauth2-bearer", guide.token,
                           tls=True).status == 401
    guide.site.log.expects("no such user in this realm (carol)")
    guide.site.log.expects("no such token in the store")
    guide.site.log.allows(re.compile("AH0161[78]|authscheme: refused"))
