"""The tables, and the statements over them, compiled once.

SQLAlchemy writes the SQL for each dialect; the statements are then run on the driver's
own connection, which costs less than a tenth more than hand-written SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from lockgate.record import TURNING, EventKind

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement, Dialect

VERSION: Final = 1
"""Version of the schema, kept in the database itself."""

metadata: Final = MetaData()
events: Final = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("events_by_call", events.c.thread, events.c.call)
_NOTHING: Final = literal_column("''", Text)
_TIES: Final = or_(
    events.c.request != _NOTHING,
    events.c.kind == literal_column(f"'{EventKind.ADOPTED.value}'", Text),
)
"""The condition of `record.ties`; an index can serve it only when both are the same text."""
Index("events_that_tie", events.c.thread, events.c.call, sqlite_where=_TIES)
Index("events_by_request", events.c.request, sqlite_where=events.c.request != "")
Index("events_by_kind", events.c.kind)

FIELDS: Final = tuple(column.name for column in events.columns)


_ZERO: Final = literal_column("0", Integer)
_ONE: Final = literal_column("1", Integer)


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL text for one dialect, with named parameters in the dialect's own style."""

    create: tuple[str, ...]
    insert: str
    known: str
    last: str
    of_call: str
    of_thread: str
    of_request: str
    requests_of: str
    of_kind: str
    unresolved: str
    page: str


def statements(dialect: Dialect) -> Statements:
    """Compile everything that a store says to its database."""

    def sql(statement: ClauseElement) -> str:
        return str(statement.compile(dialect=dialect))

    ids = func.json_each(bindparam("ids")).table_valued("value").c.value
    row, at = select(events).order_by(events.c.seq), events.c
    turning = at.kind.in_([literal_column(f"'{kind.value}'") for kind in sorted(TURNING)])
    newest = select(events).order_by(at.seq.desc()).limit(bindparam("latest"))
    ended = select(at.request).where(at.kind == bindparam("resolved"))
    indexes = sorted(events.indexes, key=lambda index: str(index.name))
    return Statements(
        create=(
            str(CreateTable(events).compile(dialect=dialect)),
            *(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes),
        ),
        insert=sql(insert(events)),
        known=sql(select(at.id).where(at.id.in_(select(ids)))),
        last=sql(select(at.seq, at.hash).order_by(at.seq.desc()).limit(_ONE).offset(_ZERO)),
        of_call=sql(
            newest.offset(_ZERO).where(
                at.thread == bindparam("thread"), at.call == bindparam("call"), turning
            )
        ),
        of_thread=sql(row.where(at.thread == bindparam("thread"), at.seq > bindparam("after"))),
        of_request=sql(row.where(at.request == bindparam("request"), at.request != _NOTHING)),
        requests_of=sql(
            row.where(at.thread == bindparam("thread"), at.call == bindparam("call"), _TIES)
        ),
        of_kind=sql(row.where(at.kind == bindparam("kind"), at.seq > bindparam("after"))),
        unresolved=sql(row.where(at.kind == bindparam("held"), at.request.not_in(ended))),
        page=sql(row.where(at.seq > bindparam("after")).limit(bindparam("limit")).offset(_ZERO)),
    )
