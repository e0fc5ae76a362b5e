"""Names, numbers, dates and addresses as lists have them: what each is read as."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.matching.addresses import Gazetteer, Place, town_stem
from fangxian.matching.days import Birth, birth_in, read_birth
from fangxian.matching.names import Name, Names, blurred
from fangxian.matching.numbers import IdNumber, read_id, read_phone
from fangxian.matching.worth import MOST_OVERSTATED, _overstated


def name(text: str, *known: str) -> Name:
    readings = Names()
    readings.learn(readings.read(known or ["李小明", "谢国强", "欧阳娜"]).values())
    found = readings.read([text])[text]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "signs"),
    [
        ("张 三", "张三"),
        ("　李  俊  婷", "李俊婷"),
        ("王•永•豪", "王永豪"),
        ("劉應華", "刘应华"),
        ("陳堃", "陈坤"),
        ("阿依古丽·买买提", "阿依古丽买买提"),
        ("张三（学生）", "张三"),
        ("李小明同学", "李小明"),
        ("𠅤丽", "𠅤丽"),
    ],
)
def test_a_name_is_its_signs_without_what_stands_between(written: str, signs: str) -> None:
    assert name(written).signs == signs


@pytest.mark.parametrize(
    "written", ["LI/XIAOMING", "li xiao ming", "lixiaoming", "Xiaoming Li", "Lǐ Xiǎomíng", "LI Xiao-Ming"]
)
def test_a_name_in_letters_falls_apart_into_its_syllables(written: str) -> None:
    found = name(written)
    assert (found.latin, found.sounds) == (True, ("li", "xiao", "ming"))


def test_a_name_in_letters_of_nobody_on_the_roster_is_parted_all_the_same() -> None:
    assert name("Guoming Xie").sounds == ("xie", "guo", "ming")


def test_surnames_have_their_own_reading() -> None:
    assert [name(text).sounds[0] for text in ("曾强", "单娜", "覃伟", "解明")] == [
        "zeng",
        "shan",
        "qin",
        "xie",
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("小明", "明"),
        ("阿强", "强"),
        ("强哥", "强"),
        ("瑶瑶", "瑶"),
        ("王杰杰", "杰"),
        ("明", "明"),
        ("李小明", ""),
    ],
)
def test_a_nickname_keeps_one_sign(text: str, kept: str) -> None:
    assert name(text).nick == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [("lan", "nan"), ("jin", "jing"), ("zhang", "zan"), ("chen", "ceng"), ("fei", "hui"), ("shi", "si"),
     ("hu", "fu"), ("huang", "fang"), ("ren", "len")],
)  # fmt: skip
def test_what_dialects_confuse_sounds_the_same(one: str, other: str) -> None:
    assert blurred(one) == blurred(other)


@pytest.mark.parametrize(("one", "other"), [("ma", "li"), ("zhao", "zhu"), ("lan", "lin"), ("wei", "wu")])
def test_what_nobody_confuses_stays_apart(one: str, other: str) -> None:
    assert blurred(one) != blurred(other)


@pytest.mark.parametrize(("one", "other"), [("浩", "洁"), ("周", "同"), ("徐", "除")])
def test_signs_that_look_alike_have_nearly_one_shape(one: str, other: str) -> None:
    shapes = zip(name(f"李{one}").shape, name(f"李{other}").shape, strict=True)
    assert sum(a != b for a, b in shapes) <= 1


# ---- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("990101200803042151", IdNumber("990101200803042151")),
        ("'99010120080304215x ", IdNumber("99010120080304215X")),
        ("９９０１０１ 20080304 2151", IdNumber("990101200803042151")),
        ("990101800304215", IdNumber("990101198003042159")),
        ("9901**********2151", IdNumber(head="9901", tail="2151")),
        ("99010120080304****", IdNumber(head="99010120080304")),
        ("990101********215X", IdNumber(head="990101", tail="215X")),
        ("990101xxxxxxxx2151", IdNumber(head="990101", tail="2151")),
        (9.90101200803042e17, IdNumber(head="990101200803042")),
        ("护照 E123", IdNumber()),
        ("无", IdNumber()),
    ],
)
def test_an_id_number_is_what_is_seen_of_it(cell: object, read: IdNumber) -> None:
    assert read_id(cell) == read  # type: ignore[arg-type]


PHONES = [
    "10012345678", "100-1234-5678", "100 1234 5678", "+86 10012345678", "8610012345678", "0086-10012345678",
    "10012345678.0", 10012345678, 10012345678.0, "１００１２３４５６７８", "电话10012345678", "10012345678/",
]  # fmt: skip


@pytest.mark.parametrize("cell", PHONES)
def test_a_phone_is_its_eleven_digits(cell: object) -> None:
    assert read_phone(cell) == "10012345678"  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["", "无", "-", "123", None])
def test_what_is_no_phone_is_none(cell: object) -> None:
    assert read_phone(cell) == ""  # type: ignore[arg-type]


WHOLE = ["2009-02-26", "2009/2/26", "20090226", "2009.2.26", "2009年2月26日", "2009-02-26 00:00:00", "39870"]
PARTS = {"2009年2月": Birth(2009, 2), "2009-02": Birth(2009, 2), "2009年": Birth(2009), "2009": Birth(2009)}
ODD = {"2009-26-02": Birth(2009, 26, 2), "不详": None}


@pytest.mark.parametrize(
    ("cell", "birth"), [*((cell, Birth(2009, 2, 26)) for cell in WHOLE), *PARTS.items(), *ODD.items()]
)
def test_a_birth_date_is_read_in_the_parts_that_are_given(cell: str, birth: Birth | None) -> None:
    assert read_birth(cell) == birth


def test_a_birth_date_is_found_in_what_is_seen_of_an_id_number() -> None:
    assert [birth_in(seen) for seen in ("20080304", "2008", "", "9x")] == [
        Birth(2008, 3, 4), Birth(2008), None, None,
    ]  # fmt: skip


# ---- addresses --------------------------------------------------------------------------------------

KNOWN = [
    "云山省青石市白沙乡上寨村委会3组12号",
    "云山省青石市大桥街道石桥社区7组",
    "云山省青石市大桥街道营房社区2组",
]


@pytest.mark.parametrize(
    ("written", "as_known"),
    [
        ("青石市白沙乡上寨村民委员会三组12号", KNOWN[0]),
        ("白沙上寨村第3村民小组12号", KNOWN[0]),
        ("云山青石白沙上寨3社12号", KNOWN[0]),
        ("云山省 青石市大桥街道办事处石桥居委会7组", KNOWN[1]),
        ("大桥办事处 石桥七组", KNOWN[1]),
        ("青石市大桥街道办营芳村2组", KNOWN[2]),
    ],
)
def test_an_address_is_the_place_that_the_roster_knows(written: str, as_known: str) -> None:
    gazetteer = Gazetteer(KNOWN, ["白沙乡", "大桥街道"])
    assert gazetteer.place(written) == gazetteer.place(as_known)
    assert gazetteer.place(written).village > 0


def test_an_address_says_no_more_than_it_gives() -> None:
    gazetteer = Gazetteer(KNOWN)
    town = gazetteer.place(KNOWN[0]).town
    assert gazetteer.place("青石市白沙乡") == Place(town)
    assert gazetteer.place("白沙乡无名寨村5组") == Place(town, -1, 5)
    assert gazetteer.place("别的省别的市") == Place()
    assert town_stem("大桥街道办事处") == "大桥"


# ---- how rare a name is that one person has -----------------------------------------------------------


@pytest.mark.parametrize(
    ("bearers", "overstated"),
    [
        ([1, 1, 2, 5], 0.5),  # two names of one person, one of two: half a bearer is left of one
        ([1] * 8 + [2], 0.8),  # most names that one person has, nobody else has
        ([1] * 1000, MOST_OVERSTATED),
        ([3, 4], 0.0),
    ],
)
def test_a_name_of_one_person_is_the_rarer_the_more_such_names_there_are(
    bearers: list[int], overstated: float
) -> None:
    assert _overstated(np.array(bearers)) == pytest.approx(overstated)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_something_is_left_of_every_bearer(names: list[int]) -> None:
    bearers = np.array(sorted(Counter(names).values()))
    left = bearers - _overstated(bearers)
    assert (left >= 1 - MOST_OVERSTATED - 1e-9).all() and (left <= bearers).all()
