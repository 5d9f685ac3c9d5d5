# Licensed under the Apache License, Version 2.0; see LICENSE.
"""What the rounds say, as numbers and as text."""
import statistics

LIST_ALLOWANCE = 1.03       # times stock Basic
JWT_ALLOWANCE = 10          # microseconds over the bare check of the signature
PASSWORD_ALLOWANCE = 10     # microseconds over no auth, once remembered
DIGEST_ALLOWANCE = 8        # microseconds over no auth
MUTUAL_ALLOWANCE = 8        # microseconds over no auth
STEP_ALLOWANCE = 1.3        # times OpenSSL's bare calls
DIGEST_SHARE = 0.5          # of what stock Digest takes over no auth
AWS4_ALLOWANCE = 12         # microseconds over no auth
PUT_ALLOWANCE = 1.15        # times no auth and the SHA-256 of the body
BODY_ALLOWANCE = 512        # kilobytes more for 200 MiB than for one
LOOKUP_ALLOWANCE = 1.5      # times a store of ten, over no auth
LOAD_ALLOWANCE = 3000       # milliseconds for a million lines
LINE_ALLOWANCE = 200        # octets of memory for a line
CHALLENGES_ALLOWANCE = 15   # microseconds over stock Basic's 401
GROWTH_ALLOWANCE = 256      # kilobytes after the first quarter of the requests


def spread(values):
    """Half of what the middle half of the rounds spans."""
    if len(values) < 4:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def over(row, base):
    """Microseconds, compared within each round."""
    return [a - b for a, b in zip(row.cost, base.cost)]


def times(row, base):
    return [a / b for a, b in zip(row.cost, base.cost)]


def summary(rows, raws):
    base = rows[0]
    lines = []
    for row in rows:
        more = over(row, base)
        lines.append({"name": row.scenario.name,
                      "cpu": statistics.median(row.cost),
                      "cpu_spread": spread(row.cost),
                      "over": statistics.median(more),
                      "over_spread": spread(more),
                      "ratio": statistics.median(times(row, base)),
                      "pace": statistics.median(row.pace)})
    checks = [{"name": raw.alg, "cpu": statistics.median(raw.cost),
               "cpu_spread": spread(raw.cost)} for raw in raws]
    return {"rows": lines, "raw": checks, "goals": goals(rows, raws)}


# ---- goals -----------------------------------------------------------

def goal(what, value, limit, unit):
    return {"goal": what, "value": value, "limit": limit, "unit": unit,
            "met": value <= limit}


def list_goals(rows):
    by_key = {row.scenario.key: row for row in rows}
    if "list" not in by_key:
        return
    listed, refused = by_key["list"], by_key["list-401"]
    yield goal(f"{listed.scenario.name}, over stock Basic",
               statistics.median(times(listed, by_key["basic"])),
               LIST_ALLOWANCE, "x")
    yield goal(f"{refused.scenario.name}, over stock Basic's",
               statistics.median(over(refused, by_key["basic-401"])),
               CHALLENGES_ALLOWANCE, "us")


def token_goals(rows, raws):
    by_key = {row.scenario.key: row for row in rows}
    for raw in raws:
        ours = by_key.get(f"{raw.alg}-ours")
        other = by_key.get(f"{raw.alg}-openidc")
        if not ours:
            continue
        cost = statistics.median(over(ours, rows[0]))
        yield goal(f"{raw.alg} JWT, over no auth", cost,
                   statistics.median(raw.cost) + JWT_ALLOWANCE, "us")
        if other:
            yield goal(f"{raw.alg} JWT, against mod_auth_openidc", cost,
                       statistics.median(over(other, rows[0])), "us")


def password_goals(rows):
    for row in rows:
        if row.scenario.key.endswith("-again"):
            yield goal(f"{row.scenario.name}, over no auth",
                       statistics.median(over(row, rows[0])),
                       PASSWORD_ALLOWANCE, "us")


def digest_goals(rows):
    by_key = {row.scenario.key: row for row in rows}
    ours = by_key.get("digest-SHA-256")
    if not ours:
        return
    cost = statistics.median(over(ours, rows[0]))
    yield goal(f"{ours.scenario.name}, over no auth", cost, DIGEST_ALLOWANCE,
               "us")
    yield goal(f"{ours.scenario.name}, against half of stock", cost,
               DIGEST_SHARE * statistics.median(
                   over(by_key["digest-stock"], rows[0])), "us")


def mutual_goals(rows):
    for row in rows:
        if row.scenario.key == "mutual-ec-p256":
            yield goal(f"{row.scenario.name}, over no auth",
                       statistics.median(over(row, rows[0])),
                       MUTUAL_ALLOWANCE, "us")


