"""What is asked, of whom, when. The form of a campaign has the campaign's code (room `submissions`)."""

from django.db import models

from fangxian.kernel.fields import MomentField, Recorded
from fangxian.registry.models import Person, Unit


class Campaign(Recorded):
    """`audience`: see `audiences.Audience`; `schedule`: {"kind": "once"|"rounds"|"daily", ...}."""

    id = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    issuer = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    audience = models.JSONField()
    schedule = models.JSONField()
    opens = MomentField()
    closes = MomentField(null=True)


class CampaignText(Recorded):
    """A version of the text that recipients read or sign. Pledges keep its id, so its version and hash."""

    id = models.BigIntegerField(primary_key=True)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="texts")
    version = models.PositiveSmallIntegerField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(name="campaigns_text_version", fields=["campaign", "version"])]


class Round(Recorded):
    """A numbered round, appended when it opens: `recorded` is then the position as of which its audience
    was resolved. A campaign asked once has round 1; one with a daily window has none (each day is one)."""

    id = models.BigIntegerField(primary_key=True)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    opens = MomentField()
    closes = MomentField(null=True)
    listed = models.BooleanField(default=False)  # its audience is narrowed to its RoundMember rows

    class Meta:
        constraints = [models.UniqueConstraint(name="campaigns_round_number", fields=["campaign", "number"])]


class Reminder(Recorded):
    """A unit was told what it still owes. `recipient` is whoever was its first responsible person then; of
    `channel` there is `screen` alone so far: the outbox that a demonstration shows."""

    id = models.BigIntegerField(primary_key=True)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="reminders")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    at = MomentField(db_index=True)
    missing = models.PositiveIntegerField()  # how many reports the unit owed
    channel = models.CharField(max_length=12)
    text = models.CharField(max_length=300)


class Channel(Recorded):
    """Where reminders of a unit and all under it are sent besides the screen: a group's robot, mail, a
    gateway for short messages. `sealed` is its address with its secrets, as apprise writes it; gone once it
    is removed."""

    id = models.BigIntegerField(primary_key=True)
    recorded_until = models.BigIntegerField(null=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)  # apprise's name of the service
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    quiet_from = models.CharField(max_length=5)  # office time, HH:MM; equal to quiet_until: never quiet
    quiet_until = models.CharField(max_length=5)
    sealed = models.BinaryField()


class Delivery(Recorded):
    """An attempt to send a reminder by a channel: `begun` before anything is sent, then `accepted` or
    `failed`. What began and has no outcome (the machine went down in between) may have arrived, and is not
    sent again."""

    id = models.BigIntegerField(primary_key=True)
    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="deliveries")
    attempt = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8)
    at = MomentField()
    why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="campaigns_delivery_once", fields=["reminder", "channel", "attempt", "state"]
            )
        ]


class Draft(Recorded):
    """A campaign that is being made: each save appends a row, and the last of a number is how it stands.
    Nothing is asked of anybody by it. `xlsform` is there in the rows that brought a file."""

    id = models.BigIntegerField(primary_key=True)
    number = models.BigIntegerField(db_index=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")  # that will issue it
    by = models.CharField(max_length=80)
    at = MomentField()
    state = models.CharField(max_length=10, default="open")  # open, published, dropped
    told = models.JSONField()  # see `drafts`
    xlsform = models.BinaryField(null=True)


class Closing(Recorded):
    """A campaign was closed before its time, or opened again: `closes` is when it stops taking reports from
    then on (None: it does not). The last one holds."""

    id = models.BigIntegerField(primary_key=True)
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="closings")
    closes = MomentField(null=True)
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    at = MomentField()


class RoundMember(Recorded):
    """One of those whom a listed round asks, by the kind of the campaign's audience."""

    id = models.BigIntegerField(primary_key=True)
    round = models.ForeignKey(Round, models.PROTECT, related_name="members")
    subject = models.BigIntegerField()
