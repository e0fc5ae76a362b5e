"""A campaign under way: notices and who acknowledged them, the next version of a form, rounds, closing,
reopening."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from fangxian.campaigns.actions import close_campaign, reopen_campaign
from fangxian.campaigns.models import Campaign, CampaignText, Closing, Round
from fangxian.figures.engine import Engine
from fangxian.figures.moments import as_of
from fangxian.kernel.home import Home
from fangxian.submissions.actions import Envelope, Sheet, issue_notice, receive
from fangxian.submissions.models import FormVersion, Submission
from fangxian.submissions.notices import pending

from .conftest import BY, CLOCK, Town, at
from .test_builder import PUPILS, SCHOOLS, book, decided, envelope, named, upload, words

pytestmark = pytest.mark.django_db
NOTICE = "各校即日起实行门岗检查，12日18时前报首份。"


def published(client: Client, audience: dict[str, Any] = SCHOOLS, notice: str = "", **schedule: str) -> str:
    number = decided(client, audience, **schedule)
    told = named(notice=notice)
    assert client.post(f"/campaigns/new/{number}/publish/", told).status_code == 302
    return "gate-check"


def act(client: Client, do: str, **sent: Any) -> Any:
    return client.post("/campaigns/gate-check/manage/", {"do": do} | sent)


# ------------------------------------------------------------------------------------------- notices


@pytest.mark.parametrize(
    ("audience", "units"),
    [
        (SCHOOLS, {"s1", "s2", "s3"}),
        (PUPILS, {"s1", "s3"}),
        ({"kind": "households", "role": ["pupil"]}, {"s1", "s3"}),
        (PUPILS | {"under": "c1"}, {"s1"}),
        ({"kind": "units", "unit_kind": ["centre"]}, {"c1", "c2"}),
    ],
)
def test_a_notice_goes_to_whoever_is_responsible_for_those_asked(
    bureau: Client, town: Town, audience: dict[str, Any], units: set[str]
) -> None:
    published(bureau, audience, NOTICE)
    waiting = pending(town.units.values(), now=CLOCK)
    assert {one.unit for one in waiting} == {town.units[code] for code in units}
    assert {one.text.body for one in waiting} == {NOTICE}


def test_one_press_acknowledges_and_it_is_kept_who_and_when(
    lake: Any, bureau: Client, visitor: Any, town: Town
) -> None:
    published(bureau, notice=NOTICE)
    lake()
    head = visitor("head")
    assert NOTICE in words(head.get("/home/"))
    sent = {"unit": town.units["s1"]}
    assert head.post("/notices/gate-check-notice/", sent)["Location"] == "/home/"
    [kept] = Submission.objects.all()
    assert (kept.subject, kept.by, kept.reporter) == (town.units["s1"], "head", town.heads["s1"])
    assert kept.received == CLOCK and kept.text.body == NOTICE
    assert NOTICE not in words(head.get("/home/"))
    assert head.post("/notices/gate-check-notice/", sent).status_code == 404, "there is nothing left to press"
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("unit", ["s2", "s3", "xw"])
def test_nobody_acknowledges_for_another_unit(bureau: Client, visitor: Any, town: Town, unit: str) -> None:
    published(bureau, notice=NOTICE)
    head = visitor("head")
    for text in (str(town.units[unit]), "", "x", "9" * 30):
        assert head.post("/notices/gate-check-notice/", {"unit": text}).status_code == 404
    assert head.post("/notices/gate-check/", {"unit": town.units["s1"]}).status_code == 404
    assert not Submission.objects.exists()


def test_who_has_acknowledged_is_a_figure_that_opens_and_can_be_chased(
    bureau: Client, visitor: Any, town: Town, lake: Any, other_home: Home
) -> None:
    published(bureau, notice=NOTICE)
    visitor("head").post("/notices/gate-check-notice/", {"unit": town.units["s1"]})
    lake()
    value = Engine(other_home).value("coverage.gate-check-notice", town.units["xw"], as_of(CLOCK))
    assert (value.value, value.of, value.missing) == (1, 3, 2)
    page = words(bureau.get("/figures/coverage.gate-check-notice/?part=missing"))
    assert "单位s2" in page and "单位s3" in page
    assert "单位s2" in words(bureau.get("/owing/?campaign=gate-check-notice"))


def test_a_new_version_is_acknowledged_anew_and_the_text_of_any_day_is_known(
    bureau: Client, visitor: Any, town: Town, lake: Any, other_home: Home
) -> None:
    issued = published(bureau, notice=NOTICE)
    visitor("head").post("/notices/gate-check-notice/", {"unit": town.units["s1"]})
    later = CLOCK + timedelta(hours=2)
    issue_notice(campaign=issued, body="改为20时前报首份。", by=BY, now=later)
    assert len(pending(town.units.values(), now=later)) == 3
    assert list(CampaignText.objects.values_list("version", flat=True)) == [1, 2]
    lake()
    engine = Engine(other_home)
    before, after = (
        engine.value("coverage.gate-check-notice", town.units["xw"], as_of(moment))
        for moment in (CLOCK, later)
    )
    assert (before.value, before.of) == (1, 3) and (after.value, after.of) == (0, 3)


def test_the_page_shows_the_text_in_force_at_the_moment_asked(
    bureau: Client, lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = published(bureau, notice=NOTICE)
    later = CLOCK + timedelta(hours=2)
    issue_notice(campaign=issued, body="改为20时前报首份。", by=BY, now=later)
    for name in ("now", "latest"):
        monkeypatch.setattr(f"fangxian.web.clock.{name}", lambda: later)
    lake()
    assert "20时" in words(bureau.get("/campaigns/gate-check-notice/"))
    then = words(bureau.get("/campaigns/gate-check-notice/?as_of=2020-02-12T13:00"))
    assert NOTICE in then and "20时" not in then


def test_what_waits_costs_as_many_queries_for_one_notice_as_for_five(
    bureau: Client, town: Town, django_assert_num_queries: Any
) -> None:
    published(bureau, notice=NOTICE)
    with django_assert_num_queries(6):
        assert len(pending([town.units["s1"]], now=CLOCK)) == 1
    for n in range(4):
        number = decided(bureau)
        bureau.post(f"/campaigns/new/{number}/publish/", named(f"gate-{n}", notice=NOTICE))
    with django_assert_num_queries(6):
        assert len(pending([town.units["s1"]], now=CLOCK)) == 5


def test_a_notice_that_nobody_would_get_is_refused(bureau: Client) -> None:
    number = decided(bureau, {"kind": "units", "unit_kind": ["bureau"]})
    answer = bureau.post(f"/campaigns/new/{number}/publish/", named(notice=NOTICE))
    assert answer.status_code == 422 and not Campaign.objects.exists()


# ------------------------------------------------------------------------------------------- managing


def test_the_next_version_of_a_form_is_published_unless_it_counts_otherwise(bureau: Client) -> None:
    published(bureau)
    more = book(["integer", "guards", "保安几人？", "How many guards?", "", ""])
    assert upload_version(bureau, more).status_code == 302
    assert FormVersion.objects.filter(form="gate-check").count() == 2
    other = book(["date", "guards", "保安是谁？", "Which guards?", "", ""])
    answer = upload_version(bureau, other)
    assert answer.status_code == 422 and "guards" in words(answer)
    assert FormVersion.objects.filter(form="gate-check").count() == 2


def upload_version(client: Client, content: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return act(client, "form", file=SimpleUploadedFile("gate.xlsx", content))


def test_closed_it_takes_nothing_and_reopened_it_does(bureau: Client, town: Town) -> None:
    code = published(bureau)
    assert act(bureau, "close", reason="").status_code == 422
    assert act(bureau, "close", reason="本轮核查已结束").status_code == 302
    after = CLOCK + timedelta(hours=1)
    late = Envelope(
        campaign=code, round=1, version="1", happened=after, channel="web",
        sheets=[Sheet("i-1", "unit", town.units["s1"], {"open": "no"})],
    )  # fmt: skip
    [receipt] = receive(envelopes=[late], by=BY, now=after)
    assert [problem.code for _i, problem in receipt.problems] == ["campaign-closed"]
    assert "本轮核查已结束" in words(bureau.get("/campaigns/gate-check/manage/"))
    reopen_campaign(campaign=code, closes=None, reason="补报一天的数据", by=BY, now=after)
    assert receive(envelopes=[late], by=BY, now=after)[0].accepted
    assert Closing.objects.count() == 2


def test_reopening_what_is_open_or_until_the_past_is_refused(bureau: Client) -> None:
    published(bureau)
    assert act(bureau, "reopen", reason="补报一天的数据").status_code == 422
    act(bureau, "close", reason="本轮核查已结束")
    answer = act(bureau, "reopen", reason="补报一天的数据", closes="2020-02-12T11:00")
    assert answer.status_code == 422
    assert act(bureau, "reopen", reason="补报一天的数据", closes="2020-02-13T11:00").status_code == 302


def test_a_closed_daily_campaign_asks_nobody_on_the_days_after_and_is_due_from_nobody(
    bureau: Client, town: Town, lake: Any, other_home: Home
) -> None:
    from fangxian.web.doors.due import find_due

    code = published(bureau, kind="daily")
    assert find_due(code, now=at(13)) is not None
    close_campaign(campaign=code, reason="本轮核查已结束", by=BY, now=CLOCK)
    assert find_due(code, now=at(13)) is None
    reopen_campaign(campaign=code, closes=at(20), reason="补报一天的数据", by=BY, now=at(14))
    lake()
    engine = Engine(other_home)
    asked = {
        (day, known): engine.value(
            f"coverage.{code}", town.units["xw"], as_of(at(day), at(known), clock=at(15))
        ).of
        for day, known in ((12, 13), (13, 13), (13, 14), (14, 14))
    }
    assert asked == {(12, 13): 3, (13, 13): 0, (13, 14): 3, (14, 14): 3}


def test_the_next_round_is_opened_by_a_press(bureau: Client) -> None:
    published(bureau, kind="rounds")
    assert act(bureau, "round", closes="2020-02-15T18:00").status_code == 302
    assert list(Round.objects.order_by("number").values_list("number", "closes")) == [
        (1, None),
        (2, at(15, 18)),
    ]


def test_what_is_asked_once_has_no_next_round(bureau: Client) -> None:
    published(bureau)
    assert act(bureau, "round").status_code == 422


def test_what_another_office_issued_cannot_be_managed(lake: Any, bureau: Client, visitor: Any) -> None:
    published(bureau)
    lake()
    centre = visitor("centre")
    assert centre.get("/campaigns/gate-check/manage/").status_code == 404
    assert act(centre, "close", reason="本轮核查已结束").status_code == 404
    assert visitor("head").get("/campaigns/gate-check/manage/").status_code == 403
    assert "manage" not in centre.get("/campaigns/gate-check/").content.decode()


def test_answers_before_the_closing_are_kept(bureau: Client, town: Town) -> None:
    published(bureau)
    sheet = Sheet("i-1", "unit", town.units["s1"], {"open": "no"})
    assert receive(envelopes=[envelope(sheet)], by=BY, now=CLOCK)[0].accepted
    act(bureau, "close", reason="本轮核查已结束")
    assert Submission.objects.count() == 1
    assert upload(bureau, book()).status_code == 302
