"""Requests over HTTP: the verb, the host in one normal form, and what is odd about the address.

A generic request tool is what its verb says: `GET` reads, `POST`, `PUT` and `PATCH` send, and
`DELETE` or a verb that nobody knows deletes. For any other tool, the hosts it is pointed at are
named. An address that can't be parsed is the most dangerous request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.payload.domains import hides, imitates, is_inside, normal
from lockgate.classify.payload.graphql import of_body
from lockgate.classify.payload.parameters import either, fields, told, types, values, word_set
from lockgate.classify.profile import Reader, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lockgate.classify.payload.parameters import Spot
    from lockgate.classify.profile import Action

READ: Final = "web.read"
POST: Final = "web.post"
DELETE: Final = "web.delete"
REQUESTS: Final = frozenset({READ, POST, DELETE})
"""The actions of tools that make any request, and do what its verb says."""

_VERBS: Final = {
    READ: either("GET HEAD OPTIONS TRACE PROPFIND REPORT SEARCH QUERY"),
    POST: either("POST PUT PATCH CONNECT MKCOL COPY MOVE LOCK UNLOCK PROPPATCH"),
    DELETE: either("DELETE"),
}
_BY_VERB: Final = {verb: action for action, verbs in _VERBS.items() for verb in verbs}
_URL: Final = frozenset({"url", "uri", "href", "webhook"})
_HOST: Final = frozenset({"host", "hostname", "endpoint", "link", "domain", "address"})
_NO_URL: Final = either("path id mode type name title text format key port header")
_METHOD: Final = frozenset({"method", "verb"})
_HEADERS: Final = frozenset({"header"})
_BODY: Final = frozenset({"body", "data", "json", "payload", "form"})
_NO_BODY: Final = frozenset({"format", "type", "source", "id", "path", "name"})
_OVERRIDES: Final = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})
_SECRET_KEYS: Final = either(
    "access_token api_key apikey auth auth_token client_secret id_token jwt passwd password pwd "
    "secret session sig signature token"
)
_WEB: Final = frozenset({"http:", "https:", "ws:", "wss:", "ftp:"})
_ELSEWHERE: Final = frozenset({"ftps:", "sftp:", "ssh:", "git:", "s3:", "gs:", "mailto:", "tel:"})
_BUCKETS: Final = frozenset({"s3:", "gs:", "mailto:", "tel:"})
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d+(?:[/?#]|$))", re.IGNORECASE | re.ASCII)
_RELATIVE: Final = re.compile(r"/(?![/\\])|[?#]|\.{1,2}/")
_GRAPHQL: Final = re.compile(r"/(?:graphql|gql)(?:/|$)", re.IGNORECASE)
_OVERRIDE: Final = re.compile(r"x-(?:http-)?method(?:-override)?\W{1,5}(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the parts of a request stand in the arguments, and the verb when none is given."""

    urls: tuple[Spot, ...]
    verbs: tuple[Spot, ...]
    headers: tuple[Spot, ...]
    bodies: tuple[Spot, ...]
    default: str


@dataclass(frozen=True, slots=True)
class _Address:
    """One address.

    Attributes:
        host: In normal form; the whole text where there is none, nothing for a path alone.
        path: What is asked of it.
        hazards: What is odd about it.
    """

    host: str
    path: str
    hazards: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether it could be parsed."""
        return "unreadable" not in self.hazards


LONGEST: Final = 200
"""Longer texts are cut where they stand for an address."""


def bind(action: Action, parameters: Mapping[str, Any]) -> Reader | None:
    """Return a reader for tools that are pointed at an address."""
    found = dict(fields(parameters))
    requests = action.id in REQUESTS
    urls = _of_kind(found, _URL | _HOST if requests else _URL, _NO_URL)
    verbs = tuple(spot for spot in _of_kind(found, _METHOD) if _is_verb(found[spot]))
    if not (urls or (requests and verbs)):
        return None
    defaults = (_part(found[spot], "default") for spot in verbs)
    default = next((item for item in defaults if isinstance(item, str)), "")
    headers, bodies = _of_kind(found, _HEADERS), _of_kind(found, _BODY, _NO_BODY)
    places = _Places(urls, verbs, headers, bodies, default)
    may = REQUESTS if requests else _worse(action) if verbs else frozenset()
    return Reader(
        name="http",
        parameters=told((*urls, *verbs, *headers, *bodies) if may else urls),
        actions=tuple(sorted(may)),
        read=partial(read_request, places, action.id, may),
    )


def _of_kind(
    found: Mapping[Spot, Any], wanted: frozenset[str], besides: frozenset[str] = frozenset()
) -> tuple[Spot, ...]:
    """Return the spots of parameters named so that may be more than a switch or a number."""
    return tuple(
        spot
        for spot, schema in found.items()
        if word_set(spot[-1]) & wanted
        and not word_set(spot[-1]) & besides
        and types(schema) - {"null"} not in _NO_TEXT
    )


_NO_TEXT: Final = (frozenset({"boolean"}), frozenset({"integer"}), frozenset({"number"}))


def _is_verb(schema: Any) -> bool:
    """Say whether a method may be one of HTTP: a closed list without any is of something else."""
    options = _part(schema, "enum")
    if not isinstance(options, list):
        return True
    return any(isinstance(item, str) and item.upper() in _BY_VERB for item in options)


def _part(schema: Any, key: str) -> Any:
    return schema.get(key) if isinstance(schema, dict) else None


def _worse(action: Action) -> frozenset[str]:
    """Return what a verb may make of a tool that nobody called a request tool."""
    return frozenset(name for name in REQUESTS if BY_ID[name].danger > action.danger)


def read_request(
    places: _Places, own: str, may: frozenset[str], arguments: Mapping[str, Any]
) -> Reading:
    """Return what a request does, and where it goes.

    Args:
        places: Where its parts stand.
        own: The action of the tool.
        may: The actions that a request can make of it.
        arguments: The arguments of the call.
    """
    written = [text for spot in places.urls for text in values(arguments, spot)]
    addresses = [item for text in written for item in _addresses(text)]
    hosts = tuple(dict.fromkeys(item.host for item in addresses if item.host))
    hazards = tuple(dict.fromkeys(name for item in addresses for name in item.hazards))
    verbs = list(_verbs(places, arguments)) if may else []
    action = _action(places, own, verbs, addresses, arguments) if may else ""
    counted = bool(may) and bool(hosts)
    where = [f"{item.host}{item.path}"[:LONGEST] for item in addresses[:1]]
    verb = "/".join(verbs[:2]) or "request"
    return Reading(
        action=action if action in may else "",
        reach=len(hosts) if counted and "unreadable" not in hazards else None,
        unit="hosts" if counted else "",
        targets=hosts,
        hazards=hazards,
        because=tuple(f"{verb[:20]} to `{place}`" for place in where) if may else (),
    )


# ── What it does ─────────────────────────────────────────────────────────────────────────────


def _action(
    places: _Places,
    own: str,
    verbs: list[str],
    addresses: list[_Address],
    arguments: Mapping[str, Any],
) -> str:
    """Return the action of a request; nothing where the tool's own stands."""
    if not all(item.readable for item in addresses):
        return DELETE
    bodies = [body for spot in places.bodies for body in values(arguments, spot)]
    documents = {of_body(body) for body in bodies if _may_be_document(body)}
    at_graphql = bool(addresses) and all(_GRAPHQL.search(item.path) for item in addresses)
    found = [_BY_VERB.get(verb, DELETE) for verb in verbs]
    if at_graphql and documents and documents <= {"query"} and len(documents) == len(bodies):
        return DELETE if DELETE in found else READ
    if bodies or "mutation" in documents:
        found.append(POST)
    stated = found if verbs else [*found, own]
    return max((name for name in stated if name in REQUESTS), key=_danger, default="")


