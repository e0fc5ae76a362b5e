"""The checks of a batch of envelopes, each made once for all of them where it costs a query."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from fangxian.campaigns.audiences import members
from fangxian.campaigns.models import RoundMember
from fangxian.campaigns.problems import (
    CampaignClosed,
    NotYetOpen,
    OutsideAudience,
    UnknownCampaign,
    UnknownRound,
)
from fangxian.kernel.moments import day_of, to_ms
from fangxian.kernel.problems import Problem
from fangxian.kernel.secrets import keyring
from fangxian.kernel.tables import among, fetch
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Membership
from fangxian.registry.problems import UnknownHousehold, UnknownPerson, UnknownUnit
from fangxian.registry.queries import leaf_units

from .envelopes import Envelope, File, Receipt, Sheet
from .forms import Form, canonical, kept_text, text_hash
from .intake_problems import (
    AlreadyRevised,
    EmptyEnvelope,
    FileConflict,
    HappenedInFuture,
    InstanceConflict,
    NotInHousehold,
    OtherSubject,
    UnknownFormVersion,
    UnknownInstance,
    UnknownText,
)
from .known import Known, Terms
from .models import Attachment, FormVersion, Revision, Submission
from .problems import AnswersAgainstForm

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(slots=True)
class Item:
    """A sheet under way through the checks."""

    envelope: Envelope
    sheet: Sheet
    receipt: Receipt
    day: date
    happened: int  # milliseconds
    text: str  # canonical, of the answers
    hash: str
    terms: Terms | None = None
    unit: int | None = None
    subject: int = 0
    supersedes: int | None = None
    late: bool = False
    pk: int = 0  # once it is appended

    @property
    def answers(self) -> str:
        """As they are stored."""
        return kept_text(self.sheet.answers, self.text)

    def refuse(self, problem: Problem) -> None:
        self.receipt.problems.append((self.sheet.instance_id, problem))


@dataclass(slots=True)
class Batch:
    """All sheets of a call. `fresh` are those that were not taken before."""

    envelopes: Sequence[Envelope]
    position: int
    now: datetime
    known: Known = field(default_factory=Known)
    receipts: list[Receipt] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    twins: list[tuple[Item, Item]] = field(default_factory=list)
    files: list[tuple[Item, File]] = field(default_factory=list)

    def check(self) -> list[Item]:
        """Run the checks in turn; the sheets to append. Problems stand in the receipts."""
        self._unpack()
        everybody = list(self.items)
        self._check_instances()
        self._check_files(everybody)
        for step in (
            self._check_terms,
            self._check_times,
            self._check_audience,
            self._check_corrections,
            self._check_answers,
        ):
            step()
        self._answer_twins()
        return [item for item in self.items if not item.receipt.problems]

    def _unpack(self) -> None:
        for envelope in self.envelopes:
            receipt = Receipt()
            self.receipts.append(receipt)
            if not envelope.sheets:
                receipt.problems.append((envelope.envelope_id, EmptyEnvelope()))
            day, happened = day_of(envelope.happened), to_ms(envelope.happened)
            head = (envelope.campaign, envelope.round, envelope.version, happened, envelope.text)
            for sheet in envelope.sheets:
                text = canonical(sheet.answers)
                content = text_hash(_head(head, sheet), text)
                item = Item(envelope, sheet, receipt, day, happened, text, content, subject=sheet.subject)
                self.items.append(item)

    def _check_instances(self) -> None:
        """Same id and content: taken once. Same id, other content: a conflict, within the batch too."""
        held = _held([item.sheet.instance_id for item in self.items])
        fresh: dict[str, Item] = {}
        for item in self.items:
            instance = item.sheet.instance_id
            known, first = held.get(instance), fresh.get(instance)
            if known is None and first is None:
                fresh[instance] = item
            elif (known[1] if known else first and first.hash) != item.hash:
                item.refuse(InstanceConflict(instance=instance))
            else:
                item.receipt.already = True
                if known:
                    item.pk = known[0]
                    item.receipt.submissions.append(known[0])
                    item.receipt.late = item.receipt.late or known[2]
                elif first:
                    self.twins.append((item, first))
        self.items = list(fresh.values())

    def _check_files(self, items: Sequence[Item]) -> None:
        """Files may come in several requests with one sheet. One name is one file."""
        brought = [(item, file) for item in items for file in item.sheet.files]
        held: dict[tuple[int, str], str] = {}
        named: dict[tuple[str, str], str] = {}
        again = {item.pk for item, _file in brought if item.pk}
        for chunk in in_chunks(sorted(again)):
            rows = Attachment.objects.filter(submission__in=chunk)
            held |= {
                (pk, name): digest for pk, name, digest in rows.values_list("submission", "name", "digest")
            }
        for item, file in brought:
            key = (item.sheet.instance_id, file.name)
            known = held.get((item.pk, file.name)) or named.setdefault(key, "")
            if known and known != file.digest and not keyring().alike(known, file.digest):
                item.refuse(FileConflict(name=file.name, instance=item.sheet.instance_id))
            elif not known:
                named[key] = file.digest
                self.files.append((item, file))
        self._keep_sound()

    def _answer_twins(self) -> None:
        """The same sheet twice in one batch is once; where the first is refused, so is the second."""
        for item, first in self.twins:
            if first.receipt is not item.receipt:
                item.receipt.problems.extend(first.receipt.problems)
                item.receipt.late = item.receipt.late or first.late

    def _check_terms(self) -> None:
        for item in self.items:
            envelope = item.envelope
            code = envelope.campaign
            item.terms = terms = self.known.terms(code)
            if terms is None:
                item.refuse(UnknownCampaign(campaign=code))
            elif envelope.version not in terms.versions:
                item.refuse(UnknownFormVersion(campaign=code, version=envelope.version))
            elif envelope.round not in terms.rounds and _is_numbered(terms, envelope):
                item.refuse(UnknownRound(campaign=code, round=envelope.round))
            elif envelope.text is not None and envelope.text not in terms.texts:
                item.refuse(UnknownText(campaign=code, text=envelope.text))
        self._keep_sound()

    def _check_times(self) -> None:
        for item in self.items:
            assert item.terms is not None
            happened, campaign = item.envelope.happened, item.terms.campaign
            window = item.terms.rounds.get(item.envelope.round) or campaign
            if happened > self.now + CLOCK_SKEW:
                item.refuse(HappenedInFuture(happened=happened.isoformat()))
            elif happened < window.opens:
                item.refuse(NotYetOpen(campaign=campaign.name, opens=window.opens.isoformat()))
            elif window.closes and happened > window.closes and item.sheet.supersedes is None:
                item.refuse(CampaignClosed(campaign=campaign.name, closes=window.closes.isoformat()))
            item.late = window.closes is not None and self.now > window.closes
        self._keep_sound()

    def _check_audience(self) -> None:
        """Each subject against the audience of the day on which it happened, by what is known now."""
        groups: dict[tuple[str, int, str, date], list[Item]] = defaultdict(list)
        for item in self.items:
            envelope = item.envelope
            groups[(envelope.campaign, envelope.round, _asked(item.sheet)[0], item.day)].append(item)
        for (_code, number, kind, day), items in groups.items():
            terms = items[0].terms
            assert terms is not None
            asked = [_asked(item.sheet)[1] for item in items]
            inside = members(terms.selectors, kind, asked, day=day, position=self.position)
            listed = _listed(terms, number, asked)
            for item, subject in zip(items, asked, strict=True):
                item.unit = inside.get(subject)
            self._check_scope(kind, day, items)
            for item, subject in zip(items, asked, strict=True):
                if item.unit is None or (listed is not None and subject not in listed):
                    item.refuse(OutsideAudience(day=day.isoformat(), kind=kind, campaign=terms.campaign.name))
        self._check_households()
        self._keep_sound()

    def _check_scope(self, kind: str, day: date, items: Sequence[Item]) -> None:
        """Whom a sender does not reach does not exist for that sender."""
        strange = [item for item in items if not _plainly_reached(item)]
        if not strange:
            return
        places = leaf_units(kind, {_asked(item.sheet)[1] for item in strange}, day, self.position)
        for item in strange:
            sender, subject = item.envelope.sender, _asked(item.sheet)[1]
            assert sender is not None
            if not any(map(sender.reaches, places.get(subject, ()))):
                item.receipt.problems.clear()  # nothing else is said of whoever is not there
                item.refuse(_NOT_THERE[kind](item.sheet.named or subject))

    def _check_households(self) -> None:
        """A member answered for in a household's envelope belongs to that household on the day."""
        groups: dict[date, list[Item]] = defaultdict(list)
        for item in self.items:
            sheet = item.sheet
            if sheet.household is not None and sheet.subject_kind == "person" and sheet.member is None:
                groups[item.day].append(item)
        for day, items in groups.items():
            persons = {item.sheet.subject for item in items}
            held = Membership.objects.filter(holding(day, self.position), person__among=persons)
            belongs = set(held.values_list("household_id", "person_id"))
            for item in items:
                if (item.sheet.household, item.sheet.subject) not in belongs:
                    item.refuse(NotInHousehold(day=day.isoformat()))

    def _check_corrections(self) -> None:
        wanted = {item.sheet.supersedes for item in self.items if item.sheet.supersedes}
        if not wanted:
            return
        old = {
            row.instance_id: row
            for chunk in in_chunks(sorted(wanted))
            for row in Submission.objects.filter(instance_id__in=chunk)
        }
        revised = revised_kinds([row.pk for row in old.values()])
        taken: set[int] = set()
        for item in self.items:
            if item.sheet.supersedes:
                self._check_correction(item, old.get(item.sheet.supersedes), revised, taken)
        self._keep_sound()

    def _check_correction(
        self, item: Item, old: Submission | None, revised: dict[int, str], taken: set[int]
    ) -> None:
        instance = item.sheet.supersedes
        assert item.terms is not None
        if old is None:
            item.refuse(UnknownInstance(instance=instance))
        elif old.pk in revised or old.pk in taken:
            item.refuse(AlreadyRevised(instance=instance, kind=revised.get(old.pk, "superseded")))
        elif (old.campaign_id, old.subject_kind, old.subject) != (
            item.terms.campaign.pk,
            item.sheet.subject_kind,
            item.sheet.subject,
        ):
            item.refuse(OtherSubject(instance=instance))
        else:
            taken.add(old.pk)
            item.supersedes = old.pk

    def _check_answers(self) -> None:
        for item in self.items:
            assert item.terms is not None
            form = published_form(*item.terms.versions[item.envelope.version])
            faults = form.check(item.sheet.answers, today=item.day)
            if faults:
                item.refuse(AnswersAgainstForm(faults))

    def _keep_sound(self) -> None:
        """Later checks spare those whose envelope is refused already."""
        self.items = [item for item in self.items if not item.receipt.problems]


