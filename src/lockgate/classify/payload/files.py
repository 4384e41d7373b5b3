"""Paths and patterns: which files a call names, and what is dangerous about them.

Paths are brought into one form without looking at any disk: links stay unknown, and `~` stays what
it is. A pattern, or a whole folder, can't be counted.
"""

from __future__ import annotations

import posixpath
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.payload.domains import hides, mixes
from lockgate.classify.payload.parameters import either, fields, told, types, values, word_set
from lockgate.classify.profile import Effect, Reader, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lockgate.classify.payload.parameters import Spot
    from lockgate.classify.profile import Action

_NAMES: Final = either(
    "path file filepath filename directory dir folder glob pattern source src destination dest dst "
    "target location old new from to"
)
_PATHS: Final = frozenset({"path", "filepath", "filename", "glob"})
_NOT: Final = either(
    "id url uri type mode content encoding format size count limit description mime text token "
    "api json yaml xml key data http view x name line revision branch ref"
)
_DESTINATIONS: Final = frozenset({"destination", "dest", "dst", "target", "new", "to"})
_FOLDERS: Final = frozenset({"directory", "dir", "folder"})
_RECURSIVE: Final = frozenset({"recursive", "recurse", "recursively"})

_DRIVE: Final = re.compile(r"(?:\\\\[?.]\\|//[?.]/)?([A-Za-z]):[\\/]?")
_ENCODED: Final = re.compile(r"%([0-9a-fA-F]{2})")
_OVERLONG: Final = re.compile(
    r"%c[01]|%e0%80|%f0%80|%u[0-9a-f]{4}|0x(?:2e|2f|5c)|\.\.%|%%", re.IGNORECASE
)
_HOME: Final = re.compile(r"(?:\$HOME|\$\{HOME\}|%USERPROFILE%|%HOME%)(?=$|[\\/])", re.IGNORECASE)

_SYSTEM: Final = re.compile(
    r"/(?:etc|boot|bin|sbin|usr|lib|lib32|lib64|dev|proc|sys|root|system|library|private/etc"
    r"|var/(?:lib|run|spool/cron)|run)(?:/|$)"
    r"|[a-z]:/(?:windows|winnt|program files(?: \(x86\))?|programdata|boot|system volume information"
    r"|boot\.ini|pagefile\.sys)(?:/|$)"
)
_ROOTS: Final = re.compile(r"/|~[\w.-]*|[a-z]:/?|\.|\.\.(?:/\.\.)*")
_SECRET_FOLDER: Final = re.compile(
    r"(?:^|/)(?:\.ssh|\.aws|\.gnupg|\.gpg|\.kube|\.azure|\.password-store|keychains|\.config/gcloud"
    r"|\.docker/config\.json|proc/[^/]+/environ|windows/system32/config|windows/repair)(?:/|$)"
)
_SECRET_FILE: Final = re.compile(
    r"(?:\.env(?:\.(?!example|sample|template|dist)[\w-]+)*|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.npmrc"
    r"|\.pypirc|\.htpasswd|\.git-credentials|\.vault-token|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?"
    r"|(?:g?shadow|master\.passwd|sudoers)-?|credentials?(?:\.\w+)?|secrets?\.(?:ya?ml|json|toml|env)"
    r"|service[-_]?account[\w-]*\.json|client_secret[\w.-]*\.json|wallet\.dat|ntds\.dit|unattend\.xml"
    r"|web\.config|wp-config\.php|tfstate|[\w.-]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx?|ppk|ovpn"
    r"|tfstate))"
)


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that are given paths."""
    found = dict(fields(parameters))
    ours = action.resource == "file"
    named = tuple(
        spot for spot, schema in found.items() if _names_file(spot[-1], schema, ours=ours)
    )
    if not named:
        return None
    flags = tuple(spot for spot in found if ours and word_set(spot[-1]) & _RECURSIVE)
    read = partial(read_paths, named, flags, counts=ours, deletes=action.effect is Effect.DELETE)
    return Reader(name="files", parameters=told((*named, *flags)), read=read)


def _names_file(name: str, schema: Any, *, ours: bool) -> bool:
    """Say whether a parameter holds a path; outside of file tools only if its name ends so."""
    found = word_set(name)
    wanted = found & (_NAMES if ours else _PATHS)
    kinds = types(schema)
    textual = not kinds or bool(kinds & {"string", "array", "object"})
    besides = _NOT - {"name"} if "file" in found and ours else _NOT
    return bool(wanted) and textual and not found & besides


def read_paths(
    named: tuple[Spot, ...],
    flags: tuple[Spot, ...],
    arguments: Mapping[str, Any],
    *,
    counts: bool,
    deletes: bool,
) -> Reading:
    """Return the files that a call names.

    Args:
        named: Where the paths stand.
        flags: Where it is said that folders are gone through.
        arguments: The arguments of the call.
        counts: Whether the files are what the tool acts on, and so are counted.
        deletes: Whether a folder goes with all that is in it.
    """
    everything = any(value is True for spot in flags for value in values(arguments, spot))
    paths: dict[str, None] = {}
    moved: dict[str, None] = {}
    hazards: dict[str, None] = {}
    whole = everything
    for spot in named:
        words = word_set(spot[-1])
        for text in _texts(values(arguments, spot)):
            path = normal(text)
            (moved if words & _DESTINATIONS else paths)[path] = None
            hazards |= dict.fromkeys(_oddities(text, path))
            whole = whole or path.endswith("/") or bool(words & _FOLDERS)
    if everything or (deletes and any(map(_ROOTS.fullmatch, map(str.lower, paths)))):
        hazards["unbounded"] = None
    countable = paths and "unbounded" not in hazards and not (deletes and whole)
    return Reading(
        reach=len(paths) if counts and countable else None,
        unit="files" if counts else "",
        targets=(*paths, *(path for path in moved if path not in paths)),
        hazards=tuple(hazards),
    )


def _texts(found: Iterator[Any]) -> Iterator[str]:
    """Yield the paths in a value: in a text, in a list, or in an object under its own names."""
    for value in found:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _texts(iter(value))
        elif isinstance(value, dict):
            inner = (item for name, item in value.items() if word_set(name) & _NAMES)
            yield from _texts(inner)


def normal(text: str) -> str:
    """Return a path in one form: slashes, no `.` and no `..` that can be resolved."""
    path = _HOME.sub("~", _decoded(text.strip().removeprefix("file://")))
    drive = _DRIVE.match(path)
    if drive or "\\" in path:
        path = path.replace("\\", "/")
    if drive:
        path = f"{drive[1].lower()}:/{path[drive.end() :].lstrip('/')}"
    folder = "/" if path.endswith("/") and len(path) > 1 else ""
    plain = posixpath.normpath(path) if path else ""
    shared = "/" if text.strip().startswith("\\\\") and not drive else ""
    plain = f"{shared}/{plain.lstrip('/')}" if plain.startswith("/") else plain
    return plain if plain.endswith("/") else plain + folder


def _decoded(text: str) -> str:
    """Undo the encoding that a URL's path may have, twice: what is encoded twice is decoded so."""
    for _ in range(2):
        if "%" not in text:
            break
        text = _ENCODED.sub(lambda found: chr(int(found[1], 16)), text)
    return text


