"""Fuzz every reader under the guidance of coverage; needs `atheris`, which nothing else here does.

    python benchmarks/fuzz_payloads.py [SECONDS]

A reader that raises, or that takes more than 50 ms for 10 kB, ends the run with its input.
"""

from __future__ import annotations

import sys
import time

import atheris

with atheris.instrument_imports(include=["lockgate", "email", "graphql"]):
    from lockgate.classify import Signature, classify

SECONDS = sys.argv[1] if len(sys.argv) > 1 else "600"
LONGEST = 10_000
SLOWEST = 0.05
TOOLS = {
    "payments.refund": ("amount", "currency", "request"),
    "communication.send_email": ("to", "cc"),
    "communication.send_message": ("channel", "text"),
    "web.post": ("url", "method", "body", "headers"),
    "files.delete": ("path", "paths"),
    "infrastructure.scale": ("replicas", "instance_ids"),
    "database.delete": ("ids",),
}
BOUND = [
    (names, reader)
    for action, names in TOOLS.items()
    for reader in classify(
        Signature(name="t", action=action, parameters={"properties": {name: {} for name in names}})
    ).readers
]


def value(data: atheris.FuzzedDataProvider, depth: int = 0):
    kind = data.ConsumeIntInRange(0, 7 if depth < 3 else 4)
    if kind <= 2:
        return data.ConsumeUnicode(data.ConsumeIntInRange(0, LONGEST))
    if kind == 3:
        return data.ConsumeInt(8)
    if kind == 4:
        return data.PickValueInList([None, True, 1.5, -0.0, 1e300, ""])
    many = range(data.ConsumeIntInRange(0, 4))
    if kind == 5:
        return [value(data, depth + 1) for _ in many]
    keys = ["value", "currency", "email", "query", "units", "nanos", "to", "path", "url", "amount"]
    return {data.PickValueInList(keys): value(data, depth + 1) for _ in many}


def one(raw: bytes) -> None:
    data = atheris.FuzzedDataProvider(raw)
    names, reader = BOUND[data.ConsumeIntInRange(0, len(BOUND) - 1)]
    arguments = {name: value(data) for name in names if data.ConsumeBool()}
    began = time.process_time()
    reading = reader.read(arguments)
    took = time.process_time() - began
    assert not reading.action or reading.action in reader.actions
    assert took < max(SLOWEST, SLOWEST * len(raw) / LONGEST) * 20, (reader.name, took, len(raw))


atheris.Setup([sys.argv[0], f"-max_total_time={SECONDS}", "-max_len=12000", "-timeout=60"], one)
atheris.Fuzz()
