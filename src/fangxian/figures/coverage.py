"""Coverage of each campaign and selector, generated from the campaigns themselves."""

from collections.abc import Iterable, Mapping
from functools import partial

import narwhals as nw

from fangxian.campaigns.audiences import Selector, read_audience
from fangxian.campaigns.models import Campaign
from fangxian.registry.kinds import ROLES, UNIT_KINDS

from .facts import CampaignFact, Facts, under
from .figure import ADMINISTRATIVE, Figure
from .frames import Frame
from .kinds import Coverage, DailyCoverage

ROLE_LINES = {
    "party_member": "party",
    "secretary": "party",
    "league_member": "league",
    "youth_commando": "league",
    "pioneer": "pioneers",
}
DEFINITION = (
    "Of those whom the round asked when it opened and still asks on the day, those about whom it has a live "
    "report. The latest round that has opened is meant; of a daily campaign, the day "
    "itself and those before it for which its reports hold good. Who has left or "
    "joined since the opening is excluded, and listed. That somebody was called and not reached is a report "
    "too: who is covered was asked; whether a round of calls is settled, the figure of its rounds says."
)
VOLUNTARY = (
    "Of those whom the round could ask when it opened and still can on the day, those about whom it has a "
    "live report. Nobody owes one, so nobody is missing."
)


def coverage_figures(campaigns: Iterable[CampaignFact]) -> dict[str, Figure]:
    """Id -> figure, in the order of the campaigns' launch."""
    found = list(campaigns)
    names = _names(campaign.code for campaign in found)
    figures = [figure for campaign in found for figure in _figures(campaign, names)]
    return {figure.id: figure for figure in figures}


def coverage_figure(id: str) -> Figure | None:
    """One of them, by what the ledger knows now; None where there is none."""
    group, _dot, rest = id.partition(".")
    row = Campaign.objects.filter(code=rest.split(".")[0]).first() if group == "coverage" else None
    if row is None:
        return None
    fact = CampaignFact(row.pk, row.code, row.audience, row.schedule, row.opens, row.closes)
    return next((f for f in _figures(fact, {row.code: (row.name, row.name_en)}) if f.id == id), None)


def _names(codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Campaigns' names stay in the ledger: the lake has their codes."""
    rows = Campaign.objects.filter(code__in=list(codes)).values_list("code", "name", "name_en")
    return {code: (zh, en) for code, zh, en in rows}


def _figures(campaign: CampaignFact, names: Mapping[str, tuple[str, str]]) -> Iterable[Figure]:
    selectors = read_audience(campaign.code, campaign.audience)
    zh, en = names.get(campaign.code, (campaign.code, campaign.code))
    for selector in selectors:
        alone = len(selectors) == 1
        own_zh, own_en = _of_whom(selector)
        yield Figure(
            id=f"coverage.{campaign.code}" if alone else f"coverage.{campaign.code}.{selector.key}",
            zh=zh if alone else f"{zh}：{own_zh}",
            en=en if alone else f"{en}: {own_en}",
            definition=VOLUNTARY if campaign.voluntary else DEFINITION,
            lines=_lines(selector),
            group="coverage",
            count=partial(coverage, campaign=campaign, selector=selector),
        )


def _of_whom(selector: Selector) -> tuple[str, str]:
    found = [(UNIT_KINDS[kind].zh, UNIT_KINDS[kind].en) for kind in selector.unit_kinds]
    if selector.kind != "unit":
        found = [ROLES[role] for role in selector.roles]
    return "、".join(zh for zh, _en in found), ", ".join(en for _zh, en in found)


def _lines(selector: Selector) -> tuple[str, ...]:
    """The lines of its units or roles, and those that reach all units."""
    own = {UNIT_KINDS[kind].line for kind in selector.unit_kinds} | {
        ROLE_LINES[role] for role in selector.roles if role in ROLE_LINES
    }
    return (*sorted(own - set(ADMINISTRATIVE)), *ADMINISTRATIVE)


def coverage(facts: Facts, *, campaign: CampaignFact, selector: Selector) -> Coverage | DailyCoverage:
    owed = not campaign.voluntary
    window = facts.window(campaign)
    if window is None:
        return Coverage(selector.kind, *_nobody(facts), owed)
    reports = facts.reports(campaign.code, selector, window)
    if campaign.daily:
        standing, here = facts.standing(campaign, selector), under(selector, facts.reach)
        return DailyCoverage(selector.kind, standing, reports, window.day, here, owed)
    return Coverage(selector.kind, facts.asked(campaign, selector, window), reports, owed)


def _nobody(facts: Facts) -> tuple[Frame, Frame]:
    nobody = facts.units.head(0).select("unit", id="unit", opening=nw.lit(True), today=nw.lit(True))
    return nobody, nobody.select("id", because="unit")
