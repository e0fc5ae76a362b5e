"""The verbs of workbooks: a template is put up, its cells mapped, a version saved, filled as of a moment."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.moments import day_of
from fangxian.kernel.problems import MomentInFuture

from ..counting import Counting, Engine
from ..models import Filling, Placement, Workbook, WorkbookVersion
from .grid import area_of
from .package import Cell, Package, formulas, merged, split
from .problems import (
    CellHasFormula,
    CellInMerged,
    NoSuchCell,
    NothingMapped,
    VersionOpen,
    VersionSaved,
    WorkbookNameTaken,
    WorkbookUnnamed,
)
from .queries import mapping, newest
from .reading import check_template
from .targets import Answers, Found, Target

VERSION = ("id", "workbook_id", "number", "file_name", "template", "template_sha256", "done_at", "by")
PLACEMENT = ("version_id", "sheet", "cell", "target", "done_at", "by")


def add_workbook(
    *, name: str, template: bytes, file_name: str = "", by: str, now: datetime
) -> WorkbookVersion:
    """A new workbook with its first version, which is to be mapped.

    Raises WorkbookUnnamed, WorkbookNameTaken, and what `reading.check_template` does.
    """
    name = re.sub(r"\s+", " ", name).strip()
    if not 2 <= len(name) <= 60:
        raise WorkbookUnnamed()
    check_template(template)
    with recording("publishing.workbook", by=by, now=now) as change:
        if Workbook.objects.filter(name=name).exists():
            raise WorkbookNameTaken(name=name)
        [pk] = change.ids(Workbook, 1)
        change.append(Workbook, ("id", "name"), [(pk, name)])
        return _version(change, pk, 1, template, file_name)


def new_version(
    *, workbook: Workbook, template: bytes | None = None, file_name: str = "", by: str, now: datetime
) -> WorkbookVersion:
    """The next version, with the mapping of the last as far as the template has its cells; with another
    template, or with the same. Raises as `add_workbook`."""
    last = newest(workbook)
    package = check_template(template) if template is not None else Package(bytes(last.template))
    with recording("publishing.workbook", by=by, now=now) as change:
        last = newest(workbook)
        new = _version(change, workbook.pk, last.number + 1, package.content, file_name or last.file_name)
        kept = {cell: target for cell, target in mapping(last).items() if _may_stand(package, *cell)}
        _place(change, new, kept)
    return new


def place(*, version: WorkbookVersion, targets: Mapping[Cell, Target | None], by: str, now: datetime) -> None:
    """Map cells; None takes a cell out. Raises VersionSaved, NoSuchCell, CellInMerged, CellHasFormula."""
    package = Package(bytes(version.template))
    for cell in targets:
        refuse_cell(package, *cell)
    with recording("publishing.map", by=by, now=now) as change:
        _refuse_saved(version)
        _place(change, version, targets)


def save_version(*, version: WorkbookVersion, by: str, now: datetime) -> None:
    """From here on it does not change. Raises VersionSaved, NothingMapped."""
    with recording("publishing.save_workbook", by=by, now=now) as change:
        _refuse_saved(version)
        if not mapping(version):
            raise NothingMapped(version=version.number)
        WorkbookVersion.objects.filter(pk=version.pk).update(saved=change.position)
        change.detail["version"] = version.pk


def fill_workbook(
    *, version: WorkbookVersion, at: AsOf, signed: str = "", by: str, now: datetime, engine: Engine
) -> Filling:
    """Count every mapped cell as of `at` and freeze it. `signed` stands in cells that say who filled it.

    Raises VersionOpen, MomentInFuture, LakeBehind.
    """
    if version.saved is None:
        raise VersionOpen(version=version.number)
    if at.known_by > now or at.day > day_of(now):
        ahead = at.known_by if at.known_by > now else at.day
        raise MomentInFuture(moment=ahead.isoformat(), now=now.isoformat())
    targets, signed = mapping(version), signed or by
    number = _next_filling(version.workbook)
    answers = Answers(Counting(engine, at), signed, number)
    frozen = freeze(answers, targets)
    with recording("publishing.fill", by=by, now=now) as change:
        if _next_filling(version.workbook) != number:
            number = _next_filling(version.workbook)
            frozen = freeze(Answers(answers.counting, signed, number), targets)
        filling = Filling.objects.create(
            workbook=version.workbook,
            version=version,
            number=number,
            day=at.day,
            known_by=at.known_by,
            position=at.position,
            done_at=change.at,
            by=by,
            signed=signed,
            content_sha256=digest(version, frozen),
            frozen=frozen,
            recorded=change.position,
        )
        change.detail["filling"] = {"workbook": version.workbook_id, "number": number}
    return filling


def freeze(answers: Answers, targets: Mapping[Cell, Target]) -> dict[str, Any]:
    """What stands in each cell, and the figures behind them, of which changes can be told."""
    cells = [_cell(cell, target, answers.of(target)) for cell, target in sorted(targets.items())]
    figures = dict.fromkeys(answers.references(targets))
    return {"cells": cells, "figures": [reference.dump() for reference in figures]}


def _cell(cell: Cell, target: Target, found: Found) -> dict[str, Any]:
    told = {"sheet": cell[0], "cell": cell[1], "target": target.dump(), "value": found.value}
    return told | ({"why": found.why} if found.why else {})


def digest(version: WorkbookVersion, frozen: Mapping[str, Any]) -> str:
    """Over the template and what stands in its cells."""
    told = json.dumps([version.template_sha256, frozen["cells"]], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def refuse_cell(package: Package, sheet: str, cell: str) -> None:
    """Raises NoSuchCell, CellInMerged, CellHasFormula."""
    try:
        split(cell)
    except NoSuchCell as error:
        raise NoSuchCell(sheet=sheet, cell=cell) from error
    root = package.tree(sheet)
    area = area_of(merged(root), cell)
    if area:
        raise CellInMerged(cell=cell, area=area, first=area.split(":")[0])
    formula = dict(formulas(root)).get(cell)
    if formula is not None:
        raise CellHasFormula(cell=cell, formula=formula[:60])


def _may_stand(package: Package, sheet: str, cell: str) -> bool:
    try:
        refuse_cell(package, sheet, cell)
    except (NoSuchCell, CellInMerged, CellHasFormula):
        return False
    return True


def _version(
    change: Recording, workbook: int, number: int, template: bytes, file_name: str
) -> WorkbookVersion:
    [pk] = change.ids(WorkbookVersion, 1)
    digest = hashlib.sha256(template).hexdigest()
    row = (pk, workbook, number, file_name[:120], template, digest, change.at, change.by)
    change.append(WorkbookVersion, VERSION, [row])
    change.detail["version"] = pk
    return WorkbookVersion.objects.get(pk=pk)


def _place(change: Recording, version: WorkbookVersion, targets: Mapping[Cell, Target | None]) -> None:
    rows: Iterable[tuple[Any, ...]] = (
        (version.pk, sheet, cell, target.dump() if target else {}, change.at, change.by)
        for (sheet, cell), target in targets.items()
    )
    change.append(Placement, PLACEMENT, rows)


def _refuse_saved(version: WorkbookVersion) -> None:
    if WorkbookVersion.objects.values_list("saved", flat=True).get(pk=version.pk) is not None:
        raise VersionSaved(version=version.number)


def _next_filling(workbook: Workbook) -> int:
    last = Filling.objects.filter(workbook=workbook).order_by("-number").values_list("number", flat=True)
    return (last.first() or 0) + 1
