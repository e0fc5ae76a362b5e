"""A number told by telephone, on pages: hatched beside the figure, never in it; chased; within scope."""

from typing import Any

import pytest
from lxml import html

from fangxian.publishing.models import Attestation

from .conftest import css

pytestmark = pytest.mark.django_db
BACK = "screening.university_students_back_from_hubei"
GIVEN = {"figure": BACK, "value": "12", "said_by": "王主任（局办）", "note": "山里断网"}


def parsed(response: Any) -> Any:
    return html.fromstring(response.content.decode())


def test_it_is_written_down_and_stands_hatched_beside_the_figure(board: Any) -> None:
    before = css(parsed(board.get(f"/figures/{BACK}/")), ".hv .n")[0].text_content()
    answer = board.post("/attested/", GIVEN)
    assert answer.status_code == 302
    page = parsed(board.get(answer["Location"]))
    assert css(page, ".hv .n")[0].text_content() == before, "it is never added"
    [shown] = css(page, "#attested .told")
    assert (
        "12" in shown.text_content()
        and "王主任（局办）" in shown.text_content()
        and "值班员" in shown.text_content()
    )
    assert [a.text_content() for a in css(parsed(board.get("/")), "#headlines .hatch")] == [
        "电话报12，未见记录"
    ]
    assert "12" in css(parsed(board.get("/owing/")), ".note .hatch")[0].text_content()


def test_it_is_taken_back(board: Any) -> None:
    board.post("/attested/", GIVEN)
    assert len(css(parsed(board.get("/attested/")), ".told")) == 1
    assert board.post("/attested/back/", {"figure": BACK}).status_code == 302
    assert css(parsed(board.get("/attested/")), ".told") == []


@pytest.mark.parametrize(
    ("more", "says"),
    [({"value": "很多"}, "不是可以计的数"), ({"said_by": ""}, "谁报的"), ({"value": "0"}, "记录已经数到")],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(
    board: Any, more: dict[str, str], says: str
) -> None:
    answer = board.post("/attested/", GIVEN | more)
    page = parsed(answer)
    assert answer.status_code in (409, 422)
    assert says in css(page, "#problem")[0].text_content()
    assert css(page, "#note")[0].get("value") == "山里断网"
    assert not Attestation.objects.exists()


def test_of_an_earlier_moment_nothing_can_be_written_down(board: Any) -> None:
    assert board.post("/attested/?as_of=2020-02-05T12:00", GIVEN).status_code == 409
    assert "只能为今天" in board.get("/attested/?as_of=2020-02-05T12:00").content.decode()


def test_units_below_are_listed_with_theirs(board: Any) -> None:
    zone = board.get("/units/?q=战区")
    assert zone.status_code == 200
    board.post("/attested/?unit=z1", {**GIVEN, "figure": "students.pupils", "value": "99999"})
    page = parsed(board.get("/figures/students.pupils/"))
    assert css(page, "#attested .told") == []
    assert "99999" in css(page, "#attested .hatch")[0].text_content().replace(" ", "").replace("\u2009", "")
