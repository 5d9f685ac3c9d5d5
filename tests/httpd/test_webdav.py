# Licensed under the Apache License, Version 2.0; see LICENSE.
"""WebDAV by cadaver: neon signs every method, checks our rspauth and numbers
its requests; mod_dav asks for the same file in many sub-requests."""
import os
import re
import subprocess

from harness.digest import OURS, credentials
from harness.server import WAIT, user_file

CONF = """
DavLockDB run/dav
AuthCredentials file:conf/credentials
LogFormat "%>s\\t%u\\t%{authscheme}n\\t%m\\t%U\\t%{Authorization}i" dav
CustomLog logs/dav dav
<Location "/files">
    Dav on
    AuthType "Digest Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    Require valid-user
</Location>
"""


def prepare(farm):
    site = farm.prepare(CONF, modules="dav dav_fs dav_lock", ours=OURS,
                        files={"conf/users": user_file({"alice": "s3cret"}),
                               "htdocs/files/readme.txt": "here\n"})
    site.own("htdocs/files")
    credentials(site, {"alice": "s3cret"})
    return site.start()


def cadaver(site, password, *commands):
    home = site.root / "home"
    home.mkdir(exist_ok=True)
    netrc = home / ".netrc"
    netrc.write_text(f"machine localhost login alice password {password}\n")
    netrc.chmod(0o600)
    (home / "local.txt").write_text("words\n" * 20000)
    done = subprocess.run(
        ["cadaver", site.url + "/files/"], cwd=home, text=True,
        input="\n".join([*commands, "quit\n"]), capture_output=True,
        timeout=WAIT, env={"PATH": os.environ["PATH"], "HOME": str(home),
                           "LC_ALL": "C.UTF-8", "no_proxy": "*"})
    return done.stdout + done.stderr


def log(site):
    return [line.split("\t")
            for line in (site.root / "logs/dav").read_text().splitlines()]


def test_files_come_and_go(httpd):
    site = prepare(httpd)
    said = cadaver(site, "s3cret", "mkcol box", "cd box",
                   "put local.txt remote.txt", "lock remote.txt",
                   "unlock remote.txt", "move remote.txt moved.txt",
                   "get moved.txt back.txt", "delete moved.txt", "cd ..",
                   "rmcol box", "ls")
    assert (site.root / "home/back.txt").read_text() == "words\n" * 20000
    assert not (site.root / "htdocs/files/box").exists()
    assert "readme.txt" in said
    assert "failed" not in said, said
    seen = log(site)
    # One challenge; then every request is right at once.
    assert [row[0] for row in seen].count("401") == 1
    assert {(row[1], row[2]) for row in seen[1:]} == {("alice", "Digest")}
    assert {"MKCOL", "PUT", "LOCK", "UNLOCK", "MOVE", "GET", "DELETE",
            "PROPFIND"} <= {row[3] for row in seen}


def test_a_wrong_password_changes_nothing(httpd):
    site = prepare(httpd)
    cadaver(site, "wrong", "mkcol box", "put local.txt remote.txt",
            "delete readme.txt")
    assert [file.name for file in (site.root / "htdocs/files").iterdir()] \
        == ["readme.txt"]
    assert {row[0] for row in log(site)} == {"401"}
    site.log.expects("problem=invalid")
    site.log.allows(re.compile(r"problem=(invalid|unknown)"))
