"""Finds numbers in a text, in whatever script they are typed."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PHRASES = Path(__file__).with_name("phrases.toml")
# Numerals that Unicode does not know as such, and words for half, some, more than.
_WORDS = "两俩仨半几廿卅卌幺"
_SURE = "一二三四五六七八九十百千万亿〇零壹贰叁肆柒捌玖拾佰仟萬億兩貳參陸" + _WORDS
_JOINERS = r"[\s.,，．、·:：/%％‰~～\-–—点分之余多来成又]"
_ENGLISH = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?"
    "|millions?|dozens?|half|twice|percent"
)
_LATIN = re.compile(rf"(?<![A-Za-z])(?:{_ENGLISH}|(?-i:[IVX]{{2,}}))(?![A-Za-z])", re.IGNORECASE)
# Numbering at the very start of a heading: 一、 （一） 1. （1）
_HEADING = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|\d{1,2}[.．]|[（(]\d{1,2}[）)])"
)


@dataclass(frozen=True, slots=True)
class Found:
    start: int
    end: int
    text: str


@cache
def phrases() -> tuple[str, ...]:
    """The named phrases, longest first."""
    told = tomllib.loads(PHRASES.read_text("utf-8"))["phrase"]
    return tuple(sorted({text for entry in told for text in entry["texts"]}, key=lambda t: (-len(t), t)))


def typed_numbers(text: str, *, heading: bool = False) -> list[Found]:
    """Numbers that stand in `text` outside named phrases, and, in a heading, outside its own numbering."""
    open_text = _without_phrases(text)
    if heading and (numbering := _HEADING.match(open_text)):
        open_text = " " * numbering.end() + open_text[numbering.end() :]
    return sorted([*_numerals(open_text), *_latin(open_text)], key=lambda found: found.start)


def _without_phrases(text: str) -> str:
    return _phrases().sub(lambda phrase: "\x00" * len(phrase[0]), text)


@cache
def _phrases() -> re.Pattern[str]:
    """A numeral at the edge of a phrase stands free of others: 双五 may stand, 双五十 may not."""
    return re.compile("|".join(map(_free, phrases())))


def _free(phrase: str) -> str:
    before = rf"(?<![{_SURE}\d])" if is_numeral(phrase[0]) else ""
    after = rf"(?![{_SURE}\d])" if is_numeral(phrase[-1]) else ""
    return before + re.escape(phrase) + after


def is_numeral(char: str) -> bool:
    return char in _WORDS or unicodedata.numeric(char, None) is not None


def _sure(char: str) -> bool:
    """参 (to join), 陆 (land), 伍 (rank) are numerals among numerals alone; digits of any script always."""
    return char in _SURE or (is_numeral(char) and not "\u3400" <= char <= "\ufaff")


def _numerals(text: str) -> Iterator[Found]:
    """Runs of numerals; what joins two of them (a point, 分之, a separator) belongs to the run."""
    place = 0
    while place < len(text):
        if is_numeral(text[place]):
            end = _end_of_run(text, place)
            if any(_sure(char) for char in text[place:end]):
                yield Found(place, end, text[place:end])
            place = end
        else:
            place += 1


def _end_of_run(text: str, start: int) -> int:
    end = at = start + 1
    while at < len(text) and at - end < 3:
        if is_numeral(text[at]):
            end = at + 1
        elif not re.match(_JOINERS, text[at]):
            break
        at += 1
    while end < len(text) and text[end] in "%％‰余多":
        end += 1
    return end


def _latin(text: str) -> Iterator[Found]:
    for match in _LATIN.finditer(text):
        yield Found(match.start(), match.end(), match[0])
