"""Answers become typed columns, version by version; what cannot be one column is refused by name."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.figures.sync import check_lake, sync_lake
from fangxian.kernel.home import Home
from fangxian.lake.answers import coded_questions, quoted, read_forms
from fangxian.lake.problems import QuestionChanged
from fangxian.lake.reader import Lake

from .world import World, lake_rows, plain_lake


def question(name: str, kind: str, field: str = "A") -> dict[str, str]:
    return {"name": name, "type": kind, "class": field}


def answers(home: Home, form: str) -> list[dict[str, Any]]:
    relation = Lake(home).relation(f"answers/{form}").order("submission")
    names = [name for name in relation.columns if name == "version" or name.startswith("a_")]
    return [
        dict(zip(names, row, strict=True))
        for row in relation.project(", ".join(quoted(name) for name in names)).fetchall()
    ]


def test_versions_of_a_form_share_their_columns(lake_home: Home, world: World) -> None:
    """Mirrored before the second version was there, and after: a whole number widens, a question is added."""
    world.publish("care", [question("need", "select_one"), question("count", "integer")])
    world.submit({"form_version_id": world.form_version, "answers": {"need": "illness", "count": 2}})
    sync_lake(lake_home)
    world.publish("care", [question("count", "decimal"), question("until", "date")])
    world.submit({"answers": {"count": 2.5, "until": "2020-02-09", "need": "not asked any more"}})
    sync_lake(lake_home)
    assert answers(lake_home, "care") == [
        {"version": "1", "a_need": "illness", "a_count": 2.0, "a_until": None},
        {"version": "2", "a_need": None, "a_count": 2.5, "a_until": date(2020, 2, 9)},
    ]
    assert dict(Lake(lake_home).columns("answers/care"))["a_count"] == "float64"


def test_a_question_that_becomes_free_text_stays_behind_from_then_on(lake_home: Home, world: World) -> None:
    world.publish("care", [question("need", "select_one")])
    world.submit({"answers": {"need": "illness"}})
    world.publish("care", [question("need", "text", "F")])
    world.submit({"answers": {"need": "在家照顾"}})
    sync_lake(lake_home)
    assert [row["a_need"] for row in answers(lake_home, "care")] == ["illness", None]


def test_a_question_that_changes_its_type_is_refused_and_the_lake_stays(
    lake_home: Home, world: World
) -> None:
    world.publish("care", [question("need", "select_one")])
    sync_lake(lake_home)
    held = lake_rows(lake_home)
    world.publish("care", [question("need", "date")])
    with pytest.raises(QuestionChanged) as refused:
        sync_lake(lake_home)
    assert "care" in refused.value.sentence() and "need" in refused.value.sentence()
    assert lake_rows(lake_home) == held
    assert [problem.code for problem in check_lake(lake_home)] == ["lake-behind"]


def test_names_that_differ_in_capitals_alone_are_refused() -> None:
    fields = '{"questions": [{"name": "a", "type": "date"}, {"name": "A", "type": "date"}]}'
    with pytest.raises(QuestionChanged):
        read_forms([(1, "care", "1", fields)])


def test_which_questions_may_reach_the_lake() -> None:
    kinds = ["select_one", "select_multiple", "integer", "decimal", "date", "text", "note", "geopoint"]
    asked = [question(f"{kind}_{field}", kind, field) for kind in kinds for field in "ABCDEF"]
    held = {f"{kind}_{field}" for kind in kinds[:5] for field in "ABE"}
    assert set(coded_questions(asked)) == held
    assert coded_questions([{"name": "q", "type": "select_one yes_no", "class": "A"}]) == {"q": "string"}


def test_an_answer_that_is_not_of_its_type_is_null_and_counted(lake_home: Home, world: World) -> None:
    world.publish("care", [question("count", "integer"), question("until", "date")])
    world.submit({"answers": {"count": "three", "until": "soon"}}, {"answers": {"count": 3, "until": ""}})
    assert sync_lake(lake_home).unreadable == 2
    assert [row["a_count"] for row in answers(lake_home, "care")] == [None, 3]
    (finding,) = check_lake(lake_home)
    assert (finding.code, finding.facts) == ("answers-unreadable", {"dataset": "answers/care", "count": 2})


def test_awkward_names_and_values_survive(lake_home: Home, world: World) -> None:
    """Quotes in codes and names, a form whose code is no file name: nothing gets out of its place."""
    odd = "../o'd\"d"
    name = "q'1\".x"
    world.publish(odd, [question(name, "select_one"), question("many", "select_multiple")])
    world.submit({"answers": {name: 'it\'s "so"', "many": ["a'b", 'c"d', ""]}}, {"answers": {"many": []}})
    sync_lake(lake_home)
    assert answers(lake_home, odd) == [
        {"version": "1", f"a_{name}": 'it\'s "so"', "a_many": ["a'b", 'c"d', ""]},
        {"version": "1", f"a_{name}": None, "a_many": []},
    ]
    (path,) = Lake(lake_home).files(f"answers/{odd}")
    assert Path(path).resolve().parent.parent == (lake_home.lake / "data").resolve()


VALUES = {
    "select_one": st.sampled_from(["yes", "no", "hubei"]),
    "select_multiple": st.lists(st.sampled_from(["fever", "cough", "i1"]), max_size=3),
    "integer": st.integers(-(2**53), 2**53),
    "decimal": st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
    "date": st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(str),
}
SHEETS = st.lists(st.fixed_dictionaries({}, optional=VALUES), min_size=1, max_size=5)  # type: ignore[arg-type]


def test_any_answers_come_back_as_they_were_given(lake_home: Home, world: World) -> None:
    world.publish("drawn", [question(kind, kind) for kind in VALUES])

    @given(SHEETS)
    def come_back(sheets: list[dict[str, Any]]) -> None:
        world.submit(*({"answers": sheet} for sheet in sheets))
        sync_lake(lake_home)
        assert lake_rows(lake_home)["answers/drawn"] == plain_lake(lake_home)["answers/drawn"]

    come_back()
    assert check_lake(lake_home) == []
