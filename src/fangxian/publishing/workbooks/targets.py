"""What may stand in a cell: a figure's number, or what is told of the filling; each as of a moment."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from fangxian.figures import catalogue
from fangxian.figures.problems import UnknownFigure
from fangxian.kernel.asof import AsOf
from fangxian.kernel.moments import OFFICE_ZONE

from ..counting import Counting
from ..problems import UnknownUnitInTemplate
from ..references import PARTS, Number, Reference, plain
from ..wording import in_words, moment_in_words
from .problems import TargetUnreadable

FIGURE = "figure"
TOLD = ("day", "cut-off", "unit", "by", "number")
KINDS = (FIGURE, *TOLD)
NUMBERS = (*PARTS, "change")
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of Excel, in whatever zone
# What is written where there is no number: never nothing, which a formula would take for 0.
MISSING = {
    "unit-gone": "当日无此单位",
    "figure-gone": "无此指标",
    "not-counted": "本条线不统计",
    "no-base": "无基数",
}


@dataclass(frozen=True, slots=True)
class Target:
    """`kind` of KINDS; of a figure also which, at which unit ("": the whole area), and which number of it."""

    kind: str
    figure: str = ""
    unit: str = ""
    part: str = ""

    def dump(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def name(self) -> str:
        """In the language that is active."""
        if self.kind != FIGURE:
            return kind_name(self.kind)
        try:
            told = catalogue.name(self.figure)
        except UnknownFigure:
            told = self.figure
        return told if self.part == "value" else f"{told} · {part_name(self.part)}"


def load(told: Mapping[str, str]) -> Target:
    return Target(**{name: str(told.get(name, "")) for name in ("kind", "figure", "unit", "part")})


def read(told: Mapping[str, str]) -> Target:
    """What somebody chose. Raises TargetUnreadable."""
    target = load(told)
    if target.kind not in KINDS:
        raise TargetUnreadable(
            told=target.kind, reason=_("choose one of: {kinds}.").format(kinds=", ".join(KINDS))
        )
    if target.kind != FIGURE:
        return Target(target.kind, unit=target.unit if target.kind == "unit" else "")
    try:
        catalogue.find(target.figure)
    except UnknownFigure as error:
        raise TargetUnreadable(told=target.figure, reason=error.sentence()) from error
    part = target.part or "value"
    if part not in NUMBERS:
        reason = _("its number is one of: {parts}.").format(parts=", ".join(NUMBERS))
        raise TargetUnreadable(told=part, reason=reason)
    return Target(FIGURE, target.figure, target.unit, part)


def kind_name(kind: str) -> str:
    return {
        FIGURE: _("a figure"),
        "day": _("the day"),
        "cut-off": _("the cut-off"),
        "unit": _("the unit's name"),
        "by": _("who filled it"),
        "number": _("the number of the issue"),
    }[kind]


def part_name(part: str) -> str:
    return {
        "value": _("value"),
        "of": _("out of"),
        "missing": _("missing"),
        "share": _("share"),
        "change": _("change against the day before"),
    }[part]


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a cell: a `value`, or why there is none (`why` of MISSING)."""

    value: Number | str | None
    why: str = ""

    @property
    def written(self) -> Number | str:
        return MISSING[self.why] if self.value is None else self.value


@dataclass
class Answers:
    """What targets are as of one moment, each figure counted once. `by` and `number` are of the filling."""

    counting: Counting
    by: str
    number: int

    def __post_init__(self) -> None:
        at = self.counting.at
        self._before = Counting(
            self.counting.engine, AsOf(at.day - timedelta(days=1), at.known_by, at.position)
        )

    def of(self, target: Target) -> Found:
        match target.kind:
            case "figure":
                return self._figure(target)
            case "unit":
                return self._unit_name(target.unit)
            case "day":
                return Found(in_words(self.counting.at.day))
            case "cut-off":
                return Found(moment_in_words(self.counting.at))
            case "by":
                return Found(self.by)
        return Found(self.number)

    def _unit_name(self, code: str) -> Found:
        try:
            return Found((self.counting.unit(code) if code else self.counting.root).name)
        except UnknownUnitInTemplate:
            return Found(None, "unit-gone")

    def _figure(self, target: Target) -> Found:
        if target.part == "change":
            now, was = (self._number(target, "value", c) for c in (self.counting, self._before))
            if not isinstance(now.value, int | float) or not isinstance(was.value, int | float):
                return now if now.value is None else was
            return Found(plain(now.value - was.value))
        return self._number(target, target.part, self.counting)

    @staticmethod
    def _number(target: Target, part: str, counting: Counting) -> Found:
        try:
            count = counting.count(target.figure, target.unit or counting.root.code)
        except UnknownUnitInTemplate:
            return Found(None, "unit-gone")
        except UnknownFigure:
            return Found(None, "figure-gone")
        if count.value is None:
            return Found(None, "not-counted")
        value = count.part(part)
        return Found(None, "no-base") if value is None else Found(value)

    def references(self, targets: Mapping[Any, Target]) -> Iterator[Reference]:
        """The numbers that a list of changes can speak of."""
        for target in targets.values():
            if target.kind == FIGURE:
                part = "value" if target.part == "change" else target.part
                found = self._number(target, part, self.counting).value
                unit = target.unit or self.counting.root.code
                yield Reference(target.figure, unit, part, found if not isinstance(found, str) else None)


def serial(moment: datetime) -> float:
    """A moment as Excel counts it: days, with the time as a fraction."""
    local = moment.astimezone(OFFICE_ZONE).replace(tzinfo=None)
    return (local - EPOCH) / timedelta(days=1)
