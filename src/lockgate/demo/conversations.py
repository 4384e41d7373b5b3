"""Recorded conversations, played again through a real agent loop with the gate in force.

Nothing here is simulated but the model and the answers of the tools: LangChain's
`create_agent` runs its own loop, its tools have their real schemas, and the middleware
of `lockgate.adapters.langchain` stands before each of them. The model is a script that makes
the recorded calls one after another, and a tool that is let through answers what was
recorded. Every figure is then read from the record that the gate has written.

The replay is *open loop*: the recorded assistant does not react to a refusal, it goes on as it
went on then. What was refused or held did not happen, so its recorded result never becomes a
fact; later recorded answers may still show it, for they come from a world where it happened.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from lockgate.demo.recordings import SPECS, recordings, tool_specs
from lockgate.demo.stage import Stage
from lockgate.errors import ChainError, WiringError
from lockgate.gate import Gate
from lockgate.observe import every_event
from lockgate.record import EventKind, verify
from lockgate.rulebook import Rulebook
from lockgate.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lockgate.demo.recordings import RecordedCall, Recording
    from lockgate.record import Event
    from lockgate.stores import Store

HERE: Final = Path(__file__).parent
COLUMNS: Final = {"ALLOW": "allow", "REQUIRE_APPROVAL": "hold", "BLOCK": "block"}
"""What each verdict is called in the report."""
MISTAKES: Final = frozenset({"wrong_policy", "wrong_process", "wrong_intent", "env_rejected"})
"""The labels of calls that should not have been made."""
UNKNOWN_TOOL: Final = "unknown_tool"
"""The label of calls whose tool the agent does not have; the gate turns them away."""
OBJECTIONS: Final = frozenset({"hold", "forbid"})
"""The kinds of findings that stand against a call."""


# ── What it led to ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One recorded call with what the gate made of it.

    Attributes:
        conversation: The recording it is from.
        call: The recorded call.
        verdict: `allow`, `hold` or `block`.
        rules: The rules that objected.
        reason: Why.
        executed: How many times the tool ran.
    """

    conversation: str
    call: RecordedCall
    verdict: str
    rules: tuple[str, ...]
    reason: str
    executed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a rehearsal showed.

    Attributes:
        labels: For each label how many calls were allowed, held and blocked.
        broken: For each written rule how many mistakes break it, and how many of them were stopped.
        stopped_by: For each rule of the rulebook how many calls of each label it objected to.
        conversations: How many were played.
        calls: How many calls they hold.
        judged: How many verdicts about them the record holds.
        misjudged: Calls that do not have exactly one verdict.
        executed: How many times a tool ran, as the tools counted.
        executed_without_permit: How many of these the record had not announced.
        events: Length of the record.
        chain_valid: Whether the record's hash chain holds.
        seconds: How long it took.
        median_us: Median time of a decision in microseconds, with the look into the record.
        revisions: The rulebooks that were in force, by domain.
    """

    labels: Mapping[str, Mapping[str, int]]
    broken: Mapping[str, Mapping[str, int]]
    stopped_by: Mapping[str, Mapping[str, int]]
    conversations: int
    calls: int
    judged: int
    misjudged: int
    executed: int
    executed_without_permit: int
    events: int
    chain_valid: bool
    seconds: float
    median_us: float
    revisions: Mapping[str, str]

    def stopped(self, *labels: str) -> tuple[int, int]:
        """Return how many calls with these labels were held or blocked, and how many there are."""
        rows = [self.labels[label] for label in labels if label in self.labels]
        total = sum(sum(row.values()) for row in rows)
        return total - sum(row["allow"] for row in rows), total

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(slots=True)
class _Tally:
    """Counts, as conversations are played."""

    labels: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(_row))
    broken: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    stopped_by: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    conversations: int = 0
    calls: int = 0
    judged: int = 0
    misjudged: int = 0
    took: list[int] = field(default_factory=list)

    def count(self, judged: Judged) -> None:
        label, stopped = judged.call.label, judged.verdict != "allow"
        self.labels[label][judged.verdict] += 1
        if label in MISTAKES:
            for rule in judged.call.breaks:
                self.broken[rule].update(stopped=int(stopped), of=1)
        for rule in judged.rules:
            self.stopped_by[rule][label] += 1


def _row() -> Counter[str]:
    return Counter(dict.fromkeys(COLUMNS.values(), 0))


def _sorted(table: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(row) for name, row in sorted(table.items())}


# ── The rehearsal ────────────────────────────────────────────────────────────────────────────


def rehearse(  # noqa: PLR0913 - what a rehearsal can be told
    files: Iterable[str | Path],
    *,
    rulebook: str | Path | Rulebook | None = None,
    store: str = "memory://",
    limit: int | None = None,
    specs: str | Path | None = None,
    on_call: Callable[[Judged], None] | None = None,
) -> Report:
    """Play recorded conversations through a gated agent, and count what the gate made of them.

    Args:
        files: The recordings, one JSON object a line.
        rulebook: The rules in force; by default the packaged ones of each conversation's domain.
        store: Where the record is kept.
        limit: How many conversations of each file to play; by default all.
        specs: The tools of each domain; by default `tau_tool_specs.json` beside each file.
        on_call: Told of every call once its conversation is over.

    Raises:
        WiringError: If a file can't be read, a line is no conversation, or its tools are unknown.
        RulebookError: If the rulebook is wrong.
        StoreError: If the store can't be used.
    """
    begun = perf_counter()
    book = Rulebook.load(rulebook) if isinstance(rulebook, str | Path) else rulebook
    kept = open_store(store)
    try:
        rehearsal = _Rehearsal(kept, book, on_call)
        for path in map(Path, files):
            rehearsal.play(path, Path(specs) if specs else path.with_name(SPECS), limit)
        return rehearsal.report(begun)
    finally:
        kept.close()


def packaged(domain: str) -> Rulebook:
    """Return the rulebook that comes with this demonstration for a domain, or the baseline."""
    known = {path.stem: path for path in HERE.glob("*.yaml")}
    return Rulebook.load(known[domain]) if domain in known else Rulebook.baseline()


class _Rehearsal:
    """One store, a stage for each set of tools, and the counts."""

    def __init__(
        self, store: Store, rulebook: Rulebook | None, on_call: Callable[[Judged], None] | None
    ) -> None:
        self._store = store
        self._rulebook = rulebook
        self._on_call = on_call
        self._stages: dict[tuple[str, str], Stage] = {}
        self._revisions: dict[str, str] = {}
        self._tally = _Tally()
        self._id = uuid.uuid4().hex[:8]
        self._read_to = 0

    def play(self, path: Path, specs: Path, limit: int | None) -> None:
        """Play the conversations of one file."""
        tools = tool_specs(specs) if specs.exists() else {}
        for recording in islice(recordings(path), limit):
            stage = self._stage(recording, recording.tools or tools.get(recording.domain, ()))
            self._tally.conversations += 1
            thread = f"{self._id}/{self._tally.conversations}/{recording.id}"
            stage.play(recording, thread)
            self._count(recording, thread, stage)

    def _stage(self, recording: Recording, tools: tuple[Mapping[str, Any], ...]) -> Stage:
        """Return the stage for these tools; conversations of a domain share one."""
        if not tools:
            raise WiringError(
                f"the tools of `{recording.domain}` are not known: put `{SPECS}` beside the file"
            )
        key = recording.domain, json.dumps(tools)
        if key not in self._stages:
            book = self._rulebook or packaged(recording.domain)
            self._revisions[recording.domain] = book.revision
            self._stages[key] = Stage(Gate(book, self._store), tools)
        return self._stages[key]

    def _count(self, recording: Recording, thread: str, stage: Stage) -> None:
        """Read from the record what became of each call."""
        events = self._store.of_thread(thread, self._read_to)
        self._read_to = events[-1].seq if events else self._read_to
        verdicts: defaultdict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.kind in {EventKind.DECIDED, EventKind.REFUSED}:
                verdicts[event.call].append(event)
        for recorded in recording.calls:
            known = recorded.tool in stage.tools
            call = recorded if known else replace(recorded, label=UNKNOWN_TOOL)
            self._count_call(recording.id, call, verdicts[call.id], stage.executed[thread, call.id])

    def _count_call(
        self, conversation: str, call: RecordedCall, verdicts: list[Event], executed: int
    ) -> None:
        tally = self._tally
        tally.calls += 1
        tally.judged += len(verdicts)
        tally.misjudged += len(verdicts) != 1
        for told in [event.data for event in verdicts]:
            tally.took.extend([sum(told["took"].values())] if "took" in told else [])
            judged = _judged(conversation, call, told, executed)
            tally.count(judged)
            if self._on_call:
                self._on_call(judged)

    def report(self, begun: float) -> Report:
        """Check the whole record and sum up."""
        tally, stages = self._tally, self._stages.values()
        events, valid = _checked(self._store)
        return Report(
            labels=_sorted(tally.labels),
            broken=_sorted(tally.broken),
            stopped_by=_sorted(tally.stopped_by),
            conversations=tally.conversations,
            calls=tally.calls,
            judged=tally.judged,
            misjudged=tally.misjudged,
            executed=sum(stage.executed.total() for stage in stages),
            executed_without_permit=sum(stage.without_permit for stage in stages),
            events=events,
            chain_valid=valid,
            seconds=round(perf_counter() - begun, 2),
            median_us=round(median(tally.took or [0]) / 1000, 1),
            revisions=dict(self._revisions),
        )


def _judged(
    conversation: str, call: RecordedCall, told: Mapping[str, Any], executed: int
) -> Judged:
    """Read one verdict; a call that was turned away has a refusal in place of a decision."""
    decision = told.get("decision")
    if decision is None:
        verdict, rules, reason = "block", [UNKNOWN_TOOL], told["reason"]
    else:
        verdict, reason = COLUMNS[decision["verdict"]], decision["reason"]
        objections = [item for item in decision["findings"] if item["kind"] in OBJECTIONS]
        rules = [item["rule"] for item in objections]
        if verdict != "allow" and not rules:
            rules = [decision["rule"]]
    return Judged(
        conversation=conversation,
        call=call,
        verdict=verdict,
        rules=tuple(rules),
        reason=reason,
        executed=executed,
    )


def _checked(store: Store) -> tuple[int, bool]:
    """Return how long the record is, and whether its chain holds."""
    try:
        return verify(every_event(store)).length, True
    except ChainError:
        return sum(1 for _ in every_event(store)), False
