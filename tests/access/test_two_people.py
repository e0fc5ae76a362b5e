"""What wants two people is not done by one person with two accounts."""

from pathlib import Path
from typing import Any

import pytest
from tests.matching.world import bring, propose, rows_of

from fangxian.access.actor import actor_of
from fangxian.access.people import aliases
from fangxian.matching.actions import add_list, decide
from fangxian.matching.problems import DecidedAlready
from fangxian.publishing.actions import approve_draft, open_draft
from fangxian.publishing.make_template import TEMPLATE
from fangxian.publishing.problems import OwnDraft, StepOutOfTurn
from fangxian.registry.actions import NewPerson, enrol

from .conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhou(small_city: dict[str, int], opened: Any) -> Any:  # noqa: F811
    """Of somebody with two accounts, and of somebody else, the actor of each name."""
    [person] = enrol(people=[NewPerson("周")], by="test", now=NOW)
    opened("zhou-office", "bureau_office", "xw", person=person)
    opened("zhou-signs", "signatory", "xw", person=person)
    opened("wu", "signatory", "xw")
    from fangxian.access.models import Account

    return lambda name: actor_of(Account.objects.get(username=name), now=NOW)


def test_the_accounts_of_one_person_are_known_as_hers_alone(zhou: Any) -> None:
    assert aliases(zhou("zhou-signs")) == {"zhou-office", "zhou-signs"}
    assert aliases(zhou("wu")) == {"wu"}


def test_who_drafted_does_not_approve_by_another_account(zhou: Any) -> None:
    draft = open_draft(template=Path(TEMPLATE).read_bytes(), by="zhou-office", now=NOW)
    signs = zhou("zhou-signs")
    with pytest.raises(OwnDraft) as refused:
        approve_draft(draft=draft.pk, by=signs.name, also=aliases(signs), now=NOW)
    assert refused.value.facts["by"] == "zhou-office"
    with pytest.raises(StepOutOfTurn):  # somebody else may; it is only not checked yet
        approve_draft(draft=draft.pk, by="wu", also=aliases(zhou("wu")), now=NOW)


def test_the_second_reviewer_is_a_second_person(zhou: Any, tmp_path: Path) -> None:
    listing = add_list(source="疾控中心", title="密接", topic="contacts", by="office", now=NOW)
    people = enrol(people=[NewPerson("丁一")], by="test", now=NOW)
    bring(tmp_path, listing, [("丁一", "男", "", "10012345671", "东门", "")], day=10)
    [row] = rows_of(listing)
    told = {"row": row, "proposal": propose(listing, row, *people, day=10), "verdict": "not_same", "now": NOW}
    decide(by="zhou-office", also=aliases(zhou("zhou-office")), **told)
    with pytest.raises(DecidedAlready):
        decide(by="zhou-signs", also=aliases(zhou("zhou-signs")), **told)
    decide(by="wu", also=aliases(zhou("wu")), **told)
