"""What came back: append-only. Nothing here is updated or deleted."""

from django.db import models

from fangxian.campaigns.models import Campaign, CampaignText
from fangxian.kernel.fields import MomentField, Recorded

SUBJECT_KINDS = ("person", "unit", "household")


class FormVersion(Recorded):
    """One published version of a form. `fields` is its compiled definition (see `forms.Form.dump`)."""

    id = models.BigIntegerField(primary_key=True)
    form = models.CharField(max_length=40, db_index=True)
    version = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)  # of the XLSForm file
    xlsform = models.BinaryField()
    xform = models.TextField()
    fields = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(name="submissions_form_version", fields=["form", "version"])]


class BurdenChoice(Recorded):
    """Of a question that people had answered already when a version was published: what was decided
    (`drop`: it is not in the form, `prefill`: it is asked with the known answer put in), and of how many it
    was known."""

    id = models.BigIntegerField(primary_key=True)
    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="choices")
    question = models.CharField(max_length=200)
    choice = models.CharField(max_length=7)
    people = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="submissions_burden_choice", fields=["version", "question"])
        ]


class Submission(Recorded):
    """One answer sheet about one subject. `recorded` is its position; `received` the moment of it."""

    id = models.BigIntegerField(primary_key=True)
    instance_id = models.CharField(max_length=64, unique=True)
    envelope_id = models.CharField(max_length=64, default="")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", db_index=False)
    round = models.PositiveSmallIntegerField()  # of a daily campaign: 0
    form_version = models.ForeignKey(FormVersion, models.PROTECT, related_name="+", db_index=False)
    subject_kind = models.CharField(max_length=9)
    subject = models.BigIntegerField(db_index=True)
    household = models.BigIntegerField(null=True)  # the household asked, where a person's answer came by it
    unit = models.BigIntegerField(null=True)  # the subject's leaf unit on that day
    reporter = models.BigIntegerField(null=True)  # a person, where one is known
    by = models.CharField(max_length=80)  # the account or door that brought it
    channel = models.CharField(max_length=12)  # phone, web, class, visit, import
    happened = MomentField()
    received = MomentField()
    late = models.BooleanField(default=False)  # it was received after the round had closed
    text = models.ForeignKey(CampaignText, models.PROTECT, null=True, related_name="+", db_index=False)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="superseded_by", db_index=True
    )
    content_hash = models.CharField(max_length=32)
    answers = models.JSONField()


class Revision(Recorded):
    """What was said of a submission later. `superseded` and `retracted`: it never held, for whoever knows
    of it. `withdrawn`: it held until `day` (the first day on which it no longer does)."""

    id = models.BigIntegerField(primary_key=True)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="revisions")
    kind = models.CharField(max_length=10)
    day = models.DateField(null=True)
    reason = models.CharField(max_length=200, default="")
    by = models.CharField(max_length=80)


class Verification(Recorded):
    """What confirms a submission's answers: a second call, a seen document, or another office's list that
    says the same (`list`: no longer, once the list's row is no longer taken for the person)."""

    id = models.BigIntegerField(primary_key=True)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="verifications")
    how = models.CharField(max_length=12)  # second_call, document, list
    by = models.CharField(max_length=80)
    at = MomentField()
    recorded_until = models.BigIntegerField(null=True, db_index=True)


class Attachment(Recorded):
    """A photo or file that came with a submission, under the name by which its answers call it. The file lies
    sealed in the data folder, under its digest; it is never mirrored."""

    id = models.BigIntegerField(primary_key=True)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=200)
    media = models.CharField(max_length=80, default="")
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="submissions_attachment_once", fields=["submission", "name"])
        ]


class Refusal(models.Model):
    """A submission that was not taken, and why: listed, so that nothing is lost in silence."""

    id = models.BigAutoField(primary_key=True)
    at = MomentField()
    door = models.CharField(max_length=12)
    instance_id = models.CharField(max_length=64, default="")
    campaign = models.CharField(max_length=40, default="")
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)  # fill the problem's sentence, in any language
