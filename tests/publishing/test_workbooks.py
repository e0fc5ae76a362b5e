"""The workbook of the office above: its cells mapped to figures, filled, its look and all else kept."""

import io
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.home import Home
from fangxian.kernel.problems import MomentInFuture, Problem
from fangxian.publishing.models import Filling, Placement, WorkbookVersion
from fangxian.publishing.workbooks import actions, queries
from fangxian.publishing.workbooks.grid import Template, labels
from fangxian.publishing.workbooks.package import Package
from fangxian.publishing.workbooks.reading import check_template, costs
from fangxian.publishing.workbooks.suggesting import suggest
from fangxian.publishing.workbooks.targets import MISSING, Target, read
from fangxian.registry.actions import close_unit
from fangxian.registry.tree import tree

from . import books
from .conftest import EVENING, FIGURES, TableEngine, Told

_ABOUT = "xl/worksheets/fangxian.xml"
SHEET, BY = "日报", "office:yang"
MAPPED = {
    "B2": Target("unit"),
    "E2": Target("cut-off"),
    "B4": Target("figure", "students.pupils", "z1", "value"),
    "B5": Target("figure", "students.pupils", "z2", "value"),
    "C4": Target("figure", "party.members", "z1", "value"),
    "C5": Target("figure", "party.members", "z2", "value"),
    "C6": Target("figure", "party.members", "", "value"),
    "E4": Target("figure", "coverage.ten-ones", "z1", "share"),
    "E5": Target("figure", "coverage.ten-ones", "z2", "share"),
}


def put_up(template: bytes, cells: dict[str, Target] = MAPPED, save: bool = True) -> WorkbookVersion:
    version = actions.add_workbook(name="学校日报", template=template, by=BY, now=EVENING)
    actions.place(version=version, targets={(SHEET, c): t for c, t in cells.items()}, by=BY, now=EVENING)
    if save:
        actions.save_version(version=version, by=BY, now=EVENING)
        version.refresh_from_db()
    return version


def fill(version: WorkbookVersion, at: AsOf, engine: TableEngine) -> Filling:
    return actions.fill_workbook(version=version, at=at, signed="杨值班", by=BY, now=EVENING, engine=engine)


def opened(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content))[SHEET]


def value(engine: TableEngine, figure: str, unit: str, at: AsOf) -> Any:
    return engine._told(figure, tree(at.day, at.position).by_code[unit]).value


# ------------------------------------------------------------------------------------ what is in the file


