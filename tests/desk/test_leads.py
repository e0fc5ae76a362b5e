"""What a call tells of whom a list names: it confirms, or it is somebody else; and who is called for it."""

from pathlib import Path

import pytest
from django.test import Client
from tests.matching.world import bring, propose, rows_of

from fangxian.desk import queries
from fangxian.desk.actions import Asked, ask_about_list, ask_for_call
from fangxian.desk.models import Ask, Attempt
from fangxian.matching.actions import add_list, decide, withdraw_list
from fangxian.matching.models import Answer, Lead, Proposal, Question
from fangxian.matching.problems import LeadNotThere, ListWithdrawn
from fangxian.matching.reviewing import work
from fangxian.matching.topics import TOPICS
from fangxian.registry.actions import merge_persons
from fangxian.submissions.models import Submission, Verification

from .conftest import NOW, SOUND, Desk, at

pytestmark = pytest.mark.django_db
LINE = ("李四", "男", "", "", "", "")
BACK = SOUND | {"place": "hubei", "purpose": "visit", "returned_on": "2020-02-01", "now_at": "home"}


@pytest.fixture
def listing() -> int:
    return add_list(source="交通局", title="火车旅客", topic="returnees_hubei", by="office", now=at(12, 8))


def linked(folder: Path, listing: int, *people: int) -> list[int]:
    """Leads of rows that the matcher linked to these people."""
    bring(folder, listing, [(f"李{n}", *LINE[1:]) for n, _person in enumerate(people)], 12)
    for row, person in zip(rows_of(listing), people, strict=True):
        propose(listing, row, person, decision="auto", probability=0.99, day=12)
    return list(Lead.objects.filter(recorded_until=None).order_by("row").values_list("pk", flat=True))


@pytest.fixture
def signed_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Client:
    for name in ("now", "latest"):
        monkeypatch.setattr(f"fangxian.web.clock.{name}", lambda: NOW)
    client = Client(SERVER_NAME="localhost")
    client.force_login(desk.accounts["caller"])
    return client


def test_what_the_called_say_confirms_the_list_with_the_call(
    desk: Desk, tmp_path: Path, listing: int
) -> None:
    child = desk.people["李四"]
    linked(tmp_path, listing, child)
    ask_about_list(listing=listing, by="officer", now=NOW)
    assert desk.take() == "李", "before others"
    assert desk.call("李", "reached", answers={child: dict(BACK)}) == []
    [confirmed] = Verification.objects.filter(recorded_until=None)
    assert (confirmed.submission.subject, confirmed.how) == (child, "list")
    assert ask_about_list(listing=listing, by="officer", now=NOW) == Asked(0, 0, 0), "it was heard"


def test_who_is_somebody_else_is_no_lead_and_is_answered_for_all_the_same(
    desk: Desk, tmp_path: Path, listing: int
) -> None:
    [lead] = linked(tmp_path, listing, desk.people["李四"])
    desk.take()
    family = desk.take()
    assert family is not None
    ask_for_call(reason="名单", household=desk.homes["李"], by="officer", now=NOW)
    desk.call(family, "no_answer")
    assert desk.take() == "李"
    assert desk.call("李", "reached", denied=frozenset({lead})) == []
    assert not Lead.objects.filter(recorded_until=None).exists()
    assert not Verification.objects.exists()
    assert Submission.objects.filter(subject=desk.people["李四"]).count() == 1
    assert [waiting.row for waiting in work("a").queue] == rows_of(listing)


def test_a_lead_that_ended_meanwhile_stores_nothing_of_the_call(
    desk: Desk, tmp_path: Path, listing: int
) -> None:
    [lead] = linked(tmp_path, listing, desk.people["李四"])
    ask_about_list(listing=listing, by="officer", now=NOW)
    desk.take()
    withdraw_list(listing=listing, reason="发错文件", by="office", now=NOW)
    with pytest.raises(LeadNotThere):
        desk.call("李", "reached", denied=frozenset({lead}))
    assert not Submission.objects.exists() and not Attempt.objects.exists()


