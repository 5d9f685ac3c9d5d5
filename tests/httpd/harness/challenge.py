# Licensed under the Apache License, Version 2.0; see LICENSE.
"""WWW-Authenticate read by the letter of RFC 9110, sections 5.6 and 11.6.1.

What a server of ours sends must get through this reader, line by line and with
all lines joined; it is stricter than a client has to be.
"""
import re

TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
TOKEN68 = r"[A-Za-z0-9\-._~+/]+=*"
QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
PARAM = re.compile(rf"({TOKEN})[ \t]*=[ \t]*({TOKEN}|{QUOTED})")
SCHEME = re.compile(rf"({TOKEN})(?: +|(?=,|$))")
TOKEN68_END = re.compile(rf"({TOKEN68})(?=[ \t]*(?:,|$))")
COMMA = re.compile(r"[ \t]*,[ \t]*")


class Malformed(ValueError):
    pass


class Challenge:
    """One challenge: its scheme, and its parameters in the order sent."""

    def __init__(self, scheme):
        self.scheme = scheme
        self.token68 = None
        self.pairs = []

    def __getitem__(self, name):
        return dict(self.pairs)[name.lower()]

    def __contains__(self, name):
        return name.lower() in dict(self.pairs)

    def get(self, name, default=None):
        return dict(self.pairs).get(name.lower(), default)

    @property
    def names(self):
        return [name for name, _ in self.pairs]

    def __repr__(self):
        return f"<{self.scheme} {self.token68 or self.pairs}>"


def unquote(value):
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.S)


def parse_params(text, at, params):
    """#auth-param from `at`; returns where it ends. A comma that is followed
    by something else than a parameter ends it too."""
    while True:
        match = PARAM.match(text, at)
        if not match:
            return at
        name = match[1].lower()
        if name in dict(params):
            raise Malformed(f"{name} twice in {text!r}")
        params.append((name, unquote(match[2])))
        at = match.end()
        comma = COMMA.match(text, at)
        if not comma or not PARAM.match(text, comma.end()):
            return at
        at = comma.end()


def parse(text):
    """The challenges of one field value."""
    challenges = []
    at = 0
    while True:
        match = SCHEME.match(text, at)
        if not match:
            raise Malformed(f"no challenge at {at} of {text!r}")
        challenge = Challenge(match[1])
        at = match.end()
        if not text[match.end(1):at]:
            pass
        elif PARAM.match(text, at):
            at = parse_params(text, at, challenge.pairs)
        elif token68 := TOKEN68_END.match(text, at):
            challenge.token68 = token68[1]
            at = token68.end()
        else:
            raise Malformed(f"no parameter at {at} of {text!r}")
        challenges.append(challenge)
        if at == len(text):
            return challenges
        comma = COMMA.match(text, at)
        if not comma:
            raise Malformed(f"no comma at {at} of {text!r}")
        at = comma.end()


def parse_lines(lines):
    """The challenges of several field lines, which must say the same when
    anybody on the way has joined them."""
    apart = [challenge for line in lines for challenge in parse(line)]
    if lines:
        joined = parse(", ".join(lines))
        if repr(joined) != repr(apart):
            raise Malformed(f"joined: {joined!r}, apart: {apart!r}")
    return apart


def parse_info(text):
    """Authentication-Info: #auth-param, RFC 9110 section 11.6.3."""
    pairs = []
    if parse_params(text, 0, pairs) != len(text):
        raise Malformed(text)
    return dict(pairs)
