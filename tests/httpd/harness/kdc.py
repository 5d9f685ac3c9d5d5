# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A Kerberos realm of its own on a free loopback port."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from .server import free_port, wait_for_port

REALM = "EXAMPLE.TEST"
SERVICE = f"HTTP/localhost@{REALM}"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Kdc:
    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="authscheme-kdc-"))
        self.root.chmod(0o755)
        self.port = free_port()
        self.keytab = self.root / "http.keytab"
        self.environ = {"KRB5_CONFIG": str(self.root / "krb5.conf"),
                        "KRB5_KDC_PROFILE": str(self.root / "kdc.conf"),
                        "KRB5CCNAME": f"FILE:{self.root}/ccache"}
        self._write_conf()
        self.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
        self.process = subprocess.Popen(
            [shutil.which("krb5kdc", path=PATH), "-n", "-P",
             self.root / "kdc.pid"], env=self._env(), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)
        self.kadmin(f"addprinc -randkey {SERVICE}")
        self.kadmin(f"ktadd -k {self.keytab} {SERVICE}")
        self.keytab.chmod(0o644)

    def _write_conf(self):
        (self.root / "krb5.conf").write_text(f"""
[libdefaults]
    default_realm = {REALM}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
    {REALM} = {{
        kdc = 127.0.0.1:{self.port}
    }}
[domain_realm]
    localhost = {REALM}
""")
        (self.root / "kdc.conf").write_text(f"""
[kdcdefaults]
    kdc_listen = 127.0.0.1:{self.port}
    kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
    {REALM} = {{
        database_name = {self.root}/principal
        key_stash_file = {self.root}/stash
        acl_file = {self.root}/acl
    }}
[logging]
    kdc = FILE:{self.root}/kdc.log
""")

    def _env(self):
        return {"PATH": PATH, **self.environ}

    def run(self, name, *arguments, **more):
        done = subprocess.run([shutil.which(name, path=PATH), *arguments],
                              env=self._env(), text=True, capture_output=True,
                              **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kadmin(self, command):
        return self.run("kadmin.local", "-r", REALM, "-q", command)

    def add_user(self, name, password):
        self.kadmin(f"addprinc -pw {password} {name}@{REALM}")

    def sign_in(self, name, password):
        """Gets the client's ticket, into a cache of its own."""
        self.run("kinit", f"{name}@{REALM}", input=password + "\n")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.root, ignore_errors=True)