def _oddities(text: str, path: str) -> Iterator[str]:
    """Yield what is dangerous about a path."""
    low = path.lower()
    if _is_pattern(text):
        yield "unbounded"
    if _escapes(text, path):
        yield "escape"
    if _SYSTEM.match(low) or _ROOT_ONLY.fullmatch(low):
        yield "system_path"
    if _SECRET_FOLDER.search(low) or _SECRET_FILE.fullmatch(low.rstrip("/").rpartition("/")[2]):
        yield "secret_file"
    if hides(_decoded(text)) or mixes(text) or _OVERLONG.search(text) or _is_encoded(text):
        yield "obfuscated"


_ROOT_ONLY: Final = re.compile(r"/|[a-z]:/?")
_MANY_DOTS: Final = re.compile(r"(?:^|/)\.{3,}(?:$|/)")
_DOTS: Final = re.compile(r"(?:^|[/\\])\.{2,}(?=$|[/\\])|\.{2,}[/\\]+\.")


def _is_pattern(text: str) -> bool:
    """Say whether a text has a wildcard, letters to choose from, or alternatives."""
    if "*" in text or "?" in text:
        return True
    choice = text[text.find("{") : text.rfind("}")] if "{" in text else ""
    return "," in choice or 0 <= text.find("[") < text.rfind("]") - 1


def _escapes(text: str, path: str) -> bool:
    """Say whether a path climbs out of where it starts."""
    if path == ".." or path.startswith("../") or _OVERLONG.search(text):
        return True
    decoded = _decoded(text)
    if not _DOTS.search(decoded):
        return False
    if _MANY_DOTS.search(path):  # left of `....//` when a filter took `../` away, it climbs
        return True
    if path.startswith("/") or _DRIVE.match(path):
        first = decoded.replace("\\", "/").lstrip("/").split("/", 1)[0]
        return path.lstrip("/").split("/", 1)[0] != first
    return bool(_DOTS.search(path)) or path.startswith("~/..") or "/.." in path


def _is_encoded(text: str) -> bool:
    """Say whether dots, slashes or a null byte were encoded, which no path needs."""
    return any(
        found[1].lower() in {"2e", "2f", "5c", "00", "25"} for found in _ENCODED.finditer(text)
    )