def _is_numbered(terms: Terms, envelope: Envelope) -> bool:
    return bool(terms.campaign.schedule["kind"] != "daily" or envelope.round != 0)


_NOT_THERE: dict[str, Callable[[object], Problem]] = {
    "person": lambda named: UnknownPerson(person=named),
    "unit": lambda named: UnknownUnit(unit=named),
    "household": lambda named: UnknownHousehold(household=named),
}


def _plainly_reached(item: Item) -> bool:
    """By the leaf unit under which it was asked: no further look is needed."""
    sender = item.envelope.sender
    if sender is None:
        return True
    kind, subject = _asked(item.sheet)
    if sender.household is not None:
        own = subject in sender.members if kind == "person" else subject == sender.household
        return own and kind != "unit"
    return item.unit is not None and sender.reaches(item.unit)


def _asked(sheet: Sheet) -> tuple[str, int]:
    """Whom the campaign asked: the household where a member was answered for within its envelope."""
    if sheet.household is not None:
        return "household", sheet.household
    return sheet.subject_kind, sheet.subject


def _head(head: tuple[Any, ...], sheet: Sheet) -> str:
    about = (
        sheet.subject_kind,
        sheet.subject,
        sheet.household,
        sheet.reporter,
        sheet.supersedes,
        sheet.member,
    )
    return repr((*head, *about))


