"""What the decisions about a row come to: nothing yet, a second look, a third, a question, or settled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .models import NOT_SAME, SAME, UNSETTLED

OPEN, SECOND, DISPUTED, ASKED, SETTLED = "open", "second", "disputed", "asked", "settled"
OF_SENSITIVE = 2  # reviewers who must agree


@dataclass(frozen=True, slots=True)
class Voice:
    """A decision that stands: neither undone nor reopened."""

    decision: int
    verdict: str
    person: int | None
    by: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`person` where it is settled that the row is that person."""

    state: str
    person: int | None = None


UNDECIDED = Standing(OPEN)


def standing(voices: Sequence[Voice], *, sensitive: bool) -> Standing:
    """Whoever cannot settle a row has it asked at once: a call costs less than a wrong flag. Where two
    reviewers differ, a third one decides."""
    if any(voice.verdict == UNSETTLED for voice in voices):
        return Standing(ASKED)
    wanted = OF_SENSITIVE if sensitive else 1
    votes = Counter((voice.verdict, voice.person) for voice in voices)
    for (verdict, person), count in votes.most_common(1):
        if count >= wanted:
            return Standing(SETTLED, person if verdict == SAME else None)
    if not voices:
        return UNDECIDED
    return Standing(SECOND if len(voices) == 1 else DISPUTED)


__all__ = [
    "ASKED",
    "DISPUTED",
    "NOT_SAME",
    "OPEN",
    "SECOND",
    "SETTLED",
    "UNDECIDED",
    "Standing",
    "Voice",
    "standing",
]
