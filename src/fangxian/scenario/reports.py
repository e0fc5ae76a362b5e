"""What the other campaigns bring: each a flow of envelopes, planned in columns, built when due."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from fangxian.submissions.actions import Envelope, Sheet

from .city import City
from .clockwork import (
    DAY,
    FIRST_DAY,
    HOUR,
    LAST_HAPPENED,
    REPORT_DAY,
    at,
    moment,
    received,
    some_time,
)
from .draws import allot, stream
from .findings import Findings
from .flow import Flow, flow
from .lines import Lines
from .moves import Moves
from .problems import ImpossibleFacts
from .register import Ledger

VERSION = "1"
GOODS = ("masks", "disinfectant", "study_materials")
LEVELS = ("city", "township", "school")
LAST_DISINFECTION = (at(2, 7, 8), at(2, 12, 16))  # within seven days of the report
BATCH = 4 * HOUR  # reports are taken in four times a day; calls of the screening each hour
ROUND_DAYS = 4  # from one round of inspections to the next
LAST_INSPECTIONS = 16  # days from the first round to the last


@dataclass(slots=True)
class Reports:
    """The plan of the other campaigns. `expected` notes how many subjects of each selector report."""

    city: City
    lines: Lines
    findings: Findings
    moves: Moves
    ledger: Ledger
    seed: int
    pledge_texts: list[int] = field(default_factory=list)  # ids of the versions, as they are launched
    reported: dict[str, int] = field(default_factory=dict)
    pledges: list[str] = field(default_factory=list)  # instances, in order
    difficulties: int = 0

    def rng(self, part: str) -> np.random.Generator:
        return stream(self.seed, part)

    @property
    def targets(self) -> Any:
        return self.city.layout.targets

    def unit(self, code: str) -> int:
        return self.ledger.unit[code]

    # -- one sheet an envelope

    def single(
        self,
        campaign: str,
        kind: str,
        subjects: Sequence[int],
        happened: np.ndarray,
        answers: Callable[[int], dict[str, Any]],
        *,
        round_: int = 1,
        channel: str = "web",
        reporter: Callable[[int], int | None] | None = None,
        stem: str = "",
        text: Callable[[int], int | None] | None = None,
        delay: int = 20,
    ) -> Flow:
        """A flow of sheets about ledger ids `subjects`, one an envelope; a few are sent twice."""
        stem = stem or campaign
        rng = self.rng(f"delay {stem}")

        def build(i: int) -> Envelope:
            sheet = Sheet(
                f"{stem}-{i:06d}", kind, subjects[i], answers(i), reporter=reporter(i) if reporter else None
            )
            return Envelope(
                campaign, round_, VERSION, [sheet], moment(int(happened[i])), channel,
                text=text(i) if text else None,
            )  # fmt: skip

        minutes = received(happened, rng.integers(1, delay, len(subjects)), BATCH)
        again = {
            int(i): int(minutes[i]) + BATCH
            for i in rng.integers(0, max(1, len(subjects)), len(subjects) // 500)
        }
        return flow(minutes, build, {i: m for i, m in again.items() if m < LAST_HAPPENED})

    def grouped(
        self,
        campaign: str,
        groups: Sequence[Sequence[int]],
        happened: np.ndarray,
        answers: Callable[[int], dict[str, Any]],
        stem: str,
        reporter: Callable[[int], int | None],
    ) -> Flow:
        """A flow of envelopes of a class or squadron: persons of the plan, a sheet each."""

        def build(i: int) -> Envelope:
            sheets = [
                Sheet(
                    f"{stem}-{who:06d}", "person", self.ledger.person[who], answers(who), reporter=reporter(i)
                )
                for who in groups[i]
            ]
            name = f"{stem}-{i:05d}"
            return Envelope(campaign, 1, VERSION, sheets, moment(int(happened[i])), "class", name)

        delay = self.rng(f"delay {stem}").integers(1, 50, len(groups))
        return flow(received(happened, delay, BATCH), build)


def draw_reports(reports: Reports) -> list[Flow]:
    """Plan all campaigns but the screening."""
    parts: list[Callable[[Reports], Iterable[Flow]]] = [
        _party, _schools, _areas, _inspections, _supervision, _supplies, _pioneers, _pupils, _contests,
        _learning, _people_in_need, _difficulties,
    ]  # fmt: skip
    return [one for part in parts for one in part(reports)]


def _by_zone(r: Reports, zones: np.ndarray, rate: float, spread: float, part: str) -> np.ndarray:
    """bool[n]: who reports, at a rate that differs by zone; the best and the worst are `spread` apart."""
    rng = r.rng(f"rate {part}")
    ladder = rng.permutation(np.linspace(-spread / 2, spread / 2, r.city.layout.zones))
    return rng.random(len(zones)) < np.clip(rate + ladder[zones], 0.02, 1)


def _subsets(items: Sequence[str], least: int) -> list[list[str]]:
    """Some subsets of a list of items, the fuller ones more often: what people tick."""
    full = [list(items)] * 4
    most = [[i for i in items if i not in left] for n in (1, 2) for left in combinations(items, n)]
    few = [list(items[:n]) for n in range(least, len(items))]
    return [*full, *most[:40], *few]


def _zone_of_school(r: Reports) -> np.ndarray:
    return np.array([r.city.layout.zone_of_town(s.town) for s in r.city.layout.schools])


# ---- Party ------------------------------------------------------------------------------------------


def _party(r: Reports) -> Iterable[Flow]:
    members = r.lines.office_members
    yield _pledges(r, members)
    yield _oath(r, members)
    yield from _double_five(r)


def _pledges(r: Reports, members: list[int]) -> Flow:
    """All that are asked for sign, the last of them the text's second version."""
    signers = members[: r.targets.of("party.pledges_signed")]
    r.pledges = [f"pledge-{i:06d}" for i in range(len(signers))]
    r.reported["pledge"] = len(signers)
    happened = np.sort(some_time(r.rng("pledge"), len(signers), at(1, 29, 9), at(2, 5, 18)))
    return r.single(
        "pledge",
        "person",
        [r.ledger.person[w] for w in signers],
        happened,
        lambda i: {"signed": "yes"},
        reporter=lambda i: r.ledger.person[signers[i]],
        text=lambda i: r.pledge_texts[0 if happened[i] < SECOND_TEXT else 1],
    )


