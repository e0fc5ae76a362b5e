"""Which of a figure's records are wanted: searched, of a unit inside, of some days, by a campaign or channel.

All of it stands in the address, holds for pages and files alike, and is told wherever the records are shown.
What a record of the register never had (a day, an answer) leaves it out once it is asked for.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.access import policy
from fangxian.campaigns.models import Campaign
from fangxian.figures import inside
from fangxian.figures.occasions import ANSWER, occasions
from fangxian.kernel.moments import day_of
from fangxian.registry.holding import in_chunks
from fangxian.registry.tree import Node
from fangxian.submissions.intake import published_form
from fangxian.submissions.models import Submission

from . import origins
from .asking import Asked
from .coverage import campaign_name
from .problems import DayUnreadable, NotNarrowable, UnitNotInside
from .templatetags import fx

SAMPLES = 512
SAMPLE = 20  # records whose answers tell which days a figure's records have
REPORT = "report"  # the day on which the answer was given
COUNTED = "counted"
OF_ANSWERS = ("sort", "day", "from", "to", "campaign", "how")
SORTS = ("unit", "contribution", "day")


@dataclass(frozen=True, slots=True)
class DayKind:
    """A day that records have: of the report, or one that was answered."""

    name: str
    label: str

    @property
    def column(self) -> str:
        return "day" if self.name == REPORT else f"{ANSWER}{self.name}"


@dataclass(frozen=True)
class Wanted:
    """Of the records of one figure and part at the unit asked. `day_kinds`: the first is meant where the
    address names none."""

    asked: Asked
    figure: str
    part: str
    q: str = ""
    sort: str = "unit"
    unit: Node | None = None
    day_kinds: tuple[DayKind, ...] = ()
    day: DayKind | None = None
    first: date | None = None
    last: date | None = None
    campaign: str = ""
    channel: str = ""

    @property
    def at(self) -> Node:
        return self.unit or self.asked.unit

    @property
    def by_days(self) -> bool:
        return bool(self.first or self.last) or self.sort == "day"

    @property
    def by_answers(self) -> bool:
        """Whether answers must be looked at to tell which records are wanted, or in which order."""
        return self.by_days or bool(self.campaign or self.channel)

    @cached_property
    def params(self) -> dict[str, Any]:
        """As they stand in an address."""
        return {
            "part": self.part,
            "q": self.q or None,
            "sort": self.sort if self.sort != "unit" else None,
            "in": self.unit.code if self.unit else None,
            "day": self.day.name if self.day and (self.by_days or self.day != self.day_kinds[0]) else None,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
            "campaign": self.campaign or None,
            "how": self.channel or None,
        }

    def address(self, path: str = "", **changes: Any) -> str:
        return self.asked.address(path, **self.params | changes)

    def of_part(self, part: str) -> str:
        """Another set of records of the same figure: what is of the counted alone is left out."""
        both_counted = part == self.part == COUNTED
        return self.address(part=part) if both_counted else self.without(*OF_ANSWERS, part=part)

    def without(self, *names: str, **changes: Any) -> str:
        """The address without these filters."""
        return self.asked.address(**self.params | dict.fromkeys(names) | changes)

    @property
    def days_told(self) -> str:
        """The days in words, from both ends or one."""
        if self.first and self.last:
            return _("{first} to {last}").format(first=fx.day(self.first), last=fx.day(self.last))
        if self.first:
            return _("from {first} on").format(first=fx.day(self.first))
        return _("until {last}").format(last=fx.day(self.last))

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Each filter but the search and the unit: what it is of, in words, and the address without it."""
        found = []
        if self.day and (self.first or self.last):
            found.append((self.day.label, self.days_told, self.without("from", "to")))
        if self.campaign:
            found.append((_("Campaign"), campaign(self.campaign), self.address(campaign=None)))
        if self.channel:
            found.append((_("How it came"), origins.word(self.channel), self.address(how=None)))
        return found

    @property
    def filters(self) -> list[tuple[str, str, str]]:
        """Every filter: as `told`."""
        found = [(_("Search"), self.q, self.address(q=None))] if self.q else []
        if self.unit:
            found.append((_("Unit inside"), self.unit.name, self.without("in")))
        return found + self.told


