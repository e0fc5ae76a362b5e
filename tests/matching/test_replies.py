"""What answers say of what the lists say: which are verified by a list, and when that falls."""

from pathlib import Path

import pytest
from tests.submissions.conftest import World

from fangxian.kernel.changes import head_position
from fangxian.matching.actions import add_list, decide, deny, open_questions, undo, withdraw_list
from fangxian.matching.calling import naming
from fangxian.matching.models import Lead, Proposal, Reply
from fangxian.matching.problems import LeadNotThere, ListWithdrawn, ReasonMissing
from fangxian.matching.replies import hear, tally_of
from fangxian.matching.reviewing import work
from fangxian.registry.actions import merge_persons
from fangxian.submissions.actions import retract, verify
from fangxian.submissions.models import Verification

from .world import at, bring, propose, rows_of

pytestmark = pytest.mark.django_db
DING = ("丁一", "男", "990101201001010015", "10012345671", "东门三号", "")
OTHER = ("丁一", "男", "9901**********0015", "", "西门", "")
BACK = {"place": "hubei", "purpose": "visit", "returned_on": "2020-01-20"}


@pytest.fixture
def listing() -> int:
    return add_list(source="交通局", title="火车旅客", topic="returnees_hubei", by="office", now=at(1, 11))


def linked(folder: Path, listing: int, person: int, line: tuple[str, ...] = DING, day: int = 3) -> int:
    """The lead of a row that the matcher links to a person by itself."""
    bring(folder, listing, [line], day)
    (row,) = rows_of(listing)
    propose(listing, row, person, decision="auto", probability=0.99)
    return Lead.objects.get(row=row, recorded_until=None).pk


def told(
    world: World, person: int, instance: str, *, day: int, channel: str = "phone", **answers: str
) -> None:
    sheet = world.screened(instance, person, **(answers or BACK))
    receipt = world.send(sheet, campaign="screening", happened=at(day), channel=channel, now=at(day, 10))
    assert receipt.accepted, receipt.problems


def confirmed() -> set[tuple[str, str]]:
    held = Verification.objects.filter(recorded_until=None)
    return set(held.values_list("submission__instance_id", "how"))


def replies() -> list[tuple[str | None, bool]]:
    return list(Reply.objects.order_by("pk").values_list("submission__instance_id", "agrees"))


def test_an_answer_by_telephone_after_the_lead_is_verified_by_the_list(
    world: World, tmp_path: Path, listing: int
) -> None:
    linked(tmp_path, listing, world.pupils[0])
    told(world, world.pupils[0], "after", day=4)
    assert confirmed() == set()
    hear(by="office", now=at(4, 12))
    assert confirmed() == {("after", "list")}
    hear(by="office", now=at(4, 13))
    assert replies() == [("after", True)]


def test_what_was_said_before_the_lead_was_known_is_no_second_word(
    world: World, tmp_path: Path, listing: int
) -> None:
    told(world, world.pupils[0], "before", day=2)
    linked(tmp_path, listing, world.pupils[0])
    hear(by="office", now=at(4, 12))
    assert (confirmed(), replies()) == (set(), [])


def test_what_a_household_says_by_itself_is_none_either(world: World, tmp_path: Path, listing: int) -> None:
    linked(tmp_path, listing, world.pupils[0])
    told(world, world.pupils[0], "online", day=4, channel="web")
    hear(by="office", now=at(4, 12))
    assert (confirmed(), replies()) == (set(), [])


def test_an_answer_that_is_verified_anyway_is_found_when_the_list_is_matched(
    world: World, tmp_path: Path, listing: int
) -> None:
    told(world, world.pupils[0], "early", day=2)
    verify(instance_ids=["early"], how="second_call", by="office", now=at(2, 12))
    linked(tmp_path, listing, world.pupils[0])
    assert confirmed() == {("early", "second_call"), ("early", "list")}


