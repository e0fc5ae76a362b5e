"""The measures of GB/T 9704-2012, in the Word file's XML and on the pages of the PDF."""

import io
import re

import pymupdf
import pytest
from docx import Document
from docx.oxml.ns import qn

from fangxian.kernel.asof import AsOf
from fangxian.publishing import fonts, pdf, word
from fangxian.publishing.content import count_bulletin
from fangxian.publishing.marks import Marks
from fangxian.publishing.problems import ChineseFontsMissing

from . import planting as p
from .conftest import EVENING, TableEngine

MM = 72 / 25.4
TOP, LEFT, WIDTH, HEIGHT = 37 * MM, 28 * MM, 156 * MM, 225 * MM
SLACK = 1.5  # points: a comma may hang so far


MADE: list[tuple[bytes, bytes]] = []  # once for all tests that only look


@pytest.fixture
def files(request: pytest.FixtureRequest, template: bytes) -> tuple[bytes, bytes]:
    if not MADE:
        MADE.append(made(request.getfixturevalue("city"), TableEngine(), template))
    return MADE[0]


def made(city: AsOf, engine: TableEngine, template: bytes, marks: Marks = Marks()) -> tuple[bytes, bytes]:  # noqa: B008
    content = count_bulletin(engine=engine, at=city, template=template, number=12, issued_at=EVENING)
    return content.docx(marks), content.pdf(marks)


def outside(document: pymupdf.Document) -> list[str]:
    """Words that stand outside the text area; page numbers, the band and the line that tells number and
    cut-off apart, which have their own places."""
    lines = (
        (line["bbox"], "".join(span["text"] for span in line["spans"]))
        for page in document
        for block in page.get_text("dict")["blocks"]
        for line in block.get("lines", ())
    )
    return [
        text
        for box, text in lines
        if text.strip()
        and pymupdf.Rect(box) not in area(text)
        and not re.fullmatch(r"— \d+ —|演示数据.*", text.strip())
        and not (text.startswith("第12期　数字截至") and 0 < LEFT < box[0] and box[3] < 842 - 28)
    ]


def area(text: str) -> pymupdf.Rect:
    """The text area. A mark at a line's edge keeps one half: the box of its empty half holds no ink."""
    before = 8 if text.lstrip()[0] in "（“〔" else 0
    after = 8 if text.rstrip()[-1] in "，。；：、）”〕" else 0
    return pymupdf.Rect(
        LEFT - SLACK - before, TOP - SLACK, LEFT + WIDTH + SLACK + after, TOP + HEIGHT + SLACK
    )


# --------------------------------------------------------------------------------------------------- the PDF


def test_pages_are_a4(files: tuple[bytes, bytes]) -> None:
    for page in pymupdf.open(stream=files[1]):
        assert page.rect.width == pytest.approx(210 * MM, abs=0.1)
        assert page.rect.height == pytest.approx(297 * MM, abs=0.1)


def test_nothing_stands_outside_the_text_area(files: tuple[bytes, bytes]) -> None:
    assert outside(pymupdf.open(stream=files[1])) == []


def test_a_full_line_has_28_characters_and_a_full_page_22_lines(
    city: AsOf, engine: TableEngine, template: bytes
) -> None:
    """A paragraph of full-width characters alone fills the grid that the standard names."""
    long = p.edited(template, p.sentence("防" * 2000))
    pages = [lines for page in pymupdf.open(stream=made(city, engine, long)[1]) if (lines := grid(page))]
    assert max(len(line) for lines in pages for line in lines) == 28
    assert max(len(lines) for lines in pages) == 22


def grid(page: pymupdf.Page) -> list[str]:
    text = [line.strip() for line in page.get_text().splitlines()]
    return [line for line in text if line and set(line) == {"防"}]


def test_lines_are_28_95_points_apart(city: AsOf, engine: TableEngine, template: bytes) -> None:
    document = pymupdf.open(stream=made(city, engine, p.edited(template, p.sentence("防" * 2000)))[1])
    page = next(page for page in document if len(grid(page)) == 22)
    tops = sorted({round(w[1], 2) for w in page.get_text("words") if w[4].startswith("防防")})
    assert {round(b - a, 1) for a, b in zip(tops, tops[1:], strict=False)} <= {28.9, 29.0}


def test_the_fonts_are_embedded(files: tuple[bytes, bytes]) -> None:
    document = pymupdf.open(stream=files[1])
    used = {(font[0], font[1], font[3]) for page in document for font in page.get_fonts()}
    assert used and all(extension not in ("n/a", "") for _xref, extension, _name in used)


def test_every_character_is_in_its_font(files: tuple[bytes, bytes]) -> None:
    text = "".join(page.get_text() for page in pymupdf.open(stream=files[1]))
    assert "\ufffd" not in text and "\ue000" not in text and "关于全市教育系统疫情防控工作情况的通报" in text


def test_sizes_and_colours_of_the_head(files: tuple[bytes, bytes]) -> None:
    spans = [
        span
        for block in pymupdf.open(stream=files[1])[0].get_text("dict")["blocks"]
        for line in block.get("lines", ())
        for span in line["spans"]
    ]
    by_text = {span["text"].strip(): span for span in spans}
    masthead, title = by_text["试验市教育体育局文件"], by_text["关于全市教育系统疫情防控工作情况的通报"]
    assert masthead["color"] == 0xD0021B and title["color"] == 0
    assert title["size"] == pytest.approx(22) and masthead["size"] > 30
    assert masthead["origin"][1] > TOP + 35 * MM  # the mark stands 35 mm below the top of the text