def read(request: HttpRequest, asked: Asked, figure: str, part: str) -> Wanted:
    """What the address wants of the records. Days, campaign and channel are of what is counted: those who are
    missing gave no answer. Raises UnitNotInside, DayUnreadable, NotNarrowable."""
    given = {name: request.GET.get(name, "").strip() for name in _NAMES}
    unit = _inside(asked, given["in"]) if given["in"] else None
    sort = given["sort"] if given["sort"] in SORTS else "unit"
    q = given["q"][:40]
    if part != COUNTED:
        return Wanted(asked, figure, part, q, "unit" if sort == "day" else sort, unit)
    kinds = day_kinds(asked, figure)
    day = next((kind for kind in kinds if kind.name == given["day"]), None)
    if given["day"] and day is None and kinds:
        raise NotNarrowable(by=given["day"][:40])
    if given["campaign"] and not Campaign.objects.filter(code=given["campaign"][:80]).exists():
        raise NotNarrowable(by=given["campaign"][:40])
    if given["how"] and given["how"] not in origins.CHANNELS:
        raise NotNarrowable(by=given["how"][:40])
    return Wanted(
        asked,
        figure,
        part,
        q,
        sort if sort != "day" or kinds else "unit",
        unit,
        kinds,
        day or next(iter(kinds), None),
        _day(given["from"]),
        _day(given["to"]),
        given["campaign"],
        given["how"],
    )


_NAMES = ("q", "sort", "in", "day", "from", "to", "campaign", "how")


def campaign(code: str) -> str:
    found = Campaign.objects.filter(code=code).first()
    return campaign_name(found) if found else code


def _inside(asked: Asked, code: str) -> Node:
    """A unit that counts under the one asked. Raises UnitNotInside."""
    id = asked.tree.by_code.get(code)
    if id is None or id not in inside.under(asked.engine, asked.unit.id, asked.at):
        raise UnitNotInside(unit=code[:40], within=asked.unit.name, day=asked.at.day.isoformat())
    return asked.tree.nodes[id]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day alone
    except ValueError as error:
        raise DayUnreadable(text=text[:40]) from error


# ------------------------------------------------------------------------------------ which days there are

Sampled = tuple[
    tuple[int, str], tuple[str, ...]
]  # a form's version, its questions that were answered with a day
_samples: OrderedDict[Any, tuple[Sampled, ...]] = OrderedDict()


def day_kinds(asked: Asked, figure: str) -> tuple[DayKind, ...]:
    """The days that a figure's records have, by the answers of some of them; none where no answer is read.
    First comes a day that each of them tells (a return, a deadline), else that of the report."""
    sample = _sample(asked, figure)
    if not sample:
        return ()
    versions = {name: version for version, names in sample for name in names}
    kinds = [DayKind(name, _dated(*version)[name].label_in()) for name, version in sorted(versions.items())]
    told_by_all = bool(kinds) and all(kind.name in names for kind in kinds for _version, names in sample)
    report = DayKind(REPORT, _("Day of the report"))
    return (*kinds, report) if told_by_all and not figure.startswith("coverage.") else (report, *kinds)


def _sample(asked: Asked, figure: str) -> tuple[Sampled, ...]:
    key = (asked.counted.position, asked.at, figure, asked.unit.id)
    found = _samples.get(key)
    if found is None:
        found = _samples[key] = tuple(_sampled(asked, figure))
        while len(_samples) > SAMPLES:
            _samples.popitem(last=False)
    return found


