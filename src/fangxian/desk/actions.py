"""The callers' verbs: take the next household, keep it, say what came of the call, hand over at the end.

A lease is taken by one statement that the database decides: of many callers one gets the household.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from fangxian.campaigns.actions import find_campaign
from fangxian.kernel.changes import Recording, head_position, recording
from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import Problem
from fangxian.kernel.secrets import keyring
from fangxian.matching.actions import standing_list
from fangxian.matching.calling import to_call, told_by_call
from fangxian.matching.topics import TOPICS
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Household, Membership, PersonSecret
from fangxian.registry.problems import UnknownHousehold
from fangxian.submissions.actions import receive
from fangxian.submissions.envelopes import Envelope, Sender, Sheet
from fangxian.submissions.intake import published_form

from . import queries
from .models import Ask, Attempt, HandOver, Lease
from .problems import AgainWhen, NobodyAtNumber, NotLeased, ReasonMissing, UnknownOutcome
from .progress import AGAIN, ANSWERED, FAILED, NO_ANSWER, REACHED, REFUSED, WRONG_NUMBER
from .queries import Calling

HOLDS = timedelta(minutes=10)  # since it was last used
NEXT_TRY = {NO_ANSWER: timedelta(minutes=30), WRONG_NUMBER: timedelta(0)}
OUTCOMES = (REACHED, NO_ANSWER, WRONG_NUMBER, REFUSED, AGAIN)
OUTCOME = "outcome"  # the question of a form that takes the outcome
ATTEMPT_COLUMNS = (
    "round_id",
    "household_id",
    "outcome",
    "at",
    "by",
    "again",
    "person_id",
    "note",
    "key",
    "answered",
)

# ------------------------------------------------------------------------------------ leases


def take_next(
    *, calling: Calling, reach: Collection[int] | None, holder: str, now: datetime, moment: datetime
) -> Lease | None:
    """The household that the holder has, or else the next that is due, nobody has and a number is known of;
    None where there is none left."""
    held = held_by(calling, holder, moment)
    if held is not None:
        return held
    taken = set(_live(calling, moment).values_list("household_id", flat=True))
    left = [home for home in queries.due(calling, reach, now) if home not in taken]
    for start in range(0, len(left), queries.AT_ONCE):
        some = left[start : start + queries.AT_ONCE]
        known = queries.numbers(some, day=day_of(now), position=head_position())
        for home in filter(known.get, some):
            lease = _claim(calling, home, holder, moment)
            if lease is not None and queries.still_due(calling, home, now):
                return lease
            if lease is not None:
                _release(lease, moment)
    return None


def _live(calling: Calling, moment: datetime) -> Any:
    return Lease.objects.filter(round=calling.round, until__gt=moment)


def held_by(calling: Calling, holder: str, moment: datetime) -> Lease | None:
    found: Lease | None = _live(calling, moment).filter(holder=holder).order_by("pk").first()
    return found


def _claim(calling: Calling, household: int, holder: str, moment: datetime) -> Lease | None:
    """Take over what has run out, or be the first; None where another was quicker."""
    until = moment + HOLDS
    rows = Lease.objects.filter(round=calling.round, household=household)
    if not rows.filter(until__lte=moment).update(holder=holder, until=until):
        try:
            with transaction.atomic():
                Lease.objects.create(round=calling.round, household_id=household, holder=holder, until=until)
        except IntegrityError:
            return None
    return rows.get()


def _release(lease: Lease, moment: datetime) -> None:
    Lease.objects.filter(pk=lease.pk, holder=lease.holder, until__gt=moment).update(until=moment)


def keep(*, calling: Calling, household: int, holder: str, moment: datetime) -> Lease:
    """Use renews it. Raises NotLeased."""
    mine = _live(calling, moment).filter(holder=holder, household=household)
    if not mine.update(until=moment + HOLDS):
        raise NotLeased()
    return Lease.objects.get(round=calling.round, household=household)


# ------------------------------------------------------------------------------------ what came of it


@dataclass(frozen=True, slots=True)
class Called:
    """What the caller says of a call; all but `outcome` and `again` of a household that was reached."""

    outcome: str
    answers: dict[int, dict[str, Any]]
    person: int | None = None  # whose number was dialled
    again: datetime | None = None
    note: str = ""
    key: str = ""  # the same call sent twice is one
    denied: frozenset[int] = frozenset()  # leads of lists: who was reached is not whom the list means
    told: Mapping[int, str] = field(default_factory=dict)  # question about a list's row -> yes, no or unknown


def record_call(
    *,
    calling: Calling,
    household: int,
    called: Called,
    sender: Sender,
    reporter: int | None,
    now: datetime,
    moment: datetime,
) -> list[tuple[str, Problem]]:
    """Note the call, send what the form has of it the way of all submissions, tell the lists what was said,
    and give the household back; or the problems of its answers, and nothing is stored. The same call
    twice is one.

    Raises NotLeased, UnknownOutcome, AgainWhen, LeadNotThere, QuestionNotOpen.
    """
    _refuse_outcome(calling, called, now)
    key = called.key[:40] or str(uuid.uuid4())
    if Attempt.objects.filter(key=key).exists():
        return []
    sheets = _sheets(calling, household, called, reporter, key)
    try:
        with transaction.atomic():
            lease = _mine(calling, household, sender.name, moment)
            with recording("desk.call" if sheets else "desk.note", by=sender.name, now=now) as change:
                if sheets:
                    _send(calling, sheets, sender, key, change)
                again = called.again if called.outcome == AGAIN else _next_try(called.outcome, now)
                row = (calling.round.pk, household, called.outcome, now, sender.name, again)
                said = (called.person, called.note.strip()[:200], key, bool(sheets))
                change.append(Attempt, ATTEMPT_COLUMNS, [(*row, *said)])
                if called.outcome == REACHED:
                    told_by_call(
                        people=called.answers,
                        denied=called.denied,
                        told=called.told,
                        by=change.by,
                        now=change.at,
                    )
            _release(lease, moment)
    except _Refused as refused:
        return refused.problems
    return []


class _Refused(Exception):
    """The answers of a call were not taken: nothing of it is stored, the caller mends them."""

    def __init__(self, problems: list[tuple[str, Problem]]) -> None:
        self.problems = problems
        super().__init__()


def _refuse_outcome(calling: Calling, called: Called, now: datetime) -> None:
    if called.outcome not in OUTCOMES:
        raise UnknownOutcome()
    closes = calling.round.closes
    if called.outcome == AGAIN and (
        called.again is None or called.again <= now or (closes is not None and called.again > closes)
    ):
        raise AgainWhen(now=f"{now:%H:%M}")


def _mine(calling: Calling, household: int, holder: str, moment: datetime) -> Lease:
    """The lease, locked to the commit. Raises NotLeased."""
    rows = _live(calling, moment).filter(holder=holder, household=household)
    found: Lease | None = rows.select_for_update().first()
    if found is None:
        raise NotLeased()
    return found


def _next_try(outcome: str, now: datetime) -> datetime | None:
    return now + NEXT_TRY[outcome] if outcome in NEXT_TRY else None


def takes_outcome(calling: Calling) -> bool:
    """Whether the form has a question for the outcome of a call."""
    form = form_of(calling)
    question = next((question for question in form.questions if question.name == OUTCOME), None)
    return question is not None and {REACHED, *FAILED} <= {choice.name for choice in question.choices}


def form_of(calling: Calling) -> Any:
    version = calling.terms.latest_version
    assert version is not None
    return published_form(*calling.terms.versions[version])


def _sheets(calling: Calling, household: int, called: Called, reporter: int | None, key: str) -> list[Sheet]:
    """A sheet for each person who was answered for; of a call that reached nobody the outcome alone."""
    takes = takes_outcome(calling)
    if called.outcome == REACHED:
        own = {OUTCOME: REACHED} if takes else {}
        return [
            Sheet(f"{key}-{n}", "person", person, own | told, household=household, reporter=reporter)
            for n, (person, told) in enumerate(called.answers.items())
        ]
    if not takes or called.outcome == AGAIN:
        return []
    return [Sheet(f"{key}-h", "household", household, {OUTCOME: called.outcome}, reporter=reporter)]


def _send(calling: Calling, sheets: Sequence[Sheet], sender: Sender, key: str, change: Recording) -> None:
    """Raises _Refused."""
    version = calling.terms.latest_version
    assert version is not None
    envelope = Envelope(
        campaign=calling.campaign.code,
        round=calling.round.number,
        version=version,
        sheets=sheets,
        happened=change.at,
        channel="phone",
        envelope_id=key,
        sender=sender,
        door="calls",
    )
    [receipt] = receive(envelopes=[envelope], by=sender.name, now=change.at, door="calls")
    if receipt.problems:
        raise _Refused(receipt.problems)


# ------------------------------------------------------------------------------------ asking for calls


@dataclass(frozen=True, slots=True)
class Asked:
    """Households: put on the callers' list, already there; and people of no household."""

    fresh: int
    there: int
    homeless: int


