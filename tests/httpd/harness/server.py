# Licensed under the Apache License, Version 2.0; see LICENSE.
"""One httpd: its folder, its configuration, its processes."""
import base64
import contextlib
import hashlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import build, client
from .log import CRASHED, Log

MPMS = ("prefork", "worker", "event")
PROBE = "tests/httpd/modules/mod_authscheme_probe.c"
TOY = "docs/examples/mod_authscheme_toy.c"
STOCK = ("authn_core authn_file authz_core authz_user authz_groupfile "
         "authz_host auth_basic auth_digest access_compat mime dir alias "
         "headers env setenvif rewrite status include autoindex request "
         "actions").split()
REALM = "Docs"
USERS = {"alice": "wonderland", "bob": "builder"}
WAIT = 30

BASE = """
ServerRoot "{root}"
ServerName localhost
DefaultRuntimeDir run
PidFile run/httpd.pid
ErrorLog logs/error_log
{user}
{load}
LogLevel {level}
<IfModule mpm_prefork_module>
    StartServers 2
    MinSpareServers 1
    MaxSpareServers 4
    MaxRequestWorkers 16
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 2
    ServerLimit 4
    ThreadLimit 16
    ThreadsPerChild 8
    MaxRequestWorkers 32
    MinSpareThreads 8
    MaxSpareThreads 32
</IfModule>
Timeout 15
KeepAliveTimeout 5
TypesConfig conf/mime.types
DocumentRoot htdocs
<Directory "{root}">
    AllowOverride None
    Require all granted
</Directory>
LogFormat "%{{usec}}t\\t%u\\t%{{authscheme}}n\\t%{{authscheme-reason}}n\\t%>s\\t%r" fields
CustomLog logs/access_log fields
{listen}
"""
TLS = """
SSLSessionCache shmcb:run/tls(512000)
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile conf/server.pem
    SSLCertificateKeyFile conf/server.key
    {inside}
</VirtualHost>
"""


