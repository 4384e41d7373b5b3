"""The nine theorems of combining, each over every bag of up to five findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, permutations, product

from lockgate.decide import Verdict
from lockgate.evaluate import Finding, Kind

Combine = Callable[[Iterable[Finding]], Verdict]
Bag = tuple[Finding, ...]

LARGEST = 5
RANK = {"ALLOW": 0, "REQUIRE_APPROVAL": 1, "BLOCK": 2}


def finding(kind: Kind, *, erred: bool = False) -> Finding:
    name = f"{'erred-' * erred}{kind.value}"
    return Finding(kind=kind, judge="test", rule=name, reason=name, erred=erred)


FINDINGS = tuple(finding(kind, erred=erred) for kind, erred in product(Kind, (False, True)))
GRANT, IF_APPROVED = finding(Kind.GRANT), finding(Kind.GRANT_IF_APPROVED)
OBJECTIONS = tuple(item for item in FINDINGS if item.erred or item not in {GRANT, IF_APPROVED})


def bags(largest: int = LARGEST) -> Iterator[Bag]:
    """Yield every multiset of findings, the empty one first."""
    for size in range(largest + 1):
        yield from combinations_with_replacement(FINDINGS, size)


def _forbids(bag: Bag) -> bool:
    return any(item.kind is Kind.FORBID or item.erred for item in bag)


def forbid_trumps_grant(combine: Combine) -> None:
    for bag in bags():
        if any(item.kind is Kind.FORBID for item in bag):
            assert combine(bag) == "BLOCK", bag


def error_never_allows(combine: Combine) -> None:
    for bag in bags():
        if any(item.erred for item in bag):
            assert combine(bag) == "BLOCK", bag


def default_deny(combine: Combine) -> None:
    for bag in bags():
        if not {GRANT, IF_APPROVED}.intersection(bag):
            assert combine(bag) == "BLOCK", bag


def allowed_iff_granted_and_unopposed(combine: Combine) -> None:
    for bag in bags():
        unopposed = GRANT in bag and not set(OBJECTIONS).intersection(bag)
        assert (combine(bag) == "ALLOW") == unopposed, bag


def order_and_dup_independent(combine: Combine) -> None:
    for bag in bags(4):
        verdicts = {combine(order) for order in permutations(bag)}
        verdicts |= {combine((*bag, twin)) for twin in bag}
        assert len(verdicts) == 1, bag


def an_objection_never_loosens(combine: Combine) -> None:
    for bag, objection in product(bags(), OBJECTIONS):
        assert RANK[combine((*bag, objection))] >= RANK[combine(bag)], (bag, objection)


def a_grant_never_tightens(combine: Combine) -> None:
    for bag, grant in product(bags(), (GRANT, IF_APPROVED)):
        assert RANK[combine((*bag, grant))] <= RANK[combine(bag)], (bag, grant)


def deny_survives_grant(combine: Combine) -> None:
    grants = (GRANT, GRANT, IF_APPROVED)
    for bag in bags():
        if _forbids(bag):
            assert combine((*bag, *grants)) == combine((*grants, *bag)) == "BLOCK", bag


def a_lower_layer_never_loosens(combine: Combine) -> None:
    for bag, item in product(bags(), FINDINGS):
        inner = replace(item, within="agent support")
        before, after = combine(bag), combine((*bag, inner))
        assert RANK[after] >= RANK[before], (bag, inner)
        assert item in OBJECTIONS or after == before, (bag, inner)


THEOREMS: dict[str, Callable[[Combine], None]] = {
    theorem.__name__: theorem
    for theorem in (
        forbid_trumps_grant,
        error_never_allows,
        default_deny,
        allowed_iff_granted_and_unopposed,
        order_and_dup_independent,
        an_objection_never_loosens,
        a_grant_never_tightens,
        deny_survives_grant,
        a_lower_layer_never_loosens,
    )
}
