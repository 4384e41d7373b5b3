"""Lockgate contains what AI agents do: decide, then act.

    from lockgate import Gate
    gate = Gate.open()
    refund = gate.contained(refund, action="payments.refund")

The doors for agent frameworks are in `lockgate.adapters`; importing this package loads none
of them, no web stack and no database driver.
"""

from typing import TYPE_CHECKING, Any

from lockgate.approve import Answer, ApprovalRequest, Choice
from lockgate.approvers import Approver, Callback, Console
from lockgate.call import Principal, ToolCall
from lockgate.classify import Effect, Signature
from lockgate.decide import Decision, Verdict
from lockgate.errors import (
    AnswerRefused,
    Blocked,
    ChainError,
    Expired,
    InventoryError,
    LockgateError,
    OutcomeUnknown,
    OutcomeUnrecorded,
    PendingApproval,
    Refused,
    Rejected,
    RulebookError,
    Stale,
    StoreError,
    Suspended,
    Unrecorded,
    WiringError,
)
from lockgate.evaluate import Finding, Level, Risk
from lockgate.gate import Gate
from lockgate.inventory import Inventory
from lockgate.scope import current_permit

if TYPE_CHECKING:
    from lockgate.rulebook import Rulebook

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AnswerRefused",
    "ApprovalRequest",
    "Approver",
    "Blocked",
    "Callback",
    "ChainError",
    "Choice",
    "Console",
    "Decision",
    "Effect",
    "Expired",
    "Finding",
    "Gate",
    "Inventory",
    "InventoryError",
    "Level",
    "LockgateError",
    "OutcomeUnknown",
    "OutcomeUnrecorded",
    "PendingApproval",
    "Principal",
    "Refused",
    "Rejected",
    "Risk",
    "Rulebook",
    "RulebookError",
    "Signature",
    "Stale",
    "StoreError",
    "Suspended",
    "ToolCall",
    "Unrecorded",
    "Verdict",
    "WiringError",
    "current_permit",
]


def __getattr__(name: str) -> Any:
    """Load `Rulebook` when it is asked for: it brings the YAML parser and the CEL engine."""
    if name == "Rulebook":
        from lockgate.rulebook import Rulebook

        return Rulebook
    raise AttributeError(f"module `lockgate` has no attribute `{name}`")
