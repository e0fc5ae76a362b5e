"""The workbooks of offices above: put up, mapped by clicks, filled as of a moment, compared with now."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from fangxian.access import audit
from fangxian.figures.moments import as_of
from fangxian.figures.problems import UnitNotThere
from fangxian.kernel.moments import read_moment
from fangxian.kernel.problems import Problem
from fangxian.lake.problems import LakeBehind
from fangxian.publishing.counting import Counting
from fangxian.publishing.models import Filling, Workbook, WorkbookVersion
from fangxian.publishing.workbooks import actions, queries
from fangxian.publishing.workbooks.grid import Template
from fangxian.publishing.workbooks.package import Package
from fangxian.publishing.workbooks.problems import NoSuchCell, WorkbookTooLarge, WorkbookUnreadable
from fangxian.publishing.workbooks.reading import LARGEST, costs
from fangxian.publishing.workbooks.targets import (
    NUMBERS,
    TOLD,
    Answers,
    Found,
    Target,
    kind_name,
    load,
    part_name,
    read,
)

from .. import asking, clock, counting, disclosure, listed, sheets, shown
from ..asking import Asked
from ..middleware import wants_json
from ..problems import NoSuchStep
from ..steady import Steady
from .common import page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 60  # fillings on a workbook's page
EMPTY = 40  # cells named that want a number


@require_safe
def listed_page(request: HttpRequest) -> HttpResponse:
    return _all(request)


def _all(request: HttpRequest, refused: Problem | None = None) -> HttpResponse:
    """With what was wrong with the one that was to be put up, beside what was filled in."""
    asked = asking.read(request)
    versions = {row.workbook_id: row for row in WorkbookVersion.objects.defer("template").order_by("number")}
    last = {row.workbook_id: row for row in Filling.objects.defer("frozen").order_by("number")}
    books = [(book, versions.get(book.pk), last.get(book.pk)) for book in queries.workbooks()]
    told = page(request, "web/workbooks.html", asked, books=books, refused=refused)
    told.status_code = refused.status if refused else 200
    return told


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    try:
        file = _upload(request)
        if file is None:
            raise WorkbookUnreadable(reason="—")
        new = actions.add_workbook(
            name=request.POST.get("name", ""), template=file[0], file_name=file[1], **_who(request)
        )
    except Problem as problem:
        if wants_json(request):
            raise
        request.path = reverse("workbooks")  # what the page's own controls lead to
        return _all(request, problem)
    return HttpResponseRedirect(f"/workbooks/{new.workbook_id}/versions/{new.number}/")


def _upload(request: HttpRequest) -> tuple[bytes, str] | None:
    """The bytes and the name; too large a file is not read."""
    file = request.FILES.get("template")
    if file is None:
        return None
    if (file.size or 0) > LARGEST:
        raise WorkbookTooLarge(megabytes=(file.size or 0) >> 20, limit=LARGEST >> 20)
    return file.read(), file.name or ""


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"by": request.actor.name, "now": request.now}  # type: ignore[attr-defined]


@require_safe
def workbook(request: HttpRequest, id: int) -> HttpResponse:
    book, asked = queries.workbook(id), asking.read(request)
    versions = queries.versions(book)
    fillings = list(Filling.objects.filter(workbook=book).defer("frozen").order_by("-number")[:SHOWN])
    names = listed.titles({row.by for row in versions} | {row.by for row in fillings})
    saved = next((row for row in versions if row.saved is not None), None)
    return page(
        request,
        "web/workbook.html",
        asked,
        book=book,
        versions=[(row, names.get(row.by, row.by)) for row in versions],
        fillings=[(row, names.get(row.by, row.by)) for row in fillings],
        saved=saved,
        open=versions[0] if versions[0].saved is None else None,
        faults=_faults(book, saved, asked),
    )


def _faults(book: Workbook, saved: WorkbookVersion | None, asked: Asked) -> list[str]:
    """What of the mapping that is filled has no number as of the moment asked."""
    mapped = queries.mapping(saved) if saved else {}
    return [sentence for _cell, sentence in queries.faults(mapped, asked.tree)]


@require_POST
def step(request: HttpRequest, id: int) -> HttpResponse:
    """Fill it, or begin a new version."""
    book, file = queries.workbook(id), _upload(request)
    match request.POST.get("do", ""):
        case "fill":
            moment = read_moment(request.POST.get("as_of", ""))
            done = actions.fill_workbook(
                version=queries.newest(book, saved=True),
                at=as_of(moment, clock=clock.latest()),
                signed=request.actor.title,  # type: ignore[attr-defined]
                engine=counting.counted().engine,
                **_who(request),
            )
            return HttpResponseRedirect(f"/workbooks/{id}/fillings/{done.number}/")
        case "version":
            template, name = file or (None, "")
            new = actions.new_version(workbook=book, template=template, file_name=name, **_who(request))
            return HttpResponseRedirect(f"/workbooks/{id}/versions/{new.number}/")
    raise NoSuchStep()


# ------------------------------------------------------------------------------------ mapping


@require_safe
def version(request: HttpRequest, id: int, number: int) -> HttpResponse:
    book, asked = queries.workbook(id), asking.read(request)
    found = queries.version(book, number)
    template, mapped = Template(bytes(found.template)), queries.mapping(found)
    name = _sheet(request, template)
    drawing = template.draw(name)
    units, names = _units(asked), _names(asked)
    proposed = sheets.proposals(template, drawing, mapped, units, names) if found.saved is None else []
    chosen = request.GET.get("cell", "").strip().upper()
    if chosen:
        actions.refuse_cell(Package(bytes(found.template)), name, chosen)
    by_cell = {one.cell: one for one in proposed}
    answers = Answers(Counting(Steady(asked), asked.at), asked.actor.title, 0)
    waiting = {(one.sheet, one.cell) for one in proposed}
    missing = [row for row in queries.empty_cells(found, mapped) if row[:2] not in waiting]
    return page(
        request,
        "web/workbook_version.html",
        asked,
        book=book,
        version=found,
        sheet=name,
        sheets=template.names,
        place=template.names.index(name),
        drawing=drawing,
        rows=sheets.rows(drawing, mapped, by_cell, answers, chosen),
        mapped=len(mapped),
        proposed=proposed,
        missing=missing[:EMPTY],
        more=max(0, len(missing) - EMPTY),
        costs=list(costs(Package(bytes(found.template)))),
        faults=[sentence for _cell, sentence in queries.faults(mapped, asked.tree)],
        chosen=chosen,
        target=_chosen(mapped.get((name, chosen)), by_cell.get(chosen)),
        was=mapped.get((name, chosen)),
        kinds=[(kind, kind_name(kind)) for kind in TOLD],
        parts=[(part, part_name(part)) for part in NUMBERS],
        groups=_groups(asked),
        units=sorted((code, word) for word, code in units.items()),
    )


def _sheet(request: HttpRequest, template: Template) -> str:
    """Raises NoSuchCell."""
    name = request.GET.get("sheet") or template.names[0]
    if name not in template.names:
        raise NoSuchCell(sheet=name[:40], cell="A1")
    return name


def _chosen(target: Target | None, proposed: sheets.Proposal | None) -> Target:
    return target or (proposed.target if proposed else Target("figure", part="value"))


def _units(asked: Asked) -> dict[str, str]:
    """Code by name, of the units that forms of offices above speak of."""
    kinds = ("bureau", "zone", "centre", "school", "teaching_point")
    return {node.name: node.code for node in asked.tree.nodes.values() if node.kind in kinds}


def _names(asked: Asked) -> dict[str, str]:
    """Figures by their names in both languages, coverage of campaigns too."""
    figures = asked.engine.figures(asked.at)
    found: dict[str, str] = {}
    for language in ("zh-hans", "en"):
        with override(language):
            found |= {figure.name: id for id, figure in figures.items()}
    return found


def _groups(asked: Asked) -> list[tuple[str, list[tuple[str, str]]]]:
    """Figures to choose from, by group."""
    found: dict[str, list[tuple[str, str]]] = {}
    for id, figure in asked.engine.figures(asked.at).items():
        found.setdefault(figure.group, []).append((id, figure.name))
    return [(shown.group_name([group]), rows) for group, rows in found.items()]


@cache_control(max_age=86_400, private=True)
@require_safe
def look(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """The template's own look, as a stylesheet: no page here carries styles of others within it."""
    found = queries.version(queries.workbook(id), number)
    return HttpResponse(Template(bytes(found.template)).stylesheet(), content_type="text/css; charset=utf-8")


