"""The policy by example."""

from collections.abc import Callable

import pytest

from fangxian.access import policy
from fangxian.access.actor import Actor, actor_of, household_actor
from fangxian.access.models import Account
from fangxian.access.problems import NotThere, NotYours
from fangxian.access.roles import roles

from .conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("field_class", "value", "mask"),
    [
        ("D", "990101201301011234", "9901**********1234"),
        ("D", "9901", "•••"),
        ("C", "10000001234", "100******34"),
        ("C", "1234", "•••"),
        ("B", "丁一二", "丁*"),
        ("E", "38.5", "•••"),
        ("F", "一句话", "•••"),
    ],
)
def test_masks_by_class(field_class: str, value: str, mask: str) -> None:
    assert policy.masked(field_class, value) == mask


# Role, over which unit, asked of which unit, purpose: the classes A to F. S shown, M masked, - not there.
EXAMPLES = """
bureau_office   xw    s1-1  people  SSMMS-
bureau_office   xw    s1-1  count   SM--S-
zone_lead       z1    s1-1  people  SM--M-
centre_school   c1    s1-1  people  SSMMM-
head            s1    s1-1  people  SSSMS-
head            s1    s2-1  people  ------
class_teacher   s1-1  s1-1  people  SSSMS-
class_teacher   s1-1  s1    people  ------
school_nurse    s1    s1-1  people  SSS-SS
inspector       z1    s1-1  people  SM----
inspector       z1    s1-1  count   SM----
caller          c1    s1-1  people  ------
caller          c1    s1-1  count   ------
auditor         xw    s1-1  people  ------
auditor         xw    s1-1  count   S-----
system_operator xw    s1-1  count   ------
head            s1    s1-1  unmask  ---S--
class_teacher   s1-1  s1-1  unmask  ------
"""
LETTERS = {policy.SHOWN: "S", policy.MASKED: "M", policy.NO: "-"}


@pytest.mark.parametrize("line", EXAMPLES.split("\n")[1:-1])
def test_by_example(opened: Callable[..., Account], small_city: dict[str, int], line: str) -> None:
    role, over, asked, purpose, expected = line.split()
    actor = actor_of(opened("somebody", role, over), now=NOW)
    said = [policy.verdict(actor, c, small_city[asked], purpose=purpose) for c in policy.CLASSES]
    assert "".join(LETTERS[verdict] for verdict in said) == expected


def test_a_wide_role_does_not_widen_a_narrow_one(
    opened: Callable[..., Account], small_city: dict[str, int]
) -> None:
    from fangxian.access.actions import grant

    account = opened("both", "caller", "xw")
    say = {"account": account, "role": "class_teacher", "unit": small_city["s1-1"], "by": "t", "now": NOW}
    grant(since=NOW.date(), **say)
    actor = actor_of(account, now=NOW)
    assert small_city["s2"] in actor.units()
    assert policy.scope(actor, "people").units == {small_city["s1-1"]}
    assert policy.shown(actor, "D", "990101201301011234", small_city["s1-1"]) == "9901**********1234"
    assert policy.shown(actor, "D", "990101201301011234", small_city["s2-1"]) == ""
    policy.require(actor, "people", small_city["s1-1"])
    with pytest.raises(NotThere):
        policy.require(actor, "people", small_city["s2-1"])
    with pytest.raises(NotYours):
        policy.require(actor, "audit")


def test_a_family_sees_its_own(small_city: dict[str, int]) -> None:
    actor = Actor("household:1", household=1, members=frozenset({7}))
    assert [LETTERS[policy.family_verdict(actor, c, 7)] for c in "ABCDEF"] == list("SSSMSS")
    assert {policy.family_verdict(actor, c, 8) for c in "ABCDEF"} == {policy.NO}
    assert not policy.may(household_actor(1, now=NOW), "count")


def test_the_tables_speak_of_roles_classes_and_verdicts_that_exist() -> None:
    for purpose in policy.purposes().values():
        assert set(purpose.roles) <= {*roles(), "console", "*"}, purpose.code
        assert purpose.relation in ("reach", "whole", "household", "self", "found")
        assert set(purpose.logged) <= set(policy.CLASSES)
        for verdicts in purpose.roles.values():
            assert set(verdicts) <= set(policy.CLASSES)
    assert set(roles()) <= {role for purpose in policy.purposes().values() for role in purpose.roles}


def test_records_of_health_are_known() -> None:
    assert policy.of_health("screening.any_category") and policy.of_health("coverage.care")
    assert not policy.of_health("screening.rounds") and not policy.of_health("coverage.screening")
