"""Issued bulletins on pages: read, downloaded, compared."""

import io
from typing import Any

import pytest
from docx import Document
from lxml import html

from fangxian.kernel.models import Change
from fangxian.publishing import queries
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.models import Bulletin
from fangxian.publishing.queries import FigureChange, RecordChange
from fangxian.publishing.references import Reference
from fangxian.web import counting
from fangxian.web.views import bulletins

from .conftest import css
from .test_pages import parsed
from .test_signoff import begun, seen, signatory  # noqa: F401

pytestmark = pytest.mark.django_db


def test_a_bulletin_is_shown_with_its_numbers_as_links(board: Any) -> None:
    page = html.fromstring(board.get("/bulletins/1/").content.decode())
    links = css(page, "article a.fx")
    assert len(links) > 34
    assert all(link.get("href").startswith("/figures/") for link in links)
    opened = html.fromstring(board.get(links[0].get("href")).content.decode())
    assert css(opened, ".hv .n")[0].text_content() == links[0].text
    assert "演示数据" in css(page, "article")[0].text_content()
    assert "style=" not in html.tostring(page).decode()


@pytest.mark.parametrize(("kind", "begins"), [("docx", b"PK"), ("pdf", b"%PDF"), ("html", b"<!doctype")])
def test_its_papers_are_downloaded(board: Any, kind: str, begins: bytes) -> None:
    response = board.get(f"/bulletins/1/bulletin.{kind}")
    assert response.content.startswith(begins)
    assert response["Content-Disposition"].startswith("attachment")


def test_nothing_has_changed_as_long_as_nothing_was_recorded(board: Any) -> None:
    assert "没有变化" in board.get("/bulletins/1/changed/").content.decode()


def test_changes_stand_beside_it_and_open_as_known_now(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    records = (RecordChange("gone", "counted", 7, 1, None, ()),)
    change = FigureChange(Reference("party.pledges_signed", "xw", "value", 5), 4, "试验局", records)
    monkeypatch.setattr(queries, "changes", lambda issued, known_by, engine: [change, change])
    bulletins._changes.cache_clear()
    page = html.fromstring(board.get("/bulletins/1/").content.decode())
    (shown,) = css(page, "ol.chgs li")
    assert css(shown, "s")[0].text_content() == "5" and css(shown, ".cv b")[0].text_content() == "4"
    link = css(shown, "h3 a")[0].get("href")
    assert "party.pledges_signed" in link and "known_by=" in link
    assert board.get(link).status_code == 200
    assert "有1个数字变了" in board.get("/bulletins/1/changed/").content.decode()
    assert change.sentence() in board.get("/bulletins/1/changed/?why=1").content.decode()
    bulletins._changes.cache_clear()


def test_where_the_lake_is_behind_the_paper_is_shown_and_the_comparison_waits(
    board: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = Change.objects.order_by("-position").first()
    Change.objects.create(position=head.position + 1, at=head.at, action="test", by="test", detail={})
    monkeypatch.setattr(counting.Mirror, "catch_up", lambda self, patience: None)
    bulletins._changes.cache_clear()
    response = board.get("/bulletins/1/")
    assert response.status_code == 200
    assert "还不能比较" in response.content.decode()


# ------------------------------------------------------------------------------------ against another


def rewritten(template: bytes) -> bytes:
    """The template with one phrase worded otherwise."""
    document = Document(io.BytesIO(template))
    paragraph = next(p for p in document.paragraphs if "学校" in p.text and "{{" in p.text)
    run = next(run for run in paragraph.runs if "学校" in run.text)
    run.text = run.text.replace("学校", "各校", 1)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def a_later_one(board: Any, signatory: Any, template: bytes = b"") -> int:  # noqa: F811
    """The first one's correction, of another moment, and where one is given from another template."""
    there = begun(board, corrects="1", reason="晚间补报")
    if template:
        file = io.BytesIO(template)
        file.name = "ours.docx"
        assert board.post(f"{there}step/", {"do": "change", "template": file} | seen()).status_code == 302
    board.post(f"{there}step/", {"do": "check", "as_of": "2020-02-10T18:20"} | seen())
    signatory.post(f"{there}approval/", {"do": "approve"} | seen())
    answer = board.post(f"{there}step/", {"do": "issue"} | seen())
    return int(answer["Location"].split("/")[2])


def test_a_correction_is_held_against_the_old_one_word_by_word(board: Any, signatory: Any) -> None:  # noqa: F811
    number = a_later_one(board, signatory)
    link = next(a for a in css(parsed(board.get(f"/bulletins/{number}/")), ".note a") if "逐字" in a.text)
    page = parsed(board.get(link.get("href")))
    frozen = [Bulletin.objects.get(number=n).frozen for n in (1, number)]
    was, now = ({(f["figure"], f["unit"], f["part"]): f["value"] for f in one["figures"]} for one in frozen)
    moved = {key for key in was.keys() & now.keys() if was[key] != now[key]}
    gone = {text.strip() for d in css(page, ".diff del") for text in d.xpath("text()")}
    assert moved and {str(was[key]) for key in moved if isinstance(was[key], int)} <= gone
    assert "同一个模板" in page.text_content()
    assert all(css(mark, ".vh") for mark in css(page, ".diff del") + css(page, ".diff ins"))


def test_wording_alone_is_what_the_template_changed(board: Any, signatory: Any) -> None:  # noqa: F811
    number = a_later_one(board, signatory, rewritten(TEMPLATE.read_bytes()))
    page = parsed(board.get(f"/bulletins/{number}/against/1/?show=words"))
    told = css(page, ".diff div")
    assert any("各" in "".join(ins.text_content() for ins in css(p, "ins")) for p in told)
    assert not [p for p in told if "数字不同" in p.text_content()] and "模板已换" in page.text_content()
    assert len(told) < len(css(parsed(board.get(f"/bulletins/{number}/against/1/")), ".diff div"))


def test_a_bulletin_against_itself_differs_in_nothing(board: Any) -> None:
    page = parsed(board.get("/bulletins/1/against/1/"))
    assert not css(page, ".diff del") and not css(page, ".diff ins")
    assert board.get("/bulletins/1/against/77/").status_code == 404
