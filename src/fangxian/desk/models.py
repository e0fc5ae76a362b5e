"""The callers' desk: who has which household, what was tried, which calls were asked for."""

from django.db import models

from fangxian.campaigns.models import Campaign, Round
from fangxian.kernel.fields import MomentField, Recorded
from fangxian.matching.models import List
from fangxian.registry.models import Household, Person, Unit


class Lease(models.Model):
    """A household is one caller's until a moment of the machine's clock. It is no record: what was done with
    the household is (`Attempt`), and each look at its numbers stands in the audit log."""

    id = models.BigAutoField(primary_key=True)
    round = models.ForeignKey(Round, models.PROTECT, related_name="+")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    holder = models.CharField(max_length=80, db_index=True)  # an account's name
    until = MomentField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="desk_lease_once", fields=["round", "household"])]


class Attempt(Recorded):
    """One call and what came of it. `key` is also the envelope of its answers, where it brought some;
    `again`: not to be called before; `person`: whose number was dialled."""

    id = models.BigIntegerField(primary_key=True)
    round = models.ForeignKey(Round, models.PROTECT, related_name="+")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12)  # see actions.OUTCOMES
    at = MomentField()
    by = models.CharField(max_length=80, db_index=True)
    again = MomentField(null=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=200, default="")
    key = models.CharField(max_length=40, unique=True)  # the same call sent twice is one
    answered = models.BooleanField(default=False)  # the campaign has a sheet of it


class Ask(Recorded):
    """Somebody wants this household called, and why. Done with the first call after it that reached it; where
    it is because of a list, also when that is withdrawn."""

    id = models.BigIntegerField(primary_key=True)
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+")
    list = models.ForeignKey(List, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    at = MomentField()


class HandOver(Recorded):
    """The end of a caller's shift: what the next one is to know. `unit`: the caller's own."""

    id = models.BigIntegerField(primary_key=True)
    round = models.ForeignKey(Round, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    at = MomentField()
    by = models.CharField(max_length=80)
    given_back = models.PositiveIntegerField()
    note = models.CharField(max_length=300, default="")
