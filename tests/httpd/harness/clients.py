# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Real clients: how each is told a user, a password and where to go.

A client is started with a list of URLs and a folder of its own as HOME. Whether
it got in, and with what, is for the server to say; what a client prints only
helps whoever reads a failed test.
"""
import functools
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import threading
import urllib.parse

from . import browser, build

PROGRAMS = build.TOP / "tests/httpd/clients"
SECONDS = 20
CLIENTS = {} # name in the table -> function(Run)


class Run:
    """One client at work."""

    def __init__(self, home, certificate, user, password, urls, token=None):
        self.home = pathlib.Path(home)
        self.certificate = str(certificate)
        self.user = user
        self.password = password
        self.urls = urls
        self.token = token
        self.said = ""

    @property
    def account(self):
        return f"{self.user}:{self.password}"

    def inside(self, url):
        """The URL with user and password in it."""
        quoted = ":".join(urllib.parse.quote(part, safe="")
                          for part in (self.user, self.password))
        return url.replace("://", f"://{quoted}@")

    def write(self, name, text, mode=0o600):
        file = self.home / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return str(file)

    def environment(self):
        keep = {name: os.environ[name] for name in ("PATH", "TMPDIR")
                if name in os.environ}
        return {**keep, "HOME": str(self.home), "LC_ALL": "C.UTF-8",
                "TERM": "dumb", "no_proxy": "*",
                "SSL_CERT_FILE": self.certificate,
                "NODE_EXTRA_CA_CERTS": self.certificate}

    def start(self, *command, stdin=""):
        """Runs a program to its end. Some never end: lftp asks for ever."""
        process = subprocess.Popen(
            [str(part) for part in command], cwd=self.home,
            env=self.environment(), start_new_session=True, text=True,
            errors="replace", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        try:
            said, _ = process.communicate(stdin, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            said += f"\nstopped after {SECONDS} seconds"
        self.said += f"$ {shlex.join(map(str, command))}\n{said}\n"

    def each(self, *command, stdin=""):
        """Runs a program once for every URL."""
        for url in self.urls:
            self.start(*(part.replace("URL", url) if isinstance(part, str)
                         else part for part in command), stdin=stdin)


def client(name):
    """Adds a function to the table's clients."""
    def add(function):
        CLIENTS[name] = function
        return function
    return add


# ---- programs --------------------------------------------------------------

def curl(*options):
    def run(run):
        run.each("curl", "-q", "-sS", "--cacert", run.certificate,
                 "--max-time", str(SECONDS), "-u", run.account, *options, "URL")
    return run


CLIENTS["curl --digest"] = curl("--digest")
CLIENTS["curl --anyauth"] = curl("--anyauth")
CLIENTS["curl --basic"] = curl("--basic")


@client("curl --anyauth --oauth2-bearer")
def curl_bearer(run):
    run.each("curl", "-q", "-sS", "--cacert", run.certificate, "--anyauth",
             "--oauth2-bearer", run.token, "-u", run.account, "URL")


@client("git")
def git(run):
    helper = run.write("account", "#!/bin/sh\n[ \"$1\" != get ] || printf "
                       f"'username=%s\\npassword=%s\\n' {shlex.quote(run.user)}"
                       f" {shlex.quote(run.password)}\n", 0o700)
    run.each("git", "-c", f"credential.helper={helper}",
             "-c", f"http.sslCAInfo={run.certificate}", "ls-remote", "URL")


@client("svn")
def svn(run):
    run.each("svn", "--non-interactive", "--no-auth-cache", "--config-option",
             f"servers:global:ssl-authority-files={run.certificate}",
             "--username", run.user, "--password", run.password, "info", "URL")


@client("wget")
def wget(run):
    run.each("wget", "--no-config", "-q", "-O", "/dev/null", "--tries=1",
             f"--ca-certificate={run.certificate}", f"--user={run.user}",
             f"--password={run.password}", "URL")


@client("wget2")
def wget2(run):
    run.each("wget2", "--no-config", "-q", "-O", "/dev/null", "--tries=1",
             f"--ca-certificate={run.certificate}", "--ca-directory=",
             f"--user={run.user}", f"--password={run.password}", "URL")


@client("HTTPie (digest)")
def httpie(run):
    run.each("/usr/bin/python3", "/usr/bin/http", "--ignore-stdin", "--verify",
             run.certificate, "--auth-type=digest", "-a", run.account, "URL")


@client("cadaver")
def cadaver(run):
    """neon; davfs2 signs in with the same library."""
    run.write(".netrc", f"machine localhost login {run.user} "
                        f"password {run.password}\n")
    for url in run.urls:
        if url.startswith("https"): # only a terminal is asked to trust it
            run.start("script", "-qec", f"cadaver {url}", "/dev/null",
                      stdin="y\nquit\n")
        else:
            run.start("cadaver", url, stdin="quit\n")


@client("lynx")
def lynx(run):
    cfg = run.write("lynx.cfg", f"SSL_CERT_FILE:{run.certificate}\n"
                                "FORCE_SSL_PROMPT:YES\n")
    run.each("lynx", f"-cfg={cfg}", "-dump", f"-auth={run.account}", "URL")


