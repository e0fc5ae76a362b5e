"""Lists of other offices, what the matcher proposes for their rows, what people decided, and the leads.

    Source ─► List ─► Issue ─► Appearance ─► Row ─► RowState      who sent what, when, and what it said
                                              Row ─► Proposal ─► Candidate      what the matcher makes of it
                                              Row ─► Decision ─► Reopening      what people make of it
                                              Row ─► Question ─► Answer         what only a call can tell
                                              Row ─► Lead ─► Reply              what comes of both, and what
                                                                                answers say of it

How they are meant to be used:

- Read `Lead`: rows with `recorded_until=None` (or known as of a position, `registry.holding.known`) say "this
  row of a list is this person". `lead.row.list.topic` says what the list is of, and `lead.how` whether the
  matcher linked it by itself (`auto`) or people did (`reviewed`). A lead is no finding: it is for a call, a
  screening answer or a document to verify (`replies`). One person may have leads from several lists.
- Write through `actions` alone. Leads follow from proposals and decisions; nobody appends them by hand.
- A row's identity (`Row.id`) is the same in all issues of its list: see `issues`. What it said in each is its
  states; a row that is gone has no open state, and keeps its decisions.
- Names, numbers and everything else that an office wrote lie in `RowState.sealed` alone: see `rows`.
"""

from django.db import models

from fangxian.kernel.fields import Recorded
from fangxian.registry.models import KeptFile, Person
from fangxian.submissions.models import Submission, Verification

AUTO, REVIEW, NONE = "auto", "review", "none"
SAME, NOT_SAME, UNSETTLED, UNDONE = "same", "not_same", "unsettled", "undone"
REVIEWED = "reviewed"


class Until(Recorded):
    """A row that is known to hold from one position of the change log until another."""

    recorded_until = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_known",
                condition=models.Q(recorded_until__isnull=True)
                | models.Q(recorded_until__gt=models.F("recorded")),
            )
        ]


class Source(Recorded):
    """An office that sends lists: 交通运输局."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=80, unique=True)


class List(Recorded):
    """What one office sends again and again under one title. `topic` is a key of `topics.TOPICS`;
    a `sensitive` list's rows are settled by two reviewers who agree."""

    id = models.BigIntegerField(primary_key=True)
    source = models.ForeignKey(Source, models.PROTECT, related_name="lists")
    title = models.CharField(max_length=80)
    topic = models.CharField(max_length=24, db_index=True)
    sensitive = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(name="matching_list_title", fields=["source", "title"])]


class Issue(Recorded):
    """One file of a list. Who brought it and when stand in the change log at `recorded`; the file, its hash
    and how its columns were taken in `file`."""

    id = models.BigIntegerField(primary_key=True)
    list = models.ForeignKey(List, models.PROTECT, related_name="issues")
    number = models.PositiveIntegerField()
    file = models.OneToOneField(KeptFile, models.PROTECT, related_name="issue")
    accepted = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    ignored = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="matching_issue_number", fields=["list", "number"])]


class Row(Recorded):
    """A row's identity over all issues of its list."""

    id = models.BigIntegerField(primary_key=True)
    list = models.ForeignKey(List, models.PROTECT, related_name="rows")


class RowState(Until):
    """What a row says, from `issue` on, until a later issue says otherwise or has it no more.

    `content` and `evidence` are keyed digests of all its fields, and of those that matching compares.
    """

    id = models.BigIntegerField(primary_key=True)
    row = models.ForeignKey(Row, models.PROTECT, related_name="states")
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="states")
    content = models.CharField(max_length=32)
    evidence = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta(Until.Meta):
        constraints = [
            *Until.Meta.constraints,
            models.UniqueConstraint(
                name="matching_one_state_a_row",
                fields=["row"],
                condition=models.Q(recorded_until=None),
            ),
        ]


class Appearance(Recorded):
    """Where a row stands in an issue's file: the sheet and the number that a spreadsheet shows."""

    id = models.BigIntegerField(primary_key=True)
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="appearances")
    row = models.ForeignKey(Row, models.PROTECT, related_name="appearances")
    sheet = models.CharField(max_length=80, default="")
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="matching_row_once_an_issue", fields=["issue", "row"])]


class Run(Recorded):
    """The matcher went over a list: which edition of it, with the registry as of which position. `taught` is
    what it learnt of the list as a whole (shares, no person's), so that the next run can weigh a few rows."""

    id = models.BigIntegerField(primary_key=True)
    list = models.ForeignKey(List, models.PROTECT, related_name="runs")
    version = models.CharField(max_length=16)
    position = models.BigIntegerField()
    whole = models.BooleanField()  # all rows, or those alone that changed
    rows = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    taught = models.JSONField(default=dict)


class Proposal(Until):
    """What the matcher makes of a row: link it, let a person look, or leave it. `evidence` is a keyed digest
    of what was compared with all candidates."""

    id = models.BigIntegerField(primary_key=True)
    row = models.ForeignKey(Row, models.PROTECT, related_name="proposals")
    state = models.ForeignKey(RowState, models.PROTECT, related_name="proposals")  # what the row said then
    run = models.ForeignKey(Run, models.PROTECT, related_name="proposals")
    decision = models.CharField(max_length=8, db_index=True)  # auto, review, none
    probability = models.FloatField()  # of the best candidate
    bare = models.BooleanField(default=False)  # nothing but a name to go by
    evidence = models.CharField(max_length=32)
    keys = models.PositiveSmallIntegerField(default=1)  # the number of those that `evidence` was made with

    class Meta(Until.Meta):
        constraints = [
            *Until.Meta.constraints,
            models.UniqueConstraint(
                name="matching_one_proposal_a_row",
                fields=["row"],
                condition=models.Q(recorded_until=None),
            ),
        ]


