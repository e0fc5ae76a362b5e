"""Publishing a form: versions, and that all answers to a question can be counted together."""

from typing import Any

import pytest

from fangxian.lake.problems import QuestionChanged
from fangxian.submissions.actions import publish_form
from fangxian.submissions.models import FormVersion

from .conftest import at
from .test_forms import xlsform


def publish(*survey: dict[str, Any]) -> FormVersion:
    return publish_form(code="hygiene", content=xlsform(*survey), by="test", now=at(2))


def number(name: str, kind: str) -> dict[str, Any]:
    return {"type": kind, "name": name, "label": "几个？"}


def test_the_same_file_twice_is_one_version(world: Any) -> None:
    content = xlsform(number("bins", "integer"))  # written once: a workbook tells the second of its writing
    first, again = (publish_form(code="hygiene", content=content, by="test", now=at(2)) for _ in range(2))
    assert again.pk == first.pk
    assert publish(number("bins", "integer"), number("taps", "integer")).version == str(
        int(first.version) + 1
    )


def test_a_question_may_widen(world: Any) -> None:
    publish(number("bins", "integer"))
    assert publish(number("bins", "decimal")).fields["questions"]


@pytest.mark.parametrize("name, kind", [("bins", "date"), ("Bins", "integer")])
def test_a_question_of_another_type_wants_another_name(world: Any, name: str, kind: str) -> None:
    publish(number("bins", "integer"))
    before = FormVersion.objects.count()
    with pytest.raises(QuestionChanged) as caught:
        publish(number(name, kind))
    assert caught.value.facts["question"] == name
    assert FormVersion.objects.count() == before
