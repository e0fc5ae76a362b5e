"""The verbs of lists and their review.

    add_list        an office sends lists under a title
    bring_issue     a file, read by the importer as kind "list", is the list's next issue
    record_run      what the matcher made of a list's rows (see `rematching.match_list`, which calls it)
    decide, undo    a reviewer settles a row, or takes that back
    answer          what a call or a screening round told about a row that could not be settled
    deny            somebody who was called is not the person
    withdraw_list   an office takes a list back

Each appends; `_settle` alone appends and ends leads, after whichever of them: a lead is what the decisions
that stand say, and where there are none what the matcher linked by itself.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.moments import day_of
from fangxian.kernel.secrets import Keyring, keyring
from fangxian.registry.holding import in_chunks
from fangxian.registry.importing.examine import Import
from fangxian.registry.importing.keeping import KEEP_DAYS, keep_file
from fangxian.registry.importing.problems import RowsRejected

from .identity import same_rows
from .models import (
    AUTO,
    NOT_SAME,
    REVIEWED,
    SAME,
    UNDONE,
    UNSETTLED,
    Answer,
    Appearance,
    Candidate,
    Decision,
    Issue,
    Lead,
    List,
    ListWithdrawal,
    Proposal,
    Question,
    Reopening,
    Row,
    RowState,
    Run,
    Source,
)
from .problems import (
    AnswerUnknown,
    DecidedAlready,
    IssueKnown,
    LeadNotThere,
    ListNotThere,
    ListTaken,
    ListUnnamed,
    ListWithdrawn,
    NotAList,
    NothingToUndo,
    PersonNotProposed,
    ProposalChanged,
    QuestionNotOpen,
    ReasonMissing,
    RowNotThere,
    SettledAlready,
    TopicUnknown,
    VerdictUnknown,
)
from .replies import denials, hear_of, let_fall, write_denied
from .rows import EVIDENCE, Fields, digest_of, fields_of, seal, unseal
from .standing import ASKED, SETTLED, Voice, standing
from .topics import TOPICS

_NAME = 80
ANSWERS = ("yes", "no", "unknown")


# ---- lists and their issues -------------------------------------------------------------------------


def add_list(
    *, source: str, title: str, topic: str, by: str, now: datetime, sensitive: bool | None = None
) -> int:
    """A list that an office sends; whether two reviewers are wanted is its topic's, unless said otherwise.

    Raises ListUnnamed, TopicUnknown, ListTaken.
    """
    source, title = source.strip(), title.strip()
    if not (0 < len(source) <= _NAME and 0 < len(title) <= _NAME):
        raise ListUnnamed()
    if topic not in TOPICS:
        raise TopicUnknown(topic=topic, topics=", ".join(TOPICS))
    with recording("matching.add_list", by=by, now=now) as change:
        office = _source(source, change)
        if List.objects.filter(source=office, title=title).exists():
            raise ListTaken(source=source, title=title)
        (key,) = change.ids(List, 1)
        wanted = TOPICS[topic].sensitive if sensitive is None else sensitive
        change.append(
            List, ("id", "source_id", "title", "topic", "sensitive"), [(key, office, title, topic, wanted)]
        )
    return key


def _source(name: str, change: Recording) -> int:
    held = Source.objects.filter(name=name).first()
    if held is not None:
        return held.pk
    (key,) = change.ids(Source, 1)
    change.append(Source, ("id", "name"), [(key, name)])
    return key


@dataclass(frozen=True, slots=True)
class Brought:
    """What an issue changed; `rows` = new + returned + changed + same."""

    issue: int
    number: int
    rows: int
    new: int = 0
    returned: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0


def bring_issue(
    *, listing: int, imported: Import, by: str, now: datetime, keep_days: int = KEEP_DAYS
) -> Brought:
    """The file is the list's next issue: rows are recognised, what they said before is ended, not lost.

    Raises ListNotThere, ListWithdrawn, NotAList, RowsRejected where the policy forbids it, IssueKnown,
    FileChanged.
    """
    if imported.examined.kind != "list":
        raise NotAList()
    if not imported.passes:
        raise RowsRejected(rows=imported.examined.rejected_rows)
    with recording("matching.bring_issue", by=by, now=now) as change:
        held = standing_list(listing)
        issue, number = _append_issue(change, held, imported, by, now, keep_days)
        return _append_rows(change, held, issue, number, imported)


def withdraw_list(*, listing: int, reason: str, by: str, now: datetime) -> None:
    """The list is not to be believed: its leads end, and what was verified by it alone is so no more. What it
    said, and what people decided about it, stays. Raises ListNotThere, ListWithdrawn, ReasonMissing."""
    reason = reason.strip()[:200]
    if not reason:
        raise ReasonMissing()
    with recording("matching.withdraw_list", by=by, now=now) as change:
        held = standing_list(listing)
        change.append(ListWithdrawal, ("list_id", "reason", "by"), [(held.pk, reason, by[:_NAME])])
        _settle(change, list(Row.objects.filter(list=held).order_by("pk").values_list("pk", flat=True)))


def standing_list(listing: int) -> List:
    """One that stands. Raises ListNotThere, ListWithdrawn."""
    held = List.objects.select_related("source", "withdrawal").filter(pk=listing).first()
    if held is None:
        raise ListNotThere(list=listing)
    if hasattr(held, "withdrawal"):
        raise ListWithdrawn(title=held.title)
    return held


def _append_issue(
    change: Recording, held: List, imported: Import, by: str, now: datetime, keep_days: int
) -> tuple[int, int]:
    last = Issue.objects.filter(list=held).select_related("file").order_by("-number").first()
    if last is not None and last.file.sha256 == imported.sha256:
        raise IssueKnown(number=last.number)
    file = keep_file(
        path=imported.path,
        sha256=imported.sha256,
        kind="list",
        source=held.source.name,
        mapping=imported.chosen,
        day=day_of(now),
        days=keep_days,
        by=by,
        now=now,
    )
    (key,) = change.ids(Issue, 1)
    number = last.number + 1 if last is not None else 1
    examined = imported.examined
    counted = (len(examined.rows), examined.rejected_rows, len(examined.ignored))
    columns = ("id", "list_id", "number", "file_id", "accepted", "rejected", "ignored")
    change.append(Issue, columns, [(key, held.pk, number, file, *counted)])
    return key, number


def _append_rows(change: Recording, held: List, issue: int, number: int, imported: Import) -> Brought:
    ring = keyring()
    read = imported.examined.rows
    came = [fields_of(row) for row in read]
    there, gone_before = _held_rows(held.pk, ring)
    known = _recognised(came, {row: fields for row, (_state, fields) in there.items()}, gone_before)
    ids = iter(change.ids(Row, known.count(None)))
    rows = [next(ids) if row is None else row for row in known]
    fresh = [row for row, before in zip(rows, known, strict=True) if before is None]
    said = dict(zip(rows, came, strict=True))
    changed = [row for row in rows if row in there and there[row][1] != said[row]]
    returned = [row for row in rows if row in gone_before]
    gone = there.keys() - said.keys()
    change.append(Row, ("id", "list_id"), ((row, held.pk) for row in fresh))
    change.end(RowState, sorted(there[row][0] for row in (*changed, *gone)))
    _append_states(change, issue, [(row, said[row]) for row in sorted([*fresh, *changed, *returned])], ring)
    change.append(
        Appearance,
        ("issue_id", "row_id", "sheet", "number"),
        ((issue, row, each.sheet[:_NAME], each.row) for row, each in zip(rows, read, strict=True)),
    )
    same = len(rows) - len(fresh) - len(changed) - len(returned)
    return Brought(issue, number, len(rows), len(fresh), len(returned), len(changed), same, len(gone))


def _recognised(
    came: Sequence[Fields], there: Mapping[int, Fields], gone: Mapping[int, Fields]
) -> list[int | None]:
    """For each row that came the row that it is: one of the last issue, else one that was gone."""
    known = same_rows(there, came)
    missing = [place for place, row in enumerate(known) if row is None]
    again = same_rows(gone, [came[place] for place in missing])
    for place, row in zip(missing, again, strict=True):
        known[place] = row
    return known


def _held_rows(listing: int, ring: Keyring) -> tuple[dict[int, tuple[int, Fields]], dict[int, Fields]]:
    """row -> (its open state, fields); and row -> what it last said, of rows that are gone."""
    last: dict[int, tuple[int, int | None, bytes]] = {}
    states = RowState.objects.filter(row__list=listing).order_by("recorded")
    columns = ("row_id", "id", "recorded_until", "sealed")
    for row, state, until, sealed in states.values_list(*columns).iterator(chunk_size=5_000):
        last[row] = (state, until, sealed)
    there = {row: (state, unseal(sealed, ring)) for row, (state, end, sealed) in last.items() if end is None}
    gone = {row: unseal(sealed, ring) for row, (_state, end, sealed) in last.items() if end is not None}
    return dict(there), dict(gone)


def _append_states(change: Recording, issue: int, rows: Iterable[tuple[Any, Fields]], ring: Keyring) -> None:
    change.append(
        RowState,
        ("row_id", "issue_id", "content", "evidence", "sealed"),
        (
            (row, issue, digest_of(fields, ring), digest_of(fields, ring, EVIDENCE), seal(fields, ring))
            for row, fields in rows
        ),
    )


# ---- what the matcher made of it --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """`reasons`: (comparison, level) each; `evidence`: a digest of what was compared, by the first keys."""

    person: int
    probability: float
    reasons: Sequence[tuple[str, str]]
    evidence: str


@dataclass(frozen=True, slots=True)
class NewProposal:
    """`candidates` likeliest first; `state`: what the row said when it was matched."""

    row: int
    state: int
    decision: str
    probability: float
    bare: bool = False
    candidates: Sequence[NewCandidate] = ()

    def evidence(self, ring: Keyring) -> str:
        """Of all candidates, under the first keys."""
        return ring.first_digest(json.dumps(sorted((c.person, c.evidence) for c in self.candidates)))


@dataclass(frozen=True, slots=True)
class NewRun:
    list: int
    version: str
    position: int
    whole: bool
    people: int
    proposals: Sequence[NewProposal]
    taught: Mapping[str, Any] = field(default_factory=dict)


def record_run(*, run: NewRun, by: str, now: datetime) -> int:
    """Append what is proposed anew; a proposal that comes out as it stood is left standing. Decisions whose
    evidence changed are reopened, all others hold. Raises ListNotThere, ListWithdrawn."""
    with recording("matching.record_run", by=by, now=now) as change:
        standing_list(run.list)
        (key,) = change.ids(Run, 1)
        columns = ("id", "list_id", "version", "position", "whole", "rows", "people", "taught")
        told = (key, run.list, run.version, run.position, run.whole, len(run.proposals), run.people)
        change.append(Run, columns, [(*told, dict(run.taught))])
        fresh = _append_proposals(change, key, run.proposals)
        _reopen_changed(change, fresh)
        _settle(change, [proposal.row for proposal in fresh])
    return key


def _append_proposals(change: Recording, run: int, proposals: Sequence[NewProposal]) -> list[NewProposal]:
    ring = keyring()
    held = _open_proposals([proposal.row for proposal in proposals], ring)
    evidence = {proposal.row: ring.lifted(proposal.evidence(ring)) for proposal in proposals}
    fresh = [p for p in proposals if held.get(p.row, (0,))[1:] != (p.state, p.decision, evidence[p.row])]
    change.end(Proposal, [held[p.row][0] for p in fresh if p.row in held])
    ids = change.ids(Proposal, len(fresh))
    change.append(
        Proposal,
        ("id", "row_id", "state_id", "run_id", "decision", "probability", "bare", "evidence", "keys"),
        (
            (key, p.row, p.state, run, p.decision, p.probability, p.bare, evidence[p.row], ring.number)
            for key, p in zip(ids, fresh, strict=True)
        ),
    )
    change.append(
        Candidate,
        ("proposal_id", "rank", "person_id", "probability", "reasons", "evidence", "keys"),
        (
            (key, rank, c.person, c.probability, _listed(c.reasons), ring.lifted(c.evidence), ring.number)
            for key, p in zip(ids, fresh, strict=True)
            for rank, c in enumerate(p.candidates, start=1)
        ),
    )
    return fresh


def _listed(reasons: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [list(each) for each in reasons]


def _open_proposals(rows: Sequence[int], ring: Keyring) -> dict[int, tuple[int, int, str, str]]:
    """By row, with the evidence as of the newest keys."""
    found: dict[int, tuple[int, int, str, str]] = {}
    for chunk in in_chunks(list(rows)):
        open_ones = Proposal.objects.filter(row__in=chunk, recorded_until=None)
        for each in open_ones.only("row_id", "state_id", "decision", "evidence", "keys"):
            evidence = ring.lifted(each.evidence, since=each.keys)
            found[each.row_id] = (each.pk, each.state_id, each.decision, evidence)
    return found


def _reopen_changed(change: Recording, proposals: Sequence[NewProposal]) -> None:
    ring = keyring()
    by_row = {proposal.row: proposal for proposal in proposals}
    changed: list[int] = []
    for chunk in in_chunks(list(by_row)):
        decisions = _standing_decisions().filter(row__in=chunk)
        for key, row, verdict, person, evidence, keys in decisions.values_list(
            "id", "row_id", "verdict", "person_id", "evidence", "keys"
        ):
            if ring.lifted(evidence, since=keys) != _evidence_of(by_row[row], verdict, person, ring):
                changed.append(key)
    change.append(Reopening, ("decision_id", "why"), ((key, "evidence") for key in changed))


def _evidence_of(proposal: NewProposal, verdict: str, person: int | None, ring: Keyring) -> str:
    """That somebody is the person rests on what was compared with that person; all else on all candidates."""
    if verdict == SAME:
        found = next((c.evidence for c in proposal.candidates if c.person == person), None)
        return "" if found is None else ring.lifted(found)
    return ring.lifted(proposal.evidence(ring))


# ---- what people make of it -------------------------------------------------------------------------


def decide(
    *,
    row: int,
    proposal: int,
    verdict: str,
    by: str,
    now: datetime,
    person: int | None = None,
    also: Iterable[str] = (),
) -> int:
    """Settle a row: it is this candidate (`same`), none of them (`not_same`), or that cannot be told from the
    list (`unsettled`; then it is asked). The decision keeps the digest of what it rests on. `also` are other
    accounts of who decides: two reviewers are two people.

    Raises RowNotThere, ListWithdrawn, ProposalChanged, VerdictUnknown, PersonNotProposed, DecidedAlready,
    SettledAlready.
    """
    if verdict not in (SAME, NOT_SAME, UNSETTLED):
        raise VerdictUnknown()
    with recording("matching.decide", by=by, now=now) as change:
        seen = _proposal(row, proposal)
        _refuse_again(row, {by[:_NAME], *also})
        chosen = _chosen(seen, verdict, person)
        (key,) = change.ids(Decision, 1)
        of = chosen if chosen is not None and verdict == SAME else seen
        who = chosen.person_id if chosen is not None and verdict == SAME else None
        columns = (
            "id",
            "row_id",
            "proposal_id",
            "verdict",
            "person_id",
            "evidence",
            "keys",
            "by",
            "undoes_id",
        )
        told = (key, row, proposal, verdict, who, of.evidence, of.keys, by[:_NAME], None)
        change.append(Decision, columns, [told])
        if verdict == UNSETTLED and chosen is not None:
            change.append(Question, ("decision_id", "row_id", "person_id"), [(key, row, chosen.person_id)])
        _settle(change, [row])
    return key


def _proposal(row: int, proposal: int) -> Proposal:
    held = Proposal.objects.filter(row=row, recorded_until=None).select_related("row").first()
    if held is None:
        raise RowNotThere()
    standing_list(held.row.list_id)
    state = RowState.objects.filter(row=row, recorded_until=None).first()
    if held.pk != proposal or (
        state is not None and state.pk != held.state_id and state.evidence != held.state.evidence
    ):
        raise ProposalChanged()
    return held


def _refuse_again(row: int, names: Collection[str]) -> None:
    voices = voices_of([row])[row]
    if any(voice.by in names for voice in voices):
        raise DecidedAlready()
    sensitive = List.objects.values_list("sensitive", flat=True).get(rows=row)
    if standing(voices, sensitive=sensitive).state in (SETTLED, ASKED):
        raise SettledAlready()


def _chosen(proposal: Proposal, verdict: str, person: int | None) -> Candidate | None:
    """Who it is; of what cannot be settled, whose household is asked."""
    candidates = Candidate.objects.filter(proposal=proposal).order_by("rank")
    if verdict == SAME:
        found = candidates.filter(person=person).first()
        if found is None:
            raise PersonNotProposed()
        return found
    return candidates.first() if verdict == UNSETTLED else None


def undo(*, decision: int, by: str, now: datetime) -> int:
    """Take one's own decision back; the row's id. Raises NothingToUndo."""
    with recording("matching.undo", by=by, now=now) as change:
        held = _standing_decisions().filter(pk=decision, by=by[:_NAME]).first()
        if held is None:
            raise NothingToUndo()
        columns = ("row_id", "proposal_id", "verdict", "person_id", "evidence", "keys", "by", "undoes_id")
        told = (held.row_id, held.proposal_id, UNDONE, None, held.evidence, held.keys, by[:_NAME], held.pk)
        change.append(Decision, columns, [told])
        _settle(change, [held.row_id])
    return held.row_id


def answer(*, question: int, told: str, by: str, now: datetime, note: str = "") -> int:
    """What was learnt: the row comes back to the queue with it; the row's id. `told` is yes (it is this
    person), no or unknown. Raises AnswerUnknown, QuestionNotOpen."""
    if told not in ANSWERS:
        raise AnswerUnknown()
    with recording("matching.answer", by=by, now=now) as change:
        held = open_questions().filter(pk=question).first()
        if held is None:
            raise QuestionNotOpen()
        change.append(Answer, ("question_id", "told", "sealed"), [(held.pk, told, keyring().seal(note))])
        change.append(Reopening, ("decision_id", "why"), [(held.decision_id, "answer")])
        _settle(change, [held.row_id])
    return held.row_id


def deny(*, lead: int, by: str, now: datetime) -> int:
    """Somebody who was called about a lead is not the person: it is no lead any more, and what rested on it
    falls. The row comes back to the reviewers, also one that the matcher linked by itself, or that they had
    decided; the row's id. Raises LeadNotThere."""
    with recording("matching.deny", by=by, now=now) as change:
        held = Lead.objects.filter(pk=lead, recorded_until=None).first()
        if held is None:
            raise LeadNotThere()
        write_denied(change, lead)
        said = _standing_decisions().filter(row=held.row_id, verdict=SAME, person=held.person_id)
        change.append(Reopening, ("decision_id", "why"), [(decision.pk, "answer") for decision in said])
        _settle(change, [held.row_id])
    return held.row_id


