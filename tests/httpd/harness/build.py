# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Where things are: httpd, its modules, and what was just built."""
import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[3]
SANITIZE = bool(os.environ.get("AUTHSCHEME_SANITIZE"))


def program(*names):
    return next(filter(None, map(shutil.which, names)))


@functools.cache
def apxs(name):
    return subprocess.run([program("apxs", "apxs2"), "-q", name], check=True,
                          text=True, capture_output=True).stdout.strip()


@functools.cache
def httpd():
    return pathlib.Path(apxs("SBINDIR"), apxs("PROGNAME"))


def build_dir():
    """Of build/check, or when run by hand the developer's, or the last one
    that build/check left."""
    told = os.environ.get("AUTHSCHEME_BUILD")
    dev = TOP / "build/out/dev"
    if told or dev.exists():
        return pathlib.Path(told or dev)
    return TOP / "build/out/check"


@functools.cache
def our_modules():
    """name in LoadModule -> file, of what build/check staged or, when pytest
    is run by hand, of build_dir()."""
    staged = os.environ.get("AUTHSCHEME_MODULES")
    where = pathlib.Path(staged) if staged else build_dir() / ".libs"
    files = sorted(where.glob("mod_authscheme*.so"))
    assert files, f"no modules of ours in {where}: run make, or build/check"
    return {file.stem.removeprefix("mod_") + "_module": file
            for file in files}


@functools.cache
def stock_module(name):
    """The file of one of httpd's modules, or None. Modules of other packages
    may lie unpacked beside the build."""
    for root in ("", TOP / "build/out/unpacked"):
        file = pathlib.Path(f"{root}{apxs('LIBEXECDIR')}/mod_{name}.so")
        if file.exists():
            return file
    return None


@functools.cache
def has_builtin(name):
    listed = subprocess.run([httpd(), "-l"], text=True,
                            capture_output=True).stdout
    return f"mod_{name}.c" in listed


@functools.cache
def sanitizer_preload():
    """What must be in LD_PRELOAD for modules built with the sanitizers."""
    shim = build_dir() / "palloc_shim.so"
    source = TOP / "tests/httpd/asan/palloc_shim.c"
    include = subprocess.run([apxs("APR_CONFIG"), "--includes", "--cppflags"],
                             text=True, capture_output=True, check=True).stdout
    subprocess.run(["gcc", "-O1", "-g", "-fPIC", "-shared", "-Wall", "-Wextra",
                    *include.split(), "-o", shim, source, "-ldl"], check=True)
    libs = [subprocess.run(["gcc", f"-print-file-name={lib}"], text=True,
                           capture_output=True, check=True).stdout.strip()
            for lib in ("libasan.so", "libubsan.so")]
    return ":".join([*libs, str(shim)])


def header_dir():
    """Where authscheme.h is installed; in the source tree by default."""
    return os.environ.get("AUTHSCHEME_INCLUDE") or TOP / "modules/include"


@functools.cache
def third_party(source):
    """Builds a scheme of one file as its author would: apxs -c against the
    installed header. Returns {name in LoadModule: file}."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="authscheme-apxs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = pathlib.Path(shutil.copy(TOP / source, folder))
    more = ["-Wc,-fsanitize=address,undefined",
            "-Wl,-fsanitize=address,undefined"] if SANITIZE else []
    done = subprocess.run(
        [program("apxs", "apxs2"), "-c", f"-I{header_dir()}",
         "-Wc,-Wall -Wextra -Wstrict-prototypes -Werror", *more, file.name],
        cwd=folder, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.stem.removeprefix("mod_") + "_module":
            folder / ".libs" / f"{file.stem}.so"}