@require_POST
def map_cells(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """Put something into a cell, take it out, confirm what is proposed, or save the version."""
    book = queries.workbook(id)
    found, told = queries.version(book, number), request.POST
    sheet, cell = told.get("sheet", ""), told.get("cell", "").strip().upper()
    match told.get("do", ""):
        case "place":
            target = _target(request, told)
            actions.place(version=found, targets={(sheet, cell): target}, **_who(request))
        case "remove":
            actions.place(version=found, targets={(sheet, cell): None}, **_who(request))
        case "confirm":
            actions.place(version=found, targets=_confirmed(request, found, sheet), **_who(request))
        case "save":
            actions.save_version(version=found, **_who(request))
            return HttpResponseRedirect(f"/workbooks/{id}/")
        case _:
            raise NoSuchStep()
    return HttpResponseRedirect(f"/workbooks/{id}/versions/{number}/?{urlencode({'sheet': sheet})}#sheet")


def _target(request: HttpRequest, told: Mapping[str, str]) -> Target:
    """Raises TargetUnreadable, UnitNotThere."""
    kind = told.get("kind", "")
    target = read({"kind": kind, **{name: told.get(name, "") for name in ("figure", "unit", "part")}})
    asked = asking.read(request)
    if target.unit and target.unit not in asked.tree.by_code:
        raise UnitNotThere(unit=target.unit, day=asked.at.day.isoformat())
    return target


def _confirmed(
    request: HttpRequest, found: WorkbookVersion, sheet: str
) -> dict[tuple[str, str], Target | None]:
    """What was proposed for the cells that were ticked, proposed again: the page may be old."""
    asked, template = asking.read(request), Template(bytes(found.template))
    ticked, mapped = set(request.POST.getlist("cell")), queries.mapping(found)
    proposed = sheets.proposals(template, template.draw(sheet), mapped, _units(asked), _names(asked))
    return {(sheet, one.cell): one.target for one in proposed if one.cell in ticked}


# ------------------------------------------------------------------------------------ fillings


@require_safe
def filling(request: HttpRequest, id: int, number: int) -> HttpResponse:
    book, asked = queries.workbook(id), asking.read(request)
    found = queries.filling(book, number)
    template = Template(bytes(found.version.template))
    name = _sheet(request, template)
    values = {
        (row["sheet"], row["cell"]): (load(row["target"]), Found(row["value"], row.get("why", "")))
        for row in found.frozen["cells"]
    }
    changes = _changes(found, asked)
    places = {change.cell: place for place, change in enumerate(changes or (), start=1)}
    return page(
        request,
        "web/filling.html",
        asked,
        book=book,
        filling=found,
        by=listed.titles([found.by]).get(found.by, found.by),
        sheet=name,
        sheets=template.names,
        place=template.names.index(name),
        drawing=template.draw(name),
        rows=sheets.filled(template.draw(name), values, places),
        changes=changes,
        missing=queries.missing(found),
        cells=[(*cell, target, told) for cell, (target, told) in values.items()],
        day=asking.told(found.known_by),
        known=asking.told(max(asked.counted.known_at, found.known_by)),
    )


def _changes(found: Filling, asked: Asked) -> list[queries.CellChange] | None:
    known = max(asked.counted.known_at, found.known_by)
    try:
        return queries.cell_changes(found, known_by=known, engine=asked.engine)
    except LakeBehind:
        return None


@require_safe
def file(request: HttpRequest, id: int, number: int) -> HttpResponse:
    """The filled workbook, from what was frozen; the copy bears an id."""
    found, copy = queries.filling(queries.workbook(id), number), audit.new_copy()
    content = queries.file_of(found, copy=copy)
    disclosure.looked(request, "AB", "export", subject=f"filling:{id}:{number}", copy=copy, always=True)
    response = HttpResponse(content, content_type=XLSX)
    name = f"fangxian-workbook-{id}-{number}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
