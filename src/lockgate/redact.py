"""What must never be written down, and a list of what was masked.

Secrets are found by the name of the key that holds them and by their shape. One pass of
a linear-time pattern set over the encoded value answers the common case, "nothing
here", in about two microseconds. Names and e-mail addresses stay: a reviewer must see
whom a message goes to. This room can miss a secret that looks like ordinary text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MASK: Final = "[masked: {}]"

SHORTEST_CARD: Final = 10**12
"""A number below has too few digits for a payment card."""

KEY_NAMES: Final = (
    r"pass(word|wd|phrase)|secret|api[_-]?key|apikey|access[_-]?key|private[_-]?key|auth[_-]?token"
    r"|access[_-]?token|refresh[_-]?token|session[_-]?token|client[_-]?secret|credential"
    r"|authorization|cvv|cvc|card[_-]?number|\bssn|_ssn|ssn\b|ssn_"
)
"""Names of keys whose values are always masked, wherever the words stand in the name."""

PATTERNS: Final = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?",
    "aws key": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "github token": r"\b(gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})\b",
    "slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{10,250}",
    "stripe key": r"\b[rs]k_(live|test)_[A-Za-z0-9]{16,250}\b",
    "api key": r"\bsk-[A-Za-z0-9_-]{20,250}",
    "google key": r"\bAIza[0-9A-Za-z_-]{35}",
    "web token": r"\beyJ[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{8,1000}",
    "bearer token": r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{16,1000}=*",
    "password in url": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"]{1,100}:[^\s:/@\"]{1,200}@",
    "password": r"(?i)\b(password|passwd|pwd)[\"']?\s*[:=]\s*[\"']?[^\s,;\"'&]{4,200}",
    "card number": r"\b[2-6]([ -]?[0-9]){12,18}\b",  # the first digits of ISO/IEC 7812 banks
    "social security number": r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
    "bank account": r"\b[A-Z]{2}[0-9]{2} ?([A-Z0-9]{4} ?){3,7}[A-Z0-9]{1,4}\b",
}


@dataclass(frozen=True, slots=True)
class Redacted:
    """What may be written down of a JSON-like value.

    Attributes:
        value: The value, with its secrets masked.
        encoded: Its JSON text.
        masked: The JSON paths that were masked, with their kind.
    """

    value: Any
    encoded: bytes
    masked: tuple[str, ...] = ()


def redact(value: Any) -> Redacted:
    """Mask the secrets in a JSON-like value."""
    try:
        encoded = orjson.dumps(value)
    except (TypeError, ValueError):
        value = _encodable(value)
        encoded = orjson.dumps(value)
    if not _suspicious(encoded) and not (
        b"\\" in encoded and _suspicious(_spaced(encoded.decode("utf-8")).encode("utf-8"))
    ):
        return Redacted(value, encoded)
    masked: list[str] = []
    clean = _walk(value, "$", masked)
    return Redacted(clean, orjson.dumps(clean), tuple(masked))


_CONTROL: Final = re.compile(r"\\+(?:u00[01][0-9a-f]|[bfnrt])")


def _spaced(text: str) -> str:
    """Turn the escapes of JSON text, nested or not, back into what divides words."""
    return _CONTROL.sub(" ", text).replace("\\", "")


def _encodable(value: Any) -> Any:
    """Rewrite what JSON text can't hold (lone surrogates, vast integers), losing nothing else."""
    if isinstance(value, dict):
        return {_encodable(str(key)): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _prefilter() -> Callable[[str | bytes], list[int] | None]:
    """Build the pattern set once; RE2 runs in time linear in the text."""
    import re2

    patterns = re2.Set.SearchSet()
    for pattern in (rf'(?i)"[^"]*({KEY_NAMES})[^"]*"\s*:', *PATTERNS.values()):
        patterns.Add(pattern)
    patterns.Compile()
    return patterns.Match  # type: ignore[no-any-return]


def _suspicious(text: str | bytes) -> bool:
    return bool(_prefilter()(text))


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    import re2

    return tuple((kind, re2.compile(pattern)) for kind, pattern in PATTERNS.items())


_KEY_NAME: Final = re.compile(KEY_NAMES, re.IGNORECASE)


def _walk(value: Any, path: str, masked: list[str]) -> Any:
    if isinstance(value, str):
        return _mask_text(value, path, masked)
    if isinstance(value, int) and value > SHORTEST_CARD:
        text = str(value)
        clean = _mask_text(text, path, masked)
        return value if clean == text else clean
    if isinstance(value, dict):
        return dict(_mask_items(value, path, masked))
    if isinstance(value, list):
        return [_walk(item, f"{path}[{at}]", masked) for at, item in enumerate(value)]
    return value


def _mask_items(value: dict[str, Any], path: str, masked: list[str]) -> Iterator[tuple[str, Any]]:
    for at, (key, item) in enumerate(value.items()):
        name = _mask_text(key, path, masked)
        name = key if name == key else f"{name} {at}"
        place = f"{path}.{name}"
        if _KEY_NAME.search(key) and item not in (None, "", [], {}):
            masked.append(f"{place}: by name")
            yield name, MASK.format("by name")
        else:
            yield name, _walk(item, place, masked)


def _mask_text(text: str, path: str, masked: list[str]) -> str:
    if text[:1] in {"{", "["}:
        inner = _mask_json(text, path, masked)
        if inner is not None:
            return inner
    if not _suspicious(text):
        return text
    for kind, pattern in _compiled():
        text, count = pattern.subn(partial(_replacement, kind), text)
        if count and MASK.format(kind) in text:
            masked.append(f"{path}: {kind}")
    return text


def _mask_json(text: str, path: str, masked: list[str]) -> str | None:
    """Mask inside text that is JSON, as many tools answer, by its keys; return what is left."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    found: list[str] = []
    clean = _walk(value, path, found)
    masked.extend(found)
    return orjson.dumps(clean).decode("utf-8") if found else text


def _replacement(kind: str, match: re.Match[str]) -> str:
    found = match.group(0)
    if kind == "card number" and not _luhn(found):
        return found
    return MASK.format(kind)


def _luhn(number: str) -> bool:
    """Say whether the digits pass the check of ISO/IEC 7812-1, annex B."""
    digits = [int(char) for char in number if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
