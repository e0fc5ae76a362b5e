"""Breaking the glass: sealed fields of one person, opened to one account for 30 minutes, for a named case and
with a second person's consent. Each step stands in the audit log."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from fangxian.kernel.changes import recording

from . import audit
from .actor import Actor
from .models import BreakGlass
from .problems import CaseUnnamed, NothingToConsent, SecondIsFirst

HOLDS = timedelta(minutes=30)
REASON = 10  # characters at least
COLUMNS = ("id", "account_id", "second_id", "person_id", "case", "reason", "asked", "opened", "until")


def ask(*, actor: Actor, person: int, case: str, reason: str, now: datetime, moment: datetime) -> int:
    """Raises CaseUnnamed."""
    case, reason = case.strip(), reason.strip()
    if not case or len(reason) < REASON:
        raise CaseUnnamed()
    with recording("access.ask_glass", by=actor.name, now=now) as change:
        [pk] = change.ids(BreakGlass, 1)
        row = (pk, actor.account, None, person, case[:80], reason[:200], moment, None, None)
        change.append(BreakGlass, COLUMNS, [row])
        audit.record(actor.name, "glass-asked", at=moment, subject=f"person:{person}", detail={"request": pk})
    return pk


def pending(*, moment: datetime) -> list[BreakGlass]:
    """Requests that wait for consent."""
    rows = BreakGlass.objects.filter(opened=None, asked__gt=moment - HOLDS)
    return list(rows.select_related("account").order_by("pk"))


def consent(*, actor: Actor, request: int, now: datetime, moment: datetime) -> BreakGlass:
    """Open it. Raises NothingToConsent, SecondIsFirst."""
    with recording("access.consent_glass", by=actor.name, now=now):
        row = next((row for row in pending(moment=moment) if row.pk == request), None)
        if row is None:
            raise NothingToConsent()
        if row.account_id == actor.account:
            raise SecondIsFirst()
        row.second_id, row.opened, row.until = actor.account, moment, moment + HOLDS
        row.save(update_fields=["second_id", "opened", "until"])
        audit.record(
            actor.name,
            "glass-opened",
            at=moment,
            classes="CDEF",
            subject=f"person:{row.person_id}",
            detail={"request": row.pk, "for": row.account.username},
        )
    return row


def open_to(actor: Actor, people: Iterable[int], *, moment: datetime) -> dict[int, BreakGlass]:
    """Those of the people who are open to the actor now."""
    if actor.account is None:
        return {}
    rows = BreakGlass.objects.filter(account=actor.account, until__gt=moment).order_by("pk")
    wanted = set(people)
    return {row.person_id: row for row in rows if row.person_id in wanted}