class DoesNotStart(AssertionError):
    pass


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def is_listening(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def wait_for_port(port, process, seconds=10):
    end = time.monotonic() + seconds
    while not is_listening(port):
        assert process.poll() is None, f"{process.args[0]} does not start"
        assert time.monotonic() < end, f"{process.args[0]} does not listen"
        time.sleep(0.01)


def user_file(users=None, realm=REALM):
    """Lines that mod_authn_file reads for Basic (the first of a user) and for
    Digest (the one with the realm)."""
    lines = []
    for user, password in (users or USERS).items():
        sha = base64.b64encode(hashlib.sha1(password.encode()).digest())
        ha1 = hashlib.md5(f"{user}:{realm}:{password}".encode()).hexdigest()
        lines += [f"{user}:{{SHA}}{sha.decode()}", f"{user}:{realm}:{ha1}"]
    return "".join(line + "\n" for line in lines)


class Server:
    """Write what it needs, then start() it; see conftest.py for the fixture."""

    def __init__(self, conf="", mpm="event", modules="", files=None, ours=None,
                 sources=(), tls=None, level="info", defines=(),
                 environ=None):
        """conf: directives. modules: names of stock modules to load as well.
        files: path below the server's folder -> content. ours: names of our
        modules to load ("authscheme", "authscheme_hoba", ...); by default all
        but authscheme_digest, which takes Digest over from mod_auth_digest.
        sources: files of one-file schemes to build with apxs and load.
        tls: directives of a virtual host with TLS ("" for none), or None."""
        assert mpm in MPMS
        self.ours = dict(build.our_modules())
        if ours is None:
            self.ours.pop("authscheme_digest_module", None)
        else:
            self.ours = {f"{name}_module": self.ours[f"{name}_module"]
                         for name in ours}
        for source in sources:
            self.ours.update(build.third_party(source))
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="authscheme-"))
        self.root.chmod(0o755)
        self.log = Log(self.root / "logs/error_log")
        self.mpm = mpm
        self.port = free_port()
        self.tls_port = None if tls is None else free_port()
        self.process = None
        self.requests = 0 # that clients of ours have sent
        self.level = level
        self.defines = defines
        self.environ = environ or {}
        self.modules = STOCK + modules.split()
        self.tls = tls
        self._lay_out(files or {})
        self.write_conf(conf)

    # ---- the folder --------------------------------------------------

    def _lay_out(self, files):
        for name in ("conf", "logs", "run", "htdocs", "cgi-bin"):
            (self.root / name).mkdir()
        self.write("conf/mime.types", "text/html html\ntext/plain txt\n")
        self.write("conf/users", user_file())
        self.write("htdocs/index.html", "open\n")
        if self.tls_port:
            self._make_certificate()
        for name, content in files.items():
            self.write(name, content)
        if os.geteuid() == 0:
            for name in ("logs", "run"):
                shutil.chown(self.root / name, "www-data", "www-data")

    def write(self, name, content, mode=0o644):
        """A file below the server's folder that its user can read."""
        file = self.root / name
        for folder in reversed(file.parents):
            if not folder.exists():
                folder.mkdir()
                folder.chmod(0o755)
        file.write_bytes(client.to_bytes(content))
        file.chmod(mode)
        return file

    def own(self, name):
        """Gives a file or folder to the user that the children run as."""
        file = self.root / name
        if os.geteuid() == 0:
            shutil.chown(file, "www-data", "www-data")
        return file

    def _make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-addext", "basicConstraints=critical,CA:FALSE",
             "-keyout", "server.key", "-out", "server.pem"],
            cwd=self.root / "conf", check=True, capture_output=True)

    # ---- the configuration -------------------------------------------

    def _load(self):
        names = [f"mpm_{self.mpm}", *self.modules]
        if self.tls_port:
            names += ["socache_shmcb", "ssl"]
        lines = []
        for name in dict.fromkeys(names):
            if build.has_builtin(name):
                continue
            file = build.stock_module(name)
            assert file, f"mod_{name} is not installed"
            lines.append(f'LoadModule {name}_module "{file}"')
        lines += [f'LoadModule {name} "{file}"'
                  for name, file in self.ours.items()]
        return "\n".join(lines)

    def write_conf(self, conf):
        """Sets the test's own directives; restart for them to hold."""
        listen = f"Listen 127.0.0.1:{self.port}"
        if self.tls_port:
            listen += TLS.format(port=self.tls_port, inside=self.tls)
        user = ("User www-data\nGroup www-data" if os.geteuid() == 0 else "")
        base = BASE.format(root=self.root, user=user, load=self._load(),
                           level=self.level, listen=listen)
        self.write("conf/base.conf", base)
        self.write("conf/test.conf", self.fill(conf))
        self.write("conf/httpd.conf", 'Include conf/base.conf\n'
                                      'Include conf/test.conf\n')

    def fill(self, conf):
        """{root}, {port} and {tls_port}, which alone are replaced."""
        for name in ("root", "port", "tls_port"):
            conf = conf.replace("{%s}" % name, str(getattr(self, name)))
        return conf

    def command(self, *more):
        return [str(build.httpd()), "-d", str(self.root), "-f",
                str(self.root / "conf/httpd.conf"),
                *(f"-D{name}" for name in self.defines), *more]

    def environment(self):
        keep = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "LC_ALL": "C.UTF-8", **self.environ}
        if build.SANITIZE:
            report = self.root / "logs/sanitizer"
            keep["LD_PRELOAD"] = ":".join(filter(None, [
                build.sanitizer_preload(), self.environ.get("LD_PRELOAD")]))
            # Pools are let go at exit in an order of their own: leaks would be
            # all false.
            keep["ASAN_OPTIONS"] = (f"detect_leaks=0:log_path={report}:"
                                    "alloc_dealloc_mismatch=0:abort_on_error=1")
            keep["UBSAN_OPTIONS"] = f"print_stacktrace=1:log_path={report}"
        return keep

    def config_error(self, conf=None):
        """What httpd says when it must not start, file and line included."""
        if conf is not None:
            self.write_conf(conf)
        done = subprocess.run(self.command("-t"), text=True,
                              capture_output=True, env=self.environment(),
                              timeout=WAIT)
        said = done.stderr
        if done.returncode == 0:
            said = self._startup_error()
        self.log.next_test()
        return said

    def _startup_error(self):
        """Some checks need all of the configuration: they stop the start."""
        with contextlib.suppress(DoesNotStart):
            self.start()
            raise AssertionError("httpd accepts this configuration")
        self.process = None
        return self.said()

    # ---- its life ----------------------------------------------------

    def start(self, single=False):
        """single: one process, as `httpd -X`."""
        with open(self.root / "logs/stderr", "wb") as stderr:
            self.process = subprocess.Popen(
                self.command("-X" if single else "-DFOREGROUND"),
                stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr, env=self.environment(),
                cwd=self.root, start_new_session=True)
        self.wait_until(self._listens, "to listen")
        if not single:
            self.wait_until(self.children, "to have children")
        return self

    def _listens(self):
        if self.process.poll() is not None:
            raise DoesNotStart("httpd did not start:\n" + self.said())
        return all(map(is_listening,
                       filter(None, (self.port, self.tls_port))))

    def said(self):
        """What it wrote: for a human who reads why a test failed."""
        files = [*self.root.glob("logs/stderr"),
                 *sorted(self.root.glob("logs/sanitizer.*"))]
        return "".join(file.read_text("utf-8", "replace")
                       for file in files) + self.log.tail()

    def wait_until(self, condition, what, seconds=WAIT):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (
                f"httpd took too long {what}:\n{self.said()}")
            time.sleep(0.01)

    def children(self):
        """The pids of its workers (and of cgid)."""
        pid = self.process.pid
        with contextlib.suppress(FileNotFoundError):
            text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
            return [int(child) for child in text.split()]
        return []

    def settle(self):
        """Waits until both children of a threaded MPM have begun to serve: for
        who takes away what one that begins needs."""
        def threads(pid):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                return len(os.listdir(f"/proc/{pid}/task"))
            return 0
        self.wait_until(lambda: sum(threads(pid) > 1 for pid in self.children())
                        >= 2, "to have two children that serve")

    def graceful(self):
        """USR1, and waits until no child of before is left."""
        self._restart(signal.SIGUSR1)

    def restart(self):
        self._restart(signal.SIGHUP)

    def _restart(self, how):
        old = set(self.children())
        running = "resuming normal operations"
        before = len([l for l in self.log.lines() if running in l])
        os.kill(self.process.pid, how)
        self.wait_until(lambda: len([l for l in self.log.lines() if running in l])
                   > before, "to restart")
        self.wait_until(lambda: not old & set(self.children())
                   and self.children(), "to replace its children")
        self.wait_until(self._listens, "to listen again")

    def kill_child(self, how=signal.SIGKILL):
        """Ends every worker and waits for others to come. httpd logs nothing
        of a SIGKILL; of other signals it does, and that is expected."""
        old = set(self.children())
        for pid in old:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        self.wait_until(lambda: not old & set(self.children())
                   and self.children(), "to replace a killed child")
        if how != signal.SIGKILL:
            self.log.expects("exit signal")

    def _is_idle(self):
        """Whether no connection of a client is open on its side."""
        ours = {f"{port:04X}" for port in (self.port, self.tls_port) if port}
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            port, state, inode = fields[1][9:], fields[3], fields[9]
            if port in ours and state != "0A" and inode != "0":
                return False
        return True

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            # mpm_event may crash when a worker is still busy with a socket.
            with contextlib.suppress(AssertionError):
                self.wait_until(self._is_idle, "to become idle", 2)
            self.log.told_to_stop()
            self.process.terminate()
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(WAIT)
                raise AssertionError("httpd had to be killed:\n" + self.said())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def offences(self):
        """What the log and the sanitizers hold against the modules."""
        found = self.log.offences()
        for report in sorted(self.root.glob("logs/sanitizer.*")):
            found.append(report.read_text("utf-8", "replace"))
            report.unlink()
        stderr = self.root / "logs/stderr"
        if stderr.exists():
            found += [line for line in
                      stderr.read_text("utf-8", "replace").splitlines()
                      if CRASHED.search(line)]
        return found

    # ---- its clients -------------------------------------------------

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    @property
    def tls_url(self):
        return f"https://localhost:{self.tls_port}"

    def connection(self, tls=False):
        if not tls:
            return client.Connection(self.port, self._count)
        context = client.tls_context(self.root / "conf/server.pem")
        return client.Connection(self.tls_port, self._count, context)

    def _count(self):
        self.requests += 1

    def get(self, target, method="GET", tls=False, **more):
        """One request on a connection of its own. authorization: a value, or a
        list of them; headers: a dict, or a list of pairs; both as text or
        bytes."""
        with self.connection(tls) as connection:
            return connection.get(target, method, **more)

    def raw(self, data, tls=False):
        """Sends bytes, returns everything until the server closes."""
        with self.connection(tls) as connection:
            connection.send(client.to_bytes(data))
            return connection.read_to_end()

    def curl(self, target, *arguments, tls=False, environ=None):
        """curl's last response, with .stderr and .exit of curl. target: a path
        here, or a whole URL."""
        if target.startswith("/"):
            target = (self.tls_url if tls else self.url) + target
        with tempfile.NamedTemporaryFile() as head, \
                tempfile.NamedTemporaryFile() as body:
            done = subprocess.run(
                ["curl", "-sS", "-q", "--noproxy", "*", "-D", head.name, "-o",
                 body.name, "--cacert", self.root / "conf/server.pem",
                 "--max-time", str(WAIT), *arguments, target],
                text=True, capture_output=True,
                env={**os.environ, **(environ or {})})
            blocks = re.split(r"\r?\n\r?\n", head.read().decode("latin-1"))
            blocks = [b for b in blocks if re.match(r"HTTP/\S+ [2-5]", b)]
            answer = parse_head(blocks[-1:], body.read())
        self.requests += len(blocks)
        answer.stderr = done.stderr
        answer.exit = done.returncode
        return answer

    def access(self, count=1):
        """The access log's lines of the newest requests, in the order in which
        they came, as dicts. httpd writes a line after it has answered: this
        waits until every request of ours has one."""
        names = ("time", "user", "scheme", "reason", "status", "request")
        file = self.root / "logs/access_log"
        lines = []

        def complete():
            nonlocal lines
            lines = file.read_text().splitlines() if file.exists() else []
            return len(lines) >= self.requests
        self.wait_until(complete, f"to log {self.requests} requests", 5)
        rows = sorted(line.split("\t") for line in lines)
        return [dict(zip(names, row)) for row in rows[-count:]]

    def status(self, path="/server-status"):
        """mod_status, ?auto, as a dict of text."""
        text = self.get(path + "?auto").text
        return dict(line.split(": ", 1) for line in text.splitlines()
                    if ": " in line)


def parse_head(blocks, body):
    if not blocks:
        return client.Response(None, [], body)
    first, *lines = blocks[0].splitlines()
    headers = [tuple(part.strip() for part in line.split(":", 1))
               for line in lines if ":" in line]
    return client.Response(int(first.split()[1]), headers, body)
