"""Several things that one payload does → one reading: of each part, the worst."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lockgate.classify.catalogue import BY_ID
from lockgate.classify.profile import Effect, Reading, Reversibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UNDOING: Final = tuple(Reversibility)
NOTHING: Final = Reading()


def united(readings: Iterable[Reading]) -> Reading:
    """Return the one reading that several deeds in a row lead to; each names its action."""
    deeds = [reading for reading in readings if reading.action]
    if not deeds:
        return NOTHING
    deeds.sort(key=lambda deed: BY_ID[deed.action].danger, reverse=True)
    acting = [deed for deed in deeds if BY_ID[deed.action].effect is not Effect.READ] or deeds
    counted = [deed for deed in acting if deed.unit]
    return Reading(
        action=deeds[0].action,
        also=_others(deeds),
        reversibility=max(map(undone, deeds), key=_UNDOING.index),
        reach=_sum(counted),
        unit=counted[0].unit if counted else "",
        targets=_all(deed.targets for deed in deeds),
        hazards=_all(deed.hazards for deed in deeds),
        flaws=_all(deed.flaws for deed in deeds),
        because=_all(deed.because for deed in deeds),
    )


def _others(deeds: Sequence[Reading]) -> tuple[str, ...]:
    """Return what is done besides the worst, the more dangerous first."""
    named = dict.fromkeys(action for deed in deeds for action in (deed.action, *deed.also))
    return tuple(action for action in named if action != deeds[0].action)


def added(deed: Reading, hazard: str, why: str) -> Reading:
    """Return a deed with one hazard more."""
    return replace(deed, hazards=_all((deed.hazards, (hazard,))), because=(*deed.because, why))


def undone(deed: Reading) -> Reversibility:
    """Return whether it can be undone: its own word, or else its action's."""
    return deed.reversibility or BY_ID[deed.action].reversibility


def _sum(counted: Sequence[Reading]) -> int | None:
    reaches = [deed.reach for deed in counted]
    alike = len({deed.unit for deed in counted}) == 1
    return sum(filter(None, reaches)) if reaches and alike and None not in reaches else None


def _all(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))
