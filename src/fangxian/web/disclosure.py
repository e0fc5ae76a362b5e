"""What is handed out, and that it was: records that say something of people are opened by the policy, logged,
and every file bears the id of its copy."""

from contextlib import nullcontext, suppress
from typing import Any

from django.http import HttpRequest

from fangxian.access import audit, policy
from fangxian.access.actor import Actor
from fangxian.access.problems import NotThere
from fangxian.kernel.changes import head_position
from fangxian.registry.problems import NoPurpose, NothingToDisclose
from fangxian.registry.queries import whole

from .asking import Asked


def may_open(asked: Asked, figure: str) -> bool:
    """Whether the records of this figure are for the visitor: as people, and as health."""
    wanted = "BE" if policy.of_health(figure) else "B"
    said = (policy.verdict(asked.actor, c, asked.unit.id, purpose="count") for c in wanted)
    return policy.NO not in said


def require_open(asked: Asked, figure: str) -> None:
    """Raises NotThere."""
    if not may_open(asked, figure):
        raise NotThere()


def opened(request: HttpRequest, asked: Asked, figure: str, count: int) -> None:
    """Log a look at records of health."""
    if policy.of_health(figure) and count:
        looked(request, "E", subject=f"figure:{figure}", unit=asked.unit.code, count=count)


def copied(request: HttpRequest, asked: Asked, figure: str, *, people: bool) -> str:
    """Log an export; the id of this copy."""
    copy, classes = audit.new_copy(), "ABE" if policy.of_health(figure) and people else "AB"
    subject = f"figure:{figure}"
    looked(request, classes, "export", subject=subject, unit=asked.unit.code, copy=copy, always=True)
    return copy


def looked(
    request: HttpRequest,
    classes: str,
    what: str = "read",
    *,
    subject: str = "",
    unit: str = "",
    count: int = 1,
    copy: str = "",
    detail: dict[str, str] | None = None,
    always: bool = False,
) -> None:
    """Into the audit log: classes C to F, and whatever must be there `always`."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    sensitive = "".join(c for c in classes if c in "CDEF")
    if not sensitive and not always:
        return
    match = request.resolver_match
    look: dict[str, Any] = {
        "what": what,
        "route": (match.view_name if match else "") or "",
        "classes": classes if always else sensitive,
        "unit": unit,
        "subject": subject,
        "count": count,
        "copy": copy,
        "detail": detail,
    }
    request.looks.append(look)  # type: ignore[attr-defined]  # a page that is kept is logged at each look
    audit.record(actor.name, at=request.moment, **look)  # type: ignore[attr-defined]


def told_whole(request: HttpRequest, person: int, purpose: str, *, unit: str) -> dict[str, str]:
    """A person's full name, and the phone where one is known, once it is written down that they were shown
    and what for. Raises NoPurpose, NothingToDisclose."""
    purpose = " ".join(purpose.split())[:120]
    if not purpose:
        raise NoPurpose()
    position, shown = head_position(), {"name": "", "phone": ""}
    for field in shown:
        with suppress(NothingToDisclose) if field == "phone" else nullcontext():
            shown[field] = whole(person, field, position)
    told = {"purpose": purpose, "fields": " ".join(field for field, value in shown.items() if value)}
    looked(request, "BC", subject=f"person:{person}", unit=unit, detail=told, always=True)
    return shown
