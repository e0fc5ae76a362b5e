"""Issued bulletins on pages: read, downloaded, compared."""

from typing import Any

import pytest
from lxml import html

from fangxian.kernel.models import Change
from fangxian.publishing import queries
from fangxian.publishing.queries import FigureChange, RecordChange
from fangxian.publishing.references import Reference
from fangxian.web import counting
from fangxian.web.views import bulletins

from .conftest import css

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
