"""Whom a round has still to call, in which order, by which numbers, and how a shift stands."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.db.models import Q

from fangxian.campaigns.audiences import Selector, members, places_asked
from fangxian.campaigns.models import Campaign, Round, RoundMember
from fangxian.kernel.changes import ASIDE, head_position
from fangxian.kernel.models import Change
from fangxian.kernel.moments import day_of
from fangxian.kernel.secrets import keyring
from fangxian.registry.holding import holding, in_chunks
from fangxian.registry.models import Membership, PersonSecret
from fangxian.registry.queries import leaf_units
from fangxian.submissions.known import Terms, read_terms

from . import progress
from .models import Ask, Attempt, HandOver, Lease
from .progress import WRONG_NUMBER, Home

RELATIONS = ("parent", "grandparent", "spouse", "self", "other", "grown_child", "child")  # whom to ring first
TEMPO = timedelta(hours=1)  # over which a tempo is measured
AT_ONCE = 50  # candidates whose numbers are looked up together


@dataclass(frozen=True, slots=True)
class Calling:
    """A round of a campaign that asks households, and is open."""

    terms: Terms
    round: Round

    @property
    def campaign(self) -> Campaign:
        return self.terms.campaign

    @property
    def selectors(self) -> list[Selector]:
        return [selector for selector in self.terms.selectors if selector.kind == "household"]


@dataclass(frozen=True, slots=True)
class Number:
    """A phone of a household, sealed. `persons`: whose it is."""

    persons: tuple[int, ...]
    relation: str
    digest: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the round is within a reach: households each once, as the figure of the rounds counts them."""

    asked: int
    done: int
    later: int  # of those left: to be called again, but not yet
    wanted: int  # asked for beside the round


@dataclass(frozen=True, slots=True)
class Shift:
    """One caller's day."""

    calls: int
    reached: int
    tempo: int  # calls in the last hour
    callers: int  # who have a household now, in any reach
    ends: datetime | None  # when the rest is called at the tempo of all


def callings(now: datetime) -> list[Calling]:
    """Open rounds of campaigns that ask households and have a form: the latest of each."""
    rows = Campaign.objects.filter(Q(closes=None) | Q(closes__gt=now), opens__lte=now).order_by("pk")
    found = (_calling(code, now) for code in rows.values_list("code", flat=True))
    return [one for one in found if one is not None]


def _calling(code: str, now: datetime) -> Calling | None:
    terms = read_terms(code)
    if terms is None or terms.latest_version is None:
        return None
    opened = [row for row in terms.rounds.values() if row.opens <= now]
    latest = max(opened, key=lambda row: row.number, default=None)
    if latest is None or (latest.closes is not None and latest.closes <= now):
        return None
    found = Calling(terms, latest)
    return found if found.selectors else None


def last_closed(now: datetime) -> Round | None:
    """The round of calls that closed last, for who finds none open."""
    rows = Round.objects.filter(closes__lte=now).select_related("campaign").order_by("-closes")
    return next((row for row in rows if '"households"' in str(row.campaign.audience).replace("'", '"')), None)


# ------------------------------------------------------------------------------------ whom the round asks

Roster = dict[int, frozenset[int]]  # household -> the leaf units by which it is asked


@lru_cache(maxsize=4)
def _at_opening(round: int, recorded: int, code: str, day: date) -> frozenset[int]:
    """Whom the round asked when it opened: that never changes."""
    row, terms = Round.objects.get(pk=round), read_terms(code)
    assert terms is not None
    if row.listed:
        return frozenset(RoundMember.objects.filter(round=row).values_list("subject", flat=True))
    asked = places_asked(terms.selectors, "household", day=day, position=recorded)
    return frozenset(household for household, _unit in asked)


_today: dict[tuple[int, int, date], tuple[int, Roster]] = {}


