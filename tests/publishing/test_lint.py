"""Typed numbers of every kind are found, where they stand; words that merely hold a numeral are let be."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.publishing.lint import lint, refuse_typed_numbers
from fangxian.publishing.numerals import phrases, typed_numbers
from fangxian.publishing.problems import TemplateUnreadable, TypedNumbers

from . import planting as p

PLANTED: dict[str, tuple[Callable[..., object], str]] = {
    "arabic": (p.sentence("全市党员4642名。"), "4642"),
    "joined runs": (p.sentence("全市党员4", "6", "42名。"), "4642"),
    "full width": (p.sentence("全市党员４６４２名。"), "４６４２"),
    "chinese": (p.sentence("排查十二轮。"), "十二"),
    "chinese with 两": (p.sentence("两百所学校。"), "两百"),
    "more than ten thousand": (p.sentence("教职工万余名。"), "万余"),
    "percent in words": (p.sentence("覆盖百分之九十八的学校。"), "百分之九十八"),
    "year with 〇": (p.sentence("二〇二〇年二月。"), "二〇二〇"),
    "formal numerals": (p.sentence("捐款壹拾万元。"), "壹拾万"),
    "circled": (p.sentence("见⑫。"), "⑫"),
    "half": (p.sentence("一半学校已完成。"), "一半"),
    "some": (p.sentence("几百户已联系。"), "几百"),
    "split by nothing": (p.sentence("全市党员46\u200b42名。"), "4642"),
    "typed date": (p.sentence("截至2月12日。"), "2"),
    "roman": (p.sentence("分XII组。"), "XII"),
    "english": (p.sentence("Some fifty schools."), "fifty"),
    "in a heading, past its number": (p.sentence("一、十二轮排查", style="Heading 1"), "十二"),
    "numbering outside a heading": (p.sentence("一、组织指挥"), "一"),
    "beside a phrase": (p.sentence("“双五”行动有五项。"), "五"),
    "table cell": (p.cell("约300"), "300"),
    "page head": (p.header("第12期"), "12"),
    "foot of even pages": (p.even_footer("印300份"), "300"),
    "text box": (p.raw(p.text_box("累计56份")), "56"),
    "formula field": (p.raw(p.formula_field(" = 50 + 6 ", "56")), "{= 50 + 6}"),
    "quoting field": (p.raw(p.formula_field('QUOTE "56"', "56")), '{QUOTE "56"}'),
    "symbol": (p.raw(p.SYMBOL), "5"),
    "said of a picture": (p.raw(p.PICTURE), "4642"),
    "word art": (p.raw(p.WORD_ART), "100"),
    "constant": (p.sentence("党员{{ 4642 }}名。"), "4642"),
    "constant text": (p.sentence('党员{{ "4642" }}名。'), "4642"),
    "constant in curly quotes": (p.sentence("党员{{ “4642” }}名。"), "4642"),
    "set": (p.sentence("{% set n = 4642 %}"), "4642"),
    "sum": (p.sentence('{{ f("party.members") + f("league.members") }}'), "{{ f("),
    "counted by the template": (p.sentence("{{ zones|length }}个战区"), "|length"),
    "length of a loop": (p.sentence("{% for z in zones %}{{ loop.length }}{% endfor %}"), ".length"),
    "an id that is no count": (p.sentence("{{ zones[0].id }}名"), ".id"),
    "a range": (p.sentence("{% for i in range(56) %}{% endfor %}"), "56"),
    "a formatted constant": (p.sentence('{{ "%s名".format(56) }}'), "56"),
    "either way": (p.sentence('{{ 56 if f("party.members") else "57" }}'), "56"),
    "title of a chart": (p.sentence('{{ chart("party.members", title="4642名党员") }}'), "4642名党员"),
    "names in a chart": (p.sentence('{{ chart("a.b", names=["4642名党员"], title="党员") }}'), "4642名党员"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_number_is_found(template: bytes, kind: str) -> None:
    edit, number = PLANTED[kind]
    planted = p.edited(template, edit)
    found = [finding.found for finding in lint(planted)]
    assert any(number in text for text in found), found
    with pytest.raises(TypedNumbers):
        refuse_typed_numbers(planted)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("word/charts/chart1.xml", p.WORD_CHART),
        ("word/footnotes.xml", p.FOOTNOTES),
        ("word/embeddings/Microsoft_Excel_Sheet1.xlsx", "PK"),
    ],
)
def test_a_number_in_another_part_is_found(template: bytes, name: str, content: str) -> None:
    assert len(lint(p.with_part(template, name, content))) == 1


def test_our_own_template_holds_none(template: bytes) -> None:
    assert lint(template) == []


def test_ten_at_once_are_ten_findings(template: bytes) -> None:
    kinds = list(PLANTED)[:10]
    planted = p.edited(template, lambda document: [PLANTED[kind][0](document) for kind in kinds])
    assert {number for _edit, number in map(PLANTED.get, kinds)} <= {f.found for f in lint(planted)}


def test_a_finding_says_where_and_what_to_do(template: bytes) -> None:
    (finding,) = lint(p.edited(template, p.cell("约300")))
    assert "1" in finding.where and "3" in finding.where and "2" in finding.where  # table, row, column
    assert "{{ f(" in finding.advice and "300" in finding.around


@pytest.mark.parametrize(
    "text",
    [
        "落实“双五”行动和“十个一”活动，进一步压实第一责任人责任，统一指挥，一线值守。",
        "市、乡、校三级督促检查，千方百计做到万无一失。",
        '召开{{ f("party.branches") }}次会议，参加人员到岗，陆续返校，队伍整齐。',
        "参会、什么、陆地、北京、经验、正确、数字、分之后、成效、多措并举、余下。",
        '{% if f("party.members") > 100 %}超额。{% endif %}',
        '{{ trend("staff.mobilised", days=14, title="逐日情况") }}{{ zones[0].name }}',
        "{# 模板备注：2020年用 #}",
    ],
)
def test_words_that_hold_a_numeral_are_let_be(template: bytes, text: str) -> None:
    assert lint(p.edited(template, p.sentence(text))) == []


@pytest.mark.parametrize("text", ["一、组织指挥", "（二）共青团", "3．少先队", "（4）其他", "十二、附则"])
def test_the_numbering_of_a_heading_is_no_count(template: bytes, text: str) -> None:
    assert lint(p.edited(template, p.sentence(text, style="Heading 2"))) == []


def test_page_numbers_are_the_layouts(template: bytes) -> None:
    assert lint(p.edited(template, p.raw(p.formula_field(" PAGE ", "17")))) == []


@pytest.mark.parametrize("broken", [b"", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_word_file_is_refused_with_a_sentence(broken: bytes) -> None:
    with pytest.raises(TemplateUnreadable):
        lint(broken)


def test_no_phrase_is_a_count() -> None:
    """Nobody allows 56人 by the phrase list: it holds no digits and no count with a measure word."""
    assert not [phrase for phrase in phrases() if any(char.isascii() and char.isdigit() for char in phrase)]


@given(
    number=st.integers(0, 999_999), before=st.sampled_from(["共", "党员", "双五", "统一", "第一责任人", "，"])
)
def test_any_arabic_number_is_found_behind_any_words(number: int, before: str) -> None:
    (found,) = typed_numbers(f"{before}{number}名")
    assert found.text.endswith(str(number))


DIGITS = "零一二三四五六七八九"


@given(number=st.integers(0, 9_999))
def test_any_chinese_number_is_found(number: int) -> None:
    text = "".join(DIGITS[int(digit)] for digit in str(number))
    assert typed_numbers(f"共有{text}人") and typed_numbers(f"共有{text}人")[0].text == text
