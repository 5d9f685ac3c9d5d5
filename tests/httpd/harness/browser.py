# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Headless browsers, driven over their WebSockets: Chromium by the DevTools
protocol, Firefox by WebDriver BiDi.

    with Chromium(folder) as browser, browser.page("alice", "secret") as page:
        page.open(url)
        page.prompts  # how often the browser would have asked for a password
        page.images() # of them loaded, and in all

A page is a profile of its own: nothing that another one signed in with is known.
Nothing but 127.0.0.1 is talked to; a browser is ended by its process group.
"""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import websocket

SECONDS = 30
COUNT_IMAGES = """(() => {
    const images = [...document.images];
    return [images.filter(i => i.complete && i.naturalWidth > 0).length,
            images.length].join();
})()"""


class Browser:
    """The process, and its one socket."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "profile"
        self.folder.mkdir()
        self.prepare()
        self.said = open(self.folder / "said", "wb")
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=self.said,
            stderr=self.said, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                 "LC_ALL": "C.UTF-8", "TMPDIR": str(self.folder)})
        self.socket = None
        self.number = 0
        self.events = []
        try:
            self.socket = websocket.create_connection(
                self.wait_for(self.address, "an address"), timeout=SECONDS,
                suppress_origin=True, http_no_proxy="127.0.0.1")
            self.greet()
        except BaseException:
            self.close()
            raise

    def prepare(self):
        pass

    def greet(self):
        pass

    def wait_for(self, condition, what):
        end = time.monotonic() + SECONDS
        while not (value := condition()):
            assert self.process.poll() is None and time.monotonic() < end, (
                f"no {what}:\n"
                + (self.folder / "said").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.01)
        return value

    def tell(self, method, **more):
        """Sends a command and does not wait for what comes of it."""
        self.number += 1
        params = more.pop("params", {})
        self.socket.send(json.dumps({"id": self.number, "method": method,
                                     "params": params, **more}))
        return self.number

    def read(self):
        return json.loads(self.socket.recv())

    def ask(self, method, handle, **more):
        """Sends a command and returns its result; events that come before it
        go to handle()."""
        number = self.tell(method, **more)
        while True:
            message = self.read()
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message}"
                return message["result"]
            if "method" in message:
                handle(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.socket:
            with contextlib.suppress(OSError, websocket.WebSocketException):
                self.socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.said.close()


class Page:
    """What both browsers' pages have."""

    def __init__(self, browser, user, password):
        self.browser = browser
        self.user, self.password = user, password
        self.prompts = 0
        self.asked = {} # request -> how often

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def first_time(self, request):
        """A user who is asked again for the same thing gives up."""
        self.prompts += 1
        self.asked[request] = self.asked.get(request, 0) + 1
        return self.asked[request] == 1

    def images(self):
        """(loaded, in all)"""
        return tuple(map(int, self.evaluate(COUNT_IMAGES).split(",")))

    def text(self):
        return self.evaluate("document.body.innerText")


# ---- Chromium --------------------------------------------------------------

class Chromium(Browser):
    def command(self):
        return ["chromium-headless-shell", "--headless", "--no-sandbox",
                "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-extensions",
                "--disable-background-networking", "--disable-sync",
                "--disable-component-update", "--no-proxy-server",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
                "--ignore-certificate-errors",
                "--remote-debugging-address=127.0.0.1",
                "--remote-debugging-port=0",
                f"--user-data-dir={self.folder}", "about:blank"]

    def address(self):
        with contextlib.suppress(FileNotFoundError, ValueError):
            port, path = (self.folder
                          / "DevToolsActivePort").read_text().split()
            return f"ws://127.0.0.1:{port}{path}"
        return None

    def page(self, user, password):
        return ChromiumPage(self, user, password)


class ChromiumPage(Page):
    def __init__(self, browser, user, password):
        super().__init__(browser, user, password)
        self.session = None
        self.context = self.call("Target.createBrowserContext")[
            "browserContextId"]
        target = self.call("Target.createTarget", url="about:blank",
                           browserContextId=self.context)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Fetch.enable", handleAuthRequests=True)
        self.loaded = False

    def call(self, method, **params):
        more = {"sessionId": self.session} if self.session else {}
        return self.browser.ask(method, self.handle, params=params, **more)

    def tell(self, method, **params):
        self.browser.tell(method, sessionId=self.session, params=params)

    def handle(self, event):
        method, params = event["method"], event["params"]
        if event.get("sessionId") != self.session:
            return
        if method == "Fetch.requestPaused":
            self.tell("Fetch.continueRequest", requestId=params["requestId"])
        elif method == "Fetch.authRequired":
            self.answer(params["requestId"])
        elif method == "Page.loadEventFired":
            self.loaded = True

    def answer(self, request):
        said = ({"response": "ProvideCredentials", "username": self.user,
                 "password": self.password} if self.first_time(request)
                else {"response": "CancelAuth"})
        self.tell("Fetch.continueWithAuth", requestId=request,
                  authChallengeResponse=said)

    def open(self, url):
        """Loads it, with everything that is in it."""
        self.loaded = False
        result = self.call("Page.navigate", url=url)
        if result.get("errorText"):
            return
        end = time.monotonic() + SECONDS
        while not self.loaded:
            assert time.monotonic() < end, f"{url} does not load"
            message = self.browser.read()
            if "method" in message:
                self.handle(message)

    def evaluate(self, script):
        return self.call("Runtime.evaluate", expression=script,
                         awaitPromise=True)["result"].get("value")

    def close(self):
        self.session = None
        self.call("Target.disposeBrowserContext",
                  browserContextId=self.context)


# ---- Firefox ---------------------------------------------------------------

QUIET = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "captivedetect.canonicalURL": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.localDomains": "localhost",
    "network.proxy.type": 0,
    "network.trr.mode": 5,
    "remote.active-protocols": 1,
    "remote.bidi.dismiss_file_pickers.enabled": True,
    "security.OCSP.enabled": 0,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
}


