"""The Party, League and Pioneers lines, the response line's people, and who answers for what."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from fangxian.registry.actions import NewCover, NewUnit

from .city import City
from .draws import allot, share_out, stream
from .layout import FOUNDED, RESPONSE, ROOT, TERM, Layout
from .problems import ImpossibleFacts

LINES_SINCE = FOUNDED
PIONEERS_UP_TO = 8  # grades; League members are older
Post = tuple[str, str, date]  # unit code, role, since


@dataclass(slots=True)
class Lines:
    """Units, hosts and posts of the lines. `posts` by person; members of the mass lines are columns over
    the pupils: an index into `squadrons` or `league_branches`, or -1."""

    units: list[NewUnit] = field(default_factory=list)
    covers: list[NewCover] = field(default_factory=list)
    posts: dict[int, list[Post]] = field(default_factory=lambda: defaultdict(list))
    squadrons: list[str] = field(default_factory=list)
    squadron_class: list[int] = field(default_factory=list)
    pioneer_in: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    league_branches: list[str] = field(default_factory=list)
    league_in: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    brigades: list[str] = field(default_factory=list)
    brigade_school: list[int] = field(default_factory=list)
    party_branches: list[str] = field(default_factory=list)
    party_branch_zone: list[int] = field(default_factory=list)
    party_members: list[tuple[int, int]] = field(default_factory=list)  # (person, index of branch)
    office_members: list[int] = field(default_factory=list)
    organs: str = "p-g01"  # the general branch of the bureau's offices
    centre_branches: list[str] = field(default_factory=list)  # general branches that centres host, by town
    commandos: list[list[int]] = field(default_factory=list)  # by team
    inspectors: list[int] = field(default_factory=list)  # of the city
    youth_commandos: list[int] = field(default_factory=list)

    def add(self, code: str, kind: str, name: str, parent: str | None, host: str, since: date) -> None:
        self.units.append(NewUnit(code, kind, name, parent, since))
        self.covers.append(NewCover(host, code, "host", since))


def draw_lines(city: City, seed: int) -> Lines:
    """Plan the organisations of a city and their members. Raises ImpossibleFacts where they do not fit."""
    lines = Lines()
    staff_at = _staff_by_unit(city)
    _party(city, lines, staff_at, stream(seed, "party"))
    _league(city, lines, stream(seed, "league"))
    _pioneers(city, lines, staff_at)
    _response(city, lines, staff_at, stream(seed, "response"))
    _heads(city, lines, staff_at)
    return lines


def _staff_by_unit(city: City) -> dict[str, list[int]]:
    at: dict[str, list[int]] = defaultdict(list)
    for index, code in enumerate(city.staff_unit):
        at[code].append(city.pupils + index)
    return at


# ---- Party ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _General:
    """A general branch: who hosts it, who may be a member, which units host its branches."""

    host: str
    name: str
    pool: list[int]
    hosts: list[str]
    zone: int


def _party(city: City, lines: Lines, staff_at: dict[str, list[int]], rng: np.random.Generator) -> None:
    layout, targets = city.layout, city.layout.targets
    lines.add("p", "party_committee", f"中共{layout.bureau}委员会", None, ROOT, LINES_SINCE)
    organs = max(min(3, layout.targets.offices), round(targets.of("party.branches") * 6 / 292))
    _organs(city, lines, staff_at, min(organs, len(layout.offices)))
    generals = _generals(layout, staff_at, targets.of("party.general_branches") - 1)
    lines.centre_branches = [f"p-g{i + 2:02d}" for i in range(len(layout.centres))]
    pools = np.array([len(g.pool) for g in generals])
    branches = allot(targets.of("party.branches") - len(lines.party_branches), pools, 1, "Party branches")
    members = share_out(targets.of("party.members") - targets.office_members, pools, 1, "Party members")
    members = _at_least(members, branches, pools)
    for index, general in enumerate(generals):
        _general(city, lines, f"p-g{index + 2:02d}", general, int(branches[index]), int(members[index]), rng)


def _at_least(given: np.ndarray, least: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Move some from where there are many to where there are fewer than the least."""
    given = given.copy()
    for short in np.flatnonzero(given < least).tolist():
        need = int(least[short] - given[short])
        for rich in np.argsort(-(given - least)).tolist():
            moved = min(need, int(given[rich] - least[rich]))
            if rich != short and moved > 0:
                given[rich] -= moved
                given[short] += moved
                need -= moved
        if need or given[short] > capacity[short]:
            raise ImpossibleFacts(reason="fewer Party members than branches")
    return given


