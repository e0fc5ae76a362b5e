"""What answers say of what the lists say: the second word, by which a lead is verified.

A list of a topic claims something of each person on it (`topics`): that the person was in Hubei. An answer
sheet about the person of a lead bears on it where it was taken by telephone after the lead was known, so by
somebody who asked because of it; or where a second call or a document confirms it anyway. One that says what
the list claims is confirmed by the list, as long as the row is taken for the person: where the lead ends
(somebody undid a decision, the list was withdrawn), so does the verification that rests on it.

`actions._settle` hears about fresh leads and lets fall what rests on ended ones; `hear` is for what was
answered since. Who is called and says that it is somebody else denies the lead (`actions.deny`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.models import Change
from fangxian.registry.holding import in_chunks, known
from fangxian.registry.models import Merge
from fangxian.submissions.models import Revision, Submission, Verification

from .models import Lead, Reply
from .topics import TOPICS

if TYPE_CHECKING:
    from django.db.models import QuerySet

BY_LIST = "list"  # how an answer is confirmed that says what a list says
_GONE = ("superseded", "retracted", "withdrawn")


@dataclass(frozen=True, slots=True)
class Heard:
    """How many answers bear on leads that were not known to; those that agree are verified now."""

    agree: int
    differ: int


@dataclass(frozen=True, slots=True)
class _Lead:
    id: int
    person: int
    claims: Mapping[str, str]
    recorded: int
    at: datetime


def hear(*, by: str, now: datetime, people: Collection[int] | None = None) -> Heard:
    """What was answered, or confirmed, since about the people of leads that no live answer agrees with yet:
    of these people, or of all."""
    gone = Revision.objects.filter(submission=OuterRef("submission"), kind__in=_GONE)
    agreed = Reply.objects.filter(lead=OuterRef("pk"), agrees=True).exclude(Exists(gone))
    leads = Lead.objects.filter(recorded_until=None, row__list__topic__in=claiming())
    leads = leads.exclude(Exists(agreed))
    if people is not None:
        leads = leads.filter(person__in=set(_with_merged(people, _merged())))
    if not leads.exists():  # most calls are about nobody on a list: nothing is recorded then
        return Heard(0, 0)
    with recording("matching.hear", by=by, now=now) as change:
        return hear_of(change, list(leads.order_by("pk").values_list("pk", flat=True)))


def hear_of(change: Recording, leads: Sequence[int]) -> Heard:
    """What answers that are there say of these leads, where that is not written down yet."""
    if not leads:
        return Heard(0, 0)
    into = _merged()
    told = _leads(change, leads, into)
    sheets = _sheets([lead.person for lead in told], into)
    replied = _replied([lead.id for lead in told])
    confirmed = _confirmed([sheet["pk"] for about in sheets.values() for sheet in about])
    bearing = [
        (lead, sheet["pk"], _agree(sheet["answers"], lead.claims))
        for lead in told
        for sheet in sheets.get(lead.person, ())
        if (lead.id, sheet["pk"]) not in replied
        and lead.claims.keys() <= sheet["answers"].keys()
        and (sheet["pk"] in confirmed or _asked_because(sheet, lead))
    ]
    agreeing = [sheet for _lead, sheet, agrees in bearing if agrees]
    ids = iter(change.ids(Verification, len(agreeing)))
    replies = [(lead.id, sheet, agrees, next(ids) if agrees else None) for lead, sheet, agrees in bearing]
    change.append(
        Verification,
        ("id", "submission_id", "how", "by", "at"),
        [(key, sheet, BY_LIST, change.by, change.at) for _lead, sheet, _agrees, key in replies if key],
    )
    change.append(Reply, _REPLY, replies)
    return Heard(len(agreeing), len(replies) - len(agreeing))


def write_denied(change: Recording, lead: int) -> None:
    change.append(Reply, _REPLY, [(lead, None, False, None)])


_REPLY = ("lead_id", "submission_id", "agrees", "verification_id")


def let_fall(change: Recording, leads: Sequence[int]) -> None:
    """End the verifications that rest on these leads."""
    for chunk in in_chunks(list(leads)):
        resting = Reply.objects.filter(lead__in=chunk, verification__recorded_until=None, agrees=True)
        change.end(Verification, list(resting.values_list("verification_id", flat=True)))


# ---- what is asked about it ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How an answer is confirmed, and by which lists: (id, office, title) each."""

    how: frozenset[str] = frozenset()
    lists: tuple[tuple[int, str, str], ...] = ()


def confirmations(sheets: Collection[int], position: int) -> dict[int, Confirmed]:
    """Of these answer sheets those that are confirmed, as known as of a position."""
    hows: defaultdict[int, set[str]] = defaultdict(set)
    lists: defaultdict[int, set[tuple[int, str, str]]] = defaultdict(set)
    columns = ("rests_on__lead__row__list", "rests_on__lead__row__list__source__name")
    for chunk in in_chunks(sorted(sheets)):
        rows = Verification.objects.filter(known(position), submission__in=chunk)
        for sheet, how, listing, source, title in rows.values_list(
            "submission_id", "how", *columns, "rests_on__lead__row__list__title"
        ):
            hows[sheet].add(how)
            if listing is not None:
                lists[sheet].add((listing, source, title))
    return {sheet: Confirmed(frozenset(how), tuple(sorted(lists[sheet]))) for sheet, how in hows.items()}


