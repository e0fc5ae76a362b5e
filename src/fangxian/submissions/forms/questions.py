"""A question of a form, and how an answer of each type is read."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .faults import Texts, in_language
from .values import NUMBER, Value, read_day, read_moment

CLASSES = "ABCDEF"  # counts; name and unit; contact; ID; health; free text
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9:]{2,5})?\Z")
ROWS = 1_000  # of a repeat
LARGEST = 2**53 - 1  # whole numbers that every reader of JSON keeps exact


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    label: Texts = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the form. `relevant` are the rules of the question and of the groups around it, outermost
    first: all must hold. `required` is a rule where it depends on other answers."""

    name: str
    type: str
    field_class: str = "A"
    label: Texts = field(default_factory=dict)
    hint: Texts = field(default_factory=dict)
    required: bool | str = False
    choices: tuple[Choice, ...] = ()
    choice_filter: str = ""
    constraint: str = ""
    message: Texts = field(default_factory=dict)
    relevant: tuple[str, ...] = ()
    calculate: str = ""
    default: str = ""
    appearance: str = ""
    groups: tuple[str, ...] = ()
    row: int = 0
    children: tuple["Question", ...] = ()  # of a repeat: what each of its rows asks
    usual: str = ""  # what is answered for those of whom nothing is to be said; codes parted by spaces

    @property
    def usual_answer(self) -> Any:
        """`usual` as answers of this type are written."""
        return written(self.type, self.usual)

    @property
    def asked(self) -> bool:
        """Whether it takes an answer: notes do not."""
        return self.type != "note"

    def label_in(self, language: str | None = None) -> str:
        return in_language(self.label, language) or self.name

    def hint_in(self, language: str | None = None) -> str:
        return in_language(self.hint, language)

    def dump(self) -> dict[str, Any]:
        """JSON; `class` is the class of field, `choices` the codes; what is empty is left out."""
        given = {name: value for name, value in asdict(self).items() if value not in ("", (), {}, 0)}
        given["class"] = given.pop("field_class")
        given["required"] = self.required
        if self.choices:
            given["choices"] = list(dict.fromkeys(choice.name for choice in self.choices))
            given["choice_rows"] = [asdict(choice) for choice in self.choices]
        if self.children:
            given["children"] = [child.dump() for child in self.children]
        return given

    @classmethod
    def load(cls, entry: Mapping[str, Any]) -> "Question":
        given = {f.name: entry[f.name] for f in fields(cls) if f.name in entry}
        given["field_class"] = entry["class"]
        given["children"] = tuple(cls.load(child) for child in entry.get("children", ()))
        given["choices"] = tuple(Choice(**row) for row in entry.get("choice_rows", ()))
        for name in ("relevant", "groups"):
            given[name] = tuple(entry.get(name, ()))
        return cls(**given)


# ------------------------------------------------------------------------------------- reading answers


def _text(answer: Any) -> Value | None:
    """Neither database keeps a NUL or half a surrogate pair."""
    if not isinstance(answer, str) or "\0" in answer:
        return None
    return None if any("\ud800" <= letter <= "\udfff" for letter in answer) else answer


def _integer(answer: Any) -> Value | None:
    return float(answer) if type(answer) is int and abs(answer) <= LARGEST else None


def _decimal(answer: Any) -> Value | None:
    if type(answer) is float:
        return answer if math.isfinite(answer) else None
    return _integer(answer)


def _date(answer: Any) -> Value | None:
    return read_day(answer) if isinstance(answer, str) else None


def _moment(answer: Any) -> Value | None:
    return read_moment(answer) if isinstance(answer, str) else None


def _time(answer: Any) -> Value | None:
    return answer if isinstance(answer, str) and TIME.match(answer) else None


def _code(answer: Any) -> Value | None:
    return answer if isinstance(answer, str) else None


def _codes(answer: Any) -> Value | None:
    """As XForms write them: one text, parted by spaces."""
    if not isinstance(answer, list) or not all(isinstance(code, str) and code for code in answer):
        return None
    alike = len(set(answer)) < len(answer) or any(" " in code for code in answer)
    return None if alike else " ".join(answer)


def _place(answer: Any) -> Value | None:
    """Latitude, longitude, and perhaps altitude and accuracy."""
    if not isinstance(answer, str):
        return None
    numbers = answer.split(" ")
    sound = 2 <= len(numbers) <= 4 and all(map(NUMBER.match, numbers))
    inside = sound and abs(float(numbers[0])) <= 90 and abs(float(numbers[1])) <= 180
    return answer if inside else None


def _calculated(answer: Any) -> Value | None:
    return _text(answer) if isinstance(answer, str) else _decimal(answer)


def _acknowledged(answer: Any) -> Value | None:
    return answer if answer == "OK" else None


def _rows(answer: Any) -> Value | None:
    """A repeat's rows; how many there are is what rules see of it."""
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        return None
    return float(len(answer)) if len(answer) <= ROWS else None


READERS: Mapping[str, Callable[[Any], Value | None]] = {
    "text": _text,
    "file": _text,
    "shape": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "datetime": _moment,
    "time": _time,
    "select_one": _code,
    "select_multiple": _codes,
    "geopoint": _place,
    "acknowledge": _acknowledged,
    "calculate": _calculated,
    "repeat": _rows,
}


def written(type: str, text: str) -> Any:
    """What somebody typed, as answers of the type are written in JSON; what is none of the type stays a text,
    to be refused."""
    if type == "text":
        return text
    text = text.strip()
    if type == "select_multiple":
        return text.split()
    try:
        if type == "integer":
            return int(text) if len(text) < 20 else text
        if type == "decimal":
            number = float(text)
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
    except (ValueError, OverflowError):
        return text
    return text


def default_class(type: str) -> str:
    """Where the form does not say: what anybody may write anything into is free text; the rest are counts."""
    coded = ("select_one", "select_multiple", "integer", "decimal", "date", "datetime", "time", "acknowledge")
    return "A" if type in (*coded, "note") else "F"
