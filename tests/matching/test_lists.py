"""Issues of a list, what is decided about its rows, and the leads that come of it, by example."""

from pathlib import Path

import pytest

from fangxian.kernel.problems import Problem
from fangxian.matching.actions import add_list, answer, decide, open_questions, undo
from fangxian.matching.identity import same_rows
from fangxian.matching.models import Appearance, Decision, Lead, List, Reopening, RowState
from fangxian.matching.problems import (
    DecidedAlready,
    IssueKnown,
    ListTaken,
    NothingToUndo,
    PersonNotProposed,
    ProposalChanged,
    SettledAlready,
)
from fangxian.registry.actions import NewPerson, enrol
from fangxian.registry.models import KeptFile

from .world import at, bring, propose, rows_of

pytestmark = pytest.mark.django_db

DING = ("丁一", "男", "990101201001010015", "10012345671", "东门三号", "")
WANG = ("王二", "女", "", "10012345672", "西门", "")
LI = ("李三", "男", "9901**********0033", "", "", "座位5")


@pytest.fixture
def listing() -> int:
    return add_list(source="交通局", title="火车旅客", topic="returnees", by="office", now=at(1))


@pytest.fixture
def sensitive() -> int:
    return add_list(source="疾控中心", title="密接", topic="contacts", by="office", now=at(1))


@pytest.fixture
def people() -> list[int]:
    return enrol(people=[NewPerson("丁一"), NewPerson("丁逸"), NewPerson("王二")], by="test", now=at(1))


def leads() -> list[tuple[int, int, str]]:
    return list(Lead.objects.filter(recorded_until=None).values_list("row_id", "person_id", "how"))


# ------------------------------------------------------------------------------------ issues


NUMBER, SEEN = {"id_number": "9" * 18}, {"id_number": "99**11"}
ONE, OTHER = {"name": "丁一"}, {"name": "丁逸"}
PHONE = {"phone": "1"}
SAME = [
    ("nothing changed", ONE | PHONE, ONE | PHONE),
    ("a name mended, the number whole", ONE | NUMBER, OTHER | NUMBER),
    ("a number added", ONE | PHONE, ONE | PHONE | NUMBER),
    ("a phone taken away", ONE | SEEN | PHONE, ONE | SEEN),
    ("a name alone mended", ONE | PHONE, OTHER | PHONE),
    ("a phone alone mended", ONE | PHONE, ONE | {"phone": "2"}),
]


@pytest.mark.parametrize(("_why", "before", "after"), SAME, ids=[each[0] for each in SAME])
def test_a_row_is_recognised(_why: str, before: dict[str, str], after: dict[str, str]) -> None:
    assert same_rows({7: before, 8: {"name": "王二"}}, [{"name": "新来"}, after]) == [None, 7]


def test_rows_that_say_the_same_are_each_their_own() -> None:
    twice = {"name": "丁一", "id_number": "9" * 18}
    seat = twice | {"note": "5"}
    assert same_rows({1: twice, 2: twice}, [twice, twice, twice]) == [1, 2, None]
    assert same_rows({1: twice, 2: seat}, [seat | {"phone": "1"}, twice | {"phone": "1"}]) == [2, 1]


def test_the_next_issue_shows_what_is_new_gone_and_changed(tmp_path: Path, listing: int) -> None:
    first = bring(tmp_path, listing, [DING, WANG])
    assert (first.number, first.rows, first.new) == (1, 2, 2)
    second = bring(tmp_path, listing, [LI, (*DING[:3], "10012345679", *DING[4:])], day=3)
    assert (second.new, second.changed, second.gone, second.same) == (1, 1, 1, 0)
    third = bring(tmp_path, listing, [LI, WANG], day=4)
    assert (third.new, third.returned, third.changed, third.gone, third.same) == (0, 1, 0, 1, 1)
    assert len(rows_of(listing)) == 3


def test_where_a_row_came_from_stays_visible(tmp_path: Path, listing: int) -> None:
    bring(tmp_path, listing, [DING, WANG])
    bring(tmp_path, listing, [WANG, DING], day=3)
    ding = rows_of(listing)[0]
    seen = Appearance.objects.filter(row=ding).order_by("issue__number")
    assert [(each.issue.number, each.number) for each in seen] == [(1, 2), (2, 3)]
    state = RowState.objects.get(row=ding)
    assert state.issue.number == 1
    assert state.issue.file.name == f"list-{listing}-2.csv"
    assert KeptFile.objects.get(pk=state.issue.file_id).source == "交通局"


def test_nothing_of_a_row_lies_open_in_the_ledger(tmp_path: Path, listing: int) -> None:
    bring(tmp_path, listing, [DING])
    state = RowState.objects.get()
    for value in filter(None, DING):
        assert value.encode() not in bytes(state.sealed)


def test_the_same_file_is_no_next_issue(tmp_path: Path, listing: int) -> None:
    bring(tmp_path, listing, [DING])
    with pytest.raises(IssueKnown):
        bring(tmp_path, listing, [DING], day=3)


def test_an_office_has_a_title_once(listing: int) -> None:
    with pytest.raises(ListTaken):
        add_list(source="交通局", title="火车旅客", topic="other", by="office", now=at(2))
    assert List.objects.get().source.name == "交通局"


# ------------------------------------------------------------------------------------ decisions


