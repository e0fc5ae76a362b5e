"""What other offices' lists add to the six categories, who was found by one of them alone, and what is left
when it is taken away."""

import json
from typing import Any

from .conftest import EVENING, City

CATEGORIES = {
    "screening.university_students_back_from_hubei": "leads.university_students_back_from_hubei",
    "screening.staff_from_hubei_or_contact": "leads.staff_from_hubei_or_contact",
    "screening.staff_family_from_hubei_or_contact": "leads.staff_family_from_hubei_or_contact",
    "screening.staff_travelled_outside_province": "leads.staff_travelled_outside_province",
    "screening.students_on_internship_in_hubei": "leads.students_on_internship_in_hubei",
}
AFTER = "2020-02-12T18:40:00+08:00"
LATER = "2020-02-12T18:45:00+08:00"
Record = dict[str, Any]


def alone(record: Record) -> bool:
    return record["confirmed"] == ["list"] and len(record["lists"]) == 1


def test_every_category_that_is_asked_about_has_people_whom_a_list_alone_found(fresh_city: City) -> None:
    for figure in CATEGORIES:
        records = fresh_city.records(figure)
        assert any(alone(record) for record in records), figure
        assert any({"second_call", "document"} & set(record["confirmed"]) for record in records), figure


def test_somebody_on_several_lists_and_called_twice_is_one_person(fresh_city: City) -> None:
    figures = fresh_city.figures()
    several = 0
    for figure in CATEGORIES:
        records = fresh_city.records(figure)
        assert len({record["id"] for record in records}) == len(records) == figures[figure]
        several += sum(len(record["lists"]) > 1 for record in records)
    assert several


def test_a_list_that_is_withdrawn_takes_away_what_it_alone_knew(fresh_city: City) -> None:
    before = {figure: fresh_city.records(figure) for figure in CATEGORIES}
    lists = {each["source"]: each for each in _status(fresh_city)}
    source, title = "市交通运输局", lists["市交通运输局"]["title"]
    fresh_city.run("list", "withdraw", str(lists[source]["list"]), "--reason", "发错文件", "--at", AFTER)

    then = fresh_city.figures(EVENING, "--known-by", "2020-02-12T18:30:00+08:00", *CATEGORIES)
    now = fresh_city.figures(EVENING, "--known-by", LATER, *CATEGORIES, *CATEGORIES.values())
    for figure, leads in CATEGORIES.items():
        lost = {r["id"] for r in before[figure] if alone(r) and r["lists"] == [f"{source}《{title}》"]}
        assert then[figure] == len(before[figure]), "who asks what was known then gets what was counted then"
        assert now[figure] == then[figure] - len(lost)
        left = fresh_city.records(figure, EVENING, "--known-by", LATER)
        assert {record["id"] for record in before[figure]} - {record["id"] for record in left} == lost
        assert not any(f"{source}《{title}》" in record["lists"] for record in left)
        to_verify = {r["id"] for r in fresh_city.records(leads, EVENING, "--known-by", LATER)}
        assert lost <= to_verify, "who said so at the telephone is to be verified again"
    assert any(alone(r) and source in r["lists"][0] for records in before.values() for r in records)


def test_lists_come_in_issues_and_are_reviewed(fresh_city: City) -> None:
    status = _status(fresh_city)
    assert len(status) == 6
    assert sum(each["issues"] for each in status) == 7
    assert sum(each["auto"] for each in status) > 10
    assert all(each["waiting"] == 0 for each in status)
    assert "gone" in fresh_city.run("list", "diff", "1", "--number", "2")


def _status(city: City) -> list[dict[str, Any]]:
    return [json.loads(line) for line in city.run("list", "status", "--json").splitlines()]
