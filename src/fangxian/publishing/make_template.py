"""Makes templates/bulletin.docx once: `python -m fangxian.publishing.make_template`.

From then on the file is the office's to edit in Word; this script is how the first one came about, and where
the measures of GB/T 9704-2012 stand: A4, margins 37 and 28 mm, text 156 x 225 mm, 22 lines of 28 characters.
"""
# ruff: noqa: E501  (Chinese characters count twice)

from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from .fonts import STACKS

TEMPLATE = Path(__file__).parent / "templates" / "bulletin.docx"
PITCH = 28.95  # points a line
LATIN = "Times New Roman"
RED = RGBColor(0xD0, 0x02, 0x1B)
CENTRE, LEFT, RIGHT, BOTH = (
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)

TEXT: list[tuple[str, str]] = [
    ("发文机关标志", "{{ bureau }}文件"),
    ("发文字号", "教体通〔{{ year }}〕{{ number }}号"),
    ("公文标题", "关于全市教育系统疫情防控工作情况的通报"),
    ("主送机关", "各中心学校，局直属各学校，局机关各科室："),
    (
        "Normal",
        "新冠肺炎疫情发生以来，全市教育系统闻令而动，坚决落实各项防控措施。截至{{ as_of }}，有关工作情况通报如下。",
    ),
    ("Heading 1", "一、组织指挥"),
    (
        "Normal",
        '全市教育系统划分为{{ f("command.zones") }}个战区，每所学校、每个科室都编入战区管理。各战区成立临时党支部，'
        '共{{ f("command.temporary_branches") }}个，由局领导班子成员任书记；组建党员突击队'
        '{{ f("command.commando_teams") }}支，{{ f("command.commandos") }}名突击队员下沉一线。突击队向各中心学校党组织'
        '送达防护口罩、消毒药品和学习资料，价值{{ f("supplies.delivered_value") }}元。',
    ),
    ("Heading 1", "二、人员排查"),
    (
        "Normal",
        '全市{{ f("staff.mobilised") }}名教职工通过网络、电话逐户联系，对{{ f("students.pupils") }}名学生和全体教职工的'
        '家庭开展精准排查，已完成{{ f("screening.rounds") }}轮。经回访或查验证明核实：近期从湖北返回大学生'
        '{{ f("screening.university_students_back_from_hubei") }}人；从湖北返回及与湖北返回人员接触过的教职工'
        '{{ f("screening.staff_from_hubei_or_contact") }}人、教职工家属'
        '{{ f("screening.staff_family_from_hubei_or_contact") }}人；到省外（除湖北省）旅游的教职工'
        '{{ f("screening.staff_travelled_outside_province") }}人；湖北籍在本市任教的教师'
        '{{ f("screening.teachers_native_of_hubei") }}人；到湖北实习的学生'
        '{{ f("screening.students_on_internship_in_hubei") }}人。同一人在同一类中只计一次，未经核实的线索不计入。',
    ),
    ("Heading 1", "三、督促检查"),
    (
        "Normal",
        '市、乡、校三级督促检查学校{{ f("supervision.person_times") }}人次。对'
        '{{ f("supervision.training_institutions") }}家校外教育培训机构全面检查{{ f("supervision.training_rounds") }}轮，'
        '发现违规补课行为{{ f("supervision.training_violations") }}起；随机抽查体育场馆'
        '{{ f("supervision.venues_checked") }}个，发现聚集性体育活动{{ f("supervision.venue_gatherings") }}起。',
    ),
    ("Heading 1", "四、环境卫生"),
    (
        "Normal",
        '全市{{ f("environment.schools_disinfected").of }}所学校中，'
        '{{ f("environment.schools_disinfected") }}所实现重点部位、重点场所消毒杀菌全覆盖；'
        '{{ f("environment.hygiene_schools") }}所中小学校开展爱国卫生运动。',
    ),
    ("Heading 1", "五、党团队工作"),
    ("Heading 2", "（一）党组织和党员。"),
    (
        "Normal",
        '全系统{{ f("party.general_branches") }}个党总支、{{ f("party.branches") }}个党支部、{{ f("party.members") }}名党员'
        '投入“双五”行动，已有{{ f("coverage.double-five.branches") }}个党支部、{{ f("coverage.double-five.members") }}名党员'
        '上报落实情况。{{ opened("oath") }}，局机关{{ f("party.oath_attendance") }}名党员参加主题党日宣誓，'
        '签订疫情防控承诺书{{ f("party.pledges_signed") }}份。',
    ),
    ("Heading 2", "（二）共青团。"),
    (
        "Normal",
        '{{ f("league.general_branches") }}个团总支、{{ f("league.branches") }}个团支部组织'
        '{{ f("league.members") }}名共青团员参与防控，青年突击队员已有{{ f("coverage.youth-commandos") }}名报告到岗。',
    ),
    ("Heading 2", "（三）少先队。"),
    (
        "Normal",
        '{{ f("pioneers.brigades") }}个少先队大队、{{ f("pioneers.squadrons") }}个少先队中队、'
        '{{ f("pioneers.members") }}名少先队员参加“小手拉大手、共同抗疫情”主题教育活动，已有'
        '{{ f("coverage.small-hands.members") }}名少先队员报告参与情况。',
    ),
    ("Heading 1", "六、学生和家庭"),
    (
        "Normal",
        '{{ f("students.schools") }}所中小学校面向{{ f("students.pupils") }}名学生开展“十个一”活动，应报告的'
        '{{ f("coverage.ten-ones").of }}名学生中，已有{{ f("coverage.ten-ones") }}名报告参与情况，占{{ f("coverage.ten-ones").share }}，尚有'
        '{{ f("coverage.ten-ones").missing }}名未报告。各战区情况见下图、下表，未报告的班级由各战区逐一督促，做到应报尽报。',
    ),
    (
        "图表",
        '{{ chart("coverage.ten-ones", "coverage.small-hands.members", part="share", '
        'names=["十个一活动", "小手拉大手活动"], title="各战区活动参与率") }}',
    ),
    ("图表标题", "图：各战区活动参与率"),
    ("表格标题", "表：各战区主要数字"),
    ("table", ""),
    (
        "Normal",
        "以上数字均由报告记录逐条计数，可逐项核对。各单位要压实第一责任人责任，进一步做好应报尽报、疑点核实和困难师生关爱工作。",
    ),
    ("发文机关署名", "{{ bureau }}"),
    ("成文日期", "{{ issued_on }}"),
]

