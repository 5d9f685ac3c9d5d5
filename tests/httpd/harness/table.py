# Licensed under the Apache License, Version 2.0; see LICENSE.
"""tests/httpd/clients/expected.txt, and docs/clients.md that is made of what a
run has seen and of the notes there."""
import os
import subprocess

from . import build

EXPECTED = build.TOP / "tests/httpd/clients/expected.txt"
PAGE = build.TOP / "docs/clients.md"
VERSIONS = "Versions when this page was last written: "
PACKAGES = """
aria2 cadaver chromium-headless-shell curl elinks firefox-esr git httpie
libhttpclient-java libneon27-gnutls libserf-1-1 libsoup-3.0-0 libwww-perl lftp
links lynx openjdk-17-jre-headless php-curl python3-aiohttp python3-httpx
python3-mechanize python3-requests python3-requests-toolbelt python3
ruby-httpclient ruby-mechanize siege subversion w3m wget wget2
""".split()

INTRODUCTION = """\
# Clients

Which clients get in where `AuthType "Digest Bearer HOBA Mutual AWS4-HMAC-SHA256 Basic"` stands, and with what. This page is written by
tests/httpd/test_clients.py, which drives every client of the table against a server and reads the server's log; the test
fails when a client does something else than what stands here. Run it with `AUTHSCHEME_WRITE_DOCS=1` to write the page anew.

## What to list

- **`DigestAlgorithm SHA-256 MD5`** lets most in with the best they have. Five look at the first Digest only and must find
  MD5 there (urllib, mechanize for Python and Ruby, w3m, lftp): for them it has to be `MD5` alone, which everybody knows.
  `SHA-256` alone keeps all out that have no SHA-256 in its column.
- **Digest first, Basic last.** Clients that look at the first challenge only (needle, urllib) need Digest there; wget looks
  at the last one. And clients that take the first challenge they know send a password in the clear where Basic comes first.
- **Basic wherever the clients may be any**, over TLS. Eight of the clients below get in with Basic alone.
- **Without Basic** everybody in the column "no Basic" gets in; no browser is lost.
- **Bearer, HOBA, Mutual and AWS4 disturb nobody**: each challenge is a field line of its own, and a client that doesn't know one passes it
  by. Do not join them (`AuthChallengeForm list`).
- **ASCII in names and passwords** if the clients are not known: see the column "Jürgen".
- Never list Negotiate unless everybody has a ticket: curl, git and PHP then try nothing else.

## Who gets in

Digest is that of mod_authscheme_digest, with `DigestAlgorithm SHA-256 MD5`. The columns: the list over plain HTTP, over TLS, and
over HTTP/2 where the client speaks it; the list without Basic, then also with SHA-256 alone, and with MD5 alone; the list
without Digest; and the whole list for a user `Jürgen` with the password `paßwörd`, stored as UTF-8.
In the cells: `-` the client sent nothing; `x` what it sent was of no use; `.` it speaks no HTTP/2.
Each client was also given a wrong password, and got in with none.

"""


def read_expected():
    """client -> (cells, note)"""
    rows, cells, notes = {}, [], []
    for line in EXPECTED.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            notes.append(line.strip())
            continue
        name, *cells = line.split("  ")
        cells = [cell.strip() for cell in cells if cell]
        notes = []
        rows[name] = cells, notes
    return {name: (cells, " ".join(notes))
            for name, (cells, notes) in rows.items()}


def line(cells):
    return "| " + " | ".join(cells) + " |\n"


def page(titles, rows, notes):
    """docs/clients.md, but for the line of versions."""
    text = INTRODUCTION + line(["client", *titles])
    text += line(["---"] * (len(titles) + 1))
    for name, cells in rows.items():
        text += line([name, *(cells[title] for title in titles)])
    text += "\n## Why\n\n"
    for name, note in notes.items():
        if note:
            text += f"- **{name}**: {note}\n"
    return text


def checked_in():
    text = PAGE.read_text() if PAGE.exists() else ""
    return text.partition("\n" + VERSIONS)[0]


def versions():
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
        text=True, capture_output=True, check=False).stdout
    return ", ".join(sorted(filter(None, listed.splitlines())))


def write(text):
    PAGE.write_text(f"{text}\n{VERSIONS}{versions()}.\n")


def asked_to_write():
    return bool(os.environ.get("AUTHSCHEME_WRITE_DOCS"))