def test_page_numbers_stand_at_the_outer_side(files: tuple[bytes, bytes]) -> None:
    document = pymupdf.open(stream=files[1])
    assert len(document) >= 3
    for number, page in enumerate(document, start=1):
        (box,) = page.search_for(f"— {number} —")
        assert (box.x0 > page.rect.width / 2) == (number % 2 == 1)
        assert box.y0 > TOP + HEIGHT


def test_no_page_holds_a_signature_alone(files: tuple[bytes, bytes]) -> None:
    page = next(page for page in pymupdf.open(stream=files[1]) if "印发" in page.get_text())
    assert "逐条计数" in re.sub(r"\s", "", page.get_text())


@pytest.mark.parametrize("marks", [Marks(demonstration=True), Marks(demonstration=True, draft=True)])
def test_marks_do_not_push_anything_out(
    city: AsOf, engine: TableEngine, template: bytes, marks: Marks
) -> None:
    assert outside(pymupdf.open(stream=made(city, engine, template, marks)[1])) == []


def test_long_names_and_words_do_not_overflow(city: AsOf, engine: TableEngine, template: bytes) -> None:
    """An office of 30 characters keeps to one line; the table's large numbers keep to the page."""
    long = p.edited(template, lambda d: d.paragraphs[0].runs[0].__setattr__("text", "某" * 30 + "文件"))
    engine.told = {}
    document = pymupdf.open(stream=made(city, engine, long)[1])
    assert outside(document) == []
    assert len(document[0].search_for("某" * 30 + "文件")) == 1


def test_a_machine_without_chinese_fonts_is_told(
    city: AsOf, engine: TableEngine, template: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "STACKS", dict.fromkeys(fonts.STACKS, ("No Such Font",)))
    with pytest.raises(ChineseFontsMissing):
        pdf.pdf((), band="", drawn={}, author="", at=EVENING)
    assert fonts.chosen() == {}


# ---------------------------------------------------------------------------------------------- the Word file


def test_the_word_page(files: tuple[bytes, bytes]) -> None:
    document = Document(io.BytesIO(files[0]))
    (section,) = document.sections
    assert [round(m.mm, 1) for m in (section.page_width, section.page_height)] == [210, 297]
    assert [round(m.mm, 1) for m in (section.top_margin, section.left_margin)] == [37, 28]
    assert round(section.page_width.mm - section.left_margin.mm - section.right_margin.mm, 1) == 156
    assert round(section.page_height.mm - section.top_margin.mm - section.bottom_margin.mm, 1) == 225
    grid = section._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:type")) == "lines" and HEIGHT // (int(grid.get(qn("w:linePitch"))) / 20) == 22
    tight = document.styles["Normal"].element.find(f"{qn('w:rPr')}/{qn('w:spacing')}")
    assert WIDTH // (16 + int(tight.get(qn("w:val"))) / 20) == 28


@pytest.mark.parametrize(
    ("style", "font", "size"),
    [
        ("Normal", "仿宋_GB2312", 16),
        ("公文标题", "方正小标宋简体", 22),
        ("Heading 1", "黑体", 16),
        ("Heading 2", "楷体_GB2312", 16),
        ("版记", "仿宋_GB2312", 14),
    ],
)
def test_the_word_fonts(files: tuple[bytes, bytes], style: str, font: str, size: int) -> None:
    found = Document(io.BytesIO(files[0])).styles[style]
    assert found.element.find(f".//{qn('w:rFonts')}").get(qn("w:eastAsia")) == font
    assert found.font.size.pt == size


def test_word_knows_what_stands_in_for_a_font(files: tuple[bytes, bytes]) -> None:
    document = Document(io.BytesIO(files[0]))
    part = next(rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/fontTable"))
    table = part.blob.decode()
    assert all(f'w:name="{names[0]}"' in table for names in fonts.STACKS.values())
    assert "FangSong" in table and "Noto Serif CJK SC" in table


def test_the_word_footers(files: tuple[bytes, bytes]) -> None:
    document = Document(io.BytesIO(files[0]))
    assert document.settings.odd_and_even_pages_header_footer
    (section,) = document.sections
    for footer, side in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        paragraph = footer.paragraphs[0]
        assert paragraph.alignment.name == side and "PAGE" in paragraph._p.xml
        assert paragraph.text == "—  —"


def test_no_mark_is_left_in_the_word_file(files: tuple[bytes, bytes]) -> None:
    document = Document(io.BytesIO(files[0]))
    for part in word._roots(document):
        text = "".join(t.text or "" for t in part.iter(qn("w:t")))
        assert not re.search("[\ue000-\ue003]|\\{\\{|\\{%", text)


def test_the_chart_fits_the_word_page(files: tuple[bytes, bytes]) -> None:
    (picture,) = Document(io.BytesIO(files[0])).inline_shapes
    assert picture.width.mm == pytest.approx(150, abs=0.1) and picture.height.mm < 200
