"""Words as the page's language has them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import get_language, ngettext

from fangxian.submissions.forms import Question
from fangxian.submissions.forms.faults import in_language


def chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def in_a_row(words: Iterable[str]) -> str:
    """Several words one after another, as the page's language separates them."""
    return ("、" if chinese() else ", ").join(words)


def in_words(question: Question, answer: Any) -> str:
    """An answer as the form words it: chosen codes by their labels, repeats by how many there are."""
    if question.children:
        return ngettext("{count} row", "{count} rows", len(answer)).format(count=len(answer))
    labels = {choice.name: in_language(choice.label) for choice in question.choices}
    answers = answer if isinstance(answer, list) else [answer]
    return in_a_row(labels.get(str(one)) or str(one) for one in answers) or "—"