IMPRINT = ("抄送：市疫情防控指挥部办公室。", "{{ bureau }}办公室\t{{ issued_on }}印发")

COLUMNS = (
    ("战区", "{{ zone.name }}"),
    ("学校（所）", '{{ f("students.schools", zone) }}'),
    ("学生（名）", '{{ f("students.pupils", zone) }}'),
    ("教职工（名）", '{{ f("staff.mobilised", zone) }}'),
    ("消毒全覆盖（所）", '{{ f("environment.schools_disinfected", zone) }}'),
    ("“十个一”未报（名）", '{{ f("coverage.ten-ones", zone).missing }}'),
)


def make() -> WordDocument:
    document = Document()
    _page(document)
    _styles(document)
    _font_table(document)
    for style, text in TEXT:
        if style == "table":
            _table(document)
        else:
            document.add_paragraph(text, style=style)
    _imprint(document)
    _page_numbers(document)
    last = next(p for p in document.paragraphs if p.style and p.style.name == "发文机关署名")
    before = document.paragraphs[[p._p for p in document.paragraphs].index(last._p) - 1]
    before.paragraph_format.keep_with_next = True  # no page with a signature alone
    document.core_properties.title = "通报模板"
    document.core_properties.author = "防线"
    return document


def _page(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(16), Mm(23)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    # 22 lines on 225 mm. The 28 characters on 156 mm come from the letters' spacing (see _spacing): WPS and
    # LibreOffice read a grid of characters otherwise than Word does.
    for name, value in (("type", "lines"), ("linePitch", round(PITCH * 20))):
        grid.set(qn(f"w:{name}"), str(value))
    document.settings.odd_and_even_pages_header_footer = True


def _styles(document: WordDocument) -> None:
    _spacing(_style(document, "Normal", "fangsong", 16, BOTH, indent=True))
    _language(document)
    _style(document, "发文机关标志", "biaosong", 44, CENTRE, before=99, after=PITCH, red=True, free=True)
    _rule(_style(document, "发文字号", "fangsong", 16, CENTRE, before=PITCH, after=PITCH))
    _style(document, "公文标题", "biaosong", 22, CENTRE, before=PITCH, after=PITCH, free=True)
    _style(document, "主送机关", "fangsong", 16, LEFT)
    _style(document, "Heading 1", "heiti", 16, BOTH, indent=True)
    _style(document, "Heading 2", "kaiti", 16, BOTH, indent=True)
    _style(document, "Heading 3", "fangsong", 16, BOTH, indent=True)
    _style(document, "图表", "fangsong", 16, CENTRE, before=6, free=True, next_too=True)
    _style(document, "图表标题", "heiti", 14, CENTRE, after=6)
    _style(document, "表格标题", "heiti", 14, CENTRE, next_too=True)
    _style(document, "表格文字", "fangsong", 11, CENTRE, free=True)
    # Name and date about one axis, the date's end four characters from the right edge.
    for name, before in (("发文机关署名", 2 * PITCH), ("成文日期", 0.0)):
        style = _style(document, name, "fangsong", 16, CENTRE, before=before)
        style.paragraph_format.left_indent, style.paragraph_format.right_indent = Pt(228), Pt(32)
        style.paragraph_format.keep_with_next = name != "成文日期"
    style = _style(document, "版记", "fangsong", 14, LEFT, free=True)
    style.paragraph_format.tab_stops.add_tab_stop(Pt(428), WD_ALIGN_PARAGRAPH.RIGHT)  # type: ignore[arg-type]
    style.paragraph_format.left_indent = Pt(14)


def _style(
    document: WordDocument,
    name: str,
    face: str,
    size: float,
    align: WD_ALIGN_PARAGRAPH,
    *,
    before: float = 0,
    after: float = 0,
    indent: bool = False,
    red: bool = False,
    free: bool = False,
    next_too: bool = False,
) -> Any:
    """`free`: the line is as high as its letters or picture want, not the grid's pitch."""
    known = {style.name for style in document.styles}
    style: Any = (
        document.styles[name] if name in known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    )
    if name != "Normal":
        style.base_style = document.styles["Normal"]
    _font(style, STACKS[face][0], size, red)
    form = style.paragraph_format
    form.alignment, form.space_before, form.space_after = align, Pt(before), Pt(after)
    form.line_spacing_rule = WD_LINE_SPACING.SINGLE if free else WD_LINE_SPACING.EXACTLY
    if not free:
        form.line_spacing = Pt(PITCH)
    form.keep_with_next = next_too or name.startswith("Heading")
    form.widow_control = False
    if free:
        _off(style, "w:snapToGrid")
    _first_line(style, 200 if indent else 0)
    return style


_AFTER = {
    "w:snapToGrid": ("w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl"),
    "w:autoSpaceDE": ("w:autoSpaceDN", "w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:jc"),
    "w:autoSpaceDN": ("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:jc"),
}


def _off(style: Any, name: str) -> None:
    switch = OxmlElement(name)
    switch.set(qn("w:val"), "0")
    style.element.get_or_add_pPr().insert_element_before(switch, *_AFTER[name])


def _spacing(style: Any) -> None:
    """A quarter of a point less between letters of 16: 28 of them on 156 mm. No gaps beside Latin digits."""
    tight = OxmlElement("w:spacing")
    tight.set(qn("w:val"), "-5")
    style.element.get_or_add_rPr().insert_element_before(tight, "w:w", "w:kern", "w:position", "w:sz")
    _off(style, "w:autoSpaceDE")
    _off(style, "w:autoSpaceDN")


def _language(document: WordDocument) -> None:
    """Chinese: line breaks, quotation marks and the spelling checker go by it."""
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


def _font(style: Any, font: str, size: float, red: bool) -> None:
    style.font.size, style.font.bold, style.font.italic = Pt(size), False, False
    style.font.color.rgb = RED if red else RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    fonts.set(qn("w:hint"), "eastAsia")  # quotation marks and dashes are Chinese ones
    for kind, value in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", font)):
        fonts.set(qn(f"w:{kind}"), value)


def _first_line(style: Any, hundredths: int) -> None:
    """Indent in characters, as Chinese Word does: it follows the size of the letters."""
    properties = style.element.get_or_add_pPr()
    indent = properties.get_or_add_ind()
    indent.set(qn("w:firstLineChars"), str(hundredths))
    indent.set(qn("w:firstLine"), str(int(hundredths * 3.2)))


def _rule(style: Any) -> None:
    """The red line, 4 mm below the number of the paper and as wide as the text."""
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "11"), ("color", "D0021B")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    style.element.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc"
    )


