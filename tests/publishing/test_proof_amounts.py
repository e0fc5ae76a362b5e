"""The numbers of a draft, and what each may stand for."""

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.publishing.proof.amounts import COUNT, DATE, NAME, NUMBERING, PERCENT, PERIOD, SECRET, amounts

# a text, what is read there, and a value that it may and one that it may not stand for
READ = [
    ("大学生879人", "879", 879, 880),
    ("大学生８７９人", "８７９", 879, 878),
    ("大学生八百七十九人", "八百七十九", 879, 89),
    ("教职工14,501名", "14,501", 14501, 145),
    ("教职工１４，５０１名", "１４，５０１", 14501, 14),
    ("教职工1.4万余名", "1.4万余", 14501, 13999),
    ("教职工1.4万余名", "1.4万余", 14000, 15000),
    ("教职工14500余名", "14500余", 14501, 14600),
    ("学生25.6万名", "25.6万", 256557, 257000),
    ("学生二十五万余名", "二十五万余", 256557, 260000),
    ("近1.5万名教职工", "1.5万", 14501, 15001),
    ("约250名", "250", 245, 270),
    ("两个战区", "两", 2, 12),
    ("6个战区", "6", 6, 60),
    ("价值10.58万元", "10.58万", 105800, 105700),
    ("占98.5%", "98.5%", 98.54, 98.4),
    ("占９８．５％", "９８．５％", 98.5, 99),
    ("占百分之九十八点五", "百分之九十八点五", 98.5, 99),
    ("近七成学生", "七成", 68, 71),
    ("all 879 students", "879", 879, 87),
]
# a text, and what it holds that is no count
APART = [
    ("2月12日18时50分，", {DATE}),
    ("2020年2月12日", {DATE}),
    ("二〇二〇年二月十二日", {DATE}),
    ("截至2020-02-12T18:50", {DATE}),
    ("〔2020〕1号", {DATE, NUMBERING}),
    ("一、组织指挥", {NUMBERING}),
    ("第12期", {NUMBERING}),
    ("（一）党组织", {NUMBERING}),
    ("“双五”行动", {NAME}),
    ("居家观察14天", {PERIOD}),
    ("每2小时通风", {PERIOD}),
    ("联系电话13800000000", {SECRET}),
    ("统一领导，进一步", {NAME}),
    ("没有数字", set()),
    ("大家一起努力", set()),
    ("成千上万", set()),
]


@pytest.mark.parametrize(("text", "written", "may", "may_not"), READ)
def test_a_number_is_read_and_means_a_range(text: str, written: str, may: float, may_not: float) -> None:
    [amount] = [a for a in amounts(text) if a.checked]
    assert (amount.text, text[amount.start : amount.end]) == (written, written)
    assert amount.may_be(may)
    assert not amount.may_be(may_not)


@pytest.mark.parametrize(("text", "kinds"), APART)
def test_what_is_no_count_is_told_apart(text: str, kinds: set[str]) -> None:
    found = amounts(text)
    assert {a.kind for a in found} == kinds
    assert not any(a.checked for a in found)


def test_a_long_number_is_not_repeated() -> None:
    [amount] = amounts("身份证号110000201001010012")
    assert (amount.kind, amount.text.strip("•")) == (SECRET, "")


@given(st.integers(0, 99_999_999), st.sampled_from(["plain", "commas", "wide", "chinese"]))
def test_a_number_is_read_however_it_is_written(number: int, how: str) -> None:
    written = {
        "plain": f"{number}",
        "commas": f"{number:,}",
        "wide": f"{number}".translate({ord(str(n)): 0xFF10 + n for n in range(10)}),
        "chinese": cn2an.an2cn(number),
    }[how]
    found = amounts(f"共{written}人")
    if how in ("plain", "wide") and number >= 10**6:
        assert [a.kind for a in found] == [SECRET], "it might be somebody's phone"
    else:
        [amount] = found
        assert (amount.kind, amount.text) == (COUNT, written)
        assert amount.may_be(number)
        assert not amount.may_be(number + 1)


@given(st.text(alphabet="0123456789０９一二十百千万亿零〇两点.,%余多成年月日第（）、近约 a学人", max_size=30))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = amounts(text)
    assert found == sorted(found, key=lambda a: a.start)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False)), "no character twice"
    assert all(a.low <= a.high for a in found)
    assert {a.kind for a in found} <= {COUNT, PERCENT, DATE, NAME, NUMBERING, PERIOD, SECRET}
