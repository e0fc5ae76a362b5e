"""The workbook of the office above on pages: put up, mapped by clicks, filled, compared; its file opened."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.publishing import books

from fangxian.access.models import Event
from fangxian.publishing.models import Filling, Placement, WorkbookVersion
from fangxian.publishing.workbooks import queries

from .conftest import css
from .test_desk_in_browser import violations
from .test_pages import engine_values, parsed
from .test_signoff import signatory  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
SHEET = "日报"
FILL = {"do": "fill", "as_of": "2020-02-12T18:20"}


def upload(content: bytes, name: str = "日报.xlsx") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def put_up(board: Any) -> str:
    answer = board.post("/workbooks/new/", {"name": "学校日报", "template": upload(books.form())})
    assert answer.status_code == 302
    return answer["Location"]


def mapped(board: Any) -> str:
    there = put_up(board)
    figures = {"B4": ("students.pupils", "z1", "value"), "E4": ("coverage.ten-ones", "z1", "share")}
    for cell, (figure, unit, part) in figures.items():
        told = {"do": "place", "sheet": SHEET, "cell": cell, "kind": "figure"}
        answer = board.post(f"{there}map/", told | {"figure": figure, "unit": unit, "part": part})
        assert answer.status_code == 302
    board.post(f"{there}map/", {"do": "save"})
    return there


def filled(board: Any) -> str:
    there = mapped(board).split("versions")[0]
    answer = board.post(f"{there}step/", FILL)
    assert answer.status_code == 302
    return answer["Location"]


def test_a_template_is_put_up_drawn_with_its_look_and_proposes_figures(board: Any) -> None:
    there = put_up(board)
    page = parsed(board.get(there))
    cells = {a.get("href").split("cell=")[1].split("#")[0] for a in css(page, "table.xl td.is-proposed a")}
    assert {"B4", "C4", "B2", "E2"} <= cells and not {"B5", "C5"} & cells, "the second zone is none of ours"
    title = next(td for td in css(page, "table.xl td") if "学校疫情防控日报表" in td.text_content())
    assert title.get("colspan") == "5"
    look = board.get(f"{there}look.css")
    assert (
        look["Content-Type"].startswith("text/css")
        and f".xl .{title.get('class').split()[0]}{{" in look.content.decode()
    )
    assert "ƒ" in css(page, "table.xl")[0].text_content() and not css(page, "table.xl td.is-formula a")
    assert not Placement.objects.exists(), "a proposal is nothing before it is confirmed"


def test_proposals_are_confirmed_together_and_show_their_numbers(board: Any) -> None:
    there = put_up(board)
    board.post(f"{there}map/", {"do": "confirm", "sheet": SHEET, "cell": ["B4", "C4", "D4", "A1"]})
    assert set(queries.mapping(WorkbookVersion.objects.get())) == {(SHEET, "B4"), (SHEET, "C4")}
    engine, at, id = engine_values("z1")
    shown = [td.text_content() for td in css(parsed(board.get(there)), "table.xl td.is-mapped")]
    assert any(text.endswith(str(engine.value("students.pupils", id, at).value)) for text in shown)


def test_it_is_filled_downloaded_and_the_copy_finds_who_took_it(board: Any) -> None:
    there = filled(board)
    response = board.get(f"{there}filled.xlsx")
    sheet = load_workbook(io.BytesIO(response.content))[SHEET]
    engine, at, id = engine_values("z1")
    assert sheet["B4"].value == engine.value("students.pupils", id, at).value
    [event] = Event.objects.filter(what="export", subject__startswith="filling:")
    properties = load_workbook(io.BytesIO(response.content)).properties
    assert properties.identifier == event.copy and "演示数据" in properties.description
    page = parsed(board.get(there))
    assert "各单元格现在都相同" in page.text_content()
    link = css(page, "details td a")[0].get("href")
    assert board.get(link).status_code == 200


def test_a_saved_version_is_changed_by_a_new_one(board: Any) -> None:
    there = mapped(board)
    told = {"do": "place", "sheet": SHEET, "cell": "B5", "kind": "figure", "figure": "students.pupils"}
    assert board.post(f"{there}map/", told).status_code == 409
    home = there.split("versions")[0]
    second = board.post(f"{home}step/", {"do": "version"})["Location"]
    assert second.endswith("/versions/2/") and board.post(f"{second}map/", told).status_code == 302
    assert "第2版还在对应" in parsed(board.get(home)).text_content()
    board.post(f"{home}step/", FILL)
    assert Filling.objects.get().version.number == 1, "until the second is saved, the first is filled"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"cell": "D4", "kind": "figure", "figure": "students.pupils"}, 422),
        ({"cell": "B1", "kind": "figure", "figure": "students.pupils"}, 422),
        ({"cell": "??", "kind": "figure", "figure": "students.pupils"}, 422),
        ({"cell": "B4", "kind": "figure", "figure": "a.gone"}, 422),
        ({"cell": "B4", "kind": "figure", "figure": "students.pupils", "unit": "nowhere"}, 404),
        ({"cell": "B4", "kind": "poem"}, 422),
    ],
)
def test_what_cannot_be_mapped_is_told(board: Any, told: dict[str, str], status: int) -> None:
    there = put_up(board)
    answer = board.post(f"{there}map/", {"do": "place", "sheet": SHEET} | told)
    assert answer.status_code == status and css(parsed(answer), "[role=alert]")
    assert not Placement.objects.exists()


@pytest.mark.parametrize(
    ("as_of", "status"), [("2030-01-01T00:00", 400), ("2019-01-01T00:00", 404), ("soon", 400), ("", 400)]
)
def test_moments_without_figures_are_told_and_fill_nothing(board: Any, as_of: str, status: int) -> None:
    there = mapped(board).split("versions")[0]
    answer = board.post(f"{there}step/", {"do": "fill", "as_of": as_of})
    assert answer.status_code == status and css(parsed(answer), "[role=alert]")
    assert not Filling.objects.exists()


@pytest.mark.parametrize("content", [books.OLD_XLS, books.LOCKED, b"PK\x03\x04 torn", b"", bytes(6 << 20)])
def test_files_that_are_no_template_are_told(board: Any, content: bytes) -> None:
    answer = board.post("/workbooks/new/", {"name": "日报", "template": upload(content)})
    assert answer.status_code in (400, 413, 422) and css(parsed(answer), "[role=alert]")
    assert not WorkbookVersion.objects.exists()


def test_a_name_that_is_taken_is_told_beside_the_form_with_what_was_filled_in(board: Any) -> None:
    put_up(board)
    answer = board.post("/workbooks/new/", {"name": "学校日报", "template": upload(books.form())})
    [told], [name] = css(parsed(answer), "#refused"), css(parsed(answer), "[name=name]")
    assert answer.status_code == 409 and "学校日报" in told.text_content()
    assert (name.get("value"), name.get("aria-describedby")) == ("学校日报", "refused")


def test_from_a_problem_a_way_leads_back_to_all_of_its_kind(board: Any) -> None:
    answer = board.get("/workbooks/99/")
    assert answer.status_code == 404
    assert "/workbooks/" in [link.get("href") for link in css(parsed(answer), "p.ways a")]
    failed = board.get("/bulletins/?unit=nowhere")
    assert failed.status_code == 404
    assert "/bulletins/" not in [link.get("href") for link in css(parsed(failed), "p.ways a")], "it failed"


def test_a_signatory_reads_and_does_not_map(board: Any, signatory: Any) -> None:  # noqa: F811
    there = put_up(board)
    assert signatory.get(there).status_code == 200
    assert signatory.post(f"{there}map/", {"do": "save"}).status_code == 403
    assert css(parsed(signatory.get(f"{there}?cell=B4")), "#pick form") == []


def test_what_would_be_different_now_stands_beside_it(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from fangxian.publishing.workbooks.queries import CellChange
    from fangxian.publishing.workbooks.targets import Target

    there = filled(board)
    change = CellChange((SHEET, "B4"), Target("figure", "students.pupils", "z1", "value"), 841, 840, None)
    monkeypatch.setattr(queries, "cell_changes", lambda found, known_by, engine: [change])
    page = parsed(board.get(there))
    assert css(page, "ol.chgs s")[0].text_content() == "841" and css(page, "td.is-changed sup")[0].text == "1"


@pytest.mark.browser
def test_a_workbook_is_mapped_by_click_filled_and_opened(page: Any, tmp_path: Path) -> None:
    (tmp_path / "form.xlsx").write_bytes(books.form())
    page.goto("/workbooks/")
    assert violations(page) == []
    page.get_by_label("上级的叫法").fill("学校日报")
    page.set_input_files("input[name=template]", tmp_path / "form.xlsx")
    page.get_by_role("button", name="上传").click()
    page.locator("table.xl a", has_text="B4").click()
    page.locator("#pick", has_text="单元格B4").wait_for()
    page.get_by_label("数字", exact=False).first.wait_for()
    page.select_option("#figure", "students.pupils")
    page.fill("#unit", "z1")
    page.get_by_role("button", name="填在这里").click()
    page.locator("td.is-mapped", has_text="B4").wait_for()
    page.locator("td.is-wants a, td.is-proposed a", has_text="C6").focus()
    page.keyboard.press("Enter")
    page.select_option("#figure", "party.members")
    page.get_by_role("button", name="填在这里").click()
    page.locator("td.is-mapped", has_text="C6").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="保存为第1版").click()
    page.get_by_role("button", name="填报", exact=True).click()
    page.wait_for_url(re.compile(r"/fillings/1/$"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    download.value.save_as(tmp_path / "filled.xlsx")
    sheet = load_workbook(tmp_path / "filled.xlsx")[SHEET]
    assert isinstance(sheet["B4"].value, int) and isinstance(sheet["C6"].value, int)
    assert str(sheet["B4"].value) in page.locator("td.is-mapped").first.inner_text()
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (page.url, "/workbooks/1/", "/workbooks/1/versions/1/"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
