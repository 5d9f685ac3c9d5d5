# Licensed under the Apache License, Version 2.0; see LICENSE.
"""docs/guide-s3-clients-on-webdav.md, done as it says: its commands and its
configuration, word for word but for paths, the host and the key's id; and what
it says is answered."""
import os
import re
import shutil
import subprocess

import pytest

from harness import build, guide as guides

block_with = guides.Guide("guide-s3-clients-on-webdav.md").block_with
OURS = ("authscheme", "authscheme_credentials", "authscheme_digest",
        "authscheme_bearer", "authscheme_aws4")
PASSWORD = "w\u00f6nderland"
SHOWN_ID = "HTAKEXAMPLEEXAMPLEEX"
REPORT = bytes(range(256)) * 40000  # 10 MB: more than aws' usual threshold


class Reader:
    """Who does what the guide says, in his home."""

    def __init__(self, site):
        self.site = site
        self.home = site.root / "home"
        (self.home / "reports").mkdir(parents=True)
        for name in ("report.pdf", "reports/a.pdf", "reports/b.pdf"):
            (self.home / name).write_bytes(REPORT)
        self.key_id = SHOWN_ID

    def here(self, text):
        for there, here in (
                ("/etc/apache2", f"{self.site.root}/conf"),
                ("/var/www/html", f"{self.site.root}/htdocs"),
                ("/var/log/apache2/error.log",
                 f"{self.site.root}/logs/error_log"),
                ("https://www.example.com", self.site.tls_url),
                ("www.example.com",
                 self.site.tls_url.removeprefix("https://")),
                (SHOWN_ID, self.key_id)):
            text = text.replace(there, here)
        return text if os.geteuid() == 0 else text.replace(
            " --group www-data", "").replace(" -o www-data -g www-data", "")

    def run(self, line, typed="", status=0):
        """In a session of its own, without a terminal."""
        cert = f"{self.site.root}/conf/server.pem"
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(("AWS_", "RCLONE_"))}
        env |= {"HOME": str(self.home), "no_proxy": "*", "LC_ALL": "C.UTF-8",
                "CURL_CA_BUNDLE": cert, "SSL_CERT_FILE": cert,
                "RCLONE_CA_CERT": cert, "AWS_PROFILE": "robot",
                "AWS_EC2_METADATA_DISABLED": "true",
                "PATH": f"{build.build_dir()}:{os.environ['PATH']}",
                "HTAUTH_STORE": f"file:{self.site.root}/conf/credentials"}
        if "rclone" not in line:
            env["AWS_CA_BUNDLE"] = cert
        done = subprocess.run(
            ["sh", "-c", self.here(line)], cwd=self.home, env=env,
            input=typed, text=True, capture_output=True, timeout=120,
            start_new_session=True)
        assert done.returncode == status, (line, done.stdout, done.stderr)
        return done.stdout, done.stderr

    def run_all(self, text, **more):
        """The lines of the block that has it. What they fetch is what was
        sent."""
        for line in block_with(text).splitlines():
            self.run(line, **more)
            if "copy.pdf" in line:
                self.has_copied()

    def has_copied(self):
        copied = self.home / "copy.pdf"
        assert copied.read_bytes() == REPORT
        copied.unlink()

    def writes(self, name, text):
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.here(block_with(text)) + "\n")

    def stored(self, name):
        file = self.site.root / "htdocs/files" / name
        return file.read_bytes() if file.exists() else None

    def make_store(self):
        for line in block_with("htauth init").splitlines():
            self.run(line, PASSWORD + "\n" if "htauth user" in line else "")
        made = (self.home / "robot.aws").read_text()
        self.key_id = re.search(r"key_id = (\S+)", made)[1]
        shown = block_with("[robot]").removesuffix("...")
        assert made.startswith(self.here(shown))

    def says(self, block, said):
        """What the guide shows as answer to its commands."""
        for line in self.here(block).splitlines():
            assert line.removeprefix("... ") in said


