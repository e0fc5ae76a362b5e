"""The lists that other offices send on 28 January: who stands on which, and how they are written there.

Whom a list names is drawn from the plan of the city, never from what the matcher finds. Offices err as
offices do: names misheard, digits turned around, numbers masked, phones left out; most rows are strangers.
A few persons of each category are known by one list alone, with the whole of their ID number: their household
said nothing until somebody called because of the list.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xlsxwriter

from .city import City
from .clockwork import BUILT
from .draws import stream
from .findings import Findings
from .people import SURNAMES, id_numbers, names, phones

STRANGERS = 2.0  # for each row of ours
FIRST_NUMBER, FIRST_PHONE = 2_000_000, 60_000_000  # of people who are not ours
CHANGED = 0.05  # of the rows of a second issue

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Person:
    """What an office may know of somebody. `number`: in the plan, -1 of a stranger."""

    number: int
    name: str
    sex: str
    id_number: str
    phone: str
    birth: str
    town: str
    returned: str


@dataclass(frozen=True, slots=True)
class Office:
    """`share` of those whom it could name are on its list; `write` is one row of it."""

    key: str
    source: str
    title: str
    topic: str
    place: str  # what those on it have in common: hubei, contact, tour
    share: float
    headings: tuple[str, ...]
    write: "Callable[[Person, Hand], Cells]"


@dataclass(slots=True)
class Issue:
    """A file of an office: its rows, and of each row whom it means (`number` in the plan, -1: a stranger)."""

    office: Office
    rows: list[Cells] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)

    def save(self, folder: Path) -> Path:
        """As the office would: a title above the headings. The same rows are the same bytes."""
        path = folder / f"{self.office.key}-{len(self.rows)}.xlsx"
        with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
            book.set_properties({"created": BUILT.replace(tzinfo=None)})
            sheet = book.add_worksheet("名单")
            sheet.write_string(0, 0, self.office.title)
            for place, cells in enumerate([self.office.headings, *self.rows]):
                for column, cell in enumerate(cells):
                    sheet.write_string(1 + place, column, cell)
        return path

    def meant(self, number: int) -> int:
        """Whom the row means that a spreadsheet shows under this number."""
        return self.truth[number - FIRST_ROW]


FIRST_ROW = 3  # below title and headings


# ---- how offices write ------------------------------------------------------------------------------


class Hand(Protocol):
    """Who writes a row: how it errs is drawn."""

    def random(self) -> float: ...

    def integers(self, low: int, high: int | None = None) -> Any: ...


class Careful:
    """A clerk with whom nothing is wrong and nothing missing."""

    def random(self) -> float:
        return 0.5

    def integers(self, low: int, high: int | None = None) -> int:
        return low


_HEARD = dict(
    zip(
        "伟磊杰涛明平辉鹏波宇浩俊东建志芳敏静丽霞玲桂凤梅琳莲雪荣梓怡佳睿涵语梦欣子一",
        "玮雷洁滔铭萍晖朋博雨皓峻冬健智方民靖莉侠灵贵奉枚林连学蓉紫宜嘉锐含雨孟心紫依",
        strict=True,
    )
)
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def _misheard(name: str, hand: Hand) -> str:
    """One of the ways in which a name is written wrong."""
    way = int(hand.integers(4))
    if way == 0 and len(name) == 3:
        return name[0] + name[2] + name[1]
    if way == 1 and len(name) == 3:
        return name[:2]
    if way == 2:
        return f"{name[0]} {name[1:]}"
    return name[0] + "".join(_HEARD.get(each, each) for each in name[1:])


def _mistyped(digits: str, hand: Hand) -> str:
    """Two digits turned around, or one of them another."""
    if len(digits) < 4:
        return digits
    place = int(hand.integers(2, len(digits) - 2))
    if hand.random() < 0.5:
        return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    return digits[:place] + str((int(digits[place]) + int(hand.integers(1, 10))) % 10) + digits[place + 1 :]


def _name(person: Person, hand: Hand, wrong: float = 0.08) -> str:
    return _misheard(person.name, hand) if hand.random() < wrong else person.name


def _number(person: Person, hand: Hand, wrong: float = 0.08, blank: float = 0.05) -> str:
    draw = hand.random()
    if draw < blank:
        return ""
    return _mistyped(person.id_number, hand) if draw < blank + wrong else person.id_number


def _masked(person: Person, hand: Hand) -> str:
    number = person.id_number
    return f"{number[:6]}{'*' * 8}{number[-4:]}" if number else ""


def _phone(person: Person, hand: Hand, wrong: float = 0.05, blank: float = 0.1) -> str:
    draw = hand.random()
    if draw < blank:
        return ""
    if draw < blank + wrong:
        return _mistyped(person.phone, hand) if person.phone else ""
    return person.phone.translate(_WIDE) if draw > 0.98 else person.phone


def _transport(person: Person, hand: Hand) -> Cells:
    train = f"K{hand.integers(100, 999)}"
    return [_name(person, hand), _number(person, hand), _phone(person, hand), train, person.returned]


def _police(person: Person, hand: Hand) -> Cells:
    return [_name(person, hand, 0.03), person.sex, _masked(person, hand), person.town]


def _roaming(person: Person, hand: Hand) -> Cells:
    return [person.phone, "湖北武汉" if hand.random() < 0.7 else "湖北黄冈", person.returned]


def _contacts(person: Person, hand: Hand) -> Cells:
    number, phone = _number(person, hand, 0.04, 0.2), _phone(person, hand)
    return [_name(person, hand), person.sex, number, phone, person.town]


def _tour(person: Person, hand: Hand) -> Cells:
    return [
        _name(person, hand, 0.03),
        _number(person, hand, 0.03, 0),
        _phone(person, hand),
        "海南",
        person.returned,
    ]


def _villages(person: Person, hand: Hand) -> Cells:
    year, month, day = person.birth.split("-")
    born = f"{year}年{int(month)}月{int(day)}日" if hand.random() < 0.6 else f"{year}.{int(month)}"
    return [_name(person, hand, 0.12), person.sex, born, _phone(person, hand, blank=0.25), person.town]


OFFICES = (
    Office(
        "transport", "市交通运输局", "湖北方向到达旅客名单", "returnees_hubei", "hubei", 0.55,
        ("姓名", "身份证号", "手机号", "车次", "到达日期"), _transport,
    ),
    Office(
        "police", "市公安局", "湖北来宣返宣人员名单", "returnees_hubei", "hubei", 0.45,
        ("姓名", "性别", "证件号码", "乡镇"), _police,
    ),
    Office(
        "roaming", "通信运营企业", "湖北漫游手机号名单", "roaming_hubei", "hubei", 0.2,
        ("用户号码", "漫游地", "返回日期"), _roaming,
    ),
    Office(
        "contacts", "市疾病预防控制中心", "与湖北返回人员接触者名单", "contacts_hubei", "contact", 0.7,
        ("姓名", "性别", "身份证号", "联系电话", "乡镇"), _contacts,
    ),
    Office(
        "tours", "市文化和旅游局", "春节出省旅游团队名单", "tours", "tour", 0.8,
        ("姓名", "身份证号", "联系电话", "目的地", "返回日期"), _tour,
    ),
    Office(
        "villages", "各乡镇（街道）", "村组摸排返乡人员登记表", "returnees_hubei", "hubei", 0.3,
        ("姓名", "性别", "出生日期", "联系电话", "乡镇"), _villages,
    ),
)  # fmt: skip


# ---- who stands on them -----------------------------------------------------------------------------


@dataclass(slots=True)
class Lists:
    """The issues in the order in which they come; the first office sends a second one the same evening."""

    first: Issue
    evening: list[Issue]  # of each office the last


def draw_lists(city: City, findings: Findings, seed: int) -> Lists:
    """Plan the files. The same seed gives the same files."""
    rng = stream(seed, "lists")
    people = _People(city, findings, rng)
    issues = [_issue(office, people, findings, rng) for office in OFFICES]
    return Lists(_earlier(issues[0], people, rng), issues)


class _People:
    """Those of the city whom offices can name, and strangers."""

    def __init__(self, city: City, findings: Findings, rng: np.random.Generator) -> None:
        self.city, self.findings, self.rng = city, findings, rng
        self.home = np.zeros(city.people, dtype=np.int64)
        self.home[city.member_person] = city.member_household
        for newcomer in findings.newcomers:
            self.home[newcomer.person] = newcomer.household
        self._strangers = 0

    def known(self) -> Iterator[int]:
        """Verified in the first round, or to be known by a list alone; no lead that nobody verified."""
        twins = {each.person for each in self.findings.newcomers if each.same_as >= 0}
        early = {person for person, round_ in self.findings.verify if round_ == 1}
        early -= self.findings.retract | self.findings.correct | set(self.findings.since) | twins
        early -= {person for person, round_ in self.findings.said if round_ == 1}
        yield from sorted(early | self.findings.listed_only.keys())

    def of(self, number: int) -> Person:
        city = self.city
        returned = int(self.findings.returned[number])
        return Person(
            number,
            city.name[number],
            "女" if city.female[number] else "男",
            city.id_number[number],
            city.phone[number],
            str(city.birth[number].astype("datetime64[D]")),
            city.layout.towns[int(city.household_town[self.home[number]])],
            _day(returned),
        )

    def strangers(self, count: int) -> list[Person]:
        """Of elsewhere, or of here but of no school's household."""
        rng, first = self.rng, self._strangers
        self._strangers += count
        female = rng.random(count) < 0.5
        birth = np.datetime64("1950-01-01") + rng.integers(0, 18_000, count).astype("timedelta64[D]")
        called = names(rng, female, False, rng.integers(0, len(SURNAMES), count))
        numbers = id_numbers(birth, female, FIRST_NUMBER + first)
        called_by = phones(FIRST_PHONE + first, count)
        towns = rng.integers(0, len(self.city.layout.towns), count)
        days = rng.integers(10, 23, count)
        return [
            Person(
                -1, called[i], "女" if female[i] else "男", numbers[i], called_by[i], str(birth[i]),
                self.city.layout.towns[int(towns[i])], _day(int(days[i])),
            )
            for i in range(count)
        ]  # fmt: skip


