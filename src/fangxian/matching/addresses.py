"""Addresses as township, village, group and house, held against those that a roster knows."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from zlib import crc32

from .names import blurred

_TOWN = re.compile(r"^(?:街道办事处|街道办|办事处|街道|镇|乡|民族乡)")
_TOWN_END = re.compile(r"(?:街道办事处|街道办|办事处|街道|镇|民族乡|乡)$")
_TOWN_FIND = re.compile(r"([一-鿿]{1,4}?)(?:街道办事处|街道办|办事处|街道|镇|民族乡|乡)")
_VILLAGE = re.compile(
    r"^([一-鿿]{1,5}?)(?:村民委员会|村委会|村委|居民委员会|居委会|社区居委会|社区|(?<=.)村(?!民?委|小组|组))"
)
_BEYOND = re.compile(r"(?:[^镇乡村道]{1,7}?(?:省|自治区|自治州|市|州|县|旗|(?<!社)区)){0,3}")
_GROUP = re.compile(r"(?:第)?([0-9]{1,3}|[一二三四五六七八九十]{1,3})(?:村民小组|居民小组|小组|组|社|队)")
_HOUSE = re.compile(r"([0-9]{1,4})(?:号|栋|幢)")
_NUMERALS = {sign: i for i, sign in enumerate("零一二三四五六七八九")}


class Place(NamedTuple):
    """Numbers of a township and of a village in the gazetteer, -1 where the village is not known there;
    0 is what is not given."""

    town: int = 0
    village: int = 0
    group: int = 0
    house: int = 0


NOWHERE = Place()


class Gazetteer:
    """Townships and villages of a roster. `towns` may be names from a column of their own."""

    def __init__(self, addresses: Iterable[str], towns: Iterable[str] = ()) -> None:
        whole = Counter(addresses)
        stems = {town_stem(town) for town in towns if town} or _towns_of(whole)
        self._towns = {stem: number for number, stem in enumerate(sorted(stems), start=1) if stem}
        self._find = re.compile(
            "|".join(sorted(map(re.escape, self._towns), key=len, reverse=True)) or r"(?!)"
        )
        self._villages: dict[tuple[int, str], int] = {}
        self._sounds: dict[tuple[int, str], int] = {}
        self._learn(whole)

    def _learn(self, addresses: Mapping[str, int]) -> None:
        seen: Counter[tuple[int, str]] = Counter()
        for address, times in addresses.items():
            town, rest = self._town(address)
            found = _VILLAGE.match(rest) if town else None
            if found:
                seen[town, found[1]] += times
        least = 3 if sum(seen.values()) > 20_000 else 1
        for number, (key, _times) in enumerate(
            sorted((k, n) for k, n in seen.items() if n >= least), start=1
        ):
            self._villages[key] = number
            self._sounds.setdefault((key[0], _heard(key[1])), number)

    def place(self, address: str) -> Place:
        tight = re.sub(r"\s+", "", address)
        town, rest = self._town(tight)
        if not town:
            return NOWHERE
        village, rest = self._village(town, rest)
        group, house = _GROUP.search(rest), _HOUSE.search(rest)
        return Place(town, village, _number(group[1]) if group else 0, int(house[1]) if house else 0)

    def _town(self, address: str) -> tuple[int, str]:
        found = self._find.search(address, _inner(address)) or self._find.search(address)
        if not found:
            return 0, ""
        rest = _TOWN.sub("", address[found.end() :])
        return self._towns[found[0]], rest

    def _village(self, town: int, rest: str) -> tuple[int, str]:
        for width in range(min(6, len(rest)), 0, -1):
            number = self._villages.get((town, rest[:width]))
            if number:
                return number, rest[width:]
        if not self._villages:  # a roster of townships alone has nothing to hold a village against
            return 0, rest
        found = _VILLAGE.match(rest)
        stem = found[1] if found else re.split(r"[第0-9一二三四五六七八九十]", rest, maxsplit=1)[0][:4]
        for width in range(min(5, len(stem)), 0, -1):
            number = self._sounds.get((town, _heard(stem[:width])))
            if number:
                return number, rest[width:]
        return (-1 if stem else 0), rest

    @property
    def mark(self) -> int:
        """Alike where townships and villages have the same numbers."""
        return crc32(repr((sorted(self._towns), sorted(self._villages))).encode())

    @property
    def size(self) -> tuple[int, int]:
        return len(self._towns), len(self._villages)


def town_stem(town: str) -> str:
    return _TOWN_END.sub("", town.strip())


def _inner(address: str) -> int:
    """Where the part below province, city and county begins."""
    found = _BEYOND.match(address)
    return found.end() if found else 0


def _towns_of(addresses: Iterable[str]) -> set[str]:
    seen: Counter[str] = Counter()
    for address in addresses:
        found = _TOWN_FIND.match(address[_inner(address) :])
        if found:
            seen[found[1]] += 1
    return set(seen)


_HEARD: dict[str, str] = {}


def _heard(text: str) -> str:
    """As it sounds, blurred."""
    found = _HEARD.get(text)
    if found is None:
        from pypinyin import lazy_pinyin

        found = _HEARD[text] = " ".join(map(blurred, lazy_pinyin(text)))
    return found


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (10 * _NUMERALS.get(tens, 1) if ten else 0) + _NUMERALS.get(ones, 0)
