"""The past under another rulebook: every recorded call, judged again on what was known then.

Nothing is executed and nothing is recorded. What was masked in the record stays masked, and a tool
that is not named here is known by its recorded action alone, so a decision can differ from the
recorded one for these reasons too; it is compared with what the same reading says of another
rulebook, never with the recorded verdict.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lockgate.call import Principal, ToolCall
from lockgate.classify import BY_ID, Signature, classify, read
from lockgate.decide import Decision, Verdict, decide
from lockgate.evaluate import Question, assess
from lockgate.past import Conversation
from lockgate.record import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lockgate.evaluate import Facts
    from lockgate.record import Event
    from lockgate.rulebook import Rulebook

_STRICTNESS = (Verdict.ALLOW, Verdict.REQUIRE_APPROVAL, Verdict.BLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One recorded call, judged again under two rulebooks.

    Attributes:
        seq: Number of the `decided` event.
        tool: The tool.
        arguments: As recorded.
        before: What the first rulebook says.
        after: What the second says.
    """

    seq: int
    tool: str
    arguments: dict[str, Any]
    before: Decision
    after: Decision

    @property
    def stricter(self) -> int:
        """By how many steps the second rulebook is stricter; negative when it is looser."""
        return _STRICTNESS.index(self.after.verdict) - _STRICTNESS.index(self.before.verdict)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "seq": self.seq,
            "tool": self.tool,
            "arguments": self.arguments,
            "before": {"verdict": self.before.verdict.value, "rule": self.before.rule},
            "after": {"verdict": self.after.verdict.value, "rule": self.after.rule},
            "stricter": self.stricter,
        }


def replay(
    events: Iterable[Event],
    before: Rulebook,
    after: Rulebook,
    tools: Mapping[tuple[str, str], Signature] | None = None,
) -> Iterator[Replayed]:
    """Judge every recorded call again, in order.

    Args:
        events: A whole record, oldest first.
        before: One rulebook.
        after: The other.
        tools: What is known of the tools, by source and name.
    """
    for asked in asked_in(events, tools):
        yield Replayed(
            seq=asked.seq,
            tool=asked.call.tool,
            arguments=dict(asked.call.arguments.view),
            before=asked.decided_by(before),
            after=asked.decided_by(after),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A recorded call with what was known of it when it was judged.

    Attributes:
        seq: Number of the `decided` event.
        signature: What is known of the tool.
        call: The call.
        facts: What was known.
    """

    seq: int
    signature: Signature
    call: ToolCall
    facts: Facts

    def decided_by(self, book: Rulebook) -> Decision:
        """Return what a rulebook says about it."""
        classification = classify(self.signature)
        profile = read(classification, self.call.arguments.view)
        policy = book.policy_for(self.signature, classification)
        return decide(self.call, profile, self.facts, policy)

    def question(self, book: Rulebook) -> Question:
        """Return what the judges of a rulebook are asked about it."""
        profile = read(classify(self.signature), self.call.arguments.view)
        risk = assess(profile, self.call.environment, book.weights)
        return Question(call=self.call, profile=profile, risk=risk, facts=self.facts)


def asked_in(
    events: Iterable[Event], tools: Mapping[tuple[str, str], Signature] | None = None
) -> Iterator[Asked]:
    """Yield every recorded call with what was known then; the arguments are those of `replay`."""
    known = tools or {}
    conversations: defaultdict[str, Conversation] = defaultdict(Conversation)
    for event in events:
        conversation = conversations[event.thread]
        if event.kind is EventKind.DECIDED:
            told = event.data
            signature = known.get((told["source"], told["tool"])) or _signature(told)
            facts = conversation.facts(event.at)
            yield Asked(seq=event.seq, signature=signature, call=_call(event, told), facts=facts)
        conversation.extend([event])


def _signature(told: Mapping[str, Any]) -> Signature:
    """Return what the record tells of a tool."""
    action = told["profile"]["action"]
    return Signature(
        name=told["tool"],
        source=told["source"],
        parameters={"type": "object", "properties": {name: {} for name in told["arguments"]}},
        action=action if action in BY_ID else None,
    )


def _call(event: Event, told: Mapping[str, Any]) -> ToolCall:
    return ToolCall.propose(
        told["tool"],
        told["arguments"],
        source=told["source"],
        principal=Principal(**told["principal"]),
        environment=told["environment"],
        thread=event.thread,
        run=event.run,
        id=event.call,
    )
