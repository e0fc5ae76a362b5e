"""A bulletin from draft to issued to corrected: who did what when; what is approved is what is issued."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from docx import Document

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import head_position
from fangxian.kernel.home import Home
from fangxian.kernel.models import Change
from fangxian.kernel.problems import MomentInFuture
from fangxian.publishing import actions, queries, shelf, signoff
from fangxian.publishing.models import Bulletin, Draft, Step
from fangxian.publishing.problems import (
    ApprovedDiffers,
    CorrectedAlready,
    DraftMoved,
    NumbersInReason,
    OwnDraft,
    ReasonWanted,
    StepOutOfTurn,
    TypedNumbers,
    UnknownBulletin,
    UnknownDraft,
)
from fangxian.publishing.references import Reference
from fangxian.publishing.signoff import standing

from . import planting as p
from .conftest import EVENING, TableEngine, Told
from .test_bulletin import FailingCheck, word_text

OFFICER, LEADER = "office:yang", "leader:han"


class Desk:
    """The officer and the leader at work, five minutes a step."""

    def __init__(self, at: AsOf, engine: TableEngine, template: bytes, home: Home) -> None:
        self.at, self.engine, self.template, self.home = at, engine, template, home
        self.now, self.draft = EVENING, 0

    def later(self) -> datetime:
        self.now += timedelta(minutes=5)
        return self.now

    def open(self, **told: Any) -> "Desk":
        told = {"template": self.template, "by": OFFICER} | told
        self.draft = actions.open_draft(now=self.later(), **told).pk
        return self

    def check(self, at: AsOf | None = None, by: str = OFFICER) -> Step:
        now = self.later()
        return actions.check_draft(draft=self.draft, at=at or self.at, by=by, now=now, engine=self.engine)

    def approve(self, by: str = LEADER, **told: Any) -> Step:
        return actions.approve_draft(draft=self.draft, by=by, now=self.later(), **told)

    def issue(self) -> Bulletin:
        now = self.later()
        return actions.issue_draft(draft=self.draft, by=OFFICER, now=now, engine=self.engine, home=self.home)

    @property
    def state(self) -> str:
        return standing(self.draft).state


@pytest.fixture
def desk(city: AsOf, engine: TableEngine, template: bytes, other_home: Home) -> Desk:
    return Desk(city, engine, template, other_home)


def issued(desk: Desk, **told: Any) -> Bulletin:
    desk.open(**told).check()
    desk.approve()
    return desk.issue()


def test_each_step_is_kept_with_person_and_time(desk: Desk) -> None:
    bulletin = issued(desk)
    steps = list(Step.objects.order_by("number"))
    assert [(s.number, s.kind, s.by) for s in steps] == [
        (1, "drafted", OFFICER),
        (2, "checked", OFFICER),
        (3, "approved", LEADER),
        (4, "issued", OFFICER),
    ]
    assert [s.done_at - EVENING for s in steps] == [timedelta(minutes=5 * n) for n in (1, 2, 3, 4)]
    assert steps[-1].bulletin == bulletin and desk.state == "issued"
    assert {s.recorded for s in steps} <= set(Change.objects.values_list("position", flat=True))


def test_what_was_checked_is_what_is_issued(desk: Desk) -> None:
    """The cut-off stays that of the check, however late it is issued and whatever came in between."""
    desk.open()
    check = desk.check()
    desk.approve()
    bulletin = desk.issue()
    assert (bulletin.day, bulletin.known_by, bulletin.position) == (check.day, check.known_by, check.position)
    assert bulletin.frozen["figures"] == check.frozen["figures"]
    assert bulletin.issued_at == desk.now and bulletin.number == check.issue == 1
    assert queries.recount(bulletin, engine=desk.engine).sha256 == bulletin.content_sha256


def test_what_no_longer_counts_as_it_was_approved_is_not_issued(desk: Desk) -> None:
    desk.open().check()
    desk.approve()
    desk.engine.told["party.members"] = Told(5)
    with pytest.raises(ApprovedDiffers):
        desk.issue()
    assert desk.state == "approved" and not Bulletin.objects.exists()


@pytest.mark.parametrize("author", ["drafted", "checked", "changed"])
def test_nobody_approves_the_own_work(desk: Desk, author: str) -> None:
    desk.open(by=LEADER if author == "drafted" else OFFICER)
    if author == "changed":
        actions.change_template(draft=desk.draft, template=desk.template, by=LEADER, now=desk.later())
    desk.check(by=LEADER if author == "checked" else OFFICER)
    with pytest.raises(OwnDraft):
        desk.approve()
    desk.approve(by="leader:zhao")


def test_an_approval_falls_when_template_or_cut_off_change(desk: Desk) -> None:
    desk.open().check()
    desk.approve()
    actions.change_template(draft=desk.draft, template=desk.template, by=OFFICER, now=desk.later())
    assert desk.state == "draft" and standing(desk.draft).approval is None
    desk.check()
    desk.approve()
    desk.check(replace(desk.at, known_by=desk.at.known_by - timedelta(hours=1)))
    assert desk.state == "checked" and standing(desk.draft).check.known_by == EVENING - timedelta(hours=1)
    with pytest.raises(StepOutOfTurn):
        desk.issue()


def test_a_check_that_fails_says_what_is_wrong_and_leaves_a_draft(desk: Desk) -> None:
    desk.engine.failing = [FailingCheck(True, "fine"), FailingCheck(False, "students.pupils at xw")]
    step = desk.open().check()
    assert (step.kind, desk.state, step.frozen) == ("failed", "draft", None)
    (sums,) = [check for check in signoff.checks_of(step) if not check.ok]
    assert list(sums.told()) == ["students.pupils at xw"] and "1" in sums.sentence
    with pytest.raises(StepOutOfTurn):
        desk.approve()
    desk.engine.failing = []
    assert desk.check().kind == "checked"


def test_a_template_that_asks_for_what_is_not_there_fails_its_check(desk: Desk) -> None:
    asked = p.edited(desk.template, p.sentence('{{ f("party.members", "nowhere") }}'))
    step = desk.open(template=asked).check()
    (fault,) = [told for check in signoff.checks_of(step) for told in check.told()]
    assert step.kind == "failed" and "nowhere" in fault


def test_typed_numbers_do_not_get_into_a_draft(desk: Desk) -> None:
    with pytest.raises(TypedNumbers):
        desk.open(template=p.edited(desk.template, p.sentence("党员4642名")))
    assert not Draft.objects.exists()


def test_whoever_saw_an_older_state_does_nothing(desk: Desk) -> None:
    desk.open().check()
    seen = standing(desk.draft).last.number
    actions.change_template(draft=desk.draft, template=desk.template, by=OFFICER, now=desk.later())
    desk.check()
    with pytest.raises(DraftMoved):
        desk.approve(seen=seen)
    assert desk.state == "checked"


Act = Callable[[Desk], object]
OUT_OF_TURN: dict[str, tuple[Act, ...]] = {
    "approve a draft": (Desk.open, Desk.approve),
    "issue a draft": (Desk.open, Desk.issue),
    "issue what is only checked": (Desk.open, Desk.check, Desk.issue),
    "approve twice": (Desk.open, Desk.check, Desk.approve, Desk.approve),
    "check what is issued": (issued, Desk.check),
    "issue twice": (issued, Desk.issue),
    "go on with what was given up": (
        Desk.open,
        lambda d: actions.give_up_draft(draft=d.draft, note="改日再报", by=OFFICER, now=d.later()),
        Desk.check,
    ),
}


@pytest.mark.parametrize("case", OUT_OF_TURN)
def test_steps_have_their_turn(desk: Desk, case: str) -> None:
    *before, last = OUT_OF_TURN[case]
    for act in before:
        act(desk)
    steps, bulletins = Step.objects.count(), Bulletin.objects.count()
    with pytest.raises(StepOutOfTurn) as refused:
        last(desk)
    assert signoff.state_name(desk.state) in refused.value.sentence()
    assert (Step.objects.count(), Bulletin.objects.count()) == (steps, bulletins)


def test_sent_back_it_says_why_and_is_a_draft_again(desk: Desk) -> None:
    desk.open().check()
    with pytest.raises(ReasonWanted):
        actions.return_draft(draft=desk.draft, note=" ", by=LEADER, now=desk.later())
    actions.return_draft(draft=desk.draft, note="请写明物资来源", by=LEADER, now=desk.later())
    assert desk.state == "draft" and standing(desk.draft).last.note == "请写明物资来源"
    desk.check()
    desk.approve()


def test_a_cut_off_that_has_not_come_is_refused(desk: Desk) -> None:
    desk.open()
    with pytest.raises(MomentInFuture):
        desk.check(replace(desk.at, known_by=EVENING + timedelta(days=1)))
    assert desk.state == "draft" and Step.objects.count() == 1


def test_no_step_makes_figures_be_counted_anew(desk: Desk) -> None:
    before = head_position()
    desk.open().check()
    desk.approve()
    assert head_position() == before


def test_two_drafts_at_once_get_numbers_in_the_order_of_their_issue(desk: Desk) -> None:
    first = desk.open().draft
    desk.check()
    desk.approve()
    assert issued(desk).number == 1
    desk.draft = first
    bulletin = desk.issue()
    assert bulletin.number == 2, "its check was made under number 1; each of its figures is the same"
    assert "2号" in next(b["runs"][0]["text"] for b in bulletin.frozen["blocks"] if b["kind"] == "number")


def test_an_unknown_draft_is_told(db: None) -> None:
    with pytest.raises(UnknownDraft):
        standing(99)


# ------------------------------------------------------------------------------------ corrections


def corrected(desk: Desk, reason: str = "同一人在两校各报一次，已合并") -> tuple[Bulletin, Bulletin]:
    first = issued(desk)
    desk.engine.told["party.pledges_signed"] = Told(55)
    return first, issued(desk, corrects=first.number, reason=reason)


def test_a_correction_says_what_it_replaces_why_and_each_number_that_changed(desk: Desk) -> None:
    import pymupdf

    was = desk.engine._told("party.pledges_signed", 1).value
    first, second = corrected(desk)
    assert (second.number, second.corrects, first.corrected_by) == (2, first, second)
    said = "本期更正并代替2020年2月12日印发的第1期，该期保留备查。更正原因：同一人在两校各报一次，已合并。"
    said += f"疫情防控承诺书原为{was}，更正为55。"
    papers = {
        kind: shelf.read_file(second, kind, engine=desk.engine, home=desk.home) for kind in ("docx", "html")
    }
    assert said in word_text(papers["docx"])
    assert said in re.sub("<[^>]+>", "", papers["html"].decode())
    pdf = shelf.read_file(second, "pdf", engine=desk.engine, home=desk.home)
    assert said in re.sub(r"\s", "", pymupdf.open(stream=pdf)[0].get_text())
    notice = next(block for block in second.frozen["blocks"] if block["kind"] == "correction")
    (number,) = [run["figure"] for run in notice["runs"] if "figure" in run]
    assert Reference(**number) == Reference("party.pledges_signed", "xw", "value", 55)
    assert queries.recount(second, engine=desk.engine).sha256 == second.content_sha256


def test_the_old_one_stays_and_says_by_which_it_was_corrected(desk: Desk) -> None:
    import pymupdf

    first, _second = corrected(desk)
    desk.engine.told.clear()
    kept = shelf.path_of(1, "pdf", desk.home).read_bytes()
    for kind in ("docx", "pdf", "html"):
        file = shelf.read_file(first, kind, engine=desk.engine, home=desk.home)
        if kind == "docx":
            heads = [s.header for s in Document(io.BytesIO(file)).sections]
            text = "".join(paragraph.text for head in heads for paragraph in head.paragraphs)
        elif kind == "pdf":
            text = "".join(page.get_text() for page in pymupdf.open(stream=file))
        else:
            text = file.decode()
        assert "本期已由第2期更正" in text
    assert "本期已由第2期更正" in shelf.article(first, engine=desk.engine, home=desk.home)
    assert shelf.path_of(1, "pdf", desk.home).read_bytes() == kept
    assert queries.recount(first, engine=desk.engine).sha256 == first.content_sha256


def test_a_correction_in_which_no_number_moved_says_so(desk: Desk) -> None:
    first = issued(desk)
    second = issued(desk, corrects=1, reason="漏抄送部门")
    assert "各项数字没有变动" in shelf.article(second, engine=desk.engine, home=desk.home)
    assert first.frozen["figures"] == second.frozen["figures"]


@pytest.mark.parametrize(
    ("number", "reason", "problem"),
    [
        (9, "漏抄送部门", UnknownBulletin),
        (1, "错", ReasonWanted),
        (1, "湖北返回大学生应为881人", NumbersInReason),
        (1, "湖北返回大学生应为八百余人", NumbersInReason),
    ],
)
def test_a_correction_of_nothing_or_for_no_reason_is_refused(
    desk: Desk, number: int, reason: str, problem: type[Exception]
) -> None:
    issued(desk)
    with pytest.raises(problem):
        desk.open(corrects=number, reason=reason)
    assert Draft.objects.count() == 1


def test_one_bulletin_has_one_correction(desk: Desk) -> None:
    issued(desk)
    late = desk.open(corrects=1, reason="漏抄送部门").draft
    desk.check()
    desk.approve()
    issued(desk, corrects=1, reason="合并重复人员")
    with pytest.raises(CorrectedAlready) as refused:
        desk.open(corrects=1, reason="漏抄送部门")
    assert refused.value.facts["later"] == 2
    desk.draft = late
    with pytest.raises(CorrectedAlready):
        desk.issue()


# ------------------------------------------------------------------------------------ papers


def test_every_paper_bears_number_cut_off_and_its_copy(desk: Desk) -> None:
    import pymupdf

    bulletin = issued(desk)
    said = f"第1期　数字截至2020年2月12日18时20分，按变更日志第{desk.at.position}号以前的记录计数"
    papers = {
        kind: shelf.read_file(bulletin, kind, engine=desk.engine, home=desk.home, copy="abcd2345")
        for kind in ("docx", "pdf", "html")
    }
    document = Document(io.BytesIO(papers["docx"]))
    for footer in (document.sections[0].footer, document.sections[0].even_page_footer):
        assert [p.text for p in footer.paragraphs][-2:] == [said, "副本编号 abcd2345"]
    assert document.core_properties.identifier == "abcd2345"
    for page in pymupdf.open(stream=papers["pdf"]):
        assert said in page.get_text() and "副本编号 abcd2345" in page.get_text()
    assert said in papers["html"].decode() and "副本编号 abcd2345" in papers["html"].decode()


def test_a_paper_made_from_what_was_stored_is_the_paper_as_issued(desk: Desk) -> None:
    import pymupdf

    bulletin = issued(desk)
    asked, desk.engine.asked = desk.engine.asked, 0
    shelf.path_of(1, "pdf", desk.home).rename(desk.home.path / "as-issued.pdf")
    again = shelf.read_file(Bulletin.objects.get(pk=bulletin.pk), "pdf", engine=desk.engine, home=desk.home)
    assert asked and desk.engine.asked == 0, "nothing is counted for it"
    told = [
        [page.get_text("html") for page in pymupdf.open(stream=file)]
        for file in (again, (desk.home.path / "as-issued.pdf").read_bytes())
    ]
    assert told[0] == told[1], "letters, their weight and their places"
