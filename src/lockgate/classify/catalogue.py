"""The canonical actions, as data.

Each row is one thing that agents do, whatever the tool that does it is called. Base
risks are points of a score from 0 to 100; `evaluate.risk` adds what the call itself
tells. Aliases are words in any order; a name that has all of them is the action.
"""

from __future__ import annotations

from typing import Final

from lockgate.classify.profile import UNKNOWN_ACTION, Action, Effect, Reversibility

_READ, _CREATE, _UPDATE, _DELETE = Effect.READ, Effect.CREATE, Effect.UPDATE, Effect.DELETE
_SEND, _PAY, _EXECUTE, _GRANT = Effect.SEND, Effect.PAY, Effect.EXECUTE, Effect.GRANT
_FREE, _UNDO = Reversibility.HARMLESS, Reversibility.REVERSIBLE
_COST, _NEVER = Reversibility.COSTLY, Reversibility.IRREVERSIBLE


def _row(  # noqa: PLR0913, PLR0917 - a row of the table, in the order of its columns
    id: str,  # noqa: A002
    effect: Effect,
    resource: str,
    reversibility: Reversibility,
    base_risk: int,
    hazards: str,
    *aliases: str,
) -> Action:
    return Action(
        id=id,
        effect=effect,
        resource=resource,
        reversibility=reversibility,
        base_risk=base_risk,
        hazards=tuple(hazards.split()),
        aliases=aliases,
    )


UNKNOWN: Final = _row(
    UNKNOWN_ACTION, Effect.UNKNOWN, "unknown", Reversibility.IRREVERSIBLE, 40, "unclassified"
)

