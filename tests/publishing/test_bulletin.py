"""Issue, reissue, changes: the paper and its numbers, on an engine that answers from a table."""

import io
import json
import re
import stat
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from docx import Document
from docx.oxml.ns import qn

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.demonstration import Demonstration
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change
from fangxian.kernel.problems import MomentInFuture
from fangxian.publishing import content as contents
from fangxian.publishing import queries
from fangxian.publishing.actions import issue_bulletin
from fangxian.publishing.content import FORMATS, Content, count_bulletin
from fangxian.publishing.marks import DEMONSTRATION, Marks
from fangxian.publishing.models import Bulletin
from fangxian.publishing.problems import (
    BulletinNumberTaken,
    FiguresDoNotAddUp,
    NotCountable,
    RecountDiffers,
    TemplateUnreadable,
    TypedNumbers,
    UnknownBulletin,
    UnknownCampaignInTemplate,
    UnknownUnitInTemplate,
)
from fangxian.publishing.shelf import article, folder, read_file, write_files
from fangxian.registry.actions import change_unit
from fangxian.registry.tree import tree

from . import planting as p
from .conftest import EVENING, FIGURES, TableEngine, Told


def counted(city: AsOf, engine: TableEngine, template: bytes) -> Content:
    return count_bulletin(engine=engine, at=city, template=template, number=12, issued_at=EVENING)


def issued(
    city: AsOf, engine: TableEngine, template: bytes, home: Home, number: int | None = None
) -> Bulletin:
    return issue_bulletin(
        at=city, template=template, number=number, by="test", now=EVENING, engine=engine, home=home
    )


def word_text(file: bytes) -> str:
    root = Document(io.BytesIO(file)).element.body
    return "".join(text.text or "" for text in root.iter(qn("w:t")))


# ------------------------------------------------------------------------------- one content, three files


def test_the_three_files_tell_the_same_numbers(city: AsOf, engine: TableEngine, template: bytes) -> None:
    import pymupdf

    content = counted(city, engine, template)
    told = [ref.text for block in content.blocks if not block.chart for ref in block.references()]
    assert len(told) > 45
    marks = Marks()
    word = re.sub(r"\s", "", word_text(content.docx(marks)))
    paper = re.sub(r"\s", "", "".join(page.get_text() for page in pymupdf.open(stream=content.pdf(marks))))
    site = content.html(marks).decode()
    for number in told:
        assert number in word and number in paper
    linked = re.findall(r'<a class="fx"[^>]*>([^<]*)</a>', re.sub(r"(?s)<figure.*?</figure>", "", site))
    assert linked == told


def test_every_sentence_is_in_all_three(city: AsOf, engine: TableEngine, template: bytes) -> None:
    import pymupdf

    content = counted(city, engine, template)
    sentences = [b.text for b in content.blocks if b.kind in ("title", "heading1", "heading2", "paragraph")]
    word = re.sub(r"\s", "", word_text(content.docx(Marks())))
    paper = "".join(page.get_text() for page in pymupdf.open(stream=content.pdf(Marks())))
    paper = re.sub(r"\s|— ?\d ?—", "", paper)
    site = re.sub(r"<[^>]+>|\s", "", content.html(Marks()).decode()).replace("&lt;", "<")
    for sentence in sentences:
        bare = re.sub(r"\s", "", sentence)
        assert bare in word and bare in paper and bare in site


def test_all_figures_of_the_facts_are_told(template: bytes) -> None:
    """The 34 by which the city reported; whoever drops one from the template says so here."""
    wanted = {
        "command.zones", "command.temporary_branches", "command.commando_teams", "command.commandos",
        "supplies.delivered_value", "party.oath_attendance", "party.pledges_signed", "party.general_branches",
        "party.branches", "party.members", "staff.mobilised", "screening.rounds",
        "screening.university_students_back_from_hubei", "screening.staff_from_hubei_or_contact",
        "screening.staff_family_from_hubei_or_contact", "screening.staff_travelled_outside_province",
        "screening.teachers_native_of_hubei", "screening.students_on_internship_in_hubei",
        "supervision.person_times", "supervision.training_institutions", "supervision.training_rounds",
        "supervision.training_violations", "supervision.venues_checked", "supervision.venue_gatherings",
        "environment.schools_disinfected", "environment.hygiene_schools", "league.general_branches",
        "league.branches", "league.members", "pioneers.brigades", "pioneers.squadrons", "pioneers.members",
        "students.schools", "students.pupils",
    }  # fmt: skip
    assert len(wanted) == 34 and wanted <= set(FIGURES)


