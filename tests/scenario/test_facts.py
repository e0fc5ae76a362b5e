"""The facts that a city is built from, and what becomes of them at a scale."""

import os
from pathlib import Path

import pytest

from fangxian.scenario.expected import expected
from fangxian.scenario.facts import XUANWEI, Targets, read_facts
from fangxian.scenario.problems import FactsUnreadable, ImpossibleFacts

SHARED = Path(os.environ.get("FANGXIAN_SHARED") or Path(__file__).parents[3] / "shared")
ORIGINAL = SHARED / "facts" / XUANWEI.name


@pytest.mark.skipif(not ORIGINAL.exists(), reason="the facts' original is not on this machine")
def test_the_facts_are_a_copy_of_the_original() -> None:
    assert XUANWEI.read_bytes() == ORIGINAL.read_bytes()


def test_the_full_city_is_expected_to_come_to_the_facts() -> None:
    facts = read_facts()
    assert len(facts.told) == 34
    wanted = expected(facts)
    assert set(wanted) == set(facts.told)
    for figure, told in facts.told.items():
        if "value" in told:
            assert wanted[figure] == told["value"], figure
        else:
            assert told["above"] < wanted[figure] < told["below"]


def test_a_small_city_keeps_how_the_response_was_organised() -> None:
    small = expected(read_facts(), 0.01)
    assert (small["command.zones"], small["command.commandos"], small["screening.rounds"]) == (6, 48, 12)
    assert small["students.pupils"] == 2566
    assert small["environment.schools_disinfected"] == small["students.schools"] == 8


@pytest.mark.parametrize("text", ["figure = 3", "[[figure]]\nid = 'a'\nvalue = -1", "", "=", "figure = [3]"])
def test_facts_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "facts.toml"
    file.write_text(text)
    with pytest.raises(FactsUnreadable) as caught:
        read_facts(file)
    assert "facts.toml" in str(caught.value)


def test_a_fact_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "facts.toml"
    file.write_text(XUANWEI.read_text("utf-8").replace('id = "party.members"', 'id = "party.friends"'))
    with pytest.raises(FactsUnreadable, match=r"party\.members"):
        Targets(read_facts(file), 1).of("party.members")


def test_more_full_schools_than_schools_is_impossible(tmp_path: Path) -> None:
    file = tmp_path / "facts.toml"
    file.write_text(XUANWEI.read_text("utf-8").replace("value = 453", "value = 900"))
    with pytest.raises(ImpossibleFacts):
        _ = Targets(read_facts(file), 1).points
