"""Issued bulletins, counted again, and what has changed since."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from fangxian.kernel.asof import AsOf
from fangxian.kernel.changes import position_at
from fangxian.kernel.problems import MomentInFuture
from fangxian.registry.tree import tree
from fangxian.submissions.models import Revision, Submission, Verification

from .blocks import Block, load
from .content import Content, count_bulletin
from .corrections import Corrected, key_of
from .counting import Counting, Engine, figure_name
from .make_template import TEMPLATE
from .models import Bulletin, Filling, Step
from .problems import CorrectedAlready, RecountDiffers, UnknownBulletin
from .references import Number, Reference, plain
from .signoff import Standing

Frozen = Bulletin | Step | Filling  # what was counted as of a moment, and keeps its numbers
PARTS_OF_RECORDS = {"value": ("counted",), "of": ("of",), "missing": ("missing",), "share": ("counted", "of")}


def next_number() -> int:
    return int(Bulletin.objects.aggregate(top=Max("number"))["top"] or 0) + 1


def bulletin(number: int) -> Bulletin:
    """Raises UnknownBulletin."""
    found = Bulletin.objects.filter(number=number).first()
    if found is None:
        raise UnknownBulletin(number=number)
    return found


def correctable(number: int) -> Bulletin:
    """A bulletin that a new one may correct. Raises UnknownBulletin, CorrectedAlready."""
    found = bulletin(number)
    later = Bulletin.objects.filter(corrects=found).first()
    if later is not None:
        raise CorrectedAlready(number=number, later=later.number)
    return found


def corrected(old: Bulletin | None, reason: str, *, engine: Engine) -> Corrected | None:
    """What a paper says of the one that it corrects."""
    if old is None:
        return None
    numbers = {key_of(reference): reference.value for reference in _as_issued(old, engine)}
    return Corrected(old.number, old.issued_at, reason, numbers)


def office(at: AsOf) -> str:
    """What the bureau was called."""
    nodes = tree(at.day, at.position).nodes.values()
    return next((node.name for node in nodes if node.kind == "bureau"), "")


def recount(issued: Bulletin, *, engine: Engine) -> Content:
    """Count an issued bulletin again from its day, position and template; its stored copy is not looked at.

    Raises RecountDiffers where paragraphs, tables or chart data are not as issued.
    """
    content = count_bulletin(
        engine=engine,
        at=issued.at,
        template=bytes(issued.template),
        number=issued.number,
        issued_at=issued.issued_at,
        corrects=corrected(issued.corrects, issued.reason, engine=engine),
    )
    if content.sha256 != issued.content_sha256:
        raise RecountDiffers(number=issued.number)
    return content


def recount_check(found: Standing, *, engine: Engine) -> Content:
    """Count what was checked again. Raises RecountDiffers."""
    check = found.check
    assert check is not None and check.issue
    content = count_bulletin(
        engine=engine,
        at=check.at,
        template=found.template,
        number=check.issue,
        issued_at=check.done_at,
        corrects=corrected(found.draft.corrects, found.draft.reason, engine=engine),
    )
    if content.sha256 != check.content_sha256:
        raise RecountDiffers(number=check.issue)
    return content


@dataclass(frozen=True, slots=True)
class Cause:
    """What was said of a submission since: it came (submitted, corrected), or was retracted, superseded,
    withdrawn, verified."""

    kind: str
    submission: int
    instance_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record that was added, is gone, or has changed: it counts for more or less than it did."""

    change: str
    part: str
    id: int | str
    was: Number | None
    now: Number | None
    causes: tuple[Cause, ...]

    def sentence(self) -> str:
        """In the language that is active: the record, and of each report that did it the instance and why."""
        if self.now is None:
            told = _("Record {id} no longer counts ({was}).")
        elif self.was is None:
            told = _("Record {id} counts now ({now}).")
        else:
            told = _("Record {id} counted {was} and counts {now} now.")
        parts = [told.format(id=self.id, was=self.was, now=self.now)]
        parts += [_done_to(cause.kind).format(instance=cause.instance_id) for cause in self.causes]
        return " ".join([*parts, *(f"“{cause.reason}”" for cause in self.causes if cause.reason)])

    def dump(self) -> dict[str, Any]:
        told = {"change": self.change, "part": self.part, "id": self.id, "was": self.was, "now": self.now}
        causes = [
            {"kind": c.kind, "submission": c.submission, "instance_id": c.instance_id, "reason": c.reason}
            for c in self.causes
        ]
        return told | {"causes": causes}


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A number of the bulletin that would be another now."""

    reference: Reference
    now: Number | None
    unit_name: str
    records: tuple[RecordChange, ...]

    @property
    def was(self) -> Number | None:
        return self.reference.value

    @property
    def difference(self) -> Number | None:
        return None if self.was is None or self.now is None else plain(self.now - self.was)

    def sentence(self) -> str:
        """In the language that is active."""
        then, now = self.reference.text, replace(self.reference, value=self.now).text
        told = _("{figure} ({unit}): {was} as issued, {now} now.").format(
            figure=figure_name(self.reference.figure), unit=self.unit_name, was=then, now=now
        )
        return " ".join([told, *self._why()])

    def _why(self) -> Iterator[str]:
        kinds: dict[str, set[object]] = {}
        for record in self.records:
            for cause in record.causes:
                kinds.setdefault(cause.kind, set()).add(cause.submission)
            if not record.causes:
                kinds.setdefault("register", set()).add(record.id)
        for kind, sentence in _causes().items():
            if kind in kinds:
                yield sentence.format(count=len(kinds[kind]))


def _done_to(kind: str) -> str:
    return {
        "submitted": _("{instance} was received."),
        "corrected": _("{instance} corrects another."),
        "superseded": _("{instance} was replaced by a correction."),
        "retracted": _("{instance} was retracted as untrue."),
        "withdrawn": _("{instance} was withdrawn."),
        "verified": _("{instance} was verified."),
        "unverified": _("{instance} is no longer confirmed by a list."),
    }[kind]


def _causes() -> dict[str, str]:
    return {
        "submitted": _("Reports received since: {count}."),
        "corrected": _("Corrections received since: {count}."),
        "superseded": _("Reports replaced by a correction: {count}."),
        "retracted": _("Reports retracted as untrue: {count}."),
        "withdrawn": _("Reports withdrawn: {count}."),
        "verified": _("Reports verified since: {count}."),
        "unverified": _("Reports that a list no longer confirms: {count}."),
        "register": _("Changed in the register: {count}."),
    }


def changes(issued: Frozen, *, known_by: datetime, engine: Engine) -> list[FigureChange]:
    """Each number of an issued bulletin, or of a check, that would differ as known by `known_by`, with its
    records.

    Raises MomentInFuture for a moment before the bulletin's own: nothing can have changed by then.
    """
    then = issued.at
    if known_by < then.known_by:
        raise MomentInFuture(moment=then.known_by.isoformat(), now=known_by.isoformat())
    now = Counting(engine, AsOf(then.day, known_by, max(position_at(known_by), then.position)))
    return [_change(ref, value, issued, now) for ref, value in _differing(_as_issued(issued, engine), now)]


def change_dump(change: FigureChange) -> dict[str, Any]:
    """For JSON: what, from, to, in words (zh, en), and the records."""
    told: dict[str, Any] = change.reference.dump() | {"was": change.was, "now": change.now}
    told.pop("value")
    told |= {"id": told.pop("figure"), "difference": change.difference}
    for language, key in (("zh-hans", "zh"), ("en", "en")):
        with override(language):
            told[key] = change.sentence()
    return told | {"records": [record.dump() for record in change.records]}


def _as_issued(issued: Frozen, engine: Engine) -> list[Reference]:
    """From the stored copy, or where that is gone, counted again."""
    stored = (issued.frozen or {}).get("figures")
    if stored is None:
        assert isinstance(issued, Bulletin), "others keep their copy"
        return recount(issued, engine=engine).distinct()
    return [Reference(row["figure"], row["unit"], row["part"], row["value"]) for row in stored]


def _differing(issued: Iterable[Reference], now: Counting) -> Iterator[tuple[Reference, Number | None]]:
    for reference in issued:
        there = now.tree.by_code.get(reference.unit)
        value = None if there is None else now.count(reference.figure, reference.unit).part(reference.part)
        if value != reference.value:
            yield reference, value


def _change(reference: Reference, value: Number | None, issued: Frozen, now: Counting) -> FigureChange:
    then = Counting(now.engine, issued.at)
    unit = then.unit(reference.unit)
    records = [
        record
        for part in PARTS_OF_RECORDS[reference.part]
        for record in _record_changes(reference.figure, unit.id, part, then, now)
    ]
    return FigureChange(reference, value, unit.name, tuple(records))


@dataclass(frozen=True, slots=True)
class _Record:
    contribution: Number | None
    because: frozenset[int]


def _record_changes(figure: str, unit: int, part: str, then: Counting, now: Counting) -> list[RecordChange]:
    old, new = _records(figure, unit, part, then), _records(figure, unit, part, now)
    moved = [key for key in {**old, **new} if _weight(old.get(key)) != _weight(new.get(key))]
    because = {
        s for key in moved for record in (old.get(key), new.get(key)) if record for s in record.because
    }
    causes = _causes_of(because, then.at.position, now.at.position)
    return [_record_change(part, key, old.get(key), new.get(key), causes) for key in moved]


def _weight(record: _Record | None) -> Number | None:
    return record.contribution if record else None


def _record_change(
    part: str, key: int | str, old: _Record | None, new: _Record | None, causes: Mapping[int, list[Cause]]
) -> RecordChange:
    change = "added" if old is None else "gone" if new is None else "changed"
    because = (old.because if old else frozenset()) | (new.because if new else frozenset())
    why = tuple(cause for submission in sorted(because) for cause in causes.get(submission, ()))
    return RecordChange(change, part, key, _weight(old), _weight(new), why)


def _records(figure: str, unit: int, part: str, counting: Counting) -> dict[int | str, _Record]:
    """Records by id; one that stands in several leaves counts once."""
    found: dict[int | str, _Record] = {}
    if counting.tree.nodes.get(unit) is None:  # by now the unit is known not to have existed that day
        return found
    for row in counting.engine.records(figure, unit, counting.at, part).to_pylist():
        because = row.get("because")
        reasons = because if isinstance(because, list | tuple) else [because]
        known = found.get(row["id"])
        submissions = frozenset(int(s) for s in reasons if s is not None)
        found[row["id"]] = _Record(
            plain(row["contribution"]), submissions | (known.because if known else frozenset())
        )
    return found


def _causes_of(submissions: set[int], after: int, until: int) -> dict[int, list[Cause]]:
    """What was recorded of these submissions after position `after` and by `until`."""
    causes: dict[int, list[Cause]] = {}
    window = {"recorded__gt": after, "recorded__lte": until}
    for chunk in _chunks(sorted(submissions)):
        came = Submission.objects.filter(pk__in=chunk, **window)
        for pk, instance, supersedes in came.values_list("pk", "instance_id", "supersedes_id"):
            causes.setdefault(pk, []).append(Cause("corrected" if supersedes else "submitted", pk, instance))
        said = Revision.objects.filter(submission__in=chunk, **window).order_by("pk")
        for pk, instance, kind, reason in said.values_list(
            "submission_id", "submission__instance_id", "kind", "reason"
        ):
            causes.setdefault(pk, []).append(Cause(kind, pk, instance, reason))
        fell = Verification.objects.filter(
            submission__in=chunk, recorded_until__gt=after, recorded_until__lte=until
        ).order_by("pk")
        for pk, instance, how in fell.values_list("submission_id", "submission__instance_id", "how"):
            causes.setdefault(pk, []).append(Cause("unverified", pk, instance, how))
        seen = Verification.objects.filter(submission__in=chunk, **window).order_by("pk")
        for pk, instance, how in seen.values_list("submission_id", "submission__instance_id", "how"):
            causes.setdefault(pk, []).append(Cause("verified", pk, instance, how))
    return causes


def _chunks(ids: list[int], size: int = 5_000) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def told_by_bulletins(engine: Any, at: AsOf, *, last: int = 3) -> list[Block]:
    """The blocks of the last bulletins, for the words in which they told their figures; before the first one,
    those that the template would give."""
    frozen = Bulletin.objects.order_by("-number").values_list("frozen", flat=True)[:last]
    told = [load(block) for one in frozen for block in (one or {}).get("blocks", ())]
    return told or list(_template_blocks(engine, at))


@lru_cache(maxsize=2)
def _template_blocks(engine: Any, at: AsOf) -> tuple[Block, ...]:
    template = TEMPLATE.read_bytes()
    return count_bulletin(engine=engine, at=at, template=template, number=1, issued_at=at.known_by).blocks
