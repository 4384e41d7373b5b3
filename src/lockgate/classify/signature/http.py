"""What an HTTP verb and a path tell, where a tool is one operation of an HTTP service."""

from __future__ import annotations

import re
from typing import Final

from lockgate.classify.profile import Effect
from lockgate.classify.signature.naming import fused, told_by_name
from lockgate.classify.signature.told import SILENT, Told
from lockgate.classify.signature.verbs import VERBS, Verb
from lockgate.classify.words import words

_VERBS: Final = {
    "GET": VERBS["get"],
    "HEAD": VERBS["get"],
    "OPTIONS": VERBS["get"],
    "PUT": VERBS["update"],
    "PATCH": VERBS["update"],
    "DELETE": VERBS["delete"],
}
_VARIABLE: Final = re.compile(r"\{[^}]*\}|:\w+|<[^>]*>")


def told_by_http(method: str, path: str) -> Told:
    """Say what the HTTP side of a tool tells; a verb that nobody knows runs something."""
    if not method:
        return SILENT
    name = method.upper()
    inner = told_by_name(path_words(path)[-2:])
    doubts = inner.doubts
    if inner.changes and inner.sure:
        doubts = (*doubts, f"its path says `{inner.verb.word}`" if inner.verb else "")
    because = f"its HTTP verb is `{name}`"
    if name == "POST":
        return Told(maybe=VERBS["create"], because=because, doubts=doubts)
    verb = _VERBS.get(name, Verb("execute", Effect.EXECUTE, firm=True))
    return Told(verbs=(verb,), because=because, doubts=doubts)


def path_words(path: str) -> list[str]:
    """Return the words of the fixed parts of a path."""
    return fused(words(_VARIABLE.sub(" ", path)))
