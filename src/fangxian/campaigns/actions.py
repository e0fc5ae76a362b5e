"""Launch a campaign, open its rounds, revise its text, remind those who owe it reports."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fangxian.kernel.changes import Recording, recording
from fangxian.registry.models import Unit
from fangxian.registry.problems import UnknownUnit

from .audiences import read_audience
from .models import Campaign, CampaignText, Reminder, Round, RoundMember
from .problems import AlreadyReminded, BadAudience, CampaignExists, RoundExists, UnknownCampaign
from .schedules import read_due

SCHEDULES = ("once", "rounds", "daily")
SCREEN = "screen"  # the channel of reminders that are shown in the outbox and go no further
PAUSE = timedelta(minutes=30)  # so long nobody is reminded of the same campaign again


def launch_campaign(
    *,
    code: str,
    name: str,
    name_en: str,
    issuer: int,
    audience: Sequence[dict[str, Any]],
    schedule: dict[str, Any],
    opens: datetime,
    closes: datetime | None = None,
    text: str = "",
    by: str,
    now: datetime,
) -> int:
    """Launch a campaign; its id. One that is asked once opens its only round with it.

    Raises CampaignExists, BadAudience, UnknownUnit (the issuer).
    """
    read_audience(code, audience)
    if schedule.get("kind") not in SCHEDULES:
        raise BadAudience(campaign=code, reason=f"schedule {schedule.get('kind')!r}")
    read_due(code, schedule)
    with recording("campaigns.launch", by=by, now=now) as change:
        if Campaign.objects.filter(code=code).exists():
            raise CampaignExists(campaign=code)
        if not Unit.objects.filter(pk=issuer).exists():
            raise UnknownUnit(unit=issuer)
        campaign = Campaign.objects.create(
            id=change.ids(Campaign, 1)[0],
            recorded=change.position,
            code=code,
            name=name,
            name_en=name_en,
            issuer_id=issuer,
            audience=list(audience),
            schedule=schedule,
            opens=opens,
            closes=closes,
        )
        if text:
            _append_text(change, campaign, text)
        if schedule["kind"] == "once":
            _append_round(change, campaign, 1, opens, closes, None)
    return campaign.pk


def revise_text(*, campaign: str, body: str, by: str, now: datetime) -> int:
    """A new version of what recipients read or sign; its id."""
    with recording("campaigns.revise_text", by=by, now=now) as change:
        return _append_text(change, find_campaign(campaign), body)


def open_round(
    *,
    campaign: str,
    number: int,
    closes: datetime | None = None,
    listed: Sequence[int] | None = None,
    by: str,
    now: datetime,
) -> int:
    """Open a numbered round at `now`; its id. `listed` narrows the audience to these subjects' ids.

    Raises UnknownCampaign, RoundExists.
    """
    with recording("campaigns.open_round", by=by, now=now) as change:
        row = find_campaign(campaign)
        if Round.objects.filter(campaign=row, number=number).exists():
            raise RoundExists(campaign=campaign, round=number)
        return _append_round(change, row, number, now, closes, listed)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a unit owes to a campaign, told in a sentence. `recipient`: a person, where one is known."""

    campaign: int
    unit: int
    missing: int
    recipient: int | None
    text: str


def remind(*, owed: Sequence[Owed], by: str, now: datetime, channel: str = SCREEN) -> list[Owed]:
    """Remind of what is owed, but for what was reminded of a little while ago; those that were reminded.

    Raises AlreadyReminded where that is none of them.
    """
    with recording("campaigns.remind", by=by, now=now) as change:
        recent = Reminder.objects.filter(at__gt=now - PAUSE, unit__in={one.unit for one in owed})
        told = set(recent.values_list("campaign_id", "unit_id"))
        fresh = [one for one in owed if (one.campaign, one.unit) not in told]
        if not fresh:
            raise AlreadyReminded(minutes=int(PAUSE.total_seconds() // 60))
        columns = ("campaign_id", "unit_id", "recipient_id", "at", "missing", "channel", "text")
        rows = [(o.campaign, o.unit, o.recipient, now, o.missing, channel, o.text[:300]) for o in fresh]
        change.append(Reminder, columns, rows)
    return fresh


def find_campaign(code: str) -> Campaign:
    campaign = Campaign.objects.filter(code=code).first()
    if campaign is None:
        raise UnknownCampaign(campaign=code)
    return campaign


def _append_text(change: Recording, campaign: Campaign, body: str) -> int:
    latest = campaign.texts.order_by("-version").values_list("version", flat=True).first() or 0
    text = CampaignText.objects.create(
        id=change.ids(CampaignText, 1)[0],
        recorded=change.position,
        campaign=campaign,
        version=latest + 1,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
    )
    return text.pk


def _append_round(
    change: Recording,
    campaign: Campaign,
    number: int,
    opens: datetime,
    closes: datetime | None,
    listed: Sequence[int] | None,
) -> int:
    row = Round.objects.create(
        id=change.ids(Round, 1)[0],
        recorded=change.position,
        campaign=campaign,
        number=number,
        opens=opens,
        closes=closes,
        listed=listed is not None,
    )
    if listed is not None:
        change.append(RoundMember, ("round_id", "subject"), ((row.pk, subject) for subject in listed))
    return row.pk