# fmt: off
ACTIONS: Final = (
    _row("payments.charge", _PAY, "payment", _COST, 35, "unauthorised_transaction incorrect_amount duplicate", "charge", "charge card", "charge customer", "capture payment"),
    _row("payments.refund", _PAY, "payment", _COST, 35, "inappropriate_refund incorrect_amount duplicate", "refund", "reimburse"),
    _row("payments.transfer", _PAY, "payment", _NEVER, 35, "unauthorised_transaction threshold_splitting", "transfer money", "transfer funds", "wire", "send money", "bank transfer"),
    _row("payments.pay_invoice", _PAY, "payment", _COST, 35, "duplicate incorrect_amount", "pay invoice", "pay bill", "make payment", "pay"),
    _row("payments.credit", _PAY, "payment", _COST, 30, "inappropriate_refund", "send certificate", "issue credit", "issue voucher", "add credit", "store credit"),
    _row("payments.read_balance", _READ, "payment", _FREE, 5, "", "get balance", "read balance", "check balance", "account balance"),
    _row("orders.read", _READ, "order", _FREE, 5, "", "get order", "find order", "list orders", "search orders", "track order"),
    _row("orders.create", _CREATE, "order", _COST, 30, "unauthorised_transaction duplicate", "create order", "place order", "buy", "checkout"),
    _row("orders.update", _UPDATE, "order", _UNDO, 30, "wrong_subject", "modify order", "update order", "change order", "exchange order", "modify pending", "exchange delivered"),
    _row("orders.cancel", _UPDATE, "order", _COST, 35, "wrong_subject", "cancel order", "cancel pending"),
    _row("orders.return", _UPDATE, "order", _COST, 30, "inappropriate_refund wrong_subject", "return order", "return delivered"),
    _row("bookings.read", _READ, "booking", _FREE, 5, "", "get reservation", "get booking", "search flight", "find booking", "list reservations"),
    _row("bookings.create", _CREATE, "booking", _COST, 30, "unauthorised_transaction duplicate", "book", "book flight", "create booking", "make reservation", "book reservation"),
    _row("bookings.update", _UPDATE, "booking", _UNDO, 30, "wrong_subject", "update reservation", "modify booking", "change booking", "reschedule"),
    _row("bookings.cancel", _UPDATE, "booking", _COST, 35, "wrong_subject", "cancel reservation", "cancel booking"),
    _row("customers.read", _READ, "customer", _FREE, 5, "privacy", "find user", "get user", "find customer", "get customer", "list customers", "search customers", "get profile", "lookup user"),
    _row("customers.update", _UPDATE, "customer", _UNDO, 30, "wrong_subject", "modify user", "update user", "update customer", "update profile", "change address", "modify address"),
    _row("customers.archive", _UPDATE, "customer", _UNDO, 25, "", "archive customer", "archive customers", "deactivate user"),
    _row("customers.delete", _DELETE, "customer", _NEVER, 55, "data_loss retention", "delete customer", "delete customers", "delete user", "remove customer", "erase customer", "purge customers"),
    _row("database.read", _READ, "database", _FREE, 10, "", "select rows", "read table", "list tables", "describe table"),
    _row("database.query", _EXECUTE, "database", _NEVER, 45, "data_loss injection", "query database", "run sql", "execute sql", "sql query", "execute query", "run query"),
    _row("database.update", _UPDATE, "database", _COST, 35, "data_loss", "update rows", "update row", "update table", "update record"),
    _row("database.delete", _DELETE, "database", _NEVER, 55, "data_loss", "delete rows", "delete row", "delete record", "delete records", "drop table", "truncate table"),
    _row("database.migrate", _UPDATE, "database", _NEVER, 50, "data_loss outage", "alter table", "migrate schema", "run migration"),
    _row("files.read", _READ, "file", _FREE, 10, "privacy", "read file", "list files", "list directory", "open file", "search files", "get file"),
    _row("files.write", _UPDATE, "file", _COST, 30, "data_loss", "write file", "edit file", "save file", "create file", "move file"),
    _row("files.delete", _DELETE, "file", _NEVER, 50, "data_loss", "delete file", "remove file", "delete files", "delete directory"),
    _row("communication.send_email", _SEND, "message", _NEVER, 25, "wrong_recipient data_leak", "send email", "send mail", "email", "reply email", "forward email"),
    _row("communication.send_bulk", _SEND, "message", _NEVER, 45, "wrong_recipient reputation", "send newsletter", "mass mail", "bulk email", "broadcast", "send campaign"),
    _row("communication.send_message", _SEND, "message", _NEVER, 25, "wrong_recipient data_leak", "send message", "post message", "send sms", "send notification", "notify"),
    _row("communication.read", _READ, "message", _FREE, 10, "privacy injection", "read email", "list emails", "search emails", "get messages", "read messages"),
    _row("communication.handover", _UPDATE, "conversation", _UNDO, 10, "", "transfer to human", "escalate to human", "transfer to human agents", "handover"),
    _row("agents.handoff", _UPDATE, "agent", _UNDO, 10, "", "handoff", "hand off", "delegate"),
    _row("infrastructure.read", _READ, "infrastructure", _FREE, 10, "", "describe instances", "list instances", "get status", "list buckets", "get logs"),
    _row("infrastructure.scale", _UPDATE, "infrastructure", _COST, 45, "spend outage", "scale", "launch instances", "create instance", "resize cluster"),
    _row("infrastructure.configure", _UPDATE, "infrastructure", _COST, 45, "outage", "update security group", "configure", "set config", "update dns", "deploy"),
    _row("infrastructure.terminate", _DELETE, "infrastructure", _NEVER, 55, "outage data_loss", "terminate", "terminate instance", "delete instance", "shutdown", "delete bucket"),
    _row("identity.grant_role", _GRANT, "identity", _COST, 55, "privilege_escalation", "grant role", "add role", "grant access", "assign role", "add permission", "share file"),
    _row("identity.revoke", _UPDATE, "identity", _UNDO, 35, "outage", "revoke role", "revoke access", "remove permission"),
    _row("identity.secrets", _GRANT, "identity", _NEVER, 60, "privilege_escalation data_leak", "create api key", "create token", "rotate key", "get secret", "read secret"),
    _row("code.execute", _EXECUTE, "host", _NEVER, 50, "injection data_loss data_leak", "run code", "execute code", "python repl", "run command", "execute command", "shell", "bash", "terminal", "execute"),
    _row("data.export", _SEND, "data", _NEVER, 40, "data_leak privacy", "export", "export data", "download report", "dump"),
    _row("web.read", _READ, "web", _FREE, 15, "injection", "web search", "fetch", "fetch url", "browse", "scrape", "get webpage"),
    _row("web.post", _SEND, "web", _NEVER, 40, "data_leak", "http post", "post request", "submit form", "upload"),
    _row("data.calculate", _READ, "nothing", _FREE, 0, "", "calculate", "calculator", "think", "compute"),
)
# fmt: on

BY_ID: Final = {action.id: action for action in (UNKNOWN, *ACTIONS)}


def suggestions(action_id: str) -> list[str]:
    """Return catalogue ids that look like `action_id`, the nearest first."""
    import difflib

    return difflib.get_close_matches(action_id, BY_ID, n=3)
