"""The night of the lists: brought, matched by the very matcher, reviewed by what reviewers see, called about.

Nothing here knows whom a row means but the people who pick up the telephone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from fangxian.kernel.changes import head_position, recording
from fangxian.kernel.moments import day_of
from fangxian.matching import actions
from fangxian.matching.actions import add_list, bring_issue, decide, open_questions
from fangxian.matching.bringing import read_issue
from fangxian.matching.models import (
    NOT_SAME,
    SAME,
    UNSETTLED,
    Answer,
    Appearance,
    Candidate,
    Proposal,
)
from fangxian.matching.rematching import match_list
from fangxian.matching.replies import unheard
from fangxian.matching.reviewing import work
from fangxian.matching.roster import read_roster
from fangxian.registry.holding import in_chunks
from fangxian.registry.importing.cells import Setting
from fangxian.submissions.actions import Envelope

from .clockwork import ASKED, FIRST_ISSUE, LISTED, MATCHED, REVIEWED, moment
from .lists import Issue, Lists
from .register import Ledger
from .screening import Screening

OFFICE = "demo:office"
REVIEWERS = ("demo:reviewer-1", "demo:reviewer-2")

_ALIKE = {"equal", "sound", "order", "blur", "shape", "nickname"}


@dataclass(slots=True)
class Night:
    """`listing`: the ledger's id of each office's list."""

    lists: Lists
    ledger: Ledger
    screening: Screening
    listing: dict[str, int] = field(default_factory=dict)

    # -- the lists come

    def first_issue(self) -> None:
        self._bring(self.lists.first, FIRST_ISSUE)

    def issues(self) -> None:
        for issue in self.lists.evening:
            self._bring(issue, LISTED)

    def _bring(self, issue: Issue, minute: int) -> None:
        office, now = issue.office, moment(minute)
        if office.key not in self.listing:
            self.listing[office.key] = add_list(
                source=office.source, title=office.title, topic=office.topic, by=OFFICE, now=now
            )
        listing = self.listing[office.key]
        with TemporaryDirectory(prefix="fangxian-") as folder:
            invented = Setting(day_of(now), invented=True)
            path = issue.save(Path(folder))
            imported = read_issue(listing, path, now=now, policy="partial", setting=invented)
            bring_issue(listing=listing, imported=imported, by=OFFICE, now=now)

    # -- matched, reviewed, asked about

    def match(self) -> None:
        now = moment(MATCHED)
        roster = read_roster(day_of(now), head_position())
        for listing in self.listing.values():
            match_list(listing, by="demo:matcher", now=now, roster=roster)

    def review(self) -> None:
        self._review(REVIEWED)

    def ask(self) -> None:
        """What the lists could not settle is asked at the telephone, and comes back to the reviewers."""
        now = moment(ASKED)
        questions = list(open_questions().order_by("pk").values_list("pk", "row_id", "person_id"))
        meant = self._meant([row for _question, row, _person in questions])
        with recording("matching.answer", by=OFFICE, now=now):
            for question, row, person in questions:
                told = "yes" if meant[row] == person else "no"
                actions.answer(question=question, told=told, by=OFFICE, now=now)
        self._review(ASKED)

    def _review(self, minute: int) -> None:
        for reviewer in REVIEWERS:
            queue = [waiting.row for waiting in work(reviewer).queue]
            verdicts = list(judged(queue, careful=reviewer == REVIEWERS[-1]))
            with recording("matching.decide", by=reviewer, now=moment(minute)):
                for row, proposal, verdict, person in verdicts:
                    decide(
                        row=row,
                        proposal=proposal,
                        verdict=verdict,
                        person=person,
                        by=reviewer,
                        now=moment(minute),
                    )

    # -- called about

    def calls(self, minute: int) -> list[Envelope]:
        """Of each lead that no answer bears on yet, what its person says; who is not meant says that.

        In the rows' order: the leads' own is that of the review, where the last bits of a probability tell.
        """
        told = list(unheard().order_by("row", "person").values_list("pk", "row_id", "person_id"))
        meant = self._meant([row for _lead, row, _person in told])
        number = {pk: person for person, pk in enumerate(self.ledger.person) if pk}
        found: dict[int, Envelope] = {}
        with recording("matching.deny", by=OFFICE, now=moment(minute)):
            for lead, row, person in told:
                if meant[row] == person:
                    found[person] = self.screening.called(number[person], minute)
                else:
                    actions.deny(lead=lead, by=OFFICE, now=moment(minute))
        return list(found.values())

    def _meant(self, rows: Sequence[int]) -> dict[int, int]:
        """Row -> whom the office meant, as the ledger knows that person; 0: nobody of ours."""
        by_list = {self.listing[issue.office.key]: issue for issue in self.lists.evening}
        found = {}
        for chunk in in_chunks(sorted(set(rows))):
            seen = Appearance.objects.filter(row__in=chunk).order_by("issue__number")
            for row, listing, number, last in seen.values_list(
                "row_id", "issue__list_id", "number", "issue__number"
            ):
                issue = self._issue(by_list[listing], last)
                person = issue.meant(number)
                found[row] = self.ledger.person[person] if person >= 0 else 0
        return found

    def _issue(self, last: Issue, number: int) -> Issue:
        """The first office sent two."""
        two = last.office.key == self.lists.first.office.key
        return self.lists.first if two and number == 1 else last


# ---- a reviewer ------------------------------------------------------------------------------------

Verdict = tuple[int, int, str, int | None]  # row, proposal, verdict, person


def judged(queue: Sequence[int], *, careful: bool) -> Iterator[Verdict]:
    """What somebody decides who sees the candidates and the reasons, and what a call told."""
    proposals: dict[int, int] = {}
    candidates: dict[int, list[Candidate]] = {}
    answers: dict[int, tuple[int, str]] = {}
    for chunk in in_chunks(list(queue)):
        held = Proposal.objects.filter(row__in=chunk, recorded_until=None)
        proposals |= dict(held.values_list("row_id", "pk"))
        for each in Candidate.objects.filter(proposal__in=held).select_related("proposal").order_by("rank"):
            candidates.setdefault(each.proposal.row_id, []).append(each)
        for row, person, told in (
            Answer.objects.filter(question__row__in=chunk)
            .order_by("recorded")
            .values_list("question__row_id", "question__person_id", "told")
        ):
            answers[row] = (person, told)
    for row in queue:
        verdict, who = _judge(candidates.get(row, []), answers.get(row), careful)
        yield row, proposals[row], verdict, who


def _judge(
    candidates: Sequence[Candidate], answer: tuple[int, str] | None, careful: bool
) -> tuple[str, int | None]:
    if answer is not None:
        person, told = answer
        return (SAME, person) if told == "yes" else (NOT_SAME, None)
    fitting = [each for each in candidates if _fits(dict(each.reasons), careful)]
    if len(fitting) == 1:
        return SAME, fitting[0].person_id
    possible = [each for each in candidates if _may_be(dict(each.reasons))]
    return (UNSETTLED, None) if possible else (NOT_SAME, None)


def _fits(told: dict[str, str], careful: bool) -> bool:
    named = told.get("name") in _ALIKE
    if told.get("id") in ("equal", "near"):
        return named or not careful
    if "different" in (told.get("id"), told.get("masked")):
        return False
    also = [told.get("phone") == "equal", told.get("masked") == "agrees", told.get("born") == "equal"]
    return named and sum(also) + (told.get("town") == "equal") >= (2 if careful else 1) and any(also)


def _may_be(told: dict[str, str]) -> bool:
    against = (told.get("id"), told.get("masked"), told.get("name"))
    return "different" not in against and (
        told.get("phone") in ("equal", "near") or told.get("name") in _ALIKE
    )
