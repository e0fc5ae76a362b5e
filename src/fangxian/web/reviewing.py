"""A row and who it may be, side by side, as the policy shows it: reasons first, then field by field in words,
with the signs that differ marked, behind a mask too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from fangxian.access import policy
from fangxian.access.actor import Actor
from fangxian.kernel.changes import head_position
from fangxian.kernel.moments import day_of
from fangxian.matching.candidates import Elsewhere, Kin, Known, Sheet, sheet_of
from fangxian.matching.queries import Brought, history
from fangxian.matching.reasons import WORDS
from fangxian.matching.rows import Fields
from fangxian.registry.kinds import RELATIONS
from fangxian.registry.tree import tree

from . import people
from .shown import role_name
from .wording import chinese, in_a_row

PURPOSE = "review"
SHOWN = 3  # candidates side by side; the others are a press away
SAME, NEAR, DIFFERENT, MISSING = "same", "near", "different", "missing"
STATES = {
    SAME: gettext_lazy("the same"),
    NEAR: gettext_lazy("alike"),
    DIFFERENT: gettext_lazy("different"),
    MISSING: gettext_lazy("not given"),
}
FIELDS = {
    "name": gettext_lazy("Name"),
    "sex": gettext_lazy("Sex"),
    "birth": gettext_lazy("Born"),
    "id_number": gettext_lazy("ID number"),
    "phone": gettext_lazy("Phone"),
    "town": gettext_lazy("Township"),
    "address": gettext_lazy("Address"),
    "unit": gettext_lazy("Unit"),
    "travelled": gettext_lazy("Travelled on"),
    "note": gettext_lazy("Note"),
}
CLASS_OF = {"id_number": "D", "phone": "C", "address": "C"}
NEVER = ("address", "unit", "travelled", "note")  # what the registry never says of a person
_OF_COMPARISON = {
    "name": "name", "letters": "name", "id": "id_number", "masked": "id_number", "phone": "phone",
    "born": "birth", "born_month": "birth", "born_year": "birth", "sex": "sex",
    "area": "town", "town": "town",
}  # fmt: skip
_AGREES = ("equal", "village", "agrees")
_PARTS = ("different", "surname")


@dataclass(frozen=True, slots=True)
class Cell:
    """`text` is safe to show: masked, with marks."""

    text: SafeString | str
    state: str = ""
    beside: str = ""

    @property
    def word(self) -> str:
        return str(STATES[self.state]) if self.state else ""


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    listed: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Reason:
    """`sign`: plus, minus or doubt."""

    sign: str
    words: str


@dataclass(slots=True)
class Column:
    """A candidate as it is shown."""

    number: int
    letter: str
    known: Known
    head: str
    counts: str
    reasons: list[Reason]
    name: str
    home: list[tuple[str, str, str]] = field(default_factory=list)
    posts: str = ""
    sheets: list[Any] = field(default_factory=list)
    then: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """The page of a row. `classes`: of which something was shown or masked."""

    sheet: Sheet
    title: str
    columns: list[Column]
    lines: list[Line]
    more: int
    classes: str
    whole: bool
    first: bool  # of two reviewers


def side(actor: Actor, row: int, *, now: Any, everybody: bool = False, whole: bool = False) -> Side:
    """`whole`: numbers in full, once, where the policy lets them be asked for. Raises RowNotThere."""
    day, position = day_of(now), head_position()
    sheet = sheet_of(row, day=day, position=position)
    said = {c: policy.verdict(actor, c, None, purpose=PURPOSE) for c in policy.CLASSES}
    if whole:
        opened = {c: policy.verdict(actor, c, None, purpose="unmask") for c in "CD"}
        said |= {c: verdict for c, verdict in opened.items() if verdict == policy.SHOWN}
    shown = sheet.candidates if everybody else sheet.candidates[:SHOWN]
    units = tree(day, position).nodes
    columns = [_column(place, each, sheet, said, units) for place, each in enumerate(shown)]
    lines = [line for code in FIELDS if (line := _line(code, sheet, shown, said)) is not None]
    for column in columns:
        column.counts = _counted(column, lines)
    more = len(sheet.candidates) - len(shown)
    classes = "".join(c for c in "CDE" if said[c] != policy.NO)
    title = sheet.fields.get("name") or _("row {number}").format(number=sheet.number)
    first = not sheet.voices
    return Side(sheet, title, columns, lines, more, classes, whole, first)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a row came from: what it said from which issue on, masked; and where it stood in each."""

    said: list[tuple[Brought, str]]
    seen: list[tuple[Brought, str, int]]


def origin(actor: Actor, row: int) -> Origin:
    verdicts = {c: policy.verdict(actor, c, None, purpose=PURPOSE) for c in policy.CLASSES}
    said, seen = history(row)

    def told(fields: Fields) -> str:
        known = (code for code in FIELDS if fields.get(code))
        return " · ".join(_masked(c, fields[c], verdicts[CLASS_OF.get(c, "B")]) for c in known)

    return Origin([(each.brought, told(each.fields)) for each in said], seen)


# ---- a candidate ------------------------------------------------------------------------------------


def _column(place: int, known: Known, sheet: Sheet, said: dict[str, str], units: Any) -> Column:
    name = policy.told(said["B"], "B", known.fields.get("name", ""))
    return Column(
        place + 1,
        "ABCDE"[place],
        known,
        _head(known.probability),
        "",
        _reasons(known, sheet),
        name,
        [_kin(kin, known.person, said, units) for kin in known.home],
        posts(known.posts, units),
        _rounds(known.person, said),
        _then(known, sheet, name),
    )


def _head(probability: float) -> str:
    if probability >= 0.8:
        return _("Very likely the same person")
    if probability >= 0.4:
        return _("Perhaps the same person")
    return _("Probably not")