class Firefox(Browser):
    def prepare(self):
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});"
                 for k, v in QUIET.items()]
        (self.folder / "user.js").write_text("\n".join(lines) + "\n")

    def command(self):
        return ["firefox-esr", "--headless", "--no-remote", "--profile",
                str(self.folder), "--remote-debugging-port=0", "about:blank"]

    def address(self):
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
            server = json.loads(
                (self.folder / "WebDriverBiDiServer.json").read_text())
            return f"ws://{server['ws_host']}:{server['ws_port']}/session"
        return None

    def greet(self):
        ignore = lambda event: None
        self.ask("session.new", ignore, params={"capabilities": {
            "alwaysMatch": {"acceptInsecureCerts": True}}})
        self.ask("session.subscribe", ignore,
                 params={"events": ["network.authRequired"]})
        self.ask("network.addIntercept", ignore,
                 params={"phases": ["authRequired"]})

    def page(self, user, password):
        return FirefoxPage(self, user, password)


class FirefoxPage(Page):
    def __init__(self, browser, user, password):
        super().__init__(browser, user, password)
        self.user_context = self.call("browser.createUserContext")[
            "userContext"]
        self.context = self.call("browsingContext.create", type="tab",
                                 userContext=self.user_context)["context"]

    def call(self, method, **params):
        return self.browser.ask(method, self.handle, params=params)

    def handle(self, event):
        if event["method"] != "network.authRequired":
            return
        request = event["params"]["request"]["request"]
        if self.first_time(request):
            said = {"action": "provideCredentials", "credentials": {
                "type": "password", "username": self.user,
                "password": self.password}}
        else:
            said = {"action": "cancel"}
        self.browser.tell("network.continueWithAuth",
                          params={"request": request, **said})

    def open(self, url):
        with contextlib.suppress(AssertionError):
            self.call("browsingContext.navigate", context=self.context,
                      url=url, wait="complete")

    def evaluate(self, script):
        answer = self.call("script.evaluate", expression=script,
                           target={"context": self.context},
                           awaitPromise=True)
        return answer.get("result", {}).get("value")

    def close(self):
        self.call("browser.removeUserContext", userContext=self.user_context)