def _danger(action: str) -> tuple[bool, int, int]:
    return BY_ID[action].danger


def _may_be_document(body: Any) -> bool:
    return isinstance(body, str | dict | list)


def _verbs(places: _Places, arguments: Mapping[str, Any]) -> Iterable[str]:
    """Yield every verb that a server may take the request for, in capitals."""
    given = [verb for spot in places.verbs for verb in values(arguments, spot)]
    for verb in given or [places.default]:
        if verb != "":
            yield verb.strip().upper() if isinstance(verb, str) else "?"
    for spot in places.headers:
        for header in values(arguments, spot):
            yield from _overriding(header)


def _overriding(header: Any) -> Iterable[str]:
    """Yield the verbs of headers that tell a server to take the request for another."""
    match header:
        case str():
            yield from (found[1].upper() for found in _OVERRIDE.finditer(header))
        case dict():
            for name, value in header.items():
                yield from _overriding(f"{name}: {value}" if isinstance(value, str) else value)
        case list():
            for item in header:
                yield from _overriding(item)
        case _:
            return


# ── Where it goes ────────────────────────────────────────────────────────────────────────────


def _addresses(value: Any) -> Iterable[_Address]:
    match value:
        case str():
            yield _address(value.strip())
        case list():
            for item in value:
                yield from _addresses(item)
        case dict():
            inner = [item for name, item in value.items() if word_set(name) & _URL]
            yield from _addresses(inner) if inner else [_unreadable(str(value))]
        case None:
            return
        case _:
            yield _unreadable(str(value))


def _unreadable(text: str) -> _Address:
    return _Address(text[:LONGEST], "", ("unreadable",))


def _address(text: str) -> _Address:
    """Parse one address; a path alone has no host, and is the tool's own service."""
    if _RELATIVE.match(text) or not text:
        return _Address("", text)
    if "\\" in text or hides(text):  # parsers differ about where the host ends
        return _unreadable(text)
    import ada_url

    whole = (
        text if _SCHEME.match(text) else f"http:{text}" if text[:2] == "//" else f"http://{text}"
    )
    try:
        url = ada_url.URL(whole)
    except ValueError:
        return _unreadable(text)
    host = str(url.hostname).removesuffix(".") if url.protocol in _WEB else ""
    if url.protocol in _ELSEWHERE:
        host = normal(str(url.hostname))
    hazards = tuple(_oddities(text, url, host))
    return (
        _Address(host, str(url.pathname), hazards)
        if host
        else _Address(text[:LONGEST], "", hazards)
    )


def _oddities(text: str, url: Any, host: str) -> Iterable[str]:
    """Yield what is odd about an address that could be parsed."""
    if url.protocol == "file:" or (host and url.protocol not in _BUCKETS and is_inside(host)):
        yield "internal_host"
    if url.protocol not in _WEB | _ELSEWHERE | {"file:"}:
        yield "injection"
    if url.username or url.password or _has_secret(str(url.search)):
        yield "credentials"
    if " " in text or imitates(host) or _disguised(text, host):
        yield "obfuscated"


def _disguised(text: str, host: str) -> bool:
    """Say whether a host was written in another form than the one it is reached under."""
    return text.isascii() and "[" not in host and host not in text.lower()


def _has_secret(search: str) -> bool:
    if "=" not in search:
        return False
    import ada_url

    return any(key.lower() in _SECRET_KEYS for key, _ in ada_url.URLSearchParams(search).items())
