"""The rules as data, and that their two meanings agree."""

from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.screening.problems import BadRule
from fangxian.screening.rules import as_expression, as_predicate, load_rules

ANSWERS = ("place", "purpose", "returned_on", "contact_hubei", "occupation")
ROWS = st.fixed_dictionaries(
    {
        "place": st.sampled_from([None, "none", "hubei", "other_province"]),
        "purpose": st.sampled_from([None, "tourism", "internship", "home"]),
        "returned_on": st.sampled_from([None, "2020-01-20"]),
        "contact_hubei": st.sampled_from([None, "yes", "no"]),
        "occupation": st.sampled_from([None, "pupil", "staff", "university", "other"]),
        "staff": st.booleans(),
        "pupil": st.booleans(),
        "staff_in_household": st.booleans(),
    }
)
ANSWERED = [rule for rule in load_rules() if not rule.from_registry]


def test_the_six_categories_are_there() -> None:
    assert [rule.id for rule in load_rules()] == [
        "university_students_back_from_hubei",
        "staff_from_hubei_or_contact",
        "staff_family_from_hubei_or_contact",
        "staff_travelled_outside_province",
        "teachers_native_of_hubei",
        "students_on_internship_in_hubei",
    ]


@given(st.lists(ROWS, min_size=1, max_size=30))
def test_the_expression_and_plain_python_agree(rows: list[dict[str, object]]) -> None:
    frame = nw.from_native(_table(rows)).lazy()
    for rule in ANSWERED:
        found = frame.select(holds=as_expression(rule)).collect()["holds"].to_list()
        assert found == [as_predicate(rule)(row) for row in rows], rule.id


@given(st.lists(ROWS, min_size=1, max_size=30))
def test_what_the_answers_rule_out_the_whole_rule_does(rows: list[dict[str, object]]) -> None:
    frame = nw.from_native(_table(rows)).lazy()
    for rule in ANSWERED:
        alone = frame.select(may=as_expression(rule, ANSWERS) | nw.lit(False)).collect()["may"].to_list()
        assert all(may for may, row in zip(alone, rows, strict=True) if as_predicate(rule)(row))


def _table(rows: list[dict[str, object]]) -> pa.Table:
    kinds = {name: pa.bool_() if isinstance(value, bool) else pa.string() for name, value in rows[0].items()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


@pytest.mark.parametrize(
    "rule",
    [
        'id = "x"',
        'id = "x"\nall = [{ field = "name", is = "y" }]',
        'id = "x"\nall = [{ field = "place", like = "y" }]',
        'id = "x"\nall = [{ field = "place", given = false }]',
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_by_name(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f"[[category]]\n{rule}\n")
    with pytest.raises(BadRule) as refused:
        load_rules(path)
    assert refused.value.facts["category"] == "x"
