"""What a form finds wrong with an answer: the question, a stable code, a sentence that says what to do."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Texts = dict[str, str]  # by language (zh, en); "" where the form does not say which

SENTENCES = {
    "unknown": _("The form has no question “{question}”; leave it out."),
    "empty": _("“{question}” is empty; leave the question out instead."),
    "type": _("“{question}” takes {expected}; write it so."),
    "required": _("“{question}” is not answered; answer it."),
    "irrelevant": _("“{question}” is not asked after the other answers; leave it out."),
    "choice": _("“{question}” has no such choice; pick one from the list."),
    "constraint": _("“{question}”: {message}"),
    "calculation": _("“{question}” is not what the other answers come to; let the form reckon it."),
}

EXPECTED = {
    "text": _("a text"),
    "file": _("a file's name"),
    "shape": _("a list of places"),
    "integer": _("a whole number"),
    "decimal": _("a number"),
    "date": _("a date such as 2020-02-12"),
    "time": _("a time such as 18:50"),
    "datetime": _("a moment such as 2020-02-12T18:50:00+08:00"),
    "select_one": _("one choice's code"),
    "select_multiple": _("a list of choices' codes, each once"),
    "geopoint": _("latitude and longitude, such as 26.22 104.10"),
    "acknowledge": _("“OK”"),
    "calculate": _("a text or a number"),
    "repeat": _("a list of at most 1,000 rows"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`label` and `message` are the form's own texts by language; the answer itself is not repeated."""

    question: str
    code: str
    type: str = ""
    label: Texts = field(default_factory=dict)
    message: Texts = field(default_factory=dict)

    def sentence(self) -> str:
        """In the language that is active."""
        message = in_language(self.message) or _("this value is not allowed; correct it.")
        expected = EXPECTED.get(self.type, "")
        label = in_language(self.label) or self.question
        return str(SENTENCES[self.code]).format(question=label, message=message, expected=expected)

    def dump(self) -> dict[str, Any]:
        given = {"question": self.question, "code": self.code, "type": self.type}
        return given | {"label": self.label, "message": self.message}

    @classmethod
    def load(cls, entry: dict[str, Any]) -> "Fault":
        return cls(**entry)


def in_language(texts: Texts, language: str | None = None) -> str:
    """The text in a language (default: the active one), else the form's own, else any."""
    wanted = (language or get_language() or "zh")[:2]
    for key in (wanted, "", "zh", *texts):
        if texts.get(key):
            return texts[key]
    return ""
