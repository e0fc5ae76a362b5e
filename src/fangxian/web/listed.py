"""The list of bulletins: what each is, who did what for it, what corrects what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from fangxian.access.models import Account
from fangxian.publishing.models import Bulletin, Step

SORTS = {"number": "-number", "oldest": "number", "cut-off": "-known_by"}
STATES = ("all", "holds", "corrected", "correction", "at-once")
PERSONS = ("drafted", "checked", "approved", "issued")


@dataclass(frozen=True, slots=True)
class Row:
    """An issued bulletin. `persons`: what was done -> (by whom, when); what was not done is not there."""

    bulletin: Bulletin
    persons: Mapping[str, tuple[str, object]]
    corrects: int | None
    corrected_by: int | None

    @property
    def at_once(self) -> bool:
        """Issued by a command, without a second person."""
        return "approved" not in self.persons


@dataclass(frozen=True, slots=True)
class Wanted:
    q: str = ""
    state: str = "all"
    sort: str = "number"


def chosen(wanted: Wanted) -> QuerySet[Bulletin]:
    rows = Bulletin.objects.defer("template", "frozen").order_by(SORTS[wanted.sort])
    if wanted.q:
        steps = Step.objects.filter(Q(by__icontains=wanted.q) | Q(by__in=_named(wanted.q)))
        drafts = Step.objects.filter(bulletin__isnull=False, draft__in=steps.values("draft"))
        asked = Q(title__icontains=wanted.q) | Q(by__icontains=wanted.q) | Q(reason__icontains=wanted.q)
        asked |= Q(pk__in=drafts.values("bulletin"))
        digits = wanted.q.strip("第期号No. ")
        rows = rows.filter(asked | Q(number=int(digits)) if digits.isdecimal() and len(digits) < 7 else asked)
    match wanted.state:
        case "holds":
            return rows.filter(corrected_by__isnull=True)
        case "corrected":
            return rows.filter(corrected_by__isnull=False)
        case "correction":
            return rows.filter(corrects__isnull=False)
        case "at-once":
            return rows.filter(signed__isnull=True)
    return rows


def _named(q: str) -> QuerySet[Account, str]:
    return Account.objects.filter(name__icontains=q).values_list("username", flat=True)


def rows(bulletins: Iterable[Bulletin]) -> list[Row]:
    """As many queries for one as for fifty."""
    found = list(bulletins)
    numbers = dict(Bulletin.objects.filter(pk__in=[b.corrects_id for b in found]).values_list("pk", "number"))
    later = dict(Bulletin.objects.filter(corrects__in=found).values_list("corrects", "number"))
    signed = dict(Step.objects.filter(bulletin__in=found).values_list("draft", "bulletin"))
    persons: dict[int, dict[str, tuple[str, object]]] = {}
    for draft, kind, by, at in _steps(signed):
        persons.setdefault(signed[draft], {})[kind] = (by, at)
    names = titles({by for told in persons.values() for by, _at in told.values()} | {b.by for b in found})
    return [
        Row(
            bulletin,
            {
                kind: (names.get(by, by), at)
                for kind, (by, at) in persons.get(
                    bulletin.pk, {"issued": (bulletin.by, bulletin.issued_at)}
                ).items()
            },
            numbers.get(bulletin.corrects_id or 0),
            later.get(bulletin.pk),
        )
        for bulletin in found
    ]


def _steps(drafts: Iterable[int]) -> Iterator[tuple[int, str, str, object]]:
    """The last of each kind comes last."""
    steps = Step.objects.filter(draft__in=list(drafts), kind__in=PERSONS).order_by("number")
    return iter(steps.values_list("draft", "kind", "by", "done_at"))


def titles(accounts: Iterable[str]) -> dict[str, str]:
    """What the holders of accounts are called; of commands nothing."""
    return dict(Account.objects.filter(username__in=list(accounts)).values_list("username", "name"))
