"""Two versions of a text: what was taken out and put in, with numbers whole and rows beside their like."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.publishing.blocks import Block, Chart, Run, Series
from fangxian.publishing.differences import Change, Fate, Paragraph, differences, pieces
from fangxian.publishing.references import Reference


def shown(old: str, new: str) -> str:
    """[-gone-] and {+new+} among what is the same."""
    told = {Fate.SAME: "{}", Fate.GONE: "[-{}-]", Fate.NEW: "{{+{}+}}"}
    return "".join(told[piece.fate].format(piece.text) for piece in pieces(old, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("返回大学生879人", "返回大学生897人", "返回大学生[-879-]{+897+}人"),
        ("完成98.5%，", "完成99.5%，", "完成[-98.5%-]{+99.5%+}，"),
        ("共1,204户", "共1,024户", "共[-1,204-]{+1,024+}户"),
        ("共１６０名", "共１６１名", "共[-１６０-]{+１６１+}名"),
        ("排查十二轮", "排查十三轮", "排查[-十二-]{+十三+}轮"),
        ("已签承诺书", "均已签订承诺书", "{+均+}已签{+订+}承诺书"),
        ("3，5所", "3，6所", "3，[-5-]{+6+}所"),
        ("two schools", "three schools", "[-two-]{+three+} schools"),
        ("一样", "一样", "一样"),
        ("", "全新", "{+全新+}"),
    ],
)
def test_characters_are_words_and_numbers_stay_whole(old: str, new: str, told: str) -> None:
    assert shown(old, new) == told


@given(
    st.text("一二十万大学生返校0123456789.,% ab", max_size=30),
    st.text("一二十万大学生返校0123456789.,% ab", max_size=30),
)
def test_without_what_is_new_it_is_the_old_text_and_without_what_is_gone_the_new_one(
    old: str, new: str
) -> None:
    found = pieces(old, new)
    assert "".join(p.text for p in found if p.fate is not Fate.NEW) == old
    assert "".join(p.text for p in found if p.fate is not Fate.GONE) == new


# ------------------------------------------------------------------------------------ paragraphs


def number(value: int, figure: str = "a.b", unit: str = "xw") -> Run:
    reference = Reference(figure, unit, "value", value)
    return Run(reference.text, reference)


def paragraph(*parts: str | Run, kind: str = "paragraph") -> Block:
    return Block(kind, tuple(Run(part) if isinstance(part, str) else part for part in parts))


def table(*rows: Sequence[str | Run]) -> Block:
    told = tuple(tuple((Run(c) if isinstance(c, str) else c,) for c in row) for row in rows)
    return Block("table", rows=told)


def changes(old: list[Block], new: list[Block]) -> list[tuple[str, str]]:
    return [(one.change.value, text(one)) for one in differences(old, new) if one.change is not Change.SAME]


def text(one: Paragraph) -> str:
    return one.words(Fate.GONE if one.change is Change.GONE else Fate.NEW)


def test_other_numbers_are_told_apart_from_other_words() -> None:
    old = [paragraph("返回大学生", number(879), "人。"), paragraph("已核实", number(5), "人。")]
    new = [paragraph("返回大学生", number(874), "人。"), paragraph("经核实", number(5), "人。")]
    assert changes(old, new) == [("numbers", "返回大学生874人。"), ("words", "经核实5人。")]


def test_a_number_that_is_typed_where_one_was_counted_is_another_wording() -> None:
    old, new = [paragraph("党员", number(56), "名。")], [paragraph("党员57名。")]
    assert changes(old, new) == [("words", "党员57名。")]


def test_paragraphs_that_come_and_go_stand_where_they_stood() -> None:
    old = [paragraph("甲段讲组织指挥。"), paragraph("乙段讲物资保障。"), paragraph("丙段讲值班值守。")]
    new = [
        paragraph("甲段讲组织指挥。"),
        paragraph("Disinfection of all schools."),
        paragraph("丙段讲值班值守。"),
    ]
    assert changes(old, new) == [("gone", "乙段讲物资保障。"), ("new", "Disinfection of all schools.")]
    assert [one.change.value for one in differences(old, new)] == ["same", "gone", "new", "same"]


def test_a_row_that_is_new_does_not_shift_those_below_it() -> None:
    old = [table(("单位", "人数"), ("东山", number(1)), ("西水", number(2)))]
    new = [table(("单位", "人数"), ("北岭", number(9)), ("东山", number(3)), ("西水", number(4)))]
    assert changes(old, new) == [("new", "北岭 · 9"), ("numbers", "东山 · 3"), ("numbers", "西水 · 4")]


def test_what_a_chart_shows_is_compared_label_by_label() -> None:
    def chart(value: int) -> Block:
        points = tuple((zone, Reference("a.b", zone, "value", value)) for zone in ("z1", "z2"))
        return Block("chart", chart=Chart("各战区", "bars", (Series("人数", points),)))

    assert changes([chart(1)], [chart(1)]) == []
    assert changes([chart(1)], [chart(2)]) == [("numbers", "z1 · 2"), ("numbers", "z2 · 2")]


def test_a_paragraph_is_told_with_the_heading_above_it() -> None:
    head = paragraph("二、学生排查", kind="heading1")
    [_same, one] = differences([head, paragraph("共", number(1))], [head, paragraph("共", number(2))])
    assert (one.under, one.change) == ("二、学生排查", Change.NUMBERS)