@pytest.fixture
def reader(httpd):
    site = httpd.prepare("", tls="", modules="dav dav_fs headers autoindex",
                         ours=OURS, level="warn")
    made = Reader(site)
    made.make_store()
    made.run(block_with("install -d"))
    conf, _, _ = block_with("<Location").partition("apachectl")
    site.write_conf("DavLockDB run/davlock\n" + made.here(conf))
    site.start()
    made.run_all("install -D")
    return made


def needs(program):
    assert shutil.which(program), f"{program} is not installed"


def test_curl_a_browser_and_refusals(reader):
    reader.run_all("-o copy.pdf https")
    reader.run(block_with("MKCOL"))
    assert (reader.site.root / "htdocs/files/2026").is_dir()

    reader.run(block_with("--digest -u"), PASSWORD + "\n")
    reader.has_copied()

    for command in (":guess", "-T robot.aws"):
        lines, shown = block_with(command).split("\n\n")
        sent, tail = lines.splitlines()
        answer, _ = reader.run(sent)
        answer += reader.run(tail)[0]
        reader.says(shown, answer)
        reader.site.log.expects(re.search(r"\.\.\. .*?\": ([^(]*)",
                                          shown)[1].strip())
    reader.site.log.expects("An error occurred while reading the request body")
    assert reader.stored("from-curl.pdf") == REPORT

    make, disable, remove = block_with("--label 2027").splitlines()
    reader.run(make)
    reader.run(disable)
    fetch = block_with("-o copy.pdf https").splitlines()[-1]
    reader.run(fetch.replace("curl", "curl -f", 1), status=22)
    reader.site.log.expects("the key is disabled")
    reader.run(remove)
    reader.run(fetch.replace("curl", "curl -f", 1), status=22)
    reader.site.log.expects("no such access key")
    shutil.copy(reader.home / "robot-2027.aws", reader.home / "robot.aws")
    for line in block_with("install -D").splitlines():
        reader.run(line)
    reader.run(fetch)
    reader.has_copied()


def test_aws(reader):
    needs("aws")
    reader.run(block_with("MKCOL"))
    reader.writes(".aws/config", "[profile robot]")
    export, put, get, remove = block_with("s3 cp report.pdf").splitlines()
    reader.run(f"{export}; {put}")
    assert reader.stored("2026/from-aws.pdf") == REPORT
    reader.run(f"{export}; {get}")
    reader.has_copied()
    reader.run(f"{export}; {remove}")
    assert reader.stored("2026/from-aws.pdf") is None

    line, shown = block_with("s3 ls").split("\n\n")
    _, said = reader.run(f"{export}; {line}", status=254 if is_aws_2(reader)
                         else 255)
    reader.says(shown, said)


def is_aws_2(reader):
    return reader.run("aws --version")[0].startswith("aws-cli/2")


def test_boto3(reader):
    reader.writes(".aws/config", "[profile robot]")
    reader.writes("upload.py", "import boto3")
    reader.run_all("upload.py")
    reader.has_copied()
    assert reader.stored("from-boto3.pdf") == REPORT


def test_rclone(reader):
    needs("rclone")
    reader.writes(".config/rclone/rclone.conf", "[site]")
    reader.run_all("rclone copyto")
    assert reader.stored("b.pdf") == REPORT
    assert reader.stored("from-rclone.pdf") is None


def test_s3cmd(reader):
    needs("s3cmd")
    reader.writes(".s3cfg", "host_bucket")
    reader.run_all(">> ~/.s3cfg")
    put, get, remove = block_with("s3cmd put").splitlines()
    for _ in range(2):  # a new file, and an old one
        reader.run(put)
        assert reader.stored("from-s3cmd.pdf") == REPORT
    reader.run(get)
    reader.has_copied()
    reader.run(remove)
    assert reader.stored("from-s3cmd.pdf") is None
