"""Bulletins: those under way with each step taken, and those issued, frozen with day, position and hash."""

from django.db import models

from fangxian.kernel.asof import AsOf
from fangxian.kernel.fields import MomentField, Recorded
from fangxian.registry.models import Unit


class Bulletin(models.Model):
    """Append-only. `frozen` holds the figures and blocks as issued; it can be counted again from the rest."""

    id = models.BigAutoField(primary_key=True)
    number = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=120)
    day = models.DateField()
    known_by = MomentField()
    position = models.BigIntegerField()
    issued_at = MomentField()
    by = models.CharField(max_length=80)
    template = models.BinaryField()
    template_sha256 = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)
    frozen = models.JSONField()
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")
    reason = models.CharField(max_length=300, default="")  # of the correction

    @property
    def at(self) -> AsOf:
        return AsOf(self.day, self.known_by, self.position)


class Draft(Recorded):
    """What is to become one bulletin. How far it is, its steps say."""

    id = models.BigIntegerField(primary_key=True)
    opened_at = MomentField()
    by = models.CharField(max_length=80)
    corrects = models.ForeignKey(Bulletin, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, default="")


class Step(Recorded):
    """One thing done to a draft, by whom, when; appended, never changed. A check freezes the cut-off and the
    content, under the number that it would bear: that is what is approved, and what is issued."""

    id = models.BigIntegerField(primary_key=True)
    draft = models.ForeignKey(Draft, models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()  # within the draft
    kind = models.CharField(max_length=9)  # of signoff.STATES
    done_at = MomentField()
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=300, default="")
    template = models.BinaryField(null=True)  # where the step brought one
    checks = models.JSONField(default=list)  # [{code, ok, count, faults}]
    day = models.DateField(null=True)
    known_by = MomentField(null=True)
    position = models.BigIntegerField(null=True)
    issue = models.PositiveIntegerField(null=True)  # the number that the paper bears
    content_sha256 = models.CharField(max_length=64, default="")
    frozen = models.JSONField(null=True)
    bulletin = models.OneToOneField(Bulletin, models.PROTECT, null=True, related_name="signed")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="publishing_step_once", fields=["draft", "number"]),
        ]

    @property
    def at(self) -> AsOf:
        """The cut-off of a check."""
        assert self.day and self.known_by and self.position is not None
        return AsOf(self.day, self.known_by, self.position)


class Workbook(models.Model):
    """A workbook that an office above asks for."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)


class WorkbookVersion(Recorded):
    """A template with its mapping. It is mapped until it is `saved` (a position, set once); then it stays."""

    id = models.BigIntegerField(primary_key=True)
    workbook = models.ForeignKey(Workbook, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    file_name = models.CharField(max_length=120)
    template = models.BinaryField()
    template_sha256 = models.CharField(max_length=64)
    done_at = MomentField()
    by = models.CharField(max_length=80)
    saved = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="publishing_version_once", fields=["workbook", "number"]),
        ]


class Placement(Recorded):
    """What was chosen for a cell of a version; the last one holds, and an empty one takes the cell out."""

    id = models.BigIntegerField(primary_key=True)
    version = models.ForeignKey(WorkbookVersion, models.PROTECT, related_name="placements")
    sheet = models.CharField(max_length=40)
    cell = models.CharField(max_length=12)
    target = models.JSONField()
    done_at = MomentField()
    by = models.CharField(max_length=80)


class Filling(Recorded):
    """A workbook filled as of a moment; `frozen` holds what stands in its cells, and can be counted again."""

    id = models.BigAutoField(primary_key=True)
    workbook = models.ForeignKey(Workbook, models.PROTECT, related_name="fillings")
    version = models.ForeignKey(WorkbookVersion, models.PROTECT, related_name="fillings")
    number = models.PositiveIntegerField()
    day = models.DateField()
    known_by = MomentField()
    position = models.BigIntegerField()
    done_at = MomentField()
    by = models.CharField(max_length=80)
    signed = models.CharField(max_length=80)
    content_sha256 = models.CharField(max_length=64)
    frozen = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="publishing_filling_once", fields=["workbook", "number"]),
        ]

    @property
    def at(self) -> AsOf:
        return AsOf(self.day, self.known_by, self.position)


class Attestation(Recorded):
    """A number of a figure at a unit that is known only by telephone: who said it to whom, and when. It is
    shown beside what is counted and never added to it. The next one `supersedes` it; one without a value
    takes it back."""

    id = models.BigIntegerField(primary_key=True)
    figure = models.CharField(max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    day = models.DateField()
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    said_by = models.CharField(max_length=40)
    heard_by = models.CharField(max_length=40)
    note = models.CharField(max_length=200, blank=True)
    at = MomentField(db_index=True)
    by = models.CharField(max_length=80)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        indexes = [models.Index(name="publishing_attested", fields=["figure", "unit"])]
        constraints = [
            models.CheckConstraint(
                name="publishing_attested_not_negative",
                condition=models.Q(value__isnull=True) | models.Q(value__gte=0),
            )
        ]
