"""Names of hosts in one normal form, and what is odd about them.

The WHATWG URL parser decides what a name means: `0x7f.1` is 127.0.0.1, and `Bücher.example` is
`xn--bcher-kva.example`. It is what browsers do, and the most that any client makes of a name.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import Final

_INSIDE: Final = re.compile(
    r"(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|localtest\.me"
    r"|lvh\.me|home\.arpa)$"
)
_EMBEDDED: Final = re.compile(
    r"(?:^|[.-])(\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]\d{1,3})\.(?:nip\.io|sslip\.io|xip\.io)$"
)
_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)
_NO_NAME: Final = re.compile(r"[/\\\\@?#%\s]")


def normal(name: str) -> str:
    """Return a host's name in ASCII and lower case, an address in its usual form.

    Returns:
        The name, or nothing where it is none.
    """
    plain = name.lower()
    if _PLAIN.fullmatch(plain) and "xn--" not in plain and plain[plain.rfind(".") + 1] > "9":
        return plain
    if not name or _NO_NAME.search(name):
        return ""
    import ada_url

    try:
        return str(ada_url.URL(f"http://{name}/").hostname)
    except ValueError:
        return ""


def is_inside(host: str) -> bool:
    """Say whether a normal name leads to this machine or the private network.

    A name without a dot does: only a private network resolves it. So does a name that a public
    service resolves to a private address, such as `10.0.0.1.nip.io`.
    """
    bare = host.strip("[]").removesuffix(".")
    address = _address(bare)
    if address is not None:
        return _is_private(address)
    embedded = _EMBEDDED.search(bare)
    if embedded is not None:
        inner = _address(embedded[1].replace("-", "."))
        return inner is None or _is_private(inner)
    return "." not in bare or _INSIDE.search(bare) is not None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether an address is not one of the public internet, or carries one that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = (address.ipv4_mapped, address.sixtofour, _translated(address))
        if any(inner is not None and _is_private(inner) for inner in carried):
            return True
    return not address.is_global or address.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside one of the well-known prefix 64:ff9b::/96 (RFC 6052)."""
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


@lru_cache(maxsize=1024)
def imitates(host: str) -> bool:
    """Say whether a normal name may be taken for another.

    So it is when a label mixes alphabets, or is in letters like Latin ones under a Latin top level
    (compare UTS 39, section 5).
    """
    if "xn--" not in host:
        return False
    import ada_url

    *labels, top = ada_url.idna_to_unicode(host).split(".")
    return any(_mixed(_scripts(label), _scripts(top)) for label in labels) or len(_scripts(top)) > 1


def mixes(text: str) -> bool:
    """Say whether a text has letters of Latin and of another alphabet."""
    return not text.isascii() and _mixed(_scripts(text), frozenset())


def hides(text: str) -> bool:
    """Say whether a text has characters that nobody sees."""
    return not text.isprintable() and any(unicodedata.category(char)[0] == "C" for char in text)


def _scripts(label: str) -> frozenset[str]:
    letters = (char for char in label if unicodedata.category(char)[0] in "LM")
    return frozenset(unicodedata.name(char, "UNNAMED").split(" ", 1)[0] for char in letters)


def _mixed(scripts: frozenset[str], top: frozenset[str]) -> bool:
    foreign = scripts - {"LATIN", *_EAST_ASIAN, "COMBINING"}
    if "LATIN" in scripts or len(foreign) > 1:
        return bool(foreign)
    return bool(foreign & _LOOK_LATIN) and not foreign & top


_EAST_ASIAN: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_LOOK_LATIN: Final = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "GEORGIAN"})
