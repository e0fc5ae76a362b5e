"""Play the response from 24 January to the evening of 12 February, through the actions that people use."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np

from fangxian.campaigns.actions import launch_campaign, open_round, revise_text
from fangxian.campaigns.models import CampaignText
from fangxian.kernel.moments import day_of
from fangxian.matching.replies import hear
from fangxian.registry.actions import add_member, end_posts, merge_persons, transfer
from fangxian.registry.models import Post
from fangxian.submissions.actions import Envelope, Receipt, publish_form, receive, retract, verify, withdraw
from fangxian.submissions.models import Submission

from . import texts
from .campaigns import Launch, launches
from .city import CHILD, RELATIONS, City
from .clockwork import (
    ASKED,
    CALLED,
    DAY,
    FIRST_ISSUE,
    HOUR,
    LAST_RECEIVED,
    LISTED,
    MATCHED,
    REPORT_DAY,
    REVIEWED,
    at,
    day,
    moment,
)
from .findings import Findings
from .flow import Flow, flow
from .forms import form_bytes
from .layout import ROOT
from .leads import Night
from .lines import Lines
from .lists import draw_lists
from .moves import JOINED, LEFT, Moves
from .problems import ReplayRefused
from .refused import not_to_be_taken
from .register import Ledger, births, new_person
from .reports import (
    SECOND_TEXT,
    SIGNED_AGAIN,
    WITHDRAWN,
    Reports,
    draw_reports,
    drawn_venues,
    pledge_again,
    training_opens,
)
from .screening import Round, Screening, draw_screening

SHEETS_A_CALL = 12_000
AMENDED = at(1, 25, 10)
MERGED = at(2, 3, 12)
VERIFIED_DAILY = 20 * HOUR + 30
LAST_VERIFIED = LAST_RECEIVED + 2
Told = Callable[[str, int, int], None]


@dataclass(slots=True)
class Played:
    """What was sent, by its fate: sheets `taken`, envelopes `again` and `refused` (all of them planned)."""

    taken: int = 0
    again: int = 0
    refused: int = 0


@dataclass(slots=True)
class Replay:
    city: City
    lines: Lines
    findings: Findings
    moves: Moves
    ledger: Ledger
    screening: Screening
    reports: Reports
    night: Night
    seed: int
    told: Told
    before: dict[int, list[Callable[[], None]]] = field(default_factory=lambda: defaultdict(list))
    after: dict[int, list[Callable[[], None]]] = field(default_factory=lambda: defaultdict(list))
    flows: list[Flow] = field(default_factory=list)
    played: Played = field(default_factory=Played)

    # -- the agenda

    def prepare(self) -> None:
        """Put everything on the agenda: what happens before, with and after each hour's envelopes."""
        for launch in launches(self.lines.organs):
            self.before[launch.opens].append(partial(self._launch, launch))
        self._prepare_rounds()
        self._prepare_pledges()
        self._prepare_amends()
        self._prepare_moves()
        if self.findings.listed_only:
            self._prepare_lists()
        for number in range(REPORT_DAY + 1):
            minute = min(number * DAY + VERIFIED_DAILY, LAST_VERIFIED)
            self.after[minute].append(partial(self._verify, minute))

    def _prepare_rounds(self) -> None:
        for round_ in self.screening.rounds:
            self.before[round_.window.opens].append(partial(self._open_screening, round_))
        for number in range(1, self.reports.targets.of("supervision.training_rounds") + 1):
            self.before[training_opens(self.reports, number)].append(
                partial(self._open, "training-institutions", number)
            )
        drawn = [self.ledger.unit[code] for code in drawn_venues(self.reports)]
        self.before[at(2, 1, 8)].append(lambda: self._open("sports-venues", 1, drawn))

    def _prepare_pledges(self) -> None:
        self.before[SECOND_TEXT].append(self._second_text)
        if self.reports.targets.of("party.pledges_signed"):
            self.after[WITHDRAWN].append(self._withdraw_pledge)
            self.flows.append(flow(np.array([SIGNED_AGAIN]), lambda i: pledge_again(self.reports)))

    def _prepare_amends(self) -> None:
        self.before[AMENDED].append(self._amend)
        self.after[MERGED].append(self._merge)

    def _prepare_lists(self) -> None:
        self.after[FIRST_ISSUE].append(self.night.first_issue)
        self.after[LISTED].append(self.night.issues)
        self.after[MATCHED].append(self.night.match)
        self.after[REVIEWED].append(self.night.review)
        self.after[ASKED].append(self.night.ask)
        self.after[CALLED].append(lambda: self._receive(self.night.calls(CALLED), CALLED))

    def _prepare_moves(self) -> None:
        self.before[LEFT].append(self._leave)
        self.before[JOINED].append(self._join)
        for minute in sorted({t.minute for t in self.moves.transfers}):
            self.before[minute].append(partial(self._transfer, minute))

    # -- playing

    def play(self) -> Played:
        self.prepare()
        self.flows += draw_reports(self.reports)
        self.flows += [self.screening.flow(round_, self.seed) for round_ in self.screening.rounds]
        self.flows.append(not_to_be_taken(self.reports))
        minutes = set(self.before) | set(self.after)
        minutes.update(minute for one in self.flows for minute in np.unique(one.minutes).tolist())
        for done, minute in enumerate(sorted(minutes)):
            self._play(minute)
            self.told("replay", done + 1, len(minutes))
        return self.played

    def _play(self, minute: int) -> None:
        for action in self.before.get(minute, ()):
            action()
        for batch in _batches(envelope for one in self.flows for envelope in one.due(minute)):
            self._receive(batch, minute)
        for action in self.after.get(minute, ()):
            action()

    def _receive(self, envelopes: list[Envelope], minute: int) -> None:
        receipts = receive(envelopes=envelopes, by="demo:office", now=moment(minute))
        for envelope, receipt in zip(envelopes, receipts, strict=True):
            self._count(envelope, receipt)
        self._learn_newcomers(envelopes, receipts)

    def _count(self, envelope: Envelope, receipt: Receipt) -> None:
        """Whatever is refused was meant to be: anything else is a fault of the plan."""
        planned = envelope.envelope_id.startswith("refused")
        if planned == receipt.accepted:
            instance, problem = (
                receipt.problems[0] if receipt.problems else (envelope.envelope_id, "it was taken")
            )
            raise ReplayRefused(instance=instance, reason=str(problem))
        self.played.refused += planned
        self.played.again += receipt.already
        self.played.taken += 0 if receipt.already or planned else len(envelope.sheets)

    def _learn_newcomers(self, envelopes: list[Envelope], receipts: list[Receipt]) -> None:
        """The ids under which the registry now knows those whom a household named for the first time."""
        asked = self.screening.asked_to_add
        if not asked:
            return
        for instance, subject in Submission.objects.filter(instance_id__in=list(asked)).values_list(
            "instance_id", "subject"
        ):
            self.ledger.person[asked.pop(instance)] = subject

    # -- campaigns

    def _launch(self, launch: Launch) -> None:
        now = moment(launch.opens)
        launch_campaign(
            code=launch.code,
            name=launch.name,
            name_en=launch.name_en,
            issuer=self.ledger.unit[ROOT],
            audience=launch.audience,
            schedule=launch.schedule,
            opens=now,
            text=launch.text,
            by="demo:office",
            now=now,
        )
        publish_form(code=launch.code, content=form_bytes(launch.code), by="demo:office", now=now)
        if launch.code == "pledge":
            first = CampaignText.objects.get(campaign__code="pledge", version=1)
            self.reports.pledge_texts.append(first.pk)

    def _open(self, campaign: str, number: int, listed: list[int] | None = None) -> None:
        opens = training_opens(self.reports, number) if campaign == "training-institutions" else at(2, 1, 8)
        open_round(campaign=campaign, number=number, listed=listed, by="demo:office", now=moment(opens))

    def _open_screening(self, round_: Round) -> None:
        window = round_.window
        asked = None if round_.asked is None else [self.ledger.household[h] for h in round_.asked.tolist()]
        open_round(
            campaign="screening",
            number=window.number,
            closes=moment(window.closes),
            listed=asked,
            by="demo:office",
            now=moment(window.opens),
        )

    # -- what is changed later

    def _second_text(self) -> None:
        body = texts.PLEDGE_AGAIN
        again = revise_text(campaign="pledge", body=body, by="demo:office", now=moment(SECOND_TEXT))
        self.reports.pledge_texts.append(again)

    def _withdraw_pledge(self) -> None:
        withdraw(
            instance_ids=self.reports.pledges[:1],
            day=day_of(moment(WITHDRAWN)),
            reason="岗位调整，重新签订",
            by="demo:office",
            now=moment(WITHDRAWN),
        )

    def _amend(self) -> None:
        """Retract and correct what was wrongly said on the first day, and take the right answers."""
        now = moment(AMENDED)
        if self.screening.retracted:
            reason = "来电核实：登记错人"
            retract(instance_ids=self.screening.retracted, reason=reason, by="demo:office", now=now)
        if amends := self.screening.amends():
            self._receive(amends, AMENDED)

    def _merge(self) -> None:
        for newcomer in self.findings.newcomers:
            if newcomer.same_as >= 0:
                merge_persons(
                    person=self.ledger.person[newcomer.person],
                    into=self.ledger.person[newcomer.same_as],
                    day=day_of(moment(MERGED)),
                    by="demo:office",
                    now=moment(MERGED),
                )

    def _verify(self, minute: int) -> None:
        """The day's second calls and seen documents."""
        for how, instances in sorted(self.screening.confirmed.items()):
            if instances:
                verify(instance_ids=list(instances), how=how, by="demo:verifier", now=moment(minute))
                instances.clear()
        if self.night.listing:
            hear(by="demo:verifier", now=moment(minute))

    def _leave(self) -> None:
        people = [self.ledger.person[who] for who in self.moves.leavers]
        posts = Post.objects.filter(person__in=people, role="pupil").values_list("pk", flat=True)
        end_posts(posts=list(posts), day=_day(LEFT), by="demo:registry", now=moment(LEFT))

    def _join(self) -> None:
        numbers = [who for who, _home, _room in self.moves.joiners]
        for (who, home, room), born in zip(self.moves.joiners, births(self.city, numbers), strict=True):
            post = (self.ledger.unit[self.city.layout.classes[room].code], "pupil", _day(JOINED))
            self.ledger.person[who] = add_member(
                household=self.ledger.household[home],
                member=new_person(self.city, who, born, [post]),
                relation=RELATIONS[CHILD],
                since=_day(JOINED),
                by="demo:registry",
                now=moment(JOINED),
            )

    def _transfer(self, minute: int) -> None:
        for move in self.moves.transfers:
            if move.minute == minute:
                transfer(
                    person=self.ledger.person[move.person],
                    to_unit=self.ledger.unit[move.to],
                    day=_day(minute),
                    role=move.role,
                    by="demo:registry",
                    now=moment(minute),
                )


def _day(minute: int) -> date:
    return day(minute // DAY)


def _batches(envelopes: Iterable[Envelope]) -> Iterator[list[Envelope]]:
    """Lists of envelopes with some ten thousand sheets in all."""
    batch: list[Envelope] = []
    sheets = 0
    for envelope in envelopes:
        batch.append(envelope)
        sheets += len(envelope.sheets)
        if sheets >= SHEETS_A_CALL:
            yield batch
            batch, sheets = [], 0
    if batch:
        yield batch


def prepare_replay(
    city: City,
    lines: Lines,
    findings: Findings,
    moves: Moves,
    ledger: Ledger,
    seed: int,
    rounds: int,
    told: Told,
) -> Replay:
    screening = draw_screening(city, findings, moves, ledger, seed, rounds)
    reports = Reports(city, lines, findings, moves, ledger, seed)
    night = Night(draw_lists(city, findings, seed), ledger, screening)
    return Replay(city, lines, findings, moves, ledger, screening, reports, night, seed, told)