def roster(calling: Calling, now: datetime) -> Roster:
    """Whom the round asked when it opened and still asks today."""
    row, day, position = calling.round, day_of(now), head_position()
    key = (row.pk, row.recorded, day)
    known = _today.get(key)
    if known is None or _registry_moved(known[0], position):
        asked = _at_opening(row.pk, row.recorded, calling.campaign.code, day_of(row.opens))
        found: dict[int, set[int]] = {}
        for household, unit in _places(calling, asked, day, position):
            if household in asked:
                found.setdefault(household, set()).add(unit)
        _today.clear()
        known = _today[key] = (position, {home: frozenset(units) for home, units in found.items()})
    return known[1]


def _places(calling: Calling, asked: frozenset[int], day: date, position: int) -> Iterator[tuple[int, int]]:
    if len(asked) > 20_000:
        yield from places_asked(calling.selectors, "household", day=day, position=position)
        return
    still = members(calling.selectors, "household", asked, day=day, position=position)
    for household, units in leaf_units("household", still, day, position).items():
        for unit in units:
            yield household, unit


def _registry_moved(since: int, position: int) -> bool:
    if position < since:
        return True
    new = Change.objects.filter(position__gt=since, action__startswith="registry.")
    return new.exclude(action__in=ASIDE).exists()


def forget() -> None:
    _at_opening.cache_clear()
    _today.clear()
    progress.forget()


# ------------------------------------------------------------------------------------ in which order


def due(calling: Calling, reach: Collection[int] | None, now: datetime) -> list[int]:
    """Households to be called now, first the first: promised for now, asked for, then whoever was tried least
    and longest ago, class by class. `reach`: leaf units; None is everywhere."""
    within = [home for home, units in roster(calling, now).items() if _inside(units, reach)]
    with progress.lock:
        known = progress.progress_of(calling.round)
        none = Home()
        homes = {home: known.homes.get(home, none) for home in within}
        wanted = [h for h, told in homes.items() if _is_due(told) and not (told.again and told.again > now)]
        places = roster(calling, now)
        return sorted(wanted, key=lambda home: _order(homes[home], places[home], home, now))


def _inside(units: frozenset[int], reach: Collection[int] | None) -> bool:
    return reach is None or not units.isdisjoint(reach)


def _is_due(home: Home) -> bool:
    return bool(home.asks) or not home.settled


def _order(home: Home, units: frozenset[int], household: int, now: datetime) -> tuple[object, ...]:
    promised = home.promised and home.again is not None and home.again <= now
    kind = 0 if promised else 1 if home.asks else 2
    return kind, home.again if promised else now, home.tried, home.last or now, min(units), household


def still_due(calling: Calling, household: int, now: datetime) -> bool:
    with progress.lock:
        home = progress.progress_of(calling.round).homes.get(household)
        return home is None or (_is_due(home) and not (home.again and home.again > now))


def standing(calling: Calling, reach: Collection[int] | None, now: datetime) -> Standing:
    within = [home for home, units in roster(calling, now).items() if _inside(units, reach)]
    with progress.lock:
        homes = progress.progress_of(calling.round).homes
        known = [homes[home] for home in within if home in homes]
        done = sum(1 for home in known if home.settled)
        later = sum(1 for home in known if _is_due(home) and home.again and home.again > now)
        return Standing(len(within), done, later, sum(1 for home in known if home.asks))


def shift_of(calling: Calling, by: str, left: int, *, now: datetime, moment: datetime) -> Shift:
    """What the caller did today, and when the rest will have been called."""
    today = Attempt.objects.filter(round=calling.round, at__gte=now - timedelta(hours=16))
    rows = [(who, at, what) for who, at, what in today.values_list("by", "at", "outcome")]
    mine = [(at, what) for who, at, what in rows if who == by and day_of(at) == day_of(now)]
    recent = [who for who, at, _what in rows if at > now - TEMPO]
    held = Lease.objects.filter(round=calling.round, until__gt=moment).values("holder").distinct().count()
    ends = now + TEMPO * left / len(recent) if recent and left else None
    reached = sum(1 for _at, what in mine if what == progress.REACHED)
    return Shift(len(mine), reached, recent.count(by), held, ends)