def ask_for_call(
    *,
    reason: str,
    household: int | None = None,
    phone: str = "",
    campaign: str = "",
    by: str,
    now: datetime,
) -> int:
    """Put a household on the callers' list, named by its id or by a phone that the registry has of one of
    its members; the ask's id. It is called before others in the present round of `campaign` (of none: of any)
    that asks it, else in the next, also where it has answered already; the caller reads `reason`. Asked twice
    for the same, it stands once.

    Raises ReasonMissing, UnknownHousehold, NobodyAtNumber, UnknownCampaign.
    """
    reason = " ".join(reason.split())[:200]
    if not reason:
        raise ReasonMissing()
    with recording("desk.ask", by=by, now=now) as change:
        home = _household_at(phone, change) if household is None else household
        if not Household.objects.filter(pk=home).exists():
            raise UnknownHousehold(household=home)
        of = find_campaign(campaign).pk if campaign else None
        held = _open_ask(home, of, reason)
        if held is not None:
            return held
        [pk] = change.ids(Ask, 1)
        columns = ("id", "household_id", "campaign_id", "reason", "by", "at")
        change.append(Ask, columns, [(pk, home, of, reason, change.by, change.at)])
    return pk


def _open_ask(household: int, campaign: int | None, reason: str) -> int | None:
    asked = Ask.objects.filter(household=household, campaign=campaign, reason=reason).order_by("-pk").first()
    if asked is None:
        return None
    made = Attempt.objects.filter(household=household, outcome__in=ANSWERED, recorded__gt=asked.recorded)
    return None if made.exists() else asked.pk


