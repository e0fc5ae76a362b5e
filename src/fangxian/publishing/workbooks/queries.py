"""Workbooks, what their cells are mapped to, what they were filled with, and what would be different now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.figures import catalogue
from fangxian.figures.problems import UnknownFigure
from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import position_at
from fangxian.kernel.demonstration import demonstration_of
from fangxian.kernel.home import current_home
from fangxian.kernel.moments import OFFICE_ZONE
from fangxian.registry.tree import Tree

from ..counting import Counting, Engine
from ..marks import DEMONSTRATION
from ..models import Filling, Placement, Workbook, WorkbookVersion
from ..queries import FigureChange, changes
from ..wording import moment_in_words
from .grid import Template, labels
from .package import Cell, Package, Value, split
from .problems import FillingDiffers, UnknownFilling, UnknownVersion, UnknownWorkbook
from .targets import FIGURE, MISSING, Answers, Found, Target, load, serial

ABOUT = "防线说明"


def workbooks() -> list[Workbook]:
    return list(Workbook.objects.order_by("name"))


def workbook(named: int | str) -> Workbook:
    """By its id or its name. Raises UnknownWorkbook."""
    found = Workbook.objects.filter(name=named).first() if isinstance(named, str) else None
    if found is None and str(named).isdecimal() and len(str(named)) < 10:
        found = Workbook.objects.filter(pk=int(named)).first()
    if found is None:
        raise UnknownWorkbook(workbook=named)
    return found


def versions(of: Workbook) -> list[WorkbookVersion]:
    """The newest first, without their templates."""
    return list(WorkbookVersion.objects.filter(workbook=of).defer("template").order_by("-number"))


def version(of: Workbook, number: int) -> WorkbookVersion:
    """Raises UnknownVersion."""
    found = WorkbookVersion.objects.filter(workbook=of, number=number).first()
    if found is None:
        raise UnknownVersion(workbook=of.name, version=number)
    return found


def newest(of: Workbook, *, saved: bool = False) -> WorkbookVersion:
    """The last version, or the last that was saved. Raises UnknownVersion."""
    rows = WorkbookVersion.objects.filter(workbook=of).order_by("-number")
    found = (rows.exclude(saved=None) if saved else rows).first()
    if found is None:
        raise UnknownVersion(workbook=of.name, version="—")
    return found


def mapping(of: WorkbookVersion) -> dict[Cell, Target]:
    """Of each cell what was said last."""
    found: dict[Cell, Target] = {}
    for row in Placement.objects.filter(version=of).order_by("pk"):
        found[row.sheet, row.cell] = load(row.target)
    return {cell: target for cell, target in found.items() if target.kind}


def filling(of: Workbook, number: int) -> Filling:
    """Raises UnknownFilling."""
    found = Filling.objects.filter(workbook=of, number=number).select_related("version", "workbook").first()
    if found is None:
        raise UnknownFilling(workbook=of.name, number=number)
    return found


def recount(of: Filling, *, engine: Engine) -> dict[str, Any]:
    """Count it again from its day, position, template and mapping. Raises FillingDiffers."""
    from .actions import digest, freeze

    answers = Answers(Counting(engine, of.at), of.signed, of.number)
    frozen = freeze(answers, mapping(of.version))
    if digest(of.version, frozen) != of.content_sha256:
        raise FillingDiffers(workbook=of.workbook.name, number=of.number)
    return frozen


# ------------------------------------------------------------------------------------ the file


def file_of(of: Filling, *, copy: str = "") -> bytes:
    """The filled workbook, from what was frozen."""
    template = bytes(of.version.template)
    shown, cells = Template(template), of.frozen["cells"]
    values = {(row["sheet"], row["cell"]): _written(row, of.at, shown) for row in cells}
    return Package(template).filled(
        values,
        about=list(_about(of, copy)),
        about_name=ABOUT,
        identifier=copy,
        description=f"{_head(of)}{f'；副本编号 {copy}' if copy else ''}",
    )


def _written(row: Mapping[str, Any], at: AsOf, template: Template) -> Value:
    """A share is a fraction and a day a date where the cell's format wants them."""
    value, target = Found(row["value"], row.get("why", "")).written, load(row["target"])
    wants = template.number_format(row["sheet"], row["cell"]).lower()
    if target.part == "share" and "%" in wants and isinstance(value, int | float):
        return round(value / 100, 6)
    if target.kind in ("day", "cut-off") and "y" in wants.replace("general", ""):
        moment = at.known_by.astimezone(OFFICE_ZONE)
        exact = serial(moment.replace(year=at.day.year, month=at.day.month, day=at.day.day))
        return exact if target.kind == "cut-off" else int(exact)
    return value