def test_each_household_of_a_list_is_asked_for_once(desk: Desk, tmp_path: Path, listing: int) -> None:
    linked(tmp_path, listing, desk.people["丁一"], desk.people["丁二"], desk.people["李四"])
    assert ask_about_list(listing=listing, by="officer", now=NOW) == Asked(2, 0, 0)
    assert ask_about_list(listing=listing, by="officer", now=NOW) == Asked(0, 2, 0)
    assert set(Ask.objects.values_list("household", flat=True)) == {desk.homes["丁"], desk.homes["李"]}
    assert desk.take() == "丁"
    desk.call("丁", "refused")
    assert ask_about_list(listing=listing, by="officer", now=NOW) == Asked(1, 1, 0), "asked for again"
    withdraw_list(listing=listing, reason="发错文件", by="office", now=NOW)
    with pytest.raises(ListWithdrawn):
        ask_about_list(listing=listing, by="officer", now=NOW)


def test_the_caller_reads_what_the_list_says_and_says_who_it_is_not(
    desk: Desk, signed_in: Client, tmp_path: Path, listing: int
) -> None:
    child = desk.people["李四"]
    [lead] = linked(tmp_path, listing, child)
    ask_about_list(listing=listing, by="officer", now=NOW)
    page = signed_in.post("/calls/take/", follow=True)
    assert page.status_code == 200
    text = page.content.decode()
    assert "交通局" in text and "火车旅客" in text and f'name="denied" value="{lead}"' in text
    home = desk.homes["李"]
    said = {f"p{child}-{name}": value for name, value in SOUND.items()}
    wrong = signed_in.post(f"/calls/{home}/", {"outcome": "reached", "denied": lead, "key": "k"})
    assert wrong.status_code == 422 and f'value="{lead}" checked' in wrong.content.decode(), "kept as put in"
    assert Lead.objects.filter(pk=lead, recorded_until=None).exists()
    said |= {"outcome": "reached", "denied": lead, "claim": f"{lead}-", "key": "k"}
    assert signed_in.post(f"/calls/{home}/", said).status_code == 302
    assert not Lead.objects.filter(recorded_until=None).exists()


def test_of_a_parent_whom_a_list_names_a_sheet_is_wanted(
    desk: Desk, signed_in: Client, tmp_path: Path, listing: int
) -> None:
    child, mother, home = desk.people["李四"], desk.people["李母"], desk.homes["李"]
    [lead] = linked(tmp_path, listing, mother)
    ask_about_list(listing=listing, by="officer", now=NOW)
    signed_in.post("/calls/take/")
    said = {f"p{child}-{name}": value for name, value in SOUND.items()}
    said |= {"outcome": "reached", "claim": f"{lead}-", "key": "k"}
    assert signed_in.post(f"/calls/{home}/", said).status_code == 422, "nothing was said of the mother"
    assert signed_in.post(f"/calls/{home}/", said | {"denied": lead}).status_code == 302
    assert set(Submission.objects.values_list("subject", flat=True)) == {child}


def test_a_row_that_cannot_be_settled_is_asked_about_and_comes_back(
    desk: Desk, signed_in: Client, tmp_path: Path, listing: int
) -> None:
    child, home = desk.people["李四"], desk.homes["李"]
    bring(
        tmp_path, listing, [("李四", "男", "9901**********0015", "10012345671", "东门三号", "同行两人")], 12
    )
    [row] = rows_of(listing)
    proposal = propose(listing, row, child, day=12)
    decide(row=row, proposal=proposal, verdict="unsettled", by="a", now=NOW)
    assert ask_about_list(listing=listing, by="officer", now=NOW) == Asked(1, 0, 0)
    text = signed_in.post("/calls/take/", follow=True).content.decode()
    question = Question.objects.get().pk
    assert f'name="told-{question}"' in text and "交通局" in text
    for hidden in ("9901", "10012345671", "东门三号", "同行两人"):
        assert hidden not in text, "no numbers, no address, no notes of the list"
    said = {f"p{child}-{name}": value for name, value in SOUND.items()}
    said |= {"outcome": "reached", "claim": f"-{question}", f"told-{question}": "yes", "key": "k"}
    signed_in.post(f"/calls/{home}/", said)
    assert Answer.objects.get().told == "yes"
    assert [waiting.row for waiting in work("a").queue] == [row]
    assert ask_about_list(listing=listing, by="officer", now=NOW) == Asked(0, 0, 0)


