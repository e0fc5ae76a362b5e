"""Plants things in a Word template, as an office might."""
# ruff: noqa: E501  (WordprocessingML)

import io
import zipfile
from collections.abc import Callable

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

W = nsdecls("w")


def edited(template: bytes, edit: Callable[[WordDocument], object]) -> bytes:
    document = Document(io.BytesIO(template))
    edit(document)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def with_part(template: bytes, name: str, content: str) -> bytes:
    """The template with another part in its package."""
    saved = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(template)) as old,
        zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return saved.getvalue()


def sentence(*runs: str, style: str = "Normal") -> Callable[[WordDocument], object]:
    def edit(document: WordDocument) -> None:
        paragraph = document.add_paragraph(style=style)
        for run in runs:
            paragraph.add_run(run)

    return edit


def raw(xml: str) -> Callable[[WordDocument], object]:
    """A paragraph given as WordprocessingML."""
    return lambda document: document.element.body.insert(3, parse_xml(xml))


def cell(text: str) -> Callable[[WordDocument], object]:
    return lambda document: document.tables[0].cell(2, 1).paragraphs[0].add_run(text)


def header(text: str) -> Callable[[WordDocument], object]:
    return lambda document: document.sections[0].header.paragraphs[0].add_run(text)


def even_footer(text: str) -> Callable[[WordDocument], object]:
    return lambda document: document.sections[0].even_page_footer.add_paragraph(text)


def text_box(text: str) -> str:
    return f"""<w:p {W} xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
      xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r><mc:AlternateContent>
      <mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx><w:txbxContent><w:p><w:r><w:t>{text}</w:t></w:r></w:p>
      </w:txbxContent></wps:txbx></wps:wsp></w:drawing></mc:Choice></mc:AlternateContent></w:r></w:p>"""


def formula_field(code: str, shown: str) -> str:
    return f"""<w:p {W}><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{code}</w:instrText></w:r>
      <w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>{shown}</w:t></w:r>
      <w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>"""


WORD_CHART = """<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart><c:plotArea>
  <c:barChart><c:ser><c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>4642</c:v></c:pt></c:numCache></c:numRef></c:val>
  </c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"""
FOOTNOTES = f'<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:t>另有三人</w:t></w:r></w:p></w:footnote></w:footnotes>'
PICTURE = f"""<w:p {W} xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><w:r>
  <w:drawing><wp:inline><wp:docPr id="9" name="p" descr="党员4642名"/></wp:inline></w:drawing></w:r></w:p>"""
WORD_ART = f"""<w:p {W} xmlns:v="urn:schemas-microsoft-com:vml"><w:r><w:pict><v:shape>
  <v:textpath string="战胜疫情100天"/></v:shape></w:pict></w:r></w:p>"""
SYMBOL = f'<w:p {W}><w:r><w:sym w:font="Symbol" w:char="F035"/></w:r><w:r><w:t>名党员</w:t></w:r></w:p>'