def _household_at(phone: str, change: Recording) -> int:
    owners = PersonSecret.objects.filter(field="phone", digest__in=keyring().digests(phone)).values("person")
    homes = Membership.objects.filter(holding(day_of(change.at), change.position), person__in=owners)
    found = homes.order_by("household_id").values_list("household_id", flat=True).first()
    if found is None:
        raise NobodyAtNumber()
    return found


def ask_about_list(*, listing: int, by: str, now: datetime) -> Asked:
    """Put on the callers' list each household that a person of a list belongs to whom nobody has asked yet
    about what the list says, or who may be one of its rows. Done again, only who was not asked for is added.
    Raises ListNotThere, ListWithdrawn."""
    of = standing_list(listing)
    told = f"{of.source.name}：{of.title}" if TOPICS[of.topic].field_class == "B" else of.source.name
    with recording("desk.ask", by=by, now=now) as change:
        people = to_call(listing)
        home_of: dict[int, int] = {}
        for chunk in in_chunks(sorted(people)):
            rows = Membership.objects.filter(holding(day_of(now), change.position), person__in=chunk)
            home_of |= dict(rows.order_by("-pk").values_list("person_id", "household_id"))
        homes = set(home_of.values())
        fresh = sorted(homes - _asked_for(homes, listing))
        columns = ("household_id", "list_id", "reason", "by", "at")
        change.append(Ask, columns, [(home, listing, told[:200], change.by, change.at) for home in fresh])
    return Asked(len(fresh), len(homes) - len(fresh), len(people) - len(home_of))


def _asked_for(homes: Collection[int], listing: int) -> set[int]:
    """Of these households those that are still to be called because of the list."""
    found: set[int] = set()
    for chunk in in_chunks(sorted(homes)):
        asks = Ask.objects.filter(household__in=chunk, list=listing).order_by("pk")
        asked = dict(asks.values_list("household_id", "recorded"))
        made = Attempt.objects.filter(household__in=list(asked), outcome__in=ANSWERED)
        done = {home for home, at in made.values_list("household_id", "recorded") if at > asked[home]}
        found |= asked.keys() - done
    return found


# ------------------------------------------------------------------------------------ the end of a shift


def hand_over(
    *, calling: Calling, holder: str, unit: int | None, note: str, now: datetime, moment: datetime
) -> int:
    """Give back what the holder has, and leave a note for who comes next; how many were given back."""
    with recording("desk.hand_over", by=holder, now=now) as change:
        given: int = _live(calling, moment).filter(holder=holder).update(until=moment)
        columns = ("round_id", "unit_id", "at", "by", "given_back", "note")
        change.append(HandOver, columns, [(calling.round.pk, unit, now, holder, given, note.strip()[:300])])
    return given