def _font_table(document: WordDocument) -> None:
    """Names of stand-ins for machines without the offices' fonts: Word takes the first it has."""
    part = next(rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/fontTable"))
    root = OxmlElement("w:fonts")
    for names in STACKS.values():
        font = OxmlElement("w:font")
        font.set(qn("w:name"), names[0])
        other = OxmlElement("w:altName")
        other.set(qn("w:val"), ",".join(names[1:]))
        charset = OxmlElement("w:charset")
        charset.set(qn("w:val"), "86")  # GB 2312
        font.extend([other, charset])
        root.append(font)
    from lxml import etree

    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _table(document: WordDocument) -> None:
    """One row of headings, and one that is repeated for each zone."""
    table = document.add_table(rows=4, cols=len(COLUMNS), style="Table Grid")
    table.alignment = 1  # type: ignore[assignment]
    for place, (heading, cell) in enumerate(COLUMNS):
        _cell(table.cell(0, place), heading, "黑体")
        _cell(table.cell(2, place), cell)
    _cell(table.cell(1, 0), "{%tr for zone in zones %}")
    _cell(table.cell(3, 0), "{%tr endfor %}")
    repeat = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)
    for row in table.rows:
        row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))


def _cell(cell: Any, text: str, font: str = "") -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style = "表格文字"
    run = paragraph.add_run(text)
    if font:
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _imprint(document: WordDocument) -> None:
    """The record of issue: a table without sides, at the foot of the last page's text whatever is above it."""
    table = document.add_table(rows=len(IMPRINT), cols=1)
    for row, text in zip(table.rows, IMPRINT, strict=True):
        paragraph = row.cells[0].paragraphs[0]
        paragraph.style = "版记"
        paragraph.add_run(text)
    properties = table._tbl.tblPr
    place, borders = OxmlElement("w:tblpPr"), OxmlElement("w:tblBorders")
    for name, value in _PLACE.items():
        place.set(qn(f"w:{name}"), value)
    for side, size in (("top", "8"), ("bottom", "8"), ("insideH", "6")):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", size), ("space", "0"), ("color", "000000")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    properties.insert_element_before(place, "w:tblOverlap", "w:bidiVisual", "w:tblW", "w:jc", "w:tblLook")
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    _style(document, "版记之后", "fangsong", 1, LEFT).paragraph_format.line_spacing = Pt(1)
    document.add_paragraph(style="版记之后")  # a placed table stands beside the paragraph after it