def _organs(city: City, lines: Lines, staff_at: dict[str, list[int]], branches: int) -> None:
    """The bureau's own general branch, its branches hosted by offices."""
    layout = city.layout
    lines.add(lines.organs, "party_general_branch", "局机关党总支", "p", ROOT, LINES_SINCE)
    codes = []
    for index in range(branches):
        code = f"{lines.organs}-b{index + 1:02d}"
        name = f"局机关第{index + 1}党支部"
        lines.add(code, "party_branch", name, lines.organs, layout.offices[index], LINES_SINCE)
        codes.append(code)
        lines.party_branch_zone.append(layout.zone_of_office(index))
    lines.party_branches += codes
    pool = [who for office in layout.offices for who in staff_at[office]]
    lines.office_members = sorted(pool[: layout.targets.office_members])
    for index, who in enumerate(lines.office_members):
        _join_party(lines, who, index % branches, index < branches)


def _join_party(lines: Lines, who: int, branch: int, secretary: bool) -> None:
    code = lines.party_branches[branch]
    lines.posts[who].append((code, "party_member", LINES_SINCE))
    lines.party_members.append((who, branch))
    if secretary:
        lines.posts[who] += [(code, "secretary", LINES_SINCE), (code, "first_responsible", LINES_SINCE)]


def _generals(layout: Layout, staff_at: dict[str, list[int]], count: int) -> list[_General]:
    """One at each centre, the rest at the schools with most staff."""
    rest = count - len(layout.centres)
    if rest < 0:
        raise ImpossibleFacts(reason="fewer Party general branches than township centres")
    large = sorted(range(len(layout.schools)), key=lambda i: (-layout.staff[layout.schools[i].code], i))
    own = set(large[:rest])
    generals = [
        _General(code, f"{layout.towns[t]}中心学校", [], [code], layout.zone_of_town(t))
        for t, code in enumerate(layout.centres)
    ]
    for town, code in enumerate(layout.centres):
        generals[town].pool += staff_at[code]
    for index, school in enumerate(layout.schools):
        if index not in own:
            generals[school.town].pool += staff_at[school.code]
            generals[school.town].hosts.append(school.code)
    for index in large[:rest]:
        school = layout.schools[index]
        zone = layout.zone_of_town(school.town)
        generals.append(_General(school.code, school.name, list(staff_at[school.code]), [school.code], zone))
    return generals


def _general(
    city: City,
    lines: Lines,
    code: str,
    general: _General,
    branches: int,
    members: int,
    rng: np.random.Generator,
) -> None:
    lines.add(code, "party_general_branch", f"{general.name}党总支", "p", general.host, LINES_SINCE)
    first = len(lines.party_branches)
    for index in range(branches):
        host = general.hosts[index % len(general.hosts)]
        own = f"{code}-b{index + 1:02d}"
        lines.add(own, "party_branch", f"{general.name}第{index + 1}党支部", code, host, LINES_SINCE)
        lines.party_branches.append(own)
        lines.party_branch_zone.append(general.zone)
    chosen = rng.permutation(np.array(general.pool))[:members].tolist()
    for index, who in enumerate(chosen):
        _join_party(lines, who, first + index % branches, index < branches)


# ---- League and Pioneers ----------------------------------------------------------------------------


def _league(city: City, lines: Lines, rng: np.random.Generator) -> None:
    layout, targets = city.layout, city.layout.targets
    lines.add("l", "league_committee", f"共青团{layout.bureau}委员会", None, ROOT, LINES_SINCE)
    pool = _pupils_by_school(city, lambda grade: grade > PIONEERS_UP_TO)
    schools = sorted(pool, key=lambda s: (-len(pool[s]), s))[: targets.of("league.general_branches")]
    if len(schools) < targets.of("league.general_branches"):
        raise ImpossibleFacts(reason="more League general branches than schools with older pupils")
    sizes = np.array([len(pool[s]) for s in schools])
    branches = allot(targets.of("league.branches"), sizes, 1, "League branches")
    members = share_out(targets.of("league.members"), sizes, 1, "League members")
    lines.league_in = np.full(city.pupils, -1, dtype=np.int64)
    for index, school in enumerate(schools):
        _league_at(lines, layout, index, school, int(branches[index]))
        chosen = rng.permutation(pool[school])[: members[index]]
        first = len(lines.league_branches) - int(branches[index])
        lines.league_in[chosen] = first + np.arange(len(chosen)) % branches[index]
    _youth_commandos(city, lines)


