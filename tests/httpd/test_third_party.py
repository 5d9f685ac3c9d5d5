# Licensed under the Apache License, Version 2.0; see LICENSE.
"""A scheme of somebody else: one file, `apxs -c`, and it stands in a list."""

from harness.build import TOP
from harness.client import basic
from harness.server import TOY

KEY = "c29tZXRoaW5nIHNlY3JldA=="
CONF = f"""
<Location "/docs">
    AuthType "Toy Basic"
    AuthName "Docs"
    AuthUserFile conf/users
    ToyKey carol {KEY}
    Require valid-user
</Location>
"""
FILES = {"htdocs/docs/a.txt": "secret\n"}


def test_a_toy_scheme_in_a_list(httpd):
    site = httpd(CONF, files=FILES, sources=[TOY])
    assert site.get("/docs/a.txt").schemes() == ["Toy", "Basic"]

    good = site.get("/docs/a.txt", authorization=f"Toy {KEY}")
    assert (good.status, good.text) == (200, "secret\n")
    assert site.access(1)[0]["user"] == "carol"

    assert site.get("/docs/a.txt", authorization=f"Toy {KEY}x").status == 401
    assert site.get("/docs/a.txt", authorization="Toy Yg==").status == 401
    site.log.expects("nobody has this key", times=1)
    site.log.expects("not in the scheme's syntax", times=1)

    assert site.get("/docs/a.txt", authorization=basic(
        "alice", "wonderland")).status == 200


def test_it_is_as_short_as_promised():
    assert len((TOP / TOY).read_text().splitlines()) <= 60