def test_each_number_on_the_site_opens_to_its_figure(
    city: AsOf, engine: TableEngine, template: bytes
) -> None:
    site = counted(city, engine, template).html(Marks()).decode()
    address = "/figures/party.members/?unit=xw&amp;as_of=2020-02-12T18%3A20%3A00%2B08%3A00&amp;known_by="
    assert address in site
    assert "/figures/students.pupils/?unit=z2&amp;" in site


def test_the_site_needs_no_inline_style_or_script(city: AsOf, engine: TableEngine, template: bytes) -> None:
    article = counted(city, engine, template).article(Marks())
    assert "style=" not in article and "<script" not in article and "<style" not in article


def test_names_cannot_break_out_of_any_file(city: AsOf, engine: TableEngine, template: bytes) -> None:
    content = counted(city, engine, template)
    assert "第二<&>战区" in word_text(content.docx(Marks()))
    assert "第二&lt;&amp;&gt;战区" in content.html(Marks()).decode()
    assert content.pdf(Marks()).startswith(b"%PDF")


def test_the_chart_says_its_numbers_to_those_who_cannot_see_it(
    city: AsOf, engine: TableEngine, template: bytes
) -> None:
    content = counted(city, engine, template)
    document = Document(io.BytesIO(content.docx(Marks())))
    (picture,) = document.element.body.iter(qn("wp:docPr"))
    assert "第一战区" in picture.get("descr") and "%" in picture.get("descr")
    (chart,) = [block.chart for block in content.blocks if block.chart]
    assert [label for label, _ref in chart.series[0].points] == ["第一战区", "第二<&>战区"]


def test_each_figure_is_counted_once(city: AsOf, engine: TableEngine, template: bytes) -> None:
    content = counted(city, engine, template)
    assert engine.asked == len({reference.figure for reference in content.distinct()})


def test_the_same_content_gives_the_same_bytes(city: AsOf, engine: TableEngine, template: bytes) -> None:
    first, again = (counted(city, engine, template).pdf(Marks()) for _ in range(2))
    assert first == again


# -------------------------------------------------------------------------------- demonstration and draft


def test_every_page_of_a_demonstration_says_so(city: AsOf, engine: TableEngine, template: bytes) -> None:
    import pymupdf

    content, marks = counted(city, engine, template), Marks(demonstration=True)
    pages = [page.get_text() for page in pymupdf.open(stream=content.pdf(marks))]
    assert len(pages) > 2 and all(DEMONSTRATION in page for page in pages)
    document = Document(io.BytesIO(content.docx(marks)))
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        assert DEMONSTRATION in "".join(paragraph.text for paragraph in header.paragraphs)
    text = word_text(content.docx(marks))
    assert "教育体育局文件" not in text and f"通报（{DEMONSTRATION}）" in text
    assert DEMONSTRATION in content.article(marks)


def test_an_office_with_real_data_has_its_own_mark(city: AsOf, engine: TableEngine, template: bytes) -> None:
    text = word_text(counted(city, engine, template).docx(Marks()))
    assert "试验市教育体育局文件" in text and DEMONSTRATION not in text


def test_the_marks_change_no_hash(city: AsOf, engine: TableEngine, template: bytes, other_home: Home) -> None:
    Demonstration("test", 1.0, 1, "", "2020-02-12T18:20:00+08:00").write(other_home.path)
    assert contents.marks(home=other_home).demonstration
    marked = issued(city, engine, template, other_home)
    (other_home.path / "demonstration.json").unlink()
    assert queries.recount(marked, engine=engine).sha256 == marked.content_sha256


def test_a_draft_says_so(city: AsOf, engine: TableEngine, template: bytes) -> None:
    assert "草稿" in counted(city, engine, template).article(Marks(draft=True))


# ---------------------------------------------------------------------------------------- issue and reissue


