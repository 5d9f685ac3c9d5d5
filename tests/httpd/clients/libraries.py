# Licensed under the Apache License, Version 2.0; see LICENSE.
"""libraries.py LIBRARY USER PASSWORD URL... - a session of its own for every
URL, as the library's manual shows it. What comes back does not matter here:
the server's log tells who got in."""
import asyncio
import os
import ssl
import sys
import urllib.request

CERTIFICATE = os.environ["SSL_CERT_FILE"]
SECONDS = 10


def requests_digest(user, password, url):
    import requests
    requests.get(url, auth=requests.auth.HTTPDigestAuth(user, password),
                 verify=CERTIFICATE, timeout=SECONDS)


def requests_guess(user, password, url):
    import requests
    from requests_toolbelt import GuessAuth
    requests.get(url, auth=GuessAuth(user, password), verify=CERTIFICATE,
                 timeout=SECONDS)


def httpx_digest(user, password, url):
    import httpx
    with httpx.Client(http2=True, verify=CERTIFICATE, timeout=SECONDS) as client:
        client.get(url, auth=httpx.DigestAuth(user, password))


def aiohttp_basic(user, password, url):
    import aiohttp

    async def get():
        auth = aiohttp.BasicAuth(user, password, "utf-8")
        tls = ssl.create_default_context(cafile=CERTIFICATE)
        async with aiohttp.ClientSession(auth=auth) as session:
            async with session.get(url, ssl=tls) as answer:
                await answer.read()
    asyncio.run(get())


def urllib_both(user, password, url):
    known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, url, user, password)
    tls = ssl.create_default_context(cafile=CERTIFICATE)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=tls),
        urllib.request.HTTPDigestAuthHandler(known),
        urllib.request.HTTPBasicAuthHandler(known))
    opener.open(url, timeout=SECONDS).read()


def mechanize(user, password, url):
    import mechanize
    browser = mechanize.Browser()
    browser.set_handle_robots(False)
    browser.set_ca_data(cafile=CERTIFICATE)
    browser.add_password(url, user, password)
    browser.open(url, timeout=SECONDS)


def libsoup(user, password, url):
    import gi
    gi.require_version("Soup", "3.0")
    from gi.repository import Gio, GLib, Soup
    session = Soup.Session(timeout=SECONDS)
    session.set_tls_database(Gio.TlsFileDatabase.new(CERTIFICATE))
    message = Soup.Message.new("GET", url)

    def authenticate(_message, auth, retrying):
        if not retrying:
            auth.authenticate(user, password)
        return not retrying
    message.connect("authenticate", authenticate)
    session.send_and_read(message, None)


def main(name, user, password, *urls):
    library = globals()[name]
    for url in urls:
        try:
            library(user, password, url)
        except Exception as error:
            print(f"{url}: {type(error).__name__}: {error}", file=sys.stderr)


main(*sys.argv[1:])
