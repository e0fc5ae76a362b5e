"""Issued bulletins: frozen with the day, the position in the change log, and a hash."""

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