SECOND_TEXT = at(2, 3, 9)
WITHDRAWN, SIGNED_AGAIN = at(2, 8, 10), at(2, 9, 10)


def pledge_again(r: Reports) -> Envelope:
    """Who withdrew a pledge signs the second version."""
    who = r.ledger.person[r.lines.office_members[0]]
    sheet = Sheet("pledge-again-000000", "person", who, {"signed": "yes"}, reporter=who)
    happened = moment(SIGNED_AGAIN - 20)
    return Envelope("pledge", 1, VERSION, [sheet], happened, "web", text=r.pledge_texts[1])


def _oath(r: Reports, members: list[int]) -> Flow:
    attended = r.targets.of("party.oath_attendance")
    r.reported["oath"] = len(members)
    happened = np.full(len(members), at(2, 10, 9)) + np.arange(len(members)) % 20
    answers = [{"attended": "yes" if i < attended else "no"} for i in range(len(members))]
    people = [r.ledger.person[w] for w in members]
    return r.single("oath", "person", people, happened, lambda i: answers[i], channel="visit")


def _double_five(r: Reports) -> Iterable[Flow]:
    rng = r.rng("double-five")
    missing = max(1, len(r.lines.party_branches) // 73)  # four of 292
    left_out = set(rng.permutation(len(r.lines.party_branches))[:missing].tolist())
    branches = [b for b in range(len(r.lines.party_branches)) if b not in left_out]
    options = _subsets([f"i{n}" for n in range(1, 6)], 2)
    zones = np.array([r.lines.party_branch_zone[b] for _who, b in r.lines.party_members])
    reporting = _by_zone(r, zones, 0.92, 0.12, "double-five")
    members = [who for (who, _b), yes in zip(r.lines.party_members, reporting, strict=True) if yes]
    r.reported["double-five.branches"], r.reported["double-five.members"] = len(branches), len(members)
    window = (at(1, 30, 9), at(2, 12, 16))
    yield r.single(
        "double-five",
        "unit",
        [r.unit(r.lines.party_branches[b]) for b in branches],
        some_time(rng, len(branches), *window),
        lambda i: {"who": "branch", "branch_items": options[i % len(options)]},
        stem="double-five-b",
    )
    yield r.single(
        "double-five",
        "person",
        [r.ledger.person[w] for w in members],
        some_time(rng, len(members), *window),
        lambda i: {"who": "member", "member_items": options[i * 7 % len(options)]},
        stem="double-five-m",
        reporter=lambda i: r.ledger.person[members[i]],
    )


# ---- schools ----------------------------------------------------------------------------------------

DUTIES = ("organisation", "publicity", "screening", "contacts", "environment")
CHANNELS = ("notice", "web", "broadcast", "phone", "visit")
CLEANED = ("classrooms", "canteen", "toilets", "dormitory", "grounds", "surroundings")


def _schools(r: Reports) -> Iterable[Flow]:
    schools, zones = r.city.layout.schools, _zone_of_school(r)
    everyone = np.arange(len(schools))
    full = np.array([i for i in everyone.tolist() if schools[i].kind == "school"], dtype=np.int64)
    yield _of_schools(r, "five-duties", everyone[_by_zone(r, zones, 0.965, 0.06, "five-duties")],
                      (at(1, 25, 9), at(2, 11, 18)), "duties", _subsets(DUTIES, 3))  # fmt: skip
    yield _of_schools(r, "knowledge", everyone[_by_zone(r, zones, 0.975, 0.04, "knowledge")],
                      (at(1, 24, 9), at(2, 8, 18)), "channels", _subsets(CHANNELS, 2))  # fmt: skip
    r.reported["hygiene"] = len(full)
    yield r.single(
        "hygiene",
        "unit",
        [r.unit(schools[i].code) for i in full.tolist()],
        some_time(r.rng("hygiene"), len(full), at(1, 31, 9), at(2, 12, 12)),
        lambda i: {"done": "yes", "areas": list(CLEANED[: 3 + i % 4])},
        channel="visit",
    )


def _of_schools(
    r: Reports,
    campaign: str,
    which: np.ndarray,
    window: tuple[int, int],
    question: str,
    options: list[list[str]],
) -> Flow:
    r.reported[campaign] = len(which)
    units = [r.unit(r.city.layout.schools[i].code) for i in which.tolist()]
    happened = some_time(r.rng(campaign), len(units), *window)
    return r.single(campaign, "unit", units, happened, lambda i: {question: options[i % len(options)]})


def _areas(r: Reports) -> Iterable[Flow]:
    """Each area once in the first days, and once in the last seven; but where a school is to stand out,
    one of its areas has not been done again."""
    schools = r.city.layout.schools
    standing_out = set(range(min(r.targets.undisinfected, len(schools))))
    first, last = [], []
    for index, school in enumerate(schools):
        present = [f"{school.code}-{kind}" for kind, absent in school.areas.items() if not absent]
        first += present
        last += present[1:] if index in standing_out else present
    rng = r.rng("disinfection")
    for stem, codes, window in (
        ("disinfection-a", first, (at(1, 28, 9), at(2, 2, 18))),
        ("disinfection-b", last, LAST_DISINFECTION),
    ):
        units = [r.unit(code) for code in codes]
        happened = some_time(rng, len(units), *window)
        yield r.single("disinfection", "unit", units, happened, _disinfected, round_=0, stem=stem, delay=90)
    some = rng.permutation(len(last))[: len(last) // 3]
    units = [r.unit(last[i]) for i in some.tolist()]
    happened = some_time(rng, len(units), at(2, 3, 9), at(2, 12, 15))
    yield r.single("disinfection", "unit", units, happened, _disinfected, round_=0, stem="disinfection-c")


def _disinfected(i: int) -> dict[str, Any]:
    return {"done": "yes", "mg_per_l": (250, 500, 500, 1000)[i % 4], "minutes": (10, 30, 30, 60)[i // 4 % 4]}


def _visited(violations: list[int], i: int) -> dict[str, Any]:
    return {"open": "yes" if violations[i] else "no", "violations": violations[i]}


def _inspections(r: Reports) -> Iterable[Flow]:
    places = r.city.layout.institutions
    violations = r.targets.of("supervision.training_violations")
    for number in range(1, r.targets.of("supervision.training_rounds") + 1):
        opens = training_opens(r, number)
        happened = some_time(r.rng(f"institutions {number}"), len(places), opens + HOUR, opens + 2 * DAY)
        found = allot(violations, [1] * len(places)).tolist() if number == 1 else [0] * len(places)
        yield r.single(
            "training-institutions",
            "unit",
            [r.unit(p.code) for p in places],
            happened,
            partial(_visited, found),
            round_=number,
            channel="visit",
            stem=f"training-{number}",
        )
    drawn = drawn_venues(r)
    gatherings = allot(r.targets.of("supervision.venue_gatherings"), [1] * max(1, len(drawn))).tolist()
    happened = some_time(r.rng("venues"), len(drawn), at(2, 1, 9), at(2, 11, 17))
    venue = lambda i: {"gatherings": gatherings[i]}  # noqa: E731 - one line, used once
    yield r.single("sports-venues", "unit", [r.unit(c) for c in drawn], happened, venue, channel="visit")


def training_opens(r: Reports, number: int) -> int:
    """Rounds of inspections open four days apart; closer together where there are many."""
    rounds = r.targets.of("supervision.training_rounds")
    if rounds > LAST_INSPECTIONS:
        raise ImpossibleFacts(reason=f"{rounds} rounds of inspections in {LAST_INSPECTIONS} days")
    return at(1, 26, 9) + (number - 1) * min(ROUND_DAYS, LAST_INSPECTIONS // rounds) * DAY


def drawn_venues(r: Reports) -> list[str]:
    """The random draw of the venues to check."""
    venues = r.city.layout.venues
    drawn = r.rng("draw of venues").permutation(len(venues))[: r.targets.of("supervision.venues_checked")]
    return [venues[i].code for i in sorted(drawn.tolist())]


def _supervision(r: Reports) -> Iterable[Flow]:
    """Visits of one to three inspectors, of the city, the township or the school itself."""
    rng, layout = r.rng("supervision"), r.city.layout
    times = r.targets.of("supervision.person_times")
    visits: list[int] = []
    while sum(visits) < times:
        visits.append(min(int(rng.integers(1, 4)), times - sum(visits)))
    happened = np.sort(some_time(rng, len(visits), at(1, 25, 9), at(2, 12, 16)))
    where = rng.integers(0, len(layout.schools), len(visits)).tolist()
    parties = [_inspectors(r, rng, k % 3, where[k], size) for k, size in enumerate(visits)]

    def build(k: int) -> Envelope:
        unit = r.unit(layout.schools[where[k]].code)
        sheets = [
            Sheet(f"visit-{k:05d}-{n}", "unit", unit, _seen(k, n), reporter=r.ledger.person[who])
            for n, who in enumerate(parties[k])
        ]
        return Envelope(
            "supervision", 0, VERSION, sheets, moment(int(happened[k])), "visit", f"visit-{k:05d}"
        )

    yield flow(received(happened, np.full(len(visits), 40), BATCH), build)


def _inspectors(r: Reports, rng: np.random.Generator, level: int, school: int, size: int) -> list[int]:
    """`size` different persons of that level; where a school has too few, the city's go along."""
    layout = r.city.layout
    code = (None, layout.centres[layout.schools[school].town], layout.schools[school].code)[level]
    own = [r.city.pupils + i for i, unit in enumerate(r.city.staff_unit) if unit == code] if code else []
    chosen = [own[i] for i in rng.permutation(len(own))[:size].tolist()]
    more = [r.lines.inspectors[i] for i in rng.permutation(len(r.lines.inspectors)).tolist()]
    return [*chosen, *(who for who in more if who not in chosen)][:size]


def _seen(visit: int, inspector: int) -> dict[str, Any]:
    defects = (0, 0, 1, 0, 2)[visit % 5] if inspector == 0 else 0
    found = {"level": LEVELS[visit % 3], "defects": defects}
    return {**found, "note": "个别教室通风记录不全，当日补齐。"} if defects else found


def _supplies(r: Reports) -> Iterable[Flow]:
    """Goods of three kinds to the Party organisation of every centre; whole yuan."""
    rng, lines = r.rng("supplies"), r.lines
    total = supplies_total(r.targets)
    count = len(lines.centre_branches)
    amounts = allot(total, rng.uniform(0.6, 1.4, count * len(GOODS)) * np.repeat([5, 4, 2], count), 1, "yuan")
    units = [r.unit(code) for _good in GOODS for code in lines.centre_branches]
    happened = some_time(rng, len(units), at(1, 28, 9), at(2, 12, 15))
    teams = [who for team in lines.commandos for who in team] or [r.city.pupils]
    yield r.single(
        "supplies",
        "unit",
        units,
        happened,
        lambda i: {"goods": GOODS[i // count], "amount": int(amounts[i])},
        round_=0,
        channel="visit",
        reporter=lambda i: r.ledger.person[teams[i % len(teams)]],
    )


def supplies_total(targets: Any) -> int:
    """The value of all goods, in CNY: a little above the middle of what the facts tell."""
    above, below = targets.supplies
    return above + (below - above) * 58 // 100


# ---- pupils and pioneers ----------------------------------------------------------------------------


def _pioneers(r: Reports) -> Iterable[Flow]:
    rng, lines, classes = r.rng("small-hands"), r.lines, r.city.layout.classes
    zones = _zone_of_school(r)
    options = _subsets([f"t{n}" for n in range(1, 6)], 1)
    window = (at(2, 3, 9), at(2, 12, 16))
    schools = np.array(lines.brigade_school)
    squadron_zone = zones[np.array([classes[c].school for c in lines.squadron_class])]
    for key, letter, codes, where, rate in (
        ("brigades", "b", lines.brigades, zones[schools], 0.84),
        ("squadrons", "s", lines.squadrons, squadron_zone, 0.72),
    ):
        who = np.flatnonzero(_by_zone(r, where, rate, 0.2, f"small-hands {key}"))
        r.reported[f"small-hands.{key}"] = len(who)
        units = [r.unit(codes[i]) for i in who.tolist()]
        happened = some_time(rng, len(units), *window)
        yield r.single(
            "small-hands",
            "unit",
            units,
            happened,
            lambda i: {"themes": options[i % len(options)]},
            stem=f"small-hands-{letter}",
        )
    read = np.flatnonzero(_by_zone(r, zones[schools], 0.9, 0.1, "initiative"))
    r.reported["initiative"] = len(read)
    units = [r.unit(lines.brigades[i]) for i in read.tolist()]
    yield r.single("initiative", "unit", units, some_time(rng, len(units), at(2, 2, 9), at(2, 10, 18)),
                   lambda i: {"read": "yes"})  # fmt: skip
    pioneers = np.flatnonzero(lines.pioneer_in >= 0)
    group = lines.pioneer_in[pioneers]
    chosen = _by_zone(r, squadron_zone[group], 0.6, 0.26, "small-hands members")
    yield _in_groups(
        r, "small-hands", "small-hands-m", pioneers[chosen], group[chosen], {"themes": options}, 2
    )
    r.reported["small-hands.members"] = int(chosen.sum())


def _pupils(r: Reports) -> Iterable[Flow]:
    """The ten ones, class by class in three sendings; those who come or go meanwhile take no part."""
    zones = _zone_of_school(r)[np.array([c.school for c in r.city.layout.classes])]
    chosen = _by_zone(r, zones[r.city.pupil_class], 0.8, 0.2, "ten-ones")
    chosen[r.moves.leavers] = False
    pupils = np.flatnonzero(chosen)
    options = _subsets([f"i{n}" for n in range(1, 11)], 3)
    r.reported["ten-ones"] = len(pupils)
    yield _in_groups(r, "ten-ones", "ten-ones", pupils, r.city.pupil_class[pupils], {"items": options}, 3)
    commandos = r.lines.youth_commandos
    posted = [w for i, w in enumerate(commandos) if i % 4 != 3]
    r.reported["youth-commandos"] = len(posted)
    places = ("checkpoint", "community", "station", "school")
    yield r.single(
        "youth-commandos",
        "person",
        [r.ledger.person[w] for w in posted],
        some_time(r.rng("youth"), len(posted), at(2, 1, 9), at(2, 12, 15)),
        lambda i: {"place": places[i % 4]},
        reporter=lambda i: r.ledger.person[posted[i]],
    )


def _in_groups(
    r: Reports,
    campaign: str,
    stem: str,
    people: np.ndarray,
    group: np.ndarray,
    asks: dict[str, list[list[str]]],
    sendings: int,
) -> Flow:
    """Envelopes of a class or squadron: each sends a few, on different days."""
    ((question, options),) = asks.items()
    answers = [{question: option} for option in options]
    rng = r.rng(stem)
    key = group * sendings + rng.integers(0, sendings, len(people))
    order = np.argsort(key, kind="stable")
    _keys, starts = np.unique(key[order], return_index=True)
    groups = [part.tolist() for part in np.split(people[order], starts[1:])]
    happened = some_time(rng, len(groups), at(2, 3, 9), at(2, 12, 16))
    salt = 31 if campaign == "ten-ones" else 17
    return r.grouped(
        campaign, groups, happened, lambda who: answers[who * salt % len(answers)], stem, lambda i: None
    )


def _contests(r: Reports) -> Iterable[Flow]:
    layout, rng = r.city.layout, r.rng("contests")
    classes = rng.permutation(len(layout.classes))[: r.targets.scaled(420)]
    window = (at(2, 4, 9), at(2, 12, 15))
    yield r.single("class-exchange", "unit", [r.unit(layout.classes[i].code) for i in classes.tolist()],
                   some_time(rng, len(classes), *window), lambda i: {"entry": "yes"})  # fmt: skip
    for campaign, count, staff in (("essay", 2_600, 240), ("handwritten-newspaper", 6_200, 0)):
        people = _some_pupils(r, rng, r.targets.scaled(count)) + _some_staff(
            r, rng, r.targets.scaled(staff, 0)
        )
        ids = [r.ledger.person[w] for w in people]
        yield r.single(campaign, "person", ids, some_time(rng, len(ids), *window), lambda i: {"entry": "yes"})


def _some_pupils(r: Reports, rng: np.random.Generator, count: int) -> list[int]:
    """Pupils who neither come nor go while this is played."""
    stay = np.setdiff1d(np.arange(r.city.pupils), np.array(r.moves.leavers, dtype=np.int64))
    return rng.permutation(stay)[:count].tolist()


def _some_staff(r: Reports, rng: np.random.Generator, count: int) -> list[int]:
    return (r.city.pupils + rng.permutation(r.city.staff)[:count]).tolist()


def _learning(r: Reports) -> Iterable[Flow]:
    """Every class each day from 10 February; some days of some classes are missing."""
    classes, zones = r.city.layout.classes, _zone_of_school(r)
    where = zones[np.array([c.school for c in classes])]
    for number in range(17, REPORT_DAY + 1):
        rate = 0.9 + 0.025 * (number - 17)
        which = np.flatnonzero(_by_zone(r, where, rate, 0.1, f"learning {number}"))
        r.reported[f"learning-at-home {FIRST_DAY + timedelta(days=number)}"] = len(which)
        happened = some_time(
            r.rng(f"lessons {number}"), len(which), number * DAY + 9 * HOUR, number * DAY + 17 * HOUR
        )
        yield r.single(
            "learning-at-home",
            "unit",
            [r.unit(classes[c].code) for c in which.tolist()],
            happened,
            partial(_lessons, [classes[c].size for c in which.tolist()], number),
            round_=0,
            stem=f"lessons-{number}",
        )


def _lessons(sizes: list[int], number: int, i: int) -> dict[str, Any]:
    return _lesson(sizes[i], i * 31 + number)


def _lesson(size: int, salt: int) -> dict[str, Any]:
    offline = size * (salt % 9) // 100
    return {"expected": size, "offline": offline, "attended": size - offline - salt % 3 * size // 50}


def _people_in_need(r: Reports) -> Iterable[Flow]:
    rng = r.rng("care")
    people = _some_pupils(r, rng, r.targets.scaled(310, 3)) + _some_staff(r, rng, r.targets.scaled(24, 1))
    needs = ("left_behind", "hardship", "distress", "illness")
    yield r.single(
        "care",
        "person",
        [r.ledger.person[w] for w in people],
        some_time(rng, len(people), at(1, 31, 9), at(2, 12, 15)),
        lambda i: {"need": needs[i % 4 if i % 3 else 0], "referred": "no" if i % 9 == 0 else "yes"},
    )


def _difficulties(r: Reports) -> Iterable[Flow]:
    """Schools raise difficulties; most are solved by their day, which a correction tells."""
    rng, schools = r.rng("difficulties"), r.city.layout.schools
    raised = rng.permutation(len(schools))[: r.targets.scaled(64, 2)].tolist()
    units = [r.unit(schools[i].code) for i in raised]
    happened = some_time(rng, len(units), at(1, 28, 9), at(2, 8, 17))
    kinds = ("supplies", "network", "staff", "supplies", "money", "other")
    answers = lambda i, state: {  # noqa: E731 - the two flows differ in this word
        "kind": kinds[i % 6],
        "due": (FIRST_DAY + timedelta(days=int(happened[i]) // DAY + 4)).isoformat(),
        "state": state,
    }
    yield r.single("difficulties", "unit", units, happened, lambda i: answers(i, "open"))
    solved = [i for i in range(len(units)) if i % 4 != 0]

    def build(k: int) -> Envelope:
        i = solved[k]
        sheet = Sheet(
            f"solved-{i:06d}", "unit", units[i], answers(i, "solved"), supersedes=f"difficulties-{i:06d}"
        )
        return Envelope("difficulties", 1, VERSION, [sheet], moment(int(happened[i])), "web")

    yield flow(received(happened[solved], np.full(len(solved), 3 * DAY), BATCH), build)