def open_questions() -> "QuerySet[Question]":
    """Those that wait for an answer: for the callers' list."""
    held = Question.objects.filter(answer=None, decision__undone_by=None, decision__reopened=None)
    return held.filter(row__list__withdrawal=None)


# ---- what comes of both -----------------------------------------------------------------------------


def _standing_decisions() -> "QuerySet[Decision]":
    return Decision.objects.filter(undone_by=None, reopened=None).exclude(verdict=UNDONE)


def voices_of(rows: Iterable[int]) -> defaultdict[int, list[Voice]]:
    """By row the decisions that stand, the oldest first."""
    found: defaultdict[int, list[Voice]] = defaultdict(list)
    for chunk in in_chunks(sorted(set(rows))):
        told = _standing_decisions().filter(row__in=chunk).order_by("id")
        for each in told.only("row_id", "verdict", "person_id", "by"):
            found[each.row_id].append(Voice(each.pk, each.verdict, each.person_id, each.by))
    return found


def voices_in(listing: int | None) -> defaultdict[int, list[Voice]]:
    """The same of all rows of a list, or of all lists."""
    found: defaultdict[int, list[Voice]] = defaultdict(list)
    told = _standing_decisions().order_by("id")
    told = told.filter(row__list=listing) if listing is not None else told
    for row, key, verdict, person, by in told.values_list("row_id", "id", "verdict", "person_id", "by"):
        found[row].append(Voice(key, verdict, person, by))
    return found


