"""Where a figure comes from: whose answers, by which channel, confirmed how; or the register alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fangxian.campaigns.models import Campaign
from fangxian.figures import inside
from fangxian.registry.holding import in_chunks
from fangxian.submissions.models import Submission, Verification

from .asking import Asked
from .coverage import campaign_name

MOST = 3_000  # records that are looked at one by one; of more, only a sample's campaigns are told
SAMPLE = 100
REGISTER, SEVERAL = "register", "several"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    key: str
    count: int
    start: float  # percent of all before it
    share: float  # percent of all


@dataclass(frozen=True, slots=True)
class Origins:
    """`parts` and `confirmed` are empty where there are too many records to look at."""

    campaigns: tuple[tuple[str, str], ...]  # name, code
    parts: tuple[Part, ...]
    confirmed: tuple[Part, ...]
    register: bool  # no answer is read: the register alone

    @property
    def total(self) -> int:
        return sum(part.count for part in self.parts)


def origins(asked: Asked, figure: str) -> Origins:
    records = inside.records(asked.engine, figure, asked.unit.id, asked.at)
    few = len(records) <= MOST
    ids = records.ids if few else records.ids.slice(0, SAMPLE)
    because = inside.because(asked.engine, figure, asked.at, ids) if len(ids) else []
    known = _submissions({pk for each in because for pk in each})
    campaigns = {campaign for campaign, _channel in known.values()}
    channels = Counter(_key({known[pk][1] for pk in each if pk in known}) for each in because)
    confirmed = _confirmed(because, set(known), asked) if few else Counter()
    return Origins(
        tuple(_named(campaigns)),
        _parts(channels) if few and known else (),
        _parts(confirmed) if set(confirmed) - {REGISTER} else (),
        bool(len(records)) and not known,
    )


def _key(found: set[str]) -> str:
    return SEVERAL if len(found) > 1 else next(iter(found), REGISTER)


def _submissions(ids: set[int]) -> dict[int, tuple[int, str]]:
    """Id -> campaign, channel."""
    return {
        pk: (campaign, channel)
        for chunk in in_chunks(sorted(ids))
        for pk, campaign, channel in Submission.objects.filter(pk__in=chunk).values_list(
            "pk", "campaign_id", "channel"
        )
    }


def _confirmed(because: Iterable[list[int]], ids: set[int], asked: Asked) -> Counter[str]:
    how: dict[int, set[str]] = {}
    for chunk in in_chunks(sorted(ids)):
        rows = Verification.objects.filter(submission__in=chunk, recorded__lte=asked.at.position)
        for pk, kind in rows.values_list("submission_id", "how"):
            how.setdefault(pk, set()).add(kind)
    return Counter(_key({kind for pk in each for kind in how.get(pk, ())}) for each in because)


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
        SEVERAL: _("in several ways"),
        REGISTER: _("from the register"),
    }
    return words.get(key, key)
