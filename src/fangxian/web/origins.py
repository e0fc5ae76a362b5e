"""Where a figure comes from: whose answers, by which channel, confirmed how; or the register alone."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from fangxian.campaigns.models import Campaign
from fangxian.figures import inside
from fangxian.matching.replies import Confirmed, confirmations
from fangxian.registry.holding import in_chunks
from fangxian.submissions.models import Submission

from .asking import Asked
from .coverage import campaign_name

LIST, BOTH = "list", "both"
MOST = 3_000  # records that are looked at one by one; of more, only a sample's campaigns are told
SAMPLE = 100
REGISTER, SEVERAL = "register", "several"
CHANNELS = ("phone", "web", "class", "visit", "import", SEVERAL, REGISTER)


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    key: str
    count: int
    start: float  # percent of all before it
    share: float  # percent of all


@dataclass(frozen=True, slots=True)
class OfList:
    """A list of another office: of how many records it confirms an answer, of how many it alone."""

    id: int
    source: str
    title: str
    count: int
    alone: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Records by what confirms them: a call, visit or document without a list, both, a list alone."""

    asked: int
    both: int
    listed: int

    @property
    def total(self) -> int:
        return self.asked + self.both + self.listed

    @property
    def starts(self) -> tuple[float, float]:
        """Percent of all before the second and the third part."""
        total = self.total or 1
        return round(100 * self.asked / total, 2), round(100 * (self.asked + self.both) / total, 2)

    @property
    def by_asking(self) -> int:
        return self.asked + self.both

    @property
    def by_lists(self) -> int:
        return self.both + self.listed


@dataclass(frozen=True, slots=True)
class Origins:
    """`parts` and `confirmed` are empty where there are too many records to look at. `sides`: each
    record with its unit, and LIST, BOTH or "" (no list); empty where no list confirms any."""

    campaigns: tuple[tuple[str, str], ...]  # name, code
    parts: tuple[Part, ...]
    confirmed: tuple[Part, ...]
    lists: tuple[OfList, ...]
    register: bool  # no answer is read: the register alone
    sides: tuple[tuple[Any, int, str], ...] = ()

    def overlap(self, units: Collection[int] | None = None, ids: Collection[Any] | None = None) -> Overlap:
        """Of all records, or of those in these units, or of these."""
        told = Counter(
            side
            for id, unit, side in self.sides
            if (units is None or unit in units) and (ids is None or id in ids)
        )
        return Overlap(told[""], told[BOTH], told[LIST])

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)


def origins(asked: Asked, figure: str) -> Origins:
    records = inside.records(asked.engine, figure, asked.unit.id, asked.at)
    few = len(records) <= MOST
    ids = records.ids if few else records.ids.slice(0, SAMPLE)
    because = inside.because(asked.engine, figure, asked.at, ids) if len(ids) else []
    known = channels_of({pk for each in because for pk in each})
    campaigns = {campaign for campaign, _channel in known.values()}
    channels = Counter(_key({known[pk][1] for pk in each if pk in known}) for each in because)
    told = confirmations(known, asked.at.position) if few else {}
    found = [[told[pk] for pk in each if pk in told] for each in because]
    keys = [_key_of({how for one in each for how in one.how}) for each in found]
    confirmed, lists = Counter(keys), _lists(found)
    sides = [key if key in (LIST, BOTH) else "" for key in keys]
    return Origins(
        tuple(_named(campaigns)),
        _parts(channels) if few and known else (),
        _parts(confirmed) if set(confirmed) - {REGISTER} else (),
        lists,
        bool(len(records)) and not known,
        tuple(zip(ids.to_pylist(), records.units.tolist(), sides, strict=True)) if lists else (),
    )


def _key(found: set[str]) -> str:
    return SEVERAL if len(found) > 1 else next(iter(found), REGISTER)


def channels_of(ids: set[int]) -> dict[int, tuple[int, str]]:
    """Id -> campaign, channel."""
    return {
        pk: (campaign, channel)
        for chunk in in_chunks(sorted(ids))
        for pk, campaign, channel in Submission.objects.filter(pk__in=chunk).values_list(
            "pk", "campaign_id", "channel"
        )
    }


def _key_of(hows: set[str]) -> str:
    return BOTH if LIST in hows and len(hows) > 1 else _key(hows)


def _lists(found: Iterable[list[Confirmed]]) -> tuple[OfList, ...]:
    """Those that confirm most first."""
    counts: Counter[tuple[int, str, str]] = Counter()
    alone: Counter[tuple[int, str, str]] = Counter()
    for each in found:
        lists = {of for one in each for of in one.lists}
        counts.update(lists)
        if len(lists) == 1 and all(one.how == {LIST} for one in each):
            alone.update(lists)
    return tuple(OfList(*of, n, alone[of]) for of, n in counts.most_common())


def _named(campaigns: set[int]) -> Iterable[tuple[str, str]]:
    for campaign in Campaign.objects.filter(pk__in=campaigns).order_by("pk"):
        yield campaign_name(campaign), campaign.code


def _parts(counts: Counter[str]) -> tuple[Part, ...]:
    total = counts.total() or 1
    found, before = [], 0
    for key, n in counts.most_common():
        found.append(Part(word(key), key, n, round(100 * before / total, 2), round(100 * n / total, 2)))
        before += n
    return tuple(found)


def word(key: str) -> str:
    """A channel, or how an answer was confirmed."""
    words = {
        "phone": _("by telephone"),
        "web": _("online"),
        "class": _("by the class"),
        "visit": _("at a visit"),
        "import": _("from a list"),
        "second_call": _("by a second call"),
        "document": _("by a document"),
        LIST: _("by another office's list alone"),
        BOTH: _("by a call or document, and a list too"),
        SEVERAL: _("in several ways"),
        REGISTER: _("from the register"),
    }
    return words.get(key, key)