def test_an_answer_that_says_otherwise_is_written_down_and_verifies_nothing(
    world: World, tmp_path: Path, listing: int
) -> None:
    linked(tmp_path, listing, world.pupils[0])
    told(world, world.pupils[0], "no", day=4, place="none")
    hear(by="office", now=at(4, 12))
    assert (confirmed(), replies()) == (set(), [("no", False)])


def test_where_no_lead_waits_for_an_answer_nothing_is_recorded(
    world: World, tmp_path: Path, listing: int
) -> None:
    linked(tmp_path, listing, world.pupils[0])
    told(world, world.pupils[1], "another", day=4)
    before = head_position()
    hear(by="caller", now=at(4, 12), people=[world.pupils[1]])
    assert head_position() == before


def test_who_is_not_the_person_says_so(world: World, tmp_path: Path, listing: int) -> None:
    lead = linked(tmp_path, listing, world.pupils[0])
    told(world, world.pupils[0], "sounds like it", day=4)
    hear(by="office", now=at(4, 12))
    row = deny(lead=lead, by="caller", now=at(4, 13))
    assert (confirmed(), replies()[1:]) == (set(), [(None, False)])
    assert not Lead.objects.filter(recorded_until=None).exists()
    assert work("a").queue[0].row == row, "the matcher had linked it by itself: now people decide"
    with pytest.raises(LeadNotThere):
        deny(lead=lead, by="caller", now=at(4, 14))


def test_reviewers_have_the_last_word_on_what_was_denied(world: World, tmp_path: Path, listing: int) -> None:
    lead = linked(tmp_path, listing, world.pupils[0])
    row = deny(lead=lead, by="caller", now=at(4))
    propose(listing, row, world.pupils[0], decision="auto", probability=0.99, evidence="f", day=5)
    assert not Lead.objects.filter(recorded_until=None).exists(), "whatever the matcher says again"
    say = {"row": row, "proposal": Proposal.objects.get(row=row, recorded_until=None).pk, "now": at(5)}
    for reviewer in "ab":
        decide(verdict="same", person=world.pupils[0], by=reviewer, **say)
    [again] = Lead.objects.filter(recorded_until=None)
    assert (again.person_id, again.how, work("c").queue) == (world.pupils[0], "reviewed", [])
    deny(lead=again.pk, by="caller", now=at(6))
    assert not Lead.objects.filter(recorded_until=None).exists()
    assert [waiting.row for waiting in work("a").queue] == [row], "whoever decided may decide anew"
    propose(listing, row, world.pupils[1], decision="auto", probability=0.99, evidence="g", day=7)
    [other] = Lead.objects.filter(recorded_until=None)
    assert other.person_id == world.pupils[1], "that one was never asked"


def test_who_was_denied_is_denied_under_the_number_it_was_merged_into(
    world: World, tmp_path: Path, listing: int
) -> None:
    one, other = world.pupils
    row = deny(lead=linked(tmp_path, listing, one), by="caller", now=at(4))
    merge_persons(person=one, into=other, day=at(4).date(), by="test", now=at(4))
    propose(listing, row, other, decision="auto", probability=0.99, evidence="f", day=5)
    assert not Lead.objects.filter(recorded_until=None).exists()
    assert [waiting.row for waiting in work("a").queue] == [row]


def test_a_caller_is_told_what_lists_say_of_whom_nobody_asked_yet(
    world: World, tmp_path: Path, listing: int
) -> None:
    one, other = world.pupils
    police = add_list(source="公安局", title="接触者", topic="contacts", by="office", now=at(1, 11))
    linked(tmp_path, police, world.member)
    lead = linked(tmp_path, listing, one)
    merge_persons(person=one, into=other, day=at(3).date(), by="test", now=at(3))
    asked = naming([other, world.member])
    assert {person: [(c.lead, c.source, c.topic) for c in claims] for person, claims in asked.items()} == {
        other: [(lead, "交通局", "returnees_hubei")]
    }, "a contacts' list claims nothing that is asked about"
    assert tally_of(listing).unheard == 1
    told(world, other, "no", day=4, place="none")
    hear(by="office", now=at(4, 12))
    assert (naming([other]), tally_of(listing).differ) == ({}, 1)
    deny(lead=lead, by="caller", now=at(4, 13))
    assert (tally_of(listing).differ, tally_of(listing).denied) == (0, 1)


