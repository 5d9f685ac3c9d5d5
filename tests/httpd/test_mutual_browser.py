# Licensed under the Apache License, Version 2.0; see LICENSE.
"""docs/mutual-in-a-browser at the real module, in Chromium and Firefox: the
page's own code signs in by fetch()."""
import json

import pytest

from harness import build
from harness.browser import Chromium, Firefox
from harness.mutual import add_user, file_store

OURS = tuple(name.removesuffix("_module") for name in build.our_modules())
CONF = f"""
AuthCredentials file:conf/credentials
Alias /demo "{build.TOP}/docs/mutual-in-a-browser"
<Directory "{build.TOP}/docs/mutual-in-a-browser">
    Require all granted
</Directory>
AddType text/javascript .js
<Location "/secret">
    AuthType Mutual
    AuthName "Members"
    MutualPath /secret/
    Require valid-user
</Location>
"""
FILES = {"htdocs/secret/index.html": "hush\n",
         "htdocs/secret/more.txt": "more\n"}
BROWSERS = {"Chromium": Chromium, "Firefox": Firefox}
USE = """(() => {
    document.getElementById("user").value = %s;
    document.getElementById("password").value = %s;
    document.querySelector("#who button").click();
})()"""
FETCH = """new Promise(done => {
    const outcome = document.getElementById("outcome");
    const seen = new MutationObserver(() => {
        if (outcome.innerText.startsWith("Fetching"))
            return;
        seen.disconnect();
        done([outcome.innerText,
              document.getElementById("body").innerText].join("\\n--\\n"));
    });
    seen.observe(outcome, { childList: true });
    document.getElementById("address").value = %s;
    document.querySelector("#what button").click();
})"""


@pytest.fixture(scope="module")
def site(httpd_module):
    site = httpd_module.prepare(CONF, files=FILES, ours=OURS)
    store = file_store(site)
    add_user(store, "alice", "wonderland", f"http://localhost:{site.port}",
             realm="Members")
    return site.start()


@pytest.fixture(params=BROWSERS)
def page(request, site, tmp_path):
    with BROWSERS[request.param](tmp_path) as browser, \
            browser.page("nobody", "nothing") as tab:
        tab.open(site.url + "/demo/index.html")
        yield tab
        assert tab.prompts == 0


def fetch(page, address):
    return page.evaluate(FETCH % json.dumps(address)).split("\n--\n")


def test_the_page_signs_in(site, page):
    page.evaluate(USE % ('"alice"', '"wrong"'))
    said, shown = fetch(page, "/secret/")
    assert "does not know this user and password" in said
    assert shown == "Nothing yet."
    site.log.expects("problem=invalid", 1)

    page.evaluate(USE % ('"alice"', '"wonderland"'))
    said, shown = fetch(page, "/secret/")
    assert "You proved to the server" in said
    assert "The server proved to you" in said and "request 0" in said
    assert "hush" in shown
    said, shown = fetch(page, "/secret/more.txt")
    assert "The server proved to you" in said and "request 1" in said
    assert "more" in shown
