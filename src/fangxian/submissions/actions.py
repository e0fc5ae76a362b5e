"""Publish forms and campaigns; take submissions in; correct, retract, withdraw, verify them. Nothing is
overwritten."""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Max

from fangxian.campaigns.actions import find_campaign, launch_campaign, open_round, revise_text, save_draft
from fangxian.campaigns.audiences import count_asked
from fangxian.campaigns.drafts import PUBLISHED, Plan, find_plan, xlsform_of
from fangxian.campaigns.models import Campaign, Round
from fangxian.campaigns.problems import CampaignCodeUnfit, DraftUnfinished
from fangxian.kernel.changes import Recording, recording
from fangxian.kernel.moments import day_of, to_ms
from fangxian.lake.answers import read_forms
from fangxian.registry.actions import add_member
from fangxian.registry.holding import in_chunks

from . import gallery
from .burden import answered
from .envelopes import Envelope, Receipt, Sheet
from .forms import Form, compile_form, compile_xlsform
from .forms.without import without
from .intake import Batch, Item, revised_kinds
from .intake_problems import AlreadyRevised, UnknownInstance, WithdrawnBefore
from .known import Known
from .models import Attachment, BurdenChoice, FormVersion, Refusal, Revision, Submission, Verification
from .notices import RECIPIENTS, SUFFIX, code_of, pending, recipients
from .problems import NobodyToNotify, NoticeNotYours, VersionTaken

__all__ = [
    "Envelope",
    "Receipt",
    "Sheet",
    "publish_draft",
    "publish_form",
    "receive",
    "retract",
    "verify",
    "withdraw",
]

COLUMNS = (
    "id",
    "instance_id",
    "envelope_id",
    "campaign_id",
    "round",
    "form_version_id",
    "subject_kind",
    "subject",
    "household",
    "unit",
    "reporter",
    "by",
    "channel",
    "happened",
    "received",
    "late",
    "text_id",
    "supersedes_id",
    "content_hash",
    "answers",
)


def publish_form(*, code: str, content: bytes, by: str, now: datetime) -> FormVersion:
    """Publish an XLSForm as the next version of the campaign's form; the same file twice is one version. An
    XForm (XML) keeps the version that it declares, which devices send back.

    Raises the problems of `forms.compile_form`, UnknownCampaign, VersionTaken, and QuestionChanged where a
    question's answers would be of another type than those of an earlier version.
    """
    form, declared = compile_form(content)
    sha256 = hashlib.sha256(content).hexdigest()
    with recording("submissions.publish_form", by=by, now=now) as change:
        find_campaign(code)
        held = FormVersion.objects.filter(form=code, sha256=sha256).first()
        if held is not None:
            return held
        count = _comparable(code, form.dump())
        version = declared[:40] or str(count + 1)
        if FormVersion.objects.filter(form=code, version=version).exists():
            raise VersionTaken(campaign=code, version=version)
        return FormVersion.objects.create(
            id=change.ids(FormVersion, 1)[0],
            recorded=change.position,
            form=code,
            version=version,
            title=form.title,
            sha256=sha256,
            xlsform=content,
            xform=form.xform,
            fields=form.dump(),
        )


CODE = re.compile(r"[a-z][a-z0-9-]{1,29}\Z")
RESERVED = ("new",)  # words of addresses


def publish_draft(*, draft: int, by: str, now: datetime) -> str:
    """Ask what a draft says: the campaign, its form, the first round of one in rounds, the notice. All of
    it or nothing; its code.

    Raises DraftNotThere, DraftUnfinished, CampaignCodeUnfit, CampaignExists and what the form is refused for.
    """
    with recording("submissions.publish_draft", by=by, now=now) as change:
        plan = find_plan(draft)
        content, form = _publishable(plan)
        code, known = str(plan.told["code"]), _known(plan, form, change)
        launch_campaign(
            code=code,
            name=plan.name,
            name_en=str(plan.told.get("name_en", "")) or plan.name,
            issuer=plan.unit,
            audience=plan.audience,
            schedule=plan.schedule,
            opens=now,
            closes=None if plan.schedule["kind"] == "rounds" else plan.closes,
            by=by,
            now=now,
        )
        dropped = [name for name, choice in plan.choices.items() if choice == "drop"]
        version = publish_form(code=code, content=without(content, form, dropped), by=by, now=now)
        if plan.schedule["kind"] == "rounds":
            open_round(campaign=code, number=1, closes=plan.closes, by=by, now=now)
        rows = [(version.pk, q[:200], choice, known.get(q, 0)) for q, choice in plan.choices.items()]
        if str(plan.told.get("notice", "")).strip():
            issue_notice(campaign=code, body=str(plan.told["notice"]).strip(), by=by, now=now)
        change.append(BurdenChoice, ("version_id", "question", "choice", "people"), rows)
        save_draft(number=draft, unit=plan.unit, told=dict(plan.told), state=PUBLISHED, by=by, now=now)
    return code


