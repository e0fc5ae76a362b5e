"""What submissions are held against and what seldom changes, remembered while the change log says it holds.

Positions are dense and handed out under one lock, so a writer that holds it can see from the log alone
whether anything but answers was recorded since its last batch. Where it was, all is read anew.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from fangxian.campaigns.audiences import Selector, read_audience
from fangxian.campaigns.models import Campaign, CampaignText, Closing, Round
from fangxian.kernel.models import Change
from fangxian.kernel.tables import fetch
from fangxian.registry.models import Unit

from .models import FormVersion

# These append answers, refusals and attachments, what callers noted, and old things under new
# keys; and members, which their rows tell.
HARMLESS = (
    "submissions.receive",
    "desk.call",
    "desk.note",
    "desk.ask",
    "desk.hand_over",
    "kernel.rekey",
    "kernel.retire_keys",
)
OWN = ("submissions_", "desk_")
_SINCE = f'SELECT action, detail FROM {Change._meta.db_table} WHERE "position" > %s AND "position" < %s'  # noqa: S608


def _own(tables: Collection[str]) -> bool:
    return all(table.startswith(OWN) for table in tables)


@dataclass(slots=True)
class Terms:
    """What a campaign's envelopes are held against. `versions`: id and hash by version, oldest first."""

    campaign: Campaign
    selectors: list[Selector]
    rounds: dict[int, Round]
    versions: dict[str, tuple[int, str]]
    texts: frozenset[int]

    @property
    def latest_version(self) -> str | None:
        return next(reversed(self.versions), None)


@dataclass(slots=True)
class Known:
    """`epoch` counts how often all was forgotten: who was admitted under an older one is asked again."""

    position: int = -1
    epoch: int = 0
    _terms: dict[str, Terms | None] = field(default_factory=dict)
    _units: dict[str, int] = field(default_factory=dict)
    _codes: dict[int, str] = field(default_factory=dict)

    def refresh(self, position: int) -> int:
        """Be true as of `position`, which the caller holds under the head's lock; the epoch."""
        if position <= self.position or self._changed(position):
            self.forget()
        self.position = position - 1
        return self.epoch

    def wrote(self, position: int, tables: Collection[str]) -> None:
        """Whoever refreshed this for that position has committed, with rows in these tables."""
        if _own(tables):
            self.position = position

    def _changed(self, position: int) -> bool:
        if self.position == position - 1:
            return False
        return self.position < 0 or any(
            action not in HARMLESS or not _own(json.loads(detail).get("rows", ()))
            for action, detail in fetch(_SINCE, (self.position, position))
        )

    def forget(self) -> None:
        self.epoch += 1
        self._terms.clear()
        self._units.clear()
        self._codes.clear()

    def terms(self, code: str) -> Terms | None:
        """None where there is no such campaign."""
        if code not in self._terms:
            found = read_terms(code)
            if found is None:
                return None  # not remembered: senders may name what they like
            self._terms[code] = found
        return self._terms[code]

    def unit(self, code: str) -> int | None:
        """A unit's id: its code never changes."""
        found = self._units.get(code)
        if found is None:
            found = Unit.objects.filter(code=code).values_list("pk", flat=True).first()
            if found is not None:
                self._units[code] = found
        return found

    def code(self, unit: int) -> str:
        if unit not in self._codes:
            self._codes[unit] = Unit.objects.get(pk=unit).code
        return self._codes[unit]


def read_terms(code: str) -> Terms | None:
    return read_all_terms([code]).get(code)


def read_all_terms(codes: Collection[str]) -> dict[str, Terms]:
    """In the order of their launch; the same few queries for one and for many."""
    campaigns = list(Campaign.objects.filter(code__in=codes).order_by("pk"))
    ids = [campaign.pk for campaign in campaigns]
    versions: dict[str, dict[str, tuple[int, str]]] = {code: {} for code in codes}
    published = FormVersion.objects.filter(form__in=codes).order_by("pk")
    for code, version, pk, sha256 in published.values_list("form", "version", "id", "sha256"):
        versions[code][version] = (pk, sha256)
    rounds: dict[int, dict[int, Round]] = {pk: {} for pk in ids}
    for row in Round.objects.filter(campaign__in=ids):
        rounds[row.campaign_id][row.number] = row
    texts: dict[int, set[int]] = {pk: set() for pk in ids}
    for pk, campaign_id in CampaignText.objects.filter(campaign__in=ids).values_list("pk", "campaign_id"):
        texts[campaign_id].add(pk)
    closings = {row.campaign_id: row for row in Closing.objects.filter(campaign__in=ids).order_by("id")}
    found = {}
    for campaign in campaigns:
        code, pk = campaign.code, campaign.pk
        _close(campaign, rounds[pk], closings.get(pk))
        selectors = read_audience(code, campaign.audience)
        found[code] = Terms(campaign, selectors, rounds[pk], versions[code], frozenset(texts[pk]))
    return found


def _close(campaign: Campaign, rounds: dict[int, Round], last: Closing | None) -> None:
    """What was closed before its time or opened again takes reports until then: the latest round too."""
    if last is not None:
        campaign.closes = last.closes
        if rounds:
            rounds[max(rounds)].closes = last.closes
