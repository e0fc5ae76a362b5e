"""A draft held against the figures: the bulletin itself, the same with wrong numbers, files that are none."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from docx import Document
from docx.shared import Pt
from lxml import html

from fangxian.figures.engine import Engine
from fangxian.figures.moments import as_of
from fangxian.publishing.blocks import Block
from fangxian.publishing.models import Bulletin
from fangxian.publishing.proof import documents
from fangxian.publishing.proof.checking import DIFFERS, FOUND, PASSED, UNKNOWN, Proof, Verdict
from fangxian.publishing.queries import told_by_bulletins
from fangxian.publishing.references import Reference
from fangxian.registry.tree import Node, tree

from .conftest import CLOCK, City, css

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture(scope="module")
def engine(city: City) -> Engine:
    return Engine(city.home)


@pytest.fixture
def proof(engine: Engine, db: None) -> Proof:
    at = as_of(CLOCK)
    units = tree(at.day, at.position)
    return Proof(engine, at, units, units.nodes[units.by_code["xw"]], issued=told_by_bulletins(engine, at))


def _numbers(blocks: list[Block]) -> Iterator[tuple[str, int, str, Reference]]:
    """The paragraphs of a bulletin, with the place, the text and the figure of each number in them."""
    for block in blocks:
        place = 0
        for run in block.runs:
            if run.figure:
                yield block.text, place, run.text, run.figure
            place += len(run.text)


def test_each_number_of_a_bulletin_is_found(proof: Proof, engine: Engine) -> None:
    for text, place, _written, figure in _numbers(told_by_bulletins(engine, as_of(CLOCK))):
        verdict = _at(proof.check(text), place)
        assert (verdict.kind, verdict.reference and verdict.reference.value) == (FOUND, figure.value), text


def test_a_wrong_number_in_a_bulletin_is_found_out_with_the_right_one(proof: Proof, engine: Engine) -> None:
    told, mended = 0, []
    for text, place, written, figure in _numbers(told_by_bulletins(engine, as_of(CLOCK))):
        if figure.part == "share":
            continue
        wrong = str(int(float(written) * 1.3) + 7)
        verdict = _at(proof.check(text[:place] + wrong + text[place + len(written) :]), place)
        told += 1
        assert verdict.kind in (DIFFERS, UNKNOWN), (text, wrong)
        mended.append(verdict.reference is not None and verdict.reference.value == figure.value)
    assert told > 40 and sum(mended) >= 0.95 * told


def _at(verdicts: tuple[Verdict, ...], place: int) -> Verdict:
    return next(v for v in verdicts if v.amount.start == place)


def _bureau() -> Node:
    at = as_of(CLOCK)
    units = tree(at.day, at.position)
    return units.nodes[units.by_code["xw"]]


# In words of somebody else's; the figures are those of the hundredth city.
WORDED = [
    ("目前共有{students.pupils}名中小学生。", FOUND, "students.pupils"),
    ("全市中小学生{students.pupils}人，教职工{staff.mobilised}人", FOUND, "students.pupils"),
    ("湖北籍教师{screening.teachers_native_of_hubei}人", FOUND, "screening.teachers_native_of_hubei"),
    ("发展共青团员99999名", DIFFERS, "league.members"),
    ("少先队中队88888个", DIFFERS, "pioneers.squadrons"),
    ("There are {students.pupils} pupils in {students.schools} schools", FOUND, "students.pupils"),
    ("采购口罩33333只", UNKNOWN, None),
    ("电话13800000000", PASSED, None),
]


@pytest.mark.parametrize(("text", "kind", "figure"), WORDED)
def test_numbers_in_other_words(
    proof: Proof, engine: Engine, text: str, kind: str, figure: str | None
) -> None:
    values = engine.values(as_of(CLOCK), _bureau().id)
    for id, value in values.items():
        text = text.replace("{" + id + "}", str(value.value if value else ""))
    verdict = proof.check(text)[0]
    assert (verdict.kind, verdict.reference and verdict.reference.figure) == (kind, figure)


def test_a_zone_that_is_named_is_the_one_that_is_asked(proof: Proof, engine: Engine) -> None:
    at = as_of(CLOCK)
    zone = min(
        (n for n in tree(at.day, at.position).nodes.values() if n.kind == "zone"), key=lambda n: n.code
    )
    value = engine.value("students.pupils", zone.id, at)
    assert value
    *_name, right = proof.check(f"{zone.name}中小学生{value.value}名")
    *_name, wrong = proof.check(f"{zone.name}中小学生{value.value + 1}名")
    assert (right.kind, wrong.kind) == (FOUND, DIFFERS)
    assert wrong.reference == Reference("students.pupils", zone.code, "value", value.value)


# ------------------------------------------------------------------------------------ Word


def _word(*paragraphs: str) -> bytes:
    document = Document()
    for text in paragraphs:
        paragraph = document.add_paragraph()
        for char in text:  # Word cuts texts apart as it likes
            paragraph.add_run(char).font.size = Pt(16)
    document.sections[0].header.paragraphs[0].add_run("少先队中队77777个")
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def test_a_word_file_comes_back_with_comments_and_the_same_words(proof: Proof) -> None:
    sent = _word("发展共青团员99999名，采购口罩33333只。", "2月12日")
    came = Document(io.BytesIO(documents.commented(documents.uploaded(sent), proof, "现在")))
    assert [p.text for p in came.paragraphs] == ["发展共青团员99999名，采购口罩33333只。", "2月12日"]
    assert {r.font.size for p in came.paragraphs for r in p.runs if r.text} == {Pt(16)}
    told = sorted(comment.text for comment in came.comments)
    assert len(told) == 3
    assert sum("共青团员" in text for text in told) == 1
    assert any("页眉" in text and "77777" in text for text in told), "heads of pages take no comments"


def test_a_comment_stands_at_its_number(proof: Proof) -> None:
    sent = documents.pasted("发展共青团员99999名")
    came = Document(io.BytesIO(documents.commented(sent, proof, "现在")))
    [paragraph] = came.paragraphs
    within, inside = [], 0
    for child in paragraph._element:
        name = child.tag.rsplit("}", 1)[-1]
        inside += {"commentRangeStart": 1, "commentRangeEnd": -1}.get(name, 0)
        if name == "r" and inside:
            within.append("".join(t.text or "" for t in child if t.tag.endswith("}t")))
    assert "99999" in within


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ".docx"),
        (b"PK\x03\x04 broken", ".docx"),
        (b"%PDF-1.4", ".docx"),
    ],
)
def test_a_file_that_is_no_draft_gets_a_sentence_and_a_way_on(board: Any, content: bytes, says: str) -> None:
    upload = io.BytesIO(content)
    upload.name = "draft.docx"
    response = board.post("/proof/", {"file": upload, "text": ""})
    assert response.status_code in (413, 422)
    (said,) = css(html.fromstring(response.content.decode()), "#problem")
    assert says in said.text_content()
    assert css(html.fromstring(response.content.decode()), "textarea")


def test_what_was_pasted_is_not_lost_and_each_verdict_leads_on(board: Any) -> None:
    shown = html.fromstring(
        board.post("/proof/", {"text": "发展共青团员99999名，口罩33333只"}).content.decode()
    )
    assert css(shown, "textarea")[0].text == "发展共青团员99999名，口罩33333只"
    assert [a.text for a in css(shown, ".draft a.v-differs")] == ["99999"]
    assert [a.text for a in css(shown, ".draft a.v-unknown")] == ["33333"]
    [link] = [a for a in css(shown, ".verdicts a") if a.get("href").startswith("/figures/")]
    assert board.get(link.get("href")).status_code == 200


def test_a_word_file_with_pictures_says_that_they_were_not_read(board: Any) -> None:
    issued = Bulletin.objects.get(number=1)
    paper = io.BytesIO(board.get(f"/bulletins/{issued.number}/bulletin.docx").content)
    paper.name = "bulletin.docx"
    shown = board.post("/proof/", {"file": paper}).content.decode()
    assert "图片" in shown


def test_the_comments_can_be_downloaded(board: Any) -> None:
    response = board.post("/proof/checked.docx", {"text": "发展共青团员99999名"})
    assert response.content.startswith(b"PK") and "attachment" in response["Content-Disposition"]
    assert len(list(Document(io.BytesIO(response.content)).comments)) == 2


def test_a_moment_before_the_first_record_is_a_sentence(board: Any) -> None:
    early = datetime(2019, 1, 1).isoformat()  # noqa: DTZ001
    assert board.post(f"/proof/?as_of={early}", {"text": "1人"}).status_code == 404