def issue_notice(*, campaign: str, body: str, by: str, now: datetime) -> int:
    """Send a text to those responsible for whomever a campaign asks, or its next version, which all
    acknowledge anew. How many units it goes to.

    Raises UnknownCampaign, NobodyToNotify.
    """
    with recording("submissions.issue_notice", by=by, now=now) as change:
        about, code = find_campaign(campaign), code_of(campaign)
        listed = recipients(about, now=now, position=change.position)
        if not listed:
            raise NobodyToNotify(campaign=about.name)
        if not Campaign.objects.filter(code=code).exists():
            _launch_notice(about, code, by, now)
        revise_text(campaign=code, body=body, by=by, now=now)
        number = Round.objects.filter(campaign__code=code).count() + 1
        open_round(campaign=code, number=number, listed=listed, by=by, now=now)
    return len(listed)


def _launch_notice(about: Campaign, code: str, by: str, now: datetime) -> None:
    launch_campaign(
        code=code,
        name=f"通知：{about.name}"[:80],
        name_en=f"Notice: {about.name_en}"[:80],
        issuer=about.issuer_id,
        audience=[{"key": "units", "kind": "units", "unit_kind": list(RECIPIENTS)}],
        schedule={"kind": "rounds", "notice": about.code},
        opens=now,
        by=by,
        now=now,
    )
    publish_form(code=code, content=gallery.form_bytes(gallery.NOTICE), by=by, now=now)


def acknowledge(*, notice: str, unit: int, by: str, person: int | None, now: datetime) -> None:
    """A unit has received and read a notice in its latest version: `person` or whoever else speaks for it.

    Raises NoticeNotYours.
    """
    with recording("submissions.acknowledge", by=by, now=now):
        found = next((one for one in pending([unit], now=now) if one.campaign.code == notice), None)
        if found is None:
            raise NoticeNotYours()
        number = Round.objects.filter(campaign=found.campaign).count()
        instance = f"ack:{found.text.pk}:{unit}"
        sheet = Sheet(instance, "unit", unit, {"read": "yes"}, reporter=person)
        version = latest_version(notice)
        assert version is not None
        envelope = Envelope(
            campaign=notice,
            round=number,
            version=version,
            happened=now,
            channel="web",
            text=found.text.pk,
            sheets=(sheet,),
        )
        [receipt] = receive(envelopes=[envelope], by=by, now=now, door="page")
        if receipt.problems:
            raise receipt.problems[0][1]


def _publishable(plan: Plan) -> tuple[bytes, Form]:
    content, code = xlsform_of(plan.number), str(plan.told.get("code", ""))
    if plan.missing or content is None:
        raise DraftUnfinished(missing=", ".join(plan.missing))
    if not CODE.match(code) or code in RESERVED or code.endswith(SUFFIX):
        raise CampaignCodeUnfit(campaign=code)
    return content, compile_xlsform(content)


def _known(plan: Plan, form: Form, change: Recording) -> dict[str, int]:
    """Of how many of those who are asked the answers to each question are known already."""
    selector = plan.selector
    assert selector is not None
    asked = count_asked(selector, None, day=day_of(change.at), position=change.position)
    return {known.question.name: known.people for known in answered(form, selector, asked, now=change.at)}


def _comparable(code: str, fields: dict[str, Any]) -> int:
    """How many versions there are; all answers to a question are counted together, so its type must hold."""
    versions = FormVersion.objects.filter(form=code).order_by("pk")
    held = list(versions.values_list("pk", "form", "version", "fields"))
    read_forms((*row, json.dumps(told)) for *row, told in [*held, (0, code, str(len(held) + 1), fields)])
    return len(held)


def receive(
    *,
    envelopes: Sequence[Envelope],
    by: str,
    now: datetime,
    door: str = "batch",
    known: Known | None = None,
) -> list[Receipt]:
    """Take envelopes; a receipt each, in order. Each is accepted whole, or refused whole and listed with
    its problems; it does not touch the others. All doors end here. `known` is what the caller remembers."""
    with recording("submissions.receive", by=by, now=now) as change:
        batch = Batch(envelopes, change.position, change.at, known or Known())
        items = batch.check()
        _append(change, items)
        for item, first in batch.twins:
            item.receipt.submissions += [first.pk] if first.pk else []
        _attach(change, batch)
        _list_refusals(change, batch, door)
    for receipt in batch.receipts:
        receipt.accepted = not receipt.problems
        receipt.already = receipt.already and receipt.accepted
    return batch.receipts


def _append(change: Recording, items: Sequence[Item]) -> None:
    for item in items:
        if item.sheet.member is not None:
            item.subject = _added_member(change, item)
    ids = change.ids(Submission, len(items))
    for pk, item in zip(ids, items, strict=True):
        item.pk = pk
        item.receipt.submissions.append(pk)
        item.receipt.already = False
        item.receipt.late = item.receipt.late or item.late
    received = to_ms(change.at)
    rows = (_row(pk, item, received, change.by) for pk, item in zip(ids, items, strict=True))
    change.append(Submission, COLUMNS, rows)
    change.append(
        Revision,
        ("submission_id", "kind", "day", "reason", "by"),
        ((item.supersedes, "superseded", None, "", change.by) for item in items if item.supersedes),
    )


