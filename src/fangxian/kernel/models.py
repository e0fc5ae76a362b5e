"""The change log: one row a transaction, positions in commit order."""

from django.db import models

from .fields import MomentField


class Change(models.Model):
    """What one transaction recorded. `position` is dense and in commit order: see `changes.recording`."""

    position = models.BigIntegerField(primary_key=True)
    at = MomentField(db_index=True)
    action = models.CharField(max_length=60)
    by = models.CharField(max_length=80)
    detail = models.JSONField(default=dict)  # rows appended by table, and what the action wants told


class Head(models.Model):
    """The one row that writers lock, so that positions are handed out in the order of commits."""

    id = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField()
    at = MomentField()
