"""Breaking the glass: sealed fields of one person, opened to one account for 30 minutes, for a named case and
with a second person's consent. Each step stands in the audit log.

Somebody out of one's reach is asked for by an exact sign alone (`seeking`), and is not there until a person
who does reach them consents.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from fangxian.kernel.changes import recording

from . import audit
from .actor import Actor
from .models import BreakGlass
from .problems import CaseUnnamed, NothingToConsent, NotThere, SecondIsFirst, TooManySought

HOLDS = timedelta(minutes=30)
REASON = 10  # characters at least
SOUGHT = 5  # requests for people out of reach, of one account within HOLDS
COLUMNS = (
    "id",
    "account_id",
    "second_id",
    "person_id",
    "sought",
    "case",
    "reason",
    "asked",
    "opened",
    "until",
)


def ask(
    *,
    actor: Actor,
    person: int | None,
    case: str,
    reason: str,
    now: datetime,
    moment: datetime,
    sought: str = "",
) -> int:
    """`person` is None where whoever was sought is not there. Raises CaseUnnamed, TooManySought."""
    case, reason = case.strip(), reason.strip()
    if not case or len(reason) < REASON:
        raise CaseUnnamed()
    with recording("access.ask_glass", by=actor.name, now=now) as change:
        if sought and own(actor, moment=moment).count() >= SOUGHT:
            raise TooManySought(count=SOUGHT)
        [pk] = change.ids(BreakGlass, 1)
        row = (pk, actor.account, None, person, sought, case[:80], reason[:200], moment, None, None)
        change.append(BreakGlass, COLUMNS, [row])
        detail = {"request": pk, "case": case[:80], "reason": reason[:200]} | (
            {"sought": sought} if sought else {}
        )
        subject = "" if person is None else f"person:{person}"
        audit.record(actor.name, "glass-asked", at=moment, subject=subject, detail=detail)
    return pk


def own(actor: Actor, *, moment: datetime) -> "QuerySet[BreakGlass]":
    """The actor's requests for people out of reach that were made in the last 30 minutes or are open."""
    rows = BreakGlass.objects.filter(account=actor.account).exclude(sought="").order_by("-pk")
    return rows.filter(Q(asked__gt=moment - HOLDS) | Q(until__gt=moment))


def pending(*, moment: datetime) -> list[BreakGlass]:
    """Requests that wait for consent."""
    rows = BreakGlass.objects.filter(opened=None, asked__gt=moment - HOLDS, person__isnull=False)
    return list(rows.select_related("account").order_by("pk"))


def same_person(actor: Actor, row: BreakGlass) -> bool:
    """Whether who asked is this actor, by this account or by another one of the same person."""
    person = row.account.person_id
    return row.account_id == actor.account or (person is not None and person == actor.person)


def consent(*, actor: Actor, request: int, now: datetime, moment: datetime) -> BreakGlass:
    """Open it. Raises NothingToConsent, SecondIsFirst: also by another account of the same person."""
    with recording("access.consent_glass", by=actor.name, now=now):
        row = next((row for row in pending(moment=moment) if row.pk == request), None)
        if row is None:
            raise NothingToConsent()
        if same_person(actor, row):
            raise SecondIsFirst()
        row.second_id, row.opened, row.until = actor.account, moment, moment + HOLDS
        row.save(update_fields=["second_id", "opened", "until"])
        audit.record(
            actor.name,
            "glass-opened",
            at=moment,
            classes="CDEF",
            subject=f"person:{row.person_id}",
            detail={"request": row.pk, "for": row.account.username, "reason": row.reason},
        )
    return row


def open_to(actor: Actor, people: Iterable[int], *, moment: datetime) -> dict[int, BreakGlass]:
    """Those of the people in reach who are open to the actor now."""
    if actor.account is None:
        return {}
    rows = BreakGlass.objects.filter(account=actor.account, until__gt=moment, sought="").order_by("pk")
    wanted = set(people)
    return {row.whom: row for row in rows if row.person_id in wanted}


def opened(actor: Actor, request: int, *, moment: datetime) -> BreakGlass:
    """The actor's own request for somebody out of reach, while it is open. Raises NotThere."""
    row = own(actor, moment=moment).filter(pk=request, until__gt=moment).first()
    if row is None:
        raise NotThere()
    return row
