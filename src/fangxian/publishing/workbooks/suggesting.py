"""Proposes a figure for a cell from the words left of it and above it: to be confirmed, never taken."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fangxian.figures.catalogue import CATALOGUE

from .grid import Labels
from .targets import FIGURE, Target

ENOUGH = 0.5
# Words that say which number of a figure is meant, the longer ones first.
_PARTS = {
    "change": ("较昨日", "比昨日", "日增", "新增", "变化", "change"),
    "share": ("覆盖率", "完成率", "占比", "比例", "百分比", "率", "%", "％", "share"),
    "missing": ("未报", "未完成", "还差", "缺", "missing"),
    "of": ("应报", "应有", "应到", "基数", "总数", "outof"),
}
_TOLD = {
    "unit": ("填报单位", "报送单位", "单位名称", "单位"),
    "by": ("填报人", "填表人", "制表人", "经办人"),
    "cut-off": ("截至", "截止"),
    "day": ("日期", "时间"),
    "number": ("期号", "期数"),
}
_TOTAL = re.compile("合计|总计|小计|全市|全县|全区|本市|全部")
_IDLE = re.compile(
    r"[\s()（）\[\]【】:：、,，。.·]|人数|数量|个数|合计|总计|累计|（[人名所个支份]）|[人名所个支份元]$"
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    target: Target
    score: float


def suggest(words: Labels, units: Mapping[str, str], names: Mapping[str, str]) -> Suggestion | None:
    """`units`: code by name; `names`: further figures by name. None where nothing is alike enough. Where the
    words at the left name neither a unit nor a total, they must name the figure: the head of the column alone
    says too little."""
    told = _told(words)
    if told is not None:
        return Suggestion(told, 1.0)
    texts = [text for pair in _paired(words) for text in pair if text not in units]
    named = words.left[0] in units or bool(_TOTAL.search(words.left[0])) if words.left else True
    sought = texts[:6] if named else list(words.left[:2])
    found = max(
        ((score, -place, id) for place, text in enumerate(sought) for id, score in _alike(text, names)),
        default=None,
    )
    if found is None or found[0] < ENOUGH:
        return None
    unit = next((units[text] for pair in _paired(words) for text in pair if text in units), "")
    return Suggestion(Target(FIGURE, found[2], unit, _part(texts[:6])), found[0])


def _told(words: Labels) -> Target | None:
    """What is told of the filling itself, right behind its name."""
    label = words.left[0] if words.left else ""
    if not label.endswith(("：", ":")):
        return None
    return next((Target(kind) for kind, marks in _TOLD.items() if any(mark in label for mark in marks)), None)


def _paired(words: Labels) -> Iterable[tuple[str, ...]]:
    """The nearest of both, then the next."""
    longest = max(len(words.left), len(words.above))
    for place in range(min(longest, 4)):
        yield (*words.left[place : place + 1], *words.above[place : place + 1])


def _part(texts: Iterable[str]) -> str:
    for text in texts:
        for part, marks in _PARTS.items():
            if any(mark in text.lower() for mark in marks):
                return part
    return "value"


def _alike(text: str, names: Mapping[str, str]) -> Iterable[tuple[str, float]]:
    wanted = _pairs(text)
    for name, id in (*_names(), *names.items()):
        yield id, _score(wanted, _pairs(name))


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[str, str], ...]:
    return tuple((name, id) for id, figure in CATALOGUE.items() for name in (figure.zh, figure.en))


@lru_cache(maxsize=4_096)
def _pairs(text: str) -> frozenset[str]:
    bare = _IDLE.sub("", text.lower())
    return frozenset(bare[at : at + 2] for at in range(len(bare) - 1)) or frozenset((bare,)) - {""}


def _score(one: frozenset[str], other: frozenset[str]) -> float:
    """How much two names share; a short form of a long name counts for a little less than the whole."""
    if not one or not other:
        return 0.0
    shared = len(one & other)
    whole = 2 * shared / (len(one) + len(other))
    return max(whole, 0.75 * shared / len(one)) if shared >= 4 else whole