def _reasons(known: Known, sheet: Sheet) -> list[Reason]:
    found = []
    for comparison, level in known.reasons:
        words = str(WORDS.get((comparison, level), ""))
        if words:
            sign = "plus" if level in _AGREES else "minus" if level == "different" else "doubt"
            if comparison == "phone" and level == "equal" and known.phone_of:
                words = _("{words}, registered with: {relation}").format(
                    words=words, relation=_relation(known.phone_of)
                )
            found.append(Reason(sign, words))
    if known.denied:
        found.append(Reason("minus", _("a call told: it is somebody else")))
    return found + [_taken(each, sheet) for each in known.elsewhere]


def _taken(each: Elsewhere, sheet: Sheet) -> Reason:
    if each.listing == sheet.of.pk:
        told = _("row {number} of this list is taken for the same person")
        return Reason("doubt", told.format(number=each.number))
    told = _("also on {source}, {title}, row {number}")
    return Reason("plus", told.format(source=each.source, title=each.title, number=each.number))


def _relation(code: str) -> str:
    zh, en = RELATIONS.get(code, (code, code))
    return zh if chinese() else en


def posts(held: Sequence[tuple[int, str]], units: Any) -> str:
    return in_a_row(f"{units[unit].name} {role_name(role)}" for unit, role in held if unit in units)


def _kin(kin: Kin, person: int, said: dict[str, str], units: Any) -> tuple[str, str, str]:
    """Name, what they are, and where they are or how they are reached; of others than the candidate the
    surname alone."""
    if kin.person == person:
        return policy.told(said["B"], "B", kin.name), _("oneself"), posts(kin.posts, units)
    beside = posts(kin.posts, units) or policy.told(said["C"], "C", kin.phone)
    return policy.masked("B", kin.name), _relation(kin.relation), beside


def _rounds(person: int, said: dict[str, str]) -> list[Any]:
    """The last answers of screening rounds and other campaigns about the person, as the policy shows them."""
    return people.answers_of(person, said, most=2)


def _then(known: Known, sheet: Sheet, name: str) -> str:
    """What follows, said before it is confirmed."""
    told = _(
        "{name} becomes a lead of “{title}”: to be called and verified, not counted before that."
    ).format(name=name, title=sheet.of.title)
    others = len(known.home) - 1
    if others > 0:
        told += ngettext(
            " {count} other of the household is called with it.",
            " {count} others of the household are called with it.",
            others,
        ).format(count=others)
    return told


# ---- field by field ---------------------------------------------------------------------------------


def _line(code: str, sheet: Sheet, shown: Sequence[Known], said: dict[str, str]) -> Line | None:
    """None where neither the row nor a candidate has it."""
    listed = sheet.fields.get(code, "")
    if not listed and not any(each.fields.get(code) for each in shown):
        return None
    verdict = said[CLASS_OF.get(code, "B")]
    cells = [_cell(code, listed, each, verdict) for each in shown]
    return Line(str(FIELDS[code]), _masked(code, listed, verdict), cells)


def _masked(code: str, value: str, verdict: str) -> str:
    if code == "address" and verdict == policy.MASKED:  # the township and village, not the house
        return re.sub(r"[0-9]+", "*", value)
    return policy.told(verdict, CLASS_OF.get(code, "B"), value) if value else ""


def _cell(code: str, listed: str, known: Known, verdict: str) -> Cell:
    value = known.fields.get(code, "")
    if not value:
        return Cell("" if code in NEVER else _("not in the registry"), "" if code in NEVER else MISSING)
    shown = _masked(code, value, verdict)
    if not listed:
        return Cell(shown, MISSING, _("not on the list"))
    state = _state(code, listed, value, known)
    beside = _("the phone of: {relation}").format(relation=_relation(known.phone_of))
    return Cell(
        _marked(listed, value, shown, state),
        state,
        beside if code == "phone" and known.phone_of else _why(code, known, state),
    )


def _state(code: str, listed: str, value: str, known: Known) -> str:
    """As the matcher compared it; where it did not, by the signs themselves."""
    for comparison, level in known.reasons:
        if _OF_COMPARISON.get(comparison) == code:
            return SAME if level in _AGREES else DIFFERENT if level in _PARTS else NEAR
    if listed == value or value.startswith(listed) or listed.startswith(value):
        return SAME
    return DIFFERENT


def _why(code: str, known: Known, state: str) -> str:
    if state != NEAR:
        return ""
    found = (w for w in known.reasons if _OF_COMPARISON.get(w[0]) == code)
    return next((str(WORDS.get((name, level), "")) for name, level in found), "")


def _marked(listed: str, value: str, shown: str, state: str) -> SafeString | str:
    """The signs of `value` that differ from what is listed; `shown` is it behind its mask, of one length."""
    if state not in (NEAR, DIFFERENT) or len(shown) != len(value):
        return shown
    pieces: list[SafeString] = []
    for tag, _i, _j, start, end in SequenceMatcher(None, listed, value, autojunk=False).get_opcodes():
        if start == end:
            continue
        wrap = "{}" if tag == "equal" else '<mark class="{}">{}</mark>'
        told = (shown[start:end],) if tag == "equal" else (state, shown[start:end])
        pieces.append(format_html(wrap, *told))
    return mark_safe("".join(pieces))  # noqa: S308 - each piece was escaped


def _counted(column: Column, lines: Sequence[Line]) -> str:
    """“5 the same · 2 alike”."""
    states = [line.cells[column.number - 1].state for line in lines]
    words = {SAME: _("{n} the same"), NEAR: _("{n} alike"), DIFFERENT: _("{n} different")}
    return " · ".join(w.format(n=states.count(state)) for state, w in words.items() if state in states)


__all__ = ["FIELDS", "Side", "side"]
