# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Real clients at a place that lists Digest, Bearer, HOBA, Mutual, AWS4 and Basic: who gets in
with what is in clients/expected.txt, with a reason where it is not the best that
the client could do."""
import re

import pytest

from harness import table
from harness.clients import CLIENTS
from harness.matrix import COLUMNS, Matrix

EXPECTED = table.read_expected()
TITLES = [title for title in COLUMNS if title != "wrong"]
# What a refused client leaves in the log. A header that is malformed, and not
# merely wrong, is not among it, but for what clients are known for: numbers of
# MD5 under the name of SHA-256 (lftp, svn), and Digest at Bearer's challenge
# (digest-fetch).
REFUSED = re.compile(
    r"authscheme: refused status=401 .* problem=(invalid|unoffered|unknown) |"
    r"AH0(1617|1618):|"
    r"problem=unacceptable .*: an algorithm that DigestAlgorithm does not list|"
    r"problem=malformed .*: response is not a hash of the algorithm|"
    r"status=400 scheme=Digest problem=malformed .*: no nonce|"
    r"status=400 scheme=Bearer problem=malformed .*/no-digest/")


@pytest.fixture(scope="module")
def seen(httpd_module):
    matrix = Matrix(httpd_module).send_all()
    matrix.site.log.allows(REFUSED)
    matrix.offences = matrix.site.offences()
    return matrix


def row(seen, client):
    cells = seen.row(client)
    del cells["wrong"]
    return cells


def expected(client):
    return dict(zip(TITLES, EXPECTED[client][0], strict=True))


def needs(seen, client):
    if client in seen.missing:
        pytest.skip(seen.missing[client])


def test_every_client_is_expected():
    assert list(EXPECTED) == list(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_who_gets_in(seen, client):
    needs(seen, client)
    assert row(seen, client) == expected(client), seen.said[client]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wrong_password_gets_nobody_in(seen, client):
    needs(seen, client)
    assert seen.cell(client, "wrong") in ("x", "-")


def test_nobody_is_more_than_refused(seen):
    """Whatever the clients have sent, httpd's log has nothing else to tell."""
    assert seen.offences == []


def test_the_page_says_what_was_seen(seen):
    """docs/clients.md; AUTHSCHEME_WRITE_DOCS=1 writes it anew."""
    rows = {name: expected(name) if name in seen.missing else row(seen, name)
            for name in CLIENTS}
    text = table.page(TITLES, rows,
                      {name: note for name, (_, note) in EXPECTED.items()})
    if table.asked_to_write():
        table.write(text)
    assert table.checked_in() == text