@client("w3m")
def w3m(run):
    for url in run.urls:
        place = urllib.parse.urlsplit(url)
        run.write(".w3m/passwd", f"host {place.hostname}\nport {place.port}\n"
                  f"realm Docs\nlogin {run.user}\npassword {run.password}\n")
        run.start("w3m", "-dump", "-o", f"ssl_ca_file={run.certificate}",
                  "-o", "use_dictcommand=0", url)


@client("links")
def links(run):
    for url in run.urls:
        run.start("links", "-dump", "-ssl.certificates", "0", run.inside(url))


@client("elinks")
def elinks(run):
    run.write(".elinks/elinks.conf", "set connection.ssl.cert_verify = 0\n")
    for url in run.urls:
        run.start("elinks", "-dump", run.inside(url))


@client("lftp")
def lftp(run):
    for url in run.urls:
        run.start("lftp", "--norc", "-c",
                  f"set ssl:ca-file {run.certificate}; set net:timeout 3; "
                  "set net:max-retries 1; set cmd:fail-exit yes; "
                  f"open -u {shlex.quote(run.user)},"
                  f"{shlex.quote(run.password)} {url}; cat .")


@client("aria2")
def aria2(run):
    run.each("aria2c", "--no-conf", "-q", "-d", str(run.home), "-o", "out",
             "--allow-overwrite=true", "--http-auth-challenge=true",
             f"--ca-certificate={run.certificate}", f"--http-user={run.user}",
             f"--http-passwd={run.password}", "--max-tries=1", "URL")


@client("siege")
def siege(run):
    rc = run.write("siegerc", "verbose = false\nlogging = false\nparser = false\n"
                   f"login = {run.user}:{run.password}\n")
    run.each("siege", "-R", rc, "-c1", "-r1", "URL")


# ---- libraries -------------------------------------------------------------

def library(*command):
    def run(run):
        run.start(*command, run.user, run.password, *run.urls)
    return run


def python(name):
    return library("/usr/bin/python3", PROGRAMS / "libraries.py", name)


def ruby(name):
    return library("ruby", PROGRAMS / "rubies.rb", name)


JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
JARS = ":".join(f"/usr/share/java/{name}.jar" for name in (
    "httpclient", "httpcore", "commons-logging", "commons-codec"))

CLIENTS |= {
    "PHP curl (CURLAUTH_ANY)": library("php", PROGRAMS / "curl.php"),
    "Python requests (digest)": python("requests_digest"),
    "Python requests-toolbelt (guess)": python("requests_guess"),
    "Python httpx (digest)": python("httpx_digest"),
    "Python aiohttp (basic)": python("aiohttp_basic"),
    "Python urllib": python("urllib_both"),
    "Python mechanize": python("mechanize"),
    "libsoup 3": python("libsoup"),
    "Perl LWP": library("perl", PROGRAMS / "lwp.pl"),
    "Ruby httpclient": ruby("httpclient"),
    "Ruby mechanize": ruby("mechanize"),
    "Java HttpURLConnection": library(*JAVA, PROGRAMS / "Clients.java",
                                      "connection"),
    "Java java.net.http": library(*JAVA, PROGRAMS / "Clients.java", "client"),
    "Apache HttpClient 4": library(*JAVA, "-cp", JARS,
                                   PROGRAMS / "Commons.java"),
}


class NotThere(Exception):
    """A client that comes from elsewhere than Debian, and did not."""


npm_at_work = threading.Lock()


def node_modules():
    """Where `npm ci` has put what clients/node/package-lock.json pins."""
    with npm_at_work:
        return install_node_modules()


@functools.cache
def install_node_modules():
    source = PROGRAMS / "node"
    folder = build.TOP / "build/out/node"
    lock = folder / "node_modules/.installed"
    wanted = (source / "package-lock.json").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "clients.mjs",
                 "s3.mjs"):
        shutil.copy(source / name, folder)
    if not lock.exists() or lock.read_text() != wanted:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder, timeout=120, stdin=subprocess.DEVNULL,
            capture_output=True, text=True)
        if done.returncode != 0:
            raise NotThere("npm ci: " + done.stderr[-500:])
        lock.write_text(wanted)
    return folder


def node(name):
    def run(run):
        run.start("node", node_modules() / "clients.mjs", name, run.user,
                  run.password, *run.urls)
    return run


CLIENTS |= {f"Node {name}": node(name) for name in (
    "digest-fetch", "axios-digest-auth", "needle", "urllib")}


# ---- browsers --------------------------------------------------------------

def visit(kind, run):
    with kind(run.home) as one:
        for url in run.urls:
            with one.page(run.user, run.password) as page:
                page.open(url)
                run.said += f"{url}: {page.prompts} prompts\n"


CLIENTS["Chromium"] = functools.partial(visit, browser.Chromium)
CLIENTS["Firefox"] = functools.partial(visit, browser.Firefox)
