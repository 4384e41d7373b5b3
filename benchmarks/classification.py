"""How well tools are recognised by what they say of themselves, beside a first-verb baseline.

    python benchmarks/classification.py [--errors] [--json] [--data FOLDER]

The labels are those of the tools' own authors: more than a thousand tools of MCP servers, which are
not part of this repository. What is missing is skipped. *Agreement* counts tools that are not
unknown. *Writes called reads* is the error that lets a write through. The first half of the
servers was looked at while the words were collected, the other was not until its figures had been
taken once; both are printed. `--errors` lists every disagreement with the reason.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from lockgate.classify import Effect, Signature, classify, read
from lockgate.classify.signature.verbs import FIRM

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
DELETING = re.compile(rf"(?:^|[^a-z])(?:{'|'.join(FIRM[Effect.DELETE].split())})(?:$|[^a-z])")
IMITATING = {
    *("homoglyph_1", "homoglyph_2", "homoglyph_all", "zwsp", "zwj", "word_joiner", "soft_hyphen"),
    *("bom", "rlo", "variation_selector", "combining", "tag_char", "fullwidth", "math_bold"),
    *("trailing_space", "leading_nbsp", "trailing_newline", "nul", "percent", "html_entity"),
    *("fullwidth_underscore",),
}

# ── The baseline: the first verb of the name, else of the description ────────────────────────

READS = set(
    "get list search read describe find fetch query show view check lookup retrieve count analyze "
    "validate browse inspect explain download export compare preview summarize status whoami "
    "resolve suggest recommend help diff log test is has select scan estimate calculate".split()
)
WRITES = set(
    "delete remove drop destroy purge wipe truncate update edit modify replace overwrite set "
    "cancel revoke disable kill terminate stop reset uninstall merge move rename execute run exec "
    "patch rollback archive unpublish create add send post write insert put publish deploy start "
    "restart assign upload import install invite enable open close click type navigate press fill "
    "submit apply trigger build make generate register subscribe approve reply forward book pay "
    "transfer refund charge save append".split()
)


def first_verb(row):
    for text in (row["tool"], " ".join((row["description"] or "").split()[:6])):
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text):
            if (found := word.lower().rstrip("s" if text is not row["tool"] else "")) in READS:
                return Effect.READ
            if found in WRITES:
                return Effect.UPDATE
    return Effect.UPDATE


# ── Ours ─────────────────────────────────────────────────────────────────────────────────────


def signature(row):
    return Signature(
        name=row["tool"],
        description=row["description"] or "",
        parameters=row["input_schema"] or {},
    )


def ours(row):
    return classify(signature(row)).action.effect


def plug_in(name, description, input_schema):
    """Answer as other harnesses ask: is it read-only, can it destroy, or does nobody know."""
    effect = ours({"tool": name, "description": description, "input_schema": input_schema})
    if effect is Effect.UNKNOWN:
        return {"read_only": None, "destructive": None}
    adds = effect in {Effect.READ, Effect.CREATE, Effect.SEND}
    return {"read_only": effect is Effect.READ, "destructive": not adds}


class Score:
    def __init__(self):
        self.tools = self.unknown = self.known = self.agree = 0
        self.writes = self.unsafe = self.deletes = self.deletes_found = 0
        self.servers: dict[str, Counter] = {}
        self.errors: list[tuple] = []

    def take(self, row, effect):
        label = row.get("readOnlyHint")
        self.tools += 1
        self.unknown += effect is Effect.UNKNOWN
        writes = label is False or (label is None and row.get("destructiveHint") is True)
        self.writes += writes
        reads = effect is Effect.READ
        if writes and reads:
            self.unsafe += 1
            self.errors.append(("a write called a read", row))
        if label is not True and DELETING.search(re.sub("([A-Z])", r"_\1", row["tool"]).lower()):
            self.deletes += 1
            self.deletes_found += effect in {Effect.DELETE, Effect.UNKNOWN}
        if label is None or effect is Effect.UNKNOWN:
            return
        self.known += 1
        self.agree += reads == label
        counts = self.servers.setdefault(row["repo"], Counter())
        counts["known"] += 1
        counts["agree"] += reads == label
        if label and not reads:
            self.errors.append(("a read called a write", row))

    def told(self):
        macro = [100 * counts["agree"] / counts["known"] for counts in self.servers.values()]
        return {
            "tools": self.tools,
            "agreement_pct": percent(self.agree, self.known),
            "agreement_by_server_pct": round(statistics.mean(macro), 1) if macro else None,
            "writes_called_reads": f"{self.unsafe} of {self.writes}",
            "writes_called_reads_pct": percent(self.unsafe, self.writes),
            "unknown_pct": percent(self.unknown, self.tools),
            "deletes_never_milder": f"{self.deletes_found} of {self.deletes}",
        }


def percent(part, whole):
    return round(100 * part / whole, 2) if whole else None


def scored(rows, judge):
    score = Score()
    for row in rows:
        score.take(row, judge(row))
    return score


def halves(rows):
    """Split by server: every other one, in the order of their names."""
    looked_at = set(sorted({row["repo"] for row in rows})[::2])
    return {
        "looked at": [row for row in rows if row["repo"] in looked_at],
        "kept back": [row for row in rows if row["repo"] not in looked_at],
        "all": rows,
    }


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# ── Parts ────────────────────────────────────────────────────────────────────────────────────


def labelled(folder, told):
    for half, rows in halves(lines(folder / "mcp_tools_labelled.jsonl")).items():
        print(f"\nlabelled tools, {half}")
        for name, judge in (("first verb", first_verb), ("lockgate", ours)):
            score = scored(rows, judge)
            told[f"{half}: {name}"] = score.told()
            print(f"  {name:10} {summary(score.told())}")
    return score


def unlabelled(folder, told):
    rows = lines(folder / "mcp_tools_unlabelled.jsonl")
    found = scored(rows, ours).told()
    told["unlabelled"] = found
    print(
        f"\nunlabelled tools\n  lockgate   {found['tools']} tools, {found['unknown_pct']} % unknown"
    )


def summary(told):
    return (
        f"{told['tools']} tools: agreement {told['agreement_pct']} % "
        f"(by server {told['agreement_by_server_pct']} %), "
        f"writes called reads {told['writes_called_reads']} = {told['writes_called_reads_pct']} %, "
        f"unknown {told['unknown_pct']} %, deletes called that or unknown "
        f"{told['deletes_never_milder']}"
    )


def imitations(folder, told):
    """Count names that are recognised although they imitate another, and how the rest is taken."""
    rows = [
        row for row in lines(folder / "confusable_variants.jsonl") if "@" not in row["original"]
    ]
    false = [row for row in rows if row["technique"] in IMITATING]
    accepted = [row for row in false if classify(Signature(name=row["variant"])).known]
    spelt = [row for row in rows if row["technique"] not in IMITATING]
    other = Counter()
    for row in spelt:
        one, two = (classify(Signature(name=row[key])).action for key in ("original", "variant"))
        other[
            "the same action" if one == two else "unknown" if two.id == "unknown" else "else"
        ] += 1
    told["imitations_accepted"] = f"{len(accepted)} of {len(false)}"
    print(f"\nnames that imitate another: {len(accepted)} of {len(false)} accepted")
    print(f"  the same words in another spelling ({len(spelt)}): {dict(other)}")


def other_tools(folder, told):
    """Classify tools that have no labels at all, to see how many are unknown."""
    tools = []
    if (path := folder / "toolemu_tools.json").exists():
        tools += [("toolemu", tool) for tool in json.loads(path.read_text("utf-8"))]
    if (path := folder / "tau_tool_specs.json").exists():
        specs = json.loads(path.read_text("utf-8"))
        tools += [("tau", tool) for spec in specs.values() for tool in spec["tools"]]
    if (path := folder / "bfcl_multi_turn.jsonl").exists():
        named = {tool["name"]: tool for row in lines(path) for tool in row["tools"]}
        tools += [("bfcl", tool) for tool in named.values()]
    counts = {}
    for source, tool in tools:
        row = {"tool": tool["name"], "description": tool["description"].split("description:")[-1]}
        effect = ours({**row, "input_schema": tool["parameters"]})
        counts.setdefault(source, Counter())[str(effect)] += 1
    told["others"] = {source: dict(found) for source, found in counts.items()}
    print("\ntools of other collections, by effect")
    for source, found in counts.items():
        print(f"  {source:8} {dict(found.most_common())}")


def cost(rows, told):
    """Measure what registering costs, and what the static part costs a call."""
    signatures = [signature(row) for row in rows]
    classify(signatures[0])
    times = []
    for item in signatures:
        rounds = []
        for _ in range(3):
            began = time.perf_counter()
            classify(item)
            rounds.append((time.perf_counter() - began) * 1e3)
        times.append(min(rounds))
    plain = classify(Signature(name="get_gadget"))
    table, rounds = {"get_gadget": plain}, 20_000
    began = time.perf_counter()
    for _ in range(rounds):
        table["get_gadget"]
    looked = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(rounds):
        read(plain, {})
    static = time.perf_counter() - began
    told["register_ms"] = {
        "median": round(statistics.median(times), 3),
        "p99": round(statistics.quantiles(times, n=100)[98], 3),
        "worst": round(max(times), 3),
    }
    told["static_part_over_lookup"] = round(static / looked, 1)
    print(f"\nregistering a tool: {told['register_ms']} ms")
    print(f"static part of a call: {told['static_part_over_lookup']} × a dictionary look-up")


def list_errors(score):
    print("\ndisagreements that remain")
    for kind, row in score.errors:
        found = classify(signature(row))
        doubted = f" (label doubted: {', '.join(row['label_doubt'])})" if row["label_doubt"] else ""
        print(f"  {kind}: {row['repo']} {row['tool']}{doubted}")
        print(f"    {found.action.id}, {found.confidence}: {'; '.join(found.because)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--errors", action="store_true", help="list every disagreement")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    chosen = parser.parse_args()
    folder, told = chosen.data, {}
    if not (folder / "mcp_tools_labelled.jsonl").exists():
        print(f"skipped: there are no labelled tools in {folder}")
        return 0
    score = labelled(folder, told)
    for part, name in (
        (unlabelled, "mcp_tools_unlabelled.jsonl"),
        (imitations, "confusable_variants.jsonl"),
        (other_tools, "toolemu_tools.json"),
    ):
        if (folder / name).exists():
            part(folder, told)
        else:
            print(f"\nskipped: there is no {name}")
    cost(lines(folder / "mcp_tools_labelled.jsonl"), told)
    if chosen.errors:
        list_errors(score)
    if chosen.json:
        print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