def _settle(change: Recording, rows: Sequence[int]) -> None:
    """Leads as the decisions that stand want them; where there are none, as the matcher linked by itself, but
    for whom a call denied; of a list that was withdrawn none. Answers are heard about fresh ones; what rested
    on old ones falls."""
    for chunk in in_chunks(sorted(set(rows)), 5_000):
        wanted = _wanted_leads(chunk)
        held = {
            row: (key, person, how)
            for row, key, person, how in Lead.objects.filter(row__in=chunk, recorded_until=None).values_list(
                "row_id", "id", "person_id", "how"
            )
        }
        ended = [lead[0] for row, lead in held.items() if lead[1:] != wanted.get(row)]
        change.end(Lead, ended)
        let_fall(change, ended)
        fresh = [(row, *lead) for row, lead in wanted.items() if held.get(row, (0,))[1:] != lead]
        ids = change.ids(Lead, len(fresh))
        leads = [(key, *lead) for key, lead in zip(ids, fresh, strict=True)]
        change.append(Lead, ("id", "row_id", "person_id", "how"), leads)
        hear_of(change, list(ids))


def _wanted_leads(rows: Sequence[int]) -> dict[int, tuple[int, str]]:
    there = Row.objects.filter(pk__in=rows, list__withdrawal=None)
    sensitive = dict(there.values_list("id", "list__sensitive"))
    rows = [row for row in rows if row in sensitive]
    voices = voices_of(rows)
    best = Candidate.objects.filter(
        proposal__row__in=rows, proposal__recorded_until=None, proposal__decision=AUTO, rank=1
    )
    no = denials(rows)
    linked = best.values_list("proposal__row_id", "person_id")
    wanted = {row: (person, AUTO) for row, person in linked if (row, person) not in no}
    for row in rows:
        told = standing(voices[row], sensitive=sensitive[row])
        if told.person is not None:
            wanted[row] = (told.person, REVIEWED)
        elif told.state in (SETTLED, ASKED):
            wanted.pop(row, None)
    return wanted
