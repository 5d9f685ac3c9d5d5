# Licensed under the Apache License, Version 2.0; see LICENSE.
"""htauth as an administrator calls it, and a reader of its file that shares no
code with it."""
import json
import os
import pathlib
import shlex
import subprocess

from . import build

PROGRAM = build.build_dir() / "htauth"
OK, NO, USAGE, DAMAGED, SYSTEM = range(5)
HEADER = "authscheme-credentials 1"


def environment(**more):
    """Without a store of the caller's; sanitizer reports are crashes."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("HTAUTH_", "LC_", "LANG"))}
    return {**env, "LC_ALL": "C.UTF-8", "UBSAN_OPTIONS": "print_stacktrace=1",
            **more}


def words_of(line):
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.quotes = '"'
    lexer.commenters = ""
    return list(lexer)


class Done:
    def __init__(self, process, code):
        self.out = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")
        self.code = process.returncode
        assert self.code == code, (self.code, self.out, self.err)
        assert "Sanitizer" not in self.err and "runtime error" not in self.err

    @property
    def json(self):
        return json.loads(self.out)


class Htauth:
    """Calls with one store: htauth("user", "alice", ..., input="password")."""

    def __init__(self, store):
        self.store = store

    def __call__(self, *words, input="", code=OK, env=None, **more):
        data = input if isinstance(input, bytes) else input.encode()
        process = subprocess.run(
            [PROGRAM, "-f", self.store, *words], input=data,
            capture_output=True, timeout=60, env=environment(**(env or {})),
            **more)
        return Done(process, code)

    def list(self, *words, code=OK):
        return self("list", "--json", *words, code=code).json


class FileStore(Htauth):
    def __init__(self, folder, name="credentials"):
        self.folder = pathlib.Path(folder)
        self.file = self.folder / name
        super().__init__(f"file:{self.file}")

    def lines(self):
        return self.file.read_text().splitlines()

    def write(self, *lines, mode=0o600):
        self.file.write_text("".join(f"{line}\n" for line in lines))
        self.file.chmod(mode)

    def records(self):
        """What stands in the file: kind, id and the named values of each."""
        lines = self.lines()
        assert lines[0] == HEADER
        found = []
        for line in lines[1:]:
            if line.strip() and not line.startswith("#"):
                kind, name, *values = words_of(line)
                found.append({"kind": kind, "id": name,
                              **dict(v.split("=", 1) for v in values)})
        return found

    def record(self, kind, **more):
        """The one such record."""
        found = [r for r in self.records() if r["kind"] == kind
                 and all(r.get(k, "") == v for k, v in more.items())]
        assert len(found) == 1, found
        return found[0]