def aws4_goals(rows, raws):
    by_key = {row.scenario.key: row for row in rows}
    for key in ("aws4-get", "aws4-presigned"):
        if key in by_key:
            yield goal(f"{by_key[key].scenario.name}, over no auth",
                       statistics.median(over(by_key[key], rows[0])),
                       AWS4_ALLOWANCE, "us")
    plain = by_key.get("aws4-put-none")
    if not plain:
        return
    hashed = next(raw for raw in raws if raw.alg.startswith("SHA-256"))
    for row in rows:
        if row.scenario.key.startswith("aws4-put") and row is not plain:
            yield goal(f"{row.scenario.name}, over both",
                       statistics.median(
                           a / (b + c) for a, b, c in zip(
                               row.cost, plain.cost, hashed.cost)),
                       PUT_ALLOWANCE, "x")


def body_goals(bodies):
    for row in bodies:
        yield goal(f"{row['name']}, memory, growth",
                   row["most"][-1] - row["most"][-2], BODY_ALLOWANCE, "kB")


def lookup_goals(rows):
    by_key = {row.scenario.key: row for row in rows}
    for store in ("file", "sqlite"):
        few = by_key.get(f"tokens-{store}-few")
        many = by_key.get(f"tokens-{store}-many")
        if few and many:
            yield goal(f"{many.scenario.name}, over few",
                       statistics.median(over(many, rows[0]))
                       / statistics.median(over(few, rows[0])),
                       LOOKUP_ALLOWANCE, "x")


def file_goals(files):
    """Of the larger file."""
    large = files[-1]
    yield goal("a million lines are read in",
               large["load"] / large["count"] * 1e6, LOAD_ALLOWANCE, "ms")
    yield goal("memory for a line", large["memory"], LINE_ALLOWANCE, "B")


def step_goals(steps):
    worst = max(steps, key=lambda step: step["ratio"])
    yield goal(f"a step of Mutual ({worst['name']}), over OpenSSL",
               worst["ratio"], STEP_ALLOWANCE, "x")


def goals(rows, raws):
    return [*list_goals(rows), *token_goals(rows, raws),
            *password_goals(rows), *digest_goals(rows),
            *mutual_goals(rows), *aws4_goals(rows, raws),
            *lookup_goals(rows)]


def memory_goal(memory):
    """Until the first quarter is over, allocators settle."""
    quarter = len(memory["own"]) // 4
    growth = max(memory["own"][quarter:]) - memory["own"][quarter - 1]
    return goal("memory of its own, growth", growth, GROWTH_ALLOWANCE, "kB")


# ---- text ------------------------------------------------------------

def show(report):
    print(f"{'configuration':40}{'us CPU':>9}{'+-':>6}{'over none':>11}"
          f"{'+-':>6}{'ratio':>8}{'req/s':>8}")
    for row in report["rows"]:
        print(f"{row['name']:40}{row['cpu']:9.1f}{row['cpu_spread']:6.1f}"
              f"{row['over']:11.1f}{row['over_spread']:6.1f}"
              f"{row['ratio']:8.3f}{row['pace']:8.0f}")
    if report["raw"]:
        print("\nOpenSSL alone, us CPU per check of a signature, or hash")
    for row in report["raw"]:
        print(f"{row['name']:40}{row['cpu']:9.1f}{row['cpu_spread']:6.1f}")
    if "files" in report:
        print("\na credential file alone: look-up, reading, memory")
    for file in report.get("files", []):
        print(f"{file['count']:<12,}{file['lookup']:9.0f} ns"
              f"{file['load']:9.0f} ms"
              + f"{file['memory']:9.0f} B a line" * (file["count"] > 1000))
    if "steps" in report:
        print("\nthe library's step of Mutual, and OpenSSL's calls alone, us")
    for step in report.get("steps", []):
        print(f"{step['name']:40}{step['ours']:9.1f}{step['bare']:9.1f}"
              f"{step['ratio']:8.3f} x")
    if "bodies" in report:
        print("\nkB in use at most while bodies come, of 1 MiB, and of more")
    for row in report.get("bodies", []):
        print(f"{row['name']:40}{row['most'][-2]:9}{row['most'][-1]:9}"
              f"   {row['size'] >> 20} MiB")
    if "reload" in report:
        told = report["reload"]
        print(f"\nthe larger file is replaced: slowest request before "
              f"{told['before']:.1f} ms, meanwhile {told['during']:.1f} ms; "
              f"holds after {told['after']:.0f} ms")
    if "starts" in report:
        print("\nms from start to the first answer")
        for name, value in report["starts"].items():
            print(f"{name:40}{value:9.0f}")
    if "memory" in report:
        show_memory(report["memory"])
    print("\ngoals")
    for row in report["goals"]:
        print(f"{row['goal']:48}{row['value']:9.2f} {row['unit']:3}"
              f"limit {row['limit']:7.2f}  "
              f"{'met' if row['met'] else 'NOT MET'}")


def show_memory(memory):
    print(f"\nkB in use after every {memory['step']} mixed requests")
    for kind in ("own", "shared"):
        print(f"{kind:8}" + " ".join(map(str, memory[kind])))
