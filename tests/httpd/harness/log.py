# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The error log as an oracle: whatever is a warning or worse, and that the test
did not say it would provoke, fails the test."""
import re
import time

from . import build

LINE = re.compile(r"\[[^\]]+\] \[(?P<module>\w*):(?P<level>\w+)\] "
                  r"\[pid \d+(?::tid \d+)?\] ")
HARMLESS = {"notice", "info", "debug", *(f"trace{n}" for n in range(1, 9))}

# A child that a signal ended, whatever level that is logged at.
CRASHED = re.compile(r"AH0005[012]:.*exit signal|seg fault|Sanitizer")

# Stopping a server whose children still hold a connection.
STOPPING = re.compile(r"AH00045: child process \d+ still did not exit|"
                      r"AH0309[0-9]: \w+: apr_pollset_add failure")

# A distribution that built mod_ssl with an OpenSSL newer than the one it
# installs beside it.
OLDER_OPENSSL = re.compile(r"\[ssl:warn\] .*AH01882:")

# mpm_event, told to stop while a worker is at the end of a connection, now and
# then reads what the worker has just let go; with or without our modules. The
# sanitizer run does not excuse it.
CRASHED_AT_STOP = re.compile(r"AH00052:.*exit signal Segmentation fault")


class Log:
    def __init__(self, path):
        self.path = path
        self.seen = 0        # lines that earlier tests answer for
        self.allowed = set() # indexes of lines that this test announced
        self.stopped_at = None # the line that httpd was told to stop at

    def lines(self):
        try:
            text = self.path.read_text("utf-8", "replace")
        except FileNotFoundError:
            return []
        return text.split("\n")[:-1]

    def new(self):
        """The lines since the test began."""
        return self.lines()[self.seen:]

    def find(self, text):
        """The new lines that hold the text, or match it if it is compiled."""
        return [self.lines()[i] for i in self.indexes(text)]

    def indexes(self, text):
        holds = (text.search if isinstance(text, re.Pattern)
                 else lambda line: text in line)
        return [i for i, line in enumerate(self.lines())
                if i >= self.seen and holds(line)]

    def expects(self, text, times=None, within=5):
        """The test provokes such lines: at least one, or exactly so many.
        Waits for them. Returns the lines."""
        end = time.monotonic() + within
        while True:
            found = self.indexes(text)
            if len(found) >= (times or 1) or time.monotonic() > end:
                break
            time.sleep(0.01)
        assert found, f"nothing like {text!r} in the log:\n{self.tail()}"
        assert times in (None, len(found)), (
            f"{len(found)} lines, not {times}, like {text!r}:\n{self.tail()}")
        self.allowed |= set(found)
        return [self.lines()[i] for i in found]

    def allows(self, text):
        """Such lines may come, or not: where chance decides."""
        self.allowed |= set(self.indexes(text))

    def told_to_stop(self):
        self.stopped_at = len(self.lines())

    def _is_excused(self, i, line):
        if STOPPING.search(line) or OLDER_OPENSSL.search(line):
            return True
        return (self.stopped_at is not None and i >= self.stopped_at
                and not build.SANITIZE and CRASHED_AT_STOP.search(line))

    def offences(self):
        found = []
        for i, line in enumerate(self.lines()):
            if (i < self.seen or i in self.allowed
                    or self._is_excused(i, line)):
                continue
            match = LINE.match(line)
            if (not match or match["level"] not in HARMLESS
                    or CRASHED.search(line)):
                found.append(line)
        return found

    def next_test(self):
        self.seen = len(self.lines())

    def tail(self, count=30):
        return "\n".join(self.new()[-count:])
