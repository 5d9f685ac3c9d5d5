# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Rows of the table while they run, and the rounds they run in."""
import statistics
import time
import zlib

import credentials as cred
import mutual
import scenarios as table
from server import Failed, Program, Server

CONNECTIONS = 4


class Row:
    """A scenario with its httpd and its client."""

    def __init__(self, scenario, folder, load, options):
        self.scenario = scenario
        self.cost = []  # microseconds of processor time per request, by round
        self.pace = []  # requests per second
        self.load = None
        folder.mkdir()
        folder.chmod(0o755)
        self.server = Server(folder / "httpd", scenario.conf,
                             scenario.modules, scenario.files,
                             options.server_cpus)
        self.begun = time.monotonic()
        self.program = load, options.client_cpus
        scenario.prepare(self.server)
        try:
            self.server.start()
        except BaseException:
            self.stop()
            raise

    def expect(self, count):
        """Gets requests ready, of which count will be sent."""
        if self.load:
            self.load.stop()
        file = self.server.root.with_name("requests")
        file.write_bytes(table.request_file(
            self.scenario.requests(self.server, count)))
        program, cpus = self.program
        self.load = Program(program, self.server.port, CONNECTIONS, file,
                            cpus=cpus)

    def send(self, count):
        """Returns what count requests took: microseconds of processor time
        each, and how many there were in a second."""
        before = self.server.processor_time()
        elapsed, wrong, status = map(int, self.load.ask(count))
        used = self.server.processor_time() - before
        if wrong > self.scenario.spare:
            raise Failed(f"{self.scenario.name}: {wrong} of {count} answers "
                         f"have the wrong status, the last one {status}: "
                         f"{self.server.said()}")
        return used / count * 1e6, count / elapsed * 1e6

    def measure(self, count):
        cost, pace = self.send(self.part_of(count))
        self.cost.append(cost)
        self.pace.append(pace)

    def part_of(self, count):
        """A dear request is sent less often."""
        return max(count // self.scenario.dear, 1)

    def stop(self):
        if self.load:
            self.load.stop()
        self.server.stop()


class Raw:
    """OpenSSL's check of a token's signature, without any httpd."""

    def __init__(self, token, folder, program, options):
        folder.mkdir()
        self.alg = token.signer.alg
        self.cost = []
        for name, content in (("key", token.signer.pem),
                              ("text", token.signed), ("sig", token.raw)):
            (folder / name).write_bytes(content)
        self.program = Program(program, folder / "key", folder / "text",
                               folder / "sig", cpus=options.server_cpus)

    def measure(self, count):
        self.cost.append(int(self.program.ask(count)[0]) / 1000)

    def stop(self):
        self.program.stop()


class Hash:
    """OpenSSL's SHA-256 of a body."""
    part = table.PUT_DEAR

    def __init__(self, program, size, options):
        self.alg = "SHA-256 of a body"
        self.cost = []
        self.program = Program(program, size, cpus=options.server_cpus)

    def measure(self, count):
        count = max(count // self.part, 1)
        self.cost.append(int(self.program.ask(count)[0]) / 1000)

    def stop(self):
        self.program.stop()


class Crc:
    """zlib's CRC-32 of a body."""
    part = table.PUT_DEAR

    def __init__(self, body):
        self.alg = "CRC-32 of a body (zlib)"
        self.cost = []
        self.body = body

    def measure(self, count):
        count = max(count // self.part, 1)
        begun = time.process_time_ns()
        for _ in range(count):
            zlib.crc32(self.body)
        self.cost.append((time.process_time_ns() - begun) / count / 1000)


def rounds(rows, raws, options):
    """Every round begins with another row, so that none always comes after the
    same one."""
    for row in rows:
        count = row.part_of(options.requests)
        row.expect(count * (options.rounds + 1))
        row.send(count)
    for i in range(options.rounds):
        turn = i % len(rows)
        for row in rows[turn:] + rows[:turn]:
            row.measure(options.requests)
        for raw in raws:
            raw.measure(options.requests)


# ---- credential files without a server -------------------------------

def is_built(program):
    if not program.exists():
        raise Failed(f"{program} is not there: run make check")


def files(folder, counts, program, options):
    """Look-ups in files of so many records in turn; medians over the rounds."""
    is_built(program)
    asked = []
    try:
        for count in counts:
            (folder / f"{count}").mkdir()
            file = cred.File.write(folder / f"{count}",
                                   cred.digest_records(count))
            asked.append((Program(program, file, cpus=options.server_cpus),
                          []))
        for _ in range(options.rounds):
            for process, answers in asked:
                answers.append(process.ask(options.requests * 10))
    finally:
        for process, _ in asked:
            process.stop()
    return [{"lookup": statistics.median(int(a[0]) for a in answers),
             "load": int(answers[0][1]), "memory": int(answers[0][2]),
             "count": int(answers[0][3])} for _, answers in asked]


def reload(scenario, folder, load, options):
    """A large file is replaced while requests come: milliseconds of the slowest
    request before and during, and until the new file holds."""
    row = Row(scenario, folder, load, options)
    server = row.server
    new = "new" * 10
    slowest = {True: 0.0, False: 0.0}

    def ask(token):
        begun = time.monotonic()
        status = server.ask_status("/index.html", f"Bearer {token}")
        return status, (time.monotonic() - begun) * 1000
    try:
        known = next(cred.tokens(1))
        for n in range(200 if options.quick else 2000):
            status, took = ask(known)
            slowest[False] = max(slowest[False], took)
            if status != 200:
                raise Failed(f"{status} before the file changed: {server.said()}")
        cred.File.write(server.root, [
            *cred.token_records(scenario.count),
            *cred.token_records_of([new])], name="new")
        (server.root / "new").rename(server.root / "credentials")
        begun = time.monotonic()
        while ask(new)[0] != 200:
            status, took = ask(known)
            slowest[True] = max(slowest[True], took)
            if status != 200:
                raise Failed(f"{status} while it is read: {server.said()}")
            if time.monotonic() - begun > 60:
                raise Failed(f"the new file does not hold: {server.said()}")
        return {"before": slowest[False], "during": slowest[True],
                "after": (time.monotonic() - begun) * 1000}
    finally:
        row.stop()


# ---- steps of Mutual without a server --------------------------------

STEPS = ("K_s1", "z")
STEPS_DEAR = {"ec-p256": 4, "ec-p521": 20, "dl-2048": 80, "dl-4096": 400}


def steps(program, options):
    """Microseconds of the library's and of OpenSSL's bare calls, and how many
    times theirs ours takes: medians over the rounds."""
    is_built(program)
    answers = {key: [] for key in mutual.ALGORITHMS}
    asked = {key: Program(program, name, cpus=options.server_cpus)
             for key, name in mutual.ALGORITHMS.items()}
    try:
        for _ in range(options.rounds):
            for key, process in asked.items():
                count = max(options.requests // STEPS_DEAR[key], 1)
                answers[key].append([int(word) / 1000
                                     for word in process.ask(count)])
    finally:
        for process in asked.values():
            process.stop()
    return [step_of(f"{key} {name}", [a[2 * n:2 * n + 2] for a in found])
            for key, found in answers.items() for n, name in enumerate(STEPS)]


def step_of(name, pairs):
    ours, bare = zip(*pairs)
    return {"name": name, "ours": statistics.median(ours),
            "bare": statistics.median(bare),
            "ratio": statistics.median(a / b for a, b in pairs)}


# ---- what takes longer -----------------------------------------------

def endure(scenario, folder, load, options):
    """Kilobytes in use, of its own and shared, after every twentieth of many
    mixed requests."""
    row = Row(scenario, folder, load, options)
    step = options.memory // 20
    sizes = []
    try:
        for _ in range(20):
            row.expect(step)
            row.send(step)
            sizes.append(row.server.resident())
    finally:
        row.stop()
    return {"step": step, "own": [own for own, _ in sizes],
            "shared": [shared for _, shared in sizes]}


def large_bodies(scenarios, folder, load, options):
    """Kilobytes that httpd's child had at most during a small and a large
    body; scenarios are such pairs by name."""
    found = []
    for i, (name, pair) in enumerate(scenarios):
        found.append({"name": name, "most": [], "size": len(pair[1].body)})
        row = Row(pair[0], folder.with_name(f"{folder.name}-{i}"), load,
                  options)
        try:
            for scenario in (pair[0], *pair): # the first one settles
                row.scenario.body = scenario.body
                row.expect(CONNECTIONS)
                row.server.forget_peak()
                row.send(CONNECTIONS)
                found[-1]["most"].append(row.server.peak())
        finally:
            row.stop()
    return found


def first_request(scenario, folder, load, options):
    """Milliseconds from the start of httpd to the first right answer."""
    times = []
    for i in range(options.starts):
        row = Row(scenario, folder.with_name(f"{folder.name}-{i}"), load,
                  options)
        try:
            row.expect(1)
            row.send(1)
            times.append((time.monotonic() - row.begun) * 1000)
        finally:
            row.stop()
    return statistics.median(times)
