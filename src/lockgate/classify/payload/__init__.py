"""The arguments → how much money, how many recipients.

What should be readable and is not counts as the worst plausible thing, never as little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.classify.payload.money import read_amount
from lockgate.classify.payload.recipients import count_recipients
from lockgate.classify.profile import Classification, Effect, Profile

if TYPE_CHECKING:
    from collections.abc import Mapping


def read(classification: Classification, arguments: Mapping[str, object]) -> Profile:
    """Complete a tool's classification with what one call's arguments say."""
    effect = classification.action.effect
    if effect is Effect.PAY:
        amount, flaws = read_amount(arguments, classification.amount_parameters)
        missing = amount is None
        return Profile(
            classification=classification, amount=amount, amount_missing=missing, flaws=flaws
        )
    if effect is Effect.SEND:
        reach = count_recipients(arguments, classification.recipient_parameters)
        return Profile(classification=classification, reach=reach)
    return Profile(classification=classification)
