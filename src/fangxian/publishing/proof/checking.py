"""The verdict on each number of a draft: found among the figures, differing from the one that its words
name, or unknown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from fangxian.figures.figure import Figure
from fangxian.kernel.asof import AsOf
from fangxian.registry.tree import Node, Tree

from ..blocks import Block
from ..references import Count, Number, Reference, plain
from .amounts import COUNT, NAME, PERCENT, Amount, amounts
from .wording import Names, around

FOUND, DIFFERS, UNKNOWN, PASSED = "found", "differs", "unknown", "passed"

NAMED_SOMEWHAT = 0.28  # enough where the value is right
NAMED_WELL = 0.6  # enough to say that a value is wrong
BETTER = 0.3  # by so much another figure must be named better than one whose value is right
CARRIED = 0.8  # of what the words before said of a figure that the next number goes on about
NEAR = 3  # figures that are offered where none is named

_SENTENCE = re.compile(r"[。；;！？!?\n]|\.(?=\s|$)")
_STOP = re.compile(r"[，、,：:（）()]")
_NEGATIVE = re.compile(r"未|没有|尚缺|还差|差(?!异)|缺|不在|missing|not yet|\bnot\b|without", re.IGNORECASE)
_DUE = re.compile(r"应(?:报|签|到|有|填|交|查)|共有|总数|全部|out of|\bof all\b|due", re.IGNORECASE)
_NOTHING: list[tuple[float, Any]] = [(0.0, None)]
_CLASSES = ("class", "key_area", "squadron")  # too many, and named alike everywhere


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one number. `reference` is the figure that it is, or should have been, with its right value; `near`
    are figures of that value whose names are other words."""

    amount: Amount
    kind: str
    reference: Reference | None = None
    near: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`place` says where it stands, for who reads the list of verdicts."""

    text: str
    place: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    figure: str
    unit: str
    part: str
    value: Number
    exact: float  # of a share before it is rounded

    @property
    def reference(self) -> Reference:
        return Reference(self.figure, self.unit, self.part, self.value)

    def is_meant_by(self, amount: Amount) -> bool:
        if (amount.kind == PERCENT) != (self.part == "share"):
            return False
        return amount.may_be(self.exact) if amount.kind == PERCENT else amount.may_be(self.value)


class Proof:
    """The figures of one moment, ready for many drafts. `units` are those that may be asked about."""

    def __init__(
        self, engine: Any, at: AsOf, tree: Tree, unit: Node, *, issued: Iterable[Block] = ()
    ) -> None:
        """`issued`: the blocks of bulletins, for the words in which they told their figures."""
        self._engine, self._at, self._tree, self._unit = engine, at, tree, unit
        self._issued = tuple(issued)
        self._kept: dict[int, list[_Candidate]] = {}

    @cached_property
    def figures(self) -> dict[str, Figure]:
        return dict(self._engine.figures(self._at))

    @cached_property
    def _names(self) -> Names:
        return Names.of({id: (figure.zh, figure.en) for id, figure in self.figures.items()}, self._issued)

    @cached_property
    def _units(self) -> dict[str, list[Node]]:
        """Name -> units, without the many that are named alike."""
        found: dict[str, list[Node]] = {}
        for node in self._tree.nodes.values():
            if node.kind not in _CLASSES and len(node.name) > 1:
                found.setdefault(node.name, []).append(node)
        return found

    def check(self, text: str) -> tuple[Verdict, ...]:
        """A verdict on every number of a paragraph, in its order."""
        told: list[Verdict] = []
        sentences, before = _sentences(text), _Carried()
        named = self._named(text)
        found = [_outside(amount, named) for amount in amounts(text)]
        for amount in found:
            if not amount.checked:
                told.append(Verdict(amount, PASSED))
                continue
            start, end = next(span for span in sentences if span[0] <= amount.start < span[1])
            if start != before.sentence:
                before = _Carried(start)
            checked = [a for a in found if a.checked and start <= a.start < end]
            words = _Words.around(amount, checked, text, start, end)
            units = self._spoken_of(named, text, start, amount) or [self._unit]
            verdict, scored = self._judge(amount, words, units, before)
            before.take(scored)
            told.append(verdict)
        return tuple(told)

    def _named(self, text: str) -> list[tuple[int, int, list[Node]]]:
        """Units that a text names: the longest name at each place."""
        spans = [
            (match.start(), match.end(), nodes)
            for name, nodes in self._units.items()
            if name in text
            for match in re.finditer(re.escape(name), text)
        ]
        spans.sort(key=lambda span: (span[0], -span[1]))
        kept: list[tuple[int, int, list[Node]]] = []
        for span in spans:
            if not kept or span[0] >= kept[-1][1]:
                kept.append(span)
        return kept

    @staticmethod
    def _spoken_of(
        named: list[tuple[int, int, list[Node]]], text: str, start: int, amount: Amount
    ) -> list[Node]:
        """The unit named last before the number in its sentence; else right after it, within the clause."""
        before = [nodes for first, end, nodes in named if start <= first and end <= amount.start]
        if before:
            return before[-1]
        stop = _STOP.search(text, amount.end)
        after = stop.start() if stop else len(text)
        return next((nodes for first, _end, nodes in named if amount.end <= first < after), [])

    # -------------------------------------------------------------------------------- judging

    def _judge(
        self, amount: Amount, words: "_Words", units: Sequence[Node], before: "_Carried"
    ) -> tuple[Verdict, dict[str, float]]:
        scores = {id: self._names.score(id, words.near) for id in self.figures}
        ranked = [
            (self._named_by(one, words, scores, before), one)
            for unit in units
            for one in self._candidates(unit)
            if (one.part == "share") == (amount.kind == PERCENT)
        ]
        ranked.sort(key=lambda pair: (-pair[0], pair[1].part != "value"))
        right = [pair for pair in ranked if pair[1].is_meant_by(amount)]
        best, known = (ranked or _NOTHING)[0], (right or _NOTHING)[0]
        doubted = best[0] >= NAMED_WELL and best[0] - known[0] >= BETTER
        if known[1] and known[0] >= NAMED_SOMEWHAT and not doubted:
            return Verdict(amount, FOUND, known[1].reference), {known[1].figure: known[0]}
        if best[1] and best[0] >= NAMED_WELL:
            return Verdict(amount, DIFFERS, best[1].reference), {best[1].figure: best[0]}
        near = tuple(one.reference for _score, one in right[:NEAR] if one)
        return Verdict(amount, UNKNOWN, None, near), {}

    def _named_by(
        self, one: "_Candidate", words: "_Words", scores: dict[str, float], before: "_Carried"
    ) -> float:
        carried = before.score(one.figure) if one.part != "value" else 0.0
        name = max(scores[one.figure], carried) * words.weight(one.part)
        return max(name, self._names.learnt_score((one.figure, one.part), words.near))

    def _candidates(self, unit: Node) -> list[_Candidate]:
        if unit.id not in self._kept:
            self._kept[unit.id] = list(self._of_unit(unit))
        return self._kept[unit.id]

    def _of_unit(self, unit: Node) -> Iterator[_Candidate]:
        for id, value in self._engine.values(self._at, unit.id).items():
            if value is None:
                continue
            count = Count(plain(value.value), plain(value.of))
            for part in ("value", "of", "missing", "share"):
                number = count.part(part)
                if number is not None and (part == "value" or count.of):
                    exact = 100 * value.value / value.of if part == "share" else float(number)
                    yield _Candidate(id, unit.code, part, number, exact)


class _Carried:
    """Which figure the number before in the same sentence was about: the next may tell another part of it
    (已签1948份，占75.9%)."""

    def __init__(self, sentence: int = -1) -> None:
        self.sentence = sentence
        self._scores: dict[str, float] = {}

    def take(self, scores: dict[str, float]) -> None:
        if scores:
            self._scores = scores

    def score(self, figure: str) -> float:
        return CARRIED * self._scores.get(figure, 0.0)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words around a number, by how near they are; and what those of its own clause say of its part."""

    near: dict[str, float]
    negative: bool
    due: bool

    @classmethod
    def around(cls, amount: Amount, others: Iterable[Amount], text: str, start: int, end: int) -> "_Words":
        spans = [(other.start, other.end) for other in others if other is not amount]
        before = max((last for _first, last in spans if last <= amount.start), default=start)
        after = min((first for first, _last in spans if first >= amount.end), default=end)
        clause = _STOP.split(text[before : amount.start])[-1] + "|" + _STOP.split(text[amount.end : after])[0]
        near = around(text, (amount.start, amount.end), (start, end), spans)
        return cls(near, bool(_NEGATIVE.search(clause)), bool(_DUE.search(clause)))

    def weight(self, part: str) -> float:
        """What the words make of the parts of a figure: 未报 is about what is missing, 应报 about all."""
        if part in ("missing", "value") and self.negative:
            return 1.1 if part == "missing" else 0.7
        if part in ("of", "value") and self.due:
            return 1.1 if part == "of" else 0.85
        return {"value": 1.0, "share": 1.0, "of": 0.8, "missing": 0.6}[part]


def _outside(amount: Amount, named: Iterable[tuple[int, int, list[Node]]]) -> Amount:
    """三十村小学: what stands in a unit's name is no count."""
    inside = any(first <= amount.start and amount.end <= last for first, last, _nodes in named)
    return replace(amount, kind=NAME) if inside else amount


def _sentences(text: str) -> list[tuple[int, int]]:
    starts = [0, *(match.end() for match in _SENTENCE.finditer(text))]
    return [(start, end) for start, end in zip(starts, [*starts[1:], len(text) + 1], strict=True)]


def summary(paragraphs: Iterable[Paragraph]) -> dict[str, int]:
    """How many numbers got each verdict."""
    told = dict.fromkeys((FOUND, DIFFERS, UNKNOWN, PASSED), 0)
    for paragraph in paragraphs:
        for verdict in paragraph.verdicts:
            told[verdict.kind] += 1
    return told


__all__ = ["COUNT", "DIFFERS", "FOUND", "PASSED", "UNKNOWN", "Paragraph", "Proof", "Verdict", "summary"]
