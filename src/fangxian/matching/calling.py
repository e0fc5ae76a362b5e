"""What a caller is told of the lists that name somebody of a household, and what the call tells back.

Of a lead that nobody was heard about: what the list claims; the answers of the call confirm it or do not
(`replies`), or the list means somebody else. Of a row that reviewers could not settle: what it says of class
B, and whether it is this person; the answer brings it back to them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fangxian.kernel.secrets import keyring

from .actions import answer, deny, open_questions
from .models import RowState
from .replies import groups_of, hear, unheard
from .rows import unseal

TOLD = ("name", "sex", "birth", "town")  # class B, and nothing that an office wrote freely


@dataclass(frozen=True, slots=True)
class Named:
    """A list that may mean somebody: by a lead, or by an open question with what its row says."""

    source: str
    title: str
    topic: str
    lead: int | None = None
    question: int | None = None
    row: Mapping[str, str] = field(default_factory=dict, compare=False)


_OF = ("row__list__source__name", "row__list__title", "row__list__topic")


def naming(people: Collection[int]) -> dict[int, list[Named]]:
    """Of these people those whom lists name and whom a call would settle; merged ones by either number."""
    same = groups_of(people)
    found: defaultdict[int, list[Named]] = defaultdict(list)
    leads = unheard().filter(person__in=same).order_by("pk").values_list("pk", "person_id", *_OF)
    for lead, person, source, title, topic in leads:
        for one in same[person]:
            found[one].append(Named(source, title, topic, lead=lead))
    asked = open_questions().filter(person__in=same).order_by("pk")
    rows = list(asked.values_list("pk", "person_id", "row_id", *_OF))
    said = _said([row[2] for row in rows]) if rows else {}
    for question, person, row, source, title, topic in rows:
        for one in same[person]:
            found[one].append(Named(source, title, topic, question=question, row=said.get(row, {})))
    return dict(found)


def _said(rows: Collection[int]) -> dict[int, dict[str, str]]:
    ring = keyring()
    states = RowState.objects.filter(row__in=rows, recorded_until=None).values_list("row_id", "sealed")
    fields = {row: unseal(sealed, ring) for row, sealed in states}
    return {row: {name: told[name] for name in TOLD if told.get(name)} for row, told in fields.items()}


def to_call(listing: int) -> set[int]:
    """People of a list whom a call would settle something of."""
    leads = unheard().filter(row__list=listing).values_list("person_id", flat=True)
    return {*leads, *open_questions().filter(row__list=listing).values_list("person_id", flat=True)}


def told_by_call(
    *,
    people: Collection[int],
    denied: Collection[int],
    told: Mapping[int, str],
    by: str,
    now: datetime,
) -> None:
    """What a household said that was reached: about these people, of these leads that they are somebody
    else, and to these questions yes, no or unknown. Raises LeadNotThere, QuestionNotOpen, AnswerUnknown."""
    for lead in sorted(denied):
        deny(lead=lead, by=by, now=now)
    for question in sorted(told):
        answer(question=question, told=told[question], by=by, now=now)
    hear(people=people, by=by, now=now)
