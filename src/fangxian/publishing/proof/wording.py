"""How well the words around a number name a figure: the share of the figure's name that stands near it,
telling parts weighing more than what many names share.

A figure is called what the catalogue calls it, and what the office's own bulletins called it: there each
number stands in words of its own, with the figure behind it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..blocks import Block, Run

_CHUNK = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]+")
_PLAIN = {
    "and",
    "the",
    "of",
    "with",
    "who",
    "from",
    "for",
    "that",
    "have",
    "was",
    "are",
    "all",
    "in",
    "to",
    "a",
}
_STOP = re.compile(r"[，、,：:；;。（）()“”]")
_NUMBER = re.compile(r"\d[\d.,%]*")

CLOSE, DECAY, FAR = 8, 0.97, 0.6  # characters from a number that weigh whole; what each more takes; the least
OTHER_CLAUSE, AFTER_STOP, OTHER_NUMBER = 0.9, 0.5, 0.6
LEARNT = 0.95  # of what the catalogue's own name weighs
TELLING = 0.4  # of a score: how much of the words near by, as far as any name has them, the name explains

Key = tuple[str, str]  # figure, part


def parts(text: str) -> set[str]:
    """Pairs of neighbouring Chinese characters, and English words without their plural."""
    return {part for part, _start, _end in placed(text)}


def placed(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _CHUNK.finditer(text):
        chunk, start = match[0], match.start()
        if chunk.isascii():
            word = chunk.lower()
            if word not in _PLAIN:
                yield (word[:-1] if word.endswith("s") and len(word) > 3 else word), start, match.end()
        elif len(chunk) == 1:
            yield chunk, start, start + 1
        else:
            yield from ((chunk[i : i + 2], start + i, start + i + 2) for i in range(len(chunk) - 1))


def around(
    text: str, span: tuple[int, int], sentence: tuple[int, int], others: Sequence[tuple[int, int]]
) -> dict[str, float]:
    """The parts of a sentence, each by how near it stands to the number at `span`: 1 beside it, less in
    another clause, beyond another number or beside one. `others`: where those stand."""
    start, end = span
    found: dict[str, float] = {}
    for part, first, last in placed(text[sentence[0] : sentence[1]]):
        first, last = first + sentence[0], last + sentence[0]
        if first >= end:
            weight, distance = _behind(text, end, first, others), first - end
        elif last <= start:
            weight, distance = _before_it(text, last, start, others), start - last
        else:
            continue
        weight *= max(FAR, DECAY ** max(0, distance - CLOSE))
        found[part] = max(found.get(part, 0.0), weight)
    return found


def _behind(text: str, end: int, first: int, others: Sequence[tuple[int, int]]) -> float:
    if any(end <= other < first for other, _end in others):
        return 0.0
    return AFTER_STOP if _STOP.search(text, end, first) else 1.0


def _before_it(text: str, last: int, start: int, others: Sequence[tuple[int, int]]) -> float:
    """6个战区、6支突击队: what stands in the clause of another number is about that one."""
    stops = [match.start() for match in _STOP.finditer(text, last, start)]
    if any(last <= other < start for other, _end in others):
        return OTHER_NUMBER
    if not stops:
        return 1.0
    clause = max((match.end() for match in _STOP.finditer(text, 0, last)), default=0)
    return OTHER_NUMBER if any(clause <= other < stops[0] for other, _end in others) else OTHER_CLAUSE


@dataclass(frozen=True)
class Names:
    """What figures are called; `weights` tell how telling a part is."""

    names: Mapping[str, tuple[frozenset[str], ...]]
    learnt: Mapping[Key, tuple[frozenset[str], ...]]
    weights: Mapping[str, float]

    @classmethod
    def of(cls, named: Mapping[str, Iterable[str]], issued: Iterable[Block] = ()) -> "Names":
        """`named`: figure -> what the catalogue calls it, in each language; `issued`: of bulletins."""
        split = {id: tuple(frozenset(parts(name)) for name in names if name) for id, names in named.items()}
        met = Counter(part for names in split.values() for part in set().union(*names))
        weights = {part: math.log(1 + len(split) / count) for part, count in met.items()}
        usual = math.log(1 + len(split))
        learnt: dict[Key, list[frozenset[str]]] = {}
        for key, words in _said(issued):
            learnt.setdefault(key, []).append(frozenset(words))
        every = {part for sets in learnt.values() for words in sets for part in words}
        weights |= dict.fromkeys(every - weights.keys(), usual / 2)
        return cls(split, {key: tuple(sets) for key, sets in learnt.items()}, weights)

    def score(self, figure: str, words: Mapping[str, float]) -> float:
        """0 to 1: how much of the best fitting of its names stands near."""
        return max((self._share(name, words) for name in self.names[figure] if name), default=0.0)

    def learnt_score(self, key: Key, words: Mapping[str, float]) -> float:
        return LEARNT * max(
            (self._share(said, words) for said in self.learnt.get(key, ()) if said), default=0.0
        )

    def _share(self, name: frozenset[str], words: Mapping[str, float]) -> float:
        whole = sum(self.weights[part] for part in name)
        met = sum(self.weights[part] * words[part] for part in name if part in words)
        near = sum(self.weights[part] * weight for part, weight in words.items() if part in self.weights)
        return met / whole * (1 - TELLING + TELLING * met / near) if met else 0.0


def _said(blocks: Iterable[Block]) -> Iterator[tuple[Key, set[str]]]:
    """In which words bulletins told each figure: those of its clause, up to the numbers beside it."""
    for block in blocks:
        runs = block.runs
        for place, run in enumerate(runs):
            if run.figure:
                words = parts(_before(runs[:place])) | parts(_after(runs[place + 1 :]))
                if words:
                    yield (run.figure.figure, run.figure.part), words


def _before(runs: Sequence[Run]) -> str:
    text = ""
    for run in reversed(runs):
        if run.figure:
            break
        text = run.text + text
    return _STOP.split(_NUMBER.split(text)[-1])[-1]


def _after(runs: Sequence[Run]) -> str:
    text = ""
    for run in runs:
        if run.figure:
            break
        text += run.text
    return _STOP.split(_NUMBER.split(text)[0])[0]