def _attach(change: Recording, batch: Batch) -> None:
    """The files of sheets that are taken now or were before; a twin's belong to the first."""
    first = {id(twin): item.pk for twin, item in batch.twins}
    found = [(item.pk or first.get(id(item), 0), item.receipt, file) for item, file in batch.files]
    change.append(
        Attachment,
        ("submission_id", "name", "media", "size", "digest"),
        [(pk, f.name, f.media, f.size, f.digest) for pk, receipt, f in found if pk and not receipt.problems],
    )


def _added_member(change: Recording, item: Item) -> int:
    """The member whom a household named for the first time; one who is known already is picked."""
    assert item.sheet.member is not None and item.sheet.household is not None
    member, relation = item.sheet.member
    return add_member(
        household=item.sheet.household,
        member=member,
        relation=relation,
        since=item.day,
        by=change.by,
        now=change.at,
    )


def _row(pk: int, item: Item, received: int, by: str) -> tuple[Any, ...]:
    envelope, sheet, terms = item.envelope, item.sheet, item.terms
    assert terms is not None
    return (
        pk,
        sheet.instance_id,
        envelope.envelope_id,
        terms.campaign.pk,
        envelope.round,
        terms.versions[envelope.version][0],
        sheet.subject_kind,
        item.subject,
        sheet.household,
        item.unit,
        sheet.reporter,
        envelope.sender.name[:80] if envelope.sender else by,
        envelope.channel,
        item.happened,
        received,
        item.late,
        envelope.text,
        item.supersedes,
        item.hash,
        item.answers,
    )


def _list_refusals(change: Recording, batch: Batch, door: str) -> None:
    rows = [
        Refusal(
            at=change.at,
            door=envelope.door or door,
            instance_id=instance[:64],
            campaign=envelope.campaign[:40],
            code=problem.code,
            facts={name: str(value) for name, value in problem.facts.items()},
        )
        for envelope, receipt in zip(batch.envelopes, batch.receipts, strict=True)
        for instance, problem in receipt.problems
    ]
    Refusal.objects.bulk_create(rows, batch_size=500)


def retract(*, instance_ids: Sequence[str], reason: str, by: str, now: datetime) -> int:
    """These were never true: past days change for whoever knows of it. Returns how many.

    Raises UnknownInstance, AlreadyRevised.
    """
    with recording("submissions.retract", by=by, now=now) as change:
        rows = _live(instance_ids)
        _revise(change, rows, "retracted", None, reason)
    return len(rows)


def withdraw(*, instance_ids: Sequence[str], day: date, reason: str, by: str, now: datetime) -> int:
    """These held until `day`, the first day on which they no longer do. Returns how many.

    Raises UnknownInstance, AlreadyRevised, WithdrawnBefore.
    """
    with recording("submissions.withdraw", by=by, now=now) as change:
        rows = _live(instance_ids)
        for row in rows:
            if day < day_of(row.happened):
                raise WithdrawnBefore(happened=day_of(row.happened).isoformat(), day=day.isoformat())
        _revise(change, rows, "withdrawn", day, reason)
    return len(rows)


def _live(instance_ids: Sequence[str]) -> list[Submission]:
    rows = _find(instance_ids)
    revised = revised_kinds([row.pk for row in rows])
    for row in rows:
        if row.pk in revised:
            raise AlreadyRevised(instance=row.instance_id, kind=revised[row.pk])
    return rows


def _find(instance_ids: Sequence[str]) -> list[Submission]:
    """In the order in which they are named: what is stored of them is the same on every database."""
    found = {
        row.instance_id: row
        for chunk in in_chunks(list(instance_ids))
        for row in Submission.objects.filter(instance_id__in=chunk).only("id", "instance_id", "happened")
    }
    for instance in instance_ids:
        if instance not in found:
            raise UnknownInstance(instance=instance)
    return [found[instance] for instance in dict.fromkeys(instance_ids)]


def _revise(change: Recording, rows: Sequence[Submission], kind: str, day: date | None, reason: str) -> None:
    change.append(
        Revision,
        ("submission_id", "kind", "day", "reason", "by"),
        ((row.pk, kind, day, reason, change.by) for row in rows),
    )


def verify(*, instance_ids: Sequence[str], how: str, by: str, now: datetime) -> int:
    """A second call or a seen document confirms these answers. Returns how many. Raises UnknownInstance."""
    with recording("submissions.verify", by=by, now=now) as change:
        rows = _find(instance_ids)
        change.append(
            Verification,
            ("submission_id", "how", "by", "at"),
            ((row.pk, how, change.by, change.at) for row in rows),
        )
    return len(rows)


def latest_version(code: str) -> str | None:
    """The version of a campaign's form that was published last; None where there is none."""
    latest = FormVersion.objects.filter(form=code).aggregate(top=Max("id"))["top"]
    return None if latest is None else FormVersion.objects.get(pk=latest).version