def handed_over(calling: Calling, units: Collection[int] | None, now: datetime) -> HandOver | None:
    """What the last caller of a unit in reach left for the next one."""
    rows = HandOver.objects.filter(round=calling.round, at__gt=now - timedelta(hours=24)).order_by("-pk")[:50]
    return next((r for r in rows if r.note and (units is None or r.unit_id in units)), None)


# ------------------------------------------------------------------------------------ numbers


def numbers(households: Iterable[int], *, day: date, position: int) -> dict[int, list[Number]]:
    """The numbers by which each can be reached, whom to ring first first; without those that were wrong."""
    wanted = sorted(set(households))
    belongs: list[tuple[int, int, str]] = []
    for chunk in in_chunks(wanted):
        rows = Membership.objects.filter(holding(day, position), household__in=chunk).order_by("pk")
        belongs += rows.values_list("household_id", "person_id", "relation")
    phones = _phones({person for _home, person, _relation in belongs})
    found: dict[int, dict[str, Number]] = {home: {} for home in wanted}
    for home, person, relation in sorted(belongs, key=lambda row: _first(row[2])):
        if person in phones:
            digest, sealed = phones[person]
            known = found[home].get(digest)
            persons = (*known.persons, person) if known else (person,)
            found[home][digest] = Number(persons, known.relation if known else relation, digest, sealed)
    return {home: list(told.values()) for home, told in found.items()}


def _first(relation: str) -> int:
    return RELATIONS.index(relation) if relation in RELATIONS else len(RELATIONS)


def _phones(persons: Collection[int]) -> dict[int, tuple[str, bytes]]:
    """Person -> digest and sealed number: the latest of each, unless a caller found it wrong since."""
    latest: dict[int, tuple[int, str, bytes]] = {}
    wrong: dict[int, int] = {}
    ring = keyring()
    for chunk in in_chunks(sorted(persons)):
        rows = PersonSecret.objects.filter(person__in=chunk, field="phone").order_by("pk")
        for person, recorded, digest, sealed in rows.values_list("person_id", "recorded", "digest", "sealed"):
            latest[person] = (recorded, ring.lifted(digest, since=bytes(sealed)[0]), bytes(sealed))
        calls = Attempt.objects.filter(person__in=chunk, outcome=WRONG_NUMBER).order_by("pk")
        wrong |= dict(calls.values_list("person_id", "recorded"))
    bad = {digest for person, (recorded, digest, _s) in latest.items() if wrong.get(person, -1) > recorded}
    return {
        person: (digest, sealed)
        for person, (_recorded, digest, sealed) in latest.items()
        if digest not in bad
    }


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A household of the round that cannot be called: none of its numbers is right, or it has none."""

    household: int
    wrong: int | None  # whose number was found wrong last
    since: datetime | None


def unreachable(calling: Calling, reach: Collection[int] | None, now: datetime) -> list[Unreachable]:
    """Whom the round has still to call and nobody can: for who knows the family."""
    day, position = day_of(now), head_position()
    with progress.lock:
        known = progress.progress_of(calling.round).homes
        none = Home()
        wanted = [
            home
            for home, units in roster(calling, now).items()
            if _inside(units, reach) and _is_due(known.get(home, none))
        ]
    without = sorted(home for home, told in numbers(wanted, day=day, position=position).items() if not told)
    calls: dict[int, tuple[int | None, datetime]] = {}
    for chunk in in_chunks(without):
        rows = Attempt.objects.filter(household__in=chunk, outcome=WRONG_NUMBER).order_by("pk")
        calls |= {
            home: (person, at) for home, person, at in rows.values_list("household_id", "person_id", "at")
        }
    return [Unreachable(home, *calls.get(home, (None, None))) for home in without]


def history(round: Round, household: int) -> tuple[list[Attempt], list[Ask]]:
    """What was tried in the round, newest first, and why it is wanted beside it."""
    attempts = list(Attempt.objects.filter(round=round, household=household).order_by("-pk"))
    with progress.lock:
        home = progress.progress_of(round).homes.get(household)
        return attempts, list(home.asks) if home else []
