"""What the one way in accepts, once; and what it refuses, whole, by name, and lists."""

from datetime import date

import pytest

from fangxian.kernel.changes import head_position
from fangxian.registry.actions import NewPerson, transfer
from fangxian.registry.models import Membership, Person
from fangxian.submissions import intake_problems
from fangxian.submissions.actions import Sheet, retract, verify, withdraw
from fangxian.submissions.models import Refusal, Revision, Submission, Verification

from .conftest import World, at


def codes(receipt) -> list[str]:
    return [problem.code for _instance, problem in receipt.problems]


def test_a_pledge_is_appended_with_both_times(world: World) -> None:
    receipt = world.send(world.pledge())
    row = Submission.objects.get()
    assert (receipt.accepted, receipt.already, receipt.submissions) == (True, False, [row.pk])
    assert (row.happened, row.received, row.unit, row.late) == (at(10, 8), at(10), world.units["pb"], False)
    assert row.recorded == head_position()


def test_the_same_again_is_accepted_once_and_other_content_is_a_conflict(world: World) -> None:
    first = world.send(world.pledge())
    again = world.send(world.pledge(), now=at(10, 12))
    assert (again.accepted, again.already, again.submissions) == (True, True, first.submissions)
    other = world.send(world.pledge(reporter=world.member), now=at(10, 12))
    assert (other.accepted, codes(other)) == (False, ["instance-conflict"])
    assert Submission.objects.count() == 1


def test_twice_in_one_batch_is_once(world: World) -> None:
    same = world.envelope(world.pledge())
    other = world.envelope(world.pledge(reporter=world.member))
    receipts = world.send_all([same, same, other], now=at(10))
    assert [r.accepted for r in receipts] == [True, True, False]
    assert Submission.objects.count() == 1


