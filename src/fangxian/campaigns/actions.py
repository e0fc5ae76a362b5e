"""Launch a campaign, open its rounds, revise its text, remind those who owe it reports."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.secrets import keyring
from fangxian.registry.models import Unit
from fangxian.registry.problems import UnknownUnit

from .audiences import read_audience
from .deliveries import ACCEPTED, BEGUN, FAILED, QUIET, Message, due_messages
from .drafts import DROPPED, OPEN, find_plan
from .models import Campaign, CampaignText, Channel, Closing, Delivery, Draft, Reminder, Round, RoundMember
from .problems import (
    AlreadyReminded,
    BadAudience,
    CampaignExists,
    ClosesInPast,
    DraftNotThere,
    NotClosed,
    ReasonMissing,
    RoundExists,
    UnknownCampaign,
    UnknownChannel,
)
from .schedules import read_due

SCHEDULES = ("once", "rounds", "daily")
SCREEN = "screen"  # the channel of reminders that are shown in the outbox and go no further
REASON = 5  # characters
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


def save_draft(
    *,
    number: int | None,
    unit: int,
    told: dict[str, Any],
    xlsform: bytes | None = None,
    state: str = OPEN,
    by: str,
    now: datetime,
) -> int:
    """How a campaign that is being made stands now; its number (a fresh one where None is given).

    Raises DraftNotThere where it was published or dropped meanwhile, UnknownUnit.
    """
    with recording("campaigns.draft", by=by, now=now) as change:
        if number is not None and find_plan(number).state != OPEN:
            raise DraftNotThere(number=number)
        if not Unit.objects.filter(pk=unit).exists():
            raise UnknownUnit(unit=unit)
        row = change.ids(Draft, 1)[0]
        number = row if number is None else number
        columns = ("id", "number", "unit_id", "by", "at", "state", "told", "xlsform")
        change.append(Draft, columns, [(row, number, unit, by[:80], now, state, told, xlsform)])
    return number


def drop_draft(*, number: int, by: str, now: datetime) -> None:
    """It is not to be published. Raises DraftNotThere."""
    plan = find_plan(number)
    save_draft(number=number, unit=plan.unit, told=dict(plan.told), state=DROPPED, by=by, now=now)


def close_campaign(*, campaign: str, reason: str, by: str, now: datetime) -> None:
    """It takes no more reports of what happens from now on. Raises UnknownCampaign, ReasonMissing."""
    _close(campaign, now, reason, "campaigns.close", by, now)


def reopen_campaign(*, campaign: str, closes: datetime | None, reason: str, by: str, now: datetime) -> None:
    """It takes reports again, until `closes` where that is given.

    Raises UnknownCampaign, ReasonMissing, NotClosed, ClosesInPast.
    """
    held = closes_of(find_campaign(campaign))
    if held is None or held > now:
        raise NotClosed(campaign=campaign)
    if closes is not None and closes <= now:
        raise ClosesInPast(closes=closes.isoformat())
    _close(campaign, closes, reason, "campaigns.reopen", by, now)


def _close(campaign: str, closes: datetime | None, reason: str, action: str, by: str, now: datetime) -> None:
    if len(reason.strip()) < REASON:
        raise ReasonMissing()
    with recording(action, by=by, now=now) as change:
        row = find_campaign(campaign)
        columns = ("campaign_id", "closes", "reason", "by", "at")
        change.append(Closing, columns, [(row.pk, closes, reason.strip()[:200], by[:80], now)])


def closes_of(campaign: Campaign, *, position: int | None = None) -> datetime | None:
    """When it stops taking reports, as known as of a position (default: now)."""
    rows = campaign.closings.order_by("-id")
    last = (rows if position is None else rows.filter(recorded__lte=position)).first()
    if last is not None:
        return last.closes
    if campaign.schedule["kind"] == "daily":
        return campaign.closes
    rounds = Round.objects.filter(campaign=campaign)
    rounds = rounds if position is None else rounds.filter(recorded__lte=position)
    latest = rounds.order_by("-number").first()
    return latest.closes if latest is not None and latest.closes is not None else campaign.closes


def add_channel(
    *, name: str, address: str, kind: str, unit: int, quiet: tuple[str, str] = QUIET, by: str, now: datetime
) -> int:
    """Send the reminders of a unit and all under it there too, from now on; its id. The address is sealed.

    Raises UnknownUnit.
    """
    with recording("campaigns.channel", by=by, now=now) as change:
        if not Unit.objects.filter(pk=unit).exists():
            raise UnknownUnit(unit=unit)
        row = change.ids(Channel, 1)[0]
        columns = ("id", "name", "kind", "unit_id", "quiet_from", "quiet_until", "sealed", "recorded_until")
        sealed = keyring().seal(address)
        change.append(Channel, columns, [(row, name[:80], kind[:40], unit, *quiet, sealed, None)])
    return row


def remove_channel(*, channel: int, by: str, now: datetime) -> None:
    """Send nothing there any more; its address is deleted. Raises UnknownChannel."""
    with recording("campaigns.channel", by=by, now=now) as change:
        held = Channel.objects.filter(pk=channel, recorded_until=None)
        if not held.update(sealed=b""):
            raise UnknownChannel(channel=channel)
        change.end(Channel, [channel])


def begin_deliveries(*, by: str, now: datetime) -> list[Message]:
    """What is to be sent now, each noted as begun before it is handed out: whoever else asks meanwhile is
    given none of it."""
    with recording("campaigns.deliver", by=by, now=now) as change:
        found = list(due_messages(now=now, position=change.position))
        columns = ("reminder_id", "channel_id", "attempt", "state", "at", "why")
        rows = [(r, m.channel, attempt, BEGUN, now, "") for m in found for r, attempt in m.reminders]
        change.append(Delivery, columns, rows)
    return found


def end_delivery(*, message: Message, why: str, by: str, now: datetime) -> None:
    """What became of a message; `why` is empty where it was accepted."""
    with recording("campaigns.deliver", by=by, now=now) as change:
        state = FAILED if why else ACCEPTED
        columns = ("reminder_id", "channel_id", "attempt", "state", "at", "why")
        rows = [(r, message.channel, attempt, state, now, why[:200]) for r, attempt in message.reminders]
        change.append(Delivery, columns, rows)


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