_PLACE = {"vertAnchor": "margin", "horzAnchor": "margin", "tblpXSpec": "left", "tblpYSpec": "bottom"}


def _page_numbers(document: WordDocument) -> None:
    """— 1 — at the outer side: right on odd pages, left on even ones, one character in."""
    section = document.sections[0]
    for footer, align in ((section.footer, RIGHT), (section.even_page_footer, LEFT)):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.style = document.styles["Footer"]
        paragraph.alignment = align
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(14)
        paragraph.paragraph_format.first_line_indent = Pt(0)
        for piece in ("— ", "PAGE", " —"):
            _footer_run(paragraph, piece)
    for header in (section.header, section.even_page_header):
        header.is_linked_to_previous = False


def _footer_run(paragraph: Any, piece: str) -> None:
    if piece != "PAGE":
        run = paragraph.add_run(piece)
    else:
        run = paragraph.add_run()
        for kind, text in (("begin", ""), ("", " PAGE "), ("end", "")):
            mark = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                mark.set(qn("w:fldCharType"), kind)
            mark.text = text or None
            run._element.append(mark)
    run.font.size = Pt(14)
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("ascii", "hAnsi", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), "宋体")


if __name__ == "__main__":
    TEMPLATE.parent.mkdir(exist_ok=True)
    make().save(str(TEMPLATE))
