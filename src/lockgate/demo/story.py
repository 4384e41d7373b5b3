"""`lockgate demo`: the shop's story with everything around it that a person wants to see."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.demo.shop import RULEBOOK, Shop, play, play_open
from lockgate.errors import ChainError, WiringError
from lockgate.gate import Gate
from lockgate.observe import CallRow, Totals, calls, every_event, totals
from lockgate.record import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockgate.approve import ApprovalRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the demo found.

    Attributes:
        calls: One row a call.
        totals: The record in numbers.
        executions: How many times the shop's tools really ran, as they counted themselves.
        chain_valid: Whether the record verifies.
        with_gate: The shop afterwards.
        without_gate: Another shop after the same script with no gate.
        record: Where the record is.
        seconds: How long it took.
    """

    calls: list[CallRow] = field(repr=False)
    totals: Totals
    executions: int
    chain_valid: bool
    with_gate: dict[str, float]
    without_gate: dict[str, float]
    record: Path
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        counted = self.totals
        return {
            "judged": counted.judged,
            "allowed": counted.allowed,
            "blocked": counted.blocked,
            "held": counted.held,
            "executed": self.executions,
            "executed_without_permit": max(0, self.executions - counted.executed),
            "chain_valid": self.chain_valid,
            "with_gate": self.with_gate,
            "without_gate": self.without_gate,
            "record": str(self.record),
            "seconds": round(self.seconds, 2),
            "calls": [row.to_dict() for row in self.calls],
        }


def tell(
    *,
    folder: Path | None = None,
    answer: Callable[[ApprovalRequest, Path], None],
    show: Callable[[CallRow], None],
    say: Callable[[str], None],
) -> Told:
    """Run the story in `folder`, by default a new temporary one.

    Args:
        folder: Where the shop, the checkpoints and the record go.
        answer: Answers a held call; is given the request and the record's path.
        show: Called with each call whenever its state changes.
        say: Called with each thing the user says.
    """
    began = time.monotonic()
    place = folder or Path(tempfile.mkdtemp(prefix="lockgate-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    record = place / "record.db"
    if record.exists():
        raise WiringError(f"`{place}` holds an earlier demo: name another folder")
    shop = Shop.build(place / "shop.db")
    with Gate.open(RULEBOOK, store=str(record)) as gate:
        feed = _Feed(gate, show)
        play(
            gate,
            shop,
            place / "checkpoints.db",
            answer=lambda request: answer(request, record),
            show=feed.catch_up,
            say=say,
        )
        rows = calls(every_event(gate.store))
        chain_valid = _verifies(gate)
    unguarded = Shop.build(place / "shop-without-gate.db")
    play_open(unguarded)
    return Told(
        calls=rows,
        totals=totals(rows),
        executions=int(shop.figures()["executions"]),
        chain_valid=chain_valid,
        with_gate=shop.figures(),
        without_gate=unguarded.figures(),
        record=record,
        seconds=time.monotonic() - began,
    )


class _Feed:
    """Shows each call again when its state has changed."""

    def __init__(self, gate: Gate, show: Callable[[CallRow], None]) -> None:
        self._gate, self._show = gate, show
        self._shown: dict[int, str] = {}

    def catch_up(self) -> None:
        for row in calls(every_event(self._gate.store)):
            if self._shown.get(row.seq) != row.state:
                self._shown[row.seq] = row.state
                self._show(row)


def _verifies(gate: Gate) -> bool:
    try:
        verify(every_event(gate.store))
    except ChainError:
        return False
    return True


def answer_by_script(request: ApprovalRequest, record: Path) -> None:
    """Answer as `--yes` states, from another process: the refund yes, the mass mail no."""
    choice = "approve" if request.tool == "refund_order" else "reject"
    command = [sys.executable, "-m", "lockgate", "approvals", choice, request.id]
    identity = ["--by", "demo-script", "--comment", f"stated answer: {choice}"]
    subprocess.run(  # noqa: S603 - our own program with our own arguments
        [*command, *identity, "--store", str(record)], check=True, capture_output=True
    )
