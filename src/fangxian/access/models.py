"""Accounts, what they were granted, and the log of what was seen. Written by `actions` and `audit` alone."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from fangxian.kernel.fields import Bitemporal, MomentField, Recorded
from fangxian.registry.models import Household, Person, Unit


class Accounts(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(username=username)


class Account(AbstractBaseUser, Recorded):
    """Somebody who signs in. What does not stay of it is how: password, address and last sign-in."""

    id = models.BigIntegerField(primary_key=True)
    username = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    email = models.EmailField(default="", blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    demonstration = models.BooleanField(default=False)  # signed into by a press of a button
    is_active = models.BooleanField(default=True)

    objects = Accounts()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Grant(Bitemporal):
    """An account acts in a role over a unit, and all that counts under it, for a span of days."""

    id = models.BigIntegerField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=24)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")

    class Meta(Bitemporal.Meta):
        constraints = [
            *Bitemporal.Meta.constraints,
            models.UniqueConstraint(
                name="access_grant_once",
                fields=["account", "role", "unit", "valid_from"],
                condition=models.Q(recorded_until=None),
            ),
        ]


class Token(Recorded):
    """A secret that stands for an account on one device, for a household, or for who is to choose a
    password. Only its digest is kept; `recorded_until` is the position at which it was revoked or used up."""

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=9)  # device, household, welcome
    name = models.CharField(max_length=80)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="tokens")
    household = models.ForeignKey(Household, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires = MomentField(null=True)
    recorded_until = models.BigIntegerField(null=True)


class BreakGlass(Recorded):
    """One person's sealed fields opened to one account, for a named case, with a second person's consent.

    `sought` says how somebody out of the account's reach was named: by ID `number`, or by `name`, unit and
    birth date. Of who was sought and is not there `person` is null: whoever asked is told the same.
    """

    id = models.BigIntegerField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    second = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    sought = models.CharField(max_length=6, default="")
    case = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)
    asked = MomentField()
    opened = MomentField(null=True)
    until = MomentField(null=True)

    @property
    def whom(self) -> int:
        """The person's id, of a request for somebody who is there: these alone wait or are open."""
        assert self.person_id is not None
        return self.person_id


class Seal(models.Model):
    """A batch of the audit log, chained to the batch before: see `audit`."""

    number = models.BigIntegerField(primary_key=True)
    at = MomentField()
    events = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)


class Event(models.Model):
    """What was seen or done, by whom, of whom: never the values. `seal` is set once, when it is sealed."""

    id = models.BigAutoField(primary_key=True)
    at = MomentField(db_index=True)
    actor = models.CharField(max_length=80, db_index=True)
    what = models.CharField(max_length=24, db_index=True)
    route = models.CharField(max_length=60)
    classes = models.CharField(max_length=6)  # classes of field, as letters
    unit = models.CharField(max_length=40)  # its code
    subject = models.CharField(max_length=60)  # person:17, figure:screening.any_category
    count = models.PositiveIntegerField(default=1)
    copy = models.CharField(max_length=16, db_index=True)  # of an export: stands in the file
    detail = models.JSONField(default=dict)
    seal = models.BigIntegerField(null=True, db_index=True)