@pytest.mark.parametrize(
    ("sheet", "envelope", "code"),
    [
        ({}, {"campaign": "nowhere"}, "unknown-campaign"),
        ({}, {"version": "7"}, "unknown-form-version"),
        ({}, {"round": 3}, "unknown-round"),
        ({}, {"happened": at(10, 12)}, "happened-in-future"),
        ({}, {"happened": at(1, 8)}, "not-yet-open"),
        ({"answers": {"signed": "perhaps"}}, {}, "answers-against-form"),
        ({"answers": {}}, {}, "answers-against-form"),
        ({"answers": {"signed": "yes", "shoe": 43}}, {}, "answers-against-form"),
        ({"subject_kind": "unit", "subject": 2}, {}, "outside-audience"),
        ({"subject": 999}, {}, "outside-audience"),
        ({"supersedes": "p-0"}, {}, "unknown-instance"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_listed(world: World, sheet, envelope, code) -> None:
    receipt = world.send(world.pledge(**sheet), **envelope)
    assert codes(receipt) == [code]
    assert receipt.problems[0][1].sentence()
    assert list(Refusal.objects.values_list("instance_id", "code")) == [("p-1", code)]
    assert not Submission.objects.exists()


def test_after_the_close_is_refused_but_late_arrival_is_kept_and_marked(world: World) -> None:
    assert codes(world.send(world.pledge(), happened=at(11, 10), now=at(12))) == ["campaign-closed"]
    assert world.send(world.pledge("p-2"), now=at(12)).accepted
    assert Submission.objects.get().late


def test_an_envelope_is_taken_whole_or_not_at_all_and_spares_its_neighbours(world: World) -> None:
    one, two = world.pupils
    good = [world.screened("a", one), world.screened("b", two)]
    bad = [world.screened("c", one), world.screened("d", two, temperature=60)]
    terms = {"campaign": "screening", "happened": at(3), "envelope_id": "home"}
    receipts = world.send_all([world.envelope(*bad, **terms), world.envelope(*good, **terms)], now=at(3, 12))
    assert [r.accepted for r in receipts] == [False, True]
    assert set(Submission.objects.values_list("instance_id", "household", "envelope_id")) == {
        ("a", world.household, "home"),
        ("b", world.household, "home"),
    }


def test_a_listed_round_asks_those_on_its_list_alone(world: World) -> None:
    receipt = world.send(world.screened("a", world.pupils[0]), campaign="screening", round=2)
    assert codes(receipt) == ["outside-audience"]


def test_only_members_are_answered_for_in_a_household(world: World) -> None:
    terms = {"campaign": "screening", "happened": at(3), "now": at(3, 12)}
    assert codes(world.send(world.screened("a", world.member), **terms)) == ["not-in-household"]
    assert world.send(world.screened("b", world.grandmother, occupation="other"), **terms).accepted


def test_an_answer_may_name_a_new_member(world: World) -> None:
    student = NewPerson("丁大", birth_year=1999, phone="10012345678")
    sheet = world.screened(
        "a", 0, occupation="university", place="hubei", returned_on="2020-01-20", purpose="study"
    )
    named = [
        Sheet(i, "person", 0, sheet.answers, household=world.household, member=(student, "grown_child"))
        for i in "ab"
    ]
    people = Person.objects.count()
    terms = {"campaign": "screening", "happened": at(3), "now": at(3, 12)}
    bad = Sheet(
        "c", "person", 0, {"outcome": "?"}, household=world.household, member=(student, "grown_child")
    )
    assert not world.send(bad, **terms).accepted
    assert Person.objects.count() == people
    assert world.send(named[0], **terms).accepted
    assert world.send(named[1], **terms).accepted
    assert Person.objects.count() == people + 1
    assert Membership.objects.filter(household=world.household).count() == 4
    assert Submission.objects.values("subject").distinct().count() == 1


def test_the_audience_is_that_of_the_day_on_which_it_happened(world: World) -> None:
    transfer(person=world.pupils[0], to_unit=world.units["k2"], day=date(2020, 2, 4), by="test", now=at(4))
    for instance, day in (("a", 3), ("b", 4)):
        sheet = world.screened(instance, world.pupils[0])
        world.send(sheet, campaign="screening", happened=at(day), now=at(4, 12))
    assert dict(Submission.objects.values_list("instance_id", "household")) == dict.fromkeys(
        "ab", world.household
    )
    retired = world.send(
        Sheet("h", "unit", world.units["k1"], {"done": "yes"}), campaign="hygiene", happened=at(4)
    )
    assert codes(retired) == ["outside-audience"]


def test_a_correction_supersedes_once(world: World) -> None:
    world.send(world.pledge())
    fixed = world.pledge("p-2", supersedes="p-1", reporter=world.member)
    assert world.send(fixed, now=at(12)).accepted
    assert list(Revision.objects.values_list("submission__instance_id", "kind")) == [("p-1", "superseded")]
    again = world.pledge("p-3", supersedes="p-1")
    assert codes(world.send(again, now=at(12))) == ["already-revised"]
    stranger = world.screened("p-4", world.pupils[0])
    wrong = Sheet("p-4", "person", world.pupils[0], stranger.answers, world.household, supersedes="p-2")
    refused = world.send(wrong, campaign="screening", happened=at(3), now=at(12))
    assert codes(refused) == ["other-subject"]


def test_retract_withdraw_and_verify(world: World) -> None:
    world.send(world.pledge())
    world.send(world.pledge("p-2"))
    verify(instance_ids=["p-1"], how="document", by="nurse", now=at(11))
    assert Verification.objects.get().at == at(11)
    retract(instance_ids=["p-1"], reason="wrong person", by="test", now=at(11))
    with pytest.raises(intake_problems.AlreadyRevised):
        withdraw(instance_ids=["p-1"], day=date(2020, 2, 11), reason="", by="test", now=at(11))
    with pytest.raises(intake_problems.WithdrawnBefore):
        withdraw(instance_ids=["p-2"], day=date(2020, 2, 9), reason="", by="test", now=at(11))
    withdraw(instance_ids=["p-2"], day=date(2020, 2, 11), reason="", by="test", now=at(11))
    with pytest.raises(intake_problems.UnknownInstance):
        retract(instance_ids=["p-9"], reason="", by="test", now=at(11))
    assert set(Revision.objects.values_list("kind", "day")) == {
        ("retracted", None),
        ("withdrawn", date(2020, 2, 11)),
    }


def test_answers_are_verified_in_the_order_in_which_they_are_named(world: World) -> None:
    """PostgreSQL gives rows in an order of its own; the same act leaves the same rows everywhere."""
    names = [f"p-{n}" for n in range(9)]
    for name in names:
        world.send(world.pledge(name))
    named = [*reversed(names), names[0]]
    verify(instance_ids=named, how="document", by="nurse", now=at(11))
    kept = Verification.objects.order_by("pk").values_list("submission__instance_id", flat=True)
    assert list(kept) == names[::-1]


def test_the_checks_cost_the_same_queries_for_one_sheet_and_for_many(
    world, django_assert_max_num_queries
) -> None:
    def batch(prefix: str, size: int) -> list:
        sheets = [world.pledge(f"{prefix}-{n}") for n in range(size)]
        return [world.envelope(sheet) for sheet in sheets]

    with django_assert_max_num_queries(30) as one:
        world.send_all(batch("a", 1), now=at(10))
    with django_assert_max_num_queries(len(one)):
        world.send_all(batch("b", 200), now=at(10))
