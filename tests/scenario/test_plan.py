"""A planned city is whole: every seat is taken once, every unit lies where it must."""

from collections import Counter

import numpy as np
import pytest

from fangxian.registry.kinds import KEY_AREAS, RELATIONS, ROLES
from fangxian.scenario.city import OTHER, PUPIL, STAFF
from fangxian.scenario.city import RELATIONS as USED
from fangxian.scenario.clockwork import LAST_ROUND_CLOSES, windows, working_minutes
from fangxian.scenario.draws import allot, share_out
from fangxian.scenario.findings import CATEGORIES, F, I, N, S, T, U
from fangxian.scenario.layout import administrative_units, response_units, zone_covers
from fangxian.scenario.lists import Issue, draw_lists
from fangxian.scenario.problems import ImpossibleFacts

from .conftest import Plan, plan


def test_units_have_codes_of_their_own_and_parents_that_exist(planned: Plan) -> None:
    units = [*administrative_units(planned.layout, 1), *planned.lines.units, *response_units(planned.layout)]
    codes = Counter(unit.code for unit in units)
    assert max(codes.values()) == 1
    assert all(unit.parent in codes for unit in units if unit.parent)
    assert max(len(unit.name) for unit in units) <= 80


def test_zones_cover_each_place_once(planned: Plan) -> None:
    covered = Counter(c.covered for c in zone_covers(planned.layout) if c.kind == "zone")
    kinds = ("centre", "school", "teaching_point", "office", "institution", "venue")
    places = {unit.code for unit in administrative_units(planned.layout, 1) if unit.kind in kinds}
    assert set(covered) == places
    assert set(covered.values()) == {1}


def test_every_school_declares_five_areas_and_has_classes(planned: Plan) -> None:
    layout = planned.layout
    for school in layout.schools:
        assert set(school.areas) == set(KEY_AREAS)
        assert sum(layout.classes[c].size for c in school.classes) == school.pupils
    points = [s.pupils for s in layout.schools if s.kind == "teaching_point"]
    assert min(points) == 9


def test_people_are_as_many_as_told(planned: Plan) -> None:
    targets, city, moves = planned.targets, planned.city, planned.moves
    kinds = Counter(city.kind.tolist())
    assert kinds[PUPIL] - len(moves.leavers) == targets.of("students.pupils")
    assert kinds[STAFF] == targets.of("staff.mobilised")
    numbers = [number for number in city.id_number if number]
    assert len(set(numbers)) == len(numbers)


def test_everybody_lives_in_one_household(planned: Plan) -> None:
    city = planned.city
    new = len({n.person for n in planned.findings.newcomers}) + len(planned.moves.joiners)
    homes = Counter(city.member_person.tolist())
    assert set(homes.values()) == {1}
    assert len(homes) == city.people - new
    assert (np.diff(city.first_member) > 0).all()
    asked = np.zeros(city.households, dtype=bool)
    asked[city.member_household[city.kind[city.member_person] < OTHER - 1]] = True
    assert asked.all(), "each household has a pupil or one of the staff"


def test_members_of_the_lines_fit_their_seats(planned: Plan) -> None:
    targets, lines, city = planned.targets, planned.lines, planned.city
    assert (
        len(lines.party_members)
        == len({who for who, _b in lines.party_members})
        == targets.of("party.members")
    )
    assert set(range(len(lines.party_branches))) == {branch for _who, branch in lines.party_members}
    assert (lines.pioneer_in >= 0).sum() == targets.of("pioneers.members")
    assert (lines.league_in >= 0).sum() == targets.of("league.members")
    assert not ((lines.pioneer_in >= 0) & (lines.league_in >= 0)).any()
    for pupil in np.flatnonzero(lines.pioneer_in >= 0)[:200].tolist():
        assert lines.squadron_class[lines.pioneer_in[pupil]] == city.pupil_class[pupil]


def test_nobody_answers_for_a_unit_beside_another(planned: Plan) -> None:
    answers = Counter(
        u for posts in planned.lines.posts.values() for u, role, _s in posts if role == "first_responsible"
    )
    assert max(answers.values()) == 1
    heads = {u for posts in planned.lines.posts.values() for u, role, _s in posts if role == "head"}
    assert {school.code for school in planned.layout.schools} <= heads
    roles = {role for posts in planned.lines.posts.values() for _u, role, _s in posts}
    assert roles <= set(ROLES)
    assert set(USED) <= set(RELATIONS)