def _league_at(lines: Lines, layout: Layout, index: int, school: int, branches: int) -> None:
    code, host = f"l-g{index + 1:02d}", layout.schools[school]
    lines.add(code, "league_general_branch", f"{host.name}团总支", "l", host.code, LINES_SINCE)
    for number in range(branches):
        own = f"{code}-b{number + 1:02d}"
        lines.add(own, "league_branch", f"{host.name}第{number + 1}团支部", code, host.code, LINES_SINCE)
        lines.league_branches.append(own)


def _youth_commandos(city: City, lines: Lines) -> None:
    """Some of the oldest League members take posts at stations, checkpoints and in their communities."""
    grade = np.array([c.grade for c in city.layout.classes])[city.pupil_class]
    able = np.flatnonzero((lines.league_in >= 0) & (grade >= 9))
    step = max(1, len(able) // max(1, city.layout.targets.scaled(620, 6)))
    lines.youth_commandos = able[::step].tolist()
    for who in lines.youth_commandos:
        branch = lines.league_branches[lines.league_in[who]]
        lines.posts[who].append((branch, "youth_commando", RESPONSE))


def _pupils_by_school(city: City, wanted: object) -> dict[int, np.ndarray]:
    classes = city.layout.classes
    fits = np.array([wanted(c.grade) for c in classes])[city.pupil_class]  # type: ignore[operator]
    school = np.array([c.school for c in classes])[city.pupil_class]
    who = np.flatnonzero(fits)
    who = who[np.argsort(school[who], kind="stable")]
    found, starts = np.unique(school[who], return_index=True)
    return dict(zip(found.tolist(), np.split(who, starts[1:]), strict=True)) if len(who) else {}


def _pioneers(city: City, lines: Lines, staff_at: dict[str, list[int]]) -> None:
    layout, targets = city.layout, city.layout.targets
    lines.add(
        "y", "pioneers_committee", f"{layout.targets.facts.city}少先队工作委员会", None, ROOT, LINES_SINCE
    )
    young = {
        s: [c for c in school.classes if layout.classes[c].grade <= PIONEERS_UP_TO]
        for s, school in enumerate(layout.schools)
    }
    seats = {s: sum(layout.classes[c].size for c in classes) for s, classes in young.items() if classes}
    schools = sorted(seats, key=lambda s: (-seats[s], s))[: targets.of("pioneers.brigades")]
    if len(schools) < targets.of("pioneers.brigades"):
        raise ImpossibleFacts(reason="more Pioneer brigades than schools with younger pupils")
    rooms = _largest_rooms(layout, [young[s] for s in schools], targets.of("pioneers.squadrons"))
    for index, school in enumerate(schools):
        _brigade(layout, lines, staff_at, index, school, [c for c in young[school] if c in rooms])
    sizes = np.array([layout.classes[c].size for c in lines.squadron_class])
    members = share_out(targets.of("pioneers.members"), sizes, 1, "Pioneers")
    first = np.concatenate([[0], np.cumsum([c.size for c in layout.classes])])
    lines.pioneer_in = np.full(city.pupils, -1, dtype=np.int64)
    for index, (room, count) in enumerate(zip(lines.squadron_class, members.tolist(), strict=True)):
        lines.pioneer_in[first[room] : first[room] + count] = index


def _largest_rooms(layout: Layout, rooms: list[list[int]], squadrons: int) -> set[int]:
    """The classes that form a squadron: the largest of each school, then the largest of all."""
    ranked = sorted((c for own in rooms for c in own), key=lambda c: (-layout.classes[c].size, c))
    if not len(rooms) <= squadrons <= len(ranked):
        raise ImpossibleFacts(reason=f"{squadrons} Pioneer squadrons in {len(ranked)} classes")
    chosen = {min(own, key=lambda c: (-layout.classes[c].size, c)) for own in rooms}
    for room in ranked:
        if len(chosen) == squadrons:
            break
        chosen.add(room)
    return chosen


def _brigade(
    layout: Layout, lines: Lines, staff_at: dict[str, list[int]], index: int, school: int, rooms: list[int]
) -> None:
    host, code = layout.schools[school], f"y-{index + 1:03d}"
    lines.add(code, "brigade", f"{host.name}少先队大队", "y", host.code, LINES_SINCE)
    lines.brigades.append(code)
    lines.brigade_school.append(school)
    if index % 50 != 49:
        lines.posts[staff_at[host.code][-1]].append((code, "first_responsible", LINES_SINCE))
    for number, room in enumerate(rooms):
        own = f"{code}-{number + 1:02d}"
        name = f"{host.name}{layout.classes[room].name}中队"
        lines.add(own, "squadron", name, code, layout.classes[room].code, TERM)
        lines.squadrons.append(own)
        lines.squadron_class.append(room)


# ---- the response's people, heads -------------------------------------------------------------------


def _response(city: City, lines: Lines, staff_at: dict[str, list[int]], rng: np.random.Generator) -> None:
    """Leaders of the bureau lead zones and their temporary branches; commandos are of the zone's schools."""
    layout, targets = city.layout, city.layout.targets
    pool = [who for office in layout.offices for who in staff_at[office]]
    leaders = pool[: layout.zones + 1]
    for index, who in enumerate(leaders):
        lines.posts[who].append((ROOT, "leader", FOUNDED))
        if index == 0:
            lines.posts[who] += [(ROOT, "head", FOUNDED), (ROOT, "first_responsible", FOUNDED)]
        else:
            lines.posts[who].append((f"z{index}", "first_responsible", RESPONSE))
    for branch in range(targets.of("command.temporary_branches")):
        who = leaders[1 + branch % layout.zones]
        lines.posts[who].append((f"tb{branch + 1}", "secretary", RESPONSE))
    _commandos(city, lines, rng)
    lines.inspectors = pool[-max(3, len(pool) // 2) :]
    for who in lines.inspectors:
        lines.posts[who].append((ROOT, "inspector", RESPONSE))


def _commandos(city: City, lines: Lines, rng: np.random.Generator) -> None:
    layout, targets = city.layout, city.layout.targets
    teams = targets.of("command.commando_teams")
    zone_of = {s.code: layout.zone_of_town(s.town) for s in layout.schools}
    zone_of |= {code: layout.zone_of_town(town) for town, code in enumerate(layout.centres)}
    members = {who for who, _branch in lines.party_members}
    strength = allot(targets.of("command.commandos"), [1] * max(teams, 1), 1, "commandos").tolist()
    everyone = rng.permutation(city.staff).tolist()
    taken: set[int] = set()
    for team in range(teams):
        zone = team % layout.zones
        # Of the zone and of the Party, where there are enough; a very small city borrows from elsewhere.
        ranked = sorted(
            (i for i in everyone if city.pupils + i not in taken),
            key=lambda i: (zone_of.get(city.staff_unit[i]) != zone, city.pupils + i not in members),
        )
        ready = [city.pupils + i for i in ranked]
        if len(ready) < strength[team]:
            raise ImpossibleFacts(reason=f"{strength[team]} commandos in zone {zone + 1}")
        chosen = ready[: strength[team]]
        taken.update(chosen)
        lines.commandos.append(chosen)
        for index, who in enumerate(chosen):
            roles = ("commando", "first_responsible") if index == 0 else ("commando",)
            lines.posts[who] += [(f"ct{team + 1}", role, RESPONSE) for role in roles]


def _heads(city: City, lines: Lines, staff_at: dict[str, list[int]]) -> None:
    """The head of a unit is its first responsible person. Here and there one has not been named yet."""
    layout = city.layout
    units = [*layout.centres, *layout.offices, *(s.code for s in layout.schools)]
    for index, code in enumerate(units):
        who = staff_at[code][0]
        lines.posts[who].append((code, "head", TERM))
        if index % 97 != 96:
            lines.posts[who].append((code, "first_responsible", TERM))
    for school in layout.schools:
        staff = staff_at[school.code]
        for index, room in enumerate(school.classes):
            who = staff[index % len(staff)]
            lines.posts[who].append((layout.classes[room].code, "class_teacher", TERM))