def test_issuing_stores_both_times_and_the_position(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    bulletin = issued(city, engine, template, other_home)
    stored = Bulletin.objects.get(pk=bulletin.pk)
    assert (stored.number, stored.day, stored.known_by, stored.position) == (
        1,
        city.day,
        EVENING,
        city.position,
    )
    assert bytes(stored.template) == template and stored.title == "关于全市教育系统疫情防控工作情况的通报"
    log = Change.objects.get(action="publishing.issue")
    assert log.detail["bulletin"]["content"] == stored.content_sha256
    files = sorted(folder(1, other_home).iterdir())
    assert [file.name for file in files] == ["bulletin-1.docx", "bulletin-1.html", "bulletin-1.pdf"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder(1, other_home).stat().st_mode) == 0o700


def test_with_the_stored_copy_gone_it_is_counted_again(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    bulletin = issued(city, engine, template, other_home)
    blocks = bulletin.frozen["blocks"]
    for file in folder(1, other_home).iterdir():
        file.unlink()
    Bulletin.objects.filter(pk=bulletin.pk).update(frozen={})
    again = queries.recount(Bulletin.objects.get(pk=bulletin.pk), engine=engine)
    assert again.sha256 == bulletin.content_sha256
    assert json.loads(json.dumps(again.frozen()["blocks"])) == blocks
    assert (
        len(write_files(bulletin, {kind: again.file(kind, Marks()) for kind in FORMATS}, home=other_home))
        == 3
    )


def test_a_page_shows_the_stored_copy_and_without_it_the_recount(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    bulletin = issued(city, engine, template, other_home)
    stored = article(Bulletin.objects.get(pk=bulletin.pk), engine=engine, home=other_home)
    assert stored == counted_again(bulletin, engine).article(Marks())
    word = read_file(bulletin, "docx", engine=engine, home=other_home)
    for file in folder(1, other_home).iterdir():
        file.unlink()
    assert word_text(read_file(bulletin, "docx", engine=engine, home=other_home)) == word_text(word)
    bulletin.frozen = {}
    assert article(bulletin, engine=engine, home=other_home) == stored


def counted_again(bulletin: Bulletin, engine: TableEngine) -> Content:
    return queries.recount(bulletin, engine=engine)


@pytest.mark.parametrize("figure", ["party.members", "coverage.ten-ones", "students.pupils"])
def test_a_count_that_drifted_is_not_issued_again(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home, figure: str
) -> None:
    """In a sentence, in the chart, in the table: each is under the hash."""
    bulletin = issued(city, engine, template, other_home)
    engine.told[figure] = Told(5, 9)
    with pytest.raises(RecountDiffers):
        queries.recount(bulletin, engine=engine)


def test_a_renamed_zone_leaves_the_old_paper_as_it_was(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    bulletin = issued(city, engine, template, other_home)
    later = EVENING + timedelta(days=2)
    change_unit(
        unit=tree(city.day, city.position).by_code["z1"], day=city.day, by="test", now=later, name="东部战区"
    )
    again = queries.recount(bulletin, engine=engine)
    assert "第一战区" in json.dumps(again.frozen(), ensure_ascii=False)
    now = count_bulletin(
        engine=engine,
        at=AsOf(city.day, later, head_position()),
        template=template,
        number=2,
        issued_at=later,
    )
    assert "东部战区" in json.dumps(now.frozen(), ensure_ascii=False)


def test_numbers_go_up_and_are_never_used_twice(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    assert issued(city, engine, template, other_home, number=12).number == 12
    assert issued(city, engine, template, other_home).number == 13
    with pytest.raises(BulletinNumberTaken) as refused:
        issued(city, engine, template, other_home, number=12)
    assert refused.value.facts["next"] == 14


def test_a_typed_number_stops_the_issue(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    with pytest.raises(TypedNumbers, match="4642"):
        issued(city, engine, p.edited(template, p.sentence("党员4642名")), other_home)
    assert not Bulletin.objects.exists() and not folder(1, other_home).exists()


@dataclass
class FailingCheck:
    ok: bool
    said: str

    def __str__(self) -> str:
        return self.said


def test_figures_that_do_not_add_up_stop_the_issue(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    engine.failing = [FailingCheck(True, "fine"), FailingCheck(False, "students.pupils at xw")]
    with pytest.raises(FiguresDoNotAddUp, match="students.pupils at xw"):
        issued(city, engine, template, other_home)
    assert not Bulletin.objects.exists()


def test_what_is_not_known_yet_cannot_be_issued(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    with pytest.raises(MomentInFuture):
        issued(replace(city, known_by=EVENING + timedelta(hours=1)), engine, template, other_home)


def test_an_unknown_number_is_told(db: None) -> None:
    with pytest.raises(UnknownBulletin):
        queries.bulletin(99)


# ---------------------------------------------------------------------------------- what a template may ask


def filled(city: AsOf, engine: TableEngine, template: bytes, *runs: str) -> str:
    return counted(city, engine, p.edited(template, p.sentence(*runs))).blocks[-1].text


def test_word_may_cut_a_reference_into_pieces(city: AsOf, engine: TableEngine, template: bytes) -> None:
    engine.told = {"party.members": Told(7)}
    assert filled(city, engine, template, "党员{", '{ f("party', '.members") }', "}名") == "党员7名"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ('{{ f("party.members") }}', "7"),
        ('{{ f("coverage.ten-ones") }}/{{ f("coverage.ten-ones").of }}', "2/3"),
        ('{{ f("coverage.ten-ones").share }}，缺{{ f("coverage.ten-ones").missing }}', "66.6%，缺1"),
        ('{{ f("students.pupils", "z1") }}', "—"),
        ('{% if f("party.members") > 6 %}多{% else %}少{% endif %}', "多"),
        ("{{ f(“party.members”) }}", "7"),
        ("{{ issued_on }}，{{ opened('oath') }}", "2020年2月12日，2月10日"),
        ('{{ f("supplies.delivered_value") }}元', "104380.5元"),
        ("{% for zone in zones %}{{ zone.name }}；{% endfor %}", "第一战区；第二<&>战区；"),
    ],
)
def test_a_template_may_ask(
    city: AsOf, engine: TableEngine, template: bytes, text: str, printed: str
) -> None:
    engine.told = {
        "party.members": Told(7),
        "coverage.ten-ones": Told(2, 3),
        "students.pupils": Told(None),
        "supplies.delivered_value": Told(104380.50),
    }
    assert filled(city, engine, template, text) == printed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ f( }}", TemplateUnreadable),
        ("{{ unheard_of }}", TemplateUnreadable),
        ("{{ ''.__class__.__mro__ }}", TemplateUnreadable),
        ('{{ f("party.members") + f("league.members") }}', TemplateUnreadable),
        ('{{ f("party.members", "nowhere") }}', UnknownUnitInTemplate),
        ('{{ f("party.members").share }}', NotCountable),
        ('{{ opened("no-such") }}', UnknownCampaignInTemplate),
        ('{{ chart("party.members", title="党员", part="length") }}', TemplateUnreadable),
    ],
)
def test_a_template_that_asks_wrongly_is_told(
    city: AsOf, engine: TableEngine, template: bytes, text: str, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        filled(city, engine, template, text)


def test_a_trend_counts_each_day_as_known_now(city: AsOf, engine: TableEngine, template: bytes) -> None:
    asked = p.edited(template, p.sentence('{{ trend("party.members", days=3, title="逐日党员") }}'))
    content = counted(city, engine, asked)
    chart = next(block.chart for block in content.blocks if block.chart and block.chart.kind == "line")
    assert [label for label, _ref in chart.series[0].points] == ["2-10", "2-11", "2-12"]
    assert "逐日党员" in content.html(Marks()).decode() and content.pdf(Marks())


def test_a_text_box_and_a_page_head_are_part_of_the_content(
    city: AsOf, engine: TableEngine, template: bytes
) -> None:
    boxed = p.edited(template, p.raw(p.text_box("{{ bureau }}党委")))
    content = counted(city, engine, p.edited(boxed, p.header("内部资料")))
    assert [b.text for b in content.blocks if b.kind == "header"] == ["内部资料"]
    assert "试验市教育体育局党委" in [block.text for block in content.blocks]
    assert "内部资料" in content.html(Marks()).decode()


# -------------------------------------------------------------------------------------------------- changes


def test_changes_name_the_figure_the_amount_and_the_record(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    bulletin = issued(city, engine, template, other_home)
    assert queries.changes(bulletin, known_by=EVENING, engine=engine) == []
    was = engine._told("party.pledges_signed", 1).value
    unit = tree(city.day, city.position).by_code["z1"]
    change_unit(unit=unit, day=city.day, by="test", now=EVENING + timedelta(hours=1), name="东部战区")
    now = head_position()
    assert now > city.position
    engine.rows = {
        ("party.pledges_signed", city.position): [row(1, 1), row(2, 1), row(3, 2)],
        ("party.pledges_signed", now): [row(2, 1), row(3, 1), row(4, 1)],
    }
    engine.told["party.pledges_signed"] = Told(was - 1)
    (change,) = queries.changes(bulletin, known_by=EVENING + timedelta(days=2), engine=engine)
    told = queries.change_dump(change)
    assert (told["id"], told["unit"], told["was"], told["now"], told["difference"]) == (
        "party.pledges_signed", "xw", was, was - 1, -1,
    )  # fmt: skip
    moved = {(record["change"], record["id"], record["was"], record["now"]) for record in told["records"]}
    assert moved == {("gone", 1, 1, None), ("changed", 3, 2, 1), ("added", 4, None, 1)}
    assert str(was) in told["zh"] and str(was - 1) in told["en"]


def row(key: int, contribution: float) -> dict[str, object]:
    return {"id": key, "kind": "document", "unit": 1, "contribution": contribution, "because": None}


def test_changes_before_the_bulletin_are_refused(
    city: AsOf, engine: TableEngine, template: bytes, other_home: Home
) -> None:
    bulletin = issued(city, engine, template, other_home)
    with pytest.raises(MomentInFuture):
        queries.changes(bulletin, known_by=datetime.fromisoformat("2020-02-12T10:00+08:00"), engine=engine)
