"""Text → sentences of words, and what about its letters is not honest."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from lockgate.classify.signature.naming import fused

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE: Final = "§"
"""What stands for a name or a quotation in a sentence."""
_NAMES: Final = re.compile(
    r"`[^`]*`|\"[^\"\n]*\"|<[^>\n]{1,40}>|https?://\S+|\b\w+_\w+\b|\b\w+\(\)"
)
"""Names of other tools, quotations, markup: words, but not what the sentence says."""
_SENTENCE: Final = re.compile(
    r"[.!?]+(?=\s|$)|;|\n\s*(?:[-*•#]|\d+[.)])|\n\s*\n|\s[-–—|]\s"
    r"|(?<=\))(?:\s*->[^\n]*)?\n"
)
"""Where a sentence ends; also below the signature that some hosts put first."""
_SIGNATURE: Final = re.compile(r"\A\s*\w+\(")
_TOKEN: Final = re.compile(r"[a-z]+(?:['-][a-z]+)*|[,:/&§]")
_ABBREVIATION: Final = re.compile(r"\b(e\.g|i\.e|etc|vs|approx|incl|esp|no)\.", re.IGNORECASE)
_LOOK_ALIKE: Final = str.maketrans(
    "аеорсхуіјѕԁһӏԛԝкмтвнгпοανρτυικε’АВЕКМНОРСТХІЈЅ",  # noqa: RUF001 - that is the point
    "aeopcxyijsdhlqwkmtbhrnoavptuike'ABEKMHOPCTXIJS",
)
_IMITATING: Final = re.compile("CYRILLIC|GREEK|ARMENIAN|CHEROKEE|COPTIC|LISU|DESERET|MODIFIER")
_BESIDE_LETTER: Final = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")
_UNSEEN: Final = frozenset({"Cf", "Co", "Cn", "Cc", "Mn"})


def normal(text: str) -> str:
    """Return a text in plain letters, those that imitate others as what they imitate."""
    return unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE)


def imitates(text: str) -> bool:
    """Say whether letters of one script stand in words of another, or signs that nobody sees."""
    if text.isascii():
        return False
    beside = _BESIDE_LETTER.findall(unicodedata.normalize("NFC", text))
    return any(_is_odd(sign) for sign in {*"".join(beside)} if not sign.isascii())


def _is_odd(sign: str) -> bool:
    if unicodedata.category(sign) in _UNSEEN:
        return True
    return sign.isalpha() and _IMITATING.match(unicodedata.name(sign, "")) is not None


def sentences(text: str) -> Iterator[list[str]]:
    """Yield the words of every sentence, lower-case, with the signs that part them."""
    unsigned = _SIGNATURE.sub(f"{REFERENCE} {REFERENCE} ", text)
    plain = _ABBREVIATION.sub(r"\1", _NAMES.sub(f" {REFERENCE} ", unsigned))
    for part in _SENTENCE.split(plain):
        tokens = fused(_TOKEN.findall(part.lower()))
        if tokens:
            yield tokens