class Candidate(Recorded):
    """A person whom a row may be. `reasons`: [[comparison, level], …], the weightiest first (see `reasons`);
    `evidence` is a keyed digest of the fields that were compared, of the row and of the person."""

    id = models.BigIntegerField(primary_key=True)
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="candidates")
    rank = models.PositiveSmallIntegerField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    probability = models.FloatField()
    reasons = models.JSONField(default=list)
    evidence = models.CharField(max_length=32)
    keys = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="matching_candidate_rank", fields=["proposal", "rank"]),
            models.UniqueConstraint(name="matching_candidate_once", fields=["proposal", "person"]),
        ]


class Decision(Recorded):
    """What somebody decided about a row, on what was then proposed. Never changed: who thinks again appends a
    row that `undoes` it. `evidence`: see `actions.decide`."""

    id = models.BigIntegerField(primary_key=True)
    row = models.ForeignKey(Row, models.PROTECT, related_name="decisions")
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=12)  # same, not_same, unsettled, undone
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    evidence = models.CharField(max_length=32)
    keys = models.PositiveSmallIntegerField(default=1)
    by = models.CharField(max_length=80, db_index=True)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="matching_decision_person",
                condition=models.Q(verdict=SAME, person__isnull=False)
                | (~models.Q(verdict=SAME) & models.Q(person__isnull=True)),
            ),
            models.CheckConstraint(
                name="matching_decision_undoes",
                condition=models.Q(verdict=UNDONE, undoes__isnull=False)
                | (~models.Q(verdict=UNDONE) & models.Q(undoes__isnull=True)),
            ),
        ]


class Reopening(Recorded):
    """A decision no longer stands: what it rested on has changed, or a question was answered."""

    decision = models.OneToOneField(Decision, models.PROTECT, primary_key=True, related_name="reopened")
    why = models.CharField(max_length=12)  # evidence, answer


class Lead(Until):
    """A row taken for a person, by the matcher (`auto`) or by people (`reviewed`): to be verified."""

    id = models.BigIntegerField(primary_key=True)
    row = models.ForeignKey(Row, models.PROTECT, related_name="leads")
    person = models.ForeignKey(Person, models.PROTECT, related_name="leads")
    how = models.CharField(max_length=8)

    class Meta(Until.Meta):
        constraints = [
            *Until.Meta.constraints,
            models.UniqueConstraint(
                name="matching_one_lead_a_row", fields=["row"], condition=models.Q(recorded_until=None)
            ),
        ]


class Reply(Recorded):
    """What an answer sheet about a lead's person says of what the list claims. One that agrees is confirmed
    by `verification`, until the lead ends. Without a sheet: it is not this person, as a call told."""

    id = models.BigIntegerField(primary_key=True)
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="replies")
    submission = models.ForeignKey(Submission, models.PROTECT, null=True, related_name="+")
    agrees = models.BooleanField()
    verification = models.OneToOneField(Verification, models.PROTECT, null=True, related_name="rests_on")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="matching_one_reply_a_sheet", fields=["lead", "submission"]),
            models.CheckConstraint(
                name="matching_reply_confirms",
                condition=models.Q(agrees=True, submission__isnull=False, verification__isnull=False)
                | models.Q(agrees=False, verification__isnull=True),
            ),
        ]


class ListWithdrawal(Recorded):
    """The office, or who brought it, takes a list back: none of its rows is a lead any more."""

    list = models.OneToOneField(List, models.PROTECT, primary_key=True, related_name="withdrawal")
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=80)


class Question(Recorded):
    """What the list cannot settle: asked of a person's household by telephone or in the next screening round.
    `person` is the likeliest candidate. Open until it has an answer."""

    id = models.BigIntegerField(primary_key=True)
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="question")
    row = models.ForeignKey(Row, models.PROTECT, related_name="questions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")


class Answer(Recorded):
    """`told`: yes (it is this person), no, or unknown; `sealed` what was said beside it."""

    question = models.OneToOneField(Question, models.PROTECT, primary_key=True, related_name="answer")
    told = models.CharField(max_length=8)
    sealed = models.BinaryField()


class Twin(Recorded):
    """Two people of the register who may be one: a child enrolled twice, a pupil and a staff child. `person`
    is the one registered first; `reasons` as of a candidate."""

    id = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    other = models.ForeignKey(Person, models.PROTECT, related_name="+")
    probability = models.FloatField()
    reasons = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="matching_twin_once", fields=["person", "other"]),
            models.CheckConstraint(
                name="matching_twin_in_order", condition=models.Q(person__lt=models.F("other"))
            ),
        ]


class TwinDecision(Recorded):
    """What somebody decided about two people. Never changed: the last one stands; `undone` is none."""

    id = models.BigIntegerField(primary_key=True)
    twin = models.ForeignKey(Twin, models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=12)  # same, not_same, undone
    by = models.CharField(max_length=80)