def unheard() -> "QuerySet[Lead]":
    """Leads of lists that claim something, of whose people nobody has been heard: whom to call."""
    return Lead.objects.filter(recorded_until=None, replies=None, row__list__topic__in=claiming())


def groups_of(people: Collection[int]) -> dict[int, list[int]]:
    """Whatever number one of these people has or had, before it was merged -> which of them that is."""
    into = _merged(people)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for one in people:
        for number in set(_with_merged([one], into)) | {one}:
            found[number].append(one)
    return dict(found)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of a list's leads: an answer agrees, answers say otherwise, or nobody has been heard yet. `denied`:
    rows that are no leads, since somebody who was called is not the person."""

    agree: int
    differ: int
    unheard: int
    denied: int


def tally_of(listing: int) -> Tally:
    leads = Lead.objects.filter(row__list=listing, recorded_until=None)
    told = Reply.objects.filter(lead__in=leads).values_list("lead_id", "agrees")
    agree = {lead for lead, agrees in told if agrees}
    differ = {lead for lead, _agrees in told} - agree
    denied = Reply.objects.filter(lead__row__list=listing, submission=None).exclude(
        lead__row__in=leads.values("row")
    )
    said = denied.values("lead__row").distinct().count()
    return Tally(len(agree), len(differ), leads.count() - len(agree) - len(differ), said)


def denials(rows: Collection[int] | None = None) -> set[tuple[int, int]]:
    """(row, person) of these rows, or of all, of which somebody who was called said: it is not that one."""
    held = Reply.objects.filter(submission=None)
    held = held if rows is None else held.filter(lead__row__in=rows)
    said = set(held.values_list("lead__row_id", "lead__person_id"))
    if not said:
        return said
    into = _merged({person for _row, person in said})
    return said | {(row, number) for row, person in said for number in _with_merged([person], into)}


# ---- how it is found -------------------------------------------------------------------------------


def claiming() -> list[str]:
    """Topics of lists that claim something of the people on them."""
    return [topic for topic, told in TOPICS.items() if told.claims]


def _agree(answers: Mapping[str, Any], claims: Mapping[str, str]) -> bool:
    return not any(answers[question] != claimed for question, claimed in claims.items())


def _asked_because(sheet: Mapping[str, Any], lead: _Lead) -> bool:
    """By telephone, once the lead was known."""
    later: bool = sheet["recorded"] > lead.recorded and sheet["happened"] >= lead.at
    return later and sheet["channel"] == "phone"


def _leads(change: Recording, leads: Sequence[int], into: Mapping[int, int]) -> list[_Lead]:
    """Those of lists that claim something; `into` as of `_merged`."""
    rows = [
        row
        for chunk in in_chunks(list(leads))
        for row in Lead.objects.filter(pk__in=chunk)
        .order_by("pk")
        .values_list("pk", "person_id", "row__list__topic", "recorded")
        if TOPICS[row[2]].claims
    ]
    moments = dict(Change.objects.filter(position__in={row[3] for row in rows}).values_list("position", "at"))
    return [
        _Lead(
            key,
            into.get(person, person),
            TOPICS[topic].claims,
            recorded,
            moments.get(recorded, change.at),
        )
        for key, person, topic, recorded in rows
    ]


def _merged(about: Collection[int] | None = None) -> dict[int, int]:
    """Person -> into whom that one was merged in the end; of all, or of who has to do with these people."""
    merges = Merge.objects.filter(recorded_until=None)
    if about is not None:  # nobody is merged into who was merged
        ends = merges.filter(person__in=about).values_list("into_id", flat=True)
        near = {*about, *ends}
        merges = merges.filter(Q(person__in=near) | Q(into__in=near))
    into = dict(merges.values_list("person_id", "into_id"))
    return {person: _end(person, into) for person in into}


def _end(person: int, into: Mapping[int, int]) -> int:
    seen = {person}
    while into.get(person, person) not in seen:
        person = into[person]
        seen.add(person)
    return person


def _with_merged(people: Collection[int], into: Mapping[int, int]) -> Iterator[int]:
    ends = {into.get(person, person) for person in people}
    yield from ends
    yield from (person for person, end in into.items() if end in ends)


def _sheets(people: Sequence[int], into: Mapping[int, int]) -> dict[int, list[dict[str, Any]]]:
    """Person -> the live answer sheets about that one, the first received first."""
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for chunk in in_chunks(sorted(set(_with_merged(people, into)))):
        rows = Submission.objects.filter(subject_kind="person", subject__in=chunk)
        rows = rows.exclude(revisions__kind__in=_GONE).order_by("pk")
        for row in rows.values("pk", "subject", "channel", "happened", "recorded", "answers"):
            found[into.get(row["subject"], row["subject"])].append({**row})
    return found


def _replied(leads: Sequence[int]) -> set[tuple[int, int | None]]:
    return {
        pair
        for chunk in in_chunks(list(leads))
        for pair in Reply.objects.filter(lead__in=chunk).values_list("lead_id", "submission_id")
    }


def _confirmed(sheets: Sequence[int]) -> set[int]:
    """Those that a second call or a document confirms."""
    return {
        sheet
        for chunk in in_chunks(sorted(set(sheets)))
        for sheet in Verification.objects.filter(submission__in=chunk, recorded_until=None)
        .exclude(how=BY_LIST)
        .values_list("submission_id", flat=True)
    }