def _held(instances: Sequence[str]) -> dict[str, tuple[int, str, bool]]:
    if not instances:
        return {}
    asked, values = among("instance_id", list(instances))
    return {
        instance: (pk, content, bool(late))
        for instance, pk, content, late in fetch(f"{_INSTANCES} {asked}", values)
    }


_INSTANCES = f"SELECT instance_id, id, content_hash, late FROM {Submission._meta.db_table} WHERE"  # noqa: S608


def _listed(terms: Terms, number: int, subjects: Sequence[int]) -> set[int] | None:
    """Those of `subjects` that a listed round asks; None where the round asks the whole audience."""
    row = terms.rounds.get(number)
    if row is None or not row.listed:
        return None
    return {
        subject
        for chunk in in_chunks(sorted(set(subjects)))
        for subject in RoundMember.objects.filter(round=row, subject__in=chunk).values_list(
            "subject", flat=True
        )
    }


def revised_kinds(submissions: Sequence[int]) -> dict[int, str]:
    """Submission id -> how it was revised, of those that were."""
    return {
        pk: kind
        for chunk in in_chunks(list(submissions))
        for pk, kind in Revision.objects.filter(submission__in=chunk).values_list("submission_id", "kind")
    }


@lru_cache(maxsize=256)
def published_form(version_id: int, sha256: str) -> Form:
    """A published form, compiled once a process. Versions never change; the hash keys test ledgers apart."""
    return Form.load(FormVersion.objects.get(pk=version_id, sha256=sha256).fields)
