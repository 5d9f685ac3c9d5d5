# Licensed under the Apache License, Version 2.0; see LICENSE.
"""An httpd with one configuration, and what it costs the machine."""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "httpd"))
from harness import build  # noqa: E402

STOCK = ("mpm_event authn_core authn_file authz_core authz_user authz_host "
         "auth_basic mime dir").split()
# Of other packages, loaded everywhere if they are there: what is compared are
# our modules.
EXTRA = ("auth_gssapi", "dbd")
WAIT = 30

BASE = """
ServerRoot "{root}"
ServerName localhost
DefaultRuntimeDir .
PidFile httpd.pid
ErrorLog error_log
LogLevel warn
{user}
{load}
Listen 127.0.0.1:{port}
StartServers 1
ServerLimit 1
ThreadLimit 8
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 600
Timeout 600
TypesConfig mime.types
DocumentRoot htdocs
<Directory "/">
    AllowOverride None
    Require all denied
</Directory>
<Directory "{root}">
    Require all granted
</Directory>
"""


class Failed(Exception):
    """What the user should read instead of a traceback."""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def module_file(name):
    """A module of ours or of httpd, or None."""
    with contextlib.suppress(AssertionError):
        if f"{name}_module" in build.our_modules():
            return build.our_modules()[f"{name}_module"]
    return build.stock_module(name)


def is_there(name):
    return build.has_builtin(name) or module_file(name) is not None


class Server:
    def __init__(self, folder, conf="", modules="", files=None, cpus=None):
        """conf: directives; {root} and {port} are replaced in it. modules:
        names beside the usual ones. files: name -> bytes. cpus: where it may
        run, or None."""
        self.root = folder
        self.port = free_port()
        self.cpus = cpus
        self.process = None
        (folder / "htdocs").mkdir(parents=True)
        (folder / "htdocs/index.html").write_text("hello\n")
        (folder / "mime.types").write_text("text/html html\n")
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o640)
        user = ""
        if os.geteuid() == 0:
            user = "User www-data\nGroup www-data"
        load = [f'LoadModule {name}_module "{module_file(name)}"'
                for name in (*STOCK, *filter(is_there, EXTRA),
                             *modules.split())
                if not build.has_builtin(name)]
        conf = conf.replace("{root}", str(folder)).replace("{port}",
                                                           str(self.port))
        base = BASE.format(root=folder, port=self.port, user=user,
                           load="\n".join(load))
        (folder / "httpd.conf").write_text(base + conf)

    # ---- its life ----------------------------------------------------

    def _settle(self):
        if self.cpus:
            os.sched_setaffinity(0, self.cpus)

    def start(self):
        """Returns when it listens."""
        if os.geteuid() == 0: # its children write there, not only read
            for file in (self.root, *self.root.rglob("*")):
                shutil.chown(file, "www-data", "www-data")
        with open(self.root / "stderr", "wb") as stderr:
            self.process = subprocess.Popen(
                [str(build.httpd()), "-d", str(self.root), "-f",
                 str(self.root / "httpd.conf"), "-DFOREGROUND"],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                start_new_session=True, preexec_fn=self._settle)
        self.wait(self._listens, "to listen")

    def _listens(self):
        if self.process.poll() is not None:
            raise Failed(f"httpd did not start: {self.said()}")
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def wait(self, condition, what):
        end = time.monotonic() + WAIT
        while not condition():
            if time.monotonic() > end:
                raise Failed(f"httpd took too long {what}: {self.said()}")
            time.sleep(0.002)

    def ask(self, path="/", method="GET", **headers):
        """One request before anything is timed: the answer's headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with contextlib.closing(connection):
            connection.request(method, path, headers={
                "Host": f"localhost:{self.port}", **headers})
            return connection.getresponse().headers

    def ask_status(self, path, authorization):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={
                "Authorization": authorization})
            return connection.getresponse().status

    def said(self):
        files = [self.root / "stderr", self.root / "error_log"]
        return "\n".join(file.read_text("utf-8", "replace")[-2000:].strip()
                         for file in files if file.exists())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(WAIT)

    # ---- what it costs -----------------------------------------------

    def processes(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [pid, *map(int, children.split())]

    def processor_time(self):
        """Seconds, user and system together, of all its threads. The scheduler
        counts nanoseconds; /proc/PID/stat would count in hundredths."""
        total = 0
        for pid in self.processes():
            for task in os.listdir(f"/proc/{pid}/task"):
                name = f"/proc/{pid}/task/{task}/schedstat"
                # A thread of httpd's start may end while we look.
                with contextlib.suppress(FileNotFoundError):
                    total += int(pathlib.Path(name).read_text().split()[0])
        return total / 1e9

    def resident(self):
        """Kilobytes: (of its own, shared memory)."""
        own = shared = 0
        for pid in self.processes():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text() \
                    .splitlines():
                name, _, value = line.partition(":")
                if name == "RssAnon":
                    own += int(value.split()[0])
                if name == "RssShmem":
                    shared += int(value.split()[0])
        return own, shared


    def forget_peak(self):
        for pid in self.processes():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self):
        """Kilobytes that the largest process had since then."""
        texts = (pathlib.Path(f"/proc/{pid}/status").read_text()
                 for pid in self.processes())
        return max(int(re.search(r"VmHWM:\s+(\d+)", text)[1])
                   for text in texts)


class Program:
    """A small program of ours that answers each line with one line."""

    def __init__(self, *command, cpus=None):
        def settle():
            if cpus:
                os.sched_setaffinity(0, cpus)
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=settle)

    def ask(self, line):
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Failed(self.process.stderr.read().strip())
        return answer.split()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(WAIT)
        self.process.stdout.close()
        self.process.stderr.close()


def compile_program(source, folder, *libraries):
    program = folder / source.stem
    done = subprocess.run(
        [os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra",
         "-o", program, source, *libraries], text=True, capture_output=True)
    if done.returncode != 0:
        raise Failed(f"{source.name} does not compile: {done.stderr.strip()}")
    return program
