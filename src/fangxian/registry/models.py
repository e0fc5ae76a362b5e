"""Units, people, posts, households: rows with both times, written by `actions` alone."""

from django.db import models

from fangxian.kernel.fields import Bitemporal, Recorded

LINES = ("administrative", "party", "league", "pioneers", "response")

# Each kind of unit lies on one line. Chinese and English names of the kinds stand in `kinds.py`.


class Unit(Recorded):
    """What does not change of a unit: who it is, on which line, of which kind."""

    id = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    line = models.CharField(max_length=16)
    kind = models.CharField(max_length=32, db_index=True)


class UnitState(Bitemporal):
    """What may change of a unit. A unit without a state on a day does not exist on that day."""

    id = models.BigIntegerField(primary_key=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="states")
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=80)
    stage = models.CharField(max_length=32, default="")  # of a school, or what a key area is
    absent = models.BooleanField(default=False)  # a key area declared as "none here"
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)

    class Meta(Bitemporal.Meta):
        constraints = [
            *Bitemporal.Meta.constraints,
            models.UniqueConstraint(
                name="registry_unit_one_state_a_start",
                fields=["unit", "valid_from"],
                condition=models.Q(recorded_until=None),
            ),
        ]


class Cover(Bitemporal):
    """`coverer` reaches `covered` across lines: a zone covers a school, a school hosts a Party branch
    (then the school is the coverer and the branch the covered)."""

    id = models.BigIntegerField(primary_key=True)
    coverer = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    covered = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8)  # zone, host


class Person(Recorded):
    """A person's identity. `surrogate` stands for the person in the lake."""

    id = models.BigIntegerField(primary_key=True)
    surrogate = models.BigIntegerField(unique=True)


class PersonState(Bitemporal):
    id = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="states")
    name = models.CharField(max_length=80)
    sex = models.CharField(max_length=1, default="")  # m, f or unknown
    birth_date = models.DateField(null=True)
    birth_year = models.SmallIntegerField(null=True)
    native_place = models.CharField(max_length=6, default="")  # GB/T 2260 code; an attribute, not a risk


class PersonSecret(Recorded):
    """An ID number or phone, sealed. May be erased without changing any count."""

    id = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="secrets")
    field = models.CharField(max_length=12)  # id_number, phone
    digest = models.CharField(max_length=32, db_index=True)
    sealed = models.BinaryField()


class Merge(Bitemporal):
    """`person` was found to be `into`; figures count `into` once. Ended by a split."""

    id = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="merges")
    into = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta(Bitemporal.Meta):
        constraints = [
            *Bitemporal.Meta.constraints,
            models.UniqueConstraint(
                name="registry_merge_once", fields=["person"], condition=models.Q(recorded_until=None)
            ),
        ]


class Post(Bitemporal):
    """What a person is in a unit over a span: pupil, staff, head, first_responsible, party_member ..."""

    id = models.BigIntegerField(primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=24)

    class Meta(Bitemporal.Meta):
        constraints = [
            *Bitemporal.Meta.constraints,
            models.UniqueConstraint(
                name="registry_first_responsible_once",
                fields=["unit"],
                condition=models.Q(role="first_responsible", valid_until=None, recorded_until=None),
            ),
            models.UniqueConstraint(
                name="registry_pupil_once",
                fields=["person"],
                condition=models.Q(role="pupil", valid_until=None, recorded_until=None),
            ),
        ]


class Household(Recorded):
    id = models.BigIntegerField(primary_key=True)
    surrogate = models.BigIntegerField(unique=True)


class Membership(Bitemporal):
    """A person in a household: pupils, staff, parents, grown children away, grandparents."""

    id = models.BigIntegerField(primary_key=True)
    household = models.ForeignKey(Household, models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    relation = models.CharField(max_length=16)  # child, parent, grandparent, grown_child, spouse, other


class KeptFile(Recorded):
    """A file that was imported: what it was, who sent it, how its columns were taken. Who brought it and when
    stand in the change log."""

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=8)  # staff, pupils, units
    source = models.CharField(max_length=80, default="", db_index=True)  # the office that sends it
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    mapping = models.JSONField(default=dict)  # heading of the file -> field, where that had to be said
    erase_on = models.DateField()


class KeptContent(Recorded):
    """The file itself, packed and sealed. Erased when its term is over; what was known of it stays."""

    file = models.OneToOneField(KeptFile, models.PROTECT, primary_key=True, related_name="content")
    sealed = models.BinaryField()