def _sampled(asked: Asked, figure: str) -> Iterator[Sampled]:
    ids = inside.records(asked.engine, figure, asked.unit.id, asked.at).ids.slice(0, SAMPLE)
    because = inside.because(asked.engine, figure, asked.at, ids) if len(ids) else []
    rows = Submission.objects.filter(pk__in={max(each) for each in because if each})
    of_health = policy.of_health(figure)
    for version, sha256, answers in rows.values_list("form_version_id", "form_version__sha256", "answers"):
        dated = _dated(version, sha256)
        open_to_all = (name for name, asks in dated.items() if of_health or asks.field_class != "E")
        yield (version, sha256), tuple(name for name in open_to_all if answers.get(name))


def _dated(version: int, sha256: str) -> dict[str, Any]:
    """Questions that are answered with a day, of the classes that the lake has."""
    form = published_form(version, sha256)
    return {asks.name: asks for asks in form.questions if asks.type == "date" and asks.field_class in "ABE"}


def days_of(kind: DayKind, submissions: Collection[int]) -> dict[int, date]:
    """The day that each of these submissions tells, where it tells one."""
    found: dict[int, date] = {}
    field = "happened" if kind.name == REPORT else f"answers__{kind.name}"
    for chunk in in_chunks(sorted(submissions)):
        for pk, told in Submission.objects.filter(pk__in=chunk).values_list("pk", field):
            if told:
                found[pk] = day_of(told) if kind.name == REPORT else date.fromisoformat(told)
    return found


# ------------------------------------------------------------------------------------ as columns


def narrowed(table: pa.Table, wanted: Wanted) -> pa.Table:
    """The records (with a column `id`) that days, campaign and channel leave; `day` is added where it is
    asked for. Raises NotNarrowable."""
    if not wanted.by_answers:
        return table
    found = occasions(wanted.asked.engine, wanted.figure, wanted.asked.at)
    day = wanted.day.column if wanted.day else "day"
    if len(found) and day not in found.column_names:
        raise NotNarrowable(by=day.removeprefix(ANSWER))
    told = _beside(table["id"], found, day)
    table = table.append_column("day", told["day"])
    keep = [
        *([pc.greater_equal(told["day"], wanted.first)] if wanted.first else []),
        *([pc.less_equal(told["day"], wanted.last)] if wanted.last else []),
        *(
            [pc.is_in(told["row"], _rows_with(found["campaigns"], wanted.campaign))]
            if wanted.campaign
            else []
        ),
        *([_came(found["channels"], told["row"], wanted.channel)] if wanted.channel else []),
    ]
    return table.filter(reduce(pc.and_, keep)) if keep else table


def _beside(ids: pa.ChunkedArray, found: pa.Table, day: str) -> pa.Table:
    """For each id its row in `found` and its day there; null where it has none."""
    if not len(found):
        return pa.table({"row": pa.nulls(len(ids), pa.int32()), "day": pa.nulls(len(ids), pa.date32())})
    rows = pc.index_in(ids, found["id"].combine_chunks())
    return pa.table({"row": rows, "day": found[day].take(rows)})


def _rows_with(lists: pa.ChunkedArray, word: str) -> pa.Array:
    """Rows whose list has the word."""
    flat = lists.combine_chunks()
    return pc.list_parent_indices(flat).filter(pc.equal(pc.list_flatten(flat), word)).cast(pa.int32())


def _came(lists: pa.ChunkedArray, rows: pa.ChunkedArray, channel: str) -> pa.ChunkedArray:
    """Whether each record's answers came by this channel alone, by several, or by none: from the register."""
    if channel == origins.REGISTER:
        return pc.is_null(rows)
    if not len(lists):
        return pc.is_valid(rows)
    flat = lists.combine_chunks()
    several = pc.greater(pc.list_value_length(flat), 1)
    places = pa.array(range(len(flat)), pa.int32())
    if channel == origins.SEVERAL:
        return pc.is_in(rows, places.filter(several))
    alone = places.filter(pc.invert(several))
    return pc.is_in(rows, pc.filter(alone, pc.is_in(alone, _rows_with(lists, channel))))
