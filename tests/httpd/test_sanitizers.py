# Licensed under the Apache License, Version 2.0; see LICENSE.
"""In a run with sanitizers: they do see what they are meant to see."""

import http.client

import pytest

from harness import build
from harness.server import PROBE

CONF = """
<Location "/docs">
    AuthType "Probe"
    AuthName "Docs"
    Require valid-user
</Location>
"""

if build.SANITIZE:
    @pytest.mark.parametrize("how, report", [
        ("overread", "heap-buffer-overflow"), ("late", "use-after-free")])
    def test_the_sanitizer_sees(httpd, how, report):
        site = httpd(CONF, sources=[PROBE])
        with pytest.raises((http.client.RemoteDisconnected, OSError)):
            site.get("/docs/", authorization=f"Probe misbehave={how}")
        site.log.expects("exit signal Abort")
        found = site.offences()
        assert len(found) == 1
        assert report in found[0]