def test_each_mapped_cell_holds_its_figure_as_a_number(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    sheet = opened(queries.file_of(fill(put_up(books.form()), city, engine)))
    assert sheet["B4"].value == value(engine, "students.pupils", "z1", city)
    assert sheet["C6"].value == value(engine, "party.members", "xw", city)
    told = engine._told("coverage.ten-ones", tree(city.day, city.position).by_code["z1"])
    assert sheet["E4"].value == pytest.approx(told.value / told.of, abs=0.0011), "a fraction under a % format"
    assert {sheet[c].data_type for c in ("B4", "B5", "C4", "C5", "C6", "E4")} == {"n"}
    assert (sheet["B2"].value, sheet["E2"].value) == ("试验市教育体育局", "2020年2月12日18时20分")


def test_styles_widths_merges_formulas_charts_and_print_settings_stay(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    template = books.form()
    filled = queries.file_of(fill(put_up(template), city, engine))
    old, new = opened(template), opened(filled)
    assert [str(area) for area in new.merged_cells.ranges] == [str(area) for area in old.merged_cells.ranges]
    assert (new["D4"].value, new["B6"].value) == ("=B4+C4", "=SUM(B4:B5)")
    assert new.print_area == old.print_area and new.page_setup.orientation == "landscape"
    assert new.freeze_panes == "B4" and new.column_dimensions["A"].width == old.column_dimensions["A"].width
    for cell in ("A1", "A3", "B4", "E4"):
        for look in ("font", "fill", "border", "alignment", "number_format"):
            assert repr(getattr(new[cell], look)) == repr(getattr(old[cell], look)), (cell, look)
    before, after = books.parts_of(template), books.parts_of(filled)
    changed = {name for name in before if before[name] != after[name]}
    ours = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "docProps/core.xml"}
    assert changed == ours | {"xl/worksheets/sheet1.xml"}, "charts, themes, the other sheet: byte for byte"
    assert "xl/charts/chart1.xml" in before


def test_yesterdays_totals_are_not_left_beside_todays_parts(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    filled = queries.file_of(fill(put_up(books.form()), city, engine))
    computed = load_workbook(io.BytesIO(filled), data_only=True)[SHEET]
    assert computed["B6"].value is None and computed["D4"].value is None
    assert b'fullCalcOnLoad="1"' in books.parts_of(filled)["xl/workbook.xml"]


SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_works_out_its_formulas(
    city: AsOf, engine: TableEngine, other_home: Home, tmp_path: Path
) -> None:
    (tmp_path / "filled.xlsx").write_bytes(queries.file_of(fill(put_up(books.form()), city, engine)))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        SOFFICE,
        profile,
        "--headless",
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76",
        "--outdir",
    ]
    subprocess.run([*command, str(tmp_path), str(tmp_path / "filled.xlsx")], check=True, timeout=120)
    rows = [line.split(",") for line in (tmp_path / "filled.csv").read_text("utf-8").splitlines()]
    pupils, members = (
        [value(engine, figure, zone, city) for zone in ("z1", "z2")]
        for figure in ("students.pupils", "party.members")
    )
    assert [float(rows[line][1]) for line in (3, 4, 5)] == [*pupils, sum(pupils)]
    assert [float(rows[line][3]) for line in (3, 4)] == [p + m for p, m in zip(pupils, members, strict=True)]
    assert rows[3][4].endswith("%")


def test_a_hidden_sheet_and_the_properties_tell_what_the_copy_is(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    book = load_workbook(
        io.BytesIO(queries.file_of(fill(put_up(books.form()), city, engine), copy="abcd2345"))
    )
    assert book.sheetnames == [SHEET, "说明", "防线说明"] and book["防线说明"].sheet_state == "hidden"
    rows = list(book["防线说明"].iter_rows(values_only=True))
    told = {row[0]: row[1] for row in rows if row[0]}
    assert (
        told["副本编号"] == "abcd2345"
        and told["变更日志序号"] == city.position
        and told["填报人"] == "杨值班"
    )
    cells = {row[1]: row for row in rows if row[0] == SHEET}
    assert set(cells) == set(MAPPED)
    assert cells["C4"][3:6] == ("party.members", "z1", "value") and cells["C4"][7]
    assert book.properties.identifier == "abcd2345" and "2020年2月12日18时20分" in book.properties.description
    assert book.properties.creator == "上级办公室"


def test_nothing_that_is_written_is_a_formula(city: AsOf, engine: TableEngine, other_home: Home) -> None:
    version = put_up(books.form(), {"B2": Target("by")})
    filling = actions.fill_workbook(
        version=version, at=city, signed="=1+1", by=BY, now=EVENING, engine=engine
    )
    cell = opened(queries.file_of(filling))["B2"]
    assert cell.data_type != "f" and b"<f>" not in books.parts_of(queries.file_of(filling))[_ABOUT]


def test_a_template_that_openpyxl_wrote_is_filled_too(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    sheet = opened(queries.file_of(fill(put_up(books.resaved(books.form())), city, engine)))
    assert sheet["B5"].value == value(engine, "students.pupils", "z2", city)
    assert sheet["A4"].value == "第一战区" and sheet["B6"].value == "=SUM(B4:B5)"


def test_a_cell_that_is_not_there_yet_is_put_in_its_place(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    cells = {"B30": MAPPED["B4"], "A7": MAPPED["C6"], "H4": MAPPED["C6"], "AA4": MAPPED["C6"]}
    sheet = opened(queries.file_of(fill(put_up(books.form(), cells), city, engine)))
    assert all(isinstance(sheet[cell].value, int) for cell in cells)
    assert sheet["A4"].value == "第一战区"


def test_a_date_cell_gets_a_date(city: AsOf, engine: TableEngine, other_home: Home) -> None:
    def dated(book: Any, sheet: Any) -> None:
        sheet.write_blank("E2", None, book.add_format({"num_format": "yyyy-mm-dd"}))

    sheet = opened(queries.file_of(fill(put_up(books.form(dated), {"E2": Target("day")}), city, engine)))
    assert sheet["E2"].value.date() == date(2020, 2, 12)


# ------------------------------------------------------------------------------------ never a 0 for unknown


def test_where_there_is_no_number_a_word_says_why(city: AsOf, engine: TableEngine, other_home: Home) -> None:
    """A blank would be 0 to a formula."""
    engine.told = {"students.pupils": Told(None), "party.members": Told(5)}
    version = put_up(books.form(), MAPPED | {"E4": Target("figure", "party.members", "z1", "share")})
    Placement.objects.filter(cell="C4").update(target={"kind": "figure", "figure": "a.gone", "part": "value"})
    Placement.objects.filter(cell="C5").update(
        target={"kind": "figure", "figure": "party.members", "unit": "never", "part": "value"}
    )
    engine.by_unit = _without(engine, "a.gone")
    filling = fill(version, city, engine)
    sheet = opened(queries.file_of(filling))
    assert sheet["B4"].value == MISSING["not-counted"] and sheet["E4"].value == MISSING["no-base"]
    assert sheet["C4"].value == MISSING["figure-gone"] and sheet["C5"].value == MISSING["unit-gone"]
    assert {cell for (_sheet, cell), _why in queries.missing(filling)} == {"B4", "B5", "C4", "C5", "E4"}


def _without(engine: TableEngine, gone: str) -> Callable[..., Any]:
    from fangxian.figures.problems import UnknownFigure

    ask = engine.by_unit

    def by_unit(figure_id: str, at: AsOf) -> Any:
        if figure_id == gone:
            raise UnknownFigure(figure=gone)
        return ask(figure_id, at)

    return by_unit


def test_a_figure_that_is_gone_and_a_unit_that_closed_are_named_beforehand(city: AsOf) -> None:
    version = put_up(books.form(), MAPPED | {"A7": MAPPED["B4"]})
    unit = tree(city.day, city.position).by_code["z2"]
    close_unit(unit=unit, day=city.day, by=BY, now=EVENING)
    mapped = queries.mapping(version) | {(SHEET, "A8"): Target("figure", "a.gone", "", "value")}
    told = [sentence for _cell, sentence in queries.faults(mapped, tree(city.day, head_position()))]
    assert any("B5" in s and "z2" in s for s in told) and any("A8" in s and "a.gone" in s for s in told)
    assert any("B4" in s and "A7" in s for s in told), "twice the same number"


# ------------------------------------------------------------------------------------ mapping


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("D4", "cell-has-formula"),
        ("C1", "cell-in-merged"),
        ("Z0", "no-such-cell"),
        ("b4", "no-such-cell"),
        ("XFE1", "no-such-cell"),
        ("A1048577", "no-such-cell"),
    ],
)
def test_cells_that_cannot_be_filled_are_told(city: AsOf, cell: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        put_up(books.form(), {cell: MAPPED["B4"]})
    assert refused.value.code == code and cell in refused.value.sentence()
    assert not Placement.objects.exists()


def test_a_sheet_that_is_not_there_is_told(city: AsOf) -> None:
    version = put_up(books.form(), save=False)
    with pytest.raises(Problem, match="no-such-cell"):
        actions.place(version=version, targets={("别表", "A1"): MAPPED["B4"]}, by=BY, now=EVENING)


def test_a_saved_version_stays_and_a_new_one_takes_the_mapping_along(city: AsOf) -> None:
    version = put_up(books.form())
    with pytest.raises(Problem, match="workbook-version-saved"):
        actions.place(version=version, targets={(SHEET, "B4"): None}, by=BY, now=EVENING)

    def moved(book: Any, sheet: Any) -> None:
        sheet.write_formula("C6", "=SUM(C4:C5)")

    second = actions.new_version(workbook=version.workbook, template=books.form(moved), by=BY, now=EVENING)
    assert second.number == 2 and set(queries.mapping(second)) == {(SHEET, c) for c in MAPPED if c != "C6"}
    actions.place(version=second, targets={(SHEET, "B4"): None}, by=BY, now=EVENING)
    assert (SHEET, "B4") not in queries.mapping(second) and (SHEET, "B4") in queries.mapping(version)


def test_what_is_not_saved_or_not_mapped_is_not_filled(city: AsOf, engine: TableEngine) -> None:
    version = put_up(books.form(), save=False)
    with pytest.raises(Problem, match="workbook-version-open"):
        fill(version, city, engine)
    actions.place(version=version, targets=dict.fromkeys(queries.mapping(version)), by=BY, now=EVENING)
    with pytest.raises(Problem, match="nothing-mapped"):
        actions.save_version(version=version, by=BY, now=EVENING)


def test_cells_that_want_a_number_and_have_none_are_listed(city: AsOf) -> None:
    version = put_up(books.form(), {"B4": MAPPED["B4"]}, save=False)
    empty = {cell for _sheet, cell, _words in queries.empty_cells(version, queries.mapping(version))}
    assert empty == {"B2", "E2", "B5", "C4", "C5", "C6", "E4", "E5"}


@pytest.mark.parametrize(
    ("cell", "target"),
    [
        ("B4", Target("figure", "students.pupils", "z1", "value")),
        ("C5", Target("figure", "party.members", "z2", "value")),
        ("E4", Target("figure", "coverage.ten-ones", "z1", "share")),
        ("C6", Target("figure", "party.members", "", "value")),
        ("B2", Target("unit")),
        ("E2", Target("cut-off")),
    ],
)
def test_a_figure_is_proposed_from_the_words_left_and_above(cell: str, target: Target) -> None:
    sheet = Template(books.form()).sheet(SHEET)
    at = sheet[cell]
    units = {"第一战区": "z1", "第二<&>战区": "z2"}
    found = suggest(labels(sheet, at.row, at.column), units, {"“十个一”活动报送": "coverage.ten-ones"})
    assert found is not None and found.target == target


def test_words_that_are_no_figures_propose_nothing() -> None:
    def other(book: Any, sheet: Any) -> None:
        sheet.write("A7", "食堂采购金额")
        sheet.write("A20", "食堂采购金额")

    sheet = Template(books.form(other)).sheet(SHEET)
    assert suggest(labels(sheet, 7, 2), {}, {}) is None, "the head of the column is no answer to it"
    assert suggest(labels(sheet, 20, 2), {}, {}) is None and labels(sheet, 20, 2).above == ()


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "poem"},
        {"kind": "figure", "figure": "a.gone"},
        {"kind": "figure", "figure": "party.members", "part": "half"},
    ],
)
def test_targets_that_are_none_are_told(db: None, told: dict[str, str]) -> None:
    with pytest.raises(Problem, match="target-unreadable"):
        read(told)


