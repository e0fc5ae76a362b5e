"""Notices: a text that those responsible in the units concerned acknowledge. A notice is a campaign like
others, of one question, beside the one that it is about: so its coverage is counted, opens to its records
and is chased as all are. Each version of its text opens a round, to be acknowledged anew; the text in force
on a day is the last that had been recorded by then."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from fangxian.campaigns.audiences import asked_within, read_audience
from fangxian.campaigns.models import Campaign, CampaignText, Round, RoundMember
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import in_chunks
from fangxian.registry.tree import Tree, tree

from .models import Revision, Submission

SUFFIX = "-notice"
# Units that are responsible for what lies in them or is hosted by them: the first of these, going up.
RECIPIENTS = ("office", "centre", "school", "teaching_point", "kindergarten", "institution", "venue")
MANY = 10_000_000  # of whom a campaign asks


def code_of(campaign: str) -> str:
    """The code of the notice about a campaign."""
    return f"{campaign}{SUFFIX}"


def recipients(campaign: Campaign, *, now: datetime, position: int) -> list[int]:
    """The units that a notice about a campaign goes to: those responsible for whomever it asks."""
    selectors, day = read_audience(campaign.code, campaign.audience), day_of(now)
    asked = asked_within(selectors, None, day=day, position=position, limit=MANY)
    units = tree(day, position)
    leaves = {unit for _kind, _subject, unit in asked}
    return sorted({unit for leaf in leaves if (unit := responsible_unit(leaf, units)) is not None})


def responsible_unit(leaf: int, units: Tree) -> int | None:
    """The nearest unit, itself or going up, that is responsible; of what is hosted, its host's."""
    path = list(units.path(leaf))
    found = next((unit for unit in path if units.nodes[unit].kind in RECIPIENTS), None)
    if found is not None:
        return found
    host = next((units.hosts[unit] for unit in path if unit in units.hosts), None)
    return None if host is None else responsible_unit(host, units)


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that a unit has not acknowledged yet, in its latest version."""

    campaign: Campaign
    unit: int
    text: CampaignText
    since: datetime


def pending(units: Collection[int], *, now: datetime) -> list[Pending]:
    """What these units still have to acknowledge, the latest first. As many queries for one as for thirty."""
    notices = {row.pk: row for row in Campaign.objects.filter(schedule__has_key="notice", opens__lte=now)}
    latest = dict(
        Round.objects.filter(campaign__in=notices)
        .values_list("campaign_id")
        .annotate(last=Max("id"))
        .values_list("last", "campaign_id")
    )
    listed = [
        (latest[round_], unit, opens)
        for chunk in in_chunks(sorted(units))
        for round_, unit, opens in RoundMember.objects.filter(
            round__in=latest, subject__in=chunk
        ).values_list("round_id", "subject", "round__opens")
    ]
    done = _acknowledged(latest, units)
    texts = {
        row.campaign_id: row for row in CampaignText.objects.filter(campaign__in=notices).order_by("version")
    }
    found = [
        Pending(notices[campaign], unit, texts[campaign], opens)
        for campaign, unit, opens in listed
        if (campaign, unit) not in done
    ]
    return sorted(found, key=lambda one: (-one.text.pk, one.unit))


def _acknowledged(rounds: Iterable[int], units: Collection[int]) -> set[tuple[int, int]]:
    """(notice, unit) of those with a live answer in the notice's latest round."""
    numbers = dict(Round.objects.filter(pk__in=list(rounds)).values_list("campaign_id", "number"))
    ended = Revision.objects.exclude(kind="withdrawn").values("submission")
    rows = Submission.objects.filter(campaign__in=numbers, subject_kind="unit").exclude(pk__in=ended)
    return {
        (campaign, unit)
        for chunk in in_chunks(sorted(units))
        for campaign, unit, number in rows.filter(subject__in=chunk).values_list(
            "campaign_id", "subject", "round"
        )
        if number == numbers[campaign]
    }