def test_of_a_list_that_speaks_of_health_a_caller_learns_the_office_alone(
    desk: Desk, signed_in: Client, tmp_path: Path
) -> None:
    near = add_list(source="疾控中心", title="密接", topic="contacts_hubei", by="office", now=at(12, 8))
    linked(tmp_path, near, desk.people["李四"])
    ask_about_list(listing=near, by="officer", now=NOW)
    page = signed_in.post("/calls/take/", follow=True)
    assert page.status_code == 200 and "疾控中心" in page.content.decode()
    assert (
        "密接" not in page.content.decode()
        and str(TOPICS["contacts_hubei"].name) not in page.content.decode()
    )


def test_what_changed_during_the_call_is_shown_before_anything_is_stored(
    desk: Desk, signed_in: Client, tmp_path: Path, listing: int
) -> None:
    child, home = desk.people["李四"], desk.homes["李"]
    [lead] = linked(tmp_path, listing, child)
    ask_about_list(listing=listing, by="officer", now=NOW)
    signed_in.post("/calls/take/")
    [row] = rows_of(listing)
    proposal = Proposal.objects.get(row=row).pk
    for reviewer in "ab":
        decide(row=row, proposal=proposal, verdict="same", person=child, by=reviewer, now=NOW)
    said = {f"p{child}-{name}": value for name, value in SOUND.items()}
    said |= {"outcome": "reached", "denied": lead, "claim": f"{lead}-", "key": "k"}
    again = signed_in.post(f"/calls/{home}/", said)
    assert again.status_code == 422 and "名单上关于这户的内容有变化" in again.content.decode()
    assert not Submission.objects.exists()
    fresh = Lead.objects.get(recorded_until=None).pk
    said |= {"denied": fresh, "claim": f"{fresh}-"}
    assert signed_in.post(f"/calls/{home}/", said).status_code == 302
    assert not Lead.objects.filter(recorded_until=None).exists()


def test_two_numbers_of_one_child_are_asked_about_once(
    desk: Desk, signed_in: Client, tmp_path: Path, listing: int
) -> None:
    one, other = desk.people["丁一"], desk.people["丁二"]
    [lead] = linked(tmp_path, listing, one)
    merge_persons(person=other, into=one, day=NOW.date(), by="office", now=NOW)
    ask_about_list(listing=listing, by="officer", now=NOW)
    text = signed_in.post("/calls/take/", follow=True).content.decode()
    assert text.count(f'name="claim" value="{lead}-"') == 1


def test_calls_for_a_list_that_was_withdrawn_are_wanted_no_more(
    desk: Desk, tmp_path: Path, listing: int
) -> None:
    linked(tmp_path, listing, desk.people["李四"])
    ask_about_list(listing=listing, by="officer", now=NOW)
    wanted = queries.standing(desk.calling, desk.reach("caller"), NOW).wanted
    withdraw_list(listing=listing, reason="发错文件", by="office", now=NOW)
    left = queries.standing(desk.calling, desk.reach("caller"), NOW).wanted
    queries.forget()
    assert (wanted, left, queries.standing(desk.calling, desk.reach("caller"), NOW).wanted) == (1, 0, 0)


def test_the_lists_page_has_them_called(desk: Desk, signed_in: Client, tmp_path: Path, listing: int) -> None:
    linked(tmp_path, listing, desk.people["李四"])
    assert signed_in.post(f"/lists/{listing}/call/").status_code == 403
    signed_in.force_login(desk.accounts["officer"])
    assert f"/lists/{listing}/call/" in signed_in.get(f"/lists/{listing}/").content.decode()
    page = signed_in.post(f"/lists/{listing}/call/", follow=True)
    assert (
        page.request["PATH_INFO"] == f"/lists/{listing}/" and "已把1户列入电话名单" in page.content.decode()
    )
    assert Ask.objects.get().household_id == desk.homes["李"]
    assert signed_in.get(f"/lists/{listing}/?called=a-1-").status_code == 200
