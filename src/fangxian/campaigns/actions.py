"""Launch a campaign, open its rounds, revise its text."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fangxian.kernel.changes import Recording, recording
from fangxian.registry.models import Unit
from fangxian.registry.problems import UnknownUnit

from .audiences import read_audience
from .models import Campaign, CampaignText, Round, RoundMember
from .problems import BadAudience, CampaignExists, RoundExists, UnknownCampaign

SCHEDULES = ("once", "rounds", "daily")


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
