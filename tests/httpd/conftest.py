# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Fixtures of the server tests.

    def test_it(httpd):
        site = httpd('<Location "/docs"> ... </Location>')
        assert site.get("/docs/", authorization="...").status == 401
        site.log.expects("what the test provokes")

httpd(...) starts a server; its arguments are those of harness.server.Server.
After the test the error log must hold no warning, error or crash that the test
did not announce, and the sanitizers (AUTHSCHEME_SANITIZE=1) no report.
"""
import subprocess
import sys

import pytest

from harness.server import MPMS, Server, free_port, wait_for_port

live = []


def blame(offences):
    """Fails the test for what it did not announce; the first few will do."""
    if offences:
        pytest.fail("\n".join(["not announced:", *offences[:12]]),
                    pytrace=False)


class Farm:
    """Starts servers and ends them."""

    def __init__(self):
        self.servers = []

    def __call__(self, conf="", **more):
        server = self.prepare(conf, **more)
        server.start()
        return server

    def prepare(self, conf="", **more):
        """A server that is not started yet."""
        server = Server(conf, **more)
        self.servers.append(server)
        live.append(server)
        return server

    def config_error(self, conf, **more):
        """Why httpd does not start with this."""
        return self.prepare(conf, **more).config_error()

    def close(self):
        offences = []
        for server in self.servers:
            live.remove(server)
            try:
                server.stop()
            finally:
                offences += server.offences()
                server.remove()
        blame(offences)


@pytest.fixture
def httpd():
    """Servers of one test."""
    farm = Farm()
    yield farm
    farm.close()


@pytest.fixture(scope="module")
def httpd_module():
    """Servers that the tests of one file share."""
    farm = Farm()
    yield farm
    farm.close()


@pytest.fixture(autouse=True)
def clean_log():
    """Servers that are shared answer for each test by itself."""
    for server in live:
        server.log.next_test()
        server.log.allowed.clear()
    yield
    offences = [line for server in live for line in server.offences()]
    for server in live:
        server.log.next_test()
    blame(offences)


@pytest.fixture(params=MPMS)
def mpm(request):
    return request.param


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        report.sections += [(f"error log of {server.url}", server.said())
                            for server in live]


@pytest.fixture(scope="module")
def background():
    """Runs a Python program that is told a free port and must listen there;
    returns the port."""
    started = []

    def start(program):
        port = free_port()
        process = subprocess.Popen([sys.executable, "-c", program, str(port)],
                                   start_new_session=True,
                                   stdin=subprocess.DEVNULL)
        started.append(process)
        wait_for_port(port, process)
        return port
    yield start
    for process in started:
        process.terminate()
        process.wait(10)