# ------------------------------------------------------------------------------------ again, and changes


def test_it_is_filled_again_the_same_from_its_day_position_and_mapping(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    filling = fill(put_up(books.form()), city, engine)
    first = queries.file_of(filling)
    kept = filling.frozen
    Filling.objects.update(frozen=queries.recount(filling, engine=engine))
    again = Filling.objects.get(pk=filling.pk)
    assert again.frozen == kept and queries.file_of(again) == first
    engine.told["party.members"] = Told(1)
    with pytest.raises(Problem, match="filling-differs"):
        queries.recount(filling, engine=engine)


def test_changes_name_the_cell_and_the_figure(city: AsOf, engine: TableEngine, other_home: Home) -> None:
    filling = fill(put_up(books.form()), city, engine)
    later = EVENING + timedelta(days=1)
    assert queries.cell_changes(filling, known_by=later, engine=engine) == []
    was = value(engine, "party.members", "z1", city)
    engine.told["party.members"] = Told(was)
    changes = queries.cell_changes(filling, known_by=later, engine=engine)
    assert [change.cell for change in changes] == [(SHEET, "C5"), (SHEET, "C6")]
    assert changes[0].now == was and str(was) in changes[0].sentence


def test_the_change_against_the_day_before(city: AsOf, engine: TableEngine, other_home: Home) -> None:
    days = {city.day: 12, city.day - timedelta(days=1): 9}
    engine.by_unit = lambda figure_id, at: {unit: Told(days[at.day]) for unit in range(1, 20)}
    version = put_up(books.form(), {"B4": Target("figure", "party.members", "z1", "change")})
    filling = fill(version, city, engine)
    assert opened(queries.file_of(filling))["B4"].value == 3
    days[city.day] = 13
    [change] = queries.cell_changes(filling, known_by=EVENING + timedelta(days=1), engine=engine)
    assert (change.was, change.now) == (3, 4) and change.sentence


def test_a_moment_that_has_not_come_is_refused(city: AsOf, engine: TableEngine) -> None:
    version = put_up(books.form())
    with pytest.raises(MomentInFuture):
        fill(version, replace(city, known_by=EVENING + timedelta(hours=2)), engine)
    assert not Filling.objects.exists()


# ------------------------------------------------------------------------------------ bad files


def _macros(content: bytes) -> bytes:
    return books.with_parts(content, {"xl/vbaProject.bin": b"macro"})


def _strict(content: bytes) -> bytes:
    old, new = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    return books.with_parts(content, {"xl/workbook.xml": lambda xml: xml.replace(old, new)})


def _declared(content: bytes) -> bytes:
    return books.with_parts(
        content, {"xl/worksheets/sheet1.xml": lambda xml: b"<!DOCTYPE x>" + xml.split(b"?>", 1)[1]}
    )


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no workbook": (lambda _c: b"%PDF-1.7 not a workbook", "workbook-unreadable"),
    "empty": (lambda _c: b"", "file-empty"),
    "cut off": (lambda c: c[: len(c) // 2], "file-broken"),
    "an old .xls": (lambda _c: books.OLD_XLS, "workbook-old-kind"),
    "locked with a password": (lambda _c: books.LOCKED, "file-locked"),
    "with macros": (_macros, "workbook-macros"),
    "strict": (_strict, "workbook-strict"),
    "with a declaration": (_declared, "file-suspicious"),
    "a bomb": (lambda c: books.with_parts(c, {"xl/media/a.bin": bytes(80 << 20)}), "file-bomb"),
    "too large": (lambda c: c + bytes(6 << 20), "workbook-too-large"),
    "with a million cells": (
        lambda c: books.with_parts(c, {"xl/sharedStrings.xml": b"<sst>" + b"<si/>" * (4 << 20) + b"</sst>"}),
        "workbook-too-large",
    ),
    "with nothing to see": (
        lambda c: books.with_parts(
            c, {"xl/workbook.xml": lambda xml: xml.replace(b"<sheet ", b'<sheet state="hidden" ')}
        ),
        "workbook-unreadable",
    ),
    "a torn sheet": (
        lambda c: books.with_parts(c, {"xl/worksheets/sheet1.xml": lambda xml: xml[:-40]}),
        "file-broken",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_files_that_cannot_be_filled_are_told_in_a_sentence(db: None, case: str) -> None:
    spoil, code = BAD[case]
    with pytest.raises(Problem) as refused:
        actions.add_workbook(name="学校日报", template=spoil(books.form()), by=BY, now=EVENING)
    assert refused.value.code == code and len(refused.value.sentence()) > 15
    assert not WorkbookVersion.objects.exists()


def test_a_protected_sheet_is_filled_and_stays_protected(
    city: AsOf, engine: TableEngine, other_home: Home
) -> None:
    template = books.form(lambda book, sheet: sheet.protect("secret"))
    told = list(costs(check_template(template)))
    assert any(SHEET in sentence for sentence in told)
    sheet = opened(queries.file_of(fill(put_up(template), city, engine)))
    assert sheet.protection.sheet and sheet["B4"].value == value(engine, "students.pupils", "z1", city)


def test_a_name_is_wanted_and_used_once(db: None) -> None:
    put_up(books.form())
    for name, code in (("学校日报", "workbook-name-taken"), (" ", "workbook-unnamed")):
        with pytest.raises(Problem, match=code):
            actions.add_workbook(name=name, template=books.form(), by=BY, now=EVENING)


def test_the_look_is_a_stylesheet_of_its_own(db: None) -> None:
    template = Template(books.form())
    drawing = template.draw(SHEET)
    title = next(cell for cell in drawing.cells() if cell.reference == "A1")
    assert (title.columns, title.text) == (5, "学校疫情防控日报表")
    look = template.stylesheet()
    assert f".xl .{title.look}{{" in look and "background:#ddebf7" in look and "font-weight:600" in look
    assert "url(" not in look and "}" not in look.split("{")[0]


def test_all_figures_may_stand_in_cells(db: None) -> None:
    assert all(
        read({"kind": "figure", "figure": f}).part == "value"
        for f in FIGURES
        if not f.startswith("coverage.")
    )
    assert Package(books.form()).sheets.keys() == {SHEET, "说明"}
