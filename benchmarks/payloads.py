"""What reading a payload costs: on usual calls, and on the worst 10 kB that we know.

    python benchmarks/payloads.py [--quick] [--json]

The baseline of each row is `orjson.loads` of the same arguments, measured next to it: read the
ratios; times are this machine's. The last column is what the gate promises to stay under, 50 ms
for 10 kB.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import orjson

from lockgate.classify import Signature, classify, read

SIZE = 10_000

USUAL: dict[str, tuple[str, dict[str, Any]]] = {
    "refund": ("payments.refund", {"order_id": "W-1", "amount": "120.50", "currency": "EUR"}),
    "mail": ("communication.send_email", {"to": "Anna <anna@example.com>", "subject": "hi"}),
    "request": ("web.post", {"url": "https://api.example.com/v1/x", "method": "GET"}),
    "graphql": ("web.post", {"url": "https://a.example/graphql", "body": {"query": "{ a { b } }"}}),
    "file": ("files.delete", {"path": "/srv/build/a.txt"}),
    "scale": ("infrastructure.scale", {"replicas": 5}),
    "nothing to read": ("orders.cancel", {"order_id": "W-1"}),
}


def filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


def worst() -> dict[str, tuple[str, dict[str, Any]]]:
    mails = ("a@x.org,", "a@ü.org,", '"a" <a@x.org>;', "(", '"', "<", "a@", ",;:<>@()", "\\", "[")
    urls = ("a.", "a/../", "ü", "%2e", "@", "xn--", "1.", "[", "?a=&")
    paths = ("../", "%2e%2e/", "*", "{a,", "[", "a/", "..%", "....//", "\\", "\u0440as")
    documents = ("{a", "a ", "{a(x:[", '"""', "# ", "...")
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for piece in mails:
        found[f"mail {piece!r}"] = "communication.send_email", {"to": filled(piece)}
    for piece in urls:
        found[f"url {piece!r}"] = "web.read", {"url": f"http://{filled(piece)}"}
    for piece in paths:
        found[f"path {piece!r}"] = "files.delete", {"path": filled(piece)}
    for piece in documents:
        body = {"query": "{" + filled(piece) + "}"}
        found[f"document {piece!r}"] = "web.post", {"url": "http://x.org/graphql", "body": body}
    many = [{"amount": at} for at in range(600)]
    found["many amounts"] = "payments.payout", {"payouts": many}
    found["many names"] = "payments.payout", {f"amount_{at}": "1 EUR" for at in range(500)}
    found["one amount"] = "payments.refund", {"amount": filled("1,")}
    found["many urls"] = "web.read", {"urls": [f"https://ü{at}.example/" for at in range(450)]}
    found["many paths"] = "files.delete", {"paths": [f"../a/{at}/*" for at in range(700)]}
    found["many ids"] = "customers.delete", {"customer_ids": filled("1,")}
    return found


def best_us(act: Any, rounds: int) -> float:
    act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return min(times) * 1e6


def measured(cases: dict[str, tuple[str, dict[str, Any]]], rounds: int) -> list[dict[str, Any]]:
    rows = []
    for name, (action, arguments) in cases.items():
        shape = {"properties": {key: {} for key in arguments}}
        tool = classify(Signature(name="tool", action=action, parameters=shape))
        text = orjson.dumps(arguments)
        loads = best_us(lambda text=text: orjson.loads(text), rounds)
        took = best_us(lambda tool=tool, given=arguments: read(tool, given), rounds)
        rows.append({"case": name, "bytes": len(text), "loads_us": loads, "read_us": took})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rounds = 5 if options.quick else 40
    found = {"usual": measured(USUAL, rounds * 20), "worst": measured(worst(), rounds)}
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for title, rows in found.items():
        print(
            f"{title:24} {'bytes':>7} {'loads µs':>9} {'read µs':>9} {'ratio':>7} {'ms/10 kB':>9}"
        )
        for row in rows:
            ratio = row["read_us"] / row["loads_us"]
            each = row["read_us"] / 1e3 * SIZE / max(row["bytes"], SIZE)
            told = f"{row['bytes']:7} {row['loads_us']:9.2f} {row['read_us']:9.1f}"
            print(f"{row['case'][:24]:24} {told} {ratio:7.1f} {each:9.2f}")
    slowest = max(found["worst"], key=lambda row: row["read_us"] / max(row["bytes"], SIZE))
    print(
        f"slowest: {slowest['case']}, {slowest['read_us'] / 1e3:.1f} ms for {slowest['bytes']} bytes"
    )


if __name__ == "__main__":
    main()
