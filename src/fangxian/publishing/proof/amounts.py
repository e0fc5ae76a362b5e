"""Numbers in a text and what they mean: 879, ８７９, 八百七十九, 1.4万余, 近三成, 98.5%.

A written number means a range: 14,500余 is at least 14,500 and below 14,600; 25.6万 is rounded or cut to a
tenth of 万. Dates, numbering, names and lengths of time are told apart: no figure is asked about them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import cn2an

from ..numerals import phrases

COUNT, PERCENT = "count", "percent"
DATE, NUMBERING, NAME, PERIOD, SECRET = "date", "numbering", "name", "period", "secret"

_WIDE = {ord(wide): ord(wide) - 0xFEE0 for wide in "０１２３４５６７８９．，％：－"} | {ord("％"): ord("%")}
_HAN = "零〇一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟萬億"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "萬": 10_000, "亿": 10**8, "億": 10**8}
_MORE = "余多来"
_MEASURE = "人名个個所份家支次轮起户校班条件元只位场辆批项张类种处台部座间封期例箱瓶袋吨亿万千百"
_LONG = 7  # digits without separator or scale: a phone, an ID number, a code

# What is no count, in the order in which it is looked for; each takes its characters away from the next.
_APART = [
    (
        DATE,
        rf"(?:\d{{2,4}}|[{_HAN}]{{2,4}})年(?:代|度)?(?:[\d{_HAN}]{{1,3}}月)?(?:[\d{_HAN}]{{1,3}}[日号])?"
        rf"|[\d{_HAN}]{{1,3}}月(?:份|[\d{_HAN}]{{1,3}}[日号]?|[上中下]旬)?|[\d]{{1,2}}日"
        r"|\d{4}-\d{1,2}-\d{1,2}(?:T[\d:+]+)?|\d{1,2}[时点](?:\d{1,2}分)?|\d{1,2}:\d{2}(?::\d{2})?"
        r"|〔\d{4}〕|\[\d{4}\]",
    ),
    (
        NUMBERING,
        rf"第\s*(?:\d+|[{_HAN}]+)|[（(][{_HAN}\d]{{1,3}}[）)]|(?m:^\s*(?:[{_HAN}]{{1,3}}、|\d{{1,2}}[.．、](?!\d)))"
        r"|\d+号|\bNo\.\s*\d+|(?:图|表|附件|附表)\s*\d+|[A-Za-z]+-?\d+(?:[.-]\d+)*|(?<=GB/T )\d+",
    ),
    (
        PERIOD,
        rf"(?:\d+(?:\.\d+)?|[{_HAN}半]+)\s*(?:个?(?:小时|星期|工作日|月(?!\d))|周(?!岁)|天|分钟|秒|岁|周岁|学期|日内|℃|度|毫升|毫克|米)"
        r"|\b\d+\s*(?:days?|hours?|weeks?|months?|minutes?|years?)\b",
    ),
]
_AMOUNT = re.compile(
    rf"(?P<hundredth>百分之)?(?:(?P<digits>{_DIGITS})(?P<scale>[十百千万萬亿億]*)|(?P<han>[{_HAN}]+(?:点[{_HAN}]+)?))"
    rf"(?P<more>[{_MORE}]?)(?P<tenth>成(?!立|员|为|果|绩|效|长|功|人))?(?P<percent>\s*%)?"
)
_BEFORE = re.compile(r"(约|近|将近|接近|超过|超|逾|突破|不足|不到|至少|大约|about|nearly|over|more than)\s*$")


@dataclass(frozen=True, slots=True)
class Amount:
    """`low` <= what it may stand for <= `high` (`high` left out where `open`); of a percentage in percent.

    `step` is the weight of its last written digit, 0 where it is meant to be exact."""

    start: int
    end: int
    text: str
    kind: str
    low: float = 0
    high: float = 0
    open: bool = False
    step: float = 0

    @property
    def checked(self) -> bool:
        return self.kind in (COUNT, PERCENT)

    def may_be(self, value: float) -> bool:
        return self.low - 1e-9 <= value and (
            value < self.high - 1e-9 if self.open else value <= self.high + 1e-9
        )


def amounts(text: str) -> list[Amount]:
    """All numbers of a text, in its order. Places are those of the text as it was given."""
    plain = text.translate(_WIDE)
    apart = list(_set_apart(plain))
    taken = [(a.start, a.end) for a in apart]
    rest = _blanked(plain, taken)
    return sorted([*apart, *_counts(rest, text)], key=lambda amount: amount.start)


def _set_apart(text: str) -> Iterator[Amount]:
    for kind, pattern in [(NAME, _names()), *_patterns()]:
        for match in pattern.finditer(text):
            yield Amount(match.start(), match.end(), match[0], kind)
        text = pattern.sub(lambda match: "\x00" * len(match[0]), text)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(kind, re.compile(pattern)) for kind, pattern in _APART]


@cache
def _names() -> re.Pattern[str]:
    """The named phrases of bulletins (`phrases.toml`): 双五, 一线, 市、乡、校三级."""
    numeral = f"[{_HAN}\\d]"
    return re.compile("|".join(f"(?<!{numeral}){re.escape(name)}(?!{numeral})" for name in phrases()))


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text


def _counts(text: str, original: str) -> Iterator[Amount]:
    for match in _AMOUNT.finditer(text):
        if match["han"] and not match["hundredth"] and not _is_count(match, text):
            continue
        amount = _amount(match, text, original)
        if amount:
            yield amount


def _is_count(match: re.Match[str], text: str) -> bool:
    """A single Chinese numeral is a count before a measure word alone, and 一起 is "together"; scales alone
    are none (万, 千百)."""
    han, after = match["han"], text[match.end() : match.end() + 1]
    if not set(han) - set("十百千万亿萬億拾佰仟"):
        return han in ("十", "拾") and after in _MEASURE
    if len(han) > 1 or match["tenth"]:
        return True
    return after != "" and after in _MEASURE and han + after != "一起"


def _amount(match: re.Match[str], text: str, original: str) -> Amount | None:
    digits = (match["digits"] or "").replace(",", "")
    if len(digits) >= _LONG and not match["scale"] and "," not in match["digits"]:
        return Amount(match.start(), match.end(), "•" * (match.end() - match.start()), SECRET)
    read = _read(match)
    if read is None:
        return None
    value, step = read
    if match["tenth"]:
        value, step = value * 10, 10.0
    percent = match["percent"] or match["hundredth"] or match["tenth"]
    said = _BEFORE.search(text[: match.start()])
    low, high, is_open = _range(
        value,
        step,
        said[1] if said else match["more"],
        percent=bool(percent),
        rough=bool(match["scale"] or match["tenth"]),
    )
    start = match.start()
    return Amount(
        start,
        match.end(),
        original[start : match.end()],
        PERCENT if percent else COUNT,
        low,
        high,
        is_open,
        step,
    )


def _read(match: re.Match[str]) -> tuple[float, float] | None:
    """(value, weight of the last written digit)."""
    if match["digits"]:
        scale = 1
        for char in match["scale"]:
            scale *= _SCALE[char]
        number = Decimal(match["digits"].replace(",", ""))
        places = -int(number.as_tuple().exponent)
        return float(number * scale), float(Decimal(scale) / 10**places)
    try:
        value = float(cn2an.cn2an(match["han"].replace("萬", "万").replace("億", "亿"), "smart"))
    except ValueError:
        return None
    return value, 10.0 ** -len(match["han"].partition("点")[2])


def _range(value: float, step: float, said: str, *, percent: bool, rough: bool) -> tuple[float, float, bool]:
    """What the words around a number make of it."""
    last = step if percent or rough else max(step, _last_digit(value))
    if said in ("余", "多", "来", "超过", "超", "逾", "突破", "至少", "over", "more than"):
        return value, value + last, True
    if said in ("近", "将近", "接近", "不足", "不到", "nearly"):
        return value - last, value, False
    if said in ("约", "大约", "about"):
        return value - last, value + last, False
    if percent or rough:  # rounded, or cut
        return value - step / 2, value + step, True
    return value, value, False


def _last_digit(value: float) -> float:
    """The weight of the last digit that is not 0: of 14,500 it is 100."""
    weight = 1.0
    while value and value % (weight * 10) == 0:
        weight *= 10
    return weight