def test_what_the_matcher_links_is_a_lead_until_people_decide(
    tmp_path: Path, listing: int, people: list[int]
) -> None:
    bring(tmp_path, listing, [DING])
    (row,) = rows_of(listing)
    proposal = propose(listing, row, people[0], people[1], decision="auto", probability=0.99)
    assert leads() == [(row, people[0], "auto")]
    decision = decide(row=row, proposal=proposal, verdict="not_same", by="a", now=at(4))
    assert leads() == []
    undo(decision=decision, by="a", now=at(4))
    assert leads() == [(row, people[0], "auto")]


def test_a_row_that_is_reviewed_is_a_lead_when_somebody_says_who(
    tmp_path: Path, listing: int, people: list[int]
) -> None:
    bring(tmp_path, listing, [DING])
    (row,) = rows_of(listing)
    proposal = propose(listing, row, people[0], people[1])
    assert leads() == []
    with pytest.raises(PersonNotProposed):
        decide(row=row, proposal=proposal, verdict="same", person=people[2], by="a", now=at(4))
    decision = decide(row=row, proposal=proposal, verdict="same", person=people[1], by="a", now=at(4))
    assert leads() == [(row, people[1], "reviewed")]
    with pytest.raises(DecidedAlready):
        decide(row=row, proposal=proposal, verdict="not_same", by="a", now=at(4))
    with pytest.raises(SettledAlready):
        decide(row=row, proposal=proposal, verdict="not_same", by="b", now=at(4))
    with pytest.raises(NothingToUndo):
        undo(decision=decision, by="b", now=at(4))
    undo(decision=decision, by="a", now=at(4))
    assert leads() == []
    assert Decision.objects.count() == 2


def test_a_sensitive_list_wants_two_who_agree(tmp_path: Path, sensitive: int, people: list[int]) -> None:
    bring(tmp_path, sensitive, [DING])
    (row,) = rows_of(sensitive)
    say = {"row": row, "proposal": propose(sensitive, row, *people[:2]), "now": at(4)}
    decide(verdict="same", person=people[0], by="a", **say)
    assert leads() == []
    decide(verdict="not_same", by="b", **say)
    assert leads() == []
    decide(verdict="same", person=people[0], by="c", **say)
    assert leads() == [(row, people[0], "reviewed")]


# ------------------------------------------------------------------------------------ the next issue


def test_decisions_hold_where_nothing_they_rest_on_changed(
    tmp_path: Path, listing: int, people: list[int]
) -> None:
    bring(tmp_path, listing, [DING, WANG])
    ding, wang = rows_of(listing)
    for row, person in ((ding, people[0]), (wang, people[2])):
        proposal = propose(listing, row, person, day=4)
        decide(row=row, proposal=proposal, verdict="same", person=person, by="a", now=at(4))
    bring(tmp_path, listing, [(*DING[:5], "换了座位"), (*WANG[:3], "10012345679", *WANG[4:])], day=5)
    propose(listing, ding, people[0], day=6)
    propose(listing, wang, people[2], evidence="another phone", day=6)
    assert leads() == [(ding, people[0], "reviewed")]
    assert [(r.decision.row_id, r.why) for r in Reopening.objects.all()] == [(wang, "evidence")]
    assert Decision.objects.count() == 2


def test_a_row_that_changed_is_matched_before_it_is_decided(
    tmp_path: Path, listing: int, people: list[int]
) -> None:
    bring(tmp_path, listing, [DING])
    (row,) = rows_of(listing)
    proposal = propose(listing, row, people[0])
    bring(tmp_path, listing, [(*DING[:3], "10012345679", *DING[4:])], day=4)
    with pytest.raises(ProposalChanged):
        decide(row=row, proposal=proposal, verdict="same", person=people[0], by="a", now=at(5))


def test_what_is_gone_keeps_its_lead_and_is_known_again(
    tmp_path: Path, listing: int, people: list[int]
) -> None:
    bring(tmp_path, listing, [DING, WANG])
    ding = rows_of(listing)[0]
    proposal = propose(listing, ding, people[0])
    decide(row=ding, proposal=proposal, verdict="same", person=people[0], by="a", now=at(4))
    bring(tmp_path, listing, [WANG], day=5)
    assert leads() == [(ding, people[0], "reviewed")]
    bring(tmp_path, listing, [WANG, DING], day=6)
    propose(listing, ding, people[0], day=6)
    assert leads() == [(ding, people[0], "reviewed")]
    assert not Reopening.objects.exists()


def test_what_cannot_be_settled_is_asked_and_comes_back(
    tmp_path: Path, listing: int, people: list[int]
) -> None:
    bring(tmp_path, listing, [DING])
    (row,) = rows_of(listing)
    proposal = propose(listing, row, people[0], decision="auto")
    decide(row=row, proposal=proposal, verdict="unsettled", by="a", now=at(4))
    assert leads() == []
    (question,) = open_questions()
    assert question.person_id == people[0]
    answer(question=question.pk, told="yes", note="母亲说是他", by="caller", now=at(5))
    assert not open_questions()
    assert leads() == [(row, people[0], "auto")]
    decide(row=row, proposal=proposal, verdict="same", person=people[0], by="a", now=at(6))
    assert leads() == [(row, people[0], "reviewed")]
    with pytest.raises(Problem):
        answer(question=question.pk, told="no", by="caller", now=at(6))
