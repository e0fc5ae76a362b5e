"""Two people of the register who may be one, side by side, as the policy shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.kernel.secrets import keyring
from fangxian.matching.candidates import Known, known_people
from fangxian.matching.duplicates import standing
from fangxian.matching.models import SAME, Twin, TwinDecision
from fangxian.matching.reasons import WORDS
from fangxian.registry.tree import tree

from .reviewing import CLASS_OF, FIELDS, PURPOSE
from .reviewing import posts as told_posts

SHOWN = ("name", "sex", "birth", "id_number", "phone", "town")


@dataclass(frozen=True, slots=True)
class Line:
    """A field of both, masked; `agree` None where one of them does not say."""

    name: str
    values: tuple[str, str]
    agree: bool | None


@dataclass(frozen=True, slots=True)
class Pair:
    twin: Twin
    reasons: list[str]
    lines: list[Line]
    posts: tuple[str, str]
    decision: TwinDecision | None

    @property
    def merged(self) -> bool:
        return self.decision is not None and self.decision.verdict == SAME


def queue(*, decided: bool) -> list[int]:
    """Pairs that wait, likeliest first; or those that were decided, the last one first."""
    twins = Twin.objects.prefetch_related("decisions").order_by("-probability", "id")
    found = [(twin, _last(twin)) for twin in twins]
    if decided:
        done = [(last.pk, twin.pk) for twin, last in found if last is not None]
        return [pk for _when, pk in sorted(done, reverse=True)]
    return [twin.pk for twin, last in found if last is None]


def _last(twin: Twin) -> TwinDecision | None:
    last = max(twin.decisions.all(), key=lambda one: one.pk, default=None)
    return None if last is None or last.verdict == "undone" else last


def pairs(actor: Actor, ids: Sequence[int], *, now: datetime) -> list[Pair]:
    """In the order asked. Who is merged stands as before it."""
    day, position = day_of(now), head_position()
    twins = {twin.pk: twin for twin in Twin.objects.filter(pk__in=ids)}
    people = {person for twin in twins.values() for person in (twin.person_id, twin.other_id)}
    known = known_people(people, day=day, position=position, ring=keyring())
    said = {c: policy.verdict(actor, c, None, purpose=PURPOSE) for c in policy.CLASSES}
    units = tree(day, position).nodes
    return [_pair(twins[pk], known, said, units) for pk in ids if pk in twins]


def _pair(twin: Twin, known: dict[int, Known], said: dict[str, str], units: Any) -> Pair:
    two = [known.get(person, Known(person)) for person in (twin.person_id, twin.other_id)]
    reasons = [str(WORDS.get((name, level), "")) for name, level in twin.reasons]
    lines = [_line(code, two, said) for code in SHOWN]
    posts = (told_posts(two[0].posts, units), told_posts(two[1].posts, units))
    return Pair(twin, [words for words in reasons if words], lines, posts, standing(twin))


def _line(code: str, two: Sequence[Known], said: dict[str, str]) -> Line:
    of = CLASS_OF.get(code, "B")
    raw = [each.fields.get(code, "") for each in two]
    shown = [policy.told(said[of], of, value) for value in raw]
    return Line(str(FIELDS[code]), (shown[0], shown[1]), raw[0] == raw[1] if all(raw) else None)
