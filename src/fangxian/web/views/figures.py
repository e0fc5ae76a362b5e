"""A figure: what it counts, of what, why not more, by which parts, and its records."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import takewhile
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fangxian.figures import definitions, inside, trend
from fangxian.figures.problems import NotCountedHere
from fangxian.figures.results import ByUnit, Number, Value, number
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.registry.tree import Node

from .. import asking, attested, days, disclosure, drawn, exports, narrowing, records, shown
from ..asking import Asked
from ..opened import Shown
from ..origins import CHANNELS, Origins, Overlap, origins, word
from ..problems import UnknownFormat
from ..templatetags import fx
from ..uses import uses
from .common import children, crumbs, hosted, page, zones


@dataclass(frozen=True, slots=True)
class Part:
    """A unit under the one asked, with its value."""

    unit: Node
    figure: shown.Shown
    change: Number | None  # since the end of yesterday
    sides: Overlap | None = None  # where lists confirm some of them

    @property
    def weight(self) -> tuple[Any, ...]:
        """Worst first where something can be missing, else the largest first."""
        value, missing = self.figure.value, self.figure.missing
        return (-(missing or 0), -(value.value if value else 0), self.unit.code)


@dataclass(frozen=True, slots=True)
class Parts:
    """`nothing` counts the parts with neither value nor denominator; what is left over is the unit's own, or
    shared by several parts."""

    by: str
    rows: list[Part]
    nothing: int
    elsewhere: int
    total: Value

    @property
    def sum(self) -> Number:
        return number(sum(row.figure.value.value for row in self.rows if row.figure.value))

    @property
    def difference(self) -> Number:
        return number(self.total.value - self.sum)

    @property
    def largest(self) -> Number:
        return max((row.figure.value.value for row in self.rows if row.figure.value), default=0)


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """All figures at one unit."""
    asked = asking.read(request)
    figures, values = asked.engine.figures(asked.at), asked.engine.values(asked.at, asked.unit.id)
    covered = [shown.show(f, values[f.id], asked) for f in figures.values() if f.group == "coverage"]
    groups = [*shown.grouped(figures, values, asked), (shown.group_name(["coverage"]), covered)]
    return page(request, "web/figures.html", asked, groups=groups, crumbs=crumbs(asked, request.path))


@require_safe
def figure(request: HttpRequest, id: str) -> HttpResponse:
    asked = asking.read(request)
    declared = declared_figure(asked, id)
    by_unit = asked.engine.by_unit(id, asked.at)
    value = by_unit.get(asked.unit.id)
    by_phone = attested.told(asked, id)
    told = {
        "figure": shown.show(declared, value, asked),
        "campaign": id.split(".")[1] if declared.group == "coverage" else "",
        "program": _program(declared),
        "version": trend.program(),
        "versions": tuple(reversed(definitions.versions_of(id))),
        "declared": declared,
        "definition": _(declared.definition),
        "lines": [_line(line) for line in declared.lines],
        "crumbs": [(_("Figures"), asked.address("/figures/")), *crumbs(asked, request.path)],
        "group": shown.group_name([declared.group]),
        "attested": [one for one in by_phone if one.one.row.unit_id == asked.unit.id],
        "attested_below": attested.below(asked, by_phone),
    }
    if value is None:
        return page(request, "web/figure.html", asked, **told, elsewhere=_elsewhere(asked, declared.lines))
    return page(request, "web/figure.html", asked, **told, **_insides(request, asked, by_unit, value, id))


def declared_figure(asked: Asked, id: str) -> Any:
    figures = asked.engine.figures(asked.at)
    if id not in figures:
        raise definitions.unknown(id)
    return figures[id]


def _insides(request: HttpRequest, asked: Asked, by_unit: ByUnit, value: Value, id: str) -> dict[str, Any]:
    sets = asked.engine.parts(id, asked.at)
    chosen = request.GET.get("part", "counted")
    wanted = narrowing.read(request, asked, id, chosen)
    listed = records.listed(request, wanted) if disclosure.may_open(asked, id) else None
    if listed:
        disclosure.opened(request, asked, id, len(listed.rows))
    found = origins(asked, id)
    parts = _by_side(asked, _parts(request, asked, by_unit, value, id), found)
    ways = reckoned(asked, id, value, found, parts)
    course = days.trend(asked, id, value)
    then = days.yesterday(asked, id)
    return {
        "origins": found,
        "overlap": found.overlap() if found.sides else None,
        "uses": uses(asked, id),
        "course": drawn.line(course, 300, 110) if course else None,
        "lacking": course.lacking,
        "change": None if then is None else number(value.value - then.value),
        "reckoned": ways,
        "all_agree": all(way.agrees for way in ways),
        "sets": [(name, wanted.of_part(name) + "#records", name == chosen) for name in sets],
        "excluded": [
            (r, n, asked.address(part=f"excluded:{r}") + "#records") for r, n in value.excluded.items()
        ],
        "parts": parts,
        "records": listed,
        "inside": _units_inside(wanted, by_unit) if listed else [],
        "came": [(part, _came(wanted, part.key)) for part in found.parts] if listed else [],
        "sources": _sources(wanted, found),
        "downloads": [
            (kind, wanted.address(f"/figures/{id}/records.{kind}")) for kind in exports.FORMATS if listed
        ],
        "by_zone": asked.address(by="zone"),
        "by_tree": asked.address(),
        "has_zones": asked.unit.kind == "bureau",
    }


def _units_inside(wanted: narrowing.Wanted, by_unit: ByUnit) -> list[Node]:
    """The unit chosen with what lies above it under the one asked, then its parts where the figure is
    counted. A round is complete at each unit by itself, so that its records are of none inside."""
    asked, unit = wanted.asked, wanted.at
    path = list(takewhile(lambda id: id != asked.unit.id, asked.tree.path(unit.id)))
    above = [asked.tree.nodes[id] for id in reversed(path)]
    below = sorted(children(asked, unit) + hosted(asked, unit), key=lambda node: node.code)
    return above + [node for node in below if by_unit.get(node.id) is not None]


def _came(wanted: narrowing.Wanted, channel: str) -> str:
    """Where the records of a part of the bar are listed."""
    return wanted.address(part=narrowing.COUNTED, how=channel) + "#records"


def _sources(wanted: narrowing.Wanted, found: Origins) -> dict[str, list[tuple[str, str]]]:
    """Campaigns and channels to choose from, each with its words: only where there are several, or one is
    chosen."""
    if wanted.part != narrowing.COUNTED:
        return {}
    campaigns = {code: name for name, code in found.campaigns}
    if wanted.campaign:
        campaigns.setdefault(wanted.campaign, narrowing.campaign(wanted.campaign))
    keys = [part.key for part in found.parts] or (CHANNELS if found.campaigns else [])
    channels = dict.fromkeys([*keys, *([wanted.channel] if wanted.channel else [])])
    return {
        "campaigns": list(campaigns.items()) if len(campaigns) > 1 or wanted.campaign else [],
        "channels": [(key, word(key)) for key in channels] if len(channels) > 1 or wanted.channel else [],
    }


def _parts(request: HttpRequest, asked: Asked, by_unit: ByUnit, value: Value, id: str) -> Parts:
    """Its zones or its own parts; where these do not hold all of it, also the units that it hosts."""
    by = "zone" if request.GET.get("by") == "zone" and asked.unit.kind == "bureau" else "tree"
    found = _of_units(asked, by_unit, zones(asked) if by == "zone" else children(asked), value, id, by)
    if by == "tree" and found.difference > 0:
        return _of_units(asked, by_unit, children(asked) + hosted(asked), value, id, by)
    return found


def _by_side(asked: Asked, parts: Parts, found: Origins) -> Parts:
    """Each part with what confirms its records."""
    if not found.sides:
        return parts
    return replace(parts, rows=[replace(row, sides=_sides(asked, row, found)) for row in parts.rows])


def _sides(asked: Asked, row: Part, found: Origins) -> Overlap:
    told = found.overlap(set(inside.under(asked.engine, row.unit.id, asked.at)))
    if row.figure.value and told.total == row.figure.value.value:
        return told
    # Who counts in several parts has the first one's unit there: then the part is asked for its own records.
    own = inside.records(asked.engine, row.figure.id, row.unit.id, asked.at)
    return found.overlap(ids=set(own.ids.to_pylist()))


def _of_units(asked: Asked, by_unit: ByUnit, units: list[Node], value: Value, id: str, by: str) -> Parts:
    figure, rows, nothing, elsewhere = declared_figure(asked, id), [], 0, 0
    for unit in units:
        counted = by_unit.get(unit.id)
        if counted is None:
            elsewhere += 1
        elif not counted.value and not counted.of:
            nothing += 1
        else:
            then = days.days().value(id, unit.id, asked.at.day - timedelta(days=1))
            change = None if then is None else number(counted.value - then.value)
            rows.append(Part(unit, shown.show(figure, counted, asked, unit.code), change))
    rows.sort(key=lambda row: row.weight)
    return Parts(by, rows, nothing, elsewhere, value)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """One way of counting, in words, and what it comes to."""

    words: str
    value: Number
    agrees: bool


def reckoned(asked: Asked, id: str, value: Value, found: Origins, parts: Parts) -> list[Reckoned]:
    """Several ways to the same number, each from other rows."""
    counted = inside.records(asked.engine, id, asked.unit.id, asked.at)
    ways = [(_("Records added up"), number(float(counted.contributions.sum())))]
    for check in inside.checks(asked.engine, id, asked.unit.id, asked.at):
        words = _("Parts {parts} − shared {shared} + own {own}")
        ways.append(
            (
                words.format(parts=check.parts, shared=check.shared, own=check.own),
                number(check.parts - check.shared + check.own),
            )
        )
    if len(found.parts) > 1 and not (counted.contributions != 1).any():
        ways.append((" + ".join(str(part.count) for part in found.parts), found.total))
    if value.of is not None and "missing" in asked.engine.parts(id, asked.at):
        missing = inside.records(asked.engine, id, asked.unit.id, asked.at, "missing")
        short = number(float(missing.contributions.sum()))
        out = value.missing if value.missing is not None else 0
        excluded = number(out - short)
        words = _("Out of {of} − missing {missing}").format(of=value.of, missing=short)
        if excluded:
            words += " − " + _("excluded {excluded}").format(excluded=excluded)
        ways.append((words, number(value.of - short - excluded)))
    return [Reckoned(words, sum, sum == value.value) for words, sum in ways]


def _program(declared: Any) -> str:
    """The lines that count it."""
    return _lines_of(getattr(declared.count, "func", declared.count))


@cache
def _lines_of(count: Callable[..., Any]) -> str:
    return "".join(inspect.getsourcelines(count)[0]).rstrip()


def _line(line: str) -> str:
    words = {
        "administrative": _("administrative"),
        "party": _("Party"),
        "league": _("Youth League"),
        "pioneers": _("Young Pioneers"),
        "response": _("response"),
    }
    return words.get(line, line)


def _elsewhere(asked: Asked, lines: tuple[str, ...]) -> list[tuple[str, str]]:
    """Where the figure is counted: the tops of its lines."""
    tops = [n for n in asked.tree.nodes.values() if n.parent is None and n.line in lines]
    return [(node.name, asked.address(unit=node.code)) for node in sorted(tops, key=lambda n: n.code)]


# ------------------------------------------------------------------------------------ files


@require_safe
def download(request: HttpRequest, id: str, what: str, kind: str) -> HttpResponseBase:
    """`what`: records or units. Names stay masked; the file says what it is of."""
    asked = asking.read(request)
    declared, value = declared_figure(asked, id), asked.engine.value(id, asked.unit.id, asked.at)
    if value is None:
        raise NotCountedHere(figure=id, unit=asked.unit.code, lines=", ".join(declared.lines))
    if kind not in exports.FORMATS:
        raise UnknownFormat(format=kind, formats=", ".join(exports.FORMATS))
    wanted = narrowing.read(request, asked, id, request.GET.get("part", "counted"))
    if what == "records":
        disclosure.require_open(asked, id)
    head = list(_head(wanted, declared, value, what))
    head.append((_("Copy"), disclosure.copied(request, asked, id, people=what == "records")))
    columns, rows = _unit_rows(asked, id) if what == "units" else _record_rows(wanted)
    name = f"fangxian-{id}-{asked.unit.code}-{asking.told(asked.moment).replace(':', '')}-{what}"
    write = exports.as_csv if kind == "csv" else exports.as_xlsx
    return write(name, head, columns, rows)


def _head(wanted: narrowing.Wanted, declared: Any, value: Value, what: str) -> Iterator[tuple[Any, ...]]:
    asked = wanted.asked
    if demonstration_of(current_home()):
        yield ("演示数据", "Demonstration data: all people and records are invented.")
    yield _("Figure"), declared.name, declared.id
    yield _("Definition"), _(declared.definition)
    yield _("Unit"), asked.unit.name, asked.unit.code
    yield _("As of"), asked.moment.isoformat(timespec="seconds")
    yield _("As known by"), asked.known.isoformat(timespec="seconds"), asked.at.position
    yield _("Program"), trend.program()
    yield _("Value"), value.value
    if value.of is not None:
        yield _("Out of"), value.of
    if what == "records":
        yield _("Records"), fx.part(wanted.part)
        yield from ((name, told) for name, told, _without in wanted.filters)


def _unit_rows(asked: Asked, id: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    by_unit: ByUnit = asked.engine.by_unit(id, asked.at)
    under = asked.tree.under(asked.unit.id)
    columns = (_("Code"), _("Unit"), _("Kind"), _("Value"), _("Out of"))
    return columns, (
        (node.code, node.name, shown.kind_name(node.kind), value.value, value.of)
        for node in sorted(asked.tree.nodes.values(), key=lambda node: node.code)
        if node.id in under and (value := by_unit.get(node.id)) is not None
    )


def _record_rows(wanted: narrowing.Wanted) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    table, day = records.chosen(wanted), [wanted.day.label] if wanted.day else []
    columns = (
        _("What"),
        _("Who or what"),
        _("Unit"),
        _("Lies in"),
        _("Contribution"),
        _("Submissions"),
        *day,
    )
    return columns, (
        (*_record_row(row), row.day) if day else _record_row(row) for row in records.opened(table, wanted)
    )


def _record_row(row: Shown) -> tuple[Any, ...]:
    record = row.record
    return (
        _kind(record.kind),
        row.name,
        record.unit_name,
        row.place,
        record.contribution,
        " ".join(record.instances),
    )


def _kind(kind: str) -> str:
    words = {
        "person": _("person"),
        "unit": _("unit"),
        "household": _("household"),
        "submission": _("submission"),
        "event": _("visit"),
        "round": _("round"),
    }
    return words.get(kind, kind)
