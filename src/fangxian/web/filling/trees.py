"""A form's rules as trees that a page's script reckons with: the same grammar, read once, on the server.

A literal is itself under a mark, an answer is named; whatever else stands in a list is an operator or a
function with its arguments. `static/web/rules.js` gives them the meaning that `submissions.forms` has; a test
draws rules and answers and holds one against the other.
"""

from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from fangxian.submissions.forms import Form, Question
from fangxian.submissions.forms.faults import EXPECTED, SENTENCES, in_language
from fangxian.submissions.forms.rules import Rule
from fangxian.submissions.intake import published_form

Tree = list[Any]
TEXT, NUMBER, ANSWER, COLUMN = "'", "#", "$", "@"
LITERALS = ("(integer)", "(decimal)", "(float)")


def tree_of(rule: Rule) -> Tree:
    return _tree(rule.token, rule)


def _tree(token: Any, rule: Rule) -> Tree:
    if token.symbol == "(string)":
        return [TEXT, str(token.value)]
    if token.symbol in LITERALS:
        return [NUMBER, float(token.value)]
    if token.symbol == "$":
        name = (rule.references, rule.columns)[token.part][token.place]
        return [(ANSWER, COLUMN)[token.part], name]
    if token.symbol == "(":
        return _tree(token[0], rule)
    return [token.symbol, *(_tree(part, rule) for part in token)]


@lru_cache(maxsize=128)
def published_rules(version: int, sha256: str, language: str) -> dict[str, Any]:
    """`told` of a published form."""
    return told(published_form(version, sha256), language)


def told(form: Form, language: str) -> dict[str, Any]:
    """What the script needs of a form: its questions in the order of reckoning, with rules and messages."""
    return {
        "questions": _questions(form, language),
        "words": {code: str(SENTENCES[code]) for code in ("type", "required", "choice", "constraint")},
        "other": _("this value is not allowed; correct it."),
    }


def _questions(form: Form, language: str) -> list[dict[str, Any]]:
    asked = {question.name: question for question in form.questions}
    return [_question(form, asked[name], language) for name in form.order]


def _question(form: Form, question: Question, language: str) -> dict[str, Any]:
    rules = form.rules[question.name]
    found: dict[str, Any] = {
        "name": question.name,
        "type": question.type,
        "label": question.label_in(language),
        "expected": str(EXPECTED.get(question.type, "")),
        "relevant": [tree_of(rule) for rule in rules.relevant],
        "required": tree_of(rules.required) if rules.required else bool(question.required),
        "constraint": tree_of(rules.constraint) if rules.constraint else None,
        "calculate": tree_of(rules.calculate) if rules.calculate and not rules.calculate.device else None,
        "filter": tree_of(rules.choice_filter) if rules.choice_filter else None,
        "message": in_language(question.message, language),
    }
    if question.children:
        found["children"] = _questions(form.rows[question.name], language)
    if rules.choice_filter:
        columns = rules.choice_filter.columns
        found["choices"] = [
            [choice.name, {name: choice.columns[name] for name in columns if name in choice.columns}]
            for choice in question.choices
        ]
    return {name: value for name, value in found.items() if value not in (None, [], "", False)}
