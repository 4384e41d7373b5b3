"""The judge of reviews: a tool that is not as a person reviewed it does not act unseen.

What a model is told of a tool may have changed since somebody looked at it, or nobody ever did.
Each call is then held, whatever allows it: no rule lifts a hold, only a person does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lockgate.evaluate.finding import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.evaluate.finding import Question

JUDGE: Final = "review"


class ReviewJudge:
    """Holds the calls of tools that changed since they were reviewed, or never were."""

    name = JUDGE

    def judge(self, question: Question) -> Iterator[Finding]:
        """Hold a call if its tool is in doubt."""
        doubt = question.profile.classification.doubt
        if doubt:
            yield Finding(kind=Kind.HOLD, judge=JUDGE, rule="not-as-reviewed", reason=doubt)