def test_what_rests_on_a_lead_falls_with_it(world: World, tmp_path: Path, listing: int) -> None:
    bring(tmp_path, listing, [DING], 3)
    (row,) = rows_of(listing)
    say = {"row": row, "proposal": propose(listing, row, world.pupils[0]), "now": at(3)}
    decide(verdict="same", person=world.pupils[0], by="a", **say)
    decision = decide(verdict="same", person=world.pupils[0], by="b", **say)
    told(world, world.pupils[0], "after", day=4)
    hear(by="office", now=at(4, 12))
    assert confirmed() == {("after", "list")}
    undo(decision=decision, by="b", now=at(5))
    assert confirmed() == set()
    assert Verification.objects.get().recorded_until is not None


def test_a_list_that_is_withdrawn_takes_with_it_what_it_alone_knew(
    world: World, tmp_path: Path, listing: int
) -> None:
    police, another = (
        add_list(source="公安局", title=title, topic=topic, by="office", now=at(1, 11))
        for title, topic in (("核查", "roaming_hubei"), ("又一份", "returnees_hubei"))
    )
    linked(tmp_path, listing, world.pupils[0])
    linked(tmp_path, another, world.pupils[1], OTHER)
    linked(tmp_path, police, world.pupils[1])
    for instance, person in (("one", world.pupils[0]), ("two", world.pupils[1])):
        told(world, person, instance, day=4)
    hear(by="office", now=at(4, 12))
    assert confirmed() == {("one", "list"), ("two", "list")}
    withdraw_list(listing=listing, reason="发错文件", by="office", now=at(5))
    withdraw_list(listing=police, reason="发错文件", by="office", now=at(5))
    assert confirmed() == {("two", "list")}  # another list says so too
    withdraw_list(listing=another, reason="发错文件", by="office", now=at(5))
    assert confirmed() == set()


def test_nothing_is_done_with_a_list_that_was_withdrawn(world: World, tmp_path: Path, listing: int) -> None:
    bring(tmp_path, listing, [DING], 3)
    (row,) = rows_of(listing)
    proposal = propose(listing, row, world.pupils[0])
    decide(row=row, proposal=proposal, verdict="unsettled", by="a", now=at(3))
    with pytest.raises(ReasonMissing):
        withdraw_list(listing=listing, reason="  ", by="office", now=at(5))
    withdraw_list(listing=listing, reason="发错文件", by="office", now=at(5))
    assert (work("b").queue, list(open_questions())) == ([], [])
    with pytest.raises(ListWithdrawn):
        withdraw_list(listing=listing, reason="发错文件", by="office", now=at(5))
    with pytest.raises(ListWithdrawn):
        decide(row=row, proposal=proposal, verdict="not_same", by="b", now=at(5))
    with pytest.raises(ListWithdrawn):
        bring(tmp_path, listing, [OTHER], day=5)


def test_a_person_who_was_merged_is_answered_for_under_either_number(
    world: World, tmp_path: Path, listing: int
) -> None:
    linked(tmp_path, listing, world.pupils[0])
    merge_persons(person=world.pupils[0], into=world.pupils[1], day=at(3).date(), by="test", now=at(3))
    told(world, world.pupils[1], "after", day=4)
    hear(by="office", now=at(4, 12), people=[world.pupils[1]])
    assert confirmed() == {("after", "list")}


def test_what_was_retracted_says_nothing(world: World, tmp_path: Path, listing: int) -> None:
    linked(tmp_path, listing, world.pupils[0])
    told(world, world.pupils[0], "after", day=4)
    retract(instance_ids=["after"], reason="错", by="test", now=at(4, 11))
    hear(by="office", now=at(4, 12))
    assert replies() == []
