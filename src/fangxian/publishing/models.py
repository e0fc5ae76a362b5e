"""Issued bulletins: frozen with the day, the position in the change log, and a hash."""

from django.db import models

from fangxian.kernel.asof import AsOf
from fangxian.kernel.fields import MomentField


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