def _head(of: Filling) -> str:
    told = DEMONSTRATION + "，不是公文。" if demonstration_of(current_home()) else ""
    return f"{told}{of.workbook.name}第{of.number}次，数字截至{moment_in_words(of.at)}"


def _about(of: Filling, copy: str) -> Iterator[tuple[Value, ...]]:
    yield ("防线填报说明", _head(of))
    yield (
        "数字截至",
        of.at.day.isoformat(),
        of.known_by.astimezone(OFFICE_ZONE).isoformat(timespec="minutes"),
    )
    yield ("变更日志序号", of.position)
    yield ("模板版本", of.version.number, of.version.template_sha256)
    yield ("内容校验值", of.content_sha256)
    yield ("填报人", of.signed)
    yield ("副本编号", copy)
    yield ()
    yield ("工作表", "单元格", "内容", "编号", "单位", "取数", "写入", "定义")
    for row in of.frozen["cells"]:
        target = load(row["target"])
        found = Found(row["value"], row.get("why", ""))
        yield (
            row["sheet"],
            row["cell"],
            target.name,
            target.figure,
            target.unit,
            target.part,
            found.written,
            _definition(target),
        )


def _definition(target: Target) -> str:
    if target.kind != FIGURE:
        return ""
    try:
        return _(catalogue.find(target.figure).definition)
    except UnknownFigure:
        return ""


# ------------------------------------------------------------------------------------ faults, changes


def empty_cells(of: WorkbookVersion, mapped: Mapping[Cell, Target]) -> list[tuple[str, str, str]]:
    """Cells that look as if they wanted a number and are not mapped: sheet, cell, the words beside it."""
    template, found = Template(bytes(of.template)), []
    for name in template.names:
        sheet = template.sheet(name)
        for drawn in template.draw(name).cells():
            if drawn.wants and (name, drawn.reference) not in mapped:
                column, row = split(drawn.reference)
                words = labels(sheet, row, column)
                found.append((name, drawn.reference, " · ".join((*words.left[:1], *words.above[:1]))))
    return found


def faults(mapped: Mapping[Cell, Target], units: Tree) -> Iterator[tuple[Cell, str]]:
    """What of a mapping has no number any more, or stands twice: (cell, sentence)."""
    twice: dict[Target, Cell] = {}
    for cell, target in sorted(mapped.items()):
        if target.kind == FIGURE and target in twice:
            first = twice[target][1]
            yield cell, _("{cell} shows the same number as {first}.").format(cell=cell[1], first=first)
        twice.setdefault(target, cell)
        if target.unit and target.unit not in units.by_code:
            told = _(
                "{cell} asks for the unit “{unit}”, which is not there on this day; the cell will say so."
            )
            yield cell, told.format(cell=cell[1], unit=target.unit)
        if target.kind == FIGURE:
            try:
                catalogue.find(target.figure)
            except UnknownFigure:
                told = _("{cell} asks for the figure “{figure}”, which is no more; the cell will say so.")
                yield cell, told.format(cell=cell[1], figure=target.figure)


def missing(of: Filling) -> list[tuple[Cell, str]]:
    """Cells in which a word stands in place of a number."""
    return [
        ((row["sheet"], row["cell"]), MISSING[row["why"]]) for row in of.frozen["cells"] if row.get("why")
    ]


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell that would hold something else now, and what did it."""

    cell: Cell
    target: Target
    was: Value
    now: Value
    change: FigureChange | None

    @property
    def sentence(self) -> str:
        if self.change is not None:
            return self.change.sentence()
        return _("{figure}: {was} as filled, {now} now.").format(
            figure=self.target.name, was=self.was, now=self.now
        )


def cell_changes(of: Filling, *, known_by: datetime, engine: Engine) -> list[CellChange]:
    """Each cell that would be different as known by `known_by`."""
    figures = {
        (change.reference.figure, change.reference.unit, change.reference.part): change
        for change in changes(of, known_by=known_by, engine=engine)
    }
    at = AsOf(of.day, known_by, max(position_at(known_by), of.position))
    answers, found = Answers(Counting(engine, at), of.signed, of.number), []
    root = answers.counting.root.code
    for row in of.frozen["cells"]:
        target = load(row["target"])
        if target.kind not in (FIGURE, "unit"):
            continue
        was, now = Found(row["value"], row.get("why", "")).written, answers.of(target).written
        if was != now:
            part = "value" if target.part == "change" else target.part
            change = figures.get((target.figure, target.unit or root, part))
            why = change if target.part != "change" else None
            found.append(CellChange((row["sheet"], row["cell"]), target, was, now, why))
    return found