def test_each_category_holds_whom_it_is_to_hold_and_they_overlap(planned: Plan) -> None:
    findings, targets = planned.findings, planned.targets
    assert {c: len(findings.counted[c]) for c in CATEGORIES} == {c: targets.of(c) for c in CATEGORIES}
    assert findings.counted[S] & findings.counted[T]
    assert findings.counted[S] & findings.counted[N]
    assert all(findings.leads[c] for c in (U, S, F, T, I))
    for category in CATEGORIES:
        assert not findings.leads[category] & findings.counted[category]
        assert not (findings.retract | findings.correct) & findings.counted[category]
        called = findings.counted[category] - findings.listed_only.keys()
        assert all(any((p, r) in findings.verify for r in range(1, 13)) for p in called)


def test_a_few_of_each_category_are_known_by_one_list_alone_with_their_whole_number(planned: Plan) -> None:
    """Whoever else is counted has a call or a document that hangs on no list."""
    findings, city = planned.findings, planned.city
    lists = draw_lists(city, findings, 1)
    for category in (U, S, F, T, I):
        alone = findings.counted[category] & findings.listed_only.keys()
        assert 1 <= len(alone) <= max(1, len(findings.counted[category]) // 25), category
    for person, office in findings.listed_only.items():
        rows = [
            (issue.office.key, cells)
            for issue in lists.evening
            for cells, who in _rows(issue)
            if who == person
        ]
        assert {key for key, _cells in rows} == {office}
        assert all({city.name[person], city.id_number[person]} <= set(cells) for _key, cells in rows)


def test_lists_name_nobody_whose_answers_are_to_stay_unverified(planned: Plan) -> None:
    findings = planned.findings
    named = {who for issue in draw_lists(planned.city, findings, 1).evening for who in issue.truth}
    assert len(named) > 10
    for left in (*findings.leads.values(), findings.retract, findings.correct):
        assert not named & left


def test_offices_send_mostly_strangers_and_err(planned: Plan) -> None:
    city = planned.city
    for issue in draw_lists(city, planned.findings, 1).evening:
        assert issue.truth.count(-1) > len(issue.truth) / 2
    ours = [
        (cells, who)
        for seed in range(5)
        for cells, who in _rows(draw_lists(city, planned.findings, seed).evening[0])
        if who >= 0
    ]
    assert any(cells[0] != city.name[who] for cells, who in ours)
    assert any(cells[1] != city.id_number[who] for cells, who in ours)


def _rows(issue: Issue) -> list[tuple[list[str], int]]:
    return list(zip(issue.rows, issue.truth, strict=True))


def test_one_seed_is_one_city_and_another_is_another() -> None:
    one, same, other = plan(0.01, 5), plan(0.01, 5), plan(0.01, 6)
    assert one.city.name == same.city.name != other.city.name
    assert (one.findings.place == same.findings.place).all()
    assert one.lines.posts == same.lines.posts


@pytest.mark.parametrize("rounds", [1, 2, 5, 12, 17])
def test_rounds_follow_one_another_to_the_evening_of_the_report(rounds: int) -> None:
    plan_of = windows(rounds)
    assert [w.number for w in plan_of] == list(range(1, rounds + 1))
    assert plan_of[-1].closes == LAST_ROUND_CLOSES
    for earlier, later in zip(plan_of, plan_of[1:], strict=False):
        assert earlier.opens < earlier.closes < later.opens
    assert all(len(working_minutes(w.opens, w.closes)) > 400 for w in plan_of)


def test_more_rounds_than_days_are_impossible() -> None:
    with pytest.raises(ImpossibleFacts):
        windows(18)


def test_sharing_out() -> None:
    assert allot(10, [1, 1, 1]).tolist() == [4, 3, 3]
    assert allot(10, [8, 1, 1], least=2).sum() == 10
    assert share_out(9, np.array([2, 3, 4]), 1, "seats").tolist() == [2, 3, 4]
    with pytest.raises(ImpossibleFacts):
        share_out(10, np.array([2, 3, 4]), 1, "seats")
    with pytest.raises(ImpossibleFacts):
        allot(2, [1, 1, 1], least=1)