def _day(number: int) -> str:
    return "" if number < 0 else str(np.datetime64("2020-01-01") + np.timedelta64(number, "D"))


def _issue(office: Office, people: _People, findings: Findings, rng: np.random.Generator) -> Issue:
    rows: list[tuple[Cells, int]] = []
    for number in people.known():
        if findings.known_as(number) != office.place:
            continue
        alone = findings.listed_only.get(number)
        if alone is None and rng.random() < office.share:
            rows.append((office.write(people.of(number), rng), number))
        elif alone == office.key:
            rows.append((office.write(people.of(number), Careful()), number))
    for stranger in people.strangers(max(2, int(len(rows) * STRANGERS))):
        rows.append((office.write(stranger, rng), -1))
    rows += [rows[i] for i in rng.integers(0, len(rows), len(rows) // 40).tolist()]  # written down twice
    return _shuffled(office, rows, rng)


def _shuffled(office: Office, rows: Sequence[tuple[Cells, int]], rng: np.random.Generator) -> Issue:
    order = rng.permutation(len(rows)).tolist()
    return Issue(office, [rows[i][0] for i in order], [rows[i][1] for i in order])


def _earlier(issue: Issue, people: _People, rng: np.random.Generator) -> Issue:
    """What the office sent at noon: some rows were missing, some were mended since, some are gone."""
    kept = [
        (cells, who) for cells, who in zip(issue.rows, issue.truth, strict=True) if rng.random() > CHANGED
    ]
    mended = [
        ([cells[0], cells[1], "", *cells[3:]] if rng.random() < CHANGED else cells, who)
        for cells, who in kept
    ]
    gone = [(issue.office.write(each, rng), -1) for each in people.strangers(max(1, len(kept) // 40))]
    return _shuffled(issue.office, [*mended, *gone], rng)
